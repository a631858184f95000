/* SPDX-License-Identifier: Apache-2.0 */
/* Channels that are records are told afterwards what other channels delivered while they failed: read from the store in small
 * portions, given to the deliverer behind all else. Main only, but for catchup_owes() and catchup_left(). */
#ifndef WQ_CATCHUP_H
#define WQ_CATCHUP_H

#include "daemon.h"

/* False: no memory. */
bool catchup_open(struct daemon *daemon);
void catchup_close(struct daemon *daemon);

/* An attempt is to be recorded in the flight: with it which channels are owed the notice. */
void catchup_note(struct daemon *daemon, struct flight *flight, const struct store_delivery *delivery);

/* Whether something is to be read; then which channels are, on the writer's thread; each notice read; the
 * end (all: the reading did not fail). */
bool catchup_wants(struct daemon *daemon);
const char *catchup_owes(void *daemon, size_t i);
void catchup_offer(struct daemon *daemon, const struct wq_notice *notice);
void catchup_end(struct daemon *daemon, bool all);

/* Writer's thread, while it reads: one of this channel was left in the store for want of memory. */
void catchup_left(struct daemon *daemon, const char *channel);

#endif
