/* SPDX-License-Identifier: Apache-2.0 */
/* The state machine of delivery on simulated time. */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "outbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define START  WQ_HOURS(1000)
#define SECOND WQ_SECONDS(1)
#define LIFE   WQ_HOURS(24)

static const uint32_t first_only[] = { 0 }, both[] = { 0, 1 }, second_first[] = { 1, 0 };

static struct wq_notice notice(
        int64_t alarm, uint32_t number, const char *contact, enum wq_level level)
{
	struct wq_notice n = { .alarm = alarm, .number = number, .level = level };

	snprintf(n.contact, sizeof n.contact, "%s", contact);
	snprintf(n.id, sizeof n.id, "%d-%u-%s", (int)alarm, (unsigned)number, contact);
	return n;
}

static void add(struct outbox *outbox, const struct wq_notice *n, const uint32_t *channels,
        size_t count, wq_ms now)
{
	assert_int_equal(outbox_add(outbox, n, channels, count, 0, LIFE, now), OUTBOX_TAKEN);
}

/* Takes the next attempt, which must be this notice on this channel. */
static struct outbox_attempt take(
        struct outbox *outbox, wq_ms now, const char *id, uint32_t channel)
{
	struct outbox_attempt attempt = { 0 };

	assert_true(outbox_next(outbox, now, &attempt));
	assert_string_equal(attempt.notice->id, id);
	assert_int_equal(attempt.channel, channel);
	return attempt;
}

static void assert_nothing(struct outbox *outbox, wq_ms now)
{
	struct outbox_attempt attempt;

	assert_false(outbox_next(outbox, now, &attempt));
}

static struct outbox *fresh(size_t capacity)
{
	struct outbox *outbox = outbox_new(capacity, 2, 42);

	assert_non_null(outbox);
	return outbox;
}

static void what_is_sent_is_done(void **state)
{
	struct outbox *outbox = fresh(4);
	struct wq_notice n = notice(1, 1, "a", 3);

	(void)state;
	assert_int_equal(outbox_wake(outbox, START), WQ_NO_TIME);
	add(outbox, &n, first_only, 1, START);
	assert_int_equal(outbox_wake(outbox, START), START);
	struct outbox_attempt attempt = take(outbox, START, "1-1-a", 0);

	assert_int_equal(attempt.number, 1);
	assert_true(outbox_result(outbox, &attempt, WQ_SENT, 0, START));
	assert_int_equal(outbox_held(outbox), 0);
	assert_int_equal(outbox_wake(outbox, START), WQ_NO_TIME);
	outbox_free(outbox);
}

static void back_off_follows_the_schedule_with_up_to_a_fifth_more(void **state)
{
	static const wq_ms gaps[] = { 5, 15, 30, 60, 120, 300, 600, 600, 600, 600 };
	struct outbox *outbox = fresh(4);
	struct wq_notice n = notice(1, 1, "a", 3);
	wq_ms now = START;
	unsigned various = 0;

	(void)state;
	add(outbox, &n, first_only, 1, now);
	for (size_t i = 0; i < sizeof gaps / sizeof *gaps; i++) {
		struct outbox_attempt attempt = take(outbox, now, "1-1-a", 0);

		assert_int_equal(attempt.number, i + 1);
		assert_false(outbox_result(outbox, &attempt, WQ_RETRY, 0, now));
		wq_ms wake = outbox_wake(outbox, now);

		assert_in_range(wake - now, gaps[i] * SECOND, gaps[i] * SECOND * 6 / 5);
		various += wake - now != gaps[i] * SECOND;
		assert_nothing(outbox, wake - 1);
		now = wake;
	}
	assert_true(various > 5); /* there is jitter */
	outbox_free(outbox);
}

static void a_later_change_waits_for_the_earlier_to_the_same_contact_only(void **state)
{
	struct outbox *outbox = fresh(8);
	struct wq_notice opened = notice(1, 1, "a", 3), cleared = notice(1, 2, "a", 4),
	                 other = notice(1, 2, "b", 2), alarm2 = notice(2, 5, "a", 1);
	wq_ms now = START;

	(void)state;
	add(outbox, &opened, first_only, 1, now);
	add(outbox, &cleared, first_only, 1, now);
	add(outbox, &other, first_only, 1, now);
	add(outbox, &alarm2, first_only, 1, now);
	/* cleared has the highest level, and still waits */
	struct outbox_attempt attempt = take(outbox, now, "1-1-a", 0);

	assert_nothing(outbox, now); /* the channel is busy */
	outbox_result(outbox, &attempt, WQ_RETRY, 0, now);
	now += 7 * SECOND; /* opened is due again and is first by level */
	attempt = take(outbox, now, "1-1-a", 0);
	outbox_result(outbox, &attempt, WQ_SENT, 0, now);
	static const char *const rest[] = { "1-2-a", "1-2-b", "2-5-a" };

	for (size_t i = 0; i < 3; i++) {
		attempt = take(outbox, now, rest[i], 0);
		outbox_result(outbox, &attempt, WQ_SENT, 0, now);
	}
	assert_int_equal(outbox_held(outbox), 0);
	outbox_free(outbox);
}

