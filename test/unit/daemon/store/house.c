/* SPDX-License-Identifier: Apache-2.0 */
/* See house.h. */
#include "house.h"

#include "wq/engine.h"
#include "wq/rule.h"

#include <dirent.h>
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* -- the site -- */

static const struct wq_parameter parameters[] = {
	{ .code = "w01001", .alias = "ph", .name = "pH值", .unit = "-" },
	{ .code = "w21011", .alias = "tp", .name = "总磷", .unit = "mg/L" },
};
static const struct wq_station stations[] = {
	{ .id = "yigan",
	        .name = "一干河备用水源地",
	        .kind = WQ_SOURCE_BACKUP,
	        .zone = &wq_zone_china,
	        .first_series = 0,
	        .series_count = 2 },
	{ .id = "nanheng",
	        .name = "南横套河",
	        .kind = WQ_TRIBUTARY,
	        .zone = &wq_zone_china,
	        .first_series = 2,
	        .series_count = 1 },
};
static const struct wq_series series[] = {
	{ .station = 0, .parameter = 0 },
	{ .station = 0, .parameter = 1 },
	{ .station = 1, .parameter = 1 },
};
static const struct wq_rule rule_kinds[] = {
	{ .name = "limit", .scope = WQ_SCOPE_SERIES },
	{ .name = "daily", .scope = WQ_SCOPE_STATION },
	{ .name = "silence", .scope = WQ_SCOPE_NETWORK },
};
static const uint32_t tp_series[] = { 1, 2 }, both_stations[] = { 0, 1 }, network[] = { 0 };
static const struct wq_rule_use rules[] = {
	{ .rule = &rule_kinds[0],
	        .name = "tp-limit",
	        .hash = 0xfedcba9876543210,
	        .place_count = 2,
	        .places = tp_series },
	{ .rule = &rule_kinds[1],
	        .name = "daily-class",
	        .hash = 2,
	        .place_count = 2,
	        .places = both_stations },
	{ .rule = &rule_kinds[2],
	        .name = "silence",
	        .hash = 3,
	        .place_count = 1,
	        .places = network },
};
static const char *const sources[] = { "bus-1", "broker" };

static const struct wq_profile profiles[] = { { "winter", 11, 15, 2, 28 }, { "flood", 5, 1, 9, 30 } };

const struct wq_site house_site = {
	.profile_count = 2,
	.profiles = profiles,
	.name = "测试",
	.zone = &wq_zone_china,
	.standard = &wq_gb3838,
	.parameter_count = 2,
	.station_count = 2,
	.series_count = 3,
	.rule_count = 3,
	.source_count = 2,
	.parameters = parameters,
	.stations = stations,
	.series = series,
	.rules = rules,
	.sources = sources,
};

static const struct wq_station moved_stations[] = {
	{ .id = "new",
	        .name = "新断面",
	        .kind = WQ_PROVINCIAL,
	        .zone = &wq_zone_china,
	        .first_series = 0,
	        .series_count = 1 },
	{ .id = "nanheng",
	        .name = "南横套河",
	        .kind = WQ_TRIBUTARY,
	        .zone = &wq_zone_china,
	        .first_series = 1,
	        .series_count = 1 },
	{ .id = "yigan",
	        .name = "一干河",
	        .kind = WQ_SOURCE_BACKUP,
	        .zone = &wq_zone_china,
	        .first_series = 2,
	        .series_count = 1 },
};
static const struct wq_series moved_series[] = {
	{ .station = 0, .parameter = 0 },
	{ .station = 1, .parameter = 1 },
	{ .station = 2, .parameter = 1 },
};
static const uint32_t moved_tp[] = { 1, 2 };
static const struct wq_rule_use moved_rules[] = {
	{ .rule = &rule_kinds[2],
	        .name = "silence",
	        .hash = 3,
	        .place_count = 1,
	        .places = network },
	{ .rule = &rule_kinds[0],
	        .name = "tp-limit",
	        .hash = 9,
	        .place_count = 2,
	        .places = moved_tp },
};
static const char *const moved_sources[] = { "broker", "bus-1" };

