/* SPDX-License-Identifier: Apache-2.0 */
/* The file under the store is removed, replaced or damaged while it is open. */
#include "house.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void commit_readings(struct house *h, int from, int to)
{
	for (int i = from; i < to; i++)
		house_sample(h, YIGAN_TP, MORNING + i, i);
	house_commit(h);
}

/* What a commit says while something is wrong with the file; the group stays. */
static int commit_fails(struct house *h)
{
	struct store_answer *answers = NULL;
	size_t count = 0;
	return store_commit(h->store, &h->group, &answers, &count, &h->err);
}

static void unlink_all(const char *path)
{
	static const char *const suffixes[] = { "", "-wal", "-shm" };
	char name[128];
	for (size_t i = 0; i < 3; i++) {
		snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
		unlink(name);
	}
}

/* Readings in a file beside the store's, by the end of its name. */
static int64_t readings_in(const struct house *h, const char *suffix)
{
	struct house other = { .store = NULL };
	assert_true(snprintf(other.path, sizeof other.path, "%s%s", h->path, suffix) < (int)sizeof other.path);
	return house_number(&other, "SELECT count(*) FROM reading");
}

static void a_removed_file_is_written_back_with_all_it_held(void **state)
{
	static const bool with_logs[] = { true, false };
	struct house *h = *state;
	for (int i = 0; i < 2; i++) {
		commit_readings(h, 100 * i, 100 * i + 90);
		if (with_logs[i])
			unlink_all(h->path);
		else
			unlink(h->path); /* its log is left behind */
		house_sample(h, NANHENG_TP, MORNING + i, 1);
		assert_int_equal(commit_fails(h), WQ_E_IO);
		assert_non_null(strstr(h->err.text, "was removed while it was open"));
		assert_int_equal(store_reopen(h->store, &h->err), 1);
		assert_non_null(strstr(h->err.text, "written back whole"));
		assert_int_equal(commit_fails(h), 0);
		commit_group_reset(&h->group);
		assert_int_equal(house_number(h, "SELECT count(*) FROM reading"), 91 * (i + 1));
		house_expect_text(h, "PRAGMA integrity_check", "ok");
	}
	/* And it is a history like any other. */
	house_again(h, &house_site);
	assert_int_equal(house_number(h, "SELECT count(*) FROM v_sample WHERE station='yigan'"), 180);
}

static void housekeeping_notices_a_removed_file_too(void **state)
{
	struct house *h = *state;
	commit_readings(h, 0, 5);
	unlink_all(h->path);
	assert_int_equal(store_tidy(h->store, 1000, &h->err), WQ_E_IO);
	assert_int_equal(store_reopen(h->store, &h->err), 1);
	assert_int_equal(store_tidy(h->store, 2000, &h->err), 0);
	assert_int_equal(house_number(h, "SELECT count(*) FROM reading"), 5);
}

static void a_replaced_file_is_gone_on_with_and_the_old_one_is_saved_beside_it(void **state)
{
	struct house *h = *state;
	struct house second = { .store = NULL };
	assert_true(snprintf(second.path, sizeof second.path, "%s.new", h->path) < (int)sizeof second.path);
	house_open(&second, &house_site_moved); /* other keys for the same stations */
	house_shut(&second);
	commit_readings(h, 0, 7);
	unlink_all(h->path);
	assert_int_equal(rename(second.path, h->path), 0);
	house_sample(h, NANHENG_TP, MORNING, 0.2);
	assert_int_equal(commit_fails(h), WQ_E_IO);
	assert_non_null(strstr(h->err.text, "was replaced by another file"));
	assert_int_equal(store_reopen(h->store, &h->err), 1);
	struct wq_err said = h->err;
	assert_int_equal(commit_fails(h), 0);
	commit_group_reset(&h->group);
	assert_int_equal(house_number(h, "SELECT count(*) FROM v_sample WHERE station='nanheng'"), 1);
	/* The message names it: PATH.replaced-STAMP. */
	const char *saved = strstr(said.text, ".replaced-");
	assert_non_null(saved);
	assert_int_equal(readings_in(h, saved), 7);
}

static void damage_found_while_running_is_set_aside_and_a_new_history_begun(void **state)
{
	struct house *h = *state;
	commit_readings(h, 0, 5000);
	house_again(h, &house_site); /* the log is in the file */
	int fd = open(h->path, O_RDWR | O_CLOEXEC);
	char noise[4096];
	struct stat st;
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	memset(noise, 0x5a, sizeof noise);
	for (off_t at = 4096; at < st.st_size; at += 4096)
		assert_int_equal(pwrite(fd, noise, sizeof noise, at), sizeof noise);
	close(fd);
	house_sample(h, YIGAN_TP, MORNING + 6000, 0.2);
	/* What is in memory may still serve; opened anew it cannot. */
	commit_fails(h);
	assert_int_equal(store_reopen(h->store, &h->err), 1);
	assert_non_null(strstr(h->err.text, "a new history is begun"));
	assert_int_equal(commit_fails(h), 0);
	commit_group_reset(&h->group);
	house_expect_text(h, "PRAGMA integrity_check", "ok");
	assert_int_equal(house_number(h, "SELECT count(*) FROM v_sample WHERE station='yigan'"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		house_test(a_removed_file_is_written_back_with_all_it_held),
		house_test(housekeeping_notices_a_removed_file_too),
		house_test(a_replaced_file_is_gone_on_with_and_the_old_one_is_saved_beside_it),
		house_test(damage_found_while_running_is_set_aside_and_a_new_history_begun),
	};
	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
