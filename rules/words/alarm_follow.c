/* SPDX-License-Identifier: Apache-2.0 */
/* What a change makes of its alarm. The engine does it when it makes the change, the restart when it reads them again: so
 * the state of an alarm follows from its changes, and nothing else has to be stored. */
#include "wq/alarm.h"

#define SAME WQ_LIFE_STATES

/* One row a kind: the state afterwards, and what else is new. */
static const struct {
	uint8_t state; /* SAME: as before */
	bool level;    /* the alarm has the change's level */
	bool since;    /* escalation counts from here */
	bool tells;    /* those who had not been told of the alarm now are */
	bool rhythm;   /* reminders count from here anew */
} rows[WQ_CHANGE_KINDS] = {
	[WQ_OPENED] = { WQ_LIFE_ACTIVE, true, true, true, true },
	[WQ_RAISED] = { WQ_LIFE_ACTIVE, true, true, true, true },
	[WQ_ESCALATED] = { WQ_LIFE_ESCALATED, false, false, true, false },
	[WQ_ACKNOWLEDGED] = { WQ_LIFE_ACKNOWLEDGED, false, false, false, true },
	[WQ_CLEARED] = { WQ_LIFE_NORMAL, false, false, false, false },
	[WQ_CLOSED] = { WQ_LIFE_NORMAL, false, false, false, false },
	[WQ_CORRECTED] = { SAME, true, false, true, false },
	[WQ_RECOVERED] = { WQ_LIFE_RECOVERED, false, false, false, true },
	[WQ_REOPENED] = { WQ_LIFE_ACTIVE, true, true, true, true },
	[WQ_SHELVED] = { SAME, false, false, false, false },
	[WQ_UNSHELVED] = { SAME, false, true, true, true },
	[WQ_REMINDED] = { SAME, false, false, false, false },
};

static enum wq_life_state state_after(enum wq_life_state before, enum wq_change_kind kind)
{
	/* Late data open an alarm, or an episode that seemed over, without ringing. */
	if (kind == WQ_CORRECTED && (before == WQ_LIFE_NORMAL || before == WQ_LIFE_RECOVERED))
		return WQ_LIFE_CORRECTED;
	/* Told anew, it waits for an answer anew. */
	if (kind == WQ_UNSHELVED && before == WQ_LIFE_ESCALATED)
		return WQ_LIFE_ACTIVE;
	return rows[kind].state == SAME ? before : (enum wq_life_state)rows[kind].state;
}

void wq_alarm_follow(struct wq_alarm *alarm, enum wq_change_kind kind, enum wq_level level, wq_ms time, wq_ms decided,
	enum wq_hush hush)
{
	alarm->changes++;
	if ((unsigned)kind >= WQ_CHANGE_KINDS)
		return;
	if (alarm->state == WQ_LIFE_NORMAL)
		alarm->opened = time;
	if (rows[kind].since || alarm->state == WQ_LIFE_NORMAL) {
		alarm->since = decided;
		alarm->restored = false;
		alarm->escalations = 0;
	}
	if (kind == WQ_ESCALATED) {
		alarm->escalations++;
		alarm->waited = WQ_NO_TIME;
	}
	if (rows[kind].rhythm || alarm->state == WQ_LIFE_NORMAL || kind == WQ_REMINDED)
		alarm->reminded = decided;
	if (kind == WQ_REMINDED)
		alarm->reminders++;
	else if (rows[kind].rhythm || alarm->state == WQ_LIFE_NORMAL)
		alarm->reminders = 0;
	if (rows[kind].level)
		alarm->level = level;
	if (kind == WQ_ACKNOWLEDGED) {
		alarm->answered = alarm->changes;
		alarm->answered_at = decided;
	}
	if (rows[kind].tells)
		alarm->untold = hush == WQ_HUSH_FLOOD;
	alarm->state = state_after(alarm->state, kind);
}
