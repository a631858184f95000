/* SPDX-License-Identifier: Apache-2.0 */
/* Buses and points: what is read from where, and the series that come of it. */
#include "fill.h"
#include "load.h"
#include "suggest.h"

#include "wq/err.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* A point on its way: bus and series are known, the bus's array is not yet made. */
struct draft {
	const struct section *section;
	uint32_t bus; /* WQ_NONE: its bus is wrong */
	bool usable;
	struct wq_point point;
};

wq_ms series_interval(wq_ms given, wq_ms cycle, wq_ms polled)
{
	if (given != WQ_NO_TIME)
		return given;
	if (cycle > 0)
		return cycle;
	return polled > 0 ? polled : WQ_MINUTES(1);
}

wq_ms series_late_after(wq_ms given, wq_ms cycle)
{
	if (given != WQ_NO_TIME)
		return given;
	return 2 * cycle > WQ_HOURS(1) ? 2 * cycle : WQ_HOURS(1);
}

/* By convention the polling interval of a bus is its key `interval`; pushed buses have none. */
static wq_ms polling_interval(const struct config_bus *bus)
{
	for (const struct wq_option *row = bus->driver->bus_options; row->key != NULL; row++) {
		if (strcmp(row->key, "interval") == 0 && row->type == WQ_OPT_SPAN)
			return *(const wq_ms *)((const char *)bus->bus.settings + row->offset);
	}
	return WQ_NO_TIME;
}

static bool has_key(const struct wq_option *rows, const char *key)
{
	for (; rows != NULL && rows->key != NULL; rows++) {
		if (strcmp(rows->key, key) == 0)
			return true;
	}
	return false;
}

/* Keys of points are those of all drivers together when the file is read; here each is held against
 * its bus. */
static void check_foreign_keys(
        struct loader *l, const struct section *section, const struct config_bus *bus)
{
	for (size_t i = 0; i < section->entry_count; i++) {
		const char *key = section->entries[i].key;
		struct suggest suggest = { .wanted = key };
		char end[SUGGEST_TEXT];

		if (has_key(schema_point, key) || has_key(bus->driver->point_options, key))
			continue;
		for (const struct wq_option *row = schema_point; row->key != NULL; row++)
			suggest_offer(&suggest, row->key);
		for (const struct wq_option *row = bus->driver->point_options;
		        row != NULL && row->key != NULL; row++)
			suggest_offer(&suggest, row->key);
		load_error(l, section, key, 0,
		        "'%s' is no key of a %s point, as bus \"%s\" has them%s", key,
		        bus->driver->name, bus->bus.name, suggest_end(&suggest, end));
	}
}

static int find_parameter(struct loader *l, const struct section *section)
{
	const struct wq_site *site = &l->config->site;
	const int found =
	        wq_parameter_find(site->parameters, site->parameter_count, section->title);
	struct suggest suggest = { .wanted = section->title };
	char end[SUGGEST_TEXT];

	if (found >= 0 || document_lost(&l->document, section->title))
		return found;
	for (size_t i = 0; i < site->parameter_count; i++)
		suggest_offer(&suggest, site->parameters[i].alias);
	load_error(l, section, NULL, 0,
	        "there is no such parameter (an own one is declared by a section parameter "
	        "\"%s\")%s",
	        section->title, suggest_end(&suggest, end));
	return -1;
}

/* A detection limit in the unit of the source, µg/L, would halve nearly every value of mg/L. */
static void doubt_detection(struct loader *l, const struct section *section, const struct wq_series *series)
{
	const struct wq_site *site = &l->config->site;
	const struct wq_station *station = &site->stations[series->station];
	const struct wq_parameter *parameter = &site->parameters[series->parameter];
	const struct wq_standard_row *row = wq_standard_find(
	        site->standard, parameter->code, station->water, wq_station_source(station->kind));

	if (row != NULL && row->direction == WQ_AT_MOST && series->detection > row->limit[WQ_CLASS_III])
		load_warning(l, section, "detection",
		        "detection = %g: that is above the Class III limit, %g %s; it is given in %s, whatever "
		        "the point's unit is",
		        series->detection, row->limit[WQ_CLASS_III], parameter->unit, parameter->unit);
}

