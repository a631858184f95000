/* SPDX-License-Identifier: Apache-2.0 */
/* When a message is acknowledged: the test plays the broker, byte by byte, so that a PUBACK too
 * early or one too many cannot hide. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "keeper.h"
#include "live.h"

#include <MQTTAsync.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/wait.h>

enum packet { CONNECT = 1, PUBLISH = 3, PUBACK = 4, SUBSCRIBE = 8, PINGREQ = 12, DISCONNECT = 14 };

#define NOTHING 0  /* no packet within the time */
#define CLOSED  -1 /* the driver closed the connection */

struct fixture {
	int listener, peer, port;
	struct live_bus bus;
	struct live_sink sink;
	struct mqtt_keeper *keeper;
	unsigned char body[1024]; /* of the packet last read */
	size_t length;
};

/* -- the broker -- */

static bool readable(int descriptor, int span)
{
	struct pollfd poll_for = { descriptor, POLLIN, 0 };

	return poll(&poll_for, 1, span) == 1;
}

static bool read_bytes(struct fixture *f, void *to, size_t length)
{
	for (size_t done = 0; done < length;) {
		ssize_t got = recv(f->peer, (char *)to + done, length - done, 0);

		if (got <= 0)
			return false;
		done += (size_t)got;
	}
	return true;
}

/* The type of the next packet, its body in f->body; NOTHING or CLOSED. */
static int next_packet(struct fixture *f, int span)
{
	unsigned char head[2];

	if (!readable(f->peer, span))
		return NOTHING;
	if (!read_bytes(f, head, 2) || head[1] > 127)
		return CLOSED;
	f->length = head[1];
	return read_bytes(f, f->body, f->length) ? head[0] >> 4 : CLOSED;
}

static void send_bytes(struct fixture *f, const void *bytes, size_t length)
{
	assert_int_equal(send(f->peer, bytes, length, MSG_NOSIGNAL), length);
}

/* A PUBLISH; the bytes it takes. */
static size_t put_publish(unsigned char packet[256], unsigned char flags, int id, const char *topic,
        const char *payload)
{
	size_t topic_length = strlen(topic), length = 2;

	packet[0] = (unsigned char)(0x30 | flags);
	packet[length++] = 0;
	packet[length++] = (unsigned char)topic_length;
	memcpy(packet + length, topic, topic_length);
	length += topic_length;
	if ((flags & 6) != 0) {
		packet[length++] = (unsigned char)(id >> 8);
		packet[length++] = (unsigned char)id;
	}
	memcpy(packet + length, payload, strlen(payload));
	length += strlen(payload);
	packet[1] = (unsigned char)(length - 2);
	assert_true(length - 2 < 128);
	return length;
}

static void publish(
        struct fixture *f, unsigned char flags, int id, const char *topic, const char *payload)
{
	unsigned char packet[256];

	send_bytes(f, packet, put_publish(packet, flags, id, topic, payload));
}

#define QOS1 2
#define DUP  8

/* Accepts a connection up to the answered SUBSCRIBE. */
static void serve_connect(struct fixture *f, int span, unsigned char granted)
{
	static const unsigned char connack[] = { 0x20, 2, 0, 0 };
	unsigned char suback[] = { 0x90, 3, 0, 0, granted };

	if (f->peer >= 0)
		close(f->peer);
	assert_true(readable(f->listener, span));
	f->peer = accept4(f->listener, NULL, NULL, SOCK_CLOEXEC);
	assert_true(f->peer >= 0);
	assert_int_equal(next_packet(f, 3000), CONNECT);
	assert_int_equal(f->body[6], 4);     /* MQTT 3.1.1 */
	assert_int_equal(f->body[7] & 2, 0); /* a session that lasts */
	send_bytes(f, connack, sizeof connack);
	assert_int_equal(next_packet(f, 3000), SUBSCRIBE);
	assert_int_equal(f->length, 2 + 2 + 4 + 1);
	assert_memory_equal(f->body + 4, "wq/+", 4);
	assert_int_equal(f->body[8], 1); /* QoS 1 asked for */
	memcpy(suback + 2, f->body, 2);
	send_bytes(f, suback, sizeof suback);
}

static int acknowledged(struct fixture *f, int span)
{
	int type = next_packet(f, span);

	return type == PUBACK ? f->body[0] << 8 | f->body[1] : -type - 1000;
}

/* -- the driver -- */

static int open_fixture(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	f->peer = -1;
	f->listener = live_listen(&f->port);
	live_bus_open(&f->bus, "tcp", "127.0.0.1", f->port);
	*state = f;
	return f->listener >= 0 ? 0 : -1;
}

