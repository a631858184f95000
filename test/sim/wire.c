/* SPDX-License-Identifier: Apache-2.0 */
/* Headers, lengths and the CRC. */
#include "wire.h"

#include <string.h>

#define HEADER      7 /* of TCP: transaction, protocol, length, unit */
#define READ_LENGTH 5 /* function, address, count */

static unsigned get16(const uint8_t *from)
{
	return (unsigned)(from[0] << 8 | from[1]);
}

static void put16(uint8_t *to, unsigned value)
{
	to[0] = (uint8_t)(value >> 8);
	to[1] = (uint8_t)value;
}

/* Bit by bit, as Modbus over Serial Line V1.02 has it in §6.2.2. */
static unsigned crc(const uint8_t *bytes, size_t count)
{
	unsigned sum = 0xFFFF;

	for (size_t i = 0; i < count; i++) {
		sum ^= bytes[i];
		for (int bit = 0; bit < 8; bit++)
			sum = sum & 1 ? sum >> 1 ^ 0xA001 : sum >> 1;
	}
	return sum;
}

static void read_pdu(struct wire_request *request, const uint8_t *pdu, size_t length)
{
	request->function = pdu[0];
	request->read = (pdu[0] == 3 || pdu[0] == 4) && length == READ_LENGTH;
	if (request->read) {
		request->address = get16(pdu + 1);
		request->count = get16(pdu + 3);
	}
}

static int parse_tcp(const uint8_t *bytes, size_t have, struct wire_request *request)
{
	size_t length;

	if (have < HEADER + 1)
		return 0;
	length = get16(bytes + 4) + 6u;
	if (get16(bytes + 2) != 0 || length < HEADER + 1 || length > WIRE_BYTES)
		return -1;
	if (have < length)
		return 0;
	*request = (struct wire_request){ .length = length, .unit = bytes[6] };
	memcpy(request->transaction, bytes, 2);
	read_pdu(request, bytes + HEADER, length - HEADER);
	return 1;
}

/* All requests that a reader or a writer of one register sends have the same length; of others the
 * CRC does not fit, and like a real device it stays silent. */
static int parse_rtu(const uint8_t *bytes, size_t have, struct wire_request *request)
{
	const size_t length = 1 + READ_LENGTH + 2;

	if (have < length)
		return 0;
	if (crc(bytes, length) != 0)
		return -1;
	*request = (struct wire_request){ .length = length, .unit = bytes[0] };
	read_pdu(request, bytes + 1, READ_LENGTH);
	return 1;
}

int wire_parse(
        enum wire_framing framing, const uint8_t *bytes, size_t have, struct wire_request *request)
{
	return framing == WIRE_TCP ? parse_tcp(bytes, have, request)
	                           : parse_rtu(bytes, have, request);
}

static size_t seal(enum wire_framing framing, uint8_t *bytes, size_t pdu)
{
	size_t length = 1 + pdu;
	unsigned sum;

	if (framing == WIRE_TCP) {
		put16(bytes + 4, (unsigned)pdu + 1);
		return HEADER + pdu;
	}
	sum = crc(bytes, length);
	bytes[length] = (uint8_t)sum;
	bytes[length + 1] = (uint8_t)(sum >> 8);
	return length + 2;
}

/* Writes what stands before the function; returns where that is. */
static uint8_t *begin(enum wire_framing framing, const struct wire_request *request, uint8_t *bytes)
{
	uint8_t *unit = bytes + (framing == WIRE_TCP ? HEADER - 1 : 0);

	if (framing == WIRE_TCP) {
		memcpy(bytes, request->transaction, 2);
		put16(bytes + 2, 0);
	}
	*unit = request->unit;
	return unit + 1;
}

size_t wire_answer(enum wire_framing framing, const struct wire_request *request,
        const uint16_t *registers, uint8_t bytes[WIRE_BYTES])
{
	uint8_t *pdu = begin(framing, request, bytes);

	pdu[0] = request->function;
	pdu[1] = (uint8_t)(2 * request->count);
	for (unsigned i = 0; i < request->count; i++)
		put16(pdu + 2 + 2 * (size_t)i, registers[i]);
	return seal(framing, bytes, 2 + 2 * (size_t)request->count);
}

size_t wire_exception(enum wire_framing framing, const struct wire_request *request, int code,
        uint8_t bytes[WIRE_BYTES])
{
	uint8_t *pdu = begin(framing, request, bytes);

	pdu[0] = request->function | 0x80;
	pdu[1] = (uint8_t)code;
	return seal(framing, bytes, 2);
}

void wire_rename(enum wire_framing framing, uint8_t *bytes, size_t length, uint8_t unit)
{
	bytes[framing == WIRE_TCP ? HEADER - 1 : 0] = unit;
	seal(framing, bytes, framing == WIRE_TCP ? length - HEADER : length - 3);
}
