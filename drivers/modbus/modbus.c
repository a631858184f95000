/* SPDX-License-Identifier: Apache-2.0 */
/* The Modbus driver: one connection or serial line (link.h), polled device by device (polling.h).
 */
#include "command.h"
#include "complaint.h"
#include "connect.h"
#include "frame.h"
#include "link.h"
#include "modbus_settings.h"
#include "polling.h"
#include "readings.h"
#include "rtu.h"
#include "serial.h"

#include "wq/driver.h"
#include "wq/err.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define UNITS 256

struct unit {
	uint8_t id;
	char name[12];
};

struct device_bus {
	const struct modbus_bus_settings *settings;
	struct connect connect;
	struct serial serial;
	struct link link;
	struct owed *owed; /* of RTU; NULL otherwise */
	struct modbus_identity *identities;
	size_t identity_count;
	struct readings readings;
	struct poll poll;
	struct command_set commands;
	uint8_t *told; /* per block: the exception that the sink was last told of, 0: none */
	size_t unit_count;
	struct unit *units;
};

/* ---- a poll ---- */

/* Puts the device before the sentence in *err. */
static int name_device(const struct device_bus *d, int code, struct wq_err *err)
{
	char text[WQ_ERR_TEXT];

	if (!err)
		return code;
	snprintf(text, sizeof text, "%s", err->text);
	if (d->settings->device)
		return wq_fail(
		        err, code, "unit %u at %s: %s", d->poll.unit_id, d->settings->device, text);
	return wq_fail(err, code, "unit %u at %s:%d: %s", d->poll.unit_id, d->settings->host,
	        (int)d->settings->port, text);
}

static int hand_over(struct device_bus *d, const struct wq_sink *sink, struct wq_err *err)
{
	struct readings *readings = &d->readings;
	int r;

	if (readings->count == 0)
		return 0;
	r = sink->put(sink->owner, readings->samples, readings->count, false);
	if (r < 0)
		return wq_fail(err, r,
		        "%zu values were read and not taken; the next poll tells them",
		        readings->count);
	readings_commit(readings);
	return 0;
}

static void bus_begin(void *state, size_t unit, wq_ms now)
{
	struct device_bus *d = state;

	(void)now;
	poll_begin(&d->poll, d->units[unit].id);
}

static int bus_step(void *state, const struct wq_sink *sink, wq_ms now, struct wq_err *err)
{
	struct device_bus *d = state;
	int r = poll_step(&d->poll, sink, now, err);

	if (r == 0) {
		readings_gather(&d->readings, d->poll.unit_id, sink);
		r = hand_over(d, sink, err);
	}
	return r < 0 ? name_device(d, r, err) : r;
}

static void bus_wait(const void *state, struct wq_wait *wait)
{
	link_wait(&((const struct device_bus *)state)->link, wait);
}

static bool bus_keeps(const void *state)
{
	return ((const struct device_bus *)state)->settings->connection == MODBUS_HELD;
}

static void bus_let_go(void *state)
{
	link_close(&((struct device_bus *)state)->link);
}

static wq_ms steady(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return WQ_SECONDS(t.tv_sec) + t.tv_nsec / 1000000;
}

/* The same for one who may wait. */
static int bus_poll(void *state, size_t unit, const struct wq_sink *sink, struct wq_err *err)
{
	int r;

	bus_begin(state, unit, steady());
	while ((r = bus_step(state, sink, steady(), err)) == WQ_UNDERWAY) {
		struct wq_wait wait;
		struct pollfd p;
		wq_ms span;

		bus_wait(state, &wait);
		p = (struct pollfd){ .fd = wait.fd, .events = wait.events };
		span = wait.deadline - steady();
		if (poll(&p, 1, span > 0 ? (int)span : 0) < 0 && errno != EINTR)
			return wq_fail(err, WQ_E_IO, "cannot wait for the device");
	}
	return r;
}

static void bus_complain(const void *state, size_t unit, wq_ms now, char *text, size_t cap)
{
	const struct device_bus *d = state;
	const struct plan *plan = &d->readings.plan;

	for (size_t i = 0; i < plan->block_count; i++)
		if (plan->blocks[i].unit_id == d->units[unit].id && d->told[i] != 0) {
			complaint_block(&plan->blocks[i], d->told[i], text, cap);
			return;
		}
	complaint_points(&d->readings, d->units[unit].id, now, text, cap);
}

/* ---- opening and closing ---- */

static void find_used(const struct wq_bus *bus, bool used[UNITS])
{
	for (size_t i = 0; i < bus->point_count; i++) {
		const struct modbus_point_settings *s = bus->points[i].settings;

		used[(uint8_t)s->unit_id] = true;
	}
}

static int open_units(struct device_bus *d, const struct wq_bus *bus, struct wq_err *err)
{
	bool used[UNITS] = { false };
	size_t count = 0;

	find_used(bus, used);
	for (unsigned id = 0; id < UNITS; id++)
		count += used[id];
	d->units = calloc(count + 1, sizeof *d->units);
	if (!d->units)
		return wq_fail(err, WQ_E_MEMORY, "no memory for %zu devices", count);
	for (unsigned id = 0; id < UNITS; id++) {
		struct unit *u = &d->units[d->unit_count];

		if (!used[id])
			continue;
		u->id = (uint8_t)id;
		snprintf(u->name, sizeof u->name, "unit %u", id);
		d->unit_count++;
	}
	return 0;
}

