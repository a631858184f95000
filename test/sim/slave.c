/* SPDX-License-Identifier: Apache-2.0 */
/* Framing and serving of a simulated Modbus TCP device. */
#include "slave.h"

#include "wq/err.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HEADER         7
#define REQUEST        12 /* bytes of a read */
#define ANSWER         260
#define READ_MAX       125
#define PLUGS          8  /* a queue of length 0 takes one or two */
#define NO_SUCH_UNIT   11 /* what a gateway says of a device that is not there */
#define BAD_FUNCTION   1
#define BAD_ADDRESS    2
#define BAD_VALUE      3
#define EXCEPTION_SIZE 9

struct connection {
	int fd;
	size_t listener;
	size_t place;   /* among the connections */
	bool full;      /* is not listened to: what it sent has no room until its answer has left */
	size_t in, out; /* bytes held */
	wq_ms due;      /* the answer leaves then */
	uint8_t request[ANSWER], answer[ANSWER];
};

struct slave {
	struct slave_unit *units;
	size_t unit_count;
	const struct slave_faults *faults;
	size_t listener_count, connection_count;
	unsigned long requests;
	int *listeners;
	struct pollfd *plugs; /* connections of our own that fill an unreachable listener's queue */
	size_t plug_count;
	struct connection **connections; /* room for SLAVE_CONNECTIONS */
	int epoll, wake; /* wake: the descriptor in it that ends a run, -1: none yet */
};

/* What an event of epoll is of: a listener by its number, a connection by its place. */
#define OF_WAKE       0u
#define OF_LISTENER   1u
#define OF_CONNECTION 2u

wq_ms slave_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return WQ_SECONDS(t.tv_sec) + t.tv_nsec / 1000000;
}

/* ---- opening ---- */

static int listen_on(struct sockaddr_in address, int backlog, struct wq_err *err)
{
	int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	char ip[INET_ADDRSTRLEN], why[128];

	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
	        listen(fd, backlog) == 0)
		return fd;
	inet_ntop(AF_INET, &address.sin_addr, ip, sizeof ip);
	wq_fail(err, WQ_E_IO, "cannot listen on %s:%d: %s", ip, ntohs(address.sin_port),
	        strerror_r(errno, why, sizeof why));
	if (fd >= 0)
		close(fd);
	return WQ_E_IO;
}

static bool unreachable(const struct slave *s, size_t listener)
{
	for (size_t i = 0; i < s->unit_count; i++)
		if (s->units[i].listener == listener && s->units[i].host == SLAVE_UNREACHABLE)
			return true;
	return false;
}

/* A queue that is full, and nobody takes from it: the kernel drops whatever asks to connect, as a
 * network does behind which there is no host. Those of our own that fit are waited for, so that the
 * queue is full when this returns. */
static int fill(struct slave *s, size_t listener, struct wq_err *err)
{
	struct sockaddr_in address;
	socklen_t size = sizeof address;

	if (getsockname(s->listeners[listener], (struct sockaddr *)&address, &size) < 0)
		return wq_fail(err, WQ_E_IO, "device %zu: its port is not known", listener + 1);
	for (int i = 0; i < PLUGS; i++) {
		struct pollfd *p = &s->plugs[s->plug_count];

		*p = (struct pollfd){ .events = POLLOUT };
		p->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (p->fd < 0)
			return wq_fail(err, WQ_E_IO, "device %zu: no socket", listener + 1);
		s->plug_count++;
		if (connect(p->fd, (struct sockaddr *)&address, size) < 0 && poll(p, 1, 200) == 0)
			return 0; /* this one found no room */
	}
	return wq_fail(err, WQ_E_IO, "device %zu: %d connections were taken; it stays reachable",
	        listener + 1, PLUGS);
}

static int watch(const struct slave *s, int op, int fd, uint32_t events, unsigned of, void *what)
{
	/* Pointers leave their lowest two bits to us. */
	struct epoll_event event = { .events = events, .data.u64 = (uint64_t)(uintptr_t)what | of };

	return epoll_ctl(s->epoll, op, fd, &event);
}

static int listen_to(const struct slave *s, size_t listener, struct wq_err *err)
{
	if (watch(s, EPOLL_CTL_ADD, s->listeners[listener], EPOLLIN, OF_LISTENER,
	            (void *)(uintptr_t)(listener << 2)) < 0)
		return wq_fail(err, WQ_E_IO, "device %zu: cannot be listened to", listener + 1);
	return 0;
}

