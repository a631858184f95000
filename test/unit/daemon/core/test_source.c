/* SPDX-License-Identifier: Apache-2.0 */
/* One bus at work, with a driver that does what the test says. */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "clock.h"
#include "intake/pool.h"
#include "intake/source.h"
#include "wq/err.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define DEADLINE 30 /* s; a test that waits as long has failed */
#define RECEIPT  ((wq_ms)20)

/* -- a driver -- */

/* What it does, and what was done to it. Under the lock. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int answers[4]; /* of poll, by unit */
	size_t units;
	int open_says, start_says;
	size_t opened, closed, started, stopped, polls[4];
	wq_ms interval;
	size_t let_go; /* how often the connection was dropped */
	bool keeps;    /* the bus wants it kept */
	bool slow, in_poll; /* a slow poll ends when it is told to */
	size_t sent, mixed, became_count; /* commands */
	struct source_commanded became[8];
	bool stop_at_outage; /* the poll after the next outage is slow */
	const struct wq_sink *sink;
	/* outages as told */
	struct source_outage outages[32];
	size_t outage_count;
} plant = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

static void lock(void)
{
	pthread_mutex_lock(&plant.lock);
}

static void unlock(void)
{
	pthread_cond_broadcast(&plant.changed);
	pthread_mutex_unlock(&plant.lock);
}

static void reset(void)
{
	lock();
	memset(plant.answers, 0, sizeof plant.answers);
	memset(plant.polls, 0, sizeof plant.polls);
	plant.units = 2;
	plant.interval = 1;
	plant.let_go = 0;
	plant.keeps = true;
	plant.open_says = plant.start_says = 0;
	plant.opened = plant.closed = plant.started = plant.stopped = plant.outage_count = 0;
	plant.sent = plant.mixed = plant.became_count = 0;
	plant.slow = plant.in_poll = plant.stop_at_outage = false;
	plant.sink = NULL;
	unlock();
}

/* Waits until a count of the plant has come to `least`. */
static void wait_for(const size_t *count, size_t least)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += DEADLINE;
	lock();
	while (*count < least)
		if (pthread_cond_timedwait(&plant.changed, &plant.lock, &until) != 0) {
			unlock();
			fail_msg("waited in vain");
		}
	unlock();
}

static size_t count_of(const size_t *count)
{
	lock();
	size_t now = *count;
	unlock();
	return now;
}

static void set(int *answer, int code)
{
	lock();
	*answer = code;
	unlock();
}

static size_t state_size(const struct wq_bus *bus)
{
	(void)bus;
	return 64;
}

static int driver_open(void *state, const struct wq_bus *bus, struct wq_err *err)
{
	(void)state, (void)bus;
	plant.opened++;
	return plant.open_says < 0 ? wq_fail(err, plant.open_says, "no such port") : 0;
}

static void driver_close(void *state)
{
	(void)state;
	plant.closed++;
}

static size_t units(const void *state)
{
	(void)state;
	return plant.units;
}

static wq_ms unit_interval(const void *state, size_t unit)
{
	(void)state, (void)unit;
	return plant.interval;
}

static const char *unit_name(const void *state, size_t unit)
{
	static const char *const names[] = { "unit 1", "unit 2", "unit 3", "unit 4" };

	(void)state;
	return names[unit % 4];
}

static int driver_poll(void *state, size_t unit, const struct wq_sink *sink, struct wq_err *err)
{
	struct wq_sample sample = { .series = (uint32_t)unit, .at = 1, .value = 0.2 };

	(void)state;
	lock();
	int says = plant.answers[unit];
	plant.in_poll = true;
	unlock();
	lock();
	while (plant.slow)
		pthread_cond_wait(&plant.changed, &plant.lock);
	plant.in_poll = false;
	unlock();
	int r = says < 0 ? wq_fail(err, says, "no answer within 500 ms")
	                 : sink->put(sink->owner, &sample, 1, false);
	lock();
	plant.polls[unit]++;
	unlock();
	return r;
}

