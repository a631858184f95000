/* SPDX-License-Identifier: Apache-2.0 */
/* Late answers on a line without transaction numbers: the link over a simulated line, time as an
 * argument. No register may ever get another one's value. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "link.h"
#include "rtu.h"

#include "wq/err.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT 1000
#define UNITS   4
#define ON_WIRE 64
#define BYTES   4096

/* How the devices of a test behave, in percent of the answers. */
struct manners {
	const char *name;
	unsigned late, lost, damaged, noise;
	wq_ms latest;  /* after the request, of those that are late */
	bool in_order; /* a device answers one after the other */
	bool closing; /* a connection: made anew after a failure, what is late comes all the same */
	bool halves;  /* devices refuse to be asked for an odd number of registers */
	unsigned dead; /* this unit never answers; 0: none */
};

struct answer {
	wq_ms due;
	size_t length;
	uint8_t bytes[RTU_ANSWER];
};

static struct line {
	struct manners manners;
	wq_ms now;
	uint64_t random;
	size_t pending;
	struct answer answers[ON_WIRE];
	wq_ms busy[256]; /* by unit: until its last answer has gone */
	size_t held;     /* bytes that have arrived */
	uint8_t bytes[BYTES];
	unsigned long asked, opened;
} line;

static unsigned dice(unsigned sides)
{
	line.random = line.random * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(line.random >> 33) % sides;
}

static bool percent(unsigned p)
{
	return dice(1000) < 10 * p;
}

static uint16_t register_of(unsigned unit, unsigned address)
{
	return (uint16_t)(unit * 4096u + address * 7u + 1u);
}

static size_t seal(uint8_t *bytes, size_t length)
{
	uint16_t crc = rtu_crc(bytes, length);

	bytes[length] = (uint8_t)crc;
	bytes[length + 1] = (uint8_t)(crc >> 8);
	return length + 2;
}

static size_t make_answer(const uint8_t *q, uint8_t *a)
{
	unsigned address = (unsigned)(q[2] << 8 | q[3]), count = (unsigned)(q[4] << 8 | q[5]);

	a[0] = q[0];
	a[1] = q[1];
	if (line.manners.halves && count % 2 != 0) {
		a[1] |= 0x80;
		a[2] = 3;
		return seal(a, 3);
	}
	a[2] = (uint8_t)(2 * count);
	for (unsigned i = 0; i < count; i++) {
		uint16_t value = register_of(q[0], address + i);

		a[3 + 2 * i] = (uint8_t)(value >> 8);
		a[4 + 2 * i] = (uint8_t)value;
	}
	return seal(a, 3 + 2 * count);
}

static void take_request(const uint8_t *q)
{
	const struct manners *m = &line.manners;
	wq_ms due = line.now + 5 + dice(TIMEOUT / 3);
	struct answer *a;

	line.asked++;
	if (q[0] == m->dead || percent(m->lost) || line.pending == ON_WIRE)
		return;
	if (percent(m->late))
		due = line.now + TIMEOUT + dice((unsigned)(m->latest - TIMEOUT) + 1);
	if (m->in_order && due <= line.busy[q[0]])
		due = line.busy[q[0]] + 1;
	line.busy[q[0]] = due;
	a = &line.answers[line.pending++];
	a->due = due;
	a->length = make_answer(q, a->bytes);
	if (percent(m->damaged))
		a->bytes[dice((unsigned)a->length)] ^= (uint8_t)(1 + dice(255));
}

/* ---- the line as a way ---- */

static int line_open(struct link *link, wq_ms now, struct wq_err *err)
{
	(void)now;
	(void)err;
	link->fd = 1;
	line.held = 0;
	line.opened++;
	return 0;
}

static int line_go_on(struct link *link, wq_ms now, struct wq_err *err)
{
	return line_open(link, now, err);
}

static void line_close(struct link *link)
{
	link->fd = -1;
}

static ssize_t line_receive(int fd, uint8_t *bytes, size_t cap)
{
	size_t n = line.held < cap ? line.held : cap;

	(void)fd;
	if (n == 0) {
		errno = EAGAIN;
		return -1;
	}
	n = 1 + dice((unsigned)n);
	memcpy(bytes, line.bytes, n);
	line.held -= n;
	memmove(line.bytes, line.bytes + n, line.held);
	return (ssize_t)n;
}

static ssize_t line_send(int fd, const uint8_t *bytes, size_t count)
{
	(void)fd;
	assert_int_equal(count, RTU_REQUEST);
	take_request(bytes);
	return (ssize_t)count;
}

static const struct link_way stays = { line_open, line_go_on, line_close, line_receive, line_send,
	true };
static const struct link_way closes = { line_open, line_go_on, line_close, line_receive, line_send,
	false };

static void arrive(const uint8_t *bytes, size_t length)
{
	if (line.held + length > BYTES)
		return;
	memcpy(line.bytes + line.held, bytes, length);
	line.held += length;
}

