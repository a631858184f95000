/* SPDX-License-Identifier: Apache-2.0 */
/* What the library tells of a connection only in its protocol trace: the descriptor, and why TLS fails. */
#ifndef MQTT_DIAL_H
#define MQTT_DIAL_H

#include <stdatomic.h>
#include <stdbool.h>

struct mqtt_dial {
	const char *id;        /* client_id */
	bool tls;
	atomic_int descriptor; /* of the connection; -1: not known */
	/* Under the room's lock while somebody dials; then the dialler's. */
	bool wrong_host;
	char alert[64]; /* as the peer words it; "": none */
	struct mqtt_dial *next;
};

/* From now on the library's trace is read; more than once is fine. */
void mqtt_dial_open(void);

/* Around an attempt to connect. The trace names a connection by its client_id: of two with the same one, at two brokers,
 * the second waits for the first. TLS is not even named by that: what is said while two dial over TLS is dropped. */
void mqtt_dial_begin(struct mqtt_dial *dial, const char *id, bool tls);
void mqtt_dial_end(struct mqtt_dial *dial);

#endif
