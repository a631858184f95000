/* SPDX-License-Identifier: Apache-2.0 */
/* Groups on their way to the writer: when they leave, how large they grow, what comes back. */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_writer.h"
#include "handover.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOM ((size_t)1000)

static int open_handover(void **state)
{
	struct handover *handover = calloc(1, sizeof *handover);

	if (handover == NULL)
		return -1;
	handover_init(handover, ROOM);
	handover->writer = fake_writer_new();
	*state = handover;
	return handover->writer != NULL ? 0 : -1;
}

static int close_handover(void **state)
{
	struct handover *handover = *state;

	free(handover->writer);
	handover_finish(handover);
	free(handover);
	return 0;
}

#define handover_test(fn) cmocka_unit_test_setup_teardown(fn, open_handover, close_handover)

/* As main does with a batch of so many samples; only the counts matter here. */
static void batch(struct handover *handover, size_t samples)
{
	struct commit_group *group = &handover_current(handover)->group;

	group->batch_count++;
	group->outcome.sample_count += samples;
	handover->samples += samples;
}

static struct flight *land(struct handover *handover)
{
	struct flight *flight = (struct flight *)fake_writer_land(handover->writer);

	handover_landed(handover, flight);
	return flight;
}

static size_t under_way(const struct handover *handover)
{
	size_t n = 0;

	for (const struct flight *f = handover->first; f != NULL; f = f->next)
		n++;
	return n;
}

static void an_idle_writer_gets_a_group_at_once(void **state)
{
	struct handover *handover = *state;

	batch(handover, 1);
	handover_submit(handover, 5000, false);
	assert_int_equal(handover->writer->submitted, 1);
	assert_null(handover->current);
	assert_int_equal(handover_age(handover, 5700), 700);
}

static void a_group_without_anything_stays(void **state)
{
	struct handover *handover = *state;

	handover_submit(handover, 5000, true);
	handover_current(handover);
	handover_submit(handover, 5000, true);
	assert_int_equal(handover->writer->submitted, 0);
	assert_int_equal(handover_age(handover, 6000), 0);
}

/* Each of them alone is reason enough for a group. */
static void whatever_is_to_be_stored_makes_a_group(void **state)
{
	static const size_t counts[] = { offsetof(struct commit_group, batch_count),
		offsetof(struct commit_group, outcome.sample_count),
		offsetof(struct commit_group, outcome.judged_count),
		offsetof(struct commit_group, outcome.learnt_count),
		offsetof(struct commit_group, outcome.day_count),
		offsetof(struct commit_group, outcome.change_count),
		offsetof(struct commit_group, outcome.need_count),
		offsetof(struct commit_group, notice_count),
		offsetof(struct commit_group, delivery_count),
		offsetof(struct commit_group, outage_count) };
	struct handover *handover = *state;

	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
		size_t *count = (size_t *)((char *)&handover_current(handover)->group + counts[i]);
		*count = 1;
		handover_submit(handover, 5000, false);
		assert_int_equal(handover->writer->submitted, i + 1);
		struct flight *flight = land(handover);
		*(size_t *)((char *)&flight->group + counts[i]) = 0;
		handover_recycle(handover, flight);
	}
}

static void while_the_writer_is_busy_the_next_group_grows_to_its_limit(void **state)
{
	struct handover *handover = *state;

	batch(handover, 0);
	handover_submit(handover, 5000, false);
	for (size_t i = 1; i <= GROUP_BATCHES; i++) {
		assert_int_equal(handover->writer->submitted, 1);
		assert_non_null(handover_current(handover));
		batch(handover, 0);
		handover_submit(handover, 5000, false);
	}
	assert_int_equal(handover->writer->submitted, 2);
	assert_int_equal(handover->writer->groups[1]->batch_count, GROUP_BATCHES);
}

static void at_the_end_it_leaves_though_the_writer_is_busy(void **state)
{
	struct handover *handover = *state;

	batch(handover, 1);
	handover_submit(handover, 5000, false);
	batch(handover, 1);
	handover_submit(handover, 5001, false);
	assert_int_equal(handover->writer->submitted, 1);
	handover_submit(handover, 5002, true);
	assert_int_equal(handover->writer->submitted, 2);
	assert_int_equal(handover_age(handover, 5010), 10); /* the oldest one's */
}

