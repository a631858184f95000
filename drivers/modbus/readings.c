/* SPDX-License-Identifier: Apache-2.0 */
/* Registers -> samples: new, whole, or told why not. */
#include "readings.h"

#include "wq/err.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Room for none is room for one, so that NULL always means "no memory". */
static void *room(size_t count, size_t size)
{
	return calloc(count > 0 ? count : 1, size);
}

struct plan_point readings_plan_point(uint8_t unit_id, const struct regmap *map)
{
	struct plan_point point = {
		.unit_id = unit_id,
		.table = (uint8_t)map->table,
		.address = map->address,
		.registers = map->registers,
		.time_address = map->time_address,
		.time_registers = map->time_registers,
		.flag_address = map->flag_address,
		.flag_registers = map->flag_registers,
	};

	for (int i = 0; i < MODBUS_WORDS; i++)
		if (map->lists->words[i].there)
			point.word_addresses[point.word_count++] = map->lists->words[i].address;
	return point;
}

/* The lists of a map, to be kept: mostly those of the point before, as the points of an instrument are alike. They were
 * zeroed before they were filled, so equal ones are equal byte by byte; if not, that costs memory and nothing else. */
static const struct regmap_lists *keep_lists(struct readings *r, const struct regmap_lists *lists)
{
	struct regmap_lists *kept, **more;

	if (lists == &regmap_nothing)
		return lists;
	for (size_t i = r->list_count; i > 0; i--)
		if (memcmp(r->lists[i - 1], lists, sizeof *lists) == 0)
			return r->lists[i - 1];
	more = realloc(r->lists, (r->list_count + 1) * sizeof *more);
	if (more == NULL)
		return NULL;
	r->lists = more;
	kept = malloc(sizeof *kept);
	if (kept)
		r->lists[r->list_count++] = memcpy(kept, lists, sizeof *kept);
	return kept;
}

static int open_maps(struct readings *r, struct plan_point *points, struct wq_err *err)
{
	for (size_t i = 0; i < r->bus->point_count; i++) {
		const struct modbus_point_settings *s = r->bus->points[i].settings;
		struct regmap_lists lists;
		int code = regmap_open(&r->maps[i], &lists, s, r->bus->points[i].factor, err);

		if (code < 0)
			return code;
		r->maps[i].lists = keep_lists(r, r->maps[i].lists);
		if (!r->maps[i].lists)
			return wq_fail(err, WQ_E_MEMORY, "no memory for what a point lists");
		points[i] = readings_plan_point((uint8_t)s->unit_id, &r->maps[i]);
	}
	return 0;
}

static int open_plan(struct readings *r, struct plan_point *points, struct wq_err *err)
{
	const struct modbus_bus_settings *s = r->bus->settings;
	int code = open_maps(r, points, err);

	if (code < 0)
		return code;
	code = plan_open(
	        &r->plan, points, r->bus->point_count, (uint32_t)s->block, (uint32_t)s->gap, NULL,
	        err);
	if (code < 0)
		return code;
	r->registers = room(r->plan.register_count, sizeof *r->registers);
	r->states = room(r->plan.block_count, sizeof *r->states);
	return r->registers && r->states ? 0
	                                 : wq_fail(err, WQ_E_MEMORY, "no memory for the registers");
}

int readings_open(struct readings *r, const struct wq_bus *bus, struct wq_err *err)
{
	size_t count = bus->point_count;
	struct plan_point *points = room(count, sizeof *points);
	int code;

	memset(r, 0, sizeof *r);
	r->bus = bus;
	r->maps = room(count, sizeof *r->maps);
	r->memory = room(count, sizeof *r->memory);
	r->seen = room(count, sizeof *r->seen);
	r->samples = room(count, sizeof *r->samples);
	r->points = room(count, sizeof *r->points);
	r->pending = room(count, sizeof *r->pending);
	if (points && r->maps && r->memory && r->seen && r->samples && r->points && r->pending)
		code = open_plan(r, points, err);
	else
		code = wq_fail(err, WQ_E_MEMORY, "no memory for %zu points", count);
	free(points);
	if (code < 0)
		readings_close(r);
	return code;
}

void readings_close(struct readings *r)
{
	plan_close(&r->plan);
	free(r->maps);
	for (size_t i = 0; i < r->list_count; i++)
		free(r->lists[i]);
	free(r->lists);
	free(r->memory);
	free(r->seen);
	free(r->registers);
	free(r->states);
	free(r->samples);
	free(r->points);
	free(r->pending);
	memset(r, 0, sizeof *r);
}

uint16_t *readings_buffer(struct readings *r, size_t block, bool again)
{
	const struct plan_block *b = &r->plan.blocks[block];

	return r->registers + b->at + (again ? b->registers : 0);
}

void readings_begin(struct readings *r, uint8_t unit_id)
{
	for (size_t i = 0; i < r->plan.block_count; i++)
		if (r->plan.blocks[i].unit_id == unit_id)
			r->states[i] = BLOCK_UNREAD;
	r->count = 0;
}

