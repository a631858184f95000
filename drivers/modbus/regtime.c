/* SPDX-License-Identifier: Apache-2.0 */
/* Registers -> the analyser's time. */
#include "regmap.h"

#include <stdio.h>

/* 2010-01-01T00:00:00Z. What is polled now was not measured before; a clock that lost its battery
 * begins in 1970, 1980, 2000 or 2001 and runs on from there. */
#define EARLIEST_EPOCH 1262304000u
#define EARLIEST_YEAR  2010

/* Year, month, day, hour, minute, second. */
#define PARTS 6

uint16_t regmap_time_width(int time_type)
{
	static const uint16_t widths[MODBUS_TIMES] = {
		[MODBUS_EPOCH] = 2,
		[MODBUS_YMDHMS] = REGMAP_TIME_REGISTERS,
		[MODBUS_BCD_TIME] = 3,
		[MODBUS_PACKED_TIME] = 3,
	};

	return widths[time_type];
}

static bool epoch(const struct regmap *map, const uint16_t *registers, wq_ms *at)
{
	uint32_t seconds = (uint32_t)regmap_join(map->time_order, registers, 2);

	if (seconds < EARLIEST_EPOCH)
		return false;
	*at = WQ_SECONDS(seconds);
	return true;
}

/* 0x2609 -> 26 and 9; false: not four decimal digits. */
static bool split_bcd(unsigned reg, unsigned *first, unsigned *second)
{
	*first = (reg >> 12) * 10 + (reg >> 8 & 15);
	*second = (reg >> 4 & 15) * 10 + (reg & 15);
	return reg >> 12 <= 9 && (reg >> 8 & 15) <= 9 && (reg >> 4 & 15) <= 9 && (reg & 15) <= 9;
}

/* 2609 -> 26 and 9. */
static bool split_packed(unsigned reg, unsigned *first, unsigned *second)
{
	*first = reg / 100;
	*second = reg % 100;
	return reg <= 9999;
}

static bool take_parts(const struct regmap *map, const uint16_t *registers, unsigned part[PARTS])
{
	for (size_t i = 0; i < map->time_registers; i++) {
		unsigned reg = regmap_swapped(map->time_order, registers[i]);

		if (map->time_type == MODBUS_YMDHMS)
			part[i] = reg;
		else if (map->time_type == MODBUS_BCD_TIME
		                ? !split_bcd(reg, &part[2 * i], &part[2 * i + 1])
		                : !split_packed(reg, &part[2 * i], &part[2 * i + 1]))
			return false;
	}
	return true;
}

static bool calendar(
        const struct regmap *map, const uint16_t *registers, const struct wq_zone *zone, wq_ms *at)
{
	static const unsigned highest[PARTS] = { 2199, 12, 31, 23, 59, 59 };
	unsigned part[PARTS];
	char text[WQ_INSTANT_TEXT];

	if (!take_parts(map, registers, part))
		return false;
	for (size_t i = 0; i < PARTS; i++)
		if (part[i] > highest[i])
			return false;
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
