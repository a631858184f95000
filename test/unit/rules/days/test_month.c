/* SPDX-License-Identifier: Apache-2.0 */
/* The month to date. DAY0 is the fifth of March 2026: April begins 27 days later. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "river.h"

extern const struct wq_rule wq_rule_month;

static struct river r;
static const struct river_station one[] = { { .id = "yigan", .name = "一干河" }, { 0 } };

#define APRIL 27

static void begin(const char *settings, const char *items)
{
	const struct river_rule rules[] = { { .rule = &wq_rule_month, .settings = settings }, { 0 } };

	river_open(&r, one, items, rules);
	river_tick(&r, DAY0);
}

/* Days of April from its first on with these means; NaN: no data. */
static void play(const double *means, int count)
{
	for (int i = 0; i < count; i++)
		river_day(&r, 0, APRIL + i, &means[i]);
}

static char level(void)
{
	const struct wq_alarm *const *alarms;

	return wq_engine_alarms(r.engine, &alarms) ? ".iwWA"[alarms[0]->level] : '.';
}

/* One value for a run of days. */
struct run {
	int days;
	double mean;
};

static void months_by_runs_of_days(void **state)
{
	static const struct {
		const char *settings, *item;
		struct run runs[4];
		const char *levels; /* after each run */
	} table[] = {
		/* Ten days at 0.15 are fine, and the limit itself meets. */
		{ "", "tp", { { 10, 0.15 }, { 20, 0.2 } }, ".." },
		/* Beyond to date: the 20 days left must average (0.2 × 30 − 2.5) / 20 = 0.175, less than any day so far. */
		{ "", "tp", { { 10, 0.25 } }, "W" },
		/* With better days before it is over, but not tight: 0.3 × 5 + 0.12 × 5 = 2.1 → 0.195 > 0.12. */
		{ "", "tp", { { 5, 0.12 }, { 5, 0.3 } }, ".w" },
		/* Within to date, but a week of 0.28 carries on: forecast. */
		{ "", "tp", { { 13, 0.11 }, { 7, 0.28 } }, ".i" },
		{ "forecast_level=none", "tp", { { 13, 0.11 }, { 7, 0.28 } }, ".." },
		/* Cannot be met: 12 × 0.6 > 30 × 0.2. */
		{ "lost_level=alarm", "tp", { { 10, 0.59 }, { 2, 0.6 } }, "WA" },
		/* 0.2005 on 30 days is 0.200 when rounded: not lost. 0.2006 would be. */
		{ "lost_level=alarm", "tp", { { 10, 0.6005 }, { 20, 0.0005 } }, "W." },
		{ "lost_level=alarm", "tp", { { 10, 0.6025 }, { 20, 0 } }, "AA" },
		/* Four days do not tell. */
		{ "", "tp", { { 4, 0.5 }, { 1, 0.5 } }, ".W" },
		{ "minimum_days=2", "tp", { { 1, 0.5 }, { 1, 0.5 } }, ".W" },
		/* Half of the days without data: not assessable, which is never all clear. */
		{ "", "tp", { { 5, 0.5 }, { 5, NAN }, { 5, 0.01 } }, "WWW" },
		/* It recovers. */
		{ "", "tp", { { 5, 0.3 }, { 5, 0.05 } }, "W." },
		/* Oxygen: at least. */
		{ "", "do", { { 10, 4 } }, "W" },
		{ "", "do", { { 5, 8 }, { 10, 4 } }, ".i" },
		{ "class=4", "tp", { { 10, 0.25 } }, "." },
		/* A range: neither end is at stake in the middle; beyond the upper one the days left can bring it back. */
		{ "lost_level=alarm", "ph", { { 10, 7.4 }, { 10, 7.9 } }, ".." },
		{ "lost_level=alarm", "ph", { { 10, 9.8 } }, "W" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		char levels[5] = "";
		int day = 0;

		begin(table[i].settings, table[i].item);
		river_tick(&r, DAY0 + WQ_DAYS(APRIL));
		for (int k = 0; k < 4 && table[i].runs[k].days; k++) {
			for (int n = 0; n < table[i].runs[k].days; n++, day++)
				river_day(&r, 0, APRIL + day, &table[i].runs[k].mean);
			levels[k] = level();
		}
		if (strcmp(levels, table[i].levels) != 0)
			fail_msg("row %zu: %s, not %s\n%s", i, levels, table[i].levels, r.story);
		river_close(&r);
	}
}

static void the_sentence_tells_what_the_days_left_may_average(void **state)
{
	static const double means[] = { 0.12, 0.12, 0.12, 0.12, NAN, 0.3, 0.3, 0.3, 0.3, 0.3 };

	(void)state;
	begin("", "tp");
	river_tick(&r, DAY0 + WQ_DAYS(APRIL));
	play(means, 10);
	/* 0.48 + 1.5 = 1.98 over 9 valid days; (0.2 × 29 − 1.98) / 20 = 0.191. */
	assert_string_equal(r.story,
		"month yigan opened watch: 4月总磷累计均值0.21mg/L(9天,有效8天),超Ⅲ类限值(0.2),余下21天日均须不高于0.196mg/L\n");
	assert_true(fabs(river_fact(&r, 0, "remaining_may") - 0.191) < 1e-9);
	assert_true(river_fact(&r, 0, "days_left") == 20);
	assert_true(river_fact(&r, 0, "days_valid") == 9 && river_fact(&r, 0, "days_passed") == 10);
	river_close(&r);
}

static void the_next_month_begins_anew(void **state)
{
	(void)state;
	begin("lost_level=alarm", "tp");
	for (int i = 0; i < APRIL; i++) /* from the fifth of March on */
		river_day(&r, 0, i, (double[]){ 0.3 });
	assert_int_equal(level(), 'A');
	assert_non_null(strstr(r.story, "天已无法使本月达标\n"));
	river_forget(&r);
	river_day(&r, 0, APRIL, (double[]){ 0.3 });
	assert_string_equal(r.story, "month yigan cleared alarm: 4月刚开始,总磷月均值重新累计\n");
	river_close(&r);
}

static void the_last_day_tells_the_month(void **state)
{
	(void)state;
	begin("lost_level=alarm", "tp");
	river_tick(&r, DAY0 + WQ_DAYS(APRIL));
	for (int i = 0; i < 29; i++)
		river_day(&r, 0, APRIL + i, (double[]){ i < 20 ? 0.19 : 0.2 });
	river_forget(&r);
	/* 3.8 + 1.8 = 5.6; 0.42 on the last: 6.02 / 30 = 0.20067 → 0.201. */
	river_day(&r, 0, APRIL + 29, (double[]){ 0.42 });
	assert_string_equal(r.story,
		"month yigan opened alarm: 4月总磷均值0.201mg/L(30天,有效30天),超Ⅲ类限值(0.2),本月未达标\n");
	river_close(&r);
}

static void months_have_their_lengths(void **state)
{
	static const struct {
		int from_day0; /* a day of the month */
		int left;
	} table[] = {
		{ 0, 26 },     /* 2026-03-05 */
		{ 27, 29 },    /* 2026-04-01 */
		{ -5, 0 },     /* 2026-02-28 */
		{ 301, 0 },    /* 2026-12-31 */
		{ 302, 30 },   /* 2027-01-01 */
		{ 725, 1 },    /* 2028-02-28: a leap year */
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		begin("minimum_days=1 minimum_share=0", "tp");
		river_restart(&r);
		wq_ms start = DAY0 + WQ_DAYS(table[i].from_day0);
		river_tick(&r, start);
		river_day(&r, 0, table[i].from_day0, (double[]){ 0.9 });
		assert_int_equal(river_alarms(&r, 0), 1);
		assert_true(river_fact(&r, 0, "days_left") == table[i].left);
		river_close(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(months_by_runs_of_days),
		cmocka_unit_test(the_sentence_tells_what_the_days_left_may_average),
		cmocka_unit_test(the_next_month_begins_anew),
		cmocka_unit_test(the_last_day_tells_the_month),
		cmocka_unit_test(months_have_their_lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