static void a_change_that_waits_holds_up_neither_other_contacts_nor_other_alarms(void **state)
{
	struct outbox *outbox = fresh(8);
	struct wq_notice poison = notice(1, 1, "a", 3), later = notice(1, 2, "a", 3),
	                 other = notice(1, 2, "b", 3), alarm2 = notice(2, 5, "a", 3);

	(void)state;
	add(outbox, &poison, first_only, 1, START);
	struct outbox_attempt attempt = take(outbox, START, "1-1-a", 0);

	outbox_result(outbox, &attempt, WQ_CONFIG, 0, START);
	add(outbox, &later, first_only, 1, START);
	add(outbox, &other, first_only, 1, START);
	add(outbox, &alarm2, first_only, 1, START);
	attempt = take(outbox, START + 7 * SECOND, "1-2-b", 0);
	outbox_result(outbox, &attempt, WQ_SENT, 0, START + 7 * SECOND);
	attempt = take(outbox, START + 7 * SECOND, "2-5-a", 0);
	outbox_result(outbox, &attempt, WQ_SENT, 0, START + 7 * SECOND);
	assert_nothing(outbox, START + 7 * SECOND);
	outbox_free(outbox);
}

static void order_holds_across_channels_and_while_an_attempt_is_under_way(void **state)
{
	struct outbox *outbox = fresh(8);
	struct wq_notice opened = notice(1, 1, "a", 3), cleared = notice(1, 2, "a", 3);

	(void)state;
	add(outbox, &opened, first_only, 1, START);
	add(outbox, &cleared, second_first, 2, START);
	struct outbox_attempt attempt = take(outbox, START, "1-1-a", 0);

	assert_nothing(
	        outbox, START); /* channel 1 is free, the earlier change is on its way on 0 */
	assert_true(outbox_result(
	        outbox, &attempt, WQ_DROP, 0, START)); /* given up: the later may go */
	take(outbox, START, "1-2-a", 1);
	outbox_free(outbox);
}

static void the_highest_level_goes_first_then_the_lead_then_the_oldest(void **state)
{
	static const struct {
		const char *contact;
		enum wq_level level;
		bool assist;
	} rows[] = { { "c", 2, true }, { "d", 4, true }, { "e", 4, true }, { "f", 4, false },
		{ "g", 3, false } };
	static const char *const order[] = { "4-1-f", "2-1-d", "3-1-e", "5-1-g", "1-1-c" };
	struct outbox *outbox = fresh(8);

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		struct wq_notice n = notice((int64_t)i + 1, 1, rows[i].contact, rows[i].level);

		n.assist = rows[i].assist;
		add(outbox, &n, first_only, 1, START);
	}
	for (size_t i = 0; i < 5; i++) {
		struct outbox_attempt attempt = take(outbox, START, order[i], 0);

		outbox_result(outbox, &attempt, WQ_SENT, 0, START);
	}
	outbox_free(outbox);
}

static void channels_do_not_wait_for_each_other(void **state)
{
	struct outbox *outbox = fresh(4);
	struct wq_notice a = notice(1, 1, "a", 3), b = notice(1, 1, "b", 3);

	(void)state;
	add(outbox, &a, first_only, 1, START);
	add(outbox, &b, second_first, 2, START);
	take(outbox, START, "1-1-a", 0);
	take(outbox, START, "1-1-b", 1); /* although the first is still under way */
	outbox_free(outbox);
}

static void a_wrong_configuration_fails_over_at_once(void **state)
{
	struct outbox *outbox = fresh(4);
	struct wq_notice n = notice(1, 1, "a", 3), m = notice(2, 1, "a", 3);

	(void)state;
	add(outbox, &n, both, 2, START);
	struct outbox_attempt attempt = take(outbox, START, "1-1-a", 0);

	assert_false(outbox_result(outbox, &attempt, WQ_CONFIG, 0, START));
	assert_true(outbox_down(outbox, 0));
	attempt = take(outbox, START, "1-1-a", 1);
	assert_int_equal(attempt.number, 2);
	assert_true(outbox_result(outbox, &attempt, WQ_SENT, 0, START));
	/* The next one does not even try the broken channel, for ten minutes. */
	add(outbox, &m, both, 2, START + 9 * 60 * SECOND);
	attempt = take(outbox, START + 9 * 60 * SECOND, "2-1-a", 1);
	outbox_result(outbox, &attempt, WQ_SENT, 0, START + 9 * 60 * SECOND);
	m = notice(3, 1, "a", 3);
	add(outbox, &m, both, 2, START + 11 * 60 * SECOND);
	attempt = take(outbox, START + 11 * 60 * SECOND, "3-1-a", 0);
	outbox_result(outbox, &attempt, WQ_SENT, 0, START + 11 * 60 * SECOND);
	assert_false(outbox_down(outbox, 0));
	outbox_free(outbox);
}

static void when_every_channel_is_wrong_the_round_begins_anew_after_ten_minutes(void **state)
{
	struct outbox *outbox = fresh(4);
	struct wq_notice n = notice(1, 1, "a", 3);
	wq_ms now = START;

	(void)state;
	add(outbox, &n, both, 2, now);
	for (int round = 0; round < 3; round++) {
		for (uint32_t channel = 0; channel < 2; channel++) {
			struct outbox_attempt attempt = take(outbox, now, "1-1-a", channel);

			assert_false(outbox_result(outbox, &attempt, WQ_CONFIG, 0, now));
		}
		wq_ms wake = outbox_wake(outbox, now);

		assert_in_range(wake - now, WQ_MINUTES(10), WQ_MINUTES(12));
		assert_nothing(outbox, wake - 1);
		now = wake;
	}
	outbox_free(outbox);
}

