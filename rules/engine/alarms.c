/* SPDX-License-Identifier: Apache-2.0 */
/* The life of an alarm, carried out: what verdicts, time and people do to it. What follows from what is the table in life.c.
 *
 * A step is only taken when there is room to record it; otherwise the same verdict takes it the next time. */
#include "engine_parts.h"
#include "life.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALARMS_A_DAY 100000

static const struct wq_rule_use *use_of(const struct wq_engine *engine, const struct slot *slot)
{
	return &engine->site->rules[slot->use];
}

uint32_t alarms_station(const struct wq_engine *engine, const struct slot *slot)
{
	uint32_t place = use_of(engine, slot)->places[slot->place];
	switch (use_of(engine, slot)->rule->scope) {
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
	uint32_t place = use_of(engine, slot)->places[slot->place];
	enum wq_scope scope = use_of(engine, slot)->rule->scope;
	if (scope == WQ_SCOPE_SERIES)
		engine->tracks[place].alarms = (uint16_t)(engine->tracks[place].alarms + by);
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

static bool begin_alarm(struct wq_engine *engine, struct slot *slot, const struct deed *deed)
{
	slot->alarm = calloc(1, sizeof *slot->alarm);
	if (slot->alarm == NULL)
		return false;
	slot->alarm->id = next_id(engine, deed->now);
	slot->alarm->rule = slot->use;
	slot->alarm->place = slot->place;
	slot->alarm->last = *deed->verdict;
	engine->highest = slot->alarm->id;
	/* There is room for one alarm a slot, and ids ascend. */
	engine->alarms[engine->alarm_count++] = slot->alarm;
	count_alarm(engine, slot, 1);
	return true;
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

static enum wq_life_state state_of(const struct slot *slot)
{
	return slot->alarm != NULL ? slot->alarm->state : WQ_LIFE_NORMAL;
}

/* -- one step -- */

static bool is_opening(enum wq_change_kind kind)
{
	return kind == WQ_OPENED || kind == WQ_REOPENED;
}

/* An opening is counted, may be one too many, and may begin a flood. */
static void record_opening(struct wq_engine *engine, struct slot *slot, enum wq_change_kind kind, const struct deed *deed,
	struct wq_shelf *shelf, struct wq_outcome *out)
{
	const struct wq_life *life = &use_of(engine, slot)->life;
	bool shelved = slot->shelf != NULL, chatters = shelf != NULL;
	if (!shelved)
		flood_opened(engine, slot, deed->time, deed->now, chatters);
	enum wq_hush hush = chatters ? WQ_HUSH_SHELVED : record_hush(engine, slot, kind, deed->verdict->level);
	if (hush == WQ_HUSH_FLOOD)
		flood_held(engine);
	record_change(engine, slot, kind, deed, hush, out);
	if (!chatters)
		return;
	wq_ms span = life->chatter_shelve < shelves_longest(engine) ? life->chatter_shelve : shelves_longest(engine);
	*shelf = (struct wq_shelf){ .rule = slot->use,
		.place = slot->place,
		.since = deed->now,
		.until = deed->now + span,
		.ended = WQ_NO_TIME,
		.automatic = true };
	char within[RECORD_SPAN];
	snprintf(shelf->reason, sizeof shelf->reason, "%s内报警%lld次", record_span(life->chatter_within, within),
		(long long)life->chatter);
	shelves_put(engine, slot, shelf, deed->now, out);
}

/* Room for all that a step may record: its changes; being put on the shelf, and a flood, which are steps of their own. */
static bool reserve(struct wq_outcome *out, const struct life_step *step)
{
	return outcome_reserve_changes(out, (size_t)step->count + 4);
}

static int no_memory(struct wq_engine *engine)
{
	engine->short_of_memory = true;
	return WQ_E_MEMORY;
}

static void record_all(struct wq_engine *engine, struct slot *slot, const struct life_step *step, const struct deed *deed,
	struct wq_shelf *shelf, struct wq_outcome *out)
{
	for (size_t i = 0; i < step->count; i++) {
		enum wq_change_kind kind = (enum wq_change_kind)step->changes[i];
		if (is_opening(kind))
			record_opening(engine, slot, kind, deed, shelf, out);
		else
			record_change(engine, slot, kind, deed,
				record_hush(engine, slot, kind, deed->verdict->level), out);
		if (kind == WQ_RECOVERED)
			slot->alarm->last = *deed->verdict;
	}
}

int alarms_step(struct wq_engine *engine, struct slot *slot, const struct deed *deed, struct wq_outcome *out)
{
	const struct life_step *step = life_step(state_of(slot), (enum life_event)deed->event);
	struct wq_shelf *shelf = NULL;
	if (step->refusal != LIFE_DONE)
		return step->refusal == LIFE_NOT_OPEN ? WQ_E_MISSING : WQ_E_STATE;
	if (step->count == 0)
		return 0;
	if (!reserve(out, step))
		return no_memory(engine);
	if (is_opening((enum wq_change_kind)step->changes[0]) && slot->shelf == NULL &&
		flood_chatters(engine, slot, deed->time) && (shelf = shelves_new(out)) == NULL)
		return no_memory(engine);
	if (slot->alarm == NULL && !begin_alarm(engine, slot, deed)) {
		free(shelf);
		return no_memory(engine);
	}
	record_all(engine, slot, step, deed, shelf, out);
	if (step->next == WQ_LIFE_NORMAL || step->next == WQ_LIFE_RECOVERED)
		suppress_ended(engine, slot, deed->now);
	if (step->next == WQ_LIFE_NORMAL)
		end_alarm(engine, slot);
	flood_tell(engine, deed->now, out);
	return 0;
}

/* -- what rules say -- */

static wq_ms since_or(wq_ms since, wq_ms at)
{
	/* Without a beginning, or with one that a corrected clock has moved behind it, it begins now. */
	return since == WQ_NO_TIME || since > at ? at : since;
}

/* How long the rule has said so: begun, gone on or broken off. What is not assessable breaks nothing. The store is told of
 * what a delay is counted from, as it changes; false when there is no memory for that. */
static bool note_delays(struct wq_engine *engine, struct slot *slot, const struct wq_verdict *verdict,
	struct wq_outcome *out)
{
	const struct wq_life *life = &use_of(engine, slot)->life;
	wq_ms exceeds = WQ_NO_TIME, meets = WQ_NO_TIME;
	if (verdict->finding == WQ_FINDING_UNKNOWN)
		return true;
	if (verdict->finding == WQ_FINDING_RAISE)
		exceeds = since_or(slot->exceeds_since, verdict->at);
	else if (verdict->finding == WQ_FINDING_CLEAR)
		meets = since_or(slot->meets_since, verdict->at);
	const struct wq_delay delay = { slot->use, slot->place, life->on_delay > 0 ? exceeds : WQ_NO_TIME,
		life->off_delay > 0 ? meets : WQ_NO_TIME };
	bool moved = delay.exceeds_since != slot->exceeds_stored || delay.meets_since != slot->meets_stored;
	if (moved && !outcome_delay(out, &delay)) {
		engine->short_of_memory = true;
		return false;
	}
	slot->exceeds_since = exceeds;
	slot->meets_since = meets;
	slot->exceeds_stored = delay.exceeds_since;
	slot->meets_stored = delay.meets_since;
	return true;
}

/* One that opened in a year which the clock took back has been open for long enough: `hold` would last until then. */
static wq_ms open_for(const struct wq_alarm *alarm, wq_ms at, wq_ms now)
{
	if (alarm == NULL)
		return 0;
	return alarm->opened > at && alarm->opened > now ? INT64_MAX : at - alarm->opened;
}

static enum life_event event_of(const struct wq_engine *engine, const struct slot *slot, const struct wq_verdict *verdict,
	wq_ms now, bool correction)
{
	const struct wq_life *life = &use_of(engine, slot)->life;
	enum wq_level level = slot->alarm != NULL ? slot->alarm->level : WQ_LEVEL_NONE;
	if (correction)
		return life_event_late(life, state_of(slot), level, verdict);
	wq_ms since = verdict->finding == WQ_FINDING_RAISE ? slot->exceeds_since : slot->meets_since;
	wq_ms held = since != WQ_NO_TIME ? verdict->at - since : 0;
	return life_event_of(life, state_of(slot), level, verdict, held, open_for(slot->alarm, verdict->at, now));
}

void alarms_apply(struct wq_engine *engine, struct slot *slot, const struct wq_verdict *verdict, wq_ms now,
	bool correction, struct wq_outcome *out)
{
	if (verdict->finding == WQ_FINDING_RAISE && verdict->level == WQ_LEVEL_NONE)
		return;
	if (!correction && !note_delays(engine, slot, verdict, out))
		return;
	struct deed deed = { .event = event_of(engine, slot, verdict, now, correction),
		.verdict = verdict,
		.time = verdict->at,
		.now = now,
		.until = WQ_NO_TIME };
	int r = alarms_step(engine, slot, &deed, out);
	/* What has recovered and does not exceed for long enough yet still is what has recovered. */
	if (r == 0 && verdict->finding == WQ_FINDING_RAISE && slot->alarm != NULL &&
		slot->alarm->state != WQ_LIFE_RECOVERED)
		slot->alarm->last = *verdict;
}

int wq_engine_tell(struct wq_engine *engine, uint32_t rule, const struct wq_verdict *verdict, wq_ms now,
	struct wq_outcome *out, struct wq_err *err)
{
	const struct wq_site *site = engine->site;
	if (rule >= site->rule_count || site->rules[rule].rule->scope != WQ_SCOPE_NETWORK)
		return wq_fail(err, WQ_E_INVALID, "rule %u of %zu does not judge the site as a whole", rule,
			site->rule_count);
	alarms_apply(engine, slots_at(engine, rule, 0), verdict, now, false, out);
	return 0;
}

/* -- what time and people do -- */

static struct slot *slot_of(const struct wq_engine *engine, const struct wq_alarm *alarm)
{
	return slots_at(engine, alarm->rule, alarm->place);
}

/* How long it waits for an acknowledgement: by the clock; one of an earlier life at least for as long as this one has looked,
 * and where the clock is doubted no longer than that. */
static wq_ms waited(const struct wq_engine *engine, struct wq_alarm *alarm, wq_ms now)
{
	wq_ms by_clock = now - alarm->since;
	if (!alarm->restored)
		return by_clock;
	if (alarm->watched == WQ_NO_TIME)
		alarm->watched = now;
	wq_ms seen = now - alarm->watched;
	return engine->doubted || seen > by_clock ? seen : by_clock;
}

/* Of an earlier life only the number of its escalations is known: that many of the spans have passed. */
static wq_ms passed(const struct wq_engine *engine, const struct wq_alarm *alarm, wq_ms now)
{
	wq_ms span = -1;
	if (alarm->escalations > 0 && alarm->waited != WQ_NO_TIME)
		return alarm->waited;
	for (uint32_t i = 0; i < alarm->escalations; i++) {
		const wq_ms next = wq_site_escalation_next(engine->site, alarm->rule, alarm->level, now, span);
		if (next == WQ_NO_TIME)
			break;
		span = next;
	}
	return span;
}

wq_ms alarms_next_step(const struct wq_engine *engine, const struct wq_alarm *alarm, wq_ms now)
{
	return wq_site_escalation_next(engine->site, alarm->rule, alarm->level, now, passed(engine, alarm, now));
}

static bool overdue(const struct wq_engine *engine, const struct slot *slot, wq_ms after, wq_ms now)
{
	struct wq_alarm *alarm = slot->alarm;
	if (slot->shelf != NULL || after == WQ_NO_TIME)
		return false;
	if (waited(engine, alarm, now) < after)
		return false;
	wq_ms accounted = suppress_quiet(engine, slot, now);
	return accounted == WQ_NO_TIME || now - accounted >= (after > 0 ? after : 1);
}

void alarms_escalate(struct wq_engine *engine, wq_ms now, struct wq_outcome *out)
{
	for (size_t i = 0; i < engine->alarm_count; i++) {
		struct slot *slot = slot_of(engine, engine->alarms[i]);
		struct deed deed = { .event = LIFE_OVERDUE,
			.verdict = &slot->alarm->last,
			.time = now,
			.now = now,
			.until = WQ_NO_TIME,
			.waited = alarms_next_step(engine, slot->alarm, now) };
		const uint32_t changes = slot->alarm->changes;
		if (!overdue(engine, slot, deed.waited, now) || alarms_step(engine, slot, &deed, out) < 0)
			continue;
		/* It says all that a reminder in the same second would. */
		if (slot->alarm->changes != changes && reminders_due(engine, slot, now) <= now)
			slot->alarm->reminded = now;
	}
}

static struct slot *find(struct wq_engine *engine, int64_t id)
{
	for (size_t i = 0; i < engine->alarm_count; i++)
		if (engine->alarms[i]->id == id)
			return slot_of(engine, engine->alarms[i]);
	return NULL;
}

/* What a person does to an alarm: who, note and so on as in `said`. */
static int by_person(struct wq_engine *engine, int64_t id, const struct deed *said, struct wq_outcome *out, struct wq_err *err)
{
	char name[WQ_ALARM_NAME];
	struct slot *slot = find(engine, id);
	if (slot == NULL)
		return wq_fail(err, WQ_E_MISSING, "no open alarm %s: it is over, or what raised it is no longer configured; %zu are open",
			wq_alarm_name(id, name), engine->alarm_count);
	/* The step may end the alarm whose evidence it records. */
	struct wq_verdict last = slot->alarm->last;
	struct deed deed = *said;
	deed.verdict = &last;
	deed.time = said->now;
	deed.until = WQ_NO_TIME;
	int r = alarms_step(engine, slot, &deed, out);
	if (r == WQ_E_STATE)
		return wq_fail(err, r, "alarm %s is acknowledged already", wq_alarm_name(id, name));
	if (r < 0)
		return wq_fail(err, r, "no memory to record this; try again");
	return 0;
}

int wq_engine_acknowledge(struct wq_engine *engine, int64_t alarm, const char *who, const char *note, wq_ms now,
	struct wq_outcome *out, struct wq_err *err)
{
	const struct deed said = { .event = LIFE_ACKNOWLEDGE, .now = now, .who = who, .note = note };
	return by_person(engine, alarm, &said, out, err);
}

int wq_engine_close(struct wq_engine *engine, int64_t alarm, const char *who, const struct wq_closing *closing, wq_ms now,
	struct wq_outcome *out, struct wq_err *err)
{
	const struct deed said = { .event = LIFE_CLOSE,
		.now = now,
		.who = who,
		.note = closing->note,
		.cause = closing->cause,
		.action = closing->action };
	return by_person(engine, alarm, &said, out, err);
}

/* -- after a restart, and for displays -- */

int wq_engine_restore_alarm(struct wq_engine *engine, const struct wq_alarm *alarm, struct wq_err *err)
{
	const struct wq_site *site = engine->site;
	if (alarm->rule >= site->rule_count || alarm->place >= site->rules[alarm->rule].place_count)
		return wq_fail(err, WQ_E_MISSING, "alarm %lld belongs to a rule or place that is not configured",
			(long long)alarm->id);
	struct slot *slot = slot_of(engine, alarm);
	if (slot->alarm != NULL)
		return wq_fail(err, WQ_E_STATE, "alarm %lld: another one is open at its place",
			(long long)alarm->id);
	struct wq_alarm *copy = malloc(sizeof *copy);
	if (copy == NULL)
		return wq_fail(err, WQ_E_MEMORY, "no memory to restore alarm %lld", (long long)alarm->id);
	*copy = *alarm;
	copy->restored = true;
	copy->watched = WQ_NO_TIME;
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

int64_t wq_engine_first(const struct wq_engine *engine, const struct wq_alarm *alarm)
{
	uint32_t station = alarms_station(engine, slot_of(engine, alarm));
	const struct wq_alarm *first = alarm;
	if (station == WQ_NONE)
		return 0;
	/* Ids ascend: of two that came at the same time the first opened is the first. */
	for (size_t i = 0; i < engine->alarm_count; i++) {
		const struct wq_alarm *other = engine->alarms[i];
		bool earlier = other->opened < first->opened ||
			(other->opened == first->opened && other->id < first->id);
		if (earlier &&
			alarms_station(engine, slot_of(engine, other)) == station)
			first = other;
	}
	return first->id;
}

/* Whether a series has been silent for longer than two of its intervals. */
static bool silent(const struct wq_engine *engine, uint32_t series, wq_ms last, wq_ms now)
{
	const struct wq_reading *newest = window_newest(&engine->tracks[series]);
	if (newest != NULL && newest->at > last)
		last = newest->at;
	return now - last > 2 * engine->site->series[series].interval;
}

bool wq_engine_stale(const struct wq_engine *engine, const struct wq_alarm *alarm, wq_ms now)
{
	uint32_t station = alarms_station(engine, slot_of(engine, alarm));
	if (alarm->last.series != WQ_NONE)
		return silent(engine, alarm->last.series, alarm->last.at, now);
	if (station == WQ_NONE || engine->site->stations[station].series_count == 0)
		return false;
	const struct wq_station *where = &engine->site->stations[station];
	for (uint32_t i = 0; i < where->series_count; i++)
		if (!silent(engine, where->first_series + i, alarm->last.at, now))
			return false;
	return true;
}
