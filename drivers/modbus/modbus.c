/* SPDX-License-Identifier: Apache-2.0 */
/* The Modbus TCP driver: one connection, polled device by device. The only file that knows
 * libmodbus.
 *
 * The rules of the connection, each the answer to a fault seen in the field:
 * - libmodbus's error recovery is never used (it retries without end); closing and connecting are
 * done here, at most once in a poll.
 * - What has arrived unasked is thrown away before each request, and each answer is checked for
 * transaction, unit, function and length (frame.h): a late answer is never taken for another one.
 * - After a timeout or a wrong answer the connection is closed, so that what still comes goes
 * nowhere. An exception is an answer: the connection stays.
 * - A device's first timeout ends its poll; other devices behind the connection are not kept
 * waiting.
 * - The byte timeout is off: the response timeout then bounds the answer as a whole, and a peer
 * that dribbles bytes cannot hold the bus. */
#include "complaint.h"
#include "connect.h"
#include "frame.h"
#include "modbus_settings.h"
#include "readings.h"

#include "wq/driver.h"
#include "wq/err.h"

#include <errno.h>
#include <modbus/modbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define UNITS 256

struct unit {
	uint8_t id;
	char name[12];
};

struct device_bus {
	const struct modbus_bus_settings *settings;
	modbus_t *modbus;
	bool connected;
	bool reconnected; /* in this poll */
	uint16_t transaction;
	struct readings readings;
	uint8_t *told; /* per block: the exception that the sink was last told of, 0: none */
	size_t unit_count;
	struct unit units[UNITS];
};

_Static_assert(
        FRAME_ANSWER >= MODBUS_TCP_MAX_ADU_LENGTH, "libmodbus receives up to this many bytes");
_Static_assert(FRAME_REGISTERS == MODBUS_MAX_READ_REGISTERS, "the longest read");

/* ---- the connection ---- */

static void disconnect(struct device_bus *d)
{
	if (d->connected)
		modbus_close(d->modbus);
	d->connected = false;
}

static int reconnect(struct device_bus *d, struct wq_err *err)
{
	int fd;

	disconnect(d);
	d->reconnected = true;
	fd = connect_tcp(d->settings->host, (int)d->settings->port, d->settings->timeout, err);
	if (fd < 0)
		return fd;
	modbus_set_socket(d->modbus, fd);
	d->connected = true;
	return 0;
}

/* Why nothing was received. libmodbus's own texts come from a function that is not thread-safe. */
static int receive_failure(const struct device_bus *d, int number, struct wq_err *err)
{
	char buf[128];

	if (number == ETIMEDOUT)
		return wq_fail(err, WQ_E_TIMEOUT, "no whole answer within %lld ms",
		        (long long)d->settings->timeout);
	if (number == ECONNRESET)
		return wq_fail(err, WQ_E_IO, "the device closed the connection");
	if (number >= MODBUS_ENOBASE)
		return wq_fail(err, WQ_E_PROTOCOL, "the answer is no Modbus message");
	return wq_fail(err, WQ_E_IO, "cannot receive: %s", strerror_r(number, buf, sizeof buf));
}

/* One request on a connection that is up. As frame_read(); WQ_E_TIMEOUT and WQ_E_IO besides. */
static int transact(struct device_bus *d, const struct frame_request *request, uint16_t *registers,
        struct wq_err *err)
{
	uint8_t bytes[FRAME_ANSWER];
	int fd = modbus_get_socket(d->modbus);
	int n = connect_drain(fd, err);

	if (n < 0)
		return n;
	frame_write(request, bytes);
	if (send(fd, bytes, FRAME_REQUEST, MSG_NOSIGNAL) != FRAME_REQUEST)
		return wq_fail(err, WQ_E_IO, "cannot send the request");
	n = modbus_receive_confirmation(d->modbus, bytes);
	if (n < 0)
		return receive_failure(d, errno, err);
	return frame_read(request, bytes, (size_t)n, registers, err);
}

/* A connection that broke since the last poll (the device restarted, a firewall forgot it) is made
 * anew once and the request repeated: reading twice harms nothing. */
static int request(struct device_bus *d, const struct plan_block *block, uint16_t *registers,
        struct wq_err *err)
{
	struct frame_request q = {
		.unit_id = block->unit_id,
		.function = block->table == MODBUS_INPUT ? 4 : 3,
		.address = block->address,
		.count = block->registers,
	};
	int r = WQ_E_IO;

	if (d->connected) {
		q.transaction = ++d->transaction;
		r = transact(d, &q, registers, err);
	}
	if (r == WQ_E_IO && !d->reconnected) {
		r = reconnect(d, err);
		if (r == 0) {
			q.transaction = ++d->transaction;
			r = transact(d, &q, registers, err);
		}
	}
	if (r < 0)
		disconnect(d);
	return r;
}

/* ---- a poll ---- */

/* Puts the device before the sentence in *err. */
static int name_device(const struct device_bus *d, uint8_t unit_id, int code, struct wq_err *err)
{
	char text[WQ_ERR_TEXT];

	if (!err)
		return code;
	snprintf(text, sizeof text, "%s", err->text);
	return wq_fail(err, code, "unit %u at %s:%d: %s", unit_id, d->settings->host,
	        (int)d->settings->port, text);
}

/* Told when it begins and when it changes, not at each poll. */
static void tell_exception(struct device_bus *d, size_t block, int code, const struct wq_sink *sink)
{
	const struct plan_block *b = &d->readings.plan.blocks[block];
	char what[160];
	int n;

	if (d->told[block] == code)
		return;
	d->told[block] = (uint8_t)code;
	if (code == 0)
		return;
	n = snprintf(what, sizeof what, "unit %u: ", b->unit_id);
	complaint_block(b, code, what + n, sizeof what - (size_t)n);
	sink->refuse(sink->owner, WQ_REFUSED_VALUE, what);
}

