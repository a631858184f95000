/* SPDX-License-Identifier: Apache-2.0 */
/* Planning of reads: examples, and what must hold of any plan. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "plan.h"

#include "wq/err.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define AT(unit, area, first, count, time, time_count)                                             \
	{                                                                                          \
		.unit_id = unit, .table = area, .address = first, .registers = count,              \
		.time_address = time, .time_registers = time_count                                 \
	}

static struct plan planned(
        const struct plan_point *points, size_t count, uint32_t block, uint32_t gap)
{
	struct plan plan;

	assert_int_equal(plan_open(&plan, points, count, block, gap, NULL, NULL), 0);
	return plan;
}

static void assert_block(
        const struct plan *plan, size_t i, unsigned address, unsigned registers, bool check)
{
	assert_true(i < plan->block_count);
	assert_int_equal(plan->blocks[i].address, address);
	assert_int_equal(plan->blocks[i].registers, registers);
	assert_int_equal(plan->blocks[i].check, check);
}

static void neighbours_are_read_together(void **state)
{
	static const struct plan_point points[] = { AT(1, 0, 4, 2, 0, 0), AT(1, 0, 0, 2, 0, 0),
		AT(1, 0, 2, 2, 0, 0) };
	struct plan plan = planned(points, 3, 125, 0);

	(void)state;
	assert_int_equal(plan.block_count, 1);
	assert_block(&plan, 0, 0, 6, false);
	assert_int_equal(plan.register_count, 6);
	plan_close(&plan);
}

static void a_hole_parts_blocks_unless_the_gap_allows_it(void **state)
{
	static const struct plan_point points[] = { AT(1, 0, 0, 2, 0, 0), AT(1, 0, 5, 2, 0, 0) };
	struct plan plan = planned(points, 2, 125, 2);

	(void)state;
	assert_int_equal(plan.block_count, 2);
	assert_block(&plan, 0, 0, 2, false);
	assert_block(&plan, 1, 5, 2, false);
	plan_close(&plan);
	plan = planned(points, 2, 125, 3);
	assert_int_equal(plan.block_count, 1);
	assert_block(&plan, 0, 0, 7, false);
	plan_close(&plan);
}

static void devices_and_tables_are_never_mixed(void **state)
{
	static const struct plan_point points[] = { AT(2, 0, 0, 2, 0, 0), AT(1, 1, 2, 2, 0, 0),
		AT(1, 0, 4, 2, 0, 0) };
	struct plan plan = planned(points, 3, 125, 100);

	(void)state;
	assert_int_equal(plan.block_count, 3);
	assert_int_equal(plan.blocks[0].unit_id, 1);
	assert_int_equal(plan.blocks[0].table, 0);
	assert_int_equal(plan.blocks[1].table, 1);
	assert_int_equal(plan.blocks[2].unit_id, 2);
	plan_close(&plan);
}

static void a_value_comes_with_its_time(void **state)
{
	/* Time before the value, after it, and one time that serves two values. */
	static const struct plan_point points[] = { AT(1, 0, 8, 2, 5, 3), AT(1, 0, 20, 2, 22, 2),
		AT(1, 0, 46, 2, 40, 6), AT(1, 0, 48, 2, 40, 6) };
	struct plan plan = planned(points, 4, 125, 0);

	(void)state;
	assert_int_equal(plan.block_count, 3);
	assert_block(&plan, 0, 5, 5, false);
	assert_block(&plan, 1, 20, 4, false);
	assert_block(&plan, 2, 40, 10, false);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(plan.places[i].time_block, plan.places[i].value_block);
	plan_close(&plan);
}

static void a_time_out_of_reach_is_read_before_and_after(void **state)
{
	static const struct plan_point points[] = { AT(1, 0, 200, 2, 0, 6),
		AT(1, 0, 202, 2, 0, 6) };
	struct plan plan = planned(points, 2, 125, 0);

	(void)state;
	assert_int_equal(plan.block_count, 2);
	assert_block(&plan, 0, 200, 4, false);
	assert_block(&plan, 1, 0, 6, true);
	assert_int_equal(plan.register_count, 4 + 2 * 6);
	assert_int_equal(plan.places[0].time_block, 1);
	assert_int_equal(plan.places[1].time_block, 1);
	plan_close(&plan);
}

static void a_full_block_is_not_cut_between_value_and_time(void **state)
{
	/* Fifteen values with their times, ten registers each: 125 would cut the thirteenth in two.
	 */
	struct plan_point points[15];
	struct plan plan;

	(void)state;
	for (size_t i = 0; i < 15; i++)
		points[i] = (struct plan_point)AT(
		        1, 0, (uint16_t)(10 * i), 4, (uint16_t)(10 * i + 4), 6);
	plan = planned(points, 15, 125, 0);
	assert_int_equal(plan.block_count, 2);
	assert_block(&plan, 0, 0, 120, false);
	assert_block(&plan, 1, 120, 30, false);
	plan_close(&plan);
}

