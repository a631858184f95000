/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the rows of a CSV as a scenario: each station plays its own rows in the file's order. */
#include "scenario_parts.h"

#include "wq/csv.h"
#include "wq/err.h"
#include "wq/parameter.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The station of a file that names none. */
#define ONLY_STATION "station"

struct reader {
	struct scenario *scenario;
	const char *path;
	struct wq_csv *csv;
	const char *const *wanted;
	size_t wanted_count;
	size_t columns;        /* of the file */
	const int *parameters; /* of each column, -1: none */
	size_t last;           /* station of the row before: files are mostly sorted */
	struct wq_err *err;
};

static bool is_wanted(const struct reader *r, const char *id)
{
	for (size_t i = 0; i < r->wanted_count; i++)
		if (strcmp(r->wanted[i], id) == 0)
			return true;
	return r->wanted_count == 0;
}

static struct scenario_station *add_station(struct reader *r, const char *id)
{
	struct scenario_station *station;

	if (r->scenario->count == SCENARIO_STATIONS) {
		wq_fail(r->err, WQ_E_FULL, "%s: more than %d stations; name those to play", r->path,
		        SCENARIO_STATIONS);
		return NULL;
	}
	station = scenario_add_station(r->scenario, id);
	for (size_t i = 0; station && i < r->columns; i++)
		if (r->parameters[i] >= 0 &&
		        !scenario_add_series(station, wq_parameters[r->parameters[i]].alias))
			station = NULL;
	if (!station)
		wq_fail(r->err, WQ_E_MEMORY, "no memory for station %s", id);
	return station;
}

static struct scenario_station *find_station(struct reader *r, const char *id)
{
	struct scenario *s = r->scenario;

	if (r->last < s->count && strcmp(s->stations[r->last].id, id) == 0)
		return &s->stations[r->last];
	for (r->last = 0; r->last < s->count; r->last++)
		if (strcmp(s->stations[r->last].id, id) == 0)
			return &s->stations[r->last];
	return add_station(r, id);
}

static int grow(struct reader *r, struct scenario_station *station)
{
	size_t room = station->row_room ? 2 * station->row_room : 32;
	wq_ms *times;
	double *values;

	if (station->row_count < station->row_room)
		return 0;
	times = reallocarray(station->times, room, sizeof *times);
	if (times)
		station->times = times;
	values = reallocarray(station->values, room, (station->count + 1) * sizeof *values);
	if (values)
		station->values = values;
	if (!times || !values)
		return wq_fail(r->err, WQ_E_MEMORY, "%s: no memory for the rows", r->path);
	station->row_room = room;
	return 0;
}

/* What is not measured anywhere in the file is marked by an infinite value until the end. */
static int add_row(struct reader *r, struct scenario_station *station, const struct wq_csv_row *row)
{
	double *to;
	int code = grow(r, station);

	if (code < 0)
		return code;
	to = station->values + station->row_count * station->count;
	for (size_t i = 0; i < r->columns; i++) {
		const struct wq_csv_field *field = &row->fields[i];

		if (r->parameters[i] < 0)
			continue;
		if (field->cell == WQ_CELL_WRONG)
			return wq_fail(r->err, WQ_E_INVALID, "%s:%zu: '%s' is not a number",
			        r->path, row->line, field->text);
		*to++ = field->cell == WQ_CELL_NOT_MEASURED ? INFINITY : field->value;
	}
	station->times[station->row_count++] = row->at;
	return 0;
}

static int take_row(struct reader *r, const struct wq_csv_row *row)
{
	const char *id = *row->station ? row->station : ONLY_STATION;
	struct scenario_station *station;

	if (!*row->station && r->wanted_count == 1)
		id = r->wanted[0];
	if (!is_wanted(r, id))
		return 0;
	if (row->at == WQ_NO_TIME)
		return wq_fail(r->err, WQ_E_INVALID, "%s:%zu: '%s' is not a time", r->path,
		        row->line, row->time_text);
	station = find_station(r, id);
	return station ? add_row(r, station, row) : r->err ? r->err->code : WQ_E_INVALID;
}

