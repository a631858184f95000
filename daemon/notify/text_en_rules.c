/* SPDX-License-Identifier: Apache-2.0 */
/* The reason of each kind of rule in English, from the facts of its evidence. A fact that is missing (the alarm is of an earlier
 * life of the program) leaves out what it would say, never the rest. */
#include "text_en_parts.h"

#include "wq/option.h"
#include "wq/rule.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* To so many significant digits, for "%.15g": printf's own %g would turn to exponents. */
static double rounded(double value, int digits)
{
	char text[40];
	double to = value;

	snprintf(text, sizeof text, "%.*e", digits - 1, value);
	return sscanf(text, "%lf", &to) == 1 ? to : value;
}

static const char *class_english(double class_)
{
	static const char *const names[] = { "", "Class I", "Class II", "Class III", "Class IV", "Class V", "worse than Class V" };

	return class_ >= 1 && class_ <= 6 ? names[(int)class_] : "";
}

/* "Class III limit 0.2", "limit 0.2" */
static void add_limit(struct wording *line, const struct facts *f)
{
	const char *class_ = class_english(en_fact(f, "target_class"));

	wording_add(line, "%s%slimit %.15g", class_, class_[0] != '\0' ? " " : "", f->change->limit);
}

/* ", over Class III limit 0.2" */
static void add_side(struct wording *line, const struct facts *f, double value, bool within)
{
	if (!isfinite(f->change->limit) || !isfinite(value))
		return;
	wording_add(line, ", %s ", within ? "within" : value < f->change->limit ? "below" : "over");
	add_limit(line, f);
}

static void add_times(struct wording *line, const struct facts *f)
{
	if (isfinite(en_fact(f, "exceedance")))
		wording_add(line, " by %.2f times", en_fact(f, "exceedance"));
}

/* "total phosphorus 0.263 mg/L" */
static void add_reading(struct wording *line, const struct facts *f)
{
	wording_add(line, "%s", f->item);
	if (isfinite(f->change->value)) {
		wording_add(line, " ");
		en_amount(line, f, f->change->value);
	}
}

/* " of 03-04", the day before its end; where the change has another time: "". */
static void add_day(struct wording *line, const struct facts *f)
{
	char day[WQ_INSTANT_TEXT];

	if (f->by_time)
		wording_add(line, " of %.5s", wq_instant_format_short(text_zone(f->site, f->change), f->change->time - WQ_HOURS(12), day));
}

static bool say_limit(struct wording *line, const struct facts *f, bool over)
{
	const double run = en_fact(f, "consecutive");

	if (f->item[0] == '\0' || !isfinite(f->change->value))
		return false;
	add_reading(line, f);
	add_side(line, f, f->change->value, over);
	if (!over)
		add_times(line, f);
	if (!over && run > 1)
		wording_add(line, ", %.0f in a row", run);
	return true;
}

/* -- days and months -- */

static void add_counted(struct wording *line, const struct facts *f)
{
	const double valid = en_fact(f, "valid"), expected = en_fact(f, "expected");

	if (isfinite(valid) && isfinite(expected) && valid < expected)
		wording_add(line, " (%.0f of %.0f values)", valid, expected);
}

static bool say_daily(struct wording *line, const struct facts *f, bool over)
{
	const bool station = f->item[0] == '\0', known = isfinite(f->change->value);

	wording_add(line, "%s%s", station ? "water" : f->item, station ? "" : " daily mean");
	add_day(line, f);
	if (!known) {
		wording_add(line, " not assessable");
	} else if (station) {
		wording_add(line, " %s, %s target %s", class_english(f->change->value), over ? "meets" : "misses",
		        class_english(f->change->limit));
	} else {
		wording_add(line, " ");
		en_amount(line, f, f->change->value);
		add_side(line, f, f->change->value, over);
		if (!over)
			add_times(line, f);
	}
	add_counted(line, f);
	return true;
}

/* Whether a mean is over its limit, by the side on which the best values lie. */
static bool exceeds(const struct facts *f, double mean, double best)
{
	return best > mean ? mean < f->change->limit : mean > f->change->limit;
}

