/* SPDX-License-Identifier: Apache-2.0 */
/* The thread that serves many: descriptors, deadlines, places. Tests wait for what tasks did, never for time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "clock.h"
#include "intake/pool.h"

#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define DEADLINE 30 /* s; a test that waits as long has failed */
#define TASKS    64

/* What tasks do is told in the bench; under its lock. */
struct bench {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct pool *pool;
	struct task {
		struct bench *bench;
		size_t member, calls, entered;
		int fd;
		wq_ms pause;  /* until it is called again, AGENDA_NEVER alike */
		bool reopen;  /* takes a new descriptor at each call */
		bool places;  /* asks for a place, and gives it back at the next call */
		bool placed;
	} tasks[TASKS];
	size_t inside, most; /* tasks with a place: now, and at once so far */
	size_t order[TASKS], order_count;
};

static void use_place(struct bench *b, struct task *t, struct wq_wait *wait)
{
	if (t->placed) {
		t->placed = false;
		b->inside--;
		pool_leave(b->pool, t->member);
		wait->deadline = INT64_MAX;
	} else if (t->entered == 0 && pool_enter(b->pool, t->member)) {
		t->placed = true;
		t->entered++;
		b->order[b->order_count++] = t->member;
		b->inside++;
		b->most = b->inside > b->most ? b->inside : b->most;
		wait->deadline = clock_boot() + 2;
	} else {
		wait->deadline = INT64_MAX;
	}
}

static void advance(void *owner, struct wq_wait *wait)
{
	struct task *t = owner;
	struct bench *b = t->bench;
	uint64_t count;

	pthread_mutex_lock(&b->lock);
	t->calls++;
	*wait = (struct wq_wait){ .fd = t->fd, .events = POLLIN };
	wait->deadline = t->pause == INT64_MAX ? INT64_MAX : clock_boot() + t->pause;
	if (t->fd >= 0 && read(t->fd, &count, sizeof count) > 0 && t->reopen) {
		close(t->fd);
		t->fd = wait->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	}
	if (t->places)
		use_place(b, t, wait);
	pthread_cond_broadcast(&b->changed);
	pthread_mutex_unlock(&b->lock);
}

static void open_bench(struct bench *b, size_t descriptors)
{
	memset(b, 0, sizeof *b);
	pthread_mutex_init(&b->lock, NULL);
	pthread_cond_init(&b->changed, NULL);
	b->pool = pool_new(TASKS, descriptors, NULL);
	assert_non_null(b->pool);
}

static struct task *add(struct bench *b, int fd, wq_ms pause)
{
	static size_t next;
	size_t i = b->tasks[0].bench == NULL ? (next = 0) : next;
	struct task *t = &b->tasks[i];
	const struct pool_task task = { .owner = t, .advance = advance };

	next = i + 1;
	*t = (struct task){ .bench = b, .fd = fd, .pause = pause };
	t->member = pool_add(b->pool, &task);
	assert_int_equal(t->member, i);
	return t;
}

static void close_bench(struct bench *b)
{
	pool_stop(b->pool);
	pool_free(b->pool);
	for (size_t i = 0; i < TASKS; i++)
		if (b->tasks[i].bench != NULL && b->tasks[i].fd >= 0)
			close(b->tasks[i].fd);
}

static void wait_for(struct bench *b, const size_t *count, size_t least)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += DEADLINE;
	pthread_mutex_lock(&b->lock);
	while (*count < least)
		if (pthread_cond_timedwait(&b->changed, &b->lock, &until) != 0)
			fail_msg("waited in vain");
	pthread_mutex_unlock(&b->lock);
}

static size_t get(struct bench *b, const size_t *count)
{
	pthread_mutex_lock(&b->lock);
	size_t now = *count;
	pthread_mutex_unlock(&b->lock);
	return now;
}

static void ring(struct bench *b, struct task *t)
{
	uint64_t one = 1;

	pthread_mutex_lock(&b->lock);
	assert_int_equal(write(t->fd, &one, sizeof one), sizeof one);
	pthread_mutex_unlock(&b->lock);
}

static int bell(void)
{
	return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
}

static void descriptors_are_shared_out_by_how_many_there_are(void **state)
{
	static const struct {
		size_t descriptors, held, passing;
	} rows[] = { { 0, 0, 1 }, { 128, 0, 1 }, { 130, 1, 1 }, { 1024, 448, 448 }, { 1928, 900, 900 },
		{ 16384, 900, 15356 }, { SIZE_MAX, 900, SIZE_MAX - 1028 } };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct pool_limits limits = pool_limits(rows[i].descriptors);

		assert_int_equal(limits.held, rows[i].held);
		assert_int_equal(limits.passing, rows[i].passing);
	}
}

static void the_first_that_want_to_hold_their_connection_do(void **state)
{
	struct bench b;

	(void)state;
	open_bench(&b, 1024);
	for (size_t i = 0; i < 1000; i++)
		assert_int_equal(pool_hold(b.pool), i < 448);
	assert_int_equal(pool_wanted(b.pool), 1000);
	assert_int_equal(pool_has(b.pool).held, 448);
	close_bench(&b);
}

