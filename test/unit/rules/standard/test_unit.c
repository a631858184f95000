/* SPDX-License-Identifier: Apache-2.0 */
/* Units are converted exactly or refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wq/decimal.h"
#include "wq/err.h"
#include "wq/parameter.h"

#include <string.h>

static const struct wq_parameter *parameter(const char *alias)
{
	int index = wq_parameter_find(wq_parameters, wq_parameter_count, alias);

	assert_true(index >= 0);
	return &wq_parameters[index];
}

static void units_of_the_same_quantity_convert(void **state)
{
	static const struct {
		const char *alias, *unit, *factor;
	} rows[] = {
		{ "tp", "mg/L", "1" },
		{ "tp", "MG/L", "1" },
		{ "tp", "mg / l", "1" },
		{ "tp", "ug/L", "0.001" },
		{ "tp", "µg/L", "0.001" }, /* U+00B5 */
		{ "tp", "μg/L", "0.001" }, /* U+03BC */
		{ "tp", "mg/m3", "0.001" },
		{ "tp", "mg/m³", "0.001" },
		{ "tp", "g/m^3", "1" },
		{ "hg", "ng/L", "0.000001" },
		{ "cl", "g/L", "1000" },
		{ "ec", "μS/cm", "1" },
		{ "ec", "uS/cm", "1" },
		{ "ec", "mS/cm", "1000" },
		{ "ec", "mS/m", "10" },
		{ "ec", "S/m", "10000" },
		{ "temp", "℃", "1" },
		{ "temp", "°C", "1" },
		{ "temp", "degC", "1" },
		{ "ph", "-", "1" },
		{ "ph", "pH", "1" },
		{ "ph", "无量纲", "1" },
		{ "turbidity", "NTU", "1" },
		{ "turbidity", "FNU", "1" },
		{ "chla", "µg/L", "0.001" },
		{ "algae", "cells/mL", "1000" },
		{ "algae", "万个/L", "10000" },
		{ "algae", "个/L", "1" },
		{ "coliform", "个/L", "1" },
		{ "coliform", "MPN/100mL", "10" },
	};
	char buf[WQ_DECIMAL_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct wq_decimal factor = { -1, 0 };

		assert_int_equal(
		        wq_unit_factor(parameter(rows[i].alias), rows[i].unit, &factor, NULL),
		        WQ_OK);
		assert_string_equal(wq_decimal_format(factor, buf), rows[i].factor);
	}
}

static void other_units_are_refused_and_the_allowed_ones_named(void **state)
{
	static const struct {
		const char *alias, *unit, *allowed;
	} rows[] = {
		{ "tp", "NTU", "mg/L, ug/l" },
		{ "tp", "", "mg/L" },
		{ "tp", "mg", "mg/L" },
		{ "tp", "mg/kg", "mg/L" },
		{ "tp", "℃", "mg/L" },
		{ "temp", "°F", "℃" },
		{ "temp", "K", "℃" },
		{ "ec", "mg/L", "ms/cm" },
		{ "ph", "mg/L", "-" },
		{ "algae", "mpn/l", "cells/L" },
		{ "turbidity", "a very long text that is no unit of anything at all", "NTU" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct wq_decimal factor = { 42, 0 };
		struct wq_err err;

		assert_int_equal(
		        wq_unit_factor(parameter(rows[i].alias), rows[i].unit, &factor, &err),
		        WQ_E_INVALID);
		assert_int_equal(factor.digits, 42);
		assert_non_null(strstr(err.text, rows[i].allowed));
	}
}

static void own_parameters_may_have_units_of_their_own(void **state)
{
	static const struct wq_parameter head = { .name = "水头", .unit = "kPa" };
	static const struct wq_parameter trace = { .name = "微量", .unit = "µg/L" };
	struct wq_decimal factor = { -1, 0 };

	(void)state;
	assert_int_equal(wq_unit_factor(&head, "kpa", &factor, NULL), WQ_OK);
	assert_int_equal(factor.digits, 1);
	assert_int_equal(wq_unit_factor(&head, "bar", &factor, NULL), WQ_E_INVALID);
	assert_int_equal(wq_unit_factor(&trace, "mg/L", &factor, NULL), WQ_OK);
	assert_int_equal(factor.digits, 1000);
	assert_int_equal(factor.places, 0);
}

/* Every built-in parameter accepts its own unit as it is. */
static void canonical_units_have_factor_one(void **state)
{
	(void)state;
	for (size_t i = 0; i < wq_parameter_count; i++) {
		struct wq_decimal factor = { -1, 0 };

		assert_int_equal(
		        wq_unit_factor(&wq_parameters[i], wq_parameters[i].unit, &factor, NULL),
		        WQ_OK);
		assert_true(factor.digits == 1 && factor.places == 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(units_of_the_same_quantity_convert),
		cmocka_unit_test(other_units_are_refused_and_the_allowed_ones_named),
		cmocka_unit_test(own_parameters_may_have_units_of_their_own),
		cmocka_unit_test(canonical_units_have_factor_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