static int open_listeners(
        struct slave *s, const struct sockaddr_in *address, size_t count, struct wq_err *err)
{
	for (size_t i = 0; i < count; i++) {
		struct sockaddr_in next = *address;
		unsigned port = ntohs(address->sin_port);

		if (port > 0 && port + i > UINT16_MAX)
			return wq_fail(err, WQ_E_INVALID, "no port left for device %zu", i + 1);
		next.sin_port = htons((uint16_t)(port ? port + i : 0));
		s->listeners[i] = listen_on(next, unreachable(s, i) ? 0 : 128, err);
		if (s->listeners[i] < 0)
			return WQ_E_IO;
		s->listener_count++;
		if (unreachable(s, i) ? fill(s, i, err) < 0 : listen_to(s, i, err) < 0)
			return WQ_E_IO;
	}
	return 0;
}

struct slave *slave_open(const struct sockaddr_in *address, size_t count, struct slave_unit *units,
        size_t unit_count, const struct slave_faults *faults, struct wq_err *err)
{
	struct slave *s = calloc(1, sizeof *s);

	if (s) {
		s->units = units;
		s->unit_count = unit_count;
		s->faults = faults;
		s->listeners = calloc(count, sizeof *s->listeners);
		s->plugs = calloc(count * PLUGS, sizeof *s->plugs);
		s->connections = calloc(SLAVE_CONNECTIONS, sizeof(struct connection *));
		s->epoll = epoll_create1(EPOLL_CLOEXEC);
		s->wake = -1;
	}
	if (!s || !s->listeners || !s->plugs || !s->connections || s->epoll < 0) {
		wq_fail(err, WQ_E_MEMORY, "no memory for the devices");
	} else if (open_listeners(s, address, count, err) == 0) {
		return s;
	}
	slave_close(s);
	return NULL;
}

void slave_close(struct slave *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->connection_count; i++) {
		close(s->connections[i]->fd);
		free(s->connections[i]);
	}
	if (s->epoll >= 0)
		close(s->epoll);
	for (size_t i = 0; i < s->plug_count; i++)
		close(s->plugs[i].fd);
	for (size_t i = 0; i < s->listener_count; i++)
		close(s->listeners[i]);
	free(s->listeners);
	free(s->plugs);
	free(s->connections);
	free(s);
}

void slave_heal(struct slave *s)
{
	for (size_t i = 0; i < s->plug_count; i++)
		close(s->plugs[i].fd);
	s->plug_count = 0;
	for (size_t i = 0; i < s->unit_count; i++) {
		if (s->units[i].host == SLAVE_UNREACHABLE)
			listen_to(s, s->units[i].listener, NULL);
		s->units[i].host = SLAVE_SERVES;
	}
}

int slave_port(const struct slave *s, size_t listener)
{
	struct sockaddr_in address = { 0 };
	socklen_t size = sizeof address;

	if (getsockname(s->listeners[listener], (struct sockaddr *)&address, &size) < 0)
		return -1;
	return ntohs(address.sin_port);
}

unsigned long slave_requests(const struct slave *s)
{
	return s->requests;
}

/* ---- one request ---- */

static unsigned get16(const uint8_t *from)
{
	return (unsigned)(from[0] << 8 | from[1]);
}

static void put16(uint8_t *to, unsigned value)
{
	to[0] = (uint8_t)(value >> 8);
	to[1] = (uint8_t)value;
}

static struct slave_unit *find_unit(const struct slave *s, size_t listener, int id)
{
	/* Where each has a listener of its own it is found at once. */
	if (listener < s->unit_count && s->units[listener].listener == listener &&
	        s->units[listener].id == id)
		return &s->units[listener];
	for (size_t i = 0; i < s->unit_count; i++)
		if (s->units[i].listener == listener && s->units[i].id == id)
			return &s->units[i];
	return NULL;
}

/* Writes what follows the header; returns the exception code, 0 for none. */
static int read_registers(
        const struct slave_unit *unit, const uint8_t *request, size_t size, uint8_t *answer)
{
	unsigned address, count;

	if (request[HEADER] != 3 && request[HEADER] != 4)
		return BAD_FUNCTION;
	if (size != REQUEST)
		return BAD_VALUE;
	address = get16(request + 8);
	count = get16(request + 10);
	if (count == 0 || count > READ_MAX)
		return BAD_VALUE;
	if (address + count > unit->count)
		return BAD_ADDRESS;
	answer[HEADER + 1] = (uint8_t)(2 * count);
	for (unsigned i = 0; i < count; i++)
		put16(answer + HEADER + 2 + (size_t)2 * i, unit->registers[address + i]);
	return 0;
}

static void answer(struct slave *s, struct connection *c, size_t size)
{
	int id = c->request[6];
	struct slave_unit *unit = find_unit(s, c->listener, id);
	int code = unit ? s->faults->exception[id] : NO_SUCH_UNIT;

	s->requests++;
	if (unit)
		unit->requests++;
	if (s->faults->dead[id] || (unit && unit->host == SLAVE_HUNG))
		return;
	memcpy(c->answer, c->request, HEADER + 1);
	if (code == 0)
		code = read_registers(unit, c->request, size, c->answer);
	c->out = HEADER + 2 + (size_t)c->answer[HEADER + 1];
	if (code != 0) {
		c->answer[HEADER] |= 0x80;
		c->answer[HEADER + 1] = (uint8_t)code;
		c->out = EXCEPTION_SIZE;
	}
	put16(c->answer + 4, (unsigned)c->out - 6);
	c->due = slave_now() + s->faults->delay;
}

