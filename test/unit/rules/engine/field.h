/* SPDX-License-Identifier: Apache-2.0 */
/* Stations in numbers under the real rules, for tests of maintenance and of what hides behind what: every station measures
 * the same parameters, in one message; readings are below every limit unless a test says otherwise. */
#ifndef WQ_FIELD_H
#define WQ_FIELD_H

#include "wq/engine.h"
#include "wq/rule.h"

#include <stdbool.h>

/* 2026-03-05T00:00:00+08:00, a Thursday. */
#define DAY0 ((wq_ms)1772640000000)

#define FIELD_STATIONS   12
#define FIELD_PARAMETERS 9
#define FIELD_RULES      8
#define FIELD_STORY      65536

struct field {
	struct wq_site site;
	struct wq_station stations[FIELD_STATIONS];
	struct wq_series series[FIELD_STATIONS * FIELD_PARAMETERS];
	struct wq_rule_use rules[FIELD_RULES];
	uint32_t all[FIELD_STATIONS * FIELD_PARAMETERS];
	uint32_t ph[FIELD_STATIONS]; /* the first series of each station */
	_Alignas(max_align_t) unsigned char settings[FIELD_RULES][256];
	struct wq_engine *engine;
	struct wq_outcome out; /* since the last field_forget() */
	wq_ms now;
	uint64_t sequence;
	char story[FIELD_STORY]; /* "rule station parameter change level", a line a change, since the last field_forget() */
};

/* A site with so many stations (s0, s1 …) of so many parameters each, expected every `interval`; no rule yet. */
struct field *field_new(size_t stations, size_t parameters, wq_ms interval);
void field_free(struct field *f);

/* Adds a rule at all its places, its settings from "key=value …". Before field_start(). */
void field_rule(struct field *f, const struct wq_rule *rule, const char *settings);

/* Makes the engine; the present is DAY0. */
void field_start(struct field *f);

/* The present moves on to `now` in ticks of at most a second of each `step`. */
void field_wait(struct field *f, wq_ms now, wq_ms step);

/* A message of station `s` with the parameters whose bit is set in `which`, measured and arriving now, with this value and
 * flag. */
void field_send(struct field *f, uint32_t s, unsigned which, double value, const char *flag);

/* One sample of a series with a stamp of its own. */
void field_sample(struct field *f, uint32_t series, wq_ms at, double value, const char *flag);

/* What the daemon knows of the gateway that all are read from. */
void field_bus(struct field *f, enum wq_bus_state state);

void field_forget(struct field *f);

/* How many changes of this kind the story holds, of rules with this name ("": any). */
size_t field_count(const struct field *f, const char *rule, enum wq_change_kind kind);

size_t field_open_alarms(const struct field *f);

/* The stored samples since the last field_forget(): the newest one. */
const struct wq_stored *field_stored(const struct field *f);

#endif
