/* SPDX-License-Identifier: Apache-2.0 */
/* The ways from the other threads to main: each call is made on a thread of the writer, the deliverer, a source or the
 * control socket, copies what it was told into a letter and posts it to the inbox. `owner` is the daemon. */
#ifndef WQ_LETTERS_H
#define WQ_LETTERS_H

#include "ctl/server.h"
#include "notify/deliver/deliverer.h"
#include "intake/source.h"
#include "store/writer.h"
#include "uplink/uplink.h"

struct daemon;

/* Of the writer; senders that wait for this commit are released at once. */
void letters_on_committed(void *owner, struct commit_group *group, struct store_answer *answers, size_t count);
void letters_on_trouble(void *owner, const char *text);

/* Of the deliverer. */
void letters_on_attempt(void *owner, const struct store_delivery *delivery);
void letters_on_channel(void *owner, const char *channel, const char *text);

/* Of the sources. */
void letters_on_outage(void *owner, const struct source_outage *outage);
void letters_on_commanded(void *owner, const struct source_commanded *commanded);

/* Of the uplinks. */
void letters_on_acknowledged(void *owner, const struct store_uplink *where);
void letters_on_uplink(void *owner, const char *name, const char *text);

/* Of the control socket: waits for main's answer. */
int letters_on_command(void *owner, const struct ctl_request *request, struct ctl_reply *reply);

/* Main: opens all that came, or, when nothing more is concluded, drops them and answers who waits. */
void letters_open(struct daemon *daemon);
void letters_drop(struct daemon *daemon);

#endif
