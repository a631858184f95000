/* SPDX-License-Identifier: Apache-2.0 */
/* Rows and ticks through the engine, in the order of time. */
#include "replay.h"

#include "wq/err.h"

#include <math.h>

#define TICK WQ_MINUTES(1)

struct replay {
	const struct readings *readings;
	const struct wq_site *site;
	const uint32_t *parameters; /* column -> site.parameters */
	const struct replay_listener *listener;
	struct wq_engine *engine;
	struct wq_outcome out;
	bool every_tick;
};

/* Tells what was concluded; `given` are the samples of the batch, NULL after a tick. */
static void tell(struct replay *replay, const struct wq_sample *given)
{
	const struct replay_listener *to = replay->listener;
	struct wq_outcome *out = &replay->out;
	for (size_t i = 0; given != NULL && to->sample != NULL && i < out->sample_count; i++)
		to->sample(to->owner, replay->site, &given[i], &out->samples[i]);
	for (size_t i = 0; to->change != NULL && i < out->change_count; i++)
		to->change(to->owner, replay->site, &out->changes[i]);
	for (size_t i = 0; to->day != NULL && i < out->day_count; i++)
		to->day(to->owner, replay->site, &out->days[i]);
	wq_outcome_reset(out);
}

static wq_ms next_tick(wq_ms after)
{
	return after - after % TICK + TICK;
}

/* The first tick from `next` on that can conclude anything. Ticks stay on the same whole minutes
 * whichever are left out. */
static wq_ms useful_tick(const struct replay *replay, wq_ms next, wq_ms end)
{
	wq_ms wake = replay->every_tick ? next : wq_engine_wake(replay->engine);
	if (wake <= next)
		return next;
	if (wake > end)
		return wake;
	return next_tick(wake - 1);
}

static int tick_until(struct replay *replay, wq_ms *now, wq_ms at, struct wq_err *err)
{
	for (wq_ms next = useful_tick(replay, next_tick(*now), at); next <= at;
	        next = useful_tick(replay, next + TICK, at)) {
		if (wq_engine_tick(replay->engine, next, &replay->out, err) < 0)
			return WQ_E_MEMORY;
		tell(replay, NULL);
	}
	*now = at;
	return 0;
}

static const uint8_t qualities[] = {
	[WQ_CELL_VALUE] = WQ_UNCHECKED,
	[WQ_CELL_MISSING] = WQ_MISSING,
	[WQ_CELL_WRONG] = WQ_BAD,
};

static size_t take_samples(
        const struct replay *replay, const struct readings_row *row, struct wq_sample *samples)
{
	const struct readings *readings = replay->readings;
	size_t n = 0;
	for (size_t i = 0; i < readings->columns; i++) {
		const struct readings_cell *cell = &readings->cells[row->cells + i];
		if (cell->state == WQ_CELL_NOT_MEASURED)
			continue;
		uint32_t series = wq_site_series(replay->site, row->station, replay->parameters[i]);
		if (series != WQ_NONE)
			samples[n++] = (struct wq_sample){ .series = series,
				.quality = qualities[cell->state],
				.stamp = WQ_STAMP_STATION,
				.at = row->at,
				.value = cell->state == WQ_CELL_VALUE ? cell->value : NAN };
	}
	return n;
}

static int feed(struct replay *replay, const struct readings_row *row, struct wq_err *err)
{
	struct wq_sample samples[READINGS_COLUMNS];
	struct wq_batch batch = { .trusted = true,
		.received = row->at,
		.sequence = row->order + 1,
		.count = take_samples(replay, row, samples),
		.samples = samples };
	if (wq_engine_batch(replay->engine, &batch, &replay->out, err) < 0)
		return WQ_E_MEMORY;
	tell(replay, samples);
	return 0;
}

/* The last day ends where the readings end: it is judged by what there is. */
static int finish(struct replay *replay, wq_ms last, struct wq_err *err)
{
	wq_ms end = last;
	for (size_t i = 0; i < replay->site->station_count; i++) {
		const struct wq_zone *zone = replay->site->stations[i].zone;
		wq_ms day_end = wq_day_start(zone, wq_day_of(zone, last) + 1);
		end = day_end > end ? day_end : end;
	}
	int r = wq_engine_close_days(
	        replay->engine, end + replay->site->evaluation.day_closes_after, &replay->out, err);
	tell(replay, NULL);
	return r;
}

static int run(struct replay *replay, struct wq_err *err)
{
	const struct readings *readings = replay->readings;
	int r = 0;
	wq_ms now = readings->row_count > 0 ? readings->rows[0].at : 0;
	for (size_t i = 0; i < readings->row_count && r == 0; i++) {
		r = tick_until(replay, &now, readings->rows[i].at, err);
		if (r == 0)
			r = feed(replay, &readings->rows[i], err);
	}
	return r == 0 && readings->row_count > 0 ? finish(replay, now, err) : r;
}

int replay_run(const struct readings *readings, const struct wq_site *site,
        const uint32_t *parameters, const struct replay_listener *listener, bool every_tick,
        struct wq_err *err)
{
	struct replay replay = { .readings = readings,
		.site = site,
		.parameters = parameters,
		.listener = listener,
		.every_tick = every_tick };
	replay.engine = wq_engine_new(site, err);
	if (replay.engine == NULL)
		return WQ_E_INVALID;
	int r = run(&replay, err);
	wq_outcome_free(&replay.out);
	wq_engine_free(replay.engine);
	return r;
}