/* ---- one point ---- */

/* What the registers of a point say now. */
struct found {
	enum regmap_found value_is;
	double value;
	const uint16_t *value_registers, *time_registers; /* the latter NULL: no time configured */
	bool timed;
	bool zeros; /* the device holds nothing but zeros */
	wq_ms at;
	bool flag_known;
	char flag[WQ_FLAG_TEXT];
	enum wq_quality said; /* by the words of state */
	uint8_t word;         /* which one said it */
	uint16_t word_is;
};

/* False when the point's registers were not read, or not as of one instant. */
static bool locate(struct readings *r, size_t point, struct found *found)
{
	const struct regmap *map = &r->maps[point];
	const struct plan_place *place = &r->plan.places[point];
	const struct plan_block *value = &r->plan.blocks[place->value_block], *time;
	size_t skip, bytes = map->time_registers * sizeof(uint16_t);

	if (r->states[place->value_block] != BLOCK_READ)
		return false;
	found->value_registers = readings_buffer(r, place->value_block, false) +
	        (map->address - value->address);
	found->time_registers = NULL;
	if (place->time_block == PLAN_NO_BLOCK)
		return true;
	if (r->states[place->time_block] != BLOCK_READ)
		return false;
	time = &r->plan.blocks[place->time_block];
	skip = (size_t)map->time_address - time->address;
	found->time_registers = readings_buffer(r, place->time_block, false) + skip;
	return !time->check ||
	        memcmp(found->time_registers, readings_buffer(r, place->time_block, true) + skip,
	                bytes) == 0;
}

/* The flag lies in the value's block. */
static void decode_flag(struct readings *r, size_t point, struct found *found)
{
	const struct regmap *map = &r->maps[point];
	size_t block = r->plan.places[point].value_block;

	found->flag_known = true;
	if (map->flag_registers > 0)
		found->flag_known = regmap_flag(map,
		        readings_buffer(r, block, false) +
		                (map->flag_address - r->plan.blocks[block].address),
		        found->flag);
}

/* Maintenance weighs more than a fault: who works on a device breaks it for a while. A word that the
 * device refuses says nothing. */
static void decode_words(struct readings *r, size_t point, struct found *found)
{
	const struct plan_place *place = &r->plan.places[point];
	size_t used = 0;

	found->said = WQ_UNCHECKED;
	for (uint8_t i = 0; i < MODBUS_WORDS; i++) {
		const struct regmap_word *word = &r->maps[point].lists->words[i];
		size_t block = word->there ? place->word_blocks[used++] : PLAN_NO_BLOCK;
		enum wq_quality says;
		uint16_t is;

		if (block == PLAN_NO_BLOCK || r->states[block] != BLOCK_READ)
			continue;
		is = readings_buffer(r, block, false)[word->address - r->plan.blocks[block].address];
		is = regmap_swapped(r->maps[point].order, is);
		says = regmap_word_says(word, is);
		if (says == WQ_UNCHECKED || found->said == WQ_MAINTENANCE ||
		        (says == WQ_BAD && found->said == WQ_BAD))
			continue;
		found->said = says;
		found->word = i;
		found->word_is = is;
	}
}

static void decode(struct readings *r, size_t point, struct found *found)
{
	const struct regmap *map = &r->maps[point];

	found->value_is = regmap_value(map, found->value_registers, &found->value);
	found->timed = found->time_registers &&
	        regmap_time(map, found->time_registers, r->bus->zone, &found->at);
	decode_flag(r, point, found);
	decode_words(r, point, found);
}

static struct readings_memory memory_of(const struct regmap *map, const struct found *found)
{
	struct readings_memory m = {
		.told = true,
		.timed = found->timed,
		.valued = found->value_is != REGMAP_NOTHING &&
		        found->value_is != REGMAP_NONSENSE && !found->zeros,
		.at = found->timed ? found->at : WQ_NO_TIME,
	};

	if (found->time_registers)
		memcpy(m.registers, found->time_registers, map->time_registers * sizeof(uint16_t));
	memcpy(m.registers + REGMAP_TIME_REGISTERS, found->value_registers,
	        map->registers * sizeof(uint16_t));
	return m;
}

static bool is_new(const struct readings_memory *was, const struct readings_memory *is)
{
	if (!was->told || was->timed != is->timed)
		return true;
	if (is->timed)
		return was->at != is->at || (is->valued && !was->valued);
	return memcmp(was->registers, is->registers, sizeof is->registers) != 0;
}

static void refuse_time(const struct readings *r, size_t point, const struct found *found,
        const struct wq_sink *sink)
{
	const struct modbus_point_settings *s = r->bus->points[point].settings;
	char what[240];
	int n = snprintf(what, sizeof what, "unit %d: %s of %s: time registers at %d hold",
	        (int)s->unit_id, r->bus->points[point].parameter, r->bus->points[point].station,
	        (int)s->time_address); /* as the file has it */

	for (size_t i = 0; i < r->maps[point].time_registers && n >= 0 && (size_t)n < sizeof what;
	        i++)
		n += snprintf(what + n, sizeof what - (size_t)n, " %u", found->time_registers[i]);
	if (n >= 0 && (size_t)n < sizeof what)
		snprintf(what + n, sizeof what - (size_t)n, "; the value is kept as bad");
	sink->refuse(sink->owner, WQ_REFUSED_TIME, what);
}

