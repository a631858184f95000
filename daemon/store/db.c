/* SPDX-License-Identifier: Apache-2.0 */
/* Thin helpers over SQLite. */
#include "db.h"

#include "wq/err.h"

#include <string.h>

struct db_value db_text(const char *text)
{
	if (text == NULL)
		return db_null();
	return (struct db_value){ .kind = DB_TEXT, .text = text, .length = strlen(text) };
}

struct db_value db_field(const char *text, size_t cap)
{
	return (struct db_value){ .kind = DB_TEXT, .text = text, .length = strnlen(text, cap) };
}

static void harden(sqlite3 *db)
{
	static const struct {
		int what, on;
	} switches[] = {
		{ SQLITE_DBCONFIG_DEFENSIVE, 1 },
		{ SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
		{ SQLITE_DBCONFIG_DQS_DDL, 0 },
		{ SQLITE_DBCONFIG_DQS_DML, 0 },
		{ SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0 },
	};
	for (size_t i = 0; i < sizeof switches / sizeof *switches; i++)
		sqlite3_db_config(db, switches[i].what, switches[i].on, (int *)NULL);
}

sqlite3 *db_open(const char *uri, int flags, struct wq_err *err)
{
	sqlite3 *db = NULL;
	int rc = sqlite3_open_v2(
	        uri, &db, flags | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_NOMUTEX, NULL);
	if (rc != SQLITE_OK) {
		db_fail(db, rc, uri, "cannot be opened", err);
		sqlite3_close(db);
		return NULL;
	}
	harden(db);
	sqlite3_busy_timeout(db, 5000);
	return db;
}

bool db_damaged(int rc)
{
	return (rc & 0xff) == SQLITE_CORRUPT || (rc & 0xff) == SQLITE_NOTADB;
}

static int code_of(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_FULL:
		return WQ_E_FULL;
	case SQLITE_NOMEM:
		return WQ_E_MEMORY;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return WQ_E_PROTOCOL;
	default:
		return WQ_E_IO;
	}
}

int db_fail(sqlite3 *db, int rc, const char *path, const char *doing, struct wq_err *err)
{
	const char *what = db != NULL ? sqlite3_errmsg(db) : sqlite3_errstr(rc);
	int number = db != NULL ? sqlite3_system_errno(db) : 0;
	int kind = rc & 0xff;
	/* The system's own word helps only where the system refused; otherwise it is a stale one.
	 */
	bool system = number != 0 &&
	        (kind == SQLITE_IOERR || kind == SQLITE_CANTOPEN || kind == SQLITE_FULL);
	char room[96];
	return wq_fail(err, code_of(rc), "%s: %s: %s (SQLite %d)%s%s", path, doing, what, rc,
	        system ? ", " : "", system ? strerror_r(number, room, sizeof room) : "");
}

static int bind_one(sqlite3_stmt *statement, int at, const struct db_value *value)
{
	switch (value->kind) {
	case DB_INT:
		return sqlite3_bind_int64(statement, at, value->integer);
	case DB_REAL:
		return sqlite3_bind_double(statement, at, value->real);
	case DB_TEXT:
		return sqlite3_bind_text64(
		        statement, at, value->text, value->length, SQLITE_STATIC, SQLITE_UTF8);
	case DB_BLOB:
		return sqlite3_bind_blob64(statement, at, value->text, value->length, SQLITE_STATIC);
	case DB_NULL:
		break;
	}
	return sqlite3_bind_null(statement, at);
}

int db_bind(sqlite3_stmt *statement, const struct db_value *values, size_t count)
{
	int rc = SQLITE_OK;
	for (size_t i = 0; i < count && rc == SQLITE_OK; i++)
		rc = bind_one(statement, (int)i + 1, &values[i]);
	return rc;
}

int db_run(sqlite3_stmt *statement, const struct db_value *values, size_t count)
{
	int rc = db_bind(statement, values, count);
	if (rc != SQLITE_OK)
		return rc;
	rc = sqlite3_step(statement);
	int reset = sqlite3_reset(statement);
	if (rc == SQLITE_DONE || rc == SQLITE_ROW)
		return reset;
	return rc;
}

int db_get(sqlite3_stmt *statement, int64_t *value, const struct db_value *values, size_t count)
{
	int rc = db_bind(statement, values, count);
	if (rc != SQLITE_OK)
		return rc;
	rc = sqlite3_step(statement);
	bool found = rc == SQLITE_ROW && sqlite3_column_type(statement, 0) != SQLITE_NULL;
	if (found)
		*value = sqlite3_column_int64(statement, 0);
	int reset = sqlite3_reset(statement);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return rc;
	if (reset != SQLITE_OK)
		return reset;
	return found ? SQLITE_OK : SQLITE_DONE;
}

int db_query(sqlite3 *db, const char *sql, int64_t *value)
{
	sqlite3_stmt *statement = NULL;
	int rc = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
	if (rc == SQLITE_OK)
		rc = db_get(statement, value, NULL, 0);
	sqlite3_finalize(statement);
	return rc;
}
