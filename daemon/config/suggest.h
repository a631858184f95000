/* SPDX-License-Identifier: Apache-2.0 */
/* "did you mean": the nearest of the names that would have been right. */
#ifndef WQ_CONFIG_SUGGEST_H
#define WQ_CONFIG_SUGGEST_H

#include <stddef.h>

#define SUGGEST_TEXT  160
#define SUGGEST_NAMES 10

/* Start with { .wanted = what was written }, offer every allowed name, then ask for the sentence's
 * end. The names offered must outlive the struct. */
struct suggest {
	const char *wanted;
	const char *best;
	size_t best_distance;
	size_t count; /* names offered, distinct or not */
	const char *names[SUGGEST_NAMES];
};

void suggest_offer(struct suggest *suggest, const char *name);

/* "; did you mean 'town'?", or "; known: a, b, c" when nothing is near and the names are few, or
 * "". Returns buf. */
const char *suggest_end(const struct suggest *suggest, char buf[SUGGEST_TEXT]);

/* Edits that turn a into b: insert, remove, replace, swap neighbours. Bytes; texts longer than 63
 * count as far. */
size_t suggest_distance(const char *a, const char *b);

#endif
