/* SPDX-License-Identifier: Apache-2.0 */
/* upstream: what rises at a station that flows into this one is on its way here.
 *
 * Judges the newest reading of the same parameter at each station that flows directly into the station of
 * the place. It has risen when it
 *   exceeds the limit of its own station (its target class or the numbers given)  → exceed_level
 *   is at least `rise` above the median of the `readings` before it, and at least
 *     `above_share` of that limit                                                 → level
 * Of a lower limit (dissolved oxygen): at least `rise` below the median, and at most limit / above_share; of a
 * range only the first.
 *
 *   risen at one of them                                                          RAISE, the alarm names the
 *                                                                                 station and the expected arrival
 *   no longer risen, but what rose last is not here yet: until its reading's
 *     time + travel + margin                                                      HOLD
 *   no longer risen, and it has passed                                            CLEAR
 *
 * travel: the upstream station's own, otherwise the rule's. A suspect reading raises no higher than level.
 * Nothing is said before a first reading upstream. */
#include "registry.h"

#include "bound.h"
#include "doubt.h"
#include "levels.h"
#include "phrase.h"

#include "wq/decimal.h"
#include "wq/err.h"
#include "wq/parameter.h"

#include <math.h>
#include <string.h>

struct upstream_settings {
	struct bound_settings bound;
	int64_t readings;
	double rise, above_share;
	wq_ms travel, margin;
	int level, exceed_level;
};

static const struct wq_option options[] = {
	BOUND_OPTIONS(struct upstream_settings),
	{ .key = "readings",
	        .type = WQ_OPT_INTEGER,
	        .min = 3,
	        .max = WQ_WINDOW_MAX - 1,
	        .fallback = "12",
	        .offset = offsetof(struct upstream_settings, readings),
	        .help = "readings before the newest one whose median it is compared with" },
	{ .key = "rise",
	        .type = WQ_OPT_NUMBER,
	        .min = 0.05,
	        .max = 100,
	        .fallback = "0.5",
	        .unit = "share of the median",
	        .offset = offsetof(struct upstream_settings, rise),
	        .help = "how far above the median counts as a rise, 0.5 = 50 %" },
	{ .key = "above_share",
	        .type = WQ_OPT_NUMBER,
	        .min = 0.01,
	        .max = 1,
	        .fallback = "0.7",
	        .unit = "share of the limit",
	        .offset = offsetof(struct upstream_settings, above_share),
	        .help = "how near to the limit a rise must come to count" },
	{ .key = "travel",
	        .type = WQ_OPT_SPAN,
	        .min = 0,
	        .max = 172800000,
	        .fallback = "6h",
	        .offset = offsetof(struct upstream_settings, travel),
	        .help = "how long the water takes, where the station upstream does not say" },
	{ .key = "margin",
	        .type = WQ_OPT_SPAN,
	        .min = 0,
	        .max = 86400000,
	        .fallback = "4h",
	        .offset = offsetof(struct upstream_settings, margin),
	        .help = "how long after the expected arrival the watch goes on" },
	{ .key = "level",
	        .type = WQ_OPT_CHOICE,
	        .fallback = "info",
	        .choices = rule_levels + 1,
	        .offset = offsetof(struct upstream_settings, level),
	        .help = "level of a rise within the limit" },
	{ .key = "exceed_level",
	        .type = WQ_OPT_CHOICE,
	        .fallback = "watch",
	        .choices = rule_levels + 1,
	        .offset = offsetof(struct upstream_settings, exceed_level),
	        .help = "level when the reading upstream exceeds its limit" },
	WQ_OPTION_END,
};

/* What rose last. */
struct upstream_state {
	wq_ms until; /* when it has passed; 0: nothing rose */
};

static size_t state_size(const void *settings)
{
	(void)settings;
	return sizeof(struct upstream_state);
}

static int check(const void *settings, const struct wq_site *site,
        const struct wq_parameter *parameter, struct wq_err *err)
{
	const struct upstream_settings *s = settings;

	if (s->level > s->exceed_level)
		return wq_fail(err, WQ_E_INVALID,
		        "level '%s' is higher than exceed_level '%s': a rise within the limit is no "
		        "graver than one beyond it",
		        wq_level_name((enum wq_level)s->level),
		        wq_level_name((enum wq_level)s->exceed_level));
	return bound_check(&s->bound, site, parameter, err);
}

static size_t window(const void *settings)
{
	const struct upstream_settings *s = settings;

	return (size_t)s->readings + 1;
}

