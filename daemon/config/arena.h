/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that is given back all at once: a configuration is built once and freed whole. */
#ifndef WQ_CONFIG_ARENA_H
#define WQ_CONFIG_ARENA_H

#include <stddef.h>

struct arena;

struct arena *arena_new(void);        /* NULL: no memory */
void arena_free(struct arena *arena); /* NULL is fine */

/* Zeroed memory, aligned for any type, until arena_free(). size 0 is served like 1. When there is
 * no memory the process ends: a configuration is read at start and at reload, bounded by
 * CONFIG_FILE_MAX, and a system that has not these few megabytes cannot run the daemon either. */
void *arena_take(struct arena *arena, size_t size);
void *arena_array(struct arena *arena, size_t count, size_t size);

char *arena_copy(struct arena *arena, const char *text); /* NULL stays NULL */
char *arena_copy_part(struct arena *arena, const char *text, size_t length);

/* As arena_copy(), but equal texts are one, and so are equal bytes (aligned for any type): a fleet of instruments is
 * configured alike, point by point. What is shared is not to be written to. */
const char *arena_share_text(struct arena *arena, const char *text);
const void *arena_share(struct arena *arena, const void *bytes, size_t size);

/* Gives back what finding equals takes. What is shared later is equal to nothing before. */
void arena_settle(struct arena *arena);

#endif
