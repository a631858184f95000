/* SPDX-License-Identifier: Apache-2.0 */
/* Classes at, above and below every limit, as the value comes from instruments. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wq/decimal.h"
#include "wq/err.h"
#include "wq/parameter.h"
#include "wq/standard.h"

#include <math.h>
#include <string.h>

static const enum wq_water waters[] = { WQ_RIVER, WQ_LAKE };

static const struct wq_standard_row *find(const char *code, enum wq_water water)
{
	return wq_standard_find(&wq_gb3838, code, water, false);
}

/* Calls `check` for every limit of every parameter and water. WQ_WITHIN has its low end as an
 * AT_LEAST limit and its high end as an AT_MOST limit. */
static void each_limit(
        void (*check)(const struct wq_standard_row *row, int class_, double limit, bool most))
{
	int checked = 0;

	for (size_t i = 0; i < wq_parameter_count; i++) {
		for (size_t w = 0; w < 2; w++) {
			const struct wq_standard_row *row =
			        wq_standard_find(
			        &wq_gb3838, wq_parameters[i].code, waters[w], true);

			for (int class_ = 1; row != NULL && class_ <= 5; class_++, checked++) {
				check(row, class_, row->limit[class_],
				        row->direction == WQ_AT_MOST);
				if (row->direction == WQ_WITHIN)
					check(row, class_, row->high, true);
			}
		}
	}
	assert_int_equal(checked, (27 + 28) * 5);
}

static void check_float32(const struct wq_standard_row *row, int class_, double limit, bool most)
{
	float at = (float)limit, beyond = nextafterf(at, most ? INFINITY : -INFINITY);

	assert_false(wq_standard_exceeds(row, class_, wq_value_from_float32(at)));
	assert_true(wq_standard_exceeds(row, class_, wq_value_from_float32(beyond)));
	if (row->single)
		return;
	assert_true(wq_standard_class(row, wq_value_from_float32(at)) <= class_);
	assert_true(wq_standard_class(row, wq_value_from_float32(beyond)) > class_);
}

static void a_float32_at_the_limit_meets_it_and_the_next_one_exceeds(void **state)
{
	(void)state;
	each_limit(check_float32);
}

static double scaled(int64_t raw, int places)
{
	double value = (double)NAN;

	assert_int_equal(wq_value_from_scaled(raw, (struct wq_decimal){ 1, places },
	                         (struct wq_decimal){ 0, 0 }, &value, NULL),
	        WQ_OK);
	return value;
}

static void check_scaled(const struct wq_standard_row *row, int class_, double limit, bool most)
{
	struct wq_decimal d;
	int64_t raw;

	assert_true(wq_decimal_from_double(limit, &d));
	raw = d.digits;
	for (int places = d.places; places < d.places + 4; places++, raw *= 10) {
		assert_false(wq_standard_exceeds(row, class_, scaled(raw, places)));
		assert_true(
		        wq_standard_exceeds(row, class_, scaled(raw + (most ? 1 : -1), places)));
	}
}

static void a_scaled_integer_at_the_limit_meets_it_and_the_next_count_exceeds(void **state)
{
	(void)state;
	each_limit(check_scaled);
}

static void text_at_the_limit_meets_it(void **state)
{
	const struct wq_standard_row *tp = find("w21011", WQ_RIVER);
	double value = (double)NAN;

	(void)state;
	/* The trap: the float32 nearest to 0.2 is larger than the double nearest to 0.2. */
	assert_true((double)0.2f > 0.2);
	assert_int_equal(wq_value_parse("0.2", &value, NULL), WQ_OK);
	assert_int_equal(wq_standard_class(tp, value), 3);
	assert_int_equal(wq_value_parse("0.2000000000000001", &value, NULL), WQ_OK);
	assert_int_equal(wq_standard_class(tp, value), 4);
}

