/* SPDX-License-Identifier: Apache-2.0 */
/* Stations in numbers under the real rules. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "field.h"

#include "rule_settings.h"
#include "wq/err.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const ids[FIELD_STATIONS] = { "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11" };
static const char *const names[FIELD_STATIONS] = { "零号站", "一号站", "二号站", "三号站", "四号站", "五号站", "六号站", "七号站",
	"八号站", "九号站", "十号站", "十一号站" };
static const char *const sources[] = { "gateway" };

struct field *field_new(size_t stations, size_t parameters, wq_ms interval)
{
	struct field *f = calloc(1, sizeof *f);
	assert_non_null(f);
	assert_true(stations <= FIELD_STATIONS && parameters <= FIELD_PARAMETERS);
	for (uint32_t s = 0; s < stations; s++) {
		f->stations[s] = (struct wq_station){ .id = ids[s],
			.name = names[s],
			.target = 3,
			.flows_into = WQ_NONE,
			.zone = &wq_zone_china,
			.first_series = s * (uint32_t)parameters,
			.series_count = (uint32_t)parameters };
		f->ph[s] = s * (uint32_t)parameters;
		for (uint32_t p = 0; p < parameters; p++)
			f->series[s * parameters + p] = (struct wq_series){ .station = s,
				.parameter = p,
				.interval = interval,
				.late_after = WQ_HOURS(8),
				.low = 0,
				.high = 100 };
	}
	for (uint32_t i = 0; i < FIELD_STATIONS * FIELD_PARAMETERS; i++)
		f->all[i] = i;
	f->site = (struct wq_site){ .name = "test",
		.zone = &wq_zone_china,
		.standard = &wq_gb3838,
		.evaluation = { .minimum_valid = 4,
			.minimum_share = 0.6,
			.day_closes_after = WQ_HOURS(1),
			.future_tolerance = WQ_MINUTES(10) },
		.parameter_count = wq_parameter_count,
		.parameters = wq_parameters,
		.station_count = stations,
		.stations = f->stations,
		.series_count = stations * parameters,
		.series = f->series,
		.rules = f->rules,
		.source_count = 1,
		.sources = sources };
	f->now = DAY0;
	return f;
}

void field_free(struct field *f)
{
	wq_engine_free(f->engine);
	wq_outcome_free(&f->out);
	free(f);
}

void field_rule(struct field *f, const struct wq_rule *rule, const char *settings)
{
	size_t i = f->site.rule_count++;
	char text[256];
	assert_true(i < FIELD_RULES && rule->settings_size <= sizeof f->settings[i]);
	snprintf(text, sizeof text, "%s", settings);
	if (rule->options != NULL)
		fake_settings(rule->options, f->settings[i], text);
	f->rules[i] = (struct wq_rule_use){ .rule = rule,
		.name = rule->name,
		.settings = f->settings[i],
		.place_count = rule->scope == WQ_SCOPE_SERIES ? f->site.series_count
			: rule->scope == WQ_SCOPE_STATION     ? f->site.station_count
							      : 1,
		.places = f->all,
		.escalate_after = { WQ_NO_TIME, WQ_NO_TIME, WQ_NO_TIME, WQ_NO_TIME, WQ_NO_TIME } };
}

void field_start(struct field *f)
{
	struct wq_err err;
	f->engine = wq_engine_new(&f->site, &err);
	assert_non_null(f->engine);
}

static void note(struct field *f, size_t from)
{
	for (size_t i = from; i < f->out.change_count; i++) {
		const struct wq_change *c = &f->out.changes[i];
		size_t used = strlen(f->story);
		snprintf(f->story + used, sizeof f->story - used, "%s %s %s %s %s\n", f->rules[c->rule].name,
			c->station != WQ_NONE ? ids[c->station] : "-",
			c->series != WQ_NONE ? wq_parameters[f->series[c->series].parameter].alias : "-",
			wq_change_name(c->kind), wq_level_name(c->level));
	}
}

void field_wait(struct field *f, wq_ms now, wq_ms step)
{
	while (f->now < now) {
		size_t before = f->out.change_count;
		f->now = f->now + step < now ? f->now + step : now;
		assert_int_equal(wq_engine_tick(f->engine, f->now, &f->out, NULL), 0);
		note(f, before);
	}
}

static void put(struct field *f, const struct wq_sample *samples, size_t count)
{
	size_t before = f->out.change_count;
	struct wq_batch batch = { .received = f->now,
		.trusted = true,
		.sequence = ++f->sequence,
		.count = count,
		.samples = samples };
	assert_int_equal(wq_engine_batch(f->engine, &batch, &f->out, NULL), 0);
	note(f, before);
}

static struct wq_sample sample_of(uint32_t series, wq_ms at, double value, const char *flag)
{
	struct wq_sample sample = { .series = series, .quality = WQ_UNCHECKED, .stamp = WQ_STAMP_STATION, .at = at, .value = value };
	snprintf(sample.flag, sizeof sample.flag, "%s", flag);
	return sample;
}

void field_send(struct field *f, uint32_t s, unsigned which, double value, const char *flag)
{
	struct wq_sample samples[FIELD_PARAMETERS];
	size_t n = 0;
	for (uint32_t p = 0; p < f->stations[s].series_count; p++)
		if ((which & 1u << p) != 0)
			samples[n++] = sample_of(f->stations[s].first_series + p, f->now, value, flag);
	put(f, samples, n);
}

void field_sample(struct field *f, uint32_t series, wq_ms at, double value, const char *flag)
{
	struct wq_sample sample = sample_of(series, at, value, flag);
	put(f, &sample, 1);
}

void field_bus(struct field *f, enum wq_bus_state state)
{
	size_t before = f->out.change_count;
	assert_int_equal(wq_engine_bus(f->engine, 0, state, f->now, f->now, &f->out, NULL), 0);
	note(f, before);
}

void field_forget(struct field *f)
{
	wq_outcome_reset(&f->out);
	f->story[0] = '\0';
}

size_t field_count(const struct field *f, const char *rule, enum wq_change_kind kind)
{
	size_t n = 0;
	for (size_t i = 0; i < f->out.change_count; i++)
		n += f->out.changes[i].kind == kind &&
			(rule[0] == '\0' || strcmp(f->rules[f->out.changes[i].rule].rule->name, rule) == 0);
	return n;
}

size_t field_open_alarms(const struct field *f)
{
	const struct wq_alarm *const *alarms;
	return wq_engine_alarms(f->engine, &alarms);
}

const struct wq_stored *field_stored(const struct field *f)
{
	assert_true(f->out.sample_count > 0);
	return &f->out.samples[f->out.sample_count - 1];
}
