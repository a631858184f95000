/* SPDX-License-Identifier: Apache-2.0 */
/* CSV as it should be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "text_file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void rows_are_read_with_time_station_and_values(void **state)
{
	struct text_file t;

	(void)state;
	assert_true(text_file_open(&t,
	        "time,station,tp,do_mgl,W01001,note\n"
	        "2021-04-01T08:00:00+08:00,yigan,0.2,8.5,7.1,first\n"
	        "2021-04-01 12:00,nanheng,6.3E-06,--,*,\n",
	        true));
	assert_int_equal(text_file_next(&t), 1);
	assert_int_equal(t.row.line, 2);
	assert_string_equal(t.row.station, "yigan");
	assert_int_equal(t.row.at, WQ_SECONDS(1617235200));
	assert_int_equal(t.row.count, 6);
	assert_int_equal(t.row.fields[2].cell, WQ_CELL_VALUE);
	assert_true(t.row.fields[2].value == 0.2);
	assert_string_equal(t.row.fields[5].text, "first");
	assert_int_equal(text_file_next(&t), 1);
	assert_int_equal(t.row.line, 3);
	assert_int_equal(t.row.at, WQ_SECONDS(1617235200) + WQ_HOURS(4));
	assert_true(t.row.fields[2].value == 6.3e-6);
	assert_int_equal(t.row.fields[3].cell, WQ_CELL_MISSING);
	assert_int_equal(t.row.fields[4].cell, WQ_CELL_NOT_MEASURED);
	assert_true(isnan(t.row.fields[3].value) && isnan(t.row.fields[4].value));
	assert_int_equal(text_file_next(&t), 0);
	assert_int_equal(text_file_next(&t), 0);
	text_file_close(&t);
}

static void columns_are_known_by_any_name_and_others_are_kept(void **state)
{
	static const char *const expected[] = { "Time", "总磷", "codmn", "weather", "W21003", "" };
	static const int parameters[] = { -1, 4, 2, -1, 3, -1 };
	const char *const *names;
	const int *found;
	struct text_file t;

	(void)state;
	assert_true(text_file_open(&t, "Time,总磷,codmn,weather,W21003,\n", true));
	assert_int_equal(wq_csv_columns(t.csv, &names, &found), 6);
	for (size_t i = 0; i < 6; i++) {
		assert_string_equal(names[i], expected[i]);
		assert_int_equal(found[i], parameters[i]);
	}
	text_file_close(&t);
}

static void byte_order_mark_crlf_and_blank_lines_are_no_matter(void **state)
{
	struct text_file t;

	(void)state;
	assert_true(text_file_open(
	        &t, "\xEF\xBB\xBFtime,tp\r\n\r\n2021-04-01,0.1\r\n\r\n2021-04-02,\r\n", true));
	assert_int_equal(text_file_next(&t), 1);
	assert_int_equal(t.row.line, 3);
	assert_true(t.row.fields[1].value == 0.1);
	assert_int_equal(text_file_next(&t), 1);
	assert_int_equal(t.row.line, 5);
	assert_int_equal(t.row.fields[1].cell, WQ_CELL_MISSING);
	assert_int_equal(text_file_next(&t), 0);
	text_file_close(&t);
}

static void the_last_line_needs_no_end(void **state)
{
	struct text_file t;

	(void)state;
	assert_true(text_file_open(&t, "tp,x\n0.1,\"a\"", false));
	assert_int_equal(text_file_next(&t), 1);
	assert_string_equal(t.row.fields[1].text, "a");
	assert_int_equal(t.row.at, WQ_NO_TIME);
	assert_false(t.row.time_wrong);
	assert_string_equal(t.row.station, "");
	assert_int_equal(text_file_next(&t), 0);
	text_file_close(&t);
}

static void texts_are_kept_as_they_are(void **state)
{
	struct text_file t;

	(void)state;
	assert_true(text_file_open(&t,
	        "tp,note,more\n"
	        " 0.1 ,\"a, \"\"b\"\"\nc\",  spaced  \n"
	        "0.2,5\" pipe,x\n",
	        false));
	assert_int_equal(text_file_next(&t), 1);
	assert_string_equal(t.row.fields[0].text, " 0.1 ");
	assert_true(t.row.fields[0].value == 0.1);
	assert_string_equal(t.row.fields[1].text, "a, \"b\"\nc");
	assert_string_equal(t.row.fields[2].text, "  spaced  ");
	assert_int_equal(text_file_next(&t), 1);
	assert_int_equal(t.row.line, 4);
	assert_string_equal(t.row.fields[1].text, "5\" pipe");
	text_file_close(&t);
}

static void what_is_written_is_read_back(void **state)
{
	static const char *const texts[] = { "", "a", "a,b", "say \"x\"", "two\nlines", " spaced ",
		"\"", ",", "\r\n", "总磷" };
	char *written = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&written, &size);
	struct text_file t;

	(void)state;
	fputs("a,b,c,d,e,f,g,h,i,j\n", to);
	for (size_t i = 0; i < 10; i++) {
		wq_csv_write(to, texts[i]);
		putc(i < 9 ? ',' : '\n', to);
	}
	fclose(to);
	assert_true(text_file_open(&t, written, false));
	assert_int_equal(text_file_next(&t), 1);
	for (size_t i = 0; i < 10; i++)
		assert_string_equal(t.row.fields[i].text, texts[i]);
	text_file_close(&t);
	free(written);
}

static void doubles_printed_in_full_are_values(void **state)
{
	struct text_file t;

	(void)state;
	assert_true(
	        text_file_open(&t, "tp,nh3n\n0.0030000000000000005,0.30000000000000004\n", false));
	assert_int_equal(text_file_next(&t), 1);
	assert_true(t.row.fields[0].value == 0.0030000000000000005);
	assert_true(t.row.fields[1].value == 0.1 + 0.2);
	text_file_close(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_read_with_time_station_and_values),
		cmocka_unit_test(columns_are_known_by_any_name_and_others_are_kept),
		cmocka_unit_test(byte_order_mark_crlf_and_blank_lines_are_no_matter),
		cmocka_unit_test(the_last_line_needs_no_end),
		cmocka_unit_test(texts_are_kept_as_they_are),
		cmocka_unit_test(what_is_written_is_read_back),
		cmocka_unit_test(doubles_printed_in_full_are_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
