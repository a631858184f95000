/* SPDX-License-Identifier: Apache-2.0 */
/* A table on a terminal whose columns line up with Chinese in them. LC_CTYPE must be UTF-8. */
#ifndef WQ_CTL_TABLE_H
#define WQ_CTL_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define CTL_TABLE_COLUMNS 24

struct ctl_table {
	size_t columns;
	size_t count, room; /* cells, headings included */
	char **cells;       /* owned */
	bool broken;        /* memory ran out: rows are missing */
};

/* Zero-initialised. Begins with `columns` headings (at most CTL_TABLE_COLUMNS). */
void ctl_table_begin(struct ctl_table *table, size_t columns, const char *const *headings);

/* Adds a row of `columns` cells, copied; NULL is shown as "-". */
void ctl_table_row(struct ctl_table *table, const char *const *cells);

/* Prints it, or nothing when there is no row below the headings. False: memory ran out while it was
 * made. */
bool ctl_table_print(const struct ctl_table *table, FILE *to);

void ctl_table_free(struct ctl_table *table);

/* Columns that a UTF-8 text takes on a terminal. */
size_t ctl_text_width(const char *text);

/* Writes text to a terminal: control characters, which could be made to steer it, become '?'. Names
 * and texts come from stations and people and are not trusted. */
void ctl_text_write(FILE *to, const char *text);

#endif
