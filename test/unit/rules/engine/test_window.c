/* SPDX-License-Identifier: Apache-2.0 */
/* The window against a naive model, on random readings in random order. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOM  16
#define STEPS 20000

static unsigned seed = 20260305;

static unsigned draw(unsigned below)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % below;
}

static void it_holds_the_newest_readings_in_order(void **state)
{
	struct wq_reading readings[ROOM];
	struct track track = { .readings = readings, .room = ROOM };
	double newest_value[1024];
	bool known[1024] = { false };
	(void)state;
	print_message("seed %u\n", seed);
	for (int step = 0; step < STEPS; step++) {
		unsigned at = draw(1024);
		struct wq_reading r = { .at = (wq_ms)at, .value = draw(3) };
		const struct wq_reading *where;
		double replaced;
		enum placed placed = window_put(&track, &r, &replaced, &where);
		if (placed == PLACED_TOO_OLD) {
			assert_int_equal(track.count, ROOM);
			assert_true(readings[0].at > r.at);
			assert_null(where);
			continue;
		}
		assert_ptr_not_equal(where, NULL);
		assert_int_equal(where->at, r.at);
		if (placed == PLACED_CHANGED)
			assert_true(known[at] && newest_value[at] == replaced && replaced != r.value);
		known[at] = true;
		newest_value[at] = r.value;
		for (size_t i = 1; i < track.count; i++)
			assert_true(readings[i - 1].at < readings[i].at);
		for (size_t i = 0; i < track.count; i++)
			assert_true(newest_value[readings[i].at] == readings[i].value);
		if (draw(50) == 0) {
			double old;
			wq_ms gone = readings[draw(track.count)].at;
			assert_true(window_remove(&track, gone, &old));
			assert_true(old == newest_value[gone]);
			assert_false(window_remove(&track, gone, &old));
			known[gone] = false;
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(it_holds_the_newest_readings_in_order) };
	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
