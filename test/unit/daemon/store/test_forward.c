/* SPDX-License-Identifier: Apache-2.0 */
/* What uplinks forward: kept in the order of the commits until the last of them has it acknowledged. */
#include "house.h"

#include "store/backlog.h"

#include <stdlib.h>
#include <string.h>

static const char *const one[] = { "bureau" };
static const char *const two[] = { "bureau", "province" };

struct got {
	size_t count, most;
	struct backlog_record records[40];
};

static bool take(void *owner, const struct backlog_record *record)
{
	struct got *got = owner;

	if (got->count == got->most)
		return false;
	got->records[got->count++] = *record;
	return true;
}

static void read_after(struct house *h, struct backlog_place after, size_t most, struct got *got)
{
	struct backlog *backlog;

	*got = (struct got){ .most = 40 };
	assert_int_equal(backlog_open(h->path, &backlog, &h->err), 0);
	int n = backlog_records(backlog, &after, most, take, got, &h->err);
	assert_int_equal(n, got->count);
	if (got->count > 0)
		assert_memory_equal(&after, &got->records[got->count - 1].place, sizeof after);
	backlog_close(backlog);
}

static void acknowledge(struct house *h, const char *name, uint64_t incarnation, uint64_t sequence, int64_t note)
{
	struct store_uplink uplink = { .incarnation = incarnation, .sequence = sequence, .note = note, .at = MORNING };

	snprintf(uplink.name, sizeof uplink.name, "%s", name);
	h->group.uplinks = realloc(h->group.uplinks, sizeof uplink);
	h->group.uplinks[0] = uplink;
	h->group.uplink_count = 1;
	house_commit(h);
}

static void put(struct house *h, uint64_t sequence, uint32_t series, wq_ms at, double value)
{
	house_sample(h, series, at, value)->sequence = sequence;
	h->group.last_sequence = sequence;
}

/* A batch of two stations, then one of two times. */
static void two_batches(struct house *h)
{
	put(h, 1, YIGAN_PH, MORNING, 7.1);
	put(h, 1, YIGAN_TP, MORNING, 0.1);
	put(h, 1, NANHENG_TP, MORNING, 0.2);
	house_commit(h);
	put(h, 2, YIGAN_TP, MORNING - 60000, 0.3);
	put(h, 2, YIGAN_TP, MORNING + 60000, 0.4);
	house_commit(h);
}

static void without_an_uplink_nothing_is_kept(void **state)
{
	struct house *h = *state;

	two_batches(h);
	house_change(h, 2026030500001, 1, WQ_OPENED, LIMIT, 0);
	house_commit(h);
	assert_int_equal(house_number(h, "SELECT (SELECT count(*) FROM forward)+(SELECT count(*) FROM forward_note)"), 0);
}

static void an_uplink_reads_batch_by_batch_station_by_station(void **state)
{
	struct house *h = *state;
	struct got got;

	assert_int_equal(store_use_uplinks(h->store, one, 1, NULL, &h->err), 0);
	two_batches(h);
	read_after(h, (struct backlog_place){ 0, 0, 0 }, 40, &got);
	assert_int_equal(got.count, 4);
	assert_string_equal(got.records[0].station, "yigan");
	assert_int_equal(got.records[0].count, 2);
	assert_false(got.records[0].last);
	assert_string_equal(got.records[1].station, "nanheng");
	assert_true(got.records[1].last);
	assert_int_equal(got.records[2].place.at, MORNING - 60000);
	assert_false(got.records[2].last);
	assert_true(got.records[3].last);
	assert_true(got.records[3].readings[0].value == 0.4);
	/* Cut anywhere, it goes on behind the cut and knows where a batch ends. */
	read_after(h, (struct backlog_place){ 0, 0, 0 }, 1, &got);
	assert_int_equal(got.count, 1);
	assert_false(got.records[0].last);
	read_after(h, got.records[0].place, 1, &got);
	assert_string_equal(got.records[0].station, "nanheng");
	assert_true(got.records[0].last);
}

