/* SPDX-License-Identifier: Apache-2.0 */
/* silent: a station of which nothing assessable comes at all. One dead logger is one alarm: while it is
 * open the silence of the station's series needs none of its own (struct wq_rule, `parent`).
 *
 * Series that something else accounts for (a maintenance, the station's bus) are no witnesses; with
 * fewer than two others nothing is said: then `missing` tells. While the bus is in doubt it waits. Silence of a series is counted as
 * `missing` does it. With `after`:
 *
 *   no reading of any series for longer than `after`     RAISE level
 *   a reading within `after`                             CLEAR
 *
 * Without: a series is overdue after twice its interval, as with `missing`, and it is the station when
 *
 *   a series is overdue, another one is late by a quarter of its interval at least, and none
 *   gave a reading since that one should have            RAISE level
 *   else, a series gave a reading within its interval    CLEAR
 *
 * so that a station whose items come every hour and every four hours is silent after two hours, and
 * one probe that dies is none. */
#include "registry.h"

#include "levels.h"
#include "phrase.h"

#include "wq/parameter.h"

#include <math.h>

/* How often the length of a silence that goes on is brought up to date. */
#define RETELL WQ_MINUTES(10)

struct silent_settings {
	wq_ms after; /* 0: by the intervals of the series */
	int level;
};

struct silent_state {
	bool clear; /* CLEAR was the last word of a tick */
};

static const struct wq_option options[] = {
	{ .key = "after",
	        .type = WQ_OPT_SPAN,
	        .max = 366.0 * 86400e3,
	        .fallback = "0",
	        .offset = offsetof(struct silent_settings, after),
	        .help = "a station without any reading for longer than this raises; 0: by the intervals "
	                "of its series" },
	{ .key = "level",
	        .type = WQ_OPT_CHOICE,
	        .fallback = "warning",
	        .choices = rule_levels + 1,
	        .offset = offsetof(struct silent_settings, level),
	        .help = "level of the alarm" },
	WQ_OPTION_END,
};

static size_t state_size(const void *settings)
{
	(void)settings;
	return sizeof(struct silent_state);
}

static wq_ms later(wq_ms a, wq_ms b)
{
	return a > b ? a : b; /* WQ_NO_TIME is the smallest */
}

/* What the witnesses say together. */
struct sight {
	size_t count;
	uint32_t series[WQ_DAY_ITEMS];
	wq_ms since[WQ_DAY_ITEMS]; /* their silence is counted from here */
	wq_ms newest, oldest;      /* of since */
	wq_ms shortest;            /* interval */
	wq_ms arrival;             /* of any sample */
	bool fresh;                /* one gave a reading within its interval */
	wq_ms last;                /* reading of any */
};

/* False: nobody watches yet. */
static bool look(const struct wq_view *view, struct sight *s)
{
	const struct wq_station *station = wq_view_station(view);
	wq_ms now = wq_view_now(view);

	*s = (struct sight){ .newest = INT64_MIN,
		.oldest = INT64_MAX,
		.shortest = INT64_MAX,
		.arrival = WQ_NO_TIME,
		.last = WQ_NO_TIME };
	for (uint32_t i = 0; i < station->series_count && s->count < WQ_DAY_ITEMS; i++) {
		uint32_t series = station->first_series + i;
		wq_ms interval = wq_view_site(view)->series[series].interval;
		wq_ms excused = wq_view_excused(view, series), last = wq_view_last_seen(view, series);
		wq_ms since = later(last, wq_view_started(view));

		if (since == WQ_NO_TIME)
			return false;
		if (excused >= now)
			continue;
		since = later(since, excused);
		s->fresh |= last != WQ_NO_TIME && now - last <= interval;
		s->last = later(s->last, last);
		s->arrival = later(s->arrival, wq_view_last_arrival(view, series));
		s->newest = later(s->newest, since);
		s->oldest = since < s->oldest ? since : s->oldest;
		s->shortest = interval < s->shortest ? interval : s->shortest;
		s->since[s->count] = since;
		s->series[s->count++] = series;
	}
	return true;
}

