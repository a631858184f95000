/* SPDX-License-Identifier: Apache-2.0 */
/* Values of a row that was read. */
#include "store_parts.h"

#include <math.h>
#include <string.h>

void cell_text(sqlite3_stmt *row, int column, char *to, size_t cap)
{
	const unsigned char *text = sqlite3_column_text(row, column);
	size_t length = text != NULL ? strnlen((const char *)text, cap - 1) : 0;
	if (length > 0)
		memcpy(to, text, length);
	memset(to + length, 0, cap - length);
}

double cell_real(sqlite3_stmt *row, int column)
{
	if (sqlite3_column_type(row, column) == SQLITE_NULL)
		return NAN;
	return sqlite3_column_double(row, column);
}

wq_ms cell_time(sqlite3_stmt *row, int column)
{
	return sqlite3_column_type(row, column) == SQLITE_NULL ? WQ_NO_TIME
	                                                       : sqlite3_column_int64(row, column);
}

/* Columns series, at, value, quality, stamp, flag. False when the site has no such series. */
bool cell_sample(const struct store *store, sqlite3_stmt *row, struct wq_sample *s)
{
	*s = (struct wq_sample){ .series = names_series(
		                         &store->names, sqlite3_column_int64(row, 0)) };
	if (s->series == WQ_NONE)
		return false;
	s->at = sqlite3_column_int64(row, 1);
	s->value = cell_real(row, 2);
	s->quality = (uint8_t)sqlite3_column_int(row, 3);
	s->stamp = (uint8_t)sqlite3_column_int(row, 4);
	cell_text(row, 5, s->flag, sizeof s->flag);
	return true;
}
