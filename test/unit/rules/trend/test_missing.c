/* SPDX-License-Identifier: Apache-2.0 */
/* The missing rule. The series is expected every 4 h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "view.h"

extern const struct wq_rule wq_rule_missing;

static struct fake_rule f;

static void open_rule(const char *settings)
{
	fake_rule_open(&f, &wq_rule_missing, settings, WQ_RIVER, "tp");
	assert_int_equal(fake_rule_check(&f, NULL), 0);
}

static void twice_the_interval_of_silence_raises_and_a_reading_clears(void **state)
{
	(void)state;
	open_rule("");
	assert_int_equal(fake_rule_read(&f, WQ_HOURS(4), 0.1, WQ_GOOD), WQ_FINDING_CLEAR);
	fake_rule_tick(&f, WQ_HOURS(12));
	assert_int_not_equal(f.said.finding, WQ_FINDING_RAISE);
	assert_true(fake_rule_tick(&f, WQ_HOURS(13)));
	assert_int_equal(f.said.finding, WQ_FINDING_RAISE);
	assert_int_equal(f.said.level, WQ_LEVEL_WATCH);
	assert_int_equal(f.said.at, WQ_HOURS(13));
	assert_string_equal(f.said.says, "总磷已9小时无数据上传,不可评价");
	assert_true(fake_rule_fact(&f, "arriving") == 0);
	assert_true(fake_rule_fact(&f, "silent_hours") == 9);
	assert_true(isnan(f.said.value) && isnan(f.said.limit));
	assert_int_equal(fake_rule_read(&f, WQ_HOURS(14), 0.1, WQ_GOOD), WQ_FINDING_CLEAR);
	assert_string_equal(f.said.says, "总磷恢复数据");
}

static void silence_is_counted_from_the_start_at_the_earliest(void **state)
{
	(void)state;
	open_rule("after=1h level=warning");
	f.view.started = WQ_HOURS(100);
	assert_false(fake_rule_tick(&f, WQ_HOURS(101)));
	assert_true(fake_rule_tick(&f, WQ_HOURS(101) + 1));
	assert_int_equal(f.said.level, WQ_LEVEL_WARNING);
	assert_string_equal(f.said.says, "总磷已1小时无数据上传,不可评价");
}

/* A daemon that restarts into a silence must not call it over before a reading has come. */
static void a_restart_into_silence_says_nothing_until_something_is_known(void **state)
{
	(void)state;
	open_rule("after=2h");
	fake_rule_read(&f, WQ_HOURS(1), 0.1, WQ_GOOD); /* restored */
	f.view.started = WQ_HOURS(50);
	assert_false(fake_rule_tick(&f, WQ_HOURS(50)));
	assert_false(fake_rule_tick(&f, WQ_HOURS(52)));
	assert_true(fake_rule_tick(&f, WQ_HOURS(53)));
	assert_int_equal(f.said.finding, WQ_FINDING_RAISE);
}

/* The engine does not count what rules say while it restores: the first tick has to say it again.
 */
static void a_reading_of_before_the_restart_clears_with_the_first_tick(void **state)
{
	(void)state;
	open_rule("after=2h");
	fake_rule_read(&f, WQ_HOURS(49), 0.1, WQ_GOOD);
	f.view.started = WQ_HOURS(50);
	assert_true(fake_rule_tick(&f, WQ_HOURS(50)));
	assert_int_equal(f.said.finding, WQ_FINDING_CLEAR);
	assert_false(fake_rule_tick(&f, WQ_HOURS(50) + 1000));
}

static void data_that_cannot_be_judged_is_told_apart_from_silence(void **state)
{
	(void)state;
	open_rule("after=8h");
	fake_rule_read(&f, WQ_HOURS(0), 0.1, WQ_GOOD);
	fake_rule_arrive(&f, WQ_HOURS(4));
	fake_rule_arrive(&f, WQ_HOURS(8));
	assert_true(fake_rule_tick(&f, WQ_HOURS(9)));
	assert_int_equal(f.said.finding, WQ_FINDING_RAISE);
	assert_string_equal(f.said.says, "总磷已9小时无有效数据(有上传但不可用),不可评价");
	assert_true(fake_rule_fact(&f, "arriving") == 1);
	assert_true(fake_rule_tick(&f, WQ_HOURS(60)));
	assert_string_equal(f.said.says, "总磷已2天无数据上传,不可评价");
}