/* The same poll in steps: one that waits, and one that is the poll. The state is the unit and how far it is. */
struct steps {
	size_t unit;
	wq_ms until;
};

static void driver_begin(void *state, size_t unit, wq_ms now)
{
	*(struct steps *)state = (struct steps){ .unit = unit, .until = now + 1 };
}

static int driver_step(void *state, const struct wq_sink *sink, wq_ms now, struct wq_err *err)
{
	struct steps *steps = state;

	if (now < steps->until)
		return WQ_UNDERWAY;
	return driver_poll(state, steps->unit, sink, err);
}

static void driver_wait(const void *state, struct wq_wait *wait)
{
	*wait = (struct wq_wait){ .fd = -1, .deadline = ((const struct steps *)state)->until };
}

static bool driver_keeps(const void *state)
{
	(void)state;
	return plant.keeps;
}

static void driver_let_go(void *state)
{
	(void)state;
	lock();
	plant.let_go++;
	unlock();
}

static int start(void *state, const struct wq_sink *sink, struct wq_err *err)
{
	(void)state;
	plant.started++;
	plant.sink = sink;
	return plant.start_says < 0 ? wq_fail(err, plant.start_says, "no thread") : 0;
}

static void stop(void *state)
{
	(void)state;
	plant.stopped++;
}

/* Commands of the stepped driver: 0 is done at its second step, 1 is refused. They count as answers: how often they were
 * sent, and whether a poll was under way. */
static size_t list_commands(const void *state, const struct wq_command **list)
{
	static const struct wq_command both[2] = { { .name = "a" }, { .name = "b" } };

	(void)state;
	*list = both;
	return 2;
}

static void command_begin(void *state, size_t command, wq_ms now)
{
	*(struct steps *)state = (struct steps){ .unit = command, .until = now + 5 };
	lock();
	plant.sent++;
	plant.mixed += plant.in_poll;
	unlock();
}

static int command_step(void *state, const struct wq_sink *sink, wq_ms now, enum wq_commanded *became, struct wq_err *err)
{
	const struct steps *steps = state;

	(void)sink;
	if (now < steps->until)
		return WQ_UNDERWAY;
	*became = steps->unit == 0 ? WQ_COMMAND_DONE : WQ_COMMAND_REFUSED;
	if (steps->unit == 1)
		wq_fail(err, WQ_E_REFUSED, "exception 2");
	return 0;
}

static const struct wq_commanding commanding = { list_commands, command_begin, command_step };

static const struct wq_driver polled = { .name = "polled",
	.state_size = state_size,
	.open = driver_open,
	.close = driver_close,
	.units = units,
	.unit_interval = unit_interval,
	.unit_name = unit_name,
	.poll = driver_poll };
static const struct wq_driver stepped = { .name = "stepped",
	.state_size = state_size,
	.open = driver_open,
	.close = driver_close,
	.units = units,
	.unit_interval = unit_interval,
	.unit_name = unit_name,
	.begin = driver_begin,
	.step = driver_step,
	.wait = driver_wait,
	.keeps = driver_keeps,
	.let_go = driver_let_go,
	.commanding = &commanding };
static const struct wq_driver pushed = { .name = "pushed",
	.state_size = state_size,
	.open = driver_open,
	.close = driver_close,
	.start = start,
	.stop = stop };

/* -- a bus with all that it needs -- */

struct line {
	struct config_bus bus;
	struct inbox *inbox;
	struct receipts *receipts;
	struct pool *pool; /* NULL: the bus has a thread of its own */
	struct source *source;
	struct wq_err err;
};

static void on_outage(void *owner, const struct source_outage *outage)
{
	(void)owner;
	lock();
	plant.outages[plant.outage_count % 32] = *outage;
	plant.outage_count++;
	plant.slow |= plant.stop_at_outage;
	unlock();
}

static void on_commanded(void *owner, const struct source_commanded *commanded)
{
	(void)owner;
	lock();
	plant.became[plant.became_count++ % 8] = *commanded;
	unlock();
}