static void a_silent_channel_gives_way_after_three_attempts(void **state)
{
	struct outbox *outbox = fresh(4);
	struct wq_notice n = notice(1, 1, "a", 3);
	wq_ms now = START;

	(void)state;
	add(outbox, &n, both, 2, now);
	for (int i = 0; i < OUTBOX_PATIENCE; i++) {
		now = outbox_wake(outbox, now);
		struct outbox_attempt attempt = take(outbox, now, "1-1-a", 0);

		assert_int_equal(outbox_down(outbox, 0), false);
		outbox_result(outbox, &attempt, WQ_RETRY, 0, now);
	}
	assert_true(outbox_down(outbox, 0));
	assert_true(now - START <= 24 * SECOND);
	struct outbox_attempt attempt = take(outbox, now, "1-1-a", 1);

	assert_true(outbox_result(outbox, &attempt, WQ_SENT, 0, now));
	n = notice(2, 1, "b", 3); /* the next one does not try it first */
	now += WQ_MINUTES(5);
	add(outbox, &n, both, 2, now);
	take(outbox, now, "2-1-b", 1);
	outbox_free(outbox);
}

static void a_throttled_channel_is_left_alone_until_it_said(void **state)
{
	struct outbox *outbox = fresh(4);
	struct wq_notice n = notice(1, 1, "a", 3), m = notice(2, 1, "b", 4);
	wq_ms until = START + 40 * SECOND;

	(void)state;
	add(outbox, &n, both, 2, START);
	struct outbox_attempt attempt = take(outbox, START, "1-1-a", 0);

	assert_false(outbox_result(outbox, &attempt, WQ_THROTTLE, until, START));
	assert_false(outbox_down(outbox, 0)); /* slow down is not broken */
	add(outbox, &m, first_only, 1, START);
	assert_nothing(outbox, until - 1);
	assert_int_equal(outbox_wake(outbox, START), until);
	attempt = take(outbox, until, "2-1-b", 0);
	outbox_result(outbox, &attempt, WQ_SENT, 0, until);
	take(outbox, until, "1-1-a", 0);
	outbox_free(outbox);
}

static void a_long_throttle_is_worth_another_channel(void **state)
{
	struct outbox *outbox = fresh(4);
	struct wq_notice n = notice(1, 1, "a", 3), m = notice(2, 1, "b", 3);
	wq_ms until = START + 10 * 60 * SECOND;

	(void)state;
	add(outbox, &n, both, 2, START);
	add(outbox, &m, first_only, 1, START);
	struct outbox_attempt attempt = take(outbox, START, "1-1-a", 0);

	outbox_result(outbox, &attempt, WQ_THROTTLE, until, START);
	take(outbox, START, "1-1-a", 1);
	assert_nothing(outbox, until - 1); /* who has no other channel waits */
	take(outbox, until, "2-1-b", 0);
	outbox_free(outbox);
}

static void who_cannot_be_reached_any_way_is_given_up(void **state)
{
	struct outbox *outbox = fresh(4);
	struct wq_notice n = notice(1, 1, "a", 3);

	(void)state;
	add(outbox, &n, both, 2, START);
	struct outbox_attempt attempt = take(outbox, START, "1-1-a", 0);

	assert_false(outbox_result(outbox, &attempt, WQ_DROP, 0, START));
	attempt = take(outbox, START, "1-1-a", 1);
	/* A dropped way is never tried again. */
	assert_false(outbox_result(outbox, &attempt, WQ_RETRY, 0, START));
	attempt = take(outbox, outbox_wake(outbox, START), "1-1-a", 1);
	assert_true(outbox_result(outbox, &attempt, WQ_DROP, 0, START));
	assert_int_equal(outbox_held(outbox), 0);
	outbox_free(outbox);
}

static void a_dropped_way_is_passed_over_when_the_turn_moves_on(void **state)
{
	static const uint32_t three[] = { 0, 1, 2, 99 }; /* 99: there is no such channel */
	struct outbox *outbox = outbox_new(4, 3, 1);
	struct wq_notice n = notice(1, 1, "a", 3);

	(void)state;
	add(outbox, &n, three, 4, START);
	struct outbox_attempt attempt = take(outbox, START, "1-1-a", 0);

	outbox_result(outbox, &attempt, WQ_DROP, 0, START);
	attempt = take(outbox, START, "1-1-a", 1);
	outbox_result(outbox, &attempt, WQ_CONFIG, 0, START);
	attempt = take(outbox, START, "1-1-a", 2);
	outbox_result(outbox, &attempt, WQ_CONFIG, 0, START);
	wq_ms wake = outbox_wake(outbox, START); /* both that are left were tried */

	assert_in_range(wake - START, WQ_MINUTES(10), WQ_MINUTES(12));
	take(outbox, wake, "1-1-a", 1);
	outbox_free(outbox);
	outbox_free(NULL);
}

static void a_drop_in_between_begins_no_new_round(void **state)
{
	static const uint32_t three[] = { 0, 1, 2 };
	static const enum wq_result_kind kinds[] = { WQ_CONFIG, WQ_DROP, WQ_CONFIG };
	struct outbox *outbox = outbox_new(4, 3, 1);
	struct wq_notice n = notice(1, 1, "a", 3);

	(void)state;
	add(outbox, &n, three, 3, START);
	for (uint32_t channel = 0; channel < 3; channel++) {
		struct outbox_attempt attempt = take(outbox, START, "1-1-a", channel);

		assert_false(outbox_result(outbox, &attempt, kinds[channel], 0, START));
	}
	assert_nothing(outbox, START + WQ_MINUTES(10) - 1);
	outbox_free(outbox);
}

