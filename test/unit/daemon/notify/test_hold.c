/* SPDX-License-Identifier: Apache-2.0 */
/* What is held back, from whom, and how it is told. */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "bureau.h"
#include "hold.h"
#include "memo.h"

#include "wq/err.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MORNING 1772697605000 /* 2026-03-05 16:00:05 in China */
#define BOOT    WQ_HOURS(3)

static struct config_contact people[8];

/* Everybody as in the bureau, with the same settings. */
static struct config desk_of(struct config_hold prefs)
{
	struct config config = bureau();

	assert_true(config.contact_count <= 8);
	memcpy(people, config.contacts, config.contact_count * sizeof *people);
	for (size_t i = 0; i < config.contact_count; i++)
		people[i].hold = prefs;
	config.contacts = people;
	return config;
}

static struct wq_notice notice_of(int64_t number, uint64_t cause, enum wq_change_kind kind, enum wq_level level)
{
	static uint32_t changes;
	struct wq_notice notice = { .alarm = 2026030500000 + number,
		.number = ++changes,
		.kind = kind,
		.level = level,
		.cause = cause,
		.created = MORNING,
		.contact = "zhang" };

	snprintf(notice.id, sizeof notice.id, "n-%lld-%u", (long long)number, changes);
	snprintf(notice.text, sizeof notice.text, "【水质预警】南横套河16:00总磷0.263mg/L,超Ⅲ类%lld倍。请核查。编号W20260305-%03lld",
		(long long)number, (long long)number);
	return notice;
}

static enum wq_hold judge(struct hold *hold, struct wq_notice *notice, wq_ms now, wq_ms boot)
{
	hold_judge(hold, notice, 1, now, boot);
	return notice->hold;
}

static enum wq_hold judge_new(struct hold *hold, int64_t number, uint64_t cause, enum wq_change_kind kind, enum wq_level level,
	wq_ms now, wq_ms boot)
{
	struct wq_notice notice = notice_of(number, cause, kind, level);

	return judge(hold, &notice, now, boot);
}

static const struct config_hold quiet_nights = { .quiet_from = WQ_HOURS(22), .quiet_to = WQ_HOURS(7) };

static void quiet_hours_are_for_the_low_levels_only(void **state)
{
	static const struct {
		int hour, minute;
		enum wq_level level;
		enum wq_hold hold;
	} rows[] = {
		{ 21, 59, WQ_LEVEL_INFO, WQ_HOLD_NO },     { 22, 0, WQ_LEVEL_INFO, WQ_HOLD_LATER },
		{ 23, 30, WQ_LEVEL_WATCH, WQ_HOLD_LATER }, { 3, 0, WQ_LEVEL_WATCH, WQ_HOLD_LATER },
		{ 6, 59, WQ_LEVEL_WATCH, WQ_HOLD_LATER },  { 7, 0, WQ_LEVEL_WATCH, WQ_HOLD_NO },
		{ 3, 0, WQ_LEVEL_WARNING, WQ_HOLD_NO },    { 3, 0, WQ_LEVEL_ALARM, WQ_HOLD_NO },
	};
	const struct config config = desk_of(quiet_nights);
	wq_ms midnight = wq_day_start(&wq_zone_china, wq_day_of(&wq_zone_china, MORNING));

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct hold *hold = hold_new(&config);
		wq_ms now = midnight + WQ_HOURS(rows[i].hour) + WQ_MINUTES(rows[i].minute);

		assert_int_equal(judge_new(hold, 1, 1, WQ_OPENED, rows[i].level, now, BOOT), rows[i].hold);
		hold_free(hold);
	}
}

