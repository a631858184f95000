/* SPDX-License-Identifier: Apache-2.0 */
/* What main does with samples and with what comes back: batches through the engine, changes into notices,
 * groups to the writer, committed notices to the deliverer. Main only. */
#ifndef WQ_CONCLUDE_H
#define WQ_CONCLUDE_H

#include "daemon.h"
#include "offer.h"

/* What an earlier life knew of the clock, from the store: a step since its last commit shows at the first look. After
 * store_restore(). */
void conclude_recall_clock(struct daemon *daemon, const struct store_clock *known);

/* Tells the engine when the clock was set, or is trusted for the first time. To be called before the engine is told anything with the present in it. */
void conclude_clock(struct daemon *daemon);

/* Takes batches from the inbox for at most 20 ms, hands over what the writer can take. */
void conclude_pump(struct daemon *daemon);

/* Time passes: one tick of the engine; stalled notices leave from memory. */
void conclude_tick(struct daemon *daemon);

/* Makes notices of the changes in a flight that have none yet. */
void conclude_route(struct daemon *daemon, struct flight *flight);

/* A flight came back committed (its letter was opened). */
void conclude_landed(struct daemon *daemon, struct flight *flight);

#endif