/* False: not Modbus, the connection has to go. Takes at most one request; none while an answer
 * waits. */
static bool take_request(struct slave *s, struct connection *c)
{
	size_t size;

	if (c->out > 0 || c->in < HEADER + 1)
		return true;
	size = get16(c->request + 4) + 6u;
	if (get16(c->request + 2) != 0 || size < HEADER + 1 || size > ANSWER)
		return false;
	if (c->in < size)
		return true;
	answer(s, c, size);
	c->in -= size;
	memmove(c->request, c->request + size, c->in);
	return true;
}

/* ---- connections ---- */

static bool receive(struct connection *c)
{
	ssize_t n;

	if (c->in == sizeof c->request)
		return true;
	n = recv(c->fd, c->request + c->in, sizeof c->request - c->in, 0);
	if (n > 0)
		c->in += (size_t)n;
	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

static bool send_due(struct connection *c)
{
	if (c->out == 0 || slave_now() < c->due)
		return true;
	if (send(c->fd, c->answer, c->out, MSG_NOSIGNAL) != (ssize_t)c->out)
		return false;
	c->out = 0;
	return true;
}

static bool serve(struct slave *s, struct connection *c, bool ready)
{
	if (ready && !receive(c))
		return false;
	do
		if (!take_request(s, c) || !send_due(c))
			return false;
	while (c->out == 0 && c->in >= REQUEST && get16(c->request + 4) + 6u <= c->in);
	return true;
}

static void drop(struct slave *s, struct connection *c)
{
	struct connection *last = s->connections[--s->connection_count];

	s->connections[c->place] = last;
	last->place = c->place;
	close(c->fd);
	free(c);
}

/* Serves one; listens to it as long as there is room for what it says. */
static void go_on(struct slave *s, struct connection *c, bool ready)
{
	bool full;

	if (!serve(s, c, ready)) {
		drop(s, c);
		return;
	}
	full = c->in == sizeof c->request;
	if (full != c->full)
		watch(s, EPOLL_CTL_MOD, c->fd, full ? 0 : EPOLLIN, OF_CONNECTION, c);
	c->full = full;
}

static void take_connection(struct slave *s, size_t listener)
{
	int on = 1, fd = accept4(s->listeners[listener], NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct connection *c;

	if (fd < 0)
		return;
	c = s->connection_count < SLAVE_CONNECTIONS ? calloc(1, sizeof *c) : NULL;
	if (!c || watch(s, EPOLL_CTL_ADD, fd, EPOLLIN, OF_CONNECTION, c) < 0) {
		free(c);
		close(fd);
		return;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	c->fd = fd;
	c->listener = listener;
	c->place = s->connection_count;
	s->connections[s->connection_count++] = c;
}

/* Answers that wait for their time leave; returns when the next has to, `until` at the latest. */
static wq_ms send_waiting(struct slave *s, wq_ms until)
{
	for (size_t i = s->connection_count; i-- > 0;) {
		struct connection *c = s->connections[i];

		if (c->out > 0 && c->due <= slave_now())
			go_on(s, c, false);
	}
	for (size_t i = 0; i < s->connection_count; i++)
		if (s->connections[i]->out > 0 && s->connections[i]->due < until)
			until = s->connections[i]->due;
	return until;
}

static int span_until(wq_ms until)
{
	wq_ms now = slave_now(), wait = until > now ? until - now : 0;

	return wait < 60000 ? (int)wait : 60000;
}

/* True: it is the one that ends a run. */
static bool take_event(struct slave *s, const struct epoll_event *event)
{
	unsigned of = event->data.u64 & 3u;

	if (of == OF_WAKE)
		return true;
	if (of == OF_LISTENER)
		take_connection(s, (size_t)(event->data.u64 >> 2));
	else
		go_on(s, (struct connection *)(uintptr_t)(event->data.u64 & ~(uint64_t)3), true);
	return false;
}

bool slave_run(struct slave *s, wq_ms until, int wake_fd)
{
	if (wake_fd != s->wake) {
		watch(s, EPOLL_CTL_ADD, wake_fd, EPOLLIN, OF_WAKE, NULL);
		s->wake = wake_fd;
	}
	do {
		struct epoll_event events[64];
		wq_ms next = s->faults->delay > 0 ? send_waiting(s, until) : until;
		int n = epoll_wait(s->epoll, events, 64, span_until(next));
		bool woken = false;

		for (int i = 0; i < n; i++)
			woken |= take_event(s, &events[i]);
		if (woken)
			return true;
	} while (slave_now() < until);
	return false;
}
