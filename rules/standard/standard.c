/* SPDX-License-Identifier: Apache-2.0 */
/* What a standard says of a value: its limits, its class, its multiple; and of a section: the class
 * of the worst item. */
#include "wq/standard.h"

#include "wq/decimal.h"
#include "wq/site.h"

#include <math.h>
#include <string.h>

const struct wq_standard_row *wq_standard_find(
        const struct wq_standard *standard, const char *code, enum wq_water water, bool source)
{
	const struct wq_standard_row *rows = standard->waters[water].rows;

	for (size_t i = 0; i < standard->waters[water].count; i++) {
		if (strcmp(rows[i].code, code) == 0 && (source || !rows[i].source))
			return &rows[i];
	}
	return NULL;
}

const struct wq_standard_row *wq_standard_any(const struct wq_standard *standard, const char *code)
{
	const struct wq_standard_row *row = wq_standard_find(standard, code, WQ_RIVER, true);

	return row != NULL ? row : wq_standard_find(standard, code, WQ_LAKE, true);
}

const struct wq_standard_row *wq_site_limits(
        const struct wq_site *site, const struct wq_station *station, const char *code)
{
	return wq_standard_find(
	        site->standard, code, station->water, wq_station_source(station->kind));
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

	if (row->single)
		return WQ_CLASS_NONE;
	while (class_ < WQ_CLASS_WORSE && wq_standard_exceeds(row, class_, value))
		class_++;
	return class_;
}

/* (value − limit) / limit with the difference taken in decimal: 0.063 / 0.2 is 0.315 and rounds as
 * the tie it is. */
double wq_standard_multiple(double value, double limit)
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
	return wq_standard_multiple(value, row->limit[class_]);
}

const char *wq_class_name(int class_)
{
	static const char *const names[] = { "", "Ⅰ", "Ⅱ", "Ⅲ", "Ⅳ", "Ⅴ", "劣Ⅴ" };

	return class_ >= WQ_CLASS_NONE && class_ <= WQ_CLASS_WORSE ? names[class_] : "";
}

unsigned wq_standard_bit(const struct wq_standard *standard, const char *code)
{
	for (size_t i = 0; i < standard->evaluated_count; i++) {
		if (strcmp(standard->evaluated[i], code) == 0)
			return 1U << i;
	}
	return 0;
}

int wq_standard_section(const struct wq_standard *standard, enum wq_water water,
        const double *values, unsigned *determining)
{
	int classes[WQ_EVALUATED_MAX], worst = WQ_CLASS_NONE;
	unsigned items = 0;

	for (size_t i = 0; i < standard->evaluated_count; i++) {
		const struct wq_standard_row *row =
		        wq_standard_find(standard, standard->evaluated[i], water, false);

		classes[i] = WQ_CLASS_NONE;
		if (row != NULL && row->evaluated && !isnan(values[i]))
			classes[i] = wq_standard_class(row, values[i]);
		if (classes[i] > worst)
			worst = classes[i];
	}
	for (size_t i = 0; i < standard->evaluated_count; i++) {
		if (worst > WQ_CLASS_I && classes[i] == worst)
			items |= 1U << i;
	}
	if (determining != NULL)
		*determining = items;
	return worst;
}
