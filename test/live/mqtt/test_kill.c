/* SPDX-License-Identifier: Apache-2.0 */
/* A daemon that is killed outright loses nothing that the broker has been told we have. The driver
 * runs in a process of its own whose sink writes what it commits into a file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "keeper.h"
#include "mosquitto.h"

#include <fcntl.h>

#define MESSAGES 100

struct diary {
	int file;
	int die_at;     /* at this value … */
	bool committed; /* … after (true) or before its commit */
};

/* A batch is committed whole or not at all, whatever messages it holds. */
static int put(void *owner, const struct wq_sample *samples, size_t count, bool durable)
{
	struct diary *diary = owner;
	bool die = false;

	if (!durable)
		_exit(3);
	for (size_t i = 0; i < count; i++)
		die |= (int)samples[i].value == diary->die_at;
	if (die && !diary->committed)
		raise(SIGKILL);
	for (size_t i = 0; i < count; i++) {
		int value = (int)samples[i].value;

		if (write(diary->file, &value, sizeof value) != sizeof value)
			_exit(4);
	}
	if (die)
		raise(SIGKILL);
	return 0;
}

static void refuse(void *owner, enum wq_refusal why, const char *what)
{
	(void)owner, (void)why;
	fprintf(stderr, "refused: %s\n", what);
	_exit(5);
}

static void on_link(void *owner, const char *down)
{
	(void)owner, (void)down;
}

/* Starts the driver in a process; returns its id. */
static pid_t daemon_start(const struct mosquitto *m, const char *path, int die_at, bool committed)
{
	pid_t child = fork();

	if (child != 0)
		return child;
	struct diary diary = { open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600), die_at,
		committed };
	const struct wq_sink sink = { .owner = &diary, .put = put, .refuse = refuse, .link = on_link };
	struct live_bus bus;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	live_bus_open(&bus, "tcp", "127.0.0.1", m->port);
	struct mqtt_keeper *keeper = mqtt_keeper_open(&bus.bus, NULL);
	if (keeper == NULL || mqtt_keeper_start(keeper, &sink, NULL) < 0)
		_exit(6);
	for (;;)
		pause();
}

/* How often each value is in the diary. */
static int read_diary(const char *path, int times[MESSAGES])
{
	int file = open(path, O_RDONLY | O_CLOEXEC), value, distinct = 0;

	memset(times, 0, MESSAGES * sizeof *times);
	while (file >= 0 && read(file, &value, sizeof value) == sizeof value)
		if (value >= 0 && value < MESSAGES && times[value]++ == 0)
			distinct++;
	if (file >= 0)
		close(file);
	return distinct;
}

static bool diary_reaches(const char *path, int distinct, wq_ms span)
{
	int times[MESSAGES];

	for (wq_ms until = live_now() + span; live_now() < until; live_pause(20))
		if (read_diary(path, times) >= distinct)
			return true;
	return false;
}

static void kill_and_wait(pid_t child)
{
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

/* One life that creates the session, one that dies at `die_at`, one that takes the rest. */
static void die_once(
        struct mosquitto *m, const char *path, int die_at, bool committed, int times[MESSAGES])
{
	pid_t child = daemon_start(m, path, -1, false);
	int status;

	assert_int_equal(mosquitto_publish(m, "", 0, 0), 0);
	for (wq_ms until = live_now() + 20000; live_now() < until && !diary_reaches(path, 1, 200);)
		mosquitto_publish(m, "", 0, 0); /* until the subscription stands */
	kill_and_wait(child);
	child = daemon_start(m, path, die_at, committed);
	assert_int_equal(mosquitto_publish(m, "", 1, MESSAGES - 1), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	read_diary(path, times);
	assert_int_equal(times[die_at], committed ? 1 : 0);
	child = daemon_start(m, path, -1, false);
	assert_true(diary_reaches(path, MESSAGES, 20000));
	/* What was committed and not acknowledged comes once more, with what shared its commit. */
	for (wq_ms until = live_now() + 20000; committed && live_now() < until; live_pause(20)) {
		read_diary(path, times);
		if (times[die_at] > 1)
			break;
	}
	kill_and_wait(child);
	assert_int_equal(read_diary(path, times), MESSAGES);
}

static void killed_between_commit_and(bool committed)
{
	static const int moments[] = { 1, 37, 98 };
	struct mosquitto m;
	int times[MESSAGES];

	if (!mosquitto_there()) {
		print_message("no mosquitto here: SKIPPED\n");
		skip();
	}
	for (size_t i = 0; i < sizeof moments / sizeof *moments; i++) {
		char path[96];

		assert_int_equal(mosquitto_prepare(&m, NULL), 0);
		snprintf(path, sizeof path, "%s/diary", m.folder);
		assert_int_equal(mosquitto_start(&m), 0);
		die_once(&m, path, moments[i], committed, times);
		/* Killed before the commit: delivered again, stored once. After it: delivered
		 * again, told twice under the same time and series, which the store counts once. */
		assert_int_equal(times[moments[i]], committed ? 2 : 1);
		mosquitto_remove(&m);
	}
}

static void a_message_killed_before_its_commit_comes_again(void **state)
{
	(void)state;
	killed_between_commit_and(false);
}

static void a_message_killed_after_its_commit_comes_again_too(void **state)
{
	(void)state;
	killed_between_commit_and(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_killed_before_its_commit_comes_again),
		cmocka_unit_test(a_message_killed_after_its_commit_comes_again_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
