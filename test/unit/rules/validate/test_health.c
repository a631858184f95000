/* SPDX-License-Identifier: Apache-2.0 */
/* Faults of an instrument, value by value. */
#include "wq/err.h"
#include "wq/health.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MANY 600
#define STEP WQ_MINUTES(15)

struct run {
	struct wq_health_settings settings;
	struct wq_health *health; /* owned */
	size_t fed, told;
	wq_ms at;
	double other; /* what it may be copied from */
	uint8_t flags[MANY], tests[MANY]; /* by index of the value */
	wq_ms delay[MANY];                /* from the value to its flag */
};

static struct run *begin(const struct wq_health_settings *settings)
{
	struct run *run = calloc(1, sizeof *run);

	assert_int_equal(wq_health_check(settings, NULL), 0);
	run->settings = *settings;
	run->other = NAN;
	run->health = calloc(1, wq_health_size(settings));
	return run;
}

static void take(struct run *run, const struct wq_health_verdict *verdicts, size_t count)
{
	assert_true(count <= WQ_HEALTH_VERDICTS);
	for (size_t i = 0; i < count; i++) {
		const size_t n = (size_t)(verdicts[i].at / STEP);

		assert_int_equal(run->flags[n], 0); /* once only */
		run->flags[n] = verdicts[i].flag;
		run->tests[n] = verdicts[i].test;
		run->delay[n] = run->at - verdicts[i].at;
	}
	run->told += count;
}

static void feed_with(struct run *run, double value, bool with)
{
	struct wq_health_verdict verdicts[WQ_HEALTH_VERDICTS];

	run->at = (wq_ms)run->fed++ * STEP;
	take(run, verdicts, wq_health_next(run->health, &run->settings, run->at, value, with, run->other, verdicts));
}

static void feed(struct run *run, double value)
{
	feed_with(run, value, false);
}

static void finish(struct run *run)
{
	struct wq_health_verdict verdicts[WQ_HEALTH_VERDICTS];

	take(run, verdicts, wq_health_end(run->health, verdicts));
	assert_int_equal(run->told, run->fed); /* each value has one flag */
}

static void end(struct run *run)
{
	finish(run);
	free(run->health);
	free(run);
}

static struct wq_health_settings level(void)
{
	struct wq_health_settings s;

	wq_health_init(&s);
	s.spike = WQ_SPIKE_LEVEL;
	s.floor = .1;
	return s;
}

static struct wq_health_settings step(void)
{
	struct wq_health_settings s;

	wq_health_init(&s);
	s.spike = WQ_SPIKE_STEP;
	s.floor = .1;
	s.k = 10;
	return s;
}

/* A quiet river. */
static void feed_quiet(struct run *run, size_t count, double around)
{
	for (size_t i = 0; i < count; i++)
		feed(run, around + .05 * sin((double)run->fed));
}

static void a_range_holds_its_ends_and_says_what_it_is(void **state)
{
	struct wq_health_settings s;
	struct run *run;

	(void)state;
	wq_health_init(&s);
	s.low = 1;
	s.high = 5;
	s.above = -1;
	run = begin(&s);
	for (size_t i = 0; i < 6; i++)
		feed(run, ((const double[]){ 1, 5, .9, 5.1, NAN, INFINITY })[i]);
	finish(run);
	assert_memory_equal(run->flags, ((const uint8_t[]){ 1, 1, 4, 4, 9, 4 }), 6);
	assert_int_equal(run->tests[3], WQ_HEALTH_RANGE);
	assert_int_equal(run->tests[4], WQ_HEALTH_MISSING);
	end(run);
	s.low = s.high = NAN;
	s.above = 0;
	run = begin(&s);
	feed(run, 0);
	feed(run, -1);
	feed(run, 1e-9);
	assert_memory_equal(run->flags, ((const uint8_t[]){ 4, 4, 1 }), 3);
	end(run);
}

