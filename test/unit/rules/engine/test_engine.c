/* SPDX-License-Identifier: Apache-2.0 */
/* The engine: one reading per analysis, days, the life of an alarm, late data, rebuilding. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "plant.h"
#include "wq/err.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define H(n) (DAY0 + WQ_HOURS(n))

static int setup(void **state)
{
	*state = plant_new(WQ_HOURS(4));
	return *state == NULL;
}

static int teardown(void **state)
{
	plant_free(*state);
	return 0;
}

static size_t open_alarms(struct plant *p)
{
	const struct wq_alarm *const *alarms;
	return wq_engine_alarms(p->engine, &alarms);
}

static int64_t first_alarm(struct plant *p)
{
	const struct wq_alarm *const *alarms;
	assert_int_not_equal(wq_engine_alarms(p->engine, &alarms), 0);
	return alarms[0]->id;
}

static void assert_change(struct plant *p, enum wq_change_kind kind, enum wq_level level)
{
	assert_int_equal(p->out.change_count, 1);
	assert_int_equal(p->out.changes[0].kind, kind);
	assert_int_equal(p->out.changes[0].level, level);
}

/* What one verdict does, from every state an alarm can be in. */
static void every_finding_from_every_state(void **state)
{
	static const struct {
		double before; /* 0: no alarm */
		double value;
		int change; /* -1: none */
		int level;  /* after; 0: no alarm */
	} table[] = {
		{ 0, 1, -1, 0 },	     { 0, 6, -1, 0 },		  { 0, 7, -1, 0 },
		{ 0, 10, WQ_OPENED, 1 },     { 0, 40, WQ_OPENED, 4 },	  { 20, 20, -1, 2 },
		{ 20, 10, -1, 2 },	     { 20, 30, WQ_RAISED, 3 },	  { 20, 40, WQ_RAISED, 4 },
		{ 20, 6, -1, 2 },	     { 20, 7, -1, 2 },		  { 20, 1, WQ_CLEARED, 0 },
		{ 40, 39, -1, 4 },	     { 40, 7, -1, 4 },		  { 40, 4.9, WQ_CLEARED, 0 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct plant *p = plant_new(WQ_HOURS(4));
		if (table[i].before > 0)
			plant_give(p, TP, H(0), table[i].before, H(0));
		plant_give(p, TP, H(4), table[i].value + 0.001 * (table[i].value == table[i].before), H(4));
		assert_int_equal(p->out.change_count, table[i].change >= 0);
		if (table[i].change >= 0)
			assert_int_equal(p->out.changes[0].kind, table[i].change);
		const struct wq_alarm *const *alarms;
		size_t n = wq_engine_alarms(p->engine, &alarms);
		assert_int_equal(n > 0 ? (int)alarms[0]->level : 0, table[i].level);
		assert_int_equal(p->out.samples[0].event, table[i].level > 0);
		plant_free(p);
	}
}

static void a_value_held_within_the_cycle_is_one_reading(void **state)
{
	struct plant *p = *state;
	plant_give(p, TP, H(0), 0.15, H(0));
	assert_int_equal(p->out.samples[0].record, WQ_RECORD_NEW);
	plant_give(p, TP, H(1), 0.15, H(1));
	assert_int_equal(p->out.samples[0].record, WQ_RECORD_REPEAT);
	assert_int_equal(p->out.samples[0].at, H(0));
	plant_give(p, TP, H(2), 0.16, H(2));
	assert_int_equal(p->out.samples[0].record, WQ_RECORD_NEW);
	plant_give(p, TP, H(6), 0.16, H(6));
	assert_int_equal(p->out.samples[0].record, WQ_RECORD_NEW);
}

static void the_analysers_own_time_tells_analyses_apart(void **state)
{
	struct plant *p = *state;
	plant_give_stamped(p, TP, H(0), 0.15, WQ_STAMP_ANALYSER);
	plant_give_stamped(p, TP, H(1), 0.15, WQ_STAMP_ANALYSER);
	assert_int_equal(p->out.samples[0].record, WQ_RECORD_NEW);
	plant_give_stamped(p, TP, H(1), 0.15, WQ_STAMP_ANALYSER);
	assert_int_equal(p->out.samples[0].record, WQ_RECORD_REPEAT);
}

static void another_value_for_the_same_instant_is_a_revision(void **state)
{
	struct plant *p = *state;
	plant_give(p, TP, H(0), 0.15, H(0));
	plant_give(p, TP, H(0), 0.17, H(1));
	assert_int_equal(p->out.samples[0].record, WQ_RECORD_REVISION);
}

static void what_cannot_be_judged_is_stored_and_not_judged(void **state)
{
	struct plant *p = *state;
	static const struct {
		double value;
		wq_ms ahead;
		int quality;
	} table[] = { { NAN, 0, WQ_MISSING }, { INFINITY, 0, WQ_BAD }, { -0.1, 0, WQ_BAD }, { 100.1, 0, WQ_BAD },
		{ 40, WQ_MINUTES(11), WQ_BAD } };
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		plant_give(p, TP, H(4 * (int)i) + table[i].ahead, table[i].value, H(4 * (int)i));
		assert_int_equal(p->out.samples[0].quality, table[i].quality);
		assert_int_equal(p->out.change_count, 0);
	}
	assert_int_equal(open_alarms(p), 0);
}

