/* SPDX-License-Identifier: Apache-2.0 */
/* Maintenance: by the station's flag and by plan. What is measured meanwhile is kept and judged by nobody. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "field.h"
#include "wq/err.h"

#include <math.h>
#include <string.h>

extern const struct wq_rule wq_rule_limit, wq_rule_missing, wq_rule_system;

#define H(n) (DAY0 + WQ_HOURS(n))
/* pH: 1 is below the class limit. */
#define PH 0

static const char *const maintenance_flags[] = { "M", "C" }, *const bad_flags[] = { "T", "L", "D", "F", "lr" };
static const uint32_t everything[FIELD_PARAMETERS] = { 0, 1, 2, 3, 4, 5, 6, 7, 8 };

static void list_flags(struct field *f)
{
	f->stations[0].maintenance_flags = (struct wq_list){ 2, maintenance_flags };
	f->stations[0].bad_flags = (struct wq_list){ 5, bad_flags };
}

/* One station that measures pH, do, codmn each hour; limit and missing (after 2 h). */
static struct field *watched(void)
{
	struct field *f = field_new(1, 3, WQ_HOURS(1));
	list_flags(f);
	field_rule(f, &wq_rule_limit, "readings=1");
	field_rule(f, &wq_rule_missing, "");
	return f;
}

static struct field *planned(const struct wq_plan *plan)
{
	struct field *f = watched();
	f->stations[0].plan_count = 1;
	f->stations[0].plans = plan;
	field_start(f);
	return f;
}

static void a_flag_decides_what_a_value_is(void **state)
{
	static const struct {
		const char *flag;
		double value;
		enum wq_quality quality;
	} table[] = {
		{ "", 7, WQ_GOOD },
		{ "N", 7, WQ_GOOD },
		{ "M", 7, WQ_MAINTENANCE },
		{ "C", 7, WQ_MAINTENANCE },
		{ "M", 101, WQ_MAINTENANCE }, /* a standard solution is outside the range of the water */
		{ "M", NAN, WQ_MISSING },
		{ "M", INFINITY, WQ_BAD },
		{ "D", 7, WQ_BAD },
		{ "F", 7, WQ_BAD },
		{ "lr", 7, WQ_BAD },
		{ "l", 7, WQ_GOOD },
		{ "m", 7, WQ_GOOD }, /* byte by byte */
		{ "MM", 7, WQ_GOOD },
		{ "D", NAN, WQ_MISSING },
	};
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct field *f = watched();
		field_start(f);
		field_sample(f, PH, H(0), table[i].value, table[i].flag);
		assert_int_equal(field_stored(f)->quality, table[i].quality);
		assert_string_equal(field_stored(f)->flag, table[i].flag);
		field_free(f);
	}
}

static void a_station_without_lists_takes_no_flag_for_anything(void **state)
{
	struct field *f = field_new(1, 1, WQ_HOURS(1));
	(void)state;
	field_start(f);
	field_sample(f, PH, H(0), 7, "M");
	assert_int_equal(field_stored(f)->quality, WQ_GOOD);
	field_free(f);
}

static void what_is_flagged_maintenance_never_alarms_and_the_next_reading_does(void **state)
{
	struct field *f = watched();
	(void)state;
	field_start(f);
	field_sample(f, PH, H(0), 1, "M");
	field_sample(f, PH, H(0) + 1, 1, "D");
	assert_string_equal(f->story, "");
	field_sample(f, PH, H(0) + 2, 1, "N");
	assert_string_equal(f->story, "limit s0 ph opened alarm\n");
	field_free(f);
}

