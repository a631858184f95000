/* SPDX-License-Identifier: Apache-2.0 */
/* The engine's memory rebuilt from the store: after a restart, and for days it no longer holds. */
#include "engine_parts.h"

#include <stdlib.h>
#include <string.h>

int wq_engine_restore_sample(struct wq_engine *engine, const struct wq_sample *sample, wq_ms received,
	struct wq_err *err)
{
	static const struct wq_outcome empty;
	struct wq_outcome scratch = empty;
	struct wq_batch batch = { .received = received, .trusted = true, .count = 1, .samples = sample };
	engine->restoring = true;
	int r = wq_engine_batch(engine, &batch, &scratch, err);
	engine->restoring = false;
	engine->started = WQ_NO_TIME; /* silence counts from when we really began to watch */
	wq_outcome_free(&scratch);
	return r;
}

void wq_engine_restore_day(struct wq_engine *engine, const struct wq_day_row *row)
{
	past_restore(engine, row);
	if (row->parameter != WQ_NONE)
		return;
	days_open(engine, row->station, row->day);
	struct day_slot *slot = days_slot(engine, row->station, row->day);
	if (slot == NULL)
		return;
	slot->closed = true;
	slot->dirty = false;
	slot->revision = row->revision;
	slot->class_ = row->class_;
	slot->verdict = row->verdict;
}

/* Sums the stored samples of a day, one sum per series of the station. */
static void sum_up(const struct wq_site *site, uint32_t station, const struct wq_sample *samples, size_t count,
	struct day_sum *sums)
{
	const struct wq_station *where = &site->stations[station];
	for (size_t i = 0; i < count; i++) {
		const struct wq_sample *s = &samples[i];
		if (s->series < where->first_series || s->series - where->first_series >= where->series_count)
			continue;
		if (s->quality != WQ_GOOD && s->quality != WQ_SUSPECT)
			continue;
		days_count(site, s->series, &sums[s->series - where->first_series], s->value, true);
	}
}

/* A day still in memory gets the true sums. */
static void replace_sums(struct wq_engine *engine, struct day_slot *slot, uint32_t station, const struct day_sum *sums)
{
	const struct wq_station *where = &engine->site->stations[station];
	size_t index = (size_t)(slot - engine->stations[station].days);
	for (uint32_t i = 0; i < where->series_count; i++)
		engine->tracks[where->first_series + i].days[index] = sums[i];
	slot->dirty = slot->closed;
}

/* A day long gone: its rows are given anew (the store numbers the revision). */
static int report_old(struct wq_engine *engine, uint32_t station, wq_day day, const struct day_sum *sums, wq_ms now,
	struct wq_outcome *out, struct wq_err *err)
{
	const struct day_sum *pointers[WQ_DAY_ITEMS];
	struct wq_day_report report;
	if (!outcome_reserve_days(out, WQ_DAY_ITEMS))
		return wq_fail(err, WQ_E_MEMORY, "no memory for a corrected day; its rows stay as they were");
	for (uint32_t i = 0; i < WQ_DAY_ITEMS && i < engine->site->stations[station].series_count; i++)
		pointers[i] = &sums[i];
	report_make(engine->site, station, day, pointers, &report);
	report.correction = report.older = true;
	for (uint32_t i = 0; i < report.count; i++)
		out->days[out->day_count++] = report.rows[i];
	slots_learnt(engine, station, out); /* a history that was imported is not learnt from again */
	days_put(engine, &report, now, out);
	return 0;
}

int wq_engine_day(struct wq_engine *engine, uint32_t station, wq_day day, const struct wq_sample *samples,
	size_t count, uint64_t upto, wq_ms now, struct wq_outcome *out, struct wq_err *err)
{
	if (!wanted_answered(engine, station, day, upto, now))
		return 0;
	uint32_t series = engine->site->stations[station].series_count;
	struct day_sum *sums = calloc(series > 0 ? series : 1, sizeof *sums);
	int r = 0;
	if (sums == NULL)
		return wq_fail(err, WQ_E_MEMORY, "no memory to evaluate a day again");
	sum_up(engine->site, station, samples, count, sums);
	struct day_slot *slot = days_slot(engine, station, day);
	if (slot != NULL) {
		replace_sums(engine, slot, station, sums);
		days_retell(engine, station, day, now, out);
	} else {
		r = report_old(engine, station, day, sums, now, out, err);
	}
	free(sums);
	return r;
}

/* Span of stored readings one rule needs for one series. */
static wq_ms rule_memory(const struct wq_rule_use *use, const struct wq_series *series)
{
	const struct wq_rule *rule = use->rule;
	if (rule->memory != NULL)
		return rule->memory(use->settings, series->interval);
	return rule->window != NULL ? (wq_ms)rule->window(use->settings) * series->interval : series->interval;
}

/* Of all that it looks at at a place; a station upstream may measure more rarely. */
static wq_ms place_memory(const struct wq_site *site, const struct wq_rule_use *use, size_t place)
{
	uint32_t next = 0, series;
	wq_ms longest = 0;
	while ((series = build_looked_at(site, use, place, &next)) != WQ_NONE) {
		wq_ms memory = rule_memory(use, &site->series[series]);
		longest = memory > longest ? memory : longest;
	}
	return longest;
}

wq_ms wq_engine_memory(const struct wq_engine *engine, wq_ms now)
{
	const struct wq_site *site = engine->site;
	wq_ms back = WQ_DAYS(DAYS_KEPT + 1);
	for (size_t r = 0; r < site->rule_count; r++) {
		const struct wq_rule_use *use = &site->rules[r];
		for (size_t p = 0; use->rule->scope == WQ_SCOPE_SERIES && p < use->place_count; p++) {
			/* Twice what an undisturbed series needs: gaps are common. */
			wq_ms memory = 2 * place_memory(site, use, p);
			back = memory > back ? memory : back;
		}
	}
	return now - back;
}

wq_ms wq_engine_memory_days(const struct wq_engine *engine, wq_ms now, bool *items)
{
	wq_ms back = now - wq_engine_memory(engine, now);
	*items = false;
	for (size_t i = 0; engine->past != NULL && i < engine->site->station_count; i++) {
		wq_ms wanted = WQ_DAYS(engine->past[i].room + 1);
		*items |= engine->past[i].room > 0;
		back = engine->past[i].room > 0 && wanted > back ? wanted : back;
	}
	return now - back;
}