/* "; the 3 values left may average 0.12 mg/L at most": best is how good they have been. */
static void add_left(struct wording *line, const struct facts *f, const char *what, double left, double best)
{
	const double allowed = en_fact(f, "remaining_may");
	const bool lower = best > f->change->value;

	if (!(left >= 1) || !isfinite(allowed))
		return;
	if (!lower && allowed < 0) {
		wording_add(line, "; the %.0f %s left cannot make up for it", left, what);
		return;
	}
	wording_add(line, "; the %.0f %s left must average %.15g or %s", left, what, rounded(allowed, 3), lower ? "more" : "less");
	if (isfinite(best) && (lower ? allowed > best : allowed < best))
		wording_add(line, ", better than the best so far (%.15g)", rounded(best, 3));
}

static bool say_today(struct wording *line, const struct facts *f, bool over)
{
	const double count = en_fact(f, "readings"), best = en_fact(f, "best"), projected = en_fact(f, "projected");

	if (!isfinite(f->change->value))
		return false;
	if (over && !isfinite(count)) {
		wording_add(line, "%s daily mean ", f->item);
	} else {
		wording_add(line, "%s mean today ", f->item);
		if (isfinite(count))
			wording_add(line, "(%.0f values) ", count);
	}
	en_amount(line, f, f->change->value);
	if (over || exceeds(f, f->change->value, best) || !isfinite(projected)) {
		add_side(line, f, f->change->value, over);
	} else {
		wording_add(line, ", by the newest value the day's will be %.15g", rounded(projected, 3));
		add_side(line, f, projected, false);
	}
	if (!over)
		add_left(line, f, "values", en_fact(f, "remaining"), best);
	return true;
}

static bool say_month(struct wording *line, const struct facts *f, bool over)
{
	const double left = en_fact(f, "days_left"), best = en_fact(f, "best_day"), recent = en_fact(f, "recent_mean");
	bool exceeded;

	if (!isfinite(f->change->value)) {
		if (over)
			wording_add(line, "%s: a new month begins", f->item);
		return over;
	}
	wording_add(line, "%s mean of the month%s ", f->item, left > 0 ? " to date" : "");
	en_amount(line, f, f->change->value);
	if (isfinite(en_fact(f, "days_valid")))
		wording_add(line, " (%.0f of %.0f days)", en_fact(f, "days_valid"), en_fact(f, "days_passed"));
	exceeded = !over && exceeds(f, f->change->value, best);
	add_side(line, f, f->change->value, !exceeded);
	if (over)
		return true;
	add_left(line, f, "days", left, best);
	if (!exceeded && isfinite(recent))
		wording_add(line, "; it will exceed if they are as the last ones (%.15g)", rounded(recent, 3));
	return true;
}

static bool say_fall(struct wording *line, const struct facts *f, bool over)
{
	const double before = f->change->limit;

	wording_add(line, "water");
	add_day(line, f);
	if (!isfinite(f->change->value)) {
		wording_add(line, " not assessable");
		return true;
	}
	wording_add(line, " %s", class_english(f->change->value));
	if (before >= 1)
		wording_add(line, ", %s %s before", over ? "after" : "down from", class_english(before));
	return true;
}

static bool say_network(struct wording *line, const struct facts *f, bool over)
{
	if (!isfinite(f->change->value))
		return false;
	wording_add(line, "the class of the water");
	add_day(line, f);
	wording_add(line, " fell at %.0f section%s", f->change->value, f->change->value >= 2 ? "s" : "");
	if (isfinite(en_fact(f, "compared")))
		wording_add(line, " of %.0f compared", en_fact(f, "compared"));
	wording_add(line, over ? "; no consultation is called for" : "; a consultation is advised");
	return true;
}

/* -- what does not arrive -- */

static bool say_silence(struct wording *line, const struct facts *f, bool over)
{
	const bool station = f->item[0] == '\0';
	const double span = en_fact(f, "silent_hours");

	if (over) {
		wording_add(line, "%s%s%s again", f->item, station ? "the station sends" : " arrives", station ? " data" : "");
		return true;
	}
	wording_add(line, "no %sdata of %s", en_fact(f, "arriving") > 0 ? "usable " : "", station ? "the whole station" : f->item);
	if (isfinite(span)) {
		wording_add(line, " for ");
		en_hours(line, span);
	}
	if (station && en_fact(f, "items") > 0)
		wording_add(line, " (%.0f parameters)", en_fact(f, "items"));
	wording_add(line, "%s", en_fact(f, "arriving") > 0 ? ": what arrives is no valid reading" : "");
	wording_add(line, ", not assessable");
	return true;
}