static int open_line(void **state)
{
	struct line *line = calloc(1, sizeof *line);

	reset();
	line->bus = (struct config_bus){ .bus = { .name = "plc" }, .source = 5 };
	line->inbox = inbox_new(1, NULL);
	line->receipts = receipts_new(0);
	*state = line;
	return line->inbox != NULL && line->receipts != NULL ? 0 : -1;
}

static int close_line(void **state)
{
	struct line *line = *state;

	if (line->source != NULL)
		source_stop(line->source);
	pool_stop(line->pool);
	source_join(line->source);
	pool_free(line->pool);
	assert_int_equal(plant.closed, plant.open_says == 0 ? plant.opened : 0);
	assert_int_equal(plant.stopped, plant.start_says == 0 ? plant.started : 0);
	inbox_free(line->inbox);
	receipts_free(line->receipts);
	free(line);
	return 0;
}

#define line_test(fn) cmocka_unit_test_setup_teardown(fn, open_line, close_line)

static struct source *go(struct line *line, const struct wq_driver *driver)
{
	const struct source_events events = { .outage = on_outage, .commanded = on_commanded };

	line->bus.driver = driver;
	line->source =
	        source_start(&line->bus, RECEIPT, line->inbox, line->receipts, &events, line->pool, &line->err);
	return line->source;
}

/* The same, served by the pool; `held` connections may be kept. */
static void go_in_pool(struct line *line, size_t held)
{
	line->pool = pool_new(1, 128 + 2 * held, NULL);
	assert_non_null(go(line, &stepped));
	assert_int_equal(pool_start(line->pool, NULL), 0);
}

static struct source_unit unit_of(struct line *line, size_t index)
{
	struct source_unit shown[4];

	assert_true(source_units(line->source, shown, 4) > index);
	return shown[index];
}

/* -- polled -- */

static void every_device_is_polled_and_what_it_says_is_handed_over(void **state)
{
	struct line *line = *state;
	bool seen[2] = { false };

	assert_non_null(go(line, &polled));
	wait_for(&plant.polls[0], 3);
	wait_for(&plant.polls[1], 3);
	for (struct wq_batch *batch; (batch = inbox_take(line->inbox)) != NULL; free(batch)) {
		assert_int_equal(batch->source, 5);
		assert_int_equal(batch->count, 1);
		seen[batch->samples[0].series] = true;
	}
	assert_true(seen[0] && seen[1]);
	assert_true(unit_of(line, 0).up && unit_of(line, 1).up);
	assert_string_equal(unit_of(line, 1).name, "unit 2");
	assert_int_equal(count_of(&plant.outage_count), 0);
}

static void a_device_that_fails_is_one_outage_from_its_first_failure_to_its_return(void **state)
{
	struct line *line = *state;

	assert_non_null(go(line, &polled));
	wait_for(&plant.polls[1], 2);
	set(&plant.answers[1], WQ_E_TIMEOUT);
	wait_for(&plant.outage_count, 1);
	wait_for(&plant.polls[1], count_of(&plant.polls[1]) + 1);
	struct source_unit shown = unit_of(line, 1);
	assert_false(shown.up);
	assert_true(shown.failures >= 1);
	assert_string_equal(shown.why, "no answer within 500 ms");
	assert_true(unit_of(line, 0).up); /* the other one does not suffer */
	assert_int_equal(count_of(&plant.outage_count), 1);
	set(&plant.answers[1], 0);
	wait_for(&plant.outage_count, 2);
	const struct source_outage *began = &plant.outages[0], *ended = &plant.outages[1];
	assert_int_equal(began->source, 5);
	assert_string_equal(began->unit, "unit 2");
	assert_string_equal(began->reason, "no answer within 500 ms");
	assert_int_equal(began->to, WQ_NO_TIME);
	assert_int_equal(ended->from, began->from);
	assert_true(ended->to >= ended->from);
	assert_string_equal(ended->reason, began->reason);
}

