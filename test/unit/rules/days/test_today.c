/* SPDX-License-Identifier: Apache-2.0 */
/* The day so far: tables of days, reading by reading. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "river.h"

#include "wq/err.h"

extern const struct wq_rule wq_rule_today;

static struct river r;
static const struct river_station one[] = { { .id = "yigan", .name = "一干河" }, { 0 } };

/* Judged from the second reading on, unless the settings say otherwise. */
static void begin(const char *settings, const char *parameters)
{
	char text[200];
	const struct river_rule rules[] = { { .rule = &wq_rule_today, .settings = text }, { 0 } };

	snprintf(text, sizeof text, "minimum=2 after=4h forecast_level=watch level=watch %s", settings);

	river_open(&r, one, parameters, rules);
	river_tick(&r, DAY0);
}

/* What is open after each reading of a day of six: a letter each: . none, i w W A level. */
static void days_reading_by_reading(void **state)
{
	static const struct {
		const char *settings, *item;
		double values[6];
		const char *levels;
	} table[] = {
		/* One high reading alone is not the day. */
		{ "", "tp", { 0.3, 0.1, 0.1, 0.1, 0.1, 0.1 }, "......" },
		/* From the second on the mean so far exceeds; after the fifth even two of 0 do not save it: 1.5 / 6. */
		{ "", "tp", { 0.3, 0.3, 0.3, 0.3, 0.3, 0.3 }, ".wwwWW" },
		/* Where the best of the newest readings is known (half of 4): all alike, so the day is lost. */
		{ "recent=4", "tp", { 0.3, 0.3, 0.3, 0.3, 0.3, 0.3 }, ".WWWWW" },
		{ "recent=4", "tp", { 0.1, 0.3, 0.3, 0.3, 0.3, 0.3 }, "..wwWW" },
		/* The limit itself meets, rounding included: 0.2004 on the mean is 0.200. */
		{ "", "tp", { 0.2, 0.2, 0.2, 0.2, 0.2, 0.2 }, "......" },
		{ "", "tp", { 0.2004, 0.2004, 0.2004, 0.2004, 0.2004, 0.2004 }, "......" },
		/* Within so far, but beyond if it goes on like this: forecast. */
		{ "level=warning certain_level=alarm", "tp", { 0.1, 0.1, 0.1, 0.35, 0.35, 0.35 }, "....wA" },
		{ "forecast_level=none", "tp", { 0.1, 0.1, 0.25, 0.25, 0.25, 0.25 }, "......" },
		/* It comes back: clears once the day is well within the limit. */
		{ "", "tp", { 0.24, 0.24, 0.1, 0.1, 0.1, 0.1 }, ".ww..." },
		/* Oxygen the other way round. */
		{ "", "do", { 4, 4, 4, 4, 4, 4 }, ".wwwwW" },
		{ "recent=2", "do", { 4, 4, 4, 4, 8, 8 }, ".WWWW." },
		{ "recent=0", "do", { 4, 4, 4, 4, 8, 8 }, ".wwww." },
		/* A range: what may come is no worse than its other end. */
		{ "recent=0", "ph", { 7, 7, 7, 7, 7, 7 }, "......" },
		{ "recent=4", "ph", { 7, 7, 7, 7, 7, 7 }, "......" },
		{ "recent=0", "ph", { 9.8, 9.8, 9.8, 9.8, 9.8, 9.8 }, ".wwwwW" },
		{ "recent=0", "ph", { 5, 5, 5, 5, 5, 5 }, ".WWWWW" }, /* [H+]: two of 10^-5 are more than six of 10^-5.5 */
		/* Two in a row make a forecast before there is enough of the day; one does not. */
		{ "minimum=4 forecast_readings=2 level=warning", "tp", { 0.3, 0.1, 0.3, 0.1, 0.1, 0.1 }, "......" },
		{ "minimum=4 forecast_readings=2 level=warning", "tp", { 0.3, 0.3, 0.3, 0.3, 0.3, 0.3 }, ".wwWWW" },
		{ "minimum=4 forecast_readings=2 level=warning", "tp", { 0.3, 0.3, 0.1, 0.05, 0.05, 0.05 }, ".ww..." },
		{ "minimum=4 forecast_readings=3 level=warning", "tp", { 0.3, 0.3, 0.3, 0.3, 0.3, 0.3 }, "..wWWW" },
		{ "forecast_level=none minimum=3", "tp", { 0.3, 0.3, 0.3, 0.3, 0.3, 0.3 }, "..wwWW" },
		{ "forecast_level=none after=12h", "tp", { 0.3, 0.3, 0.3, 0.3, 0.3, 0.3 }, "...wWW" },
		{ "class=4", "tp", { 0.3, 0.3, 0.3, 0.3, 0.3, 0.3 }, "......" },
		{ "above=0.1", "tp", { 0.2, 0.2, 0.2, 0.2, 0.2, 0.2 }, ".wwWWW" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		char levels[7] = "";

		begin(table[i].settings, table[i].item);
		for (int k = 0; k < 6; k++) {
			const struct wq_alarm *const *alarms;

			river_read(&r, 0, 0, DAY0 + WQ_HOURS(4 * k), table[i].values[k]);
			levels[k] = wq_engine_alarms(r.engine, &alarms) ? ".iwWA"[alarms[0]->level] : '.';
		}
		if (strcmp(levels, table[i].levels) != 0)
			fail_msg("row %zu: %s, not %s\n%s", i, levels, table[i].levels, r.story);
		river_close(&r);
	}
}

static void the_sentence_tells_the_arithmetic(void **state)
{
	(void)state;
	begin("recent=0", "tp");
	river_read(&r, 0, 0, DAY0, 0.263);
	river_read(&r, 0, 0, DAY0 + WQ_HOURS(4), 0.263);
	assert_string_equal(r.story,
		"today yigan opened watch: 总磷今日2次均值0.263mg/L,超Ⅲ类限值(0.2),余下4次平均须不高于0.168mg/L\n");
	assert_true(fabs(river_fact(&r, 0, "remaining_may") - (0.2 * 6 - 0.526) / 4) < 1e-12);
	assert_true(river_fact(&r, 0, "remaining") == 4);
	assert_true(river_fact(&r, 0, "readings") == 2);
	river_forget(&r);
	river_read(&r, 0, 0, DAY0 + WQ_HOURS(8), 0.7);
	river_read(&r, 0, 0, DAY0 + WQ_HOURS(12), 0.1);
	assert_string_equal(r.story,
		"today yigan raised warning: 总磷今日3次均值0.409mg/L,超Ⅲ类限值(0.2),即使均为0mg/L,日均仍超标\n");
	river_close(&r);
}

static void a_bad_day_is_one_episode_until_a_day_meets(void **state)
{
	(void)state;
	begin("", "tp");
	river_day(&r, 0, 0, (double[]){ 0.3 });
	river_day(&r, 0, 1, (double[]){ 0.31 });
	river_forget(&r);
	/* The third day turns: it clears within the day. */
	for (int k = 0; k < 6; k++)
		river_read(&r, 0, 0, DAY0 + WQ_DAYS(2) + WQ_HOURS(4 * k), k < 2 ? 0.3 : 0.05);
	assert_string_equal(r.story, "today yigan cleared warning: 总磷今日4次均值0.175mg/L,未超Ⅲ类限值0.2\n");
	river_close(&r);
}

static void the_evening_before_counts_for_the_forecast(void **state)
{
	(void)state;
	begin("minimum=3 after=8h forecast_readings=2 level=warning", "tp");
	for (int k = 0; k < 6; k++)
		river_read(&r, 0, 0, DAY0 + WQ_HOURS(4 * k), k < 5 ? 0.05 : 0.3);
	assert_string_equal(r.story, "");
	river_read(&r, 0, 0, DAY0 + WQ_DAYS(1), 0.3);
	assert_string_equal(r.story,
		"today yigan opened watch: 总磷今日1次均值0.3mg/L,超Ⅲ类限值(0.2),余下5次平均须不高于0.18mg/L\n");
	river_close(&r);
}

static void a_day_that_met_clears_what_its_last_reading_left(void **state)
{
	(void)state;
	begin("deadband=0.2", "tp");
	for (int k = 0; k < 6; k++)
		river_read(&r, 0, 0, DAY0 + WQ_HOURS(4 * k), k < 3 ? 0.25 : 0.11 + 0.01 * k);
	assert_int_equal(river_alarms(&r, 0), 1); /* 0.2 is not within the limit by the deadband */
	river_forget(&r);
	river_tick(&r, DAY0 + WQ_DAYS(1) + WQ_HOURS(1));
	assert_string_equal(r.story, "today yigan cleared watch: 总磷日均0.2mg/L,未超Ⅲ类限值0.2\n");
	river_close(&r);
}

/* What is open since four o'clock is not over since midnight, when the day before closes after that. */
static void the_day_before_clears_as_of_the_newest_reading(void **state)
{
	const struct wq_change *last;

	(void)state;
	begin("minimum=3 after=12h forecast_readings=2", "tp");
	r.site.evaluation.day_closes_after = WQ_HOURS(9);
	for (int k = 0; k < 6; k++)
		river_read(&r, 0, 0, DAY0 + WQ_HOURS(4 * k), 0.05);
	river_read(&r, 0, 0, DAY0 + WQ_DAYS(1), 0.3);
	river_read(&r, 0, 0, DAY0 + WQ_DAYS(1) + WQ_HOURS(4), 0.31);
	assert_int_equal(river_alarms(&r, 0), 1);
	river_read(&r, 0, 0, DAY0 + WQ_DAYS(1) + WQ_HOURS(8), 0.19);
	assert_int_equal(river_alarms(&r, 0), 1);
	wq_outcome_reset(&r.out);
	assert_int_equal(wq_engine_tick(r.engine, DAY0 + WQ_DAYS(1) + WQ_HOURS(9), &r.out, NULL), 0);
	assert_true(r.out.change_count > 0);
	last = &r.out.changes[r.out.change_count - 1];
	assert_int_equal(last->kind, WQ_CLEARED);
	assert_true(last->time == DAY0 + WQ_DAYS(1) + WQ_HOURS(8));
	river_close(&r);
}

static void late_readings_count_where_they_belong_and_ring_nobody(void **state)
{
	(void)state;
	begin("", "tp");
	river_read(&r, 0, 0, DAY0 + WQ_HOURS(16), 0.1);
	/* Nine hours late: beyond late_after. */
	river_read_late(&r, 0, 0, DAY0 + WQ_HOURS(4), 0.9, DAY0 + WQ_HOURS(17));
	river_read_late(&r, 0, 0, DAY0 + WQ_HOURS(8), 0.9, DAY0 + WQ_HOURS(17));
	assert_string_equal(r.story, "");
	river_read(&r, 0, 0, DAY0 + WQ_HOURS(20), 0.1);
	assert_non_null(strstr(r.story, "今日4次均值0.5mg/L,超Ⅲ类限值(0.2),日均超标已成定局"));
	river_close(&r);
}

static void levels_that_fall_are_refused(void **state)
{
	static const struct river_rule rules[] = { { .rule = &wq_rule_today, .settings = "" }, { 0 } };
	struct wq_err err;

	(void)state;
	river_open(&r, one, "tp", rules);
	/* forecast_level above level: written over the row's field. */
	for (const struct wq_option *o = wq_rule_today.options; o->key; o++)
		if (strcmp(o->key, "forecast_level") == 0)
			*(int *)(void *)(r.settings[0] + o->offset) = WQ_LEVEL_ALARM;
	assert_int_equal(wq_rule_today.check(r.settings[0], &r.site, &wq_parameters[4], &err), WQ_E_INVALID);
	assert_non_null(strstr(err.text, "forecast_level 'alarm'"));
	river_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(days_reading_by_reading),
		cmocka_unit_test(the_sentence_tells_the_arithmetic),
		cmocka_unit_test(a_bad_day_is_one_episode_until_a_day_meets),
		cmocka_unit_test(the_evening_before_counts_for_the_forecast),
		cmocka_unit_test(a_day_that_met_clears_what_its_last_reading_left),
		cmocka_unit_test(the_day_before_clears_as_of_the_newest_reading),
		cmocka_unit_test(late_readings_count_where_they_belong_and_ring_nobody),
		cmocka_unit_test(levels_that_fall_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
