/* SPDX-License-Identifier: Apache-2.0 */
/* Reads what is to be forwarded. The order lies in `forward`; each row is found by its key in one of the two tables of
 * readings, so that a batch costs the same however much waits behind it and however long the history is. */
#include "store/backlog.h"

#include "db.h"
#include "schema.h"
#include "store_parts.h"

#include "wq/err.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define READING "p.code,p.alias,p.unit,o.name,r.value,r.quality,r.stamp,r.revision,r.late,r.flag,r.received,r.trusted"

enum { STATE, NEXT, OPEN, CLOSED, HISTORY, NOTES, CHANGE, DAY, STATEMENTS };

/* clang-format off: a line of SQL is a line here */
static const char *const texts[STATEMENTS] = {
	[STATE] = "SELECT m.incarnation,m.sequence,coalesce((SELECT seq FROM sqlite_sequence WHERE name='forward_note'),0),"
	          "u.sequence,u.note,u.acknowledged FROM meta m JOIN uplink u ON u.name=?1",
	[NEXT] = "SELECT f.sequence,f.station,f.at,s.key,s.name FROM forward f JOIN station s ON s.id=f.station"
	         " WHERE (f.sequence,f.station,f.at)>(?1,?2,?3) ORDER BY f.sequence,f.station,f.at LIMIT ?4",
	[OPEN] = "SELECT " READING " FROM sample_open r CROSS JOIN series e ON e.id=r.series CROSS JOIN parameter p ON"
	         " p.id=e.parameter JOIN source o ON o.id=r.source WHERE r.at=?3 AND r.sequence=?1 AND e.station=?2"
	         " ORDER BY r.series,r.revision",
	[CLOSED] = "SELECT " READING " FROM series e CROSS JOIN sample r ON r.series=e.id CROSS JOIN parameter p ON"
	           " p.id=e.parameter JOIN source o ON o.id=r.source WHERE e.station=?2 AND r.at=?3 AND r.sequence=?1"
	           " ORDER BY r.series,r.revision",
	[HISTORY] = "SELECT " READING ",r.at,r.sequence,s.id,s.key,s.name FROM station s CROSS JOIN series e ON e.station=s.id"
	            " JOIN reading r ON r.series=e.id JOIN parameter p ON p.id=e.parameter JOIN source o ON o.id=r.source"
	            " WHERE s.key=?1 AND r.at>=?2 AND r.at<?3 AND r.newest=1 ORDER BY r.at,r.series",
	[NOTES] = "SELECT seq,kind,subject,number,sequence FROM forward_note WHERE seq>?1 ORDER BY seq LIMIT ?2",
	[CHANGE] = "SELECT c.kind,c.level,c.hush,c.time,c.decided,c.value,c.threshold,u.name,p.alias,c.who,c.says,c.note,"
	           "c.evidence,s.key,s.name,c.cause,c.action FROM change c JOIN alarm a ON a.id=c.alarm JOIN rule u ON u.id=a.rule"
	           " LEFT JOIN station s ON s.id=c.station LEFT JOIN series e ON e.id=c.series"
	           " LEFT JOIN parameter p ON p.id=e.parameter WHERE c.alarm=?1 AND c.number=?2",
	[DAY] = "SELECT coalesce(p.code,''),coalesce(p.alias,''),d.mean,d.exceedance,d.valid,d.expected,d.class,d.verdict,"
	        "d.revision,s.key,s.name FROM day d JOIN station s ON s.id=d.station LEFT JOIN parameter p ON p.id=d.parameter"
	        " WHERE d.station=?1 AND d.day=?2 AND d.revision=(SELECT max(n.revision) FROM day n WHERE n.station=d.station"
	        " AND n.day=d.day AND n.parameter=d.parameter) ORDER BY d.parameter",
};
/* clang-format on */

struct backlog {
	char *path;
	sqlite3 *db;
	sqlite3_stmt *statements[STATEMENTS];
	struct backlog_record record; /* the one being given */
	struct backlog_note note;
};

static int backlog_fail(struct backlog *b, int rc, const char *doing, struct wq_err *err)
{
	return db_fail(b->db, rc, b->path, doing, err);
}

