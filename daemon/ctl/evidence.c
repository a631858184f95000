/* SPDX-License-Identifier: Apache-2.0 */
/* wqctl alarms ALARM --evidence: what an alarm was judged by, change by change. */
#include "evidence.h"

#include "commands.h"
#include "store/reader.h"
#include "table.h"
#include "wq/alarm.h"
#include "wq/decimal.h"
#include "wq/err.h"

#include <stdlib.h>
#include <string.h>

#define CELL 160

/* A scalar as it reads in a sentence; "-" for null. */
static const char *scalar(const json_t *value, char buf[CELL])
{
	char number[WQ_DECIMAL_TEXT];

	if (json_is_string(value))
		snprintf(buf, CELL, "%s", json_string_value(value));
	else if (json_is_integer(value))
		snprintf(buf, CELL, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	else if (json_is_real(value))
		snprintf(buf, CELL, "%s", wq_value_format(json_real_value(value), number));
	else if (json_is_boolean(value))
		snprintf(buf, CELL, "%s", json_is_true(value) ? "yes" : "no");
	else
		snprintf(buf, CELL, "-");
	return buf;
}

static void print_text(FILE *to, const char *text)
{
	ctl_text_write(to, text);
}

/* "  title     key value, key value" of an object of scalars. */
static void print_pairs(const char *title, const json_t *object, FILE *to)
{
	const char *key, *separator = "";
	json_t *value;
	char buf[CELL];

	if (json_object_size(object) == 0)
		return;
	fprintf(to, "  %-9s ", title);
	json_object_foreach((json_t *)object, key, value)
	{
		fputs(separator, to);
		print_text(to, key);
		fputc(' ', to);
		print_text(to, scalar(value, buf));
		separator = ", ";
	}
	fputc('\n', to);
}

/* A table of what the cells of each row of an array are. */
static void print_rows(
        const char *title, const json_t *list, const char *const *keys, size_t columns, FILE *to)
{
	char text[8][CELL];
	const char *cells[8];
	struct ctl_table table;

	if (json_array_size(list) == 0)
		return;
	fprintf(to, "  %s\n", title);
	ctl_table_begin(&table, columns, keys);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *row = json_array_get(list, i);

		for (size_t c = 0; c < columns; c++)
			cells[c] = scalar(json_is_array(row) ? json_array_get(row, c)
			                                     : json_object_get(row, keys[c]),
			        text[c]);
		ctl_table_row(&table, cells);
	}
	ctl_table_print(&table, to);
	ctl_table_free(&table);
}

static void print_judgement(const json_t *evidence, FILE *to)
{
	char buf[CELL];
	const json_t *standard = json_object_get(evidence, "standard");

	fputs("  rule      ", to);
	print_text(to, scalar(json_object_get(evidence, "rule"), buf));
	fprintf(to, " (%s), settings ", scalar(json_object_get(evidence, "kind"), buf));
	fprintf(to, "%s\n  judged    value ", scalar(json_object_get(evidence, "hash"), buf));
	fprintf(to, "%s, limit ", scalar(json_object_get(evidence, "value"), buf));
	fputs(scalar(json_object_get(evidence, "limit"), buf), to);
	/* The standard is what the limit comes from where it is a class's. */
	if (json_object_get(standard, "class")) {
		fputs(" (", to);
		print_text(to, scalar(json_object_get(standard, "name"), buf));
		fprintf(to, " class %s, ", scalar(json_object_get(standard, "class"), buf));
		print_text(to, scalar(json_object_get(standard, "water"), buf));
		fputc(')', to);
	}
	fputc('\n', to);
}

/* What the alarm stands for; where the evidence had no room for all of it, it says how many there are. */
static void print_covered(const json_t *evidence, FILE *to)
{
	const json_t *list = json_object_get(evidence, "covered");
	char buf[CELL];

	if (json_array_size(list) == 0)
		return;
	fprintf(to, "  covers    %s:", scalar(json_object_get(evidence, "covers"), buf));
	for (size_t i = 0; i < json_array_size(list); i++) {
		fputc(' ', to);
		print_text(to, scalar(json_array_get(list, i), buf));
	}
	fputc('\n', to);
}

