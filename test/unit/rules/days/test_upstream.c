/* SPDX-License-Identifier: Apache-2.0 */
/* What rises upstream is on its way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "river.h"

extern const struct wq_rule wq_rule_upstream;

static struct river r;
static const struct river_station water[] = { { .id = "yigan", .name = "一干河" },
	{ .id = "nanheng", .name = "南横套河", .flows_into = 1 },
	{ .id = "other", .name = "另一支流", .flows_into = 1, .travel = WQ_HOURS(20) },
	{ .id = "far", .name = "远处", .flows_into = 2 }, { 0 } };

enum { YIGAN, NANHENG, OTHER, FAR };

static void begin(const char *settings, const char *items)
{
	const struct river_rule rules[] = { { .rule = &wq_rule_upstream, .settings = settings }, { 0 } };

	river_open(&r, water, items, rules);
	river_tick(&r, DAY0);
}

static wq_ms hour(int n)
{
	return DAY0 + WQ_HOURS(n);
}

static void what_exceeds_upstream_is_told_downstream_with_its_arrival(void **state)
{
	(void)state;
	begin("", "tp");
	river_read(&r, YIGAN, 0, hour(4), 0.1);
	river_read(&r, NANHENG, 0, hour(8), 0.263);
	assert_string_equal(r.story,
		"upstream yigan opened watch: 上游南横套河总磷0.263mg/L,超Ⅲ类限值(0.2)0.32倍,预计03-05 14:00前后到达\n");
	assert_true(river_fact(&r, 0, "travel_hours") == 6);
	assert_int_equal(r.out.change_count, 0); /* told with the reading, not with the tick */
	river_forget(&r);
	/* Back upstream: the watch goes on until it must have passed (arrival 14:00, margin 4 h). */
	river_read(&r, NANHENG, 0, hour(12), 0.1);
	river_tick(&r, hour(18) - 1000);
	assert_string_equal(r.story, "");
	river_tick(&r, hour(18));
	assert_string_equal(r.story, "upstream yigan cleared watch: 上游南横套河总磷已回落,受影响水团应已通过\n");
	river_close(&r);
}

static void a_rise_within_the_limit_is_measured_against_the_median(void **state)
{
	static const struct {
		const char *settings, *item;
		double before, newest;
		char level; /* . i w */
	} table[] = {
		{ "", "tp", 0.08, 0.15, 'i' },  /* + 87 % */
		{ "", "tp", 0.08, 0.139, '.' }, /* below 0.7 of the limit */
		{ "", "tp", 0.08, 0.14, 'i' },
		{ "", "tp", 0.12, 0.179, '.' }, /* + 49 % */
		{ "", "tp", 0.12, 0.18, 'i' },
		{ "", "tp", 0.18, 0.201, 'w' }, /* beyond the limit, however small the rise */
		{ "", "tp", 0.18, 0.2, '.' },
		{ "rise=0.3 above_share=0.5", "tp", 0.08, 0.105, 'i' },
		{ "level=watch", "tp", 0.08, 0.15, 'w' },
		{ "", "do", 13, 6.4, 'i' },     /* − 51 %, below 5 / 0.7 */
		{ "", "do", 16, 7.5, '.' },
		{ "", "do", 6, 4.9, 'w' },
		{ "", "ph", 7, 9.1, 'w' },      /* of a range only the limit */
		{ "", "ph", 6, 9, '.' },
		{ "above=0.1", "tp", 0.09, 0.11, 'w' },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		const struct wq_alarm *const *alarms;
		char level;

		begin(table[i].settings, table[i].item);
		for (int k = 0; k < 12; k++)
			river_read(&r, NANHENG, 0, hour(k), table[i].before);
		assert_int_equal(river_alarms(&r, 0), 0);
		river_read(&r, NANHENG, 0, hour(12), table[i].newest);
		level = wq_engine_alarms(r.engine, &alarms) ? ".iw"[alarms[0]->level] : '.';
		if (level != table[i].level)
			fail_msg("row %zu: %c, not %c\n%s", i, level, table[i].level, r.story);
		river_close(&r);
	}
}

static void the_sentence_of_a_rise_tells_the_median(void **state)
{
	(void)state;
	begin("", "tp");
	for (int k = 0; k < 20; k++)
		river_read(&r, NANHENG, 0, hour(k), 0.08);
	river_read(&r, NANHENG, 0, hour(20), 0.15);
	assert_string_equal(r.story,
		"upstream yigan opened info: 上游南横套河总磷0.15mg/L,较前12次中位数0.08升高88%,预计03-06 02:00前后到达\n");
	river_close(&r);
}

static void few_readings_make_no_median(void **state)
{
	(void)state;
	begin("", "tp");
	for (int k = 0; k < 5; k++)
		river_read(&r, NANHENG, 0, hour(k), 0.05);
	river_read(&r, NANHENG, 0, hour(5), 0.15);
	assert_string_equal(r.story, "");
	river_read(&r, NANHENG, 0, hour(6), 0.15);
	assert_non_null(strstr(r.story, "较前6次中位数0.05升高200%"));
	river_close(&r);
}

