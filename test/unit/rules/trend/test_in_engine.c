/* SPDX-License-Identifier: Apache-2.0 */
/* The four rules in the real engine: the story of one phosphorus peak. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "rule_settings.h"

#include "wq/engine.h"
#include "wq/err.h"
#include "wq/rule.h"

#define DAY0  ((wq_ms)1772640000000) /* 2026-03-05T00:00:00+08:00 */
#define STEP  WQ_MINUTES(30)
#define RULES 4

static _Alignas(max_align_t) unsigned char settings[RULES][256];
static const uint32_t place;
static const char *const sources[] = { "bus" };
static struct wq_station station;
static struct wq_series series;
static struct wq_rule_use uses[RULES];
static struct wq_site site;

static void furnish(void)
{
	station = (struct wq_station){ .id = "yigan",
		.name = "一干河",
		.water = WQ_RIVER,
		.target = 3,
		.flows_into = WQ_NONE,
		.zone = &wq_zone_china,
		.series_count = 1 };
	series = (struct wq_series){ .parameter = (uint32_t)wq_parameter_find(
		                             wq_parameters, wq_parameter_count, "tp"),
		.interval = STEP,
		.late_after = WQ_HOURS(2),
		.high = 5 };
	for (size_t i = 0; i < RULES; i++) {
		char none[] = "";

		fake_settings(wq_rules[i]->options, settings[i], none);
		uses[i] = (struct wq_rule_use){ .rule = wq_rules[i],
			.name = wq_rules[i]->name,
			.settings = settings[i],
			.place_count = 1,
			.places = &place,
			.escalate_after = {
			        WQ_NO_TIME, WQ_NO_TIME, WQ_NO_TIME, WQ_NO_TIME, WQ_NO_TIME } };
	}
	site = (struct wq_site){ .name = "site",
		.zone = &wq_zone_china,
		.standard = &wq_gb3838,
		.evaluation = { .minimum_valid = 4,
		        .minimum_share = 0.6,
		        .day_closes_after = WQ_HOURS(1),
		        .future_tolerance = WQ_MINUTES(5) },
		.parameter_count = wq_parameter_count,
		.parameters = wq_parameters,
		.station_count = 1,
		.stations = &station,
		.series_count = 1,
		.series = &series,
		.rule_count = RULES,
		.rules = uses,
		.source_count = 1,
		.sources = sources };
}

static char story[4096];

static void tell(const struct wq_outcome *out)
{
	for (size_t i = 0; i < out->change_count; i++) {
		const struct wq_change *c = &out->changes[i];
		size_t length = strlen(story);

		assert_string_not_equal(c->says, "");
		snprintf(story + length, sizeof story - length, "%s %s %s\n", uses[c->rule].name,
		        wq_change_name(c->kind), wq_level_name(c->level));
		print_message("%5.1f h %-8s %-8s %s\n", (double)(c->time - DAY0) / 3600e3,
		        uses[c->rule].name, wq_change_name(c->kind), c->says);
	}
}

/* Total phosphorus over three and a half days: quiet, a slow rise through 0.2, a day of it, back to
 * quiet.
 */
static double level(int i)
{
	double hour = i * 0.5;

	if (hour < 10)
		return 0.1;
	if (hour < 22)
		return 0.1 + 0.012 * (hour - 10);
	if (hour < 46)
		return 0.244;
	return fmax(0.08, 0.244 - 0.02 * (hour - 46));
}

/* One reading of the story, as if it began at `day0`. */
static void give(struct wq_engine *engine, struct wq_outcome *out, wq_ms day0, int i)
{
	static const double noise[] = { 0.001, -0.001, 0, 0.001, -0.001, 0.002, -0.002 };
	wq_ms at = day0 + i * STEP;
	struct wq_sample sample = { .quality = WQ_UNCHECKED,
		.stamp = WQ_STAMP_STATION,
		.at = at,
		.value = round((level(i) + noise[i % 7]) * 1000) / 1000 };
	struct wq_batch batch = {
		.trusted = true, .received = at, .sequence = 1, .count = 1, .samples = &sample
	};

	wq_outcome_reset(out);
	assert_int_equal(wq_engine_batch(engine, &batch, out, NULL), 0);
	assert_int_equal(wq_engine_tick(engine, at + 1000, out, NULL), 0);
	tell(out);
}

/* Means of hours of a year that the clock took back are none; they would be the newest until that year comes. */
static void an_aggregating_trend_sees_again_when_the_clock_was_set_back(void **state)
{
	struct wq_outcome out = { 0 };
	struct wq_engine *engine;

	(void)state;
	story[0] = '\0';
	furnish();
	for (size_t i = 0; i < RULES; i++) {
		char hourly[] = "aggregate=1h readings=8 horizon=24h near=0.3";

		if (strcmp(uses[i].name, "trend") == 0)
			fake_settings(wq_rules[i]->options, settings[i], hourly);
	}
	engine = wq_engine_new(&site, NULL);
	assert_non_null(engine);
	for (int i = 0; i < 130; i++)
		give(engine, &out, DAY0 + WQ_DAYS(365), i);
	assert_non_null(strstr(story, "trend opened"));
	story[0] = '\0';
	wq_engine_stepped(engine, -WQ_DAYS(365), DAY0 + WQ_HOURS(65));
	for (int i = 0; i < 130; i++)
		give(engine, &out, DAY0 + WQ_DAYS(3), i);
	assert_non_null(strstr(story, "trend opened"));
	wq_outcome_free(&out);
	wq_engine_free(engine);
}

static void a_peak_is_warned_of_confirmed_judged_by_day_and_cleared(void **state)
{
	struct wq_outcome out = { 0 };
	struct wq_engine *engine;
	struct wq_err err;

	(void)state;
	furnish();
	engine = wq_engine_new(&site, &err);
	assert_non_null(engine);
	for (int i = 0; i < 160; i++) {
		static const double noise[] = { 0.001, -0.001, 0, 0.001, -0.001, 0.002, -0.002 };
		wq_ms at = DAY0 + i * STEP;
		struct wq_sample sample = { .quality = WQ_UNCHECKED,
			.stamp = WQ_STAMP_STATION,
			.at = at,
			.value = round((level(i) + noise[i % 7]) * 1000) / 1000 };
		struct wq_batch batch = { .trusted = true,
			.received = at,
			.sequence = (uint64_t)i + 1,
			.count = 1,
			.samples = &sample };

		wq_outcome_reset(&out);
		if (i < 130 || i > 140) /* an outage at the end */
			assert_int_equal(wq_engine_batch(engine, &batch, &out, &err), 0);
		assert_int_equal(wq_engine_tick(engine, at + 1000, &out, &err), 0);
		tell(&out);
	}
	assert_string_equal(story,
	        "trend opened warning\n"
	        "limit opened watch\n"
	        "limit raised alarm\n"
	        "limit cleared alarm\n"
	        "daily opened warning\n"
	        "trend cleared warning\n"
	        "missing opened watch\n"
	        "missing cleared watch\n"
	        "daily cleared warning\n");
	wq_outcome_free(&out);
	wq_engine_free(engine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_peak_is_warned_of_confirmed_judged_by_day_and_cleared),
		cmocka_unit_test(an_aggregating_trend_sees_again_when_the_clock_was_set_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
