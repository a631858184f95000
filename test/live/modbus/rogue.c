/* SPDX-License-Identifier: Apache-2.0 */
/* The misbehaving slave. Sleeping is its business: it plays slow devices in real time. */
#include "rogue.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS 8
#define REQUEST     12
#define ANSWER      260

struct rogue {
	int listener, wake, port, timeout_ms;
	pthread_t thread;
	atomic_int manners[256];
	atomic_uint requests, connections, reboots_wanted, reboots;
	atomic_bool stop, wrote;
	int fds[CONNECTIONS];
	uint8_t previous[ANSWER];
	size_t previous_size;
};

float rogue_value(int unit_id, int address)
{
	return (float)unit_id * 1000 + (float)address;
}

static void nap(int ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000L };

	nanosleep(&t, NULL);
}

static void put16(uint8_t *to, unsigned value)
{
	to[0] = (uint8_t)(value >> 8);
	to[1] = (uint8_t)value;
}

static uint16_t register_of(int unit_id, int address)
{
	float f = rogue_value(unit_id, address / 2 * 2);
	uint32_t bits;

	memcpy(&bits, &f, sizeof bits);
	return (uint16_t)(address % 2 == 0 ? bits >> 16 : bits);
}

static size_t good_answer(const uint8_t *q, int unit_id, uint8_t *a)
{
	int address = q[8] << 8 | q[9], count = q[10] << 8 | q[11];

	memcpy(a, q, 8);
	a[6] = (uint8_t)unit_id;
	a[8] = (uint8_t)(2 * count);
	put16(a + 4, 3u + 2u * (unsigned)count);
	for (int i = 0; i < count; i++)
		put16(a + 9 + 2 * (size_t)i, register_of(unit_id, address + i));
	return 9 + (size_t)count * 2;
}

static size_t exception(const uint8_t *q, int code, uint8_t *a)
{
	memcpy(a, q, 8);
	put16(a + 4, 3);
	a[7] |= 0x80;
	a[8] = (uint8_t)code;
	return 9;
}

static bool send_all(int fd, const uint8_t *bytes, size_t size)
{
	return send(fd, bytes, size, MSG_NOSIGNAL) == (ssize_t)size;
}

static bool dribble(struct rogue *r, int fd, const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size && !atomic_load(&r->stop); i++) {
		if (!send_all(fd, bytes + i, 1))
			return false;
		nap(60);
	}
	return true;
}

/* Changes the answer in place where the manner is one of content; returns its size. */
static size_t spoil(
        struct rogue *r, enum rogue_manner manner, const uint8_t *q, uint8_t *a, size_t size)
{
	if (manner == ROGUE_UNIT)
		return good_answer(q, q[6] + 1, a);
	if (manner > ROGUE_EXCEPTION)
		return exception(q, (int)manner - ROGUE_EXCEPTION, a);
	if (manner == ROGUE_BUSY || manner == ROGUE_GATEWAY)
		return exception(q, manner == ROGUE_BUSY ? 6 : 11, a);
	if (manner == ROGUE_NO_ADDRESS && (q[8] << 8 | q[9]) >= 100)
		return exception(q, 2, a);
	if (manner == ROGUE_PREVIOUS && r->previous_size > 0) {
		memcpy(a, r->previous, r->previous_size);
		return r->previous_size;
	}
	if (manner == ROGUE_GARBAGE) {
		memset(a, 0xA7, 253);
		return 253;
	}
	if (manner == ROGUE_SHORT) {
		a[8] = (uint8_t)(a[8] - 2);
		put16(a + 4, a[8] + 3u);
		return size - 2;
	}
	a[0] ^= manner == ROGUE_TRANSACTION ? 0x55 : 0;
	a[7] ^= manner == ROGUE_FUNCTION ? 7 : 0;
	return manner == ROGUE_TRUNCATED ? size / 2 : size;
}

/* False: close the connection. */
static bool answer(struct rogue *r, int fd, const uint8_t *q)
{
	enum rogue_manner manner = (enum rogue_manner)atomic_load(&r->manners[q[6]]);
	uint8_t a[ANSWER], good[ANSWER];
	size_t size = good_answer(q, q[6], a), good_size = size;
	bool kept = true;

	memcpy(good, a, size);
	atomic_fetch_add(&r->requests, 1);
	if (q[7] != 3 && q[7] != 4)
		atomic_store(&r->wrote, true);
	if (manner == ROGUE_CLOSE)
		return false;
	if (manner == ROGUE_LATE)
		nap(r->timeout_ms * 3 / 2);
	size = spoil(r, manner, q, a, size);
	if (manner == ROGUE_DRIBBLE)
		kept = dribble(r, fd, a, size);
	else if (manner != ROGUE_SILENT)
		kept = send_all(fd, a, size);
	if (kept && manner == ROGUE_TWICE)
		kept = send_all(fd, a, size);
	memcpy(r->previous, good, good_size);
	r->previous_size = good_size;
	return kept && manner != ROGUE_ONE_EACH;
}

