/* SPDX-License-Identifier: Apache-2.0 */
/* Reading back: the engine's memory after a restart. */
#include "store_parts.h"

#include "wq/err.h"
#include "wq/rule.h"

#include <math.h>
#include <string.h>

/* -- samples, a day's worth at a time, so that sorting them takes bounded memory -- */

struct sample_feed {
	sqlite3_stmt *next, *slice;
	struct wq_engine *engine;
	wq_ms latest;
};

static int feed_open(struct store *store, struct sample_feed *feed)
{
	int rc = sqlite3_prepare_v2(store->db,
	        "SELECT min(at) FROM (SELECT min(at) AS at FROM sample_open WHERE at>=?1 UNION ALL "
	        "SELECT (SELECT at FROM sample WHERE series=series.id AND at>=?1 ORDER BY at LIMIT "
	        "1)"
	        " FROM series)",
	        -1, &feed->next, NULL);
	if (rc != SQLITE_OK)
		return rc;
	return sqlite3_prepare_v2(store->db,
	        "SELECT series,at,value,quality,stamp,flag,arrival FROM ("
	        "SELECT series,at,value,quality,stamp,flag,coalesce(repeated,received) AS arrival"
	        " FROM sample_open WHERE at>=?1 AND at<?2 AND newest=1 UNION ALL "
	        "SELECT "
	        "s.series,s.at,s.value,s.quality,s.stamp,s.flag,coalesce(s.repeated,s.received)"
	        " FROM series e CROSS JOIN sample s WHERE s.series=e.id AND s.at>=?1 AND s.at<?2"
	        " AND s.newest=1) ORDER BY at,series",
	        -1, &feed->slice, NULL);
}

static int feed_slice(struct store *store, struct sample_feed *feed, wq_ms from, struct wq_err *err)
{
	wq_ms end = from + WQ_DAYS(1) > feed->latest ? feed->latest + 1 : from + WQ_DAYS(1);
	int rc = db_bind(feed->slice, DB_VALUES(db_int(from), db_int(end)));
	int r = 0;
	while (rc == SQLITE_OK && r == 0 && (rc = sqlite3_step(feed->slice)) == SQLITE_ROW) {
		struct wq_sample sample;
		rc = SQLITE_OK;
		if (cell_sample(store, feed->slice, &sample))
			r = wq_engine_restore_sample(
			        feed->engine, &sample, sqlite3_column_int64(feed->slice, 6), err);
	}
	if (r == 0 && rc != SQLITE_OK && rc != SQLITE_DONE)
		r = store_fail(store, rc, "cannot read readings", err);
	sqlite3_reset(feed->slice);
	return r;
}

static int restore_samples(
        struct store *store, struct wq_engine *engine, wq_ms from, wq_ms latest, struct wq_err *err)
{
	struct sample_feed feed = { .engine = engine, .latest = latest };
	int r = 0;
	int rc = feed_open(store, &feed);
	while (rc == SQLITE_OK && r == 0 && from <= latest) {
		rc = db_get(feed.next, &from, DB_VALUES(db_int(from)));
		if (rc == SQLITE_OK && from <= latest)
			r = feed_slice(store, &feed, from, err);
		from += WQ_DAYS(1);
	}
	if (r == 0 && rc != SQLITE_OK && rc != SQLITE_DONE)
		r = store_fail(store, rc, "cannot read readings", err);
	sqlite3_finalize(feed.next);
	sqlite3_finalize(feed.slice);
	return r;
}

/* -- days -- */

/* Columns station, day, parameter, revision, mean_raw, valid, expected, class, verdict. False when the site no longer
 * has it. */
static bool read_day(const struct store *store, const struct wq_site *site, sqlite3_stmt *row,
        struct wq_day_row *day)
{
	const int64_t parameter = sqlite3_column_int64(row, 2);

	*day = (struct wq_day_row){
		.station = names_index(
		        store->names.station, site->station_count, sqlite3_column_int64(row, 0)),
		.day = sqlite3_column_int(row, 1),
		.parameter = parameter == 0 ? WQ_NONE
		                            : names_index(store->names.parameter,
		                                      site->parameter_count, parameter),
		.revision = (uint32_t)sqlite3_column_int(row, 3),
		.mean = NAN,
		.mean_raw = cell_real(row, 4),
		.valid = sqlite3_column_int(row, 5),
		.expected = sqlite3_column_int(row, 6),
		.class_ = sqlite3_column_int(row, 7),
		.verdict = (enum wq_day_verdict)sqlite3_column_int(row, 8),
		.exceedance = NAN,
	};
	return day->station != WQ_NONE && (parameter == 0 || day->parameter != WQ_NONE);
}

