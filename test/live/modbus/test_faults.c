/* SPDX-License-Identifier: Apache-2.0 */
/* The driver against a slave that misbehaves: no wrong value, no wait beyond the timeout, no dead
 * end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness.h"
#include "rogue.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <time.h>
#include <unistd.h>

#define TIMEOUT 100
#define SLACK   400 /* a busy machine */

static struct rogue *rogue;

static int start(void **state)
{
	(void)state;
	rogue = rogue_start(TIMEOUT);
	return 0;
}

static int stop(void **state)
{
	bool wrote = rogue_was_asked_to_write(rogue);

	(void)state;
	rogue_stop(rogue);
	return wrote;
}

/* Two units with two blocks each: 0-3 and 100-101. */
static struct harness *two_units(void)
{
	struct harness *h = harness_new(rogue_port(rogue), TIMEOUT);

	for (int unit = 1; unit <= 2; unit++) {
		harness_point(h, unit, 0);
		harness_point(h, unit, 2);
		harness_point(h, unit, 100);
	}
	harness_open(h);
	return h;
}

/* Every sample kept is the value of its own unit and address. */
static void assert_no_stranger(const struct harness *h)
{
	for (size_t i = 0; i < h->count; i++) {
		const struct modbus_point_settings *s = &h->settings[h->samples[i].series];
		double mine = (double)rogue_value((int)s->unit_id, (int)s->address);

		if (h->samples[i].value < mine || h->samples[i].value > mine)
			fail_msg("unit %d address %d: %g", (int)s->unit_id, (int)s->address,
			        h->samples[i].value);
	}
}

static void reads_two_units_over_one_connection(void **state)
{
	struct harness *h = two_units();

	(void)state;
	assert_int_equal(wq_driver_modbus.units(h->state), 2);
	assert_string_equal(wq_driver_modbus.unit_name(h->state, 1), "unit 2");
	assert_true(wq_driver_modbus.unit_interval(h->state, 0) == 60000);
	for (int i = 0; i < 20; i++) {
		assert_int_equal(harness_poll(h, (size_t)i % 2), 0);
		assert_int_equal(h->count, 3);
		assert_no_stranger(h);
	}
	assert_int_equal(rogue_connections(rogue), 1);
	assert_int_equal(rogue_requests(rogue), 40);
	harness_free(h);
}

