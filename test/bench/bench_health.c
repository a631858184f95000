/* SPDX-License-Identifier: Apache-2.0 */
/* What judging the quality of each reading costs: samples a second through the engine on one core, without any rule and with the
 * rule `health`, and its memory a series. Nine parameters at each of 100 stations, a reading a minute in one batch a station, as
 * their probes move. Processor time, the best of three. */
#include "wq/engine.h"
#include "wq/err.h"
#include "wq/rule.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define STATIONS 100
#define ITEMS    9
#define MINUTES  2000

extern const struct wq_rule wq_rule_health;

static const char *const items[ITEMS] = { "temp", "ph", "do", "ec", "turbidity", "codmn", "nh3n", "tp", "tn" };
static const double level[ITEMS] = { 18, 7.8, 8.5, 420, 25, 3.1, 0.31, 0.12, 2.2 };
static const double places[ITEMS] = { 10, 100, 100, 10, 10, 100, 1000, 1000, 100 };

static struct wq_station stations[STATIONS];
static struct wq_series series[STATIONS * ITEMS];
static uint32_t everywhere[STATIONS * ITEMS];
static struct wq_rule_use use = { .rule = &wq_rule_health, .name = "health", .place_count = STATIONS * ITEMS, .places = everywhere };
static const char *const sources[] = { "bench" };
static struct wq_site site = { .name = "bench",
	.zone = &wq_zone_china,
	.standard = &wq_gb3838,
	.evaluation = { .minimum_valid = 4, .minimum_share = 0.6, .day_closes_after = WQ_HOURS(1), .future_tolerance = WQ_MINUTES(10) },
	.station_count = STATIONS,
	.series_count = STATIONS * ITEMS,
	.source_count = 1,
	.stations = stations,
	.series = series,
	.rules = &use,
	.sources = sources };
static double value[MINUTES][STATIONS * ITEMS];

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* The fallbacks of the rule's rows, as the configuration takes them. */
static void *default_settings(const char *memory, const char *trust, const char *learn)
{
	unsigned char *settings = calloc(1, wq_rule_health.settings_size);

	for (const struct wq_option *o = wq_rule_health.options; settings != NULL && o->key != NULL; o++) {
		const char *text = strcmp(o->key, "memory") == 0 ? memory
			: strcmp(o->key, "trust") == 0           ? trust
			: strcmp(o->key, "learn_after") == 0     ? learn
								 : o->fallback;
		const double number = text != NULL ? strtod(text, NULL) : (double)NAN;
		const int64_t whole = text != NULL ? (int64_t)number : INT64_MIN;
		wq_ms span = WQ_NO_TIME;
		const bool on = text != NULL && strcmp(text, "true") == 0;
		int choice = -1;

		if (o->type == WQ_OPT_SPAN && text != NULL && wq_span_parse(text, &span, NULL) < 0)
			exit(1);

		for (const struct wq_choice *c = o->choices; c != NULL && c->name != NULL && text != NULL; c++)
			choice = strcmp(c->name, text) == 0 ? c->value : choice;
		if (o->type == WQ_OPT_NUMBER)
			memcpy(settings + o->offset, &number, sizeof number);
		else if (o->type == WQ_OPT_INTEGER)
			memcpy(settings + o->offset, &whole, sizeof whole);
		else if (o->type == WQ_OPT_SPAN)
			memcpy(settings + o->offset, &span, sizeof span);
		else if (o->type == WQ_OPT_SWITCH)
			memcpy(settings + o->offset, &on, sizeof on);
		else if (o->type == WQ_OPT_CHOICE)
			memcpy(settings + o->offset, &choice, sizeof choice);
	}
	return settings;
}

