/* SPDX-License-Identifier: Apache-2.0 */
/* Short messages that come back: files of smstools, and what people write. */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "reply.h"

#include <string.h>

static void what_people_write_is_understood_or_not_at_all(void **state)
{
	static const struct {
		const char *text;
		enum reply_meaning meaning;
		int64_t number;
	} rows[] = {
		{ "1 OK", REPLY_SHORT, 1 },
		{ "1", REPLY_SHORT, 1 },
		{ " 7。", REPLY_SHORT, 7 },
		{ "收到7", REPLY_SHORT, 7 },
		{ "007 收到", REPLY_SHORT, 7 },
		{ "收到 W20260305-007", REPLY_NAMED, 2026030500007 },
		{ "收到,编号W20260305-007。", REPLY_NAMED, 2026030500007 },
		{ "w20260305-007 ok", REPLY_NAMED, 2026030500007 },
		{ "ok", REPLY_ONE, 0 },
		{ "OK!", REPLY_ONE, 0 },
		{ "好的,收到", REPLY_ONE, 0 },
		{ "全部收到", REPLY_ALL, 0 },
		{ "all", REPLY_ALL, 0 },
		{ "", REPLY_NOTHING, 0 },
		{ "没收到", REPLY_NOTHING, 0 },
		{ "不是1号站吧?", REPLY_NOTHING, 0 },
		{ "1 2", REPLY_NOTHING, 0 },
		{ "全部 3", REPLY_NOTHING, 0 },
		{ "13800138000", REPLY_NOTHING, 0 },
		{ "W20260305", REPLY_NOTHING, 0 },
		{ "okay", REPLY_NOTHING, 0 },
		{ "话费余额100元", REPLY_NOTHING, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int64_t number = 0;
		enum reply_meaning meaning = reply_meaning(rows[i].text, &number);

		if (meaning != rows[i].meaning ||
		        ((meaning == REPLY_SHORT || meaning == REPLY_NAMED) && number != rows[i].number))
			fail_msg("'%s': %d %lld", rows[i].text, meaning, (long long)number);
	}
}

static void files_of_smstools_are_read_in_their_alphabets(void **state)
{
	static const struct {
		const char *bytes;
		size_t length;
		const char *from, *text;
	} rows[] = {
#define FILE_OF(head, body) head "\n\n" body, sizeof(head "\n\n" body) - 1
		{ FILE_OF("From: 8613800138001\nSent: 26-03-05 16:00:00\nAlphabet: UCS2\nLength: 3", "\x65\x36\x52\x30\x00\x37"),
		        "8613800138001", "收到7" },
		{ FILE_OF("From: 8613800138001\nAlphabet: UTF-8", "收到 7\n"), "8613800138001", "收到 7 " },
		{ FILE_OF("From: 13800138001\nAlphabet: ISO", "1 OK"), "13800138001", "1 OK" },
		{ FILE_OF("from: 10086", "\xe9"), "10086", "é" },
		{ FILE_OF("From: 1\nAlphabet: UCS2", "\xd8\x00\x00\x41\x00"), "1", "?A" },
	};
	static const char *const bad[] = { "", "From: 1", "Sent: x\n\n1", "\n\n", "From: CMCC\n\n1" };
	struct reply reply;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_true(reply_parse(rows[i].bytes, rows[i].length, &reply));
		assert_string_equal(reply.from, rows[i].from);
		assert_string_equal(reply.text, rows[i].text);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(reply_parse(bad[i], strlen(bad[i]), &reply));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_people_write_is_understood_or_not_at_all),
		cmocka_unit_test(files_of_smstools_are_read_in_their_alphabets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
