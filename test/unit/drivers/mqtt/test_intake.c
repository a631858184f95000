/* SPDX-License-Identifier: Apache-2.0 */
/* The hand-over: what the sink answers decides whether a message may be acknowledged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bus.h"
#include "intake.h"

#include "wq/err.h"

struct sink {
	struct refusals refused;
	int answers[8]; /* of put, in order; the last one stays */
	int at;
	int puts;
	size_t count;
	bool durable;
	struct mqtt_intake *shut_in_put;
};

static int put(void *owner, const struct wq_sample *samples, size_t count, bool durable)
{
	struct sink *sink = owner;
	int answer = sink->answers[sink->at];

	(void)samples;
	sink->puts++;
	sink->count = count;
	sink->durable = durable;
	if (sink->at < 7)
		sink->at++;
	if (sink->shut_in_put != NULL)
		mqtt_intake_shut(sink->shut_in_put, 0);
	return answer;
}

static void refuse(void *owner, enum wq_refusal why, const char *what)
{
	note_refusal(&((struct sink *)owner)->refused, why, what);
}

static void on_link(void *owner, const char *down)
{
	(void)owner;
	(void)down;
}

static struct sink sink;
static struct mqtt_intake intake;

static int open_intake(void **state)
{
	(void)state;
	memset(&sink, 0, sizeof sink);
	bus_settings.receipt = MQTT_DURABLE;
	if (mqtt_intake_open(&intake, &test_bus, NULL) < 0)
		return -1;
	intake.sink = (struct wq_sink){ .owner = &sink, .put = put, .refuse = refuse, .link = on_link };
	return 0;
}

static int close_intake(void **state)
{
	(void)state;
	mqtt_intake_close(&intake);
	return 0;
}

static bool take(const char *topic, const char *payload)
{
	const struct mqtt_message message = { .topic = topic,
		.topic_length = strlen(topic),
		.payload = payload,
		.length = strlen(payload) };

	return mqtt_intake_take(&intake, &message, 1) == 1;
}

static struct mqtt_counts counts(void)
{
	struct mqtt_counts now;

	mqtt_intake_counts(&intake, &now);
	return now;
}

#define GOOD "{\"time\":1772668800,\"tp\":153,\"ph\":7}"

static void a_committed_message_may_be_acknowledged(void **state)
{
	(void)state;
	assert_true(take("wq/yigan", GOOD));
	assert_int_equal(sink.puts, 1);
	assert_int_equal(sink.count, 2);
	assert_true(sink.durable);
	assert_int_equal(counts().taken, 1);
	assert_int_equal(counts().samples, 2);
}

static void a_late_commit_is_counted_and_acknowledged(void **state)
{
	(void)state;
	sink.answers[0] = WQ_E_TIMEOUT;
	assert_true(take("wq/yigan", GOOD));
	assert_int_equal(counts().not_durable, 1);
	assert_int_equal(counts().taken, 1);
}

static void a_stopping_daemon_withholds_the_acknowledgement(void **state)
{
	(void)state;
	sink.answers[0] = WQ_E_STATE;
	assert_false(take("wq/yigan", GOOD));
	assert_int_equal(counts().withheld, 1);
	assert_int_equal(counts().taken, 0);
}

static void an_unexpected_answer_withholds_it_too(void **state)
{
	(void)state;
	sink.answers[0] = WQ_E_MEMORY;
	assert_false(take("wq/yigan", GOOD));
	assert_int_equal(counts().withheld, 1);
}

static void a_full_inbox_is_waited_for(void **state)
{
	(void)state;
	sink.answers[0] = WQ_E_FULL;
	sink.answers[1] = WQ_E_FULL;
	sink.answers[2] = WQ_E_FULL;
	assert_true(take("wq/yigan", GOOD));
	assert_int_equal(sink.puts, 4);
	assert_int_equal(counts().room_waits, 3);
	assert_int_equal(counts().taken, 1);
}

static void a_stop_ends_the_wait_for_room(void **state)
{
	(void)state;
	for (int i = 0; i < 8; i++)
		sink.answers[i] = WQ_E_FULL;
	sink.shut_in_put = &intake;
	assert_false(take("wq/yigan", GOOD));
	assert_int_equal(sink.puts, 1);
}

