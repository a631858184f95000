/* SPDX-License-Identifier: Apache-2.0 */
/* Trends of long series against scipy, against exact enumeration, and against what must hold for
 * any series. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wq/err.h"
#include "wq/trend.h"

#include "golden_series.h"

#define GOLDEN (sizeof golden / sizeof *golden)
#define PERIOD 6
#define LONG   2000

static void assert_near(const char *of, const char *what, double got, double wanted)
{
	if (isnan(got) && isnan(wanted))
		return;
	if (!(fabs(got - wanted) <= 1e-9 * fmax(1, fabs(wanted))))
		fail_msg("%s: %s is %.15g instead of %.15g", of, what, got, wanted);
}

/* The memory is exactly as large as was asked for: what is beyond it, the sanitizer sees. */
static int judge_all(const double *t, const double *x, size_t rows,
        struct wq_series_request request, struct wq_series_result *result, struct wq_err *err)
{
	void *room = malloc(wq_series_room(rows));
	const int r = wq_series_judge(t, x, rows, &request, room, result, err);

	free(room);
	return r;
}

static struct wq_series_request asking(enum wq_series_test test)
{
	return (struct wq_series_request){ .test = test,
		.lag = WQ_SERIES_LAGS,
		.period = test == WQ_SERIES_SEASONAL ? PERIOD : 0,
		.confidence = 0.95,
		.limit = NAN };
}

