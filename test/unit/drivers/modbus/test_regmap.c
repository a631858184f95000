/* SPDX-License-Identifier: Apache-2.0 */
/* Registers to numbers: every type, every order, scale, "no value", the analyser's time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "regmap.h"

#include "wq/err.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct wq_decimal one = { 1, 0 };

static struct modbus_point_settings plain(int type, int order)
{
	return (struct modbus_point_settings){ .unit_id = 1,
		.type = type,
		.order = order,
		.scale = "1",
		.offset = "0",
		.time_address = -1,
		.time_order = -1,
		.flag_address = -1,
		.flag_order = -1,
		.words = { { .address = -1 }, { .address = -1 }, { .address = -1 } } };
}

/* Of the map that was opened last. */
static struct regmap_lists room;

static struct regmap opened(struct modbus_point_settings settings, struct wq_decimal factor)
{
	struct regmap map;
	struct wq_err err = { 0 };

	if (regmap_open(&map, &room, &settings, factor, &err) < 0)
		fail_msg("%s", err.text);
	return map;
}

/* The value, compared as decimals are: exactly. */
static void assert_reads(const struct regmap *map, const uint16_t *registers, double expected)
{
	double value = -1;

	assert_int_equal(regmap_value(map, registers, &value), REGMAP_VALUE);
	if (memcmp(&value, &expected, sizeof value) != 0)
		fail_msg("read %.17g, expected %.17g", value, expected);
}

static void assert_nothing(const struct regmap *map, const uint16_t *registers)
{
	double value = -1;

	assert_int_equal(regmap_value(map, registers, &value), REGMAP_NOTHING);
	assert_true(isnan(value));
}