static void after_the_stop_the_sink_is_left_alone(void **state)
{
	(void)state;
	assert_true(mqtt_intake_shut(&intake, mqtt_now()));
	assert_false(take("wq/yigan", GOOD));
	assert_false(take("wq/yigan", "garbage"));
	assert_int_equal(sink.puts, 0);
	assert_string_equal(sink.refused.kinds, "");
	assert_int_equal(counts().withheld, 2);
}

static struct mqtt_message message_of(const char *payload)
{
	return (struct mqtt_message){ .topic = "wq/yigan",
		.topic_length = 8,
		.payload = payload,
		.length = strlen(payload) };
}

static void messages_that_wait_are_handed_over_in_one_batch(void **state)
{
	const struct mqtt_message messages[] = { message_of(GOOD), message_of("garbage"),
		message_of("{\"time\":1772668801,\"ph\":7}") };

	(void)state;
	assert_int_equal(mqtt_intake_take(&intake, messages, 3), 3);
	assert_int_equal(sink.puts, 1);
	assert_int_equal(sink.count, 3);
	assert_int_equal(counts().messages, 3);
	assert_int_equal(counts().taken, 2);
	assert_int_equal(counts().empty, 1);
	assert_int_equal(counts().samples, 3);
}

static void a_batch_that_is_not_taken_leaves_all_its_messages_to_the_broker(void **state)
{
	const struct mqtt_message messages[] = { message_of(GOOD), message_of(GOOD) };

	(void)state;
	sink.answers[0] = WQ_E_STATE;
	assert_int_equal(mqtt_intake_take(&intake, messages, 2), 0);
	assert_int_equal(counts().withheld, 1);
	assert_int_equal(counts().taken, 0);
	sink.answers[1] = WQ_E_TIMEOUT;
	assert_int_equal(mqtt_intake_take(&intake, messages, 2), 2);
	assert_int_equal(counts().not_durable, 2);
}

static void poison_is_acknowledged_so_that_it_does_not_come_again(void **state)
{
	(void)state;
	assert_true(take("wq/yigan", "garbage"));
	assert_true(take("wq/nowhere", GOOD));
	assert_true(take("other/yigan", GOOD));
	const struct mqtt_message odd = {
		.topic = "wq/yi\0an", .topic_length = 8, .payload = GOOD, .length = strlen(GOOD)
	};
	assert_int_equal(mqtt_intake_take(&intake, &odd, 1), 1);
	assert_int_equal(sink.puts, 0);
	assert_string_equal(sink.refused.kinds, "0110");
	assert_int_equal(counts().empty, 4);
}

static void a_refusal_names_the_topic(void **state)
{
	(void)state;
	assert_true(take("wq/yigan", "{\"turbo\":1}"));
	assert_non_null(strstr(sink.refused.last, "wq/yigan"));
	assert_non_null(strstr(sink.refused.last, "turbo"));
}

static void a_fast_receipt_does_not_ask_for_the_commit(void **state)
{
	(void)state;
	intake.durable = false;
	assert_true(take("wq/yigan", GOOD));
	assert_false(sink.durable);
}

#define intake_test(f) cmocka_unit_test_setup_teardown(f, open_intake, close_intake)

int main(void)
{
	const struct CMUnitTest tests[] = {
		intake_test(a_committed_message_may_be_acknowledged),
		intake_test(a_late_commit_is_counted_and_acknowledged),
		intake_test(a_stopping_daemon_withholds_the_acknowledgement),
		intake_test(an_unexpected_answer_withholds_it_too),
		intake_test(a_full_inbox_is_waited_for),
		intake_test(a_stop_ends_the_wait_for_room),
		intake_test(after_the_stop_the_sink_is_left_alone),
		intake_test(messages_that_wait_are_handed_over_in_one_batch),
		intake_test(a_batch_that_is_not_taken_leaves_all_its_messages_to_the_broker),
		intake_test(poison_is_acknowledged_so_that_it_does_not_come_again),
		intake_test(a_refusal_names_the_topic),
		intake_test(a_fast_receipt_does_not_ask_for_the_commit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