static void a_spike_is_told_when_the_next_value_is_back(void **state)
{
	const struct wq_health_settings s = level();
	struct run *run = begin(&s);

	(void)state;
	feed_quiet(run, 50, 10);
	feed(run, 15);
	assert_int_equal(run->flags[50], 0);
	feed(run, NAN); /* says nothing */
	feed(run, 10);
	assert_int_equal(run->flags[50], WQ_QC_SUSPECT);
	assert_int_equal(run->tests[50], WQ_HEALTH_SPIKE);
	assert_int_equal(run->delay[50], 2 * STEP);
	assert_int_equal(run->flags[52], WQ_QC_GOOD); /* and smears none of its neighbours */
	assert_int_equal(run->flags[49], WQ_QC_GOOD);
	end(run);
}

static void a_step_that_stays_is_the_water(void **state)
{
	const struct wq_health_settings s = level();
	struct run *run = begin(&s);

	(void)state;
	feed_quiet(run, 50, 10);
	feed_quiet(run, 50, 15);
	finish(run);
	for (size_t i = 0; i < 100; i++)
		assert_int_equal(run->flags[i], WQ_QC_GOOD);
	end(run);
}

/* A level of two values that is left again, as one of many: neither of them was a spike. From there one may be. */
static void two_values_are_a_level_and_it_has_spikes_of_its_own(void **state)
{
	const struct wq_health_settings s = level();
	struct run *run = begin(&s);

	(void)state;
	feed_quiet(run, 50, 10);
	feed(run, 15);
	feed(run, 15.01);
	feed_quiet(run, 10, 10);
	feed(run, 15);
	feed(run, 15.01);
	feed(run, 40);
	feed(run, 15.02);
	feed(run, 40);
	feed_quiet(run, 10, 10);
	for (size_t i = 0; i < 77; i++)
		assert_int_equal(run->flags[i], i == 64 || i == 66 ? WQ_QC_SUSPECT : WQ_QC_GOOD);
	end(run);
}

static void the_newest_value_that_may_be_a_spike_is_not_evaluated(void **state)
{
	const struct wq_health_settings s = level();
	struct run *run = begin(&s);

	(void)state;
	feed_quiet(run, 50, 10);
	feed(run, 15);
	finish(run);
	assert_int_equal(run->flags[50], WQ_QC_UNKNOWN);
	end(run);
}

static void the_first_value_after_a_gap_is_suspect(void **state)
{
	struct wq_health_settings s = level();

	(void)state;
	s.gap = WQ_HOURS(12);
	for (int jump = 0; jump < 2; jump++)
		for (int any = 0; any < 2; any++) {
			struct run *run;

			s.gap_k = any ? (double)NAN : 7;
			run = begin(&s);
			feed_quiet(run, 50, 10);
			for (int i = 0; i < 60; i++)
				feed(run, NAN);
			feed_quiet(run, 20, jump ? 15 : 10);
			finish(run);
			assert_int_equal(run->flags[110], any || jump ? WQ_QC_SUSPECT : WQ_QC_GOOD);
			assert_int_equal(run->flags[111], WQ_QC_GOOD);
			end(run);
		}
}

static void where_the_instrument_stays_at_the_bottom_no_spike_is_told(void **state)
{
	struct wq_health_settings s = level();
	struct run *run;

	(void)state;
	s.above = 0;
	s.log = .01;
	run = begin(&s);
	feed_quiet(run, 50, 10);
	for (int i = 0; i < 10; i++)
		feed(run, -.01);
	feed(run, .01);
	feed(run, .02);
	finish(run);
	assert_int_equal(run->flags[55], WQ_QC_FAIL);
	assert_int_equal(run->flags[60], WQ_QC_GOOD);
	end(run);
}

