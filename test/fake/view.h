/* SPDX-License-Identifier: Apache-2.0 */
/* A view without an engine: one station, its series, and what a test wants a rule to see. */
#ifndef WQ_FAKE_VIEW_H
#define WQ_FAKE_VIEW_H

#include "wq/rule.h"

#define FAKE_SERIES   6
#define FAKE_SETTINGS 512
#define FAKE_STATE    16384

/* The body of the opaque view that rules are handed. */
struct wq_view {
	struct wq_site site;
	struct wq_station station;
	struct wq_series series[FAKE_SERIES];
	enum wq_scope scope;
	uint32_t place;
	wq_ms now, started;
	struct wq_reading readings[FAKE_SERIES][WQ_WINDOW_MAX];
	size_t count[FAKE_SERIES];
	wq_ms last_arrival[FAKE_SERIES];
	wq_ms excused[FAKE_SERIES]; /* WQ_NO_TIME: by nothing */
	wq_ms seen[FAKE_SERIES];    /* set by hand, or as the readings come */
	bool undecided;
	const struct wq_reading *trigger;
	double replaced;
	bool no_alarm; /* none is open; otherwise rules say all they have to say */
	const struct wq_day_report *day;
};

/* A rule at one place: what the engine holds for it. */
struct fake_rule {
	struct wq_view view;
	const struct wq_rule *rule;
	_Alignas(max_align_t) unsigned char settings[FAKE_SETTINGS];
	_Alignas(max_align_t) unsigned char state[FAKE_STATE];
	struct wq_verdict said; /* of the last call that said something */
};

/* A rule with the settings "key=value key=value …" (the rest: the fallbacks of its rows), at a
 * station with target class III in this water and the parameters named ("tp nh3n"); a series rule
 * watches the first one. Fails the test when a setting is not what its row allows. Interval and
 * cycle: 4 h. */
void fake_rule_open(struct fake_rule *f, const struct wq_rule *rule, const char *settings,
        enum wq_water water, const char *parameters);

/* What rule->check says of the settings; 0 when it has none. */
int fake_rule_check(struct fake_rule *f, struct wq_err *err);

/* Gives the watched series a reading (at its place in time; the same `at` again is a revision),
 * with `at` as the present if that is later, and asks the rule. Returns what it found; UNKNOWN also
 * when it said nothing. */
enum wq_finding fake_rule_read(
        struct fake_rule *f, wq_ms at, double value, enum wq_quality quality);

/* A sample that no rule may judge arrives. */
void fake_rule_arrive(struct fake_rule *f, wq_ms now);

/* Lets the present be `now`; true when the rule said something. */
bool fake_rule_tick(struct fake_rule *f, wq_ms now);

/* Closes a day with this report. True when the rule said something. */
bool fake_rule_day(struct fake_rule *f, const struct wq_day_report *report);

/* The value of a fact of the last verdict; NaN when it has none of that name. */
double fake_rule_fact(const struct fake_rule *f, const char *key);

#endif
