/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a message of each form, its topic and a configured filter, as a path, and as packets in a socket: never a crash, never a sample that the
 * driver's own promises do not cover. Input: filter, newline, topic, newline, payload; without
 * newlines all is payload. */
#include "ahead.h"
#include "keys.h"
#include "path.h"
#include "payload.h"
#include "topic.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void promise(bool kept)
{
	if (!kept)
		abort();
}

static void refuse(void *owner, enum wq_refusal why, const char *what)
{
	(void)owner;
	promise((int)why >= 0 && why < WQ_REFUSALS && strlen(what) < 256);
}

static void check_sample(const struct wq_sample *sample)
{
	promise(sample->series < 3);
	promise(sample->quality == WQ_UNCHECKED || sample->quality == WQ_MISSING);
	promise((sample->quality == WQ_MISSING) == !isfinite(sample->value));
	promise((sample->stamp == WQ_STAMP_ARRIVAL) == (sample->at == WQ_NO_TIME));
	promise(sample->at == WQ_NO_TIME ||
	        (sample->at >= 946684800000 && sample->at < 7258118400000));
	promise(memchr(sample->flag, '\0', sizeof sample->flag) != NULL);
}

static const struct mqtt_point_settings plain = { .field = NULL }, by_path = { "list[0].v" };
static const struct wq_point points[] = {
	{ 0, "a", "tp", "w21011", { 1, 3 }, 0, &plain },
	{ 1, "a", "ph", "w01001", { 1, 0 }, 0, &plain },
	{ 2, "b", "tp", "w21011", { 25, 0 }, 0, &plain },
	{ 2, "b", "do", "w01009", { 1, 0 }, 0, &by_path },
};

static void decode_as(const struct mqtt_bus_settings *settings, size_t point_count, const char *station,
        size_t station_length, const uint8_t *bytes, size_t length)
{
	static struct wq_sample samples[MQTT_PAYLOAD_SAMPLES];
	const struct wq_bus bus = { .settings = settings,
		.zone = &wq_zone_china,
		.point_count = point_count,
		.points = points };
	const struct mqtt_refuser refuser = { NULL, refuse };
	const struct mqtt_origin origin = { station, station_length, length % 7 == 0 };
	struct mqtt_map map;
	size_t bad;

	if (mqtt_map_open(&map, &bus, &bad, NULL) < 0)
		return;
	size_t count = mqtt_payload_decode(&map, &origin, bytes, length, samples, &refuser);
	promise(count <= MQTT_PAYLOAD_SAMPLES);
	for (size_t i = 0; i < count; i++) {
		check_sample(&samples[i]);
		promise(!origin.retained || samples[i].at != WQ_NO_TIME);
	}
	mqtt_map_close(&map);
}

static void decode(const char *station, size_t station_length, const uint8_t *bytes, size_t length)
{
	static const char *const names[] = { "SN=a" };
	static const struct mqtt_bus_settings own = { .records_key = "data[]|*",
		.station_key = "dev.sn",
		.time_key = "at[1]|ts",
		.values_key = "list|body.values",
		.name_key = "id",
		.value_key = "v",
		.stations = { 1, names } };

	for (int preset = 0; preset < MQTT_PRESETS; preset++) {
		const struct mqtt_bus_settings settings = { .preset = preset };

		decode_as(&settings, 3, station, station_length, bytes, length);
	}
	decode_as(&own, 4, station, station_length, bytes, length);
	decode_as(&own, 4, NULL, 0, bytes, length);
}

/* A path that compiles can be followed. */
static void follow(const uint8_t *data, size_t size)
{
	char text[MQTT_PATH_TEXT + 8];
	struct mqtt_path path;

	if (size >= sizeof text)
		return;
	memcpy(text, data, size);
	text[size] = '\0';
	for (int many = 0; many < 2; many++) {
		if (mqtt_path_compile(&path, text, many, "field", NULL) < 0)
			continue;
		promise(path.count >= 1 && path.count <= MQTT_PATH_WAYS);
		json_t *root = json_pack("{s:[i,{s:i}],s:{s:n}}", "a", 1, "b", 2, "c", "d");
		if (!many)
			mqtt_path_find(&path, root);
		json_decref(root);
	}
}

static void packets(const uint8_t *data, size_t size)
{
	struct mqtt_message message;

	for (int version = 4; version <= 5; version++)
		for (size_t at = 0, used = 1; at < size && used > 0; at += used) {
			used = mqtt_publish_read(data + at, size - at, version, &message);
			promise(used <= size - at);
			if (used > 0) {
				const uint8_t *from = data + at, *to = from + used;

				promise((const uint8_t *)message.topic >= from &&
				        (const uint8_t *)message.topic + message.topic_length <= to);
				promise((const uint8_t *)message.payload + message.length == to);
			}
		}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *first = memchr(data, '\n', size), *second = NULL;
	char filter[MQTT_TOPIC_MAX + 8];
	struct mqtt_topic topic;
	const char *station = NULL;
	size_t station_length = 0;

	decode("a", 1, data, size);
	follow(data, size);
	packets(data, size);
	if (first != NULL)
		second = memchr(first + 1, '\n', size - (size_t)(first + 1 - data));
	if (second == NULL || (size_t)(first - data) >= sizeof filter)
		return 0;
	memcpy(filter, data, (size_t)(first - data));
	filter[first - data] = '\0';
	if (mqtt_topic_compile(&topic, filter, NULL) == 0 &&
	        mqtt_topic_match(&topic, (const char *)first + 1, (size_t)(second - first - 1),
	                &station, &station_length))
		decode(station, station_length, second + 1, size - (size_t)(second + 1 - data));
	return 0;
}