static void start_driver(struct fixture *f)
{
	const struct wq_sink sink = live_sink_open(&f->sink);
	struct wq_err err = { .text = "" };

	f->keeper = mqtt_keeper_open(&f->bus.bus, &err);
	if (f->keeper == NULL)
		fail_msg("%s", err.text);
	assert_int_equal(mqtt_keeper_start(f->keeper, &sink, &err), 0);
}

static void start_and_connect(struct fixture *f)
{
	start_driver(f);
	serve_connect(f, 3000, 1);
	assert_true(live_reaches(&f->sink, &f->sink.ups, 1, 2000));
}

static int close_fixture(void **state)
{
	struct fixture *f = *state;
	wq_ms began = live_now();

	if (f->keeper != NULL) {
		live_answer(&f->sink, false, WQ_E_STATE);
		mqtt_keeper_stop(f->keeper);
		mqtt_keeper_close(f->keeper);
	}
	if (f->peer >= 0)
		close(f->peer);
	close(f->listener);
	free(f);
	return live_now() - began <= 10000 ? 0 : -1;
}

#define ONE "{\"time\":1772668800,\"tp\":0.1}"
#define TWO "{\"time\":1772668801,\"tp\":0.2}"

static void a_message_is_acknowledged_after_its_commit_and_handed_over_once(void **state)
{
	struct fixture *f = *state;

	start_and_connect(f);
	live_answer(&f->sink, true, WQ_OK);
	publish(f, QOS1, 7, "wq/yigan", ONE);
	assert_true(live_reaches(&f->sink, &f->sink.waiting, 1, 2000));
	assert_int_equal(next_packet(f, 300), NOTHING);
	live_answer(&f->sink, false, WQ_OK);
	assert_int_equal(acknowledged(f, 2000), 7);
	publish(f, QOS1, 8, "wq/yigan", TWO);
	assert_int_equal(acknowledged(f, 2000), 8);
	assert_int_equal(next_packet(f, 300), NOTHING);
	assert_int_equal(live_get(&f->sink, &f->sink.puts), 2);
	assert_true(f->sink.durable);
	assert_true(f->sink.last == 0.2);
}

/* Several messages in one segment: one hand-over, and no acknowledgement before it is committed. */
static void messages_that_lie_ready_share_a_commit(void **state)
{
	struct fixture *f = *state;
	unsigned char packets[5 * 256];
	size_t used = 0;

	start_and_connect(f);
	live_answer(&f->sink, true, WQ_OK);
	for (int i = 0; i < 4; i++)
		used += put_publish(packets + used, QOS1, 7 + i, "wq/yigan", i % 2 == 0 ? ONE : TWO);
	send_bytes(f, packets, used);
	assert_true(live_reaches(&f->sink, &f->sink.waiting, 1, 2000));
	assert_int_equal(next_packet(f, 300), NOTHING);
	live_answer(&f->sink, false, WQ_OK);
	for (int i = 0; i < 4; i++)
		assert_int_equal(acknowledged(f, 2000), 7 + i);
	assert_int_equal(live_get(&f->sink, &f->sink.puts), 1);
	assert_int_equal(live_get(&f->sink, &f->sink.samples), 4);
	/* The same bytes once more are other messages. */
	send_bytes(f, packets, used);
	for (int i = 0; i < 4; i++)
		assert_int_equal(acknowledged(f, 2000), 7 + i);
	assert_int_equal(live_get(&f->sink, &f->sink.samples), 8);
}

static void a_connection_that_breaks_forgets_what_was_seen_ahead(void **state)
{
	struct fixture *f = *state;
	unsigned char packets[3 * 256];
	size_t used = 0;

	start_and_connect(f);
	live_answer(&f->sink, false, WQ_E_STATE);
	for (int i = 0; i < 3; i++)
		used += put_publish(packets + used, QOS1, 7 + i, "wq/yigan", ONE);
	send_bytes(f, packets, used);
	assert_int_equal(next_packet(f, 3000), CLOSED);
	live_answer(&f->sink, false, WQ_OK);
	serve_connect(f, 8000, 1);
	used = 0;
	for (int i = 0; i < 3; i++)
		used += put_publish(packets + used, QOS1 | DUP, 7 + i, "wq/yigan", ONE);
	int before = live_get(&f->sink, &f->sink.samples);
	send_bytes(f, packets, used);
	for (int i = 0; i < 3; i++)
		assert_int_equal(acknowledged(f, 2000), 7 + i);
	assert_int_equal(live_get(&f->sink, &f->sink.samples) - before, 3);
}

