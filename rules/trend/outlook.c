/* SPDX-License-Identifier: Apache-2.0 */
/* From a window of points to the time at which the limit will be crossed.
 *
 * Lower limits are mirrored (x becomes -x), and where all values are positive and range over more
 * than a factor of 2 a line is fitted to logarithms as well, since concentrations grow by shares as often
 * as by amounts; of the two the one that lies closer to the points is taken. A curve that is taken for a
 * line leaves residuals that look like autocorrelation, and hides a plain rise. After that there is one case only:
 * rising toward a limit above. What is mirrored is the result: all that it is reckoned from is the same but for its sign. */
#include "outlook.h"

#include <math.h>
#include <string.h>

/* Without Sen's slopes (the costly part) unless the newest points come this close to "near". */
#define WORTH_A_LOOK 0.8

/* Newest points that tell where the water is. */
#define NEWEST 5 /* or a whole cycle, where there is one: any part of it may be high or low */

/* What is nearer to an edge than this share of it is left to the whole computation. */
#define DOUBT 1e-9

/* How far `value` is on its way: 1 at the limit, for either direction. */
static double share(const struct goal *goal, double value)
{
	if (!(goal->limit > 0) || (!goal->upper && !(value > 0)))
		return INFINITY; /* shares mean nothing here: always worth a look, always near */
	return goal->upper ? value / goal->limit : goal->limit / value;
}

static bool is_far(const struct fit *fit, const struct goal *goal)
{
	return fmax(share(goal, fit->newest), share(goal, fit->usual)) < WORTH_A_LOOK * goal->near;
}

static bool may_be_shares(const struct fit *fit, double limit)
{
	return limit > 0 && fit->low > 0 && fit->high > 2 * fit->low;
}

void fit_take(const struct window *window, struct fit *fit)
{
	const size_t wanted = window->seasons > NEWEST ? window->seasons : NEWEST;
	const size_t n = window->n < wanted ? window->n : wanted;
	double newest[WQ_TREND_POINTS];

	*fit = (struct fit){ .taken = true, .status = 1, .plain.n = -1, .newest = NAN, .usual = NAN };
	if (n == 0)
		return;
	memcpy(newest, window->x + window->n - n, n * sizeof *newest);
	fit->usual = wq_median(newest, n);
	fit->newest = fit->low = fit->high = window->x[window->n - 1];
	for (size_t i = 0; i < window->n; i++) {
		fit->low = window->x[i] < fit->low ? window->x[i] : fit->low;
		fit->high = window->x[i] > fit->high ? window->x[i] : fit->high;
	}
}

/* -- the lines -- */

/* How far the line of one scale lies from the points, as measured. */
static double misfit(const struct window *window, const struct wq_trend *trend, bool logarithm)
{
	double sum = 0;

	for (size_t i = 0; i < window->n; i++) {
		const double y = wq_sen_at(&trend->line, trend->line.slope, window->t[i]);

		sum += fabs(window->x[i] - (logarithm ? exp(y) : y));
	}
	return sum;
}

static void fit_shares(const struct window *window, struct fit *fit, double confidence)
{
	double y[WQ_TREND_POINTS];

	for (size_t i = 0; i < window->n; i++)
		y[i] = log(window->x[i]);
	fit->shares_closer = wq_trend_estimate(window->t, y, window->n, confidence, &fit->shares, NULL) == 0 &&
	        misfit(window, &fit->shares, true) < misfit(window, &fit->amounts, false);
}

static int fit_lines(const struct window *window, struct fit *fit, double confidence)
{
	if (fit->status <= 0)
		return fit->status;
	fit->status = window->seasons > 0
	        ? wq_trend_seasonal(window->t, window->x, window->n, window->cycle, window->seasons, confidence,
	                  &fit->amounts, NULL)
	        : wq_trend_estimate(window->t, window->x, window->n, confidence, &fit->amounts, NULL);
	/* What has a course of the day (oxygen, pH, temperature) grows by amounts. */
	if (fit->status == 0 && window->seasons == 0 && may_be_shares(fit, 1))
		fit_shares(window, fit, confidence);
	return fit->status;
}

static void mirror(struct wq_trend *trend)
{
	const double low = trend->line.low;

	trend->test.s = -trend->test.s;
	trend->test.z = -trend->test.z;
	trend->line.slope = -trend->line.slope;
	trend->line.low = -trend->line.high;
	trend->line.high = -low;
	trend->line.median_x = -trend->line.median_x;
}

/* -- the outlook -- */

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

