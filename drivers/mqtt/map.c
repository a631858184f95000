/* SPDX-License-Identifier: Apache-2.0 */
/* Which point a station's name for a value means: sorted once, searched for every value. */
#include "map.h"

#include "keys.h"

#include "wq/err.h"

#include <stdlib.h>
#include <string.h>

static int entry_order(const void *left, const void *right)
{
	const struct mqtt_entry *a = left, *b = right;
	int order = strcmp(a->station, b->station);

	if (order == 0)
		order = strcmp(a->name, b->name);
	if (order == 0)
		order = a->point < b->point ? -1 : a->point > b->point;
	return order;
}

static int check_unique(
        const struct mqtt_map *map, const struct wq_bus *bus, size_t *bad, struct wq_err *err)
{
	for (size_t i = 1; i < map->count; i++) {
		const struct mqtt_entry *a = &map->entries[i - 1], *b = &map->entries[i];

		/* Alias and code of one point may be the same word. */
		if (a->point == b->point || strcmp(a->station, b->station) != 0 ||
		        strcmp(a->name, b->name) != 0)
			continue;
		*bad = (size_t)(b->point - bus->points);
		return wq_fail(err, WQ_E_INVALID,
		        "field \"%s\" of station '%s' is already '%s'; each point needs its own",
		        b->name, b->station, a->point->parameter);
	}
	return 0;
}

static const char *single_station(const struct wq_bus *bus)
{
	for (size_t i = 1; i < bus->point_count; i++)
		if (strcmp(bus->points[i].station, bus->points[0].station) != 0)
			return NULL;
	return bus->point_count > 0 ? bus->points[0].station : NULL;
}

static const char *key_or(const char *key, const char *fallback)
{
	return key != NULL ? key : fallback;
}

int mqtt_map_open(struct mqtt_map *map, const struct wq_bus *bus, size_t *bad, struct wq_err *err)
{
	const struct mqtt_bus_settings *bus_settings = bus->settings;
	struct mqtt_entry *entry = calloc(bus->point_count * 2 + 1, sizeof *entry);
	int rc;

	*bad = SIZE_MAX;
	if (entry == NULL)
		return wq_fail(err, WQ_E_MEMORY, "no memory for %zu points", bus->point_count);
	*map = (struct mqtt_map){ .zone = bus->zone,
		.station_key = key_or(bus_settings->station_key, "station"),
		.time_key = key_or(bus_settings->time_key, "time"),
		.values_key = key_or(bus_settings->values_key, "values"),
		.only_station = single_station(bus),
		.entries = entry };
	for (size_t i = 0; i < bus->point_count; i++) {
		const struct wq_point *point = &bus->points[i];
		const struct mqtt_point_settings *settings = point->settings;
		const char *field = settings != NULL ? settings->field : NULL;

		*entry++ = (struct mqtt_entry){ point->station,
			field != NULL ? field : point->parameter, point };
		if (field == NULL)
			*entry++ = (struct mqtt_entry){ point->station, point->code, point };
	}
	map->count = (size_t)(entry - map->entries);
	qsort(map->entries, map->count, sizeof *map->entries, entry_order);
	rc = check_unique(map, bus, bad, err);
	if (rc < 0)
		mqtt_map_close(map);
	return rc;
}

void mqtt_map_close(struct mqtt_map *map)
{
	free(map->entries);
	*map = (struct mqtt_map){ .entries = NULL };
}

/* The first entry not before (station, name). */
static size_t lower_bound(const struct mqtt_map *map, const char *station, const char *name)
{
	size_t low = 0, high = map->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct mqtt_entry *entry = &map->entries[middle];
		int order = strcmp(entry->station, station);

		if (order == 0)
			order = strcmp(entry->name, name);
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool mqtt_map_station(const struct mqtt_map *map, const char *station)
{
	size_t i = lower_bound(map, station, "");

	return i < map->count && strcmp(map->entries[i].station, station) == 0;
}

const struct wq_point *mqtt_map_point(
        const struct mqtt_map *map, const char *station, const char *name)
{
	size_t i = lower_bound(map, station, name);

	if (i == map->count || strcmp(map->entries[i].station, station) != 0 ||
	        strcmp(map->entries[i].name, name) != 0)
		return NULL;
	return map->entries[i].point;
}
