/* SPDX-License-Identifier: Apache-2.0 */
/* A configuration whose stations and series are those of a CSV: tomorrow's rules on last year's
 * data. */
#include "load.h"
#include "suggest.h"

#include "wq/err.h"

#include <string.h>

/* Columns to parameters; two columns of one parameter would be two truths. */
static int find_columns(const struct wq_site *site, const char *const *names, size_t count,
        uint32_t *index, struct wq_err *err)
{
	for (size_t i = 0; i < count; i++) {
		const int found =
		        wq_parameter_find(site->parameters, site->parameter_count, names[i]);
		struct suggest suggest = { .wanted = names[i] };
		char end[SUGGEST_TEXT];

		for (size_t k = 0; k < site->parameter_count; k++)
			suggest_offer(&suggest, site->parameters[k].alias);
		if (found < 0)
			return wq_fail(err, WQ_E_INVALID, "column '%.63s' is no parameter%s",
			        names[i], suggest_end(&suggest, end));
		index[i] = (uint32_t)found;
		for (size_t k = 0; k < i; k++) {
			if (index[k] == index[i])
				return wq_fail(err, WQ_E_INVALID,
				        "columns '%.63s' and '%.63s' are the same parameter",
				        names[k], names[i]);
		}
	}
	return 0;
}

static const struct station_plan *find_plan(const struct config *base, const char *id)
{
	const struct config_internal *internal = base->internal;

	for (size_t i = 0; i < internal->station_count; i++) {
		if (strcmp(internal->stations[i].station.id, id) == 0)
			return &internal->stations[i];
	}
	return internal->any;
}

/* Configured stations first, so that the plan of each is known by its index. */
static int take_stations(struct config *config, const struct config *base,
        const struct station_plan **plans, const char *const *ids, size_t count, struct wq_err *err)
{
	const struct config_internal *from = base->internal;
	struct arena *arena = ((struct config_internal *)config->internal)->arena;
	struct wq_station *stations = arena_array(arena, count, sizeof *stations);

	config->site.stations = stations;
	config->site.station_count = count;
	for (size_t i = 0; i < count; i++) {
		plans[i] = find_plan(base, ids[i]);
		if (plans[i] == NULL)
			return wq_fail(err, WQ_E_MISSING,
			        "station \"%.63s\" is not configured and there is no station \"*\" "
			        "in %s",
			        ids[i], base->file);
		stations[i] = plans[i]->station;
		stations[i].id = arena_copy(arena, ids[i]);
		if (plans[i] == from->any)
			stations[i].name = stations[i].id;
	}
	for (size_t i = 0; i < count; i++) {
		const uint32_t into = stations[i].flows_into;

		stations[i].flows_into = into == WQ_NONE
		        ? WQ_NONE
		        : wq_site_station(&config->site, base->site.stations[into].id);
	}
	return 0;
}

static struct wq_series make_series(const struct config *base, const struct station_plan *plan,
        uint32_t station, uint32_t parameter)
{
	const struct config_internal *internal = base->internal;
	const struct wq_parameter *row = &base->site.parameters[parameter];
	struct wq_series series = { .station = station,
		.parameter = parameter,
		.cycle = plan->cycle,
		.interval = series_interval(plan->interval, plan->cycle, WQ_NO_TIME),
		.late_after = series_late_after(plan->late_after, plan->cycle),
		.low = row->low,
		.high = row->high,
		.source = WQ_NONE };
	const uint32_t known = plan == internal->any
	        ? WQ_NONE
	        : wq_site_series(&base->site, (uint32_t)(plan - internal->stations), parameter);

	if (known != WQ_NONE) {
		series = base->site.series[known];
		series.station = station;
		series.source = WQ_NONE;
	}
	return series;
}

static void take_series(struct config *config, const struct config *base,
        const struct station_plan **plans, const uint32_t *index, size_t parameter_count,
        const bool *measured)
{
	struct arena *arena = ((struct config_internal *)config->internal)->arena;
	struct wq_site *site = &config->site;
	struct wq_series *series =
	        arena_array(arena, site->station_count * parameter_count, sizeof *series);
	struct wq_station *stations = arena_array(arena, site->station_count, sizeof *stations);
	size_t n = 0;

	for (size_t i = 0; i < site->station_count; i++) {
		stations[i] = site->stations[i];
		stations[i].first_series = (uint32_t)n;
		for (size_t k = 0; k < parameter_count; k++) {
			if (measured == NULL || measured[i * parameter_count + k])
				series[n++] = make_series(base, plans[i], (uint32_t)i, index[k]);
		}
		stations[i].series_count = (uint32_t)n - stations[i].first_series;
	}
	site->stations = stations;
	site->series = series;
	site->series_count = n;
}

/* Who is told stays the same; stations have other numbers now, and those that are not there go. */
static void take_people(struct config *config, const struct config *base, struct arena *arena)
{
	struct config_route *routes = arena_array(arena, base->route_count, sizeof *routes);

	config->channel_count = base->channel_count;
	config->channels = base->channels;
	config->contact_count = base->contact_count;
	config->contacts = base->contacts;
	config->group_count = base->group_count;
	config->groups = base->groups;
	config->roster_count = base->roster_count;
	config->rosters = base->rosters;
	config->route_count = base->route_count;
	config->routes = routes;
	for (size_t i = 0; i < base->route_count; i++) {
		const struct config_route *from = &base->routes[i];
		uint32_t *stations = arena_array(arena, from->station_count, sizeof *stations);

		routes[i] = *from;
		routes[i].stations = stations;
		routes[i].station_count = 0;
		for (size_t k = 0; k < from->station_count; k++) {
			const uint32_t station = wq_site_station(
			        &config->site, base->site.stations[from->stations[k]].id);

			if (station != WQ_NONE)
				stations[routes[i].station_count++] = station;
		}
	}
}

struct config *config_for_series(const struct config *base, const char *const *ids, size_t id_count,
        const char *const *parameters, size_t parameter_count, const bool *measured,
        uint32_t *parameter_index, struct wq_err *err)
{
	static const char *const sources[] = { "csv" };
	struct arena *arena = arena_new();
	struct config_internal *internal;
	const struct station_plan **plans;
	struct config *config;

	if (arena == NULL) {
		wq_fail(err, WQ_E_MEMORY, "no memory for the stations of the CSV");
		return NULL;
	}
	config = arena_take(arena, sizeof *config);
	internal = arena_take(arena, sizeof *internal);
	plans = arena_array(arena, id_count, sizeof *plans);
	*internal = (struct config_internal){ .arena = arena };
	*config = (struct config){
		.file = base->file, .site = base->site, .paths = base->paths, .internal = internal
	};
	config->site.sources = sources;
	config->site.source_count = 1;
	config->site.recorded = true;
	if (parameter_count >= WQ_DAY_ITEMS) {
		wq_fail(err, WQ_E_INVALID, "%zu columns of parameters; at most %d are judged",
		        parameter_count, WQ_DAY_ITEMS - 1);
	} else if (find_columns(&base->site, parameters, parameter_count, parameter_index, err) ==
	                0 &&
	        take_stations(config, base, plans, ids, id_count, err) == 0) {
		take_series(config, base, plans, parameter_index, parameter_count, measured);
		take_people(config, base, arena);
		care_resolve(base->internal, &config->site, NULL, arena);
		rules_resolve(base->internal, &config->site, base, arena);
		return config;
	}
	config_free(config);
	return NULL;
}