static void what_has_no_channel_or_expired_is_given_up(void **state)
{
	struct outbox *outbox = fresh(4);
	struct wq_notice n = notice(1, 1, "a", 3), m = notice(2, 1, "b", 3);
	struct outbox_attempt last;

	(void)state;
	assert_int_equal(outbox_add(outbox, &n, NULL, 0, 7, LIFE, START), OUTBOX_TAKEN);
	assert_int_equal(outbox_wake(outbox, START), START);
	assert_nothing(outbox, START);
	assert_true(outbox_give_up(outbox, START, &last));
	assert_string_equal(last.notice->id, "1-1-a");
	assert_int_equal(last.number, 7);
	assert_int_equal(last.channel, UINT32_MAX);
	assert_false(outbox_give_up(outbox, START, &last));

	assert_int_equal(outbox_add(outbox, &m, first_only, 1, 0, SECOND * 8, START), OUTBOX_TAKEN);
	struct outbox_attempt attempt = take(outbox, START, "2-1-b", 0);

	assert_false(outbox_give_up(outbox, START + LIFE, &last)); /* an attempt is under way */
	assert_false(outbox_result(outbox, &attempt, WQ_RETRY, 0, START));
	attempt = take(outbox, START + 7 * SECOND, "2-1-b", 0);
	assert_false(outbox_result(outbox, &attempt, WQ_RETRY, 0, START + 7 * SECOND));
	assert_int_equal(outbox_wake(outbox, START + 7 * SECOND), START + 8 * SECOND);
	assert_false(outbox_give_up(outbox, START + 8 * SECOND - 1, &last));
	assert_nothing(outbox, START + 8 * SECOND);
	assert_true(outbox_give_up(outbox, START + 8 * SECOND, &last));
	assert_int_equal(last.channel, 0);
	assert_int_equal(last.number, 2);
	outbox_free(outbox);
}

static void a_failure_after_the_deadline_is_the_last(void **state)
{
	struct outbox *outbox = fresh(4);
	struct wq_notice n = notice(1, 1, "a", 3);

	(void)state;
	assert_int_equal(outbox_add(outbox, &n, first_only, 1, 0, SECOND, START), OUTBOX_TAKEN);
	struct outbox_attempt attempt = take(outbox, START, "1-1-a", 0);

	assert_true(outbox_result(outbox, &attempt, WQ_RETRY, 0, START + SECOND));
	assert_int_equal(outbox_held(outbox), 0);
	outbox_free(outbox);
}

static void the_outbox_is_bounded_and_knows_what_it_holds(void **state)
{
	struct outbox *outbox = fresh(3);

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		struct wq_notice n = notice(1, i + 1, "a", 3);

		assert_int_equal(outbox_room(outbox), 3 - i);
		add(outbox, &n, first_only, 1, START);
		assert_int_equal(
		        outbox_add(outbox, &n, first_only, 1, 0, LIFE, START), OUTBOX_KNOWN);
	}
	struct wq_notice more = notice(9, 1, "a", 3);

	assert_int_equal(outbox_add(outbox, &more, first_only, 1, 0, LIFE, START), OUTBOX_FULL);
	assert_int_equal(outbox_room(outbox), 0);
	struct outbox_attempt attempt = take(outbox, START, "1-1-a", 0);

	outbox_result(outbox, &attempt, WQ_SENT, 0, START);
	assert_int_equal(outbox_add(outbox, &more, first_only, 1, 0, LIFE, START), OUTBOX_TAKEN);
	outbox_free(outbox);
}

/* A warning that became an alarm is told before other warnings, though it came last. */
static void what_is_urgent_takes_along_what_of_its_alarm_waits_before_it(void **state)
{
	struct outbox *outbox = fresh(16);
	struct wq_notice n;

	(void)state;
	outbox_share(outbox, 8);
	for (int64_t alarm = 1; alarm <= 6; alarm++) {
		n = notice(alarm, 1, "a", WQ_LEVEL_WARNING);
		n.kind = WQ_OPENED;
		add(outbox, &n, first_only, 1, START);
	}
	/* Read back from disk for what comes after it: there is room for it. */
	n = notice(7, 1, "a", WQ_LEVEL_WARNING);
	assert_int_equal(outbox_add(outbox, &n, first_only, 1, 0, LIFE, START), OUTBOX_FULL);
	n.urgent = true;
	add(outbox, &n, first_only, 1, START);
	n = notice(6, 2, "a", WQ_LEVEL_WARNING);
	n.kind = WQ_ESCALATED;
	add(outbox, &n, first_only, 1, START);
	static const char *const order[] = { "6-1-a", "7-1-a", "6-2-a", "1-1-a", "2-1-a", "3-1-a", "4-1-a", "5-1-a" };
	for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
		struct outbox_attempt attempt = take(outbox, START, order[i], 0);
		assert_true(outbox_result(outbox, &attempt, WQ_SENT, 0, START));
	}
	outbox_free(outbox);
}

