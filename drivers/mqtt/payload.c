/* SPDX-License-Identifier: Apache-2.0 */
/* Decodes the JSON of a message. Every byte is hostile until it has been looked at. */
#include "payload.h"

#include "wq/err.h"

#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A time before 2000 is a clock that was never set; the year 2200 is where text forms end. In these
 * bounds a number of seconds and one of milliseconds cannot be taken for each other. */
#define FIRST_SECOND 946684800.0  /* 2000-01-01T00:00:00Z */
#define LAST_SECOND  7258118400.0 /* 2200-01-01T00:00:00Z */

/* -- one message -- */

struct message {
	const struct mqtt_map *map;
	const struct mqtt_refuser *refuser;
	const struct mqtt_origin *origin;
	char station[MQTT_STATION_BYTES + 1];
	wq_ms at; /* WQ_NO_TIME: the message gives none */
	struct wq_sample *out;
	size_t count;
};

__attribute__((format(printf, 3, 4))) static int refuse(
        struct message *message, enum wq_refusal why, const char *format, ...)
{
	char what[256];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(what, sizeof what, format, arguments);
	va_end(arguments);
	message->refuser->refuse(message->refuser->owner, why, what);
	return -1;
}

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

	if (length > MQTT_PAYLOAD_BYTES) {
		refuse(message, WQ_REFUSED_MALFORMED, "%zu bytes; allowed are %d", length,
		        MQTT_PAYLOAD_BYTES);
		return NULL;
	}
	if (too_deep(bytes, length)) {
		refuse(message, WQ_REFUSED_MALFORMED, "nested deeper than %d", MQTT_PAYLOAD_DEPTH);
		return NULL;
	}
	root = json_loadb(bytes, length, JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, &error);
	if (root == NULL) {
		refuse(message, WQ_REFUSED_MALFORMED, "not JSON at byte %d: %s", error.position,
		        error.text);
	} else if (!json_is_object(root)) {
		refuse(message, WQ_REFUSED_MALFORMED, "a JSON object is needed");
		json_decref(root);
		root = NULL;
	}
	return root;
}

/* Seconds or milliseconds since 1970, or text. */
static bool read_time(const struct mqtt_map *map, const json_t *json, wq_ms *at)
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

static int take_station(struct message *message, const json_t *root)
{
	const char *from_topic = message->origin->station;
	const size_t topic_length = message->origin->station_length;
	const json_t *json = json_object_get(root, message->map->station_key);
	const char *text = from_topic;
	size_t length = topic_length;

	if (json != NULL) {
		if (!json_is_string(json))
			return refuse(message, WQ_REFUSED_UNKNOWN, "\"%s\" is not text",
			        message->map->station_key);
		text = json_string_value(json);
		length = json_string_length(json);
	} else if (text == NULL && message->map->only_station != NULL) {
		text = message->map->only_station;
		length = strlen(text);
	}
	if (text == NULL)
		return refuse(
		        message, WQ_REFUSED_UNKNOWN, "neither topic nor message names a station");
	/* The broker grants rights by topic: a message may not speak for another station. */
	if (from_topic != NULL && (length != topic_length || memcmp(text, from_topic, length) != 0))
		return refuse(message, WQ_REFUSED_UNKNOWN,
		        "says station '%.64s' on the topic of '%.*s'", text,
		        (int)(topic_length < 64 ? topic_length : 64), from_topic);
	if (length <= MQTT_STATION_BYTES && memchr(text, '\0', length) == NULL) {
		memcpy(message->station, text, length);
		message->station[length] = '\0';
		if (mqtt_map_station(message->map, message->station))
			return 0;
	}
	return refuse(message, WQ_REFUSED_UNKNOWN, "no station '%.*s' on this bus",
	        (int)(length < 64 ? length : 64), text);
}

static int take_time(struct message *message, const json_t *root)
{
	const json_t *json = json_object_get(root, message->map->time_key);

	message->at = WQ_NO_TIME;
	if (json == NULL || read_time(message->map, json, &message->at))
		return 0;
	if (json_is_string(json))
		return refuse(message, WQ_REFUSED_TIME,
		        "station '%s': time \"%.40s\" is not believed", message->station,
		        json_string_value(json));
	if (!json_is_real(json))
		return refuse(message, WQ_REFUSED_TIME,
		        "station '%s': time is neither text nor a number", message->station);
	return refuse(message, WQ_REFUSED_TIME, "station '%s': time %.15g is not believed",
	        message->station, json_real_value(json));
}

/* value × factor, in decimal. More than 18 digits are an artefact of the sender's floating point;
 * rounding them once more in binary cannot move a value that a limit could notice. */
static double scaled(double value, struct wq_decimal factor)
{
	struct wq_decimal decimal;
	double result;

	if (factor.digits == 1 && factor.places == 0)
		return value;
	if (wq_decimal_from_double(value, &decimal) && decimal.places + factor.places <= 18) {
		struct wq_decimal scale = { factor.digits, decimal.places + factor.places };

		if (wq_value_from_scaled(
		            decimal.digits, scale, (struct wq_decimal){ 0, 0 }, &result, NULL) == 0)
			return result;
	}
	return value * wq_decimal_to_double(factor);
}

