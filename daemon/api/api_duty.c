/* SPDX-License-Identifier: Apache-2.0 */
/* What is told by the clock, as `wqctl status` shows it. */
#include "api_parts.h"
#include "clock.h"
#include "duty/duty.h"
#include "notify/bell.h"
#include "notify/roster.h"

#include <stdio.h>
#include <string.h>

/* Named by a role before this one. */
static bool is_named(const struct roster_duty *duty, int role, uint32_t person)
{
	for (int before = 0; before < role; before++)
		if (roster_has(duty, (enum roster_role)before, person))
			return true;
	return false;
}

/* "lead 张三、李四, leader 刘局": each once, by the first of his roles. */
static void name_people(const struct config *config, const struct roster_duty *duty, char *to, size_t cap)
{
	size_t used = 0;
	to[0] = '\0';
	for (int role = 0; role < ROSTER_ROLES; role++) {
		bool begun = false;
		for (size_t i = 0; i < duty->count[role]; i++) {
			const char *name = config->contacts[duty->people[role][i]].name;
			if (is_named(duty, role, duty->people[role][i]))
				continue;
			if (used + strlen(name) + 16 >= cap)
				return;
			if (begun)
				used += (size_t)snprintf(to + used, cap - used, "、%s", name);
			else
				used += (size_t)snprintf(to + used, cap - used, "%s%s %s", used > 0 ? ", " : "",
					roster_role_name((enum roster_role)role), name);
			begun = true;
		}
	}
}

static json_t *shift_json(const struct config *config, const struct roster *roster, wq_ms now)
{
	char people[240];
	struct roster_duty duty;
	roster_at(roster, now, &duty);
	name_people(config, &duty, people, sizeof people);
	json_t *row = json_pack("{s:s, s:s, s:s}", "roster", roster->id, "name", roster->name, "now", people);
	if (roster_next(roster, now, WQ_DAYS(ROSTER_AHEAD), &duty)) {
		name_people(config, &duty, people, sizeof people);
		json_object_set_new(row, "next_at", api_instant(roster->zone, duty.from));
		json_object_set_new(row, "next", json_string(people));
	}
	return row;
}

static void put_bell(const struct daemon *daemon, const char *what, const struct config_bell *bell, wq_ms mark, json_t *list)
{
	const struct wq_zone *zone = daemon->config->site.zone;
	/* A mark beside its times only says since when it is known. */
	if (mark != WQ_NO_TIME && bell_instant(zone, wq_day_of(zone, mark), bell->bell->at) != mark)
		mark = WQ_NO_TIME;
	json_array_append_new(list,
		json_pack("{s:s, s:s, s:s, s:o, s:o}", "what", what, "name", bell->id, "to",
			daemon->config->groups[bell->group].id, "last", api_instant(zone, mark), "next",
			api_instant(zone, bell_next(bell->bell, zone, clock_now()))));
}

static void put_results(const struct drills *drills, size_t drill, json_t *row)
{
	json_int_t counts[3] = { 0 };
	for (size_t i = 0; i < drills->count; i++)
		if (drills->tries[i].drill == drill)
			counts[drills->tries[i].state]++;
	json_object_set_new(row, "under_way", json_integer(counts[DRILL_UNDER_WAY]));
	json_object_set_new(row, "passed", json_integer(counts[DRILL_PASSED]));
	json_object_set_new(row, "failed", json_integer(counts[DRILL_FAILED]));
}

json_t *api_duty_bells(const struct daemon *daemon)
{
	json_t *list = json_array();
	for (size_t i = 0; daemon->duty != NULL && i < daemon->config->drill_count; i++) {
		put_bell(daemon, "drill", &daemon->config->drills[i], daemon->duty->drills.marks[i], list);
		put_results(&daemon->duty->drills, i, json_array_get(list, json_array_size(list) - 1));
	}
	for (size_t i = 0; daemon->duty != NULL && i < daemon->config->heartbeat_count; i++)
		put_bell(daemon, "heartbeat", &daemon->config->heartbeats[i], daemon->duty->pulse.marks[i], list);
	return list;
}

json_t *api_duty_ping(const struct daemon *daemon)
{
	if (daemon->duty == NULL || daemon->config->ping == NULL)
		return json_null();
	const struct alive *alive = &daemon->duty->alive;
	const char *state = alive->fault != NULL ? alive->fault : alive->failing != WQ_NO_TIME ? "fails" : alive->asked > 0 ? "ok" : "waiting";
	return json_pack("{s:s, s:o, s:I, s:I, s:I, s:s}", "state", state, "last", api_instant(daemon->config->site.zone, alive->last),
		"asked", (json_int_t)alive->asked, "failed", (json_int_t)alive->failed, "left_out",
		(json_int_t)alive->left_out, "why", alive->trouble);
}

json_t *api_duty_shifts(const struct daemon *daemon)
{
	json_t *list = json_array();
	for (size_t r = 0; daemon->duty != NULL && r < daemon->config->roster_count; r++)
		if (daemon->duty->shifts[r].named)
			json_array_append_new(list, shift_json(daemon->config, &daemon->config->rosters[r], clock_now()));
	return list;
}
