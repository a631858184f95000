/* SPDX-License-Identifier: Apache-2.0 */
/* The driver contract: bytes of one kind of source -> samples.
 *
 * A driver serves one bus (a Modbus connection, a broker). It never logs, never sleeps between
 * retries and never asks for the time; it reports through *err and the sink, and the daemon
 * decides when to try again. Either start is given or poll, step or both. A new driver is one folder
 * and one line in drivers/registry.c. */
#ifndef WQ_DRIVER_H
#define WQ_DRIVER_H

#include "wq/check.h"
#include "wq/decimal.h"
#include "wq/instant.h"
#include "wq/option.h"
#include "wq/sample.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wq_err;
struct wq_parameter;
struct wq_site;

/* One value to be read from a bus. */
struct wq_point {
	uint32_t series;      /* what its samples are called */
	const char *station;  /* id of the station */
	const char *parameter; /* alias of the parameter */
	const char *code;      /* HJ 525 code of the parameter */
	struct wq_decimal factor; /* unit of the source × factor = canonical unit; exact */
	wq_ms cycle;
	const void *settings; /* filled by the driver's point options */
};

/* A bus as configured. Immutable, valid until close() or stop() has returned. */
struct wq_bus {
	const char *name;
	const void *settings; /* filled by the driver's bus options */
	const struct wq_zone *zone; /* for source times without an offset */
	const char *credentials;    /* directory of credential files; NULL: $CREDENTIALS_DIRECTORY */
	const struct wq_parameter *parameters; /* all that the site knows, for a source that names them itself */
	size_t parameter_count;
	size_t point_count;
	const struct wq_point *points;
};

/* Why a message or a part of one was not taken. */
enum wq_refusal {
	WQ_REFUSED_MALFORMED, /* not the format: garbage, truncated, too deep, too large */
	WQ_REFUSED_UNKNOWN,   /* a station or parameter that is not configured */
	WQ_REFUSED_VALUE,     /* wrong type, NaN, not a number */
	WQ_REFUSED_TIME,      /* no time, 1970, without a zone where one is needed */
};
#define WQ_REFUSALS 4

/* A value of a file, whose series the receiver looks up. */
struct wq_named {
	const char *station; /* id or name of a configured station */
	uint32_t parameter;  /* index into wq_bus.parameters */
	wq_ms at;
	double value;        /* canonical unit, finite */
	char flag[WQ_FLAG_TEXT];
};

/* What became of values: stored as new; known already; another value for a known (series, at); not taken. */
struct wq_fate {
	size_t taken, repeated, revised, refused;
};

/* At most so many values in one call of wq_sink.import. */
#define WQ_NAMED_MAX 512

/* Where samples go. Every call is thread-safe and may be made until stop() or close(). */
struct wq_sink {
	void *owner;

	/* Hands over the samples of one poll or message; they are copied. durable = false: returns when the
	 * batch is in the bounded inbox (0), or WQ_E_FULL when there is no room. durable = true: waits until it
	 * is committed (0); WQ_E_TIMEOUT when that takes longer than the daemon's receipt timeout: the batch is
	 * in the inbox all the same and will be committed later; WQ_E_STATE: the daemon is stopping, not taken. */
	int (*put)(void *owner, const struct wq_sample *samples, size_t count, bool durable);

	/* Tells that something was not taken; `what` is cut and escaped by the receiver. */
	void (*refuse)(void *owner, enum wq_refusal why, const char *what);

	/* A push driver tells that its connection came up (text NULL) or went down (why). */
	void (*link)(void *owner, const char *down);

	/* As put, without waiting, for a driver that serves many peers by one thread: samples and checks of one message are
	 * copied into the inbox together. *ticket: for await(). 0, WQ_E_FULL, WQ_E_STATE, WQ_E_MEMORY. */
	int (*post)(void *owner, const struct wq_sample *samples, size_t count, const struct wq_check *checks,
		size_t check_count, uint64_t *ticket);

	/* Waits until what was posted under a ticket is committed (0). WQ_E_TIMEOUT: not within the receipt timeout, it
	 * will be later; WQ_E_FULL: it will not be; WQ_E_STATE: stopping. Tickets are committed in their order. */
	int (*await)(void *owner, uint64_t ticket);

	/* Our clock (UTC), for peers that ask us for the time; *trusted: whether it may be told to anybody. */
	wq_ms (*now)(void *owner, bool *trusted);

	/* Takes values of a file and returns when they are committed: 0 with *fate added to. `refused` is called for each that is not
	 * taken, with its index and why; the others are. WQ_E_FULL, WQ_E_TIMEOUT, WQ_E_STATE: not (yet) committed; the same
	 * values may be given again, now or in another life: what is known already is counted, not stored. */
	int (*import)(void *owner, const struct wq_import *origin, const struct wq_named *values, size_t count,
		void (*refused)(void *to, size_t index, const char *why), void *to, struct wq_fate *fate);
};

/* What a poll that is under way waits for: that `fd` (-1: nothing) becomes ready for `events` of poll(2), or
 * that the deadline passes. */
struct wq_wait {
	int fd;
	short events;
	wq_ms deadline;
};

/* What step() returns while the poll is not over. */
#define WQ_UNDERWAY 1

/* One command of a bus: all that is ever written to a device, the configuration lists it whole. */
struct wq_command {
	const char *name; /* unique in its bus */
	unsigned unit, function, address;
	size_t count; /* 1 … WQ_COMMAND_VALUES */
	const uint16_t *values;
};
#define WQ_COMMAND_VALUES 16

/* What became of a command that was asked for. */
enum wq_commanded {
	WQ_COMMAND_DONE,     /* the device confirmed it, word for word */
	WQ_COMMAND_REFUSED,  /* the device said no */
	WQ_COMMAND_NOT_SENT, /* not a byte of it left */
	WQ_COMMAND_UNKNOWN,  /* it left, and no answer, or another one, came: nobody knows whether it was carried out */
};
#define WQ_COMMANDED 4

