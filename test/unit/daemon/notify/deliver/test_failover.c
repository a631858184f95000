/* SPDX-License-Identifier: Apache-2.0 */
/* When a contact's next channel has its turn, on simulated time. */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "outbox.h"

#include <stdio.h>
#include <string.h>

#define START    WQ_HOURS(1000)
#define SECOND   WQ_SECONDS(1)
#define DEADLINE WQ_SECONDS(60)
#define LIFE     WQ_HOURS(24)
#define HOOK     0
#define MODEM    1

static const uint32_t hook_modem[] = { HOOK, MODEM };

/* ---- a bench: two channels that do as they are told, and a clock ---- */

struct way {
	enum wq_result_kind kind;
	wq_ms takes;    /* an attempt, unless it is cut before */
	wq_ms throttle; /* with WQ_THROTTLE: a span */
};

struct flight {
	bool busy;
	struct outbox_attempt attempt;
	wq_ms ends;
};

struct entry {
	char id[32];
	uint32_t channel;
	enum wq_result_kind kind;
	wq_ms began, ended;
};

struct bench {
	struct outbox *outbox;
	struct way ways[2];
	struct flight flights[2];
	struct entry log[4096];
	size_t count;
	wq_ms now;
	const char *poison; /* id of a notice that the hook cannot take */
};

static struct bench bench;

static void bench_open(enum wq_result_kind hook, wq_ms hook_takes)
{
	bench = (struct bench){ .outbox = outbox_new(512, 2, 7),
		.ways = { { hook, hook_takes, 0 }, { WQ_SENT, 10, 0 } },
		.now = START };
	assert_non_null(bench.outbox);
}

static void bench_close(void)
{
	outbox_free(bench.outbox);
}

static void tell(int alarm, uint32_t number, enum wq_level level, wq_ms deadline)
{
	struct wq_notice n = { .alarm = alarm,
		.number = number,
		.level = level,
		.deadline = deadline,
		.contact = "a" };

	snprintf(n.id, sizeof n.id, "%d-%u", alarm, (unsigned)number);
	assert_int_equal(
	        outbox_add(bench.outbox, &n, hook_modem, 2, 0, LIFE, bench.now), OUTBOX_TAKEN);
}

static void land(uint32_t channel)
{
	struct flight *flight = &bench.flights[channel];
	enum wq_result_kind kind = bench.ways[channel].kind;

	/* An attempt that is cut has failed, whatever would have become of it. */
	if (flight->attempt.patience > 0 && flight->attempt.patience < bench.ways[channel].takes)
		kind = WQ_RETRY;
	if (channel == HOOK && bench.poison != NULL &&
	        strcmp(bench.poison, flight->attempt.notice->id) == 0)
		kind = WQ_RETRY;
	assert_true(bench.count < sizeof bench.log / sizeof *bench.log);
	struct entry *entry = &bench.log[bench.count++];

	*entry = (struct entry){ .channel = channel, .kind = kind, .ended = bench.now };
	snprintf(entry->id, sizeof entry->id, "%.31s", flight->attempt.notice->id);
	entry->began = flight->ends -
	        (flight->attempt.patience > 0 &&
	                                flight->attempt.patience < bench.ways[channel].takes
	                        ? flight->attempt.patience
	                        : bench.ways[channel].takes);
	flight->busy = false;
	outbox_result(bench.outbox, &flight->attempt, kind,
	        bench.now + bench.ways[channel].throttle, bench.now);
}

static void fly(void)
{
	struct outbox_attempt attempt;

	while (outbox_next(bench.outbox, bench.now, &attempt)) {
		struct flight *flight = &bench.flights[attempt.channel];
		wq_ms takes = bench.ways[attempt.channel].takes;

		assert_false(flight->busy);
		if (attempt.patience > 0 && attempt.patience < takes)
			takes = attempt.patience;
		*flight = (struct flight){ true, attempt, bench.now + takes };
	}
}

