/* SPDX-License-Identifier: Apache-2.0 */
/* Housekeeping: where closed days go, what becomes of the log. */
#include "house.h"

#include "faults.h"

#include <math.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void tidy_all(struct house *h, wq_ms uptime)
{
	int r;
	while ((r = store_tidy(h->store, uptime, &h->err)) > 0)
		;
	if (r < 0)
		fail_msg("%s", h->err.text);
}

static void closed_days_move_and_everything_still_finds_them(void **state)
{
	struct house *h = *state;
	for (int i = 0; i < 48; i++)
		house_sample(h, YIGAN_TP, MORNING + WQ_HOURS(4 * i), i);
	house_sample(h, NANHENG_TP, MORNING, 3);
	house_commit(h);
	tidy_all(h, 1);
	assert_true(house_number(h, "SELECT count(*) FROM sample") > 30);
	assert_true(house_number(h, "SELECT count(*) FROM sample_open") >= 6);
	assert_int_equal(house_number(h, "SELECT count(*) FROM v_sample"), 49);

	/* A repeat and a revision of what was moved. */
	house_sample(h, YIGAN_TP, MORNING, NAN)->record = WQ_RECORD_REPEAT;
	house_sample(h, YIGAN_TP, MORNING + WQ_HOURS(4), 1);
	house_sample(h, YIGAN_TP, MORNING + WQ_HOURS(8), 99);
	house_sample(h, YIGAN_TP, MORNING + 5, 55); /* late */
	house_commit(h);
	assert_int_equal(house_number(h, "SELECT sum(repeats) FROM sample"), 2);
	assert_int_equal(house_number(h, "SELECT count(*) FROM v_sample"), 50);
	assert_int_equal(house_number(h, "SELECT revision FROM v_sample WHERE value=99"), 2);
	assert_int_equal(house_number(h, "SELECT count(*) FROM v_sample WHERE value=2"), 0);

	tidy_all(h, 2);
	assert_int_equal(house_number(h, "SELECT count(*) FROM sample WHERE value IN(55,99)"), 2);
	house_sample(h, YIGAN_TP, MORNING + WQ_HOURS(8), 98);
	house_need(h, YIGAN, TODAY);
	struct store_answer *answers = NULL;
	size_t count = 0;
	assert_int_equal(store_commit(h->store, &h->group, &answers, &count, &h->err), 0);
	assert_int_equal(answers[0].count, 5); /* 08 08:00:00.005 12 16 20 */
	assert_true(answers[0].samples[3].value == 98);
	free(answers[0].samples);
	free(answers);
	commit_group_reset(&h->group);

	static struct wq_engine engine;
	engine = (struct wq_engine){ 0 };
	house_again(h, &house_site);
	assert_int_equal(
	        store_restore(h->store, &house_site, &engine, MORNING + WQ_DAYS(8), INT64_MAX, &h->err), 0);
	assert_int_equal(engine.sample_count, 50);
	for (size_t i = 1; i < engine.sample_count; i++)
		assert_true(engine.samples[i].sample.at >= engine.samples[i - 1].sample.at);
	/* The newest of each series is known after a restart: this one is no plain insert. */
	house_sample(h, NANHENG_TP, MORNING, 4);
	house_commit(h);
	assert_int_equal(
	        house_number(h, "SELECT revision FROM v_sample WHERE station='nanheng'"), 2);
}

static void a_long_backlog_moves_in_slices(void **state)
{
	struct house *h = *state;
	for (int i = 0; i < 50000; i++)
		house_sample(h, (uint32_t)i % 3, MORNING + i, i);
	house_sample(h, YIGAN_TP, MORNING + WQ_DAYS(5), 1);
	house_commit(h);
	assert_int_equal(store_tidy(h->store, 1, &h->err), 1);
	assert_int_equal(house_number(h, "SELECT count(*) FROM sample"), 20000);
	assert_int_equal(store_tidy(h->store, 1, &h->err), 1);
	assert_int_equal(store_tidy(h->store, 1, &h->err), 0);
	assert_int_equal(house_number(h, "SELECT count(*) FROM sample"), 50000);
	assert_int_equal(store_tidy(h->store, 1, &h->err), 0);
}

