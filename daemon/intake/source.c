/* SPDX-License-Identifier: Apache-2.0 */
/* The sink of one bus, and how its devices serve. */
#include "source_parts.h"

#include "clock.h"
#include "importer.h"
#include "pool.h"
#include "wq/err.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void told(struct source *source, const char *unit, wq_ms from, wq_ms to, const char *reason)
{
	struct source_outage outage = { .source = source->bus->source, .from = from, .to = to };
	snprintf(outage.unit, sizeof outage.unit, "%s", unit);
	log_quote(reason, outage.reason, sizeof outage.reason);
	source->events.outage(source->events.owner, &outage);
}

static void count_shed(struct source *source, size_t count)
{
	uint64_t held;
	pthread_mutex_lock(&source->lock);
	source->counts.shed += count;
	int say = log_gate_open(&source->shed_gate, clock_boot(), &held);
	pthread_mutex_unlock(&source->lock);
	if (say)
		log_error("bus %s: no room for %zu samples in the inbox; the source keeps or repeats them where it can", source->bus->bus.name,
			count);
}

static int wait_committed(struct source *source, uint64_t sequence, size_t count)
{
	int r = receipts_wait(source->receipts, sequence, source->receipt_timeout);
	if (r == WQ_E_TIMEOUT || r == WQ_E_FULL) {
		pthread_mutex_lock(&source->lock);
		source->counts.not_durable += count;
		pthread_mutex_unlock(&source->lock);
	}
	/* What was judged and not stored must not be given again: to a driver "full" means "try again". */
	return r == WQ_E_FULL ? WQ_E_TIMEOUT : r;
}

/* Hands a batch over; a durable one may wait a while for room, for its sender will not repeat it. */
static int put(void *owner, const struct wq_sample *samples, size_t count, bool durable)
{
	struct source *source = owner;
	uint64_t sequence = 0;
	if (count == 0)
		return 0;
	int r = inbox_put(source->inbox, source->bus->source, clock_now(), clock_trusted(), samples, count,
		durable ? source->receipt_timeout : 0, &sequence);
	if (r == WQ_E_FULL)
		count_shed(source, count);
	atomic_fetch_add(&source->progress, 1);
	return r == 0 && durable ? wait_committed(source, sequence, count) : r;
}

static int post(void *owner, const struct wq_sample *samples, size_t count, const struct wq_check *checks,
	size_t check_count, uint64_t *ticket)
{
	struct source *source = owner;
	int r = inbox_post_batch(source->inbox,
		&(struct wq_batch){ .source = source->bus->source, .received = clock_now(), .trusted = clock_trusted(),
			.count = count, .samples = samples, .check_count = check_count, .checks = checks },
		ticket);
	if (r == WQ_E_FULL)
		count_shed(source, count);
	atomic_fetch_add(&source->progress, 1);
	return r;
}

static int import(void *owner, const struct wq_import *origin, const struct wq_named *values, size_t count,
	void (*refused)(void *to, size_t index, const char *why), void *to, struct wq_fate *fate)
{
	struct source *source = owner;
	int r = importer_take(source->events.importer, source->bus->source, origin, values, count, refused, to, fate);
	atomic_fetch_add(&source->progress, 1);
	return r;
}

static int await(void *owner, uint64_t ticket)
{
	struct source *source = owner;
	int r = receipts_wait(source->receipts, ticket, source->receipt_timeout);
	atomic_fetch_add(&source->progress, 1);
	return r;
}

static wq_ms now(void *owner, bool *trusted)
{
	(void)owner;
	*trusted = clock_trusted();
	return clock_now();
}

static const char *const refusals[WQ_REFUSALS] = { "not the format", "unknown station or parameter", "not a value",
	"not a usable time" };

static void refuse(void *owner, enum wq_refusal why, const char *what)
{
	struct source *source = owner;
	char quoted[200];
	uint64_t held = 0;
	pthread_mutex_lock(&source->lock);
	source->counts.refused[why]++;
	int say = log_gate_open(&source->refusal_gates[why], clock_boot(), &held);
	pthread_mutex_unlock(&source->lock);
	if (say)
		log_warning("bus %s: refused, %s: %s (%llu more in the last minute); what is refused is not stored",
			source->bus->bus.name, refusals[why], log_quote(what, quoted, sizeof quoted),
			(unsigned long long)held);
}