static struct wq_series_result judged(
        const double *t, const double *x, size_t rows, struct wq_series_request request)
{
	struct wq_series_result result;
	struct wq_err err = { 0 };

	if (judge_all(t, x, rows, request, &result, &err) != 0)
		fail_msg("refused: %s", err.text);
	return result;
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

/* -- against tables -- */

static void mann_kendall_is_that_of_scipy_and_pymannkendall(void **state)
{
	(void)state;
	for (const struct golden *g = golden; g < golden + GOLDEN; g++) {
		struct wq_series_result r = judged(g->t, g->x, g->rows, asking(WQ_SERIES_MK));

		assert_int_equal(r.n, g->n);
		assert_near(g->name, "S", r.s, g->s);
		assert_near(g->name, "variance", r.variance, g->variance);
		assert_near(g->name, "z", r.z, g->z);
		assert_near(g->name, "p", r.p, g->p);
		assert_near(g->name, "exact p", r.p_exact, g->p_exact);
		assert_near(g->name, "tau a", r.tau_a, g->tau_a);
		assert_near(g->name, "tau b", r.tau_b, g->tau_b);
		assert_true(isnan(r.rho));
	}
}

static void the_line_is_that_of_theilslopes_at_the_first_and_the_last_time(void **state)
{
	(void)state;
	for (const struct golden *g = golden; g < golden + GOLDEN; g++) {
		struct wq_series_result r = judged(g->t, g->x, g->rows, asking(WQ_SERIES_MK));

		assert_near(g->name, "slope", r.slope, g->slope);
		assert_near(g->name, "low", r.low, g->low);
		assert_near(g->name, "high", r.high, g->high);
		assert_near(g->name, "intercept", r.intercept, g->intercept);
		assert_near(g->name, "fitted now", r.fitted_now, g->fitted_now);
	}
}

static void spearman_is_that_of_scipy(void **state)
{
	(void)state;
	for (const struct golden *g = golden; g < golden + GOLDEN; g++) {
		struct wq_series_result r = judged(g->t, g->x, g->rows, asking(WQ_SERIES_SPEARMAN));

		assert_near(g->name, "rho", r.rho, g->rho);
		assert_near(g->name, "p", r.p, g->rho_p);
		assert_true(isnan(r.s) && isnan(r.variance) && isnan(r.z) && isnan(r.tau_a));
		assert_int_equal(
		        isnan(r.p_exact), isnan(g->p_exact) || g->n > WQ_SERIES_EXACT_SPEARMAN);
		assert_near(g->name, "slope", r.slope, g->slope);
		assert_near(g->name, "low", r.low, g->low);
	}
}

static void hamed_rao_inflates_the_variance_as_defined(void **state)
{
	(void)state;
	for (const struct golden *g = golden; g < golden + GOLDEN; g++) {
		struct wq_series_request request = asking(WQ_SERIES_HAMED_RAO);
		struct wq_series_result r = judged(g->t, g->x, g->rows, request);

		assert_near(g->name, "3 lags", r.variance, g->variance * g->hamed_rao_3);
		assert_true(r.variance >= g->variance && r.low <= g->low && r.high >= g->high);
		assert_true(isnan(r.p_exact));
		request.lag = 0;
		r = judged(g->t, g->x, g->rows, request);
		assert_near(g->name, "all lags", r.variance, g->variance * g->hamed_rao_all);
	}
}

static void seasons_are_compared_with_themselves_only(void **state)
{
	(void)state;
	for (const struct golden *g = golden; g < golden + GOLDEN; g++) {
		struct wq_series_result r = judged(g->t, g->x, g->rows, asking(WQ_SERIES_SEASONAL));

		assert_near(g->name, "S", r.s, g->seasonal_s);
		assert_near(g->name, "variance", r.variance, g->seasonal_variance);
		assert_near(g->name, "slope", r.slope, g->seasonal_slope);
	}
}

static void ar1_is_the_estimate_of_the_rule(void **state)
{
	(void)state;
	for (const struct golden *g = golden; g < golden + GOLDEN; g++) {
		struct wq_series_result r;
		struct wq_trend rule;

		if (g->n != g->rows || g->n > WQ_TREND_POINTS)
			continue;
		assert_int_equal(wq_trend_estimate(g->t, g->x, g->n, 0.95, &rule, NULL), 0);
		r = judged(g->t, g->x, g->rows, asking(WQ_SERIES_AR1));
		assert_near(g->name, "variance", r.variance, rule.test.variance);
		assert_near(g->name, "z", r.z, rule.test.z);
		if (rule.test.p < .05 || rule.line.low > 0 || rule.line.high < 0)
			assert_near(g->name, "p", rule.p, r.p);
		else
			assert_true(rule.p == rule.test.p);
		assert_near(g->name, "slope", r.slope, rule.line.slope);
		assert_near(g->name, "low", r.low, rule.line.low);
		assert_near(g->name, "high", r.high, rule.line.high);
	}
}

/* A series that swings has negative autocorrelations: unclamped, its variance would shrink. */
static void hamed_rao_never_finds_more_than_the_plain_test(void **state)
{
	double t[40], x[40];
	struct wq_series_result plain, corrected;

	(void)state;
	for (size_t i = 0; i < 40; i++) {
		t[i] = (double)i;
		x[i] = (i % 2 ? 1 : -1) + 0.01 * (double)i;
	}
	plain = judged(t, x, 40, asking(WQ_SERIES_MK));
	corrected = judged(t, x, 40, asking(WQ_SERIES_HAMED_RAO));
	assert_true(corrected.variance == plain.variance);
}

/* -- exact distributions -- */

/* All permutations of 0 … n-1 (Heap), counted by |S| and by distance of Σd² from its middle. */
struct counted {
	size_t n, orders;
	unsigned s[64], squares[128];
};

static void count_order(struct counted *c, const int *order)
{
	int s = 0, squares = 0;

	for (size_t i = 0; i < c->n; i++) {
		for (size_t j = i + 1; j < c->n; j++)
			s += order[j] > order[i] ? 1 : -1;
		squares += (order[i] - (int)i) * (order[i] - (int)i);
	}
	c->s[abs(s)]++;
	c->squares[squares / 2]++;
	c->orders++;
}

static void permute(struct counted *c, int *order, size_t k)
{
	if (k == 1) {
		count_order(c, order);
		return;
	}
	for (size_t i = 0; i < k; i++) {
		const size_t other = k % 2 ? 0 : i;
		int kept;

		permute(c, order, k - 1);
		kept = order[other];
		order[other] = order[k - 1];
		order[k - 1] = kept;
	}
}

static void exact_p_is_the_share_of_all_orders(void **state)
{
	(void)state;
	for (size_t n = 2; n <= 8; n++) {
		struct counted c = { .n = n };
		int order[8] = { 0, 1, 2, 3, 4, 5, 6, 7 };
		const int pairs = (int)(n * (n - 1) / 2);
		const unsigned most = (unsigned)(n * (n * n - 1) / 3);

		permute(&c, order, n);
		for (int s = pairs; s >= 0; s -= 2) {
			size_t as_far = 0;

			for (int k = s; k <= pairs; k++)
				as_far += c.s[k];
			assert_near("Kendall", "p", wq_kendall_exact(s, n),
			        (double)as_far / (double)c.orders);
			assert_near("Kendall", "p of -S", wq_kendall_exact(-s, n),
			        wq_kendall_exact(s, n));
		}
		for (unsigned squares = 0; squares <= most; squares += 2) {
			size_t as_far = 0;

			for (unsigned k = 0; k <= most; k += 2)
				if (abs((int)(2 * k) - (int)most) >=
				        abs((int)(2 * squares) - (int)most))
					as_far += c.squares[k / 2];
			assert_near("Spearman", "p", wq_spearman_exact(squares, n),
			        (double)as_far / (double)c.orders);
		}
	}
}

/* Exact critical values of rho, one-sided, no ties: the smallest rho that is significant, rounded
 * to three places. (Enumerated by others than this code; the usual tables agree up to n = 10.) */
static void exact_spearman_has_the_critical_values_of_the_table(void **state)
{
	static const struct {
		size_t n;
		double at[3]; /* one-sided .05 .025 .01 */
	} table[] = {
		{ 5, { .900, 1.000, 1.000 } },
		{ 6, { .829, .886, .943 } },
		{ 7, { .714, .786, .893 } },
		{ 8, { .643, .738, .833 } },
		{ 9, { .600, .700, .783 } },
		{ 10, { .564, .648, .745 } },
		{ 11, { .536, .618, .709 } },
		{ 12, { .503, .587, .678 } },
	};
	static const double alphas[3] = { .05, .025, .01 };

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		const double n = (double)table[i].n, all = n * (n * n - 1);

		for (int a = 0; a < 3; a++) {
			/* The largest even Σd² with a rho that rounds to the table's. */
			unsigned squares =
			        (unsigned)(all / 6 * (1 - table[i].at[a]) + .0005 * all / 6);

			squares -= squares % 2;
			assert_true(fabs(1 - 6 * squares / all - table[i].at[a]) < .0006);
			assert_true(wq_spearman_exact(squares, table[i].n) / 2 <= alphas[a]);
			assert_true(wq_spearman_exact(squares + 2, table[i].n) / 2 > alphas[a]);
		}
	}
}

