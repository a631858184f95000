/* SPDX-License-Identifier: Apache-2.0 */
/* The CSV of a roster, as an office plans it in a table: date, shift, person, role. */
#include "rosters.h"

#include "suggest.h"

#include "wq/csv.h"
#include "wq/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum column { DATE, SHIFT, PERSON, ROLE, COLUMNS };

struct table {
	struct roster_plan *plan;
	const char *path;
	int columns[COLUMNS]; /* -1: not there */
};

__attribute__((format(printf, 3, 4))) static void complain(struct table *t, size_t line, const char *format, ...)
{
	char text[WQ_ERR_TEXT];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	report_add_in(t->plan->l->report, t->path, (int)line, false, t->plan->section->where, "%s", text);
}

static bool find_columns(struct table *t, const struct wq_csv *csv)
{
	static const char *const names[] = { "date", "shift", "person", "role" };
	const char *const *header;
	const int *parameters;
	const size_t count = wq_csv_columns(csv, &header, &parameters);
	bool whole = true;

	for (int c = 0; c < COLUMNS; c++) {
		t->columns[c] = -1;
		for (size_t i = 0; i < count; i++)
			if (strcmp(header[i], names[c]) == 0)
				t->columns[c] = (int)i;
		if (t->columns[c] >= 0 || c == ROLE)
			continue;
		complain(t, 1, "there is no column %s; needed are date, shift, person; role may be there", names[c]);
		whole = false;
	}
	return whole;
}

/* A contact by title, or by the name that officers read where only one has it. */
static uint32_t find_person(const struct table *t, const char *name)
{
	const struct config *config = t->plan->l->config;
	uint32_t found = WQ_NONE;
	size_t count = 0;

	for (uint32_t i = 0; i < config->contact_count; i++) {
		if (strcmp(config->contacts[i].id, name) == 0)
			return i;
		if (config->contacts[i].name != NULL && strcmp(config->contacts[i].name, name) == 0) {
			found = i;
			count++;
		}
	}
	return count == 1 ? found : WQ_NONE;
}

static uint32_t find_shift(const struct table *t, const char *name)
{
	for (uint32_t i = 0; i < t->plan->shifts.count; i++)
		if (strcmp(t->plan->shifts.items[i], name) == 0)
			return i;
	return WQ_NONE;
}

static bool find_role(const char *text, enum roster_role *role)
{
	static const struct {
		const char *name;
		enum roster_role role;
	} names[] = { { "", ROSTER_LEAD }, { "lead", ROSTER_LEAD }, { "牵头", ROSTER_LEAD }, { "assist", ROSTER_ASSIST },
		{ "配合", ROSTER_ASSIST }, { "leader", ROSTER_LEADER }, { "领导", ROSTER_LEADER }, { "带班", ROSTER_LEADER },
		{ "领导带班", ROSTER_LEADER } };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (strcmp(names[i].name, text) != 0)
			continue;
		*role = names[i].role;
		return true;
	}
	return false;
}

static const char *cell(const struct table *t, const struct wq_csv_row *row, enum column column)
{
	return t->columns[column] < 0 ? "" : row->fields[t->columns[column]].text;
}

static void complain_of_person(struct table *t, size_t line, const char *name)
{
	const struct names *known = &t->plan->l->contact_names;
	struct suggest suggest = { .wanted = name };
	char end[SUGGEST_TEXT];

	for (size_t i = 0; i < known->count; i++)
		suggest_offer(&suggest, known->items[i]);
	complain(t, line, "person '%.60s': is the title of no contact, and not the name of one alone%s", name,
	        suggest_end(&suggest, end));
}

static void take_row(struct table *t, const struct wq_csv_row *row)
{
	const size_t errors = t->plan->l->report->error_count;
	struct roster_entry entry = { .layer = ROSTER_FILE };

	if (!roster_day(cell(t, row, DATE), &entry.day))
		complain(t, row->line, "date '%.40s': must be a date such as 2026-03-05", cell(t, row, DATE));
	entry.shift = find_shift(t, cell(t, row, SHIFT));
	if (entry.shift == WQ_NONE)
		complain(t, row->line, "shift '%.60s': is none of the roster's shifts", cell(t, row, SHIFT));
	entry.person = find_person(t, cell(t, row, PERSON));
	if (entry.person == WQ_NONE)
		complain_of_person(t, row->line, cell(t, row, PERSON));
	if (!find_role(cell(t, row, ROLE), &entry.role))
		complain(t, row->line, "role '%.40s': allowed are lead (牵头), assist (配合), leader (领导带班)", cell(t, row, ROLE));
	if (t->plan->l->report->error_count == errors)
		roster_put(t->plan, &entry);
}

/* "name:line: text" of the reader -> line and text. */
static void complain_of_form(struct table *t, const char *text)
{
	const size_t name = strlen(t->path);
	size_t line = 0;
	int used = 0;

	if (strncmp(text, t->path, name) == 0 && sscanf(text + name, ":%zu: %n", &line, &used) == 1 && used > 0)
		complain(t, line, "%s", text + name + used);
	else
		complain(t, 0, "%s", text);
}

static void read_rows(struct table *t, FILE *from)
{
	struct wq_csv_row row;
	struct wq_err err;
	struct wq_csv *csv = wq_csv_open(from, t->path, NULL, 0, t->plan->roster->zone, false, &err);
	int r;

	if (csv == NULL) {
		complain_of_form(t, err.text);
		return;
	}
	const bool whole = find_columns(t, csv);

	while (whole && !t->plan->full && (r = wq_csv_next(csv, &row, &err)) != 0) {
		if (r < 0)
			complain_of_form(t, err.text);
		else
			take_row(t, &row);
	}
	wq_csv_close(csv);
}

void roster_read_file(struct roster_plan *plan, const char *path)
{
	struct table t = { .plan = plan, .path = load_beside(plan->l, path) };
	struct wq_err err;
	size_t length;
	char *text = load_whole(t.path, ROSTER_FILE_MAX, &length, &err);
	FILE *from;

	if (text == NULL) {
		load_error(plan->l, plan->section, "file", 0, "file: %s %s", t.path, err.text);
		return;
	}
	from = length == 0 ? NULL : fmemopen(text, length, "r");
	if (from == NULL) {
		load_error(plan->l, plan->section, "file", 0, "file: %s %s", t.path, length == 0 ? "is empty" : "no memory to read it");
	} else {
		read_rows(&t, from);
		fclose(from);
	}
	free(text);
}
