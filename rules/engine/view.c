/* SPDX-License-Identifier: Apache-2.0 */
/* What a rule sees: read access to what its scope covers. */
#include "engine_parts.h"

#include "wq/mean.h"

#include <math.h>

static bool in_scope(const struct wq_view *view, enum wq_scope scope)
{
	return view->use->rule->scope == scope;
}

wq_ms wq_view_now(const struct wq_view *view)
{
	return view->now;
}

const struct wq_site *wq_view_site(const struct wq_view *view)
{
	return view->engine->site;
}

uint32_t wq_view_place(const struct wq_view *view)
{
	return view->place;
}

const struct wq_series *wq_view_series(const struct wq_view *view)
{
	return in_scope(view, WQ_SCOPE_SERIES) ? &view->engine->site->series[view->place] : NULL;
}

const struct wq_station *wq_view_station(const struct wq_view *view)
{
	const struct wq_site *site = view->engine->site;
	if (in_scope(view, WQ_SCOPE_NETWORK))
		return NULL;
	return in_scope(view, WQ_SCOPE_STATION) ? &site->stations[view->place]
						: &site->stations[site->series[view->place].station];
}

const struct wq_parameter *wq_view_parameter(const struct wq_view *view)
{
	const struct wq_series *series = wq_view_series(view);
	return series != NULL ? &view->engine->site->parameters[series->parameter] : NULL;
}

const struct wq_reading *wq_view_readings(const struct wq_view *view, uint32_t series, size_t *count)
{
	const struct track *track = &view->engine->tracks[series];
	*count = track->count;
	return track->readings;
}

const struct wq_reading *wq_view_trigger(const struct wq_view *view)
{
	return view->trigger;
}

/* What came with it in this batch stands near it, as one poll or message gives it. */
#define BESIDE 40

static const struct wq_sample *in_batch(const struct wq_view *view, uint32_t series, wq_ms at)
{
	const struct wq_batch *batch = view->batch;
	size_t from = view->at_hand > BESIDE ? view->at_hand - BESIDE : 0;
	size_t to = batch->count - view->at_hand > BESIDE ? view->at_hand + BESIDE : batch->count;
	for (size_t i = from; i < to; i++)
		if (batch->samples[i].series == series && batch->samples[i].at == at)
			return &batch->samples[i];
	return NULL;
}

bool wq_view_beside(const struct wq_view *view, uint32_t series, wq_ms at, double *value)
{
	const struct wq_sample *sample = view->batch != NULL ? in_batch(view, series, at) : NULL;
	const struct wq_reading *reading = sample == NULL ? window_at(&view->engine->tracks[series], at) : NULL;
	if (sample != NULL && (sample->quality == WQ_BAD || sample->quality == WQ_MISSING || !isfinite(sample->value)))
		return false;
	if (sample == NULL && reading == NULL)
		return false;
	*value = sample != NULL ? sample->value : reading->value;
	return true;
}

bool wq_view_alarmed(const struct wq_view *view)
{
	const struct wq_station *station = wq_view_station(view);
	return (in_scope(view, WQ_SCOPE_SERIES) && view->engine->tracks[view->place].alarms > 0) ||
		(station != NULL && view->engine->stations[station - view->engine->site->stations].alarms > 0);
}

double wq_view_replaced(const struct wq_view *view)
{
	return view->replaced;
}

bool wq_view_open(const struct wq_view *view)
{
	return view->open;
}

wq_ms wq_view_last_reading(const struct wq_view *view, uint32_t series)
{
	const struct wq_reading *newest = window_newest(&view->engine->tracks[series]);
	return newest != NULL ? newest->at : WQ_NO_TIME;
}

wq_ms wq_view_last_arrival(const struct wq_view *view, uint32_t series)
{
	return view->engine->tracks[series].last_arrival;
}

wq_ms wq_view_excused(const struct wq_view *view, uint32_t series)
{
	return suppress_excused(view->engine, series, in_scope(view, WQ_SCOPE_SERIES), view->now);
}

bool wq_view_undecided(const struct wq_view *view)
{
	if (in_scope(view, WQ_SCOPE_STATION))
		return suppress_in_doubt(view->engine, view->place, view->now);
	return in_scope(view, WQ_SCOPE_SERIES) && suppress_undecided(view->engine, view->place, view->now);
}

wq_ms wq_view_last_seen(const struct wq_view *view, uint32_t series)
{
	return suppress_seen(view->engine, series, view->now);
}

wq_ms wq_view_started(const struct wq_view *view)
{
	const struct wq_engine *engine = view->engine;
	const struct wq_station *station = wq_view_station(view);
	if (!engine->site->recorded || station == NULL)
		return engine->started;
	return engine->stations[station - engine->site->stations].first;
}

const struct wq_day_report *wq_view_day(const struct wq_view *view)
{
	return view->day;
}

const struct wq_past_day *wq_view_days(const struct wq_view *view, uint32_t station, size_t *count)
{
	const struct past *past = view->engine->past;
	*count = past != NULL ? past[station].count : 0;
	return past != NULL ? past[station].days : NULL;
}

bool wq_view_so_far(const struct wq_view *view, uint32_t series, wq_day day, struct wq_day_so_far *so_far)
{
	const struct wq_engine *engine = view->engine;
	const struct wq_site *site = engine->site;
	const struct wq_series *which = &site->series[series];
	const struct wq_zone *zone = site->stations[which->station].zone;
	const struct day_slot *slot = days_slot(engine, which->station, day);
	int32_t expected;
	if (slot == NULL)
		return false;
	const struct day_sum *sum = days_sum(engine, series, day);
	*so_far = (struct wq_day_so_far){ .closed = slot->closed,
		.mean = report_mean(&site->parameters[which->parameter], sum),
		.valid = sum->sum.count,
		.needed = wq_readings_needed(&site->evaluation, which,
			wq_day_start(zone, day + 1) - wq_day_start(zone, day), &expected) };
	return true;
}
