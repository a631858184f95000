/* SPDX-License-Identifier: Apache-2.0 */
/* When which device of a bus is polled. Pure: no clock, no thread, no I/O; one thread at a time.
 *
 * A device that serves is polled on a fixed schedule: slot n is at start + n × interval, however long polls take. A slot
 * that is reached late is used late; slots that passed altogether are skipped and counted (an overrun).
 *
 * A device that does not serve is tried again after 1, 2, 5, 10, 30, then 60 s (its interval, where that is shorter than
 * the first), and its tries stay out of the way of the others:
 * - a try that, taking as long as the last one, would be over before the next slot of another is made at once;
 * - one that would not makes them late. It waits until they have all been polled, and all such tries together take at
 *   most 1/20 of the bus's time;
 * - one that would make them late by more than half their interval costs them slots: the tries of one such device take
 *   at most 1/100;
 * - a bus that never falls quiet lets it in all the same after 10 s;
 * - the first poll and the first try again are made without regard to these shares: one lost answer is no reason to
 *   doubt a device. Of many such those that are late by one are polled before the next, or have a second for it.
 * Trouble is lived down, not forgiven at once: each failure counts two, each good poll takes one away, so that a device
 * that answers every other time is not asked at full price for ever.
 *
 * When a device falls silent the bus is searched: those that have answered since are polled on their slots, and between
 * them the others, here and there and not in their order: neighbours fail together, and a fair sample tells whether all did (standing.h).
 * At the start the first polls are in such an order from the first failure on. When the first device of a bus that was wholly down
 * serves again, the others are tried at once.
 *
 * So a device that comes back is polled within 60 s. Where its tries do not fit between the slots, that is the largest
 * of 60 s, 20 × the sum of the timeouts of all that are down and, when its timeout is longer than half the
 * interval of the others, 100 × its timeout, and 10 s more. */
#ifndef WQ_SCHEDULE_H
#define WQ_SCHEDULE_H

#include "wq/instant.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct schedule_unit {
	wq_ms interval;
	wq_ms due;     /* the next slot; of a device that is down, when its back-off ends */
	wq_ms cost;    /* what its last failed poll took */
	wq_ms tried;   /* when its last poll ended */
	uint8_t trouble;
	bool down; /* the last poll failed, or there was none yet */
};

/* Times are milliseconds of one clock that never runs backwards. */
struct schedule {
	size_t count;
	struct schedule_unit *units;
	wq_ms start; /* slot 0 of every device */
	wq_ms quiet; /* when the last poll ended */
	wq_ms late;  /* the same, of first tries too */
	bool doubt;  /* a device fell silent, or was at its first poll, and none has served since */
	wq_ms search; /* when it began; WQ_NO_TIME: none did */
	wq_ms looked; /* when the last poll of one ended that was not asked since then */
	wq_ms paid;  /* when the last try ended that made others late; WQ_NO_TIME: none did */
};

/* All devices are due at `now`; the caller fills in the intervals. False: no memory. */
bool schedule_open(struct schedule *schedule, size_t count, wq_ms now);
void schedule_close(struct schedule *schedule); /* zeroed is fine */

/* Returns when something is to be polled next, and what: not after `now` means at once. count > 0. */
wq_ms schedule_next(const struct schedule *schedule, wq_ms now, size_t *unit);

/* A poll was made. True: slots of this device passed unused. */
bool schedule_done(struct schedule *schedule, size_t unit, wq_ms began, wq_ms ended, bool served);

#endif
