/* SPDX-License-Identifier: Apache-2.0 */
/* Means over spans of time, in memory of fixed size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "points.h"

static struct points points;

static void add(int hour, double value)
{
	points_add(&points, 4, WQ_HOURS(hour), value, NAN);
}

static void values_of_one_span_are_averaged(void **state)
{
	(void)state;
	memset(&points, 0, sizeof points);
	add(1, 0.1);
	add(1, 0.2);
	add(1, 0.3);
	add(2, 0.3);
	add(2, 0.2);
	add(2, 0.1);
	assert_int_equal(points.count, 2);
	assert_true(point_mean(&points.point[0]) == 0.2);
	assert_true(point_mean(&points.point[1]) == 0.2); /* tied, though added in another order */
}

static void the_oldest_span_goes_and_what_is_older_stays_out(void **state)
{
	(void)state;
	memset(&points, 0, sizeof points);
	for (int hour = 10; hour < 15; hour++)
		add(hour, hour);
	assert_int_equal(points.count, 4);
	add(9, 9);
	assert_int_equal(points.count, 4);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(points.point[i].at, WQ_HOURS(11 + i));
		assert_true(point_mean(&points.point[i]) == 11 + i);
	}
}

static void a_span_between_others_finds_its_place(void **state)
{
	static const int order[] = { 5, 1, 3, 9, 7 };

	(void)state;
	memset(&points, 0, sizeof points);
	for (int i = 0; i < 5; i++)
		add(order[i], order[i]);
	assert_int_equal(points.count, 4);
	for (int i = 0; i < 4; i++)
		assert_int_equal(points.point[i].at, WQ_HOURS(3 + 2 * i));
}

static void a_revision_takes_the_old_value_out_exactly(void **state)
{
	(void)state;
	memset(&points, 0, sizeof points);
	add(1, 1e17);
	points_add(&points, 4, WQ_HOURS(1), 0.123, 1e17);
	assert_true(point_mean(&points.point[0]) == 0.123);
	add(1, 0.2);
	points_add(&points, 4, WQ_HOURS(1), 0.4, 0.2);
	assert_int_equal(points.point[0].count, 2);
	assert_true(fabs(point_mean(&points.point[0]) - 0.2615) < 1e-12);
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
		cmocka_unit_test(values_of_one_span_are_averaged),
		cmocka_unit_test(the_oldest_span_goes_and_what_is_older_stays_out),
		cmocka_unit_test(a_span_between_others_finds_its_place),
		cmocka_unit_test(a_revision_takes_the_old_value_out_exactly),
		cmocka_unit_test(spans_begin_at_local_midnight),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
