/* SPDX-License-Identifier: Apache-2.0 */
/* Frames out of a stream: whole, split, wrong in length, wrong in checksum, among junk. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wq/hj212.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD    "QN=20241225080000000;ST=21;CN=2011;PW=123456;MN=A1;Flag=5;CP=&&"
#define SEGMENT HEAD "DataTime=20241225080000;w01001-Rtd=7.1,w01001-Flag=N&&"
#define OTHER   HEAD "DataTime=20241225120000;w21011-Rtd=0.2,w21011-Flag=N&&"

/* A frame of a segment that says `declared` of itself; offset: what its checksum is wrong by. */
static size_t frame_of(char *to, const char *segment, size_t declared, unsigned offset, const char *end)
{
	return (size_t)sprintf(to, "##%04zu%s%04X%s", declared, segment,
		(wq_hj212_crc(segment, strlen(segment)) + offset) & 0xFFFFu, end);
}

/* What was found, as a text: "hj212 120 len_mismatch; …". */
struct found {
	char text[2048];
	size_t junk, rest;
};

/* Feeds `count` bytes in pieces of `step`; ended after the last one. */
static struct found feed(const char *bytes, size_t count, size_t step)
{
	static char held[4 * WQ_HJ212_FRAME_MAX];
	struct found found = { .text = "" };
	size_t length = 0, used = 0;

	for (size_t at = 0; at <= count; at += step) {
		size_t n = count - at < step ? count - at : step;

		memcpy(held + length, bytes + at, n);
		length += n;
		bool ended = at + step > count;
		struct wq_hj212_frame frame;
		enum wq_hj212_found what;

		do {
			size_t junk;

			what = wq_hj212_next(held, length, ended, &frame, &used, &junk);
			found.junk += junk;
			if (what == WQ_HJ212_FRAME)
				sprintf(found.text + strlen(found.text), "%s %zu %x; ",
					wq_hj212_checksum_name(frame.checksum), frame.segment.length, frame.problems);
			length -= used;
			memmove(held, held + used, length);
		} while (what == WQ_HJ212_FRAME);
		if (ended)
			break;
	}
	found.rest = length;
	return found;
}

static void expect(const char *bytes, size_t count, const char *text, size_t junk)
{
	/* However a stream is cut, it says the same. */
	const size_t steps[] = { count > 0 ? count : 1, 1, 2, 3, 7, 64 };

	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		struct found found = feed(bytes, count, steps[i]);

		assert_string_equal(found.text, text);
		assert_int_equal(found.junk, junk);
		assert_int_equal(found.rest, 0);
	}
}

static void the_checksum_is_that_of_annex_a(void **state)
{
	/* HJ 212-2017, Annex A: its sentence prints 1C08, its own steps give 1C80. */
	static const char text[] = "QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;CP=&&"
				   "RtdInterval=30&&";
	(void)state;
	assert_int_equal(wq_hj212_crc(text, sizeof text - 1), 0x1C80);
	assert_int_equal(wq_hj212_crc("", 0), 0xFFFF);
	/* The catalogue's check value of CRC-16/MODBUS. */
	assert_int_equal(wq_hj212_crc_modbus("123456789", 9), 0x4B37);
}

/* As Annex A words it, a bit at a time. */
static uint16_t crc_by_the_letter(const char *text, size_t length)
{
	unsigned reg = 0xFFFF;

	for (size_t i = 0; i < length; i++) {
		reg = (reg >> 8) ^ (unsigned char)text[i];
		for (int bit = 0; bit < 8; bit++)
			reg = (reg & 1) != 0 ? (reg >> 1) ^ 0xA001 : reg >> 1;
	}
	return (uint16_t)reg;
}

