/* SPDX-License-Identifier: Apache-2.0 */
/* Registers -> value and time of one point. Pure and thread-safe: no I/O, no memory, no clock.
 *
 * Numbers follow wq/decimal.h: a float32 becomes its shortest decimal, an integer is exact, and
 * scale, offset and unit factor are applied in decimal. The library's own modbus_get_float_*() are
 * not used: what they return differs between releases. */
#ifndef WQ_MODBUS_REGMAP_H
#define WQ_MODBUS_REGMAP_H

#include "modbus_settings.h"

#include "wq/decimal.h"
#include "wq/instant.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wq_err;

#define REGMAP_VALUE_REGISTERS 2 /* the widest value */
#define REGMAP_TIME_REGISTERS  6 /* the widest time */

/* One thing that means "no value": a pattern of bits, or (float32 only) a number. */
struct regmap_invalid {
	bool number;
	uint32_t bits;
	double value;
};

/* A point, ready to decode. Plain data. */
struct regmap {
	int type, order, time_type, time_order;
	uint16_t registers;              /* of the value: 1 or 2 */
	uint16_t time_registers;         /* of the time: 0 (none), 2 or 6 */
	bool plain;                      /* scale 1, offset 0: the raw number is the value */
	struct wq_decimal scale, offset; /* the unit's factor multiplied in */
	size_t invalid_count;
	struct regmap_invalid invalid[MODBUS_INVALID];
};

/* Registers that a value of `type`, a time of `type` takes. */
uint16_t regmap_value_width(int type);
uint16_t regmap_time_width(int time_type);

/* "float32" … */
const char *regmap_type_name(int type);

/* Fills *map; factor: unit of the source × factor = canonical unit. WQ_E_INVALID names the key. */
int regmap_open(struct regmap *map, const struct modbus_point_settings *settings,
        struct wq_decimal factor, struct wq_err *err);

enum regmap_found {
	REGMAP_VALUE,   /* *value is it */
	REGMAP_NOTHING, /* NaN, infinite or listed in `invalid`: *value is NaN */
	REGMAP_GARBAGE, /* a number that scaling cannot express in 18 digits: *value is near it */
};

/* Decodes map->registers registers. */
enum regmap_found regmap_value(const struct regmap *map, const uint16_t *registers, double *value);

/* Decodes map->time_registers registers; ymdhms is local time of `zone`. False when it is no time
 * that an analyser can have measured at: before 2010, month 13, zeros; *at is untouched then. A
 * year of two digits, 1 … 99, is of this century. */
bool regmap_time(
        const struct regmap *map, const uint16_t *registers, const struct wq_zone *zone, wq_ms *at);

/* The 32 bits of two registers, the 16 of one. */
uint32_t regmap_join(int order, const uint16_t registers[2]);
uint16_t regmap_word(int order, uint16_t reg);

#endif
