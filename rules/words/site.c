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

/* Month × 100 + day of a natural day. */
static int month_day(wq_day day)
{
	char date[WQ_INSTANT_TEXT]; /* "2026-03-05" */

	wq_day_format(day, date);
	return (date[5] - '0') * 1000 + (date[6] - '0') * 100 + (date[8] - '0') * 10 + (date[9] - '0');
}

bool wq_season_has(const struct wq_season *season, wq_day day)
{
	const int from = season->from_month * 100 + season->from_day, to = season->to_month * 100 + season->to_day;
	const int today = from == 0 ? 0 : month_day(day);

	return from <= to ? today >= from && today <= to : today >= from || today <= to;
}

static void sooner(wq_ms *span, wq_ms other)
{
	if (other != WQ_NO_TIME && (*span == WQ_NO_TIME || other < *span))
		*span = other;
}

static void sooner_than_passed(wq_ms *span, wq_ms other, wq_ms passed)
{
	if (other > passed)
		sooner(span, other);
}

static void next_of(wq_ms *span, wq_ms first, const struct wq_further *further, wq_ms passed)
{
	sooner_than_passed(span, first, passed);
	for (size_t i = 0; i < further->count; i++)
		sooner_than_passed(span, further->spans[i], passed);
}

wq_ms wq_site_escalation_next(const struct wq_site *site, uint32_t rule, enum wq_level level, wq_ms at, wq_ms passed)
{
	const struct wq_rule_use *use = &site->rules[rule];
	const wq_day today = use->seasonal_count > 0 ? wq_day_of(site->zone, at) : 0;
	wq_ms span = WQ_NO_TIME;

	next_of(&span, use->escalate_after[level], &use->escalate_further[level], passed);
	for (size_t i = 0; i < use->seasonal_count; i++)
		if (wq_season_has(&use->seasonal[i].season, today))
			next_of(&span, use->seasonal[i].escalate_after[level], &use->seasonal[i].escalate_further[level],
				passed);
	return span;
}

wq_ms wq_site_escalation(const struct wq_site *site, uint32_t rule, enum wq_level level, wq_ms at)
{
	return wq_site_escalation_next(site, rule, level, at, -1);
}

static wq_ms every(const struct wq_reminding *remind, enum wq_level level, bool acknowledged)
{
	const wq_ms span = acknowledged ? remind->acknowledged[level] : remind->open[level];

	return span > 0 ? span : WQ_NO_TIME;
}

wq_ms wq_site_reminder(const struct wq_site *site, uint32_t rule, enum wq_level level, bool acknowledged, wq_ms at)
{
	const struct wq_rule_use *use = &site->rules[rule];
	wq_ms span = every(&use->remind, level, acknowledged);
	const wq_day today = use->seasonal_count > 0 ? wq_day_of(site->zone, at) : 0;

	for (size_t i = 0; i < use->seasonal_count; i++)
		if (wq_season_has(&use->seasonal[i].season, today))
			sooner(&span, every(&use->seasonal[i].remind, level, acknowledged));
	return span;
}
