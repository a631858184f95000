/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of a command, and the check of its echo. */
#include "write.h"

#include "rtu.h"

#include "wq/err.h"

#include <stdbool.h>

#define HEADER    7 /* of TCP: transaction, protocol, length, unit */
#define ECHO      5 /* function, address, and the value (5, 6) or how many (16) */
#define RTU_WHOLE_ECHO (1 + ECHO + 2)

static void put16(uint8_t *to, unsigned value)
{
	to[0] = (uint8_t)(value >> 8);
	to[1] = (uint8_t)value;
}

static unsigned get16(const uint8_t *from)
{
	return (unsigned)(from[0] << 8 | from[1]);
}

static bool write_is(const struct frame_request *request)
{
	return request->values != NULL;
}

/* Function and data; returns how many bytes. Its first ECHO are what the device repeats. */
static size_t write_pdu(const struct frame_request *request, uint8_t *to)
{
	to[0] = request->function;
	put16(to + 1, request->address);
	if (request->function != WRITE_REGISTERS) {
		put16(to + 3, request->values[0]);
		return ECHO;
	}
	put16(to + 3, request->count);
	to[5] = (uint8_t)(2 * request->count);
	for (size_t i = 0; i < request->count; i++)
		put16(to + 6 + 2 * i, request->values[i]);
	return 6 + 2u * request->count;
}

/* The echo, of which unit and function are known to be right. */
static int write_check_echo(const struct frame_request *request, const uint8_t *echo, struct wq_err *err)
{
	uint8_t wanted[FRAME_ANSWER];

	write_pdu(request, wanted);
	if (get16(echo + 1) != get16(wanted + 1))
		return wq_fail(err, WQ_E_PROTOCOL, "the device's echo tells address %u, written was %u",
		        get16(echo + 1), get16(wanted + 1));
	if (get16(echo + 3) != get16(wanted + 3))
		return wq_fail(err, WQ_E_PROTOCOL, "the device's echo tells %s %u, written was %u",
		        request->function == WRITE_REGISTERS ? "registers:" : "value", get16(echo + 3),
		        get16(wanted + 3));
	return 0;
}

/* ---- TCP ---- */

static size_t write_tcp_request(const struct frame_request *request, uint8_t *bytes)
{
	size_t body;

	if (!write_is(request))
		return frame_tcp.write(request, bytes);
	body = write_pdu(request, bytes + HEADER);
	put16(bytes, request->transaction);
	put16(bytes + 2, 0);
	put16(bytes + 4, (unsigned)body + 1);
	bytes[6] = request->unit_id;
	return HEADER + body;
}

static int write_tcp_read(const struct frame_request *request, const uint8_t *bytes, size_t length, uint16_t *registers,
        struct wq_err *err)
{
	int r;

	if (!write_is(request))
		return frame_tcp.read(request, bytes, length, registers, err);
	r = frame_check_header(request, bytes, length, err);
	if (r < 0)
		return r;
	if (bytes[7] == (request->function | 0x80) && length == HEADER + 2 && bytes[8] != 0)
		return bytes[8];
	if (bytes[7] != request->function)
		return wq_fail(err, WQ_E_PROTOCOL, "function %u in the answer, asked was %u", bytes[7],
		        request->function);
	if (length != HEADER + ECHO)
		return wq_fail(err, WQ_E_PROTOCOL, "the device's echo has %zu bytes, %d are needed", length - HEADER, ECHO);
	return write_check_echo(request, bytes + HEADER, err);
}

const struct link_framing write_tcp_framing = {
	.write = write_tcp_request,
	.length = frame_length,
	.read = write_tcp_read,
};

/* ---- RTU ---- */

static size_t write_rtu_request(const struct frame_request *request, uint8_t *bytes)
{
	size_t length;
	uint16_t crc;

	if (!write_is(request))
		return rtu_framing.write(request, bytes);
	bytes[0] = request->unit_id;
	length = 1 + write_pdu(request, bytes + 1);
	crc = rtu_crc(bytes, length);
	bytes[length] = (uint8_t)crc;
	bytes[length + 1] = (uint8_t)(crc >> 8);
	return length + 2;
}

static int write_rtu_length(const struct frame_request *request, const uint8_t *bytes, size_t have, struct wq_err *err)
{
	if (!write_is(request))
		return rtu_framing.length(request, bytes, have, err);
	if (have >= 1 && bytes[0] != request->unit_id)
		return wq_fail(err, WQ_E_PROTOCOL, "answer of unit %u, asked was unit %u; or noise", bytes[0],
		        request->unit_id);
	if (have >= 2 && (bytes[1] & 0x7F) != request->function)
		return wq_fail(err, WQ_E_PROTOCOL, "function %u in the answer, asked was %u", bytes[1],
		        request->function);
	if (have < 2)
		return 0;
	return bytes[1] & 0x80 ? RTU_EXCEPTION : RTU_WHOLE_ECHO;
}

static int write_rtu_read(const struct frame_request *request, const uint8_t *bytes, size_t length, uint16_t *registers,
        struct wq_err *err)
{
	int whole;

	if (!write_is(request))
		return rtu_framing.read(request, bytes, length, registers, err);
	whole = write_rtu_length(request, bytes, length, err);
	if (whole < 0)
		return whole;
	if (whole == 0 || length < (size_t)whole)
		return wq_fail(err, WQ_E_PROTOCOL, "the answer is cut off");
	if (length > (size_t)whole)
		return wq_fail(err, WQ_E_PROTOCOL, "%zu bytes after the answer", length - (size_t)whole);
	if (rtu_crc(bytes, length) != 0)
		return wq_fail(err, WQ_E_PROTOCOL, "the CRC of the answer is wrong: damaged on the line");
	if (whole == RTU_EXCEPTION)
		return bytes[2] != 0 ? bytes[2] : wq_fail(err, WQ_E_PROTOCOL, "exception 0, which there is not");
	return write_check_echo(request, bytes + 1, err);
}

const struct link_framing write_rtu_framing = {
	.write = write_rtu_request,
	.length = write_rtu_length,
	.read = write_rtu_read,
	.alone = true,
};
