/* SPDX-License-Identifier: Apache-2.0 */
/* A file of limits over the built-in standard: what it changes, and what it is refused for. */
#include "loading.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define HEADER "item_code,unit,direction,I,II,III,IV,V,applies,evaluated\n"

static char folder[] = "/tmp/wq-limits-XXXXXX";
static struct config_report report;

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
	char path[64];

	(void)state;
	snprintf(path, sizeof path, "%s/limits.csv", folder);
	unlink(path);
	return rmdir(folder);
}

/* Loads HEAD with the text as its file of limits: line 13 of the configuration names it. */
static struct config *load_limits(const char *text)
{
	char path[64], conf[sizeof HEAD + 512];
	FILE *file;

	snprintf(path, sizeof path, "%s/limits.csv", folder);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
	fclose(file);
	snprintf(conf, sizeof conf,
	        HEAD "evaluation { standard = \"%s\" }\n"
	             "parameter \"alk\" { name = \"碱度\" unit = \"mg/L\" low = 0 high = 1000 }\n",
	        path);
	return load(conf, &report);
}

static struct config *load_right_limits(const char *text)
{
	struct config *config = load_limits(text);

	if (config == NULL)
		config_report_print(&report, NULL, stderr);
	assert_non_null(config);
	return config;
}

static const struct wq_standard_row *row(
        const struct config *config, const char *code, enum wq_water water, bool source)
{
	return wq_standard_find(config->site.standard, code, water, source);
}

static void without_a_file_the_built_in_standard_holds(void **state)
{
	struct config *config = load_right(HEAD);

	(void)state;
	assert_ptr_equal(config->site.standard, &wq_gb3838);
	assert_string_equal(config->site.standard->name, "GB 3838-2002");
	config_free(config);
}

static void a_row_replaces_its_item_and_leaves_the_others(void **state)
{
	struct config *config =
	        load_right_limits("# name: 张家港市管控目标\n# version: 2026-1\n" HEADER
	                          "w21011,µg/L,max,20,50,100,300,400,river,\n");
	const struct wq_standard *s = config->site.standard;

	(void)state;
	assert_string_equal(s->name, "张家港市管控目标");
	assert_string_equal(s->version, "2026-1");
	assert_true(row(config, "w21011", WQ_RIVER, false)->limit[3] == 0.1);
	assert_true(row(config, "w21011", WQ_RIVER, false)->limit[1] == 0.02);
	assert_true(row(config, "w21011", WQ_RIVER, false)->evaluated);
	assert_true(row(config, "w21011", WQ_LAKE, false)->limit[3] == 0.05);
	assert_true(row(config, "w21003", WQ_RIVER, false)->limit[3] == 1);
	assert_int_equal(s->evaluated_count, WQ_EVALUATED);
	assert_int_equal(s->waters[WQ_RIVER].count, wq_gb3838.waters[WQ_RIVER].count);
	config_free(config);
}

static void total_nitrogen_of_lakes_can_be_made_part_of_the_class(void **state)
{
	struct config *config = load_right_limits(
	        "# name: 含总氮\n" HEADER "tn,mg/L,max,0.2,0.5,1.0,1.5,2.0,lake,yes\n");
	const double values[] = { 7, 8, 2, 0.1, 0.01, 1.6 };
	unsigned items;

	(void)state;
	assert_int_equal(config->site.standard->evaluated_count, WQ_EVALUATED + 1);
	assert_int_equal(wq_standard_bit(config->site.standard, "w21001"), 1U << WQ_EVALUATED);
	assert_null(row(config, "w21001", WQ_RIVER, true));
	assert_int_equal(
	        wq_standard_section(config->site.standard, WQ_LAKE, values, &items), WQ_CLASS_V);
	assert_int_equal(items, 1U << WQ_EVALUATED);
	assert_int_equal(wq_standard_section(config->site.standard, WQ_RIVER, values, &items), 1);
	config_free(config);
}

static void own_parameters_get_limits_with_classes_or_one(void **state)
{
	struct config *config = load_right_limits(HEADER "alk,mg/L,max,,,250,,,both,\n"
	                                                 "ec,mS/cm,max,0.5,1,1.5,2,3,river,yes\n");
	const struct wq_standard_row *alk = row(config, "alk", WQ_LAKE, false);

	(void)state;
	assert_true(alk->single && !alk->source && !alk->evaluated && alk->limit[5] == 250);
	assert_true(row(config, "w01014", WQ_RIVER, false)->limit[3] == 1500);
	assert_true(row(config, "w01014", WQ_RIVER, false)->evaluated);
	assert_null(row(config, "w01014", WQ_LAKE, false));
	config_free(config);
}