static double median(const struct wq_reading *readings, size_t count)
{
	double sorted[WQ_WINDOW_MAX];

	for (size_t i = 0; i < count; i++) {
		size_t at = i;

		for (; at > 0 && sorted[at - 1] > readings[i].value; at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = readings[i].value;
	}
	return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
}

/* What the newest reading of one station upstream says. */
struct rise {
	const struct wq_station *station;
	struct wq_reading newest;
	struct bound bound;
	double median; /* NaN: too few readings */
	size_t compared;
	enum wq_level level; /* NONE: it has not risen */
	bool exceeds;
	wq_ms arrival;
};

/* A product may miss its decimal by the last bit: 0.7 × 0.2 is 0.14. */
static bool at_least(double value, double wanted)
{
	return value >= wanted - fabs(wanted) * 1e-12;
}

static bool risen(const struct upstream_settings *s, const struct rise *r)
{
	double value = r->newest.value;

	if (isnan(r->median) || (!isnan(r->bound.low) && !isnan(r->bound.high)))
		return false;
	if (!isnan(r->bound.high))
		return at_least(value, r->median * (1 + s->rise)) &&
		        at_least(value, r->bound.high * s->above_share);
	return at_least(r->median * (1 - s->rise), value) &&
	        at_least(r->bound.low / s->above_share, value);
}

/* False: it has no reading or no limit. */
static bool look(const struct upstream_settings *s, const struct wq_view *view, uint32_t station,
        struct rise *r)
{
	const struct wq_site *site = wq_view_site(view);
	uint32_t series = wq_site_series(site, station, wq_view_series(view)->parameter);
	const struct wq_reading *readings;
	size_t count;

	*r = (struct rise){ .station = &site->stations[station], .median = NAN };
	if (series == WQ_NONE ||
	        !bound_find(&s->bound, site, wq_view_parameter(view), r->station, &r->bound))
		return false;
	readings = wq_view_readings(view, series, &count);
	if (count == 0)
		return false;
	r->newest = readings[count - 1];
	r->compared = count - 1 < (size_t)s->readings ? count - 1 : (size_t)s->readings;
	/* A median of fewer than half says little. */
	if (r->compared * 2 >= (size_t)s->readings && r->compared >= 3)
		r->median = median(readings + count - 1 - r->compared, r->compared);
	r->exceeds = bound_exceeds(&r->bound, r->newest.value);
	if (risen(s, r))
		r->level = (enum wq_level)s->level;
	if (r->exceeds)
		r->level = (enum wq_level)(doubt_alone(readings, count) ? s->level : s->exceed_level);
	r->arrival = r->newest.at +
	        (r->station->travel != WQ_NO_TIME ? r->station->travel : s->travel);
	return true;
}

/* The gravest of the stations upstream, the later arrival where they are equal. False: none has a reading. */
static bool gravest(const struct upstream_settings *s, const struct wq_view *view, struct rise *worst)
{
	const struct wq_site *site = wq_view_site(view);
	uint32_t here = wq_view_series(view)->station;
	bool any = false;

	for (uint32_t i = 0; i < site->station_count; i++) {
		struct rise r;

		if (site->stations[i].flows_into != here || !look(s, view, i, &r))
			continue;
		if (!any || r.level > worst->level ||
		        (r.level == worst->level && r.arrival > worst->arrival))
			*worst = r;
		any = true;
	}
	return any;
}

static void say(struct wq_verdict *out, const struct wq_parameter *parameter, const struct wq_zone *zone,
        const struct rise *r)
{
	char number[WQ_DECIMAL_TEXT], value[PHRASE_TEXT], over[BOUND_TEXT], when[WQ_INSTANT_TEXT];
	double multiple = bound_exceedance(&r->bound, r->newest.value);
	struct phrase says = { 0 };

	phrase_add(&says, "上游%s%s", r->station->name,
	        phrase_value(parameter, wq_value_format(r->newest.value, number), value));
	if (r->exceeds)
		phrase_add(&says, ",%s",
		        bound_phrase(&r->bound, r->newest.value > r->bound.high, over));
	if (r->exceeds && !isnan(multiple))
		phrase_add(&says, "%s倍", phrase_multiple(multiple, value));
	if (!r->exceeds)
		phrase_add(&says, ",较前%zu次中位数%s%s%.0f%%", r->compared,
		        phrase_significant(r->median, 3, value),
		        r->newest.value > r->median ? "升高" : "降低",
		        fabs(r->newest.value / r->median - 1) * 100);
	phrase_add(&says, ",预计%s前后到达", wq_instant_format_short(zone, r->arrival, when));
	wq_verdict_say(out, "%s", says.text);
}

static void state_facts(struct wq_verdict *out, const struct rise *r)
{
	wq_verdict_fact(out, "upstream_value", r->newest.value);
	if (!isnan(r->median)) {
		wq_verdict_fact(out, "median", r->median);
		wq_verdict_fact(out, "rise", r->newest.value / r->median - 1);
	}
	wq_verdict_fact(out, "limit", out->limit);
	wq_verdict_fact(out, "travel_hours", (double)(r->arrival - r->newest.at) / 3600e3);
}

/* Nothing is on its way for longer than this: what rose in a time that the clock took back begins now. */
static void believe(struct upstream_state *state, const struct upstream_settings *s, const struct wq_view *view)
{
	const struct wq_site *site = wq_view_site(view);
	uint32_t here = wq_view_series(view)->station;
	wq_ms longest = s->travel, latest;

	for (uint32_t i = 0; i < site->station_count; i++)
		if (site->stations[i].flows_into == here && site->stations[i].travel > longest)
			longest = site->stations[i].travel;
	latest = wq_view_now(view) + site->evaluation.future_tolerance + longest + s->margin;
	if (state->until > latest)
		state->until = latest;
}

static bool judge(struct upstream_state *state, const struct upstream_settings *s,
        const struct wq_view *view, struct wq_verdict *out)
{
	const struct wq_parameter *parameter = wq_view_parameter(view);
	struct rise r;
	char when[WQ_INSTANT_TEXT];

	if (!gravest(s, view, &r))
		return false;
	out->series = wq_view_place(view);
	out->at = r.newest.at;
	out->value = r.newest.value;
	out->limit = bound_limit(&r.bound, r.newest.value);
	if (r.level > WQ_LEVEL_NONE) {
		if (r.arrival + s->margin > state->until)
			state->until = r.arrival + s->margin;
		out->finding = WQ_FINDING_RAISE;
		out->level = r.level;
		state_facts(out, &r);
		say(out, parameter, wq_view_station(view)->zone, &r);
		return true;
	}
	believe(state, s, view);
	out->at = wq_view_now(view);
	out->finding = wq_view_now(view) < state->until ? WQ_FINDING_HOLD : WQ_FINDING_CLEAR;
	if (!wq_view_open(view))
		return true;
	if (out->finding == WQ_FINDING_CLEAR)
		wq_verdict_say(out, "上游%s%s已回落,受影响水团应已通过", r.station->name, parameter->name);
	else
		wq_verdict_say(out, "上游%s%s已回落,关注至%s", r.station->name, parameter->name,
		        wq_instant_format_short(wq_view_station(view)->zone, state->until, when));
	return true;
}

static bool on_batch(
        void *state, const void *settings, const struct wq_view *view, struct wq_verdict *out)
{
	return judge(state, settings, view, out);
}

static bool on_time(
        void *state, const void *settings, const struct wq_view *view, struct wq_verdict *out)
{
	struct upstream_state *s = state;

	believe(s, settings, view);
	/* Only the end of the watch is a matter of time. */
	if (s->until == 0 || wq_view_now(view) < s->until)
		return false;
	s->until = 0;
	bool spoke = judge(s, settings, view, out);
	/* Still risen, and silent since: the next reading tells. */
	if (s->until <= wq_view_now(view))
		s->until = 0;
	return spoke;
}

static wq_ms wake(const void *state, const void *settings, const struct wq_view *view)
{
	const struct upstream_state *s = state;

	(void)settings, (void)view;
	return s->until != 0 ? s->until : INT64_MAX;
}

/* What rose before a restart is still on its way. */
static wq_ms memory(const void *settings, wq_ms interval)
{
	const struct upstream_settings *s = settings;
	wq_ms wanted = (wq_ms)window(s) * interval;

	return wanted > s->travel + s->margin ? wanted : s->travel + s->margin;
}

const struct wq_rule wq_rule_upstream = {
	.name = "upstream",
	.help = "what rises at a station that flows into this one is on its way",
	.scope = WQ_SCOPE_SERIES,
	.options = options,
	.settings_size = sizeof(struct upstream_settings),
	.check = check,
	.state_size = state_size,
	.window = window,
	.memory = memory,
	.upstream = true,
	.on_batch = on_batch,
	.on_time = on_time,
	.wake = wake,
};