const struct wq_site house_site_moved = {
	.profile_count = 1,
	.profiles = profiles + 1,
	.name = "测试",
	.zone = &wq_zone_china,
	.standard = &wq_gb3838,
	.parameter_count = 2,
	.station_count = 3,
	.series_count = 3,
	.rule_count = 2,
	.source_count = 2,
	.parameters = parameters,
	.stations = moved_stations,
	.series = moved_series,
	.rules = moved_rules,
	.sources = moved_sources,
};

const struct wq_site house_site_bare = {
	.name = "测试",
	.zone = &wq_zone_china,
	.standard = &wq_gb3838,
	.parameter_count = 2,
	.station_count = 2,
	.series_count = 3,
	.source_count = 2,
	.parameters = parameters,
	.stations = stations,
	.series = series,
	.sources = sources,
};

/* -- the house -- */

int house_set_up_shut(void **state)
{
	struct house *house = calloc(1, sizeof *house);
	strcpy(house->directory, "/tmp/wq-store-XXXXXX");
	if (mkdtemp(house->directory) == NULL)
		return -1;
	snprintf(house->path, sizeof house->path, "%s/history.db", house->directory);
	*state = house;
	return 0;
}

int house_set_up(void **state)
{
	if (house_set_up_shut(state) != 0)
		return -1;
	house_open(*state, &house_site);
	return 0;
}

static void remove_all(const char *directory)
{
	DIR *dir = opendir(directory);
	char path[512];
	for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
		snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			unlink(path);
	}
	if (dir != NULL)
		closedir(dir);
	rmdir(directory);
}

int house_tear_down(void **state)
{
	struct house *house = *state;
	house_shut(house);
	commit_group_free(&house->group);
	remove_all(house->directory);
	free(house);
	return 0;
}

void house_open(struct house *house, const struct wq_site *site)
{
	int r = store_open(house->path, site, &house->store, &house->err);
	if (r < 0)
		fail_msg("%s", house->err.text);
}

void house_shut(struct house *house)
{
	store_close(house->store);
	house->store = NULL;
}

void house_again(struct house *house, const struct wq_site *site)
{
	house_shut(house);
	house_open(house, site);
}

/* -- groups -- */

static void *grow(void *rows, size_t *count, size_t *room, size_t size)
{
	if (*count == *room) {
		*room = *room > 0 ? *room * 2 : 8;
		rows = realloc(rows, *room * size);
		assert_non_null(rows);
	}
	memset((char *)rows + *count * size, 0, size);
	(*count)++;
	return rows;
}

#define APPEND(rows, count, room)                                                                  \
	((rows) = grow((rows), &(count), &(room), sizeof *(rows)), &(rows)[(count)-1])

struct wq_stored *house_sample(struct house *house, uint32_t which, wq_ms at, double value)
{
	struct wq_outcome *o = &house->group.outcome;
	struct wq_stored *s = APPEND(o->samples, o->sample_count, o->sample_room);
	s->series = which;
	s->at = at;
	s->received = at + 1000;
	s->value = value;
	s->sequence = ++house->group.last_sequence;
	s->trusted = true;
	s->stamp = WQ_STAMP_STATION;
	return s;
}

struct wq_learnt *house_learn(struct house *house, uint32_t which)
{
	struct wq_outcome *o = &house->group.outcome;
	struct wq_learnt *l = APPEND(o->learnt, o->learnt_count, o->learnt_room);

	l->series = which;
	return l;
}

void house_judge(struct house *house, const struct wq_judged *judged)
{
	struct wq_outcome *o = &house->group.outcome;

	*APPEND(o->judged, o->judged_count, o->judged_room) = *judged;
}

