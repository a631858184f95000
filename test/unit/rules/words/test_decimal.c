/* SPDX-License-Identifier: Apache-2.0 */
/* Decimals: text, order, and rounding by GB/T 8170-2008. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "seed.h"
#include "wq/decimal.h"
#include "wq/err.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct wq_decimal decimal(const char *text)
{
	struct wq_decimal d = { -1, -1 };

	assert_int_equal(wq_decimal_parse(text, &d, NULL), WQ_OK);
	return d;
}

static void texts_are_read(void **state)
{
	static const struct {
		const char *text;
		struct wq_decimal d;
	} rows[] = {
		{ "0.2", { 2, 1 } },
		{ "0.20", { 20, 2 } },
		{ "-3", { -3, 0 } },
		{ "+3", { 3, 0 } },
		{ "6.3E-06", { 63, 7 } },
		{ "1.25e1", { 125, 1 } },
		{ "1e3", { 1000, 0 } },
		{ ".5", { 5, 1 } },
		{ "5.", { 5, 0 } },
		{ "000.1", { 1, 1 } },
		{ "0", { 0, 0 } },
		{ "-0.0", { 0, 1 } },
		{ "0e9999999999", { 0, 0 } },
		{ "0.000000000000000001", { 1, 18 } },
		{ "1.0e-18", { 1, 18 } },
		{ "999999999999999999", { 999999999999999999, 0 } },
		{ "0.999999999999999999", { 999999999999999999, 18 } },
		{ "0.12345678901234567800000", { 123456789012345678, 18 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct wq_decimal d = decimal(rows[i].text);

		assert_int_equal(d.digits, rows[i].d.digits);
		assert_int_equal(d.places, rows[i].d.places);
	}
}

static void what_is_no_decimal_is_refused_and_changes_nothing(void **state)
{
	static const char *const texts[] = { "", " ", "-", ".", "+.", "1,5", "1 ", " 1", "1.2.3",
		"0x10", "nan", "NaN", "inf", "-Infinity", "1e", "1e+", "e5", "--", "*", "1f", "１",
		"1e5.0", "1234567890123456789", "0.1234567890123456789", "1e18", "1e-19",
		"0.0000000000000000001", "1e99999999999999999999" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct wq_decimal d = { 42, 7 };

		assert_int_equal(wq_decimal_parse(texts[i], &d, NULL), WQ_E_INVALID);
		assert_int_equal(d.digits, 42);
		assert_int_equal(d.places, 7);
	}
}

static void decimals_are_written_with_their_places(void **state)
{
	char buf[WQ_DECIMAL_TEXT];

	(void)state;
	assert_string_equal(wq_decimal_format((struct wq_decimal){ 20, 2 }, buf), "0.20");
	assert_string_equal(wq_decimal_format((struct wq_decimal){ -5, 3 }, buf), "-0.005");
	assert_string_equal(wq_decimal_format((struct wq_decimal){ -12345, 2 }, buf), "-123.45");
	assert_string_equal(wq_decimal_format((struct wq_decimal){ 7, 0 }, buf), "7");
	assert_string_equal(wq_decimal_format((struct wq_decimal){ INT64_MIN, 18 }, buf),
	        "-9.223372036854775808");
}

static void what_is_written_is_read_back(void **state)
{
	struct seed seed = seed_new();

	(void)state;
	for (int i = 0; i < 50000; i++) {
		int64_t below = (int64_t)pow(10, (double)(1 + seed_below(&seed, 18)));
		struct wq_decimal d = { seed_below(&seed, below), (int)seed_below(&seed, 19) },
		                  back;
		char buf[WQ_DECIMAL_TEXT];

		if (seed_next(&seed) % 2 == 0)
			d.digits = -d.digits;
		back = decimal(wq_decimal_format(d, buf));
		assert_int_equal(wq_decimal_compare(d, back), 0);
		assert_int_equal(back.digits, d.digits);
		assert_int_equal(back.places, d.places);
	}
}

static void order_is_that_of_the_numbers(void **state)
{
	(void)state;
	assert_int_equal(wq_decimal_compare(decimal("0.2"), decimal("0.200")), 0);
	assert_true(wq_decimal_compare(decimal("0.2"), decimal("0.2000000001")) < 0);
	assert_true(wq_decimal_compare(decimal("-1"), decimal("-0.999999999999999999")) < 0);
	assert_true(wq_decimal_compare(
	                    decimal("999999999999999999"), decimal("0.000000000000000001")) > 0);
	assert_true(wq_decimal_compare((struct wq_decimal){ INT64_MAX, 0 },
	                    (struct wq_decimal){ INT64_MIN, 18 }) > 0);
}

/* The order of doubles is the order of their decimals: what comparisons with limits rest on. */
static void doubles_of_decimals_keep_their_order(void **state)
{
	struct seed seed = seed_new();

	(void)state;
	for (int i = 0; i < 100000; i++) {
		struct wq_decimal a = { seed_below(&seed, 1000000), (int)seed_below(&seed, 7) };
		struct wq_decimal b = { seed_below(&seed, 1000000), (int)seed_below(&seed, 7) };
		double x = wq_decimal_to_double(a), y = wq_decimal_to_double(b);

		if (i % 4 == 0) { /* equal ones are rare by chance */
			b = (struct wq_decimal){ a.digits * 10, a.places + 1 };
			y = wq_decimal_to_double(b);
		}
		assert_int_equal((x > y) - (x < y), wq_decimal_compare(a, b));
	}
}

