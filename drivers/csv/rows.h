/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes -> rows of text: what libcsv does, made bounded and pulled a row at a time. */
#ifndef WQ_DRIVERS_CSV_ROWS_H
#define WQ_DRIVERS_CSV_ROWS_H

#include <stddef.h>
#include <stdio.h>

#define CSV_COLUMNS_MAX 256
#define CSV_ROW_BYTES   ((size_t)1 << 20)

struct wq_err;
struct csv_rows;

/* NULL when there is no memory. The stream stays the caller's; `separator` stands between fields. */
struct csv_rows *csv_rows_open(FILE *from, char separator);
void csv_rows_close(struct csv_rows *rows);

/* 1: a row, *count fields (text valid until the next call); 0: the end; negative with *err:
 * WQ_E_INVALID = this row is not readable, the next call goes on behind it; anything else is
 * the end. Blank lines are no rows. */
int csv_rows_next(struct csv_rows *rows, size_t *count, const char **fields, struct wq_err *err);

/* The line, 1-based, on which the row of the last call began. */
size_t csv_rows_line(const struct csv_rows *rows);

#endif
