/* SPDX-License-Identifier: Apache-2.0 */
/* Housekeeping between commits: the log is copied into the file, closed days move to where a series
 * lies together, the planner's figures are refreshed. Each call is one bounded step, since a commit
 * may be waiting. */
#include "store_parts.h"

#include "wq/err.h"

/* Pages of log after which it is copied, about 4 MB; without that many it is copied once a minute.
 */
#define COPY_PAGES     1000
#define COPY_EVERY     WQ_MINUTES(1)
#define TRUNCATE_EVERY WQ_HOURS(1)
#define OPTIMIZE_EVERY WQ_DAYS(1)

/* Readings moved at once: about 0.1 s on a small machine. */
#define MOVE_ROWS 20000

/* A day (of UTC: it only decides where rows lie) stays open until this long after its end. */
#define OPEN_FOR WQ_DAYS(1)

static int count_frames(void *owner, sqlite3 *db, const char *name, int frames)
{
	struct store *store = owner;
	(void)db;
	(void)name;
	if (frames < store->wal_copied)
		store->wal_copied = 0; /* the log began anew */
	store->wal_frames = frames;
	return SQLITE_OK;
}

void tidy_watch(struct store *store)
{
	store->wal_frames = store->wal_copied = 0;
	sqlite3_wal_hook(store->db, count_frames, store);
}

static int checkpoint(struct store *store, int mode, struct wq_err *err)
{
	int frames = 0, copied = 0;
	sqlite3_busy_timeout(store->db, 0);
	int rc = sqlite3_wal_checkpoint_v2(store->db, NULL, mode, &frames, &copied);
	sqlite3_busy_timeout(store->db, 5000);
	/* Busy: a reader still needs the old pages; the next time will do. */
	if (rc != SQLITE_OK && (rc & 0xff) != SQLITE_BUSY && (rc & 0xff) != SQLITE_LOCKED)
		return store_fail(store, rc, "cannot copy its log into the file", err);
	if (frames >= 0 && copied >= 0) {
		store->wal_frames = frames;
		store->wal_copied = copied;
	}
	return 0;
}

int tidy_settle(struct store *store, struct wq_err *err)
{
	return checkpoint(store, SQLITE_CHECKPOINT_PASSIVE, err);
}

static int copy_log(struct store *store, wq_ms uptime, struct wq_err *err)
{
	int fresh = store->wal_frames - store->wal_copied;
	if (uptime >= store->next_truncate && store->wal_frames > 0) {
		store->next_truncate = uptime + TRUNCATE_EVERY;
		store->next_copy = uptime + COPY_EVERY;
		return checkpoint(store, SQLITE_CHECKPOINT_TRUNCATE, err);
	}
	if (fresh < COPY_PAGES && (fresh <= 0 || uptime < store->next_copy))
		return 0;
	store->next_copy = uptime + COPY_EVERY;
	return checkpoint(store, SQLITE_CHECKPOINT_PASSIVE, err);
}

static wq_ms day_floor(wq_ms at)
{
	wq_ms day = WQ_DAYS(1);
	return at - ((at % day) + day) % day;
}

static int move_rows(struct store *store, wq_ms before, wq_ms *oldest)
{
	wq_ms until = 0;
	sqlite3_stmt *const *st = store->statements;
	int rc = db_get(st[ST_MOVE_UNTIL], &until, DB_VALUES(db_int(before), db_int(MOVE_ROWS)));
	if (rc == SQLITE_OK)
		rc = db_run(st[ST_BEGIN], NULL, 0);
	if (rc == SQLITE_OK)
		rc = db_run(st[ST_MOVE_COPY], DB_VALUES(db_int(until)));
	if (rc == SQLITE_OK)
		rc = db_run(st[ST_MOVE_DELETE], DB_VALUES(db_int(until)));
	if (rc == SQLITE_OK)
		rc = db_run(st[ST_COMMIT], NULL, 0);
	if (rc == SQLITE_OK)
		rc = db_get(st[ST_MOVE_FIRST], oldest, NULL, 0);
	return rc;
}

/* 1 when more closed readings wait. */
static int move_closed(struct store *store, struct wq_err *err)
{
	wq_ms before = day_floor(store->received - OPEN_FOR), oldest = 0;
	int rc = db_get(store->statements[ST_MOVE_FIRST], &oldest, NULL, 0);
	if (rc == SQLITE_OK && oldest < before) {
		rc = move_rows(store, before, &oldest);
		if (rc == SQLITE_OK && oldest < before)
			return 1;
	}
	if (rc == SQLITE_OK || rc == SQLITE_DONE)
		return 0;
	int r = store_fail(store, rc, "cannot move closed days", err);
	store_rollback(store);
	return r;
}

int store_tidy(struct store *store, wq_ms uptime, struct wq_err *err)
{
	if (store->db == NULL)
		return wq_fail(err, WQ_E_STATE, "%s: is not open since a failure", store->path);
	if (store->next_copy == 0) {
		store->next_copy = uptime + COPY_EVERY;
		store->next_truncate = uptime + TRUNCATE_EVERY;
		store->next_optimize = uptime + OPTIMIZE_EVERY;
	}
	int r = mend_look(store, err);
	if (r == 0)
		r = copy_log(store, uptime, err);
	if (r == 0)
		r = move_closed(store, err);
	if (r == 0 && uptime >= store->next_optimize) {
		store->next_optimize = uptime + OPTIMIZE_EVERY;
		int rc = sqlite3_exec(store->db, "PRAGMA optimize", NULL, NULL, NULL);
		if (rc != SQLITE_OK)
			r = store_fail(store, rc, "cannot refresh the planner's figures", err);
	}
	return r;
}

bool store_untidy(const struct store *store)
{
	return store->wal_frames - store->wal_copied >= 4 * COPY_PAGES;
}

size_t store_log_bytes(const struct store *store)
{
	return (size_t)store->wal_frames * 4096;
}
