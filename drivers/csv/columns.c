/* SPDX-License-Identifier: Apache-2.0 */
/* The header: which column is what. Two columns for one thing are refused, because one of them
 * would be ignored. */
#include "columns.h"

#include "wq/err.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char *csv_trim(const char *text, char buf[CSV_CELL_TEXT])
{
	size_t length;

	text += strspn(text, " \t");
	length = strlen(text);
	if (length == 0 || (text[length - 1] != ' ' && text[length - 1] != '\t'))
		return text;
	while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '\t'))
		length--;
	if (length >= CSV_CELL_TEXT)
		return NULL;
	memcpy(buf, text, length);
	buf[length] = '\0';
	return buf;
}

/* A column with a meaning of its own may occur once. */
static int claim(int *column, size_t index, const char *name, struct wq_err *err)
{
	if (*column >= 0)
		return wq_fail(err, WQ_E_INVALID, "columns %d and %zu are both '%s'", *column + 1,
		        index + 1, name);
	*column = (int)index;
	return WQ_OK;
}

static int claim_parameter(struct csv_columns *columns, size_t index, int parameter,
        const struct wq_parameter *table, struct wq_err *err)
{
	for (size_t i = 0; parameter >= 0 && i < index; i++) {
		if (columns->parameters[i] == parameter)
			return wq_fail(err, WQ_E_INVALID,
			        "columns %zu '%.32s' and %zu '%.32s' are both %s", i + 1,
			        columns->names[i], index + 1, columns->names[index],
			        table[parameter].name);
	}
	columns->parameters[index] = parameter;
	return WQ_OK;
}

static int read_column(struct csv_columns *columns, size_t index, const struct wq_parameter *table,
        size_t table_count, struct wq_err *err)
{
	char buf[CSV_CELL_TEXT];
	const char *name = csv_trim(columns->names[index], buf);

	columns->parameters[index] = -1;
	if (name == NULL || *name == '\0')
		return WQ_OK;
	if (strcasecmp(name, "time") == 0)
		return claim(&columns->time, index, "time", err);
	if (strcasecmp(name, "station") == 0)
		return claim(&columns->station, index, "station", err);
	return claim_parameter(
	        columns, index, wq_parameter_find(table, table_count, name), table, err);
}

int columns_read(struct csv_columns *columns, size_t count, const char *const *fields,
        const struct wq_parameter *table, size_t table_count, struct wq_err *err)
{
	*columns = (struct csv_columns){ .time = -1, .station = -1 };
	for (size_t i = 0; i < count; i++) {
		columns->names[i] = strdup(fields[i]);
		if (columns->names[i] == NULL)
			return wq_fail(err, WQ_E_MEMORY, "no memory");
		columns->count++;
	}
	for (size_t i = 0; i < count; i++) {
		int r = read_column(columns, i, table, table_count, err);

		if (r != WQ_OK)
			return r;
	}
	return WQ_OK;
}

void columns_free(struct csv_columns *columns)
{
	for (size_t i = 0; i < columns->count; i++)
		free((char *)columns->names[i]);
	columns->count = 0;
}
