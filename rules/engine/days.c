/* SPDX-License-Identifier: Apache-2.0 */
/* Natural days of the stations: which are open, when they close, what late data correct. */
#include "engine_parts.h"

#include <math.h>
#include <string.h>

static size_t slot_index(wq_day day)
{
	return (size_t)(((day % DAYS_KEPT) + DAYS_KEPT) % DAYS_KEPT);
}

struct day_slot *days_slot(const struct wq_engine *engine, uint32_t station, wq_day day)
{
	struct day_slot *slot = &engine->stations[station].days[slot_index(day)];
	return slot->used && slot->day == day ? slot : NULL;
}

const struct day_sum *days_sum(const struct wq_engine *engine, uint32_t series, wq_day day)
{
	return &engine->tracks[series].days[slot_index(day)];
}

void days_count(const struct wq_site *site, uint32_t series, struct day_sum *sum, double value, bool add)
{
	if (wq_below_detection(&site->series[series], value))
		sum->below += add ? 1 : -1;
	value = wq_counted(&site->series[series], value);
	if (add)
		wq_decimal_sum_add(&sum->sum, value);
	else
		wq_decimal_sum_remove(&sum->sum, value);
	if (site->parameters[site->series[series].parameter].mean == WQ_MEAN_HYDROGEN) {
		double hydrogen = pow(10, -value);
		sum->hydrogen = sum->sum.count > 0 ? sum->hydrogen + (add ? hydrogen : -hydrogen) : 0;
	}
}

static void change(struct wq_engine *engine, uint32_t series, const struct day_slot *slot, double value, bool add)
{
	days_count(engine->site, series, &engine->tracks[series].days[slot_index(slot->day)], value, add);
	if (slot->closed)
		engine->days_wake = 0;
}

void days_add(struct wq_engine *engine, uint32_t series, const struct day_slot *slot, double value)
{
	change(engine, series, slot, value, true);
}

void days_remove(struct wq_engine *engine, uint32_t series, const struct day_slot *slot, double value)
{
	change(engine, series, slot, value, false);
}

static void clear_sums(struct wq_engine *engine, uint32_t station, wq_day day)
{
	const struct wq_station *where = &engine->site->stations[station];
	for (uint32_t i = 0; i < where->series_count; i++) {
		struct day_sum *sum = &engine->tracks[where->first_series + i].days[slot_index(day)];
		memset(sum, 0, sizeof *sum);
	}
}

/* Whether the day is gone: a newer one than DAYS_KEPT later was opened. */
static bool gone(const struct day_slot *days, wq_day day)
{
	for (size_t i = 0; i < DAYS_KEPT; i++)
		if (days[i].used && days[i].day >= day + DAYS_KEPT)
			return true;
	return false;
}

void days_open(struct wq_engine *engine, uint32_t station, wq_day day)
{
	struct day_slot *slot = &engine->stations[station].days[slot_index(day)];
	if ((slot->used && slot->day >= day) || gone(engine->stations[station].days, day))
		return;
	*slot = (struct day_slot){ .day = day, .used = true };
	engine->days_wake = 0;
	clear_sums(engine, station, day);
}

static void gather(const struct wq_engine *engine, uint32_t station, wq_day day,
	const struct day_sum *sums[WQ_DAY_ITEMS])
{
	const struct wq_station *where = &engine->site->stations[station];
	for (uint32_t i = 0; i < where->series_count && i < WQ_DAY_ITEMS; i++)
		sums[i] = &engine->tracks[where->first_series + i].days[slot_index(day)];
}

/* Whether `day` is the newest closed day of the station: only that one's verdict moves an alarm. */
static bool newest_closed(const struct wq_engine *engine, uint32_t station, wq_day day)
{
	const struct day_slot *days = engine->stations[station].days;
	for (size_t i = 0; i < DAYS_KEPT; i++)
		if (days[i].used && days[i].closed && days[i].day > day)
			return false;
	return true;
}

/* Class and verdict of every row as one number, never 0 (FNV-1a). */
static uint32_t marks_of(const struct wq_day_report *report)
{
	uint32_t marks = UINT32_C(2166136261);
	for (uint32_t i = 0; i < report->count; i++) {
		marks = (marks ^ (uint32_t)report->rows[i].class_) * UINT32_C(16777619);
		marks = (marks ^ (uint32_t)report->rows[i].verdict) * UINT32_C(16777619);
	}
	return marks | 1;
}

