/* SPDX-License-Identifier: Apache-2.0 */
/* Trends of what has a course of the day: by definition, against the long series' own reckoning, by simulation, and in the rule. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "view.h"

#include "wq/err.h"
#include "wq/trend.h"

extern const struct wq_rule wq_rule_trend;

/* xorshift64*: the same numbers on every machine. */
static uint64_t dice = 20261125;

static double uniform(void)
{
	dice ^= dice >> 12;
	dice ^= dice << 25;
	dice ^= dice >> 27;
	return ((double)((dice * 2685821657736338717ULL) >> 11) + 0.5) / 9007199254740992.0;
}

static double normal(void)
{
	return sqrt(-2 * log(uniform())) * cos(6.283185307179586 * uniform());
}

static double course(double t)
{
	return 2 * sin(6.283185307179586 * t / 24);
}

/* AR(1) noise of deviation 1 on a course of the day, with a rise of `change` over the window. */
static void make(double phi, double change, size_t day, double *t, double *x, size_t n)
{
	double e = normal();

	for (size_t i = 0; i < n; i++) {
		t[i] = 24 * (double)i / (double)day;
		x[i] = e + course(t[i]) + change * (double)i / (double)(n - 1);
		e = phi * e + sqrt(1 - phi * phi) * normal();
	}
}

static void assert_near(double got, double wanted)
{
	if (!(fabs(got - wanted) <= 1e-9 * fmax(1, fabs(wanted))))
		fail_msg("%.15g instead of %.15g", got, wanted);
}

/* Rows that are not there, and ties: what two pieces of code that share nothing but wq_kendall() and the median say. */
static void the_sums_are_those_of_a_long_series(void **state)
{
	(void)state;
	for (int turn = 0; turn < 500; turn++) {
		const size_t day = 4 + (size_t)(5 * uniform()), most = 40 + (size_t)(24 * uniform());
		const struct wq_series_request request = { .test = WQ_SERIES_SEASONAL, .period = day, .confidence = .95, .limit = NAN };
		double t[WQ_TREND_POINTS], x[WQ_TREND_POINTS];
		struct wq_series_result series;
		struct wq_trend trend;
		size_t n = 0;
		void *room;

		make(.5, 1, day, t, x, most);
		for (size_t i = 0; i < most; i++) {
			if (i > 1 && i + 1 < most && uniform() < .1)
				continue;
			t[n] = t[i];
			x[n++] = turn % 2 ? round(3 * x[i]) / 3 : x[i];
		}
		room = malloc(wq_series_room(n));
		assert_int_equal(wq_series_judge(t, x, n, &request, room, &series, NULL), 0);
		free(room);
		assert_int_equal(wq_trend_seasonal(t, x, n, 24, day, .95, &trend, NULL), 0);
		assert_true(trend.test.s == series.s);
		assert_near(trend.test.variance / trend.factor, series.variance);
		assert_near(trend.line.slope, series.slope);
		assert_true(trend.line.low <= series.low && trend.line.high >= series.high);
		assert_true(trend.factor >= 1);
	}
}

static void a_course_alone_is_no_trend_and_hides_none(void **state)
{
	double t[42], x[42];
	struct wq_trend trend;

	(void)state;
	for (size_t i = 0; i < 42; i++) {
		t[i] = 4 * (double)i;
		x[i] = 8 + course(t[i]);
	}
	for (size_t i = 6; i < 42; i++)
		x[i] = x[i - 6]; /* whatever the sine is rounded to */
	assert_int_equal(wq_trend_seasonal(t, x, 42, 24, 6, .95, &trend, NULL), 0);
	assert_true(trend.test.s == 0 && trend.test.p == 1 && trend.line.slope == 0);
	assert_near(trend.line.median_x, 8);
	for (size_t i = 0; i < 42; i++)
		x[i] -= .01 * t[i]; /* 0.24 a day, the swing being 4 */
	assert_int_equal(wq_trend_seasonal(t, x, 42, 24, 6, .95, &trend, NULL), 0);
	assert_int_equal(trend.test.s, -6 * 21);
	assert_near(trend.line.slope, -.01);
	assert_near(wq_sen_at(&trend.line, trend.line.slope, 0), 8);
	assert_int_equal(wq_trend_estimate(t, x, 42, .95, &trend, NULL), 0);
	assert_true(trend.test.p > .05);
}

