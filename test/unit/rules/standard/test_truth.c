/* SPDX-License-Identifier: Apache-2.0 */
/* The truth table of values: every item of GB 3838-2002 at, just before and just beyond every limit,
 * written down from the tables of the standard and not from the program. Each value is judged as it
 * comes from a text, from a float32 and from a scaled integer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wq/decimal.h"
#include "wq/parameter.h"
#include "wq/standard.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum where { RIVER = 1, LAKE = 2, BOTH = 3 };

/* Below each value its class; 6 is worse than V. */
/* clang-format off */
static const struct {
	const char *code;
	enum where where;
	const char *values, *classes;
} table_1[] = {
	{ "w01001", BOTH, /* pH: one range for every class */
		"5.99 6 6.01 7 8.99 9 9.01 0 14",
		"6    1 1    1 1    1 6    6 6" },
	{ "w01009", BOTH, /* dissolved oxygen */
		"7.51 7.5 7.49 6.01 6 5.99 5.01 5 4.99 3.01 3 2.99 2.01 2 1.99",
		"1    1   2    2    2 3    3    3 4    4    4 5    5    5 6" },
	{ "w01019", BOTH, /* permanganate index (CODMn) */
		"1.9 2 2.1 3.9 4 4.1 5.9 6 6.1 9.9 10 10.1 14.9 15 15.1",
		"1   1 2   2   2 3   3   3 4   4   4  5    5    5  6" },
	{ "w01018", BOTH, /* chemical oxygen demand (CODCr) */
		"14.9 15 15.1 19.9 20 20.1 29.9 30 30.1 39.9 40 40.1",
		"1    1  3    3    3  4    4    4  5    5    5  6" },
	{ "w01017", BOTH, /* BOD5 */
		"2.9 3 3.1 3.9 4 4.1 5.9 6 6.1 9.9 10 10.1",
		"1   1 3   3   3 4   4   4 5   5   5  6" },
	{ "w21003", BOTH, /* ammonia nitrogen (NH3-N as N) */
		"0.149 0.15 0.151 0.499 0.5 0.501 0.999 1 1.001 1.499 1.5 1.501 1.999 2 2.001",
		"1     1    2     2     2   3     3     3 4     4     4   5     5     5 6" },
	{ "w21011", RIVER, /* total phosphorus (as P) */
		"0.019 0.02 0.021 0.099 0.1 0.101 0.199 0.2 0.201 0.299 0.3 0.301 0.399 0.4 0.401",
		"1     1    2     2     2   3     3     3   4     4     4   5     5     5   6" },
	{ "w21011", LAKE, /* total phosphorus (as P) */
		"0.0099 0.01 0.0101 0.0249 0.025 0.0251 0.0499 0.05 0.0501 0.0999 0.1 0.1001 0.1999 0.2 0.2001",
		"1      1    2      2      2     3      3      3    4      4      4   5      5      5   6" },
	{ "w21001", LAKE, /* total nitrogen (as N) */
		"0.19 0.2 0.21 0.49 0.5 0.51 0.99 1 1.01 1.49 1.5 1.51 1.99 2 2.01",
		"1    1   2    2    2   3    3    3 4    4    4   5    5    5 6" },
	{ "w20122", BOTH, /* copper */
		"0.009 0.01 0.011 0.999 1 1.001",
		"1     1    2     2     2 6" },
	{ "w20123", BOTH, /* zinc */
		"0.049 0.05 0.051 0.999 1 1.001 1.999 2 2.001",
		"1     1    2     2     2 4     4     4 6" },
	{ "w21017", BOTH, /* fluoride (as F-) */
		"0.99 1 1.01 1.49 1.5 1.51",
		"1    1 4    4    4   6" },
	{ "w20128", BOTH, /* selenium */
		"0.009 0.01 0.011 0.019 0.02 0.021",
		"1     1    4     4     4    6" },
	{ "w20141", BOTH, /* arsenic */
		"0.049 0.05 0.051 0.099 0.1 0.101",
		"1     1    4     4     4   6" },
	{ "w20111", BOTH, /* mercury */
		"0.000049 0.00005 0.000051 0.000099 0.0001 0.000101 0.000999 0.001 0.001001",
		"1        1       3        3        3      4        4        4     6" },
	{ "w20115", BOTH, /* cadmium */
		"0.0009 0.001 0.0011 0.0049 0.005 0.0051 0.0099 0.01 0.0101",
		"1      1     2      2      2     5      5      5    6" },
	{ "w20117", BOTH, /* hexavalent chromium */
		"0.009 0.01 0.011 0.049 0.05 0.051 0.099 0.1 0.101",
		"1     1    2     2     2    5     5     5   6" },
	{ "w20120", BOTH, /* lead */
		"0.009 0.01 0.011 0.049 0.05 0.051 0.099 0.1 0.101",
		"1     1    3     3     3    5     5     5   6" },
	{ "w21016", BOTH, /* cyanide */
		"0.0049 0.005 0.0051 0.0499 0.05 0.0501 0.1999 0.2 0.2001",
		"1      1     2      2      2    3      3      3   6" },
	{ "w23002", BOTH, /* volatile phenols */
		"0.0019 0.002 0.0021 0.0049 0.005 0.0051 0.0099 0.01 0.0101 0.0999 0.1 0.1001",
		"1      1     3      3      3     4      4      4    5      5      5   6" },
	{ "w22001", BOTH, /* petroleum oils */
		"0.049 0.05 0.051 0.499 0.5 0.501 0.999 1 1.001",
		"1     1    4     4     4   5     5     5 6" },
	{ "w19002", BOTH, /* anionic surfactants (LAS) */
		"0.19 0.2 0.21 0.29 0.3 0.31",
		"1    1   4    4    4   6" },
	{ "w21019", BOTH, /* sulfide */
		"0.049 0.05 0.051 0.099 0.1 0.101 0.199 0.2 0.201 0.499 0.5 0.501 0.999 1 1.001",
		"1     1    2     2     2   3     3     3   4     4     4   5     5     5 6" },
	{ "w02003", BOTH, /* fecal coliform */
		"199.9 200 200.1 1999.9 2000 2000.1 9999.9 10000 10000.1 19999.9 20000 20000.1 39999.9 40000 40000.1",
		"1     1   2     2      2    3      3      3     4       4       4     5       5       5     6" },
};

