/* SPDX-License-Identifier: Apache-2.0 */
/* The header: which column is what. */
#ifndef WQ_DRIVERS_CSV_COLUMNS_H
#define WQ_DRIVERS_CSV_COLUMNS_H

#include "rows.h"
#include "wq/parameter.h"

#include <stdbool.h>
#include <stddef.h>

struct wq_err;

struct csv_columns {
	size_t count;
	const char *names[CSV_COLUMNS_MAX]; /* as in the file, owned */
	int parameters[CSV_COLUMNS_MAX];    /* index in the table, or -1 */
	int time, station;                  /* index of the column, or -1 */
};

/* Takes the fields of the header; 0 or a negative code. On failure columns_free() is still due. */
int columns_read(struct csv_columns *columns, size_t count, const char *const *fields,
        const struct wq_parameter *table, size_t table_count, struct wq_err *err);
void columns_free(struct csv_columns *columns);

/* `text` without spaces and tabs around it; copied into buf where it must be cut. NULL when that
 * does not fit. */
#define CSV_CELL_TEXT 64
const char *csv_trim(const char *text, char buf[CSV_CELL_TEXT]);

#endif
