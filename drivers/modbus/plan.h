/* SPDX-License-Identifier: Apache-2.0 */
/* Which registers are read together. Pure: from the points' addresses to blocks, once, when the bus
 * is opened.
 *
 * - No block is longer than the configured maximum, none reads across more than `gap` registers
 * that no point asked for (analysers refuse addresses that they do not have), none mixes devices or
 * tables.
 * - A value, its flag and the time it was measured at are in one block wherever that is possible, so
 * that all are of the same instant. Where the time is out of reach it is read in a check block before
 * and after the values, and counts when it did not change in between; a flag out of reach is an error.
 * - Words of state are read with the values, in blocks of their own where they lie apart. */
#ifndef WQ_MODBUS_PLAN_H
#define WQ_MODBUS_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wq_err;

#define PLAN_NO_BLOCK UINT32_MAX
#define PLAN_WORDS    3

struct plan_point {
	uint8_t unit_id;
	uint8_t table;
	uint16_t address, registers;
	uint16_t time_address, time_registers; /* 0 registers: no time */
	uint16_t flag_address, flag_registers; /* 0 registers: no flag */
	uint8_t word_count;
	uint16_t word_addresses[PLAN_WORDS]; /* a register each */
};

struct plan_block {
	uint8_t unit_id;
	uint8_t table;
	bool check; /* times only; read before and after the values */
	uint16_t address, registers;
	size_t at; /* where its registers go in the buffer; a check block has room for both
	              readings, one after the other */
};

/* Where a point is found. */
struct plan_place {
	uint32_t value_block; /* index into blocks; never a check block; the flag is there too */
	uint32_t time_block;  /* the same, a check block, or PLAN_NO_BLOCK */
	uint32_t word_blocks[PLAN_WORDS]; /* never check blocks */
};

struct plan {
	size_t block_count;
	struct plan_block
	        *blocks; /* check blocks last; each kind ascends by unit, table, address */
	struct plan_place *places; /* one per point */
	size_t register_count;     /* of the buffer */
};

/* block: 1 … 125 and at least the width of each value, time and flag. WQ_E_INVALID: the flag of a
 * point (*bad) cannot be read with its value; WQ_E_MEMORY, *bad is SIZE_MAX. The plan holds nothing
 * then. bad may be NULL. */
int plan_open(struct plan *plan, const struct plan_point *points, size_t count, uint32_t block,
        uint32_t gap, size_t *bad, struct wq_err *err);
void plan_close(struct plan *plan); /* a zeroed plan is fine */

#endif