static void a_move_that_fails_changes_nothing(void **state)
{
	struct house *h = *state;
	for (int i = 0; i < 3000; i++)
		house_sample(h, YIGAN_TP, MORNING + i, i);
	house_sample(h, YIGAN_TP, MORNING + WQ_DAYS(5), 1);
	house_commit(h);
	faults_writes(SQLITE_FULL, 3);
	assert_int_equal(store_tidy(h->store, 1, &h->err), WQ_E_FULL);
	faults_writes(0, 0);
	assert_int_equal(store_reopen(h->store, &h->err), 0);
	assert_int_equal(house_number(h, "SELECT count(*) FROM sample_open"), 3001);
	tidy_all(h, 1);
	assert_int_equal(house_number(h, "SELECT count(*) FROM sample"), 3000);
	assert_int_equal(house_number(h, "SELECT count(*) FROM v_sample"), 3001);
}

static int64_t log_size(const struct house *h)
{
	char path[128];
	struct stat st;
	snprintf(path, sizeof path, "%s-wal", h->path);
	return stat(path, &st) == 0 ? st.st_size : -1;
}

static void the_log_is_copied_after_a_minute_and_cut_after_an_hour(void **state)
{
	struct house *h = *state;
	house_sample(h, YIGAN_TP, MORNING, 1);
	house_commit(h);
	assert_int_equal(store_tidy(h->store, 1, &h->err), 0);
	assert_true(store_log_bytes(h->store) > 0);
	house_sample(h, YIGAN_TP, MORNING + 1, 1);
	house_commit(h);
	struct stat before, after;
	assert_int_equal(stat(h->path, &before), 0);
	assert_int_equal(store_tidy(h->store, 1 + WQ_MINUTES(1), &h->err), 0);
	assert_int_equal(stat(h->path, &after), 0);
	assert_true(before.st_mtim.tv_nsec != after.st_mtim.tv_nsec);
	assert_true(log_size(h) > 0);
	assert_int_equal(store_tidy(h->store, 1 + WQ_HOURS(1), &h->err), 0);
	assert_int_equal(log_size(h), 0);
	assert_int_equal(store_log_bytes(h->store), 0);
}

static void a_reader_that_stays_delays_the_log_but_not_the_commits(void **state)
{
	struct house *h = *state;
	sqlite3 *db = NULL;
	house_sample(h, YIGAN_TP, MORNING, 1);
	house_commit(h);
	assert_int_equal(sqlite3_open(h->path, &db), SQLITE_OK);
	assert_int_equal(
	        sqlite3_exec(db, "BEGIN; SELECT count(*) FROM sample_open", NULL, NULL, NULL),
	        SQLITE_OK);
	for (int i = 1; i < 200; i++) {
		house_sample(h, YIGAN_TP, MORNING + i, i);
		house_commit(h);
	}
	assert_int_equal(store_tidy(h->store, 1, &h->err), 0);
	assert_int_equal(store_tidy(h->store, 1 + WQ_HOURS(1), &h->err), 0);
	assert_true(log_size(h) > 0);
	sqlite3_close_v2(db); /* COMMIT is not needed to end a reader */
	assert_int_equal(store_tidy(h->store, 1 + WQ_HOURS(2), &h->err), 0);
	assert_int_equal(log_size(h), 0);
}

static void a_store_that_is_busy_says_when_tidying_must_not_wait(void **state)
{
	struct house *h = *state;
	assert_false(store_untidy(h->store));
	for (int i = 0; !store_untidy(h->store); i++) {
		for (int k = 0; k < 500; k++)
			house_sample(h, YIGAN_TP, MORNING + i * 500 + k, k);
		house_commit(h);
		assert_true(i < 3000);
	}
	assert_true(store_log_bytes(h->store) < 32u << 20);
	tidy_all(h, 1);
	assert_false(store_untidy(h->store));
}

static void the_planners_figures_are_refreshed_daily(void **state)
{
	struct house *h = *state;
	house_sample(h, YIGAN_TP, MORNING, 1);
	house_commit(h);
	tidy_all(h, 1);
	tidy_all(h, 1 + WQ_DAYS(1));
	house_expect_text(h, "PRAGMA integrity_check", "ok");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		house_test(closed_days_move_and_everything_still_finds_them),
		house_test(a_long_backlog_moves_in_slices),
		house_test(a_move_that_fails_changes_nothing),
		house_test(the_log_is_copied_after_a_minute_and_cut_after_an_hour),
		house_test(a_reader_that_stays_delays_the_log_but_not_the_commits),
		house_test(a_store_that_is_busy_says_when_tidying_must_not_wait),
		house_test(the_planners_figures_are_refreshed_daily),
	};
	faults_install();
	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
