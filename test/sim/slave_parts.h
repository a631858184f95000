/* SPDX-License-Identifier: Apache-2.0 */
/* What the two halves of a simulated server share: slave.c (who is connected) and slave_answer.c
 * (what is answered, and when). */
#ifndef WQ_SIM_SLAVE_PARTS_H
#define WQ_SIM_SLAVE_PARTS_H

#include "line.h"
#include "slave.h"

#define GARBAGE 3 /* bytes before or after an answer */

struct connection {
	int fd;
	bool line; /* a pseudo-terminal */
	size_t listener;
	size_t place; /* among the connections */
	unsigned long id, requests;
	size_t in; /* bytes held */
	wq_ms heard;
	uint8_t request[WIRE_BYTES];
};

/* An answer on its way. Of RTU it is on the line, and whoever has the line then gets it. */
struct parcel {
	wq_ms due;
	size_t listener, size;
	size_t place; /* of the connection that asked, when it did */
	unsigned long connection;
	uint8_t bytes[WIRE_BYTES + 2 * GARBAGE];
};

struct slave {
	struct slave_unit *units;
	size_t unit_count;
	struct slave_faults *faults;
	enum wire_framing framing;
	const char *pty; /* NULL: TCP */
	struct line line;
	struct sockaddr_in address;
	size_t count, listener_count, connection_count, parcel_count;
	unsigned long requests, connections_ever;
	wq_ms start;
	bool gone; /* it reboots */
	int *listeners, *ports;
	struct pollfd *plugs; /* connections of our own that fill an unreachable listener's queue */
	size_t plug_count;
	struct parcel *parcels;
	struct connection **connections; /* room for SLAVE_CONNECTIONS */
	int epoll, wake; /* wake: the descriptor in it that ends a run, -1: none yet */
};

/* Takes all requests that are held. False: not Modbus, the connection has to go. */
bool slave_take_requests(struct slave *slave, struct connection *connection);

/* The next answer that is due; false: none is yet. */
bool slave_next_parcel(struct slave *slave, struct parcel *parcel);

/* When the next answer is due, or something happens to the devices; `until` at the latest. */
wq_ms slave_next(const struct slave *slave, wq_ms until);

#define SLAVE_PARCELS 16384 /* answers on their way at most */

#endif
