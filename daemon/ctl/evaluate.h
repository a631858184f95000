/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of `wqctl evaluate` share: what is asked, the sums it is answered from, where the
 * days come from, how it is written. */
#ifndef WQ_CTL_EVALUATE_H
#define WQ_CTL_EVALUATE_H

#include "config/config.h"
#include "wq/period.h"

#include <stdbool.h>
#include <stddef.h>

struct wq_err;

/* The period asked for, the one before, the same of last year. */
enum evaluated { EVALUATED_NOW, EVALUATED_BEFORE, EVALUATED_LAST_YEAR, EVALUATED_PERIODS };

enum evaluate_format { EVALUATE_TABLE, EVALUATE_CSV, EVALUATE_JSON };

#define EVALUATE_STATIONS 64 /* --station, at most */

/* Texts are borrowed from the command line. */
struct evaluate_request {
	enum wq_period_kind kind;
	const char *at;
	const char *stations[EVALUATE_STATIONS];
	size_t station_count;
	const char *group, *kind_of_station;
	enum evaluate_format format;
	const char *config, *database, *csv;
	int water; /* enum wq_water; -1: not given */
};

struct evaluation {
	const struct evaluate_request *request;
	struct config *config, *of_series; /* owned; of_series may be NULL */
	struct wq_site site;               /* with stations of its own */
	struct wq_station *stations;       /* owned */
	char **names; /* owned: of stations that only the history knows; NULL */
	bool *chosen; /* by station */
	struct wq_period periods[EVALUATED_PERIODS];
	wq_day until;
	struct wq_period_work (*works)[EVALUATED_PERIODS]; /* by station */
	size_t wrong;                                      /* places of a CSV */
};

/* Takes a site, with stations that may be changed. CTL_DONE or CTL_WRONG, which was told. */
int evaluation_site(struct evaluation *e, const struct wq_site *site);

/* Decides the stations and the periods, once the site and the last day that is over are known. */
int evaluation_begin(struct evaluation *e, wq_day last);

/* The last day of the period that counts: its end, or the last one that is over. */
wq_day evaluation_until(const struct evaluation *e);

/* A row of a day, for whichever periods it lies in. */
void evaluation_row(struct evaluation *e, const struct wq_day_row *row);

/* Where the days come from: one of these fills e. They tell what is wrong. */
int evaluate_history(struct evaluation *e, const char *path, bool known);
int evaluate_csv(struct evaluation *e);

/* One station with its classes of the three periods. */
struct evaluated_line {
	const struct wq_station *station;
	struct wq_period_report now;
	int before, last_year;
	int counted[EVALUATED_PERIODS]; /* what it counts as in a group */
};

struct evaluated_groups {
	struct wq_group now, before, last_year;
};

/* Fills the line of a station (index); counts it in the groups. */
void evaluate_line(const struct evaluation *e, size_t station, struct evaluated_line *line);
void evaluate_count(struct evaluated_groups *groups, const struct evaluated_line *line);

/* Prints it. */
int evaluate_print(const struct evaluation *e);
int evaluate_json(
        const struct evaluation *e, struct evaluated_line *line, struct evaluated_groups *groups);

#endif
