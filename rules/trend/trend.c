/* SPDX-License-Identifier: Apache-2.0 */
/* trend: warns before the limit. Mann-Kendall test and Sen's slope over a rolling window.
 *
 * The window: the newest `readings` readings, or the medians of as many spans of `aggregate` (closed
 * ones: a span counts when a reading of a later one has come). What is older than twice the
 * window's usual length - readings × the median step - is left out, so that an outage does not make
 * one trend of two.
 *
 *   the trend toward the limit is significant (autocorrelation considered, see wq/trend.h), the
 *   slope's interval excludes 0, the fitted present is near the limit (near) and the line crosses
 *   it within the horizon                                                    RAISE level
 *   the newest reading is beyond the limit: the limit rule's affair          HOLD
 *   no trend toward the limit and the fitted present is not near it,
 *   or a significant trend away from it, or far from the limit               CLEAR
 *   in between                                                               HOLD
 *   too few points                                                           UNKNOWN
 *
 * With aggregate = 0 the rule has no memory: the view orders and revises readings. Otherwise it
 * keeps a few values per span (points.h); a reading that is withdrawn later without a new value stays
 * in its span's median. What was reckoned from the closed spans is kept until one of them changes. */
#include "trend.h"

#include "bound.h"
#include "levels.h"
#include "outlook.h"
#include "phrase.h"
#include "points.h"
#include "say.h"

#include "wq/decimal.h"
#include "wq/err.h"
#include "wq/parameter.h"

#include <math.h>
#include <string.h>

#define FEWEST 8

struct trend_settings {
	struct bound_settings bound;
	int64_t readings, minimum;
	wq_ms aggregate, season, horizon;
	double near, confidence;
	int level;
};

static const struct wq_option options[] = {
	BOUND_OPTIONS(struct trend_settings),
	{ .key = "readings",
	        .type = WQ_OPT_INTEGER,
	        .min = FEWEST,
	        .max = WQ_TREND_POINTS,
	        .fallback = "18",
	        .offset = offsetof(struct trend_settings, readings),
	        .help = "points in the window" },
	{ .key = "aggregate",
	        .type = WQ_OPT_SPAN,
	        .max = 7.0 * 86400e3,
	        .fallback = "0",
	        .offset = offsetof(struct trend_settings, aggregate),
	        .help = "0: each reading is a point; else the medians over this span are" },
	{ .key = "season",
	        .type = WQ_OPT_SPAN,
	        .max = 7.0 * 86400e3,
	        .fallback = "0",
	        .offset = offsetof(struct trend_settings, season),
	        .help = "what repeats with this span is no trend: 1d for oxygen, pH, temperature; 0: nothing does" },
	{ .key = "minimum",
	        .type = WQ_OPT_INTEGER,
	        .max = WQ_TREND_POINTS,
	        .fallback = "0",
	        .offset = offsetof(struct trend_settings, minimum),
	        .help = "points needed to judge; 0: three quarters of the window, at least 8" },
	{ .key = "near",
	        .type = WQ_OPT_NUMBER,
	        .min = 0.1,
	        .max = 1,
	        .fallback = "0.7",
	        .unit = "share of the limit",
	        .offset = offsetof(struct trend_settings, near),
	        .help = "how near to the limit the fitted present must be" },
	{ .key = "horizon",
	        .type = WQ_OPT_SPAN,
	        .max = 366.0 * 86400e3,
	        .fallback = "0",
	        .offset = offsetof(struct trend_settings, horizon),
	        .help = "longest projected time to exceed that is told; 0: one length of the window, at most 72h" },
	{ .key = "confidence",
	        .type = WQ_OPT_NUMBER,
	        .min = 0.5,
	        .max = 0.999,
	        .fallback = "0.95",
	        .offset = offsetof(struct trend_settings, confidence),
	        .help = "two-sided confidence of test and slope interval" },
	{ .key = "level",
	        .type = WQ_OPT_CHOICE,
	        .fallback = "warning",
	        .choices = rule_levels + 1,
	        .offset = offsetof(struct trend_settings, level),
	        .help = "level of the alarm" },
	WQ_OPTION_END,
};

