/* SPDX-License-Identifier: Apache-2.0 */
/* One cause, one alarm: gateway, station, series. While the alarm of a parent is open, silence below it is accounted for:
 * it is counted from the parent's end, so that what persists is told then. Alarms below that were open before stay, and are
 * quiet. Nothing is suppressed but the opening: what clears is always told, and alarms about the water have no parent.
 *
 * In doubt it is waited for whose silence it is: a series that is overdue while others of the station should have come too
 * and did not. The next reading, or the station's alarm, ends the doubt. */
#include "engine_parts.h"

#include "phrase.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static wq_ms later(wq_ms a, wq_ms b)
{
	return a > b ? a : b; /* WQ_NO_TIME is the smallest */
}

static bool lit(const struct wq_engine *engine, uint32_t parent)
{
	const struct wq_alarm *alarm = parent != WQ_NONE ? engine->slots[parent].alarm : NULL;
	return alarm != NULL && alarm->state != WQ_LIFE_RECOVERED;
}

static const struct bus *bus_of(const struct wq_engine *engine, uint32_t series)
{
	uint32_t source = engine->site->series[series].source;
	return source < engine->site->source_count ? &engine->buses[source] : NULL;
}

wq_ms suppress_seen(const struct wq_engine *engine, uint32_t series, wq_ms now)
{
	const struct wq_reading *newest = window_newest(&engine->tracks[series]);
	wq_ms last = later(newest != NULL ? newest->at : WQ_NO_TIME, engine->tracks[series].seen);
	return last > now ? now : last;
}

/* An outage that was too short for an alarm accounts for the silence meanwhile, if the series had spoken shortly before:
 * one that stays silent while its link flaps is told all the same. */
static wq_ms outage_until(const struct wq_engine *engine, const struct bus *bus, uint32_t series, wq_ms now)
{
	if (bus->to == WQ_NO_TIME || bus->to > now)
		return WQ_NO_TIME;
	wq_ms before = later(suppress_seen(engine, series, now), engine->started);
	return before >= bus->from - 2 * engine->site->series[series].interval ? bus->to : WQ_NO_TIME;
}

wq_ms suppress_excused(const struct wq_engine *engine, uint32_t series, bool by_station, wq_ms now)
{
	const struct bus *bus = bus_of(engine, series);
	const struct place_station *station = &engine->stations[engine->site->series[series].station];
	wq_ms until = care_until(engine, series, now);
	if ((bus != NULL && lit(engine, bus->parent)) || (by_station && lit(engine, station->parent)))
		return now;
	if (bus != NULL)
		until = later(until, later(bus->shadow, outage_until(engine, bus, series, now)));
	if (by_station)
		until = later(until, station->shadow);
	return until > now ? now : until;
}

static wq_ms silent_since(const struct wq_engine *engine, uint32_t series, wq_ms now)
{
	return later(later(suppress_seen(engine, series, now), engine->started), suppress_excused(engine, series, true, now));
}

/* A bus that is down will be told as such. One of which a device failed may be: as long as it takes until it is told, but no
 * longer, for the others may be asked rarely. */
static bool in_doubt(const struct wq_engine *engine, const struct bus *bus, wq_ms now)
{
	if (bus == NULL || bus->state == WQ_BUS_UP)
		return false;
	return bus->state == WQ_BUS_DOWN || now - bus->doubted < engine->site->bus_down_after;
}

bool suppress_undecided(const struct wq_engine *engine, uint32_t series, wq_ms now)
{
	const struct wq_site *site = engine->site;
	const struct bus *bus = bus_of(engine, series);
	uint32_t index = site->series[series].station;
	const struct wq_station *station = &site->stations[index];
	bool due = false;
	if (in_doubt(engine, bus, now))
		return true;
	if (engine->stations[index].parent == WQ_NONE)
		return false;
	wq_ms should = silent_since(engine, series, now) + site->series[series].interval * 11 / 10;
	for (uint32_t i = station->first_series; i < station->first_series + station->series_count; i++) {
		if (i == series || suppress_excused(engine, i, true, now) >= now)
			continue;
		if (suppress_seen(engine, i, now) > should)
			return false; /* the station lives: it is this series */
		due |= silent_since(engine, i, now) + site->series[i].interval <= now;
	}
	return due;
}