static void missing_data_keep_an_alarm_at_its_level(void **state)
{
	struct plant *p = *state;
	plant_give(p, TP, H(0), 40, H(0));
	plant_give(p, TP, H(4), NAN, H(4));
	assert_int_equal(p->out.change_count, 0);
	assert_int_equal(open_alarms(p), 1);
}

static void an_unacknowledged_alarm_escalates_once(void **state)
{
	struct plant *p = *state;
	plant_give(p, TP, H(0), 40, H(0));
	plant_tick(p, H(0) + WQ_MINUTES(30) - 1);
	assert_int_equal(p->out.change_count, 0);
	plant_tick(p, H(0) + WQ_MINUTES(30));
	assert_change(p, WQ_ESCALATED, WQ_LEVEL_ALARM);
	plant_tick(p, H(0) + WQ_MINUTES(90));
	assert_int_equal(p->out.change_count, 0);
}

static void an_acknowledged_alarm_does_not_escalate(void **state)
{
	struct plant *p = *state;
	struct wq_err err;
	plant_give(p, TP, H(0), 40, H(0));
	int64_t id = first_alarm(p);
	wq_outcome_reset(&p->out);
	assert_int_equal(wq_engine_acknowledge(p->engine, id, "张三", "已到现场", H(0) + 1000, &p->out, &err), 0);
	assert_change(p, WQ_ACKNOWLEDGED, WQ_LEVEL_ALARM);
	assert_string_equal(p->out.changes[0].who, "张三");
	assert_int_equal(wq_engine_acknowledge(p->engine, id, "x", NULL, H(1), &p->out, &err), WQ_E_STATE);
	assert_int_equal(wq_engine_acknowledge(p->engine, 1, "x", NULL, H(1), &p->out, &err), WQ_E_MISSING);
	plant_tick(p, H(2));
	assert_int_equal(p->out.change_count, 0);
}

static void a_raised_alarm_wants_a_new_acknowledgement(void **state)
{
	struct plant *p = *state;
	plant_give(p, TP, H(0), 30, H(0));
	assert_int_equal(wq_engine_acknowledge(p->engine, first_alarm(p), "a", NULL, H(0), &p->out, NULL), 0);
	plant_give(p, TP, H(4), 40, H(4));
	assert_change(p, WQ_RAISED, WQ_LEVEL_ALARM);
	plant_tick(p, H(4) + WQ_MINUTES(30));
	assert_change(p, WQ_ESCALATED, WQ_LEVEL_ALARM);
}

static void alarm_numbers_ascend_within_the_day_and_begin_anew_with_the_next(void **state)
{
	struct plant *p = *state;
	char name[WQ_ALARM_NAME];
	plant_give(p, TP, H(0), 40, H(0));
	assert_string_equal(wq_alarm_name(first_alarm(p), name), "W20260305-001");
	plant_give(p, TP, H(4), 1, H(4));
	plant_give(p, TP, H(8), 40, H(8));
	assert_string_equal(wq_alarm_name(first_alarm(p), name), "W20260305-002");
	plant_give(p, TP, H(12), 1, H(12));
	plant_give(p, TP, H(24), 40, H(24));
	assert_string_equal(wq_alarm_name(first_alarm(p), name), "W20260306-001");
}

static void late_data_ring_nobody(void **state)
{
	struct plant *p = *state;
	plant_give(p, TP, H(0), 40, H(0) + WQ_HOURS(8) + 1);
	assert_true(p->out.samples[0].late);
	assert_int_equal(p->out.change_count, 0);
	plant_give(p, TP, H(4), 40.1, H(4) + WQ_HOURS(8));
	assert_false(p->out.samples[0].late);
	assert_change(p, WQ_OPENED, WQ_LEVEL_ALARM);
}

/* Six readings of each item a day; tp of them as given. */
static void play_day(struct plant *p, wq_ms start, int count, double tp)
{
	static const double fine[] = { 7.5, 8, 3, 0.4 };
	for (int i = 0; i < count; i++) {
		wq_ms at = start + WQ_HOURS(4 * i);
		for (int s = PH; s <= NH3N; s++)
			plant_give(p, s, at, fine[s], at);
		plant_give(p, TP, at, tp, at);
	}
}

static const struct wq_day_row *day_row(struct plant *p, uint32_t parameter)
{
	for (size_t i = 0; i < p->out.day_count; i++)
		if (p->out.days[i].parameter == parameter)
			return &p->out.days[i];
	fail_msg("no row");
	return NULL;
}