static int check(const void *settings, const struct wq_site *site,
        const struct wq_parameter *parameter, struct wq_err *err)
{
	const struct trend_settings *s = settings;

	if (s->minimum != 0 && (s->minimum < FEWEST || s->minimum > s->readings))
		return wq_fail(err, WQ_E_INVALID,
		        "minimum = %lld must be 0 or between %d and readings = %lld",
		        (long long)s->minimum, FEWEST, (long long)s->readings);
	if (s->aggregate > 0 && s->aggregate < WQ_SECONDS(1))
		return wq_fail(err, WQ_E_INVALID, "aggregate = %lldms must be 0 or at least 1s",
		        (long long)s->aggregate);
	if (s->season > 0 && s->aggregate > 0 &&
	        (s->season % s->aggregate != 0 || s->season / s->aggregate < 2 ||
	                s->season / s->aggregate * 3 > s->readings))
		return wq_fail(err, WQ_E_INVALID,
		        "season = %lldms must be aggregate = %lldms two times or more, and a third of the window (readings = "
		        "%lld) at most",
		        (long long)s->season, (long long)s->aggregate, (long long)s->readings);
	return bound_check(&s->bound, site, parameter, err);
}

/* Of medians over spans; zeroed memory is an empty one. */
struct memory {
	/* Of the closed spans, as long as fit.taken says so: */
	struct fit fit;
	size_t n;
	size_t seasons;
	double length; /* of the window, hours */
	wq_ms last;    /* the newest of its points */
	/* A struct points follows, of the spans of the window and the one still open. */
};

static struct points *points_of(struct memory *memory)
{
	return (struct points *)(void *)(memory + 1);
}

static size_t points_room(const struct trend_settings *s)
{
	return (size_t)s->readings + 1;
}

static size_t state_size(const void *settings)
{
	const struct trend_settings *s = settings;

	return s->aggregate > 0 ? sizeof(struct memory) + points_size(points_room(s)) : 0;
}

static size_t readings_wanted(const void *settings)
{
	const struct trend_settings *s = settings;

	return s->aggregate > 0 ? 1 : (size_t)s->readings;
}

static wq_ms memory(const void *settings, wq_ms interval)
{
	const struct trend_settings *s = settings;

	return s->readings * (s->aggregate > 0 ? s->aggregate : interval);
}

static size_t fewest(const struct trend_settings *s, size_t seasons)
{
	int64_t least = s->minimum > 0 ? s->minimum : (3 * s->readings + 3) / 4;

	least = least < 3 * (int64_t)seasons ? 3 * (int64_t)seasons : least;
	return (size_t)(least < FEWEST ? FEWEST : least);
}

static double hours(wq_ms span)
{
	return (double)span / 3600e3;
}

/* The median step; most series are regular, and then any step is. */
static double usual_step(const struct window *window)
{
	double steps[WQ_TREND_POINTS];
	bool regular = true;

	for (size_t i = 1; i < window->n; i++) {
		steps[i - 1] = window->t[i] - window->t[i - 1];
		regular = regular && steps[i - 1] == steps[0];
	}
	return regular ? steps[0] : wq_median(steps, window->n - 1);
}

static void window_add(struct window *window, wq_ms newest, wq_ms at, double value)
{
	window->t[window->n] = hours(at - newest);
	window->x[window->n++] = value;
}

/* Puts the points in place and leaves out what an outage parted from them. Returns the window's
 * length in hours. */
static double window_trim(struct window *window, const struct trend_settings *s)
{
	double length;
	size_t stale = 0;

	if (window->n < 2)
		return 0;
	length = usual_step(window) * (double)s->readings;
	while (window->t[window->n - 1] - window->t[stale] > 2 * length)
		stale++;
	if (stale == 0) /* the usual case; a move onto itself is what valgrind complains of where it was made a memcpy */
		return length;
	window->n -= stale;
	memmove(window->t, window->t + stale, window->n * sizeof *window->t);
	memmove(window->x, window->x + stale, window->n * sizeof *window->x);
	return length;
}

/* How many points make a cycle. One that comes with each point, or has hardly any, is none. */
static void find_seasons(struct window *window, const struct trend_settings *s)
{
	double count;

	window->seasons = 0;
	window->cycle = hours(s->season);
	if (s->season == 0 || window->n < 2)
		return;
	count = rint(window->cycle / (s->aggregate > 0 ? hours(s->aggregate) : usual_step(window)));
	if (count >= 2)
		window->seasons = count < WQ_TREND_POINTS ? (size_t)count : WQ_TREND_POINTS;
}

