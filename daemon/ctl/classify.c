/* SPDX-License-Identifier: Apache-2.0 */
/* wqctl classify: the GB 3838 class of every row of a CSV. One row in, one row out, constant
 * memory. */
#include "commands.h"
#include "complaint.h"
#include "view.h"

#include "config/config.h"

#include "wq/csv.h"
#include "wq/decimal.h"
#include "wq/err.h"
#include "wq/instant.h"
#include "wq/parameter.h"
#include "wq/period.h"
#include "wq/standard.h"

#include <argp.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NO_COLUMN (-1)

struct request {
	bool water_given;
	enum wq_water water;
	enum wq_rounding view; /* rounded to this before it is judged */
	bool remarks;          /* what is missing, and oxygen saturation, in columns of their own */
	const char *file;
	const char *config; /* whose standard and parameters hold; NULL: the built-in ones */
};

struct job {
	const struct request *request;
	const char *name; /* of the file, for errors */
	struct wq_csv *csv;
	const struct wq_standard *standard;
	const struct wq_parameter *parameters;
	size_t parameter_count;
	const struct wq_parameter *items[WQ_EVALUATED_MAX]; /* the evaluated ones, as in standard->evaluated */
	int columns[WQ_EVALUATED_MAX]; /* of these; NO_COLUMN: not in the file, or not evaluated in the water */
	unsigned wanted;           /* bit per item that is evaluated in the water */
	int temperature;           /* its column, or NO_COLUMN */
	size_t wrong;              /* rows that could not be judged or read */
	size_t complaints;
};

