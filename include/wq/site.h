/* SPDX-License-Identifier: Apache-2.0 */
/* What is watched, resolved from the configuration to plain data: built by the daemon,
 * read by the engine, immutable while anybody uses it. */
#ifndef WQ_SITE_H
#define WQ_SITE_H

#include "wq/instant.h"
#include "wq/option.h"
#include "wq/parameter.h"
#include "wq/standard.h"
#include "wq/verdict.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wq_rule;

#define WQ_NONE UINT32_MAX /* an index that points nowhere */

enum wq_station_kind {
	WQ_NATIONAL,         /* 国考断面 */
	WQ_PROVINCIAL,       /* 省考断面 */
	WQ_SOURCE_CENTRAL,   /* 集中式饮用水水源地 */
	WQ_SOURCE_DISPERSED, /* 分散式饮用水水源地 */
	WQ_SOURCE_BACKUP,    /* 备用水源地 */
	WQ_TRIBUTARY,        /* 支流 */
};
#define WQ_STATION_KINDS 6

/* Whether the supplementary items of a standard (table 2 of GB 3838) hold at such a station. */
static inline bool wq_station_source(enum wq_station_kind kind)
{
	return kind == WQ_SOURCE_CENTRAL || kind == WQ_SOURCE_DISPERSED || kind == WQ_SOURCE_BACKUP;
}

/* As written in the configuration: "national" "provincial" "source-central" … */
const char *wq_station_kind_name(enum wq_station_kind kind);

/* A maintenance that is known beforehand: a stretch, once or every week, in which a station or some parameters of it are
 * worked on. */
struct wq_plan {
	const char *name;   /* the section's title */
	const char *reason; /* as officers read it, or NULL */
	size_t series_count;
	const uint32_t *series; /* what it covers, ascending */
	wq_ms from, to;     /* once: [from, to); WQ_NO_TIME: weekly */
	unsigned weekdays;  /* weekly: bit 0 = Monday … bit 6 = Sunday */
	wq_ms at, span;     /* weekly: from this time of the station's natural day, for so long; at most a day */
};

struct wq_station {
	const char *id;   /* the section's title: "yigan"; unique */
	const char *name; /* as officers read it: "一干河备用水源地" */
	const char *english; /* in English messages, or NULL: the id stands for it */
	enum wq_station_kind kind;
	enum wq_water water;
	int target; /* target class, 1 … 5; 3 by default */
	uint32_t flows_into; /* station downstream; WQ_NONE: none */
	wq_ms travel;        /* how long its water takes to that station; WQ_NO_TIME: not given */
	const char *town; /* town responsible (属地), or NULL */
	bool focus;       /* newly assessed or unstable: watched harder */
	bool commissioning; /* judged and stored, told to the installer only */
	size_t group_count; /* groups of sections it is reported with, by name */
	const char *const *groups;
	const struct wq_zone *zone;
	struct wq_list maintenance_flags; /* the station's own flags that say so; compared byte by byte */
	struct wq_list bad_flags;         /* those that say that the value is none: a fault, over or under range */
	wq_ms flag_longest; /* a station that flags maintenance for longer than this is told; 0: never */
	wq_ms settle;      /* what is measured this soon after a maintenance still belongs to it */
	size_t plan_count; /* maintenance known beforehand */
	const struct wq_plan *plans;
	uint32_t first_series, series_count; /* its series are contiguous in wq_site.series */
};

/* One parameter at one station. */
struct wq_series {
	uint32_t station;
	uint32_t parameter;
	wq_ms cycle;      /* how often it is really measured; 0 = continuous */
	wq_ms interval;   /* how often a value is expected: the cycle, or the polling interval; > 0 */
	wq_ms late_after; /* what is older than this at arrival is late: it corrects, it rings nobody */
	double low, high; /* plausible range, inclusive */
	uint32_t source;  /* the bus that it is read from: index into wq_site.sources; WQ_NONE: none */
	double detection; /* detection limit, in the parameter's unit; 0: none is known */
};