static void a_limit_for_sources_is_found_before_the_general_one_and_stays_evaluated(void **state)
{
	struct config *config =
	        load_right_limits(HEADER "tp,mg/L,max,0.01,0.025,0.05,0.1,0.2,source,\n");

	(void)state;
	assert_true(row(config, "w21011", WQ_RIVER, true)->limit[3] == 0.05);
	assert_true(row(config, "w21011", WQ_RIVER, true)->evaluated);
	assert_true(row(config, "w21011", WQ_RIVER, false)->limit[3] == 0.2);
	config_free(config);
}

static void an_item_without_limits_has_none(void **state)
{
	struct config *config = load_right_limits(HEADER "tn,mg/L,max,,,,,,lake,\n");

	(void)state;
	assert_null(row(config, "w21001", WQ_LAKE, false));
	config_free(config);
}

static void a_file_without_a_version_is_known_by_its_hash(void **state)
{
	struct config *config = load_right_limits(HEADER "tn,mg/L,max,1,1,1,1.5,2,lake,\n");

	(void)state;
	assert_string_equal(config->site.standard->name, "limits.csv");
	assert_int_equal(strlen(config->site.standard->version), 16);
	config_free(config);
}

static void a_range_has_both_ends_in_one_cell(void **state)
{
	struct config *config =
	        load_right_limits("\xEF\xBB\xBF# name: x\r\n" HEADER
	                          "ph,-,range,6.5-8.5,6.5-8.5,6-8.5,6-8.5,6-8.5,both,\n");
	const struct wq_standard_row *ph = row(config, "w01001", WQ_LAKE, false);

	(void)state;
	assert_string_equal(config->site.standard->name, "x");
	assert_true(ph->limit[1] == 6.5 && ph->limit[5] == 6 && ph->high == 8.5);
	assert_int_equal(wq_standard_class(ph, 8.51), WQ_CLASS_WORSE);
	assert_int_equal(wq_standard_class(ph, 6.2), 3);
	config_free(config);
}

/* Each file is refused, and the sentence names the line. */
static const struct {
	const char *row, *says;
} wrong[] = {
	{ "xyz,mg/L,max,1,2,3,4,5,both,", "limits.csv:3: item_code 'xyz' is no parameter" },
	{ "tp,mg/L,most,1,2,3,4,5,both,", "limits.csv:3: direction 'most'" },
	{ "tp,mg/L,max,0.02,0.1,0.2,0.3,0.4,pond,", "limits.csv:3: applies 'pond'" },
	{ "tp,NTU,max,0.02,0.1,0.2,0.3,0.4,both,", "unit 'NTU' does not measure" },
	{ "tp,,max,0.02,0.1,0.2,0.3,0.4,both,", "unit '' does not measure" },
	{ "tp,mg/L,max,0.02,0.1,0,2,0.3,0.4,both,", "columns where the header has" },
	{ "tp,mg/L,max,0.02,0.1,x,0.3,0.4,both,", "limit 'x'" },
	{ "tp,mg/L,max,0.02,,0.2,0.3,0.4,both,", "all of I to V" },
	{ "tp,mg/L,max,0.02,0.1,0.2,0.1,0.4,both,",
	        "the limit of IV is stricter than that of III" },
	{ "do,mg/L,min,6,7.5,5,3,2,both,", "the limit of II is stricter than that of I" },
	{ "tp,mg/L,max,20,100,200,300,400,river,", "a factor of 1000 or more" },
	{ "tp,ug/L,max,0.02,0.1,0.2,0.3,0.4,river,", "a factor of 1000 or more" },
	{ "codmn,mg/L,max,2000,4000,6000,10000,15000,both,", "a factor of 1000 or more" },
	{ "codmn,g/L,max,2,4,6,10,15,both,", "a factor of 1000 or more" },
	{ "alk,mg/L,max,,,2000,,,both,", "outside of the plausible range" },
	{ "ph,-,range,6,6,6,6,6,both,", "a range is written low-high" },
	{ "ph,-,range,6-9,6-9,6-9,6-9,6-8,both,", "the same in every class" },
	{ "fe,mg/L,max,,,0.3,,,source,yes", "has no classes" },
	{ "tp,mg/L,max,,,0.2,,,river,", "is an evaluated item and needs limits for I to V" },
	{ "tp,mg/L,max,,,,,,river,", "is an evaluated item and needs limits for I to V" },
	{ "tn,mg/L,max,1,1,1,1.5,2,lake,maybe", "evaluated 'maybe'" },
};

