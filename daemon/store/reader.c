/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a history beside the daemon that writes it. */
#include "store/reader.h"

#include "db.h"
#include "schema.h"

#include "wq/err.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct reader {
	char *path;
	sqlite3 *db;
	bool immutable;     /* nobody had it open: read as it lies there */
	struct stat before; /* with immutable: how it looked */
	struct wq_zone_row offset;
	struct wq_zone zone;
};

static int reader_fail(struct reader *reader, int rc, const char *doing, struct wq_err *err)
{
	return db_fail(reader->db, rc, reader->path, doing, err);
}

/* -- opening -- */

/* A path as a URI: SQLite would take '?' and '#' for its own. */
static char *uri_of(const char *path)
{
	static const char query[] = "?immutable=1";
	char *uri = malloc(sizeof "file:" + strlen(path) * 3 + sizeof query);
	if (uri == NULL)
		return NULL;
	char *to = stpcpy(uri, "file:");
	for (const char *c = path; *c != '\0'; c++) {
		if (strchr("?#%", *c) != NULL)
			to += sprintf(to, "%%%02X", (unsigned)*c);
		else
			*to++ = *c;
	}
	strcpy(to, query);
	return uri;
}

static bool log_is_there(const char *path)
{
	char name[4096];
	struct stat st;
	return snprintf(name, sizeof name, "%s-wal", path) < (int)sizeof name &&
	        stat(name, &st) == 0 && st.st_size > 0;
}

static int read_meta(struct reader *reader, int64_t *application, int64_t *version, int64_t *offset)
{
	int rc = db_query(reader->db, "PRAGMA application_id", application);
	if (rc == SQLITE_OK)
		rc = db_query(reader->db, "PRAGMA user_version", version);
	if (rc == SQLITE_OK && *application == DB_APPLICATION_ID && *version <= SCHEMA_VERSION)
		rc = db_query(reader->db, "SELECT zone_offset FROM meta", offset);
	return rc;
}

static int connect_reader(struct reader *reader, int *rc, struct wq_err *err)
{
	char *uri = reader->immutable ? uri_of(reader->path) : NULL;
	if (reader->immutable && uri == NULL)
		return wq_fail(err, WQ_E_MEMORY, "no memory to open %s", reader->path);
	reader->db = db_open(uri != NULL ? uri : reader->path,
	        SQLITE_OPEN_READONLY | (uri != NULL ? SQLITE_OPEN_URI : 0), err);
	free(uri);
	if (reader->db == NULL) {
		*rc = SQLITE_CANTOPEN;
		return WQ_E_IO;
	}
	int64_t application = 0, version = 0;
	sqlite3_exec(reader->db, "PRAGMA query_only=1;PRAGMA temp_store=MEMORY", NULL, NULL, NULL);
	*rc = read_meta(reader, &application, &version, &reader->offset.offset);
	if (*rc != SQLITE_OK)
		return reader_fail(reader, *rc,
		        db_damaged(*rc) ? "is damaged or no history of wqd" : "cannot be read",
		        err);
	if (application != DB_APPLICATION_ID)
		return wq_fail(err, WQ_E_INVALID, "%s: is no history of wqd", reader->path);
	if (version > SCHEMA_VERSION)
		return wq_fail(err, WQ_E_INVALID,
		        "%s: has version %" PRId64 ", this program knows versions up to %d",
		        reader->path, version, SCHEMA_VERSION);
	return 0;
}

/* Nobody has the file open and the directory may not be written: then SQLite cannot make the shared
 * memory that the log needs, although there is no log. Read as immutable, and compared afterwards.
 */
static bool may_be_immutable(const struct reader *reader, int rc)
{
	int kind = rc & 0xff;
	return (kind == SQLITE_READONLY || kind == SQLITE_CANTOPEN) && !log_is_there(reader->path);
}

int reader_open(const char *path, struct reader **out, struct wq_err *err)
{
	struct stat st;
	if (stat(path, &st) != 0)
		return wq_fail(err, errno == ENOENT ? WQ_E_MISSING : WQ_E_IO, "%s: %s", path,
		        errno == ENOENT ? "there is no such history; has wqd run yet?"
		                        : strerror(errno));
	struct reader *reader = calloc(1, sizeof *reader);
	if (reader == NULL || (reader->path = strdup(path)) == NULL) {
		free(reader);
		return wq_fail(err, WQ_E_MEMORY, "no memory to open %s", path);
	}
	reader->before = st;
	reader->offset.from = 0;
	reader->zone = (struct wq_zone){ .count = 1, .rows = &reader->offset };
	int rc = SQLITE_OK;
	int r = connect_reader(reader, &rc, err);
	if (r < 0 && may_be_immutable(reader, rc)) {
		sqlite3_close_v2(reader->db);
		reader->immutable = true;
		r = connect_reader(reader, &rc, err);
	}
	if (r < 0) {
		reader_close(reader);
		return r;
	}
	*out = reader;
	return 0;
}

