/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of a read request, and what may come back. */
#include "frame.h"

#include "link.h"

#include "wq/err.h"

#include <stdbool.h>

#define HEADER 7 /* transaction, protocol, length, unit */

static void put16(uint8_t *to, unsigned value)
{
	to[0] = (uint8_t)(value >> 8);
	to[1] = (uint8_t)value;
}

static uint16_t get16(const uint8_t *from)
{
	return (uint16_t)(from[0] << 8 | from[1]);
}

unsigned frame_data_bytes(const struct frame_request *request)
{
	return request->function <= 2 ? (request->count + 7u) / 8u : request->count * 2u;
}

void frame_write(const struct frame_request *request, uint8_t bytes[FRAME_REQUEST])
{
	put16(bytes, request->transaction);
	put16(bytes + 2, 0);
	put16(bytes + 4, FRAME_REQUEST - 6);
	bytes[6] = request->unit_id;
	bytes[7] = request->function;
	put16(bytes + 8, request->address);
	put16(bytes + 10, request->count);
}

int frame_check_header(const struct frame_request *request, const uint8_t *bytes, size_t length,
        struct wq_err *err)
{
	if (length < HEADER + 2)
		return wq_fail(err, WQ_E_PROTOCOL, "an answer of %zu bytes, at least %d are needed",
		        length, HEADER + 2);
	if (get16(bytes) != request->transaction)
		return wq_fail(err, WQ_E_PROTOCOL, "answer to transaction %u, asked was %u",
		        get16(bytes), request->transaction);
	if (get16(bytes + 2) != 0)
		return wq_fail(err, WQ_E_PROTOCOL, "protocol %u in the answer, Modbus is 0",
		        get16(bytes + 2));
	if (get16(bytes + 4) != length - 6)
		return wq_fail(err, WQ_E_PROTOCOL, "the answer tells %u bytes and has %zu",
		        get16(bytes + 4), length - 6);
	if (bytes[6] != request->unit_id)
		return wq_fail(err, WQ_E_PROTOCOL, "answer of unit %u, asked was unit %u", bytes[6],
		        request->unit_id);
	return 0;
}

static bool of_bits(const struct frame_request *request)
{
	return request->function <= 2;
}

/* Bytes of the answer's data: eight bits a byte, two bytes a register. */
static unsigned data_bytes(const struct frame_request *request)
{
	return of_bits(request) ? (request->count + 7u) / 8u : request->count * 2u;
}

/* The first bit asked for is the lowest of the first byte. */
static void take(const struct frame_request *request, const uint8_t *data, uint16_t *registers)
{
	for (size_t i = 0; i < request->count; i++) {
		if (of_bits(request))
			registers[i] = (data[i / 8] >> (i % 8)) & 1;
		else
			registers[i] = get16(data + 2 * i);
	}
}

int frame_read(const struct frame_request *request, const uint8_t *bytes, size_t length,
        uint16_t *registers, struct wq_err *err)
{
	int r = frame_check_header(request, bytes, length, err);

	if (r < 0)
		return r;
	if (bytes[7] == (request->function | 0x80) && length == HEADER + 2 && bytes[8] != 0)
		return bytes[8];
	if (bytes[7] != request->function)
		return wq_fail(err, WQ_E_PROTOCOL, "function %u in the answer, asked was %u",
		        bytes[7], request->function);
	if (bytes[8] != data_bytes(request) || length != HEADER + 2 + data_bytes(request))
		return wq_fail(err, WQ_E_PROTOCOL, "%u bytes of %s in the answer, asked were %u",
		        bytes[8], of_bits(request) ? "bits" : "registers", data_bytes(request));
	take(request, bytes + HEADER + 2, registers);
	return 0;
}

int frame_length(
        const struct frame_request *request, const uint8_t *bytes, size_t have, struct wq_err *err)
{
	unsigned length;

	(void)request;
	if (have < HEADER - 1)
		return 0;
	length = get16(bytes + 4);
	if (get16(bytes + 2) != 0)
		return wq_fail(err, WQ_E_PROTOCOL, "protocol %u in the answer, Modbus is 0",
		        get16(bytes + 2));
	if (length < 3 || length > FRAME_ANSWER - (HEADER - 1))
		return wq_fail(err, WQ_E_PROTOCOL,
		        "an answer that tells %u bytes, 3 to %d are allowed", length,
		        FRAME_ANSWER - (HEADER - 1));
	return (int)length + HEADER - 1;
}

static size_t write_tcp(const struct frame_request *request, uint8_t *bytes)
{
	frame_write(request, bytes);
	return FRAME_REQUEST;
}

const struct link_framing frame_tcp = {
	.write = write_tcp,
	.length = frame_length,
	.read = frame_read,
};

const char *frame_exception(int code)
{
	static const char *const names[] = {
		[1] = "illegal function",
		[2] = "illegal data address",
		[3] = "illegal data value",
		[4] = "device failure",
		[5] = "acknowledge, not done yet",
		[6] = "device busy",
		[8] = "memory parity error",
		[FRAME_GATEWAY_PATH] = "gateway path unavailable",
		[FRAME_GATEWAY_TARGET] = "gateway target failed to respond",
	};

	if (code < 0 || (size_t)code >= sizeof names / sizeof *names || !names[code])
		return "unknown exception";
	return names[code];
}