static void a_daemon_that_stops_leaves_the_message_to_the_broker(void **state)
{
	struct mqtt_counts counts;
	struct fixture *f = *state;

	start_and_connect(f);
	live_answer(&f->sink, false, WQ_E_STATE);
	publish(f, QOS1, 7, "wq/yigan", ONE);
	assert_int_equal(next_packet(f, 3000), CLOSED); /* and no PUBACK before */
	mqtt_keeper_counts(f->keeper, &counts);
	assert_int_equal(counts.withheld, 1);
	assert_int_equal(counts.taken, 0);
	assert_true(live_reaches(&f->sink, &f->sink.downs, 1, 2000));
	assert_true(live_down_says(&f->sink, "stays with the broker"));
	/* It comes back, and the message is taken. */
	live_answer(&f->sink, false, WQ_OK);
	serve_connect(f, 4000, 1);
	publish(f, QOS1 | DUP, 7, "wq/yigan", ONE);
	assert_int_equal(acknowledged(f, 2000), 7);
	assert_int_equal(live_get(&f->sink, &f->sink.puts), 2);
	assert_int_equal(next_packet(f, 300), NOTHING);
}

static void *stop_driver(void *context)
{
	mqtt_keeper_stop(((struct fixture *)context)->keeper);
	return NULL;
}

static void stopping_while_a_message_waits_acknowledges_nothing(void **state)
{
	struct fixture *f = *state;
	wq_ms began = live_now();
	pthread_t stopper;

	start_and_connect(f);
	live_answer(&f->sink, true, WQ_OK);
	publish(f, QOS1, 7, "wq/yigan", ONE);
	publish(f, QOS1, 8, "wq/yigan", TWO);
	assert_true(live_reaches(&f->sink, &f->sink.waiting, 1, 2000));
	assert_int_equal(pthread_create(&stopper, NULL, stop_driver, f), 0);
	assert_int_equal(next_packet(f, 300), NOTHING);
	live_answer(&f->sink, false, WQ_E_STATE);
	assert_int_equal(next_packet(f, 3000), CLOSED);
	pthread_join(stopper, NULL);
	assert_int_equal(live_get(&f->sink, &f->sink.puts), 1);
	assert_true(live_now() - began < 6000);
}

static void an_idle_driver_says_goodbye_when_it_stops(void **state)
{
	struct fixture *f = *state;

	start_and_connect(f);
	mqtt_keeper_stop(f->keeper);
	assert_int_equal(next_packet(f, 1000), DISCONNECT);
	assert_int_equal(live_get(&f->sink, &f->sink.downs), 0);
}

static void a_commit_too_late_is_acknowledged_and_counted(void **state)
{
	struct mqtt_counts counts;
	struct fixture *f = *state;

	start_and_connect(f);
	live_answer(&f->sink, false, WQ_E_TIMEOUT);
	publish(f, QOS1, 9, "wq/yigan", ONE);
	assert_int_equal(acknowledged(f, 2000), 9);
	mqtt_keeper_counts(f->keeper, &counts);
	assert_int_equal(counts.not_durable, 1);
	assert_int_equal(counts.withheld, 0);
}

static void poison_is_acknowledged(void **state)
{
	struct fixture *f = *state;

	start_and_connect(f);
	publish(f, QOS1, 5, "wq/yigan", "\x00\xff{[");
	assert_int_equal(acknowledged(f, 2000), 5);
	publish(f, QOS1, 6, "wq/yigan", "");
	assert_int_equal(acknowledged(f, 2000), 6);
	assert_int_equal(live_get(&f->sink, &f->sink.refused), 2);
	assert_int_equal(live_get(&f->sink, &f->sink.puts), 0);
}

static void messages_of_quality_0_are_taken_as_well(void **state)
{
	struct fixture *f = *state;

	start_and_connect(f);
	publish(f, 0, 0, "wq/yigan", ONE);
	assert_true(live_reaches(&f->sink, &f->sink.puts, 1, 2000));
	assert_int_equal(next_packet(f, 200), NOTHING);
}

static void a_full_inbox_delays_the_acknowledgement_of_a_fast_receipt(void **state)
{
	struct mqtt_counts counts;
	struct fixture *f = *state;

	f->bus.settings.receipt = MQTT_FAST;
	start_and_connect(f);
	live_answer(&f->sink, false, WQ_E_FULL);
	publish(f, QOS1, 3, "wq/yigan", ONE);
	assert_int_equal(next_packet(f, 500), NOTHING);
	live_answer(&f->sink, false, WQ_OK);
	assert_int_equal(acknowledged(f, 2000), 3);
	assert_false(f->sink.durable);
	mqtt_keeper_counts(f->keeper, &counts);
	assert_true(counts.room_waits > 3);
	assert_int_equal(counts.taken, 1);
}

static void an_inbox_that_stays_full_leaves_the_message_to_the_broker(void **state)
{
	struct fixture *f = *state;

	f->bus.settings.receipt = MQTT_FAST;
	start_and_connect(f);
	live_answer(&f->sink, false, WQ_E_FULL);
	publish(f, QOS1, 3, "wq/yigan", ONE);
	assert_int_equal(next_packet(f, MQTT_ROOM_WAIT - 1000), NOTHING);
	assert_int_equal(next_packet(f, 4000), CLOSED);
}