void reader_close(struct reader *reader)
{
	if (reader == NULL)
		return;
	sqlite3_close_v2(reader->db);
	free(reader->path);
	free(reader);
}

const struct wq_zone *reader_zone(const struct reader *reader)
{
	return &reader->zone;
}

/* -- rows -- */

#define COLUMNS_MAX 256

static int give_head(sqlite3_stmt *statement, const struct reader_sink *sink, struct wq_err *err)
{
	const char *names[COLUMNS_MAX];
	size_t count = (size_t)sqlite3_column_count(statement);
	if (count > COLUMNS_MAX)
		return wq_fail(
		        err, WQ_E_INVALID, "%zu columns; at most %d are shown", count, COLUMNS_MAX);
	for (size_t i = 0; i < count; i++)
		names[i] = sqlite3_column_name(statement, (int)i);
	return sink->head(sink->owner, names, count, err);
}

static struct reader_cell cell_of(sqlite3_stmt *statement, int column)
{
	struct reader_cell cell = { .type = READER_NULL };
	switch (sqlite3_column_type(statement, column)) {
	case SQLITE_NULL:
		break;
	case SQLITE_INTEGER:
		cell.type = READER_INTEGER;
		cell.integer = sqlite3_column_int64(statement, column);
		break;
	case SQLITE_FLOAT:
		cell.type = READER_REAL;
		cell.real = sqlite3_column_double(statement, column);
		break;
	default: /* a blob is shown as the text it may be */
		cell.type = READER_TEXT;
		cell.text = (const char *)sqlite3_column_text(statement, column);
		cell.length = (size_t)sqlite3_column_bytes(statement, column);
		if (cell.text == NULL)
			cell.text = "";
	}
	return cell;
}

static int give_rows(struct reader *reader, sqlite3_stmt *statement, const struct reader_sink *sink,
        struct wq_err *err)
{
	int r = give_head(statement, sink, err);
	size_t count = (size_t)sqlite3_column_count(statement);
	struct reader_cell cells[COLUMNS_MAX];
	int rc = SQLITE_ROW;
	while (r == 0 && (rc = sqlite3_step(statement)) == SQLITE_ROW) {
		for (size_t i = 0; i < count; i++)
			cells[i] = cell_of(statement, (int)i);
		r = sink->row(sink->owner, cells, count, err);
	}
	if (r == 0 && rc != SQLITE_DONE)
		r = reader_fail(reader, rc, "cannot be read", err);
	return r;
}

/* Whether a file that was read as immutable stayed so: a daemon that starts meanwhile makes a log.
 */
static int still_the_same(const struct reader *reader, struct wq_err *err)
{
	struct stat now;
	if (!reader->immutable)
		return 0;
	if (stat(reader->path, &now) == 0 && now.st_ino == reader->before.st_ino &&
	        now.st_size == reader->before.st_size &&
	        now.st_mtim.tv_sec == reader->before.st_mtim.tv_sec &&
	        now.st_mtim.tv_nsec == reader->before.st_mtim.tv_nsec &&
	        !log_is_there(reader->path))
		return 0;
	return wq_fail(err, WQ_E_STATE, "%s: wqd began to write while it was read; ask again",
	        reader->path);
}

static int run(struct reader *reader, const char *sql, const struct db_value *values, size_t count,
        const struct reader_sink *sink, struct wq_err *err)
{
	sqlite3_stmt *statement = NULL;
	int rc = sqlite3_prepare_v2(reader->db, sql, -1, &statement, NULL);
	if (rc == SQLITE_OK)
		rc = db_bind(statement, values, count);
	int r = rc == SQLITE_OK ? give_rows(reader, statement, sink, err)
	                        : reader_fail(reader, rc, "cannot be asked", err);
	sqlite3_finalize(statement);
	return r == 0 ? still_the_same(reader, err) : r;
}

/* -- names -- */

/* "yigan, nanhengtao": what the history knows, as far as it fits. */
static void list(struct reader *reader, const char *sql, char *buf, size_t cap)
{
	sqlite3_stmt *row = NULL;
	size_t length = 0;
	buf[0] = '\0';
	if (sqlite3_prepare_v2(reader->db, sql, -1, &row, NULL) != SQLITE_OK)
		return;
	while (length + 4 < cap && sqlite3_step(row) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(row, 0);
		bool fits = name != NULL && length + strlen(name) + 6 < cap;
		length += (size_t)snprintf(buf + length, cap - length, "%s%s",
		        length > 0 ? ", " : "", fits ? name : "…");
		if (!fits)
			break;
	}
	sqlite3_finalize(row);
}

