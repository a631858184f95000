/* SPDX-License-Identifier: Apache-2.0 */
/* Quantiles learnt as numbers come, against those of all numbers sorted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#include "learn.h"

#define COUNT 20000

static double numbers[COUNT];

static int by_size(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double uniform(void)
{
	return (rand() + .5) / ((double)RAND_MAX + 1);
}

static double normal(void)
{
	return sqrt(-2 * log(uniform())) * cos(6.283185307179586 * uniform());
}

/* Whether an estimate lies between the sorted numbers of half and of twice the share of the tail. */
static void expect_tail(size_t count, double estimate, double tail, int upper)
{
	const double near = 2 * tail * (double)count, far = tail / 2 * (double)count - 1;
	const size_t inner = (size_t)fmin(near, (double)count - 1), outer = (size_t)fmax(far, 0);

	assert_true(upper ? estimate >= numbers[count - 1 - inner] && estimate <= numbers[count - 1 - outer]
			  : estimate <= numbers[inner] && estimate >= numbers[outer]);
}

static void the_tails_are_those_of_all_numbers_sorted(void **state)
{
	(void)state;
	for (unsigned seed = 0; seed < 20; seed++) {
		struct learn_values v = { .count = 0 };

		srand(seed);
		for (size_t i = 0; i < COUNT; i++) {
			numbers[i] = seed % 2 ? normal() : exp(normal());
			learn_value(&v, numbers[i]);
		}
		qsort(numbers, COUNT, sizeof *numbers, by_size);
		expect_tail(COUNT, learn_value_quantile(&v, 0), .001, 0);
		expect_tail(COUNT, learn_value_quantile(&v, 1), .01, 0);
		expect_tail(COUNT, learn_value_quantile(&v, 2), .01, 1);
		expect_tail(COUNT, learn_value_quantile(&v, 3), .001, 1);
	}
}

static void of_changes_likewise(void **state)
{
	struct learn_rates r = { .count = 0 };

	(void)state;
	srand(3);
	for (size_t i = 0; i < COUNT; i++) {
		numbers[i] = fabs(normal());
		learn_rate(&r, numbers[i]);
	}
	qsort(numbers, COUNT, sizeof *numbers, by_size);
	expect_tail(COUNT, learn_rate_quantile(&r, 0), .01, 1);
	expect_tail(COUNT, learn_rate_quantile(&r, 1), .001, 1);
}

/* A month of readings every four hours: within all that was seen, and in order, whatever comes. */
static void of_few_numbers_the_ends_bound_them(void **state)
{
	(void)state;
	for (unsigned seed = 0; seed < 200; seed++) {
		struct learn_values v = { .count = 0 };
		double low = INFINITY, high = -INFINITY;

		srand(seed);
		for (size_t i = 0; i < 180; i++) {
			const double x = seed % 3 == 0 ? round(normal() * 2) : seed % 3 == 1 ? 7 : normal();

			low = fmin(low, x);
			high = fmax(high, x);
			learn_value(&v, x);
			if (i < 10)
				assert_true(isnan(learn_value_quantile(&v, 0)));
			else
				for (size_t q = 0; q < LEARN_VALUES; q++) {
					assert_true(learn_value_quantile(&v, q) >= low && learn_value_quantile(&v, q) <= high);
					assert_true(q == 0 || learn_value_quantile(&v, q) >= learn_value_quantile(&v, q - 1));
				}
		}
	}
}

static void what_is_no_number_teaches_nothing(void **state)
{
	struct learn_values v = { .count = 0 };

	(void)state;
	learn_value(&v, NAN);
	learn_value(&v, INFINITY);
	assert_int_equal(v.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_tails_are_those_of_all_numbers_sorted),
		cmocka_unit_test(of_changes_likewise),
		cmocka_unit_test(of_few_numbers_the_ends_bound_them),
		cmocka_unit_test(what_is_no_number_teaches_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
