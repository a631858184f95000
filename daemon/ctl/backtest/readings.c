/* SPDX-License-Identifier: Apache-2.0 */
/* CSV -> rows in the order of time. */
#include "readings.h"

#include "ctl/commands.h"
#include "ctl/complaint.h"

#include "wq/err.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#define STATION_NAME "station" /* of a CSV without a station column */

struct readings_station {
	char *id;
	uint32_t index;
	UT_hash_handle hh;
};

static void *must(void *memory)
{
	if (memory == NULL) {
		fputs("wqctl: no memory for the readings\n", stderr);
		exit(CTL_WRONG);
	}
	return memory;
}

static void *grow(void *rows, size_t *room, size_t count, size_t more, size_t size)
{
	if (count + more <= *room)
		return rows;
	while (count + more > *room)
		*room = *room > 0 ? *room * 2 : 1024;
	return must(realloc(rows, *room * size));
}

static uint32_t station_index(struct readings *readings, const char *id)
{
	struct readings_station *station;
	HASH_FIND_STR(readings->by_id, id, station);
	if (station != NULL)
		return station->index;
	station = must(calloc(1, sizeof *station));
	station->id = must(strdup(id));
	station->index = (uint32_t)readings->id_count;
	HASH_ADD_KEYPTR(hh, readings->by_id, station->id, strlen(station->id), station);
	readings->ids = grow(
	        readings->ids, &readings->id_room, readings->id_count, 1, sizeof *readings->ids);
	readings->ids[readings->id_count++] = station->id;
	return station->index;
}

void readings_column(struct readings *readings, const char *name)
{
	readings->names[readings->columns++] = must(strdup(name));
}

struct readings_cell *readings_row(struct readings *readings, const char *station, wq_ms at)
{
	readings->rows = grow(readings->rows, &readings->row_room, readings->row_count, 1,
	        sizeof *readings->rows);
	readings->cells = grow(readings->cells, &readings->cell_room, readings->cell_count,
	        readings->columns, sizeof *readings->cells);
	readings->rows[readings->row_count] = (struct readings_row){ .at = at,
		.order = readings->row_count,
		.station = station_index(readings, station),
		.cells = readings->cell_count };
	readings->row_count++;
	struct readings_cell *cells = readings->cells + readings->cell_count;
	for (size_t i = 0; i < readings->columns; i++)
		cells[i] = (struct readings_cell){ NAN, WQ_CELL_NOT_MEASURED };
	readings->cell_count += readings->columns;
	return cells;
}

