/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of the sections that are the configuration's own, one row a key. */
#include "schema.h"

#include "config.h"

#include "arena.h"
#include "wq/period.h"
#include "wq/site.h"

#include <string.h>

#define ROW(kind, s, f, text, ...)                                                                 \
	{                                                                                          \
		.key = text, .type = WQ_OPT_##kind, .offset = offsetof(struct s, f), __VA_ARGS__   \
	}

static const struct wq_choice views[] = { { "evaluation", 0 }, { "raw", 1 }, { NULL, 0 } };
static const struct wq_choice period_means[] = { { "days", 0 }, { "readings", 1 }, { NULL, 0 } };
static const struct wq_choice waters[] = { { "river", WQ_RIVER }, { "lake", WQ_LAKE },
	{ NULL, 0 } };
static const struct wq_choice modes[] = { { "normal", 0 }, { "commissioning", 1 }, { NULL, 0 } };
static const struct wq_choice station_kinds[] = { { "national", WQ_NATIONAL },
	{ "provincial", WQ_PROVINCIAL }, { "source-central", WQ_SOURCE_CENTRAL },
	{ "source-dispersed", WQ_SOURCE_DISPERSED }, { "source-backup", WQ_SOURCE_BACKUP },
	{ "tributary", WQ_TRIBUTARY }, { NULL, 0 } };
static const struct wq_choice classes[] = { { "I", 1 }, { "II", 2 }, { "III", 3 }, { "IV", 4 },
	{ "V", 5 }, { "1", 1 }, { "2", 2 }, { "3", 3 }, { "4", 4 }, { "5", 5 }, { "Ⅰ", 1 },
	{ "Ⅱ", 2 }, { "Ⅲ", 3 }, { "Ⅳ", 4 }, { "Ⅴ", 5 }, { NULL, 0 } };

/* Titles end in fields of WQ_NAME_TEXT bytes. */
#define NAME_MAX_BYTES (WQ_NAME_TEXT - 1)

const struct wq_option schema_site[] = {
	ROW(TEXT, site_settings, name, "name", .required = true, .min = 1, .max = 120,
	        .help = "name of the site as officers read it"),
	ROW(TEXT, site_settings, english, "name_en", .min = 1, .max = 60,
	        .help = "in English messages; default: \"The site\""),
	ROW(TEXT, site_settings, timezone, "timezone", .fallback = "UTC+8", .min = 1, .max = 63,
	        .help = "\"UTC+8\" or an IANA name such as \"Asia/Shanghai\"; decides where days "
	                "begin"),
	ROW(TEXT, site_settings, database, "database", .fallback = "/var/lib/wqd/wqd.db", .min = 1,
	        .max = 255, .help = "the history database"),
	ROW(TEXT, site_settings, socket, "socket", .fallback = "/run/wqd/wqd.sock", .min = 1,
	        .max = 100, .help = "Unix socket for wqctl"),
	ROW(SPAN, site_settings, receipt_timeout, "receipt_timeout", .fallback = "5s", .min = 100,
	        .max = 60000,
	        .help = "longest wait for a commit before a durable message counts as not durable"),
	ROW(INTEGER, site_settings, ring, "ring", .fallback = "400000", .min = 1000, .max = 10000000,
	        .help = "readings that wait in memory (about 100 bytes each) while nothing can be "
	                "committed; further ones are judged, not stored"),
	ROW(SPAN, site_settings, notice_lifetime, "notice_lifetime", .fallback = "24h",
	        .min = 60000, .max = 2592000000.0,
	        .help = "a notice that could not be delivered is given up after this"),
	ROW(INTEGER, site_settings, duty.flood_alarms, "flood_alarms", .fallback = "10", .min = 0,
	        .max = WQ_FLOOD_MAX,
	        .help = "more alarms than this within flood_within are a flood: lesser ones are "
	                "recorded, not told; 0 = never"),
	ROW(SPAN, site_settings, duty.flood_within, "flood_within", .fallback = "10m", .min = 60000,
	        .max = 86400000, .help = "the span in which they are counted"),
	ROW(SPAN, site_settings, duty.shelve_max, "shelve_max", .fallback = "7d", .min = 60000,
	        .max = 2678400000.0, .help = "no alarm is shelved for longer than this"),
	ROW(LIST, site_settings, causes, "causes", .max = 40,
	        .help = "causes of alarms that an officer may give when one is closed; nothing: any"),
	ROW(SPAN, site_settings, bus_down_after, "bus_down_after", .fallback = "2m", .min = 0,
	        .max = 86400000, .help = "a bus of which no device serves for this long is told"),
	ROW(TEXT, site_settings, credentials, "credentials", .min = 1, .max = 255,
	        .help = "directory of the credential files; default: what systemd hands over "
	                "($CREDENTIALS_DIRECTORY)"),
	WQ_OPTION_END,
};

