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
#include <stdint.h>

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
	double p; /* two-sided, what decides: that of AR(1) below, of the values without their course where they have
	             one. Only where the normal p of z or the interval finds a trend; else that p: what is none by both stays none */
};

/* Both together. WQ_E_INVALID when n is not within WQ_TREND_MINIMUM … WQ_TREND_POINTS, t does not
 * ascend strictly, a number is not finite, or confidence is not within (0, 1). */
int wq_trend_estimate(const double *t, const double *x, size_t n, double confidence,
	struct wq_trend *trend, struct wq_err *err);

/* The same of what has a course, of the day most often, that repeats every `cycle` (unit of t): points are compared with those of
 * the same of `seasons` parts of it only (Hirsch et al. 1982), so the course is no trend and hides none.
 *   S and Var S: sums over the seasons; the slope: median over pairs of one season, through (median t, mean of the
 *   seasons' medians once the trend is taken off): the line is that of the level, not of any one hour.
 *   r: of what is left without trend and course; the factor above then multiplies Var S. (That r and factor of the whole series
 *   serve the sum over seasons is ours; false alarms and power measured by simulation: docs/trend.md.)
 * A season is that of the time before the last point, in parts of the cycle, rounded. WQ_E_INVALID also when seasons are not
 * 2 … WQ_TREND_SEASONS, or n is below three times as many. */
#define WQ_TREND_SEASONS (WQ_TREND_POINTS / 3)
int wq_trend_seasonal(const double *t, const double *x, size_t n, double cycle, size_t seasons, double confidence,
	struct wq_trend *trend, struct wq_err *err);

/* The line at an instant, by its slope or by an end of the interval (pivoting at the medians). */
double wq_sen_at(const struct wq_sen *sen, double slope, double t);

/* Quantile of the standard normal distribution, 0 < p < 1. */
double wq_normal_quantile(double p);

/* Median; reorders x. n > 0. */
double wq_median(double *x, size_t n);

/* -- long series, for the analyst (wqctl trend) --
 *
 * The same definitions for up to WQ_SERIES_ROWS rows, with other corrections and Spearman beside them:
 *   Hamed-Rao: Var* = Var S max(1, 1 + 2/(n(n-1)(n-2)) Σ_k (n-k)(n-k-1)(n-k-2) r_k) over the lags k with
 *     |r_k| > z_{1-α/2}/√n, r_k of the ranks of the Sen-detrended values. (Hamed and Rao 1998; the clamp is ours:
 *     a variance below the plain one would find more trends, not fewer.)
 *   Seasonal: S and Var S summed over seasons, slopes of pairs within a season only. (Hirsch et al. 1982)
 *   Spearman: ρ = correlation of mid-ranks with time; p by Student's t with n-2 degrees of freedom.
 *   τ_a = S / pairs; τ_b = S / √(pairs × pairs that are not tied in x).
 *   AR(1): S, Var and z as above, with the factor. p is that of the slope of the normal scores Φ⁻¹((rank - 1/2)/n) by
 *     generalised least squares (Student's t, n-2 degrees of freedom), averaged over the correlation φ = 0, .01 … .99 with
 *     the restricted likelihood of φ (Harville 1974) as weight, times 1 + max(0, 30 - n)/75, at most 1; the average and that margin are ours. The normal p of z rejects up to .11
 *     at a nominal .05 for n 18 … 60 and φ up to .8, this one up to .08, and finds more of the trends there are.
 *   Exact p, two-sided, of series without ties: Mann-Kendall by the recursion of counts of inversions, Spearman by
 *     counting permutations.
 * S takes O(n log n), the slopes four passes over all pairs without keeping them: 20,000 rows, some seconds. */
#define WQ_SERIES_ROWS           20000 /* most rows, missing values included */
#define WQ_SERIES_LAGS           3     /* of Hamed-Rao unless told */
#define WQ_SERIES_MINIMUM        5     /* fewer values: numbers, but no verdict on a trend */
#define WQ_SERIES_EXACT_KENDALL  64    /* most values for an exact p */
#define WQ_SERIES_EXACT_SPEARMAN 14
#define WQ_SERIES_HORIZON        72.0 /* hours: no time beyond is published, nor beyond the series' length */

