/* SPDX-License-Identifier: Apache-2.0 */
/* The national platform publishes raw and displayed values side by side: rounding the raw one for
 * display must give the displayed one, in every cell. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wq/csv.h"
#include "wq/decimal.h"
#include "wq/err.h"
#include "wq/parameter.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct counts {
	size_t cells, ties;
};

/* Column of the raw value that belongs to column `i`, or -1. */
static int raw_column(const char *const *names, size_t count, size_t i)
{
	for (size_t k = 0; k < count; k++) {
		size_t length = strlen(names[i]);

		if (strncmp(names[k], names[i], length) == 0 &&
		        strcmp(names[k] + length, "_raw") == 0)
			return (int)k;
	}
	return -1;
}

/* Chlorophyll and algae were first shown with two places, whatever their unit. */
static bool shown_otherwise(const struct wq_parameter *parameter, struct wq_decimal shown)
{
	return shown.places == 2 &&
	        (strcmp(parameter->alias, "chla") == 0 || strcmp(parameter->alias, "algae") == 0);
}

static void check_cell(const char *raw, const char *shown, const struct wq_parameter *parameter,
        struct counts *counts)
{
	struct wq_decimal from, to, again;
	int places = parameter->display_places;
	double value = -1;

	if (wq_decimal_parse(raw, &from, NULL) != WQ_OK ||
	        wq_decimal_parse(shown, &to, NULL) != WQ_OK)
		return;
	if (shown_otherwise(parameter, to))
		places = 2;
	assert_int_equal(wq_decimal_compare(wq_decimal_evaluate(from, places), to), 0);
	/* And through the double that values travel as. */
	assert_int_equal(wq_value_parse(raw, &value, NULL), WQ_OK);
	assert_true(wq_decimal_from_double(value, &again));
	assert_int_equal(wq_decimal_compare(wq_decimal_evaluate(again, places), to), 0);
	counts->cells++;
	counts->ties += from.places == places + 1 && from.digits % 10 == 5;
}

static void check_file(struct wq_csv *csv, struct counts *counts)
{
	const char *const *names;
	const int *parameters;
	size_t columns = wq_csv_columns(csv, &names, &parameters);
	int raws[64];
	struct wq_csv_row row;
	struct wq_err err;

	assert_true(columns <= 64);
	for (size_t i = 0; i < columns; i++)
		raws[i] = parameters[i] >= 0 ? raw_column(names, columns, i) : -1;
	while (wq_csv_next(csv, &row, &err) == 1) {
		for (size_t i = 0; i < columns; i++) {
			if (raws[i] >= 0)
				check_cell(row.fields[raws[i]].text, row.fields[i].text,
				        &wq_parameters[parameters[i]], counts);
		}
	}
}

static void rounding_gives_every_displayed_value(void **state)
{
	const char *shared = getenv("WQ_SHARED");
	struct counts counts = { 0 };
	char path[4000], command[4096];
	struct wq_err err;
	struct wq_csv *csv;
	FILE *probe, *file;

	(void)state;
	snprintf(path, sizeof(path), "%s/data/national_daily_202005_202104.csv.gz",
	        shared == NULL ? "" : shared);
	probe = fopen(path, "re");
	if (probe == NULL) {
		print_message("SKIPPED: %s is absent; no displayed value was compared\n", path);
		skip();
	}
	fclose(probe);
	snprintf(command, sizeof(command), "gzip -dc '%s'", path);
	file = popen(command, "re");
	assert_non_null(file);
	csv = wq_csv_open(
	        file, path, wq_parameters, wq_parameter_count, &wq_zone_china, false, &err);
	assert_non_null(csv);
	check_file(csv, &counts);
	wq_csv_close(csv);
	assert_int_equal(pclose(file), 0);
	print_message(
	        "%zu displayed values, %zu of them rounded ties\n", counts.cells, counts.ties);
	assert_true(counts.cells > 100000 && counts.ties > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rounding_gives_every_displayed_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
