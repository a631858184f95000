/* SPDX-License-Identifier: Apache-2.0 */
/* Routes -> notices. Goes contact by contact, so that nobody is told twice and no memory is needed.
 */
#include "router.h"

#include "data.h"
#include "notice_id.h"
#include "roster.h"
#include "text.h"
#include "text_en.h"
#include "wq/rule.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum role { NOT_TOLD, ASSIST, LEAD };

static bool names_station(const struct config_route *route, uint32_t station)
{
	if (route->all_stations)
		return true;
	for (size_t i = 0; i < route->station_count; i++)
		if (route->stations[i] == station)
			return true;
	return false;
}

static bool names_town(const struct config_route *route, const char *town)
{
	if (route->town_count == 0)
		return true;
	for (size_t i = 0; town != NULL && i < route->town_count; i++)
		if (strcmp(route->towns[i], town) == 0)
			return true;
	return false;
}

static bool names_parameter(const struct wq_site *site, const struct config_route *route, uint32_t series)
{
	if (route->parameter_count == 0)
		return true;
	for (size_t i = 0; series < site->series_count && i < route->parameter_count; i++)
		if (route->parameters[i] == site->series[series].parameter)
			return true;
	return false;
}

static enum router_no refuses_station(const struct wq_site *site, const struct config_route *route, uint32_t index)
{
	const struct wq_station *station = &site->stations[index];

	if (route->commissioning != station->commissioning)
		return ROUTER_NO_MODE;
	if ((route->kinds & 1u << station->kind) == 0)
		return ROUTER_NO_KIND;
	if (!names_station(route, index))
		return ROUTER_NO_STATION;
	return names_town(route, station->town) ? ROUTER_YES : ROUTER_NO_TOWN;
}

/* Who hears of a station hears of the bus that it is read from: its silence needs no alarm of its own then. */
static enum router_no refuses_bus(const struct wq_site *site, const struct config_route *route, uint32_t source)
{
	for (size_t i = 0; i < site->series_count; i++)
		if (site->series[i].source == source &&
		        refuses_station(site, route, site->series[i].station) == ROUTER_YES)
			return ROUTER_YES;
	return ROUTER_NO_BUS;
}

static enum router_no refuses_place(const struct wq_site *site, const struct config_route *route,
        const struct wq_change *change)
{
	const uint32_t source = wq_site_rule_source(site, change->rule);

	if (source != WQ_NONE)
		return refuses_bus(site, route, source);
	if (change->station < site->station_count)
		return refuses_station(site, route, change->station);
	return route->all_stations && !route->commissioning && route->town_count == 0 ? ROUTER_YES : ROUTER_NO_SITE;
}

static bool lead_only(const struct wq_site *site, const struct wq_change *change)
{
	return change->rule < site->rule_count && site->rules[change->rule].rule->to_lead;
}

/* Duty and season are as of the moment at which the change was decided, so that it is the same however often one asks. */
static wq_ms moment(const struct wq_change *change)
{
	return change->decided != WQ_NO_TIME ? change->decided : change->time;
}

/* By the shortest span of the routes a change is made; those that asked for none, or for fewer, are not told of it. */
static bool reminds(const struct config_route *route, const struct wq_change *change)
{
	const wq_ms *spans = change->state == WQ_LIFE_ACKNOWLEDGED ? route->remind.acknowledged : route->remind.open;

	return spans[change->level] > 0 && change->reminder <= route->remind_most;
}

/* Steps of a route that an escalation has reached. Of one whose span is not known: all. */
static size_t steps_reached(const struct config_route *route, const struct wq_change *change)
{
	size_t steps = 0;

	if (change->waited <= 0)
		return route->escalate_count;
	for (wq_ms span; (span = config_route_step(route, change->level, steps)) != WQ_NO_TIME && span <= change->waited;)
		steps++;
	return steps;
}

/* A change is made for every step of any route; the others' lead was told of its own, or will be. */
static bool step_due(const struct config_route *route, const struct wq_change *change)
{
	const size_t steps = steps_reached(route, change);

	return change->waited <= 0 ||
	        (steps > 0 && config_route_step(route, change->level, steps - 1) == change->waited);
}

enum router_no router_refuses(const struct config *config, uint32_t index, const struct wq_change *change)
{
	const struct wq_site *site = &config->site;
	const struct config_route *route = &config->routes[index];
	enum router_no no;

