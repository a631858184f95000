/* SPDX-License-Identifier: Apache-2.0 */
/* Stations by MN, built once from the configuration. */
#include "map.h"

#include "keys.h"

#include "wq/err.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct wq_text text_of(const char *word)
{
	return (struct wq_text){ word, word != NULL ? strlen(word) : 0 };
}

static bool same(struct wq_text a, struct wq_text b)
{
	return a.length == b.length && (a.length == 0 || memcmp(a.at, b.at, a.length) == 0);
}

/* -- "MN=value" lists -- */

/* Takes one apart; false: it is none. */
static bool split(const char *text, struct wq_text *mn, const char **value)
{
	const char *equals = strchr(text, '=');

	*mn = (struct wq_text){ text, equals != NULL ? (size_t)(equals - text) : 0 };
	if (equals == NULL || mn->length == 0 || mn->length >= HJ212_MN_TEXT || equals[1] == '\0' ||
		strcspn(text, ";,&# ") < mn->length)
		return false;
	*value = equals + 1;
	return true;
}

/* What a list says of an MN; NULL: nothing. */
static const char *said_of(const struct wq_list *list, const char *mn)
{
	struct wq_text key;
	const char *value;

	for (size_t i = 0; i < list->count; i++)
		if (split(list->items[i], &key, &value) && same(key, text_of(mn)))
			return value;
	return NULL;
}

static int check_list(const struct hj212_map *map, const char *name, const struct wq_list *list, struct wq_err *err)
{
	struct wq_text mn;
	const char *value;

	for (size_t i = 0; i < list->count; i++) {
		if (!split(list->items[i], &mn, &value))
			return wq_fail(err, WQ_E_INVALID, "%s: '%s' is not MN=value", name, list->items[i]);
		if (hj212_map_station(map, mn) == NULL)
			return wq_fail(err, WQ_E_INVALID, "%s: no station of this bus has the MN '%.*s'", name,
				(int)mn.length, mn.at);
	}
	return 0;
}

/* -- stations -- */

static int order(const void *left, const void *right)
{
	return strcmp(((const struct hj212_station *)left)->mn, ((const struct hj212_station *)right)->mn);
}

static struct hj212_station *by_id(const struct hj212_map *map, const char *id)
{
	for (size_t i = 0; i < map->station_count; i++)
		if (strcmp(map->stations[i].id, id) == 0)
			return &map->stations[i];
	return NULL;
}

static const char *mn_of(const struct hj212_bus_settings *settings, const char *id, size_t *length)
{
	struct wq_text mn;
	const char *value;

	*length = strlen(id);
	for (size_t i = 0; i < settings->stations.count; i++)
		if (split(settings->stations.items[i], &mn, &value) && strcmp(value, id) == 0) {
			*length = mn.length;
			return mn.at;
		}
	return id;
}

static bool accepts_of(const char *said, int *accepts)
{
	for (int kind = WQ_HJ212_STANDARD; kind <= WQ_HJ212_MODBUS_SWAPPED; kind++)
		if (strcmp(said, wq_hj212_checksum_name((enum wq_hj212_checksum)kind)) == 0) {
			*accepts = kind;
			return true;
		}
	*accepts = strcmp(said, "off") == 0 ? HJ212_OFF : HJ212_ANY;
	return *accepts == HJ212_OFF || strcmp(said, "any") == 0;
}

/* Points of a station lie together in the configuration; one that is met again is the same station. */
static int add_station(struct hj212_map *map, const struct hj212_bus_settings *settings, const char *id, struct wq_err *err)
{
	struct hj212_station *last = map->station_count > 0 ? &map->stations[map->station_count - 1] : NULL;

	if ((last != NULL && strcmp(last->id, id) == 0) || by_id(map, id) != NULL)
		return 0;
	struct hj212_station *station = &map->stations[map->station_count];
	size_t length;
	const char *mn = mn_of(settings, id, &length), *said;

	if (length >= HJ212_MN_TEXT)
		return wq_fail(err, WQ_E_INVALID, "the MN of station '%s' is longer than %d characters", id,
			HJ212_MN_TEXT - 1);
	*station = (struct hj212_station){ .id = id, .connection = HJ212_NOBODY,
		.profile = (enum wq_hj212_profile)settings->profile, .password = settings->password };
	memcpy(station->mn, mn, length);
	hj212_dialog_init(&station->dialog);
	if ((said = said_of(&settings->passwords, station->mn)) != NULL)
		station->password = said;
	station->accepts = settings->checksum;
	if ((said = said_of(&settings->checksums, station->mn)) != NULL && !accepts_of(said, &station->accepts))
		return wq_fail(err, WQ_E_INVALID, "checksums: '%s' is none of any, hj212, modbus, modbus-swapped, off", said);
	if ((said = said_of(&settings->profiles, station->mn)) != NULL) {
		int profile = wq_hj212_profile_find(said);

		if (profile < 0)
			return wq_fail(err, WQ_E_INVALID,
				"profiles: '%s' is none of 2005, 2017, 2025, surface-water", said);
		station->profile = (enum wq_hj212_profile)profile;
	}
	map->station_count++;
	return 0;
}

