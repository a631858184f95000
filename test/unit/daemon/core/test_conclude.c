/* SPDX-License-Identifier: Apache-2.0 */
/* From inbox to notice on main: in order, in time, once, and going on whatever stands still. */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "catchup.h"
#include "conclude.h"
#include "hand_clock.h"
#include "main_bench.h"

#include "wq/err.h"

#include <stdlib.h>
#include <string.h>

#define RING ((size_t)500)

static int open_bench(void **state)
{
	*state = main_bench_open(RING);
	return 0;
}

static int close_bench(void **state)
{
	main_bench_close(*state);
	return 0;
}

#define bench_test(fn) cmocka_unit_test_setup_teardown(fn, open_bench, close_bench)

static void put_many(struct main_bench *b, size_t batches, size_t samples)
{
	for (size_t i = 0; i < batches; i++)
		main_bench_put(b, samples);
}

static void assert_judged_once_in_order(const struct main_bench *b, size_t count)
{
	assert_int_equal(b->judged_count, count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(b->judged[i], i + 1);
}

static struct writer *writer_of(const struct main_bench *b)
{
	return b->daemon.handover.writer;
}

static int receipt(const struct main_bench *b, uint64_t sequence)
{
	return receipts_wait(b->daemon.receipts, sequence, 0);
}

/* -- dispatch and groups -- */

static void all_that_waits_is_judged_once_in_order_and_handed_over(void **state)
{
	struct main_bench *b = *state;

	put_many(b, 7, 3);
	main_bench_run(b);
	assert_judged_once_in_order(b, 7);
	assert_int_equal(writer_of(b)->count, 1);
	const struct commit_group *group = writer_of(b)->groups[0];
	assert_int_equal(group->batch_count, 7);
	assert_int_equal(group->last_sequence, 7);
	assert_int_equal(group->outcome.sample_count, 21);
	assert_int_equal(b->daemon.handover.samples, 21);
	assert_int_equal(b->daemon.batches, 7);
}

static void checks_are_stored_with_their_batch_and_judged_by_nobody(void **state)
{
	struct main_bench *b = *state;
	const struct wq_check checks[2] = { { .series = 0, .value = 1 }, { .series = 0, .kind = WQ_CHECK_SPAN } };
	uint64_t ticket = 0;

	main_bench_put(b, 1);
	assert_int_equal(inbox_post_batch(b->daemon.inbox, &(struct wq_batch){ .check_count = 2, .checks = checks }, &ticket), 0);
	main_bench_run(b);
	assert_judged_once_in_order(b, 1);
	const struct commit_group *group = writer_of(b)->groups[0];
	assert_int_equal(group->batch_count, 2);
	assert_int_equal(group->last_sequence, ticket);
	assert_int_equal(group->check_count, 2);
	assert_memory_equal(group->checks, checks, sizeof checks);
	assert_int_equal(receipt(b, ticket), WQ_E_TIMEOUT);
	main_bench_land(b);
	assert_int_equal(receipt(b, ticket), 0);
}

/* 20 ms, so that the second's tick is not late. */
static void one_dispatch_takes_20_ms_and_comes_back_for_the_rest(void **state)
{
	struct main_bench *b = *state;

	b->costs = 3;
	put_many(b, 100, 1);
	wq_ms began = clock_boot();
	conclude_pump(&b->daemon);
	assert_in_range(clock_boot() - began, 18, 24);
	assert_in_range(b->judged_count, 6, 8);
	main_bench_run(b);
	assert_judged_once_in_order(b, 100);
}

/* A thread may lose the processor for long, anywhere; a gateway that slept finds that hours have
 * passed. */
static void wherever_main_loses_time_it_comes_back_for_what_waits(void **state)
{
	(void)state;
	for (int nth = 1; nth <= 12; nth++) {
		struct main_bench *b = main_bench_open(RING);
		put_many(b, 6, 1);
		hand_clock_stumble(nth, WQ_HOURS(3));
		main_bench_run(b);
		assert_judged_once_in_order(b, 6);
		main_bench_close(b);
	}
}

static void no_group_holds_more_than_its_limit_and_none_splits_a_batch(void **state)
{
	struct main_bench *b = main_bench_open(SIZE_MAX);
	size_t batches = INBOX_BATCHES, seen = 0, groups = 0;

	(void)state;
	put_many(b, batches, 2);
	main_bench_run(b);
	while (writer_of(b)->count > 0) {
		const struct commit_group *group = writer_of(b)->groups[0];
		assert_in_range(group->batch_count, 1, GROUP_BATCHES);
		seen += group->batch_count;
		assert_int_equal(group->last_sequence, seen);
		assert_int_equal(group->outcome.sample_count, 2 * group->batch_count);
		main_bench_land(b);
		groups++;
	}
	assert_judged_once_in_order(b, batches);
	assert_int_equal(seen, batches);
	assert_int_equal(groups, (INBOX_BATCHES + GROUP_BATCHES - 1) / GROUP_BATCHES);
	main_bench_close(b);
}

static void while_the_ring_is_full_batches_wait_in_the_inbox_and_go_on_when_it_drains(void **state)
{
	struct main_bench *b = *state;

	put_many(b, 30, 50); /* three times the ring */
	main_bench_run(b);
	assert_int_equal(b->judged_count, 10);
	assert_int_equal(inbox_depth(b->daemon.inbox), 20);
	assert_int_equal(b->daemon.shed, 0);
	while (writer_of(b)->count > 0) {
		assert_true(b->daemon.handover.samples <= RING);
		main_bench_land(b);
		main_bench_run(b);
	}
	assert_judged_once_in_order(b, 30);
	assert_int_equal(b->daemon.handover.samples, 0);
	assert_int_equal(receipt(b, 30), 0);
}

static void a_batch_that_found_no_memory_is_judged_later_and_promised_to_nobody(void **state)
{
	struct main_bench *b = *state;

	put_many(b, 1, 1);
	main_bench_run(b);
	b->failures = 3;
	put_many(b, 4, 1);
	main_bench_run(b);
	main_bench_land(b);
	assert_int_equal(receipt(b, 1), 0);
	assert_int_equal(receipt(b, 2), WQ_E_TIMEOUT);
	for (int ticks = 0; ticks < 4; ticks++) {
		hand_clock_pass(1000);
		conclude_tick(&b->daemon);
		main_bench_run(b);
	}
	while (writer_of(b)->count > 0)
		main_bench_land(b);
	assert_judged_once_in_order(b, 5);
	assert_int_equal(receipt(b, 5), 0);
	assert_int_equal(b->daemon.handover.committed_samples, 5);
}

/* -- a writer that stalls -- */

static void stall(struct main_bench *b)
{
	hand_clock_pass(HANDOVER_STALL);
	conclude_tick(&b->daemon);
	assert_true(b->daemon.stalled);
}

static void a_writer_is_stalled_after_5_s_and_not_before(void **state)
{
	struct main_bench *b = *state;

	put_many(b, 1, 1);
	main_bench_run(b);
	hand_clock_pass(HANDOVER_STALL - 1);
	conclude_tick(&b->daemon);
	assert_false(b->daemon.stalled);
	hand_clock_pass(1);
	conclude_tick(&b->daemon);
	assert_true(b->daemon.stalled);
	main_bench_land(b);
	conclude_tick(&b->daemon);
	assert_false(b->daemon.stalled);
}

/* Someone, or the first answer of a time server, sets the time of day. */
static void a_clock_that_is_set_is_told_to_the_engine_and_stalls_nothing(void **state)
{
	static const wq_ms spans[] = { WQ_DAYS(400), -WQ_DAYS(400), WQ_MINUTES(2), -WQ_MINUTES(2) };
	struct main_bench *b = *state;

	put_many(b, 1, 1);
	main_bench_run(b);
	for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
		hand_clock_set(clock_now() + spans[i]);
		conclude_tick(&b->daemon);
		assert_int_equal(b->steps, i + 1);
		assert_int_equal(b->stepped_by, spans[i]);
		conclude_tick(&b->daemon);
		assert_int_equal(b->steps, i + 1);
		assert_false(b->daemon.stalled);
	}
}

