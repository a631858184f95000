/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this room share. */
#ifndef WQ_RULES_HEALTH_PARTS_H
#define WQ_RULES_HEALTH_PARTS_H

#include "carried.h"
#include "learn.h"

#include "wq/health.h"
#include "wq/rule.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Series that one may be copied from: others of its station, the same parameter at the stations next to it. */
#define TWINS 12

/* A section of the configuration. NaN, WQ_NO_TIME: as is usual of the parameter. */
struct health_section {
	int level, spike; /* spike -1: level where anything is known of the parameter */
	double low, high, rate, floor, log, k, flat_tolerance, flat_above;
	wq_ms flat_suspect, flat_fail, gap;
	int64_t memory, trust, confirm;
	double nitrogen, saturation, turbid, neighbour;
	struct wq_list season;
	wq_ms learn_after; /* 0: nothing is learnt */
	bool usual, cross, copies, coherent, carried;
};

/* What is wrong with the instrument. */
enum health_reason {
	REASON_NONE,
	REASON_CARRIED, /* of the configuration rather */
	REASON_RANGE,
	REASON_FLAT,
	REASON_COPIED,
	REASON_COARSE,
	REASON_REGULAR,
	REASON_CROSS,
};

/* A series that this one may be copied from. */
struct twin {
	uint32_t series;
	bool here; /* at the same station: instants are the same */
	uint16_t same, changes; /* values in a row that are its own, and how often they changed meanwhile */
	double last;
};

/* Readings in a row outside of what is usual. Once they have lasted they are the river. */
#define LASTING_READINGS 6
#define LASTING_SPAN WQ_DAYS(1)

struct outside {
	uint32_t count;
	wq_ms since;
	bool lasted; /* so long; until no alarm is open any more */
};

/* A jump that the next reading confirms or not. */
struct jump {
	bool there;
	wq_ms at;
	double value, before;
};

/* What was learnt of the series: outlives a clock that was set, and is stored. */
struct learnt {
	wq_ms since, until; /* 0: nothing yet */
	double last;        /* the reading before */
	struct learn_values values;
	struct learn_rates rates;
};

/* Readings without which nothing is known, however long ago the first one was. */
#define LEARN_FEWEST 150

struct health_state {
	struct learnt learnt; /* first: what is forgotten begins behind it */
	bool ready, late;
	struct wq_health_settings settings;
	struct wq_health_usual usual; /* low … rate as they are to hold */
	double quick;                 /* the change within 4 h that one in a hundred exceeds; 0: not learnt */
	uint32_t partner;             /* series at the station that it is held against; WQ_NONE: none */
	uint8_t role;                 /* what it is to that one: doubts.c */
	uint8_t twin_count;
	struct twin twins[TWINS];
	struct carried carried;
	struct jump jump;
	struct outside outside;
	wq_ms last;        /* newest sample judged; 0: none */
	double value;      /* newest reading; valid when `known` */
	double base;       /* the newest one that was no jump */
	wq_ms known;       /* its stamp; 0: none */
	uint16_t crossed, ranged, calm; /* in a row: impossible beside another, out of range, without any reason */
	uint8_t reason, told; /* enum health_reason; as on_time last said it */
	wq_ms since;          /* stamp of the first sample with this reason */
	double shown, other;  /* the value then, and what it was held against */
	uint32_t whose;       /* series of the other; WQ_NONE: none */
	wq_ms cycle;          /* of REASON_CARRIED */
	/* A struct wq_health follows. */
};

/* -- settings.c -- */

extern const struct wq_option health_options[];
int health_check(const void *settings, const struct wq_site *site, const struct wq_parameter *parameter, struct wq_err *err);
/* What holds for a series. */
void health_prepare(struct health_state *st, const struct health_section *s, const struct wq_view *view);
/* The settings that the size of the memory depends on. */
struct wq_health_settings health_sized(const struct health_section *s);
/* LOW:HIGH of the last item of `season` whose days have this one. False: none has. */
bool health_season(const struct wq_list *season, const struct wq_zone *zone, wq_ms at, double *low, double *high);
bool health_season_parse(const char *text, int day[4], double *low, double *high);

/* -- doubts.c: what only shows beside other series -- */

void doubts_prepare(struct health_state *st, const struct health_section *s, const struct wq_view *view);
/* The value is impossible beside another one. */
bool doubts_cross(struct health_state *st, const struct health_section *s, const struct wq_view *view, wq_ms at, double value);
/* The newest values are those of another series. */
bool doubts_copied(struct health_state *st, const struct health_section *s, const struct wq_view *view, wq_ms at, double value);
/* Others of the station jumped too: that is the water. */
bool doubts_coherent(const struct wq_view *view, wq_ms at);
bool doubts_neighbour(const struct health_section *s, const struct wq_view *view, double value);

/* -- learns.c -- */

/* A reading that may teach: no alarm is open or it has lasted, and nothing but its being unusual speaks against it. */
void learns_take(struct learnt *learnt, wq_ms at, double value);
/* The ends and the rate that hold for the series, from what was learnt and what is given. */
void learns_apply(struct health_state *st, const struct health_section *s);
bool learns_tell(const void *state, const void *settings, struct wq_learnt *to);
void learns_restore(void *state, const void *settings, const struct wq_learnt *from);

/* -- unusual.c -- */

/* Each reading first, with the ends that hold. */
void unusual_count(struct health_state *st, wq_ms at, double value);
/* Out of what is usual in one step: a river that rises by steps as it always takes, or that stays there, is none. What the section
 * gives holds for every reading. */
bool unusual_is(const struct health_state *st, const struct health_section *s, wq_ms at, double value);
/* Whether the next reading decides what a doubted one was (a jump beyond the rate too). */
bool unusual_waits(const struct health_section *s, uint8_t test, double value);
/* Whether it may be learnt. */
bool unusual_teaches(struct health_state *st, uint8_t test, bool alarmed, wq_ms at);

/* -- says.c -- */

void says_reason(struct wq_verdict *out, const struct health_state *st, const struct health_section *s, const struct wq_view *view);

#endif