/* One limit, at drinking-water sources: the first two values meet it, the third exceeds it. */
static const struct {
	const char *code;
	const char *values;
} table_2[] = {
	{ "w21038", "249.9 250 250.1" }, /* sulfate (as SO4 2-) */
	{ "w21022", "249.9 250 250.1" }, /* chloride (as Cl-) */
	{ "w21007", "9.9 10 10.1" }, /* nitrate (as N) */
	{ "w20125", "0.29 0.3 0.31" }, /* iron */
	{ "w20124", "0.09 0.1 0.11" }, /* manganese */
};

/* Multiples over the limit of a class: (value - limit) / limit. */
static const struct {
	const char *code;
	enum wq_water water;
	int class_;
	const char *value, *multiple; /* "": none */
} multiples[] = {
	{ "w21011", WQ_RIVER, 3, "0.2",    "" },
	{ "w21011", WQ_RIVER, 3, "0.201",  "0.005" },
	{ "w21011", WQ_RIVER, 3, "0.25",   "0.25" },
	{ "w21011", WQ_RIVER, 3, "0.263",  "0.315" },
	{ "w21011", WQ_RIVER, 3, "0.4",    "1" },
	{ "w21011", WQ_LAKE,  3, "0.0625", "0.25" },
	{ "w21011", WQ_RIVER, 2, "0.2",    "1" },
	{ "w01019", WQ_RIVER, 3, "6.6",    "0.1" },
	{ "w01018", WQ_RIVER, 3, "25",     "0.25" },
	{ "w01017", WQ_RIVER, 3, "5",      "0.25" },
	{ "w21003", WQ_RIVER, 3, "1.5",    "0.5" },
	{ "w21003", WQ_RIVER, 3, "3.2",    "2.2" },
	{ "w20111", WQ_RIVER, 3, "0.0002", "1" },
	{ "w02003", WQ_RIVER, 3, "25000",  "1.5" },
	{ "w01009", WQ_RIVER, 3, "2",      "" }, /* dissolved oxygen has none */
	{ "w01001", WQ_RIVER, 3, "9.5",    "" }, /* pH neither */
};