static int by_time(const void *a, const void *b)
{
	const struct readings_row *x = a, *y = b;
	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

/* Where the daemon would have it: what rules say of several stations lists them in this order. */
static void order_stations(struct readings *readings, const struct wq_site *site)
{
	const size_t count = readings->id_count;
	const char **ids = must(calloc(count + 1, sizeof *ids));
	uint32_t *to = must(calloc(count + 1, sizeof *to));
	struct readings_station *station, *following;
	uint32_t next = 0;
	for (size_t i = 0; i < site->station_count; i++) {
		HASH_FIND_STR(readings->by_id, site->stations[i].id, station);
		if (station != NULL) {
			to[station->index] = next;
			ids[next++] = station->id;
		}
	}
	for (uint32_t i = 0; i < count; i++)
		if (wq_site_station(site, readings->ids[i]) == WQ_NONE) {
			to[i] = next;
			ids[next++] = readings->ids[i];
		}
	for (size_t i = 0; i < readings->row_count; i++)
		readings->rows[i].station = to[readings->rows[i].station];
	HASH_ITER(hh, readings->by_id, station, following)
	{
		station->index = to[station->index];
	}
	memcpy(readings->ids, ids, count * sizeof *ids);
	free(ids);
	free(to);
}

void readings_sort(struct readings *readings, const struct config *config)
{
	if (readings->id_count > 0)
		order_stations(readings, &config->site);
	if (readings->row_count > 0)
		qsort(readings->rows, readings->row_count, sizeof *readings->rows, by_time);
}

/* What arrives twice is a correction, as in the daemon. Two stations under one name look the same, so it is said. */
static void say_repeated(
        const struct readings *readings, const struct wq_zone *zone, const char *file)
{
	wq_ms *last = must(calloc(readings->id_count + 1, sizeof *last));
	const struct readings_row *first = NULL;
	size_t repeated = 0, said = 0;
	char when[WQ_INSTANT_TEXT];

	for (size_t i = 0; i < readings->id_count; i++)
		last[i] = WQ_NO_TIME;
	for (size_t i = 0; i < readings->row_count; i++) {
		const struct readings_row *row = &readings->rows[i];

		if (last[row->station] == row->at) {
			first = first == NULL ? row : first;
			repeated++;
		}
		last[row->station] = row->at;
	}
	free(last);
	if (first != NULL)
		ctl_complain(&said,
		        "%s: %zu rows have the station and the time of a row before them (first %.80s at %s); each "
		        "corrects it",
		        file, repeated, readings->ids[first->station],
		        wq_instant_format(zone, first->at, when));
}

/* The parameter columns; fields[i] is the place of column i in the file. */
static void take_columns(struct readings *readings, const struct wq_csv *csv, size_t *fields)
{
	const char *const *names;
	const int *parameters;
	size_t n = wq_csv_columns(csv, &names, &parameters);
	for (size_t i = 0; i < n; i++)
		if (parameters[i] >= 0) {
			fields[readings->columns] = i;
			readings_column(readings, names[i]);
		}
}

/* One place of the file is wrong. */
__attribute__((format(printf, 2, 3))) static void wrong(
        struct readings *readings, const char *format, ...)
{
	char text[512];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (readings->quiet)
		readings->wrong++;
	else
		ctl_complain(&readings->wrong, "%s", text);
}

static void take_row(struct readings *readings, const char *file, const char *lone,
        const size_t *fields, const struct wq_csv_row *row)
{
	if (row->at == WQ_NO_TIME) {
		wrong(readings,
		        "%s:%zu: '%.40s' is no time (2021-04-01T08:00:00+08:00); the row is left "
		        "out",
		        file, row->line, row->time_text);
		return;
	}
	struct readings_cell *cells =
	        readings_row(readings, row->station[0] != '\0' ? row->station : lone, row->at);
	for (size_t i = 0; i < readings->columns; i++) {
		const struct wq_csv_field *field = &row->fields[fields[i]];
		cells[i] = (struct readings_cell){ field->value, (uint8_t)field->cell };
		if (field->cell == WQ_CELL_WRONG)
			wrong(readings, "%s:%zu: %s '%.40s' is no number; it counts as bad", file,
			        row->line, readings->names[i], field->text);
	}
}

static int read_rows(struct readings *readings, struct wq_csv *csv, const char *file,
        const char *lone, struct wq_err *err)
{
	size_t fields[READINGS_COLUMNS];
	struct wq_csv_row row;
	int r;
	take_columns(readings, csv, fields);
	do {
		r = wq_csv_next(csv, &row, err);
		if (r == 1)
			take_row(readings, file, lone, fields, &row);
		else if (r < 0)
			wrong(readings, "%s", err->text);
	} while (r == 1 || r == WQ_E_INVALID);
	return r;
}

int readings_read(struct readings *readings, const char *file, const struct config *config,
        struct wq_err *err)
{
	const struct wq_site *site = &config->site;
	/* A file of one station needs no column for it. */
	const char *lone = site->station_count == 1 ? site->stations[0].id : STATION_NAME;
	FILE *from = strcmp(file, "-") == 0 ? stdin : fopen(file, "re");
	if (from == NULL)
		return wq_fail(err, WQ_E_IO, "%s: %s", file, strerror(errno));
	struct wq_csv *csv = wq_csv_open(
	        from, file, site->parameters, site->parameter_count, site->zone, true, err);
	int r = csv != NULL ? read_rows(readings, csv, file, lone, err) : WQ_E_INVALID;
	readings_sort(readings, config);
	if (!readings->quiet)
		say_repeated(readings, site->zone, file);
	wq_csv_close(csv);
	if (from != stdin)
		fclose(from);
	return r;
}

void readings_free(struct readings *readings)
{
	struct readings_station *station, *next;
	HASH_ITER(hh, readings->by_id, station, next)
	{
		HASH_DEL(readings->by_id, station);
		free(station->id);
		free(station);
	}
	for (size_t i = 0; i < readings->columns; i++)
		free(readings->names[i]);
	free(readings->ids);
	free(readings->rows);
	free(readings->cells);
	memset(readings, 0, sizeof *readings);
}

/* One byte a station and column: whether it is measured there. */
static bool *measured(const struct readings *readings)
{
	bool *at = must(calloc(readings->id_count * readings->columns + 1, sizeof *at));
	for (size_t i = 0; i < readings->row_count; i++) {
		const struct readings_row *row = &readings->rows[i];
		for (size_t k = 0; k < readings->columns; k++)
			at[row->station * readings->columns + k] |=
			        readings->cells[row->cells + k].state != WQ_CELL_NOT_MEASURED;
	}
	return at;
}

struct config *readings_config(const struct readings *readings, const struct config *base,
        uint32_t parameters[READINGS_COLUMNS], struct wq_err *err)
{
	bool *at = measured(readings);
	struct config *config = config_for_series(base, readings->ids, readings->id_count,
	        (const char *const *)readings->names, readings->columns, at, parameters, err);
	free(at);
	return config;
}
