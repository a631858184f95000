/* SPDX-License-Identifier: Apache-2.0 */
/* Makes an engine for a site: all memory is taken here. */
#include "engine_parts.h"

#include <stdlib.h>
#include <string.h>

/* Readings kept per series even if no rule asks: enough to recognise repeats and revisions. */
#define WINDOW_LEAST 8

/* Memory of a rule at a place is aligned for any type. */
static size_t stride_of(const struct wq_rule_use *use)
{
	const size_t align = _Alignof(max_align_t);
	size_t size = use->rule->state_size != NULL ? use->rule->state_size(use->settings) : 0;
	return (size + align - 1) / align * align;
}

uint32_t build_looked_at(const struct wq_site *site, const struct wq_rule_use *use, size_t place, uint32_t *next)
{
	uint32_t series = use->places[place];
	if (*next == 0) {
		*next = 1;
		return series;
	}
	while (use->rule->upstream && *next <= site->station_count) {
		uint32_t station = (*next)++ - 1;
		uint32_t above = site->stations[station].flows_into == site->series[series].station
			? wq_site_series(site, station, site->series[series].parameter)
			: WQ_NONE;
		if (above != WQ_NONE)
			return above;
	}
	return WQ_NONE;
}

static size_t window_of(const struct wq_rule_use *use)
{
	size_t wanted = use->rule->window != NULL ? use->rule->window(use->settings) : 1;
	return wanted < WQ_WINDOW_MAX ? wanted : WQ_WINDOW_MAX;
}

static void widen(struct wq_engine *engine, const struct wq_rule_use *use, size_t place, size_t wanted)
{
	uint32_t next = 0, series;
	while ((series = build_looked_at(engine->site, use, place, &next)) != WQ_NONE)
		if (engine->tracks[series].room < wanted)
			engine->tracks[series].room = (uint8_t)wanted;
}

static bool take_windows(struct wq_engine *engine)
{
	const struct wq_site *site = engine->site;
	size_t total = 0;
	for (size_t i = 0; i < site->series_count; i++)
		engine->tracks[i].room = WINDOW_LEAST;
	for (size_t r = 0; r < site->rule_count; r++) {
		const struct wq_rule_use *use = &site->rules[r];
		size_t wanted = window_of(use);
		for (size_t p = 0; use->rule->scope == WQ_SCOPE_SERIES && p < use->place_count; p++)
			widen(engine, use, p, wanted);
	}
	for (size_t i = 0; i < site->series_count; i++) {
		struct track *track = &engine->tracks[i];
		track->last_arrival = track->seen = track->flag_since = track->flag_last = track->flag_at = track->held.at = WQ_NO_TIME;
		total += engine->tracks[i].room;
	}
	engine->readings = calloc(total > 0 ? total : 1, sizeof *engine->readings);
	if (engine->readings == NULL)
		return false;
	struct wq_reading *next = engine->readings;
	for (size_t i = 0; i < site->series_count; i++) {
		engine->tracks[i].readings = next;
		next += engine->tracks[i].room;
	}
	return true;
}

/* Where openings are counted, all but the one that would be too many are remembered. */
static size_t openings_of(const struct wq_rule_use *use)
{
	int64_t chatter = use->life.chatter < WQ_CHATTER_MAX ? use->life.chatter : WQ_CHATTER_MAX;
	return chatter > 1 ? (size_t)chatter - 1 : 0;
}

static bool take_openings(struct wq_engine *engine)
{
	const struct wq_site *site = engine->site;
	size_t total = 0;
	for (size_t r = 0; r < site->rule_count; r++)
		total += openings_of(&site->rules[r]) * site->rules[r].place_count;
	engine->openings = calloc(total > 0 ? total : 1, sizeof *engine->openings);
	return engine->openings != NULL;
}