static void a_day_closes_an_hour_after_its_end(void **state)
{
	struct plant *p = *state;
	play_day(p, DAY0, 6, 0.1);
	plant_tick(p, H(25) - 1);
	assert_int_equal(p->out.day_count, 0);
	plant_tick(p, H(25));
	assert_int_equal(p->out.day_count, SERIES + 1);
	assert_int_equal(day_row(p, WQ_NONE)->verdict, WQ_DAY_MEETS);
	assert_int_equal(day_row(p, WQ_NONE)->class_, 2);
	assert_int_equal(day_row(p, TP)->valid, 6);
	assert_int_equal(day_row(p, TP)->expected, 6);
	assert_true(day_row(p, TP)->mean == 0.1);
}

static void the_limit_itself_meets_and_evaluation_rounds_first(void **state)
{
	static const struct {
		double tp;
		int verdict, class_;
	} table[] = { { 0.2, WQ_DAY_MEETS, 3 }, { 0.2004, WQ_DAY_MEETS, 3 }, { 0.2005, WQ_DAY_MEETS, 3 },
		{ 0.2006, WQ_DAY_EXCEEDS, 4 }, { 0.201, WQ_DAY_EXCEEDS, 4 } };
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct plant *p = plant_new(WQ_HOURS(4));
		play_day(p, DAY0, 6, table[i].tp);
		plant_tick(p, H(25));
		assert_int_equal(day_row(p, TP)->verdict, table[i].verdict);
		assert_int_equal(day_row(p, WQ_NONE)->class_, table[i].class_);
		plant_free(p);
	}
}

static void too_few_readings_are_not_assessable_and_never_all_clear(void **state)
{
	struct plant *p = *state;
	play_day(p, DAY0, 3, 0.1);
	plant_tick(p, H(25));
	assert_int_equal(day_row(p, WQ_NONE)->verdict, WQ_DAY_NOT_ASSESSABLE);
	assert_int_equal(day_row(p, WQ_NONE)->class_, 0);
	assert_int_equal(day_row(p, TP)->class_, 0);
	assert_true(isnan(day_row(p, TP)->mean));
}

static void a_known_exceedance_counts_even_if_other_items_are_missing(void **state)
{
	struct plant *p = *state;
	for (int i = 0; i < 6; i++)
		plant_give(p, TP, H(4 * i), 0.3, H(4 * i));
	plant_tick(p, H(25));
	assert_int_equal(day_row(p, WQ_NONE)->verdict, WQ_DAY_EXCEEDS);
	assert_int_equal(day_row(p, WQ_NONE)->class_, 4);
	assert_int_equal(day_row(p, WQ_NONE)->valid, 1);
	assert_int_equal(day_row(p, WQ_NONE)->expected, 5);
}

static void the_mean_of_ph_is_taken_over_hydrogen_ions(void **state)
{
	struct plant *p = *state;
	for (int i = 0; i < 6; i++)
		plant_give(p, PH, H(4 * i), i % 2 == 0 ? 6 : 8, H(4 * i));
	plant_tick(p, H(25));
	/* -log10((1e-6 + 1e-8) / 2) */
	assert_true(fabs(day_row(p, PH)->mean_raw - 6.2967086) < 1e-6);
	assert_true(day_row(p, PH)->mean == 6);
}

/* The plant's own series, to set what a point of the file would set. */
static struct wq_series *series_of_plant(struct plant *p, int series)
{
	return (struct wq_series *)&p->site.series[series];
}

static void below_detection_counts_as_half_of_it_and_is_stored_as_measured(void **state)
{
	struct plant *p = *state;
	static const double values[] = { 0.05, 0.049, 0.025, 0.001, 0.2, 0.06 };
	series_of_plant(p, NH3N)->detection = 0.05;
	for (int i = 0; i < 6; i++) {
		plant_give(p, NH3N, H(4 * i), values[i], H(4 * i));
		assert_true(p->out.samples[0].value == values[i]);
	}
	plant_tick(p, H(25));
	/* (0.05 + 3 × 0.025 + 0.2 + 0.06) / 6 */
	assert_int_equal(day_row(p, NH3N)->valid, 6);
	assert_int_equal(day_row(p, NH3N)->below, 3);
	assert_true(fabs(day_row(p, NH3N)->mean_raw - 0.385 / 6) < 1e-12);
	assert_true(day_row(p, NH3N)->mean == 0.06);
	assert_int_equal(day_row(p, TP)->below, 0);
}

static void a_reading_below_detection_that_is_revised_is_no_longer_counted_as_such(void **state)
{
	struct plant *p = *state;
	series_of_plant(p, TP)->detection = 0.01;
	for (int i = 0; i < 6; i++)
		plant_give(p, TP, H(4 * i), 0.001 * (i + 1), H(4 * i));
	plant_give(p, TP, H(0), 0.3, H(21));
	plant_give(p, TP, H(4), NAN, H(22));
	plant_tick(p, H(25));
	assert_int_equal(day_row(p, TP)->valid, 5);
	assert_int_equal(day_row(p, TP)->below, 4);
	assert_true(day_row(p, TP)->mean_raw == 0.064); /* (0.3 + 4 × 0.005) / 5 */
}