static void a_step_is_told_at_once_unless_it_has_to_come_back(void **state)
{
	struct wq_health_settings s = step();

	(void)state;
	for (int waits = 0; waits < 2; waits++)
		for (int stays = 0; stays < 2; stays++) {
			struct run *run;

			s.back = waits ? .5 : (double)NAN;
			run = begin(&s);
			feed_quiet(run, 50, 10);
			feed(run, 15);
			feed_quiet(run, 10, stays ? 15 : 10);
			finish(run);
			assert_int_equal(run->flags[50], waits && stays ? WQ_QC_GOOD : WQ_QC_SUSPECT);
			assert_int_equal(run->delay[50], waits * STEP);
			end(run);
		}
}

/* A probe out of the water for an hour; a step that stays, or that goes back slowly as water does, is none. */
static void an_offset_is_told_when_it_jumps_back(void **state)
{
	static const double away[][6] = { { 6, 6.1, 6.2, 6.1, 10, 10 }, { 6, 6.1, 6.2, 6.1, 6, 6 }, { 6, 7, 8, 9, 10, 10 },
		{ 6, 6, 6, 6, 8.9, 8.9 } };

	(void)state;
	for (size_t i = 0; i < 4; i++)
		for (int asked = 0; asked < 2; asked++) {
			struct wq_health_settings s = step();
			struct run *run;

			s.back = .5;
			s.offset = asked ? 4 : 0;
			run = begin(&s);
			feed_quiet(run, 50, 10);
			for (size_t k = 0; k < 6; k++)
				feed(run, away[i][k]);
			feed_quiet(run, 10, away[i][5]);
			finish(run);
			for (size_t k = 50; k < 66; k++)
				assert_int_equal(run->flags[k], i == 0 && asked && k == 54 ? WQ_QC_SUSPECT : WQ_QC_GOOD);
			end(run);
		}
}

/* Beyond its values it is the level: nothing is told of the way back. */
static void an_offset_longer_than_asked_is_none(void **state)
{
	(void)state;
	for (size_t length = 2; length < 8; length++) {
		struct wq_health_settings s = step();
		struct run *run;

		s.back = .5;
		s.offset = 5;
		run = begin(&s);
		feed_quiet(run, 50, 10);
		feed_quiet(run, length, 6);
		feed_quiet(run, 10, 10);
		finish(run);
		assert_int_equal(run->flags[50 + length], length <= 5 ? WQ_QC_SUSPECT : WQ_QC_GOOD);
		end(run);
	}
}

static void a_storm_has_no_spike_that_is_alone(void **state)
{
	struct wq_health_settings s = step();
	struct run *run;
	double x = 10;

	(void)state;
	s.alone = 3;
	run = begin(&s);
	feed_quiet(run, 200, 10);
	for (int i = 0; i < 50; i++)
		feed(run, x += i % 3 == 0 ? 2 : -1);
	finish(run);
	for (size_t i = 202; i < 248; i++)
		assert_int_equal(run->flags[i], WQ_QC_GOOD);
	end(run);
}

static void a_probe_that_fails_takes_others_with_it(void **state)
{
	struct wq_health_settings s;
	struct run *run;

	(void)state;
	wq_health_init(&s);
	run = begin(&s);
	feed_with(run, 10, true); /* it does not hang on it */
	end(run);
	s.with = true;
	run = begin(&s);
	feed_with(run, 10, true);
	feed_with(run, 10, false);
	assert_int_equal(run->flags[0], WQ_QC_FAIL);
	assert_int_equal(run->tests[0], WQ_HEALTH_WITH);
	assert_int_equal(run->flags[1], WQ_QC_GOOD);
	end(run);
}

