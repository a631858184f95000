/* SPDX-License-Identifier: Apache-2.0 */
/* wqctl route explain: who would be told of an alarm, why, through which channels, and when it escalates. It asks the router
 * that the daemon asks. */
#include "commands.h"
#include "route_alarm.h"
#include "table.h"

#include "config/config.h"
#include "notify/hold.h"
#include "notify/roster.h"
#include "notify/router.h"

#include "wq/err.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define REASONS 16 /* shown of one contact */

struct request {
	const char *file, *database, *verb, *station, *parameter, *at;
	int64_t alarm; /* 0: none */
	int level;     /* 0: not given */
};

/* What is explained. */
struct case_at_hand {
	const struct config *config;
	struct wq_change change; /* kind opened; decided = the moment asked for */
	wq_ms from;              /* what its escalation counts from; WQ_NO_TIME: it does not escalate, or not any more */
	wq_ms passed;            /* the span of the last step that was told; -1: none was */
};

enum { KEY_ALARM = 'A', KEY_STATION = 's', KEY_LEVEL = 'l', KEY_PARAMETER = 'p', KEY_AT = 'a', KEY_CONFIG = 'c', KEY_DATABASE = 'd' };

static const struct argp_option options[] = {
	{ "config", KEY_CONFIG, "FILE", 0, "configuration (default /etc/wqd/wqd.conf)", 0 },
	{ "database", KEY_DATABASE, "FILE", 0, "history of the alarm (default: the configuration's)", 0 },
	{ "alarm", KEY_ALARM, "ALARM", 0, "of this alarm of the history, W20260305-007, as it is now", 0 },
	{ "station", KEY_STATION, "ID", 0, "of an alarm at this station", 0 },
	{ "level", KEY_LEVEL, "LEVEL", 0, "of this level: info, watch, warning, alarm", 0 },
	{ "parameter", KEY_PARAMETER, "NAME", 0, "of this parameter; it must be measured there", 0 },
	{ "at", KEY_AT, "TIME", 0, "at this moment (2026-03-05T08:00, in the site's zone; default: now)", 0 },
	{ 0 },
};

static int level_of(struct argp_state *state, const char *text)
{
	for (int level = WQ_LEVEL_INFO; level <= WQ_LEVEL_ALARM; level++)
		if (strcmp(wq_level_name((enum wq_level)level), text) == 0)
			return level;
	argp_error(state, "--level is info, watch, warning or alarm, not '%s'", text);
	return 0;
}

