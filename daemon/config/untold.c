/* SPDX-License-Identifier: Apache-2.0 */
/* The worst mistake of all looks like peace: an alarm that is told to nobody.
 *
 * A station must be in a route; what is of level warning and above must be told on every day of the year, whatever it is
 * about. Lower levels may be told in a season only, that is what seasons are for. */
#include "load.h"

#include "wq/verdict.h"

#include <stdio.h>

/* A year that has all days: the 29th of February too. */
#define LEAP_YEAR "2024-01-01"
#define DAYS      366

static wq_day first_day(void)
{
	static const struct wq_zone_row utc = { 0, 0 };
	static const struct wq_zone zone = { 1, &utc };
	wq_ms at = 0;

	wq_instant_parse(LEAP_YEAR, &zone, &at, NULL);
	return wq_day_of(&zone, at);
}

/* What is asked: is somebody told of an alarm there, about this parameter (WQ_NONE: of none), at this level? */
struct question {
	const struct config *config;
	const struct wq_station *station; /* NULL: the site as a whole */
	uint32_t parameter;
	enum wq_level level;
};

static bool hears(const struct question *q, const struct config_route *route)
{
	return route->min_level <= q->level && route_matches(route, &q->config->site, q->station) &&
	        route_takes(route, q->parameter);
}

static bool told_on(const struct question *q, wq_day day)
{
	for (size_t r = 0; r < q->config->route_count; r++)
		if (hears(q, &q->config->routes[r]) && wq_season_has(&q->config->routes[r].season, day))
			return true;
	return false;
}

/* By a route of the whole year: by far the most often, and no day needs to be looked at. */
static bool told_always(const struct question *q)
{
	for (size_t r = 0; r < q->config->route_count; r++)
		if (q->config->routes[r].season.from_month == 0 && hears(q, &q->config->routes[r]))
			return true;
	return false;
}

/* The first stretch of the year in which nobody is told, and over its turn where it goes on there. False: there is none. */
static bool gap(const struct question *q, wq_day *from, wq_day *to)
{
	const wq_day first = first_day();
	wq_day begin = first, end;

	if (told_always(q))
		return false;
	while (begin < first + DAYS && told_on(q, begin))
		begin++;
	if (begin == first + DAYS)
		return false;
	end = begin;
	while (end + 1 < first + DAYS && !told_on(q, end + 1))
		end++;
	if (begin == first && end + 1 < first + DAYS && !told_on(q, first + DAYS - 1)) {
		begin = first + DAYS - 1;
		while (!told_on(q, begin - 1))
			begin--;
	}
	*from = begin;
	*to = end;
	return true;
}

static const char *when(wq_day from, wq_day to, char out[64])
{
	char first[WQ_INSTANT_TEXT], last[WQ_INSTANT_TEXT];

	if (to - from == DAYS - 1)
		snprintf(out, 64, "at any time");
	else
		snprintf(out, 64, "from %s to %s", wq_day_format(from, first) + 5, wq_day_format(to, last) + 5);
	return out;
}

/* Told of the first thing that nobody hears of; true when there is one. */
static bool warn_gap(struct loader *l, const struct section *section, struct question q, const char *what)
{
	char stretch[64];
	wq_day from, to;

	q.level = WQ_LEVEL_WARNING;
	if (!gap(&q, &from, &to))
		return false;
	when(from, to, stretch);
	q.level = WQ_LEVEL_ALARM;
	load_warning(l, section, NULL, "nobody would be told of alarms of %s, level warning%s, %s", what,
	        told_on(&q, from) ? "" : " and above", stretch);
	return true;
}

static void warn_station(struct loader *l, const struct section *section, const struct wq_station *station)
{
	const struct wq_site *site = &l->config->site;
	const struct question whole = { .config = l->config, .station = station, .parameter = WQ_NONE };
	bool found = false;

	for (size_t r = 0; r < l->config->route_count && !found; r++)
		found = route_matches(&l->config->routes[r], site, station);
	if (!found) {
		load_warning(l, section, NULL, "is in no %sroute: nobody would be told of its alarms",
		        station->commissioning ? "commissioning " : "");
		return;
	}
	if (warn_gap(l, section, whole, "the station as a whole"))
		return;
	for (uint32_t i = 0; i < station->series_count; i++) {
		struct question one = whole;

		one.parameter = site->series[station->first_series + i].parameter;
		if (warn_gap(l, section, one, site->parameters[one.parameter].alias))
			return;
	}
}

void warn_untold(struct loader *l)
{
	const struct config *config = l->config;
	const struct question site = { .config = config, .parameter = WQ_NONE };

	if (l->document.lost_count > 0 || config->site.station_count == 0)
		return;
	if (config->route_count == 0) {
		report_add(l->report, 0, true, "",
		        "there is no route: nobody would be told of anything");
		return;
	}
	for (size_t i = 0; i < config->site.station_count; i++)
		warn_station(l, l->stations[i].section, &config->site.stations[i]);
	if (load_next(l, SECTION_SITE, NULL) != NULL)
		warn_gap(l, load_next(l, SECTION_SITE, NULL), site, "the site as a whole");
}
