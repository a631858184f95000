/* SPDX-License-Identifier: Apache-2.0 */
/* main's half of the control socket: status, open alarms, acknowledge, close; shelves are in api_shelf.c. Answers as JSON. */
#include "api_parts.h"
#include "clock.h"
#include "command.h"
#include "conclude.h"
#include "config/suggest.h"
#include "daemon.h"
#include "wq/err.h"
#include "wq/rule.h"

#include <inttypes.h>
#include <jansson.h>
#include <malloc.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

json_t *api_instant(const struct wq_zone *zone, wq_ms at)
{
	char text[WQ_INSTANT_TEXT];
	return at == WQ_NO_TIME ? json_null() : json_string(wq_instant_format(zone, at, text));
}

static json_t *number(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

/* Takes the value over; the reply is built best-effort and printed whole or not at all. */
char *api_print(json_t *value)
{
	char *text = json_dumps(value, JSON_COMPACT | JSON_REAL_PRECISION(15));
	json_decref(value);
	return text;
}

void api_refuse(struct command *command, int status, const char *text)
{
	json_t *reply = json_object();
	json_object_set_new(reply, "error", json_string(text));
	command_answer(command, status, api_print(reply));
}

static json_t *store_status(struct daemon *daemon)
{
	const char *state = daemon->trouble[0] != '\0' ? "trouble" : daemon->stalled ? "stalled" : "ok";
	return json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I}", "state", state, "text", daemon->trouble, "waiting_readings",
		(json_int_t)daemon->handover.samples, "ring", (json_int_t)daemon->handover.room, "shed",
		(json_int_t)daemon->shed, "waiting_groups", (json_int_t)writer_waiting(daemon->handover.writer), "committed",
		(json_int_t)daemon->handover.committed_samples, "groups",
		(json_int_t)daemon->handover.committed_groups);
}

static json_t *unit_status(const struct wq_zone *zone, const struct source_unit *unit)
{
	const char *state = unit->up ? "up" : unit->failures > 0 ? "down" : "waiting";
	return json_pack("{s:s, s:s, s:o, s:I, s:I, s:I, s:s}", "name", unit->name, "state", state, "last_ok",
		api_instant(zone, unit->last_good), "failures", (json_int_t)unit->failures, "polls",
		(json_int_t)unit->polls, "overruns", (json_int_t)unit->overruns, "why", unit->why);
}

#define UNITS_SHOWN 256

static json_t *bus_status(const struct wq_zone *zone, struct source *source, struct source_unit *units)
{
	struct source_counts counts;
	json_t *list = json_array();
	size_t n = source_units(source, units, UNITS_SHOWN), up = 0;
	for (size_t i = 0; i < n && i < UNITS_SHOWN; i++) {
		json_array_append_new(list, unit_status(zone, &units[i]));
		up += units[i].up;
	}
	source_counts(source, &counts);
	json_int_t refused = 0;
	for (size_t i = 0; i < WQ_REFUSALS; i++)
		refused += (json_int_t)counts.refused[i];
	return json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:o}", "name", source_bus(source)->bus.name, "driver",
		source_bus(source)->driver->name, "state", up == n ? "up" : up > 0 ? "partly" : "down", "refused",
		refused, "not_durable", (json_int_t)counts.not_durable, "shed", (json_int_t)counts.shed, "units", list);
}

static json_t *buses_status(struct daemon *daemon)
{
	json_t *list = json_array();
	struct source_unit *units = calloc(UNITS_SHOWN, sizeof *units);
	for (size_t i = 0; units != NULL && i < daemon->source_count; i++)
		json_array_append_new(list, bus_status(daemon->config->site.zone, daemon->sources[i], units));
	free(units);
	return list;
}

