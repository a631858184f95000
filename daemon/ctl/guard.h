/* SPDX-License-Identifier: Apache-2.0 */
/* Cuts connections that live too long. The HTTP library's own limit is about silence: whoever sends
 * a byte a second would hold a connection for ever, and all of them with a few dozen. */
#ifndef WQ_CTL_GUARD_H
#define WQ_CTL_GUARD_H

#include "wq/instant.h"

struct wq_err;
struct ctl_guard;

/* Starts the thread that cuts (shutdown(2)) every connection `span` ms after it was opened. NULL
 * with *err. */
struct ctl_guard *ctl_guard_start(wq_ms span, struct wq_err *err);
/* NULL is allowed. Descriptors that are still guarded are let go, not cut. */
void ctl_guard_stop(struct ctl_guard *guard);

/* Any thread. closed() comes before the descriptor is given back to the system. */
void ctl_guard_opened(struct ctl_guard *guard, int fd);
void ctl_guard_closed(struct ctl_guard *guard, int fd);

#endif
