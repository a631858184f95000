/* SPDX-License-Identifier: Apache-2.0 */
/* What people measured, beside what the analysers say; and which file readings came from. */
#include "store_parts.h"

#include "wq/err.h"

#include <string.h>

static int find(struct store *store, const struct store_manual *m, int64_t *revision, bool *same)
{
	sqlite3_stmt *row = store->statements[ST_MANUAL_FIND];
	char flag[WQ_FLAG_TEXT];
	int rc = db_bind(row, DB_VALUES(db_int(store->names.series[m->series]), db_int(m->at)));
	if (rc != SQLITE_OK)
		return rc;
	rc = sqlite3_step(row);
	*revision = 0;
	if (rc == SQLITE_ROW) {
		double value = sqlite3_column_double(row, 1);
		*revision = sqlite3_column_int64(row, 0);
		cell_text(row, 2, flag, sizeof flag);
		*same = value >= m->value && value <= m->value && strncmp(flag, m->flag, sizeof flag) == 0;
	}
	int reset = sqlite3_reset(row);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? reset : rc;
}

/* As with readings: nothing met, the same met, another value met. */
static int put_manual(struct store *store, struct store_manual *m)
{
	struct db_value series = db_int(store->names.series[m->series]);
	int64_t revision = 0;
	bool same = false;
	int rc = find(store, m, &revision, &same);
	m->became = revision == 0 ? WQ_RECORD_NEW : same ? WQ_RECORD_REPEAT : WQ_RECORD_REVISION;
	if (rc == SQLITE_OK && same)
		return db_run(store->statements[ST_MANUAL_REPEAT], DB_VALUES(series, db_int(m->at)));
	if (rc == SQLITE_OK && revision > 0)
		rc = db_run(store->statements[ST_MANUAL_SUPERSEDE], DB_VALUES(series, db_int(m->at)));
	if (rc != SQLITE_OK)
		return rc;
	return db_run(store->statements[ST_MANUAL_INSERT],
	        DB_VALUES(series, db_int(m->at), db_int(revision + 1), db_real(m->value),
	                db_field(m->flag, sizeof m->flag), db_int(store->names.source[m->source]),
	                db_int(m->received), db_int((int64_t)m->sequence), db_field(m->who, sizeof m->who),
	                db_field(m->file, sizeof m->file)));
}

static int put_import(struct store *store, const struct store_import *i)
{
	return db_run(store->statements[ST_IMPORT_PUT],
	        DB_VALUES(db_int(i->began), db_field(i->who, sizeof i->who), db_field(i->file, sizeof i->file),
	                db_int(i->manual), db_int(store->names.source[i->source]), db_int((int64_t)i->first),
	                db_int((int64_t)i->last), db_int(i->received), db_int((int64_t)i->readings)));
}

int commit_manuals(struct store *store, const struct commit_group *group, struct wq_err *err)
{
	const struct wq_site *site = store->site;
	for (size_t i = 0; i < group->manual_count; i++) {
		struct store_manual *m = &group->manuals[i];
		if (m->series >= site->series_count || m->source >= site->source_count)
			return wq_fail(err, WQ_E_INVALID, "%s: a manual value has series %u, source %u", store->path,
			        m->series, m->source);
		int rc = put_manual(store, m);
		if (rc != SQLITE_OK)
			return store_fail(store, rc, "cannot store a manual value", err);
	}
	for (size_t i = 0; i < group->import_count; i++) {
		if (group->imports[i].source >= site->source_count)
			return wq_fail(err, WQ_E_INVALID, "%s: an import has source %u", store->path,
			        group->imports[i].source);
		int rc = put_import(store, &group->imports[i]);
		if (rc != SQLITE_OK)
			return store_fail(store, rc, "cannot record an import", err);
	}
	return 0;
}
