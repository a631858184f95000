/* SPDX-License-Identifier: Apache-2.0 */
/* event: several parameters of one station leave what is usual at once, or one leaves it far.
 *
 * Each reading of a channel is held against the median of its last `history` readings (the newest `lag` left out), in units
 * of the spread there: MAD × 1.4826, but at least `floor` times the channel's precision, so that a probe that stands still for
 * hours does not make an event of its next digit. The deviations of all channels that are read less than `together` apart make one
 * score, the root of the sum of their squares, and the score above `drift` is summed up: S = max(0, S + min(score - drift, cut)),
 * Page's cumulative sum (1954), `cut` making it a matter of persistence, not of size.
 *
 *   S reaches threshold                                    RAISE
 *   the score is below `drift` again                       CLEAR
 *   it has raised for `timeout`: the new level is usual    CLEAR, and it begins anew once the score was below `drift`
 *   a channel does not have a quarter of its history yet   it is left out
 *
 * (Rolling median and MAD, persistence and re-basing after a timeout as in CANARY's practice; the precision floor, the sum in place of a
 * count and the root of squares are ours.) Readings that come out of order or are revised change nothing. */
#include "event.h"

#include "history.h"

#include "levels.h"
#include "phrase.h"

#include "wq/decimal.h"
#include "wq/err.h"
#include "wq/parameter.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CHANNELS_MAX 16
#define NAME_TEXT    64
/* A deviation beyond this tells nothing more. */
#define FAR 50.0
/* Channels that a sentence names. */
#define NAMED 3

struct event_settings {
	struct wq_list channels;
	int64_t history, lag;
	double floor, drift, cut, threshold;
	wq_ms together, timeout;
	int level;
};

/* What goes from instant to instant. */
struct course {
	double sum;  /* S */
	wq_ms since; /* raising since; 0: it does not */
	bool waits;  /* the timeout has passed: not again before the score has been below drift */
};

struct event_state {
	wq_ms last;    /* newest reading taken of any channel; 0: none yet */
	wq_ms instant; /* the first reading of the instant that goes on */
	struct course course, before; /* with this instant, and without it: its channels may come one by one */
	struct channel {
		wq_ms at;         /* newest reading taken; 0: none yet */
		double deviation; /* of it, signed, in spreads; 0: nothing is usual yet */
	} channels[CHANNELS_MAX];
	/* A struct history a channel follows. */
};

#define AT(field) offsetof(struct event_settings, field)

static const struct wq_option options[] = {
	{ .key = "channels", .type = WQ_OPT_LIST, .required = true, .min = 1, .max = CHANNELS_MAX, .offset = AT(channels),
		.help = "parameters that count, each with the precision of its readings: \"ph 0.01\"" },
	{ .key = "history", .type = WQ_OPT_INTEGER, .min = 12, .max = HISTORY_MAX, .fallback = "480", .offset = AT(history),
		.help = "readings of a channel that say what is usual (eight hours of one a minute)" },
	{ .key = "lag", .type = WQ_OPT_INTEGER, .min = 0, .max = HISTORY_MAX, .fallback = "5", .offset = AT(lag),
		.help = "newest readings that do not count among them yet" },
	{ .key = "floor", .type = WQ_OPT_NUMBER, .min = 0.5, .max = 100, .fallback = "4", .unit = "precisions",
		.offset = AT(floor), .help = "least spread of a channel" },
	{ .key = "drift", .type = WQ_OPT_NUMBER, .min = 0.5, .max = 50, .fallback = "4", .unit = "spreads",
		.offset = AT(drift), .help = "score that is still usual" },
	{ .key = "cut", .type = WQ_OPT_NUMBER, .min = 0.1, .max = 50, .fallback = "1.5", .unit = "spreads",
		.offset = AT(cut), .help = "most that one instant adds to the sum" },
	{ .key = "threshold", .type = WQ_OPT_NUMBER, .min = 0.1, .max = 500, .fallback = "4", .unit = "spreads",
		.offset = AT(threshold), .help = "sum that raises" },
	{ .key = "together", .type = WQ_OPT_SPAN, .min = 1, .max = 86400e3, .fallback = "60s", .offset = AT(together),
		.help = "readings of channels so near in time are one instant" },
	{ .key = "timeout", .type = WQ_OPT_SPAN, .min = 60e3, .max = 366.0 * 86400e3, .fallback = "3h",
		.offset = AT(timeout), .help = "after raising for so long the new level is the usual one" },
	{ .key = "level", .type = WQ_OPT_CHOICE, .fallback = "warning", .choices = rule_levels + 1, .offset = AT(level),
		.help = "level of the alarm" },
	WQ_OPTION_END,
};