static void check(struct argp_state *state, const struct request *r)
{
	if (r->verb == NULL || strcmp(r->verb, "explain") != 0)
		argp_error(state, "say what is wanted: explain");
	if ((r->alarm != 0) == (r->station != NULL))
		argp_error(state, "give --alarm, or --station and --level");
	if (r->station != NULL && r->level == 0)
		argp_error(state, "--level is missing");
	if (r->alarm != 0 && (r->level != 0 || r->parameter != NULL))
		argp_error(state, "--level and --parameter are the alarm's own");
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct request *r = state->input;
	const struct {
		int key;
		const char **to;
	} texts[] = { { KEY_CONFIG, &r->file }, { KEY_DATABASE, &r->database }, { KEY_STATION, &r->station },
		{ KEY_PARAMETER, &r->parameter }, { KEY_AT, &r->at } };

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		if (texts[i].key != key)
			continue;
		*texts[i].to = arg;
		return 0;
	}
	switch (key) {
	case KEY_ALARM:
		r->alarm = wq_alarm_id(arg);
		if (r->alarm < 0)
			argp_error(state, "'%s' is not the name of an alarm; they look like W20260305-007", arg);
		return 0;
	case KEY_LEVEL:
		r->level = level_of(state, arg);
		return 0;
	case ARGP_KEY_ARG:
		if (r->verb != NULL)
			argp_error(state, "'%s' is one too many", arg);
		r->verb = arg;
		return 0;
	case ARGP_KEY_END:
		check(state, r);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp parser = {
	.options = options,
	.parser = parse_option,
	.args_doc = "explain",
	.doc = "Explains who would be told of an alarm, why, through which channels, and when it escalates.\v"
	       "Examples:\n"
	       "  wqctl route explain --alarm W20260305-007\n"
	       "  wqctl route explain --station yigan --level warning --at 2026-10-01T03:00\n\n"
	       "Nothing is sent, the daemon is not asked. Exit status: 0 done, 1 nobody would be told, there is no such alarm or "
	       "station, or the configuration cannot be used; 2 usage.",
};

/* -- print -- */

static void print_duty(const struct config *config, const struct router_reason *reason, wq_ms at)
{
	static const char *const words[] = { [ROUTER_DUTY_LEAD] = "on duty", [ROUTER_DUTY_ASSIST] = "on duty to assist",
		[ROUTER_ON_CALL] = "leader on call", [ROUTER_VACANT] = "NOBODY is on duty, everybody is told" };
	const struct roster *roster;
	struct roster_duty duty;
	char until[WQ_INSTANT_TEXT];

	if (reason->why == ROUTER_MEMBER) {
		printf("member of the group");
		return;
	}
	roster = &config->rosters[reason->roster];
	roster_at(roster, at, &duty);
	printf("%s by roster \"%s\", this shift until %s", words[reason->why], roster->id,
	        wq_instant_format_short(roster->zone, duty.until, until));
}

static void print_season(const struct wq_season *season)
{
	if (season->from_month != 0)
		printf("%02d-%02d..%02d-%02d", season->from_month, season->from_day, season->to_month, season->to_day);
}

static void print_list(const struct config *config, const struct config_route *route, enum router_no about)
{
	const size_t count = about == ROUTER_NO_TOWN ? route->town_count : route->parameter_count;

	for (size_t i = 0; i < count; i++) {
		printf("%s", i > 0 ? ", " : "");
		ctl_text_write(stdout, about == ROUTER_NO_TOWN ? route->towns[i] : config->site.parameters[route->parameters[i]].alias);
	}
}

/* Why a route hears nothing of it, with what it is told of instead. */
static void print_refusal(const struct case_at_hand *c, uint32_t index, enum router_no no)
{
	static const char *const words[] = {
		[ROUTER_NO_HUSH] = "nobody is told of it",
		[ROUTER_NO_MODE] = "is told of stations in commissioning only, and those only to such routes",
		[ROUTER_NO_KIND] = "is told of other kinds of stations",
		[ROUTER_NO_STATION] = "is told of other stations",
		[ROUTER_NO_TOWN] = "is told of stations of ",
		[ROUTER_NO_SITE] = "names stations or towns, and this is about the site as a whole",
		[ROUTER_NO_BUS] = "has no station that is read from this bus",
		[ROUTER_NO_PARAMETER] = "is told of ",
		[ROUTER_NO_SEASON] = "is told on the days ",
		[ROUTER_NO_REMINDER] = "reminds nobody of it",
		[ROUTER_NO_STEP] = "has no step of its escalation then",
		[ROUTER_NO_LEVEL] = "is told from level ",
	};
	const struct config_route *route = &c->config->routes[index];

	printf("  not by route \"%s\": it %s", route->id, words[no]);
	if (no == ROUTER_NO_TOWN || no == ROUTER_NO_PARAMETER)
		print_list(c->config, route, no);
	if (no == ROUTER_NO_TOWN) {
		const char *town = c->config->site.stations[c->change.station].town;

		printf(", the station's is ");
		ctl_text_write(stdout, town == NULL ? "none" : town);
	}
	if (no == ROUTER_NO_SEASON)
		print_season(&route->season);
	if (no == ROUTER_NO_LEVEL)
		printf("%s on", wq_level_name(route->min_level));
	printf("\n");
}

static void print_refusals(const struct case_at_hand *c)
{
	for (uint32_t i = 0; i < c->config->route_count; i++) {
		const enum router_no no = router_refuses(c->config, i, &c->change);

		if (no != ROUTER_YES)
			print_refusal(c, i, no);
	}
}

/* What a route asks for beside station, kind and level. */
static void print_narrow(const struct config *config, const struct config_route *route)
{
	if (route->town_count > 0) {
		printf(", towns ");
		print_list(config, route, ROUTER_NO_TOWN);
	}
	if (route->parameter_count > 0) {
		printf(", parameters ");
		print_list(config, route, ROUTER_NO_PARAMETER);
	}
	if (route->season.from_month != 0) {
		printf(", season ");
		print_season(&route->season);
	}
}

static void print_reason(const struct case_at_hand *c, const struct router_reason *reason)
{
	const struct config_route *route = &c->config->routes[reason->route];
	const bool some_kinds = (route->kinds & ((1U << WQ_STATION_KINDS) - 1)) != (1U << WQ_STATION_KINDS) - 1;

	printf("    route \"%s\": %s = \"%s\": ", route->id, reason->key, c->config->groups[reason->group].id);
	print_duty(c->config, reason, c->change.decided);
	printf("\n      matches by %s, %s", route->all_stations ? "all stations" : "stations", some_kinds ? "kinds" : "all kinds");
	print_narrow(c->config, route);
	printf(", level %s (told from %s on)%s\n", wq_level_name(c->change.level), wq_level_name(route->min_level),
	        route->commissioning ? ", commissioning" : "");
}

static void print_channels(const struct config *config, const struct config_contact *contact, wq_ms deadline)
{
	char span[WQ_INSTANT_TEXT];

	printf("    channels: ");
	for (size_t i = 0; i < contact->channel_count; i++)
		printf("%s%s", i > 0 ? ", then " : "", config->channels[contact->channels[i]].name);
	if (contact->channel_count > 1 && deadline > 0)
		printf(" (the next one after %s at the latest)", wq_span_format(deadline, span));
	printf("\n");
}

/* What it is not told at once. */
static void print_hold(const struct case_at_hand *c, uint32_t index)
{
	const struct config_hold *hold = &c->config->contacts[index].hold;
	const wq_ms until = hold_later(c->config, index, c->change.level, c->change.decided);
	char at[WQ_INSTANT_TEXT], span[WQ_INSTANT_TEXT];

	if (until != WQ_NO_TIME)
		printf("    not at once: in a digest at %s (%s)\n", wq_instant_format_short(c->config->site.zone, until, at),
		        hold->digest_count > 0 && c->change.level <= hold->digest_level ? "digest" : "quiet");
	else if (hold->most > 0)
		printf("    at once, but for more than %llu messages within %s\n", (unsigned long long)hold->most,
		        wq_span_format(hold->most_within, span));
}

/* False: this contact is not told in that role. */
static bool print_contact(const struct case_at_hand *c, uint32_t index, bool lead)
{
	const struct config_contact *contact = &c->config->contacts[index];
	struct router_reason reasons[REASONS];
	size_t count = router_reasons(c->config, &c->change, index, reasons, REASONS);
	wq_ms deadline = 0;
	bool leads = false;

	count = count > REASONS ? REASONS : count;
	for (size_t i = 0; i < count; i++) {
		const wq_ms its = c->config->routes[reasons[i].route].deadline;

		leads = leads || reasons[i].lead;
		deadline = its > 0 && (deadline == 0 || its < deadline) ? its : deadline;
	}
	if (count == 0 || contact->channel_count == 0 || leads != lead)
		return false;
	printf("  ");
	ctl_text_write(stdout, contact->name);
	printf(" (%s)", contact->id);
	if (contact->department != NULL) {
		printf(", ");
		ctl_text_write(stdout, contact->department);
	}
	printf(": %s\n", lead ? "lead 牵头" : "assist 配合");
	for (size_t i = 0; i < count; i++)
		print_reason(c, &reasons[i]);
	print_channels(c->config, contact, deadline);
	print_hold(c, index);
	return true;
}

/* How many are told. */
static size_t print_people(const struct case_at_hand *c)
{
	size_t count = 0;

	for (int lead = 1; lead >= 0; lead--)
		for (uint32_t i = 0; i < c->config->contact_count; i++)
			count += print_contact(c, i, lead != 0) ? 1 : 0;
	if (count == 0)
		printf("  nobody: no route hears of it\n");
	return count;
}

/* The next span after `passed` at which a step of a route that hears of it is due. */
static wq_ms next_step(const struct case_at_hand *c, wq_ms passed)
{
	wq_ms next = WQ_NO_TIME;

	for (uint32_t i = 0; i < c->config->route_count; i++) {
		if (router_refuses(c->config, i, &c->change) != ROUTER_YES)
			continue;
		for (size_t step = 0; step < CONFIG_STEPS_MAX; step++) {
			const wq_ms span = config_route_step(&c->config->routes[i], c->change.level, step);

			if (span > passed && (next == WQ_NO_TIME || span < next))
				next = span;
		}
	}
	return next;
}

/* Each step with those who are told then. Which routes hear of it is as of the moment asked for; who is told as of the step. */
static void print_ladder(const struct case_at_hand *c)
{
	struct case_at_hand then = *c;
	char at[WQ_INSTANT_TEXT], span[WQ_INSTANT_TEXT];

	then.change.kind = WQ_ESCALATED;
	for (wq_ms passed = next_step(c, c->passed); passed != WQ_NO_TIME; passed = next_step(c, passed)) {
		then.change.decided = c->from + passed;
		then.change.waited = passed;
		printf("escalates at %s, when nobody acknowledges it within %s:\n",
		        wq_instant_format_short(c->config->site.zone, then.change.decided, at), wq_span_format(passed, span));
		print_people(&then);
	}
}

static int explain(const struct case_at_hand *c)
{
	char at[WQ_INSTANT_TEXT];
	size_t told;

	printf("told at %s:\n", wq_instant_format_short(c->config->site.zone, c->change.decided, at));
	told = print_people(c);
	print_refusals(c);
	if (c->from == WQ_NO_TIME || next_step(c, c->passed) == WQ_NO_TIME)
		printf("it does not escalate\n");
	else
		print_ladder(c);
	return told > 0 ? CTL_DONE : CTL_WRONG;
}

/* -- what is asked for -- */

/* WQ_NONE: the alarm is about no parameter, or about one that is not configured any more. */
static uint32_t series_named(const struct wq_site *site, uint32_t station, const char *parameter)
{
	const int found = parameter[0] == '\0' ? -1 : wq_parameter_find(site->parameters, site->parameter_count, parameter);

	return found < 0 ? WQ_NONE : wq_site_series(site, station, (uint32_t)found);
}

static int take_station(const struct request *r, struct case_at_hand *c)
{
	const struct wq_site *site = &c->config->site;
	c->change.station = wq_site_station(site, r->station);
	c->change.level = (enum wq_level)r->level;
	if (c->change.station == WQ_NONE) {
		fprintf(stderr, "wqctl route: there is no station '%s'\n", r->station);
		return CTL_WRONG;
	}
	const struct wq_station *station = &site->stations[c->change.station];

	c->change.series = series_named(site, c->change.station, r->parameter == NULL ? "" : r->parameter);
	if (r->parameter != NULL && c->change.series == WQ_NONE) {
		fprintf(stderr, "wqctl route: '%s' is not measured at %s\n", r->parameter, r->station);
		return CTL_WRONG;
	}
	c->from = c->change.decided;
	printf("an alarm of level %s at ", wq_level_name(c->change.level));
	ctl_text_write(stdout, station->name);
	printf("%s%s\n", r->parameter == NULL ? "" : ", ", r->parameter == NULL ? "" : r->parameter);
	return CTL_DONE;
}

static uint32_t rule_named(const struct wq_site *site, const char *name)
{
	for (uint32_t i = 0; i < site->rule_count; i++)
		if (strcmp(site->rules[i].name, name) == 0)
			return i;
	return WQ_NONE;
}

static void print_alarm(const struct case_at_hand *c, const struct route_alarm *a)
{
	char name[WQ_ALARM_NAME], opened[WQ_INSTANT_TEXT];

	printf("%s: %s%s%s, rule \"", wq_alarm_name(a->alarm.id, name), a->station[0] == '\0' ? "the site" : a->station,
	        a->parameter[0] == '\0' ? "" : " ", a->parameter);
	ctl_text_write(stdout, a->rule);
	printf("\", level %s, %s, opened %s\n", wq_level_name(a->alarm.level), a->open ? wq_life_name(a->alarm.state) : "over",
	        wq_instant_format_short(c->config->site.zone, a->alarm.opened, opened));
}

/* As the engine counts them after a restart. */
static void take_steps(struct case_at_hand *c, const struct route_alarm *a)
{
	c->from = a->alarm.since;
	for (uint32_t i = 0; i < a->alarm.escalations; i++) {
		const wq_ms next = wq_site_escalation_next(
		        &c->config->site, c->change.rule, a->alarm.level, c->change.decided, c->passed);

		c->passed = next != WQ_NO_TIME ? next : c->passed;
	}
}

static int take_alarm(const struct request *r, struct case_at_hand *c)
{
	const struct wq_site *site = &c->config->site;
	struct route_alarm a;
	struct wq_err err;

	if (route_alarm_read(r->database != NULL ? r->database : c->config->paths.database, r->alarm, &a, &err) < 0) {
		fprintf(stderr, "wqctl route: %s\n", err.text);
		return CTL_WRONG;
	}
	c->change.level = a.alarm.level;
	c->change.rule = rule_named(site, a.rule);
	c->change.station = a.station[0] == '\0' ? WQ_NONE : wq_site_station(site, a.station);
	c->change.series = series_named(site, c->change.station, a.parameter);
	if (c->change.rule == WQ_NONE || (a.station[0] != '\0' && c->change.station == WQ_NONE)) {
		fprintf(stderr, "wqctl route: the configuration has no %s '%s' any more\n",
		        c->change.rule == WQ_NONE ? "rule" : "station", c->change.rule == WQ_NONE ? a.rule : a.station);
		return CTL_WRONG;
	}
	print_alarm(c, &a);
	if (a.open && a.shelved)
		printf("it is on the shelf: nobody is told while it stands there\n");
	if (a.alarm.state == WQ_LIFE_CORRECTED)
		c->change.kind = WQ_CORRECTED; /* until fresh data confirm it */
	if (a.open && !a.shelved && (a.alarm.state == WQ_LIFE_ACTIVE || a.alarm.state == WQ_LIFE_ESCALATED))
		take_steps(c, &a);
	return CTL_DONE;
}

int ctl_route(int argc, char **argv)
{
	static struct config_report report;
	struct request request = { .file = "/etc/wqd/wqd.conf" };
	struct case_at_hand c = { .from = WQ_NO_TIME, .passed = -1 };
	struct config *config;
	struct wq_err err;
	int status;

	if (argp_parse(&parser, argc, argv, 0, NULL, &request) != 0)
		return CTL_USAGE;
	c.config = config = config_load(request.file, &report);
	if (config == NULL) {
		config_report_print(&report, "it cannot be used.", stderr);
		return CTL_WRONG;
	}
	c.change = (struct wq_change){ .kind = WQ_OPENED, .rule = WQ_NONE, .station = WQ_NONE, .series = WQ_NONE,
		.decided = WQ_SECONDS(time(NULL)) };
	if (request.at != NULL && wq_instant_parse(request.at, config->site.zone, &c.change.decided, &err) < 0) {
		fprintf(stderr, "wqctl route: --at: %s\n", err.text);
		status = CTL_USAGE;
	} else {
		status = request.alarm != 0 ? take_alarm(&request, &c) : take_station(&request, &c);
	}
	if (status == CTL_DONE)
		status = explain(&c);
	config_free(config);
	return status;
}