/* What a start without a time from outside took for past may be the future: it is looked through once. */
static void a_clock_that_is_trusted_for_the_first_time_is_told_to_the_engine(void **state)
{
	struct main_bench *b = *state;

	b->daemon.clock_known = false;
	hand_clock_trust(false);
	conclude_tick(&b->daemon);
	assert_int_equal(b->steps, 0);
	for (int i = 0; i < 3; i++) {
		hand_clock_trust(true);
		conclude_tick(&b->daemon);
		assert_int_equal(b->steps, 1);
		assert_int_equal(b->stepped_by, 0);
		hand_clock_trust(false);
		conclude_tick(&b->daemon);
	}
	assert_int_equal(b->steps, 1);
}

/* One alarm is open and waits since the beginning. */
static struct wq_alarm open_alarm = { .id = 7, .changes = 3, .since = HAND_NOW };

size_t wq_engine_alarms(const struct wq_engine *engine, const struct wq_alarm *const **alarms)
{
	static const struct wq_alarm *const open[] = { &open_alarm };

	(void)engine;
	*alarms = open;
	return 1;
}

static void a_clock_that_is_set_by_a_little_moves_only_what_waits(void **state)
{
	static const wq_ms spans[] = { 1500, WQ_SECONDS(59), -WQ_SECONDS(59), -1500 };
	struct main_bench *b = *state;

	conclude_tick(&b->daemon);
	for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
		hand_clock_set(clock_now() + spans[i]);
		conclude_tick(&b->daemon);
		assert_int_equal(b->shifts, i + 1);
		assert_int_equal(b->shifted_by, spans[i]);
	}
	assert_int_equal(b->steps, 0);
}

