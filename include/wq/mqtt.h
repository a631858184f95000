/* SPDX-License-Identifier: Apache-2.0 */
/* A connection to an MQTT broker for those who publish: uplinks and channels. The library behind it
 * is the one that the MQTT buses use; a program must not hold its synchronous sister as well, both
 * export the same names.
 *
 * One thread at a time calls a publisher, and may wait; the library's thread calls the hooks. All
 * connections of the process share the library's one mutex: a hook takes its word down and returns,
 * and the caller holds no lock that a hook wants. */
#ifndef WQ_MQTT_H
#define WQ_MQTT_H

#include <stdbool.h>
#include <stddef.h>

struct wq_err;
struct wq_publisher;

/* All texts live as long as the publisher; NULL: none. */
struct wq_publisher_settings {
	const char *broker; /* "tcp://host:port", "ssl://host:port"; mqtt:// and mqtts:// are the
	                       same */
	const char *client_id;
	const char *username, *password;
	const char *ca_file; /* PEM; NULL: the system's */
	const char *cert_file, *key_file;
	bool five;        /* MQTT 5; else 3.1.1 */
	int keepalive;    /* s */
	size_t under_way; /* messages without an answer at most, 1 … 65535 */
};

struct wq_publisher_hooks {
	void *owner;

	/* The broker's answer to a message; `refused` says why not (a constant), NULL: it has it.
	 */
	void (*answered)(void *owner, int id, const char *refused);

	/* A message of a topic that is subscribed to; the payload is the caller's. NULL where
	 * nothing is. */
	void (*arrived)(void *owner, const void *payload, size_t length);

	/* The connection is gone, perhaps by disconnect(); `why` is what the broker said (a
	 * constant), NULL: nothing. */
	void (*lost)(void *owner, const char *why);
};

/* Wants scheme://host[:port] with the schemes tcp, mqtt, ssl and mqtts, without a name and a password. WQ_E_INVALID; such
 * secrets are not repeated in the sentence. */
int wq_publisher_address(const char *broker, struct wq_err *err);

/* Connects to nothing yet. NULL with *err. */
struct wq_publisher *wq_publisher_open(const struct wq_publisher_settings *settings,
        const struct wq_publisher_hooks *hooks, struct wq_err *err);
void wq_publisher_close(struct wq_publisher *publisher); /* NULL is fine */

/* A new session. At most 10 s, a name server's beside. WQ_E_REFUSED: the broker said no, *code is
 * its answer (1 … 5; from 128 on with MQTT 5); WQ_E_IO: no connection; WQ_E_INVALID: a file of
 * ours. */
int wq_publisher_connect(struct wq_publisher *publisher, int *code, struct wq_err *err);

/* At QoS 1; at most 5 s. WQ_E_REFUSED, WQ_E_TIMEOUT. */
int wq_publisher_subscribe(struct wq_publisher *publisher, const char *topic, struct wq_err *err);

/* Hands over a message of QoS 1, which is copied; its answer comes with *id, perhaps before this
 * returns. WQ_E_FULL: as many as the broker or the settings allow wait for an answer; WQ_E_IO: the
 * connection is lost. */
int wq_publisher_publish(struct wq_publisher *publisher, const char *topic, const void *payload,
        size_t length, bool retain, int *id, struct wq_err *err);

/* Forgets what has no answer. At most 2 s; afterwards no hook is called until the next connect().
 */
void wq_publisher_disconnect(struct wq_publisher *publisher);

#endif