/* Commands, for a driver that polls in steps. All calls by the bus's worker, and only between two polls. */
struct wq_commanding {
	/* How many there are; *commands lives until close(). NULL: this build cannot write at all. Also called by
	 * another thread, at any time between open() and close(). */
	size_t (*list)(const void *state, const struct wq_command **commands);
	/* As begin() and step() of a poll. step(): WQ_UNDERWAY, or 0 with *became, and a sentence in *err for all but
	 * WQ_COMMAND_DONE. A command is never sent twice. */
	void (*begin)(void *state, size_t command, wq_ms now);
	int (*step)(void *state, const struct wq_sink *sink, wq_ms now, enum wq_commanded *became, struct wq_err *err);
};

struct wq_driver {
	const char *name; /* the section in the configuration: "modbus" */
	const char *help;
	const struct wq_option *bus_options;
	size_t bus_settings_size;
	const struct wq_option *point_options; /* beside the common keys bus, unit, cycle */
	size_t point_settings_size;
	bool by_name; /* its values name their series themselves (wq_sink.import): no point needs to be of its buses */

	/* What a check of the configuration reminds of for every bus of this driver; one sentence, NULL: nothing. */
	const char *remark;

	/* The same of a bus whose settings make it worth saying: up to cap sentences, static text. NULL: none. Returns
	 * how many. */
	size_t (*remarks)(const struct wq_bus *bus, const char **out, size_t cap);

	/* Checks what single keys cannot say (overlaps, ranges). Points of the bus, settings filled. May be NULL.
	 * *bad = index of the point at fault, or SIZE_MAX for the bus itself. */
	int (*check)(const struct wq_bus *bus, size_t *bad, struct wq_err *err);

	/* What a check of the configuration warns of for this bus; one sentence, "": nothing. NULL: never anything. */
	void (*advise)(const struct wq_bus *bus, char *text, size_t cap);

	/* What the bus must have for itself alone (a serial port): two buses that name the same are an error. NULL as
	 * function or result: nothing. */
	const char *(*claims)(const struct wq_bus *bus);

	/* Whether it would carry away the file at `path`, which need not exist: of the daemon's own files that is an error. NULL: it
	 * takes no files. */
	bool (*takes)(const struct wq_bus *bus, const char *path);

	size_t (*state_size)(const struct wq_bus *bus); /* private state; the daemon allocates it zeroed */

	/* Prepares; touches no network. On failure the state holds nothing and close() is not called. */
	int (*open)(void *state, const struct wq_bus *bus, struct wq_err *err);
	void (*close)(void *state); /* Releases everything open() took and drops connections. Never fails. */

	/* -- polled: all calls by one thread at a time, that of the bus's worker -- */

	/* Devices behind the bus that are polled and fail apart from each other (Modbus unit ids). */
	size_t (*units)(const void *state);
	wq_ms (*unit_interval)(const void *state, size_t unit); /* time between polls of this device */
	const char *(*unit_name)(const void *state, size_t unit); /* for logs: "unit 3" */

	/* Reads one device once; connects when not connected; blocks for at most the bus's `timeout` per request
	 * and gives up this device at its first timeout. Samples go to the sink in one put (durable = false); a
	 * value not measured anew since the last poll is not emitted. A device that answers with an exception
	 * for a block still yields its other blocks. 0; WQ_E_TIMEOUT, WQ_E_IO, WQ_E_PROTOCOL: the device did not
	 * serve; WQ_E_FULL: the sink had no room, the values count as not read and will be emitted by the next poll. */
	int (*poll)(void *state, size_t unit, const struct wq_sink *sink, struct wq_err *err);

	/* The same poll in steps that never block, so that one thread serves many buses; given beside poll or in its place, together or
	 * not at all. `now`: milliseconds of one clock that never runs backwards. begin() begins the poll of one device, one at a time;
	 * step() goes on as far as that goes: WQ_UNDERWAY, or what poll() returns. It may be called at any time;
	 * between two calls it waits for what wait() says: its descriptor may change with every step. */
	void (*begin)(void *state, size_t unit, wq_ms now);
	int (*step)(void *state, const struct wq_sink *sink, wq_ms now, struct wq_err *err);
	void (*wait)(const void *state, struct wq_wait *wait);

	/* Whether the connection is to be kept between polls, and how it is dropped where it cannot be: there are
	 * fewer descriptors than buses. The next poll makes it anew. Beside step; NULL both: nothing is held. */
	bool (*keeps)(const void *state);
	void (*let_go)(void *state);

	/* What is wrong with a device that serves, as of its last poll: an analyser's time that stands still or is no
	 * time, points without a value, blocks it refuses. One sentence of the worst, "" when all is well; it must not
	 * change while what is wrong does not. now = our clock. NULL: nothing to tell. Called by the worker. */
	void (*complain)(const void *state, size_t unit, wq_ms now, char *text, size_t cap);

	/* What may be written to its devices; NULL: nothing. Beside step. */
	const struct wq_commanding *commanding;

	/* -- pushed -- */

	/* Starts threads of its own that keep a connection by themselves until stop(); returns at once, whether or not
	 * the peer is there. */
	int (*start)(void *state, const struct wq_sink *sink, struct wq_err *err);
	void (*stop)(void *state); /* Returns when no more calls to the sink will come; at most 10 s. */

	/* Counts of calls that made progress, for the watchdog; NULL: none. Thread-safe. */
	uint64_t (*progress)(const void *state);
};

/* NULL-terminated: drivers/registry.c. */
extern const struct wq_driver *const wq_drivers[];

#endif
