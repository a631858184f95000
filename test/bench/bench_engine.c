/* SPDX-License-Identifier: Apache-2.0 */
/* What judging a reading costs: samples a second of one core, and bytes a series, rule by rule. Processor time, so that a busy
 * machine does not matter much. Readings are made up: AR(1) noise around a usual level with a course of the day, ties as an
 * analyser's last digit makes them, and every series of the second kind of site on its way to its limit.
 *
 *     build/test/bench_engine [SERIES_OF_4_HOURS [SERIES_OF_1_MINUTE]] */
#include "wq/engine.h"
#include "wq/err.h"
#include "wq/rule.h"
#include "wq/trend.h"
#include "wq/validate.h"

#include "rule_settings.h"

#include <malloc.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* 2026-03-05T00:00:00+08:00 */
#define DAY0       ((wq_ms)1772640000000)
#define PARAMETERS 5 /* ph do codmn nh3n tp: the first of the table */
#define RULES      12
#define TURNS      3
#define SETTINGS   1024 /* bytes of a rule's */

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* xorshift64*: the same numbers on every machine. */
static double uniform(uint64_t *dice)
{
	*dice ^= *dice >> 12;
	*dice ^= *dice << 25;
	*dice ^= *dice >> 27;
	return ((double)((*dice * 2685821657736338717ULL) >> 11) + 0.5) / 9007199254740992.0;
}

static double normal(uint64_t *dice)
{
	return sqrt(-2 * log(uniform(dice))) * cos(6.283185307179586 * uniform(dice));
}

/* A parameter at a quiet place, and at one that is on its way to its limit of class III. */
static const struct {
	double quiet, near, noise, day; /* deviations and the day's swing as shares of the level */
	double digit;
} water[PARAMETERS] = {
	{ 7.8, 8.7, .01, .02, .01 },
	{ 8.7, 5.6, .04, .10, .01 },
	{ 2.7, 5.2, .08, .02, .01 },
	{ .08, .80, .15, .05, .001 },
	{ .06, .17, .10, .05, .001 },
};

/* Rules are added to a site one after the other: what each costs is the difference. `all`: pH is no concentration, surge does not
 * take it. */
static const struct {
	const char *rule, *settings, *minutes; /* the latter for readings of a minute */
	uint32_t from;                         /* first parameter */
} added[] = {
	{ "limit", "", "", 0 },
	{ "daily", "", "", 0 },
	{ "today", "", "", 0 },
	{ "missing", "", "", 0 },
	{ "surge", "", "", 2 },
	{ "event", "channels=ph_0.01,do_0.01,codmn_0.01,nh3n_0.001,tp_0.001 history=48",
		"channels=ph_0.01,do_0.01,codmn_0.01,nh3n_0.001,tp_0.001", 0 },
	{ "trend", "", "aggregate=15m readings=24", 0 },
	{ "health", "", "", 0 }, /* the last: its row is everything there is */
};
#define ADDED (sizeof added / sizeof *added)

struct bench {
	struct wq_site site;
	struct wq_station *stations;
	struct wq_series *series;
	uint32_t *places;
	struct wq_rule_use rules[RULES];
	_Alignas(max_align_t) unsigned char settings[RULES][SETTINGS];
	wq_ms interval;
	bool near;
	size_t turns; /* readings a series */
	double *values;
};

static void *get(size_t count, size_t size)
{
	void *p = calloc(count, size);

	if (p == NULL) {
		fputs("bench_engine: no memory\n", stderr);
		exit(1);
	}
	return p;
}

