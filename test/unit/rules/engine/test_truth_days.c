/* SPDX-License-Identifier: Apache-2.0 */
/* The truth table of days: readings as they are written in a logbook, and what the day must be, worked
 * out by hand. Every row goes through the engine and, a second time, through the sums that wqctl evaluate makes
 * of a CSV: both must say the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wq/decimal.h"
#include "wq/engine.h"
#include "wq/period.h"
#include "wq/rule.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Clocks go forward on 2026-03-29 at 01:00Z and back on 2026-10-25 at 01:00Z. */
static const struct wq_zone_row berlin_rows[] = {
	{ INT64_MIN, WQ_HOURS(1) },
	{ INT64_C(1774746000000), WQ_HOURS(2) },
	{ INT64_C(1792890000000), WQ_HOURS(1) },
};
static const struct wq_zone berlin = { 3, berlin_rows };

/* clang-format off */

/* One item at a river station whose target is Class III. Readings: "time value", the day's date before the
 * time where it is another day; "-" is a missing value. mean: as displayed, "" = none. */
static const struct day_row {
	const char *item, *cycle;
	const struct wq_zone *zone; /* NULL: UTC+8 */
	const char *day, *readings;
	int valid, expected;
	const char *mean;
	int class_;
	const char *verdict;
} days[] = {
	/* -- ordinary days of six readings -- */
	{ "tp", "4h", NULL, "2026-03-05", "00:00 0.1 04:00 0.1 08:00 0.1 12:00 0.1 16:00 0.1 20:00 0.1",
		6, 6, "0.1", 2, "meets" },
	{ "tp", "4h", NULL, "2026-03-05", "00:00 0.2 04:00 0.2 08:00 0.2 12:00 0.2 16:00 0.2 20:00 0.2",
		6, 6, "0.2", 3, "meets" },          /* the limit itself meets */
	{ "tp", "4h", NULL, "2026-03-05", "00:00 0.2 04:00 0.2 08:00 0.2 12:00 0.2 16:00 0.2 20:00 0.206",
		6, 6, "0.201", 4, "exceeds" },      /* 1.206 / 6 = 0.201 */
	/* -- ties: 0.2005 goes to 0.200, 0.2015 to 0.202 -- */
	{ "tp", "4h", NULL, "2026-03-05", "00:00 0.2 04:00 0.201 08:00 0.2 12:00 0.201",
		4, 6, "0.2", 3, "meets" },          /* 0.802 / 4 = 0.2005 */
	{ "tp", "4h", NULL, "2026-03-05", "00:00 0.201 04:00 0.202 08:00 0.201 12:00 0.202",
		4, 6, "0.202", 4, "exceeds" },      /* 0.806 / 4 = 0.2015 */
	{ "do", "4h", NULL, "2026-03-05", "00:00 4.9 04:00 5 08:00 4.9 12:00 5",
		4, 6, "5", 3, "meets" },            /* 4.95: 5.0 by the even digit */
	{ "do", "4h", NULL, "2026-03-05", "00:00 4.8 04:00 4.9 08:00 4.8 12:00 4.9",
		4, 6, "4.8", 4, "exceeds" },        /* 4.85: 4.8 by the even digit */
	{ "codmn", "4h", NULL, "2026-03-05", "00:00 6 04:00 6.1 08:00 6 12:00 6.1",
		4, 6, "6", 3, "meets" },            /* 6.05: 6.0 */
	{ "nh3n", "4h", NULL, "2026-03-05", "00:00 1 04:00 1.01 08:00 1 12:00 1.01",
		4, 6, "1", 3, "meets" },            /* 1.005: 1.00 */
	{ "nh3n", "4h", NULL, "2026-03-05", "00:00 1.01 04:00 1.02 08:00 1.01 12:00 1.02",
		4, 6, "1.02", 4, "exceeds" },       /* 1.015: 1.02 */
	/* -- pH over the hydrogen ions: 6 and 8 are 6.30, and 6 for evaluation; 5.4 alone is 5 -- */
	{ "ph", "4h", NULL, "2026-03-05", "00:00 6 04:00 8 08:00 6 12:00 8", 4, 6, "6", 1, "meets" },
	{ "ph", "4h", NULL, "2026-03-05", "00:00 5.4 04:00 5.4001 08:00 5.4 12:00 5.4001", 4, 6, "5", 6, "exceeds" },
	{ "ph", "4h", NULL, "2026-03-05", "00:00 9.4 04:00 9.4001 08:00 9.4 12:00 9.4001", 4, 6, "9", 1, "meets" },
	/* -- missing values: 60 % of 6 are 4 -- */
	{ "tp", "4h", NULL, "2026-03-05", "00:00 0.1 04:00 - 08:00 0.1 12:00 - 16:00 0.1 20:00 0.1",
		4, 6, "0.1", 2, "meets" },
	{ "tp", "4h", NULL, "2026-03-05", "00:00 0.9 04:00 - 08:00 0.9 12:00 - 16:00 0.9 20:00 -",
		3, 6, "", 0, "not assessable" },
	{ "tp", "4h", NULL, "2026-03-05", "00:00 - 04:00 - 08:00 - 12:00 - 16:00 - 20:00 -",
		0, 6, "", 0, "not assessable" },
	{ "tp", "4h", NULL, "2026-03-05", "08:00 0.9", 1, 6, "", 0, "not assessable" },
	{ "tp", "24h", NULL, "2026-03-05", "08:00 0.3", 1, 1, "0.3", 4, "exceeds" }, /* one is all there is */
	{ "tp", "0", NULL, "2026-03-05", "08:00 0.3 09:00 0.3 10:00 0.3", 3, 0, "", 0, "not assessable" },
	{ "tp", "0", NULL, "2026-03-05", "08:00 0.3 09:00 0.3 10:00 0.3 11:00 0.3", 4, 0, "0.3", 4, "exceeds" },
	/* -- zero and next to it -- */
	{ "tp", "4h", NULL, "2026-03-05", "00:00 0 04:00 0.0 08:00 0.000 12:00 0", 4, 6, "0", 1, "meets" },
	{ "tp", "4h", NULL, "2026-03-05", "00:00 6.3E-06 04:00 6.3E-06 08:00 6.3E-06 12:00 6.3E-06",
		4, 6, "0.000006", 1, "meets" },
	{ "tp", "4h", NULL, "2026-03-05", "00:00 0 04:00 0 08:00 0 12:00 0.0016", 4, 6, "0.0004", 1, "meets" },
	/* -- the edges of the day: 23:59:59 is of it, 00:00:00 is of the next -- */
	{ "tp", "1s", NULL, "2026-03-05", "03-04T23:59:59 9 00:00 0.1 12:00 0.1 23:59:59 0.4 03-06T00:00 9",
		3, 86400, "", 0, "not assessable" },
	{ "tp", "6h", NULL, "2026-03-05", "03-04T23:59:59 9 00:00 0.1 12:00 0.2 23:59:59 0.3 03-06T00:00 9",
		3, 4, "0.2", 3, "meets" },
	/* -- the same analysis read again within its cycle is one reading -- */
	{ "tp", "12h", NULL, "2026-03-05", "00:00 0.1 04:00 0.1 08:00 0.1 12:00 0.5 16:00 0.5 20:00 0.5",
		2, 2, "0.3", 4, "exceeds" },
	/* -- days of 23 and 25 hours -- */
	{ "tp", "1h", &berlin, "2026-03-28", "00:00 0.1", 1, 24, "", 0, "not assessable" },
	{ "tp", "1h", &berlin, "2026-03-29", "00:00 0.1", 1, 23, "", 0, "not assessable" },
	{ "tp", "1h", &berlin, "2026-10-25", "00:00 0.1", 1, 25, "", 0, "not assessable" },
	{ "tp", "4h", &berlin, "2026-03-29", "00:00 0.1 04:00 0.11 08:00 0.12", 3, 5, "0.11", 3, "meets" }, /* 60 % of 5 */
	{ "tp", "4h", &berlin, "2026-03-29", "00:00 0.1 04:00 0.1 08:00 0.12", 2, 5, "", 0, "not assessable" }, /* 3 h apart: one analysis */
	{ "tp", "4h", &berlin, "2026-10-25", "00:00 0.1 04:00 0.1 08:00 0.1", 3, 6, "", 0, "not assessable" },
	{ "tp", "4h", &berlin, "2026-10-25", "00:00 0.1 04:00 0.1 08:00 0.1 23:59:59 0.1", 4, 6, "0.1", 2, "meets" },
};

