/* SPDX-License-Identifier: Apache-2.0 */
/* Days that only the store can sum up, because readings came that are older than what is remembered. A station that
 * sends a backlog sends many of them: the day is read once they have stopped for a moment, or now and then while they
 * go on, and not with each. That a day is wanted is committed with the reading that made it so. */
#include "engine_parts.h"

#include <string.h>

/* Asked for after so long without a further one; at the latest after so long. */
#define QUIET   WQ_SECONDS(2)
#define AT_MOST WQ_SECONDS(30)

static struct wanted *find(struct wq_engine *engine, uint32_t station, wq_day day)
{
	for (size_t i = 0; i < engine->wanted_count; i++)
		if (engine->wanted[i].station == station && engine->wanted[i].day == day)
			return &engine->wanted[i];
	return NULL;
}

static void forget(struct wq_engine *engine, struct wanted *w)
{
	struct wanted *end = engine->wanted + --engine->wanted_count;
	memmove(w, w + 1, (size_t)(end - w) * sizeof *w);
}

static void ask(struct wq_engine *engine, struct wanted *w, struct wq_outcome *out)
{
	w->asked = outcome_need(out, w->station, w->day, true);
	if (!w->asked)
		engine->short_of_memory = true;
}

static struct wanted *add(struct wq_engine *engine, uint32_t station, wq_day day, wq_ms now)
{
	struct wanted *w = &engine->wanted[engine->wanted_count++];
	*w = (struct wanted){ .station = station, .day = day, .since = now, .last = now };
	return w;
}

void wanted_add(struct wq_engine *engine, uint32_t station, wq_day day, uint64_t sequence, wq_ms now,
	struct wq_outcome *out)
{
	struct wanted *w = find(engine, station, day);
	if (w == NULL) {
		/* Room: the oldest is asked for now, and its answer taken as it comes. */
		if (engine->wanted_count == WANTED_MAX) {
			if (!engine->wanted[0].asked)
				ask(engine, &engine->wanted[0], out);
			forget(engine, &engine->wanted[0]);
		}
		w = add(engine, station, day, now);
		if (!outcome_need(out, station, day, false))
			engine->short_of_memory = true;
	}
	w->touched = sequence;
	w->last = now;
}

void wanted_touch(struct wq_engine *engine, uint32_t station, wq_day day, uint64_t sequence)
{
	struct wanted *w = engine->wanted_count > 0 ? find(engine, station, day) : NULL;
	if (w != NULL)
		w->touched = sequence;
}

void wanted_advance(struct wq_engine *engine, wq_ms now, struct wq_outcome *out)
{
	for (size_t i = 0; i < engine->wanted_count; i++) {
		struct wanted *w = &engine->wanted[i];
		/* A clock that was set back. */
		if (now < w->last)
			w->since = w->last = now;
		if (!w->asked && (now - w->last >= QUIET || now - w->since >= AT_MOST))
			ask(engine, w, out);
	}
}

wq_ms wanted_wake(const struct wq_engine *engine)
{
	wq_ms next = INT64_MAX;
	for (size_t i = 0; i < engine->wanted_count; i++) {
		const struct wanted *w = &engine->wanted[i];
		wq_ms due = w->last + QUIET < w->since + AT_MOST ? w->last + QUIET : w->since + AT_MOST;
		if (!w->asked && due < next)
			next = due;
	}
	return next;
}

bool wanted_answered(struct wq_engine *engine, uint32_t station, wq_day day, uint64_t upto, wq_ms now)
{
	struct wanted *w = find(engine, station, day);
	if (w == NULL)
		return true;
	if (w->touched > upto) {
		w->asked = false;
		w->since = w->last = now;
		return false;
	}
	forget(engine, w);
	return true;
}

void wq_engine_restore_need(struct wq_engine *engine, uint32_t station, wq_day day)
{
	if (station < engine->site->station_count && engine->wanted_count < WANTED_MAX &&
		find(engine, station, day) == NULL)
		add(engine, station, day, 0);
}
