/* SPDX-License-Identifier: Apache-2.0 */
/* Stations, parameters, series, sources and rules by the keys of the file. The file knows them by
 * text, so that indices may move between configurations; nothing is ever removed, since history
 * speaks of it. */
#include "store_parts.h"

#include "wq/err.h"
#include "wq/rule.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The texts of one kind of name: how a row is put and how its key is found. */
struct kind {
	const char *put, *find;
	size_t keys; /* how many of the values, from the first, find takes */
};

static const struct kind stations = {
	"INSERT INTO station(key,name,kind) VALUES(?1,?2,?3) ON CONFLICT(key) DO UPDATE SET"
	" name=excluded.name,kind=excluded.kind WHERE name<>excluded.name OR kind<>excluded.kind",
	"SELECT id FROM station WHERE key=?1", 1
};
static const struct kind parameters = {
	"INSERT INTO parameter(code,alias,name,unit) VALUES(?1,?2,?3,?4) ON CONFLICT(code) DO "
	"UPDATE"
	" SET alias=excluded.alias,name=excluded.name,unit=excluded.unit WHERE "
	"alias<>excluded.alias"
	" OR name<>excluded.name OR unit<>excluded.unit",
	"SELECT id FROM parameter WHERE code=?1", 1
};
static const struct kind series = { "INSERT INTO series(station,parameter) VALUES(?1,?2) ON "
	                            "CONFLICT(station,parameter) DO NOTHING",
	"SELECT id FROM series WHERE station=?1 AND parameter=?2", 2 };
static const struct kind sources = {
	"INSERT INTO source(name) VALUES(?1) ON CONFLICT(name) DO NOTHING",
	"SELECT id FROM source WHERE name=?1", 1
};
static const struct kind rules = { "INSERT INTO rule(name,hash) VALUES(?1,?2) ON CONFLICT(name) DO "
	                           "UPDATE SET hash=excluded.hash"
	                           " WHERE hash<>excluded.hash",
	"SELECT id FROM rule WHERE name=?1", 1 };

static const struct kind standards = {
	"INSERT INTO standard(name,version) VALUES(?1,?2) ON CONFLICT(name,version) DO NOTHING",
	"SELECT id FROM standard WHERE name=?1 AND version=?2", 2
};

/* Statements of one kind while its rows are put. */
struct putter {
	struct store *store;
	const struct kind *kind;
	sqlite3_stmt *put, *find;
	int rc;
};

static void putter_open(struct putter *p, struct store *store, const struct kind *kind)
{
	*p = (struct putter){ .store = store, .kind = kind };
	p->rc = sqlite3_prepare_v2(store->db, kind->put, -1, &p->put, NULL);
	if (p->rc == SQLITE_OK)
		p->rc = sqlite3_prepare_v2(store->db, kind->find, -1, &p->find, NULL);
}

static int64_t putter_key(struct putter *p, const struct db_value *values, size_t count)
{
	int64_t key = 0;
	if (p->rc == SQLITE_OK)
		p->rc = db_run(p->put, values, count);
	if (p->rc == SQLITE_OK)
		p->rc = db_get(p->find, &key, values, p->kind->keys);
	return key;
}

static int putter_close(struct putter *p, struct wq_err *err)
{
	int r = p->rc == SQLITE_OK
	        ? 0
	        : store_fail(p->store, p->rc, "cannot be told the stations", err);
	sqlite3_finalize(p->put);
	sqlite3_finalize(p->find);
	return r;
}

static const char *or_empty(const char *text)
{
	return text != NULL ? text : "";
}

static int load_stations(
        struct store *store, const struct wq_site *site, struct names *names, struct wq_err *err)
{
	struct putter p;
	putter_open(&p, store, &stations);
	for (size_t i = 0; i < site->station_count; i++) {
		const struct wq_station *s = &site->stations[i];
		names->station[i] = putter_key(&p,
		        DB_VALUES(db_text(s->id), db_text(or_empty(s->name)),
		                db_text(wq_station_kind_name(s->kind))));
	}
	return putter_close(&p, err);
}

