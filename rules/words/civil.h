/* SPDX-License-Identifier: Apache-2.0 */
/* The proleptic Gregorian calendar, counted in days from 1970-01-01. */
#ifndef WQ_WORDS_CIVIL_H
#define WQ_WORDS_CIVIL_H

#include "wq/instant.h"

#include <stdbool.h>

#define WQ_DAY_MS WQ_DAYS(1)

struct wq_civil {
	int64_t year;
	int month, day; /* from 1 */
};

int64_t wq_civil_to_day(struct wq_civil date);
struct wq_civil wq_civil_from_day(int64_t day);
bool wq_civil_valid(struct wq_civil date);

/* The first instant at which clocks of the zone show `local` (milliseconds of local time since
 * 1970-01-01T00:00) or later: the earlier one where clocks were put back, the end of the gap
 * where they were put forward. */
wq_ms wq_zone_instant(const struct wq_zone *zone, wq_ms local);

#endif
