/* SPDX-License-Identifier: Apache-2.0 */
/* From the document to the configuration: what the files of this folder share while they build it.
 */
#ifndef WQ_CONFIG_LOAD_H
#define WQ_CONFIG_LOAD_H

#include "arena.h"
#include "config.h"
#include "document.h"
#include "report.h"
#include "schema.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How the titles of the rules begin that are ours. */
#define SELF_PREFIX "wqd:"
#define BUS_PREFIX  SELF_PREFIX "bus:"

/* Longest file that is read, bytes. */
#define CONFIG_FILE_MAX ((size_t)4 * 1024 * 1024)

/* A station with the defaults of its points. */
struct station_plan {
	const struct section *section;
	struct wq_station station;
	const char *flows_into;
	wq_ms cycle, interval, late_after; /* WQ_NO_TIME: not given (interval, late_after) */
};

/* A rule before it is known where it applies. */
struct rule_plan {
	const struct section *section; /* only while the file is read */
	const char *title;
	const struct wq_rule *rule;
	const void *settings;
	struct rule_places where;
	unsigned kinds; /* bit per enum wq_station_kind */
	uint32_t profiles, except_profiles;
	uint64_t hash;
	bool usable; /* its own keys are right: its check may look at them */
};

/* A maintenance before it is known which stations it names. */
struct care_plan {
	const struct section *section; /* only while the file is read */
	const char *title;
	struct care_settings settings;
	unsigned weekdays; /* as struct wq_plan */
	wq_ms at;
};

/* What config.internal points to: what is needed to build another configuration from this one. */
struct config_internal {
	struct arena *arena;
	size_t station_count, rule_count, care_count;
	const struct station_plan *stations; /* as in site.stations */
	const struct station_plan *any;      /* station "*", or NULL */
	const struct rule_plan *rules;
	const struct care_plan *cares;
};

/* The titles of one kind of thing, for references; index = index in the configuration. */
struct names {
	size_t count;
	const char **items;
};

struct loader {
	struct arena *arena;
	struct arena *scratch; /* only while the file is read */
	struct config_report *report;
	const struct config_tables *tables;
	struct schema schema;
	struct document document;
	struct config *config;
	struct config_internal *internal;
	struct station_plan *stations;
	const char *limits; /* evaluation.standard, or NULL */
	const struct section **bus_sections; /* as config.buses */
	bool *bus_usable;
	struct names station_names, bus_names, channel_names, contact_names, group_names, profile_names,
	        roster_names;
};

/* Reads a text in memory. name: the file's, for the report. NULL on any error. */
struct config *config_load_text(const char *text, size_t length, const char *name,
        const struct config_tables *tables, struct config_report *report);

/* Reads a file. */
struct config *config_load_file(
        const char *path, const struct config_tables *tables, struct config_report *report);


/* -- load.c: for the files below -- */

/* An error, or a warning, about a key of a section (key NULL: about the section itself). item: of a
 * list. */
void load_error(struct loader *l, const struct section *section, const char *key, size_t item,
        const char *format, ...) __attribute__((format(printf, 5, 6)));
void load_warning(struct loader *l, const struct section *section, const char *key,
        const char *format, ...) __attribute__((format(printf, 4, 5)));

/* "09:30" -> the span since the day began. False: it is no time of day. */
bool load_time_of_day(const char *text, wq_ms *at);

/* A whole regular file of at most `most` bytes, in one malloc with room for one byte more; NULL with *err. */
char *load_whole(const char *path, size_t most, size_t *length, struct wq_err *err);

/* A path beside the configuration file, unless it is absolute. */
const char *load_beside(struct loader *l, const char *path);

/* Sections of a role in the order of the file: the next one after `after` (NULL: the first), or
 * NULL. */
const struct section *load_next(
        const struct loader *l, enum section_role role, const struct section *after);
size_t load_count(const struct loader *l, enum section_role role);

/* An array of titles with room for `count`. */
struct names names_new(struct loader *l, size_t count);

/* Index of a name or WQ_NONE, with an error that names the nearest ("station", "group", …). */
uint32_t load_reference(struct loader *l, const struct section *section, const char *key,
        size_t item, const char *what, const char *wanted, const struct names *names);

/* The same for a list of references; unknown ones are left out. *count gets how many there are. */
const uint32_t *load_references(struct loader *l, const struct section *section, const char *key,
        const char *what, const struct wq_list *list, const struct names *names, size_t *count);

