/* SPDX-License-Identifier: Apache-2.0 */
/* The site itself: its settings, own parameters, stations and what flows where. */
#include "fill.h"
#include "load.h"
#include "zone.h"

#include "wq/err.h"
#include "wq/sample.h"

#include <math.h>
#include <string.h>

/* The one section of a role that may be given once; NULL: not given. */
const struct section *load_single(struct loader *l, enum section_role role)
{
	const struct section *first = load_next(l, role, NULL);
	const struct section *second = first == NULL ? NULL : load_next(l, role, first);

	if (second != NULL)
		load_error(l, second, NULL, 0, "is given twice; first on line %d", first->line);
	return first;
}

/* Defaults come from rows, so a section that is not there is read as an empty one. */
static struct section empty_section(const struct loader *l, const char *name)
{
	return (struct section){ .kind = schema_find(&l->schema, name, false),
		.title = "",
		.where = "",
		.damaged = true };
}

/* The daemon and wqctl are rarely started in the same folder. */
static void warn_of_relative(struct loader *l, const struct section *section, const struct config_paths *paths)
{
	const struct {
		const char *key, *path;
	} rows[] = { { "database", paths->database }, { "socket", paths->socket },
		{ "credentials", paths->credentials } };

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (rows[i].path != NULL && rows[i].path[0] != '/')
			load_warning(l, section, rows[i].key,
			        "%s = \"%.80s\" depends on the folder in which wqd or wqctl is started; "
			        "write it from the root, /…",
			        rows[i].key, rows[i].path);
}

static void load_settings(struct loader *l)
{
	const struct section *section = load_single(l, SECTION_SITE);
	struct section none = empty_section(l, "site");
	struct config *config = l->config;
	struct site_settings settings;
	struct wq_err err;

	if (section == NULL && !document_lost(&l->document, "site"))
		report_add(l->report, 0, false, "", "the section site { name = … } is missing");
	fill_settings(
	        section == NULL ? &none : section, schema_site, &settings, l->arena, l->report);
	config->site.name = settings.name;
	config->site.english = settings.english;
	config->site.standard = &wq_gb3838;
	config->site.zone = &wq_zone_china;
	if (settings.timezone != NULL) {
		config->site.zone = zone_by_name(settings.timezone, l->arena, &err);
		if (config->site.zone == NULL) {
			load_error(l, section == NULL ? &none : section, "timezone", 0,
			        "timezone: %s", err.text);
			config->site.zone = &wq_zone_china;
		}
	}
	config->site.duty = settings.duty;
	config->causes = settings.causes;
	for (size_t i = 0; i < settings.causes.count; i++)
		if (settings.causes.items[i][strspn(settings.causes.items[i], " ")] == '\0' || strlen(settings.causes.items[i]) > WQ_CAUSE_MAX)
			load_error(l, section, "causes", i, "causes: a cause has 1 to %d bytes (a Chinese character has 3)",
			        WQ_CAUSE_MAX);
	config->site.bus_down_after = settings.bus_down_after == WQ_NO_TIME ? 0 : settings.bus_down_after;
	config->paths = (struct config_paths){ .database = settings.database,
		.socket = settings.socket,
		.credentials = settings.credentials,
		.receipt_timeout = settings.receipt_timeout,
		.ring = (size_t)settings.ring,
		.notice_lifetime = settings.notice_lifetime };
	if (section != NULL)
		warn_of_relative(l, section, &config->paths);
}

static struct wq_period_rules period_rules(
        struct loader *l, const struct section *section, const struct evaluation_settings *settings)
{
	struct wq_period_rules rules = { .by_readings = settings->period_mean == 1,
		.share = settings->period_share,
		.pollutants = (int)settings->main_pollutants,
		.some = settings->change_some,
		.marked = settings->change_marked };

	for (size_t i = 0; i < WQ_GRADES; i++) {
		rules.grades[i] = i < settings->grades.count ? settings->grades.items[i] : "";
		rules.colours[i] = i < settings->colours.count ? settings->colours.items[i] : "";
	}
	if (rules.marked < rules.some)
		load_error(l, section, "change_marked", 0,
		        "change_marked = %g is less than change_some = %g", rules.marked, rules.some);
	return rules;
}

