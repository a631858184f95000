/* SPDX-License-Identifier: Apache-2.0 */
/* The states of a connection, one function each. */
#include "link.h"

#include "wq/err.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

/* A peer that has sent more than this unasked is not waiting for a request. */
#define DRAIN_LIMIT (64 * 1024)

/* So many questions at most go before one that is wanted. */
#define LINK_FENCES 6

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
	link->done = 0;
	link->state = LINK_DRAINING;
	/* What was asked before this program began may still be answered. */
	if (link->options.owed && link->options.owed->order == 0)
		link->options.owed->until = now + LINK_GUARD * link->options.timeout;
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

/* ---- what is owed ---- */

/* Whether the bytes begin with an answer that is owed: its length, the oldest it can be is *kind;
 * 0: perhaps, more is needed; < 0: no. */
static int find_owed(const struct link *link, size_t *kind)
{
	const struct link_framing *framing = link->options.framing;
	const struct owed *owed = link->options.owed;
	uint16_t registers[FRAME_REGISTERS];
	int found = -1;

	for (size_t i = 0; i < owed->kinds; i++) {
		const struct frame_request *request = &owed->list[i].request;
		int whole = framing->length(request, link->bytes, link->done, NULL);

		if (whole < 0 ||
		        (whole > 0 && link->done >= (size_t)whole &&
		                framing->read(
		                        request, link->bytes, (size_t)whole, registers, NULL) < 0))
			continue;
		if (whole > 0 && link->done < (size_t)whole)
			whole = 0;
		if (whole > 0 && (found <= 0 || owed->list[i].first < owed->list[*kind].first))
			*kind = i;
		if (whole > found)
			found = whole;
	}
	return found;
}

static void forget_bytes(struct link *link, size_t count)
{
	link->done -= count;
	memmove(link->bytes, link->bytes + count, link->done);
}

/* Takes late answers from the front. True: what is left may become another one. */
static bool settle(struct link *link, wq_ms now)
{
	size_t kind = 0;
	int length = -1;

	if (!link->options.owed)
		return false;
	while (link->done > 0 && (length = find_owed(link, &kind)) > 0) {
		owed_came(link->options.owed, kind, now);
		forget_bytes(link, (size_t)length);
	}
	return link->done == 0 || length == 0;
}

/* ---- draining ---- */

/* What arrived unasked: late answers are taken for what they are, everything else is thrown away.
 */
static void sift(struct link *link, wq_ms now)
{
	while (!settle(link, now) && link->done > 0)
		forget_bytes(link, link->options.owed ? 1 : link->done);
	if (link->done == sizeof link->bytes)
		link->done = 0;
}

