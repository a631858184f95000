/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of the records of a commit group. */
#include "house.h"

#include "faults.h"

#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void a_sample_is_stored_with_everything_that_is_known_of_it(void **state)
{
	struct house *h = *state;
	struct wq_stored *s = house_sample(h, YIGAN_TP, MORNING, 0.2);
	s->source = 1;
	s->received = MORNING + 90000;
	s->sequence = 77;
	s->quality = WQ_SUSPECT;
	s->stamp = WQ_STAMP_ANALYSER;
	s->score = 3.5;
	s->late = s->event = true;
	memcpy(s->flag, "ABCDEFGH", 8); /* full, without an end */
	house_commit(h);

	static const struct {
		const char *column;
		int64_t value;
	} integers[] = {
		{ "at", MORNING },
		{ "revision", 1 },
		{ "quality", WQ_SUSPECT },
		{ "stamp", WQ_STAMP_ANALYSER },
		{ "received", MORNING + 90000 },
		{ "trusted", 1 },
		{ "sequence", 77 },
		{ "repeats", 0 },
		{ "repeated IS NULL", 1 },
		{ "late", 1 },
		{ "event", 1 },
		{ "newest", 1 },
	};
	for (size_t i = 0; i < sizeof integers / sizeof *integers; i++) {
		char sql[96];
		snprintf(sql, sizeof sql, "SELECT %s FROM reading", integers[i].column);
		assert_int_equal(house_number(h, sql), integers[i].value);
	}
	house_expect_text(h, "SELECT flag FROM reading", "ABCDEFGH");
	house_expect_text(h, "SELECT value||' '||score FROM reading", "0.2 3.5");
	house_expect_text(
	        h, "SELECT name FROM source WHERE id=(SELECT source FROM reading)", "broker");
}

static void a_value_that_is_missing_is_null(void **state)
{
	struct house *h = *state;
	house_sample(h, YIGAN_TP, MORNING, NAN)->quality = WQ_MISSING;
	house_sample(h, YIGAN_TP, MORNING, NAN)->quality = WQ_MISSING;
	house_commit(h);
	assert_int_equal(house_number(h, "SELECT count(*) FROM reading WHERE value IS NULL"), 1);
	assert_int_equal(house_number(h, "SELECT repeats FROM reading"), 1);
}

static void the_same_value_again_is_counted_not_stored(void **state)
{
	struct house *h = *state;
	house_sample(h, YIGAN_TP, MORNING, 0.2);
	house_commit(h);
	house_sample(h, YIGAN_TP, MORNING, 0.2)->received = MORNING + 5000;
	house_sample(h, YIGAN_TP, MORNING, 0.2)->received = MORNING + 4000;
	house_commit(h);
	assert_int_equal(house_number(h, "SELECT count(*) FROM reading"), 1);
	assert_int_equal(house_number(h, "SELECT repeats FROM reading"), 2);
	assert_int_equal(house_number(h, "SELECT received FROM reading"), MORNING + 1000);
	assert_int_equal(house_number(h, "SELECT repeated FROM reading"), MORNING + 5000);
}

static void another_value_becomes_the_next_revision(void **state)
{
	struct house *h = *state;
	house_sample(h, YIGAN_TP, MORNING, 0.2);
	house_sample(h, YIGAN_TP, MORNING, 0.3);
	house_commit(h);
	house_sample(h, YIGAN_TP, MORNING, 0.4)->record = WQ_RECORD_REVISION;
	house_commit(h);
	house_expect_text(h,
	        "SELECT group_concat(value||':'||revision||':'||newest,' ')"
	        " FROM (SELECT * FROM reading ORDER BY revision)",
	        "0.2:1:0 0.3:2:0 0.4:3:1");
	assert_int_equal(house_number(h, "SELECT count(*) FROM v_sample"), 1);
	assert_int_equal(house_number(h, "SELECT revision FROM v_sample"), 3);
}

static void another_flag_for_the_same_value_is_a_revision(void **state)
{
	struct house *h = *state;
	house_sample(h, YIGAN_TP, MORNING, 0.2);
	strcpy(house_sample(h, YIGAN_TP, MORNING, 0.2)->flag, "D");
	house_commit(h);
	house_expect_text(h, "SELECT flag||revision FROM v_sample", "D2");
}

static void a_revision_may_differ_in_quality_alone(void **state)
{
	struct house *h = *state;
	house_sample(h, YIGAN_TP, MORNING, 0.2);
	struct wq_stored *s = house_sample(h, YIGAN_TP, MORNING, 0.2);
	s->record = WQ_RECORD_REVISION;
	s->quality = WQ_BAD;
	house_commit(h);
	house_expect_text(h, "SELECT quality||revision FROM v_sample", "bad2");
}

/* What a reading had to wait for its successor to be: its next revision, all else as it was. */
static void a_quality_decided_later_is_a_revision_of_the_same_reading(void **state)
{
	struct house *h = *state;
	struct wq_stored *s = house_sample(h, YIGAN_TP, MORNING, 0.2);
	struct wq_judged judged = { .series = YIGAN_TP, .at = MORNING, .value = 0.2, .received = MORNING + 5000, .sequence = 9 };
	s->quality = WQ_SUSPECT;
	s->test = 9;
	s->source = 1;
	s->stamp = WQ_STAMP_ANALYSER;
	strcpy(s->flag, "N");
	house_commit(h);
	house_expect_text(h, "SELECT quality||test||revision FROM v_sample", "suspectspike1");
	for (int again = 0; again < 2; again++) {
		house_judge(h, &judged);
		house_commit(h);
		house_expect_text(h, "SELECT quality||test||revision||flag||source FROM v_sample", "good2Nbroker");
		assert_int_equal(house_number(h, "SELECT stamp FROM reading WHERE newest=1"), WQ_STAMP_ANALYSER);
		assert_int_equal(house_number(h, "SELECT received FROM reading WHERE newest=1"), MORNING + 5000);
		assert_int_equal(house_number(h, "SELECT count(*) FROM reading"), 2);
	}
	/* Another value came meanwhile: that one is not meant. */
	house_sample(h, YIGAN_TP, MORNING, 0.3);
	house_commit(h);
	judged.quality = WQ_SUSPECT;
	house_judge(h, &judged);
	/* Nor is one that was never stored. */
	judged.at = MORNING + 1;
	house_judge(h, &judged);
	house_commit(h);
	house_expect_text(h, "SELECT quality||value||revision FROM v_sample", "good0.33");
	assert_int_equal(house_number(h, "SELECT count(*) FROM reading"), 3);
}