static const struct argp_option options[] = {
	{ "water", 'w', "river|lake", 0, "which limits of total phosphorus hold (required)", 0 },
	{ "view", 'v', "raw|displayed|evaluation", 0,
	        "judge values as they are (default), as they are displayed, or rounded for evaluation",
	        0 },
	{ "config", 'c', "FILE", 0,
	        "judge by the standard and with the parameters of this configuration", 0 },
	{ "remarks", 'r', NULL, 0,
	        "append three columns more: lacking and unmeasured items, oxygen saturation (%)", 0 },
	{ 0 },
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct request *request = state->input;

	switch (key) {
	case 'w':
		if (strcmp(arg, "river") != 0 && strcmp(arg, "lake") != 0)
			argp_error(state, "--water is 'river' or 'lake', not '%s'", arg);
		request->water = strcmp(arg, "lake") == 0 ? WQ_LAKE : WQ_RIVER;
		request->water_given = true;
		return 0;
	case 'v':
		if (!ctl_view(arg, &request->view))
			argp_error(state, "--view is 'raw', 'displayed' or 'evaluation', not '%s'",
			        arg);
		return 0;
	case 'c':
		request->config = arg;
		return 0;
	case 'r':
		request->remarks = true;
		return 0;
	case ARGP_KEY_ARG:
		if (request->file != NULL)
			argp_error(state, "one FILE only");
		request->file = arg;
		return 0;
	case ARGP_KEY_END:
		if (request->file == NULL)
			argp_error(state, "FILE is missing; '-' reads standard input");
		if (!request->water_given)
			argp_error(state, "--water river or --water lake is missing");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp parser = {
	.options = options,
	.parser = parse_option,
	.args_doc = "FILE|-",
	.doc = "Appends the class of GB 3838-2002 by single factor to each row of a CSV.\v"
	       "Columns that are judged: ph do codmn nh3n tp (by HJ 525 code, alias or name). "
	       "Appended are "
	       "class (1 to 5; 6 = worse than V; empty = none), determining (the items that have "
	       "this "
	       "class, when it is worse than I) and exceedance (alias:multiple of each item over "
	       "its "
	       "Class III limit). A row in which one of these columns is empty or '--' gets no "
	       "class; '*' "
	       "means that the item is not measured there and does not block it.\n\n"
	       "Exit status: 0 done, 1 something in the file is wrong (each named by file:line), 2 "
	       "usage.",
};

static void complain(struct job *job, size_t line, size_t item, const char *text, const char *why)
{
	ctl_complain(&job->complaints, "%s:%zu: %s = '%.60s': %s", job->name, line,
	        job->items[item]->alias, text, why);
}

/* The value as it is judged: rounded from its text, once. */
static double viewed(const struct wq_csv_field *field, enum wq_rounding view, const struct wq_parameter *item)
{
	struct wq_decimal d;

	if (view == WQ_RAW || ctl_rounded(field, item, view, &d) < 0)
		return field->value;
	return wq_decimal_to_double(d);
}

/* What a row has of the evaluated items. */
struct values {
	double of[WQ_EVALUATED_MAX]; /* NaN: none */
	unsigned lacking;            /* bit per item that is measured and has no value here */
	unsigned unmeasured;         /* bit per item that is not measured */
};

/* True when the row may get a class. */
static bool take_values(struct job *job, const struct wq_csv_row *row, struct values *values)
{
	bool wrong = false;

	for (size_t i = 0; i < job->standard->evaluated_count; i++) {
		const struct wq_csv_field *field;
		const unsigned bit = 1U << i & job->wanted;

		values->of[i] = (double)NAN;
		if (job->columns[i] == NO_COLUMN) {
			values->unmeasured |= bit;
			continue;
		}
		field = &row->fields[job->columns[i]];
		if (field->cell == WQ_CELL_WRONG || field->value < 0) {
			complain(job, row->line, i, field->text,
			        field->cell == WQ_CELL_WRONG ? "not a number" : "negative");
			wrong = true;
			values->lacking |= bit;
		} else if (field->cell == WQ_CELL_VALUE) {
			values->of[i] = viewed(field, job->request->view, job->items[i]);
		} else if (field->cell == WQ_CELL_MISSING) {
			values->lacking |= bit;
		} else {
			values->unmeasured |= bit;
		}
	}
	job->wrong += wrong;
	return values->lacking == 0 && !wrong;
}

static void write_items(const struct job *job, unsigned items)
{
	const char *separator = "";

	for (size_t i = 0; i < job->standard->evaluated_count; i++) {
		if ((items & 1U << i) == 0)
			continue;
		printf("%s%s", separator, job->items[i]->alias);
		separator = ";";
	}
}

/* Multiples have two places, and one significant digit where that would be 0. */
static void write_exceedance(const struct job *job, const double *values)
{
	const char *separator = "";

	for (size_t i = 0; i < job->standard->evaluated_count; i++) {
		const struct wq_standard_row *limits = wq_standard_find(job->standard,
		        job->standard->evaluated[i], job->request->water, false);
		char text[WQ_DECIMAL_TEXT];
		struct wq_decimal d;
		double multiple;

		if (isnan(values[i]))
			continue;
		multiple = wq_standard_exceedance(limits, WQ_CLASS_III, values[i]);
		if (isnan(multiple))
			continue;
		if (wq_decimal_from_double(multiple, &d))
			wq_decimal_format(wq_decimal_evaluate(d, 2), text);
		else
			snprintf(text, sizeof(text), "%.2f", multiple);
		printf("%s%s:%s", separator, job->items[i]->alias, text);
		separator = ";";
	}
}

/* Percent with one place; nothing without oxygen or temperature. */
static void write_saturation(const struct job *job, const struct wq_csv_row *row, const struct values *values)
{
	double percent = (double)NAN;

	for (size_t i = 0; i < job->standard->evaluated_count && job->temperature != NO_COLUMN; i++)
		if (strcmp(job->items[i]->code, "w01009") == 0 &&
		        row->fields[job->temperature].cell == WQ_CELL_VALUE)
			percent = wq_oxygen_saturation(values->of[i], row->fields[job->temperature].value);
	if (!isnan(percent))
		printf("%.1f", percent);
}

static void write_remarks(const struct job *job, const struct wq_csv_row *row, const struct values *values)
{
	putchar(',');
	write_items(job, values->lacking);
	putchar(',');
	write_items(job, values->unmeasured);
	putchar(',');
	write_saturation(job, row, values);
}

static void write_row(struct job *job, const struct wq_csv_row *row)
{
	struct values values = { .lacking = 0 };
	unsigned determining = 0;
	int class_ = WQ_CLASS_NONE;

	if (take_values(job, row, &values))
		class_ = wq_standard_section(
		        job->standard, job->request->water, values.of, &determining);
	for (size_t i = 0; i < row->count; i++) {
		wq_csv_write(stdout, row->fields[i].text);
		putchar(',');
	}
	if (class_ != WQ_CLASS_NONE)
		printf("%d", class_);
	putchar(',');
	write_items(job, determining);
	putchar(',');
	write_exceedance(job, values.of);
	if (job->request->remarks)
		write_remarks(job, row, &values);
	putchar('\n');
}

/* A header in another encoding hides columns, and a class looks better when an item is missing: said. */
static void note_encoding(const struct job *job, const char *const *names, size_t count)
{
	bool foreign = false;

	for (size_t i = 0; i < count; i++)
		foreign |= mbstowcs(NULL, names[i], 0) == (size_t)-1;
	if (!foreign)
		return;
	fprintf(stderr,
	        "%s:1: note: the header is not UTF-8 (iconv -f GB18030 -t UTF-8 converts it); not judged, "
	        "for want of a column:",
	        job->name);
	for (size_t i = 0; i < job->standard->evaluated_count; i++)
		if (job->columns[i] == NO_COLUMN)
			fprintf(stderr, " %s", job->items[i]->alias);
	fputc('\n', stderr);
}

/* The column of a parameter, or NO_COLUMN. */
static int column_of(const struct job *job, const int *parameters, size_t count, const char *code)
{
	for (size_t c = count; c-- > 0;)
		if (parameters[c] >= 0 && strcmp(job->parameters[parameters[c]].code, code) == 0)
			return (int)c;
	return NO_COLUMN;
}

/* Finds the columns of the evaluated items and writes the header. */
static int write_header(struct job *job)
{
	const char *const *names;
	const int *parameters;
	size_t count = wq_csv_columns(job->csv, &names, &parameters), found = 0, wanted = 0;

	job->temperature = column_of(job, parameters, count, "w01010");
	for (size_t i = 0; i < job->standard->evaluated_count; i++) {
		const struct wq_standard_row *row = wq_standard_find(job->standard,
		        job->standard->evaluated[i], job->request->water, false);

		job->columns[i] = NO_COLUMN;
		if (row != NULL && row->evaluated) {
			job->wanted |= 1U << i;
			job->columns[i] = column_of(job, parameters, count, job->items[i]->code);
			wanted++;
		}
		found += job->columns[i] != NO_COLUMN;
	}
	if (found == 0) {
		fprintf(stderr, "%s:1: the header has none of the columns", job->name);
		for (size_t i = 0; i < job->standard->evaluated_count; i++)
			fprintf(stderr, " %s", job->items[i]->alias);
		fputc('\n', stderr);
		return CTL_WRONG;
	}
	if (found < wanted)
		note_encoding(job, names, count);
	for (size_t i = 0; i < count; i++) {
		wq_csv_write(stdout, names[i]);
		putchar(',');
	}
	printf("class,determining,exceedance%s\n",
	        job->request->remarks ? ",lacking,unmeasured,saturation" : "");
	return CTL_DONE;
}

static int write_rows(struct job *job)
{
	struct wq_csv_row row;
	struct wq_err err;
	int r;

	while ((r = wq_csv_next(job->csv, &row, &err)) != 0) {
		if (r > 0) {
			write_row(job, &row);
			continue;
		}
		ctl_complain(&job->complaints, "%s", err.text);
		job->wrong++;
	}
	ctl_complained(job->complaints);
	if (job->wrong > 0)
		fprintf(stderr, "%s: %zu rows could not be judged\n", job->name, job->wrong);
	return job->wrong > 0 ? CTL_WRONG : CTL_DONE;
}

static int classify(
        const struct request *request, const struct config *config, FILE *from, const char *name)
{
	struct job job = { .request = request,
		.name = name,
		.standard = config == NULL ? &wq_gb3838 : config->site.standard,
		.parameters = config == NULL ? wq_parameters : config->site.parameters,
		.parameter_count = config == NULL ? wq_parameter_count : config->site.parameter_count };
	struct wq_err err;
	int status;

	for (size_t i = 0; i < job.standard->evaluated_count; i++)
		job.items[i] = &job.parameters[wq_parameter_find(
		        job.parameters, job.parameter_count, job.standard->evaluated[i])];
	job.csv = wq_csv_open(
	        from, name, job.parameters, job.parameter_count, &wq_zone_china, false, &err);
	if (job.csv == NULL) {
		ctl_complain(&job.complaints, "%s", err.text);
		return CTL_WRONG;
	}
	status = write_header(&job);
	if (status == CTL_DONE)
		status = write_rows(&job);
	wq_csv_close(job.csv);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "output cannot be written: %s\n", strerror(errno));
		status = CTL_WRONG;
	}
	return status;
}

int ctl_classify(int argc, char **argv)
{
	struct request request = { .water = WQ_RIVER };
	struct config_report report;
	struct config *config = NULL;
	FILE *from;
	int status;

	if (argp_parse(&parser, argc, argv, 0, NULL, &request) != 0)
		return CTL_USAGE;
	if (request.config != NULL && (config = config_load(request.config, &report)) == NULL) {
		config_report_print(&report, "nothing was classified", stderr);
		return CTL_WRONG;
	}
	from = strcmp(request.file, "-") == 0 ? stdin : fopen(request.file, "re");
	if (from == NULL) {
		fprintf(stderr, "%s: %s\n", request.file, strerror(errno));
		config_free(config);
		return CTL_WRONG;
	}
	status = classify(&request, config, from, from == stdin ? "stdin" : request.file);
	if (from != stdin)
		fclose(from);
	config_free(config);
	return status;
}
