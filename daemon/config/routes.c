/* SPDX-License-Identifier: Apache-2.0 */
/* Routes: which alarms are told to whom. */
#include "fill.h"
#include "load.h"

#include <string.h>

static void route_stations(struct loader *l, const struct section *section,
        const struct wq_list *list, struct config_route *route)
{
	uint32_t *stations = arena_array(l->arena, list->count, sizeof *stations);

	route->all_stations = list->count == 0;
	for (size_t i = 0; i < list->count; i++) {
		uint32_t station = WQ_NONE;

		if (strcmp(list->items[i], "*") == 0)
			route->all_stations = true;
		else
			station = load_reference(l, section, "stations", i, "station",
			        list->items[i], &l->station_names);
		if (station != WQ_NONE)
			stations[route->station_count++] = station;
	}
	route->stations = stations;
}

/* One span for warnings and alarms; the lower levels only when they are asked for. 0 = never. */
static void route_escalation(const struct route_settings *settings, struct config_route *route)
{
	for (int level = 0; level < 5; level++) {
		wq_ms after = level == 0 ? WQ_NO_TIME : settings->escalate_after_level[level];

		if (after == WQ_NO_TIME && level >= WQ_LEVEL_WARNING)
			after = settings->escalate_after;
		route->escalate_after[level] = after == 0 ? WQ_NO_TIME : after;
		route->escalate_next[level] =
		        settings->escalate_next == WQ_NO_TIME ? route->escalate_after[level] : settings->escalate_next;
	}
}

static void route_steps(struct loader *l, const struct section *section, const struct route_settings *settings,
        struct config_route *route)
{
	route->escalate_to = load_references(l, section, "escalate_to", "group", &settings->escalate_to, &l->group_names,
	        &route->escalate_count);
	if (settings->escalate_to.count > CONFIG_STEPS_MAX)
		load_error(l, section, "escalate_to", 0, "escalate_to names %zu groups; %d are allowed, one a step",
		        settings->escalate_to.count, CONFIG_STEPS_MAX);
	if (settings->escalate_next != WQ_NO_TIME && settings->escalate_to.count < 2)
		load_error(l, section, "escalate_next", 0,
		        "escalate_next is the time to the second group of escalate_to and further ones; there is none");
}

/* Towns are what the stations say: a name that no station has is most likely misspelt. */
static struct names town_names(struct loader *l)
{
	struct names towns = names_new(l, l->config->site.station_count + 1);

	for (size_t i = 0; i < l->config->site.station_count; i++)
		if (l->config->site.stations[i].town != NULL)
			towns.items[towns.count++] = l->config->site.stations[i].town;
	if (l->internal->any != NULL && l->internal->any->station.town != NULL)
		towns.items[towns.count++] = l->internal->any->station.town;
	return towns;
}

static void route_towns(struct loader *l, const struct section *section, const struct wq_list *list,
        struct config_route *route)
{
	const char **towns = arena_array(l->arena, list->count, sizeof *towns);
	const struct names names = town_names(l);

	for (size_t i = 0; i < list->count; i++) {
		const uint32_t known = load_reference(l, section, "towns", i, "town", list->items[i], &names);

		if (known != WQ_NONE)
			towns[route->town_count++] = names.items[known];
	}
	route->towns = towns;
}

static void route_parameters(struct loader *l, const struct section *section, const struct wq_list *list,
        struct config_route *route)
{
	const struct wq_site *site = &l->config->site;
	uint32_t *parameters = arena_array(l->arena, list->count, sizeof *parameters);

	check_parameter_names(l, section, list);
	for (size_t i = 0; i < list->count; i++) {
		const int found = wq_parameter_find(site->parameters, site->parameter_count, list->items[i]);

		if (found >= 0)
			parameters[route->parameter_count++] = (uint32_t)found;
	}
	route->parameters = parameters;
}

/* "05-01..10-15" */
static void route_season(struct loader *l, const struct section *section, const char *text, struct config_route *route)
{
	struct wq_season *season = &route->season;
	char from[6] = "", to[6] = "";

	if (text == NULL)
		return;
	if (strlen(text) == 12 && memcmp(text + 5, "..", 2) == 0) {
		memcpy(from, text, 5);
		memcpy(to, text + 7, 5);
	}
	if (!load_date(from, &season->from_month, &season->from_day) || !load_date(to, &season->to_month, &season->to_day))
		load_error(l, section, "season", 0,
		        "season = \"%.20s\": must be two days of the year such as \"05-01..10-15\", both included", text);
}

/* The same for reminders; oftener than once a minute they would be noise. */
static void route_reminders(struct loader *l, const struct section *section, const struct route_settings *settings,
        struct config_route *route)
{
	for (int level = WQ_LEVEL_INFO; level <= WQ_LEVEL_ALARM; level++) {
		wq_ms span = settings->remind_level[level];

		if (span == WQ_NO_TIME && level >= WQ_LEVEL_WARNING)
			span = settings->remind;
		route->remind.open[level] = span == WQ_NO_TIME ? 0 : span;
		route->remind.acknowledged[level] =
		        settings->remind_acknowledged == WQ_NO_TIME ? 0 : settings->remind_acknowledged;
		if ((route->remind.open[level] > 0 && route->remind.open[level] < WQ_MINUTES(1)) ||
		        (route->remind.acknowledged[level] > 0 && route->remind.acknowledged[level] < WQ_MINUTES(1))) {
			load_error(l, section, NULL, 0, "reminds oftener than once a minute; 0 or at least 1m is allowed");
			return;
		}
	}
}

static void load_route(struct loader *l, const struct section *section, struct config_route *route)
{
	struct route_settings settings;

	fill_settings(section, schema_route, &settings, l->arena, l->report);
	*route = (struct config_route){ .id = section->title,
		.kinds = load_kinds(l, section, &settings.kinds),
		.min_level =
		        settings.min_level < 1 ? WQ_LEVEL_WATCH : (enum wq_level)settings.min_level,
		.lead = WQ_NONE,
		.commissioning = settings.commissioning,
		.remind_most = settings.remind_most,
		.deadline = settings.deadline };
	route_stations(l, section, &settings.stations, route);
	route_towns(l, section, &settings.towns, route);
	route_parameters(l, section, &settings.parameters, route);
	route_season(l, section, settings.season, route);
	if (settings.lead != NULL)
		route->lead = load_reference(
		        l, section, "lead", 0, "group", settings.lead, &l->group_names);
	route_steps(l, section, &settings, route);
	route->assist = load_references(l, section, "assist", "group", &settings.assist,
	        &l->group_names, &route->assist_count);
	route_escalation(&settings, route);
	route_reminders(l, section, &settings, route);
}

void load_routes(struct loader *l)
{
	struct config_route *routes = arena_array(l->arena, load_count(l, SECTION_ROUTE), sizeof *routes);
	size_t n = 0;

	for (const struct section *s = load_next(l, SECTION_ROUTE, NULL); s != NULL; s = load_next(l, SECTION_ROUTE, s))
		load_route(l, s, &routes[n++]);
	l->config->routes = routes;
	l->config->route_count = n;
}