static int check_stations(const struct hj212_map *map, const struct hj212_bus_settings *settings, struct wq_err *err)
{
	struct wq_text mn;
	const char *id;

	for (size_t i = 1; i < map->station_count; i++)
		if (strcmp(map->stations[i - 1].mn, map->stations[i].mn) == 0)
			return wq_fail(err, WQ_E_INVALID, "stations '%s' and '%s' have the same MN, %s",
				map->stations[i - 1].id, map->stations[i].id, map->stations[i].mn);
	for (size_t i = 0; i < settings->stations.count; i++) {
		if (!split(settings->stations.items[i], &mn, &id))
			return wq_fail(err, WQ_E_INVALID, "stations: '%s' is not MN=station", settings->stations.items[i]);
		struct hj212_station *station = by_id(map, id);

		if (station == NULL)
			return wq_fail(err, WQ_E_INVALID, "stations: '%s' has no point on this bus", id);
		if (!same(mn, text_of(station->mn)))
			return wq_fail(err, WQ_E_INVALID, "stations: '%s' is given two MNs, %s and %.*s", id, station->mn,
				(int)mn.length, mn.at);
	}
	int rc = check_list(map, "profiles", &settings->profiles, err);

	if (rc == 0)
		rc = check_list(map, "checksums", &settings->checksums, err);
	return rc < 0 ? rc : check_list(map, "passwords", &settings->passwords, err);
}

/* -- entries -- */

static int kinds_of(const struct hj212_point_settings *settings, enum wq_hj212_profile profile, unsigned *kinds,
	struct wq_err *err)
{
	static const struct wq_list none;
	const struct wq_list *cn = settings != NULL ? &settings->cn : &none;

	*kinds = cn->count > 0 ? 0 : profile == WQ_HJ212_SURFACE ? WQ_HJ212_HOUR : WQ_HJ212_REALTIME;
	for (size_t i = 0; i < cn->count; i++) {
		enum wq_hj212_kind kind = wq_hj212_kind_of(profile, text_of(cn->items[i]));

		if ((kind & WQ_HJ212_DATA) == 0)
			return wq_fail(err, WQ_E_INVALID, "cn: '%s' is none of 2011, 2051, 2061, 2031", cn->items[i]);
		*kinds |= kind;
	}
	return 0;
}

static int check_entry(const struct hj212_map *map, const struct hj212_station *station, const struct hj212_entry *entry,
	struct wq_err *err)
{
	for (size_t i = station->first; i < station->first + station->count; i++) {
		const struct hj212_entry *other = &map->entries[i];

		if (same(other->code, entry->code) && same(other->suffix, entry->suffix) && (other->kinds & entry->kinds) != 0)
			return wq_fail(err, WQ_E_INVALID, "code %.*s of station '%s' goes to two points",
				(int)entry->code.length, entry->code.at, station->id);
	}
	return 0;
}

static int add_entry(struct hj212_map *map, struct hj212_station *station, const struct wq_point *point, struct wq_err *err)
{
	const struct hj212_point_settings *settings = point->settings;
	struct hj212_entry *entry = &map->entries[station->first + station->count];

	*entry = (struct hj212_entry){
		.code = text_of(settings != NULL && settings->code != NULL ? settings->code : point->code),
		.suffix = text_of(settings != NULL ? settings->suffix : NULL),
		.target = { point->series, point->factor },
	};
	int rc = kinds_of(settings, station->profile, &entry->kinds, err);

	if (rc == 0)
		rc = check_entry(map, station, entry, err);
	if (rc < 0)
		return rc;
	station->kinds |= entry->kinds;
	if (point->cycle > 0 && (station->cycle == 0 || point->cycle < station->cycle))
		station->cycle = point->cycle;
	station->count++;
	return 0;
}

/* Counts each station's points, gives it so many places, and fills them. */
static int add_entries(struct hj212_map *map, const struct wq_bus *bus, size_t *bad, struct wq_err *err)
{
	struct hj212_station **of = calloc(bus->point_count + 1, sizeof *of);
	int rc = of != NULL ? 0 : wq_fail(err, WQ_E_MEMORY, "no memory for %zu points", bus->point_count);

	for (size_t i = 0; rc == 0 && i < bus->point_count; i++) {
		bool again = i > 0 && strcmp(bus->points[i].station, bus->points[i - 1].station) == 0;

		of[i] = again ? of[i - 1] : by_id(map, bus->points[i].station);
		of[i]->count++;
	}
	for (size_t i = 0; rc == 0 && i < map->station_count; i++) {
		map->stations[i].first = map->entry_count;
		map->entry_count += map->stations[i].count;
		map->stations[i].count = 0;
	}
	for (size_t i = 0; rc == 0 && i < bus->point_count; i++)
		if ((rc = add_entry(map, of[i], &bus->points[i], err)) < 0)
			*bad = i;
	free(of);
	return rc;
}

