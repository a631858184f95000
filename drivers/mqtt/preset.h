/* SPDX-License-Identifier: Apache-2.0 */
/* Forms of messages that platforms and gateways are known for: where in them stands what. */
#ifndef MQTT_PRESET_H
#define MQTT_PRESET_H

#include <stdbool.h>

enum mqtt_preset_id {
	MQTT_FLAT,
	MQTT_NEURON,
	MQTT_ALINK,
	MQTT_THINGSBOARD,
	MQTT_THINGSBOARD_GATEWAY,
	MQTT_HJ212,
};
#define MQTT_PRESETS 6

struct mqtt_preset {
	const char *records; /* path from the message; * may name the station */
	const char *station, *time, *values, *errors; /* paths from the record; NULL: none */
	const char *name;                             /* of a value in a list: member */
	const char *value, *value_time, *flag, *error; /* members of a value that is an object */
	bool bare;      /* without `values` the record's other members are values */
	bool batch;     /* a value may be an array of values */
	bool analyser;  /* the time of a value is the analyser's, not the station's */
	bool text;      /* no JSON: HJ 212 */
};

/* An entry for each enum mqtt_preset_id. Sources: docs/mqtt.md. */
extern const struct mqtt_preset mqtt_presets[MQTT_PRESETS];

#endif
