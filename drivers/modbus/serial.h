/* SPDX-License-Identifier: Apache-2.0 */
/* A serial line as a way for a link. The port is opened by its name each time, so that an adapter
 * that was pulled out and put back is found again where its name says who it is
 * (/dev/serial/by-id/…), and locked against other programs: two masters on one line scramble each
 * other's messages. One thread at a time. */
#ifndef WQ_MODBUS_SERIAL_H
#define WQ_MODBUS_SERIAL_H

#include "link.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum serial_parity { SERIAL_NONE, SERIAL_EVEN, SERIAL_ODD };

/* Who switches an RS-485 transceiver between sending and receiving. */
enum serial_direction {
	SERIAL_DIRECT,   /* nobody has to, or the adapter by itself: nearly all of them */
	SERIAL_RTS_HIGH, /* the kernel's driver: RTS is on while it sends */
	SERIAL_RTS_LOW,  /* RTS is off while it sends */
};

/* The way_state of serial_way. */
struct serial {
	const char *device; /* outlives it */
	int64_t baud;
	int parity, stop_bits, rs485;
};

extern const struct link_way serial_way;

/* Whether the hardware's interface knows this speed; then the next lower and higher one that it
 * knows are in *below and *above when it does not (0: none). */
bool serial_speed(int64_t baud, int64_t *below, int64_t *above);

/* Bits of a character: start, 8 of data, parity, stop. */
int serial_bits(const struct serial *serial);

/* Whether the name is one that the kernel gives away in the order in which ports are found. */
bool serial_name_moves(const char *device);

#endif
