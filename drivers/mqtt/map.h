/* SPDX-License-Identifier: Apache-2.0 */
/* The names that stations use in their messages, and the points that they mean. */
#ifndef MQTT_MAP_H
#define MQTT_MAP_H

#include "wq/driver.h"

#include <stdbool.h>
#include <stddef.h>

struct wq_err;

/* Which point a name in a message means. */
struct mqtt_entry {
	const char *station;
	const char *name;
	const struct wq_point *point;
};

struct mqtt_map {
	const struct wq_zone *zone; /* for times without an offset */
	const char *station_key, *time_key, *values_key;
	const char *only_station; /* the bus serves one station alone: it need not be named; else
	                             NULL */
	size_t count;
	struct mqtt_entry *entries; /* ascending by station, then name */
};

/* Builds the map of a bus; names and points stay the bus's. WQ_E_INVALID when two points of a
 * station have the same name (*bad is the later one); WQ_E_MEMORY. */
int mqtt_map_open(struct mqtt_map *map, const struct wq_bus *bus, size_t *bad, struct wq_err *err);
void mqtt_map_close(struct mqtt_map *map);

bool mqtt_map_station(const struct mqtt_map *map, const char *station);

/* NULL: the station has no such value. */
const struct wq_point *mqtt_map_point(
        const struct mqtt_map *map, const char *station, const char *name);

#endif
