/* SPDX-License-Identifier: Apache-2.0 */
/* What is counted over all pairs of a long series, without keeping the pairs. Pure; memory is the
 * caller's. */
#ifndef WQ_TREND_PAIRS_H
#define WQ_TREND_PAIRS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Points that are compared with each other only within groups (seasons); within a group ascending
 * by time. Group g is points first[g] … first[g + 1] - 1. */
struct groups {
	const double *t, *x;
	size_t count;
	const size_t *first;
};

struct pairs {
	int64_t s, pairs, tied; /* all pairs; those equal in x */
	double variance;        /* of S, ties considered */
};

/* S over all groups in O(n log n); a and b: scratch of the longest group's length. */
void pairs_count(const struct groups *groups, double *a, double *b, struct pairs *pairs);

/* Sorts x with scratch of the same length; returns the inversions there were (pairs with x[i] >
 * x[j], i < j). */
int64_t pairs_sort(double *x, double *scratch, size_t n);

#define SLOPES_RANKS  2 /* at once */
#define SLOPES_DIGITS 65536
#define SLOPES_KEPT   (SLOPES_DIGITS / 2)

struct slopes_room {
	union {
		uint32_t counts[SLOPES_RANKS][SLOPES_DIGITS];
		double kept[SLOPES_RANKS][SLOPES_KEPT];
	};
	size_t count[SLOPES_RANKS]; /* of those kept */
};

/* The slopes of two ranks (from 0, in ascending order) among those of all `pairs` pairs. While
 * those that may be it are too many to be kept, a pass over the pairs settles 16 more bits of each
 * slope: at most four passes. */
void slopes_select(const struct groups *groups, int64_t pairs, const int64_t ranks[SLOPES_RANKS],
        struct slopes_room *room, double slopes[SLOPES_RANKS]);

#endif
