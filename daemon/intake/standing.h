/* SPDX-License-Identifier: Apache-2.0 */
/* How a bus serves, from how its devices do. Pure: no clock, no thread, no I/O; times are milliseconds of a clock that never
 * runs backwards.
 *
 * A bus is down when none of its devices serves. To have asked each of many may take minutes (240 devices, half a second each), so
 * it is down too when so many in a row fell silent that serving ones would have been among them: an eighth, 16 at least, of those that
 * served or were not asked yet; half of them before the bus has served for the first time. That is a fair sample, for
 * in doubt the schedule asks here and there (schedule.h). */
#ifndef WQ_STANDING_H
#define WQ_STANDING_H

#include "wq/engine.h"
#include "wq/instant.h"

#include <stdbool.h>
#include <stddef.h>

struct standing {
	size_t up, waiting; /* devices that serve; that were not asked yet */
	size_t fallen;      /* that served, or were asked for the first time, and failed since one served last */
	bool failed;        /* a device failed and none has served since */
	bool served;        /* one did, ever */
	wq_ms since, last;  /* of the stretch of failures without a pause: when its first poll began, when the last one ended */
};

/* Nothing is known of any of `count` devices. */
void standing_open(struct standing *standing, size_t count);

/* A poll of one device. first: none of it had ended before; was_up: it served; up: it serves. */
void standing_polled(struct standing *standing, bool first, bool was_up, bool up, wq_ms began, wq_ms ended);

/* False: nothing is known yet. */
bool standing_state(const struct standing *standing, enum wq_bus_state *state);

#endif
