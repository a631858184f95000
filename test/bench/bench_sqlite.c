/* SPDX-License-Identifier: Apache-2.0 */
/* What SQLite alone can store, through a prepared statement: the eight numbers of the reference,
 * and the very rows that wqd wrote, into a table made by the same words. WAL, synchronous=FULL,
 * nothing else to do.
 *
 *   bench_sqlite FOLDER ROWS_A_COMMIT ROWS WQD_DATABASE
 *
 * Prints rows a second, and rows a second of processor time: of the eight numbers, then of wqd's
 * rows. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define SERIES  20
#define COLUMNS 17

static void fatal(const char *doing, const char *why)
{
	fprintf(stderr, "bench_sqlite: %s: %s\n", doing, why);
	exit(1);
}

static double read_clock(clockid_t id)
{
	struct timespec t;
	clock_gettime(id, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void run(sqlite3 *db, const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fatal(sql, sqlite3_errmsg(db));
}

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *statement = NULL;
	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
		fatal(sql, sqlite3_errmsg(db));
	return statement;
}

static void remove_file(const char *path)
{
	char name[4200];
	for (const char *const *end = (const char *const[]){ "", "-wal", "-shm", NULL };
	        *end != NULL; end++) {
		snprintf(name, sizeof name, "%s%s", path, *end);
		unlink(name);
	}
}

static sqlite3 *begin(const char *path, const char *table)
{
	sqlite3 *db = NULL;
	remove_file(path);
	if (sqlite3_open(path, &db) != SQLITE_OK)
		fatal(path, sqlite3_errmsg(db));
	run(db, "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL");
	run(db, table);
	return db;
}

static void step(sqlite3 *db, sqlite3_stmt *statement)
{
	if (sqlite3_step(statement) != SQLITE_DONE)
		fatal("insert", sqlite3_errmsg(db));
	sqlite3_reset(statement);
}

static void tell(double wall, double cpu, long rows)
{
	printf("%.0f %.0f ", (double)rows / (read_clock(CLOCK_MONOTONIC) - wall),
	        (double)rows / (read_clock(CLOCK_PROCESS_CPUTIME_ID) - cpu));
}

static void eight_numbers(const char *path, long group, long rows)
{
	sqlite3 *db = begin(path,
	        "CREATE TABLE sample(at INTEGER,series INTEGER,revision INTEGER,value REAL,quality "
	        "INTEGER,"
	        "source INTEGER,received INTEGER,sequence INTEGER,PRIMARY KEY(at,series,revision)) "
	        "WITHOUT ROWID");
	sqlite3_stmt *insert = prepare(db, "INSERT INTO sample VALUES(?,?,?,?,?,?,?,?)");
	double wall = read_clock(CLOCK_MONOTONIC), cpu = read_clock(CLOCK_PROCESS_CPUTIME_ID);
	for (long i = 0; i < rows;) {
		run(db, "BEGIN IMMEDIATE");
		for (long k = 0; k < group && i < rows; k++, i++) {
			const sqlite3_int64 numbers[] = { i / SERIES, i % SERIES, 1, 0, 0, 1,
				i / SERIES, i / SERIES };
			for (int c = 0; c < 8; c++)
				sqlite3_bind_int64(insert, c + 1, numbers[c]);
			sqlite3_bind_double(insert, 4, 1.234);
			step(db, insert);
		}
		run(db, "COMMIT");
	}
	tell(wall, cpu, rows);
	sqlite3_finalize(insert);
	sqlite3_close(db);
	remove_file(path);
}

/* Reads wqd's rows into memory first. */
static sqlite3_value **load(sqlite3 *from, long *rows)
{
	sqlite3_stmt *read = prepare(from, "SELECT * FROM sample_open ORDER BY at,series LIMIT ?");
	sqlite3_value **values = calloc((size_t)*rows * COLUMNS, sizeof(sqlite3_value *));
	long n = 0;
	if (values == NULL || sqlite3_column_count(read) != COLUMNS)
		fatal("sample_open", "no memory, or another table than expected");
	sqlite3_bind_int64(read, 1, *rows);
	for (; sqlite3_step(read) == SQLITE_ROW; n++)
		for (int c = 0; c < COLUMNS; c++)
			values[n * COLUMNS + c] = sqlite3_value_dup(sqlite3_column_value(read, c));
	*rows = n;
	sqlite3_finalize(read);
	return values;
}

static void own_rows(const char *path, long group, long rows, const char *source)
{
	sqlite3 *from = NULL;
	if (sqlite3_open_v2(source, &from, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK)
		fatal(source, sqlite3_errmsg(from));
	sqlite3_stmt *made =
	        prepare(from, "SELECT sql FROM sqlite_schema WHERE name='sample_open'");
	if (sqlite3_step(made) != SQLITE_ROW)
		fatal(source, "has no table sample_open");
	sqlite3_value **values = load(from, &rows);
	sqlite3 *db = begin(path, (const char *)sqlite3_column_text(made, 0));
	sqlite3_stmt *insert =
	        prepare(db, "INSERT INTO sample_open VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
	double wall = read_clock(CLOCK_MONOTONIC), cpu = read_clock(CLOCK_PROCESS_CPUTIME_ID);
	for (long i = 0; i < rows;) {
		run(db, "BEGIN IMMEDIATE");
		for (long k = 0; k < group && i < rows; k++, i++) {
			for (int c = 0; c < COLUMNS; c++)
				sqlite3_bind_value(insert, c + 1, values[i * COLUMNS + c]);
			step(db, insert);
		}
		run(db, "COMMIT");
	}
	tell(wall, cpu, rows);
	for (long i = 0; i < rows * COLUMNS; i++)
		sqlite3_value_free(values[i]);
	free(values);
	sqlite3_finalize(insert);
	sqlite3_finalize(made);
	sqlite3_close(db);
	sqlite3_close(from);
	remove_file(path);
}

int main(int argc, char **argv)
{
	char path[4096];
	if (argc < 5 || strtol(argv[2], NULL, 10) < 1 || strtol(argv[3], NULL, 10) < 1)
		fatal("start", "bench_sqlite FOLDER ROWS_A_COMMIT ROWS WQD_DATABASE");
	snprintf(path, sizeof path, "%s/bench-sqlite.db", argv[1]);
	eight_numbers(path, strtol(argv[2], NULL, 10), strtol(argv[3], NULL, 10));
	own_rows(path, strtol(argv[2], NULL, 10), strtol(argv[3], NULL, 10), argv[4]);
	putchar('\n');
	return 0;
}
