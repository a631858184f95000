/* SPDX-License-Identifier: Apache-2.0 */
/* What officers see of an alarm's life: delays, latch, chatter, shelves, floods, what is first and what is stale, and that a
 * restart tells nobody anything. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "plant.h"
#include "wq/err.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define M(n) (DAY0 + WQ_MINUTES(n))

static struct plant *plant_with(const struct wq_life *life)
{
	struct plant *p = plant_new(0);
	((struct wq_rule_use *)p->site.rules)[0].life = *life;
	wq_engine_free(p->engine);
	p->engine = wq_engine_new(&p->site, NULL);
	return p;
}

static const struct wq_alarm *alarm_of(struct plant *p)
{
	const struct wq_alarm *const *alarms;
	return wq_engine_alarms(p->engine, &alarms) > 0 ? alarms[0] : NULL;
}

static void expect(struct plant *p, const char *kinds)
{
	char got[64] = "";
	for (size_t i = 0; i < p->out.change_count; i++) {
		size_t used = strlen(got);
		snprintf(got + used, sizeof got - used, "%s%s%s", i > 0 ? " " : "", wq_change_name(p->out.changes[i].kind),
			p->out.changes[i].hush != WQ_HUSH_NONE ? "-" : "");
	}
	assert_string_equal(got, kinds);
}

static void give(struct plant *p, int minute, double value, const char *kinds)
{
	plant_give(p, TP, M(minute), value, M(minute));
	expect(p, kinds);
}

static void tick(struct plant *p, int minute, const char *kinds)
{
	plant_tick(p, M(minute));
	expect(p, kinds);
}

static void an_alarm_opens_when_readings_have_exceeded_for_long_enough(void **state)
{
	const struct wq_life life = { .on_delay = WQ_MINUTES(10) };
	struct plant *p = plant_with(&life);
	(void)state;
	give(p, 0, 30, "");
	assert_int_equal(p->out.delay_count, 1);
	assert_true(p->out.delays[0].exceeds_since == M(0));
	/* Time alone proves nothing: the reading is the old one. */
	tick(p, 60, "");
	give(p, 5, 31, "");
	assert_int_equal(p->out.delay_count, 0);
	give(p, 10, 30, "opened");
	assert_true(alarm_of(p)->opened == M(10));
	plant_free(p);
}

static void a_break_begins_the_delay_anew_and_what_is_unknown_is_none(void **state)
{
	const struct wq_life life = { .on_delay = WQ_MINUTES(10) };
	struct plant *p = plant_with(&life);
	(void)state;
	give(p, 0, 30, "");
	give(p, 8, 6, ""); /* HOLD */
	give(p, 10, 30, "");
	give(p, 15, 7, ""); /* UNKNOWN */
	give(p, 19, 30, "");
	give(p, 20, 30.5, "opened");
	plant_free(p);
}

static void an_alarm_clears_when_the_water_has_met_for_long_enough(void **state)
{
	const struct wq_life life = { .off_delay = WQ_MINUTES(10), .hold = WQ_MINUTES(40) };
	struct plant *p = plant_with(&life);
	(void)state;
	give(p, 0, 30, "opened");
	give(p, 5, 1, "");
	give(p, 20, 1.1, ""); /* long enough, but not open for long enough */
	give(p, 39, 1, "");
	give(p, 40, 1.1, "cleared");
	plant_free(p);
}

/* It opened in a year that the clock took back: nobody would see it clear before that year comes. */
static void an_alarm_of_a_clock_that_was_ahead_clears(void **state)
{
	const struct wq_life life = { .hold = WQ_MINUTES(40) };
	const int ahead = 365 * 24 * 60;
	struct plant *p = plant_with(&life);
	(void)state;
	give(p, ahead, 30, "opened");
	wq_engine_stepped(p->engine, -WQ_MINUTES(ahead), M(1));
	give(p, 2, 30, "");
	give(p, 5, 1, "cleared");
	/* One whose station's clock is a little ahead of ours is held like any. */
	plant_give(p, TP, M(105), 30, M(100));
	expect(p, "opened");
	plant_give(p, TP, M(107), 1, M(102));
	expect(p, "");
	plant_give(p, TP, M(145), 1.1, M(140));
	expect(p, "cleared");
	plant_free(p);
}

