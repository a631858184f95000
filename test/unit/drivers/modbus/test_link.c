/* SPDX-License-Identifier: Apache-2.0 */
/* A connection step by step: a pair of sockets is the line, time is a number. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "frame.h"
#include "link.h"

#include "wq/err.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define START   ((wq_ms)5000)
#define TIMEOUT ((wq_ms)100)

/* ---- a line that does what the test says ---- */

static struct {
	int peer;        /* the other end, -1: none */
	int opens_later; /* so many more steps until it is open */
	int open_says;   /* what opening comes to */
	int opened, closed;
	size_t most; /* bytes that one send takes; 0: as many as there are */
	int sends;   /* further sends that pass; -1: all */
	int send_errno;
} line;

static int come_up(struct link *link)
{
	int pair[2];

	if (line.open_says < 0)
		return line.open_says;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	link->fd = pair[0];
	line.peer = pair[1];
	line.opened++;
	return 0;
}

static int way_go_on(struct link *link, wq_ms now, struct wq_err *err)
{
	if (line.opens_later > 0 && now < link->deadline)
		return line.opens_later--, LINK_UNDERWAY;
	if (line.opens_later > 0)
		return wq_fail(err, WQ_E_TIMEOUT, "no connection");
	return come_up(link) < 0 ? wq_fail(err, line.open_says, "refused") : 0;
}

static int way_open(struct link *link, wq_ms now, struct wq_err *err)
{
	link->events = POLLOUT;
	link->deadline = now + link->options.timeout;
	return way_go_on(link, now, err);
}

static void way_close(struct link *link)
{
	if (link->fd >= 0) {
		close(link->fd);
		line.closed++;
	}
	link->fd = -1;
}

static ssize_t way_receive(int fd, uint8_t *bytes, size_t cap)
{
	return recv(fd, bytes, cap, MSG_DONTWAIT);
}

static ssize_t way_send(int fd, const uint8_t *bytes, size_t count)
{
	if (line.send_errno != 0 || line.sends == 0) {
		errno = line.send_errno != 0 ? line.send_errno : EAGAIN;
		return -1;
	}
	line.sends -= line.sends > 0;
	return send(
	        fd, bytes, line.most > 0 && line.most < count ? line.most : count, MSG_NOSIGNAL);
}

static const struct link_way way = { way_open, way_go_on, way_close, way_receive, way_send, false };
static const struct link_way staying = { way_open, way_go_on, way_close, way_receive, way_send,
	true };

/* ---- a link on it ---- */

static const struct frame_request wanted = {
	.unit_id = 17, .function = 3, .address = 107, .count = 3
};
static const uint16_t values[] = { 0x022B, 0, 0x64 };

/* The whole answer to `wanted` in the transaction given. */
static size_t good_answer(uint16_t transaction, uint8_t *bytes)
{
	const uint8_t answer[] = { (uint8_t)(transaction >> 8), (uint8_t)transaction, 0, 0, 0, 9,
		17, 3, 6, 0x02, 0x2B, 0, 0, 0, 0x64 };

	memcpy(bytes, answer, sizeof answer);
	return sizeof answer;
}
#define ANSWER 15

struct bench {
	struct link link;
	wq_ms now;
	uint16_t registers[FRAME_REGISTERS];
	struct wq_err err;
};

static void make(struct bench *b, const struct link_way *how, const struct link_framing *framing,
        wq_ms silence)
{
	const struct link_options options = {
		.way = how, .framing = framing, .timeout = TIMEOUT, .silence = silence
	};

	memset(b, 0, sizeof *b);
	b->now = START;
	memset(&line, 0, sizeof line);
	line.peer = -1;
	line.sends = -1;
	link_init(&b->link, &options);
}

static void unmake(struct bench *b)
{
	link_close(&b->link);
	if (line.peer >= 0)
		close(line.peer);
	line.peer = -1;
}

static int step(struct bench *b)
{
	memset(&b->err, 0, sizeof b->err);
	return link_step(&b->link, b->registers, b->now, &b->err);
}

/* Asks, and takes the request from the line. */
static void ask(struct bench *b)
{
	uint8_t request[FRAME_REQUEST + 1];

	link_ask(&b->link, &wanted, b->now);
	assert_int_equal(step(b), LINK_UNDERWAY);
	assert_int_equal(recv(line.peer, request, sizeof request, 0), FRAME_REQUEST);
	assert_int_equal(request[0] << 8 | request[1], b->link.request.transaction);
	assert_int_equal(b->link.state, LINK_RECEIVING);
}