/* Recorded with the clocks in one commit, so that neither is known without the other. */
static void since_when_an_alarm_waits_is_stored_with_each_step(void **state)
{
	struct main_bench *b = *state;

	conclude_recall_clock(&b->daemon, &(struct store_clock){ .boot = 0 });
	conclude_tick(&b->daemon);
	hand_clock_set(clock_now() + WQ_HOURS(1));
	conclude_tick(&b->daemon);
	const struct commit_group *group = writer_of(b)->groups[0];
	assert_int_equal(writer_of(b)->submitted, 1);
	assert_int_equal(group->wait_count, 1);
	assert_true(group->waits[0].alarm == 7 && group->waits[0].number == 3 && group->waits[0].since == HAND_NOW);
	assert_true(group->clock.wall == clock_now() && group->clock.boot == clock_boot() && group->clock.trusted);
	assert_string_equal(group->clock.machine, "this start of it");
	main_bench_land(b);
	conclude_tick(&b->daemon);
	assert_int_equal(writer_of(b)->submitted, 1);
}

static void a_step_while_nobody_looked_shows_at_the_first_look(void **state)
{
	struct main_bench *b = *state;
	struct store_clock known = { .wall = HAND_NOW - WQ_DAYS(2) + WQ_HOURS(1), .boot = HAND_BOOT - WQ_DAYS(2),
		.machine = "this start of it", .trusted = true };

	hand_clock_pass(WQ_DAYS(3));
	known.wall += WQ_DAYS(3);
	known.boot += WQ_DAYS(3);
	conclude_recall_clock(&b->daemon, &known);
	assert_int_equal(b->steps, 0);
	conclude_tick(&b->daemon);
	assert_int_equal(b->steps, 1);
	assert_int_equal(b->stepped_by, -WQ_HOURS(1));
	assert_false(b->doubted);
}

static void a_clock_that_was_right_before_the_machine_started_anew_is_doubted_until_it_is_again(void **state)
{
	struct main_bench *b = *state;
	struct store_clock known = { .wall = HAND_NOW + WQ_HOURS(5), .boot = HAND_BOOT / 2, .machine = "the one before", .trusted = true };

	hand_clock_trust(false);
	b->daemon.clock_known = false;
	conclude_recall_clock(&b->daemon, &known);
	assert_true(b->doubted);
	conclude_tick(&b->daemon);
	hand_clock_set(clock_now() + WQ_HOURS(5));
	conclude_tick(&b->daemon);
	assert_int_equal(b->steps, 1); /* still doubted: the engine does not move what is of the earlier life */
	assert_true(b->doubted);
	hand_clock_trust(true);
	conclude_tick(&b->daemon);
	assert_false(b->doubted);
	/* Where it was not known before either, it is all that there is. */
	known.trusted = false;
	b->daemon.clock_known = false;
	conclude_recall_clock(&b->daemon, &known);
	assert_false(b->doubted);
}

static void time_that_passes_and_a_clock_that_drifts_are_no_step(void **state)
{
	struct main_bench *b = *state;

	conclude_tick(&b->daemon);
	hand_clock_pass(WQ_DAYS(3)); /* the gateway slept */
	conclude_tick(&b->daemon);
	for (int i = 0; i < 1000; i++) {
		hand_clock_pass(WQ_SECONDS(1));
		hand_clock_set(clock_now() + (i < 500 ? 30 : -30));
		conclude_tick(&b->daemon);
	}
	assert_int_equal(b->steps + b->shifts, 0);
}

static void while_it_is_stalled_all_is_judged_and_what_does_not_fit_is_shed_and_said(void **state)
{
	struct main_bench *b = *state;

	b->changes = true;
	put_many(b, 30, 50);
	main_bench_run(b);
	stall(b);
	main_bench_run(b);
	assert_judged_once_in_order(b, 30);
	assert_int_equal(b->daemon.handover.samples, RING);
	assert_int_equal(b->daemon.shed, 30 * 50 - RING);
	assert_int_equal(receipt(b, 10), WQ_E_TIMEOUT);
	assert_int_equal(receipt(b, 11), WQ_E_FULL);
	assert_int_equal(receipt(b, 30), WQ_E_FULL);
	assert_int_equal(b->told_count, 30);
	/* The disk comes back: what fits was stored, what was shed stays lost. */
	while (writer_of(b)->count > 0)
		main_bench_land(b);
	conclude_tick(&b->daemon);
	while (writer_of(b)->count > 0)
		main_bench_land(b);
	assert_int_equal(b->daemon.handover.committed_samples, RING);
	assert_int_equal(receipt(b, 10), 0);
	assert_int_equal(receipt(b, 11), WQ_E_FULL);
	assert_int_equal(b->told_count, 30);
	put_many(b, 1, 1);
	main_bench_run(b);
	main_bench_land(b);
	assert_int_equal(receipt(b, 31), 0);
}