static void flat_is_by_the_clock_and_not_at_the_detection_limit(void **state)
{
	struct wq_health_settings s;
	struct run *run;

	(void)state;
	wq_health_init(&s);
	s.flat_suspect = WQ_HOURS(2);
	s.flat_fail = WQ_HOURS(4);
	s.flat_above = .01;
	run = begin(&s);
	for (int i = 0; i < 40; i++)
		feed(run, i >= 2 && i < 6 ? NAN : 1); /* missing ones make it no shorter */
	for (int i = 0; i < 40; i++)
		feed(run, .01);
	finish(run);
	assert_int_equal(run->flags[7], WQ_QC_GOOD);
	assert_int_equal(run->flags[8], WQ_QC_SUSPECT);
	assert_int_equal(run->flags[15], WQ_QC_SUSPECT);
	assert_int_equal(run->flags[16], WQ_QC_FAIL);
	for (size_t i = 40; i < 80; i++)
		assert_int_equal(run->flags[i], WQ_QC_GOOD);
	end(run);
}

/* An analyser measures every hour, its value is read every quarter: a spike is not back, nor confirmed, by itself. */
static void a_value_told_again_is_one_analysis(void **state)
{
	struct wq_health_settings s = level();
	struct run *run;

	(void)state;
	s.cycle = WQ_HOURS(1);
	run = begin(&s);
	for (int i = 0; i < 200; i++)
		feed(run, 10 + .05 * (i / 4 % 3));
	for (int i = 0; i < 4; i++)
		feed(run, 15);
	for (int i = 0; i < 4; i++)
		feed(run, 10);
	finish(run);
	assert_int_equal(run->flags[200], WQ_QC_SUSPECT);
	assert_int_equal(run->delay[200], 4 * STEP);
	assert_int_equal(run->flags[201], WQ_QC_UNKNOWN); /* not known by then */
	assert_int_equal(run->flags[204], WQ_QC_GOOD);
	end(run);
}

static void whatever_comes_each_value_gets_one_flag(void **state)
{
	(void)state;
	for (unsigned seed = 0; seed < 200; seed++) {
		struct wq_health_settings s = seed % 2 ? level() : step();
		struct run *run;

		srand(seed);
		s.low = -100;
		s.alone = rand() % 3;
		s.back = rand() % 2 ? .5 : (double)NAN;
		s.offset = seed % 2 == 0 && rand() % 2 ? 2 + (size_t)rand() % 9 : 0;
		s.log = rand() % 3 ? (double)NAN : .01;
		s.memory = 20 + (size_t)rand() % 50;
		s.flat_suspect = rand() % 2 ? WQ_HOURS(1) : 0;
		s.cycle = rand() % 2 ? WQ_HOURS(1) : 0;
		s.gap = rand() % 2 ? WQ_HOURS(1) : 0;
		s.with = true;
		s.trust = rand() % 2 ? 8 + (size_t)rand() % 56 : 0;
		run = begin(&s);
		for (int i = 0; i < MANY; i++)
			feed_with(run, rand() % 9 == 0 ? (double)NAN : rand() % 300 - 120., rand() % 7 == 0);
		end(run);
	}
}

static double hundredth(double x)
{
	return round(x * 100) / 100;
}

static struct run *begin_doubting(void)
{
	struct wq_health_settings s;
	struct run *run;

	wq_health_init(&s);
	s.trust = 24;
	run = begin(&s);
	srand(5);
	for (int i = 0; i < 200; i++)
		feed(run, hundredth(10 + rand() % 100 / 100.));
	for (size_t i = 0; i < 200; i++)
		assert_int_equal(run->flags[i], WQ_QC_GOOD);
	return run;
}

static void expect_last(const struct run *run, uint8_t test)
{
	assert_int_equal(run->tests[run->fed - 1], test);
	assert_int_equal(run->flags[run->fed - 1], test == WQ_HEALTH_NONE ? WQ_QC_GOOD : WQ_QC_SUSPECT);
}

