/* SPDX-License-Identifier: Apache-2.0 */
/* A file of limits while it is read: limits.c reads the file and makes the standard, limits_row.c
 * takes its rows. */
#ifndef WQ_CONFIG_LIMITS_H
#define WQ_CONFIG_LIMITS_H

#include "load.h"

#include "wq/csv.h"

#define LIMITS_ROWS 400

enum limits_column {
	LIMITS_CODE,
	LIMITS_UNIT,
	LIMITS_DIRECTION,
	LIMITS_I,
	LIMITS_V = LIMITS_I + 4,
	LIMITS_APPLIES,
	LIMITS_EVALUATED,
	LIMITS_COLUMNS
};

/* One row as written, for both waters perhaps. */
struct limit_line {
	size_t line;
	const struct wq_parameter *parameter;
	struct wq_standard_row row;
	bool waters[WQ_WATERS];
	bool empty; /* names an item and sets no limits */
	bool evaluated_given;
};

struct limits {
	struct loader *l;
	const struct section *section; /* that named the file */
	const char *path;
	size_t header; /* its line */
	int columns[LIMITS_COLUMNS];
	struct limit_line lines[LIMITS_ROWS];
	size_t count;
};

/* An error at a line of the file, told with the line of the configuration that names it. */
void limits_complain(struct limits *f, size_t line, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/* Takes a row, or tells what is wrong with it. */
void limits_take(struct limits *f, const struct wq_csv_row *row);

#endif