static json_t *station_status(const struct daemon *daemon, const struct wq_station *station)
{
	const struct wq_site *site = &daemon->config->site;
	json_t *readings = json_array();
	for (uint32_t i = 0; i < station->series_count; i++) {
		uint32_t series = station->first_series + i;
		const struct wq_parameter *parameter = &site->parameters[site->series[series].parameter];
		struct wq_reading reading = { .at = WQ_NO_TIME, .value = NAN };
		wq_engine_latest(daemon->engine, series, &reading);
		json_array_append_new(readings,
			json_pack("{s:s, s:o, s:s, s:o}", "parameter", parameter->alias, "value",
				number(reading.value), "unit", parameter->unit, "time",
				api_instant(station->zone, reading.at)));
	}
	return json_pack("{s:s, s:s, s:o}", "id", station->id, "name", station->name, "readings", readings);
}

static json_t *stations_status(const struct daemon *daemon)
{
	json_t *list = json_array();
	for (size_t i = 0; i < daemon->config->site.station_count; i++)
		json_array_append_new(list, station_status(daemon, &daemon->config->site.stations[i]));
	return list;
}

static int by_value(const void *a, const void *b)
{
	wq_ms x = *(const wq_ms *)a, y = *(const wq_ms *)b;
	return (x > y) - (x < y);
}

static json_t *delays_status(const struct delays *delays)
{
	wq_ms sorted[sizeof delays->newest / sizeof *delays->newest];
	size_t room = sizeof sorted / sizeof *sorted, n = delays->count < room ? delays->count : room;
	if (n == 0)
		return json_null();
	memcpy(sorted, delays->newest, n * sizeof *sorted);
	qsort(sorted, n, sizeof *sorted, by_value);
	return json_pack("{s:I, s:I, s:I, s:I}", "count", (json_int_t)n, "p50", (json_int_t)sorted[n / 2], "p99",
		(json_int_t)sorted[n * 99 / 100], "max", (json_int_t)sorted[n - 1]);
}

/* The first of its station: true, or the name of the one that is; null where there is no station. */
static json_t *first_json(const struct daemon *daemon, const struct wq_alarm *alarm)
{
	char name[WQ_ALARM_NAME];
	int64_t first = wq_engine_first(daemon->engine, alarm);
	if (first == 0)
		return json_null();
	return first == alarm->id ? json_true() : json_string(wq_alarm_name(first, name));
}

json_t *api_alarm(const struct daemon *daemon, const struct wq_alarm *alarm)
{
	const struct wq_site *site = &daemon->config->site;
	const struct wq_rule_use *use = &site->rules[alarm->rule];
	uint32_t station = api_station(site, alarm->rule, alarm->place), series = alarm->last.series;
	const struct wq_shelf *shelf = wq_engine_shelf(daemon->engine, alarm->rule, alarm->place);
	char name[WQ_ALARM_NAME];
	const struct wq_zone *zone = station != WQ_NONE ? site->stations[station].zone : site->zone;
	json_t *json = json_pack("{s:s, s:s, s:s?, s:s?, s:s?, s:s, s:s, s:o, s:o, s:o, s:b, s:b, s:s}", "alarm",
		wq_alarm_name(alarm->id, name), "rule", use->name, "station",
		station != WQ_NONE ? site->stations[station].id : NULL, "station_name",
		station != WQ_NONE ? site->stations[station].name : NULL, "parameter",
		series != WQ_NONE ? site->parameters[site->series[series].parameter].alias : NULL, "level",
		wq_level_name(alarm->level), "state", wq_life_name(alarm->state), "opened",
		api_instant(zone, alarm->opened), "value", number(alarm->last.value), "limit",
		number(alarm->last.limit), "acknowledged", alarm->state == WQ_LIFE_ACKNOWLEDGED, "escalated",
		alarm->state == WQ_LIFE_ESCALATED, "text", alarm->last.says);
	json_object_set_new(json, "first", first_json(daemon, alarm));
	json_object_set_new(json, "stale", json_boolean(wq_engine_stale(daemon->engine, alarm, clock_now())));
	json_object_set_new(json, "shelved_until", shelf != NULL ? api_instant(zone, shelf->until) : json_null());
	return json;
}

/* Of a status; all of them are at /v1/alarms. */
#define ALARMS_SHOWN 50