/* Lets time pass up to `until`; turns of the loop are counted, so that one that spins is seen. */
static void run(wq_ms until)
{
	for (int turns = 0; bench.now <= until; turns++) {
		assert_true(turns < 20000);
		fly();
		wq_ms next = outbox_wake(bench.outbox, bench.now);

		if (next == WQ_NO_TIME || next > until)
			next = until + 1;
		for (uint32_t c = 0; c < 2; c++)
			if (bench.flights[c].busy && bench.flights[c].ends < next)
				next = bench.flights[c].ends;
		/* A wake that has come and changes nothing would spin for ever. */
		bench.now = next > bench.now ? next : bench.now + 1;
		for (uint32_t c = 0; c < 2; c++)
			if (bench.flights[c].busy && bench.flights[c].ends <= bench.now)
				land(c);
	}
	bench.now = until;
}

/* When a notice was sent, and by which channel; -1: it was not. */
static wq_ms sent(const char *id, uint32_t channel)
{
	for (size_t i = 0; i < bench.count; i++)
		if (bench.log[i].kind == WQ_SENT && bench.log[i].channel == channel &&
		        strcmp(bench.log[i].id, id) == 0)
			return bench.log[i].ended - START;
	return -1;
}

static size_t attempts(const char *id, uint32_t channel)
{
	size_t n = 0;

	for (size_t i = 0; i < bench.count; i++)
		n += bench.log[i].channel == channel &&
		        (id == NULL || strcmp(bench.log[i].id, id) == 0);
	return n;
}

/* ---- the deadline ---- */

static void a_hook_that_hangs_gives_way_when_the_deadline_has_passed(void **state)
{
	(void)state;
	bench_open(
	        WQ_RETRY, 50 * SECOND); /* one attempt, and then none fits any more but a cut one */
	tell(1, 1, WQ_LEVEL_ALARM, DEADLINE);
	run(START + 2 * DEADLINE);
	assert_in_range(sent("1-1", MODEM), 50 * SECOND, 61 * SECOND);
	assert_int_equal(outbox_held(bench.outbox), 0);
	assert_true(outbox_down(bench.outbox, HOOK));
	bench_close();
}

static void an_attempt_lasts_no_longer_than_the_deadline(void **state)
{
	(void)state;
	bench_open(WQ_SENT, WQ_HOURS(1));
	tell(1, 1, WQ_LEVEL_ALARM, DEADLINE);
	run(START + 2 * DEADLINE);
	assert_int_equal(bench.log[0].ended - bench.log[0].began, DEADLINE);
	assert_int_equal(sent("1-1", MODEM), DEADLINE + 10);
	bench_close();
}

static void each_notice_has_the_deadline_of_its_route(void **state)
{
	(void)state;
	for (wq_ms deadline = 5 * SECOND; deadline <= 40 * SECOND; deadline += 5 * SECOND) {
		bench_open(WQ_SENT, WQ_HOURS(1));
		tell(1, 1, WQ_LEVEL_ALARM, deadline);
		run(START + WQ_MINUTES(5));
		assert_int_equal(sent("1-1", MODEM), deadline + 10);
		bench_close();
	}
}

static void without_a_deadline_or_a_second_channel_nothing_is_cut(void **state)
{
	static const uint32_t hook_only[] = { HOOK };
	struct wq_notice n = { .id = "only", .alarm = 2, .deadline = DEADLINE };

	(void)state;
	bench_open(WQ_SENT, 5 * DEADLINE);
	tell(1, 1, WQ_LEVEL_ALARM, 0);
	run(START + 6 * DEADLINE);
	assert_int_equal(sent("1-1", HOOK), 5 * DEADLINE);
	outbox_add(bench.outbox, &n, hook_only, 1, 0, LIFE, bench.now);
	run(START + 12 * DEADLINE);
	assert_int_equal(sent("only", HOOK), 11 * DEADLINE);
	bench_close();
}

static void a_hook_that_comes_back_in_time_keeps_the_notice(void **state)
{
	(void)state;
	bench_open(WQ_RETRY, SECOND);
	tell(1, 1, WQ_LEVEL_ALARM, DEADLINE);
	run(START + 8 * SECOND); /* failed twice */
	bench.ways[HOOK].kind = WQ_SENT;
	run(START + WQ_MINUTES(5));
	assert_in_range(sent("1-1", HOOK), 9 * SECOND, DEADLINE);
	assert_int_equal(attempts(NULL, MODEM), 0);
	bench_close();
}

