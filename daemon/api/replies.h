/* SPDX-License-Identifier: Apache-2.0 */
/* Short messages that come back acknowledge alarms, in the way `wqctl ack` does: a thread reads the folders that channels
 * name (wq_channel.replies). A file goes when what it says is committed, so that after a crash it is read again; an alarm
 * that is acknowledged already stays so. */
#ifndef WQ_REPLIES_H
#define WQ_REPLIES_H

#include "config/config.h"
#include "ctl/server.h"

#include <stdbool.h>

struct wq_err;
struct replies;

/* `ask` is called on the thread and waits for main's answer. NULL with err->code 0: no channel has replies. config
 * outlives it. */
struct replies *replies_start(const struct config *config, ctl_handle *ask, void *owner, struct wq_err *err);

/* Tells the thread to end; then, until it is true, main has to go on answering. NULL is fine. */
void replies_stop(struct replies *replies);
bool replies_ended(struct replies *replies); /* and everything is freed */

#endif
