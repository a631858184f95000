/* SPDX-License-Identifier: Apache-2.0 */
/* The words of a text as a set. */
#include "arena.h"
#include "vocabulary.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

static struct vocabulary words_of(const char *text, struct arena *arena)
{
	static struct config_report report;
	struct vocabulary words;
	struct scan scan;

	report = (struct config_report){ .file = "test" };
	assert_true(scan_text(&scan, text, strlen(text), arena, &report));
	vocabulary_take(&words, &scan);
	return words;
}

static void words_and_texts_are_held_and_nothing_else(void **state)
{
	static const char *const held[] = { "station", "a b", "kind", "river", "true", "4" };
	static const char *const missing[] = { "", "a", "b", "stat", "stations", "gone", "=", "{" };
	struct arena *arena = arena_new();
	struct vocabulary words = words_of(
	        "station \"a b\" { kind = 'river' focus = true # gone\n target = 4 }", arena);

	(void)state;
	for (size_t i = 0; i < sizeof held / sizeof held[0]; i++)
		assert_true(vocabulary_has(&words, held[i]));
	for (size_t i = 0; i < sizeof missing / sizeof missing[0]; i++)
		assert_false(vocabulary_has(&words, missing[i]));
	arena_free(arena);
}

static void an_empty_text_holds_nothing(void **state)
{
	struct arena *arena = arena_new();
	struct vocabulary words = words_of("", arena);

	(void)state;
	assert_false(vocabulary_has(&words, ""));
	assert_false(vocabulary_has(&words, "site"));
	arena_free(arena);
}

/* However many there are, and however often each. */
static void every_one_of_many_is_found(void **state)
{
	static char text[200000];
	struct arena *arena = arena_new();
	struct vocabulary words;
	size_t used = 0;
	char word[16];

	(void)state;
	for (int i = 0; i < 10000; i++)
		used += (size_t)snprintf(text + used, sizeof text - used, "w%d w%d ", i, i % 7);
	words = words_of(text, arena);
	for (int i = 0; i < 20000; i++) {
		snprintf(word, sizeof word, "w%d", i);
		assert_int_equal(vocabulary_has(&words, word), i < 10000);
	}
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_and_texts_are_held_and_nothing_else),
		cmocka_unit_test(an_empty_text_holds_nothing),
		cmocka_unit_test(every_one_of_many_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