/* Hours from the present until the line through the medians reaches the limit. */
static double hours_until(const struct wq_sen *line, double slope, double limit, double present)
{
	return fmax(0, (limit - wq_sen_at(line, slope, present)) / slope);
}

static void read_trend(struct outlook *o, const struct goal *goal, const struct scale *scale, double present)
{
	const struct wq_sen *line = &o->trend.line;
	double limit = to_scale(scale, goal->limit);
	bool significant = o->trend.p < 1 - goal->confidence;

	o->now = from_scale(scale, wq_sen_at(line, line->slope, present));
	o->near = share(goal, o->now) >= goal->near;
	o->toward = significant && o->trend.test.s > 0 && line->slope > 0 && line->low > 0;
	o->away = significant && o->trend.test.s < 0;
	/* d/dt exp(y) = exp(y) y': the slope that the officer reads is the one of this hour. */
	o->slope = scale->sign * line->slope * (scale->logarithm ? o->now : 1);
	o->low = scale->sign * line->low * (scale->logarithm ? o->now : 1);
	o->high = scale->sign * line->high * (scale->logarithm ? o->now : 1);
	if (!o->toward)
		return;
	o->hours = hours_until(line, line->slope, limit, present);
	o->earliest = hours_until(line, line->high, limit, present);
	o->latest = hours_until(line, line->low, limit, present);
}

int outlook_take(const struct window *window, struct fit *fit, const struct goal *goal, double present, struct outlook *o)
{
	struct scale scale = { .sign = goal->upper ? 1 : -1 };
	int r;

	memset(o, 0, sizeof *o);
	o->far = is_far(fit, goal);
	if (o->far)
		return 0;
	r = fit_lines(window, fit, goal->confidence);
	if (r < 0)
		return r;
	scale.logarithm = fit->shares_closer && may_be_shares(fit, goal->limit);
	o->shares = scale.logarithm;
	o->trend = scale.logarithm ? fit->shares : fit->amounts;
	if (!goal->upper)
		mirror(&o->trend);
	read_trend(o, goal, &scale, present);
	return 0;
}

/* -- the outlook in brief -- */

enum answer { NO, YES, UNSURE };

/* No correction makes the variance smaller, so what is not significant without is none. */
static bool may_be_significant(const struct window *window, struct fit *fit, double confidence)
{
	if (fit->plain.n < 0)
		fit->plain = wq_kendall(window->x, window->n, 1);
	return fit->plain.p < 1 - confidence + DOUBT;
}

/* Whether the median slope is at least that which leads from the medians to `level` at the present: a count. */
static enum answer line_reaches(const struct window *window, double level, double present)
{
	const double *const t = window->t, *const x = window->x;
	const size_t n = window->n, half = n * (n - 1) / 4; /* more than this is more than half of the pairs */
	double copy[WQ_TREND_POINTS], median_x, span, slope, low, high;
	size_t above = 0, below = 0;

	memcpy(copy, x, n * sizeof *copy);
	median_x = wq_median(copy, n);
	memcpy(copy, t, n * sizeof *copy);
	span = present - wq_median(copy, n);
	slope = (level - median_x) / span;
	low = slope - DOUBT * (fabs(slope) + (fabs(level) + fabs(median_x)) / span);
	high = slope + (slope - low);
	for (size_t i = 0; i < n; i++)
		for (size_t j = i + 1; j < n; j++) {
			above += x[j] - x[i] >= high * (t[j] - t[i]);
			below += x[j] - x[i] <= low * (t[j] - t[i]);
		}
	return above > half ? YES : below > half ? NO : UNSURE;
}

static enum answer is_near(const struct window *window, const struct goal *goal, double present)
{
	enum answer answer;

	if (!(goal->limit > 0))
		return YES;
	if (goal->upper)
		return line_reaches(window, goal->near * goal->limit, present);
	answer = line_reaches(window, goal->limit / goal->near, present);
	return answer == UNSURE ? UNSURE : answer == YES ? NO : YES;
}

int outlook_brief(const struct window *window, struct fit *fit, const struct goal *goal, double present, struct outlook *o)
{
	enum answer near = UNSURE;

	memset(o, 0, sizeof *o);
	o->far = is_far(fit, goal);
	if (o->far)
		return 0;
	/* Where lines are there they are asked; where there are two of them both are needed to choose. */
	if (fit->status > 0 && window->seasons == 0 && !may_be_shares(fit, goal->limit) &&
	        !may_be_significant(window, fit, goal->confidence))
		near = is_near(window, goal, present);
	if (near == UNSURE)
		return outlook_take(window, fit, goal, present, o);
	o->brief = true;
	o->near = near == YES;
	return 0;
}
