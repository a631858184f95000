/* SPDX-License-Identifier: Apache-2.0 */
/* Serving simulated Modbus devices: who is connected, and which answers are on their way. */
#include "slave_parts.h"

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

#define PLUGS 8   /* a queue of length 0 takes one or two */
#define PAUSE 100 /* ms after which a message that is not whole is given up (RTU) */

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

static int port_of(const struct slave *s, size_t listener)
{
	struct sockaddr_in address = { 0 };
	socklen_t size = sizeof address;

	if (getsockname(s->listeners[listener], (struct sockaddr *)&address, &size) < 0)
		return -1;
	return ntohs(address.sin_port);
}

/* The ports that it had before, or those after the address. */
static int open_listeners(struct slave *s, struct wq_err *err)
{
	for (size_t i = 0; i < s->count; i++) {
		struct sockaddr_in next = s->address;
		unsigned port = ntohs(s->address.sin_port);

		if (port > 0 && port + i > UINT16_MAX)
			return wq_fail(err, WQ_E_INVALID, "no port left for device %zu", i + 1);
		next.sin_port = htons((uint16_t)(port ? port + i : (unsigned)s->ports[i]));
		s->listeners[i] = listen_on(next, unreachable(s, i) ? 0 : 128, err);
		if (s->listeners[i] < 0)
			return WQ_E_IO;
		s->listener_count++;
		s->ports[i] = port_of(s, i);
		if (unreachable(s, i) ? fill(s, i, err) < 0 : listen_to(s, i, err) < 0)
			return WQ_E_IO;
	}
	return 0;
}

/* False: there is no room; the descriptor stays the caller's. */
static bool add_connection(struct slave *s, int fd, size_t listener, bool line)
{
	struct connection *c =
	        s->connection_count < SLAVE_CONNECTIONS ? calloc(1, sizeof *c) : NULL;

	if (!c || watch(s, EPOLL_CTL_ADD, fd, EPOLLIN, OF_CONNECTION, c) < 0) {
		free(c);
		return false;
	}
	*c = (struct connection){ .fd = fd,
		.listener = listener,
		.line = line,
		.place = s->connection_count,
		.id = ++s->connections_ever };
	s->connections[s->connection_count++] = c;
	return true;
}

static void drop(struct slave *s, struct connection *c)
{
	struct connection *last = s->connections[--s->connection_count];

	s->connections[c->place] = last;
	last->place = c->place;
	if (!c->line)
		close(c->fd);
	free(c);
}

static int appear(struct slave *s, struct wq_err *err)
{
	int r = s->pty ? line_open(&s->line, s->pty, err) : open_listeners(s, err);

	if (r == 0 && s->pty && !add_connection(s, s->line.fd, 0, true))
		return wq_fail(err, WQ_E_IO, "%s: cannot be listened to", s->pty);
	return r;
}

static void disappear(struct slave *s)
{
	while (s->connection_count > 0)
		drop(s, s->connections[0]);
	for (size_t i = 0; i < s->listener_count; i++)
		close(s->listeners[i]);
	line_close(&s->line, s->pty);
	s->listener_count = s->parcel_count = 0;
}

struct slave *slave_open(const struct sockaddr_in *address, const struct slave_line *line,
        size_t count, struct slave_unit *units, size_t unit_count, struct slave_faults *faults,
        struct wq_err *err)
{
	struct slave *s = calloc(1, sizeof *s);

	if (s) {
		s->address = *address;
		s->framing = line->framing;
		s->pty = line->pty;
		s->line = (struct line){ -1, -1 };
		s->start = slave_now();
		s->units = units;
		s->unit_count = unit_count;
		s->faults = faults;
		s->count = count;
		s->wake = -1;
		s->epoll = epoll_create1(EPOLL_CLOEXEC);
		s->listeners = calloc(count, sizeof *s->listeners);
		s->ports = calloc(count, sizeof *s->ports);
		s->plugs = calloc(count * PLUGS, sizeof *s->plugs);
		s->parcels = calloc(SLAVE_PARCELS, sizeof *s->parcels);
		s->connections = calloc(SLAVE_CONNECTIONS, sizeof(struct connection *));
	}
	if (!s || !s->listeners || !s->ports || !s->plugs || !s->parcels || !s->connections ||
	        s->epoll < 0) {
		wq_fail(err, WQ_E_MEMORY, "no memory for the devices");
	} else if (appear(s, err) == 0) {
		return s;
	}
	slave_close(s);
	return NULL;
}

