/* SPDX-License-Identifier: Apache-2.0 */
/* Profiles: by date and by hand, and what an inactive rule does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "river.h"

#include "wq/err.h"

static struct river r;
static const struct river_station one[] = { { .id = "yigan", .name = "一干河" }, { 0 } };

/* From 10 on it raises, with each reading and with each tick; below 5 it clears. */
static bool judge(void *state, const void *settings, const struct wq_view *view, struct wq_verdict *out)
{
	size_t count;
	const struct wq_reading *readings = wq_view_readings(view, wq_view_place(view), &count);

	(void)state, (void)settings;
	if (count == 0)
		return false;
	out->series = wq_view_place(view);
	out->at = wq_view_now(view);
	out->finding = readings[count - 1].value >= 10 ? WQ_FINDING_RAISE
		: readings[count - 1].value < 5        ? WQ_FINDING_CLEAR
						       : WQ_FINDING_HOLD;
	out->level = readings[count - 1].value >= 20 ? WQ_LEVEL_ALARM : WQ_LEVEL_WATCH;
	wq_verdict_say(out, "%g", readings[count - 1].value);
	return true;
}

/* Asked by time only when it is woken. */
static wq_ms wake(const void *state, const void *settings, const struct wq_view *view)
{
	(void)state, (void)settings, (void)view;
	return INT64_MAX;
}

static const struct wq_rule rule = { .name = "script",
	.scope = WQ_SCOPE_SERIES,
	.on_batch = judge,
	.on_time = judge,
	.wake = wake };

/* 2026-03-05 is DAY0. */
static const struct wq_profile profiles[] = { { "spring", 3, 7, 3, 9 }, { "winter", 11, 15, 3, 5 } };

static void begin(uint32_t in, uint32_t except)
{
	const struct river_rule rules[] = { { .rule = &rule, .settings = "", .profiles = in, .except_profiles = except },
		{ 0 } };

	river_open(&r, one, "ph", rules);
	r.series[0].high = 100;
	r.site.profiles = profiles;
	r.site.profile_count = 2;
	river_restart(&r);
}

static bool on(uint32_t profile, wq_ms now)
{
	return wq_engine_profile_on(r.engine, profile, now);
}

static int say(uint32_t profile, enum wq_profile_hand hand, wq_ms until, wq_ms now)
{
	struct wq_profile_word word = { profile, hand, now, until, "王", "暴雨" };

	wq_outcome_reset(&r.out);
	return wq_engine_profile(r.engine, &word, &r.out, NULL);
}

static void both_ends_belong_to_a_profile_in_the_sites_zone_and_years_wrap(void **state)
{
	static const struct {
		int hours; /* from DAY0, local midnight */
		bool spring, winter;
	} table[] = {
		{ -24 * 120, false, false },  /* 2025-11-05 */
		{ -24 * 110 - 1, false, false }, /* 2025-11-14 23:00 */
		{ -24 * 110, false, true },
		{ -24 * 30, false, true },
		{ 0, false, true },
		{ 23, false, true },  /* the fifth, 23:00 */
		{ 24, false, false },
		{ 47, false, false },
		{ 48, true, false },  /* the seventh */
		{ 119, true, false }, /* the ninth, 23:00 */
		{ 120, false, false },
		{ 24 * 365 + 48, true, false },
	};

	(void)state;
	begin(1, 0);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		assert_int_equal(on(0, DAY0 + WQ_HOURS(table[i].hours)), table[i].spring);
		assert_int_equal(on(1, DAY0 + WQ_HOURS(table[i].hours)), table[i].winter);
	}
	river_close(&r);
}

