/* SPDX-License-Identifier: Apache-2.0 */
/* A bus with two stations, and a sink that remembers, for the tests of this room. */
#ifndef TEST_MQTT_BUS_H
#define TEST_MQTT_BUS_H

#include "keys.h"

#include "wq/driver.h"

#include <stdio.h>
#include <string.h>

static struct mqtt_bus_settings bus_settings = { .broker = "tcp://127.0.0.1:1883",
	.topic = "wq/{station}",
	.client_id = "test",
	.station_key = "station",
	.time_key = "time",
	.values_key = "values",
	.keepalive = 20000,
	.receipt = MQTT_DURABLE };

static struct mqtt_point_settings plain = { .field = NULL };
static struct mqtt_point_settings named = { .field = "DoVal" };

/* yigan measures tp (µg/L at the source), ph and, under a name of its own, do; nanheng measures tp.
 */
static struct wq_point bus_points[] = {
	{ .series = 0,
	        .station = "yigan",
	        .parameter = "tp",
	        .code = "w21011",
	        .factor = { 1, 3 },
	        .settings = &plain },
	{ .series = 1,
	        .station = "yigan",
	        .parameter = "ph",
	        .code = "w01001",
	        .factor = { 1, 0 },
	        .settings = &plain },
	{ .series = 2,
	        .station = "yigan",
	        .parameter = "do",
	        .code = "w01009",
	        .factor = { 1, 0 },
	        .settings = &named },
	{ .series = 7,
	        .station = "nanheng",
	        .parameter = "tp",
	        .code = "w21011",
	        .factor = { 1, 0 },
	        .settings = &plain },
};

static struct wq_bus test_bus = { .name = "broker",
	.settings = &bus_settings,
	.zone = &wq_zone_china,
	.point_count = 4,
	.points = bus_points };

/* What was refused, as "0210" in order, and the last sentence. */
struct refusals {
	char kinds[64];
	char last[512];
};

static inline void note_refusal(void *owner, enum wq_refusal why, const char *what)
{
	struct refusals *refusals = owner;
	size_t used = strlen(refusals->kinds);

	if (used + 1 < sizeof refusals->kinds)
		refusals->kinds[used] = (char)('0' + (int)why);
	snprintf(refusals->last, sizeof refusals->last, "%s", what);
}

#endif
