/* SPDX-License-Identifier: Apache-2.0 */
/* The states of a connection, one function each. */
#include "link.h"

#include "wq/err.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

/* A peer that has sent more than this unasked is not waiting for a request. */
#define DRAIN_LIMIT (64 * 1024)

/* A state has passed into the next one. */
#define NEXT (LINK_UNDERWAY + 1)

static int fail_errno(struct wq_err *err, const char *what, int number)
{
	char buf[128];

	if (number == ECONNRESET || number == EPIPE)
		return wq_fail(err, WQ_E_IO, "the device closed the connection");
	return wq_fail(err, WQ_E_IO, "%s: %s", what, strerror_r(number, buf, sizeof buf));
}

static bool is_later(int number)
{
	return number == EAGAIN || number == EWOULDBLOCK || number == EINTR;
}

static int wait_for(struct link *link, short events, wq_ms deadline)
{
	link->events = events;
	link->deadline = deadline;
	return LINK_UNDERWAY;
}

/* ---- opening ---- */

static int opened(struct link *link, int r, wq_ms now)
{
	if (r != 0)
		return r;
	/* A line that was just opened may be in the middle of anything. */
	link->heard = now;
	link->limit = now + link->options.timeout;
	link->state = LINK_DRAINING;
	return NEXT;
}

static int begin_opening(struct link *link, wq_ms now, struct wq_err *err)
{
	link->state = LINK_OPENING;
	return opened(link, link->options.way->open(link, now, err), now);
}

static int go_on_opening(struct link *link, wq_ms now, struct wq_err *err)
{
	return opened(link, link->options.way->go_on(link, now, err), now);
}

/* ---- draining ---- */

/* Throws away what has arrived. */
static int swallow(struct link *link, wq_ms now, struct wq_err *err)
{
	for (size_t total = 0; total <= DRAIN_LIMIT;) {
		ssize_t n = link->options.way->receive(link->fd, link->bytes, sizeof link->bytes);

		if (n > 0) {
			total += (size_t)n;
			link->heard = now;
		} else if (n == 0) {
			return wq_fail(err, WQ_E_IO, "the device closed the connection");
		} else if (is_later(errno)) {
			return 0;
		} else {
			return fail_errno(err, "the connection broke", errno);
		}
	}
	return wq_fail(err, WQ_E_PROTOCOL,
	        "the device sent more than %d bytes that nobody asked for", DRAIN_LIMIT);
}

static int drain(struct link *link, wq_ms now, struct wq_err *err)
{
	wq_ms quiet;
	int r = swallow(link, now, err);

	if (r < 0)
		return r;
	quiet = link->heard + link->options.silence;
	if (now < quiet && now >= link->limit)
		return wq_fail(err, WQ_E_PROTOCOL,
		        "the line was not quiet for %lld ms within %lld ms",
		        (long long)link->options.silence, (long long)link->options.timeout);
	if (now < quiet)
		return wait_for(link, POLLIN, quiet < link->limit ? quiet : link->limit);
	link->count = link->options.framing->write(&link->request, link->bytes);
	link->done = 0;
	link->limit = now + link->options.timeout;
	link->state = LINK_SENDING;
	return NEXT;
}

/* ---- sending and receiving ---- */

static int no_answer(const struct link *link, struct wq_err *err)
{
	return wq_fail(err, WQ_E_TIMEOUT, "no whole answer within %lld ms",
	        (long long)link->options.timeout);
}

static int send_request(struct link *link, wq_ms now, struct wq_err *err)
{
	while (link->done < link->count) {
		ssize_t n = link->options.way->send(
		        link->fd, link->bytes + link->done, link->count - link->done);

		if (n < 0 && !is_later(errno))
			return fail_errno(err, "cannot send the request", errno);
		if (n <= 0 && now >= link->limit)
			return no_answer(link, err);
		if (n <= 0)
			return wait_for(link, POLLOUT, link->limit);
		link->done += (size_t)n;
		link->heard = now;
	}
	link->done = 0;
	link->state = LINK_RECEIVING;
	return NEXT;
}

/* The bytes so far: NEXT while the answer is not whole, or what it says. */
static int judge(const struct link *link, uint16_t *registers, struct wq_err *err)
{
	const struct link_framing *framing = link->options.framing;
	int whole = framing->length(&link->request, link->bytes, link->done, err);

	if (whole < 0)
		return whole;
	if (whole == 0 && link->done == sizeof link->bytes)
		return wq_fail(err, WQ_E_PROTOCOL, "the answer is no Modbus message");
	if (whole == 0 || link->done < (size_t)whole)
		return NEXT;
	if (framing->alone && link->done > (size_t)whole)
		return wq_fail(err, WQ_E_PROTOCOL, "%zu bytes after the answer",
		        link->done - (size_t)whole);
	return framing->read(&link->request, link->bytes, (size_t)whole, registers, err);
}

static int receive_answer(struct link *link, uint16_t *registers, wq_ms now, struct wq_err *err)
{
	for (;;) {
		ssize_t n = link->options.way->receive(
		        link->fd, link->bytes + link->done, sizeof link->bytes - link->done);
		int r;

		if (n == 0)
			return wq_fail(err, WQ_E_IO, "the device closed the connection");
		if (n < 0 && !is_later(errno))
			return fail_errno(err, "cannot receive", errno);
		if (n < 0 && now >= link->limit)
			return no_answer(link, err);
		if (n < 0)
			return wait_for(link, POLLIN, link->limit);
		link->done += (size_t)n;
		link->heard = now;
		r = judge(link, registers, err);
		if (r != NEXT)
			return r;
	}
}

/* ---- from outside ---- */

void link_init(struct link *link, const struct link_options *options)
{
	*link = (struct link){ .options = *options, .way_state = options->way_state, .fd = -1 };
}

void link_close(struct link *link)
{
	link->options.way->close(link);
	link->state = LINK_CLOSED;
}

bool link_is_open(const struct link *link)
{
	return link->state == LINK_OPEN;
}

void link_ask(struct link *link, const struct frame_request *request, wq_ms now)
{
	if (link->state != LINK_OPEN)
		link_close(link);
	else
		link->state = LINK_DRAINING;
	link->limit = now + link->options.timeout;
	link->request = *request;
	link->request.transaction = ++link->transaction;
}

static int step_once(struct link *link, uint16_t *registers, wq_ms now, struct wq_err *err)
{
	static int (*const states[LINK_STATES])(struct link *, wq_ms, struct wq_err *) = {
		[LINK_CLOSED] = begin_opening,
		[LINK_OPENING] = go_on_opening,
		[LINK_DRAINING] = drain,
		[LINK_SENDING] = send_request,
	};

	if (link->state == LINK_RECEIVING)
		return receive_answer(link, registers, now, err);
	if (!states[link->state])
		return wq_fail(err, WQ_E_STATE, "nothing was asked");
	return states[link->state](link, now, err);
}

int link_step(struct link *link, uint16_t *registers, wq_ms now, struct wq_err *err)
{
	int r;

	do
		r = step_once(link, registers, now, err);
	while (r == NEXT);
	if (r == LINK_UNDERWAY)
		return r;
	if (r >= 0 || (link->options.way->stays && r != WQ_E_IO && link->fd >= 0))
		link->state = LINK_OPEN;
	else
		link_close(link);
	return r;
}

void link_wait(const struct link *link, struct wq_wait *wait)
{
	*wait = (struct wq_wait){
		.fd = link->fd, .events = link->events, .deadline = link->deadline
	};
}
