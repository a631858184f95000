/* SPDX-License-Identifier: Apache-2.0 */
/* Where rules apply and which routes hear of it: pure functions of a site, used when the file is
 * loaded and again when backtest brings other stations. */
#include "load.h"

#include <stdio.h>
#include <string.h>

bool list_names(const struct wq_list *list, const char *id)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->items[i], "*") == 0 || strcmp(list->items[i], id) == 0)
			return true;
	}
	return list->count == 0;
}

bool rule_covers(const struct rule_plan *plan, const struct wq_station *station)
{
	return list_names(&plan->where.stations, station->id) &&
	        (plan->kinds & (1U << station->kind)) != 0 &&
	        (!plan->where.focus || station->focus);
}

bool rule_takes(const struct rule_plan *plan, const struct wq_site *site, uint32_t parameter)
{
	const struct wq_list *named = &plan->where.parameters;

	for (size_t i = 0; i < named->count; i++) {
		const int found =
		        wq_parameter_find(site->parameters, site->parameter_count, named->items[i]);

		if (found >= 0 && (uint32_t)found == parameter)
			return true;
	}
	if (named->count > 0)
		return false;
	return !plan->usable || plan->rule->check == NULL ||
	        plan->rule->check(plan->settings, site, &site->parameters[parameter], NULL) >= 0;
}

static size_t series_places(
        const struct rule_plan *plan, const struct wq_site *site, uint32_t *places)
{
	size_t count = 0;

	for (size_t i = 0; i < site->series_count; i++) {
		const struct wq_series *series = &site->series[i];

		if (rule_covers(plan, &site->stations[series->station]) &&
		        rule_takes(plan, site, series->parameter))
			places[count++] = (uint32_t)i;
	}
	return count;
}

static size_t station_places(
        const struct rule_plan *plan, const struct wq_site *site, uint32_t *places)
{
	size_t count = 0;

	for (size_t i = 0; i < site->station_count; i++) {
		if (rule_covers(plan, &site->stations[i]))
			places[count++] = (uint32_t)i;
	}
	return count;
}

const uint32_t *rule_places(const struct rule_plan *plan, const struct wq_site *site,
        struct arena *arena, size_t *count)
{
	const size_t most =
	        site->series_count > site->station_count ? site->series_count : site->station_count;
	uint32_t *places = arena_array(arena, most + 1, sizeof *places);

	if (plan->rule->scope == WQ_SCOPE_SERIES)
		*count = series_places(plan, site, places);
	else if (plan->rule->scope == WQ_SCOPE_STATION)
		*count = station_places(plan, site, places);
	else
		*count = 1; /* the one place 0 */
	return places;
}

/* Titles in the order of enum config_self. */
static const char *const self_titles[CONFIG_SELF_RULES] = {
	[CONFIG_SELF_STORE] = SELF_PREFIX "store",
	[CONFIG_SELF_SHED] = SELF_PREFIX "shed",
	[CONFIG_SELF_RECEIPT] = SELF_PREFIX "receipt",
	[CONFIG_SELF_CHANNEL] = SELF_PREFIX "channel",
	[CONFIG_SELF_CARE] = SELF_PREFIX "maintenance",
	[CONFIG_SELF_UPLINK] = SELF_PREFIX "uplink",
	[CONFIG_SELF_FLOOD] = WQ_FLOOD_RULE,
	[CONFIG_SELF_ROSTER] = SELF_PREFIX "roster",
	[CONFIG_SELF_DRILL] = SELF_PREFIX "drill",
	[CONFIG_SELF_PING] = SELF_PREFIX "ping",
};

uint32_t config_self_rule(const struct wq_site *site, enum config_self which)
{
	return (uint32_t)(site->rule_count - CONFIG_SELF_RULES + which);
}

/* A recorded series has no buses that could fail. */
static size_t bus_rules(const struct wq_site *site)
{
	return site->recorded || site->source_count == 0 ? 0 : config_import_source(site);
}