static void each_misbehaviour_gives_its_failure_and_no_value(void **state)
{
	static const struct {
		enum rogue_manner manner;
		int code;
		const char *says;
	} rows[] = {
		{ ROGUE_SILENT, WQ_E_TIMEOUT, "within 100 ms" },
		{ ROGUE_LATE, WQ_E_TIMEOUT, "within 100 ms" },
		{ ROGUE_TRANSACTION, WQ_E_PROTOCOL, "transaction" },
		{ ROGUE_UNIT, WQ_E_PROTOCOL, "answer of unit 2, asked was unit 1" },
		{ ROGUE_FUNCTION, WQ_E_PROTOCOL, "function" },
		{ ROGUE_SHORT, WQ_E_PROTOCOL, "registers" },
		{ ROGUE_TRUNCATED, WQ_E_TIMEOUT, "within 100 ms" },
		{ ROGUE_GARBAGE, WQ_E_PROTOCOL, "unit 1 at 127.0.0.1" },
		{ ROGUE_DRIBBLE, WQ_E_TIMEOUT, "within 100 ms" },
		{ ROGUE_PREVIOUS, WQ_E_PROTOCOL, "transaction" },
		{ ROGUE_CLOSE, WQ_E_IO, "closed" },
		{ ROGUE_BUSY, WQ_E_REFUSED, "device busy" },
		{ ROGUE_GATEWAY, WQ_E_TIMEOUT, "gateway" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct harness *h = two_units();
		wq_ms began;

		assert_int_equal(harness_poll(h, 0), 0);
		rogue_be(rogue, 0, rows[i].manner);
		began = harness_now();
		assert_int_equal(harness_poll(h, 0), rows[i].code);
		assert_true(harness_now() - began < TIMEOUT + SLACK);
		assert_int_equal(h->count, 0);
		if (!strstr(h->err.text, rows[i].says))
			fail_msg("'%s' does not say '%s'", h->err.text, rows[i].says);
		rogue_be(rogue, 0, ROGUE_GOOD);
		assert_int_equal(harness_poll(h, 0), 0);
		assert_int_equal(h->count, 3);
		assert_no_stranger(h);
		harness_free(h);
	}
}

static void an_answer_given_twice_does_not_shift_the_next(void **state)
{
	static const struct timespec enough = { 0, 20000000 };
	struct harness *h = harness_new(rogue_port(rogue), TIMEOUT);

	(void)state;
	harness_point(h, 1, 0);
	harness_point(h, 2, 0);
	harness_open(h);
	rogue_be(rogue, 0, ROGUE_TWICE);
	for (int i = 0; i < 20; i++) {
		assert_int_equal(harness_poll(h, (size_t)i % 2), 0);
		assert_int_equal(h->count, 1);
		assert_no_stranger(h);
		nanosleep(&enough, NULL); /* the second answer has arrived */
	}
	assert_int_equal(rogue_connections(rogue), 1);
	harness_free(h);
}

static void a_dead_unit_costs_one_timeout_and_no_other_unit(void **state)
{
	struct harness *h = two_units();
	unsigned before;

	(void)state;
	rogue_be(rogue, 2, ROGUE_SILENT);
	for (int i = 0; i < 5; i++) {
		wq_ms began = harness_now();

		before = rogue_requests(rogue);
		assert_int_equal(harness_poll(h, 1), WQ_E_TIMEOUT);
		assert_true(harness_now() - began < TIMEOUT + SLACK);
		assert_int_equal(rogue_requests(rogue), before + 1);
		assert_int_equal(harness_poll(h, 0), 0);
		assert_int_equal(h->count, 3);
	}
	harness_free(h);
}

static void each_exception_is_named_and_gives_no_value(void **state)
{
	static const char *const names[] = { "illegal function", "illegal data address",
		"illegal data value", "device failure", "acknowledge, not done yet", "device busy",
		"unknown exception", "memory parity error", "unknown exception",
		"gateway path unavailable", "gateway target failed to respond" };
	struct harness *h = two_units();

	(void)state;
	for (int code = 1; code <= 11; code++) {
		char says[80];

		rogue_be(rogue, 1, (enum rogue_manner)(ROGUE_EXCEPTION + code));
		assert_int_equal(harness_poll(h, 0), code >= 10 ? WQ_E_TIMEOUT : WQ_E_REFUSED);
		assert_int_equal(h->count, 0);
		snprintf(says, sizeof says, "exception %d, %s", code, names[code - 1]);
		if (!strstr(h->err.text, says))
			fail_msg("'%s' does not say '%s'", h->err.text, says);
		assert_int_equal(harness_poll(h, 1), 0); /* its neighbour */
		assert_int_equal(h->count, 3);
		rogue_be(rogue, 1, ROGUE_GOOD);
		assert_int_equal(harness_poll(h, 0), 0);
		assert_int_equal(h->count, 3);
		assert_no_stranger(h);
	}
	assert_int_equal(rogue_connections(rogue), 1);
	harness_free(h);
}

static void a_refused_block_leaves_the_others_and_is_told_once(void **state)
{
	struct harness *h = two_units();
	char text[160];

	(void)state;
	rogue_be(rogue, 0, ROGUE_NO_ADDRESS);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(harness_poll(h, 0), 0);
		assert_int_equal(h->count, 2);
	}
	assert_int_equal(h->refusals, 1);
	assert_string_equal(h->refused,
	        "unit 1: holding registers 100 to 101: exception 2, illegal data address");
	wq_driver_modbus.complain(h->state, 0, 0, text, sizeof text);
	assert_string_equal(
	        text, "holding registers 100 to 101: exception 2, illegal data address");
	wq_driver_modbus.complain(h->state, 1, 0, text, sizeof text);
	assert_string_equal(text, "");
	rogue_be(rogue, 0, ROGUE_GOOD);
	assert_int_equal(harness_poll(h, 0), 0);
	assert_int_equal(h->count, 3);
	wq_driver_modbus.complain(h->state, 0, 0, text, sizeof text);
	assert_string_equal(text, "");
	assert_int_equal(rogue_connections(rogue), 1);
	harness_free(h);
}

static void a_gateway_that_answers_for_a_dead_unit_keeps_the_connection(void **state)
{
	struct harness *h = two_units();

	(void)state;
	rogue_be(rogue, 1, ROGUE_GATEWAY);
	assert_int_equal(harness_poll(h, 0), WQ_E_TIMEOUT);
	assert_int_equal(rogue_requests(rogue), 1);
	assert_int_equal(harness_poll(h, 1), 0);
	assert_int_equal(rogue_connections(rogue), 1);
	harness_free(h);
}

static void a_thousand_restarts_of_the_device_cost_no_poll(void **state)
{
	struct harness *h = two_units();

	(void)state;
	for (int i = 0; i < 1000; i++) {
		if (harness_poll(h, (size_t)i % 2) != 0)
			fail_msg("restart %d: %s", i, h->err.text);
		assert_int_equal(h->count, 3);
		rogue_reboot(rogue);
	}
	assert_int_equal(rogue_connections(rogue), 1000);
	harness_free(h);
}

static void connects_at_most_once_in_a_poll(void **state)
{
	struct harness *h = two_units();
	unsigned before;

	(void)state;
	assert_int_equal(harness_poll(h, 0), 0);
	rogue_be(rogue, 0, ROGUE_CLOSE);
	before = rogue_connections(rogue);
	assert_int_equal(harness_poll(h, 0), WQ_E_IO);
	assert_int_equal(rogue_connections(rogue), before + 1);
	rogue_be(rogue, 0, ROGUE_ONE_EACH);
	before = rogue_connections(rogue);
	assert_int_equal(harness_poll(h, 0), WQ_E_IO);
	assert_int_equal(rogue_connections(rogue), before + 1);
	harness_free(h);
}

