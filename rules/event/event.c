/* SPDX-License-Identifier: Apache-2.0 */
/* event: several parameters of one station leave what is usual at once, or one leaves it far.
 *
 * Each reading of a channel is held against the median of its last `history` readings (the newest `lag` left out), in units
 * of the spread there: MAD × 1.4826, but at least `floor` times the channel's precision, so that a probe that stands still for
 * hours does not make an event of its next digit. The deviations of all channels that are read less than `together` apart make one
 * score, the root of the sum of their squares. How long it must be unusual is in course.h: by a sum, or by a count of instants.
 *
 *   the score has been at or beyond `drift` for long enough  RAISE
 *   the score is below `drift` again                         CLEAR
 *   it has raised for `timeout`: the new level is usual      CLEAR, and it begins anew once the score was below `drift`
 *   a channel is missing, or does not have a quarter of its
 *   history yet                                              it is left out
 *   none is left                                             UNKNOWN: not assessable, an open alarm stays
 *
 * While it raises the histories stand still: what raises must not become usual before the timeout. It judges what is
 * good or suspect alike: a value that a check of the instrument doubts is still seen here. (Rolling median and MAD, the history
 * without what raised, re-basing after a timeout and the binomial count as in USEPA's CANARY; the precision floor, the sum
 * and the root of squares are ours.) Readings that come out of order or are revised change nothing. */
#include "event.h"

#include "event_parts.h"
#include "history.h"

#include "levels.h"

#include "wq/err.h"
#include "wq/parameter.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A deviation beyond this tells nothing more. */
#define FAR 50.0

#define AT(field) offsetof(struct event_settings, field)

static const struct wq_choice ways[] = { { "sum", COURSE_BY_SUM }, { "count", COURSE_BY_COUNT }, { NULL, 0 } };

static const struct wq_option options[] = {
	{ .key = "channels", .type = WQ_OPT_LIST, .required = true, .min = 1, .max = CHANNELS_MAX, .offset = AT(channels),
		.help = "parameters that count, each with the precision of its readings: \"ph 0.01\"" },
	{ .key = "history", .type = WQ_OPT_INTEGER, .min = 12, .max = HISTORY_MAX, .fallback = "100", .offset = AT(history),
		.help = "readings of a channel that say what is usual (nearly two hours of one a minute)" },
	{ .key = "lag", .type = WQ_OPT_INTEGER, .min = 0, .max = HISTORY_MAX, .fallback = "0", .offset = AT(lag),
		.help = "newest readings that do not count among them yet" },
	{ .key = "floor", .type = WQ_OPT_NUMBER, .min = 0.5, .max = 100, .fallback = "2", .unit = "precisions",
		.offset = AT(floor), .help = "least spread of a channel" },
	{ .key = "drift", .type = WQ_OPT_NUMBER, .min = 0.5, .max = 50, .fallback = "6.7", .unit = "spreads",
		.offset = AT(course.drift), .help = "score from which on an instant is unusual" },
	{ .key = "by", .type = WQ_OPT_CHOICE, .fallback = "sum", .choices = ways, .offset = AT(course.by),
		.help = "how long it must be so: by a sum of what is beyond drift, or by a count of instants" },
	{ .key = "cut", .type = WQ_OPT_NUMBER, .min = 0.1, .max = 50, .fallback = "2.5", .unit = "spreads",
		.offset = AT(course.cut), .help = "sum: most that one instant adds" },
	{ .key = "threshold", .type = WQ_OPT_NUMBER, .min = 0.1, .max = 500, .fallback = "6", .unit = "spreads",
		.offset = AT(course.threshold), .help = "sum: from which on it raises" },
	{ .key = "steps", .type = WQ_OPT_INTEGER, .min = 1, .max = COURSE_STEPS_MAX, .fallback = "8",
		.offset = AT(course.steps), .help = "count: newest instants that are looked at" },
	{ .key = "certainty", .type = WQ_OPT_NUMBER, .min = 0.5, .max = 0.999999, .fallback = "0.95",
		.offset = AT(course.certainty),
		.help = "count: chance of so many unusual ones or fewer, if each were as likely as not" },
	{ .key = "together", .type = WQ_OPT_SPAN, .min = 1, .max = 86400e3, .fallback = "60s", .offset = AT(together),
		.help = "readings of channels so near in time are one instant" },
	{ .key = "timeout", .type = WQ_OPT_SPAN, .min = 60e3, .max = 366.0 * 86400e3, .fallback = "2h",
		.offset = AT(course.timeout), .help = "after raising for so long the new level is the usual one" },
	{ .key = "level", .type = WQ_OPT_CHOICE, .fallback = "warning", .choices = rule_levels + 1, .offset = AT(level),
		.help = "level of the alarm" },
	WQ_OPTION_END,
};

