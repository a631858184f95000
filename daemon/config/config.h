/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration file as data: the site for the engine, the buses for the drivers, the people
 * and channels for the alerter. Parsed and checked whole; immutable afterwards. */
#ifndef WQ_CONFIG_H
#define WQ_CONFIG_H

#include "wq/channel.h"
#include "wq/driver.h"
#include "wq/site.h"
#include "wq/uplink.h"
#include "wq/verdict.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct wq_err;
struct roster; /* notify/roster.h */
struct bell;   /* notify/bell.h */

struct config_bus {
	const struct wq_driver *driver;
	struct wq_bus bus;
	uint32_t source; /* index into wq_site.sources */
};

struct config_channel {
	const char *name;
	const struct wq_channel *channel;
	const void *settings;
	uint32_t rate, burst;       /* attempts within any minute, any second; 0: no bound */
	bool catch_up;              /* is told afterwards what others delivered in its place */
	wq_ms jitter, jitter_alarm; /* span by which a new notice may be put off; of level alarm */
	bool link; /* its messages carry the link of the notice, where the site has links */
};

#define CONFIG_HOLD_MOST    64
#define CONFIG_HOLD_DIGESTS 8

/* What is not told at once (notify/hold.h). Times of day are spans since the day began. */
struct config_hold {
	wq_ms quiet_from, quiet_to; /* the same: no quiet hours; from > to: over midnight */
	size_t digest_count;        /* 0: no digest times */
	wq_ms digests[CONFIG_HOLD_DIGESTS];
	enum wq_level digest_level; /* up to this level only by digest */
	wq_ms gather;               /* span in which what comes of one station is told together; 0: none */
	uint64_t most;              /* messages within most_within, 0 … CONFIG_HOLD_MOST; 0: no bound */
	wq_ms most_within;
};

struct config_contact {
	const char *id;
	const char *name;       /* as officers read it */
	const char *phone;      /* or NULL */
	const char *email;      /* or NULL */
	const char *department; /* or NULL */
	bool english;           /* messages in English, not in Chinese */
	size_t channel_count;
	const uint32_t *channels; /* indices of channels, in the order they are tried */
	struct config_hold hold;
};

struct config_group {
	const char *id;
	const char *name;
	size_t member_count;
	const uint32_t *members; /* indices of contacts */
	size_t roster_count;
	const uint32_t *rosters; /* indices of rosters: who is on duty is a member too */
};

/* Who is told of which alarms. Every matching route applies. */
struct config_route {
	const char *id;
	unsigned kinds; /* bit per enum wq_station_kind; all by default */
	bool all_stations;
	size_t station_count;
	const uint32_t *stations;
	size_t town_count;       /* 0: of every town, and of none */
	const char *const *towns;
	size_t parameter_count;  /* 0: whatever it is about */
	const uint32_t *parameters; /* indices of wq_site.parameters; what is about none of them is not told */
	struct wq_season season; /* of the site's days; all zero: the whole year */
	enum wq_level min_level; /* told from this level on */
	uint32_t lead;           /* group in the lead (牵头) */
	size_t assist_count;
	const uint32_t *assist;  /* groups in copy (配合) */
	size_t escalate_count;   /* 0: one step, which tells the lead again */
	const uint32_t *escalate_to; /* groups told when nobody acknowledged, one more with each step */
	wq_ms escalate_after[5]; /* first step, by level; WQ_NO_TIME: never */
	wq_ms escalate_next[5];  /* from each step to the next; > 0 where there are more */
	struct wq_reminding remind; /* 0: never */
	int64_t remind_most;     /* reminders of one telling, at most */
	bool commissioning; /* told of stations in commissioning (the installer's route), and of
	                       nothing else */
	wq_ms deadline; /* what a channel has not taken by then goes to the contact's next one */
};

/* Steps that an escalation may have. */
#define CONFIG_STEPS_MAX 8

/* How long an alarm of a level waits until this step of the route, 0, 1 …; WQ_NO_TIME: it has no such step. */
static inline wq_ms config_route_step(const struct config_route *route, enum wq_level level, size_t step)
{
	const wq_ms first = route->escalate_after[level];

	if (first == WQ_NO_TIME || (step > 0 && step >= route->escalate_count))
		return WQ_NO_TIME;
	return step == 0 ? first : first + (wq_ms)step * route->escalate_next[level];
}

/* What is told, or tried, at a time of day. */
struct config_bell {
	const char *id;
	const struct bell *bell;
	uint32_t group;
};

/* Somebody outside hears from us while all is well. */
struct config_ping {
	const char *url;      /* or "credential:NAME" */
	const char *url_fail; /* asked while something is wrong; NULL: none is */
	wq_ms every, timeout;
	wq_ms fail_after;     /* told when it fails for this long; 0: never */
};

/* Where files come from that people give to wqctl import: the last of site.sources, behind the buses. */
#define CONFIG_IMPORT "import"
uint32_t config_import_source(const struct wq_site *site);

/* A platform above that records are forwarded to. */
struct config_uplink {
	const char *name;
	const struct wq_uplink *transport;
	const void *settings;
	size_t station_count; /* 0: all */
	const uint32_t *stations;
	bool alarms, days;    /* changes of alarms, and days, are forwarded too */
	int64_t window, rate; /* records under way; records a second */
	wq_ms patience;       /* what is not acknowledged within this is sent again */
	wq_ms lag_alarm;      /* told when the oldest that waits is older; 0: never */
};

