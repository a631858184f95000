/* SPDX-License-Identifier: Apache-2.0 */
/* wqctl query: readings, days, alarms or a SELECT of one's own, from the history, as a table, CSV
 * or JSON.
 *
 * The rows are kept (a table in memory, the others in an unnamed file) and printed when the history
 * has been let go: a pager would keep the daemon from cutting its log back. */
#include "query.h"

#include "commands.h"
#include "config/config.h"
#include "store/reader.h"
#include "table.h"

#include "wq/decimal.h"
#include "wq/err.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_CONFIG "/etc/wqd/wqd.conf"
#define COLUMNS_MAX    256

/* Longest text of a number. */
#define NUMBER_TEXT WQ_DECIMAL_TEXT

/* -- the command line -- */

enum {
	KEY_SQL = 'q',
	KEY_DAILY = 'd',
	KEY_ALARMS = 'a',
	KEY_CHECKS = 'k',
	KEY_MANUAL = 'm',
	KEY_COMMANDS = 'C',
	KEY_CONFIG = 'c',
	KEY_DATABASE = 'D',
	KEY_FORMAT = 'f',
	KEY_JSON = 'j',
	KEY_STATION = 's',
	KEY_PARAMETER = 'p',
	KEY_FROM = 'F',
	KEY_TO = 'T'
};

/* clang-format off */
#define HISTORY \
	{ "config", KEY_CONFIG, "FILE", 0, "configuration that names the database (" DEFAULT_CONFIG ")", 0 }, \
	{ "database", KEY_DATABASE, "FILE", 0, "the database itself; no configuration is read", 0 }
#define FORM \
	{ "format", KEY_FORMAT, "FORMAT", 0, "table (default), csv or json", 0 }, \
	{ "json", KEY_JSON, NULL, 0, "the same as --format json", 0 }
#define SPAN \
	{ "from", KEY_FROM, "TIME", 0, "from here on: 2026-03-05 or 2026-03-05T08:00, site's time", 0 }, \
	{ "to", KEY_TO, "TIME", 0, "until here, exclusive", 0 }

#define PLACE                                                                                      \
	{ "station", KEY_STATION, "ID", 0, "only this station", 0 },                               \
	{ "parameter", KEY_PARAMETER, "NAME", 0, "only this parameter, by alias, name or HJ 525 code", 0 }

static const struct argp_option where_options[] = { HISTORY, FORM, PLACE, SPAN, { 0 } };
static const struct argp_option place_options[] = { HISTORY, FORM, PLACE, { 0 } };
static const struct argp_option form_options[] = { HISTORY, FORM, { 0 } };
static const struct argp_option span_options[] = { HISTORY, SPAN, { 0 } };
/* clang-format on */

static enum query_format format_of(struct argp_state *state, const char *name)
{
	static const char *const names[] = {
		[QUERY_TABLE] = "table", [QUERY_CSV] = "csv", [QUERY_JSON] = "json"
	};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(name, names[i]) == 0)
			return (enum query_format)i;
	argp_error(state, "--format: '%s'; table, csv and json are allowed", name);
	return QUERY_TABLE;
}

static error_t parse_where(int key, char *arg, struct argp_state *state)
{
	struct query *query = state->input;
	const struct {
		int key;
		const char **to;
	} texts[] = {
		{ KEY_CONFIG, &query->config },
		{ KEY_DATABASE, &query->database },
		{ KEY_STATION, &query->station },
		{ KEY_PARAMETER, &query->parameter },
		{ KEY_FROM, &query->from },
		{ KEY_TO, &query->to },
	};
	if (key == KEY_FORMAT) {
		query->format = format_of(state, arg);
		return 0;
	}
	if (key == KEY_JSON) {
		query->format = QUERY_JSON;
		return 0;
	}
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (texts[i].key == key) {
			*texts[i].to = arg;
			return 0;
		}
	return ARGP_ERR_UNKNOWN;
}

const struct argp query_argp = { where_options, parse_where, NULL, NULL, NULL, NULL, NULL };
const struct argp query_place_argp = { place_options, parse_where, NULL, NULL, NULL, NULL, NULL };
const struct argp query_form_argp = { form_options, parse_where, NULL, NULL, NULL, NULL, NULL };
const struct argp query_span_argp = { span_options, parse_where, NULL, NULL, NULL, NULL, NULL };