/* Closed spans only: the newest one is still open. Returns the window's length in hours. */
static double window_from_spans(struct window *window, const struct trend_settings *s,
        struct points *points, wq_ms *last)
{
	size_t most = (size_t)s->readings;
	size_t closed = points->count > 0 ? points->count - 1 : 0;

	window->n = 0;
	*last = closed > 0 ? points->point[closed - 1].at : 0;
	for (size_t i = closed > most ? closed - most : 0; i < closed; i++)
		window_add(window, *last, points->point[i].at, point_median(&points->point[i]));
	return window_trim(window, s);
}

static double window_from_readings(struct window *window, const struct trend_settings *s,
        const struct wq_reading *readings, size_t count)
{
	size_t most = (size_t)s->readings;

	window->n = 0;
	for (size_t i = count > most ? count - most : 0; i < count; i++)
		window_add(window, readings[count - 1].at, readings[i].at, readings[i].value);
	return window_trim(window, s);
}

static void remember(struct memory *memory, const struct trend_settings *s,
        const struct wq_view *view, const struct wq_reading *reading)
{
	const wq_ms middle = points_middle(wq_view_station(view)->zone, s->aggregate, reading->at);
	struct points *points = points_of(memory);
	const size_t before = points->count;

	/* Nothing comes after the newest reading, unless the clock was ahead and is no more. */
	if (reading->at >= wq_view_last_reading(view, wq_view_place(view)))
		points_end(points, middle);
	if (before == 0 || points->count != before || points->point[before - 1].at != middle)
		memory->fit.taken = false;
	points_add(points, points_room(s), middle, reading->value, wq_view_replaced(view));
}

static void raise_facts(struct wq_verdict *out, const struct outlook *o)
{
	const struct wq_fact facts[] = {
		{ "n", o->trend.test.n },
		{ "s", o->trend.test.s },
		{ "z", o->trend.test.z },
		{ "p", o->trend.p },
		{ "autocorrelation", o->trend.r1 },
		{ "slope_per_hour", o->slope },
		{ "slope_low", o->low },
		{ "slope_high", o->high },
		{ "fitted_now", o->now },
		{ "hours_to_exceed", o->hours },
		{ "hours_earliest", o->earliest },
		{ "hours_latest", o->latest },
	};

	for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
		wq_verdict_fact(out, facts[i].key, facts[i].value);
}

static void say_quiet(
        struct wq_verdict *out, const struct wq_parameter *parameter, const struct bound *bound)
{
	char number[WQ_DECIMAL_TEXT], value[PHRASE_TEXT], limit[BOUND_TEXT];

	phrase_value(parameter, wq_value_format(out->value, number), value);
	bound_phrase_limit(bound, limit);
	wq_verdict_say(out,
	        out->finding == WQ_FINDING_CLEAR ? "%s,无超标趋势(%s)" : "%s,趋势未定(%s)", value,
	        limit);
}

/* What one side of the bound says; RAISE only with everything that wq/trend.h and the head of
 * this file ask for. */
static enum wq_finding judge(const struct outlook *o, double horizon)
{
	if (o->far)
		return WQ_FINDING_CLEAR;
	if (o->toward && o->near && o->hours <= horizon)
		return WQ_FINDING_RAISE;
	if (o->away || (!o->toward && !o->near))
		return WQ_FINDING_CLEAR;
	return WQ_FINDING_HOLD;
}

/* How much a finding weighs when there are two sides. */
static int weight(enum wq_finding finding)
{
	static const int weights[] = {
		[WQ_FINDING_UNKNOWN] = 0,
		[WQ_FINDING_CLEAR] = 1,
		[WQ_FINDING_HOLD] = 2,
		[WQ_FINDING_RAISE] = 3,
	};

	return weights[finding];
}

/* A window, what is known of it, and from when it is looked at. */
struct look {
	struct window window; /* empty where the fit was there */
	struct fit *fit;
	size_t n, seasons;
	double present, horizon; /* hours: after the newest point; ahead */
	bool brief;              /* most windows need no lines */
};

