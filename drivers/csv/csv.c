/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of text -> times, stations and values. */
#include "wq/csv.h"

#include "columns.h"
#include "rows.h"
#include "wq/decimal.h"
#include "wq/err.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct wq_csv {
	struct csv_rows *rows;
	char *name;
	const struct wq_zone *zone;
	struct csv_columns columns;
	struct wq_csv_field fields[CSV_COLUMNS_MAX];
};

/* Puts "name:line: " before the sentence. */
static int fail_at(const struct wq_csv *csv, int code, struct wq_err *err)
{
	if (err == NULL)
		return code;
	return wq_fail(err, code, "%s:%zu: %s", csv->name, csv_rows_line(csv->rows), err->text);
}

/* The row with its texts in csv->fields; as wq_csv_next(). */
static int next_texts(struct wq_csv *csv, size_t *count, const char **texts, struct wq_err *err)
{
	int r = csv_rows_next(csv->rows, count, texts, err);

	return r < 0 ? fail_at(csv, r, err) : r;
}

static int read_header(struct wq_csv *csv, const struct wq_parameter *table, size_t table_count,
        bool need_time, struct wq_err *err)
{
	const char *texts[CSV_COLUMNS_MAX];
	size_t count;
	int r = next_texts(csv, &count, texts, err);

	if (r < 0)
		return r;
	if (r == 0) {
		wq_fail(err, WQ_E_INVALID, "empty: a header was expected");
		return fail_at(csv, WQ_E_INVALID, err);
	}
	r = columns_read(&csv->columns, count, texts, table, table_count, err);
	if (r == WQ_OK && need_time && csv->columns.time < 0)
		r = wq_fail(err, WQ_E_INVALID, "the header has no column 'time'");
	return r < 0 ? fail_at(csv, r, err) : WQ_OK;
}

struct wq_csv *wq_csv_open(FILE *from, const char *name, const struct wq_parameter *table,
        size_t table_count, const struct wq_zone *zone, bool need_time, struct wq_err *err)
{
	struct wq_err unheard;
	struct wq_csv *csv = calloc(1, sizeof(*csv));

	if (err == NULL)
		err = &unheard;
	if (csv != NULL) {
		csv->zone = zone;
		csv->name = strdup(name);
		csv->rows = csv_rows_open(from, ',');
	}
	if (csv == NULL || csv->name == NULL || csv->rows == NULL) {
		wq_fail(err, WQ_E_MEMORY, "%s: no memory", name);
		wq_csv_close(csv);
		return NULL;
	}
	if (read_header(csv, table, table_count, need_time, err) < 0) {
		wq_csv_close(csv);
		return NULL;
	}
	return csv;
}

void wq_csv_close(struct wq_csv *csv)
{
	if (csv == NULL)
		return;
	columns_free(&csv->columns);
	csv_rows_close(csv->rows);
	free(csv->name);
	free(csv);
}

size_t wq_csv_columns(const struct wq_csv *csv, const char *const **names, const int **parameters)
{
	if (names != NULL)
		*names = csv->columns.names;
	if (parameters != NULL)
		*parameters = csv->columns.parameters;
	return csv->columns.count;
}

static enum wq_cell read_cell(const char *text, double *value)
{
	char buf[CSV_CELL_TEXT];
	const char *number = csv_trim(text, buf);

	if (number == NULL)
		return WQ_CELL_WRONG;
	if (*number == '\0' || strcmp(number, "--") == 0)
		return WQ_CELL_MISSING;
	if (strcmp(number, "*") == 0)
		return WQ_CELL_NOT_MEASURED;
	return wq_value_parse(number, value, NULL) == WQ_OK ? WQ_CELL_VALUE : WQ_CELL_WRONG;
}

static void read_fields(struct wq_csv *csv, const char *const *texts)
{
	for (size_t i = 0; i < csv->columns.count; i++) {
		struct wq_csv_field *field = &csv->fields[i];

		field->text = texts[i];
		field->value = (double)NAN;
		field->cell = WQ_CELL_NOT_MEASURED;
		if (csv->columns.parameters[i] >= 0)
			field->cell = read_cell(texts[i], &field->value);
	}
}

static void read_time(const struct wq_csv *csv, struct wq_csv_row *row)
{
	char buf[CSV_CELL_TEXT];
	const char *text;

	row->at = WQ_NO_TIME;
	row->time_text = "";
	if (csv->columns.time < 0)
		return;
	row->time_text = csv->fields[csv->columns.time].text;
	text = csv_trim(row->time_text, buf);
	row->time_wrong =
	        text == NULL || wq_instant_parse(text, csv->zone, &row->at, NULL) != WQ_OK;
}

int wq_csv_next(struct wq_csv *csv, struct wq_csv_row *row, struct wq_err *err)
{
	struct wq_err unheard;
	const char *texts[CSV_COLUMNS_MAX];
	size_t count;
	int r;

	if (err == NULL)
		err = &unheard;
	r = next_texts(csv, &count, texts, err);
	if (r <= 0)
		return r;
	if (count != csv->columns.count) {
		wq_fail(err, WQ_E_INVALID, "%zu columns where the header has %zu", count,
		        csv->columns.count);
		return fail_at(csv, WQ_E_INVALID, err);
	}
	read_fields(csv, texts);
	*row = (struct wq_csv_row){
		.line = csv_rows_line(csv->rows),
		.count = count,
		.fields = csv->fields,
		.station = "",
	};
	if (csv->columns.station >= 0)
		row->station = csv->fields[csv->columns.station].text;
	read_time(csv, row);
	return 1;
}
