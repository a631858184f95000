/* SPDX-License-Identifier: Apache-2.0 */
/* An outlook in words: where the water is, how fast it changes, and between when and when it will be at the limit. */
#include "say.h"

#include "bound.h"
#include "phrase.h"

#include "wq/parameter.h"
#include "wq/rule.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* An interval whose ends lie further apart than this tells nothing but its beginning. */
#define WIDE 10

/* Units that people say slopes and spans in. The latter stay hours for longer: "2天" may be 36 hours or 59. */
struct unit {
	double below, hours; /* of the span that is left */
	const char *name;
};

static const struct unit slope_units[] = {
	{ 1.5, 1.0 / 60, "分钟" },
	{ 48, 1, "小时" },
	{ HUGE_VAL, 24, "天" },
};

static const struct unit span_units[] = {
	{ 1.5 / 60, 1.0 / 3600, "秒" },
	{ 1.5, 1.0 / 60, "分钟" },
	{ 72, 1, "小时" },
	{ HUGE_VAL, 24, "天" },
};

static const struct unit *unit_for(const struct unit *unit, double hours)
{
	while (!(hours < unit->below))
		unit++;
	return unit;
}

/* A time as said: a whole number, at least 1, of a unit. */
struct span {
	const struct unit *unit;
	double count;
};

static struct span span_of(double hours, double (*whole)(double))
{
	const struct unit *unit = unit_for(span_units, hours);

	return (struct span){ unit, fmax(1, whole(hours / unit->hours)) };
}

static void say_slope(struct phrase *says, bool upper, const struct outlook *o, double left)
{
	const struct unit *unit = unit_for(slope_units, left);
	char slope[PHRASE_TEXT];

	/* What grows by shares is not at the limit when its slope of this hour says. */
	if (o->shares)
		phrase_add(says, ",每%s%s%s%%", unit->name, upper ? "升" : "降",
		        phrase_significant(fabs(expm1(o->slope / o->now * unit->hours)) * 100, 2, slope));
	else
		phrase_add(says, ",每%s%s%s", unit->name, upper ? "升" : "降",
		        phrase_significant(fabs(o->slope) * unit->hours, 2, slope));
}

/* The earliest time is rounded down and the latest up: the interval does not become narrower by being said. */
static void say_time(struct phrase *says, const struct outlook *o, const char *exceeds)
{
	const struct span earliest = span_of(o->earliest, floor), latest = span_of(o->latest, ceil), likely = span_of(o->hours, round);

	if (!(o->earliest > 0)) {
		phrase_add(says, ",随时可能%s,最可能约%.0f%s后", exceeds, likely.count, likely.unit->name);
	} else if (!(o->latest <= WIDE * o->earliest)) {
		phrase_add(says, ",最早约%.0f%s后%s", earliest.count, earliest.unit->name, exceeds);
	} else if (earliest.unit == latest.unit && earliest.count == latest.count) {
		phrase_add(says, ",预计约%.0f%s后%s", likely.count, likely.unit->name, exceeds);
	} else {
		phrase_add(says, ",预计约%.0f%s至%.0f%s后%s,最可能约%.0f%s", earliest.count,
		        earliest.unit == latest.unit ? "" : earliest.unit->name, latest.count, latest.unit->name, exceeds, likely.count,
		        likely.unit->name);
	}
}

/* Near the limit a digit more, or what is left to it could not be seen from the text. */
static int places_of(const struct wq_parameter *parameter, double now, double limit)
{
	const int places = parameter->display_places;

	return places + (places >= 0 && fabs(limit - now) * pow(10, places) < 10);
}

void trend_say(struct wq_verdict *out, const struct wq_parameter *parameter, const struct bound *bound, bool upper, wq_ms season,
        const struct outlook *o)
{
	const char *without = season == 0 ? "" : season == WQ_DAYS(1) ? "扣除日变化后" : "扣除周期变化后";
	/* Where the line is there already, the time that a third of the limit takes picks the unit. */
	const double left = o->hours > 0 ? o->hours : fabs(out->limit / o->slope) / 3;
	char number[PHRASE_TEXT], amount[PHRASE_TEXT], limit[BOUND_TEXT];
	struct phrase says = { 0 };

	phrase_estimate(o->now, o->hours > 0 ? places_of(parameter, o->now, out->limit) : parameter->display_places, number);
	phrase_add(&says, "%s%s持续%s,现约%s", parameter->name, without, upper ? "上升" : "下降",
	        phrase_amount(parameter, number, amount));
	say_slope(&says, upper, o, left);
	if (o->hours > 0)
		say_time(&says, o, bound_phrase(bound, upper, limit));
	else
		phrase_add(&says, ",趋势线已达%s", bound_phrase_limit(bound, limit));
	wq_verdict_say(out, "%s", says.text);
}
