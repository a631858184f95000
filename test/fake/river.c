/* SPDX-License-Identifier: Apache-2.0 */
/* A few stations with the real engine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "river.h"

#include "rule_settings.h"

#include "wq/err.h"

static const char *const sources[] = { "csv" };

static void take_stations(struct river *r, const struct river_station *from, const char *parameters)
{
	char names[128], *rest = NULL;
	uint32_t item[RIVER_ITEMS], n = 0;

	snprintf(names, sizeof names, "%s", parameters);
	for (char *name = strtok_r(names, " ", &rest); name; name = strtok_r(NULL, " ", &rest)) {
		assert_true(n < RIVER_ITEMS);
		item[n++] = (uint32_t)wq_parameter_find(wq_parameters, wq_parameter_count, name);
	}
	r->items = n;
	for (size_t i = 0; from[i].id; i++) {
		assert_true(i < RIVER_STATIONS);
		r->stations[i] = (struct wq_station){ .id = from[i].id,
			.name = from[i].name,
			.target = from[i].target ? from[i].target : 3,
			.flows_into = from[i].flows_into ? (uint32_t)from[i].flows_into - 1 : WQ_NONE,
			.travel = from[i].travel ? from[i].travel : WQ_NO_TIME,
			.commissioning = from[i].commissioning,
			.zone = &wq_zone_china,
			.first_series = (uint32_t)(i * n),
			.series_count = n };
		for (uint32_t k = 0; k < n; k++)
			r->series[i * n + k] = (struct wq_series){ .station = (uint32_t)i,
				.parameter = item[k],
				.cycle = WQ_HOURS(4),
				.interval = WQ_HOURS(4),
				.late_after = WQ_HOURS(8),
				.high = wq_parameters[item[k]].high };
		r->site.station_count++;
	}
	r->site.series_count = r->site.station_count * n;
}

static void take_rule(struct river *r, const struct river_rule *from, size_t k)
{
	struct wq_rule_use *use = &r->uses[k];
	size_t all = from->rule->scope == WQ_SCOPE_SERIES ? r->site.series_count
		: from->rule->scope == WQ_SCOPE_STATION   ? r->site.station_count
							  : 1;
	struct wq_err err;

	assert_true(k < RIVER_RULES);
	assert_true(from->rule->settings_size <= sizeof r->settings[k]);
	snprintf(r->texts[k], sizeof r->texts[k], "%s", from->settings);
	if (from->rule->options)
		fake_settings(from->rule->options, r->settings[k], r->texts[k]);
	*use = (struct wq_rule_use){ .rule = from->rule,
		.name = from->rule->name,
		.settings = r->settings[k],
		.places = r->places[k],
		.profiles = from->profiles,
		.except_profiles = from->except_profiles };
	for (int level = 0; level < 5; level++)
		use->escalate_after[level] = WQ_NO_TIME;
	for (uint32_t p = 0; p < all; p++)
		if (!from->item || from->rule->scope != WQ_SCOPE_SERIES ||
			strcmp(wq_parameters[r->series[p].parameter].alias, from->item) == 0)
			r->places[k][use->place_count++] = p;
	if (from->rule->check && from->rule->check(r->settings[k], &r->site,
					 from->rule->scope == WQ_SCOPE_SERIES
						 ? &wq_parameters[r->series[r->places[k][0]].parameter]
						 : NULL,
					 &err) < 0)
		fail_msg("%s", err.text);
	r->site.rule_count++;
}

void river_open(struct river *r, const struct river_station *stations, const char *parameters,
	const struct river_rule *rules)
{
	memset(r, 0, sizeof *r);
	r->site = (struct wq_site){ .name = "site",
		.zone = &wq_zone_china,
		.standard = &wq_gb3838,
		.evaluation = { .minimum_valid = 4,
			.minimum_share = 0.6,
			.day_closes_after = WQ_HOURS(1),
			.future_tolerance = WQ_MINUTES(10) },
		.parameter_count = wq_parameter_count,
		.parameters = wq_parameters,
		.stations = r->stations,
		.series = r->series,
		.rules = r->uses,
		.source_count = 1,
		.sources = sources };
	take_stations(r, stations, parameters);
	for (size_t k = 0; rules[k].rule; k++)
		take_rule(r, &rules[k], k);
	river_restart(r);
}

void river_restart(struct river *r)
{
	struct wq_err err;

	wq_engine_free(r->engine);
	r->engine = wq_engine_new(&r->site, &err);
	assert_non_null(r->engine);
}

void river_close(struct river *r)
{
	wq_engine_free(r->engine);
	wq_outcome_free(&r->out);
	r->engine = NULL;
}

void river_tell(struct river *r)
{
	for (size_t i = 0; i < r->out.change_count; i++) {
		const struct wq_change *c = &r->out.changes[i];
		size_t used = strlen(r->story);

		snprintf(r->story + used, sizeof r->story - used, "%s %s %s %s: %s\n", r->uses[c->rule].name,
			c->station != WQ_NONE ? r->stations[c->station].id : "-", wq_change_name(c->kind),
			wq_level_name(c->level), c->says);
	}
}

void river_read_late(struct river *r, uint32_t station, uint32_t item, wq_ms at, double value, wq_ms received)
{
	struct wq_sample sample = { .series = station * (uint32_t)r->items + item,
		.quality = WQ_UNCHECKED,
		.stamp = WQ_STAMP_ANALYSER,
		.at = at,
		.value = value };
	struct wq_batch batch = { .received = received,
		.trusted = true,
		.sequence = ++r->sequence,
		.count = 1,
		.samples = &sample };

	wq_outcome_reset(&r->out);
	assert_int_equal(wq_engine_batch(r->engine, &batch, &r->out, NULL), 0);
	river_tell(r);
}

void river_read(struct river *r, uint32_t station, uint32_t item, wq_ms at, double value)
{
	river_read_late(r, station, item, at, value, at);
	river_tick(r, at + 1000);
}

void river_tick(struct river *r, wq_ms now)
{
	wq_outcome_reset(&r->out);
	assert_int_equal(wq_engine_tick(r->engine, now, &r->out, NULL), 0);
	river_tell(r);
}

void river_day(struct river *r, uint32_t item, int day, const double *values)
{
	for (int slot = 0; slot < 6; slot++) {
		wq_ms at = DAY0 + WQ_DAYS(day) + WQ_HOURS(slot * 4);

		for (uint32_t i = 0; i < r->site.station_count; i++)
			if (!isnan(values[i]))
				river_read_late(r, i, item, at, values[i], at);
		river_tick(r, at + 1000);
	}
	river_tick(r, DAY0 + WQ_DAYS(day + 1) + WQ_HOURS(1));
}

void river_forget(struct river *r)
{
	r->story[0] = '\0';
}

size_t river_alarms(const struct river *r, uint32_t rule)
{
	const struct wq_alarm *const *alarms;
	size_t n = wq_engine_alarms(r->engine, &alarms), count = 0;

	for (size_t i = 0; i < n; i++)
		count += alarms[i]->rule == rule;
	return count;
}

double river_fact(const struct river *r, uint32_t rule, const char *key)
{
	const struct wq_alarm *const *alarms;
	size_t n = wq_engine_alarms(r->engine, &alarms);

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; alarms[i]->rule == rule && k < alarms[i]->last.fact_count; k++)
			if (strcmp(alarms[i]->last.facts[k].key, key) == 0)
				return alarms[i]->last.facts[k].value;
	return NAN;
}
