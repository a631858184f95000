/* SPDX-License-Identifier: Apache-2.0 */
/* Trend statistics against scipy and against what must hold for any series. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "wq/err.h"
#include "wq/trend.h"

#include "golden.h"

#define GOLDEN (sizeof golden / sizeof *golden)

static void assert_near(const char *of, const char *what, double got, double wanted)
{
	if (!(fabs(got - wanted) <= 1e-9 * fmax(1, fabs(wanted))))
		fail_msg("%s: %s is %.15g instead of %.15g", of, what, got, wanted);
}

/* xorshift64*: the same numbers on every machine. */
struct dice {
	uint64_t state;
};

static double uniform(struct dice *dice)
{
	dice->state ^= dice->state >> 12;
	dice->state ^= dice->state << 25;
	dice->state ^= dice->state >> 27;
	return ((double)((dice->state * 2685821657736338717ULL) >> 11) + 0.5) / 9007199254740992.0;
}

static double normal(struct dice *dice)
{
	return sqrt(-2 * log(uniform(dice))) * cos(6.283185307179586 * uniform(dice));
}

static void ar1(struct dice *dice, double phi, double *x, size_t n)
{
	x[0] = normal(dice);
	for (size_t i = 1; i < n; i++)
		x[i] = phi * x[i - 1] + sqrt(1 - phi * phi) * normal(dice);
}

static void the_plain_test_agrees_with_its_definition(void **state)
{
	(void)state;
	for (const struct golden *g = golden; g < golden + GOLDEN; g++) {
		struct wq_kendall k = wq_kendall(g->x, g->n, 1);

		assert_int_equal(k.s, g->s);
		assert_near(g->name, "variance", k.variance, g->variance);
		assert_near(g->name, "z", k.z, g->z);
		assert_near(g->name, "p", k.p, g->p);
	}
}

static void the_slope_and_its_interval_agree_with_theilslopes(void **state)
{
	(void)state;
	for (const struct golden *g = golden; g < golden + GOLDEN; g++) {
		struct wq_sen sen;

		assert_true(wq_sen(g->t, g->x, g->n, g->variance, 0.95, &sen));
		assert_near(g->name, "slope", sen.slope, g->slope);
		assert_near(g->name, "low", sen.low, g->low);
		assert_near(g->name, "high", sen.high, g->high);
		assert_near(g->name, "median t", sen.median_t, g->median_t);
		assert_near(g->name, "median x", sen.median_x, g->median_x);
	}
}

static void the_corrected_test_agrees_with_its_definition(void **state)
{
	(void)state;
	for (const struct golden *g = golden; g < golden + GOLDEN; g++) {
		struct wq_trend trend;

		assert_int_equal(wq_trend_estimate(g->t, g->x, g->n, 0.95, &trend, NULL), 0);
		assert_near(g->name, "r1", trend.r1, g->r1);
		assert_near(g->name, "factor", trend.factor, g->factor);
		assert_near(g->name, "z", trend.test.z, g->corrected_z);
		assert_near(g->name, "p", trend.test.p, g->corrected_p);
		assert_near(g->name, "slope", trend.line.slope, g->slope);
	}
}

static void the_corrected_interval_is_never_narrower_than_the_plain_one(void **state)
{
	(void)state;
	for (const struct golden *g = golden; g < golden + GOLDEN; g++) {
		struct wq_trend trend;

		assert_int_equal(wq_trend_estimate(g->t, g->x, g->n, 0.95, &trend, NULL), 0);
		assert_true(trend.line.low <= g->low);
		assert_true(trend.line.high >= g->high);
		assert_true(trend.line.low <= trend.line.slope);
		assert_true(trend.line.slope <= trend.line.high);
	}
}

static void moving_time_or_level_changes_nothing_but_the_pivot(void **state)
{
	(void)state;
	for (const struct golden *g = golden; g < golden + GOLDEN; g++) {
		struct wq_trend a, b;
		double t[64], x[64];

		for (size_t i = 0; i < g->n; i++) {
			t[i] = g->t[i] - 4096; /* exact in binary, so ties stay ties */
			x[i] = g->x[i];
		}
		assert_int_equal(wq_trend_estimate(g->t, g->x, g->n, 0.95, &a, NULL), 0);
		assert_int_equal(wq_trend_estimate(t, x, g->n, 0.95, &b, NULL), 0);
		assert_int_equal(a.test.s, b.test.s);
		assert_near(g->name, "slope", b.line.slope, a.line.slope);
		assert_near(g->name, "low", b.line.low, a.line.low);
		assert_near(g->name, "high", b.line.high, a.line.high);
		assert_near(g->name, "p", b.test.p, a.test.p);
		assert_near(g->name, "line", wq_sen_at(&b.line, b.line.slope, -4096),
		        wq_sen_at(&a.line, a.line.slope, 0));
	}
}

