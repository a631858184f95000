/* SPDX-License-Identifier: Apache-2.0 */
/* Times of day: once a day, on the right days, whatever the clock does. */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "bell.h"

/* Central Europe in 2026: 02:00 becomes 03:00 on 03-29, 03:00 becomes 02:00 on 10-25. */
static const struct wq_zone_row berlin_rows[] = { { 0, WQ_HOURS(1) }, { INT64_C(1774746000000), WQ_HOURS(2) },
	{ INT64_C(1792890000000), WQ_HOURS(1) } };
static const struct wq_zone berlin = { 3, berlin_rows };

static wq_ms at(const struct wq_zone *zone, const char *text)
{
	wq_ms when = 0;

	assert_int_equal(wq_instant_parse(text, zone, &when, NULL), 0);
	return when;
}

static void it_rings_on_the_days_that_are_meant(void **state)
{
	static const struct {
		struct bell bell;
		const char *day;
		bool rings;
	} rows[] = {
		{ { 0, 0, 0 }, "2026-03-04", true },
		{ { 0, 1U << 2, 0 }, "2026-03-04", true }, /* a Wednesday */
		{ { 0, 1U << 2, 0 }, "2026-03-05", false },
		{ { 0, 1U << 0 | 1U << 6, 0 }, "2026-03-08", true },
		{ { 0, 0, 1 }, "2026-03-01", true },
		{ { 0, 0, 1 }, "2026-03-02", false },
		{ { 0, 0, 31 }, "2026-02-28", true }, /* the last day of a shorter month */
		{ { 0, 0, 31 }, "2026-02-27", false },
		{ { 0, 0, 30 }, "2026-03-31", false },
		{ { 0, 0, 29 }, "2028-02-29", true },
		{ { 0, 0, 31 }, "2026-04-30", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (bell_rings(&rows[i].bell, wq_day_of(&wq_zone_china, at(&wq_zone_china, rows[i].day))) != rows[i].rings)
			fail_msg("row %zu: %s", i, rows[i].day);
}

static void it_rings_once_a_day_and_makes_up_on_the_same_day_only(void **state)
{
	static const struct {
		const char *now;
		enum bell_step step;
	} rows[] = {
		{ "2026-03-04 08:29:59", BELL_NOTHING },
		{ "2026-03-04 08:30:00", BELL_RING },
		{ "2026-03-04 08:30:01", BELL_NOTHING },
		{ "2026-03-04 08:10:00", BELL_NOTHING }, /* put back … */
		{ "2026-03-04 08:30:00", BELL_NOTHING }, /* … and it comes again */
		{ "2026-03-03 09:00:00", BELL_NOTHING },
		{ "2026-03-05 23:59:59", BELL_RING }, /* it was down until then */
		{ "2026-03-06 00:00:00", BELL_NOTHING },
		{ "2026-03-07 00:10:00", BELL_NOTHING }, /* that of the 6th is not made up for */
		{ "2026-03-07 08:30:00", BELL_RING },
	};
	const struct bell bell = { .at = WQ_HOURS(8) + WQ_MINUTES(30) };
	wq_ms mark = at(&wq_zone_china, "2026-03-03 08:30:00"), due;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const enum bell_step step = bell_step(&bell, &wq_zone_china, mark, at(&wq_zone_china, rows[i].now), &due);

		if (step != rows[i].step)
			fail_msg("%s: %d", rows[i].now, step);
		if (step == BELL_RING)
			mark = due;
	}
}

static void one_that_is_new_makes_up_for_nothing(void **state)
{
	const struct bell bell = { .at = WQ_HOURS(8) };
	const wq_ms now = at(&wq_zone_china, "2026-03-04 22:30");
	wq_ms due;

	(void)state;
	assert_int_equal(bell_step(&bell, &wq_zone_china, WQ_NO_TIME, now, &due), BELL_FIRST);
	assert_true(due == now);
	assert_int_equal(bell_step(&bell, &wq_zone_china, due, now + 1000, &due), BELL_NOTHING);
	assert_int_equal(bell_step(&bell, &wq_zone_china, now, at(&wq_zone_china, "2026-03-05 08:00"), &due), BELL_RING);
}

static void a_mark_of_a_clock_that_was_ahead_is_given_up(void **state)
{
	const struct bell bell = { .at = WQ_HOURS(8) };
	wq_ms due;

	(void)state;
	assert_int_equal(bell_step(&bell, &wq_zone_china, at(&wq_zone_china, "2031-01-01 08:00"),
	                         at(&wq_zone_china, "2026-03-04 09:00"), &due),
	        BELL_RESET);
}

/* Each minute of a year, in a zone with summer time: exactly once a day, at a time of day that exists. */
static void every_day_of_a_year_has_one(void **state)
{
	static const wq_ms times[] = { 0, WQ_HOURS(2) + WQ_MINUTES(30), WQ_HOURS(8), WQ_HOURS(23) + WQ_MINUTES(59) };

	(void)state;
	for (size_t t = 0; t < sizeof times / sizeof *times; t++) {
		const struct bell bell = { .at = times[t] };
		const wq_ms from = at(&berlin, "2026-01-01"), until = at(&berlin, "2027-01-01");
		wq_ms mark = from - 1, due;
		int rang = 0;

		for (wq_ms now = from; now < until; now += WQ_MINUTES(1)) {
			if (now % WQ_HOURS(1) == 0) {
				const wq_ms next = bell_next(&bell, &berlin, now);

				assert_true(next > now && next <= now + WQ_HOURS(26));
			}
			if (bell_step(&bell, &berlin, mark, now, &due) != BELL_RING)
				continue;
			rang++;
			mark = due;
		}
		assert_int_equal(rang, 365);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_rings_on_the_days_that_are_meant),
		cmocka_unit_test(it_rings_once_a_day_and_makes_up_on_the_same_day_only),
		cmocka_unit_test(one_that_is_new_makes_up_for_nothing),
		cmocka_unit_test(a_mark_of_a_clock_that_was_ahead_is_given_up),
		cmocka_unit_test(every_day_of_a_year_has_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
