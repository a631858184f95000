/* SPDX-License-Identifier: Apache-2.0 */
/* Instants: reading, writing, and the natural days of zones with and without daylight saving. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "seed.h"
#include "wq/err.h"
#include "wq/instant.h"

#include <string.h>

/* 2021-04-01T00:00:00Z */
#define APRIL WQ_SECONDS(1617235200)

/* Berlin in 2021: forward at 01:00Z on 28 March, back at 01:00Z on 31 October. */
static const struct wq_zone_row berlin_rows[] = {
	{ INT64_MIN, WQ_HOURS(1) },
	{ WQ_SECONDS(1616893200), WQ_HOURS(2) },
	{ WQ_SECONDS(1635642000), WQ_HOURS(1) },
};
static const struct wq_zone berlin = { 3, berlin_rows };

/* Clocks put forward at local midnight, as Cairo does: that day begins at 01:00. */
static const struct wq_zone_row midnight_rows[] = {
	{ INT64_MIN, WQ_HOURS(2) },
	{ APRIL - WQ_HOURS(2), WQ_HOURS(3) },
};
static const struct wq_zone midnight = { 2, midnight_rows };

static void texts_are_read(void **state)
{
	static const struct {
		const char *text;
		wq_ms at;
	} rows[] = {
		{ "2021-04-01T08:00:00+08:00", APRIL },
		{ "2021-04-01 08:00:00", APRIL },
		{ "2021-04-01 08:00", APRIL },
		{ "2021-04-01T00:00:00Z", APRIL },
		{ "2021-04-01T00:00Z", APRIL },
		{ "2021-04-01T08:00:00+0800", APRIL },
		{ "2021-04-01T08:00:00+08", APRIL },
		{ "2021-03-31T19:00:00-05:00", APRIL },
		{ "2021/04/01 08:00:00", APRIL },
		{ "2021-04-01", APRIL - WQ_HOURS(8) },
		{ "2021/04/01", APRIL - WQ_HOURS(8) },
		{ "2021-03-31 24:00", APRIL - WQ_HOURS(8) },
		{ "2021-04-01T08:00:00.25+08:00", APRIL + 250 },
		{ "2021-04-01T08:00:00.2509999+08:00", APRIL + 250 },
		{ "1970-01-01T00:00:00Z", 0 },
		{ "2000-02-29T00:00:00Z", WQ_SECONDS(951782400) },
		{ "2199-12-31T23:59:59Z", WQ_SECONDS(7258118399) },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		wq_ms at = -1;

		assert_int_equal(wq_instant_parse(rows[i].text, &wq_zone_china, &at, NULL), WQ_OK);
		assert_int_equal(at, rows[i].at);
	}
}

static void what_is_no_time_is_refused_and_changes_nothing(void **state)
{
	static const char *const texts[] = { "", "now", "2021", "2021-04", "2021-4-1",
		"2021-04-01T", "2021-04-01T8:00", "2021-04-01T08", "2021-04-01T25:00",
		"2021-04-01T24:01", "2021-04-01T08:60", "2021-04-01T08:00:60",
		"2021-04-01T08:00:00.", "2021-04-01T08:00 ", " 2021-04-01", "2021-04-01X08:00",
		"2021-04/01", "2021-02-29", "2100-02-29", "2021-13-01", "2021-00-01", "2021-04-31",
		"2021-04-00", "1969-12-31", "2200-01-01", "2021-04-01T08:00+8",
		"2021-04-01T08:00+08:", "2021-04-01T08:00+19:00", "2021-04-01T08:00+08:60",
		"2021-04-01T08:00Zz", "2021-04-01+08:00x", "-2021-04-01", "2021-04-01T-8:00",
		"２０２１-04-01", "04-01 08:00" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct wq_err err = { 0 };
		wq_ms at = 42;

		assert_int_equal(
		        wq_instant_parse(texts[i], &wq_zone_china, &at, &err), WQ_E_INVALID);
		assert_int_equal(at, 42);
		assert_non_null(strstr(err.text, texts[i]));
	}
}

static void instants_are_written_with_their_offset(void **state)
{
	char buf[WQ_INSTANT_TEXT];

	(void)state;
	assert_string_equal(
	        wq_instant_format(&wq_zone_china, APRIL, buf), "2021-04-01T08:00:00+08:00");
	assert_string_equal(wq_instant_format(&wq_zone_china, APRIL + 250, buf),
	        "2021-04-01T08:00:00.250+08:00");
	assert_string_equal(wq_instant_format_short(&wq_zone_china, APRIL, buf), "04-01 08:00");
	assert_string_equal(wq_instant_format(&berlin, APRIL, buf), "2021-04-01T02:00:00+02:00");
	assert_string_equal(wq_day_format(wq_day_of(&wq_zone_china, APRIL), buf), "2021-04-01");
	assert_string_equal(
	        wq_day_format_compact(wq_day_of(&wq_zone_china, APRIL), buf), "20210401");
}

