/* SPDX-License-Identifier: Apache-2.0 */
/* The life of an alarm: what verdicts, time and people do to it.
 *
 *   RAISE  no alarm: opened · higher level: raised · else: the newest evidence is kept
 *   CLEAR  an alarm: cleared, the episode ends
 *   HOLD, UNKNOWN: the alarm keeps its level - "not assessable" is never "all clear"
 *
 * A change is only made when there is room to record it; otherwise the same verdict makes
 * it the next time. */
#include "engine_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ALARMS_A_DAY 100000

static uint32_t place_of(const struct wq_engine *engine, const struct slot *slot)
{
	return engine->site->rules[slot->use].places[slot->place];
}

static uint32_t station_of(const struct wq_engine *engine, const struct slot *slot)
{
	uint32_t place = place_of(engine, slot);
	switch (engine->site->rules[slot->use].rule->scope) {
	case WQ_SCOPE_SERIES:
		return engine->site->series[place].station;
	case WQ_SCOPE_STATION:
		return place;
	default:
		return WQ_NONE;
	}
}

/* Alarms about a series, or a station as a whole, are counted there: samples under alarm say so. */
static void count_alarm(struct wq_engine *engine, const struct slot *slot, int by)
{
	uint32_t place = place_of(engine, slot);
	enum wq_scope scope = engine->site->rules[slot->use].rule->scope;
	if (scope == WQ_SCOPE_SERIES)
		engine->tracks[place].alarms = (uint8_t)(engine->tracks[place].alarms + by);
	else if (scope == WQ_SCOPE_STATION)
		engine->stations[place].alarms = (uint32_t)((int)engine->stations[place].alarms + by);
}

/* The next id: numbers ascend within the day our clock says, and never go back to an earlier day. */
static int64_t next_id(const struct wq_engine *engine, wq_ms now)
{
	char day[WQ_INSTANT_TEXT];
	wq_day_format_compact(wq_day_of(engine->site->zone, now), day);
	int64_t first = strtoll(day, NULL, 10) * ALARMS_A_DAY + 1;
	return engine->highest >= first ? engine->highest + 1 : first;
}

static struct wq_change *record(struct wq_engine *engine, struct slot *slot, enum wq_change_kind kind,
	const struct wq_verdict *verdict, wq_ms time, wq_ms now, struct wq_outcome *out)
{
	struct wq_change *change = outcome_change(out);
	if (change == NULL) {
		engine->short_of_memory = true;
		return NULL;
	}
	struct wq_alarm *alarm = slot->alarm;
	change->alarm = alarm->id;
	change->number = ++alarm->changes;
	change->kind = kind;
	change->rule = slot->use;
	change->place = slot->place;
	change->station = station_of(engine, slot);
	change->series = verdict->series;
	change->level = alarm->level;
	change->time = time;
	change->decided = now;
	change->value = verdict->value;
	change->limit = verdict->limit;
	memcpy(change->says, verdict->says, sizeof change->says);
	evidence_write(engine, slot, verdict, change->evidence);
	return change;
}

static void open_alarm(struct wq_engine *engine, struct slot *slot, enum wq_change_kind kind,
	const struct wq_verdict *verdict, wq_ms now, struct wq_outcome *out)
{
	struct wq_alarm *alarm = calloc(1, sizeof *alarm);
	if (alarm == NULL) {
		engine->short_of_memory = true;
		return;
	}
	*alarm = (struct wq_alarm){ .id = next_id(engine, now),
		.rule = slot->use,
		.place = slot->place,
		.level = verdict->level,
		.opened = verdict->at,
		.since = now,
		.last = *verdict };
	slot->alarm = alarm;
	if (record(engine, slot, kind, verdict, verdict->at, now, out) == NULL) {
		slot->alarm = NULL;
		free(alarm);
		return;
	}
	engine->highest = alarm->id;
	/* There is room for one alarm a slot, and ids ascend. */
	engine->alarms[engine->alarm_count++] = alarm;
	count_alarm(engine, slot, 1);
}

static void end_alarm(struct wq_engine *engine, struct slot *slot)
{
	size_t i = 0;
	while (engine->alarms[i] != slot->alarm)
		i++;
	memmove(engine->alarms + i, engine->alarms + i + 1,
		(engine->alarm_count - i - 1) * sizeof *engine->alarms);
	engine->alarm_count--;
	count_alarm(engine, slot, -1);
	free(slot->alarm);
	slot->alarm = NULL;
}

static void raise_alarm(struct wq_engine *engine, struct slot *slot, const struct wq_verdict *verdict, wq_ms now,
	struct wq_outcome *out)
{
	struct wq_alarm *alarm = slot->alarm;
	enum wq_level before = alarm->level;
	if (verdict->level > before) {
		alarm->level = verdict->level;
		if (record(engine, slot, WQ_RAISED, verdict, verdict->at, now, out) == NULL) {
			alarm->level = before;
			return;
		}
		alarm->acknowledged = alarm->escalated = false;
		alarm->since = now;
	}
	alarm->last = *verdict;
}

void alarms_apply(struct wq_engine *engine, struct slot *slot, const struct wq_verdict *verdict, wq_ms now,
	bool correction, struct wq_outcome *out)
{
	bool open = slot->alarm != NULL;
	if (verdict->finding == WQ_FINDING_RAISE && verdict->level > WQ_LEVEL_NONE) {
		if (!open)
			open_alarm(engine, slot, correction ? WQ_CORRECTED : WQ_OPENED, verdict, now, out);
		else
			raise_alarm(engine, slot, verdict, now, out);
		return;
	}
	if (verdict->finding != WQ_FINDING_CLEAR || !open)
		return;
	if (correction && record(engine, slot, WQ_CORRECTED, verdict, verdict->at, now, out) == NULL)
		return;
	if (record(engine, slot, WQ_CLEARED, verdict, verdict->at, now, out) != NULL)
		end_alarm(engine, slot);
}

