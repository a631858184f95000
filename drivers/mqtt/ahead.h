/* SPDX-License-Identifier: Apache-2.0 */
/* Messages that lie whole in the socket behind the one that is being taken. They are stored in the
 * same commit; the library reads and acknowledges each of them afterwards, in its turn. So a commit
 * serves as many messages as the broker has sent, and still none is acknowledged before it.
 *
 * One thread at a time. */
#ifndef MQTT_AHEAD_H
#define MQTT_AHEAD_H

#include "message.h"

#include <stdbool.h>
#include <stddef.h>

#define MQTT_AHEAD_BYTES    (64 * 1024) /* looked at in one go */
#define MQTT_AHEAD_MESSAGES 64          /* found in one go, at most */

struct mqtt_ahead {
	unsigned char *bytes; /* a copy of what the socket held; NULL: nothing is looked at */
	struct mqtt_message messages[MQTT_AHEAD_MESSAGES];
	size_t next, count; /* stored and not yet read by the library */
};

/* WQ_E_MEMORY. */
int mqtt_ahead_open(struct mqtt_ahead *ahead);
void mqtt_ahead_close(struct mqtt_ahead *ahead);

/* Forgets what was found: another connection, or what comes is not what was seen. */
void mqtt_ahead_clear(struct mqtt_ahead *ahead);

/* Whether this message is the next of those that are stored already; then it is dropped from them.
 * Anything else forgets them all. */
bool mqtt_ahead_has(struct mqtt_ahead *ahead, const struct mqtt_message *message);

/* Peeks into the socket, which stands at the end of a packet, and writes the whole QoS 1 messages
 * that follow to `out`, at most `cap`; stops at anything else. version: 4 or 5. The texts stay valid
 * until the next look. */
size_t mqtt_ahead_look(struct mqtt_ahead *ahead, int descriptor, int version,
        struct mqtt_message *out, size_t cap);

/* The first `count` of the messages found are stored. */
void mqtt_ahead_keep(struct mqtt_ahead *ahead, const struct mqtt_message *messages, size_t count);

/* Reads one whole PUBLISH at QoS 1; the bytes it takes, 0: it is none, or is not whole. Pure. */
size_t mqtt_publish_read(
        const unsigned char *bytes, size_t count, int version, struct mqtt_message *message);

#endif
