/* SPDX-License-Identifier: Apache-2.0 */
/* Quality of a single sample. */
#include "wq/validate.h"

#include <math.h>

enum wq_quality wq_validate(const struct wq_series *series, const struct wq_sample *sample, wq_ms now,
	wq_ms tolerance)
{
	if (sample->quality == WQ_MISSING || isnan(sample->value))
		return WQ_MISSING;
	if (sample->quality == WQ_BAD || isinf(sample->value))
		return WQ_BAD;
	if (sample->value < series->low || sample->value > series->high)
		return WQ_BAD;
	if (sample->at - now > tolerance)
		return WQ_BAD;
	return sample->quality == WQ_SUSPECT ? WQ_SUSPECT : WQ_GOOD;
}