/* Berlin in 2026: on 03-29 there is no 02:00 to 03:00, on 10-25 there is two of it. */
static void times_of_day_are_those_of_the_wall_where_clocks_are_changed(void **state)
{
	static const struct wq_zone_row berlin[] = { { INT64_MIN, WQ_HOURS(1) }, { 1774746000000, WQ_HOURS(2) },
		{ 1792890000000, WQ_HOURS(1) } };
	static const struct wq_zone zone = { 3, berlin };
	static const struct {
		const char *now, *until; /* NULL: it leaves */
	} rows[] = {
		{ "2026-03-28T23:00:00+01:00", "2026-03-29T07:00:00+02:00" },
		{ "2026-03-29T06:30:00+02:00", "2026-03-29T07:00:00+02:00" },
		{ "2026-03-29T07:00:00+02:00", NULL },
		{ "2026-03-29T21:59:00+02:00", NULL },
		{ "2026-10-24T22:00:00+02:00", "2026-10-25T07:00:00+01:00" },
		{ "2026-10-25T06:30:00+01:00", "2026-10-25T07:00:00+01:00" },
		{ "2026-10-25T07:00:00+01:00", NULL },
		{ "2026-10-25T22:30:00+01:00", "2026-10-26T07:00:00+01:00" },
	};
	struct config quiet = desk_of(quiet_nights);
	struct config_contact digested[8];
	struct wq_err err;

	(void)state;
	quiet.site.zone = &zone;
	struct config digest = quiet;

	memcpy(digested, quiet.contacts, quiet.contact_count * sizeof *digested);
	digested[ZHANG].hold = (struct config_hold){ .digest_count = 1, .digests = { WQ_HOURS(7) }, .digest_level = WQ_LEVEL_WATCH };
	digest.contacts = digested;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		wq_ms now, until = WQ_NO_TIME;

		assert_int_equal(wq_instant_parse(rows[i].now, &zone, &now, &err), 0);
		if (rows[i].until != NULL)
			assert_int_equal(wq_instant_parse(rows[i].until, &zone, &until, &err), 0);
		assert_int_equal(hold_later(&quiet, ZHANG, WQ_LEVEL_WATCH, now), until);
		if (rows[i].until != NULL)
			assert_int_equal(hold_later(&digest, ZHANG, WQ_LEVEL_WATCH, now), until);
	}
}

static void what_waited_for_the_morning_is_told_then_once(void **state)
{
	const struct config config = desk_of(quiet_nights);
	struct hold *hold = hold_new(&config);
	struct hold_due due;
	wq_ms night = wq_day_start(&wq_zone_china, wq_day_of(&wq_zone_china, MORNING)) + WQ_HOURS(23);

	(void)state;
	judge_new(hold, 1, 1, WQ_OPENED, WQ_LEVEL_WATCH, night, BOOT);
	judge_new(hold, 2, 2, WQ_OPENED, WQ_LEVEL_INFO, night + 5, BOOT + 5);
	assert_false(hold_next(hold, 1, night + WQ_HOURS(7), BOOT + WQ_HOURS(7), &due));
	assert_true(hold_next(hold, 1, night + WQ_HOURS(8), BOOT + WQ_HOURS(8), &due));
	assert_true(due.tell && due.digest.topic == WQ_TOPIC_DIGEST && due.digest.level == WQ_LEVEL_WATCH);
	assert_int_equal(due.fold.upto, 2);
	assert_string_equal(due.fold.digest, due.digest.id);
	assert_string_equal(due.digest.text,
		"【预警汇总】暂缓通知的共2起(关注1、提示1):南横套河16:00总磷0.263mg/L,超Ⅲ类1倍(001);"
		"南横套河16:00总磷0.263mg/L,超Ⅲ类2倍(002)。");
	assert_false(hold_next(hold, 1, night + WQ_HOURS(30), BOOT + WQ_HOURS(30), &due));
	hold_free(hold);
}

static void who_reads_english_gets_it_in_english(void **state)
{
	struct config config = desk_of(quiet_nights);
	wq_ms night = wq_day_start(&wq_zone_china, wq_day_of(&wq_zone_china, MORNING)) + WQ_HOURS(23);
	struct wq_notice notice = notice_of(7, 1, WQ_OPENED, WQ_LEVEL_WATCH);
	struct hold *hold;
	struct hold_due due;

	(void)state;
	people[ZHANG].english = true;
	snprintf(notice.text, sizeof notice.text, "[WATCH] Nanheng (nanheng) 03-05 23:00 total phosphorus 0.163 mg/L. Please note. No. W20260305-007");
	hold = hold_new(&config);
	judge(hold, &notice, night, BOOT);
	notice.alarm++;
	notice.kind = WQ_CLEARED;
	snprintf(notice.text, sizeof notice.text, "[CLEARED] No. 3 Bridge (b3) 03-05 23:30 total phosphorus 0.1 mg/L; the alarm has ended. No. W20260305-008");
	judge(hold, &notice, night, BOOT);
	assert_true(hold_next(hold, 1, night + WQ_HOURS(8), BOOT + WQ_HOURS(8), &due));
	assert_string_equal(due.digest.text,
		"[DIGEST] Held until now: 2 in all (watch 2; over: 1): No. 3 Bridge (b3) 03-05 23:30 total phosphorus 0.1 mg/L; "
		"the alarm has ended (008, over); Nanheng (nanheng) 03-05 23:00 total phosphorus 0.163 mg/L (007).");
	hold_free(hold);
}

