/* SPDX-License-Identifier: Apache-2.0 */
/* Looking at a Modbus device by hand: read a range, see what its registers could mean, and what a
 * configured bus will ask. Nothing here writes to a device. */
#ifndef WQ_MODBUS_H
#define WQ_MODBUS_H

#include "wq/driver.h"
#include "wq/instant.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wq_err;
struct wq_modbus;

/* Where a device is: behind a host, or on a serial line. */
struct wq_modbus_target {
	const char *host; /* NULL: `device` */
	int port;
	bool rtu; /* RTU through a transparent serial server */
	const char *device; /* path of a serial line, of 8 data bits */
	int64_t baud;
	int parity; /* 'n', 'e', 'o' */
	int stop_bits;
	wq_ms timeout;      /* of each answer, and of connecting; > 0 */
	wq_ms (*now)(void); /* milliseconds of a clock that never runs backwards */
};

/* Most registers or bits of one request. */
#define WQ_MODBUS_COUNT 125

/* Prepares; touches no network. *target's texts outlive it. NULL with *err: a speed that serial lines do
 * not have, no memory. A line that another program holds is told by the first read. */
struct wq_modbus *wq_modbus_open(const struct wq_modbus_target *target, struct wq_err *err);
void wq_modbus_close(struct wq_modbus *modbus); /* NULL is fine */

/* Reads with function 1 to 4; connects when not connected; blocks for the timeout at most, twice
 * when it connects. registers[0 … count): registers, or 0 and 1 for bits. 0; 1 … 255: the device's
 * exception; WQ_E_INVALID: no such request; WQ_E_TIMEOUT, WQ_E_IO, WQ_E_PROTOCOL. One thread. */
int wq_modbus_read(struct wq_modbus *modbus, uint8_t unit_id, uint8_t function, uint16_t address,
        uint16_t count, uint16_t *registers, struct wq_err *err);

/* "illegal data address"; "unknown exception". */
const char *wq_modbus_exception(int code);

/* One way to read the registers at a place. */
struct wq_modbus_meaning {
	const char *type;  /* as the key `type` or `time_type`: "float32" "bcd" */
	const char *order; /* "ABCD"; NULL: it has none */
	size_t registers;  /* that it takes */
	bool is_time;      /* at holds, otherwise value */
	double value;      /* NaN: the registers are NaN */
	wq_ms at;
};

/* Enough for all of one place. */
#define WQ_MODBUS_MEANINGS 48

/* What the first of `count` registers, and those after it, can be: every type and time that fits and
 * is one. Local times are of `zone`. Pure. Returns how many. */
size_t wq_modbus_meanings(const uint16_t *registers, size_t count, const struct wq_zone *zone,
        struct wq_modbus_meaning meanings[WQ_MODBUS_MEANINGS]);

/* One request of a poll. */
struct wq_modbus_request {
	uint8_t unit_id, function;
	uint16_t address, count;
	bool twice; /* times out of reach of their values: read before and after them */
};

struct wq_modbus_line {
	wq_ms interval;     /* between two polls of a device */
	int64_t baud;       /* of a serial line; 0: it is a connection */
	int character_bits; /* with start, parity and stop */
};

/* What each poll of a configured bus of driver "modbus" asks, in the order of unit and address. *requests is one
 * malloc, the caller frees it. WQ_E_INVALID, WQ_E_MEMORY. */
int wq_modbus_requests(const struct wq_bus *bus, struct wq_modbus_request **requests, size_t *count,
        struct wq_modbus_line *line, struct wq_err *err);

#endif