void days_put(struct wq_engine *engine, struct wq_day_report *report, wq_ms now, struct wq_outcome *out)
{
	report->turned = report->older ? past_turned(engine, report) : 0;
	past_put(engine, report);
	slots_day(engine, report, now, out);
}

/* Gives the verdict of a day, or gives it again. False when there is no memory for its rows. */
static bool tell(struct wq_engine *engine, uint32_t station, struct day_slot *slot, wq_ms now, struct wq_outcome *out)
{
	const struct day_sum *sums[WQ_DAY_ITEMS];
	struct wq_day_report report;
	if (!outcome_reserve_days(out, WQ_DAY_ITEMS)) {
		engine->short_of_memory = true;
		return false;
	}
	gather(engine, station, slot->day, sums);
	report_make(engine->site, station, slot->day, sums, &report);
	report.correction = slot->closed;
	uint32_t marks = marks_of(&report);
	report.changed = slot->closed &&
		(slot->class_ != report.rows[0].class_ || slot->verdict != report.rows[0].verdict ||
			(slot->marks != 0 && slot->marks != marks));
	slot->closed = true;
	slot->dirty = false;
	slot->revision++;
	slot->class_ = report.rows[0].class_;
	slot->verdict = report.rows[0].verdict;
	slot->marks = marks;
	for (uint32_t i = 0; i < report.count; i++) {
		report.rows[i].revision = slot->revision;
		out->days[out->day_count++] = report.rows[i];
	}
	if (!report.correction)
		slots_learnt(engine, station, out);
	report.older = !newest_closed(engine, station, slot->day);
	days_put(engine, &report, now, out);
	return true;
}

void days_retell(struct wq_engine *engine, uint32_t station, wq_day day, wq_ms now, struct wq_outcome *out)
{
	struct day_slot *slot = days_slot(engine, station, day);
	if (slot != NULL && slot->closed && slot->dirty)
		tell(engine, station, slot, now, out);
}

/* When the verdict of a day is due. */
static wq_ms due(const struct wq_engine *engine, uint32_t station, wq_day day)
{
	return wq_day_start(engine->site->stations[station].zone, day + 1) +
		engine->site->evaluation.day_closes_after;
}

/* When this station's days have something to do next: midnight, or a verdict that falls due. */
static wq_ms next_due(const struct wq_engine *engine, uint32_t station, wq_day today)
{
	const struct day_slot *days = engine->stations[station].days;
	wq_ms next = wq_day_start(engine->site->stations[station].zone, today + 1);
	for (size_t i = 0; i < DAYS_KEPT; i++)
		if (days[i].used && (!days[i].closed || days[i].dirty) && due(engine, station, days[i].day) < next)
			next = due(engine, station, days[i].day);
	return next;
}

static void advance_station(struct wq_engine *engine, uint32_t station, wq_ms now, struct wq_outcome *out)
{
	wq_day today = wq_day_of(engine->site->stations[station].zone, now);
	days_make_room(engine, station, today, now, out);
	days_open(engine, station, today);
	/* Older first, so that alarms see days in their order. */
	for (wq_day day = today - DAYS_KEPT + 1; day <= today; day++) {
		struct day_slot *slot = days_slot(engine, station, day);
		if (slot == NULL || (slot->closed && !slot->dirty))
			continue;
		if (due(engine, station, day) <= now)
			tell(engine, station, slot, now, out);
	}
	wq_ms next = next_due(engine, station, today);
	engine->days_wake = next < engine->days_wake ? next : engine->days_wake;
}

void days_advance(struct wq_engine *engine, wq_ms now, struct wq_outcome *out)
{
	if (now < engine->days_wake && now >= engine->ticked)
		return;
	engine->days_wake = INT64_MAX;
	for (uint32_t i = 0; i < engine->site->station_count; i++)
		if (!engine->site->recorded || engine->stations[i].first != WQ_NO_TIME)
			advance_station(engine, i, now, out);
}

void days_make_room(struct wq_engine *engine, uint32_t station, wq_day day, wq_ms now, struct wq_outcome *out)
{
	struct day_slot *days = engine->stations[station].days;
	wq_day oldest = day - DAYS_KEPT;
	/* Slots may hold days in any order of index: close the older of them first. */
	for (size_t pass = 0; pass < DAYS_KEPT; pass++) {
		struct day_slot *first = NULL;
		for (size_t i = 0; i < DAYS_KEPT; i++)
			if (days[i].used && days[i].day <= oldest && (!days[i].closed || days[i].dirty) &&
				(first == NULL || days[i].day < first->day))
				first = &days[i];
		if (first != NULL)
			tell(engine, station, first, now, out);
	}
}
