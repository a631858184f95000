/* SPDX-License-Identifier: Apache-2.0 */
/* What the rule `event` says. The score is the root of a sum of squares: a channel's share of it is its square's. */
#include "event_parts.h"

#include "phrase.h"

#include "wq/parameter.h"

#include <math.h>

/* Channels that a sentence names, and the least share of them. */
#define NAMED 3
#define LEAST 0.05

static double square(const struct event_state *st, size_t channel)
{
	return st->channels[channel].deviation * st->channels[channel].deviation;
}

/* The channels with the largest deviations, at most NAMED, and the sum of all squares. */
static size_t largest(const struct event_settings *s, const struct event_state *st, size_t order[NAMED + 1], double *sum)
{
	size_t count = 0;

	*sum = 0;
	for (size_t i = 0; i < s->channels.count; i++) {
		size_t at = count;

		if (!event_channel_counts(s, st, i))
			continue;
		*sum += square(st, i);
		for (; at > 0 && square(st, i) > square(st, order[at - 1]); at--)
			order[at] = order[at - 1];
		order[at] = i;
		count += count < NAMED;
	}
	while (count > 0 && square(st, order[count - 1]) < LEAST * *sum)
		count--;
	return *sum > 0 ? count : 0;
}

static const struct wq_parameter *parameter_of(const struct wq_view *view, const char *item)
{
	const struct wq_site *site = wq_view_site(view);
	double precision;
	const uint32_t series = event_channel_series(view, item, &precision);

	return series == WQ_NONE ? NULL : &site->parameters[site->series[series].parameter];
}

/* "pH 21%": a Latin name would run into the number. */
static const char *gap_after(const char *name)
{
	const char *end = name;

	while (*end != '\0')
		end++;
	return end > name && (unsigned char)end[-1] < 0x80 ? " " : "";
}

static void name_channel(struct phrase *says, const char *name, double share, double deviation)
{
	char number[PHRASE_TEXT];

	phrase_add(says, "%s%s%s%.0f%%(偏%s%s倍)", says->length > 0 ? "、" : "", name, gap_after(name), share * 100,
		deviation > 0 ? "高" : "低", phrase_significant(fabs(deviation), 2, number));
}

/* Place in `channels` from 1 on, share of the score, deviation in spreads. */
static const char *const facts[NAMED][3] = {
	{ "first_channel", "first_share", "first_deviation" },
	{ "second_channel", "second_share", "second_deviation" },
	{ "third_channel", "third_share", "third_deviation" },
};

static size_t assessed(const struct event_settings *s, const struct event_state *st)
{
	size_t count = 0;

	for (size_t i = 0; i < s->channels.count; i++)
		count += event_channel_counts(s, st, i);
	return count;
}

static void lead_facts(struct wq_verdict *out, const struct event_settings *s, const struct event_state *st)
{
	wq_verdict_fact(out, "score", out->value);
	if (s->course.by == COURSE_BY_SUM)
		wq_verdict_fact(out, "sum", st->course.sum);
	else
		wq_verdict_fact(out, "unusual", course_count(&st->course, &s->course));
	wq_verdict_fact(out, "channels", (double)assessed(s, st));
}

static void say(struct wq_verdict *out, const struct event_settings *s, const struct event_state *st,
	const char *channels)
{
	char span[PHRASE_TEXT];

	if (out->finding == WQ_FINDING_RAISE)
		wq_verdict_say(out, "水质异常,主要贡献:%s常态波动", channels);
	else if (st->course.waits)
		wq_verdict_say(out, "异常已持续%s,改以现状为常态", phrase_span(s->course.timeout, span));
	else
		wq_verdict_say(out, "水质异常已平息,各项恢复常态");
}

void event_say(struct wq_verdict *out, const struct event_settings *s, const struct event_state *st,
	const struct wq_view *view)
{
	size_t order[NAMED + 1];
	double sum;
	const size_t count = largest(s, st, order, &sum);
	struct phrase says = { 0 };

	lead_facts(out, s, st);
	for (size_t k = 0; k < count; k++) {
		const double share = square(st, order[k]) / sum;
		const struct wq_parameter *parameter = parameter_of(view, s->channels.items[order[k]]);

		wq_verdict_fact(out, facts[k][0], (double)(order[k] + 1));
		wq_verdict_fact(out, facts[k][1], share);
		wq_verdict_fact(out, facts[k][2], st->channels[order[k]].deviation);
		if (parameter != NULL)
			name_channel(&says, parameter->name, share, st->channels[order[k]].deviation);
	}
	say(out, s, st, says.text);
}
