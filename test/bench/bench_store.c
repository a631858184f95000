/* SPDX-License-Identifier: Apache-2.0 */
/* Rows per second of store_commit() beside plain SQLite inserts in transactions of the same size.
 *
 *   bench_store [DIRECTORY [SECONDS]]      default: the current directory, 2 s a figure
 *
 * Plain: one table (series, ts, value, flag) WITHOUT ROWID, key (ts, series), WAL,
 * synchronous=FULL, one prepared insert: the least that a store of readings can do. Both run on the
 * same disk, turn by turn, so that the ratio holds although the machine is busy. */
#include "store/store.h"

#include "wq/err.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SERIES_MAX 1000
#define STATION    20
#define START      INT64_C(1772668800000)
#define COMMITS    200000

static const struct {
	uint32_t series;
	size_t batch;
} cases[] = { { 20, 1 }, { 20, 20 }, { 20, 1000 }, { 1000, 20 }, { 1000, 1000 } };

struct run {
	double rows_a_second, bytes_a_row;
	double p50, p99, worst; /* ms a commit */
};

static double *latencies;

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static void fatal(const char *what, const char *why)
{
	fprintf(stderr, "bench_store: %s: %s\n", what, why);
	exit(1);
}

static void remove_file(const char *path)
{
	static const char *const suffixes[] = { "", "-wal", "-shm", ".lock" };
	char name[4096];
	for (size_t i = 0; i < 4; i++) {
		snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
		unlink(name);
	}
}

static struct run summary(size_t commits, size_t batch, double seconds, const char *path)
{
	struct stat st = { 0 };
	size_t rows = commits * batch;
	stat(path, &st);
	qsort(latencies, commits, sizeof *latencies, ascending);
	return (struct run){ (double)rows / seconds, (double)st.st_size / (double)rows,
		latencies[commits / 2] * 1e3, latencies[commits * 99 / 100] * 1e3,
		latencies[commits - 1] * 1e3 };
}

/* The value and instant of row n. */
static double value_of(size_t n)
{
	return (double)(n * 7919 % 100000) / 1000;
}

static wq_ms at_of(size_t n, uint32_t series)
{
	return START + (wq_ms)(n / series) * WQ_MINUTES(1);
}

/* -- plain SQLite -- */

static void plain_exec(sqlite3 *db, const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fatal(sql, sqlite3_errmsg(db));
}

static struct run plain(const char *path, uint32_t series, size_t batch, double seconds)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *insert = NULL;
	remove_file(path);
	if (sqlite3_open(path, &db) != SQLITE_OK)
		fatal(path, sqlite3_errmsg(db));
	plain_exec(db,
	        "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;PRAGMA secure_delete=OFF;"
	        "CREATE TABLE samples(series INTEGER,ts INTEGER,value REAL,flag INTEGER,"
	        "PRIMARY KEY(ts,series)) WITHOUT ROWID");
	if (sqlite3_prepare_v2(db, "INSERT INTO samples VALUES(?,?,?,0)", -1, &insert, NULL) !=
	        SQLITE_OK)
		fatal(path, sqlite3_errmsg(db));
	size_t n = 0, commits = 0;
	double start = now(), last = start;
	while (last - start < seconds && commits < COMMITS) {
		plain_exec(db, "BEGIN IMMEDIATE");
		for (size_t i = 0; i < batch; i++, n++) {
			sqlite3_bind_int64(insert, 1, (sqlite3_int64)(n % series + 1));
			sqlite3_bind_int64(insert, 2, at_of(n, series));
			sqlite3_bind_double(insert, 3, value_of(n));
			sqlite3_step(insert);
			sqlite3_reset(insert);
		}
		plain_exec(db, "COMMIT");
		double t = now();
		latencies[commits++] = t - last;
		last = t;
	}
	sqlite3_finalize(insert);
	sqlite3_close(db);
	struct run run = summary(commits, batch, last - start, path);
	remove_file(path);
	return run;
}

/* -- the store, tidied after each commit as the writer does when it has nothing else to do -- */