static void a_latched_alarm_waits_for_somebody(void **state)
{
	const struct wq_life life = { .latch = true };
	struct plant *p = plant_with(&life);
	(void)state;
	give(p, 0, 40, "opened");
	give(p, 5, 1, "recovered");
	assert_string_equal(p->out.changes[0].says, "总磷1");
	/* It has recovered: nobody is woken for it, however long it waits. */
	tick(p, 120, "");
	give(p, 130, 40, "reopened");
	tick(p, 160, "escalated");
	give(p, 170, 1, "recovered");
	wq_outcome_reset(&p->out);
	assert_int_equal(
		wq_engine_acknowledge(p->engine, alarm_of(p)->id, "张三", "看过", M(180), &p->out, NULL), 0);
	expect(p, "acknowledged cleared");
	assert_string_equal(p->out.changes[0].who, "张三");
	assert_string_equal(p->out.changes[1].who, "");
	assert_string_equal(p->out.changes[1].says, "总磷1");
	assert_null(alarm_of(p));
	/* Acknowledged in time, it clears as any. */
	give(p, 190, 40, "opened");
	assert_int_equal(wq_engine_acknowledge(p->engine, alarm_of(p)->id, "张三", NULL, M(191), &p->out, NULL), 0);
	assert_int_equal(alarm_of(p)->answered, alarm_of(p)->changes);
	assert_string_equal(alarm_of(p)->answered_by, "张三");
	give(p, 195, 1, "cleared");
	plant_free(p);
}

/* Levels 3 and 4 are reminded of every 40 minutes, three times; what is acknowledged every two hours. Level 4 escalates
 * after 30 minutes. */
static struct plant *plant_that_reminds(const struct wq_life *life)
{
	static const struct wq_reminding remind = { .open = { 0, 0, 0, WQ_MINUTES(40), WQ_MINUTES(40) },
		.acknowledged = { 0, 0, 0, WQ_HOURS(2), WQ_HOURS(2) } };
	struct plant *p = plant_with(life);
	((struct wq_rule_use *)p->site.rules)[0].remind = remind;
	((struct wq_rule_use *)p->site.rules)[0].remind_most = 3;
	return p;
}

static void who_does_not_answer_is_reminded_a_few_times(void **state)
{
	const struct wq_life life = { 0 };
	struct plant *p = plant_that_reminds(&life);
	(void)state;
	give(p, 0, 40, "opened");
	tick(p, 30, "escalated");
	tick(p, 39, "");
	give(p, 39, 41, "");
	tick(p, 40, "reminded");
	assert_int_equal(p->out.changes[0].reminder, 1);
	assert_int_equal(p->out.changes[0].since, M(0));
	assert_int_equal(p->out.changes[0].opened, M(0));
	assert_int_equal(p->out.changes[0].state, WQ_LIFE_ESCALATED);
	assert_true(p->out.changes[0].value == 41); /* the newest */
	tick(p, 79, "");
	tick(p, 80, "reminded");
	/* Nobody ticked for long: one, and the next counts from it. */
	tick(p, 300, "reminded");
	tick(p, 340, "");
	assert_int_equal(alarm_of(p)->reminders, 3);
	tick(p, 1000, "");
	plant_free(p);
}

static void a_reminder_that_is_due_with_the_escalation_waits_a_span(void **state)
{
	static const struct wq_reminding remind = { .open = { 0, 0, 0, WQ_MINUTES(30), WQ_MINUTES(30) } };
	const struct wq_life life = { 0 };
	struct plant *p = plant_that_reminds(&life);
	(void)state;
	((struct wq_rule_use *)p->site.rules)[0].remind = remind;
	give(p, 0, 40, "opened");
	tick(p, 30, "escalated");
	tick(p, 59, "");
	tick(p, 60, "reminded");
	plant_free(p);
}

static void an_answer_ends_the_reminders_and_begins_rarer_ones(void **state)
{
	const struct wq_life life = { 0 };
	struct plant *p = plant_that_reminds(&life);
	(void)state;
	give(p, 0, 30, "opened");
	tick(p, 40, "reminded");
	assert_int_equal(wq_engine_acknowledge(p->engine, alarm_of(p)->id, "张三", NULL, M(50), &p->out, NULL), 0);
	tick(p, 169, "");
	tick(p, 170, "reminded");
	assert_int_equal(p->out.changes[0].state, WQ_LIFE_ACKNOWLEDGED);
	assert_int_equal(p->out.changes[0].reminder, 1);
	give(p, 180, 40, "raised");
	tick(p, 219, "escalated");
	tick(p, 220, "reminded");
	assert_int_equal(p->out.changes[0].reminder, 1); /* told anew, counted anew */
	give(p, 230, 1, "cleared");
	tick(p, 600, "");
	plant_free(p);
}

static void nobody_is_reminded_of_lesser_levels_of_what_is_shelved(void **state)
{
	const struct wq_life life = { 0 };
	struct plant *p = plant_that_reminds(&life);
	(void)state;
	give(p, 0, 20, "opened");
	tick(p, 200, "");
	give(p, 201, 1, "cleared");
	give(p, 210, 30, "opened");
	wq_outcome_reset(&p->out);
	assert_int_equal(wq_engine_shelve(p->engine, 0, 0, M(400), "乙", "清洗", M(220), &p->out, NULL), 0);
	expect(p, "shelved");
	tick(p, 399, "");
	tick(p, 400, "unshelved");
	tick(p, 439, "");
	tick(p, 440, "reminded");
	plant_free(p);
}

