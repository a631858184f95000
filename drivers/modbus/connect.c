/* SPDX-License-Identifier: Apache-2.0 */
/* Connecting: a name, then its addresses one by one. */
#include "connect.h"

#include "wq/err.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int fail_errno(struct wq_err *err, const char *what, int number)
{
	char buf[128];

	return wq_fail(err, number == ETIMEDOUT ? WQ_E_TIMEOUT : WQ_E_IO, "%s: %s", what,
	        strerror_r(number, buf, sizeof buf));
}

static void drop(struct link *link)
{
	const struct connect *c = link->way_state;

	/* While a name is asked for the descriptor is the asking's. */
	if (link->fd >= 0 && !c->asked)
		close(link->fd);
	link->fd = -1;
}

/* ---- one address ---- */

static int start(struct link *link, const struct resolve_address *address, struct wq_err *err)
{
	int on = 1;

	link->fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (link->fd < 0)
		return fail_errno(err, "cannot open a socket", errno);
	setsockopt(link->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	setsockopt(link->fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
	if (connect(link->fd, &address->any, address->length) == 0)
		return 0;
	return errno == EINPROGRESS ? LINK_UNDERWAY : fail_errno(err, "cannot connect", errno);
}

/* Begins with the next addresses until one is under way; each gets its share of what is left of the
 * timeout. */
static int start_next(struct link *link, wq_ms now, struct wq_err *err)
{
	struct connect *c = link->way_state;
	int r = WQ_E_IO;

	while (r < 0 && c->next < c->count) {
		size_t left = c->count - c->next;

		drop(link);
		r = start(link, &c->addresses[c->next++], err);
		link->events = POLLOUT;
		link->deadline = now + (c->end > now ? (c->end - now) / (wq_ms)left : 0);
	}
	return r;
}

/* How a started connect stands. */
static int outcome(const struct link *link, wq_ms now, struct wq_err *err)
{
	struct pollfd p = { .fd = link->fd, .events = POLLOUT };
	int number = 0;
	socklen_t size = sizeof number;

	if (poll(&p, 1, 0) <= 0)
		return now < link->deadline
		        ? LINK_UNDERWAY
		        : wq_fail(err, WQ_E_TIMEOUT, "no connection within %lld ms",
		                  (long long)link->options.timeout);
	if (getsockopt(link->fd, SOL_SOCKET, SO_ERROR, &number, &size) < 0)
		return fail_errno(err, "cannot connect", errno);
	return number == 0 ? 0 : fail_errno(err, "cannot connect", number);
}

/* ---- the name ---- */

static int go_on_asking(struct link *link, wq_ms now, struct wq_err *err)
{
	struct connect *c = link->way_state;
	int r = resolve_result(c->asked, c->addresses, err);

	if (r == RESOLVE_UNDERWAY && now < link->deadline)
		return LINK_UNDERWAY;
	link->fd = -1;
	/* One that is late is kept for the next time. */
	if (r == RESOLVE_UNDERWAY)
		return wq_fail(err, WQ_E_TIMEOUT, "%s: no address of this name within %lld ms",
		        c->host, (long long)link->options.timeout);
	connect_forget(c);
	if (r < 0)
		return r;
	c->count = (size_t)r;
	return start_next(link, now, err);
}

static int ask_name(struct link *link, wq_ms now, struct wq_err *err)
{
	struct connect *c = link->way_state;

	if (!c->asked)
		c->asked = resolve_begin(c->host, c->port, err);
	if (!c->asked)
		return WQ_E_IO;
	link->fd = resolve_fd(c->asked);
	link->events = POLLIN;
	link->deadline = c->end;
	return go_on_asking(link, now, err);
}

/* ---- the way ---- */

static int way_open(struct link *link, wq_ms now, struct wq_err *err)
{
	struct connect *c = link->way_state;

	c->end = now + link->options.timeout;
	c->next = 0;
	return c->named ? ask_name(link, now, err) : start_next(link, now, err);
}

static int way_go_on(struct link *link, wq_ms now, struct wq_err *err)
{
	struct connect *c = link->way_state;
	int r;

	if (c->asked)
		return go_on_asking(link, now, err);
	r = outcome(link, now, err);
	return r < 0 && c->next < c->count ? start_next(link, now, err) : r;
}

static ssize_t way_receive(int fd, uint8_t *bytes, size_t cap)
{
	return recv(fd, bytes, cap, MSG_DONTWAIT);
}

static ssize_t way_send(int fd, const uint8_t *bytes, size_t count)
{
	return send(fd, bytes, count, MSG_DONTWAIT | MSG_NOSIGNAL);
}

const struct link_way connect_way = {
	.open = way_open,
	.go_on = way_go_on,
	.close = drop,
	.receive = way_receive,
	.send = way_send,
};

void connect_init(struct connect *connect, const char *host, int port)
{
	*connect = (struct connect){ .host = host, .port = port };
	connect->named = !resolve_numeric(host, port, &connect->addresses[0]);
	connect->count = !connect->named;
}

void connect_forget(struct connect *connect)
{
	resolve_end(connect->asked);
	connect->asked = NULL;
}
