/* SPDX-License-Identifier: Apache-2.0 */
/* Shifts that begin: who comes on duty is told what is open, of what the routes would tell him. */
#include "duty/duty.h"

#include "daemon.h"
#include "log.h"
#include "notify/memo.h"
#include "notify/relief.h"
#include "notify/roster.h"
#include "notify/router.h"
#include "wq/rule.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define MARK "handover"
/* Stations under maintenance that are looked at. */
#define MAINTAINED 256

void handing_open(struct daemon *daemon)
{
	const struct config *config = daemon->config;
	for (size_t r = 0; r < config->roster_count; r++)
		daemon->duty->shifts[r].mark = duty_mark(daemon, MARK, config->rosters[r].id);
	for (size_t g = 0; g < config->group_count; g++)
		for (size_t i = 0; i < config->groups[g].roster_count; i++)
			daemon->duty->shifts[config->groups[g].rosters[i]].named = true;
}

/* -- what is open, as one person would hear of it -- */

static uint32_t station_of(const struct wq_site *site, uint32_t rule, uint32_t place)
{
	const struct wq_rule_use *use = &site->rules[rule];
	if (use->rule->scope == WQ_SCOPE_SERIES)
		return site->series[use->places[place]].station;
	return use->rule->scope == WQ_SCOPE_STATION ? use->places[place] : WQ_NONE;
}

/* Whether a route tells the person of it now, or will when nobody acknowledges it. */
static bool hears(const struct config *config, const struct wq_change *change, bool escalates, uint32_t person)
{
	struct wq_change asked = *change;
	struct router_reason reason;
	asked.kind = escalates ? WQ_ESCALATED : WQ_OPENED;
	return router_reasons(config, &asked, person, &reason, 1) > 0;
}

static struct relief_alarm describe(const struct daemon *daemon, const struct wq_alarm *alarm, uint32_t station, bool english)
{
	const struct wq_site *site = &daemon->config->site;
	const uint32_t series = alarm->last.series;
	struct relief_alarm told = { .id = alarm->id, .level = alarm->level, .state = alarm->state, .opened = alarm->opened,
		.who = duty_who(daemon->duty, alarm->id), .value = alarm->last.value, .says = alarm->last.says };
	struct wq_reading reading;
	if (english) { /* a rule gives its reason in Chinese only */
		told.says = site->rules[alarm->rule].name;
		told.kind = site->rules[alarm->rule].rule->name;
	}
	if (station != WQ_NONE) {
		const struct wq_station *at = &site->stations[station];
		told.station = !english ? at->name : at->english != NULL ? at->english : at->id;
		told.test = site->stations[station].commissioning;
	}
	if (series != WQ_NONE) {
		const struct wq_parameter *of = &site->parameters[site->series[series].parameter];
		told.parameter = !english ? of->name : of->english != NULL ? of->english : of->alias;
		told.unit = of->unit;
		if (wq_engine_latest(daemon->engine, series, &reading) && isfinite(reading.value))
			told.value = reading.value;
	}
	return told;
}

static void add_alarms(const struct daemon *daemon, uint32_t person, struct relief *relief)
{
	const struct wq_site *site = &daemon->config->site;
	const struct wq_alarm *const *alarms;
	size_t count = wq_engine_alarms(daemon->engine, &alarms);
	struct wq_change change = { .number = 1, .decided = relief->now, .time = relief->now, .until = WQ_NO_TIME };
	for (size_t i = 0; i < count; i++) {
		const struct wq_alarm *alarm = alarms[i];
		const uint32_t station = station_of(site, alarm->rule, alarm->place);
		change.alarm = alarm->id;
		change.rule = alarm->rule;
		change.place = alarm->place;
		change.station = station;
		change.series = alarm->last.series;
		change.level = alarm->level;
		if (!hears(daemon->config, &change, site->rules[alarm->rule].escalate_after[alarm->level] != WQ_NO_TIME, person))
			continue;
		if (wq_engine_shelf(daemon->engine, alarm->rule, alarm->place) != NULL) {
			relief->shelved++;
			continue;
		}
		const struct relief_alarm told = describe(daemon, alarm, station, relief->english);
		relief_add(relief, &told);
	}
}