static void open_site(struct bench *b, size_t series, wq_ms interval, size_t turns, bool near)
{
	const size_t stations = series / PARAMETERS;
	static const char *const sources[] = { "gateway" };

	memset(b, 0, sizeof *b);
	b->stations = get(stations, sizeof *b->stations);
	b->series = get(series, sizeof *b->series);
	b->places = get(series, sizeof *b->places);
	b->interval = interval;
	b->near = near;
	b->turns = turns;
	for (uint32_t s = 0; s < stations; s++) {
		char *id = get(1, 16);

		snprintf(id, 16, "s%u", (unsigned)s);
		b->stations[s] = (struct wq_station){ .id = id, .name = "测站", .target = 3, .flows_into = WQ_NONE,
			.zone = &wq_zone_china, .first_series = s * PARAMETERS, .series_count = PARAMETERS };
	}
	for (uint32_t i = 0; i < series; i++) {
		const struct wq_parameter *parameter = &wq_parameters[i % PARAMETERS];

		b->places[i] = i;
		b->series[i] = (struct wq_series){ .station = i / PARAMETERS, .parameter = i % PARAMETERS, .interval = interval,
			.late_after = WQ_HOURS(8), .low = parameter->low, .high = parameter->high };
	}
	b->site = (struct wq_site){ .name = "bench", .zone = &wq_zone_china, .standard = &wq_gb3838,
		.evaluation = { .minimum_valid = 4, .minimum_share = .6, .day_closes_after = WQ_HOURS(5),
			.future_tolerance = WQ_MINUTES(10) },
		.parameter_count = wq_parameter_count, .parameters = wq_parameters, .station_count = stations,
		.stations = b->stations, .series_count = series, .series = b->series, .rules = b->rules, .source_count = 1,
		.sources = sources };
}

/* Beforehand, so that making them up is in no figure. */
static void make_values(struct bench *b)
{
	const size_t series = b->site.series_count;
	uint64_t dice = 20261124;
	double *rest = get(series, sizeof *rest);
	/* Of what is read each minute neighbours are more alike. */
	const double phi = pow(.55, (double)b->interval / (double)WQ_HOURS(4));

	b->values = get(series * b->turns, sizeof *b->values);
	for (size_t turn = 0; turn < b->turns; turn++)
		for (size_t i = 0; i < series; i++) {
			const size_t p = i % PARAMETERS;
			const double level = b->near ? water[p].near : water[p].quiet;
			const double day = sin(6.283185307179586 * (double)turn * (double)b->interval / (double)WQ_DAYS(1));

			rest[i] = phi * rest[i] + sqrt(1 - phi * phi) * normal(&dice);
			b->values[turn * series + i] =
				round(level * (1 + water[p].day * day + water[p].noise * rest[i]) / water[p].digit) * water[p].digit;
		}
	free(rest);
}

static const struct wq_rule *rule_named(const char *name)
{
	size_t i = 0;

	while (wq_rules[i] != NULL && strcmp(wq_rules[i]->name, name) != 0)
		i++;
	return wq_rules[i];
}

static uint32_t *places_of(const struct bench *b, const struct wq_rule *rule, uint32_t from, size_t *count)
{
	const size_t all = rule->scope == WQ_SCOPE_SERIES ? b->site.series_count : b->site.station_count;
	uint32_t *places = get(all, sizeof *places);

	*count = 0;
	for (uint32_t i = 0; i < all; i++)
		if (rule->scope != WQ_SCOPE_SERIES || b->series[i].parameter >= from)
			places[(*count)++] = i;
	return places;
}

static void add_rule(struct bench *b, const char *name, const char *settings, uint32_t from)
{
	const struct wq_rule *rule = rule_named(name);
	const size_t i = b->site.rule_count++;
	struct wq_rule_use *use = &b->rules[i];
	char *text = get(1, 256); /* lists point into it */

	if (rule->settings_size > SETTINGS) {
		fprintf(stderr, "bench_engine: the settings of %s take %zu bytes, %d are allowed: raise SETTINGS\n", name,
			rule->settings_size, SETTINGS);
		exit(1);
	}
	snprintf(text, 256, "%s", settings);
	fake_settings(rule->options, b->settings[i], text);
	*use = (struct wq_rule_use){ .rule = rule, .name = name, .settings = b->settings[i],
		.escalate_after = { WQ_NO_TIME, WQ_NO_TIME, WQ_NO_TIME, WQ_NO_TIME, WQ_NO_TIME } };
	use->places = places_of(b, rule, from, &use->place_count);
}

static void close_site(struct bench *b)
{
	for (size_t r = 0; r < b->site.rule_count; r++)
		free((void *)(uintptr_t)b->rules[r].places);
	for (size_t s = 0; s < b->site.station_count; s++)
		free((void *)(uintptr_t)b->stations[s].id);
	free(b->stations);
	free(b->series);
	free(b->places);
	free(b->values);
}

