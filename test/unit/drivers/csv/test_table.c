/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of values as people have them. */
#include "wq/err.h"
#include "wq/table.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define MARCH "2026-03-05T08:00:00+08:00"

struct reading {
	FILE *file;
	struct wq_table *table;
	struct wq_table_reading row;
	struct wq_err err;
};

static struct wq_table_wish plain(void)
{
	return (struct wq_table_wish){ .parameters = wq_parameters,
		.parameter_count = wq_parameter_count,
		.zone = &wq_zone_china,
		.reference = WQ_NO_TIME };
}

static bool begin(struct reading *r, const char *text, const struct wq_table_wish *wish)
{
	*r = (struct reading){ .file = fmemopen((void *)(uintptr_t)text, strlen(text), "r") };
	r->table = wq_table_open(r->file, "in.csv", wish, &r->err);
	return r->table != NULL;
}

static void end(struct reading *r)
{
	wq_table_close(r->table);
	fclose(r->file);
}

static void expect(struct reading *r, const char *station, const char *alias, const char *time, double value)
{
	char text[WQ_INSTANT_TEXT];
	int got = wq_table_next(r->table, &r->row, &r->err);

	if (got != 1)
		fail_msg("%d instead of a reading: %s", got, r->err.text);
	assert_string_equal(r->row.station, station);
	assert_string_equal(wq_parameters[r->row.parameter].alias, alias);
	assert_string_equal(wq_instant_format(&wq_zone_china, r->row.at, text), time);
	assert_true(fabs(r->row.value - value) < 1e-15);
}

static void expect_refused(struct reading *r, const char *words)
{
	assert_int_equal(wq_table_next(r->table, &r->row, &r->err), WQ_E_INVALID);
	if (strstr(r->err.text, words) == NULL)
		fail_msg("'%s' does not say '%s'", r->err.text, words);
}

static void expect_end(struct reading *r)
{
	assert_int_equal(wq_table_next(r->table, &r->row, &r->err), 0);
}

static void a_wide_table_gives_a_reading_a_cell(void **state)
{
	struct wq_table_wish wish = plain();
	struct reading r;

	(void)state;
	assert_true(begin(&r, "time,station,tp,pH,remark\n2026-03-05T08:00:00+08:00,yigan,0.21,7.5,rain\n", &wish));
	assert_int_equal(wq_table_form(r.table), WQ_TABLE_WIDE);
	assert_string_equal(wq_table_ignored(r.table), "remark");
	expect(&r, "yigan", "tp", MARCH, 0.21);
	expect(&r, "yigan", "ph", MARCH, 7.5);
	expect_end(&r);
	end(&r);
}

static void a_long_table_gives_a_reading_a_row(void **state)
{
	struct wq_table_wish wish = plain();
	struct reading r;

	(void)state;
	assert_true(begin(&r, "采样时间,断面名称,项目,结果,单位,标识\n2026/3/5 8:00,一干河,总磷,210,ug/L,N\n"
	                      "2026/3/5 8:00,一干河,氨氮,0.3,,\n2026/3/5 8:00,一干河,铬酸雾,0.3,,\n",
	        &wish));
	assert_int_equal(wq_table_form(r.table), WQ_TABLE_LONG);
	expect(&r, "一干河", "tp", MARCH, 0.21);
	assert_string_equal(r.row.flag, "N");
	expect(&r, "一干河", "nh3n", MARCH, 0.3);
	assert_string_equal(r.row.flag, "");
	expect_refused(&r, "in.csv:4: '铬酸雾' is no parameter");
	expect_end(&r);
	end(&r);
}

static void what_a_spreadsheet_saves_is_understood(void **state)
{
	static const char *const texts[] = {
		"\xEF\xBB\xBFtime,station,tp\r\n2026/3/5 8:00,yigan,0.21\r\n",
		"time;station;tp\r\n2026/3/5 8:00:00;yigan;0.21\r\n",
		"time\tstation\ttp\n2026-3-5 8:00\tyigan\t\"0.21\"\n",
		"sep=;\r\ntime;station;tp\r\n2026/03/05 08:00;\"yigan\";0.21\r\n",
		"time,station,tp,,\r\n2026年3月5日 8时,yigan,0.21,,\r\n",
		"时间,站点,总磷（mg/L）\n2026年3月5日 8时00分,yigan,0.21",
		"时间,站点,tp [ug/L]\n2026/3/5 8:00,yigan,210",
	};
	struct wq_table_wish wish = plain();

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct reading r;

		if (!begin(&r, texts[i], &wish))
			fail_msg("%zu: %s", i, r.err.text);
		expect(&r, "yigan", "tp", MARCH, 0.21);
		expect_end(&r);
		end(&r);
	}
}

