/* SPDX-License-Identifier: Apache-2.0 */
/* How a simulated device reads requests and writes answers: Modbus TCP and RTU. Written apart from
 * the driver, so that each is tested against somebody else. Pure. */
#ifndef WQ_SIM_WIRE_H
#define WQ_SIM_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIRE_BYTES 260 /* of the longest message */

enum wire_framing { WIRE_TCP, WIRE_RTU };

struct wire_request {
	size_t length; /* bytes that it took */
	uint8_t transaction[2];
	uint8_t unit;
	bool read; /* function 3 or 4 and of the right length: */
	uint8_t function;
	unsigned address, count;
};

/* Looks at bytes[0 … have). 1: *request is one; 0: more is needed; -1: these are none (TCP: the
 * connection has to go; RTU: the first byte is to be thrown away). */
int wire_parse(
        enum wire_framing framing, const uint8_t *bytes, size_t have, struct wire_request *request);

/* Writes an answer with `count` registers, or an exception; returns its length. */
size_t wire_answer(enum wire_framing framing, const struct wire_request *request,
        const uint16_t *registers, uint8_t bytes[WIRE_BYTES]);
size_t wire_exception(enum wire_framing framing, const struct wire_request *request, int code,
        uint8_t bytes[WIRE_BYTES]);

/* Makes the answer one of another unit, whole in itself. */
void wire_rename(enum wire_framing framing, uint8_t *bytes, size_t length, uint8_t unit);

#endif
