/* SPDX-License-Identifier: Apache-2.0 */
/* TCP as a way for a link: connecting to the addresses of a host one after the other, within the
 * link's timeout altogether. A numeric host asks nobody; a name is asked for at each connecting, by
 * a thread of its own (resolve.h). */
#ifndef WQ_MODBUS_CONNECT_H
#define WQ_MODBUS_CONNECT_H

#include "link.h"
#include "resolve.h"

#include "wq/instant.h"

#include <stdbool.h>
#include <stddef.h>

/* The way_state of connect_way. */
struct connect {
	const char *host;
	int port;
	bool named;            /* the host is a name */
	struct resolve *asked; /* who is asked for it; NULL: nobody */
	wq_ms end;             /* of connecting */
	size_t count, next;
	struct resolve_address addresses[RESOLVE_ADDRESSES];
};

extern const struct link_way connect_way;

/* host outlives it. Touches no network. */
void connect_init(struct connect *connect, const char *host, int port);

/* Forgets a name that is still asked for. After the link is closed. */
void connect_forget(struct connect *connect);

#endif