static void what_waits_alone_leaves_as_it_is(void **state)
{
	const struct config config = desk_of(quiet_nights);
	struct hold *hold = hold_new(&config);
	wq_ms night = wq_day_start(&wq_zone_china, wq_day_of(&wq_zone_china, MORNING)) + WQ_HOURS(23);
	struct wq_notice notice = notice_of(1, 1, WQ_OPENED, WQ_LEVEL_WATCH);
	struct hold_due due;

	(void)state;
	notice.created = night;
	notice.expires = night + WQ_HOURS(6);
	judge(hold, &notice, night, BOOT);
	assert_true(hold_next(hold, 1, night + WQ_HOURS(8), BOOT + WQ_HOURS(8), &due));
	assert_true(due.tell && due.fold.contact[0] == '\0' && due.digest.hold == WQ_HOLD_NO);
	assert_string_equal(due.digest.id, notice.id);
	assert_string_equal(due.digest.text, notice.text);
	assert_true(due.digest.expires == night + WQ_HOURS(14));
	assert_false(hold_next(hold, 1, night + WQ_DAYS(2), BOOT + WQ_DAYS(2), &due));
	hold_free(hold);
}

static void many_are_told_briefly_and_where_each_stands(void **state)
{
	const struct config config = desk_of(quiet_nights);
	struct hold *hold = hold_new(&config);
	wq_ms night = wq_day_start(&wq_zone_china, wq_day_of(&wq_zone_china, MORNING)) + WQ_HOURS(23);
	struct hold_due due;

	(void)state;
	for (int i = 1; i <= 30; i++) {
		judge_new(hold, i, (uint64_t)i, WQ_OPENED, WQ_LEVEL_WATCH, night, BOOT);
		if (i > 20)
			judge_new(hold, i, (uint64_t)i, WQ_CLEARED, WQ_LEVEL_WATCH, night, BOOT);
	}
	assert_true(hold_next(hold, 1, night + WQ_HOURS(8), BOOT + WQ_HOURS(8), &due));
	assert_non_null(strstr(due.digest.text, "共30起(关注30;其中已解除10):南横套河16:00总磷0.263mg/L,超Ⅲ类30…(030已解除);"));
	assert_non_null(strstr(due.digest.text, "起未列出,请查看全部报警。"));
	json_t *data = json_loads(due.digest.data, 0, NULL);
	assert_true(json_array_size(json_object_get(data, "alarms")) >= 15);
	json_decref(data);
	hold_free(hold);
}

static void a_step_of_the_clock_keeps_nothing_for_good(void **state)
{
	const struct config config = desk_of(quiet_nights);
	struct hold *hold = hold_new(&config);
	struct hold_due due;
	wq_ms night = wq_day_start(&wq_zone_china, wq_day_of(&wq_zone_china, MORNING)) + WQ_HOURS(23);

	(void)state;
	/* Set back by a year: told after the eight hours that it was to wait. */
	judge_new(hold, 1, 1, WQ_OPENED, WQ_LEVEL_WATCH, night, BOOT);
	assert_true(hold_next(hold, 1, night - WQ_DAYS(365), BOOT + WQ_HOURS(8), &due));
	/* Set forward: the morning has come. */
	judge_new(hold, 2, 1, WQ_OPENED, WQ_LEVEL_WATCH, night, BOOT);
	assert_true(hold_next(hold, 1, night + WQ_DAYS(1), BOOT + 1, &due));
	hold_free(hold);
}

static void low_levels_may_be_told_at_certain_times_only(void **state)
{
	const struct config config = desk_of((struct config_hold){
		.digest_count = 2, .digests = { WQ_HOURS(8), WQ_HOURS(17) }, .digest_level = WQ_LEVEL_INFO });
	struct hold *hold = hold_new(&config);
	struct hold_due due;

	(void)state;
	assert_int_equal(judge_new(hold, 1, 1, WQ_OPENED, WQ_LEVEL_INFO, MORNING, BOOT), WQ_HOLD_LATER);
	assert_int_equal(judge_new(hold, 2, 1, WQ_OPENED, WQ_LEVEL_WATCH, MORNING, BOOT), WQ_HOLD_NO);
	assert_false(hold_next(hold, 1, MORNING + WQ_MINUTES(59), BOOT + WQ_MINUTES(59), &due));
	assert_true(hold_next(hold, 1, MORNING + WQ_HOURS(1), BOOT + WQ_HOURS(1), &due));
	assert_int_equal(hold_later(&config, ZHANG, WQ_LEVEL_INFO, MORNING) - MORNING, WQ_MINUTES(60) - 5000);
	hold_free(hold);
}