/* -- notices -- */

static void notices_leave_when_they_are_committed_once_and_in_order(void **state)
{
	struct main_bench *b = *state;

	b->changes = true;
	for (size_t i = 1; i <= 4; i++) {
		main_bench_put(b, 1);
		main_bench_run(b);
	}
	assert_int_equal(b->told_count, 0);
	while (writer_of(b)->count > 0)
		main_bench_land(b);
	assert_int_equal(b->told_count, 4);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(b->told[i].alarm, i + 1);
		assert_false(b->told[i].unstored);
	}
}

static void notices_of_a_stalled_writer_leave_from_memory_marked_and_not_again(void **state)
{
	struct main_bench *b = *state;

	b->changes = true;
	main_bench_put(b, 1);
	main_bench_run(b);
	main_bench_put(b, 1);
	main_bench_run(b); /* in the growing group */
	stall(b);
	assert_int_equal(b->told_count, 2);
	assert_true(b->told[0].unstored && b->told[1].unstored);
	b->tick_changes = true;
	conclude_tick(&b->daemon);
	assert_int_equal(b->told_count, 3);
	while (writer_of(b)->count > 0)
		main_bench_land(b);
	assert_int_equal(b->told_count, 3);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(b->told[i].alarm, i + 1);
	assert_int_equal(b->told[2].alarm, 900000);
}

static void what_is_held_back_is_stored_and_its_digest_leaves(void **state)
{
	struct main_bench *b = *state;
	struct hold *any = (struct hold *)b;

	b->daemon.hold = any;
	b->changes = b->holds = true;
	main_bench_put(b, 1);
	main_bench_run(b);
	const struct commit_group *group = writer_of(b)->groups[0];
	assert_int_equal(group->notice_count, 1);
	assert_int_equal(group->notices[0].hold, WQ_HOLD_SOON);
	main_bench_land(b);
	assert_int_equal(b->told_count, 0);
	b->digest = true;
	conclude_tick(&b->daemon);
	group = writer_of(b)->groups[0];
	assert_int_equal(group->notice_count, 1);
	assert_int_equal(group->fold_count, 1);
	assert_int_equal(group->folds[0].upto, 1);
	main_bench_land(b);
	assert_int_equal(b->told_count, 1);
	assert_int_equal(b->told[0].alarm, 700000);
	b->daemon.hold = NULL;
}

static void a_tick_that_concludes_something_is_committed(void **state)
{
	struct main_bench *b = *state;

	conclude_tick(&b->daemon);
	assert_int_equal(writer_of(b)->submitted, 0);
	b->tick_changes = true;
	conclude_tick(&b->daemon);
	assert_int_equal(writer_of(b)->submitted, 1);
	main_bench_land(b);
	assert_int_equal(b->told_count, 1);
}

static void notices_without_room_wait_in_order(void **state)
{
	struct main_bench *b = *state;

	b->changes = true;
	b->room = 2;
	put_many(b, 10, 1);
	main_bench_run(b);
	main_bench_land(b);
	assert_int_equal(b->told_count, 2);
	assert_int_equal(b->daemon.waiting_count, 8);
	b->room = 3;
	conclude_offer_waiting(&b->daemon);
	assert_int_equal(b->told_count, 5);
	/* A newer one does not overtake those that wait. */
	b->room = 1;
	main_bench_put(b, 1);
	main_bench_run(b);
	main_bench_land(b);
	b->room = SIZE_MAX;
	conclude_tick(&b->daemon);
	assert_int_equal(b->told_count, 11);
	for (size_t i = 0; i < 11; i++)
		assert_int_equal(b->told[i].alarm, i + 1);
	assert_int_equal(b->daemon.waiting_count, 0);
}

/* What is behind those that wait stays on disk and is read from there, oldest first, before
 * anything newer. */