/* A public feed tells of 08:00 at 12:36: the next one is due at 16:36, not late at 16:01. */
static void a_source_that_tells_hours_later_is_not_silent(void **state)
{
	(void)state;
	open_rule("");
	f.view.now = f.view.started = WQ_HOURS(8) + WQ_MINUTES(276);
	assert_int_equal(fake_rule_read(&f, WQ_HOURS(8), 0.1, WQ_GOOD), WQ_FINDING_CLEAR);
	fake_rule_tick(&f, WQ_HOURS(8) + WQ_MINUTES(276 + 480));
	assert_int_not_equal(f.said.finding, WQ_FINDING_RAISE);
	assert_true(fake_rule_tick(&f, WQ_HOURS(8) + WQ_MINUTES(276 + 481)));
	assert_int_equal(f.said.finding, WQ_FINDING_RAISE);
}

static void revisions_and_gaps_filled_later_are_no_sign_of_life(void **state)
{
	(void)state;
	open_rule("after=8h");
	fake_rule_read(&f, WQ_HOURS(4), 0.1, WQ_GOOD);
	f.view.now = WQ_HOURS(20);
	assert_int_equal(fake_rule_read(&f, WQ_HOURS(4), 0.2, WQ_GOOD), WQ_FINDING_UNKNOWN);
	assert_int_equal(fake_rule_read(&f, WQ_HOURS(2), 0.2, WQ_GOOD), WQ_FINDING_UNKNOWN);
	assert_true(fake_rule_tick(&f, WQ_HOURS(20)));
	assert_int_equal(f.said.finding, WQ_FINDING_RAISE);
}

static void a_stamp_from_the_future_does_not_hide_silence(void **state)
{
	(void)state;
	open_rule("after=1h");
	f.view.now = f.view.started = WQ_HOURS(1);
	fake_rule_read(&f, WQ_HOURS(1), 0.1, WQ_GOOD);
	f.view.readings[0][0].at = WQ_HOURS(1) + WQ_MINUTES(10);
	assert_true(fake_rule_tick(&f, WQ_HOURS(2) + WQ_MINUTES(11)));
	assert_int_equal(f.said.finding, WQ_FINDING_RAISE);
}

static void fast_series_are_spoken_of_in_seconds_and_minutes(void **state)
{
	(void)state;
	open_rule("after=10s");
	fake_rule_read(&f, WQ_SECONDS(100), 0.1, WQ_GOOD);
	assert_true(fake_rule_tick(&f, WQ_SECONDS(111)));
	assert_string_equal(f.said.says, "总磷已11秒无数据上传,不可评价");
	assert_true(fake_rule_tick(&f, WQ_SECONDS(100) + WQ_MINUTES(25)));
	assert_string_equal(f.said.says, "总磷已25分钟无数据上传,不可评价");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(twice_the_interval_of_silence_raises_and_a_reading_clears),
		cmocka_unit_test(silence_is_counted_from_the_start_at_the_earliest),
		cmocka_unit_test(a_restart_into_silence_says_nothing_until_something_is_known),
		cmocka_unit_test(a_reading_of_before_the_restart_clears_with_the_first_tick),
		cmocka_unit_test(data_that_cannot_be_judged_is_told_apart_from_silence),
		cmocka_unit_test(a_source_that_tells_hours_later_is_not_silent),
		cmocka_unit_test(revisions_and_gaps_filled_later_are_no_sign_of_life),
		cmocka_unit_test(a_stamp_from_the_future_does_not_hide_silence),
		cmocka_unit_test(fast_series_are_spoken_of_in_seconds_and_minutes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
