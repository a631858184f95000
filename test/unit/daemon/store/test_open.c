/* SPDX-License-Identifier: Apache-2.0 */
/* Opening: what is refused, with which words, and that what is refused is left as it was. */
#include "house.h"

#include "faults.h"

#include "store/reader.h"
#include "store/schema.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void expect_refusal(struct house *h, int code, const char *words)
{
	struct store *store = NULL;
	assert_int_equal(store_open(h->path, &house_site, &store, &h->err), code);
	assert_null(store);
	if (strstr(h->err.text, words) == NULL)
		fail_msg("'%s' does not say '%s'", h->err.text, words);
	assert_non_null(strstr(h->err.text, "history.db"));
}

static void write_file(const char *path, const char *bytes, size_t length)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0640);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, length), length);
	close(fd);
}

static void a_new_file_is_marked_as_ours_and_set_up_to_lose_nothing(void **state)
{
	struct house *h = *state;
	house_open(h, &house_site);
	assert_int_equal(house_number(h, "PRAGMA application_id"), 0x77716453);
	assert_int_equal(house_number(h, "PRAGMA user_version"), SCHEMA_VERSION);
	house_expect_text(h, "PRAGMA journal_mode", "wal");
	/* FULL: every commit is a sync of its own. */
	faults_sync_count();
	for (int i = 0; i < 5; i++) {
		house_sample(h, YIGAN_TP, MORNING + i, 1);
		house_commit(h);
	}
	assert_true(faults_sync_count() >= 5);
}

static void every_file_has_an_incarnation_of_its_own(void **state)
{
	struct house *h = *state;
	house_open(h, &house_site);
	uint64_t first = store_incarnation(h->store);
	house_shut(h);
	assert_int_equal(unlink(h->path), 0);
	house_open(h, &house_site);
	assert_true(store_incarnation(h->store) != first);
}

static void a_file_that_another_daemon_writes_is_refused(void **state)
{
	struct house *h = *state;
	house_open(h, &house_site);
	expect_refusal(h, WQ_E_STATE, "another wqd");
	house_shut(h);
	house_open(h, &house_site);
}

static void a_database_of_another_program_is_refused_and_left_alone(void **state)
{
	struct house *h = *state;
	house_run(h->path, "CREATE TABLE theirs(x); INSERT INTO theirs VALUES(1)");
	expect_refusal(h, WQ_E_INVALID, "another program");
	house_run(h->path, "PRAGMA application_id=1234567");
	expect_refusal(h, WQ_E_INVALID, "0x0012d687");
	assert_int_equal(house_number(h, "SELECT count(*) FROM sqlite_schema"), 1);
	house_expect_text(h, "PRAGMA journal_mode", "delete");
}

/* A file as an older version of the program made it, with a reading, a day and an alarm of the first. */
static void make_version(const char *path, int version)
{
	char stamp[40];
	for (size_t i = 0; schema_steps[0][i] != NULL; i++)
		house_run(path, schema_steps[0][i]);
	house_run(path,
	        "PRAGMA journal_mode=WAL;PRAGMA application_id=0x77716453;"
	        "INSERT INTO station VALUES(1,'yigan','一干河','source-backup');"
	        "INSERT INTO parameter VALUES(1,'w21011','tp','总磷','mg/L');"
	        "INSERT INTO series VALUES(1,1,1);INSERT INTO source VALUES(1,'bus-1');"
	        "INSERT INTO rule VALUES(1,'class3',7);"
	        "INSERT INTO sample_open(series,at,revision,value,quality,stamp,flag,source,received,trusted,sequence,repeats,"
	        "late,event,newest) VALUES(1,1772668800000,1,0.2,0,1,'',1,1772668801000,1,1,0,0,0,1);"
	        "INSERT INTO day VALUES(1,20516,0,1,NULL,NULL,5,5,2,1,NULL);"
	        "INSERT INTO alarm VALUES(2026030500001,1,1,1,1772668800000,1);"
	        "INSERT INTO change VALUES(2026030500001,1,0,1,1,2,1772668800000,1772668801000,0.21,0.2,'','','','{}');");
	for (int v = 1; v < version; v++)
		for (size_t i = 0; schema_steps[v][i] != NULL; i++)
			house_run(path, schema_steps[v][i]);
	snprintf(stamp, sizeof stamp, "PRAGMA user_version=%d", version);
	house_run(path, stamp);
}