static const struct config_hold gathering = { .gather = WQ_MINUTES(1) };

static void one_station_s_trouble_is_one_message(void **state)
{
	const struct config config = desk_of(gathering);
	struct hold *hold = hold_new(&config);
	struct wq_notice together[4];
	struct hold_due due;

	(void)state;
	/* Concluded together: one message at once. Another station's leaves by itself, and so does what is urgent. */
	for (int i = 0; i < 4; i++)
		together[i] = notice_of(i + 1, i < 3 ? 1 : 2, WQ_OPENED, i == 2 ? WQ_LEVEL_ALARM : WQ_LEVEL_WARNING);
	hold_judge(hold, together, 4, MORNING, BOOT);
	assert_int_equal(together[0].hold, WQ_HOLD_SOON);
	assert_int_equal(together[1].hold, WQ_HOLD_SOON);
	assert_int_equal(together[2].hold, WQ_HOLD_NO);
	assert_int_equal(together[3].hold, WQ_HOLD_NO);
	assert_true(hold_next(hold, 1, MORNING, BOOT, &due));
	assert_string_equal(due.digest.text,
		"【预警汇总】共2起(预警2):南横套河16:00总磷0.263mg/L,超Ⅲ类2倍(002);南横套河16:00总磷0.263mg/L,超Ⅲ类1倍(001)。请核查。");
	/* What comes of it soon after waits for the span, and is told then. */
	assert_int_equal(judge_new(hold, 5, 1, WQ_OPENED, WQ_LEVEL_WARNING, MORNING + 9000, BOOT + 9000), WQ_HOLD_SOON);
	assert_int_equal(judge_new(hold, 6, 2, WQ_OPENED, WQ_LEVEL_WARNING, MORNING + 9000, BOOT + 9000), WQ_HOLD_SOON);
	assert_int_equal(judge_new(hold, 7, 3, WQ_OPENED, WQ_LEVEL_WARNING, MORNING + 9000, BOOT + 9000), WQ_HOLD_NO);
	assert_false(hold_next(hold, 1, MORNING, BOOT + WQ_MINUTES(1) - 1, &due));
	assert_true(hold_next(hold, 1, MORNING, BOOT + WQ_MINUTES(1), &due));
	assert_non_null(strstr(due.digest.text, "共2起"));
	hold_free(hold);
}

static void a_higher_level_tells_what_waited_of_its_alarm(void **state)
{
	const struct config config = desk_of(gathering);
	struct hold *hold = hold_new(&config);
	struct wq_notice raised = notice_of(2, 1, WQ_RAISED, WQ_LEVEL_ALARM);
	struct hold_due due;

	(void)state;
	judge_new(hold, 1, 1, WQ_OPENED, WQ_LEVEL_WARNING, MORNING, BOOT);
	assert_int_equal(judge_new(hold, 2, 1, WQ_OPENED, WQ_LEVEL_WARNING, MORNING, BOOT + 1), WQ_HOLD_SOON);
	assert_int_equal(judge(hold, &raised, MORNING, BOOT + 2), WQ_HOLD_NO);
	assert_true(hold_next(hold, 1, MORNING, BOOT + 2, &due));
	assert_false(due.tell);
	assert_string_equal(due.fold.digest, raised.id);
	assert_false(hold_next(hold, 1, MORNING, BOOT + WQ_HOURS(1), &due));
	hold_free(hold);
}

/* A watch of the night becomes a warning: that does not wait for the morning, and it tells what waited. */
static void an_alarm_that_becomes_a_warning_waits_for_no_morning(void **state)
{
	const struct config config = desk_of(quiet_nights);
	struct hold *hold = hold_new(&config);
	wq_ms night = wq_day_start(&wq_zone_china, wq_day_of(&wq_zone_china, MORNING)) + WQ_HOURS(23);
	struct wq_notice raised = notice_of(1, 1, WQ_RAISED, WQ_LEVEL_WARNING);
	struct hold_due due;

	(void)state;
	assert_int_equal(judge_new(hold, 1, 1, WQ_OPENED, WQ_LEVEL_WATCH, night, BOOT), WQ_HOLD_LATER);
	assert_int_equal(judge(hold, &raised, night + WQ_HOURS(1), BOOT + WQ_HOURS(1)), WQ_HOLD_NO);
	assert_true(hold_next(hold, 1, night + WQ_HOURS(1), BOOT + WQ_HOURS(1), &due));
	assert_false(due.tell);
	assert_string_equal(due.fold.digest, raised.id);
	assert_false(hold_next(hold, 1, night + WQ_HOURS(9), BOOT + WQ_HOURS(9), &due));
	hold_free(hold);
}