	if (change->hush != WQ_HUSH_NONE)
		return ROUTER_NO_HUSH;
	no = refuses_place(site, route, change);
	if (no != ROUTER_YES)
		return no;
	if (!names_parameter(site, route, change->series))
		return ROUTER_NO_PARAMETER;
	if (route->season.from_month != 0 && !wq_season_has(&route->season, wq_day_of(site->zone, moment(change))))
		return ROUTER_NO_SEASON;
	if (change->kind == WQ_REMINDED && !reminds(route, change))
		return ROUTER_NO_REMINDER;
	if (change->kind == WQ_ESCALATED && !step_due(route, change))
		return ROUTER_NO_STEP;
	return change->level < route->min_level && !lead_only(site, change) ? ROUTER_NO_LEVEL : ROUTER_YES;
}

static bool matches(const struct config *config, uint32_t route, const struct wq_change *change)
{
	return router_refuses(config, route, change) == ROUTER_YES;
}

static bool is_listed(const struct config_group *group, uint32_t contact)
{
	for (size_t i = 0; i < group->member_count; i++)
		if (group->members[i] == contact)
			return true;
	return false;
}

/* For what a person stands in a roster at a moment: in a group that hears of an alarm at once, or in the one that it escalates
 * to, which is for the leader on call first. */
static enum role duty_role(const struct roster *roster, const struct wq_change *change, bool escalates, uint32_t contact,
        enum router_why *why)
{
	struct roster_duty duty;

	if (!roster_knows(roster, contact))
		return NOT_TOLD;
	roster_at(roster, moment(change), &duty);
	*why = ROUTER_ON_CALL;
	if (change->kind == WQ_ESCALATED && roster_has(&duty, ROSTER_LEADER, contact))
		return LEAD;
	if (escalates && duty.count[ROSTER_LEADER] > 0)
		return NOT_TOLD;
	*why = duty.vacant ? ROUTER_VACANT : ROUTER_DUTY_LEAD;
	if (duty.vacant || roster_has(&duty, ROSTER_LEAD, contact))
		return LEAD; /* nobody is on duty: everybody is told */
	*why = ROUTER_DUTY_ASSIST;
	return roster_has(&duty, ROSTER_ASSIST, contact) ? ASSIST : NOT_TOLD;
}

static enum role role_in(const struct config *config, uint32_t index, const struct wq_change *change, bool escalates,
        uint32_t contact, struct router_reason *reason)
{
	enum role best = NOT_TOLD;

	if (index >= config->group_count)
		return NOT_TOLD;
	reason->group = index;
	reason->why = ROUTER_MEMBER;
	reason->roster = WQ_NONE;
	if (is_listed(&config->groups[index], contact))
		return LEAD;
	for (size_t i = 0; i < config->groups[index].roster_count && best != LEAD; i++) {
		const uint32_t roster = config->groups[index].rosters[i];
		enum router_why why;
		const enum role role = duty_role(&config->rosters[roster], change, escalates, contact, &why);

		if (role <= best)
			continue;
		best = role;
		reason->why = why;
		reason->roster = roster;
	}
	return best;
}

static enum role role_by(const struct config *config, const struct config_route *route,
        const struct wq_change *change, uint32_t contact, struct router_reason *reason)
{
	struct router_reason copy = *reason;
	enum role best = role_in(config, route->lead, change, false, contact, reason);

	reason->key = "lead";
	if (best == LEAD)
		return LEAD;
	for (size_t i = 0; change->kind == WQ_ESCALATED && i < steps_reached(route, change) && i < route->escalate_count; i++) {
		if (role_in(config, route->escalate_to[i], change, true, contact, &copy) == NOT_TOLD)
			continue;
		copy.key = "escalate_to";
		*reason = copy;
		return LEAD;
	}
	if (change->kind == WQ_CORRECTED || change->kind == WQ_REMINDED || lead_only(&config->site, change))
		return NOT_TOLD;
	for (size_t i = 0; i < route->assist_count && best == NOT_TOLD; i++) {
		if (role_in(config, route->assist[i], change, false, contact, reason) == NOT_TOLD)
			continue;
		reason->key = "assist";
		best = ASSIST;
	}
	return best;
}

size_t router_reasons(const struct config *config, const struct wq_change *change, uint32_t contact,
        struct router_reason *out, size_t cap)
{
	size_t count = 0;

	for (uint32_t i = 0; i < config->route_count; i++) {
		struct router_reason reason = { .route = i };
		enum role role;

		if (!matches(config, i, change))
			continue;
		role = role_by(config, &config->routes[i], change, contact, &reason);
		reason.lead = role == LEAD;
		if (role != NOT_TOLD && count++ < cap)
			out[count - 1] = reason;
	}
	return count;
}

/* What a contact is to a change, and by the strictest of the routes that say so how long a channel
 * has. */