static void expect_what_version_1_held(struct house *h)
{
	assert_int_equal(house_number(h, "PRAGMA user_version"), SCHEMA_VERSION);
	assert_int_equal(house_number(h, "SELECT count(*) FROM v_sample"), 1);
	assert_int_equal(house_number(h, "SELECT count(*) FROM day_due"), 0);
	house_expect_text(h, "SELECT change FROM v_alarm", "opened");
	assert_int_equal(house_number(h, "SELECT hush FROM change"), 0);
	assert_int_equal(house_number(h, "SELECT count(*) FROM v_shelf"), 0);
	assert_int_equal(house_number(h, "SELECT count(*) FROM v_maintenance"), 0);
	house_expect_text(h, "SELECT verdict FROM v_daily", "meets");
	assert_int_equal(house_number(h, "SELECT below FROM v_daily WHERE standard IS NULL"), 0);
	assert_int_equal(house_number(h, "SELECT count(*) FROM v_profile"), 0);
	assert_int_equal(house_number(h, "SELECT count(*) FROM v_command"), 0);
	house_expect_text(h, "PRAGMA integrity_check", "ok");
}

static void every_older_version_is_taken_forward_with_all_it_holds(void **state)
{
	struct house *h = *state;
	for (int version = 1; version < SCHEMA_VERSION; version++) {
		make_version(h->path, version);
		house_open(h, &house_site);
		expect_what_version_1_held(h);
		house_shut(h);
		assert_int_equal(unlink(h->path), 0);
	}
}

static int ignore_head(void *owner, const char *const *names, size_t count, struct wq_err *err)
{
	(void)owner, (void)names, (void)count, (void)err;
	return 0;
}

static int count_row(void *owner, const struct reader_cell *cells, size_t count, struct wq_err *err)
{
	(void)cells, (void)count, (void)err;
	++*(int *)owner;
	return 0;
}

/* A copy that was put away is asked without being taken forward: it is only read. */
static void every_older_version_is_read_as_it_lies(void **state)
{
	struct house *h = *state;
	for (int version = 1; version <= SCHEMA_VERSION; version++) {
		const struct reader_filter all = { .from = WQ_NO_TIME, .to = WQ_NO_TIME };
		struct reader *reader = NULL;
		int rows = 0;
		const struct reader_sink sink = { &rows, ignore_head, count_row };
		make_version(h->path, version);
		if (reader_open(h->path, &reader, &h->err) < 0 || reader_daily(reader, &all, &sink, &h->err) < 0 ||
		        reader_alarms(reader, &all, &sink, &h->err) < 0 ||
		        reader_evidence(reader, INT64_C(2026030500001), &sink, &h->err) < 0)
			fail_msg("version %d: %s", version, h->err.text);
		assert_int_equal(rows, 3);
		if (reader_checks(reader, &all, &sink, &h->err) < 0)
			fail_msg("version %d: %s", version, h->err.text);
		assert_int_equal(rows, 3);
		reader_close(reader);
		assert_int_equal(house_number(h, "PRAGMA user_version"), version);
		assert_int_equal(unlink(h->path), 0);
	}
}

static void a_newer_version_is_refused_and_left_alone(void **state)
{
	struct house *h = *state;
	house_open(h, &house_site);
	house_shut(h);
	house_run(h->path, "PRAGMA user_version=99");
	expect_refusal(h, WQ_E_INVALID, "version 99");
	assert_int_equal(house_number(h, "PRAGMA user_version"), 99);
	struct reader *reader = NULL;
	assert_int_equal(reader_open(h->path, &reader, &h->err), WQ_E_INVALID);
}

