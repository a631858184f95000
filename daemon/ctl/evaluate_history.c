/* SPDX-License-Identifier: Apache-2.0 */
/* Days of the history, for wqctl evaluate. The history is let go before anything is printed. */
#include "evaluate.h"

#include "commands.h"
#include "store/reader.h"

#include "wq/err.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* -- stations that only the history knows -- */

struct known {
	const char **ids, **codes;
	char **names, **kinds;
	size_t count, room;
	size_t code_count;
	const struct wq_site *site; /* its parameters */
	struct pair {
		size_t station, code;
	} * pairs; /* what is measured where */
	size_t pair_count, pair_room;
};

static size_t more(size_t room)
{
	return room > 0 ? room * 2 : 64;
}

/* The rows with room for so many; without memory as they were, and *ok is false. */
static void *grow(void *rows, size_t room, size_t size, bool *ok)
{
	void *grown = realloc(rows, room * size);

	*ok = *ok && grown != NULL;
	return grown != NULL ? grown : rows;
}

static bool room_for_station(struct known *k)
{
	bool ok = true;

	if (k->count < k->room)
		return true;
	k->ids = grow(k->ids, more(k->room), sizeof *k->ids, &ok);
	k->names = grow(k->names, more(k->room), sizeof *k->names, &ok);
	k->kinds = grow(k->kinds, more(k->room), sizeof *k->kinds, &ok);
	if (ok)
		k->room = more(k->room);
	return ok;
}

static bool room_for_pair(struct known *k)
{
	bool ok = true;

	if (k->pair_count < k->pair_room)
		return true;
	k->pairs = grow(k->pairs, more(k->pair_room), sizeof *k->pairs, &ok);
	if (ok)
		k->pair_room = more(k->pair_room);
	return ok;
}

/* SIZE_MAX: no memory. */
static size_t station_of(struct known *k, const struct reader_cell *cells)
{
	if (k->count > 0 && strcmp(k->ids[k->count - 1], cells[0].text) == 0)
		return k->count - 1;
	if (!room_for_station(k))
		return SIZE_MAX;
	const size_t at = k->count++;

	k->ids[at] = strdup(cells[0].text);
	k->names[at] = strdup(cells[1].text);
	k->kinds[at] = strdup(cells[2].text);
	return k->ids[at] != NULL && k->names[at] != NULL && k->kinds[at] != NULL ? at : SIZE_MAX;
}

/* Parameters that the program knows without a configuration; at most as many as a day has items. SIZE_MAX: it is none. */
static size_t code_of(struct known *k, const char *code, bool *ok)
{
	for (size_t i = 0; i < k->code_count; i++) {
		if (strcmp(k->codes[i], code) == 0)
			return i;
	}
	if (k->code_count == WQ_DAY_ITEMS - 1 ||
	        wq_parameter_find(k->site->parameters, k->site->parameter_count, code) < 0)
		return SIZE_MAX;
	k->codes[k->code_count] = strdup(code);
	*ok = k->codes[k->code_count] != NULL;
	return *ok ? k->code_count++ : SIZE_MAX;
}

static int no_head(void *owner, const char *const *names, size_t count, struct wq_err *err)
{
	(void)owner, (void)names, (void)count, (void)err;
	return 0;
}

static int take_series(
        void *owner, const struct reader_cell *cells, size_t count, struct wq_err *err)
{
	struct known *k = owner;
	bool ok = room_for_pair(k);
	const size_t station = station_of(k, cells);
	const size_t code = !ok || station == SIZE_MAX ? SIZE_MAX : code_of(k, cells[3].text, &ok);

	(void)count;
	if (!ok || station == SIZE_MAX)
		return wq_fail(err, WQ_E_MEMORY, "no memory for the stations of the history");
	if (code != SIZE_MAX)
		k->pairs[k->pair_count++] = (struct pair){ station, code };
	return 0;
}

static void free_known(struct known *k)
{
	for (size_t i = 0; i < k->count; i++) {
		free((char *)k->ids[i]);
		if (k->names != NULL)
			free(k->names[i]);
		free(k->kinds[i]);
	}
	for (size_t i = 0; i < k->code_count; i++)
		free((char *)k->codes[i]);
	free(k->ids);
	free(k->names);
	free(k->kinds);
	free(k->codes);
	free(k->pairs);
}

static enum wq_station_kind kind_of(const char *name)
{
	for (int kind = 0; kind < WQ_STATION_KINDS; kind++) {
		if (strcmp(wq_station_kind_name((enum wq_station_kind)kind), name) == 0)
			return (enum wq_station_kind)kind;
	}
	return WQ_NATIONAL;
}

