/* SPDX-License-Identifier: Apache-2.0 */
/* Live: the deliverer against `wqsim inbox`, whose verification is code of its own. */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "deliverer.h"

#include "wq/err.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RIGHT    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define WRONG    "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define DEADLINE 20 /* s */

static wq_ms wall(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (wq_ms)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static wq_ms steady(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (wq_ms)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static char directory[64];

static void put(const char *name, const char *text)
{
	char path[128];

	snprintf(path, sizeof path, "%s/%s", directory, name);
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	fprintf(file, "%s\n", text);
	fclose(file);
	chmod(path, 0600);
}

/* ---- the inbox as a process ---- */

struct inbox {
	pid_t process;
	FILE *output;
	unsigned port;
};

static struct inbox inbox_start(const char *option, const char *value)
{
	char program[4096], secret[128], line[1024];
	struct inbox inbox;
	int ends[2];

	snprintf(program, sizeof program, "%s/wqsim",
	        getenv("WQ_BIN") != NULL ? getenv("WQ_BIN") : ".");
	snprintf(secret, sizeof secret, "%s/right", directory);
	assert_int_equal(pipe(ends), 0);
	inbox.process = fork();
	assert_true(inbox.process >= 0);
	if (inbox.process == 0) {
		dup2(ends[1], STDOUT_FILENO);
		close(ends[0]);
		close(ends[1]);
		execl(program, "wqsim", "inbox", "--secret-file", secret, option, value,
		        (char *)NULL);
		_exit(127);
	}
	close(ends[1]);
	inbox.output = fdopen(ends[0], "r");
	assert_non_null(fgets(line, sizeof line, inbox.output));
	assert_int_equal(sscanf(line, "inbox: listening on http://127.0.0.1:%u/", &inbox.port), 1);
	return inbox;
}

static void assert_line(struct inbox *inbox, const char *expected)
{
	char line[2048];

	assert_non_null(fgets(line, sizeof line, inbox->output));
	if (strstr(line, expected) == NULL)
		fail_msg("'%s' is not in '%s'", expected, line);
}

static void inbox_stop(struct inbox *inbox, const char *counts)
{
	int status;

	kill(inbox->process, SIGTERM);
	assert_line(inbox, counts);
	assert_int_equal(waitpid(inbox->process, &status, 0), inbox->process);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	fclose(inbox->output);
}

/* ---- one channel, one contact ---- */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct store_delivery newest;
static unsigned records;

static void on_attempt(void *owner, const struct store_delivery *delivery)
{
	(void)owner;
	pthread_mutex_lock(&mutex);
	newest = *delivery;
	records++;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&mutex);
}

static const char *const secret_names[] = { "credential:right", "credential:wrong" };

/* Sends a notice through a deliverer of its own and returns the record of the last of `attempts`.
 */
static struct store_delivery send_one(unsigned port, const char *id, bool right, unsigned attempts)
{
	static const struct deliverer_clock clock = { wall, steady };
	static const struct deliverer_events events = { NULL, on_attempt, NULL, NULL };
	static const uint32_t channels[] = { 0 };
	char url[64], *address = url, settings[256] = { 0 };
	wq_ms timeout = 5000;
	struct wq_err err;

	snprintf(url, sizeof url, "http://127.0.0.1:%u/hook", port);
	for (const struct wq_option *row = wq_channels[0]->options; row->key != NULL; row++)
		if (strcmp(row->key, "url") == 0)
			memcpy(settings + row->offset, &address, sizeof address);
		else if (strcmp(row->key, "secret") == 0)
			memcpy(settings + row->offset, &secret_names[right ? 0 : 1], sizeof secret_names[0]);
		else if (strcmp(row->key, "timeout") == 0)
			memcpy(settings + row->offset, &timeout, sizeof timeout);
	struct config_channel channel = { .name = "centre", .channel = wq_channels[0], .settings = settings };
	struct config_contact contact = { .id = "zhang", .channel_count = 1, .channels = channels };
	struct config config = { .channel_count = 1,
		.channels = &channel,
		.contact_count = 1,
		.contacts = &contact,
		.paths.credentials = directory };
	struct wq_notice notice = { .expires = wall() + WQ_HOURS(1),
		.time = wall(),
		.contact = "zhang",
		.data = "{\"level\":4,\"contact\":\"zhang\",\"role\":\"lead\",\"text\":"
		        "\"【水质报警】一干河\"}" };
	struct timespec until = { .tv_sec = time(NULL) + DEADLINE };

	snprintf(notice.id, sizeof notice.id, "%s", id);
	records = 0;
	struct deliverer *deliverer = deliverer_start(&config, &events, &clock, &err);

	assert_non_null(deliverer);
	assert_true(deliverer_offer(deliverer, &notice, 0));
	pthread_mutex_lock(&mutex);
	while (records < attempts && pthread_cond_timedwait(&changed, &mutex, &until) == 0)
		;
	struct store_delivery found = newest;

	pthread_mutex_unlock(&mutex);
	assert_true(deliverer_stop(deliverer, 1000));
	assert_int_equal(records, attempts);
	return found;
}

static void an_officer_sees_a_notice_once_and_a_forger_is_refused(void **state)
{
	struct inbox inbox = inbox_start("--fail", "0");

	(void)state;
	assert_int_equal(send_one(inbox.port, "a-1", true, 1).kind, WQ_SENT);
	assert_line(&inbox, " 报警 zhang(牵头) 【水质报警】一干河\n");
	assert_int_equal(send_one(inbox.port, "a-1", true, 1).kind, WQ_SENT);
	assert_line(&inbox, "【水质报警】一干河 (again)\n");
	struct store_delivery refused = send_one(inbox.port, "a-2", false, 1);

	assert_int_equal(refused.kind, WQ_CONFIG);
	assert_non_null(strstr(refused.text, "HTTP 401"));
	assert_line(&inbox, "refused: the signature does not match");
	inbox_stop(&inbox, "3 requests: 1 notices, 1 again, 1 refused, 0 answered with a failure");
}

static void a_failing_inbox_gets_it_again(void **state)
{
	struct inbox inbox = inbox_start("--fail", "1");

	(void)state;
	struct store_delivery record =
	        send_one(inbox.port, "a-1", true, 2); /* the second after 5 s */

	assert_int_equal(record.kind, WQ_SENT);
	assert_int_equal(record.attempt, 2);
	assert_line(&inbox, "(answered 500)");
	assert_line(&inbox, "【水质报警】一干河\n");
	inbox_stop(&inbox, "2 requests: 1 notices, 0 again, 0 refused, 1 answered with a failure");
}

static int make(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	snprintf(directory, sizeof directory, "/tmp/wq_inbox_XXXXXX");
	if (mkdtemp(directory) == NULL)
		return -1;
	put("right", RIGHT);
	put("wrong", WRONG);
	return 0;
}

static int clear(void **state)
{
	char path[128];

	(void)state;
	snprintf(path, sizeof path, "%s/right", directory);
	remove(path);
	snprintf(path, sizeof path, "%s/wrong", directory);
	remove(path);
	return remove(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_officer_sees_a_notice_once_and_a_forger_is_refused),
		cmocka_unit_test(a_failing_inbox_gets_it_again),
	};

	return cmocka_run_group_tests(tests, make, clear) != 0;
}