static void in_the_pool_every_device_is_polled_and_what_it_says_is_handed_over(void **state)
{
	struct line *line = *state;
	bool seen[2] = { false };

	go_in_pool(line, 1);
	wait_for(&plant.polls[0], 3);
	wait_for(&plant.polls[1], 3);
	for (struct wq_batch *batch; (batch = inbox_take(line->inbox)) != NULL; free(batch))
		seen[batch->samples[0].series] = true;
	assert_true(seen[0] && seen[1]);
	assert_true(unit_of(line, 0).up && unit_of(line, 1).up);
	assert_int_equal(count_of(&plant.let_go), 0);
	assert_int_equal(count_of(&plant.outage_count), 0);
}

static void in_the_pool_a_device_that_fails_is_an_outage_and_the_other_is_polled(void **state)
{
	struct line *line = *state;

	go_in_pool(line, 1);
	wait_for(&plant.polls[1], 2);
	set(&plant.answers[1], WQ_E_TIMEOUT);
	wait_for(&plant.outage_count, 1);
	wait_for(&plant.polls[0], count_of(&plant.polls[0]) + 3);
	assert_true(unit_of(line, 0).up);
	set(&plant.answers[1], 0);
	wait_for(&plant.outage_count, 2);
	assert_string_equal(plant.outages[1].unit, "unit 2");
}

static void a_connection_that_is_not_held_is_dropped_after_the_poll(void **state)
{
	struct line *line = *state;

	plant.interval = 50; /* between polls that follow at once nothing is dropped */
	go_in_pool(line, 0);
	wait_for(&plant.let_go, 3);
	wait_for(&plant.polls[0], 3);
}

static void a_bus_that_does_not_want_to_hold_its_connection_does_not(void **state)
{
	struct line *line = *state;

	plant.interval = 50;
	plant.keeps = false;
	go_in_pool(line, 1);
	assert_int_equal(pool_wanted(line->pool), 0);
	wait_for(&plant.let_go, 3);
}

static void in_the_pool_progress_is_made_while_nothing_is_due(void **state)
{
	struct line *line = *state;

	go_in_pool(line, 1);
	uint64_t progress = source_progress(line->source);
	wait_for(&plant.polls[0], 3);
	assert_true(source_progress(line->source) > progress);
}

static wq_ms soon(void)
{
	return clock_boot() + WQ_SECONDS(DEADLINE);
}

static void a_command_is_sent_between_two_polls_and_its_outcome_told(void **state)
{
	struct line *line = *state;

	go_in_pool(line, 1);
	wait_for(&plant.polls[0], 2);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(source_command(line->source, i, soon(), &line->err), 0);
		wait_for(&plant.became_count, i + 1);
		assert_int_equal(plant.became[i].source, 5);
		assert_int_equal(plant.became[i].command, i);
		assert_int_equal(plant.became[i].became, i == 0 ? WQ_COMMAND_DONE : WQ_COMMAND_REFUSED);
		assert_string_equal(plant.became[i].why, i == 0 ? "" : "exception 2");
	}
	wait_for(&plant.polls[1], count_of(&plant.polls[1]) + 2);
	assert_int_equal(count_of(&plant.sent), 2);
	assert_int_equal(count_of(&plant.mixed), 0);
}

static void a_command_does_not_wait_for_the_next_poll(void **state)
{
	struct line *line = *state;

	plant.interval = WQ_HOURS(1);
	plant.keeps = false;
	go_in_pool(line, 1);
	wait_for(&plant.polls[0], 1);
	assert_int_equal(source_command(line->source, 0, soon(), &line->err), 0);
	wait_for(&plant.became_count, 1);
	assert_int_equal(plant.became[0].became, WQ_COMMAND_DONE);
	wait_for(&plant.let_go, 1);
}

static void a_second_command_is_refused_while_one_is_under_way(void **state)
{
	struct line *line = *state;

	line->pool = pool_new(1, 130, NULL);
	assert_non_null(go(line, &stepped)); /* and its thread has not begun */
	assert_int_equal(source_command(line->source, 0, soon(), &line->err), 0);
	assert_int_equal(source_command(line->source, 1, soon(), &line->err), WQ_E_STATE);
	assert_non_null(strstr(line->err.text, "nothing was sent"));
}

