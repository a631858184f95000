/* SPDX-License-Identifier: Apache-2.0 */
/* From registers to the samples of one poll: which values are new, which are whole, what is said of
 * the others. No I/O: modbus.c fills the buffer, this file decides. One thread at a time. */
#ifndef WQ_MODBUS_READINGS_H
#define WQ_MODBUS_READINGS_H

#include "plan.h"
#include "regmap.h"

#include "wq/driver.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wq_err;

enum block_state {
	BLOCK_UNREAD,
	BLOCK_READ,
	BLOCK_REFUSED, /* the device answered with an exception */
};

/* What was last handed over of a point that has a time. */
struct readings_memory {
	wq_ms at;
	uint16_t registers[REGMAP_TIME_REGISTERS + REGMAP_VALUE_REGISTERS]; /* when not timed */
	bool told;
	bool timed;  /* the time was one */
	bool valued; /* there was a value */
};

/* What the last poll found of a point. */
enum readings_is {
	READINGS_UNREAD, /* its block was not read yet, or is refused */
	READINGS_GOOD,
	READINGS_NOTHING, /* NaN, infinite or listed in `invalid` */
	READINGS_GARBAGE, /* a number that scaling cannot express */
	READINGS_NO_TIME, /* its time registers hold no time */
	READINGS_ZEROS,   /* 0 like all values of the device */
	READINGS_NONSENSE, /* no number: not BCD, not packed */
	READINGS_FLAG,     /* a flag that is not known */
	READINGS_WORD,     /* its status, alarm or fault says that it is bad */
};

struct readings_seen {
	uint8_t is; /* enum readings_is */
	bool moves; /* the value is another than the one told, and its time is the same */
	wq_ms at;   /* WQ_NO_TIME: it has none */
	uint16_t time_registers[REGMAP_TIME_REGISTERS];
	char flag[WQ_FLAG_TEXT];
	uint8_t word; /* enum modbus_word: which one says that it is bad */
	uint16_t word_is;
};

struct readings {
	const struct wq_bus *bus;
	struct plan plan;
	struct regmap *maps;            /* one per point */
	struct regmap_lists **lists;    /* of the maps; equal ones once */
	size_t list_count;
	struct readings_memory *memory; /* one per point */
	struct readings_seen *seen;     /* one per point */
	uint16_t *registers;            /* the buffer that the plan lays out */
	uint8_t *states;                /* enum block_state, one per block of the plan */
	size_t count;                   /* of the poll being made */
	struct wq_sample *samples;
	uint32_t *points;                /* of samples[i] */
	struct readings_memory *pending; /* of samples[i]: becomes memory when the sink took it */
};

/* What is to be read of a point. */
struct plan_point readings_plan_point(uint8_t unit_id, const struct regmap *map);

/* Prepares for a bus that modbus_check() accepted; allocates all that polls need. On failure
 * nothing is held. */
int readings_open(struct readings *readings, const struct wq_bus *bus, struct wq_err *err);
void readings_close(struct readings *readings); /* zeroed is fine */

/* Where the registers of a block go; again: the second reading of a check block. */
uint16_t *readings_buffer(struct readings *readings, size_t block, bool again);

/* Begins a poll of one device: none of its blocks has been read. */
void readings_begin(struct readings *readings, uint8_t unit_id);

/* Fills samples[0 … count) from the blocks of the device that were read. A point
 * - without a time is told at each poll, to be stamped on arrival;
 * - with one is told when the time is another than last told, or when there is a value now and
 * there was none at that time; not when the time changed while its value was read (the next poll
 * tells);
 * - with registers that are no time is told as WQ_BAD, to be stamped on arrival, when they or
 *   the value's changed; sink->refuse says so.
 * NaN, infinities and what is listed in `invalid` are WQ_MISSING. Values that are 0 like all others
 * of their device, two at least, are WQ_BAD unless the bus says that zeros are values; a value that
 * comes later for the same time is told. The station's flag goes with the value; a flag that is not
 * known makes it WQ_BAD, and words of state that were read make it WQ_BAD or WQ_MAINTENANCE as the
 * point says. Flags and words never make a value new. seen[] says what was found, told or not. */
void readings_gather(struct readings *readings, uint8_t unit_id, const struct wq_sink *sink);

/* The sink took the samples: what they told is remembered. */
void readings_commit(struct readings *readings);

#endif
