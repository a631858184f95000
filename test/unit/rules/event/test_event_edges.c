/* SPDX-License-Identifier: Apache-2.0 */
/* What stations do to the rule `event`: channels one by one, dead, doubted or late, clocks that jump, numbers beyond sense; and
 * what must hold of any water. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include "river.h"
#include "seed.h"

#include "wq/err.h"

#include "rule_settings.h"

extern const struct wq_rule wq_rule_event;

#define CHANNELS 3
#define MINUTES  400
/* A power of two: so values and precisions are scaled and shifted without rounding. */
#define DIGIT 0.0009765625
#define COMMON "history=60 lag=2 floor=4 drift=4 cut=1.5 threshold=4 timeout=2h"
#define SETTINGS "channels=tp_0.0009765625,nh3n_0.0009765625,codmn_0.0009765625 " COMMON
#define LARGE "channels=tp_1,nh3n_1,codmn_1 " COMMON

static struct river r;
static wq_ms now;

static void begin(const char *settings)
{
	static const struct river_station one[] = { { .id = "a", .name = "甲桥" }, { 0 } };
	const struct river_rule rules[] = { { .rule = &wq_rule_event, .settings = settings }, { 0 } };

	river_open(&r, one, "tp nh3n codmn", rules);
	for (size_t i = 0; i < CHANNELS; i++) {
		r.series[i].low = -INFINITY;
		r.series[i].high = INFINITY;
		r.series[i].cycle = 0;
		r.series[i].interval = WQ_MINUTES(1);
	}
	now = DAY0;
}

static size_t open_now(void)
{
	return river_alarms(&r, 0);
}

/* One batch of these channels (bits) at `at`; returns the highest score of its samples. */
static double give(const double values[CHANNELS], unsigned channels, uint8_t quality, wq_ms at)
{
	struct wq_sample samples[CHANNELS];
	struct wq_batch batch = { .received = now, .trusted = true, .sequence = ++r.sequence, .samples = samples };
	double score = 0;

	for (uint32_t i = 0; i < CHANNELS; i++)
		if (channels & 1U << i)
			samples[batch.count++] = (struct wq_sample){ .series = i,
				.quality = quality,
				.stamp = WQ_STAMP_STATION,
				.at = at,
				.value = values[i] };
	wq_outcome_reset(&r.out);
	assert_int_equal(wq_engine_batch(r.engine, &batch, &r.out, NULL), 0);
	river_tell(&r);
	for (size_t i = 0; i < r.out.sample_count; i++)
		score = fmax(score, (double)r.out.samples[i].score);
	return score;
}

static double minute(double tp, double nh3n, double codmn)
{
	const double score = give((const double[]){ tp, nh3n, codmn }, 7, WQ_UNCHECKED, now);

	now += WQ_MINUTES(1);
	return score;
}

static void quiet(int count)
{
	for (int i = 0; i < count; i++)
		minute((100 + i % 3) * DIGIT, (400 + i % 2) * DIGIT, (3000 + i % 4) * DIGIT);
}

static void event(int count)
{
	for (int i = 0; i < count; i++)
		minute((150 + i % 3) * DIGIT, (200 + i % 2) * DIGIT, (3000 + i % 4) * DIGIT);
}

/* -- any water -- */

struct water {
	double values[MINUTES][CHANNELS];
};

struct trace {
	double score[MINUTES];
	bool open[MINUTES];
};

/* Whole digits that wander, but not far, with two events. */
static void make(struct water *water, struct seed *seed)
{
	static const int64_t usual[CHANNELS] = { 500, 800, 3000 };
	int64_t level[CHANNELS] = { 500, 800, 3000 };

	for (int i = 0; i < MINUTES; i++)
		for (size_t c = 0; c < CHANNELS; c++) {
			const bool away = (i > 150 && i < 190) || (i > 300 && i < 310);

			level[c] += seed_below(seed, 3) - 1;
			level[c] += (level[c] < usual[c] - 6) - (level[c] > usual[c] + 6);
			water->values[i][c] = (double)(level[c] + (away ? 40 + seed_below(seed, 60) : 0)) * DIGIT;
		}
}

static void run(const struct water *water, const char *settings, double factor, double shift, struct trace *trace)
{
	begin(settings);
	for (int i = 0; i < MINUTES; i++) {
		const double *v = water->values[i];

		trace->score[i] = minute(v[0] * factor + shift, v[1] * factor + shift, v[2] * factor + shift);
		trace->open[i] = open_now() > 0;
	}
	river_close(&r);
}

