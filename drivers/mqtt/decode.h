/* SPDX-License-Identifier: Apache-2.0 */
/* One message while it is decoded: shared by the parts of the decoder. */
#ifndef MQTT_DECODE_H
#define MQTT_DECODE_H

#include "payload.h"

#include <jansson.h>

/* A time before 2000 is a clock that was never set; the year 2200 is where text forms end. In these
 * bounds a number of seconds and one of milliseconds cannot be taken for each other. */
#define FIRST_SECOND 946684800.0  /* 2000-01-01T00:00:00Z */
#define LAST_SECOND  7258118400.0 /* 2200-01-01T00:00:00Z */

struct message {
	const struct mqtt_map *map;
	const struct mqtt_refuser *refuser;
	const struct mqtt_origin *origin;
	const json_t *root;
	const char *station; /* of the record */
	wq_ms at;            /* of the record; WQ_NO_TIME: it gives none */
	const struct mqtt_place *places; /* of the station */
	size_t place_count;
	struct wq_sample *out;
	size_t count;
	size_t begun; /* count before this record */
	bool full;    /* told */
};

/* Tells what is not taken and why; -1. */
__attribute__((format(printf, 3, 4))) int mqtt_refuse(
        struct message *message, enum wq_refusal why, const char *format, ...);

/* Whose record it is: `name` is what it calls the station, NULL: nothing. Sets `station` and `places`;
 * -1: refused. */
int mqtt_take_station(struct message *message, const char *name, size_t length);

/* Whether a sample of this series came in this record before `end`. */
bool mqtt_has_series(const struct message *message, uint32_t series, size_t end);

/* Completes a sample of a point, in the point's own unit until now, and writes it out, or tells why not. */
void mqtt_emit(struct message *message, const struct wq_point *point, const char *name,
        struct wq_sample sample);

/* The values of one record. */
void mqtt_take_values(struct message *message, json_t *record);

/* Seconds or milliseconds since 1970, or text. */
bool mqtt_read_time(const struct mqtt_map *map, const json_t *json, wq_ms *at);

/* A message that is not JSON but HJ 212. */
void mqtt_take_hj212(struct message *message, const char *bytes, size_t length);

#endif
