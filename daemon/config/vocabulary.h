/* SPDX-License-Identifier: Apache-2.0 */
/* The words of a text as a set: what it cannot speak of need not be declared to libconfuse, which
 * copies all that is declared for each section that it meets. */
#ifndef WQ_CONFIG_VOCABULARY_H
#define WQ_CONFIG_VOCABULARY_H

#include "scan.h"

#include <stdbool.h>
#include <stddef.h>

/* Points into the tokens of the scan and lives in its arena. */
struct vocabulary {
	size_t mask; /* slots - 1, a power of two less one */
	const char **slots;
};

/* Takes every WORD and STRING of the scan, as written (escapes stand). */
void vocabulary_take(struct vocabulary *words, const struct scan *scan);

bool vocabulary_has(const struct vocabulary *words, const char *word);

#endif