/* What a spreadsheet saves in China, unless it is told otherwise. */
static void a_file_in_gbk_is_refused_by_its_line(void **state)
{
	(void)state;
	assert_null(load_limits("# version: 1\n# name: \xb9\xdc\xbf\xd8\n" HEADER "tp,mg/L,max,0.02,0.1,0.15,0.3,0.4,river,\n"));
	assert_non_null(problem(&report, 13, "limits.csv:2: not UTF-8"));
	assert_int_equal(report.error_count, 1);
}

static void a_wrong_row_is_refused_by_its_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		char text[512];

		snprintf(text, sizeof text, "%stn,mg/L,max,1,1,1,1.5,2,lake,\n%s\n", HEADER,
		        wrong[i].row);
		assert_null(load_limits(text));
		if (problem(&report, 13, wrong[i].says) == NULL) {
			config_report_print(&report, NULL, stderr);
			fail_msg("row '%s' is not refused with '%s'", wrong[i].row, wrong[i].says);
		}
	}
}

static void the_unit_alone_decides_what_a_factor_of_a_thousand_is(void **state)
{
	struct config *config = load_right_limits(HEADER "tp,ug/L,max,20,100,200,300,400,river,\n");

	(void)state;
	assert_true(row(config, "w21011", WQ_RIVER, false)->limit[3] == 0.2);
	config_free(config);
	/* 999 times is no slip of the unit */
	config = load_right_limits(HEADER "cl,mg/L,max,,,0.26,,,source,\n");
	config_free(config);
}

static void all_errors_are_told_in_one_run(void **state)
{
	(void)state;
	assert_null(load_limits("# remark\n\n" HEADER "xyz,mg/L,max,1,2,3,4,5,both,\n"
	                        "tp,mg/L,max,20,100,200,300,400,river,\n"
	                        "tn,mg/L,max,1,1,1,1.5,2,lake,\n"
	                        "tn,mg/L,max,1,1,1,1.5,2,both,\n"));
	assert_non_null(problem(&report, 13, "limits.csv:4: item_code 'xyz'"));
	assert_non_null(problem(&report, 13, "limits.csv:5: tp"));
	assert_non_null(
	        problem(&report, 13, "limits.csv:7: tn is given for the same water on line 6"));
	assert_int_equal(report.error_count, 3);
}

static void a_file_that_is_no_table_of_limits_is_refused(void **state)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{ "", "limits.csv:1: empty" },
		{ "# name: x\n", "empty" },
		{ "# name: x\nitem_code,unit,I,II,III,IV,V,applies\n",
		        "limits.csv:2: the header has no column 'direction'" },
		{ HEADER, "there are no rows" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_null(load_limits(rows[i].text));
		if (problem(&report, 13, rows[i].says) == NULL) {
			config_report_print(&report, NULL, stderr);
			fail_msg("'%s' is not said", rows[i].says);
		}
	}
	assert_null(load(HEAD "evaluation { standard = \"/nowhere/limits.csv\" }\n", &report));
	assert_non_null(problem(&report, 13, "/nowhere/limits.csv cannot be read: No such file"));
	assert_null(load(HEAD "evaluation { standard = \"/tmp\" }\n", &report));
	assert_non_null(problem(&report, 13, "is not a regular file"));
	assert_null(load(HEAD "evaluation { standard = \"/dev/zero\" }\n", &report));
	assert_non_null(problem(&report, 13, "is not a regular file"));
}

static bool same(const struct wq_standard_row *a, const struct wq_standard_row *b)
{
	return strcmp(a->code, b->code) == 0 && a->water == b->water &&
	        a->direction == b->direction &&
	        memcmp(a->limit + 1, b->limit + 1, 5 * sizeof a->limit[0]) == 0 &&
	        a->high == b->high && a->evaluated == b->evaluated && a->source == b->source &&
	        a->single == b->single;
}

