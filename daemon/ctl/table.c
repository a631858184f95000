/* SPDX-License-Identifier: Apache-2.0 */
/* Tables for the terminal: cells are kept until the widths are known. */
#include "table.h"

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

/* Takes the next character of *text: its bytes, and the columns it takes; a byte that is no UTF-8
 * and a control character take one, and *plain is false. */
static size_t next(const char *text, mbstate_t *shift, size_t *columns, bool *plain)
{
	wchar_t c;
	size_t bytes = mbrtowc(&c, text, strlen(text), shift);
	int width;

	*columns = 1;
	*plain = false;
	if (bytes == (size_t)-1 || bytes == (size_t)-2) {
		*shift = (mbstate_t){ 0 };
		return 1;
	}
	width = wcwidth(c);
	if (width >= 0) {
		*columns = (size_t)width;
		*plain = true;
	}
	return bytes;
}

size_t ctl_text_width(const char *text)
{
	mbstate_t shift = { 0 };
	size_t width = 0, columns;
	bool plain;

	while (*text) {
		text += next(text, &shift, &columns, &plain);
		width += columns;
	}
	return width;
}

void ctl_text_write(FILE *to, const char *text)
{
	mbstate_t shift = { 0 };
	size_t columns;
	bool plain;

	while (*text) {
		size_t bytes = next(text, &shift, &columns, &plain);
		if (plain)
			fwrite(text, 1, bytes, to);
		else
			fputc('?', to);
		text += bytes;
	}
}

static bool add_cell(struct ctl_table *table, const char *text)
{
	if (table->count == table->room) {
		size_t room = table->room ? 2 * table->room : 64;
		char **cells = reallocarray(table->cells, room, sizeof *cells);
		if (!cells)
			return false;
		table->cells = cells;
		table->room = room;
	}
	table->cells[table->count] = strdup(text ? text : "-");
	if (!table->cells[table->count])
		return false;
	table->count++;
	return true;
}

void ctl_table_row(struct ctl_table *table, const char *const *cells)
{
	for (size_t i = 0; i < table->columns && !table->broken; i++)
		table->broken = !add_cell(table, cells[i]);
}

void ctl_table_begin(struct ctl_table *table, size_t columns, const char *const *headings)
{
	*table = (struct ctl_table){ .columns = columns < CTL_TABLE_COLUMNS ? columns
		                                                            : CTL_TABLE_COLUMNS };
	ctl_table_row(table, headings);
}

static void print_row(
        const struct ctl_table *table, char *const *cells, const size_t *widths, FILE *to)
{
	for (size_t i = 0; i < table->columns; i++) {
		ctl_text_write(to, cells[i]);
		if (i + 1 < table->columns)
			fprintf(to, "%*s", (int)(widths[i] - ctl_text_width(cells[i]) + 2), "");
	}
	fputc('\n', to);
}

bool ctl_table_print(const struct ctl_table *table, FILE *to)
{
	size_t widths[CTL_TABLE_COLUMNS] = { 0 };
	size_t rows = table->columns ? table->count / table->columns : 0;

	for (size_t i = 0; i < rows * table->columns; i++) {
		size_t width = ctl_text_width(table->cells[i]);
		if (width > widths[i % table->columns])
			widths[i % table->columns] = width;
	}
	for (size_t r = 0; rows > 1 && r < rows; r++)
		print_row(table, table->cells + r * table->columns, widths, to);
	return !table->broken;
}

void ctl_table_free(struct ctl_table *table)
{
	for (size_t i = 0; i < table->count; i++)
		free(table->cells[i]);
	free(table->cells);
	*table = (struct ctl_table){ 0 };
}