struct wq_day_row *house_day(struct house *house, uint32_t station, uint32_t parameter, wq_day day)
{
	struct wq_outcome *o = &house->group.outcome;
	struct wq_day_row *row = APPEND(o->days, o->day_count, o->day_room);
	*row = (struct wq_day_row){ .station = station,
		.parameter = parameter,
		.day = day,
		.revision = 1,
		.mean = parameter == WQ_NONE ? NAN : 0.21,
		.mean_raw = parameter == WQ_NONE ? NAN : 0.2123,
		.valid = 6,
		.expected = 6,
		.class_ = 4,
		.verdict = WQ_DAY_EXCEEDS,
		.exceedance = parameter == WQ_NONE ? NAN : 0.05 };
	return row;
}

struct wq_change *house_change(struct house *house, int64_t alarm, uint32_t number,
        enum wq_change_kind kind, uint32_t rule, uint32_t place)
{
	struct wq_outcome *o = &house->group.outcome;
	struct wq_change *c = APPEND(o->changes, o->change_count, o->change_room);
	c->alarm = alarm;
	c->number = number;
	c->kind = kind;
	c->rule = rule;
	c->place = place;
	c->station = rule == LIMIT ? series[tp_series[place]].station
	        : rule == DAILY    ? place
	                           : WQ_NONE;
	c->series = rule == LIMIT ? tp_series[place] : WQ_NONE;
	c->level = WQ_LEVEL_WARNING;
	c->time = MORNING + number;
	c->decided = MORNING + 60000 + number;
	c->value = 0.263;
	c->limit = 0.2;
	c->until = WQ_NO_TIME;
	strcpy(c->says, "总磷0.263mg/L,超Ⅲ类限值(0.2)0.32倍");
	strcpy(c->evidence, "{\"rule\":\"tp-limit\"}");
	return c;
}

struct wq_shelf *house_shelf(struct house *house, uint32_t rule, uint32_t place)
{
	struct wq_outcome *o = &house->group.outcome;
	struct wq_shelf *s = APPEND(o->shelves, o->shelf_count, o->shelf_room);
	*s = (struct wq_shelf){ .rule = rule,
		.place = place,
		.since = MORNING,
		.until = MORNING + WQ_HOURS(2),
		.ended = WQ_NO_TIME };
	strcpy(s->who, "张三");
	strcpy(s->reason, "清洗探头");
	return s;
}

struct wq_profile_word *house_word(struct house *house, enum wq_profile_hand hand, wq_ms since)
{
	struct wq_outcome *o = &house->group.outcome;
	struct wq_profile_word *w = APPEND(o->words, o->word_count, o->word_room);
	*w = (struct wq_profile_word){ .profile = 1, .hand = hand, .since = since, .until = WQ_NO_TIME };
	strcpy(w->who, "张三");
	strcpy(w->reason, "秋汛");
	return w;
}

struct wq_maintenance *house_maintenance(struct house *house, uint32_t station, uint32_t of)
{
	struct wq_outcome *o = &house->group.outcome;
	struct wq_maintenance *m = APPEND(o->maintenances, o->maintenance_count, o->maintenance_room);
	*m = (struct wq_maintenance){ .id = MORNING,
		.station = station,
		.series = of,
		.from = MORNING,
		.to = MORNING + WQ_HOURS(2),
		.ended = WQ_NO_TIME };
	strcpy(m->who, "张三");
	strcpy(m->reason, "换泵管");
	return m;
}

struct wq_delay *house_delay(struct house *house, uint32_t rule, uint32_t place)
{
	struct wq_outcome *o = &house->group.outcome;
	struct wq_delay *d = APPEND(o->delays, o->delay_count, o->delay_room);
	*d = (struct wq_delay){ rule, place, MORNING, WQ_NO_TIME };
	return d;
}

struct wq_notice *house_notice(struct house *house, const char *id)
{
	struct commit_group *g = &house->group;
	struct wq_notice *n = APPEND(g->notices, g->notice_count, g->notice_room);
	snprintf(n->id, sizeof n->id, "%s", id);
	n->alarm = INT64_C(2026030500001);
	n->number = 1;
	n->kind = WQ_RAISED;
	n->level = WQ_LEVEL_ALARM;
	n->assist = true;
	n->time = MORNING;
	n->created = MORNING + 1;
	n->expires = MORNING + WQ_DAYS(1);
	strcpy(n->contact, "zhang");
	strcpy(n->channel, "webhook");
	strcpy(n->address, "13800000000");
	strcpy(n->text, "【报警】一干河总磷");
	strcpy(n->data, "{\"alarm\":\"W20260305-001\"}");
	return n;
}