static void value_time_and_flag_of_one_analyser_are_one_request(void **state)
{
	/* The national map: time 0x1005, value 0x1008, flag 0x100A, state 0x1083. */
	struct plan_point points[] = { AT(1, 0, 0x1008, 2, 0x1005, 3), AT(2, 0, 0x1008, 2, 0x1005, 3) };
	struct plan plan;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		points[i].flag_address = 0x100A;
		points[i].flag_registers = 6;
		points[i].word_count = 2;
		points[i].word_addresses[0] = 0x1083;
		points[i].word_addresses[1] = 0x1086;
	}
	plan = planned(points, 2, 125, 2);
	assert_int_equal(plan.block_count, 4);
	assert_block(&plan, 0, 0x1005, 11, false);
	assert_block(&plan, 1, 0x1083, 4, false);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(plan.places[i].value_block, 2 * i);
		assert_int_equal(plan.places[i].time_block, 2 * i);
		assert_int_equal(plan.places[i].word_blocks[0], 2 * i + 1);
		assert_int_equal(plan.places[i].word_blocks[1], 2 * i + 1);
		assert_true(plan.places[i].word_blocks[2] == PLAN_NO_BLOCK);
	}
	plan_close(&plan);
}

static void a_full_block_is_not_cut_within_an_analyser(void **state)
{
	/* Each takes 11 registers, 22 of 125 are left when the tenth would begin. */
	struct plan_point points[12];
	struct plan plan;

	(void)state;
	for (size_t i = 0; i < 12; i++) {
		const unsigned at = (unsigned)(11 * i);

		points[i] = (struct plan_point)AT(1, 0, (uint16_t)(at + 3), 2, (uint16_t)at, 3);
		points[i].flag_address = (uint16_t)(at + 5);
		points[i].flag_registers = 6;
	}
	plan = planned(points, 12, 125, 0);
	assert_int_equal(plan.block_count, 2);
	assert_block(&plan, 0, 0, 121, false);
	assert_block(&plan, 1, 121, 11, false);
	plan_close(&plan);
}

static void a_flag_out_of_reach_is_an_error(void **state)
{
	struct plan_point points[] = { AT(1, 0, 0, 2, 0, 0), AT(1, 0, 10, 2, 0, 0) };
	struct wq_err err = { 0 };
	struct plan plan;
	size_t bad = 7;

	(void)state;
	points[1].flag_address = 14;
	points[1].flag_registers = 1;
	assert_int_equal(plan_open(&plan, points, 2, 125, 1, &bad, &err), WQ_E_INVALID);
	assert_int_equal(bad, 1);
	assert_non_null(strstr(err.text, "value at register 10 and its flag at 14"));
	assert_null(plan.blocks);
	plan = planned(points, 2, 125, 2);
	assert_block(&plan, 1, 10, 5, false);
	plan_close(&plan);
	assert_int_equal(plan_open(&plan, points, 2, 4, 2, &bad, &err), WQ_E_INVALID);
}

static void nothing_to_read_is_no_block(void **state)
{
	struct plan plan = planned(NULL, 0, 125, 0);

	(void)state;
	assert_int_equal(plan.block_count, 0);
	plan_close(&plan);
	plan_close(&plan);
}

/* ---- properties ---- */

static bool covers(
        const struct plan_block *b, const struct plan_point *p, unsigned first, unsigned count)
{
	return b->unit_id == p->unit_id && b->table == p->table && first >= b->address &&
	        first + count <= (unsigned)b->address + b->registers;
}

/* No block longer than allowed, no unasked stretch longer than the gap, the buffer laid out without
 * overlap. */
static void assert_blocks_sound(const struct plan *plan, const struct plan_point *points,
        size_t count, uint32_t block, uint32_t gap)
{
	size_t at = 0;

	for (size_t i = 0; i < plan->block_count; i++) {
		const struct plan_block *b = &plan->blocks[i];
		bool asked[125] = { false };
		unsigned hole = 0;

		assert_in_range(b->registers, 1, block);
		assert_int_equal(b->at, at);
		at += b->registers * (b->check ? 2u : 1u);
		for (size_t k = 0; k < count; k++)
			for (unsigned r = 0; r < b->registers; r++) {
				const struct plan_point *p = &points[k];

				if (covers(b, p, b->address + r, 1))
					asked[r] |= (b->address + r - p->address < p->registers) ||
					        (b->address + r - p->time_address <
					                p->time_registers) ||
					        (b->address + r - p->flag_address <
					                p->flag_registers) ||
					        (p->word_count > 0 &&
					                b->address + r == p->word_addresses[0]);
			}
		assert_true(asked[0] && asked[b->registers - 1]);
		for (unsigned r = 0; r < b->registers; r++) {
			hole = asked[r] ? 0 : hole + 1;
			assert_true(hole <= gap);
		}
	}
	assert_int_equal(at, plan->register_count);
}