static void rounding_is_half_to_even_once(void **state)
{
	static const struct {
		const char *text;
		int places;
		const char *rounded;
	} rows[] = {
		/* below, above and at the half */
		{ "12.1498", 1, "12.1" },
		{ "12.1498", 0, "12" },
		{ "10.502", 0, "11" },
		{ "1.050", 1, "1.0" },
		{ "0.350", 1, "0.4" },
		{ "0.325", 2, "0.32" },
		{ "0.315", 2, "0.32" },
		{ "2.5", 0, "2" },
		{ "3.5", 0, "4" },
		{ "0.5", 0, "0" },
		{ "1.5", 0, "2" },
		{ "2.50000000000000001", 0, "3" },
		{ "-2.5", 0, "-2" },
		{ "-3.5", 0, "-4" },
		{ "-0.325", 2, "-0.32" },
		/* once, not digit by digit: 15.4546 would climb to 16 */
		{ "15.4546", 0, "15" },
		{ "0.2449", 1, "0.2" },
		/* carries */
		{ "9.99", 1, "10.0" },
		{ "0.999999999999999999", 0, "1" },
		{ "9.5", 0, "10" },
		/* not fewer places than asked for, and no new ones */
		{ "0.2", 3, "0.2" },
		{ "7", 2, "7" },
	};
	char buf[WQ_DECIMAL_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(
		        wq_decimal_format(
		                wq_decimal_round(decimal(rows[i].text), rows[i].places), buf),
		        rows[i].rounded);
}

static void one_significant_digit_is_kept_where_nothing_would_be_left(void **state)
{
	static const struct {
		const char *text;
		int places;
		const char *rounded;
	} rows[] = {
		{ "0.00046", 3, "0.0005" },
		{ "0.0006", 3, "0.001" },
		{ "0.0005", 3, "0.0005" },  /* a tie to zero: keeps its digit */
		{ "0.00045", 3, "0.0004" }, /* a tie at the kept digit */
		{ "0.00035", 3, "0.0004" },
		{ "0.000096", 3, "0.0001" },
		{ "0.00095", 2, "0.001" },
		{ "0.4", 0, "0.4" },
		{ "0.04999", 1, "0.05" },
		{ "0.6", 0, "1" },
		{ "-0.00046", 3, "-0.0005" },
		{ "0.000000000000000001", 3, "0.000000000000000001" },
		{ "0", 3, "0" },
		{ "0.000", 3, "0" },
		{ "0.0", 0, "0" },
		{ "4.95", 1, "5.0" },
		{ "6.04", 1, "6.0" },
		{ "9.4", 0, "9" },
		{ "6.3E-06", 3, "0.000006" },
	};
	char buf[WQ_DECIMAL_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(
		        wq_decimal_format(
		                wq_decimal_evaluate(decimal(rows[i].text), rows[i].places), buf),
		        rows[i].rounded);
}

/* Texts longer than a decimal holds, too: what lies behind decides what looks like a tie. */
static void a_text_is_rounded_once_from_all_its_digits(void **state)
{
	static const struct {
		const char *text;
		int places;
		const char *shown;
	} rows[] = {
		{ "7.2", 2, "7.20" },
		{ "7", 2, "7.00" },
		{ "7.205", 2, "7.20" },
		{ "7.215", 2, "7.22" },
		{ "7.2050000000000000000000000001", 2, "7.21" },
		{ "7.2049999999999999999999999999", 2, "7.20" },
		{ "0.0032500000000000000000", 4, "0.0032" },
		{ "0.00325000000000000000000000001", 4, "0.0033" },
		{ "0.00046", 3, "0.0005" },
		{ "0.0006", 3, "0.001" },
		{ "0.00049999999999999999999999", 3, "0.0005" },
		{ "0", 3, "0" },
		{ "0.000", 3, "0" },
		{ "-0.0004", 3, "-0.0004" },
		{ "-7.2", 2, "-7.20" },
		{ "6.3E-06", 3, "0.000006" },
		{ "6.3E-06", -1, "0.0000063" },
		{ "7.2", -1, "7.2" },
		{ "1.5e3", 1, "1500.0" },
		{ "8.5", 0, "8" },
		{ "9.5", 0, "10" },
	};
	char buf[WQ_DECIMAL_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct wq_decimal d;

		assert_int_equal(
		        wq_decimal_parse_evaluate(rows[i].text, rows[i].places, &d, NULL), WQ_OK);
		assert_string_equal(wq_decimal_show(d, rows[i].places, buf), rows[i].shown);
	}
}

static void a_text_that_cannot_be_rounded_is_refused_and_changes_nothing(void **state)
{
	static const char *const texts[] = { "", "abc", "<0.01", "--", "NaN", "1e30", "1e-30",
		"123456789012345678901234.5", "1.2.3", "1 " };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct wq_decimal d = { 42, 1 };

		assert_int_equal(wq_decimal_parse_evaluate(texts[i], 3, &d, NULL), WQ_E_INVALID);
		assert_int_equal(d.digits, 42);
	}
}

/* The same as rounding the decimal, wherever it is one. */
static void rounding_a_text_is_rounding_its_decimal(void **state)
{
	struct seed seed = seed_new();

	(void)state;
	for (int i = 0; i < 50000; i++) {
		struct wq_decimal d = { seed_below(&seed, 2000000000) - 1000000000,
			(int)seed_below(&seed, 10) };
		const int places = (int)seed_below(&seed, 6);
		char text[WQ_DECIMAL_TEXT], a[WQ_DECIMAL_TEXT], b[WQ_DECIMAL_TEXT];
		struct wq_decimal r;

		if (i % 2 == 0)
			d.digits = d.digits / 100 * 100 + 50;
		assert_int_equal(wq_decimal_parse_evaluate(
		                         wq_decimal_format(d, text), places, &r, NULL),
		        WQ_OK);
		assert_string_equal(wq_decimal_show(r, places, a),
		        wq_decimal_show(wq_decimal_evaluate(d, places), places, b));
	}
}

/* Against the definition: no candidate with these places is nearer, and at a tie the even one
 * stands. */
static void a_rounded_decimal_is_the_nearest(void **state)
{
	struct seed seed = seed_new();

	(void)state;
	for (int i = 0; i < 100000; i++) {
		struct wq_decimal d = { seed_below(&seed, 2000000000) - 1000000000, 9 };
		int places = (int)seed_below(&seed, 9);
		struct wq_decimal r;
		int64_t unit = 1, distance;

		if (i % 2 == 0) /* ties are rare by chance */
			d.digits = d.digits / 1000 * 1000 + 500;
		r = wq_decimal_round(d, places);
		for (int k = places; k < 9; k++)
			unit *= 10;
		distance = 2 * llabs(d.digits - r.digits * unit);
		assert_int_equal(r.places, places);
		assert_true(distance < unit || (distance == unit && r.digits % 2 == 0));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_read),
		cmocka_unit_test(what_is_no_decimal_is_refused_and_changes_nothing),
		cmocka_unit_test(decimals_are_written_with_their_places),
		cmocka_unit_test(what_is_written_is_read_back),
		cmocka_unit_test(order_is_that_of_the_numbers),
		cmocka_unit_test(doubles_of_decimals_keep_their_order),
		cmocka_unit_test(rounding_is_half_to_even_once),
		cmocka_unit_test(one_significant_digit_is_kept_where_nothing_would_be_left),
		cmocka_unit_test(a_text_is_rounded_once_from_all_its_digits),
		cmocka_unit_test(a_text_that_cannot_be_rounded_is_refused_and_changes_nothing),
		cmocka_unit_test(rounding_a_text_is_rounding_its_decimal),
		cmocka_unit_test(a_rounded_decimal_is_the_nearest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
