/* SPDX-License-Identifier: Apache-2.0 */
/* The nearest name. */
#include "suggest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

static void counts_edits(void **state)
{
	static const struct {
		const char *a, *b;
		size_t distance;
	} rows[] = {
		{ "", "", 0 },
		{ "town", "town", 0 },
		{ "tonw", "town", 1 },
		{ "town", "tow", 1 },
		{ "", "abc", 3 },
		{ "treshold", "threshold", 1 },
		{ "kitten", "sitting", 3 },
		{ "ca", "abc", 3 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(suggest_distance(rows[i].a, rows[i].b), rows[i].distance);
		assert_int_equal(suggest_distance(rows[i].b, rows[i].a), rows[i].distance);
	}
}

static void long_texts_are_far(void **state)
{
	char text[200];

	(void)state;
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	assert_true(suggest_distance(text, "x") == SIZE_MAX);
	assert_true(suggest_distance("x", text) == SIZE_MAX);
}

/* Property: any single edit of a long enough name leads back to it among unlike names. */
static void one_slip_of_the_pen_finds_the_name(void **state)
{
	static const char *const names[] = { "flows_into", "min_level", "escalate_after",
		"members" };
	char wrong[32], end[SUGGEST_TEXT];

	(void)state;
	for (size_t n = 0; n < 4; n++) {
		for (size_t i = 0; i < strlen(names[n]); i++) {
			struct suggest suggest = { .wanted = wrong };

			strcpy(wrong, names[n]);
			memmove(wrong + i, wrong + i + 1, strlen(wrong) - i);
			for (size_t k = 0; k < 4; k++)
				suggest_offer(&suggest, names[k]);
			assert_string_equal(suggest.best, names[n]);
			assert_non_null(strstr(suggest_end(&suggest, end), names[n]));
			assert_non_null(strstr(end, "did you mean"));
		}
	}
}

static void few_unlike_names_are_listed_and_many_are_not(void **state)
{
	struct suggest few = { .wanted = "elephant" }, many = { .wanted = "elephant" };
	char end[SUGGEST_TEXT];

	(void)state;
	suggest_offer(&few, "a");
	suggest_offer(&few, "b");
	assert_string_equal(suggest_end(&few, end), "; known: a, b");
	for (int i = 0; i < SUGGEST_NAMES + 1; i++)
		suggest_offer(&many, "a");
	assert_string_equal(suggest_end(&many, end), "");
}

static void three_letters_more_or_less_are_near_and_four_are_not(void **state)
{
	static const struct {
		const char *wanted, *name;
		bool near;
	} rows[] = {
		{ "threshold", "thresholdabc", true },
		{ "threshold", "thresholdabcd", false },
		{ "thresholdabc", "threshold", true },
		{ "thresholdabcd", "threshold", false },
	};
	char end[SUGGEST_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct suggest suggest = { .wanted = rows[i].wanted };

		suggest_offer(&suggest, "something else");
		suggest_offer(&suggest, rows[i].name);
		assert_int_equal(
		        strstr(suggest_end(&suggest, end), "did you mean") != NULL, rows[i].near);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_edits),
		cmocka_unit_test(long_texts_are_far),
		cmocka_unit_test(one_slip_of_the_pen_finds_the_name),
		cmocka_unit_test(three_letters_more_or_less_are_near_and_four_are_not),
		cmocka_unit_test(few_unlike_names_are_listed_and_many_are_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
