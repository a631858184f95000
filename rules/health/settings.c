/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of a section `health`, and what they make of what is usual of a parameter. */
#include "parts.h"

#include "levels.h"

#include "wq/decimal.h"
#include "wq/err.h"
#include "wq/parameter.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AT(field) offsetof(struct health_section, field)

static const struct wq_choice spikes[] = {
	{ "none", WQ_SPIKE_NONE },
	{ "level", WQ_SPIKE_LEVEL },
	{ "step", WQ_SPIKE_STEP },
	{ NULL, 0 },
};

#define YEAR (366.0 * 86400e3)

const struct wq_option health_options[] = {
	{ .key = "level", .type = WQ_OPT_CHOICE, .fallback = "watch", .choices = rule_levels, .offset = AT(level),
		.help = "level of the alarm about the device; none: readings are marked, nobody is told" },
	{ .key = "usual", .type = WQ_OPT_SWITCH, .fallback = "true", .offset = AT(usual),
		.help = "what is not given is as usual of the parameter; false: what is not given is not tested" },
	{ .key = "low", .type = WQ_OPT_NUMBER, .offset = AT(low), .help = "a reading below it is suspect" },
	{ .key = "high", .type = WQ_OPT_NUMBER, .offset = AT(high), .help = "a reading above it is suspect" },
	{ .key = "season", .type = WQ_OPT_LIST, .offset = AT(season),
		.help = "other ends in some part of the year, \"05-01..09-30 4:35\"; the last one that has the day holds" },
	{ .key = "rate", .type = WQ_OPT_NUMBER, .min = 0, .max = 1e9, .offset = AT(rate),
		.help = "a change by more than this within 4 h is suspect until the next reading confirms it; 0: not tested" },
	{ .key = "spike", .type = WQ_OPT_CHOICE, .choices = spikes, .offset = AT(spike),
		.help = "none, level or step, as in wqctl qc; default: level" },
	{ .key = "floor", .type = WQ_OPT_NUMBER, .min = 0, .max = 1e9, .offset = AT(floor),
		.help = "spike: the deviation of no consequence, about what the instrument resolves" },
	{ .key = "log", .type = WQ_OPT_NUMBER, .min = 0, .max = 1e9, .offset = AT(log),
		.help = "spike: on the logarithm, of this at least; 0: on the value itself" },
	{ .key = "k", .type = WQ_OPT_NUMBER, .min = 1, .max = 1000, .fallback = "7", .offset = AT(k),
		.help = "spike: how many times the usual deviation" },
	{ .key = "memory", .type = WQ_OPT_INTEGER, .min = 20, .max = 2048, .fallback = "200", .offset = AT(memory),
		.help = "spike: deviations that say what is usual, 16 bytes each and series" },
	{ .key = "flat_suspect", .type = WQ_OPT_SPAN, .max = YEAR, .offset = AT(flat_suspect),
		.help = "a value unchanged for so long is suspect; 0: not tested" },
	{ .key = "flat_fail", .type = WQ_OPT_SPAN, .max = YEAR, .offset = AT(flat_fail),
		.help = "unchanged for so long: the device is told; 0: never" },
	{ .key = "flat_tolerance", .type = WQ_OPT_NUMBER, .min = 0, .max = 1e9, .offset = AT(flat_tolerance),
		.help = "highest less lowest at most this is unchanged" },
	{ .key = "flat_above", .type = WQ_OPT_NUMBER, .offset = AT(flat_above),
		.help = "at or below this nothing is flat; at least the detection limit" },
	{ .key = "gap", .type = WQ_OPT_SPAN, .max = YEAR, .fallback = "0", .offset = AT(gap),
		.help = "the first reading after so long without any is suspect; 0: not tested" },
	{ .key = "trust", .type = WQ_OPT_INTEGER, .max = WQ_HEALTH_TRUST, .fallback = "24", .offset = AT(trust),
		.help = "so many newest readings are looked at for whether they are measured; 0: not tested" },
	{ .key = "copies", .type = WQ_OPT_SWITCH, .fallback = "true", .offset = AT(copies),
		.help = "they may also be those of another series of the station, or of the next station" },
	{ .key = "cross", .type = WQ_OPT_SWITCH, .fallback = "true", .offset = AT(cross),
		.help = "held against others of the station: total nitrogen and ammonia, oxygen and temperature" },
	{ .key = "nitrogen", .type = WQ_OPT_NUMBER, .min = 0, .max = 10, .fallback = "0.2", .offset = AT(nitrogen),
		.help = "total nitrogen may be below ammonia by this share and as many mg/L" },
	{ .key = "saturation", .type = WQ_OPT_NUMBER, .min = 100, .max = 1000, .fallback = "250", .unit = "%", .offset = AT(saturation),
		.help = "oxygen above so much of its saturation is suspect" },
	{ .key = "turbid", .type = WQ_OPT_NUMBER, .min = 1, .max = 1000, .offset = AT(turbid),
		.help = "a jump of total phosphorus while turbidity becomes so many times as high is suspect; default: not tested" },
	{ .key = "neighbour", .type = WQ_OPT_NUMBER, .min = 1, .max = 1000, .offset = AT(neighbour),
		.help = "so many times what the stations upstream and downstream have, or so small a part, is suspect; default: not "
			"tested" },
	{ .key = "coherent", .type = WQ_OPT_SWITCH, .fallback = "true", .offset = AT(coherent),
		.help = "a jump is not suspect when another parameter of the station jumps with it" },
	{ .key = "carried", .type = WQ_OPT_SWITCH, .fallback = "true", .offset = AT(carried),
		.help = "a point whose values are only repeated between two measurements is told, level info" },
	{ .key = "learn_after", .type = WQ_OPT_SPAN, .max = YEAR, .fallback = "30d", .offset = AT(learn_after),
		.help = "after so long, and 150 readings, the series' own quantiles replace low, high and rate as usual of the "
			"parameter; 0: never" },
	{ .key = "confirm", .type = WQ_OPT_INTEGER, .min = 1, .max = 1000, .fallback = "3", .offset = AT(confirm),
		.help = "readings in a row that are out of range or impossible before the device is told, and that are sound before "
			"that ends" },
	WQ_OPTION_END,
};

