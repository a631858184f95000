/* SPDX-License-Identifier: Apache-2.0 */
/* The writer thread: order, a disk that fails and recovers, one that hangs, stopping. */
#include "house.h"

#include "faults.h"

#include "store/writer.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#define GROUPS 200

/* What the events told; written by the writer's thread. */
struct told {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	const struct commit_group *committed[2 * GROUPS];
	size_t count, answers, troubles, recoveries, undelivered, ends;
	char first_id[WQ_NOTICE_ID];
	char trouble[WQ_ERR_TEXT];
};

static void on_committed(
        void *owner, struct commit_group *group, struct store_answer *answers, size_t count)
{
	struct told *told = owner;
	for (size_t i = 0; i < count; i++)
		free(answers[i].samples);
	free(answers);
	pthread_mutex_lock(&told->mutex);
	told->committed[told->count++] = group;
	told->answers += count;
	pthread_cond_signal(&told->changed);
	pthread_mutex_unlock(&told->mutex);
}

static void on_trouble(void *owner, const char *text)
{
	struct told *told = owner;
	pthread_mutex_lock(&told->mutex);
	if (text != NULL) {
		told->troubles++;
		snprintf(told->trouble, sizeof told->trouble, "%s", text);
	} else {
		told->recoveries++;
	}
	pthread_cond_signal(&told->changed);
	pthread_mutex_unlock(&told->mutex);
}

static bool on_undelivered(void *owner, const struct wq_notice *notice, uint32_t attempts)
{
	struct told *told = owner;
	(void)attempts;
	pthread_mutex_lock(&told->mutex);
	if (told->undelivered++ == 0)
		snprintf(told->first_id, sizeof told->first_id, "%s", notice->id);
	pthread_mutex_unlock(&told->mutex);
	return true;
}

static void on_undelivered_end(void *owner, bool all)
{
	struct told *told = owner;
	assert_true(all);
	pthread_mutex_lock(&told->mutex);
	told->ends++;
	pthread_cond_signal(&told->changed);
	pthread_mutex_unlock(&told->mutex);
}

static void wait_until(struct told *told, const size_t *what, size_t at_least)
{
	pthread_mutex_lock(&told->mutex);
	while (*what < at_least)
		pthread_cond_wait(&told->changed, &told->mutex);
	pthread_mutex_unlock(&told->mutex);
}

static struct told told;
static void *abandoned[2]; /* reachable, so no leak */
static struct commit_group groups[GROUPS];

static struct writer *start(struct house *h)
{
	told = (struct told){ .mutex = PTHREAD_MUTEX_INITIALIZER,
		.changed = PTHREAD_COND_INITIALIZER };
	struct writer_events events = { .owner = &told, .committed = on_committed, .trouble = on_trouble,
		.undelivered = on_undelivered, .undelivered_end = on_undelivered_end };
	struct writer *writer = writer_start(h->store, &events, &h->err);
	assert_non_null(writer);
	return writer;
}

/* Group n holds a reading of its own. */
static struct commit_group *make(struct house *h, size_t n)
{
	commit_group_reset(&h->group);
	house_sample(h, YIGAN_TP, MORNING + (wq_ms)n, (double)n);
	groups[n] = h->group;
	groups[n].last_sequence = n + 1;
	h->group = (struct commit_group){ 0 };
	return &groups[n];
}

static void finish(struct house *h, struct writer *writer)
{
	h->store = writer_stop(writer, WQ_SECONDS(5));
	assert_non_null(h->store);
	for (size_t i = 0; i < GROUPS; i++)
		commit_group_free(&groups[i]);
}

static void groups_are_committed_in_the_order_given(void **state)
{
	struct house *h = *state;
	struct writer *writer = start(h);
	uint64_t before = writer_progress(writer);
	size_t done = 0;
	for (size_t n = 0; n < GROUPS; n++) {
		struct commit_group *group = make(h, n);
		while (!writer_submit(writer, group))
			wait_until(&told, &told.count, ++done);
	}
	wait_until(&told, &told.count, GROUPS);
	assert_int_equal(writer_waiting(writer), 0);
	assert_true(writer_progress(writer) >= before + GROUPS);
	assert_true(writer_log_bytes(writer) > 0);
	for (size_t n = 0; n < GROUPS; n++)
		assert_ptr_equal(told.committed[n], &groups[n]);
	assert_int_equal(told.troubles + told.recoveries, 0);
	finish(h, writer);
	assert_int_equal(house_number(h, "SELECT count(*) FROM reading"), GROUPS);
	assert_int_equal(store_last_sequence(h->store), GROUPS);
}

static void answers_come_with_the_group(void **state)
{
	struct house *h = *state;
	struct writer *writer = start(h);
	house_need(h, YIGAN, TODAY);
	groups[0] = h->group;
	h->group = (struct commit_group){ 0 };
	assert_true(writer_submit(writer, &groups[0]));
	wait_until(&told, &told.count, 1);
	assert_int_equal(told.answers, 1);
	finish(h, writer);
}