/* 14 is the longest: once, since it counts 3,432 × 2 × 5,040 orders. */
static void exact_spearman_reaches_fourteen(void **state)
{
	const double all = 14 * (14 * 14 - 1);
	unsigned squares = (unsigned)(all / 6 * (1 - .464) + .0005 * all / 6);

	(void)state;
	squares -= squares % 2;
	assert_true(wq_spearman_exact(squares, 14) / 2 <= .05);
	assert_true(wq_spearman_exact(squares + 2, 14) / 2 > .05);
	assert_near("all alike", "p", wq_spearman_exact(0, 14), 2 / 87178291200.0);
}

static void a_long_exact_distribution_is_near_the_normal_one(void **state)
{
	const double deviation = sqrt(64.0 * 63 * 133 / 18);

	(void)state;
	for (int s = 2; s < 600; s += 50)
		assert_true(
		        fabs(wq_kendall_exact(s, 64) - erfc((s - 1) / deviation / sqrt(2))) < 2e-3);
	assert_true(wq_kendall_exact(2016, 64) > 0 && wq_kendall_exact(2016, 64) < 1e-88);
}

static void students_t_is_that_of_the_tables(void **state)
{
	(void)state;
	assert_near("t", "1 degree", wq_student_p(1, 1), 0.5);
	assert_near("t", "2 degrees", wq_student_p(sqrt(2), 2), 1 - 1 / sqrt(2));
	assert_true(fabs(wq_student_p(2.2281388519649385, 10) - 0.05000000000180862) < 1e-13);
	assert_true(fabs(wq_student_p(-2.7500, 30) - 0.0100) < 1e-5);
	assert_near("t", "in the middle", wq_student_p(0, 7), 1);
	assert_near("t", "without end", wq_student_p(INFINITY, 7), 0);
	assert_true(fabs(wq_student_p(1.959963984540054, 1e7) - 0.05) < 1e-7);
	assert_true(wq_student_p(40, 100) > 0 && wq_student_p(40, 100) < 1e-60);
}

