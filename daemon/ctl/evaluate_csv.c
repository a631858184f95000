/* SPDX-License-Identifier: Apache-2.0 */
/* Readings of a CSV, for wqctl evaluate: read twice, once for the stations and the last day, once
 * for the values; one open day a series is kept, so that a file of any length takes the same
 * memory. */
#include "evaluate.h"

#include "commands.h"
#include "complaint.h"

#include "wq/csv.h"
#include "wq/err.h"
#include "wq/validate.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#define STATIONS_MAX 20000
#define LONE_STATION "station" /* of a CSV without a station column */

struct station {
	char *id;
	uint32_t index;
	UT_hash_handle hh;
};

struct reading {
	struct evaluation *e;
	FILE *from;
	const char *name;
	const char *lone;
	struct station *by_id;
	const char **ids;
	size_t count, room;
	wq_ms newest;
	size_t columns, fields[WQ_DAY_ITEMS];
	char *names[WQ_DAY_ITEMS];
	uint32_t parameters[WQ_DAY_ITEMS];
	struct wq_day_sum *sums; /* by station and column */
	bool *measured;          /* likewise */
};

/* -- first reading: which stations, which columns, until when -- */

static const struct station *station_of(struct reading *r, const char *id)
{
	struct station *station;
	const char **grown;

	id = id[0] != '\0' ? id : r->lone;
	HASH_FIND_STR(r->by_id, id, station);
	if (station != NULL || r->count == STATIONS_MAX)
		return station;
	if (r->count == r->room) {
		r->room = r->room > 0 ? r->room * 2 : 64;
		grown = realloc(r->ids, r->room * sizeof *r->ids);
		if (grown == NULL)
			return NULL;
		r->ids = grown;
	}
	station = calloc(1, sizeof *station);
	if (station == NULL || (station->id = strdup(id)) == NULL) {
		free(station);
		return NULL;
	}
	station->index = (uint32_t)r->count;
	HASH_ADD_KEYPTR(hh, r->by_id, station->id, strlen(station->id), station);
	r->ids[r->count++] = station->id;
	return station;
}

static struct wq_csv *open_csv(struct reading *r)
{
	const struct wq_site *site = &r->e->config->site;
	struct wq_err err;
	struct wq_csv *csv;

	rewind(r->from);
	csv = wq_csv_open(
	        r->from, r->name, site->parameters, site->parameter_count, site->zone, true, &err);
	if (csv == NULL)
		ctl_complain(&r->e->wrong, "%s", err.text);
	return csv;
}

static int take_columns(struct reading *r, const struct wq_csv *csv)
{
	const char *const *names;
	const int *parameters;
	const size_t count = wq_csv_columns(csv, &names, &parameters);

	for (size_t i = 0; i < count; i++) {
		if (parameters[i] < 0)
			continue;
		if (r->columns == WQ_DAY_ITEMS - 1) {
			fprintf(stderr, "%s:1: more than %d columns are parameters\n", r->name,
			        WQ_DAY_ITEMS - 1);
			return CTL_WRONG;
		}
		r->names[r->columns] = strdup(names[i]);
		r->fields[r->columns++] = i;
	}
	if (r->columns > 0)
		return CTL_DONE;
	fprintf(stderr, "%s:1: the header has no column of a parameter (ph, do, tp …)\n", r->name);
	return CTL_WRONG;
}

/* Each row that can be used. What is wrong with others is told in the first reading only. */
static int each_row(
        struct reading *r, bool (*take)(struct reading *r, const struct wq_csv_row *row), bool tell)
{
	struct wq_csv *csv = open_csv(r);
	struct wq_csv_row row;
	struct wq_err err;
	int got, status = csv == NULL ? CTL_WRONG : CTL_DONE;

	if (status == CTL_DONE && tell)
		status = take_columns(r, csv);
	while (status == CTL_DONE && (got = wq_csv_next(csv, &row, &err)) != 0) {
		if (got < 0 && tell)
			ctl_complain(&r->e->wrong, "%s", err.text);
		else if (got > 0 && row.at == WQ_NO_TIME && tell)
			ctl_complain(&r->e->wrong,
			        "%s:%zu: '%.40s' is no time; the row is left out", r->name,
			        row.line, row.time_text);
		else if (got > 0 && row.at != WQ_NO_TIME && !take(r, &row))
			status = CTL_WRONG;
	}
	wq_csv_close(csv);
	return status;
}

static bool take_station(struct reading *r, const struct wq_csv_row *row)
{
	if (row->at > r->newest)
		r->newest = row->at;
	if (station_of(r, row->station) != NULL)
		return true;
	fprintf(stderr, "%s:%zu: more than %d stations, or no memory for them\n", r->name,
	        row->line, STATIONS_MAX);
	return false;
}

/* -- second reading: the values -- */

static struct wq_day_sum *sum_of(const struct reading *r, uint32_t station, size_t column)
{
	return &r->sums[station * r->columns + column];
}

static void end_day(struct reading *r, uint32_t series, struct wq_day_sum *sum)
{
	struct wq_day_row row;

	if (wq_day_end(&r->e->site, series, sum, &row))
		evaluation_row(r->e, &row);
}

