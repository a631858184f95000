/* SPDX-License-Identifier: Apache-2.0 */
/* The sending end against a broker of our own that says what a test wants it to say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wq/err.h"
#include "wq/mqtt.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PACKET_MAX 256
#define LARGE      (16 * 1024 * 1024)

/* What the broker answers to CONNECT and to each PUBLISH; length 0: nothing. */
struct script {
	unsigned char connack[16], puback[8];
	size_t connack_length, puback_length;
};

static const struct script taking = { { 0x20, 2, 0, 0 }, { 0x40, 2 }, 4, 4 };
static const struct script refusing = { { 0x20, 2, 0, 5 }, { 0 }, 4, 0 };
static const struct script one_at_a_time = { { 0x20, 6, 0, 0, 3, 0x21, 0, 1 }, { 0 }, 8, 0 };
static const struct script forbidding = { { 0x20, 3, 0, 0, 0 }, { 0x40, 3, 0, 0, 0x87 }, 5, 5 };

struct broker {
	const struct script *scripts;
	size_t count;
	int listening;
	char address[64];
	pthread_t thread;
	/* read after the thread has ended */
	size_t publishes[4];
	char last[4];
};

/* What the hooks said. */
struct heard {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	int answers, id, losses;
	const char *refused;
};

/* -- the broker -- */

static bool read_bytes(int fd, unsigned char *to, size_t length)
{
	for (size_t got = 0; got < length;) {
		ssize_t n = read(fd, to + got, length - got);

		if (n <= 0)
			return false;
		got += (size_t)n;
	}
	return true;
}

/* Type of the packet, or 0: it is over, or 128 bytes and longer, at which this broker goes. */
static unsigned read_packet(int fd, unsigned char body[PACKET_MAX])
{
	unsigned char head[2];

	if (!read_bytes(fd, head, 2) || head[1] >= 128 || !read_bytes(fd, body, head[1]))
		return 0;
	body[head[1]] = '\0';
	return head[0] >> 4;
}

static void serve(struct broker *broker, size_t n, int fd)
{
	const struct script *script = &broker->scripts[n];
	unsigned char body[PACKET_MAX], puback[8];
	unsigned type;

	while ((type = read_packet(fd, body)) != 0) {
		if (type == 1 && write(fd, script->connack, script->connack_length) < 0)
			return;
		if (type != 3)
			continue;
		size_t topic = (size_t)body[0] << 8 | body[1];

		broker->publishes[n]++;
		broker->last[n] = (char)body[2 + topic + 2];
		memcpy(puback, script->puback, sizeof puback);
		memcpy(puback + 2, body + 2 + topic, 2);
		if (write(fd, puback, script->puback_length) < 0)
			return;
	}
}

static void *run_broker(void *argument)
{
	struct broker *broker = argument;

	for (size_t n = 0; n < broker->count; n++) {
		int fd = accept(broker->listening, NULL, NULL);

		if (fd < 0)
			return NULL;
		serve(broker, n, fd);
		close(fd);
	}
	return NULL;
}

static void start_broker(struct broker *broker, const struct script *scripts, size_t count)
{
	struct sockaddr_in where = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof where;

	*broker = (struct broker){
		.scripts = scripts, .count = count, .listening = socket(AF_INET, SOCK_STREAM, 0)
	};
	assert_int_equal(bind(broker->listening, (struct sockaddr *)&where, size), 0);
	assert_int_equal(listen(broker->listening, 4), 0);
	assert_int_equal(getsockname(broker->listening, (struct sockaddr *)&where, &size), 0);
	snprintf(broker->address, sizeof broker->address, "tcp://127.0.0.1:%d",
	        ntohs(where.sin_port));
	assert_int_equal(pthread_create(&broker->thread, NULL, run_broker, broker), 0);
}

static void end_broker(struct broker *broker)
{
	assert_int_equal(pthread_join(broker->thread, NULL), 0);
	close(broker->listening);
}

/* -- the hooks -- */

static void on_answered(void *owner, int id, const char *refused)
{
	struct heard *heard = owner;

	pthread_mutex_lock(&heard->mutex);
	heard->answers++;
	heard->id = id;
	heard->refused = refused;
	pthread_cond_signal(&heard->changed);
	pthread_mutex_unlock(&heard->mutex);
}

static void on_lost(void *owner, const char *why)
{
	struct heard *heard = owner;

	(void)why;
	pthread_mutex_lock(&heard->mutex);
	heard->losses++;
	pthread_cond_signal(&heard->changed);
	pthread_mutex_unlock(&heard->mutex);
}

/* Until so many answers, or a loss, came; half a minute at most. */
static void await(struct heard *heard, int answers, int losses)
{
	struct timespec until;
	int r = 0;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 30;
	pthread_mutex_lock(&heard->mutex);
	while (heard->answers < answers || heard->losses < losses) {
		r = pthread_cond_timedwait(&heard->changed, &heard->mutex, &until);
		if (r != 0)
			break;
	}
	pthread_mutex_unlock(&heard->mutex);
	assert_int_equal(r, 0);
}

static struct wq_publisher *publisher_of(
        const struct broker *broker, bool five, struct heard *heard)
{
	struct wq_err err;

	*heard = (struct heard){ .mutex = PTHREAD_MUTEX_INITIALIZER,
		.changed = PTHREAD_COND_INITIALIZER };
	struct wq_publisher *publisher =
	        wq_publisher_open(&(struct wq_publisher_settings){ .broker = broker->address,
	                                  .client_id = "unit",
	                                  .five = five,
	                                  .keepalive = 60,
	                                  .under_way = 3 },
	                &(struct wq_publisher_hooks){
	                        .owner = heard, .answered = on_answered, .lost = on_lost },
	                &err);

	assert_non_null(publisher);
	return publisher;
}

