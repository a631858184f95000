/* SPDX-License-Identifier: Apache-2.0 */
/* Planning of reads: sort what is asked for by address, cut it into blocks, then see whose time
 * fell into another block than the value. */
#include "plan.h"

#include "wq/err.h"

#include <stdlib.h>
#include <string.h>

/* Registers [first, end) asked for by one point: its value or its time. */
struct span {
	uint32_t key; /* unit and table */
	uint32_t first, end;
	size_t point;
	bool time;
	size_t partner; /* index of the other span of the point when one block could hold both; 0:
	                   none */
};

static int by_address(const void *a, const void *b)
{
	const struct span *p = a, *q = b;

	if (p->key != q->key)
		return p->key < q->key ? -1 : 1;
	if (p->first != q->first)
		return p->first < q->first ? -1 : 1;
	if (p->end != q->end)
		return p->end < q->end ? -1 : 1;
	return (p->point > q->point) - (p->point < q->point);
}

static struct span span_of(const struct plan_point *p, size_t point, bool time)
{
	uint32_t first = time ? p->time_address : p->address;

	return (struct span){
		.key = (uint32_t)p->unit_id << 8 | p->table,
		.first = first,
		.end = first + (time ? p->time_registers : p->registers),
		.point = point,
		.time = time,
	};
}

/* Tells each span where its partner is, so that a cut between the two can be avoided. */
static void find_partners(struct span *spans, size_t count, uint32_t block, size_t *first_of)
{
	for (size_t i = 0; i < count; i++) {
		size_t other = first_of[spans[i].point];

		if (other == SIZE_MAX) {
			first_of[spans[i].point] = i;
		} else if (spans[i].end - spans[other].first <= block) {
			spans[i].partner = other;
			spans[other].partner = i;
		}
	}
}

/* How many of spans[0 … count) the next block takes: as far as key, gap and size allow; where size
 * is what stops it, rather a little less than parting a value from its time. */
static size_t reach(
        const struct span *spans, size_t begin, size_t count, uint32_t block, uint32_t gap)
{
	const struct span *head = &spans[begin];
	uint32_t end = head->end;
	size_t far = begin, whole = begin, i;

	for (i = begin; i < count; i++) {
		const struct span *s = &spans[i];

		if (far < i)
			whole = i;
		if (s->key != head->key || s->first > end + gap)
			return i;
		if (s->end - head->first > block)
			return whole > begin ? whole : i;
		if (s->end > end)
			end = s->end;
		if (s->partner > far)
			far = s->partner;
	}
	return i;
}

static struct plan_block block_of(const struct span *spans, size_t begin, size_t stop, bool check)
{
	uint32_t end = 0;

	for (size_t i = begin; i < stop; i++)
		if (spans[i].end > end)
			end = spans[i].end;
	return (struct plan_block){
		.unit_id = (uint8_t)(spans[begin].key >> 8),
		.table = (uint8_t)spans[begin].key,
		.check = check,
		.address = (uint16_t)spans[begin].first,
		.registers = (uint16_t)(end - spans[begin].first),
	};
}

static void append(struct plan *plan, struct plan_block block)
{
	block.at = plan->register_count;
	plan->register_count += (size_t)block.registers * (block.check ? 2 : 1);
	plan->blocks[plan->block_count++] = block;
}

/* Blocks without a value are left out: their times are read by check blocks. */
static void plan_values(
        struct plan *plan, const struct span *spans, size_t count, uint32_t block, uint32_t gap)
{
	for (size_t begin = 0, stop; begin < count; begin = stop) {
		bool wanted = false;

		stop = reach(spans, begin, count, block, gap);
		for (size_t i = begin; i < stop; i++)
			if (!spans[i].time) {
				plan->places[spans[i].point].value_block = plan->block_count;
				wanted = true;
			}
		if (wanted)
			append(plan, block_of(spans, begin, stop, false));
	}
}

static bool holds(const struct plan_block *block, const struct span *span)
{
	return span->first >= block->address &&
	        span->end <= (uint32_t)block->address + block->registers;
}

/* Times that came along with the value are settled; the others are moved to the front. Returns how
 * many. */
static size_t settle_times(struct plan *plan, struct span *spans, size_t count)
{
	size_t left = 0;

	for (size_t i = 0; i < count; i++) {
		struct plan_place *place = &plan->places[spans[i].point];

		if (!spans[i].time)
			continue;
		if (holds(&plan->blocks[place->value_block], &spans[i]))
			place->time_block = place->value_block;
		else
			spans[left++] = spans[i];
	}
	for (size_t i = 0; i < left; i++)
		spans[i].partner = 0;
	return left;
}

static void plan_times(
        struct plan *plan, const struct span *spans, size_t count, uint32_t block, uint32_t gap)
{
	for (size_t begin = 0, stop; begin < count; begin = stop) {
		stop = reach(spans, begin, count, block, gap);
		for (size_t i = begin; i < stop; i++)
			plan->places[spans[i].point].time_block = plan->block_count;
		append(plan, block_of(spans, begin, stop, true));
	}
}

static void make(struct plan *plan, const struct plan_point *points, size_t count, uint32_t block,
        uint32_t gap, struct span *spans, size_t *first_of)
{
	size_t span_count = 0;

	for (size_t i = 0; i < count; i++) {
		plan->places[i] = (struct plan_place){ PLAN_NO_BLOCK, PLAN_NO_BLOCK };
		first_of[i] = SIZE_MAX;
		spans[span_count++] = span_of(&points[i], i, false);
		if (points[i].time_registers > 0)
			spans[span_count++] = span_of(&points[i], i, true);
	}
	qsort(spans, span_count, sizeof *spans, by_address);
	find_partners(spans, span_count, block, first_of);
	plan_values(plan, spans, span_count, block, gap);
	span_count = settle_times(plan, spans, span_count);
	plan_times(plan, spans, span_count, block, gap);
}

int plan_open(struct plan *plan, const struct plan_point *points, size_t count, uint32_t block,
        uint32_t gap, struct wq_err *err)
{
	size_t room = count > 0 ? count : 1;
	struct span *spans = calloc(2 * room, sizeof *spans);
	size_t *first_of = calloc(room, sizeof *first_of);

	memset(plan, 0, sizeof *plan);
	plan->blocks = calloc(2 * room, sizeof *plan->blocks);
	plan->places = calloc(room, sizeof *plan->places);
	if (spans && first_of && plan->blocks && plan->places)
		make(plan, points, count, block, gap, spans, first_of);
	else
		plan_close(plan);
	free(spans);
	free(first_of);
	return plan->blocks ? 0 : wq_fail(err, WQ_E_MEMORY, "no memory to plan %zu points", count);
}

void plan_close(struct plan *plan)
{
	free(plan->blocks);
	free(plan->places);
	memset(plan, 0, sizeof *plan);
}