static void what_has_recovered_and_waits_reminds_too(void **state)
{
	const struct wq_life life = { .latch = true };
	struct plant *p = plant_that_reminds(&life);
	(void)state;
	give(p, 0, 30, "opened");
	give(p, 30, 1, "recovered");
	tick(p, 69, "");
	tick(p, 70, "reminded");
	assert_int_equal(p->out.changes[0].state, WQ_LIFE_RECOVERED);
	assert_true(p->out.changes[0].value == 1);
	plant_free(p);
}

/* Neither a restart nor a clock that is set makes a reminder come twice or be forgotten. */
static void reminders_outlive_restarts_and_clocks(void **state)
{
	const struct wq_life life = { 0 };
	struct plant *p = plant_that_reminds(&life);
	struct wq_alarm alarm;
	(void)state;
	give(p, 0, 30, "opened");
	tick(p, 40, "reminded");
	alarm = *alarm_of(p);
	wq_engine_free(p->engine);
	p->engine = wq_engine_new(&p->site, NULL);
	assert_int_equal(wq_engine_restore_alarm(p->engine, &alarm, NULL), 0);
	tick(p, 41, "");
	tick(p, 79, "");
	tick(p, 80, "reminded");
	assert_int_equal(p->out.changes[0].reminder, 2);
	/* Set forward by a day when 20 minutes had passed: 20 more are to come. */
	wq_engine_stepped(p->engine, WQ_DAYS(1), M(100 + 1440));
	tick(p, 100 + 1440, "");
	tick(p, 119 + 1440, "");
	tick(p, 120 + 1440, "reminded");
	plant_free(p);
	/* Restored from a life whose clock was a year ahead: from now on. */
	p = plant_that_reminds(&life);
	alarm.reminded = alarm.since = M(365 * 1440);
	assert_int_equal(wq_engine_restore_alarm(p->engine, &alarm, NULL), 0);
	tick(p, 0, "");
	tick(p, 39, "");
	tick(p, 40, "reminded");
	plant_free(p);
}

static void an_alarm_that_chatters_is_shelved_and_told_once(void **state)
{
	const struct wq_life life = { .chatter = 3, .chatter_within = WQ_HOURS(1), .chatter_shelve = WQ_HOURS(2) };
	struct plant *p = plant_with(&life);
	(void)state;
	give(p, 0, 30, "opened");
	give(p, 5, 1, "cleared");
	give(p, 10, 30, "opened");
	give(p, 15, 1, "cleared");
	give(p, 20, 30, "opened- shelved");
	assert_true(p->out.changes[1].until == M(140));
	assert_string_equal(p->out.changes[1].note, "1小时内报警3次");
	assert_true(p->out.shelf_count == 1 && p->out.shelves[0].automatic);
	give(p, 25, 1, "cleared-");
	give(p, 30, 40, "opened-");
	tick(p, 139, "");
	tick(p, 140, "unshelved");
	assert_int_equal(p->out.changes[0].level, WQ_LEVEL_ALARM);
	/* It has begun anew: two openings are no chatter. */
	give(p, 145, 1, "cleared");
	give(p, 146, 30, "opened");
	give(p, 147, 1, "cleared");
	give(p, 148, 30, "opened");
	plant_free(p);
}

static void openings_far_apart_are_no_chatter(void **state)
{
	const struct wq_life life = { .chatter = 2, .chatter_within = WQ_HOURS(1), .chatter_shelve = WQ_HOURS(2) };
	struct plant *p = plant_with(&life);
	(void)state;
	give(p, 0, 30, "opened");
	give(p, 5, 1, "cleared");
	give(p, 61, 30, "opened");
	give(p, 70, 1, "cleared");
	give(p, 121, 30, "opened- shelved");
	plant_free(p);
}

static int shelve(struct plant *p, int from, int to)
{
	wq_outcome_reset(&p->out);
	return wq_engine_shelve(p->engine, 0, 0, M(to), "张三", "清洗探头", M(from), &p->out, NULL);
}

static void on_the_shelf_an_alarm_lives_on_in_silence(void **state)
{
	struct plant *p = plant_new(0);
	(void)state;
	give(p, 0, 30, "opened");
	assert_int_equal(shelve(p, 1, 121), 0);
	expect(p, "shelved");
	assert_string_equal(p->out.changes[0].who, "张三");
	assert_string_equal(p->out.changes[0].note, "清洗探头");
	assert_int_equal(shelve(p, 2, 100), WQ_E_STATE);
	give(p, 5, 40, "raised-");
	tick(p, 60, ""); /* does not escalate */
	give(p, 61, 1, "cleared-");
	tick(p, 121, ""); /* nothing is open: its end is nobody's business */
	assert_int_equal(p->out.shelf_count, 1);
	assert_true(p->out.shelves[0].ended == M(121));
	plant_free(p);
}

