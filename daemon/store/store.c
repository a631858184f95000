/* SPDX-License-Identifier: Apache-2.0 */
/* Opening, checking, migrating and closing the history. */
#include "store_parts.h"

#include "schema.h"

#include "wq/err.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file of up to this size is checked at every opening (well under a second on a slow card) … */
#define CHECK_ALWAYS ((int64_t)32 << 20)
/* … and up to this size when it was not closed cleanly. Beyond that the check would delay the start
 * by more than the restart may take; an unclean end alone does not damage a file in WAL mode. */
#define CHECK_UNCLEAN ((int64_t)512 << 20)

/* The log is cut back to this after it has been copied into the file. */
#define WAL_LIMIT "16777216"

int store_fail(struct store *store, int rc, const char *doing, struct wq_err *err)
{
	store->suspect |= db_damaged(rc);
	return db_fail(store->db, rc, store->path, doing, err);
}

int store_transaction(struct store *store, struct wq_err *err)
{
	int rc = db_run(store->statements[ST_BEGIN], NULL, 0);
	return rc == SQLITE_OK ? 0 : store_fail(store, rc, "cannot begin to write", err);
}

void store_rollback(struct store *store)
{
	/* A full disk or a failed write may have rolled back by itself already. */
	if (sqlite3_get_autocommit(store->db) == 0)
		db_run(store->statements[ST_ROLLBACK], NULL, 0);
}

/* -- opening, step by step -- */

static int take_lock(struct store *store, struct wq_err *err)
{
	char path[4096];
	if (snprintf(path, sizeof path, "%s.lock", store->path) >= (int)sizeof path)
		return wq_fail(err, WQ_E_INVALID, "%s: the path is too long", store->path);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (fd < 0)
		return wq_fail(err, WQ_E_IO, "%s: cannot be opened: %s", path, strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		int why = errno;
		close(fd);
		if (why == EWOULDBLOCK)
			return wq_fail(err, WQ_E_STATE,
			        "%s: another wqd is writing to it (it holds %s); stop that one "
			        "first",
			        store->path, path);
		return wq_fail(err, WQ_E_IO, "%s: cannot be locked: %s", path, strerror(why));
	}
	store->lock = fd;
	return 0;
}

static int64_t size_of(const char *path, const char *suffix)
{
	char name[4096];
	struct stat st;
	if (snprintf(name, sizeof name, "%s%s", path, suffix) >= (int)sizeof name ||
	        stat(name, &st) != 0)
		return 0;
	return st.st_size;
}

/* Asked before SQLite opens the file: it would read it all the same, and leave an empty log behind.
 */
static int check_access(const struct store *store, struct wq_err *err)
{
	if (faccessat(AT_FDCWD, store->path, R_OK | W_OK, AT_EACCESS) == 0 || errno == ENOENT)
		return 0;
	return wq_fail(err, WQ_E_IO, "%s: may not be written: %s", store->path, strerror(errno));
}

/* Refuses what is not ours before anything of the file is changed. */
static int check_identity(struct store *store, int64_t *version, struct wq_err *err)
{
	int64_t application = 0, objects = 0;
	int rc = db_query(store->db, "PRAGMA application_id", &application);
	if (rc == SQLITE_OK)
		rc = db_query(store->db, "PRAGMA user_version", version);
	if (rc == SQLITE_OK)
		rc = db_query(store->db, "SELECT count(*) FROM sqlite_schema", &objects);
	if (rc != SQLITE_OK)
		return store_fail(store, rc,
		        db_damaged(rc) ? "is damaged or no SQLite database" : "cannot be read",
		        err);
	if (application != DB_APPLICATION_ID && (application != 0 || objects > 0 || *version != 0))
		return wq_fail(err, WQ_E_INVALID,
		        "%s: is a database of another program (application id 0x%08" PRIx64
		        "), not a history of wqd; give another path",
		        store->path, (uint64_t)application);
	if (*version > SCHEMA_VERSION)
		return wq_fail(err, WQ_E_INVALID,
		        "%s: has version %" PRId64
		        ", this program knows versions up to %d; install "
		        "the newer wqd or give another path",
		        store->path, *version, SCHEMA_VERSION);
	if (sqlite3_db_readonly(store->db, "main") == 1)
		return wq_fail(err, WQ_E_IO, "%s: may not be written", store->path);
	return 0;
}

static int exec(struct store *store, const char *sql, const char *doing, struct wq_err *err)
{
	int rc = sqlite3_exec(store->db, sql, NULL, NULL, NULL);
	return rc == SQLITE_OK ? 0 : store_fail(store, rc, doing, err);
}