static void a_group_that_the_writer_has_no_room_for_is_kept(void **state)
{
	struct handover *handover = *state;

	handover->writer->depth = 1;
	batch(handover, 3);
	handover_submit(handover, 5000, false);
	batch(handover, 4);
	handover_submit(handover, 5000, true);
	assert_int_equal(under_way(handover), 1);
	assert_int_equal(handover->samples, 7);
	assert_int_equal(handover->current->group.outcome.sample_count, 4);
	handover_recycle(handover, land(handover));
	handover_submit(handover, 5000, false);
	assert_int_equal(handover->writer->groups[0]->outcome.sample_count, 4);
}

static void it_is_full_by_samples_under_way_the_growing_group_included(void **state)
{
	struct handover *handover = *state;

	batch(handover, ROOM - 2);
	handover_submit(handover, 5000, false);
	batch(handover, 1);
	assert_false(handover_full(handover));
	batch(handover, 1);
	assert_true(handover_full(handover));
	handover_recycle(handover, land(handover));
	assert_false(handover_full(handover));
	assert_int_equal(handover->samples, 2);
	assert_int_equal(handover->committed_groups, 1);
	assert_int_equal(handover->committed_samples, ROOM - 2);
}

static void groups_may_land_in_any_order_and_the_rest_stays_in_line(void **state)
{
	struct handover *handover = *state;

	srand(20260305);
	for (size_t round = 0; round < 500; round++) {
		size_t n = 1 + (size_t)rand() % 6, left = n;
		struct flight *flights[6];
		for (size_t i = 0; i < n; i++) {
			batch(handover, i + 1);
			flights[i] = handover->current;
			handover_submit(handover, (wq_ms)(round * 10 + i), true);
		}
		handover->writer->count = 0;
		while (left > 0) {
			size_t at = (size_t)rand() % left--;
			handover_landed(handover, flights[at]);
			handover_recycle(handover, flights[at]);
			memmove(flights + at, flights + at + 1, (left - at) * sizeof flights[0]);
			const struct flight *f = handover->first;
			for (size_t i = 0; i < left; i++, f = f->next)
				assert_ptr_equal(f, flights[i]);
			assert_null(f);
		}
		assert_ptr_equal(handover->last, &handover->first);
		assert_int_equal(handover->samples, 0);
	}
}

static void a_group_that_landed_is_used_again_empty(void **state)
{
	struct handover *handover = *state;

	batch(handover, 5);
	struct flight *flight = handover->current;
	assert_non_null(handover_notices(flight, 3));
	flight->group.notice_count = 3;
	flight->told = flight->routed = 3;
	handover_submit(handover, 5000, false);
	handover_recycle(handover, land(handover));
	assert_ptr_equal(handover_current(handover), flight);
	assert_int_equal(flight->group.batch_count + flight->group.outcome.sample_count +
	                flight->group.notice_count + flight->told + flight->routed +
	                flight->group.last_sequence,
	        0);
	handover_submit(handover, 5000, true);
	assert_int_equal(handover->writer->submitted, 1);
}

static void rows_survive_the_growth_of_their_table(void **state)
{
	struct flight *flight = handover_current(*state);

	for (uint32_t i = 0; i < 200; i++) {
		struct store_delivery delivery = { .attempt = i };
		struct store_outage outage = { .source = i };
		assert_true(handover_delivery(flight, &delivery));
		assert_true(handover_outage(flight, &outage));
		struct wq_notice *notices = handover_notices(flight, 1 + i % 7);
		assert_non_null(notices);
		memset(notices, 0,
		        (1 + i % 7) * sizeof *notices); /* all that was asked for is there */
		notices[0].number = i;
		flight->group.notice_count++;
	}
	for (uint32_t i = 0; i < 200; i++) {
		assert_int_equal(flight->group.deliveries[i].attempt, i);
		assert_int_equal(flight->group.outages[i].source, i);
		assert_int_equal(flight->group.notices[i].number, i);
	}
}

/* A group of so many samples and changes that has landed, with the room that they took. */
static struct flight *landed(struct handover *handover, size_t samples, size_t changes)
{
	struct wq_outcome *outcome = &handover_current(handover)->group.outcome;
	struct flight *flight;

	if (outcome->sample_room < samples) {
		outcome->samples = realloc(outcome->samples, samples * sizeof *outcome->samples);
		outcome->sample_room = samples;
	}
	if (outcome->change_room < changes) {
		outcome->changes = realloc(outcome->changes, changes * sizeof *outcome->changes);
		outcome->change_room = changes;
	}
	batch(handover, samples);
	outcome->change_count = changes;
	handover_submit(handover, 5000, true);
	flight = land(handover);
	handover_recycle(handover, flight);
	return flight;
}