static void what_memory_has_no_room_for_is_read_back_from_the_outbox_in_order(void **state)
{
	struct main_bench *b = *state;
	size_t all = DAEMON_WAITING + 50;

	b->changes = true;
	b->room = 0;
	put_many(b, all, 0);
	main_bench_run(b);
	while (writer_of(b)->count > 0)
		main_bench_land(b);
	assert_int_equal(b->daemon.waiting_count, DAEMON_WAITING);
	assert_true(b->daemon.behind);
	assert_int_equal(writer_of(b)->asked, 0); /* those in memory go first */
	b->room = SIZE_MAX;
	conclude_tick(&b->daemon);
	assert_int_equal(b->told_count, DAEMON_WAITING);
	assert_int_equal(writer_of(b)->asked, 1);
	/* One more comes while the writer reads: it is on disk already, and read with the others or
	 * next time. */
	main_bench_put(b, 0);
	main_bench_run(b);
	main_bench_land(b);
	for (size_t i = DAEMON_WAITING; i < all; i++) {
		struct wq_notice notice = { .alarm = (int64_t)i + 1, .number = 2, .contact = "a" };
		assert_true(offer_wanted(&b->daemon, "a", false));
		assert_true(conclude_undelivered(&b->daemon, &notice, 0));
	}
	conclude_undelivered_end(&b->daemon, true);
	main_bench_run(b);
	assert_int_equal(b->told_count, all);
	assert_true(b->daemon.behind);
	assert_int_equal(writer_of(b)->asked, 2);
	struct wq_notice last = { .alarm = (int64_t)all + 1, .number = 2, .contact = "a" };
	assert_true(offer_wanted(&b->daemon, "a", false));
	assert_true(conclude_undelivered(&b->daemon, &last, 0));
	conclude_undelivered_end(&b->daemon, true);
	main_bench_run(b);
	assert_false(b->daemon.behind);
	assert_int_equal(writer_of(b)->asked, 2);
	assert_int_equal(b->told_count, all + 1);
	for (size_t i = 0; i <= all; i++)
		assert_int_equal(b->told[i].alarm, i + 1);
}

/* What is committed and finds no room for its contact, until the contact is behind. */
static void fill(struct main_bench *b)
{
	b->room = 0;
	put_many(b, DAEMON_WAITING + 1, 0);
	main_bench_run(b);
	while (writer_of(b)->count > 0)
		main_bench_land(b);
	assert_true(b->daemon.behind);
	b->room = SIZE_MAX;
}

static void an_outbox_longer_than_memory_is_read_in_parts(void **state)
{
	struct main_bench *b = *state;
	struct wq_notice notice = { .alarm = 1, .number = 2, .contact = "a" };
	size_t read = 0;

	b->changes = true;
	fill(b);
	conclude_offer_waiting(&b->daemon);
	assert_int_equal(writer_of(b)->asked, 1);
	for (; offer_wanted(&b->daemon, "a", false); read++)
		assert_true(conclude_undelivered(&b->daemon, &notice, 0));
	assert_int_equal(read, MAIN_BENCH_SHARE);
	conclude_undelivered_end(&b->daemon, true);
	main_bench_run(b);
	assert_int_equal(b->told_count, DAEMON_WAITING + MAIN_BENCH_SHARE);
	assert_true(b->daemon.behind);
	assert_int_equal(writer_of(b)->asked, 2);
	assert_true(offer_wanted(&b->daemon, "a", false));
	assert_true(conclude_undelivered(&b->daemon, &notice, 0));
	conclude_undelivered_end(&b->daemon, true);
	main_bench_run(b);
	assert_false(b->daemon.behind);
}

/* A contact whose channel is dead has more waiting than there is room for, in memory and before it. */
static void what_waits_for_one_contact_does_not_hold_up_another(void **state)
{
	struct main_bench *b = *state;

	b->changes = true;
	fill(b);
	b->dead = "a";
	b->contact = "b";
	put_many(b, 3, 0);
	main_bench_run(b);
	while (writer_of(b)->count > 0)
		main_bench_land(b);
	assert_int_equal(b->told_count, 3);
	conclude_tick(&b->daemon);
	assert_true(b->daemon.behind);
	assert_int_equal(writer_of(b)->asked, 0); /* there is no room for whom it would be read */
}

static void the_beginning_of_an_alarm_passes_what_is_on_disk_and_what_follows_does_not(void **state)
{
	struct main_bench *b = *state;
	size_t before;

	b->changes = true;
	fill(b);
	conclude_offer_waiting(&b->daemon);
	before = b->told_count;
	assert_true(b->daemon.behind);
	b->number = 1;
	main_bench_put(b, 0);
	main_bench_run(b);
	main_bench_land(b);
	assert_int_equal(b->told_count, before + 1);
	b->number = 2;
	main_bench_put(b, 0);
	main_bench_run(b);
	main_bench_land(b);
	assert_int_equal(b->told_count, before + 1);
	/* It is on disk, and the reading that goes on may have passed it. */
	conclude_undelivered_end(&b->daemon, true);
	main_bench_run(b);
	assert_true(b->daemon.behind);
	assert_int_equal(writer_of(b)->asked, 2);
	conclude_undelivered_end(&b->daemon, true);
	main_bench_run(b);
	assert_false(b->daemon.behind);
}

