/* SPDX-License-Identifier: Apache-2.0 */
/* Test and line together: the autocorrelation is that of the series without its Sen trend. */
#include "wq/trend.h"

#include "ar1.h"
#include "sen.h"

#include "wq/err.h"

#include <math.h>

int sen_check(const double *t, const double *x, size_t n, double confidence, struct wq_err *err)
{
	if (n < WQ_TREND_MINIMUM || n > WQ_TREND_POINTS)
		return wq_fail(err, WQ_E_INVALID, "%zu points: a trend takes %d to %d", n,
		        WQ_TREND_MINIMUM, WQ_TREND_POINTS);
	if (!(confidence > 0 && confidence < 1))
		return wq_fail(
		        err, WQ_E_INVALID, "confidence %g is not between 0 and 1", confidence);
	for (size_t i = 0; i < n; i++) {
		if (!isfinite(t[i]) || !isfinite(x[i]))
			return wq_fail(err, WQ_E_INVALID, "point %zu is not finite", i);
		if (i > 0 && t[i] <= t[i - 1])
			return wq_fail(
			        err, WQ_E_INVALID, "point %zu is not later than the one before", i);
	}
	return WQ_OK;
}

int wq_trend_estimate(const double *t, const double *x, size_t n, double confidence,
        struct wq_trend *trend, struct wq_err *err)
{
	double slopes[SEN_SLOPES], rest[WQ_TREND_POINTS];
	size_t count;
	int r = sen_check(t, x, n, confidence, err);

	if (r < 0)
		return r;
	count = sen_slopes(t, x, n, slopes);
	sen_line(t, x, n, slopes, count, &trend->line);
	for (size_t i = 0; i < n; i++)
		rest[i] = x[i] - trend->line.slope * (t[i] - t[0]);
	trend->r1 = wq_lag1(rest, n);
	trend->factor = wq_ar1_factor(trend->r1, n);
	trend->test = wq_kendall(x, n, trend->factor);
	sen_interval(slopes, count, trend->test.variance, confidence, &trend->line);
	trend->p = sen_may_be_trend(trend, confidence) ? ar1_p_of(t, x, n) : trend->test.p;
	return WQ_OK;
}
