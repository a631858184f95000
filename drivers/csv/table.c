/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of a table -> readings, one after the other. */
#include "wq/table.h"

#include "columns.h"
#include "headings.h"
#include "rows.h"
#include "text.h"
#include "when.h"
#include "wq/err.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct wq_table {
	struct wq_table_wish wish;
	char *name;
	struct csv_text *text;
	struct csv_rows *rows;
	struct csv_headings headings;
	/* the row that is being read */
	const char *cells[CSV_COLUMNS_MAX];
	size_t next; /* column that is looked at next; count: the row is over */
	size_t line;
	wq_ms at;
	const char *station;
	char station_text[CSV_CELL_TEXT];
	char flag[WQ_FLAG_TEXT];
	int year, month; /* of the row before, where times have no year */
	size_t row_count, empty;
};

int wq_table_form_parse(const char *name)
{
	static const char *const names[] = { "auto", "wide", "long", "national" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(name, names[i]) == 0)
			return (int)i;
	return -1;
}

/* Puts "name:line: " before the sentence. */
static int fail_at(const struct wq_table *table, int code, struct wq_err *err)
{
	struct wq_err cause = *err;

	return wq_fail(err, code, "%s:%zu: %s", table->name, csv_rows_line(table->rows), cause.text);
}

static int read_header(struct wq_table *table, struct wq_err *err)
{
	const char *names[CSV_COLUMNS_MAX];
	size_t count;
	int r = csv_rows_next(table->rows, &count, names, err);

	if (r == 0)
		r = wq_fail(err, WQ_E_INVALID, "is empty: a header was expected");
	if (r > 0)
		r = csv_headings_read(&table->headings, count, names, &table->wish, err);
	table->next = table->headings.count;
	return r < 0 ? fail_at(table, r, err) : 0;
}

static bool prepare(struct wq_table *table, FILE *from, const char *name, struct wq_err *err)
{
	struct wq_err cause = { .code = 0 };

	table->name = strdup(name);
	table->text = csv_text_open(from, &cause);
	if (table->name == NULL || table->text == NULL) {
		wq_fail(err, cause.code != 0 ? cause.code : WQ_E_MEMORY, "%s %s", name, cause.code != 0 ? cause.text : "no memory");
		return false;
	}
	table->rows = csv_rows_open(csv_text_stream(table->text), csv_text_separator(table->text));
	if (table->rows == NULL)
		wq_fail(err, WQ_E_MEMORY, "no memory");
	return table->rows != NULL && read_header(table, err) == 0;
}

struct wq_table *wq_table_open(FILE *from, const char *name, const struct wq_table_wish *wish, struct wq_err *err)
{
	struct wq_err unheard;
	struct wq_table *table = calloc(1, sizeof *table);

	err = err != NULL ? err : &unheard;
	if (table == NULL) {
		wq_fail(err, WQ_E_MEMORY, "no memory");
		return NULL;
	}
	table->wish = *wish;
	table->year = wish->year;
	if (prepare(table, from, name, err))
		return table;
	wq_table_close(table);
	return NULL;
}

void wq_table_close(struct wq_table *table)
{
	if (table == NULL)
		return;
	csv_rows_close(table->rows);
	csv_text_close(table->text);
	free(table->name);
	free(table);
}

/* The newest such time up to a day after the file was made. */
static int year_by_reference(const struct wq_table *table, const char *text, int *year)
{
	char now[WQ_INSTANT_TEXT];
	wq_ms latest = table->wish.reference + WQ_DAYS(1), at;

	*year = 0;
	if (table->wish.reference == WQ_NO_TIME)
		return 0;
	*year = atoi(wq_instant_format(table->wish.zone, latest, now));
	/* 29 February is in none of the years but one: looked for as far back as that may be. */
	for (int i = 0; i < 9; i++, (*year)--)
		if (wq_table_time(text, table->wish.zone, *year, &at, NULL) == 0 && at <= latest)
			return 0;
	return 0;
}

/* A step over the turn of the year: December follows November, and January December, in either direction. */
static int year_by_row(struct wq_table *table, int month)
{
	if (table->month > 0 && month - table->month < -6)
		table->year++;
	else if (table->month > 0 && month - table->month > 6)
		table->year--;
	table->month = month;
	return table->year;
}

static int read_time(struct wq_table *table, struct wq_err *err)
{
	const char *text = table->cells[table->headings.role[CSV_TIME]];
	int year = 0, month;

	if (csv_when_month(text, &month)) {
		if (table->wish.year > 0)
			year = year_by_row(table, month);
		else if (table->headings.form == WQ_TABLE_NATIONAL)
			year_by_reference(table, text, &year);
	}
	return wq_table_time(text, table->wish.zone, year, &table->at, err);
}

static int read_station(struct wq_table *table, struct wq_err *err)
{
	int column = table->headings.role[CSV_STATION];

	table->station = table->wish.station;
	if (column < 0)
		return 0;
	table->station = csv_trim(table->cells[column], table->station_text);
	if (table->station == NULL || strlen(table->station) >= CSV_CELL_TEXT)
		return wq_fail(err, WQ_E_INVALID, "the name of the station has more than %d bytes", CSV_CELL_TEXT - 1);
	if (*table->station == '\0' && table->wish.station == NULL)
		return wq_fail(err, WQ_E_INVALID, "the station is missing");
	if (*table->station == '\0')
		table->station = table->wish.station;
	return 0;
}