static void furnish(void)
{
	site.parameters = wq_parameters;
	site.parameter_count = wq_parameter_count;
	for (uint32_t s = 0; s < STATIONS; s++) {
		stations[s] = (struct wq_station){ .id = "s", .name = "s", .target = 3, .flows_into = WQ_NONE, .travel = WQ_NO_TIME,
			.zone = &wq_zone_china, .first_series = s * ITEMS, .series_count = ITEMS };
		for (uint32_t i = 0; i < ITEMS; i++) {
			const uint32_t parameter = (uint32_t)wq_parameter_find(wq_parameters, wq_parameter_count, items[i]);

			everywhere[s * ITEMS + i] = s * ITEMS + i;
			series[s * ITEMS + i] = (struct wq_series){ .station = s, .parameter = parameter, .interval = WQ_MINUTES(1),
				.late_after = WQ_HOURS(1), .low = wq_parameters[parameter].low, .high = wq_parameters[parameter].high,
				.source = WQ_NONE };
		}
	}
	for (size_t m = 0; m < MINUTES; m++)
		for (size_t i = 0; i < STATIONS * ITEMS; i++) {
			const double usual = level[i % ITEMS], before = m > 0 ? value[m - 1][i] : usual;
			const double next = usual + (before - usual) * .98 + usual * .01 * (rand() / (double)RAND_MAX - .5);

			value[m][i] = round(next * places[i % ITEMS]) / places[i % ITEMS];
		}
}

/* Samples a second, all of the table through a fresh engine. */
static double run(double *suspect)
{
	static struct wq_outcome out;
	struct wq_engine *engine = wq_engine_new(&site, NULL);
	struct wq_sample samples[ITEMS];
	struct wq_batch batch = { .trusted = true, .count = ITEMS, .samples = samples };
	const wq_ms begin = (wq_ms)1772640000000;
	size_t doubted = 0;
	double begun;

	if (engine == NULL)
		exit(1);
	begun = seconds();
	for (size_t m = 0; m < MINUTES; m++)
		for (uint32_t s = 0; s < STATIONS; s++) {
			for (uint32_t i = 0; i < ITEMS; i++)
				samples[i] = (struct wq_sample){ .series = s * ITEMS + i, .quality = WQ_UNCHECKED, .stamp = WQ_STAMP_STATION,
					.at = begin + WQ_MINUTES((wq_ms)m), .value = value[m][s * ITEMS + i] };
			batch.received = samples[0].at;
			batch.sequence++;
			wq_outcome_reset(&out);
			if (wq_engine_batch(engine, &batch, &out, NULL) < 0)
				exit(1);
			for (size_t i = 0; i < out.sample_count; i++)
				doubted += out.samples[i].quality == WQ_SUSPECT;
		}
	begun = seconds() - begun;
	wq_engine_free(engine);
	wq_outcome_free(&out);
	*suspect = (double)doubted / (MINUTES * STATIONS * ITEMS);
	return MINUTES * STATIONS * ITEMS / begun;
}

static double measure(const char *what, size_t rules, const char *memory, const char *trust, const char *learn, double alone)
{
	double best = 0, suspect = 0;

	site.rule_count = rules;
	use.settings = default_settings(memory, trust, learn);
	for (int turn = 0; turn < 3; turn++)
		best = fmax(best, run(&suspect));
	printf("%-34s %9.2f M samples/s", what, best / 1e6);
	if (rules > 0)
		printf(", the rule alone %6.2f, %zu bytes a series, %.3f %% suspect", 1 / (1 / best - 1 / alone) / 1e6,
			wq_rule_health.state_size(use.settings), 100 * suspect);
	puts("");
	free((void *)(uintptr_t)use.settings);
	return best;
}

int main(void)
{
	double alone;

	srand(1);
	furnish();
	alone = measure("no rule", 0, "200", "24", "0", 0);
	measure("health, learn_after = 0", 1, "200", "24", "0", alone);
	measure("health", 1, "200", "24", "30d", alone);
	measure("health, trust = 0", 1, "200", "0", "30d", alone);
	measure("health, memory = 2048", 1, "2048", "24", "30d", alone);
	return 0;
}
