/* SPDX-License-Identifier: Apache-2.0 */
/* The clock: durations never run backwards, the time of day is doubted when the kernel doubts it.
 */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "clock.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <unistd.h>

/* The kernel's word, as the test wants it: the linker takes this one. */
static atomic_int kernel_state, kernel_status;
static pthread_barrier_t asked, answer;
static atomic_bool slow;
static atomic_size_t questions;

int adjtimex(struct timex *t)
{
	atomic_fetch_add(&questions, 1);
	/* One that is slow tells that it was asked, and answers when it is let. */
	if (atomic_exchange(&slow, false)) {
		pthread_barrier_wait(&asked);
		pthread_barrier_wait(&answer);
	}
	t->status = atomic_load(&kernel_status);
	return atomic_load(&kernel_state);
}

/* Likewise the time, when the test wants another: so much later since boot; that time of day. */
static atomic_int_fast64_t later, time_of_day;

int clock_gettime(clockid_t id, struct timespec *t)
{
	long r = syscall(SYS_clock_gettime, id, t);

	if (id == CLOCK_BOOTTIME)
		t->tv_sec += atomic_load(&later);
	if (id == CLOCK_REALTIME && atomic_load(&time_of_day) != 0)
		t->tv_sec = atomic_load(&time_of_day);
	return (int)r;
}

static void the_next_second_comes(void)
{
	atomic_fetch_add(&later, 1);
}

static void *ask(void *answered)
{
	*(bool *)answered = clock_trusted();
	return NULL;
}

/* Runs first: nobody has been answered before. */
static void nobody_is_told_untrusted_because_another_is_still_asking(void **state)
{
	pthread_t first;
	bool first_answer = false;

	(void)state;
	pthread_barrier_init(&asked, NULL, 2);
	pthread_barrier_init(&answer, NULL, 2);
	the_next_second_comes();
	atomic_store(&slow, true);
	assert_int_equal(pthread_create(&first, NULL, ask, &first_answer), 0);
	pthread_barrier_wait(&asked);
	bool second_answer = clock_trusted();
	pthread_barrier_wait(&answer);
	pthread_join(first, NULL);
	assert_true(first_answer);
	assert_true(second_answer);
	pthread_barrier_destroy(&asked);
	pthread_barrier_destroy(&answer);
}

static void it_is_trusted_when_the_kernel_is_sure(void **state)
{
	static const struct {
		int state, status;
		bool trusted;
	} table[] = {
		{ TIME_OK, STA_PLL, true },
		{ TIME_INS, STA_PLL | STA_INS, true }, /* a leap second is no doubt */
		{ TIME_OK, STA_UNSYNC, false },
		{ TIME_ERROR, STA_PLL, false },
		{ TIME_ERROR, STA_UNSYNC, false },
		{ -1, 0, false }, /* not allowed to ask */
		{ TIME_OK, 0, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		atomic_store(&kernel_state, table[i].state);
		atomic_store(&kernel_status, table[i].status);
		the_next_second_comes();
		assert_int_equal(clock_trusted(), table[i].trusted);
	}
}

/* A gateway without a battery wakes up in 1970, and a time server of its own says that this is
 * right. */
static void a_time_before_this_program_was_written_is_not_believed(void **state)
{
	static const struct {
		int64_t at;
		bool trusted;
	} table[] = { { 1, false }, { 946684800, false }, { 1767225599, false },
		{ 1767225600, true } };

	(void)state;
	atomic_store(&kernel_state, TIME_OK);
	atomic_store(&kernel_status, STA_PLL);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		the_next_second_comes();
		atomic_store(&time_of_day, table[i].at);
		assert_int_equal(clock_trusted(), table[i].trusted);
	}
	atomic_store(&time_of_day, 0);
}

/* Every batch asks, thousands a second. */
static void the_kernel_is_asked_once_a_second(void **state)
{
	(void)state;
	the_next_second_comes();
	size_t before = atomic_load(&questions);
	for (int i = 0; i < 10000; i++)
		clock_trusted();
	/* The real second may end meanwhile. */
	assert_in_range(atomic_load(&questions) - before, 1, 3);
}

static void *read_on(void *monotone)
{
	wq_ms last = clock_boot();

	*(bool *)monotone = true;
	for (int i = 0; i < 200000; i++) {
		wq_ms now = clock_boot();
		if (now < last)
			*(bool *)monotone = false;
		last = now;
	}
	return NULL;
}

static void time_since_boot_never_runs_backwards_in_any_thread(void **state)
{
	pthread_t threads[4];
	bool monotone[4];

	(void)state;
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, read_on, &monotone[i]), 0);
	for (size_t i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		assert_true(monotone[i]);
	}
}

static void a_deadline_is_its_span_ahead_and_well_formed(void **state)
{
	static const wq_ms spans[] = { 0, 1, 999, 1000, 1001, 59999, WQ_DAYS(1), WQ_DAYS(365) };

	(void)state;
	for (size_t i = 0; i < sizeof spans / sizeof *spans; i++)
		for (int again = 0; again < 1000; again++) {
			struct timespec before, after, deadline;
			clock_gettime(CLOCK_MONOTONIC, &before);
			deadline = clock_deadline(spans[i]);
			clock_gettime(CLOCK_MONOTONIC, &after);
			int64_t at = deadline.tv_sec * 1000000000 + deadline.tv_nsec -
			        spans[i] * 1000000;
			assert_in_range(deadline.tv_nsec, 0, 999999999);
			assert_true(at >= before.tv_sec * 1000000000 + before.tv_nsec);
			assert_true(at <= after.tv_sec * 1000000000 + after.tv_nsec);
		}
}

static void a_condition_waits_on_the_clock_of_the_deadlines(void **state)
{
	pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	pthread_cond_t never;
	struct timespec until = clock_deadline(20);
	int r;

	(void)state;
	clock_condition(&never);
	pthread_mutex_lock(&lock);
	wq_ms began = clock_boot();
	while ((r = pthread_cond_timedwait(&never, &lock, &until)) == 0)
		continue;
	wq_ms took = clock_boot() - began;
	pthread_mutex_unlock(&lock);
	pthread_cond_destroy(&never);
	/* On the time of day it would have been over at once. */
	assert_true(took >= 15);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_is_told_untrusted_because_another_is_still_asking),
		cmocka_unit_test(it_is_trusted_when_the_kernel_is_sure),
		cmocka_unit_test(a_time_before_this_program_was_written_is_not_believed),
		cmocka_unit_test(the_kernel_is_asked_once_a_second),
		cmocka_unit_test(time_since_boot_never_runs_backwards_in_any_thread),
		cmocka_unit_test(a_deadline_is_its_span_ahead_and_well_formed),
		cmocka_unit_test(a_condition_waits_on_the_clock_of_the_deadlines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
