/* SPDX-License-Identifier: Apache-2.0 */
/* The values of one record: by name, in a list, or where a path says. */
#include "decode.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* -- one value -- */

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

bool mqtt_has_series(const struct message *message, uint32_t series, size_t end)
{
	for (size_t i = message->begun; i < end; i++)
		if (message->out[i].series == series)
			return true;
	return false;
}

void mqtt_emit(struct message *message, const struct wq_point *point, const char *name,
        struct wq_sample sample)
{
	if (sample.at == WQ_NO_TIME && message->origin->retained) {
		mqtt_refuse(message, WQ_REFUSED_TIME,
		        "station '%s', %.64s: kept by the broker and without a time, so it is no "
		        "reading of now",
		        message->station, name);
		return;
	}
	if (message->count == MQTT_PAYLOAD_SAMPLES) {
		if (!message->full)
			mqtt_refuse(message, WQ_REFUSED_MALFORMED,
			        "more than %d values; the rest is not taken", MQTT_PAYLOAD_SAMPLES);
		message->full = true;
		return;
	}
	if (sample.quality != WQ_MISSING)
		sample.value = scaled(sample.value, point->factor);
	if (isinf(sample.value)) {
		mqtt_refuse(message, WQ_REFUSED_VALUE, "station '%s', %.64s: too large",
		        message->station, name);
		return;
	}
	sample.series = point->series;
	message->out[message->count++] = sample;
}

/* "0.153" as well as 0.153: many loggers quote their numbers. "" and "--" are missing. */
static bool read_number(const json_t *json, struct wq_sample *sample)
{
	struct wq_decimal decimal;
	const char *text = json_string_value(json); /* NULL of what is no text */

	sample->value = NAN;
	sample->quality = WQ_UNCHECKED;
	if (json_is_real(json)) {
		sample->value = json_real_value(json);
		return true;
	}
	if (json_is_null(json) || (text != NULL && (text[0] == '\0' || strcmp(text, "--") == 0))) {
		sample->quality = WQ_MISSING;
		return true;
	}
	if (text == NULL || wq_decimal_parse(text, &decimal, NULL) < 0)
		return false;
	sample->value = wq_decimal_to_double(decimal);
	return true;
}

static int take_flag(
        struct message *message, const char *name, const json_t *json, struct wq_sample *sample)
{
	if (json == NULL || json_is_null(json))
		return 0;
	if (!json_is_string(json) || json_string_length(json) >= sizeof sample->flag)
		return mqtt_refuse(message, WQ_REFUSED_VALUE,
		        "station '%s', %.64s: flag must be text of at most %zu bytes",
		        message->station, name, sizeof sample->flag - 1);
	memcpy(sample->flag, json_string_value(json), json_string_length(json));
	return 0;
}

/* A code that says why there is no value: it is missing, never 0, and its flag is the code. 0, or no number: none. */
static bool take_error(const json_t *json, struct wq_sample *sample)
{
	double code = json_is_real(json) ? json_real_value(json) : 0;

	if (!(code > 0) && !(code < 0))
		return false;
	sample->value = NAN;
	sample->quality = WQ_MISSING;
	snprintf(sample->flag, sizeof sample->flag, "%.0f", fmod(code, 1e6));
	return true;
}

static const json_t *member(const json_t *json, const char *name)
{
	return name != NULL ? json_object_get(json, name) : NULL;
}

/* {"value":…, "flag":…, "time":…}: fills flag and time, yields the value itself; an error yields itself. */
static const json_t *open_value(
        struct message *message, const char *name, const json_t *json, struct wq_sample *sample)
{
	const struct mqtt_preset *preset = message->map->preset;
	const json_t *time = member(json, preset->value_time);
	const json_t *value = member(json, message->map->value);
	const json_t *error = member(json, preset->error);

	if (error != NULL && take_error(error, sample))
		return error;
	if (value == NULL) {
		mqtt_refuse(message, WQ_REFUSED_VALUE, "station '%s', %.64s: no member \"%s\"",
		        message->station, name,
		        message->map->value != NULL ? message->map->value : "value");
		return NULL;
	}
	if (time != NULL) {
		if (!mqtt_read_time(message->map, time, &sample->at)) {
			mqtt_refuse(message, WQ_REFUSED_TIME,
			        "station '%s', %.64s: time is not believed", message->station,
			        name);
			return NULL;
		}
		sample->stamp = preset->analyser ? WQ_STAMP_ANALYSER : WQ_STAMP_STATION;
	}
	return take_flag(message, name, member(json, preset->flag), sample) < 0 ? NULL : value;
}

static struct wq_sample blank(const struct message *message)
{
	return (struct wq_sample){ .quality = WQ_UNCHECKED,
		.at = message->at,
		.stamp = message->at == WQ_NO_TIME ? WQ_STAMP_ARRIVAL : WQ_STAMP_STATION };
}

static void take_one(struct message *message, const struct wq_point *point, const char *name,
        const json_t *json)
{
	struct wq_sample sample = blank(message);
	const json_t *value = json;

	if (json_is_object(json)) {
		value = open_value(message, name, json, &sample);
		if (value == NULL)
			return;
	}
	if (sample.quality != WQ_MISSING && !read_number(value, &sample)) {
		mqtt_refuse(message, WQ_REFUSED_VALUE, "station '%s', %.64s: not a number",
		        message->station, name);
		return;
	}
	mqtt_emit(message, point, name, sample);
}