static void a_file_that_is_no_database_is_damaged(void **state)
{
	struct house *h = *state;
	char text[4096];
	memset(text, 'x', sizeof text);
	write_file(h->path, text, sizeof text);
	expect_refusal(h, WQ_E_PROTOCOL, "damaged");
}

static void an_empty_file_is_begun(void **state)
{
	struct house *h = *state;
	write_file(h->path, "", 0);
	house_open(h, &house_site);
}

static void a_damaged_page_is_found_and_can_be_set_aside(void **state)
{
	struct house *h = *state;
	house_open(h, &house_site);
	for (int i = 0; i < 3000; i++)
		house_sample(h, (uint32_t)i % 3, MORNING + i, i);
	house_commit(h);
	house_shut(h);
	int fd = open(h->path, O_WRONLY);
	char junk[2048];
	memset(junk, 0xa5, sizeof junk);
	struct stat st;
	assert_int_equal(fstat(fd, &st), 0);
	assert_true(st.st_size > 30 * 4096);
	for (off_t page = 25; page < 30; page++)
		assert_int_equal(pwrite(fd, junk, sizeof junk, page * 4096), sizeof junk);
	close(fd);
	expect_refusal(h, WQ_E_PROTOCOL, "damaged");

	assert_int_equal(store_quarantine(h->path, "20260305T080000", &h->err), 0);
	house_open(h, &house_site);
	assert_int_equal(house_number(h, "SELECT count(*) FROM reading"), 0);
	char aside[160];
	snprintf(aside, sizeof aside, "%s.damaged-20260305T080000", h->path);
	assert_int_equal(stat(aside, &st), 0);
	house_shut(h);
	assert_int_equal(store_quarantine(h->path, "20260305T080000", &h->err), WQ_E_STATE);
	assert_int_equal(stat(h->path, &st), 0);
}

static void a_missing_directory_is_named(void **state)
{
	struct house *h = *state;
	snprintf(h->path, sizeof h->path, "%s/no/history.db", h->directory);
	expect_refusal(h, WQ_E_IO, "No such file");
}

/* Runs as a user that may write nothing here; root would be let through. Returns what `act`
 * returned. */
static int as_nobody(struct house *h, int (*act)(struct house *h))
{
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		if (setgid(65534) != 0 || setuid(65534) != 0)
			_exit(99);
		int r = act(h);
		if (r != 0)
			print_message("as nobody: %s\n", h->err.text);
		_exit(-r);
	}
	int status = 0;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return -WEXITSTATUS(status);
}

static int try_open(struct house *h)
{
	struct store *store = NULL;
	int r = store_open(h->path, &house_site, &store, &h->err);
	store_close(store);
	return r;
}

static void a_file_that_may_not_be_written_is_refused(void **state)
{
	struct house *h = *state;
	char lock[160];
	if (geteuid() != 0) {
		print_message("SKIPPED: needs root to become another user\n");
		skip();
	}
	house_open(h, &house_site);
	house_shut(h);
	snprintf(lock, sizeof lock, "%s.lock", h->path);
	assert_int_equal(chmod(h->directory, 0777), 0);
	assert_int_equal(chmod(lock, 0666), 0);
	assert_int_equal(chmod(h->path, 0444), 0);
	assert_int_equal(as_nobody(h, try_open), WQ_E_IO);
	assert_int_equal(chmod(h->path, 0666), 0);
	assert_int_equal(as_nobody(h, try_open), 0);
}

static int try_read(struct house *h)
{
	struct reader *reader = NULL;
	int rows = 0;
	struct reader_sink sink = { &rows, ignore_head, count_row };
	int r = reader_open(h->path, &reader, &h->err);
	if (r == 0)
		r = reader_sql(reader, "SELECT * FROM v_sample", &sink, &h->err);
	reader_close(reader);
	return r == 0 && rows != 1 ? -50 - rows : r;
}