static void connect_well(struct wq_publisher *publisher)
{
	struct wq_err err = { 0 };
	int code, r = wq_publisher_connect(publisher, &code, &err);

	if (r != 0)
		print_error("%s\n", err.text);
	assert_int_equal(r, 0);
}

/* -- */

static void a_refusal_comes_with_the_brokers_number(void **state)
{
	struct broker broker;
	struct heard heard;
	struct wq_err err;
	int code = 0;

	(void)state;
	start_broker(&broker, &refusing, 1);
	struct wq_publisher *publisher = publisher_of(&broker, false, &heard);

	assert_int_equal(wq_publisher_connect(publisher, &code, &err), WQ_E_REFUSED);
	assert_int_equal(code, 5);
	assert_non_null(strstr(err.text, "does not authorise this client"));
	wq_publisher_close(publisher);
	end_broker(&broker);
}

static void nobody_there_is_told_and_does_not_last(void **state)
{
	struct broker broker;
	struct heard heard;
	struct wq_err err;
	int code = 9;

	(void)state;
	start_broker(&broker, &taking, 0);
	end_broker(&broker);
	struct wq_publisher *publisher = publisher_of(&broker, false, &heard);

	assert_int_equal(wq_publisher_connect(publisher, &code, &err), WQ_E_IO);
	assert_int_equal(code, 0);
	wq_publisher_close(publisher);
}

static void every_message_gets_its_answer(void **state)
{
	struct broker broker;
	struct heard heard;
	struct wq_err err;

	(void)state;
	start_broker(&broker, &taking, 1);
	struct wq_publisher *publisher = publisher_of(&broker, false, &heard);

	connect_well(publisher);
	for (int n = 1; n <= 20; n++) {
		int id = 0;

		assert_int_equal(
		        wq_publisher_publish(publisher, "a/b", "x", 1, false, &id, &err), 0);
		await(&heard, n, 0);
		assert_int_equal(heard.id, id);
		assert_null(heard.refused);
	}
	wq_publisher_disconnect(publisher);
	wq_publisher_close(publisher);
	end_broker(&broker);
	assert_int_equal(broker.publishes[0], 20);
}

static void no_more_is_under_way_than_the_broker_takes(void **state)
{
	struct broker broker;
	struct heard heard;
	struct wq_err err;
	int id;

	(void)state;
	start_broker(&broker, &one_at_a_time, 1);
	struct wq_publisher *publisher = publisher_of(&broker, true, &heard);

	connect_well(publisher);
	assert_int_equal(wq_publisher_publish(publisher, "a/b", "x", 1, false, &id, &err), 0);
	assert_int_equal(
	        wq_publisher_publish(publisher, "a/b", "y", 1, false, &id, &err), WQ_E_FULL);
	wq_publisher_disconnect(publisher);
	assert_int_equal(heard.answers, 0);
	wq_publisher_close(publisher);
	end_broker(&broker);
}

static void a_message_that_is_refused_is_no_lost_connection(void **state)
{
	struct broker broker;
	struct heard heard;
	struct wq_err err;
	int id;

	(void)state;
	start_broker(&broker, &forbidding, 1);
	struct wq_publisher *publisher = publisher_of(&broker, true, &heard);

	connect_well(publisher);
	assert_int_equal(wq_publisher_publish(publisher, "a/b", "x", 1, false, &id, &err), 0);
	await(&heard, 1, 0);
	assert_string_equal(heard.refused, "Not authorized");
	assert_int_equal(heard.losses, 0);
	wq_publisher_close(publisher);
	end_broker(&broker);
}

static void after_a_loss_the_next_connection_begins_with_nothing(void **state)
{
	const struct script scripts[] = { taking, taking };
	struct broker broker;
	struct heard heard;
	struct wq_err err;
	char *large = calloc(1, LARGE);
	int id, before;

	(void)state;
	assert_non_null(large);
	start_broker(&broker, scripts, 2);
	struct wq_publisher *publisher = publisher_of(&broker, false, &heard);

	connect_well(publisher);
	/* More than a socket takes, of which the broker reads the head and goes: the others were
	 * never written. */
	for (int n = 0; n < 3; n++)
		wq_publisher_publish(publisher, "a/b", large, LARGE, false, &id, &err);
	await(&heard, 0, 1);
	free(large);
	assert_int_equal(heard.answers, 0);
	wq_publisher_disconnect(publisher);
	before = heard.losses;
	connect_well(publisher);
	assert_int_equal(wq_publisher_publish(publisher, "a/b", "new", 3, false, &id, &err), 0);
	await(&heard, 1, 0);
	assert_int_equal(heard.id, id);
	assert_int_equal(heard.losses, before);
	wq_publisher_disconnect(publisher);
	wq_publisher_close(publisher);
	end_broker(&broker);
	assert_int_equal(broker.publishes[1], 1);
	assert_int_equal(broker.last[1], 'n');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_refusal_comes_with_the_brokers_number),
		cmocka_unit_test(nobody_there_is_told_and_does_not_last),
		cmocka_unit_test(every_message_gets_its_answer),
		cmocka_unit_test(no_more_is_under_way_than_the_broker_takes),
		cmocka_unit_test(a_message_that_is_refused_is_no_lost_connection),
		cmocka_unit_test(after_a_loss_the_next_connection_begins_with_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
