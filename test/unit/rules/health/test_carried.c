/* SPDX-License-Identifier: Apache-2.0 */
/* Values that are only carried forward, and those that merely stand still for a while. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "carried.h"

#include "wq/health.h"

#define BEGIN ((wq_ms)1772640000000)

static void an_analyser_polled_more_often_is_recognised(void **state)
{
	static const struct {
		wq_ms poll, cycle;
	} table[] = { { WQ_HOURS(1), WQ_HOURS(4) }, { WQ_MINUTES(5), WQ_HOURS(4) }, { WQ_MINUTES(1), WQ_HOURS(1) },
		{ WQ_HOURS(1), WQ_HOURS(2) }, { WQ_MINUTES(10), WQ_HOURS(24) } };

	(void)state;
	srand(1);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct carried c = { 0 };
		double value = 1;

		for (wq_ms t = 0; t < 19 * table[i].cycle; t += table[i].poll) {
			if (t % table[i].cycle == 0 && t > 0)
				value += 1 + rand() % 7;
			if (t <= 10 * table[i].cycle)
				assert_int_equal(carried_cycle(&c), 0);
			carried_next(&c, BEGIN + t + rand() % 3000, value);
		}
		assert_int_equal(carried_cycle(&c), table[i].cycle);
	}
}

static void an_analysis_that_gives_the_same_twice_is_no_matter(void **state)
{
	struct carried c = { 0 };

	(void)state;
	srand(2);
	for (int t = 0; t < 40 * 4; t++)
		carried_next(&c, BEGIN + WQ_HOURS(t), t / 4 % 3 == 2 ? t / 4 - 1 : t / 4);
	assert_int_equal(carried_cycle(&c), WQ_HOURS(4));
}

/* A probe near its resolution stands still for a while and moves when it likes. */
static void what_moves_when_it_likes_is_not_carried(void **state)
{
	size_t taken = 0;

	(void)state;
	for (unsigned seed = 0; seed < 2000; seed++) {
		struct carried c = { 0 };
		double value = 0;
		bool ever = false;

		srand(seed);
		for (int t = 0; t < 300; t++) {
			value += rand() % 4 == 0 ? 0.1 : 0;
			carried_next(&c, BEGIN + WQ_MINUTES(t), value);
			ever |= carried_cycle(&c) > 0;
		}
		taken += ever;
	}
	assert_int_equal(taken, 0);
}

static void what_is_measured_each_time_is_not_carried(void **state)
{
	struct carried c = { 0 };

	(void)state;
	for (int t = 0; t < 200; t++)
		carried_next(&c, BEGIN + WQ_HOURS(t), t);
	assert_int_equal(carried_cycle(&c), 0);
}

/* Standard Methods 4500-O has 14.62, 11.29, 9.09 and 7.56 mg/L at 0, 10, 20 and 30 degrees. */
static void oxygen_saturates_as_the_table_says(void **state)
{
	static const double table[][2] = { { 0, 14.62 }, { 10, 11.29 }, { 20, 9.09 }, { 30, 7.56 } };

	(void)state;
	for (size_t i = 0; i < 4; i++)
		assert_true(fabs(wq_oxygen_soluble(table[i][0]) - table[i][1]) < 0.006);
	assert_true(isnan(wq_oxygen_soluble(-1)));
	assert_true(isnan(wq_oxygen_soluble(41)));
	assert_true(isnan(wq_oxygen_soluble(NAN)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_analyser_polled_more_often_is_recognised),
		cmocka_unit_test(an_analysis_that_gives_the_same_twice_is_no_matter),
		cmocka_unit_test(what_moves_when_it_likes_is_not_carried),
		cmocka_unit_test(what_is_measured_each_time_is_not_carried),
		cmocka_unit_test(oxygen_saturates_as_the_table_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
