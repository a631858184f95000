/* SPDX-License-Identifier: Apache-2.0 */
/* One request for registers or bits and the check of its answer (Modbus Messaging on TCP/IP V1.0b,
 * §3.1; Modbus Application Protocol V1.1b3, §6.1 to §6.4, §7). Pure and thread-safe.
 *
 * Written here because libmodbus 3.1.6 compares transaction, function and length of a TCP answer
 * but not its unit id: a gateway that hands on the late answer of one device as the answer of
 * another would give a wrong value that looks good. Reading is all there is here; what writes is in
 * write.c, which is built with WQ_MODBUS_WRITE only. */
#ifndef WQ_MODBUS_FRAME_H
#define WQ_MODBUS_FRAME_H

#include <stddef.h>
#include <stdint.h>

struct wq_err;
struct link_framing;

#define FRAME_REQUEST   12  /* bytes of a request */
#define FRAME_ANSWER    260 /* bytes of the longest answer */
#define FRAME_REGISTERS 125 /* registers of the longest answer */

struct frame_request {
	uint16_t transaction;
	uint8_t unit_id;
	uint8_t function; /* 1 and 2: bits; 3 and 4: registers */
	uint16_t address;
	uint16_t count; /* 1 … FRAME_REGISTERS, of registers or of bits */
	const uint16_t *values; /* what a command writes (write.h): [count], outlives the link; NULL: it reads */
};

/* Bytes of data in the answer: two for a register; functions 1 and 2 read bits, eight in a byte. */
unsigned frame_data_bytes(const struct frame_request *request);

void frame_write(const struct frame_request *request, uint8_t bytes[FRAME_REQUEST]);

/* The part of the check before the function: transaction, protocol, length, unit. 0 or WQ_E_PROTOCOL. */
int frame_check_header(const struct frame_request *request, const uint8_t *bytes, size_t length,
        struct wq_err *err);

/* 0: registers[0 … count) are filled, with 0 or 1 where bits were asked for; 1 … 255: the device's exception code; WQ_E_PROTOCOL: not the
 * answer to this request. Any bytes are safe; registers are written on success only. */
int frame_read(const struct frame_request *request, const uint8_t *bytes, size_t length,
        uint16_t *registers, struct wq_err *err);

/* How long the answer is that begins with these bytes; 0: too few of them to tell; WQ_E_PROTOCOL:
 * it is none, whatever follows. */
int frame_length(
        const struct frame_request *request, const uint8_t *bytes, size_t have, struct wq_err *err);

/* Modbus TCP for a link (link.h). */
extern const struct link_framing frame_tcp;

/* "illegal data address"; "unknown exception" for a code the specification lacks. */
const char *frame_exception(int code);

/* The exceptions by which a gateway says that the device behind it did not answer. */
#define FRAME_GATEWAY_PATH   10
#define FRAME_GATEWAY_TARGET 11

#endif