static void put_alarms(struct daemon *daemon, json_t *reply)
{
	const struct wq_alarm *const *alarms;
	const struct wq_shelf *const *shelves;
	size_t n = wq_engine_alarms(daemon->engine, &alarms), stale = 0;
	int64_t held = wq_engine_flood(daemon->engine);
	json_t *list = json_array();
	for (size_t i = 0; i < n; i++) {
		stale += wq_engine_stale(daemon->engine, alarms[i], clock_now());
		if (i < ALARMS_SHOWN)
			json_array_append_new(list, api_alarm(daemon, alarms[i]));
	}
	json_object_set_new(reply, "open_alarms", json_integer((json_int_t)n));
	json_object_set_new(reply, "stale_alarms", json_integer((json_int_t)stale));
	json_object_set_new(reply, "shelves", json_integer((json_int_t)wq_engine_shelves(daemon->engine, &shelves)));
	json_object_set_new(reply, "flood_held", held >= 0 ? json_integer((json_int_t)held) : json_null());
	json_object_set_new(reply, "alarms", list);
}

/* Series; a reply about more is some 100 KB of text. */
#define LARGE_SITE 500

/* Notices that are on their way: not delivered yet, whether tried before or not. `behind`: more are in the outbox on disk. */
static size_t notices_waiting(const struct daemon *daemon)
{
	size_t held = daemon->deliverer != NULL ? deliverer_held(daemon->deliverer) : 0;
	return daemon->waiting_count + held;
}

static void get_status(struct daemon *daemon, struct command *command, const char *name)
{
	const struct wq_zone *zone = daemon->config->site.zone;
	(void)name;
	json_t *reply = json_pack("{s:s, s:s, s:i, s:o, s:I, s:b, s:o, s:{s:I, s:I, s:I, s:I}}", "site",
		daemon->config->site.name, "version", WQ_VERSION, "pid", (int)getpid(), "started",
		api_instant(zone, daemon->started), "uptime_s",
		(json_int_t)((clock_boot() - daemon->started_boot) / 1000), "clock_trusted", clock_trusted(), "store",
		store_status(daemon), "inbox", "depth", (json_int_t)inbox_depth(daemon->inbox), "room",
		(json_int_t)INBOX_BATCHES, "refused", (json_int_t)inbox_refused(daemon->inbox), "accepted",
		(json_int_t)inbox_accepted(daemon->inbox));
	json_object_set_new(reply, "standard",
		json_pack("{s:s, s:s}", "name", daemon->config->site.standard->name, "version",
			daemon->config->site.standard->version));
	json_object_set_new(reply, "buses", buses_status(daemon));
	json_object_set_new(reply, "notices",
		json_pack("{s:I, s:I, s:I, s:b}", "waiting", (json_int_t)notices_waiting(daemon), "sent",
			(json_int_t)daemon->sent, "failed", (json_int_t)daemon->failed, "behind", daemon->behind));
	json_object_set_new(reply, "latency_ms", delays_status(&daemon->latencies));
	json_object_set_new(reply, "timer_late_ms", delays_status(&daemon->ticks));
	json_object_set_new(reply, "maintenance", api_maintenance(daemon));
	json_object_set_new(reply, "profiles", api_profile_list(daemon));
	json_object_set_new(reply, "uplinks", api_uplink_list(daemon));
	json_object_set_new(reply, "duty", api_duty_shifts(daemon));
	json_object_set_new(reply, "bells", api_duty_bells(daemon));
	json_object_set_new(reply, "ping", api_duty_ping(daemon));
	json_object_set_new(reply, "links", api_links(daemon));
	json_object_set_new(reply, "stations", stations_status(daemon));
	put_alarms(daemon, reply);
	command_answer(command, 200, api_print(reply));
	/* The tree of a large site takes more than all the rest of us. */
	if (daemon->config->site.series_count > LARGE_SITE)
		malloc_trim(0);
}

static void get_alarms(struct daemon *daemon, struct command *command, const char *name)
{
	const struct wq_alarm *const *alarms;
	size_t n = wq_engine_alarms(daemon->engine, &alarms);
	json_t *list = json_array();
	(void)name;
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, api_alarm(daemon, alarms[i]));
	command_answer(command, 200, api_print(json_pack("{s:o}", "alarms", list)));
}

