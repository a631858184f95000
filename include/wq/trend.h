/* SPDX-License-Identifier: Apache-2.0 */
/* Trend statistics of short series: Mann-Kendall with tie and autocorrelation correction, Sen's slope.
 *
 * Definitions (x ordered by time, n points):
 *   S = Σ_{i<j} sgn(x_j - x_i); Var S = [n(n-1)(2n+5) - Σ_g t_g(t_g-1)(2t_g+5)] / 18 over tie groups;
 *   Z = (S - sgn S) / sqrt(Var), 0 when S = 0; p = 2(1 - Φ|Z|). A constant series: Var = 0, p = 1.
 *   Sen's slope = median over i<j of (x_j - x_i)/(t_j - t_i), through (median t, median x).
 *   Its interval: the slopes of rank (N ∓ z σ)/2 of N, as scipy.stats.theilslopes takes them.
 *   (Mann 1945, Kendall 1975, Sen 1968.)
 *
 * Water is autocorrelated, and the plain test then finds trends everywhere: with lag-1
 * correlation 0.6 it rejects 30 % at a nominal 5 % (n = 30). So the variance is multiplied by that
 * of a mean of an AR(1) process, factor = 1 + 2 Σ_{k=1}^{n-1} (1 - k/n) r'^k, where r is the lag-1
 * correlation of the Sen-detrended series and r' = min(.95, max(0, (n r + 2)/(n - 4))) removes the bias
 * of r in short series. That keeps the rejection rate at .05 … .11 for r up to .8 and n 12 … 60.
 *
 * All calls are pure, allocate nothing and are thread-safe. */
#ifndef WQ_TREND_H
#define WQ_TREND_H

#include <stdbool.h>
#include <stddef.h>

struct wq_err;

#define WQ_TREND_POINTS  64 /* most points of a window */
#define WQ_TREND_MINIMUM 5  /* fewest: r' needs n > 4 */

struct wq_kendall {
	int n, s;
	double variance; /* of S, ties considered, times the factor given */
	double z, p;     /* p is two-sided */
};

/* The test on x[0..n), n <= WQ_TREND_POINTS, all finite; n < 2 gives p = 1. `factor` >= 1 inflates
 * the variance; 1 is the plain test. */
struct wq_kendall wq_kendall(const double *x, size_t n, double factor);

/* Lag-1 autocorrelation Σ e_i e_{i+1} / Σ e_i² of the deviations from the mean; 0 for a constant series (up to
 * rounding). */
double wq_lag1(const double *x, size_t n);

/* The variance factor above from a measured lag-1 correlation; n >= WQ_TREND_MINIMUM. */
double wq_ar1_factor(double r, size_t n);

struct wq_sen {
	double slope, low, high;   /* per unit of t; low <= slope <= high */
	double median_t, median_x; /* the line goes through this point */
};

/* Sen's slope of x over t, with the interval for a variance of S and a confidence (0 … 1, 0.95).
 * Pairs of equal t are left out. False when there is no pair left; n <= WQ_TREND_POINTS. */
bool wq_sen(const double *t, const double *x, size_t n, double variance, double confidence,
	struct wq_sen *sen);

struct wq_trend {
	struct wq_kendall test; /* with the AR(1) factor */
	struct wq_sen line;     /* its interval with the same, inflated variance: an interval that
	                           knows nothing of autocorrelation would be too narrow likewise */
	double r1;              /* lag-1 correlation of the detrended series */
	double factor;
};

/* Both together. WQ_E_INVALID when n is not within WQ_TREND_MINIMUM … WQ_TREND_POINTS, t does not
 * ascend strictly, a number is not finite, or confidence is not within (0, 1). */
int wq_trend_estimate(const double *t, const double *x, size_t n, double confidence,
	struct wq_trend *trend, struct wq_err *err);

/* The line at an instant, by its slope or by an end of the interval (pivoting at the medians). */
double wq_sen_at(const struct wq_sen *sen, double slope, double t);

/* Quantile of the standard normal distribution, 0 < p < 1. */
double wq_normal_quantile(double p);

/* Median; reorders x. n > 0. */
double wq_median(double *x, size_t n);

#endif
