/* SPDX-License-Identifier: Apache-2.0 */
/* The time to a limit: what must hold of it for any series, side and scale, what may be published, and how often it is right. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "wq/err.h"
#include "wq/trend.h"

#define MOST 60

/* xorshift64*: the same numbers on every machine. */
static uint64_t dice = 20261126;

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

static struct wq_series_result judged(const double *t, const double *x, size_t rows, const struct wq_series_request *request)
{
	static void *room;
	struct wq_series_result result;
	struct wq_err err = { 0 };

	if (room == NULL)
		room = malloc(wq_series_room(MOST));
	if (wq_series_judge(t, x, rows, request, room, &result, &err) != 0)
		fail_msg("refused: %s", err.text);
	return result;
}

/* Noise of deviation 1 that hangs together. */
static void noise(double phi, double *e, size_t n)
{
	for (size_t i = 0; i < n; i++)
		e[i] = i == 0 ? normal() : phi * e[i - 1] + sqrt(1 - phi * phi) * normal();
}

static size_t make_any(double *t, double *x)
{
	const size_t n = 5 + (size_t)(uniform() * (MOST - 5));
	const double level = pow(10, 3 * uniform() - 1), rise = level * .03 * normal(), spread = level * .2 * uniform();
	const bool ties = uniform() < .5;
	double at = 0;

	noise(.9 * uniform(), x, n);
	for (size_t i = 0; i < n; i++) {
		x[i] = fmax(level * .01, level + spread * x[i] + rise * (double)i);
		x[i] = ties ? fmax(level / 50, round(x[i] * 50 / level) * level / 50) : x[i];
		t[i] = at;
		at += uniform() < .2 ? 8 : 4;
	}
	for (size_t i = 1; i + 1 < n; i++)
		if (uniform() < .05)
			x[i] = NAN;
	return n;
}

/* Counting all orders of 11 to 14 values takes long. */
static struct wq_series_request any_request(const double *x, size_t n)
{
	const enum wq_series_test test = (enum wq_series_test)(uniform() * WQ_SERIES_TESTS);

	return (struct wq_series_request){ .test = test == WQ_SERIES_SPEARMAN && n > 10 && n < 20 ? WQ_SERIES_MK : test,
		.lag = WQ_SERIES_LAGS,
		.period = 2,
		.confidence = uniform() < .7 ? .95 : .5 + .49 * uniform(),
		.logarithm = uniform() < .5,
		.limit = x[0] * (.3 + 1.6 * uniform()),
		.below = uniform() < .5 };
}

/* Hours until a line of that slope, on the scale fitted, is at the limit; INFINITY: never. */
static double until(const struct wq_series_request *q, double now, double slope)
{
	const double sign = q->below ? -1 : 1;
	const double left = sign * (q->logarithm ? log(q->limit / now) : q->limit - now);

	if (left <= 0)
		return 0;
	slope = sign * (q->logarithm ? slope / now : slope);
	return slope > 0 ? left / slope : INFINITY;
}

static double or_never(double hours)
{
	return isnan(hours) ? INFINITY : hours;
}

static void the_times_are_in_order_and_those_of_the_line(void **state)
{
	int seen = 0;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		double t[MOST], x[MOST], hours;
		const size_t n = make_any(t, x);
		const struct wq_series_request q = any_request(x, n);
		const struct wq_series_result r = judged(t, x, n, &q);

		if (isnan(r.slope))
			continue;
		hours = until(&q, r.fitted_now, r.slope);
		assert_true(isinf(hours) ? isnan(r.hours) : fabs(r.hours - hours) <= 1e-6 * fmax(1, hours));
		if (isnan(r.low))
			continue;
		assert_true(r.low <= r.slope && r.slope <= r.high);
		assert_true(or_never(r.earliest) <= or_never(r.hours) && or_never(r.hours) <= or_never(r.latest));
		seen += r.hours > 0;
	}
	assert_true(seen > 200);
}

