/* SPDX-License-Identifier: Apache-2.0 */
/* The cursor follows the oldest record that is not acknowledged, and never passes it. */
#include "window.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct window window;

static uint64_t push(uint64_t sequence, const char *station, wq_ms at, bool last)
{
	struct window_entry *entry = window_push(&window);

	entry->sequence = sequence;
	entry->last = last;
	entry->at = at;
	entry->received = (wq_ms)sequence * 10;
	snprintf(entry->station, sizeof entry->station, "%s", station);
	return entry->token;
}

static size_t commit(const char *station, uint64_t sequence, wq_ms at, bool through)
{
	return window_commit(&window,
		&(struct window_word){ .station = station, .sequence = sequence, .at = at, .through = through });
}

static void it_moves_when_the_oldest_is_acknowledged(void **state)
{
	(void)state;
	window_init(&window, 10, 5);
	uint64_t six = push(6, "a", 1, true), seven = push(7, "a", 2, true), eight = push(8, "a", 3, true);

	assert_true(window_acknowledge(&window, seven));
	assert_true(window_acknowledge(&window, eight));
	assert_int_equal(window.cursor, 5);
	assert_int_equal(window_oldest(&window)->sequence, 6);
	assert_true(window.forwarded == WQ_NO_TIME);
	assert_true(window_acknowledge(&window, six));
	assert_int_equal(window.cursor, 8);
	assert_int_equal(window.forwarded, 80);
	assert_null(window_oldest(&window));
}

static void a_batch_is_passed_whole_or_not_at_all(void **state)
{
	(void)state;
	window_init(&window, 10, 5);
	uint64_t first = push(6, "a", 1, false), second = push(6, "b", 1, true);

	assert_true(window_acknowledge(&window, first));
	assert_int_equal(window.cursor, 5);
	assert_true(window_acknowledge(&window, second));
	assert_int_equal(window.cursor, 6);
}

static void a_word_twice_or_too_late_or_never_sent_changes_nothing(void **state)
{
	(void)state;
	window_init(&window, 10, 0);
	uint64_t one = push(1, "a", 1, true), two = push(2, "a", 2, true);

	assert_true(window_acknowledge(&window, two));
	assert_false(window_acknowledge(&window, two));
	assert_false(window_acknowledge(&window, two + 1));
	assert_false(window_acknowledge(&window, 0));
	assert_int_equal(window.cursor, 0);
	window_rewind(&window);
	assert_false(window_acknowledge(&window, one));
	assert_int_equal(window.cursor, 0);
	/* Sent again it has another token: the old one's late word is not its own. */
	assert_true(push(1, "a", 1, true) > two);
	assert_false(window_acknowledge(&window, one));
	assert_int_equal(window.cursor, 0);
}

static void what_is_not_sent_is_passed_in_its_turn(void **state)
{
	(void)state;
	window_init(&window, 10, 0);
	window_skip(&window, 1, true);
	assert_int_equal(window.cursor, 1);
	uint64_t two = push(2, "a", 1, false);
	window_skip(&window, 2, true);
	window_skip(&window, 3, true);
	assert_int_equal(window.cursor, 1);
	assert_true(window_acknowledge(&window, two));
	assert_int_equal(window.cursor, 3);
	assert_int_equal(window.messages, 1);
}

static void a_receivers_word_ends_what_it_names(void **state)
{
	(void)state;
	window_init(&window, 10, 0);
	push(1, "a", 1, false);
	push(1, "a", 2, false);
	push(1, "b", 1, true);
	push(2, "a", 3, true);
	assert_int_equal(commit("a", 2, WQ_NO_TIME, false), 1);
	assert_int_equal(window.cursor, 0); /* only what it names: something may have been dropped on the way */
	assert_int_equal(commit("a", 1, 2, false), 1);
	assert_int_equal(commit("a", 1, 2, false), 0);
	assert_int_equal(commit("c", 1, WQ_NO_TIME, false), 0);
	assert_int_equal(commit("b", 9, WQ_NO_TIME, false), 0);
	assert_int_equal(commit("a", 1, WQ_NO_TIME, false), 1);
	assert_int_equal(window.cursor, 0);
	assert_int_equal(commit("b", 1, 1, false), 1);
	assert_int_equal(window.cursor, 2);
}

static void through_ends_what_lies_before_too_of_that_station(void **state)
{
	(void)state;
	window_init(&window, 10, 0);
	push(1, "a", 1, true);
	push(2, "b", 1, true);
	push(3, "a", 1, true);
	push(4, "a", 1, true);
	assert_int_equal(commit("a", 3, WQ_NO_TIME, true), 2);
	assert_int_equal(window.cursor, 1);
	assert_int_equal(commit(NULL, 3, WQ_NO_TIME, true), 1);
	assert_int_equal(window.cursor, 3);
}

/* 200,000 random words on a model that knows every record. */
static void it_never_passes_a_record_that_is_not_acknowledged(void **state)
{
	static bool done[200001];
	static uint64_t tokens[200001], sequences[200001];
	uint64_t pushed = 0, sequence = 1;

	(void)state;
	srand(7);
	window_init(&window, 50, 0);
	memset(done, 0, sizeof done);
	for (int step = 0; step < 200000; step++) {
		if (rand() % 3 == 0 && !window_full(&window) && pushed < 200000) {
			bool last = rand() % 2 == 0;
			sequences[++pushed] = sequence;
			tokens[pushed] = push(sequence, "a", 1, last);
			sequence += last;
		} else if (pushed > 0) {
			uint64_t which = pushed - (uint64_t)rand() % (pushed < 60 ? pushed : 60);
			if (window_acknowledge(&window, tokens[which]))
				done[which] = true;
		}
		if (step % 97 == 0)
			for (uint64_t i = pushed > 100 ? pushed - 100 : 1; i <= pushed; i++)
				if (!done[i])
					assert_true(window.cursor < sequences[i]);
	}
	for (uint64_t i = 1; i <= pushed; i++)
		window_acknowledge(&window, tokens[i]);
	assert_int_equal(window.cursor, sequence - 1);
	assert_int_equal(window.messages, pushed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_moves_when_the_oldest_is_acknowledged),
		cmocka_unit_test(a_batch_is_passed_whole_or_not_at_all),
		cmocka_unit_test(a_word_twice_or_too_late_or_never_sent_changes_nothing),
		cmocka_unit_test(what_is_not_sent_is_passed_in_its_turn),
		cmocka_unit_test(a_receivers_word_ends_what_it_names),
		cmocka_unit_test(through_ends_what_lies_before_too_of_that_station),
		cmocka_unit_test(it_never_passes_a_record_that_is_not_acknowledged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