static void an_open_alarm_keeps_its_level_while_it_is_worked_on(void **state)
{
	struct field *f = watched();
	(void)state;
	field_start(f);
	field_sample(f, PH, H(0), 1, "");
	field_forget(f);
	field_wait(f, H(1), WQ_MINUTES(1));
	field_sample(f, PH, H(1), 7, "M");
	assert_string_equal(f->story, "");
	assert_int_equal(field_open_alarms(f), 1);
	field_sample(f, PH, H(1) + 1, 7, "");
	assert_string_equal(f->story, "limit s0 ph cleared alarm\n");
	field_free(f);
}

static void a_day_counts_nothing_of_it(void **state)
{
	struct field *f = watched();
	(void)state;
	field_start(f);
	for (int h = 0; h < 24; h++) {
		field_wait(f, H(h), WQ_HOURS(1));
		field_send(f, 0, 7, h < 10 ? 50 : 7, h < 10 ? "M" : "");
	}
	field_forget(f);
	field_wait(f, H(26), WQ_HOURS(1));
	assert_int_equal(f->out.day_count, 4);
	assert_int_equal(f->out.days[1].valid, 14);
	assert_true(fabs(f->out.days[1].mean_raw - 7) < 1e-9);
	field_free(f);
}

static const struct wq_plan once = { .name = "once", .series_count = 3, .series = everything, .from = H(10), .to = H(12) };
static const struct wq_plan only_ph = { .name = "ph", .series_count = 1, .series = everything, .from = H(10), .to = H(12) };
/* Thursdays and Sundays, 23:00 to 01:00. */
static const struct wq_plan weekly = { .name = "weekly", .series_count = 3, .series = everything, .from = WQ_NO_TIME,
	.to = WQ_NO_TIME, .weekdays = 1u << 3 | 1u << 6, .at = WQ_HOURS(23), .span = WQ_HOURS(2) };

static void a_plan_covers_what_is_measured_within_it(void **state)
{
	static const struct {
		const struct wq_plan *plan;
		wq_ms at;
		uint32_t series;
		bool covered;
	} table[] = {
		{ &once, H(10) - 1, 0, false },
		{ &once, H(10), 0, true },
		{ &once, H(12) - 1, 2, true },
		{ &once, H(12), 0, false },
		{ &only_ph, H(11), 0, true },
		{ &only_ph, H(11), 1, false },
		{ &weekly, H(22), 0, false },
		{ &weekly, H(23), 0, true },
		{ &weekly, H(24), 1, true },
		{ &weekly, H(25) - 1, 1, true },
		{ &weekly, H(25), 1, false },
		{ &weekly, H(24 + 23), 1, false },	  /* Friday */
		{ &weekly, H(3 * 24 + 23), 1, true },	  /* Sunday */
		{ &weekly, H(7 * 24 + 24), 1, true },	  /* the Friday after the next Thursday, 00:00 */
		{ &weekly, H(7 * 24 + 25), 1, false },
	};
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct field *f = planned(table[i].plan);
		f->now = table[i].at;
		field_sample(f, table[i].series, table[i].at, 7, "");
		if ((field_stored(f)->quality == WQ_MAINTENANCE) != table[i].covered)
			fail_msg("row %zu", i);
		field_free(f);
	}
}

static void what_is_told_late_is_judged_by_when_it_was_measured(void **state)
{
	struct field *f = planned(&once);
	(void)state;
	f->now = H(14);
	field_sample(f, PH, H(11), 1, "");
	assert_int_equal(field_stored(f)->quality, WQ_MAINTENANCE);
	f->now = H(15);
	field_sample(f, PH, H(9), 1, "");
	assert_int_equal(field_stored(f)->quality, WQ_GOOD);
	field_free(f);
}