static const struct argp_option what_options[] = {
	{ NULL, 0, NULL, 0, "What (default: the readings of --station and --parameter):", 1 },
	{ "daily", KEY_DAILY, NULL, 0, "the verdicts of days (view v_daily)", 1 },
	{ "alarms", KEY_ALARMS, NULL, 0, "the changes of alarms (view v_alarm)", 1 },
	{ "checks", KEY_CHECKS, NULL, 0, "the checks of analysers (view v_check)", 1 },
	{ "manual", KEY_MANUAL, NULL, 0, "what people measured, beside the nearest reading (view v_manual)", 1 },
	{ "commands", KEY_COMMANDS, NULL, 0, "the commands to devices that people asked for (view v_command)", 1 },
	{ "sql", KEY_SQL, "SELECT", 0, "a SELECT of your own, over v_sample, v_daily, v_alarm, v_answer, v_load, v_closing, v_check, v_shelf, v_maintenance, v_profile, v_manual, v_import, v_command, v_learnt", 1 },
	{ NULL, 0, NULL, 0, "Of which, from where, how:", 2 },
	{ 0 },
};

static void choose(struct argp_state *state, struct query *query, enum query_what what)
{
	if (query->what != QUERY_SAMPLES)
		argp_error(state, "one of --daily, --alarms, --checks, --manual, --commands and --sql at a time");
	query->what = what;
}

static void check_whole(struct argp_state *state, const struct query *query)
{
	bool restricted = query->station != NULL || query->parameter != NULL ||
	        query->from != NULL || query->to != NULL;
	if (query->what == QUERY_SAMPLES && (query->station == NULL || query->parameter == NULL))
		argp_error(state,
		        "give --station and --parameter, or one of --daily, --alarms, --checks, --manual, --commands and --sql");
	if (query->what == QUERY_COMMANDS && (query->station != NULL || query->parameter != NULL))
		argp_error(state, "--commands are of buses: no --station, no --parameter");
	if (query->what == QUERY_SQL && restricted)
		argp_error(state,
		        "--sql restricts by itself: no --station, --parameter, --from, --to");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct query *query = state->input;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = query;
		return 0;
	case KEY_DAILY:
		choose(state, query, QUERY_DAILY);
		return 0;
	case KEY_ALARMS:
		choose(state, query, QUERY_ALARMS);
		return 0;
	case KEY_CHECKS:
		choose(state, query, QUERY_CHECKS);
		return 0;
	case KEY_MANUAL:
		choose(state, query, QUERY_MANUAL);
		return 0;
	case KEY_COMMANDS:
		choose(state, query, QUERY_COMMANDS);
		return 0;
	case KEY_SQL:
		choose(state, query, QUERY_SQL);
		query->sql = arg;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is one argument too many", arg);
		return 0;
	case ARGP_KEY_END:
		check_whole(state, query);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child children[] = { { &query_argp, 0, NULL, 2 }, { 0 } };
static const struct argp argp = { what_options, parse, NULL,
	"Prints what the history holds. Times are those of the site; the newest revision of every "
	"reading is shown.\v"
	"Examples:\n"
	"  wqctl query -s yigan -p tp --from 2026-03-01 --to 2026-03-08\n"
	"  wqctl query --daily -s yigan -p all --format csv\n"
	"  wqctl query --sql \"SELECT station, max(value) FROM v_sample WHERE parameter='tp' "
	"GROUP BY station\"",
	children, NULL, NULL };

/* -- rows -- */

struct rows {
	enum query_format format;
	size_t columns, count;
	char *names[COLUMNS_MAX]; /* JSON: the keys, quoted and escaped */
	FILE *spool;              /* CSV and JSON */
	struct ctl_table table;
};

/* A cell as text; buf serves numbers. NULL for NULL. */
static const char *text_of(const struct reader_cell *cell, char buf[NUMBER_TEXT], size_t *length)
{
	const char *text = buf;
	switch (cell->type) {
	case READER_INTEGER:
		snprintf(buf, NUMBER_TEXT, "%" PRId64, cell->integer);
		break;
	case READER_REAL:
		text = wq_value_format(cell->real, buf);
		break;
	case READER_TEXT:
		*length = cell->length;
		return cell->text;
	case READER_NULL:
		*length = 0;
		return NULL;
	}
	*length = strlen(text);
	return text;
}

static void put_csv(FILE *to, const char *text, size_t length)
{
	bool quote = length > 0 && strcspn(text, ",\"\r\n") < length;
	if (!quote) {
		fwrite(text, 1, length, to);
		return;
	}
	fputc('"', to);
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '"')
			fputc('"', to);
		fputc(text[i], to);
	}
	fputc('"', to);
}