/* -- detectors -- */

static bool say_trend(struct wording *line, const struct facts *f, bool over)
{
	const double slope = en_fact(f, "slope_per_hour"), hours = en_fact(f, "hours_to_exceed"), now = en_fact(f, "fitted_now");
	const bool days = isfinite(hours) && hours >= 72;

	if (over) {
		add_reading(line, f);
		wording_add(line, ", no trend towards ");
		add_limit(line, f);
		return true;
	}
	if (!isfinite(slope))
		return false;
	wording_add(line, "%s %s by %.15g a%s", f->item, slope > 0 ? "rises" : "falls", rounded(fabs(slope) * (days ? 24 : 1), 2), days ? " day" : "n hour");
	if (isfinite(now))
		wording_add(line, ", now about %.15g", rounded(now, 3));
	if (isfinite(hours) && hours > 0)
		wording_add(line, ", expected %s ", slope > 0 ? "over" : "below");
	else
		wording_add(line, ", the line has reached ");
	add_limit(line, f);
	if (isfinite(hours) && hours > 0)
		wording_add(line, " in about %.0f %s", fmax(1, days ? hours / 24 : hours), days ? "d" : "h");
	return true;
}

static bool say_surge(struct wording *line, const struct facts *f, bool over)
{
	const double usual = en_fact(f, "usual"), value = f->change->value, limit = f->change->limit;

	if (!isfinite(value))
		return false;
	add_reading(line, f);
	if (over) {
		wording_add(line, ", near what is usual again");
		if (isfinite(usual))
			wording_add(line, " (%.15g)", rounded(usual, 2));
		return true;
	}
	if (isfinite(usual) && usual > 0)
		wording_add(line, ", %.0f%% %s the usual %.15g", fabs(value / usual - 1) * 100, value < usual ? "below" : "above",
		        rounded(usual, 2));
	if (!isfinite(limit))
		return true;
	/* On the far side of the limit, as seen from what is usual: it is crossed. */
	if (isfinite(usual) && (usual < limit) != (value < limit))
		add_side(line, f, value, false);
	else {
		wording_add(line, ", nearing ");
		add_limit(line, f);
	}
	return true;
}

/* The channels of an event are told by their places in its setting. */
static const char *channel_english(const struct facts *f, double place)
{
	const struct wq_rule_use *use = &f->site->rules[f->change->rule];

	for (const struct wq_option *row = use->rule->options; row != NULL && row->key != NULL && use->settings != NULL; row++) {
		const struct wq_list *list = (const void *)((const char *)use->settings + row->offset);

		if (strcmp(row->key, "channels") != 0 || row->type != WQ_OPT_LIST || !(place >= 1) || place > (double)list->count)
			continue;
		const int i = wq_parameter_find(f->site->parameters, f->site->parameter_count, list->items[(size_t)place - 1]);

		if (i >= 0 && f->site->parameters[i].english != NULL)
			return f->site->parameters[i].english;
		return list->items[(size_t)place - 1];
	}
	return NULL;
}

static bool say_event(struct wording *line, const struct facts *f, bool over)
{
	static const char *const keys[][3] = { { "first_channel", "first_share", "first_deviation" },
		{ "second_channel", "second_share", "second_deviation" }, { "third_channel", "third_share", "third_deviation" } };
	int named = 0;

	if (over) {
		const bool lasting = f->change->value > f->change->limit;

		wording_add(line, "%s", lasting ? "the unusual state has lasted and counts as usual now" : "the water is as usual again");
		return true;
	}
	wording_add(line, "the water is not as usual");
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		const char *name = channel_english(f, en_fact(f, keys[i][0]));

		if (name != NULL)
			wording_add(line, "%s%s %s (%.0f%%)", named++ == 0 ? ": " : ", ", name, en_fact(f, keys[i][2]) > 0 ? "high" : "low",
			        en_fact(f, keys[i][1]) * 100);
	}
	return true;
}

