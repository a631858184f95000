/* SPDX-License-Identifier: Apache-2.0 */
/* Many buses read through a gateway that answers late, up to twice the timeout, and that gives half
 * of its late answers to the newest connection of the bus: what arrives is never taken for another
 * register. 10^6 reads with WQ_LONG=1. Gateway and buses take turns in one thread. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness.h"
#include "rogue.h"

#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BUSES       64
#define POINTS      20
#define STRIDE      200 /* registers apart: each point is a request of its own */
#define TIMEOUT     8   /* ms */
#define CONNECTIONS 512
#define PENDING     4096
#define LATE        30 /* of a thousand answers */

/* ---- the gateway ---- */

struct pending {
	wq_ms due;
	int fd;  /* who asked */
	int bus; /* whose newest connection gets it, -1: who asked */
	uint8_t bytes[13];
};

static struct {
	int listener, port;
	size_t count;
	struct connection {
		int fd;
		size_t have;
		uint8_t request[12];
	} connections[CONNECTIONS];
	int newest[BUSES];
	size_t pending_count;
	struct pending pending[PENDING];
	unsigned short seed[3];
	uint64_t requests, late, strayed;
} gateway;

static void open_gateway(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof address;

	memset(&gateway, 0, sizeof gateway);
	memset(gateway.newest, 0xFF, sizeof gateway.newest);
	gateway.listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(gateway.listener, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(gateway.listener, 1024), 0);
	assert_int_equal(getsockname(gateway.listener, (struct sockaddr *)&address, &size), 0);
	gateway.port = ntohs(address.sin_port);
}

static void close_gateway(void)
{
	for (size_t i = 0; i < gateway.count; i++)
		close(gateway.connections[i].fd);
	close(gateway.listener);
}

static void drop(size_t i)
{
	int fd = gateway.connections[i].fd;

	for (size_t k = gateway.pending_count; k-- > 0;)
		if (gateway.pending[k].fd == fd && gateway.pending[k].bus < 0)
			gateway.pending[k] = gateway.pending[--gateway.pending_count];
	for (int b = 0; b < BUSES; b++)
		if (gateway.newest[b] == fd)
			gateway.newest[b] = -1;
	close(fd);
	gateway.connections[i] = gateway.connections[--gateway.count];
}

/* Reads of two registers are all that comes: the float32 of rogue_value(). */
static void answer(const struct connection *c)
{
	const uint8_t *q = c->request;
	float f = rogue_value(q[6], q[8] << 8 | q[9]);
	int bus = (q[6] - 1) / 2;
	bool late = nrand48(gateway.seed) % 1000 < LATE, strays = late && nrand48(gateway.seed) % 2;
	struct pending *p = &gateway.pending[gateway.pending_count++];
	uint32_t bits;

	assert_true(gateway.pending_count < PENDING);
	assert_int_equal(q[10] << 8 | q[11], 2);
	memcpy(&bits, &f, sizeof bits);
	*p = (struct pending){ .due = harness_now(),
		.fd = c->fd,
		.bus = strays ? bus : -1,
		.bytes = { q[0], q[1], 0, 0, 0, 7, q[6], q[7], 4, (uint8_t)(bits >> 24),
		        (uint8_t)(bits >> 16), (uint8_t)(bits >> 8), (uint8_t)bits } };
	if (late)
		p->due += 1 + nrand48(gateway.seed) % (2 * TIMEOUT);
	gateway.newest[bus] = c->fd;
	gateway.requests++;
	gateway.late += late;
}

static void receive(size_t i)
{
	struct connection *c = &gateway.connections[i];
	ssize_t n = recv(c->fd, c->request + c->have, sizeof c->request - c->have, MSG_DONTWAIT);

	if (n <= 0) {
		drop(i);
		return;
	}
	c->have += (size_t)n;
	if (c->have == sizeof c->request) {
		c->have = 0;
		answer(c);
	}
}

/* What is due leaves. Returns when the next is. */
static wq_ms send_due(wq_ms now)
{
	wq_ms next = now + 1000;

	for (size_t k = gateway.pending_count; k-- > 0;) {
		struct pending p = gateway.pending[k];
		int fd = p.bus < 0 ? p.fd : gateway.newest[p.bus];

		if (p.due > now) {
			next = p.due < next ? p.due : next;
			continue;
		}
		gateway.pending[k] = gateway.pending[--gateway.pending_count];
		if (fd < 0)
			continue;
		gateway.strayed += fd != p.fd;
		send(fd, p.bytes, sizeof p.bytes, MSG_NOSIGNAL | MSG_DONTWAIT);
	}
	return next;
}