const struct wq_option schema_evaluation[] = {
	ROW(INTEGER, evaluation_settings, minimum_valid, "minimum_valid", .fallback = "4", .min = 1,
	        .max = 100000,
	        .help = "valid readings that a daily mean needs where no cycle says how many to "
	                "expect"),
	ROW(NUMBER, evaluation_settings, minimum_share, "minimum_share", .fallback = "0.6",
	        .min = 0.01, .max = 1,
	        .help = "share of the expected readings that a daily mean needs, 0.6 = 60 %"),
	ROW(SPAN, evaluation_settings, day_closes_after, "day_closes_after", .fallback = "1h",
	        .min = 0, .max = 86400000,
	        .help = "the verdict of a day is given this long after its end"),
	ROW(CHOICE, evaluation_settings, daily_view, "daily_view", .fallback = "evaluation",
	        .choices = views,
	        .help = "daily verdicts judge the rounded evaluation value or the raw mean"),
	ROW(SPAN, evaluation_settings, future_tolerance, "future_tolerance", .fallback = "10m",
	        .min = 0, .max = 86400000,
	        .help = "a stamp further ahead of our clock than this is not believed"),
	ROW(CHOICE, evaluation_settings, period_mean, "period_mean", .fallback = "days",
	        .choices = period_means,
	        .help = "means of weeks and longer: over the valid daily means, or over all their "
	                "readings"),
	ROW(NUMBER, evaluation_settings, period_share, "period_share", .fallback = "0.6", .min = 0,
	        .max = 1,
	        .help = "share of the days that are over which a mean of a week or longer needs; 0: "
	                "one day does"),
	ROW(INTEGER, evaluation_settings, main_pollutants, "main_pollutants", .fallback = "3",
	        .min = 0, .max = WQ_PERIOD_POLLUTANTS,
	        .help = "main pollutants named of a section worse than III, at most"),
	ROW(LIST, evaluation_settings, grades, "grades", .min = WQ_GRADES, .max = WQ_GRADES,
	        .fallback = "优, 良好, 轻度污染, 中度污染, 重度污染",
	        .help = "words of status: I and II, III, IV, V, worse than V"),
	ROW(LIST, evaluation_settings, colours, "colours", .min = WQ_GRADES, .max = WQ_GRADES,
	        .fallback = "#00CCFF, #00FF00, #FFFF00, #FF9B00, #FF0000",
	        .help = "their colours, for reports"),
	ROW(NUMBER, evaluation_settings, change_some, "change_some", .fallback = "10", .min = 0,
	        .max = 100, .unit = "percentage points",
	        .help = "a change of a group's shares (ΔG - ΔD) over this is some change"),
	ROW(NUMBER, evaluation_settings, change_marked, "change_marked", .fallback = "20", .min = 0,
	        .max = 200, .unit = "percentage points",
	        .help = "… and over this a marked one"),
	ROW(TEXT, evaluation_settings, standard, "standard", .min = 1, .max = 255,
	        .help = "CSV of limits that replace and add to those of GB 3838-2002"),
	WQ_OPTION_END,
};