/* -- seasons -- */

/* "05-01..09-30 4:35" to { 5, 1, 9, 30 }. */
bool health_season_parse(const char *text, int day[4], double *low, double *high)
{
	static const int longest[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	char ends[2][WQ_DECIMAL_TEXT];
	int read = 0;

	if (sscanf(text, "%2d-%2d..%2d-%2d %39[^:]:%39s%n", &day[0], &day[1], &day[2], &day[3], ends[0], ends[1], &read) != 6 ||
		text[read] != '\0')
		return false;
	for (size_t i = 0; i < 4; i += 2)
		if (day[i] < 1 || day[i] > 12 || day[i + 1] < 1 || day[i + 1] > longest[day[i] - 1])
			return false;
	return wq_value_parse(ends[0], low, NULL) == 0 && wq_value_parse(ends[1], high, NULL) == 0 && *low < *high;
}

bool health_season(const struct wq_list *season, const struct wq_zone *zone, wq_ms at, double *low, double *high)
{
	char date[WQ_INSTANT_TEXT]; /* "2021-11-22" */
	int day[4], today;
	bool found = false;

	wq_day_format(wq_day_of(zone, at), date);
	today = atoi(date + 5) * 100 + atoi(date + 8);
	for (size_t i = season->count; i-- > 0 && !found;) {
		if (!health_season_parse(season->items[i], day, low, high))
			continue;
		const int from = day[0] * 100 + day[1], to = day[2] * 100 + day[3];

		found = from <= to ? from <= today && today <= to : today >= from || today <= to;
	}
	return found;
}

/* -- checks -- */

static int check_seasons(const struct health_section *s, struct wq_err *err)
{
	double low, high;
	int day[4];

	for (size_t i = 0; i < s->season.count; i++)
		if (!health_season_parse(s->season.items[i], day, &low, &high))
			return wq_fail(err, WQ_E_INVALID,
				"season: \"%.60s\" is not \"MM-DD..MM-DD LOW:HIGH\", LOW below HIGH, as \"05-01..09-30 4:35\"",
				s->season.items[i]);
	return 0;
}

int health_check(const void *settings, const struct wq_site *site, const struct wq_parameter *parameter, struct wq_err *err)
{
	const struct health_section *s = settings;
	struct wq_health_usual usual;

	(void)site;
	if (s->low >= s->high)
		return wq_fail(err, WQ_E_INVALID, "low = %g is not below high = %g: no reading would be good", s->low, s->high);
	if (s->trust > 0 && s->trust < 8)
		return wq_fail(err, WQ_E_INVALID, "trust = %lld: 0, or 8 to %d", (long long)s->trust, WQ_HEALTH_TRUST);
	if (s->flat_suspect > 0 && s->flat_fail > 0 && s->flat_fail < s->flat_suspect)
		return wq_fail(err, WQ_E_INVALID, "flat_fail is shorter than flat_suspect: it must not be");
	if (s->spike > WQ_SPIKE_NONE && !(s->floor > 0) &&
		(parameter == NULL || !wq_health_usual(&usual, parameter->alias) || !s->usual))
		return wq_fail(err, WQ_E_INVALID,
			"spike needs a floor above 0, about what the instrument resolves%s%s", parameter != NULL ? ", for " : "",
			parameter != NULL ? parameter->name : "");
	return check_seasons(s, err);
}

/* -- what holds for a series -- */

struct wq_health_settings health_sized(const struct health_section *s)
{
	struct wq_health_settings settings;

	wq_health_init(&settings);
	settings.memory = (size_t)s->memory;
	settings.trust = (size_t)s->trust;
	return settings;
}

static void take_number(double given, double *to)
{
	if (!isnan(given))
		*to = given;
}

static void take_span(wq_ms given, wq_ms *to)
{
	if (given != WQ_NO_TIME)
		*to = given;
}

static void prepare_flat(struct wq_health_settings *to, const struct health_section *s, const struct wq_series *series)
{
	take_span(s->flat_suspect, &to->flat_suspect);
	take_span(s->flat_fail, &to->flat_fail);
	take_number(s->flat_tolerance, &to->flat_tolerance);
	take_number(s->flat_above, &to->flat_above);
	if (series->detection > 0 && !(to->flat_above >= series->detection))
		to->flat_above = series->detection;
	/* What is measured every 12 h is the same twice before it is flat. */
	if (to->flat_suspect > 0 && to->flat_suspect < 3 * series->cycle)
		to->flat_suspect = 3 * series->cycle;
	if (to->flat_fail > 0 && to->flat_fail < 6 * series->cycle)
		to->flat_fail = 6 * series->cycle;
}

static void prepare_spike(struct wq_health_settings *to, const struct health_section *s, const struct wq_health_usual *usual)
{
	take_number(usual->floor, &to->floor);
	take_number(s->floor, &to->floor);
	to->log = s->log > 0 ? s->log : isnan(s->log) && isnan(s->floor) ? usual->log : (double)NAN;
	to->k = s->k;
	to->spike = s->spike >= 0 ? (enum wq_health_spike)s->spike : WQ_SPIKE_LEVEL;
	if (!(to->floor > 0))
		to->spike = WQ_SPIKE_NONE;
}

void health_prepare(struct health_state *st, const struct health_section *s, const struct wq_view *view)
{
	const struct wq_series *series = wq_view_series(view);
	const char *alias = wq_view_parameter(view)->alias;
	struct wq_health_usual usual;

	st->settings = health_sized(s);
	wq_health_usual(&usual, s->usual ? alias : "");
	if (s->usual)
		wq_health_like(&st->settings, alias);
	st->settings.low = series->low;
	st->settings.high = series->high;
	st->settings.gap = s->gap;
	st->settings.cycle = series->cycle;
	prepare_flat(&st->settings, s, series);
	prepare_spike(&st->settings, s, &usual);
	st->usual = usual;
	take_number(s->low, &st->usual.low);
	take_number(s->high, &st->usual.high);
	if (!isnan(s->rate)) {
		st->usual.rate = s->rate > 0 ? s->rate : (double)NAN;
		st->usual.share = false;
	}
	doubts_prepare(st, s, view);
	st->ready = true;
}