static void load_evaluation(struct loader *l)
{
	const struct section *section = load_single(l, SECTION_EVALUATION);
	struct section none = empty_section(l, "evaluation");
	struct evaluation_settings settings;

	fill_settings(section == NULL ? &none : section, schema_evaluation, &settings, l->arena,
	        l->report);
	l->config->site.evaluation =
	        (struct wq_evaluation){ .minimum_valid = (int)settings.minimum_valid,
		        .minimum_share = settings.minimum_share,
		        .day_closes_after = settings.day_closes_after,
		        .daily_raw = settings.daily_view == 1,
		        .future_tolerance = settings.future_tolerance };
	l->config->site.evaluation.period = period_rules(l, section == NULL ? &none : section, &settings);
	l->limits = settings.standard;
}

/* Once the site's own parameters are known: the file may set limits for them. */
static void load_standard(struct loader *l)
{
	if (l->limits != NULL)
		l->config->site.standard =
		        limits_load(l, load_next(l, SECTION_EVALUATION, NULL), l->limits);
}

static void check_parameter(struct loader *l, const struct section *section,
        const struct wq_parameter *own, const struct wq_parameter *table, size_t count)
{
	const char *const spellings[] = { own->alias, own->code };

	if (own->low >= own->high)
		load_error(l, section, "low", 0, "low must be smaller than high");
	for (size_t i = 0; i < 2; i++) {
		const int found = wq_parameter_find(table, count, spellings[i]);

		if (found < 0)
			continue;
		load_error(l, section, i == 0 ? NULL : "code", 0,
		        "'%s' is taken by the parameter %s (%s, %s)", spellings[i],
		        table[found].alias, table[found].name, table[found].code);
		return;
	}
}

static void load_parameters(struct loader *l)
{
	const size_t count = wq_parameter_count + load_count(l, SECTION_PARAMETER);
	struct wq_parameter *table = arena_array(l->arena, count, sizeof *table);
	size_t n = wq_parameter_count;

	memcpy(table, wq_parameters, wq_parameter_count * sizeof *table);
	for (const struct section *s = load_next(l, SECTION_PARAMETER, NULL); s != NULL;
	        s = load_next(l, SECTION_PARAMETER, s)) {
		struct parameter_settings settings;
		struct wq_parameter *own = &table[n];
		int places;

		fill_settings(s, schema_parameter, &settings, l->arena, l->report);
		places = settings.places < 0 ? -1 : (int)settings.places;
		*own = (struct wq_parameter){ .code = settings.code == NULL ? s->title
			                                                    : settings.code,
			.alias = s->title,
			.name = settings.name == NULL ? s->title : settings.name,
			.unit = settings.unit == NULL ? "-" : settings.unit,
			.display_places = places,
			.evaluation_places = places,
			.mean = WQ_MEAN_ARITHMETIC,
			.low = settings.low,
			.high = settings.high };
		check_parameter(l, s, own, table, n);
		n++;
	}
	l->config->site.parameters = table;
	l->config->site.parameter_count = n;
}

static void load_zone(struct loader *l, const struct section *section, const char *offset,
        struct wq_station *station)
{
	struct wq_err err;

	station->zone = l->config->site.zone;
	if (offset == NULL)
		return;
	station->zone = zone_by_offset(offset, l->arena, &err);
	if (station->zone == NULL) {
		load_error(l, section, "offset", 0, "offset: %s", err.text);
		station->zone = l->config->site.zone;
	}
}

/* A flag that no message can carry would never be met; one that is both would be a coin tossed. */
static void check_flags(struct loader *l, const struct section *section, const struct station_plan *plan)
{
	const struct wq_list *const lists[] = { &plan->station.maintenance_flags, &plan->station.bad_flags };
	static const char *const keys[] = { "maintenance_flags", "bad_flags" };

	for (size_t k = 0; k < 2; k++) {
		for (size_t i = 0; i < lists[k]->count; i++) {
			if (strlen(lists[k]->items[i]) >= WQ_FLAG_TEXT)
				load_error(l, section, keys[k], i, "%s: \"%.20s\" is longer than a flag may be (%d bytes)",
				        keys[k], lists[k]->items[i], WQ_FLAG_TEXT - 1);
			if (k == 1 && lists[0]->count > 0 && list_names(lists[0], lists[k]->items[i]))
				load_error(l, section, keys[k], i, "bad_flags: \"%.20s\" is in maintenance_flags too",
				        lists[k]->items[i]);
		}
	}
}