static void without_a_detection_limit_nothing_is_below_it(void **state)
{
	struct plant *p = *state;
	series_of_plant(p, DO)->low = -10;
	for (int i = 0; i < 6; i++)
		plant_give(p, DO, H(4 * i), -1 - 0.1 * i, H(4 * i));
	plant_tick(p, H(25));
	assert_int_equal(day_row(p, DO)->below, 0);
	assert_true(day_row(p, DO)->mean_raw == -1.25);
}

static void a_day_that_the_store_sums_up_counts_below_detection_the_same(void **state)
{
	struct plant *p = *state;
	struct wq_sample stored[6];
	series_of_plant(p, TP)->detection = 0.01;
	play_day(p, DAY0 + WQ_DAYS(5), 6, 0.1);
	plant_give(p, TP, H(4), 0.001, H(24 * 6));
	for (int i = 0; i < 6; i++)
		stored[i] = (struct wq_sample){
			.series = TP, .quality = WQ_GOOD, .at = H(4 * i), .value = i < 2 ? 0.001 : 0.02 };
	wq_outcome_reset(&p->out);
	assert_int_equal(wq_engine_day(p->engine, 0, wq_day_of(&wq_zone_china, DAY0), stored, 6, p->sequence,
				 H(24 * 6), &p->out, NULL),
		0);
	assert_int_equal(day_row(p, TP)->below, 2);
	assert_true(day_row(p, TP)->mean_raw == 0.015);
}

static void a_reading_that_comes_after_the_close_corrects_the_day(void **state)
{
	struct plant *p = *state;
	play_day(p, DAY0, 6, 0.1);
	plant_tick(p, H(25));
	plant_give(p, TP, H(22), 0.9, H(26));
	plant_tick(p, H(26) + 1000);
	assert_int_equal(day_row(p, TP)->revision, 2);
	assert_int_equal(day_row(p, TP)->valid, 7);
	assert_int_equal(day_row(p, WQ_NONE)->verdict, WQ_DAY_EXCEEDS);
	/* The daily verdict turned: told as a correction, not as a fresh emergency. */
	assert_change(p, WQ_CORRECTED, WQ_LEVEL_WARNING);
}

static void a_correction_that_changes_no_verdict_is_not_told(void **state)
{
	struct plant *p = *state;
	play_day(p, DAY0, 6, 0.1);
	plant_tick(p, H(25));
	plant_give(p, TP, H(22), 0.11, H(26));
	plant_tick(p, H(26) + 1000);
	assert_int_equal(day_row(p, TP)->revision, 2);
	assert_int_equal(p->out.change_count, 0);
}

static void readings_of_days_long_gone_are_asked_of_the_store(void **state)
{
	struct plant *p = *state;
	play_day(p, DAY0 + WQ_DAYS(5), 6, 0.1);
	plant_give(p, TP, H(4), 0.3, H(24 * 6));
	assert_int_equal(p->out.need_count, 1);
	assert_int_equal(p->out.needs[0].day, wq_day_of(&wq_zone_china, DAY0));
	struct wq_sample stored[6];
	for (int i = 0; i < 6; i++)
		stored[i] = (struct wq_sample){ .series = TP, .quality = WQ_GOOD, .at = H(4 * i), .value = 0.3 };
	wq_outcome_reset(&p->out);
	assert_int_equal(wq_engine_day(p->engine, 0, wq_day_of(&wq_zone_china, DAY0), stored, 6, p->sequence,
				 H(24 * 6), &p->out, NULL),
		0);
	assert_int_equal(day_row(p, TP)->verdict, WQ_DAY_EXCEEDS);
	assert_int_equal(p->out.change_count, 0);
}

static void a_clock_set_forward_neither_escalates_nor_counts_as_silence(void **state)
{
	struct plant *p = *state;
	plant_give(p, TP, H(0), 40, H(0));
	plant_tick(p, H(0) + WQ_MINUTES(10));
	wq_engine_stepped(p->engine, WQ_DAYS(1), H(24) + WQ_MINUTES(10));
	plant_tick(p, H(24) + WQ_MINUTES(29));
	assert_int_equal(p->out.change_count, 0);
	plant_tick(p, H(24) + WQ_MINUTES(30));
	assert_change(p, WQ_ESCALATED, WQ_LEVEL_ALARM);
}

static void a_clock_set_by_a_little_moves_what_waits_and_nothing_else(void **state)
{
	struct plant *p = *state;
	plant_give(p, TP, H(0), 40, H(0));
	plant_tick(p, H(0) + WQ_MINUTES(10));
	wq_engine_shifted(p->engine, WQ_SECONDS(59));
	plant_tick(p, H(0) + WQ_MINUTES(30) + WQ_SECONDS(58));
	assert_int_equal(p->out.change_count, 0);
	wq_engine_shifted(p->engine, -WQ_SECONDS(59));
	plant_tick(p, H(0) + WQ_MINUTES(30) - 1);
	assert_int_equal(p->out.change_count, 0);
	plant_tick(p, H(0) + WQ_MINUTES(30));
	assert_change(p, WQ_ESCALATED, WQ_LEVEL_ALARM);
}

