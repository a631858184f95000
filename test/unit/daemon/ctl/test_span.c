/* SPDX-License-Identifier: Apache-2.0 */
/* A range with holes is read but for the holes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "span.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define SIZE 300

/* Register i holds 7 × i; a read that touches a hole is refused with its code. */
struct device {
	uint8_t holes[SIZE];
	int reads, dies_at;
	uint16_t longest;
};

static int read_device(void *owner, uint16_t address, uint16_t count, uint16_t *registers,
        struct wq_err *err)
{
	struct device *d = owner;

	(void)err;
	if (++d->reads == d->dies_at)
		return -5;
	if (count > d->longest)
		d->longest = count;
	for (uint16_t i = 0; i < count; i++)
		if (d->holes[address + i] != 0)
			return d->holes[address + i];
	for (uint16_t i = 0; i < count; i++)
		registers[i] = (uint16_t)(7 * (address + i));
	return 0;
}

static void without_holes_it_is_read_in_blocks(void **state)
{
	struct device d = { .dies_at = -1 };
	uint16_t registers[SIZE];
	uint8_t codes[SIZE];

	(void)state;
	assert_int_equal(span_take(read_device, &d, 0, 300, 125, registers, codes, NULL), 3);
	assert_int_equal(d.longest, 125);
	for (size_t i = 0; i < 300; i++)
		assert_true(codes[i] == 0 && registers[i] == 7 * i);
}

static void a_hole_hides_nothing_else(void **state)
{
	unsigned short seed[3] = { 3, 1, 4 };

	(void)state;
	for (int round = 0; round < 500; round++) {
		struct device d = { .dies_at = -1 };
		uint16_t registers[SIZE];
		uint8_t codes[SIZE];
		const size_t first = (size_t)nrand48(seed) % 100, count = 1 + (size_t)nrand48(seed) % 200;
		int r;

		for (int i = round % 40; i > 0; i--)
			d.holes[nrand48(seed) % SIZE] = 2;
		r = span_take(read_device, &d, (uint16_t)first, count, 50, registers, codes, NULL);
		assert_int_equal(r, d.reads);
		assert_true((size_t)r <= 2 * count);
		for (size_t i = 0; i < count; i++) {
			assert_int_equal(codes[i], d.holes[first + i]);
			if (codes[i] == 0)
				assert_int_equal(registers[i], 7 * (first + i));
		}
	}
}

static void one_bad_address_costs_a_few_requests(void **state)
{
	struct device d = { .holes[77] = 2, .dies_at = -1 };
	uint16_t registers[SIZE];
	uint8_t codes[SIZE];

	(void)state;
	assert_in_range(span_take(read_device, &d, 0, 125, 125, registers, codes, NULL), 1, 15);
}

static void what_no_address_causes_is_not_halved(void **state)
{
	struct device d = { .holes[7] = 6, .dies_at = -1 };
	uint16_t registers[SIZE];
	uint8_t codes[SIZE];

	(void)state;
	assert_int_equal(span_take(read_device, &d, 0, 10, 125, registers, codes, NULL), 1);
	for (size_t i = 0; i < 10; i++)
		assert_int_equal(codes[i], 6);
}

static void a_device_that_falls_silent_ends_it(void **state)
{
	struct device d = { .holes[7] = 2, .dies_at = 4 };
	uint16_t registers[SIZE];
	uint8_t codes[SIZE];

	(void)state;
	assert_int_equal(span_take(read_device, &d, 0, 100, 125, registers, codes, NULL), -5);
	assert_int_equal(d.reads, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_holes_it_is_read_in_blocks),
		cmocka_unit_test(a_hole_hides_nothing_else),
		cmocka_unit_test(one_bad_address_costs_a_few_requests),
		cmocka_unit_test(what_no_address_causes_is_not_halved),
		cmocka_unit_test(a_device_that_falls_silent_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