/* -- what must hold for any series -- */

static void shift_and_scale_change_neither_test_nor_verdict(void **state)
{
	(void)state;
	for (const struct golden *g = golden; g < golden + GOLDEN; g++)
		for (int test = 0; test < WQ_SERIES_TESTS; test++) {
			struct wq_series_request request = asking((enum wq_series_test)test);
			struct wq_series_result a = judged(g->t, g->x, g->rows, request), b;
			double x[90];

			/* Decimals do not stay tied when shifted in binary: whole numbers do. */
			for (size_t i = 0; i < g->rows; i++)
				x[i] = isnan(g->x[i]) ? (double)NAN
				                      : round(g->x[i] * 10000) + 70000;
			b = judged(g->t, x, g->rows, request);
			assert_near(g->name, "p", b.p, a.p);
			assert_near(g->name, "z", b.z, a.z);
			assert_near(g->name, "variance", b.variance, a.variance);
			assert_near(g->name, "slope", b.slope / 10000, a.slope);
			assert_near(g->name, "low", b.low / 10000, a.low);
			assert_near(g->name, "line", (b.fitted_now - 70000) / 10000, a.fitted_now);
			assert_int_equal(a.verdict, b.verdict);
		}
}

static void turning_time_or_sign_turns_the_trend(void **state)
{
	(void)state;
	for (const struct golden *g = golden; g < golden + GOLDEN; g++) {
		struct wq_series_result a = judged(g->t, g->x, g->rows, asking(WQ_SERIES_MK)), b, c;
		double t[90], x[90], y[90];

		for (size_t i = 0; i < g->rows; i++) {
			t[i] = g->t[g->rows - 1] - g->t[g->rows - 1 - i];
			x[i] = g->x[g->rows - 1 - i];
			y[i] = -g->x[i];
		}
		b = judged(t, x, g->rows, asking(WQ_SERIES_MK));
		c = judged(g->t, y, g->rows, asking(WQ_SERIES_MK));
		assert_true(b.s == -a.s && c.s == -a.s);
		assert_near(g->name, "p", b.p, a.p);
		assert_near(g->name, "slope, time turned", b.slope, -a.slope);
		assert_near(g->name, "slope, sign turned", c.slope, -a.slope);
		assert_near(g->name, "interval", c.low, -a.high);
		assert_near(g->name, "ends change places", b.intercept, a.fitted_now);
	}
}

/* Readings of few digits: many ties in values and in slopes. */
static void long_series_are_counted_and_selected_right(void **state)
{
	struct dice dice = { 17 };
	static double t[LONG], x[LONG], slopes[LONG * (LONG - 1) / 2];
	size_t count = 0, below = 0, up_to = 0;
	double s = 0;
	struct wq_series_result r;

	(void)state;
	for (size_t i = 0; i < LONG; i++) {
		t[i] = (double)i + (i % 7 == 0 ? 0.25 : 0);
		x[i] = round(20 * uniform(&dice) + 0.002 * (double)i) / 10;
	}
	for (size_t i = 0; i < LONG; i++)
		for (size_t j = i + 1; j < LONG; j++) {
			s += (x[j] > x[i]) - (x[j] < x[i]);
			slopes[count++] = (x[j] - x[i]) / (t[j] - t[i]);
		}
	r = judged(t, x, LONG, asking(WQ_SERIES_MK));
	assert_true(r.s == s);
	for (size_t i = 0; i < count; i++) {
		below += slopes[i] < r.slope;
		up_to += slopes[i] <= r.slope;
	}
	assert_true(below <= count / 2 && up_to >= (count + 1) / 2);
	assert_true(r.low < r.slope && r.slope < r.high);
	assert_true(isnan(r.p_exact));
}

