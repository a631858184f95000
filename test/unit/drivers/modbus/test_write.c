/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of the three commands over TCP and over a line, and every way in which the echo can be wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rtu.h"
#include "write.h"

#include "wq/err.h"

#include <string.h>

static const uint16_t on[] = { 0xFF00 }, three[] = { 3 }, pair[] = { 0x000A, 0x0102 }, one[] = { 1 };

/* The examples of Modbus Application Protocol V1.1b3, §6.5, §6.6 and §6.12 (bodies), and start commands of the field:
 * Hach NH3-N, DKK, PowerMon (a coil), the national instrument map. */
static const struct {
	struct frame_request asked;
	size_t count;
	uint8_t body[16]; /* from the function on */
} rows[] = {
	{ { 0x1501, 17, 5, 0x00AC, 1, on }, 5, { 0x05, 0x00, 0xAC, 0xFF, 0x00 } },
	{ { 0x1501, 17, 6, 0x0001, 1, three }, 5, { 0x06, 0x00, 0x01, 0x00, 0x03 } },
	{ { 0x1501, 17, 16, 0x0001, 2, pair }, 10, { 0x10, 0x00, 0x01, 0x00, 0x02, 0x04, 0x00, 0x0A, 0x01, 0x02 } },
	{ { 1, 3, 6, 110, 1, one }, 5, { 0x06, 0x00, 0x6E, 0x00, 0x01 } },
	{ { 1, 3, 6, 80, 1, one }, 5, { 0x06, 0x00, 0x50, 0x00, 0x01 } },
	{ { 1, 2, 5, 0, 1, on }, 5, { 0x05, 0x00, 0x00, 0xFF, 0x00 } },
	{ { 1, 5, 16, 0x1200, 1, one }, 8, { 0x10, 0x12, 0x00, 0x00, 0x01, 0x02, 0x00, 0x01 } },
};
#define ROWS (sizeof rows / sizeof *rows)

static size_t tcp(const struct frame_request *r, const uint8_t *body, size_t count, uint8_t *to)
{
	const uint8_t head[] = { (uint8_t)(r->transaction >> 8), (uint8_t)r->transaction, 0, 0, 0, (uint8_t)(count + 1),
		r->unit_id };

	memcpy(to, head, sizeof head);
	memcpy(to + sizeof head, body, count);
	return sizeof head + count;
}

static size_t line(const struct frame_request *r, const uint8_t *body, size_t count, uint8_t *to)
{
	to[0] = r->unit_id;
	memcpy(to + 1, body, count);
	to[count + 1] = (uint8_t)rtu_crc(to, count + 1);
	to[count + 2] = (uint8_t)(rtu_crc(to, count + 1) >> 8);
	return count + 3;
}

static void commands_are_what_the_specification_shows(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		uint8_t wanted[64], bytes[FRAME_ANSWER];
		size_t length = tcp(&rows[i].asked, rows[i].body, rows[i].count, wanted);

		assert_int_equal(write_tcp_framing.write(&rows[i].asked, bytes), length);
		assert_memory_equal(bytes, wanted, length);
		length = line(&rows[i].asked, rows[i].body, rows[i].count, wanted);
		assert_int_equal(write_rtu_framing.write(&rows[i].asked, bytes), length);
		assert_memory_equal(bytes, wanted, length);
	}
}

/* As a CRC that was not reckoned here: 11 06 0001 0003 9A9B of the serial line guide's many copies. */
static void the_crc_of_a_command_is_that_of_others(void **state)
{
	static const uint8_t wanted[] = { 0x11, 0x06, 0x00, 0x01, 0x00, 0x03, 0x9A, 0x9B };
	uint8_t bytes[FRAME_ANSWER];

	(void)state;
	assert_int_equal(write_rtu_framing.write(&rows[1].asked, bytes), sizeof wanted);
	assert_memory_equal(bytes, wanted, sizeof wanted);
}

static void the_echo_is_the_answer(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		const struct frame_request *r = &rows[i].asked;
		uint8_t bytes[64];
		uint16_t untouched = 7;
		size_t length = tcp(r, rows[i].body, 5, bytes);

		assert_int_equal(write_tcp_framing.length(r, bytes, length, NULL), length);
		assert_int_equal(write_tcp_framing.read(r, bytes, length, &untouched, NULL), 0);
		length = line(r, rows[i].body, 5, bytes);
		for (size_t have = 0; have <= length; have++)
			assert_int_equal(write_rtu_framing.length(r, bytes, have, NULL), have < 2 ? 0 : (int)length);
		assert_int_equal(write_rtu_framing.read(r, bytes, length, &untouched, NULL), 0);
		assert_int_equal(untouched, 7);
	}
}

