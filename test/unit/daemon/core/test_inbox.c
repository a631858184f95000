/* SPDX-License-Identifier: Apache-2.0 */
/* The inbox: bounded, in order, nothing lost, and main is always rung for what it holds. */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "intake/inbox.h"

#include "wq/check.h"
#include "wq/err.h"

#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define PATIENT  WQ_SECONDS(60) /* a test that waits as long has failed */
#define RECEIVED ((wq_ms)1772697600000)

static int open_inbox(void **state)
{
	*state = inbox_new(1, NULL);
	return *state != NULL ? 0 : -1;
}

static int close_inbox(void **state)
{
	inbox_free(*state);
	return 0;
}

#define inbox_test(fn) cmocka_unit_test_setup_teardown(fn, open_inbox, close_inbox)

/* One sample of a source, whose value says the how manieth. */
static int put(struct inbox *inbox, uint32_t source, size_t number, wq_ms patience)
{
	struct wq_sample sample = { .series = source, .at = RECEIVED, .value = (double)number };

	return inbox_put(inbox, source, RECEIVED, true, &sample, 1, patience, NULL);
}

static bool rung(const struct inbox *inbox, int timeout)
{
	struct pollfd at = { .fd = inbox_fd(inbox), .events = POLLIN };

	return poll(&at, 1, timeout) == 1;
}

static void fill(struct inbox *inbox)
{
	size_t i = inbox_depth(inbox);

	while (put(inbox, 0, i, 0) == 0)
		i++;
	assert_int_equal(inbox_depth(inbox), INBOX_BATCHES);
}

static void a_batch_is_a_copy_with_a_number(void **state)
{
	struct wq_sample samples[] = {
		{ .series = 3, .at = 77, .value = 0.2, .stamp = WQ_STAMP_STATION, .flag = "N" },
		{ .series = 4, .at = WQ_NO_TIME, .value = NAN, .quality = WQ_MISSING }
	};
	uint64_t sequence;

	for (uint64_t expected = 1; expected <= 3; expected++) {
		assert_int_equal(
		        inbox_put(*state, 9, RECEIVED, false, samples, 2, 0, &sequence), 0);
		assert_int_equal(sequence, expected);
	}
	memset(samples, 0xFF, sizeof samples);
	struct wq_batch *batch = inbox_take(*state);
	assert_int_equal(batch->source, 9);
	assert_int_equal(batch->sequence, 1);
	assert_int_equal(batch->received, RECEIVED);
	assert_false(batch->trusted);
	assert_int_equal(batch->count, 2);
	assert_int_equal(batch->samples[0].series, 3);
	assert_int_equal(batch->samples[0].at, 77);
	assert_int_equal(batch->samples[0].stamp, WQ_STAMP_STATION);
	assert_string_equal(batch->samples[0].flag, "N");
	assert_true(isnan(batch->samples[1].value));
	/* Without a time of its own it is stamped with its arrival. */
	assert_int_equal(batch->samples[1].at, RECEIVED);
	assert_int_equal(batch->samples[1].stamp, WQ_STAMP_ARRIVAL);
	free(batch);
}

static void numbers_go_on_where_the_last_life_ended(void **state)
{
	struct inbox *inbox = inbox_new(1000001, NULL);
	struct wq_sample sample = { .at = 1 };
	uint64_t sequence;

	(void)state;
	assert_int_equal(inbox_put(inbox, 0, RECEIVED, true, &sample, 1, 0, &sequence), 0);
	assert_int_equal(sequence, 1000001);
	inbox_free(inbox);
}

static void what_is_refused_takes_no_number(void **state)
{
	uint64_t sequence = 12345;
	struct wq_sample sample = { .at = 1 };

	fill(*state);
	assert_int_equal(inbox_put(*state, 0, RECEIVED, true, &sample, 1, 0, &sequence), WQ_E_FULL);
	assert_int_equal(sequence, 12345);
	free(inbox_take(*state));
	assert_int_equal(inbox_put(*state, 0, RECEIVED, true, &sample, 1, 0, &sequence), 0);
	assert_int_equal(sequence, INBOX_BATCHES + 1);
}