bool event_channel_split(const char *item, char name[NAME_TEXT], double *precision)
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

		if (event_channel_split(s->channels.items[i], other, &precision) &&
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

		if (!event_channel_split(s->channels.items[i], name, &precision))
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

	return (s->history + s->lag) * interval + s->course.timeout;
}

uint32_t event_channel_series(const struct wq_view *view, const char *item, double *precision)
{
	const struct wq_site *site = wq_view_site(view);
	const struct wq_station *station = wq_view_station(view);
	char name[NAME_TEXT];
	int parameter;

	if (!event_channel_split(item, name, precision))
		return WQ_NONE;
	parameter = wq_parameter_find(site->parameters, site->parameter_count, name);
	for (uint32_t i = 0; i < station->series_count; i++)
		if (site->series[station->first_series + i].parameter == (uint32_t)parameter)
			return station->first_series + i;
	return WQ_NONE;
}

/* Whether it raised before this instant: its channels may come one by one. */
static bool is_frozen(const struct event_settings *s, const struct event_state *st, wq_ms at)
{
	return (at - st->instant >= s->together ? &st->course : &st->before)->since != 0;
}

static void deviate(const struct event_settings *s, struct channel *channel, const struct history *history, double value,
	double precision)
{
	double median, spread;

	channel->deviation = 0;
	channel->known = history_usual(history, (size_t)s->history / 4, &median, &spread);
	if (channel->known)
		channel->deviation = fmax(-FAR, fmin((value - median) / fmax(spread, s->floor * precision), FAR));
}

/* One channel's newest reading, when there is a new one. */
static bool take_channel(const struct event_settings *s, struct event_state *st, const struct wq_view *view, size_t i)
{
	struct channel *channel = &st->channels[i];
	struct history *history = history_of(st, s, i);
	double precision;
	const uint32_t series = event_channel_series(view, s->channels.items[i], &precision);
	const struct wq_reading *readings;
	size_t count = 0;

	if (series == WQ_NONE)
		return false;
	readings = wq_view_readings(view, series, &count);
	if (count == 0 || readings[count - 1].at <= channel->at)
		return false;
	readings += count - 1;
	history_open(history, (size_t)s->history, (size_t)s->lag);
	history_add(history, readings->value, is_frozen(s, st, readings->at));
	deviate(s, channel, history, readings->value, precision);
	channel->at = readings->at;
	if (readings->at > st->last)
		st->last = readings->at;
	return true;
}

bool event_channel_counts(const struct event_settings *s, const struct event_state *st, size_t i)
{
	return st->channels[i].known && st->last - st->channels[i].at < s->together;
}

/* False: no channel can be assessed. */
static bool score_of(const struct event_settings *s, const struct event_state *st, double *score)
{
	bool any = false;
	double sum = 0;

	for (size_t i = 0; i < s->channels.count; i++)
		if (event_channel_counts(s, st, i)) {
			sum += st->channels[i].deviation * st->channels[i].deviation;
			any = true;
		}
	*score = sqrt(sum);
	return any;
}

/* A new instant goes on from the last one; one that goes on is reckoned anew. */
static void step(const struct event_settings *s, struct event_state *st, uint32_t taken)
{
	if (st->last - st->instant >= s->together) {
		st->instant = st->last;
		st->before = st->course;
		st->awaited = st->here;
		st->here = 0;
	}
	st->here |= taken;
	st->course = st->before;
}

/* Channels may come one by one: what is new is told when all that the instant before had have come, so that it is told
 * whole and does not flap; or an instant later, should one be missing. */
static bool is_tellable(const struct event_state *st)
{
	const bool before = st->before.since != 0, raises = st->course.since != 0;

	return (st->awaited & ~st->here) == 0 || before == raises;
}

static bool on_batch(void *state, const void *settings, const struct wq_view *view, struct wq_verdict *out)
{
	const struct event_settings *s = settings;
	struct event_state *st = state;
	uint32_t taken = 0;
	double score;
	bool raises;

	for (size_t i = 0; i < s->channels.count; i++)
		if (take_channel(s, st, view, i))
			taken |= (uint32_t)1 << i;
	if (taken == 0)
		return false;
	out->at = st->last;
	step(s, st, taken);
	if (!score_of(s, st, &score))
		return true;
	raises = course_step(&st->course, &s->course, score, st->last);
	out->score = score / s->course.drift;
	if (!is_tellable(st))
		return false;
	out->finding = raises ? WQ_FINDING_RAISE : WQ_FINDING_CLEAR;
	out->level = (enum wq_level)s->level;
	out->value = score;
	out->limit = s->course.drift;
	if (raises || wq_view_open(view))
		event_say(out, s, st, view);
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
