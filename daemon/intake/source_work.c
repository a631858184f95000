/* SPDX-License-Identifier: Apache-2.0 */
/* When a bus is polled, and by whom: the pool in steps, or a thread of its own whose driver blocks. */
#include "source_parts.h"

#include "clock.h"
#include "pool.h"
#include "wq/err.h"

/* The longest a worker sleeps without showing that it lives. */
#define HEARTBEAT WQ_SECONDS(5)
/* So many buses begin at the same instant, what they bring is committed together; the next ones a little later:
 * thousands of connections at once are more than a line and the inbox take. */
#define AT_ONCE 256
#define APART   ((wq_ms)100)

/* -- a thread of its own -- */

static void poll_unit(struct source *source, size_t index)
{
	struct wq_err err = { .code = 0 };
	wq_ms began = clock_boot();
	int r = source->driver->poll(source->state, index, &source->sink, &err);
	source_polled(source, index, r, err.text, began);
}

/* Sleeps until `due` or a stop, a heartbeat at most. True: go on. */
static bool rest(struct source *source, wq_ms due)
{
	wq_ms span = due - clock_boot();
	struct timespec until = clock_deadline(span < 0 ? 0 : span > HEARTBEAT ? HEARTBEAT : span);
	pthread_mutex_lock(&source->lock);
	if (span > 0 && !source->stopping)
		pthread_cond_timedwait(&source->wake, &source->lock, &until);
	bool go_on = !source->stopping;
	pthread_mutex_unlock(&source->lock);
	atomic_fetch_add(&source->progress, 1);
	return go_on;
}

static void *work(void *argument)
{
	struct source *source = argument;
	size_t next;
	wq_ms due = schedule_next(&source->schedule, clock_boot(), &next);
	while (rest(source, due)) {
		if (due <= clock_boot())
			poll_unit(source, next);
		due = schedule_next(&source->schedule, clock_boot(), &next);
	}
	return NULL;
}

/* -- the pool -- */

/* Nothing is due before `until`. */
static void pause_bus(struct source *source, wq_ms until, struct wq_wait *wait)
{
	if (!source->held) {
		source->driver->let_go(source->state);
		pool_leave(source->pool, source->member);
	}
	*wait = (struct wq_wait){ .fd = -1, .deadline = until };
}

/* How far a command is. */
static int command_state(struct source *source)
{
	pthread_mutex_lock(&source->lock);
	int state = (int)source->command.state;
	pthread_mutex_unlock(&source->lock);
	return state;
}

/* Begins it; false: it is over already, or waits for a place as *wait says. */
static bool begin_command(struct source *source, struct wq_wait *wait)
{
	wq_ms now = clock_boot();
	*wait = (struct wq_wait){ .fd = -1, .deadline = now };
	if (now > source->command.until) {
		source_commanded(source, WQ_COMMAND_NOT_SENT, "the bus was busy for too long");
		return false;
	}
	if (!source->held && !pool_enter(source->pool, source->member)) {
		wait->deadline = source->command.until + 1;
		return false;
	}
	pthread_mutex_lock(&source->lock);
	source->command.state = COMMAND_BEGUN;
	pthread_mutex_unlock(&source->lock);
	source->driver->commanding->begin(source->state, source->command.which, now);
	return true;
}

/* Goes on with it. */
static void step_command(struct source *source, struct wq_wait *wait)
{
	struct wq_err err = { .code = 0 };
	enum wq_commanded became = WQ_COMMAND_UNKNOWN;
	int r = source->driver->commanding->step(source->state, &source->sink, clock_boot(), &became, &err);
	atomic_fetch_add(&source->progress, 1);
	if (r == WQ_UNDERWAY) {
		source->driver->wait(source->state, wait);
		return;
	}
	source_commanded(source, became, became == WQ_COMMAND_DONE ? "" : err.text);
	/* Polls, and the place, are looked at next time. */
	*wait = (struct wq_wait){ .fd = -1, .deadline = clock_boot() };
}

/* Only between polls: the line has one master. True: a command has this turn. */
static bool serve_command(struct source *source, struct wq_wait *wait)
{
	int state = source->polling ? COMMAND_NONE : command_state(source);
	if (state == COMMAND_BEGUN || (state == COMMAND_ASKED && begin_command(source, wait)))
		step_command(source, wait);
	return state != COMMAND_NONE;
}

/* Begins the poll that is due; false: what is to be waited for is said. */
static bool begin_poll(struct source *source, struct wq_wait *wait)
{
	wq_ms now = clock_boot(), due = schedule_next(&source->schedule, now, &source->current);
	if (due > now) {
		pause_bus(source, due, wait);
		return false;
	}
	if (!source->held && !pool_enter(source->pool, source->member)) {
		*wait = (struct wq_wait){ .fd = -1, .deadline = INT64_MAX };
		return false;
	}
	source->driver->begin(source->state, source->current, now);
	source->began = now;
	source->polling = true;
	return true;
}

static void advance(void *owner, struct wq_wait *wait)
{
	struct source *source = owner;
	struct wq_err err = { .code = 0 };
	if (serve_command(source, wait) || (!source->polling && !begin_poll(source, wait)))
		return;
	int r = source->driver->step(source->state, &source->sink, clock_boot(), &err);
	if (r == WQ_UNDERWAY) {
		source->driver->wait(source->state, wait);
		return;
	}
	source->polling = false;
	source_polled(source, source->current, r, err.text, source->began);
	/* What is due next is looked at after the others had their turn. */
	wq_ms now = clock_boot(), due = schedule_next(&source->schedule, now, &source->current);
	if (due > now && command_state(source) == COMMAND_NONE)
		pause_bus(source, due, wait);
	else
		*wait = (struct wq_wait){ .fd = -1, .deadline = now };
}

static int join_pool(struct source *source, struct pool *pool, struct wq_err *err)
{
	const struct pool_task task = { .owner = source, .advance = advance };
	const struct wq_driver *driver = source->driver;
	source->member = pool_add(pool, &task);
	if (source->member == POOL_NO_MEMBER)
		return wq_fail(err, WQ_E_STATE, "bus %s: more buses than were told", source->bus->bus.name);
	source->pool = pool;
	source->held = driver->let_go == NULL || (driver->keeps(source->state) && pool_hold(pool));
	return 0;
}

/* -- beginning -- */

/* When slot 0 is. */
static wq_ms start_of(const struct source *source)
{
	wq_ms interval = source->driver->unit_interval(source->state, 0);
	return clock_boot() + (wq_ms)(source->member / AT_ONCE) * APART % interval;
}

static bool plan(struct source *source)
{
	if (!schedule_open(&source->schedule, source->unit_count, start_of(source)))
		return false;
	for (size_t i = 0; i < source->unit_count; i++)
		source->schedule.units[i].interval = source->driver->unit_interval(source->state, i);
	return true;
}

int source_work(struct source *source, struct pool *pool, struct wq_err *err)
{
	int r = 0;
	if (source->unit_count == 0)
		return 0;
	if (pool != NULL && source->driver->step != NULL)
		r = join_pool(source, pool, err);
	if (r == 0 && !plan(source))
		r = wq_fail(err, WQ_E_MEMORY, "no memory for bus %s", source->bus->bus.name);
	if (r == 0 && source->pool == NULL && pthread_create(&source->thread, NULL, work, source) != 0)
		r = wq_fail(err, WQ_E_MEMORY, "bus %s: no thread", source->bus->bus.name);
	source->started = r == 0;
	return r;
}