/* Links by which officers acknowledge alarms. */
struct config_links {
	const char *url;    /* how officers reach the pages, without a slash at its end */
	const char *secret; /* the reference to the keys */
	wq_ms valid;        /* a link serves for this long */
	const char *listen; /* as it is written */
	const char *path;   /* of a Unix socket; NULL: address and port */
	const char *host;   /* numeric, without brackets */
	uint16_t port;
};

/* Settings of the daemon itself (section `site` of the file). */
struct config_paths {
	const char *database;
	const char *socket;
	const char *credentials; /* directory of credential files; NULL: $CREDENTIALS_DIRECTORY */
	wq_ms receipt_timeout;
	size_t ring; /* readings that wait in memory while nothing can be committed */
	wq_ms notice_lifetime; /* undelivered notices are given up after this */
};

/* The rules that every site has besides the configured ones: the watch over ourselves, the last of site.rules in this
 * order. Their titles begin with "wqd:", which no section's may. */
enum config_self {
	CONFIG_SELF_STORE,   /* "wqd:store": nothing can be committed */
	CONFIG_SELF_SHED,    /* "wqd:shed": readings were lost because memory was full */
	CONFIG_SELF_RECEIPT, /* "wqd:receipt": messages were acknowledged before they were stored */
	CONFIG_SELF_CHANNEL, /* "wqd:channel": a channel does not deliver */
	CONFIG_SELF_CARE,    /* "wqd:maintenance": one that nobody ended, a place a station; the engine says so itself */
	CONFIG_SELF_UPLINK,  /* "wqd:uplink": a platform above has not taken what is forwarded for long */
	CONFIG_SELF_FLOOD,   /* "wqd:flood": more alarms came than anybody can take in; the engine says so itself */
	CONFIG_SELF_ROSTER,  /* "wqd:roster": nobody is on duty by a roster that a group names */
	CONFIG_SELF_DRILL,   /* "wqd:drill": a channel did not pass the last drill */
	CONFIG_SELF_PING,    /* "wqd:ping": who watches us from outside is not reached */
	CONFIG_SELF_RULES,
};

/* Index into site.rules. */
uint32_t config_self_rule(const struct wq_site *site, enum config_self which);

/* Before them each bus has a rule too, "wqd:bus:NAME" (not where a recorded series is replayed). How many rules come from
 * sections. */
size_t config_own_rules(const struct wq_site *site);

struct config {
	const char *file;
	struct wq_site site;
	struct config_paths paths;
	const struct config_links *links; /* NULL: there are none */
	size_t bus_count, channel_count, contact_count, group_count, roster_count, route_count, uplink_count;
	const struct config_bus *buses;
	const struct config_channel *channels;
	const struct config_contact *contacts;
	const struct config_group *groups;
	const struct roster *rosters; /* people are indices of contacts */
	const struct config_route *routes;
	const struct config_uplink *uplinks;
	size_t heartbeat_count, drill_count;
	const struct config_bell *heartbeats, *drills;
	const struct config_ping *ping; /* NULL: none */
	const char *const *uplink_names; /* in the same order */
	struct wq_list causes; /* of closed alarms (原因), where the site has agreed on them; count 0: any */
	bool any_station; /* section station "*" was given: backtest takes unknown stations */
	void *internal;   /* owner of all memory */
};

/* What was wrong. At most CONFIG_PROBLEMS are kept; `more` counts the rest. */
#define CONFIG_PROBLEMS 50
struct config_problem {
	int line;       /* 0: the file as a whole */
	char file[160]; /* "": the configuration; otherwise the instrument profile that the line is of */
	bool warning;   /* said, but does not stop */
	char text[512]; /* "[station "yigan"] unknown key 'tonw'; did you mean 'town'?" */
};
struct config_report {
	const char *file;
	size_t error_count, warning_count, more;
	struct config_problem problems[CONFIG_PROBLEMS];
};

/* What holds where no file is given: defaults, and station "*" in this water; NULL: no memory. */
struct config *config_plain(enum wq_water water);

/* Reads, parses and checks a file. Never touches network, secrets or ports (a missing credential
 * file is a warning). NULL on any error; report is always filled. Not thread-safe: main thread only
 * (time zone). */
struct config *config_load(const char *path, struct config_report *report);
void config_free(struct config *config); /* NULL is fine */

/* Prints the report as file:line: lines and the consequence last. */
void config_report_print(const struct config_report *report, const char *consequence, FILE *to);

/* Prints what the drivers remind of, a line a bus; for checks. */
void config_remarks_print(const struct config *config, FILE *to);

/* Prints when nobody, or more than one, has the lead of a roster within the days after now, for checks. Returns how many
 * such stretches there are. */
size_t config_rosters_print(const struct config *config, wq_ms now, FILE *to);

/* For backtest: a configuration whose stations and series are those of a CSV. ids: stations in
 * order of appearance; parameters: names of the value columns (code, alias or own parameter).
 * Stations that the file configures keep their settings; others take station "*" (an error naming
 * the station when there is none). Every station gets a series per column, or per column that is
 * true in `measured` (a row a station, a place a column; NULL: all). Rules are resolved anew; contacts,
 * groups and routes are those of the file. The result is independent of `base` except that base must
 * outlive it. *parameter_index gets the index of each column in site.parameters. */
struct config *config_for_series(const struct config *base, const char *const *ids, size_t id_count,
        const char *const *parameters, size_t parameter_count, const bool *measured,
        uint32_t *parameter_index, struct wq_err *err);

#endif
