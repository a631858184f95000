/* SPDX-License-Identifier: Apache-2.0 */
/* Between decimals and binary numbers: every way in gives the double nearest to the decimal meant.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "seed.h"
#include "wq/decimal.h"
#include "wq/err.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define assert_double(a, b) assert_memory_equal(&(double){ a }, &(double){ b }, sizeof(double))

static struct wq_decimal random_decimal(struct seed *seed, int digits)
{
	int64_t below = 1;

	for (int i = (int)seed_below(seed, digits) + 1; i > 0; i--)
		below *= 10;
	return (struct wq_decimal){ 1 + seed_below(seed, below - 1), (int)seed_below(seed, 19) };
}

static void a_decimal_of_fifteen_digits_survives_being_a_double(void **state)
{
	struct seed seed = seed_new();

	(void)state;
	for (int i = 0; i < 200000; i++) {
		struct wq_decimal d = random_decimal(&seed, 15), back = { -1, -1 };

		if (i % 2 == 0)
			d.digits = -d.digits;
		assert_true(wq_decimal_from_double(wq_decimal_to_double(d), &back));
		assert_int_equal(wq_decimal_compare(d, back), 0);
		assert_true(back.places == 0 || back.digits % 10 != 0); /* shortest */
	}
}

static void the_double_is_the_nearest(void **state)
{
	struct seed seed = seed_new();

	(void)state;
	for (int i = 0; i < 100000; i++) {
		struct wq_decimal d = random_decimal(&seed, 18);
		char buf[WQ_DECIMAL_TEXT];
		double value = 0;

		wq_decimal_format(d, buf);
		assert_double(wq_decimal_to_double(d), strtod(buf, NULL));
		assert_int_equal(wq_value_parse(buf, &value, NULL), WQ_OK);
		assert_double(value, strtod(buf, NULL));
	}
}

static void any_double_that_has_a_decimal_comes_back(void **state)
{
	struct seed seed = seed_new();
	int found = 0;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		double value = ldexp((double)seed_next(&seed), (int)seed_below(&seed, 60) - 70);
		struct wq_decimal d;

		if (!wq_decimal_from_double(value, &d))
			continue;
		found++;
		assert_double(wq_decimal_to_double(d), value);
	}
	assert_true(found > 1000);
}

static void shortest_is_shortest(void **state)
{
	static const struct {
		double value;
		struct wq_decimal d;
	} rows[] = {
		{ 0.2, { 2, 1 } },
		{ 0.1 + 0.2, { 30000000000000004, 17 } },
		{ 0.0, { 0, 0 } },
		{ -0.0, { 0, 0 } },
		{ 1e17, { 100000000000000000, 0 } },
		{ 1e-18, { 1, 18 } },
		{ 6.3e-6, { 63, 7 } },
		{ -12.5, { -125, 1 } },
		{ 9007199254740993.0, { 9007199254740992, 0 } },
		{ 123456.789012345, { 123456789012345, 9 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct wq_decimal d = { -1, -1 };

		assert_true(wq_decimal_from_double(rows[i].value, &d));
		assert_int_equal(d.digits, rows[i].d.digits);
		assert_int_equal(d.places, rows[i].d.places);
	}
}

static void what_has_no_decimal_has_none(void **state)
{
	static const double values[] = { (double)NAN, (double)INFINITY, -(double)INFINITY, 1e18,
		DBL_MAX, DBL_MIN, 1e-19, 1.0 / 3e5 };

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		struct wq_decimal d = { 42, 7 };

		assert_false(wq_decimal_from_double(values[i], &d));
		assert_int_equal(d.digits, 42);
	}
}

static void long_texts_still_are_values(void **state)
{
	static const char *const texts[] = { "0.0030000000000000005",
		"3.3333333333333333333333333e-6", "1e-30", "123456789012345678901234567890",
		"0.1000000000000000055511151231257827021181583404541015625", "1e25", "-1e-400",
		"0.20000000000000000000001" };
	double value = 42;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(wq_value_parse(texts[i], &value, NULL), WQ_OK);
		assert_double(value, strtod(texts[i], NULL));
	}
	value = 42;
	assert_int_equal(wq_value_parse("1e999", &value, NULL), WQ_E_INVALID);
	assert_int_equal(wq_value_parse("nan", &value, NULL), WQ_E_INVALID);
	assert_int_equal(wq_value_parse("0x1p3", &value, NULL), WQ_E_INVALID);
	assert_int_equal(wq_value_parse("", &value, NULL), WQ_E_INVALID);
	assert_double(value, 42);
}

static void values_are_written_short(void **state)
{
	char buf[WQ_DECIMAL_TEXT];

	(void)state;
	assert_string_equal(wq_value_format(0.2, buf), "0.2");
	assert_string_equal(wq_value_format(12.5, buf), "12.5");
	assert_string_equal(wq_value_format(-3, buf), "-3");
	assert_string_equal(wq_value_format((double)NAN, buf), "");
	assert_string_equal(wq_value_format(1e20, buf), "1e+20");
	assert_string_equal(wq_value_format((double)INFINITY, buf), "inf");
}

/* What the shortest decimal is, by trying: fewest digits that read back. */
static double float32_by_text(float raw)
{
	char text[48];

	for (int digits = 0; digits < 9; digits++) {
		snprintf(text, sizeof(text), "%.*e", digits, (double)raw);
		if (strtof(text, NULL) == raw)
			break;
	}
	return strtod(text, NULL);
}

