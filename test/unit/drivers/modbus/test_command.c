/* SPDX-License-Identifier: Apache-2.0 */
/* What the allow-list takes and what it refuses; and what becomes of a command whose device answers, refuses, keeps
 * silent, answers otherwise, or is not there. The device is the other end of a socket pair; time is made up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "command.h"
#include "modbus_settings.h"
#include "polling.h"
#include "write.h"

#include "wq/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- the list ---- */

static void takes_the_start_commands_of_the_field(void **state)
{
	static const struct {
		const char *text, *name;
		unsigned unit, function, address;
		size_t count;
		uint16_t values[3];
	} rows[] = {
		{ "start-nh3n 3 6 110 1", "start-nh3n", 3, 6, 110, 1, { 1 } },
		{ "powermon 2 5 0 1", "powermon", 2, 5, 0, 1, { 0xFF00 } },
		{ "powermon 2 5 0 0xFF00", "powermon", 2, 5, 0, 1, { 0xFF00 } },
		{ "off 2 5 0 0", "off", 2, 5, 0, 1, { 0 } },
		{ "dkk 4 6 80 1", "dkk", 4, 6, 80, 1, { 1 } },
		{ "sample  5 16 0x1200   1", "sample", 5, 16, 0x1200, 1, { 1 } },
		{ "x_1 255 16 65533 1,0xFFFF,65535", "x_1", 255, 16, 65533, 3, { 1, 65535, 65535 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct command_one one;

		assert_int_equal(command_parse(rows[i].text, &one, NULL), 0);
		assert_string_equal(one.shown.name, rows[i].name);
		assert_true(one.shown.unit == rows[i].unit && one.shown.function == rows[i].function &&
			one.shown.address == rows[i].address);
		assert_int_equal(one.shown.count, rows[i].count);
		assert_memory_equal(one.shown.values, rows[i].values, rows[i].count * sizeof(uint16_t));
	}
}

static void refuses_all_else(void **state)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{ "", "is not NAME UNIT" },
		{ "start", "is not NAME UNIT" },
		{ "start 3 6 110", "is not NAME UNIT" },
		{ "start 3 6 110 1 2", "is not NAME UNIT" },
		{ "start 3 6 110 1,", "is not NAME UNIT" },
		{ "start 3 6 110 ,1", "is not NAME UNIT" },
		{ "start 3 6 110 -1", "is not NAME UNIT" },
		{ "start 3 6 110 65536", "is not NAME UNIT" },
		{ "start 3 6 010 1", "is not NAME UNIT" },
		{ "start 3 6 65536 1", "is not NAME UNIT" },
		{ "start 256 6 1 1", "is not NAME UNIT" },
		{ "st/art 3 6 1 1", "is not NAME UNIT" },
		{ "a-name-that-is-longer-than-any-name 3 6 1 1", "is not NAME UNIT" },
		{ "start 3 16 1 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17", "16 values" },
		{ "start 3 3 110 1", "the function is 5" },
		{ "start 3 15 110 1", "the function is 5" },
		{ "start 3 23 110 1", "the function is 5" },
		{ "start 3 6 110 1,2", "take one value" },
		{ "start 3 5 0 2", "a coil is 1" },
		{ "start 3 16 65535 1,2", "the last address is 65535" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct command_one one;
		struct wq_err err = { 0 };

		if (command_parse(rows[i].text, &one, &err) != WQ_E_INVALID || !strstr(err.text, rows[i].says))
			fail_msg("'%s': %s", rows[i].text, err.text);
	}
}

static void a_bus_has_each_name_once_and_writes_to_devices_it_reads(void **state)
{
	static const struct {
		const char *texts[2], *says;
	} rows[] = {
		{ { "a 3 6 110 1", "b 3 6 110 1" }, NULL },
		{ { "a 3 6 110 1", "a 3 6 111 1" }, "another command has that name" },
		{ { "a 3 6 110 1", "b 4 6 110 1" }, "no point of this bus is read from that unit" },
		{ { "a 3 6 110 1", "b 0 6 110 1" }, "no point of this bus is read from that unit" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct modbus_bus_settings settings = { .commands = { 2, rows[i].texts } };
		const struct modbus_point_settings read = { .unit_id = 3 };
		const struct wq_point point = { .settings = &read };
		const struct wq_bus bus = { .settings = &settings, .points = &point, .point_count = 1 };
		struct wq_err err = { 0 };
		int r = command_check(&bus, &err);

		if ((r < 0) != (rows[i].says != NULL) || (r < 0 && !strstr(err.text, rows[i].says)))
			fail_msg("row %zu: %s", i, err.text);
	}
}

/* ---- on its way ---- */

#define TIMEOUT 1000

struct bench {
	int device; /* the other end of what is open, -1: none */
	int opened;
	bool absent; /* cannot be opened */
	struct link link;
	struct readings readings;
	struct poll poll;
	struct command_set set;
	enum wq_commanded became;
	struct wq_err err;
};

static struct bench *bench;

static int way_open(struct link *link, wq_ms now, struct wq_err *err)
{
	int ends[2];

	(void)now;
	bench->opened++;
	if (bench->absent)
		return wq_fail(err, WQ_E_IO, "there is nobody");
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
	if (bench->device >= 0)
		close(bench->device);
	bench->device = ends[1];
	link->fd = ends[0];
	return 0;
}

static void way_close(struct link *link)
{
	if (link->fd >= 0)
		close(link->fd);
	link->fd = -1;
}

static ssize_t way_receive(int fd, uint8_t *bytes, size_t cap)
{
	return recv(fd, bytes, cap, MSG_DONTWAIT);
}

static ssize_t way_send(int fd, const uint8_t *bytes, size_t count)
{
	return send(fd, bytes, count, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static const struct link_way way = { .open = way_open, .go_on = way_open, .close = way_close, .receive = way_receive,
	.send = way_send };

static int set_up(void **state)
{
	static struct bench b;
	static const char *const texts[] = { "start 3 6 110 1" };
	const struct wq_list list = { 1, texts };
	const struct link_options options = { .way = &way, .framing = command_framing(false), .timeout = TIMEOUT };

	b = (struct bench){ .device = -1, .became = WQ_COMMANDED };
	bench = &b;
	link_init(&b.link, &options);
	b.poll = (struct poll){ .link = &b.link, .readings = &b.readings };
	assert_int_equal(command_set_open(&b.set, &list, &b.poll, NULL), 0);
	*state = &b;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *b = *state;

	link_close(&b->link);
	if (b->device >= 0)
		close(b->device);
	command_set_close(&b->set);
	return 0;
}

/* The state that the driver is given is the bench's own way to its commands. */
struct command_set *command_set_of(const void *state)
{
	return &((struct bench *)(uintptr_t)state)->set;
}

static void begin(struct bench *b)
{
	command_commanding.begin(b, 0, 0);
}

static int step(struct bench *b, wq_ms now)
{
	return command_commanding.step(b, NULL, now, &b->became, &b->err);
}

/* What the device got; it is one command and nothing else. */
static size_t received(struct bench *b, uint8_t bytes[64])
{
	ssize_t n = recv(b->device, bytes, 64, MSG_DONTWAIT);

	return n < 0 ? 0 : (size_t)n;
}

static void answer(struct bench *b, const uint8_t *bytes, size_t count)
{
	assert_int_equal(send(b->device, bytes, count, MSG_NOSIGNAL), count);
}

static void is_done_when_the_device_repeats_it(void **state)
{
	struct bench *b = *state;
	uint8_t bytes[64];

	begin(b);
	assert_int_equal(step(b, 0), WQ_UNDERWAY);
	assert_int_equal(received(b, bytes), 12);
	answer(b, bytes, 12);
	assert_int_equal(step(b, 10), 0);
	assert_int_equal(b->became, WQ_COMMAND_DONE);
}

static void an_exception_is_told_and_some_leave_doubt(void **state)
{
	static const struct {
		uint8_t code;
		enum wq_commanded became;
	} rows[] = { { 1, WQ_COMMAND_REFUSED }, { 2, WQ_COMMAND_REFUSED }, { 4, WQ_COMMAND_REFUSED }, { 5, WQ_COMMAND_UNKNOWN },
		{ 6, WQ_COMMAND_REFUSED }, { 10, WQ_COMMAND_REFUSED }, { 11, WQ_COMMAND_UNKNOWN } };
	struct bench *b = *state;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint8_t bytes[64];
		char says[32];

		begin(b);
		assert_int_equal(step(b, 100 * (wq_ms)i), WQ_UNDERWAY);
		assert_int_equal(received(b, bytes), 12);
		bytes[5] = 3;
		bytes[7] |= 0x80;
		bytes[8] = rows[i].code;
		answer(b, bytes, 9);
		assert_int_equal(step(b, 100 * (wq_ms)i + 10), 0);
		assert_int_equal(b->became, rows[i].became);
		snprintf(says, sizeof says, "exception %d, ", rows[i].code);
		assert_non_null(strstr(b->err.text, says));
	}
}

static void silence_leaves_doubt_and_it_is_not_sent_again(void **state)
{
	struct bench *b = *state;
	uint8_t bytes[64];

	begin(b);
	assert_int_equal(step(b, 0), WQ_UNDERWAY);
	assert_int_equal(received(b, bytes), 12);
	assert_int_equal(step(b, TIMEOUT - 1), WQ_UNDERWAY);
	assert_int_equal(step(b, TIMEOUT + 1), 0);
	assert_int_equal(b->became, WQ_COMMAND_UNKNOWN);
	assert_non_null(strstr(b->err.text, "no whole answer within 1000 ms"));
	assert_int_equal(received(b, bytes), 0);
	assert_int_equal(b->opened, 1);
}

static void another_echo_leaves_doubt(void **state)
{
	struct bench *b = *state;
	uint8_t bytes[64];

	begin(b);
	assert_int_equal(step(b, 0), WQ_UNDERWAY);
	assert_int_equal(received(b, bytes), 12);
	bytes[11] = 2;
	answer(b, bytes, 12);
	assert_int_equal(step(b, 10), 0);
	assert_int_equal(b->became, WQ_COMMAND_UNKNOWN);
	assert_non_null(strstr(b->err.text, "value 2, written was 1"));
}

static void a_connection_that_breaks_after_it_left_is_not_made_anew(void **state)
{
	struct bench *b = *state;
	uint8_t bytes[64];

	begin(b);
	assert_int_equal(step(b, 0), WQ_UNDERWAY);
	assert_int_equal(received(b, bytes), 12);
	close(b->device);
	b->device = -1;
	assert_int_equal(step(b, 10), 0);
	assert_int_equal(b->became, WQ_COMMAND_UNKNOWN);
	assert_int_equal(b->opened, 1);
}

static void one_that_broke_before_is_made_anew_once(void **state)
{
	struct bench *b = *state;
	uint8_t bytes[64];

	is_done_when_the_device_repeats_it(state);
	close(b->device);
	b->device = -1;
	begin(b);
	assert_int_equal(step(b, 20), WQ_UNDERWAY);
	assert_int_equal(b->opened, 2);
	assert_int_equal(received(b, bytes), 12);
	answer(b, bytes, 12);
	assert_int_equal(step(b, 30), 0);
	assert_int_equal(b->became, WQ_COMMAND_DONE);
}

static void nobody_there_means_not_sent(void **state)
{
	struct bench *b = *state;

	b->absent = true;
	begin(b);
	assert_int_equal(step(b, 0), 0);
	assert_int_equal(b->became, WQ_COMMAND_NOT_SENT);
	assert_int_equal(b->opened, 1);
}

/* Another device than the one that is meant is sent nothing. */
static void an_identity_is_read_first(void **state)
{
	static const struct modbus_identity identity = { 3, 3, 100, 0x1234 };
	struct bench *b = *state;
	uint8_t bytes[64];

	b->poll.identities = &identity;
	b->poll.identity_count = 1;
	begin(b);
	assert_int_equal(step(b, 0), WQ_UNDERWAY);
	assert_int_equal(received(b, bytes), 12);
	assert_int_equal(bytes[7], 3);
	const uint8_t right[] = { bytes[0], bytes[1], 0, 0, 0, 5, 3, 3, 2, 0x12, 0x34 };
	answer(b, right, sizeof right);
	assert_int_equal(step(b, 10), WQ_UNDERWAY);
	assert_int_equal(received(b, bytes), 12);
	assert_int_equal(bytes[7], 6);
	begin(b); /* given up here: what follows is another one */
	assert_int_equal(step(b, 20), WQ_UNDERWAY);
	assert_int_equal(received(b, bytes), 12);
	assert_int_equal(bytes[7], 3);
	const uint8_t refusal[] = { bytes[0], bytes[1], 0, 0, 0, 3, 3, 0x83, 2 };
	answer(b, refusal, sizeof refusal);
	assert_int_equal(step(b, 30), 0);
	assert_int_equal(b->became, WQ_COMMAND_NOT_SENT);
	assert_non_null(strstr(b->err.text, "refuses its identity"));
}

/* Over RTU nothing tells an echo from the echo of an earlier one: while that may come, the same is not sent again. */
static void a_late_echo_is_not_taken_for_another(void **state)
{
	static struct owed owed;
	struct bench *b = *state;
	uint8_t bytes[64];

	owed = (struct owed){ .order = 1 };
	b->link.options.framing = command_framing(true);
	b->link.options.owed = &owed;
	begin(b);
	assert_int_equal(step(b, 0), WQ_UNDERWAY);
	assert_int_equal(received(b, bytes), 8);
	assert_int_equal(step(b, TIMEOUT + 1), 0);
	assert_int_equal(b->became, WQ_COMMAND_UNKNOWN);
	begin(b);
	assert_int_equal(step(b, 100 * TIMEOUT), 0);
	assert_int_equal(b->became, WQ_COMMAND_NOT_SENT);
	assert_non_null(strstr(b->err.text, "still owes"));
	assert_int_equal(b->opened, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_the_start_commands_of_the_field),
		cmocka_unit_test(refuses_all_else),
		cmocka_unit_test(a_bus_has_each_name_once_and_writes_to_devices_it_reads),
		cmocka_unit_test_setup_teardown(is_done_when_the_device_repeats_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_exception_is_told_and_some_leave_doubt, set_up, tear_down),
		cmocka_unit_test_setup_teardown(silence_leaves_doubt_and_it_is_not_sent_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(another_echo_leaves_doubt, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_connection_that_breaks_after_it_left_is_not_made_anew, set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_that_broke_before_is_made_anew_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nobody_there_means_not_sent, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_identity_is_read_first, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_late_echo_is_not_taken_for_another, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