static inline bool wq_below_detection(const struct wq_series *series, double value)
{
	return series->detection > 0 && value < series->detection;
}

/* What a reading of the series counts as in a mean: below the detection limit, half of it ([C]: remembered, not read
 * in a standard). What is stored and what reading rules judge is the value as measured. */
static inline double wq_counted(const struct wq_series *series, double value)
{
	return wq_below_detection(series, value) ? series->detection / 2 : value;
}

/* The life of a rule's alarms (IEC 62682): the same keys for every rule. All zero: an alarm opens and clears with the
 * verdict that says so. Spans of on_delay, off_delay, hold and chatter_within are counted by the readings' stamps. */
struct wq_life {
	wq_ms on_delay;  /* it opens when the condition has held for this long */
	wq_ms off_delay; /* it clears when the water has met for this long */
	wq_ms hold;      /* it does not clear before it has been open for this long */
	bool latch;      /* it clears only once somebody has acknowledged it */
	int64_t chatter; /* so many openings … ; 0: never */
	wq_ms chatter_within; /* … within this … */
	wq_ms chatter_shelve; /* … put it on the shelf for so long (our clock) */
};
#define WQ_CHATTER_MAX 20

/* What the people on duty can bear. */
struct wq_duty {
	int64_t flood_alarms; /* more openings than this within flood_within are a flood; 0: never */
	wq_ms flood_within;   /* our clock */
	wq_ms shelve_max;     /* no shelf stands longer; 0: WQ_SHELVE_MAX */
};
#define WQ_FLOOD_MAX  100
/* Name of the rule in network scope that says so, where the site has it. */
#define WQ_FLOOD_RULE "wqd:flood"
#define WQ_SHELVE_MAX WQ_DAYS(7)

/* Days of every year, both ends included, 05-01 … 10-15; `to` before `from`: over the turn of the year. All zero: the whole
 * year. */
struct wq_season {
	uint8_t from_month, from_day, to_month, to_day;
};

bool wq_season_has(const struct wq_season *season, wq_day day);

/* How often people are reminded, by level 1 … 4; 0: never. */
struct wq_reminding {
	wq_ms open[5];         /* of an alarm that nobody has acknowledged */
	wq_ms acknowledged[5]; /* of one that was, and is still open */
};

/* Further spans of one level after which an alarm escalates again, in any order. Borrowed. */
struct wq_further {
	size_t count;
	const wq_ms *spans;
};

/* How soon somebody must answer, where that differs by season: as wq_rule_use.escalate_after, on the days of the season. */
struct wq_seasonal {
	struct wq_season season;
	wq_ms escalate_after[5];
	struct wq_further escalate_further[5];
	struct wq_reminding remind;
};

/* One configured rule: a section of the file. */
struct wq_rule_use {
	const struct wq_rule *rule;
	const char *name; /* the section's title: unique among rules */
	const void *settings;
	uint64_t hash;      /* FNV-1a of the section's values as text: kept with every alarm as evidence */
	size_t place_count; /* where it applies: indices of series, or of stations, ascending; */
	const uint32_t *places; /* scope network: one place, 0 */
	wq_ms escalate_after[5]; /* by level 1 … 4: unacknowledged for this long escalates; WQ_NO_TIME: never */
	struct wq_further escalate_further[5]; /* likewise, and for these spans again */
	struct wq_reminding remind;
	int64_t remind_most;     /* reminders of one telling, at most */
	size_t seasonal_count;   /* … and on certain days, where that is sooner */
	const struct wq_seasonal *seasonal;
	struct wq_life life;
	/* Bits of profiles (index into wq_site.profiles). Where `profiles` has any, the rule is active while one of them is
	 * on; while one of `except_profiles` is on it is not. An inactive rule opens and raises nothing, but still clears. */
	uint32_t profiles, except_profiles;
};