static void a_float32_becomes_its_shortest_decimal(void **state)
{
	struct seed seed = seed_new();

	(void)state;
	for (int i = 0; i < 300000; i++) {
		uint32_t bits = (uint32_t)seed_next(&seed);
		float raw;

		if (i % 2 == 0) /* the range that instruments send: 2^-17 … 2^24 */
			bits = (bits & 0x807FFFFFU) | (uint32_t)(110 + seed_below(&seed, 42)) << 23;
		memcpy(&raw, &bits, sizeof(raw));
		if (isfinite(raw))
			assert_double(wq_value_from_float32(raw), float32_by_text(raw));
	}
}

static void a_decimal_of_six_digits_survives_being_a_float32(void **state)
{
	struct seed seed = seed_new();

	(void)state;
	for (int i = 0; i < 200000; i++) {
		struct wq_decimal d = { seed_below(&seed, 1000000), (int)seed_below(&seed, 9) };
		double value = wq_decimal_to_double(d);

		assert_double(wq_value_from_float32((float)value), value);
	}
}

static void what_a_float32_cannot_say_is_passed_on(void **state)
{
	(void)state;
	assert_true(isnan(wq_value_from_float32(NAN)));
	assert_true(isinf(wq_value_from_float32(INFINITY)));
	assert_true(wq_value_from_float32(-INFINITY) < 0);
	assert_double(wq_value_from_float32(0.0f), 0.0);
	assert_double(wq_value_from_float32(0.2f), 0.2);
	assert_double(wq_value_from_float32(-0.2f), -0.2);
	assert_double(wq_value_from_float32(FLT_MAX), 3.4028235e38);
	assert_double(wq_value_from_float32(1e-45f), 1e-45);
}

static void scaled_integers_are_exact(void **state)
{
	static const struct {
		int64_t raw;
		struct wq_decimal scale, offset;
		double value;
	} rows[] = {
		{ 200, { 1, 3 }, { 0, 0 }, 0.2 },
		{ 7, { 1, 1 }, { 0, 0 }, 0.7 },
		{ 3, { 1, 1 }, { 0, 0 }, 0.3 },
		{ 1234, { 1, 2 }, { -4, 1 }, 11.94 },
		{ -55, { 1, 1 }, { 0, 0 }, -5.5 },
		{ 4000, { 125, 5 }, { -40, 0 }, -35 },
		{ INT64_MAX, { 0, 0 }, { 5, 0 }, 5 },
		{ 999999999999999999, { 1, 18 }, { 0, 0 }, 0.999999999999999999 },
		{ INT64_C(5000000000000000000), { 2, 18 }, { 0, 0 }, 10 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		double value = 42;

		assert_int_equal(wq_value_from_scaled(
		                         rows[i].raw, rows[i].scale, rows[i].offset, &value, NULL),
		        WQ_OK);
		assert_double(value, rows[i].value);
	}
}

static void scaled_integers_that_do_not_fit_are_refused(void **state)
{
	static const struct {
		int64_t raw;
		struct wq_decimal scale, offset;
	} rows[] = {
		{ INT64_MAX, { 1, 0 }, { 0, 0 } },
		{ INT64_MIN, { 999999999999999999, 0 }, { 0, 0 } },
		{ INT64_MAX, { 999999999999999999, 0 }, { 1, 18 } },
		{ 123456789, { 123456789012, 12 }, { 0, 0 } },
		{ 1000, { 1, 0 }, { 1, 18 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		double value = 42;

		assert_int_equal(wq_value_from_scaled(
		                         rows[i].raw, rows[i].scale, rows[i].offset, &value, NULL),
		        WQ_E_INVALID);
		assert_double(value, 42);
	}
}

/* A register of thousandths is compared with a limit of thousandths. */
static void scaled_integers_equal_their_text(void **state)
{
	struct seed seed = seed_new();

	(void)state;
	for (int i = 0; i < 100000; i++) {
		int places = (int)seed_below(&seed, 7);
		int64_t raw = seed_below(&seed, 1 << 20) - (1 << 19);
		char buf[WQ_DECIMAL_TEXT];
		double value = 42;

		wq_decimal_format((struct wq_decimal){ raw, places }, buf);
		assert_int_equal(wq_value_from_scaled(raw, (struct wq_decimal){ 1, places },
		                         (struct wq_decimal){ 0, 0 }, &value, NULL),
		        WQ_OK);
		assert_true(value == strtod(buf, NULL));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_decimal_of_fifteen_digits_survives_being_a_double),
		cmocka_unit_test(the_double_is_the_nearest),
		cmocka_unit_test(any_double_that_has_a_decimal_comes_back),
		cmocka_unit_test(shortest_is_shortest),
		cmocka_unit_test(what_has_no_decimal_has_none),
		cmocka_unit_test(long_texts_still_are_values),
		cmocka_unit_test(values_are_written_short),
		cmocka_unit_test(a_float32_becomes_its_shortest_decimal),
		cmocka_unit_test(a_decimal_of_six_digits_survives_being_a_float32),
		cmocka_unit_test(what_a_float32_cannot_say_is_passed_on),
		cmocka_unit_test(scaled_integers_are_exact),
		cmocka_unit_test(scaled_integers_that_do_not_fit_are_refused),
		cmocka_unit_test(scaled_integers_equal_their_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
