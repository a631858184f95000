/* SPDX-License-Identifier: Apache-2.0 */
/* Means of readings, and how many readings one needs. */
#include "wq/mean.h"

#include <math.h>

/* Larger than this, a mean has no 12 places in 64 bits; it is no concentration either. */
#define COMPUTED_MAX 9e6

double wq_mean_round(const struct wq_parameter *parameter, double raw)
{
	struct wq_decimal exact;

	if (parameter->evaluation_places < 0 && !(fabs(raw) < COMPUTED_MAX))
		return raw;
	if (fabs(raw) < COMPUTED_MAX)
		exact = (struct wq_decimal){ llround(raw * 1e12), 12 };
	else if (!wq_decimal_from_double(raw, &exact))
		return raw;
	if (parameter->evaluation_places >= 0)
		exact = wq_decimal_evaluate(exact, parameter->evaluation_places);
	return wq_decimal_to_double(exact);
}

void wq_mean(const struct wq_parameter *parameter, const struct wq_decimal_sum *sum,
        double hydrogen, double *raw, double *mean)
{
	if (parameter->mean == WQ_MEAN_HYDROGEN) {
		*raw = -log10(hydrogen / sum->count);
		*mean = wq_mean_round(parameter, *raw);
		return;
	}
	*raw = wq_decimal_sum_mean(sum);
	*mean = parameter->evaluation_places < 0
	        ? *raw
	        : wq_decimal_to_double(wq_decimal_sum_evaluate(sum, parameter->evaluation_places));
}

int32_t wq_readings_needed(const struct wq_evaluation *how, const struct wq_series *series,
        wq_ms length, int32_t *expected)
{
	double share;

	*expected = series->cycle > 0 ? (int32_t)(length / series->cycle) : 0;
	if (*expected <= 0)
		return how->minimum_valid;
	share = ceil(how->minimum_share * *expected - 1e-9);
	return share < 1 ? 1 : (int32_t)share;
}
