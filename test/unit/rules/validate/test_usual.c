/* SPDX-License-Identifier: Apache-2.0 */
/* The moving median against the one of all its numbers, sorted. */
#include "usual.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static int ascending(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void the_median_is_that_of_the_newest(void **state)
{
	(void)state;
	for (size_t room = 1; room < 40; room++) {
		struct usual *usual = calloc(1, usual_size(room));
		double all[300], sorted[40];

		srand((unsigned)room);
		for (size_t n = 1; n <= 300; n++) {
			const size_t in = n < room ? n : room;

			all[n - 1] = rand() % 50;
			usual_add(usual, room, all[n - 1]);
			for (size_t i = 0; i < in; i++)
				sorted[i] = all[n - in + i];
			qsort(sorted, in, sizeof *sorted, ascending);
			assert_int_equal(usual->count, in);
			assert_true(usual_median(usual, room) == (sorted[(in - 1) / 2] + sorted[in / 2]) / 2);
		}
		free(usual);
	}
}

int main(void)
{
	const struct CMUnitTest all[] = { cmocka_unit_test(the_median_is_that_of_the_newest) };

	return cmocka_run_group_tests(all, NULL, NULL);
}