/* By the intervals: whether one is overdue and it is not that one alone. */
static bool silent_together(const struct wq_view *view, const struct sight *s)
{
	const struct wq_series *all = wq_view_site(view)->series;
	wq_ms now = wq_view_now(view);
	size_t late = 0, overdue = SIZE_MAX;

	for (size_t i = 0; i < s->count; i++) {
		wq_ms interval = all[s->series[i]].interval, span = now - s->since[i];

		late += span >= interval + interval / 4;
		if (span > 2 * interval &&
		        (overdue == SIZE_MAX || s->since[i] < s->since[overdue]))
			overdue = i;
	}
	if (overdue == SIZE_MAX || late < 2)
		return false;
	return s->last == WQ_NO_TIME ||
	        s->last <= s->since[overdue] + all[s->series[overdue]].interval * 11 / 10;
}

static bool silent(const struct silent_settings *settings, const struct wq_view *view, const struct sight *s)
{
	if (s->count < 2)
		return false;
	return settings->after > 0 ? wq_view_now(view) - s->newest > settings->after : silent_together(view, s);
}

static void raise(struct wq_verdict *out, const struct silent_settings *settings, const struct wq_view *view,
        const struct sight *s)
{
	wq_ms now = wq_view_now(view), span = now - s->newest;
	bool arriving = s->arrival != WQ_NO_TIME && s->arrival > s->newest && now - s->arrival <= 2 * s->shortest;
	char length[PHRASE_TEXT], items[PHRASE_TEXT];

	phrase_span(span, length);
	phrase_items(wq_view_site(view), s->series, s->count, items);
	out->finding = WQ_FINDING_RAISE;
	out->level = (enum wq_level)settings->level;
	if (arriving)
		wq_verdict_say(out, "全站已%s无有效数据(有上传但不可用),含%s,不可评价", length, items);
	else
		wq_verdict_say(out, "全站已%s无数据上传,含%s,不可评价", length, items);
	wq_verdict_fact(out, "silent_hours", (double)span / 3600e3);
	wq_verdict_fact(out, "items", (double)s->count);
	wq_verdict_fact(out, "arriving", arriving);
}

/* Whether somebody speaks again. */
static bool heard(const struct silent_settings *settings, const struct wq_view *view, const struct sight *s)
{
	if (settings->after > 0)
		return s->last != WQ_NO_TIME && wq_view_now(view) - s->last <= settings->after;
	return s->fresh;
}

static bool judge(struct silent_state *state, const struct silent_settings *settings, const struct wq_view *view,
        bool tick, struct wq_verdict *out)
{
	struct sight s;

	if (!look(view, &s))
		return false;
	out->at = wq_view_now(view);
	out->value = out->limit = NAN;
	if (silent(settings, view, &s)) {
		if (!tick || wq_view_undecided(view))
			return false;
		state->clear = false;
		raise(out, settings, view, &s);
		return true;
	}
	if (!heard(settings, view, &s) || (tick && state->clear))
		return false;
	state->clear = true;
	out->finding = WQ_FINDING_CLEAR;
	wq_verdict_say(out, "恢复数据上传");
	return true;
}

static bool on_time(void *memory, const void *settings, const struct wq_view *view, struct wq_verdict *out)
{
	return judge(memory, settings, view, true, out);
}

static bool on_batch(void *memory, const void *settings, const struct wq_view *view, struct wq_verdict *out)
{
	return judge(memory, settings, view, false, out);
}

static wq_ms wake(const void *memory, const void *settings, const struct wq_view *view)
{
	const struct silent_settings *set = settings;
	wq_ms now = wq_view_now(view);
	struct sight s;

	(void)memory;
	if (!look(view, &s) || s.count < 2)
		return now;
	if (silent(set, view, &s))
		return wq_view_undecided(view) ? now : now + RETELL;
	wq_ms due = set->after > 0 ? s.newest + set->after + 1 : s.oldest + 2 * s.shortest + 1;
	wq_ms soon = now + s.shortest / 16;

	return due > soon ? due : soon;
}

const struct wq_rule wq_rule_silent = {
	.name = "silent",
	.help = "no assessable data of a whole station",
	.scope = WQ_SCOPE_STATION,
	.about = WQ_ABOUT_DEVICE,
	.parent = true,
	.options = options,
	.settings_size = sizeof(struct silent_settings),
	.state_size = state_size,
	.on_batch = on_batch,
	.on_time = on_time,
	.wake = wake,
};