static void a_contact_has_its_share_and_no_more_and_a_quarter_of_it_is_for_alarms(void **state)
{
	(void)state;
	struct outbox *outbox = fresh(32);
	uint32_t i;

	outbox_share(outbox, 8);
	for (i = 0; i < 6; i++) {
		struct wq_notice n = notice(1 + i, 1, "a", WQ_LEVEL_WARNING);
		assert_int_equal(outbox_add(outbox, &n, first_only, 1, 0, LIFE, START), OUTBOX_TAKEN);
	}
	struct wq_notice more = notice(20, 1, "a", WQ_LEVEL_WARNING);
	assert_int_equal(outbox_add(outbox, &more, first_only, 1, 0, LIFE, START), OUTBOX_FULL);
	for (; i < 8; i++) {
		struct wq_notice n = notice(1 + i, 1, "a", WQ_LEVEL_ALARM);
		assert_int_equal(outbox_room_for(outbox, "a"), 8 - i);
		assert_int_equal(outbox_add(outbox, &n, first_only, 1, 0, LIFE, START), OUTBOX_TAKEN);
	}
	assert_int_equal(outbox_room_for(outbox, "a"), 0);
	more.level = WQ_LEVEL_ALARM;
	assert_int_equal(outbox_add(outbox, &more, first_only, 1, 0, LIFE, START), OUTBOX_FULL);
	more.test = true; /* who tries a channel is not kept waiting */
	assert_int_equal(outbox_add(outbox, &more, first_only, 1, 0, LIFE, START), OUTBOX_TAKEN);
	struct wq_notice other = notice(20, 1, "b", WQ_LEVEL_INFO);
	assert_int_equal(outbox_room_for(outbox, "b"), 8);
	assert_int_equal(outbox_add(outbox, &other, first_only, 1, 0, LIFE, START), OUTBOX_TAKEN);
	outbox_free(outbox);
}

/* A record that is completed: after all else, in its order, not too fast; nobody waits for it. */
static void what_is_told_afterwards_goes_last_and_in_order(void **state)
{
	(void)state;
	struct outbox *outbox = fresh(8);
	struct wq_notice old[3], live = notice(1, 9, "a", WQ_LEVEL_INFO), other = notice(2, 1, "a", WQ_LEVEL_INFO);
	struct outbox_attempt attempt;

	add(outbox, &other, first_only, 1, START);
	attempt = take(outbox, START, other.id, 0); /* so it is known that the channel works */
	outbox_result(outbox, &attempt, WQ_SENT, 0, START);
	for (uint32_t i = 0; i < 3; i++) {
		old[i] = notice(1, i + 1, "a", WQ_LEVEL_ALARM);
		old[i].history = true;
		add(outbox, &old[i], first_only, 1, START);
	}
	add(outbox, &live, first_only, 1, START);
	attempt = take(outbox, START, live.id, 0); /* lesser, later, and of the same alarm */
	outbox_result(outbox, &attempt, WQ_SENT, 0, START);
	assert_nothing(outbox, START + OUTBOX_HISTORY - 1);
	attempt = take(outbox, START + OUTBOX_HISTORY, old[0].id, 0);
	outbox_result(outbox, &attempt, WQ_RETRY, 0, START + OUTBOX_HISTORY);
	/* The second does not overtake the first, which waits for its next try. */
	assert_nothing(outbox, START + OUTBOX_HISTORY + WQ_SECONDS(4));
	for (uint32_t i = 0; i < 3; i++) {
		wq_ms now = START + WQ_SECONDS(10 + (wq_ms)i);
		attempt = take(outbox, now, old[i].id, 0);
		assert_true(outbox_result(outbox, &attempt, WQ_SENT, 0, now));
		assert_nothing(outbox, now + OUTBOX_HISTORY - 1);
	}
	/* What was sent can still be told afterwards, on another channel. */
	live.history = true;
	add(outbox, &live, first_only, 1, START + WQ_MINUTES(1));
	outbox_free(outbox);
}

static void a_channel_that_is_down_is_told_afterwards_no_more_often_than_it_is_probed(void **state)
{
	(void)state;
	struct outbox *outbox = fresh(8);
	struct wq_notice old = notice(1, 1, "a", WQ_LEVEL_ALARM);
	wq_ms now = START;
	int tries = 0;

	old.history = true;
	add(outbox, &old, first_only, 1, START);
	assert_nothing(outbox, START + OUTBOX_PROBE - 1);
	for (; now < START + WQ_HOURS(6); now += WQ_SECONDS(1)) {
		struct outbox_attempt attempt;

		if (!outbox_next(outbox, now, &attempt))
			continue;
		tries++;
		assert_true(attempt.patience > 0 && attempt.patience <= OUTBOX_PROBE);
		assert_false(outbox_result(outbox, &attempt, WQ_RETRY, 0, now));
	}
	assert_in_range(tries, 25, 40);
	outbox_free(outbox);
}

/* The database may not have heard of it yet when its outbox is read. */
static void what_was_sent_a_while_ago_is_not_taken_again(void **state)
{
	(void)state;
	struct outbox *outbox = fresh(4);
	struct wq_notice n = notice(1, 1, "a", 3);

	add(outbox, &n, first_only, 1, START);
	struct outbox_attempt attempt = take(outbox, START, "1-1-a", 0);
	outbox_result(outbox, &attempt, WQ_SENT, 0, START);
	assert_int_equal(outbox_add(outbox, &n, first_only, 1, 0, LIFE, START), OUTBOX_KNOWN);
	assert_int_equal(outbox_held(outbox), 0);
	outbox_free(outbox);
}

static void a_notice_that_is_refused_does_not_hold_up_the_others(void **state)
{
	struct outbox *outbox = fresh(8);
	struct wq_notice poison = notice(1, 1, "a", 4);
	wq_ms now = START;

	(void)state;
	add(outbox, &poison, first_only, 1, now);
	struct outbox_attempt attempt = take(outbox, now, "1-1-a", 0);

	outbox_result(outbox, &attempt, WQ_CONFIG, 0, now);
	for (int64_t i = 2; i < 6; i++) {
		struct wq_notice n = notice(i, 1, "b", 2);

		add(outbox, &n, first_only, 1, now);
	}
	now += 6 * SECOND;
	for (int i = 0; i < 4; i++) {
		assert_true(outbox_next(outbox, now, &attempt));
		assert_string_equal(attempt.notice->contact, "b");
		outbox_result(outbox, &attempt, WQ_SENT, 0, now);
	}
	assert_int_equal(outbox_held(outbox), 1);
	assert_nothing(outbox, START + WQ_MINUTES(10) - 1);
	outbox_free(outbox);
}

