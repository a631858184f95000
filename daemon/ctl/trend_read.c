/* SPDX-License-Identifier: Apache-2.0 */
/* The series of `wqctl trend`: a column of a CSV, or the readings of a place in the history. */
#include "trend.h"

#include "commands.h"
#include "complaint.h"
#include "store/reader.h"

#include "wq/csv.h"
#include "wq/decimal.h"
#include "wq/err.h"
#include "wq/trend.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void trend_free(struct trend_rows *rows)
{
	free(rows->at);
	free(rows->value);
}

/* Adds a row; both arrays grow together. */
static int add(struct trend_rows *rows, wq_ms at, double value, struct wq_err *err)
{
	if (rows->count == WQ_SERIES_ROWS)
		return wq_fail(err, WQ_E_FULL,
		        "this is row %zu of the series, and more than %d rows are too many for a trend; nothing is reckoned: choose "
		        "fewer with --from and --to, or take means of longer spans",
		        rows->count + 1, WQ_SERIES_ROWS);
	if (rows->count == rows->room) {
		const size_t room = rows->room > 0 ? rows->room * 2 : 256;
		wq_ms *times = realloc(rows->at, room * sizeof *times);
		double *values;

		if (times == NULL)
			return wq_fail(err, WQ_E_MEMORY, "no memory for %zu rows", room);
		rows->at = times;
		values = realloc(rows->value, room * sizeof *values);
		if (values == NULL)
			return wq_fail(err, WQ_E_MEMORY, "no memory for %zu rows", room);
		rows->value = values;
		rows->room = room;
	}
	rows->at[rows->count] = at;
	rows->value[rows->count++] = value;
	return 0;
}

static int instant(const char *option, const char *text, const struct wq_zone *zone, wq_ms *at)
{
	struct wq_err err;

	*at = WQ_NO_TIME;
	if (text == NULL || wq_instant_parse(text, zone, at, &err) == 0)
		return CTL_DONE;
	fprintf(stderr, "wqctl: %s: %s\n", option, err.text);
	return CTL_USAGE;
}

static int span(
        const struct trend_source *source, const struct wq_zone *zone, wq_ms *from, wq_ms *to)
{
	const int status = instant("--from", source->query.from, zone, from);

	return status == CTL_DONE ? instant("--to", source->query.to, zone, to) : status;
}

/* -- from a CSV -- */

struct reading {
	const struct trend_source *source;
	struct trend_rows *rows;
	const char *name; /* of the file */
	size_t column;
	wq_ms from, to;
	char *station; /* owned: of the rows before; NULL: none yet */
	size_t wrong;
};

static bool find_column(struct reading *r, const struct wq_csv *csv)
{
	const char *wanted = r->source->query.parameter;
	const int parameter = wq_parameter_find(wq_parameters, wq_parameter_count, wanted);
	const char *const *names;
	const int *parameters;
	const size_t count = wq_csv_columns(csv, &names, &parameters);

	for (size_t i = 0; i < count; i++) {
		if (parameters[i] < 0 || parameters[i] != parameter)
			continue;
		r->column = i;
		return true;
	}
	ctl_complain(&r->wrong, "%s:1: the header has no column of the parameter '%.60s'", r->name,
	        wanted);
	return false;
}

/* "<0.01" is half of it, as in the means of days. */
static bool half_of_limit(const struct wq_csv_field *field, double *value)
{
	const char *text = field->text + strspn(field->text, " \t");

	if (*text != '<' || wq_value_parse(text + 1 + strspn(text + 1, " "), value, NULL) != 0 ||
	        !(*value > 0))
		return false;
	*value /= 2;
	return true;
}

static double value_of(struct reading *r, const struct wq_csv_row *row)
{
	const struct wq_csv_field *field = &row->fields[r->column];
	double value = field->value;

	if (field->cell == WQ_CELL_MISSING || field->cell == WQ_CELL_NOT_MEASURED)
		return NAN;
	if (field->cell == WQ_CELL_WRONG && !half_of_limit(field, &value)) {
		ctl_complain(&r->wrong, "%s:%zu: %s = '%.60s': not a number of at most ±1e300", r->name, row->line,
		        r->source->query.parameter, field->text);
		return NAN;
	}
	if (r->source->positive && value <= 0)
		ctl_complain(&r->wrong, "%s:%zu: %s = '%.60s': has no logarithm (--scale log)",
		        r->name, row->line, r->source->query.parameter, field->text);
	return value;
}

/* One series is one station's. */
static bool is_of_station(struct reading *r, const struct wq_csv_row *row)
{
	const char *wanted = r->source->query.station;

	if (wanted != NULL)
		return strcmp(row->station, wanted) == 0;
	if (r->station == NULL)
		r->station = strdup(row->station);
	if (r->station == NULL || strcmp(r->station, row->station) == 0)
		return true;
	ctl_complain(&r->wrong,
	        "%s:%zu: station '%.60s' after '%.60s': a trend is of one station, --station ID "
	        "chooses it",
	        r->name, row->line, row->station, r->station);
	return false;
}

