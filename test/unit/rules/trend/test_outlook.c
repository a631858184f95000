/* SPDX-License-Identifier: Apache-2.0 */
/* What the rule spares itself changes nothing: selection, mirrored lines, the brief outlook and what is kept of closed spans against the
 * plain computation, bit by bit, over random series with ties, gaps, revisions and late data. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "outlook.h"
#include "select.h"
#include "view.h"

#include "wq/err.h"

extern const struct wq_rule wq_rule_trend;

/* xorshift64*: the same numbers on every machine. */
static uint64_t dice = 20261124;

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

static size_t below(size_t n)
{
	return (size_t)(uniform() * (double)n);
}

static int ascending(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void selection_is_that_of_a_sorted_series(void **state)
{
	(void)state;
	for (int round = 0; round < 4000; round++) {
		double x[300], sorted[300];
		const size_t n = 1 + below(300), k = below(n);
		const double digits = round % 3 == 0 ? 3 : round % 3 == 1 ? 50 : 1e9;

		for (size_t i = 0; i < n; i++)
			sorted[i] = x[i] = floor(digits * uniform()) - digits / 2;
		qsort(sorted, n, sizeof *sorted, ascending);
		assert_true(select_rank(x, n, k) == sorted[k] && x[k] == sorted[k]);
		for (size_t i = 0; i < n; i++)
			assert_true(i < k ? x[i] <= x[k] : x[i] >= x[k]);
		assert_true(wq_median(x, n) == (n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2));
	}
}

/* Slope and interval from sorted slopes, as their definition has them. */
static void sens_slope_is_that_of_sorted_slopes(void **state)
{
	static double slopes[WQ_TREND_POINTS * WQ_TREND_POINTS];

	(void)state;
	for (int round = 0; round < 2000; round++) {
		double t[WQ_TREND_POINTS], x[WQ_TREND_POINTS], at = 0, all, half, variance;
		const size_t n = 2 + below(WQ_TREND_POINTS - 1);
		size_t count = 0;
		struct wq_sen sen;

		for (size_t i = 0; i < n; i++) {
			at += round % 2 ? 4 : 4 * uniform() + 0.01;
			t[i] = at;
			x[i] = round % 5 ? floor(8 * normal()) / 100 : normal();
		}
		for (size_t i = 0; i < n; i++)
			for (size_t j = i + 1; j < n; j++)
				slopes[count++] = (x[j] - x[i]) / (t[j] - t[i]);
		qsort(slopes, count, sizeof *slopes, ascending);
		all = (double)count;
		variance = wq_kendall(x, n, 1 + 9 * uniform()).variance;
		half = wq_normal_quantile(0.975) * sqrt(variance);
		assert_true(wq_sen(t, x, n, variance, 0.95, &sen));
		assert_true(sen.slope ==
		        (count % 2 ? slopes[count / 2] : (slopes[count / 2 - 1] + slopes[count / 2]) / 2));
		assert_true(sen.low == slopes[(size_t)fmax(rint((all - half) / 2) - 1, 0)]);
		assert_true(sen.high == slopes[(size_t)fmin(rint((all + half) / 2), all - 1)]);
	}
}

/* -- the outlook -- */

/* A water: level, noise that hangs together, perhaps a rise, few digits, gaps. */
static void make_window(struct window *w, double level)
{
	const double phi = 0.9 * uniform(), noise = level * (uniform() < .5 ? .02 : .3 * uniform()), digit = level / 40;
	const double rise = uniform() < .5 ? 0 : level * .03 * normal();
	const bool ties = uniform() < .6, gaps = uniform() < .5;
	double e = 0, at = 0;

	w->n = 8 + below(WQ_TREND_POINTS - 7);
	for (size_t i = 0; i < w->n; i++) {
		e = phi * e + sqrt(1 - phi * phi) * normal();
		at += gaps ? (double)(1 + below(3)) + (uniform() < .3 ? .1 : 0) : 4;
		w->t[i] = at;
		w->x[i] = level + noise * e + rise * (double)i;
		if (ties)
			w->x[i] = round(w->x[i] / digit) * digit;
	}
	for (size_t i = 0; i < w->n; i++)
		w->t[i] -= at;
}

struct reference {
	bool far, toward, away, near;
	double now, hours, earliest, latest, slope, low, high;
};

static double until(const struct wq_sen *line, double slope, double limit, double present)
{
	return fmax(0, (limit - wq_sen_at(line, slope, present)) / slope);
}

static double share(const struct goal *g, double value)
{
	if (!(g->limit > 0) || (!g->upper && !(value > 0)))
		return INFINITY;
	return g->upper ? value / g->limit : g->limit / value;
}

/* Line of one scale; returns how far it lies from the points. */
static double line_of(const struct window *w, const struct goal *g, bool logarithm, struct wq_trend *trend)
{
	const double sign = g->upper ? 1 : -1;
	double y[WQ_TREND_POINTS], misfit = 0;

	for (size_t i = 0; i < w->n; i++)
		y[i] = sign * (logarithm ? log(w->x[i]) : w->x[i]);
	assert_int_equal(wq_trend_estimate(w->t, y, w->n, g->confidence, trend, NULL), 0);
	for (size_t i = 0; i < w->n; i++) {
		const double on = sign * wq_sen_at(&trend->line, trend->line.slope, w->t[i]);

		misfit += fabs(w->x[i] - (logarithm ? exp(on) : on));
	}
	return misfit;
}

/* Everything from the mirrored values, nothing left out. */
static void plainly(const struct window *w, const struct goal *g, double present, struct reference *r)
{
	const double sign = g->upper ? 1 : -1;
	double newest[5], low = INFINITY, high = -INFINITY, at, limit;
	struct wq_trend amounts, shares, *trend = &amounts;
	bool logarithm = false, significant;

	memset(r, 0, sizeof *r);
	memcpy(newest, w->x + w->n - 5, sizeof newest);
	r->far = fmax(share(g, w->x[w->n - 1]), share(g, wq_median(newest, 5))) < 0.8 * g->near;
	if (r->far)
		return;
	for (size_t i = 0; i < w->n; i++) {
		low = fmin(low, w->x[i]);
		high = fmax(high, w->x[i]);
	}
	at = line_of(w, g, false, &amounts);
	if (g->limit > 0 && low > 0 && high > 2 * low)
		logarithm = line_of(w, g, true, &shares) < at;
	trend = logarithm ? &shares : &amounts;
	significant = trend->p < 1 - g->confidence;
	r->now = sign * wq_sen_at(&trend->line, trend->line.slope, present);
	r->now = logarithm ? exp(r->now) : r->now;
	r->near = share(g, r->now) >= g->near;
	r->toward = significant && trend->test.s > 0 && trend->line.slope > 0 && trend->line.low > 0;
	r->away = significant && trend->test.s < 0;
	r->slope = sign * trend->line.slope * (logarithm ? r->now : 1);
	r->low = sign * trend->line.low * (logarithm ? r->now : 1);
	r->high = sign * trend->line.high * (logarithm ? r->now : 1);
	if (!r->toward)
		return;
	limit = sign * (logarithm ? log(g->limit) : g->limit);
	r->hours = until(&trend->line, trend->line.slope, limit, present);
	r->earliest = until(&trend->line, trend->line.high, limit, present);
	r->latest = until(&trend->line, trend->line.low, limit, present);
}

struct tally {
	int brief, far, toward, away, near;
};

static void compare(struct window *w, const struct goal *g, double present, struct fit *fit, struct tally *tally)
{
	struct reference r;
	struct outlook whole, brief;

	plainly(w, g, present, &r);
	assert_int_equal(outlook_brief(w, fit, g, present, &brief), 0);
	assert_int_equal(outlook_take(w, fit, g, present, &whole), 0);
	assert_true(whole.far == r.far && brief.far == r.far);
	assert_true(whole.toward == r.toward && brief.toward == r.toward);
	assert_true(whole.away == r.away && brief.away == r.away);
	assert_true(whole.near == r.near && brief.near == r.near);
	tally->brief += brief.brief;
	tally->far += r.far;
	tally->toward += r.toward;
	tally->away += r.away;
	tally->near += r.near;
	if (r.far)
		return;
	assert_true(whole.now == r.now && whole.slope == r.slope && whole.low == r.low && whole.high == r.high);
	assert_true(whole.hours == r.hours && whole.earliest == r.earliest && whole.latest == r.latest);
}

static void the_outlook_is_that_of_the_whole_computation(void **state)
{
	struct tally tally = { 0 };

	(void)state;
	for (int round = 0; round < 5000; round++) {
		const double level = pow(10, 4 * uniform() - 2) * (uniform() < .05 ? -1 : 1);
		const double limit = level * (uniform() < .1 ? -1 : .6 + .9 * uniform());
		const double present = uniform() < .5 ? 0 : 4 * uniform();
		struct goal g = { limit, false, .3 + .7 * uniform(), uniform() < .5 ? .95 : .5 + .499 * uniform() };
		struct window w;
		struct fit fit;

		make_window(&w, level);
		w.seasons = 0;
	fit_take(&w, &fit);
		compare(&w, &g, present, &fit, &tally);
		/* What is known of one side serves the other. */
		g.upper = true;
		compare(&w, &g, present, &fit, &tally);
	}
	print_message("10,000 outlooks: %d in brief, %d far, %d toward, %d away, %d near\n", tally.brief, tally.far, tally.toward,
	        tally.away, tally.near);
	assert_true(tally.brief > 500 && tally.far > 500 && tally.toward > 500 && tally.away > 500 && tally.near > 500);
}

/* hours_earliest <= hours_to_exceed <= hours_latest, whatever the series, the side and the scale. */
static void the_times_to_the_limit_are_in_order(void **state)
{
	int seen = 0;

	(void)state;
	for (int round = 0; round < 5000; round++) {
		const double level = pow(10, 4 * uniform() - 2);
		const struct goal g = { level * (.4 + 1.4 * uniform()), round % 2, .1, .9 };
		struct window w;
		struct fit fit;
		struct outlook o;

		make_window(&w, level);
		w.seasons = 0;
	fit_take(&w, &fit);
		assert_int_equal(outlook_take(&w, &fit, &g, 0, &o), 0);
		if (!o.toward)
			continue;
		seen++;
		assert_true(isfinite(o.latest) && 0 <= o.earliest && o.earliest <= o.hours && o.hours <= o.latest);
		assert_true(g.upper ? o.slope > 0 && o.low > 0 && o.low <= o.slope && o.slope <= o.high
		                    : o.slope < 0 && o.low < 0 && o.low >= o.slope && o.slope >= o.high);
		assert_true((o.hours > 0) == (g.upper ? o.now < g.limit : o.now > g.limit));
	}
	assert_true(seen > 300);
}

/* What the rule tells is what `wqctl trend --test ar1` calls "will exceed" or "exceeds", by the same p. */
static void the_rule_tells_what_the_analyst_is_told(void **state)
{
	static double room[1 << 17];
	int told = 0, untold = 0, normal_alone = 0;

	(void)state;
	assert_true(wq_series_room(WQ_TREND_POINTS) <= sizeof room);
	for (int round = 0; round < 5000; round++) {
		const double level = pow(10, 4 * uniform() - 2);
		const struct goal g = { level * (.4 + 1.4 * uniform()), round % 2, .1, .95 };
		struct wq_series_request request = { .test = WQ_SERIES_AR1, .confidence = .95, .limit = g.limit, .below = !g.upper };
		struct wq_series_result r;
		struct window w;
		struct fit fit;
		struct outlook o;

		make_window(&w, level);
		w.seasons = 0;
		fit_take(&w, &fit);
		assert_int_equal(outlook_take(&w, &fit, &g, 0, &o), 0);
		if (o.far)
			continue;
		request.logarithm = fit.shares_closer;
		for (size_t i = 1; i <= w.n; i++)
			w.t[w.n - i] -= w.t[0]; /* from the first on; that one last */
		assert_int_equal(wq_series_judge(w.t, w.x, w.n, &request, room, &r, NULL), 0);
		if (!(r.hours <= r.horizon))
			continue;
		assert_int_equal(o.toward, r.verdict == WQ_SERIES_WILL_EXCEED || r.verdict == WQ_SERIES_EXCEEDS);
		told += o.toward;
		untold += !o.toward;
		normal_alone += !o.toward && o.trend.test.p < .05 && o.trend.line.low > 0;
		if (!o.toward)
			continue;
		assert_true(fabs(o.trend.p - r.p) < 1e-9);
		assert_true(fabs(o.hours - r.hours) <= 1e-6 * fmax(1, r.hours));
		assert_true(fabs(o.earliest - r.earliest) <= 1e-6 * fmax(1, r.earliest));
		assert_true(fabs(o.latest - r.latest) <= 1e-6 * fmax(1, r.latest));
	}
	print_message("%d told, %d not, of these %d would be by the normal p\n", told, untold, normal_alone);
	assert_true(told > 100 && untold > 100 && normal_alone > 0);
}

/* -- rises that are shorter than the window -- */

struct warning {
	double late; /* hours told less those that were left; NaN: none before the crossing */
	bool held, sooner; /* the crossing lay within the interval, before it */
};

/* Quiet water at 0.1 that begins to rise in a straight line, `lasts` hours before it crosses 0.2: the first warning of a window of 18
 * 4-hourly readings. */
static struct warning first_warning(double lasts)
{
	const struct goal g = { .2, true, .7, .95 };
	struct warning none = { .late = NAN };
	double x[80], e = normal();
	const size_t onset = 20 + below(4);
	const double start = 4 * ((double)onset - uniform());

	for (size_t i = 0; i < 80; i++) {
		e = .5 * e + sqrt(.75) * normal();
		x[i] = round(1000 * (.1 + .004 * e + fmax(0, .1 * (4 * (double)i - start) / lasts))) / 1000;
	}
	for (size_t i = onset; i < 80 && 4 * (double)i < start + lasts && !(x[i] > g.limit); i++) {
		const double left = start + lasts - 4 * (double)i;
		struct window w = { .n = 18 };
		struct fit fit;
		struct outlook o;

		for (size_t k = 0; k < 18; k++) {
			w.t[k] = 4 * ((double)k - 17);
			w.x[k] = x[i - 17 + k];
		}
		fit_take(&w, &fit);
		assert_int_equal(outlook_take(&w, &fit, &g, 0, &o), 0);
		if (o.toward && o.near && o.hours <= 72)
			return (struct warning){ o.hours - left, o.earliest <= left && left <= o.latest, left < o.earliest };
	}
	return none;
}

/* What docs/trend.md states; WQ_LONG: exactly. The line is that of the window, and half of it knows of no rise. */
static void rises_that_are_shorter_than_the_window_are_told_too_late(void **state)
{
	static const double lasts[] = { 36, 54, 72, 144 };
	const int runs = getenv("WQ_LONG") ? 20000 : 400;
	double *late = malloc((size_t)runs * sizeof *late), middle[4];

	(void)state;
	for (size_t a = 0; a < 4; a++) {
		size_t told = 0;
		int held = 0, sooner = 0;

		for (int run = 0; run < runs; run++) {
			const struct warning w = first_warning(lasts[a]);

			if (isnan(w.late))
				continue;
			late[told++] = w.late;
			held += w.held;
			sooner += w.sooner;
		}
		qsort(late, told, sizeof *late, ascending);
		middle[a] = told > 0 ? late[told / 2] : (double)NAN;
		print_message("a rise of %.0f h: warned of %.2f before the crossing; the hours told: median error %+.0f h; of the intervals "
			      "%.2f hold the crossing, before %.2f it came (%d runs)\n",
		        lasts[a], (double)told / runs, middle[a], held / (double)told, sooner / (double)told, runs);
	}
	free(late);
	assert_true(middle[2] > middle[3]);
}

/* -- what is kept of closed spans -- */

#define READINGS 600
#define LATE     12 /* readings that one may be late by: within what the view shows */

static struct fake_rule rolling, fresh;

static void open_rule(struct fake_rule *f, const char *settings, const char *parameter)
{
	struct wq_err err;

	fake_rule_open(f, &wq_rule_trend, settings, WQ_RIVER, parameter);
	if (fake_rule_check(f, &err))
		fail_msg("%s", err.text);
}

static void assert_same_verdict(const struct wq_verdict *a, const struct wq_verdict *b)
{
	assert_int_equal(a->finding, b->finding);
	assert_int_equal(a->fact_count, b->fact_count);
	assert_string_equal(a->says, b->says);
	for (size_t i = 0; i < a->fact_count; i++) {
		const double x = a->facts[i].value, y = b->facts[i].value;

		assert_string_equal(a->facts[i].key, b->facts[i].key);
		/* Sums of a span are added in another order. */
		assert_true(fabs(x - y) <= 1e-8 * fmax(1e-3, fabs(y)));
	}
}

/* Readings ten minutes apart, NaN: not given (yet). */
static double known[READINGS];

static void make_readings(int kind, double *values)
{
	double e = 0;

	for (size_t i = 0; i < READINGS; i++) {
		const double rise = sin((double)i / 90);

		e = .8 * e + .6 * normal();
		values[i] = kind == 0 ? round(1000 * (.13 + .06 * rise + .004 * e)) / 1000
		        : kind == 1   ? round(100 * (7 + 1.5 * rise + .2 * e)) / 100
		                      : round(100 * (7.8 + .9 * rise + .1 * e)) / 100;
		known[i] = NAN;
	}
}

/* A new rule hears of the newest values in their order. */
static void compare_with_fresh(const char *settings, const char *parameter)
{
	open_rule(&fresh, settings, parameter);
	for (size_t i = 0; i < READINGS; i++)
		if (!isnan(known[i]))
			fake_rule_read(&fresh, WQ_MINUTES(10 * (wq_ms)i), known[i], WQ_GOOD);
	assert_same_verdict(&rolling.said, &fresh.said);
}

static void what_is_kept_of_closed_spans_is_what_a_new_rule_would_find(void **state)
{
	static const char *const parameters[] = { "tp", "do", "ph" };
	static double values[READINGS];
	int raised = 0;

	(void)state;
	for (int round = 0; round < 6; round++) {
		const char *settings = round % 2 ? "aggregate=1h readings=12 near=0.3 confidence=0.8 horizon=3d"
		                                 : "aggregate=30m readings=20 near=0.4 confidence=0.7 horizon=3d";
		const char *parameter = parameters[round % 3];

		open_rule(&rolling, settings, parameter);
		make_readings(round % 3, values);
		for (size_t i = 0; i < READINGS; i++) {
			const size_t late = uniform() < .2 ? below(LATE) : 0;
			const size_t which = late <= i ? i - late : 0;

			if (uniform() < .1)
				continue;
			if (uniform() < .1)
				fake_rule_read(&rolling, WQ_MINUTES(10 * (wq_ms)which), values[which] * 1.1, WQ_GOOD);
			fake_rule_read(&rolling, WQ_MINUTES(10 * (wq_ms)which), values[which], WQ_GOOD);
			known[which] = values[which];
			if (uniform() < .2)
				compare_with_fresh(settings, parameter);
			raised += rolling.said.finding == WQ_FINDING_RAISE;
		}
	}
	print_message("%d of %d raised\n", raised, 6 * READINGS);
	assert_true(raised > 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(selection_is_that_of_a_sorted_series),
		cmocka_unit_test(sens_slope_is_that_of_sorted_slopes),
		cmocka_unit_test(the_outlook_is_that_of_the_whole_computation),
		cmocka_unit_test(the_times_to_the_limit_are_in_order),
		cmocka_unit_test(the_rule_tells_what_the_analyst_is_told),
		cmocka_unit_test(rises_that_are_shorter_than_the_window_are_told_too_late),
		cmocka_unit_test(what_is_kept_of_closed_spans_is_what_a_new_rule_would_find),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
