/* SPDX-License-Identifier: Apache-2.0 */
/* Shelves over the control socket: which places of which rule are meant, for how long, by whom and why. */
#include "api_parts.h"
#include "clock.h"
#include "config/suggest.h"
#include "wq/err.h"
#include "wq/rule.h"

#include <string.h>

/* Which places: all of a rule that are at the station and of the parameter, where these are given. */
struct scope {
	uint32_t rule;
	uint32_t place; /* the one place, or WQ_NONE */
	const char *station, *parameter;
};

uint32_t api_station(const struct wq_site *site, uint32_t rule, uint32_t place)
{
	const struct wq_rule_use *use = &site->rules[rule];
	if (use->rule->scope == WQ_SCOPE_SERIES)
		return site->series[use->places[place]].station;
	return use->rule->scope == WQ_SCOPE_STATION ? use->places[place] : WQ_NONE;
}

static const struct wq_parameter *parameter_of(const struct wq_site *site, uint32_t rule, uint32_t place)
{
	const struct wq_rule_use *use = &site->rules[rule];
	return use->rule->scope == WQ_SCOPE_SERIES ? &site->parameters[site->series[use->places[place]].parameter] : NULL;
}

static bool covers(const struct scope *scope, const struct wq_site *site, uint32_t place)
{
	uint32_t station = api_station(site, scope->rule, place);
	const struct wq_parameter *parameter = parameter_of(site, scope->rule, place);
	if (scope->place != WQ_NONE)
		return place == scope->place;
	if (scope->station != NULL && (station == WQ_NONE || strcmp(site->stations[station].id, scope->station) != 0))
		return false;
	return scope->parameter == NULL ||
		(parameter != NULL &&
			(strcmp(parameter->alias, scope->parameter) == 0 || strcmp(parameter->code, scope->parameter) == 0));
}

/* What a body names; false when that was answered. */
static bool find_scope(const struct daemon *daemon, struct command *command, const json_t *body, struct scope *scope)
{
	const struct wq_site *site = &daemon->config->site;
	const char *rule = api_text(body, "rule");
	*scope = (struct scope){ .place = WQ_NONE,
		.station = api_text(body, "station"),
		.parameter = api_text(body, "parameter") };
	if (rule == NULL) {
		api_refuse(command, 400, "\"rule\" is missing: the title of the rule; nothing was changed");
		return false;
	}
	for (scope->rule = 0; scope->rule < site->rule_count; scope->rule++)
		if (strcmp(site->rules[scope->rule].name, rule) == 0)
			break;
	if (scope->rule == site->rule_count) {
		struct suggest names = { .wanted = rule };
		for (uint32_t i = 0; i < site->rule_count; i++)
			suggest_offer(&names, site->rules[i].name);
		api_unknown(command, "rule", &names);
		return false;
	}
	/* A whole rule at all stations is put out of work in the configuration, not here. */
	if (scope->station == NULL && site->rules[scope->rule].rule->scope != WQ_SCOPE_NETWORK) {
		api_refuse(command, 400, "\"station\" is missing: this rule judges stations; nothing was changed");
		return false;
	}
	if (scope->station != NULL && wq_site_station(site, scope->station) == WQ_NONE) {
		struct suggest names = { .wanted = scope->station };
		for (uint32_t i = 0; i < site->station_count; i++)
			suggest_offer(&names, site->stations[i].id);
		api_unknown(command, "station", &names);
		return false;
	}
	return true;
}

/* That of an open alarm; false when that was answered. */
static bool find_alarm(const struct daemon *daemon, struct command *command, const char *name, struct scope *scope)
{
	const struct wq_alarm *const *alarms;
	size_t count = wq_engine_alarms(daemon->engine, &alarms);
	int64_t id = wq_alarm_id(name);
	for (size_t i = 0; i < count; i++)
		if (alarms[i]->id == id) {
			*scope = (struct scope){ .rule = alarms[i]->rule, .place = alarms[i]->place };
			return true;
		}
	api_refuse(command, 404, id < 0 ? API_NO_NAME : "no such alarm is open; nothing was changed");
	return false;
}

/* -- putting up -- */

struct wish {
	const char *who, *reason;
	wq_ms span;
};

static bool read_wish(struct command *command, const json_t *body, struct wish *wish)
{
	struct wq_err err;
	const char *span = api_text(body, "for");
	wish->who = api_text(body, "who") != NULL ? api_text(body, "who") : command->user;
	wish->reason = api_text(body, "reason");
	if (span == NULL || wq_span_parse(span, &wish->span, &err) < 0) {
		api_refuse(command, 400, "\"for\" is missing or no span like \"2h\"; nothing was shelved");
		return false;
	}
	if (wish->reason == NULL || wish->reason[0] == '\0' || strlen(wish->reason) >= WQ_SAYS_TEXT) {
		api_refuse(command, 400, "\"reason\" takes 1 to 255 bytes (85 Chinese characters); nothing was shelved");
		return false;
	}
	return true;
}

