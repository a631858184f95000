/* SPDX-License-Identifier: Apache-2.0 */
/* An alarm: an episode of one rule at one place (words of IEC 62682), and its changes. */
#ifndef WQ_ALARM_H
#define WQ_ALARM_H

#include "wq/instant.h"
#include "wq/verdict.h"

#include <stdbool.h>
#include <stdint.h>

enum wq_change_kind {
	WQ_OPENED,
	WQ_RAISED,       /* a higher level; of what the daemon says of itself also: more failed (wq_verdict.news) */
	WQ_ESCALATED,    /* nobody acknowledged in time */
	WQ_ACKNOWLEDGED, /* by a person */
	WQ_CLEARED,      /* the water meets again; the episode is over */
	WQ_CLOSED,       /* by a person, with cause and measure taken (整改销号) */
	WQ_CORRECTED,    /* late data changed what had been told */
	WQ_RECOVERED,    /* the water meets again, and the alarm waits for somebody to acknowledge it (latch) */
	WQ_REOPENED,     /* it exceeds again while it waited; or fresh data confirm what only late data had told */
	WQ_SHELVED,      /* by a person, or because it opened too often: nothing is told until the shelf ends */
	WQ_UNSHELVED,    /* the shelf ended and the alarm is still open: told again */
	WQ_REMINDED,     /* nobody has acknowledged it for long, or it was acknowledged long ago and is still open; no news */
};
#define WQ_CHANGE_KINDS 12

const char *wq_change_name(enum wq_change_kind kind); /* "opened" … */

/* Where an alarm is in its life (rules/engine/life.c has the whole machine as a table). All but NORMAL are open. */
enum wq_life_state {
	WQ_LIFE_NORMAL,       /* no alarm */
	WQ_LIFE_ACTIVE,       /* exceeds, and nobody has acknowledged it */
	WQ_LIFE_ESCALATED,    /* nor in time; it may escalate further */
	WQ_LIFE_ACKNOWLEDGED, /* somebody deals with it */
	WQ_LIFE_CORRECTED,    /* only late data say so: told as a correction, never escalates */
	WQ_LIFE_RECOVERED,    /* meets again, waits for an acknowledgement: never escalates */
};
#define WQ_LIFE_STATES 6

const char *wq_life_name(enum wq_life_state state); /* "normal" "active" "escalated" … */

/* Why nobody is told of a change, which is recorded all the same. */
enum wq_hush {
	WQ_HUSH_NONE,    /* it is told */
	WQ_HUSH_SHELVED, /* the alarm is on the shelf */
	WQ_HUSH_FLOOD,   /* too many alarms came at once, and it is one of the lesser ones */
};

const char *wq_hush_name(enum wq_hush hush); /* "" "shelved" "flood" */

#define WQ_ALARM_NAME    24  /* "W20260305-007", NUL included */
#define WQ_PERSON_TEXT   64
#define WQ_CAUSE_TEXT    128
#define WQ_CAUSE_MAX     120 /* bytes that people may give as cause and as measure: 40 and 80 Chinese characters */
#define WQ_ACTION_MAX    240
#define WQ_EVIDENCE_TEXT 6144

/* The state of one open alarm. */
struct wq_alarm {
	int64_t id;        /* yyyymmdd × 100000 + number of the day: unique, ascending */
	uint32_t rule;     /* index into wq_site.rules */
	uint32_t place;    /* index into that rule's places */
	enum wq_level level; /* the highest of the episode */
	uint32_t changes;  /* told so far; the next change has this number + 1 */
	enum wq_life_state state;
	bool untold;       /* its opening was held back in a flood, and nobody was told since */
	wq_ms opened;      /* event time */
	wq_ms since;       /* our clock: when it was last told as a new one (opened, raised, reopened, unshelved); escalation
	                      counts from here */
	uint32_t answered; /* number of the change by which it was last acknowledged; 0: it never was */
	wq_ms answered_at; /* our clock; with `answered` only */
	char answered_by[WQ_PERSON_TEXT];
	wq_ms reminded;    /* our clock: what reminders count from: when it was told as a new one, acknowledged, recovered or
	                      last reminded of */
	uint32_t reminders; /* since it was told as a new one, acknowledged or recovered */
	uint32_t escalations; /* since `since` */
	wq_ms waited;      /* the span after `since` of the last of them, with `escalations` only; WQ_NO_TIME: it was told in an earlier
	                      life of the program, and is that many of the rule's spans */
	bool restored;     /* `since` is of an earlier life of the program */
	wq_ms watched;     /* our clock: when this life began to look, with `restored`; WQ_NO_TIME: it has not */
	struct wq_verdict last; /* the newest verdict that raised it; when it has recovered, the one that says so */
};

