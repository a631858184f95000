/* SPDX-License-Identifier: Apache-2.0 */
/* Where the pages are served: a TCP port or a Unix socket. */
#ifndef WQ_LISTEN_H
#define WQ_LISTEN_H

#include "config/config.h"

#include "ctl/place.h"

struct wq_err;

/* A listening descriptor, the caller's; *place names the file of a Unix socket, which everybody on this machine may connect to,
 * as to a port of the loopback. Negative with *err. */
int listen_open(const struct config_links *links, struct ctl_place *place, struct wq_err *err);

#endif
