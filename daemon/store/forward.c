/* SPDX-License-Identifier: Apache-2.0 */
/* What there is to forward, written in the commit that it is part of: a row for the readings of a batch at one station and
 * time, a row for a change of an alarm or a day. A row is gone once the last uplink has had it acknowledged. */
#include "store_parts.h"

#include "wq/err.h"

#include <inttypes.h>
#include <stdio.h>

int forward_samples(struct store *store, const struct wq_stored *samples, size_t count)
{
	for (size_t i = 0; store->uplink_count > 0 && i < count; i++) {
		const struct wq_stored *s = &samples[i];
		int64_t station = store->names.station[store->site->series[s->series].station];
		/* What was measured together mostly comes together. */
		if (store->forwarded.sequence == (int64_t)s->sequence && store->forwarded.station == station &&
		        store->forwarded.at == s->at)
			continue;
		int rc = db_run(store->statements[ST_FORWARD_PUT],
		        DB_VALUES(db_int((int64_t)s->sequence), db_int(station), db_int(s->at)));
		if (rc != SQLITE_OK)
			return rc;
		store->forwarded.sequence = (int64_t)s->sequence;
		store->forwarded.station = station;
		store->forwarded.at = s->at;
	}
	return SQLITE_OK;
}

int forward_change(struct store *store, int64_t alarm, uint64_t sequence)
{
	if (store->uplink_count == 0)
		return SQLITE_OK;
	return db_run(store->statements[ST_FORWARD_CHANGE],
	        DB_VALUES(db_int(alarm), db_int((int64_t)sequence)));
}

int forward_day(struct store *store, uint32_t station, wq_day day, uint64_t sequence)
{
	if (store->uplink_count == 0)
		return SQLITE_OK;
	return db_run(store->statements[ST_FORWARD_DAY],
	        DB_VALUES(db_int(store->names.station[station]), db_int(day), db_int((int64_t)sequence)));
}

int forward_acknowledged(struct store *store, const struct store_uplink *uplink)
{
	int rc = db_run(store->statements[ST_UPLINK_PUT],
	        DB_VALUES(db_field(uplink->name, sizeof uplink->name),
	                db_int((int64_t)uplink->incarnation), db_int((int64_t)uplink->sequence),
	                db_int(uplink->note), db_int(uplink->at)));
	if (rc == SQLITE_OK)
		rc = db_run(store->statements[ST_FORWARD_DONE], NULL, 0);
	if (rc == SQLITE_OK)
		rc = db_run(store->statements[ST_FORWARD_NOTES_DONE], NULL, 0);
	return rc;
}

/* -- which uplinks there are -- */

static int run_with_name(struct store *store, const char *sql, const char *name)
{
	sqlite3_stmt *statement = NULL;
	int rc = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);
	if (rc == SQLITE_OK)
		rc = db_run(statement, DB_VALUES(db_text(name), db_int((int64_t)store->incarnation)));
	sqlite3_finalize(statement);
	return rc;
}

/* A file that was given a new identity goes on where it is: what is in it is the same. */
static int put_names(struct store *store, const char *const *names, size_t count, size_t *gone)
{
	int64_t left = 0;
	int rc = sqlite3_exec(store->db, "CREATE TEMP TABLE IF NOT EXISTS uplink_named(name TEXT PRIMARY KEY) WITHOUT ROWID;"
	                                 "DELETE FROM temp.uplink_named", NULL, NULL, NULL);
	for (size_t i = 0; rc == SQLITE_OK && i < count; i++) {
		rc = run_with_name(store, "INSERT INTO temp.uplink_named SELECT ?1 WHERE ?2 IS NOT NULL", names[i]);
		if (rc == SQLITE_OK)
			rc = run_with_name(store,
			        "INSERT INTO uplink(name,incarnation,sequence,note) SELECT ?1,?2,m.sequence,"
			        "coalesce((SELECT seq FROM sqlite_sequence WHERE name='forward_note'),0)"
			        " FROM meta m WHERE true ON CONFLICT(name) DO UPDATE SET incarnation=excluded.incarnation",
			        names[i]);
	}
	if (rc == SQLITE_OK)
		rc = db_query(store->db, "SELECT count(*) FROM uplink WHERE name NOT IN(SELECT name FROM temp.uplink_named)", &left);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(store->db, "DELETE FROM uplink WHERE name NOT IN(SELECT name FROM temp.uplink_named)", NULL, NULL,
		        NULL);
	if (rc == SQLITE_OK && count == 0)
		rc = sqlite3_exec(store->db, "DELETE FROM forward;DELETE FROM forward_note", NULL, NULL, NULL);
	if (gone != NULL)
		*gone = (size_t)left;
	return rc;
}

int store_use_uplinks(struct store *store, const char *const *names, size_t count, size_t *gone, struct wq_err *err)
{
	store->uplinks = names;
	store->uplink_count = count;
	if (store->db == NULL)
		return wq_fail(err, WQ_E_STATE, "%s: is not open", store->path);
	int r = store_transaction(store, err);
	if (r < 0)
		return r;
	int rc = put_names(store, names, count, gone);
	if (rc == SQLITE_OK)
		rc = db_run(store->statements[ST_COMMIT], NULL, 0);
	if (rc == SQLITE_OK)
		return 0;
	r = store_fail(store, rc, "cannot be told the uplinks", err);
	store_rollback(store);
	return r;
}
