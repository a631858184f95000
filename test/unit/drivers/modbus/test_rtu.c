/* SPDX-License-Identifier: Apache-2.0 */
/* RTU: the CRC, the bytes of a request, and every way an answer can be wrong or unfinished. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rtu.h"

#include "wq/err.h"

#include <stdlib.h>
#include <string.h>

static const struct frame_request asked = { 0, 17, 3, 0x006B, 3, NULL };

/* Puts the CRC behind bytes[0 … count); returns the length. Bit by bit, as the specification has it
 * (§6.2.2), so that the table of the driver is compared with something else. */
static size_t seal(uint8_t *bytes, size_t count)
{
	unsigned crc = 0xFFFF;

	for (size_t i = 0; i < count; i++) {
		crc ^= bytes[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0xA001 : crc >> 1;
	}
	bytes[count] = (uint8_t)crc;
	bytes[count + 1] = (uint8_t)(crc >> 8);
	return count + 2;
}

static size_t good_answer(uint8_t *bytes)
{
	static const uint8_t body[] = { 17, 3, 6, 0x02, 0x2B, 0, 0, 0, 0x64 };

	memcpy(bytes, body, sizeof body);
	return seal(bytes, sizeof body);
}

static void the_crc_is_that_of_the_catalogue(void **state)
{
	uint8_t bytes[64];

	(void)state;
	/* The check value of CRC-16/MODBUS. */
	assert_int_equal(rtu_crc((const uint8_t *)"123456789", 9), 0x4B37);
	srand(1);
	for (int n = 0; n < 10000; n++) {
		size_t count = (size_t)(rand() % 60);

		for (size_t i = 0; i < count; i++)
			bytes[i] = (uint8_t)rand();
		assert_int_equal(rtu_crc(bytes, seal(bytes, count)), 0);
	}
}

static void a_request_is_unit_function_address_count_crc(void **state)
{
	static const struct frame_request first = { 9, 1, 3, 0, 10, NULL };
	/* 01 03 00 00 00 0A C5 CD stands in nearly every manual. */
	static const uint8_t expected[] = { 1, 3, 0, 0, 0, 10, 0xC5, 0xCD };
	uint8_t bytes[RTU_REQUEST];

	(void)state;
	assert_int_equal(rtu_write(&first, bytes), RTU_REQUEST);
	assert_memory_equal(bytes, expected, sizeof expected);
}

static void reads_the_answer(void **state)
{
	uint8_t answer[RTU_ANSWER];
	size_t length = good_answer(answer);
	uint16_t registers[3];

	(void)state;
	assert_int_equal(rtu_length(&asked, answer, length, NULL), (int)length);
	assert_int_equal(rtu_read(&asked, answer, length, registers, NULL), 0);
	assert_int_equal(registers[0], 0x022B);
	assert_int_equal(registers[1], 0);
	assert_int_equal(registers[2], 0x64);
}

static void bits_come_eight_in_a_byte(void **state)
{
	static const struct frame_request coils = { 0, 17, 1, 0x13, 10, NULL };
	uint8_t answer[16] = { 17, 1, 2, 0xCD, 0x02 };
	size_t length = seal(answer, 5);
	uint16_t bits[10];

	(void)state;
	assert_int_equal(rtu_read(&coils, answer, length, bits, NULL), 0);
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(bits[i], 0x2CD >> i & 1);
}

static void an_exception_is_its_code(void **state)
{
	uint16_t registers[3];

	(void)state;
	for (int code = 1; code <= 255; code++) {
		uint8_t answer[RTU_EXCEPTION] = { 17, 0x83, (uint8_t)code };

		assert_int_equal(seal(answer, 3), RTU_EXCEPTION);
		assert_int_equal(rtu_length(&asked, answer, 3, NULL), RTU_EXCEPTION);
		assert_int_equal(rtu_look(&asked, answer, RTU_EXCEPTION).is, RTU_REFUSAL);
		assert_int_equal(rtu_read(&asked, answer, RTU_EXCEPTION, registers, NULL), code);
	}
}

/* What the first bytes of an answer are taken for. */
static void says_at_each_byte_what_it_has(void **state)
{
	static const struct {
		size_t have;
		uint8_t bytes[12];
		enum rtu_is is;
		size_t length;
	} rows[] = {
		{ 0, { 0 }, RTU_MORE, 0 },
		{ 1, { 17 }, RTU_MORE, 0 },
		{ 1, { 18 }, RTU_UNIT, 0 },
		{ 1, { 0 }, RTU_UNIT, 0 },
		{ 2, { 17, 3 }, RTU_MORE, 0 },
		{ 2, { 17, 4 }, RTU_FUNCTION, 0 },
		{ 2, { 17, 0x83 }, RTU_MORE, 0 },
		{ 2, { 17, 0x84 }, RTU_FUNCTION, 0 },
		{ 3, { 17, 3, 6 }, RTU_MORE, 11 },
		{ 3, { 17, 3, 4 }, RTU_COUNT, 0 },
		{ 3, { 17, 3, 0 }, RTU_COUNT, 0 },
		{ 3, { 17, 0x83, 2 }, RTU_MORE, 5 },
		{ 3, { 17, 0x83, 0 }, RTU_FUNCTION, 0 },
		{ 5, { 17, 0x83, 2, 0, 0 }, RTU_CRC, 5 },
		{ 11, { 17, 3, 6, 1, 2, 3, 4, 5, 6, 0, 0 }, RTU_CRC, 11 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct rtu_look look = rtu_look(&asked, rows[i].bytes, rows[i].have);

		if (look.is != rows[i].is || look.length != rows[i].length)
			fail_msg("row %zu: %d of %zu bytes", i, (int)look.is, look.length);
	}
}

static void a_wrong_answer_is_told_in_a_sentence(void **state)
{
	static const struct {
		size_t at;
		uint8_t byte;
		const char *says;
	} rows[] = {
		{ 0, 18, "unit 18, asked was unit 17" },
		{ 1, 4, "function 4" },
		{ 1, 0x84, "function" },
		{ 2, 4, "4 bytes" },
		{ 4, 0x2A, "CRC" },
		{ 9, 0, "CRC" },
		{ 10, 0, "CRC" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint8_t answer[RTU_ANSWER];
		size_t length = good_answer(answer);
		uint16_t registers[3] = { 1, 1, 1 };
		struct wq_err err = { 0 };

		answer[rows[i].at] = rows[i].byte;
		assert_int_equal(rtu_read(&asked, answer, length, registers, &err), WQ_E_PROTOCOL);
		if (!strstr(err.text, rows[i].says))
			fail_msg("'%s' does not say '%s'", err.text, rows[i].says);
		assert_int_equal(registers[0], 1);
	}
}

static void refuses_what_is_too_short_or_too_long(void **state)
{
	uint8_t answer[RTU_ANSWER] = { 0 };
	size_t whole = good_answer(answer);
	uint16_t registers[3];

	(void)state;
	for (size_t length = 0; length < 40; length++)
		if (length != whole)
			assert_int_equal(
			        rtu_read(&asked, answer, length, registers, NULL), WQ_E_PROTOCOL);
}

/* Property: of all answers with one to three bits changed not one is taken (the CRC has a distance
 * of 4 at this length). */
static void no_damage_of_three_bits_passes(void **state)
{
	uint8_t good[RTU_ANSWER], bad[RTU_ANSWER];
	size_t length = good_answer(good), bits = length * 8;
	uint16_t registers[3];

	(void)state;
	for (size_t a = 0; a < bits; a++)
		for (size_t b = a; b < bits; b++)
			for (size_t c = b; c < bits; c++) {
				memcpy(bad, good, length);
				bad[a / 8] ^= (uint8_t)(1 << a % 8);
				if (b > a)
					bad[b / 8] ^= (uint8_t)(1 << b % 8);
				if (c > b && b > a)
					bad[c / 8] ^= (uint8_t)(1 << c % 8);
				assert_true(rtu_read(&asked, bad, length, registers, NULL) < 0);
			}
}

static void the_silence_is_three_and_a_half_characters(void **state)
{
	static const struct {
		int64_t baud;
		int bits;
		wq_ms silence;
	} rows[] = {
		{ 300, 11, 129 },
		{ 1200, 11, 33 },
		{ 9600, 10, 4 },
		{ 9600, 11, 5 },
		{ 19200, 11, 3 },
		{ 38400, 11, 2 },
		{ 115200, 11, 2 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_int_equal(rtu_silence(rows[i].baud, rows[i].bits), rows[i].silence);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_crc_is_that_of_the_catalogue),
		cmocka_unit_test(a_request_is_unit_function_address_count_crc),
		cmocka_unit_test(reads_the_answer),
		cmocka_unit_test(bits_come_eight_in_a_byte),
		cmocka_unit_test(an_exception_is_its_code),
		cmocka_unit_test(says_at_each_byte_what_it_has),
		cmocka_unit_test(a_wrong_answer_is_told_in_a_sentence),
		cmocka_unit_test(refuses_what_is_too_short_or_too_long),
		cmocka_unit_test(no_damage_of_three_bits_passes),
		cmocka_unit_test(the_silence_is_three_and_a_half_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