/* A text as JSON, malloc'd; what is no UTF-8 has '?' for its bytes above ASCII. NULL: no memory. */
static char *json_text(const char *text, size_t length)
{
	json_t *string = json_stringn(text, length);
	char *copy = string == NULL ? malloc(length + 1) : NULL;
	if (copy != NULL) {
		for (size_t i = 0; i < length; i++)
			copy[i] = (unsigned char)text[i] < 0x80 ? text[i] : '?';
		string = json_stringn(copy, length);
		free(copy);
	}
	char *quoted = string != NULL ? json_dumps(string, JSON_ENCODE_ANY) : NULL;
	json_decref(string);
	return quoted;
}

static bool put_json(FILE *to, const struct reader_cell *cell)
{
	char buf[NUMBER_TEXT];
	size_t length;
	if (cell->type == READER_NULL || (cell->type == READER_REAL && !isfinite(cell->real)))
		return fputs("null", to) >= 0;
	const char *text = text_of(cell, buf, &length);
	if (cell->type != READER_TEXT)
		return fputs(text, to) >= 0;
	char *quoted = json_text(text, length);
	if (quoted == NULL)
		return false;
	fputs(quoted, to);
	free(quoted);
	return true;
}

static int head(void *owner, const char *const *names, size_t count, struct wq_err *err)
{
	struct rows *rows = owner;
	rows->columns = count;
	if (rows->format == QUERY_TABLE) {
		if (count > CTL_TABLE_COLUMNS)
			return wq_fail(err, WQ_E_INVALID,
			        "%zu columns are too many for a table (%d); use --format csv or "
			        "json",
			        count, CTL_TABLE_COLUMNS);
		ctl_table_begin(&rows->table, count, names);
		return 0;
	}
	for (size_t i = 0; i < count; i++) {
		if (rows->format == QUERY_CSV) {
			fputs(i > 0 ? "," : "", rows->spool);
			put_csv(rows->spool, names[i], strlen(names[i]));
		} else if ((rows->names[i] = json_text(names[i], strlen(names[i]))) == NULL) {
			return wq_fail(err, WQ_E_MEMORY, "no memory for the names of the columns");
		}
	}
	fputs(rows->format == QUERY_CSV ? "\n" : "[", rows->spool);
	return 0;
}

static void table_row(struct rows *rows, const struct reader_cell *cells)
{
	char numbers[CTL_TABLE_COLUMNS][NUMBER_TEXT];
	const char *texts[CTL_TABLE_COLUMNS];
	size_t length;
	for (size_t i = 0; i < rows->columns; i++)
		texts[i] = text_of(&cells[i], numbers[i], &length);
	ctl_table_row(&rows->table, texts);
}

static void csv_row(struct rows *rows, const struct reader_cell *cells)
{
	char number[NUMBER_TEXT];
	size_t length;
	for (size_t i = 0; i < rows->columns; i++) {
		const char *text = text_of(&cells[i], number, &length);
		fputs(i > 0 ? "," : "", rows->spool);
		if (text != NULL)
			put_csv(rows->spool, text, length);
	}
	fputc('\n', rows->spool);
}

static bool json_row(struct rows *rows, const struct reader_cell *cells)
{
	fputs(rows->count > 0 ? ",\n{" : "\n{", rows->spool);
	for (size_t i = 0; i < rows->columns; i++) {
		fprintf(rows->spool, "%s%s:", i > 0 ? "," : "", rows->names[i]);
		if (!put_json(rows->spool, &cells[i]))
			return false;
	}
	fputc('}', rows->spool);
	return true;
}

static int row(void *owner, const struct reader_cell *cells, size_t count, struct wq_err *err)
{
	struct rows *rows = owner;
	(void)count;
	bool ok = true;
	if (rows->format == QUERY_TABLE)
		table_row(rows, cells);
	else if (rows->format == QUERY_CSV)
		csv_row(rows, cells);
	else
		ok = json_row(rows, cells);
	rows->count++;
	if (!ok || rows->table.broken)
		return wq_fail(err, WQ_E_MEMORY, "no memory for row %zu", rows->count);
	if (rows->spool != NULL && ferror(rows->spool))
		return wq_fail(err, WQ_E_IO, "the temporary file takes no more than %zu rows: %s",
		        rows->count, strerror(errno));
	return 0;
}

static int rows_open(struct rows *rows, enum query_format format, struct wq_err *err)
{
	*rows = (struct rows){ .format = format };
	if (format != QUERY_TABLE && (rows->spool = tmpfile()) == NULL)
		return wq_fail(err, WQ_E_IO, "no temporary file can be made: %s", strerror(errno));
	return 0;
}