static bool is_bad(const struct found *found)
{
	return found->value_is == REGMAP_GARBAGE || found->zeros || !found->flag_known ||
	        (found->time_registers && !found->timed);
}

static struct wq_sample sample_of(const struct readings *r, size_t point, const struct found *found)
{
	struct wq_sample sample = {
		.series = r->bus->points[point].series,
		.quality = WQ_UNCHECKED,
		.stamp = found->timed ? WQ_STAMP_ANALYSER : WQ_STAMP_ARRIVAL,
		.at = found->timed ? found->at : WQ_NO_TIME,
		.value = found->value,
	};

	memcpy(sample.flag, found->flag, sizeof sample.flag);
	if (found->value_is == REGMAP_NOTHING || found->value_is == REGMAP_NONSENSE)
		sample.quality = WQ_MISSING;
	else if (is_bad(found))
		sample.quality = WQ_BAD;
	else
		sample.quality = (uint8_t)found->said;
	return sample;
}

/* The worst first. */
static enum readings_is found_is(const struct found *found)
{
	static const enum readings_is of_value[] = {
		[REGMAP_VALUE] = READINGS_GOOD,
		[REGMAP_NOTHING] = READINGS_NOTHING,
		[REGMAP_GARBAGE] = READINGS_GARBAGE,
		[REGMAP_NONSENSE] = READINGS_NONSENSE,
	};

	if (found->zeros)
		return READINGS_ZEROS;
	if (found->time_registers && !found->timed)
		return READINGS_NO_TIME;
	if (found->value_is != REGMAP_VALUE)
		return of_value[found->value_is];
	if (!found->flag_known)
		return READINGS_FLAG;
	return found->said == WQ_BAD ? READINGS_WORD : READINGS_GOOD;
}

static void see(struct readings *r, size_t point, const struct found *found,
        const struct readings_memory *is)
{
	const struct readings_memory *was = &r->memory[point];
	struct readings_seen *seen = &r->seen[point];

	*seen = (struct readings_seen){ .is = (uint8_t)found_is(found),
		.at = is->at,
		.word = found->word,
		.word_is = found->word_is };
	memcpy(seen->flag, found->flag, sizeof seen->flag);
	memcpy(seen->time_registers, is->registers, sizeof seen->time_registers);
	seen->moves = was->told && was->timed && is->timed && was->at == is->at && is->valued &&
	        memcmp(was->registers, is->registers, sizeof is->registers) != 0;
}

static void gather(struct readings *r, size_t point, bool zeros, const struct wq_sink *sink)
{
	struct found found = { .zeros = zeros };
	struct readings_memory memory;

	if (!locate(r, point, &found))
		return;
	decode(r, point, &found);
	memory = memory_of(&r->maps[point], &found);
	see(r, point, &found, &memory);
	if (found.time_registers && !is_new(&r->memory[point], &memory))
		return;
	if (found.time_registers && !found.timed)
		refuse_time(r, point, &found, sink);
	r->samples[r->count] = sample_of(r, point, &found);
	r->points[r->count] = (uint32_t)point;
	r->pending[r->count++] = memory;
}

/* ---- all points of a device ---- */

/* A device that just started holds zeros until it has measured. One value may be 0; that all are is
 * the device. Bits are 0 half of the time and say nothing of it. */
static bool holds_zeros(struct readings *r, uint8_t unit_id)
{
	static const uint16_t zero[REGMAP_VALUE_REGISTERS];
	const struct modbus_bus_settings *bus = r->bus->settings;
	size_t values = 0;

	for (size_t i = 0; i < r->bus->point_count; i++) {
		const struct modbus_point_settings *s = r->bus->points[i].settings;
		struct found found = { .zeros = false };

		if (s->unit_id != unit_id || r->maps[i].type == MODBUS_BIT ||
		        r->maps[i].bit_count > 0 || !locate(r, i, &found))
			continue;
		if (memcmp(found.value_registers, zero, r->maps[i].registers * sizeof *zero) != 0)
			return false;
		values++;
	}
	return values >= 2 && bus->zeros == MODBUS_ZEROS_BAD;
}

void readings_gather(struct readings *r, uint8_t unit_id, const struct wq_sink *sink)
{
	bool zeros = holds_zeros(r, unit_id);

	r->count = 0;
	for (size_t i = 0; i < r->bus->point_count; i++) {
		const struct modbus_point_settings *s = r->bus->points[i].settings;

		if (s->unit_id == unit_id)
			gather(r, i, zeros, sink);
	}
}

void readings_commit(struct readings *r)
{
	for (size_t i = 0; i < r->count; i++)
		r->memory[r->points[i]] = r->pending[i];
}
