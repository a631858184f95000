/* SPDX-License-Identifier: Apache-2.0 */
/* One configured bus at work: the driver, the sink it feeds, and for polled drivers when which device is polled
 * (schedule.h), on the pool's thread (pool.h) or on one of its own where the driver can only block. */
#ifndef WQ_SOURCE_H
#define WQ_SOURCE_H

#include "config/config.h"
#include "inbox.h"
#include "receipts.h"
#include "wq/engine.h"

#include <stdbool.h>
#include <stdint.h>

struct wq_err;
struct pool;
struct importer;
struct source;

#define SOURCE_UNIT_TEXT 32
#define SOURCE_WHY_TEXT  160

/* A device that stopped or began to serve. */
struct source_outage {
	uint32_t source;
	char unit[SOURCE_UNIT_TEXT]; /* "" for the bus itself */
	wq_ms from;
	wq_ms to; /* WQ_NO_TIME: it began */
	char reason[SOURCE_WHY_TEXT];
};

/* What became of a command (source_command). */
struct source_commanded {
	uint32_t source;
	size_t command;
	enum wq_commanded became;
	char why[SOURCE_WHY_TEXT]; /* "" where it is done */
};

struct source_events {
	void *owner;
	/* Called on the source's threads; must not block. */
	void (*outage)(void *owner, const struct source_outage *outage);
	void (*commanded)(void *owner, const struct source_commanded *commanded); /* likewise; NULL: nobody commands */
	struct importer *importer; /* of what drivers read from files */
};

/* State of one device, for status displays. */
struct source_unit {
	char name[SOURCE_UNIT_TEXT];
	bool up;
	wq_ms last_good; /* our clock; WQ_NO_TIME: never */
	uint32_t failures; /* in a row */
	uint64_t polls, overruns;
	char why[SOURCE_WHY_TEXT]; /* why it is down; of one that is up: what is wrong all the same, "" for nothing */
};

/* Opens the driver and starts its work. Everything passed outlives the source. A bus whose driver polls in steps is
 * served by the pool, which is started afterwards; pool NULL: each polled bus has a thread of its own. NULL with *err on
 * failure. */
struct source *source_start(const struct config_bus *bus, wq_ms receipt_timeout, struct inbox *inbox,
	struct receipts *receipts, const struct source_events *events, struct pool *pool, struct wq_err *err);

/* Asks the worker to end; returns at once. */
void source_stop(struct source *source);

/* Waits for it and frees everything. After source_stop(), and after the pool was stopped. NULL is fine. */
void source_join(struct source *source);

const struct config_bus *source_bus(const struct source *source);

/* Copies up to `cap` device states; returns how many there are. Thread-safe. */
size_t source_units(struct source *source, struct source_unit *units, size_t cap);

/* How the bus serves (standing.h), from the last poll of each device (a push driver: its link); *silent: of one that is down, for how
 * long its devices have failed without a pause. False: nothing is known yet; as long as none serves that takes an answer of each, or
 * of many. Thread-safe. */
bool source_state(struct source *source, enum wq_bus_state *state, wq_ms *silent);

/* The commands of the bus; NULL with *count 0: it has none. *able: whether this build could have any of this driver.
 * Thread-safe. */
const struct wq_command *source_commands(const struct source *source, size_t *count, bool *able);

/* The time between two polls of its first device. */
wq_ms source_interval(const struct source *source);

/* Has the bus's worker send one command between two polls; events.commanded tells what became of it, in every case
 * but a refusal here. What did not begin before `until` (boot clock) is not sent. WQ_E_STATE: another one is under way, or
 * the bus is stopping. Thread-safe. */
int source_command(struct source *source, size_t command, wq_ms until, struct wq_err *err);

/* Grows while the source lives. Thread-safe. */
uint64_t source_progress(const struct source *source);

struct source_counts {
	uint64_t refused[WQ_REFUSALS]; /* by enum wq_refusal */
	uint64_t not_durable;          /* samples whose receipt was given before the commit, after receipt_timeout */
	uint64_t shed;                 /* samples for which the inbox had no room */
};
void source_counts(struct source *source, struct source_counts *counts);

#endif