static bool measured(const struct scenario_station *station, size_t parameter)
{
	for (size_t i = 0; i < station->row_count; i++)
		if (!isinf(station->values[i * station->count + parameter]))
			return true;
	return false;
}

/* Takes out the parameters that the station does not measure. */
static void tidy(struct scenario_station *station)
{
	size_t kept = 0, count = station->count;
	double *to = station->values;
	bool keep[SCENARIO_SERIES];

	for (size_t k = 0; k < count; k++)
		keep[k] = measured(station, k);
	for (size_t i = 0; i < station->row_count; i++)
		for (size_t k = 0; k < count; k++)
			if (keep[k]) {
				double value = station->values[i * count + k];

				*to++ = isinf(value) ? NAN : value;
			}
	for (size_t k = 0; k < count; k++) {
		if (keep[k])
			station->series[kept++] = station->series[k];
		else
			free(station->series[k].alias);
	}
	station->count = kept;
}

static int read_rows(struct reader *r)
{
	struct scenario *s = r->scenario;
	struct wq_csv_row row;
	int code;

	while ((code = wq_csv_next(r->csv, &row, r->err)) > 0)
		if ((code = take_row(r, &row)) < 0)
			return code;
	if (code < 0)
		return code;
	for (size_t i = 0; i < r->wanted_count; i++) {
		size_t k = 0;

		while (k < s->count && strcmp(s->stations[k].id, r->wanted[i]) != 0)
			k++;
		if (k == s->count)
			return wq_fail(r->err, WQ_E_MISSING, "%s: no row of station '%s'", r->path,
			        r->wanted[i]);
	}
	if (s->count == 0)
		return wq_fail(r->err, WQ_E_INVALID, "%s: no rows", r->path);
	for (size_t i = 0; i < s->count; i++) {
		wq_ms length = (wq_ms)s->stations[i].row_count * s->step;

		tidy(&s->stations[i]);
		if (length > s->end)
			s->end = length;
	}
	return 0;
}

static int read_stream(struct reader *r, FILE *from)
{
	size_t count = 0;
	const char *const *names;
	int code;

	r->csv = wq_csv_open(
	        from, r->path, wq_parameters, wq_parameter_count, &wq_zone_china, true, r->err);
	if (!r->csv)
		return WQ_E_INVALID;
	r->columns = wq_csv_columns(r->csv, &names, &r->parameters);
	for (size_t i = 0; i < r->columns; i++)
		count += r->parameters[i] >= 0;
	if (count == 0 || count > SCENARIO_SERIES)
		code = wq_fail(r->err, WQ_E_INVALID,
		        "%s: %zu columns are parameters; 1 to %d are allowed", r->path, count,
		        SCENARIO_SERIES);
	else
		code = read_rows(r);
	wq_csv_close(r->csv);
	return code;
}

struct scenario *scenario_from_csv(
        const char *path, const char *const *stations, size_t count, wq_ms step, struct wq_err *err)
{
	FILE *from = fopen(path, "r");
	struct reader r = { .path = path, .wanted = stations, .wanted_count = count, .err = err };
	char why[128];

	if (!from) {
		wq_fail(err, WQ_E_IO, "%s: %s", path, strerror_r(errno, why, sizeof why));
		return NULL;
	}
	r.scenario = calloc(1, sizeof *r.scenario);
	if (!r.scenario) {
		wq_fail(err, WQ_E_MEMORY, "no memory for a scenario");
	} else {
		r.scenario->csv = true;
		r.scenario->step = step;
		if (read_stream(&r, from) < 0) {
			scenario_free(r.scenario);
			r.scenario = NULL;
		}
	}
	fclose(from);
	return r.scenario;
}