static void a_constant_has_no_trend_in_any_test(void **state)
{
	double t[12], x[12];

	(void)state;
	for (size_t i = 0; i < 12; i++) {
		t[i] = 4 * (double)i;
		x[i] = 0.2;
	}
	for (int test = 0; test < WQ_SERIES_TESTS; test++) {
		struct wq_series_result r = judged(t, x, 12, asking((enum wq_series_test)test));

		assert_int_equal(r.verdict, WQ_SERIES_NO_TREND);
		assert_true(r.slope == 0 && r.low == 0 && r.high == 0 && r.fitted_now == 0.2);
		assert_true(test == WQ_SERIES_SPEARMAN ? isnan(r.rho) : r.p == 1 && r.s == 0);
		assert_true(isnan(r.tau_b));
	}
}

/* AR(1) noise of standard deviation 1 with a trend of `change` over its length. */
static void correlated(struct dice *dice, double phi, double change, double *t, double *x, size_t n)
{
	double last = 0;

	for (size_t i = 0; i < n; i++) {
		const double noise = sqrt(-2 * log(uniform(dice))) * cos(6.283185307179586 * uniform(dice));

		last = i == 0 ? noise : phi * last + sqrt(1 - phi * phi) * noise;
		t[i] = 4 * (double)i;
		x[i] = last + change * (double)i / (double)(n - 1);
	}
}

static double share_found(struct dice *dice, enum wq_series_test test, double phi, double change, size_t n, int runs)
{
	double t[60], x[60];
	int found = 0;

	for (int run = 0; run < runs; run++) {
		correlated(dice, phi, change, t, x, n);
		found += judged(t, x, n, asking(test)).verdict != WQ_SERIES_NO_TREND;
	}
	return (double)found / runs;
}

static void autocorrelation_fools_the_tests_in_this_order(void **state)
{
	static const enum wq_series_test tests[] = { WQ_SERIES_MK, WQ_SERIES_HAMED_RAO,
		WQ_SERIES_AR1 };
	double found[3];

	(void)state;
	for (int k = 0; k < 3; k++) {
		struct dice dice = { 20260307 };

		found[k] = share_found(&dice, tests[k], 0.6, 0, 30, getenv("WQ_LONG") ? 500 : 200);
	}
	print_message("seed 20260307: phi 0.6, n 30, no trend: mk %.3f, hamed-rao %.3f, ar1 %.3f\n", found[0], found[1], found[2]);
	assert_true(found[2] < found[1] && found[1] < found[0]);
}

/* What the default test is for: few trends where there is none, most where there is one. WQ_LONG: exact figures. */
static void ar1_keeps_its_level_and_its_power(void **state)
{
	static const size_t lengths[] = { 18, 24, 30, 42, 60 };
	static const double phis[] = { 0, 0.3, 0.6, 0.8 };
	const int runs = getenv("WQ_LONG") ? 20000 : 120;
	/* Four standard errors of a share of 0.08. */
	const double doubt = 4 * sqrt(0.08 * 0.92 / runs);
	struct dice dice = { 20261124 };

	(void)state;
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
		for (size_t k = 0; k < sizeof phis / sizeof *phis; k++) {
			const double none = share_found(&dice, WQ_SERIES_AR1, phis[k], 0, lengths[i], runs);
			const double rise = share_found(&dice, WQ_SERIES_AR1, phis[k], 3, lengths[i], runs);

			print_message("n %zu phi %.1f: found without a trend %.3f, with one of 3 sd %.3f (%d runs)\n", lengths[i], phis[k],
				none, rise, runs);
			assert_true(none <= 0.08 + doubt);
			assert_true(rise > 3 * none);
		}
}