/* "ph 0.01": name and precision. False: no positive number, or none. */
static bool split(const char *item, char name[NAME_TEXT], double *precision)
{
	const char *space = strchr(item, ' ');
	char *end;

	if (space == NULL || space == item || (size_t)(space - item) >= NAME_TEXT)
		return false;
	memcpy(name, item, (size_t)(space - item));
	name[space - item] = '\0';
	*precision = strtod(space + 1, &end);
	return *end == '\0' && end != space + 1 && isfinite(*precision) && *precision > 0;
}

static bool is_listed_before(const struct event_settings *s, const struct wq_site *site, size_t before, const char *name)
{
	const int wanted = wq_parameter_find(site->parameters, site->parameter_count, name);

	for (size_t i = 0; i < before; i++) {
		char other[NAME_TEXT];
		double precision;

		if (split(s->channels.items[i], other, &precision) &&
			wq_parameter_find(site->parameters, site->parameter_count, other) == wanted)
			return true;
	}
	return false;
}

static int check(const void *settings, const struct wq_site *site, const struct wq_parameter *parameter,
	struct wq_err *err)
{
	const struct event_settings *s = settings;

	(void)parameter;
	for (size_t i = 0; i < s->channels.count; i++) {
		char name[NAME_TEXT];
		double precision;

		if (!split(s->channels.items[i], name, &precision))
			return wq_fail(err, WQ_E_INVALID,
				"channels: \"%s\" must be a parameter and the precision of its readings, \"ph 0.01\"",
				s->channels.items[i]);
		if (wq_parameter_find(site->parameters, site->parameter_count, name) < 0)
			return wq_fail(err, WQ_E_INVALID, "channels: there is no parameter '%s'", name);
		if (is_listed_before(s, site, i, name))
			return wq_fail(err, WQ_E_INVALID, "channels: '%s' is listed twice", name);
	}
	return 0;
}

static size_t stride(const struct event_settings *s)
{
	return history_size((size_t)s->history, (size_t)s->lag);
}

static size_t state_size(const void *settings)
{
	const struct event_settings *s = settings;

	return sizeof(struct event_state) + s->channels.count * stride(s);
}

static struct history *history_of(struct event_state *st, const struct event_settings *s, size_t channel)
{
	return (struct history *)(void *)((unsigned char *)(st + 1) + channel * stride(s));
}

static wq_ms memory(const void *settings, wq_ms interval)
{
	const struct event_settings *s = settings;

	return (s->history + s->lag) * interval;
}

/* The station's series of a channel; WQ_NONE: it does not have it. */
static uint32_t series_of(const struct wq_view *view, const char *item, double *precision)
{
	const struct wq_site *site = wq_view_site(view);
	const struct wq_station *station = wq_view_station(view);
	char name[NAME_TEXT];
	int parameter;

	if (!split(item, name, precision))
		return WQ_NONE;
	parameter = wq_parameter_find(site->parameters, site->parameter_count, name);
	for (uint32_t i = 0; i < station->series_count; i++)
		if (site->series[station->first_series + i].parameter == (uint32_t)parameter)
			return station->first_series + i;
	return WQ_NONE;
}

/* One channel's newest reading, when there is a new one. Readings that wait in the history do so while it raises, too: what
 * raises must not become usual. */
static bool take_channel(const struct event_settings *s, struct event_state *st, const struct wq_view *view, size_t i)
{
	struct channel *channel = &st->channels[i];
	struct history *history = history_of(st, s, i);
	double precision, median, spread;
	const uint32_t series = series_of(view, s->channels.items[i], &precision);
	const struct wq_reading *readings;
	size_t count = 0;

	if (series == WQ_NONE)
		return false;
	readings = wq_view_readings(view, series, &count);
	if (count == 0 || readings[count - 1].at <= channel->at)
		return false;
	readings += count - 1;
	history_open(history, (size_t)s->history, (size_t)s->lag);
	history_add(history, readings->value, false);
	channel->at = readings->at;
	channel->deviation = 0;
	if (history_usual(history, (size_t)s->history / 4, &median, &spread))
		channel->deviation = fmax(-FAR, fmin((readings->value - median) / fmax(spread, s->floor * precision), FAR));
	if (readings->at > st->last)
		st->last = readings->at;
	return true;
}