/* Significant, toward the limit, no 0 in the slope's interval, and at most 72 h and the length of the series ahead. */
static void nothing_is_published_that_may_not_be(void **state)
{
	int counts[WQ_SERIES_VERDICTS] = { 0 };

	(void)state;
	for (int round = 0; round < 3000; round++) {
		double t[MOST], x[MOST];
		const size_t n = make_any(t, x);
		const struct wq_series_request q = any_request(x, n);
		const struct wq_series_result r = judged(t, x, n, &q);
		const double p = isnan(r.p_exact) ? r.p : r.p_exact;
		const bool significant = p < 1 - q.confidence;
		const bool toward = q.below ? r.high < 0 : r.low > 0;

		counts[r.verdict]++;
		if (r.n < WQ_SERIES_MINIMUM)
			assert_int_equal(r.verdict, WQ_SERIES_TOO_FEW);
		else if (!significant)
			assert_int_equal(r.verdict, WQ_SERIES_NO_TREND);
		else if (toward && r.hours <= fmin(72, r.horizon) && (q.below ? r.slope < 0 : r.slope > 0))
			assert_true(r.verdict == (r.hours > 0 ? WQ_SERIES_WILL_EXCEED : WQ_SERIES_EXCEEDS) ||
			        /* S and the slope disagree about the direction. */
			        ((isnan(r.rho) ? r.s : r.rho) > 0) != (r.slope > 0));
		else
			assert_true(r.verdict == WQ_SERIES_RISING || r.verdict == WQ_SERIES_FALLING ||
			        r.verdict == WQ_SERIES_NO_TREND);
	}
	for (int v = WQ_SERIES_NO_TREND; v < WQ_SERIES_VERDICTS; v++)
		assert_true(counts[v] > 30);
}

static void a_limit_below_is_a_limit_above_in_the_mirror(void **state)
{
	(void)state;
	for (int round = 0; round < 5000; round++) {
		double t[MOST], x[MOST], y[MOST];
		const size_t n = make_any(t, x);
		struct wq_series_request q = any_request(x, n);
		struct wq_series_result a, b;

		for (size_t i = 0; i < n; i++)
			y[i] = q.logarithm ? 1 / x[i] : -x[i];
		a = judged(t, x, n, &q);
		q.limit = q.logarithm ? 1 / q.limit : -q.limit;
		q.below = !q.below;
		b = judged(t, y, n, &q);
		if (q.logarithm && a.s != -b.s)
			continue; /* values so near that one over them is tied */
		assert_true(fabs(or_never(a.hours) - or_never(b.hours)) <= 1e-6 * or_never(a.hours) || a.hours == b.hours ||
		        (isnan(a.hours) && isnan(b.hours)));
		assert_true(a.n == b.n && ((isnan(a.p) && isnan(b.p)) || fabs(a.p - b.p) < 1e-9));
		if (a.verdict == WQ_SERIES_WILL_EXCEED || a.verdict == WQ_SERIES_EXCEEDS)
			assert_int_equal(a.verdict, b.verdict);
	}
}

/* -- how often the interval holds the true crossing -- */

struct coverage {
	int runs, held, told, told_held, early;
};

/* Lines that cross 48 h after the last of n 4-hourly values, having risen by `change` deviations of the noise over the window. */
static struct coverage cover(double phi, double change, size_t n, int runs)
{
	struct coverage c = { .runs = runs };

	for (int run = 0; run < runs; run++) {
		double t[MOST], x[MOST];
		const double slope = change / (4 * (double)(n - 1)), crossing = 48;
		struct wq_series_request q = { .test = WQ_SERIES_AR1, .confidence = .95 };
		struct wq_series_result r;
		bool held;

		noise(phi, x, n);
		for (size_t i = 0; i < n; i++) {
			t[i] = 4 * (double)i;
			x[i] += slope * t[i];
		}
		q.limit = slope * (t[n - 1] + crossing);
		r = judged(t, x, n, &q);
		held = or_never(r.earliest) <= crossing && crossing <= or_never(r.latest);
		c.held += held;
		if (r.verdict != WQ_SERIES_WILL_EXCEED && r.verdict != WQ_SERIES_EXCEEDS)
			continue;
		c.told++;
		c.told_held += held;
		c.early += r.hours < crossing;
	}
	return c;
}

/* What docs/trend.md states; WQ_LONG: exactly. */
static void the_interval_mostly_holds_the_true_crossing(void **state)
{
	static const size_t lengths[] = { 18, 30, 42, 60 };
	static const double phis[] = { 0, .3, .6, .8 }, changes[] = { 3, 6 };
	const int runs = getenv("WQ_LONG") ? 20000 : 60;

	(void)state;
	for (size_t a = 0; a < 2; a++)
		for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
			for (size_t k = 0; k < sizeof phis / sizeof *phis; k++) {
				const struct coverage c = cover(phis[k], changes[a], lengths[i], runs);
				const double all = (double)c.held / c.runs, told = (double)c.told_held / c.told;

				print_message("rise of %.0f sd, n %zu, phi %.1f: %.3f hold it; told in %.3f, of these %.3f hold it, "
					      "%.3f say too early a time (%d runs)\n",
				        changes[a], lengths[i], phis[k], all, (double)c.told / c.runs, told,
				        (double)c.early / c.told, runs);
				assert_true(all >= .7);
			}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_times_are_in_order_and_those_of_the_line),
		cmocka_unit_test(nothing_is_published_that_may_not_be),
		cmocka_unit_test(a_limit_below_is_a_limit_above_in_the_mirror),
		cmocka_unit_test(the_interval_mostly_holds_the_true_crossing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
