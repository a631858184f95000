/* SPDX-License-Identifier: Apache-2.0 */
/* Failures and reasons are bounded, and never end in half a character. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wq/err.h"
#include "wq/verdict.h"

#include <string.h>

static void a_failure_carries_its_code_and_sentence(void **state)
{
	struct wq_err err;

	(void)state;
	assert_int_equal(wq_fail(&err, WQ_E_TIMEOUT, "unit %d: no answer", 3), WQ_E_TIMEOUT);
	assert_int_equal(err.code, WQ_E_TIMEOUT);
	assert_string_equal(err.text, "unit 3: no answer");
}

static void nobody_has_to_listen(void **state)
{
	(void)state;
	assert_int_equal(wq_fail(NULL, WQ_E_IO, "disk"), WQ_E_IO);
}

static void a_sentence_may_be_wrapped_into_another_in_place(void **state)
{
	struct wq_err err;

	(void)state;
	wq_fail(&err, WQ_E_IO, "no such file");
	wq_fail(&err, err.code, "wqd.conf: %s", err.text);
	assert_string_equal(err.text, "wqd.conf: no such file");
}

/* Valid UTF-8 as far as lead and continuation bytes go. */
static void assert_whole_characters(const char *text)
{
	size_t due = 0;

	for (; *text != '\0'; text++) {
		unsigned char byte = (unsigned char)*text;

		assert_true((due > 0) == ((byte & 0xC0U) == 0x80U));
		if (due > 0)
			due--;
		else
			due = byte >= 0xF0 ? 3 : byte >= 0xE0 ? 2 : byte >= 0xC0 ? 1 : 0;
	}
	assert_int_equal(due, 0);
}

static void long_sentences_are_cut_between_characters(void **state)
{
	static const char *const characters[] = { "a", "é", "磷", "😀" };

	(void)state;
	for (size_t c = 0; c < 4; c++) {
		for (size_t shift = 0; shift < 8; shift++) {
			char text[2 * WQ_ERR_TEXT] = "";
			struct wq_err err;

			memset(text, 'x', shift);
			text[shift] = '\0';
			while (strlen(text) < WQ_ERR_TEXT + 8)
				strcat(text, characters[c]);
			wq_fail(&err, WQ_E_INVALID, "%s", text);
			assert_whole_characters(err.text);
			assert_in_range(strlen(err.text), WQ_ERR_TEXT - 4, WQ_ERR_TEXT - 1);
			assert_memory_equal(err.text, text, strlen(err.text));
		}
	}
}

static void a_sentence_that_just_fits_is_whole(void **state)
{
	char text[WQ_ERR_TEXT];
	struct wq_err err;

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text + sizeof(text) - 4, "磷", 4);
	wq_fail(&err, WQ_E_INVALID, "%s", text);
	assert_string_equal(err.text, text);
}

static void a_verdict_keeps_as_many_facts_as_it_has_room_for(void **state)
{
	struct wq_verdict verdict = { 0 };

	(void)state;
	for (int i = 0; i < WQ_FACTS + 3; i++)
		wq_verdict_fact(&verdict, "n", i);
	assert_int_equal(verdict.fact_count, WQ_FACTS);
	assert_true(verdict.facts[WQ_FACTS - 1].value == WQ_FACTS - 1);
}

static void a_reason_is_cut_between_characters(void **state)
{
	struct wq_verdict verdict = { 0 };
	char text[600] = "";

	(void)state;
	while (strlen(text) < 500)
		strcat(text, "总磷");
	wq_verdict_say(&verdict, "%s%s", "x", text);
	assert_whole_characters(verdict.says);
	assert_in_range(strlen(verdict.says), WQ_SAYS_TEXT - 3, WQ_SAYS_TEXT - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_failure_carries_its_code_and_sentence),
		cmocka_unit_test(nobody_has_to_listen),
		cmocka_unit_test(a_sentence_may_be_wrapped_into_another_in_place),
		cmocka_unit_test(long_sentences_are_cut_between_characters),
		cmocka_unit_test(a_sentence_that_just_fits_is_whole),
		cmocka_unit_test(a_verdict_keeps_as_many_facts_as_it_has_room_for),
		cmocka_unit_test(a_reason_is_cut_between_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