/* The same where it may not leave alone: it goes with what is told soon, and is not told twice. */
static void a_warning_that_is_gathered_takes_along_what_waited_for_the_morning(void **state)
{
	struct config_hold prefs = quiet_nights;

	prefs.gather = WQ_MINUTES(1);
	const struct config config = desk_of(prefs);
	struct hold *hold = hold_new(&config);
	wq_ms night = wq_day_start(&wq_zone_china, wq_day_of(&wq_zone_china, MORNING)) + WQ_HOURS(23);
	struct wq_notice raised = notice_of(1, 1, WQ_RAISED, WQ_LEVEL_WARNING);
	struct hold_due due;

	(void)state;
	assert_int_equal(judge_new(hold, 1, 1, WQ_OPENED, WQ_LEVEL_WATCH, night, BOOT), WQ_HOLD_LATER);
	assert_int_equal(judge_new(hold, 3, 2, WQ_OPENED, WQ_LEVEL_WATCH, night, BOOT), WQ_HOLD_LATER);
	assert_int_equal(judge_new(hold, 2, 1, WQ_OPENED, WQ_LEVEL_WARNING, night, BOOT), WQ_HOLD_NO);
	assert_int_equal(judge(hold, &raised, night, BOOT + 1), WQ_HOLD_SOON);
	assert_true(hold_next(hold, 1, night, BOOT + WQ_MINUTES(1), &due));
	assert_true(due.tell);
	assert_string_equal(due.digest.id, raised.id);
	assert_false(hold_next(hold, 1, night, BOOT + WQ_MINUTES(1), &due));
	assert_true(hold_next(hold, 1, night + WQ_HOURS(8), BOOT + WQ_HOURS(8), &due));
	assert_true(due.tell && due.fold.hold == WQ_HOLD_LATER);
	assert_non_null(strstr(due.digest.text, "共1起(关注1)"));
	hold_free(hold);
}

/* Of one batch: an alarm becomes urgent and empties the pile, another is of a low level. */
static void what_was_told_otherwise_does_not_wake_anybody_for_the_rest(void **state)
{
	const struct config config = desk_of(quiet_nights);
	struct hold *hold = hold_new(&config);
	wq_ms night = wq_day_start(&wq_zone_china, wq_day_of(&wq_zone_china, MORNING)) + WQ_HOURS(23);
	struct wq_notice both[2];
	struct hold_due due;

	(void)state;
	judge_new(hold, 1, 1, WQ_OPENED, WQ_LEVEL_WATCH, night, BOOT);
	both[0] = notice_of(1, 1, WQ_RAISED, WQ_LEVEL_ALARM);
	both[1] = notice_of(2, 1, WQ_OPENED, WQ_LEVEL_INFO);
	hold_judge(hold, both, 2, night + 1, BOOT + 1);
	assert_int_equal(both[0].hold, WQ_HOLD_NO);
	assert_int_equal(both[1].hold, WQ_HOLD_LATER);
	assert_false(hold_next(hold, 1, night + 1, BOOT + 1, &due));
	assert_true(hold_next(hold, 1, night + WQ_HOURS(8), BOOT + WQ_HOURS(8), &due));
	assert_true(due.tell);
	assert_int_equal(due.fold.upto, both[1].held);
	hold_free(hold);
}

static void the_end_of_an_alarm_does_not_come_before_its_beginning(void **state)
{
	const struct config config = desk_of(gathering);
	struct hold *hold = hold_new(&config);
	struct hold_due due;

	(void)state;
	judge_new(hold, 1, 1, WQ_OPENED, WQ_LEVEL_WARNING, MORNING, BOOT);
	judge_new(hold, 2, 1, WQ_OPENED, WQ_LEVEL_WARNING, MORNING, BOOT + 1);
	/* Of another cause, so by itself it would leave; but its beginning waits. */
	assert_int_equal(judge_new(hold, 2, 9, WQ_CLEARED, WQ_LEVEL_WARNING, MORNING, BOOT + 2), WQ_HOLD_SOON);
	assert_true(hold_next(hold, 1, MORNING, BOOT + WQ_MINUTES(1), &due));
	assert_non_null(strstr(due.digest.text, "共1起"));
	assert_int_equal(due.fold.upto, 2);
	hold_free(hold);
}