static void a_disk_that_fails_is_told_once_and_nothing_is_lost_or_stored_twice(void **state)
{
	struct house *h = *state;
	static const struct {
		int write, sync;
	} troubles[] = { { SQLITE_FULL, 0 }, { SQLITE_IOERR_WRITE, 0 }, { 0, SQLITE_IOERR_FSYNC } };
	struct writer *writer = start(h);
	size_t n = 0;
	for (size_t i = 0; i < sizeof troubles / sizeof *troubles; i++) {
		faults_writes(troubles[i].write, 2);
		faults_syncs(troubles[i].sync, 1);
		for (int k = 0; k < 10; k++)
			assert_true(writer_submit(writer, make(h, n++)));
		wait_until(&told, &told.troubles, i + 1);
		assert_non_null(strstr(told.trouble, "history.db"));
		assert_true(writer_waiting(writer) > 0);
		faults_writes(0, 0);
		faults_syncs(0, 0);
		wait_until(&told, &told.recoveries, i + 1);
		wait_until(&told, &told.count, n);
		assert_int_equal(told.troubles, i + 1);
	}
	finish(h, writer);
	for (size_t k = 0; k < n; k++)
		assert_ptr_equal(told.committed[k], &groups[k]);
	assert_int_equal(house_number(h, "SELECT count(*) FROM reading"), n);
	assert_int_equal(house_number(h, "SELECT sum(repeats) FROM reading"), 0);
	assert_int_equal(house_number(h, "SELECT commits FROM meta"), n);
	house_expect_text(h, "PRAGMA integrity_check", "ok");
}

static void a_queue_that_is_full_refuses_one_more(void **state)
{
	struct house *h = *state;
	struct writer *writer = start(h);
	faults_hold(true);
	size_t n = 0;
	while (writer_submit(writer, make(h, n)))
		n++;
	assert_int_equal(n, WRITER_DEPTH);
	assert_int_equal(writer_waiting(writer), WRITER_DEPTH);
	faults_hold(false);
	wait_until(&told, &told.count, WRITER_DEPTH);
	assert_true(writer_submit(writer, &groups[n]));
	wait_until(&told, &told.count, WRITER_DEPTH + 1);
	finish(h, writer);
}

static void stopping_commits_what_waits(void **state)
{
	struct house *h = *state;
	struct writer *writer = start(h);
	for (size_t n = 0; n < 50; n++)
		assert_true(writer_submit(writer, make(h, n)));
	h->store = writer_stop(writer, 0);
	assert_non_null(h->store);
	assert_int_equal(told.count, 50);
	for (size_t n = 0; n < 50; n++)
		commit_group_free(&groups[n]);
	assert_int_equal(house_number(h, "SELECT count(*) FROM reading"), 50);
}

static void stopping_gives_up_on_a_dead_disk_after_the_grace(void **state)
{
	struct house *h = *state;
	struct writer *writer = start(h);
	faults_writes(SQLITE_IOERR_WRITE, 0);
	assert_true(writer_submit(writer, make(h, 0)));
	wait_until(&told, &told.troubles, 1);
	h->store = writer_stop(writer, 50);
	faults_writes(0, 0);
	assert_non_null(h->store);
	assert_int_equal(told.count, 0);
	commit_group_free(&groups[0]);
	assert_int_equal(house_number(h, "SELECT count(*) FROM reading"), 0);
}

static void a_disk_that_hangs_does_not_hang_the_stop(void **state)
{
	struct house *h = *state;
	struct writer *writer = start(h);
	faults_hold(true);
	assert_true(writer_submit(writer, make(h, 0)));
	assert_null(writer_stop(writer, 50));
	/* What hangs is never touched again, nor freed; here it is let go, so that the directory
	 * can be removed. */
	abandoned[0] = writer;
	abandoned[1] = h->store;
	h->store = NULL;
	faults_hold(false);
	wait_until(&told, &told.count, 1);
	commit_group_free(&groups[0]);
}

static void the_outbox_is_read_again_when_asked(void **state)
{
	struct house *h = *state;
	house_notice(h, "first");
	house_notice(h, "second");
	house_commit(h);
	struct writer *writer = start(h);
	writer_ask_outbox(writer);
	wait_until(&told, &told.ends, 1);
	assert_int_equal(told.undelivered, 2);
	assert_string_equal(told.first_id, "first");
	assert_ptr_equal(writer_stop(writer, 1000), h->store);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		house_test(the_outbox_is_read_again_when_asked),
		house_test(groups_are_committed_in_the_order_given),
		house_test(answers_come_with_the_group),
		house_test(a_disk_that_fails_is_told_once_and_nothing_is_lost_or_stored_twice),
		house_test(a_queue_that_is_full_refuses_one_more),
		house_test(stopping_commits_what_waits),
		house_test(stopping_gives_up_on_a_dead_disk_after_the_grace),
		house_test(a_disk_that_hangs_does_not_hang_the_stop),
	};
	faults_install();
	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