const struct wq_option schema_parameter[] = {
	ROW(TEXT, parameter_settings, name, "name", .required = true, .min = 1, .max = 60,
	        .help = "as officers read it"),
	ROW(TEXT, parameter_settings, unit, "unit", .required = true, .min = 1, .max = 20,
	        .help = "unit of stored values; \"-\" for none"),
	ROW(TEXT, parameter_settings, code, "code", .min = 1, .max = 20,
	        .help = "HJ 525 code; default: the title"),
	ROW(NUMBER, parameter_settings, low, "low", .required = true,
	        .help = "plausible range: lowest value"),
	ROW(NUMBER, parameter_settings, high, "high", .required = true,
	        .help = "plausible range: highest value"),
	ROW(INTEGER, parameter_settings, places, "places", .min = 0, .max = 9,
	        .help = "decimal places shown and evaluated; default: as measured"),
	WQ_OPTION_END,
};

const struct wq_option schema_station[] = {
	ROW(TEXT, station_settings, name, "name", .min = 1, .max = 90,
	        .help = "as officers read it; default: the title"),
	ROW(TEXT, station_settings, english, "name_en", .min = 1, .max = 60,
	        .help = "in English messages; default: the title alone"),
	ROW(CHOICE, station_settings, kind, "kind", .required = true, .choices = station_kinds,
	        .help = "what the place is"),
	ROW(CHOICE, station_settings, water, "water", .fallback = "river", .choices = waters,
	        .help = "river or lake (reservoir): total phosphorus has limits for each"),
	ROW(CHOICE, station_settings, target, "class", .fallback = "III", .choices = classes,
	        .help = "target class, I to V or 1 to 5"),
	ROW(TEXT, station_settings, flows_into, "flows_into", .min = 1, .max = NAME_MAX_BYTES,
	        .help = "station downstream of this one"),
	ROW(SPAN, station_settings, travel, "travel", .min = 0, .max = 172800000,
	        .help = "how long its water takes to the station that it flows into; default: as the "
	                "rule `upstream` says"),
	ROW(TEXT, station_settings, town, "town", .min = 1, .max = 60, .help = "town responsible"),
	ROW(SWITCH, station_settings, focus, "focus",
	        .help = "newly assessed or unstable: rules may watch it harder"),
	ROW(CHOICE, station_settings, mode, "mode", .fallback = "normal", .choices = modes,
	        .help = "commissioning: judged and stored, told to the installer only"),
	ROW(TEXT, station_settings, offset, "offset", .min = 1, .max = 6,
	        .help = "fixed offset from UTC such as \"+08:00\" where it differs from the site's "
	                "zone"),
	ROW(LIST, station_settings, groups, "groups",
	        .help = "groups of sections that it is reported with (wqctl evaluate --group)"),
	ROW(SPAN, station_settings, cycle, "cycle", .fallback = "0", .min = 0, .max = 2678400000.0,
	        .help = "how often its points are really measured; 0 = continuously"),
	ROW(SPAN, station_settings, interval, "interval", .min = 100, .max = 2678400000.0,
	        .help = "how often a value is expected; default: the cycle, else the bus's polling "
	                "interval, else 1m"),
	ROW(SPAN, station_settings, late_after, "late_after", .min = 0, .max = 31536000000.0,
	        .help = "older data correct the day and ring nobody; default: twice the cycle, at "
	                "least 1h"),
	ROW(LIST, station_settings, maintenance_flags, "maintenance_flags", .fallback = "M, C",
	        .help = "flags of the station that mean maintenance or calibration: kept, never "
	                "judged"),
	ROW(LIST, station_settings, bad_flags, "bad_flags",
	        .fallback = "T, L, D, F, lr, lp, lw, ls",
	        .help = "flags that mean a fault, over or under range: the value is bad"),
	ROW(SPAN, station_settings, flag_longest, "flag_longest", .fallback = "1d", .min = 0,
	        .max = 2678400000.0,
	        .help = "a station that flags maintenance for longer than this is told; 0 = never"),
	ROW(SPAN, station_settings, settle, "settle", .fallback = "0", .min = 0, .max = 86400000,
	        .help = "what is measured this soon after a maintenance still belongs to it"),
	WQ_OPTION_END,
};