static void what_a_rush_took_is_given_back_when_it_is_not_needed(void **state)
{
	static const struct {
		size_t samples, changes; /* of the rush */
		size_t then_samples, then_changes;
		bool kept;
	} rows[] = {
		{ 4000, 0, 10, 0, false },
		{ 4000, 0, 1000, 0, true }, /* a quarter of it is needed */
		{ 4000, 0, 999, 0, false },
		{ GROUP_SAMPLES_KEPT, 0, 0, 0, true }, /* little */
		{ 1, 4000, 1, 0, false },
		{ 1, 4000, 1, 1000, true },
		{ 1, GROUP_CHANGES_KEPT, 1, 0, true },
	};
	struct handover *handover = *state;
	wq_ms now = 0;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct flight *flight = landed(handover, rows[i].samples, rows[i].changes);
		const struct wq_outcome *outcome = &flight->group.outcome;

		handover_tidy(handover, now += HANDOVER_TIDY);
		assert_true(outcome->sample_room >= rows[i].samples && outcome->change_room >= rows[i].changes);
		landed(handover, rows[i].then_samples, rows[i].then_changes);
		handover_tidy(handover, now + HANDOVER_TIDY - 1); /* it does not look yet */
		assert_true(outcome->sample_room >= rows[i].samples && outcome->change_room >= rows[i].changes);
		handover_tidy(handover, now += HANDOVER_TIDY);
		assert_int_equal(outcome->sample_room > 0, rows[i].kept);
		assert_int_equal(outcome->samples != NULL || outcome->changes != NULL, rows[i].kept);
		commit_group_free(&flight->group);
	}
}

/* One change may be told to hundreds. */
static void what_notices_took_is_given_back_when_it_is_not_needed(void **state)
{
	struct handover *handover = *state;
	struct flight *flight = handover_current(handover);

	assert_non_null(handover_notices(flight, 4 * GROUP_NOTICES_KEPT));
	flight->group.notice_count = 4 * GROUP_NOTICES_KEPT;
	handover_submit(handover, 5000, true);
	land(handover);
	handover_recycle(handover, flight);
	handover_tidy(handover, HANDOVER_TIDY);
	assert_int_equal(flight->group.notice_room, 4 * GROUP_NOTICES_KEPT);
	handover_tidy(handover, 2 * HANDOVER_TIDY);
	assert_int_equal(flight->group.notice_room, 0);
	/* Little stays. */
	assert_ptr_equal(handover_current(handover), flight);
	assert_non_null(handover_notices(flight, GROUP_NOTICES_KEPT));
	handover_tidy(handover, 3 * HANDOVER_TIDY);
	assert_int_equal(flight->group.notice_room, GROUP_NOTICES_KEPT);
}

static void a_group_that_is_being_filled_is_left_alone(void **state)
{
	struct handover *handover = *state;
	struct flight *flight = landed(handover, 4000, 0);

	handover_tidy(handover, HANDOVER_TIDY);
	batch(handover, 1);
	assert_ptr_equal(handover->current, flight);
	handover_tidy(handover, 2 * HANDOVER_TIDY);
	assert_int_equal(flight->group.outcome.sample_room, 4000);
	flight->group.batch_count = flight->group.outcome.sample_count = 0;
	handover_tidy(handover, 3 * HANDOVER_TIDY);
	assert_int_equal(flight->group.outcome.sample_room, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		handover_test(an_idle_writer_gets_a_group_at_once),
		handover_test(a_group_without_anything_stays),
		handover_test(whatever_is_to_be_stored_makes_a_group),
		handover_test(while_the_writer_is_busy_the_next_group_grows_to_its_limit),
		handover_test(at_the_end_it_leaves_though_the_writer_is_busy),
		handover_test(a_group_that_the_writer_has_no_room_for_is_kept),
		handover_test(it_is_full_by_samples_under_way_the_growing_group_included),
		handover_test(groups_may_land_in_any_order_and_the_rest_stays_in_line),
		handover_test(a_group_that_landed_is_used_again_empty),
		handover_test(rows_survive_the_growth_of_their_table),
		handover_test(what_a_rush_took_is_given_back_when_it_is_not_needed),
		handover_test(what_notices_took_is_given_back_when_it_is_not_needed),
		handover_test(a_group_that_is_being_filled_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
