/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of an RTU request, and what may come back. */
#include "rtu.h"

#include "wq/err.h"

#define HEAD 3 /* unit, function, count of bytes */

/* Four bits at a time. */
uint16_t rtu_crc(const uint8_t *bytes, size_t count)
{
	static const uint16_t table[16] = { 0x0000, 0xCC01, 0xD801, 0x1400, 0xF001, 0x3C00, 0x2800,
		0xE401, 0xA001, 0x6C00, 0x7800, 0xB401, 0x5000, 0x9C01, 0x8801, 0x4400 };
	unsigned crc = 0xFFFF;

	for (size_t i = 0; i < count; i++) {
		crc ^= bytes[i];
		crc = crc >> 4 ^ table[crc & 15];
		crc = crc >> 4 ^ table[crc & 15];
	}
	return (uint16_t)crc;
}

static void put16(uint8_t *to, unsigned value)
{
	to[0] = (uint8_t)(value >> 8);
	to[1] = (uint8_t)value;
}

size_t rtu_write(const struct frame_request *request, uint8_t *bytes)
{
	uint16_t crc;

	bytes[0] = request->unit_id;
	bytes[1] = request->function;
	put16(bytes + 2, request->address);
	put16(bytes + 4, request->count);
	crc = rtu_crc(bytes, RTU_REQUEST - 2);
	bytes[6] = (uint8_t)crc;
	bytes[7] = (uint8_t)(crc >> 8);
	return RTU_REQUEST;
}

static struct rtu_look whole(enum rtu_is is, const uint8_t *bytes, size_t have, size_t length)
{
	if (have < length)
		return (struct rtu_look){ RTU_MORE, length };
	return (struct rtu_look){ rtu_crc(bytes, length) == 0 ? is : RTU_CRC, length };
}

struct rtu_look rtu_look(const struct frame_request *request, const uint8_t *bytes, size_t have)
{
	if (have >= 1 && bytes[0] != request->unit_id)
		return (struct rtu_look){ RTU_UNIT, 0 };
	if (have >= 2 && (bytes[1] & 0x7F) != request->function)
		return (struct rtu_look){ RTU_FUNCTION, 0 };
	if (have < HEAD)
		return (struct rtu_look){ RTU_MORE, 0 };
	if (bytes[1] & 0x80)
		return bytes[2] == 0 ? (struct rtu_look){ RTU_FUNCTION, 0 }
		                     : whole(RTU_REFUSAL, bytes, have, RTU_EXCEPTION);
	if (bytes[2] != frame_data_bytes(request))
		return (struct rtu_look){ RTU_COUNT, 0 };
	return whole(RTU_WHOLE, bytes, have, HEAD + frame_data_bytes(request) + 2u);
}

static int refuse(const struct frame_request *request, enum rtu_is is, const uint8_t *bytes,
        struct wq_err *err)
{
	static const struct {
		const char *format;
		uint8_t at; /* the byte that tells it */
	} sentences[RTU_KINDS] = {
		[RTU_UNIT] = { "answer of unit %u, asked was unit %u; or noise", 0 },
		[RTU_FUNCTION] = { "function %u in the answer, asked was %u", 1 },
		[RTU_COUNT] = { "%u bytes of data in the answer, asked were %u", 2 },
	};
	unsigned asked[] = { request->unit_id, request->function, frame_data_bytes(request) };

	if (is == RTU_CRC)
		return wq_fail(
		        err, WQ_E_PROTOCOL, "the CRC of the answer is wrong: damaged on the line");
	if (is == RTU_MORE)
		return wq_fail(err, WQ_E_PROTOCOL, "the answer is cut off");
	return wq_fail(err, WQ_E_PROTOCOL, sentences[is].format, bytes[sentences[is].at],
	        asked[sentences[is].at]);
}

int rtu_length(
        const struct frame_request *request, const uint8_t *bytes, size_t have, struct wq_err *err)
{
	struct rtu_look look = rtu_look(request, bytes, have);

	/* A damaged answer is whole as well: rtu_read() says what it is. */
	if (look.is <= RTU_REFUSAL || look.is == RTU_CRC)
		return (int)look.length;
	return refuse(request, look.is, bytes, err);
}

/* Of bits the first is the lowest of the first byte. */
static void take(const struct frame_request *request, const uint8_t *data, uint16_t *registers)
{
	for (size_t i = 0; i < request->count; i++) {
		if (request->function <= 2)
			registers[i] = (uint16_t)(data[i / 8] >> i % 8 & 1);
		else
			registers[i] = (uint16_t)(data[2 * i] << 8 | data[2 * i + 1]);
	}
}

int rtu_read(const struct frame_request *request, const uint8_t *bytes, size_t length,
        uint16_t *registers, struct wq_err *err)
{
	struct rtu_look look = rtu_look(request, bytes, length);

	if (look.is == RTU_REFUSAL && length == look.length)
		return bytes[2];
	if (look.is == RTU_WHOLE && length > look.length)
		return wq_fail(
		        err, WQ_E_PROTOCOL, "%zu bytes after the answer", length - look.length);
	if (look.is != RTU_WHOLE)
		return refuse(request, look.is == RTU_REFUSAL ? RTU_CRC : look.is, bytes, err);
	take(request, bytes + HEAD, registers);
	return 0;
}

wq_ms rtu_silence(int64_t baud, int bits)
{
	/* In µs; above 19,200 bit/s the time of a timer's interrupt is what counts. */
	int64_t us = baud > 19200 ? 1750 : (int64_t)bits * 3500000 / baud;

	return (us + 999) / 1000;
}

const struct link_framing rtu_framing = {
	.write = rtu_write,
	.length = rtu_length,
	.read = rtu_read,
	.alone = true,
};
