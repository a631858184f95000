/* SPDX-License-Identifier: Apache-2.0 */
/* See list.h. */
#include "list.h"

#include "commands.h"
#include "table.h"

#include <stdio.h>

static int print(const struct ctl_list *list, const json_t *rows)
{
	struct ctl_table table;

	ctl_table_begin(&table, list->columns, list->keys);
	for (size_t i = 0; i < json_array_size(rows); i++) {
		const json_t *row = json_array_get(rows, i);
		const char *cells[CTL_TABLE_COLUMNS];

		for (size_t c = 0; c < list->columns; c++)
			cells[c] = json_string_value(json_object_get(row, list->keys[c]));
		if (list->mark)
			list->mark(row, cells);
		ctl_table_row(&table, cells);
	}
	bool whole = ctl_table_print(&table, stdout);

	ctl_table_free(&table);
	if (json_array_size(rows) == 0)
		fprintf(stderr, "%s\n", list->nothing);
	if (!whole)
		fputs("wqctl: memory ran out, the table is not complete\n", stderr);
	return whole ? CTL_DONE : CTL_WRONG;
}

int ctl_list(const struct ctl_target *target, const struct ctl_list *list, bool raw)
{
	struct ctl_answer answer;
	int r = ctl_ask(target, "GET", list->path, NULL, &answer);

	if (r != CTL_DONE)
		return r;
	if (raw) {
		json_dumpf(answer.json, stdout, JSON_INDENT(2));
		putchar('\n');
	} else {
		r = print(list, json_object_get(answer.json, list->member));
	}
	ctl_answer_free(&answer);
	return r;
}