/* Days of every year on which rules may differ: "flood" (汛期), 05-01 … 09-30 in the site's zone, both ends included.
 * `to` before `from`: over the turn of the year. */
struct wq_profile {
	const char *name; /* the section's title: unique */
	uint8_t from_month, from_day, to_month, to_day;
};

/* Profiles that a site may have: a bit each. */
#define WQ_PROFILES 32

/* How weeks and longer are evaluated. The text of the official method could not be read; what of this is only
 * remembered is a setting. */
#define WQ_GRADES 5
struct wq_period_rules {
	bool by_readings;  /* means are over all readings; otherwise over the valid daily means */
	double share;      /* share of the days over that a mean needs, 0 … 1 */
	int pollutants;    /* main pollutants named, at most */
	double some, marked; /* percentage points of a change of shares that are "some" and more than which "marked" */
	const char *grades[WQ_GRADES], *colours[WQ_GRADES]; /* of status: class I and II, III, IV, V, worse than V */
};

/* What the whole site evaluates days by. */
struct wq_evaluation {
	int minimum_valid;     /* valid readings that a daily mean needs where nothing is expected by cycle */
	double minimum_share;  /* share of the expected readings that it needs otherwise, 0 … 1 */
	wq_ms day_closes_after; /* the verdict of a day is given this long after its end */
	bool daily_raw;        /* daily verdicts judge the unrounded mean instead of the evaluation value */
	wq_ms future_tolerance; /* a stamp further ahead of our clock than this is not believed */
	struct wq_period_rules period;
};

struct wq_site {
	const char *name;
	const char *english; /* for English messages; NULL: none */
	const struct wq_zone *zone;
	const struct wq_standard *standard; /* the one in force; never NULL */
	struct wq_evaluation evaluation;
	struct wq_duty duty;
	size_t parameter_count, station_count, series_count, rule_count, source_count, profile_count;
	const struct wq_parameter *parameters; /* the built-in ones first, then the site's own */
	const struct wq_station *stations;
	const struct wq_series *series; /* grouped by station */
	const struct wq_rule_use *rules;
	const char *const *sources; /* names of the buses and of other origins */
	const struct wq_profile *profiles;
	wq_ms bus_down_after; /* a bus that does not serve for this long is told */
	bool recorded; /* a recorded series is replayed: a station is watched from its first sample on, not from
	                  the engine's first moment */
};

/* Index of the series of a parameter at a station, or WQ_NONE. */
uint32_t wq_site_series(const struct wq_site *site, uint32_t station, uint32_t parameter);

/* The limits of a parameter at a station by the standard in force, or NULL (rules/standard). */
const struct wq_standard_row *wq_site_limits(
	const struct wq_site *site, const struct wq_station *station, const char *code);

/* The bus that a rule speaks for, as index into sources, or WQ_NONE: the parents of network scope (wq/rule.h) are those of the
 * buses, in their order. */
uint32_t wq_site_rule_source(const struct wq_site *site, uint32_t rule);

/* How long an alarm of a rule may stay unacknowledged at a moment, by the site's days: the shortest of what holds then.
 * WQ_NO_TIME: for ever. */
wq_ms wq_site_escalation(const struct wq_site *site, uint32_t rule, enum wq_level level, wq_ms at);

/* The next of these spans after `passed`; all count from the same instant. WQ_NO_TIME: there is none. */
wq_ms wq_site_escalation_next(const struct wq_site *site, uint32_t rule, enum wq_level level, wq_ms at, wq_ms passed);

/* How long after the last word people are reminded of one, likewise. */
wq_ms wq_site_reminder(const struct wq_site *site, uint32_t rule, enum wq_level level, bool acknowledged, wq_ms at);

/* Index of a station by id, or WQ_NONE. */
uint32_t wq_site_station(const struct wq_site *site, const char *id);

#endif
