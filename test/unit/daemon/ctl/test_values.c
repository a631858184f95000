/* SPDX-License-Identifier: Apache-2.0 */
/* The short form of series in tests of rules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ctl/testrules/values.h"

#include "wq/decimal.h"
#include "wq/err.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Cells as a text again. */
static void tell(const struct readings_cell *cells, int count, char *text, size_t size)
{
	char number[WQ_DECIMAL_TEXT];

	text[0] = '\0';
	for (int i = 0; i < count; i++)
		snprintf(text + strlen(text), size - strlen(text), "%s%s", i > 0 ? " " : "",
		        cells[i].state == WQ_CELL_VALUE ? wq_value_format(cells[i].value, number)
		                : cells[i].state == WQ_CELL_MISSING ? "_"
		                                                    : "*");
}

static void each_form_gives_its_values(void **state)
{
	static const struct {
		const char *text, *values;
	} rows[] = {
		{ "0.1", "0.1" },
		{ " 0.1  0.12x3 0.3 _ * ", "0.1 0.12 0.12 0.12 0.3 _ *" },
		{ "_x2 *x3", "_ _ * * *" },
		{ "0.1+0.02x4", "0.1 0.12 0.14 0.16" },
		{ "1-0.1x3", "1 0.9 0.8" },
		{ "-2+1x4", "-2 -1 0 1" },
		{ "0.7+0.1x3", "0.7 0.8 0.9" }, /* in decimal: not 0.7999999999999999 */
		{ "6.3e-06 1e-3+1e-3x2", "0.0000063 0.001 0.002" },
		{ "0.080x1", "0.08" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct readings_cell cells[16];
		char text[256];
		struct wq_err err = { .text = "" };
		const int count = values_parse(rows[i].text, NULL, &err);

		if (count < 0)
			fail_msg("%s: %s", rows[i].text, err.text);
		assert_int_equal(values_parse(rows[i].text, cells, &err), count);
		tell(cells, count, text, sizeof text);
		assert_string_equal(text, rows[i].values);
	}
}

static void what_is_none_is_told(void **state)
{
	static const char *const rows[] = { "", "  ", "x3", "0.1x", "0.1x0", "0.1x-1", "0.1x1.5",
		"0.1+0.1", "0.1+x3", "0.1,0.2", "__", "**", "_+1x3", "nan", "0y10", "1e400", "much",
		"0.1x9999999", "0.1x100001", "0.1x99999 0.2x2",
		"0.1111111111111111111111111111111111111111111111111111111111111111111111111" };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct wq_err err = { .code = 0 };

		if (values_parse(rows[i], NULL, &err) != WQ_E_INVALID)
			fail_msg("'%s' was taken", rows[i]);
		assert_int_equal(err.code, WQ_E_INVALID);
	}
}

static void as_many_as_are_allowed_are_taken(void **state)
{
	(void)state;
	assert_int_equal(values_parse("0.1x99999 0.2", NULL, NULL), VALUES_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_form_gives_its_values),
		cmocka_unit_test(what_is_none_is_told),
		cmocka_unit_test(as_many_as_are_allowed_are_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
