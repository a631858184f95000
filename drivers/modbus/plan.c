/* SPDX-License-Identifier: Apache-2.0 */
/* Planning of reads: sort what is asked for by address, cut it into blocks, then see whose time
 * fell into another block than the value. */
#include "plan.h"

#include "wq/err.h"

#include <stdlib.h>
#include <string.h>

enum part {
	PART_VALUE,
	PART_TIME,
	PART_FLAG,
	PART_WORD, /* and the words after it */
};

/* A point has at most a value, a time, a flag and words. */
#define PARTS (PART_WORD + PLAN_WORDS)

/* Registers [first, end) asked for by one point. */
struct span {
	uint32_t key; /* unit and table */
	uint32_t first, end;
	size_t point;
	uint8_t part;
	/* Indices of the last span that should be in one block with this one, and that must (a
	 * value and its flag); 0: none. */
	size_t last, mate;
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

static struct span span_of(const struct plan_point *p, size_t point, unsigned part)
{
	uint32_t first = p->address, count = p->registers;

	if (part == PART_TIME) {
		first = p->time_address;
		count = p->time_registers;
	} else if (part == PART_FLAG) {
		first = p->flag_address;
		count = p->flag_registers;
	} else if (part >= PART_WORD) {
		first = p->word_addresses[part - PART_WORD];
		count = part - PART_WORD < p->word_count;
	}
	return (struct span){
		.key = (uint32_t)p->unit_id << 8 | p->table,
		.first = first,
		.end = first + count,
		.point = point,
		.part = (uint8_t)part,
	};
}

/* Where the parts of a point came to lie among the sorted spans; SIZE_MAX: it has none. */
struct group {
	size_t of[PART_WORD];
};

/* Tells the spans of one point which of them comes last, so that a cut between them can be avoided,
 * if one block can hold them. */
static void tie(
        struct span *spans, const size_t *members, size_t count, uint32_t block, bool must)
{
	uint32_t first = UINT32_MAX, end = 0;
	size_t last = 0;