static void values_that_were_not_measured_are_suspected_with_the_reason(void **state)
{
	struct run *run = begin_doubting();

	(void)state;
	for (int i = 0; i < 40; i++) /* a straight line, filled in */
		feed(run, hundredth(10 + i * .02));
	expect_last(run, WQ_HEALTH_REGULAR);
	for (int i = 0; i < 40; i++)
		feed(run, hundredth(10 + rand() % 100 / 100.));
	expect_last(run, WQ_HEALTH_NONE);
	for (int i = 0; i < 40; i++) /* read from a display with one decimal */
		feed(run, round(100 + rand() % 10) / 10);
	expect_last(run, WQ_HEALTH_COARSE);
	end(run);
	run = begin_doubting();
	for (int i = 0; i < 40; i++)
		feed(run, run->other = hundredth(10 + rand() % 100 / 100.));
	expect_last(run, WQ_HEALTH_COPIED);
	for (int i = 0; i < 40; i++)
		feed(run, run->other = 10); /* two that stand still are not copied */
	run->other = NAN;
	feed(run, 10.01);
	expect_last(run, WQ_HEALTH_NONE);
	end(run);
}

static void what_to_begin_with_is_known_for_parameters_only(void **state)
{
	struct wq_health_settings s = level();

	(void)state;
	assert_true(wq_health_like(&s, "tp"));
	assert_int_equal(wq_health_check(&s, NULL), 0);
	assert_true(s.high == 5 && s.flat_fail == WQ_HOURS(48) && s.flat_above == .01);
	assert_int_equal(s.spike, WQ_SPIKE_LEVEL);
	assert_false(wq_health_like(&s, "stage"));
}

static void settings_that_make_no_sense_are_refused(void **state)
{
	struct wq_health_settings s = level();

	(void)state;
	s.floor = NAN;
	assert_int_equal(wq_health_check(&s, NULL), WQ_E_INVALID);
	s = level();
	s.memory = WQ_HEALTH_MEMORY + 1;
	assert_int_equal(wq_health_check(&s, NULL), WQ_E_INVALID);
	s = level();
	s.previous = 2;
	assert_int_equal(wq_health_check(&s, NULL), WQ_E_INVALID);
	s = step();
	s.gap_k = 3;
	assert_int_equal(wq_health_check(&s, NULL), WQ_E_INVALID);
	s = step();
	s.low = 2;
	s.high = 1;
	assert_int_equal(wq_health_check(&s, NULL), WQ_E_INVALID);
}

int main(void)
{
	const struct CMUnitTest all[] = {
		cmocka_unit_test(a_range_holds_its_ends_and_says_what_it_is),
		cmocka_unit_test(a_spike_is_told_when_the_next_value_is_back),
		cmocka_unit_test(a_step_that_stays_is_the_water),
		cmocka_unit_test(two_values_are_a_level_and_it_has_spikes_of_its_own),
		cmocka_unit_test(the_newest_value_that_may_be_a_spike_is_not_evaluated),
		cmocka_unit_test(the_first_value_after_a_gap_is_suspect),
		cmocka_unit_test(where_the_instrument_stays_at_the_bottom_no_spike_is_told),
		cmocka_unit_test(a_step_is_told_at_once_unless_it_has_to_come_back),
		cmocka_unit_test(an_offset_is_told_when_it_jumps_back),
		cmocka_unit_test(an_offset_longer_than_asked_is_none),
		cmocka_unit_test(a_storm_has_no_spike_that_is_alone),
		cmocka_unit_test(a_probe_that_fails_takes_others_with_it),
		cmocka_unit_test(flat_is_by_the_clock_and_not_at_the_detection_limit),
		cmocka_unit_test(a_value_told_again_is_one_analysis),
		cmocka_unit_test(whatever_comes_each_value_gets_one_flag),
		cmocka_unit_test(values_that_were_not_measured_are_suspected_with_the_reason),
		cmocka_unit_test(what_to_begin_with_is_known_for_parameters_only),
		cmocka_unit_test(settings_that_make_no_sense_are_refused),
	};

	return cmocka_run_group_tests(all, NULL, NULL);
}