void slave_close(struct slave *s)
{
	if (!s)
		return;
	disappear(s);
	if (s->epoll >= 0)
		close(s->epoll);
	for (size_t i = 0; i < s->plug_count; i++)
		close(s->plugs[i].fd);
	free(s->listeners);
	free(s->ports);
	free(s->plugs);
	free(s->parcels);
	free(s->connections);
	free(s);
}

void slave_heal(struct slave *s)
{
	for (size_t i = 0; i < s->plug_count; i++)
		close(s->plugs[i].fd);
	s->plug_count = 0;
	for (size_t i = 0; i < s->unit_count; i++) {
		if (s->units[i].host == SLAVE_UNREACHABLE && !s->gone)
			listen_to(s, s->units[i].listener, NULL);
		s->units[i].host = SLAVE_SERVES;
	}
}

int slave_port(const struct slave *s, size_t listener)
{
	return s->ports[listener];
}

unsigned long slave_requests(const struct slave *s)
{
	return s->requests;
}

/* ---- connections ---- */

static bool receive(struct slave *s, struct connection *c)
{
	ssize_t n;

	if (s->framing == WIRE_RTU && slave_now() - c->heard > PAUSE)
		c->in = 0;
	c->heard = slave_now();
	n = read(c->fd, c->request + c->in, sizeof c->request - c->in);
	if (n > 0)
		c->in += (size_t)n;
	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

static void hand(struct slave *s, struct connection *c, const struct parcel *p)
{
	ssize_t n = c->line ? write(c->fd, p->bytes, p->size)
	                    : send(c->fd, p->bytes, p->size, MSG_NOSIGNAL);

	if (n != (ssize_t)p->size && !c->line)
		drop(s, c);
}

static bool is_for(const struct slave *s, const struct parcel *p, const struct connection *c)
{
	return s->framing == WIRE_TCP ? c->id == p->connection : c->listener == p->listener;
}

/* To the connection that asked, or to all that share the line. */
static void deliver(struct slave *s, const struct parcel *p)
{
	/* Mostly it is still where it was. */
	if (s->framing == WIRE_TCP && p->place < s->connection_count &&
	        is_for(s, p, s->connections[p->place])) {
		hand(s, s->connections[p->place], p);
		return;
	}
	for (size_t i = s->connection_count; i-- > 0;)
		if (is_for(s, p, s->connections[i]))
			hand(s, s->connections[i], p);
}

static void deliver_due(struct slave *s)
{
	struct parcel p;

	while (slave_next_parcel(s, &p))
		deliver(s, &p);
}

static void take_connection(struct slave *s, size_t listener)
{
	int on = 1, fd = accept4(s->listeners[listener], NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (!add_connection(s, fd, listener, false))
		close(fd);
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
	struct connection *c;

	if (of == OF_WAKE)
		return true;
	if (of == OF_LISTENER) {
		take_connection(s, (size_t)(event->data.u64 >> 2));
		return false;
	}
	c = (struct connection *)(uintptr_t)(event->data.u64 & ~(uint64_t)3);
	if ((!receive(s, c) || !slave_take_requests(s, c)) && !c->line)
		drop(s, c);
	return false;
}

/* Goes and comes back as a reboot has it. */
static void live(struct slave *s)
{
	bool gone = faults_gone(&s->faults->ordered, slave_now() - s->start);

	if (gone && !s->gone)
		disappear(s);
	/* A port that is still taken: again at the next turn. */
	if (!gone && s->gone && appear(s, NULL) < 0) {
		disappear(s);
		return;
	}
	s->gone = gone;
}

bool slave_run(struct slave *s, wq_ms until, int wake_fd)
{
	if (wake_fd != s->wake) {
		watch(s, EPOLL_CTL_ADD, wake_fd, EPOLLIN, OF_WAKE, NULL);
		s->wake = wake_fd;
	}
	do {
		struct epoll_event events[64];
		bool woken = false;
		int n;

		live(s);
		n = epoll_wait(s->epoll, events, 64, span_until(slave_next(s, until)));
		for (int i = 0; i < n; i++)
			woken |= take_event(s, &events[i]);
		/* Only now: what it drops may still have had an event above. */
		deliver_due(s);
		if (woken)
			return true;
	} while (slave_now() < until);
	return false;
}