static void a_repeat_counts_at_the_reading_it_repeats(void **state)
{
	struct house *h = *state;
	house_sample(h, YIGAN_TP, MORNING, 0.2);
	house_sample(h, YIGAN_TP, MORNING + WQ_HOURS(4), 0.2);
	struct wq_stored *s = house_sample(h, YIGAN_TP, MORNING, 0.2);
	s->record = WQ_RECORD_REPEAT;
	s->received = MORNING + 7777;
	house_commit(h);
	assert_int_equal(house_number(h, "SELECT repeats FROM reading ORDER BY at"), 1);
	assert_int_equal(
	        house_number(h, "SELECT repeated FROM reading ORDER BY at"), MORNING + 7777);
	assert_int_equal(house_number(h, "SELECT sum(repeats) FROM reading"), 1);
}

static void a_repeat_of_something_unknown_is_stored(void **state)
{
	struct house *h = *state;
	house_sample(h, YIGAN_TP, MORNING, 0.2)->record = WQ_RECORD_REPEAT;
	house_commit(h);
	assert_int_equal(house_number(h, "SELECT count(*) FROM v_sample"), 1);
}

static void older_readings_that_come_later_find_their_place(void **state)
{
	struct house *h = *state;
	house_sample(h, YIGAN_TP, MORNING, 0.2);
	house_sample(h, YIGAN_TP, MORNING - WQ_HOURS(4), 0.1);
	house_sample(h, NANHENG_TP, MORNING - WQ_HOURS(8), 0.3);
	house_commit(h);
	house_expect_text(h,
	        "SELECT group_concat(value,' ') FROM (SELECT value FROM reading ORDER BY at)",
	        "0.3 0.1 0.2");
}

static void a_day_told_again_is_a_revision_and_the_view_shows_the_newest(void **state)
{
	struct house *h = *state;
	house_day(h, YIGAN, WQ_NONE, TODAY);
	house_day(h, YIGAN, 1, TODAY);
	house_commit(h);
	house_day(h, YIGAN, WQ_NONE, TODAY)->revision = 2;
	struct wq_day_row *row = house_day(h, YIGAN, 1, TODAY);
	row->revision = 1; /* an engine that no longer knows the day */
	row->mean = 0.19;
	row->verdict = WQ_DAY_MEETS;
	row->class_ = 3;
	row->exceedance = NAN;
	row->below = 2;
	house_commit(h);
	house_expect_text(h,
	        "SELECT standard||' '||below FROM v_daily WHERE parameter='tp'",
	        "GB 3838-2002 (2002) 2");
	assert_int_equal(house_number(h, "SELECT count(*) FROM day"), 4);
	assert_int_equal(house_number(h, "SELECT count(*) FROM v_daily"), 2);
	house_expect_text(h,
	        "SELECT day||' '||mean||' '||class||' '||verdict||' '||coalesce(exceedance,'none')"
	        " FROM v_daily WHERE parameter='tp'",
	        "2026-03-05 0.19 3 meets none");
}

static void a_change_of_a_number_that_is_taken_gets_the_next(void **state)
{
	struct house *h = *state;
	house_change(h, INT64_C(2026030500001), 1, WQ_OPENED, LIMIT, 0);
	house_change(h, INT64_C(2026030500001), 1, WQ_RAISED, LIMIT, 0);
	house_commit(h);
	house_expect_text(h, "SELECT group_concat(kind||':'||number,' ') FROM change", "0:1 1:2");
}

static void an_outage_of_a_life_that_was_cut_ends_with_its_last_arrival(void **state)
{
	struct house *h = *state;
	house_sample(h, YIGAN_TP, MORNING + 90000, 0.2)->received = MORNING + 90000;
	house_outage(h, MORNING, WQ_NO_TIME);
	house_commit(h);
	house_again(h, &house_site);
	assert_int_equal(house_number(h, "SELECT until-since FROM outage"), 90000);
	/* One that began after all that arrived has no length. */
	house_outage(h, MORNING + 120000, WQ_NO_TIME);
	house_commit(h);
	house_again(h, &house_site);
	assert_int_equal(house_number(h, "SELECT sum(until-since) FROM outage"), 90000);
}

static void a_check_is_kept_apart_from_the_readings_and_once(void **state)
{
	struct house *h = *state;
	house_check(h, YIGAN_TP, WQ_CHECK_STANDARD, MORNING, 2.1);
	house_check(h, YIGAN_TP, WQ_CHECK_STANDARD, MORNING, 2.2); /* the same one, corrected */
	house_check(h, YIGAN_TP, WQ_CHECK_ZERO, MORNING, 0.5)->reference = NAN;
	house_commit(h);
	house_check(h, YIGAN_TP, WQ_CHECK_STANDARD, MORNING, 2.2);
	house_commit(h);
	assert_int_equal(house_number(h, "SELECT count(*) FROM v_sample"), 0);
	house_expect_text(h,
	        "SELECT group_concat(station||' '||code||' '||kind||' '||value||' '||coalesce(reference,'-')||' '||flag,', ')"
	        " FROM v_check",
	        "yigan w21011 standard 2.2 2.0 sc, yigan w21011 zero 0.5 - sc");
	house_check(h, 9999, WQ_CHECK_ZERO, MORNING, 1);
	struct store_answer *answers = NULL;
	size_t count = 0;
	assert_int_equal(store_commit(h->store, &h->group, &answers, &count, &h->err), WQ_E_INVALID);
}

