/* SPDX-License-Identifier: Apache-2.0 */
/* What a running daemon asks for: days that the engine sums up again, notices that have not left yet. */
#include "store_parts.h"

#include "wq/err.h"

#include <stdio.h>
#include <stdlib.h>

/* -- a day the engine asks for -- */

static int append(struct store_answer *answer, size_t *room, const struct wq_sample *sample)
{
	if (answer->count == *room) {
		size_t wanted = *room > 0 ? *room * 2 : 256;
		struct wq_sample *grown = realloc(answer->samples, wanted * sizeof *grown);
		if (grown == NULL)
			return SQLITE_NOMEM;
		answer->samples = grown;
		*room = wanted;
	}
	answer->samples[answer->count++] = *sample;
	return SQLITE_OK;
}

static int collect(
        struct store *store, sqlite3_stmt *row, struct store_answer *answer, size_t *room)
{
	const struct wq_station *station = &store->site->stations[answer->station];
	int rc;
	while ((rc = sqlite3_step(row)) == SQLITE_ROW) {
		struct wq_sample sample;
		if (!cell_sample(store, row, &sample) || sample.series < station->first_series ||
		        sample.series - station->first_series >= station->series_count)
			continue;
		rc = append(answer, room, &sample);
		if (rc != SQLITE_OK)
			break;
	}
	sqlite3_reset(row);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int by_time(const void *left, const void *right)
{
	const struct wq_sample *a = left, *b = right;
	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	return (a->series > b->series) - (a->series < b->series);
}

int need_answer(struct store *store, const struct wq_need *need, struct store_answer *answer,
        struct wq_err *err)
{
	*answer = (struct store_answer){ .station = need->station, .day = need->day };
	if (need->station >= store->site->station_count)
		return wq_fail(err, WQ_E_INVALID, "%s: a day of station %u is needed", store->path,
		        need->station);
	const struct wq_station *station = &store->site->stations[need->station];
	struct db_value from = db_int(wq_day_start(station->zone, need->day));
	struct db_value to = db_int(wq_day_start(station->zone, need->day + 1));
	size_t room = 0;
	int rc = db_bind(store->statements[ST_NEED_OPEN], DB_VALUES(from, to));
	if (rc == SQLITE_OK)
		rc = collect(store, store->statements[ST_NEED_OPEN], answer, &room);
	for (uint32_t i = 0; i < station->series_count && rc == SQLITE_OK; i++) {
		struct db_value key = db_int(store->names.series[station->first_series + i]);
		rc = db_bind(store->statements[ST_NEED_CLOSED], DB_VALUES(from, to, key));
		if (rc == SQLITE_OK)
			rc = collect(store, store->statements[ST_NEED_CLOSED], answer, &room);
	}
	if (rc != SQLITE_OK) {
		free(answer->samples);
		*answer = (struct store_answer){ 0 };
		return store_fail(store, rc, "cannot read a day", err);
	}
	if (answer->count > 1)
		qsort(answer->samples, answer->count, sizeof *answer->samples, by_time);
	return 0;
}

/* -- the outbox -- */

static void read_notice(sqlite3_stmt *row, struct wq_notice *n)
{
	cell_text(row, 0, n->id, sizeof n->id);
	n->alarm = sqlite3_column_int64(row, 1);
	n->number = (uint32_t)sqlite3_column_int64(row, 2);
	n->kind = (enum wq_change_kind)sqlite3_column_int(row, 3);
	n->level = (enum wq_level)sqlite3_column_int(row, 4);
	n->assist = sqlite3_column_int(row, 5) != 0;
	n->time = sqlite3_column_int64(row, 6);
	n->created = sqlite3_column_int64(row, 7);
	n->expires = sqlite3_column_int64(row, 8);
	cell_text(row, 9, n->contact, sizeof n->contact);
	cell_text(row, 10, n->channel, sizeof n->channel);
	cell_text(row, 11, n->address, sizeof n->address);
	cell_text(row, 12, n->text, sizeof n->text);
	cell_text(row, 13, n->data, sizeof n->data);
	n->deadline = sqlite3_column_int64(row, 15);
	n->since = sqlite3_column_int64(row, 16);
	n->topic = (enum wq_topic)sqlite3_column_int(row, 18);
	n->hold = (enum wq_hold)sqlite3_column_int(row, 19);
	n->held = sqlite3_column_int64(row, 20);
	n->taken = sqlite3_column_type(row, 17) != SQLITE_NULL && sqlite3_column_int(row, 17) == WQ_TAKEN;
}

/* Undelivered notices, since when each is tried on its channel (0: not yet), and how its last attempt ended. */
#define NOTICES                                                                                    \
	"SELECT id,alarm,number,kind,level,assist,time,created,expires,contact,channel,address,"    \
	"text,data,attempts,deadline,coalesce((SELECT min(d.at) FROM delivery d"                    \
	" WHERE d.notice=n.id AND d.channel=n.channel AND d.seq>coalesce((SELECT max(e.seq)"        \
	" FROM delivery e WHERE e.notice=n.id AND e.channel<>n.channel),0)),0),"                    \
	"(SELECT k.kind FROM delivery k WHERE k.notice=n.id ORDER BY k.seq DESC LIMIT 1)"           \
	",topic,hold,held FROM notice n WHERE "

static int read_notices(struct store *store, const char *sql,
        bool (*take)(void *owner, const struct wq_notice *notice, uint32_t attempts), void *owner,
        struct wq_err *err)
{
	if (store->db == NULL)
		return wq_fail(err, WQ_E_STATE, "%s: is not open", store->path);
	sqlite3_stmt *row = NULL;
	int rc = sqlite3_prepare_v2(store->db, sql, -1, &row, NULL);
	bool more = true;
	while (rc == SQLITE_OK && more && (rc = sqlite3_step(row)) == SQLITE_ROW) {
		struct wq_notice notice = { 0 };
		read_notice(row, &notice);
		more = take(owner, &notice, (uint32_t)sqlite3_column_int64(row, 14));
		rc = SQLITE_OK;
	}
	int r = rc == SQLITE_OK || rc == SQLITE_DONE
	        ? 0
	        : store_fail(store, rc, "cannot read notices", err);
	sqlite3_finalize(row);
	return r;
}

/* What is urgent (notify/urgent.h; kinds are stored as their numbers) and waits, with what waits of its alarms before it. */
#define URGENT                                                                                                                  \
	"WITH u(alarm,contact,upto) AS MATERIALIZED(SELECT alarm,contact,max(number) FROM notice WHERE state=0 AND topic=0"     \
	" AND(kind=2 OR(level>=4 AND kind IN(0,1,8,10))) GROUP BY 1,2)"                                                         \
	" SELECT n.seq,n.contact FROM notice n JOIN u ON u.alarm=n.alarm AND u.contact=n.contact"                               \
	" WHERE n.state=0 AND n.topic=0 AND n.number<=u.upto ORDER BY n.seq"
#define PENDING "SELECT seq,contact FROM notice WHERE state=0 ORDER BY seq"

/* Whose is looked at first: what else belongs to a notice is read of those that are wanted only. *going: the taker wants further ones. */
static int read_outbox(struct store *store, bool urgent, bool (*wanted)(void *owner, const char *contact, bool urgent),
        bool (*take)(void *owner, const struct wq_notice *notice, uint32_t attempts), void *owner, bool *going,
        struct wq_err *err)
{
	sqlite3_stmt *list = NULL, *row = NULL;
	int rc = sqlite3_prepare_v2(store->db, urgent ? URGENT : PENDING, -1, &list, NULL);
	bool more = true;
	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(store->db, NOTICES "seq=?1", -1, &row, NULL);
	while (rc == SQLITE_OK && more && (rc = sqlite3_step(list)) == SQLITE_ROW) {
		struct wq_notice notice = { 0 };
		cell_text(list, 1, notice.contact, sizeof notice.contact);
		rc = SQLITE_OK;
		if (wanted != NULL && !wanted(owner, notice.contact, urgent))
			continue;
		rc = db_bind(row, DB_VALUES(db_int(sqlite3_column_int64(list, 0))));
		if (rc == SQLITE_OK && (rc = sqlite3_step(row)) == SQLITE_ROW) {
			read_notice(row, &notice);
			notice.urgent = urgent;
			more = take(owner, &notice, (uint32_t)sqlite3_column_int64(row, 14));
			rc = SQLITE_OK;
		}
		sqlite3_reset(row);
	}
	*going = more;
	int r = rc == SQLITE_OK || rc == SQLITE_DONE
	        ? 0
	        : store_fail(store, rc, "cannot read notices", err);
	sqlite3_finalize(list);
	sqlite3_finalize(row);
	return r;
}

int store_outbox(struct store *store, bool (*wanted)(void *owner, const char *contact, bool urgent),
        bool (*take)(void *owner, const struct wq_notice *notice, uint32_t attempts), void *owner,
        struct wq_err *err)
{
	bool going = true;
	if (store->db == NULL)
		return wq_fail(err, WQ_E_STATE, "%s: is not open", store->path);
	int r = wanted != NULL ? read_outbox(store, true, wanted, take, owner, &going, err) : 0;
	return r < 0 || !going ? r : read_outbox(store, false, wanted, take, owner, &going, err);
}

int store_owed(struct store *store, const char *channel, int64_t most,
        bool (*take)(void *owner, const struct wq_notice *notice, uint32_t attempts), void *owner,
        struct wq_err *err)
{
	if (store->db == NULL)
		return wq_fail(err, WQ_E_STATE, "%s: is not open", store->path);
	sqlite3_stmt *row = NULL;
	bool more = true;
	int rc = sqlite3_prepare_v2(store->db,
	        NOTICES "id IN(SELECT notice FROM owed WHERE channel=?1) ORDER BY seq LIMIT ?2", -1, &row, NULL);
	if (rc == SQLITE_OK)
		rc = db_bind(row, DB_VALUES(db_text(channel), db_int(most)));
	while (rc == SQLITE_OK && more && (rc = sqlite3_step(row)) == SQLITE_ROW) {
		struct wq_notice notice = { 0 };
		read_notice(row, &notice);
		notice.history = true;
		notice.taken = false;
		notice.since = 0;
		snprintf(notice.channel, sizeof notice.channel, "%s", channel);
		more = take(owner, &notice, 0);
		rc = SQLITE_OK;
	}
	int r = rc == SQLITE_OK || rc == SQLITE_DONE ? 0 : store_fail(store, rc, "cannot read notices", err);
	sqlite3_finalize(row);
	return r;
}

int store_held(struct store *store,
        bool (*take)(void *owner, const struct wq_notice *notice, uint32_t attempts), void *owner,
        struct wq_err *err)
{
	static const char settle[] = "WITH told(contact,alarm,number,id) AS MATERIALIZED("
		"SELECT contact,alarm,max(number),id FROM notice WHERE state IN(0,1,4) AND topic=0"
		" AND seq>(SELECT min(seq) FROM notice WHERE state=3) GROUP BY contact,alarm)"
		"UPDATE notice SET state=4,folded=told.id FROM told WHERE notice.state=3 AND notice.topic=0"
		" AND notice.contact=told.contact AND notice.alarm=told.alarm AND notice.number<told.number";
	if (store->db == NULL)
		return wq_fail(err, WQ_E_STATE, "%s: is not open", store->path);
	/* What a later notice of its alarm has told, before the daemon ended, is told: it must not come behind that one. */
	int rc = sqlite3_exec(store->db, settle, NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		return store_fail(store, rc, "cannot settle what is held back", err);
	return read_notices(store, NOTICES "state=3 ORDER BY held", take, owner, err);
}

int store_release(struct store *store, const char *id, struct wq_err *err)
{
	if (store->db == NULL)
		return wq_fail(err, WQ_E_STATE, "%s: is not open", store->path);
	int rc = db_run(store->statements[ST_NOTICE_RELEASE], DB_VALUES(db_text(id)));
	return rc == SQLITE_OK ? 0 : store_fail(store, rc, "cannot release a notice", err);
}

int store_marks(struct store *store, void (*take)(void *owner, const struct store_mark *mark), void *owner,
        struct wq_err *err)
{
	if (store->db == NULL)
		return wq_fail(err, WQ_E_STATE, "%s: is not open", store->path);
	sqlite3_stmt *row = NULL;
	int rc = sqlite3_prepare_v2(store->db, "SELECT name,at FROM mark", -1, &row, NULL);
	while (rc == SQLITE_OK && (rc = sqlite3_step(row)) == SQLITE_ROW) {
		struct store_mark mark;
		cell_text(row, 0, mark.name, sizeof mark.name);
		mark.at = sqlite3_column_int64(row, 1);
		take(owner, &mark);
		rc = SQLITE_OK;
	}
	int r = rc == SQLITE_DONE ? 0 : store_fail(store, rc, "cannot read marks", err);
	sqlite3_finalize(row);
	return r;
}

int store_acknowledged(struct store *store, void (*take)(void *owner, int64_t alarm, const char *who), void *owner,
        struct wq_err *err)
{
	if (store->db == NULL)
		return wq_fail(err, WQ_E_STATE, "%s: is not open", store->path);
	sqlite3_stmt *row = NULL;
	int rc = sqlite3_prepare_v2(store->db,
	        "SELECT c.alarm,c.who FROM alarm a CROSS JOIN change c WHERE a.open=1 AND c.alarm=a.id AND c.kind=3"
	        " ORDER BY c.alarm,c.number",
	        -1, &row, NULL);
	while (rc == SQLITE_OK && (rc = sqlite3_step(row)) == SQLITE_ROW) {
		char who[WQ_PERSON_TEXT];
		cell_text(row, 1, who, sizeof who);
		take(owner, sqlite3_column_int64(row, 0), who);
		rc = SQLITE_OK;
	}
	int r = rc == SQLITE_DONE ? 0 : store_fail(store, rc, "cannot read who acknowledged", err);
	sqlite3_finalize(row);
	return r;
}

int store_drills(struct store *store,
        void (*take)(void *owner, const struct wq_notice *notice, int kind, bool done, const char *text), void *owner,
        struct wq_err *err)
{
	if (store->db == NULL)
		return wq_fail(err, WQ_E_STATE, "%s: is not open", store->path);
	sqlite3_stmt *row = NULL;
	int rc = sqlite3_prepare_v2(store->db,
	        "SELECT n.id,n.contact,n.channel,n.time,n.data,n.state,d.kind,d.text FROM notice n"
	        " LEFT JOIN delivery d ON d.seq=(SELECT max(seq) FROM delivery WHERE notice=n.id)"
	        " WHERE n.seq>(SELECT coalesce(max(seq),0) FROM notice)-?1 AND n.topic=?2 ORDER BY n.seq",
	        -1, &row, NULL);
	if (rc == SQLITE_OK)
		rc = db_bind(row, DB_VALUES(db_int(STORE_DRILLS), db_int(WQ_TOPIC_DRILL)));
	while (rc == SQLITE_OK && (rc = sqlite3_step(row)) == SQLITE_ROW) {
		struct wq_notice notice = { .topic = WQ_TOPIC_DRILL };
		char text[192];
		cell_text(row, 0, notice.id, sizeof notice.id);
		cell_text(row, 1, notice.contact, sizeof notice.contact);
		cell_text(row, 2, notice.channel, sizeof notice.channel);
		notice.time = sqlite3_column_int64(row, 3);
		cell_text(row, 4, notice.data, sizeof notice.data);
		cell_text(row, 7, text, sizeof text);
		take(owner, &notice, sqlite3_column_type(row, 6) == SQLITE_NULL ? -1 : sqlite3_column_int(row, 6),
		        sqlite3_column_int(row, 5) != 0, text);
		rc = SQLITE_OK;
	}
	int r = rc == SQLITE_DONE ? 0 : store_fail(store, rc, "cannot read drills", err);
	sqlite3_finalize(row);
	return r;
}