static void a_wait_that_would_end_after_the_deadline_is_not_begun(void **state)
{
	(void)state;
	bench_open(WQ_THROTTLE, SECOND);
	bench.ways[HOOK].throttle = 30 * SECOND;
	tell(1, 1, WQ_LEVEL_ALARM, 20 * SECOND);
	run(START + 5 * SECOND);
	assert_int_equal(sent("1-1", MODEM), SECOND + 10);
	assert_false(outbox_down(bench.outbox, HOOK)); /* told to wait is not broken */
	bench_close();
}

static void what_waits_behind_others_that_get_through_is_not_late(void **state)
{
	(void)state;
	bench_open(WQ_SENT, 2 * SECOND);
	for (int i = 1; i <= 200; i++)
		tell(i, 1, WQ_LEVEL_WATCH, DEADLINE);
	run(START + 500 * SECOND);
	assert_int_equal(outbox_held(bench.outbox), 0);
	assert_int_equal(attempts(NULL, MODEM), 0);
	bench_close();
}

static void a_wrong_configuration_or_a_drop_does_not_wait_for_the_deadline(void **state)
{
	static const enum wq_result_kind kinds[] = { WQ_CONFIG, WQ_DROP };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		bench_open(kinds[i], SECOND);
		tell(1, 1, WQ_LEVEL_ALARM, DEADLINE);
		run(START + 10 * SECOND);
		assert_int_equal(sent("1-1", MODEM), SECOND + 10);
		bench_close();
	}
}

/* ---- while the first is dead ---- */

static void while_the_hook_is_dead_later_notices_do_not_wait_for_it(void **state)
{
	(void)state;
	bench_open(WQ_RETRY, 15 * SECOND);
	tell(1, 1, WQ_LEVEL_WATCH, DEADLINE);
	run(START + 80 * SECOND);
	assert_in_range(sent("1-1", MODEM), SECOND, 62 * SECOND);
	for (int i = 2; i <= 9; i++) {
		char id[16];

		run(START + 80 * SECOND + i * SECOND);
		tell(i, 1, WQ_LEVEL_ALARM, DEADLINE);
		run(bench.now + 500);
		snprintf(id, sizeof id, "%d-1", i);
		assert_in_range(sent(id, MODEM), bench.now - START - 500, bench.now - START);
		assert_int_equal(attempts(id, HOOK), 0);
	}
	bench_close();
}

static void those_that_wait_together_give_way_together(void **state)
{
	(void)state;
	bench_open(WQ_RETRY, 15 * SECOND);
	for (int i = 1; i <= 50; i++)
		tell(i, 1, WQ_LEVEL_WATCH, DEADLINE);
	run(START + 61 * SECOND);
	assert_int_equal(outbox_held(bench.outbox), 0);
	assert_true(attempts(NULL, HOOK) <= 4);
	bench_close();
}

/* The dead channel is probed, rarely, and no notice pays more than the probe for it. */
static void a_dead_hook_is_probed_now_and_then_at_little_cost(void **state)
{
	wq_ms worst = 0;

	(void)state;
	bench_open(WQ_RETRY, 15 * SECOND);
	tell(1, 1, WQ_LEVEL_ALARM, DEADLINE);
	run(START + WQ_MINUTES(2));
	size_t before = attempts(NULL, HOOK);

	for (int i = 1; i <= 58; i++) {
		char id[16];

		run(START + WQ_MINUTES(2) + i * WQ_MINUTES(1));
		tell(i + 1, 1, WQ_LEVEL_ALARM, DEADLINE);
		wq_ms told = bench.now - START;

		run(bench.now + 30 * SECOND);
		snprintf(id, sizeof id, "%d-1", i + 1);
		assert_true(sent(id, MODEM) >= told);
		worst = sent(id, MODEM) - told > worst ? sent(id, MODEM) - told : worst;
	}
	assert_in_range(attempts(NULL, HOOK) - before, 4, 6);
	assert_in_range(worst, OUTBOX_PROBE, OUTBOX_PROBE + SECOND);
	bench_close();
}