static void an_outage_that_ends_is_still_one_row(void **state)
{
	struct house *h = *state;
	house_outage(h, MORNING, WQ_NO_TIME);
	house_commit(h);
	assert_int_equal(house_number(h, "SELECT until IS NULL FROM outage"), 1);
	house_outage(h, MORNING, MORNING + 60000);
	house_commit(h);
	assert_int_equal(house_number(h, "SELECT count(*) FROM outage"), 1);
	assert_int_equal(house_number(h, "SELECT until-since FROM outage"), 60000);
}

static void give_command(struct house *h, int64_t id, enum store_commanded outcome, const char *text)
{
	struct store_command *rows = realloc(h->group.commands, sizeof *rows);
	assert_non_null(rows);
	h->group.commands = rows;
	*rows = (struct store_command){ .id = id, .at = MORNING, .ended = outcome == STORE_UNDER_WAY ? WQ_NO_TIME : MORNING + 40,
		.who = "wang", .bus = "rs485", .name = "start", .unit = 3, .function = 16, .address = 0x1200, .count = 2,
		.values = { 13, 65535 }, .outcome = outcome };
	snprintf(rows->text, sizeof rows->text, "%s", text);
	h->group.command_count = 1;
	h->group.command_room = 1;
	house_commit(h);
}

static void a_command_is_recorded_before_and_after_in_one_row(void **state)
{
	struct house *h = *state;
	static const char row[] = "SELECT group_concat(who||' '||bus||' '||command||' '||unit||' '||function||' '||address||' '||data"
				  "||' '||outcome||' '||(ended IS NOT NULL)||' '||text,', ') FROM v_command";
	give_command(h, 77, STORE_UNDER_WAY, "");
	house_expect_text(h, row, "wang rs485 start 3 16 4608 13,65535 under way 0 ");
	give_command(h, 77, STORE_REFUSED, "exception 2, illegal data address");
	house_expect_text(h, row, "wang rs485 start 3 16 4608 13,65535 refused 1 exception 2, illegal data address");
}

static void a_command_whose_outcome_was_not_written_is_unknown(void **state)
{
	struct house *h = *state;
	give_command(h, 77, STORE_UNDER_WAY, "");
	give_command(h, 78, STORE_DONE, "");
	house_again(h, &house_site);
	house_expect_text(h, "SELECT group_concat(outcome||': '||text,', ') FROM v_command",
	        "unknown: wqd ended before the outcome was known, done: ");
}

static void a_request_for_nothing_that_is_known_has_no_place(void **state)
{
	struct house *h = *state;
	give_command(h, 5, STORE_DENIED, "there is no bus of that name");
	h->group.commands[0].id = 6;
	h->group.commands[0].function = 0;
	h->group.commands[0].count = 0;
	h->group.command_count = 1;
	house_commit(h);
	assert_int_equal(house_number(h, "SELECT count(*) FROM v_command WHERE unit IS NULL AND function IS NULL AND data=''"), 1);
	assert_int_equal(house_number(h, "SELECT count(*) FROM v_command WHERE outcome='denied'"), 2);
}

/* Takes what store_outbox() and store_held() give, at most eight. */
struct taken {
	struct wq_notice notices[8];
	uint32_t attempts[8];
	size_t count, wanted;
};

static bool take(void *owner, const struct wq_notice *notice, uint32_t attempts)
{
	struct taken *taken = owner;
	taken->notices[taken->count] = *notice;
	taken->attempts[taken->count] = attempts;
	return ++taken->count < taken->wanted;
}

static struct taken outbox(struct house *h, size_t wanted)
{
	struct taken taken = { .wanted = wanted };
	assert_int_equal(store_outbox(h->store, NULL, take, &taken, &h->err), 0);
	return taken;
}

static void expect_same(const struct wq_notice *a, const struct wq_notice *b)
{
	assert_string_equal(a->id, b->id);
	assert_true(a->alarm == b->alarm && a->number == b->number && a->kind == b->kind);
	assert_true(a->level == b->level && a->assist == b->assist && a->time == b->time);
	assert_true(a->created == b->created && a->expires == b->expires);
	assert_string_equal(a->contact, b->contact);
	assert_string_equal(a->channel, b->channel);
	assert_string_equal(a->address, b->address);
	assert_string_equal(a->text, b->text);
	assert_string_equal(a->data, b->data);
	assert_true(a->deadline == b->deadline && a->since == b->since);
}

