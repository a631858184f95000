/* SPDX-License-Identifier: Apache-2.0 */
/* Openings are counted: of one alarm, which may chatter, and of all together, which may be a flood.
 *
 * A flood begins when more alarms than `flood_alarms` opened within `flood_within`, and ends when at most half as many did
 * (as ISA-18.2 is commonly read: more than 10 in 10 min, then fewer than half of that). While it goes on, one alarm says so with the count and with
 * what came first, and openings below `warning` are recorded but not told (record.c); its end tells how many. Counted is
 * what would have been told, so nothing that is on the shelf. A recorded series has no people who could be flooded. */
#include "engine_parts.h"

#include <stdio.h>
#include <string.h>

static int64_t most(const struct wq_engine *engine)
{
	const struct wq_duty *duty = &engine->site->duty;
	return duty->flood_alarms < WQ_FLOOD_MAX ? duty->flood_alarms : WQ_FLOOD_MAX;
}

void flood_watch(struct wq_engine *engine)
{
	const struct wq_site *site = engine->site;
	for (size_t r = 0; r < site->rule_count; r++)
		if (site->rules[r].rule->scope == WQ_SCOPE_NETWORK && strcmp(site->rules[r].name, WQ_FLOOD_RULE) == 0)
			engine->flood.slot = slots_at(engine, (uint32_t)r, 0);
}

bool flood_on(const struct wq_engine *engine)
{
	const struct flood *flood = &engine->flood;
	return flood->begins || (flood->slot != NULL && flood->slot->alarm != NULL);
}

void flood_held(struct wq_engine *engine)
{
	engine->flood.held++;
	engine->flood.moved = true;
}

/* -- one alarm -- */

/* Openings of a slot that are remembered: with the next one they are as many as are too many. */
static size_t remembered(const struct wq_engine *engine, const struct slot *slot)
{
	int64_t chatter = engine->site->rules[slot->use].life.chatter;
	return slot->openings != NULL ? (size_t)(chatter < WQ_CHATTER_MAX ? chatter : WQ_CHATTER_MAX) - 1 : 0;
}

bool flood_chatters(const struct wq_engine *engine, const struct slot *slot, wq_ms at)
{
	size_t room = remembered(engine, slot);
	return room > 0 && slot->opening_count == room &&
		at - slot->openings[0] <= engine->site->rules[slot->use].life.chatter_within;
}

static void remember(const struct wq_engine *engine, struct slot *slot, wq_ms at)
{
	size_t room = remembered(engine, slot);
	if (room == 0)
		return;
	if (slot->opening_count == room) {
		memmove(slot->openings, slot->openings + 1, (room - 1) * sizeof *slot->openings);
		slot->opening_count--;
	}
	slot->openings[slot->opening_count++] = at;
}

/* -- all of them -- */

/* All are looked at: a clock that was set back has put later ones before earlier ones. */
static void forget_old(struct wq_engine *engine, wq_ms now)
{
	struct flood *flood = &engine->flood;
	size_t kept = 0;
	for (size_t i = 0; i < flood->count; i++)
		if (now - flood->newest[i].decided < engine->site->duty.flood_within)
			flood->newest[kept++] = flood->newest[i];
	flood->count = kept;
}

static void add(struct flood *flood, const struct opened *opened)
{
	if (flood->count == WQ_FLOOD_MAX + 1) {
		memmove(flood->newest, flood->newest + 1, (flood->count - 1) * sizeof *flood->newest);
		flood->count--;
	}
	flood->newest[flood->count++] = *opened;
}

static bool counted(const struct wq_engine *engine, const struct slot *slot)
{
	const struct flood *flood = &engine->flood;
	return flood->slot != NULL && slot != flood->slot && most(engine) > 0 && !engine->site->recorded;
}

void flood_opened(struct wq_engine *engine, struct slot *slot, wq_ms at, wq_ms now, bool chatters)
{
	struct flood *flood = &engine->flood;
	const struct opened opened = { now, slot->alarm->id, slot->use, slot->place };
	if (chatters)
		return;
	remember(engine, slot, at);
	if (!counted(engine, slot))
		return;
	forget_old(engine, now);
	add(flood, &opened);
	flood->moved = true;
	if (flood_on(engine)) {
		flood->total++;
	} else if (flood->count > (size_t)most(engine)) {
		flood->begins = true;
		flood->first = flood->newest[0];
		flood->total = (int64_t)flood->count;
		flood->held = 0;
	}
}

/* "一干河总磷(W20260305-001)" */
static void name_first(const struct wq_engine *engine, char *buf, size_t cap)
{
	const struct wq_site *site = engine->site;
	const struct opened *first = &engine->flood.first;
	const struct slot *slot = slots_at(engine, first->use, first->place);
	const struct wq_rule_use *use = &site->rules[first->use];
	uint32_t station = alarms_station(engine, slot);
	char number[WQ_ALARM_NAME];
	struct wq_subject about = wq_system_subject(use->name);
	if (use->rule->scope == WQ_SCOPE_SERIES)
		about = (struct wq_subject){ "", site->parameters[site->series[use->places[first->place]].parameter].name };
	else if (about.word == NULL)
		about = (struct wq_subject){ "", use->name };
	snprintf(buf, cap, "%s%s%s(%s)", station != WQ_NONE ? site->stations[station].name : site->name, about.word, about.name,
		wq_alarm_name(first->alarm, number));
}

