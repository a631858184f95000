/* SPDX-License-Identifier: Apache-2.0 */
/* What the rest of a day or of a month may average, so that the mean of the whole meets. Means of pH are
 * means of [H+], so pH is summed as 10^-pH; everything else as it is. Pure and thread-safe. */
#ifndef WQ_RULES_REST_H
#define WQ_RULES_REST_H

#include "bound.h"

#include <stdbool.h>

struct wq_parameter;

/* What is known of the whole so far. Zero-initialise but for `parameter`. */
struct rest {
	const struct wq_parameter *parameter;
	double sum; /* of what is added up: the values, or 10^-pH */
	int count;
};

/* Adds `count` values with this mean. */
void rest_add(struct rest *rest, double mean, int count);

/* The mean so far (count > 0), and the mean of the whole if the `more` values to come average `value`. */
double rest_mean(const struct rest *rest);
double rest_projected(const struct rest *rest, double value, int more);

/* What the `more` (> 0) values to come must average for the mean of the whole to be `limit`:
 * (limit × (count + more) − sum) / more. May be negative or, for pH, infinite: then no value does it, or any. */
double rest_allowed(const struct rest *rest, double limit, int more);

/* The best value that may come: `value`, but of a range not beyond its other end. upper: the upper end is at stake. */
double rest_best(const struct bound *bound, bool upper, double value);

/* … where no value is known to be impossible: 0, or the highest plausible one. */
double rest_best_possible(const struct bound *bound, bool upper, const struct wq_parameter *parameter);

/* An allowed mean as people are told it: to the decimals that the parameter is shown with, and to the safe side (down
 * for an upper limit, up for a lower one). */
double rest_told(const struct wq_parameter *parameter, double allowed, bool upper);

/* The mean as it is judged: rounded for evaluation, or as it is where the site judges raw means. */
double rest_judged(const struct wq_parameter *parameter, double mean, bool raw);

#endif
