/* SPDX-License-Identifier: Apache-2.0 */
/* Registers -> value: word order, type, "no value", scale. */
#include "regmap.h"

#include <math.h>
#include <string.h>

/* An integer beyond 18 digits is no decimal of ours. */
#define DECIMAL_MOST 999999999999999999

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
	[MODBUS_FLOAT64] = { "float64", 4, 0, 0 },
	[MODBUS_INT64] = { "int64", 4, -DECIMAL_MOST, DECIMAL_MOST },
	[MODBUS_UINT64] = { "uint64", 4, 0, DECIMAL_MOST },
	[MODBUS_BCD16] = { "bcd16", 1, 0, 9999 },
	[MODBUS_BCD32] = { "bcd32", 2, 0, 99999999 },
	[MODBUS_PACKED32] = { "packed32", 2, 0, 99999999 },
	[MODBUS_BIT] = { "bit", 1, 0, 1 },
};

const struct regmap_lists regmap_nothing;

uint16_t regmap_value_width(int type)
{
	return types[type].registers;
}

const char *regmap_type_name(int type)
{
	return types[type].name;
}

void regmap_type_range(int type, int64_t *low, int64_t *high)
{
	*low = types[type].low;
	*high = types[type].high;
}

bool regmap_type_is_float(int type)
{
	return type == MODBUS_FLOAT32 || type == MODBUS_FLOAT64;
}

uint16_t regmap_swapped(int order, uint16_t reg)
{
	if (order != MODBUS_BADC && order != MODBUS_DCBA)
		return reg;
	return (uint16_t)(reg >> 8 | reg << 8);
}

uint64_t regmap_join(int order, const uint16_t *registers, size_t count)
{
	bool low_first = order == MODBUS_CDAB || order == MODBUS_DCBA;
	uint64_t bits = 0;

	for (size_t i = 0; i < count; i++)
		bits = bits << 16 |
		        regmap_swapped(order, registers[low_first ? count - 1 - i : i]);
	return bits;
}

static double float_of(int type, uint64_t bits)
{
	uint32_t half = (uint32_t)bits;
	double d;
	float f;

	if (type == MODBUS_FLOAT64) {
		memcpy(&d, &bits, sizeof d);
		return d;
	}
	memcpy(&f, &half, sizeof f);
	return wq_value_from_float32(f);
}

static bool means_nothing(const struct regmap *map, uint64_t bits)
{
	for (size_t i = 0; i < map->lists->invalid_count; i++) {
		const struct regmap_invalid *invalid = &map->lists->invalid[i];

		/* Both sides are decimals' nearest doubles, so equal means equal. */
		if (invalid->number ? !(float_of(map->type, bits) < invalid->value) &&
		                        !(float_of(map->type, bits) > invalid->value)
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

static enum regmap_found value_of_float(const struct regmap *map, double raw, double *value)
{
	struct wq_decimal d;

	if (!isfinite(raw))
		return REGMAP_NOTHING;
	if (map->plain) {
		*value = raw;
		return REGMAP_VALUE;
	}
	if (!wq_decimal_from_double(raw, &d))
		return near(map, raw, value);
	while (d.places > 0 && d.digits % 10 == 0) {
		d.digits /= 10;
		d.places--;
	}
	return scaled(map, d.digits, d.places, value);
}

/* Decimal digits, one a nibble. */
static bool from_bcd(uint64_t bits, int64_t *number)
{
	*number = 0;
	for (int shift = 28; shift >= 0; shift -= 4) {
		unsigned digit = (unsigned)(bits >> shift) & 15u;

		if (digit > 9)
			return false;
		*number = *number * 10 + digit;
	}
	return true;
}

static bool from_packed(uint64_t bits, int64_t *number)
{
	unsigned first = (unsigned)(bits >> 16), second = (unsigned)bits & 0xFFFFu;

	*number = (int64_t)first * 10000 + second;
	return first <= 9999 && second <= 9999;
}

/* False: the bits are no number of that type. */
static bool integer_of(int type, uint64_t bits, int64_t *number)
{
	switch (type) {
	case MODBUS_BCD16:
	case MODBUS_BCD32:
		return from_bcd(bits, number);
	case MODBUS_PACKED32:
		return from_packed(bits, number);
	case MODBUS_INT16:
		*number = (int16_t)(uint16_t)bits;
		return true;
	case MODBUS_INT32:
		*number = (int32_t)(uint32_t)bits;
		return true;
	default:
		*number = (int64_t)bits;
		return true;
	}
}

static enum regmap_found value_of_integer(const struct regmap *map, uint64_t bits, double *value)
{
	int64_t number;

	if (map->bit_count > 0)
		bits = bits >> map->first_bit & (UINT64_MAX >> (64 - map->bit_count));
	if (map->type == MODBUS_UINT64 && bits > INT64_MAX)
		return near(map, (double)bits, value);
	if (!integer_of(map->type, bits, &number))
		return REGMAP_NONSENSE;
	return scaled(map, number, 0, value);
}

enum regmap_found regmap_value(const struct regmap *map, const uint16_t *registers, double *value)
{
	uint64_t bits = regmap_join(map->order, registers, map->registers);
	bool real = regmap_type_is_float(map->type);

	*value = (double)NAN;
	if (real && isnan(float_of(map->type, bits)))
		return REGMAP_NOTHING;
	if (means_nothing(map, bits))
		return REGMAP_NOTHING;
	if (real)
		return value_of_float(map, float_of(map->type, bits), value);
	return value_of_integer(map, bits, value);
}