/* "0.153" as well as 0.153: many loggers quote their numbers. "" and "--" are missing. */
static bool read_number(const json_t *json, double *number, bool *missing)
{
	struct wq_decimal decimal;

	*missing = json_is_null(json);
	*number = NAN;
	if (*missing)
		return true;
	if (json_is_real(json)) {
		*number = json_real_value(json);
		return true;
	}
	if (!json_is_string(json))
		return false;
	const char *text = json_string_value(json);
	*missing = text[0] == '\0' || strcmp(text, "--") == 0;
	if (*missing)
		return true;
	if (wq_decimal_parse(text, &decimal, NULL) < 0)
		return false;
	*number = wq_decimal_to_double(decimal);
	return true;
}

static int take_flag(
        struct message *message, const char *name, const json_t *json, struct wq_sample *sample)
{
	if (json == NULL || json_is_null(json))
		return 0;
	if (!json_is_string(json) || json_string_length(json) >= sizeof sample->flag)
		return refuse(message, WQ_REFUSED_VALUE,
		        "station '%s', %.64s: flag must be text of at most %zu bytes",
		        message->station, name, sizeof sample->flag - 1);
	memcpy(sample->flag, json_string_value(json), json_string_length(json));
	return 0;
}

/* {"value":…, "flag":…, "time":…}: fills flag and time, yields the value itself. */
static const json_t *open_value(
        struct message *message, const char *name, const json_t *json, struct wq_sample *sample)
{
	const json_t *time = json_object_get(json, "time"), *value = json_object_get(json, "value");

	if (value == NULL) {
		refuse(message, WQ_REFUSED_VALUE, "station '%s', %.64s: no member \"value\"",
		        message->station, name);
		return NULL;
	}
	if (time != NULL) {
		if (!read_time(message->map, time, &sample->at)) {
			refuse(message, WQ_REFUSED_TIME,
			        "station '%s', %.64s: time is not believed", message->station,
			        name);
			return NULL;
		}
		sample->stamp = WQ_STAMP_ANALYSER;
	}
	return take_flag(message, name, json_object_get(json, "flag"), sample) < 0 ? NULL : value;
}

static bool has_series(const struct message *message, uint32_t series)
{
	for (size_t i = 0; i < message->count; i++)
		if (message->out[i].series == series)
			return true;
	return false;
}

static void take_value(struct message *message, const char *name, const json_t *json)
{
	const struct wq_point *point = mqtt_map_point(message->map, message->station, name);
	struct wq_sample sample = { .quality = WQ_UNCHECKED, .at = message->at };
	bool missing;

	sample.stamp = message->at == WQ_NO_TIME ? WQ_STAMP_ARRIVAL : WQ_STAMP_STATION;
	if (point == NULL) {
		refuse(message, WQ_REFUSED_UNKNOWN, "station '%s': no parameter '%.64s'",
		        message->station, name);
		return;
	}
	sample.series = point->series;
	if (json_is_object(json) && (json = open_value(message, name, json, &sample)) == NULL)
		return;
	if (!read_number(json, &sample.value, &missing)) {
		refuse(message, WQ_REFUSED_VALUE, "station '%s', %.64s: not a number",
		        message->station, name);
		return;
	}
	if (has_series(message, sample.series)) {
		refuse(message, WQ_REFUSED_VALUE,
		        "station '%s', %.64s: given twice, by alias and code", message->station,
		        name);
		return;
	}
	if (sample.at == WQ_NO_TIME && message->origin->retained) {
		refuse(message, WQ_REFUSED_TIME,
		        "station '%s', %.64s: kept by the broker and without a time, so it is no "
		        "reading of now",
		        message->station, name);
		return;
	}
	if (missing)
		sample.quality = WQ_MISSING;
	else
		sample.value = scaled(sample.value, point->factor);
	if (isinf(sample.value)) {
		refuse(message, WQ_REFUSED_VALUE, "station '%s', %.64s: too large",
		        message->station, name);
		return;
	}
	message->out[message->count++] = sample;
}

static void take_values(struct message *message, json_t *root)
{
	const struct mqtt_map *map = message->map;
	json_t *values = json_object_get(root, map->values_key), *json;
	bool flat = values == NULL;
	const char *name;
	size_t count;

	if (flat)
		values = root;
	if (!json_is_object(values)) {
		refuse(message, WQ_REFUSED_MALFORMED, "station '%s': \"%s\" is not an object",
		        message->station, map->values_key);
		return;
	}
	count = json_object_size(values);
	if (flat)
		count -= (size_t)(json_object_get(root, map->station_key) != NULL) +
		        (size_t)(json_object_get(root, map->time_key) != NULL);
	if (count == 0 || count > MQTT_PAYLOAD_SAMPLES) {
		refuse(message, WQ_REFUSED_MALFORMED,
		        "station '%s': %zu values; allowed are 1 to %d", message->station, count,
		        MQTT_PAYLOAD_SAMPLES);
		return;
	}
	json_object_foreach(values, name, json) if (!flat ||
	        (strcmp(name, map->station_key) != 0 && strcmp(name, map->time_key) != 0))
	        take_value(message, name, json);
}

size_t mqtt_payload_decode(const struct mqtt_map *map, const struct mqtt_origin *origin,
        const void *bytes, size_t length, struct wq_sample out[MQTT_PAYLOAD_SAMPLES],
        const struct mqtt_refuser *refuser)
{
	struct message message = {
		.map = map, .refuser = refuser, .origin = origin, .out = out
	};
	json_t *root = parse(&message, bytes, length);

	if (root == NULL)
		return 0;
	if (take_station(&message, root) == 0 && take_time(&message, root) == 0)
		take_values(&message, root);
	json_decref(root);
	return message.count;
}