static void unit_and_zero_of_a_channel_do_not_matter(void **state)
{
	static struct water water;
	static struct trace plain, other;
	struct seed seed = seed_new();

	(void)state;
	for (int round = 0; round < 3; round++) {
		make(&water, &seed);
		run(&water, SETTINGS, 1, 0, &plain);
		assert_true(plain.open[170] && !plain.open[140]);
		run(&water, LARGE, 1 / DIGIT, 0, &other);
		assert_memory_equal(&plain, &other, sizeof plain);
		run(&water, SETTINGS, 1, 64, &other);
		assert_memory_equal(&plain, &other, sizeof plain);
		run(&water, SETTINGS, -1, 0, &other);
		assert_memory_equal(&plain, &other, sizeof plain);
	}
}

/* One message a value, in any order, as many gateways send: the same alarms in the same words. */
static void channels_may_come_one_by_one_in_any_order(void **state)
{
	static const unsigned orders[][CHANNELS] = { { 1, 2, 4 }, { 4, 2, 1 }, { 2, 4, 1 }, { 1, 4, 2 } };
	static struct water water;
	static struct trace whole;
	static char story[sizeof r.story];
	struct seed seed = seed_new();

	(void)state;
	make(&water, &seed);
	run(&water, SETTINGS, 1, 0, &whole);
	strcpy(story, r.story);
	begin(SETTINGS);
	for (int i = 0; i < MINUTES; i++) {
		const unsigned *order = orders[seed_below(&seed, 4)];
		double score = 0;

		for (size_t c = 0; c < CHANNELS; c++)
			score = fmax(score, give(water.values[i], order[c], WQ_UNCHECKED, now));
		assert_true(score == whole.score[i]);
		assert_int_equal(open_now() > 0, whole.open[i]);
		now += WQ_MINUTES(1);
	}
	assert_string_equal(story, r.story);
	river_close(&r);
}

/* Never two channels in one instant: what raises is told an instant later. */
static void channels_that_never_come_together_are_judged_alone(void **state)
{
	const double usual[] = { 100 * DIGIT, 400 * DIGIT, 3000 * DIGIT }, odd[] = { 150 * DIGIT, 400 * DIGIT, 3000 * DIGIT };

	(void)state;
	begin(SETTINGS);
	for (int i = 0; i < 200; i++, now += WQ_MINUTES(1))
		give(usual, 1U << i % 2, WQ_UNCHECKED, now);
	for (int i = 0; i < 30; i++, now += WQ_MINUTES(1))
		give(odd, 1U << i % 2, WQ_UNCHECKED, now);
	assert_string_equal(r.story, "");
	for (int i = 0; i < 8; i++, now += WQ_MINUTES(1))
		give(odd, i % 2 ? 1 : 3, WQ_UNCHECKED, now);
	assert_int_equal(open_now(), 1);
	for (int i = 0; i < 4; i++, now += WQ_MINUTES(1))
		give(usual, 1U << i % 2, WQ_UNCHECKED, now);
	assert_int_equal(open_now(), 0);
	river_close(&r);
}

/* After a restart the store gives back `memory` of readings in order: from there on it says what it would have said. */
static void what_is_rebuilt_from_its_memory_goes_on_alike(void **state)
{
	static struct water water;
	static struct trace live;
	struct seed seed = seed_new();
	_Alignas(max_align_t) unsigned char settings[256];
	char text[] = "channels=tp_1 history=60 lag=2 timeout=2h";
	wq_ms memory;

	(void)state;
	fake_settings(wq_rule_event.options, settings, text);
	memory = wq_rule_event.memory(settings, WQ_MINUTES(1));
	assert_true(memory >= WQ_MINUTES(62 + 120));
	for (int round = 0; round < 3; round++) {
		const int from = 290 - (int)(memory / WQ_MINUTES(1));

		make(&water, &seed);
		run(&water, SETTINGS, 1, 0, &live);
		begin(SETTINGS);
		now += WQ_MINUTES(from);
		for (int i = from; i < MINUTES; i++) {
			const double score = minute(water.values[i][0], water.values[i][1], water.values[i][2]);

			if (i < 290)
				continue;
			assert_true(score == live.score[i]);
			assert_int_equal(open_now() > 0, live.open[i]);
		}
		river_close(&r);
	}
}