/* Each station's days in their order, the station's own row before its items: the order of the table's key, so that
 * nothing is sorted. */
static int restore_days(struct store *store, const struct wq_site *site, struct wq_engine *engine,
        wq_ms now, wq_ms latest, struct wq_err *err)
{
	sqlite3_stmt *row = NULL;
	bool items;
	wq_ms from = wq_engine_memory_days(engine, now, &items);
	int rc = sqlite3_prepare_v2(store->db,
	        "SELECT d.station,d.day,d.parameter,d.revision,d.mean_raw,d.valid,d.expected,d.class,"
	        "d.verdict FROM station s CROSS JOIN day d WHERE d.station=s.id AND d.day>=?1"
	        " AND d.day<=?3 AND (?2 OR d.parameter=0) AND d.revision=(SELECT max(revision) FROM day n WHERE"
	        " n.station=d.station AND n.day=d.day AND n.parameter=d.parameter)"
	        " ORDER BY s.id,d.day,d.parameter",
	        -1, &row, NULL);
	if (rc == SQLITE_OK)
		rc = db_bind(row, DB_VALUES(db_int(wq_day_of(site->zone, from)), db_int(items),
		                      db_int(latest == INT64_MAX ? INT32_MAX : wq_day_of(site->zone, latest))));
	while (rc == SQLITE_OK && (rc = sqlite3_step(row)) == SQLITE_ROW) {
		struct wq_day_row day;
		rc = SQLITE_OK;
		if (read_day(store, site, row, &day))
			wq_engine_restore_day(engine, &day);
	}
	int r = rc == SQLITE_DONE ? 0 : store_fail(store, rc, "cannot read days", err);
	sqlite3_finalize(row);
	return r;
}

/* -- open alarms: their state follows from their changes -- */

/* Index of the place within a rule's places, or WQ_NONE. */
static uint32_t place_index(const struct wq_rule_use *use, uint32_t place)
{
	for (size_t i = 0; i < use->place_count; i++)
		if (use->places[i] == place)
			return (uint32_t)i;
	return WQ_NONE;
}

/* Columns rule, station, series, from `column` on. False when the site no longer has that rule
 * there. */
static bool find_place(const struct store *store, const struct wq_site *site, sqlite3_stmt *row,
        int column, uint32_t *rule, uint32_t *index)
{
	*rule = names_index(
	        store->names.rule, site->rule_count, sqlite3_column_int64(row, column));
	if (*rule == WQ_NONE)
		return false;
	const struct wq_rule_use *use = &site->rules[*rule];
	uint32_t place = 0;
	if (use->rule->scope == WQ_SCOPE_SERIES)
		place = names_series(&store->names, sqlite3_column_int64(row, column + 2));
	else if (use->rule->scope == WQ_SCOPE_STATION)
		place = names_index(store->names.station, site->station_count,
		        sqlite3_column_int64(row, column + 1));
	*index = place == WQ_NONE ? WQ_NONE : place_index(use, place);
	return *index != WQ_NONE;
}

/* Columns number, kind, level, time, decided, series, value, threshold, says, hush, who. */
static void apply_change(const struct store *store, sqlite3_stmt *row, struct wq_alarm *alarm)
{
	enum wq_change_kind kind = (enum wq_change_kind)sqlite3_column_int(row, 1);
	struct wq_verdict *last = &alarm->last;
	wq_ms time = sqlite3_column_int64(row, 3);
	bool judged = kind == WQ_OPENED || kind == WQ_REOPENED || kind == WQ_RAISED ||
	        kind == WQ_RECOVERED || alarm->changes == 0;
	wq_alarm_follow(alarm, kind, (enum wq_level)sqlite3_column_int(row, 2), time,
	        sqlite3_column_int64(row, 4), (enum wq_hush)sqlite3_column_int(row, 9));
	alarm->changes = (uint32_t)sqlite3_column_int64(row, 0);
	if (kind == WQ_ACKNOWLEDGED) {
		alarm->answered = alarm->changes;
		cell_text(row, 10, alarm->answered_by, sizeof alarm->answered_by);
	}
	/* What people and clocks do carries the newest evidence of its time. */
	last->series = sqlite3_column_type(row, 5) == SQLITE_NULL
	        ? WQ_NONE
	        : names_series(&store->names, sqlite3_column_int64(row, 5));
	last->value = cell_real(row, 6);
	last->limit = cell_real(row, 7);
	cell_text(row, 8, last->says, sizeof last->says);
	if (!judged)
		return;
	last->finding = kind == WQ_RECOVERED ? WQ_FINDING_CLEAR : WQ_FINDING_RAISE;
	last->level = alarm->level;
	last->at = time;
}

