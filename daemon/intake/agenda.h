/* SPDX-License-Identifier: Apache-2.0 */
/* Who of a fixed number is to be called when. Pure: no clock, no thread, no I/O; one thread at a time. A call costs the
 * logarithm of how many there are. */
#ifndef WQ_AGENDA_H
#define WQ_AGENDA_H

#include "wq/instant.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AGENDA_NEVER INT64_MAX

struct agenda {
	size_t count;
	wq_ms *at;       /* by member */
	uint32_t *order; /* a heap: nobody is earlier than who stands at (i - 1) / 2 */
	uint32_t *place; /* of each member in it */
};

/* Members 0 … count - 1, all to be called never. False: no memory. */
bool agenda_open(struct agenda *agenda, size_t count);
void agenda_close(struct agenda *agenda); /* zeroed is fine */

void agenda_set(struct agenda *agenda, size_t member, wq_ms at);

/* When the first is to be called, and who that is; AGENDA_NEVER with nobody. */
wq_ms agenda_first(const struct agenda *agenda, size_t *member);

#endif