static void turning_the_sign_turns_the_trend(void **state)
{
	(void)state;
	for (const struct golden *g = golden; g < golden + GOLDEN; g++) {
		struct wq_trend a, b;
		double x[64];

		for (size_t i = 0; i < g->n; i++)
			x[i] = -g->x[i];
		assert_int_equal(wq_trend_estimate(g->t, g->x, g->n, 0.95, &a, NULL), 0);
		assert_int_equal(wq_trend_estimate(g->t, x, g->n, 0.95, &b, NULL), 0);
		assert_int_equal(a.test.s, -b.test.s);
		assert_near(g->name, "z", b.test.z, -a.test.z);
		assert_near(g->name, "p", b.test.p, a.test.p);
		assert_near(g->name, "slope", b.line.slope, -a.line.slope);
	}
}

static void scaling_scales_the_slope_and_leaves_the_test(void **state)
{
	(void)state;
	for (const struct golden *g = golden; g < golden + GOLDEN; g++) {
		struct wq_trend a, b;
		double x[64];

		for (size_t i = 0; i < g->n; i++)
			x[i] = 8 * g->x[i];
		assert_int_equal(wq_trend_estimate(g->t, g->x, g->n, 0.95, &a, NULL), 0);
		assert_int_equal(wq_trend_estimate(g->t, x, g->n, 0.95, &b, NULL), 0);
		assert_int_equal(a.test.s, b.test.s);
		assert_near(g->name, "p", b.test.p, a.test.p);
		assert_near(g->name, "slope", b.line.slope, 8 * a.line.slope);
		assert_near(g->name, "low", b.line.low, 8 * a.line.low);
		assert_near(g->name, "high", b.line.high, 8 * a.line.high);
	}
}

static void ties_weigh_the_same_wherever_they_stand(void **state)
{
	static const double groups[] = { 1, 1, 1, 2, 2, 3, 4, 4, 5 };
	const size_t n = sizeof groups / sizeof *groups;
	double wanted = wq_kendall(groups, n, 1).variance;
	struct dice dice = { 7 };

	(void)state;
	assert_near("9 values, groups of 3, 2, 2", "variance", wanted,
	        (9 * 8 * 23 - 3 * 2 * 11 - 2 * 2 * 1 * 9) / 18.0);
	for (int round = 0; round < 100; round++) {
		double x[9];

		memcpy(x, groups, sizeof x);
		for (size_t i = n - 1; i > 0; i--) {
			size_t j = (size_t)(uniform(&dice) * (double)(i + 1));
			double kept = x[i];

			x[i] = x[j];
			x[j] = kept;
		}
		assert_near("shuffled", "variance", wq_kendall(x, n, 1).variance, wanted);
	}
}

static void a_constant_series_has_no_trend(void **state)
{
	double t[10], x[10];
	struct wq_trend trend;

	(void)state;
	for (size_t i = 0; i < 10; i++) {
		t[i] = (double)i;
		x[i] = 0.2;
	}
	assert_int_equal(wq_trend_estimate(t, x, 10, 0.95, &trend, NULL), 0);
	assert_true(trend.test.p == 1 && trend.test.z == 0);
	assert_true(trend.line.slope == 0 && trend.line.low == 0 && trend.line.high == 0);
}

static void the_median_is_the_middle_of_the_sorted_values(void **state)
{
	struct dice dice = { 11 };

	(void)state;
	for (int round = 0; round < 2000; round++) {
		double x[40], copy[40];
		size_t n = 1 + (size_t)(uniform(&dice) * 40), below = 0, above = 0;
		double m;

		for (size_t i = 0; i < n; i++) /* few distinct values: many ties */
			copy[i] = x[i] = floor(uniform(&dice) * (round % 2 ? 5 : 1000));
		m = wq_median(x, n);
		for (size_t i = 0; i < n; i++) {
			below += copy[i] < m;
			above += copy[i] > m;
		}
		assert_true(below <= n / 2 && above <= n / 2);
		if (n == 1)
			assert_true(m == copy[0]);
		if (n == 2)
			assert_true(m == (copy[0] + copy[1]) / 2);
	}
}

static void quantiles_of_the_normal_distribution_are_those_of_the_tables(void **state)
{
	(void)state;
	assert_near("0.975", "quantile", wq_normal_quantile(0.975), 1.959963984540054);
	assert_near("0.995", "quantile", wq_normal_quantile(0.995), 2.575829303548901);
	assert_near("0.05", "quantile", wq_normal_quantile(0.05), -1.6448536269514729);
	assert_near("0.5", "quantile", wq_normal_quantile(0.5), 0);
	/* Against a bisection, in the tail where erfc() tells apart what is small. */
	for (int i = 1; i < 4000; i++) {
		const double p = i < 2000 ? i / 4096.0 : pow(10, -(i - 1996) / 7.0);
		double low = -40, high = 0;

		for (int k = 0; k < 80; k++)
			*(erfc(-(low + high) / 2 / sqrt(2)) / 2 < p ? &low : &high) = (low + high) / 2;
		if (!(fabs(wq_normal_quantile(p) - low) <= 1e-13 * fmax(1, fabs(low))))
			fail_msg("%g: %.17g instead of %.17g", p, wq_normal_quantile(p), low);
		if (i < 2000)
			assert_true(wq_normal_quantile(1 - p) == -wq_normal_quantile(p));
	}
}