static void a_refused_subscription_is_told_and_tried_again(void **state)
{
	struct fixture *f = *state;

	start_driver(f);
	serve_connect(f, 3000, 0x80);
	assert_true(live_reaches(&f->sink, &f->sink.downs, 1, 3000));
	assert_true(live_down_says(&f->sink, "refuses the subscription"));
	assert_int_equal(live_get(&f->sink, &f->sink.ups), 0);
	serve_connect(f, 4000, 0);
	assert_true(live_told(&f->sink, "QoS 0 only", 3000));
	serve_connect(f, 6000, 1);
	assert_true(live_reaches(&f->sink, &f->sink.ups, 1, 3000));
}

static void a_broker_that_never_answers_does_not_hold_up_the_stop(void **state)
{
	struct fixture *f = *state;

	start_driver(f);
	assert_true(readable(f->listener, 3000));
	f->peer = accept4(f->listener, NULL, NULL, SOCK_CLOEXEC);
	assert_int_equal(next_packet(f, 3000), CONNECT);
	wq_ms began = live_now();
	mqtt_keeper_stop(f->keeper);
	assert_true(live_now() - began < 9500);
}

static void a_lost_connection_is_told_and_made_again(void **state)
{
	struct fixture *f = *state;

	start_and_connect(f);
	for (int i = 1; i <= 3; i++) {
		publish(f, QOS1, i, "wq/yigan", ONE);
		assert_int_equal(acknowledged(f, 2000), i);
		shutdown(f->peer, SHUT_RDWR);
		assert_true(live_reaches(&f->sink, &f->sink.downs, i, 3000));
		assert_true(live_down_says(&f->sink, "lost"));
		serve_connect(f, 3000, 1); /* the wait is 1 s: each connection served a message */
		assert_true(live_reaches(&f->sink, &f->sink.ups, i + 1, 3000));
	}
}

/* Without the library's trace the descriptor is not known; then the PUBACK is held until the broker
 * has given the connection up. In a process of its own: the library stays blocked. */
static void without_the_descriptor_the_acknowledgement_is_held_back(void **state)
{
	struct fixture *f = *state;
	pid_t child = fork();
	int status;

	if (child == 0) {
		const struct wq_sink sink = live_sink_open(&f->sink);

		f->keeper = mqtt_keeper_open(&f->bus.bus, NULL);
		MQTTAsync_setTraceCallback(NULL);
		mqtt_keeper_start(f->keeper, &sink, NULL);
		while (live_get(&f->sink, &f->sink.ups) == 0)
			live_pause(10);
		live_answer(&f->sink, false, WQ_E_STATE);
		while (live_get(&f->sink, &f->sink.puts) == 0)
			live_pause(10);
		wq_ms began = live_now();
		mqtt_keeper_stop(f->keeper);
		mqtt_keeper_close(f->keeper);
		_exit(live_now() - began < 10000 ? 0 : 1);
	}
	serve_connect(f, 5000, 1);
	live_pause(500);
	publish(f, QOS1, 7, "wq/yigan", ONE);
	assert_int_equal(next_packet(f, 15000), CLOSED); /* the process is gone; no PUBACK before */
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

#define broker_test(f) cmocka_unit_test_setup_teardown(f, open_fixture, close_fixture)

int main(void)
{
	const struct CMUnitTest tests[] = {
		broker_test(without_the_descriptor_the_acknowledgement_is_held_back),
		broker_test(a_message_is_acknowledged_after_its_commit_and_handed_over_once),
		broker_test(messages_that_lie_ready_share_a_commit),
		broker_test(a_connection_that_breaks_forgets_what_was_seen_ahead),
		broker_test(a_daemon_that_stops_leaves_the_message_to_the_broker),
		broker_test(stopping_while_a_message_waits_acknowledges_nothing),
		broker_test(an_idle_driver_says_goodbye_when_it_stops),
		broker_test(a_commit_too_late_is_acknowledged_and_counted),
		broker_test(poison_is_acknowledged),
		broker_test(messages_of_quality_0_are_taken_as_well),
		broker_test(a_full_inbox_delays_the_acknowledgement_of_a_fast_receipt),
		broker_test(an_inbox_that_stays_full_leaves_the_message_to_the_broker),
		broker_test(a_refused_subscription_is_told_and_tried_again),
		broker_test(a_lost_connection_is_told_and_made_again),
		/* Last: the library serves nobody else in the process until it has given this broker up. */
		broker_test(a_broker_that_never_answers_does_not_hold_up_the_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
