/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that is given back all at once: a chain of blocks, each a bump allocator. */
#include "arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* The first block and the largest: each is twice the one before, so a small file takes little. */
#define BLOCK_FIRST ((size_t)4 * 1024)
#define BLOCK_SIZE  ((size_t)64 * 1024)

struct block {
	struct block *next;
	size_t used, size;
	max_align_t memory[];
};

/* Something that is shared. */
struct shared {
	const void *bytes; /* NULL: the row is free */
	size_t size, unit;
	uint64_t hash;
};

#define SHARED_FIRST 256

struct arena {
	struct block *blocks;
	struct shared *shared; /* open addressing; half of the rows at most are taken */
	size_t shared_room, shared_count;
};

struct arena *arena_new(void)
{
	return calloc(1, sizeof(struct arena));
}

void arena_free(struct arena *arena)
{
	if (arena == NULL)
		return;
	arena_settle(arena);
	while (arena->blocks != NULL) {
		struct block *block = arena->blocks;

		arena->blocks = block->next;
		free(block);
	}
	free(arena);
}

static size_t next_size(const struct block *last)
{
	if (last == NULL)
		return BLOCK_FIRST;
	return last->size < BLOCK_SIZE / 2 ? last->size * 2 : BLOCK_SIZE;
}

static struct block *block_new(size_t size)
{
	struct block *block = calloc(1, sizeof *block + size);

	if (block == NULL)
		abort();
	block->size = size;
	return block;
}

/* size bytes at the next multiple of unit (a power of two). */
static void *take(struct arena *arena, size_t size, size_t unit)
{
	struct block *block = arena->blocks;
	size_t at = block == NULL ? 0 : (block->used + unit - 1) / unit * unit;

	if (size > SIZE_MAX / 2)
		abort();
	if (block == NULL || at > block->size || block->size - at < size) {
		const size_t usual = next_size(block);

		block = block_new(size > usual ? size : usual);
		block->next = arena->blocks;
		arena->blocks = block;
		at = 0;
	}
	block->used = at + size;
	return (char *)block->memory + at;
}

void *arena_take(struct arena *arena, size_t size)
{
	return take(arena, size == 0 ? 1 : size, sizeof(max_align_t));
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
	if (size != 0 && count > SIZE_MAX / 2 / size)
		abort();
	return arena_take(arena, count * size);
}

char *arena_copy(struct arena *arena, const char *text)
{
	return text == NULL ? NULL : arena_copy_part(arena, text, strlen(text));
}

char *arena_copy_part(struct arena *arena, const char *text, size_t length)
{
	char *copy = take(arena, length + 1, 1);

	memcpy(copy, text, length);
	return copy;
}

/* ---- what is shared ---- */

/* FNV-1a. */
static uint64_t hash_of(const void *bytes, size_t size)
{
	const unsigned char *b = bytes;
	uint64_t hash = 14695981039346656037u;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ b[i]) * 1099511628211u;
	return hash;
}

/* The row of an equal, or the free one where it would be. */
static struct shared *row_of(struct shared *rows, size_t room, const struct shared *wanted)
{
	size_t at = (size_t)wanted->hash & (room - 1);

	while (rows[at].bytes != NULL &&
	        (rows[at].hash != wanted->hash || rows[at].size != wanted->size || rows[at].unit != wanted->unit ||
	                memcmp(rows[at].bytes, wanted->bytes, wanted->size) != 0))
		at = (at + 1) & (room - 1);
	return &rows[at];
}

static void make_room(struct arena *arena)
{
	const size_t room = arena->shared_room == 0 ? SHARED_FIRST : arena->shared_room * 2;
	struct shared *rows;

	if (arena->shared_count < arena->shared_room / 2)
		return;
	if ((rows = calloc(room, sizeof *rows)) == NULL)
		abort();
	for (size_t i = 0; i < arena->shared_room; i++)
		if (arena->shared[i].bytes != NULL)
			*row_of(rows, room, &arena->shared[i]) = arena->shared[i];
	free(arena->shared);
	arena->shared = rows;
	arena->shared_room = room;
}

static const void *share(struct arena *arena, const void *bytes, size_t size, size_t unit)
{
	const struct shared wanted = { .bytes = bytes, .size = size, .unit = unit, .hash = hash_of(bytes, size) };
	struct shared *row;

	make_room(arena);
	row = row_of(arena->shared, arena->shared_room, &wanted);
	if (row->bytes == NULL) {
		*row = wanted;
		row->bytes = memcpy(take(arena, size, unit), bytes, size);
		arena->shared_count++;
	}
	return row->bytes;
}

const char *arena_share_text(struct arena *arena, const char *text)
{
	return text == NULL ? NULL : share(arena, text, strlen(text) + 1, 1);
}

const void *arena_share(struct arena *arena, const void *bytes, size_t size)
{
	return size == 0 ? arena_take(arena, 0) : share(arena, bytes, size, sizeof(max_align_t));
}

void arena_settle(struct arena *arena)
{
	free(arena->shared);
	arena->shared = NULL;
	arena->shared_room = arena->shared_count = 0;
}