static void a_command_that_comes_too_late_is_not_sent(void **state)
{
	struct line *line = *state;

	line->pool = pool_new(1, 130, NULL);
	assert_non_null(go(line, &stepped));
	assert_int_equal(source_command(line->source, 0, clock_boot() - 1, &line->err), 0);
	assert_int_equal(pool_start(line->pool, NULL), 0);
	wait_for(&plant.became_count, 1);
	assert_int_equal(plant.became[0].became, WQ_COMMAND_NOT_SENT);
	wait_for(&plant.polls[0], 2);
	assert_int_equal(count_of(&plant.sent), 0);
}

static void a_command_that_nobody_sends_any_more_is_told_at_the_end(void **state)
{
	struct line *line = *state;

	line->pool = pool_new(1, 130, NULL);
	assert_non_null(go(line, &stepped));
	assert_int_equal(source_command(line->source, 0, soon(), &line->err), 0);
	source_stop(line->source);
	source_join(line->source);
	line->source = NULL;
	assert_int_equal(plant.became_count, 1);
	assert_int_equal(plant.became[0].became, WQ_COMMAND_NOT_SENT);
}

static void a_bus_with_a_thread_of_its_own_takes_no_commands(void **state)
{
	struct line *line = *state;

	assert_non_null(go(line, &polled));
	assert_int_equal(source_command(line->source, 0, soon(), &line->err), WQ_E_STATE);
}

static void a_device_that_was_never_there_is_an_outage_too(void **state)
{
	struct line *line = *state;

	plant.answers[0] = WQ_E_IO;
	assert_non_null(go(line, &polled));
	wait_for(&plant.outage_count, 1);
	assert_string_equal(plant.outages[0].unit, "unit 1");
}

/* The state of the bus once so many outages were told to begin or to end. */
static enum wq_bus_state bus_state(struct line *line, size_t outages)
{
	enum wq_bus_state state;
	wq_ms silent;

	wait_for(&plant.outage_count, outages);
	assert_true(source_state(line->source, &state, &silent));
	return state;
}

static void a_bus_is_down_when_none_of_its_devices_serves(void **state)
{
	struct line *line = *state;
	enum wq_bus_state first;
	wq_ms silent;

	plant.answers[0] = plant.answers[1] = WQ_E_TIMEOUT;
	plant.slow = true;
	assert_non_null(go(line, &polled));
	assert_false(source_state(line->source, &first, &silent)); /* nothing is known yet */
	lock();
	plant.slow = false;
	unlock();
	assert_int_equal(bus_state(line, 2), WQ_BUS_DOWN);
	set(&plant.answers[1], 0);
	assert_int_not_equal(bus_state(line, 3), WQ_BUS_DOWN);
	set(&plant.answers[0], 0);
	assert_int_equal(bus_state(line, 4), WQ_BUS_UP);
}

/* After a restart the alarm of a bus that is still down must not end because only one device was asked yet. */
static void a_bus_of_which_some_were_not_asked_yet_and_none_serves_is_not_known(void **state)
{
	struct line *line = *state;
	enum wq_bus_state now;
	wq_ms silent;

	plant.answers[0] = plant.answers[1] = WQ_E_TIMEOUT;
	plant.stop_at_outage = true;
	assert_non_null(go(line, &polled));
	wait_for(&plant.outage_count, 1);
	assert_false(source_state(line->source, &now, &silent));
	lock();
	plant.slow = plant.stop_at_outage = false;
	unlock();
	assert_int_equal(bus_state(line, 2), WQ_BUS_DOWN);
}