static void assert_points_covered(
        const struct plan *plan, const struct plan_point *points, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct plan_point *p = &points[i];
		const struct plan_place *place = &plan->places[i];
		size_t covering = 0;

		for (size_t b = 0; b < plan->block_count; b++)
			covering += !plan->blocks[b].check &&
			        covers(&plan->blocks[b], p, p->address, p->registers);
		assert_int_equal(covering, 1);
		assert_true(covers(&plan->blocks[place->value_block], p, p->address, p->registers));
		assert_false(plan->blocks[place->value_block].check);
		if (p->flag_registers > 0)
			assert_true(covers(&plan->blocks[place->value_block], p, p->flag_address,
			        p->flag_registers));
		if (p->word_count > 0)
			assert_true(covers(&plan->blocks[place->word_blocks[0]], p,
			        p->word_addresses[0], 1));
		if (p->time_registers == 0) {
			assert_true(place->time_block == PLAN_NO_BLOCK);
			continue;
		}
		assert_true(covers(
		        &plan->blocks[place->time_block], p, p->time_address, p->time_registers));
		assert_true(plan->blocks[place->time_block].check ||
		        place->time_block == place->value_block);
	}
}

/* Points that do not overlap, in random order, with random holes. */
static size_t random_points(struct plan_point *points, size_t cap, unsigned short seed[3])
{
	size_t count = 1 + (size_t)nrand48(seed) % cap;
	unsigned next = (unsigned)nrand48(seed) % 50;
	unsigned shared = next;

	next += 6;
	for (size_t i = 0; i < count; i++) {
		unsigned kind = (unsigned)nrand48(seed) % 4;
		struct plan_point *p = &points[i];

		*p = (struct plan_point){ .unit_id = (uint8_t)(1 + i / 40),
			.registers = 1 + kind % 2 };
		p->address = (uint16_t)next;
		next += p->registers;
		if (kind == 1) {
			p->time_registers = nrand48(seed) % 2 ? 2 : 6;
			p->time_address = (uint16_t)next;
			next += p->time_registers;
		} else if (kind == 2) {
			p->time_registers = 6;
			p->time_address = (uint16_t)shared;
		}
		if (kind == 3 && nrand48(seed) % 2) {
			p->flag_address = (uint16_t)next;
			p->flag_registers = 2;
			next += 2;
		}
		if (nrand48(seed) % 8 == 0) {
			p->word_count = 1;
			p->word_addresses[0] = (uint16_t)(shared + 5);
		}
		next += nrand48(seed) % 3 ? 0 : (unsigned)nrand48(seed) % 12;
	}
	for (size_t i = count; i > 1; i--) {
		size_t j = (size_t)nrand48(seed) % i;
		struct plan_point swap = points[i - 1];

		points[i - 1] = points[j];
		points[j] = swap;
	}
	return count;
}

static void any_plan_is_sound(void **state)
{
	static const uint32_t sizes[] = { 6, 7, 10, 32, 64, 125 };
	unsigned short seed[3] = { 1, 2, 3 };
	struct plan_point points[120];

	(void)state;
	for (int i = 0; i < 400; i++) {
		size_t count = random_points(points, 120, seed);
		uint32_t block = sizes[i % 6];
		uint32_t gap = (uint32_t)nrand48(seed) % 15;
		struct plan plan = planned(points, count, block, gap);

		assert_blocks_sound(&plan, points, count, block, gap);
		assert_points_covered(&plan, points, count);
		plan_close(&plan);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(neighbours_are_read_together),
		cmocka_unit_test(a_hole_parts_blocks_unless_the_gap_allows_it),
		cmocka_unit_test(devices_and_tables_are_never_mixed),
		cmocka_unit_test(a_value_comes_with_its_time),
		cmocka_unit_test(a_time_out_of_reach_is_read_before_and_after),
		cmocka_unit_test(a_full_block_is_not_cut_between_value_and_time),
		cmocka_unit_test(value_time_and_flag_of_one_analyser_are_one_request),
		cmocka_unit_test(a_full_block_is_not_cut_within_an_analyser),
		cmocka_unit_test(a_flag_out_of_reach_is_an_error),
		cmocka_unit_test(nothing_to_read_is_no_block),
		cmocka_unit_test(any_plan_is_sound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