/* The key of a name; *key untouched when there is no name. */
static int key_of(struct reader *reader, const char *what, const char *name, const char *find,
        const char *all, int64_t *key, struct wq_err *err)
{
	if (name == NULL)
		return 0;
	sqlite3_stmt *row = NULL;
	int rc = sqlite3_prepare_v2(reader->db, find, -1, &row, NULL);
	if (rc == SQLITE_OK)
		rc = db_get(row, key, DB_VALUES(db_text(name)));
	sqlite3_finalize(row);
	if (rc == SQLITE_OK)
		return 0;
	if (rc != SQLITE_DONE)
		return reader_fail(reader, rc, "cannot be asked", err);
	char known[240];
	list(reader, all, known, sizeof known);
	return wq_fail(
	        err, WQ_E_MISSING, "no %s '%s' in the history; it has: %s", what, name, known);
}

/* Keys of the station and parameter of a filter; 0: not restricted. */
static int keys_of(struct reader *reader, const struct reader_filter *filter, int64_t *station,
        int64_t *parameter, struct wq_err *err)
{
	int r = key_of(reader, "station", filter->station, "SELECT id FROM station WHERE key=?1",
	        "SELECT key FROM station ORDER BY key", station, err);
	if (r < 0)
		return r;
	return key_of(reader, "parameter", filter->parameter,
	        "SELECT id FROM parameter WHERE alias=?1 OR code=?1 OR name=?1 ORDER BY alias=?1 DESC",
	        "SELECT alias FROM parameter WHERE id IN(SELECT parameter FROM series) ORDER BY "
	        "alias",
	        parameter, err);
}

static struct db_value from_of(const struct reader_filter *filter)
{
	return db_int(filter->from == WQ_NO_TIME ? INT64_MIN : filter->from);
}

static struct db_value to_of(const struct reader_filter *filter)
{
	return db_int(filter->to == WQ_NO_TIME ? INT64_MAX : filter->to);
}

/* -- what there is to read -- */

/* What an older history does not know: before version 4 who was not told, before version 6 what lay below detection. */
static bool knows(struct reader *reader, const char *table, const char *column)
{
	char sql[120];
	int64_t found = 0;
	snprintf(sql, sizeof sql, "SELECT count(*) FROM pragma_table_info('%s') WHERE name='%s'", table, column);
	return db_query(reader->db, sql, &found) == SQLITE_OK && found > 0;
}

int reader_samples(struct reader *reader, const struct reader_filter *filter,
        const struct reader_sink *sink, struct wq_err *err)
{
	int64_t station = 0, parameter = 0, series = 0;
	if (filter->station == NULL || filter->parameter == NULL)
		return wq_fail(err, WQ_E_INVALID, "a station and a parameter are needed");
	int r = keys_of(reader, filter, &station, &parameter, err);
	if (r < 0)
		return r;
	sqlite3_stmt *find = NULL;
	int rc = sqlite3_prepare_v2(reader->db,
	        "SELECT id FROM series WHERE station=?1 AND parameter=?2", -1, &find, NULL);
	if (rc == SQLITE_OK)
		rc = db_get(find, &series, DB_VALUES(db_int(station), db_int(parameter)));
	sqlite3_finalize(find);
	if (rc == SQLITE_DONE)
		return wq_fail(err, WQ_E_MISSING, "station '%s' does not measure '%s'",
		        filter->station, filter->parameter);
	if (rc != SQLITE_OK)
		return reader_fail(reader, rc, "cannot be asked", err);
	/* Before the tests were stored: none is named. */
	return run(reader,
	        knows(reader, "sample_row", "test")
	                ? "SELECT time,station,parameter,code,value,unit,quality,flag,source,received,revision,test"
	                  " FROM sample_row WHERE series=?1 AND at>=?2 AND at<?3 AND newest=1 ORDER BY at"
	                : "SELECT time,station,parameter,code,value,unit,quality,flag,source,received,revision,'' AS test"
	                  " FROM sample_row WHERE series=?1 AND at>=?2 AND at<?3 AND newest=1 ORDER BY at",
	        DB_VALUES(db_int(series), from_of(filter), to_of(filter)), sink, err);
}

