/* SPDX-License-Identifier: Apache-2.0 */
/* How far the platforms above are behind, for the control socket. */
#include "api_parts.h"
#include "clock.h"
#include "command.h"
#include "daemon.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

static json_t *uplink_json(const struct daemon *daemon, size_t i)
{
	const struct config_uplink *uplink = &daemon->config->uplinks[i];
	const struct wq_zone *zone = daemon->config->site.zone;
	struct uplink_status s;
	char incarnation[24];
	uplink_status(daemon->uplinks[i], &s);
	snprintf(incarnation, sizeof incarnation, "%016" PRIx64, s.incarnation);
	const char *state = !s.connected ? "down" : s.sequence < s.last || s.note < s.last_note ? "forwarding" : "up";
	json_t *json = json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I}", "name", uplink->name, "kind",
		uplink->transport->name, "state", state, "why", s.why, "incarnation", incarnation, "sequence",
		(json_int_t)s.sequence, "newest", (json_int_t)s.last, "note", (json_int_t)s.note, "newest_note",
		(json_int_t)s.last_note);
	json_object_set_new(json, "lag_s", json_integer(uplink_lag(&s, clock_now()) / 1000));
	json_object_set_new(json, "acknowledged", api_instant(zone, s.acknowledged));
	json_object_set_new(json, "forwarded", api_instant(zone, s.forwarded));
	json_object_set_new(json, "waiting_since", api_instant(zone, s.waiting));
	json_object_set_new(json, "messages", json_integer((json_int_t)s.messages));
	json_object_set_new(json, "again", json_integer((json_int_t)s.again));
	json_object_set_new(json, "failures", json_integer((json_int_t)s.failures));
	json_object_set_new(json, "gone", json_integer((json_int_t)s.gone));
	return json;
}

json_t *api_uplink_list(struct daemon *daemon)
{
	json_t *list = json_array();
	for (size_t i = 0; i < daemon->uplink_count; i++)
		json_array_append_new(list, uplink_json(daemon, i));
	return list;
}

void api_uplinks(struct daemon *daemon, struct command *command, const char *name)
{
	(void)name;
	command_answer(command, 200, api_print(json_pack("{s:o}", "uplinks", api_uplink_list(daemon))));
}
