/* SPDX-License-Identifier: Apache-2.0 */
/* Means of readings, the same wherever they are formed: arithmetic, pH over [H+], rounded once.
 * Pure and thread-safe. */
#ifndef WQ_MEAN_H
#define WQ_MEAN_H

#include "wq/decimal.h"
#include "wq/parameter.h"
#include "wq/site.h"

/* The mean of `sum` (count > 0): *raw unrounded, *mean rounded for evaluation from the exact quotient.
 * hydrogen: the sum of 10^-pH, used where the parameter's mean is over [H+]. */
void wq_mean(const struct wq_parameter *parameter, const struct wq_decimal_sum *sum, double hydrogen,
	double *raw, double *mean);

/* A computed mean (no exact decimal of its own) rounded for evaluation; 12 places hold any concentration. */
double wq_mean_round(const struct wq_parameter *parameter, double raw);

/* How many readings make the mean of a series over `length` ms valid; *expected gets how many are expected by
 * its cycle, 0: no cycle says. */
int32_t wq_readings_needed(
	const struct wq_evaluation *how, const struct wq_series *series, wq_ms length, int32_t *expected);

#endif