static void the_ends_of_time_neither_overflow_nor_overrun(void **state)
{
	static const wq_ms ends[] = { INT64_MIN, INT64_MIN + 1, INT64_MAX, -1 };
	char buf[WQ_INSTANT_TEXT];

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		assert_true(
		        strlen(wq_instant_format(&wq_zone_china, ends[i], buf)) < WQ_INSTANT_TEXT);
		wq_instant_format_short(&wq_zone_china, ends[i], buf);
		wq_day_of(&wq_zone_china, ends[i]);
	}
	assert_string_equal(wq_instant_format(&wq_zone_china, WQ_NO_TIME, buf), "");
	wq_day_format(INT32_MIN, buf);
	wq_day_format_compact(INT32_MAX, buf);
}

static void what_is_written_is_read_back(void **state)
{
	struct seed seed = seed_new();

	(void)state;
	for (int i = 0; i < 20000; i++) {
		const struct wq_zone *zone = i % 2 == 0 ? &wq_zone_china : &berlin;
		wq_ms at = WQ_DAYS(1) + seed_below(&seed, WQ_DAYS(83000)), back = -1;
		char buf[WQ_INSTANT_TEXT];

		wq_instant_format(zone, at, buf);
		assert_int_equal(wq_instant_parse(buf, &wq_zone_china, &back, NULL), WQ_OK);
		assert_int_equal(back, at);
	}
}

static void every_instant_lies_in_its_day(void **state)
{
	static const struct wq_zone *const zones[] = { &wq_zone_china, &berlin, &midnight };
	struct seed seed = seed_new();

	(void)state;
	for (int i = 0; i < 20000; i++) {
		const struct wq_zone *zone = zones[i % 3];
		wq_ms at = WQ_DAYS(18000) + seed_below(&seed, WQ_DAYS(1500));
		wq_day day = wq_day_of(zone, at);

		assert_true(wq_day_start(zone, day) <= at);
		assert_true(at < wq_day_start(zone, day + 1));
		assert_int_equal(wq_day_of(zone, wq_day_start(zone, day)), day);
		assert_int_equal(wq_day_of(zone, wq_day_start(zone, day) - 1), day - 1);
	}
}

static void days_are_as_long_as_the_clocks_make_them(void **state)
{
	wq_ms at = 0;
	wq_day day;

	(void)state;
	assert_int_equal(wq_instant_parse("2021-03-28", &berlin, &at, NULL), WQ_OK);
	day = wq_day_of(&berlin, at);
	assert_int_equal(wq_day_start(&berlin, day + 1) - wq_day_start(&berlin, day), WQ_HOURS(23));
	assert_int_equal(wq_instant_parse("2021-10-31", &berlin, &at, NULL), WQ_OK);
	day = wq_day_of(&berlin, at);
	assert_int_equal(wq_day_start(&berlin, day + 1) - wq_day_start(&berlin, day), WQ_HOURS(25));
}

static void a_day_without_midnight_begins_where_the_gap_ends(void **state)
{
	wq_day day = wq_day_of(&midnight, APRIL);

	(void)state;
	assert_int_equal(wq_day_start(&midnight, day), APRIL - WQ_HOURS(2));
	assert_int_equal(wq_zone_offset(&midnight, wq_day_start(&midnight, day)), WQ_HOURS(3));
}

static void local_times_that_occur_twice_or_never_are_settled(void **state)
{
	wq_ms at = 0;

	(void)state;
	/* 02:30 on 31 October occurs twice: the first, still summer time. */
	assert_int_equal(wq_instant_parse("2021-10-31 02:30", &berlin, &at, NULL), WQ_OK);
	assert_int_equal(at, WQ_SECONDS(1635642000) - WQ_MINUTES(30));
	/* 02:30 on 28 March does not occur: the end of the gap. */
	assert_int_equal(wq_instant_parse("2021-03-28 02:30", &berlin, &at, NULL), WQ_OK);
	assert_int_equal(at, WQ_SECONDS(1616893200));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_read),
		cmocka_unit_test(what_is_no_time_is_refused_and_changes_nothing),
		cmocka_unit_test(instants_are_written_with_their_offset),
		cmocka_unit_test(the_ends_of_time_neither_overflow_nor_overrun),
		cmocka_unit_test(what_is_written_is_read_back),
		cmocka_unit_test(every_instant_lies_in_its_day),
		cmocka_unit_test(days_are_as_long_as_the_clocks_make_them),
		cmocka_unit_test(a_day_without_midnight_begins_where_the_gap_ends),
		cmocka_unit_test(local_times_that_occur_twice_or_never_are_settled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