/* Rounding: as measured, displayed, for evaluation. */
static const struct {
	const char *code;
	const char *measured, *displayed, *evaluated;
} views[] = {
	{ "w01001", "7.5",      "7.50",     "8" },        /* ties go to the even digit */
	{ "w01001", "8.5",      "8.50",     "8" },
	{ "w01001", "9.4",      "9.40",     "9" },        /* meets once rounded */
	{ "w01001", "9.5",      "9.50",     "10" },
	{ "w01009", "4.95",     "4.95",     "5.0" },
	{ "w01009", "4.949",    "4.95",     "4.9" },      /* rounded once: 4.949, not 4.95 */
	{ "w01019", "6.05",     "6.05",     "6.0" },
	{ "w01019", "6.15",     "6.15",     "6.2" },
	{ "w21003", "1.005",    "1.005",    "1.00" },
	{ "w21003", "1.015",    "1.015",    "1.02" },
	{ "w21003", "0.0004",   "0.0004",   "0.0004" },
	{ "w21011", "0.2005",   "0.200",    "0.200" },
	{ "w21011", "0.2015",   "0.202",    "0.202" },
	{ "w21011", "0.00046",  "0.0005",   "0.0005" },   /* one digit where nothing would be left */
	{ "w21011", "0.0006",   "0.001",    "0.001" },
	{ "w21011", "0.0005",   "0.0005",   "0.0005" },   /* a tie to 0: nothing would be left */
	{ "w21011", "0",        "0",        "0" },
	{ "w21011", "0.000",    "0",        "0" },
	{ "w21011", "6.3E-06",  "0.000006", "0.000006" },
	{ "w20111", "0.000055", "0.000055", "0.00006" },  /* mercury is displayed as measured */
};
/* clang-format on */

#define COUNT(rows) (sizeof(rows) / sizeof(rows[0]))

/* The next word of a list, copied; false at its end. */
static bool next_word(const char **from, char word[32])
{
	size_t length;

	*from += strspn(*from, " ");
	length = strcspn(*from, " ");
	if (length == 0)
		return false;
	assert_true(length < 32);
	memcpy(word, *from, length);
	word[length] = '\0';
	*from += length;
	return true;
}

/* The same number by the three roads that readings take: they are one double. */
static double by_all_roads(const char *text)
{
	const struct wq_decimal none = { 0, 0 };
	double by_text = NAN, by_count = NAN;
	struct wq_decimal d;

	assert_int_equal(wq_value_parse(text, &by_text, NULL), 0);
	assert_int_equal(wq_decimal_parse(text, &d, NULL), 0);
	assert_int_equal(wq_value_from_scaled(d.digits, (struct wq_decimal){ 1, d.places }, none,
	                         &by_count, NULL),
	        0);
	assert_true(by_count == by_text);
	assert_true(wq_value_from_float32(strtof(text, NULL)) == by_text);
	return by_text;
}

static void judge_values(const struct wq_standard_row *row, const char *values, const char *classes)
{
	char value[32], class_[32];

	assert_non_null(row);
	while (next_word(&values, value)) {
		const double v = by_all_roads(value);
		int wanted;

		assert_true(next_word(&classes, class_));
		wanted = atoi(class_);
		if (wq_standard_class(row, v) != wanted)
			fail_msg("%s %s: class %d, the standard says %d", row->code, value,
			        wq_standard_class(row, v), wanted);
		for (int c = 1; c <= WQ_CLASS_V; c++) /* exceeds what is better than its class */
			assert_int_equal(wq_standard_exceeds(row, c, v), c < wanted);
	}
	assert_false(next_word(&classes, class_));
}

