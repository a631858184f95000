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
	WQ_RAISED,       /* a higher level */
	WQ_ESCALATED,    /* nobody acknowledged in time */
	WQ_ACKNOWLEDGED, /* by a person */
	WQ_CLEARED,      /* the water meets again */
	WQ_CLOSED,       /* by a person, with cause and measure taken (整改销号) */
	WQ_CORRECTED,    /* late data changed what had been told */
};
#define WQ_CHANGE_KINDS 7

const char *wq_change_name(enum wq_change_kind kind); /* "opened" … */

#define WQ_ALARM_NAME    24  /* "W20260305-007", NUL included */
#define WQ_PERSON_TEXT   64
#define WQ_EVIDENCE_TEXT 2048

/* The state of one open alarm. */
struct wq_alarm {
	int64_t id;        /* yyyymmdd × 100000 + number of the day: unique, ascending */
	uint32_t rule;     /* index into wq_site.rules */
	uint32_t place;    /* index into that rule's places */
	enum wq_level level;
	uint32_t changes;  /* told so far; the next change has this number + 1 */
	bool acknowledged; /* since it was opened or last raised */
	bool escalated;    /* since it was opened or last raised */
	wq_ms opened;      /* event time */
	wq_ms since;       /* our clock: when it was opened or last raised; escalation counts from here */
	struct wq_verdict last; /* the newest verdict that raised it */
};

/* The name that people use, from the id: 2026030500007 -> "W20260305-007". Returns buf. */
char *wq_alarm_name(int64_t id, char buf[WQ_ALARM_NAME]);

/* The inverse; -1 when text is not such a name. */
int64_t wq_alarm_id(const char *name);

/* One change of an alarm, complete: what is stored and what notices are made from. */
struct wq_change {
	int64_t alarm;
	uint32_t number; /* 1, 2, 3 … within the alarm */
	enum wq_change_kind kind;
	uint32_t rule, place;
	uint32_t station; /* WQ_NONE for network rules */
	uint32_t series;  /* WQ_NONE: the station as a whole */
	enum wq_level level;
	wq_ms time;    /* event time; of acknowledged and escalated: our clock */
	wq_ms decided; /* our clock */
	double value, limit; /* NaN: none */
	char who[WQ_PERSON_TEXT];  /* of acknowledged and closed */
	char note[WQ_SAYS_TEXT];   /* of acknowledged and closed: what the person said; closed: cause and measure */
	char says[WQ_SAYS_TEXT];   /* the reason in Chinese */
	char evidence[WQ_EVIDENCE_TEXT]; /* JSON object: rule, hash, facts, limit, the readings judged */
};

#endif
