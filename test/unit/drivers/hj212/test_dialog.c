/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked of a station: once, within bounds, and not for ever. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dialog.h"

#include <stdio.h>
#include <string.h>

#define HOUR WQ_HOURS(1)
#define WALL ((wq_ms)1735084800000) /* 2024-12-25T08:00+08:00 */
#define SPAN WQ_DAYS(1)

static struct hj212_request request;

static bool due(struct hj212_dialog *d, wq_ms now)
{
	return hj212_dialog_due(d, now, WALL + now, true, true, 1012, &wq_zone_china, &request);
}

static bool answer(struct hj212_dialog *d, const char *cn, const char *content, wq_ms now)
{
	static struct wq_hj212_record record;
	static char segment[256];
	int n = snprintf(segment, sizeof segment, "QN=%s;ST=91;CN=%s;MN=1;CP=&&%s&&", d->qn, cn, content);

	wq_hj212_read((struct wq_text){ segment, (size_t)n }, &wq_zone_china, &record);
	return hj212_dialog_answer(d, &record, now);
}

static void hour(struct hj212_dialog *d, wq_ms at, wq_ms now)
{
	hj212_dialog_record(d, WQ_HJ212_HOUR, WALL + at, SPAN, HOUR, now, WALL + WQ_DAYS(30));
}

/* A dialog that knows of an hour and has nothing to ask. */
static void begin(struct hj212_dialog *d)
{
	hj212_dialog_init(d);
	hour(d, 0, 0);
	assert_true(due(d, 0));
	assert_true(answer(d, "9012", "ExeRtn=100", 0));
	assert_false(due(d, 0));
}

static void after_our_start_the_span_before_is_asked_for_once(void **state)
{
	struct hj212_dialog d;

	(void)state;
	hj212_dialog_init(&d);
	assert_false(due(&d, 0));
	hour(&d, 0, 0);
	assert_true(due(&d, 0));
	assert_string_equal(request.cn, "2061");
	assert_string_equal(request.content, "BeginTime=20241224080000;EndTime=20241225075959");
	assert_true(answer(&d, "9011", "QnRtn=1", 100));
	assert_true(answer(&d, "9012", "ExeRtn=1", 200));
	for (wq_ms now = 0; now < WQ_DAYS(2); now += HOUR)
		assert_false(due(&d, now));
}

static void without_a_span_nothing_is_asked(void **state)
{
	struct hj212_dialog d;

	(void)state;
	hj212_dialog_init(&d);
	for (wq_ms at = 0; at < 100 * HOUR; at += 10 * HOUR) {
		hj212_dialog_record(&d, WQ_HJ212_HOUR, WALL + at, 0, HOUR, at, WALL + at);
		assert_false(due(&d, at));
	}
}

static void a_gap_is_asked_for_between_its_ends(void **state)
{
	struct hj212_dialog d;

	(void)state;
	begin(&d);
	hour(&d, HOUR, HOUR);
	assert_false(due(&d, HOUR));
	hour(&d, 5 * HOUR, 5 * HOUR);
	assert_true(due(&d, 5 * HOUR));
	assert_string_equal(request.content, "BeginTime=20241225090001;EndTime=20241225125959");
	/* Late and repeated records are no gap. */
	hour(&d, 3 * HOUR, 5 * HOUR);
	hour(&d, 3 * HOUR, 5 * HOUR);
	assert_true(answer(&d, "9012", "ExeRtn=1", 5 * HOUR));
	assert_false(due(&d, 6 * HOUR));
}

