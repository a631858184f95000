/* SPDX-License-Identifier: Apache-2.0 */
/* A day in figures, read beside a store that writes: of both tables of readings, of newest revisions, of that day alone. */
#include "house.h"

#include "store/figures.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DAY (TODAY + 1)
#define START (MORNING + WQ_HOURS(16)) /* its first instant */

static struct figures figures_of(struct house *h, bool delivered[2])
{
	struct figures figures;

	delivered[YIGAN] = delivered[NANHENG] = false;
	if (figures_read(h->path, &house_site, DAY, delivered, &figures, &h->err) < 0)
		fail_msg("%s", h->err.text);
	return figures;
}

static void readings_are_counted_once_wherever_they_lie(void **state)
{
	struct house *h = *state;
	bool delivered[2];
	int r;

	for (int i = -3; i < 8; i++)
		house_sample(h, YIGAN_TP, START + WQ_HOURS(4 * i), i); /* six of the day */
	house_sample(h, YIGAN_TP, START + WQ_HOURS(4), 99);   /* a revision */
	house_sample(h, YIGAN_PH, START + 5, NAN);            /* no value */
	house_commit(h);
	struct figures figures = figures_of(h, delivered);
	assert_int_equal(figures.readings, 6);
	assert_true(delivered[YIGAN] && !delivered[NANHENG]);
	assert_true(figures.bytes > 0 && figures.disk_size >= figures.disk_free);

	/* Ten days later they have moved to the other table, and only they are of that day. */
	house_sample(h, NANHENG_TP, START + WQ_DAYS(10), 1);
	house_commit(h);
	while ((r = store_tidy(h->store, 1, &h->err)) > 0)
		;
	assert_int_equal(r, 0);
	assert_true(house_number(h, "SELECT count(*) FROM sample") >= 6);
	figures = figures_of(h, delivered);
	assert_int_equal(figures.readings, 6);
	assert_true(delivered[YIGAN] && !delivered[NANHENG]);
}

static void shares_are_of_the_newest_rows_of_items(void **state)
{
	struct house *h = *state;
	bool delivered[2];

	assert_int_equal(figures_of(h, delivered).expected, 0);
	house_day(h, YIGAN, WQ_NONE, DAY); /* the station's own row is no item */
	house_day(h, YIGAN, 1, DAY)->valid = 3;
	house_day(h, NANHENG, 1, DAY)->valid = 9; /* more than were expected are no more than all */
	house_day(h, NANHENG, 1, DAY - 1);
	house_commit(h);
	struct wq_day_row *again = house_day(h, YIGAN, 1, DAY);
	again->valid = 4;
	again->revision = 2;
	house_commit(h);
	const struct figures figures = figures_of(h, delivered);
	assert_int_equal(figures.expected, 12);
	assert_int_equal(figures.valid, 4 + 6);
}

/* Without a cycle: the valid among those that came, of what is closed. */
static void what_was_not_expected_has_its_share_of_what_came(void **state)
{
	struct house *h = *state;
	bool delivered[2];

	for (int i = 0; i < 5; i++)
		house_sample(h, YIGAN_TP, START + WQ_HOURS(4 * i), i);
	house_sample(h, YIGAN_TP, START + WQ_HOURS(21), NAN); /* no value came */
	house_sample(h, NANHENG_TP, START, 1);                /* its day is not closed */
	struct wq_day_row *row = house_day(h, YIGAN, 1, DAY);
	row->expected = 0;
	row->valid = 4;
	house_commit(h);
	struct figures figures = figures_of(h, delivered);
	assert_true(figures.valid == 0 && figures.expected == 0);
	assert_true(figures.taken == 4 && figures.received == 5);
	/* A later row of the same item counts alone, and no more are valid than came. */
	row = house_day(h, YIGAN, 1, DAY);
	row->expected = 0;
	row->valid = 9;
	row->revision = 2;
	house_commit(h);
	figures = figures_of(h, delivered);
	assert_true(figures.taken == 5 && figures.received == 5);
}

static void alarms_and_attempts_are_those_of_the_day(void **state)
{
	struct house *h = *state;
	bool delivered[2];
	char day[WQ_INSTANT_TEXT];
	const int64_t first = strtoll(wq_day_format_compact(DAY, day), NULL, 10) * 100000;

	house_change(h, first + 1, 1, WQ_OPENED, LIMIT, 0);
	house_change(h, first + 1, 2, WQ_RAISED, LIMIT, 0);
	house_change(h, first + 2, 1, WQ_OPENED, DAILY, 0);
	house_change(h, first + 100000 + 1, 1, WQ_OPENED, SILENCE, 0); /* of the next */
	house_notice(h, "a");
	house_delivery(h, "a", WQ_RETRY, false)->at = START - 1;
	house_delivery(h, "a", WQ_RETRY, false)->at = START;
	house_delivery(h, "a", WQ_THROTTLE, false)->at = START + 1;
	house_delivery(h, "a", WQ_SENT, true)->at = START + WQ_DAYS(1) - 1;
	strcpy(house_delivery(h, "a", WQ_FAILED, false)->channel, "modem");
	h->group.deliveries[h->group.delivery_count - 1].at = START + 2;
	house_commit(h);
	const struct figures figures = figures_of(h, delivered);
	assert_int_equal(figures.opened, 2);
	assert_int_equal(figures.channel_count, 2);
	assert_string_equal(figures.channels[0].name, "modem");
	assert_true(figures.channels[0].sent == 0 && figures.channels[0].failed == 1);
	assert_true(figures.channels[1].sent == 1 && figures.channels[1].failed == 1);
}

static void a_history_that_is_not_there_is_told(void **state)
{
	struct house *h = *state;
	struct figures figures;
	bool delivered[2];

	assert_int_equal(figures_read("/nowhere/wqd.db", &house_site, DAY, delivered, &figures, &h->err), WQ_E_MISSING);
	assert_non_null(strstr(h->err.text, "/nowhere/wqd.db"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		house_test(readings_are_counted_once_wherever_they_lie),
		house_test(shares_are_of_the_newest_rows_of_items),
		house_test(what_was_not_expected_has_its_share_of_what_came),
		house_test(alarms_and_attempts_are_those_of_the_day),
		house_test(a_history_that_is_not_there_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
