/* SPDX-License-Identifier: Apache-2.0 */
/* The reason of each kind of rule in English, from the facts of its evidence. A fact that is missing (the alarm is of an earlier
 * life of the program) leaves out what it would say, never the rest. */
#include "text_en_parts.h"

#include "wq/rule.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

double en_rounded(double value, int digits)
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
void en_limit(struct wording *line, const struct facts *f)
{
	const char *class_ = class_english(en_fact(f, "target_class"));

	wording_add(line, "%s%slimit %.15g", class_, class_[0] != '\0' ? " " : "", f->change->limit);
}

/* ", over Class III limit 0.2" */
void en_side(struct wording *line, const struct facts *f, double value, bool within)
{
	if (!isfinite(f->change->limit) || !isfinite(value))
		return;
	wording_add(line, ", %s ", within ? "within" : value < f->change->limit ? "below" : "over");
	en_limit(line, f);
}

static void add_times(struct wording *line, const struct facts *f)
{
	if (isfinite(en_fact(f, "exceedance")))
		wording_add(line, " by %.2f times", en_fact(f, "exceedance"));
}

/* "total phosphorus 0.263 mg/L" */
void en_reading(struct wording *line, const struct facts *f)
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
	en_reading(line, f);
	en_side(line, f, f->change->value, over);
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
		en_side(line, f, f->change->value, over);
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
	wording_add(line, "; the %.0f %s left must average %.15g or %s", left, what, en_rounded(allowed, 3), lower ? "more" : "less");
	if (isfinite(best) && (lower ? allowed > best : allowed < best))
		wording_add(line, ", better than the best so far (%.15g)", en_rounded(best, 3));
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
		en_side(line, f, f->change->value, over);
	} else {
		wording_add(line, ", by the newest value the day's will be %.15g", en_rounded(projected, 3));
		en_side(line, f, projected, false);
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
	en_side(line, f, f->change->value, !exceeded);
	if (over)
		return true;
	add_left(line, f, "days", left, best);
	if (!exceeded && isfinite(recent))
		wording_add(line, "; it will exceed if they are as the last ones (%.15g)", en_rounded(recent, 3));
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
	{ "trend", en_trend },
	{ "surge", en_surge },
	{ "event", en_event },
	{ "upstream", en_upstream },
	{ "health", en_health },
};

bool en_rule(struct wording *line, const struct facts *f, bool over)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (strcmp(f->kind, rows[i].kind) == 0)
			return rows[i].say(line, f, over);
	return false;
}