static int take_row(struct reading *r, const struct wq_csv_row *row, struct wq_err *err)
{
	struct trend_rows *rows = r->rows;

	if (!is_of_station(r, row))
		return 0;
	if (row->at == WQ_NO_TIME) {
		ctl_complain(&r->wrong, "%s:%zu: '%.40s' is no time", r->name, row->line,
		        row->time_text);
		return 0;
	}
	if ((r->from != WQ_NO_TIME && row->at < r->from) ||
	        (r->to != WQ_NO_TIME && row->at >= r->to))
		return 0;
	if (rows->count > 0 && row->at <= rows->at[rows->count - 1]) {
		ctl_complain(&r->wrong,
		        "%s:%zu: %.40s is not later than the row before; rows must ascend by time",
		        r->name, row->line, row->time_text);
		return 0;
	}
	return add(rows, row->at, value_of(r, row), err);
}

static int read_rows(struct reading *r, struct wq_csv *csv)
{
	struct wq_csv_row row;
	struct wq_err err;
	int got;

	while ((got = wq_csv_next(csv, &row, &err)) != 0) {
		if (got < 0) {
			ctl_complain(&r->wrong, "%s", err.text);
			continue;
		}
		if (take_row(r, &row, &err) < 0) {
			ctl_complain(&r->wrong, "%s:%zu: %s", r->name, row.line, err.text);
			break;
		}
	}
	ctl_complained(r->wrong);
	return r->wrong > 0 ? CTL_WRONG : CTL_DONE;
}

static int read_csv(struct reading *r, FILE *from)
{
	struct wq_err err;
	struct wq_csv *csv;
	int status = span(r->source, &wq_zone_china, &r->from, &r->to);

	if (status != CTL_DONE)
		return status;
	csv = wq_csv_open(
	        from, r->name, wq_parameters, wq_parameter_count, &wq_zone_china, true, &err);
	if (csv == NULL) {
		ctl_complain(&r->wrong, "%s", err.text);
		return CTL_WRONG;
	}
	status = find_column(r, csv) ? read_rows(r, csv) : CTL_WRONG;
	wq_csv_close(csv);
	free(r->station);
	return status;
}

static int read_file(const struct trend_source *source, struct trend_rows *rows)
{
	struct reading r = { .source = source, .rows = rows, .name = source->csv };
	FILE *from;
	int status;

	if (strcmp(source->csv, "-") == 0) {
		r.name = "stdin";
		return read_csv(&r, stdin);
	}
	from = fopen(source->csv, "re");
	if (from == NULL) {
		fprintf(stderr, "wqctl: %s: %s\n", source->csv, strerror(errno));
		return CTL_WRONG;
	}
	status = read_csv(&r, from);
	fclose(from);
	return status;
}

/* -- from the history -- */

enum { CELL_TIME = 0, CELL_VALUE = 4, CELL_QUALITY = 6 }; /* of v_sample */

static int no_head(void *owner, const char *const *names, size_t count, struct wq_err *err)
{
	(void)owner, (void)names, (void)count, (void)err;
	return 0;
}

/* What rules may judge is a value; every other reading keeps its time only. */
static int take_sample(
        void *owner, const struct reader_cell *cells, size_t count, struct wq_err *err)
{
	const char *quality =
	        cells[CELL_QUALITY].type == READER_TEXT ? cells[CELL_QUALITY].text : "";
	const bool judged = strcmp(quality, "good") == 0 || strcmp(quality, "suspect") == 0;
	const struct reader_cell *cell = &cells[CELL_VALUE];
	struct trend_rows *rows = owner;
	wq_ms at;

	(void)count;
	if (cells[CELL_TIME].type != READER_TEXT ||
	        wq_instant_parse(cells[CELL_TIME].text, &wq_zone_china, &at, err) < 0)
		return wq_fail(err, WQ_E_PROTOCOL, "a reading of the history has no time");
	return add(rows, at, judged && cell->type == READER_REAL ? cell->real : (double)NAN, err);
}

static int read_history(const struct trend_source *source, struct trend_rows *rows)
{
	const struct reader_sink sink = { rows, no_head, take_sample };
	struct reader_filter filter = { .station = source->query.station,
		.parameter = source->query.parameter };
	struct reader *reader = NULL;
	struct wq_err err;
	int status = query_open(&source->query, &reader);

	if (status != CTL_DONE)
		return status;
	status = span(source, reader_zone(reader), &filter.from, &filter.to);
	if (status == CTL_DONE && reader_samples(reader, &filter, &sink, &err) < 0) {
		fprintf(stderr, "wqctl: %s/%s: %s\n", source->query.station, source->query.parameter, err.text);
		status = CTL_WRONG;
	}
	reader_close(reader);
	return status;
}

int trend_read(const struct trend_source *source, struct trend_rows *rows)
{
	return source->csv != NULL ? read_file(source, rows) : read_history(source, rows);
}
