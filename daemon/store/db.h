/* SPDX-License-Identifier: Apache-2.0 */
/* What this folder needs of SQLite: one way to open, to bind, to run, and to say what failed.
 * Private. */
#ifndef WQ_STORE_DB_H
#define WQ_STORE_DB_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wq_err;

/* "wqdS": says that a file is ours (PRAGMA application_id). */
#define DB_APPLICATION_ID 0x77716453

/* A value to be bound. */
struct db_value {
	enum { DB_INT, DB_REAL, DB_TEXT, DB_BLOB, DB_NULL } kind;
	int64_t integer;
	double real;
	const char *text; /* or bytes; lives until the statement was run */
	size_t length;
};

static inline struct db_value db_int(int64_t value)
{
	return (struct db_value){ .kind = DB_INT, .integer = value };
}

static inline struct db_value db_blob(const void *bytes, size_t length)
{
	return (struct db_value){ .kind = DB_BLOB, .text = bytes, .length = length };
}

static inline struct db_value db_null(void)
{
	return (struct db_value){ .kind = DB_NULL };
}

/* NaN becomes NULL: SQLite would do so silently and then trip over NOT NULL. */
static inline struct db_value db_real(double value)
{
	return (struct db_value){ .kind = value == value ? DB_REAL : DB_NULL, .real = value };
}

struct db_value db_text(const char *text);              /* NULL is NULL */
struct db_value db_field(const char *text, size_t cap); /* a char[cap], terminated or full */

#define DB_VALUES(...)                                                                             \
	(const struct db_value[]){ __VA_ARGS__ },                                                  \
	        sizeof((const struct db_value[]){ __VA_ARGS__ }) / sizeof(struct db_value)

/* Opens with extended codes and everything off that a file could abuse: extensions, double-quoted
 * strings, writes to the schema, functions with side effects in views. NULL on failure. Does not
 * touch the file's content. */
sqlite3 *db_open(const char *uri, int flags, struct wq_err *err);

/* Turns the last failure of a connection (may be NULL) into a sentence that begins with the path.
 * SQLITE_FULL is WQ_E_FULL, damage WQ_E_PROTOCOL, no memory WQ_E_MEMORY, everything else WQ_E_IO.
 */
int db_fail(sqlite3 *db, int rc, const char *path, const char *doing, struct wq_err *err);

/* True when rc says that the content of the file is damaged. */
bool db_damaged(int rc);

/* Binds all values, in order. SQLITE_OK or the first failure. */
int db_bind(sqlite3_stmt *statement, const struct db_value *values, size_t count);

/* Binds, runs a statement that gives no rows, resets it. SQLITE_OK or the failure. */
int db_run(sqlite3_stmt *statement, const struct db_value *values, size_t count);

/* Binds, takes the first integer of the first row, resets. SQLITE_OK, SQLITE_DONE when there is no
 * row (then *value is untouched; an SQL NULL counts as no row), or the failure. */
int db_get(sqlite3_stmt *statement, int64_t *value, const struct db_value *values, size_t count);

/* The same for a text that is used once. */
int db_query(sqlite3 *db, const char *sql, int64_t *value);

#endif
