/* SPDX-License-Identifier: Apache-2.0 */
/* Selection by rank without sorting. */
#ifndef WQ_TREND_SELECT_H
#define WQ_TREND_SELECT_H

#include <stddef.h>

/* The k-th smallest of x[0..n), k from 0; reorders x so that nothing before k is greater and
 * nothing after k is smaller. */
double select_rank(double *x, size_t n, size_t k);

#endif