static void when_a_channel_works_again_what_waited_for_it_leaves_at_once(void **state)
{
	struct outbox *outbox = fresh(8);
	struct outbox_attempt attempt;
	wq_ms now = START;

	(void)state;
	for (int64_t i = 1; i <= 4; i++) {
		struct wq_notice n = notice(i, 1, "a", 3);

		add(outbox, &n, first_only, 1, now);
	}
	for (int i = 0; i < 30; i++) { /* all are deep in their back-off */
		now = outbox_wake(outbox, now);
		assert_true(outbox_next(outbox, now, &attempt));
		outbox_result(outbox, &attempt, WQ_RETRY, 0, now);
	}
	now = outbox_wake(outbox, now);
	for (int i = 0; i < 4; i++) {
		assert_true(outbox_next(outbox, now, &attempt));
		assert_true(outbox_result(outbox, &attempt, WQ_SENT, 0, now));
	}
	assert_int_equal(outbox_held(outbox), 0);
	outbox_free(outbox);
}

/* Attempts within any window of ten minutes, the last one being at `now`. */
static size_t recent(const wq_ms *times, size_t count, wq_ms now)
{
	size_t n = 0;

	while (n < count && times[count - 1 - n] > now - OUTBOX_WINDOW)
		n++;
	return n;
}

static void a_receiver_that_is_down_for_a_day_sees_few_attempts_and_then_everything_in_order(
        void **state)
{
	static wq_ms times[20000];
	static uint32_t told[100]; /* last change told, by alarm */
	struct outbox *outbox = fresh(512);
	struct outbox_attempt attempt;
	wq_ms now = START, up = START + WQ_HOURS(20);
	size_t count = 0, sent = 0;

	(void)state;
	memset(told, 0, sizeof told);
	for (uint32_t change = 1; change <= 5; change++)
		for (int64_t alarm = 0; alarm < 100; alarm++) {
			struct wq_notice n =
			        notice(alarm, change, "a", (enum wq_level)(1 + alarm % 4));

			add(outbox, &n, first_only, 1, now);
		}
	while (now < up) {
		if (outbox_next(outbox, now, &attempt)) {
			times[count++] = now;
			assert_true(count < sizeof times / sizeof *times);
			assert_in_range(recent(times, count, now), 1, OUTBOX_FAILURES);
			enum wq_result_kind kind = count % 5 == 0 ? WQ_THROTTLE : WQ_RETRY;

			now += SECOND; /* an attempt takes time */
			assert_false(outbox_result(outbox, &attempt, kind, now + SECOND, now));
		}
		now = outbox_wake(outbox, now);
	}
	assert_true(count > 20 * 6 * 10); /* it does go on trying: about two a minute */
	wq_ms began = now;

	while (outbox_held(outbox) > 0) {
		assert_true(now - began < WQ_MINUTES(20));
		if (!outbox_next(outbox, now, &attempt)) {
			now = outbox_wake(outbox, now);
			continue;
		}
		assert_int_equal(attempt.notice->number, told[attempt.notice->alarm] + 1);
		told[attempt.notice->alarm]++;
		assert_true(outbox_result(outbox, &attempt, WQ_SENT, 0, now));
		sent++;
	}
	assert_int_equal(sent, 500);
	outbox_free(outbox);
}

/* Whatever happens: order per alarm and contact, one attempt a channel, nothing lost, nothing twice
 * after it was sent, and there is always a next instant. */
static void by_chance(uint64_t seed)
{
	struct outbox *outbox = outbox_new(64, 2, seed);
	struct outbox_attempt flying[2];
	bool busy[2] = { false, false };
	uint32_t done[4][3] = { { 0 } }, offered = 0;
	wq_ms now = START;
	uint64_t chance = seed;

	for (int turn = 0; turn < 4000; turn++) {
		chance = chance * 6364136223846793005u + 1442695040888963407u;
		unsigned dice = (unsigned)(chance >> 40);
		struct outbox_attempt attempt;

		if (offered < 5 * 12 && dice % 7 == 0) {
			struct wq_notice n = notice(
			        offered % 4, offered / 12 + 1, "", (enum wq_level)(1 + dice % 4));

			snprintf(n.contact, sizeof n.contact, "%u", offered % 3);
			snprintf(n.id, sizeof n.id, "%u", offered++);
			assert_int_equal(outbox_add(outbox, &n, dice % 2 ? both : second_first, 2,
			                         0, WQ_DAYS(900), now),
			        OUTBOX_TAKEN);
		}
		if (outbox_next(outbox, now, &attempt)) {
			assert_false(busy[attempt.channel]);
			busy[attempt.channel] = true;
			flying[attempt.channel] = attempt;
			uint32_t contact = (uint32_t)atoi(attempt.notice->contact);

			assert_int_equal(
			        attempt.notice->number, done[attempt.notice->alarm][contact] + 1);
		}
		uint32_t c = dice >> 8 & 1;

		if (busy[c] && dice % 3 == 0) {
			static const enum wq_result_kind kinds[] = { WQ_SENT, WQ_RETRY, WQ_THROTTLE,
				WQ_CONFIG };
			enum wq_result_kind kind = kinds[dice >> 10 & 3];
			const struct wq_notice *n = flying[c].notice;
			uint32_t *last = &done[n->alarm][atoi(n->contact)];

			*last += kind == WQ_SENT;
			busy[c] = false;
			assert_int_equal(outbox_result(outbox, &flying[c], kind,
			                         now + dice % 200 * SECOND, now),
			        kind == WQ_SENT);
		}
		wq_ms wake = outbox_wake(outbox, now);

		assert_true(wake != WQ_NO_TIME || outbox_held(outbox) == busy[0] + (size_t)busy[1]);
		if (!busy[0] && !busy[1] && wake > now)
			now = wake;
	}
	assert_int_equal(offered, 60);
	assert_int_equal(outbox_held(outbox), 0);
	outbox_free(outbox);
}