static void the_folded_checksum_is_that_of_annex_a_at_every_length(void **state)
{
	char text[300];
	unsigned seed = 1;

	(void)state;
	for (size_t length = 0; length < sizeof text; length++)
		for (int round = 0; round < 20; round++) {
			for (size_t i = 0; i < length; i++)
				text[i] = (char)((seed = seed * 1103515245u + 12345u) >> 16);
			assert_int_equal(wq_hj212_crc(text, length), crc_by_the_letter(text, length));
		}
}

static void frames_are_found_whatever_ends_them(void **state)
{
	static const char *const ends[] = { "\r\n", "\n\r", "\n", "\r", "" };
	char bytes[1024], text[128];

	(void)state;
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		size_t n = frame_of(bytes, SEGMENT, strlen(SEGMENT), 0, ends[i]);

		n += frame_of(bytes + n, OTHER, strlen(OTHER), 0, ends[i]);
		sprintf(text, "hj212 %zu 0; hj212 %zu 0; ", strlen(SEGMENT), strlen(OTHER));
		expect(bytes, n, text, 0);
	}
}

static void a_wrong_length_is_told_and_the_frame_is_read(void **state)
{
	const size_t length = strlen(SEGMENT), wrong[] = { 888, length - 1, length + 2, length + 1, 12, 0 };
	char bytes[1024], text[128];

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		size_t n = frame_of(bytes, SEGMENT, wrong[i], 0, "\r\n");

		n += frame_of(bytes + n, OTHER, strlen(OTHER), 0, "\r\n");
		sprintf(text, "hj212 %zu %x; hj212 %zu 0; ", length, WQ_HJ212_LENGTH, strlen(OTHER));
		expect(bytes, n, text, 0);
	}
}

static void a_length_of_two_or_three_digits_is_one(void **state)
{
	char bytes[1024], text[64];

	(void)state;
	size_t n = (size_t)sprintf(bytes, "##%zu%s%04X\r\n", strlen(SEGMENT), SEGMENT, wq_hj212_crc(SEGMENT, strlen(SEGMENT)));

	sprintf(text, "hj212 %zu 0; ", strlen(SEGMENT));
	expect(bytes, n, text, 0);
}

static void a_wrong_checksum_costs_that_frame_only(void **state)
{
	char bytes[2048], text[128];
	size_t n = frame_of(bytes, SEGMENT, strlen(SEGMENT), 1, "\r\n");

	(void)state;
	n += frame_of(bytes + n, OTHER, strlen(OTHER), 0, "\r\n");
	sprintf(text, "bad %zu %x; hj212 %zu 0; ", strlen(SEGMENT), WQ_HJ212_CRC, strlen(OTHER));
	expect(bytes, n, text, 0);
}

static void small_letters_and_the_other_checksums_are_known(void **state)
{
	char bytes[1024], text[64];
	uint16_t crc = wq_hj212_crc_modbus(SEGMENT, strlen(SEGMENT));
	const struct {
		const char *format, *name;
		unsigned value;
	} rows[] = {
		{ "##%04zu%s%04x\r\n", "hj212", wq_hj212_crc(SEGMENT, strlen(SEGMENT)) },
		{ "##%04zu%s%04X\r\n", "modbus", crc },
		{ "##%04zu%s%04X\r\n", "modbus-swapped", (unsigned)(crc >> 8 | (crc & 0xFF) << 8) },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		size_t n = (size_t)(i == 0 ? sprintf(bytes, "##%04zu%s%04x\r\n", strlen(SEGMENT), SEGMENT, rows[i].value)
					   : sprintf(bytes, "##%04zu%s%04X\r\n", strlen(SEGMENT), SEGMENT, rows[i].value));

		sprintf(text, "%s %zu 0; ", rows[i].name, strlen(SEGMENT));
		expect(bytes, n, text, 0);
	}
}

