/* SPDX-License-Identifier: Apache-2.0 */
/* The table of parameters, and finding them by what people call them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wq/parameter.h"
#include "wq/standard.h"

#include <string.h>

static const char *found(const char *name)
{
	int index = wq_parameter_find(wq_parameters, wq_parameter_count, name);

	return index < 0 ? "none" : wq_parameters[index].code;
}

static void the_evaluated_items_come_first(void **state)
{
	(void)state;
	for (size_t i = 0; i < WQ_EVALUATED; i++)
		assert_string_equal(wq_parameters[i].code, wq_evaluated_codes[i]);
}

static void parameters_are_found_by_any_of_their_names(void **state)
{
	static const struct {
		const char *name, *code;
	} rows[] = {
		{ "tp", "w21011" },
		{ "TP", "w21011" },
		{ "w21011", "w21011" },
		{ "W21011", "w21011" },
		{ "总磷", "w21011" },
		{ "tp_mgl", "w21011" },
		{ "ph", "w01001" },
		{ "pH值", "w01001" },
		{ "do", "w01009" },
		{ "溶解氧", "w01009" },
		{ "codmn", "w01019" },
		{ "高锰酸盐指数", "w01019" },
		{ "nh3n", "w21003" },
		{ "NH3-N", "w21003" },
		{ "氨氮", "w21003" },
		{ "temp", "w01010" },
		{ "temp_c", "w01010" },
		{ "temperature", "w01010" },
		{ "ec", "w01014" },
		{ "cond_uscm", "w01014" },
		{ "电导率", "w01014" },
		{ "turbidity", "w01003" },
		{ "turb_ntu", "w01003" },
		{ "tn", "w21001" },
		{ "chla", "w01016" },
		{ "algae", "w19011" },
		{ "algae_cells_l", "w19011" },
		{ "cod", "w01018" },
		{ "bod5", "w01017" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(found(rows[i].name), rows[i].code);
}

static void other_names_are_not_guessed_at(void **state)
{
	static const char *const names[] = { "", "t", "tpp", "tp ", "tp_mgl_raw", "w2101", "总",
		"class", "time", "station", "section" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_string_equal(found(names[i]), "none");
}

static void no_name_means_two_things(void **state)
{
	(void)state;
	for (size_t i = 0; i < wq_parameter_count; i++) {
		const struct wq_parameter *p = &wq_parameters[i];

		assert_int_equal(wq_parameter_find(wq_parameters, wq_parameter_count, p->code), i);
		assert_int_equal(wq_parameter_find(wq_parameters, wq_parameter_count, p->alias), i);
		assert_int_equal(wq_parameter_find(wq_parameters, wq_parameter_count, p->name), i);
	}
}

static void rows_of_the_table_make_sense(void **state)
{
	(void)state;
	for (size_t i = 0; i < wq_parameter_count; i++) {
		const struct wq_parameter *p = &wq_parameters[i];

		assert_int_equal(strlen(p->code), 6);
		assert_true(p->low < p->high);
		assert_in_range(p->display_places + 1, 0, 6);
		assert_in_range(p->evaluation_places + 1, 0, 6);
		assert_int_equal(p->mean == WQ_MEAN_HYDROGEN, strcmp(p->alias, "ph") == 0);
	}
}

static void own_parameters_are_found_beside_the_built_in_ones(void **state)
{
	static const struct wq_parameter table[] = {
		{ .code = "w21011", .alias = "tp", .name = "总磷", .unit = "mg/L" },
		{ .code = "x1", .alias = "level", .name = "水位", .unit = "m" },
		{ .code = "x2", .unit = "m" },
	};

	(void)state;
	assert_int_equal(wq_parameter_find(table, 3, "Level"), 1);
	assert_int_equal(wq_parameter_find(table, 3, "水位"), 1);
	assert_int_equal(wq_parameter_find(table, 3, "x2"), 2);
	assert_int_equal(wq_parameter_find(table, 3, "tp_mgl"), 0);
	/* a further spelling of a parameter that this table lacks */
	assert_int_equal(wq_parameter_find(table, 3, "temp_c"), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_evaluated_items_come_first),
		cmocka_unit_test(parameters_are_found_by_any_of_their_names),
		cmocka_unit_test(other_names_are_not_guessed_at),
		cmocka_unit_test(no_name_means_two_things),
		cmocka_unit_test(rows_of_the_table_make_sense),
		cmocka_unit_test(own_parameters_are_found_beside_the_built_in_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