/* The state of a device changed, or its failure goes on. */
static void mark(struct source *source, struct polled_unit *unit, bool up, const char *why, wq_ms began)
{
	wq_ms now = clock_now();
	pthread_mutex_lock(&source->lock);
	bool was_up = unit->shown.up, first = unit->shown.last_good == WQ_NO_TIME && unit->shown.failures == 0;
	unit->shown.up = up;
	standing_polled(&source->standing, first, was_up, up, began, clock_boot());
	unit->shown.failures = up ? 0 : unit->shown.failures + 1;
	if (up)
		unit->shown.last_good = now;
	log_quote(up ? "" : why, unit->shown.why, sizeof unit->shown.why);
	pthread_mutex_unlock(&source->lock);
	if (up && unit->down_since != WQ_NO_TIME) {
		log_notice("bus %s: %s serves again", source->bus->bus.name, unit->shown.name);
		told(source, unit->shown.name, unit->down_since, now, unit->down_why);
		unit->down_since = WQ_NO_TIME;
	} else if (!up && (was_up || first)) {
		log_warning("bus %s: %s: %s; it is tried again, ever more rarely", source->bus->bus.name,
			unit->shown.name, why);
		unit->down_since = now;
		snprintf(unit->down_why, sizeof unit->down_why, "%s", why);
		told(source, unit->shown.name, now, WQ_NO_TIME, why);
	}
}

/* A push driver's connection. */
static void link_changed(void *owner, const char *down)
{
	struct source *source = owner;
	mark(source, &source->units[0], down == NULL, down, clock_boot());
	atomic_fetch_add(&source->progress, 1);
}

/* What is wrong with a device that serves is shown with it, and logged when it changes. */
static void complain(struct source *source, size_t index)
{
	struct polled_unit *unit = &source->units[index];
	char text[SOURCE_WHY_TEXT] = "", quoted[SOURCE_WHY_TEXT];
	uint64_t held;
	if (source->driver->complain == NULL)
		return;
	source->driver->complain(source->state, index, clock_now(), text, sizeof text);
	log_quote(text, quoted, sizeof quoted);
	pthread_mutex_lock(&source->lock);
	bool changed = strcmp(unit->complaint, quoted) != 0;
	memcpy(unit->complaint, quoted, sizeof unit->complaint);
	memcpy(unit->shown.why, quoted, sizeof unit->shown.why);
	int say = changed && log_gate_open(&source->complaint_gate, clock_boot(), &held);
	pthread_mutex_unlock(&source->lock);
	if (say && quoted[0] != '\0')
		log_warning("bus %s: %s serves, but %s", source->bus->bus.name, unit->shown.name, quoted);
	else if (say)
		log_notice("bus %s: %s: what was wrong has ended", source->bus->bus.name, unit->shown.name);
}

void source_polled(struct source *source, size_t index, int r, const char *why, wq_ms began)
{
	struct polled_unit *unit = &source->units[index];
	if (r == WQ_E_FULL)
		r = 0; /* the device served; the samples come again with the next poll */
	mark(source, unit, r == 0, why, began);
	if (r == 0)
		complain(source, index);
	bool overrun = schedule_done(&source->schedule, index, began, clock_boot(), r == 0);
	pthread_mutex_lock(&source->lock);
	unit->shown.polls++;
	unit->shown.overruns += overrun;
	pthread_mutex_unlock(&source->lock);
}

static int take_units(struct source *source, struct wq_err *err)
{
	bool polled = source->driver->start == NULL;
	source->unit_count = polled ? source->driver->units(source->state) : 1;
	if (source->unit_count > UNITS_MAX)
		return wq_fail(err, WQ_E_INVALID, "bus %s has %zu devices; at most %d are allowed",
			source->bus->bus.name, source->unit_count, UNITS_MAX);
	source->units = calloc(source->unit_count > 0 ? source->unit_count : 1, sizeof *source->units);
	if (source->units == NULL)
		return wq_fail(err, WQ_E_MEMORY, "no memory for bus %s", source->bus->bus.name);
	standing_open(&source->standing, source->unit_count);
	for (size_t i = 0; i < source->unit_count; i++) {
		struct polled_unit *unit = &source->units[i];
		unit->down_since = WQ_NO_TIME;
		unit->shown.last_good = WQ_NO_TIME;
		snprintf(unit->shown.name, sizeof unit->shown.name, "%s",
			polled ? source->driver->unit_name(source->state, i) : "link");
	}
	return 0;
}

static int begin(struct source *source, struct pool *pool, struct wq_err *err)
{
	if (source->driver->start == NULL)
		return source_work(source, pool, err);
	int r = source->driver->start(source->state, &source->sink, err);
	source->started = r == 0;
	return r;
}

static struct source *make(const struct config_bus *bus)
{
	struct source *source = calloc(1, sizeof *source);
	if (source == NULL)
		return NULL;
	pthread_mutex_init(&source->lock, NULL);
	clock_condition(&source->wake);
	source->bus = bus;
	source->driver = bus->driver;
	source->sink = (struct wq_sink){ .owner = source, .put = put, .refuse = refuse, .import = import, .link = link_changed,
		.post = post, .await = await, .now = now };
	source->state = calloc(1, bus->driver->state_size(&bus->bus));
	return source;
}

static void release(struct source *source)
{
	pthread_cond_destroy(&source->wake);
	pthread_mutex_destroy(&source->lock);
	schedule_close(&source->schedule);
	free(source->units);
	free(source->state);
	free(source);
}