static void the_distance_of_records_is_learnt_from_two_equal_ones(void **state)
{
	struct hj212_dialog d;
	const wq_ms at[] = { 0, 4 * HOUR, 8 * HOUR, 9 * HOUR, 12 * HOUR };

	(void)state;
	hj212_dialog_init(&d);
	for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
		hj212_dialog_record(&d, WQ_HJ212_HOUR, WALL + at[i], SPAN, 0, at[i], WALL + at[i]);
		if (i == 0 && due(&d, 0))
			answer(&d, "9012", "ExeRtn=100", 0);
		assert_false(due(&d, at[i]));
	}
	hj212_dialog_record(&d, WQ_HJ212_HOUR, WALL + 24 * HOUR, SPAN, 0, 24 * HOUR, WALL + 24 * HOUR);
	assert_true(due(&d, 24 * HOUR));
}

static void no_answer_is_asked_for_three_times_and_three_rounds_and_then_left(void **state)
{
	struct hj212_dialog d;
	int sent = 0;

	(void)state;
	begin(&d);
	hour(&d, 5 * HOUR, 0);
	for (wq_ms now = 0; now < WQ_DAYS(1); now += WQ_SECONDS(1))
		sent += due(&d, now);
	assert_int_equal(sent, HJ212_TRIES * HJ212_ROUNDS);
	/* The next gap is a new one. */
	hour(&d, 6 * HOUR, WQ_DAYS(1));
	assert_false(due(&d, WQ_DAYS(1)));
	hour(&d, 9 * HOUR, WQ_DAYS(1));
	assert_true(due(&d, WQ_DAYS(1)));
}

static void a_request_that_runs_ends_a_minute_after_its_last_record(void **state)
{
	struct hj212_dialog d;

	(void)state;
	begin(&d);
	hour(&d, 5 * HOUR, 0);
	assert_true(due(&d, 0));
	assert_true(answer(&d, "9011", "QnRtn=1", 1000));
	hour(&d, 2 * HOUR, WQ_SECONDS(50));
	assert_false(due(&d, WQ_SECONDS(100)));
	assert_int_equal(d.state, HJ212_RUNNING);
	assert_false(due(&d, WQ_SECONDS(111)));
	assert_int_equal(d.state, HJ212_QUIET); /* it brought something: done */
	assert_int_equal(d.gaps[HJ212_ASK_HOUR].from, WQ_NO_TIME);
}

static void a_refusal_rests_and_a_long_gap_is_asked_for_in_pieces(void **state)
{
	struct hj212_dialog d;

	(void)state;
	hj212_dialog_init(&d);
	hj212_dialog_record(&d, WQ_HJ212_MINUTE, WALL, WQ_HOURS(13), WQ_MINUTES(10), 0, WALL);
	assert_true(due(&d, 0));
	assert_string_equal(request.cn, "2051");
	assert_string_equal(request.content, "BeginTime=20241224190000;EndTime=20241225010000");
	assert_true(answer(&d, "9011", "QnRtn=2", 0));
	assert_false(due(&d, HJ212_FAILED_REST - 1));
	assert_true(due(&d, HJ212_FAILED_REST));
	assert_true(answer(&d, "9012", "ExeRtn=1", HJ212_FAILED_REST));
	assert_true(due(&d, HJ212_FAILED_REST));
	assert_string_equal(request.content, "BeginTime=20241225010001;EndTime=20241225070001");
	assert_true(answer(&d, "9012", "ExeRtn=100", HJ212_FAILED_REST));
	assert_true(due(&d, HJ212_FAILED_REST));
	assert_string_equal(request.content, "BeginTime=20241225070002;EndTime=20241225075959");
	assert_true(answer(&d, "9012", "ExeRtn=1", HJ212_FAILED_REST));
	assert_false(due(&d, HJ212_FAILED_REST));
}

static void answers_to_others_requests_change_nothing(void **state)
{
	static struct wq_hj212_record record;
	const char text[] = "QN=20200101000000000;CN=9012;MN=1;CP=&&ExeRtn=1&&";
	struct hj212_dialog d;

	(void)state;
	begin(&d);
	wq_hj212_read((struct wq_text){ text, sizeof text - 1 }, &wq_zone_china, &record);
	assert_false(hj212_dialog_answer(&d, &record, 0));
	hour(&d, 5 * HOUR, 0);
	assert_true(due(&d, 0));
	assert_false(hj212_dialog_answer(&d, &record, 0));
	assert_int_equal(d.state, HJ212_ASKED);
}

