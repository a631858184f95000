/* SPDX-License-Identifier: Apache-2.0 */
/* The names that stations use in their messages, and the points that they mean. */
#ifndef MQTT_MAP_H
#define MQTT_MAP_H

#include "path.h"
#include "preset.h"

#include "wq/driver.h"

#include <stdbool.h>
#include <stddef.h>

struct wq_err;

#define MQTT_STATION_BYTES 128 /* longest name of a station */

/* Which point a name in a message means. */
struct mqtt_entry {
	const char *station;
	const char *name;
	const struct wq_point *point;
};

/* A point that is not looked for by name. */
struct mqtt_place {
	const struct wq_point *point;
	const char *field;     /* as configured */
	struct mqtt_path path; /* from the record */
};

/* A station's name in messages, where that is not its id. */
struct mqtt_name {
	char name[MQTT_STATION_BYTES + 1];
	const char *station;
};

struct mqtt_map {
	const struct wq_zone *zone; /* for times without an offset */
	const struct mqtt_preset *preset;
	const char *name, *value; /* members; `preset` says the others */
	struct mqtt_path records, station, time, values, errors;
	const char *only_station; /* the bus serves one station alone: it need not be named; else
	                             NULL */
	size_t count;
	struct mqtt_entry *entries; /* ascending by station, then name */
	size_t place_count;
	struct mqtt_place *places; /* ascending by station */
	size_t name_count;
	struct mqtt_name *names; /* ascending */
};

/* Builds the map of a bus in place (it must not be moved); names and points stay the bus's. WQ_E_INVALID when two
 * points of a station have the same name (*bad is the later one), or a path is none; WQ_E_MEMORY. */
int mqtt_map_open(struct mqtt_map *map, const struct wq_bus *bus, size_t *bad, struct wq_err *err);
void mqtt_map_close(struct mqtt_map *map);

/* The station that a message calls so (text[0 … length)), or NULL. */
const char *mqtt_map_station(const struct mqtt_map *map, const char *text, size_t length);

/* NULL: the station has no such value. */
const struct wq_point *mqtt_map_point(
        const struct mqtt_map *map, const char *station, const char *name);

/* The points of a station that have a path: *first and how many. */
size_t mqtt_map_places(
        const struct mqtt_map *map, const char *station, const struct mqtt_place **first);

#endif
