/* SPDX-License-Identifier: Apache-2.0 */
/* Who does not answer is reminded: of an alarm that nobody has acknowledged, and where it is configured of one that was and
 * is still open. Counted by our clock from when it was last told as a new one, acknowledged, recovered or reminded of; so a
 * restart changes nothing, and a clock that was set makes up for nothing. */
#include "engine_parts.h"
#include "life.h"

/* What is on the shelf, or was held back in a flood, reminds nobody; nor, while the flood lasts, do lesser alarms. */
static bool quiet(const struct wq_engine *engine, const struct slot *slot)
{
	const struct wq_alarm *alarm = slot->alarm;
	return slot->shelf != NULL || alarm->untold || record_hush(engine, slot, WQ_REMINDED, alarm->level) != WQ_HUSH_NONE;
}

wq_ms reminders_due(const struct wq_engine *engine, const struct slot *slot, wq_ms now)
{
	const struct wq_alarm *alarm = slot->alarm;
	const struct wq_rule_use *use = &engine->site->rules[slot->use];
	wq_ms span = wq_site_reminder(engine->site, slot->use, alarm->level, alarm->state == WQ_LIFE_ACKNOWLEDGED, now);
	if (span == WQ_NO_TIME || alarm->reminders >= use->remind_most || alarm->state == WQ_LIFE_CORRECTED ||
		quiet(engine, slot))
		return INT64_MAX;
	return alarm->reminded + span;
}

static bool due(const struct wq_engine *engine, struct slot *slot, wq_ms now)
{
	struct wq_alarm *alarm = slot->alarm;
	/* Of a life whose clock was ahead. */
	if (alarm->reminded > now)
		alarm->reminded = now;
	if (now < reminders_due(engine, slot, now))
		return false;
	/* Silence that something else accounts for is told there. */
	wq_ms accounted = suppress_quiet(engine, slot, now);
	return accounted == WQ_NO_TIME || now - accounted >= reminders_due(engine, slot, now) - alarm->reminded;
}

void reminders_tell(struct wq_engine *engine, wq_ms now, struct wq_outcome *out)
{
	for (size_t i = 0; i < engine->alarm_count; i++) {
		const struct wq_alarm *alarm = engine->alarms[i];
		struct slot *slot = slots_at(engine, alarm->rule, alarm->place);
		struct deed deed = { .event = LIFE_REMIND,
			.verdict = &slot->alarm->last,
			.time = now,
			.now = now,
			.until = WQ_NO_TIME };
		if (due(engine, slot, now))
			alarms_step(engine, slot, &deed, out);
	}
}
