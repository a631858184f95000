/* SPDX-License-Identifier: Apache-2.0 */
/* The guard over connections: each has its time, and no more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ctl/guard.h"
#include "ctl/server.h"

#include <sys/socket.h>
#include <unistd.h>

#define LONG ((wq_ms)3600000)

static void dial(int pair[2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
}

static void hang_up(const int pair[2])
{
	close(pair[0]);
	close(pair[1]);
}

static void a_connection_is_cut_when_its_time_has_passed_though_bytes_arrive(void **state)
{
	struct ctl_guard *guard = ctl_guard_start(20, NULL);
	int pair[2];
	char byte;

	(void)state;
	assert_non_null(guard);
	dial(pair);
	ctl_guard_opened(guard, pair[0]);
	assert_int_equal(write(pair[1], "x", 1), 1);
	assert_int_equal(read(pair[1], &byte, 1), 0); /* blocks until it is cut */
	ctl_guard_closed(guard, pair[0]);
	hang_up(pair);
	ctl_guard_stop(guard);
}

static void a_connection_that_has_gone_is_not_touched(void **state)
{
	struct ctl_guard *guard = ctl_guard_start(20, NULL);
	int gone[2], other[2];
	char byte = 0;

	(void)state;
	dial(gone);
	dial(other);
	ctl_guard_opened(guard, gone[0]);
	ctl_guard_closed(guard, gone[0]);
	ctl_guard_opened(guard, other[0]);
	assert_int_equal(read(other[1], &byte, 1), 0); /* the later one has been cut */
	assert_int_equal(write(gone[0], "x", 1), 1);
	assert_int_equal(read(gone[1], &byte, 1), 1);
	assert_int_equal(byte, 'x');
	hang_up(gone);
	hang_up(other);
	ctl_guard_stop(guard);
}

static void as_many_are_guarded_as_are_served_and_more_do_no_harm(void **state)
{
	struct ctl_guard *guard = ctl_guard_start(20, NULL);
	int pairs[CTL_SERVER_CONNECTIONS + 5][2];
	char byte;

	(void)state;
	for (int i = 0; i < CTL_SERVER_CONNECTIONS + 5; i++) {
		dial(pairs[i]);
		ctl_guard_opened(guard, pairs[i][0]);
	}
	for (int i = 0; i < CTL_SERVER_CONNECTIONS; i++)
		assert_int_equal(read(pairs[i][1], &byte, 1), 0);
	for (int i = 0; i < CTL_SERVER_CONNECTIONS + 5; i++) {
		ctl_guard_closed(guard, pairs[i][0]);
		hang_up(pairs[i]);
	}
	ctl_guard_stop(guard);
}

static void stopping_waits_for_nothing(void **state)
{
	struct ctl_guard *guard = ctl_guard_start(LONG, NULL);
	int pair[2];

	(void)state;
	dial(pair);
	ctl_guard_opened(guard, pair[0]);
	ctl_guard_stop(guard);
	assert_int_equal(write(pair[0], "x", 1), 1);
	hang_up(pair);
	ctl_guard_stop(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_connection_is_cut_when_its_time_has_passed_though_bytes_arrive),
		cmocka_unit_test(a_connection_that_has_gone_is_not_touched),
		cmocka_unit_test(as_many_are_guarded_as_are_served_and_more_do_no_harm),
		cmocka_unit_test(stopping_waits_for_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