struct source *source_start(const struct config_bus *bus, wq_ms receipt_timeout, struct inbox *inbox,
	struct receipts *receipts, const struct source_events *events, struct pool *pool, struct wq_err *err)
{
	struct source *source = make(bus);
	if (source == NULL || source->state == NULL) {
		wq_fail(err, WQ_E_MEMORY, "no memory for bus %s", bus->bus.name);
		if (source != NULL)
			release(source);
		return NULL;
	}
	source->receipt_timeout = receipt_timeout;
	source->inbox = inbox;
	source->receipts = receipts;
	source->events = *events;
	if (source->driver->open(source->state, &bus->bus, err) < 0) {
		release(source);
		return NULL;
	}
	if (take_units(source, err) < 0 || begin(source, pool, err) < 0) {
		source->driver->close(source->state);
		release(source);
		return NULL;
	}
	return source;
}

/* -- commands -- */

const struct wq_command *source_commands(const struct source *source, size_t *count, bool *able)
{
	const struct wq_commanding *commanding = source->driver->commanding;
	const struct wq_command *list = NULL;
	*able = commanding != NULL && commanding->list != NULL;
	*count = *able ? commanding->list(source->state, &list) : 0;
	return list;
}

wq_ms source_interval(const struct source *source)
{
	return source->unit_count > 0 && source->driver->unit_interval != NULL ? source->driver->unit_interval(source->state, 0) : 0;
}

int source_command(struct source *source, size_t command, wq_ms until, struct wq_err *err)
{
	pthread_mutex_lock(&source->lock);
	bool free = source->command.state == COMMAND_NONE && !source->stopping && source->pool != NULL;
	if (free) {
		source->command.state = COMMAND_ASKED;
		source->command.which = command;
		source->command.until = until;
	}
	pthread_mutex_unlock(&source->lock);
	if (!free)
		return wq_fail(err, WQ_E_STATE, "bus %s: another command is under way, or the bus stops; nothing was sent",
			source->bus->bus.name);
	pool_wake(source->pool, source->member);
	return 0;
}

void source_commanded(struct source *source, enum wq_commanded became, const char *why)
{
	struct source_commanded commanded = { .source = source->bus->source, .became = became };
	pthread_mutex_lock(&source->lock);
	commanded.command = source->command.which;
	source->command.state = COMMAND_NONE;
	pthread_mutex_unlock(&source->lock);
	log_quote(why, commanded.why, sizeof commanded.why);
	source->events.commanded(source->events.owner, &commanded);
}

/* Its worker has ended. */
static void end_command(struct source *source)
{
	if (source->command.state == COMMAND_ASKED)
		source_commanded(source, WQ_COMMAND_NOT_SENT, "wqd stops");
	else if (source->command.state == COMMAND_BEGUN)
		source_commanded(source, WQ_COMMAND_UNKNOWN, "wqd stopped before the device had answered");
}

void source_stop(struct source *source)
{
	pthread_mutex_lock(&source->lock);
	source->stopping = true;
	pthread_cond_broadcast(&source->wake);
	pthread_mutex_unlock(&source->lock);
}

void source_join(struct source *source)
{
	if (source == NULL)
		return;
	if (source->started && source->driver->stop != NULL)
		source->driver->stop(source->state);
	else if (source->started && source->pool == NULL)
		pthread_join(source->thread, NULL);
	end_command(source);
	source->driver->close(source->state);
	release(source);
}

const struct config_bus *source_bus(const struct source *source)
{
	return source->bus;
}

size_t source_units(struct source *source, struct source_unit *units, size_t cap)
{
	pthread_mutex_lock(&source->lock);
	for (size_t i = 0; i < source->unit_count && i < cap; i++)
		units[i] = source->units[i].shown;
	pthread_mutex_unlock(&source->lock);
	return source->unit_count;
}

bool source_state(struct source *source, enum wq_bus_state *state, wq_ms *silent)
{
	pthread_mutex_lock(&source->lock);
	bool known = standing_state(&source->standing, state);
	*silent = clock_boot() - source->standing.since;
	pthread_mutex_unlock(&source->lock);
	return known;
}

uint64_t source_progress(const struct source *source)
{
	/* Where nothing is polled nothing can hang. */
	if (!source->started)
		return (uint64_t)clock_boot();
	/* A push driver counts by itself; a thread that only waits for its peer is alive too. */
	uint64_t own = source->driver->progress != NULL ? source->driver->progress(source->state) : 0;
	if (source->pool != NULL)
		own += pool_progress(source->pool);
	return own + atomic_load(&((struct source *)(uintptr_t)source)->progress);
}

void source_counts(struct source *source, struct source_counts *counts)
{
	pthread_mutex_lock(&source->lock);
	*counts = source->counts;
	pthread_mutex_unlock(&source->lock);
}
