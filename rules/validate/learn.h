/* SPDX-License-Identifier: Apache-2.0 */
/* What is usual of a series, learnt as it comes, in memory of fixed size: quantiles of the values and of the changes by the
 * algorithm P2 of Jain and Chlamtac (1985), extended to several quantiles by Raatikainen (1987). Estimates: the markers are moved
 * by a parabola through their neighbours, so no value is kept. */
#ifndef WQ_VALIDATE_LEARN_H
#define WQ_VALIDATE_LEARN_H

#include <stddef.h>
#include <stdint.h>

#define LEARN_VALUES 4 /* quantiles: 0.1 %, 1 %, 99 %, 99.9 % */
#define LEARN_RATES  2 /* 99 %, 99.9 % */
#define LEARN_MARKERS(quantiles) (2 * (quantiles) + 3)

/* Markers of the quantiles, of the middles between them, and of the two ends. */
struct learn_values {
	double height[LEARN_MARKERS(LEARN_VALUES)];
	uint32_t place[LEARN_MARKERS(LEARN_VALUES)]; /* 1 … count */
	uint32_t count;
};
struct learn_rates {
	double height[LEARN_MARKERS(LEARN_RATES)];
	uint32_t place[LEARN_MARKERS(LEARN_RATES)];
	uint32_t count;
};

/* A finite number more. After four thousand million of them nothing is learnt any more. */
void learn_value(struct learn_values *values, double value);
void learn_rate(struct learn_rates *rates, double rate);

/* quantile: index of the lists above. NaN before there are as many numbers as markers. */
double learn_value_quantile(const struct learn_values *values, size_t quantile);
double learn_rate_quantile(const struct learn_rates *rates, size_t quantile);

#endif