static void a_full_inbox_is_not_the_devices_fault(void **state)
{
	struct line *line = *state;
	struct wq_sample sample = { .at = 1 };
	struct source_counts counts;

	while (inbox_put(line->inbox, 0, 1, true, &sample, 1, 0, NULL) == 0)
		continue;
	assert_non_null(go(line, &polled));
	wait_for(&plant.polls[0], 5);
	source_counts(line->source, &counts);
	assert_true(counts.shed >= 5);
	assert_int_equal(count_of(&plant.outage_count), 0);
	assert_int_equal(inbox_depth(line->inbox), INBOX_BATCHES);
}

static void a_device_that_takes_its_time_holds_up_nobody_who_looks(void **state)
{
	struct line *line = *state;

	plant.slow = true;
	assert_non_null(go(line, &polled));
	lock();
	while (!plant.in_poll)
		pthread_cond_wait(&plant.changed, &plant.lock);
	unlock();
	uint64_t progress = source_progress(line->source);
	assert_false(unit_of(line, 0).up); /* would never come back if it waited for the device */
	source_stop(line->source);
	/* Meanwhile it shows no progress: one that hangs for good is seen. */
	assert_int_equal(source_progress(line->source), progress);
	lock();
	plant.slow = false;
	unlock();
}

static void progress_is_made_while_it_polls(void **state)
{
	struct line *line = *state;

	assert_non_null(go(line, &polled));
	wait_for(&plant.polls[0], 1);
	uint64_t progress = source_progress(line->source);
	wait_for(&plant.polls[0], count_of(&plant.polls[0]) + 3);
	assert_true(source_progress(line->source) > progress);
}

/* Such a bus is a warning of the configuration, no reason for the watchdog. */
static void a_bus_without_devices_is_not_taken_for_one_that_hangs(void **state)
{
	struct line *line = *state;
	const struct timespec moment = { .tv_nsec = 5000000 };

	plant.units = 0;
	assert_non_null(go(line, &polled));
	uint64_t progress = source_progress(line->source);
	clock_nanosleep(CLOCK_MONOTONIC, 0, &moment, NULL);
	assert_true(source_progress(line->source) > progress);
}

static void too_many_devices_are_refused(void **state)
{
	struct line *line = *state;

	plant.units = 257;
	assert_null(go(line, &polled));
	assert_string_equal(line->err.text, "bus plc has 257 devices; at most 256 are allowed");
}

static void a_driver_that_cannot_open_is_told_and_not_closed(void **state)
{
	struct line *line = *state;

	plant.open_says = WQ_E_INVALID;
	assert_null(go(line, &polled));
	assert_string_equal(line->err.text, "no such port");
	assert_int_equal(plant.closed, 0);
}

/* -- pushed -- */

static int put(bool durable)
{
	struct wq_sample sample = { .series = 1, .at = 1 };

	return plant.sink->put(plant.sink->owner, &sample, 1, durable);
}

static uint64_t not_durable(struct line *line)
{
	struct source_counts counts;

	source_counts(line->source, &counts);
	return counts.not_durable;
}

static void a_driver_that_cannot_start_is_told_and_closed(void **state)
{
	struct line *line = *state;

	plant.start_says = WQ_E_MEMORY;
	assert_null(go(line, &pushed));
	assert_string_equal(line->err.text, "no thread");
	assert_int_equal(plant.stopped, 0);
	assert_int_equal(plant.closed, 1);
}

static void a_fast_receipt_needs_room_only(void **state)
{
	struct line *line = *state;

	assert_non_null(go(line, &pushed));
	assert_int_equal(put(false), 0);
	assert_int_equal(inbox_depth(line->inbox), 1);
}

static void nothing_is_no_batch(void **state)
{
	struct line *line = *state;

	assert_non_null(go(line, &pushed));
	assert_int_equal(plant.sink->put(plant.sink->owner, NULL, 0, true), 0);
	assert_int_equal(inbox_depth(line->inbox), 0);
}

/* Main: commits what comes. */
static void *commit_all(void *argument)
{
	struct line *line = argument;
	struct wq_batch *batch;

	while ((batch = inbox_take(line->inbox)) == NULL)
		sched_yield();
	receipts_committed(line->receipts, batch->sequence);
	free(batch);
	return NULL;
}