static void nobody_listening_is_an_io_failure_at_once(void **state)
{
	struct harness *h = harness_new(1, 30000);
	wq_ms began = harness_now();

	(void)state;
	harness_point(h, 1, 0);
	harness_open(h);
	assert_int_equal(harness_poll(h, 0), WQ_E_IO);
	assert_true(harness_now() - began < 2000);
	assert_non_null(strstr(h->err.text, "unit 1 at 127.0.0.1:1: cannot connect"));
	harness_free(h);
}

static void what_a_full_sink_did_not_take_comes_again(void **state)
{
	struct harness *h = harness_new(rogue_port(rogue), TIMEOUT);
	struct modbus_point_settings *p = harness_point(h, 1, 0);

	(void)state;
	/* Registers 2 and 3, the low one first, as an epoch: 0x8000447A, a time of 2038. */
	p->time_address = 2;
	p->time_order = MODBUS_CDAB;
	harness_open(h);
	h->put_answer = WQ_E_FULL;
	assert_int_equal(harness_poll(h, 0), WQ_E_FULL);
	assert_int_equal(harness_poll(h, 0), WQ_E_FULL);
	h->put_answer = 0;
	assert_int_equal(harness_poll(h, 0), 0);
	assert_int_equal(h->count, 1);
	assert_int_equal(h->samples[0].stamp, WQ_STAMP_ANALYSER);
	assert_int_equal(harness_poll(h, 0), 0);
	assert_int_equal(h->count, 0);
	assert_int_equal(h->puts, 3);
	harness_free(h);
}

static void a_descriptor_that_select_cannot_take_serves_like_any_other(void **state)
{
	struct rlimit limit;
	struct harness *h = two_units();
	int fds[FD_SETSIZE], count = 0;

	(void)state;
	getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_max <= FD_SETSIZE + 16) {
		print_message("skipped: the limit of open files cannot be raised\n");
		harness_free(h);
		skip();
	}
	limit.rlim_cur = FD_SETSIZE + 16;
	setrlimit(RLIMIT_NOFILE, &limit);
	do
		fds[count] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	while (fds[count] < FD_SETSIZE - 1 && ++count < FD_SETSIZE);
	assert_int_equal(harness_poll(h, 0), 0);
	assert_int_equal(h->count, 3);
	while (count >= 0)
		close(fds[count--]);
	assert_int_equal(harness_poll(h, 0), 0);
	harness_free(h);
}

/* A slave that changes its manner at random, thousands of reads: whatever is handed over is right.
 */
static void no_value_is_ever_taken_for_another(void **state)
{
	static const enum rogue_manner manners[] = { ROGUE_GOOD, ROGUE_GOOD, ROGUE_TRANSACTION,
		ROGUE_UNIT, ROGUE_FUNCTION, ROGUE_SHORT, ROGUE_GARBAGE, ROGUE_TWICE, ROGUE_PREVIOUS,
		ROGUE_CLOSE, ROGUE_BUSY, ROGUE_GATEWAY };
	struct harness *h = two_units();
	unsigned short seed[3] = { 3, 1, 4 };
	size_t read = 0;

	(void)state;
	for (int i = 0; i < 5000; i++) {
		size_t pick = (size_t)nrand48(seed) % (sizeof manners / sizeof *manners);

		rogue_be(rogue, 1 + i % 3, manners[pick]);
		if (i % 500 == 0)
			rogue_be(rogue, 0, ROGUE_LATE);
		harness_poll(h, (size_t)nrand48(seed) % 2);
		assert_no_stranger(h);
		read += h->count;
	}
	assert_true(read > 1000);
	harness_free(h);
}

#define WITH_ROGUE(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_ROGUE(reads_two_units_over_one_connection),
		WITH_ROGUE(each_misbehaviour_gives_its_failure_and_no_value),
		WITH_ROGUE(an_answer_given_twice_does_not_shift_the_next),
		WITH_ROGUE(a_dead_unit_costs_one_timeout_and_no_other_unit),
		WITH_ROGUE(each_exception_is_named_and_gives_no_value),
		WITH_ROGUE(a_refused_block_leaves_the_others_and_is_told_once),
		WITH_ROGUE(a_gateway_that_answers_for_a_dead_unit_keeps_the_connection),
		WITH_ROGUE(a_thousand_restarts_of_the_device_cost_no_poll),
		WITH_ROGUE(connects_at_most_once_in_a_poll),
		WITH_ROGUE(nobody_listening_is_an_io_failure_at_once),
		WITH_ROGUE(what_a_full_sink_did_not_take_comes_again),
		WITH_ROGUE(a_descriptor_that_select_cannot_take_serves_like_any_other),
		WITH_ROGUE(no_value_is_ever_taken_for_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