/* After each day (the fifth to the eleventh) with this reading at noon: the level that is open. */
static void rules_follow_their_profiles(void **state)
{
	static const struct {
		uint32_t in, except;
		double values[7];
		const char *levels;
	} table[] = {
		{ 0, 0, { 10, 10, 10, 10, 10, 10, 10 }, "wwwwwww" },
		{ 1, 0, { 10, 10, 10, 10, 10, 10, 10 }, "..wwwww" }, /* opened in it, stays after it */
		{ 0, 1, { 10, 10, 10, 10, 10, 10, 10 }, "wwwwwww" },
		{ 0, 1, { 1, 10, 1, 10, 10, 10, 10 }, ".w...ww" },   /* clears while inactive, does not open */
		{ 2, 0, { 10, 20, 1, 10, 10, 10, 10 }, "ww....." },  /* not raised while inactive */
		{ 3, 0, { 10, 1, 10, 10, 1, 10, 10 }, "w.ww..." },   /* one of two is enough */
		{ 3, 1, { 10, 1, 10, 10, 10, 10, 10 }, "w......" },  /* an exception is stronger */
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		char levels[8] = "";

		begin(table[i].in, table[i].except);
		for (int day = 0; day < 7; day++) {
			const struct wq_alarm *const *alarms;

			river_read(&r, 0, 0, DAY0 + WQ_DAYS(day) + WQ_HOURS(12), table[i].values[day] + day * 0.001);
			levels[day] = wq_engine_alarms(r.engine, &alarms) ? ".iwWA"[alarms[0]->level] : '.';
		}
		if (strcmp(levels, table[i].levels) != 0)
			fail_msg("row %zu: %s, not %s", i, levels, table[i].levels);
		river_close(&r);
	}
}

static void a_rule_that_becomes_active_is_asked_at_once(void **state)
{
	(void)state;
	begin(1, 0);
	river_read(&r, 0, 0, DAY0 + WQ_HOURS(47), 10);
	river_tick(&r, DAY0 + WQ_HOURS(48) - 1000);
	assert_int_equal(river_alarms(&r, 0), 0);
	assert_true(wq_engine_wake(r.engine) <= DAY0 + WQ_HOURS(48));
	river_tick(&r, DAY0 + WQ_HOURS(48));
	assert_int_equal(river_alarms(&r, 0), 1);
	river_close(&r);
}

static void a_person_is_stronger_than_the_date_until_the_time_said(void **state)
{
	wq_ms noon = DAY0 + WQ_HOURS(12);

	(void)state;
	begin(1, 0);
	river_read(&r, 0, 0, noon, 10);
	assert_int_equal(river_alarms(&r, 0), 0);
	assert_int_equal(say(0, WQ_PROFILE_ON, noon + WQ_HOURS(2), noon), 0);
	assert_int_equal(r.out.word_count, 1);
	assert_string_equal(r.out.words[0].reason, "暴雨");
	river_tick(&r, noon + 2000);
	assert_int_equal(river_alarms(&r, 0), 1);
	assert_true(on(0, noon + 2000));
	assert_true(wq_engine_profile_word(r.engine, 0, noon + 2000)->until == noon + WQ_HOURS(2));
	/* It ends by itself; by the date it is off again. */
	river_read(&r, 0, 0, noon + WQ_HOURS(1), 1);
	river_read(&r, 0, 0, noon + WQ_HOURS(3), 11);
	assert_int_equal(river_alarms(&r, 0), 0);
	assert_false(on(0, noon + WQ_HOURS(3)));
	assert_null(wq_engine_profile_word(r.engine, 0, noon + WQ_HOURS(3)));
	/* Off in its own days, until something else is said. */
	assert_int_equal(say(0, WQ_PROFILE_OFF, WQ_NO_TIME, noon + WQ_HOURS(4)), 0);
	river_tick(&r, DAY0 + WQ_HOURS(50));
	assert_int_equal(river_alarms(&r, 0), 0);
	assert_int_equal(say(0, WQ_PROFILE_AUTO, WQ_NO_TIME, DAY0 + WQ_HOURS(51)), 0);
	river_tick(&r, DAY0 + WQ_HOURS(52));
	assert_int_equal(river_alarms(&r, 0), 1);
	assert_int_equal(say(2, WQ_PROFILE_ON, WQ_NO_TIME, DAY0 + WQ_HOURS(53)), WQ_E_MISSING);
	assert_int_equal(say(0, WQ_PROFILE_OFF, DAY0 + WQ_HOURS(53), DAY0 + WQ_HOURS(53)), WQ_E_INVALID);
	assert_int_equal(r.out.word_count, 0);
	river_close(&r);
}