static void its_order_holds_all_around_the_ring(void **state)
{
	size_t put_in = 0, taken = 0;

	srand(20260305);
	while (taken < (size_t)INBOX_BATCHES * 3) {
		for (int i = rand() % 4000; i > 0 && put(*state, 0, put_in, 0) == 0; i--)
			put_in++;
		assert_true(
		        inbox_depth(*state) == put_in - taken && put_in - taken <= INBOX_BATCHES);
		for (int i = rand() % 4000; i > 0; i--) {
			struct wq_batch *batch = inbox_take(*state);
			assert_int_equal(batch != NULL, taken < put_in);
			if (batch == NULL)
				break;
			assert_int_equal(batch->sequence, taken + 1);
			assert_true(batch->samples[0].value == (double)taken++);
			free(batch);
		}
	}
}

static void its_bytes_are_bounded_too(void **state)
{
	static struct wq_sample samples[4096];
	size_t each = sizeof(struct wq_batch) + sizeof samples, n = 0;

	while (inbox_put(*state, 0, RECEIVED, true, samples, 4096, 0, NULL) == 0)
		n++;
	assert_int_equal(n, INBOX_BYTES / each);
	assert_int_equal(inbox_refused(*state), 4096);
	assert_int_equal(inbox_accepted(*state), n * 4096);
	/* What fits beside them is taken; what is taken out makes room for as much. */
	assert_int_equal(put(*state, 0, 0, 0), 0);
	free(inbox_take(*state));
	assert_int_equal(inbox_put(*state, 0, RECEIVED, true, samples, 4095, 0, NULL), 0);
	for (struct wq_batch *batch; (batch = inbox_take(*state)) != NULL;)
		free(batch);
	for (n = 0; inbox_put(*state, 0, RECEIVED, true, samples, 4096, 0, NULL) == 0;)
		n++;
	assert_int_equal(n, INBOX_BYTES / each);
}

static void a_batch_larger_than_the_inbox_is_refused_not_waited_for(void **state)
{
	size_t count = INBOX_BYTES / sizeof(struct wq_sample) + 1;
	struct wq_sample *samples = calloc(count, sizeof *samples);

	assert_non_null(samples);
	assert_int_equal(inbox_put(*state, 0, RECEIVED, true, samples, count, 1, NULL), WQ_E_FULL);
	assert_int_equal(inbox_refused(*state), count);
	assert_int_equal(inbox_depth(*state), 0);
	free(samples);
}

static void patience_ends(void **state)
{
	fill(*state);
	uint64_t refused = inbox_refused(*state);
	assert_int_equal(put(*state, 0, 0, 1), WQ_E_FULL);
	assert_int_equal(inbox_refused(*state), refused + 1);
	assert_int_equal(inbox_depth(*state), INBOX_BATCHES);
}

static void a_closed_inbox_gives_what_it_has_and_takes_no_more(void **state)
{
	assert_int_equal(put(*state, 0, 7, 0), 0);
	inbox_close(*state);
	assert_int_equal(put(*state, 0, 8, 0), WQ_E_STATE);
	assert_int_equal(put(*state, 0, 8, PATIENT), WQ_E_STATE);
	struct wq_batch *batch = inbox_take(*state);
	assert_true(batch->samples[0].value == 7);
	free(batch);
	assert_null(inbox_take(*state));
}

static void the_first_batch_rings_and_so_does_every_letter(void **state)
{
	struct letter letters[2];

	assert_false(rung(*state, 0));
	put(*state, 0, 0, 0);
	assert_true(rung(*state, 0));
	inbox_silence(*state);
	assert_false(rung(*state, 0));
	/* Main knows that there is something: it takes until nothing is left or rings itself. */
	put(*state, 0, 1, 0);
	assert_false(rung(*state, 0));
	inbox_ring(*state);
	assert_true(rung(*state, 0));
	inbox_silence(*state);
	free(inbox_take(*state));
	free(inbox_take(*state));
	put(*state, 0, 2, 0);
	assert_true(rung(*state, 0));
	inbox_silence(*state);
	for (int i = 0; i < 2; i++) {
		inbox_post(*state, &letters[i]);
		assert_true(rung(*state, 0));
		inbox_silence(*state);
	}
	assert_ptr_equal(inbox_letters(*state), &letters[0]);
	assert_ptr_equal(letters[0].next, &letters[1]);
	assert_null(letters[1].next);
	assert_null(inbox_letters(*state));
}

