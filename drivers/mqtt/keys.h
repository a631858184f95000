/* SPDX-License-Identifier: Apache-2.0 */
/* What the configuration says of a broker and of a point behind it. */
#ifndef MQTT_KEYS_H
#define MQTT_KEYS_H

#include "wq/instant.h"
#include "wq/option.h"

#include <stdbool.h>

/* When a message is acknowledged to the broker. */
enum mqtt_receipt {
	MQTT_DURABLE, /* when it is committed to disk */
	MQTT_FAST,    /* when it is in the inbox */
};

enum mqtt_version { MQTT_3_1_1 = 4, MQTT_5 = 5 };

struct mqtt_bus_settings {
	const char *broker; /* tcp:// or ssl://, host, port */
	const char *topic;  /* filter; one whole level may be {station} */
	const char *client_id;
	const char *username;      /* NULL: none */
	const char *password;      /* credential:NAME; NULL: none */
	const char *password_file; /* NULL: none */
	const char *ca_file;       /* NULL: the system's trust store */
	const char *cert_file, *key_file; /* our own; NULL: none; key NULL: in cert_file */
	int preset;                       /* enum mqtt_preset_id */
	/* Paths, or names of members; NULL: the preset's. */
	const char *records_key, *station_key, *time_key, *values_key, *name_key, *value_key;
	struct wq_list stations;  /* "NAME=STATION" */
	const char *status_topic; /* NULL: nothing is told there */
	int version;              /* enum mqtt_version */
	wq_ms session;            /* how long a broker of version 5 keeps our session */
	wq_ms keepalive;
	bool clean;
	int receipt; /* enum mqtt_receipt */
};

/* The same as rows: options.c. */
extern const struct wq_option mqtt_bus_options[], mqtt_point_options[];

struct mqtt_point_settings {
	const char *field; /* NULL: alias or code of the parameter */
};

#endif