static bool is_missing(const char *cell)
{
	static const char *const words[] = { "", "--", "-", "—", "——", "/", "*" };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(cell, words[i]) == 0)
			return true;
	return false;
}

static int read_flag(struct wq_table *table, struct wq_err *err)
{
	char buf[CSV_CELL_TEXT];
	int column = table->headings.role[CSV_FLAG], status = table->headings.role[CSV_STATUS];
	const char *flag = column >= 0 ? csv_trim(table->cells[column], buf) : status >= 0 ? csv_trim(table->cells[status], buf) : "";

	memset(table->flag, 0, sizeof table->flag);
	if (flag != NULL && (is_missing(flag) || (column < 0 && strcmp(flag, "正常") == 0)))
		return 0;
	if (flag != NULL && strlen(flag) < sizeof table->flag) {
		memcpy(table->flag, flag, strlen(flag));
		return 0;
	}
	/* A text about the whole station may be longer; it is kept as far as whole characters go. */
	if (flag == NULL || column >= 0)
		return wq_fail(err, WQ_E_INVALID, "the flag '%.40s' is longer than a flag may be (%d bytes)",
		        flag == NULL ? "…" : flag, WQ_FLAG_TEXT - 1);
	size_t whole = WQ_FLAG_TEXT - 1;
	while (whole > 0 && ((unsigned char)flag[whole] & 0xC0) == 0x80)
		whole--;
	memcpy(table->flag, flag, whole);
	return 0;
}

/* A row with fewer columns lacks something; empty ones at its end are a spreadsheet's. */
static int check_count(struct wq_table *table, size_t count, struct wq_err *err)
{
	size_t wanted = table->headings.count;

	for (size_t i = wanted; i < count; i++)
		if (*table->cells[i] != '\0')
			return wq_fail(err, WQ_E_INVALID, "%zu columns where the header has %zu%s", count, wanted,
			        count == wanted + 1 ? "; is there a decimal comma?" : "");
	return count < wanted ? wq_fail(err, WQ_E_INVALID, "%zu columns where the header has %zu", count, wanted) : 0;
}

static bool cell_is_missing(const struct wq_table *table, size_t column)
{
	char buf[CSV_CELL_TEXT];
	const char *cell = csv_trim(table->cells[column], buf);

	return cell != NULL && is_missing(cell);
}

/* The platform lists stations that stand still: no time, and nothing measured. */
static bool is_idle(const struct wq_table *table)
{
	bool idle = cell_is_missing(table, (size_t)table->headings.role[CSV_TIME]);

	for (size_t i = 0; i < table->headings.count; i++)
		idle = idle && (table->headings.parameter[i] < 0 || cell_is_missing(table, i));
	return idle && (table->headings.role[CSV_VALUE] < 0 || cell_is_missing(table, (size_t)table->headings.role[CSV_VALUE]));
}

/* 1: a row; 0: the end. */
static int next_row(struct wq_table *table, struct wq_err *err)
{
	size_t count;
	int r = csv_rows_next(table->rows, &count, table->cells, err);

	while (r > 0 && count >= table->headings.count && is_idle(table)) {
		table->row_count++;
		for (size_t i = 0; i < table->headings.count; i++)
			table->empty += table->headings.parameter[i] >= 0;
		r = csv_rows_next(table->rows, &count, table->cells, err);
	}
	if (r == 0)
		return 0;
	table->line = csv_rows_line(table->rows);
	table->row_count++;
	if (r > 0 && (r = check_count(table, count, err)) == 0 && (r = read_time(table, err)) == 0 &&
	        (r = read_station(table, err)) == 0)
		r = read_flag(table, err);
	if (r < 0)
		return fail_at(table, r, err);
	table->next = 0;
	return 1;
}

static double scaled(double value, struct wq_decimal factor)
{
	struct wq_decimal decimal;
	double result;

	if (factor.digits == 1 && factor.places == 0)
		return value;
	if (wq_decimal_from_double(value, &decimal) && decimal.places + factor.places <= 18 &&
	        wq_value_from_scaled(decimal.digits, (struct wq_decimal){ factor.digits, decimal.places + factor.places },
	                (struct wq_decimal){ 0, 0 }, &result, NULL) == 0)
		return result;
	return value * wq_decimal_to_double(factor);
}

/* "<0.01", "0.01L": below the detection limit that is named. */
static bool below(const char *cell, double *limit)
{
	char buf[CSV_CELL_TEXT];
	size_t length = strlen(cell);

	if (*cell == '<')
		return wq_value_parse(cell + 1 + strspn(cell + 1, " "), limit, NULL) == 0;
	if (strncmp(cell, "＜", strlen("＜")) == 0)
		return wq_value_parse(cell + strlen("＜"), limit, NULL) == 0;
	if (length < 2 || length >= sizeof buf || (cell[length - 1] != 'L' && cell[length - 1] != 'l'))
		return false;
	memcpy(buf, cell, length - 1);
	buf[length - 1] = '\0';
	return wq_value_parse(buf, limit, NULL) == 0;
}