/* An alarm of an earlier life, which waits since `since`. */
static void restore_one(struct plant *p, wq_ms since)
{
	struct wq_alarm alarm = { .id = 2026030500001, .level = WQ_LEVEL_ALARM, .changes = 1, .state = WQ_LIFE_ACTIVE,
		.opened = since, .since = since,
		.last = { .finding = WQ_FINDING_RAISE, .level = WQ_LEVEL_ALARM, .at = since, .series = TP } };
	assert_int_equal(wq_engine_restore_alarm(p->engine, &alarm, NULL), 0);
}

static void an_alarm_of_an_earlier_life_escalates_by_the_clock(void **state)
{
	struct plant *p = *state;
	restore_one(p, H(0));
	plant_tick(p, H(0) + WQ_MINUTES(30) - 1);
	assert_int_equal(p->out.change_count, 0);
	plant_tick(p, H(0) + WQ_MINUTES(30));
	assert_change(p, WQ_ESCALATED, WQ_LEVEL_ALARM);
}

/* The clock went back by so much that the alarm is still to come: it waits for no longer than this life has looked. */
static void an_alarm_of_a_time_to_come_waits_for_as_long_as_it_was_looked_at(void **state)
{
	struct plant *p = *state;
	restore_one(p, H(9));
	plant_tick(p, H(1));
	plant_tick(p, H(1) + WQ_MINUTES(10));
	wq_engine_stepped(p->engine, WQ_HOURS(1), H(2) + WQ_MINUTES(10));
	plant_tick(p, H(2) + WQ_MINUTES(30) - 1);
	assert_int_equal(p->out.change_count, 0);
	plant_tick(p, H(2) + WQ_MINUTES(30));
	assert_change(p, WQ_ESCALATED, WQ_LEVEL_ALARM);
}

/* The machine started anew without the time: by its clock an hour has passed, or none. */
static void under_a_doubted_clock_nothing_of_an_earlier_life_escalates_before_its_time_was_seen_to_pass(void **state)
{
	struct plant *p = *state;
	restore_one(p, H(0));
	wq_engine_doubt(p->engine, true);
	plant_tick(p, H(1));
	plant_tick(p, H(1) + WQ_MINUTES(20));
	assert_int_equal(p->out.change_count, 0);
	/* It learns the time: ten minutes before that of the alarm, more than the twenty that were looked at. */
	wq_engine_stepped(p->engine, -WQ_HOURS(1), H(0) + WQ_MINUTES(20));
	plant_tick(p, H(0) + WQ_MINUTES(29));
	assert_int_equal(p->out.change_count, 0);
	wq_engine_doubt(p->engine, false);
	plant_tick(p, H(0) + WQ_MINUTES(30) - 1);
	assert_int_equal(p->out.change_count, 0);
	plant_tick(p, H(0) + WQ_MINUTES(30));
	assert_change(p, WQ_ESCALATED, WQ_LEVEL_ALARM);
}

static void what_was_off_for_hours_escalates_as_soon_as_the_time_is_known(void **state)
{
	struct plant *p = *state;
	restore_one(p, H(0));
	wq_engine_doubt(p->engine, true);
	plant_tick(p, H(0) + WQ_MINUTES(5)); /* as saved when it went off */
	plant_tick(p, H(0) + WQ_MINUTES(6));
	wq_engine_stepped(p->engine, WQ_HOURS(4), H(4) + WQ_MINUTES(6));
	wq_engine_doubt(p->engine, false);
	plant_tick(p, H(4) + WQ_MINUTES(6));
	assert_change(p, WQ_ESCALATED, WQ_LEVEL_ALARM);
}

/* The days of the year ahead had taken the place of today, whose readings only the store has then. */
static void the_day_that_a_clock_ahead_had_put_away_is_read_again(void **state)
{
	struct plant *p = *state;
	wq_ms noon = DAY0 + WQ_HOURS(12);

	plant_give(p, TP, noon, 1, noon);
	wq_engine_stepped(p->engine, WQ_DAYS(366), noon + WQ_DAYS(366) + 1000);
	plant_tick(p, noon + WQ_DAYS(366) + 1000);
	wq_engine_stepped(p->engine, -WQ_DAYS(366), noon + 2000);
	wq_outcome_reset(&p->out);
	assert_int_equal(wq_engine_tick(p->engine, noon + 3000, &p->out, NULL), 0);
	assert_int_equal(wq_engine_tick(p->engine, noon + 6000, &p->out, NULL), 0);
	assert_int_equal(p->out.need_count, 2);
	for (size_t i = 0; i < 2; i++) {
		const struct wq_need *need = &p->out.needs[i];
		assert_true(need->now && need->station == 0);
		assert_true(need->day == wq_day_of(&wq_zone_china, noon) - (wq_day)i);
	}
	/* A step within the day puts nothing away. */
	wq_engine_stepped(p->engine, -WQ_MINUTES(5), noon - WQ_MINUTES(4));
	wq_outcome_reset(&p->out);
	assert_int_equal(wq_engine_tick(p->engine, noon, &p->out, NULL), 0);
	assert_int_equal(p->out.need_count, 0);
}