static void classes_of_the_evaluated_items(void **state)
{
	static const struct {
		const char *code;
		enum wq_water water;
		double value;
		int class_;
	} rows[] = {
		{ "w21011", WQ_RIVER, 0.02, 1 },
		{ "w21011", WQ_RIVER, 0.021, 2 },
		{ "w21011", WQ_RIVER, 0.2, 3 },
		{ "w21011", WQ_RIVER, 0.201, 4 },
		{ "w21011", WQ_RIVER, 0.4, 5 },
		{ "w21011", WQ_RIVER, 0.401, 6 },
		{ "w21011", WQ_LAKE, 0.05, 3 },
		{ "w21011", WQ_LAKE, 0.051, 4 },
		{ "w21011", WQ_LAKE, 0.201, 6 },
		{ "w01009", WQ_RIVER, 7.5, 1 },
		{ "w01009", WQ_RIVER, 7.49, 2 },
		{ "w01009", WQ_RIVER, 5, 3 },
		{ "w01009", WQ_RIVER, 2, 5 },
		{ "w01009", WQ_RIVER, 1.99, 6 },
		{ "w01009", WQ_RIVER, 0, 6 },
		{ "w01001", WQ_RIVER, 6, 1 },
		{ "w01001", WQ_RIVER, 9, 1 },
		{ "w01001", WQ_RIVER, 9.01, 6 },
		{ "w01001", WQ_RIVER, 5.99, 6 },
		{ "w01019", WQ_RIVER, 6, 3 },
		{ "w01019", WQ_RIVER, 6.04, 4 },
		{ "w21003", WQ_RIVER, 0.15, 1 },
		{ "w21003", WQ_RIVER, 1, 3 },
		{ "w21003", WQ_RIVER, 2.001, 6 },
		{ "w21001", WQ_LAKE, 1.2, 4 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(wq_standard_class(find(rows[i].code, rows[i].water), rows[i].value),
		        rows[i].class_);
}

static void items_without_class_limits_have_no_row(void **state)
{
	(void)state;
	assert_null(find("w01010", WQ_RIVER)); /* temperature */
	assert_null(find("w21001", WQ_RIVER)); /* total nitrogen of rivers */
	assert_non_null(find("w21001", WQ_LAKE));
	assert_null(find("w01014", WQ_RIVER));
	assert_null(find("w21038", WQ_RIVER)); /* table 2: no classes */
	assert_null(find("", WQ_LAKE));
}

static void supplementary_items_hold_at_sources_only_and_have_no_class(void **state)
{
	static const struct {
		const char *code;
		double limit;
	} rows[] = { { "w21038", 250 }, { "w21022", 250 }, { "w21007", 10 }, { "w20125", 0.3 },
		{ "w20124", 0.1 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (size_t w = 0; w < 2; w++) {
			const struct wq_standard_row *row =
			        wq_standard_find(&wq_gb3838, rows[i].code, waters[w], true);

			assert_null(find(rows[i].code, waters[w]));
			assert_non_null(row);
			assert_true(row->single && row->source && !row->evaluated);
			for (int class_ = 1; class_ <= 5; class_++)
				assert_true(row->limit[class_] == rows[i].limit);
			assert_int_equal(wq_standard_class(row, rows[i].limit), WQ_CLASS_NONE);
			assert_int_equal(wq_standard_class(row, rows[i].limit * 9), WQ_CLASS_NONE);
			assert_true(wq_standard_exceedance(row, 3, rows[i].limit * 2) == 1);
		}
	}
}

static void evaluated_items_have_bits_in_the_order_of_their_codes(void **state)
{
	(void)state;
	assert_int_equal(wq_gb3838.evaluated_count, WQ_EVALUATED);
	for (unsigned i = 0; i < WQ_EVALUATED; i++)
		assert_int_equal(wq_standard_bit(&wq_gb3838, wq_evaluated_codes[i]), 1U << i);
	assert_int_equal(wq_standard_bit(&wq_gb3838, "w21001"), 0);
	assert_int_equal(wq_standard_bit(&wq_gb3838, ""), 0);
}

static void an_item_that_another_standard_evaluates_counts_where_it_is_evaluated(void **state)
{
	static const char *const codes[] = { "w21011", "w21001" };
	static const struct wq_standard_row river[] = {
		{ "w21011", WQ_RIVER, WQ_AT_MOST, { 0, 0.02, 0.1, 0.2, 0.3, 0.4 }, 0, true, false, false },
		{ "w21001", WQ_RIVER, WQ_AT_MOST, { 0, 9, 9, 9, 9, 9 }, 0, false, false, false },
	};
	static const struct wq_standard_row lake[] = {
		{ "w21001", WQ_LAKE, WQ_AT_MOST, { 0, 0.2, 0.5, 1, 1.5, 2 }, 0, true, false, false },
	};
	static const struct wq_standard own = { .name = "own",
		.version = "1",
		.evaluated_count = 2,
		.evaluated = codes,
		.waters = { { 2, river }, { 1, lake } } };
	static const double values[] = { 0.05, 1.4 };
	unsigned items;

	(void)state;
	assert_int_equal(wq_standard_section(&own, WQ_RIVER, values, &items), 2);
	assert_int_equal(items, 1U << 0);
	assert_int_equal(wq_standard_section(&own, WQ_LAKE, values, &items), 4);
	assert_int_equal(items, 1U << 1);
}

static void a_section_has_the_class_of_its_worst_item(void **state)
{
	static const struct {
		double values[WQ_EVALUATED]; /* pH DO CODMn NH3-N TP */
		int river, lake;
		unsigned river_items;
	} rows[] = {
		{ { 7, 8, 2, 0.15, 0.02 }, 1, 2, 0 },
		{ { 7, 8, 2, 0.15, 0.1 }, 2, 4, 1U << 4 },
		{ { 7, 5, 6, 1, 0.2 }, 3, 5, 1U << 1 | 1U << 2 | 1U << 3 | 1U << 4 },
		{ { 7, 5, 6, 1, 0.21 }, 4, 6, 1U << 4 },
		{ { 9.5, 8, 2, 0.1, 0.01 }, 6, 6, 1U << 0 },
		{ { (double)NAN, (double)NAN, (double)NAN, (double)NAN, 0.3 }, 4, 6, 1U << 4 },
		{ { 7, (double)NAN, 5, (double)NAN, 0.01 }, 3, 3, 1U << 2 },
	};
	double none[WQ_EVALUATED];
	unsigned items = 42;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(
		        wq_standard_section(&wq_gb3838, WQ_RIVER, rows[i].values, &items), rows[i].river);
		assert_int_equal(items, rows[i].river_items);
		assert_int_equal(wq_standard_section(&wq_gb3838, WQ_LAKE, rows[i].values, NULL), rows[i].lake);
	}
	for (size_t i = 0; i < WQ_EVALUATED; i++)
		none[i] = (double)NAN;
	assert_int_equal(wq_standard_section(&wq_gb3838, WQ_RIVER, none, &items), WQ_CLASS_NONE);
	assert_int_equal(items, 0);
}

static void multiples_are_exact_quotients(void **state)
{
	static const struct {
		const char *code;
		int class_;
		double value, multiple;
	} rows[] = {
		{ "w21011", 3, 0.263,
		        0.315 }, /* a tie at two places; in binary 0.31500000000000017 */
		{ "w21011", 3, 0.3, 0.5 },
		{ "w21011", 3, 0.201, 0.005 },
		{ "w01019", 3, 6.6, 0.1 },
		{ "w21003", 3, 2.35, 1.35 },
		{ "w21011", 2, 0.2, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct wq_standard_row *row = find(rows[i].code, WQ_RIVER);

		assert_true(wq_standard_exceedance(row, rows[i].class_, rows[i].value) ==
		        rows[i].multiple);
	}
}

static void items_that_meet_or_have_no_multiple_have_none(void **state)
{
	(void)state;
	assert_true(isnan(wq_standard_exceedance(find("w21011", WQ_RIVER), 3, 0.2)));
	assert_true(isnan(wq_standard_exceedance(find("w01001", WQ_RIVER), 3, 11)));
	assert_true(isnan(wq_standard_exceedance(find("w01009", WQ_RIVER), 3, 1)));
}

static void classes_have_names(void **state)
{
	(void)state;
	assert_string_equal(wq_class_name(0), "");
	assert_string_equal(wq_class_name(1), "Ⅰ");
	assert_string_equal(wq_class_name(5), "Ⅴ");
	assert_string_equal(wq_class_name(6), "劣Ⅴ");
	assert_string_equal(wq_class_name(7), "");
	assert_string_equal(wq_class_name(-1), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_float32_at_the_limit_meets_it_and_the_next_one_exceeds),
		cmocka_unit_test(a_scaled_integer_at_the_limit_meets_it_and_the_next_count_exceeds),
		cmocka_unit_test(text_at_the_limit_meets_it),
		cmocka_unit_test(classes_of_the_evaluated_items),
		cmocka_unit_test(items_without_class_limits_have_no_row),
		cmocka_unit_test(supplementary_items_hold_at_sources_only_and_have_no_class),
		cmocka_unit_test(evaluated_items_have_bits_in_the_order_of_their_codes),
		cmocka_unit_test(an_item_that_another_standard_evaluates_counts_where_it_is_evaluated),
		cmocka_unit_test(a_section_has_the_class_of_its_worst_item),
		cmocka_unit_test(multiples_are_exact_quotients),
		cmocka_unit_test(items_that_meet_or_have_no_multiple_have_none),
		cmocka_unit_test(classes_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
