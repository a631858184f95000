/* SPDX-License-Identifier: Apache-2.0 */
/* wqctl qc: is each value of a series one of the water? By the QARTOD tests as a reference has
 * them, or by our own. */
#include "qc.h"

#include "commands.h"

#include "wq/err.h"

#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	KEY_CSV = 'i',
	KEY_PARAMETER = 'p',
	KEY_REFERENCE = 'r',
	KEY_TEST = 't',
	KEY_SET = 's',
	KEY_SETTINGS = 'S',
};

#define SETTING_TEXT 512

static const struct argp_option options[] = {
	{ "csv", KEY_CSV, "FILE|-", 0, "readings, not descending by time", 0 },
	{ "parameter", KEY_PARAMETER, "NAME", 0, "which column (with --reference)", 0 },
	{ "reference", KEY_REFERENCE, "NAME", 0, "whose tests: ioos_qc; without it our own", 0 },
	{ "test", KEY_TEST, "TEST", 0,
	        "gross_range, climatology, spike, rate_of_change, flat_line, attenuated_signal or "
	        "gap (with "
	        "--reference)",
	        0 },
	{ "set", KEY_SET, "KEY=VALUE", 0,
	        "a parameter of the test; our own: COLUMN.KEY=VALUE; repeatable", 0 },
	{ "settings", KEY_SETTINGS, "FILE", 0,
	        "lines of COLUMN.KEY=VALUE, '#' begins a remark (our own)", 0 },
	{ 0 },
};

struct arguments {
	const char *csv, *parameter, *reference, *test;
	struct qc_texts sets; /* in their order, of files too */
};

int qc_texts_add(struct qc_texts *texts, const char *text)
{
	if (texts->count == texts->room) {
		const size_t room = texts->room > 0 ? texts->room * 2 : 16;
		char **items = realloc(texts->items, room * sizeof *items);

		if (items == NULL)
			return WQ_E_MEMORY;
		texts->items = items;
		texts->room = room;
	}
	texts->items[texts->count] = strdup(text);
	return texts->items[texts->count] != NULL ? (int)++texts->count : WQ_E_MEMORY;
}

void qc_texts_free(struct qc_texts *texts)
{
	for (size_t i = 0; i < texts->count; i++)
		free(texts->items[i]);
	free(texts->items);
}

/* Without what surrounds it; NULL: nothing is on the line. */
static char *trim(char *line)
{
	size_t length;

	line[strcspn(line, "#\r\n")] = '\0';
	line += strspn(line, " \t");
	length = strlen(line);
	while (length > 0 && strchr(" \t", line[length - 1]) != NULL)
		line[--length] = '\0';
	return length > 0 ? line : NULL;
}

static void read_settings(struct argp_state *state, struct arguments *a, const char *file)
{
	char line[SETTING_TEXT];
	FILE *from = fopen(file, "re");

	if (from == NULL)
		argp_failure(state, CTL_USAGE, errno, "--settings %s", file);
	while (fgets(line, sizeof line, from) != NULL) {
		const char *text;

		if (strchr(line, '\n') == NULL && !feof(from))
			argp_failure(state, CTL_USAGE, 0,
			        "--settings %s: a line of more than %d bytes", file,
			        SETTING_TEXT - 2);
		text = trim(line);
		if (text != NULL && qc_texts_add(&a->sets, text) < 0)
			argp_failure(state, CTL_WRONG, 0, "no memory");
	}
	fclose(from);
}