/* Columns 5 and 6 of the alarm: the change after which our clock was set, and since when it waited then. */
static void keep_wait(sqlite3_stmt *row, struct wq_alarm *alarm)
{
	if (sqlite3_column_type(row, 5) != SQLITE_NULL && alarm->changes == (uint32_t)sqlite3_column_int64(row, 5))
		alarm->since = sqlite3_column_int64(row, 6);
}

static int replay_changes(struct store *store, sqlite3_stmt *row, sqlite3_stmt *changes, struct wq_alarm *alarm,
        struct wq_err *err)
{
	int rc = db_bind(changes, DB_VALUES(db_int(alarm->id)));
	while (rc == SQLITE_OK && (rc = sqlite3_step(changes)) == SQLITE_ROW) {
		apply_change(store, changes, alarm);
		keep_wait(row, alarm);
		rc = SQLITE_OK;
	}
	int r = rc == SQLITE_DONE ? 0 : store_fail(store, rc, "cannot read alarms", err);
	sqlite3_reset(changes);
	return r;
}

static int restore_alarm(struct store *store, const struct wq_site *site, struct wq_engine *engine,
        sqlite3_stmt *row, sqlite3_stmt *changes, struct wq_err *err)
{
	struct wq_alarm alarm = { .id = sqlite3_column_int64(row, 0),
		.opened = sqlite3_column_int64(row, 4) };
	if (!find_place(store, site, row, 1, &alarm.rule, &alarm.place)) {
		store->orphans++;
		return 0;
	}
	int r = replay_changes(store, row, changes, &alarm, err);
	if (r == 0)
		r = wq_engine_restore_alarm(engine, &alarm, err);
	if (r == WQ_E_MISSING) {
		store->orphans++;
		return 0;
	}
	return r;
}