static bool take_states(struct wq_engine *engine)
{
	const struct wq_site *site = engine->site;
	size_t bytes = 0, slots = 0;
	for (size_t r = 0; r < site->rule_count; r++) {
		engine->state_at[r] = bytes;
		engine->state_stride[r] = stride_of(&site->rules[r]);
		engine->first_slot[r] = slots;
		bytes += engine->state_stride[r] * site->rules[r].place_count;
		slots += site->rules[r].place_count;
	}
	engine->slot_count = slots;
	engine->states = calloc(bytes > 0 ? bytes : 1, 1);
	engine->slots = calloc(slots > 0 ? slots : 1, sizeof *engine->slots);
	engine->alarms = calloc(slots > 0 ? slots : 1, sizeof *engine->alarms);
	engine->shelves = calloc(slots > 0 ? slots : 1, sizeof *engine->shelves);
	return engine->shelves != NULL && engine->states != NULL && engine->slots != NULL && engine->alarms != NULL;
}

/* Gives each span its part of the index; how long it is in all. */
static uint32_t lay_out(struct wq_engine *engine)
{
	uint32_t next = 0;
	for (size_t i = 0; i < engine->site->series_count; i++) {
		engine->by_series[i].first = next;
		next += engine->by_series[i].count;
		engine->by_series[i].count = 0;
	}
	for (size_t i = 0; i < engine->site->station_count; i++) {
		engine->by_station[i].first = next;
		next += engine->by_station[i].count;
		engine->by_station[i].count = 0;
	}
	uint32_t total = next + engine->network.count;
	engine->network = (struct span){ next, 0 };
	return total;
}

/* Counts a slot in a span, or writes it there once the index has been laid out. */
static void enter(struct wq_engine *engine, struct span *span, uint32_t number)
{
	if (engine->index != NULL)
		engine->index[span->first + span->count] = number;
	span->count++;
}

static void enter_place(struct wq_engine *engine, const struct wq_rule_use *use, uint32_t place, uint32_t number)
{
	uint32_t next = 0, series;
	if (use->rule->scope == WQ_SCOPE_STATION)
		enter(engine, &engine->by_station[use->places[place]], number);
	else if (use->rule->scope == WQ_SCOPE_NETWORK)
		enter(engine, &engine->network, number);
	else
		while ((series = build_looked_at(engine->site, use, place, &next)) != WQ_NONE)
			enter(engine, &engine->by_series[series], number);
}

static void enter_all(struct wq_engine *engine)
{
	const struct wq_site *site = engine->site;
	uint32_t number = 0;
	for (uint32_t r = 0; r < site->rule_count; r++)
		for (uint32_t p = 0; p < site->rules[r].place_count; p++, number++)
			enter_place(engine, &site->rules[r], p, number);
}

/* Counts how many rules each place has, lays the index out, then fills it in the rules' order. */
static bool index_slots(struct wq_engine *engine)
{
	const struct wq_site *site = engine->site;
	wq_ms *openings = engine->openings;
	uint32_t number = 0, total;
	for (uint32_t r = 0; r < site->rule_count; r++)
		for (uint32_t p = 0; p < site->rules[r].place_count; p++) {
			size_t count = openings_of(&site->rules[r]);
			engine->slots[number++] = (struct slot){ .use = r,
				.place = p,
				.exceeds_since = WQ_NO_TIME,
				.meets_since = WQ_NO_TIME,
				.exceeds_stored = WQ_NO_TIME,
				.meets_stored = WQ_NO_TIME,
				.openings = count > 0 ? openings : NULL };
			openings += count;
		}
	enter_all(engine);
	total = lay_out(engine);
	engine->index = calloc(total > 0 ? total : 1, sizeof *engine->index);
	if (engine->index == NULL)
		return false;
	enter_all(engine);
	return true;
}

/* Who speaks for a station: the first such rule; for a bus: its own use of the rule. */
static void find_parents(struct wq_engine *engine)
{
	const struct wq_site *site = engine->site;
	for (size_t i = 0; i < engine->slot_count; i++) {
		const struct wq_rule_use *use = &site->rules[engine->slots[i].use];
		if (!use->rule->parent)
			continue;
		uint32_t source = wq_site_rule_source(site, engine->slots[i].use);
		struct place_station *station = &engine->stations[use->places[engine->slots[i].place]];
		if (use->rule->scope == WQ_SCOPE_STATION && station->parent == WQ_NONE)
			station->parent = (uint32_t)i;
		else if (source != WQ_NONE)
			engine->buses[source].parent = (uint32_t)i;
	}
}