static void say(const uint8_t *bytes, size_t count)
{
	assert_int_equal(send(line.peer, bytes, count, MSG_NOSIGNAL), count);
}

/* A connection that is up and has answered once. */
static void come_to_know(struct bench *b)
{
	uint8_t bytes[ANSWER];

	ask(b);
	say(bytes, good_answer(b->link.request.transaction, bytes));
	assert_int_equal(step(b), 0);
	assert_memory_equal(b->registers, values, sizeof values);
	assert_true(link_is_open(&b->link));
}

static void assert_failed(struct bench *b, int code, const char *why)
{
	assert_int_equal(step(b), code);
	if (!strstr(b->err.text, why))
		fail_msg("\"%s\" does not say \"%s\"", b->err.text, why);
}

/* ---- answers ---- */

static void an_answer_may_come_in_any_two_parts(void **state)
{
	struct bench b;
	uint8_t bytes[ANSWER];

	(void)state;
	make(&b, &way, &frame_tcp, 0);
	for (size_t first = 1; first < ANSWER; first++) {
		ask(&b);
		good_answer(b.link.request.transaction, bytes);
		say(bytes, first);
		assert_int_equal(step(&b), LINK_UNDERWAY);
		say(bytes + first, ANSWER - first);
		assert_int_equal(step(&b), 0);
		assert_memory_equal(b.registers, values, sizeof values);
		memset(b.registers, 0xFF, sizeof b.registers);
	}
	assert_int_equal(line.opened, 1);
	unmake(&b);
}

static void an_answer_may_come_byte_by_byte_until_the_time_is_over(void **state)
{
	struct bench b;
	uint8_t bytes[ANSWER];

	(void)state;
	make(&b, &way, &frame_tcp, 0);
	for (int in_time = 1; in_time >= 0; in_time--) {
		ask(&b);
		good_answer(b.link.request.transaction, bytes);
		for (size_t i = 0; i < ANSWER - 1; i++) {
			say(bytes + i, 1);
			b.now += 5;
			assert_int_equal(step(&b), LINK_UNDERWAY);
		}
		if (in_time) {
			say(bytes + ANSWER - 1, 1);
			assert_int_equal(step(&b), 0);
		}
	}
	/* 70 ms have passed. What dribbles is not waited for byte by byte. */
	b.now += TIMEOUT - 5 * (ANSWER - 1) - 1;
	assert_int_equal(step(&b), LINK_UNDERWAY);
	b.now++;
	assert_failed(&b, WQ_E_TIMEOUT, "no whole answer within 100 ms");
	assert_false(link_is_open(&b.link));
	assert_int_equal(line.closed, 1);
	unmake(&b);
}

static void each_exception_is_an_answer_and_leaves_the_connection(void **state)
{
	struct bench b;

	(void)state;
	make(&b, &way, &frame_tcp, 0);
	for (int code = 1; code <= 255; code++) {
		ask(&b);
		const uint8_t bytes[] = { (uint8_t)(b.link.request.transaction >> 8),
			(uint8_t)b.link.request.transaction, 0, 0, 0, 3, 17, 0x83, (uint8_t)code };
		say(bytes, sizeof bytes);
		assert_int_equal(step(&b), code);
		assert_true(link_is_open(&b.link));
	}
	unmake(&b);
}