static int restore_alarms(struct store *store, const struct wq_site *site, struct wq_engine *engine,
        struct wq_err *err)
{
	sqlite3_stmt *row = NULL, *changes = NULL;
	store->orphans = 0;
	int rc = sqlite3_prepare_v2(store->db,
	        "SELECT id,rule,station,series,opened,waits_number,waits_since FROM alarm WHERE open=1 ORDER BY id", -1,
	        &row, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(store->db,
		        "SELECT number,kind,level,time,decided,series,value,threshold,says,hush,who FROM "
		        "change"
		        " WHERE alarm=?1 ORDER BY number",
		        -1, &changes, NULL);
	int r = 0;
	while (rc == SQLITE_OK && r == 0 && (rc = sqlite3_step(row)) == SQLITE_ROW) {
		r = restore_alarm(store, site, engine, row, changes, err);
		rc = SQLITE_OK;
	}
	int64_t highest = 0;
	if (r == 0 && rc == SQLITE_DONE)
		rc = db_query(store->db, "SELECT max(id) FROM alarm", &highest);
	if (r == 0 && rc != SQLITE_OK && rc != SQLITE_DONE)
		r = store_fail(store, rc, "cannot read alarms", err);
	if (r == 0)
		wq_engine_restore_highest(engine, highest);
	sqlite3_finalize(row);
	sqlite3_finalize(changes);
	return r;
}

/* -- shelves, delays, openings: each a query and what a row of it is told as -- */

/* ?1 is the lower bound in time, ?2 the upper one, for those that have it. */
struct replay {
	const char *sql, *doing;
	int (*tell)(const struct store *store, const struct wq_site *site, struct wq_engine *engine,
	        sqlite3_stmt *row, struct wq_err *err);
};

/* A place that is no longer configured keeps its shelf in the file. */
static int tell_shelf(const struct store *store, const struct wq_site *site,
        struct wq_engine *engine, sqlite3_stmt *row, struct wq_err *err)
{
	struct wq_shelf shelf = { .since = sqlite3_column_int64(row, 3),
		.until = sqlite3_column_int64(row, 4),
		.ended = WQ_NO_TIME,
		.automatic = sqlite3_column_int(row, 5) != 0 };
	cell_text(row, 6, shelf.who, sizeof shelf.who);
	cell_text(row, 7, shelf.reason, sizeof shelf.reason);
	if (!find_place(store, site, row, 0, &shelf.rule, &shelf.place))
		return 0;
	int r = wq_engine_restore_shelf(engine, &shelf, err);
	return r == WQ_E_MEMORY ? r : 0;
}

static int tell_delay(const struct store *store, const struct wq_site *site,
        struct wq_engine *engine, sqlite3_stmt *row, struct wq_err *err)
{
	struct wq_delay delay;
	(void)err;
	delay.exceeds_since = cell_time(row, 3);
	delay.meets_since = cell_time(row, 4);
	if (find_place(store, site, row, 0, &delay.rule, &delay.place))
		wq_engine_restore_delay(engine, &delay);
	return 0;
}

static int tell_opening(const struct store *store, const struct wq_site *site,
        struct wq_engine *engine, sqlite3_stmt *row, struct wq_err *err)
{
	struct wq_opening opening = { .alarm = sqlite3_column_int64(row, 3),
		.time = sqlite3_column_int64(row, 4),
		.decided = sqlite3_column_int64(row, 5),
		.hush = (enum wq_hush)sqlite3_column_int(row, 6),
		.counts = sqlite3_column_int(row, 7) != 0 };
	(void)err;
	if (find_place(store, site, row, 0, &opening.rule, &opening.place))
		wq_engine_restore_opening(engine, &opening);
	return 0;
}

/* A profile that is no longer configured keeps its words in the file. */
static int tell_word(const struct store *store, const struct wq_site *site,
        struct wq_engine *engine, sqlite3_stmt *row, struct wq_err *err)
{
	struct wq_profile_word word = { .hand = (enum wq_profile_hand)sqlite3_column_int(row, 1),
		.since = sqlite3_column_int64(row, 2),
		.until = cell_time(row, 3) };
	const char *name = (const char *)sqlite3_column_text(row, 0);
	(void)store;
	cell_text(row, 4, word.who, sizeof word.who);
	cell_text(row, 5, word.reason, sizeof word.reason);
	for (size_t i = 0; name != NULL && i < site->profile_count; i++)
		if (strcmp(site->profiles[i].name, name) == 0) {
			word.profile = (uint32_t)i;
			return wq_engine_restore_profile(engine, &word, err);
		}
	return 0;
}

static const struct replay replay_words = {
	"SELECT profile,hand,since,until,who,reason FROM profile_word w WHERE ?1=?1 AND since="
	"(SELECT max(since) FROM profile_word n WHERE n.profile=w.profile)",
	"cannot read profiles", tell_word
};

/* One of what is no longer configured stays in the file. */
static int tell_maintenance(const struct store *store, const struct wq_site *site,
        struct wq_engine *engine, sqlite3_stmt *row, struct wq_err *err)
{
	struct wq_maintenance m = { .id = sqlite3_column_int64(row, 0),
		.station = names_index(store->names.station, site->station_count,
		        sqlite3_column_int64(row, 1)),
		.series = WQ_NONE,
		.from = sqlite3_column_int64(row, 3),
		.to = sqlite3_column_int64(row, 4),
		.ended = cell_time(row, 5) };
	(void)err;
	cell_text(row, 6, m.who, sizeof m.who);
	cell_text(row, 7, m.reason, sizeof m.reason);
	cell_text(row, 8, m.ended_by, sizeof m.ended_by);
	if (sqlite3_column_type(row, 2) != SQLITE_NULL) {
		m.series = names_series(&store->names, sqlite3_column_int64(row, 2));
		if (m.series == WQ_NONE)
			return 0;
	}
	wq_engine_restore_maintenance(engine, &m);
	return 0;
}

/* What stands before what nobody ended, and that before the newest of what is over: the engine has no room for all. */
static const struct replay replay_maintenance = {
	"SELECT id,station,series,since,until,ended,who,reason,ended_by FROM maintenance WHERE until>=?1"
	" ORDER BY ended IS NOT NULL,CASE WHEN ended IS NULL THEN until ELSE id END DESC,id",
	"cannot read maintenance", tell_maintenance
};

/* Of a series that is no longer configured it stays in the file. */
static int tell_learnt(const struct store *store, const struct wq_site *site, struct wq_engine *engine, sqlite3_stmt *row,
        struct wq_err *err)
{
	struct wq_learnt learnt = { .series = names_series(&store->names, sqlite3_column_int64(row, 0)),
		.size = (size_t)sqlite3_column_bytes(row, 1) };
	const void *bytes = sqlite3_column_blob(row, 1);
	(void)site, (void)err;
	if (learnt.series == WQ_NONE || bytes == NULL || learnt.size > sizeof learnt.memory)
		return 0;
	memcpy(learnt.memory, bytes, learnt.size);
	wq_engine_restore_learnt(engine, &learnt);
	return 0;
}

/* What was learnt of the future, the clock having been ahead, would teach nothing for so long. */
static const struct replay replay_learnt = {
	"SELECT series,memory FROM learnt WHERE ?1=?1 AND until<=?2", "cannot read what was learnt", tell_learnt
};

static const struct replay replay_shelves = {
	"SELECT rule,station,series,since,until,automatic,who,reason FROM shelf WHERE ended IS NULL"
	" AND ?1=?1 ORDER BY since",
	"cannot read shelves", tell_shelf
};
static const struct replay replay_delays = {
	"SELECT rule,station,series,exceeds_since,meets_since FROM delay WHERE ?1=?1",
	"cannot read delays", tell_delay
};
/* What was put on a shelf since counts from there anew. */
static const struct replay replay_openings = {
	"SELECT a.rule,a.station,a.series,c.alarm,c.time,c.decided,c.hush,"
	"c.hush<>1 AND NOT EXISTS(SELECT 1 FROM shelf f WHERE f.rule=a.rule"
	" AND f.station=coalesce(a.station,0) AND f.series=coalesce(a.series,0)"
	" AND f.since>=c.decided)"
	" FROM change c JOIN alarm a ON a.id=c.alarm WHERE c.kind IN(0,8) AND c.decided>=?1"
	" AND c.decided<=?2"
	" ORDER BY c.decided,c.alarm,c.number",
	"cannot read openings", tell_opening
};

static int replay(struct store *store, const struct wq_site *site, struct wq_engine *engine,
        const struct replay *what, wq_ms from, wq_ms to, struct wq_err *err)
{
	sqlite3_stmt *row = NULL;
	int r = 0, rc = sqlite3_prepare_v2(store->db, what->sql, -1, &row, NULL);
	const struct db_value bounds[] = { db_int(from), db_int(to) };
	if (rc == SQLITE_OK)
		rc = db_bind(row, bounds, (size_t)sqlite3_bind_parameter_count(row));
	while (rc == SQLITE_OK && r == 0 && (rc = sqlite3_step(row)) == SQLITE_ROW) {
		r = what->tell(store, site, engine, row, err);
		rc = SQLITE_OK;
	}
	if (r == 0 && rc != SQLITE_DONE && rc != SQLITE_OK)
		r = store_fail(store, rc, what->doing, err);
	sqlite3_finalize(row);
	return r;
}

static int restore_life(struct store *store, const struct wq_site *site, struct wq_engine *engine,
        wq_ms now, wq_ms latest, struct wq_err *err)
{
	int r = replay(store, site, engine, &replay_shelves, 0, latest, err);
	if (r == 0)
		r = replay(store, site, engine, &replay_words, 0, latest, err);
	if (r == 0)
		r = replay(store, site, engine, &replay_delays, 0, latest, err);
	if (r == 0)
		r = replay(store, site, engine, &replay_openings, wq_engine_openings(engine, now), latest, err);
	return r;
}

static int restore_needs(struct store *store, const struct wq_site *site, struct wq_engine *engine,
        struct wq_err *err)
{
	sqlite3_stmt *row = NULL;
	int rc = sqlite3_prepare_v2(store->db, "SELECT station,day FROM day_due", -1, &row, NULL);
	while (rc == SQLITE_OK && (rc = sqlite3_step(row)) == SQLITE_ROW) {
		uint32_t station = names_index(store->names.station, site->station_count,
		        sqlite3_column_int64(row, 0));
		if (station != WQ_NONE)
			wq_engine_restore_need(engine, station, sqlite3_column_int(row, 1));
		rc = SQLITE_OK;
	}
	sqlite3_finalize(row);
	return rc == SQLITE_DONE ? 0 : store_fail(store, rc, "cannot read the days to evaluate again", err);
}

int store_restore(struct store *store, const struct wq_site *site, struct wq_engine *engine,
        wq_ms now, wq_ms latest, struct wq_err *err)
{
	if (store->db == NULL)
		return wq_fail(err, WQ_E_STATE, "%s: is not open", store->path);
	wq_ms from = wq_engine_memory(engine, now);
	int r = replay(store, site, engine, &replay_maintenance, from, latest, err);
	if (r == 0)
		r = replay(store, site, engine, &replay_learnt, from, latest, err);
	if (r == 0)
		r = restore_samples(store, engine, from, latest, err);
	if (r == 0)
		r = restore_days(store, site, engine, now, latest, err);
	if (r == 0)
		r = restore_alarms(store, site, engine, err);
	if (r == 0)
		r = restore_life(store, site, engine, now, latest, err);
	if (r == 0)
		r = restore_needs(store, site, engine, err);
	return r;
}