/* Time goes on to the next answer, `until` at most. */
static void pass(wq_ms until)
{
	size_t next = ON_WIRE;

	for (size_t i = 0; i < line.pending; i++)
		if (line.answers[i].due <= until &&
		        (next == ON_WIRE || line.answers[i].due < line.answers[next].due))
			next = i;
	if (next == ON_WIRE) {
		line.now = until > line.now ? until : line.now;
		return;
	}
	if (line.answers[next].due > line.now)
		line.now = line.answers[next].due;
	if (percent(line.manners.noise))
		arrive((const uint8_t[]){ (uint8_t)dice(256), (uint8_t)dice(256) }, 1 + dice(2));
	arrive(line.answers[next].bytes, line.answers[next].length);
	line.answers[next] = line.answers[--line.pending];
}

/* ---- reading ---- */

struct tally {
	unsigned long reads, good, failed, wrong;
	unsigned long good_of[UNITS + 1], reads_of[UNITS + 1];
};

static int read_once(struct link *link, const struct frame_request *request, uint16_t *registers)
{
	struct wq_err err;
	struct wq_wait wait;
	int r;

	link_ask(link, request, line.now);
	while ((r = link_step(link, registers, line.now, &err)) == LINK_UNDERWAY) {
		link_wait(link, &wait);
		assert_true(wait.deadline > line.now);
		pass(wait.deadline);
	}
	return r;
}

static void count(struct tally *t, const struct frame_request *request, int r, const uint16_t *got)
{
	t->reads++;
	t->reads_of[request->unit_id]++;
	t->good += r == 0;
	t->good_of[request->unit_id] += r == 0;
	t->failed += r < 0;
	for (unsigned i = 0; r == 0 && i < request->count; i++)
		if (got[i] != register_of(request->unit_id, request->address + i)) {
			t->wrong++;
			return;
		}
}

/* Polls as the driver does: the blocks of a device one after the other, its first failure ends the
 * poll; blocks of the same length are what can be mixed up. */
static struct tally play(const struct manners *manners, struct owed *owed, unsigned long reads)
{
	static const uint16_t lengths[] = { 2, 2, 6, 2 };
	const struct link_options options = { .way = manners->closing ? &closes : &stays,
		.framing = &rtu_framing,
		.timeout = TIMEOUT,
		.silence = 4,
		.settle = 50,
		.owed = owed };
	struct tally tally = { 0 };
	struct link link;

	memset(&line, 0, sizeof line);
	line.manners = *manners;
	line.now = 1000000;
	line.random = 42;
	link_init(&link, &options);
	while (tally.reads < reads) {
		struct frame_request q = { .unit_id = (uint8_t)(1 + dice(UNITS)), .function = 3 };
		uint16_t registers[FRAME_REGISTERS];
		int r = 0;

		for (unsigned i = 0; i < 4 && r >= 0; i++) {
			q.address = (uint16_t)(10 * i);
			q.count = lengths[i];
			r = read_once(&link, &q, registers);
			count(&tally, &q, r, registers);
		}
		if (dice(4) == 0)
			pass(line.now + dice(2 * TIMEOUT));
	}
	link_close(&link);
	return tally;
}

static const struct manners all[] = {
	{ "late by twice the timeout, in any order", 10, 0, 0, 0, 3 * TIMEOUT, false, false, false,
	        0 },
	{ "the same through a serial server", 10, 0, 0, 0, 3 * TIMEOUT, false, true, false, 0 },
	{ "late, lost, damaged, noise", 5, 5, 2, 2, 3 * TIMEOUT, false, false, false, 0 },
	{ "late by twenty timeouts, one after the other", 5, 0, 0, 0, 20 * TIMEOUT, true, false,
	        false, 0 },
	{ "the same through a serial server, and lost", 5, 5, 0, 0, 20 * TIMEOUT, true, true, false,
	        0 },
	{ "late by twenty, devices refuse half a float", 5, 2, 0, 0, 20 * TIMEOUT, true, false,
	        true, 0 },
	{ "late by a hundred timeouts", 1, 1, 0, 0, 100 * TIMEOUT, true, false, false, 0 },
};

static unsigned long reads_of_a_test(void)
{
	return getenv("WQ_LONG") ? 1000000 : 50000;
}

static void no_late_answer_becomes_another_registers_value(void **state)
{
	static struct owed owed;

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		struct tally t;

		memset(&owed, 0, sizeof owed);
		t = play(&all[i], &owed, reads_of_a_test());
		print_message("%s: %lu reads, %lu good, %lu failed, %lu late, %lu in doubt, %lu "
		              "wrong\n",
		        all[i].name, t.reads, t.good, t.failed, owed.late, owed.doubt, t.wrong);
		assert_int_equal(t.wrong, 0);
		assert_true(owed.late > 100);
		assert_true(t.good > t.reads / 4);
	}
}