bool suppress_in_doubt(const struct wq_engine *engine, uint32_t station, wq_ms now)
{
	const struct wq_station *where = &engine->site->stations[station];
	for (uint32_t i = where->first_series; i < where->first_series + where->series_count; i++)
		if (in_doubt(engine, bus_of(engine, i), now))
			return true;
	return false;
}

wq_ms suppress_quiet(const struct wq_engine *engine, const struct slot *slot, wq_ms now)
{
	const struct wq_site *site = engine->site;
	const struct wq_rule_use *use = &site->rules[slot->use];
	uint32_t place = use->places[slot->place];
	if (use->rule->about != WQ_ABOUT_DEVICE || use->rule->scope == WQ_SCOPE_NETWORK)
		return WQ_NO_TIME;
	if (use->rule->scope == WQ_SCOPE_SERIES)
		return suppress_excused(engine, place, true, now);
	const struct wq_station *station = &site->stations[place];
	wq_ms until = station->series_count > 0 ? now : WQ_NO_TIME;
	for (uint32_t i = station->first_series; i < station->first_series + station->series_count; i++) {
		wq_ms excused = suppress_excused(engine, i, false, now);
		until = excused < until ? excused : until;
	}
	return until;
}

void suppress_ended(struct wq_engine *engine, const struct slot *slot, wq_ms now)
{
	const struct wq_rule_use *use = &engine->site->rules[slot->use];
	uint32_t source = wq_site_rule_source(engine->site, slot->use);
	if (!use->rule->parent)
		return;
	if (source != WQ_NONE)
		engine->buses[source].shadow = now;
	else
		engine->stations[use->places[slot->place]].shadow = now;
	/* What was accounted for until now is asked anew. */
	engine->wake = now;
	for (size_t i = 0; i < engine->slot_count; i++)
		engine->slots[i].wake = now;
}

void suppress_stepped(struct wq_engine *engine, wq_ms by, wq_ms now)
{
	for (size_t i = 0; i < engine->site->source_count; i++) {
		struct bus *bus = &engine->buses[i];
		if (bus->state == WQ_BUS_DOWN)
			bus->from += by;
		bus->doubted += by;
		bus->to = WQ_NO_TIME;
		bus->shadow = bus->shadow > now ? now : bus->shadow;
	}
	for (size_t i = 0; i < engine->site->station_count; i++)
		if (engine->stations[i].shadow > now)
			engine->stations[i].shadow = now;
}

/* -- buses -- */

/* What is read from a bus and not worked on: its series up to WQ_DAY_ITEMS for the words, and the counts. */
struct burden {
	uint32_t series[WQ_DAY_ITEMS], stations[2];
	size_t count, station_count;
	wq_ms since; /* all of it was under maintenance until then; WQ_NO_TIME: some of it never was */
};

static struct burden burden_of(const struct wq_engine *engine, uint32_t source, wq_ms now)
{
	const struct wq_site *site = engine->site;
	struct burden b = { .since = INT64_MAX };
	uint32_t last = WQ_NONE;
	for (uint32_t i = 0; i < site->series_count; i++) {
		if (site->series[i].source != source)
			continue;
		wq_ms cared = care_until(engine, i, now);
		b.since = cared < b.since ? cared : b.since;
		if (cared >= now)
			continue;
		if (b.count < WQ_DAY_ITEMS)
			b.series[b.count] = i;
		b.count++;
		if (site->series[i].station == last)
			continue;
		last = site->series[i].station;
		if (b.station_count < 2)
			b.stations[b.station_count] = last;
		b.station_count++;
	}
	return b;
}

static void say_down(struct wq_verdict *out, const struct wq_site *site, uint32_t source, const struct burden *b, wq_ms span)
{
	char length[PHRASE_TEXT], items[PHRASE_TEXT];
	phrase_span(span, length);
	if (b->station_count == 1)
		wq_verdict_say(out, "总线%.60s连接中断已%s,%.60s%s无数据", site->sources[source], length,
			site->stations[b->stations[0]].name, phrase_items(site, b->series, b->count, items));
	else
		wq_verdict_say(out, "总线%.60s连接中断已%s,%.40s、%.40s等%zu站共%zu项无数据", site->sources[source], length,
			site->stations[b->stations[0]].name, site->stations[b->stations[1]].name, b->station_count, b->count);
}