const struct wq_option schema_care[] = {
	ROW(LIST, care_settings, stations, "stations", .required = true,
	        .help = "stations that are worked on, by title; \"*\": all"),
	ROW(LIST, care_settings, parameters, "parameters",
	        .help = "only these parameters; default: all of the station"),
	ROW(TEXT, care_settings, from, "from", .min = 10, .max = 32,
	        .help = "once: begin, \"2026-03-05 08:00\", in the station's zone"),
	ROW(TEXT, care_settings, to, "to", .min = 10, .max = 32, .help = "once: end, likewise"),
	ROW(LIST, care_settings, weekday, "weekday",
	        .help = "weekly: days, mon tue wed thu fri sat sun"),
	ROW(TEXT, care_settings, at, "at", .min = 5, .max = 5,
	        .help = "time of day of a weekly begin, \"09:00\", in the station's zone"),
	ROW(SPAN, care_settings, span, "for", .min = 60000, .max = 86400000,
	        .help = "weekly: how long it takes"),
	ROW(TEXT, care_settings, reason, "reason", .min = 1, .max = 120,
	        .help = "as officers read it: who, and what is done"),
	WQ_OPTION_END,
};

const struct wq_option schema_point[] = {
	ROW(TEXT, point_settings, bus, "bus", .required = true, .min = 1, .max = NAME_MAX_BYTES,
	        .help = "title of the bus that it is read from"),
	ROW(TEXT, point_settings, unit, "unit", .required = true, .min = 1, .max = 20,
	        .help = "unit in which the source gives it; converted or refused"),
	ROW(TEXT, point_settings, profile, "profile", .min = 1, .max = 255,
	        .help = "instrument profile that gives the keys not given here: a name, or a path with "
	                "a /"),
	ROW(SPAN, point_settings, cycle, "cycle", .min = 0, .max = 2678400000.0,
	        .help = "as at the station, for this point"),
	ROW(SPAN, point_settings, interval, "interval", .min = 100, .max = 2678400000.0,
	        .help = "as at the station, for this point"),
	ROW(SPAN, point_settings, late_after, "late_after", .min = 0, .max = 31536000000.0,
	        .help = "as at the station, for this point"),
	ROW(NUMBER, point_settings, low, "low",
	        .help = "lowest plausible value, in the parameter's unit; default: the "
	                "parameter's"),
	ROW(NUMBER, point_settings, high, "high",
	        .help = "highest plausible value, in the parameter's unit; default: the "
	                "parameter's"),
	ROW(NUMBER, point_settings, detection, "detection", .min = 1e-9, .max = 1e9,
	        .help = "detection limit, in the parameter's unit: values below it count as half of it "
	                "in means; default: none"),
	WQ_OPTION_END,
};

const struct wq_option schema_rule[] = {
	ROW(LIST, rule_places, stations, "stations",
	        .help = "stations it applies to, by title; \"*\" or nothing: all"),
	ROW(LIST, rule_places, kinds, "kinds", .help = "only stations of these kinds"),
	ROW(SWITCH, rule_places, focus, "focus", .help = "true: only stations with focus = true"),
	ROW(LIST, rule_places, parameters, "parameters",
	        .help = "parameters it watches; default: all that it can judge"),
	ROW(LIST, rule_places, profile, "profile",
	        .help = "active only while one of these profiles is on; default: always"),
	ROW(LIST, rule_places, except_profile, "except_profile",
	        .help = "not active while one of these profiles is on"),
	ROW(SPAN, rule_places, life.on_delay, "on_delay", .fallback = "0", .min = 0,
	        .max = 2678400000.0,
	        .help = "its alarms open when the condition has held for this long, by the "
	                "readings' stamps"),
	ROW(SPAN, rule_places, life.off_delay, "off_delay", .fallback = "0", .min = 0,
	        .max = 2678400000.0,
	        .help = "its alarms clear when the water has met for this long, by the readings' "
	                "stamps"),
	ROW(SPAN, rule_places, life.hold, "hold", .fallback = "0", .min = 0, .max = 2678400000.0,
	        .help = "its alarms do not clear before they have been open for this long"),
	ROW(SWITCH, rule_places, life.latch, "latch",
	        .help = "true: its alarms clear only once somebody has acknowledged them"),
	ROW(INTEGER, rule_places, life.chatter, "chatter", .fallback = "0", .min = 0,
	        .max = WQ_CHATTER_MAX,
	        .help = "an alarm that opens so many times within chatter_within is shelved; 0 = "
	                "never"),
	ROW(SPAN, rule_places, life.chatter_within, "chatter_within", .fallback = "1h",
	        .min = 60000, .max = 2678400000.0, .help = "the span in which its openings count"),
	ROW(SPAN, rule_places, life.chatter_shelve, "chatter_shelve", .fallback = "2h",
	        .min = 60000, .max = 604800000.0,
	        .help = "how long it is shelved; shelve_max at most"),
	WQ_OPTION_END,
};