int reader_daily(struct reader *reader, const struct reader_filter *filter,
        const struct reader_sink *sink, struct wq_err *err)
{
	int64_t station = 0, parameter = 0;
	struct reader_filter by_key = *filter;
	if (filter->parameter != NULL && strcmp(filter->parameter, "all") == 0)
		by_key.parameter = NULL;
	int r = keys_of(reader, &by_key, &station, &parameter, err);
	if (r < 0)
		return r;
	char from[WQ_INSTANT_TEXT] = "", to[WQ_INSTANT_TEXT] = "9999";
	if (filter->from != WQ_NO_TIME)
		wq_day_format(wq_day_of(&reader->zone, filter->from), from);
	if (filter->to != WQ_NO_TIME)
		wq_day_format(wq_day_of(&reader->zone, filter->to - 1), to);
	return run(reader,
	        "SELECT * FROM v_daily WHERE (?1 IS NULL OR station=?1) AND (?2 IS NULL OR "
	        "parameter=?2"
	        " OR parameter=(SELECT alias FROM parameter WHERE code=?2 OR name=?2)) AND day>=?3 AND day<=?4"
	        " ORDER BY day,station,parameter<>'all',parameter",
	        DB_VALUES(db_text(filter->station), db_text(filter->parameter), db_text(from),
	                db_text(to)),
	        sink, err);
}

int reader_days(struct reader *reader, wq_day first, wq_day last, const struct reader_sink *sink,
        struct wq_err *err)
{
	char sql[600];
	snprintf(sql, sizeof sql,
	        "SELECT s.key,d.day,p.code,d.mean,d.mean_raw,d.valid,d.expected,%s"
	        " FROM station s CROSS JOIN day d JOIN parameter p ON p.id=d.parameter"
	        " WHERE d.station=s.id AND d.day>=?1 AND d.day<=?2 AND d.revision="
	        "(SELECT max(n.revision) FROM day n WHERE n.station=d.station AND n.day=d.day"
	        " AND n.parameter=d.parameter) ORDER BY s.id,d.day,d.parameter",
	        knows(reader, "day", "below") ? "d.below" : "0");
	return run(reader, sql, DB_VALUES(db_int(first), db_int(last)), sink, err);
}

int reader_alarms(struct reader *reader, const struct reader_filter *filter,
        const struct reader_sink *sink, struct wq_err *err)
{
	int64_t station = 0, parameter = 0;
	int r = keys_of(reader, filter, &station, &parameter, err);
	if (r < 0)
		return r;
	return run(reader,
	        "SELECT alarm,change,time,rule,station,parameter,level,value,\"limit\",text"
	        " FROM change_row WHERE at>=?1 AND at<?2 AND open>=?3 AND (?4 IS NULL OR "
	        "station=?4)"
	        " AND (?5 IS NULL OR parameter=?5 OR parameter=(SELECT alias FROM parameter"
	        " WHERE code=?5 OR name=?5)) AND (?6=0 OR id=?6) ORDER BY decided,id,number",
	        DB_VALUES(from_of(filter), to_of(filter), db_int(filter->open),
	                db_text(filter->station), db_text(filter->parameter),
	                db_int(filter->alarm)),
	        sink, err);
}

int reader_checks(struct reader *reader, const struct reader_filter *filter,
        const struct reader_sink *sink, struct wq_err *err)
{
	int64_t station = 0, parameter = 0;
	int r = keys_of(reader, filter, &station, &parameter, err);
	if (r < 0)
		return r;
	if (!knows(reader, "check_record", "at"))
		return run(reader,
		        "SELECT '' time,'' station,'' parameter,'' code,'' kind,NULL value,NULL reference,"
		        "'' unit,NULL result,'' flag WHERE ?1",
		        DB_VALUES(db_int(0)), sink, err);
	return run(reader,
	        "SELECT time,station,parameter,code,kind,value,reference,unit,result,flag FROM check_row"
	        " WHERE at>=?1 AND at<?2 AND (?3 IS NULL OR station=?3) AND (?4 IS NULL OR parameter=?4"
	        " OR parameter=(SELECT alias FROM parameter WHERE code=?4 OR name=?4))"
	        " ORDER BY at,station,parameter,kind",
	        DB_VALUES(from_of(filter), to_of(filter), db_text(filter->station),
	                db_text(filter->parameter)),
	        sink, err);
}

int reader_commands(struct reader *reader, const struct reader_filter *filter,
        const struct reader_sink *sink, struct wq_err *err)
{
	if (!knows(reader, "command_row", "at"))
		return wq_fail(err, WQ_E_MISSING, "%s was written before commands were recorded", reader->path);
	return run(reader,
	        "SELECT time,who,bus,command,unit,function,address,data,outcome,ended,text FROM command_row"
	        " WHERE at>=?1 AND at<?2 ORDER BY at,seq",
	        DB_VALUES(from_of(filter), to_of(filter)), sink, err);
}