/* Five items of a station, six readings each of the value: pH DO CODMn NH3-N TP. "-": measured, and missing
 * all day; "*": not measured here. determining, lacking: their letters p d c n t. */
static const struct station_row {
	enum wq_water water;
	int target;
	const char *values;
	int class_;
	const char *verdict, *determining, *lacking;
} stations[] = {
	{ WQ_RIVER, 3, "7 8   2   0.15 0.02",  1, "meets",          "",      "" },  /* Class I determines nothing */
	{ WQ_RIVER, 3, "7 7   2   0.15 0.02",  2, "meets",          "d",     "" },
	{ WQ_RIVER, 3, "7 8   2   0.15 0.2",   3, "meets",          "t",     "" },
	{ WQ_LAKE,  3, "7 8   2   0.15 0.2",   5, "exceeds",        "t",     "" },
	{ WQ_RIVER, 3, "7 5   6   1    0.2",   3, "meets",          "dcnt",  "" },
	{ WQ_RIVER, 3, "7 3   10  1.5  0.3",   4, "exceeds",        "dcnt",  "" },
	{ WQ_RIVER, 3, "7 2   15  2    0.4",   5, "exceeds",        "dcnt",  "" },
	{ WQ_RIVER, 3, "10 1  16  3    0.5",   6, "exceeds",        "pdcnt", "" },
	{ WQ_RIVER, 2, "7 8   2   0.15 0.2",   3, "exceeds",        "t",     "" },  /* the target is the station's own */
	{ WQ_RIVER, 4, "7 8   2   0.15 0.3",   4, "meets",          "t",     "" },
	{ WQ_RIVER, 3, "10 8  2   0.15 0.02",  6, "exceeds",        "p",     "" },
	{ WQ_RIVER, 3, "7 8   2   -    0.02",  0, "not assessable", "",      "n" }, /* missing is never all clear */
	{ WQ_RIVER, 3, "7 8   2   -    0.3",   4, "exceeds",        "t",     "n" }, /* a known exceedance is one */
	{ WQ_RIVER, 3, "- -   -   -    -",     0, "not assessable", "",      "pdcnt" },
	{ WQ_RIVER, 3, "7 8   2   *    0.02",  1, "meets",          "",      "" },  /* not measured here: no matter */
	{ WQ_RIVER, 3, "* *   *   *    0.2",   3, "meets",          "t",     "" },
	{ WQ_RIVER, 3, "* *   *   *    -",     0, "not assessable", "",      "t" },
};
/* clang-format on */