static void reads_a_float_in_each_order(void **state)
{
	/* 123456.0 is 0x47F12000; 0.2 is 0x3E4CCCCD. */
	static const struct {
		int order;
		uint16_t big[2], small[2];
	} rows[] = {
		{ MODBUS_ABCD, { 0x47F1, 0x2000 }, { 0x3E4C, 0xCCCD } },
		{ MODBUS_CDAB, { 0x2000, 0x47F1 }, { 0xCCCD, 0x3E4C } },
		{ MODBUS_BADC, { 0xF147, 0x0020 }, { 0x4C3E, 0xCDCC } },
		{ MODBUS_DCBA, { 0x0020, 0xF147 }, { 0xCDCC, 0x4C3E } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct regmap map = opened(plain(MODBUS_FLOAT32, rows[i].order), one);

		assert_reads(&map, rows[i].big, 123456.0);
		assert_reads(&map, rows[i].small, 0.2);
	}
}

static void reads_each_integer_type(void **state)
{
	static const struct {
		int type, order;
		uint16_t registers[2];
		double value;
	} rows[] = {
		{ MODBUS_INT16, MODBUS_ABCD, { 0xFFFE }, -2 },
		{ MODBUS_INT16, MODBUS_CDAB, { 0x8000 }, -32768 },
		{ MODBUS_INT16, MODBUS_BADC, { 0xFEFF }, -2 },
		{ MODBUS_UINT16, MODBUS_ABCD, { 0xFFFE }, 65534 },
		{ MODBUS_UINT16, MODBUS_DCBA, { 0x0102 }, 0x0201 },
		{ MODBUS_INT32, MODBUS_ABCD, { 0xFFFF, 0xFFFE }, -2 },
		{ MODBUS_INT32, MODBUS_CDAB, { 0x0000, 0x8000 }, -2147483648.0 },
		{ MODBUS_UINT32, MODBUS_ABCD, { 0xFFFF, 0xFFFE }, 4294967294.0 },
		{ MODBUS_UINT32, MODBUS_BADC, { 0x0201, 0x0403 }, 0x01020304 },
		{ MODBUS_UINT32, MODBUS_DCBA, { 0x0403, 0x0201 }, 0x01020304 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct regmap map = opened(plain(rows[i].type, rows[i].order), one);

		assert_reads(&map, rows[i].registers, rows[i].value);
	}
}

/* The four orders as permutations of bytes, written down a second time for the property below. */
static void encode(uint32_t bits, int order, uint16_t registers[2])
{
	static const int where[MODBUS_ORDERS][4] = {
		[MODBUS_ABCD] = { 0, 1, 2, 3 },
		[MODBUS_CDAB] = { 2, 3, 0, 1 },
		[MODBUS_BADC] = { 1, 0, 3, 2 },
		[MODBUS_DCBA] = { 3, 2, 1, 0 },
	};
	uint8_t wire[4];

	for (int i = 0; i < 4; i++)
		wire[i] = (uint8_t)(bits >> (24 - 8 * where[order][i]));
	registers[0] = (uint16_t)(wire[0] << 8 | wire[1]);
	registers[1] = (uint16_t)(wire[2] << 8 | wire[3]);
}

static void decodes_what_was_encoded(void **state)
{
	unsigned short seed[3] = { 7, 11, 13 };

	(void)state;
	for (int i = 0; i < 20000; i++) {
		int order = i % MODBUS_ORDERS;
		struct regmap map = opened(plain(MODBUS_FLOAT32, order), one);
		float thousandths = (float)((double)(jrand48(seed) % 10000000) / 1000.0);
		uint32_t bits, number = (uint32_t)jrand48(seed);
		uint16_t registers[2];

		memcpy(&bits, &thousandths, sizeof bits);
		encode(bits, order, registers);
		assert_reads(&map, registers, wq_value_from_float32(thousandths));
		map = opened(plain(MODBUS_UINT32, order), one);
		encode(number, order, registers);
		assert_int_equal(regmap_join(order, registers, 2), number);
		assert_reads(&map, registers, (double)number);
	}
}

/* Every limit of GB 3838 as a float and as a scaled integer is the limit, not a little more. */
static void a_value_at_the_limit_is_at_the_limit(void **state)
{
	static const struct {
		const char *scale;
		uint16_t raw;
		double limit;
	} rows[] = {
		{ "0.001", 200, 0.2 },
		{ "0.001", 100, 0.1 },
		{ "0.0001", 500, 0.05 },
		{ "0.01", 2, 0.02 },
		{ "0.01", 15, 0.15 },
		{ "0.1", 75, 7.5 },
		{ "0.010", 100, 1.0 },
		{ "0.001", 25, 0.025 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct modbus_point_settings s = plain(MODBUS_UINT16, MODBUS_ABCD);
		struct regmap map;
		float f = (float)rows[i].limit;
		uint16_t registers[2];
		uint32_t bits;

		s.scale = rows[i].scale;
		map = opened(s, one);
		assert_reads(&map, &rows[i].raw, rows[i].limit);
		memcpy(&bits, &f, sizeof bits);
		encode(bits, MODBUS_CDAB, registers);
		map = opened(plain(MODBUS_FLOAT32, MODBUS_CDAB), one);
		assert_reads(&map, registers, rows[i].limit);
	}
}

static void scale_offset_and_unit_are_exact(void **state)
{
	static const struct wq_decimal micro = { 1, 3 }; /* µg/L to mg/L */
	struct modbus_point_settings s = plain(MODBUS_INT16, MODBUS_ABCD);
	struct regmap map;

	(void)state;
	s.scale = "0.1";
	s.offset = "-40";
	map = opened(s, one);
	assert_reads(&map, (uint16_t[]){ 633 }, 23.3);
	s.offset = "0.5";
	map = opened(s, micro);
	assert_reads(&map, (uint16_t[]){ 2001 }, 0.2006);
	map = opened(plain(MODBUS_FLOAT32, MODBUS_ABCD), micro);
	assert_reads(&map, (uint16_t[]){ 0x4348, 0x199A }, 0.2001); /* 200.1f */
	s = plain(MODBUS_FLOAT32, MODBUS_ABCD);
	s.scale = "1.000";
	s.offset = "0.00";
	assert_true(opened(s, one).plain);
}

static void a_number_that_scaling_cannot_express_is_garbage(void **state)
{
	struct modbus_point_settings s = plain(MODBUS_FLOAT32, MODBUS_ABCD);
	struct regmap map;
	double value = 0;

	(void)state;
	s.scale = "0.001";
	map = opened(s, one);
	assert_int_equal(
	        regmap_value(&map, (uint16_t[]){ 0x7F7F, 0xFFFF }, &value), REGMAP_GARBAGE);
	assert_true(isfinite(value) && value > 1e34);
	assert_int_equal(
	        regmap_value(&map, (uint16_t[]){ 0x0000, 0x0001 }, &value), REGMAP_GARBAGE);
	assert_true(value < 1e-40);
	assert_reads(&map, (uint16_t[]){ 0, 0 }, 0.0);
}

static void nan_and_infinities_are_no_value(void **state)
{
	static const uint16_t rows[][2] = { { 0x7FC0, 0 }, { 0xFFC0, 0 }, { 0x7F80, 1 },
		{ 0x7F80, 0 }, { 0xFF80, 0 }, { 0xFFFF, 0xFFFF } };
	struct regmap map = opened(plain(MODBUS_FLOAT32, MODBUS_ABCD), one);

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_nothing(&map, rows[i]);
}

static void what_is_listed_as_invalid_is_no_value(void **state)
{
	static const struct {
		int type;
		const char *invalid;
		uint16_t nothing[2], something[2];
		double value;
	} rows[] = {
		{ MODBUS_FLOAT32, "-9999", { 0xC61C, 0x3C00 }, { 0x3F80, 0 }, 1 },
		{ MODBUS_FLOAT32, "-9999.0", { 0xC61C, 0x3C00 }, { 0xC61C, 0x4000 }, -10000 },
		{ MODBUS_FLOAT32, "0", { 0x8000, 0 }, { 0x3F80, 0 }, 1 },
		{ MODBUS_FLOAT32, "0x3F800000", { 0x3F80, 0 }, { 0x4000, 0 }, 2 },
		{ MODBUS_INT16, "-1", { 0xFFFF }, { 0xFFFE }, -2 },
		{ MODBUS_INT16, "65535", { 0xFFFF }, { 0x7FFF }, 32767 },
		{ MODBUS_INT16, "0x7FFF", { 0x7FFF }, { 0xFFFF }, -1 },
		{ MODBUS_UINT16, "0xffff", { 0xFFFF }, { 0 }, 0 },
		{ MODBUS_UINT32, "4294967295", { 0xFFFF, 0xFFFF }, { 0, 9 }, 9 },
		{ MODBUS_INT32, "-2147483648", { 0x8000, 0 }, { 0, 9 }, 9 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct modbus_point_settings s = plain(rows[i].type, MODBUS_ABCD);
		const char *items[] = { "12345", rows[i].invalid };
		struct regmap map;

		s.invalid = (struct wq_list){ 2, items };
		map = opened(s, one);
		assert_nothing(&map, rows[i].nothing);
		assert_reads(&map, rows[i].something, rows[i].value);
	}
}

static void refuses_settings_that_make_no_sense(void **state)
{
	static const struct {
		int type;
		const char *scale, *offset, *invalid, *says;
	} rows[] = {
		{ MODBUS_FLOAT32, "abc", "0", "0", "scale" },
		{ MODBUS_FLOAT32, "0", "0", "0", "must not be 0" },
		{ MODBUS_FLOAT32, "1", "nan", "0", "offset" },
		{ MODBUS_FLOAT32, "0.0000000000000001", "0", "0", "18 digits" },
		{ MODBUS_INT16, "1", "0", "65536", "65535" },
		{ MODBUS_UINT16, "1", "0", "-1", "0 to 65535" },
		{ MODBUS_UINT16, "1", "0", "1.5", "whole number" },
		{ MODBUS_UINT16, "1", "0", "0x10000", "hexadecimal" },
		{ MODBUS_UINT16, "1", "0", "0x", "hexadecimal" },
		{ MODBUS_FLOAT32, "1", "0", "1e30", "0xFFFF" },
		{ MODBUS_FLOAT32, "1", "0", "none", "neither a number" },
	};
	static const struct wq_decimal tiny = { 1, 6 };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct modbus_point_settings s = plain(rows[i].type, MODBUS_ABCD);
		struct wq_err err = { 0 };
		struct regmap map;

		s.scale = rows[i].scale;
		s.offset = rows[i].offset;
		s.invalid = (struct wq_list){ 1, &rows[i].invalid };
		assert_int_equal(regmap_open(&map, &room, &s, tiny, &err), WQ_E_INVALID);
		if (!strstr(err.text, rows[i].says))
			fail_msg("row %zu: '%s' does not say '%s'", i, err.text, rows[i].says);
	}
}

static void reads_times(void **state)
{
	static const struct {
		int type, order;
		uint16_t registers[6];
		const char *time;
	} rows[] = {
		{ MODBUS_EPOCH, MODBUS_ABCD, { 0x6065, 0x1100 }, "2021-04-01T08:17:04+08:00" },
		{ MODBUS_EPOCH, MODBUS_CDAB, { 0x1100, 0x6065 }, "2021-04-01T08:17:04+08:00" },
		{ MODBUS_YMDHMS, MODBUS_ABCD, { 2021, 4, 1, 8, 0, 0 },
		        "2021-04-01T08:00:00+08:00" },
		{ MODBUS_YMDHMS, MODBUS_CDAB, { 21, 4, 1, 23, 59, 59 },
		        "2021-04-01T23:59:59+08:00" },
		{ MODBUS_YMDHMS, MODBUS_ABCD, { 2024, 2, 29, 0, 0, 0 },
		        "2024-02-29T00:00:00+08:00" },
		{ MODBUS_BCD_TIME, MODBUS_ABCD, { 0x2609, 0x3008, 0x0501 },
		        "2026-09-30T08:05:01+08:00" },
		{ MODBUS_BCD_TIME, MODBUS_CDAB, { 0x2609, 0x3008, 0x0501 },
		        "2026-09-30T08:05:01+08:00" }, /* words keep their order */
		{ MODBUS_BCD_TIME, MODBUS_DCBA, { 0x0926, 0x0830, 0x0105 },
		        "2026-09-30T08:05:01+08:00" },
		{ MODBUS_PACKED_TIME, MODBUS_ABCD, { 2609, 3008, 501 },
		        "2026-09-30T08:05:01+08:00" },
		{ MODBUS_YMDHMS, MODBUS_BADC, { 0xE507, 0x0400, 0x0100, 0x0800, 0, 0 },
		        "2021-04-01T08:00:00+08:00" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct modbus_point_settings s = plain(MODBUS_FLOAT32, rows[i].order);
		struct regmap map;
		char text[WQ_INSTANT_TEXT];
		wq_ms at;

		s.time_address = 0;
		s.time_type = rows[i].type;
		map = opened(s, one);
		assert_true(regmap_time(&map, rows[i].registers, &wq_zone_china, &at));
		assert_string_equal(wq_instant_format(&wq_zone_china, at, text), rows[i].time);
	}
}

static void the_time_may_have_an_order_of_its_own(void **state)
{
	struct modbus_point_settings s = plain(MODBUS_FLOAT32, MODBUS_CDAB);
	struct regmap map;
	wq_ms at;

	(void)state;
	s.time_address = 0;
	s.time_order = MODBUS_ABCD;
	map = opened(s, one);
	assert_true(regmap_time(&map, (uint16_t[]){ 0x6065, 0x1100 }, &wq_zone_china, &at));
	assert_true(at == WQ_SECONDS(0x60651100));
}

static void a_time_that_cannot_be_is_none(void **state)
{
	static const struct {
		int type;
		uint16_t registers[6];
	} rows[] = {
		{ MODBUS_EPOCH, { 0, 0 } },
		{ MODBUS_EPOCH, { 0x386D, 0x4380 } }, /* 2000: a clock whose battery is empty */
		{ MODBUS_EPOCH, { 0x4B3D, 0x3AFF } }, /* a second before 2010 */
		{ MODBUS_YMDHMS, { 0, 0, 0, 0, 0, 0 } },
		{ MODBUS_YMDHMS, { 1970, 1, 1, 0, 0, 0 } },
		{ MODBUS_YMDHMS, { 2000, 1, 3, 17, 20, 5 } },
		{ MODBUS_YMDHMS, { 1, 1, 1, 0, 0, 0 } },
		{ MODBUS_YMDHMS, { 2009, 12, 31, 23, 59, 59 } },
		{ MODBUS_YMDHMS, { 2021, 13, 1, 0, 0, 0 } },
		{ MODBUS_YMDHMS, { 2021, 0, 1, 0, 0, 0 } },
		{ MODBUS_YMDHMS, { 2021, 4, 31, 0, 0, 0 } },
		{ MODBUS_YMDHMS, { 2023, 2, 29, 0, 0, 0 } },
		{ MODBUS_YMDHMS, { 2021, 4, 0, 0, 0, 0 } },
		{ MODBUS_YMDHMS, { 2021, 4, 1, 24, 0, 0 } },
		{ MODBUS_YMDHMS, { 2021, 4, 1, 8, 60, 0 } },
		{ MODBUS_YMDHMS, { 2021, 4, 1, 8, 0, 60 } },
		{ MODBUS_BCD_TIME, { 0, 0, 0 } },
		{ MODBUS_BCD_TIME, { 0x260A, 0x0101, 0 } },
		{ MODBUS_BCD_TIME, { 0x2613, 0x0101, 0 } },
		{ MODBUS_BCD_TIME, { 0x2609, 0x3108, 0 } },
		{ MODBUS_BCD_TIME, { 0x0901, 0x0101, 0 } }, /* 2009 */
		{ MODBUS_BCD_TIME, { 0xFFFF, 0xFFFF, 0xFFFF } },
		{ MODBUS_PACKED_TIME, { 2600, 101, 0 } },
		{ MODBUS_PACKED_TIME, { 2609, 3024, 0 } },
		{ MODBUS_PACKED_TIME, { 2609, 3023, 5960 } },
		{ MODBUS_PACKED_TIME, { 10001, 3023, 0 } },
		{ MODBUS_YMDHMS, { 65535, 65535, 65535, 65535, 65535, 65535 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct modbus_point_settings s = plain(MODBUS_FLOAT32, MODBUS_ABCD);
		struct regmap map;
		wq_ms at = 77;

		s.time_address = 0;
		s.time_type = rows[i].type;
		map = opened(s, one);
		if (regmap_time(&map, rows[i].registers, &wq_zone_china, &at))
			fail_msg("row %zu was taken for a time", i);
		assert_true(at == 77);
	}
}

/* 123456.0 as a double is 0x40FE240000000000. */
static void reads_a_float64_in_each_order(void **state)
{
	static const struct {
		int order;
		uint16_t registers[4];
	} rows[] = {
		{ MODBUS_ABCD, { 0x40FE, 0x2400, 0x0000, 0x0000 } },
		{ MODBUS_CDAB, { 0x0000, 0x0000, 0x2400, 0x40FE } },
		{ MODBUS_BADC, { 0xFE40, 0x0024, 0x0000, 0x0000 } },
		{ MODBUS_DCBA, { 0x0000, 0x0000, 0x0024, 0xFE40 } },
	};
	static const uint16_t fifth[4] = { 0x3FC9, 0x9999, 0x9999, 0x999A };
	static const uint16_t nan64[4] = { 0x7FF8, 0, 0, 0 };
	struct modbus_point_settings s = plain(MODBUS_FLOAT64, MODBUS_ABCD);
	struct regmap map;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		map = opened(plain(MODBUS_FLOAT64, rows[i].order), one);
		assert_int_equal(map.registers, 4);
		assert_reads(&map, rows[i].registers, 123456.0);
	}
	map = opened(s, one);
	assert_reads(&map, fifth, 0.2);
	assert_nothing(&map, nan64);
	s.scale = "0.001";
	map = opened(s, one);
	assert_reads(&map, fifth, 0.0002);
}

static void reads_each_type_of_many_registers(void **state)
{
	static const struct {
		int type, order;
		uint16_t registers[4];
		double value;
	} rows[] = {
		{ MODBUS_INT64, MODBUS_ABCD, { 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFE }, -2 },
		{ MODBUS_INT64, MODBUS_DCBA, { 0xFEFF, 0xFFFF, 0xFFFF, 0xFFFF }, -2 },
		{ MODBUS_UINT64, MODBUS_ABCD, { 0, 0x0001, 0x0002, 0x0003 }, 4295098371.0 },
		{ MODBUS_UINT64, MODBUS_CDAB, { 0x0003, 0x0002, 0x0001, 0 }, 4295098371.0 },
		{ MODBUS_UINT64, MODBUS_BADC, { 0, 0x0100, 0x0200, 0x0300 }, 4295098371.0 },
		{ MODBUS_BCD16, MODBUS_ABCD, { 0x1234 }, 1234 },
		{ MODBUS_BCD16, MODBUS_BADC, { 0x3412 }, 1234 },
		{ MODBUS_BCD32, MODBUS_ABCD, { 0x1234, 0x5678 }, 12345678 },
		{ MODBUS_BCD32, MODBUS_CDAB, { 0x5678, 0x1234 }, 12345678 },
		{ MODBUS_PACKED32, MODBUS_ABCD, { 2609, 830 }, 26090830 },
		{ MODBUS_PACKED32, MODBUS_CDAB, { 830, 2609 }, 26090830 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct regmap map = opened(plain(rows[i].type, rows[i].order), one);

		assert_reads(&map, rows[i].registers, rows[i].value);
	}
}

static void what_is_no_number_of_its_type_is_nonsense(void **state)
{
	static const struct {
		int type;
		uint16_t registers[2];
	} rows[] = {
		{ MODBUS_BCD16, { 0x12A4 } },
		{ MODBUS_BCD32, { 0x1234, 0x567F } },
		{ MODBUS_BCD32, { 0xFFFF, 0xFFFF } },
		{ MODBUS_PACKED32, { 10000, 0 } },
		{ MODBUS_PACKED32, { 0, 65535 } },
	};
	static const uint16_t huge[4] = { 0xFFFF, 0, 0, 0 };
	struct regmap map = opened(plain(MODBUS_UINT64, MODBUS_ABCD), one);
	double value = 0;

	(void)state;
	assert_int_equal(regmap_value(&map, huge, &value), REGMAP_GARBAGE);
	assert_true(value > 1.8e19);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		map = opened(plain(rows[i].type, MODBUS_ABCD), one);
		assert_int_equal(regmap_value(&map, rows[i].registers, &value), REGMAP_NONSENSE);
		assert_true(isnan(value));
	}
}

static void invalid_numbers_of_other_types_are_known(void **state)
{
	static const struct {
		int type;
		const char *invalid;
		uint16_t registers[4];
	} rows[] = {
		{ MODBUS_BCD16, "9999", { 0x9999 } },
		{ MODBUS_BCD32, "0xFFFFFFFF", { 0xFFFF, 0xFFFF } },
		{ MODBUS_PACKED32, "99990001", { 9999, 1 } },
		{ MODBUS_FLOAT64, "-9999", { 0xC0C3, 0x8780, 0, 0 } },
		{ MODBUS_INT64, "-1", { 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF } },
		{ MODBUS_UINT64, "0xFFFFFFFFFFFFFFFF", { 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct modbus_point_settings s = plain(rows[i].type, MODBUS_ABCD);
		struct regmap map;

		s.invalid = (struct wq_list){ 1, &rows[i].invalid };
		map = opened(s, one);
		assert_nothing(&map, rows[i].registers);
	}
}

static void takes_the_bits_that_are_asked_for(void **state)
{
	static const struct {
		int type;
		const char *bits;
		uint16_t registers[4];
		double value;
	} rows[] = {
		{ MODBUS_UINT16, "0", { 0x0001 }, 1 },
		{ MODBUS_UINT16, "0", { 0xFFFE }, 0 },
		{ MODBUS_UINT16, "15", { 0x8000 }, 1 },
		{ MODBUS_UINT16, "4-7", { 0x12A4 }, 10 },
		{ MODBUS_UINT16, "0-15", { 0xFFFF }, 65535 },
		{ MODBUS_UINT32, "16-23", { 0x0042, 0xFFFF }, 66 },
		{ MODBUS_UINT64, "63", { 0x8000, 0, 0, 0 }, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct modbus_point_settings s = plain(rows[i].type, MODBUS_ABCD);
		struct regmap map;

		s.bits = rows[i].bits;
		map = opened(s, one);
		assert_reads(&map, rows[i].registers, rows[i].value);
	}
}

/* The table follows the base, and a coil needs no type. */
static void a_coil_is_a_bit(void **state)
{
	struct modbus_point_settings s = plain(-1, MODBUS_ABCD);
	struct regmap map;

	(void)state;
	s.table = -1;
	s.address_base = 10001;
	s.address = 10009;
	map = opened(s, one);
	assert_int_equal(map.table, MODBUS_DISCRETE);
	assert_int_equal(map.address, 8);
	assert_int_equal(map.type, MODBUS_BIT);
	assert_reads(&map, (uint16_t[]){ 1 }, 1);
	s.address_base = 40001;
	s.address = 40100;
	map = opened(s, one);
	assert_int_equal(map.table, MODBUS_HOLDING);
	assert_int_equal(map.address, 99);
	assert_int_equal(map.type, MODBUS_FLOAT32);
}

/* ---- flags and words ---- */

static void reads_the_stations_flag(void **state)
{
	static const struct {
		int order;
		uint16_t registers[6];
		const char *flag;
		bool known;
	} rows[] = {
		{ MODBUS_ABCD, { 0x4E00 }, "N", true },
		{ MODBUS_ABCD, { 0x4E20, 0x2020, 0x2020 }, "N", true },
		{ MODBUS_ABCD, { 0x0000, 0x4E00 }, "N", true },
		{ MODBUS_ABCD, { 0x2020, 0x686D }, "hm", true },
		{ MODBUS_BADC, { 0x6468, 0x0000 }, "hd", true },
		{ MODBUS_ABCD, { 0 }, "", true },
		{ MODBUS_ABCD, { 0x4E00, 0x4142 }, "N", true }, /* what follows the NUL is old */
		{ MODBUS_ABCD, { 0x3132, 0x3334, 0x3536, 0x3738, 0x3930, 0 }, "1234567", true },
		{ MODBUS_ABCD, { 0xFFFF, 0xFFFF }, "????", false },
		{ MODBUS_ABCD, { 0x4E07 }, "N?", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct modbus_point_settings s = plain(MODBUS_FLOAT32, rows[i].order);
		char flag[WQ_FLAG_TEXT];
		struct regmap map;

		s.flag_address = 10;
		s.flag_registers = rows[i].registers[0] == 0xFFFF ? 2 : 6;
		map = opened(s, one);
		assert_int_equal(regmap_flag(&map, rows[i].registers, flag), rows[i].known);
		assert_string_equal(flag, rows[i].flag);
	}
}

static void a_code_is_the_flag_that_the_table_tells(void **state)
{
	static const char *const codes[] = { "0=N", "0x10=hd", "65535=D" };
	struct modbus_point_settings s = plain(MODBUS_FLOAT32, MODBUS_ABCD);
	char flag[WQ_FLAG_TEXT];
	struct regmap map;

	(void)state;
	s.flag_address = 10;
	s.flag_registers = 1;
	s.flag_type = MODBUS_FLAG_CODE;
	s.flags = (struct wq_list){ 3, codes };
	map = opened(s, one);
	assert_true(regmap_flag(&map, (uint16_t[]){ 0 }, flag));
	assert_string_equal(flag, "N");
	assert_true(regmap_flag(&map, (uint16_t[]){ 16 }, flag));
	assert_string_equal(flag, "hd");
	assert_true(regmap_flag(&map, (uint16_t[]){ 65535 }, flag));
	assert_false(regmap_flag(&map, (uint16_t[]){ 7 }, flag));
	assert_string_equal(flag, "7");
}

static void a_word_says_how_far_a_value_can_be_trusted(void **state)
{
	static const char *const bad[] = { "11", "20-29", "bit 15" }, *const maintenance[] = { "2-10" };
	static const struct {
		uint16_t number;
		enum wq_quality status, fault;
	} rows[] = {
		{ 0, WQ_UNCHECKED, WQ_UNCHECKED },
		{ 1, WQ_UNCHECKED, WQ_BAD },
		{ 2, WQ_MAINTENANCE, WQ_BAD },
		{ 10, WQ_MAINTENANCE, WQ_BAD },
		{ 11, WQ_BAD, WQ_BAD },
		{ 12, WQ_UNCHECKED, WQ_BAD },
		{ 20, WQ_BAD, WQ_BAD },
		{ 29, WQ_BAD, WQ_BAD },
		{ 30, WQ_UNCHECKED, WQ_BAD },
		{ 0x8000, WQ_BAD, WQ_BAD },
		{ 0xFFFF, WQ_BAD, WQ_BAD },
	};
	struct modbus_point_settings s = plain(MODBUS_FLOAT32, MODBUS_ABCD);
	struct regmap map;

	(void)state;
	s.words[MODBUS_STATUS].address = 5;
	s.words[MODBUS_STATUS].bad = (struct wq_list){ 3, bad };
	s.words[MODBUS_STATUS].maintenance = (struct wq_list){ 1, maintenance };
	s.words[MODBUS_FAULT].address = 6;
	map = opened(s, one);
	assert_false(map.lists->words[MODBUS_ALARM].there);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(regmap_word_says(&map.lists->words[MODBUS_STATUS], rows[i].number),
		        rows[i].status);
		assert_int_equal(regmap_word_says(&map.lists->words[MODBUS_FAULT], rows[i].number),
		        rows[i].fault);
	}
}

static void refuse(struct modbus_point_settings s, const char *says)
{
	struct wq_err err = { 0 };
	struct regmap map;

	assert_int_equal(regmap_open(&map, &room, &s, one, &err), WQ_E_INVALID);
	if (!strstr(err.text, says))
		fail_msg("'%s' does not say '%s'", err.text, says);
}

static void refuses_flags_words_and_bits_that_make_no_sense(void **state)
{
	static const char *const lists[] = { "N", "70000=N", "0=", "0=toolongs", "bit 16", "9-2",
		"bit 1-3", "x" };
	const struct modbus_point_settings sound = plain(MODBUS_FLOAT32, MODBUS_ABCD);
	struct modbus_point_settings s = sound;

	(void)state;
	s.bits = "3";
	refuse(s, "has none to choose from");
	s.type = MODBUS_UINT16;
	for (size_t i = 0; i < 4; i++) {
		static const char *const bits[] = { "16", "7-3", "-1", "3-" };

		s.bits = bits[i];
		refuse(s, "bits = ");
	}
	s = sound;
	s.table = MODBUS_COIL;
	refuse(s, "cannot be read from coils");
	s.type = -1;
	s.time_address = 4;
	refuse(s, "no time and no flag");
	s = sound;
	s.type = MODBUS_BIT;
	refuse(s, "cannot be read from holding registers");
	s = sound;
	s.flag_address = 4;
	s.flag_registers = 1;
	s.flag_type = MODBUS_FLAG_CODE;
	refuse(s, "needs flags");
	for (size_t i = 0; i < 4; i++) {
		s.flags = (struct wq_list){ 1, &lists[i] };
		refuse(s, "flags: ");
	}
	s.flag_type = MODBUS_FLAG_ASCII;
	refuse(s, "takes no flags");
	s.flag_address = -1;
	refuse(s, "without flag_address");
	s = sound;
	s.words[MODBUS_ALARM].bad = (struct wq_list){ 1, lists };
	refuse(s, "alarm_bad says nothing without alarm_address");
	s.words[MODBUS_ALARM].address = 9;
	for (size_t i = 4; i < 8; i++) {
		s.words[MODBUS_ALARM].bad = (struct wq_list){ 1, &lists[i] };
		refuse(s, "alarm_bad: ");
	}
	s.words[MODBUS_ALARM].bad.count = 0;
	refuse(s, "alarm_address is read for nothing");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_float_in_each_order),
		cmocka_unit_test(reads_each_integer_type),
		cmocka_unit_test(decodes_what_was_encoded),
		cmocka_unit_test(a_value_at_the_limit_is_at_the_limit),
		cmocka_unit_test(scale_offset_and_unit_are_exact),
		cmocka_unit_test(a_number_that_scaling_cannot_express_is_garbage),
		cmocka_unit_test(nan_and_infinities_are_no_value),
		cmocka_unit_test(what_is_listed_as_invalid_is_no_value),
		cmocka_unit_test(refuses_settings_that_make_no_sense),
		cmocka_unit_test(reads_a_float64_in_each_order),
		cmocka_unit_test(reads_each_type_of_many_registers),
		cmocka_unit_test(what_is_no_number_of_its_type_is_nonsense),
		cmocka_unit_test(invalid_numbers_of_other_types_are_known),
		cmocka_unit_test(takes_the_bits_that_are_asked_for),
		cmocka_unit_test(a_coil_is_a_bit),
		cmocka_unit_test(reads_the_stations_flag),
		cmocka_unit_test(a_code_is_the_flag_that_the_table_tells),
		cmocka_unit_test(a_word_says_how_far_a_value_can_be_trusted),
		cmocka_unit_test(refuses_flags_words_and_bits_that_make_no_sense),
		cmocka_unit_test(reads_times),
		cmocka_unit_test(the_time_may_have_an_order_of_its_own),
		cmocka_unit_test(a_time_that_cannot_be_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