static int set_up(struct store *store, struct wq_err *err)
{
	/* Off: overwriting deleted content with zeros costs flash and protects nobody here.
	 * Automatic copying of the log would make some commit slow: tidy.c does it between commits.
	 */
	int r = exec(store,
	        "PRAGMA journal_mode=WAL;"
	        "PRAGMA synchronous=FULL;"
	        "PRAGMA secure_delete=OFF;"
	        "PRAGMA cell_size_check=ON;"
	        "PRAGMA temp_store=MEMORY;"
	        "PRAGMA cache_size=-512;"
	        "PRAGMA wal_autocheckpoint=0;"
	        "PRAGMA journal_size_limit=" WAL_LIMIT,
	        "cannot be set up", err);
	if (r < 0)
		return r;
	sqlite3_stmt *mode = NULL;
	int rc = sqlite3_prepare_v2(store->db, "PRAGMA journal_mode", -1, &mode, NULL);
	if (rc == SQLITE_OK && (rc = sqlite3_step(mode)) == SQLITE_ROW)
		rc = strcmp((const char *)sqlite3_column_text(mode, 0), "wal") == 0 ? SQLITE_OK
		                                                                    : SQLITE_IOERR;
	sqlite3_finalize(mode);
	return rc == SQLITE_OK ? 0 : store_fail(store, rc, "cannot use a write-ahead log", err);
}

/* All steps in one transaction: a power cut leaves the old version or the new one. */
static int migrate(struct store *store, int64_t version, struct wq_err *err)
{
	if (version == SCHEMA_VERSION)
		return 0;
	int r = exec(store, "BEGIN IMMEDIATE", "cannot begin to migrate", err);
	if (r < 0)
		return r;
	for (int64_t v = version; v < SCHEMA_VERSION && r == 0; v++)
		for (const char *const *sql = schema_steps[v]; *sql != NULL && r == 0; sql++)
			r = exec(store, *sql, "cannot be migrated", err);
	char stamp[96];
	snprintf(stamp, sizeof stamp, "PRAGMA application_id=%d;PRAGMA user_version=%d",
	        DB_APPLICATION_ID, SCHEMA_VERSION);
	if (r == 0)
		r = exec(store, stamp, "cannot be migrated", err);
	if (r == 0)
		r = exec(store, "COMMIT", "cannot be migrated", err);
	if (r < 0 && sqlite3_get_autocommit(store->db) == 0)
		sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	return r;
}