static void fill_series(struct loader *l, const struct section *section,
        const struct station_plan *plan, const struct point_settings *settings,
        const struct config_bus *bus, struct wq_series *series)
{
	const struct wq_parameter *parameter = &l->config->site.parameters[series->parameter];

	series->cycle = settings->cycle != WQ_NO_TIME ? settings->cycle : plan->cycle;
	series->interval = series_interval(
	        settings->interval != WQ_NO_TIME ? settings->interval : plan->interval,
	        series->cycle, bus == NULL ? WQ_NO_TIME : polling_interval(bus));
	series->late_after = series_late_after(
	        settings->late_after != WQ_NO_TIME ? settings->late_after : plan->late_after,
	        series->cycle);
	series->low = isnan(settings->low) ? parameter->low : settings->low;
	series->high = isnan(settings->high) ? parameter->high : settings->high;
	series->detection = isnan(settings->detection) ? 0 : settings->detection;
	if (series->detection >= series->high)
		load_error(l, section, "detection", 0,
		        "detection = %g: the detection limit is in %s and lies below the highest plausible "
		        "value, %g",
		        series->detection, parameter->unit, series->high);
	else
		doubt_detection(l, section, series);
	if (series->low >= series->high)
		load_error(l, section, isnan(settings->low) ? "high" : "low", 0,
		        "the plausible range is empty: low %g, high %g (%s; the parameter's own "
		        "range is %g to %g)",
		        series->low, series->high, parameter->unit, parameter->low,
		        parameter->high);
}

/* A value has one source: two points for one series would be judged as one water with two truths.
 */
static void check_series_twice(struct loader *l, const struct section *section,
        const struct wq_series *series, const struct wq_station *station)
{
	for (uint32_t i = 0; i < station->series_count; i++) {
		const struct wq_series *other = &l->config->site.series[station->first_series + i];

		if (other->parameter == series->parameter)
			load_error(l, section, NULL, 0,
			        "the station has a point for %s (%s) already",
			        l->config->site.parameters[series->parameter].alias,
			        l->config->site.parameters[series->parameter].name);
	}
	if (station->series_count == WQ_DAY_ITEMS - 1)
		load_error(
		        l, section, NULL, 0, "a station has at most %d points", WQ_DAY_ITEMS - 1);
}

static void fill_point(struct loader *l, struct draft *draft, const struct point_settings *settings,
        const struct wq_station *station, int parameter_index)
{
	const struct section *section = draft->section;
	const struct wq_parameter *parameter = &l->config->site.parameters[parameter_index];
	const struct config_bus *bus = draft->bus == WQ_NONE ? NULL : &l->config->buses[draft->bus];
	struct wq_err err;

	draft->point.station = station->id;
	draft->point.parameter = parameter->alias;
	draft->point.code = parameter->code;
	if (settings->unit != NULL &&
	        wq_unit_factor(parameter, settings->unit, &draft->point.factor, &err) < 0)
		load_error(l, section, "unit", 0, "unit: %s", err.text);
	if (bus == NULL)
		return;
	check_foreign_keys(l, section, bus);
	draft->point.settings = fill_new(section, bus->driver->point_options,
	        bus->driver->point_settings_size, l->arena, l->report);
}

/* One point section to a draft and, when it names a parameter, to a series. */
static void load_point(struct loader *l, const struct section *section, struct draft *draft,
        struct wq_series *all, struct station_plan *plan, struct wq_station *station)
{
	const size_t errors = l->report->error_count;
	struct wq_site *site = &l->config->site;
	const int parameter = find_parameter(l, section);
	struct point_settings settings;
	struct wq_series *series = &all[site->series_count];