static void mark_measured(struct evaluation *e, const struct known *k, const uint32_t *parameters)
{
	for (size_t i = 0; i < k->count; i++) {
		for (size_t c = 0; c < k->code_count; c++) {
			bool measured = false;

			for (size_t n = 0; n < k->pair_count && !measured; n++)
				measured = k->pairs[n].station == i && k->pairs[n].code == c;
			for (int p = 0; p < EVALUATED_PERIODS && !measured; p++)
				wq_period_unmeasured(&e->works[i][p], parameters[c]);
		}
	}
}

/* A site from the stations of the history. Names live as long as of_series. */
static int site_of_history(struct evaluation *e, struct reader *reader, wq_day last)
{
	static const char sql[] =
	        "SELECT s.key,s.name,s.kind,p.code FROM station s JOIN series e ON e.station=s.id"
	        " JOIN parameter p ON p.id=e.parameter ORDER BY s.id,p.id";
	struct known k = { .site = &e->config->site };
	const struct reader_sink sink = { &k, no_head, take_series };
	uint32_t parameters[WQ_DAY_ITEMS];
	struct wq_err err = { 0 };
	int r, status = CTL_WRONG;

	k.codes = calloc(WQ_DAY_ITEMS, sizeof *k.codes);
	r = k.codes == NULL ? wq_fail(&err, WQ_E_MEMORY, "no memory")
	                    : reader_sql(reader, sql, &sink, &err);
	if (r == 0)
		e->of_series = config_for_series(
		        e->config, k.ids, k.count, k.codes, k.code_count, NULL, parameters, &err);
	if (e->of_series == NULL)
		fprintf(stderr, "wqctl: %s\n", err.text);
	else
		status = evaluation_site(e, &e->of_series->site);
	for (size_t i = 0; status == CTL_DONE && i < k.count; i++) {
		e->stations[i].kind = kind_of(k.kinds[i]);
		e->stations[i].name = k.names[i];
	}
	if (status == CTL_DONE) { /* the stations speak of them */
		e->names = k.names;
		k.names = NULL;
	}
	if (status == CTL_DONE)
		status = evaluation_begin(e, last);
	if (status == CTL_DONE)
		mark_measured(e, &k, parameters);
	free_known(&k);
	return status;
}

/* -- the days -- */

struct taking {
	struct evaluation *e;
	uint32_t station; /* of the row before: they come by station */
};

static double real(const struct reader_cell *cell)
{
	return cell->type == READER_REAL       ? cell->real
	        : cell->type == READER_INTEGER ? (double)cell->integer
	                                       : (double)NAN;
}

/* station, day, code, mean, mean_raw, valid, expected, below */
static int take_day(void *owner, const struct reader_cell *cells, size_t count, struct wq_err *err)
{
	struct taking *t = owner;
	const struct wq_site *site = &t->e->site;
	const int parameter =
	        wq_parameter_find(site->parameters, site->parameter_count, cells[2].text);
	struct wq_day_row row = { .mean = real(&cells[3]),
		.mean_raw = real(&cells[4]),
		.day = (wq_day)cells[1].integer,
		.valid = (int32_t)cells[5].integer,
		.expected = (int32_t)cells[6].integer,
		.below = (int32_t)cells[7].integer };

	(void)count, (void)err;
	if (t->station == WQ_NONE || strcmp(site->stations[t->station].id, cells[0].text) != 0)
		t->station = wq_site_station(site, cells[0].text);
	if (t->station == WQ_NONE || parameter < 0)
		return 0;
	row.station = t->station;
	row.parameter = (uint32_t)parameter;
	evaluation_row(t->e, &row);
	return 0;
}

static int read_days(struct evaluation *e, struct reader *reader, struct wq_err *err)
{
	struct taking t = { e, WQ_NONE };
	const struct reader_sink sink = { &t, no_head, take_day };
	int r = 0;

	for (int p = 0; p < EVALUATED_PERIODS && r == 0; p++) {
		/* Periods may touch: each is read for itself, and adding looks at the day. */
		r = reader_days(reader, e->periods[p].first, e->periods[p].last, &sink, err);
	}
	return r;
}

int evaluate_history(struct evaluation *e, const char *path, bool known)
{
	struct reader *reader = NULL;
	struct wq_err err;
	wq_day last;
	int status;

	if (reader_open(path, &reader, &err) < 0) {
		fprintf(stderr, "wqctl: %s\n", err.text);
		return CTL_WRONG;
	}
	last = wq_day_of(known ? e->config->site.zone : reader_zone(reader),
	               WQ_SECONDS((wq_ms)time(NULL))) -
	        1;
	if (known) {
		status = evaluation_site(e, &e->config->site);
		if (status == CTL_DONE)
			status = evaluation_begin(e, last);
	} else {
		status = site_of_history(e, reader, last);
	}
	if (status == CTL_DONE && read_days(e, reader, &err) < 0) {
		fprintf(stderr, "wqctl: %s\n", err.text);
		status = CTL_WRONG;
	}
	reader_close(reader);
	return status;
}