/* Opened as watch in the night, raised to warning: that is told in the night, and the morning has nothing left to tell. */
static void what_becomes_a_warning_does_not_wait_for_the_morning(void **state)
{
	const struct config config = desk_of(quiet_nights);
	struct hold *hold = hold_new(&config);
	struct hold_due due;
	wq_ms night = wq_day_start(&wq_zone_china, wq_day_of(&wq_zone_china, MORNING)) + WQ_HOURS(23);

	(void)state;
	assert_int_equal(judge_new(hold, 1, 1, WQ_OPENED, WQ_LEVEL_WATCH, night, BOOT), WQ_HOLD_LATER);
	assert_int_equal(judge_new(hold, 1, 1, WQ_RAISED, WQ_LEVEL_WARNING, night + 1000, BOOT + 1000), WQ_HOLD_NO);
	assert_true(hold_next(hold, 1, night + 1000, BOOT + 1000, &due));
	assert_false(due.tell);
	assert_int_equal(due.fold.upto, 1);
	assert_false(hold_next(hold, 1, night + WQ_HOURS(8), BOOT + WQ_HOURS(8), &due));
	hold_free(hold);
}

/* What waited is told by an urgent one; another that is concluded with it and may wait does wait. */
static void what_is_told_already_wakes_nobody_for_the_rest(void **state)
{
	const struct config config = desk_of(quiet_nights);
	struct hold *hold = hold_new(&config);
	wq_ms night = wq_day_start(&wq_zone_china, wq_day_of(&wq_zone_china, MORNING)) + WQ_HOURS(23);
	struct wq_notice both[] = { notice_of(1, 1, WQ_RAISED, WQ_LEVEL_ALARM), notice_of(2, 1, WQ_OPENED, WQ_LEVEL_INFO) };
	struct hold_due due;

	(void)state;
	judge_new(hold, 1, 1, WQ_OPENED, WQ_LEVEL_WATCH, night, BOOT);
	hold_judge(hold, both, 2, night + 1000, BOOT + 1000);
	assert_int_equal(both[0].hold, WQ_HOLD_NO);
	assert_int_equal(both[1].hold, WQ_HOLD_LATER);
	assert_false(hold_next(hold, 1, night + WQ_HOURS(1), BOOT + WQ_HOURS(1), &due));
	assert_true(hold_next(hold, 1, night + WQ_HOURS(8), BOOT + WQ_HOURS(8), &due));
	assert_true(due.tell);
	assert_int_equal(due.fold.upto, 2);
	assert_non_null(strstr(due.digest.text, "共1起"));
	hold_free(hold);
}

static void nobody_gets_more_than_he_can_read(void **state)
{
	const struct config config = desk_of((struct config_hold){ .most = 10, .most_within = WQ_MINUTES(10) });
	struct hold *hold = hold_new(&config);
	struct hold_due due;
	size_t plain = 0, urgent = 0, digests = 0, told = 0;

	(void)state;
	/* 10,000 within a minute, each of a station of its own, every fifth of level alarm; then a quarter of an hour of nothing. */
	for (int i = 0; i < 10000; i++) {
		wq_ms at = (wq_ms)i * 6;
		bool high = i % 5 == 0;

		if (judge_new(hold, i + 1, (uint64_t)i + 1, WQ_OPENED, high ? WQ_LEVEL_ALARM : WQ_LEVEL_WARNING, MORNING + at,
			    BOOT + at) == WQ_HOLD_NO)
			*(high ? &urgent : &plain) += 1;
	}
	for (wq_ms at = 0; at < WQ_MINUTES(15); at += 1000)
		while (hold_next(hold, 1, MORNING + at, BOOT + at, &due)) {
			json_t *data = json_loads(due.digest.data, 0, NULL);

			assert_true(due.tell);
			told += (size_t)json_integer_value(json_object_get(data, "count"));
			json_decref(data);
			digests++;
		}
	assert_int_equal(plain, 10);
	assert_int_equal(urgent, 10);
	assert_true(digests >= 1 && digests <= 3);
	assert_int_equal(told + plain + urgent, 10000);
	hold_free(hold);
}