/* What it may not raise breaks the stretch that off_delay asks for all the same. */
static void what_exceeds_while_inactive_does_not_meet(void **state)
{
	(void)state;
	begin(0, 1);
	r.uses[0].life.off_delay = WQ_HOURS(6);
	river_restart(&r);
	river_read(&r, 0, 0, DAY0 + WQ_HOURS(44), 10);
	assert_int_equal(river_alarms(&r, 0), 1);
	river_read(&r, 0, 0, DAY0 + WQ_HOURS(50), 1); /* inactive from 48 on */
	river_read(&r, 0, 0, DAY0 + WQ_HOURS(54), 12);
	river_read(&r, 0, 0, DAY0 + WQ_HOURS(58), 1.1);
	assert_int_equal(river_alarms(&r, 0), 1);
	river_read(&r, 0, 0, DAY0 + WQ_HOURS(62), 1);
	river_read(&r, 0, 0, DAY0 + WQ_HOURS(66), 1.1);
	assert_int_equal(river_alarms(&r, 0), 0);
	river_close(&r);
}

/* The newest word holds after a restart, so what is said later is later, even when the clock was set back or stands still. */
static void what_is_said_later_is_recorded_as_later(void **state)
{
	wq_ms noon = DAY0 + WQ_HOURS(12);

	(void)state;
	begin(1, 0);
	assert_int_equal(say(0, WQ_PROFILE_ON, WQ_NO_TIME, noon), 0);
	assert_true(r.out.words[0].since == noon);
	assert_int_equal(say(0, WQ_PROFILE_OFF, WQ_NO_TIME, noon), 0);
	assert_true(r.out.words[0].since == noon + 1);
	assert_int_equal(say(0, WQ_PROFILE_ON, noon - WQ_HOURS(1), noon - WQ_HOURS(2)), 0);
	assert_true(r.out.words[0].since == noon + 2 && r.out.words[0].until == noon - WQ_HOURS(1));
	assert_true(on(0, noon - WQ_HOURS(2)));
	assert_int_equal(say(0, WQ_PROFILE_OFF, noon - WQ_HOURS(2), noon - WQ_HOURS(2)), WQ_E_INVALID);
	assert_int_equal(say(0, WQ_PROFILE_OFF, WQ_NO_TIME, noon + WQ_HOURS(1)), 0);
	assert_true(r.out.words[0].since == noon + WQ_HOURS(1));
	/* Of another profile nothing was said yet. */
	assert_int_equal(say(1, WQ_PROFILE_OFF, WQ_NO_TIME, noon), 0);
	assert_true(r.out.words[0].since == noon);
	river_close(&r);
}

static void what_was_said_outlives_a_restart(void **state)
{
	struct wq_profile_word word = { 0, WQ_PROFILE_ON, DAY0, DAY0 + WQ_HOURS(20), "王", "暴雨" };

	(void)state;
	begin(1, 0);
	assert_int_equal(wq_engine_restore_profile(r.engine, &word, NULL), 0);
	word.profile = 2;
	assert_int_equal(wq_engine_restore_profile(r.engine, &word, NULL), WQ_E_MISSING);
	river_read(&r, 0, 0, DAY0 + WQ_HOURS(12), 10);
	assert_int_equal(river_alarms(&r, 0), 1);
	assert_string_equal(wq_engine_profile_word(r.engine, 0, DAY0 + WQ_HOURS(12))->who, "王");
	assert_false(on(0, DAY0 + WQ_HOURS(20)));
	river_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ends_belong_to_a_profile_in_the_sites_zone_and_years_wrap),
		cmocka_unit_test(rules_follow_their_profiles),
		cmocka_unit_test(a_rule_that_becomes_active_is_asked_at_once),
		cmocka_unit_test(a_person_is_stronger_than_the_date_until_the_time_said),
		cmocka_unit_test(what_is_said_later_is_recorded_as_later),
		cmocka_unit_test(what_exceeds_while_inactive_does_not_meet),
		cmocka_unit_test(what_was_said_outlives_a_restart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
