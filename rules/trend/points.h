/* SPDX-License-Identifier: Apache-2.0 */
/* The memory of an aggregating trend: one median a span of time, of fixed size, filled in any order.
 *
 * Of a span POINT_VALUES readings are kept: the median of so many is exact. Where more come, every second one that was kept
 * goes, and from then on every second one that comes is kept, then every fourth, eighth …: what is kept is spread evenly over
 * all that came, and its median stands for theirs. Which ones are kept is a matter of the order in which they came alone. */
#ifndef WQ_TREND_POINTS_H
#define WQ_TREND_POINTS_H

#include "wq/instant.h"
#include "wq/trend.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Values kept of a span: a quarter of an hour of minutes. Even, so that half of them go. */
#define POINT_VALUES 16

struct point {
	wq_ms at;       /* the middle of the span */
	uint32_t came;  /* readings so far */
	uint16_t kept;
	uint16_t shift; /* every 2^shift-th of them is kept */
	double median;  /* of those kept; NaN: not reckoned yet */
	double value[POINT_VALUES]; /* as they came */
};

/* Zeroed memory is an empty one. Ascending by time. */
struct points {
	size_t count;
	struct point point[]; /* `room` of them: those of the window and the one still open */
};

/* Bytes of a memory of `room` spans. */
size_t points_size(size_t room);

/* The middle of the span that an instant falls in; spans are aligned to local midnight of
 * 1970-01-01. */
wq_ms points_middle(const struct wq_zone *zone, wq_ms aggregate, wq_ms at);

/* Takes a value into the span around `middle`. `replaced`: the value that this one revises; NaN
 * for none. One that was not kept is revised without effect. At most `room` spans are kept: the oldest goes, and
 * what is older than a full memory is left out. */
void points_add(struct points *points, size_t room, wq_ms middle, double value, double replaced);

/* Leaves out the spans after the one around `middle`. */
void points_end(struct points *points, wq_ms middle);

/* The median; of an even number the middle of two, to twelve digits: what two instruments' steps lie between is still tied. */
double point_median(struct point *point);

#endif
