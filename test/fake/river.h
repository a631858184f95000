/* SPDX-License-Identifier: Apache-2.0 */
/* A few stations with the real engine and rules with their settings as text: for tests of rules that look back on days
 * or beyond their own station. */
#ifndef WQ_FAKE_RIVER_H
#define WQ_FAKE_RIVER_H

#include "wq/engine.h"
#include "wq/rule.h"

#define RIVER_STATIONS 6
#define RIVER_ITEMS    5
#define RIVER_RULES    4

/* 2026-03-05T00:00:00+08:00 */
#define DAY0 ((wq_ms)1772640000000)

struct river_station {
	const char *id, *name; /* id NULL: no further one */
	int flows_into;        /* index + 1; 0: none */
	int target;            /* 0: Class III */
	wq_ms travel;          /* 0: not given */
	bool commissioning;
};

struct river_rule {
	const struct wq_rule *rule; /* NULL: no further one */
	const char *settings;       /* "key=value …" */
	const char *item;           /* of series rules: at this parameter only; NULL: all */
	uint32_t profiles, except_profiles;
};

struct river {
	struct wq_site site;
	struct wq_engine *engine;
	struct wq_outcome out; /* of the last call */
	struct wq_station stations[RIVER_STATIONS];
	struct wq_series series[RIVER_STATIONS * RIVER_ITEMS];
	struct wq_rule_use uses[RIVER_RULES];
	_Alignas(max_align_t) unsigned char settings[RIVER_RULES][512];
	char texts[RIVER_RULES][256];
	uint32_t places[RIVER_RULES][RIVER_STATIONS * RIVER_ITEMS];
	uint64_t sequence;
	size_t items;
	char story[16384]; /* "rule station change level: says\n" of every change since river_open or river_forget */
};

/* parameters: "tp nh3n", measured at every station; cycle and interval 4 h. Rules stand at every place. */
void river_open(struct river *r, const struct river_station *stations, const char *parameters,
	const struct river_rule *rules);
/* The same site with a fresh engine, as after a restart before anything is restored. */
void river_restart(struct river *r);
void river_close(struct river *r);

/* One reading at `at` that arrives at once; a tick a second later. item: index into the parameters. */
void river_read(struct river *r, uint32_t station, uint32_t item, wq_ms at, double value);
/* … that arrives later, without a tick. */
void river_read_late(struct river *r, uint32_t station, uint32_t item, wq_ms at, double value, wq_ms received);
void river_tick(struct river *r, wq_ms now);

/* Adds the changes of `out` to the story: after a call of the engine that is not one of these. */
void river_tell(struct river *r);

/* Six readings of this value on day `day` (0: DAY0's) at each station, in the order of time, then the tick that closes
 * it. values[station]; NaN: none. */
void river_day(struct river *r, uint32_t item, int day, const double *values);

void river_forget(struct river *r);

/* Open alarms of a rule (index). */
size_t river_alarms(const struct river *r, uint32_t rule);

/* A fact of the newest change's evidence, or of the alarm open for the rule; NaN: none. */
double river_fact(const struct river *r, uint32_t rule, const char *key);

#endif
