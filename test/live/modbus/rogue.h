/* SPDX-License-Identifier: Apache-2.0 */
/* A Modbus TCP slave that misbehaves to order, in a thread of its own. */
#ifndef WQ_TEST_MODBUS_ROGUE_H
#define WQ_TEST_MODBUS_ROGUE_H

#include <stdbool.h>
#include <stdint.h>

enum rogue_manner {
	ROGUE_GOOD,
	ROGUE_SILENT,      /* never answers */
	ROGUE_LATE,        /* answers 1.5 × timeout late, as if nothing were the matter */
	ROGUE_TRANSACTION, /* answers with another transaction */
	ROGUE_UNIT,        /* answers in the name of another unit, with its registers */
	ROGUE_FUNCTION,
	ROGUE_SHORT,      /* one register too few */
	ROGUE_TRUNCATED,  /* half an answer, then nothing */
	ROGUE_GARBAGE,    /* 253 bytes of anything */
	ROGUE_DRIBBLE,    /* a byte every 60 ms */
	ROGUE_TWICE,      /* the answer twice: the second is there before the next request */
	ROGUE_PREVIOUS,   /* the answer to the request before */
	ROGUE_CLOSE,      /* closes instead of answering */
	ROGUE_ONE_EACH,   /* closes after the answer */
	ROGUE_BUSY,       /* exception 6 */
	ROGUE_GATEWAY,    /* exception 11 */
	ROGUE_NO_ADDRESS, /* exception 2 for addresses from 100 on */
	ROGUE_MANNERS,
	ROGUE_EXCEPTION = 100, /* + 1 … 255: the exception of that number */
};

struct rogue;

/* Register a of unit u holds the float32 of rogue_value(u, a) when a is even, its low half when
 * odd. */
float rogue_value(int unit_id, int address);

struct rogue *rogue_start(int timeout_ms);
void rogue_stop(struct rogue *rogue);
int rogue_port(const struct rogue *rogue);

/* How it answers unit ids from now on; unit_id 0: all. */
void rogue_be(struct rogue *rogue, int unit_id, enum rogue_manner manner);

/* Drops all connections, as a device does that restarts. Returns when they are dropped. */
void rogue_reboot(struct rogue *rogue);

unsigned rogue_requests(const struct rogue *rogue);       /* received so far */
unsigned rogue_connections(const struct rogue *rogue);    /* accepted so far */
bool rogue_was_asked_to_write(const struct rogue *rogue); /* any function but 3 and 4 */

#endif
