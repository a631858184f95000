/* SPDX-License-Identifier: Apache-2.0 */
/* How soon alarms of a rule must be answered, and how often is reminded of them: by the routes that may hear of one. Which ones do is the router's word; here
 * a route counts that hears of any place of the rule. */
#include "load.h"

#include "wq/rule.h"

#include <string.h>

static bool names_town(const struct config_route *route, const char *town)
{
	for (size_t i = 0; town != NULL && i < route->town_count; i++)
		if (strcmp(route->towns[i], town) == 0)
			return true;
	return route->town_count == 0;
}

bool route_takes(const struct config_route *route, uint32_t parameter)
{
	for (size_t i = 0; i < route->parameter_count; i++)
		if (route->parameters[i] == parameter)
			return true;
	return route->parameter_count == 0;
}

bool route_matches(const struct config_route *route, const struct wq_site *route_site,
        const struct wq_station *station)
{
	if (station == NULL)
		return route->all_stations && !route->commissioning && route->town_count == 0;
	if (route->commissioning != station->commissioning ||
	        (route->kinds & (1U << station->kind)) == 0 || !names_town(route, station->town))
		return false;
	for (size_t i = 0; !route->all_stations && i < route->station_count; i++) {
		if (strcmp(route_site->stations[route->stations[i]].id, station->id) == 0)
			return true;
	}
	return route->all_stations;
}

static const struct wq_station *place_station(
        const struct wq_rule_use *use, const struct wq_site *site, size_t place)
{
	if (use->rule->scope == WQ_SCOPE_SERIES)
		return &site->stations[site->series[use->places[place]].station];
	return use->rule->scope == WQ_SCOPE_STATION ? &site->stations[use->places[place]] : NULL;
}

/* Whether the route hears of a station that something is read of by this bus. */
static bool touches_bus(const struct wq_site *site, uint32_t source, const struct config_route *route,
        const struct wq_site *route_site)
{
	if (!route_takes(route, WQ_NONE))
		return false;
	for (size_t i = 0; i < site->series_count; i++) {
		if (site->series[i].source == source &&
		        route_matches(route, route_site, &site->stations[site->series[i].station]))
			return true;
	}
	return false;
}

/* Whether an alarm at this place may be of a parameter that the route takes: what is said of a station as a whole may be
 * about any of its series. */
static bool takes_place(const struct wq_rule_use *use, const struct wq_site *site, const struct config_route *route,
        size_t place)
{
	const struct wq_station *station = place_station(use, site, place);

	if (route_takes(route, WQ_NONE))
		return true;
	if (use->rule->scope == WQ_SCOPE_SERIES)
		return route_takes(route, site->series[use->places[place]].parameter);
	for (uint32_t i = 0; station != NULL && i < station->series_count; i++)
		if (route_takes(route, site->series[station->first_series + i].parameter))
			return true;
	return false;
}

static bool touches(const struct wq_rule_use *use, const struct wq_site *site,
        const struct config_route *route, const struct wq_site *route_site)
{
	for (size_t i = 0; i < use->place_count; i++) {
		if (route_matches(route, route_site, place_station(use, site, i)) &&
		        takes_place(use, site, route, i))
			return true;
	}
	return false;
}

static void shorten(wq_ms spans[5], const struct config_route *route)
{
	for (int level = (int)route->min_level; level < 5; level++) {
		const wq_ms after = route->escalate_after[level];

		if (after != WQ_NO_TIME && (spans[level] == WQ_NO_TIME || after < spans[level]))
			spans[level] = after;
	}
}

/* All steps of the routes: the router knows whose is due. Room for those of every route that is heard. */
static void climb(struct wq_further further[5], const struct config_route *route, size_t steps, struct arena *arena)
{
	for (int level = (int)route->min_level; level < 5; level++) {
		struct wq_further *of = &further[level];
		wq_ms *spans = (wq_ms *)of->spans;

		if (spans == NULL)
			spans = arena_array(arena, steps, sizeof *spans);
		for (size_t step = 0; step <= route->escalate_count; step++) {
			const wq_ms span = config_route_step(route, (enum wq_level)level, step);

			if (span != WQ_NO_TIME)
				spans[of->count++] = span;
		}
		of->spans = spans;
	}
}

static void oftener(wq_ms *span, wq_ms other)
{
	if (other > 0 && (*span == 0 || other < *span))
		*span = other;
}

/* In a recorded series nobody acknowledges: reminders would be noise. */
static void remind(struct wq_rule_use *use, struct wq_reminding *spans, const struct wq_site *site,
        const struct config_route *route)
{
	for (int level = (int)route->min_level; !site->recorded && level < 5; level++) {
		oftener(&spans->open[level], route->remind.open[level]);
		oftener(&spans->acknowledged[level], route->remind.acknowledged[level]);
	}
	if (route->remind_most > use->remind_most)
		use->remind_most = route->remind_most;
}

static void never(wq_ms spans[5])
{
	for (int level = 0; level < 5; level++)
		spans[level] = WQ_NO_TIME;
}

static bool all_year(const struct config_route *route)
{
	return route->season.from_month == 0;
}

/* The spans of the routes that are marked in `heard`: those of a season beside those of the whole year. */
static void take_spans(struct wq_rule_use *use, const struct wq_site *site, const struct config *routes, const bool *heard,
        struct arena *arena)
{
	struct wq_seasonal *seasonal;
	size_t count = 0, steps = 0;

	never(use->escalate_after);
	for (size_t i = 0; i < routes->route_count; i++)
		steps += heard[i] ? routes->routes[i].escalate_count + 1 : 0;
	for (size_t i = 0; i < routes->route_count; i++) {
		if (heard[i] && all_year(&routes->routes[i])) {
			shorten(use->escalate_after, &routes->routes[i]);
			climb(use->escalate_further, &routes->routes[i], steps, arena);
			remind(use, &use->remind, site, &routes->routes[i]);
		}
		count += heard[i] && !all_year(&routes->routes[i]);
	}
	if (count == 0)
		return;
	seasonal = arena_array(arena, count, sizeof *seasonal);
	use->seasonal = seasonal;
	for (size_t i = 0; i < routes->route_count; i++) {
		if (!heard[i] || all_year(&routes->routes[i]))
			continue;
		seasonal[use->seasonal_count].season = routes->routes[i].season;
		never(seasonal[use->seasonal_count].escalate_after);
		remind(use, &seasonal[use->seasonal_count].remind, site, &routes->routes[i]);
		climb(seasonal[use->seasonal_count].escalate_further, &routes->routes[i],
		        routes->routes[i].escalate_count + 1, arena);
		shorten(seasonal[use->seasonal_count++].escalate_after, &routes->routes[i]);
	}
}

void rule_spans(struct wq_rule_use *use, const struct wq_site *site, const struct config *routes, struct arena *arena)
{
	bool *heard = arena_array(arena, routes->route_count, sizeof *heard);

	for (size_t i = 0; i < routes->route_count; i++)
		heard[i] = touches(use, site, &routes->routes[i], &routes->site);
	take_spans(use, site, routes, heard, arena);
}

void rule_spans_of_bus(struct wq_rule_use *use, uint32_t source, const struct wq_site *site, const struct config *routes,
        struct arena *arena)
{
	bool *heard = arena_array(arena, routes->route_count, sizeof *heard);

	for (size_t i = 0; i < routes->route_count; i++)
		heard[i] = touches_bus(site, source, &routes->routes[i], &routes->site);
	take_spans(use, site, routes, heard, arena);
}