static void what_was_read_while_the_clock_was_ahead_hides_nothing(void **state)
{
	struct plant *p = *state;
	struct wq_reading newest;
	plant_give(p, TP, H(0), 0.1, H(0));
	plant_tick(p, H(0));
	wq_engine_stepped(p->engine, WQ_DAYS(1), H(24));
	plant_give(p, TP, H(24), 0.1, H(24));
	plant_tick(p, H(25) + WQ_HOURS(1));
	wq_engine_stepped(p->engine, -WQ_DAYS(1), H(2));
	assert_true(wq_engine_latest(p->engine, TP, &newest));
	assert_true(newest.at == H(0));
	plant_tick(p, H(2));
	plant_give(p, TP, H(2), 40, H(2));
	assert_change(p, WQ_OPENED, WQ_LEVEL_ALARM);
	/* Today is open again, and the day that had not come has no verdict of it. */
	for (int i = 1; i < 6; i++)
		plant_give(p, TP, H(4 * i), 0.1, H(4 * i));
	plant_tick(p, H(25));
	assert_int_equal(day_row(p, TP)->valid, 7);
}

/* TP is remembered for 8 readings: older ones are the store's to sum up. */
static size_t asked(struct plant *p, wq_ms now)
{
	size_t count = 0;
	plant_tick(p, now);
	for (size_t i = 0; i < p->out.need_count; i++)
		count += p->out.needs[i].now;
	return count;
}

static void a_backlog_is_summed_up_when_it_has_ended(void **state)
{
	struct plant *p = *state;
	const wq_ms now = H(24 * 6);
	play_day(p, DAY0 + WQ_DAYS(5), 6, 0.1);
	for (int i = 0; i < 20; i++) {
		plant_give(p, TP, H(4) + i, 0.3, now + i * 1000);
		assert_int_equal(p->out.need_count, i == 0);
		assert_int_equal(asked(p, now + i * 1000 + 500), 0);
	}
	assert_int_equal(asked(p, now + 19000 + WQ_SECONDS(2) - 1), 0);
	assert_int_equal(asked(p, now + 19000 + WQ_SECONDS(2)), 1);
	assert_int_equal(p->out.needs[0].day, wq_day_of(&wq_zone_china, DAY0));
	/* Asked once. */
	assert_int_equal(asked(p, now + WQ_MINUTES(5)), 0);
}

static void a_backlog_without_end_is_summed_up_now_and_then(void **state)
{
	struct plant *p = *state;
	const wq_ms now = H(24 * 6);
	size_t times = 0;
	play_day(p, DAY0 + WQ_DAYS(5), 6, 0.1);
	for (int i = 0; i < 60; i++) {
		plant_give(p, TP, H(4) + i, 0.3, now + i * 1000);
		if (asked(p, now + i * 1000) == 0)
			continue;
		times++;
		assert_int_equal(wq_engine_day(p->engine, 0, wq_day_of(&wq_zone_china, DAY0), NULL, 0, p->sequence,
					 now + i * 1000, &p->out, NULL),
			0);
		assert_int_equal(day_row(p, TP)->verdict, WQ_DAY_NOT_ASSESSABLE);
	}
	assert_int_equal(times, 1);
}

static void an_answer_older_than_the_newest_batch_is_asked_again(void **state)
{
	struct plant *p = *state;
	const wq_ms now = H(24 * 6);
	const wq_day day = wq_day_of(&wq_zone_china, DAY0);
	play_day(p, DAY0 + WQ_DAYS(5), 6, 0.1);
	plant_give(p, TP, H(4), 0.3, now);
	assert_int_equal(asked(p, now + 2000), 1);
	plant_give(p, TP, H(8), 0.3, now + 2001);
	wq_outcome_reset(&p->out);
	assert_int_equal(wq_engine_day(p->engine, 0, day, NULL, 0, p->sequence - 1, now + 2002, &p->out, NULL), 0);
	assert_int_equal(p->out.day_count, 0);
	assert_int_equal(asked(p, now + 4002), 1);
	/* What comes of another day does not make the answer old. */
	plant_give(p, TP, now + 4003, 0.1, now + 4003);
	wq_outcome_reset(&p->out);
	assert_int_equal(wq_engine_day(p->engine, 0, day, NULL, 0, p->sequence - 1, now + 4004, &p->out, NULL), 0);
	assert_true(p->out.day_count > 0);
}

static void more_days_than_can_be_watched_are_asked_for_at_once(void **state)
{
	struct plant *p = *state;
	const wq_ms now = H(24 * 400);
	size_t at_once = 0;
	play_day(p, DAY0 + WQ_DAYS(399), 6, 0.1);
	for (int day = 0; day < 70; day++) {
		plant_give(p, TP, H(24 * day), 0.3, now);
		for (size_t i = 0; i < p->out.need_count; i++)
			at_once += p->out.needs[i].now;
	}
	assert_int_equal(at_once, 70 - 64);
	assert_int_equal(asked(p, now + 2000), 64);
}