static enum role role_of(const struct config *config, const struct wq_change *change,
        uint32_t contact, wq_ms *deadline)
{
	enum role best = NOT_TOLD;

	*deadline = 0;

	for (uint32_t i = 0; i < config->route_count; i++) {
		struct router_reason reason = { 0 };

		if (!matches(config, i, change))
			continue;
		enum role role = role_by(config, &config->routes[i], change, contact, &reason);

		if (role > best)
			best = role;
		if (role != NOT_TOLD && config->routes[i].deadline > 0 &&
		        (*deadline == 0 || config->routes[i].deadline < *deadline))
			*deadline = config->routes[i].deadline;
	}
	return best;
}

static void write_id(const struct wq_change *change, uint64_t incarnation, const char *contact,
        char out[WQ_NOTICE_ID])
{
	char name[WQ_ALARM_NAME], who[NOTICE_ID_CONTACT];

	snprintf(out, WQ_NOTICE_ID, "%" PRIx64 "-%s-%" PRIu32 "-%s", incarnation,
	        wq_alarm_name(change->alarm, name), change->number, notice_id_contact(contact, who));
}

static void write_notice(const struct config *config, const struct wq_change *change,
        uint64_t incarnation, wq_ms now, const struct config_contact *contact, bool assist,
        wq_ms deadline, struct wq_notice *out)
{
	wq_ms lifetime = config->paths.notice_lifetime;

	*out = (struct wq_notice){
		.alarm = change->alarm,
		.number = change->number,
		.kind = change->kind,
		.level = change->level,
		.assist = assist,
		.time = change->time,
		.created = now,
		.expires = now + (lifetime > 0 ? lifetime : ROUTER_LIFETIME),
		.deadline = deadline,
		.cause = change->station < config->site.station_count ? change->station + UINT64_C(1)
			: UINT64_C(1) << 32 | change->rule,
	};
	write_id(change, incarnation, contact->id, out->id);
	snprintf(out->contact, sizeof out->contact, "%s", contact->id);
	snprintf(out->channel, sizeof out->channel, "%s",
	        config->channels[contact->channels[0]].name);
	snprintf(out->address, sizeof out->address, "%s",
	        contact->phone != NULL ? contact->phone : "");
	(contact->english ? text_message_en : text_message)(&config->site, change, assist, out->text);
	data_write(config, change, out);
}

static size_t tell(const struct config *config, const struct wq_change *change,
        uint64_t incarnation, wq_ms now, enum role role, struct wq_notice *out, size_t cap)
{
	size_t count = 0;

	for (uint32_t i = 0; i < config->contact_count; i++) {
		const struct config_contact *contact = &config->contacts[i];
		wq_ms deadline;

		if (contact->channel_count == 0 || role_of(config, change, i, &deadline) != role)
			continue;
		if (count < cap)
			write_notice(config, change, incarnation, now, contact, role == ASSIST,
			        deadline, &out[count]);
		count++;
	}
	return count;
}

size_t router_notices(const struct config *config, const struct wq_change *change,
        uint64_t incarnation, wq_ms now, struct wq_notice *out, size_t cap)
{
	size_t lead = tell(config, change, incarnation, now, LEAD, out, cap);
	size_t taken = lead < cap ? lead : cap;

	return lead + tell(config, change, incarnation, now, ASSIST, out + taken, cap - taken);
}

size_t router_count(const struct config *config, const struct wq_change *change, bool assist)
{
	return tell(config, change, 0, 0, assist ? ASSIST : LEAD, NULL, 0);
}

static const struct roster *vacant_in(const struct config *config, uint32_t group, wq_ms at)
{
	for (size_t i = 0; group < config->group_count && i < config->groups[group].roster_count; i++) {
		const struct roster *roster = &config->rosters[config->groups[group].rosters[i]];
		struct roster_duty duty;

		roster_at(roster, at, &duty);
		if (duty.vacant)
			return roster;
	}
	return NULL;
}

const struct roster *router_vacant(const struct config *config, const struct wq_change *change)
{
	for (uint32_t i = 0; i < config->route_count; i++) {
		const struct config_route *route = &config->routes[i];
		const struct roster *found = NULL;

		if (!matches(config, i, change))
			continue;
		found = vacant_in(config, route->lead, moment(change));
		for (size_t k = 0; found == NULL && k < route->assist_count; k++)
			found = vacant_in(config, route->assist[k], moment(change));
		for (size_t k = 0; found == NULL && change->kind == WQ_ESCALATED && k < steps_reached(route, change) &&
		        k < route->escalate_count; k++)
			found = vacant_in(config, route->escalate_to[k], moment(change));
		if (found != NULL)
			return found;
	}
	return NULL;
}
