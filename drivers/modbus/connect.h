/* SPDX-License-Identifier: Apache-2.0 */
/* A TCP connection within a bounded time, and what its receive buffer still holds. Without
 * libmodbus: its own connect neither bounds name resolution nor refuses a descriptor that its
 * select() cannot take. */
#ifndef WQ_MODBUS_CONNECT_H
#define WQ_MODBUS_CONNECT_H

#include "wq/instant.h"

struct wq_err;

/* Connects to host:port within `timeout` (shared by the addresses of a name; asking for the address
 * of a name is bounded by the resolver's own settings, a numeric host asks nobody). Returns a
 * non-blocking descriptor below FD_SETSIZE, which the caller closes; WQ_E_TIMEOUT or WQ_E_IO
 * otherwise. */
int connect_tcp(const char *host, int port, wq_ms timeout, struct wq_err *err);

/* Throws away what has arrived on fd. 0: it is quiet; WQ_E_IO: the peer has closed it or it is
 * broken; WQ_E_PROTOCOL: the peer does not stop sending. Never blocks. */
int connect_drain(int fd, struct wq_err *err);

#endif