static void what_is_still_open_when_the_shelf_ends_is_told_again(void **state)
{
	struct plant *p = plant_new(0);
	(void)state;
	assert_int_equal(shelve(p, 0, 60), 0);
	expect(p, "");
	give(p, 5, 40, "opened-");
	tick(p, 60, "unshelved");
	tick(p, 89, "");
	tick(p, 90, "escalated"); /* from when it was told */
	assert_int_equal(shelve(p, 91, 200), 0);
	wq_outcome_reset(&p->out);
	assert_int_equal(wq_engine_unshelve(p->engine, 0, 0, "李四", M(92), &p->out, NULL), 0);
	expect(p, "unshelved");
	assert_string_equal(p->out.changes[0].who, "李四");
	assert_int_equal(wq_engine_unshelve(p->engine, 0, 0, "李四", M(93), &p->out, NULL), WQ_E_STATE);
	plant_free(p);
}

static void a_shelf_always_ends(void **state)
{
	struct plant *p = plant_new(0);
	struct wq_err err;
	(void)state;
	p->site.duty.shelve_max = WQ_HOURS(8);
	assert_int_equal(wq_engine_shelve(p->engine, 0, 0, M(0), "a", "b", M(0), &p->out, &err), WQ_E_INVALID);
	assert_int_equal(wq_engine_shelve(p->engine, 0, 0, INT64_MAX, "a", "b", M(0), &p->out, &err), WQ_E_INVALID);
	assert_non_null(strstr(err.text, "8h"));
	assert_int_equal(wq_engine_shelve(p->engine, 0, 7, M(9), "a", "b", M(0), &p->out, &err), WQ_E_MISSING);
	assert_int_equal(wq_engine_shelve(p->engine, 9, 0, M(9), "a", "b", M(0), &p->out, &err), WQ_E_MISSING);
	assert_int_equal(wq_engine_shelve(p->engine, 0, 0, M(480), "a", "b", M(0), &p->out, &err), 0);
	/* The clock is set forward by a year: it keeps the time it has left. */
	plant_tick(p, M(100));
	wq_engine_stepped(p->engine, WQ_DAYS(365), M(100) + WQ_DAYS(365));
	plant_tick(p, M(479) + WQ_DAYS(365));
	assert_true(p->out.shelf_count == 1 && p->out.shelves[0].ended == WQ_NO_TIME);
	plant_tick(p, M(480) + WQ_DAYS(365));
	assert_true(p->out.shelves[0].ended != WQ_NO_TIME);
	plant_free(p);
}

/* Days whose verdict late data turn: the daily rule of the plant. */
static void late_data_ring_no_escalation_and_remind_nobody(void **state)
{
	static const double fine[] = { 7.5, 8, 3, 0.4, 0.1 };
	struct plant *p = plant_new(WQ_HOURS(4));
	(void)state;
	((struct wq_rule_use *)p->site.rules)[1].remind.open[WQ_LEVEL_WARNING] = WQ_MINUTES(30);
	((struct wq_rule_use *)p->site.rules)[1].remind_most = 9;
	((struct wq_rule_use *)p->site.rules)[1].escalate_after[WQ_LEVEL_WARNING] = WQ_MINUTES(30);
	for (int i = 0; i < 6; i++)
		for (int s = PH; s < SERIES; s++)
			plant_give(p, s, DAY0 + WQ_HOURS(4 * i), fine[s], DAY0 + WQ_HOURS(4 * i));
	plant_tick(p, DAY0 + WQ_HOURS(25));
	expect(p, "");
	plant_give(p, TP, DAY0 + WQ_HOURS(22), 0.9, DAY0 + WQ_HOURS(26));
	plant_tick(p, DAY0 + WQ_HOURS(27));
	expect(p, "corrected");
	assert_int_equal(alarm_of(p)->state, WQ_LIFE_CORRECTED);
	plant_tick(p, DAY0 + WQ_HOURS(40));
	expect(p, "");
	plant_free(p);
}

/* Level 4 escalates after 30 minutes, then after 2 and 4 hours. */
static struct plant *plant_with_a_ladder(void)
{
	static const wq_ms further[] = { WQ_HOURS(4), WQ_HOURS(2) };
	struct plant *p = plant_new(0);
	((struct wq_rule_use *)p->site.rules)[0].escalate_further[WQ_LEVEL_ALARM] = (struct wq_further){ 2, further };
	return p;
}

static void expect_step(const struct plant *p, uint32_t step, wq_ms waited)
{
	assert_int_equal(p->out.changes[0].escalation, step);
	assert_int_equal(p->out.changes[0].waited, waited);
}