static void what_is_held_back_waits_for_its_digest(void **state)
{
	struct house *h = *state;
	static const char *const ids[] = { "a", "b", "c", "d" };
	for (size_t i = 0; i < 4; i++) {
		house_notice(h, ids[i]);
		h->group.notices[i].hold = i < 3 ? WQ_HOLD_SOON : WQ_HOLD_NO;
		h->group.notices[i].held = i < 3 ? (int64_t)i + 1 : 0;
	}
	snprintf(h->group.notices[2].contact, sizeof h->group.notices[2].contact, "somebody else");
	house_commit(h);
	house_again(h, &house_site);
	struct taken held = { .wanted = 4 }, left;
	assert_int_equal(store_held(h->store, take, &held, &h->err), 0);
	assert_int_equal(held.count, 3);
	assert_string_equal(held.notices[1].id, "b");
	assert_int_equal(held.notices[1].held, 2);
	left = outbox(h, 3);
	assert_int_equal(left.count, 1);
	assert_string_equal(left.notices[0].id, "d");

	/* The digest takes up what is held up to it, in the same commit. */
	house_notice(h, "e");
	h->group.notices[0].topic = WQ_TOPIC_DIGEST;
	struct store_fold fold = { .digest = "e", .hold = WQ_HOLD_SOON, .upto = 1 };
	snprintf(fold.contact, sizeof fold.contact, "%s", h->group.notices[0].contact);
	h->group.folds = &fold;
	h->group.fold_count = 1;
	house_commit(h);
	h->group.folds = NULL;
	house_again(h, &house_site);
	held.count = 0;
	assert_int_equal(store_held(h->store, take, &held, &h->err), 0);
	assert_int_equal(held.count, 2);
	left = outbox(h, 3);
	assert_int_equal(left.count, 2);
	assert_true(left.notices[1].topic == WQ_TOPIC_DIGEST);
	assert_int_equal(house_number(h, "SELECT count(*) FROM notice WHERE id='a' AND folded='e'"), 1);

	/* What is released leaves, and is done when it is delivered. */
	assert_int_equal(store_release(h->store, "b", &h->err), 0);
	left.count = 0;
	left = outbox(h, 3);
	assert_int_equal(left.count, 3);
	assert_string_equal(left.notices[0].id, "b");
}

/* A later change of the alarm left, or was told by a digest, before what was held back was recorded as told: after a kill -9 the
 * earlier one would come behind it. */
static void what_a_later_notice_of_its_alarm_told_is_held_back_no_more(void **state)
{
	struct house *h = *state;
	static const struct {
		const char *id, *contact;
		int64_t alarm;
		uint32_t number;
		enum wq_hold hold;
		int64_t held;
	} rows[] = {
		{ "a1", "zhang", 1, 1, WQ_HOLD_LATER, 1 }, { "b1", "zhang", 2, 1, WQ_HOLD_LATER, 2 },
		{ "c1", "zhang", 3, 1, WQ_HOLD_LATER, 3 }, { "d2", "zhang", 4, 2, WQ_HOLD_LATER, 4 },
		{ "a2", "zhang", 1, 2, WQ_HOLD_NO, 0 },    { "a3", "zhang", 1, 3, WQ_HOLD_LATER, 5 },
		{ "b2", "li", 2, 2, WQ_HOLD_NO, 0 },       { "c2", "zhang", 3, 2, WQ_HOLD_SOON, 6 },
		{ "d1", "zhang", 4, 1, WQ_HOLD_NO, 0 },
	};
	const size_t count = sizeof rows / sizeof *rows;
	for (size_t i = 0; i < count; i++) {
		struct wq_notice *n = house_notice(h, rows[i].id);
		snprintf(n->contact, sizeof n->contact, "%s", rows[i].contact);
		n->alarm = rows[i].alarm;
		n->number = rows[i].number;
		n->hold = rows[i].hold;
		n->held = rows[i].held;
	}
	house_commit(h);
	house_again(h, &house_site);
	struct taken held = { .wanted = 8 };
	assert_int_equal(store_held(h->store, take, &held, &h->err), 0);
	assert_int_equal(held.count, 5);
	for (size_t i = 0; i < held.count; i++)
		assert_string_not_equal(held.notices[i].id, "a1");
	assert_int_equal(house_number(h, "SELECT count(*) FROM notice WHERE id='a1' AND state=4 AND folded='a2'"), 1);
	assert_int_equal(house_number(h, "SELECT count(*) FROM notice WHERE state=3"), 5);
}

static void note_mark(void *owner, const struct store_mark *mark)
{
	if (strcmp(mark->name, "heartbeat") == 0)
		*(wq_ms *)owner += mark->at;
}

static void a_mark_is_remembered_with_its_newest_time(void **state)
{
	struct house *h = *state;
	struct store_mark marks[] = { { "heartbeat", 5 }, { "other", 9 } };
	wq_ms at = 0;
	h->group.marks = marks;
	h->group.mark_count = 2;
	house_commit(h);
	marks[0].at = 7;
	h->group.marks = marks;
	h->group.mark_count = 1;
	house_commit(h);
	h->group.marks = NULL;
	h->group.mark_count = 0;
	house_again(h, &house_site);
	assert_int_equal(store_marks(h->store, note_mark, &at, &h->err), 0);
	assert_int_equal(at, 7);
}

static void a_notice_waits_in_the_outbox_until_it_is_done(void **state)
{
	struct house *h = *state;
	house_notice(h, "a");
	house_notice(h, "b");
	house_notice(h, "c");
	h->group.notices[0].deadline = 45000;
	struct wq_notice before = h->group.notices[0];
	house_commit(h);
	house_again(h, &house_site);

	struct taken taken = outbox(h, 3);
	assert_int_equal(taken.count, 3);
	expect_same(&taken.notices[0], &before);

	house_delivery(h, "a", WQ_RETRY, false)->attempt = 2;
	house_delivery(h, "b", WQ_SENT, true);
	house_delivery(h, "c", WQ_DROP, true);
	house_commit(h);
	taken = outbox(h, 3);
	assert_int_equal(taken.count, 1);
	assert_string_equal(taken.notices[0].id, "a");
	assert_int_equal(taken.attempts[0], 2);
	house_expect_text(h, "SELECT group_concat(id||state,' ') FROM notice", "a0 b1 c2");
	assert_int_equal(house_number(h, "SELECT count(*) FROM delivery"), 3);
}

static void the_outbox_stops_when_it_is_told_to(void **state)
{
	struct house *h = *state;
	house_notice(h, "a");
	house_notice(h, "b");
	house_commit(h);
	assert_int_equal(outbox(h, 1).count, 1);
}

