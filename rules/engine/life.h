/* SPDX-License-Identifier: Apache-2.0 */
/* The life of an alarm as a table: states × events → state and changes. Pure. */
#ifndef WQ_ENGINE_LIFE_H
#define WQ_ENGINE_LIFE_H

#include "wq/alarm.h"
#include "wq/site.h"

enum life_event {
	/* what the rule says, with the delays counted in */
	LIFE_UNKNOWN,       /* not assessable */
	LIFE_HOLD,          /* neither bad enough nor good enough */
	LIFE_EXCEEDING,     /* exceeds, on_delay runs */
	LIFE_EXCEEDS,       /* exceeds, at a level that is known */
	LIFE_HIGHER,        /* exceeds, at a higher level than the alarm has */
	LIFE_MEETING,       /* meets, off_delay or hold runs */
	LIFE_MEETS,         /* meets */
	LIFE_MEETS_LATCHED, /* meets, and the rule has latch */
	/* what late data say */
	LIFE_LATE_EXCEEDS,
	LIFE_LATE_HIGHER,
	LIFE_LATE_MEETS,
	LIFE_LATE_MEETS_LATCHED,
	/* time and people */
	LIFE_OVERDUE, /* a span of the escalation has passed; never while it is on the shelf */
	LIFE_REMIND,  /* the time between reminders has passed; never while it is on the shelf or held back in a flood */
	LIFE_ACKNOWLEDGE,
	LIFE_CLOSE,
	LIFE_SHELVE,
	LIFE_UNSHELVE, /* by a person, or its time is over */
	LIFE_EVENTS
};

/* Why nothing is done. */
enum life_refusal { LIFE_DONE, LIFE_NOT_OPEN, LIFE_ALREADY };

struct life_step {
	uint8_t next;  /* enum wq_life_state */
	uint8_t count; /* of changes; 0: it stays as it is */
	uint8_t changes[2];
	uint8_t refusal;
};

/* Whether an alarm of this state rings when the rule says that the water exceeds: only then on_delay counts. */
bool life_rings(enum wq_life_state state);

const struct life_step *life_step(enum wq_life_state state, enum life_event event);

/* What a verdict that is not late means, for an alarm of this state and level. Spans by event time: how long the rule has
 * said so without a break, and how long the alarm has been open. */
enum life_event life_event_of(const struct wq_life *life, enum wq_life_state state, enum wq_level level,
	const struct wq_verdict *verdict, wq_ms held, wq_ms open);

/* The same of a verdict that late data brought: no delay counts. */
enum life_event life_event_late(const struct wq_life *life, enum wq_life_state state, enum wq_level level,
	const struct wq_verdict *verdict);

#endif