/* The disk is ill: what is in the outbox is not taken for read. */
static void an_outbox_that_could_not_be_read_is_read_again_with_the_next_tick(void **state)
{
	struct main_bench *b = *state;

	b->changes = true;
	fill(b);
	conclude_offer_waiting(&b->daemon);
	assert_int_equal(writer_of(b)->asked, 1);
	conclude_undelivered_end(&b->daemon, false);
	main_bench_run(b);
	assert_true(b->daemon.behind);
	assert_int_equal(writer_of(b)->asked, 1);
	conclude_tick(&b->daemon);
	assert_int_equal(writer_of(b)->asked, 2);
	conclude_undelivered_end(&b->daemon, true);
	main_bench_run(b);
	assert_false(b->daemon.behind);
}

/* While commits are stuck a notice is left to an outbox that does not hold it yet: a reading does not find it. */
static void what_is_left_to_the_outbox_before_its_commit_is_read_after_it(void **state)
{
	struct main_bench *b = *state;

	b->changes = true;
	fill(b);
	put_many(b, 2, 0);
	main_bench_run(b);
	stall(b);
	assert_int_equal(writer_of(b)->asked, 1);
	/* The outbox is read before the two are in it. */
	conclude_undelivered_end(&b->daemon, true);
	main_bench_run(b);
	assert_true(b->daemon.behind);
	assert_int_equal(writer_of(b)->asked, 2);
	while (writer_of(b)->count > 0)
		main_bench_land(b);
	conclude_undelivered_end(&b->daemon, true);
	main_bench_run(b);
	assert_true(b->daemon.behind);
	conclude_undelivered_end(&b->daemon, true);
	main_bench_run(b);
	assert_false(b->daemon.behind);
}

/* What a channel is told afterwards stays owed when the deliverer has no room for it, or the store cannot be read. */
static void what_is_told_afterwards_is_asked_for_until_it_is_taken(void **state)
{
	struct main_bench *b = *state;
	const struct store_delivery delivered = { .id = "n", .contact = "a", .channel = "other", .kind = WQ_SENT, .done = true, .owed = 1 };
	const struct wq_notice notice = { .id = "n", .alarm = 7, .contact = "a", .channel = "hook", .history = true };

	catchup_note(&b->daemon, handover_current(&b->daemon.handover), &delivered);
	conclude_offer_waiting(&b->daemon);
	assert_int_equal(writer_of(b)->asked, 1);
	assert_string_equal(catchup_owes(&b->daemon, 0), "hook");
	b->room = 0;
	conclude_undelivered(&b->daemon, &notice, 0);
	conclude_undelivered_end(&b->daemon, true);
	main_bench_run(b);
	assert_int_equal(b->told_count, 0);
	assert_int_equal(writer_of(b)->asked, 1); /* not at once, or it would go on without end */
	conclude_tick(&b->daemon);
	assert_int_equal(writer_of(b)->asked, 2);
	conclude_undelivered_end(&b->daemon, false);
	main_bench_run(b);
	conclude_tick(&b->daemon);
	assert_int_equal(writer_of(b)->asked, 3);
	b->room = SIZE_MAX;
	conclude_undelivered(&b->daemon, &notice, 0);
	conclude_undelivered_end(&b->daemon, true);
	main_bench_run(b);
	assert_int_equal(b->told_count, 1);
	conclude_tick(&b->daemon);
	assert_int_equal(writer_of(b)->asked, 3);
}

/* A rise to alarm, of alarm 7, whose beginning waits in memory or on disk like thousands of others. */
static void what_is_urgent_is_read_from_disk_at_once_with_what_waits_of_its_alarm(void **state)
{
	struct main_bench *b = *state;
	struct wq_notice before = { .alarm = 7, .number = 1, .contact = "a", .id = "7-1-a", .urgent = true };
	struct wq_notice rise = { .alarm = 7, .number = 2, .contact = "a", .id = "7-2-a", .kind = WQ_RAISED, .level = WQ_LEVEL_ALARM, .urgent = true };

	b->changes = true;
	fill(b);
	b->dead = NULL;
	size_t line = b->daemon.waiting_count, told = b->told_count;
	assert_true(line > 0);
	assert_int_equal(writer_of(b)->asked, 0);
	b->kind = WQ_RAISED;
	b->level = WQ_LEVEL_ALARM;
	main_bench_put(b, 0);
	main_bench_run(b);
	main_bench_land(b);
	assert_int_equal(b->told_count, told); /* not before its beginning */
	assert_int_equal(writer_of(b)->asked, 1);
	assert_true(offer_wanted(&b->daemon, "a", true));
	assert_true(conclude_undelivered(&b->daemon, &before, 0));
	assert_true(offer_wanted(&b->daemon, "a", true));
	assert_true(conclude_undelivered(&b->daemon, &rise, 0));
	assert_false(offer_wanted(&b->daemon, "a", false)); /* those that are not wait for the line */
	conclude_undelivered_end(&b->daemon, true);
	main_bench_run(b);
	assert_int_equal(b->told_count, told + 2);
	assert_int_equal(b->told[told].alarm, 7);
	assert_true(b->daemon.behind);
	assert_int_equal(b->daemon.waiting_count, line);
}

