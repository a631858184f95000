/* SPDX-License-Identifier: Apache-2.0 */
/* The simulated devices: faults to order, and the bytes of their answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fault.h"
#include "wire.h"

#include "wq/err.h"

#include <string.h>

static struct faults ordered(const char *text)
{
	struct faults faults = { 0 };
	struct wq_err err;

	if (faults_add(&faults, text, &err) < 0)
		fail_msg("%s: %s", text, err.text);
	return faults;
}

static void a_fault_that_is_not_understood_is_told(void **state)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{ "", "'' is no fault" },
		{ "lat", "'lat' is no fault" },
		{ "late", "by= with a span is needed" },
		{ "slow:by=1", "by is no key" },
		{ "late:by=1s,unit=256", "unit is no key" },
		{ "late:by=1s,every=0", "every is 1 at least" },
		{ "late:by=-1s", "not below 0" },
		{ "late:by", "by is no key" },
		{ "dead:by=1s", "by is no key" },
		{ "reboot", "for= with a span is needed" },
		{ "reboot:for=2s,each=1s", "each must be longer" },
		{ "half-open:after=-1", "after is no key" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct faults faults = { 0 };
		struct wq_err err = { 0 };

		assert_int_equal(faults_add(&faults, rows[i].text, &err), WQ_E_INVALID);
		assert_int_equal(faults.count, 0);
		if (!strstr(err.text, rows[i].says))
			fail_msg(
			        "%s: '%s' does not say '%s'", rows[i].text, err.text, rows[i].says);
	}
}

static void one_answer_in_so_many_is_spoilt(void **state)
{
	struct faults faults = ordered("bad-crc:unit=3,every=4,at=2s");
	int struck = 0;

	(void)state;
	for (int i = 0; i < 100; i++) {
		assert_null(faults_strike(&faults, FAULT_BAD_CRC, 2, 5000));
		assert_null(faults_strike(&faults, FAULT_BAD_CRC, 3, 1999));
		assert_null(faults_strike(&faults, FAULT_DEAD, 3, 5000));
		struck += faults_strike(&faults, FAULT_BAD_CRC, 3, 2000) != NULL;
	}
	assert_int_equal(struck, 25);
}

static void late_is_between_by_and_to(void **state)
{
	struct faults faults = ordered("late:by=110ms,to=300ms,every=2");
	wq_ms least = 1000, most = 0;
	int late = 0;

	(void)state;
	for (int i = 0; i < 2000; i++) {
		wq_ms wait = faults_wait(&faults, 1, 0);

		if (wait == 0)
			continue;
		late++;
		least = wait < least ? wait : least;
		most = wait > most ? wait : most;
	}
	assert_int_equal(late, 1000);
	assert_true(least >= 110 && least < 120 && most <= 300 && most > 290);
}

static void a_reboot_is_gone_then_zeros(void **state)
{
	static const struct {
		wq_ms now;
		bool gone, zeros;
		wq_ms next;
	} rows[] = {
		{ 0, false, false, 5000 },
		{ 4999, false, false, 5000 },
		{ 5000, true, true, 7000 },
		{ 6999, true, true, 7000 },
		{ 7000, false, true, 15000 },
		{ 9999, false, true, 15000 },
		{ 10000, false, false, 15000 },
		{ 15000, true, true, 17000 },
	};
	struct faults faults = ordered("reboot:at=5s,for=2s,zeros=3s,each=10s");
	struct faults once = ordered("reboot:at=5s,for=2s");

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(faults_gone(&faults, rows[i].now), rows[i].gone);
		assert_int_equal(faults_zeros(&faults, rows[i].now), rows[i].zeros);
		assert_int_equal(faults_next(&faults, rows[i].now), rows[i].next);
	}
	assert_int_equal(faults_next(&once, 100), 5000);
	assert_true(faults_next(&once, 7000) == WQ_NO_TIME);
	assert_false(faults_gone(&once, 100000));
}

static void a_clock_jumps_either_way(void **state)
{
	struct faults faults = ordered("clock:at=10s,by=-1h,unit=2");

	(void)state;
	assert_int_equal(faults_clock(&faults, 2, 9999), 0);
	assert_int_equal(faults_clock(&faults, 2, 10000), -WQ_HOURS(1));
	assert_int_equal(faults_clock(&faults, 1, 10000), 0);
}

/* The example of Modbus Application Protocol V1.1b3, §6.3, in both framings. */
static void requests_and_answers_are_what_the_specification_shows(void **state)
{
	static const uint8_t tcp[] = { 0, 9, 0, 0, 0, 6, 17, 3, 0, 0x6B, 0, 3 };
	static const uint8_t rtu[] = { 17, 3, 0, 0x6B, 0, 3, 0x76, 0x87 };
	static const uint8_t rtu_answer[] = { 17, 3, 6, 0x02, 0x2B, 0, 0, 0, 0x64, 0xC8, 0xBA };
	static const uint16_t registers[] = { 0x022B, 0, 0x64 };
	struct wire_request request;
	uint8_t bytes[WIRE_BYTES];

	(void)state;
	assert_int_equal(wire_parse(WIRE_TCP, tcp, sizeof tcp, &request), 1);
	assert_true(request.read && request.unit == 17 && request.address == 0x6B &&
	        request.count == 3);
	assert_int_equal(wire_answer(WIRE_TCP, &request, registers, bytes), 15);
	assert_int_equal(bytes[5], 9);
	assert_int_equal(wire_parse(WIRE_RTU, rtu, sizeof rtu, &request), 1);
	assert_true(request.read && request.unit == 17 && request.address == 0x6B &&
	        request.count == 3);
	assert_int_equal(wire_answer(WIRE_RTU, &request, registers, bytes), sizeof rtu_answer);
	assert_memory_equal(bytes, rtu_answer, sizeof rtu_answer);
	assert_int_equal(wire_exception(WIRE_RTU, &request, 2, bytes), 5);
	for (size_t i = 0; i < sizeof rtu; i++)
		assert_int_equal(wire_parse(WIRE_RTU, rtu, i, &request), 0);
	bytes[0] = 0;
	memcpy(bytes + 1, rtu, sizeof rtu);
	assert_int_equal(wire_parse(WIRE_RTU, bytes, sizeof rtu + 1, &request), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fault_that_is_not_understood_is_told),
		cmocka_unit_test(one_answer_in_so_many_is_spoilt),
		cmocka_unit_test(late_is_between_by_and_to),
		cmocka_unit_test(a_reboot_is_gone_then_zeros),
		cmocka_unit_test(a_clock_jumps_either_way),
		cmocka_unit_test(requests_and_answers_are_what_the_specification_shows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
