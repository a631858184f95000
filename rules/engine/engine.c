/* SPDX-License-Identifier: Apache-2.0 */
/* The engine: one sample after the other, then the day, then time. */
#include "engine_parts.h"

#include "wq/validate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct wq_series *series_of(const struct wq_engine *engine, uint32_t series)
{
	return &engine->site->series[series];
}

/* The same analysis read again: an analyser holds its last result until the next one. Where the analyser's own
 * time is known that identifies the analysis; without it, the same value within one cycle is the same analysis. */
static bool same_analysis(const struct wq_series *series, const struct wq_sample *sample,
	const struct wq_reading *newest)
{
	return newest != NULL && sample->stamp != WQ_STAMP_ANALYSER && series->cycle > 0 &&
		sample->value == newest->value && sample->at > newest->at &&
		sample->at - newest->at < series->cycle;
}

/* Whether the sample is an analysis that was read before, and when that was measured. One made under maintenance that the
 * analyser still holds afterwards, a standard solution perhaps, is no reading of the water. */
static bool read_before(const struct wq_engine *engine, const struct wq_sample *sample, enum wq_quality quality, wq_ms *at)
{
	const struct track *track = &engine->tracks[sample->series];
	const struct wq_series *series = series_of(engine, sample->series);
	const struct wq_reading *newest = window_newest(track), *held = &track->held;
	if (held->at == WQ_NO_TIME || (newest != NULL && newest->at > held->at))
		held = NULL;
	if (quality == WQ_MAINTENANCE)
		newest = NULL; /* shown as what it is */
	const struct wq_reading *same = same_analysis(series, sample, held) ? held
		: same_analysis(series, sample, newest)			    ? newest
									    : NULL;
	if (same != NULL)
		*at = same->at;
	return same != NULL;
}

/* The slot of the day a reading belongs to; NULL when that day is not in memory. */
static struct day_slot *day_for(struct wq_engine *engine, uint32_t station, wq_ms at, wq_ms now,
	struct wq_outcome *out, wq_day *day)
{
	*day = wq_day_of(engine->site->stations[station].zone, at);
	struct day_slot *slot = days_slot(engine, station, *day);
	if (slot != NULL)
		return slot;
	if (!engine->restoring)
		days_make_room(engine, station, *day, now, out);
	days_open(engine, station, *day);
	return days_slot(engine, station, *day);
}

/* Brings the day in line with what the window said. False: only the store can tell. */
static bool count_day(struct wq_engine *engine, const struct wq_sample *sample, uint64_t sequence, enum placed placed,
	double replaced, wq_ms now, struct wq_outcome *out)
{
	wq_day day;
	uint32_t station = series_of(engine, sample->series)->station;
	struct day_slot *slot = placed == PLACED_TOO_OLD
		? NULL
		: day_for(engine, station, sample->at, now, out, &day);
	if (slot == NULL) {
		day = wq_day_of(engine->site->stations[station].zone, sample->at);
		if (!engine->restoring)
			wanted_add(engine, station, day, sequence, now, out);
		return false;
	}
	wanted_touch(engine, station, day, sequence);
	if (placed == PLACED_CHANGED)
		days_remove(engine, sample->series, slot, replaced);
	days_add(engine, sample->series, slot, sample->value);
	slot->dirty = slot->closed;
	return true;
}

/* A reading that can be judged: into the window, into its day, before the rules. */
static void take_reading(struct wq_engine *engine, const struct wq_sample *sample, struct wq_stored *stored, wq_ms now,
	struct wq_outcome *out)
{
	struct track *track = &engine->tracks[sample->series];
	const struct wq_reading *where;
	double replaced;
	struct wq_reading reading = { sample->at, sample->value, stored->quality, stored->test };
	enum placed placed = window_put(track, &reading, &replaced, &where);
	if (placed == PLACED_SAME) {
		stored->record = WQ_RECORD_REPEAT;
		return;
	}
	if (placed == PLACED_NEW && where == window_newest(track) && now > track->seen)
		track->seen = now;
	if (placed == PLACED_CHANGED)
		stored->record = WQ_RECORD_REVISION;
	count_day(engine, sample, stored->sequence, placed, replaced, now, out);
	if (where != NULL)
		slots_series(engine, sample->series, where, replaced, now, stored->late || engine->restoring, out);
}

