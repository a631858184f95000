/* SPDX-License-Identifier: Apache-2.0 */
/* How often a channel may be used: at most `rate` times within any minute and `burst` times within
 * any second, exactly, however a minute is laid. (A bucket that refills would let twice as many
 * through, and a robot that is sent too much is blocked for ten minutes.) Pure; not thread-safe. */
#ifndef WQ_PACE_H
#define WQ_PACE_H

#include "wq/instant.h"

#include <stdbool.h>
#include <stdint.h>

struct pace {
	uint32_t rate, burst; /* 0: no bound */
	uint32_t room;
	uint64_t count;
	wq_ms *times; /* the last `room` uses, a ring */
};

/* False: no memory; then there is no bound. */
bool pace_open(struct pace *pace, uint32_t rate, uint32_t burst);
void pace_close(struct pace *pace);

void pace_note(struct pace *pace, wq_ms now);

/* The earliest instant of the next use; INT64_MIN: there is nothing to wait for. */
wq_ms pace_opens(const struct pace *pace);

#endif
