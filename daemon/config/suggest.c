/* SPDX-License-Identifier: Apache-2.0 */
/* "did you mean": the optimal string alignment distance over bytes. */
#include "suggest.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define LONGEST 63
#define NEAR    3 /* what is further away is no slip of the pen */

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t suggest_distance(const char *a, const char *b)
{
	size_t rows[3][LONGEST + 1];
	size_t *before = rows[0], *last = rows[1], *now = rows[2];
	const size_t m = strlen(a), n = strlen(b);

	if (m > LONGEST || n > LONGEST)
		return SIZE_MAX;
	for (size_t j = 0; j <= n; j++)
		before[j] = last[j] = j;
	for (size_t i = 1; i <= m; i++) {
		size_t *spare = before;

		now[0] = i;
		for (size_t j = 1; j <= n; j++) {
			now[j] = least(last[j], now[j - 1]) + 1;
			now[j] = least(now[j], last[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				now[j] = least(now[j], before[j - 2] + 1);
		}
		before = last;
		last = now;
		now = spare;
	}
	return last[n];
}

/* A name that is longer or shorter by more than NEAR is further away than that. */
static bool out_of_reach(const char *a, const char *b)
{
	const size_t m = strlen(a), n = strlen(b);

	return (m > n ? m - n : n - m) > NEAR;
}

void suggest_offer(struct suggest *suggest, const char *name)
{
	const size_t distance = out_of_reach(suggest->wanted, name)
	        ? SIZE_MAX
	        : suggest_distance(suggest->wanted, name);

	if (suggest->best == NULL || distance < suggest->best_distance) {
		suggest->best = name;
		suggest->best_distance = distance;
	}
	if (suggest->count < SUGGEST_NAMES)
		suggest->names[suggest->count] = name;
	suggest->count++;
}

const char *suggest_end(const struct suggest *suggest, char buf[SUGGEST_TEXT])
{
	const size_t length = strlen(suggest->wanted);
	const size_t near = length < 3 ? 0 : length < 4 ? 1 : length < 8 ? 2 : NEAR;
	size_t used;

	buf[0] = '\0';
	if (suggest->best != NULL && suggest->best_distance <= near) {
		snprintf(buf, SUGGEST_TEXT, "; did you mean '%s'?", suggest->best);
		return buf;
	}
	if (suggest->count == 0 || suggest->count > SUGGEST_NAMES)
		return buf;
	used = (size_t)snprintf(buf, SUGGEST_TEXT, "; known:");
	for (size_t i = 0; i < suggest->count; i++) {
		const int more = snprintf(buf + used, SUGGEST_TEXT - used, "%s %s",
		        i == 0 ? "" : ",", suggest->names[i]);

		if (more < 0 || (size_t)more >= SUGGEST_TEXT - used) {
			buf[0] = '\0'; /* too long to help */
			return buf;
		}
		used += (size_t)more;
	}
	return buf;
}