static void a_durable_receipt_is_given_after_the_commit(void **state)
{
	struct line *line = *state;
	pthread_t main_thread;

	assert_non_null(go(line, &pushed));
	assert_int_equal(pthread_create(&main_thread, NULL, commit_all, line), 0);
	int told;
	do /* on a machine that is busy the 20 ms may pass */
		told = put(true);
	while (told == WQ_E_TIMEOUT && inbox_depth(line->inbox) > 0);
	pthread_join(main_thread, NULL);
	assert_true(told == 0 || not_durable(line) > 0);
}

static void what_is_not_stored_in_time_is_counted_and_stays(void **state)
{
	struct line *line = *state;

	assert_non_null(go(line, &pushed));
	assert_int_equal(put(true), WQ_E_TIMEOUT);
	assert_int_equal(not_durable(line), 1);
	assert_int_equal(inbox_depth(line->inbox), 1);
}

/* To a driver "full" says that it shall come again, and what was judged must not be judged twice.
 */
static void what_was_lost_after_it_was_judged_does_not_come_again(void **state)
{
	struct line *line = *state;

	assert_non_null(go(line, &pushed));
	receipts_lost(line->receipts, 1);
	assert_int_equal(put(true), WQ_E_TIMEOUT);
	assert_int_equal(not_durable(line), 1);
}

static void who_stops_takes_nothing_more(void **state)
{
	struct line *line = *state;

	assert_non_null(go(line, &pushed));
	receipts_close(line->receipts);
	assert_int_equal(put(true), WQ_E_STATE); /* in the inbox, but not promised */
	assert_int_equal(not_durable(line), 0);
	inbox_close(line->inbox);
	assert_int_equal(put(true), WQ_E_STATE);
	assert_int_equal(put(false), WQ_E_STATE);
	assert_int_equal(inbox_depth(line->inbox), 1);
}

static void refusals_are_counted_by_their_reason(void **state)
{
	struct line *line = *state;
	struct source_counts counts;

	const int stderr_before = dup(STDERR_FILENO);
	FILE *said = tmpfile();
	char text[512];
	size_t lines = 0;

	assert_non_null(go(line, &pushed));
	dup2(fileno(said), STDERR_FILENO);
	for (int why = 0; why < WQ_REFUSALS; why++)
		for (int i = 0; i <= why; i++)
			plant.sink->refuse(
			        plant.sink->owner, (enum wq_refusal)why, "\x1b[2J\n<0>{\xff");
	dup2(stderr_before, STDERR_FILENO);
	close(stderr_before);
	source_counts(line->source, &counts);
	for (uint64_t why = 0; why < WQ_REFUSALS; why++)
		assert_int_equal(counts.refused[why], why + 1);
	/* One reason that is there all the time hides none of the others. */
	rewind(said);
	while (fgets(text, sizeof text, said) != NULL)
		lines += strstr(text, "refused, ") != NULL;
	fclose(said);
	assert_int_equal(lines, WQ_REFUSALS);
}

static void a_link_that_goes_and_comes_is_an_outage_and_its_reason_is_clean(void **state)
{
	struct line *line = *state;
	char reason[1000];

	enum wq_bus_state bus;
	wq_ms silent;
	assert_non_null(go(line, &pushed));
	assert_false(source_state(line->source, &bus, &silent));
	plant.sink->link(plant.sink->owner, NULL);
	assert_true(unit_of(line, 0).up);
	assert_true(source_state(line->source, &bus, &silent) && bus == WQ_BUS_UP);
	assert_string_equal(unit_of(line, 0).name, "link");
	assert_int_equal(count_of(&plant.outage_count), 0);
	memset(reason, '\n', sizeof reason - 1);
	reason[sizeof reason - 1] = '\0';
	plant.sink->link(plant.sink->owner, reason);
	plant.sink->link(plant.sink->owner, "again");
	assert_int_equal(count_of(&plant.outage_count), 1);
	assert_int_equal(unit_of(line, 0).failures, 2);
	assert_true(source_state(line->source, &bus, &silent) && bus == WQ_BUS_DOWN);
	assert_int_equal(strlen(plant.outages[0].reason), SOURCE_WHY_TEXT - 1);
	assert_null(strchr(plant.outages[0].reason, '\n'));
	plant.sink->link(plant.sink->owner, NULL);
	assert_int_equal(count_of(&plant.outage_count), 2);
	assert_int_equal(plant.outages[1].from, plant.outages[0].from);
	assert_true(unit_of(line, 0).up);
	assert_string_equal(unit_of(line, 0).why, "");
}

