/* SPDX-License-Identifier: Apache-2.0 */
/* Decoding of registers: word order, type, "no value", scale, the analyser's time. */
#include "regmap.h"

#include "wq/err.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* 2010-01-01T00:00:00Z. What is polled now was not measured before; a clock that lost its battery
 * begins in 1970, 1980, 2000 or 2001 and runs on from there. */
#define EARLIEST_EPOCH 1262304000u
#define EARLIEST_YEAR  2010

static const struct {
	const char *name;
	uint16_t registers;
	int64_t low, high; /* of an integer type */
} types[MODBUS_TYPES] = {
	[MODBUS_FLOAT32] = { "float32", 2, 0, 0 },
	[MODBUS_INT16] = { "int16", 1, INT16_MIN, INT16_MAX },
	[MODBUS_UINT16] = { "uint16", 1, 0, UINT16_MAX },
	[MODBUS_INT32] = { "int32", 2, INT32_MIN, INT32_MAX },
	[MODBUS_UINT32] = { "uint32", 2, 0, UINT32_MAX },
};

uint16_t regmap_value_width(int type)
{
	return types[type].registers;
}

uint16_t regmap_time_width(int time_type)
{
	return time_type == MODBUS_EPOCH ? 2 : REGMAP_TIME_REGISTERS;
}

const char *regmap_type_name(int type)
{
	return types[type].name;
}

static bool bytes_swapped(int order)
{
	return order == MODBUS_BADC || order == MODBUS_DCBA;
}

uint16_t regmap_word(int order, uint16_t reg)
{
	if (!bytes_swapped(order))
		return reg;
	return (uint16_t)(reg >> 8 | reg << 8);
}

uint32_t regmap_join(int order, const uint16_t registers[2])
{
	bool low_first = order == MODBUS_CDAB || order == MODBUS_DCBA;
	uint32_t high = regmap_word(order, registers[low_first]);
	uint32_t low = regmap_word(order, registers[!low_first]);

	return high << 16 | low;
}

/* ---- settings -> map ---- */

static struct wq_decimal strip(struct wq_decimal d)
{
	while (d.places > 0 && d.digits % 10 == 0) {
		d.digits /= 10;
		d.places--;
	}
	return d;
}

static int multiply(struct wq_decimal a, struct wq_decimal b, const char *key,
        struct wq_decimal *product, struct wq_err *err)
{
	struct wq_decimal p;

	a = strip(a);
	b = strip(b);
	p.places = a.places + b.places;
	if (__builtin_mul_overflow(a.digits, b.digits, &p.digits) || p.places > 18)
		return wq_fail(err, WQ_E_INVALID,
		        "%s: times the factor of the unit it has more than 18 digits", key);
	*product = p;
	return 0;
}

static int read_decimal(const char *key, const char *text, struct wq_decimal *d, struct wq_err *err)
{
	struct wq_err why;

	if (wq_decimal_parse(text, d, &why) < 0)
		return wq_fail(err, WQ_E_INVALID, "%s = \"%s\": %s", key, text, why.text);
	return 0;
}

static int open_scale(struct regmap *map, const struct modbus_point_settings *settings,
        struct wq_decimal factor, struct wq_err *err)
{
	struct wq_decimal scale, offset;
	int r;

	if ((r = read_decimal("scale", settings->scale, &scale, err)) < 0 ||
	        (r = read_decimal("offset", settings->offset, &offset, err)) < 0)
		return r;
	if (scale.digits == 0)
		return wq_fail(err, WQ_E_INVALID, "scale = \"%s\": must not be 0", settings->scale);
	if ((r = multiply(scale, factor, "scale", &map->scale, err)) < 0 ||
	        (r = multiply(offset, factor, "offset", &map->offset, err)) < 0)
		return r;
	map->plain = map->scale.digits == 1 && map->scale.places == 0 && map->offset.digits == 0;
	return 0;
}

/* "0xFFFF": bits as the registers hold them, put into ABCD order. */
static int invalid_bits(
        int type, const char *text, struct regmap_invalid *invalid, struct wq_err *err)
{
	size_t digits = (size_t)types[type].registers * 4;
	char *end;

	if (strlen(text + 2) == 0 || strlen(text + 2) > digits ||
	        strspn(text + 2, "0123456789abcdefABCDEF") != strlen(text + 2))
		return wq_fail(err, WQ_E_INVALID,
		        "invalid: \"%s\" is not 0x and 1 to %zu hexadecimal digits", text, digits);
	*invalid = (struct regmap_invalid){ .bits = (uint32_t)strtoul(text + 2, &end, 16) };
	return 0;
}

/* "65535" of an int16 is meant as the register shows it, not as a number out of range. */
static int invalid_integer(int type, struct wq_decimal d, const char *text,
        struct regmap_invalid *invalid, struct wq_err *err)
{
	int64_t top = types[type].registers == 1 ? UINT16_MAX : UINT32_MAX;

	if (d.places != 0 || d.digits < types[type].low || d.digits > top)
		return wq_fail(err, WQ_E_INVALID,
		        "invalid: \"%s\" is not a whole number that %s registers can hold (%lld to "
		        "%lld)",
		        text, types[type].name, (long long)types[type].low, (long long)top);
	*invalid =
	        (struct regmap_invalid){ .bits = (uint32_t)((uint64_t)d.digits & (uint64_t)top) };
	return 0;
}

