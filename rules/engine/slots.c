/* SPDX-License-Identifier: Apache-2.0 */
/* Calls the rules of a place and hands what they say to the alarms. */
#include "engine_parts.h"
#include "life.h"

#include <math.h>
#include <string.h>

typedef bool (*rule_call)(void *state, const void *settings, const struct wq_view *view, struct wq_verdict *out);

struct slot *slots_at(const struct wq_engine *engine, uint32_t rule, uint32_t place)
{
	return &engine->slots[engine->first_slot[rule] + place];
}

static void *state_of(const struct wq_engine *engine, const struct slot *slot)
{
	return engine->states + engine->state_at[slot->use] + slot->place * engine->state_stride[slot->use];
}

static struct wq_view view_of(const struct wq_engine *engine, const struct slot *slot, wq_ms now)
{
	const struct wq_rule_use *use = &engine->site->rules[slot->use];
	return (struct wq_view){ .engine = engine,
		.use = use,
		.place = use->places[slot->place],
		.open = slot->alarm != NULL,
		.now = now,
		.replaced = NAN };
}

static void note_score(struct wq_engine *engine, const struct wq_view *view, double score)
{
	const enum wq_scope scope = view->use->rule->scope;
	float *of = scope == WQ_SCOPE_SERIES  ? &engine->tracks[view->place].score
		: scope == WQ_SCOPE_STATION ? &engine->stations[view->place].score
					    : NULL;
	if (of != NULL && score > (double)*of)
		*of = (float)score;
}

/* One rule at one place; silent: its memory follows, its verdict does not count. */
static void ask(struct wq_engine *engine, struct slot *slot, rule_call call, const struct wq_view *view,
	bool silent, bool correction, struct wq_outcome *out)
{
	struct wq_verdict verdict;
	if (call == NULL)
		return;
	memset(&verdict, 0, sizeof verdict);
	verdict.series = WQ_NONE;
	verdict.at = view->now;
	verdict.value = verdict.limit = NAN;
	bool said = call(state_of(engine, slot), view->use->settings, view, &verdict);
	if (verdict.score > 0)
		note_score(engine, view, verdict.score);
	if (!said || silent)
		return;
	/* It opens and raises nothing; but it does not meet either, and no delay goes on. */
	if (verdict.finding == WQ_FINDING_RAISE && !profiles_active(engine, view->use, view->now))
		verdict.finding = WQ_FINDING_HOLD;
	alarms_apply(engine, slot, &verdict, view->now, correction, out);
}

size_t slots_quality(struct wq_engine *engine, const struct wq_batch *batch, size_t at_hand, const struct wq_reading *sample,
	struct wq_judgement judgements[WQ_JUDGEMENTS])
{
	const uint32_t judge = engine->tracks[batch->samples[at_hand].series].judge;
	if (judge == WQ_NONE)
		return 0;
	struct slot *slot = &engine->slots[judge];
	struct wq_view view = view_of(engine, slot, batch->received);
	view.batch = batch;
	view.at_hand = at_hand;
	/* What it has seen of a sample that is no reading it can say by a tick only. */
	slot->wake = batch->received;
	engine->wake = batch->received;
	return view.use->rule->on_sample(state_of(engine, slot), view.use->settings, &view, sample, judgements);
}

/* Without memory for it now, it is stored a day later. */
void slots_learnt(struct wq_engine *engine, uint32_t station, struct wq_outcome *out)
{
	const struct wq_station *where = &engine->site->stations[station];
	for (uint32_t i = where->first_series; i < where->first_series + where->series_count; i++) {
		const uint32_t judge = engine->tracks[i].judge;
		const struct wq_rule_use *use = judge != WQ_NONE ? &engine->site->rules[engine->slots[judge].use] : NULL;
		if (use == NULL || use->rule->learnt == NULL || !outcome_reserve_learnt(out, 1))
			continue;
		struct wq_learnt *learnt = &out->learnt[out->learnt_count];
		*learnt = (struct wq_learnt){ .series = i, .low = NAN, .high = NAN, .rate = NAN };
		out->learnt_count += use->rule->learnt(state_of(engine, &engine->slots[judge]), use->settings, learnt);
	}
}

void wq_engine_restore_learnt(struct wq_engine *engine, const struct wq_learnt *learnt)
{
	const uint32_t judge = learnt->series < engine->site->series_count ? engine->tracks[learnt->series].judge : WQ_NONE;
	const struct wq_rule_use *use = judge != WQ_NONE ? &engine->site->rules[engine->slots[judge].use] : NULL;
	if (use != NULL && use->rule->relearn != NULL)
		use->rule->relearn(state_of(engine, &engine->slots[judge]), use->settings, learnt);
}

void slots_series(struct wq_engine *engine, uint32_t series, const struct wq_reading *trigger, double replaced,
	wq_ms now, bool silent, struct wq_outcome *out)
{
	struct span span = engine->by_series[series];
	for (uint32_t i = 0; i < span.count; i++) {
		struct slot *slot = &engine->slots[engine->index[span.first + i]];
		struct wq_view view = view_of(engine, slot, now);
		view.trigger = trigger;
		view.replaced = replaced;
		ask(engine, slot, view.use->rule->on_batch, &view, silent, false, out);
		slot->wake = now;
	}
	if (span.count > 0)
		engine->wake = now;
}

