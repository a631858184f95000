/* SPDX-License-Identifier: Apache-2.0 */
/* The connections of a bus: one thread that waits for all of them, and one that waits for commits (promises.h). */
#ifndef HJ212_SERVER_H
#define HJ212_SERVER_H

#include "wq/driver.h"

struct hj212_server;

/* Builds the map; touches no network. NULL with *err. */
struct hj212_server *hj212_server_open(const struct wq_bus *bus, struct wq_err *err);
void hj212_server_close(struct hj212_server *server); /* NULL is fine */

/* Starts the threads; a port that is taken is tried again and told by link(). */
int hj212_server_start(struct hj212_server *server, const struct wq_sink *sink, struct wq_err *err);
void hj212_server_stop(struct hj212_server *server);

uint64_t hj212_server_progress(const struct hj212_server *server);

#endif