int reader_evidence(
        struct reader *reader, int64_t alarm, const struct reader_sink *sink, struct wq_err *err)
{
	char sql[300];
	snprintf(sql, sizeof sql,
	        "SELECT r.change,r.time,r.level,r.text,%s,c.evidence FROM change_row r"
	        " LEFT JOIN change c ON c.alarm=r.id AND c.number=r.number WHERE r.id=?1"
	        " ORDER BY r.number",
	        knows(reader, "change_row", "hushed") ? "r.hushed" : "''");
	return run(reader, sql, DB_VALUES(db_int(alarm)), sink, err);
}

int reader_manual(struct reader *reader, const struct reader_filter *filter,
        const struct reader_sink *sink, struct wq_err *err)
{
	int64_t station = 0, parameter = 0;
	int r = keys_of(reader, filter, &station, &parameter, err);
	if (r < 0)
		return r;
	if (!knows(reader, "manual_row", "at"))
		return wq_fail(err, WQ_E_MISSING, "%s was written before manual values were kept", reader->path);
	return run(reader,
	        "SELECT time,station,parameter,value,unit,automatic,automatic_time,flag,who,file,received,revision"
	        " FROM manual_row WHERE newest=1 AND at>=?1 AND at<?2 AND (?3 IS NULL OR station=?3)"
	        " AND (?4 IS NULL OR parameter=?4 OR parameter=(SELECT alias FROM parameter"
	        " WHERE code=?4 OR name=?4)) ORDER BY at,station,parameter",
	        DB_VALUES(from_of(filter), to_of(filter), db_text(filter->station), db_text(filter->parameter)), sink, err);
}

int reader_learnt(struct reader *reader, const struct reader_filter *filter,
        const struct reader_sink *sink, struct wq_err *err)
{
	int64_t station = 0, parameter = 0;
	int r = keys_of(reader, filter, &station, &parameter, err);
	if (r < 0)
		return r;
	if (!knows(reader, "learnt", "since"))
		return wq_fail(err, WQ_E_MISSING, "%s was written before anything was learnt of series", reader->path);
	return run(reader,
	        "SELECT station,parameter,since,until,readings,low,high,rate FROM v_learnt"
	        " WHERE (?1 IS NULL OR station=?1) AND (?2 IS NULL OR parameter=?2 OR parameter="
	        "(SELECT alias FROM parameter WHERE code=?2 OR name=?2)) ORDER BY station,parameter",
	        DB_VALUES(db_text(filter->station), db_text(filter->parameter)), sink, err);
}

/* What an older history does not have yet is no mistake of the question. */
static int refuse_sql(struct reader *reader, struct wq_err *err)
{
	char why[256];
	int64_t version = SCHEMA_VERSION;
	snprintf(why, sizeof why, "%s", sqlite3_errmsg(reader->db));
	if (strncmp(why, "no such ", 8) == 0 && db_query(reader->db, "PRAGMA user_version", &version) == SQLITE_OK && version < SCHEMA_VERSION)
		return wq_fail(err, WQ_E_INVALID, "SQL: %s; %s has version %" PRId64 ", of an older wqd, where today's is %d: "
			"wqd brings it up to date when it starts with it", why, reader->path, version, SCHEMA_VERSION);
	return wq_fail(err, WQ_E_INVALID, "SQL: %s", why);
}

int reader_sql(
        struct reader *reader, const char *sql, const struct reader_sink *sink, struct wq_err *err)
{
	sqlite3_stmt *statement = NULL;
	const char *rest = "";
	int rc = sqlite3_prepare_v2(reader->db, sql, -1, &statement, &rest);
	int r = 0;
	if (rc != SQLITE_OK)
		r = refuse_sql(reader, err);
	else if (statement == NULL)
		r = wq_fail(err, WQ_E_INVALID, "SQL: there is no statement");
	else if (rest[strspn(rest, " \t\r\n;")] != '\0')
		r = wq_fail(
		        err, WQ_E_INVALID, "SQL: one statement only; '%.40s' is left over", rest);
	else if (sqlite3_stmt_readonly(statement) == 0 || sqlite3_column_count(statement) == 0)
		r = wq_fail(err, WQ_E_INVALID, "SQL: only SELECT; the history is read-only");
	if (r == 0)
		r = give_rows(reader, statement, sink, err);
	sqlite3_finalize(statement);
	return r == 0 ? still_the_same(reader, err) : r;
}