/* What cannot be judged is stored and forgotten; where it replaces a reading, that one is withdrawn. */
static void take_unassessable(struct wq_engine *engine, const struct wq_sample *sample, struct wq_stored *stored,
	wq_ms now, struct wq_outcome *out)
{
	double old;
	const struct track *track = &engine->tracks[sample->series];
	uint32_t station = series_of(engine, sample->series)->station;
	wq_day day = wq_day_of(engine->site->stations[station].zone, sample->at);
	/* Whether it replaces one that is no longer remembered only the store can tell. */
	if (track->count > 0 && sample->at < track->readings[0].at && !engine->restoring)
		wanted_add(engine, station, day, stored->sequence, now, out);
	if (!window_remove(&engine->tracks[sample->series], sample->at, &old))
		return;
	struct day_slot *slot = days_slot(engine, station, day);
	stored->record = WQ_RECORD_REVISION;
	if (slot == NULL)
		return;
	days_remove(engine, sample->series, slot, old);
	slot->dirty = slot->closed;
}

/* Of a stored sample the plans of today say nothing: it was judged by those of its day. */
static enum wq_quality quality_of(const struct wq_engine *engine, const struct wq_sample *sample, wq_ms now)
{
	const struct wq_series *series = series_of(engine, sample->series);
	bool maintained = !engine->restoring && care_covers(engine, sample->series, sample->at);
	return wq_validate(&engine->site->stations[series->station], series, sample, maintained, now,
		engine->site->evaluation.future_tolerance);
}

/* A reading before that waited for this one: only its quality changes, and where it has another value by now nothing. */
static void judge_before(struct wq_engine *engine, const struct wq_judgement *judged, const struct wq_stored *stored,
	struct wq_outcome *out)
{
	struct wq_reading *reading = window_at(&engine->tracks[stored->series], judged->at);
	if (reading == NULL || reading->value < judged->value || reading->value > judged->value ||
		(reading->quality == judged->quality && reading->test == judged->test))
		return;
	reading->quality = judged->quality;
	reading->test = judged->test;
	if (!engine->restoring)
		out->judged[out->judged_count++] = (struct wq_judged){ stored->series, judged->at, judged->value,
			stored->received, stored->sequence, judged->quality, judged->test };
}

/* What the rule of quality says of a sample. Never more than that a good one is suspect: nothing is taken away from those who
 * judge the water. A stored sample stays as it was judged. */
static void judge_quality(struct wq_engine *engine, const struct wq_batch *batch, size_t at_hand, struct wq_stored *stored,
	struct wq_outcome *out)
{
	struct wq_judgement judgements[WQ_JUDGEMENTS];
	const struct wq_reading reading = { stored->at, stored->value, stored->quality, 0 };
	size_t count = slots_quality(engine, batch, at_hand, &reading, judgements);
	for (size_t i = 0; i < count; i++) {
		if (judgements[i].at != stored->at) {
			judge_before(engine, &judgements[i], stored, out);
			continue;
		}
		if (stored->quality == WQ_GOOD && judgements[i].quality == WQ_SUSPECT && !engine->restoring)
			stored->quality = WQ_SUSPECT;
		if (stored->quality != WQ_GOOD)
			stored->test = judgements[i].test;
	}
}

