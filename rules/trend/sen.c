/* SPDX-License-Identifier: Apache-2.0 */
/* Sen's slope: how steep is the trend, and between which bounds? Definitions in wq/trend.h. */
#include "sen.h"

#include "select.h"

#include <math.h>
#include <string.h>

size_t sen_slopes(const double *t, const double *x, size_t n, double slopes[SEN_SLOPES])
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t j = i + 1; j < n; j++)
			if (t[j] != t[i])
				slopes[count++] = (x[j] - x[i]) / (t[j] - t[i]);
	return count;
}

static double median_of(const double *x, size_t n)
{
	double copy[WQ_TREND_POINTS];

	memcpy(copy, x, n * sizeof *copy);
	return wq_median(copy, n);
}

void sen_line(const double *t, const double *x, size_t n, double *slopes, size_t count,
        struct wq_sen *sen)
{
	sen->slope = wq_median(slopes, count);
	sen->median_t = median_of(t, n);
	sen->median_x = median_of(x, n);
}

/* Ranks as scipy takes them: rint() is numpy's rounding, half to even. */
void sen_interval(
        double *slopes, size_t count, double variance, double confidence, struct wq_sen *sen)
{
	double half = wq_normal_quantile(0.5 + confidence / 2) * sqrt(variance);
	double all = (double)count;
	size_t upper = (size_t)fmin(rint((all + half) / 2), all - 1);
	size_t lower = (size_t)fmax(rint((all - half) / 2) - 1, 0);
	size_t middle = count / 2; /* nothing before it is greater, nothing after it smaller */

	sen->low = lower < middle ? select_rank(slopes, middle, lower) : select_rank(slopes, count, lower);
	sen->high = upper >= middle ? select_rank(slopes + middle, count - middle, upper - middle)
	                            : select_rank(slopes, count, upper);
}

bool sen_may_be_trend(const struct wq_trend *trend, double confidence)
{
	return trend->test.p < 1 - confidence || trend->line.low > 0 || trend->line.high < 0;
}

bool wq_sen(const double *t, const double *x, size_t n, double variance, double confidence,
        struct wq_sen *sen)
{
	double slopes[SEN_SLOPES];
	size_t count = sen_slopes(t, x, n, slopes);

	if (count == 0)
		return false;
	sen_line(t, x, n, slopes, count, sen);
	sen_interval(slopes, count, variance, confidence, sen);
	return true;
}

double wq_sen_at(const struct wq_sen *sen, double slope, double t)
{
	return sen->median_x + slope * (t - sen->median_t);
}
