/* SPDX-License-Identifier: Apache-2.0 */
/* GB 3838-2002 table 1 as data, and the class of values by single factor.
 *
 * Limits are written as in the table; each is the double nearest to its decimal, as measured
 * values are, so `<=` decides as it would on paper. Water temperature has no class limits and is
 * not here; total nitrogen has them for lakes and reservoirs only. */
#include "wq/standard.h"

#include "wq/decimal.h"
#include "wq/parameter.h"

#include <math.h>
#include <string.h>

/* clang-format off */
#define ROW(code_, water_, direction_, judged, ...) \
	{ .code = code_, .water = water_, .direction = direction_, .evaluated = judged, \
	  .limit = { 0, __VA_ARGS__ } }
#define JUDGED(code, water, ...) ROW(code, water, WQ_AT_MOST, true, __VA_ARGS__)
#define OTHER(code, water, ...)  ROW(code, water, WQ_AT_MOST, false, __VA_ARGS__)

/* The evaluated items come first, in the order of wq_evaluated_codes. Classes I to V. */
#define EVALUATED_ITEMS(w, ...) \
	{ .code = "w01001", .water = w, .direction = WQ_WITHIN, .evaluated = true, \
	  .limit = { 0, 6, 6, 6, 6, 6 }, .high = 9 }, \
	ROW("w01009", w, WQ_AT_LEAST, true, 7.5, 6, 5, 3, 2), \
	JUDGED("w01019", w, 2, 4, 6, 10, 15), \
	JUDGED("w21003", w, 0.15, 0.5, 1.0, 1.5, 2.0), \
	JUDGED("w21011", w, __VA_ARGS__)

#define OTHER_ITEMS(w) \
	OTHER("w01018", w, 15, 15, 20, 30, 40), \
	OTHER("w01017", w, 3, 3, 4, 6, 10), \
	OTHER("w20122", w, 0.01, 1.0, 1.0, 1.0, 1.0), \
	OTHER("w20123", w, 0.05, 1.0, 1.0, 2.0, 2.0), \
	OTHER("w21017", w, 1.0, 1.0, 1.0, 1.5, 1.5), \
	OTHER("w20128", w, 0.01, 0.01, 0.01, 0.02, 0.02), \
	OTHER("w20141", w, 0.05, 0.05, 0.05, 0.1, 0.1), \
	OTHER("w20111", w, 0.00005, 0.00005, 0.0001, 0.001, 0.001), \
	OTHER("w20115", w, 0.001, 0.005, 0.005, 0.005, 0.01), \
	OTHER("w20117", w, 0.01, 0.05, 0.05, 0.05, 0.1), \
	OTHER("w20120", w, 0.01, 0.01, 0.05, 0.05, 0.1), \
	OTHER("w21016", w, 0.005, 0.05, 0.2, 0.2, 0.2), \
	OTHER("w23002", w, 0.002, 0.002, 0.005, 0.01, 0.1), \
	OTHER("w22001", w, 0.05, 0.05, 0.05, 0.5, 1.0), \
	OTHER("w19002", w, 0.2, 0.2, 0.2, 0.3, 0.3), \
	OTHER("w21019", w, 0.05, 0.1, 0.2, 0.5, 1.0), \
	OTHER("w02003", w, 200, 2000, 10000, 20000, 40000)
/* clang-format on */

static const struct wq_standard_row river_rows[] = {
	EVALUATED_ITEMS(WQ_RIVER, 0.02, 0.1, 0.2, 0.3, 0.4),
	OTHER_ITEMS(WQ_RIVER),
};

static const struct wq_standard_row lake_rows[] = {
	EVALUATED_ITEMS(WQ_LAKE, 0.01, 0.025, 0.05, 0.1, 0.2),
	OTHER_ITEMS(WQ_LAKE),
	OTHER("w21001", WQ_LAKE, 0.2, 0.5, 1.0, 1.5, 2.0),
};

static const struct {
	const struct wq_standard_row *rows;
	size_t count;
} waters[] = {
	[WQ_RIVER] = { river_rows, sizeof(river_rows) / sizeof(river_rows[0]) },
	[WQ_LAKE] = { lake_rows, sizeof(lake_rows) / sizeof(lake_rows[0]) },
};

const char *const wq_evaluated_codes[WQ_EVALUATED] = { "w01001", "w01009", "w01019", "w21003",
	"w21011" };

const struct wq_standard_row *wq_standard_find(const char *code, enum wq_water water)
{
	for (size_t i = 0; i < waters[water].count; i++) {
		if (strcmp(waters[water].rows[i].code, code) == 0)
			return &waters[water].rows[i];
	}
	return NULL;
}

bool wq_standard_exceeds(const struct wq_standard_row *row, int class_, double value)
{
	double limit = row->limit[class_];

	switch (row->direction) {
	case WQ_AT_MOST:
		return value > limit;
	case WQ_AT_LEAST:
		return value < limit;
	case WQ_WITHIN:
		return value < limit || value > row->high;
	}
	return false;
}

int wq_standard_class(const struct wq_standard_row *row, double value)
{
	int class_ = WQ_CLASS_I;

	while (class_ < WQ_CLASS_WORSE && wq_standard_exceeds(row, class_, value))
		class_++;
	return class_;
}

/* (value − limit) / limit with the difference taken in decimal: 0.063 / 0.2 is 0.315 and rounds as
 * the tie it is. */
static double multiple(double value, double limit)
{
	struct wq_decimal v, l;
	int places;

	if (!wq_decimal_from_double(value, &v) || !wq_decimal_from_double(limit, &l))
		return (value - limit) / limit;
	places = v.places > l.places ? v.places : l.places;
	for (; v.places < places && v.digits < INT64_MAX / 10; v.places++)
		v.digits *= 10;
	for (; l.places < places && l.digits < INT64_MAX / 10; l.places++)
		l.digits *= 10;
	if (v.places != l.places || v.digits > INT64_C(1) << 53 || l.digits > INT64_C(1) << 53)
		return (value - limit) / limit;
	return (double)(v.digits - l.digits) / (double)l.digits;
}

double wq_standard_exceedance(const struct wq_standard_row *row, int class_, double value)
{
	if (row->direction != WQ_AT_MOST || !wq_standard_exceeds(row, class_, value))
		return (double)NAN;
	return multiple(value, row->limit[class_]);
}

const char *wq_class_name(int class_)
{
	static const char *const names[] = { "", "Ⅰ", "Ⅱ", "Ⅲ", "Ⅳ", "Ⅴ", "劣Ⅴ" };

	return class_ >= WQ_CLASS_NONE && class_ <= WQ_CLASS_WORSE ? names[class_] : "";
}

int wq_standard_section(
        enum wq_water water, const double values[WQ_EVALUATED], unsigned *determining)
{
	int classes[WQ_EVALUATED], worst = WQ_CLASS_NONE;
	unsigned items = 0;

	for (size_t i = 0; i < WQ_EVALUATED; i++) {
		classes[i] = WQ_CLASS_NONE;
		if (!isnan(values[i]))
			classes[i] = wq_standard_class(&waters[water].rows[i], values[i]);
		if (classes[i] > worst)
			worst = classes[i];
	}
	for (size_t i = 0; i < WQ_EVALUATED; i++) {
		if (worst > WQ_CLASS_I && classes[i] == worst)
			items |= 1U << i;
	}
	if (determining != NULL)
		*determining = items;
	return worst;
}
