/* SPDX-License-Identifier: Apache-2.0 */
/* Maintenance over the control socket: announced, ended, shown. */
#include "api_parts.h"
#include "clock.h"
#include "config/suggest.h"
#include "wq/err.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More than a site of a bureau ever has at once; the count tells when it is not. */
#define MAINTAINED_SHOWN 256

static json_t *maintained_json(const struct wq_site *site, const struct wq_maintained *row)
{
	const struct wq_station *station = &site->stations[row->station];
	return json_pack("{s:s, s:s, s:s?, s:s, s:o, s:o, s:s, s:s}", "station", station->id, "station_name", station->name,
		"parameter",
		row->series != WQ_NONE ? site->parameters[site->series[row->series].parameter].alias : NULL, "by",
		wq_maintained_name(row->by), "since", api_instant(station->zone, row->since), "until",
		api_instant(station->zone, row->until), "who", row->who, "reason", row->reason);
}

json_t *api_maintenance(const struct daemon *daemon)
{
	json_t *list = json_array();
	struct wq_maintained *rows = calloc(MAINTAINED_SHOWN, sizeof *rows);
	size_t n = rows != NULL ? wq_engine_maintained(daemon->engine, clock_now(), rows, MAINTAINED_SHOWN) : 0;
	for (size_t i = 0; i < n && i < MAINTAINED_SHOWN; i++)
		json_array_append_new(list, maintained_json(&daemon->config->site, &rows[i]));
	free(rows);
	return list;
}

/* What a body names; false when that was answered. */
static bool find_place(const struct daemon *daemon, struct command *command, const json_t *body, struct wq_maintenance *wish)
{
	const struct wq_site *site = &daemon->config->site;
	const char *station = api_text(body, "station"), *parameter = api_text(body, "parameter");
	struct suggest names = { .wanted = station };
	char text[WQ_ERR_TEXT];
	wish->series = WQ_NONE;
	wish->station = station != NULL ? wq_site_station(site, station) : WQ_NONE;
	if (station == NULL) {
		api_refuse(command, 400, "\"station\" is missing; nothing was changed");
		return false;
	}
	if (wish->station == WQ_NONE) {
		for (uint32_t i = 0; i < site->station_count; i++)
			suggest_offer(&names, site->stations[i].id);
		api_unknown(command, "station", &names);
		return false;
	}
	if (parameter == NULL)
		return true;
	int found = wq_parameter_find(site->parameters, site->parameter_count, parameter);
	wish->series = found >= 0 ? wq_site_series(site, wish->station, (uint32_t)found) : WQ_NONE;
	if (wish->series != WQ_NONE)
		return true;
	snprintf(text, sizeof text, "station %.63s does not measure \"%.63s\"; nothing was changed", station, parameter);
	api_refuse(command, 404, text);
	return false;
}

/* Its end: after a span, or at an instant in the station's zone. */
static bool find_end(const struct daemon *daemon, struct command *command, const json_t *body, wq_ms now,
	struct wq_maintenance *wish)
{
	const char *span = api_text(body, "for"), *until = api_text(body, "until");
	struct wq_err err = { .code = WQ_E_INVALID, .text = "\"for\" or \"until\" is missing (one of them): a maintenance always ends" };
	wq_ms length = 0;
	int r = (span == NULL) == (until == NULL) ? -1
		: span != NULL			  ? wq_span_parse(span, &length, &err)
						  : wq_instant_parse(until, daemon->config->site.stations[wish->station].zone, &wish->to, &err);
	if (r < 0) {
		api_refuse(command, 400, err.text);
		return false;
	}
	if (span != NULL)
		wish->to = now + length;
	return true;
}

static bool find_words(struct command *command, const json_t *body, struct wq_maintenance *wish)
{
	const char *who = api_text(body, "who"), *reason = api_text(body, "reason");
	if (reason == NULL || reason[0] == '\0' || strlen(reason) >= sizeof wish->reason) {
		api_refuse(command, 400, "\"reason\" takes 1 to 255 bytes (85 Chinese characters); nothing was changed");
		return false;
	}
	snprintf(wish->reason, sizeof wish->reason, "%s", reason);
	/* Cut at a character by the engine's own words: what is longer is refused. */
	if (who != NULL && strlen(who) >= sizeof wish->who) {
		api_refuse(command, 400, "\"who\" takes at most 63 bytes; nothing was changed");
		return false;
	}
	snprintf(wish->who, sizeof wish->who, "%s", who != NULL ? who : command->user);
	return true;
}

static void done(struct daemon *daemon, struct flight *flight, struct command *command, int r, const struct wq_err *err)
{
	if (r < 0)
		api_failed(command, err);
	else
		api_done(daemon, flight, command);
}

void api_maintain(struct daemon *daemon, struct command *command, const char *name)
{
	struct wq_maintenance wish = { 0 };
	struct wq_err err;
	wq_ms now = clock_now();
	json_t *body = api_body(command);
	(void)name;
	if (body != NULL && find_place(daemon, command, body, &wish) && find_end(daemon, command, body, now, &wish) &&
		find_words(command, body, &wish)) {
		struct flight *flight = api_flight(daemon, command);
		if (flight != NULL)
			done(daemon, flight, command, wq_engine_maintain(daemon->engine, &wish, now, &flight->group.outcome, &err),
				&err);
	}
	json_decref(body);
}

void api_maintain_end(struct daemon *daemon, struct command *command, const char *name)
{
	struct wq_maintenance wish = { 0 };
	struct wq_err err;
	json_t *body = api_body(command);
	(void)name;
	if (body != NULL && find_place(daemon, command, body, &wish)) {
		struct flight *flight = api_flight(daemon, command);
		const char *who = api_text(body, "who");
		if (flight != NULL)
			done(daemon, flight, command,
				wq_engine_maintain_end(daemon->engine, wish.station, wish.series, who != NULL ? who : command->user,
					clock_now(), &flight->group.outcome, &err),
				&err);
	}
	json_decref(body);
}
