/* SPDX-License-Identifier: Apache-2.0 */
/* What a link says, and what becomes of one that somebody changed. */
#include "token.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#define HOME UINT64_C(0x1122334455667788)

static const char *const contacts[] = { "zhang", "李", "a contact with a long id that is as long as a title may be, 63 bytes" };
static const struct token usual = { .alarm = 2026030500007, .change = 3, .expires = WQ_MINUTES(29545000) };
static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* `count` keys of 32 bytes each that are `first`, `first` + 1 … */
static struct signature_keys keys_from(int first, size_t count)
{
	struct signature_keys keys = { .count = count };

	for (size_t i = 0; i < count; i++) {
		keys.key[i].length = 32;
		memset(keys.key[i].bytes, first + (int)i, 32);
	}
	return keys;
}

static void make(const char *contact, const struct token *token, char out[TOKEN_TEXT])
{
	const struct signature_keys keys = keys_from(1, 1);

	assert_true(token_make(&keys, HOME, contact, token, out));
	assert_int_equal(strlen(out), TOKEN_LENGTH);
	assert_int_equal(strspn(out, digits), TOKEN_LENGTH);
}

static int open_with(const struct signature_keys *keys, uint64_t incarnation, const char *text, struct token *token)
{
	return token_open(keys, incarnation, contacts, 3, text, token);
}

static void what_was_made_is_known_again(void **state)
{
	static const struct token tokens[] = {
		{ 2026030500007, 3, WQ_MINUTES(29545000) },
		{ 0, 0, 0 },
		{ (INT64_C(1) << 48) - 1, 65535, (wq_ms)UINT32_MAX * WQ_MINUTES(1) },
		{ 2026123199999, 1, WQ_MINUTES(1) },
	};
	const struct signature_keys keys = keys_from(1, 1);
	char text[TOKEN_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++)
		for (int who = 0; who < 3; who++) {
			struct token got = { -1, 9, 9 };

			make(contacts[who], &tokens[i], text);
			assert_int_equal(open_with(&keys, HOME, text, &got), who);
			assert_int_equal(got.alarm, tokens[i].alarm);
			assert_int_equal(got.change, tokens[i].change);
			assert_int_equal(got.expires, tokens[i].expires);
		}
}

static void an_expiry_is_rounded_up_and_a_large_change_stays_large(void **state)
{
	const struct signature_keys keys = keys_from(1, 1);
	char text[TOKEN_TEXT];
	struct token got, odd = { 1, 70000, WQ_MINUTES(5) + 1 };

	(void)state;
	make("zhang", &odd, text);
	assert_int_equal(open_with(&keys, HOME, text, &got), 0);
	assert_int_equal(got.expires, WQ_MINUTES(6));
	assert_int_equal(got.change, TOKEN_CHANGE_MAX);
}

static void what_has_no_room_is_not_made(void **state)
{
	static const struct token tokens[] = { { -1, 1, 1 }, { INT64_C(1) << 48, 1, 1 },
		{ 1, 1, ((wq_ms)UINT32_MAX + 1) * WQ_MINUTES(1) } };
	const struct signature_keys keys = keys_from(1, 1), none = { 0 };
	char text[TOKEN_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++)
		assert_false(token_make(&keys, HOME, "zhang", &tokens[i], text));
	assert_false(token_make(&none, HOME, "zhang", &usual, text));
}

/* Each of the 43 characters by each of the 63 others: 2,709 tokens of which none is ours. */
static void no_character_can_be_changed(void **state)
{
	const struct signature_keys keys = keys_from(1, 1);
	char text[TOKEN_TEXT], bad[TOKEN_TEXT];
	struct token got = { -7, 0, 0 };
	size_t tried = 0;

	(void)state;
	make("zhang", &usual, text);
	for (size_t at = 0; at < TOKEN_LENGTH; at++)
		for (size_t d = 0; d < 64; d++) {
			memcpy(bad, text, sizeof bad);
			bad[at] = digits[d];
			if (digits[d] == text[at])
				continue;
			tried++;
			assert_int_equal(open_with(&keys, HOME, bad, &got), -1);
		}
	assert_int_equal(tried, 43 * 63);
	assert_int_equal(got.alarm, -7);
}