static void what_settles_still_belongs_to_it(void **state)
{
	struct field *f = watched();
	(void)state;
	f->stations[0].plan_count = 1;
	f->stations[0].plans = &once;
	f->stations[0].settle = WQ_MINUTES(30);
	field_start(f);
	f->now = H(15);
	field_sample(f, PH, H(12) + WQ_MINUTES(30) - 1, 1, "");
	assert_string_equal(f->story, "");
	field_sample(f, PH, H(12) + WQ_MINUTES(30), 1, "");
	assert_string_equal(f->story, "limit s0 ph opened alarm\n");
	field_sample(f, 1, H(13), 7, "M");
	field_sample(f, 1, H(13) + WQ_MINUTES(30) - 1, 7, "");
	assert_int_equal(field_stored(f)->quality, WQ_MAINTENANCE);
	field_sample(f, 1, H(13) + WQ_MINUTES(30), 7, "");
	assert_int_equal(field_stored(f)->quality, WQ_GOOD);
	field_free(f);
}

/* A wet-chemistry analyser holds its last result: the standard solution it measured is not the river afterwards. */
static void an_analysis_made_under_maintenance_and_held_is_no_reading_afterwards(void **state)
{
	struct field *f = watched();
	(void)state;
	f->series[PH].cycle = WQ_HOURS(4);
	f->stations[0].plan_count = 1;
	f->stations[0].plans = &once;
	field_start(f);
	f->now = H(15);
	field_sample(f, PH, H(11), 1, "");
	assert_int_equal(field_stored(f)->quality, WQ_MAINTENANCE);
	field_sample(f, PH, H(13), 1, "");
	assert_int_equal(field_stored(f)->record, WQ_RECORD_REPEAT);
	assert_int_equal(field_stored(f)->at, H(11));
	assert_string_equal(f->story, "");
	field_sample(f, PH, H(14), 2, "");
	assert_int_equal(field_stored(f)->record, WQ_RECORD_NEW);
	assert_string_equal(f->story, "limit s0 ph opened alarm\n");
	field_free(f);
}

static void silence_is_counted_from_the_end_of_a_plan(void **state)
{
	struct field *f = planned(&once);
	(void)state;
	f->now = H(9) + WQ_MINUTES(30);
	field_send(f, 0, 7, 6, "");
	field_wait(f, H(14), WQ_MINUTES(1));
	assert_string_equal(f->story, "");
	field_wait(f, H(14) + WQ_MINUTES(1), WQ_MINUTES(1));
	assert_int_equal(field_count(f, "missing", WQ_OPENED), 3);
	field_free(f);
}

static void silence_is_counted_from_the_last_flagged_value(void **state)
{
	struct field *f = watched();
	(void)state;
	field_start(f);
	field_send(f, 0, 7, 6, "");
	for (int h = 1; h < 10; h++) {
		field_wait(f, H(h), WQ_MINUTES(1));
		field_send(f, 0, 7, h == 5 ? NAN : 7, "M");
	}
	assert_string_equal(f->story, "");
	field_wait(f, H(11), WQ_MINUTES(1));
	assert_string_equal(f->story, "");
	field_wait(f, H(11) + WQ_MINUTES(1), WQ_MINUTES(1));
	assert_int_equal(field_count(f, "missing", WQ_OPENED), 3);
	field_free(f);
}

static void silence_before_a_plan_stays_told_and_ends_with_the_next_reading(void **state)
{
	struct field *f = planned(&once);
	(void)state;
	field_wait(f, H(9), WQ_MINUTES(1));
	assert_int_equal(field_count(f, "missing", WQ_OPENED), 3);
	field_forget(f);
	field_wait(f, H(13), WQ_MINUTES(1));
	assert_string_equal(f->story, "");
	assert_int_equal(field_open_alarms(f), 3);
	field_send(f, 0, 7, 7, "");
	assert_int_equal(field_count(f, "missing", WQ_CLEARED), 3);
	field_free(f);
}

