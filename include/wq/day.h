/* SPDX-License-Identifier: Apache-2.0 */
/* The verdict of a natural day of a station: means, class, meets / exceeds / not assessable.
 *
 * Means of automatic stations: arithmetic, pH over [H+]; evaluation rounding half to even.
 * How many valid readings make a mean valid is a setting (wq_evaluation): no official figure
 * could be confirmed. A daily class is a reference for warning (预警参考): the official method
 * evaluates weeks and longer. */
#ifndef WQ_DAY_H
#define WQ_DAY_H

#include "wq/instant.h"

#include <stdbool.h>
#include <stdint.h>

enum wq_day_verdict {
	WQ_DAY_NOT_ASSESSABLE, /* too few valid readings: never "all clear" */
	WQ_DAY_MEETS,
	WQ_DAY_EXCEEDS,
};

const char *wq_day_verdict_name(enum wq_day_verdict verdict); /* "meets" "exceeds" "not assessable" */

/* One parameter of the day, or the station as a whole (parameter = WQ_NONE). */
struct wq_day_row {
	uint32_t station;
	uint32_t parameter; /* index into wq_site.parameters; WQ_NONE: the class of the station */
	wq_day day;
	uint32_t revision; /* 1 when first given, then one more per correction */
	double mean;       /* evaluation value; NaN: none. The station's row: NaN */
	double mean_raw;   /* unrounded mean; NaN: none */
	int32_t valid;     /* readings counted. The station's row: items assessable */
	int32_t expected;  /* readings expected. The station's row: items measured here */
	int class_;        /* 1 … 6; 0: none (not assessable, or no class limits) */
	enum wq_day_verdict verdict; /* against the station's target class; parameters without
	                                limits: meets is never said, they are not assessable */
	double exceedance; /* 超标倍数 against the target class; NaN: none */
	int32_t below;     /* of `valid`: readings below the detection limit, each counted as half of it */
};

#define WQ_DAY_ITEMS 40

/* A closed or corrected day: the station's own row first, then a row per parameter. */
struct wq_day_report {
	uint32_t station;
	wq_day day;
	bool correction; /* it was closed before; late data changed it */
	bool changed;    /* a correction that changed class or verdict of the station or an item */
	bool older;      /* a newer day has been closed */
	uint64_t turned; /* bit per row: of an older day that exceeds and did not before; see wq_rule.older */
	unsigned determining; /* bit per evaluated item (wq_standard_bit) that has the worst class */
	unsigned lacking;     /* bit per evaluated item that is measured here but not assessable */
	uint32_t count;
	struct wq_day_row rows[WQ_DAY_ITEMS];
};

#endif
