/* SPDX-License-Identifier: Apache-2.0 */
/* Registers -> value, time, flag and trust of one point. Pure and thread-safe: no I/O, no memory,
 * no clock.
 *
 * Numbers follow wq/decimal.h: a float32 becomes its shortest decimal, an integer is exact, and
 * scale, offset and unit factor are applied in decimal. The library's own modbus_get_float_*() are
 * not used: what they return differs between releases. */
#ifndef WQ_MODBUS_REGMAP_H
#define WQ_MODBUS_REGMAP_H

#include "modbus_settings.h"

#include "wq/decimal.h"
#include "wq/instant.h"
#include "wq/sample.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wq_err;

#define REGMAP_VALUE_REGISTERS 4 /* the widest value */
#define REGMAP_TIME_REGISTERS  6 /* the widest time */

/* One thing that means "no value": a pattern of bits, or of a point of floats also a number. */
struct regmap_invalid {
	union {
		uint64_t bits;
		double value;
	};
	bool number; /* value counts, not bits */
};

/* A number of a flag's code, and the flag. */
struct regmap_code {
	uint16_t number;
	char flag[WQ_FLAG_TEXT];
};

/* Numbers low … high; or, low the mask of it, a bit that is set. */
struct regmap_match {
	bool bit;
	uint16_t low, high;
};

struct regmap_matches {
	uint8_t count;
	struct regmap_match items[MODBUS_LISTED];
};

struct regmap_word {
	bool there;
	uint16_t address;
	struct regmap_matches bad, maintenance;
};

/* What few points have, and what takes most room: numbers that mean nothing, flags by code, words of state. */
struct regmap_lists {
	uint8_t invalid_count, code_count;
	struct regmap_invalid invalid[MODBUS_INVALID];
	struct regmap_code codes[MODBUS_LISTED];
	struct regmap_word words[MODBUS_WORDS];
};

/* A point, ready to decode. Small: there is one for each of thousands of points. */
struct regmap {
	uint8_t table, type, order, time_type, time_order, flag_type, flag_order;
	uint8_t first_bit, bit_count;          /* bit_count 0: the whole number */
	bool plain;                            /* scale 1, offset 0: the raw number is the value */
	uint16_t address, registers;           /* of the value; 1, 2 or 4 registers */
	uint16_t time_address, time_registers; /* of the time: 0 (none), 2, 3 or 6 registers */
	uint16_t flag_address, flag_registers; /* 0 registers: no flag */
	struct wq_decimal scale, offset;       /* the unit's factor multiplied in */
	const struct regmap_lists *lists;      /* never NULL once opened; where nothing is listed, regmap_nothing */
};

/* Nothing is listed. */
extern const struct regmap_lists regmap_nothing;

/* Registers that a value of `type`, a time of `type` takes. */
uint16_t regmap_value_width(int type);
uint16_t regmap_time_width(int time_type);

/* "float32" … */
const char *regmap_type_name(int type);

/* Lowest and highest number of an integer type as far as decimals of 18 digits reach. */
void regmap_type_range(int type, int64_t *low, int64_t *high);
bool regmap_type_is_float(int type);

/* Fills *map; factor: unit of the source × factor = canonical unit. WQ_E_INVALID names the key. What the settings
 * list goes into *lists, which then has to live as long as the map does; where they list nothing it is not
 * needed again. */
int regmap_open(struct regmap *map, struct regmap_lists *lists, const struct modbus_point_settings *settings,
        struct wq_decimal factor, struct wq_err *err);

enum regmap_found {
	REGMAP_VALUE,    /* *value is it */
	REGMAP_NOTHING,  /* NaN, infinite or listed in `invalid`: *value is NaN */
	REGMAP_GARBAGE,  /* a number that scaling cannot express in 18 digits: *value is near it */
	REGMAP_NONSENSE, /* no number: not BCD, not packed; *value is NaN */
};

/* Decodes map->registers registers. */
enum regmap_found regmap_value(const struct regmap *map, const uint16_t *registers, double *value);

/* Decodes map->time_registers registers; all but an epoch are local time of `zone`. False when it
 * is no time that an analyser can have measured at: before 2010, month 13, zeros; *at is untouched
 * then. A year of two digits, 1 … 99, is of this century. */
bool regmap_time(
        const struct regmap *map, const uint16_t *registers, const struct wq_zone *zone, wq_ms *at);

/* The station's flag in map->flag_registers registers, as long as it fits. False when they hold
 * none that is known: a code without a row, what is no text; flag then shows what there was. */
bool regmap_flag(const struct regmap *map, const uint16_t *registers, char flag[WQ_FLAG_TEXT]);

/* What one word says of a value: WQ_UNCHECKED, WQ_MAINTENANCE or WQ_BAD. */
enum wq_quality regmap_word_says(const struct regmap_word *word, uint16_t number);

/* The bits of one register, of 1 to 4 registers. */
uint16_t regmap_swapped(int order, uint16_t reg);
uint64_t regmap_join(int order, const uint16_t *registers, size_t count);

#endif
