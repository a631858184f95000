/* SPDX-License-Identifier: Apache-2.0 */
/* The two versions of MQTT over the Paho library: calls that differ, and what their answers mean. */
#ifndef MQTT_PROTOCOL_H
#define MQTT_PROTOCOL_H

#include <MQTTAsync.h>
#include <pthread.h>
#include <stdbool.h>

/* The answer to one request at a time. The library gives it on a thread of its own. */
struct mqtt_answer {
	pthread_mutex_t lock;
	pthread_cond_t given;

	bool done;
	int code;
	unsigned at_once; /* of a connection: messages of QoS 1 without an answer that the broker takes */
};

void mqtt_answer_open(struct mqtt_answer *answer);
void mqtt_answer_close(struct mqtt_answer *answer);

/* Whether the last request has its answer: the library is done with it. */
bool mqtt_answer_given(struct mqtt_answer *answer);

/* What a broker may be told of a connection. */
struct mqtt_terms {
	int version;      /* 4 or 5 */
	bool clean;       /* nothing is kept for us */
	unsigned session; /* version 5, not clean: seconds that it is kept */
};

/* Options of that version with the library's own defaults. */
MQTTAsync_connectOptions mqtt_protocol_options(const struct mqtt_terms *terms);

/* Each waits for the answer for at most `patience` ms. */

/* 0; above: what the broker answered; below: an error of the library. */
int mqtt_protocol_connect(MQTTAsync handle, const struct mqtt_terms *terms,
        MQTTAsync_connectOptions *options, struct mqtt_answer *answer, unsigned patience);

/* Asks for QoS 1. 0 or 1: granted; from 128 on: refused; below 0: no answer. */
int mqtt_protocol_subscribe(MQTTAsync handle, const struct mqtt_terms *terms, const char *filter,
        struct mqtt_answer *answer, unsigned patience);

/* Publishes a retained text at QoS 1; with a patience, waits for its acknowledgement. */
void mqtt_protocol_tell(
        MQTTAsync handle, const char *topic, const char *text, unsigned long patience);

void mqtt_protocol_disconnect(MQTTAsync handle, const struct mqtt_terms *terms,
        struct mqtt_answer *answer, unsigned patience);

/* The words for an answer to a connect, or of version 5 to anything: "refuses username or password". NULL: none. */
const char *mqtt_protocol_reason(const struct mqtt_terms *terms, int code);

#endif