static void what_is_urgent_and_first_passes_those_that_wait_in_memory(void **state)
{
	struct main_bench *b = *state;

	b->changes = true;
	b->room = 0;
	put_many(b, 10, 0);
	main_bench_run(b);
	main_bench_land(b);
	assert_int_equal(b->daemon.waiting_count, 10);
	b->room = 1;
	b->kind = WQ_OPENED;
	b->number = 1;
	b->level = WQ_LEVEL_ALARM;
	main_bench_put(b, 0);
	main_bench_run(b);
	main_bench_land(b);
	assert_int_equal(b->told_count, 1);
	assert_int_equal(b->told[0].alarm, 11);
	assert_int_equal(b->daemon.waiting_count, 10);
}

/* Where there is no room for it either it is asked for again when there is some, and not before. */
static void what_is_urgent_and_finds_no_room_is_asked_for_when_there_is_some(void **state)
{
	struct main_bench *b = *state;
	struct wq_notice rise = { .alarm = 7, .number = 2, .contact = "a", .id = "7-2-a", .kind = WQ_ESCALATED, .level = WQ_LEVEL_WARNING, .urgent = true };

	b->changes = true;
	fill(b);
	b->room = 0;
	b->kind = WQ_ESCALATED;
	b->level = WQ_LEVEL_WARNING;
	main_bench_put(b, 0);
	main_bench_run(b);
	main_bench_land(b);
	conclude_tick(&b->daemon);
	assert_int_equal(writer_of(b)->asked, 0);
	b->room = SIZE_MAX;
	conclude_tick(&b->daemon);
	size_t told = b->told_count;
	assert_int_equal(writer_of(b)->asked, 1);
	assert_true(offer_wanted(&b->daemon, "a", true));
	assert_true(conclude_undelivered(&b->daemon, &rise, 0));
	conclude_undelivered_end(&b->daemon, true);
	main_bench_run(b);
	assert_int_equal(b->told_count, told + 1);
	assert_int_equal(b->told[told].alarm, 7);
}

/* -- what comes back -- */

static void what_is_committed_after_the_deliverer_ended_stays_in_the_outbox(void **state)
{
	struct main_bench *b = *state;

	b->changes = true;
	put_many(b, 3, 1);
	main_bench_run(b);
	b->daemon.deliverer = NULL;
	while (writer_of(b)->count > 0)
		main_bench_land(b);
	conclude_offer_waiting(&b->daemon);
	assert_int_equal(b->told_count, 0);
	assert_false(b->daemon.behind);
	assert_int_equal(b->daemon.waiting_count, 0);
}

static void a_line_before_the_deliverer_that_ended_is_left_as_it_is(void **state)
{
	struct main_bench *b = *state;

	b->changes = true;
	b->room = 0;
	put_many(b, 2, 1);
	main_bench_run(b);
	while (writer_of(b)->count > 0)
		main_bench_land(b);
	assert_int_not_equal(b->daemon.waiting_count, 0);
	b->room = SIZE_MAX;
	b->daemon.deliverer = NULL;
	conclude_offer_waiting(&b->daemon);
	assert_int_equal(b->told_count, 0);
}

static void the_time_from_arrival_to_commit_is_noted_with_notices(void **state)
{
	struct main_bench *b = *state;

	main_bench_put(b, 1);
	main_bench_run(b);
	main_bench_land(b);
	assert_int_equal(b->daemon.latencies.count, 0);
	b->changes = true;
	main_bench_put(b, 1);
	hand_clock_pass(7);
	main_bench_put(b, 1);
	hand_clock_pass(5);
	main_bench_run(b);
	hand_clock_pass(100);
	main_bench_land(b);
	assert_int_equal(b->daemon.latencies.count, 1);
	assert_int_equal(b->daemon.latencies.newest[0], 112);
}

