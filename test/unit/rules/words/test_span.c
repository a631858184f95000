/* SPDX-License-Identifier: Apache-2.0 */
/* Spans carry their unit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wq/err.h"
#include "wq/instant.h"

static void spans_are_read_and_written(void **state)
{
	static const struct {
		const char *text;
		wq_ms span;
		const char *written;
	} rows[] = {
		{ "0", 0, "0" },
		{ "0s", 0, "0" },
		{ "500ms", 500, "500ms" },
		{ "1000ms", 1000, "1s" },
		{ "30s", 30000, "30s" },
		{ "90s", 90000, "90s" },
		{ "5m", 300000, "5m" },
		{ "60m", 3600000, "1h" },
		{ "4h", 14400000, "4h" },
		{ "48h", 172800000, "2d" },
		{ "36500d", WQ_DAYS(36500), "36500d" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char buf[WQ_INSTANT_TEXT];
		wq_ms span = -1;

		assert_int_equal(wq_span_parse(rows[i].text, &span, NULL), WQ_OK);
		assert_int_equal(span, rows[i].span);
		assert_string_equal(wq_span_format(span, buf), rows[i].written);
	}
}

static void what_is_no_span_is_refused_and_changes_nothing(void **state)
{
	static const char *const texts[] = { "", "5", "s", "-5s", "+5s", " 5s", "5 s", "5S", "5min",
		"1.5h", "1h30m", "00", "36501d", "99999999999999999999999d",
		"9223372036854775807ms", "5s " };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		wq_ms span = 42;

		assert_int_equal(wq_span_parse(texts[i], &span, NULL), WQ_E_INVALID);
		assert_int_equal(span, 42);
	}
}

static void odd_spans_are_written_too(void **state)
{
	char buf[WQ_INSTANT_TEXT];

	(void)state;
	assert_string_equal(wq_span_format(-WQ_HOURS(4), buf), "-4h");
	assert_string_equal(wq_span_format(1001, buf), "1001ms");
	assert_string_equal(wq_span_format(WQ_NO_TIME, buf), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spans_are_read_and_written),
		cmocka_unit_test(what_is_no_span_is_refused_and_changes_nothing),
		cmocka_unit_test(odd_spans_are_written_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
