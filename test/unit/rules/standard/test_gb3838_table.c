/* SPDX-License-Identifier: Apache-2.0 */
/* The built-in limits against a table of the standard kept outside this repository. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wq/csv.h"
#include "wq/decimal.h"
#include "wq/err.h"
#include "wq/parameter.h"
#include "wq/standard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Columns of the file. */
enum { CODE, NAME_ZH, NAME_EN, UNIT, DIRECTION, FIRST_LIMIT, APPLIES = FIRST_LIMIT + 5, TABLE };

static void check_limits(const struct wq_csv_row *line, enum wq_water water)
{
	const struct wq_standard_row *row = wq_standard_find(
	        &wq_gb3838, line->fields[CODE].text, water, false);

	assert_non_null(row);
	assert_int_equal(row->water, water);
	assert_string_equal(row->code, line->fields[CODE].text);
	for (int class_ = 1; class_ <= 5; class_++) {
		const char *text = line->fields[FIRST_LIMIT + class_ - 1].text;
		double limit = -1;

		if (strcmp(text, "6-9") == 0) {
			assert_int_equal(row->direction, WQ_WITHIN);
			assert_true(row->limit[class_] == 6 && row->high == 9);
			continue;
		}
		assert_int_equal(wq_value_parse(text, &limit, NULL), WQ_OK);
		assert_true(row->limit[class_] == limit);
		assert_int_equal(row->direction,
		        strcmp(line->fields[DIRECTION].text, "min") == 0 ? WQ_AT_LEAST
		                                                         : WQ_AT_MOST);
	}
}

/* Table 2: one limit, in the column of Class III. */
static void check_single(const struct wq_csv_row *line)
{
	for (int water = 0; water < WQ_WATERS; water++) {
		const struct wq_standard_row *row = wq_standard_find(
		        &wq_gb3838, line->fields[CODE].text, (enum wq_water)water, true);
		double limit = -1;

		assert_non_null(row);
		assert_int_equal(
		        wq_value_parse(line->fields[FIRST_LIMIT + 2].text, &limit, NULL), WQ_OK);
		assert_true(row->source && row->single && row->limit[3] == limit);
	}
}

static void check_line(const struct wq_csv_row *line)
{
	const char *applies = line->fields[APPLIES].text;
	struct wq_decimal factor = { 0, 0 };
	int parameter =
	        wq_parameter_find(wq_parameters, wq_parameter_count, line->fields[CODE].text);

	assert_true(parameter >= 0);
	assert_int_equal(
	        wq_unit_factor(&wq_parameters[parameter], line->fields[UNIT].text, &factor, NULL),
	        WQ_OK);
	assert_true(factor.digits == 1 && factor.places == 0);
	if (line->fields[FIRST_LIMIT].text[0] == '\0') { /* no classes: temperature, table 2 */
		assert_null(wq_standard_find(
		        &wq_gb3838, line->fields[CODE].text, WQ_RIVER, false));
		if (line->fields[FIRST_LIMIT + 2].text[0] != '\0')
			check_single(line);
		return;
	}
	if (strcmp(applies, "lake") != 0)
		check_limits(line, WQ_RIVER);
	if (strcmp(applies, "river") != 0)
		check_limits(line, WQ_LAKE);
}

static void the_limits_are_those_of_the_table(void **state)
{
	const char *shared = getenv("WQ_SHARED");
	char path[4096];
	struct wq_csv_row line;
	struct wq_err err;
	struct wq_csv *csv;
	size_t lines = 0;
	FILE *file;

	(void)state;
	snprintf(path, sizeof(path), "%s/tables/gb3838.csv", shared == NULL ? "" : shared);
	file = fopen(path, "re");
	if (file == NULL) {
		print_message("SKIPPED: %s is absent; the limits were not compared\n", path);
		skip();
	}
	csv = wq_csv_open(file, path, NULL, 0, &wq_zone_china, false, &err);
	assert_non_null(csv);
	while (wq_csv_next(csv, &line, &err) == 1) {
		check_line(&line);
		lines++;
	}
	assert_int_equal(lines, 30);
	wq_csv_close(csv);
	fclose(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_limits_are_those_of_the_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
