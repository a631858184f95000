/* SPDX-License-Identifier: Apache-2.0 */
/* Significance of a trend in a series that hangs together, when nobody knows how much. Pure; memory is the caller's. */
#ifndef WQ_TREND_AR1_H
#define WQ_TREND_AR1_H

#include <stddef.h>

/* Normal scores Φ⁻¹((rank - 1/2)/n) of mid-ranks, in place: what is tested does not hang on a few large values. */
void ar1_scores(double *ranks, size_t n);

/* Two-sided p of the slope of y over t (ascending) under AR(1) noise of unknown correlation φ:
 *   p = min(1, m Σ_φ w(φ) p(φ) / Σ_φ w(φ)) over φ = 0, .01 … .99, m = 1 + max(0, 30 - n)/75 (ours: a margin for few values),
 * p(φ) Student's with n - 2 degrees of freedom of the generalised least squares slope for that φ, w(φ) the restricted
 * likelihood of φ (Harville 1974; the average in place of its maximum is ours: a maximum that came out too low makes a trend
 * of what is none). 1 for a constant series or n < 4. O(n). */
double ar1_p(const double *t, const double *y, size_t n);

/* The same of the scores of x; n <= WQ_TREND_POINTS. */
double ar1_p_of(const double *t, const double *x, size_t n);

#endif