static void a_flood_of_batches_does_not_shut_letters_out(void **state)
{
	struct letter letter;

	fill(*state);
	inbox_post(*state, &letter);
	assert_ptr_equal(inbox_letters(*state), &letter);
}

/* -- many threads -- */

#define PRODUCERS 8
#define EACH      4000

struct producer {
	struct inbox *inbox;
	uint32_t source;
	wq_ms patience;
	size_t accepted;
	int last; /* what its last put said */
	struct letter *letters;
	atomic_size_t *left; /* producers at work */
};

static struct producer producers[PRODUCERS];
static pthread_t threads[PRODUCERS];
static atomic_size_t at_work;

static void start(struct inbox *inbox, wq_ms patience, void *(*run)(void *))
{
	atomic_store(&at_work, PRODUCERS);
	for (uint32_t i = 0; i < PRODUCERS; i++) {
		producers[i] = (struct producer){
			.inbox = inbox, .source = i, .patience = patience, .left = &at_work
		};
		assert_int_equal(pthread_create(&threads[i], NULL, run, &producers[i]), 0);
	}
}

static void join(void)
{
	for (size_t i = 0; i < PRODUCERS; i++)
		pthread_join(threads[i], NULL);
}

static void *produce(void *argument)
{
	struct producer *p = argument;

	for (size_t i = 0; i < EACH; i++)
		p->accepted += put(p->inbox, p->source, i, p->patience) == 0;
	/* The last one rings, so that main comes and sees that it is over. */
	if (atomic_fetch_sub(p->left, 1) == 1)
		inbox_ring(p->inbox);
	return NULL;
}

/* As main does: sleeps until it is rung, silences the bell, takes all there is. Returns how many
 * came; `values` has the next that is due of each source (where some may be refused: at least). */
static size_t consume(struct inbox *inbox, bool gapless)
{
	size_t taken = 0;
	double next[PRODUCERS] = { 0 };
	bool over = false;

	while (!over) {
		assert_true(rung(inbox, (int)PATIENT));
		over = atomic_load(&at_work) == 0;
		inbox_silence(inbox);
		for (struct wq_batch *batch; (batch = inbox_take(inbox)) != NULL; free(batch)) {
			double value = batch->samples[0].value;
			assert_int_equal(batch->sequence, ++taken);
			assert_true(gapless ? value == next[batch->source]
			                    : value >= next[batch->source]);
			next[batch->source] = value + 1;
		}
	}
	return taken;
}

static void many_patient_sources_lose_nothing_and_stay_in_order(void **state)
{
	start(*state, PATIENT, produce);
	size_t taken = consume(*state, true);
	join();
	assert_int_equal(taken, (size_t)PRODUCERS * EACH);
	assert_int_equal(inbox_accepted(*state), taken);
	assert_int_equal(inbox_refused(*state), 0);
}

static void many_hasty_sources_know_of_every_batch_whether_it_was_taken(void **state)
{
	size_t accepted = 0;

	fill(*state); /* so that some are refused for certain */
	uint64_t before = inbox_refused(*state);
	for (struct wq_batch *batch;
	        inbox_depth(*state) > 100 && (batch = inbox_take(*state)) != NULL;)
		free(batch);
	start(*state, 0, produce);
	join();
	for (size_t i = 0; i < PRODUCERS; i++)
		accepted += producers[i].accepted;
	assert_true(accepted < (size_t)PRODUCERS * EACH);
	assert_int_equal(inbox_depth(*state), 100 + accepted);
	assert_int_equal(inbox_refused(*state), before + (size_t)PRODUCERS * EACH - accepted);
}

static void *put_once(void *argument)
{
	struct producer *p = argument;

	p->last = put(p->inbox, p->source, 0, p->patience);
	atomic_fetch_sub(p->left, 1);
	return NULL;
}

