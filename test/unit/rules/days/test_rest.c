/* SPDX-License-Identifier: Apache-2.0 */
/* What the rest may average: by hand, and that a rest which averages just that meets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>

#include "rest.h"

#include "wq/decimal.h"
#include "wq/parameter.h"

static const struct wq_parameter *named(const char *name)
{
	return &wq_parameters[wq_parameter_find(wq_parameters, wq_parameter_count, name)];
}

static void what_the_rest_may_average(void **state)
{
	static const struct {
		const char *name;
		double mean;
		int count;
		double limit;
		int more;
		double allowed;
	} table[] = {
		{ "tp", 0.25, 10, 0.2, 20, 0.175 },  /* (0.2 × 30 − 2.5) / 20 */
		{ "tp", 0.1, 10, 0.2, 10, 0.3 },
		{ "tp", 0.5, 20, 0.2, 10, -0.4 },    /* lost */
		{ "do", 4, 3, 5, 3, 6 },
		{ "ph", 9, 1, 9, 1, 9 },
		{ "ph", 5.5, 1, 6, 1, INFINITY },    /* 2 × 10^-6 − 10^-5.5 < 0: no pH is high enough */
		{ "ph", 6.3, 1, 6, 1, 5.82425 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct rest rest = { .parameter = named(table[i].name) };
		double allowed;

		rest_add(&rest, table[i].mean, table[i].count);
		assert_true(fabs(rest_mean(&rest) - table[i].mean) < 1e-9);
		allowed = rest_allowed(&rest, table[i].limit, table[i].more);
		assert_true(allowed == table[i].allowed || fabs(allowed - table[i].allowed) < 1e-4);
	}
}

/* Property: a rest of just what is allowed gives a mean of just the limit. */
static void a_rest_of_what_is_allowed_gives_the_limit(void **state)
{
	uint32_t seed = 20260305;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		const char *name = i % 2 ? "tp" : "ph";
		double low = i % 2 ? 0.02 : 6.5, span = i % 2 ? 0.4 : 2, limit = i % 2 ? 0.2 : 7.8;
		struct rest rest = { .parameter = named(name) };
		int count = 1 + i % 9, more = 1 + i % 7;

		for (int k = 0; k < count; k++) {
			seed = seed * 1664525 + 1013904223;
			rest_add(&rest, low + span * (seed >> 8) / (1 << 24), 1);
		}
		double allowed = rest_allowed(&rest, limit, more);
		if (isfinite(allowed))
			assert_true(fabs(rest_projected(&rest, allowed, more) - limit) < 1e-9);
	}
}

static void what_is_told_is_on_the_safe_side(void **state)
{
	static const struct {
		const char *name;
		double allowed;
		bool upper;
		double told;
	} table[] = {
		{ "tp", 0.1685, true, 0.168 }, { "tp", 0.17499999999999998, true, 0.175 }, { "tp", 0.1759, true, 0.175 },
		{ "do", 5.231, false, 5.24 }, { "do", 5.2300000000000004, false, 5.23 }, { "ph", 8.999, true, 8.99 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		assert_true(rest_told(named(table[i].name), table[i].allowed, table[i].upper) == table[i].told);
}

static void means_are_judged_rounded_half_to_even(void **state)
{
	static const struct {
		const char *name;
		double mean, judged;
	} table[] = {
		{ "tp", 0.2004, 0.2 }, { "tp", 0.2005, 0.2 }, { "tp", 0.2006, 0.201 }, { "codmn", 6.05, 6 },
		{ "codmn", 6.051, 6.1 }, { "do", 4.95, 5 }, { "do", 4.94, 4.9 }, { "nh3n", 1.005, 1 }, { "ph", 9.4, 9 },
		{ "tp", 0.1 + 0.1005 - 1e-17, 0.2 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		const struct wq_parameter *p = named(table[i].name);

		assert_true(rest_judged(p, table[i].mean, false) == table[i].judged);
		assert_true(rest_judged(p, table[i].mean, true) == table[i].mean);
	}
}

/* Means at and around ties, means of few readings, and any at all: as by the twelve digits and the decimal, to the last bit. */
static void a_mean_is_judged_as_its_twelve_digits_are(void **state)
{
	uint64_t dice = 20261124;

	(void)state;
	for (int i = 0; i < 200000; i++) {
		const struct wq_parameter *p = &wq_parameters[(size_t)i % wq_parameter_count];
		struct wq_decimal exact;
		char text[WQ_DECIMAL_TEXT];
		double mean, wanted;

		dice = dice * 6364136223846793005U + 1442695040888963407U;
		mean = (double)(dice >> 44) / (1 + (double)(dice >> 20 & 7)) / pow(10, (double)(dice >> 24 & 7));
		if (dice >> 30 & 1)
			mean = ((double)(dice >> 54) + .5) / pow(10, p->evaluation_places) + ((double)(dice >> 32 & 3) - 1) * 1e-12;
		mean = dice >> 31 & 1 ? mean : -mean;
		wanted = mean;
		snprintf(text, sizeof text, "%.12g", mean);
		if (p->evaluation_places >= 0 && wq_decimal_parse(text, &exact, NULL) == 0)
			wanted = wq_decimal_to_double(wq_decimal_evaluate(exact, p->evaluation_places));
		assert_true(rest_judged(p, mean, false) == wanted);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_rest_may_average),
		cmocka_unit_test(a_rest_of_what_is_allowed_gives_the_limit),
		cmocka_unit_test(what_is_told_is_on_the_safe_side),
		cmocka_unit_test(means_are_judged_rounded_half_to_even),
		cmocka_unit_test(a_mean_is_judged_as_its_twelve_digits_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
