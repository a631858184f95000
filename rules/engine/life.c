/* SPDX-License-Identifier: Apache-2.0 */
/* The life of an alarm (IEC 62682, ISA-18.2), whole: six states, eighteen events.
 *
 * A row is a state, a column an event. STAY: nothing happens. GO(state, change): the alarm goes there and the change is
 * recorded. GO2: two changes, in this order. An alarm is made by the step that leaves NORMAL and ends with the step that
 * comes back to it.
 *
 * The principles behind the cells:
 *   - UNKNOWN never clears and never opens; HOLD neither. "Not assessable" is never "all clear".
 *   - The level only rises within an episode; a lower one is not told.
 *   - What an officer acknowledged stays so until it is raised or opens again.
 *   - Late data correct. They are told as such, ring nobody, never escalate and take back no acknowledgement.
 *   - With latch, an alarm that nobody acknowledged does not vanish when the water meets again.
 *   - A reminder is no news: it changes nothing but the count. What only late data say reminds nobody.
 *   - On the shelf an alarm lives on: the shelf is not a state but decides what is told (record.c).
 *
 * Delays are not states either: how long a rule has said the same is kept beside the alarm (struct slot), and the event
 * says whether that is long enough. So an open alarm whose water meets keeps its state while off_delay runs. */
#include "life.h"

#define STAY                   { .next = STATE }
#define GO(state, change)      { .next = WQ_LIFE_##state, .count = 1, .changes = { WQ_##change } }
#define GO2(state, one, two)   { .next = WQ_LIFE_##state, .count = 2, .changes = { WQ_##one, WQ_##two } }
#define TELL(change)           { .next = STATE, .count = 1, .changes = { WQ_##change } }
#define REFUSE(why)            { .next = STATE, .refusal = LIFE_##why }

