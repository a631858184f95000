/* SPDX-License-Identifier: Apache-2.0 */
/* Many things are wrong: all are told in one run, with right lines, and none twice. */
#include "loading.h"

#include <stdio.h>
#include <stdlib.h>

static void errors_of_all_kinds_are_told_together(void **state)
{
	static struct config_report report;
	static const struct {
		int line;
		const char *part;
	} want[] = {
		{ 13, "unknown key 'prot'" },
		{ 14, "port = 70000" },
		{ 15, "unknown section 'staton'" },
		{ 18, "unknown key 'nmae'" },
		{ 21, "there is no such bus" },
		{ 22, "texts parted by commas" },
		{ 23, "'x' stands outside" },
	};

	(void)state;
	assert_null(load(HEAD "serial \"p\" { prot = 1 host = \"h\" }\n"
	                      "serial \"q\" { host = \"h\" port = 70000 }\n"
	                      "staton \"lost\" {\n"
	                      "	kind = national\n"
	                      "}\n"
	                      "station \"b\" { nmae = \"x\"\n"
	                      "	kind = national flows_into = \"lost\"\n"
	                      "	point \"tp\" { bus = \"p\" address = 1 unit = \"mg/L\" }\n"
	                      "	point \"nh3n\" { bus = \"pp\" unit = \"mg/L\" } }\n"
	                      "day \"d\" { kinds = { \"national\" \"lake\" } }\n"
	                      "x = 3\n",
	        &report));
	for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
		if (problem(&report, want[i].line, want[i].part) == NULL)
			print_message("missing: line %d %s\n", want[i].line, want[i].part);
		assert_non_null(problem(&report, want[i].line, want[i].part));
	}
	assert_int_equal(report.error_count, 7);
}

/* Property: n wrong keys on n lines are n errors, in the order of the lines, up to fifty. */
static void up_to_fifty_errors_are_told_in_order(void **state)
{
	static struct config_report report;

	(void)state;
	for (int wrong = 1; wrong <= 60; wrong += 7) {
		char *text = NULL;
		size_t length;
		FILE *to = open_memstream(&text, &length);
		const size_t told = wrong > CONFIG_PROBLEMS ? CONFIG_PROBLEMS : (size_t)wrong;

		fprintf(to, "%sstation \"b\" { kind = national\n", HEAD);
		for (int i = 0; i < wrong; i++)
			fprintf(to, " wrong%d = %d\n", i, i);
		fprintf(to, "}\n");
		fclose(to);
		assert_null(load(text, &report));
		assert_int_equal(report.error_count, told);
		for (size_t i = 0; i < told; i++)
			assert_int_equal(report.problems[i].line, 14 + (int)i);
		free(text);
	}
}

static void errors_push_warnings_out(void **state)
{
	static struct config_report report = { .file = "x" };

	(void)state;
	for (int i = 0; i < CONFIG_PROBLEMS; i++)
		report_add(&report, i, true, "", "warning %d", i);
	report_add(&report, 99, false, "", "error");
	report_add(&report, 100, true, "", "late warning");
	report_sort(&report);
	assert_int_equal(report.error_count, 1);
	assert_int_equal(report.warning_count, CONFIG_PROBLEMS + 1);
	assert_int_equal(report.more, 2);
	assert_non_null(problem(&report, 99, "error"));
}

/* Property: however the file is cut off or hurt, the report says something and nothing breaks. */
static void no_damage_breaks_the_reader(void **state)
{
	static struct config_report report;
	static const char marks[] = "{}\"'=,#/$\\ \nx1|+(*";
	char text[sizeof HEAD];
	unsigned seed = 20;

	(void)state;
	for (size_t cut = 0; cut < sizeof HEAD; cut += 3) {
		struct config *config = config_load_text(HEAD, cut, "cut", &tables, &report);

		assert_true(config != NULL || report.error_count > 0);
		config_free(config);
	}
	for (int i = 0; i < 1500; i++) {
		struct config *config;

		memcpy(text, HEAD, sizeof HEAD);
		for (int k = 0; k < 1 + i % 4; k++)
			text[(size_t)rand_r(&seed) % (sizeof HEAD - 1)] =
			        marks[(size_t)rand_r(&seed) % (sizeof marks - 1)];
		config = load(text, &report);
		if (config == NULL && report.error_count == 0)
			print_message("seed 20, run %d:\n%s\n", i, text);
		assert_true(config != NULL || report.error_count > 0);
		config_free(config);
	}
}

static void what_a_lost_section_would_have_given_is_no_second_error(void **state)
{
	static struct config_report report;

	(void)state;
	assert_null(load("site { name = \"x\" }\nsrial \"plc\" { host = \"h\" }\nstation \"a\" { "
	                 "kind = national\n"
	                 " point \"tp\" { bus = \"plc\" unit = \"mg/L\" }\n}\nday \"d\" { }\n",
	        &report));
	assert_int_equal(report.error_count, 1);
	assert_non_null(problem(&report, 2, "unknown section 'srial'; did you mean 'serial'?"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(errors_of_all_kinds_are_told_together),
		cmocka_unit_test(up_to_fifty_errors_are_told_in_order),
		cmocka_unit_test(errors_push_warnings_out),
		cmocka_unit_test(no_damage_breaks_the_reader),
		cmocka_unit_test(what_a_lost_section_would_have_given_is_no_second_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
