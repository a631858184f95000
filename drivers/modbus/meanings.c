/* SPDX-License-Identifier: Apache-2.0 */
/* Every meaning that registers can have: the decoders of the polls, tried one after the other. */
#include "wq/modbus.h"

#include "regmap.h"

#include <math.h>

static const char *const orders[MODBUS_ORDERS] = {
	[MODBUS_ABCD] = "ABCD",
	[MODBUS_CDAB] = "CDAB",
	[MODBUS_BADC] = "BADC",
	[MODBUS_DCBA] = "DCBA",
};

static const struct {
	int type;
	int orders; /* the first of them are tried */
} types[] = {
	{ MODBUS_UINT16, 1 },
	{ MODBUS_INT16, 1 },
	{ MODBUS_BCD16, 1 },
	{ MODBUS_FLOAT32, 4 },
	{ MODBUS_UINT32, 4 },
	{ MODBUS_INT32, 4 },
	{ MODBUS_BCD32, 2 },
	{ MODBUS_PACKED32, 2 },
	{ MODBUS_FLOAT64, 4 },
};

static const struct {
	const char *name;
	int type;
	int orders;
} times[] = {
	{ "epoch", MODBUS_EPOCH, 4 },
	{ "ymdhms", MODBUS_YMDHMS, 1 },
	{ "bcd", MODBUS_BCD_TIME, 1 },
	{ "packed", MODBUS_PACKED_TIME, 1 },
};

static size_t add_value(const uint16_t *registers, int type, int order, bool ordered,
        struct wq_modbus_meaning *meaning)
{
	const struct regmap map = {
		.type = (uint8_t)type,
		.order = (uint8_t)order,
		.registers = regmap_value_width(type),
		.plain = true,
		.scale = { 1, 0 },
		.lists = &regmap_nothing,
	};

	*meaning = (struct wq_modbus_meaning){
		.type = regmap_type_name(type),
		.order = ordered ? orders[order] : NULL,
		.registers = map.registers,
		.at = WQ_NO_TIME,
	};
	return regmap_value(&map, registers, &meaning->value) == REGMAP_NONSENSE ? 0 : 1;
}

static size_t add_time(const uint16_t *registers, size_t which, int order,
        const struct wq_zone *zone, struct wq_modbus_meaning *meaning)
{
	const struct regmap map = {
		.time_type = (uint8_t)times[which].type,
		.time_order = (uint8_t)order,
		.time_registers = regmap_time_width(times[which].type),
	};

	*meaning = (struct wq_modbus_meaning){
		.type = times[which].name,
		.order = times[which].orders > 1 ? orders[order] : NULL,
		.registers = map.time_registers,
		.is_time = true,
		.value = (double)NAN,
	};
	return regmap_time(&map, registers, zone, &meaning->at) ? 1 : 0;
}

size_t wq_modbus_meanings(const uint16_t *registers, size_t count, const struct wq_zone *zone,
        struct wq_modbus_meaning meanings[WQ_MODBUS_MEANINGS])
{
	size_t found = 0;

	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		for (int order = 0; order < types[i].orders; order++)
			if (regmap_value_width(types[i].type) <= count)
				found += add_value(registers, types[i].type, order,
				        types[i].orders > 1, &meanings[found]);
	for (size_t i = 0; i < sizeof times / sizeof *times; i++)
		for (int order = 0; order < times[i].orders; order++)
			if (regmap_time_width(times[i].type) <= count)
				found += add_time(registers, i, order, zone, &meanings[found]);
	return found;
}
