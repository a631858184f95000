/* SPDX-License-Identifier: Apache-2.0 */
/* Maintenance: what is measured meanwhile is stored as such and judged by nobody, and silence is nobody's fault. Three say
 * so: the station by its flags, the configuration by its plans, a person by hand. What the three say is the same stretch
 * of time, which ends `settle` later than it was said. */
#include "engine_parts.h"

#include "wq/validate.h"

#include <math.h>
#include <string.h>

struct stretch {
	wq_ms from, to; /* [from, to), settling included */
};

static const struct wq_station *station_of(const struct wq_engine *engine, uint32_t series)
{
	return &engine->site->stations[engine->site->series[series].station];
}

static bool plan_names(const struct wq_plan *plan, uint32_t series)
{
	for (size_t i = 0; i < plan->series_count; i++)
		if (plan->series[i] == series)
			return true;
	return false;
}

/* Bit of the day of the week; 1970-01-01 was a Thursday. */
static unsigned weekday_bit(wq_day day)
{
	return 1u << (((day + 3) % 7 + 7) % 7);
}

/* The newest stretch of a plan that has begun by `at`; false: none has. */
static bool plan_stretch(const struct wq_plan *plan, const struct wq_station *station, wq_ms at, struct stretch *stretch)
{
	if (plan->from != WQ_NO_TIME) {
		*stretch = (struct stretch){ plan->from, plan->to + station->settle };
		return plan->from <= at;
	}
	wq_day today = wq_day_of(station->zone, at);
	for (wq_day day = today; day > today - 8; day--) {
		wq_ms from = wq_day_start(station->zone, day) + plan->at;
		*stretch = (struct stretch){ from, from + plan->span + station->settle };
		if ((plan->weekdays & weekday_bit(day)) != 0 && from <= at)
			return true;
	}
	return false;
}

static bool hand_names(const struct wq_engine *engine, const struct wq_maintenance *hand, uint32_t series)
{
	return hand->series == series || (hand->series == WQ_NONE && hand->station == engine->site->series[series].station);
}

static struct stretch hand_stretch(const struct wq_engine *engine, const struct wq_maintenance *hand)
{
	wq_ms to = hand->ended != WQ_NO_TIME && hand->ended < hand->to ? hand->ended : hand->to;
	return (struct stretch){ hand->from, to + engine->site->stations[hand->station].settle };
}

static bool within(struct stretch stretch, wq_ms at)
{
	return stretch.from <= at && at < stretch.to;
}

bool care_covers(const struct wq_engine *engine, uint32_t series, wq_ms at)
{
	const struct wq_station *station = station_of(engine, series);
	const struct track *track = &engine->tracks[series];
	struct stretch stretch;
	if (track->flag_at != WQ_NO_TIME && within((struct stretch){ track->flag_at, track->flag_at + station->settle }, at))
		return true;
	for (size_t i = 0; i < station->plan_count; i++)
		if (plan_names(&station->plans[i], series) && plan_stretch(&station->plans[i], station, at, &stretch) &&
			within(stretch, at))
			return true;
	for (size_t i = 0; i < engine->hand_count; i++)
		if (hand_names(engine, &engine->hands[i], series) && within(hand_stretch(engine, &engine->hands[i]), at))
			return true;
	return false;
}

/* `until` moved on to the end of a stretch, as far as it has passed by now. */
static wq_ms extend(wq_ms until, struct stretch stretch, wq_ms now)
{
	wq_ms to = stretch.to < now ? stretch.to : now;
	return stretch.from <= now && to > until ? to : until; /* WQ_NO_TIME is the smallest */
}

wq_ms care_until(const struct wq_engine *engine, uint32_t series, wq_ms now)
{
	const struct wq_station *station = station_of(engine, series);
	wq_ms flagged = engine->tracks[series].flag_last, until = WQ_NO_TIME;
	struct stretch stretch;
	if (flagged != WQ_NO_TIME)
		until = extend(until, (struct stretch){ flagged, flagged + station->settle }, now);
	for (size_t i = 0; i < station->plan_count; i++)
		if (plan_names(&station->plans[i], series) && plan_stretch(&station->plans[i], station, now, &stretch))
			until = extend(until, stretch, now);
	for (size_t i = 0; i < engine->hand_count; i++)
		if (hand_names(engine, &engine->hands[i], series))
			until = extend(until, hand_stretch(engine, &engine->hands[i]), now);
	return until;
}

wq_ms care_announced(const struct wq_engine *engine, uint32_t series, wq_ms now)
{
	const struct wq_station *station = station_of(engine, series);
	wq_ms until = WQ_NO_TIME;
	struct stretch stretch;
	for (size_t i = 0; i < station->plan_count; i++) {
		if (!plan_names(&station->plans[i], series) || !plan_stretch(&station->plans[i], station, now, &stretch))
			continue;
		stretch.to -= station->settle;
		until = extend(until, stretch, now);
	}
	for (size_t i = 0; i < engine->hand_count; i++) {
		if (!hand_names(engine, &engine->hands[i], series))
			continue;
		stretch = hand_stretch(engine, &engine->hands[i]);
		stretch.to -= station->settle;
		until = extend(until, stretch, now);
	}
	return until;
}

