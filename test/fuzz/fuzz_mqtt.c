/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a message, its topic and a configured filter: never a crash, never a sample that the
 * driver's own promises do not cover. Input: filter, newline, topic, newline, payload; without
 * newlines all is payload. */
#include "keys.h"
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

static void decode(const char *station, size_t station_length, const uint8_t *bytes, size_t length)
{
	static const struct mqtt_bus_settings settings = {
		.station_key = "station", .time_key = "time", .values_key = "values"
	};
	static const struct mqtt_point_settings plain = { .field = NULL };
	static const struct wq_point points[] = {
		{ 0, "a", "tp", "w21011", { 1, 3 }, 0, &plain },
		{ 1, "a", "ph", "w01001", { 1, 0 }, 0, &plain },
		{ 2, "b", "tp", "w21011", { 25, 0 }, 0, &plain },
	};
	static const struct wq_bus bus = {
		.settings = &settings, .zone = &wq_zone_china, .point_count = 3, .points = points
	};
	const struct mqtt_refuser refuser = { NULL, refuse };
	struct wq_sample samples[MQTT_PAYLOAD_SAMPLES];
	struct mqtt_map map;
	size_t bad;

	if (mqtt_map_open(&map, &bus, &bad, NULL) < 0)
		return;
	const struct mqtt_origin origin = { station, station_length, length % 7 == 0 };
	size_t count = mqtt_payload_decode(&map, &origin, bytes, length, samples, &refuser);
	promise(count <= 3);
	for (size_t i = 0; i < count; i++)
		check_sample(&samples[i]);
	mqtt_map_close(&map);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *first = memchr(data, '\n', size), *second = NULL;
	char filter[MQTT_TOPIC_MAX + 8];
	struct mqtt_topic topic;
	const char *station = NULL;
	size_t station_length = 0;

	decode("a", 1, data, size);
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