static void rows_close(struct rows *rows)
{
	for (size_t i = 0; i < COLUMNS_MAX; i++)
		free(rows->names[i]);
	if (rows->spool != NULL)
		fclose(rows->spool);
	ctl_table_free(&rows->table);
}

static int rows_print(struct rows *rows, FILE *to, struct wq_err *err)
{
	char buf[16384];
	size_t length;
	bool ok = true;
	if (rows->format == QUERY_TABLE) {
		ok = ctl_table_print(&rows->table, to);
		if (rows->count == 0)
			fputs("nothing found\n", stderr);
	} else {
		if (rows->format == QUERY_JSON)
			fputs("\n]\n", rows->spool);
		rewind(rows->spool);
		while ((length = fread(buf, 1, sizeof buf, rows->spool)) > 0)
			fwrite(buf, 1, length, to);
		ok = !ferror(rows->spool);
	}
	if (fflush(to) != 0 || ferror(to) || !ok)
		return wq_fail(err, WQ_E_IO, "not all of it could be written: %s", strerror(errno));
	return 0;
}

/* -- running -- */

static int instant(const char *what, const char *text, const struct wq_zone *zone, wq_ms *at)
{
	struct wq_err err;
	*at = WQ_NO_TIME;
	if (text == NULL || wq_instant_parse(text, zone, at, &err) == 0)
		return CTL_DONE;
	fprintf(stderr, "wqctl: %s: %s\n", what, err.text);
	return CTL_USAGE;
}

static int read_rows(struct reader *reader, const struct query *query,
        const struct reader_filter *filter, struct rows *rows, struct wq_err *err)
{
	struct reader_sink sink = { rows, head, row };
	switch (query->what) {
	case QUERY_DAILY:
		return reader_daily(reader, filter, &sink, err);
	case QUERY_ALARMS:
		return reader_alarms(reader, filter, &sink, err);
	case QUERY_CHECKS:
		return reader_checks(reader, filter, &sink, err);
	case QUERY_MANUAL:
		return reader_manual(reader, filter, &sink, err);
	case QUERY_COMMANDS:
		return reader_commands(reader, filter, &sink, err);
	case QUERY_LEARNT:
		return reader_learnt(reader, filter, &sink, err);
	case QUERY_SQL:
		return reader_sql(reader, query->sql, &sink, err);
	case QUERY_SAMPLES:
		break;
	}
	return reader_samples(reader, filter, &sink, err);
}

static int ask(struct reader *reader, const struct query *query)
{
	struct reader_filter filter = {
		.station = query->station, .parameter = query->parameter, .open = query->open,
		.alarm = query->alarm
	};
	int status = instant("--from", query->from, reader_zone(reader), &filter.from);
	if (status == CTL_DONE)
		status = instant("--to", query->to, reader_zone(reader), &filter.to);
	if (status != CTL_DONE) {
		reader_close(reader);
		return status;
	}
	struct wq_err err;
	struct rows rows;
	int r = rows_open(&rows, query->format, &err);
	if (r == 0)
		r = read_rows(reader, query, &filter, &rows, &err);
	reader_close(reader); /* let go before anything is printed */
	if (r == 0)
		r = rows_print(&rows, stdout, &err);
	rows_close(&rows);
	if (r == 0)
		return CTL_DONE;
	fprintf(stderr, "wqctl: %s\n", err.text);
	return r == WQ_E_INVALID ? CTL_USAGE : CTL_WRONG;
}

static int open_reader(const char *path, struct reader **reader)
{
	struct wq_err err;
	if (reader_open(path, reader, &err) == 0)
		return CTL_DONE;
	fprintf(stderr, "wqctl: %s\n", err.text);
	return CTL_WRONG;
}

int query_open(const struct query *query, struct reader **reader)
{
	int status;
	if (query->database != NULL) {
		status = open_reader(query->database, reader);
	} else {
		struct config_report report;
		struct config *config = config_load(
		        query->config != NULL ? query->config : DEFAULT_CONFIG, &report);
		if (config == NULL) {
			config_report_print(&report,
			        "the history was not read; --database FILE "
			        "reads it without a configuration",
			        stderr);
			return CTL_WRONG;
		}
		status = open_reader(config->paths.database, reader);
		config_free(config);
	}
	return status;
}

int query_run(const struct query *query)
{
	struct reader *reader = NULL;
	int status = query_open(query, &reader);
	return status == CTL_DONE ? ask(reader, query) : status;
}

int ctl_query(int argc, char **argv)
{
	struct query query = { 0 };
	argp_parse(&argp, argc, argv, 0, NULL, &query);
	return query_run(&query);
}