static void what_was_stored_as_such_comes_back_as_such(void **state)
{
	struct field *f = planned(&once);
	struct wq_sample good = { .series = PH, .quality = WQ_GOOD, .stamp = WQ_STAMP_STATION, .at = H(11), .value = 7 };
	struct wq_sample cared = good;
	struct wq_reading newest;
	(void)state;
	cared.quality = WQ_MAINTENANCE;
	cared.at = H(13);
	assert_int_equal(wq_engine_restore_sample(f->engine, &good, H(11), NULL), 0);
	assert_int_equal(wq_engine_restore_sample(f->engine, &cared, H(13), NULL), 0);
	assert_true(wq_engine_latest(f->engine, PH, &newest));
	assert_int_equal(newest.at, H(11)); /* the plan was made afterwards */
	field_free(f);
}

static void who_is_under_maintenance_is_shown(void **state)
{
	struct field *f = watched();
	struct wq_maintained rows[8];
	(void)state;
	f->stations[0].plan_count = 1;
	f->stations[0].plans = &only_ph;
	field_start(f);
	assert_int_equal(wq_engine_maintained(f->engine, H(9), rows, 8), 0);
	assert_int_equal(wq_engine_maintained(f->engine, H(10), rows, 8), 1);
	assert_int_equal(rows[0].by, WQ_BY_PLAN);
	assert_int_equal(rows[0].series, PH);
	assert_true(rows[0].since == H(10) && rows[0].until == H(12));
	assert_string_equal(rows[0].who, "ph");
	assert_int_equal(wq_engine_maintained(f->engine, H(12), rows, 8), 0);
	f->now = H(13);
	field_send(f, 0, 6, 7, "C");
	assert_int_equal(wq_engine_maintained(f->engine, H(13), rows, 1), 2);
	assert_int_equal(rows[0].by, WQ_BY_FLAG);
	assert_int_equal(rows[0].series, 1);
	assert_string_equal(rows[0].who, "C");
	field_send(f, 0, 1, 7, "M");
	assert_int_equal(wq_engine_maintained(f->engine, H(13), rows, 8), 1);
	assert_int_equal(rows[0].series, WQ_NONE);
	field_send(f, 0, 7, 8, "N");
	assert_int_equal(wq_engine_maintained(f->engine, H(13), rows, 8), 0);
	field_free(f);
}

static void a_clock_set_back_does_not_keep_a_flag_alive(void **state)
{
	struct field *f = watched();
	(void)state;
	f->stations[0].settle = WQ_MINUTES(30);
	field_start(f);
	f->now = H(30);
	field_send(f, 0, 7, 7, "M");
	wq_engine_stepped(f->engine, -WQ_HOURS(20), H(10));
	f->now = H(10);
	field_wait(f, H(12) + WQ_MINUTES(35), WQ_MINUTES(1));
	assert_int_equal(field_count(f, "missing", WQ_OPENED), 3);
	field_free(f);
}

/* -- by hand -- */

static void announce(struct field *f, uint32_t series, wq_ms to, int expected)
{
	struct wq_maintenance given = { .station = 0, .series = series, .to = to, .who = "李工", .reason = "换泵管" };
	struct wq_err err;
	assert_int_equal(wq_engine_maintain(f->engine, &given, f->now, &f->out, &err), expected);
}

static struct field *by_hand(void)
{
	struct field *f = watched();
	field_rule(f, &wq_rule_maintenance, "");
	field_start(f);
	return f;
}

static void what_a_person_announces_covers_from_then_until_its_end(void **state)
{
	struct field *f = by_hand();
	struct wq_maintained rows[4];
	(void)state;
	f->now = H(10);
	field_send(f, 0, 7, 6, "");
	announce(f, WQ_NONE, H(12), 0);
	assert_int_equal(f->out.maintenance_count, 1);
	assert_true(f->out.maintenances[0].from == H(10) && f->out.maintenances[0].to == H(12));
	field_sample(f, PH, H(10) - 1, 1, "");
	assert_string_equal(f->story, ""); /* out of order: the newest one decides */
	f->now = H(11);
	field_sample(f, PH, H(11), 1, "");
	assert_int_equal(field_stored(f)->quality, WQ_MAINTENANCE);
	assert_int_equal(wq_engine_maintained(f->engine, H(11), rows, 4), 1);
	assert_int_equal(rows[0].by, WQ_BY_HAND);
	assert_string_equal(rows[0].who, "李工");
	assert_string_equal(rows[0].reason, "换泵管");
	assert_true(rows[0].series == WQ_NONE && rows[0].since == H(10) && rows[0].until == H(12));
	assert_int_equal(wq_engine_maintained(f->engine, H(12), rows, 4), 0);
	f->now = H(12);
	field_sample(f, PH, H(12), 1, "");
	assert_string_equal(f->story, "limit s0 ph opened alarm\n");
	field_free(f);
}

