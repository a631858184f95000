/* SPDX-License-Identifier: Apache-2.0 */
/* Connecting with a deadline, draining before a request. */
#include "connect.h"

#include "wq/err.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

/* More addresses of one name are not tried: each takes its share of the timeout. */
#define ADDRESSES 4

/* A peer that has sent more than this unasked is not waiting for a request. */
#define DRAIN_LIMIT (64 * 1024)

static int resolve(const char *host, int port, struct addrinfo **found, struct wq_err *err)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV };
	char service[12];
	int r;

	snprintf(service, sizeof service, "%d", port);
	r = getaddrinfo(host, service, &hints, found);
	if (r != 0) {
		hints.ai_flags = AI_NUMERICSERV;
		r = getaddrinfo(host, service, &hints, found);
	}
	if (r != 0)
		return wq_fail(
		        err, WQ_E_IO, "%s: cannot resolve the name: %s", host, gai_strerror(r));
	return 0;
}

static int fail_errno(struct wq_err *err, const char *what, int number)
{
	char buf[128];

	return wq_fail(err, number == ETIMEDOUT ? WQ_E_TIMEOUT : WQ_E_IO, "%s: %s", what,
	        strerror_r(number, buf, sizeof buf));
}

/* Waits until a started connect has come to an end. */
static int finish(int fd, wq_ms timeout, struct wq_err *err)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	int number = 0, n;
	socklen_t size = sizeof number;

	do
		n = poll(&p, 1, (int)timeout);
	while (n < 0 && errno == EINTR);
	if (n == 0)
		return wq_fail(
		        err, WQ_E_TIMEOUT, "no connection within %lld ms", (long long)timeout);
	if (n < 0 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &number, &size) < 0)
		return fail_errno(err, "cannot connect", errno);
	return number == 0 ? 0 : fail_errno(err, "cannot connect", number);
}

static int try_address(const struct addrinfo *address, wq_ms timeout, struct wq_err *err)
{
	int on = 1;
	int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int r = 0;

	if (fd < 0)
		return fail_errno(err, "cannot open a socket", errno);
	if (fd >= FD_SETSIZE) {
		close(fd);
		return wq_fail(err, WQ_E_IO,
		        "cannot connect: descriptor %d, the Modbus library takes those below %d; "
		        "too many "
		        "connections are open",
		        fd, FD_SETSIZE);
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
	if (connect(fd, address->ai_addr, address->ai_addrlen) < 0)
		r = errno == EINPROGRESS ? finish(fd, timeout, err)
		                         : fail_errno(err, "cannot connect", errno);
	if (r < 0) {
		close(fd);
		return r;
	}
	return fd;
}

int connect_tcp(const char *host, int port, wq_ms timeout, struct wq_err *err)
{
	struct addrinfo *found;
	int count = 0, fd;
	int r = resolve(host, port, &found, err);

	if (r < 0)
		return r;
	for (const struct addrinfo *a = found; a && count < ADDRESSES; a = a->ai_next)
		count++;
	fd = WQ_E_IO;
	for (const struct addrinfo *a = found; a && count > 0 && fd < 0; a = a->ai_next) {
		fd = try_address(a, timeout / count, err);
		timeout -= timeout / count;
		count--;
	}
	freeaddrinfo(found);
	return fd;
}

int connect_drain(int fd, struct wq_err *err)
{
	char garbage[1024];

	for (size_t total = 0; total <= DRAIN_LIMIT;) {
		ssize_t n = recv(fd, garbage, sizeof garbage, MSG_DONTWAIT);

		if (n > 0)
			total += (size_t)n;
		else if (n == 0)
			return wq_fail(err, WQ_E_IO, "the device closed the connection");
		else if (errno == EAGAIN || errno == EWOULDBLOCK)
			return 0;
		else if (errno != EINTR)
			return fail_errno(err, "the connection broke", errno);
	}
	return wq_fail(err, WQ_E_PROTOCOL,
	        "the device sent more than %d bytes that nobody asked for", DRAIN_LIMIT);
}
