/* SPDX-License-Identifier: Apache-2.0 */
/* Answers that are still owed: requests that were sent and given up. RTU has no transaction number,
 * so that an answer which comes late looks like the answer to the next request; from then on every
 * value stands one place further, and all of them look good. What is known of the requests given up
 * tells them apart:
 *
 * - Until `until` (twice the timeout after it ran out) nothing is asked of that device. What comes
 *   meanwhile is late and thrown away; whose it is does not matter.
 * - After that an answer could still come. A request of another length than all those that are owed
 *   cannot be mixed up with them, and devices answer in the order they were asked: its answer
 *   proves that no older one will come (a fence). Where the next request is as long as one that is
 *   owed, another of another length goes before it.
 * - A device that served until now is probably slow: while its answer may come, the line belongs to
 *   it. One that has been silent before is dead, and holds up nobody but itself.
 *
 * Pure: time is an argument, no memory, no I/O. One thread at a time. */
#ifndef WQ_MODBUS_OWED_H
#define WQ_MODBUS_OWED_H

#include "frame.h"

#include "wq/instant.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Kinds of answers that may be owed at once; with more the whole line waits for the oldest. */
#define OWED_KINDS 512

/* Requests of one device, function and length. */
struct owed_kind {
	struct frame_request request; /* the last of them */
	unsigned count;               /* so many were sent and not answered */
	uint64_t first, last; /* in the order of all requests; the oldest: at least `first` */
	wq_ms sent, until;    /* the last of them */
	bool line;            /* until then nobody is asked */
};

struct owed {
	size_t kinds;
	struct owed_kind list[OWED_KINDS];
	uint64_t order;      /* of the last request */
	bool lives[256];     /* by unit: it has answered since it last kept silent */
	wq_ms until;         /* before that nothing is asked of anybody */
	unsigned long late;  /* answers that came after they were given up */
	unsigned long doubt; /* times that no fence could be had */
	uint8_t late_unit;   /* of the last that was late */
	wq_ms late_by;       /* so long after the request */
};

/* A request was given up: nothing came in time (silent), or something that was no answer. */
void owed_add(struct owed *owed, const struct frame_request *request, bool silent, wq_ms sent,
        wq_ms until);

/* An answer came to the request that was asked last: 0, or an exception 1 … 255. Its late
 * predecessors are forgotten as far as it proves anything. */
void owed_answered(struct owed *owed, const struct frame_request *request, int answer, wq_ms now);

/* Until when this request must not be sent; now: it may. */
wq_ms owed_wait(const struct owed *owed, const struct frame_request *request, wq_ms now);

/* Whether the answer to this request could be mixed up with one that is owed; then *fence is what
 * to ask before it. */
bool owed_fence(
        const struct owed *owed, const struct frame_request *request, struct frame_request *fence);

/* Whether the answer to just this could still come from before: then a command is not sent. */
bool owed_is(const struct owed *owed, const struct frame_request *request);

/* No fence can be had (the device refuses them all): what it owes is not thought of any more. */
void owed_forget(struct owed *owed, uint8_t unit_id);

/* An answer of this kind came late: one less is owed of it, and nothing older by the same device.
 * An exception has no kind: it counts as the oldest that it can be. */
void owed_came(struct owed *owed, size_t kind, wq_ms now);

#endif