static void ask_batch(struct wq_engine *engine, struct span span, wq_ms now, struct wq_outcome *out)
{
	for (uint32_t i = 0; i < span.count; i++) {
		struct slot *slot = &engine->slots[engine->index[span.first + i]];
		struct wq_view view = view_of(engine, slot, now);
		ask(engine, slot, view.use->rule->on_batch, &view, engine->restoring, false, out);
		slot->wake = now;
	}
	if (span.count > 0)
		engine->wake = now;
}

void slots_station(struct wq_engine *engine, uint32_t station, wq_ms now, struct wq_outcome *out)
{
	ask_batch(engine, engine->by_station[station], now, out);
}

void slots_network(struct wq_engine *engine, wq_ms now, struct wq_outcome *out)
{
	ask_batch(engine, engine->network, now, out);
}

static void wake_all(struct wq_engine *engine, struct span span, wq_ms now)
{
	for (uint32_t i = 0; i < span.count; i++)
		engine->slots[engine->index[span.first + i]].wake = now;
	if (span.count > 0)
		engine->wake = now;
}

/* In a recorded series its places are watched from now on, and one that never gives a reading has no other occasion to
 * hear of it. */
void slots_begin(struct wq_engine *engine, uint32_t station, wq_ms now)
{
	const struct wq_station *where = &engine->site->stations[station];
	for (uint32_t i = 0; i < where->series_count; i++)
		wake_all(engine, engine->by_series[where->first_series + i], now);
	wake_all(engine, engine->by_station[station], now);
}

/* When the rule of a place wants to be asked again, after it was asked at `now`. */
static wq_ms wake_of(const struct wq_engine *engine, const struct slot *slot, const struct wq_view *view)
{
	const struct wq_rule *rule = view->use->rule;
	wq_ms wake = rule->wake != NULL ? rule->wake(state_of(engine, slot), view->use->settings, view) : view->now;
	/* What it has been saying is long enough then. */
	bool waits = slot->exceeds_since != WQ_NO_TIME && life_rings(slot->alarm != NULL ? slot->alarm->state : WQ_LIFE_NORMAL);
	wq_ms confirmed = waits
		? slot->exceeds_since + view->use->life.on_delay
		: WQ_NO_TIME;
	return confirmed > view->now && confirmed < wake ? confirmed : wake;
}

void slots_time(struct wq_engine *engine, wq_ms now, struct wq_outcome *out)
{
	wq_ms next = INT64_MAX;
	/* A clock that was set back must not silence the rules until it has caught up. */
	bool back = now < engine->ticked;
	engine->ticked = now;
	if (now < engine->wake && !back)
		return;
	for (size_t i = 0; i < engine->slot_count; i++) {
		struct slot *slot = &engine->slots[i];
		const struct wq_rule *rule = engine->site->rules[slot->use].rule;
		if (rule->on_time == NULL)
			continue;
		if (slot->wake <= now || back) {
			struct wq_view view = view_of(engine, slot, now);
			ask(engine, slot, rule->on_time, &view, false, false, out);
			slot->wake = wake_of(engine, slot, &view);
		}
		next = slot->wake < next ? slot->wake : next;
	}
	engine->wake = next;
}

static void ask_day(struct wq_engine *engine, struct slot *slot, const struct wq_day_report *report, wq_ms now,
	struct wq_outcome *out)
{
	struct wq_view view = view_of(engine, slot, now);
	if (report->older && (!view.use->rule->older || slot->alarm != NULL))
		return;
	view.day = report;
	ask(engine, slot, view.use->rule->on_day, &view, false, report->correction || report->older, out);
}

/* A rule that looks upstream is in the span of another station's series, whose days are not its own. */
static void day_of_series(struct wq_engine *engine, uint32_t series, const struct wq_day_report *report, wq_ms now,
	struct wq_outcome *out)
{
	struct span span = engine->by_series[series];
	for (uint32_t i = 0; i < span.count; i++) {
		struct slot *slot = &engine->slots[engine->index[span.first + i]];
		if (engine->site->rules[slot->use].places[slot->place] == series)
			ask_day(engine, slot, report, now, out);
	}
}

/* A day was closed or corrected. Only the newest closed day moves alarms, but for what turns out to have exceeded in the
 * days before: that is told as a correction. All else of last week is corrected in the record, and rings nobody. */
void slots_day(struct wq_engine *engine, const struct wq_day_report *report, wq_ms now, struct wq_outcome *out)
{
	const struct wq_station *station = &engine->site->stations[report->station];
	const struct span spans[] = { engine->by_station[report->station], engine->network };
	if (report->older ? report->turned == 0 : report->correction && !report->changed)
		return;
	for (uint32_t i = 0; i < station->series_count; i++)
		day_of_series(engine, station->first_series + i, report, now, out);
	for (size_t s = 0; s < 2; s++)
		for (uint32_t i = 0; i < spans[s].count; i++)
			ask_day(engine, &engine->slots[engine->index[spans[s].first + i]], report, now, out);
}