static void order_and_completeness_hold_by_chance(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 50; seed++)
		by_chance(seed);
}

/* ---- pace, chance, and what was handed on ---- */

static void a_channel_sees_no_more_within_any_minute_or_second_than_its_pace_allows(void **state)
{
	struct outbox *outbox = fresh(200);
	wq_ms began[200], now = START;
	size_t n = 0;

	(void)state;
	assert_true(outbox_pace(outbox, 0, 18, 5));
	for (int i = 0; i < 100; i++) {
		struct wq_notice one = notice(i + 1, 1, "a", 3);

		snprintf(one.id, sizeof one.id, "n%d", i);
		assert_int_equal(outbox_add(outbox, &one, first_only, 1, 0, WQ_HOURS(24), now), OUTBOX_TAKEN);
	}
	while (n < 100) {
		struct outbox_attempt attempt;

		if (!outbox_next(outbox, now, &attempt)) {
			assert_true(outbox_wake(outbox, now) > now);
			now = outbox_wake(outbox, now);
			continue;
		}
		began[n++] = now;
		outbox_result(outbox, &attempt, WQ_SENT, 0, now);
	}
	for (size_t i = 0; i < n; i++) {
		assert_true(i < 18 || began[i] - began[i - 18] >= WQ_MINUTES(1));
		assert_true(i < 5 || began[i] - began[i - 5] >= WQ_SECONDS(1));
	}
	assert_int_equal(began[99] - began[0], WQ_MINUTES(5) + WQ_SECONDS(1)); /* and no fewer */
	outbox_free(outbox);
}

static void the_pace_lets_the_highest_level_go_first(void **state)
{
	struct outbox *outbox = fresh(4);
	struct wq_notice low = notice(1, 1, "a", 2), other = notice(2, 1, "a", 2), high = notice(3, 1, "a", 4);

	(void)state;
	assert_true(outbox_pace(outbox, 0, 1, 0));
	add(outbox, &low, first_only, 1, START);
	struct outbox_attempt attempt = take(outbox, START, "1-1-a", 0);

	outbox_result(outbox, &attempt, WQ_SENT, 0, START);
	add(outbox, &other, first_only, 1, START);
	add(outbox, &high, first_only, 1, START + 1);
	assert_nothing(outbox, START + WQ_MINUTES(1) - 1);
	take(outbox, START + WQ_MINUTES(1), "3-1-a", 0);
	outbox_free(outbox);
}

static void a_new_notice_is_put_off_by_chance_within_its_bound(void **state)
{
	struct outbox *outbox = fresh(64);
	unsigned various = 0;

	(void)state;
	for (int i = 0; i < 40; i++) {
		struct wq_notice one = notice(i + 1, 1, "a", 3);

		snprintf(one.id, sizeof one.id, "n%d", i);
		add(outbox, &one, first_only, 1, START);
		outbox_put_off(outbox, one.id, WQ_SECONDS(20), START);
		wq_ms wake = outbox_wake(outbox, START);
		struct outbox_attempt attempt;

		assert_in_range(wake, START, START + WQ_SECONDS(20));
		assert_true(outbox_next(outbox, wake, &attempt));
		outbox_result(outbox, &attempt, WQ_SENT, 0, wake);
		various += wake > START + WQ_SECONDS(10);
	}
	assert_in_range(various, 8, 32);
	outbox_free(outbox);
}

static void what_was_handed_on_stays_there_until_its_channel_knows(void **state)
{
	struct outbox *outbox = fresh(4);
	struct wq_notice n = notice(1, 1, "a", 3), later = notice(1, 2, "a", 3);
	wq_ms now = START;

	(void)state;
	n.deadline = WQ_SECONDS(10);
	add(outbox, &n, both, 2, now);
	add(outbox, &later, both, 2, now);
	struct outbox_attempt attempt = take(outbox, now, "1-1-a", 0);

	assert_int_equal(attempt.number, 1);
	assert_false(attempt.again);
	assert_false(outbox_result(outbox, &attempt, WQ_TAKEN, now + 5 * SECOND, now));
	for (int look = 0; look < 30; look++) { /* its deadline passes, and the later change waits */
		assert_nothing(outbox, now + 5 * SECOND - 1);
		now += 5 * SECOND;
		attempt = take(outbox, now, "1-1-a", 0);
		assert_int_equal(attempt.number, 1);
		assert_true(attempt.again);
		assert_false(outbox_result(outbox, &attempt, WQ_TAKEN, now + 5 * SECOND, now));
		assert_false(outbox_down(outbox, 0));
	}
	now += 5 * SECOND;
	attempt = take(outbox, now, "1-1-a", 0);
	assert_false(outbox_result(outbox, &attempt, WQ_FAILED, 0, now));
	attempt = take(outbox, now, "1-1-a", 1); /* at once */
	assert_int_equal(attempt.number, 2);
	assert_true(outbox_result(outbox, &attempt, WQ_SENT, 0, now));
	outbox_free(outbox);
}