/* Bits of the kinds named; all when the list is empty. */
unsigned load_kinds(struct loader *l, const struct section *section, const struct wq_list *list);

/* instruments.c: points that name an instrument profile get the keys that it gives; before all others. */
void instruments_apply(struct loader *l);

/* -- one file each -- */
void load_site(struct loader *l);     /* site.c: site, evaluation, parameters, stations */
const struct wq_standard *limits_load( /* limits.c: a file of limits; the built-in one after errors */
        struct loader *l, const struct section *section, const char *path);
void load_buses(struct loader *l);    /* points.c: buses, points, series */
void load_cares(struct loader *l);    /* care.c: maintenance; after the points */
void load_channels(struct loader *l); /* alert.c: channels, contacts, groups, routes */
void load_people(struct loader *l);
void load_hold(struct loader *l, const struct section *section, const struct contact_settings *settings,
	struct config_contact *contact); /* held.c: what a contact is not told at once; after its channels */
void load_rosters(struct loader *l);     /* rosters.c; after the contacts */
void load_routes(struct loader *l);      /* routes.c; after the groups */
void warn_untold(struct loader *l);      /* untold.c: what is told to nobody; after the routes */
void load_uplinks(struct loader *l);     /* uplinks.c; after the stations */
void load_bells(struct loader *l);       /* bells.c; after the people */
void load_links(struct loader *l);       /* links.c; after the channels */
void load_profiles(struct loader *l);    /* profiles.c */
/* A day of the year, "05-01"; the 29th of February is one. False: it is none. */
bool load_date(const char *text, uint8_t *month, uint8_t *day);
/* Bits of the profiles that a rule's key names. */
uint32_t load_profile_bits(
        struct loader *l, const struct section *section, const char *key, const struct wq_list *list);
void load_rules(struct loader *l);       /* rules.c: sections and hashes */
void load_rule_places(struct loader *l); /* places.c with what is worth a word of warning */

/* The section of a role that is given once at most, or NULL; a second one is an error (site.c). */
const struct section *load_single(struct loader *l, enum section_role role);

/* True when the list of a rule or route ("*" or nothing = all) names the station. */
bool list_names(const struct wq_list *list, const char *id);

/* Gives each station of a site its plans (those of `only`, or of all when it is NULL), in a new array of stations.
 * Returns how many there are. */
size_t care_resolve(const struct config_internal *plans, struct wq_site *site, const struct care_plan *only,
        struct arena *arena);

/* Errors for names in a key `parameters` that are no parameters. */
void check_parameter_names(struct loader *l, const struct section *section, const struct wq_list *names);

/* Where a rule applies on a site. *count gets how many places. WQ_SCOPE_SERIES without
 * `parameters`: those that the rule's check takes. */
const uint32_t *rule_places(const struct rule_plan *plan, const struct wq_site *site,
        struct arena *arena, size_t *count);

/* Whether a rule may watch series of this parameter (index): named, or none named and its check
 * takes it. */
bool rule_takes(const struct rule_plan *plan, const struct wq_site *site, uint32_t parameter);

/* Whether stations, kinds and focus of a rule let the station in. */
bool rule_covers(const struct rule_plan *plan, const struct wq_station *station);

/* The rules of a site from their plans, with places and escalation. */
void rules_resolve(const struct config_internal *plans, struct wq_site *site,
        const struct config *routes, struct arena *arena);

/* Fills use->escalate_after and use->seasonal from the routes of `routes` (and the stations of its site) that match any
 * place; for the rule of a bus, that hear of a station read from it. */
void rule_spans(struct wq_rule_use *use, const struct wq_site *site, const struct config *routes, struct arena *arena);
void rule_spans_of_bus(struct wq_rule_use *use, uint32_t source, const struct wq_site *site, const struct config *routes,
        struct arena *arena);

/* True when the route is told of alarms at the station on some day of the year; station NULL: of the site as a whole. */
bool route_matches(const struct config_route *route, const struct wq_site *route_site,
        const struct wq_station *station);

/* True when it is told of alarms of a parameter; WQ_NONE: of what is about none. */
bool route_takes(const struct config_route *route, uint32_t parameter);

/* The interval and lateness of a series where nothing else is said. */
wq_ms series_interval(wq_ms given, wq_ms cycle, wq_ms polled);
wq_ms series_late_after(wq_ms given, wq_ms cycle);

/* Warns of credential files that are not there. */
void load_credentials(struct loader *l); /* credential.c */
void load_credential(struct loader *l, const struct section *section, const char *key, const char *reference); /* of one */

#endif