/* Stations under maintenance of which the person would hear an alarm. */
static void add_maintained(const struct daemon *daemon, uint32_t person, struct relief *relief)
{
	struct wq_maintained rows[MAINTAINED];
	size_t count = wq_engine_maintained(daemon->engine, relief->now, rows, MAINTAINED);
	struct wq_change change = { .number = 1, .decided = relief->now, .time = relief->now, .until = WQ_NO_TIME,
		.rule = WQ_NONE, .series = WQ_NONE, .level = WQ_LEVEL_ALARM };
	uint32_t last = WQ_NONE;
	for (size_t i = 0; i < count && i < MAINTAINED; i++) {
		if (rows[i].station == last)
			continue;
		last = change.station = rows[i].station;
		relief->maintained += hears(daemon->config, &change, true, person);
	}
}

/* -- telling -- */

static enum roster_role role_of(const struct roster_duty *duty, uint32_t person)
{
	for (int role = 0; role < ROSTER_ROLES; role++)
		if (roster_has(duty, (enum roster_role)role, person))
			return (enum roster_role)role;
	return ROSTER_ASSIST;
}

/* False: no memory. */
static bool tell(struct daemon *daemon, struct flight *flight, const struct roster *roster, const struct roster_duty *duty,
	uint32_t person, wq_ms now)
{
	char key[24], text[WQ_NOTICE_TEXT];
	struct relief relief = { .roster = roster->name, .shift = duty->shift < roster->shift_count ? roster->shifts[duty->shift].name : "",
		.english = daemon->config->contacts[person].english, .role = role_of(duty, person), .from = duty->from, .until = duty->until, .now = now, .zone = roster->zone };
	add_alarms(daemon, person, &relief);
	add_maintained(daemon, person, &relief);
	if (relief.open == 0 && roster->handover == ROSTER_HANDOVER_OPEN)
		return true;
	relief_text(&relief, text);
	json_t *data = relief_data(&relief);
	snprintf(key, sizeof key, "%" PRIx64, (uint64_t)(duty->from / WQ_MINUTES(1)));
	const struct memo memo = { .topic = WQ_TOPIC_HANDOVER, .level = relief.open > 0 ? WQ_LEVEL_WATCH : WQ_LEVEL_INFO,
		.key = key, .time = duty->from, .text = text, .data = data };
	bool ok = duty_tell(daemon, flight, person, &memo, now);
	json_decref(data);
	return ok;
}

static bool tell_all(struct daemon *daemon, struct flight *flight, const struct roster *roster,
	const struct roster_duty *duty, wq_ms mark, wq_ms now)
{
	for (size_t i = 0; i < roster->everybody_count; i++)
		if (relief_comes(roster, duty, mark, roster->everybody[i]) &&
			!tell(daemon, flight, roster, duty, roster->everybody[i], now))
			return false;
	return true;
}

static void say_untold(const struct roster *roster, const struct roster_duty *duty, enum relief_step step)
{
	char time[WQ_INSTANT_TEXT];
	wq_instant_format_short(roster->zone, duty->from, time);
	if (step == RELIEF_MISSED)
		log_notice("roster \"%s\": the shift of %s was not handed over: it began more than %d h ago, while nothing watched",
			roster->id, time, (int)(RELIEF_LATE / WQ_HOURS(1)));
	else
		log_notice("roster \"%s\": a handover was recorded in the future, by a clock that was ahead; the next one after %s is told",
			roster->id, time);
}

static void look_at(struct daemon *daemon, struct flight *flight, size_t r, wq_ms now)
{
	const struct roster *roster = &daemon->config->rosters[r];
	struct duty_shift *shift = &daemon->duty->shifts[r];
	struct roster_duty duty;
	roster_at(roster, now, &duty);
	const enum relief_step step = relief_step(&duty, shift->mark, shift->watched, now);
	/* Right after a start without time from outside it is the clock that may be wrong, not the mark. */
	if (step == RELIEF_NOTHING || (step == RELIEF_RESET && !duty_settled(daemon))) {
		shift->watched = true;
		return;
	}
	if (step == RELIEF_TELL && roster->handover != ROSTER_HANDOVER_NEVER &&
		!tell_all(daemon, flight, roster, &duty, shift->mark, now)) {
		log_error("roster \"%s\": no memory to hand the shift over; it is tried again", roster->id);
		return;
	}
	if (step != RELIEF_TELL && roster->handover != ROSTER_HANDOVER_NEVER)
		say_untold(roster, &duty, step);
	if (!duty_done(flight, MARK, roster->id, duty.from))
		log_error("roster \"%s\": no memory to record the handover; it is told again after a restart", roster->id);
	shift->mark = duty.from;
	shift->watched = true;
}

void handing_tick(struct daemon *daemon, struct flight *flight, wq_ms now)
{
	for (size_t r = 0; r < daemon->config->roster_count; r++)
		if (daemon->duty->shifts[r].named)
			look_at(daemon, flight, r, now);
}