static void while_one_probes_the_others_pass_by(void **state)
{
	(void)state;
	bench_open(WQ_RETRY, 15 * SECOND);
	tell(1, 1, WQ_LEVEL_ALARM, DEADLINE);
	run(START + WQ_MINUTES(15));
	tell(2, 1, WQ_LEVEL_ALARM, DEADLINE);
	run(bench.now + 100);
	assert_true(bench.flights[HOOK].busy); /* the probe */
	tell(3, 1, WQ_LEVEL_WATCH, DEADLINE);
	run(bench.now + 100);
	assert_true(bench.flights[HOOK].busy);
	assert_true(sent("3-1", MODEM) >= 0);
	bench_close();
}

static void when_the_hook_works_again_it_is_the_first_again(void **state)
{
	(void)state;
	bench_open(WQ_RETRY, 15 * SECOND);
	tell(1, 1, WQ_LEVEL_ALARM, DEADLINE);
	run(START + WQ_MINUTES(12));
	bench.ways[HOOK] = (struct way){ WQ_SENT, 100, 0 };
	tell(2, 1, WQ_LEVEL_ALARM, DEADLINE);
	run(bench.now + SECOND);
	assert_true(sent("2-1", HOOK) >= 0);
	assert_false(outbox_down(bench.outbox, HOOK));
	tell(3, 1, WQ_LEVEL_ALARM, DEADLINE);
	run(bench.now + SECOND);
	assert_true(sent("3-1", HOOK) >= 0);
	assert_int_equal(attempts("3-1", MODEM), 0);
	bench_close();
}

static void one_notice_that_the_hook_cannot_take_discredits_it_for_nobody(void **state)
{
	(void)state;
	bench_open(WQ_SENT, 100);
	bench.poison = "1-1";
	tell(1, 1, WQ_LEVEL_WATCH, 12 * SECOND);
	for (int i = 2; i <= 30; i++) {
		tell(i, 1, WQ_LEVEL_ALARM, DEADLINE);
		run(START + i * SECOND);
		assert_false(outbox_down(bench.outbox, HOOK));
	}
	assert_in_range(sent("1-1", MODEM), 5 * SECOND, 12 * SECOND);
	assert_int_equal(attempts(NULL, MODEM), 1);
	bench_close();
}

static void with_both_dead_the_first_that_works_takes_everything_in_order(void **state)
{
	uint32_t told[4] = { 0 };

	(void)state;
	bench_open(WQ_RETRY, 15 * SECOND);
	bench.ways[MODEM] = (struct way){ WQ_RETRY, 10, 0 };
	for (uint32_t number = 1; number <= 5; number++)
		for (int alarm = 0; alarm < 4; alarm++)
			tell(alarm, number, WQ_LEVEL_ALARM, DEADLINE);
	run(START + WQ_HOURS(3));
	assert_int_equal(outbox_held(bench.outbox), 20);
	bench.ways[MODEM].kind = WQ_SENT;
	size_t before = bench.count;

	run(bench.now + WQ_MINUTES(15));
	assert_int_equal(outbox_held(bench.outbox), 0);
	for (size_t i = before; i < bench.count; i++) {
		int alarm;
		unsigned number;

		if (bench.log[i].kind != WQ_SENT)
			continue;
		assert_int_equal(sscanf(bench.log[i].id, "%d-%u", &alarm, &number), 2);
		assert_int_equal(number, ++told[alarm]);
	}
	bench_close();
}

static void order_within_an_alarm_holds_across_the_failover(void **state)
{
	uint32_t number = 0;

	(void)state;
	bench_open(WQ_RETRY, 15 * SECOND);
	tell(1, 1, WQ_LEVEL_WATCH, DEADLINE);
	run(START + 10 * SECOND);
	tell(1, 2, WQ_LEVEL_ALARM, 5 * SECOND);
	tell(1, 3, WQ_LEVEL_ALARM, DEADLINE);
	run(START + 70 * SECOND);
	for (size_t i = 0; i < bench.count; i++) {
		unsigned n;

		if (bench.log[i].kind == WQ_SENT) {
			assert_int_equal(sscanf(bench.log[i].id, "1-%u", &n), 1);
			assert_int_equal(n, ++number);
		}
	}
	assert_int_equal(number, 3);
	/* What was blocked leaves as soon as it may, whatever its own deadline. */
	assert_in_range(sent("1-3", MODEM) - sent("1-1", MODEM), 0, 100);
	bench_close();
}

/* ---- another life ---- */

