/* SPDX-License-Identifier: Apache-2.0 */
/* Who is told of a change of an alarm: routes -> notices. Pure and thread-safe. */
#ifndef WQ_ROUTER_H
#define WQ_ROUTER_H

#include "config/config.h"

#include "wq/alarm.h"
#include "wq/channel.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An alarm is told for this long where the configuration gives no lifetime. */
#define ROUTER_LIFETIME WQ_HOURS(24)

/* The notices of a change, at most one a contact over all matching routes, those in the lead first.
 * A contact that is in the lead by one route and in copy by another is in the lead. Each goes to
 * the contact's first channel; the deliverer fails over to the others, at the latest after the
 * shortest deadline of the routes that name the contact.
 *
 * Routes match by kind of station, station, town, parameter, day of the year and level. What is about no parameter goes to
 * the routes that name none. A station in commissioning is told to
 * commissioning routes only, marked 【测试】, and they are told of nothing else. Changes that are
 * about the whole site go to the routes that name no stations, those about a bus to the routes of any
 * station that is read from it. A rule that is told to the lead (wq_rule.to_lead) is told to
 * the lead alone, whatever level the route begins at. An escalation goes to the routes
 * of which a step is due, and there to the groups of escalate_to up to that step as well; a correction by late data goes to the lead only, it rings nobody else; a reminder to the lead of the routes that
 * asked for it.
 * A group may name rosters: who is on duty when the change was decided is a member of it then. Who has the lead by the
 * roster stands as the group does, who assists gets a copy, and an escalation goes to the leader on call besides; in the
 * group escalate_to to the leader on call alone, or to those on duty where there is none. When nobody has the lead by
 * the roster, everybody that it names is told.
 *
 * Nobody is told of a change that is hushed: on the shelf, or held back in a flood.
 *
 * The id is "<incarnation, hex>-<alarm>-<number of the change>-<contact>": no '.', unique per
 * (alarm, change, contact), the same on every attempt and channel. A contact id of more than 40
 * bytes, or with other characters than letters, digits, '_' and '-', is replaced in it by "h_" and
 * its FNV-1a hash.
 *
 * now: our clock. Writes at most cap notices and returns how many there are; config->contact_count
 * is always enough room. */
size_t router_notices(const struct config *config, const struct wq_change *change,
        uint64_t incarnation, wq_ms now, struct wq_notice *out, size_t cap);

/* How many contacts a change would be told to, in the lead or in copy, without writing anything. */
size_t router_count(const struct config *config, const struct wq_change *change, bool assist);

/* Why a route does not hear of a change: the first that it is not told for. */
enum router_no {
	ROUTER_YES, /* it does */
	ROUTER_NO_HUSH,
	ROUTER_NO_MODE,    /* the station is in commissioning and the route is not, or the other way round */
	ROUTER_NO_KIND,
	ROUTER_NO_STATION,
	ROUTER_NO_TOWN,
	ROUTER_NO_SITE,    /* it is about the site, and the route names stations or towns */
	ROUTER_NO_BUS,     /* it is about a bus, and no station of the route is read from it */
	ROUTER_NO_PARAMETER,
	ROUTER_NO_SEASON,  /* by the day on which the change was decided */
	ROUTER_NO_REMINDER, /* it is a reminder, and the route asked for none of this level, or for fewer */
	ROUTER_NO_STEP,     /* it is an escalation, and no step of the route is due by it */
	ROUTER_NO_LEVEL,
};

enum router_no router_refuses(const struct config *config, uint32_t route, const struct wq_change *change);

enum router_why {
	ROUTER_MEMBER,      /* the group lists the contact */
	ROUTER_DUTY_LEAD,   /* on duty by the group's roster */
	ROUTER_DUTY_ASSIST,
	ROUTER_ON_CALL,     /* the leader on call */
	ROUTER_VACANT,      /* nobody is on duty, and the contact stands in the roster */
};

/* Why a route tells a contact. */
struct router_reason {
	uint32_t route, group;
	const char *key; /* of the route: "lead" "assist" "escalate_to" */
	enum router_why why;
	uint32_t roster; /* WQ_NONE: member */
	bool lead;
};

/* The reasons for which a contact is told of a change, one a route; none: it is not told. Writes at most cap and returns how
 * many there are. The contact is in the lead when any of them says so. */
size_t router_reasons(const struct config *config, const struct wq_change *change, uint32_t contact,
        struct router_reason *out, size_t cap);

/* The first roster of the groups concerned by which nobody had the lead when the change was decided, so that everybody of it
 * is told; NULL: there is none. */
const struct roster *router_vacant(const struct config *config, const struct wq_change *change);

#endif
