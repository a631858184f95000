/* SPDX-License-Identifier: Apache-2.0 */
/* A file of tests of rules, read and checked whole: what happens, and what the rules must say of
 * it. */
#ifndef WQ_CTL_RULEFILE_H
#define WQ_CTL_RULEFILE_H

#include "config/config.h"
#include "ctl/backtest/readings.h"

#include "wq/alarm.h"
#include "wq/day.h"

#include <stdbool.h>

struct arena;

/* Where something stands in the file. */
struct rulefile_place {
	int line;
	const char *where; /* `[test "…" alarm]` */
};

struct rulefile_series {
	struct rulefile_place place;
	const char *station, *parameter; /* parameter: its alias */
	size_t count;
	const struct readings_cell *cells;
};

/* A change of an alarm that must come; what is -1, NULL or NaN is not looked at. */
struct rulefile_alarm {
	struct rulefile_place place;
	wq_ms at;
	int change, level; /* enum wq_change_kind, wq_level */
	const char *rule, *station,
	        *parameter; /* parameter: its alias, "" the station as a whole */
	const char *text;   /* what it must hold */
	double value, limit;
};

/* The last verdict of a day. */
struct rulefile_day {
	struct rulefile_place place;
	wq_day day;
	const char *station, *parameter; /* "all": the station as a whole */
	int class_;                      /* 0: none; -1: not looked at */
	int verdict;                     /* enum wq_day_verdict; -1 */
	double mean;                     /* NaN: not looked at */
};

struct rulefile_test {
	struct rulefile_place place;
	const char *title;
	const struct config *config;
	wq_ms start, step;
	size_t rule_count; /* whose changes must all be listed; 0: all rules */
	const char *const *rules;
	size_t series_count, alarm_count, day_count;
	struct rulefile_series *series;
	struct rulefile_alarm *alarms;
	struct rulefile_day *days;
};

struct rulefile {
	const char *name;
	struct arena *arena, *scratch;
	size_t config_count, test_count;
	struct rulefile_config *configs;
	struct rulefile_test *tests;
};

/* Reads and checks; every error goes to the report. False: it cannot be run (free it all the same).
 * A configuration that is wrong is told on standard error. */
bool rulefile_read(struct rulefile *file, const char *path, struct config_report *report);
void rulefile_free(struct rulefile *file);

#endif
