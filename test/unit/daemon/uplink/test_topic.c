/* SPDX-License-Identifier: Apache-2.0 */
/* Topics, and what a receiver says on one. */
#include "topic.h"

#include "wq/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static void only_station_and_kind_are_filled_in(void **state)
{
	static const char *const good[] = { "wq/{station}", "a/{kind}/{station}", "plain", "{station}{kind}" };
	static const char *const bad[] = { "wq/+", "wq/#", "wq/{name}", "wq/{station", "wq/}", "$SYS/{station}" };
	struct wq_err err;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_int_equal(topic_check(good[i], &err), 0);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(topic_check(bad[i], &err), WQ_E_INVALID);
}

static void a_topic_is_made_of_its_template(void **state)
{
	char topic[20];

	(void)state;
	assert_true(topic_make("wq/{station}/{kind}", "yigan", "day", topic, sizeof topic));
	assert_string_equal(topic, "wq/yigan/day");
	assert_true(topic_make("wq/{station}", "", "change", topic, sizeof topic));
	assert_string_equal(topic, "wq/-");
	assert_true(topic_make("{station}", "1234567890123456789", "", topic, sizeof topic));
	assert_false(topic_make("{station}", "12345678901234567890", "", topic, sizeof topic));
	assert_int_equal(topic_station("a/b", NULL), WQ_E_INVALID);
	assert_int_equal(topic_station("-", NULL), WQ_E_INVALID);
	assert_int_equal(topic_station("一干河", NULL), 0);
}

#define WHO "\"station\":\"yigan\",\"incarnation\":\"00000000000000ff\""

static void what_was_committed_is_read(void **state)
{
	static const struct {
		const char *text;
		bool good, through;
		enum wq_lane lane;
		uint64_t sequence;
		wq_ms at;
	} table[] = {
		{ "{" WHO ",\"sequence\":7}", true, false, WQ_LANE_READINGS, 7, WQ_NO_TIME },
		{ "{" WHO ",\"sequence\":7,\"time\":\"1970-01-01T08:00:01+08:00\"}", true, false, WQ_LANE_READINGS, 7, 1000 },
		{ "{" WHO ",\"through\":9}", true, true, WQ_LANE_READINGS, 9, WQ_NO_TIME },
		{ "{\"incarnation\":\"00000000000000ff\",\"note\":3}", true, false, WQ_LANE_NOTES, 3, WQ_NO_TIME },
		{ "{\"incarnation\":\"00000000000000ff\",\"sequence\":3}", false, false, 0, 0, 0 }, /* of whom? */
		{ "{" WHO "}", false, false, 0, 0, 0 },
		{ "{" WHO ",\"sequence\":-7}", false, false, 0, 0, 0 },
		{ "{" WHO ",\"sequence\":\"7\"}", false, false, 0, 0, 0 },
		{ "{" WHO ",\"sequence\":7.5}", false, false, 0, 0, 0 },
		{ "{" WHO ",\"sequence\":7,\"time\":\"yesterday\"}", false, false, 0, 0, 0 },
		{ "{\"station\":\"yigan\",\"incarnation\":\"ff\",\"sequence\":7}", false, false, 0, 0, 0 },
		{ "{\"station\":\"yigan\",\"incarnation\":\"-0000000000000ff\",\"sequence\":7}", false, false, 0, 0, 0 },
		{ "{\"station\":\"yigan\",\"sequence\":7}", false, false, 0, 0, 0 },
		{ "[1]", false, false, 0, 0, 0 },
		{ "", false, false, 0, 0, 0 },
		{ "{" WHO ",\"sequence\":7", false, false, 0, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct wq_uplink_event event;
		bool good = topic_read_committed(table[i].text, strlen(table[i].text), &event);

		if (good != table[i].good)
			fail_msg("%s", table[i].text);
		if (!good)
			continue;
		assert_int_equal(event.what, WQ_UPLINK_COMMITTED);
		assert_int_equal(event.incarnation, 255);
		assert_int_equal(event.lane, table[i].lane);
		assert_int_equal(event.sequence, table[i].sequence);
		assert_int_equal(event.through, table[i].through);
		assert_true(event.at == table[i].at);
		assert_string_equal(event.station, event.lane == WQ_LANE_NOTES ? "" : "yigan");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_station_and_kind_are_filled_in),
		cmocka_unit_test(a_topic_is_made_of_its_template),
		cmocka_unit_test(what_was_committed_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