static void junk_is_counted_and_hides_nothing(void **state)
{
	char bytes[2048], text[64];
	static const char junk[] = "\x01\x03\x00\x00\x00\x0A###\r\n# abc##12xx####";

	(void)state;
	/* Line ends do not count. */
	memcpy(bytes, junk, sizeof junk - 1);
	size_t n = sizeof junk - 1;

	n += frame_of(bytes + n, SEGMENT, strlen(SEGMENT), 0, "\r\n");
	sprintf(text, "hj212 %zu 0; ", strlen(SEGMENT));
	expect(bytes, n, text, sizeof junk - 1 - 3);
	expect("http://www.example.org/ 0E0F", 28, "", 28);
	expect("#", 1, "", 1);
	expect("", 0, "", 0);
}

static void a_frame_that_breaks_off_is_told_and_the_next_one_is_read(void **state)
{
	char bytes[2048], text[128];
	size_t n = frame_of(bytes, SEGMENT, strlen(SEGMENT), 0, "") - 20;
	size_t cut = n - 6;

	(void)state;
	sprintf(text, "bad %zu %x; ", cut, WQ_HJ212_CRC | WQ_HJ212_LENGTH | WQ_HJ212_SHORT);
	expect(bytes, n, text, 0);
	n += frame_of(bytes + n, OTHER, strlen(OTHER), 0, "\r\n");
	sprintf(text, "bad %zu %x; hj212 %zu 0; ", cut, WQ_HJ212_CRC | WQ_HJ212_LENGTH, strlen(OTHER));
	expect(bytes, n, text, 0);
}

static void the_content_may_hold_any_byte(void **state)
{
	char segment[256], bytes[512], text[64];
	size_t length = (size_t)sprintf(segment, "%s", HEAD);

	(void)state;
	/* As cipher text does: line ends, heads, ends. */
	length += (size_t)sprintf(segment + length, "\r\n##0012&&ABCD\r\n\x01\x02\xFF&&");
	size_t n = (size_t)sprintf(bytes, "##%04zu", length);

	memcpy(bytes + n, segment, length);
	n += length;
	n += (size_t)sprintf(bytes + n, "%04X\r\n", wq_hj212_crc(segment, length));
	sprintf(text, "hj212 %zu 0; ", length);
	expect(bytes, n, text, 0);
}

static void an_endless_stream_of_anything_is_bounded(void **state)
{
	static char bytes[3 * WQ_HJ212_FRAME_MAX];
	static const char *const patterns[] = { "#", "##", "##9999", "##9999=", "##0000", "A" };

	(void)state;
	for (size_t p = 0; p < sizeof patterns / sizeof *patterns; p++) {
		size_t held = 0, length = strlen(patterns[p]);

		/* A hostile peer that never ends anything: what is held never exceeds a frame. */
		for (size_t i = 0; i < 200000; i++) {
			struct wq_hj212_frame frame;
			size_t used, junk;

			bytes[held++] = i < 8 || p < 2 ? patterns[p][i % length] : patterns[p][length - 1];
			while (wq_hj212_next(bytes, held, false, &frame, &used, &junk) == WQ_HJ212_FRAME || used > 0) {
				held -= used;
				memmove(bytes, bytes + used, held);
			}
			assert_true(held <= WQ_HJ212_FRAME_MAX);
			if (p >= 2 && i > 30000)
				break;
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_folded_checksum_is_that_of_annex_a_at_every_length),
		cmocka_unit_test(the_checksum_is_that_of_annex_a),
		cmocka_unit_test(frames_are_found_whatever_ends_them),
		cmocka_unit_test(a_wrong_length_is_told_and_the_frame_is_read),
		cmocka_unit_test(a_length_of_two_or_three_digits_is_one),
		cmocka_unit_test(a_wrong_checksum_costs_that_frame_only),
		cmocka_unit_test(small_letters_and_the_other_checksums_are_known),
		cmocka_unit_test(junk_is_counted_and_hides_nothing),
		cmocka_unit_test(a_frame_that_breaks_off_is_told_and_the_next_one_is_read),
		cmocka_unit_test(the_content_may_hold_any_byte),
		cmocka_unit_test(an_endless_stream_of_anything_is_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
