/* SPDX-License-Identifier: Apache-2.0 */
/* From a window of points to the time at which the limit will be crossed. Pure. */
#ifndef WQ_TREND_OUTLOOK_H
#define WQ_TREND_OUTLOOK_H

#include "wq/trend.h"

#include <stdbool.h>
#include <stddef.h>

/* The points of a window, oldest first; t in hours before the newest reading (<= 0). */
struct window {
	size_t n;
	double t[WQ_TREND_POINTS], x[WQ_TREND_POINTS];
};

/* Toward which limit it is looked. */
struct goal {
	double limit;
	bool upper;        /* values above exceed; else values below */
	double near;       /* share of the limit */
	double confidence; /* two-sided, 0 … 1 */
};

struct outlook {
	bool far;    /* nowhere near the limit: nothing below was computed */
	bool toward; /* a significant trend toward the limit, its slope bound beyond 0 too */
	bool away;   /* a significant trend away from it */
	bool near;   /* the fitted present is near the limit, or beyond */
	struct wq_trend trend; /* in the mirrored, perhaps logarithmic scale that was fitted */
	double now;            /* the fitted present, as measured */
	double slope, low,
	        high; /* per hour at present, as measured: low is the end less toward the limit */
	double hours, earliest,
	        latest; /* to the limit, 0 when the line is there; with `toward` only */
};

/* Negative enum wq_code when the points are not fit for it. */
int outlook_take(const struct window *window, const struct goal *goal, struct outlook *outlook);

#endif