static void gb18030_is_recognised_by_its_first_line_and_converted(void **state)
{
	/* 断面名称,监测时间,总磷 and 一干河 in GB18030, written down from the code table. */
	static const char text[] = "\xb6\xcf\xc3\xe6\xc3\xfb\xb3\xc6,\xbc\xe0\xb2\xe2\xca\xb1\xbc\xe4,\xd7\xdc\xc1\xd7\r\n"
				   "\xd2\xbb\xb8\xc9\xba\xd3,03-05 08:00,0.21\r\n";
	struct wq_table_wish wish = plain();
	struct reading r;

	(void)state;
	wish.year = 2026;
	assert_true(begin(&r, text, &wish));
	assert_int_equal(wq_table_form(r.table), WQ_TABLE_NATIONAL);
	expect(&r, "一干河", "tp", MARCH, 0.21);
	expect_end(&r);
	end(&r);
}

static void a_bad_row_is_refused_and_the_rest_goes_on(void **state)
{
	struct wq_table_wish wish = plain();
	struct reading r;

	(void)state;
	assert_true(begin(&r,
	        "time;station;tp;ph\n46086.3333;a;1;7\n5/3/2026 8:00;a;1;7\n03-05 08:00;a;1;7\n2026-03-05 24:00;a;1;7\n"
	        ";a;1;7\n2026-02-30 08:00;a;1;7\n2026-03-05 08:00;;1;7\n2026-03-05 08:00;a;0,21;7\n"
	        "2026-03-05 08:00;a;1\n2026-03-05 08:00;a;0.01L;abc\n2026-03-05 08:00;b;0.2;7.1\n",
	        &wish));
	expect_refused(&r, "in.csv:2: '46086.3333' is a spreadsheet's serial number");
	expect_refused(&r, "in.csv:3: '5/3/2026 8:00' may be two days");
	expect_refused(&r, "in.csv:4: '03-05 08:00' has no year; give --year");
	expect_refused(&r, "in.csv:5: '2026-03-05 24:00': there is no hour 24");
	expect_refused(&r, "in.csv:6: the time is missing");
	expect_refused(&r, "in.csv:7: '2026-02-30 08:00' is no time");
	expect_refused(&r, "in.csv:8: the station is missing");
	expect_refused(&r, "in.csv:9: 总磷 '0,21': a comma in a number");
	expect(&r, "a", "ph", MARCH, 7);
	expect_refused(&r, "in.csv:10: 3 columns where the header has 4");
	expect_refused(&r, "in.csv:11: 总磷 '0.01L' is below a detection limit; --below half");
	expect_refused(&r, "in.csv:11: pH 'abc' is no number");
	expect(&r, "b", "tp", MARCH, 0.2);
	expect(&r, "b", "ph", MARCH, 7.1);
	expect_end(&r);
	assert_int_equal(wq_table_rows(r.table), 11);
	end(&r);
}

static void a_header_that_cannot_be_understood_says_what_to_do(void **state)
{
	static const struct {
		const char *text, *words;
	} rows[] = {
		{ "", "empty" },
		{ "a,b\n", "no column 'time'" },
		{ "time,tp\n", "no column 'station'" },
		{ "time,station,x,y\n", "no heading is a parameter (found: x, y); --map" },
		{ "time,station,tp,总磷\n", "columns 3 and 4 are both 总磷" },
		{ "time,time,station,tp\n", "columns 1 and 2 are both 'time'" },
		{ "time,station,tp(NTU)\n", "mg/L" },
		{ "PK\003\004", "is a workbook" },
		{ "\xFF\xFEt", "is UTF-16" },
	};
	struct wq_table_wish wish = plain();

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct reading r = { .file = tmpfile() };

		fputs(rows[i].text, r.file);
		rewind(r.file);
		r.table = wq_table_open(r.file, "in.csv", &wish, &r.err);
		assert_null(r.table);
		if (strstr(r.err.text, rows[i].words) == NULL)
			fail_msg("'%s' does not say '%s'", r.err.text, rows[i].words);
		end(&r);
	}
}

static void empty_cells_and_what_is_not_measured_are_no_readings(void **state)
{
	struct wq_table_wish wish = plain();
	struct reading r;

	(void)state;
	wish.station = "yigan";
	assert_true(begin(&r, "time,tp,ph,nh3n,do,tn\n2026-03-05 08:00,,--,*,—,1.5\n", &wish));
	expect(&r, "yigan", "tn", MARCH, 1.5);
	expect_end(&r);
	assert_int_equal(wq_table_empty(r.table), 4);
	end(&r);
}

