/* SPDX-License-Identifier: Apache-2.0 */
/* Closed days that rules look back on. Memory is taken for those stations only whose rules ask, at the start. */
#include "engine_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static uint32_t station_of(const struct wq_site *site, const struct wq_rule_use *use, size_t place)
{
	return use->rule->scope == WQ_SCOPE_SERIES ? site->series[use->places[place]].station : use->places[place];
}

static void ask_for(struct past *past, size_t days)
{
	days = days < WQ_DAYS_MAX ? days : WQ_DAYS_MAX;
	if (past->room < days)
		past->room = (uint16_t)days;
}

/* How many days each station keeps; false: none at all. */
static bool measure(const struct wq_site *site, struct past *past)
{
	bool any = false;
	for (size_t r = 0; r < site->rule_count; r++) {
		const struct wq_rule_use *use = &site->rules[r];
		size_t days = use->rule->days != NULL ? use->rule->days(use->settings) : 0;
		bool network = use->rule->scope == WQ_SCOPE_NETWORK;
		for (size_t p = 0; days > 0 && p < (network ? site->station_count : use->place_count); p++)
			ask_for(&past[network ? p : station_of(site, use, p)], days);
		any |= days > 0 && (network || use->place_count > 0);
	}
	return any;
}

bool past_take(struct wq_engine *engine)
{
	const struct wq_site *site = engine->site;
	size_t days = 0, items = 0;
	struct past *past = calloc(site->station_count + 1, sizeof *past);
	if (past == NULL)
		return false;
	if (!measure(site, past)) {
		free(past);
		return true;
	}
	for (size_t i = 0; i < site->station_count; i++) {
		days += past[i].room;
		items += (size_t)past[i].room * site->stations[i].series_count;
	}
	engine->past = past;
	engine->past_days = calloc(days + 1, sizeof *engine->past_days);
	engine->past_items = calloc(items + 1, sizeof *engine->past_items);
	if (engine->past_days == NULL || engine->past_items == NULL)
		return false;
	struct wq_past_item *next = engine->past_items;
	days = 0;
	for (size_t i = 0; i < site->station_count; i++) {
		past[i].days = engine->past_days + days;
		days += past[i].room;
		for (size_t d = 0; d < past[i].room; d++, next += site->stations[i].series_count)
			past[i].days[d].items = next;
	}
	return true;
}

void past_give_back(struct wq_engine *engine)
{
	free(engine->past);
	free(engine->past_days);
	free(engine->past_items);
}

static void empty(struct wq_past_item *items, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		items[i] = (struct wq_past_item){ .mean = NAN };
}

/* The items are the engine's own; rules see them const. */
static struct wq_past_item *items_of(const struct wq_engine *engine, const struct wq_past_day *day)
{
	return engine->past_items + (day->items - engine->past_items);
}

/* Makes an empty row before row `at`: at the end of a full past the oldest makes room. NULL: older than all of it. */
static struct wq_past_day *insert(struct past *past, size_t at)
{
	struct wq_past_day spare;
	if (past->count == past->room && at == 0)
		return NULL;
	if (past->count == past->room) {
		spare = past->days[0];
		memmove(past->days, past->days + 1, --at * sizeof spare);
	} else {
		spare = past->days[past->count];
		memmove(past->days + at + 1, past->days + at, (past->count - at) * sizeof spare);
		past->count++;
	}
	past->days[at] = spare;
	return &past->days[at];
}

/* The row of the day, a new one when there is none; NULL: the station keeps none so old. */
static struct wq_past_day *row_for(struct wq_engine *engine, uint32_t station, wq_day day)
{
	struct past *past = engine->past != NULL ? &engine->past[station] : NULL;
	if (past == NULL || past->room == 0)
		return NULL;
	size_t at = past->count;
	while (at > 0 && past->days[at - 1].day > day)
		at--;
	if (at > 0 && past->days[at - 1].day == day)
		return &past->days[at - 1];
	struct wq_past_day *row = insert(past, at);
	if (row == NULL)
		return NULL;
	row->day = day;
	row->class_ = row->verdict = 0;
	empty(items_of(engine, row), engine->site->stations[station].series_count);
	return row;
}

static uint16_t small(int32_t n)
{
	return (uint16_t)(n < 0 ? 0 : n > UINT16_MAX ? UINT16_MAX : n);
}

/* One row of a report, or of the store. */
static void fill(const struct wq_engine *engine, struct wq_past_day *day, const struct wq_day_row *row)
{
	uint32_t series;
	if (row->parameter == WQ_NONE) {
		day->class_ = (uint8_t)row->class_;
		day->verdict = (uint8_t)row->verdict;
		return;
	}
	series = wq_site_series(engine->site, row->station, row->parameter);
	if (series == WQ_NONE)
		return;
	items_of(engine, day)[series - engine->site->stations[row->station].first_series] =
		(struct wq_past_item){ .mean = row->mean_raw,
			.valid = small(row->valid),
			.expected = small(row->expected),
			.class_ = (uint8_t)row->class_,
			.verdict = (uint8_t)row->verdict };
}

/* The row of the day; NULL: none is kept. */
static const struct wq_past_day *find(const struct wq_engine *engine, uint32_t station, wq_day day)
{
	const struct past *past = engine->past != NULL ? &engine->past[station] : NULL;
	for (size_t i = 0; past != NULL && i < past->count; i++)
		if (past->days[i].day == day)
			return &past->days[i];
	return NULL;
}

static bool exceeded(const struct wq_engine *engine, const struct wq_past_day *day, const struct wq_day_row *row)
{
	if (row->parameter == WQ_NONE)
		return day->verdict == WQ_DAY_EXCEEDS;
	uint32_t series = wq_site_series(engine->site, row->station, row->parameter);
	return series == WQ_NONE ||
		items_of(engine, day)[series - engine->site->stations[row->station].first_series].verdict == WQ_DAY_EXCEEDS;
}

uint64_t past_turned(const struct wq_engine *engine, const struct wq_day_report *report)
{
	const struct wq_past_day *day = find(engine, report->station, report->day);
	uint64_t turned = 0;
	for (uint32_t i = 0; day != NULL && i < report->count; i++)
		if (report->rows[i].verdict == WQ_DAY_EXCEEDS && !exceeded(engine, day, &report->rows[i]))
			turned |= UINT64_C(1) << i;
	return turned;
}

void past_put(struct wq_engine *engine, const struct wq_day_report *report)
{
	struct wq_past_day *day = row_for(engine, report->station, report->day);
	for (uint32_t i = 0; day != NULL && i < report->count; i++)
		fill(engine, day, &report->rows[i]);
}

void past_restore(struct wq_engine *engine, const struct wq_day_row *row)
{
	struct wq_past_day *day = row_for(engine, row->station, row->day);
	if (day != NULL)
		fill(engine, day, row);
}

void past_forget_from(struct wq_engine *engine, uint32_t station, wq_day day)
{
	struct past *past = engine->past != NULL ? &engine->past[station] : NULL;
	while (past != NULL && past->count > 0 && past->days[past->count - 1].day >= day)
		past->count--;
}
