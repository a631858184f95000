/* SPDX-License-Identifier: Apache-2.0 */
/* Committed notices on their way to the deliverer. What it has no room for waits in memory, or stays in the outbox on disk and
 * is read from there, contact by contact: what waits for one whose channel is dead holds up no other. What is urgent
 * (notify/urgent.h) passes both: where earlier changes of its alarm wait it is read from disk, with them and before everything
 * else. Main only but where it says otherwise. */
#ifndef WQ_OFFER_H
#define WQ_OFFER_H

#include "daemon.h"

/* False: no memory. offer_close() frees what waits, too. */
bool offer_open(struct daemon *daemon);
void offer_close(struct daemon *daemon);

/* Offers a notice to the deliverer, or lets it wait for room. */
void conclude_offer(struct daemon *daemon, const struct wq_notice *notice, uint32_t attempts);

/* Likewise one of a commit that is stuck: it is not on disk yet, so where it is left to the outbox that stays to be read until
 * conclude_offer_landed(), to be called when all that left in this way is committed. */
void conclude_offer_unstored(struct daemon *daemon, const struct wq_notice *notice);
void conclude_offer_landed(struct daemon *daemon);

/* Offers waiting notices again, and has the outbox read for those who have room; after an attempt has made some. */
void conclude_offer_waiting(struct daemon *daemon);

/* The writer reads the outbox (writer thread): whether notices of a contact are wanted, one of them, the end (all: the
 * reading did not fail; otherwise it is asked for again). */
bool offer_wanted(void *daemon, const char *contact, bool urgent);
bool conclude_undelivered(void *daemon, const struct wq_notice *notice, uint32_t attempts);
void conclude_undelivered_end(void *daemon, bool all);

/* The same when main itself reads it, before there is a writer: for store_outbox(). */
bool offer_first_wanted(void *daemon, const char *contact, bool urgent);
bool offer_first(void *daemon, const struct wq_notice *notice, uint32_t attempts);

#endif