static void days_wanted_before_a_restart_are_asked_for_after_it(void **state)
{
	struct plant *p = *state;
	wq_engine_restore_need(p->engine, 0, 20000);
	wq_engine_restore_need(p->engine, 0, 20000);
	wq_engine_restore_need(p->engine, 99, 20000);
	assert_int_equal(asked(p, H(0)), 1);
	assert_int_equal(p->out.needs[0].day, 20000);
}

static void what_is_withdrawn_from_a_day_long_gone_is_asked_of_the_store(void **state)
{
	struct plant *p = *state;
	play_day(p, DAY0 + WQ_DAYS(5), 6, 0.1);
	plant_give(p, TP, H(4), NAN, H(24 * 6));
	assert_int_equal(p->out.need_count, 1);
}

static void a_restart_changes_nothing(void **state)
{
	struct plant *a = *state, *b = plant_new(WQ_HOURS(4));
	play_day(a, DAY0, 6, 0.1);
	play_day(b, DAY0, 6, 0.1);
	plant_give(a, TP, H(24), 30, H(24));
	plant_give(b, TP, H(24), 30, H(24));
	const struct wq_alarm *const *alarms;
	wq_engine_alarms(a->engine, &alarms);
	/* b dies and is rebuilt from what was stored. */
	struct wq_alarm kept = *alarms[0];
	wq_engine_free(b->engine);
	b->engine = wq_engine_new(&b->site, NULL);
	static const double fine[] = { 7.5, 8, 3, 0.4, 0.1 };
	for (int i = 0; i < 6; i++)
		for (uint32_t s = 0; s < SERIES; s++) {
			struct wq_sample sample = { .series = s,
				.quality = WQ_GOOD,
				.stamp = WQ_STAMP_STATION,
				.at = H(4 * i),
				.value = fine[s] };
			assert_int_equal(wq_engine_restore_sample(b->engine, &sample, sample.at, NULL), 0);
		}
	struct wq_sample last = { .series = TP, .quality = WQ_GOOD, .stamp = WQ_STAMP_STATION, .at = H(24), .value = 30 };
	assert_int_equal(wq_engine_restore_sample(b->engine, &last, H(24), NULL), 0);
	assert_int_equal(wq_engine_restore_alarm(b->engine, &kept, NULL), 0);
	for (int i = 1; i < 6; i++) {
		plant_give(a, TP, H(24 + 4 * i), 30 + i, H(24 + 4 * i));
		plant_give(b, TP, H(24 + 4 * i), 30 + i, H(24 + 4 * i));
		assert_int_equal(a->out.change_count, b->out.change_count);
		plant_tick(a, H(24 + 4 * i) + 1000);
		plant_tick(b, H(24 + 4 * i) + 1000);
		assert_int_equal(a->out.change_count, b->out.change_count);
		assert_int_equal(a->out.day_count, b->out.day_count);
		for (size_t d = 0; d < a->out.day_count; d++)
			assert_int_equal(a->out.days[d].class_, b->out.days[d].class_);
	}
	assert_int_equal(open_alarms(b), open_alarms(a));
	plant_free(b);
}

static void what_the_daemon_says_of_itself_lives_as_any_alarm(void **state)
{
	struct plant *p = *state;
	struct wq_verdict verdict = { .finding = WQ_FINDING_RAISE,
		.level = WQ_LEVEL_WARNING,
		.series = WQ_NONE,
		.at = H(0),
		.value = NAN,
		.limit = NAN };
	wq_outcome_reset(&p->out);
	wq_verdict_about(&verdict, "modem \"1\"");
	assert_int_equal(wq_engine_tell(p->engine, 2, &verdict, H(0), &p->out, NULL), 0);
	assert_non_null(strstr(p->out.changes[0].evidence, ",\"about\":\"modem \\\"1\\\"\""));
	assert_int_equal(wq_engine_tell(p->engine, 2, &verdict, H(0) + 1000, &p->out, NULL), 0);
	assert_change(p, WQ_OPENED, WQ_LEVEL_WARNING);
	assert_int_equal(p->out.changes[0].station, WQ_NONE);
	plant_tick(p, H(0) + WQ_MINUTES(30));
	assert_change(p, WQ_ESCALATED, WQ_LEVEL_WARNING);
	/* More came to it: told as new, once, and it waits for an answer again; also where somebody had answered. */
	verdict.news = true;
	for (int i = 0; i < 2; i++) {
		wq_outcome_reset(&p->out);
		assert_int_equal(wq_engine_tell(p->engine, 2, &verdict, H(0) + WQ_MINUTES(31), &p->out, NULL), 0);
		assert_change(p, WQ_RAISED, WQ_LEVEL_WARNING);
		assert_int_equal(p->out.changes[0].state, WQ_LIFE_ACTIVE);
		verdict.news = false;
		assert_int_equal(wq_engine_tell(p->engine, 2, &verdict, H(0) + WQ_MINUTES(32), &p->out, NULL), 0);
		assert_int_equal(p->out.change_count, 1);
		verdict.news = true;
		if (i == 0)
			assert_int_equal(wq_engine_acknowledge(p->engine, p->out.changes[0].alarm, "zhang", "", H(0) + WQ_MINUTES(33),
				&p->out, NULL), 0);
	}
	verdict.finding = WQ_FINDING_CLEAR;
	wq_outcome_reset(&p->out);
	assert_int_equal(wq_engine_tell(p->engine, 2, &verdict, H(1), &p->out, NULL), 0);
	assert_change(p, WQ_CLEARED, WQ_LEVEL_WARNING);
	assert_int_equal(open_alarms(p), 0);
	/* A rule that looks at the water is nobody's to speak for. */
	assert_int_equal(wq_engine_tell(p->engine, 0, &verdict, H(1), &p->out, NULL), WQ_E_INVALID);
	assert_int_equal(wq_engine_tell(p->engine, 3, &verdict, H(1), &p->out, NULL), WQ_E_INVALID);
}