static void a_lost_connection_asks_again_with_the_next(void **state)
{
	struct hj212_dialog d;

	(void)state;
	begin(&d);
	hour(&d, 5 * HOUR, 0);
	assert_true(due(&d, 0));
	hj212_dialog_lost(&d);
	assert_true(due(&d, 1));
}

static void the_clock_is_told_once_a_day_and_only_a_trusted_one(void **state)
{
	struct hj212_dialog d;
	int sent = 0;

	(void)state;
	begin(&d);
	hj212_dialog_clock(&d, 0);
	assert_false(hj212_dialog_due(&d, 0, WALL, false, true, 1012, &wq_zone_china, &request));
	for (wq_ms now = 0; now < WQ_DAYS(3); now += WQ_SECONDS(30)) {
		hj212_dialog_clock(&d, now);
		if (!due(&d, now))
			continue;
		sent++;
		assert_string_equal(request.cn, "1012");
		assert_memory_equal(request.content, "SystemTime=2024122", 18);
		assert_true(answer(&d, "9012", "ExeRtn=1", now));
	}
	assert_int_equal(sent, 3);
}

static void while_too_many_are_asked_nothing_new_begins(void **state)
{
	struct hj212_dialog d;

	(void)state;
	begin(&d);
	hour(&d, 5 * HOUR, 0);
	assert_false(hj212_dialog_due(&d, 0, WALL, true, false, 1012, &wq_zone_china, &request));
	assert_true(due(&d, 0));
}

/* Its clock was a year ahead for one record: what is lacking afterwards is asked for all the same. */
static void a_record_from_ahead_does_not_end_the_asking(void **state)
{
	static const wq_ms known[] = { HOUR, WQ_NO_TIME };

	(void)state;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		struct hj212_dialog d;

		begin(&d);
		hj212_dialog_record(&d, WQ_HJ212_HOUR, WALL + WQ_DAYS(365), SPAN, HOUR, HOUR,
			known[i] != WQ_NO_TIME ? WALL + known[i] : WQ_NO_TIME);
		assert_int_equal(due(&d, HOUR), known[i] == WQ_NO_TIME);
		hour(&d, 2 * HOUR, 2 * HOUR);
		hour(&d, 6 * HOUR, 6 * HOUR);
		assert_true(due(&d, 6 * HOUR));
		assert_int_equal(d.asks, HJ212_ASK_HOUR);
		assert_true(d.gaps[HJ212_ASK_HOUR].from <= WALL + 2 * HOUR + 1000);
		assert_int_equal(d.asked_to, WALL + 6 * HOUR - 1000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_from_ahead_does_not_end_the_asking),
		cmocka_unit_test(after_our_start_the_span_before_is_asked_for_once),
		cmocka_unit_test(without_a_span_nothing_is_asked),
		cmocka_unit_test(a_gap_is_asked_for_between_its_ends),
		cmocka_unit_test(the_distance_of_records_is_learnt_from_two_equal_ones),
		cmocka_unit_test(no_answer_is_asked_for_three_times_and_three_rounds_and_then_left),
		cmocka_unit_test(a_request_that_runs_ends_a_minute_after_its_last_record),
		cmocka_unit_test(a_refusal_rests_and_a_long_gap_is_asked_for_in_pieces),
		cmocka_unit_test(answers_to_others_requests_change_nothing),
		cmocka_unit_test(a_lost_connection_asks_again_with_the_next),
		cmocka_unit_test(the_clock_is_told_once_a_day_and_only_a_trusted_one),
		cmocka_unit_test(while_too_many_are_asked_nothing_new_begins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