/* A notice as the database gives it back: tried on `channel` since `waited` ago. */
static void tell_again(uint32_t channel, wq_ms waited)
{
	struct wq_notice n = { .id = "old", .alarm = 1, .number = 1, .deadline = DEADLINE };

	assert_int_equal(
	        outbox_add(bench.outbox, &n, hook_modem, 2, 3, LIFE, bench.now), OUTBOX_TAKEN);
	outbox_resume(bench.outbox, "old", channel, false, waited, bench.now);
	outbox_resume(bench.outbox, "unknown", channel, false, waited, bench.now);
	outbox_resume(bench.outbox, "old", 77, false, waited, bench.now);
}

static void the_deadline_runs_on_across_a_restart(void **state)
{
	(void)state;
	bench_open(WQ_SENT, WQ_HOURS(1));
	tell_again(HOOK, 40 * SECOND);
	run(START + DEADLINE);
	assert_int_equal(sent("old", MODEM), 20 * SECOND + 10);
	bench_close();
}

static void what_was_late_before_a_restart_goes_to_the_next_channel_at_once(void **state)
{
	(void)state;
	bench_open(WQ_SENT, 10);
	tell_again(HOOK, WQ_HOURS(5));
	run(START + SECOND);
	assert_int_equal(sent("old", MODEM), 10);
	assert_int_equal(attempts(NULL, HOOK), 0);
	assert_false(outbox_down(bench.outbox, HOOK)); /* of this life nothing is known */
	tell(2, 1, WQ_LEVEL_ALARM, DEADLINE);
	run(bench.now + SECOND);
	assert_true(sent("2-1", HOOK) >= 0);
	bench_close();
}

static void what_had_failed_over_before_a_restart_goes_on_there(void **state)
{
	(void)state;
	bench_open(WQ_SENT, 10);
	tell_again(MODEM, 5 * SECOND);
	run(START + SECOND);
	assert_int_equal(sent("old", MODEM), 10);
	assert_int_equal(attempts(NULL, HOOK), 0);
	bench_close();
}

static void a_deadline_of_nothing_does_not_spin(void **state)
{
	(void)state;
	bench_open(WQ_RETRY, 15 * SECOND);
	bench.ways[MODEM].kind = WQ_RETRY;
	tell(1, 1, WQ_LEVEL_ALARM, 1);
	tell(2, 1, WQ_LEVEL_ALARM, 1);
	run(START + WQ_HOURS(1));
	assert_true(bench.count < 500);
	bench_close();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hook_that_hangs_gives_way_when_the_deadline_has_passed),
		cmocka_unit_test(an_attempt_lasts_no_longer_than_the_deadline),
		cmocka_unit_test(each_notice_has_the_deadline_of_its_route),
		cmocka_unit_test(without_a_deadline_or_a_second_channel_nothing_is_cut),
		cmocka_unit_test(a_hook_that_comes_back_in_time_keeps_the_notice),
		cmocka_unit_test(a_wait_that_would_end_after_the_deadline_is_not_begun),
		cmocka_unit_test(what_waits_behind_others_that_get_through_is_not_late),
		cmocka_unit_test(a_wrong_configuration_or_a_drop_does_not_wait_for_the_deadline),
		cmocka_unit_test(while_the_hook_is_dead_later_notices_do_not_wait_for_it),
		cmocka_unit_test(those_that_wait_together_give_way_together),
		cmocka_unit_test(a_dead_hook_is_probed_now_and_then_at_little_cost),
		cmocka_unit_test(while_one_probes_the_others_pass_by),
		cmocka_unit_test(when_the_hook_works_again_it_is_the_first_again),
		cmocka_unit_test(one_notice_that_the_hook_cannot_take_discredits_it_for_nobody),
		cmocka_unit_test(with_both_dead_the_first_that_works_takes_everything_in_order),
		cmocka_unit_test(order_within_an_alarm_holds_across_the_failover),
		cmocka_unit_test(the_deadline_runs_on_across_a_restart),
		cmocka_unit_test(what_was_late_before_a_restart_goes_to_the_next_channel_at_once),
		cmocka_unit_test(what_had_failed_over_before_a_restart_goes_on_there),
		cmocka_unit_test(a_deadline_of_nothing_does_not_spin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