/* -- the time to a limit, and the verdict -- */

static struct wq_series_result of_line(
        double start, double slope, size_t rows, double limit, bool below, bool logarithm)
{
	struct wq_series_request request = asking(WQ_SERIES_MK);
	double t[90], x[90];

	request.limit = limit;
	request.below = below;
	request.logarithm = logarithm;
	for (size_t i = 0; i < rows; i++) {
		t[i] = 4 * (double)i;
		x[i] = logarithm ? start * exp(slope * t[i]) : start + slope * t[i];
		/* A little to and fro, so that the interval has a width. */
		x[i] *= i % 3 == 1 ? 1.001 : 1;
	}
	return judged(t, x, rows, request);
}

static void the_verdict_publishes_what_may_be_published(void **state)
{
	static const struct {
		const char *what;
		double start, slope;
		size_t rows;
		double limit;
		bool below, logarithm;
		enum wq_series_verdict verdict;
		double hours; /* about; -1: never */
	} cases[] = {
		{ "soon", .1, .001, 18, .2, false, false, WQ_SERIES_WILL_EXCEED, 32 },
		{ "beyond the horizon of 72 h", .1, .001, 18, .3, false, false, WQ_SERIES_RISING,
		        132 },
		{ "beyond the length of the series", .1, .001, 8, .17, false, false,
		        WQ_SERIES_RISING, 42 },
		{ "there already", .1, .001, 18, .15, false, false, WQ_SERIES_EXCEEDS, 0 },
		{ "away from it", .2, -.001, 18, .3, false, false, WQ_SERIES_FALLING, -1 },
		{ "above it, falling", .4, -.001, 18, .2, false, false, WQ_SERIES_FALLING, 0 },
		{ "no limit", .1, .001, 18, NAN, false, false, WQ_SERIES_RISING, -1 },
		{ "oxygen, soon", 8, -.03, 18, 5, true, false, WQ_SERIES_WILL_EXCEED, 32 },
		{ "oxygen, rising", 6, .03, 18, 5, true, false, WQ_SERIES_RISING, -1 },
		{ "on logarithms", .1, .02, 18, .5, false, true, WQ_SERIES_WILL_EXCEED, 12.5 },
		{ "too few", .1, .001, 4, .12, false, false, WQ_SERIES_TOO_FEW, 8 },
		{ "level", .1, 0, 18, .2, false, false, WQ_SERIES_NO_TREND, -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct wq_series_result r = of_line(cases[i].start, cases[i].slope, cases[i].rows,
		        cases[i].limit, cases[i].below, cases[i].logarithm);

		if (r.verdict != cases[i].verdict)
			fail_msg("%s: '%s' instead of '%s'", cases[i].what,
			        wq_series_verdict_name(r.verdict),
			        wq_series_verdict_name(cases[i].verdict));
		if (cases[i].hours < 0)
			assert_true(isnan(r.hours));
		else if (!(fabs(r.hours - cases[i].hours) <= 1.5))
			fail_msg("%s: %g hours", cases[i].what, r.hours);
		if (r.verdict == WQ_SERIES_WILL_EXCEED)
			assert_true(r.earliest <= r.hours && r.hours <= r.latest);
	}
}

static void the_time_is_open_ended_where_the_interval_holds_no_trend(void **state)
{
	const double t[] = { 0, 1, 2, 3, 4, 5, 6, 7 }, x[] = { 1, 3, 2, 2.5, 1.5, 3.5, 2.2, 3 };
	struct wq_series_request request = asking(WQ_SERIES_MK);
	struct wq_series_result r;

	(void)state;
	request.limit = 5;
	r = judged(t, x, 8, request);
	assert_int_equal(r.verdict, WQ_SERIES_NO_TREND);
	assert_true(r.low < 0 && r.slope > 0);
	assert_near("by hand", "hours", r.hours, (5 - r.fitted_now) / r.slope);
	assert_true(r.earliest < r.hours && isnan(r.latest));
}

static void a_scale_of_logarithms_answers_in_the_unit_measured(void **state)
{
	struct wq_series_result r = of_line(.1, .02, 18, NAN, false, true);

	(void)state;
	assert_true(
	        fabs(r.intercept - .1) < .001 && fabs(r.fitted_now - .1 * exp(.02 * 68)) < .003);
	assert_true(fabs(r.slope / r.fitted_now - .02) < .0005);
}

/* -- missing values, seasons, what is refused -- */

static void a_missing_value_keeps_its_time(void **state)
{
	const double t[] = { 0, 4, 8, 12, 16, 20, 24 }, x[] = { NAN, 2, NAN, 4, 5, 6, NAN };
	struct wq_series_result r = judged(t, x, 7, asking(WQ_SERIES_MK));

	(void)state;
	assert_int_equal(r.n, 4);
	assert_near("line", "slope", r.slope, .25);
	assert_near("line", "at the first time", r.intercept, 1);
	assert_near("line", "at the last", r.fitted_now, 7);
}

static void a_row_that_is_not_there_moves_no_season(void **state)
{
	double t[47], x[47];
	struct wq_series_request request = asking(WQ_SERIES_SEASONAL);
	struct wq_series_result r;
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < 48; i++) {
		if (i == 13)
			continue;
		t[n] = 4 * (double)i;
		x[n++] = (double)(i % 6);
	}
	request.period = 0; /* that of a day */
	r = judged(t, x, n, request);
	assert_int_equal(r.period, 6);
	assert_true(r.s == 0 && r.slope == 0);
}