static void days_that_were_asked_for_go_back_to_the_engine(void **state)
{
	struct main_bench *b = *state;
	struct store_answer *answers = calloc(2, sizeof *answers);

	for (size_t i = 0; i < 2; i++) {
		answers[i].count = 3;
		answers[i].samples = calloc(3, sizeof *answers[i].samples);
	}
	main_bench_put(b, 1);
	main_bench_run(b);
	struct flight *flight = (struct flight *)writer_of(b)->groups[0];
	flight->answers = answers;
	flight->answer_count = 2;
	main_bench_land(b);
	assert_int_equal(b->days, 2);
	assert_int_equal(b->upto, 1);
	/* What follows from it is committed and told in its turn. */
	assert_int_equal(writer_of(b)->count, 1);
	main_bench_land(b);
	assert_int_equal(b->told_count, 2);
}

static void an_answer_to_a_tick_is_as_new_as_the_newest_committed_batch(void **state)
{
	struct main_bench *b = *state;
	struct store_answer *answers = calloc(1, sizeof *answers);

	for (int i = 0; i < 3; i++)
		main_bench_put(b, 1);
	main_bench_run(b);
	while (writer_of(b)->count > 0)
		main_bench_land(b);
	/* A group of its own, without a batch. */
	b->tick_changes = true;
	conclude_tick(&b->daemon);
	struct flight *flight = (struct flight *)writer_of(b)->groups[0];
	assert_int_equal(flight->group.batch_count, 0);
	flight->answers = answers;
	flight->answer_count = 1;
	main_bench_land(b);
	assert_int_equal(b->days, 1);
	assert_int_equal(b->upto, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		bench_test(all_that_waits_is_judged_once_in_order_and_handed_over),
		bench_test(checks_are_stored_with_their_batch_and_judged_by_nobody),
		bench_test(one_dispatch_takes_20_ms_and_comes_back_for_the_rest),
		cmocka_unit_test(wherever_main_loses_time_it_comes_back_for_what_waits),
		cmocka_unit_test(no_group_holds_more_than_its_limit_and_none_splits_a_batch),
		bench_test(
		        while_the_ring_is_full_batches_wait_in_the_inbox_and_go_on_when_it_drains),
		bench_test(a_batch_that_found_no_memory_is_judged_later_and_promised_to_nobody),
		bench_test(a_writer_is_stalled_after_5_s_and_not_before),
		bench_test(a_clock_that_is_set_is_told_to_the_engine_and_stalls_nothing),
		bench_test(a_clock_that_is_trusted_for_the_first_time_is_told_to_the_engine),
		bench_test(time_that_passes_and_a_clock_that_drifts_are_no_step),
		bench_test(a_clock_that_is_set_by_a_little_moves_only_what_waits),
		bench_test(since_when_an_alarm_waits_is_stored_with_each_step),
		bench_test(a_step_while_nobody_looked_shows_at_the_first_look),
		bench_test(a_clock_that_was_right_before_the_machine_started_anew_is_doubted_until_it_is_again),
		bench_test(
		        while_it_is_stalled_all_is_judged_and_what_does_not_fit_is_shed_and_said),
		bench_test(notices_leave_when_they_are_committed_once_and_in_order),
		bench_test(notices_of_a_stalled_writer_leave_from_memory_marked_and_not_again),
		bench_test(what_is_held_back_is_stored_and_its_digest_leaves),
		bench_test(a_tick_that_concludes_something_is_committed),
		bench_test(notices_without_room_wait_in_order),
		bench_test(what_memory_has_no_room_for_is_read_back_from_the_outbox_in_order),
		bench_test(what_waits_for_one_contact_does_not_hold_up_another),
		bench_test(the_beginning_of_an_alarm_passes_what_is_on_disk_and_what_follows_does_not),
		bench_test(an_outbox_that_could_not_be_read_is_read_again_with_the_next_tick),
		bench_test(what_is_left_to_the_outbox_before_its_commit_is_read_after_it),
		bench_test(what_is_told_afterwards_is_asked_for_until_it_is_taken),
		bench_test(what_is_urgent_is_read_from_disk_at_once_with_what_waits_of_its_alarm),
		bench_test(what_is_urgent_and_first_passes_those_that_wait_in_memory),
		bench_test(what_is_urgent_and_finds_no_room_is_asked_for_when_there_is_some),
		bench_test(an_outbox_longer_than_memory_is_read_in_parts),
		bench_test(what_is_committed_after_the_deliverer_ended_stays_in_the_outbox),
		bench_test(a_line_before_the_deliverer_that_ended_is_left_as_it_is),
		bench_test(the_time_from_arrival_to_commit_is_noted_with_notices),
		bench_test(days_that_were_asked_for_go_back_to_the_engine),
		bench_test(an_answer_to_a_tick_is_as_new_as_the_newest_committed_batch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