static int open_invalid(struct regmap *map, const char *text, struct wq_err *err)
{
	struct regmap_invalid *invalid = &map->invalid[map->invalid_count];
	struct wq_decimal d;
	int r = 0;

	if (strncmp(text, "0x", 2) == 0) {
		r = invalid_bits(map->type, text, invalid, err);
	} else if (wq_decimal_parse(text, &d, NULL) < 0) {
		r = wq_fail(err, WQ_E_INVALID,
		        "invalid: \"%s\" is neither a number of up to 18 digits nor a pattern like "
		        "0xFFFF",
		        text);
	} else if (map->type == MODBUS_FLOAT32) {
		*invalid =
		        (struct regmap_invalid){ .number = true, .value = wq_decimal_to_double(d) };
	} else {
		r = invalid_integer(map->type, strip(d), text, invalid, err);
	}
	map->invalid_count += r == 0;
	return r;
}

int regmap_open(struct regmap *map, const struct modbus_point_settings *settings,
        struct wq_decimal factor, struct wq_err *err)
{
	int r;

	memset(map, 0, sizeof *map);
	map->type = settings->type;
	map->order = settings->order;
	map->registers = types[settings->type].registers;
	map->time_type = settings->time_type;
	map->time_order = settings->time_order < 0 ? settings->order : settings->time_order;
	if (settings->time_address >= 0)
		map->time_registers = regmap_time_width(settings->time_type);
	if (settings->invalid.count > MODBUS_INVALID)
		return wq_fail(err, WQ_E_INVALID, "invalid: %zu items; at most %d are allowed",
		        settings->invalid.count, MODBUS_INVALID);
	for (size_t i = 0; i < settings->invalid.count; i++)
		if ((r = open_invalid(map, settings->invalid.items[i], err)) < 0)
			return r;
	return open_scale(map, settings, factor, err);
}

/* ---- registers -> value ---- */

static float float_of(uint32_t bits)
{
	float f;

	memcpy(&f, &bits, sizeof f);
	return f;
}

static bool means_nothing(const struct regmap *map, uint32_t bits)
{
	for (size_t i = 0; i < map->invalid_count; i++) {
		const struct regmap_invalid *invalid = &map->invalid[i];

		/* Both sides are decimals' nearest doubles, so equal means equal. */
		if (invalid->number ? !(wq_value_from_float32(float_of(bits)) < invalid->value) &&
		                        !(wq_value_from_float32(float_of(bits)) > invalid->value)
		                    : bits == invalid->bits)
			return true;
	}
	return false;
}

static enum regmap_found near(const struct regmap *map, double raw, double *value)
{
	*value = raw * wq_decimal_to_double(map->scale) + wq_decimal_to_double(map->offset);
	return REGMAP_GARBAGE;
}

static enum regmap_found scaled(const struct regmap *map, int64_t raw, int places, double *value)
{
	struct wq_decimal scale = map->scale;

	scale.places += places;
	if (scale.places > 18 || wq_value_from_scaled(raw, scale, map->offset, value, NULL) < 0)
		return near(map, wq_decimal_to_double((struct wq_decimal){ raw, places }), value);
	return REGMAP_VALUE;
}

static enum regmap_found value_of_float(const struct regmap *map, float f, double *value)
{
	struct wq_decimal d;

	if (!isfinite(f))
		return REGMAP_NOTHING;
	if (map->plain) {
		*value = wq_value_from_float32(f);
		return REGMAP_VALUE;
	}
	if (!wq_decimal_from_double(wq_value_from_float32(f), &d))
		return near(map, (double)f, value);
	d = strip(d);
	return scaled(map, d.digits, d.places, value);
}

static int64_t integer_of(int type, uint32_t bits)
{
	if (type == MODBUS_INT16)
		return (int16_t)(uint16_t)bits;
	return type == MODBUS_INT32 ? (int64_t)(int32_t)bits : (int64_t)bits;
}

enum regmap_found regmap_value(const struct regmap *map, const uint16_t *registers, double *value)
{
	uint32_t bits = map->registers == 1 ? regmap_word(map->order, registers[0])
	                                    : regmap_join(map->order, registers);

	*value = NAN;
	if (map->type == MODBUS_FLOAT32 && isnan(float_of(bits)))
		return REGMAP_NOTHING;
	if (means_nothing(map, bits))
		return REGMAP_NOTHING;
	if (map->type == MODBUS_FLOAT32)
		return value_of_float(map, float_of(bits), value);
	return scaled(map, integer_of(map->type, bits), 0, value);
}

/* ---- registers -> time ---- */

static bool epoch(const struct regmap *map, const uint16_t *registers, wq_ms *at)
{
	uint32_t seconds = regmap_join(map->time_order, registers);

	if (seconds < EARLIEST_EPOCH)
		return false;
	*at = WQ_SECONDS(seconds);
	return true;
}

static bool calendar(
        const struct regmap *map, const uint16_t *registers, const struct wq_zone *zone, wq_ms *at)
{
	static const unsigned highest[REGMAP_TIME_REGISTERS] = { 2199, 12, 31, 23, 59, 59 };
	unsigned part[REGMAP_TIME_REGISTERS];
	char text[WQ_INSTANT_TEXT];

	for (size_t i = 0; i < REGMAP_TIME_REGISTERS; i++) {
		part[i] = regmap_word(map->time_order, registers[i]);
		if (part[i] > highest[i])
			return false;
	}
	if (part[0] >= 1 && part[0] <= 99)
		part[0] += 2000;
	if (part[0] < EARLIEST_YEAR)
		return false;
	/* The parser knows the length of months and the zone. */
	snprintf(text, sizeof text, "%04u-%02u-%02uT%02u:%02u:%02u", part[0], part[1] % 100,
	        part[2] % 100, part[3] % 100, part[4] % 100, part[5] % 100);
	return wq_instant_parse(text, zone, at, NULL) == 0;
}

bool regmap_time(
        const struct regmap *map, const uint16_t *registers, const struct wq_zone *zone, wq_ms *at)
{
	if (map->time_type == MODBUS_EPOCH)
		return epoch(map, registers, at);
	return calendar(map, registers, zone, at);
}
