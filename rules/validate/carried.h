/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a value is only carried forward: an analyser that measures every few hours, polled more often. Its values change at
 * whole multiples of one step, and never at the polls in between. */
#ifndef WQ_VALIDATE_CARRIED_H
#define WQ_VALIDATE_CARRIED_H

#include "wq/instant.h"

#include <stddef.h>
#include <stdint.h>

/* Changes that must fit: by chance, with values that stand still for a while, all of so many are multiples of the same two polls
 * in one of 30,000 series. */
#define CARRIED_CHANGES 16

struct carried {
	double value;
	wq_ms since, last;           /* of this value: first and newest told */
	wq_ms poll;                  /* shortest step between two tellings; 0: not known */
	uint32_t spans[CARRIED_CHANGES]; /* seconds that a value held, a ring by count */
	size_t count;
};

/* The next value, not before the one before it. Zeroed before the first. */
void carried_next(struct carried *carried, wq_ms at, double value);

/* How often it is really measured, when it is carried forward in between; 0: it is not, or nobody can say yet. */
wq_ms carried_cycle(const struct carried *carried);

#endif