static void what_is_ended_is_judged_from_then_on(void **state)
{
	struct field *f = by_hand();
	struct wq_err err;
	(void)state;
	f->now = H(10);
	announce(f, PH, H(12), 0);
	announce(f, 1, H(12), 0);
	f->now = H(11);
	assert_int_equal(wq_engine_maintain_end(f->engine, 0, PH, "王工", f->now, &f->out, &err), 0);
	assert_int_equal(f->out.maintenance_count, 3);
	assert_true(f->out.maintenances[2].ended == H(11));
	assert_string_equal(f->out.maintenances[2].ended_by, "王工");
	field_sample(f, PH, H(11) - 1, 1, ""); /* told late */
	assert_int_equal(field_stored(f)->quality, WQ_MAINTENANCE);
	field_sample(f, PH, H(11), 1, "");
	assert_string_equal(f->story, "limit s0 ph opened alarm\n");
	assert_int_equal(wq_engine_maintain_end(f->engine, 0, PH, "王工", f->now, &f->out, &err), WQ_E_STATE);
	assert_int_equal(wq_engine_maintain_end(f->engine, 0, WQ_NONE, "王工", f->now, &f->out, &err), 0);
	assert_int_equal(f->out.maintenances[3].series, 1);
	field_free(f);
}

static void a_maintenance_always_ends_and_is_one_at_a_place(void **state)
{
	struct field *f = by_hand();
	(void)state;
	f->now = H(10);
	announce(f, WQ_NONE, H(10), WQ_E_INVALID);
	announce(f, WQ_NONE, H(9), WQ_E_INVALID);
	announce(f, WQ_NONE, H(10) + WQ_MAINTENANCE_LONGEST + 1, WQ_E_INVALID);
	announce(f, 77, H(11), WQ_E_MISSING);
	assert_int_equal(f->out.maintenance_count, 0);
	announce(f, WQ_NONE, H(11), 0);
	announce(f, WQ_NONE, H(12), WQ_E_STATE);
	announce(f, PH, H(12), 0);
	f->now = H(11);
	announce(f, WQ_NONE, H(12), 0);
	assert_true(f->out.maintenances[2].id > f->out.maintenances[1].id);
	field_free(f);
}

static void as_many_as_are_remembered_and_the_oldest_that_is_over_goes_first(void **state)
{
	struct field *f = by_hand();
	struct wq_maintained rows[4];
	(void)state;
	for (int i = 0; i < 200; i++) {
		f->now = H(i);
		announce(f, WQ_NONE, H(i + 1), 0);
		assert_int_equal(wq_engine_maintained(f->engine, f->now, rows, 4), 1);
	}
	field_free(f);
}

static void what_nobody_ended_is_told_once_and_ends_with_the_next_reading(void **state)
{
	struct field *f = by_hand();
	(void)state;
	f->now = H(10);
	field_send(f, 0, 7, 6, "");
	announce(f, WQ_NONE, H(11), 0);
	field_wait(f, H(11) + WQ_MINUTES(9), WQ_MINUTES(1));
	assert_string_equal(f->story, "");
	field_wait(f, H(12), WQ_MINUTES(1));
	assert_string_equal(f->story, "maintenance s0 - opened info\n");
	assert_non_null(strstr(f->out.changes[0].says, "全站维护(李工:换泵管)已于03-05 11:00到期,尚未结束,至今无有效数据"));
	field_forget(f);
	field_send(f, 0, 7, 6, "");
	field_wait(f, H(13), WQ_MINUTES(1));
	assert_string_equal(f->story, "maintenance s0 - cleared info\n");
	field_free(f);
}

