/* SPDX-License-Identifier: Apache-2.0 */
/* One connection to a bus as a machine that never blocks: it is asked one question at a time and
 * stepped until the answer is there.
 *
 *     closed -> opening -> draining -> sending -> receiving -> open
 *
 * How a connection comes about is a link_way (connect.h has that of TCP), how a message looks is a
 * link_framing (frame.h has that of Modbus TCP); the machine knows neither. Its rules, each the
 * answer to a fault seen in the field:
 * - What has arrived unasked is thrown away before each request, and where `silence` asks for it
 * the line must have been quiet for that long.
 * - The timeout bounds the answer as a whole: a peer that dribbles bytes cannot hold the bus.
 * - After a failure the connection is closed, so that what still comes goes nowhere. An exception
 * is an answer: the connection stays.
 * - Where messages have no transaction number, late answers are known by what is owed (owed.h).
 *
 * No clock: `now` is milliseconds of one clock that never runs backwards. One thread at a time; a
 * link is not moved in memory while it is open. */
#ifndef WQ_MODBUS_LINK_H
#define WQ_MODBUS_LINK_H

#include "frame.h"
#include "owed.h"

#include "wq/driver.h"
#include "wq/instant.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct wq_err;
struct link;

/* What link_step() returns while the answer is not there; exceptions end at 255. */
#define LINK_UNDERWAY 256

/* How a connection comes about and how bytes pass through it. */
struct link_way {
	/* Begins to open; link->way_state is the way's own. LINK_UNDERWAY: link->fd, events and
	 * deadline say what is to be waited for; 0: it is open and link->fd its non-blocking
	 * descriptor; < 0: it cannot be. */
	int (*open)(struct link *link, wq_ms now, struct wq_err *err);
	/* What was waited for may have come, or the deadline passed. As open(). */
	int (*go_on)(struct link *link, wq_ms now, struct wq_err *err);
	/* Closes link->fd if there is one (then -1) and what opening still holds. */
	void (*close)(struct link *link);
	/* As recv() and send() without blocking: -1 with errno EAGAIN when nothing can pass now;
	 * 0 of receive(): the peer has closed. */
	ssize_t (*receive)(int fd, uint8_t *bytes, size_t cap);
	ssize_t (*send)(int fd, const uint8_t *bytes, size_t count);
	/* A failed request leaves it open unless it broke (WQ_E_IO): a serial line cannot be made
	 * anew, what still comes is waited for by `silence`. */
	bool stays;
};

/* How a message looks on the wire. Pure. */
struct link_framing {
	/* Writes the request; returns its length, at most FRAME_ANSWER. */
	size_t (*write)(const struct frame_request *request, uint8_t *bytes);
	/* How long the answer is that begins with these bytes; 0: too few of them to tell;
	 * WQ_E_PROTOCOL: it is none. At most FRAME_ANSWER. */
	int (*length)(const struct frame_request *request, const uint8_t *bytes, size_t have,
	        struct wq_err *err);
	/* As frame_read(): the whole answer and nothing more. */
	int (*read)(const struct frame_request *request, const uint8_t *bytes, size_t length,
	        uint16_t *registers, struct wq_err *err);
	/* Bytes after the answer spoil it: without a transaction number nobody can tell which of
	 * two answers is the one that was asked for. Otherwise they are thrown away. */
	bool alone;
};

struct link_options {
	const struct link_way *way;
	const struct link_framing *framing;
	void *way_state; /* what the way needs; outlives the link */
	wq_ms timeout;   /* of an answer, and of opening; > 0 */
	wq_ms silence;   /* before a request the line is quiet for that long; 0: need not be */
	wq_ms settle;    /* the same after a failure */
	int64_t byte_us; /* µs that a byte takes on the wire: added to the timeout; 0: nothing */
	struct owed *owed; /* zeroed; outlives the link; NULL: messages have a transaction number */
};

/* Late answers are waited for that many timeouts beyond the one that passed. */
#define LINK_GUARD 2

enum link_state {
	LINK_CLOSED,
	LINK_OPEN, /* and nothing is asked */
	LINK_OPENING,
	LINK_DRAINING,
	LINK_SENDING,
	LINK_RECEIVING,
};
#define LINK_STATES 6

struct link {
	struct link_options options;
	void *way_state;
	enum link_state state;
	int fd;         /* -1: none */
	short events;   /* of poll(2) */
	wq_ms deadline; /* of what is being waited for */
	wq_ms limit;    /* until when draining may last */
	wq_ms heard;    /* when a byte last went over the line */
	wq_ms sent;     /* when the request began to go */
	bool failed;    /* the last request did */
	bool went;      /* bytes of the request that is wanted may have left */
	int fences;     /* asked before the request that is wanted */
	struct frame_request wanted;
	uint16_t transaction;
	struct frame_request request;
	size_t count, done; /* bytes to be sent, and sent; received: done */
	uint8_t bytes[FRAME_ANSWER];
};

void link_init(struct link *link, const struct link_options *options);

/* Asks for registers, in a connection that is open or is to be opened; request->transaction is
 * filled in here. A question still under way is given up, with its connection. */
void link_ask(struct link *link, const struct frame_request *request, wq_ms now);

/* Goes on as far as that goes. LINK_UNDERWAY: see link_wait(); 0: registers[0 … count) are filled;
 * 1 … 255: the device's exception code; WQ_E_TIMEOUT, WQ_E_IO, WQ_E_PROTOCOL. Only after
 * link_ask(), until one of the others was returned; may be called at any time in between. */
int link_step(struct link *link, uint16_t *registers, wq_ms now, struct wq_err *err);

/* What was answered last cannot have been the answer: it counts as owed. */
void link_distrust(struct link *link, wq_ms now);

/* What a link that is under way waits for. */
void link_wait(const struct link *link, struct wq_wait *wait);

bool link_is_open(const struct link *link);

void link_close(struct link *link); /* drops the connection; a zeroed link is not fine */

#endif