static void what_is_no_token_is_refused(void **state)
{
	const struct signature_keys keys = keys_from(1, 1);
	char text[TOKEN_TEXT], longer[TOKEN_TEXT + 1], shorter[TOKEN_TEXT];
	struct token got;

	(void)state;
	make("zhang", &usual, text);
	snprintf(longer, sizeof longer, "%sA", text);
	snprintf(shorter, sizeof shorter, "%.42s", text);
	const char *const bad[] = { "", "A", longer, shorter, "=", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"AAAAAAAAAAAAAAAAAAAAA AAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAA+AAAAAAAAAAAAAAAAAAAAA",
		"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
		"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff" };

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(open_with(&keys, HOME, bad[i], &got), -1);
}

static void another_history_key_or_contact_knows_nothing_of_it(void **state)
{
	static const char *const others[] = { "zhan", "zhangg", "" };
	const struct signature_keys keys = keys_from(1, 1), other = keys_from(2, 1), none = { 0 };
	char text[TOKEN_TEXT];
	struct token got;

	(void)state;
	make("zhang", &usual, text);
	assert_int_equal(open_with(&keys, HOME, text, &got), 0);
	assert_int_equal(open_with(&keys, HOME + 1, text, &got), -1);
	assert_int_equal(open_with(&other, HOME, text, &got), -1);
	assert_int_equal(open_with(&none, HOME, text, &got), -1);
	assert_int_equal(token_open(&keys, HOME, others, 3, text, &got), -1);
	assert_int_equal(token_open(&keys, HOME, NULL, 0, text, &got), -1);
}

/* "costarring" and "liquid" have one FNV-1a of 32 bits: the tag finds both, the signature tells them apart. */
static void contacts_with_one_tag_are_told_apart(void **state)
{
	static const char *const twins[] = { "costarring", "liquid" };
	const struct signature_keys keys = keys_from(1, 1);
	char text[2][TOKEN_TEXT];
	struct token got;

	(void)state;
	for (int i = 0; i < 2; i++)
		make(twins[i], &usual, text[i]);
	assert_memory_equal(text[0] + 16, text[1] + 16, 5); /* of their tags */
	assert_string_not_equal(text[0], text[1]);
	for (int i = 0; i < 2; i++)
		assert_int_equal(token_open(&keys, HOME, twins, 2, text[i], &got), i);
}

static void the_first_key_signs_and_every_key_is_known(void **state)
{
	const struct signature_keys old = keys_from(1, 1), both = { .count = 2, .key = { { 32, { 0 } }, { 32, { 0 } } } };
	struct signature_keys exchanged = both;
	char before[TOKEN_TEXT], after[TOKEN_TEXT];
	struct token got;

	(void)state;
	memset(exchanged.key[0].bytes, 9, 32);
	exchanged.key[1] = old.key[0];
	assert_true(token_make(&old, HOME, "zhang", &usual, before));
	assert_true(token_make(&exchanged, HOME, "zhang", &usual, after));
	assert_string_not_equal(before, after);
	assert_int_equal(open_with(&exchanged, HOME, before, &got), 0);
	assert_int_equal(open_with(&exchanged, HOME, after, &got), 0);
	assert_int_equal(open_with(&old, HOME, after, &got), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_made_is_known_again),
		cmocka_unit_test(an_expiry_is_rounded_up_and_a_large_change_stays_large),
		cmocka_unit_test(what_has_no_room_is_not_made),
		cmocka_unit_test(no_character_can_be_changed),
		cmocka_unit_test(what_is_no_token_is_refused),
		cmocka_unit_test(another_history_key_or_contact_knows_nothing_of_it),
		cmocka_unit_test(contacts_with_one_tag_are_told_apart),
		cmocka_unit_test(the_first_key_signs_and_every_key_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
