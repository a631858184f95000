/* SPDX-License-Identifier: Apache-2.0 */
/* The clock was set. What had been measured against it is brought in line, so that a step forward is no silence and no
 * overdue acknowledgement, and what was read while the clock was ahead does not hide what is read now. */
#include "engine_parts.h"

/* Readings from the future leave windows and days; the store keeps them. */
static void drop_future(struct wq_engine *engine, uint32_t series, wq_ms now)
{
	struct track *track = &engine->tracks[series];
	uint32_t station = engine->site->series[series].station;
	wq_ms latest = now + engine->site->evaluation.future_tolerance;
	while (track->count > 0 && track->readings[track->count - 1].at > latest) {
		const struct wq_reading *last = &track->readings[--track->count];
		struct day_slot *day =
			days_slot(engine, station, wq_day_of(engine->site->stations[station].zone, last->at));
		if (day != NULL)
			days_remove(engine, series, day, last->value);
	}
}

/* Days that have not come are not open, and none is over before its end. They may have taken the place of today and
 * yesterday: what had been read of these only the store has. */
static void drop_future_days(struct wq_engine *engine, uint32_t station, wq_ms now)
{
	wq_day today = wq_day_of(engine->site->stations[station].zone, now);
	struct day_slot *days = engine->stations[station].days;
	bool ahead = false;
	for (size_t i = 0; i < DAYS_KEPT; i++) {
		ahead |= days[i].used && days[i].day > today;
		if (days[i].used && days[i].day > today)
			days[i].used = false;
		else if (days[i].used && days[i].day == today && days[i].closed)
			days[i].closed = days[i].dirty = false;
	}
	past_forget_from(engine, station, today);
	for (wq_day day = today; ahead && day > today - DAYS_KEPT; day--)
		if (days_slot(engine, station, day) == NULL)
			wq_engine_restore_need(engine, station, day);
}

/* What a rule has said since an instant that has not come is said from now on. */
static void step_slot(struct slot *slot, wq_ms now)
{
	if (slot->exceeds_since > now)
		slot->exceeds_since = WQ_NO_TIME;
	if (slot->meets_since > now)
		slot->meets_since = WQ_NO_TIME;
}

void wq_engine_shifted(struct wq_engine *engine, wq_ms by)
{
	for (size_t i = 0; i < engine->slot_count; i++) {
		struct wq_alarm *alarm = engine->slots[i].alarm;
		if (alarm == NULL)
			continue;
		if (!alarm->restored || !engine->doubted) {
			alarm->since += by;
			alarm->reminded += by;
		}
		if (alarm->restored && alarm->watched != WQ_NO_TIME)
			alarm->watched += by;
	}
}

void wq_engine_doubt(struct wq_engine *engine, bool doubted)
{
	engine->doubted = doubted;
}

void wq_engine_stepped(struct wq_engine *engine, wq_ms by, wq_ms now)
{
	const struct wq_site *site = engine->site;
	if (engine->started != WQ_NO_TIME)
		engine->started = now;
	for (uint32_t i = 0; i < site->series_count; i++) {
		drop_future(engine, i, now);
		if (engine->tracks[i].last_arrival > now)
			engine->tracks[i].last_arrival = now;
		if (engine->tracks[i].seen > now)
			engine->tracks[i].seen = now;
		care_stepped(engine, i, now);
	}
	for (uint32_t i = 0; i < site->station_count; i++)
		drop_future_days(engine, i, now);
	for (size_t i = 0; i < engine->slot_count; i++)
		step_slot(&engine->slots[i], now);
	wq_engine_shifted(engine, by);
	shelves_stepped(engine, by);
	flood_stepped(engine, by, now);
	suppress_stepped(engine, by, now);
	/* An end is a time of day and stays; what has begun has begun. */
	for (size_t i = 0; i < engine->hand_count; i++)
		if (engine->hands[i].from > now)
			engine->hands[i].from = now;
	for (size_t i = 0; i < engine->wanted_count; i++)
		engine->wanted[i].since = engine->wanted[i].last = now;
	/* Everybody is asked anew. */
	engine->ticked = now;
	engine->wake = engine->days_wake = 0;
	for (size_t i = 0; i < engine->slot_count; i++)
		engine->slots[i].wake = now;
}