#define PEERS 6

static void *chatter(void *argument)
{
	(void)argument;
	for (int i = 0; i < 300; i++) {
		put(false);
		plant.sink->refuse(plant.sink->owner, WQ_REFUSED_TIME, "1970");
	}
	return NULL;
}

static void a_drivers_threads_may_all_use_the_sink_at_once(void **state)
{
	struct line *line = *state;
	struct source_counts counts;
	pthread_t peers[PEERS];

	assert_non_null(go(line, &pushed));
	for (size_t i = 0; i < PEERS; i++)
		assert_int_equal(pthread_create(&peers[i], NULL, chatter, NULL), 0);
	for (size_t i = 0; i < PEERS; i++)
		pthread_join(peers[i], NULL);
	source_counts(line->source, &counts);
	assert_int_equal(counts.refused[WQ_REFUSED_TIME], PEERS * 300);
	assert_int_equal(inbox_depth(line->inbox), PEERS * 300);
	assert_true(source_progress(line->source) >= PEERS * 300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		line_test(every_device_is_polled_and_what_it_says_is_handed_over),
		line_test(a_device_that_fails_is_one_outage_from_its_first_failure_to_its_return),
		line_test(in_the_pool_every_device_is_polled_and_what_it_says_is_handed_over),
		line_test(in_the_pool_a_device_that_fails_is_an_outage_and_the_other_is_polled),
		line_test(a_connection_that_is_not_held_is_dropped_after_the_poll),
		line_test(a_bus_that_does_not_want_to_hold_its_connection_does_not),
		line_test(in_the_pool_progress_is_made_while_nothing_is_due),
		line_test(a_command_is_sent_between_two_polls_and_its_outcome_told),
		line_test(a_command_does_not_wait_for_the_next_poll),
		line_test(a_second_command_is_refused_while_one_is_under_way),
		line_test(a_command_that_comes_too_late_is_not_sent),
		line_test(a_command_that_nobody_sends_any_more_is_told_at_the_end),
		line_test(a_bus_with_a_thread_of_its_own_takes_no_commands),
		line_test(a_device_that_was_never_there_is_an_outage_too),
		line_test(a_bus_is_down_when_none_of_its_devices_serves),
		line_test(a_bus_of_which_some_were_not_asked_yet_and_none_serves_is_not_known),
		line_test(a_full_inbox_is_not_the_devices_fault),
		line_test(a_device_that_takes_its_time_holds_up_nobody_who_looks),
		line_test(progress_is_made_while_it_polls),
		line_test(a_bus_without_devices_is_not_taken_for_one_that_hangs),
		line_test(too_many_devices_are_refused),
		line_test(a_driver_that_cannot_open_is_told_and_not_closed),
		line_test(a_driver_that_cannot_start_is_told_and_closed),
		line_test(a_fast_receipt_needs_room_only),
		line_test(nothing_is_no_batch),
		line_test(a_durable_receipt_is_given_after_the_commit),
		line_test(what_is_not_stored_in_time_is_counted_and_stays),
		line_test(what_was_lost_after_it_was_judged_does_not_come_again),
		line_test(who_stops_takes_nothing_more),
		line_test(refusals_are_counted_by_their_reason),
		line_test(a_link_that_goes_and_comes_is_an_outage_and_its_reason_is_clean),
		line_test(a_drivers_threads_may_all_use_the_sink_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