int wq_engine_tell(struct wq_engine *engine, uint32_t rule, const struct wq_verdict *verdict, wq_ms now,
	struct wq_outcome *out, struct wq_err *err)
{
	const struct wq_site *site = engine->site;
	if (rule >= site->rule_count || site->rules[rule].rule->scope != WQ_SCOPE_NETWORK)
		return wq_fail(err, WQ_E_INVALID, "rule %u of %zu does not judge the site as a whole", rule,
			site->rule_count);
	alarms_apply(engine, &engine->slots[engine->first_slot[rule]], verdict, now, false, out);
	return 0;
}

static struct slot *slot_of(struct wq_engine *engine, const struct wq_alarm *alarm)
{
	return &engine->slots[engine->first_slot[alarm->rule] + alarm->place];
}

void alarms_escalate(struct wq_engine *engine, wq_ms now, struct wq_outcome *out)
{
	for (size_t i = 0; i < engine->alarm_count; i++) {
		struct slot *slot = slot_of(engine, engine->alarms[i]);
		struct wq_alarm *alarm = slot->alarm;
		wq_ms after = engine->site->rules[alarm->rule].escalate_after[alarm->level];
		if (alarm->acknowledged || alarm->escalated || after == WQ_NO_TIME || now - alarm->since < after)
			continue;
		if (record(engine, slot, WQ_ESCALATED, &alarm->last, now, now, out) != NULL)
			alarm->escalated = true;
	}
}

static struct slot *find(struct wq_engine *engine, int64_t id, struct wq_err *err)
{
	char name[WQ_ALARM_NAME];
	for (size_t i = 0; i < engine->alarm_count; i++)
		if (engine->alarms[i]->id == id)
			return slot_of(engine, engine->alarms[i]);
	wq_fail(err, WQ_E_MISSING, "no open alarm %s; %zu are open", wq_alarm_name(id, name), engine->alarm_count);
	return NULL;
}

/* Cuts at a character, not inside one. */
static void copy_text(char *to, size_t cap, const char *text)
{
	size_t n = text != NULL ? strlen(text) : 0;
	if (n >= cap) {
		n = cap - 1;
		while (n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80)
			n--;
	}
	if (n > 0)
		memcpy(to, text, n);
	to[n] = '\0';
}

static int by_person(struct wq_engine *engine, struct slot *slot, enum wq_change_kind kind, const char *who,
	const char *note, wq_ms now, struct wq_outcome *out, struct wq_err *err)
{
	struct wq_change *change = record(engine, slot, kind, &slot->alarm->last, now, now, out);
	if (change == NULL)
		return wq_fail(err, WQ_E_MEMORY, "no memory to record this; try again");
	copy_text(change->who, sizeof change->who, who);
	copy_text(change->note, sizeof change->note, note);
	return 0;
}

int wq_engine_acknowledge(struct wq_engine *engine, int64_t alarm, const char *who, const char *note, wq_ms now,
	struct wq_outcome *out, struct wq_err *err)
{
	char name[WQ_ALARM_NAME];
	struct slot *slot = find(engine, alarm, err);
	if (slot == NULL)
		return WQ_E_MISSING;
	if (slot->alarm->acknowledged)
		return wq_fail(err, WQ_E_STATE, "alarm %s is acknowledged already", wq_alarm_name(alarm, name));
	int r = by_person(engine, slot, WQ_ACKNOWLEDGED, who, note, now, out, err);
	if (r == 0)
		slot->alarm->acknowledged = true;
	return r;
}

int wq_engine_close(struct wq_engine *engine, int64_t alarm, const char *who, const char *note, wq_ms now,
	struct wq_outcome *out, struct wq_err *err)
{
	struct slot *slot = find(engine, alarm, err);
	if (slot == NULL)
		return WQ_E_MISSING;
	int r = by_person(engine, slot, WQ_CLOSED, who, note, now, out, err);
	if (r == 0)
		end_alarm(engine, slot);
	return r;
}

int wq_engine_restore_alarm(struct wq_engine *engine, const struct wq_alarm *alarm, struct wq_err *err)
{
	const struct wq_site *site = engine->site;
	if (alarm->rule >= site->rule_count || alarm->place >= site->rules[alarm->rule].place_count)
		return wq_fail(err, WQ_E_MISSING, "alarm %lld belongs to a rule or place that is not configured",
			(long long)alarm->id);
	struct slot *slot = &engine->slots[engine->first_slot[alarm->rule] + alarm->place];
	if (slot->alarm != NULL)
		return wq_fail(err, WQ_E_STATE, "alarm %lld: another one is open at its place",
			(long long)alarm->id);
	struct wq_alarm *copy = malloc(sizeof *copy);
	if (copy == NULL)
		return wq_fail(err, WQ_E_MEMORY, "no memory to restore alarm %lld", (long long)alarm->id);
	*copy = *alarm;
	slot->alarm = copy;
	size_t i = engine->alarm_count++;
	for (; i > 0 && engine->alarms[i - 1]->id > copy->id; i--)
		engine->alarms[i] = engine->alarms[i - 1];
	engine->alarms[i] = copy;
	count_alarm(engine, slot, 1);
	wq_engine_restore_highest(engine, copy->id);
	return 0;
}

void wq_engine_restore_highest(struct wq_engine *engine, int64_t highest)
{
	if (highest > engine->highest)
		engine->highest = highest;
}

size_t wq_engine_alarms(const struct wq_engine *engine, const struct wq_alarm *const **alarms)
{
	*alarms = engine->alarms;
	return engine->alarm_count;
}
