/* SPDX-License-Identifier: Apache-2.0 */
/* The folder of short messages that come back, on a real file system. The test is main. */
#include "api/replies.h"

#include "wq/channel.h"
#include "wq/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

/* More than are looked at in one go, wherever the one that counts stands among them. */
#define STRANGERS 20000
#define PATIENCE  20000 /* ms, where it is in vain */

static char folder[] = "/tmp/wq-replies-XXXXXX";
static int asked; /* rung by each question to main */

static const char *replies_of(const void *settings)
{
	(void)settings;
	return folder;
}

static const struct wq_channel channel = { .name = "modem", .replies = replies_of };
static struct config_channel channels[] = { { .channel = &channel } };
static struct config_contact contacts[] = { { .id = "zhang", .name = "张三", .phone = "+8613812345678" } };

static const struct config config = { .contact_count = 1, .contacts = contacts, .channel_count = 1, .channels = channels };

static int answer(void *owner, const struct ctl_request *request, struct ctl_reply *reply)
{
	(void)owner;
	assert_string_equal(request->path, "/v1/alarms/W20260305-007/acknowledge");
	reply->status = 200;
	assert_int_equal(eventfd_write(asked, 1), 0);
	return 0;
}

/* Written a while ago, so that it is whole. */
static void put(const char *name, const char *text)
{
	const struct timespec old[2] = { { .tv_sec = 1000000000 }, { .tv_sec = 1000000000 } };
	int at = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd = openat(at, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	assert_true(at >= 0 && fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(futimens(fd, old), 0);
	close(fd);
	close(at);
}

static int set_up(void **state)
{
	(void)state;
	asked = eventfd(0, EFD_CLOEXEC);
	return asked >= 0 && mkdtemp(folder) != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
	DIR *at = opendir(folder);

	(void)state;
	for (const struct dirent *entry; at != NULL && (entry = readdir(at)) != NULL;)
		unlinkat(dirfd(at), entry->d_name, 0);
	closedir(at);
	close(asked);
	return rmdir(folder);
}

/* Advertisements of years lie there, put aside. */
static void what_was_put_aside_does_not_hide_a_reply(void **state)
{
	struct pollfd rung = { .fd = asked, .events = POLLIN };
	struct wq_err err;

	(void)state;
	put("reply", "From: 8613812345678\n\nW20260305-007\n");
	for (int i = 0; i < STRANGERS; i++) {
		char name[32];

		snprintf(name, sizeof name, ".stranger-%d", i);
		put(name, "");
	}
	struct replies *replies = replies_start(&config, answer, NULL, &err);

	assert_non_null(replies);
	assert_int_equal(poll(&rung, 1, PATIENCE), 1);
	replies_stop(replies);
	while (!replies_ended(replies))
		sched_yield();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_put_aside_does_not_hide_a_reply),
	};

	return cmocka_run_group_tests_name("replies", tests, set_up, tear_down);
}