static void drop(struct rogue *r, int i)
{
	close(r->fds[i]);
	r->fds[i] = -1;
}

static void take(struct rogue *r)
{
	int on = 1, fd = accept4(r->listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return;
	atomic_fetch_add(&r->connections, 1);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	for (int i = 0; i < CONNECTIONS; i++)
		if (r->fds[i] < 0) {
			r->fds[i] = fd;
			return;
		}
	close(fd);
}

static void serve_once(struct rogue *r)
{
	struct pollfd p[CONNECTIONS + 2];
	uint8_t q[REQUEST];
	uint64_t woken;

	for (int i = 0; i < CONNECTIONS; i++)
		p[i] = (struct pollfd){ .fd = r->fds[i], .events = POLLIN };
	p[CONNECTIONS] = (struct pollfd){ .fd = r->listener, .events = POLLIN };
	p[CONNECTIONS + 1] = (struct pollfd){ .fd = r->wake, .events = POLLIN };
	if (poll(p, CONNECTIONS + 2, -1) <= 0)
		return;
	if (p[CONNECTIONS + 1].revents && read(r->wake, &woken, sizeof woken) == sizeof woken) {
		for (int i = 0; i < CONNECTIONS; i++)
			if (r->fds[i] >= 0)
				drop(r, i);
		atomic_store(&r->reboots, atomic_load(&r->reboots_wanted));
		return;
	}
	for (int i = 0; i < CONNECTIONS; i++)
		if (p[i].revents &&
		        (recv(r->fds[i], q, sizeof q, MSG_WAITALL) != sizeof q ||
		                !answer(r, r->fds[i], q)))
			drop(r, i);
	if (p[CONNECTIONS].revents)
		take(r);
}

static void *run(void *argument)
{
	struct rogue *r = argument;

	while (!atomic_load(&r->stop))
		serve_once(r);
	for (int i = 0; i < CONNECTIONS; i++)
		if (r->fds[i] >= 0)
			close(r->fds[i]);
	return NULL;
}

struct rogue *rogue_start(int timeout_ms)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof address;
	struct rogue *r = calloc(1, sizeof *r);

	if (!r)
		abort();
	r->timeout_ms = timeout_ms;
	memset(r->fds, 0xFF, sizeof r->fds);
	r->wake = eventfd(0, EFD_CLOEXEC);
	r->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(r->listener, (struct sockaddr *)&address, size) < 0 ||
	        listen(r->listener, 16) < 0 ||
	        getsockname(r->listener, (struct sockaddr *)&address, &size) < 0)
		abort();
	r->port = ntohs(address.sin_port);
	if (pthread_create(&r->thread, NULL, run, r) != 0)
		abort();
	return r;
}

static void wake(struct rogue *r)
{
	uint64_t one = 1;

	atomic_fetch_add(&r->reboots_wanted, 1);
	if (write(r->wake, &one, sizeof one) != sizeof one)
		abort();
}

void rogue_stop(struct rogue *r)
{
	atomic_store(&r->stop, true);
	wake(r);
	pthread_join(r->thread, NULL);
	close(r->listener);
	close(r->wake);
	free(r);
}

void rogue_reboot(struct rogue *r)
{
	wake(r);
	while (atomic_load(&r->reboots) != atomic_load(&r->reboots_wanted))
		nap(1);
}

int rogue_port(const struct rogue *r)
{
	return r->port;
}

void rogue_be(struct rogue *r, int unit_id, enum rogue_manner manner)
{
	for (int i = 0; i < 256; i++)
		if (unit_id == 0 || unit_id == i)
			atomic_store(&r->manners[i], (int)manner);
}

unsigned rogue_requests(const struct rogue *r)
{
	return atomic_load(&r->requests);
}

unsigned rogue_connections(const struct rogue *r)
{
	return atomic_load(&r->connections);
}

bool rogue_was_asked_to_write(const struct rogue *r)
{
	return atomic_load(&r->wrote);
}
