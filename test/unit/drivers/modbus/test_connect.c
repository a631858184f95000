/* SPDX-License-Identifier: Apache-2.0 */
/* Connecting and asking for names, against sockets of this machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "connect.h"

#include "wq/err.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE 30000 /* ms; who waits as long has failed */

struct bench {
	struct connect connect;
	struct link link;
	struct wq_err err;
};

static void make(struct bench *b, const char *host, int port)
{
	const struct link_options options = { .way = &connect_way,
		.framing = &frame_tcp,
		.way_state = &b->connect,
		.timeout = PATIENCE };
	const struct frame_request request = { .unit_id = 1, .function = 3, .count = 1 };

	memset(b, 0, sizeof *b);
	connect_init(&b->connect, host, port);
	link_init(&b->link, &options);
	link_ask(&b->link, &request, 0);
}

static void unmake(struct bench *b)
{
	link_close(&b->link);
	connect_forget(&b->connect);
}

/* Until opening is over, by events alone: its clock stands still. */
static int open_to_the_end(struct bench *b)
{
	uint16_t registers[1];
	int r;

	while ((r = link_step(&b->link, registers, 0, &b->err)) == LINK_UNDERWAY &&
	        b->link.state == LINK_OPENING) {
		struct wq_wait wait;

		link_wait(&b->link, &wait);
		struct pollfd p = { .fd = wait.fd, .events = wait.events };
		if (poll(&p, 1, PATIENCE) != 1)
			fail_msg("waited in vain");
	}
	return r;
}

static int listener(int *port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	*port = ntohs(address.sin_port);
	return fd;
}

static void numbers_are_addresses_and_names_are_not(void **state)
{
	static const struct {
		const char *host;
		bool numeric;
	} rows[] = { { "127.0.0.1", true }, { "::1", true }, { "10.1.2.3", true },
		{ "localhost", false }, { "gateway.example", false }, { "1.2.3.4.5", false } };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct connect c;

		connect_init(&c, rows[i].host, 502);
		assert_int_equal(!c.named, rows[i].numeric);
		assert_int_equal(c.count, rows[i].numeric);
	}
}

static void connects_to_a_number_and_to_a_name(void **state)
{
	static const char *const hosts[] = { "127.0.0.1", "localhost" };
	struct bench b;
	int port, fd = listener(&port);

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		make(&b, hosts[i], port);
		assert_int_equal(open_to_the_end(&b), LINK_UNDERWAY);
		assert_int_equal(b.link.state, LINK_RECEIVING);
		unmake(&b);
	}
	close(fd);
}

static void nobody_listening_is_told_at_once(void **state)
{
	struct bench b;
	int port;

	(void)state;
	close(listener(&port));
	make(&b, "127.0.0.1", port);
	assert_int_equal(open_to_the_end(&b), WQ_E_IO);
	assert_string_equal(b.err.text, "cannot connect: Connection refused");
	unmake(&b);
}

/* ".invalid" is a name that nobody may have (RFC 2606). */
static void a_name_that_is_not_there_is_told(void **state)
{
	struct bench b;

	(void)state;
	make(&b, "wq.invalid", 502);
	assert_int_equal(open_to_the_end(&b), WQ_E_IO);
	assert_non_null(strstr(b.err.text, "wq.invalid: cannot resolve the name"));
	unmake(&b);
}

/* The name server is slower than the timeout: the next try uses what it has said by then. */
static void an_answer_about_a_name_that_is_late_serves_the_next_try(void **state)
{
	const struct frame_request request = { .unit_id = 1, .function = 3, .count = 1 };
	struct bench b;
	uint16_t registers[1];
	int port, fd = listener(&port), r;

	(void)state;
	make(&b, "localhost", port);
	r = link_step(&b.link, registers, 0, &b.err);
	if (r == LINK_UNDERWAY && b.connect.asked) /* or it was answered in this moment */
		r = link_step(&b.link, registers, PATIENCE, &b.err);
	if (r == WQ_E_TIMEOUT) {
		assert_string_equal(
		        b.err.text, "localhost: no address of this name within 30000 ms");
		assert_non_null(b.connect.asked);
		assert_int_equal(b.link.fd, -1);
	}
	link_ask(&b.link, &request, 0);
	assert_int_equal(open_to_the_end(&b), LINK_UNDERWAY);
	assert_int_equal(b.link.state, LINK_RECEIVING);
	unmake(&b);
	close(fd);
}

/* Whoever gives up leaves nothing behind, in whatever state the question is. */
static void many_questions_are_given_up_at_any_time(void **state)
{
	struct resolve *asked[64];

	(void)state;
	for (size_t i = 0; i < 64; i++) {
		asked[i] = resolve_begin("localhost", 502, NULL);
		assert_non_null(asked[i]);
		if (i % 2)
			resolve_end(asked[i]);
	}
	for (size_t i = 0; i < 64; i += 2) {
		struct resolve_address addresses[RESOLVE_ADDRESSES];
		struct pollfd p = { .fd = resolve_fd(asked[i]), .events = POLLIN };

		assert_int_equal(poll(&p, 1, PATIENCE), 1);
		assert_in_range(resolve_result(asked[i], addresses, NULL), 1, RESOLVE_ADDRESSES);
		resolve_end(asked[i]);
	}
	resolve_end(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_addresses_and_names_are_not),
		cmocka_unit_test(connects_to_a_number_and_to_a_name),
		cmocka_unit_test(nobody_listening_is_told_at_once),
		cmocka_unit_test(a_name_that_is_not_there_is_told),
		cmocka_unit_test(an_answer_about_a_name_that_is_late_serves_the_next_try),
		cmocka_unit_test(many_questions_are_given_up_at_any_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
