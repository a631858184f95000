/* SPDX-License-Identifier: Apache-2.0 */
/* Routes -> notices. Goes contact by contact, so that nobody is told twice and no memory is needed.
 */
#include "router.h"

#include "data.h"
#include "text.h"
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

static bool matches_station(const struct wq_site *site, const struct config_route *route, uint32_t index)
{
	const struct wq_station *station = &site->stations[index];

	return route->commissioning == station->commissioning &&
	        (route->kinds & 1u << station->kind) != 0 && names_station(route, index);
}

/* Who hears of a station hears of the bus that it is read from: its silence needs no alarm of its own then. */
static bool matches_bus(const struct wq_site *site, const struct config_route *route, uint32_t source)
{
	for (size_t i = 0; i < site->series_count; i++)
		if (site->series[i].source == source && matches_station(site, route, site->series[i].station))
			return true;
	return false;
}

static bool lead_only(const struct wq_site *site, const struct wq_change *change)
{
	return change->rule < site->rule_count && site->rules[change->rule].rule->to_lead;
}

static bool matches(const struct wq_site *site, const struct config_route *route, const struct wq_change *change)
{
	const uint32_t source = wq_site_rule_source(site, change->rule);

	if (change->hush != WQ_HUSH_NONE || (change->level < route->min_level && !lead_only(site, change)))
		return false;
	if (source != WQ_NONE)
		return matches_bus(site, route, source);
	if (change->station >= site->station_count)
		return route->all_stations && !route->commissioning;
	return matches_station(site, route, change->station);
}

static bool is_member(const struct config *config, uint32_t group, uint32_t contact)
{
	if (group >= config->group_count)
		return false;
	for (size_t i = 0; i < config->groups[group].member_count; i++)
		if (config->groups[group].members[i] == contact)
			return true;
	return false;
}

static enum role role_by(const struct config *config, const struct config_route *route,
        const struct wq_change *change, uint32_t contact)
{
	if (is_member(config, route->lead, contact))
		return LEAD;
	if (change->kind == WQ_ESCALATED && is_member(config, route->escalate_to, contact))
		return LEAD;
	if (change->kind == WQ_CORRECTED || lead_only(&config->site, change))
		return NOT_TOLD;
	for (size_t i = 0; i < route->assist_count; i++)
		if (is_member(config, route->assist[i], contact))
			return ASSIST;
	return NOT_TOLD;
}

/* What a contact is to a change, and by the strictest of the routes that say so how long a channel
 * has. */
static enum role role_of(const struct config *config, const struct wq_change *change,
        uint32_t contact, wq_ms *deadline)
{
	enum role best = NOT_TOLD;

	*deadline = 0;

	for (size_t i = 0; i < config->route_count; i++) {
		if (!matches(&config->site, &config->routes[i], change))
			continue;
		enum role role = role_by(config, &config->routes[i], change, contact);

		if (role > best)
			best = role;
		if (role != NOT_TOLD && config->routes[i].deadline > 0 &&
		        (*deadline == 0 || config->routes[i].deadline < *deadline))
			*deadline = config->routes[i].deadline;
	}
	return best;
}

static uint64_t fnv1a(const char *text)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (; *text != '\0'; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
	return hash;
}

static void write_id(const struct wq_change *change, uint64_t incarnation, const char *contact,
        char out[WQ_NOTICE_ID])
{
	static const char plain[] =
	        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
	char name[WQ_ALARM_NAME], hashed[24];

	if (strlen(contact) > 40 || contact[strspn(contact, plain)] != '\0') {
		snprintf(hashed, sizeof hashed, "h_%016" PRIx64, fnv1a(contact));
		contact = hashed;
	}
	snprintf(out, WQ_NOTICE_ID, "%" PRIx64 "-%s-%" PRIu32 "-%s", incarnation,
	        wq_alarm_name(change->alarm, name), change->number, contact);
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
	};
	write_id(change, incarnation, contact->id, out->id);
	snprintf(out->contact, sizeof out->contact, "%s", contact->id);
	snprintf(out->channel, sizeof out->channel, "%s",
	        config->channels[contact->channels[0]].name);
	snprintf(out->address, sizeof out->address, "%s",
	        contact->phone != NULL ? contact->phone : "");
	text_message(&config->site, change, assist, out->text);
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