static int connect_backlog(struct backlog *b, struct wq_err *err)
{
	int64_t version = 0;
	b->db = db_open(b->path, SQLITE_OPEN_READONLY, err);
	if (b->db == NULL)
		return WQ_E_IO;
	int rc = sqlite3_exec(b->db, "PRAGMA query_only=1;PRAGMA temp_store=MEMORY;PRAGMA cache_size=-4096", NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = db_query(b->db, "PRAGMA user_version", &version);
	if (rc == SQLITE_OK && version != SCHEMA_VERSION)
		return wq_fail(err, WQ_E_STATE, "%s: has version %" PRId64 ", this program writes version %d", b->path, version,
			SCHEMA_VERSION);
	for (size_t i = 0; rc == SQLITE_OK && i < STATEMENTS; i++)
		rc = sqlite3_prepare_v3(b->db, texts[i], -1, SQLITE_PREPARE_PERSISTENT, &b->statements[i], NULL);
	return rc == SQLITE_OK ? 0 : backlog_fail(b, rc, "cannot be read for an uplink", err);
}

int backlog_open(const char *path, struct backlog **out, struct wq_err *err)
{
	struct backlog *b = calloc(1, sizeof *b);
	if (b == NULL || (b->path = strdup(path)) == NULL) {
		free(b);
		return wq_fail(err, WQ_E_MEMORY, "no memory to read %s", path);
	}
	int r = connect_backlog(b, err);
	if (r < 0) {
		backlog_close(b);
		return r;
	}
	*out = b;
	return 0;
}

void backlog_close(struct backlog *b)
{
	if (b == NULL)
		return;
	for (size_t i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(b->statements[i]);
	sqlite3_close_v2(b->db);
	free(b->path);
	free(b);
}

/* The history at the path may be another one by now: see mend.c. */
static int still_there(struct backlog *b, struct wq_err *err)
{
	int moved = 0;
	if (sqlite3_file_control(b->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK && moved == 0)
		return 0;
	return wq_fail(err, WQ_E_STATE, "%s: was replaced while it was open", b->path);
}

int backlog_state(struct backlog *b, const char *name, struct backlog_state *state, struct wq_err *err)
{
	sqlite3_stmt *row = b->statements[STATE];
	int r = still_there(b, err);
	if (r < 0)
		return r;
	int rc = db_bind(row, DB_VALUES(db_text(name)));
	if (rc == SQLITE_OK)
		rc = sqlite3_step(row);
	if (rc == SQLITE_ROW)
		*state = (struct backlog_state){ .incarnation = (uint64_t)sqlite3_column_int64(row, 0),
			.last = (uint64_t)sqlite3_column_int64(row, 1),
			.last_note = sqlite3_column_int64(row, 2),
			.sequence = (uint64_t)sqlite3_column_int64(row, 3),
			.note = sqlite3_column_int64(row, 4),
			.acknowledged = cell_time(row, 5) };
	sqlite3_reset(row);
	if (rc == SQLITE_DONE)
		return wq_fail(err, WQ_E_MISSING, "%s: knows no uplink '%s'", b->path, name);
	return rc == SQLITE_ROW ? 0 : backlog_fail(b, rc, "cannot be asked where an uplink stands", err);
}

/* -- readings -- */

static void read_reading(sqlite3_stmt *row, struct backlog_record *record)
{
	struct backlog_reading *to = record->count > 0 ? &record->readings[record->count - 1] : NULL;
	struct backlog_reading now = { .value = cell_real(row, 4),
		.quality = (enum wq_quality)sqlite3_column_int(row, 5),
		.stamp = (enum wq_stamp)sqlite3_column_int(row, 6),
		.revision = (uint32_t)sqlite3_column_int64(row, 7),
		.late = sqlite3_column_int(row, 8) != 0 };
	cell_text(row, 0, now.code, sizeof now.code);
	cell_text(row, 1, now.alias, sizeof now.alias);
	cell_text(row, 2, now.unit, sizeof now.unit);
	cell_text(row, 3, now.source, sizeof now.source);
	cell_text(row, 9, now.flag, sizeof now.flag);
	record->received = sqlite3_column_int64(row, 10);
	record->trusted = sqlite3_column_int(row, 11) != 0;
	/* The later revision of one batch takes the place of the earlier. */
	if (to != NULL && strcmp(to->code, now.code) == 0)
		*to = now;
	else if (record->count < BACKLOG_READINGS)
		record->readings[record->count++] = now;
}

static int read_from(struct backlog *b, int which, struct backlog_record *record)
{
	sqlite3_stmt *row = b->statements[which];
	int rc = db_bind(row, DB_VALUES(db_int((int64_t)record->place.sequence), db_int(record->place.station),
		db_int(record->place.at)));
	if (rc != SQLITE_OK)
		return rc;
	while ((rc = sqlite3_step(row)) == SQLITE_ROW)
		read_reading(row, record);
	sqlite3_reset(row);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* Readings of one time move from the one table to the other together. */
static int read_record(struct backlog *b, struct backlog_record *record)
{
	record->count = 0;
	record->received = WQ_NO_TIME;
	int rc = read_from(b, OPEN, record);
	return rc == SQLITE_OK && record->count == 0 ? read_from(b, CLOSED, record) : rc;
}

/* The row of `forward` that is next, and whether it is of another batch than `before`. */
static void read_place(sqlite3_stmt *row, struct backlog_record *record)
{
	record->place = (struct backlog_place){ .sequence = (uint64_t)sqlite3_column_int64(row, 0),
		.station = sqlite3_column_int64(row, 1),
		.at = sqlite3_column_int64(row, 2) };
	cell_text(row, 3, record->station, sizeof record->station);
	cell_text(row, 4, record->station_name, sizeof record->station_name);
}

/* One more row is looked at than may be taken: only what comes next says whether a batch is complete. */
static int give_records(struct backlog *b, struct backlog_place *after, size_t most, int *taken,
	bool (*take)(void *, const struct backlog_record *), void *owner)
{
	sqlite3_stmt *row = b->statements[NEXT];
	int rc = db_bind(row, DB_VALUES(db_int((int64_t)after->sequence), db_int(after->station), db_int(after->at),
		db_int((int64_t)most + 1)));
	if (rc == SQLITE_OK)
		rc = sqlite3_step(row);
	while (rc == SQLITE_ROW && (size_t)*taken < most) {
		read_place(row, &b->record);
		int found = read_record(b, &b->record);
		if (found != SQLITE_OK) {
			rc = found;
			break;
		}
		rc = sqlite3_step(row);
		b->record.last = rc == SQLITE_DONE ||
			(rc == SQLITE_ROW && (uint64_t)sqlite3_column_int64(row, 0) != b->record.place.sequence);
		if ((rc != SQLITE_ROW && rc != SQLITE_DONE) || !take(owner, &b->record))
			break;
		*after = b->record.place;
		(*taken)++;
	}
	sqlite3_reset(row);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

int backlog_records(struct backlog *b, struct backlog_place *after, size_t most,
	bool (*take)(void *owner, const struct backlog_record *record), void *owner, struct wq_err *err)
{
	int taken = 0;
	int rc = sqlite3_exec(b->db, "BEGIN", NULL, NULL, NULL);
	if (rc == SQLITE_OK) {
		rc = give_records(b, after, most, &taken, take, owner);
		sqlite3_exec(b->db, "COMMIT", NULL, NULL, NULL);
	}
	return rc == SQLITE_OK ? taken : backlog_fail(b, rc, "cannot be read for an uplink", err);
}

/* The rows of one time are a record; one more than there is room for ends the reading. */
static int read_history(sqlite3_stmt *row, struct backlog_record *records, size_t room, size_t *count)
{
	int rc;
	while ((rc = sqlite3_step(row)) == SQLITE_ROW) {
		wq_ms at = sqlite3_column_int64(row, 12);
		struct backlog_record *record = *count > 0 ? &records[*count - 1] : NULL;
		if (record == NULL || record->place.at != at) {
			if (*count == room)
				return SQLITE_OK;
			record = &records[(*count)++];
			*record = (struct backlog_record){ .last = true };
			record->place = (struct backlog_place){ .sequence = (uint64_t)sqlite3_column_int64(row, 13),
				.station = sqlite3_column_int64(row, 14),
				.at = at };
			cell_text(row, 15, record->station, sizeof record->station);
			cell_text(row, 16, record->station_name, sizeof record->station_name);
		}
		read_reading(row, record);
	}
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

int backlog_history(struct backlog *b, const char *station, wq_ms from, wq_ms to, struct backlog_record *records, size_t room,
	struct wq_err *err)
{
	size_t count = 0;
	sqlite3_stmt *row = b->statements[HISTORY];
	int rc = db_bind(row, DB_VALUES(db_text(station), db_int(from), db_int(to)));
	if (rc == SQLITE_OK)
		rc = read_history(row, records, room, &count);
	sqlite3_reset(row);
	return rc == SQLITE_OK ? (int)count : backlog_fail(b, rc, "cannot be read for an uplink", err);
}

/* -- notes -- */

static const char *text_of(sqlite3_stmt *row, int column)
{
	const char *text = (const char *)sqlite3_column_text(row, column);
	return text != NULL ? text : "";
}

/* The texts are the row's: it stays until take() has returned. */
static int read_change(struct backlog *b, struct backlog_note *note, int64_t alarm, int64_t number)
{
	sqlite3_stmt *row = b->statements[CHANGE];
	int rc = db_bind(row, DB_VALUES(db_int(alarm), db_int(number)));
	if (rc == SQLITE_OK)
		rc = sqlite3_step(row);
	note->alarm = alarm;
	note->number = (uint32_t)number;
	note->gone = rc == SQLITE_DONE;
	if (rc != SQLITE_ROW)
		return rc == SQLITE_DONE ? SQLITE_OK : rc;
	note->change = (enum wq_change_kind)sqlite3_column_int(row, 0);
	note->level = (enum wq_level)sqlite3_column_int(row, 1);
	note->hush = (enum wq_hush)sqlite3_column_int(row, 2);
	note->time = sqlite3_column_int64(row, 3);
	note->decided = sqlite3_column_int64(row, 4);
	note->value = cell_real(row, 5);
	note->limit = cell_real(row, 6);
	note->rule = text_of(row, 7);
	note->parameter = text_of(row, 8);
	note->who = text_of(row, 9);
	note->text = text_of(row, 10);
	note->note = text_of(row, 11);
	note->evidence = text_of(row, 12);
	cell_text(row, 13, note->station, sizeof note->station);
	cell_text(row, 14, note->station_name, sizeof note->station_name);
	note->cause = text_of(row, 15);
	note->action = text_of(row, 16);
	return SQLITE_OK;
}

static int read_day(struct backlog *b, struct backlog_note *note, int64_t station, int64_t day)
{
	sqlite3_stmt *row = b->statements[DAY];
	int rc = db_bind(row, DB_VALUES(db_int(station), db_int(day)));
	if (rc != SQLITE_OK)
		return rc;
	note->day = (wq_day)day;
	while ((rc = sqlite3_step(row)) == SQLITE_ROW && note->count < WQ_DAY_ITEMS) {
		struct backlog_item *item = &note->items[note->count++];
		cell_text(row, 0, item->code, sizeof item->code);
		cell_text(row, 1, item->alias, sizeof item->alias);
		item->mean = cell_real(row, 2);
		item->exceedance = cell_real(row, 3);
		item->valid = sqlite3_column_int(row, 4);
		item->expected = sqlite3_column_int(row, 5);
		item->class_ = sqlite3_column_int(row, 6);
		item->verdict = (enum wq_day_verdict)sqlite3_column_int(row, 7);
		if (item->code[0] == '\0')
			note->revision = (uint32_t)sqlite3_column_int64(row, 8);
		cell_text(row, 9, note->station, sizeof note->station);
		cell_text(row, 10, note->station_name, sizeof note->station_name);
	}
	note->gone = note->count == 0;
	sqlite3_reset(row);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int read_note(struct backlog *b, sqlite3_stmt *row, struct backlog_note *note)
{
	int64_t subject = sqlite3_column_int64(row, 2), number = sqlite3_column_int64(row, 3);
	*note = (struct backlog_note){ .seq = sqlite3_column_int64(row, 0),
		.kind = sqlite3_column_int(row, 1) == 0 ? BACKLOG_CHANGE : BACKLOG_DAY,
		.sequence = (uint64_t)sqlite3_column_int64(row, 4),
		.value = NAN,
		.limit = NAN,
		.rule = "",
		.parameter = "",
		.who = "",
		.text = "",
		.note = "",
		.cause = "",
		.action = "",
		.evidence = "" };
	return note->kind == BACKLOG_CHANGE ? read_change(b, note, subject, number) : read_day(b, note, subject, number);
}

static int give_notes(struct backlog *b, int64_t *after, size_t most, int *taken,
	bool (*take)(void *, const struct backlog_note *), void *owner)
{
	sqlite3_stmt *row = b->statements[NOTES];
	int rc = db_bind(row, DB_VALUES(db_int(*after), db_int((int64_t)most)));
	if (rc != SQLITE_OK)
		return rc;
	bool more = true;
	while (more && (rc = sqlite3_step(row)) == SQLITE_ROW) {
		int found = read_note(b, row, &b->note);
		more = found == SQLITE_OK && take(owner, &b->note);
		sqlite3_reset(b->statements[CHANGE]);
		if (found != SQLITE_OK) {
			rc = found;
			break;
		}
		if (more) {
			*after = b->note.seq;
			(*taken)++;
		}
	}
	sqlite3_reset(row);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

int backlog_notes(struct backlog *b, int64_t *after, size_t most,
	bool (*take)(void *owner, const struct backlog_note *note), void *owner, struct wq_err *err)
{
	int taken = 0;
	int rc = sqlite3_exec(b->db, "BEGIN", NULL, NULL, NULL);
	if (rc == SQLITE_OK) {
		rc = give_notes(b, after, most, &taken, take, owner);
		sqlite3_exec(b->db, "COMMIT", NULL, NULL, NULL);
	}
	return rc == SQLITE_OK ? taken : backlog_fail(b, rc, "cannot be read for an uplink", err);
}