/* -- what is missing or doubted -- */

/* What is out of range is not judged, and hides nothing of the others. */
static void a_failed_check_of_one_channel_does_not_hide_the_change_of_the_others(void **state)
{
	(void)state;
	begin(SETTINGS);
	r.series[2].high = 10;
	quiet(100);
	for (int i = 0; i < 8; i++)
		minute((150 + i % 3) * DIGIT, (200 + i % 2) * DIGIT, 9999);
	assert_int_equal(open_now(), 1);
	assert_non_null(strstr(r.story, "主要贡献:氨氮"));
	assert_float_equal(river_fact(&r, 0, "channels"), 2, 0);
	river_close(&r);
}

static void what_is_suspect_is_part_of_the_change(void **state)
{
	(void)state;
	begin(SETTINGS);
	quiet(100);
	for (int i = 0; i < 8; i++, now += WQ_MINUTES(1))
		give((const double[]){ (150 + i % 3) * DIGIT, (200 + i % 2) * DIGIT, 3000 * DIGIT }, 7, WQ_SUSPECT, now);
	assert_int_equal(open_now(), 1);
	assert_float_equal(river_fact(&r, 0, "channels"), 3, 0);
	river_close(&r);
}

static void nothing_measured_is_not_all_clear(void **state)
{
	(void)state;
	begin(SETTINGS);
	quiet(100);
	event(8);
	assert_int_equal(open_now(), 1);
	for (int i = 0; i < 30; i++)
		minute(NAN, NAN, NAN);
	assert_int_equal(open_now(), 1);
	quiet(3);
	assert_int_equal(open_now(), 0);
	river_close(&r);
}

/* Its histories are gone (no store, a long outage): what is not assessable ends no alarm. */
static void an_alarm_stays_while_nothing_is_usual_yet(void **state)
{
	const struct wq_alarm *const *alarms;
	struct wq_alarm kept;

	(void)state;
	begin(SETTINGS);
	quiet(100);
	event(8);
	assert_int_equal(wq_engine_alarms(r.engine, &alarms), 1);
	kept = *alarms[0];
	river_restart(&r);
	assert_int_equal(wq_engine_restore_alarm(r.engine, &kept, NULL), 0);
	quiet(10);
	assert_int_equal(open_now(), 1);
	quiet(10);
	assert_int_equal(open_now(), 0);
	river_close(&r);
}

static void a_dead_channel_neither_raises_nor_hides(void **state)
{
	(void)state;
	begin(SETTINGS);
	for (int i = 0; i < 200; i++)
		minute((100 + i % 3) * DIGIT, 400 * DIGIT, 0);
	assert_string_equal(r.story, "");
	for (int i = 0; i < 8; i++)
		minute((150 + i % 3) * DIGIT, 400 * DIGIT, 0);
	assert_int_equal(open_now(), 1);
	assert_non_null(strstr(r.story, "总磷100%"));
	river_close(&r);
}

/* A probe that has shown one number for hours, and an analyser that turns between "less than" and the first digit. */
static void the_next_digit_and_the_detection_limit_are_no_events(void **state)
{
	(void)state;
	begin("channels=tp_0.001,nh3n_0.005,codmn_0.1 " COMMON);
	for (int i = 0; i < 200; i++)
		minute(0.1, 0.025, 3);
	for (int i = 0; i < 200; i++)
		minute(0.101, i % 5 < 2 ? 0.03 : 0.025, i % 2 ? 3.1 : 3);
	assert_string_equal(r.story, "");
	river_close(&r);
}

/* -- the stream -- */

static void what_comes_twice_or_late_changes_nothing(void **state)
{
	static struct water water;
	static struct trace once;
	struct seed seed = seed_new();

	(void)state;
	make(&water, &seed);
	run(&water, SETTINGS, 1, 0, &once);
	begin(SETTINGS);
	for (int i = 0; i < MINUTES; i++) {
		const double *v = water.values[i];

		assert_true(minute(v[0], v[1], v[2]) == once.score[i]);
		give(v, 7, WQ_UNCHECKED, now - WQ_MINUTES(1));
		if (i > 2 && seed_below(&seed, 3) == 0)
			give((const double[]){ 99, 99, 99 }, 7, WQ_UNCHECKED,
				now - WQ_MINUTES(1) - WQ_SECONDS(30 + seed_below(&seed, 7000)));
		assert_int_equal(open_now() > 0, once.open[i]);
	}
	river_close(&r);
}