static void an_alarm_escalates_step_by_step_until_somebody_answers(void **state)
{
	struct plant *p = plant_with_a_ladder();
	(void)state;
	give(p, 0, 40, "opened");
	tick(p, 30, "escalated");
	expect_step(p, 1, WQ_MINUTES(30));
	tick(p, 119, "");
	assert_int_equal(wq_engine_wake(p->engine), M(120));
	tick(p, 120, "escalated");
	expect_step(p, 2, WQ_HOURS(2));
	tick(p, 239, "");
	tick(p, 240, "escalated");
	expect_step(p, 3, WQ_HOURS(4));
	tick(p, 900, "");
	give(p, 910, 1, "cleared");
	/* Anew with the next; and an answer ends it. */
	give(p, 1000, 40, "opened");
	tick(p, 1030, "escalated");
	expect_step(p, 1, WQ_MINUTES(30));
	assert_int_equal(wq_engine_acknowledge(p->engine, alarm_of(p)->id, "张三", NULL, M(1031), &p->out, NULL), 0);
	tick(p, 1400, "");
	plant_free(p);
}

/* The clock is set by a year between two steps; then the program starts anew, with two steps due. */
static void the_ladder_outlives_clocks_and_restarts(void **state)
{
	struct plant *p = plant_with_a_ladder();
	(void)state;
	give(p, 0, 40, "opened");
	tick(p, 30, "escalated");
	wq_engine_stepped(p->engine, WQ_DAYS(365), M(60) + WQ_DAYS(365));
	plant_tick(p, M(119) + WQ_DAYS(365));
	expect(p, "");
	plant_tick(p, M(120) + WQ_DAYS(365));
	expect(p, "escalated");
	expect_step(p, 2, WQ_HOURS(2));
	plant_free(p);

	p = plant_with_a_ladder();
	struct wq_alarm alarm = { .id = 2026030500009, .last = { .series = TP } };
	wq_alarm_follow(&alarm, WQ_OPENED, WQ_LEVEL_ALARM, M(0), M(0), WQ_HUSH_NONE);
	wq_alarm_follow(&alarm, WQ_ESCALATED, WQ_LEVEL_ALARM, M(31), M(31), WQ_HUSH_NONE);
	assert_int_equal(alarm.escalations, 1);
	assert_int_equal(wq_engine_restore_alarm(p->engine, &alarm, NULL), 0);
	tick(p, 119, "");
	tick(p, 300, "escalated");
	expect_step(p, 2, WQ_HOURS(2));
	tick(p, 301, "escalated");
	expect_step(p, 3, WQ_HOURS(4));
	tick(p, 900, "");
	plant_free(p);
}

static void what_came_first_at_a_station_is_marked(void **state)
{
	struct plant *p = plant_new(0);
	const struct wq_alarm *const *alarms;
	(void)state;
	give(p, 10, 40, "opened");
	assert_non_null(strstr(p->out.changes[0].evidence, "\"first\":true"));
	struct wq_alarm whole = { .id = 2026030500009,
		.rule = 1,
		.level = WQ_LEVEL_WARNING,
		.state = WQ_LIFE_ACTIVE,
		.opened = M(5),
		.last = { .series = WQ_NONE } };
	assert_int_equal(wq_engine_restore_alarm(p->engine, &whole, NULL), 0);
	assert_int_equal(wq_engine_alarms(p->engine, &alarms), 2);
	assert_true(wq_engine_first(p->engine, alarms[0]) == whole.id);
	assert_true(wq_engine_first(p->engine, alarms[1]) == whole.id);
	tick(p, 40, "escalated");
	assert_non_null(strstr(p->out.changes[0].evidence, "\"first\":\"W20260305-009\""));
	plant_free(p);
}

static void an_alarm_whose_series_is_silent_is_stale_and_keeps_its_level(void **state)
{
	struct plant *p = plant_new(0);
	(void)state;
	give(p, 0, 40, "opened");
	const wq_ms limit = 2 * p->site.series[TP].interval;
	assert_false(wq_engine_stale(p->engine, alarm_of(p), M(0) + limit));
	assert_true(wq_engine_stale(p->engine, alarm_of(p), M(0) + limit + 1));
	plant_give(p, TP, M(0) + limit, NAN, M(0) + limit);
	assert_true(wq_engine_stale(p->engine, alarm_of(p), M(0) + limit + 1));
	assert_int_equal(alarm_of(p)->level, WQ_LEVEL_ALARM);
	plant_give(p, TP, M(0) + limit, 41, M(0) + limit);
	assert_false(wq_engine_stale(p->engine, alarm_of(p), M(0) + limit + 1));
	plant_free(p);
}

/* -- a rule of time: it says again what it said, with the time of the tick, and is in no hurry -- */

static bool say_silence(void *memory, const void *settings, const struct wq_view *view, struct wq_verdict *out)
{
	(void)memory, (void)settings;
	out->finding = WQ_FINDING_RAISE;
	out->level = WQ_LEVEL_WATCH;
	out->at = wq_view_now(view);
	return true;
}