static void load_station(struct loader *l, const struct section *section, struct station_plan *plan)
{
	const bool any = strcmp(section->title, "*") == 0;
	struct station_settings settings;

	fill_settings(section, schema_station, &settings, l->arena, l->report);
	*plan = (struct station_plan){ .section = section,
		.flows_into = settings.flows_into,
		.cycle = settings.cycle == WQ_NO_TIME ? 0 : settings.cycle,
		.interval = settings.interval,
		.late_after = settings.late_after };
	plan->station = (struct wq_station){ .id = section->title,
		.english = settings.english,
		.name = settings.name == NULL ? section->title : settings.name,
		.kind = settings.kind < 0 ? WQ_NATIONAL : (enum wq_station_kind)settings.kind,
		.water = settings.water < 0 ? WQ_RIVER : (enum wq_water)settings.water,
		.target = settings.target < 1 ? 3 : settings.target,
		.flows_into = WQ_NONE,
		.travel = settings.travel,
		.town = settings.town,
		.focus = settings.focus,
		.commissioning = settings.mode == 1,
		.maintenance_flags = settings.maintenance_flags,
		.bad_flags = settings.bad_flags,
		.flag_longest = settings.flag_longest == WQ_NO_TIME ? 0 : settings.flag_longest,
		.settle = settings.settle == WQ_NO_TIME ? 0 : settings.settle,
		.group_count = settings.groups.count,
		.groups = settings.groups.items };
	check_flags(l, section, plan);
	load_zone(l, section, settings.offset, &plan->station);
	if (settings.travel != WQ_NO_TIME && settings.flows_into == NULL)
		load_error(l, section, "travel", 0,
		        "travel: it flows into no station (flows_into = …)");
	if (any && settings.flows_into != NULL)
		load_error(l, section, "flows_into", 0,
		        "station \"*\" stands for any station of a CSV: it flows into none");
}

static void resolve_flows(struct loader *l)
{
	const struct wq_site *site = &l->config->site;

	for (size_t i = 0; i < site->station_count; i++) {
		struct station_plan *plan = &l->stations[i];

		if (plan->flows_into != NULL)
			plan->station.flows_into = load_reference(l, plan->section, "flows_into", 0,
			        "station", plan->flows_into, &l->station_names);
	}
}

/* Follows the water down from one station; a way back to it is told once, at the first station of
 * the cycle. */
static void check_cycle(struct loader *l, uint32_t from)
{
	const size_t count = l->config->site.station_count;
	char path[200] = "";
	uint32_t at = from;

	for (size_t steps = 0; steps <= count && at != WQ_NONE; steps++) {
		const size_t used = strlen(path);

		snprintf(path + used, sizeof path - used, "%s%s", used == 0 ? "" : " → ",
		        l->stations[at].station.id);
		at = l->stations[at].station.flows_into;
		if (at == WQ_NONE || at < from)
			return;
		if (at == from) {
			load_error(l, l->stations[from].section, "flows_into", 0,
			        "flows_into goes in a circle: %s → %s", path,
			        l->stations[from].station.id);
			return;
		}
	}
}

static void load_stations(struct loader *l)
{
	const size_t count = load_count(l, SECTION_STATION);
	struct wq_site *site = &l->config->site;
	struct wq_station *stations = arena_array(l->arena, count, sizeof *stations);

	l->stations = arena_array(l->arena, count, sizeof *l->stations);
	l->station_names = names_new(l, count);
	for (const struct section *s = load_next(l, SECTION_STATION, NULL); s != NULL;
	        s = load_next(l, SECTION_STATION, s)) {
		if (strcmp(s->title, "*") == 0) {
			struct station_plan *any = arena_take(l->arena, sizeof *any);

			load_station(l, s, any);
			l->internal->any = any;
			l->config->any_station = true;
			continue;
		}
		load_station(l, s, &l->stations[site->station_count++]);
		l->station_names.items[l->station_names.count++] = s->title;
	}
	resolve_flows(l);
	for (size_t i = 0; i < site->station_count; i++) {
		check_cycle(l, (uint32_t)i);
		stations[i] = l->stations[i].station;
	}
	site->stations = stations;
	l->internal->stations = l->stations;
	l->internal->station_count = site->station_count;
	if (count == 0 && l->document.lost_count == 0)
		report_add(l->report, 0, false, "",
		        "there is no station: add a section station \"…\" { … }");
}

void load_site(struct loader *l)
{
	load_settings(l);
	load_evaluation(l);
	load_parameters(l);
	load_standard(l);
	load_stations(l);
}