/* In a flood too: it is told once, and would be lost. */
static void what_nobody_ended_is_told_in_a_flood_too(void **state)
{
	static const uint32_t site[] = { 0 };
	struct field *f = field_new(4, 3, WQ_MINUTES(5));
	(void)state;
	field_rule(f, &wq_rule_limit, "readings=1 level=watch first_level=watch");
	field_rule(f, &wq_rule_maintenance, "");
	field_rule(f, &wq_rule_system, "");
	f->rules[2].name = WQ_FLOOD_RULE;
	f->rules[2].places = site;
	f->site.duty = (struct wq_duty){ .flood_alarms = 1, .flood_within = WQ_HOURS(10) };
	field_start(f);
	f->now = H(10);
	announce(f, 0, H(11), 0);
	for (uint32_t s = 1; s < 4; s++)
		field_send(f, s, 7, 30, "");
	field_wait(f, H(12), WQ_MINUTES(1));
	assert_true(wq_engine_flood(f->engine) >= 0);
	field_send(f, 0, 7, 6, "");
	field_wait(f, H(13), WQ_MINUTES(1));
	size_t told = 0, held = 0;
	for (size_t i = 0; i < f->out.change_count; i++) {
		const struct wq_change *c = &f->out.changes[i];
		held += c->hush == WQ_HUSH_FLOOD;
		if (f->rules[c->rule].rule != &wq_rule_maintenance)
			continue;
		assert_int_equal(c->hush, WQ_HUSH_NONE);
		assert_int_equal(c->series, 0); /* its end is found under the parameter that it began with */
		told++;
	}
	assert_int_equal(told, 2);
	assert_true(held > 0);
	field_free(f);
}

static void what_gives_readings_again_or_was_ended_or_prolonged_is_not_told(void **state)
{
	(void)state;
	for (int how = 0; how < 3; how++) {
		struct field *f = by_hand();
		f->now = H(10);
		announce(f, WQ_NONE, H(11), 0);
		field_wait(f, H(11) + WQ_MINUTES(1), WQ_MINUTES(1));
		if (how == 0)
			field_send(f, 0, 7, 6, "");
		else if (how == 1)
			wq_engine_maintain_end(f->engine, 0, WQ_NONE, "李工", f->now, &f->out, NULL);
		else
			announce(f, WQ_NONE, H(20), 0);
		field_wait(f, H(12), WQ_MINUTES(1));
		assert_string_equal(f->story, "");
		field_free(f);
	}
}

static void a_station_that_still_flags_after_the_end_is_told(void **state)
{
	struct field *f = by_hand();
	(void)state;
	f->now = H(10);
	announce(f, WQ_NONE, H(12), 0);
	for (int m = 0; m <= 200; m += 10) {
		field_wait(f, H(10) + WQ_MINUTES(m), WQ_MINUTES(1));
		field_send(f, 0, 7, 6, "M");
		if (m == 120)
			assert_int_equal(wq_engine_maintain_end(f->engine, 0, WQ_NONE, "李工", f->now, &f->out, NULL), 0);
	}
	assert_string_equal(f->story, "maintenance s0 ph opened info\n");
	assert_non_null(strstr(f->out.changes[0].says, "pH维护已于03-05 12:00到期,站点仍标记为维护(M),不评价不告警"));
	field_free(f);
}

