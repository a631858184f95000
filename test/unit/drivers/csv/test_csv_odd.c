/* SPDX-License-Identifier: Apache-2.0 */
/* CSV as it should not be: named by file and line, and the rest of the file is still read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "text_file.h"

#include <stdlib.h>
#include <string.h>

static void assert_said(const struct text_file *t, const char *where, const char *what)
{
	assert_non_null(strstr(t->err.text, where));
	assert_non_null(strstr(t->err.text, what));
}

static void headers_that_cannot_be_used_are_refused(void **state)
{
	static const struct {
		const char *text;
		bool need_time;
		const char *where, *what;
	} rows[] = {
		{ "", false, "in.csv:1:", "header" },
		{ "\n\r\n", false, "in.csv:3:", "header" },
		{ "\xEF\xBB\xBF", false, "in.csv:1:", "header" },
		{ "tp,ph\n", true, "in.csv:1:", "'time'" },
		{ "tp,x,tp_mgl\n", false,
		        "in.csv:1:", "columns 1 'tp' and 3 'tp_mgl' are both 总磷" },
		{ "time,Time\n", false, "in.csv:1:", "columns 1 and 2 are both 'time'" },
		{ "station,tp,station\n", false,
		        "in.csv:1:", "columns 1 and 3 are both 'station'" },
		{ "\n\n\"tp", false, "in.csv:3:", "within a quoted field" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct text_file t;

		assert_false(text_file_open(&t, rows[i].text, rows[i].need_time));
		assert_said(&t, rows[i].where, rows[i].what);
		text_file_close(&t);
	}
}

static void a_row_of_another_width_is_an_error_and_the_next_is_read(void **state)
{
	struct text_file t;

	(void)state;
	assert_true(text_file_open(&t, "tp,ph\n0.1\n0.1,7,8\n0.2,7\n", false));
	assert_int_equal(text_file_next(&t), WQ_E_INVALID);
	assert_said(&t, "in.csv:2:", "1 columns where the header has 2");
	assert_int_equal(text_file_next(&t), WQ_E_INVALID);
	assert_said(&t, "in.csv:3:", "3 columns");
	assert_int_equal(text_file_next(&t), 1);
	assert_true(t.row.fields[0].value == 0.2);
	assert_int_equal(text_file_next(&t), 0);
	text_file_close(&t);
}

static void what_is_no_number_is_told_apart_from_what_is_missing(void **state)
{
	static const struct {
		const char *text;
		enum wq_cell cell;
	} rows[] = {
		{ "0.2", WQ_CELL_VALUE }, { "-1", WQ_CELL_VALUE }, { "\"0.2\"", WQ_CELL_VALUE },
		{ "", WQ_CELL_MISSING }, { "  ", WQ_CELL_MISSING }, { "--", WQ_CELL_MISSING },
		{ "*", WQ_CELL_NOT_MEASURED }, { "-", WQ_CELL_WRONG }, { "NaN", WQ_CELL_WRONG },
		{ "inf", WQ_CELL_WRONG }, { "0x10", WQ_CELL_WRONG }, { "1e999", WQ_CELL_WRONG },
		{ "<0.01", WQ_CELL_WRONG }, { "0.2L", WQ_CELL_WRONG }, { "０.２", WQ_CELL_WRONG },
		{ "极值过滤", WQ_CELL_WRONG }, { "\"0,2\"", WQ_CELL_WRONG },
		{ "1234567890123456789012345678901234567890123456789012345678901234567890 ",
		        WQ_CELL_WRONG }, /* longer than any number with spaces around it */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[256];
		struct text_file t;

		snprintf(text, sizeof(text), "x,tp\n,%s\n", rows[i].text);
		assert_true(text_file_open(&t, text, false));
		assert_int_equal(text_file_next(&t), 1);
		assert_int_equal(t.row.fields[1].cell, rows[i].cell);
		text_file_close(&t);
	}
}

static void a_wrong_time_is_flagged(void **state)
{
	static const char *const times[] = {
		"", "yesterday", "2021-02-30", "04-01 08:00",
		"2021-04-01T08:00:00+08:00                                                        x"
	};

	(void)state;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		char text[256];
		struct text_file t;

		snprintf(text, sizeof(text), "time,tp\n%s,0.1\n", times[i]);
		assert_true(text_file_open(&t, text, true));
		assert_int_equal(text_file_next(&t), 1);
		assert_true(t.row.time_wrong);
		assert_int_equal(t.row.at, WQ_NO_TIME);
		assert_string_equal(t.row.time_text, times[i]);
		text_file_close(&t);
	}
}

static void a_nul_byte_is_an_error_and_the_next_row_is_read(void **state)
{
	static const char bytes[] = "tp,x\n0.1,a\0b\n0.2,c\n";
	struct text_file t;

	(void)state;
	assert_true(text_file_open_bytes(&t, bytes, sizeof(bytes) - 1, false));
	assert_int_equal(text_file_next(&t), WQ_E_INVALID);
	assert_said(&t, "in.csv:2:", "NUL");
	assert_int_equal(text_file_next(&t), 1);
	assert_true(t.row.fields[0].value == 0.2);
	text_file_close(&t);
}