static struct wq_verdict verdict_of(const struct wq_engine *engine, enum wq_finding finding, wq_ms now)
{
	const struct flood *flood = &engine->flood;
	struct wq_verdict verdict = { .finding = finding,
		.level = WQ_LEVEL_WARNING,
		.series = WQ_NONE,
		.at = now,
		.value = (double)flood->total,
		.limit = (double)most(engine) };
	wq_verdict_fact(&verdict, "alarms", (double)flood->total);
	wq_verdict_fact(&verdict, "within_minutes", (double)engine->site->duty.flood_within / 60e3);
	wq_verdict_fact(&verdict, "held_back", (double)flood->held);
	wq_verdict_fact(&verdict, "first_alarm", (double)flood->first.alarm);
	return verdict;
}

static void say(struct wq_engine *engine, wq_ms now, struct wq_outcome *out)
{
	struct flood *flood = &engine->flood;
	struct wq_verdict verdict = verdict_of(engine, WQ_FINDING_RAISE, now);
	char first[160], within[RECORD_SPAN];
	name_first(engine, first, sizeof first);
	wq_verdict_say(&verdict, "报警超过%lld条(%s内),累计%lld条,首报%s;其间提示、关注只记录不通知", (long long)most(engine),
		record_span(engine->site->duty.flood_within, within), (long long)flood->total, first);
	flood->moved = false;
	alarms_apply(engine, flood->slot, &verdict, now, false, out);
}

void flood_tell(struct wq_engine *engine, wq_ms now, struct wq_outcome *out)
{
	struct flood *flood = &engine->flood;
	if (!flood->begins)
		return;
	flood->begins = false;
	say(engine, now, out);
}

void flood_advance(struct wq_engine *engine, wq_ms now, struct wq_outcome *out)
{
	struct flood *flood = &engine->flood;
	if (flood->slot == NULL || flood->slot->alarm == NULL)
		return;
	forget_old(engine, now);
	if ((int64_t)flood->count > most(engine) / 2) {
		if (flood->moved)
			say(engine, now, out);
		return;
	}
	struct wq_verdict verdict = verdict_of(engine, WQ_FINDING_CLEAR, now);
	char first[160];
	name_first(engine, first, sizeof first);
	wq_verdict_say(&verdict, "报警共%lld条,其中%lld条提示、关注未单独通知,首报%s", (long long)flood->total,
		(long long)flood->held, first);
	alarms_apply(engine, flood->slot, &verdict, now, false, out);
}

void flood_stepped(struct wq_engine *engine, wq_ms by, wq_ms now)
{
	struct flood *flood = &engine->flood;
	for (size_t i = 0; i < flood->count; i++)
		flood->newest[i].decided += by;
	/* Openings that now lie in the future would count for ever. */
	for (size_t i = 0; i < engine->slot_count; i++) {
		struct slot *slot = &engine->slots[i];
		while (slot->opening_count > 0 && slot->openings[slot->opening_count - 1] > now)
			slot->opening_count--;
	}
}

int64_t wq_engine_flood(const struct wq_engine *engine)
{
	return flood_on(engine) ? engine->flood.held : -1;
}

/* -- after a restart -- */

wq_ms wq_engine_openings(const struct wq_engine *engine, wq_ms now)
{
	const struct wq_site *site = engine->site;
	const struct flood *flood = &engine->flood;
	wq_ms from = now - site->duty.flood_within;
	if (flood_on(engine) && flood->slot->alarm->opened - site->duty.flood_within < from)
		from = flood->slot->alarm->opened - site->duty.flood_within;
	for (size_t r = 0; r < site->rule_count; r++)
		if (site->rules[r].life.chatter > 1 && now - site->rules[r].life.chatter_within < from)
			from = now - site->rules[r].life.chatter_within;
	return from;
}

void wq_engine_restore_opening(struct wq_engine *engine, const struct wq_opening *opening)
{
	const struct wq_site *site = engine->site;
	struct flood *flood = &engine->flood;
	if (opening->rule >= site->rule_count || opening->place >= site->rules[opening->rule].place_count)
		return;
	struct slot *slot = slots_at(engine, opening->rule, opening->place);
	const struct opened opened = { opening->decided, opening->alarm, slot->use, slot->place };
	if (opening->counts)
		remember(engine, slot, opening->time);
	if (!counted(engine, slot) || opening->hush == WQ_HUSH_SHELVED)
		return;
	add(flood, &opened);
	if (!flood_on(engine) || opening->decided <= flood->slot->alarm->opened - site->duty.flood_within)
		return;
	if (flood->total++ == 0)
		flood->first = opened;
	flood->held += opening->hush == WQ_HUSH_FLOOD && opening->decided >= flood->slot->alarm->opened;
}
