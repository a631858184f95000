/* SPDX-License-Identifier: Apache-2.0 */
/* One check of an analyser: what it measured of a known sample. No reading of the river, and never among them. */
#ifndef WQ_CHECK_H
#define WQ_CHECK_H

#include "wq/sample.h"

enum wq_check_kind {
	WQ_CHECK_STANDARD, /* a standard sample */
	WQ_CHECK_ZERO,
	WQ_CHECK_SPAN,
	WQ_CHECK_RECOVERY, /* spiked river water */
	WQ_CHECK_PARALLEL, /* the same water twice */
	WQ_CHECK_BLANK,
};
#define WQ_CHECK_KINDS 6

/* "standard" "zero" "span" "recovery" "parallel" "blank" */
const char *wq_check_kind_name(enum wq_check_kind kind);

/* Identified by series, kind and time: the same one again is a repeat. */
struct wq_check {
	uint32_t series; /* whose analyser */
	uint8_t kind;    /* enum wq_check_kind */
	wq_ms at;        /* the station's or the analyser's time */
	double value;     /* measured, canonical unit; NaN: none was given */
	double reference; /* what it should be: the standard, the first of two parallels, the unspiked water; NaN: not given */
	double result;    /* percent: deviation from the reference (of the span where there is one), recovery; NaN: not known */
	char flag[WQ_FLAG_TEXT]; /* the station's own flag as it came */
};

#endif
