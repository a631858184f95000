/* SPDX-License-Identifier: Apache-2.0 */
/* Mistakes in a bus section that single keys do not show. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "modbus_settings.h"

#include "wq/err.h"

#include <string.h>

static const struct modbus_bus_settings bus_settings = {
	.host = "10.0.0.1", .port = 502, .timeout = 1000, .interval = 60000, .block = 125
};

static struct modbus_point_settings at(int64_t address, int64_t time_address)
{
	return (struct modbus_point_settings){ .unit_id = 1,
		.address = address,
		.scale = "1",
		.offset = "0",
		.time_address = time_address,
		.time_order = -1,
		.flag_address = -1,
		.flag_order = -1,
		.words = { { .address = -1 }, { .address = -1 }, { .address = -1 } } };
}

/* Checks up to two points on a bus; returns the code. */
static int check(const struct modbus_bus_settings *bus, const struct modbus_point_settings *a,
        const struct modbus_point_settings *b, size_t *bad, struct wq_err *err)
{
	struct wq_point points[] = {
		{ .station = "yigan", .parameter = "tp", .factor = { 1, 0 }, .settings = a },
		{ .station = "yigan", .parameter = "tn", .factor = { 1, 0 }, .settings = b },
	};
	struct wq_bus all = {
		.settings = bus, .zone = &wq_zone_china, .point_count = b ? 2 : 1, .points = points
	};

	return modbus_check(&all, bad, err);
}

static void accepts_a_sound_bus(void **state)
{
	struct modbus_point_settings a = at(0, 4), b = at(2, 4);
	size_t bad = 0;

	(void)state;
	assert_int_equal(check(&bus_settings, &a, &b, &bad, NULL), 0);
	a.unit_id = 255;
	b = at(0, -1);
	assert_int_equal(check(&bus_settings, &a, &b, &bad, NULL), 0);
	b.unit_id = 255;
	b.table = MODBUS_INPUT;
	assert_int_equal(check(&bus_settings, &a, &b, &bad, NULL), 0);
}

static void refuses_a_port_within_the_host(void **state)
{
	struct modbus_bus_settings bus = bus_settings;
	struct modbus_point_settings a = at(0, 4), b = at(2, 4);
	struct wq_err err;
	size_t bad = 0;

	(void)state;
	bus.host = "10.0.0.9:502";
	assert_int_equal(check(&bus, &a, &b, &bad, &err), WQ_E_INVALID);
	assert_int_equal(bad, SIZE_MAX);
	assert_non_null(strstr(err.text, "write host = \"10.0.0.9\" and port = 502"));
	bus.host = "fe80::9";
	assert_int_equal(check(&bus, &a, &b, &bad, &err), 0);
}

