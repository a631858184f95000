/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of a request and every way an answer can be wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "frame.h"

#include "wq/err.h"

#include <string.h>

static const struct frame_request asked = { 0x1234, 17, 3, 0x006B, 3, NULL };

static void a_request_is_what_the_specification_shows(void **state)
{
	/* The example of Modbus Application Protocol V1.1b3, §6.3: read registers 108-110. */
	static const uint8_t expected[] = { 0x12, 0x34, 0, 0, 0, 6, 17, 0x03, 0x00, 0x6B, 0x00,
		0x03 };
	uint8_t bytes[FRAME_REQUEST];

	(void)state;
	frame_write(&asked, bytes);
	assert_memory_equal(bytes, expected, sizeof expected);
}

static void reads_the_answer(void **state)
{
	static const uint8_t answer[] = { 0x12, 0x34, 0, 0, 0, 9, 17, 3, 6, 0x02, 0x2B, 0, 0, 0,
		0x64 };
	uint16_t registers[3];

	(void)state;
	assert_int_equal(frame_read(&asked, answer, sizeof answer, registers, NULL), 0);
	assert_int_equal(registers[0], 0x022B);
	assert_int_equal(registers[1], 0);
	assert_int_equal(registers[2], 0x64);
}

static void an_exception_is_its_code(void **state)
{
	uint8_t answer[] = { 0x12, 0x34, 0, 0, 0, 3, 17, 0x83, 0 };
	uint16_t registers[3];

	(void)state;
	for (int code = 1; code <= 255; code++) {
		answer[8] = (uint8_t)code;
		assert_int_equal(frame_read(&asked, answer, sizeof answer, registers, NULL), code);
		assert_true(strlen(frame_exception(code)) > 0);
	}
	assert_string_equal(frame_exception(2), "illegal data address");
	assert_string_equal(frame_exception(7), "unknown exception");
	assert_string_equal(frame_exception(200), "unknown exception");
}

static void refuses_what_is_not_the_answer(void **state)
{
	static const struct {
		size_t at;
		uint8_t byte;
		const char *says;
	} rows[] = {
		{ 0, 0x11, "transaction" },
		{ 1, 0x33, "transaction" },
		{ 2, 1, "protocol" },
		{ 5, 8, "tells" },
		{ 6, 18, "unit 18" },
		{ 7, 4, "function 4" },
		{ 7, 0x83, "function" },
		{ 8, 4, "4 bytes" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint8_t answer[] = { 0x12, 0x34, 0, 0, 0, 9, 17, 3, 6, 0x02, 0x2B, 0, 0, 0, 0x64 };
		uint16_t registers[3] = { 1, 1, 1 };
		struct wq_err err = { 0 };

		answer[rows[i].at] = rows[i].byte;
		assert_int_equal(
		        frame_read(&asked, answer, sizeof answer, registers, &err), WQ_E_PROTOCOL);
		if (!strstr(err.text, rows[i].says))
			fail_msg("'%s' does not say '%s'", err.text, rows[i].says);
		assert_int_equal(registers[0], 1);
	}
}

static void refuses_every_truncation(void **state)
{
	static const uint8_t answer[] = { 0x12, 0x34, 0, 0, 0, 9, 17, 3, 6, 0x02, 0x2B, 0, 0, 0,
		0x64 };
	uint16_t registers[3];

	(void)state;
	for (size_t length = 0; length < sizeof answer; length++)
		assert_int_equal(
		        frame_read(&asked, answer, length, registers, NULL), WQ_E_PROTOCOL);
}

static void no_exception_zero(void **state)
{
	static const uint8_t answer[] = { 0x12, 0x34, 0, 0, 0, 3, 17, 0x83, 0 };
	uint16_t registers[3];

	(void)state;
	assert_int_equal(frame_read(&asked, answer, sizeof answer, registers, NULL), WQ_E_PROTOCOL);
}

static void bits_come_lowest_first(void **state)
{
	/* The example of Modbus Application Protocol V1.1b3, §6.1: coils 20 to 38 are CD 6B 05. */
	static const struct frame_request coils = { 0x1234, 17, 1, 0x0013, 19, NULL };
	uint8_t answer[] = { 0x12, 0x34, 0, 0, 0, 6, 17, 1, 3, 0xCD, 0x6B, 0x05 };
	static const char expected[] = "1011001111010110101";
	uint16_t bits[20] = { 0 };

	(void)state;
	bits[19] = 7;
	assert_int_equal(frame_read(&coils, answer, sizeof answer, bits, NULL), 0);
	for (size_t i = 0; i < 19; i++)
		assert_int_equal(bits[i], expected[i] - '0');
	assert_int_equal(bits[19], 7);
	answer[8] = 4;
	assert_int_equal(frame_read(&coils, answer, sizeof answer, bits, NULL), WQ_E_PROTOCOL);
	answer[8] = 3;
	answer[7] = 2; /* discrete inputs were not asked for */
	assert_int_equal(frame_read(&coils, answer, sizeof answer, bits, NULL), WQ_E_PROTOCOL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_is_what_the_specification_shows),
		cmocka_unit_test(reads_the_answer),
		cmocka_unit_test(an_exception_is_its_code),
		cmocka_unit_test(refuses_what_is_not_the_answer),
		cmocka_unit_test(refuses_every_truncation),
		cmocka_unit_test(no_exception_zero),
		cmocka_unit_test(bits_come_lowest_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