	fill_settings(section, schema_point, &settings, l->arena, l->report);
	*draft = (struct draft){ .section = section, .bus = WQ_NONE };
	if (settings.bus != NULL)
		draft->bus =
		        load_reference(l, section, "bus", 0, "bus", settings.bus, &l->bus_names);
	if (parameter < 0)
		return;
	*series = (struct wq_series){ .station = (uint32_t)(plan - l->stations),
		.parameter = (uint32_t)parameter,
		.source = draft->bus };
	fill_series(l, section, plan, &settings,
	        draft->bus == WQ_NONE ? NULL : &l->config->buses[draft->bus], series);
	check_series_twice(l, section, series, station);
	if (station->series_count == 0)
		station->first_series = (uint32_t)site->series_count;
	station->series_count++;
	draft->point.series = (uint32_t)site->series_count++;
	draft->point.cycle = series->cycle;
	fill_point(l, draft, &settings, station, parameter);
	draft->usable = l->report->error_count == errors && !section->damaged;
}

static struct station_plan *plan_of(
        const struct loader *l, const struct section *station, struct station_plan *from)
{
	while (from < l->stations + l->config->site.station_count && from->section != station)
		from++;
	return from < l->stations + l->config->site.station_count ? from : NULL;
}

static size_t load_points(struct loader *l, struct draft *drafts)
{
	struct wq_site *site = &l->config->site;
	struct wq_series *series =
	        arena_array(l->arena, load_count(l, SECTION_POINT), sizeof *series);
	struct wq_station *stations = arena_array(l->arena, site->station_count, sizeof *stations);
	struct station_plan *plan = l->stations;
	size_t count = 0;

	if (site->station_count > 0)
		memcpy(stations, site->stations, site->station_count * sizeof *stations);
	site->series = series;
	for (const struct section *s = load_next(l, SECTION_POINT, NULL); s != NULL;
	        s = load_next(l, SECTION_POINT, s)) {
		struct station_plan *found = plan_of(l, s->parent, plan);

		if (found == NULL) {
			load_error(l, s, NULL, 0,
			        "station \"*\" has no points: its series are the columns of the "
			        "CSV");
			continue;
		}
		plan = found;
		load_point(l, s, &drafts[count++], series, plan, &stations[plan - l->stations]);
	}
	site->stations = stations;
	for (size_t i = 0; i < site->station_count; i++) {
		l->stations[i].station = stations[i];
		if (stations[i].series_count == 0 && !l->stations[i].section->damaged)
			load_warning(l, l->stations[i].section, NULL,
			        "has no points: nothing is measured there");
	}
	return count;
}

static const char *claim(const struct config_bus *bus)
{
	return bus->driver->claims != NULL ? bus->driver->claims(&bus->bus) : NULL;
}

/* The history in a watched folder would be carried away as a table that nobody understands. */
static void look_at_own_files(struct loader *l, const struct config_bus *bus, uint32_t index)
{
	static const char *const ends[] = { "", "-wal", "-shm", ".lock" };
	const struct config_paths *paths = &l->config->paths;
	char path[4096];

	for (size_t i = 0; i <= sizeof ends / sizeof *ends; i++) {
		if (i < sizeof ends / sizeof *ends)
			snprintf(path, sizeof path, "%s%s", paths->database, ends[i]);
		else
			snprintf(path, sizeof path, "%s", paths->socket);
		if (!bus->driver->takes(&bus->bus, path))
			continue;
		load_error(l, l->bus_sections[index], NULL, 0,
		        "would carry away %.200s, which the daemon needs; give it a folder of its own, or a narrower pattern", path);
		return;
	}
}

