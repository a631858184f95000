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

struct arena {
	struct block *blocks;
};

struct arena *arena_new(void)
{
	return calloc(1, sizeof(struct arena));
}

void arena_free(struct arena *arena)
{
	if (arena == NULL)
		return;
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
