/* SPDX-License-Identifier: Apache-2.0 */
/* A virtual table without a row of its own: every column is read from a struct wq_stored. */
#include "rows.h"

#include "store_parts.h"

#include <string.h>

struct table {
	sqlite3_vtab base; /* first: SQLite's */
	const struct rows *rows;
};

struct cursor {
	sqlite3_vtab_cursor base; /* first: SQLite's */
	const struct rows *rows;
	size_t at;
};

/* -- columns -- */

static void give_at(sqlite3_context *to, const struct rows *rows, const struct wq_stored *s)
{
	(void)rows;
	sqlite3_result_int64(to, s->at);
}

static void give_series(sqlite3_context *to, const struct rows *rows, const struct wq_stored *s)
{
	sqlite3_result_int64(to, rows->names->series[s->series]);
}

/* NaN becomes NULL, as db_real() has it. */
static void give_real(sqlite3_context *to, double value)
{
	if (value == value)
		sqlite3_result_double(to, value);
	else
		sqlite3_result_null(to);
}

static void give_value(sqlite3_context *to, const struct rows *rows, const struct wq_stored *s)
{
	(void)rows;
	give_real(to, s->value);
}

static void give_quality(sqlite3_context *to, const struct rows *rows, const struct wq_stored *s)
{
	(void)rows;
	sqlite3_result_int(to, s->quality);
}

static void give_stamp(sqlite3_context *to, const struct rows *rows, const struct wq_stored *s)
{
	(void)rows;
	sqlite3_result_int(to, s->stamp);
}

static void give_flag(sqlite3_context *to, const struct rows *rows, const struct wq_stored *s)
{
	(void)rows;
	sqlite3_result_text(to, s->flag, (int)strnlen(s->flag, sizeof s->flag), SQLITE_STATIC);
}

static void give_source(sqlite3_context *to, const struct rows *rows, const struct wq_stored *s)
{
	sqlite3_result_int64(to, rows->names->source[s->source]);
}

static void give_received(sqlite3_context *to, const struct rows *rows, const struct wq_stored *s)
{
	(void)rows;
	sqlite3_result_int64(to, s->received);
}

static void give_trusted(sqlite3_context *to, const struct rows *rows, const struct wq_stored *s)
{
	(void)rows;
	sqlite3_result_int(to, s->trusted);
}

static void give_sequence(sqlite3_context *to, const struct rows *rows, const struct wq_stored *s)
{
	(void)rows;
	sqlite3_result_int64(to, (int64_t)s->sequence);
}

static void give_score(sqlite3_context *to, const struct rows *rows, const struct wq_stored *s)
{
	(void)rows;
	give_real(to, s->score);
}

static void give_late(sqlite3_context *to, const struct rows *rows, const struct wq_stored *s)
{
	(void)rows;
	sqlite3_result_int(to, s->late);
}

static void give_event(sqlite3_context *to, const struct rows *rows, const struct wq_stored *s)
{
	(void)rows;
	sqlite3_result_int(to, s->event);
}

static void give_test(sqlite3_context *to, const struct rows *rows, const struct wq_stored *s)
{
	(void)rows;
	sqlite3_result_int(to, s->test);
}

#define DECLARATION                                                                                \
	"CREATE TABLE rows_now(at,series,value,quality,stamp,flag,source,received,trusted,"        \
	"sequence,score,late,event,test)"

/* In the order of the declaration. */
static void (*const columns[])(
        sqlite3_context *to, const struct rows *rows, const struct wq_stored *s) = {
	give_at,
	give_series,
	give_value,
	give_quality,
	give_stamp,
	give_flag,
	give_source,
	give_received,
	give_trusted,
	give_sequence,
	give_score,
	give_late,
	give_event,
	give_test,
};

static int on_column(sqlite3_vtab_cursor *base, sqlite3_context *to, int column)
{
	const struct cursor *cursor = (struct cursor *)base;
	columns[column](to, cursor->rows, &cursor->rows->first[cursor->at]);
	return SQLITE_OK;
}

/* -- the walk over them, always from the first to the last -- */

static int on_connect(sqlite3 *db, void *rows, int argc, const char *const *argv,
        sqlite3_vtab **table, char **error)
{
	(void)argc;
	(void)argv;
	(void)error;
	struct table *made = sqlite3_malloc(sizeof *made);
	if (made == NULL)
		return SQLITE_NOMEM;
	*made = (struct table){ .rows = rows };
	*table = &made->base;
	int rc = sqlite3_declare_vtab(db, DECLARATION);
	if (rc == SQLITE_OK)
		return SQLITE_OK;
	*table = NULL;
	sqlite3_free(made);
	return rc;
}

static int on_disconnect(sqlite3_vtab *table)
{
	sqlite3_free(table);
	return SQLITE_OK;
}

static int on_best_index(sqlite3_vtab *table, sqlite3_index_info *info)
{
	(void)table;
	info->estimatedCost = 1000;
	info->estimatedRows = 1000;
	return SQLITE_OK;
}

static int on_open(sqlite3_vtab *table, sqlite3_vtab_cursor **cursor)
{
	struct cursor *made = sqlite3_malloc(sizeof *made);
	if (made == NULL)
		return SQLITE_NOMEM;
	*made = (struct cursor){ .rows = ((struct table *)table)->rows };
	*cursor = &made->base;
	return SQLITE_OK;
}

static int on_close(sqlite3_vtab_cursor *cursor)
{
	sqlite3_free(cursor);
	return SQLITE_OK;
}

static int on_filter(
        sqlite3_vtab_cursor *cursor, int number, const char *text, int argc, sqlite3_value **argv)
{
	(void)number;
	(void)text;
	(void)argc;
	(void)argv;
	((struct cursor *)cursor)->at = 0;
	return SQLITE_OK;
}

static int on_next(sqlite3_vtab_cursor *cursor)
{
	((struct cursor *)cursor)->at++;
	return SQLITE_OK;
}

static int on_eof(sqlite3_vtab_cursor *base)
{
	const struct cursor *cursor = (struct cursor *)base;
	return cursor->at >= cursor->rows->count;
}

static int on_rowid(sqlite3_vtab_cursor *cursor, sqlite3_int64 *rowid)
{
	*rowid = (sqlite3_int64)((struct cursor *)cursor)->at;
	return SQLITE_OK;
}

/* Without xCreate it can stand in no schema: no file can name it. */
static const sqlite3_module module = {
	.xConnect = on_connect,
	.xBestIndex = on_best_index,
	.xDisconnect = on_disconnect,
	.xOpen = on_open,
	.xClose = on_close,
	.xFilter = on_filter,
	.xNext = on_next,
	.xEof = on_eof,
	.xColumn = on_column,
	.xRowid = on_rowid,
};

int rows_register(sqlite3 *db, const struct rows *rows)
{
	return sqlite3_create_module(db, "rows_now", &module, (void *)(uintptr_t)rows);
}