static struct wq_site make_site(uint32_t series)
{
	static struct wq_station stations[SERIES_MAX / STATION];
	static struct wq_series rows[SERIES_MAX];
	static struct wq_parameter parameters[STATION];
	static char names[SERIES_MAX / STATION][16], codes[STATION][16];
	static const char *const sources[] = { "bench" };
	for (uint32_t i = 0; i < STATION; i++) {
		snprintf(codes[i], sizeof codes[i], "p%u", i);
		parameters[i] = (struct wq_parameter){
			.code = codes[i], .alias = codes[i], .name = codes[i], .unit = "mg/L"
		};
	}
	for (uint32_t i = 0; i < series; i++)
		rows[i] = (struct wq_series){ .station = i / STATION, .parameter = i % STATION };
	for (uint32_t i = 0; i < series / STATION; i++) {
		snprintf(names[i], sizeof names[i], "s%u", i);
		stations[i] = (struct wq_station){ .id = names[i],
			.name = names[i],
			.zone = &wq_zone_china,
			.first_series = i * STATION,
			.series_count = STATION };
	}
	return (struct wq_site){ .name = "bench",
		.zone = &wq_zone_china,
		.standard = &wq_gb3838,
		.parameter_count = STATION,
		.station_count = series / STATION,
		.series_count = series,
		.source_count = 1,
		.parameters = parameters,
		.stations = stations,
		.series = rows,
		.sources = sources };
}

static void fill(struct commit_group *group, size_t *n, uint32_t series, size_t batch)
{
	for (size_t i = 0; i < batch; i++, ++*n) {
		wq_ms at = at_of(*n, series);
		group->outcome.samples[i] = (struct wq_stored){ .series = (uint32_t)(*n % series),
			.at = at,
			.received = at + 1234,
			.sequence = *n / STATION + 1,
			.value = value_of(*n),
			.stamp = WQ_STAMP_STATION,
			.trusted = true };
	}
	group->outcome.sample_count = batch;
	group->last_sequence = *n / STATION + 1;
}

static struct run store(const char *path, uint32_t series, size_t batch, double seconds)
{
	struct wq_site site = make_site(series);
	struct commit_group group = { 0 };
	struct store_answer *answers = NULL;
	struct store *store = NULL;
	struct wq_err err;
	remove_file(path);
	group.outcome.samples = calloc(batch, sizeof *group.outcome.samples);
	if (group.outcome.samples == NULL || store_open(path, &site, &store, &err) < 0)
		fatal(path, store == NULL ? err.text : "no memory");
	size_t n = 0, commits = 0, answered = 0;
	double start = now(), last = start;
	while (last - start < seconds && commits < COMMITS) {
		fill(&group, &n, series, batch);
		if (store_commit(store, &group, &answers, &answered, &err) < 0 ||
		        store_tidy(store, (wq_ms)(last * 1e3), &err) < 0)
			fatal(path, err.text);
		double t = now();
		latencies[commits++] = t - last;
		last = t;
	}
	store_close(store);
	struct run run = summary(commits, batch, last - start, path);
	commit_group_free(&group);
	remove_file(path);
	return run;
}

int main(int argc, char **argv)
{
	char path[4096];
	double seconds = argc > 2 ? atof(argv[2]) : 2;
	snprintf(path, sizeof path, "%s/bench-store.db", argc > 1 ? argv[1] : ".");
	latencies = calloc(COMMITS, sizeof *latencies);
	if (latencies == NULL || seconds <= 0)
		fatal("start", "give a directory and seconds");
	printf("%6s %6s | %12s %12s %6s | %22s | %6s %6s\n", "series", "batch", "plain row/s",
	        "store row/s", "ratio", "store ms p50/p99/max", "plain", "store B/row");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct run p = plain(path, cases[i].series, cases[i].batch, seconds);
		struct run s = store(path, cases[i].series, cases[i].batch, seconds);
		printf("%6u %6zu | %12.0f %12.0f %6.2f | %6.2f / %6.2f / %6.1f | %6.1f %6.1f\n",
		        cases[i].series, cases[i].batch, p.rows_a_second, s.rows_a_second,
		        s.rows_a_second / p.rows_a_second, s.p50, s.p99, s.worst, p.bytes_a_row,
		        s.bytes_a_row);
	}
	free(latencies);
	return 0;
}
