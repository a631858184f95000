/* SPDX-License-Identifier: Apache-2.0 */
/* The thread that sends: the outbox's decisions carried out with libcurl, every channel on its own
 * slot (one that is not HTTP on its own thread), so that none waits for another. Names are resolved
 * apart and a dead name server blocks nobody. */
#ifndef WQ_DELIVERER_H
#define WQ_DELIVERER_H

#include "config/config.h"
#include "store/store.h"

#include "wq/channel.h"
#include "wq/instant.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wq_err;
struct deliverer;

/* Notices in memory at once, and what a contact has of them at least, however many contacts there are; further ones stay in the
 * database. */
#define DELIVERER_CAPACITY 512
#define DELIVERER_SHARE    4

/* Both are called from the deliverer's thread and from deliverer_offer(); thread-safe. */
struct deliverer_clock {
	wq_ms (*wall)(void);   /* our clock, UTC: signatures, records, expiry when offered */
	wq_ms (*steady)(void); /* never set and never backwards (CLOCK_BOOTTIME): all waiting */
};

/* Called from the deliverer's thread, none after deliverer_stop(). Must not block, must not call
 * the deliverer except deliverer_held() and deliverer_offer(). */
struct deliverer_events {
	void *owner;
	/* After each attempt, and once for a notice given up without one (kind WQ_DROP, done).
	 * `channel` says which channel it was tried on, so a failover shows as two records of one
	 * id. done: sent or given up. */
	void (*attempt)(void *owner, const struct store_delivery *delivery);
	/* A channel came to fail (text: why; never a secret), or works again (text NULL). May be
	 * NULL. */
	void (*trouble)(void *owner, const char *channel, const char *text);
	/* From deliverer_offer(), on its thread: writes the link by which the contact acknowledges the alarm, "" for none.
	 * Must not block. NULL: there are no links. */
	void (*link)(void *owner, const struct wq_notice *notice, char out[WQ_LINK_TEXT]);
};

/* Opens every channel (reads its secret) and starts the thread. A channel that cannot be opened is
 * no error: it is told through trouble(), and what goes there fails over as CONFIG. config outlives
 * the deliverer. NULL with *err. */
struct deliverer *deliverer_start(const struct config *config,
        const struct deliverer_events *events, const struct deliverer_clock *clock,
        struct wq_err *err);

/* Hands a notice over (copied). attempts: made before, as the store counts them. True: it is held
 * (one of the same id is taken once). False: no room for its contact, or stopping; it stays in the
 * database, and so that the order of an alarm's changes is kept, no later change may be offered to
 * this contact before its outbox in the database was offered again, oldest first. Thread-safe, does
 * not wait for the network. */
bool deliverer_offer(
        struct deliverer *deliverer, const struct wq_notice *notice, uint32_t attempts);

/* How many that are told afterwards (wq_notice.history) a channel should be given at once. */
#define DELIVERER_HISTORY 8

/* How many notices of a contact are held at most; how many more of them would be taken now, of level alarm; how many are held
 * of all. Thread-safe. */
size_t deliverer_share(const struct config *config);
size_t deliverer_room_for(struct deliverer *deliverer, const char *contact);
size_t deliverer_held(struct deliverer *deliverer);

/* Counts turns of its loop, at least one a second. For the watchdog. Thread-safe. */
uint64_t deliverer_progress(const struct deliverer *deliverer);

/* Begins nothing new, lets attempts under way end for at most `grace` ms, stops the thread and
 * frees everything. What was cut short is not reported: it stays undelivered in the database and
 * goes out again under its id. False: the thread, or a channel's send(), hangs; then it is left
 * alone and keeps its memory. */
bool deliverer_stop(struct deliverer *deliverer, wq_ms grace);

#endif
