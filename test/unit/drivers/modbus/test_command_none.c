/* SPDX-License-Identifier: Apache-2.0 */
/* A build that cannot write says so, and how to get one that can. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "command.h"
#include "modbus_settings.h"
#include "rtu.h"

#include "wq/err.h"

#include <string.h>

static void the_key_is_refused_with_the_way_to_get_it(void **state)
{
	static const char *const texts[] = { "start 3 6 110 1" };
	const struct modbus_bus_settings settings = { .commands = { 1, texts } }, without = { .port = 502 };
	const struct wq_bus bus = { .settings = &settings }, quiet = { .settings = &without };
	struct wq_err err = { 0 };

	(void)state;
	assert_int_equal(command_check(&bus, &err), WQ_E_INVALID);
	assert_non_null(strstr(err.text, "-DWQ_MODBUS_WRITE=ON"));
	assert_int_equal(command_check(&quiet, &err), 0);
}

static void nothing_of_it_can_be_called(void **state)
{
	(void)state;
	assert_null(command_commanding.list);
	assert_null(command_commanding.begin);
	assert_null(command_commanding.step);
	assert_ptr_equal(command_framing(false), &frame_tcp);
	assert_ptr_equal(command_framing(true), &rtu_framing);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_key_is_refused_with_the_way_to_get_it),
		cmocka_unit_test(nothing_of_it_can_be_called),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
