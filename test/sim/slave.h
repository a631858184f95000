/* SPDX-License-Identifier: Apache-2.0 */
/* A Modbus server for simulated devices: TCP, RTU over TCP, RTU on a pseudo-terminal; many
 * connections, functions 3 and 4, and faults to order. One thread. Written apart from the driver,
 * which is so tested against somebody else.
 *
 * RTU over TCP behaves like a transparent serial server: behind it is one line, and an answer goes
 * to whoever is connected when it leaves. */
#ifndef WQ_SIM_SLAVE_H
#define WQ_SIM_SLAVE_H

#include "fault.h"
#include "wire.h"

#include "wq/instant.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wq_err;

#define SLAVE_CONNECTIONS 16384

/* How the host of a device is. */
enum slave_host {
	SLAVE_SERVES,
	SLAVE_HUNG,        /* takes connections and requests and never answers */
	SLAVE_UNREACHABLE, /* takes no connection: asks for one are left without any answer */
};

/* One device: answers for `id` on one listener. */
struct slave_unit {
	size_t listener;
	int id;
	enum slave_host host;   /* set before slave_open() */
	unsigned long requests; /* answered or swallowed so far; the server counts */
	size_t count;
	uint16_t *registers; /* holding and input registers alike, from address 0 */
	wq_ms busy;          /* until its last answer leaves; the server's own */
};

struct slave_faults {
	bool dead[256];     /* by unit id: never answers */
	int exception[256]; /* by unit id: the code it answers everything with; 0: none */
	wq_ms delay;        /* before each answer */
	struct faults ordered;
};

/* How the devices are reached. */
struct slave_line {
	enum wire_framing framing;
	const char *pty; /* name of a pseudo-terminal; NULL: TCP */
};

struct slave;

/* Listens on count sockets: address, then the next ports upward (all free ones when the port is 0);
 * or makes the pseudo-terminal. A listener is unreachable when the device on it is. All that is
 * passed stays the caller's; units and faults may change between runs. NULL with *err. */
struct slave *slave_open(const struct sockaddr_in *address, const struct slave_line *line,
        size_t count, struct slave_unit *units, size_t unit_count, struct slave_faults *faults,
        struct wq_err *err);
void slave_close(struct slave *slave);

/* Dead, hung and unreachable hosts serve from now on. The caller clears what it owns of the faults.
 */
void slave_heal(struct slave *slave);

int slave_port(const struct slave *slave, size_t listener);

/* Requests answered or swallowed so far. */
unsigned long slave_requests(const struct slave *slave);

/* Serves until `until` (ms of CLOCK_MONOTONIC), or until wake_fd is readable (then true);
 * it is the same in all runs. */
bool slave_run(struct slave *slave, wq_ms until, int wake_fd);

/* Now, on CLOCK_MONOTONIC. */
wq_ms slave_now(void);

#endif