struct store_delivery *house_delivery(
        struct house *house, const char *id, enum wq_result_kind kind, bool done)
{
	struct commit_group *g = &house->group;
	struct store_delivery *d = APPEND(g->deliveries, g->delivery_count, g->delivery_room);
	snprintf(d->id, sizeof d->id, "%s", id);
	strcpy(d->channel, "webhook");
	strcpy(d->text, "HTTP 503");
	d->kind = kind;
	d->at = MORNING + 5;
	d->attempt = 1;
	d->done = done;
	return d;
}

struct wq_check *house_check(struct house *house, uint32_t of, enum wq_check_kind kind, wq_ms at, double value)
{
	struct commit_group *g = &house->group;
	struct wq_check *c = APPEND(g->checks, g->check_count, g->check_room);
	*c = (struct wq_check){ .series = of, .kind = (uint8_t)kind, .at = at, .value = value, .reference = 2,
		.result = (value - 2) / 2 * 100 };
	strcpy(c->flag, "sc");
	return c;
}

struct store_outage *house_outage(struct house *house, wq_ms from, wq_ms to)
{
	struct commit_group *g = &house->group;
	struct store_outage *o = APPEND(g->outages, g->outage_count, g->outage_room);
	strcpy(o->unit, "unit 3");
	strcpy(o->reason, "no answer within 2 s");
	o->from = from;
	o->to = to;
	return o;
}

void house_need(struct house *house, uint32_t station, wq_day day)
{
	struct wq_outcome *o = &house->group.outcome;
	struct wq_need *need = APPEND(o->needs, o->need_count, o->need_room);
	*need = (struct wq_need){ station, day, true };
}

void house_commit(struct house *house)
{
	struct store_answer *answers = NULL;
	size_t count = 0;
	int r = store_commit(house->store, &house->group, &answers, &count, &house->err);
	if (r < 0)
		fail_msg("%s", house->err.text);
	assert_int_equal(count, 0);
	uint64_t sequence = house->group.last_sequence;
	commit_group_reset(&house->group);
	house->group.last_sequence = sequence;
}

/* -- looking into the file -- */

static sqlite3_stmt *ask(sqlite3 **db, const char *path, const char *sql)
{
	sqlite3_stmt *row = NULL;
	assert_int_equal(sqlite3_open_v2(path, db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	sqlite3_busy_timeout(*db, 5000);
	if (sqlite3_prepare_v2(*db, sql, -1, &row, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(*db));
	if (sqlite3_step(row) != SQLITE_ROW)
		fail_msg("%s: no row (%s)", sql, sqlite3_errmsg(*db));
	return row;
}

static void answered(sqlite3 *db, sqlite3_stmt *row)
{
	sqlite3_finalize(row);
	sqlite3_close(db);
}

int64_t house_number(struct house *house, const char *sql)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *row = ask(&db, house->path, sql);
	int64_t number = sqlite3_column_int64(row, 0);
	answered(db, row);
	return number;
}

double house_real(struct house *house, const char *sql)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *row = ask(&db, house->path, sql);
	double number =
	        sqlite3_column_type(row, 0) == SQLITE_NULL ? NAN : sqlite3_column_double(row, 0);
	answered(db, row);
	return number;
}

void house_expect_text(struct house *house, const char *sql, const char *text)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *row = ask(&db, house->path, sql);
	const char *got = (const char *)sqlite3_column_text(row, 0);
	char copy[1024];
	snprintf(copy, sizeof copy, "%s", got != NULL ? got : "(null)");
	answered(db, row);
	assert_string_equal(copy, text);
}

void house_run(const char *path, const char *sql)
{
	sqlite3 *db = NULL;
	char *why = NULL;
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", sql, why);
	sqlite3_close(db);
}

