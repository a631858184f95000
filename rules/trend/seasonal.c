/* SPDX-License-Identifier: Apache-2.0 */
/* Trend of what has a course of the day: values are compared with those of the same hour only. Definitions in wq/trend.h. */
#include "wq/trend.h"

#include "ar1.h"
#include "sen.h"

#include "wq/err.h"

#include <math.h>

#define SMALLEST 3 /* points a season, on the average */

struct seasons {
	size_t count, n;
	uint8_t of[WQ_TREND_POINTS];
};

/* By the time before the last point, so that a point that is not there moves none. */
static void find_seasons(struct seasons *s, const double *t, size_t n, double cycle, size_t count)
{
	const double step = cycle / (double)count;

	s->count = count;
	s->n = n;
	for (size_t i = 0; i < n; i++)
		s->of[i] = (uint8_t)fmod(rint((t[n - 1] - t[i]) / step), (double)count);
}

/* The values of one season; returns how many. */
static size_t take_season(const struct seasons *s, size_t season, const double *x, double *to)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		if (s->of[i] == season)
			to[n++] = x[i];
	return n;
}

/* S and Var S summed over the seasons. */
static struct wq_kendall sum_seasons(const struct seasons *s, const double *x)
{
	struct wq_kendall sum = { .n = (int)s->n, .p = 1 };
	double values[WQ_TREND_POINTS];

	for (size_t g = 0; g < s->count; g++) {
		const struct wq_kendall k = wq_kendall(values, take_season(s, g, x, values), 1);

		sum.s += k.s;
		sum.variance += k.variance;
	}
	return sum;
}

static size_t slopes_within(const struct seasons *s, const double *t, const double *x, double slopes[SEN_SLOPES])
{
	size_t count = 0;

	for (size_t i = 0; i < s->n; i++)
		for (size_t j = i + 1; j < s->n; j++)
			if (s->of[i] == s->of[j])
				slopes[count++] = (x[j] - x[i]) / (t[j] - t[i]);
	return count;
}

/* What is left of the values without trend and course: `rest`. Returns the level in the middle of the course: every season weighs
 * the same. */
static double take_course(const struct seasons *s, const double *t, const double *x, const struct wq_sen *line, double *rest)
{
	double usual[WQ_TREND_SEASONS] = { 0 }, values[WQ_TREND_POINTS], level = 0, present = 0;

	for (size_t i = 0; i < s->n; i++)
		rest[i] = x[i] - line->slope * (t[i] - line->median_t);
	for (size_t g = 0; g < s->count; g++) {
		const size_t n = take_season(s, g, rest, values);

		if (n == 0)
			continue;
		usual[g] = wq_median(values, n);
		level += usual[g];
		present++;
	}
	for (size_t i = 0; i < s->n; i++)
		rest[i] -= usual[s->of[i]];
	return level / present;
}

static void finish(struct wq_kendall *k, double factor)
{
	k->variance *= factor;
	if (k->s == 0 || !(k->variance > 0))
		return;
	k->z = (k->s - (k->s > 0 ? 1 : -1)) / sqrt(k->variance);
	k->p = erfc(fabs(k->z) / sqrt(2));
}

/* `rest` with its trend again: what the values are but for their course. */
static double p_without_course(const double *t, double *rest, size_t n, const struct wq_sen *line)
{
	for (size_t i = 0; i < n; i++)
		rest[i] += line->slope * (t[i] - line->median_t);
	return ar1_p_of(t, rest, n);
}

int wq_trend_seasonal(const double *t, const double *x, size_t n, double cycle, size_t seasons, double confidence,
	struct wq_trend *trend, struct wq_err *err)
{
	double slopes[SEN_SLOPES], rest[WQ_TREND_POINTS];
	struct seasons s;
	size_t count;
	int r = sen_check(t, x, n, confidence, err);

	if (r < 0)
		return r;
	if (seasons < 2 || seasons > WQ_TREND_SEASONS || n < SMALLEST * seasons || !(cycle > 0))
		return wq_fail(err, WQ_E_INVALID, "%zu points: %zu seasons are not 2 to a third of them", n, seasons);
	find_seasons(&s, t, n, cycle, seasons);
	trend->test = sum_seasons(&s, x);
	count = slopes_within(&s, t, x, slopes);
	if (count == 0)
		return wq_fail(err, WQ_E_INVALID, "no two of %zu points are of the same season", n);
	sen_line(t, x, n, slopes, count, &trend->line);
	trend->line.median_x = take_course(&s, t, x, &trend->line, rest);
	trend->r1 = wq_lag1(rest, n);
	trend->factor = wq_ar1_factor(trend->r1, n);
	finish(&trend->test, trend->factor);
	sen_interval(slopes, count, trend->test.variance, confidence, &trend->line);
	trend->p = sen_may_be_trend(trend, confidence) ? p_without_course(t, rest, n, &trend->line) : trend->test.p;
	return WQ_OK;
}
