/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of Sen's slope, for callers that learn the variance between them. */
#ifndef WQ_TREND_SEN_H
#define WQ_TREND_SEN_H

#include "wq/trend.h"

struct wq_err;

/* What wq_trend_estimate() refuses. */
int sen_check(const double *t, const double *x, size_t n, double confidence, struct wq_err *err);

#define SEN_SLOPES (WQ_TREND_POINTS * (WQ_TREND_POINTS - 1) / 2)

/* The slopes of all pairs with different t; returns how many. */
size_t sen_slopes(const double *t, const double *x, size_t n, double slopes[SEN_SLOPES]);

/* Slope and pivot; low and high stay what they were. Reorders slopes. */
void sen_line(const double *t, const double *x, size_t n, double *slopes, size_t count,
        struct wq_sen *sen);

/* Whether z or the interval finds a trend: only then is the p that decides reckoned, which costs more than all before. (A rise
 * without an exception may be beyond 0 in an interval that z is within.) */
bool sen_may_be_trend(const struct wq_trend *trend, double confidence);

/* low and high; slopes as sen_line() left them, parted at their median. Reorders them. */
void sen_interval(
        double *slopes, size_t count, double variance, double confidence, struct wq_sen *sen);

#endif
