/* SPDX-License-Identifier: Apache-2.0 */
/* A hash set of texts, half full at most. */
#include "vocabulary.h"

#include "arena.h"

#include <stdint.h>
#include <string.h>

#define FNV_BASIS UINT64_C(14695981039346656037)
#define FNV_PRIME UINT64_C(1099511628211)

/* The slot that holds the word, or the empty one where it belongs. */
static const char **slot_of(const struct vocabulary *words, const char *word)
{
	uint64_t hash = FNV_BASIS;
	size_t at;

	for (const char *c = word; *c != '\0'; c++)
		hash = (hash ^ (unsigned char)*c) * FNV_PRIME;
	at = (size_t)(hash ^ hash >> 32) & words->mask;
	while (words->slots[at] != NULL && strcmp(words->slots[at], word) != 0)
		at = (at + 1) & words->mask;
	return &words->slots[at];
}

void vocabulary_take(struct vocabulary *words, const struct scan *scan)
{
	size_t size = 64;

	while (size < 2 * scan->count)
		size *= 2;
	*words = (struct vocabulary){ .mask = size - 1,
		.slots = arena_array(scan->arena, size, sizeof *words->slots) };
	for (size_t i = 0; i < scan->count; i++) {
		if (scan->tokens[i].text != NULL)
			*slot_of(words, scan->tokens[i].text) = scan->tokens[i].text;
	}
}

bool vocabulary_has(const struct vocabulary *words, const char *word)
{
	return *slot_of(words, word) != NULL;
}
