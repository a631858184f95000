/* SPDX-License-Identifier: Apache-2.0 */
/* missing: no assessable data for too long. "Not assessable" is never "all clear".
 *
 * Silence is counted from the newest of: the start of watching, the last assessable reading by its
 * stamp, its arrival, the end of what accounts for it (a maintenance, its bus, its whole station). The
 * arrival counts because some sources tell of 08:00 only at 12:36. While it is accounted for nothing
 * is raised; an open alarm stays. While it is open whether it is the series or the station, it waits.
 *
 *   silent for longer than `after`                          RAISE level
 *   an assessable reading within `after`                    CLEAR
 *   neither (just started)                                  nothing is said
 *
 * Whether nothing arrives at all or what arrives cannot be judged is told apart in words and facts
 * ("arriving"). Silence is said again every ten minutes so that its length is up to date. Clearing is said
 * with every reading, and once by a tick, because what is said of late data does not count. */
#include "registry.h"

#include "levels.h"
#include "phrase.h"

#include "wq/parameter.h"

#include <math.h>

/* How often the length of a silence that goes on is brought up to date. */
#define RETELL WQ_MINUTES(10)

struct missing_settings {
	wq_ms after; /* 0: twice the series' interval */
	int level;
};

struct missing_state {
	wq_ms seen; /* arrival of the newest reading; valid when `any` */
	bool any;
	bool clear; /* CLEAR was the last word of a tick */
};

static const struct wq_option options[] = {
	{ .key = "after",
	        .type = WQ_OPT_SPAN,
	        .max = 366.0 * 86400e3,
	        .fallback = "0",
	        .offset = offsetof(struct missing_settings, after),
	        .help = "silence longer than this raises; 0: twice the interval of the series" },
	{ .key = "level",
	        .type = WQ_OPT_CHOICE,
	        .fallback = "watch",
	        .choices = rule_levels + 1,
	        .offset = offsetof(struct missing_settings, level),
	        .help = "level of the alarm" },
	WQ_OPTION_END,
};

static size_t state_size(const void *settings)
{
	(void)settings;
	return sizeof(struct missing_state);
}

static wq_ms later(wq_ms a, wq_ms b)
{
	return a > b ? a : b; /* WQ_NO_TIME is the smallest */
}

/* When the last assessable reading was measured or came, whichever is later; never in the future.
 */
static wq_ms last_reading(const struct missing_state *state, const struct wq_view *view)
{
	wq_ms now = wq_view_now(view);
	wq_ms last = wq_view_last_reading(view, wq_view_place(view));

	if (state->any)
		last = later(last, state->seen);
	return last > now ? now : last;
}

/* What silence is counted from; WQ_NO_TIME: nobody watches yet. */
static wq_ms silent_since(const struct missing_state *state, const struct wq_view *view)
{
	wq_ms since = later(last_reading(state, view), wq_view_started(view));

	return since == WQ_NO_TIME ? since : later(since, wq_view_excused(view, wq_view_place(view)));
}

/* Time without a reading that raises. */
static wq_ms patience(const struct missing_settings *s, const struct wq_view *view)
{
	return s->after > 0 ? s->after : 2 * wq_view_series(view)->interval;
}

static bool recovered(struct wq_verdict *out, const struct wq_view *view, wq_ms last)
{
	out->finding = WQ_FINDING_CLEAR;
	out->series = wq_view_place(view);
	out->at = last;
	out->value = out->limit = NAN;
	if (wq_view_open(view))
		wq_verdict_say(out, "%s恢复数据", wq_view_parameter(view)->name);
	return true;
}

static void silent(struct wq_verdict *out, const struct missing_settings *s,
        const struct wq_view *view, wq_ms since, wq_ms after)
{
	const char *name = wq_view_parameter(view)->name;
	wq_ms now = wq_view_now(view);
	wq_ms arrival = wq_view_last_arrival(view, wq_view_place(view));
	bool arriving = arrival != WQ_NO_TIME && now - arrival <= after;
	char span[PHRASE_TEXT];

	out->finding = WQ_FINDING_RAISE;
	out->level = (enum wq_level)s->level;
	out->series = wq_view_place(view);
	out->at = now;
	out->value = out->limit = NAN;
	phrase_span(now - since, span);
	if (arriving)
		wq_verdict_say(out, "%s已%s无有效数据(有上传但不可用),不可评价", name, span);
	else
		wq_verdict_say(out, "%s已%s无数据上传,不可评价", name, span);
	wq_verdict_fact(out, "silent_hours", (double)(now - since) / 3600e3);
	wq_verdict_fact(out, "after_hours", (double)after / 3600e3);
	wq_verdict_fact(out, "arriving", arriving);
}

static bool on_time(
        void *memory, const void *settings, const struct wq_view *view, struct wq_verdict *out)
{
	const struct missing_settings *s = settings;
	struct missing_state *state = memory;
	wq_ms after = patience(s, view), now = wq_view_now(view);
	/* The clock was set back: what came in its future came now. */
	if (state->any && state->seen > now)
		state->seen = now;
	wq_ms last = last_reading(state, view);
	wq_ms since = silent_since(state, view);

	if (last != WQ_NO_TIME && now - last <= after) {
		bool said = state->clear;

		state->clear = true;
		return said ? false : recovered(out, view, last);
	}
	if (since == WQ_NO_TIME || now - since <= after || wq_view_undecided(view))
		return false;
	state->clear = false;
	silent(out, s, view, since, after);
	return true;
}

/* A revision, or a gap filled later, shows no life of the instrument: only a newest reading does.
 */
static bool on_batch(
        void *memory, const void *settings, const struct wq_view *view, struct wq_verdict *out)
{
	const struct wq_reading *trigger = wq_view_trigger(view);
	struct missing_state *state = memory;
	wq_ms now = wq_view_now(view), last;

	if (!trigger || !isnan(wq_view_replaced(view)) ||
	        trigger->at < wq_view_last_reading(view, wq_view_place(view)))
		return false;
	state->seen = state->any ? later(state->seen, now) : now;
	state->any = true;
	last = last_reading(state, view);
	return now - last <= patience(settings, view) ? recovered(out, view, last) : false;
}

/* Until then it stays as it is: silence begins to count, or its length is told anew. */
static wq_ms wake(const void *memory, const void *settings, const struct wq_view *view)
{
	const struct missing_state *state = memory;
	wq_ms now = wq_view_now(view);
	wq_ms since = silent_since(state, view);
	wq_ms due = since == WQ_NO_TIME ? INT64_MAX : since + patience(settings, view) + 1;

	if (due > now)
		return due;
	return wq_view_undecided(view) ? now : now + RETELL;
}

const struct wq_rule wq_rule_missing = {
	.name = "missing",
	.help = "no assessable data for too long",
	.scope = WQ_SCOPE_SERIES,
	.about = WQ_ABOUT_DEVICE,
	.options = options,
	.settings_size = sizeof(struct missing_settings),
	.state_size = state_size,
	.on_batch = on_batch,
	.on_time = on_time,
	.wake = wake,
};