void care_note(struct wq_engine *engine, const struct wq_sample *sample, enum wq_quality quality, wq_ms received)
{
	struct track *track = &engine->tracks[sample->series];
	bool ahead = sample->at - received > engine->site->evaluation.future_tolerance;
	bool flagged = wq_flag_listed(&station_of(engine, sample->series)->maintenance_flags, sample->flag);
	if (quality == WQ_MAINTENANCE && (track->held.at == WQ_NO_TIME || sample->at >= track->held.at))
		track->held = (struct wq_reading){ .at = sample->at, .value = sample->value, .quality = (uint8_t)quality };
	/* What comes out of order says nothing about now. */
	if (ahead || (track->flag_at != WQ_NO_TIME && sample->at < track->flag_at))
		return;
	if (!flagged) {
		track->flag_since = WQ_NO_TIME;
		return;
	}
	if (track->flag_since == WQ_NO_TIME)
		track->flag_since = received;
	track->flag_last = received;
	track->flag_at = sample->at;
	memcpy(track->flag, sample->flag, sizeof track->flag);
}

void care_stepped(struct wq_engine *engine, uint32_t series, wq_ms now)
{
	struct track *track = &engine->tracks[series];
	wq_ms latest = now + engine->site->evaluation.future_tolerance;
	if (track->flag_last > now)
		track->flag_last = now;
	if (track->flag_since > now)
		track->flag_since = now;
	if (track->flag_at > latest)
		track->flag_at = now;
	if (track->held.at > latest)
		track->held.at = WQ_NO_TIME;
}

/* -- who is under maintenance, for displays -- */

struct rows {
	struct wq_maintained *rows;
	size_t count, cap;
};

static void put(struct rows *to, const struct wq_maintained *row)
{
	if (to->count < to->cap)
		to->rows[to->count] = *row;
	to->count++;
}

/* One row for all series of the station, or one for each. */
static void put_series(struct rows *to, const struct wq_engine *engine, struct wq_maintained row, const uint32_t *series,
	size_t count)
{
	row.series = WQ_NONE;
	if (count == engine->site->stations[row.station].series_count) {
		put(to, &row);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		row.series = series[i];
		put(to, &row);
	}
}

static void put_plans(struct rows *to, const struct wq_engine *engine, uint32_t index, wq_ms now)
{
	const struct wq_station *station = &engine->site->stations[index];
	for (size_t i = 0; i < station->plan_count; i++) {
		const struct wq_plan *plan = &station->plans[i];
		struct stretch stretch;
		if (!plan_stretch(plan, station, now, &stretch) || !within(stretch, now))
			continue;
		put_series(to, engine,
			(struct wq_maintained){ .by = WQ_BY_PLAN,
				.station = index,
				.since = stretch.from,
				.until = stretch.to,
				.who = plan->name,
				.reason = plan->reason != NULL ? plan->reason : "" },
			plan->series, plan->series_count);
	}
}

static void put_hands(struct rows *to, const struct wq_engine *engine, uint32_t index, wq_ms now)
{
	for (size_t i = 0; i < engine->hand_count; i++) {
		const struct wq_maintenance *hand = &engine->hands[i];
		struct stretch stretch = hand_stretch(engine, hand);
		if (hand->station != index || !within(stretch, now))
			continue;
		put(to, &(struct wq_maintained){ .by = WQ_BY_HAND,
				.station = index,
				.series = hand->series,
				.since = stretch.from,
				.until = stretch.to,
				.id = hand->id,
				.who = hand->who,
				.reason = hand->reason });
	}
}

static void put_flags(struct rows *to, const struct wq_engine *engine, uint32_t index)
{
	const struct wq_station *station = &engine->site->stations[index];
	uint32_t flagged = 0, last = 0;
	for (uint32_t i = 0; i < station->series_count; i++)
		if (engine->tracks[station->first_series + i].flag_since != WQ_NO_TIME) {
			flagged++;
			last = i;
		}
	bool whole = flagged == station->series_count && flagged > 0;
	for (uint32_t i = whole ? last : 0; i < station->series_count; i++) {
		const struct track *track = &engine->tracks[station->first_series + i];
		if (track->flag_since == WQ_NO_TIME)
			continue;
		put(to, &(struct wq_maintained){ .by = WQ_BY_FLAG,
				.station = index,
				.series = whole ? WQ_NONE : station->first_series + i,
				.since = track->flag_since,
				.until = WQ_NO_TIME,
				.who = track->flag,
				.reason = "" });
	}
}

size_t wq_engine_maintained(const struct wq_engine *engine, wq_ms now, struct wq_maintained *rows, size_t cap)
{
	struct rows to = { .rows = rows, .cap = cap };
	for (uint32_t i = 0; i < engine->site->station_count; i++) {
		put_plans(&to, engine, i, now);
		put_hands(&to, engine, i, now);
		put_flags(&to, engine, i);
	}
	return to.count;
}
