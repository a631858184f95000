/* SPDX-License-Identifier: Apache-2.0 */
/* What to send next: the state machine between notices and channels. Pure: time is an argument,
 * chance is seeded, nothing is sent here. Not thread-safe.
 *
 * - Order: to one contact, a later change of an alarm leaves only after the earlier ones were sent
 * or given up. Otherwise: what is urgent (notify/urgent.h) and what it waits for, the highest level first, the lead before copies,
 * then as they came.
 * - One attempt at a time on a channel.
 * - Back-off of a notice after its n-th failure: 5, 15, 30, 60, 120, 300 s, then every 600 s, each
 * plus up to a fifth by chance; until it expires.
 * - A channel that fails pauses 5, 15, then 30 s, and after OUTBOX_FAILURES failures within
 * OUTBOX_WINDOW until the oldest of them is that old: a dead endpoint sees at most 20 attempts in
 * ten minutes however much waits for it. A success ends the pause, and what waited for that channel
 * is due at once.
 * - Failover: CONFIG goes to the contact's next channel at once, RETRY after three attempts,
 * THROTTLE when the wait is more than a minute, DROP at once and for good; and whatever happens,
 * when the notice's deadline has passed since its turn on the channel began, or no further attempt
 * could begin before. What waits behind others that the channel does take is not late. When all
 * were tried, the round begins anew after the back-off (after CONFIG: ten minutes at least).
 * - TAKEN is no answer yet: the notice stays on that channel, whatever its deadline, and is looked at again until the
 * channel knows. FAILED is that answer: the next channel at once.
 * - A channel has a pace of its own; what waits for it goes by level like everything.
 * - What is told afterwards (history) goes after all else, in its order, at most four a second on a channel; on one that has
 * not worked yet in this life OUTBOX_PROBE later, on one that is down when a probe is due. Nothing waits for it.
 * - A channel that is down is left out for OUTBOX_DISTRUST by those who have another one. Then one
 * of their notices probes it: once, for OUTBOX_PROBE at most, and goes to its next channel at once
 * when that fails. When it works everybody begins with it again.
 */
#ifndef WQ_OUTBOX_H
#define WQ_OUTBOX_H

#include "wq/channel.h"
#include "wq/instant.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wq_err;
struct outbox;

#define OUTBOX_CHANNELS 8  /* of one contact; further ones are not used */
#define OUTBOX_FAILURES 20 /* of one channel … */
#define OUTBOX_WINDOW   WQ_MINUTES(10)
#define OUTBOX_PATIENCE 3 /* RETRY this often before the next channel's turn */
#define OUTBOX_DISTRUST WQ_MINUTES(10)
#define OUTBOX_PROBE    WQ_SECONDS(10)
#define OUTBOX_TEST     WQ_SECONDS(8) /* a person waits */
#define OUTBOX_HISTORY  WQ_SECONDS(1) / 4 /* at least so long between two that are told afterwards on a channel */
#define OUTBOX_DONE     2048          /* of so many that were done last the ids are remembered */

/* An outbox that holds at most `capacity` notices, for `channels` channels known by index. All
 * memory is taken here. NULL: no memory. */
struct outbox *outbox_new(size_t capacity, size_t channels, uint64_t seed);
void outbox_free(struct outbox *outbox); /* NULL is fine */

enum outbox_taken {
	OUTBOX_TAKEN,
	OUTBOX_KNOWN, /* one of that id is held already, or was done a while ago: nothing changed */
	OUTBOX_FULL,  /* refused: offer it again when there is room for its contact */
};

/* Takes a copy of a notice. channels: indices in the order they are tried; none: it is given up at
 * once. attempts: made before (in an earlier life). lifetime: span from now after which it is given
 * up. now: any clock that never runs backwards, the same in all calls. */
enum outbox_taken outbox_add(struct outbox *outbox, const struct wq_notice *notice,
        const uint32_t *channels, size_t count, uint32_t attempts, wq_ms lifetime, wq_ms now);

/* At most `share` notices of one contact are held, a quarter of which is kept for level alarm and what is urgent: what waits for a contact whose
 * channel is dead leaves room for the others. Tests of channels are not bounded. Without it: as many as fit. */
void outbox_share(struct outbox *outbox, size_t share);

/* How many more of a contact would be taken, of level alarm. */
size_t outbox_room_for(const struct outbox *outbox, const char *contact);

/* At most `rate` attempts on a channel within any minute, `burst` within any second; 0: no bound. False: no memory, no
 * bound. Before the first notice. */
bool outbox_pace(struct outbox *outbox, uint32_t channel, uint32_t rate, uint32_t burst);

/* After outbox_add(), for a notice of an earlier life: it was tried on `channel` last, whose turn
 * had begun `waited` ago; taken: the channel had handed it on, and is asked what became of it. It goes on from there.
 * What is not known changes nothing. */
void outbox_resume(struct outbox *outbox, const char *id, uint32_t channel, bool taken, wq_ms waited, wq_ms now);

/* After outbox_add(), for a new notice: its first attempt waits for 0 … `most` by chance. */
void outbox_put_off(struct outbox *outbox, const char *id, wq_ms most, wq_ms now);

/* Notices that it would still take; notices that it holds. */
size_t outbox_room(const struct outbox *outbox);
size_t outbox_held(const struct outbox *outbox);

struct outbox_attempt {
	size_t slot;
	uint32_t channel;
	uint32_t number;                /* of this attempt, 1 for the first */
	bool again;                     /* it was taken before: only a look at what became of it */
	wq_ms patience;                 /* longer than this it is not worth; 0: no bound */
	const struct wq_notice *notice; /* valid and unchanged until outbox_result() */
};

/* The next attempt to make, or false: none is due. It is under way until outbox_result(). */
bool outbox_next(struct outbox *outbox, wq_ms now, struct outbox_attempt *attempt);

/* How the attempt went; until: with THROTTLE, on this outbox's clock. Returns true when the notice
 * is done (sent, or given up) and no longer held. */
bool outbox_result(struct outbox *outbox, const struct outbox_attempt *attempt,
        enum wq_result_kind kind, wq_ms until, wq_ms now);

/* Bit by place in the notice's channels: those that cannot reach its recipient. Before outbox_result(). */
uint32_t outbox_dropped(const struct outbox *outbox, const struct outbox_attempt *attempt);

/* Takes out one notice that has expired or can be sent no way. Its copy stays readable until the
 * next outbox_add(). False: there is none. */
bool outbox_give_up(struct outbox *outbox, wq_ms now, struct outbox_attempt *last);

/* The instant at which outbox_next() or outbox_give_up() should be asked again if nothing else
 * happens; now or earlier: at once; WQ_NO_TIME: nothing to wait for. */
wq_ms outbox_wake(const struct outbox *outbox, wq_ms now);

/* True when a channel is not to be relied on: refused by CONFIG, OUTBOX_PATIENCE failures in a row,
 * or failing until a deadline passed. */
bool outbox_down(const struct outbox *outbox, uint32_t channel);

#endif
