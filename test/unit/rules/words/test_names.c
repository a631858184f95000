/* SPDX-License-Identifier: Apache-2.0 */
/* What things are called, and finding them in a site. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wq/alarm.h"
#include "wq/day.h"
#include "wq/maintenance.h"
#include "wq/sample.h"
#include "wq/site.h"
#include "wq/verdict.h"

static void members_of_enums_have_names(void **state)
{
	(void)state;
	assert_string_equal(wq_quality_name(WQ_GOOD), "good");
	assert_string_equal(wq_quality_name(WQ_UNCHECKED), "unchecked");
	assert_string_equal(wq_quality_name(WQ_MAINTENANCE), "maintenance");
	assert_string_equal(wq_maintained_name(WQ_BY_FLAG), "flag");
	assert_string_equal(wq_level_name(WQ_LEVEL_NONE), "none");
	assert_string_equal(wq_level_name(WQ_LEVEL_ALARM), "alarm");
	assert_string_equal(wq_level_chinese(WQ_LEVEL_NONE), "");
	assert_string_equal(wq_level_chinese(WQ_LEVEL_WARNING), "预警");
	assert_string_equal(wq_change_name(WQ_OPENED), "opened");
	assert_string_equal(wq_change_name(WQ_CORRECTED), "corrected");
	assert_string_equal(wq_day_verdict_name(WQ_DAY_NOT_ASSESSABLE), "not assessable");
	assert_string_equal(wq_station_kind_name(WQ_SOURCE_BACKUP), "source-backup");
}

static void a_number_outside_its_enum_does_not_crash(void **state)
{
	(void)state;
	assert_string_equal(wq_quality_name((enum wq_quality)99), "?");
	assert_string_equal(wq_level_chinese((enum wq_level) - 1), "?");
	assert_string_equal(wq_change_name((enum wq_change_kind)WQ_CHANGE_KINDS), "?");
	assert_string_equal(wq_station_kind_name((enum wq_station_kind)WQ_STATION_KINDS), "?");
}

static void alarms_are_called_by_day_and_number(void **state)
{
	static const struct {
		int64_t id;
		const char *name;
	} rows[] = {
		{ 2026030500007, "W20260305-007" },
		{ 2026030500999, "W20260305-999" },
		{ 2026030501000, "W20260305-1000" },
		{ 2026123199999, "W20261231-99999" },
	};
	char buf[WQ_ALARM_NAME];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_string_equal(wq_alarm_name(rows[i].id, buf), rows[i].name);
		assert_int_equal(wq_alarm_id(rows[i].name), rows[i].id);
	}
}

static void what_is_no_alarm_name_has_no_id(void **state)
{
	static const char *const names[] = { "", "W", "20260305-007", "w20260305-007",
		"W20260305-07", "W20260305-0007", "W20260305-100000", "W2026030-0007",
		"W20260305_007", "W20260305-00x", "W20260305-007 ", "W-0260305-007",
		"W00260305-007", "W20260305-+07" };
	char buf[WQ_ALARM_NAME];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_int_equal(wq_alarm_id(names[i]), -1);
	assert_string_equal(wq_alarm_name(INT64_MIN, buf), "W?");
	assert_string_equal(wq_alarm_name(INT64_MAX, buf), "W?");
}

static void series_and_stations_are_found(void **state)
{
	static const struct wq_station stations[] = {
		{ .id = "yigan", .first_series = 0, .series_count = 2 },
		{ .id = "nanheng", .first_series = 2, .series_count = 1 },
		{ .id = "empty", .first_series = 3, .series_count = 0 },
	};
	static const struct wq_series series[] = {
		{ .station = 0, .parameter = 4 },
		{ .station = 0, .parameter = 1 },
		{ .station = 1, .parameter = 4 },
	};
	const struct wq_site site = {
		.station_count = 3, .series_count = 3, .stations = stations, .series = series
	};

	(void)state;
	assert_int_equal(wq_site_series(&site, 0, 1), 1);
	assert_int_equal(wq_site_series(&site, 1, 4), 2);
	assert_int_equal(wq_site_series(&site, 1, 1), WQ_NONE);
	assert_int_equal(wq_site_series(&site, 2, 4), WQ_NONE);
	assert_int_equal(wq_site_series(&site, 3, 4), WQ_NONE);
	assert_int_equal(wq_site_series(&site, WQ_NONE, 4), WQ_NONE);
	assert_int_equal(wq_site_station(&site, "nanheng"), 1);
	assert_int_equal(wq_site_station(&site, "Yigan"), WQ_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_of_enums_have_names),
		cmocka_unit_test(a_number_outside_its_enum_does_not_crash),
		cmocka_unit_test(alarms_are_called_by_day_and_number),
		cmocka_unit_test(what_is_no_alarm_name_has_no_id),
		cmocka_unit_test(series_and_stations_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