	for (size_t i = 0; i < count; i++) {
		const struct span *s = &spans[members[i]];

		first = s->first < first ? s->first : first;
		end = s->end > end ? s->end : end;
		last = members[i] > last ? members[i] : last;
	}
	if (end - first > block)
		return;
	for (size_t i = 0; i < count; i++) {
		spans[members[i]].last = last;
		if (must)
			spans[members[i]].mate = last;
	}
}

/* All of a point together where a block can hold it, otherwise value and flag. */
static void tie_point(struct span *spans, const struct group *group, uint32_t block)
{
	size_t members[PART_WORD], count = 0;

	members[count++] = group->of[PART_VALUE];
	if (group->of[PART_FLAG] != SIZE_MAX)
		members[count++] = group->of[PART_FLAG];
	tie(spans, members, count, block, true);
	if (group->of[PART_TIME] == SIZE_MAX)
		return;
	members[count++] = group->of[PART_TIME];
	tie(spans, members, count, block, false);
}

static void tie_points(
        struct span *spans, size_t count, uint32_t block, struct group *groups, size_t point_count)
{
	for (size_t i = 0; i < point_count; i++)
		for (size_t part = 0; part < PART_WORD; part++)
			groups[i].of[part] = SIZE_MAX;
	for (size_t i = 0; i < count; i++)
		if (spans[i].part < PART_WORD)
			groups[spans[i].point].of[spans[i].part] = i;
	for (size_t i = 0; i < point_count; i++)
		tie_point(spans, &groups[i], block);
}

/* How many of spans[0 … count) the next block takes: as far as key, gap and size allow; where size
 * is what stops it, rather a little less than parting a value from its time and flag. */
static size_t reach(
        const struct span *spans, size_t begin, size_t count, uint32_t block, uint32_t gap)
{
	const struct span *head = &spans[begin];
	uint32_t end = head->end;
	size_t far = begin, whole = begin, near = begin, sound = begin, i;

	for (i = begin; i < count; i++) {
		const struct span *s = &spans[i];

		if (far < i)
			whole = i;
		if (near < i)
			sound = i;
		if (s->key != head->key || s->first > end + gap)
			return i;
		if (s->end - head->first > block)
			return whole > begin ? whole : sound > begin ? sound : i;
		if (s->end > end)
			end = s->end;
		if (s->last > far)
			far = s->last;
		if (s->mate > near)
			near = s->mate;
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

static bool wanted_with_values(const struct span *span)
{
	return span->part == PART_VALUE || span->part >= PART_WORD;
}

static void place(struct plan *plan, const struct span *span)
{
	struct plan_place *at = &plan->places[span->point];

	if (span->part == PART_VALUE)
		at->value_block = (uint32_t)plan->block_count;
	else if (span->part >= PART_WORD)
		at->word_blocks[span->part - PART_WORD] = (uint32_t)plan->block_count;
}

/* Blocks of nothing but times are left out: check blocks read them. */
static void plan_values(
        struct plan *plan, const struct span *spans, size_t count, uint32_t block, uint32_t gap)
{
	for (size_t begin = 0, stop; begin < count; begin = stop) {
		bool wanted = false;

		stop = reach(spans, begin, count, block, gap);
		for (size_t i = begin; i < stop; i++) {
			place(plan, &spans[i]);
			wanted = wanted || wanted_with_values(&spans[i]);
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
		struct plan_place *at = &plan->places[spans[i].point];

		if (spans[i].part != PART_TIME)
			continue;
		if (holds(&plan->blocks[at->value_block], &spans[i]))
			at->time_block = at->value_block;
		else
			spans[left++] = spans[i];
	}
	for (size_t i = 0; i < left; i++)
		spans[i].last = spans[i].mate = 0;
	return left;
}

static void plan_times(
        struct plan *plan, const struct span *spans, size_t count, uint32_t block, uint32_t gap)
{
	for (size_t begin = 0, stop; begin < count; begin = stop) {
		stop = reach(spans, begin, count, block, gap);
		for (size_t i = begin; i < stop; i++)
			plan->places[spans[i].point].time_block = (uint32_t)plan->block_count;
		append(plan, block_of(spans, begin, stop, true));
	}
}

/* A flag is of its value's instant or it says nothing. */
static int check_flags(const struct plan *plan, const struct plan_point *points, size_t count,
        uint32_t block, uint32_t gap, size_t *bad, struct wq_err *err)
{
	for (size_t i = 0; i < count; i++) {
		const struct plan_point *p = &points[i];
		const struct span flag = span_of(p, i, PART_FLAG);

		if (p->flag_registers == 0 ||
		        holds(&plan->blocks[plan->places[i].value_block], &flag))
			continue;
		*bad = i;
		return wq_fail(err, WQ_E_INVALID,
		        "the value at register %u and its flag at %u cannot be read in one request: "
		        "block = %u and gap = %u do not reach from one to the other",
		        p->address, p->flag_address, block, gap);
	}
	return 0;
}

static size_t make_spans(struct span *spans, const struct plan_point *points, size_t count)
{
	size_t made = 0;

	for (size_t i = 0; i < count; i++)
		for (unsigned part = 0; part < PARTS; part++) {
			spans[made] = span_of(&points[i], i, part);
			made += spans[made].end > spans[made].first;
		}
	qsort(spans, made, sizeof *spans, by_address);
	return made;
}

static void make(struct plan *plan, const struct plan_point *points, size_t count, uint32_t block,
        uint32_t gap, struct span *spans, struct group *groups)
{
	size_t made = make_spans(spans, points, count);

	for (size_t i = 0; i < count; i++)
		plan->places[i] = (struct plan_place){ PLAN_NO_BLOCK, PLAN_NO_BLOCK,
			{ PLAN_NO_BLOCK, PLAN_NO_BLOCK, PLAN_NO_BLOCK } };
	tie_points(spans, made, block, groups, count);
	plan_values(plan, spans, made, block, gap);
	made = settle_times(plan, spans, made);
	plan_times(plan, spans, made, block, gap);
}

/* There was room for a block a part; mostly one is left. */
static void shrink(struct plan *plan)
{
	size_t count = plan->block_count > 0 ? plan->block_count : 1;
	struct plan_block *less = realloc(plan->blocks, count * sizeof *less);

	if (less)
		plan->blocks = less;
}

int plan_open(struct plan *plan, const struct plan_point *points, size_t count, uint32_t block,
        uint32_t gap, size_t *bad, struct wq_err *err)
{
	size_t room = count > 0 ? count : 1, unused;
	struct span *spans = calloc(PARTS * room, sizeof *spans);
	struct group *groups = calloc(room, sizeof *groups);
	int r;

	bad = bad == NULL ? &unused : bad;
	*bad = SIZE_MAX;
	memset(plan, 0, sizeof *plan);
	plan->blocks = calloc(PARTS * room, sizeof *plan->blocks);
	plan->places = calloc(room, sizeof *plan->places);
	if (spans && groups && plan->blocks && plan->places) {
		make(plan, points, count, block, gap, spans, groups);
		r = check_flags(plan, points, count, block, gap, bad, err);
	} else {
		r = wq_fail(err, WQ_E_MEMORY, "no memory to plan %zu points", count);
	}
	if (r < 0)
		plan_close(plan);
	else
		shrink(plan);
	free(spans);
	free(groups);
	return r;
}

void plan_close(struct plan *plan)
{
	free(plan->blocks);
	free(plan->places);
	memset(plan, 0, sizeof *plan);
}
