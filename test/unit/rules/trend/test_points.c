/* SPDX-License-Identifier: Apache-2.0 */
/* Medians over spans of time, in memory of fixed size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "points.h"

#define ROOM 4

/* As a rule has it: the spans lie behind. */
static union {
	struct points points;
	unsigned char memory[sizeof(struct points) + ROOM * sizeof(struct point)];
} of;
#define points of.points

static void begin(void)
{
	memset(&of, 0, sizeof of);
	assert_int_equal(points_size(ROOM), sizeof of.memory);
}

static void add(int hour, double value)
{
	points_add(&points, ROOM, WQ_HOURS(hour), value, NAN);
}

static void a_span_is_the_median_of_its_values(void **state)
{
	(void)state;
	begin();
	add(1, 0.3);
	assert_true(point_median(&points.point[0]) == 0.3);
	add(1, 0.1);
	assert_true(point_median(&points.point[0]) == 0.2); /* not 0.19999999999999998 */
	add(1, 99);
	assert_true(point_median(&points.point[0]) == 0.3); /* an outlier is one of three */
	add(2, 99);
	add(2, 0.1);
	add(2, 0.3);
	assert_int_equal(points.count, 2);
	assert_true(point_median(&points.point[1]) == 0.3); /* tied, though added in another order */
}

/* Of a few it is exact in any order; of many those that are kept are spread over all of them. */
static void of_many_values_some_are_kept_all_over_the_span(void **state)
{
	(void)state;
	for (uint32_t n = 1; n <= 3000; n += n < 70 ? 1 : 97) {
		const struct point *point = &points.point[0];
		double step;

		begin();
		for (uint32_t i = 0; i < n; i++)
			add(1, i);
		step = point->kept > 1 ? point->value[1] - point->value[0] : 1;
		assert_int_equal(point->came, n);
		assert_true(point->kept <= POINT_VALUES && (n <= POINT_VALUES ? point->kept == n : point->kept > POINT_VALUES / 2));
		for (size_t i = 0; i < point->kept; i++)
			assert_true(point->value[i] == step * (double)i);
		assert_true(n - 1 - point->value[point->kept - 1] < step); /* and none at the end is missing */
		assert_true(fabs(point_median(&points.point[0]) - (n - 1) / 2.) <= step / 2);
	}
}

static void the_oldest_span_goes_and_what_is_older_stays_out(void **state)
{
	(void)state;
	begin();
	for (int hour = 10; hour < 15; hour++)
		add(hour, hour);
	assert_int_equal(points.count, 4);
	add(9, 9);
	assert_int_equal(points.count, 4);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(points.point[i].at, WQ_HOURS(11 + i));
		assert_true(point_median(&points.point[i]) == 11 + i);
	}
}

static void a_span_between_others_finds_its_place(void **state)
{
	static const int order[] = { 5, 1, 3, 9, 7 };

	(void)state;
	begin();
	for (int i = 0; i < 5; i++)
		add(order[i], order[i]);
	assert_int_equal(points.count, 4);
	for (int i = 0; i < 4; i++)
		assert_int_equal(points.point[i].at, WQ_HOURS(3 + 2 * i));
}

static void a_revision_takes_the_old_value_out_exactly(void **state)
{
	(void)state;
	begin();
	add(1, 1e17);
	points_add(&points, ROOM, WQ_HOURS(1), 0.123, 1e17);
	assert_true(point_median(&points.point[0]) == 0.123);
	add(1, 0.2);
	points_add(&points, ROOM, WQ_HOURS(1), 0.4, 0.2);
	assert_int_equal(points.point[0].came, 2);
	assert_true(point_median(&points.point[0]) == 0.2615);
	points_add(&points, ROOM, WQ_HOURS(1), 7, 6); /* one that is not kept: what it was changed nothing */
	assert_true(point_median(&points.point[0]) == 0.2615);
}

static void spans_begin_at_local_midnight(void **state)
{
	const wq_ms midnight = wq_day_start(&wq_zone_china, 18953), day = WQ_DAYS(1);

	(void)state;
	assert_int_equal(points_middle(&wq_zone_china, day, midnight), midnight + day / 2);
	assert_int_equal(
	        points_middle(&wq_zone_china, day, midnight + day - 1), midnight + day / 2);
	assert_int_equal(points_middle(&wq_zone_china, day, midnight - 1), midnight - day / 2);
	assert_int_equal(points_middle(&wq_zone_china, WQ_HOURS(4), midnight + WQ_HOURS(5)),
	        midnight + WQ_HOURS(6));
	assert_int_equal(points_middle(&wq_zone_china, WQ_HOURS(1), -WQ_MINUTES(1)),
	        -WQ_MINUTES(30)); /* before 1970 too */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_span_is_the_median_of_its_values),
		cmocka_unit_test(of_many_values_some_are_kept_all_over_the_span),
		cmocka_unit_test(the_oldest_span_goes_and_what_is_older_stays_out),
		cmocka_unit_test(a_span_between_others_finds_its_place),
		cmocka_unit_test(a_revision_takes_the_old_value_out_exactly),
		cmocka_unit_test(spans_begin_at_local_midnight),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
