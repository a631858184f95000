/* SPDX-License-Identifier: Apache-2.0 */
/* Which point a station's name for a value means: sorted once, searched for every value. */
#include "map.h"

#include "keys.h"

#include "wq/err.h"

#include <stdint.h>
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

static int place_order(const void *left, const void *right)
{
	const struct mqtt_place *a = left, *b = right;
	int order = strcmp(a->point->station, b->point->station);

	if (order == 0)
		order = strcmp(a->field, b->field);
	return order;
}

static int name_order(const void *left, const void *right)
{
	return strcmp(((const struct mqtt_name *)left)->name,
	        ((const struct mqtt_name *)right)->name);
}

static int same_name(const struct wq_bus *bus, const char *name, const struct wq_point *earlier,
        const struct wq_point *later, size_t *bad, struct wq_err *err)
{
	*bad = (size_t)(later - bus->points);
	return wq_fail(err, WQ_E_INVALID,
	        "field \"%s\" of station '%s' is already '%s'; each point needs its own", name,
	        later->station, earlier->parameter);
}

static int check_unique(
        const struct mqtt_map *map, const struct wq_bus *bus, size_t *bad, struct wq_err *err)
{
	for (size_t i = 1; i < map->count; i++) {
		const struct mqtt_entry *a = &map->entries[i - 1], *b = &map->entries[i];

		/* Alias and code of one point may be the same word. */
		if (a->point != b->point && strcmp(a->station, b->station) == 0 &&
		        strcmp(a->name, b->name) == 0)
			return same_name(bus, b->name, a->point, b->point, bad, err);
	}
	for (size_t i = 1; i < map->place_count; i++) {
		const struct mqtt_place *a = &map->places[i - 1], *b = &map->places[i];

		if (place_order(a, b) == 0)
			return same_name(bus, b->field, a->point, b->point, bad, err);
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

static int compile_keys(
        struct mqtt_map *map, const struct mqtt_bus_settings *keys, struct wq_err *err)
{
	const struct mqtt_preset *preset = map->preset;
	int rc = mqtt_path_compile(&map->records, key_or(keys->records_key, preset->records), true,
	        "records_key", err);

	if (rc == 0)
		rc = mqtt_path_compile(&map->station, key_or(keys->station_key, preset->station),
		        false, "station_key", err);
	if (rc == 0)
		rc = mqtt_path_compile(
		        &map->time, key_or(keys->time_key, preset->time), false, "time_key", err);
	if (rc == 0)
		rc = mqtt_path_compile(&map->values, key_or(keys->values_key, preset->values),
		        false, "values_key", err);
	if (rc == 0)
		rc = mqtt_path_compile(&map->errors, preset->errors, false, "errors", err);
	return rc;
}

/* Points by name into the entries, those with a path into the places. */
static int sort_points(
        struct mqtt_map *map, const struct wq_bus *bus, size_t *bad, struct wq_err *err)
{
	struct mqtt_entry *entry = map->entries;

	for (size_t i = 0; i < bus->point_count; i++) {
		const struct wq_point *point = &bus->points[i];
		const struct mqtt_point_settings *settings = point->settings;
		const char *field = settings != NULL ? settings->field : NULL;

		if (field != NULL && mqtt_path_is(field)) {
			map->places[map->place_count++] =
			        (struct mqtt_place){ .point = point, .field = field };
			continue;
		}
		*entry++ = (struct mqtt_entry){ point->station,
			field != NULL ? field : point->parameter, point };
		if (field == NULL)
			*entry++ = (struct mqtt_entry){ point->station, point->code, point };
	}
	map->count = (size_t)(entry - map->entries);
	qsort(map->entries, map->count, sizeof *map->entries, entry_order);
	qsort(map->places, map->place_count, sizeof *map->places, place_order);
	/* In their final place only: a path points into itself. */
	for (size_t i = 0; i < map->place_count; i++)
		if (mqtt_path_compile(&map->places[i].path, map->places[i].field, false, "field",
		            err) < 0) {
			*bad = (size_t)(map->places[i].point - bus->points);
			return WQ_E_INVALID;
		}
	return check_unique(map, bus, bad, err);
}

static bool serves(const struct wq_bus *bus, const char *station)
{
	for (size_t i = 0; i < bus->point_count; i++)
		if (strcmp(bus->points[i].station, station) == 0)
			return true;
	return false;
}

/* "Device A=yigan" */
static int read_names(struct mqtt_map *map, const struct wq_bus *bus,
        const struct mqtt_bus_settings *keys, struct wq_err *err)
{
	for (size_t i = 0; i < keys->stations.count; i++) {
		const char *item = keys->stations.items[i], *equals = strrchr(item, '=');
		struct mqtt_name *name = &map->names[map->name_count];

		if (equals == NULL || equals == item || equals - item > MQTT_STATION_BYTES)
			return wq_fail(err, WQ_E_INVALID,
			        "stations: \"%.128s\" must be \"NAME=STATION\", NAME 1 to %d bytes",
			        item, MQTT_STATION_BYTES);
		if (!serves(bus, equals + 1))
			return wq_fail(err, WQ_E_INVALID,
			        "stations: \"%.128s\": no point of a station '%s' is read from this bus",
			        item, equals + 1);
		memcpy(name->name, item, (size_t)(equals - item));
		name->station = equals + 1;
		map->name_count++;
	}
	qsort(map->names, map->name_count, sizeof *map->names, name_order);
	for (size_t i = 1; i < map->name_count; i++)
		if (strcmp(map->names[i - 1].name, map->names[i].name) == 0)
			return wq_fail(err, WQ_E_INVALID, "stations: \"%s\" is given twice",
			        map->names[i].name);
	return 0;
}

int mqtt_map_open(struct mqtt_map *map, const struct wq_bus *bus, size_t *bad, struct wq_err *err)
{
	const struct mqtt_bus_settings *keys = bus->settings;
	int rc;

	*bad = SIZE_MAX;
	memset(map, 0, sizeof *map);
	map->zone = bus->zone;
	map->preset = &mqtt_presets[keys->preset];
	map->name = key_or(keys->name_key, map->preset->name);
	map->value = key_or(keys->value_key, map->preset->value);
	map->only_station = single_station(bus);
	map->entries = calloc(bus->point_count * 2 + 1, sizeof *map->entries);
	map->places = calloc(bus->point_count + 1, sizeof *map->places);
	map->names = calloc(keys->stations.count + 1, sizeof *map->names);
	if (map->entries == NULL || map->places == NULL || map->names == NULL)
		rc = wq_fail(err, WQ_E_MEMORY, "no memory for %zu points", bus->point_count);
	else
		rc = compile_keys(map, keys, err);
	if (rc == 0)
		rc = sort_points(map, bus, bad, err);
	if (rc == 0)
		rc = read_names(map, bus, keys, err);
	if (rc < 0)
		mqtt_map_close(map);
	return rc;
}

void mqtt_map_close(struct mqtt_map *map)
{
	free(map->entries);
	free(map->places);
	free(map->names);
	memset(map, 0, sizeof *map);
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

/* The bus's own text for a station that has points, or NULL. */
static const char *own_station(const struct mqtt_map *map, const char *station)
{
	const struct mqtt_place *place;
	size_t i = lower_bound(map, station, "");

	if (i < map->count && strcmp(map->entries[i].station, station) == 0)
		return map->entries[i].station;
	return mqtt_map_places(map, station, &place) > 0 ? place->point->station : NULL;
}

const char *mqtt_map_station(const struct mqtt_map *map, const char *text, size_t length)
{
	struct mqtt_name key;
	const struct mqtt_name *named;

	if (length > MQTT_STATION_BYTES || memchr(text, '\0', length) != NULL)
		return NULL;
	memcpy(key.name, text, length);
	key.name[length] = '\0';
	named = map->name_count > 0 ? bsearch(&key, map->names, map->name_count, sizeof key,
	                                      name_order)
	                            : NULL;
	return named != NULL ? named->station : own_station(map, key.name);
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

size_t mqtt_map_places(
        const struct mqtt_map *map, const char *station, const struct mqtt_place **first)
{
	size_t from = 0, to;

	while (from < map->place_count && strcmp(map->places[from].point->station, station) < 0)
		from++;
	for (to = from; to < map->place_count &&
	        strcmp(map->places[to].point->station, station) == 0;
	        to++)
		;
	*first = &map->places[from];
	return to - from;
}
