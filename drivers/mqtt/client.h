/* SPDX-License-Identifier: Apache-2.0 */
/* One connection to a broker over the Paho library. No back-off, no threads of our own: the
 * keeper's thread makes all calls, the library's thread calls the hooks. */
#ifndef MQTT_CLIENT_H
#define MQTT_CLIENT_H

#include "keys.h"
#include "message.h"

#include <stdbool.h>
#include <stddef.h>

struct wq_bus;
struct wq_err;
struct mqtt_client;

struct mqtt_client_hooks {
	void *owner;

	/* Takes the first message and perhaps more of those that follow it, blocking as long as it
	 * needs. How many it has, from the first on; 0: the broker must not be told that we have it,
	 * and the connection is dropped so that it is delivered again. */
	size_t (*take)(void *owner, const struct mqtt_message *messages, size_t count);

	/* The connection is gone; why, as the broker says it ("is shutting down"), NULL: it says nothing.
	 * Must not call back into the client. */
	void (*lost)(void *owner, const char *why);
};

/* Copies what it needs of the bus's settings and of the filter. NULL with *err. */
struct mqtt_client *mqtt_client_open(const struct wq_bus *bus, const char *filter,
        const struct mqtt_client_hooks *hooks, struct wq_err *err);
void mqtt_client_close(struct mqtt_client *client); /* NULL is fine */

/* Connects and subscribes at QoS 1. At most 5 s for the connection and 8 s for the subscription;
 * name resolution is outside of that. WQ_E_IO: no connection; WQ_E_REFUSED: the broker said no;
 * WQ_E_TIMEOUT; WQ_E_INVALID: a file of ours. Then "online" is told
 * on the status topic, without waiting. */
int mqtt_client_connect(struct mqtt_client *client, struct wq_err *err);

/* Whether the library believes in the connection. Waits for a hand-over under way. */
bool mqtt_client_alive(struct mqtt_client *client);

/* Tells "offline" on the status topic, which takes a second at most, and leaves. */
void mqtt_client_disconnect(struct mqtt_client *client);

#endif