const char *api_text(const json_t *body, const char *key)
{
	return json_string_value(json_object_get(body, key));
}

struct flight *api_flight(struct daemon *daemon, struct command *command)
{
	struct flight *flight = handover_current(&daemon->handover);
	if (flight == NULL)
		api_refuse(command, 503, "the store is behind; nothing was changed, try again");
	return flight;
}

void api_unknown(struct command *command, const char *what, const struct suggest *names)
{
	char text[WQ_ERR_TEXT], end[SUGGEST_TEXT];
	snprintf(text, sizeof text, "nothing was changed: there is no %s \"%.63s\"%s", what, names->wanted,
		suggest_end(names, end));
	api_refuse(command, 404, text);
}

void api_failed(struct command *command, const struct wq_err *err)
{
	static const struct {
		int code, status;
	} rows[] = { { WQ_E_MISSING, 404 }, { WQ_E_STATE, 409 }, { WQ_E_INVALID, 400 } };
	int status = 503;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (rows[i].code == (int)err->code)
			status = rows[i].status;
	api_refuse(command, status, err->text);
}

void api_settled(struct daemon *daemon, struct command *command, char *body)
{
	struct flight *flight = handover_newest(&daemon->handover);
	if (flight == NULL) {
		command_answer(command, 200, body);
		return;
	}
	command->prepared = body;
	command->next = flight->waiting;
	flight->waiting = command;
	handover_submit(&daemon->handover, clock_boot(), false);
}

void api_done(struct daemon *daemon, struct flight *flight, struct command *command)
{
	conclude_route(daemon, flight);
	command->next = flight->waiting;
	flight->waiting = command;
	handover_submit(&daemon->handover, clock_boot(), false);
}

void api_act(struct daemon *daemon, struct command *command, const char *name, const char *who, const char *note,
	const struct wq_closing *closing)
{
	struct wq_err err;
	struct flight *flight = api_flight(daemon, command);
	int64_t id = wq_alarm_id(name);
	int r;
	if (flight == NULL)
		return;
	if (id < 0) {
		api_refuse(command, 404, API_NO_NAME);
		return;
	}
	r = closing != NULL
		? wq_engine_close(daemon->engine, id, who, closing, clock_now(), &flight->group.outcome, &err)
		: wq_engine_acknowledge(daemon->engine, id, who, note, clock_now(), &flight->group.outcome, &err);
	if (r < 0)
		api_failed(command, &err);
	else
		api_done(daemon, flight, command);
}

/* Members that any request has. What is not among them, or no text, is refused: passed over, a parameter that was
 * misspelled would shelve or maintain the whole station. */
static const char *const members[] = { "action", "bus", "cause", "change", "channel", "command", "contact", "for", "note", "parameter", "profile", "reason", "rule", "say",
	"station", "until", "who" };

static bool understood(const char *key, const json_t *value)
{
	for (size_t i = 0; i < sizeof members / sizeof *members; i++)
		if (strcmp(members[i], key) == 0)
			return json_is_string(value) || json_is_null(value);
	return false;
}

json_t *api_body(struct command *command)
{
	json_t *body = json_loads(command->body[0] != '\0' ? command->body : "{}", JSON_REJECT_DUPLICATES, NULL);
	char text[WQ_ERR_TEXT] = "the body is not a JSON object";
	const char *key;
	json_t *value;
	bool good = json_is_object(body);
	json_object_foreach (body, key, value)
		if (!understood(key, value)) {
			snprintf(text, sizeof text, "\"%.63s\" is no member of a request, or its value is no text; nothing was changed", key);
			good = false;
			break;
		}
	if (good)
		return body;
	api_refuse(command, 400, text);
	json_decref(body);
	return NULL;
}

/* Half of what was done is no record, and a cause that is none of those agreed on counts in no statistics: false, and
 * refused. */