/* One byte of the good answer is another. */
static void what_is_not_the_answer_ends_the_connection(void **state)
{
	static const struct {
		size_t at;
		uint8_t becomes;
		const char *why;
	} rows[] = {
		{ 0, 0x77, "answer to transaction" },
		{ 1, 0x77, "answer to transaction" },
		{ 2, 1, "protocol 256 in the answer" },
		{ 3, 1, "protocol 1 in the answer" },
		{ 4, 1, "an answer that tells 265 bytes, 3 to 254 are allowed" },
		{ 5, 2, "an answer that tells 2 bytes" },
		{ 5, 7, "6 bytes of registers in the answer" },
		{ 6, 18, "answer of unit 18, asked was unit 17" },
		{ 7, 4, "function 4 in the answer, asked was 3" },
		{ 7, 0x83, "function 131 in the answer" },
		{ 8, 4, "4 bytes of registers in the answer, asked were 6" },
	};
	struct bench b;
	uint8_t bytes[ANSWER];

	(void)state;
	make(&b, &way, &frame_tcp, 0);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		come_to_know(&b);
		ask(&b);
		good_answer(b.link.request.transaction, bytes);
		bytes[rows[i].at] = rows[i].becomes;
		say(bytes, sizeof bytes);
		memset(b.registers, 0xFF, sizeof b.registers);
		assert_failed(&b, WQ_E_PROTOCOL, rows[i].why);
		assert_int_equal(b.registers[0], 0xFFFF);
		assert_int_equal(b.link.fd, -1);
		close(line.peer);
	}
	assert_int_equal(line.opened, sizeof rows / sizeof *rows);
	come_to_know(&b);
	unmake(&b);
}

/* Messages of anything, with the right beginning more often than not. */
static void garbage_never_passes_for_an_answer(void **state)
{
	unsigned short seed[3] = { 2, 7, 1 };
	struct bench b;
	uint8_t bytes[FRAME_ANSWER], good[ANSWER];

	(void)state;
	make(&b, &way, &frame_tcp, 0);
	for (int i = 0; i < 20000; i++) {
		size_t length = 1 + (size_t)nrand48(seed) % sizeof bytes;
		size_t right = (size_t)nrand48(seed) % ANSWER;
		int r;

		ask(&b);
		for (size_t k = 0; k < length; k++)
			bytes[k] = (uint8_t)nrand48(seed);
		good_answer(b.link.request.transaction, good);
		memcpy(bytes, good, right < length ? right : length);
		say(bytes, length);
		r = step(&b);
		if (r == 0)
			assert_memory_equal(bytes, good, 9); /* all but the values are right */
		if (r == LINK_UNDERWAY)
			b.now += TIMEOUT, r = step(&b);
		if (r < 0)
			close(line.peer);
	}
	unmake(&b);
}

/* ---- late ---- */

static void what_comes_after_the_time_goes_nowhere(void **state)
{
	struct bench b;
	uint8_t late[ANSWER];

	(void)state;
	make(&b, &way, &frame_tcp, 0);
	ask(&b);
	good_answer(b.link.request.transaction, late);
	b.now += TIMEOUT;
	assert_failed(&b, WQ_E_TIMEOUT, "no whole answer");
	assert_int_equal(send(line.peer, late, ANSWER, MSG_NOSIGNAL), -1);
	close(line.peer);
	come_to_know(&b);
	assert_int_equal(line.opened, 2);
	unmake(&b);
}

static void what_has_come_unasked_is_thrown_away_before_the_request(void **state)
{
	struct bench b;
	uint8_t twice[ANSWER];

	(void)state;
	make(&b, &way, &frame_tcp, 0);
	for (int i = 0; i < 10; i++) {
		come_to_know(&b);
		/* Again what was answered, and what will be asked, before it is asked. */
		say(twice, good_answer(b.link.request.transaction, twice));
		say(twice, good_answer((uint16_t)(b.link.request.transaction + 1), twice) - 1);
	}
	assert_int_equal(line.opened, 1);
	unmake(&b);
}

static void bytes_behind_an_answer_spoil_it_only_where_it_bears_no_number(void **state)
{
	struct link_framing alone = frame_tcp;
	struct bench b;
	uint8_t bytes[2 * ANSWER];

	(void)state;
	for (alone.alone = false;; alone.alone = true) {
		make(&b, &way, &alone, 0);
		ask(&b);
		good_answer(b.link.request.transaction, bytes);
		good_answer(b.link.request.transaction, bytes + ANSWER);
		say(bytes, sizeof bytes);
		if (alone.alone)
			assert_failed(&b, WQ_E_PROTOCOL, "15 bytes after the answer");
		else
			assert_int_equal(step(&b), 0);
		unmake(&b);
		if (alone.alone)
			break;
	}
}

static void a_peer_that_never_stops_sending_is_no_device(void **state)
{
	static uint8_t flood[70000];
	struct bench b;

	(void)state;
	make(&b, &way, &frame_tcp, 0);
	come_to_know(&b);
	say(flood, sizeof flood);
	link_ask(&b.link, &wanted, b.now);
	assert_failed(&b, WQ_E_PROTOCOL, "more than 65536 bytes that nobody asked for");
	unmake(&b);
}

