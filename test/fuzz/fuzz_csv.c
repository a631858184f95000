/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes through the CSV reader: every row it gives must be as wide as its header, values only
 * where it says so, and line numbers must ascend. */
#include "wq/csv.h"
#include "wq/err.h"
#include "wq/table.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void check_row(
        const struct wq_csv_row *row, size_t columns, const int *parameters, size_t line)
{
	require(row->count == columns && row->line > line);
	require(!row->time_wrong || row->at == WQ_NO_TIME);
	for (size_t i = 0; i < row->count; i++) {
		const struct wq_csv_field *field = &row->fields[i];

		require(isfinite(field->value) == (field->cell == WQ_CELL_VALUE));
		require(parameters[i] >= 0 || field->cell == WQ_CELL_NOT_MEASURED);
		require(strlen(field->text) <= (size_t)1 << 20);
	}
}

/* The same bytes as the importer reads them: what is given is finite and named, it goes on and ends. */
static void read_table(const uint8_t *data, size_t size)
{
	const struct wq_table_wish wish = { .parameters = wq_parameters,
		.parameter_count = wq_parameter_count,
		.zone = &wq_zone_china,
		.reference = WQ_DAYS(20000),
		.below_half = size % 2 == 0,
		.year = size % 3 == 0 ? 2026 : 0,
		.station = size % 5 == 0 ? "one" : NULL };
	struct wq_table_reading reading;
	struct wq_err err = { .code = 0 };
	FILE *from = fmemopen((void *)(uintptr_t)data, size, "r");
	size_t line = 0;
	int r;

	require(from != NULL);
	struct wq_table *table = wq_table_open(from, "fuzz", &wish, &err);
	require(table != NULL || (err.code < 0 && err.text[0] != '\0'));
	while (table != NULL && (r = wq_table_next(table, &reading, &err)) != 0) {
		require(r == 1 || err.text[0] != '\0');
		if (r < 0)
			continue;
		require(isfinite(reading.value) && reading.parameter < wq_parameter_count && reading.at != WQ_NO_TIME);
		require(reading.station != NULL && reading.station[0] != '\0' && reading.line >= line);
		require(memchr(reading.flag, '\0', sizeof reading.flag) != NULL);
		line = reading.line;
	}
	wq_table_close(table);
	fclose(from);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *const *names;
	const int *parameters;
	struct wq_csv_row row;
	struct wq_err err;
	struct wq_csv *csv;
	size_t columns, line = 0;
	FILE *from;
	int r;

	if (size == 0)
		return 0;
	read_table(data, size);
	from = fmemopen((void *)data, size, "r");
	require(from != NULL);
	csv = wq_csv_open(
	        from, "fuzz", wq_parameters, wq_parameter_count, &wq_zone_china, false, &err);
	if (csv != NULL) {
		columns = wq_csv_columns(csv, &names, &parameters);
		while ((r = wq_csv_next(csv, &row, &err)) != 0) {
			if (r < 0)
				continue;
			check_row(&row, columns, parameters, line);
			line = row.line;
		}
	}
	wq_csv_close(csv);
	fclose(from);
	return 0;
}