/* Digits with one comma, and nothing else that is a number. */
static bool has_comma(const char *cell)
{
	return strchr(cell, ',') != NULL && strspn(cell, "0123456789,.-+") == strlen(cell);
}

static int read_value(const struct wq_table *table, const char *cell, const char *name, double *value, struct wq_err *err)
{
	if (wq_value_parse(cell, value, NULL) == 0)
		return 0;
	if (has_comma(cell))
		return wq_fail(err, WQ_E_INVALID, "%s '%.40s': a comma in a number may be a decimal or a thousands' one; write 7.20 or "
		               "1141.1",
		        name, cell);
	if (!below(cell, value))
		return wq_fail(err, WQ_E_INVALID, "%s '%.40s' is no number; a value, an empty cell, -- or * are allowed", name, cell);
	if (!table->wish.below_half)
		return wq_fail(err, WQ_E_INVALID, "%s '%.40s' is below a detection limit; --below half takes half of it", name, cell);
	*value = scaled(*value, (struct wq_decimal){ 5, 1 });
	return 0;
}

/* One cell of a row: 1: a reading; 0: nothing was measured; negative: refused. */
static int take_cell(struct wq_table *table, const char *text, size_t parameter, struct wq_decimal factor,
        struct wq_table_reading *reading, struct wq_err *err)
{
	char buf[CSV_CELL_TEXT];
	const char *cell = csv_trim(text, buf), *name = table->wish.parameters[parameter].name;
	double value;
	int r = cell == NULL ? wq_fail(err, WQ_E_INVALID, "%s '%.40s…' is no number", name, text) : 0;

	if (r == 0 && is_missing(cell)) {
		table->empty++;
		return 0;
	}
	if (r == 0)
		r = read_value(table, cell, name, &value, err);
	if (r == 0 && !isfinite(scaled(value, factor)))
		r = wq_fail(err, WQ_E_INVALID, "%s '%.40s' is too large", name, cell);
	if (r < 0)
		return fail_at(table, r, err);
	*reading = (struct wq_table_reading){ .line = table->line,
		.station = table->station,
		.parameter = (uint32_t)parameter,
		.at = table->at,
		.value = scaled(value, factor) };
	memcpy(reading->flag, table->flag, sizeof reading->flag);
	return 1;
}

static int take_long(struct wq_table *table, struct wq_table_reading *reading, struct wq_err *err)
{
	const int *role = table->headings.role;
	char buf[CSV_CELL_TEXT], unit_buf[CSV_CELL_TEXT];
	const char *name = csv_trim(table->cells[role[CSV_PARAMETER]], buf);
	const char *unit = role[CSV_UNIT] >= 0 ? csv_trim(table->cells[role[CSV_UNIT]], unit_buf) : "";
	int parameter = name != NULL ? csv_headings_parameter(&table->wish, name) : -1;
	struct wq_decimal factor;
	int r = 0;

	table->next = table->headings.count;
	if (parameter < 0)
		r = wq_fail(err, WQ_E_INVALID, "'%.40s' is no parameter that is known; --map '%.40s'=PARAMETER says which one it is",
		        name != NULL ? name : "…", name != NULL ? name : "…");
	else if (unit == NULL || csv_headings_factor(&table->wish, (size_t)parameter, unit, &factor, err) < 0)
		r = unit == NULL ? wq_fail(err, WQ_E_INVALID, "the unit is too long") : err->code;
	if (r < 0)
		return fail_at(table, r, err);
	return take_cell(table, table->cells[role[CSV_VALUE]], (size_t)parameter, factor, reading, err);
}

static int take_wide(struct wq_table *table, struct wq_table_reading *reading, struct wq_err *err)
{
	int r = 0;

	while (r == 0 && table->next < table->headings.count) {
		size_t i = table->next++;

		if (table->headings.parameter[i] >= 0)
			r = take_cell(table, table->cells[i], (size_t)table->headings.parameter[i], table->headings.factor[i],
			        reading, err);
	}
	return r;
}

int wq_table_next(struct wq_table *table, struct wq_table_reading *reading, struct wq_err *err)
{
	struct wq_err unheard;
	int r = 0;

	err = err != NULL ? err : &unheard;
	while (r == 0) {
		if (table->next >= table->headings.count) {
			r = next_row(table, err);
			if (r <= 0)
				return r;
		}
		r = table->headings.form == WQ_TABLE_LONG ? take_long(table, reading, err) : take_wide(table, reading, err);
	}
	return r;
}

size_t wq_table_rows(const struct wq_table *table)
{
	return table->row_count;
}

size_t wq_table_empty(const struct wq_table *table)
{
	return table->empty;
}

const char *wq_table_ignored(const struct wq_table *table)
{
	return table->headings.ignored;
}

enum wq_table_form wq_table_form(const struct wq_table *table)
{
	return table->headings.form;
}