static void what_has_no_seasons_is_refused(void **state)
{
	double t[64], x[64];
	struct wq_trend trend;
	struct wq_err err;

	(void)state;
	make(0, 0, 6, t, x, 64);
	assert_int_equal(wq_trend_seasonal(t, x, 42, 24, 1, .95, &trend, &err), WQ_E_INVALID);
	assert_int_equal(wq_trend_seasonal(t, x, 17, 24, 6, .95, &trend, &err), WQ_E_INVALID);
	assert_int_equal(wq_trend_seasonal(t, x, 64, 24, 22, .95, &trend, &err), WQ_E_INVALID);
	assert_int_equal(wq_trend_seasonal(t, x, 42, 0, 6, .95, &trend, &err), WQ_E_INVALID);
	assert_int_equal(wq_trend_seasonal(t, x, 42, 24, 6, 1, &trend, &err), WQ_E_INVALID);
	x[7] = NAN;
	assert_int_equal(wq_trend_seasonal(t, x, 42, 24, 6, .95, &trend, &err), WQ_E_INVALID);
}

static double found(double phi, double change, size_t day, size_t n, int runs, bool plain)
{
	double t[WQ_TREND_POINTS], x[WQ_TREND_POINTS];
	int count = 0;

	for (int run = 0; run < runs; run++) {
		struct wq_trend trend;

		make(phi, change, day, t, x, n);
		assert_int_equal(wq_trend_seasonal(t, x, n, 24, day, .95, &trend, NULL), 0);
		count += plain ? erfc(fabs(trend.test.z) * sqrt(trend.factor / 2)) < .05 : trend.p < .05;
	}
	return (double)count / runs;
}

/* What docs/trend.md states; WQ_LONG: exactly. */
static void false_alarms_and_power_are_as_documented(void **state)
{
	static const struct {
		size_t day, n;
	} windows[] = { { 6, 42 }, { 6, 60 }, { 8, 56 }, { 12, 60 } };
	static const double phis[] = { 0, .3, .6, .8 };
	const int runs = getenv("WQ_LONG") ? 20000 : 250;
	const double doubt = 4 * sqrt(.08 * .92 / runs);

	(void)state;
	for (size_t i = 0; i < sizeof windows / sizeof *windows; i++)
		for (size_t k = 0; k < sizeof phis / sizeof *phis; k++) {
			const size_t day = windows[i].day, n = windows[i].n;
			const double none = found(phis[k], 0, day, n, runs, false), rise = found(phis[k], 3, day, n, runs, false);

			print_message("%zu points a day, n %zu, phi %.1f: found without a trend %.3f (by plain seasonal Mann-Kendall "
				      "%.3f), with one of 3 sd %.3f (%d runs)\n",
			        day, n, phis[k], none, found(phis[k], 0, day, n, runs, true), rise, runs);
			assert_true(none <= .08 + doubt);
			assert_true(rise > 4 * none);
		}
}

/* -- in the rule -- */

static struct fake_rule f;

static void open_rule(const char *settings, const char *parameter)
{
	struct wq_err err;

	fake_rule_open(&f, &wq_rule_trend, settings, WQ_RIVER, parameter);
	if (fake_rule_check(&f, &err))
		fail_msg("%s", err.text);
}

/* Oxygen that swings by 1 about a level, every `step` minutes, for so many days; how often it raised. */
static int feed(wq_ms step, int days, double level, double a_day)
{
	int raised = 0;

	for (wq_ms at = 0; at < WQ_DAYS(days); at += step) {
		const double noise = .05 * normal(), day = (double)at / 86400e3;

		raised += fake_rule_read(&f, at, round(100 * (level + a_day * day + .5 * course(24 * day) + noise)) / 100,
		                  WQ_GOOD) == WQ_FINDING_RAISE;
	}
	return raised;
}