const struct wq_option schema_profile[] = {
	ROW(TEXT, profile_settings, from, "from", .required = true, .min = 5, .max = 5,
	        .help = "first day of every year on which it is on, \"05-01\""),
	ROW(TEXT, profile_settings, to, "to", .required = true, .min = 5, .max = 5,
	        .help = "last day, \"09-30\"; before `from`: in the year after"),
	WQ_OPTION_END,
};

const struct wq_option schema_uplink[] = {
	ROW(TEXT, uplink_settings, kind, "kind", .required = true, .min = 1, .max = 20,
	        .help = "how records are forwarded: mqtt or hj212"),
	ROW(LIST, uplink_settings, stations, "stations",
	        .help = "stations whose records are forwarded; \"*\" or nothing: all"),
	ROW(SWITCH, uplink_settings, alarms, "alarms", .fallback = "true",
	        .help = "true: changes of alarms are forwarded too"),
	ROW(SWITCH, uplink_settings, days, "days", .fallback = "true",
	        .help = "true: days are forwarded too, when they close and when they are corrected"),
	ROW(INTEGER, uplink_settings, window, "window", .fallback = "100", .min = 1, .max = 1000,
	        .help = "records under way, not acknowledged yet, at most"),
	ROW(INTEGER, uplink_settings, rate, "rate", .fallback = "1000", .min = 1, .max = 100000,
	        .unit = "records/s", .help = "no more than this many are sent a second, also when it catches up"),
	ROW(SPAN, uplink_settings, patience, "patience", .fallback = "1m", .min = 1000, .max = 3600000,
	        .help = "what is not acknowledged within this is sent again"),
	ROW(SPAN, uplink_settings, lag_alarm, "lag_alarm", .fallback = "1h", .min = 0,
	        .max = 2678400000.0,
	        .help = "when the oldest record that waits is older than this, it is told; 0 = never"),
	WQ_OPTION_END,
};

/* A table of its own, for it names a secret (credential.c). */
static const struct wq_option no_rows[] = { WQ_OPTION_END };
static const struct wq_option *const links_tables[] = { schema_links, NULL };

static const struct section_kind fixed[] = {
	{ "site", SECTION_SITE, false, schema_site, NULL, NULL },
	{ "evaluation", SECTION_EVALUATION, false, schema_evaluation, NULL, NULL },
	{ "parameter", SECTION_PARAMETER, true, schema_parameter, NULL, NULL },
	{ "station", SECTION_STATION, true, schema_station, NULL, NULL },
	{ "profile", SECTION_PROFILE, true, schema_profile, NULL, NULL },
	{ "contact", SECTION_CONTACT, true, schema_contact, NULL, NULL },
	{ "group", SECTION_GROUP, true, schema_group, NULL, NULL },
	{ "roster", SECTION_ROSTER, true, schema_roster, NULL, NULL },
	{ "route", SECTION_ROUTE, true, schema_route, NULL, NULL },
	{ "heartbeat", SECTION_HEARTBEAT, true, schema_heartbeat, NULL, NULL },
	{ "drill", SECTION_DRILL, true, schema_drill, NULL, NULL },
	{ "ping", SECTION_PING, false, schema_ping, NULL, NULL },
	{ "maintenance", SECTION_CARE, true, schema_care, NULL, NULL },
	{ "links", SECTION_LINKS, false, no_rows, links_tables, NULL },
};
#define FIXED (sizeof fixed / sizeof fixed[0])

