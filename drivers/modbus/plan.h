/* SPDX-License-Identifier: Apache-2.0 */
/* Which registers are read together. Pure: from the points' addresses to blocks, once, when the bus
 * is opened.
 *
 * - No block is longer than the configured maximum, none reads across more than `gap` registers
 * that no point asked for (analysers refuse addresses that they do not have), none mixes devices or
 * tables.
 * - A value and the time it was measured at are in one block wherever that is possible, so that
 * both are of the same instant. Where it is not, the time is read in a check block before and after
 * the values, and counts when it did not change in between. */
#ifndef WQ_MODBUS_PLAN_H
#define WQ_MODBUS_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wq_err;

#define PLAN_NO_BLOCK SIZE_MAX

struct plan_point {
	uint8_t unit_id;
	uint8_t table;
	uint16_t address, registers;
	uint16_t time_address, time_registers; /* 0 registers: no time */
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
	size_t value_block; /* index into blocks; never a check block */
	size_t time_block;  /* the same, a check block, or PLAN_NO_BLOCK */
};

struct plan {
	size_t block_count;
	struct plan_block
	        *blocks; /* check blocks last; each kind ascends by unit, table, address */
	struct plan_place *places; /* one per point */
	size_t register_count;     /* of the buffer */
};

/* block: 1 … 125 and at least the width of each value and time. WQ_E_MEMORY is the only failure;
 * the plan holds nothing then. */
int plan_open(struct plan *plan, const struct plan_point *points, size_t count, uint32_t block,
        uint32_t gap, struct wq_err *err);
void plan_close(struct plan *plan); /* a zeroed plan is fine */

#endif