static void a_notice_that_fails_over_stays_one_with_the_new_channel(void **state)
{
	struct house *h = *state;
	house_notice(h, "a");
	house_commit(h);
	house_delivery(h, "a", WQ_CONFIG, false);
	house_commit(h);
	strcpy(house_notice(h, "a")->channel, "sms");
	house_commit(h);
	struct taken taken = outbox(h, 3);
	assert_int_equal(taken.count, 1);
	assert_string_equal(taken.notices[0].channel, "sms");
	assert_int_equal(taken.attempts[0], 1);
}

static void an_attempt(struct house *h, const char *channel, wq_ms at)
{
	struct store_delivery *delivery = house_delivery(h, "a", WQ_RETRY, false);

	delivery->at = at;
	snprintf(delivery->channel, sizeof delivery->channel, "%s", channel);
	house_commit(h);
}

static void the_outbox_remembers_the_channel_tried_last_and_since_when(void **state)
{
	static const struct {
		const char *channel;
		wq_ms at, since;
	} steps[] = {
		{ "hook", 100, 100 }, { "hook", 200, 100 }, { "modem", 300, 300 },
		{ "modem", 400, 300 }, { "hook", 500, 500 }, { "hook", 600, 500 },
	};
	struct house *h = *state;
	house_notice(h, "a");
	house_commit(h);
	assert_true(outbox(h, 3).notices[0].since == 0);
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		an_attempt(h, steps[i].channel, steps[i].at);
		house_again(h, &house_site);
		struct taken taken = outbox(h, 3);
		assert_int_equal(taken.count, 1);
		assert_string_equal(taken.notices[0].channel, steps[i].channel);
		assert_true(taken.notices[0].since == steps[i].since);
	}
}

/* What a channel missed is owed to it until it was told, in the order in which it was made; the notice stays delivered. */
static void what_a_channel_is_owed_is_read_in_order_until_it_is_told(void **state)
{
	struct house *h = *state;
	struct store_owe owes[] = { { .id = "b", .channel = "hook", .at = WQ_DAYS(9) }, { .id = "a", .channel = "hook", .at = WQ_DAYS(9) },
		{ .id = "c", .channel = "hook", .at = WQ_DAYS(1) } };
	struct taken taken = { .wanted = 4 };

	house_notice(h, "a");
	house_notice(h, "b");
	house_notice(h, "c");
	house_delivery(h, "a", WQ_SENT, true);
	house_delivery(h, "b", WQ_SENT, true);
	house_delivery(h, "c", WQ_SENT, true);
	h->group.owes = malloc(sizeof owes);
	assert_non_null(h->group.owes);
	/* The oldest first: what is owed for more than seven days when the next is, is forgotten. */
	h->group.owes[0] = owes[2];
	h->group.owes[1] = owes[0];
	h->group.owes[2] = owes[1];
	h->group.owe_count = h->group.owe_room = 3;
	house_commit(h);
	assert_int_equal(store_owed(h->store, "hook", 4, take, &taken, &h->err), 0);
	assert_int_equal(taken.count, 2);
	assert_string_equal(taken.notices[0].id, "a");
	assert_string_equal(taken.notices[1].id, "b");
	assert_true(taken.notices[0].history);
	assert_string_equal(taken.notices[0].channel, "hook");
	/* A try for nothing changes nothing, neither there nor in the notice. */
	for (int done = 0; done < 2; done++) {
		struct store_delivery *delivery = house_delivery(h, "a", done ? WQ_SENT : WQ_RETRY, done);
		delivery->history = true;
		snprintf(delivery->channel, sizeof delivery->channel, "hook");
		house_commit(h);
		assert_int_equal(house_number(h, "SELECT count(*) FROM owed"), done ? 1 : 2);
		assert_int_equal(house_number(h, "SELECT state FROM notice WHERE id='a'"), 1);
		assert_int_equal(house_number(h, "SELECT channel='hook' FROM notice WHERE id='a'"), 0);
	}
	assert_int_equal(outbox(h, 4).count, 0);
}

static bool both(void *owner, const char *contact, bool urgent)
{
	(void)owner, (void)contact, (void)urgent;
	return true;
}

static bool urgent_only(void *owner, const char *contact, bool urgent)
{
	(void)owner;
	return urgent && strcmp(contact, "a") == 0;
}

static void change_of(struct house *h, const char *id, int64_t alarm, uint32_t number, enum wq_change_kind kind, enum wq_level level,
	const char *contact)
{
	struct wq_notice *notice = house_notice(h, id);
	notice->alarm = alarm;
	notice->number = number;
	notice->kind = kind;
	notice->level = level;
	snprintf(notice->contact, sizeof notice->contact, "%s", contact);
}

