/* SPDX-License-Identifier: Apache-2.0 */
/* Decodes a message: bytes, records, stations and times; values are values.c. Every byte is hostile
 * until it has been looked at. */
#include "decode.h"

#include "wq/err.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int mqtt_refuse(struct message *message, enum wq_refusal why, const char *format, ...)
{
	char what[256];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(what, sizeof what, format, arguments);
	va_end(arguments);
	message->refuser->refuse(message->refuser->owner, why, what);
	return -1;
}

/* -- bytes -- */

/* jansson's own limit of 2048 costs stack and memory; ours is checked on the bytes. */
static bool too_deep(const char *bytes, size_t length)
{
	bool quoted = false;
	int depth = 0;

	for (size_t i = 0; i < length; i++) {
		if (quoted) {
			if (bytes[i] == '\\')
				i++;
			else if (bytes[i] == '"')
				quoted = false;
		} else if (bytes[i] == '"') {
			quoted = true;
		} else if (bytes[i] == '{' || bytes[i] == '[') {
			if (++depth > MQTT_PAYLOAD_DEPTH)
				return true;
		} else if (bytes[i] == '}' || bytes[i] == ']') {
			depth--;
		}
	}
	return false;
}

static json_t *parse(struct message *message, const char *bytes, size_t length)
{
	json_error_t error;
	json_t *root;

	if (too_deep(bytes, length)) {
		mqtt_refuse(message, WQ_REFUSED_MALFORMED, "nested deeper than %d",
		        MQTT_PAYLOAD_DEPTH);
		return NULL;
	}
	root = json_loadb(bytes, length, JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, &error);
	if (root == NULL)
		mqtt_refuse(message, WQ_REFUSED_MALFORMED, "not JSON at byte %d: %s",
		        error.position, error.text);
	return root;
}

/* -- whose it is and when -- */

/* The broker grants rights by topic: a message may not speak for another station. */
static bool granted(const struct message *message, const char *name, size_t length)
{
	const struct mqtt_origin *origin = message->origin;

	if (name == NULL || origin->station == NULL ||
	        (length == origin->station_length && memcmp(name, origin->station, length) == 0))
		return true;
	const char *by_topic =
	        mqtt_map_station(message->map, origin->station, origin->station_length);
	return by_topic != NULL && message->station != NULL &&
	        strcmp(by_topic, message->station) == 0;
}

static int check_topic(struct message *message, const char *name, size_t length)
{
	const struct mqtt_origin *origin = message->origin;
	const char *text = name != NULL ? name : origin->station;
	const size_t size = name != NULL ? length : origin->station_length;

	message->station = mqtt_map_station(message->map, text, size);
	if (!granted(message, name, length))
		return mqtt_refuse(message, WQ_REFUSED_UNKNOWN,
		        "says station '%.*s' on the topic of '%.*s'",
		        (int)(length < 64 ? length : 64), name,
		        (int)(origin->station_length < 64 ? origin->station_length : 64),
		        origin->station);
	if (message->station == NULL)
		return mqtt_refuse(message, WQ_REFUSED_UNKNOWN, "no station '%.*s' on this bus",
		        (int)(size < 64 ? size : 64), text);
	return 0;
}

int mqtt_take_station(struct message *message, const char *name, size_t length)
{
	const struct mqtt_map *map = message->map;

	if (name != NULL || message->origin->station != NULL) {
		if (check_topic(message, name, length) < 0)
			return -1;
	} else if (map->only_station != NULL) {
		message->station = map->only_station;
	} else {
		return mqtt_refuse(message, WQ_REFUSED_UNKNOWN,
		        "neither topic nor message names a station");
	}
	message->place_count = mqtt_map_places(map, message->station, &message->places);
	return 0;
}

/* `key`: the member that the record was; it names the station unless the record itself does. */
static int find_station(struct message *message, json_t *record, const char *key)
{
	const json_t *json = mqtt_path_find(&message->map->station, record);

	if (json == NULL)
		return mqtt_take_station(message, key, key != NULL ? strlen(key) : 0);
	if (!json_is_string(json))
		return mqtt_refuse(
		        message, WQ_REFUSED_UNKNOWN, "what should name the station is not text");
	return mqtt_take_station(message, json_string_value(json), json_string_length(json));
}

bool mqtt_read_time(const struct mqtt_map *map, const json_t *json, wq_ms *at)
{
	wq_ms parsed;

	if (json_is_string(json)) {
		if (wq_instant_parse(json_string_value(json), map->zone, &parsed, NULL) < 0 ||
		        parsed < (wq_ms)FIRST_SECOND * 1000 || parsed >= (wq_ms)LAST_SECOND * 1000)
			return false;
		*at = parsed;
		return true;
	}
	if (!json_is_real(json))
		return false;
	double number = json_real_value(json);
	if (number >= FIRST_SECOND && number < LAST_SECOND)
		*at = (wq_ms)llround(number * 1000);
	else if (number >= FIRST_SECOND * 1000 && number < LAST_SECOND * 1000)
		*at = (wq_ms)llround(number);
	else
		return false;
	return true;
}

static int take_time(struct message *message, json_t *record)
{
	const struct mqtt_map *map = message->map;
	json_t *root = (json_t *)message->root, *json = mqtt_path_find(&map->time, record);

	if (json == NULL && record != root)
		json = mqtt_path_find(&map->time, root);
	message->at = WQ_NO_TIME;
	if (json == NULL || mqtt_read_time(map, json, &message->at))
		return 0;
	if (json_is_string(json))
		return mqtt_refuse(message, WQ_REFUSED_TIME,
		        "station '%s': time \"%.40s\" is not believed", message->station,
		        json_string_value(json));
	if (!json_is_real(json))
		return mqtt_refuse(message, WQ_REFUSED_TIME,
		        "station '%s': time is neither text nor a number", message->station);
	return mqtt_refuse(message, WQ_REFUSED_TIME, "station '%s': time %.15g is not believed",
	        message->station, json_real_value(json));
}

static void take_record(void *owner, json_t *record, const char *key)
{
	struct message *message = owner;

	if (message->full)
		return;
	if (!json_is_object(record)) {
		mqtt_refuse(message, WQ_REFUSED_MALFORMED, "a JSON object is needed");
		return;
	}
	message->begun = message->count;
	if (find_station(message, record, key) == 0 && take_time(message, record) == 0)
		mqtt_take_values(message, record);
}

size_t mqtt_payload_decode(const struct mqtt_map *map, const struct mqtt_origin *origin,
        const void *bytes, size_t length, struct wq_sample out[MQTT_PAYLOAD_SAMPLES],
        const struct mqtt_refuser *refuser)
{
	struct message message = {
		.map = map, .refuser = refuser, .origin = origin, .out = out
	};
	json_t *root;

	if (length > MQTT_PAYLOAD_BYTES) {
		mqtt_refuse(&message, WQ_REFUSED_MALFORMED, "%zu bytes; allowed are %d", length,
		        MQTT_PAYLOAD_BYTES);
		return 0;
	}
	if (map->preset->text) {
		mqtt_take_hj212(&message, bytes, length);
		return message.count;
	}
	root = parse(&message, bytes, length);
	if (root == NULL)
		return 0;
	message.root = root;
	if (!mqtt_path_each(&map->records, root, take_record, &message))
		mqtt_refuse(&message, WQ_REFUSED_MALFORMED, "it holds no record");
	json_decref(root);
	return message.count;
}