static void what_cannot_be_judged_is_refused(void **state)
{
	double t[] = { 0, 24, 48, 72, 96, 120 }, x[] = { 1, 2, 3, 0, 5, 6 };
	struct wq_series_request request = asking(WQ_SERIES_MK);
	struct wq_series_result r;
	struct wq_err err;
	double *many = calloc(WQ_SERIES_ROWS + 1, sizeof *many);

	(void)state;
	assert_int_equal(judge_all(many, many, WQ_SERIES_ROWS + 1, request, &r, &err), WQ_E_FULL);
	assert_non_null(strstr(err.text, "20000"));
	free(many);
	request.logarithm = true;
	assert_int_equal(judge_all(t, x, 6, request, &r, &err), WQ_E_INVALID);
	assert_non_null(strstr(err.text, "logarithm"));
	request = asking(WQ_SERIES_SEASONAL);
	request.period = 0; /* a reading a day has none */
	assert_int_equal(judge_all(t, x, 6, request, &r, &err), WQ_E_INVALID);
	request = asking(WQ_SERIES_MK);
	request.confidence = 1;
	assert_int_equal(judge_all(t, x, 6, request, &r, &err), WQ_E_INVALID);
	request.confidence = .95;
	x[2] = INFINITY;
	assert_int_equal(judge_all(t, x, 6, request, &r, &err), WQ_E_INVALID);
	x[2] = NAN;
	assert_int_equal(judge_all(t, x, 6, request, &r, &err), 0);
	t[3] = t[2];
	assert_int_equal(judge_all(t, x, 6, request, &r, &err), WQ_E_INVALID);
}

static void check_nothing(const struct wq_series_result *r, size_t n)
{
	const double numbers[] = { r->s, r->variance, r->z, r->p, r->p_exact, r->tau_a, r->tau_b, r->rho, r->slope, r->low, r->high,
		r->intercept, r->fitted_now, r->hours, r->earliest, r->latest };

	assert_int_equal(r->n, n);
	assert_int_equal(r->verdict, WQ_SERIES_TOO_FEW);
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		assert_true(isnan(numbers[i]));
}