static void an_unknown_alarm_is_not_restored(void **state)
{
	struct plant *p = *state;
	struct wq_alarm alarm = { .id = 2026030500001, .rule = 9 };
	assert_int_equal(wq_engine_restore_alarm(p->engine, &alarm, NULL), WQ_E_MISSING);
}

static void evidence_names_the_rule_and_the_readings(void **state)
{
	struct plant *p = *state;
	plant_give(p, TP, H(0), 0.15, H(0));
	plant_give(p, TP, H(4), 40, H(4));
	const char *evidence = p->out.changes[0].evidence;
	assert_non_null(strstr(evidence, "\"rule\":\"tp-script\",\"kind\":\"script\",\"hash\":\"000000000000abcd\""));
	assert_non_null(strstr(evidence, "\"standard\":{\"name\":\"GB 3838-2002\",\"version\":\"2002\""));
	assert_non_null(strstr(evidence, "[\"2026-03-05T00:00:00+08:00\",0.15,\"good\"],[\"2026-03-05T04:00:00+08:00\",40,\"good\"]"));
}

#define engine_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		engine_test(every_finding_from_every_state),
		engine_test(a_value_held_within_the_cycle_is_one_reading),
		engine_test(the_analysers_own_time_tells_analyses_apart),
		engine_test(another_value_for_the_same_instant_is_a_revision),
		engine_test(what_cannot_be_judged_is_stored_and_not_judged),
		engine_test(missing_data_keep_an_alarm_at_its_level),
		engine_test(an_unacknowledged_alarm_escalates_once),
		engine_test(an_acknowledged_alarm_does_not_escalate),
		engine_test(a_raised_alarm_wants_a_new_acknowledgement),
		engine_test(alarm_numbers_ascend_within_the_day_and_begin_anew_with_the_next),
		engine_test(late_data_ring_nobody),
		engine_test(a_day_closes_an_hour_after_its_end),
		engine_test(the_limit_itself_meets_and_evaluation_rounds_first),
		engine_test(too_few_readings_are_not_assessable_and_never_all_clear),
		engine_test(a_known_exceedance_counts_even_if_other_items_are_missing),
		engine_test(the_mean_of_ph_is_taken_over_hydrogen_ions),
		engine_test(below_detection_counts_as_half_of_it_and_is_stored_as_measured),
		engine_test(a_reading_below_detection_that_is_revised_is_no_longer_counted_as_such),
		engine_test(without_a_detection_limit_nothing_is_below_it),
		engine_test(a_day_that_the_store_sums_up_counts_below_detection_the_same),
		engine_test(a_reading_that_comes_after_the_close_corrects_the_day),
		engine_test(a_correction_that_changes_no_verdict_is_not_told),
		engine_test(readings_of_days_long_gone_are_asked_of_the_store),
		engine_test(a_clock_set_forward_neither_escalates_nor_counts_as_silence),
		engine_test(a_clock_set_by_a_little_moves_what_waits_and_nothing_else),
		engine_test(an_alarm_of_an_earlier_life_escalates_by_the_clock),
		engine_test(an_alarm_of_a_time_to_come_waits_for_as_long_as_it_was_looked_at),
		engine_test(under_a_doubted_clock_nothing_of_an_earlier_life_escalates_before_its_time_was_seen_to_pass),
		engine_test(what_was_off_for_hours_escalates_as_soon_as_the_time_is_known),
		engine_test(the_day_that_a_clock_ahead_had_put_away_is_read_again),
		engine_test(what_was_read_while_the_clock_was_ahead_hides_nothing),
		engine_test(a_backlog_is_summed_up_when_it_has_ended),
		engine_test(a_backlog_without_end_is_summed_up_now_and_then),
		engine_test(an_answer_older_than_the_newest_batch_is_asked_again),
		engine_test(more_days_than_can_be_watched_are_asked_for_at_once),
		engine_test(days_wanted_before_a_restart_are_asked_for_after_it),
		engine_test(what_is_withdrawn_from_a_day_long_gone_is_asked_of_the_store),
		engine_test(a_restart_changes_nothing),
		engine_test(what_the_daemon_says_of_itself_lives_as_any_alarm),
		engine_test(an_unknown_alarm_is_not_restored),
		engine_test(evidence_names_the_rule_and_the_readings),
	};
	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