static void the_rule_looks_through_the_course_of_the_day(void **state)
{
	int seen, blind;

	(void)state;
	open_rule("readings=42 season=1d", "do");
	assert_int_equal(feed(WQ_HOURS(4), 30, 6.6, 0), 0);
	dice = 20261125; /* however many numbers were drawn before */
	open_rule("readings=42 season=1d horizon=7d", "do");
	seen = feed(WQ_HOURS(4), 7, 7.6, -.2);
	assert_true(seen > 3);
	assert_int_equal(f.said.finding, WQ_FINDING_RAISE);
	assert_non_null(strstr(f.said.says, "溶解氧扣除日变化后持续下降,现约6."));
	assert_true(fabs(fake_rule_fact(&f, "fitted_now") - 6.2) < .1);
	assert_non_null(strstr(f.said.says, "低于Ⅲ类限值(5)"));
	assert_true(fabs(fake_rule_fact(&f, "slope_per_hour") * 24 + .2) < .02);
	assert_true(fabs(fake_rule_fact(&f, "hours_to_exceed") / 24 - 6) < .7);
	/* Blind to the hour, the same window sees next to nothing. */
	open_rule("readings=42 horizon=7d", "do");
	blind = feed(WQ_HOURS(4), 7, 7.6, -.2);
	print_message("told %d times; %d times by a window that knows of no day\n", seen, blind);
	assert_true(blind <= 1);
}

static void minutes_are_taken_together_first(void **state)
{
	(void)state;
	open_rule("aggregate=2h readings=60 season=1d", "do");
	assert_int_equal(feed(WQ_MINUTES(1), 9, 6.6, 0), 0);
	open_rule("aggregate=2h readings=60 season=1d horizon=5d", "do");
	assert_true(feed(WQ_MINUTES(1), 5, 7.6, -.28) > 100);
	assert_non_null(strstr(f.said.says, "扣除日变化后持续下降"));
}

static void a_day_that_lacks_points_is_not_assessable(void **state)
{
	(void)state;
	open_rule("readings=64 minimum=8 season=1d", "do");
	feed(WQ_HOURS(4), 2, 6.6, -.15); /* twelve readings: two of each hour */
	assert_int_equal(f.said.finding, WQ_FINDING_UNKNOWN);
	open_rule("readings=64 season=1d", "do");
	feed(WQ_HOURS(1), 6, 6.6, -.15); /* 64 readings are no three days */
	assert_int_equal(f.said.finding, WQ_FINDING_UNKNOWN);
	open_rule("readings=18 season=1d horizon=18d", "do");
	feed(WQ_DAYS(1), 30, 9, -.11); /* a reading a day has no course */
	assert_int_equal(f.said.finding, WQ_FINDING_RAISE);
	assert_null(strstr(f.said.says, "扣除"));
}

static void seasons_that_make_no_sense_are_refused(void **state)
{
	static const char *const cases[] = { "aggregate=5h season=1d readings=60", "aggregate=1h season=1d readings=64",
		"aggregate=1d season=1d readings=60", "aggregate=4h season=2h readings=60" };
	struct wq_err err;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		fake_rule_open(&f, &wq_rule_trend, cases[i], WQ_RIVER, "do");
		assert_int_equal(fake_rule_check(&f, &err), WQ_E_INVALID);
		assert_non_null(strstr(err.text, "season"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_sums_are_those_of_a_long_series),
		cmocka_unit_test(a_course_alone_is_no_trend_and_hides_none),
		cmocka_unit_test(what_has_no_seasons_is_refused),
		cmocka_unit_test(false_alarms_and_power_are_as_documented),
		cmocka_unit_test(the_rule_looks_through_the_course_of_the_day),
		cmocka_unit_test(minutes_are_taken_together_first),
		cmocka_unit_test(a_day_that_lacks_points_is_not_assessable),
		cmocka_unit_test(seasons_that_make_no_sense_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