/* ---- the line ---- */

static void closed_in_each_state_it_is_an_io_failure_and_opens_again(void **state)
{
	struct bench b;
	uint8_t bytes[ANSWER];

	(void)state;
	make(&b, &way, &frame_tcp, 0);
	line.open_says = WQ_E_IO;
	link_ask(&b.link, &wanted, b.now);
	assert_failed(&b, WQ_E_IO, "refused");
	line.open_says = 0;

	come_to_know(&b); /* draining */
	close(line.peer);
	link_ask(&b.link, &wanted, b.now);
	assert_failed(&b, WQ_E_IO, "closed the connection");

	come_to_know(&b); /* sending */
	line.send_errno = EPIPE;
	link_ask(&b.link, &wanted, b.now);
	assert_failed(&b, WQ_E_IO, "closed the connection");
	line.send_errno = 0;
	close(line.peer);

	for (size_t have = 0; have < ANSWER; have++) { /* receiving */
		ask(&b);
		good_answer(b.link.request.transaction, bytes);
		if (have > 0)
			say(bytes, have);
		close(line.peer);
		assert_failed(&b, WQ_E_IO, "closed the connection");
	}
	come_to_know(&b);
	unmake(&b);
}

static void opening_is_waited_for_until_its_deadline(void **state)
{
	struct bench b;
	struct wq_wait wait;

	(void)state;
	make(&b, &way, &frame_tcp, 0);
	line.opens_later = 3;
	link_ask(&b.link, &wanted, b.now);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(step(&b), LINK_UNDERWAY);
		link_wait(&b.link, &wait);
		assert_int_equal(wait.events, POLLOUT);
		assert_int_equal(wait.deadline, START + TIMEOUT);
	}
	assert_int_equal(step(&b), LINK_UNDERWAY);
	assert_int_equal(b.link.state, LINK_RECEIVING);
	link_wait(&b.link, &wait);
	assert_int_equal(wait.events, POLLIN);
	assert_int_equal(wait.fd, b.link.fd);

	link_close(&b.link);
	close(line.peer);
	line.opens_later = 3;
	link_ask(&b.link, &wanted, b.now);
	assert_int_equal(step(&b), LINK_UNDERWAY);
	b.now += TIMEOUT;
	assert_failed(&b, WQ_E_TIMEOUT, "no connection");
	unmake(&b);
}

static void a_request_may_leave_byte_by_byte(void **state)
{
	struct bench b;
	struct wq_wait wait;
	uint8_t request[FRAME_REQUEST];

	(void)state;
	make(&b, &way, &frame_tcp, 0);
	line.most = 1;
	for (int i = 0; i < FRAME_REQUEST; i++) {
		line.sends = 1;
		if (i == 0)
			link_ask(&b.link, &wanted, b.now);
		assert_int_equal(step(&b), LINK_UNDERWAY);
	}
	assert_int_equal(b.link.state, LINK_RECEIVING);
	assert_int_equal(recv(line.peer, request, sizeof request, 0), FRAME_REQUEST);
	frame_write(&b.link.request, b.link.bytes);
	assert_memory_equal(request, b.link.bytes, FRAME_REQUEST);

	link_ask(&b.link, &wanted, b.now);
	line.sends = 0;
	assert_int_equal(step(&b), LINK_UNDERWAY);
	link_wait(&b.link, &wait);
	assert_int_equal(wait.events, POLLOUT);
	b.now += TIMEOUT;
	assert_failed(&b, WQ_E_TIMEOUT, "no whole answer");
	unmake(&b);
}

static void asking_anew_gives_up_what_is_under_way(void **state)
{
	struct bench b;
	uint8_t bytes[ANSWER];

	(void)state;
	make(&b, &way, &frame_tcp, 0);
	ask(&b);
	say(bytes, good_answer(b.link.request.transaction, bytes));
	close(line.peer);
	ask(&b); /* on another connection */
	assert_int_equal(line.opened, 2);
	assert_int_equal(step(&b), LINK_UNDERWAY);
	unmake(&b);
}

/* ---- silence, as on a serial line ---- */