static void take_point(struct message *message, const struct wq_point *point, const char *name,
        const json_t *json)
{
	const json_t *item;
	size_t i;

	if (mqtt_has_series(message, point->series, message->count)) {
		mqtt_refuse(message, WQ_REFUSED_VALUE,
		        "station '%s', %.64s: given twice, by alias and code",
		        message->station, name);
	} else if (message->map->preset->batch && json_is_array(json)) {
		json_array_foreach(json, i, item) take_one(message, point, name, item);
	} else {
		take_one(message, point, name, json);
	}
}

/* The point of a name; a station whose points have paths is asked for nothing else. */
static const struct wq_point *point_of(struct message *message, const char *name)
{
	const struct wq_point *point =
	        mqtt_map_point(message->map, message->station, name);

	if (point == NULL && message->place_count == 0)
		mqtt_refuse(message, WQ_REFUSED_UNKNOWN, "station '%s': no parameter '%.64s'",
		        message->station, name);
	return point;
}

/* -- all of a record -- */

static void take_members(struct message *message, json_t *values, bool bare)
{
	const struct mqtt_map *map = message->map;
	const struct wq_point *point;
	const char *name;
	json_t *json;

	json_object_foreach(values, name, json)
	{
		if (bare && (mqtt_path_names(&map->station, name) || mqtt_path_names(&map->time, name)))
			continue;
		if ((point = point_of(message, name)) != NULL)
			take_point(message, point, name, json);
	}
}

/* [{"name":"ph","value":7.1},…] */
static void take_list(struct message *message, const json_t *list)
{
	const struct wq_point *point;
	const json_t *json;
	size_t i;

	json_array_foreach(list, i, json)
	{
		const json_t *name = member(json, message->map->name);

		if (!json_is_string(name))
			mqtt_refuse(message, WQ_REFUSED_VALUE,
			        "station '%s': value %zu of a list has no \"%s\" that is text",
			        message->station, i,
			        message->map->name != NULL ? message->map->name : "name");
		else if ((point = point_of(message, json_string_value(name))) != NULL)
			take_point(message, point, json_string_value(name), json);
	}
}

/* {"tag1":2014}: what could not be read, and why. */
static void take_errors(struct message *message, json_t *errors)
{
	const struct wq_point *point;
	const char *name;
	json_t *json;

	json_object_foreach(errors, name, json)
	{
		struct wq_sample sample = blank(message);

		if (take_error(json, &sample) && (point = point_of(message, name)) != NULL)
			mqtt_emit(message, point, name, sample);
	}
}

static void take_places(struct message *message, json_t *record)
{
	for (size_t i = 0; i < message->place_count; i++) {
		const struct mqtt_place *place = &message->places[i];
		const json_t *json = mqtt_path_find(&place->path, record);

		if (json != NULL)
			take_point(message, place->point, place->field, json);
	}
}

/* How many members of a record without `values` are values. */
static size_t bare_count(const struct message *message, json_t *record)
{
	size_t count = json_object_size(record);
	const struct mqtt_path *const beside[] = { &message->map->station, &message->map->time };

	for (size_t i = 0; i < 2; i++)
		for (size_t k = 0; k < beside[i]->count; k++)
			count -= beside[i]->ways[k].count == 1 &&
			        beside[i]->ways[k].steps[0].kind == MQTT_STEP_NAME &&
			        json_object_get(record, beside[i]->ways[k].steps[0].name) != NULL;
	return count;
}

static void take_named(struct message *message, json_t *record, json_t *values, bool bare)
{
	size_t count = bare                      ? bare_count(message, record)
	        : json_is_array(values)          ? json_array_size(values)
	                                         : json_object_size(values);

	if (count == 0 || count > MQTT_RECORD_VALUES)
		mqtt_refuse(message, WQ_REFUSED_MALFORMED,
		        "station '%s': %zu values; allowed are 1 to %d", message->station, count,
		        MQTT_RECORD_VALUES);
	else if (json_is_array(values))
		take_list(message, values);
	else
		take_members(message, values, bare);
}

void mqtt_take_values(struct message *message, json_t *record)
{
	const struct mqtt_map *map = message->map;
	json_t *values = mqtt_path_find(&map->values, record);
	json_t *errors = mqtt_path_find(&map->errors, record);
	bool bare = values == NULL && map->preset->bare;

	take_errors(message, errors); /* first: where there is an error as well, there is no value */
	take_places(message, record);
	if (bare)
		values = record;
	if (!json_is_object(values) && !(map->name != NULL && json_is_array(values))) {
		if (values != NULL || (json_object_size(errors) == 0 && message->place_count == 0))
			mqtt_refuse(message, WQ_REFUSED_MALFORMED,
			        "station '%s': what should hold the values is not an object%s",
			        message->station, map->name != NULL ? ", nor a list" : "");
		return;
	}
	if (json_object_size(errors) > 0 && json_object_size(values) == 0 && !json_is_array(values))
		return; /* all of them failed */
	take_named(message, record, values, bare);
}