uint32_t config_import_source(const struct wq_site *site)
{
	return (uint32_t)site->source_count - 1;
}

size_t config_own_rules(const struct wq_site *site)
{
	return site->rule_count - CONFIG_SELF_RULES - bus_rules(site);
}

static void add_bus_rules(struct wq_rule_use *uses, const struct wq_site *site, const struct config *routes,
        struct arena *arena)
{
	static const uint32_t place = 0;

	for (uint32_t i = 0; i < bus_rules(site); i++) {
		const size_t size = strlen(site->sources[i]) + sizeof BUS_PREFIX;
		char *name = arena_take(arena, size);

		snprintf(name, size, "%s%s", BUS_PREFIX, site->sources[i]);
		uses[i] = (struct wq_rule_use){ .rule = &wq_rule_bus, .name = name, .place_count = 1, .places = &place };
		rule_spans_of_bus(&uses[i], i, site, routes, arena);
	}
}

static void add_self_rules(struct wq_rule_use *uses, const struct wq_site *site, const struct config *routes,
        struct arena *arena)
{
	static const uint32_t place = 0;
	uint32_t *stations = arena_array(arena, site->station_count, sizeof *stations);

	for (uint32_t i = 0; i < site->station_count; i++)
		stations[i] = i;
	for (size_t i = 0; i < CONFIG_SELF_RULES; i++) {
		const bool care = i == CONFIG_SELF_CARE;

		uses[i] = (struct wq_rule_use){ .rule = care ? &wq_rule_maintenance : &wq_rule_system,
			.name = self_titles[i],
			.place_count = care ? site->station_count : 1,
			.places = care ? stations : &place };
		rule_spans(&uses[i], site, routes, arena);
	}
}

/* Whether a use has the place; its places ascend. */
static bool has_place(const struct wq_rule_use *use, uint32_t place)
{
	size_t low = 0, high = use->place_count;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (use->places[middle] < place)
			low = middle + 1;
		else
			high = middle;
	}
	return low < use->place_count && use->places[low] == place;
}

/* Of a rule that stands alone a place belongs to the section that names it first. */
static const uint32_t *leave_to_the_first(
        const struct wq_rule_use *uses, size_t own, struct arena *arena, size_t *count)
{
	const struct wq_rule_use *use = &uses[own];
	uint32_t *places = arena_array(arena, use->place_count + 1, sizeof *places);
	size_t kept = 0;

	for (size_t p = 0; p < use->place_count; p++) {
		bool taken = false;

		for (size_t u = 0; u < own && !taken; u++)
			taken = uses[u].rule == use->rule && has_place(&uses[u], use->places[p]);
		if (!taken)
			places[kept++] = use->places[p];
	}
	*count = kept;
	return places;
}

void rules_resolve(const struct config_internal *plans, struct wq_site *site,
        const struct config *routes, struct arena *arena)
{
	const size_t buses = bus_rules(site), count = plans->rule_count + buses + CONFIG_SELF_RULES;
	struct wq_rule_use *uses = arena_array(arena, count, sizeof *uses);

	for (size_t i = 0; i < plans->rule_count; i++) {
		const struct rule_plan *plan = &plans->rules[i];

		uses[i] = (struct wq_rule_use){ .rule = plan->rule,
			.name = plan->title,
			.settings = plan->settings,
			.hash = plan->hash,
			.profiles = plan->profiles,
			.except_profiles = plan->except_profiles,
			.life = plan->where.life };
		uses[i].places = rule_places(plan, site, arena, &uses[i].place_count);
		if (plan->rule->sole)
			uses[i].places = leave_to_the_first(uses, i, arena, &uses[i].place_count);
		rule_spans(&uses[i], site, routes, arena);
	}
	add_bus_rules(uses + plans->rule_count, site, routes, arena);
	add_self_rules(uses + plans->rule_count + buses, site, routes, arena);
	site->rules = uses;
	site->rule_count = count;
}
