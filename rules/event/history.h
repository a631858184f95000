/* SPDX-License-Identifier: Apache-2.0 */
/* What is usual: the median of the last accepted values and their spread, a few of the newest left out so that what just
 * begins is not yet part of it. Memory is the caller's, bounded. */
#ifndef WQ_EVENT_HISTORY_H
#define WQ_EVENT_HISTORY_H

#include <stdbool.h>
#include <stddef.h>

/* Most values of a history. */
#define HISTORY_MAX 2048

struct history {
	size_t length; /* values that count */
	size_t lag;    /* values that wait before they count */
	size_t count, first;   /* of those that count: a ring in arrival order */
	size_t waiting, head;  /* of those that wait, likewise */
	double numbers[]; /* ring [length], sorted [length], waiting [lag] */
};

/* Bytes for 1 <= length <= HISTORY_MAX, lag <= HISTORY_MAX. */
size_t history_size(size_t length, size_t lag);

/* Sets up memory that is all zero; what stands already stays. */
void history_open(struct history *history, size_t length, size_t lag);

/* A value comes; the one that has waited for `lag` values now counts, unless `frozen`: then it is dropped. O(length). */
void history_add(struct history *history, double value, bool frozen);

/* Nothing counts any more; what waits stays. */
void history_forget(struct history *history);

/* Median, and median of the absolute deviations from it times 1.4826 (the standard deviation of normal values). False
 * while fewer than `least` values count. O(log length). */
bool history_usual(const struct history *history, size_t least, double *median, double *spread);

#endif
