/* SPDX-License-Identifier: Apache-2.0 */
/* Registers -> the station's own flag, and what words of state say of a value. */
#include "regmap.h"

#include <stdio.h>
#include <string.h>

static bool blank(unsigned char c)
{
	return c == ' ' || c == '\0';
}

/* Two characters a register; blanks and NULs around the text go, a NUL within ends it. */
static bool ascii(const struct regmap *map, const uint16_t *registers, char flag[WQ_FLAG_TEXT])
{
	unsigned char text[2 * MODBUS_FLAG_REGISTERS + 1] = { 0 };
	size_t begin = 0, used = 0;
	bool sound = true;

	for (size_t i = 0; i < map->flag_registers; i++) {
		uint16_t reg = regmap_swapped(map->flag_order, registers[i]);

		text[2 * i] = (unsigned char)(reg >> 8);
		text[2 * i + 1] = (unsigned char)reg;
	}
	while (begin < 2 * (size_t)map->flag_registers && blank(text[begin]))
		begin++;
	for (size_t i = begin; text[i] != '\0' && used < WQ_FLAG_TEXT - 1; i++) {
		bool printable = text[i] >= ' ' && text[i] < 0x7F;

		sound = sound && printable;
		flag[used++] = printable ? (char)text[i] : '?';
	}
	while (used > 0 && flag[used - 1] == ' ')
		used--;
	flag[used] = '\0';
	return sound;
}

static bool code(const struct regmap *map, uint16_t number, char flag[WQ_FLAG_TEXT])
{
	for (size_t i = 0; i < map->lists->code_count; i++)
		if (map->lists->codes[i].number == number) {
			memcpy(flag, map->lists->codes[i].flag, WQ_FLAG_TEXT);
			return true;
		}
	snprintf(flag, WQ_FLAG_TEXT, "%u", (unsigned)number);
	return false;
}

bool regmap_flag(const struct regmap *map, const uint16_t *registers, char flag[WQ_FLAG_TEXT])
{
	memset(flag, 0, WQ_FLAG_TEXT);
	if (map->flag_type == MODBUS_FLAG_CODE)
		return code(map, regmap_swapped(map->flag_order, registers[0]), flag);
	return ascii(map, registers, flag);
}

static bool listed(const struct regmap_matches *matches, uint16_t number)
{
	for (size_t i = 0; i < matches->count; i++) {
		const struct regmap_match *m = &matches->items[i];

		if (m->bit ? (number & m->low) != 0 : number >= m->low && number <= m->high)
			return true;
	}
	return false;
}

enum wq_quality regmap_word_says(const struct regmap_word *word, uint16_t number)
{
	if (listed(&word->maintenance, number))
		return WQ_MAINTENANCE;
	return listed(&word->bad, number) ? WQ_BAD : WQ_UNCHECKED;
}