static void judge_bus(struct wq_engine *engine, uint32_t source, wq_ms now, struct wq_outcome *out)
{
	struct bus *bus = &engine->buses[source];
	struct slot *slot = &engine->slots[bus->parent];
	struct wq_verdict verdict = { .series = WQ_NONE, .at = now, .value = NAN, .limit = NAN };
	if (bus->state != WQ_BUS_DOWN) {
		if (slot->alarm == NULL)
			return;
		verdict.finding = WQ_FINDING_CLEAR;
		wq_verdict_say(&verdict, "总线%.60s恢复连接", engine->site->sources[source]);
		alarms_apply(engine, slot, &verdict, now, false, out);
		return;
	}
	struct burden b = burden_of(engine, source, now);
	wq_ms since = later(bus->from, b.since);
	/* Of one that is open the sentence is renewed: what is told of it later says how long it is by then. */
	if (b.count == 0 || (slot->alarm == NULL && now - since < engine->site->bus_down_after))
		return;
	verdict.finding = WQ_FINDING_RAISE;
	verdict.level = WQ_LEVEL_WARNING;
	say_down(&verdict, engine->site, source, &b, now - since);
	wq_verdict_fact(&verdict, "down_minutes", (double)(now - since) / 60e3);
	wq_verdict_fact(&verdict, "stations", (double)b.station_count);
	wq_verdict_fact(&verdict, "items", (double)b.count);
	alarms_apply(engine, slot, &verdict, now, false, out);
}

int wq_engine_bus(struct wq_engine *engine, uint32_t source, enum wq_bus_state state, wq_ms since, wq_ms now,
	struct wq_outcome *out, struct wq_err *err)
{
	if (source >= engine->site->source_count)
		return wq_fail(err, WQ_E_INVALID, "bus %u of %zu", source, engine->site->source_count);
	struct bus *bus = &engine->buses[source];
	if (state == WQ_BUS_DOWN && bus->state != WQ_BUS_DOWN) {
		bus->from = since < now ? since : now;
		bus->to = WQ_NO_TIME;
	} else if (state != WQ_BUS_DOWN && bus->state == WQ_BUS_DOWN) {
		bus->to = now;
	}
	if (state != WQ_BUS_UP && bus->state == WQ_BUS_UP)
		bus->doubted = now;
	bus->state = state;
	if (bus->parent != WQ_NONE)
		judge_bus(engine, source, now, out);
	return 0;
}

/* -- what an alarm stands for, as evidence -- */

struct list {
	char *buf;
	size_t used, cap, shown, left_out;
};

/* One "station/parameter"; ids and aliases hold no quotes of their own in practice, and are left out where they do. */
static void put(struct list *list, const struct wq_site *site, uint32_t series)
{
	const char *station = site->stations[site->series[series].station].id;
	const char *parameter = site->parameters[site->series[series].parameter].alias;
	char item[160];
	int n = snprintf(item, sizeof item, "%s\"%s/%s\"", list->shown > 0 ? "," : "", station, parameter);
	bool odd = strpbrk(station, "\"\\") != NULL || strpbrk(parameter, "\"\\") != NULL;
	if (odd || n < 0 || (size_t)n >= sizeof item || list->used + (size_t)n + 1 >= list->cap) {
		list->left_out++;
		return;
	}
	memcpy(list->buf + list->used, item, (size_t)n + 1);
	list->used += (size_t)n;
	list->shown++;
}

size_t suppress_covers(const struct wq_engine *engine, const struct slot *slot, wq_ms now, char *buf, size_t cap)
{
	const struct wq_site *site = engine->site;
	const struct wq_rule_use *use = &site->rules[slot->use];
	struct list list = { .buf = buf, .cap = cap };
	uint32_t place = use->places[slot->place];
	buf[0] = '\0';
	if (!use->rule->parent)
		return 0;
	for (uint32_t i = 0; i < site->series_count; i++) {
		uint32_t source = site->series[i].source;
		bool below = use->rule->scope == WQ_SCOPE_STATION
			? site->series[i].station == place
			: source < site->source_count && engine->buses[source].parent == (uint32_t)(slot - engine->slots);
		if (below && care_until(engine, i, now) < now)
			put(&list, site, i);
	}
	return list.shown + list.left_out;
}