static void a_closed_history_is_readable_where_nothing_may_be_written(void **state)
{
	struct house *h = *state;
	if (geteuid() != 0) {
		print_message("SKIPPED: needs root to become another user\n");
		skip();
	}
	house_open(h, &house_site);
	house_sample(h, YIGAN_TP, MORNING, 1);
	house_commit(h);
	assert_int_equal(chmod(h->directory, 0755), 0);
	assert_int_equal(chmod(h->path, 0644), 0);
	char shared[160];
	snprintf(shared, sizeof shared, "%s-shm", h->path);
	assert_int_equal(chmod(shared, 0644), 0);
	snprintf(shared, sizeof shared, "%s-wal", h->path);
	assert_int_equal(chmod(shared, 0644), 0);
	/* While wqd writes, and after it has closed the file. */
	assert_int_equal(as_nobody(h, try_read), 0);
	house_shut(h);
	assert_int_equal(as_nobody(h, try_read), 0);
}

/* A file system of 1 MiB that is really full. */
static void a_full_disk_refuses_the_group_and_takes_it_when_there_is_room(void **state)
{
	struct house *h = *state;
	if (mount("none", h->directory, "tmpfs", 0, "size=1m") != 0) {
		print_message(
		        "SKIPPED: a small file system cannot be mounted: %s\n", strerror(errno));
		skip();
	}
	char ballast[160];
	snprintf(ballast, sizeof ballast, "%s/ballast", h->directory);
	house_open(h, &house_site);
	static char zeros[512 * 1024];
	write_file(ballast, zeros, sizeof zeros);
	struct store_answer *answers = NULL;
	size_t count = 0;
	int stored = 0, r = 0;
	while (r == 0 && stored < 1000000) {
		for (int i = 0; i < 500; i++)
			house_sample(h, YIGAN_TP, MORNING + stored + i, 1);
		r = store_commit(h->store, &h->group, &answers, &count, &h->err);
		if (r == 0) {
			stored += 500;
			commit_group_reset(&h->group);
		}
	}
	print_message("full after %d readings: %s\n", stored, h->err.text);
	bool said = r == WQ_E_FULL;
	int64_t kept = house_number(h, "SELECT count(*) FROM reading");
	unlink(ballast);
	int again = store_reopen(h->store, &h->err);
	int taken =
	        again == 0 ? store_commit(h->store, &h->group, &answers, &count, &h->err) : again;
	int64_t after = house_number(h, "SELECT count(*) FROM reading");
	house_shut(h);
	umount(h->directory);
	assert_true(said);
	assert_int_equal(kept, stored);
	assert_int_equal(taken, 0);
	assert_int_equal(after, stored + 500);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		house_test_shut(a_new_file_is_marked_as_ours_and_set_up_to_lose_nothing),
		house_test_shut(every_file_has_an_incarnation_of_its_own),
		house_test_shut(a_file_that_another_daemon_writes_is_refused),
		house_test_shut(a_database_of_another_program_is_refused_and_left_alone),
		house_test_shut(every_older_version_is_taken_forward_with_all_it_holds),
		house_test_shut(every_older_version_is_read_as_it_lies),
		house_test_shut(a_newer_version_is_refused_and_left_alone),
		house_test_shut(a_file_that_is_no_database_is_damaged),
		house_test_shut(an_empty_file_is_begun),
		house_test_shut(a_damaged_page_is_found_and_can_be_set_aside),
		house_test_shut(a_missing_directory_is_named),
		house_test_shut(a_file_that_may_not_be_written_is_refused),
		house_test_shut(a_closed_history_is_readable_where_nothing_may_be_written),
		house_test_shut(a_full_disk_refuses_the_group_and_takes_it_when_there_is_room),
	};
	faults_install();
	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
