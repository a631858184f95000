/* SPDX-License-Identifier: Apache-2.0 */
/* The watch over what readings come by: what the workers know of their devices is told to the engine once a second, so that a
 * dead gateway is one alarm and not one for everything behind it. Main only. */
#ifndef WQ_BUSWATCH_H
#define WQ_BUSWATCH_H

struct daemon;
struct wq_outcome;

/* Before the engine's tick. */
void buswatch_tick(struct daemon *daemon, struct wq_outcome *out);

#endif