static void a_test_is_tried_once_and_at_once_on_a_channel_that_pauses(void **state)
{
	struct outbox *outbox = fresh(4);
	struct wq_notice n = notice(1, 1, "a", 3), test = notice(2, 1, "a", 3);
	struct outbox_attempt attempt;

	(void)state;
	test.test = true;
	add(outbox, &n, first_only, 1, START);
	attempt = take(outbox, START, "1-1-a", 0);
	outbox_result(outbox, &attempt, WQ_CONFIG, 0, START);
	add(outbox, &test, first_only, 1, START + 1);
	attempt = take(outbox, START + 1, "2-1-a", 0);
	assert_true(outbox_result(outbox, &attempt, WQ_RETRY, 0, START + 2));
	outbox_free(outbox);
}

static void a_test_leaves_the_channels_standing_as_it_is(void **state)
{
	static const enum wq_result_kind failures[] = { WQ_CONFIG, WQ_RETRY, WQ_FAILED, WQ_THROTTLE, WQ_DROP, WQ_RETRY, WQ_RETRY };
	struct outbox *outbox = fresh(4);
	struct wq_notice n = notice(1, 1, "a", 3), test = notice(2, 1, "a", 3);
	struct outbox_attempt attempt;
	wq_ms now = START;

	(void)state;
	test.test = true;
	for (size_t i = 0; i < sizeof failures / sizeof *failures; i++) {
		snprintf(test.id, sizeof test.id, "t-%zu", i);
		add(outbox, &test, first_only, 1, now);
		attempt = take(outbox, now, test.id, 0);
		assert_true(outbox_result(outbox, &attempt, failures[i], now + WQ_HOURS(1), now));
		assert_false(outbox_down(outbox, 0));
	}
	/* Nor does the channel pause for it. */
	add(outbox, &n, first_only, 1, now);
	attempt = take(outbox, now, "1-1-a", 0);
	outbox_result(outbox, &attempt, WQ_CONFIG, 0, now);
	assert_true(outbox_down(outbox, 0));
	snprintf(test.id, sizeof test.id, "t-good");
	add(outbox, &test, first_only, 1, ++now);
	attempt = take(outbox, now, "t-good", 0);
	assert_true(outbox_result(outbox, &attempt, WQ_SENT, 0, now));
	assert_true(outbox_down(outbox, 0));
	outbox_free(outbox);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_channel_sees_no_more_within_any_minute_or_second_than_its_pace_allows),
		cmocka_unit_test(the_pace_lets_the_highest_level_go_first),
		cmocka_unit_test(a_new_notice_is_put_off_by_chance_within_its_bound),
		cmocka_unit_test(what_was_handed_on_stays_there_until_its_channel_knows),
		cmocka_unit_test(a_test_is_tried_once_and_at_once_on_a_channel_that_pauses),
		cmocka_unit_test(a_test_leaves_the_channels_standing_as_it_is),
		cmocka_unit_test(what_is_sent_is_done),
		cmocka_unit_test(back_off_follows_the_schedule_with_up_to_a_fifth_more),
		cmocka_unit_test(a_later_change_waits_for_the_earlier_to_the_same_contact_only),
		cmocka_unit_test(
		        a_change_that_waits_holds_up_neither_other_contacts_nor_other_alarms),
		cmocka_unit_test(order_holds_across_channels_and_while_an_attempt_is_under_way),
		cmocka_unit_test(the_highest_level_goes_first_then_the_lead_then_the_oldest),
		cmocka_unit_test(channels_do_not_wait_for_each_other),
		cmocka_unit_test(a_wrong_configuration_fails_over_at_once),
		cmocka_unit_test(
		        when_every_channel_is_wrong_the_round_begins_anew_after_ten_minutes),
		cmocka_unit_test(a_silent_channel_gives_way_after_three_attempts),
		cmocka_unit_test(a_throttled_channel_is_left_alone_until_it_said),
		cmocka_unit_test(a_long_throttle_is_worth_another_channel),
		cmocka_unit_test(who_cannot_be_reached_any_way_is_given_up),
		cmocka_unit_test(a_dropped_way_is_passed_over_when_the_turn_moves_on),
		cmocka_unit_test(a_drop_in_between_begins_no_new_round),
		cmocka_unit_test(what_has_no_channel_or_expired_is_given_up),
		cmocka_unit_test(a_failure_after_the_deadline_is_the_last),
		cmocka_unit_test(the_outbox_is_bounded_and_knows_what_it_holds),
		cmocka_unit_test(a_contact_has_its_share_and_no_more_and_a_quarter_of_it_is_for_alarms),
		cmocka_unit_test(what_is_urgent_takes_along_what_of_its_alarm_waits_before_it),
		cmocka_unit_test(what_was_sent_a_while_ago_is_not_taken_again),
		cmocka_unit_test(what_is_told_afterwards_goes_last_and_in_order),
		cmocka_unit_test(a_channel_that_is_down_is_told_afterwards_no_more_often_than_it_is_probed),
		cmocka_unit_test(a_notice_that_is_refused_does_not_hold_up_the_others),
		cmocka_unit_test(when_a_channel_works_again_what_waited_for_it_leaves_at_once),
		cmocka_unit_test(
		        a_receiver_that_is_down_for_a_day_sees_few_attempts_and_then_everything_in_order),
		cmocka_unit_test(order_and_completeness_hold_by_chance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
