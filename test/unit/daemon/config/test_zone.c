/* SPDX-License-Identifier: Apache-2.0 */
/* Time zones by name. */
#include "arena.h"
#include "zone.h"

#include "wq/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void fixed_offsets_have_one_row(void **state)
{
	static const struct {
		const char *name;
		wq_ms offset;
	} rows[] = {
		{ "UTC", 0 },
		{ "UTC+8", WQ_HOURS(8) },
		{ "UTC-3:30", -WQ_MINUTES(210) },
		{ "UTC+05:45", WQ_MINUTES(345) },
		{ "UTC+14", WQ_HOURS(14) },
	};
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct wq_zone *zone = zone_by_name(rows[i].name, arena, NULL);

		assert_non_null(zone);
		assert_int_equal(zone->count, 1);
		assert_int_equal(wq_zone_offset(zone, 0), rows[i].offset);
	}
	assert_int_equal(wq_zone_offset(zone_by_offset("+08:00", arena, NULL), 0), WQ_HOURS(8));
	arena_free(arena);
}

static void what_is_no_zone_is_refused(void **state)
{
	static const char *const names[] = { "", "UTC+15", "UTC8", "UTC+8:5", "UTC+8:60",
		"Asia/Shangai", "Asia", "leapseconds", "/etc/localtime", "../zoneinfo/UTC", "Asia/../UTC", "CST-8;rm",
		"UTC+8 " };
	static const char *const offsets[] = { "", "8", "+", "+8:", "+08:0", "+0800", "+24:00",
		"+08:00x" };
	struct arena *arena = arena_new();
	struct wq_err err;

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		assert_null(zone_by_name(names[i], arena, &err));
		assert_int_equal(err.code, WQ_E_INVALID);
	}
	for (size_t i = 0; i < sizeof offsets / sizeof offsets[0]; i++)
		assert_null(zone_by_offset(offsets[i], arena, &err));
	arena_free(arena);
}

/* China had summer time from 1986 to 1991 and none since. */
static void shanghai_knows_its_summers(void **state)
{
	struct arena *arena = arena_new();
	const struct wq_zone *zone = zone_by_name("Asia/Shanghai", arena, NULL);

	(void)state;
	if (zone == NULL && access("/usr/share/zoneinfo/Asia/Shanghai", R_OK) != 0) {
		print_message("no tzdata here: not tested\n");
		arena_free(arena);
		skip();
	}
	assert_non_null(zone);
	assert_int_equal(zone->count, 13);
	assert_int_equal(wq_zone_offset(zone, WQ_SECONDS(583772400)), WQ_HOURS(9)); /* July 1988 */
	assert_int_equal(wq_zone_offset(zone, WQ_SECONDS(1772000000)), WQ_HOURS(8));
	for (size_t i = 1; i < zone->count; i++)
		assert_true(zone->rows[i].from > zone->rows[i - 1].from);
	arena_free(arena);
}

/* The rows say what localtime_r says, at random instants and around every change. */
static void rows_agree_with_the_library(void **state)
{
	struct arena *arena = arena_new();
	const struct wq_zone *zone = zone_by_name("America/New_York", arena, NULL);
	unsigned seed = 7;

	(void)state;
	if (zone == NULL) {
		print_message("no tzdata here: not tested\n");
		arena_free(arena);
		skip();
	}
	setenv("TZ", "America/New_York", 1);
	tzset();
	for (int i = 0; i < 4000; i++) {
		const size_t row = (size_t)rand_r(&seed) % zone->count;
		const time_t at = i % 2 == 0 ? (time_t)(zone->rows[row].from / 1000) - (i % 4 == 0)
		                             : (time_t)rand_r(&seed) * 3;
		struct tm tm;

		if (at < 0)
			continue;
		localtime_r(&at, &tm);
		assert_int_equal(wq_zone_offset(zone, WQ_SECONDS(at)), WQ_SECONDS(tm.tm_gmtoff));
	}
	unsetenv("TZ");
	tzset();
	arena_free(arena);
}

static void the_zone_of_the_process_stays(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	setenv("TZ", "UTC-5", 1);
	zone_by_name("Asia/Shanghai", arena, NULL);
	assert_string_equal(getenv("TZ"), "UTC-5");
	unsetenv("TZ");
	zone_by_name("Asia/Shanghai", arena, NULL);
	assert_null(getenv("TZ"));
	tzset();
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fixed_offsets_have_one_row),
		cmocka_unit_test(what_is_no_zone_is_refused),
		cmocka_unit_test(shanghai_knows_its_summers),
		cmocka_unit_test(rows_agree_with_the_library),
		cmocka_unit_test(the_zone_of_the_process_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
