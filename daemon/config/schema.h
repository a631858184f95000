/* SPDX-License-Identifier: Apache-2.0 */
/* Every section of the file and its keys, as tables: the fixed ones here, the drivers', rules' and
 * channels' from their own rows. */
#ifndef WQ_CONFIG_SCHEMA_H
#define WQ_CONFIG_SCHEMA_H

#include "wq/channel.h"
#include "wq/driver.h"
#include "wq/option.h"
#include "wq/rule.h"
#include "wq/site.h"
#include "wq/uplink.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

/* The plug-ins a file may speak of; each array ends with NULL. */
struct config_tables {
	const struct wq_driver *const *drivers;
	const struct wq_rule *const *rules;
	const struct wq_channel *const *channels;
	const struct wq_uplink *const *uplinks; /* NULL: none */
};

enum section_role {
	SECTION_SITE,
	SECTION_EVALUATION,
	SECTION_PARAMETER,
	SECTION_BUS,
	SECTION_STATION,
	SECTION_POINT, /* inside a station */
	SECTION_RULE,
	SECTION_CHANNEL,
	SECTION_CONTACT,
	SECTION_GROUP,
	SECTION_ROUTE,
	SECTION_CARE,
	SECTION_PROFILE,
	SECTION_UPLINK,
	SECTION_ROSTER,
	SECTION_HEARTBEAT,
	SECTION_DRILL,
	SECTION_PING,
	SECTION_LINKS,
	SECTION_TEMPLATE, /* a point of an instrument profile */
};
#define SECTION_ROLES 20

struct section_kind {
	const char *name;
	enum section_role role;
	bool titled;
	const struct wq_option *rows; /* this folder's keys */
	const struct wq_option *const
	        *more; /* the plug-ins' tables, NULL-terminated; points: those of all drivers, uplinks: of all kinds */
	const void *plugin; /* struct wq_driver, wq_rule or wq_channel */
};

struct schema {
	size_t count;
	const struct section_kind *kinds; /* those of role SECTION_POINT stand inside a SECTION_STATION,
	                                     the others at the top level */
};

/* Builds the list for the given plug-ins. */
void schema_build(struct schema *schema, const struct config_tables *tables, struct arena *arena);

/* Builds the list for an instrument profile: points at the top level. */
void schema_build_instrument(
        struct schema *schema, const struct config_tables *tables, struct arena *arena);

/* NULL: no such section there. nested: those inside a station. */
const struct section_kind *schema_find(const struct schema *schema, const char *name, bool nested);

/* The settings that the rows of this folder fill. */
struct site_settings {
	const char *name, *english, *timezone, *database, *socket, *credentials;
	wq_ms receipt_timeout, notice_lifetime, bus_down_after;
	int64_t ring;
	struct wq_duty duty;
	struct wq_list causes;
};

struct evaluation_settings {
	int64_t minimum_valid;
	double minimum_share;
	wq_ms day_closes_after, future_tolerance;
	int daily_view; /* 1: raw */
	int period_mean; /* 1: readings */
	double period_share, change_some, change_marked;
	int64_t main_pollutants;
	struct wq_list grades, colours;
	const char *standard;
};

struct parameter_settings {
	const char *code, *name, *unit;
	double low, high;
	int64_t places;
};

struct station_settings {
	const char *name, *english, *flows_into, *town, *offset;
	int kind, water, target, mode; /* mode 1: commissioning */
	bool focus;
	wq_ms cycle, interval, late_after, travel, settle, flag_longest;
	struct wq_list maintenance_flags, bad_flags, groups;
};

struct care_settings {
	struct wq_list stations, parameters, weekday;
	const char *from, *to, *at, *reason;
	wq_ms span;
};

struct point_settings {
	const char *bus, *unit, *profile;
	wq_ms cycle, interval, late_after;
	double low, high, detection;
};

struct rule_places {
	struct wq_list stations, kinds, parameters;
	bool focus;
	struct wq_list profile, except_profile;
	struct wq_life life;
};

struct profile_settings {
	const char *from, *to; /* "MM-DD" */
};

struct uplink_settings {
	const char *kind;
	struct wq_list stations;
	bool alarms, days;
	int64_t window, rate;
	wq_ms patience, lag_alarm;
};

struct channel_settings {
	int64_t rate;
	wq_ms jitter, jitter_alarm;
	int catch_up;
	bool link;
};

struct links_settings {
	const char *listen, *url, *secret;
	bool allow_plain;
	wq_ms valid;
};

enum { CATCH_UP_AUTO, CATCH_UP_TRUE, CATCH_UP_FALSE };

struct contact_settings {
	const char *name, *phone, *email, *department, *quiet;
	int language; /* 1: en */
	struct wq_list channels, digest;
	int digest_level;
	wq_ms gather, most_within;
	int64_t most;
};

struct group_settings {
	const char *name;
	struct wq_list members;
};

struct roster_settings {
	const char *name, *from, *file;
	struct wq_list shifts, people, assist, leader, weekdays, holidays, swaps;
	int turn, leader_turn; /* enum roster_turn */
	int handover;          /* enum roster_handover */
};

struct bell_settings {
	const char *at, *to;
	struct wq_list on;
	int64_t day;
};

struct route_settings {
	struct wq_list stations, kinds, towns, parameters, assist, escalate_to;
	int min_level;
	const char *lead, *season;
	wq_ms escalate_next, escalate_after, escalate_after_level[5], deadline;
	wq_ms remind, remind_level[5], remind_acknowledged;
	int64_t remind_most;
	bool commissioning;
};

/* Rows of the fixed sections, for the documentation's test. */
extern const struct wq_option schema_site[], schema_evaluation[], schema_parameter[],
        schema_station[], schema_point[], schema_rule[], schema_channel[], schema_contact[], schema_group[],
        schema_route[], schema_care[], schema_profile[], schema_uplink[], schema_roster[],
        schema_heartbeat[], schema_drill[], schema_ping[], /* bells.c */
        schema_links[];

#endif
