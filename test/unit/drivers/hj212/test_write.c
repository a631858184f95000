/* SPDX-License-Identifier: Apache-2.0 */
/* Frames as we send them, held against what the reader makes of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wq/err.h"
#include "wq/hj212.h"

#include <stdio.h>
#include <string.h>

#define MN "010000A8900016F000169DC0"

static struct wq_text text(const char *word)
{
	return (struct wq_text){ word, strlen(word) };
}

/* 2024-12-25T08:00:00.998+08:00 */
#define SENT ((wq_ms)1735084800998)

static struct wq_hj212_out plain(void)
{
	return (struct wq_hj212_out){ .sent = SENT, .st = text("21"), .cn = text("2061"), .pw = text("123456"), .mn = text(MN),
		.version = 1, .zone = &wq_zone_china, .time = WQ_NO_TIME };
}

static void says(const struct wq_hj212_out *out, const char *expected)
{
	char frame[WQ_HJ212_WRITTEN_MAX + 1];
	struct wq_err err = { .text = "" };
	int length = wq_hj212_write(out, 1, frame, &err);

	if (length < 0)
		fail_msg("%s", err.text);
	frame[length] = '\0';
	assert_string_equal(frame, expected);
}

static void a_request_is_the_one_printed_in_annex_a(void **state)
{
	struct wq_hj212_out out = plain();

	(void)state;
	out.qn = text("20160801085857223");
	out.st = text("32");
	out.cn = text("1062");
	out.pw = text("100000");
	out.wants_answer = true;
	out.lead = text("RtdInterval=30");
	says(&out, "##0101QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=" MN ";Flag=5;CP=&&RtdInterval=30&&1C80\r\n");
}

static void values_of_one_code_share_a_group_and_a_flag(void **state)
{
	const struct wq_hj212_value values[] = {
		{ text("w01001"), text("Avg"), text("7.1"), text("N") },
		{ text("w01001"), text("Max"), text("7.3"), text("N") },
		{ text("w21003"), text("Avg"), text(""), text("lr") },
		{ text("i11001"), text("Info"), text("//a=b;c//"), { NULL, 0 } },
	};
	struct wq_hj212_out out = plain();
	char frame[WQ_HJ212_WRITTEN_MAX];
	struct wq_hj212_frame found;
	static struct wq_hj212_record record;
	size_t used, junk;

	(void)state;
	out.version = 2;
	out.again = true;
	out.time = WQ_SECONDS(1735084800);
	out.count = 4;
	out.values = values;
	int length = wq_hj212_write(&out, 1, frame, NULL);
	assert_true(length > 0);
	assert_int_equal(wq_hj212_next(frame, (size_t)length, false, &found, &used, &junk), WQ_HJ212_FRAME);
	assert_int_equal(used, length);
	assert_int_equal(found.problems, 0);
	const char *content = memmem(frame, (size_t)length, "MN=", 3);
	const char *expected = "MN=" MN ";RF=1;Flag=8;CP=&&DataTime=20241225080000;w01001-Avg=7.1,w01001-Max=7.3,w01001-Flag=N;"
			       "w21003-Avg=,w21003-Flag=lr;i11001-Info=//a=b;c//&&";
	assert_memory_equal(content, expected, strlen(expected));
	wq_hj212_read(found.segment, &wq_zone_china, &record);
	assert_int_equal(record.problems, 0);
	assert_true(record.again);
	assert_int_equal(record.time, out.time);
	assert_int_equal(record.count, 4);
	assert_true(wq_text_is(record.qn, "20241225080000998"));
}

/* Every part is a frame within bounds, with its own QN; together they hold each value once and in order. */
static void parts_together_say_the_whole(size_t count)
{
	static struct wq_hj212_value values[4000];
	static char codes[4000][32];
	static struct wq_hj212_record record;
	struct wq_hj212_out out = plain();
	struct wq_err err = { .text = "" };
	char frame[WQ_HJ212_WRITTEN_MAX];
	size_t seen = 0, used, junk;

	for (size_t i = 0; i < count; i++) {
		snprintf(codes[i], sizeof codes[i], "w%05zu", i / 3);
		values[i] = (struct wq_hj212_value){ text(codes[i]), text(i % 3 == 0 ? "Min" : i % 3 == 1 ? "Avg" : "Max"),
			text(i % 7 == 0 ? "1234.5678" : "0.1"), text("N") };
	}
	out.time = WQ_SECONDS(1735084800);
	out.wants_answer = true;
	out.count = count;
	out.values = values;
	long parts = wq_hj212_parts(&out, &err);
	if (parts < 1)
		fail_msg("%s", err.text);
	for (long part = 1; part <= parts; part++) {
		int length = wq_hj212_write(&out, part, frame, &err);
		struct wq_hj212_frame found;

		if (length < 0)
			fail_msg("%s", err.text);
		assert_int_equal(wq_hj212_next(frame, (size_t)length, false, &found, &used, &junk), WQ_HJ212_FRAME);
		assert_int_equal(found.problems, 0);
		assert_true(found.segment.length <= WQ_HJ212_SEGMENT_MAX);
		wq_hj212_read(found.segment, &wq_zone_china, &record);
		assert_int_equal(record.problems, 0);
		assert_int_equal(record.part, parts > 1 ? part : 0);
		assert_int_equal(record.parts, parts > 1 ? parts : 0);
		assert_int_equal(record.flag_number, parts > 1 ? 7 : 5);
		assert_int_equal(record.time, out.time);
		char qn[18];
		assert_true(wq_text_is(record.qn, wq_hj212_qn(&wq_zone_china, SENT + part - 1, qn)));
		assert_true(count == 0 || record.count > 0);
		for (size_t i = 0; i < record.count; i++, seen++) {
			assert_true(seen < count);
			assert_true(wq_text_is(record.items[i].code, codes[seen]));
			assert_true(wq_text_is(record.items[i].flag, "N"));
		}
	}
	assert_int_equal(seen, count);
	assert_int_equal(wq_hj212_write(&out, parts + 1, frame, &err), WQ_E_INVALID);
}