static void what_was_held_back_survives_a_restart(void **state)
{
	const struct config config = desk_of(quiet_nights);
	struct hold *hold = hold_new(&config);
	wq_ms night = wq_day_start(&wq_zone_china, wq_day_of(&wq_zone_china, MORNING)) + WQ_HOURS(23);
	struct wq_notice notice = notice_of(1, 1, WQ_OPENED, WQ_LEVEL_WATCH), soon = notice_of(2, 1, WQ_OPENED, WQ_LEVEL_WARNING);
	struct hold_due due;

	(void)state;
	notice.created = night;
	judge(hold, &notice, night, BOOT);
	hold_free(hold);
	hold = hold_new(&config);
	soon.hold = WQ_HOLD_SOON;
	soon.held = 7;
	assert_true(hold_restore(hold, &notice, night + WQ_HOURS(1), 5));
	assert_true(hold_restore(hold, &soon, night + WQ_HOURS(1), 5));
	assert_true(hold_next(hold, 1, night + WQ_HOURS(1), 5, &due));
	assert_string_equal(due.digest.id, soon.id);
	assert_false(hold_next(hold, 1, night + WQ_HOURS(1), 5, &due));
	/* Numbers go on: what is held back now is behind what was. */
	struct wq_notice next = notice_of(3, 1, WQ_OPENED, WQ_LEVEL_WATCH);
	judge(hold, &next, night + WQ_HOURS(2), WQ_HOURS(1) + 5);
	assert_int_equal(next.held, 8);
	assert_true(hold_next(hold, 1, night + WQ_HOURS(8), WQ_HOURS(7) + 5, &due));
	assert_int_equal(due.fold.upto, 8);
	hold_free(hold);
	/* By other settings it is not held back any more. */
	const struct config plain = desk_of((struct config_hold){ 0 });
	hold = hold_new(&plain);
	assert_false(hold_restore(hold, &notice, night, 5));
	hold_free(hold);
}

/* Killed while an alarm's first change waited for the morning and a later one for a minute. */
static void after_a_restart_too_what_is_told_soon_takes_along_what_waited(void **state)
{
	const struct config config = desk_of(quiet_nights);
	struct hold *hold = hold_new(&config);
	wq_ms night = wq_day_start(&wq_zone_china, wq_day_of(&wq_zone_china, MORNING)) + WQ_HOURS(23);
	struct wq_notice opened = notice_of(1, 1, WQ_OPENED, WQ_LEVEL_WATCH), raised = notice_of(1, 1, WQ_RAISED, WQ_LEVEL_WARNING);
	struct hold_due due;

	(void)state;
	opened.created = raised.created = night;
	opened.hold = WQ_HOLD_LATER;
	raised.hold = WQ_HOLD_SOON;
	opened.held = 1;
	raised.held = 2;
	assert_true(hold_restore(hold, &opened, night, BOOT));
	assert_true(hold_restore(hold, &raised, night, BOOT));
	assert_true(hold_next(hold, 1, night, BOOT, &due));
	assert_true(due.tell && strcmp(due.digest.id, raised.id) == 0);
	assert_true(hold_next(hold, 1, night, BOOT, &due));
	assert_true(!due.tell && due.fold.hold == WQ_HOLD_LATER);
	assert_string_equal(due.fold.digest, raised.id);
	assert_false(hold_next(hold, 1, night + WQ_HOURS(9), BOOT + WQ_HOURS(9), &due));
	hold_free(hold);
}

/* More than a digest names, each changing several times. */
static void an_alarm_is_counted_once_however_often_it_changes(void **state)
{
	const struct config config = desk_of(quiet_nights);
	struct hold *hold = hold_new(&config);
	wq_ms night = wq_day_start(&wq_zone_china, wq_day_of(&wq_zone_china, MORNING)) + WQ_HOURS(23);
	struct wq_notice raised = notice_of(1, 1, WQ_RAISED, WQ_LEVEL_ALARM);
	struct hold_due due;

	(void)state;
	for (int change = 0; change < 3; change++)
		for (int i = 1; i <= 300; i++)
			judge_new(hold, i, (uint64_t)i, change < 2 ? WQ_OPENED : WQ_CLEARED, i % 2 ? WQ_LEVEL_WATCH : WQ_LEVEL_INFO, night, BOOT);
	assert_int_equal(judge(hold, &raised, night, BOOT), WQ_HOLD_NO); /* tells what is held back of it, named or not */
	assert_true(hold_next(hold, 1, night + WQ_HOURS(8), BOOT + WQ_HOURS(8), &due));
	assert_non_null(strstr(due.digest.text, "共299起(关注149、提示150;其中已解除299)"));
	hold_free(hold);
}