/* "<0.01": below it. */
static bool take_below(const struct wq_csv_field *field, double *value)
{
	const char *text = field->text + strspn(field->text, " \t");

	return field->cell == WQ_CELL_WRONG && *text == '<' &&
	        wq_value_parse(text + 1 + strspn(text + 1, " "), value, NULL) == 0 && *value > 0;
}

static void take_cell(
        struct reading *r, const struct wq_csv_row *row, uint32_t station, size_t column)
{
	const struct wq_csv_field *field = &row->fields[r->fields[column]];
	const uint32_t series = r->e->site.stations[station].first_series + (uint32_t)column;
	struct wq_day_sum *sum = sum_of(r, station, column);
	struct wq_sample sample = { .series = series, .at = row->at, .value = field->value };
	const bool below = take_below(field, &sample.value);

	if (field->cell != WQ_CELL_NOT_MEASURED)
		r->measured[station * r->columns + column] = true;
	if (field->cell == WQ_CELL_WRONG && !below)
		ctl_complain(&r->e->wrong, "%s:%zu: %s = '%.60s': not a number", r->name, row->line,
		        r->names[column], field->text);
	if ((field->cell != WQ_CELL_VALUE && !below) ||
	        wq_validate(&r->e->site.stations[r->e->site.series[series].station], &r->e->site.series[series], &sample, false, row->at,
		        0) != WQ_GOOD)
		return;
	if (wq_day_turns(&r->e->site, series, sum, row->at))
		end_day(r, series, sum);
	if (!wq_day_take(&r->e->site, series, sum, row->at, sample.value, below))
		ctl_complain(&r->e->wrong,
		        "%s:%zu: %s of %s comes after a later reading; the rows of a station must "
		        "ascend by time, this value is left out",
		        r->name, row->line, r->names[column], r->e->site.stations[station].id);
}

static bool take_values(struct reading *r, const struct wq_csv_row *row)
{
	const struct station *station = station_of(r, row->station);

	for (size_t i = 0; station != NULL && i < r->columns; i++)
		take_cell(r, row, station->index, i);
	return true;
}

static void end_all(struct reading *r)
{
	for (uint32_t s = 0; s < r->count; s++) {
		for (size_t c = 0; c < r->columns; c++) {
			end_day(r, r->e->site.stations[s].first_series + (uint32_t)c,
			        sum_of(r, s, c));
			for (int p = 0; p < EVALUATED_PERIODS; p++)
				if (!r->measured[s * r->columns + c])
					wq_period_unmeasured(&r->e->works[s][p], r->parameters[c]);
		}
	}
}

static int make_site(struct reading *r)
{
	struct evaluation *e = r->e;
	struct wq_err err;
	int status;

	if (r->count == 0) {
		fprintf(stderr, "%s: there are no rows to evaluate\n", r->name);
		return CTL_WRONG;
	}
	e->of_series = config_for_series(e->config, r->ids, r->count, (const char *const *)r->names,
	        r->columns, NULL, r->parameters, &err);
	if (e->of_series == NULL) {
		fprintf(stderr, "wqctl: %s\n", err.text);
		return CTL_WRONG;
	}
	r->sums = calloc(r->count * r->columns, sizeof *r->sums);
	r->measured = calloc(r->count * r->columns, sizeof *r->measured);
	if (r->sums == NULL || r->measured == NULL) {
		fprintf(stderr, "wqctl: no memory for %zu stations\n", r->count);
		return CTL_WRONG;
	}
	status = evaluation_site(e, &e->of_series->site);
	return status == CTL_DONE ? evaluation_begin(e, wq_day_of(e->site.zone, r->newest))
	                          : status;
}

static void free_reading(struct reading *r)
{
	struct station *station, *next;

	HASH_ITER(hh, r->by_id, station, next)
	{
		HASH_DEL(r->by_id, station);
		free(station->id);
		free(station);
	}
	for (size_t i = 0; i < r->columns; i++)
		free(r->names[i]);
	free(r->ids);
	free(r->sums);
	free(r->measured);
	if (r->from != NULL)
		fclose(r->from);
}

int evaluate_csv(struct evaluation *e)
{
	const struct wq_site *site = &e->config->site;
	struct reading r = { .e = e,
		.name = e->request->csv,
		.lone = site->station_count == 1 ? site->stations[0].id : LONE_STATION,
		.newest = WQ_NO_TIME };
	int status;

	r.from = fopen(r.name, "re");
	if (r.from == NULL || fseek(r.from, 0, SEEK_SET) != 0) {
		fprintf(stderr, "wqctl: %s: %s (it is read twice: a pipe cannot be)\n", r.name,
		        strerror(errno));
		free_reading(&r);
		return CTL_WRONG;
	}
	status = each_row(&r, take_station, true);
	if (status == CTL_DONE)
		status = make_site(&r);
	if (status == CTL_DONE)
		status = each_row(&r, take_values, false);
	if (status == CTL_DONE)
		end_all(&r);
	ctl_complained(e->wrong);
	free_reading(&r);
	return status;
}
