/* SPDX-License-Identifier: Apache-2.0 */
/* wqctl round: the values of a CSV in another view. One row in, one row out, constant memory. */
#include "commands.h"
#include "complaint.h"
#include "view.h"

#include "wq/csv.h"
#include "wq/err.h"
#include "wq/instant.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

struct request {
	enum wq_rounding view; /* WQ_RAW: not given */
	const char *file;
};

struct job {
	const struct request *request;
	const char *name; /* of the file, for errors */
	struct wq_csv *csv;
	const char *const *names;
	const int *parameters; /* by column: index of the parameter, or -1 */
	size_t wrong;          /* cells and rows */
	size_t complaints;
};

static const struct argp_option options[] = {
	{ "view", 'v', "displayed|evaluation", 0,
	        "as the national platform displays values, or as they are evaluated (required)",
	        0 },
	{ 0 },
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct request *request = state->input;

	switch (key) {
	case 'v':
		if (!ctl_view(arg, &request->view) || request->view == WQ_RAW)
			argp_error(state, "--view is 'displayed' or 'evaluation', not '%s'", arg);
		return 0;
	case ARGP_KEY_ARG:
		if (request->file != NULL)
			argp_error(state, "one FILE only");
		request->file = arg;
		return 0;
	case ARGP_KEY_END:
		if (request->file == NULL)
			argp_error(state, "FILE is missing; '-' reads standard input");
		if (request->view == WQ_RAW)
			argp_error(state, "--view displayed or --view evaluation is missing");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp parser = {
	.options = options,
	.parser = parse_option,
	.args_doc = "FILE|-",
	.doc = "Prints a CSV with the values of its parameters rounded to a view.\v"
	       "Columns that are parameters are found by HJ 525 code, alias or name. Their values "
	       "are "
	       "rounded once, half to even, from the decimal as written (GB/T 8170); where the "
	       "result "
	       "would be 0, one significant digit is kept; an exact zero is 0. Missing marks, "
	       "other "
	       "columns and the order of rows stay as they are.\n\n"
	       "Exit status: 0 done, 1 something in the file is wrong (each named by file:line, "
	       "the cell "
	       "is kept as it was), 2 usage.",
};

static void write_cell(struct job *job, const struct wq_csv_row *row, size_t column)
{
	const struct wq_csv_field *field = &row->fields[column];
	const int parameter = job->parameters[column];
	char text[WQ_DECIMAL_TEXT];
	struct wq_decimal d;
	const char *why = NULL;

	if (parameter < 0 || field->cell == WQ_CELL_MISSING ||
	        field->cell == WQ_CELL_NOT_MEASURED) {
		wq_csv_write(stdout, field->text);
		return;
	}
	if (field->cell == WQ_CELL_WRONG)
		why = "not a number";
	else if (ctl_rounded(field, &wq_parameters[parameter], job->request->view, &d) < 0)
		why = "too large or too small to be rounded";
	if (why == NULL) {
		fputs(wq_decimal_show(
		              d, wq_places(&wq_parameters[parameter], job->request->view), text),
		        stdout);
		return;
	}
	job->wrong++;
	ctl_complain(&job->complaints, "%s:%zu: %s = '%.60s': %s", job->name, row->line,
	        wq_parameters[parameter].alias, field->text, why);
	wq_csv_write(stdout, field->text);
}

static void write_row(struct job *job, const struct wq_csv_row *row)
{
	for (size_t i = 0; i < row->count; i++) {
		if (i > 0)
			putchar(',');
		write_cell(job, row, i);
	}
	putchar('\n');
}

static int write_header(struct job *job)
{
	const size_t count = wq_csv_columns(job->csv, &job->names, &job->parameters);
	size_t found = 0;

	for (size_t i = 0; i < count; i++)
		found += job->parameters[i] >= 0;
	if (found == 0) {
		fprintf(stderr, "%s:1: the header has no column of a parameter (ph, do, tp …)\n",
		        job->name);
		return CTL_WRONG;
	}
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			putchar(',');
		wq_csv_write(stdout, job->names[i]);
	}
	putchar('\n');
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
		fprintf(stderr, "%s: %zu cells or rows could not be rounded\n", job->name,
		        job->wrong);
	return job->wrong > 0 ? CTL_WRONG : CTL_DONE;
}

static int round_file(const struct request *request, FILE *from, const char *name)
{
	struct job job = { .request = request, .name = name };
	struct wq_err err;
	int status;

	job.csv = wq_csv_open(
	        from, name, wq_parameters, wq_parameter_count, &wq_zone_china, false, &err);
	if (job.csv == NULL) {
		ctl_complain(&job.complaints, "%s", err.text);
		return CTL_WRONG;
	}
	status = write_header(&job);
	if (status == CTL_DONE)
		status = write_rows(&job);
	wq_csv_close(job.csv);
	return status;
}

int ctl_round(int argc, char **argv)
{
	struct request request = { .view = WQ_RAW };
	FILE *from;
	int status;

	if (argp_parse(&parser, argc, argv, 0, NULL, &request) != 0)
		return CTL_USAGE;
	if (strcmp(request.file, "-") == 0)
		return round_file(&request, stdin, "stdin");
	from = fopen(request.file, "re");
	if (from == NULL) {
		fprintf(stderr, "%s: %s\n", request.file, strerror(errno));
		return CTL_WRONG;
	}
	status = round_file(&request, from, request.file);
	fclose(from);
	return status;
}
