/* SPDX-License-Identifier: Apache-2.0 */
/* The memory of an aggregating trend: one mean a span of time, of fixed size, filled in any order.
 */
#ifndef WQ_TREND_POINTS_H
#define WQ_TREND_POINTS_H

#include "wq/instant.h"
#include "wq/trend.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The spans of the window and the one still open. */
#define POINTS_ROOM (WQ_TREND_POINTS + 1)

struct point {
	wq_ms at; /* the middle of the span */
	double sum;
	int64_t count;
};

/* Zeroed memory is an empty one. Ascending by time. */
struct points {
	size_t count;
	struct point point[POINTS_ROOM];
};

/* The middle of the span that an instant falls in; spans are aligned to local midnight of
 * 1970-01-01. */
wq_ms points_middle(const struct wq_zone *zone, wq_ms aggregate, wq_ms at);

/* Counts a value into the span around `middle`. `replaced`: the value that this one revises; NaN
 * for none. At most `room` spans (<= POINTS_ROOM) are kept: the oldest goes, and what is older than
 * a full memory is left out. */
void points_add(struct points *points, size_t room, wq_ms middle, double value, double replaced);

/* Leaves out the spans after the one around `middle`. */
void points_end(struct points *points, wq_ms middle);

/* The mean, to twelve digits: what is added in another order is still tied. */
double point_mean(const struct point *point);

#endif