/* ---- the buses ---- */

struct bus {
	struct harness *h;
	size_t unit;
	bool polling;
	struct wq_wait wait;
};

static void open_bus(struct bus *bus, int index)
{
	*bus = (struct bus){ .h = harness_new(gateway.port, TIMEOUT) };
	for (int unit = 2 * index + 1; unit <= 2 * index + 2; unit++)
		for (int k = 0; k < POINTS; k++)
			harness_point(bus->h, unit, STRIDE * k);
	harness_open(bus->h);
}

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

/* As far as it goes; true: a poll ended. */
static bool advance(struct bus *bus, uint64_t *served, uint64_t *failed)
{
	int r;

	if (!bus->polling) {
		bus->unit = !bus->unit;
		bus->h->count = 0;
		wq_driver_modbus.begin(bus->h->state, bus->unit, harness_now());
		bus->polling = true;
	}
	r = wq_driver_modbus.step(bus->h->state, &bus->h->sink, harness_now(), &bus->h->err);
	if (r == WQ_UNDERWAY) {
		wq_driver_modbus.wait(bus->h->state, &bus->wait);
		return false;
	}
	bus->polling = false;
	assert_no_stranger(bus->h);
	assert_int_equal(bus->h->count, r == 0 ? POINTS : 0);
	*served += r == 0;
	*failed += r != 0;
	return true;
}

static void serve(struct bus *buses, uint64_t *served, uint64_t *failed)
{
	static struct pollfd p[1 + CONNECTIONS + BUSES];
	wq_ms now = harness_now(), until = send_due(now);
	size_t listened = gateway.count;

	p[0] = (struct pollfd){ .fd = gateway.listener, .events = POLLIN };
	for (size_t i = 0; i < listened; i++)
		p[1 + i] = (struct pollfd){ .fd = gateway.connections[i].fd, .events = POLLIN };
	for (size_t b = 0; b < BUSES; b++) {
		p[1 + listened + b] = (struct pollfd){ buses[b].wait.fd, buses[b].wait.events, 0 };
		until = buses[b].wait.deadline < until ? buses[b].wait.deadline : until;
	}
	poll(p, (nfds_t)(1 + listened + BUSES), until > now ? (int)(until - now) : 0);
	for (size_t b = 0; b < BUSES; b++)
		if (p[1 + listened + b].revents || buses[b].wait.deadline <= harness_now())
			while (advance(&buses[b], served, failed))
				continue;
	for (size_t i = listened; i-- > 0;)
		if (p[1 + i].revents)
			receive(i);
	for (int fd; (fd = accept4(gateway.listener, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
		assert_true(gateway.count < CONNECTIONS);
		gateway.connections[gateway.count++] = (struct connection){ .fd = fd };
	}
}

static void a_late_answer_is_never_taken_for_another_register(void **state)
{
	uint64_t wanted = getenv("WQ_LONG") ? 1000000 : 20000, served = 0, failed = 0;
	struct bus buses[BUSES];

	(void)state;
	open_gateway();
	for (int b = 0; b < BUSES; b++) {
		open_bus(&buses[b], b);
		advance(&buses[b], &served, &failed);
	}
	while (gateway.requests < wanted)
		serve(buses, &served, &failed);
	print_message(
	        "%llu reads, %llu answered late by up to %d ms (timeout %d ms), %llu of those "
	        "to a newer connection; %llu polls of %d values served, %llu failed; 0 "
	        "misattributed\n",
	        (unsigned long long)gateway.requests, (unsigned long long)gateway.late, 2 * TIMEOUT,
	        TIMEOUT, (unsigned long long)gateway.strayed, (unsigned long long)served, POINTS,
	        (unsigned long long)failed);
	assert_true(gateway.strayed > 0);
	assert_true(failed > 0);
	assert_true(served * POINTS > wanted / 10);
	for (int b = 0; b < BUSES; b++)
		harness_free(buses[b].h);
	close_gateway();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_late_answer_is_never_taken_for_another_register),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