static double score_of(const struct event_settings *s, const struct event_state *st)
{
	double sum = 0;

	for (size_t i = 0; i < s->channels.count; i++)
		if (st->last - st->channels[i].at < s->together)
			sum += st->channels[i].deviation * st->channels[i].deviation;
	return sqrt(sum);
}

/* Whether it raises, from here on. */
static bool follow(const struct event_settings *s, struct course *c, double score, wq_ms at)
{
	c->sum = fmax(0, c->sum + fmin(score - s->drift, s->cut));
	c->sum = fmin(c->sum, s->threshold + s->cut);
	if (score < s->drift) {
		c->sum = c->since != 0 ? 0 : c->sum;
		c->since = 0;
		c->waits = false;
		return false;
	}
	if (!c->waits && c->since == 0 && c->sum >= s->threshold)
		c->since = at;
	if (c->since != 0 && at - c->since > s->timeout)
		*c = (struct course){ .waits = true };
	if (c->waits)
		c->sum = 0;
	return c->since != 0;
}

/* A new instant goes on from the last one; one that goes on is reckoned anew. */
static void step(const struct event_settings *s, struct event_state *st)
{
	if (st->last - st->instant >= s->together) {
		st->instant = st->last;
		st->before = st->course;
	}
	st->course = st->before;
}

/* Channels by the size of their deviations: the first of them make the event. */
static size_t largest(const struct event_settings *s, const struct event_state *st, size_t order[NAMED])
{
	size_t count = 0;

	for (size_t i = 0; i < s->channels.count; i++) {
		size_t at = count < NAMED ? count : NAMED;

		if (st->last - st->channels[i].at >= s->together || fabs(st->channels[i].deviation) < 1)
			continue;
		while (at > 0 && fabs(st->channels[i].deviation) > fabs(st->channels[order[at - 1]].deviation)) {
			if (at < NAMED)
				order[at] = order[at - 1];
			at--;
		}
		if (at < NAMED)
			order[at] = i;
		count += count < NAMED;
	}
	return count;
}

static const char *const facts[NAMED] = { "first_deviation", "second_deviation", "third_deviation" };

static void say(struct wq_verdict *out, const struct event_settings *s, const struct event_state *st,
	const struct wq_view *view, double score)
{
	const struct wq_site *site = wq_view_site(view);
	size_t order[NAMED];
	const size_t count = largest(s, st, order);
	struct phrase says = { 0 };

	wq_verdict_fact(out, "score", score);
	wq_verdict_fact(out, "sum", st->course.sum);
	for (size_t k = 0; k < count; k++) {
		const struct channel *channel = &st->channels[order[k]];
		double precision;
		const uint32_t series = series_of(view, s->channels.items[order[k]], &precision);
		const struct wq_parameter *parameter = &site->parameters[site->series[series].parameter];
		char number[PHRASE_TEXT];

		wq_verdict_fact(out, facts[k], channel->deviation);
		phrase_add(&says, "%s%s偏%s%s倍", k > 0 ? "、" : "", parameter->name, channel->deviation > 0 ? "高" : "低",
			phrase_significant(fabs(channel->deviation), 2, number));
	}
	if (count > 0)
		phrase_add(&says, "常态波动");
	wq_verdict_say(out, out->finding == WQ_FINDING_RAISE ? "水质异常:%s" : "水质异常已平息,%s",
		count > 0 ? says.text : "各项恢复常态");
}

static bool on_batch(void *state, const void *settings, const struct wq_view *view, struct wq_verdict *out)
{
	const struct event_settings *s = settings;
	struct event_state *st = state;
	bool any = false;
	double score;

	for (size_t i = 0; i < s->channels.count; i++)
		any |= take_channel(s, st, view, i);
	if (!any)
		return false;
	step(s, st);
	score = score_of(s, st);
	out->score = score / s->drift;
	out->finding = follow(s, &st->course, score, st->last) ? WQ_FINDING_RAISE : WQ_FINDING_CLEAR;
	out->level = (enum wq_level)s->level;
	out->at = st->last;
	out->value = score;
	out->limit = s->drift;
	if (out->finding == WQ_FINDING_RAISE || wq_view_open(view))
		say(out, s, st, view, score);
	return true;
}

const struct wq_rule wq_rule_event = {
	.name = "event",
	.help = "several parameters of a station leave what is usual at once, or one leaves it far",
	.scope = WQ_SCOPE_STATION,
	.options = options,
	.settings_size = sizeof(struct event_settings),
	.check = check,
	.state_size = state_size,
	.memory = memory,
	.on_batch = on_batch,
};