static void each_is_called_when_its_time_has_come_and_who_waits_is_not(void **state)
{
	struct bench b;

	(void)state;
	open_bench(&b, 1024);
	struct task *often = add(&b, -1, 1), *rarely = add(&b, -1, 20), *never = add(&b, -1, INT64_MAX);
	assert_int_equal(pool_start(b.pool, NULL), 0);
	wait_for(&b, &rarely->calls, 5);
	wait_for(&b, &often->calls, 20);
	assert_int_equal(get(&b, &never->calls), 1);
	close_bench(&b);
}

static void who_waits_for_a_descriptor_is_called_once_for_each_event(void **state)
{
	struct bench b;

	(void)state;
	open_bench(&b, 1024);
	struct task *one = add(&b, bell(), INT64_MAX), *other = add(&b, bell(), INT64_MAX);
	assert_int_equal(pool_start(b.pool, NULL), 0);
	wait_for(&b, &other->calls, 1);
	for (size_t i = 2; i < 50; i++) {
		ring(&b, one);
		wait_for(&b, &one->calls, i);
	}
	assert_int_equal(get(&b, &one->calls), 49);
	assert_int_equal(get(&b, &other->calls), 1);
	close_bench(&b);
}

/* The new one often has the number of the old, or of another's. */
static void a_descriptor_may_be_another_after_each_call(void **state)
{
	struct bench b;

	(void)state;
	open_bench(&b, 1024);
	struct task *tasks[3];
	for (size_t i = 0; i < 3; i++) {
		tasks[i] = add(&b, bell(), INT64_MAX);
		tasks[i]->reopen = true;
	}
	assert_int_equal(pool_start(b.pool, NULL), 0);
	for (size_t i = 0; i < 3; i++)
		wait_for(&b, &tasks[i]->calls, 1);
	for (size_t k = 2; k < 60; k++) {
		for (size_t i = 0; i < 3; i++)
			ring(&b, tasks[i]);
		for (size_t i = 0; i < 3; i++)
			wait_for(&b, &tasks[i]->calls, k);
	}
	close_bench(&b);
}

static void who_is_always_due_keeps_nobody_from_being_called(void **state)
{
	struct bench b;

	(void)state;
	open_bench(&b, 1024);
	struct task *greedy = add(&b, -1, 0), *modest = add(&b, bell(), INT64_MAX);
	assert_int_equal(pool_start(b.pool, NULL), 0);
	for (size_t i = 1; i < 50; i++) {
		wait_for(&b, &modest->calls, i);
		ring(&b, modest);
	}
	wait_for(&b, &greedy->calls, 50);
	close_bench(&b);
}

static void places_are_given_in_the_order_of_asking_and_never_too_many(void **state)
{
	struct bench b;

	(void)state;
	open_bench(&b, 128 + 6); /* three are held, three may pass */
	for (size_t i = 0; i < TASKS; i++)
		add(&b, -1, 0)->places = true;
	assert_int_equal(pool_start(b.pool, NULL), 0);
	for (size_t i = 0; i < TASKS; i++)
		wait_for(&b, &b.tasks[i].entered, 1);
	pool_stop(b.pool);
	assert_int_equal(b.most, 3);
	for (size_t i = 4; i < TASKS; i++) /* those that had to queue */
		for (size_t k = 3; k < i; k++)
			assert_int_not_equal(b.order[k], b.order[i]);
	assert_int_equal(b.order_count, TASKS);
	close_bench(&b);
}

static void no_more_than_were_told_may_join(void **state)
{
	struct bench b;
	const struct pool_task task = { .advance = advance };

	(void)state;
	open_bench(&b, 1024);
	for (size_t i = 0; i < TASKS; i++)
		add(&b, -1, INT64_MAX);
	assert_true(pool_add(b.pool, &task) == POOL_NO_MEMBER);
	close_bench(&b);
}

static void stopping_needs_no_event_and_may_be_done_twice(void **state)
{
	struct bench b;

	(void)state;
	open_bench(&b, 1024);
	pool_stop(b.pool);
	add(&b, bell(), INT64_MAX);
	uint64_t progress = pool_progress(b.pool);
	assert_int_equal(pool_start(b.pool, NULL), 0);
	wait_for(&b, &b.tasks[0].calls, 1);
	pool_stop(b.pool);
	assert_true(pool_progress(b.pool) > progress);
	close_bench(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(descriptors_are_shared_out_by_how_many_there_are),
		cmocka_unit_test(the_first_that_want_to_hold_their_connection_do),
		cmocka_unit_test(each_is_called_when_its_time_has_come_and_who_waits_is_not),
		cmocka_unit_test(who_waits_for_a_descriptor_is_called_once_for_each_event),
		cmocka_unit_test(a_descriptor_may_be_another_after_each_call),
		cmocka_unit_test(who_is_always_due_keeps_nobody_from_being_called),
		cmocka_unit_test(places_are_given_in_the_order_of_asking_and_never_too_many),
		cmocka_unit_test(no_more_than_were_told_may_join),
		cmocka_unit_test(stopping_needs_no_event_and_may_be_done_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
