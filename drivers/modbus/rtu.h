/* SPDX-License-Identifier: Apache-2.0 */
/* Modbus RTU on the wire: unit, function, data and CRC, with no transaction number (Modbus over
 * Serial Line V1.02, §2.5.1 and §6.2). The same bytes go over a serial line and, through a
 * transparent serial server, over TCP. Pure and thread-safe; reading is all there is here (write.h). */
#ifndef WQ_MODBUS_RTU_H
#define WQ_MODBUS_RTU_H

#include "frame.h"
#include "link.h"

#include "wq/instant.h"

#include <stddef.h>
#include <stdint.h>

struct wq_err;

#define RTU_REQUEST   8   /* bytes of a request */
#define RTU_ANSWER    255 /* bytes of the longest answer: 125 registers */
#define RTU_EXCEPTION 5   /* bytes of an exception */

/* CRC-16/MODBUS (polynomial 8005 reflected, begins with FFFF); goes onto the wire low byte first.
 * Over bytes with their own CRC behind them it is 0. */
uint16_t rtu_crc(const uint8_t *bytes, size_t count);

/* What the bytes received so far are to a request. */
enum rtu_is {
	RTU_MORE,     /* its answer as far as it goes: more is needed */
	RTU_WHOLE,    /* its answer */
	RTU_REFUSAL,  /* an exception, whole */
	RTU_UNIT,     /* of another unit */
	RTU_FUNCTION, /* of another function, or exception 0, which there is not */
	RTU_COUNT,    /* of another number of registers */
	RTU_CRC,      /* damaged */
};
#define RTU_KINDS 7

struct rtu_look {
	enum rtu_is is;
	size_t length; /* RTU_MORE: bytes of the answer, 0: not known yet; WHOLE, REFUSAL, CRC: its
	                  bytes */
};

/* Looks at bytes[0 … have); what comes after a whole answer is not looked at. */
struct rtu_look rtu_look(const struct frame_request *request, const uint8_t *bytes, size_t have);

extern const struct link_framing rtu_framing;

/* Its calls; the transaction of a request plays no part. */
size_t rtu_write(const struct frame_request *request, uint8_t *bytes);
int rtu_length(
        const struct frame_request *request, const uint8_t *bytes, size_t have, struct wq_err *err);
int rtu_read(const struct frame_request *request, const uint8_t *bytes, size_t length,
        uint16_t *registers, struct wq_err *err);

/* How long the line is quiet between two messages, rounded up to ms: 3.5 characters of `bits` bits,
 * and 1.75 ms from 19,200 bit/s on (Modbus over Serial Line V1.02, §2.5.1.1). */
wq_ms rtu_silence(int64_t baud, int bits);

#endif
