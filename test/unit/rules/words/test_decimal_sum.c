/* SPDX-License-Identifier: Apache-2.0 */
/* Exact sums and means. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "seed.h"
#include "wq/decimal.h"

#include <math.h>
#include <stdlib.h>

static struct wq_decimal_sum sum_of(const double *values, int count)
{
	struct wq_decimal_sum sum = { 0 };

	for (int i = 0; i < count; i++)
		wq_decimal_sum_add(&sum, values[i]);
	return sum;
}

static void means_are_rounded_from_the_exact_quotient(void **state)
{
	static const struct {
		double values[6];
		int count, places;
		const char *mean;
	} rows[] = {
		/* In binary 0.1 + 0.7 + … drifts; here a tie stays a tie. */
		{ { 6.0, 6.1 }, 2, 1, "6.0" },
		{ { 6.1, 6.2 }, 2, 1, "6.2" },
		{ { 0.1, 0.2, 0.3, 0.4 }, 4, 1, "0.2" },
		{ { 0.115, 0.114 }, 2, 3, "0.114" },
		{ { 0.2, 0.2, 0.2 }, 3, 3, "0.200" },
		{ { 4.9, 5.0 }, 2, 1, "5.0" },
		{ { 4.94, 4.95 }, 2, 1, "4.9" },
		{ { 1, 1, 0 }, 3, 2, "0.67" },
		{ { 0.0004, 0.00052 }, 2, 3, "0.0005" },
		{ { 0.0001, 0.0001, 0.0002 }, 3, 3, "0.0001" },
		{ { 0.00095, 0.00095 }, 2, 2, "0.001" },
		{ { 0, 0 }, 2, 3, "0" },
		{ { -0.5, -1.0 }, 2, 1, "-0.8" },
		{ { 7.5, -7.5 }, 2, 1, "0" },
		{ { 1, 2 }, 2, 0, "2" },
	};
	char buf[WQ_DECIMAL_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct wq_decimal_sum sum = sum_of(rows[i].values, rows[i].count);

		assert_false(sum.inexact);
		assert_string_equal(
		        wq_decimal_format(wq_decimal_sum_evaluate(&sum, rows[i].places), buf),
		        rows[i].mean);
	}
}

static void what_is_removed_leaves_no_trace(void **state)
{
	struct seed seed = seed_new();
	struct wq_decimal_sum sum = { 0 };
	double window[16];

	(void)state;
	for (int i = 0; i < 100000; i++) {
		struct wq_decimal_sum fresh;

		if (i >= 16)
			wq_decimal_sum_remove(&sum, window[i % 16]);
		window[i % 16] = wq_decimal_to_double((struct wq_decimal){
		        seed_below(&seed, 1000000), (int)seed_below(&seed, 9) });
		wq_decimal_sum_add(&sum, window[i % 16]);
		if (i % 1000 != 999)
			continue;
		fresh = sum_of(window, 16);
		assert_true(fresh.nano == sum.nano && fresh.count == sum.count);
	}
	for (int i = 0; i < 16; i++)
		wq_decimal_sum_remove(&sum, window[i]);
	assert_true(sum.nano == 0 && sum.count == 0 && !sum.inexact);
}

static void the_mean_of_one_value_is_that_value(void **state)
{
	struct seed seed = seed_new();

	(void)state;
	for (int i = 0; i < 50000; i++) {
		double value = wq_decimal_to_double((struct wq_decimal){
		        seed_below(&seed, 1000000000000000), (int)seed_below(&seed, 10) });
		struct wq_decimal_sum sum = sum_of(&value, 1);

		assert_true(wq_decimal_sum_mean(&sum) == value);
		wq_decimal_sum_add(&sum, value);
		wq_decimal_sum_add(&sum, value);
		assert_true(wq_decimal_sum_mean(&sum) == value);
	}
}

/* Evaluating the sum is evaluating the quotient: where the mean has few digits, both must agree. */
static void both_ways_to_evaluate_agree(void **state)
{
	struct seed seed = seed_new();

	(void)state;
	for (int i = 0; i < 50000; i++) {
		int places = (int)seed_below(&seed, 6);
		struct wq_decimal_sum sum = { 0 };
		struct wq_decimal mean, once, whole;

		for (int k = 0; k < 4; k++)
			wq_decimal_sum_add(&sum,
			        wq_decimal_to_double(
			                (struct wq_decimal){ seed_below(&seed, 20000), 6 }));
		assert_true(wq_decimal_from_double(wq_decimal_sum_mean(&sum), &mean));
		once = wq_decimal_evaluate(mean, places);
		whole = wq_decimal_sum_evaluate(&sum, places);
		assert_int_equal(wq_decimal_compare(once, whole), 0);
	}
}

static void large_sums_hold(void **state)
{
	struct wq_decimal_sum sum = { 0 };
	double value = wq_decimal_to_double((struct wq_decimal){ 999999999999999, 0 });

	(void)state;
	for (int i = 0; i < 1000000; i++)
		wq_decimal_sum_add(&sum, value);
	assert_true(wq_decimal_sum_mean(&sum) == value);
	assert_int_equal(wq_decimal_sum_evaluate(&sum, 2).digits, 99999999999999900);
	wq_decimal_sum_add(&sum, 1);
	assert_true(wq_decimal_sum_mean(&sum) < value);
}

static void fine_values_make_a_sum_inexact(void **state)
{
	struct wq_decimal_sum sum = { 0 };

	(void)state;
	wq_decimal_sum_add(&sum, 0.123456789);
	assert_false(sum.inexact);
	wq_decimal_sum_add(&sum, 0.1234567895);
	assert_true(sum.inexact);
	assert_true(sum.nano == 123456789 + 123456790); /* half to even */
	wq_decimal_sum_add(&sum, 1.0 / 3e5);
	assert_true(sum.nano == 123456789 + 123456790 + 3333);
}

static void what_is_no_number_counts_as_nothing_but_is_told(void **state)
{
	struct wq_decimal_sum sum = { 0 };

	(void)state;
	wq_decimal_sum_add(&sum, (double)NAN);
	wq_decimal_sum_add(&sum, (double)INFINITY);
	wq_decimal_sum_add(&sum, 1e300);
	assert_true(sum.inexact && sum.nano == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(means_are_rounded_from_the_exact_quotient),
		cmocka_unit_test(what_is_removed_leaves_no_trace),
		cmocka_unit_test(the_mean_of_one_value_is_that_value),
		cmocka_unit_test(both_ways_to_evaluate_agree),
		cmocka_unit_test(large_sums_hold),
		cmocka_unit_test(fine_values_make_a_sum_inexact),
		cmocka_unit_test(what_is_no_number_counts_as_nothing_but_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
