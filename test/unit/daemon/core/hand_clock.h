/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon's clock, driven by hand: linked before the real one, it takes its place. Waiting with
 * a deadline stays real. Thread-safe. */
#ifndef HAND_CLOCK_H
#define HAND_CLOCK_H

#include "clock.h"

/* 2026-03-05T08:00:00Z and an hour after boot; every reading of the boot clock costs nothing. */
#define HAND_NOW  ((wq_ms)1772697600000)
#define HAND_BOOT WQ_HOURS(1)

void hand_clock_reset(void);

/* Both clocks go on. */
void hand_clock_pass(wq_ms span);

/* Whether the time of day is known from outside; at the reset it is. */
void hand_clock_trust(bool trusted);

/* Someone sets the time of day; the boot clock does not care. */
void hand_clock_set(wq_ms now);

/* From the `nth` reading of the boot clock on (1: the next) `span` more has passed: as if the
 * thread had lost the processor just before it. */
void hand_clock_stumble(int nth, wq_ms span);

/* From now on nobody waits longer than 20 ms with a deadline. */
void hand_clock_hurry(void);

#endif
