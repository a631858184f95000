/* SPDX-License-Identifier: Apache-2.0 */
/* Mid-ranks of a series, and what is reckoned from them. Pure; memory is the caller's. */
#ifndef WQ_TREND_RANKS_H
#define WQ_TREND_RANKS_H

#include <stddef.h>

/* Mid-ranks (1 … n) of x; values closer together than `same` count as equal. sorted and places:
 * scratch of length n. */
void ranks_of(
        const double *x, size_t n, double same, double *ranks, double *sorted, double *places);

/* Spearman's rho of mid-ranks against their order; NaN when all are equal or n < 2. */
double ranks_rho(const double *ranks, size_t n);

/* Σ (rank - place)². */
double ranks_squares(const double *ranks, size_t n);

/* The factor of Hamed and Rao from mid-ranks of detrended values: over the first `lags` lags (0:
 * all) that are significant at `confidence`; never below 1. */
double ranks_hamed_rao(const double *ranks, size_t n, size_t lags, double confidence);

#endif