static void room_for_one_lets_exactly_one_in(void **state)
{
	fill(*state);
	start(*state, PATIENT, put_once);
	for (size_t left = PRODUCERS; left > 0; left--) {
		assert_true(atomic_load(&at_work) >= left);
		free(inbox_take(*state));
		while (atomic_load(&at_work) >= left)
			sched_yield();
	}
	join();
	for (size_t i = 0; i < PRODUCERS; i++)
		assert_int_equal(producers[i].last, 0);
	assert_int_equal(inbox_depth(*state), INBOX_BATCHES);
}

static void closing_sends_those_away_who_wait_for_room(void **state)
{
	fill(*state);
	start(*state, PATIENT, put_once);
	inbox_close(*state);
	join();
	for (size_t i = 0; i < PRODUCERS; i++)
		assert_int_equal(producers[i].last, WQ_E_STATE);
}

struct numbered {
	struct letter letter;
	uint32_t sender;
	size_t number;
};

static void *post(void *argument)
{
	struct producer *p = argument;

	for (size_t i = 0; i < EACH; i++) {
		struct numbered *letter = calloc(1, sizeof *letter);
		*letter = (struct numbered){ .sender = p->source, .number = i };
		inbox_post(p->inbox, &letter->letter);
	}
	atomic_fetch_sub(p->left, 1);
	return NULL;
}

static void letters_of_many_threads_arrive_all_and_in_each_senders_order(void **state)
{
	size_t next[PRODUCERS] = { 0 }, taken = 0;

	start(*state, 0, post);
	while (taken < (size_t)PRODUCERS * EACH) {
		assert_true(rung(*state, (int)PATIENT));
		inbox_silence(*state);
		for (struct letter *letter = inbox_letters(*state), *after; letter != NULL;
		        letter = after) {
			const struct numbered *n = (struct numbered *)letter;
			after = letter->next;
			assert_int_equal(n->number, next[n->sender]++);
			taken++;
			free(letter);
		}
	}
	join();
	assert_null(inbox_letters(*state));
}

static void checks_travel_with_their_message_and_count_as_bytes(void **state)
{
	const struct wq_check checks[2] = { { .series = 3, .kind = WQ_CHECK_ZERO, .value = 0.1 }, { .series = 4, .value = 2 } };
	const struct wq_sample sample = { .series = 7, .at = WQ_NO_TIME };
	uint64_t number = 0;

	assert_int_equal(inbox_post_batch(*state,
	                         &(struct wq_batch){ .received = 5, .count = 1, .samples = &sample, .check_count = 2,
	                                 .checks = checks },
	                         &number),
	        0);
	struct wq_batch *batch = inbox_take(*state);
	assert_non_null(batch);
	assert_int_equal(batch->sequence, number);
	assert_int_equal(batch->samples[0].at, 5);
	assert_int_equal(batch->check_count, 2);
	assert_memory_equal(batch->checks, checks, sizeof checks);
	free(batch);
	static struct wq_check many[100000];
	size_t taken = 0;
	while (inbox_post_batch(*state, &(struct wq_batch){ .check_count = 100000, .checks = many }, NULL) == 0)
		taken++;
	assert_in_range(taken, 1, INBOX_BYTES / sizeof many);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		inbox_test(a_batch_is_a_copy_with_a_number),
		cmocka_unit_test(numbers_go_on_where_the_last_life_ended),
		inbox_test(what_is_refused_takes_no_number),
		inbox_test(its_order_holds_all_around_the_ring),
		inbox_test(its_bytes_are_bounded_too),
		inbox_test(a_batch_larger_than_the_inbox_is_refused_not_waited_for),
		inbox_test(patience_ends),
		inbox_test(a_closed_inbox_gives_what_it_has_and_takes_no_more),
		inbox_test(the_first_batch_rings_and_so_does_every_letter),
		inbox_test(a_flood_of_batches_does_not_shut_letters_out),
		inbox_test(many_patient_sources_lose_nothing_and_stay_in_order),
		inbox_test(many_hasty_sources_know_of_every_batch_whether_it_was_taken),
		inbox_test(room_for_one_lets_exactly_one_in),
		inbox_test(closing_sends_those_away_who_wait_for_room),
		inbox_test(checks_travel_with_their_message_and_count_as_bytes),
		inbox_test(letters_of_many_threads_arrive_all_and_in_each_senders_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
