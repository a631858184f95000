/* SPDX-License-Identifier: Apache-2.0 */
/* Maintenance known beforehand: sections to the plans of the stations. The times of a plan are those of the station that
 * it names, so one section may be several plans. */
#include "fill.h"
#include "load.h"

#include "wq/err.h"

#include <string.h>

static unsigned weekdays_of(struct loader *l, const struct section *section, const struct wq_list *list)
{
	static const char *const week[] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun" };
	struct names names = names_new(l, 7);
	unsigned bits = 0;

	while (names.count < 7) {
		names.items[names.count] = week[names.count];
		names.count++;
	}
	for (size_t i = 0; i < list->count; i++) {
		const uint32_t day = load_reference(l, section, "weekday", i, "day of the week",
		        list->items[i], &names);

		if (day != WQ_NONE)
			bits |= 1U << day;
	}
	return bits;
}

/* The first of the keys that is not given, told. */
static void need(struct loader *l, const struct section *section, const char *const *keys, size_t count)
{
	for (size_t i = 0; i < count && !section->damaged; i++) {
		if (section_entry(section, keys[i]) != NULL)
			continue;
		load_error(l, section, NULL, 0, "%s is missing: a maintenance is from … to …, or weekday … at … for …",
		        keys[i]);
		return;
	}
}

static void refuse_beside(struct loader *l, const struct section *section, const char *key, const char *beside)
{
	if (section_entry(section, key) != NULL)
		load_error(l, section, key, 0, "%s and %s: a maintenance is once (from, to) or weekly (weekday, at, for)", beside,
		        key);
}

/* Once: both ends must be instants, in this order, in the zone of every station; the site's stands for them here. */
static void check_once(struct loader *l, const struct section *section, const struct care_settings *s)
{
	const char *const keys[] = { "from", "to" }, *const texts[] = { s->from, s->to };
	wq_ms ends[2] = { 0, 0 };
	bool right = true;

	need(l, section, keys, 2);
	for (size_t i = 0; i < 2; i++) {
		struct wq_err err;

		if (texts[i] == NULL || wq_instant_parse(texts[i], l->config->site.zone, &ends[i], &err) == 0) {
			right = right && texts[i] != NULL;
			continue;
		}
		load_error(l, section, keys[i], 0, "%s: %s", keys[i], err.text);
		right = false;
	}
	if (right && ends[0] >= ends[1])
		load_error(l, section, "to", 0, "to = \"%.40s\" is not after from = \"%.40s\"", s->to, s->from);
	refuse_beside(l, section, "weekday", "from");
	refuse_beside(l, section, "at", "from");
	refuse_beside(l, section, "for", "from");
}

static void check_weekly(struct loader *l, const struct section *section, struct care_plan *plan)
{
	static const char *const keys[] = { "weekday", "at", "for" };
	const struct care_settings *s = &plan->settings;

	need(l, section, keys, 3);
	plan->weekdays = weekdays_of(l, section, &s->weekday);
	if (s->at != NULL && !load_time_of_day(s->at, &plan->at))
		load_error(l, section, "at", 0, "at = \"%.20s\": is not a time of day like \"09:00\"", s->at);
}

static void check_places(struct loader *l, const struct care_plan *plan)
{
	for (size_t i = 0; i < plan->settings.stations.count; i++)
		if (strcmp(plan->settings.stations.items[i], "*") != 0)
			load_reference(l, plan->section, "stations", i, "station", plan->settings.stations.items[i],
			        &l->station_names);
	check_parameter_names(l, plan->section, &plan->settings.parameters);
}

static bool names_parameter(const struct wq_site *site, const struct wq_list *list, uint32_t parameter)
{
	for (size_t i = 0; i < list->count; i++)
		if (wq_parameter_find(site->parameters, site->parameter_count, list->items[i]) == (int)parameter)
			return true;
	return list->count == 0;
}

/* A plan as it holds at one station; false: it covers nothing there. */
static bool plan_at(const struct care_plan *from, const struct wq_site *site, const struct wq_station *station,
        struct arena *arena, struct wq_plan *plan)
{
	uint32_t *series = arena_array(arena, station->series_count, sizeof *series);

	*plan = (struct wq_plan){ .name = from->title,
		.reason = from->settings.reason,
		.series = series,
		.from = WQ_NO_TIME,
		.to = WQ_NO_TIME,
		.weekdays = from->weekdays,
		.at = from->at,
		.span = from->settings.span };
	if (from->settings.from != NULL) {
		(void)wq_instant_parse(from->settings.from, station->zone, &plan->from, NULL);
		(void)wq_instant_parse(from->settings.to, station->zone, &plan->to, NULL);
	}
	for (uint32_t i = 0; i < station->series_count; i++)
		if (names_parameter(site, &from->settings.parameters, site->series[station->first_series + i].parameter))
			series[plan->series_count++] = station->first_series + i;
	return plan->series_count > 0;
}

size_t care_resolve(const struct config_internal *plans, struct wq_site *site, const struct care_plan *only, struct arena *arena)
{
	struct wq_station *stations = arena_array(arena, site->station_count, sizeof *stations);
	size_t total = 0;

	for (size_t i = 0; i < site->station_count; i++) {
		struct wq_plan *own = arena_array(arena, plans->care_count, sizeof *own);

		stations[i] = site->stations[i];
		stations[i].plans = own;
		stations[i].plan_count = 0;
		for (size_t k = 0; k < plans->care_count; k++) {
			const struct care_plan *plan = &plans->cares[k];

			if ((only == NULL || only == plan) && list_names(&plan->settings.stations, stations[i].id) &&
			        plan_at(plan, site, &stations[i], arena, &own[stations[i].plan_count]))
				stations[i].plan_count++;
		}
		total += stations[i].plan_count;
	}
	site->stations = stations;
	return total;
}

void load_cares(struct loader *l)
{
	struct care_plan *plans = arena_array(l->arena, load_count(l, SECTION_CARE), sizeof *plans);
	size_t errors = l->report->error_count, n = 0;

	for (const struct section *s = load_next(l, SECTION_CARE, NULL); s != NULL; s = load_next(l, SECTION_CARE, s)) {
		struct care_plan *plan = &plans[n++];

		*plan = (struct care_plan){ .section = s, .title = s->title };
		fill_settings(s, schema_care, &plan->settings, l->arena, l->report);
		if (plan->settings.from != NULL || plan->settings.to != NULL)
			check_once(l, s, &plan->settings);
		else
			check_weekly(l, s, plan);
		check_places(l, plan);
	}
	l->internal->cares = plans;
	l->internal->care_count = n;
	if (l->report->error_count > errors || l->document.lost_count > 0)
		return;
	for (size_t i = 0; i < n; i++) {
		struct wq_site site = l->config->site;

		if (care_resolve(l->internal, &site, &plans[i], l->arena) == 0)
			load_warning(l, plans[i].section, NULL, "applies nowhere: no station or point matches");
	}
	care_resolve(l->internal, &l->config->site, NULL, l->arena);
}