static void a_request_waits_until_the_line_was_quiet(void **state)
{
	struct bench b;
	struct wq_wait wait;
	uint8_t noise = 0;

	(void)state;
	make(&b, &staying, &frame_tcp, 10);
	link_ask(&b.link, &wanted, b.now);
	for (int i = 0; i < 5; i++) { /* just opened, then noise every 9 ms */
		assert_int_equal(step(&b), LINK_UNDERWAY);
		assert_int_equal(b.link.state, LINK_DRAINING);
		link_wait(&b.link, &wait);
		assert_int_equal(wait.events, POLLIN);
		assert_int_equal(wait.deadline, b.now + 10);
		b.now += 9;
		say(&noise, 1);
	}
	assert_int_equal(step(&b), LINK_UNDERWAY);
	b.now += 9;
	assert_int_equal(step(&b), LINK_UNDERWAY);
	assert_int_equal(b.link.state, LINK_DRAINING);
	b.now++;
	assert_int_equal(step(&b), LINK_UNDERWAY);
	assert_int_equal(b.link.state, LINK_RECEIVING);
	unmake(&b);
}

static void a_line_that_is_never_quiet_is_told(void **state)
{
	struct bench b;
	uint8_t noise = 0;
	int r;

	(void)state;
	make(&b, &staying, &frame_tcp, 10);
	link_ask(&b.link, &wanted, b.now);
	while ((r = step(&b)) == LINK_UNDERWAY) {
		b.now += 5;
		say(&noise, 1);
	}
	assert_int_equal(r, WQ_E_PROTOCOL);
	assert_string_equal(b.err.text, "the line was not quiet for 10 ms within 100 ms");
	assert_in_range(b.now, START + TIMEOUT, START + TIMEOUT + 5);
	unmake(&b);
}

static void a_line_that_stays_is_closed_only_when_it_is_broken(void **state)
{
	struct bench b;
	uint8_t bytes[ANSWER];

	(void)state;
	make(&b, &staying, &frame_tcp, 0);
	ask(&b);
	b.now += TIMEOUT;
	assert_failed(&b, WQ_E_TIMEOUT, "no whole answer");
	assert_true(link_is_open(&b.link));
	ask(&b);
	good_answer(b.link.request.transaction, bytes);
	bytes[6]++;
	say(bytes, sizeof bytes);
	assert_failed(&b, WQ_E_PROTOCOL, "answer of unit 18");
	assert_true(link_is_open(&b.link));
	come_to_know(&b);
	assert_int_equal(line.opened, 1);
	close(line.peer);
	link_ask(&b.link, &wanted, b.now);
	assert_failed(&b, WQ_E_IO, "closed the connection");
	assert_false(link_is_open(&b.link));
	come_to_know(&b);
	unmake(&b);
}

static void nothing_asked_nothing_done(void **state)
{
	struct bench b;

	(void)state;
	make(&b, &way, &frame_tcp, 0);
	come_to_know(&b);
	assert_failed(&b, WQ_E_STATE, "nothing was asked");
	unmake(&b);
	link_close(&b.link);
	assert_int_equal(line.closed, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_may_come_in_any_two_parts),
		cmocka_unit_test(an_answer_may_come_byte_by_byte_until_the_time_is_over),
		cmocka_unit_test(each_exception_is_an_answer_and_leaves_the_connection),
		cmocka_unit_test(what_is_not_the_answer_ends_the_connection),
		cmocka_unit_test(garbage_never_passes_for_an_answer),
		cmocka_unit_test(what_comes_after_the_time_goes_nowhere),
		cmocka_unit_test(what_has_come_unasked_is_thrown_away_before_the_request),
		cmocka_unit_test(bytes_behind_an_answer_spoil_it_only_where_it_bears_no_number),
		cmocka_unit_test(a_peer_that_never_stops_sending_is_no_device),
		cmocka_unit_test(closed_in_each_state_it_is_an_io_failure_and_opens_again),
		cmocka_unit_test(opening_is_waited_for_until_its_deadline),
		cmocka_unit_test(a_request_may_leave_byte_by_byte),
		cmocka_unit_test(asking_anew_gives_up_what_is_under_way),
		cmocka_unit_test(a_request_waits_until_the_line_was_quiet),
		cmocka_unit_test(a_line_that_is_never_quiet_is_told),
		cmocka_unit_test(a_line_that_stays_is_closed_only_when_it_is_broken),
		cmocka_unit_test(nothing_asked_nothing_done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