/* The one station upstream whose newest reading is what was judged. */
static const struct wq_station *upstream_of(const struct facts *f)
{
	const struct wq_parameter *parameter = text_parameter(f->site, f->change);
	json_t *row;
	size_t i;

	json_array_foreach (json_object_get(f->evidence, "neighbours"), i, row) {
		const char *where = json_string_value(json_object_get(row, "where")), *alias = json_string_value(json_object_get(row, "parameter"));
		const char *id = json_string_value(json_object_get(row, "station"));
		const double value = json_number_value(json_object_get(row, "value"));

		if (where == NULL || alias == NULL || id == NULL || parameter == NULL || strcmp(where, "upstream") != 0 ||
		        strcmp(alias, parameter->alias) != 0 || fabs(value - f->change->value) > 1e-9 * fabs(value))
			continue;
		const uint32_t station = wq_site_station(f->site, id);

		return station < f->site->station_count ? &f->site->stations[station] : NULL;
	}
	return NULL;
}

static bool say_upstream(struct wording *line, const struct facts *f, bool over)
{
	const double rise = en_fact(f, "rise"), travel = en_fact(f, "travel_hours"), value = f->change->value, limit = f->change->limit;
	const struct wq_station *station = upstream_of(f);
	char name[160];

	if (over) {
		wording_add(line, "%s upstream is down again, the affected water should have passed", f->item);
		return true;
	}
	if (!isfinite(value))
		return false;
	add_reading(line, f);
	wording_add(line, " upstream");
	if (station != NULL) {
		en_station(station, name, sizeof name);
		wording_add(line, " at %s", name);
	}
	if (isfinite(rise) && isfinite(limit) && (rise > 0) != (value > limit))
		wording_add(line, ", %.0f%% %s than before", fabs(rise) * 100, rise > 0 ? "higher" : "lower");
	else
		add_side(line, f, value, false);
	if (isfinite(travel)) {
		wording_add(line, ", here about ");
		en_hours(line, travel);
		wording_add(line, " after");
	}
	return true;
}

/* -- instruments -- */

/* By enum health_reason of rules/health, which evidence keeps as a number. */
enum { CARRIED = 1, RANGE, FLAT, COPIED, COARSE, REGULAR, CROSS };

static bool say_health(struct wording *line, const struct facts *f, bool over)
{
	static const char *const words[] = { [COPIED] = " equal those of another parameter one by one, maybe not measured",
		[COARSE] = " have fewer decimals than before, maybe not measured or set up anew",
		[REGULAR] = " are too regular, maybe filled in or smoothed" };
	const int reason = isfinite(en_fact(f, "reason")) ? (int)en_fact(f, "reason") : 0;

	if (over) {
		wording_add(line, "%s readings are normal again", f->item);
		return true;
	}
	if (reason >= COPIED && reason <= REGULAR) {
		wording_add(line, "the last ");
		if (isfinite(en_fact(f, "looked_at")))
			wording_add(line, "%.0f ", en_fact(f, "looked_at"));
		wording_add(line, "readings of %s%s", f->item, words[reason]);
		return true;
	}
	if (reason == CARRIED) {
		wording_add(line, "%s is new only every ", f->item);
		en_hours(line, en_fact(f, "cycle_hours"));
		wording_add(line, ", between it is repeated: set its cycle");
		return true;
	}
	add_reading(line, f);
	if (reason == FLAT) {
		wording_add(line, " unchanged for ");
		en_hours(line, en_fact(f, "unchanged_hours"));
		wording_add(line, ", the instrument may be stuck");
	} else if (reason == CROSS) {
		wording_add(line, " contradicts another parameter (%.15g), the instrument may be at fault", rounded(en_fact(f, "other"), 3));
	} else if (reason == RANGE) {
		wording_add(line, " out of its plausible range again and again, not evaluated: check instrument and water");
	} else {
		wording_add(line, ", the instrument may be at fault");
	}
	return true;
}

static const struct {
	const char *kind;
	bool (*say)(struct wording *line, const struct facts *f, bool over);
} rows[] = {
	{ "limit", say_limit },
	{ "daily", say_daily },
	{ "today", say_today },
	{ "month", say_month },
	{ "fall", say_fall },
	{ "network", say_network },
	{ "missing", say_silence },
	{ "silent", say_silence },
	{ "trend", say_trend },
	{ "surge", say_surge },
	{ "event", say_event },
	{ "upstream", say_upstream },
	{ "health", say_health },
};

bool en_rule(struct wording *line, const struct facts *f, bool over)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (strcmp(f->kind, rows[i].kind) == 0)
			return rows[i].say(line, f, over);
	return false;
}
