/* SPDX-License-Identifier: Apache-2.0 */
/* Quality of a single sample: is it a value of this parameter at all? Instrument health over time
 * is another matter. Pure and thread-safe. */
#ifndef WQ_VALIDATE_H
#define WQ_VALIDATE_H

#include "wq/sample.h"
#include "wq/site.h"

/* MISSING and BAD as the driver said; NaN is missing; infinite, or outside the series' plausible range
 * (inclusive) is bad; a stamp further ahead of `now` than `tolerance` is bad, because it would sort
 * before everything that is true; all else is good. */
enum wq_quality wq_validate(const struct wq_series *series, const struct wq_sample *sample, wq_ms now,
	wq_ms tolerance);

#endif
