/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of stations -> samples. Pure: the same bytes give the same samples.
 *
 *   {"station":"yigan","time":"2026-03-05T08:00:00+08:00","values":{"tp":0.153,"ph":7.6}}
 *   {"time":1772668800,"tp":0.153,"nh3n":{"value":0.42,"flag":"N","time":1772664000000}}
 *
 * A message holds records, a record a station, a time and values; where they stand says the map: a
 * preset, and paths. What cannot be taken is refused by name and the rest is taken; a wrong station
 * or time refuses the record. docs/mqtt.md tells all. */
#ifndef MQTT_PAYLOAD_H
#define MQTT_PAYLOAD_H

#include "map.h"

#include "wq/driver.h"
#include "wq/sample.h"

#include <stdbool.h>
#include <stddef.h>

#define MQTT_PAYLOAD_BYTES   (256 * 1024) /* longest message */
#define MQTT_PAYLOAD_DEPTH   16           /* deepest nesting of objects and arrays */
#define MQTT_PAYLOAD_SAMPLES 2048         /* most values of a message */
#define MQTT_RECORD_VALUES   256          /* most values of one record of it */

/* Who is told what was not taken, and why. */
struct mqtt_refuser {
	void *owner;
	void (*refuse)(void *owner, enum wq_refusal why, const char *what);
};

/* What is known of a message beside its bytes. */
struct mqtt_origin {
	const char *station;   /* what the topic says, not terminated; NULL: nothing */
	size_t station_length;
	bool retained; /* kept by the broker: without a time of its own nothing of it is taken, for it
	                  is no reading of now */
};

/* Decodes one message. Returns the number of samples written to out. Stamps: the time of a value
 * itself is WQ_STAMP_ANALYSER, the time of the message WQ_STAMP_STATION, none at all
 * WQ_STAMP_ARRIVAL. */
size_t mqtt_payload_decode(const struct mqtt_map *map, const struct mqtt_origin *origin,
        const void *bytes, size_t length, struct wq_sample out[MQTT_PAYLOAD_SAMPLES],
        const struct mqtt_refuser *refuser);

#endif
