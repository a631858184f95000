/* SPDX-License-Identifier: Apache-2.0 */
/* Late data of days before the newest: the daily rule in the real engine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "river.h"

#include "wq/err.h"

extern const struct wq_rule wq_rule_daily;

static struct river r;
static const struct river_station one[] = { { .id = "yigan", .name = "一干河" }, { 0 } };

/* `days` days of these readings, NaN: none came. */
static void begin(const char *settings, int days, double value)
{
	const struct river_rule rules[] = { { .rule = &wq_rule_daily, .settings = settings }, { 0 } };

	river_open(&r, one, "tp", rules);
	river_tick(&r, DAY0);
	for (int day = 0; day < days; day++)
		river_day(&r, 0, day, (double[]){ value });
	river_forget(&r);
}

static wq_ms now_of(int day)
{
	return DAY0 + WQ_DAYS(day) + WQ_HOURS(9);
}

/* Six readings of `day` arrive on `today`, and the store gives them when it is asked. */
static void comes_late(int day, double value, int today)
{
	struct wq_sample samples[6];
	wq_ms now = now_of(today);
	wq_day number = wq_day_of(&wq_zone_china, DAY0) + day;

	for (int i = 0; i < 6; i++) {
		samples[i] = (struct wq_sample){ .quality = WQ_GOOD, .at = DAY0 + WQ_DAYS(day) + WQ_HOURS(i * 4), .value = value };
		river_read_late(&r, 0, 0, samples[i].at, value, now);
	}
	wq_outcome_reset(&r.out);
	assert_int_equal(wq_engine_day(r.engine, 0, number, samples, 6, r.sequence, now, &r.out, NULL), 0);
	river_tell(&r);
}

#define SAYS(day, mean, multiple) "3月" #day "日总磷日均" #mean "mg/L,超Ⅲ类限值(0.2)" #multiple "倍\n"

static void a_day_that_exceeded_after_all_is_told_as_a_correction(void **state)
{
	(void)state;
	begin("item=tp", 4, 0.1);
	comes_late(1, 0.3, 4);
	assert_string_equal(r.story, "daily yigan corrected warning: " SAYS(6, 0.3, 0.5));
	assert_int_equal(river_alarms(&r, 0), 1);
	river_forget(&r);
	river_day(&r, 0, 4, (double[]){ 0.1 });
	assert_string_equal(r.story, "daily yigan cleared warning: 3月9日总磷日均0.1mg/L,达标\n");
	river_close(&r);
}

static void so_is_one_of_which_nothing_was_known(void **state)
{
	(void)state;
	begin("item=tp", 1, 0.1);
	for (int day = 1; day < 4; day++)
		river_day(&r, 0, day, (double[]){ NAN });
	river_forget(&r);
	comes_late(1, 0.3, 4);
	assert_string_equal(r.story, "daily yigan corrected warning: " SAYS(6, 0.3, 0.5));
	river_close(&r);
}

static void what_meets_still_and_what_exceeded_before_ring_nobody(void **state)
{
	(void)state;
	begin("item=tp", 4, 0.1);
	comes_late(1, 0.15, 4);
	assert_string_equal(r.story, "");
	river_close(&r);
	begin("item=tp", 2, 0.3);
	river_day(&r, 0, 2, (double[]){ 0.1 });
	river_forget(&r);
	comes_late(0, 0.4, 3);
	assert_string_equal(r.story, "");
	river_close(&r);
}

static void an_open_alarm_is_not_moved_by_the_past(void **state)
{
	(void)state;
	begin("item=tp", 3, 0.1);
	river_day(&r, 0, 3, (double[]){ 0.25 });
	river_forget(&r);
	comes_late(1, 0.6, 4);
	assert_string_equal(r.story, "");
	assert_true(river_fact(&r, 0, "exceedance") < 0.3);
	river_close(&r);
}

static void more_than_a_week_ago_is_corrected_in_the_record(void **state)
{
	(void)state;
	begin("item=tp", 9, 0.1);
	comes_late(1, 0.3, 9);
	assert_string_equal(r.story, "");
	assert_true(r.out.day_count > 0);
	comes_late(2, 0.3, 9);
	assert_string_equal(r.story, "daily yigan corrected warning: " SAYS(7, 0.3, 0.5));
	river_close(&r);
}

static void it_is_told_once(void **state)
{
	(void)state;
	begin("item=tp", 4, 0.1);
	comes_late(1, 0.3, 4);
	river_day(&r, 0, 4, (double[]){ 0.1 });
	river_forget(&r);
	comes_late(1, 0.4, 5);
	assert_string_equal(r.story, "");
	river_close(&r);
}

static void a_station_of_several_items_looks_at_its_own_row(void **state)
{
	(void)state;
	begin("", 4, 0.1);
	comes_late(1, 0.3, 4);
	assert_non_null(strstr(r.story, "daily yigan corrected warning: 3月6日水质Ⅳ类,定类因子:总磷日均0.3mg/L"));
	river_close(&r);
}

/* The store gives back the rows of four days; `verdict` is that of day 1. */
static void restarted(enum wq_day_verdict verdict)
{
	wq_day first = wq_day_of(&wq_zone_china, DAY0);

	river_restart(&r);
	for (int day = 0; day < 4; day++) {
		struct wq_day_row row = { .station = 0, .parameter = WQ_NONE, .day = first + day, .revision = 1, .class_ = 3 };

		row.verdict = day == 1 ? verdict : WQ_DAY_MEETS;
		wq_engine_restore_day(r.engine, &row);
		row.parameter = r.series[0].parameter;
		wq_engine_restore_day(r.engine, &row);
	}
	river_tick(&r, now_of(4));
	river_forget(&r);
}

static void a_restart_forgets_neither_what_met_nor_what_exceeded(void **state)
{
	(void)state;
	begin("item=tp", 4, 0.1);
	restarted(WQ_DAY_EXCEEDS);
	comes_late(1, 0.3, 4);
	assert_string_equal(r.story, "");
	restarted(WQ_DAY_MEETS);
	comes_late(1, 0.3, 4);
	assert_string_equal(r.story, "daily yigan corrected warning: " SAYS(6, 0.3, 0.5));
	river_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_day_that_exceeded_after_all_is_told_as_a_correction),
		cmocka_unit_test(so_is_one_of_which_nothing_was_known),
		cmocka_unit_test(what_meets_still_and_what_exceeded_before_ring_nobody),
		cmocka_unit_test(an_open_alarm_is_not_moved_by_the_past),
		cmocka_unit_test(more_than_a_week_ago_is_corrected_in_the_record),
		cmocka_unit_test(it_is_told_once),
		cmocka_unit_test(a_restart_forgets_neither_what_met_nor_what_exceeded),
		cmocka_unit_test(a_station_of_several_items_looks_at_its_own_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