static int quick_check(struct store *store, struct wq_err *err)
{
	sqlite3_stmt *check = NULL;
	int rc = sqlite3_prepare_v2(store->db, "PRAGMA quick_check(1)", -1, &check, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(check);
	int r = 0;
	const char *says = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(check, 0) : NULL;
	if (rc != SQLITE_ROW)
		r = store_fail(store, rc, "cannot be checked", err);
	else if (says == NULL || strcmp(says, "ok") != 0)
		r = wq_fail(err, WQ_E_PROTOCOL,
		        "%s: is damaged (%.200s); set it aside together with its -wal and start "
		        "anew, \"sqlite3 FILE .recover\" saves what can be read",
		        store->path, says != NULL ? says : "?");
	sqlite3_finalize(check);
	return r;
}

static int prepare_all(struct store *store, struct wq_err *err)
{
	int known = rows_register(store->db, &store->rows);
	if (known != SQLITE_OK)
		return store_fail(store, known, "cannot prepare", err);
	for (size_t i = 0; i < ST_COUNT; i++) {
		int rc = sqlite3_prepare_v3(store->db, store_statements[i], -1,
		        SQLITE_PREPARE_PERSISTENT, &store->statements[i], NULL);
		if (rc != SQLITE_OK)
			return store_fail(store, rc, "cannot prepare", err);
	}
	return 0;
}

/* A new file gets its identity here: one that nobody can repeat, whatever the clock says. */
static int read_meta(struct store *store, struct wq_err *err)
{
	sqlite3_stmt *meta = NULL;
	int rc = sqlite3_prepare_v2(store->db,
	        "SELECT incarnation,sequence,commits,received FROM meta", -1, &meta, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(meta);
	if (rc == SQLITE_ROW) {
		store->incarnation = (uint64_t)sqlite3_column_int64(meta, 0);
		store->sequence = (uint64_t)sqlite3_column_int64(meta, 1);
		store->commits = sqlite3_column_int64(meta, 2);
		store->received = sqlite3_column_int64(meta, 3);
	}
	sqlite3_finalize(meta);
	if (rc == SQLITE_DONE)
		return wq_fail(err, WQ_E_PROTOCOL, "%s: is damaged: its row of meta is missing",
		        store->path);
	if (rc != SQLITE_ROW)
		return store_fail(store, rc, "cannot read its identity", err);
	if (store->incarnation != 0)
		return 0;
	while (store->incarnation == 0)
		if (getrandom(&store->incarnation, sizeof store->incarnation, 0) !=
		        (ssize_t)sizeof store->incarnation)
			return wq_fail(err, WQ_E_IO, "no random numbers: %s", strerror(errno));
	char sql[96];
	snprintf(sql, sizeof sql, "UPDATE meta SET incarnation=%" PRId64,
	        (int64_t)store->incarnation);
	return exec(store, sql, "cannot be given an identity", err);
}

void store_disconnect(struct store *store)
{
	for (size_t i = 0; i < ST_COUNT; i++) {
		sqlite3_finalize(store->statements[i]);
		store->statements[i] = NULL;
	}
	sqlite3_close_v2(store->db);
	store->db = NULL;
}

int store_connect(struct store *store, bool check, struct wq_err *err)
{
	store->db = db_open(store->path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, err);
	if (store->db == NULL)
		return err != NULL ? err->code : WQ_E_IO;
	int64_t version = 0;
	int r = check_identity(store, &version, err);
	if (r == 0 && check)
		r = quick_check(store, err);
	if (r == 0)
		r = set_up(store, err);
	if (r == 0)
		r = migrate(store, version, err);
	if (r == 0)
		r = prepare_all(store, err);
	if (r == 0)
		r = read_meta(store, err);
	if (r < 0)
		store_disconnect(store);
	else
		tidy_watch(store);
	return r;
}

int store_use_site(struct store *store, const struct wq_site *site, struct wq_err *err)
{
	if (store->db == NULL)
		return wq_fail(err, WQ_E_STATE, "%s: is not open", store->path);
	struct names names = { 0 };
	int r = store_transaction(store, err);
	if (r < 0)
		return r;
	r = names_load(store, site, &names, err);
	if (r == 0) {
		int rc = db_run(store->statements[ST_COMMIT], NULL, 0);
		if (rc != SQLITE_OK)
			r = store_fail(store, rc, "cannot be told the stations", err);
	}
	if (r < 0) {
		store_rollback(store);
		names_free(&names);
		return r;
	}
	names_free(&store->names);
	store->names = names;
	store->site = site;
	return 0;
}

/* Stretches of an earlier life that were still open when it ended are known to have lasted until its last commit at the
 * most; what goes on is told anew by this life. */
static int end_outages(struct store *store, struct wq_err *err)
{
	int rc = sqlite3_exec(store->db,
	        "UPDATE outage SET until=max(since,(SELECT received FROM meta)) WHERE until IS NULL", NULL, NULL, NULL);
	return rc == SQLITE_OK ? 0 : store_fail(store, rc, "cannot end the outages of an earlier run", err);
}

/* A command of an earlier life whose outcome was not written may have been carried out or not. */
static int end_commands(struct store *store, struct wq_err *err)
{
	int rc = sqlite3_exec(store->db,
	        "UPDATE command SET outcome=4,text='wqd ended before the outcome was known' WHERE outcome=0", NULL, NULL, NULL);
	return rc == SQLITE_OK ? 0 : store_fail(store, rc, "cannot end the commands of an earlier run", err);
}

int store_open(const char *path, const struct wq_site *site, struct store **out, struct wq_err *err)
{
	struct wq_err local; /* so that the code is known even when nobody wants the sentence */
	struct store *store = calloc(1, sizeof *store);
	char *copy = strdup(path);
	if (store == NULL || copy == NULL) {
		free(store);
		free(copy);
		return wq_fail(err, WQ_E_MEMORY, "no memory for the store");
	}
	store->path = copy;
	store->lock = -1;
	int r = take_lock(store, &local);
	if (r == 0)
		r = check_access(store, &local);
	if (r == 0) {
		int64_t size = size_of(path, ""), log = size_of(path, "-wal");
		bool check =
		        size > 0 && (size <= CHECK_ALWAYS || (log > 0 && size <= CHECK_UNCLEAN));
		r = store_connect(store, check, &local);
	}
	if (r == 0)
		r = end_outages(store, &local);
	if (r == 0)
		r = end_commands(store, &local);
	if (r == 0)
		r = store_use_site(store, site, &local);
	if (r < 0) {
		store_close(store);
		return wq_fail(err, r, "%s", local.text);
	}
	*out = store;
	return 0;
}

void store_close(struct store *store)
{
	if (store == NULL)
		return;
	store_disconnect(store);
	names_free(&store->names);
	if (store->lock >= 0)
		close(store->lock);
	free(store->path);
	free(store);
}

int store_last_clock(struct store *store, struct store_clock *clock, struct wq_err *err)
{
	sqlite3_stmt *row = NULL;
	*clock = (struct store_clock){ 0 };
	if (store->db == NULL)
		return wq_fail(err, WQ_E_STATE, "%s: is not open", store->path);
	int rc = sqlite3_prepare_v2(store->db, "SELECT wall,boot,machine,trusted FROM meta", -1, &row, NULL);
	if (rc == SQLITE_OK && (rc = sqlite3_step(row)) == SQLITE_ROW) {
		clock->wall = sqlite3_column_int64(row, 0);
		clock->boot = sqlite3_column_int64(row, 1);
		cell_text(row, 2, clock->machine, sizeof clock->machine);
		clock->trusted = sqlite3_column_int(row, 3) != 0;
		rc = SQLITE_OK;
	}
	sqlite3_finalize(row);
	return rc == SQLITE_OK ? 0 : store_fail(store, rc, "cannot read the last commit", err);
}

uint64_t store_incarnation(const struct store *store)
{
	return store->incarnation;
}

uint64_t store_last_sequence(const struct store *store)
{
	return store->sequence;
}

size_t store_orphans(const struct store *store)
{
	return store->orphans;
}