static void what_is_no_series_is_refused(void **state)
{
	double t[] = { 0, 1, 2, 3, 4, 5 }, x[] = { 1, 2, 3, 4, 5, 6 };
	struct wq_trend trend;
	struct wq_err err;

	(void)state;
	assert_int_equal(wq_trend_estimate(t, x, 4, 0.95, &trend, &err), WQ_E_INVALID);
	assert_int_equal(wq_trend_estimate(t, x, 65, 0.95, &trend, &err), WQ_E_INVALID);
	assert_int_equal(wq_trend_estimate(t, x, 6, 1, &trend, &err), WQ_E_INVALID);
	x[2] = NAN;
	assert_int_equal(wq_trend_estimate(t, x, 6, 0.95, &trend, &err), WQ_E_INVALID);
	assert_non_null(strstr(err.text, "point 2"));
	x[2] = 3;
	t[3] = t[2];
	assert_int_equal(wq_trend_estimate(t, x, 6, 0.95, &trend, &err), WQ_E_INVALID);
	t[3] = 3;
	assert_int_equal(wq_trend_estimate(t, x, 6, 0.95, &trend, &err), 0);
}

/* Share of trendless AR(1) series in which the corrected test at .05 finds a trend. */
static double rejections(uint64_t seed, double phi, size_t n, double change, int runs)
{
	struct dice dice = { seed };
	double t[64], x[64];
	int rejected = 0;

	for (int run = 0; run < runs; run++) {
		struct wq_trend trend;

		ar1(&dice, phi, x, n);
		for (size_t i = 0; i < n; i++) {
			t[i] = (double)i;
			x[i] += change * (double)i / (double)(n - 1);
		}
		assert_int_equal(wq_trend_estimate(t, x, n, 0.95, &trend, NULL), 0);
		rejected += trend.p < 0.05;
	}
	return (double)rejected / runs;
}

/* What docs/trend.md states of the rule; WQ_LONG: exactly. */
static void autocorrelation_alone_is_rarely_taken_for_a_trend(void **state)
{
	static const size_t lengths[] = { 18, 24, 30, 42, 60 };
	static const double phis[] = { 0, 0.3, 0.6, 0.8 };
	const uint64_t seed = 20260305;
	const int runs = getenv("WQ_LONG") ? 20000 : 500;
	/* Four standard errors of a share of 0.08. */
	const double doubt = 4 * sqrt(0.08 * 0.92 / runs);

	(void)state;
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
		for (size_t k = 0; k < sizeof phis / sizeof *phis; k++) {
			const double none = rejections(seed, phis[k], lengths[i], 0, runs);

			print_message("seed %llu: n %zu phi %.1f: finds %.3f without a trend, %.3f with one of 3 sd (%d runs)\n",
			        (unsigned long long)seed, lengths[i], phis[k], none, rejections(seed + 1, phis[k], lengths[i], 3, runs),
			        runs);
			assert_true(none <= 0.08 + (runs < 20000 ? doubt : 0));
		}
}

static void a_real_change_is_still_found(void **state)
{
	const uint64_t seed = 20260306;
	double at_30 = rejections(seed, 0.6, 30, 3, 800), at_60 = rejections(seed, 0.6, 60, 3, 800);

	(void)state;
	print_message("seed %llu: phi 0.6, change of 3 sd: finds %.2f (n 30), %.2f (n 60)\n",
	        (unsigned long long)seed, at_30, at_60);
	assert_true(at_30 >= 0.40);
	assert_true(at_60 >= 0.70);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_plain_test_agrees_with_its_definition),
		cmocka_unit_test(the_slope_and_its_interval_agree_with_theilslopes),
		cmocka_unit_test(the_corrected_test_agrees_with_its_definition),
		cmocka_unit_test(the_corrected_interval_is_never_narrower_than_the_plain_one),
		cmocka_unit_test(moving_time_or_level_changes_nothing_but_the_pivot),
		cmocka_unit_test(turning_the_sign_turns_the_trend),
		cmocka_unit_test(scaling_scales_the_slope_and_leaves_the_test),
		cmocka_unit_test(ties_weigh_the_same_wherever_they_stand),
		cmocka_unit_test(a_constant_series_has_no_trend),
		cmocka_unit_test(the_median_is_the_middle_of_the_sorted_values),
		cmocka_unit_test(quantiles_of_the_normal_distribution_are_those_of_the_tables),
		cmocka_unit_test(what_is_no_series_is_refused),
		cmocka_unit_test(autocorrelation_alone_is_rarely_taken_for_a_trend),
		cmocka_unit_test(a_real_change_is_still_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
