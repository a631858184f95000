/* SPDX-License-Identifier: Apache-2.0 */
/* One alarm: how it stands now and who acknowledged it; and its acknowledgement. How the links to it fare. */
#include "api_parts.h"
#include "web/web.h"
#include "wq/err.h"
#include "wq/rule.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct wq_alarm *find(const struct daemon *daemon, int64_t id)
{
	const struct wq_alarm *const *alarms;
	size_t n = wq_engine_alarms(daemon->engine, &alarms);
	for (size_t i = 0; i < n; i++)
		if (alarms[i]->id == id)
			return alarms[i];
	return NULL;
}

static void put_answer(const struct daemon *daemon, const struct wq_alarm *alarm, json_t *json)
{
	const struct wq_site *site = &daemon->config->site;
	uint32_t station = api_station(site, alarm->rule, alarm->place), series = alarm->last.series;
	const struct wq_zone *zone = station != WQ_NONE ? site->stations[station].zone : site->zone;
	json_object_set_new(json, "answered", json_integer((json_int_t)alarm->answered));
	json_object_set_new(json, "acknowledged_at", alarm->answered > 0 ? api_instant(zone, alarm->answered_at) : json_null());
	json_object_set_new(json, "acknowledged_by", alarm->answered > 0 ? json_string(alarm->answered_by) : json_null());
	json_object_set_new(json, "parameter_name",
		series != WQ_NONE ? json_string(site->parameters[site->series[series].parameter].name) : json_null());
	json_object_set_new(json, "device", json_boolean(site->rules[alarm->rule].rule->about == WQ_ABOUT_DEVICE));
}

/* That it is acknowledged or over is said only when that is committed: nobody takes it back after a crash. */
void api_alarm_state(struct daemon *daemon, struct command *command, const char *name)
{
	int64_t id = wq_alarm_id(name);
	if (id < 0) {
		api_refuse(command, 404, API_NO_NAME);
		return;
	}
	const struct wq_alarm *alarm = find(daemon, id);
	json_t *json = alarm != NULL ? api_alarm(daemon, alarm)
				     : json_pack("{s:s, s:s}", "alarm", name, "state", wq_life_name(WQ_LIFE_NORMAL));
	if (alarm != NULL && json != NULL)
		put_answer(daemon, alarm, json);
	if (alarm != NULL && alarm->answered == 0)
		command_answer(command, 200, api_print(json));
	else
		api_settled(daemon, command, api_print(json));
}

json_t *api_links(const struct daemon *daemon)
{
	struct web_status status;
	if (daemon->web == NULL)
		return json_null();
	web_status(daemon->web, &status);
	return json_pack("{s:s, s:s, s:s, s:s}", "listen", daemon->config->links->listen, "state",
		status.served ? "served" : "not served", "why", status.why, "keys", status.keys);
}

/* What a message asked for is no longer asked when somebody acknowledged the alarm after it: `change`, its number. */
static bool came_too_late(const struct daemon *daemon, const char *name, const char *change)
{
	const struct wq_alarm *alarm = change != NULL ? find(daemon, wq_alarm_id(name)) : NULL;
	return alarm != NULL && alarm->answered >= strtoul(change, NULL, 10);
}

void api_acknowledge(struct daemon *daemon, struct command *command, const char *name)
{
	json_t *body = api_body(command);
	if (body == NULL)
		return;
	const char *who = api_text(body, "who"), *change = api_text(body, "change");
	if (change != NULL && (change[0] == '\0' || strlen(change) > 9 || change[strspn(change, "0123456789")] != '\0'))
		api_refuse(command, 400, "\"change\" is the number of a change, digits only; nothing was changed");
	else if (came_too_late(daemon, name, change))
		api_refuse(command, 409, "it was acknowledged after that change; nothing was changed");
	else
		api_act(daemon, command, name, who != NULL ? who : command->user, api_text(body, "note"), NULL);
	json_decref(body);
}
