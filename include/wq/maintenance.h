/* SPDX-License-Identifier: Apache-2.0 */
/* Maintenance and calibration: what is measured meanwhile is kept and shown, and judged by nobody. A station says so by its
 * flags (struct wq_station), the configuration by its plans (struct wq_plan), a person by hand (below). */
#ifndef WQ_MAINTENANCE_H
#define WQ_MAINTENANCE_H

#include "wq/alarm.h"
#include "wq/instant.h"

#include <stdint.h>

/* A maintenance that a person announced. It always has an end, an owner and a reason. */
struct wq_maintenance {
	int64_t id;       /* unique, ascending: our clock when it was announced, or one more than the last */
	uint32_t station;
	uint32_t series;  /* WQ_NONE: the station as a whole */
	wq_ms from, to;   /* [from, to), our clock */
	wq_ms ended;      /* when a person ended it; WQ_NO_TIME: nobody did */
	char who[WQ_PERSON_TEXT];
	char reason[WQ_SAYS_TEXT];
	char ended_by[WQ_PERSON_TEXT];
};

/* Longest that a person may announce. */
#define WQ_MAINTENANCE_LONGEST WQ_DAYS(31)

enum wq_maintained_by { WQ_BY_PLAN, WQ_BY_HAND, WQ_BY_FLAG };
const char *wq_maintained_name(enum wq_maintained_by by); /* "plan" "hand" "flag" */

/* What is under maintenance now, for status displays. The texts live until the next call of the engine that is not const. */
struct wq_maintained {
	enum wq_maintained_by by;
	uint32_t station;
	uint32_t series;  /* WQ_NONE: the station as a whole */
	wq_ms since;
	wq_ms until;      /* WQ_NO_TIME: until the station says otherwise */
	int64_t id;       /* by hand; else 0 */
	const char *who;  /* by hand the person, by plan its title, by flag the flag */
	const char *reason; /* "" where none is given */
};

#endif
