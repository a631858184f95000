/* SPDX-License-Identifier: Apache-2.0 */
/* The site, the rules and the hand that feeds them. */
#include "plant.h"

#include "wq/err.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static size_t window(const void *settings)
{
	(void)settings;
	return 8;
}

static bool say(void *state, const void *settings, const struct wq_view *view, struct wq_verdict *out)
{
	const struct wq_reading *r = wq_view_trigger(view);
	(void)state, (void)settings;
	out->series = wq_view_place(view);
	out->at = r->at;
	out->value = r->value;
	out->finding = r->value == 7 ? WQ_FINDING_UNKNOWN
		: r->value >= 10     ? WQ_FINDING_RAISE
		: r->value >= 5	     ? WQ_FINDING_HOLD
				     : WQ_FINDING_CLEAR;
	out->level = (enum wq_level)(r->value / 10);
	wq_verdict_say(out, "总磷%g", r->value);
	return true;
}

static bool say_day(void *state, const void *settings, const struct wq_view *view, struct wq_verdict *out)
{
	const struct wq_day_report *day = wq_view_day(view);
	(void)state, (void)settings;
	if (day == NULL)
		return false;
	out->finding = day->rows[0].verdict == WQ_DAY_EXCEEDS ? WQ_FINDING_RAISE
		: day->rows[0].verdict == WQ_DAY_MEETS	      ? WQ_FINDING_CLEAR
							      : WQ_FINDING_UNKNOWN;
	out->level = WQ_LEVEL_WARNING;
	return true;
}

const struct wq_rule plant_rule = { .name = "script", .scope = WQ_SCOPE_SERIES, .window = window, .on_batch = say };
const struct wq_rule plant_daily = { .name = "daily", .scope = WQ_SCOPE_STATION, .on_day = say_day };

static const uint32_t tp_place[] = { TP }, station_place[] = { 0 };

struct held {
	struct plant plant;
	struct wq_station station;
	struct wq_series series[SERIES];
	struct wq_rule_use rules[3];
};

struct plant *plant_new(wq_ms cycle)
{
	struct held *h = calloc(1, sizeof *h);
	h->station = (struct wq_station){ .id = "yigan",
		.name = "一干河",
		.target = 3,
		.flows_into = WQ_NONE,
		.zone = &wq_zone_china,
		.series_count = SERIES };
	for (uint32_t i = 0; i < SERIES; i++)
		h->series[i] = (struct wq_series){ .parameter = i,
			.cycle = cycle,
			.interval = WQ_HOURS(4),
			.late_after = WQ_HOURS(8),
			.low = 0,
			.high = 100 };
	const struct wq_rule_use use = { .rule = &plant_rule,
		.name = "tp-script",
		.hash = 0xabcd,
		.place_count = 1,
		.places = tp_place,
		.escalate_after = { WQ_NO_TIME, WQ_NO_TIME, WQ_NO_TIME, WQ_NO_TIME, WQ_MINUTES(30) } };
	h->rules[0] = use;
	h->rules[1] = use;
	h->rules[1].rule = &plant_daily;
	h->rules[1].name = "day";
	h->rules[1].places = station_place;
	h->rules[2] = (struct wq_rule_use){ .rule = &wq_rule_system,
		.name = "self",
		.place_count = 1,
		.places = station_place,
		.escalate_after = { WQ_NO_TIME, WQ_NO_TIME, WQ_NO_TIME, WQ_MINUTES(30), WQ_NO_TIME } };
	h->plant.site = (struct wq_site){ .name = "test",
		.zone = &wq_zone_china,
		.standard = &wq_gb3838,
		.evaluation = { .minimum_valid = 4,
			.minimum_share = 0.6,
			.day_closes_after = WQ_HOURS(1),
			.future_tolerance = WQ_MINUTES(10) },
		.parameter_count = wq_parameter_count,
		.station_count = 1,
		.series_count = SERIES,
		.rule_count = 3,
		.parameters = wq_parameters,
		.stations = &h->station,
		.series = h->series,
		.rules = h->rules };
	h->plant.engine = wq_engine_new(&h->plant.site, NULL);
	return &h->plant;
}

void plant_free(struct plant *plant)
{
	wq_engine_free(plant->engine);
	wq_outcome_free(&plant->out);
	free(plant);
}

static void give(struct plant *plant, const struct wq_sample *sample, wq_ms received)
{
	struct wq_batch batch = { .received = received,
		.trusted = true,
		.sequence = ++plant->sequence,
		.count = 1,
		.samples = sample };
	wq_outcome_reset(&plant->out);
	if (wq_engine_batch(plant->engine, &batch, &plant->out, NULL) != 0)
		abort();
}

void plant_give(struct plant *plant, int series, wq_ms at, double value, wq_ms received)
{
	struct wq_sample sample = { .series = (uint32_t)series,
		.quality = WQ_UNCHECKED,
		.stamp = WQ_STAMP_STATION,
		.at = at,
		.value = value };
	give(plant, &sample, received);
}

void plant_give_stamped(struct plant *plant, int series, wq_ms at, double value, enum wq_stamp stamp)
{
	struct wq_sample sample = { .series = (uint32_t)series,
		.quality = WQ_UNCHECKED,
		.stamp = (uint8_t)stamp,
		.at = at,
		.value = value };
	give(plant, &sample, at);
}

void plant_tick(struct plant *plant, wq_ms now)
{
	wq_outcome_reset(&plant->out);
	if (wq_engine_tick(plant->engine, now, &plant->out, NULL) != 0)
		abort();
}
