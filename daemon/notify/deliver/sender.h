/* SPDX-License-Identifier: Apache-2.0 */
/* The thread of one channel that is not HTTP: its send() may hang as long as a dying disk does, and
 * only that channel waits. */
#ifndef WQ_SENDER_H
#define WQ_SENDER_H

#include "wq/channel.h"
#include "wq/instant.h"

#include <stdbool.h>

struct sender;

/* Starts the thread. `state` is the channel's, opened, and belongs to the thread until
 * sender_stop(). ring(owner) is called from the thread whenever a result is there to be taken.
 * NULL: no thread or no memory. */
struct sender *sender_start(
        const struct wq_channel *channel, void *state, void (*ring)(void *owner), void *owner);

/* Gives it another state of the same channel, opened. Only while nothing is given that was not taken. */
void sender_use(struct sender *sender, void *state);

/* Has a copy of the notice sent. False: it is still in the last send(), or its result waits. */
bool sender_give(struct sender *sender, const struct wq_notice *notice, wq_ms now);

/* The result of what was given last; false: there is none yet. */
bool sender_take(struct sender *sender, struct wq_result *result);

/* Ends the thread and frees it; waits at most `margin` ms. False: it hangs in send(), keeps its
 * memory and the channel's state. NULL is fine. */
bool sender_stop(struct sender *sender, wq_ms margin);

#endif
