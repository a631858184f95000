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
	struct connection connections[SLAVE_CONNECTIONS];
	struct pollfd *polled; /* wake_fd, listeners, connections */
};

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
		if (unreachable(s, i) && fill(s, i, err) < 0)
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
		s->polled = calloc(1 + count + SLAVE_CONNECTIONS, sizeof *s->polled);
	}
	if (!s || !s->listeners || !s->plugs || !s->polled) {
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
	for (size_t i = 0; i < s->connection_count; i++)
		close(s->connections[i].fd);
	for (size_t i = 0; i < s->plug_count; i++)
		close(s->plugs[i].fd);
	for (size_t i = 0; i < s->listener_count; i++)
		close(s->listeners[i]);
	free(s->listeners);
	free(s->plugs);
	free(s->polled);
	free(s);
}

void slave_heal(struct slave *s)
{
	for (size_t i = 0; i < s->plug_count; i++)
		close(s->plugs[i].fd);
	s->plug_count = 0;
	for (size_t i = 0; i < s->unit_count; i++)
		s->units[i].host = SLAVE_SERVES;
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

static bool serve(struct slave *s, struct connection *c, short events)
{
	if ((events & (POLLIN | POLLHUP | POLLERR)) && !receive(c))
		return false;
	do
		if (!take_request(s, c) || !send_due(c))
			return false;
	while (c->out == 0 && c->in >= REQUEST && get16(c->request + 4) + 6u <= c->in);
	return true;
}

static void take_connection(struct slave *s, size_t listener)
{
	int on = 1, fd = accept4(s->listeners[listener], NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return;
	if (s->connection_count == SLAVE_CONNECTIONS) {
		close(fd);
		return;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	s->connections[s->connection_count++] =
	        (struct connection){ .fd = fd, .listener = listener };
}

/* Fills the poll table; returns how long to wait. */
static int prepare(struct slave *s, wq_ms until, int wake_fd)
{
	struct pollfd *p = s->polled;
	wq_ms now = slave_now(), wait;

	*p++ = (struct pollfd){ .fd = wake_fd, .events = POLLIN };
	for (size_t i = 0; i < s->listener_count; i++)
		*p++ = (struct pollfd){ .fd = s->listeners[i],
			.events = unreachable(s, i) ? 0 : POLLIN };
	for (size_t i = 0; i < s->connection_count; i++) {
		const struct connection *c = &s->connections[i];
		bool full = c->in == sizeof c->request;

		*p++ = (struct pollfd){ .fd = c->fd, .events = full ? 0 : POLLIN };
		if (c->out > 0 && c->due < until)
			until = c->due;
	}
	wait = until > now ? until - now : 0;
	return wait < 60000 ? (int)wait : 60000;
}

static void serve_all(struct slave *s)
{
	struct pollfd *listeners = s->polled + 1, *connections = listeners + s->listener_count;

	for (size_t i = s->connection_count; i-- > 0;) {
		struct connection *c = &s->connections[i];

		if (serve(s, c, connections[i].revents))
			continue;
		close(c->fd);
		*c = s->connections[--s->connection_count];
	}
	for (size_t i = 0; i < s->listener_count; i++)
		if (listeners[i].revents & POLLIN)
			take_connection(s, i);
}

bool slave_run(struct slave *s, wq_ms until, int wake_fd)
{
	do {
		int wait = prepare(s, until, wake_fd);
		int n = poll(
		        s->polled, (nfds_t)(1 + s->listener_count + s->connection_count), wait);

		if (n < 0)
			continue;
		if (s->polled[0].revents & POLLIN)
			return true;
		serve_all(s);
	} while (slave_now() < until);
	return false;
}