/* A NULL-terminated array of one table. */
static const struct wq_option *const *one(struct arena *arena, const struct wq_option *rows)
{
	const struct wq_option **more = arena_array(arena, 2, sizeof *more);

	more[0] = rows;
	return more;
}

static void build_plugins(struct schema *schema, const struct config_tables *tables,
        struct section_kind *kinds, struct arena *arena)
{
	for (size_t i = 0; tables->drivers[i] != NULL; i++) {
		const struct wq_driver *driver = tables->drivers[i];

		kinds[schema->count++] = (struct section_kind){ driver->name, SECTION_BUS, true,
			no_rows, one(arena, driver->bus_options), driver };
	}
	for (size_t i = 0; tables->rules[i] != NULL; i++) {
		const struct wq_rule *rule = tables->rules[i];

		kinds[schema->count++] = (struct section_kind){ rule->name, SECTION_RULE, true,
			schema_rule, one(arena, rule->options), rule };
	}
	for (size_t i = 0; tables->channels[i] != NULL; i++) {
		const struct wq_channel *channel = tables->channels[i];

		kinds[schema->count++] = (struct section_kind){ channel->name, SECTION_CHANNEL,
			true, schema_channel, one(arena, channel->options), channel };
	}
}

/* The keys of points of all drivers. */
static const struct wq_option *const *point_tables(
        const struct config_tables *tables, struct arena *arena)
{
	const struct wq_option **points;
	size_t count = 0;

	while (tables->drivers[count] != NULL)
		count++;
	points = arena_array(arena, count + 1, sizeof *points);
	count = 0;
	for (size_t i = 0; tables->drivers[i] != NULL; i++) {
		if (tables->drivers[i]->point_options != NULL)
			points[count++] = tables->drivers[i]->point_options;
	}
	return points;
}

void schema_build(struct schema *schema, const struct config_tables *tables, struct arena *arena)
{
	size_t drivers = 0, others = 0, uplinks = 0;
	struct section_kind *kinds;
	const struct wq_option **forwards;

	while (tables->drivers[drivers] != NULL)
		drivers++;
	while (tables->rules[others] != NULL)
		others++;
	for (size_t i = 0; tables->channels[i] != NULL; i++)
		others++;
	while (tables->uplinks != NULL && tables->uplinks[uplinks] != NULL)
		uplinks++;
	kinds = arena_array(arena, FIXED + drivers + others + 2, sizeof *kinds);
	forwards = arena_array(arena, uplinks + 1, sizeof *forwards);
	memcpy(kinds, fixed, sizeof fixed);
	*schema = (struct schema){ .count = FIXED, .kinds = kinds };
	build_plugins(schema, tables, kinds, arena);
	kinds[schema->count++] = (struct section_kind){ "point", SECTION_POINT, true, schema_point,
		point_tables(tables, arena), NULL };
	for (size_t i = 0; i < uplinks; i++)
		forwards[i] = tables->uplinks[i]->options;
	kinds[schema->count++] = (struct section_kind){ "uplink", SECTION_UPLINK, true, schema_uplink,
		forwards, NULL };
}

void schema_build_instrument(
        struct schema *schema, const struct config_tables *tables, struct arena *arena)
{
	struct section_kind *kinds = arena_array(arena, 1, sizeof *kinds);

	kinds[0] = (struct section_kind){ "point", SECTION_TEMPLATE, true, schema_point,
		point_tables(tables, arena), NULL };
	*schema = (struct schema){ .count = 1, .kinds = kinds };
}

const struct section_kind *schema_find(const struct schema *schema, const char *name, bool nested)
{
	for (size_t i = 0; i < schema->count; i++) {
		const struct section_kind *kind = &schema->kinds[i];

		if ((kind->role == SECTION_POINT) == nested && strcmp(kind->name, name) == 0)
			return kind;
	}
	return NULL;
}