/* clang-format off */
static const struct life_step steps[WQ_LIFE_STATES][LIFE_EVENTS] = {
#define STATE WQ_LIFE_NORMAL
	[WQ_LIFE_NORMAL] = {
		[LIFE_UNKNOWN] = STAY,
		[LIFE_HOLD] = STAY,
		[LIFE_EXCEEDING] = STAY,
		[LIFE_EXCEEDS] = GO(ACTIVE, OPENED),
		[LIFE_HIGHER] = GO(ACTIVE, OPENED),
		[LIFE_MEETING] = STAY,
		[LIFE_MEETS] = STAY,
		[LIFE_MEETS_LATCHED] = STAY,
		[LIFE_LATE_EXCEEDS] = GO(CORRECTED, CORRECTED),
		[LIFE_LATE_HIGHER] = GO(CORRECTED, CORRECTED),
		[LIFE_LATE_MEETS] = STAY,
		[LIFE_LATE_MEETS_LATCHED] = STAY,
		[LIFE_OVERDUE] = STAY,
		[LIFE_REMIND] = STAY,
		[LIFE_ACKNOWLEDGE] = REFUSE(NOT_OPEN),
		[LIFE_CLOSE] = REFUSE(NOT_OPEN),
		[LIFE_SHELVE] = STAY,
		[LIFE_UNSHELVE] = STAY,
	},
#undef STATE
#define STATE WQ_LIFE_ACTIVE
	[WQ_LIFE_ACTIVE] = {
		[LIFE_UNKNOWN] = STAY,
		[LIFE_HOLD] = STAY,
		[LIFE_EXCEEDING] = STAY,
		[LIFE_EXCEEDS] = STAY,
		[LIFE_HIGHER] = GO(ACTIVE, RAISED),
		[LIFE_MEETING] = STAY,
		[LIFE_MEETS] = GO(NORMAL, CLEARED),
		[LIFE_MEETS_LATCHED] = GO(RECOVERED, RECOVERED),
		[LIFE_LATE_EXCEEDS] = STAY,
		[LIFE_LATE_HIGHER] = TELL(CORRECTED),
		[LIFE_LATE_MEETS] = GO2(NORMAL, CORRECTED, CLEARED),
		[LIFE_LATE_MEETS_LATCHED] = GO2(RECOVERED, CORRECTED, RECOVERED),
		[LIFE_OVERDUE] = GO(ESCALATED, ESCALATED),
		[LIFE_REMIND] = TELL(REMINDED),
		[LIFE_ACKNOWLEDGE] = GO(ACKNOWLEDGED, ACKNOWLEDGED),
		[LIFE_CLOSE] = GO(NORMAL, CLOSED),
		[LIFE_SHELVE] = TELL(SHELVED),
		[LIFE_UNSHELVE] = TELL(UNSHELVED),
	},
#undef STATE
#define STATE WQ_LIFE_ESCALATED
	[WQ_LIFE_ESCALATED] = {
		[LIFE_UNKNOWN] = STAY,
		[LIFE_HOLD] = STAY,
		[LIFE_EXCEEDING] = STAY,
		[LIFE_EXCEEDS] = STAY,
		[LIFE_HIGHER] = GO(ACTIVE, RAISED),
		[LIFE_MEETING] = STAY,
		[LIFE_MEETS] = GO(NORMAL, CLEARED),
		[LIFE_MEETS_LATCHED] = GO(RECOVERED, RECOVERED),
		[LIFE_LATE_EXCEEDS] = STAY,
		[LIFE_LATE_HIGHER] = TELL(CORRECTED),
		[LIFE_LATE_MEETS] = GO2(NORMAL, CORRECTED, CLEARED),
		[LIFE_LATE_MEETS_LATCHED] = GO2(RECOVERED, CORRECTED, RECOVERED),
		[LIFE_OVERDUE] = TELL(ESCALATED),
		[LIFE_REMIND] = TELL(REMINDED),
		[LIFE_ACKNOWLEDGE] = GO(ACKNOWLEDGED, ACKNOWLEDGED),
		[LIFE_CLOSE] = GO(NORMAL, CLOSED),
		[LIFE_SHELVE] = TELL(SHELVED),
		[LIFE_UNSHELVE] = GO(ACTIVE, UNSHELVED),
	},
#undef STATE
#define STATE WQ_LIFE_ACKNOWLEDGED
	[WQ_LIFE_ACKNOWLEDGED] = {
		[LIFE_UNKNOWN] = STAY,
		[LIFE_HOLD] = STAY,
		[LIFE_EXCEEDING] = STAY,
		[LIFE_EXCEEDS] = STAY,
		[LIFE_HIGHER] = GO(ACTIVE, RAISED),
		[LIFE_MEETING] = STAY,
		[LIFE_MEETS] = GO(NORMAL, CLEARED),
		[LIFE_MEETS_LATCHED] = GO(NORMAL, CLEARED),
		[LIFE_LATE_EXCEEDS] = STAY,
		[LIFE_LATE_HIGHER] = TELL(CORRECTED),
		[LIFE_LATE_MEETS] = GO2(NORMAL, CORRECTED, CLEARED),
		[LIFE_LATE_MEETS_LATCHED] = GO2(NORMAL, CORRECTED, CLEARED),
		[LIFE_OVERDUE] = STAY,
		[LIFE_REMIND] = TELL(REMINDED),
		[LIFE_ACKNOWLEDGE] = REFUSE(ALREADY),
		[LIFE_CLOSE] = GO(NORMAL, CLOSED),
		[LIFE_SHELVE] = TELL(SHELVED),
		[LIFE_UNSHELVE] = TELL(UNSHELVED),
	},
#undef STATE
#define STATE WQ_LIFE_CORRECTED
	[WQ_LIFE_CORRECTED] = {
		[LIFE_UNKNOWN] = STAY,
		[LIFE_HOLD] = STAY,
		[LIFE_EXCEEDING] = STAY,
		[LIFE_EXCEEDS] = GO(ACTIVE, REOPENED),
		[LIFE_HIGHER] = GO(ACTIVE, REOPENED),
		[LIFE_MEETING] = STAY,
		[LIFE_MEETS] = GO(NORMAL, CLEARED),
		[LIFE_MEETS_LATCHED] = GO(RECOVERED, RECOVERED),
		[LIFE_LATE_EXCEEDS] = STAY,
		[LIFE_LATE_HIGHER] = TELL(CORRECTED),
		[LIFE_LATE_MEETS] = GO2(NORMAL, CORRECTED, CLEARED),
		[LIFE_LATE_MEETS_LATCHED] = GO2(RECOVERED, CORRECTED, RECOVERED),
		[LIFE_OVERDUE] = STAY,
		[LIFE_REMIND] = STAY,
		[LIFE_ACKNOWLEDGE] = GO(ACKNOWLEDGED, ACKNOWLEDGED),
		[LIFE_CLOSE] = GO(NORMAL, CLOSED),
		[LIFE_SHELVE] = TELL(SHELVED),
		[LIFE_UNSHELVE] = TELL(UNSHELVED),
	},
#undef STATE
#define STATE WQ_LIFE_RECOVERED
	[WQ_LIFE_RECOVERED] = {
		[LIFE_UNKNOWN] = STAY,
		[LIFE_HOLD] = STAY,
		[LIFE_EXCEEDING] = STAY,
		[LIFE_EXCEEDS] = GO(ACTIVE, REOPENED),
		[LIFE_HIGHER] = GO(ACTIVE, REOPENED),
		[LIFE_MEETING] = STAY,
		[LIFE_MEETS] = GO(NORMAL, CLEARED), /* latch was taken out of the configuration */
		[LIFE_MEETS_LATCHED] = STAY,
		[LIFE_LATE_EXCEEDS] = GO(CORRECTED, CORRECTED),
		[LIFE_LATE_HIGHER] = GO(CORRECTED, CORRECTED),
		[LIFE_LATE_MEETS] = GO(NORMAL, CLEARED),
		[LIFE_LATE_MEETS_LATCHED] = STAY,
		[LIFE_OVERDUE] = STAY,
		[LIFE_REMIND] = TELL(REMINDED),
		[LIFE_ACKNOWLEDGE] = GO2(NORMAL, ACKNOWLEDGED, CLEARED),
		[LIFE_CLOSE] = GO(NORMAL, CLOSED),
		[LIFE_SHELVE] = TELL(SHELVED),
		[LIFE_UNSHELVE] = TELL(UNSHELVED),
	},
#undef STATE
};
/* clang-format on */