static int load_parameters(
        struct store *store, const struct wq_site *site, struct names *names, struct wq_err *err)
{
	struct putter p;
	putter_open(&p, store, &parameters);
	for (size_t i = 0; i < site->parameter_count; i++) {
		const struct wq_parameter *s = &site->parameters[i];
		names->parameter[i] = putter_key(&p,
		        DB_VALUES(db_text(s->code), db_text(or_empty(s->alias)),
		                db_text(or_empty(s->name)), db_text(or_empty(s->unit))));
	}
	return putter_close(&p, err);
}

static int load_series(
        struct store *store, const struct wq_site *site, struct names *names, struct wq_err *err)
{
	struct putter p;
	putter_open(&p, store, &series);
	for (size_t i = 0; i < site->series_count; i++) {
		const struct wq_series *s = &site->series[i];
		names->series[i] = putter_key(&p,
		        DB_VALUES(db_int(names->station[s->station]),
		                db_int(names->parameter[s->parameter])));
	}
	return putter_close(&p, err);
}

static int load_sources(
        struct store *store, const struct wq_site *site, struct names *names, struct wq_err *err)
{
	struct putter p;
	putter_open(&p, store, &sources);
	for (size_t i = 0; i < site->source_count; i++)
		names->source[i] = putter_key(&p, DB_VALUES(db_text(site->sources[i])));
	return putter_close(&p, err);
}

static int load_rules(
        struct store *store, const struct wq_site *site, struct names *names, struct wq_err *err)
{
	struct putter p;
	putter_open(&p, store, &rules);
	for (size_t i = 0; i < site->rule_count; i++)
		names->rule[i] = putter_key(&p,
		        DB_VALUES(db_text(site->rules[i].name),
		                db_int((int64_t)site->rules[i].hash)));
	return putter_close(&p, err);
}

static int load_standard(
        struct store *store, const struct wq_site *site, struct names *names, struct wq_err *err)
{
	struct putter p;
	putter_open(&p, store, &standards);
	names->standard = putter_key(&p,
	        DB_VALUES(db_text(site->standard->name), db_text(site->standard->version)));
	return putter_close(&p, err);
}

/* The views speak the site's local time: its last offset, which no law is about to change. */
static int put_zone(struct store *store, const struct wq_site *site, struct wq_err *err)
{
	wq_ms offset = wq_zone_offset(site->zone, INT64_MAX);
	wq_ms minutes = (offset < 0 ? -offset : offset) / 60000;
	char text[16];
	snprintf(text, sizeof text, "%c%02d:%02d", offset < 0 ? '-' : '+',
	        (int)(minutes / 60 % 100), (int)(minutes % 60));
	sqlite3_stmt *put = NULL;
	int rc = sqlite3_prepare_v2(store->db,
	        "UPDATE meta SET site=?1,zone_offset=?2,zone_text=?3"
	        " WHERE site<>?1 OR zone_offset<>?2 OR zone_text<>?3",
	        -1, &put, NULL);
	if (rc == SQLITE_OK)
		rc = db_run(put,
		        DB_VALUES(db_text(or_empty(site->name)), db_int(offset), db_text(text)));
	sqlite3_finalize(put);
	return rc == SQLITE_OK ? 0 : store_fail(store, rc, "cannot be told the time zone", err);
}

/* The newest first, so that this ends as soon as every series was met: after a minute's readings
 * where all of them live. */