/* The worse side of the bound decides. */
static void judge_sides(struct wq_verdict *out, const struct trend_settings *s,
        const struct wq_view *view, const struct bound *bound, struct look *look)
{
	const double limits[] = { bound->low, bound->high };
	struct outlook outlook;

	out->finding = WQ_FINDING_UNKNOWN;
	for (int upper = 0; upper < 2; upper++) {
		struct goal goal = { limits[upper], upper, s->near, s->confidence };
		enum wq_finding finding;

		if (isnan(goal.limit) ||
		        (look->brief ? outlook_brief : outlook_take)(
		                &look->window, look->fit, &goal, look->present, &outlook) < 0)
			continue;
		finding = judge(&outlook, look->horizon);
		if (weight(finding) <= weight(out->finding))
			continue;
		out->finding = finding;
		out->limit = goal.limit;
		if (finding != WQ_FINDING_RAISE)
			continue;
		out->level = (enum wq_level)s->level;
		raise_facts(out, &outlook);
		trend_say(out, wq_view_parameter(view), bound, upper, look->seasons > 0 ? s->season : 0, &outlook);
	}
	if (out->finding != WQ_FINDING_RAISE && wq_view_open(view))
		say_quiet(out, wq_view_parameter(view), bound);
}

/* The lines are fitted once a span and looked along with each reading. */
static double look_at_spans(struct look *look, const struct trend_settings *s,
        struct memory *memory, wq_ms newest)
{
	look->fit = &memory->fit;
	if (!memory->fit.taken) {
		memory->length = window_from_spans(&look->window, s, points_of(memory), &memory->last);
		find_seasons(&look->window, s);
		memory->n = look->window.n;
		memory->seasons = look->window.seasons;
		fit_take(&look->window, &memory->fit);
	}
	look->n = memory->n;
	look->seasons = memory->seasons;
	look->present = hours(newest - memory->last);
	return memory->length;
}

static double look_at_readings(struct look *look, const struct trend_settings *s,
        const struct wq_reading *readings, size_t count)
{
	const double length = window_from_readings(&look->window, s, readings, count);

	find_seasons(&look->window, s);
	fit_take(&look->window, look->fit);
	look->n = look->window.n;
	look->seasons = look->window.seasons;
	look->present = 0;
	look->brief = true;
	return length;
}

static void judge_window(struct wq_verdict *out, const struct trend_settings *s,
        const struct wq_view *view, const struct bound *bound, struct memory *memory,
        const struct wq_reading *readings, size_t count)
{
	const struct wq_parameter *parameter = wq_view_parameter(view);
	struct fit fit;
	struct look look;
	double length;

	look.window.n = look.window.seasons = 0;
	look.fit = &fit;
	look.brief = false;
	length = s->aggregate > 0 ? look_at_spans(&look, s, memory, readings[count - 1].at)
	                          : look_at_readings(&look, s, readings, count);
	if (look.n < fewest(s, look.seasons)) {
		wq_verdict_fact(out, "n", (double)look.n);
		wq_verdict_say(out, "%s有效读数不足,趋势不可评价", parameter->name);
		return;
	}
	look.horizon = s->horizon > 0 ? hours(s->horizon) : fmin(length, WQ_SERIES_HORIZON);
	judge_sides(out, s, view, bound, &look);
}

static bool on_batch(
        void *state, const void *settings, const struct wq_view *view, struct wq_verdict *out)
{
	const struct trend_settings *s = settings;
	const struct wq_parameter *parameter = wq_view_parameter(view);
	const struct wq_reading *trigger = wq_view_trigger(view), *readings;
	struct bound bound;
	size_t count;

	if (trigger && s->aggregate > 0)
		remember(state, s, view, trigger);
	readings = wq_view_readings(view, wq_view_place(view), &count);
	if (count == 0 || !bound_find(&s->bound, wq_view_site(view), parameter, wq_view_station(view), &bound))
		return false;
	out->series = wq_view_place(view);
	out->at = readings[count - 1].at;
	out->value = readings[count - 1].value;
	out->limit = bound_limit(&bound, out->value);
	if (bound_exceeds(&bound, out->value)) {
		out->finding = WQ_FINDING_HOLD;
		wq_verdict_say(out, "%s已超限,由限值规则处置", parameter->name);
		return true;
	}
	judge_window(out, s, view, &bound, state, readings, count);
	return true;
}

const struct wq_rule wq_rule_trend = {
	.name = "trend",
	.help = "a significant trend that will cross the limit soon",
	.scope = WQ_SCOPE_SERIES,
	.options = options,
	.settings_size = sizeof(struct trend_settings),
	.check = check,
	.state_size = state_size,
	.window = readings_wanted,
	.memory = memory,
	.on_batch = on_batch,
};
