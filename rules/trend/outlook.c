/* SPDX-License-Identifier: Apache-2.0 */
/* From a window of points to the time at which the limit will be crossed.
 *
 * Lower limits are mirrored (x becomes -x), and where all values are positive and range over more
 * than a factor of 2 a line is fitted to logarithms as well, since concentrations grow by shares as often
 * as by amounts; of the two the one that lies closer to the points is taken. A curve that is taken for a
 * line leaves residuals that look like autocorrelation, and hides a plain rise. After that there is one case only:
 * rising toward a limit above. */
#include "outlook.h"

#include <math.h>
#include <string.h>

/* Without Sen's slopes (the costly part) unless the newest points come this close to "near". */
#define WORTH_A_LOOK 0.8

/* Newest points that tell where the water is. */
#define NEWEST 5

/* How far `value` is on its way: 1 at the limit, for either direction. */
static double share(const struct goal *goal, double value)
{
	if (!(goal->limit > 0) || (!goal->upper && !(value > 0)))
		return INFINITY; /* shares mean nothing here: always worth a look, always near */
	return goal->upper ? value / goal->limit : goal->limit / value;
}

static bool is_far(const struct window *window, const struct goal *goal)
{
	size_t n = window->n < NEWEST ? window->n : NEWEST;
	double newest[NEWEST];

	memcpy(newest, window->x + window->n - n, n * sizeof *newest);
	return fmax(share(goal, window->x[window->n - 1]), share(goal, wq_median(newest, n))) <
	        WORTH_A_LOOK * goal->near;
}

static bool may_be_shares(const struct window *window, double limit)
{
	double low = window->x[0], high = window->x[0];

	for (size_t i = 1; i < window->n; i++) {
		low = fmin(low, window->x[i]);
		high = fmax(high, window->x[i]);
	}
	return limit > 0 && low > 0 && high > 2 * low;
}

/* The scale that is fitted: y = sign × x or sign × log x. */
struct scale {
	double sign;
	bool logarithm;
};

static double to_scale(const struct scale *scale, double x)
{
	return scale->sign * (scale->logarithm ? log(x) : x);
}

static double from_scale(const struct scale *scale, double y)
{
	return scale->logarithm ? exp(scale->sign * y) : scale->sign * y;
}

/* Hours from now until the line through the medians reaches the limit. */
static double hours_until(const struct wq_sen *line, double slope, double limit)
{
	return fmax(0, (limit - wq_sen_at(line, slope, 0)) / slope);
}

static void read_trend(struct outlook *o, const struct goal *goal, const struct scale *scale)
{
	const struct wq_sen *line = &o->trend.line;
	double limit = to_scale(scale, goal->limit);
	bool significant = o->trend.test.p < 1 - goal->confidence;

	o->now = from_scale(scale, wq_sen_at(line, line->slope, 0));
	o->near = share(goal, o->now) >= goal->near;
	o->toward = significant && o->trend.test.s > 0 && line->slope > 0 && line->low > 0;
	o->away = significant && o->trend.test.s < 0;
	/* d/dt exp(y) = exp(y) y': the slope that the officer reads is the one of this hour. */
	o->slope = scale->sign * line->slope * (scale->logarithm ? o->now : 1);
	o->low = scale->sign * line->low * (scale->logarithm ? o->now : 1);
	o->high = scale->sign * line->high * (scale->logarithm ? o->now : 1);
	if (!o->toward)
		return;
	o->hours = hours_until(line, line->slope, limit);
	o->earliest = hours_until(line, line->high, limit);
	o->latest = hours_until(line, line->low, limit);
}

/* The line of one scale, and how far it lies from the points, as measured. */
static int fit(const struct window *window, const struct goal *goal, const struct scale *scale, struct wq_trend *trend,
        double *misfit)
{
	double y[WQ_TREND_POINTS];
	int r;

	for (size_t i = 0; i < window->n; i++)
		y[i] = to_scale(scale, window->x[i]);
	r = wq_trend_estimate(window->t, y, window->n, goal->confidence, trend, NULL);
	*misfit = 0;
	for (size_t i = 0; r == 0 && i < window->n; i++)
		*misfit += fabs(window->x[i] -
		        from_scale(scale, wq_sen_at(&trend->line, trend->line.slope, window->t[i])));
	return r;
}

int outlook_take(const struct window *window, const struct goal *goal, struct outlook *o)
{
	struct scale amounts = { .sign = goal->upper ? 1 : -1 }, shares = { amounts.sign, true };
	struct wq_trend other;
	double misfit, other_misfit;
	int r;

	memset(o, 0, sizeof *o);
	o->far = window->n > 0 && is_far(window, goal);
	if (o->far)
		return 0;
	r = fit(window, goal, &amounts, &o->trend, &misfit);
	if (r < 0)
		return r;
	if (may_be_shares(window, goal->limit) &&
	        fit(window, goal, &shares, &other, &other_misfit) == 0 && other_misfit < misfit) {
		o->trend = other;
		read_trend(o, goal, &shares);
	} else {
		read_trend(o, goal, &amounts);
	}
	return 0;
}