static void the_graver_of_two_is_told_and_each_has_its_own_travel(void **state)
{
	(void)state;
	begin("", "tp");
	river_read(&r, NANHENG, 0, hour(1), 0.25);
	river_forget(&r);
	river_read(&r, OTHER, 0, hour(2), 0.3);
	assert_true(river_fact(&r, 0, "travel_hours") == 20); /* equally grave: the later arrival */
	river_read(&r, NANHENG, 0, hour(3), 0.1);
	river_read(&r, OTHER, 0, hour(4), 0.1);
	river_tick(&r, hour(2 + 20 + 4) - 1);
	assert_int_equal(river_alarms(&r, 0), 1);
	river_tick(&r, hour(2 + 20 + 4));
	assert_int_equal(river_alarms(&r, 0), 0);
	river_close(&r);
}

static void only_stations_that_flow_in_directly_count(void **state)
{
	(void)state;
	begin("", "tp");
	river_read(&r, FAR, 0, hour(1), 0.5);
	assert_non_null(strstr(r.story, "upstream nanheng opened watch"));
	assert_null(strstr(r.story, "yigan"));
	river_read(&r, YIGAN, 0, hour(2), 0.5); /* what is bad here is not on its way here */
	assert_null(strstr(r.story, "yigan"));
	river_close(&r);
}

static void a_station_that_falls_silent_while_high_keeps_the_watch(void **state)
{
	(void)state;
	begin("", "tp");
	river_read(&r, NANHENG, 0, hour(1), 0.5);
	for (int k = 2; k < 60; k++)
		river_tick(&r, hour(k));
	assert_int_equal(river_alarms(&r, 0), 1);
	river_read(&r, NANHENG, 0, hour(60), 0.1);
	assert_int_equal(river_alarms(&r, 0), 0);
	river_close(&r);
}

static void what_is_late_rings_nobody(void **state)
{
	(void)state;
	begin("", "tp");
	river_read_late(&r, NANHENG, 0, hour(1), 0.5, hour(20));
	assert_string_equal(r.story, "");
	river_close(&r);
}

static void a_restart_remembers_what_is_on_its_way(void **state)
{
	static const double values[] = { 0.5, 0.1 };
	struct wq_sample sample = { .quality = WQ_GOOD, .stamp = WQ_STAMP_ANALYSER, .series = NANHENG };
	const struct wq_alarm *const *alarms;
	struct wq_alarm open;

	(void)state;
	begin("", "tp");
	river_read(&r, NANHENG, 0, hour(8), 0.5);
	assert_int_equal(wq_engine_alarms(r.engine, &alarms), 1);
	open = *alarms[0];
	river_restart(&r);
	for (int i = 0; i < 2; i++) {
		sample.at = hour(8 + 4 * i);
		sample.value = values[i];
		assert_int_equal(wq_engine_restore_sample(r.engine, &sample, sample.at, NULL), 0);
	}
	assert_int_equal(wq_engine_restore_alarm(r.engine, &open, NULL), 0);
	river_forget(&r);
	river_tick(&r, hour(13));
	river_tick(&r, hour(18) - 1000);
	assert_string_equal(r.story, "");
	river_tick(&r, hour(18));
	assert_non_null(strstr(r.story, "upstream yigan cleared"));
	river_close(&r);
}

/* What rose in a year that the clock took back is on its way from now on, and not until that year. */
static void a_clock_that_was_ahead_does_not_keep_the_watch_for_a_year(void **state)
{
	const int ahead = 365 * 24;

	(void)state;
	begin("", "tp");
	river_read(&r, NANHENG, 0, hour(ahead), 0.5);
	assert_int_equal(river_alarms(&r, 0), 1);
	wq_engine_stepped(r.engine, -WQ_HOURS(ahead), hour(1));
	river_tick(&r, hour(1) + 1000);
	river_read(&r, NANHENG, 0, hour(2), 0.1);
	assert_int_equal(river_alarms(&r, 0), 1);
	/* Travel and margin of the slowest that flows in: 20 h and 4 h. */
	river_tick(&r, hour(1 + 24 + 1));
	assert_int_equal(river_alarms(&r, 0), 0);
	river_close(&r);
}

/* A median after a restart as before it: the window of a station that measures more rarely reaches further back. */
static void the_memory_reaches_back_at_the_pace_of_the_station_upstream(void **state)
{
	(void)state;
	begin("readings=12", "tp");
	r.series[NANHENG].interval = WQ_HOURS(24);
	r.uses[0].place_count = 1; /* yigan only: nobody else asks for its readings */
	river_restart(&r);
	assert_true(wq_engine_memory(r.engine, hour(0)) <= hour(0) - 2 * 13 * WQ_HOURS(24));
	river_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_exceeds_upstream_is_told_downstream_with_its_arrival),
		cmocka_unit_test(a_rise_within_the_limit_is_measured_against_the_median),
		cmocka_unit_test(the_sentence_of_a_rise_tells_the_median),
		cmocka_unit_test(few_readings_make_no_median),
		cmocka_unit_test(the_graver_of_two_is_told_and_each_has_its_own_travel),
		cmocka_unit_test(only_stations_that_flow_in_directly_count),
		cmocka_unit_test(a_station_that_falls_silent_while_high_keeps_the_watch),
		cmocka_unit_test(what_is_late_rings_nobody),
		cmocka_unit_test(a_restart_remembers_what_is_on_its_way),
		cmocka_unit_test(a_clock_that_was_ahead_does_not_keep_the_watch_for_a_year),
		cmocka_unit_test(the_memory_reaches_back_at_the_pace_of_the_station_upstream),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