void evidence_print(const json_t *evidence, FILE *to)
{
	static const char *const reading[] = { "time", "value", "quality" };
	static const char *const neighbour[] = { "where", "station", "parameter", "time", "value",
		"unit", "quality" };
	const json_t *first = json_object_get(evidence, "first");
	char buf[CELL];

	print_judgement(evidence, to);
	print_pairs("standard", json_object_get(evidence, "standard"), to);
	print_pairs("facts", json_object_get(evidence, "facts"), to);
	print_pairs("settings", json_object_get(evidence, "settings"), to);
	if (first)
		fprintf(to, "  first     %s\n", scalar(first, buf));
	print_covered(evidence, to);
	print_rows("readings", json_object_get(evidence, "readings"), reading, 3, to);
	print_rows("neighbours", json_object_get(evidence, "neighbours"), neighbour, 7, to);
}

/* -- reading them -- */

static int head(void *owner, const char *const *names, size_t count, struct wq_err *err)
{
	(void)owner, (void)names, (void)count, (void)err;
	return 0;
}

static json_t *text_cell(const struct reader_cell *cell)
{
	json_t *text = cell->type == READER_TEXT ? json_stringn(cell->text, cell->length) : NULL;

	return text ? text : json_string("");
}

static int row(void *owner, const struct reader_cell *cells, size_t count, struct wq_err *err)
{
	static const char *const keys[] = { "change", "time", "level", "text", "hushed" };
	json_t *change = json_object(), *list = owner;

	for (size_t i = 0; i < sizeof keys / sizeof *keys && i < count; i++)
		json_object_set_new(change, keys[i], text_cell(&cells[i]));
	json_object_set_new(change, "evidence",
	        json_loads(cells[count - 1].type == READER_TEXT ? cells[count - 1].text : "{}", 0,
	                NULL));
	if (json_array_append_new(list, change) < 0)
		return wq_fail(err, WQ_E_MEMORY, "no memory for the changes of the alarm");
	return 0;
}

static void print_change(const char *name, const json_t *change, FILE *to)
{
	static const char *const keys[] = { "change", "time", "level", "text" };
	const char *hushed = json_string_value(json_object_get(change, "hushed"));

	fputs(name, to);
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		fputs("  ", to);
		print_text(to, json_string_value(json_object_get(change, keys[i])));
	}
	if (hushed && hushed[0])
		fprintf(to, "  (nobody was told: %s)", hushed);
	fputc('\n', to);
	/* What people measured was judged by nobody. */
	if (json_object_size(json_object_get(change, "evidence")) > 0)
		evidence_print(json_object_get(change, "evidence"), to);
}

static int print_all(const struct query *query, const json_t *list)
{
	char name[WQ_ALARM_NAME];

	wq_alarm_name(query->alarm, name);
	if (json_array_size(list) == 0) {
		fprintf(stderr, "wqctl: the history knows no alarm %s\n", name);
		return CTL_WRONG;
	}
	if (query->format == QUERY_JSON) {
		json_dumpf(list, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(15));
		putchar('\n');
		return CTL_DONE;
	}
	for (size_t i = 0; i < json_array_size(list); i++)
		print_change(name, json_array_get(list, i), stdout);
	return CTL_DONE;
}

int evidence_run(const struct query *query)
{
	struct reader *reader = NULL;
	struct wq_err err;
	json_t *list = json_array();
	struct reader_sink sink = { list, head, row };
	int status = query_open(query, &reader);

	if (status == CTL_DONE) {
		int r = reader_evidence(reader, query->alarm, &sink, &err);

		reader_close(reader); /* let go before anything is printed */
		if (r < 0)
			fprintf(stderr, "wqctl: %s\n", err.text);
		status = r < 0 ? CTL_WRONG : print_all(query, list);
	}
	json_decref(list);
	return status;
}
