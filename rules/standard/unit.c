/* SPDX-License-Identifier: Apache-2.0 */
/* Units of the same quantity, and the factors between them. All are powers of ten, so a factor is
 * exact; units that need more than a factor (°F, K) are refused rather than nearly right. */
#include "wq/parameter.h"

#include "wq/err.h"

#include <stdio.h>
#include <string.h>

enum quantity {
	MASS,         /* per volume of water */
	CONDUCTIVITY, /* electrolytic */
	TEMPERATURE,
	ACIDITY,
	TURBIDITY, /* formazin units; the optics differ, the calibration is the same */
	CELLS,     /* algae per volume */
	COUNT,     /* bacteria per volume */
	LENGTH,
	SPEED,
	DISCHARGE,
	SHARE,
	VOLTAGE,
};

struct unit {
	enum quantity quantity;
	const char *name; /* folded: see fold() */
	int exponent;     /* one of it = 10^exponent of the quantity's base unit */
	bool shown;       /* named in errors */
};

static const struct unit units[] = {
	{ MASS, "mg/l", 0, true },
	{ MASS, "ug/l", -3, true },
	{ MASS, "g/l", 3, true },
	{ MASS, "ng/l", -6, true },
	{ MASS, "mg/m3", -3, true },
	{ MASS, "g/m3", 0, false },
	{ MASS, "ug/ml", 0, false },
	{ CONDUCTIVITY, "us/cm", 0, true },
	{ CONDUCTIVITY, "ms/cm", 3, true },
	{ CONDUCTIVITY, "ms/m", 1, true },
	{ CONDUCTIVITY, "s/m", 4, true },
	{ TEMPERATURE, "℃", 0, true },
	{ TEMPERATURE, "°c", 0, true },
	{ TEMPERATURE, "degc", 0, true },
	{ TEMPERATURE, "c", 0, false },
	{ ACIDITY, "-", 0, true },
	{ ACIDITY, "ph", 0, true },
	{ ACIDITY, "无量纲", 0, true },
	{ ACIDITY, "", 0, false },
	{ ACIDITY, "1", 0, false },
	{ TURBIDITY, "ntu", 0, true },
	{ TURBIDITY, "fnu", 0, true },
	{ TURBIDITY, "ftu", 0, true },
	{ CELLS, "cells/l", 0, true },
	{ CELLS, "cells/ml", 3, true },
	{ CELLS, "cell/l", 0, false },
	{ CELLS, "cell/ml", 3, false },
	{ CELLS, "个/l", 0, true },
	{ CELLS, "个/ml", 3, false },
	{ CELLS, "万个/l", 4, true },
	{ COUNT, "count/l", 0, true },
	{ COUNT, "个/l", 0, true },
	{ COUNT, "mpn/l", 0, true },
	{ COUNT, "cfu/l", 0, true },
	{ COUNT, "count/100ml", 1, false },
	{ COUNT, "mpn/100ml", 1, true },
	{ COUNT, "cfu/100ml", 1, false },
	{ LENGTH, "m", 0, true },
	{ LENGTH, "cm", -2, true },
	{ LENGTH, "mm", -3, true },
	{ SPEED, "m/s", 0, true },
	{ SPEED, "cm/s", -2, true },
	{ DISCHARGE, "m3/s", 0, true },
	{ DISCHARGE, "l/s", -3, true },
	{ SHARE, "%", 0, true },
	{ VOLTAGE, "mv", 0, true },
	{ VOLTAGE, "v", 3, true },
};

#define UNIT_COUNT  (sizeof(units) / sizeof(units[0]))
#define FOLDED_TEXT 32

/* Spellings that mean the same character. */
static const struct {
	const char *from, *to;
} folds[] = {
	{ "µ", "u" }, /* U+00B5, the micro sign */
	{ "μ", "u" }, /* U+03BC, the Greek letter */
	{ "³", "3" },
	{ "^", "" },
	{ " ", "" },
	{ "／", "/" },
	{ "升", "l" },
};

/* Writes `unit` in the spelling of the table above; what is too long is like no unit. */
static void fold(const char *unit, char out[FOLDED_TEXT])
{
	size_t length = 0;

	while (*unit != '\0' && length < FOLDED_TEXT - 1) {
		size_t i = 0;

		while (i < sizeof(folds) / sizeof(folds[0]) &&
		        strncmp(unit, folds[i].from, strlen(folds[i].from)) != 0)
			i++;
		if (i < sizeof(folds) / sizeof(folds[0])) {
			length += (size_t)(stpcpy(out + length, folds[i].to) - (out + length));
			unit += strlen(folds[i].from);
		} else {
			out[length++] =
			        *unit >= 'A' && *unit <= 'Z' ? (char)(*unit - 'A' + 'a') : *unit;
			unit++;
		}
	}
	out[length] = '\0';
}

/* The unit of that name; `of` limits the search to a quantity (NULL: any). */
static const struct unit *find_unit(const char *folded, const enum quantity *of)
{
	for (size_t i = 0; i < UNIT_COUNT; i++) {
		if (strcmp(units[i].name, folded) == 0 && (of == NULL || units[i].quantity == *of))
			return &units[i];
	}
	return NULL;
}

/* "mg/l, ug/l, …": the units that convert to `to`. */
static void list_units(
        const struct wq_parameter *parameter, const struct unit *to, char *text, size_t size)
{
	size_t length = (size_t)snprintf(text, size, "%s", parameter->unit);

	for (size_t i = 0; to != NULL && i < UNIT_COUNT && length < size; i++) {
		if (units[i].quantity == to->quantity && units[i].shown && &units[i] != to)
			length += (size_t)snprintf(
			        text + length, size - length, ", %s", units[i].name);
	}
}

int wq_unit_factor(const struct wq_parameter *parameter, const char *from,
        struct wq_decimal *factor, struct wq_err *err)
{
	static const int64_t powers[] = { 1, 10, 100, 1000, 10000, 100000, 1000000, 10000000,
		100000000, 1000000000 };
	char given[FOLDED_TEXT], canonical[FOLDED_TEXT], allowed[160];
	const struct unit *to, *unit;
	int exponent;

	fold(from, given);
	fold(parameter->unit, canonical);
	to = find_unit(canonical, NULL);
	unit = to == NULL ? NULL : find_unit(given, &to->quantity);
	if (unit != NULL) {
		exponent = unit->exponent - to->exponent;
		*factor = exponent >= 0 ? (struct wq_decimal){ powers[exponent], 0 }
		                        : (struct wq_decimal){ 1, -exponent };
		return WQ_OK;
	}
	if (strcmp(given, canonical) == 0) { /* an own parameter in a unit of its own */
		*factor = (struct wq_decimal){ 1, 0 };
		return WQ_OK;
	}
	list_units(parameter, to, allowed, sizeof(allowed));
	return wq_fail(err, WQ_E_INVALID, "unit '%.24s' does not measure %s; allowed: %s", from,
	        parameter->name, allowed);
}