static void bus_close(void *state)
{
	struct device_bus *d = state;

	link_close(&d->link);
	connect_forget(&d->connect);
	free(d->told);
	free(d->units);
	free(d->owed);
	free(d->identities);
	command_set_close(&d->commands);
	readings_close(&d->readings);
	memset(d, 0, sizeof *d);
}

/* How long a line is quiet after something went wrong: an adapter hands on what it received in
 * pieces of 16 ms, a serial server in pieces of some tens. */
#define SETTLE        50
#define SETTLE_SERVER 200

static void open_serial(struct device_bus *d, struct link_options *options)
{
	const struct modbus_bus_settings *s = d->settings;
	int bits;

	d->serial = (struct serial){ .device = s->device,
		.baud = s->baud,
		.parity = s->parity,
		.stop_bits = (int)s->stop_bits,
		.rs485 = s->rs485 };
	bits = serial_bits(&d->serial);
	options->way = &serial_way;
	options->way_state = &d->serial;
	options->silence = rtu_silence(s->baud, bits);
	options->settle = SETTLE;
	options->byte_us = (int64_t)bits * 1000000 / s->baud + 1;
}

static void open_connection(struct device_bus *d, struct link_options *options)
{
	connect_init(&d->connect, d->settings->host, (int)d->settings->port);
	options->way = &connect_way;
	options->way_state = &d->connect;
	options->settle = modbus_is_rtu(d->settings) ? SETTLE_SERVER : 0;
}

static void open_link(struct device_bus *d)
{
	struct link_options options = { .framing = command_framing(modbus_is_rtu(d->settings)),
		.timeout = d->settings->timeout,
		.owed = d->owed };

	if (d->settings->device)
		open_serial(d, &options);
	else
		open_connection(d, &options);
	link_init(&d->link, &options);
}

static int open_identities(struct device_bus *d, struct wq_err *err)
{
	const struct wq_list *list = &d->settings->identity;
	int r = 0;

	d->identities = calloc(list->count + 1, sizeof *d->identities);
	if (!d->identities)
		return wq_fail(err, WQ_E_MEMORY, "no memory for %zu identities", list->count);
	for (; d->identity_count < list->count && r == 0; d->identity_count++)
		r = modbus_identity_parse(
		        list->items[d->identity_count], &d->identities[d->identity_count], err);
	return r;
}

static int bus_open(void *state, const struct wq_bus *bus, struct wq_err *err)
{
	struct device_bus *d = state;
	int r;

	d->settings = bus->settings;
	if (modbus_is_rtu(d->settings))
		d->owed = calloc(1, sizeof *d->owed);
	open_link(d);
	r = d->owed || !modbus_is_rtu(d->settings)
	        ? 0
	        : wq_fail(err, WQ_E_MEMORY, "no memory for a line");
	if (r == 0)
		r = open_units(d, bus, err);
	if (r == 0)
		r = open_identities(d, err);
	if (r == 0)
		r = readings_open(&d->readings, bus, err);
	if (r == 0) {
		d->told = calloc(d->readings.plan.block_count + 1, sizeof *d->told);
		d->poll = (struct poll){ &d->link, .readings = &d->readings, .told = d->told,
			.identities = d->identities, .identity_count = d->identity_count };
		if (!d->told)
			r = wq_fail(err, WQ_E_MEMORY, "no memory for a Modbus connection");
	}
	if (r == 0)
		r = command_set_open(&d->commands, &d->settings->commands, &d->poll, err);
	if (r < 0)
		bus_close(d);
	return r;
}

struct command_set *command_set_of(const void *state)
{
	return &((struct device_bus *)(uintptr_t)state)->commands;
}

static size_t bus_state_size(const struct wq_bus *bus)
{
	(void)bus;
	return sizeof(struct device_bus);
}

static size_t bus_units(const void *state)
{
	return ((const struct device_bus *)state)->unit_count;
}

static wq_ms bus_unit_interval(const void *state, size_t unit)
{
	(void)unit;
	return ((const struct device_bus *)state)->settings->interval;
}

static const char *bus_unit_name(const void *state, size_t unit)
{
	return ((const struct device_bus *)state)->units[unit].name;
}

extern const struct wq_driver wq_driver_modbus;

const struct wq_driver wq_driver_modbus = {
	.name = "modbus",
	.help = "Modbus devices and gateways over TCP and serial lines",
	.bus_options = modbus_bus_options,
	.bus_settings_size = sizeof(struct modbus_bus_settings),
	.point_options = modbus_point_options,
	.point_settings_size = sizeof(struct modbus_point_settings),
	.check = modbus_check,
	.advise = modbus_advise,
	.claims = modbus_claims,
	.state_size = bus_state_size,
	.open = bus_open,
	.close = bus_close,
	.units = bus_units,
	.unit_interval = bus_unit_interval,
	.unit_name = bus_unit_name,
	.poll = bus_poll,
	.begin = bus_begin,
	.step = bus_step,
	.wait = bus_wait,
	.keeps = bus_keeps,
	.let_go = bus_let_go,
	.complain = bus_complain,
	.commanding = &command_commanding,
};
