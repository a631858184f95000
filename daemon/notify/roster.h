/* SPDX-License-Identifier: Apache-2.0 */
/* A duty roster (值班表): who is on duty, until when, and who is the leader on call. Pure: the instant is an argument, the
 * zone belongs to the roster. All calls are thread-safe. */
#ifndef WQ_ROSTER_H
#define WQ_ROSTER_H

#include "wq/instant.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ROSTER_SHIFTS 8  /* of a day */
#define ROSTER_SLOT   4  /* people of one role in one shift of one day */
#define ROSTER_MOST   64 /* people of one role at one instant: the shifts of two days, every slot full */
#define ROSTER_AHEAD  31 /* days that are looked over for gaps */

enum roster_role { ROSTER_LEAD, ROSTER_ASSIST, ROSTER_LEADER };
#define ROSTER_ROLES 3

const char *roster_role_name(enum roster_role role); /* "lead" "assist" "leader" */

/* When the next person's turn begins. */
enum roster_turn { ROSTER_BY_SHIFT, ROSTER_BY_DAY, ROSTER_BY_WEEK };

/* A shift begins at a time of day and ends `length` later by the clock on the wall, so that shifts that fill the day
 * fill the days on which the clock is put forward or back as well. */
struct roster_shift {
	const char *name;
	wq_ms start, length; /* 0 … 24 h, more than 0 and at most 24 h */
};

struct roster_turns {
	size_t count; /* 0: nobody by turns */
	const uint32_t *people;
	enum roster_turn turn;
};

/* What goes before the turns, the strongest first. */
enum roster_layer { ROSTER_SWAP, ROSTER_FILE, ROSTER_HOLIDAY };

struct roster_entry {
	wq_day day;     /* on which the shift begins */
	uint32_t shift; /* index */
	enum roster_role role;
	enum roster_layer layer;
	uint32_t person;
};

/* Whether those who come on duty are told what is open (交接班). */
enum roster_handover { ROSTER_HANDOVER_OPEN /* when something is */, ROSTER_HANDOVER_ALWAYS, ROSTER_HANDOVER_NEVER };

struct roster {
	const char *id, *name;
	enum roster_handover handover;
	const struct wq_zone *zone;
	size_t shift_count;
	const struct roster_shift *shifts;
	wq_day from; /* the turns begin with this day, the weeks of ROSTER_BY_WEEK too */
	struct roster_turns turns[ROSTER_ROLES];
	struct roster_turns weekdays[7]; /* the lead, Monday first; its people are those of the day's shifts, again and again */
	size_t entry_count;
	const struct roster_entry *entries; /* in the order of roster_compare() */
	size_t everybody_count;
	const uint32_t *everybody; /* each once */
};

/* For qsort: by day, shift, role and layer. */
int roster_compare(const void *a, const void *b);

struct roster_duty {
	wq_ms from, until; /* half-open: no shift begins or ends between them */
	uint32_t shift;    /* the one that began last, of those that somebody has; UINT32_MAX: none */
	bool vacant;       /* nobody has the lead */
	size_t count[ROSTER_ROLES];
	uint32_t people[ROSTER_ROLES][ROSTER_MOST]; /* each once a role */
};

/* Who is on duty at an instant. */
void roster_at(const struct roster *roster, wq_ms at, struct roster_duty *duty);

/* The first instant after `at`, within `within`, at which others are on duty in any role, and who; false: the same people
 * all the time. */
bool roster_next(const struct roster *roster, wq_ms at, wq_ms within, struct roster_duty *next);

/* True when the person has this role in a duty. */
bool roster_has(const struct roster_duty *duty, enum roster_role role, uint32_t person);

/* True when the person stands anywhere in the roster. */
bool roster_knows(const struct roster *roster, uint32_t person);

/* What is doubtful within a span: times when nobody has the lead, and times when two have it. */
struct roster_doubts {
	size_t gaps, overlaps;              /* stretches */
	wq_ms gap_from, gap_until;          /* the first of each */
	wq_ms overlap_from, overlap_until;
};
void roster_doubts(const struct roster *roster, wq_ms from, wq_ms until, struct roster_doubts *doubts);

#endif