#define COUNT(rows) (sizeof(rows) / sizeof(rows[0]))
static const char *const aliases[] = { "ph", "do", "codmn", "nh3n", "tp" };
#define ITEMS COUNT(aliases)

/* A site of one station with these items. */
struct bench {
	struct wq_series series[ITEMS];
	struct wq_station station;
	struct wq_site site;
	struct wq_engine *engine;
	struct wq_outcome out;
	struct wq_day_row rows[64]; /* by the engine */
	size_t count;
	struct wq_day_sum sums[ITEMS];
	struct wq_day_row taken[64]; /* by wq_day_take() */
	size_t taken_count;
};

static void open_bench(struct bench *b, const struct wq_zone *zone, enum wq_water water, int target,
        wq_ms cycle, const char *items)
{
	memset(b, 0, sizeof *b);
	b->station = (struct wq_station){ .id = "a",
		.name = "a",
		.water = water,
		.target = target,
		.flows_into = WQ_NONE,
		.zone = zone };
	for (size_t i = 0; i < ITEMS; i++) {
		if (items[i] != 'x')
			continue;
		b->series[b->station.series_count++] = (struct wq_series){ .parameter = (uint32_t)i,
			.cycle = cycle,
			.interval = WQ_HOURS(4),
			.late_after = WQ_DAYS(9),
			.high = 1000 };
	}
	b->site = (struct wq_site){ .name = "site",
		.zone = zone,
		.standard = &wq_gb3838,
		.evaluation = { .minimum_valid = 4,
		        .minimum_share = 0.6,
		        .day_closes_after = WQ_HOURS(1),
		        .future_tolerance = WQ_MINUTES(10),
		        .period = { .pollutants = 3 } },
		.parameters = wq_parameters,
		.parameter_count = wq_parameter_count,
		.stations = &b->station,
		.station_count = 1,
		.series = b->series,
		.series_count = b->station.series_count };
	b->engine = wq_engine_new(&b->site, NULL);
	assert_non_null(b->engine);
}