/* Its alarm's earlier changes with it, to the same contact; what follows it comes as it is. */
static void what_is_urgent_is_read_first_with_what_must_leave_before_it(void **state)
{
	struct house *h = *state;
	struct taken taken = { .wanted = 4 };

	change_of(h, "1-1-a", 1, 1, WQ_OPENED, WQ_LEVEL_WARNING, "a");
	change_of(h, "2-1-a", 2, 1, WQ_OPENED, WQ_LEVEL_WARNING, "a");
	change_of(h, "2-1-b", 2, 1, WQ_OPENED, WQ_LEVEL_WARNING, "b");
	change_of(h, "2-2-a", 2, 2, WQ_RAISED, WQ_LEVEL_ALARM, "a");
	change_of(h, "2-3-a", 2, 3, WQ_CLEARED, WQ_LEVEL_ALARM, "a");
	change_of(h, "3-1-a", 3, 1, WQ_ESCALATED, WQ_LEVEL_WATCH, "a");
	house_commit(h);
	assert_int_equal(store_outbox(h->store, urgent_only, take, &taken, &h->err), 0);
	assert_int_equal(taken.count, 3);
	static const char *const first[] = { "2-1-a", "2-2-a", "3-1-a", "1-1-a" };
	for (size_t i = 0; i < 3; i++) {
		assert_string_equal(taken.notices[i].id, first[i]);
		assert_true(taken.notices[i].urgent);
	}
	/* Sent, it is urgent no more, nor is what it had taken along. */
	taken = (struct taken){ .wanted = 4 };
	assert_int_equal(store_outbox(h->store, both, take, &taken, &h->err), 0);
	assert_int_equal(taken.count, 4);
	assert_string_equal(taken.notices[3].id, first[3]);
	assert_false(taken.notices[3].urgent);
	house_delivery(h, "2-1-a", WQ_SENT, true);
	house_delivery(h, "2-2-a", WQ_SENT, true);
	house_delivery(h, "3-1-a", WQ_SENT, true);
	house_commit(h);
	taken = (struct taken){ .wanted = 4 };
	assert_int_equal(store_outbox(h->store, urgent_only, take, &taken, &h->err), 0);
	assert_int_equal(taken.count, 0);
}

static void both_clocks_go_with_each_commit(void **state)
{
	struct house *h = *state;
	struct store_clock clock;

	assert_int_equal(store_last_clock(h->store, &clock, &h->err), 0);
	assert_int_equal(clock.boot, 0);
	house_notice(h, "a");
	h->group.clock = (struct store_clock){ .wall = 7, .boot = 5, .machine = "m", .trusted = true };
	house_commit(h);
	assert_int_equal(store_last_clock(h->store, &clock, &h->err), 0);
	assert_true(clock.wall == 7 && clock.boot == 5 && clock.trusted);
	assert_string_equal(clock.machine, "m");
}

static void a_delivery_that_is_done_stays_done(void **state)
{
	struct house *h = *state;
	house_notice(h, "a");
	house_delivery(h, "a", WQ_SENT, true);
	house_delivery(h, "a", WQ_RETRY, false);
	house_commit(h);
	assert_int_equal(outbox(h, 3).count, 0);
}

/* -- needs -- */

static struct store_answer *commit_answers(struct house *h, size_t *count)
{
	struct store_answer *answers = NULL;
	*count = 0;
	if (store_commit(h->store, &h->group, &answers, count, &h->err) < 0)
		fail_msg("%s", h->err.text);
	commit_group_reset(&h->group);
	return answers;
}

static void a_day_that_is_needed_comes_whole_sorted_and_with_what_was_just_committed(void **state)
{
	struct house *h = *state;
	wq_ms midnight = wq_day_start(&wq_zone_china, TODAY);
	house_sample(h, YIGAN_TP, midnight, 0.1);
	house_sample(h, YIGAN_PH, midnight, 7.5);
	house_sample(h, YIGAN_TP, midnight - 1, 9);          /* the day before */
	house_sample(h, YIGAN_TP, midnight + WQ_DAYS(1), 9); /* the day after */
	house_sample(h, NANHENG_TP, midnight + 1, 9);        /* another station */
	house_sample(h, YIGAN_TP, midnight + WQ_DAYS(1) - 1, NAN)->quality = WQ_MISSING;
	house_commit(h);
	house_sample(h, YIGAN_TP, midnight, 0.15);                        /* a revision */
	strcpy(house_sample(h, YIGAN_TP, midnight + 5, 0.12)->flag, "N"); /* late */
	house_need(h, YIGAN, TODAY);
	house_need(h, NANHENG, TODAY + 9);
	size_t count;
	struct store_answer *answers = commit_answers(h, &count);

	assert_int_equal(count, 2);
	assert_int_equal(answers[0].station, YIGAN);
	assert_int_equal(answers[0].day, TODAY);
	static const struct {
		uint32_t series;
		wq_ms offset;
		double value;
		const char *flag;
	} expected[] = {
		{ YIGAN_PH, 0, 7.5, "" },
		{ YIGAN_TP, 0, 0.15, "" },
		{ YIGAN_TP, 5, 0.12, "N" },
		{ YIGAN_TP, WQ_DAYS(1) - 1, NAN, "" },
	};
	assert_int_equal(answers[0].count, 4);
	for (size_t i = 0; i < 4; i++) {
		const struct wq_sample *s = &answers[0].samples[i];
		assert_int_equal(s->series, expected[i].series);
		assert_true(s->at == midnight + expected[i].offset);
		assert_true(
		        isnan(expected[i].value) ? isnan(s->value) : s->value == expected[i].value);
		assert_string_equal(s->flag, expected[i].flag);
	}
	assert_int_equal(answers[0].samples[3].quality, WQ_MISSING);
	assert_int_equal(answers[1].count, 0);
	free(answers[0].samples);
	free(answers);
}

/* -- identity and failure -- */

static void the_highest_sequence_and_the_incarnation_survive(void **state)
{
	struct house *h = *state;
	uint64_t incarnation = store_incarnation(h->store);
	assert_true(incarnation != 0);
	h->group.last_sequence = 41;
	house_commit(h);
	h->group.last_sequence = 7;
	house_commit(h);
	assert_int_equal(store_last_sequence(h->store), 41);
	house_again(h, &house_site);
	assert_int_equal(store_last_sequence(h->store), 41);
	assert_true(store_incarnation(h->store) == incarnation);
}

