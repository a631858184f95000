/* SPDX-License-Identifier: Apache-2.0 */
/* What the configuration says of a broker and of a point behind it. */
#ifndef MQTT_KEYS_H
#define MQTT_KEYS_H

#include "wq/instant.h"

#include <stdbool.h>

/* When a message is acknowledged to the broker. */
enum mqtt_receipt {
	MQTT_DURABLE, /* when it is committed to disk */
	MQTT_FAST,    /* when it is in the inbox */
};

struct mqtt_bus_settings {
	const char *broker; /* tcp:// or ssl://, host, port */
	const char *topic;  /* filter; one whole level may be {station} */
	const char *client_id;
	const char *username;                            /* NULL: none */
	const char *password_file;                       /* NULL: none */
	const char *ca_file;                             /* NULL: the system's trust store */
	const char *station_key, *time_key, *values_key; /* member names of the payload */
	wq_ms keepalive;
	bool clean;
	int receipt; /* enum mqtt_receipt */
};

struct mqtt_point_settings {
	const char *field; /* NULL: alias or code of the parameter */
};

#endif