static void a_long_record_is_split_into_complete_frames(void **state)
{
	const size_t counts[] = { 0, 1, 3, 30, 45, 46, 47, 48, 60, 99, 300, 433, 3999 };

	(void)state;
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
		parts_together_say_the_whole(counts[i]);
}

static void what_would_end_a_field_is_refused(void **state)
{
	const char *const bad[] = { "a;b", "a,b", "a=b", "a&&b", "a##b", "a\r\nb", "//a&&b//", "//a\nb//", "//a//b//", "//a" };
	const char *const good[] = { "", "1.5", "//a;b,c=d//", "//清洗//", "-99" };
	char frame[WQ_HJ212_WRITTEN_MAX];
	struct wq_hj212_out out = plain();
	struct wq_hj212_value value = { text("w01001"), text("Rtd"), text(""), text("N") };

	(void)state;
	out.count = 1;
	out.values = &value;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		value.value = text(bad[i]);
		assert_int_equal(wq_hj212_write(&out, 1, frame, NULL), WQ_E_INVALID);
	}
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		value.value = text(good[i]);
		assert_true(wq_hj212_write(&out, 1, frame, NULL) > 0);
	}
	out.mn = text("A1;CN=9014");
	assert_int_equal(wq_hj212_write(&out, 1, frame, NULL), WQ_E_INVALID);
}

static void what_is_too_long_for_a_frame_is_refused_with_a_sentence(void **state)
{
	static char word[1000];
	struct wq_err err = { .text = "" };
	struct wq_hj212_out out = plain();
	char frame[WQ_HJ212_WRITTEN_MAX];

	(void)state;
	memset(word, 'x', sizeof word - 1);
	struct wq_hj212_value value = { text("i11001"), text("Info"), text(word), { NULL, 0 } };
	out.sent = WQ_NO_TIME;
	out.mn = text("A1");
	out.count = 1;
	out.values = &value;
	assert_int_equal(wq_hj212_write(&out, 1, frame, &err), WQ_E_INVALID);
	assert_non_null(strstr(err.text, "value 1 of 1"));
	/* 950 bytes of CP=&&…&& and no more. */
	value.value.length = WQ_HJ212_CONTENT_MAX - 7 - strlen("i11001-Info=");
	assert_true(wq_hj212_write(&out, 1, frame, &err) > 0);
	value.value.length++;
	assert_int_equal(wq_hj212_write(&out, 1, frame, &err), WQ_E_INVALID);
}

static void the_other_checksums_are_written_as_they_are_read(void **state)
{
	struct wq_hj212_out out = plain();
	char frame[WQ_HJ212_WRITTEN_MAX];
	struct wq_hj212_frame found;
	size_t used, junk;

	(void)state;
	for (int kind = WQ_HJ212_STANDARD; kind <= WQ_HJ212_MODBUS_SWAPPED; kind++) {
		out.checksum = (enum wq_hj212_checksum)kind;
		int length = wq_hj212_write(&out, 1, frame, NULL);
		assert_true(length > 0);
		assert_int_equal(wq_hj212_next(frame, (size_t)length, false, &found, &used, &junk), WQ_HJ212_FRAME);
		assert_int_equal(found.checksum, kind);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_is_the_one_printed_in_annex_a),
		cmocka_unit_test(values_of_one_code_share_a_group_and_a_flag),
		cmocka_unit_test(a_long_record_is_split_into_complete_frames),
		cmocka_unit_test(what_would_end_a_field_is_refused),
		cmocka_unit_test(what_is_too_long_for_a_frame_is_refused_with_a_sentence),
		cmocka_unit_test(the_other_checksums_are_written_as_they_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