static void a_group_that_is_wrong_in_one_place_is_refused_whole(void **state)
{
	struct house *h = *state;
	struct store_answer *answers = NULL;
	size_t count = 0;
	house_sample(h, YIGAN_TP, MORNING, 0.2);
	house_sample(h, 99, MORNING, 0.2);
	assert_int_equal(
	        store_commit(h->store, &h->group, &answers, &count, &h->err), WQ_E_INVALID);
	assert_non_null(strstr(h->err.text, "series 99 of 3"));
	assert_int_equal(house_number(h, "SELECT count(*) FROM reading"), 0);
	/* The store is not left inside a transaction. */
	h->group.outcome.sample_count = 1;
	house_commit(h);
	assert_int_equal(house_number(h, "SELECT count(*) FROM reading"), 1);
}

static void a_commit_whose_write_fails_leaves_nothing_and_works_after_reopening(void **state)
{
	struct house *h = *state;
	struct store_answer *answers = NULL;
	size_t count = 0;
	static const int codes[] = { SQLITE_FULL, SQLITE_IOERR_WRITE };
	for (size_t i = 0; i < 2; i++) {
		wq_ms at = MORNING + (wq_ms)i;
		house_sample(h, YIGAN_TP, at, 0.2);
		house_sample(h, YIGAN_PH, at, 7);
		faults_writes(codes[i], 1);
		int r = store_commit(h->store, &h->group, &answers, &count, &h->err);
		assert_int_equal(r, codes[i] == SQLITE_FULL ? WQ_E_FULL : WQ_E_IO);
		assert_non_null(strstr(h->err.text, h->path));
		faults_writes(0, 0);
		assert_int_equal(store_reopen(h->store, &h->err), 0);
		assert_int_equal(house_number(h, "SELECT count(*) FROM reading"), 2 * (int)i);
		house_commit(h);
		assert_int_equal(house_number(h, "SELECT count(*) FROM reading"), 2 * (int)i + 2);
		assert_int_equal(house_number(h, "SELECT sum(repeats) FROM reading"), 0);
	}
}

static void a_commit_whose_sync_fails_is_stored_once_after_reopening(void **state)
{
	struct house *h = *state;
	struct store_answer *answers = NULL;
	size_t count = 0;
	house_sample(h, YIGAN_TP, MORNING, 0.2);
	house_change(h, INT64_C(2026030500001), 1, WQ_OPENED, LIMIT, 0);
	house_notice(h, "a");
	house_day(h, YIGAN, WQ_NONE, TODAY);
	house_need(h, YIGAN, TODAY);
	faults_syncs(SQLITE_IOERR_FSYNC, 0);
	assert_int_equal(store_commit(h->store, &h->group, &answers, &count, &h->err), WQ_E_IO);
	assert_int_equal(count, 0);
	/* The disk stays dead for a while: opening anew fails, nothing is lost. */
	assert_true(store_reopen(h->store, &h->err) < 0);
	assert_int_equal(store_commit(h->store, &h->group, &answers, &count, &h->err), WQ_E_STATE);
	faults_syncs(0, 0);
	assert_int_equal(store_reopen(h->store, &h->err), 0);
	assert_int_equal(store_commit(h->store, &h->group, &answers, &count, &h->err), 0);
	assert_int_equal(count, 1);
	assert_int_equal(answers[0].count, 1);
	free(answers[0].samples);
	free(answers);
	house_expect_text(h,
	        "SELECT (SELECT count(*)||':'||sum(repeats) FROM reading)||' '||"
	        "(SELECT count(*) FROM change)||' '||(SELECT count(*) FROM notice)||' '||"
	        "(SELECT count(*) FROM day)||' '||(SELECT commits FROM meta)",
	        "1:0 1 1 1 1");
}

/* A random history against a model of what the rules above say. */
static void a_random_history_equals_its_model(void **state)
{
	struct house *h = *state;
	enum { INSTANTS = 24 };
	struct {
		int revision, repeats;
		double value;
	} model[3][INSTANTS] = { 0 };
	unsigned seed = 20260305;
	print_message("seed %u\n", seed);
	for (int round = 0; round < 60; round++) {
		for (int i = 0; i < 20; i++) {
			unsigned s = (unsigned)rand_r(&seed) % 3,
			         t = (unsigned)rand_r(&seed) % INSTANTS;
			double value = (double)((unsigned)rand_r(&seed) % 3);
			house_sample(h, s, MORNING + (wq_ms)t, value);
			if (model[s][t].revision > 0 && model[s][t].value == value) {
				model[s][t].repeats++;
			} else {
				model[s][t].revision++;
				model[s][t].repeats = 0;
				model[s][t].value = value;
			}
		}
		house_commit(h);
		if (round % 20 == 19)
			house_again(h, &house_site);
	}
	for (unsigned s = 0; s < 3; s++)
		for (unsigned t = 0; t < INSTANTS; t++) {
			char sql[200], text[64];
			snprintf(sql, sizeof sql,
			        "SELECT revision||' '||repeats||' '||CAST(value AS INTEGER) FROM "
			        "reading"
			        " WHERE series=%u AND at=%lld AND newest=1",
			        s + 1, (long long)(MORNING + (wq_ms)t));
			snprintf(text, sizeof text, "%d %d %d", model[s][t].revision,
			        model[s][t].repeats, (int)model[s][t].value);
			house_expect_text(h, sql, text);
		}
	assert_int_equal(house_number(h, "SELECT sum(newest) FROM reading"), 3 * INSTANTS);
	assert_int_equal(house_number(h, "SELECT sum(revision=1) FROM reading"), 3 * INSTANTS);
}

struct drills {
	char ids[4][WQ_NOTICE_ID], texts[4][192];
	int kinds[4];
	bool done[4];
	size_t count;
};

