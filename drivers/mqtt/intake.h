/* SPDX-License-Identifier: Apache-2.0 */
/* One message -> samples -> sink, and the word whether the broker may be told that we have it.
 * Knows nothing of the client library. */
#ifndef MQTT_INTAKE_H
#define MQTT_INTAKE_H

#include "message.h"
#include "payload.h"
#include "topic.h"

#include "wq/driver.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* Longest wait for room in the inbox, ms; afterwards the message is left to the broker. */
#define MQTT_ROOM_WAIT 5000

/* Most samples of one hand-over: a message always fits, and more are added while one more would. */
#define MQTT_INTAKE_SAMPLES (2 * MQTT_PAYLOAD_SAMPLES)

/* What became of messages since the start. */
struct mqtt_counts {
	uint64_t messages;    /* arrived */
	uint64_t taken;       /* handed over: acknowledged */
	uint64_t samples;     /* in them */
	uint64_t empty;       /* nothing of it could be taken: acknowledged, told by refuse() */
	uint64_t not_durable; /* of the taken ones: the commit did not come in time */
	uint64_t room_waits;  /* waits for room in the inbox */
	uint64_t withheld;    /* not acknowledged: the broker delivers them again */
};

struct mqtt_intake {
	struct mqtt_map map;
	struct mqtt_topic topic;
	struct wq_sink sink;
	bool durable;
	struct wq_sample *samples; /* MQTT_INTAKE_SAMPLES */

	pthread_mutex_t lock;
	pthread_cond_t changed; /* closed, or nobody inside */
	bool closed;            /* nothing is handed over any more */
	unsigned inside;        /* calls under way */
	struct mqtt_counts counts;
};

/* Builds map and topic from the bus. The sink is set later, before the first message. */
int mqtt_intake_open(struct mqtt_intake *intake, const struct wq_bus *bus, struct wq_err *err);
void mqtt_intake_close(struct mqtt_intake *intake);

/* Takes the first message and, in the same batch, as many of the following ones as fit; blocks until
 * they are handed over. How many, from the first on, may be acknowledged (taken, or refused for
 * good); 0: none. One thread at a time. */
size_t mqtt_intake_take(
        struct mqtt_intake *intake, const struct mqtt_message *messages, size_t count);

/* Tells the sink that the connection came up (NULL) or why it is down. */
void mqtt_intake_link(struct mqtt_intake *intake, const char *down);

/* From now on the sink is not called; calls under way are waited for, at most until the deadline
 * (CLOCK_MONOTONIC, ms). Whether all have returned. */
bool mqtt_intake_shut(struct mqtt_intake *intake, wq_ms deadline);

void mqtt_intake_counts(struct mqtt_intake *intake, struct mqtt_counts *counts);

/* CLOCK_MONOTONIC in ms, and the same as a timespec for condition variables of that clock. */
wq_ms mqtt_now(void);
struct timespec mqtt_deadline(wq_ms at);

#endif
