/* SPDX-License-Identifier: Apache-2.0 */
/* The watchdog is fed only while every worker moves. */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "supervise.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PATIENCE WQ_SECONDS(90)

static void a_worker_hangs_when_it_stands_still_longer_than_its_patience(void **state)
{
	static const struct {
		wq_ms after; /* s since the look before */
		uint64_t progress;
		bool alive;
	} looks[] = {
		{ 0, 5, true },     /* the first look knows nothing yet */
		{ 90, 5, true },    /* just as long as it may */
		{ 1, 5, false },    /* longer */
		{ 1000, 5, false }, /* and still */
		{ 1, 6, true },     /* moves again */
		{ 90, 6, true },    /* and has all its patience again */
		{ 1, 6, false },
		{ 1, 5, true }, /* another number is progress: counters may begin anew */
	};
	struct supervised worker = { .name = "w", .patience = PATIENCE };
	wq_ms boot = WQ_MINUTES(10);

	(void)state;
	for (size_t i = 0; i < sizeof looks / sizeof *looks; i++) {
		boot += WQ_SECONDS(looks[i].after);
		assert_int_equal(supervise_look(&worker, looks[i].progress, boot), looks[i].alive);
	}
}

static void a_worker_that_never_moved_gets_its_patience_from_the_first_look(void **state)
{
	struct supervised worker = { .name = "w", .patience = PATIENCE };

	(void)state;
	assert_true(supervise_look(&worker, 0, WQ_HOURS(20)));
	assert_true(supervise_look(&worker, 0, WQ_HOURS(20) + PATIENCE));
	assert_false(supervise_look(&worker, 0, WQ_HOURS(20) + PATIENCE + 1));
}

static void one_that_hangs_is_not_hidden_by_those_that_move(void **state)
{
	struct supervised workers[5];
	bool alive = true;

	(void)state;
	for (size_t i = 0; i < 5; i++)
		workers[i] = (struct supervised){ .name = "w", .patience = PATIENCE };
	for (wq_ms boot = 1000; boot <= WQ_MINUTES(3); boot += 1000) {
		alive = true;
		for (size_t i = 0; i < 5; i++)
			alive &= supervise_look(&workers[i], i == 3 ? 1 : (uint64_t)boot, boot);
		assert_int_equal(alive, boot <= 1000 + PATIENCE);
	}
	assert_false(alive);
}

/* -- what the service manager hears -- */

struct manager {
	int fd;
	char path[sizeof((struct sockaddr_un *)0)->sun_path];
	char heard[512];
};

static int listen_as_manager(void **state)
{
	struct manager *m = calloc(1, sizeof *m);
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(m->path, sizeof m->path, "/tmp/wqd-notify.%ld", (long)getpid());
	unlink(m->path);
	memcpy(address.sun_path, m->path, sizeof address.sun_path);
	m->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	*state = m;
	return m->fd >= 0 && bind(m->fd, (struct sockaddr *)&address, sizeof address) == 0 &&
	                setenv("NOTIFY_SOCKET", m->path, 1) == 0
	        ? 0
	        : -1;
}

static int stop_listening(void **state)
{
	struct manager *m = *state;

	close(m->fd);
	unlink(m->path);
	free(m);
	return unsetenv("NOTIFY_SOCKET") + unsetenv("WATCHDOG_USEC") + unsetenv("WATCHDOG_PID");
}

#define manager_test(fn) cmocka_unit_test_setup_teardown(fn, listen_as_manager, stop_listening)

/* The next message; "" for none. */
static const char *heard(struct manager *m)
{
	ssize_t n = recv(m->fd, m->heard, sizeof m->heard - 1, 0);

	m->heard[n > 0 ? n : 0] = '\0';
	return m->heard;
}

static void the_manager_is_told_each_state_in_its_words(void **state)
{
	supervise_ready("4 stations");
	assert_string_equal(heard(*state), "READY=1\nSTATUS=4 stations");
	supervise_status("busy");
	assert_string_equal(heard(*state), "STATUS=busy");
	supervise_feed();
	assert_string_equal(heard(*state), "WATCHDOG=1");
	supervise_stopping();
	assert_string_equal(heard(*state), "STOPPING=1");
	assert_string_equal(heard(*state), "");
}

/* Without the time the manager would not believe a READY=1 that follows (sd_notify(3)). */
static void reloading_comes_with_the_time(void **state)
{
	unsigned long long usec = 0;

	supervise_reloading();
	assert_int_equal(sscanf(heard(*state), "RELOADING=1\nMONOTONIC_USEC=%llu", &usec), 1);
	assert_true(usec > 0);
}

static void the_watchdog_is_fed_three_times_as_often_as_it_wants(void **state)
{
	char pid[24];

	(void)state;
	assert_int_equal(supervise_watchdog(), WQ_NO_TIME);
	setenv("WATCHDOG_USEC", "30000000", 1);
	snprintf(pid, sizeof pid, "%ld", (long)getpid());
	setenv("WATCHDOG_PID", pid, 1);
	assert_int_equal(supervise_watchdog(), WQ_SECONDS(10));
	setenv("WATCHDOG_PID", "1", 1); /* somebody else's */
	assert_int_equal(supervise_watchdog(), WQ_NO_TIME);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_worker_hangs_when_it_stands_still_longer_than_its_patience),
		cmocka_unit_test(a_worker_that_never_moved_gets_its_patience_from_the_first_look),
		cmocka_unit_test(one_that_hangs_is_not_hidden_by_those_that_move),
		manager_test(the_manager_is_told_each_state_in_its_words),
		manager_test(reloading_comes_with_the_time),
		manager_test(the_watchdog_is_fed_three_times_as_often_as_it_wants),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
