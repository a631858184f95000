/* SPDX-License-Identifier: Apache-2.0 */
/* Looks at packets before the library reads them (MQTT 3.1.1 and 5, sections 2 and 3.3). */
#include "ahead.h"

#include "wq/err.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define PUBLISH_QOS_1 0x32 /* DUP and RETAIN apart */
#define NOT_QOS_1     0xf6

int mqtt_ahead_open(struct mqtt_ahead *ahead)
{
	ahead->bytes = malloc(MQTT_AHEAD_BYTES);
	return ahead->bytes != NULL ? 0 : WQ_E_MEMORY;
}

void mqtt_ahead_close(struct mqtt_ahead *ahead)
{
	free(ahead->bytes);
	ahead->bytes = NULL;
}

void mqtt_ahead_clear(struct mqtt_ahead *ahead)
{
	ahead->next = ahead->count = 0;
}

static bool same(const struct mqtt_message *a, const struct mqtt_message *b)
{
	return a->id == b->id && a->retained == b->retained &&
	        a->topic_length == b->topic_length && a->length == b->length &&
	        memcmp(a->topic, b->topic, a->topic_length) == 0 &&
	        (a->length == 0 || memcmp(a->payload, b->payload, a->length) == 0);
}

bool mqtt_ahead_has(struct mqtt_ahead *ahead, const struct mqtt_message *message)
{
	bool has = ahead->next < ahead->count && same(&ahead->messages[ahead->next], message);

	if (has)
		ahead->next++;
	else
		mqtt_ahead_clear(ahead);
	return has;
}

/* A variable byte integer; the bytes it takes, 0: not whole, or longer than four. */
static size_t read_length(const unsigned char *bytes, size_t count, size_t *value)
{
	*value = 0;
	for (size_t i = 0; i < count && i < 4; i++) {
		*value |= (size_t)(bytes[i] & 0x7f) << (7 * i);
		if (bytes[i] < 0x80)
			return i + 1;
	}
	return 0;
}

static size_t read_16(const unsigned char *bytes)
{
	return (size_t)bytes[0] << 8 | bytes[1];
}

size_t mqtt_publish_read(
        const unsigned char *bytes, size_t count, int version, struct mqtt_message *message)
{
	size_t rest, properties = 0, used, at;

	if (count < 2 || (bytes[0] & NOT_QOS_1) != PUBLISH_QOS_1 ||
	        (used = read_length(bytes + 1, count - 1, &rest)) == 0)
		return 0;
	at = 1 + used;
	if (rest < 4 || count - at < rest)
		return 0;
	const size_t end = at + rest, topic_length = read_16(bytes + at);
	if (rest < 4 + topic_length)
		return 0;
	*message = (struct mqtt_message){ .topic = (const char *)bytes + at + 2,
		.topic_length = topic_length,
		.id = (int)read_16(bytes + at + 2 + topic_length),
		.retained = (bytes[0] & 1) != 0 };
	at += 4 + topic_length;
	if (version >= 5) {
		used = read_length(bytes + at, end - at, &properties);
		if (used == 0 || properties > end - at - used)
			return 0;
		at += used + properties;
	}
	message->payload = bytes + at;
	message->length = end - at;
	return end;
}

size_t mqtt_ahead_look(struct mqtt_ahead *ahead, int descriptor, int version,
        struct mqtt_message *out, size_t cap)
{
	size_t count = 0, at = 0;

	mqtt_ahead_clear(ahead);
	if (ahead->bytes == NULL || descriptor < 0)
		return 0;
	ssize_t got = recv(descriptor, ahead->bytes, MQTT_AHEAD_BYTES, MSG_PEEK | MSG_DONTWAIT);
	while (got > 0 && count < cap && count < MQTT_AHEAD_MESSAGES) {
		size_t used = mqtt_publish_read(
		        ahead->bytes + at, (size_t)got - at, version, &out[count]);

		if (used == 0)
			break;
		at += used;
		count++;
	}
	return count;
}

void mqtt_ahead_keep(struct mqtt_ahead *ahead, const struct mqtt_message *messages, size_t count)
{
	memcpy(ahead->messages, messages, count * sizeof *messages);
	ahead->next = 0;
	ahead->count = count;
}