static void two_byte_text_is_refused(void **state)
{
	static const char bytes[] = "\xFF\xFEt\0p\0\n\0";
	struct text_file t;

	(void)state;
	assert_false(text_file_open_bytes(&t, bytes, sizeof(bytes) - 1, false));
	assert_said(&t, "in.csv:1:", "UTF-8");
	text_file_close(&t);
}

static void a_quote_that_is_not_closed_is_an_error(void **state)
{
	struct text_file t;

	(void)state;
	assert_true(text_file_open(&t, "tp,x\n0.1,\"a\n0.2,b\n", false));
	assert_int_equal(text_file_next(&t), WQ_E_INVALID);
	assert_said(&t, "in.csv:2:", "within a quoted field");
	assert_int_equal(text_file_next(&t), 0);
	text_file_close(&t);
}

/* `lines` lines of 1,000 bytes within one quoted field, then a good row. */
static char *long_row(size_t lines, size_t *size)
{
	char *text = NULL;
	FILE *to = open_memstream(&text, size);

	fputs("tp,x\n0.1,\"", to);
	for (size_t i = 0; i < lines; i++)
		fprintf(to, "%999d\n", 7);
	fputs("\"\n0.2,b\n", to);
	fclose(to);
	return text;
}

static void a_row_may_be_long(void **state)
{
	size_t size = 0;
	char *text = long_row(1000, &size);
	struct text_file t;

	(void)state;
	assert_true(text_file_open_bytes(&t, text, size, false));
	assert_int_equal(text_file_next(&t), 1);
	assert_int_equal(strlen(t.row.fields[1].text), 1000000);
	assert_int_equal(text_file_next(&t), 1);
	assert_int_equal(t.row.line, 1003);
	text_file_close(&t);
	free(text);
}

static void a_row_without_end_is_given_up_and_reading_goes_on(void **state)
{
	size_t size = 0;
	char *text = long_row(1100, &size);
	struct text_file t;
	int r;

	(void)state;
	assert_true(text_file_open_bytes(&t, text, size, false));
	assert_int_equal(text_file_next(&t), WQ_E_INVALID);
	assert_said(&t, "in.csv:2:", "1048576");
	while ((r = text_file_next(&t)) < 0)
		assert_int_equal(r, WQ_E_INVALID);
	free(text);
	text_file_close(&t);
}

static void a_line_without_end_is_given_up_and_reading_goes_on(void **state)
{
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);
	struct text_file t;

	(void)state;
	fprintf(to, "tp\n%01200000d\n0.2\n", 7);
	fclose(to);
	assert_true(text_file_open_bytes(&t, text, size, false));
	assert_int_equal(text_file_next(&t), WQ_E_INVALID);
	assert_said(&t, "in.csv:2:", "1048576");
	assert_int_equal(text_file_next(&t), 1);
	assert_int_equal(t.row.line, 3);
	assert_true(t.row.fields[0].value == 0.2);
	text_file_close(&t);
	free(text);
}

static void a_device_without_end_is_given_up(void **state)
{
	struct text_file t = { .file = fopen("/dev/zero", "r") };

	(void)state;
	assert_non_null(t.file);
	t.csv = wq_csv_open(t.file, "in.csv", wq_parameters, wq_parameter_count, &wq_zone_china, false, &t.err);
	assert_null(t.csv);
	assert_said(&t, "in.csv:1:", "without end");
	text_file_close(&t);
}

static void columns_are_bounded(void **state)
{
	char text[4 * 300] = "c";
	struct text_file t;

	(void)state;
	for (int i = 1; i < 256; i++)
		strcat(text, ",c");
	strcat(text, "\n");
	assert_true(text_file_open(&t, text, false));
	text_file_close(&t);
	text[strlen(text) - 1] = '\0';
	strcat(text, ",c\n");
	assert_false(text_file_open(&t, text, false));
	assert_said(&t, "in.csv:1:", "257 columns; at most 256");
	text_file_close(&t);
}

static void a_stream_that_cannot_be_read_is_an_error_not_an_end(void **state)
{
	struct text_file t = { .file = fopen("/", "re") };

	(void)state;
	assert_non_null(t.file);
	t.csv = wq_csv_open(
	        t.file, "in.csv", wq_parameters, wq_parameter_count, &wq_zone_china, false, &t.err);
	assert_null(t.csv);
	assert_int_equal(t.err.code, WQ_E_IO);
	text_file_close(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_that_cannot_be_used_are_refused),
		cmocka_unit_test(a_row_of_another_width_is_an_error_and_the_next_is_read),
		cmocka_unit_test(what_is_no_number_is_told_apart_from_what_is_missing),
		cmocka_unit_test(a_wrong_time_is_flagged),
		cmocka_unit_test(a_nul_byte_is_an_error_and_the_next_row_is_read),
		cmocka_unit_test(two_byte_text_is_refused),
		cmocka_unit_test(a_quote_that_is_not_closed_is_an_error),
		cmocka_unit_test(a_row_may_be_long),
		cmocka_unit_test(a_row_without_end_is_given_up_and_reading_goes_on),
		cmocka_unit_test(a_line_without_end_is_given_up_and_reading_goes_on),
		cmocka_unit_test(a_device_without_end_is_given_up),
		cmocka_unit_test(columns_are_bounded),
		cmocka_unit_test(a_stream_that_cannot_be_read_is_an_error_not_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
