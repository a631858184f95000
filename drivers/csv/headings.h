/* SPDX-License-Identifier: Apache-2.0 */
/* The header of a table: what each column is, and in which unit. */
#ifndef WQ_DRIVERS_CSV_HEADINGS_H
#define WQ_DRIVERS_CSV_HEADINGS_H

#include "rows.h"
#include "wq/decimal.h"
#include "wq/table.h"

#include <stddef.h>

struct wq_err;

/* Columns with a meaning of their own. */
enum csv_role {
	CSV_TIME,
	CSV_STATION,
	CSV_PARAMETER, /* these three: of a long table */
	CSV_VALUE,
	CSV_UNIT,
	CSV_FLAG,
	CSV_STATUS, /* 站点情况 of the national platform: what is not 正常 flags the row */
	CSV_ROLES,
};

struct csv_headings {
	size_t count;
	int role[CSV_ROLES];             /* column, -1: none */
	int parameter[CSV_COLUMNS_MAX];  /* of the column, -1: none */
	struct wq_decimal factor[CSV_COLUMNS_MAX]; /* unit of the column × factor = canonical unit */
	char ignored[512];               /* headings that are not taken */
	enum wq_table_form form;
};

/* 0, or WQ_E_INVALID with *err. */
int csv_headings_read(struct csv_headings *headings, size_t count, const char *const *names, const struct wq_table_wish *wish,
        struct wq_err *err);

/* The factor of a parameter whose value has `unit` ("" : what the wish says of it, or the canonical one). */
int csv_headings_factor(const struct wq_table_wish *wish, size_t parameter, const char *unit, struct wq_decimal *factor,
        struct wq_err *err);

/* Index of the parameter that a heading or a cell means, -1: none. */
int csv_headings_parameter(const struct wq_table_wish *wish, const char *name);

#endif
