/* SPDX-License-Identifier: Apache-2.0 */
/* Receipts among threads: let go exactly by the commit that holds the batch, or told the truth. */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "intake/receipts.h"
#include "wq/err.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#define PATIENT WQ_SECONDS(60) /* a test that waits as long has failed */
#define WAITERS 16
#define ROUNDS  200

struct waiter {
	struct receipts *receipts;
	uint64_t sequence;
	int told;
	bool early; /* was told "committed" before it was */
	pthread_t thread;
};

/* What main has committed: raised before the receipts hear of it. */
static atomic_uint_fast64_t committed;

static int open_receipts(void **state)
{
	*state = receipts_new(100);
	atomic_store(&committed, 100);
	return *state != NULL ? 0 : -1;
}

static int close_receipts(void **state)
{
	receipts_free(*state);
	return 0;
}

#define receipts_test(fn) cmocka_unit_test_setup_teardown(fn, open_receipts, close_receipts)

static void commit(struct receipts *receipts, uint64_t sequence)
{
	atomic_store(&committed, sequence);
	receipts_committed(receipts, sequence);
}

static void *wait_one(void *argument)
{
	struct waiter *w = argument;

	w->told = receipts_wait(w->receipts, w->sequence, PATIENT);
	w->early = w->told == 0 && atomic_load(&committed) < w->sequence;
	return NULL;
}

static void begin(struct waiter waiters[WAITERS], struct receipts *receipts)
{
	for (size_t i = 0; i < WAITERS; i++) {
		waiters[i] = (struct waiter){ .receipts = receipts, .sequence = 101 + i };
		assert_int_equal(
		        pthread_create(&waiters[i].thread, NULL, wait_one, &waiters[i]), 0);
	}
}

static void end(struct waiter waiters[WAITERS])
{
	for (size_t i = 0; i < WAITERS; i++)
		pthread_join(waiters[i].thread, NULL);
}

static void the_commit_that_holds_a_batch_lets_its_sender_go(void **state)
{
	struct waiter waiters[WAITERS];

	begin(waiters, *state);
	for (size_t i = 0; i < WAITERS; i++) {
		commit(*state, 101 + i);
		pthread_join(
		        waiters[i].thread, NULL); /* would never come back if nobody had woken it */
		assert_int_equal(waiters[i].told, 0);
		assert_false(waiters[i].early);
	}
}

static void no_sender_is_let_go_before_its_commit(void **state)
{
	struct waiter w = { .receipts = *state };

	/* One that waits while the commits before its own pass, again and again. */
	for (uint64_t round = 0; round < ROUNDS; round++) {
		w.sequence = 100 + (round + 1) * 10;
		assert_int_equal(pthread_create(&w.thread, NULL, wait_one, &w), 0);
		for (uint64_t at = 100 + round * 10 + 1; at <= w.sequence; at++)
			commit(*state, at);
		pthread_join(w.thread, NULL);
		assert_int_equal(w.told, 0);
		assert_false(w.early);
	}
}

static void a_group_lets_all_go_whose_batches_it_holds(void **state)
{
	struct waiter waiters[WAITERS];

	begin(waiters, *state);
	commit(*state, 100 + WAITERS);
	end(waiters);
	for (size_t i = 0; i < WAITERS; i++)
		assert_int_equal(waiters[i].told, 0);
}

static void a_commit_without_batches_takes_nothing_back(void **state)
{
	receipts_committed(*state, 0);
	receipts_committed(*state, 7);
	assert_int_equal(receipts_wait(*state, 100, PATIENT), 0);
	assert_int_equal(receipts_wait(*state, 101, 0), WQ_E_TIMEOUT);
}

static void who_waits_too_long_is_told_so_and_can_ask_again(void **state)
{
	assert_int_equal(receipts_wait(*state, 101, 0), WQ_E_TIMEOUT);
	assert_int_equal(receipts_wait(*state, 101, 2), WQ_E_TIMEOUT);
	receipts_committed(*state, 101);
	assert_int_equal(receipts_wait(*state, 101, 0), 0);
}

static void a_lost_batch_lets_its_own_sender_go_and_no_other(void **state)
{
	struct waiter waiters[WAITERS];

	begin(waiters, *state);
	receipts_lost(*state, 101 + 5);
	pthread_join(waiters[5].thread, NULL);
	assert_int_equal(waiters[5].told, WQ_E_FULL);
	commit(*state, 100 + WAITERS);
	for (size_t i = 0; i < WAITERS; i++)
		if (i != 5) {
			pthread_join(waiters[i].thread, NULL);
			assert_int_equal(waiters[i].told, 0);
		}
}

/* A sender may come to wait only after its batch was lost, and others after it were stored and lost
 * again. Who is between two that were lost may be told too little, never too much. */
static void a_batch_stays_lost_when_later_ones_are_lost_too(void **state)
{
	for (uint64_t lost = 110; lost < 300; lost += 10)
		receipts_lost(*state, lost);
	receipts_committed(*state, 1000);
	for (uint64_t sequence = 101; sequence < 400; sequence++) {
		bool lost = sequence >= 110 && sequence < 300 && sequence % 10 == 0;
		int told = receipts_wait(*state, sequence, 0);
		if (lost || sequence < 110 || sequence >= 300)
			assert_int_equal(told, lost ? WQ_E_FULL : 0);
		else
			assert_true(told == 0 || told == WQ_E_FULL);
	}
}

static void a_stall_lets_everybody_go_and_its_end_makes_them_wait_again(void **state)
{
	struct waiter waiters[WAITERS];

	begin(waiters, *state);
	receipts_stalled(*state, true);
	end(waiters);
	for (size_t i = 0; i < WAITERS; i++)
		assert_int_equal(waiters[i].told, WQ_E_TIMEOUT);
	receipts_stalled(*state, false);
	begin(waiters, *state);
	commit(*state, 100 + WAITERS);
	end(waiters);
	for (size_t i = 0; i < WAITERS; i++)
		assert_int_equal(waiters[i].told, 0);
}

static void the_end_lets_everybody_go_and_says_what_was_committed(void **state)
{
	struct waiter waiters[WAITERS];

	begin(waiters, *state);
	commit(*state, 104);
	for (size_t i = 0; i < 4; i++)
		pthread_join(waiters[i].thread, NULL);
	receipts_close(*state);
	for (size_t i = 4; i < WAITERS; i++)
		pthread_join(waiters[i].thread, NULL);
	for (size_t i = 0; i < WAITERS; i++)
		assert_int_equal(waiters[i].told, i < 4 ? 0 : WQ_E_STATE);
	assert_int_equal(receipts_wait(*state, 104, PATIENT), 0);
	assert_int_equal(receipts_wait(*state, 105, PATIENT), WQ_E_STATE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		receipts_test(the_commit_that_holds_a_batch_lets_its_sender_go),
		receipts_test(no_sender_is_let_go_before_its_commit),
		receipts_test(a_group_lets_all_go_whose_batches_it_holds),
		receipts_test(a_commit_without_batches_takes_nothing_back),
		receipts_test(who_waits_too_long_is_told_so_and_can_ask_again),
		receipts_test(a_lost_batch_lets_its_own_sender_go_and_no_other),
		receipts_test(a_batch_stays_lost_when_later_ones_are_lost_too),
		receipts_test(a_stall_lets_everybody_go_and_its_end_makes_them_wait_again),
		receipts_test(the_end_lets_everybody_go_and_says_what_was_committed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
