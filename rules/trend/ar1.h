/* SPDX-License-Identifier: Apache-2.0 */
/* Significance of a trend in a series that hangs together, when nobody knows how much. Pure; memory is the caller's. */
#ifndef WQ_TREND_AR1_H
#define WQ_TREND_AR1_H

#include <stddef.h>

/* Normal scores Φ⁻¹((rank - 1/2)/n) of mid-ranks, in place: what is tested does not hang on a few large values. */
void ar1_scores(double *ranks, size_t n);

/* Two-sided p of the slope of y over t (ascending) under AR(1) noise of unknown correlation φ:
 *   p = Σ_φ w(φ) p(φ) / Σ_φ w(φ) over φ = 0, .01 … .99,
 * p(φ) Student's with n - 2 degrees of freedom of the generalised least squares slope for that φ, w(φ) the restricted
 * likelihood of φ (Harville 1974; the average in place of its maximum is ours: a maximum that came out too low makes a trend
 * of what is none). 1 for a constant series or n < 4. O(n). */
double ar1_p(const double *t, const double *y, size_t n);

#endif