static int load_highest_open(struct store *store, const struct wq_site *site, struct names *names)
{
	sqlite3_stmt *row = NULL;
	size_t left = site->series_count;
	int rc = sqlite3_prepare_v2(
	        store->db, "SELECT series,at FROM sample_open ORDER BY at DESC", -1, &row, NULL);
	while (rc == SQLITE_OK && left > 0 && (rc = sqlite3_step(row)) == SQLITE_ROW) {
		uint32_t index = names_series(names, sqlite3_column_int64(row, 0));
		if (index != WQ_NONE && names->highest[index] == WQ_NO_TIME) {
			names->highest[index] = sqlite3_column_int64(row, 1);
			left--;
		}
		rc = SQLITE_OK;
	}
	sqlite3_finalize(row);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int load_highest(
        struct store *store, const struct wq_site *site, struct names *names, struct wq_err *err)
{
	sqlite3_stmt *row = NULL;
	int rc = load_highest_open(store, site, names);
	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(
		        store->db, "SELECT max(at) FROM sample WHERE series=?1", -1, &row, NULL);
	for (size_t i = 0; i < site->series_count && rc == SQLITE_OK; i++) {
		int64_t at = 0;
		rc = db_get(row, &at, DB_VALUES(db_int(names->series[i])));
		if (rc == SQLITE_OK && at > names->highest[i])
			names->highest[i] = at;
		if (rc == SQLITE_DONE)
			rc = SQLITE_OK;
	}
	int r = rc == SQLITE_OK ? 0 : store_fail(store, rc, "cannot read its newest readings", err);
	sqlite3_finalize(row);
	return r;
}

static int64_t *keys_new(size_t count)
{
	return calloc(count > 0 ? count : 1, sizeof(int64_t));
}

static int make_room(const struct wq_site *site, struct names *names, struct wq_err *err)
{
	names->station = keys_new(site->station_count);
	names->parameter = keys_new(site->parameter_count);
	names->series = keys_new(site->series_count);
	names->source = keys_new(site->source_count);
	names->rule = keys_new(site->rule_count);
	names->highest = keys_new(site->series_count);
	if (names->station == NULL || names->parameter == NULL || names->series == NULL ||
	        names->source == NULL || names->rule == NULL || names->highest == NULL)
		return wq_fail(err, WQ_E_MEMORY, "no memory for the keys of the stations");
	for (size_t i = 0; i < site->series_count; i++)
		names->highest[i] = WQ_NO_TIME;
	return 0;
}

static int turn_round(const struct wq_site *site, struct names *names, struct wq_err *err)
{
	size_t top = 0;
	for (size_t i = 0; i < site->series_count; i++)
		if ((size_t)names->series[i] > top)
			top = (size_t)names->series[i];
	names->series_of = malloc((top + 1) * sizeof *names->series_of);
	if (names->series_of == NULL)
		return wq_fail(err, WQ_E_MEMORY, "no memory for %zu keys of series", top + 1);
	names->series_keys = top + 1;
	for (size_t i = 0; i <= top; i++)
		names->series_of[i] = WQ_NONE;
	for (size_t i = 0; i < site->series_count; i++)
		names->series_of[names->series[i]] = (uint32_t)i;
	return 0;
}

int names_load(
        struct store *store, const struct wq_site *site, struct names *names, struct wq_err *err)
{
	int r = make_room(site, names, err);
	if (r == 0)
		r = load_stations(store, site, names, err);
	if (r == 0)
		r = load_parameters(store, site, names, err);
	if (r == 0)
		r = load_series(store, site, names, err);
	if (r == 0)
		r = load_sources(store, site, names, err);
	if (r == 0)
		r = load_rules(store, site, names, err);
	if (r == 0)
		r = load_standard(store, site, names, err);
	if (r == 0)
		r = put_zone(store, site, err);
	if (r == 0)
		r = turn_round(site, names, err);
	if (r == 0)
		r = load_highest(store, site, names, err);
	return r;
}

void names_free(struct names *names)
{
	free(names->station);
	free(names->parameter);
	free(names->series);
	free(names->source);
	free(names->rule);
	free(names->highest);
	free(names->series_of);
	memset(names, 0, sizeof *names);
}

uint32_t names_series(const struct names *names, int64_t key)
{
	if (key <= 0 || (uint64_t)key >= names->series_keys)
		return WQ_NONE;
	return names->series_of[key];
}

uint32_t names_index(const int64_t *keys, size_t count, int64_t key)
{
	for (size_t i = 0; i < count; i++)
		if (keys[i] == key)
			return (uint32_t)i;
	return WQ_NONE;
}