static void check_whole(struct argp_state *state, const struct arguments *a)
{
	if (a->csv == NULL)
		argp_error(state, "--csv is missing");
	if (a->reference == NULL) {
		if (a->test != NULL || a->parameter != NULL)
			argp_error(state, "--test and --parameter belong to --reference ioos_qc");
		if (a->sets.count == 0)
			argp_error(state,
			        "nothing is to be judged: give --settings FILE or --set "
			        "COLUMN.KEY=VALUE, or a --reference with its --test");
		return;
	}
	if (strcmp(a->reference, "ioos_qc") != 0)
		argp_error(state, "--reference: '%s'; ioos_qc is allowed", a->reference);
	if (a->parameter == NULL)
		argp_error(state, "--parameter is missing");
	if (a->test == NULL)
		argp_error(state, "--test is missing");
	if (wq_qc_test_parse(a->test) < 0)
		argp_error(state,
		        "--test: '%s'; gross_range, climatology, spike, rate_of_change, flat_line, "
		        "attenuated_signal and gap are allowed",
		        a->test);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case KEY_CSV:
		a->csv = arg;
		return 0;
	case KEY_PARAMETER:
		a->parameter = arg;
		return 0;
	case KEY_REFERENCE:
		a->reference = arg;
		return 0;
	case KEY_TEST:
		a->test = arg;
		return 0;
	case KEY_SET:
		if (qc_texts_add(&a->sets, arg) < 0)
			argp_failure(state, CTL_WRONG, 0, "no memory");
		return 0;
	case KEY_SETTINGS:
		read_settings(state, a, arg);
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is one argument too many; a file is --csv FILE", arg);
		return 0;
	case ARGP_KEY_END:
		check_whole(state, a);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = { options, parse, NULL,
	"Judges the values of a CSV: is each one of the water, or of the instrument?\v"
	"With --reference ioos_qc one QARTOD test in exactly that program's semantics: "
	"time,value,flag with flags "
	"1 good, 2 not evaluated, 3 suspect, 4 fail, 9 missing. Without it our own tests over "
	"several columns: "
	"time,parameter,value,flag,test.\n\n"
	"Examples:\n"
	"  wqctl qc -i april.csv -p tp --reference ioos_qc -t gross_range -s fail_span=0:5 -s "
	"suspect_span=0:1\n"
	"  wqctl qc -i sonde.csv --settings sonde.qc\n\n"
	"Exit status: 0 done, 1 something in the readings is wrong (nothing is printed then with "
	"--reference), 2 "
	"usage.",
	NULL, NULL, NULL };

/* -- with a reference: all rows at once, for its windows look at the whole -- */

struct row {
	wq_ms at;
	double value;
	size_t time, text; /* where their texts begin */
};

struct rows {
	size_t count, room;
	struct row *items; /* owned */
	FILE *to;          /* texts, each with its NUL */
	char *texts;       /* owned, after `to` is closed */
	size_t length;
};

static bool keep(struct rows *rows, const struct wq_csv_row *row, double value, const char *text)
{
	if (rows->count == rows->room) {
		const size_t room = rows->room > 0 ? rows->room * 2 : 1024;
		struct row *items = realloc(rows->items, room * sizeof *items);

		if (items == NULL)
			return false;
		rows->items = items;
		rows->room = room;
	}
	rows->items[rows->count++] = (struct row){ row->at, value, (size_t)ftell(rows->to),
		(size_t)ftell(rows->to) + strlen(row->time_text) + 1 };
	return fwrite(row->time_text, 1, strlen(row->time_text) + 1, rows->to) > 0 &&
	        fwrite(text, 1, strlen(text) + 1, rows->to) > 0;
}

static int read_rows(const struct arguments *a, struct rows *rows)
{
	struct qc_input input = { 0 };
	int status = qc_open(&input, a->csv);
	const int column = status == CTL_DONE ? qc_column(&input, a->parameter) : -1;
	struct wq_csv_row row;

	while (column >= 0 && qc_next(&input, &row)) {
		const double value = qc_value(&input, &row, column);

		if (!keep(rows, &row, value, row.fields[column].text)) {
			fprintf(stderr, "wqctl: no memory for %zu rows\n", rows->count);
			status = CTL_WRONG;
			break;
		}
	}
	if (status == CTL_DONE)
		status = qc_status(&input);
	qc_close(&input);
	return status;
}

static int judge(const struct wq_qc_request *request, const struct rows *rows, uint8_t *flags)
{
	const size_t n = rows->count;
	wq_ms *at = malloc((n + 1) * sizeof *at);
	double *value = malloc((n + 1) * sizeof *value);
	void *room = malloc(wq_qc_room(n));
	struct wq_err err;
	int r = WQ_E_MEMORY;

	for (size_t i = 0; at != NULL && value != NULL && i < n; i++) {
		at[i] = rows->items[i].at;
		value[i] = rows->items[i].value;
	}
	if (at != NULL && value != NULL && room != NULL)
		r = wq_qc_run(request, at, value, n, room, flags, &err);
	else
		wq_fail(&err, WQ_E_MEMORY, "no memory for %zu rows", n);
	if (r < 0)
		fprintf(stderr, "wqctl: %s\n", err.text);
	free(room);
	free(value);
	free(at);
	return r < 0 ? CTL_WRONG : CTL_DONE;
}

static void print(const struct rows *rows, const uint8_t *flags)
{
	puts("time,value,flag");
	for (size_t i = 0; i < rows->count; i++) {
		wq_csv_write(stdout, rows->texts + rows->items[i].time);
		putchar(',');
		wq_csv_write(stdout, rows->texts + rows->items[i].text);
		printf(",%d\n", flags[i]);
	}
}

static int by_reference(const struct arguments *a, const struct wq_qc_request *request)
{
	struct rows rows = { 0 };
	uint8_t *flags = NULL;
	int status = CTL_WRONG;

	rows.to = open_memstream(&rows.texts, &rows.length);
	if (rows.to != NULL)
		status = read_rows(a, &rows);
	if (rows.to != NULL && fclose(rows.to) != 0)
		status = CTL_WRONG;
	if (status == CTL_DONE) {
		flags = calloc(rows.count + 1, 1);
		status = flags != NULL ? judge(request, &rows, flags) : CTL_WRONG;
	}
	if (status == CTL_DONE)
		print(&rows, flags);
	free(flags);
	free(rows.texts);
	free(rows.items);
	return status;
}

static int with_reference(const struct arguments *a)
{
	struct wq_qc_request request;
	struct wq_err err;
	int r = 0;

	wq_qc_request_init(&request, (enum wq_qc_test)wq_qc_test_parse(a->test));
	for (size_t i = 0; i < a->sets.count && r == 0; i++)
		r = qc_set(&request, a->sets.items[i], &err);
	if (r == 0)
		r = wq_qc_check(&request, &err);
	if (r < 0) {
		fprintf(stderr, "wqctl qc: --set: %s\n", err.text);
		return CTL_USAGE;
	}
	return by_reference(a, &request);
}

int ctl_qc(int argc, char **argv)
{
	struct arguments a = { 0 };
	int status;

	argp_parse(&argp, argc, argv, 0, NULL, &a);
	status = a.reference != NULL ? with_reference(&a) : qc_health(a.csv, &a.sets);
	qc_texts_free(&a.sets);
	return status;
}