/* Who judges the quality of a series: the first such use that has it. */
static void find_judges(struct wq_engine *engine)
{
	const struct wq_site *site = engine->site;
	for (size_t i = 0; i < site->series_count; i++)
		engine->tracks[i].judge = WQ_NONE;
	for (size_t i = 0; i < engine->slot_count; i++) {
		const struct wq_rule_use *use = &site->rules[engine->slots[i].use];
		if (use->rule->on_sample == NULL || use->rule->scope != WQ_SCOPE_SERIES)
			continue;
		struct track *track = &engine->tracks[use->places[engine->slots[i].place]];
		if (track->judge == WQ_NONE)
			track->judge = (uint32_t)i;
	}
}

static bool take_stations(struct wq_engine *engine)
{
	engine->stations = calloc(engine->site->station_count + 1, sizeof *engine->stations);
	engine->buses = calloc(engine->site->source_count + 1, sizeof *engine->buses);
	if (engine->stations == NULL || engine->buses == NULL)
		return false;
	for (size_t i = 0; i < engine->site->station_count; i++) {
		engine->stations[i].first = engine->stations[i].shadow = WQ_NO_TIME;
		engine->stations[i].parent = WQ_NONE;
	}
	for (size_t i = 0; i < engine->site->source_count; i++)
		engine->buses[i] = (struct bus){ .from = WQ_NO_TIME, .to = WQ_NO_TIME, .parent = WQ_NONE, .shadow = WQ_NO_TIME };
	return true;
}

static bool take_all(struct wq_engine *engine)
{
	const struct wq_site *site = engine->site;
	engine->tracks = calloc(site->series_count + 1, sizeof *engine->tracks);
	engine->by_series = calloc(site->series_count + 1, sizeof *engine->by_series);
	engine->by_station = calloc(site->station_count + 1, sizeof *engine->by_station);
	engine->state_at = calloc(site->rule_count + 1, sizeof *engine->state_at);
	engine->state_stride = calloc(site->rule_count + 1, sizeof *engine->state_stride);
	engine->first_slot = calloc(site->rule_count + 1, sizeof *engine->first_slot);
	return engine->tracks != NULL && take_stations(engine) && engine->by_series != NULL &&
		engine->by_station != NULL && engine->state_at != NULL && engine->state_stride != NULL &&
		engine->first_slot != NULL && take_windows(engine) && take_states(engine) &&
		take_openings(engine) && past_take(engine) && profiles_take(engine) && index_slots(engine);
}

struct wq_engine *wq_engine_new(const struct wq_site *site, struct wq_err *err)
{
	for (size_t i = 0; i < site->station_count; i++)
		if (site->stations[i].series_count >= WQ_DAY_ITEMS) {
			wq_fail(err, WQ_E_INVALID, "station %s has %u parameters; at most %d are allowed",
				site->stations[i].id, site->stations[i].series_count, WQ_DAY_ITEMS - 1);
			return NULL;
		}
	struct wq_engine *engine = calloc(1, sizeof *engine);
	if (engine != NULL) {
		engine->site = site;
		engine->started = WQ_NO_TIME;
	}
	if (engine == NULL || !take_all(engine)) {
		wq_engine_free(engine);
		wq_fail(err, WQ_E_MEMORY, "no memory for %zu series", site->series_count);
		return NULL;
	}
	flood_watch(engine);
	find_parents(engine);
	find_judges(engine);
	return engine;
}

void wq_engine_free(struct wq_engine *engine)
{
	if (engine == NULL)
		return;
	for (size_t i = 0; engine->slots != NULL && i < engine->slot_count; i++)
		free(engine->slots[i].alarm), free(engine->slots[i].shelf);
	free(engine->tracks);
	free(engine->stations);
	free(engine->buses);
	free(engine->by_series);
	free(engine->by_station);
	free(engine->state_at);
	free(engine->state_stride);
	free(engine->first_slot);
	free(engine->states);
	free(engine->slots);
	free(engine->index);
	free(engine->alarms);
	free(engine->shelves);
	free(engine->openings);
	free(engine->readings);
	past_give_back(engine);
	free(engine->words);
	free(engine);
}
