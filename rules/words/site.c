/* SPDX-License-Identifier: Apache-2.0 */
/* Finding things in a site. */
#include "wq/site.h"

#include "wq/rule.h"

#include <string.h>

uint32_t wq_site_series(const struct wq_site *site, uint32_t station, uint32_t parameter)
{
	const struct wq_station *at;

	if (station >= site->station_count)
		return WQ_NONE;
	at = &site->stations[station];
	for (uint32_t i = 0; i < at->series_count; i++) {
		if (site->series[at->first_series + i].parameter == parameter)
			return at->first_series + i;
	}
	return WQ_NONE;
}

uint32_t wq_site_station(const struct wq_site *site, const char *id)
{
	for (size_t i = 0; i < site->station_count; i++) {
		if (strcmp(site->stations[i].id, id) == 0)
			return (uint32_t)i;
	}
	return WQ_NONE;
}

static bool speaks_for_bus(const struct wq_site *site, uint32_t rule)
{
	return site->rules[rule].rule->parent && site->rules[rule].rule->scope == WQ_SCOPE_NETWORK;
}

uint32_t wq_site_rule_source(const struct wq_site *site, uint32_t rule)
{
	uint32_t before = 0;

	if (rule >= site->rule_count || !speaks_for_bus(site, rule))
		return WQ_NONE;
	for (uint32_t i = 0; i < rule; i++)
		before += speaks_for_bus(site, i);
	return before < site->source_count ? before : WQ_NONE;
}