/* The simulation does what it says: without the list of what is owed values are mixed up. */
static void without_a_memory_they_do(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		struct tally t = play(&all[i], NULL, 20000);

		print_message("%s: %lu of %lu wrong\n", all[i].name, t.wrong, t.good);
		assert_true(t.wrong > 0);
	}
}

/* A device that never answers costs its own timeout, not the others' time. */
static void a_dead_device_holds_up_nobody(void **state)
{
	static const struct manners dead = { "dead", .dead = 3 };
	static struct owed owed;
	struct tally t;

	(void)state;
	memset(&owed, 0, sizeof owed);
	t = play(&dead, &owed, 20000);
	assert_int_equal(t.wrong, 0);
	for (unsigned unit = 1; unit <= UNITS; unit++)
		assert_int_equal(t.good_of[unit], unit == 3 ? 0 : t.reads_of[unit]);
}

static struct frame_request request(unsigned unit, unsigned address, unsigned n)
{
	return (struct frame_request){ 0, (uint8_t)unit, 3, (uint16_t)address, (uint16_t)n, NULL };
}

static void only_who_has_answered_before_is_waited_for(void **state)
{
	struct frame_request dead = request(3, 0, 2), other = request(4, 0, 2), fence;
	static struct owed owed;

	(void)state;
	memset(&owed, 0, sizeof owed);
	owed_add(&owed, &dead, true, 0, 3000);
	assert_int_equal(owed_wait(&owed, &other, 1000), 1000);
	assert_int_equal(owed_wait(&owed, &dead, 1000), 3000);
	assert_true(owed_fence(&owed, &dead, &fence));
	owed_answered(&owed, &fence, 0, 4000);
	assert_int_equal(owed.kinds, 0);
	owed_add(&owed, &dead, true, 5000, 8000);
	assert_int_equal(owed_wait(&owed, &other, 6000), 8000);
	owed_came(&owed, 0, 6500);
	assert_int_equal(owed_wait(&owed, &other, 6500), 6500);
	assert_int_equal(owed.late, 1);
	assert_int_equal(owed.late_by, 1500);
}

static void a_fence_is_as_long_as_nothing_that_is_owed(void **state)
{
	static struct owed owed;
	struct frame_request fence, q;

	(void)state;
	memset(&owed, 0, sizeof owed);
	for (unsigned n = 1; n <= FRAME_REGISTERS; n++) {
		q = request(1, 0, n);
		assert_false(owed_fence(&owed, &q, &fence));
		owed_add(&owed, &q, true, 0, 10);
		assert_true(owed_fence(&owed, &q, &fence));
		assert_true(fence.count >= 1 && fence.count <= FRAME_REGISTERS);
		if (n < FRAME_REGISTERS)
			assert_int_not_equal(fence.count, n);
	}
	/* Never beyond the last register. */
	memset(&owed, 0, sizeof owed);
	q = request(1, 65535, 1);
	owed_add(&owed, &q, true, 0, 10);
	assert_true(owed_fence(&owed, &q, &fence));
	assert_true(fence.address + fence.count <= 65536);
}

/* Answers in bits are told apart by their bytes, not by the number of bits. */
static void a_fence_of_bits_has_other_bytes(void **state)
{
	static struct owed owed;

	(void)state;
	for (unsigned n = 1; n <= 100; n++) {
		struct frame_request q = request(1, 0, n), fence;

		q.function = 1;
		memset(&owed, 0, sizeof owed);
		owed_add(&owed, &q, true, 0, 10);
		assert_true(owed_fence(&owed, &q, &fence));
		assert_int_equal(fence.function, 1);
		assert_int_not_equal(frame_data_bytes(&fence), frame_data_bytes(&q));
	}
}

static void what_is_owed_has_a_bound(void **state)
{
	static struct owed owed;
	struct frame_request other = request(250, 0, 2);

	(void)state;
	memset(&owed, 0, sizeof owed);
	for (unsigned i = 0; i < 3 * OWED_KINDS; i++) {
		struct frame_request q = request(1 + i % 200, 0, 1 + i / 200);

		owed_add(&owed, &q, true, i, i + 3000);
	}
	assert_int_equal(owed.kinds, OWED_KINDS);
	assert_true(owed_wait(&owed, &other, 0) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_late_answer_becomes_another_registers_value),
		cmocka_unit_test(without_a_memory_they_do),
		cmocka_unit_test(a_dead_device_holds_up_nobody),
		cmocka_unit_test(only_who_has_answered_before_is_waited_for),
		cmocka_unit_test(a_fence_is_as_long_as_nothing_that_is_owed),
		cmocka_unit_test(a_fence_of_bits_has_other_bytes),
		cmocka_unit_test(what_is_owed_has_a_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