static wq_ms in_an_hour(const void *memory, const void *settings, const struct wq_view *view)
{
	(void)memory, (void)settings;
	return wq_view_now(view) + WQ_HOURS(1);
}

static void a_rule_of_time_is_asked_again_when_its_delay_is_over(void **state)
{
	static const struct wq_rule slow = { .name = "slow", .scope = WQ_SCOPE_SERIES, .on_time = say_silence, .wake = in_an_hour };
	struct plant *p = plant_new(0);
	(void)state;
	((struct wq_rule_use *)p->site.rules)[0].rule = &slow;
	((struct wq_rule_use *)p->site.rules)[0].life.on_delay = WQ_MINUTES(5);
	tick(p, 0, "");
	tick(p, 4, "");
	tick(p, 5, "opened");
	plant_free(p);
}

/* -- many alarms -- */

#define MANY 200

static bool say_value(void *memory, const void *settings, const struct wq_view *view, struct wq_verdict *out)
{
	const struct wq_reading *r = wq_view_trigger(view);
	(void)memory, (void)settings;
	out->series = wq_view_place(view);
	out->at = r->at;
	out->value = r->value;
	out->finding = r->value >= 1 ? WQ_FINDING_RAISE : WQ_FINDING_CLEAR;
	out->level = (enum wq_level)r->value;
	return true;
}

static const struct wq_rule by_value = { .name = "value", .scope = WQ_SCOPE_SERIES, .on_batch = say_value };

struct city {
	struct wq_site site;
	struct wq_station stations[MANY];
	struct wq_series series[MANY];
	uint32_t places[MANY];
	struct wq_rule_use rules[2];
	struct wq_engine *engine;
	struct wq_outcome out;
};

static struct city *city_new(int64_t flood)
{
	static const uint32_t one[] = { 0 };
	struct city *c = calloc(1, sizeof *c);
	for (uint32_t i = 0; i < MANY; i++) {
		c->stations[i] = (struct wq_station){ .id = "s",
			.name = "站",
			.flows_into = WQ_NONE,
			.zone = &wq_zone_china,
			.first_series = i,
			.series_count = 1 };
		c->series[i] = (struct wq_series){ .station = i,
			.parameter = 4,
			.interval = WQ_MINUTES(5),
			.late_after = WQ_HOURS(8),
			.high = 100 };
		c->places[i] = i;
	}
	c->rules[0] = (struct wq_rule_use){ .rule = &by_value,
		.name = "value",
		.place_count = MANY,
		.places = c->places,
		.escalate_after = { WQ_NO_TIME, WQ_NO_TIME, WQ_NO_TIME, WQ_HOURS(1), WQ_MINUTES(30) } };
	c->rules[1] = (struct wq_rule_use){ .rule = &wq_rule_system,
		.name = WQ_FLOOD_RULE,
		.place_count = 1,
		.places = one,
		.escalate_after = { WQ_NO_TIME, WQ_NO_TIME, WQ_NO_TIME, WQ_NO_TIME, WQ_NO_TIME } };
	c->site = (struct wq_site){ .name = "张家港",
		.zone = &wq_zone_china,
		.standard = &wq_gb3838,
		.evaluation = { .minimum_valid = 4, .day_closes_after = WQ_HOURS(1), .future_tolerance = WQ_MINUTES(10) },
		.duty = { .flood_alarms = flood, .flood_within = WQ_MINUTES(10) },
		.parameter_count = wq_parameter_count,
		.station_count = MANY,
		.series_count = MANY,
		.rule_count = 2,
		.parameters = wq_parameters,
		.stations = c->stations,
		.series = c->series,
		.rules = c->rules };
	c->engine = wq_engine_new(&c->site, NULL);
	return c;
}

static void city_free(struct city *c)
{
	wq_engine_free(c->engine);
	wq_outcome_free(&c->out);
	free(c);
}

static void city_give(struct city *c, uint32_t series, wq_ms at, double value)
{
	const struct wq_sample sample = { .series = series, .quality = WQ_UNCHECKED, .at = at, .value = value };
	const struct wq_batch batch = { .received = at, .trusted = true, .count = 1, .samples = &sample };
	assert_int_equal(wq_engine_batch(c->engine, &batch, &c->out, NULL), 0);
}

static size_t told(const struct wq_outcome *out)
{
	size_t n = 0;
	for (size_t i = 0; i < out->change_count; i++)
		n += out->changes[i].hush == WQ_HUSH_NONE;
	return n;
}