static void what_is_too_short_is_told_so_by_every_test(void **state)
{
	const double t[] = { 0, 24, 48, 72, 96, 120 }, x[] = { 1, 2, 3, 4, 5, 6 }, none[] = { NAN, NAN, NAN };
	struct wq_series_request request;
	struct wq_series_result r;

	(void)state;
	for (int test = 0; test < WQ_SERIES_TESTS; test++) {
		request = asking((enum wq_series_test)test);
		request.limit = 9;
		r = judged(t, x, 0, request);
		check_nothing(&r, 0);
		r = judged(t, none, 3, request);
		check_nothing(&r, 0);
	}
	request = asking(WQ_SERIES_SEASONAL);
	request.period = 0; /* of a day, of which too little is there to know */
	r = judged(t, x, 1, request);
	check_nothing(&r, 1);
	r = judged(t, x, WQ_SERIES_MINIMUM - 1, request);
	check_nothing(&r, WQ_SERIES_MINIMUM - 1);
	request.period = 7;
	r = judged(t, x, 6, request);
	check_nothing(&r, 6);
	request.period = 6; /* no season has two */
	assert_int_equal(judged(t, x, 6, request).verdict, WQ_SERIES_TOO_FEW);
}

static void one_two_and_three_values_have_their_numbers(void **state)
{
	const double t[] = { 0, 4, 8 }, x[] = { 1, 3, 5 };

	(void)state;
	for (int test = 0; test < WQ_SERIES_TESTS; test++)
		for (size_t n = 1; n <= 3; n++) {
			struct wq_series_request request = asking((enum wq_series_test)test);
			struct wq_series_result r;

			request.period = test == WQ_SERIES_SEASONAL ? 2 : 0;
			if (request.period > n)
				continue;
			r = judged(t, x, n, request);
			assert_int_equal(r.verdict, WQ_SERIES_TOO_FEW);
			assert_int_equal(r.n, n);
			if (test == WQ_SERIES_MK)
				assert_true(n == 1 ? isnan(r.slope) : r.slope == .5);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mann_kendall_is_that_of_scipy_and_pymannkendall),
		cmocka_unit_test(the_line_is_that_of_theilslopes_at_the_first_and_the_last_time),
		cmocka_unit_test(spearman_is_that_of_scipy),
		cmocka_unit_test(hamed_rao_inflates_the_variance_as_defined),
		cmocka_unit_test(hamed_rao_never_finds_more_than_the_plain_test),
		cmocka_unit_test(seasons_are_compared_with_themselves_only),
		cmocka_unit_test(ar1_is_the_estimate_of_the_rule),
		cmocka_unit_test(exact_p_is_the_share_of_all_orders),
		cmocka_unit_test(exact_spearman_has_the_critical_values_of_the_table),
		cmocka_unit_test(exact_spearman_reaches_fourteen),
		cmocka_unit_test(a_long_exact_distribution_is_near_the_normal_one),
		cmocka_unit_test(students_t_is_that_of_the_tables),
		cmocka_unit_test(shift_and_scale_change_neither_test_nor_verdict),
		cmocka_unit_test(turning_time_or_sign_turns_the_trend),
		cmocka_unit_test(long_series_are_counted_and_selected_right),
		cmocka_unit_test(a_constant_has_no_trend_in_any_test),
		cmocka_unit_test(autocorrelation_fools_the_tests_in_this_order),
		cmocka_unit_test(ar1_keeps_its_level_and_its_power),
		cmocka_unit_test(the_verdict_publishes_what_may_be_published),
		cmocka_unit_test(the_time_is_open_ended_where_the_interval_holds_no_trend),
		cmocka_unit_test(a_scale_of_logarithms_answers_in_the_unit_measured),
		cmocka_unit_test(a_missing_value_keeps_its_time),
		cmocka_unit_test(a_row_that_is_not_there_moves_no_season),
		cmocka_unit_test(what_cannot_be_judged_is_refused),
		cmocka_unit_test(what_is_too_short_is_told_so_by_every_test),
		cmocka_unit_test(one_two_and_three_values_have_their_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