static void a_station_that_stands_still_has_no_time_and_is_no_error(void **state)
{
	struct wq_table_wish wish = plain();
	struct reading r;

	(void)state;
	assert_true(begin(&r, "time,station,tp,ph\n,a,--,*\n--,a,,\n,b,0.1,\n2026-03-05 08:00,c,0.1,\n", &wish));
	expect_refused(&r, "in.csv:4: the time is missing");
	expect(&r, "c", "tp", MARCH, 0.1);
	expect_end(&r);
	assert_int_equal(wq_table_rows(r.table), 4);
	assert_int_equal(wq_table_empty(r.table), 5);
	end(&r);
}

static void below_the_detection_limit_half_of_it_counts_where_that_is_wished(void **state)
{
	struct wq_table_wish wish = plain();
	struct reading r;

	(void)state;
	wish.below_half = true;
	assert_true(begin(&r, "time,station,tp,nh3n\n2026-03-05 08:00,a,0.01L,< 0.05\n", &wish));
	expect(&r, "a", "tp", MARCH, 0.005);
	expect(&r, "a", "nh3n", MARCH, 0.025);
	expect_end(&r);
	end(&r);
}

static void headings_and_units_can_be_said(void **state)
{
	static const struct wq_table_name maps[] = { { "磷", "tp" }, { "Zeit", "time" }, { "ph", "" } };
	static const struct wq_table_name units[] = { { "tp", "ug/L" } };
	struct wq_table_wish wish = plain();
	struct reading r;

	(void)state;
	wish.station = "a";
	wish.maps = maps;
	wish.map_count = 3;
	wish.units = units;
	wish.unit_count = 1;
	assert_true(begin(&r, "Zeit,磷,pH\n2026-03-05 08:00,210,7\n", &wish));
	expect(&r, "a", "tp", MARCH, 0.21);
	expect_end(&r);
	assert_string_equal(wq_table_ignored(r.table), "pH");
	end(&r);
}

/* -- times without a year -- */

#define NATIONAL "断面名称,监测时间,总磷,站点情况\n"

static void the_year_comes_from_when_the_file_was_made(void **state)
{
	static const struct {
		const char *made, *time, *is;
	} rows[] = {
		{ "2026-03-06T00:00:00+08:00", "03-05 08:00", MARCH },
		{ "2026-01-01T00:30:00+08:00", "12-31 20:00", "2025-12-31T20:00:00+08:00" },
		{ "2025-12-31T23:50:00+08:00", "01-01 00:00", "2026-01-01T00:00:00+08:00" },
		{ "2026-03-06T00:00:00+08:00", "02-29 08:00", "2024-02-29T08:00:00+08:00" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct wq_table_wish wish = plain();
		struct reading r;
		char text[200];

		assert_int_equal(wq_instant_parse(rows[i].made, &wq_zone_china, &wish.reference, NULL), 0);
		snprintf(text, sizeof text, NATIONAL "甲,%s,0.1,正常\n", rows[i].time);
		assert_true(begin(&r, text, &wish));
		expect(&r, "甲", "tp", rows[i].is, 0.1);
		assert_string_equal(r.row.flag, "");
		end(&r);
	}
}

static void a_year_that_is_said_is_followed_over_the_turn_in_both_directions(void **state)
{
	struct wq_table_wish wish = plain();
	struct reading r;

	(void)state;
	wish.year = 2025;
	assert_true(begin(&r, NATIONAL "甲,12-31 20:00,0.1,维护\n甲,01-01 00:00,0.2,正常\n乙,12-31 20:00,0.3,不具备运行条件\n", &wish));
	expect(&r, "甲", "tp", "2025-12-31T20:00:00+08:00", 0.1);
	assert_string_equal(r.row.flag, "维护");
	expect(&r, "甲", "tp", "2026-01-01T00:00:00+08:00", 0.2);
	expect(&r, "乙", "tp", "2025-12-31T20:00:00+08:00", 0.3);
	assert_string_equal(r.row.flag, "不具");
	expect_end(&r);
	end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wide_table_gives_a_reading_a_cell),
		cmocka_unit_test(a_long_table_gives_a_reading_a_row),
		cmocka_unit_test(what_a_spreadsheet_saves_is_understood),
		cmocka_unit_test(gb18030_is_recognised_by_its_first_line_and_converted),
		cmocka_unit_test(a_bad_row_is_refused_and_the_rest_goes_on),
		cmocka_unit_test(a_header_that_cannot_be_understood_says_what_to_do),
		cmocka_unit_test(empty_cells_and_what_is_not_measured_are_no_readings),
		cmocka_unit_test(a_station_that_stands_still_has_no_time_and_is_no_error),
		cmocka_unit_test(below_the_detection_limit_half_of_it_counts_where_that_is_wished),
		cmocka_unit_test(headings_and_units_can_be_said),
		cmocka_unit_test(the_year_comes_from_when_the_file_was_made),
		cmocka_unit_test(a_year_that_is_said_is_followed_over_the_turn_in_both_directions),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
