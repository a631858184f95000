/* SPDX-License-Identifier: Apache-2.0 */
/* The file as sections and keys with their lines: what libconfuse read, before anybody asked what
 * it means. */
#ifndef WQ_CONFIG_DOCUMENT_H
#define WQ_CONFIG_DOCUMENT_H

#include "report.h"
#include "schema.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct scan;

struct entry {
	const char *key;
	const char *file; /* NULL: the configuration; otherwise the instrument profile it is from */
	int line;
	size_t count; /* >= 1 */
	const char *const *items;
	const int *lines; /* of the items */
};

struct section {
	const struct section_kind *kind;
	const char *title; /* "" when it has none */
	const char *where; /* `[station "yigan"]` */
	int line;
	bool damaged; /* something in it was wrong and is left out: what misses may have been there
	               */
	size_t entry_count;
	const struct entry *entries;
	const struct section *parent; /* of a point: its station */
};

struct document {
	size_t count;
	const struct section
	        *sections; /* in the order of the file; a station comes before its points */
	struct scan *scan;
	size_t lost_count;
	const char *const *lost; /* titles of top-level sections that had to be left out */
};

/* Reads a text. Every error goes to the report; what is wrong is left out of the document. False:
 * there is no document. `arena` keeps the titles; everything else of the document lies in `scratch`, which is much larger
 * and can go as soon as what the document says was taken over. Not reentrant: libconfuse's scanner is one per process. */
bool document_read(struct document *document, const char *text, size_t length,
        const struct schema *schema, struct arena *arena, struct arena *scratch,
        struct config_report *report);

const struct entry *section_entry(
        const struct section *section, const char *key); /* NULL: not given */

/* True when a section with this title was in the file but had to be left out: a reference to it is
 * no error. */
bool document_lost(const struct document *document, const char *title);

#endif
