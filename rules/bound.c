/* SPDX-License-Identifier: Apache-2.0 */
/* Resolving and wording of what a value is held against. */
#include "bound.h"

#include "wq/decimal.h"
#include "wq/err.h"
#include "wq/parameter.h"
#include "wq/standard.h"

#include <stdio.h>

static bool has_number(const struct bound_settings *settings)
{
	return !isnan(settings->above) || !isnan(settings->below);
}

int bound_check(const struct bound_settings *settings, const struct wq_site *site,
        const struct wq_parameter *parameter, struct wq_err *err)
{
	if (has_number(settings)) {
		if (settings->class_ != INT64_MIN)
			return wq_fail(err, WQ_E_INVALID,
			        "class and above/below exclude each other: give one of them");
		if (settings->below >= settings->above)
			return wq_fail(err, WQ_E_INVALID,
			        "below = %g must be less than above = %g: what lies between meets",
			        settings->below, settings->above);
		return WQ_OK;
	}
	if (parameter && !wq_standard_any(site->standard, parameter->code))
		return wq_fail(err, WQ_E_INVALID,
		        "%s sets no limits for '%s' (%s): give above or below",
		        site->standard->name, parameter->alias, parameter->code);
	return WQ_OK;
}

static bool class_limits(const struct bound_settings *settings, const struct wq_standard_row *row,
        const struct wq_station *station, struct bound *bound)
{
	int class_;

	if (!row)
		return false;
	class_ = settings->class_ == INT64_MIN ? station->target : (int)settings->class_;
	if (row->direction != WQ_AT_MOST)
		bound->low = row->limit[class_];
	if (row->direction == WQ_AT_MOST)
		bound->high = row->limit[class_];
	if (row->direction == WQ_WITHIN)
		bound->high = row->high;
	bound->class_ = row->single ? WQ_CLASS_NONE : class_;
	return true;
}

bool bound_find(const struct bound_settings *settings, const struct wq_site *site,
        const struct wq_parameter *parameter, const struct wq_station *station, struct bound *bound)
{
	const struct wq_standard_row *known = wq_standard_any(site->standard, parameter->code);

	*bound = (struct bound){ .low = NAN, .high = NAN };
	bound->multiple = known && known->direction == WQ_AT_MOST;
	if (!has_number(settings))
		return class_limits(
		        settings, wq_site_limits(site, station, parameter->code), station, bound);
	bound->low = settings->below;
	bound->high = settings->above;
	return true;
}

/* limit × (1 + sign × share), in decimal so that a value at the edge is at the edge. */
static double drawn_in(double limit, double share, int sign)
{
	struct wq_decimal l, s;
	double exact;
	int64_t one = 1;

	if (isnan(limit) || share <= 0)
		return limit;
	if (limit < 0)
		sign = -sign;
	if (!wq_decimal_from_double(limit, &l) || !wq_decimal_from_double(share, &s))
		return limit * (1 + sign * share);
	for (int i = 0; i < s.places; i++)
		one *= 10;
	s.digits = one + sign * s.digits;
	s.places += l.places;
	if (s.places > 18 ||
	        wq_value_from_scaled(l.digits, s, (struct wq_decimal){ 0, 0 }, &exact, NULL))
		return limit * (1 + sign * share);
	return exact;
}

struct bound bound_narrow(const struct bound *bound, double share)
{
	struct bound narrow = *bound;

	narrow.low = drawn_in(bound->low, share, 1);
	narrow.high = drawn_in(bound->high, share, -1);
	return narrow;
}

double bound_limit(const struct bound *bound, double value)
{
	if (isnan(bound->low))
		return bound->high;
	if (isnan(bound->high))
		return bound->low;
	return value - bound->low < bound->high - value ? bound->low : bound->high;
}

double bound_exceedance(const struct bound *bound, double value)
{
	if (!bound->multiple || !(bound->high > 0) || !(value > bound->high))
		return NAN;
	return wq_standard_multiple(value, bound->high);
}

static const char *class_words(const struct bound *bound, char buf[BOUND_TEXT])
{
	buf[0] = '\0';
	if (bound->class_)
		snprintf(buf, BOUND_TEXT, "%s类", wq_class_name(bound->class_));
	return buf;
}

char *bound_phrase(const struct bound *bound, bool upper, char buf[BOUND_TEXT])
{
	bool range = !isnan(bound->low) && !isnan(bound->high);
	const char *noun = !range ? "限值" : upper ? "上限" : "下限";
	char of[BOUND_TEXT], number[WQ_DECIMAL_TEXT];

	snprintf(buf, BOUND_TEXT, "%s%.24s%s(%s)", upper ? "超" : "低于", class_words(bound, of),
	        noun, wq_value_format(upper ? bound->high : bound->low, number));
	return buf;
}

char *bound_phrase_limit(const struct bound *bound, char buf[BOUND_TEXT])
{
	char of[BOUND_TEXT], low[WQ_DECIMAL_TEXT] = "", high[WQ_DECIMAL_TEXT] = "";

	if (!isnan(bound->low))
		wq_value_format(bound->low, low);
	if (!isnan(bound->high))
		wq_value_format(bound->high, high);
	snprintf(buf, BOUND_TEXT, "%.24s限值%.24s%s%.24s", class_words(bound, of), low,
	        low[0] && high[0] ? "~" : "", high);
	return buf;
}
