/* SPDX-License-Identifier: Apache-2.0 */
/* When time alone will next do something: what wq_engine_tick() does, asked beforehand. Whoever adds something to the tick
 * adds its instant here; test_engine.c and wqctl backtest --every-tick compare. */
#include "engine_parts.h"

static wq_ms earlier(wq_ms a, wq_ms b)
{
	return a < b ? a : b;
}

/* Spans may change with the day. */
static wq_ms tomorrow(const struct wq_engine *engine)
{
	const struct wq_zone *zone = engine->site->zone;
	return wq_day_start(zone, wq_day_of(zone, engine->ticked) + 1);
}

/* The earliest instant from which an alarm's wait may count. */
static wq_ms wait_from(const struct wq_engine *engine, const struct wq_alarm *alarm)
{
	if (!alarm->restored)
		return alarm->since;
	return earlier(alarm->since, alarm->watched != WQ_NO_TIME ? alarm->watched : engine->ticked);
}

static wq_ms escalations(const struct wq_engine *engine)
{
	wq_ms next = INT64_MAX;
	for (size_t i = 0; i < engine->alarm_count; i++) {
		const struct wq_alarm *alarm = engine->alarms[i];
		wq_ms after = alarms_next_step(engine, alarm, engine->ticked);
		if ((alarm->state != WQ_LIFE_ACTIVE && alarm->state != WQ_LIFE_ESCALATED) || slots_at(engine, alarm->rule, alarm->place)->shelf != NULL)
			continue;
		if (after != WQ_NO_TIME)
			next = earlier(next, wait_from(engine, alarm) + after);
		if (engine->site->rules[alarm->rule].seasonal_count > 0)
			next = earlier(next, tomorrow(engine));
	}
	return next;
}

static wq_ms reminders(const struct wq_engine *engine)
{
	wq_ms next = INT64_MAX;
	for (size_t i = 0; i < engine->alarm_count; i++) {
		const struct wq_alarm *alarm = engine->alarms[i];
		next = earlier(next, reminders_due(engine, slots_at(engine, alarm->rule, alarm->place), engine->ticked));
		if (engine->site->rules[alarm->rule].seasonal_count > 0)
			next = earlier(next, tomorrow(engine));
	}
	return next;
}

static wq_ms shelves(const struct wq_engine *engine)
{
	wq_ms next = INT64_MAX;
	for (size_t i = 0; i < engine->shelf_count; i++) {
		const struct wq_shelf *shelf = engine->shelves[i];
		bool moved = slots_at(engine, shelf->rule, shelf->place)->shelf_moved;
		next = earlier(next, moved ? engine->ticked : shelf->until);
	}
	return next;
}

/* While a flood goes on it may end with each opening that is forgotten. */
static wq_ms flood(const struct wq_engine *engine)
{
	const struct flood *f = &engine->flood;
	if (f->slot == NULL || f->slot->alarm == NULL)
		return INT64_MAX;
	return f->moved || f->count == 0 ? engine->ticked : f->newest[0].decided + engine->site->duty.flood_within;
}

/* A maintenance that nobody ended is looked for now and then, where somebody would be told of it; not in what was
 * recorded. */
static wq_ms hands(const struct wq_engine *engine)
{
	const struct wq_site *site = engine->site;
	for (size_t r = 0; !site->recorded && r < site->rule_count; r++)
		if (site->rules[r].rule == &wq_rule_maintenance)
			return engine->care_due;
	return INT64_MAX;
}

wq_ms wq_engine_wake(const struct wq_engine *engine)
{
	if (engine->started == WQ_NO_TIME || engine->short_of_memory)
		return engine->ticked;
	wq_ms data = earlier(earlier(engine->wake, engine->days_wake), earlier(wanted_wake(engine), profiles_wake(engine)));
	wq_ms alarms = earlier(earlier(escalations(engine), reminders(engine)), earlier(shelves(engine), flood(engine)));
	return earlier(data, earlier(alarms, hands(engine)));
}