/* What is told is held back no more. */
static void settle(struct wq_notice *all, size_t count, const struct hold_due *due)
{
	const bool alone = due->fold.contact[0] == '\0';

	assert_true(alone ? due->tell && due->digest.topic == WQ_TOPIC_ALARM : due->fold.digest[0] != '\0');
	for (size_t k = 0; k < count; k++)
		if (alone ? strcmp(all[k].id, due->digest.id) == 0
		          : all[k].hold == due->fold.hold && all[k].held <= due->fold.upto)
			all[k].hold = WQ_HOLD_NO;
}

/* Whatever comes: each notice leaves, or is told by exactly one digest or by a later notice of its alarm; never is an alarm's
 * change left for good, and numbers of fold are those of notices. */
static void nothing_is_dropped_by_chance(void **state)
{
	enum { COUNT = 4000 };
	static struct wq_notice all[COUNT];

	(void)state;
	for (unsigned seed = 1; seed <= 20; seed++) {
		const struct config config = desk_of((struct config_hold){ .quiet_from = WQ_HOURS(17),
			.quiet_to = WQ_HOURS(18),
			.digest_count = seed % 2,
			.digests = { WQ_HOURS(19) },
			.digest_level = WQ_LEVEL_INFO,
			.gather = seed % 3 ? WQ_MINUTES(1) : 0,
			.most = seed % 5,
			.most_within = WQ_MINUTES(10) });
		struct hold *hold = hold_new(&config);
		size_t open = 0;
		wq_ms at = 0;

		srand(seed);
		for (size_t i = 0; i < COUNT; at += rand() % 5000) {
			size_t n = 1 + (size_t)rand() % 4;
			struct hold_due due;

			n = i + n > COUNT ? COUNT - i : n;
			for (size_t k = 0; k < n; k++)
				all[i + k] = notice_of(rand() % 300, (uint64_t)rand() % 5 + 1, (enum wq_change_kind)(rand() % WQ_CHANGE_KINDS),
					(enum wq_level)(1 + rand() % 4));
			hold_judge(hold, all + i, n, MORNING + at, BOOT + at);
			i += n;
			while (hold_next(hold, 1, MORNING + at, BOOT + at, &due))
				settle(all, i, &due);
		}
		for (wq_ms end = at; at < end + WQ_DAYS(2); at += WQ_MINUTES(1)) {
			struct hold_due due;

			while (hold_next(hold, 1, MORNING + at, BOOT + at, &due))
				settle(all, COUNT, &due);
		}
		for (size_t k = 0; k < COUNT; k++)
			open += all[k].hold != WQ_HOLD_NO;
		assert_int_equal(open, 0);
		hold_free(hold);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quiet_hours_are_for_the_low_levels_only),
		cmocka_unit_test(times_of_day_are_those_of_the_wall_where_clocks_are_changed),
		cmocka_unit_test(what_waited_for_the_morning_is_told_then_once),
		cmocka_unit_test(what_waits_alone_leaves_as_it_is),
		cmocka_unit_test(many_are_told_briefly_and_where_each_stands),
		cmocka_unit_test(who_reads_english_gets_it_in_english),
		cmocka_unit_test(a_step_of_the_clock_keeps_nothing_for_good),
		cmocka_unit_test(low_levels_may_be_told_at_certain_times_only),
		cmocka_unit_test(one_station_s_trouble_is_one_message),
		cmocka_unit_test(a_higher_level_tells_what_waited_of_its_alarm),
		cmocka_unit_test(an_alarm_that_becomes_a_warning_waits_for_no_morning),
		cmocka_unit_test(a_warning_that_is_gathered_takes_along_what_waited_for_the_morning),
		cmocka_unit_test(what_was_told_otherwise_does_not_wake_anybody_for_the_rest),
		cmocka_unit_test(the_end_of_an_alarm_does_not_come_before_its_beginning),
		cmocka_unit_test(what_becomes_a_warning_does_not_wait_for_the_morning),
		cmocka_unit_test(what_is_told_already_wakes_nobody_for_the_rest),
		cmocka_unit_test(nobody_gets_more_than_he_can_read),
		cmocka_unit_test(what_was_held_back_survives_a_restart),
		cmocka_unit_test(after_a_restart_too_what_is_told_soon_takes_along_what_waited),
		cmocka_unit_test(an_alarm_is_counted_once_however_often_it_changes),
		cmocka_unit_test(nothing_is_dropped_by_chance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