static void take(struct wq_engine *engine, const struct wq_batch *batch, size_t at_hand, struct wq_outcome *out)
{
	const struct wq_sample *sample = &batch->samples[at_hand];
	const struct wq_series *series = series_of(engine, sample->series);
	struct track *track = &engine->tracks[sample->series];
	struct wq_stored *stored = &out->samples[out->sample_count++];
	*stored = (struct wq_stored){ .series = sample->series,
		.source = batch->source,
		.at = sample->at,
		.received = batch->received,
		.sequence = batch->sequence,
		.value = sample->value,
		.record = WQ_RECORD_NEW,
		.quality = (uint8_t)quality_of(engine, sample, batch->received),
		.stamp = sample->stamp,
		.trusted = batch->trusted,
		.late = batch->received - sample->at > series->late_after };
	memcpy(stored->flag, sample->flag, sizeof stored->flag);
	track->last_arrival = batch->received;
	struct place_station *station = &engine->stations[series->station];
	if (station->first == WQ_NO_TIME) {
		station->first = batch->received;
		slots_begin(engine, series->station, batch->received);
	}
	enum wq_quality quality = (enum wq_quality)stored->quality;
	bool assessable = quality == WQ_GOOD || quality == WQ_SUSPECT;
	bool before = (assessable || quality == WQ_MAINTENANCE) && read_before(engine, sample, quality, &stored->at);
	care_note(engine, sample, quality, batch->received);
	if (!before && quality != WQ_MAINTENANCE)
		judge_quality(engine, batch, at_hand, stored, out);
	if (before)
		stored->record = WQ_RECORD_REPEAT;
	else if (assessable)
		take_reading(engine, sample, stored, batch->received, out);
	else
		take_unassessable(engine, sample, stored, batch->received, out);
}

static bool under_alarm(const struct wq_engine *engine, uint32_t series)
{
	return engine->tracks[series].alarms > 0 ||
		engine->stations[series_of(engine, series)->station].alarms > 0;
}

static void no_score(struct wq_engine *engine, uint32_t series)
{
	engine->tracks[series].score = 0;
	engine->stations[series_of(engine, series)->station].score = 0;
}

static void conclude_sample(const struct wq_engine *engine, struct wq_stored *stored)
{
	float own = engine->tracks[stored->series].score;
	float whole = engine->stations[series_of(engine, stored->series)->station].score;
	stored->event = under_alarm(engine, stored->series);
	stored->score = (double)(own > whole ? own : whole);
}

static void begin(struct wq_engine *engine, wq_ms now)
{
	if (engine->started == WQ_NO_TIME)
		engine->started = now;
}

int wq_engine_batch(struct wq_engine *engine, const struct wq_batch *batch, struct wq_outcome *out,
	struct wq_err *err)
{
	size_t first = out->sample_count;
	if (!outcome_reserve_samples(out, batch->count) || !outcome_reserve_judged(out, batch->count))
		return wq_fail(err, WQ_E_MEMORY, "no memory for a batch of %zu samples; it waits", batch->count);
	begin(engine, batch->received);
	for (size_t i = 0; i < batch->count; i++)
		no_score(engine, batch->samples[i].series);
	for (size_t i = 0; i < batch->count; i++)
		take(engine, batch, i, out);
	for (size_t i = first; i < out->sample_count; i++) {
		uint32_t station = series_of(engine, out->samples[i].series)->station;
		bool told = i > first && series_of(engine, out->samples[i - 1].series)->station == station;
		if (!told)
			slots_station(engine, station, batch->received, out);
	}
	slots_network(engine, batch->received, out);
	for (size_t i = first; i < out->sample_count; i++)
		conclude_sample(engine, &out->samples[i]);
	return 0;
}

static int conclude_all(const struct wq_engine *engine, struct wq_err *err)
{
	return engine->short_of_memory
		? wq_fail(err, WQ_E_MEMORY, "no memory for all conclusions; the rest is drawn at the next tick")
		: 0;
}

int wq_engine_close_days(struct wq_engine *engine, wq_ms now, struct wq_outcome *out, struct wq_err *err)
{
	engine->short_of_memory = false;
	days_advance(engine, now, out);
	return conclude_all(engine, err);
}

int wq_engine_tick(struct wq_engine *engine, wq_ms now, struct wq_outcome *out, struct wq_err *err)
{
	begin(engine, now);
	engine->short_of_memory = false;
	wanted_advance(engine, now, out);
	profiles_advance(engine, now);
	days_advance(engine, now, out);
	slots_time(engine, now, out);
	hands_tick(engine, now, out);
	shelves_advance(engine, now, out);
	alarms_escalate(engine, now, out);
	reminders_tell(engine, now, out);
	flood_advance(engine, now, out);
	return conclude_all(engine, err);
}

bool wq_engine_latest(const struct wq_engine *engine, uint32_t series, struct wq_reading *reading)
{
	const struct wq_reading *newest = window_newest(&engine->tracks[series]);
	if (newest != NULL)
		*reading = *newest;
	return newest != NULL;
}