/* The whole of GB 3838 written as such a file gives the built-in standard again. */
static void the_table_of_the_standard_loads_and_changes_nothing(void **state)
{
	static const char *const directions[] = { "max", "min", "range" };
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);
	struct config *config;

	(void)state;
	fputs("# name: GB 3838-2002\n# version: 2002\n" HEADER, out);
	for (int w = 0; w < WQ_WATERS; w++) {
		for (size_t i = 0; i < wq_gb3838.waters[w].count; i++) {
			const struct wq_standard_row *r = &wq_gb3838.waters[w].rows[i];
			const int p = wq_parameter_find(wq_parameters, wq_parameter_count, r->code);

			if (r->source && w == WQ_LAKE)
				continue;
			fprintf(out, "%s,%s,%s", r->code, wq_parameters[p].unit,
			        directions[r->direction]);
			for (int c = 1; c <= 5; c++) {
				if (r->single && c != 3)
					fputc(',', out);
				else if (r->direction == WQ_WITHIN)
					fprintf(out, ",%g-%g", r->limit[c], r->high);
				else
					fprintf(out, ",%g", r->limit[c]);
			}
			fprintf(out, ",%s,\n",
			        r->source              ? "source"
			                : w == WQ_LAKE ? "lake"
			                               : "river");
		}
	}
	fclose(out);
	config = load_right_limits(text);
	for (int w = 0; w < WQ_WATERS; w++) {
		assert_int_equal(config->site.standard->waters[w].count, wq_gb3838.waters[w].count);
		for (size_t i = 0; i < wq_gb3838.waters[w].count; i++) {
			const struct wq_standard_row *r = &wq_gb3838.waters[w].rows[i];

			assert_true(same(r, row(config, r->code, (enum wq_water)w, true)));
		}
	}
	config_free(config);
	free(text);
}

/* A table of the standard kept outside of this repository, as others have it, is such a file too.
 */
static void a_whole_table_with_further_columns_is_taken(void **state)
{
	const char *shared = getenv("WQ_SHARED");
	char path[4096], conf[sizeof HEAD + 4200];
	struct config *config;

	(void)state;
	snprintf(path, sizeof path, "%s/tables/gb3838.csv", shared == NULL ? "" : shared);
	if (access(path, R_OK) != 0) {
		print_message(
		        "SKIPPED: %s is absent; it was not loaded as a file of limits\n", path);
		skip();
	}
	snprintf(conf, sizeof conf, HEAD "evaluation { standard = \"%s\" }\n", path);
	config = load_right(conf);
	for (int w = 0; w < WQ_WATERS; w++) {
		assert_int_equal(config->site.standard->waters[w].count, wq_gb3838.waters[w].count);
		for (size_t i = 0; i < wq_gb3838.waters[w].count; i++) {
			const struct wq_standard_row *r = &wq_gb3838.waters[w].rows[i];

			assert_true(same(r, row(config, r->code, (enum wq_water)w, true)));
		}
	}
	config_free(config);
}

static void a_rule_is_held_against_the_standard_in_force(void **state)
{
	struct config *config = load_right_limits(HEADER "alk,mg/L,max,,,250,,,both,\n");

	(void)state;
	assert_non_null(wq_standard_any(config->site.standard, "alk"));
	assert_null(wq_standard_any(&wq_gb3838, "alk"));
	config_free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_file_the_built_in_standard_holds),
		cmocka_unit_test(a_row_replaces_its_item_and_leaves_the_others),
		cmocka_unit_test(total_nitrogen_of_lakes_can_be_made_part_of_the_class),
		cmocka_unit_test(own_parameters_get_limits_with_classes_or_one),
		cmocka_unit_test(
		        a_limit_for_sources_is_found_before_the_general_one_and_stays_evaluated),
		cmocka_unit_test(an_item_without_limits_has_none),
		cmocka_unit_test(a_file_without_a_version_is_known_by_its_hash),
		cmocka_unit_test(a_range_has_both_ends_in_one_cell),
		cmocka_unit_test(a_file_in_gbk_is_refused_by_its_line),
		cmocka_unit_test(a_wrong_row_is_refused_by_its_line),
		cmocka_unit_test(the_unit_alone_decides_what_a_factor_of_a_thousand_is),
		cmocka_unit_test(all_errors_are_told_in_one_run),
		cmocka_unit_test(a_file_that_is_no_table_of_limits_is_refused),
		cmocka_unit_test(the_table_of_the_standard_loads_and_changes_nothing),
		cmocka_unit_test(a_whole_table_with_further_columns_is_taken),
		cmocka_unit_test(a_rule_is_held_against_the_standard_in_force),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder) != 0;
}