static void what_moved_to_the_closed_days_is_still_read(void **state)
{
	struct house *h = *state;
	struct got before, after;

	assert_int_equal(store_use_uplinks(h->store, one, 1, NULL, &h->err), 0);
	two_batches(h);
	read_after(h, (struct backlog_place){ 0, 0, 0 }, 40, &before);
	put(h, 3, YIGAN_PH, MORNING + WQ_DAYS(3), 7);
	h->group.outcome.samples[0].received = MORNING + WQ_DAYS(3);
	house_commit(h);
	while (store_tidy(h->store, 1, &h->err) > 0)
		;
	assert_int_equal(house_number(h, "SELECT count(*) FROM sample"), 5);
	/* Another value comes for a time that moved: it is a record of its own, in its own batch. */
	put(h, 4, YIGAN_TP, MORNING, 0.15);
	h->group.outcome.samples[0].record = WQ_RECORD_REVISION;
	house_commit(h);
	read_after(h, (struct backlog_place){ 0, 0, 0 }, 40, &after);
	assert_int_equal(after.count, 6);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(after.records[i].count, before.records[i].count);
		assert_memory_equal(after.records[i].readings, before.records[i].readings,
		        after.records[i].count * sizeof *after.records[i].readings);
	}
	assert_int_equal(after.records[5].place.sequence, 4);
	assert_int_equal(after.records[5].readings[0].revision, 2);
	assert_int_equal(after.records[5].count, 1);
}

static void a_repeat_is_not_forwarded(void **state)
{
	struct house *h = *state;

	assert_int_equal(store_use_uplinks(h->store, one, 1, NULL, &h->err), 0);
	put(h, 1, YIGAN_PH, MORNING, 7.1);
	house_commit(h);
	put(h, 2, YIGAN_PH, MORNING, 7.1);
	h->group.outcome.samples[0].record = WQ_RECORD_REPEAT;
	house_commit(h);
	assert_int_equal(house_number(h, "SELECT count(*) FROM forward"), 1);
}

static void a_row_stays_until_the_last_uplink_has_it_acknowledged(void **state)
{
	struct house *h = *state;
	uint64_t file = store_incarnation(h->store);

	assert_int_equal(store_use_uplinks(h->store, two, 2, NULL, &h->err), 0);
	two_batches(h);
	house_change(h, 2026030500001, 1, WQ_OPENED, LIMIT, 0);
	house_day(h, YIGAN, WQ_NONE, TODAY);
	house_commit(h);
	acknowledge(h, "bureau", file, 2, 2);
	assert_int_equal(house_number(h, "SELECT count(*) FROM forward"), 4);
	acknowledge(h, "province", file, 1, 1);
	assert_int_equal(house_number(h, "SELECT count(*) FROM forward"), 2);
	assert_int_equal(house_number(h, "SELECT min(seq)*10+count(*) FROM forward_note"), 21);
	/* Neither backwards, nor by a word about another file. */
	acknowledge(h, "province", file, 0, 0);
	acknowledge(h, "province", file + 1, 2, 2);
	assert_int_equal(house_number(h, "SELECT sequence FROM uplink WHERE name='province'"), 1);
	acknowledge(h, "province", file, 2, 2);
	assert_int_equal(house_number(h, "SELECT (SELECT count(*) FROM forward)+(SELECT count(*) FROM forward_note)"), 0);
}

static void an_uplink_begins_with_what_comes_and_one_that_goes_holds_nothing_back(void **state)
{
	struct house *h = *state;
	struct backlog *backlog;
	struct backlog_state where;
	size_t gone = 0;

	assert_int_equal(store_use_uplinks(h->store, one, 1, NULL, &h->err), 0);
	two_batches(h);
	house_again(h, &house_site);
	assert_int_equal(store_use_uplinks(h->store, two, 2, &gone, &h->err), 0);
	assert_int_equal(gone, 0);
	assert_int_equal(backlog_open(h->path, &backlog, &h->err), 0);
	assert_int_equal(backlog_state(backlog, "bureau", &where, &h->err), 0);
	assert_int_equal(where.sequence, 0);
	assert_int_equal(where.last, 2);
	assert_true(where.incarnation == store_incarnation(h->store) && where.acknowledged == WQ_NO_TIME);
	assert_int_equal(backlog_state(backlog, "province", &where, &h->err), 0);
	assert_int_equal(where.sequence, 2);
	assert_int_equal(backlog_state(backlog, "nobody", &where, &h->err), WQ_E_MISSING);
	backlog_close(backlog);
	assert_int_equal(store_use_uplinks(h->store, &two[1], 1, &gone, &h->err), 0);
	assert_int_equal(gone, 1);
	acknowledge(h, "province", store_incarnation(h->store), 2, 0);
	assert_int_equal(house_number(h, "SELECT count(*) FROM forward"), 0);
}

