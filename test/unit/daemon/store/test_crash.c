/* SPDX-License-Identifier: Apache-2.0 */
/* kill -9 while groups are committed: of every group all or nothing is there, and all that was
 * acknowledged. */
#include "house.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define KILLS   24
#define SAMPLES 30

/* Group n: SAMPLES readings and a notice, all of sequence n; a byte through the pipe after its
 * commit. Days go by so fast that tidying has something to move, too. */
static void commit_for_ever(struct house *h, int acks)
{
	house_open(h, &house_site);
	for (uint64_t n = store_last_sequence(h->store) + 1;; n++) {
		char id[32];
		snprintf(id, sizeof id, "n%llu", (unsigned long long)n);
		for (int i = 0; i < SAMPLES; i++)
			house_sample(h, (uint32_t)i % 3, MORNING + (wq_ms)n * WQ_HOURS(6) + i, i)
			        ->sequence = n;
		house_notice(h, id)->alarm = (int64_t)n;
		h->group.last_sequence = n;
		house_commit(h);
		if (write(acks, &n, sizeof n) != (ssize_t)sizeof n ||
		        store_tidy(h->store, 1, &h->err) < 0)
			_exit(1);
	}
}

/* Kills the child after some acknowledgements; returns the last one. */
static uint64_t run_and_kill(struct house *h, int after)
{
	int pipes[2];
	assert_int_equal(pipe(pipes), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		close(pipes[0]);
		commit_for_ever(h, pipes[1]);
	}
	close(pipes[1]);
	uint64_t last = 0, n;
	for (int i = 0; i < after && read(pipes[0], &n, sizeof n) == (ssize_t)sizeof n; i++)
		last = n;
	assert_int_equal(kill(child, SIGKILL), 0);
	while (read(pipes[0], &n, sizeof n) == (ssize_t)sizeof n)
		last = n;
	close(pipes[0]);
	int status = 0;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	return last;
}

static void a_killed_writer_leaves_whole_groups_and_every_acknowledged_one(void **state)
{
	struct house *h = *state;
	unsigned seed = 7;
	uint64_t acknowledged = 0;
	for (int i = 0; i < KILLS; i++) {
		acknowledged = run_and_kill(h, 1 + rand_r(&seed) % 40);
		house_open(h, &house_site);
		uint64_t last = store_last_sequence(h->store);
		assert_true(last == acknowledged || last == acknowledged + 1);
		char sql[200];
		snprintf(sql, sizeof sql,
		        "SELECT count(*) FROM (SELECT sequence FROM reading GROUP BY sequence "
		        "HAVING count(*)=%d)",
		        SAMPLES);
		assert_int_equal(house_number(h, sql), last);
		assert_int_equal(
		        house_number(h, "SELECT count(DISTINCT sequence) FROM reading"), last);
		assert_int_equal(house_number(h, "SELECT count(*) FROM notice"), last);
		assert_int_equal(house_number(h, "SELECT sum(repeats) FROM reading"), 0);
		house_expect_text(h, "PRAGMA integrity_check", "ok");
		house_shut(h);
	}
	print_message("%d kills, %llu groups\n", KILLS, (unsigned long long)acknowledged);
	assert_true(house_number(h, "SELECT count(*) FROM sample") > 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		house_test_shut(a_killed_writer_leaves_whole_groups_and_every_acknowledged_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