struct cost {
	double rate;          /* samples a second */
	size_t bytes, after;  /* of the engine when it is made, and after all readings */
	size_t changes, open; /* of alarms: the water was not silent; open at the end */
};

static size_t in_use(void)
{
	const struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

/* All readings once: a message a station and instant, and a tick a minute or reading. */
static struct cost run(const struct bench *b)
{
	const size_t before = in_use(), series = b->site.series_count;
	struct wq_engine *engine = wq_engine_new(&b->site, NULL);
	struct wq_outcome out = { 0 };
	const struct wq_alarm *const *alarms;
	struct cost cost = { 0 };
	uint64_t sequence = 0;
	double begun;

	cost.bytes = in_use() - before;
	begun = seconds();
	for (size_t turn = 0; turn < b->turns; turn++) {
		const wq_ms now = DAY0 + (wq_ms)turn * b->interval;

		for (uint32_t s = 0; s < b->site.station_count; s++) {
			struct wq_sample samples[PARAMETERS];
			const struct wq_batch batch = { .received = now + WQ_SECONDS(2), .trusted = true, .sequence = ++sequence,
				.count = PARAMETERS, .samples = samples };

			for (uint32_t p = 0; p < PARAMETERS; p++)
				samples[p] = (struct wq_sample){ .series = s * PARAMETERS + p, .quality = WQ_UNCHECKED,
					.stamp = WQ_STAMP_STATION, .at = now,
					.value = b->values[turn * series + s * PARAMETERS + p] };
			if (wq_engine_batch(engine, &batch, &out, NULL) < 0)
				exit(1);
			cost.changes += out.change_count;
			wq_outcome_reset(&out);
		}
		if (wq_engine_tick(engine, now + WQ_SECONDS(3), &out, NULL) < 0)
			exit(1);
		cost.changes += out.change_count;
		wq_outcome_reset(&out);
	}
	cost.rate = (double)(series * b->turns) / (seconds() - begun);
	wq_outcome_free(&out);
	cost.after = in_use() - before;
	cost.open = wq_engine_alarms(engine, &alarms);
	wq_engine_free(engine);
	return cost;
}

static struct cost best_of(const struct bench *b)
{
	struct cost best = { 0 };

	for (int turn = 0; turn < TURNS; turn++) {
		const struct cost cost = run(b);

		if (cost.rate > best.rate)
			best = cost;
	}
	return best;
}

static void print(const char *what, const struct bench *b, const struct cost *cost, const struct cost *last)
{
	const double series = (double)b->site.series_count;

	printf("%-22s %12.0f", what, cost->rate);
	if (last != NULL)
		printf(" %9.2f", (1 / cost->rate - 1 / last->rate) * 1e6);
	else
		printf(" %9.2f", 1e6 / cost->rate);
	printf(" %9.0f %9.0f %8zu\n", (double)cost->bytes / series,
		last != NULL ? ((double)cost->bytes - (double)last->bytes) / series : (double)cost->bytes / series, cost->changes);
}

static void measure(const char *title, size_t series, wq_ms interval, size_t turns, bool near)
{
	struct bench b;
	struct cost last;

	open_site(&b, series, interval, turns, near);
	make_values(&b);
	printf("\n%s: %zu series, %zu readings each\n", title, series, turns);
	printf("%-22s %12s %9s %9s %9s %8s\n", "", "samples/s", "us more", "B/series", "B more", "changes");
	last = best_of(&b);
	print("validation, days", &b, &last, NULL);
	for (size_t i = 0; i < ADDED; i++) {
		struct cost cost;
		char what[32];

		add_rule(&b, added[i].rule, interval < WQ_HOURS(1) ? added[i].minutes : added[i].settings, added[i].from);
		cost = best_of(&b);
		snprintf(what, sizeof what, "+ %s", added[i].rule);
		print(what, &b, &cost, &last);
		if (cost.after > cost.bytes)
			printf("  after %zu readings each: %zu bytes more, %zu alarms open\n", turns, cost.after - cost.bytes, cost.open);
		last = cost;
	}
	printf("%-22s %12.0f samples/s: %.2f us a sample, %.0f bytes a series\n", "everything", last.rate, 1e6 / last.rate,
		(double)last.bytes / (double)series);
	close_site(&b);
}

/* wq_validate() alone. */
static void measure_validation(void)
{
	struct bench b;
	double best = 0;
	size_t good = 0;

	open_site(&b, 100, WQ_MINUTES(1), 5000, false);
	make_values(&b);
	for (int turn = 0; turn < TURNS; turn++) {
		const double begun = seconds();

		for (size_t i = 0; i < 100 * b.turns; i++) {
			const struct wq_sample sample = { .series = (uint32_t)(i % 100), .quality = WQ_UNCHECKED,
				.at = DAY0 + WQ_MINUTES((wq_ms)(i / 100)), .value = b.values[i] };

			good += wq_validate(&b.stations[i % 100 / PARAMETERS], &b.series[i % 100], &sample, false, sample.at,
				WQ_MINUTES(10)) == WQ_GOOD;
		}
		best = fmax(best, (double)(100 * b.turns) / (seconds() - begun));
	}
	printf("%-22s %12.0f samples/s (%zu good)\n", "validation alone", best, good);
	printf("%-22s %12d samples/s, one test alone, whole series at once, measured once on another day\n", "ioos_qc gross range", 245000000);
	printf("%-22s %12d samples/s, likewise\n", "ioos_qc flat line", 540000);
	close_site(&b);
}

/* The statistics of one window, as analysts know them from pymannkendall. */
static void measure_statistics(void)
{
	static const size_t lengths[] = { 18, 30, 42, 60 };
	uint64_t dice = 1;

	printf("\none window from scratch, us (pymannkendall original_test at n = 60: 655, measured once on another day)\n");
	printf("%4s %12s %12s %12s\n", "n", "kendall", "sen", "estimate");
	for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++) {
		const size_t n = lengths[k], runs = 2000;
		double t[WQ_TREND_POINTS], x[WQ_TREND_POINTS], times[4], sink = 0;
		struct wq_trend trend;
		struct wq_sen sen;

		for (size_t i = 0; i < n; i++) {
			t[i] = 4 * (double)i;
			x[i] = round(100 * normal(&dice)) / 1000 + .01 * (double)i;
		}
		times[0] = seconds();
		for (size_t i = 0; i < runs; i++) {
			x[i % n] += 1e-6;
			sink += wq_kendall(x, n, 1).p;
		}
		times[1] = seconds();
		for (size_t i = 0; i < runs; i++) {
			x[i % n] += 1e-6;
			sink += wq_sen(t, x, n, 1000, .95, &sen) ? sen.slope : 0;
		}
		times[2] = seconds();
		for (size_t i = 0; i < runs; i++) {
			x[i % n] += 1e-6;
			sink += wq_trend_estimate(t, x, n, .95, &trend, NULL) == 0 ? trend.test.p : 0;
		}
		times[3] = seconds();
		if (isnan(sink))
			return;
		printf("%4zu", n);
		for (int i = 0; i < 3; i++)
			printf(" %12.2f", (times[i + 1] - times[i]) / (double)runs * 1e6);
		printf("\n");
	}
}

int main(int argc, char **argv)
{
	const size_t slow = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000, fast = argc > 2 ? strtoul(argv[2], NULL, 10) : 100;

	if (slow < PARAMETERS || fast < PARAMETERS || slow > 100000 || fast > 100000) {
		fprintf(stderr, "usage: bench_engine [SERIES_OF_4_HOURS [SERIES_OF_1_MINUTE]], each %d to 100000\n", PARAMETERS);
		return 2;
	}
	measure_validation();
	measure("4-hourly, quiet", slow / PARAMETERS * PARAMETERS, WQ_HOURS(4), 360, false);
	measure("4-hourly, all near their limits", slow / PARAMETERS * PARAMETERS, WQ_HOURS(4), 360, true);
	measure("1 min, quiet", fast / PARAMETERS * PARAMETERS, WQ_MINUTES(1), 4320, false);
	measure("1 min, all near their limits", fast / PARAMETERS * PARAMETERS, WQ_MINUTES(1), 4320, true);
	measure_statistics();
	return 0;
}