static int read_block(struct device_bus *d, size_t block, bool again, const struct wq_sink *sink,
        struct wq_err *err)
{
	struct readings *readings = &d->readings;
	int r = request(
	        d, &readings->plan.blocks[block], readings_buffer(readings, block, again), err);

	if (r < 0)
		return r;
	if (r == FRAME_GATEWAY_PATH || r == FRAME_GATEWAY_TARGET)
		return wq_fail(err, WQ_E_TIMEOUT, "the gateway answers for it: exception %d, %s", r,
		        frame_exception(r));
	readings->states[block] = r == 0 ? BLOCK_READ : BLOCK_REFUSED;
	tell_exception(d, block, r, sink);
	return 0;
}

enum pass { TIMES_BEFORE, VALUES, TIMES_AFTER, PASSES };

static int read_pass(struct device_bus *d, uint8_t unit_id, enum pass pass,
        const struct wq_sink *sink, struct wq_err *err)
{
	const struct plan *plan = &d->readings.plan;

	for (size_t i = 0; i < plan->block_count; i++) {
		int r;

		if (plan->blocks[i].unit_id != unit_id || plan->blocks[i].check != (pass != VALUES))
			continue;
		if (pass == TIMES_AFTER && d->readings.states[i] != BLOCK_READ)
			continue;
		r = read_block(d, i, pass == TIMES_AFTER, sink, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* A device that refuses every block does not serve. */
static int check_served(const struct device_bus *d, uint8_t unit_id, struct wq_err *err)
{
	const struct plan *plan = &d->readings.plan;
	int code = 0;

	for (size_t i = 0; i < plan->block_count; i++) {
		if (plan->blocks[i].unit_id != unit_id || plan->blocks[i].check)
			continue;
		if (d->readings.states[i] == BLOCK_READ)
			return 0;
		code = d->told[i];
	}
	return wq_fail(err, WQ_E_REFUSED, "refuses all that is asked for: exception %d, %s", code,
	        frame_exception(code));
}

static int read_unit(
        struct device_bus *d, uint8_t unit_id, const struct wq_sink *sink, struct wq_err *err)
{
	readings_begin(&d->readings, unit_id);
	for (enum pass pass = TIMES_BEFORE; pass < PASSES; pass++) {
		int r = read_pass(d, unit_id, pass, sink, err);

		if (r < 0)
			return r;
	}
	return check_served(d, unit_id, err);
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

static int bus_poll(void *state, size_t unit, const struct wq_sink *sink, struct wq_err *err)
{
	struct device_bus *d = state;
	uint8_t unit_id = d->units[unit].id;
	int r;

	d->reconnected = false;
	r = read_unit(d, unit_id, sink, err);
	if (r == 0) {
		readings_gather(&d->readings, unit_id, sink);
		r = hand_over(d, sink, err);
	}
	return r < 0 ? name_device(d, unit_id, r, err) : 0;
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

static void find_units(struct device_bus *d, const struct wq_bus *bus)
{
	bool used[UNITS] = { false };

	for (size_t i = 0; i < bus->point_count; i++) {
		const struct modbus_point_settings *s = bus->points[i].settings;

		used[(uint8_t)s->unit_id] = true;
	}
	for (unsigned id = 0; id < UNITS; id++) {
		struct unit *u = &d->units[d->unit_count];

		if (!used[id])
			continue;
		u->id = (uint8_t)id;
		snprintf(u->name, sizeof u->name, "unit %u", id);
		d->unit_count++;
	}
}

static void bus_close(void *state)
{
	struct device_bus *d = state;

	disconnect(d);
	if (d->modbus)
		modbus_free(d->modbus);
	free(d->told);
	readings_close(&d->readings);
	memset(d, 0, sizeof *d);
}

static int open_modbus(struct device_bus *d, struct wq_err *err)
{
	uint32_t ms = (uint32_t)d->settings->timeout;

	/* The address is not used: the socket is made in connect.c. */
	d->modbus = modbus_new_tcp("0.0.0.0", MODBUS_TCP_DEFAULT_PORT);
	d->told = calloc(d->readings.plan.block_count + 1, sizeof *d->told);
	if (!d->modbus || !d->told)
		return wq_fail(err, WQ_E_MEMORY, "no memory for a Modbus connection");
	modbus_set_response_timeout(d->modbus, ms / 1000, ms % 1000 * 1000);
	modbus_set_byte_timeout(d->modbus, 0, 0);
	return 0;
}

static int bus_open(void *state, const struct wq_bus *bus, struct wq_err *err)
{
	struct device_bus *d = state;
	int r;

	d->settings = bus->settings;
	find_units(d, bus);
	r = readings_open(&d->readings, bus, err);
	if (r == 0)
		r = open_modbus(d, err);
	if (r < 0)
		bus_close(d);
	return r;
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
	.help = "Modbus TCP devices and gateways, read with functions 3 and 4",
	.bus_options = modbus_bus_options,
	.bus_settings_size = sizeof(struct modbus_bus_settings),
	.point_options = modbus_point_options,
	.point_settings_size = sizeof(struct modbus_point_settings),
	.check = modbus_check,
	.state_size = bus_state_size,
	.open = bus_open,
	.close = bus_close,
	.units = bus_units,
	.unit_interval = bus_unit_interval,
	.unit_name = bus_unit_name,
	.poll = bus_poll,
	.complain = bus_complain,
};