/* -- the engine -- */

wq_ms wq_engine_memory(const struct wq_engine *engine, wq_ms now)
{
	(void)engine;
	return now - FAKE_MEMORY;
}

wq_ms fake_memory_days = FAKE_MEMORY;
bool fake_memory_items;

wq_ms wq_engine_memory_days(const struct wq_engine *engine, wq_ms now, bool *items)
{
	(void)engine;
	*items = fake_memory_items;
	return now - fake_memory_days;
}

int wq_engine_restore_sample(struct wq_engine *engine, const struct wq_sample *sample,
        wq_ms received, struct wq_err *err)
{
	(void)err;
	assert_true(engine->sample_count < sizeof engine->samples / sizeof *engine->samples);
	engine->samples[engine->sample_count++] = (struct fake_sample){ *sample, received };
	return 0;
}

void wq_engine_restore_learnt(struct wq_engine *engine, const struct wq_learnt *learnt)
{
	assert_int_equal(engine->learnt.size, 0);
	engine->learnt = *learnt;
}

void wq_engine_restore_day(struct wq_engine *engine, const struct wq_day_row *row)
{
	assert_true(engine->day_count < sizeof engine->days / sizeof *engine->days);
	engine->days[engine->day_count++] = *row;
}

int wq_engine_restore_alarm(
        struct wq_engine *engine, const struct wq_alarm *alarm, struct wq_err *err)
{
	if (engine->refuse != 0)
		return wq_fail(err, engine->refuse, "refused");
	assert_true(engine->alarm_count < sizeof engine->alarms / sizeof *engine->alarms);
	engine->alarms[engine->alarm_count++] = *alarm;
	return 0;
}

void wq_engine_restore_need(struct wq_engine *engine, uint32_t station, wq_day day)
{
	assert_true(engine->need_count < sizeof engine->needs / sizeof *engine->needs);
	engine->needs[engine->need_count++] = (struct wq_need){ station, day, true };
}

void wq_engine_restore_highest(struct wq_engine *engine, int64_t highest)
{
	engine->highest = highest;
}

void wq_outcome_reset(struct wq_outcome *out)
{
	out->sample_count = out->judged_count = out->learnt_count = out->day_count = out->change_count = out->need_count = 0;
	out->shelf_count = out->delay_count = out->word_count = out->maintenance_count = 0;
}

void wq_outcome_free(struct wq_outcome *out)
{
	free(out->samples);
	free(out->judged);
	free(out->learnt);
	free(out->days);
	free(out->changes);
	free(out->needs);
	free(out->shelves);
	free(out->delays);
	free(out->words);
	free(out->maintenances);
	memset(out, 0, sizeof *out);
}

int wq_engine_restore_profile(
        struct wq_engine *engine, const struct wq_profile_word *word, struct wq_err *err)
{
	(void)err;
	assert_true(engine->word_count < 4);
	engine->words[engine->word_count++] = *word;
	return 0;
}

int wq_engine_restore_shelf(
        struct wq_engine *engine, const struct wq_shelf *shelf, struct wq_err *err)
{
	(void)err;
	assert_true(engine->shelf_count < 8);
	engine->shelves[engine->shelf_count++] = *shelf;
	return 0;
}

void wq_engine_restore_maintenance(struct wq_engine *engine, const struct wq_maintenance *hand)
{
	assert_true(engine->hand_count < 256);
	engine->hands[engine->hand_count++] = *hand;
}

void wq_engine_restore_delay(struct wq_engine *engine, const struct wq_delay *delay)
{
	assert_true(engine->restored_delays < 8);
	engine->delays[engine->restored_delays++] = *delay;
}

wq_ms wq_engine_openings(const struct wq_engine *engine, wq_ms now)
{
	(void)now;
	return engine->openings_from;
}

void wq_engine_restore_opening(struct wq_engine *engine, const struct wq_opening *opening)
{
	assert_true(engine->opening_count < 64);
	engine->openings[engine->opening_count++] = *opening;
}