/* Throws away what has arrived. */
static int swallow(struct link *link, wq_ms now, struct wq_err *err)
{
	for (size_t total = 0; total <= DRAIN_LIMIT;) {
		ssize_t n = link->options.way->receive(
		        link->fd, link->bytes + link->done, sizeof link->bytes - link->done);

		if (n > 0) {
			total += (size_t)n;
			link->done += (size_t)n;
			link->heard = now;
			sift(link, now);
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

/* What may take its time on the wire besides: the request, and the longest answer to it. */
static wq_ms wire_time(const struct link *link)
{
	int64_t bytes = (int64_t)link->count + frame_data_bytes(&link->request) + 16;

	return (bytes * link->options.byte_us + 999) / 1000;
}

static int drain(struct link *link, wq_ms now, struct wq_err *err)
{
	wq_ms silence = link->failed && link->options.settle > link->options.silence
	        ? link->options.settle
	        : link->options.silence;
	/* What is waited for besides does not count as noise. */
	wq_ms limit = link->limit + silence - link->options.silence;
	wq_ms quiet, free = now;
	int r = swallow(link, now, err);

	if (r < 0)
		return r;
	quiet = link->heard + silence;
	if (link->options.owed)
		free = owed_wait(link->options.owed, &link->request, now);
	if (free > now) {
		link->limit = free + link->options.timeout;
		return wait_for(link, POLLIN, free);
	}
	if (now < quiet && now >= limit)
		return wq_fail(err, WQ_E_PROTOCOL,
		        "the line was not quiet for %lld ms within %lld ms", (long long)silence,
		        (long long)link->options.timeout);
	if (now < quiet)
		return wait_for(link, POLLIN, quiet < limit ? quiet : limit);
	link->count = link->options.framing->write(&link->request, link->bytes);
	link->done = 0;
	link->sent = now;
	link->went = link->request.count == link->wanted.count;
	link->limit = now + link->options.timeout + wire_time(link);
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
static int judge_answer(const struct link *link, uint16_t *registers, struct wq_err *err)
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

/* The same, but a late answer to something else is taken out and the right one waited for. */
static int judge(struct link *link, uint16_t *registers, wq_ms now, struct wq_err *err)
{
	size_t before;
	int r;

	do {
		before = link->done;
		r = judge_answer(link, registers, err);
		if (r != WQ_E_PROTOCOL)
			return r;
		if (settle(link, now))
			return NEXT;
	} while (link->done < before);
	return r;
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
		r = judge(link, registers, now, err);
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

/* Puts a fence before the request that is wanted where it needs one. */
static void put_fence(struct link *link)
{
	struct owed *owed = link->options.owed;

	link->request = link->wanted;
	if (!owed || !owed_fence(owed, &link->wanted, &link->request))
		return;
	if (link->fences++ < LINK_FENCES)
		return;
	owed_forget(owed, link->wanted.unit_id);
	link->request = link->wanted;
}

/* How a request ended is remembered. */
static void remember(struct link *link, int r, wq_ms now)
{
	struct owed *owed = link->options.owed;
	bool asked = link->state == LINK_SENDING || link->state == LINK_RECEIVING;

	if (asked)
		link->failed = r < 0;
	if (!owed || !asked)
		return;
	if (r < 0)
		owed_add(owed, &link->request, r == WQ_E_TIMEOUT, link->sent,
		        now + LINK_GUARD * link->options.timeout);
	else
		owed_answered(owed, &link->request, r, now);
}

/* A fence was answered: what was wanted, or another fence after an exception, which has no length
 * that would prove anything. */
static int pass_fence(struct link *link, wq_ms now)
{
	put_fence(link);
	link->done = 0;
	link->limit = now + link->options.timeout;
	link->state = LINK_DRAINING;
	return NEXT;
}

void link_ask(struct link *link, const struct frame_request *request, wq_ms now)
{
	remember(link, WQ_E_IO, now); /* what was still under way */
	if (link->state != LINK_OPEN)
		link_close(link);
	else
		link->state = LINK_DRAINING;
	link->done = 0;
	link->limit = now + link->options.timeout;
	link->request = *request;
	link->request.transaction = ++link->transaction;
	link->wanted = link->request;
	link->fences = 0;
	link->went = false;
	put_fence(link);
}

static int run_state(struct link *link, uint16_t *registers, wq_ms now, struct wq_err *err)
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

static int step_once(struct link *link, uint16_t *registers, wq_ms now, struct wq_err *err)
{
	uint16_t unwanted[FRAME_REGISTERS];
	bool fence = link->request.count != link->wanted.count;
	int r = run_state(link, fence ? unwanted : registers, now, err);

	if (r == NEXT || r == LINK_UNDERWAY)
		return r;
	remember(link, r, now);
	return fence && r >= 0 ? pass_fence(link, now) : r;
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

void link_distrust(struct link *link, wq_ms now)
{
	if (link->options.owed)
		owed_add(link->options.owed, &link->request, false, now,
		        now + LINK_GUARD * link->options.timeout);
}

void link_wait(const struct link *link, struct wq_wait *wait)
{
	*wait = (struct wq_wait){
		.fd = link->fd, .events = link->events, .deadline = link->deadline
	};
}
