/* SPDX-License-Identifier: Apache-2.0 */
/* Shift handover (交接班): when a shift has begun that somebody has to be told of, whom, and in which words. Pure and
 * thread-safe: instants are arguments. */
#ifndef WQ_RELIEF_H
#define WQ_RELIEF_H

#include "roster.h"

#include "wq/alarm.h"
#include "wq/channel.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* A shift that began while nobody watched is told when it began less than this ago. */
#define RELIEF_LATE WQ_HOURS(2)
/* A mark further in the future than this was set by a clock that was ahead: it is given up. */
#define RELIEF_AHEAD WQ_DAYS(2)

enum relief_step {
	RELIEF_NOTHING, /* the shift that goes on is done with */
	RELIEF_TELL,    /* it began: whoever comes is told */
	RELIEF_MISSED,  /* it began too long ago while nobody watched: done with, untold */
	RELIEF_RESET,   /* the mark lies in the future: the shift that goes on takes its place, untold */
};

/* What to do about the shift that goes on at `now`. mark: `from` of the one that was done with last, WQ_NO_TIME: none ever
 * was; watched: somebody looked since before this one began. A clock that is put back finds the mark after `from` and tells
 * nothing twice; one that is put forward over a beginning finds it before. */
enum relief_step relief_step(const struct roster_duty *duty, wq_ms mark, bool watched, wq_ms now);

/* Whether this person comes on duty with the shift that goes on: stands in it in any role, and did not just before it
 * began, or not in the shift that was done with last. */
bool relief_comes(const struct roster *roster, const struct roster_duty *duty, wq_ms mark, uint32_t person);

/* One alarm that is open, as it is told. */
struct relief_alarm {
	int64_t id;
	enum wq_level level;
	enum wq_life_state state;
	wq_ms opened;             /* event time */
	const char *who;          /* acknowledged it; "": nobody, or not known any more */
	const char *station;      /* name; NULL: about the site */
	const char *parameter;    /* name; NULL: about the station or site as a whole, then `says` tells */
	const char *unit;
	double value;             /* the newest, NaN: none */
	const char *says;         /* in English: the rule's title */
	const char *kind;         /* in English: the rule's kind; NULL: not known */
	bool test;                /* of a station in commissioning */
};

/* As many are listed; the others are counted. */
#define RELIEF_LISTED 8

struct relief {
	bool english;       /* in English, not in Chinese: the names below are then as English messages have them */
	const char *roster; /* its name, as officers read it */
	const char *shift;  /* "" none */
	enum roster_role role;
	wq_ms from, until;
	wq_ms now;
	const struct wq_zone *zone;
	size_t open, unacknowledged, shelved, maintained;
	size_t listed;
	struct relief_alarm alarms[RELIEF_LISTED]; /* the highest level first, then the oldest */
};

/* Counts an alarm, and puts it into its place of the list. */
void relief_add(struct relief *relief, const struct relief_alarm *alarm);

/* What the officer reads: the counts, then as many alarms as fit, then how many more there are. The first two parts of a
 * short message hold the counts and the first alarms. */
void relief_text(const struct relief *relief, char out[WQ_NOTICE_TEXT]);

/* The same for machines; the caller releases it. NULL: no memory. */
json_t *relief_data(const struct relief *relief);

#endif