static void an_exception_is_its_code(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS; i++)
		for (unsigned code = 1; code <= 255; code++) {
			const struct frame_request *r = &rows[i].asked;
			const uint8_t body[] = { (uint8_t)(r->function | 0x80), (uint8_t)code };
			uint8_t bytes[64];
			size_t length = tcp(r, body, 2, bytes);

			assert_int_equal(write_tcp_framing.read(r, bytes, length, NULL, NULL), code);
			length = line(r, body, 2, bytes);
			assert_int_equal(write_rtu_framing.length(r, bytes, 2, NULL), length);
			assert_int_equal(write_rtu_framing.read(r, bytes, length, NULL, NULL), code);
		}
}

/* Each byte of the echo but one that is not looked at: none is. */
static void an_echo_with_any_other_bit_is_none(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		const struct frame_request *r = &rows[i].asked;
		uint8_t good[64], bytes[64];
		size_t length = tcp(r, rows[i].body, 5, good);

		for (size_t bit = 0; bit < 8 * length; bit++) {
			memcpy(bytes, good, length);
			bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_int_equal(write_tcp_framing.read(r, bytes, length, NULL, NULL), WQ_E_PROTOCOL);
		}
		/* With a CRC that is right again: the line's own check must not be what saves us. */
		for (size_t bit = 0; bit < 8 * 6; bit++) {
			memcpy(bytes, rows[i].body, 5);
			struct frame_request other = *r;
			if (bit < 8)
				other.unit_id ^= (uint8_t)(1 << bit);
			else
				bytes[bit / 8 - 1] ^= (uint8_t)(1 << bit % 8);
			uint8_t whole[64];
			length = line(&other, bytes, 5, whole);
			/* The exception of that function, whose five bytes have no CRC of their own here. */
			if (write_rtu_framing.read(r, whole, length, NULL, NULL) != WQ_E_PROTOCOL)
				fail_msg("row %zu, bit %zu", i, bit);
		}
	}
}

static void the_sentence_tells_what_differs(void **state)
{
	static const struct {
		size_t row, at;
		const char *says;
	} wrong[] = {
		{ 1, 6, "answer of unit 16" },
		{ 1, 9, "tells address 0, written was 1" },
		{ 1, 11, "tells value 2, written was 3" },
		{ 2, 11, "tells registers: 3, written was 2" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		const struct frame_request *r = &rows[wrong[i].row].asked;
		struct wq_err err = { 0 };
		uint8_t bytes[64];
		size_t length = tcp(r, rows[wrong[i].row].body, 5, bytes);

		bytes[wrong[i].at] ^= 1;
		assert_int_equal(write_tcp_framing.read(r, bytes, length, NULL, &err), WQ_E_PROTOCOL);
		if (!strstr(err.text, wrong[i].says))
			fail_msg("'%s' does not say '%s'", err.text, wrong[i].says);
	}
}

static void what_reads_goes_as_ever(void **state)
{
	static const struct frame_request reads = { 0x1234, 17, 3, 0x006B, 3, NULL };
	uint8_t mine[FRAME_ANSWER], theirs[FRAME_ANSWER];

	(void)state;
	assert_int_equal(write_tcp_framing.write(&reads, mine), frame_tcp.write(&reads, theirs));
	assert_memory_equal(mine, theirs, FRAME_REQUEST);
	assert_int_equal(write_rtu_framing.write(&reads, mine), rtu_framing.write(&reads, theirs));
	assert_memory_equal(mine, theirs, RTU_REQUEST);
	assert_true(write_rtu_framing.alone);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_are_what_the_specification_shows),
		cmocka_unit_test(the_crc_of_a_command_is_that_of_others),
		cmocka_unit_test(the_echo_is_the_answer),
		cmocka_unit_test(an_exception_is_its_code),
		cmocka_unit_test(an_echo_with_any_other_bit_is_none),
		cmocka_unit_test(the_sentence_tells_what_differs),
		cmocka_unit_test(what_reads_goes_as_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