/* What a change makes of the alarm: number, state, level, times. The engine and the restart share it, so that the state of
 * an alarm follows from its changes. `time` and `decided` as of the change. Who acknowledged it is left to them. */
void wq_alarm_follow(struct wq_alarm *alarm, enum wq_change_kind kind, enum wq_level level, wq_ms time, wq_ms decided,
	enum wq_hush hush);

/* The name that people use, from the id: 2026030500007 -> "W20260305-007". Returns buf. */
char *wq_alarm_name(int64_t id, char buf[WQ_ALARM_NAME]);

/* The inverse; -1 when text is not such a name. */
int64_t wq_alarm_id(const char *name);

/* One change of an alarm, complete: what is stored and what notices are made from. */
struct wq_change {
	int64_t alarm;
	uint32_t number; /* 1, 2, 3 … within the alarm */
	enum wq_change_kind kind;
	enum wq_hush hush; /* not NONE: no notice is made of it */
	uint32_t rule, place;
	uint32_t station; /* WQ_NONE for network rules */
	uint32_t series;  /* WQ_NONE: the station as a whole */
	enum wq_level level;
	wq_ms time;    /* event time; of what people and clocks do: our clock */
	wq_ms decided; /* our clock */
	wq_ms until;   /* of shelved: when the shelf ends; WQ_NO_TIME otherwise */
	wq_ms opened;  /* event time of the alarm's opening */
	/* Not stored, for who tells of it: */
	wq_ms since;       /* as of the alarm, before the change: since when an answer is waited for; our clock */
	uint32_t reminder; /* of reminded: which one, 1, 2 … */
	uint32_t escalation; /* of escalated: which one, 1, 2 … */
	wq_ms waited;        /* … and the span of the routes that has passed; 0: it is not known, all of them have */
	enum wq_life_state state; /* of the alarm, after the change */
	double value, limit; /* NaN: none */
	char who[WQ_PERSON_TEXT];  /* of acknowledged, closed, shelved, unshelved; "" where nobody did it */
	char note[WQ_SAYS_TEXT];   /* of these: what the person said; shelved: the reason */
	char cause[WQ_CAUSE_TEXT]; /* of closed: what caused it … */
	char action[WQ_SAYS_TEXT]; /* … and the measure taken; in histories of before both stand in the note */
	char says[WQ_SAYS_TEXT];   /* the reason in Chinese */
	char evidence[WQ_EVIDENCE_TEXT]; /* JSON object: rule, hash, settings, facts, limit, the readings judged and their
	                                    neighbours; docs/store.md */
};

/* One rule at one place is on the shelf: its alarms live on, nobody is told. */
struct wq_shelf {
	uint32_t rule, place; /* indices as in wq_alarm */
	wq_ms since;          /* our clock; with rule and place it names the shelf */
	wq_ms until;          /* it always ends */
	wq_ms ended;          /* WQ_NO_TIME while it stands */
	bool automatic;       /* because the alarm opened too often */
	char who[WQ_PERSON_TEXT];      /* "" where it is automatic */
	char reason[WQ_SAYS_TEXT];
	char ended_by[WQ_PERSON_TEXT]; /* "": its time was over */
};

/* Since when a rule has been saying the same of a place without a break, by the readings' stamps: what on_delay and off_delay
 * count from. WQ_NO_TIME: it is not saying so. */
struct wq_delay {
	uint32_t rule, place;
	wq_ms exceeds_since, meets_since;
};

#endif
