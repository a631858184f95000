/* SPDX-License-Identifier: Apache-2.0 */
/* Quality of a single sample: is it a value of this parameter at all, and of the water? Instrument health over time
 * is another matter. Pure and thread-safe. */
#ifndef WQ_VALIDATE_H
#define WQ_VALIDATE_H

#include "wq/sample.h"
#include "wq/site.h"

#include <stdbool.h>

/* Whether a station's list has this flag; "" is in none. */
bool wq_flag_listed(const struct wq_list *list, const char flag[WQ_FLAG_TEXT]);

/* The first that holds:
 *   MISSING as the driver said, or NaN                                      missing
 *   infinite; a stamp further ahead of `now` than `tolerance` (it would
 *   sort before everything that is true)                                    bad
 *   `maintained`, or flagged so by the station; MAINTENANCE as it was stored maintenance
 *   BAD as the driver said; flagged so by the station; outside the series'
 *   plausible range (inclusive)                                             bad
 *   SUSPECT as the driver said                                              suspect
 *   all else                                                                good
 * maintained: a plan or a person says that the place was worked on at sample->at. A value outside the range is then
 * most likely a standard solution, no fault. */
enum wq_quality wq_validate(const struct wq_station *station, const struct wq_series *series,
	const struct wq_sample *sample, bool maintained, wq_ms now, wq_ms tolerance);

#endif