static void the_history_of_a_station_is_read_by_time_in_its_newest_revisions(void **state)
{
	struct house *h = *state;
	static struct backlog_record records[3];
	struct backlog *backlog;

	two_batches(h);
	put(h, 3, YIGAN_TP, MORNING, 0.9);
	h->group.outcome.samples[0].record = WQ_RECORD_REVISION;
	house_commit(h);
	assert_int_equal(backlog_open(h->path, &backlog, &h->err), 0);
	assert_int_equal(backlog_history(backlog, "yigan", MORNING - 60000, MORNING + 60001, records, 3, &h->err), 3);
	assert_int_equal(records[0].place.at, MORNING - 60000);
	assert_int_equal(records[1].count, 2);
	assert_int_equal(records[1].readings[1].revision, 2);
	assert_true(records[1].readings[1].value == 0.9);
	assert_int_equal(records[2].count, 1);
	/* Each that is given is whole. */
	assert_int_equal(backlog_history(backlog, "yigan", MORNING - 60000, MORNING + 60001, records, 2, &h->err), 2);
	assert_int_equal(records[1].count, 2);
	assert_int_equal(backlog_history(backlog, "yigan", MORNING + 1, MORNING + 60000, records, 3, &h->err), 0);
	assert_int_equal(backlog_history(backlog, "nobody", 0, INT64_MAX, records, 3, &h->err), 0);
	backlog_close(backlog);
}

static bool take_note(void *owner, const struct backlog_note *note)
{
	struct backlog_note *to = owner;
	static char text[64];

	if (note->kind == BACKLOG_CHANGE) {
		assert_string_equal(note->rule, "tp-limit");
		snprintf(text, sizeof text, "%s", note->parameter);
	}
	to[note->seq - 1] = *note;
	return true;
}

static void changes_and_days_are_notes_in_the_order_of_their_commit(void **state)
{
	struct house *h = *state;
	struct backlog_note notes[3];
	struct backlog *backlog;
	int64_t after = 0;

	assert_int_equal(store_use_uplinks(h->store, one, 1, NULL, &h->err), 0);
	two_batches(h);
	house_change(h, 2026030500001, 1, WQ_OPENED, LIMIT, 0);
	house_commit(h);
	house_day(h, NANHENG, WQ_NONE, TODAY);
	house_day(h, NANHENG, 1, TODAY);
	house_change(h, 2026030500001, 2, WQ_CLEARED, LIMIT, 0);
	house_commit(h);
	assert_int_equal(backlog_open(h->path, &backlog, &h->err), 0);
	assert_int_equal(backlog_notes(backlog, &after, 10, take_note, notes, &h->err), 3);
	backlog_close(backlog);
	assert_int_equal(after, 3);
	assert_int_equal(notes[0].change, WQ_OPENED);
	assert_int_equal(notes[0].sequence, 2);
	assert_string_equal(notes[0].station, "yigan");
	assert_int_equal(notes[1].kind, BACKLOG_DAY);
	assert_int_equal(notes[1].day, TODAY);
	assert_int_equal(notes[1].count, 2);
	assert_string_equal(notes[1].items[0].code, "");
	assert_string_equal(notes[1].items[1].alias, "tp");
	assert_int_equal(notes[2].number, 2);
}

static void a_file_that_takes_the_place_of_another_is_noticed(void **state)
{
	struct house *h = *state;
	struct backlog *backlog;
	struct backlog_state where;
	char other[128];

	assert_int_equal(store_use_uplinks(h->store, one, 1, NULL, &h->err), 0);
	assert_int_equal(backlog_open(h->path, &backlog, &h->err), 0);
	snprintf(other, sizeof other, "%s.away", h->path);
	assert_int_equal(rename(h->path, other), 0);
	assert_int_equal(backlog_state(backlog, "bureau", &where, &h->err), WQ_E_STATE);
	assert_int_equal(rename(other, h->path), 0);
	backlog_close(backlog);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		house_test(without_an_uplink_nothing_is_kept),
		house_test(an_uplink_reads_batch_by_batch_station_by_station),
		house_test(what_moved_to_the_closed_days_is_still_read),
		house_test(a_repeat_is_not_forwarded),
		house_test(a_row_stays_until_the_last_uplink_has_it_acknowledged),
		house_test(an_uplink_begins_with_what_comes_and_one_that_goes_holds_nothing_back),
		house_test(the_history_of_a_station_is_read_by_time_in_its_newest_revisions),
		house_test(changes_and_days_are_notes_in_the_order_of_their_commit),
		house_test(a_file_that_takes_the_place_of_another_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
