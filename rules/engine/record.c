/* SPDX-License-Identifier: Apache-2.0 */
/* A change of an alarm is made here, and whether anybody is told of it is decided here.
 *
 * Told is everything, except
 *   - what happens while the alarm is on the shelf, other than being put there and coming back;
 *   - in a flood, that an alarm below `warning` opens; and of such an alarm, until it is told for another reason, that it
 *     is acknowledged, recovers, clears or is closed.
 * Recorded is everything. */
#include "engine_parts.h"

#include <stdio.h>
#include <string.h>

/* Lesser alarms may be held back in a flood; warnings and alarms never. */
#define HELD_BACK_UP_TO WQ_LEVEL_WATCH

void record_text(char *to, size_t cap, const char *text)
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

char *record_span(wq_ms span, char buf[RECORD_SPAN])
{
	static const struct {
		wq_ms unit;
		const char *name;
	} units[] = { { WQ_DAYS(1), "天" }, { WQ_HOURS(1), "小时" }, { WQ_MINUTES(1), "分钟" }, { WQ_SECONDS(1), "秒" } };
	size_t i = 0;
	while (i < 3 && (span % units[i].unit != 0 || span < units[i].unit))
		i++;
	snprintf(buf, RECORD_SPAN, "%lld%s", (long long)(span / units[i].unit), units[i].name);
	return buf;
}

static enum wq_hush by_flood(const struct wq_engine *engine, const struct wq_alarm *alarm, enum wq_change_kind kind,
	enum wq_level level)
{
	bool held = flood_on(engine) && level <= HELD_BACK_UP_TO;
	switch (kind) {
	case WQ_OPENED:
	case WQ_REOPENED:
		return held ? WQ_HUSH_FLOOD : WQ_HUSH_NONE;
	case WQ_REMINDED: /* of the alarm, whatever level the newest verdict has */
		return (flood_on(engine) && alarm->level <= HELD_BACK_UP_TO) || alarm->untold ? WQ_HUSH_FLOOD : WQ_HUSH_NONE;
	case WQ_RAISED:
		return held && alarm->untold ? WQ_HUSH_FLOOD : WQ_HUSH_NONE;
	case WQ_ACKNOWLEDGED:
	case WQ_RECOVERED:
	case WQ_CLEARED:
	case WQ_CLOSED:
		return alarm->untold ? WQ_HUSH_FLOOD : WQ_HUSH_NONE;
	default:
		return WQ_HUSH_NONE;
	}
}

enum wq_hush record_hush(const struct wq_engine *engine, const struct slot *slot, enum wq_change_kind kind,
	enum wq_level level)
{
	if (kind == WQ_SHELVED || kind == WQ_UNSHELVED)
		return WQ_HUSH_NONE;
	if (slot->shelf != NULL)
		return WQ_HUSH_SHELVED;
	/* What nobody ended is told once: held back in a flood it would never be. */
	if (engine->site->rules[slot->use].rule == &wq_rule_maintenance)
		return WQ_HUSH_NONE;
	return by_flood(engine, slot->alarm, kind, level);
}

static enum wq_level level_of(const struct wq_alarm *alarm, enum wq_change_kind kind, const struct wq_verdict *verdict)
{
	bool rises = kind == WQ_OPENED || kind == WQ_REOPENED || kind == WQ_RAISED || kind == WQ_CORRECTED;
	return rises && verdict->finding == WQ_FINDING_RAISE ? verdict->level : alarm->level;
}

void record_change(struct wq_engine *engine, struct slot *slot, enum wq_change_kind kind, const struct deed *deed,
	enum wq_hush hush, struct wq_outcome *out)
{
	const struct wq_verdict *verdict = deed->verdict;
	struct wq_alarm *alarm = slot->alarm;
	struct wq_change *change = outcome_change(out);
	const wq_ms since = alarm->since;
	wq_alarm_follow(alarm, kind, level_of(alarm, kind, verdict), deed->time, deed->now, hush);
	change->alarm = alarm->id;
	change->number = alarm->changes;
	change->kind = kind;
	change->hush = hush;
	change->rule = slot->use;
	change->place = slot->place;
	change->station = alarms_station(engine, slot);
	change->series = verdict->series;
	change->level = alarm->level;
	change->time = deed->time;
	change->decided = deed->now;
	change->until = deed->until;
	change->opened = alarm->opened;
	change->since = since;
	change->reminder = kind == WQ_REMINDED ? alarm->reminders : 0;
	if (kind == WQ_ESCALATED)
		alarm->waited = deed->waited;
	change->escalation = kind == WQ_ESCALATED ? alarm->escalations : 0;
	change->waited = kind == WQ_ESCALATED ? deed->waited : 0;
	change->state = alarm->state;
	change->value = verdict->value;
	change->limit = verdict->limit;
	memcpy(change->says, verdict->says, sizeof change->says);
	/* What follows from a person's word is not the person's. */
	if (kind != WQ_CLEARED) {
		record_text(change->who, sizeof change->who, deed->who);
		record_text(change->note, sizeof change->note, deed->note);
		record_text(change->cause, sizeof change->cause, deed->cause);
		record_text(change->action, sizeof change->action, deed->action);
	}
	if (kind == WQ_ACKNOWLEDGED)
		record_text(alarm->answered_by, sizeof alarm->answered_by, deed->who);
	evidence_write(engine, slot, verdict, deed->now, change->evidence);
}