/* What a bus alone cannot know, and what its driver would have otherwise. */
static void look_at_bus(struct loader *l, const struct config_bus *bus, uint32_t index)
{
	char advice[256] = "";

	for (uint32_t i = 0; i < index && claim(bus) != NULL; i++) {
		const char *other = l->bus_usable[i] ? claim(&l->config->buses[i]) : NULL;

		if (other != NULL && strcmp(other, claim(bus)) == 0)
			load_error(l, l->bus_sections[index], NULL, 0,
			        "bus '%s' has %s too, and only one can have it; devices on one line belong in one bus",
			        l->config->buses[i].bus.name, other);
	}
	if (bus->driver->takes != NULL)
		look_at_own_files(l, bus, index);
	if (bus->driver->advise != NULL)
		bus->driver->advise(&bus->bus, advice, sizeof advice);
	if (advice[0] != '\0')
		load_warning(l, l->bus_sections[index], NULL, "%s", advice);
}

/* Hands each bus its points, in the order of the file, and lets its driver look at the whole. */
static void bind_points(struct loader *l, struct config_bus *bus, uint32_t index,
        const struct draft *drafts, size_t draft_count)
{
	bool usable = l->bus_usable[index];
	struct wq_err err = { .code = WQ_OK };
	size_t count = 0, bad = SIZE_MAX;
	const struct section **sections;
	struct wq_point *points;

	for (size_t i = 0; i < draft_count; i++)
		count += drafts[i].bus == index;
	sections = arena_array(l->scratch, count, sizeof *sections);
	points = arena_array(l->arena, count, sizeof *points);
	count = 0;
	for (size_t i = 0; i < draft_count; i++) {
		if (drafts[i].bus != index)
			continue;
		usable = usable && drafts[i].usable;
		sections[count] = drafts[i].section;
		points[count++] = drafts[i].point;
	}
	bus->bus.points = points;
	bus->bus.point_count = count;
	bus->bus.zone = l->config->site.zone;
	bus->bus.credentials = l->config->paths.credentials;
	bus->bus.parameters = l->config->site.parameters;
	bus->bus.parameter_count = l->config->site.parameter_count;
	if (count == 0 && usable && !bus->driver->by_name)
		load_warning(l, l->bus_sections[index], NULL, "no point is read from this bus");
	if (usable && bus->driver->check != NULL && bus->driver->check(&bus->bus, &bad, &err) < 0)
		load_error(l, bad < count ? sections[bad] : l->bus_sections[index], NULL, 0, "%s",
		        err.text);
	else if (usable)
		look_at_bus(l, bus, index);
}

void load_buses(struct loader *l)
{
	const size_t count = load_count(l, SECTION_BUS);
	struct config_bus *buses = arena_array(l->arena, count, sizeof *buses);
	struct draft *drafts = arena_array(l->scratch, load_count(l, SECTION_POINT), sizeof *drafts);
	size_t n = 0, points;

	l->bus_names = names_new(l, count + 1);
	l->bus_sections = arena_array(l->scratch, count, sizeof *l->bus_sections);
	l->bus_usable = arena_array(l->scratch, count, sizeof *l->bus_usable);
	for (const struct section *s = load_next(l, SECTION_BUS, NULL); s != NULL;
	        s = load_next(l, SECTION_BUS, s)) {
		const size_t errors = l->report->error_count;
		const struct wq_driver *driver = s->kind->plugin;

		buses[n] = (struct config_bus){ .driver = driver, .source = (uint32_t)n };
		buses[n].bus.name = s->title;
		buses[n].bus.settings = fill_new(
		        s, driver->bus_options, driver->bus_settings_size, l->arena, l->report);
		l->bus_usable[n] = l->report->error_count == errors && !s->damaged;
		l->bus_sections[n] = s;
		l->bus_names.items[n++] = s->title;
	}
	l->bus_names.count = n;
	l->config->buses = buses;
	l->config->bus_count = n;
	l->config->site.sources = l->bus_names.items;
	l->config->site.source_count = n + 1;
	/* No bus: nothing is configured by this name, nothing of it can be down. */
	l->bus_names.items[n] = CONFIG_IMPORT;
	points = load_points(l, drafts);
	for (size_t i = 0; i < n; i++)
		bind_points(l, &buses[i], (uint32_t)i, drafts, points);
}
