/* SPDX-License-Identifier: Apache-2.0 */
/* What happens at a time of day, on all days or some. Pure and thread-safe: instants are arguments. */
#ifndef WQ_BELL_H
#define WQ_BELL_H

#include "wq/instant.h"

#include <stdbool.h>

struct bell {
	wq_ms at;          /* time of day, 0 … 24 h */
	unsigned weekdays; /* bits, Monday first; 0: every day */
	int monthday;      /* 1 … 31, in a shorter month its last day; 0: every day */
};

/* A mark further in the future than this was set by a clock that was ahead: it is given up. */
#define BELL_AHEAD WQ_DAYS(2)

/* The number by which people speak of such a message: "T20260305-1000" of the letter T. Robots that ask for a keyword find 编号
 * before it in every message. Returns buf. */
char *bell_number(const struct wq_zone *zone, wq_ms at, char letter, char buf[WQ_INSTANT_TEXT]);

/* Whether it rings on a natural day. */
bool bell_rings(const struct bell *bell, wq_day day);

/* The instant of a time of day; where the clock skips it, the first one after. */
wq_ms bell_instant(const struct wq_zone *zone, wq_day day, wq_ms at);

enum bell_step {
	BELL_NOTHING,
	BELL_RING,  /* *due has come, today, and was not done */
	BELL_RESET, /* the mark lies in the future and is given up */
	BELL_FIRST, /* it was never looked at: it rings from now on, and makes up for nothing */
};

/* What to do at `now`. mark: the `due` that was done last, WQ_NO_TIME: it is new. What was missed is made up for on the same day
 * only. A clock that is put back finds the mark done. */
enum bell_step bell_step(const struct bell *bell, const struct wq_zone *zone, wq_ms mark, wq_ms now, wq_ms *due);

/* When it rings next after `now`, WQ_NO_TIME: not within a year and a month (a 29th that no year brings). */
wq_ms bell_next(const struct bell *bell, const struct wq_zone *zone, wq_ms now);

#endif