/* From what the first engine concluded, as the store keeps it. */
static void city_restart(struct city *c, const struct wq_outcome *history, wq_ms now)
{
	struct wq_alarm alarms[MANY + 1] = { 0 };
	wq_engine_free(c->engine);
	c->engine = wq_engine_new(&c->site, NULL);
	for (size_t i = 0; i < history->sample_count; i++) {
		const struct wq_stored *s = &history->samples[i];
		const struct wq_sample sample = { .series = s->series, .quality = s->quality, .at = s->at, .value = s->value };
		assert_int_equal(wq_engine_restore_sample(c->engine, &sample, s->received, NULL), 0);
	}
	for (size_t i = 0; i < history->change_count; i++) {
		const struct wq_change *h = &history->changes[i];
		struct wq_alarm *a = &alarms[h->rule == 0 ? h->place : MANY];
		a->id = h->alarm;
		a->rule = h->rule;
		a->place = h->place;
		a->last.series = h->series;
		a->last.at = h->time;
		wq_alarm_follow(a, h->kind, h->level, h->time, h->decided, h->hush);
	}
	for (size_t i = 0; i <= MANY; i++)
		if (alarms[i].state != WQ_LIFE_NORMAL)
			assert_int_equal(wq_engine_restore_alarm(c->engine, &alarms[i], NULL), 0);
	for (size_t i = 0; i < history->shelf_count; i++)
		assert_int_equal(wq_engine_restore_shelf(c->engine, &history->shelves[i], NULL), 0);
	for (size_t i = 0; i < history->change_count; i++) {
		const struct wq_change *h = &history->changes[i];
		const struct wq_opening opening = { h->alarm, h->rule, h->place, h->time, h->decided, h->hush, true };
		if (h->kind == WQ_OPENED && h->decided >= wq_engine_openings(c->engine, now))
			wq_engine_restore_opening(c->engine, &opening);
	}
}

static void two_hundred_alarms_and_a_restart_tell_nobody_anything(void **state)
{
	struct city *c = city_new(0);
	const struct wq_alarm *const *alarms;
	(void)state;
	for (uint32_t i = 0; i < MANY; i++)
		city_give(c, i, M(0) + i, 1 + i % 4);
	assert_int_equal(c->out.change_count, MANY);
	assert_int_equal(wq_engine_alarms(c->engine, &alarms), MANY);
	for (size_t i = 0; i < MANY; i += 3)
		assert_int_equal(wq_engine_acknowledge(c->engine, alarms[i]->id, "a", NULL, M(1), &c->out, NULL), 0);
	for (uint32_t i = 0; i < MANY; i += 7)
		assert_int_equal(wq_engine_shelve(c->engine, 0, i, M(240), "a", "b", M(2), &c->out, NULL), 0);
	assert_int_equal(wq_engine_tick(c->engine, M(31), &c->out, NULL), 0); /* level alarm escalates */
	struct wq_outcome history = c->out;
	c->out = (struct wq_outcome){ 0 };
	for (int times = 0; times < 3; times++) {
		city_restart(c, &history, M(32));
		for (int minute = 32; minute < 55; minute++)
			assert_int_equal(wq_engine_tick(c->engine, M(minute), &c->out, NULL), 0);
		for (uint32_t i = 0; i < MANY; i++)
			city_give(c, i, M(56) + i, 1 + i % 4); /* what exceeds goes on exceeding */
		assert_int_equal(c->out.change_count, 0);
		assert_int_equal(c->out.shelf_count, 0);
		assert_int_equal(wq_engine_alarms(c->engine, &alarms), MANY);
		wq_outcome_reset(&c->out);
	}
	wq_outcome_free(&history);
	city_free(c);
}

static void a_flood_is_told_as_one(void **state)
{
	struct city *c = city_new(10);
	(void)state;
	/* Half of them are of the lesser levels. */
	for (uint32_t i = 0; i < 40; i++)
		city_give(c, i, M(0) + WQ_SECONDS(i), 1 + i % 4);
	assert_int_equal(c->out.change_count, 41);
	assert_int_equal(c->out.changes[0].hush, WQ_HUSH_NONE);
	/* The eleventh is one too many. */
	const struct wq_change *flood = NULL;
	size_t held = 0;
	for (size_t i = 0; i < c->out.change_count; i++) {
		const struct wq_change *h = &c->out.changes[i];
		held += h->hush == WQ_HUSH_FLOOD;
		assert_false(h->hush == WQ_HUSH_FLOOD && h->level >= WQ_LEVEL_WARNING);
		if (h->rule == 1)
			flood = h;
	}
	assert_non_null(flood);
	assert_int_equal(held, 14); /* of the 30 from the eleventh on */
	assert_int_equal(told(&c->out), 41 - 14);
	assert_string_equal(flood->says, "报警超过10条(10分钟内),累计11条,首报站总磷(W20260305-001);其间提示、关注只记录不通知");
	assert_int_equal(wq_engine_flood(c->engine), 14);
	/* Over a restart it goes on, with its numbers. */
	struct wq_outcome history = c->out;
	c->out = (struct wq_outcome){ 0 };
	city_restart(c, &history, M(2));
	assert_int_equal(wq_engine_flood(c->engine), 14);
	/* One that nobody heard of clears unheard; raised to warning it is told. */
	city_give(c, 12, M(3), 0);
	city_give(c, 13, M(3), 3);
	assert_int_equal(c->out.change_count, 2);
	assert_int_equal(c->out.changes[0].hush, WQ_HUSH_FLOOD);
	assert_int_equal(c->out.changes[1].hush, WQ_HUSH_NONE);
	wq_outcome_reset(&c->out);
	assert_int_equal(wq_engine_tick(c->engine, M(10), &c->out, NULL), 0);
	assert_int_equal(c->out.change_count, 0);
	assert_int_equal(wq_engine_tick(c->engine, M(11), &c->out, NULL), 0);
	assert_int_equal(c->out.change_count, 1);
	assert_int_equal(c->out.changes[0].kind, WQ_CLEARED);
	assert_string_equal(c->out.changes[0].says,
		"报警共40条,其中14条提示、关注未单独通知,首报站总磷(W20260305-001)");
	assert_int_equal(wq_engine_flood(c->engine), -1);
	wq_outcome_free(&history);
	city_free(c);
}