static void every_item_at_and_beside_every_limit(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(table_1); i++) {
		for (int w = 0; w < WQ_WATERS; w++) {
			const struct wq_standard_row *row = wq_standard_find(
			        &wq_gb3838, table_1[i].code, (enum wq_water)w, false);

			if ((table_1[i].where & (w == WQ_RIVER ? RIVER : LAKE)) != 0)
				judge_values(row, table_1[i].values, table_1[i].classes);
			else if (table_1[i].where == LAKE && strcmp(table_1[i].code, "w21001") == 0)
				assert_null(row); /* total nitrogen of rivers */
		}
	}
}

/* 24 items: temperature has no limits, total phosphorus has two rows. */
static void no_item_is_left_out(void **state)
{
	(void)state;
	assert_int_equal(COUNT(table_1), 24 - 1 + 1);
	assert_int_equal(COUNT(table_2), 5);
	for (int w = 0; w < WQ_WATERS; w++) {
		for (size_t r = 0; r < wq_gb3838.waters[w].count; r++) {
			const char *code = wq_gb3838.waters[w].rows[r].code;
			bool known = false;

			for (size_t i = 0; i < COUNT(table_1) && !known; i++)
				known = strcmp(table_1[i].code, code) == 0;
			for (size_t i = 0; i < COUNT(table_2) && !known; i++)
				known = strcmp(table_2[i].code, code) == 0;
			if (!known)
				fail_msg("%s is not in the truth table", code);
		}
	}
}

static void supplementary_items_at_and_beside_their_limit(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(table_2); i++) {
		for (int w = 0; w < WQ_WATERS; w++) {
			const struct wq_standard_row *row = wq_standard_find(
			        &wq_gb3838, table_2[i].code, (enum wq_water)w, true);
			const char *values = table_2[i].values;
			char value[32];

			for (int n = 0; next_word(&values, value); n++) {
				const double v = by_all_roads(value);

				assert_int_equal(wq_standard_exceeds(row, WQ_CLASS_III, v), n == 2);
				assert_int_equal(wq_standard_class(row, v), WQ_CLASS_NONE);
			}
		}
	}
}

static void multiples_over_the_limit(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(multiples); i++) {
		const struct wq_standard_row *row =
		        wq_standard_find(&wq_gb3838, multiples[i].code, multiples[i].water, false);
		const double multiple = wq_standard_exceedance(
		        row, multiples[i].class_, by_all_roads(multiples[i].value));

		if (multiples[i].multiple[0] == '\0')
			assert_true(isnan(multiple));
		else
			assert_true(multiple == by_all_roads(multiples[i].multiple));
	}
}

static void three_views_of_one_value(void **state)
{
	char buf[WQ_DECIMAL_TEXT];

	(void)state;
	for (size_t i = 0; i < COUNT(views); i++) {
		const int found =
		        wq_parameter_find(wq_parameters, wq_parameter_count, views[i].code);
		const struct wq_parameter *p = &wq_parameters[found];
		struct wq_decimal d;

		assert_true(found >= 0);
		assert_int_equal(wq_decimal_parse_evaluate(
		                         views[i].measured, wq_places(p, WQ_DISPLAYED), &d, NULL),
		        0);
		assert_string_equal(
		        wq_decimal_show(d, wq_places(p, WQ_DISPLAYED), buf), views[i].displayed);
		assert_int_equal(wq_decimal_parse_evaluate(
		                         views[i].measured, wq_places(p, WQ_EVALUATION), &d, NULL),
		        0);
		assert_string_equal(
		        wq_decimal_show(d, wq_places(p, WQ_EVALUATION), buf), views[i].evaluated);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_item_at_and_beside_every_limit),
		cmocka_unit_test(no_item_is_left_out),
		cmocka_unit_test(supplementary_items_at_and_beside_their_limit),
		cmocka_unit_test(multiples_over_the_limit),
		cmocka_unit_test(three_views_of_one_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
