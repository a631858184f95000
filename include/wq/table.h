/* SPDX-License-Identifier: Apache-2.0 */
/* Reading tables of measured values as people have them: one column a parameter ("wide"), one value a row ("long":
 * time, station, parameter, value, flag), the export of the national platform, and what a spreadsheet makes of either:
 * byte order mark, CRLF, quotes, `;` or tabs between columns, GB18030, dates such as 2026/3/5 8:00. Headings in Chinese
 * or by code and alias, a unit in brackets behind them: 总磷(mg/L).
 *
 * Missing are an empty cell and `--` `-` `—` `/`, not measured `*`: neither gives a reading. Refused with a sentence, as the
 * only row or cell that is: a decimal comma, a spreadsheet's serial number for a time, a year at the end of a date. */
#ifndef WQ_TABLE_H
#define WQ_TABLE_H

#include "wq/csv.h"
#include "wq/instant.h"
#include "wq/parameter.h"
#include "wq/sample.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct wq_err;
struct wq_table;

enum wq_table_form {
	WQ_TABLE_AUTO, /* by the headings */
	WQ_TABLE_WIDE,
	WQ_TABLE_LONG,
	WQ_TABLE_NATIONAL, /* wide, and times may lack the year */
};

/* "auto" "wide" "long" "national"; -1: none of them. */
int wq_table_form_parse(const char *name);

/* A heading that means a parameter ("" = is not taken), or the unit of a parameter. */
struct wq_table_name {
	const char *from, *to;
};

/* Everything is borrowed until wq_table_close(). */
struct wq_table_wish {
	enum wq_table_form form;
	const struct wq_parameter *parameters;
	size_t parameter_count;
	const struct wq_zone *zone; /* of times without an offset */
	const char *station;        /* of a table without a column for it, or NULL */
	int year;         /* of the first row whose time has none; later rows follow it over the turn of the year. 0: by `reference` */
	wq_ms reference;  /* when the file was made: a time without a year is the newest such time up to a day after it;
	                     WQ_NO_TIME: such times are refused */
	bool below_half;  /* "<0.01" and "0.01L" are half of it; otherwise refused */
	size_t map_count, unit_count;
	const struct wq_table_name *maps;  /* heading → parameter */
	const struct wq_table_name *units; /* parameter → unit, for values whose heading names none */
};

struct wq_table_reading {
	size_t line;        /* of the file, 1-based */
	const char *station; /* as in the file; valid until the next call */
	uint32_t parameter; /* index into the wish's table */
	wq_ms at;
	double value;       /* canonical unit; finite */
	char flag[WQ_FLAG_TEXT];
};

/* Reads the header; `from` stays the caller's and open until wq_table_close(). NULL with *err (which names the file). */
struct wq_table *wq_table_open(FILE *from, const char *name, const struct wq_table_wish *wish, struct wq_err *err);
void wq_table_close(struct wq_table *table); /* NULL is fine */

/* 1: a reading; 0: the end; WQ_E_INVALID: a row or a cell is refused, *err says "name:line: what, what is allowed", go on;
 * other negative codes: the file cannot be read on. */
int wq_table_next(struct wq_table *table, struct wq_table_reading *reading, struct wq_err *err);

/* Rows read so far, cells that were empty, and the headings that are not taken, joined by ", ". */
size_t wq_table_rows(const struct wq_table *table);
size_t wq_table_empty(const struct wq_table *table);
const char *wq_table_ignored(const struct wq_table *table);
enum wq_table_form wq_table_form(const struct wq_table *table); /* never AUTO */

/* A time as tables have it; exposed for tests. `year`: of a time that has none, 0: none is known. */
int wq_table_time(const char *text, const struct wq_zone *zone, int year, wq_ms *at, struct wq_err *err);

#endif