static void refuses_what_a_point_cannot_be(void **state)
{
	static const struct {
		int64_t unit_id, address, time_address, block;
		const char *says;
	} rows[] = {
		{ 248, 0, -1, 125, "unit_id = 248" },
		{ 254, 0, -1, 125, "between 1 and 247" },
		{ 1, 65535, -1, 125, "address = 65535" },
		{ 1, 0, 65535, 125, "time_address = 65535" },
		{ 1, 0, -1, 1, "block = 1" },
		{ 1, 10, 9, 125, "overlap" },
		{ 1, 10, 11, 125, "overlap" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct modbus_bus_settings bus = bus_settings;
		struct modbus_point_settings p = at(rows[i].address, rows[i].time_address);
		struct wq_err err = { 0 };
		size_t bad = 9;

		bus.block = rows[i].block;
		p.unit_id = rows[i].unit_id;
		assert_int_equal(check(&bus, &p, NULL, &bad, &err), WQ_E_INVALID);
		assert_int_equal(bad, 0);
		if (!strstr(err.text, rows[i].says))
			fail_msg("'%s' does not say '%s'", err.text, rows[i].says);
	}
}

static void refuses_a_register_that_two_points_want(void **state)
{
	static const int64_t rows[][4] = {
		{ 40, -1, 40, -1 }, /* a copied section */
		{ 40, -1, 41, -1 },
		{ 40, -1, 39, -1 },
		{ 40, -1, 50, 41 }, /* a value where the other's time is */
		{ 40, 50, 51, -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct modbus_point_settings a = at(rows[i][0], rows[i][1]),
		                             b = at(rows[i][2], rows[i][3]);
		struct wq_err err = { 0 };
		size_t bad = 9;

		assert_int_equal(check(&bus_settings, &a, &b, &bad, &err), WQ_E_INVALID);
		assert_int_equal(bad, 1);
		assert_non_null(strstr(err.text, "also read by point 'tp' of station 'yigan'"));
	}
}

static void addresses_count_from_where_the_manual_does(void **state)
{
	static const struct {
		int64_t base, address;
		int table;
		const char *says; /* NULL: sound */
	} rows[] = {
		{ 40001, 40001, -1, NULL },
		{ 40001, 40001, MODBUS_HOLDING, NULL },
		{ 30001, 30010, -1, NULL },
		{ 400001, 465535, -1, NULL },
		{ 1, 1, MODBUS_INPUT, NULL },
		{ 1, 0, -1, "address = 0 lies before address_base" },
		{ 40001, 104, -1, "address = 104 lies before address_base" },
		{ 40001, 40001, MODBUS_INPUT, "where holding registers begin" },
		{ 30001, 30001, MODBUS_HOLDING, "where input registers begin" },
		{ 2, 2, -1, "address_base = 2: must be" },
		{ 0, 65536, -1, "the last address is 65535" },
		{ 400001, 465536, -1, "the last address is 465536" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct modbus_point_settings p = at(rows[i].address, -1);
		struct wq_err err = { 0 };
		size_t bad = 9;
		int r;

		p.address_base = rows[i].base;
		p.table = rows[i].table;
		r = check(&bus_settings, &p, NULL, &bad, &err);
		if ((r < 0) != (rows[i].says != NULL))
			fail_msg("row %zu: %s", i, err.text);
		if (r < 0 && !strstr(err.text, rows[i].says))
			fail_msg("'%s' does not say '%s'", err.text, rows[i].says);
	}
}

static void a_flag_out_of_reach_is_told_at_its_point(void **state)
{
	struct modbus_bus_settings bus = bus_settings;
	struct modbus_point_settings a = at(0, -1), b = at(10, -1);
	struct wq_err err = { 0 };
	size_t bad = 9;

	(void)state;
	b.flag_address = 20;
	b.flag_registers = 2;
	assert_int_equal(check(&bus, &a, &b, &bad, &err), WQ_E_INVALID);
	assert_int_equal(bad, 1);
	assert_non_null(strstr(err.text, "cannot be read in one request"));
	bus.gap = 8;
	assert_int_equal(check(&bus, &a, &b, &bad, &err), 0);
	b.flag_address = 11;
	assert_int_equal(check(&bus, &a, &b, &bad, &err), WQ_E_INVALID);
	assert_non_null(strstr(err.text, "flag_address = 11: its registers overlap"));
}

static void points_may_take_different_bits_of_a_register(void **state)
{
	struct modbus_point_settings a = at(7, -1), b = at(7, -1);
	size_t bad = 9;

	(void)state;
	a.type = b.type = MODBUS_UINT16;
	a.bits = "0-3";
	b.bits = "4";
	assert_int_equal(check(&bus_settings, &a, &b, &bad, NULL), 0);
	b.bits = "3-5";
	assert_int_equal(check(&bus_settings, &a, &b, &bad, NULL), WQ_E_INVALID);
	b.bits = NULL;
	assert_int_equal(check(&bus_settings, &a, &b, &bad, NULL), WQ_E_INVALID);
}

static void every_key_has_a_line_of_help(void **state)
{
	const struct wq_option *tables[] = { modbus_bus_options, modbus_point_options };

	(void)state;
	for (size_t t = 0; t < 2; t++)
		for (const struct wq_option *o = tables[t]; o->key; o++)
			assert_true(o->help && strlen(o->help) > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepts_a_sound_bus),
		cmocka_unit_test(refuses_a_port_within_the_host),
		cmocka_unit_test(refuses_what_a_point_cannot_be),
		cmocka_unit_test(refuses_a_register_that_two_points_want),
		cmocka_unit_test(addresses_count_from_where_the_manual_does),
		cmocka_unit_test(a_flag_out_of_reach_is_told_at_its_point),
		cmocka_unit_test(points_may_take_different_bits_of_a_register),
		cmocka_unit_test(every_key_has_a_line_of_help),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
