/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses of names without waiting: the resolver may take half a minute, so that threads of its
 * own ask it and a descriptor tells when they are done. Thread-safe. */
#ifndef WQ_MODBUS_RESOLVE_H
#define WQ_MODBUS_RESOLVE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

struct wq_err;
struct resolve;

/* More addresses of one name are not given. */
#define RESOLVE_ADDRESSES 4

/* What resolve_result() returns while nobody has answered. */
#define RESOLVE_UNDERWAY 256

struct resolve_address {
	socklen_t length;
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	};
};

/* The address that `host` is written as; false: it is a name. Asks nobody. */
bool resolve_numeric(const char *host, int port, struct resolve_address *address);

/* Asks for a name. NULL with *err: there is no room for another question. */
struct resolve *resolve_begin(const char *host, int port, struct wq_err *err);

/* Readable when there is a result; belongs to the question. */
int resolve_fd(const struct resolve *resolve);

/* RESOLVE_UNDERWAY; how many addresses were written, 1 at least; WQ_E_IO: there is none. */
int resolve_result(struct resolve *resolve, struct resolve_address addresses[RESOLVE_ADDRESSES],
        struct wq_err *err);

/* The question is not of interest any more. NULL is fine. */
void resolve_end(struct resolve *resolve);

#endif