static void a_gap_raises_nothing_and_hides_nothing_after_it(void **state)
{
	(void)state;
	begin(SETTINGS);
	quiet(100);
	now += WQ_DAYS(3);
	quiet(5);
	assert_string_equal(r.story, "");
	event(8);
	assert_int_equal(open_now(), 1);
	river_close(&r);
}

/* A station's clock that is set back is not seen until it has caught up; nothing is raised by it, and then all is as ever. */
static void a_clock_that_steps_is_survived_both_ways(void **state)
{
	(void)state;
	begin(SETTINGS);
	quiet(100);
	now -= WQ_MINUTES(30);
	quiet(40);
	assert_string_equal(r.story, "");
	event(8);
	assert_int_equal(open_now(), 1);
	quiet(3);
	assert_int_equal(open_now(), 0);
	now += WQ_HOURS(5);
	quiet(20);
	event(8);
	assert_int_equal(open_now(), 1);
	river_close(&r);
}

static void numbers_beyond_sense_leave_it_sound(void **state)
{
	static const double odd[] = { NAN, INFINITY, -INFINITY, DBL_MAX, -DBL_MAX, DBL_MIN, -0.0, 1e-320 };
	struct seed seed = seed_new();

	(void)state;
	begin(SETTINGS);
	for (int i = 0; i < 2000; i++) {
		const double score = minute(odd[seed_below(&seed, 8)], odd[seed_below(&seed, 8)], odd[seed_below(&seed, 8)]);

		assert_true(isfinite(score) && score >= 0);
	}
	quiet(130);
	quiet(70);
	assert_int_equal(open_now(), 0);
	event(8);
	assert_int_equal(open_now(), 1);
	river_close(&r);
}

/* -- what raises must not become usual -- */

static void the_histories_stand_still_while_it_raises(void **state)
{
	double deviation;

	(void)state;
	begin(SETTINGS);
	quiet(100);
	event(8);
	assert_int_equal(open_now(), 1);
	event(90); /* longer than the history, shorter than the timeout */
	assert_int_equal(open_now(), 1);
	quiet(1);
	assert_int_equal(open_now(), 0);
	deviation = river_fact(&r, 0, "first_deviation");
	assert_true(isnan(deviation) || fabs(deviation) < 1);
	river_close(&r);
}

static void after_the_timeout_they_follow_and_it_says_so(void **state)
{
	(void)state;
	begin(SETTINGS);
	quiet(100);
	event(125);
	assert_int_equal(open_now(), 0);
	assert_non_null(strstr(r.story, "异常已持续2小时,改以现状为常态"));
	event(100);
	assert_int_equal(open_now(), 0);
	quiet(8); /* what was usual once is the event now */
	assert_int_equal(open_now(), 1);
	river_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unit_and_zero_of_a_channel_do_not_matter),
		cmocka_unit_test(channels_may_come_one_by_one_in_any_order),
		cmocka_unit_test(channels_that_never_come_together_are_judged_alone),
		cmocka_unit_test(what_is_rebuilt_from_its_memory_goes_on_alike),
		cmocka_unit_test(a_failed_check_of_one_channel_does_not_hide_the_change_of_the_others),
		cmocka_unit_test(what_is_suspect_is_part_of_the_change),
		cmocka_unit_test(nothing_measured_is_not_all_clear),
		cmocka_unit_test(an_alarm_stays_while_nothing_is_usual_yet),
		cmocka_unit_test(a_dead_channel_neither_raises_nor_hides),
		cmocka_unit_test(the_next_digit_and_the_detection_limit_are_no_events),
		cmocka_unit_test(what_comes_twice_or_late_changes_nothing),
		cmocka_unit_test(a_gap_raises_nothing_and_hides_nothing_after_it),
		cmocka_unit_test(a_clock_that_steps_is_survived_both_ways),
		cmocka_unit_test(numbers_beyond_sense_leave_it_sound),
		cmocka_unit_test(the_histories_stand_still_while_it_raises),
		cmocka_unit_test(after_the_timeout_they_follow_and_it_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