static void a_switch_that_was_forgotten_is_told_after_its_time(void **state)
{
	struct field *f = watched();
	(void)state;
	field_rule(f, &wq_rule_maintenance, "");
	f->stations[0].flag_longest = WQ_HOURS(24);
	field_start(f);
	for (int h = 0; h <= 30; h++) {
		field_wait(f, H(h), WQ_MINUTES(1));
		field_send(f, 0, 7, 6, h < 28 ? "C" : "");
		if (h == 23)
			assert_string_equal(f->story, "");
	}
	assert_string_equal(f->story, "maintenance s0 ph opened info\nmaintenance s0 ph cleared info\n");
	assert_non_null(strstr(f->out.changes[0].says, "pH已连续24小时标记为维护(C)"));
	field_free(f);
}

static void what_was_announced_comes_back_from_the_store(void **state)
{
	struct field *f = by_hand();
	const struct wq_maintenance stored[] = {
		{ .id = 5, .station = 0, .series = PH, .from = H(10), .to = H(12), .ended = WQ_NO_TIME, .who = "a", .reason = "b" },
		{ .id = 9, .station = 7, .series = WQ_NONE, .from = H(10), .to = H(12), .ended = WQ_NO_TIME },
		{ .id = H(30), .station = 0, .series = 99, .from = H(10), .to = H(12), .ended = WQ_NO_TIME },
	};
	(void)state;
	for (size_t i = 0; i < 3; i++)
		wq_engine_restore_maintenance(f->engine, &stored[i]);
	f->now = H(11);
	field_sample(f, PH, H(11), 1, "");
	assert_int_equal(field_stored(f)->quality, WQ_MAINTENANCE);
	announce(f, PH, H(12), WQ_E_STATE);
	announce(f, 1, H(12), 0);
	assert_true(f->out.maintenances[0].id == H(30) + 1);
	field_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flag_decides_what_a_value_is),
		cmocka_unit_test(a_station_without_lists_takes_no_flag_for_anything),
		cmocka_unit_test(what_is_flagged_maintenance_never_alarms_and_the_next_reading_does),
		cmocka_unit_test(an_open_alarm_keeps_its_level_while_it_is_worked_on),
		cmocka_unit_test(a_day_counts_nothing_of_it),
		cmocka_unit_test(a_plan_covers_what_is_measured_within_it),
		cmocka_unit_test(what_is_told_late_is_judged_by_when_it_was_measured),
		cmocka_unit_test(what_settles_still_belongs_to_it),
		cmocka_unit_test(an_analysis_made_under_maintenance_and_held_is_no_reading_afterwards),
		cmocka_unit_test(silence_is_counted_from_the_end_of_a_plan),
		cmocka_unit_test(silence_is_counted_from_the_last_flagged_value),
		cmocka_unit_test(silence_before_a_plan_stays_told_and_ends_with_the_next_reading),
		cmocka_unit_test(what_was_stored_as_such_comes_back_as_such),
		cmocka_unit_test(who_is_under_maintenance_is_shown),
		cmocka_unit_test(what_a_person_announces_covers_from_then_until_its_end),
		cmocka_unit_test(what_is_ended_is_judged_from_then_on),
		cmocka_unit_test(a_maintenance_always_ends_and_is_one_at_a_place),
		cmocka_unit_test(as_many_as_are_remembered_and_the_oldest_that_is_over_goes_first),
		cmocka_unit_test(what_nobody_ended_is_told_once_and_ends_with_the_next_reading),
		cmocka_unit_test(what_nobody_ended_is_told_in_a_flood_too),
		cmocka_unit_test(what_gives_readings_again_or_was_ended_or_prolonged_is_not_told),
		cmocka_unit_test(a_station_that_still_flags_after_the_end_is_told),
		cmocka_unit_test(a_switch_that_was_forgotten_is_told_after_its_time),
		cmocka_unit_test(what_was_announced_comes_back_from_the_store),
		cmocka_unit_test(a_clock_set_back_does_not_keep_a_flag_alive),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
