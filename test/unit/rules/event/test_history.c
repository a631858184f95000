/* SPDX-License-Identifier: Apache-2.0 */
/* Median and spread of what counts, against sorting all of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "history.h"
#include "seed.h"

static int ascending(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median_of(double *x, size_t n)
{
	qsort(x, n, sizeof *x, ascending);
	return (x[(n - 1) / 2] + x[n / 2]) / 2;
}

/* The same by definition; the lower of two middle deviations, as the history has it. */
static void by_definition(const double *kept, size_t n, double *median, double *spread)
{
	double x[64], d[64];

	memcpy(x, kept, n * sizeof *x);
	*median = median_of(x, n);
	for (size_t i = 0; i < n; i++)
		d[i] = fabs(kept[i] - *median);
	qsort(d, n, sizeof *d, ascending);
	*spread = 1.4826 * d[(n - 1) / 2];
}

static void it_is_what_sorting_says(void **state)
{
	struct seed seed = seed_new();

	(void)state;
	for (int round = 0; round < 300; round++) {
		const size_t length = 1 + (size_t)seed_below(&seed, 40), lag = (size_t)seed_below(&seed, 8);
		struct history *h = calloc(1, history_size(length, lag));
		double all[400], kept[400], median, spread, m, s;
		size_t n = 0, counted = 0;

		history_open(h, length, lag);
		while (n < 200) {
			const bool frozen = seed_below(&seed, 5) == 0;

			all[n++] = (double)seed_below(&seed, 30);
			history_add(h, all[n - 1], frozen);
			if (n > lag && !frozen)
				kept[counted++] = all[n - 1 - lag];
			if (seed_below(&seed, 60) == 0) {
				history_forget(h);
				counted = 0;
			}
			assert_int_equal(history_usual(h, 1, &median, &spread), counted > 0);
			if (counted == 0)
				continue;
			const size_t used = counted < length ? counted : length;

			by_definition(kept + counted - used, used, &m, &s);
			assert_true(median == m && spread == s);
			assert_false(history_usual(h, used + 1, &median, &spread));
		}
		free(h);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_what_sorting_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
