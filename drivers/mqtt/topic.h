/* SPDX-License-Identifier: Apache-2.0 */
/* Topic filters with one placeholder: "wq/{station}/data" subscribes to "wq/+/data" and names
 * the station by what stands in that level. Pure. */
#ifndef MQTT_TOPIC_H
#define MQTT_TOPIC_H

#include <stdbool.h>
#include <stddef.h>

struct wq_err;

/* Longest filter, bytes. */
#define MQTT_TOPIC_MAX 512

struct mqtt_topic {
	char filter[MQTT_TOPIC_MAX + 1]; /* as it is subscribed to */
	int station_level; /* level of a message's topic that names the station, from 0; -1: none */
};

/* Checks a configured topic and compiles it. WQ_E_INVALID with what is wrong: empty or too long,
 * '+' or
 * '#' not a whole level, '#' not the last, a placeholder that is not {station} or not a whole level
 * or given twice. A "$share/group/" in front is understood. On failure *topic is untouched. */
int mqtt_topic_compile(struct mqtt_topic *topic, const char *configured, struct wq_err *err);

/* Whether a message's topic (text[0 … length), which may hold anything) is one of the filter's.
 * *station, *station_length: the part that names the station, within text; NULL and 0: none. */
bool mqtt_topic_match(const struct mqtt_topic *topic, const char *text, size_t length,
        const char **station, size_t *station_length);

#endif
