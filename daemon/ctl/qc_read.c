/* SPDX-License-Identifier: Apache-2.0 */
/* The rows that `wqctl qc` judges. */
#include "qc.h"

#include "commands.h"
#include "complaint.h"

#include "wq/decimal.h"
#include "wq/err.h"
#include "wq/instant.h"
#include "wq/parameter.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <strings.h>

int qc_open(struct qc_input *input, const char *file)
{
	struct wq_err err;

	input->last = WQ_NO_TIME;
	input->name = strcmp(file, "-") == 0 ? "stdin" : file;
	input->from = strcmp(file, "-") == 0 ? stdin : fopen(file, "re");
	if (input->from == NULL) {
		fprintf(stderr, "wqctl: %s: %s\n", file, strerror(errno));
		return CTL_WRONG;
	}
	input->csv = wq_csv_open(input->from, input->name, wq_parameters, wq_parameter_count,
	        &wq_zone_china, true, &err);
	if (input->csv != NULL)
		return CTL_DONE;
	ctl_complain(&input->wrong, "%s", err.text);
	return CTL_WRONG;
}

void qc_close(struct qc_input *input)
{
	wq_csv_close(input->csv);
	if (input->from != NULL && input->from != stdin)
		fclose(input->from);
}

int qc_column(struct qc_input *input, const char *name)
{
	const int parameter = wq_parameter_find(wq_parameters, wq_parameter_count, name);
	const char *const *names;
	const int *parameters;
	const size_t count = wq_csv_columns(input->csv, &names, &parameters);

	for (size_t i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return (int)i;
	for (size_t i = 0; i < count; i++)
		if (parameter >= 0 && parameters[i] == parameter)
			return (int)i;
	ctl_complain(&input->wrong, "%s:1: the header has no column '%.60s'", input->name, name);
	return -1;
}

bool qc_next(struct qc_input *input, struct wq_csv_row *row)
{
	struct wq_err err;
	int got;

	while ((got = wq_csv_next(input->csv, row, &err)) != 0) {
		if (got < 0)
			ctl_complain(&input->wrong, "%s", err.text);
		else if (row->at == WQ_NO_TIME)
			ctl_complain(&input->wrong, "%s:%zu: '%.40s' is no time", input->name,
			        row->line, row->time_text);
		else if (input->last != WQ_NO_TIME && row->at < input->last)
			ctl_complain(&input->wrong,
			        "%s:%zu: %.40s is before the row before; rows must ascend by time",
			        input->name, row->line, row->time_text);
		else {
			input->last = row->at;
			return true;
		}
	}
	return false;
}

/* Words that stand for what is no decimal number. */
static bool special(const char *text, double *value)
{
	static const struct {
		const char *word;
		double value;
	} words[] = { { "", NAN }, { "--", NAN }, { "*", NAN }, { "nan", NAN }, { "na", NAN },
		{ "null", NAN }, { "inf", INFINITY }, { "+inf", INFINITY }, { "-inf", -INFINITY },
		{ "infinity", INFINITY }, { "+infinity", INFINITY }, { "-infinity", -INFINITY } };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcasecmp(text, words[i].word) == 0) {
			*value = words[i].value;
			return true;
		}
	return false;
}

double qc_value(struct qc_input *input, const struct wq_csv_row *row, int column)
{
	const char *text = row->fields[column].text + strspn(row->fields[column].text, " \t");
	const size_t length = strcspn(text, " \t");
	char trimmed[128];
	double value = NAN;

	if (length < sizeof trimmed && text[length + strspn(text + length, " \t")] == '\0') {
		memcpy(trimmed, text, length);
		trimmed[length] = '\0';
		if (special(trimmed, &value) || wq_value_parse(trimmed, &value, NULL) == 0)
			return value;
	}
	ctl_complain(&input->wrong, "%s:%zu: '%.60s': not a number", input->name, row->line, text);
	return NAN;
}

int qc_status(const struct qc_input *input)
{
	ctl_complained(input->wrong);
	return input->wrong > 0 ? CTL_WRONG : CTL_DONE;
}
