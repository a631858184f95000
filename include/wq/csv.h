/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the CSV form that wqctl and wqsim take: a header; `time` (ISO 8601, an offset or the
 * site's zone), optional `station`, then one column a parameter by HJ 525 code, alias or own name;
 * empty and "--" = missing, "*" = not measured here; BOM and CRLF accepted; other columns kept. */
#ifndef WQ_CSV_H
#define WQ_CSV_H

#include "wq/instant.h"
#include "wq/parameter.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct wq_err;
struct wq_csv;

enum wq_cell {
	WQ_CELL_VALUE,
	WQ_CELL_MISSING,      /* empty, "--" */
	WQ_CELL_NOT_MEASURED, /* "*" */
	WQ_CELL_WRONG,        /* not a number: `text` holds it */
};

struct wq_csv_field {
	const char *text; /* as in the file, unquoted; valid until the next row */
	enum wq_cell cell;
	double value; /* NaN unless WQ_CELL_VALUE */
};

struct wq_csv_row {
	size_t line;         /* of the file, 1-based, where the row begins */
	const char *station; /* "" when there is no such column */
	const char *time_text;
	wq_ms at;            /* WQ_NO_TIME: there is no time column, or `time_wrong` */
	bool time_wrong;
	size_t count;        /* columns of the header; a row with another number is an error */
	const struct wq_csv_field *fields; /* all columns in the file's order */
};

/* Opens a reader on a stream (kept open by the caller) and reads the header. `table` decides which columns are
 * parameters. need_time: a missing time column is an error. NULL with *err (which names the line). */
struct wq_csv *wq_csv_open(FILE *from, const char *name, const struct wq_parameter *table, size_t table_count,
	const struct wq_zone *zone, bool need_time, struct wq_err *err);
void wq_csv_close(struct wq_csv *csv);

/* Header names in order, and for each column the index of its parameter in `table`, or -1. */
size_t wq_csv_columns(const struct wq_csv *csv, const char *const **names, const int **parameters);

/* 1: a row; 0: the end; negative: error with "name:line: …" in *err (the next call goes on with the next row
 * where that is possible, otherwise returns 0). Rows are bounded at 1 MiB, columns at 256. */
int wq_csv_next(struct wq_csv *csv, struct wq_csv_row *row, struct wq_err *err);

/* Writes one field, quoted when needed (RFC 4180). */
void wq_csv_write(FILE *to, const char *text);

#endif