static bool good_closing(const struct config *config, struct command *command, const struct wq_closing *said)
{
	const struct wq_list *known = &config->causes;
	struct suggest names = { .wanted = said->cause };
	char text[WQ_ERR_TEXT], end[SUGGEST_TEXT];
	bool agreed = known->count == 0;

	snprintf(text, sizeof text, "nothing was changed: cause may have 1 to %d bytes, action 1 to %d, note %d at most (a Chinese character has 3)",
		WQ_CAUSE_MAX, WQ_ACTION_MAX, WQ_SAYS_TEXT - 1);
	if (said->cause == NULL || said->action == NULL || said->cause[0] == '\0' || said->action[0] == '\0' ||
		strlen(said->cause) > WQ_CAUSE_MAX || strlen(said->action) > WQ_ACTION_MAX ||
		(said->note != NULL && strlen(said->note) >= WQ_SAYS_TEXT)) {
		api_refuse(command, 400, text);
		return false;
	}
	for (size_t i = 0; i < known->count; i++) {
		suggest_offer(&names, known->items[i]);
		agreed = agreed || strcmp(known->items[i], said->cause) == 0;
	}
	if (agreed)
		return true;
	snprintf(text, sizeof text, "nothing was changed: \"%.60s\" is no cause that site.causes names%s", said->cause,
		suggest_end(&names, end));
	api_refuse(command, 400, text);
	return false;
}

static void post_close(struct daemon *daemon, struct command *command, const char *name)
{
	json_t *body = api_body(command);
	if (body == NULL)
		return;
	const char *who = api_text(body, "who");
	const struct wq_closing said = { api_text(body, "cause"), api_text(body, "action"), api_text(body, "note") };
	if (good_closing(daemon->config, command, &said))
		api_act(daemon, command, name, who != NULL ? who : command->user, NULL, &said);
	json_decref(body);
}

static const struct {
	const char *method, *before, *after; /* the alarm's name stands between */
	void (*run)(struct daemon *daemon, struct command *command, const char *name);
} routes[] = {
	{ "GET", "/v1/status", "", get_status },
	{ "GET", "/v1/alarms", "", get_alarms },
	{ "GET", "/v1/alarms/", "/state", api_alarm_state },
	{ "POST", "/v1/alarms/", "/acknowledge", api_acknowledge },
	{ "POST", "/v1/alarms/", "/close", post_close },
	{ "POST", "/v1/alarms/", "/shelve", api_shelve_alarm },
	{ "POST", "/v1/alarms/", "/unshelve", api_unshelve_alarm },
	{ "POST", "/v1/channel-test", "", api_channel_test },
	{ "POST", "/v1/command", "", api_command },
	{ "GET", "/v1/shelves", "", api_shelves },
	{ "POST", "/v1/maintain", "", api_maintain },
	{ "POST", "/v1/maintain-end", "", api_maintain_end },
	{ "POST", "/v1/shelve", "", api_shelve },
	{ "POST", "/v1/unshelve", "", api_unshelve },
	{ "GET", "/v1/uplinks", "", api_uplinks },
	{ "GET", "/v1/profiles", "", api_profiles },
	{ "POST", "/v1/profile", "", api_profile },
};

/* Cuts the alarm's name out of the path; false when the path is another route's. */
static bool matches(size_t route, const struct command *command, char *name, size_t cap)
{
	size_t before = strlen(routes[route].before), after = strlen(routes[route].after);
	size_t length = strlen(command->path);
	if (strcmp(command->method, routes[route].method) != 0 || length < before + after ||
		strncmp(command->path, routes[route].before, before) != 0 ||
		strcmp(command->path + length - after, routes[route].after) != 0)
		return false;
	size_t middle = length - before - after;
	if ((after == 0) != (middle == 0) || middle >= cap)
		return false;
	memcpy(name, command->path + before, middle);
	name[middle] = '\0';
	return true;
}

void api_open(void *owner, struct letter *letter)
{
	struct command *command = (struct command *)letter;
	char name[WQ_ALARM_NAME];
	conclude_clock(owner);
	for (size_t i = 0; i < sizeof routes / sizeof *routes; i++)
		if (matches(i, command, name, sizeof name)) {
			routes[i].run(owner, command, name);
			return;
		}
	api_refuse(command, 404, "no such path");
}