const struct life_step *life_step(enum wq_life_state state, enum life_event event)
{
	return &steps[state][event];
}

bool life_rings(enum wq_life_state state)
{
	return state == WQ_LIFE_NORMAL || state == WQ_LIFE_CORRECTED || state == WQ_LIFE_RECOVERED;
}

enum life_event life_event_of(const struct wq_life *life, enum wq_life_state state, enum wq_level level,
	const struct wq_verdict *verdict, wq_ms held, wq_ms open)
{
	bool higher = state != WQ_LIFE_NORMAL && (verdict->level > level || verdict->news);
	switch (verdict->finding) {
	case WQ_FINDING_HOLD:
		return LIFE_HOLD;
	case WQ_FINDING_RAISE:
		if (life_rings(state) && held < life->on_delay)
			return LIFE_EXCEEDING;
		return higher ? LIFE_HIGHER : LIFE_EXCEEDS;
	case WQ_FINDING_CLEAR:
		if (held < life->off_delay || (life->hold > 0 && open < life->hold))
			return LIFE_MEETING;
		return life->latch ? LIFE_MEETS_LATCHED : LIFE_MEETS;
	default:
		return LIFE_UNKNOWN;
	}
}

enum life_event life_event_late(const struct wq_life *life, enum wq_life_state state, enum wq_level level,
	const struct wq_verdict *verdict)
{
	static const struct wq_life at_once;
	struct wq_life now = at_once;
	now.latch = life->latch;
	switch (life_event_of(&now, state, level, verdict, 0, 0)) {
	case LIFE_HOLD:
		return LIFE_HOLD;
	case LIFE_EXCEEDS:
		return LIFE_LATE_EXCEEDS;
	case LIFE_HIGHER:
		return LIFE_LATE_HIGHER;
	case LIFE_MEETS:
		return LIFE_LATE_MEETS;
	case LIFE_MEETS_LATCHED:
		return LIFE_LATE_MEETS_LATCHED;
	default:
		return LIFE_UNKNOWN;
	}
}
