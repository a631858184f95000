/* SPDX-License-Identifier: Apache-2.0 */
/* The rooms of the store and what they share. Private to daemon/store. */
#ifndef WQ_STORE_PARTS_H
#define WQ_STORE_PARTS_H

#include "db.h"
#include "rows.h"
#include "store/store.h"

/* Statements that live as long as the connection: index into store.statements. */
enum statement {
	ST_BEGIN,
	ST_COMMIT,
	ST_ROLLBACK,
	ST_META, /* sequence, received, commits, both clocks */
	ST_SAMPLE_INSERT,
	ST_SAMPLE_ROWS,
	ST_SAMPLE_JUDGED,
	ST_JUDGED_FIND,
	ST_LEARNT_PUT,
	ST_SAMPLE_FIND,
	ST_OPEN_REPEAT,
	ST_CLOSED_REPEAT,
	ST_OPEN_SUPERSEDE,
	ST_CLOSED_SUPERSEDE,
	ST_DAY_INSERT,
	ST_DAY_WANTED,
	ST_DAY_TOLD,
	ST_ALARM_INSERT,
	ST_ALARM_STATE,
	ST_CHANGE_INSERT,
	ST_SHELF_PUT,
	ST_PROFILE_PUT,
	ST_MAINTENANCE_PUT,
	ST_DELAY_PUT,
	ST_DELAY_END,
	ST_NOTICE_INSERT,
	ST_DELIVERY_INSERT,
	ST_NOTICE_STATE,
	ST_OUTAGE_PUT,
	ST_CHECK_PUT,
	ST_COMMAND_PUT,
	ST_MANUAL_FIND,
	ST_MANUAL_REPEAT,
	ST_MANUAL_SUPERSEDE,
	ST_MANUAL_INSERT,
	ST_IMPORT_PUT,
	ST_NEED_OPEN,
	ST_NEED_CLOSED,
	ST_MOVE_FIRST,
	ST_MOVE_UNTIL,
	ST_MOVE_COPY,
	ST_MOVE_DELETE,
	ST_FORWARD_PUT,
	ST_FORWARD_CHANGE,
	ST_FORWARD_DAY,
	ST_FORWARD_DONE,
	ST_FORWARD_NOTES_DONE,
	ST_UPLINK_PUT,
	ST_NOTICE_FOLD,
	ST_NOTICE_RELEASE,
	ST_MARK_PUT,
	ST_ALARM_WAIT,
	ST_OWED_PUT,
	ST_OWED_DONE,
	ST_OWED_OLD,
	ST_COUNT,
};
extern const char *const store_statements[ST_COUNT]; /* statements.c */

/* The site's indices as keys of the file. Keys begin at 1. */
struct names {
	int64_t *station, *parameter, *series, *source, *rule; /* by index */
	int64_t standard; /* the one in force */
	size_t series_keys;
	uint32_t *series_of; /* by key, WQ_NONE where the site has no such series; [series_keys] */
	wq_ms *highest;      /* by series index: the newest `at` ever stored, WQ_NO_TIME: none */
};

struct store {
	char *path;
	int lock;    /* descriptor of the lock file, -1: not held */
	sqlite3 *db; /* NULL after a failed store_reopen() */
	sqlite3_stmt *statements[ST_COUNT];
	const struct wq_site *site;
	struct names names;
	struct rows rows; /* commit.c: the readings that are being stored */
	uint64_t incarnation, sequence;
	int64_t commits; /* groups in the file */
	wq_ms received;  /* newest arrival in it */
	const struct commit_group
	        *doubt; /* its COMMIT failed: in the file or not, reopening tells */
	bool landed;    /* reopening found it in the file */
	bool suspect;   /* SQLite found damage */
	const char *const *uplinks; /* names; forward.c */
	size_t uplink_count;
	struct {
		int64_t sequence, station;
		wq_ms at;
	} forwarded; /* the row of `forward` put last in this group */
	size_t orphans;
	/* tidy.c */
	int wal_frames, wal_copied;
	wq_ms next_copy, next_truncate, next_optimize;
};

/* names.c: makes the rows of a site and reads their keys. Inside a transaction of the caller. */
int names_load(
        struct store *store, const struct wq_site *site, struct names *names, struct wq_err *err);
void names_free(struct names *names);
uint32_t names_series(const struct names *names, int64_t key);

/* Index of the array element that equals key, or WQ_NONE. */
uint32_t names_index(const int64_t *keys, size_t count, int64_t key);

/* store.c: fails with the store's path and what was being done. */
int store_fail(struct store *store, int rc, const char *doing, struct wq_err *err);
int store_connect(struct store *store, bool check, struct wq_err *err); /* check: all pages */
void store_disconnect(struct store *store);
int store_transaction(struct store *store, struct wq_err *err);
void store_rollback(struct store *store);

/* commit.c */
int commit_samples(struct store *store, const struct commit_group *group, struct wq_err *err);

/* forward.c: what there is to forward is written with what it tells of, while the site has uplinks. SQLITE_OK or the
 * failure. */
int forward_samples(struct store *store, const struct wq_stored *samples, size_t count);
int forward_change(struct store *store, int64_t alarm, uint64_t sequence);
int forward_day(struct store *store, uint32_t station, wq_day day, uint64_t sequence);
int forward_acknowledged(struct store *store, const struct store_uplink *uplink);

/* The highest batch sequence once the group is committed. */
uint64_t commit_sequence(const struct store *store, const struct commit_group *group);

/* records.c: everything of a group that is not a sample. */
int commit_records(struct store *store, const struct commit_group *group, struct wq_err *err);

/* manual.c: what people measured, and which files readings came from. */
int commit_manuals(struct store *store, const struct commit_group *group, struct wq_err *err);

/* cells.c: a column as a text that is cut to its place, NaN or WQ_NO_TIME for NULL; columns series, at, value, quality, stamp,
 * flag as a sample, false when the site has no such series. */
void cell_text(sqlite3_stmt *row, int column, char *to, size_t cap);
double cell_real(sqlite3_stmt *row, int column);
wq_ms cell_time(sqlite3_stmt *row, int column);
bool cell_sample(const struct store *store, sqlite3_stmt *row, struct wq_sample *s);

/* answers.c */
int need_answer(struct store *store, const struct wq_need *need, struct store_answer *answer,
        struct wq_err *err);

/* mend.c: fails when the file at the path is no longer the one that is open. */
int mend_look(struct store *store, struct wq_err *err);

/* tidy.c */
void tidy_watch(struct store *store);                     /* after each opening */
int tidy_settle(struct store *store, struct wq_err *err); /* copies the log into the file, synced */

#endif
