/* SPDX-License-Identifier: Apache-2.0 */
/* Builds a bus by hand and remembers what the driver hands over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

wq_ms harness_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return WQ_SECONDS(t.tv_sec) + t.tv_nsec / 1000000;
}

static int put(void *owner, const struct wq_sample *samples, size_t count, bool durable)
{
	struct harness *h = owner;

	(void)durable;
	h->puts++;
	if (h->put_answer < 0)
		return h->put_answer;
	for (size_t i = 0; i < count && h->count < HARNESS_SAMPLES; i++)
		h->samples[h->count++] = samples[i];
	return 0;
}

static void refuse(void *owner, enum wq_refusal why, const char *what)
{
	struct harness *h = owner;

	(void)why;
	h->refusals++;
	snprintf(h->refused, sizeof h->refused, "%s", what);
}

static void link_changed(void *owner, const char *down)
{
	(void)owner;
	(void)down;
}

struct harness *harness_new(int port, wq_ms timeout)
{
	struct harness *h = calloc(1, sizeof *h);

	if (!h)
		abort();
	h->bus_settings = (struct modbus_bus_settings){ .host = "127.0.0.1",
		.port = port,
		.timeout = timeout,
		.interval = 60000,
		.block = 125 };
	h->bus = (struct wq_bus){ .name = "test",
		.settings = &h->bus_settings,
		.zone = &wq_zone_china,
		.points = h->points };
	h->sink = (struct wq_sink){ .owner = h, .put = put, .refuse = refuse, .link = link_changed };
	return h;
}

void harness_free(struct harness *h)
{
	if (h->state)
		wq_driver_modbus.close(h->state);
	free(h->state);
	free(h);
}

struct modbus_point_settings *harness_point(struct harness *h, int unit_id, int address)
{
	size_t i = h->bus.point_count++;

	h->settings[i] = (struct modbus_point_settings){ .unit_id = unit_id,
		.address = address,
		.scale = "1",
		.offset = "0",
		.time_address = -1,
		.time_order = -1,
		.flag_address = -1,
		.flag_order = -1,
		.words = { { .address = -1 }, { .address = -1 }, { .address = -1 } } };
	h->points[i] = (struct wq_point){ .series = (uint32_t)i,
		.station = "yigan",
		.parameter = "tp",
		.code = "w21011",
		.factor = { 1, 0 },
		.settings = &h->settings[i] };
	return &h->settings[i];
}

void harness_open(struct harness *h)
{
	size_t bad;

	if (wq_driver_modbus.check(&h->bus, &bad, &h->err) < 0)
		fail_msg("%s", h->err.text);
	h->state = calloc(1, wq_driver_modbus.state_size(&h->bus));
	assert_non_null(h->state);
	if (wq_driver_modbus.open(h->state, &h->bus, &h->err) < 0)
		fail_msg("%s", h->err.text);
}

int harness_poll_keeping(struct harness *h, size_t unit)
{
	memset(&h->err, 0, sizeof h->err);
	return wq_driver_modbus.poll(h->state, unit, &h->sink, &h->err);
}

int harness_poll(struct harness *h, size_t unit)
{
	h->count = 0;
	return harness_poll_keeping(h, unit);
}

const struct wq_sample *harness_sample(const struct harness *h, uint32_t series)
{
	for (size_t i = 0; i < h->count; i++)
		if (h->samples[i].series == series)
			return &h->samples[i];
	return NULL;
}
