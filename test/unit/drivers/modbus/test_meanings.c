/* SPDX-License-Identifier: Apache-2.0 */
/* What registers could mean, and what a bus asks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "modbus_settings.h"
#include "serial.h"

#include "wq/err.h"
#include "wq/modbus.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct wq_modbus_meaning *find(
        const struct wq_modbus_meaning *m, size_t count, const char *type, const char *order)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(m[i].type, type) == 0 &&
		        (order == NULL ? m[i].order == NULL
		                       : m[i].order != NULL && strcmp(m[i].order, order) == 0))
			return &m[i];
	return NULL;
}

static void a_float_is_found_in_its_order(void **state)
{
	static const struct {
		const char *order;
		uint16_t registers[2];
	} rows[] = {
		{ "ABCD", { 0x47F1, 0x2000 } },
		{ "CDAB", { 0x2000, 0x47F1 } },
		{ "BADC", { 0xF147, 0x0020 } },
		{ "DCBA", { 0x0020, 0xF147 } },
	};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct wq_modbus_meaning m[WQ_MODBUS_MEANINGS];
		size_t count = wq_modbus_meanings(rows[i].registers, 2, &wq_zone_china, m), hits = 0;

		assert_true(find(m, count, "float32", rows[i].order)->value == 123456.0);
		for (size_t k = 0; k < count; k++)
			hits += m[k].value == 123456.0;
		assert_int_equal(hits, 1);
	}
}

static void what_cannot_be_is_left_out(void **state)
{
	static const uint16_t hex[] = { 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF };
	struct wq_modbus_meaning m[WQ_MODBUS_MEANINGS];
	size_t count = wq_modbus_meanings(hex, 1, &wq_zone_china, m);

	(void)state;
	assert_int_equal(count, 2);
	assert_true(find(m, count, "int16", NULL)->value == -1);
	count = wq_modbus_meanings(hex, 6, &wq_zone_china, m);
	assert_null(find(m, count, "bcd16", NULL));
	assert_null(find(m, count, "packed32", "ABCD"));
	assert_true(isnan(find(m, count, "float32", "ABCD")->value));
	for (size_t i = 0; i < count; i++)
		if (m[i].is_time)
			assert_string_equal(m[i].type, "epoch"); /* 2106 */
	assert_int_equal(wq_modbus_meanings(hex, 0, &wq_zone_china, m), 0);
}

static void times_are_found(void **state)
{
	static const uint16_t bcd[] = { 0x2609, 0x3008, 0x0501 };
	static const uint16_t packed[] = { 2609, 3008, 501 };
	struct wq_modbus_meaning m[WQ_MODBUS_MEANINGS];
	size_t count = wq_modbus_meanings(bcd, 3, &wq_zone_china, m);
	wq_ms at;

	(void)state;
	wq_instant_parse("2026-09-30T08:05:01+08:00", NULL, &at, NULL);
	assert_true(find(m, count, "bcd", NULL)->at == at);
	count = wq_modbus_meanings(packed, 3, &wq_zone_china, m);
	assert_true(find(m, count, "packed", NULL)->at == at);
	assert_null(find(m, count, "bcd", NULL));
}

static void no_place_has_more_meanings_than_there_is_room(void **state)
{
	/* All decodings but few of the times are of any registers; here all are numbers. */
	static const uint16_t all[] = { 0x0021, 0x0001, 0x0001, 0x0001, 0x0001, 0x0001 };
	struct wq_modbus_meaning m[WQ_MODBUS_MEANINGS];

	(void)state;
	assert_in_range(wq_modbus_meanings(all, 6, &wq_zone_china, m), 20, WQ_MODBUS_MEANINGS);
}

static void the_requests_of_a_bus_are_those_of_its_polls(void **state)
{
	struct modbus_bus_settings bus_settings = {
		.host = "10.0.0.1", .port = 502, .timeout = 1000, .interval = 60000, .block = 125
	};
	const struct modbus_point_settings settings[] = {
		{ .unit_id = 3, .address = 0x1008, .order = MODBUS_CDAB, .scale = "1", .offset = "0",
		        .time_address = 0x1005, .time_type = MODBUS_BCD_TIME, .time_order = -1,
		        .flag_address = 0x100A, .flag_registers = 6, .flag_order = -1,
		        .words = { { .address = -1 }, { .address = -1 }, { .address = 0x1086 } } },
		{ .unit_id = 4, .table = MODBUS_COIL, .type = MODBUS_BIT, .address = 7, .scale = "1",
		        .offset = "0", .time_address = -1, .time_order = -1, .flag_address = -1,
		        .flag_order = -1,
		        .words = { { .address = -1 }, { .address = -1 }, { .address = -1 } } },
	};
	const struct wq_point points[] = {
		{ .station = "a", .parameter = "tp", .factor = { 1, 0 }, .settings = &settings[0] },
		{ .station = "a", .parameter = "tn", .factor = { 1, 0 }, .settings = &settings[1] },
	};
	const struct wq_bus bus = { .settings = &bus_settings, .zone = &wq_zone_china,
		.point_count = 2, .points = points };
	struct wq_modbus_request *requests;
	struct wq_modbus_line line;
	size_t count;

	(void)state;
	assert_int_equal(wq_modbus_requests(&bus, &requests, &count, &line, NULL), 0);
	assert_int_equal(count, 3);
	assert_int_equal(line.interval, 60000);
	assert_int_equal(line.baud, 0);
	assert_int_equal(requests[0].unit_id, 3);
	assert_int_equal(requests[0].function, 3);
	assert_int_equal(requests[0].address, 0x1005);
	assert_int_equal(requests[0].count, 11);
	assert_int_equal(requests[1].address, 0x1086);
	assert_int_equal(requests[2].function, 1);
	assert_int_equal(requests[2].count, 1);
	free(requests);
	bus_settings.device = "/dev/ttyS0";
	bus_settings.baud = 19200;
	bus_settings.parity = SERIAL_EVEN;
	bus_settings.stop_bits = 1;
	assert_int_equal(wq_modbus_requests(&bus, &requests, &count, &line, NULL), 0);
	assert_int_equal(line.baud, 19200);
	assert_int_equal(line.character_bits, 11);
	free(requests);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_float_is_found_in_its_order),
		cmocka_unit_test(what_cannot_be_is_left_out),
		cmocka_unit_test(times_are_found),
		cmocka_unit_test(no_place_has_more_meanings_than_there_is_room),
		cmocka_unit_test(the_requests_of_a_bus_are_those_of_its_polls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