static void keep_days(struct bench *b)
{
	for (size_t i = 0; i < b->out.day_count; i++) {
		assert_true(b->count < COUNT(b->rows));
		b->rows[b->count++] = b->out.days[i];
	}
	wq_outcome_reset(&b->out);
}

static void end_day(struct bench *b, uint32_t series)
{
	if (wq_day_end(&b->site, series, &b->sums[series], &b->taken[b->taken_count]))
		b->taken_count++;
}

/* value NaN: missing. */
static void give(struct bench *b, uint32_t series, wq_ms at, double value)
{
	const struct wq_sample sample = { .series = series,
		.at = at,
		.value = value,
		.quality = isnan(value) ? WQ_MISSING : WQ_GOOD,
		.stamp = WQ_STAMP_STATION };
	const struct wq_batch batch = {
		.received = at, .trusted = true, .sequence = 1, .count = 1, .samples = &sample
	};

	assert_int_equal(wq_engine_tick(b->engine, at, &b->out, NULL), 0);
	assert_int_equal(wq_engine_batch(b->engine, &batch, &b->out, NULL), 0);
	keep_days(b);
	if (isnan(value))
		return;
	if (wq_day_turns(&b->site, series, &b->sums[series], at))
		end_day(b, series);
	assert_true(wq_day_take(&b->site, series, &b->sums[series], at, value, false));
}

static void close_bench(struct bench *b, wq_day day)
{
	const wq_ms after = wq_day_start(b->station.zone, day + 1) + WQ_HOURS(2);

	assert_int_equal(wq_engine_close_days(b->engine, after, &b->out, NULL), 0);
	keep_days(b);
	for (uint32_t i = 0; i < b->site.series_count; i++)
		end_day(b, i);
	wq_engine_free(b->engine);
	wq_outcome_free(&b->out);
}

static const struct wq_day_row *row_of(
        const struct wq_day_row *rows, size_t count, wq_day day, uint32_t parameter)
{
	for (size_t i = 0; i < count; i++)
		if (rows[i].day == day && rows[i].parameter == parameter)
			return &rows[i];
	return NULL;
}

static bool next_word(const char **from, char word[32])
{
	size_t length;

	*from += strspn(*from, " ");
	length = strcspn(*from, " ");
	if (length == 0)
		return false;
	assert_true(length < 32);
	memcpy(word, *from, length);
	word[length] = '\0';
	*from += length;
	return true;
}

static double number(const char *text)
{
	double value = NAN;

	if (text[0] != '-')
		assert_int_equal(wq_value_parse(text, &value, NULL), 0);
	return value;
}

/* "12:00" of the row's day, "03-04T23:59:59" of another one. */
static wq_ms instant(const char *day, const char *time, const struct wq_zone *zone)
{
	char text[64];
	wq_ms at = 0;

	if (strchr(time, 'T') == NULL)
		snprintf(text, sizeof text, "%sT%s", day, time);
	else
		snprintf(text, sizeof text, "%.5s%s", day, time);
	assert_int_equal(wq_instant_parse(text, zone, &at, NULL), 0);
	return at;
}

static const char *shown(double mean, char buf[WQ_DECIMAL_TEXT])
{
	return isnan(mean) ? "" : wq_value_format(mean, buf);
}

static void compare(size_t i, const char *who, const struct wq_day_row *found, const struct day_row *row)
{
	char buf[WQ_DECIMAL_TEXT];

	if (found == NULL && row->valid == 0)
		return; /* sums of no readings are no day */
	if (found == NULL || found->valid != row->valid || found->expected != row->expected ||
	        strcmp(shown(found->mean, buf), row->mean) != 0)
		fail_msg("row %zu (%s of %s), %s: %d of %d, mean '%s'; by hand %d of %d, '%s'", i, row->item,
		        row->day, who, found == NULL ? -1 : (int)found->valid,
		        found == NULL ? -1 : (int)found->expected,
		        found == NULL ? "no row" : shown(found->mean, buf), row->valid, row->expected,
		        row->mean);
}

static wq_ms cycle_of(const char *text)
{
	wq_ms cycle = 0;

	assert_int_equal(wq_span_parse(text, &cycle, NULL), 0);
	return cycle;
}

