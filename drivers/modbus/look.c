/* SPDX-License-Identifier: Apache-2.0 */
/* A device looked at by hand, over the same link as the polls. */
#include "wq/modbus.h"

#include "connect.h"
#include "frame.h"
#include "link.h"
#include "owed.h"
#include "readings.h"
#include "rtu.h"
#include "serial.h"

#include "wq/err.h"

#include <poll.h>
#include <stdlib.h>

struct wq_modbus {
	struct connect connect;
	struct serial serial;
	struct owed owed;
	struct link link;
	wq_ms (*now)(void);
};

_Static_assert(WQ_MODBUS_COUNT == FRAME_REGISTERS, "the longest read");

static int by_line(
        struct wq_modbus *modbus, const struct wq_modbus_target *target, struct link_options *options,
        struct wq_err *err)
{
	const int parity = target->parity == 'e' ? SERIAL_EVEN : target->parity == 'o' ? SERIAL_ODD : SERIAL_NONE;
	int64_t below, above;
	int bits;

	if (!serial_speed(target->baud, &below, &above))
		return wq_fail(err, WQ_E_INVALID,
		        "%lld bit/s is no speed of a serial line; the next are %lld and %lld",
		        (long long)target->baud, (long long)below, (long long)above);
	modbus->serial = (struct serial){ .device = target->device,
		.baud = target->baud,
		.parity = parity,
		.stop_bits = target->stop_bits,
		.rs485 = SERIAL_DIRECT };
	bits = serial_bits(&modbus->serial);
	options->way = &serial_way;
	options->way_state = &modbus->serial;
	options->silence = rtu_silence(target->baud, bits);
	options->settle = 50;
	options->byte_us = (int64_t)bits * 1000000 / target->baud + 1;
	return 0;
}

struct wq_modbus *wq_modbus_open(const struct wq_modbus_target *target, struct wq_err *err)
{
	const bool rtu = target->rtu || target->host == NULL;
	struct wq_modbus *modbus = calloc(1, sizeof *modbus);
	struct link_options options = { .way = &connect_way,
		.framing = rtu ? &rtu_framing : &frame_tcp,
		.timeout = target->timeout };

	if (modbus == NULL) {
		wq_fail(err, WQ_E_MEMORY, "no memory for a connection");
		return NULL;
	}
	modbus->now = target->now;
	options.way_state = &modbus->connect;
	options.owed = rtu ? &modbus->owed : NULL;
	options.settle = rtu ? 200 : 0;
	connect_init(&modbus->connect, target->host == NULL ? "" : target->host, target->port);
	if (target->host == NULL && by_line(modbus, target, &options, err) < 0) {
		free(modbus);
		return NULL;
	}
	link_init(&modbus->link, &options);
	return modbus;
}

void wq_modbus_close(struct wq_modbus *modbus)
{
	if (modbus == NULL)
		return;
	link_close(&modbus->link);
	connect_forget(&modbus->connect);
	free(modbus);
}

static void wait_for(const struct wq_modbus *modbus)
{
	struct wq_wait wait;
	struct pollfd p;
	wq_ms left;

	link_wait(&modbus->link, &wait);
	left = wait.deadline == WQ_NO_TIME ? 100 : wait.deadline - modbus->now();
	p = (struct pollfd){ .fd = wait.fd, .events = wait.events };
	poll(&p, 1, left < 0 ? 0 : left > 60000 ? 60000 : (int)left);
}

int wq_modbus_read(struct wq_modbus *modbus, uint8_t unit_id, uint8_t function, uint16_t address,
        uint16_t count, uint16_t *registers, struct wq_err *err)
{
	const struct frame_request request = {
		.unit_id = unit_id, .function = function, .address = address, .count = count
	};
	int r;

	if (function < 1 || function > 4 || count < 1 || count > FRAME_REGISTERS ||
	        address + count > 65536)
		return wq_fail(err, WQ_E_INVALID,
		        "function %u, %u from %u: there is no such request; functions are 1 to 4, counts "
		        "1 to %d, addresses 0 to 65535",
		        function, count, address, FRAME_REGISTERS);
	link_ask(&modbus->link, &request, modbus->now());
	while ((r = link_step(&modbus->link, registers, modbus->now(), err)) == LINK_UNDERWAY)
		wait_for(modbus);
	return r;
}

const char *wq_modbus_exception(int code)
{
	return frame_exception(code);
}

/* ---- what a bus asks ---- */

int wq_modbus_requests(const struct wq_bus *bus, struct wq_modbus_request **requests, size_t *count,
        struct wq_modbus_line *line, struct wq_err *err)
{
	const struct modbus_bus_settings *settings = bus->settings;
	const struct serial serial = { .parity = settings->parity, .stop_bits = (int)settings->stop_bits };
	struct readings readings;
	int r = readings_open(&readings, bus, err);

	*requests = NULL;
	*count = 0;
	*line = (struct wq_modbus_line){ .interval = settings->interval };
	if (settings->device != NULL) {
		line->baud = settings->baud;
		line->character_bits = serial_bits(&serial);
	}
	if (r < 0)
		return r;
	*requests = calloc(readings.plan.block_count + 1, sizeof **requests);
	if (*requests == NULL)
		r = wq_fail(err, WQ_E_MEMORY, "no memory for the plan");
	for (size_t i = 0; r == 0 && i < readings.plan.block_count; i++) {
		const struct plan_block *b = &readings.plan.blocks[i];

		(*requests)[(*count)++] = (struct wq_modbus_request){
			.unit_id = b->unit_id,
			.function = modbus_function(b->table),
			.address = b->address,
			.count = b->registers,
			.twice = b->check,
		};
	}
	readings_close(&readings);
	return r;
}
