/* SPDX-License-Identifier: Apache-2.0 */
/* wqctl backtest: last year's data against tomorrow's rules. The engine of the daemon, run on the
 * samples' own time with a tick a minute; nobody is told. Deterministic: the same input gives the
 * same bytes. */
#include "commands.h"
#include "complaint.h"

#include "config/config.h"
#include "wq/csv.h"
#include "wq/engine.h"
#include "wq/err.h"

#include <argp.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#define TICK         WQ_MINUTES(1)
#define COLUMNS_MAX  256
#define STATION_NAME "station" /* of a CSV without a station column */

/* -- what is asked -- */

struct arguments {
	const char *config, *csv, *samples, *alarms, *days;
};

static const struct argp_option options[] = {
	{ "config", 'c', "FILE", 0,
	        "the rules; section station \"*\" serves stations that it does not name", 0 },
	{ "csv", 'i', "FILE", 0,
	        "readings: time, optional station, a column a parameter ('-': standard input)", 0 },
	{ "samples", 's', "FILE", 0, "write time,station,parameter,value,quality,event,score", 0 },
	{ "alarms", 'a', "FILE", 0, "write one JSON object a change of an alarm", 0 },
	{ "days", 'd', "FILE", 0, "write the verdicts of the days ('-': standard output)", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;
	const struct {
		int key;
		const char **to;
	} keys[] = { { 'c', &a->config }, { 'i', &a->csv }, { 's', &a->samples },
		{ 'a', &a->alarms }, { 'd', &a->days } };
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (keys[i].key == key) {
			*keys[i].to = arg;
			return 0;
		}
	if (key == ARGP_KEY_ARG)
		argp_error(state, "what is '%s'? Files are given by --config and --csv", arg);
	if (key == ARGP_KEY_END && (a->config == NULL || a->csv == NULL))
		argp_error(state, "--config and --csv are needed");
	return key == ARGP_KEY_ARG || key == ARGP_KEY_END ? 0 : ARGP_ERR_UNKNOWN;
}

static const struct argp argp = { .options = options,
	.parser = parse,
	.doc = "Runs the rules over recorded readings and writes what would have been told." };

/* -- the readings, whole in memory and in the order of time -- */

struct cell {
	double value;
	uint8_t state; /* enum wq_cell */
};

struct row {
	wq_ms at;
	size_t order;
	uint32_t station;
	size_t cells; /* index of its first cell */
};

struct station {
	char *id;
	uint32_t index;
	UT_hash_handle hh;
};

struct table {
	struct row *rows;
	size_t row_count, row_room;
	struct cell *cells;
	size_t cell_count, cell_room;
	struct station *by_id;
	const char **ids;
	size_t id_count, id_room;
	char *names[COLUMNS_MAX];   /* of the parameter columns */
	size_t fields[COLUMNS_MAX]; /* their places in the file */
	size_t columns;
	size_t wrong;
};

static void *grow(void *rows, size_t *room, size_t count, size_t more, size_t size)
{
	if (count + more <= *room)
		return rows;
	while (count + more > *room)
		*room = *room > 0 ? *room * 2 : 1024;
	void *grown = realloc(rows, *room * size);
	if (grown == NULL) {
		fputs("wqctl backtest: no memory for the readings\n", stderr);
		exit(CTL_WRONG);
	}
	return grown;
}

static void wrong(struct table *table, const char *text)
{
	ctl_complain(&table->wrong, "%s", text);
}

static uint32_t station_index(struct table *table, const char *id)
{
	struct station *station;
	HASH_FIND_STR(table->by_id, id, station);
	if (station != NULL)
		return station->index;
	station = grow(NULL, &(size_t){ 0 }, 0, 1, sizeof *station);
	station->id = strdup(id);
	station->index = (uint32_t)table->id_count;
	HASH_ADD_KEYPTR(hh, table->by_id, station->id, strlen(station->id), station);
	table->ids = grow(table->ids, &table->id_room, table->id_count, 1, sizeof *table->ids);
	table->ids[table->id_count++] = station->id;
	return station->index;
}

static void take_columns(struct table *table, const struct wq_csv *csv)
{
	const char *const *names;
	const int *parameters;
	size_t n = wq_csv_columns(csv, &names, &parameters);
	for (size_t i = 0; i < n; i++)
		if (parameters[i] >= 0) {
			table->names[table->columns] = strdup(names[i]);
			table->fields[table->columns++] = i;
		}
}

static void take_row(
        struct table *table, const char *file, const char *lone, const struct wq_csv_row *row)
{
	char text[256];
	if (row->at == WQ_NO_TIME) {
		snprintf(text, sizeof text,
		        "%s:%zu: '%.40s' is no time (2021-04-01T08:00:00+08:00); the row is left "
		        "out",
		        file, row->line, row->time_text);
		wrong(table, text);
		return;
	}
	table->rows = grow(table->rows, &table->row_room, table->row_count, 1, sizeof *table->rows);
	table->cells = grow(table->cells, &table->cell_room, table->cell_count, table->columns,
	        sizeof *table->cells);
	table->rows[table->row_count] = (struct row){ .at = row->at,
		.order = table->row_count,
		.station = station_index(table, row->station[0] != '\0' ? row->station : lone),
		.cells = table->cell_count };
	table->row_count++;
	for (size_t i = 0; i < table->columns; i++) {
		const struct wq_csv_field *field = &row->fields[table->fields[i]];
		table->cells[table->cell_count++] =
		        (struct cell){ .value = field->value, .state = (uint8_t)field->cell };
		if (field->cell == WQ_CELL_WRONG) {
			snprintf(text, sizeof text,
			        "%s:%zu: %s '%.40s' is no number; it counts as bad", file,
			        row->line, table->names[i], field->text);
			wrong(table, text);
		}
	}
}

static int by_time(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

static int read_table(
        struct table *table, const char *file, const struct config *config, struct wq_err *err)
{
	/* A file of one station needs no column for it. */
	const char *lone =
	        config->site.station_count == 1 ? config->site.stations[0].id : STATION_NAME;
	FILE *from = strcmp(file, "-") == 0 ? stdin : fopen(file, "re");
	if (from == NULL)
		return wq_fail(err, WQ_E_IO, "%s: %s", file, strerror(errno));
	struct wq_csv *csv = wq_csv_open(from, file, config->site.parameters,
	        config->site.parameter_count, config->site.zone, true, err);
	int r = csv != NULL ? 1 : WQ_E_INVALID;
	if (csv != NULL)
		take_columns(table, csv);
	while (r == 1 || (csv != NULL && r == WQ_E_INVALID)) {
		struct wq_csv_row row;
		struct wq_err bad;
		r = wq_csv_next(csv, &row, &bad);
		if (r == 1)
			take_row(table, file, lone, &row);
		else if (r < 0)
			wrong(table, bad.text);
	}
	if (table->row_count > 0)
		qsort(table->rows, table->row_count, sizeof *table->rows, by_time);
	wq_csv_close(csv);
	if (from != stdin)
		fclose(from);
	return csv == NULL ? WQ_E_INVALID : r < 0 ? r : 0;
}

static void free_table(struct table *table)
{
	struct station *station, *next;
	HASH_ITER(hh, table->by_id, station, next)
	{
		HASH_DEL(table->by_id, station);
		free(station->id);
		free(station);
	}
	for (size_t i = 0; i < table->columns; i++)
		free(table->names[i]);
	free(table->ids);
	free(table->rows);
	free(table->cells);
}

/* -- the run -- */

struct run {
	const struct wq_site *site;
	struct wq_engine *engine;
	struct wq_outcome out;
	uint32_t parameters[COLUMNS_MAX]; /* column -> site.parameters */
	FILE *samples, *alarms, *days;
	size_t changes[WQ_CHANGE_KINDS], verdicts[3], sample_count;
};

static void write_number(FILE *to, double value)
{
	char text[WQ_DECIMAL_TEXT];
	if (isfinite(value))
		fputs(wq_value_format(value, text), to);
}

static void write_samples(struct run *run, const struct row *row, const struct wq_sample *given)
{
	char at[WQ_INSTANT_TEXT];
	const struct wq_station *station = &run->site->stations[row->station];
	wq_instant_format(station->zone, row->at, at);
	for (size_t i = 0; i < run->out.sample_count; i++) {
		const struct wq_stored *s = &run->out.samples[i];
		run->sample_count++;
		if (run->samples == NULL)
			continue;
		fprintf(run->samples, "%s,", at);
		wq_csv_write(run->samples, station->id);
		fprintf(run->samples, ",%s,",
		        run->site->parameters[run->site->series[s->series].parameter].alias);
		write_number(run->samples, given[i].value);
		fprintf(run->samples, ",%s,%d,", wq_quality_name(s->quality), s->event);
		write_number(run->samples, s->score);
		fputc('\n', run->samples);
	}
}

static json_t *number(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

static json_t *change_json(const struct wq_site *site, const struct wq_change *c)
{
	char time[WQ_INSTANT_TEXT], alarm[WQ_ALARM_NAME];
	const struct wq_station *station =
	        c->station != WQ_NONE ? &site->stations[c->station] : NULL;
	json_t *evidence = json_loads(c->evidence, 0, NULL);
	return json_pack("{s:s, s:s, s:s, s:i, s:s, s:s?, s:s?, s:s, s:o, s:o, s:s, s:o?}", "time",
	        wq_instant_format(station != NULL ? station->zone : site->zone, c->time, time),
	        "alarm", wq_alarm_name(c->alarm, alarm), "change", wq_change_name(c->kind),
	        "number", (int)c->number, "rule", site->rules[c->rule].name, "station",
	        station != NULL ? station->id : NULL, "parameter",
	        c->series != WQ_NONE ? site->parameters[site->series[c->series].parameter].alias
	                             : NULL,
	        "level", wq_level_name(c->level), "value", number(c->value), "limit",
	        number(c->limit), "text", c->says, "evidence", evidence);
}

static void write_changes(struct run *run)
{
	for (size_t i = 0; i < run->out.change_count; i++) {
		run->changes[run->out.changes[i].kind]++;
		if (run->alarms == NULL)
			continue;
		json_t *object = change_json(run->site, &run->out.changes[i]);
		json_dumpf(object, run->alarms, JSON_COMPACT | JSON_REAL_PRECISION(15));
		fputc('\n', run->alarms);
		json_decref(object);
	}
}

static void write_day(struct run *run, const struct wq_day_row *row)
{
	char day[WQ_INSTANT_TEXT];
	fprintf(run->days, "%s,", wq_day_format(row->day, day));
	wq_csv_write(run->days, run->site->stations[row->station].id);
	fprintf(run->days, ",%s,",
	        row->parameter == WQ_NONE ? "all" : run->site->parameters[row->parameter].alias);
	write_number(run->days, row->mean);
	fprintf(run->days, ",%" PRId32 ",", row->valid);
	if (row->expected > 0)
		fprintf(run->days, "%" PRId32, row->expected);
	fputc(',', run->days);
	if (row->class_ > 0)
		fprintf(run->days, "%d", row->class_);
	fprintf(run->days, ",%s,", wq_day_verdict_name(row->verdict));
	write_number(
	        run->days, isfinite(row->exceedance) ? round(row->exceedance * 100) / 100 : NAN);
	fputc('\n', run->days);
}

static void write_days(struct run *run)
{
	for (size_t i = 0; i < run->out.day_count; i++) {
		if (run->out.days[i].parameter == WQ_NONE)
			run->verdicts[run->out.days[i].verdict]++;
		if (run->days != NULL)
			write_day(run, &run->out.days[i]);
	}
}

static void flush(struct run *run)
{
	write_changes(run);
	write_days(run);
	wq_outcome_reset(&run->out);
}

static int tick_until(struct run *run, wq_ms *now, wq_ms at, struct wq_err *err)
{
	for (wq_ms next = *now - *now % TICK + TICK; next <= at; next += TICK) {
		if (wq_engine_tick(run->engine, next, &run->out, err) < 0)
			return WQ_E_MEMORY;
		flush(run);
	}
	*now = at;
	return 0;
}

/* One row is one batch. */
static int feed(
        struct run *run, const struct table *table, const struct row *row, struct wq_err *err)
{
	struct wq_sample samples[COLUMNS_MAX];
	size_t n = 0;
	for (size_t i = 0; i < table->columns; i++) {
		const struct cell *cell = &table->cells[row->cells + i];
		uint32_t series = wq_site_series(run->site, row->station, run->parameters[i]);
		if (cell->state == WQ_CELL_NOT_MEASURED || series == WQ_NONE)
			continue;
		samples[n++] = (struct wq_sample){ .series = series,
			.quality = cell->state == WQ_CELL_VALUE  ? WQ_UNCHECKED
			        : cell->state == WQ_CELL_MISSING ? WQ_MISSING
			                                         : WQ_BAD,
			.stamp = WQ_STAMP_STATION,
			.at = row->at,
			.value = cell->state == WQ_CELL_VALUE ? cell->value : NAN };
	}
	struct wq_batch batch = { .trusted = true,
		.received = row->at,
		.sequence = row->order + 1,
		.count = n,
		.samples = samples };
	if (wq_engine_batch(run->engine, &batch, &run->out, err) < 0)
		return WQ_E_MEMORY;
	write_samples(run, row, samples);
	flush(run);
	return 0;
}

/* The last day ends where the readings end: it is judged by what there is. */
static int finish(struct run *run, wq_ms last, struct wq_err *err)
{
	wq_ms end = last;
	for (size_t i = 0; i < run->site->station_count; i++) {
		const struct wq_zone *zone = run->site->stations[i].zone;
		wq_ms day_end = wq_day_start(zone, wq_day_of(zone, last) + 1);
		end = day_end > end ? day_end : end;
	}
	int r = wq_engine_close_days(
	        run->engine, end + run->site->evaluation.day_closes_after, &run->out, err);
	flush(run);
	return r;
}

static int run_all(struct run *run, const struct table *table, struct wq_err *err)
{
	int r = 0;
	wq_ms now = table->row_count > 0 ? table->rows[0].at : 0;
	for (size_t i = 0; i < table->row_count && r == 0; i++) {
		r = tick_until(run, &now, table->rows[i].at, err);
		if (r == 0)
			r = feed(run, table, &table->rows[i], err);
	}
	return r == 0 && table->row_count > 0 ? finish(run, now, err) : r;
}

/* -- files and summary -- */

static int open_output(const char *path, const char *header, FILE **to, struct wq_err *err)
{
	if (path == NULL)
		return 0;
	*to = strcmp(path, "-") == 0 ? stdout : fopen(path, "we");
	if (*to == NULL)
		return wq_fail(err, WQ_E_IO, "%s: %s", path, strerror(errno));
	fputs(header, *to);
	return 0;
}

static int close_output(const char *path, FILE *to, struct wq_err *err)
{
	if (to == NULL)
		return 0;
	int bad = fflush(to) != 0 || ferror(to);
	if (to != stdout)
		bad |= fclose(to) != 0;
	return bad ? wq_fail(err, WQ_E_IO, "%s: not written whole: %s", path, strerror(errno)) : 0;
}

static int open_outputs(struct run *run, const struct arguments *a, struct wq_err *err)
{
	int r = open_output(a->samples, "time,station,parameter,value,quality,event,score\n",
	        &run->samples, err);
	if (r == 0)
		r = open_output(a->alarms, "", &run->alarms, err);
	if (r == 0)
		r = open_output(a->days,
		        "day,station,parameter,mean,valid,expected,class,verdict,exceedance\n",
		        &run->days, err);
	return r;
}

static int close_outputs(struct run *run, const struct arguments *a, struct wq_err *err)
{
	int r = close_output(a->samples, run->samples, err);
	int s = close_output(a->alarms, run->alarms, err);
	int t = close_output(a->days, run->days, err);
	return r < 0 ? r : s < 0 ? s : t;
}

static void summarise(const struct run *run, const struct table *table)
{
	fprintf(stderr, "%zu stations, %zu rows, %zu samples; alarms:", table->id_count,
	        table->row_count, run->sample_count);
	for (int k = 0; k < WQ_CHANGE_KINDS; k++)
		if (run->changes[k] > 0)
			fprintf(stderr, " %zu %s", run->changes[k], wq_change_name(k));
	fprintf(stderr, "; days: %zu meet, %zu exceed, %zu not assessable\n",
	        run->verdicts[WQ_DAY_MEETS], run->verdicts[WQ_DAY_EXCEEDS],
	        run->verdicts[WQ_DAY_NOT_ASSESSABLE]);
	ctl_complained(table->wrong);
	if (table->wrong > 0)
		fprintf(stderr, "%zu places were wrong; the rest was used\n", table->wrong);
}

static int backtest(
        const struct arguments *a, struct config *base, struct table *table, struct wq_err *err)
{
	struct run run = { .site = NULL };
	struct config *config = NULL;
	int r = read_table(table, a->csv, base, err);
	if (r < 0)
		return r;
	config = config_for_series(base, table->ids, table->id_count,
	        (const char *const *)table->names, table->columns, run.parameters, err);
	if (config == NULL)
		return WQ_E_INVALID;
	run.site = &config->site;
	run.engine = wq_engine_new(run.site, err);
	r = run.engine == NULL ? WQ_E_INVALID : open_outputs(&run, a, err);
	if (r == 0)
		r = run_all(&run, table, err);
	if (r == 0)
		r = close_outputs(&run, a, err);
	if (r == 0)
		summarise(&run, table);
	wq_outcome_free(&run.out);
	wq_engine_free(run.engine);
	config_free(config);
	return r;
}

int ctl_backtest(int argc, char **argv)
{
	static struct config_report report;
	struct arguments arguments = { .config = NULL };
	struct table table = { .rows = NULL };
	struct wq_err err = { .code = 0 };
	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	struct config *base = config_load(arguments.config, &report);
	if (base == NULL) {
		config_report_print(&report, "nothing was run.", stderr);
		return CTL_WRONG;
	}
	int r = backtest(&arguments, base, &table, &err);
	if (r < 0)
		ctl_complain(&(size_t){ 0 }, "wqctl backtest: %s", err.text);
	free_table(&table);
	config_free(base);
	return r < 0 || table.wrong > 0 ? CTL_WRONG : CTL_DONE;
}
