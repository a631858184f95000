/* SPDX-License-Identifier: Apache-2.0 */
/* Two sets of rules on the same readings: which alarms appear, vanish, move. */
#ifndef WQ_CTL_COMPARE_H
#define WQ_CTL_COMPARE_H

#include "episodes.h"

#include <stdio.h>

struct wq_err;

struct compare_arguments {
	const char *old, *new, *csv;
	long officers, stations_per_officer; /* 0: not given */
	bool json;
};

/* One set of rules. */
struct compare_side {
	const char *file;
	struct config *base, *config;
	struct readings
	        readings; /* freed before the other side's are read, but for the stations' ids */
	struct episodes episodes;
	size_t officers, stations; /* officers 0: not known */
	int32_t days;              /* natural days that have a row */
};

/* Two alarms are the same when the rule's title and the place are and their times overlap; each is
 * paired once, the earliest first. */
enum compare_kind { COMPARE_APPEARED, COMPARE_VANISHED, COMPARE_MOVED, COMPARE_SAME };

struct difference {
	enum compare_kind kind;
	const struct episode *old, *new; /* NULL: none */
};

struct comparison {
	struct compare_side sides[2]; /* old, new */
	struct difference
	        *rows; /* by station, time, rule, parameter; those that are the same left out */
	size_t count;
	size_t kinds[COMPARE_SAME + 1];
	size_t other_end; /* of those that are the same: that end at another time */
	const struct difference *longest_lead,
	        *longest_lag; /* the new opening most before, after the old one */
};

/* Runs both and prints. The exit status of the program. */
int compare_run(const struct compare_arguments *arguments);

/* Pairs the episodes of both sides. 0 or WQ_E_MEMORY; rows are the caller's to free. */
int compare_pair(struct comparison *comparison, struct wq_err *err);

/* How much later the new one opened (before: < 0). */
wq_ms compare_shift(const struct difference *difference);

/* compare_print.c */
void compare_print(const struct comparison *comparison, FILE *to);
void compare_print_json(const struct comparison *comparison, FILE *to);

#endif
