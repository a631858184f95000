/* SPDX-License-Identifier: Apache-2.0 */
/* Which days a period has, which come before it, and what it is called. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wq/period.h"

#include <string.h>

static wq_day day(const char *text)
{
	wq_ms at = 0;

	assert_int_equal(wq_instant_parse(text, &wq_zone_china, &at, NULL), 0);
	return wq_day_of(&wq_zone_china, at);
}

static void expect(struct wq_period period, const char *first, const char *last)
{
	char text[WQ_INSTANT_TEXT];

	assert_string_equal(wq_day_format(period.first, text), first);
	assert_string_equal(wq_day_format(period.last, text), last);
}

static const struct {
	enum wq_period_kind kind;
	const char *at;
	const char *first, *last, *before_first, *before_last, *year_first, *year_last, *name;
} rows[] = {
	{ WQ_PERIOD_DAY, "2026-03-01", "2026-03-01", "2026-03-01", "2026-02-28", "2026-02-28",
	        "2025-03-01", "2025-03-01", "2026年3月1日" },
	{ WQ_PERIOD_DAY, "2024-02-29", "2024-02-29", "2024-02-29", "2024-02-28", "2024-02-28",
	        "2023-02-28", "2023-02-28", "2024年2月29日" },
	{ WQ_PERIOD_WEEK, "2026-03-05", "2026-03-02", "2026-03-08", "2026-02-23", "2026-03-01",
	        "2025-03-03", "2025-03-09", "2026年3月2日至8日" },
	{ WQ_PERIOD_WEEK, "2026-03-02", "2026-03-02", "2026-03-08", "2026-02-23", "2026-03-01",
	        "2025-03-03", "2025-03-09", "2026年3月2日至8日" },
	{ WQ_PERIOD_WEEK, "2026-03-08", "2026-03-02", "2026-03-08", "2026-02-23", "2026-03-01",
	        "2025-03-03", "2025-03-09", "2026年3月2日至8日" },
	{ WQ_PERIOD_WEEK, "2026-01-01", "2025-12-29", "2026-01-04", "2025-12-22", "2025-12-28",
	        "2024-12-30", "2025-01-05", "2025年12月29日至2026年1月4日" },
	{ WQ_PERIOD_WEEK, "1970-01-01", "1969-12-29", "1970-01-04", "1969-12-22", "1969-12-28",
	        "1968-12-30", "1969-01-05", "1969年12月29日至1970年1月4日" },
	{ WQ_PERIOD_MONTH, "2026-03-31", "2026-03-01", "2026-03-31", "2026-02-01", "2026-02-28",
	        "2025-03-01", "2025-03-31", "2026年3月" },
	{ WQ_PERIOD_MONTH, "2024-02-10", "2024-02-01", "2024-02-29", "2024-01-01", "2024-01-31",
	        "2023-02-01", "2023-02-28", "2024年2月" },
	{ WQ_PERIOD_MONTH, "2026-01-15", "2026-01-01", "2026-01-31", "2025-12-01", "2025-12-31",
	        "2025-01-01", "2025-01-31", "2026年1月" },
	{ WQ_PERIOD_MTD, "2026-03-31", "2026-03-01", "2026-03-31", "2026-02-01", "2026-02-28",
	        "2025-03-01", "2025-03-31", "2026年3月1日至31日" },
	{ WQ_PERIOD_MTD, "2026-03-05", "2026-03-01", "2026-03-05", "2026-02-01", "2026-02-05",
	        "2025-03-01", "2025-03-05", "2026年3月1日至5日" },
	{ WQ_PERIOD_MTD, "2024-02-29", "2024-02-01", "2024-02-29", "2024-01-01", "2024-01-29",
	        "2023-02-01", "2023-02-28", "2024年2月1日至29日" },
	{ WQ_PERIOD_QUARTER, "2026-03-05", "2026-01-01", "2026-03-31", "2025-10-01", "2025-12-31",
	        "2025-01-01", "2025-03-31", "2026年第1季度" },
	{ WQ_PERIOD_QUARTER, "2026-12-31", "2026-10-01", "2026-12-31", "2026-07-01", "2026-09-30",
	        "2025-10-01", "2025-12-31", "2026年第4季度" },
	{ WQ_PERIOD_YEAR, "2026-07-05", "2026-01-01", "2026-12-31", "2025-01-01", "2025-12-31",
	        "2025-01-01", "2025-12-31", "2026年" },
};

static void periods_have_their_days_the_ones_before_and_those_of_last_year(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct wq_period period = wq_period_of(rows[i].kind, day(rows[i].at));
		char name[WQ_PERIOD_TEXT];

		assert_int_equal(period.kind, rows[i].kind);
		expect(period, rows[i].first, rows[i].last);
		expect(wq_period_previous(&period), rows[i].before_first, rows[i].before_last);
		expect(wq_period_last_year(&period), rows[i].year_first, rows[i].year_last);
		assert_string_equal(wq_period_format(&period, name), rows[i].name);
	}
}

/* Periods of a kind follow one another without a gap, and each day lies in its own. */
static void periods_tile_the_days(void **state)
{
	const wq_day from = day("2019-12-20"), to = day("2029-01-10");

	(void)state;
	for (int kind = 0; kind < WQ_PERIOD_KINDS; kind++) {
		if (kind == WQ_PERIOD_MTD)
			continue;
		for (wq_day d = from; d <= to; d++) {
			const struct wq_period p = wq_period_of((enum wq_period_kind)kind, d);
			const struct wq_period before = wq_period_previous(&p);
			const struct wq_period again =
			        wq_period_of((enum wq_period_kind)kind, p.last);

			assert_true(p.first <= d && d <= p.last);
			assert_int_equal(before.last + 1, p.first);
			assert_int_equal(again.first, p.first);
		}
	}
}

static void kinds_have_names(void **state)
{
	(void)state;
	for (int kind = 0; kind < WQ_PERIOD_KINDS; kind++)
		assert_int_equal(
		        wq_period_kind_find(wq_period_kind_name((enum wq_period_kind)kind)), kind);
	assert_int_equal(wq_period_kind_find("decade"), -1);
	assert_int_equal(wq_period_kind_find(""), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(periods_have_their_days_the_ones_before_and_those_of_last_year),
		cmocka_unit_test(periods_tile_the_days),
		cmocka_unit_test(kinds_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