static int add_none(struct hj212_map *map, const struct wq_list *list, struct wq_err *err)
{
	for (size_t i = 0; i < list->count; i++)
		if (wq_value_parse(list->items[i], &map->none[map->none_count++], NULL) < 0)
			return wq_fail(err, WQ_E_INVALID, "none: '%s' is no number", list->items[i]);
	return 0;
}

int hj212_map_open(struct hj212_map *map, const struct wq_bus *bus, size_t *bad, struct wq_err *err)
{
	const struct hj212_bus_settings *settings = bus->settings;
	int rc = 0;

	*bad = SIZE_MAX;
	*map = (struct hj212_map){ .stations = calloc(bus->point_count + 1, sizeof *map->stations),
		.entries = calloc(bus->point_count + 1, sizeof *map->entries),
		.none = calloc(settings->none.count + 1, sizeof *map->none) };
	if (map->stations == NULL || map->entries == NULL || map->none == NULL)
		rc = wq_fail(err, WQ_E_MEMORY, "no memory for %zu points", bus->point_count);
	for (size_t i = 0; rc == 0 && i < bus->point_count; i++)
		rc = add_station(map, settings, bus->points[i].station, err);
	if (rc == 0) {
		qsort(map->stations, map->station_count, sizeof *map->stations, order);
		rc = check_stations(map, settings, err);
	}
	if (rc == 0)
		rc = add_none(map, &settings->none, err);
	if (rc == 0)
		rc = add_entries(map, bus, bad, err);
	if (rc < 0)
		hj212_map_close(map);
	return rc;
}

void hj212_map_close(struct hj212_map *map)
{
	if (map->stations != NULL)
		explicit_bzero(map->stations, map->station_count * sizeof *map->stations);
	free(map->stations);
	free(map->entries);
	free(map->none);
	*map = (struct hj212_map){ .stations = NULL };
}

/* -- keys -- */

static int take_key(struct hj212_map *map, char *line, int number, const char *path, struct wq_err *err)
{
	char *rest = NULL, *mn = strtok_r(line, " \t\r\n", &rest), *key = strtok_r(NULL, " \t\r\n", &rest);

	if (mn == NULL || mn[0] == '#')
		return 0;
	struct hj212_station *station = hj212_map_station(map, text_of(mn));

	if (station == NULL)
		return wq_fail(err, WQ_E_INVALID, "%s:%d: no station of this bus has the MN '%s'", path, number, mn);
	if (key == NULL || !hj212_key_parse(key, station->key))
		return wq_fail(err, WQ_E_INVALID, "%s:%d: the key of %s is not 32 hexadecimal digits", path, number, mn);
	station->has_key = true;
	return 0;
}

int hj212_map_keys(struct hj212_map *map, const char *path, struct wq_err *err)
{
	char line[256];
	FILE *file = fopen(path, "re");
	int rc = 0;

	if (file == NULL)
		return wq_fail(err, WQ_E_IO, "key_file %s cannot be read: %s", path, strerrordesc_np(errno));
	for (int number = 1; rc == 0 && fgets(line, sizeof line, file) != NULL; number++)
		rc = take_key(map, line, number, path, err);
	explicit_bzero(line, sizeof line);
	fclose(file);
	return rc;
}

/* -- asked for every frame -- */

struct hj212_station *hj212_map_station(const struct hj212_map *map, struct wq_text mn)
{
	char key[HJ212_MN_TEXT];
	size_t low = 0, high = map->station_count;

	if (mn.length == 0 || mn.length >= sizeof key || memchr(mn.at, '\0', mn.length) != NULL)
		return NULL;
	memcpy(key, mn.at, mn.length);
	key[mn.length] = '\0';
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int side = strcmp(map->stations[middle].mn, key);

		if (side == 0)
			return &map->stations[middle];
		if (side < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static bool fits(const struct hj212_entry *entry, enum wq_hj212_kind kind, struct wq_text suffix)
{
	if (kind == WQ_HJ212_CHECK)
		return true;
	if ((entry->kinds & kind) == 0)
		return false;
	if (entry->suffix.length > 0)
		return same(entry->suffix, suffix);
	return wq_text_is(suffix, kind == WQ_HJ212_REALTIME ? "Rtd" : "Avg");
}

const struct wq_hj212_target *hj212_map_find(const struct hj212_map *map, const struct hj212_station *station,
	enum wq_hj212_kind kind, struct wq_text code, struct wq_text suffix)
{
	for (size_t i = station->first; i < station->first + station->count; i++)
		if (same(map->entries[i].code, code) && fits(&map->entries[i], kind, suffix))
			return &map->entries[i].target;
	return NULL;
}