static void each_day_is_as_worked_out_by_hand(void **state)
{
	static struct bench b;

	(void)state;
	for (size_t i = 0; i < COUNT(days); i++) {
		const struct wq_zone *zone = days[i].zone == NULL ? &wq_zone_china : days[i].zone;
		const wq_day day = wq_day_of(zone, instant(days[i].day, "12:00", zone));
		const int item = wq_parameter_find(wq_parameters, wq_parameter_count, days[i].item);
		const char *readings = days[i].readings;
		char items[ITEMS + 1] = "     ", time[32], value[32];
		const struct wq_day_row *found;

		items[item] = 'x';
		open_bench(&b, zone, WQ_RIVER, 3, cycle_of(days[i].cycle), items);
		while (next_word(&readings, time) && next_word(&readings, value))
			give(&b, 0, instant(days[i].day, time, zone), number(value));
		close_bench(&b, day);
		found = row_of(b.rows, b.count, day, (uint32_t)item);
		compare(i, "engine", found, &days[i]);
		assert_non_null(found);
		if (found->class_ != days[i].class_ ||
		        strcmp(wq_day_verdict_name(found->verdict), days[i].verdict) != 0)
			fail_msg("row %zu: class %d, %s; by hand %d, %s", i, found->class_,
			        wq_day_verdict_name(found->verdict), days[i].class_, days[i].verdict);
		compare(i, "csv", row_of(b.taken, b.taken_count, day, (uint32_t)item), &days[i]);
	}
}

static unsigned bits_of(const char *letters)
{
	static const char all[] = "pdcnt";
	unsigned bits = 0;

	for (; *letters != '\0'; letters++)
		bits |= 1U << (strchr(all, *letters) - all);
	return bits;
}

/* The bits come from the period of that one day: its rows are the engine's. */
static void compare_station(size_t i, const struct bench *b, wq_day day, const struct station_row *row)
{
	static struct wq_period_work work;
	static struct wq_period_report report;
	const struct wq_period period = wq_period_of(WQ_PERIOD_DAY, day);
	const struct wq_day_row *whole = row_of(b->rows, b->count, day, WQ_NONE);

	assert_non_null(whole);
	if (whole->class_ != row->class_ ||
	        strcmp(wq_day_verdict_name(whole->verdict), row->verdict) != 0)
		fail_msg("station %zu: class %d, %s; by hand %d, %s", i, whole->class_,
		        wq_day_verdict_name(whole->verdict), row->class_, row->verdict);
	wq_period_open(&work, &b->site, 0, &period, day);
	for (size_t n = 0; n < b->count; n++)
		wq_period_add(&work, &b->rows[n]);
	wq_period_close(&work, &report);
	assert_int_equal(report.class_, row->class_);
	assert_string_equal(wq_day_verdict_name(report.verdict), row->verdict);
	if (report.determining != bits_of(row->determining) || report.lacking != bits_of(row->lacking))
		fail_msg("station %zu: determining %x, lacking %x; by hand %x, %x", i, report.determining,
		        report.lacking, bits_of(row->determining), bits_of(row->lacking));
}

static void each_station_has_the_class_of_its_worst_item(void **state)
{
	static struct bench b;
	const wq_ms noon = instant("2026-03-05", "00:00", &wq_zone_china);
	const wq_day day = wq_day_of(&wq_zone_china, noon);

	(void)state;
	for (size_t i = 0; i < COUNT(stations); i++) {
		const char *values = stations[i].values;
		char items[ITEMS + 1] = "", words[ITEMS][32];
		uint32_t series = 0;

		for (size_t k = 0; k < ITEMS; k++) {
			assert_true(next_word(&values, words[k]));
			items[k] = words[k][0] == '*' ? ' ' : 'x';
		}
		open_bench(&b, &wq_zone_china, stations[i].water, stations[i].target, WQ_HOURS(4), items);
		for (int hour = 0; hour < 24; hour += 4) {
			series = 0;
			for (size_t k = 0; k < ITEMS; k++)
				if (items[k] == 'x')
					give(&b, series++, noon + WQ_HOURS(hour), number(words[k]));
		}
		close_bench(&b, day);
		compare_station(i, &b, day, &stations[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_day_is_as_worked_out_by_hand),
		cmocka_unit_test(each_station_has_the_class_of_its_worst_item),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