/* Does it at every place meant that allows it. What none allows is answered with the reason of the last. */
static void at_each(struct daemon *daemon, struct command *command, const struct scope *scope, const struct wish *wish,
	bool shelve)
{
	const struct wq_site *site = &daemon->config->site;
	struct flight *flight = api_flight(daemon, command);
	struct wq_err err;
	wq_fail(&err, WQ_E_MISSING, "rule %.63s judges no %.63s at %.63s; nothing was changed", site->rules[scope->rule].name,
		scope->parameter != NULL ? scope->parameter : "water", scope->station != NULL ? scope->station : "the site");
	wq_ms now = clock_now();
	size_t done = 0;
	for (uint32_t i = 0; flight != NULL && i < site->rules[scope->rule].place_count; i++) {
		if (!covers(scope, site, i))
			continue;
		int r = shelve ? wq_engine_shelve(daemon->engine, scope->rule, i, now + wish->span, wish->who,
					 wish->reason, now, &flight->group.outcome, &err)
			       : wq_engine_unshelve(daemon->engine, scope->rule, i, wish->who, now,
					 &flight->group.outcome, &err);
		done += r == 0;
	}
	if (flight == NULL)
		return;
	if (done == 0)
		api_failed(command, &err);
	else
		api_done(daemon, flight, command);
}

/* The four requests: by number or by rule, up or down. */
static void serve(struct daemon *daemon, struct command *command, const char *name, bool shelve)
{
	struct scope scope;
	struct wish wish = { 0 };
	json_t *body = api_body(command);
	if (body == NULL)
		return;
	wish.who = api_text(body, "who") != NULL ? api_text(body, "who") : command->user;
	if ((name[0] != '\0' ? find_alarm(daemon, command, name, &scope) : find_scope(daemon, command, body, &scope)) &&
		(!shelve || read_wish(command, body, &wish)))
		at_each(daemon, command, &scope, &wish, shelve);
	json_decref(body);
}

void api_shelve_alarm(struct daemon *daemon, struct command *command, const char *name)
{
	serve(daemon, command, name, true);
}

void api_unshelve_alarm(struct daemon *daemon, struct command *command, const char *name)
{
	serve(daemon, command, name, false);
}

void api_shelve(struct daemon *daemon, struct command *command, const char *name)
{
	serve(daemon, command, name, true);
}

void api_unshelve(struct daemon *daemon, struct command *command, const char *name)
{
	serve(daemon, command, name, false);
}

/* -- the list -- */

/* Name of the alarm that is open there. */
static const char *alarm_at(const struct daemon *daemon, const struct wq_shelf *shelf, char name[WQ_ALARM_NAME])
{
	const struct wq_alarm *const *alarms;
	size_t count = wq_engine_alarms(daemon->engine, &alarms);
	for (size_t i = 0; i < count; i++)
		if (alarms[i]->rule == shelf->rule && alarms[i]->place == shelf->place)
			return wq_alarm_name(alarms[i]->id, name);
	return NULL;
}

static json_t *shelf_json(const struct daemon *daemon, const struct wq_shelf *shelf)
{
	const struct wq_site *site = &daemon->config->site;
	uint32_t station = api_station(site, shelf->rule, shelf->place);
	const struct wq_parameter *parameter = parameter_of(site, shelf->rule, shelf->place);
	const struct wq_zone *zone = station != WQ_NONE ? site->stations[station].zone : site->zone;
	char name[WQ_ALARM_NAME];
	return json_pack("{s:s, s:s?, s:s?, s:s?, s:o, s:o, s:b, s:s, s:s, s:s?}", "rule", site->rules[shelf->rule].name,
		"station", station != WQ_NONE ? site->stations[station].id : NULL, "station_name",
		station != WQ_NONE ? site->stations[station].name : NULL, "parameter",
		parameter != NULL ? parameter->alias : NULL, "since", api_instant(zone, shelf->since), "until",
		api_instant(zone, shelf->until), "automatic", shelf->automatic, "who", shelf->who, "reason", shelf->reason,
		"alarm", alarm_at(daemon, shelf, name));
}

void api_shelves(struct daemon *daemon, struct command *command, const char *name)
{
	const struct wq_shelf *const *shelves;
	size_t count = wq_engine_shelves(daemon->engine, &shelves);
	json_t *list = json_array();
	(void)name;
	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, shelf_json(daemon, shelves[i]));
	command_answer(command, 200, api_print(json_pack("{s:o}", "shelves", list)));
}