enum wq_series_test {
	WQ_SERIES_MK,
	WQ_SERIES_HAMED_RAO,
	WQ_SERIES_AR1,
	WQ_SERIES_SEASONAL,
	WQ_SERIES_SPEARMAN,
	WQ_SERIES_TESTS
};

/* "mk" "hamed-rao" "ar1" "seasonal" "spearman" */
const char *wq_series_test_name(enum wq_series_test test);

struct wq_series_request {
	enum wq_series_test test;
	size_t lag;        /* Hamed-Rao: first lags looked at; 0: all */
	size_t period;     /* seasonal: rows of a cycle, >= 2; 0: those of a day */
	double confidence; /* of test and interval, 0 … 1 */
	bool logarithm;    /* all of it on ln x */
	double limit;      /* NaN: none */
	bool below;        /* values below the limit exceed it, else values above */
};

enum wq_series_verdict {
	WQ_SERIES_TOO_FEW,     /* fewer than WQ_SERIES_MINIMUM values; seasonal: or no season with two */
	WQ_SERIES_NO_TREND,    /* the test does not pass, or (but for ar1, whose p knows more) the slope's interval holds 0 */
	WQ_SERIES_RISING,      /* a trend; no limit, or none whose time may be published */
	WQ_SERIES_FALLING,
	WQ_SERIES_WILL_EXCEED, /* a trend toward the limit, there within the horizon, and no 0 in the slope's interval */
	WQ_SERIES_EXCEEDS,     /* likewise, the line is there */
	WQ_SERIES_VERDICTS
};

/* "too few values" "no trend" "rising" "falling" "will exceed" "exceeds" */
const char *wq_series_verdict_name(enum wq_series_verdict verdict);

/* NaN: does not apply. Values and slopes are in the unit of x also with `logarithm`: the slopes are then those of the
 * last row's time. */
struct wq_series_result {
	size_t n; /* values */
	double s, variance, z, p;      /* Kendall's; p also Spearman's */
	double p_exact;                /* mk and spearman, few values without ties */
	double tau_a, tau_b, rho;
	double slope, low, high;       /* per hour; the interval by `variance`, of Spearman by the plain one */
	double intercept, fitted_now;  /* the line at the first and at the last row's time */
	double hours, earliest, latest; /* from the last row's time to the limit; NaN also: never */
	double horizon;                /* hours: min(WQ_SERIES_HORIZON, length of the series) */
	size_t period;                 /* seasonal: as used */
	enum wq_series_verdict verdict;
};

/* Bytes of memory that wq_series_judge() needs for so many rows. */
size_t wq_series_room(size_t rows);

/* Judges x over t (hours, strictly ascending, t[0] is the first time); NaN in x: missing, the row keeps its time.
 * `room`: as malloc() gives it, borrowed. No value at all, or no row (t, x and room are not looked at), is too few: all is
 * NaN, as it is of a seasonal test of fewer values than WQ_SERIES_MINIMUM or fewer rows than a period. WQ_E_INVALID: what is
 * wrong with rows or request; WQ_E_FULL: too many rows. */
int wq_series_judge(const double *t, const double *x, size_t rows, const struct wq_series_request *request,
	void *room, struct wq_series_result *result, struct wq_err *err);

/* Exact two-sided p of S, no ties; 2 <= n <= WQ_SERIES_EXACT_KENDALL. */
double wq_kendall_exact(int64_t s, size_t n);

/* Exact two-sided p of Σd² (d: difference of ranks), no ties; 2 <= n <= WQ_SERIES_EXACT_SPEARMAN. */
double wq_spearman_exact(unsigned squares, size_t n);

/* Two-sided p of Student's t with `freedom` >= 1 degrees. */
double wq_student_p(double t, double freedom);

#endif