static void ten_alarms_in_ten_minutes_are_no_flood(void **state)
{
	struct city *c = city_new(10);
	(void)state;
	for (uint32_t i = 0; i < 50; i++)
		city_give(c, i, M(i), 2);
	assert_int_equal(c->out.change_count, 50);
	assert_int_equal(told(&c->out), 50);
	city_free(c);
}

/* -- evidence -- */

static void evidence_is_whole_and_bounded(void **state)
{
	struct plant *p = plant_new(0);
	struct wq_station *station = (struct wq_station *)p->site.stations;
	static char name[64];
	(void)state;
	memset(name, '"', sizeof name - 1);
	station->id = name;
	for (int i = 0; i < 60; i++)
		for (int s = PH; s < SERIES; s++)
			plant_give(p, s, M(i), 0.123456789 + 0.01 * i, M(i));
	plant_give(p, TP, M(61), 41.987654321, M(61));
	const char *e = p->out.changes[0].evidence;
	size_t length = strlen(e);
	assert_true(length < WQ_EVIDENCE_TEXT && e[length - 1] == '}');
	assert_non_null(strstr(e, "41.987654321,\"good\"]"));
	assert_non_null(strstr(e, "\"where\":\"here\""));
	assert_non_null(strstr(e, "\"neighbours\":[{"));
	assert_non_null(strstr(e, "\"settings\":{"));
	plant_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_alarm_opens_when_readings_have_exceeded_for_long_enough),
		cmocka_unit_test(a_break_begins_the_delay_anew_and_what_is_unknown_is_none),
		cmocka_unit_test(an_alarm_clears_when_the_water_has_met_for_long_enough),
		cmocka_unit_test(an_alarm_of_a_clock_that_was_ahead_clears),
		cmocka_unit_test(a_latched_alarm_waits_for_somebody),
		cmocka_unit_test(an_alarm_that_chatters_is_shelved_and_told_once),
		cmocka_unit_test(openings_far_apart_are_no_chatter),
		cmocka_unit_test(on_the_shelf_an_alarm_lives_on_in_silence),
		cmocka_unit_test(what_is_still_open_when_the_shelf_ends_is_told_again),
		cmocka_unit_test(a_shelf_always_ends),
		cmocka_unit_test(late_data_ring_no_escalation_and_remind_nobody),
		cmocka_unit_test(who_does_not_answer_is_reminded_a_few_times),
		cmocka_unit_test(a_reminder_that_is_due_with_the_escalation_waits_a_span),
		cmocka_unit_test(an_answer_ends_the_reminders_and_begins_rarer_ones),
		cmocka_unit_test(nobody_is_reminded_of_lesser_levels_of_what_is_shelved),
		cmocka_unit_test(what_has_recovered_and_waits_reminds_too),
		cmocka_unit_test(reminders_outlive_restarts_and_clocks),
		cmocka_unit_test(an_alarm_escalates_step_by_step_until_somebody_answers),
		cmocka_unit_test(the_ladder_outlives_clocks_and_restarts),
		cmocka_unit_test(what_came_first_at_a_station_is_marked),
		cmocka_unit_test(an_alarm_whose_series_is_silent_is_stale_and_keeps_its_level),
		cmocka_unit_test(a_rule_of_time_is_asked_again_when_its_delay_is_over),
		cmocka_unit_test(two_hundred_alarms_and_a_restart_tell_nobody_anything),
		cmocka_unit_test(a_flood_is_told_as_one),
		cmocka_unit_test(ten_alarms_in_ten_minutes_are_no_flood),
		cmocka_unit_test(evidence_is_whole_and_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