static void take_drill(void *owner, const struct wq_notice *notice, int kind, bool done, const char *text)
{
	struct drills *drills = owner;
	assert_string_equal(notice->data, "{\"drill\":\"monthly\"}");
	assert_true(notice->time == MORNING);
	snprintf(drills->ids[drills->count], WQ_NOTICE_ID, "%s", notice->id);
	snprintf(drills->texts[drills->count], 192, "%s", text);
	drills->kinds[drills->count] = kind;
	drills->done[drills->count++] = done;
}

static void put_drill(struct house *h, const char *id)
{
	struct wq_notice *notice = house_notice(h, id);
	notice->alarm = 0;
	notice->topic = WQ_TOPIC_DRILL;
	strcpy(notice->data, "{\"drill\":\"monthly\"}");
}

static void a_drill_comes_back_with_what_became_of_it(void **state)
{
	struct house *h = *state;
	struct drills drills = { .count = 0 };
	house_notice(h, "alarm");
	put_drill(h, "sent");
	put_drill(h, "failing");
	put_drill(h, "untried");
	house_commit(h);
	house_delivery(h, "sent", WQ_RETRY, false);
	strcpy(house_delivery(h, "sent", WQ_SENT, true)->text, "HTTP 200");
	house_delivery(h, "failing", WQ_CONFIG, false);
	house_commit(h);
	house_again(h, &house_site);
	assert_int_equal(store_drills(h->store, take_drill, &drills, &h->err), 0);
	assert_int_equal(drills.count, 3);
	assert_string_equal(drills.ids[0], "sent");
	assert_true(drills.kinds[0] == WQ_SENT && drills.done[0]);
	assert_string_equal(drills.texts[0], "HTTP 200");
	assert_true(drills.kinds[1] == WQ_CONFIG && !drills.done[1]);
	assert_true(drills.kinds[2] == -1 && !drills.done[2]);
}

struct words {
	int64_t alarm[4];
	char who[4][WQ_PERSON_TEXT];
	size_t count;
};

static void take_who(void *owner, int64_t alarm, const char *who)
{
	struct words *words = owner;
	words->alarm[words->count] = alarm;
	snprintf(words->who[words->count++], WQ_PERSON_TEXT, "%s", who);
}

static void who_acknowledged_is_known_while_the_alarm_is_open(void **state)
{
	struct house *h = *state;
	struct words words = { .count = 0 };
	house_change(h, 2026030500001, 1, WQ_OPENED, LIMIT, 0);
	strcpy(house_change(h, 2026030500001, 2, WQ_ACKNOWLEDGED, LIMIT, 0)->who, "张三");
	house_change(h, 2026030500002, 1, WQ_OPENED, DAILY, 0);
	strcpy(house_change(h, 2026030500002, 2, WQ_ACKNOWLEDGED, DAILY, 0)->who, "李四");
	house_change(h, 2026030500002, 3, WQ_CLEARED, DAILY, 0);
	house_change(h, 2026030500003, 1, WQ_OPENED, SILENCE, 0);
	house_commit(h);
	assert_int_equal(store_acknowledged(h->store, take_who, &words, &h->err), 0);
	assert_int_equal(words.count, 1);
	assert_true(words.alarm[0] == 2026030500001);
	assert_string_equal(words.who[0], "张三");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		house_test(a_sample_is_stored_with_everything_that_is_known_of_it),
		house_test(a_value_that_is_missing_is_null),
		house_test(the_same_value_again_is_counted_not_stored),
		house_test(another_value_becomes_the_next_revision),
		house_test(another_flag_for_the_same_value_is_a_revision),
		house_test(a_revision_may_differ_in_quality_alone),
		house_test(a_quality_decided_later_is_a_revision_of_the_same_reading),
		house_test(a_repeat_counts_at_the_reading_it_repeats),
		house_test(a_repeat_of_something_unknown_is_stored),
		house_test(older_readings_that_come_later_find_their_place),
		house_test(a_day_told_again_is_a_revision_and_the_view_shows_the_newest),
		house_test(a_change_of_a_number_that_is_taken_gets_the_next),
		house_test(an_outage_of_a_life_that_was_cut_ends_with_its_last_arrival),
		house_test(an_outage_that_ends_is_still_one_row),
		house_test(a_command_is_recorded_before_and_after_in_one_row),
		house_test(a_command_whose_outcome_was_not_written_is_unknown),
		house_test(a_request_for_nothing_that_is_known_has_no_place),
		house_test(a_check_is_kept_apart_from_the_readings_and_once),
		house_test(a_notice_waits_in_the_outbox_until_it_is_done),
		house_test(what_is_held_back_waits_for_its_digest),
		house_test(what_a_later_notice_of_its_alarm_told_is_held_back_no_more),
		house_test(a_mark_is_remembered_with_its_newest_time),
		house_test(a_drill_comes_back_with_what_became_of_it),
		house_test(who_acknowledged_is_known_while_the_alarm_is_open),
		house_test(the_outbox_stops_when_it_is_told_to),
		house_test(the_outbox_remembers_the_channel_tried_last_and_since_when),
		house_test(a_notice_that_fails_over_stays_one_with_the_new_channel),
		house_test(what_a_channel_is_owed_is_read_in_order_until_it_is_told),
		house_test(both_clocks_go_with_each_commit),
		house_test(what_is_urgent_is_read_first_with_what_must_leave_before_it),
		house_test(a_delivery_that_is_done_stays_done),
		house_test(
		        a_day_that_is_needed_comes_whole_sorted_and_with_what_was_just_committed),
		house_test(the_highest_sequence_and_the_incarnation_survive),
		house_test(a_group_that_is_wrong_in_one_place_is_refused_whole),
		house_test(a_commit_whose_write_fails_leaves_nothing_and_works_after_reopening),
		house_test(a_commit_whose_sync_fails_is_stored_once_after_reopening),
		house_test(a_random_history_equals_its_model),
	};
	faults_install();
	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
