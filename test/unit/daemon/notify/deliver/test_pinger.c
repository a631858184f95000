/* SPDX-License-Identifier: Apache-2.0 */
/* The ping against endpoints that behave and that do not: it says what came, never the address, and always ends. */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "endpoint.h"
#include "pinger.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define OK    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK"
#define GONE  "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
#define MOVED "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"

struct heard {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	size_t count;
	bool taken[8], alive[8];
	char text[8][192];
};

static void note(void *owner, bool alive, const char *trouble)
{
	struct heard *heard = owner;

	pthread_mutex_lock(&heard->mutex);
	heard->alive[heard->count % 8] = alive;
	heard->taken[heard->count % 8] = trouble == NULL;
	snprintf(heard->text[heard->count % 8], sizeof heard->text[0], "%s", trouble != NULL ? trouble : "");
	heard->count++;
	pthread_cond_broadcast(&heard->changed);
	pthread_mutex_unlock(&heard->mutex);
}

/* Asks, and waits for what comes of it. */
static void ask(struct pinger *pinger, struct heard *heard, bool alive)
{
	struct timespec until;
	int r = 0;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 30;
	pthread_mutex_lock(&heard->mutex);
	const size_t before = heard->count;

	pinger_ask(pinger, alive);
	while (heard->count == before && r == 0)
		r = pthread_cond_timedwait(&heard->changed, &heard->mutex, &until);
	pthread_mutex_unlock(&heard->mutex);
	assert_int_equal(r, 0);
}

static struct pinger *start(const struct config_ping *ping, const char *credentials, struct heard *heard)
{
	const struct pinger_events events = { heard, note };

	*heard = (struct heard){ .mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };
	struct pinger *pinger = pinger_start(ping, credentials, &events, NULL);

	assert_non_null(pinger);
	return pinger;
}

static void what_an_endpoint_says_is_told_without_its_address(void **state)
{
	static const struct {
		const char *answer;
		bool taken;
		const char *says; /* NULL: nothing */
	} rows[] = {
		{ OK, true, NULL },
		{ GONE, false, "127.0.0.1:%u: HTTP 404" },
		{ MOVED, false, "127.0.0.1:%u: HTTP 302" }, /* not followed */
		{ ENDPOINT_CLOSE, false, "127.0.0.1:%u: Server returned nothing (no headers, no data)" },
		{ ENDPOINT_HANG, false, "127.0.0.1:%u: Timeout was reached" },
		{ ENDPOINT_FLOOD, true, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct endpoint *endpoint = endpoint_open(&rows[i].answer, 1);
		char url[100], says[200];
		struct config_ping ping = { .url = url, .timeout = 700 };
		struct heard heard;

		assert_non_null(endpoint);
		snprintf(url, sizeof url, "http://127.0.0.1:%u/ping/SECRET?x=SECRET", endpoint_port(endpoint));
		struct pinger *pinger = start(&ping, NULL, &heard);

		ask(pinger, &heard, true);
		assert_true(pinger_stop(pinger, WQ_SECONDS(10)));
		if (heard.taken[0] != rows[i].taken)
			fail_msg("row %zu: %s", i, heard.text[0]);
		snprintf(says, sizeof says, rows[i].says != NULL ? rows[i].says : "", endpoint_port(endpoint));
		assert_string_equal(heard.text[0], says);
		assert_null(strstr(heard.text[0], "SECRET"));
		endpoint_close(endpoint);
	}
}

static void what_is_wrong_goes_to_the_other_address(void **state)
{
	static const char *const ok[] = { OK };
	struct endpoint *endpoint = endpoint_open(ok, 1);
	char url[100], url_fail[100], text[ENDPOINT_REQUEST];
	struct config_ping ping = { .url = url, .url_fail = url_fail, .timeout = 5000 };
	struct heard heard;

	(void)state;
	snprintf(url, sizeof url, "http://127.0.0.1:%u/good", endpoint_port(endpoint));
	snprintf(url_fail, sizeof url_fail, "http://127.0.0.1:%u/bad", endpoint_port(endpoint));
	struct pinger *pinger = start(&ping, NULL, &heard);

	ask(pinger, &heard, false);
	ask(pinger, &heard, true);
	assert_true(pinger_stop(pinger, WQ_SECONDS(10)));
	endpoint_request(endpoint, 0, text);
	assert_int_equal(strncmp(text, "GET /bad HTTP/1.1\r\n", 19), 0);
	endpoint_request(endpoint, 1, text);
	assert_int_equal(strncmp(text, "GET /good HTTP/1.1\r\n", 20), 0);
	assert_true(heard.taken[0] && heard.taken[1] && !heard.alive[0] && heard.alive[1]);
	endpoint_close(endpoint);
}

/* An answer that is no TLS is no answer. */
static void a_certificate_is_asked_for(void **state)
{
	static const char *const ok[] = { OK };
	struct endpoint *endpoint = endpoint_open(ok, 1);
	char url[100];
	struct config_ping ping = { .url = url, .timeout = 2000 };
	struct heard heard;

	(void)state;
	snprintf(url, sizeof url, "https://127.0.0.1:%u/", endpoint_port(endpoint));
	struct pinger *pinger = start(&ping, NULL, &heard);

	ask(pinger, &heard, true);
	assert_true(pinger_stop(pinger, WQ_SECONDS(10)));
	assert_false(heard.taken[0]);
	endpoint_close(endpoint);
}

static void put_secret(const char *path, const char *text)
{
	FILE *to = fopen(path, "w");

	assert_non_null(to);
	fputs(text, to);
	fclose(to);
	assert_int_equal(chmod(path, 0600), 0);
}

static void an_address_may_be_a_credential_and_is_read_anew(void **state)
{
	static const char *const ok[] = { OK };
	struct endpoint *endpoint = endpoint_open(ok, 1);
	const struct config_ping ping = { .url = "credential:ping", .timeout = 5000 };
	char folder[] = "/tmp/wq-ping-XXXXXX", path[64], url[100], text[ENDPOINT_REQUEST];
	struct heard heard;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/ping", folder);
	struct pinger *pinger = start(&ping, folder, &heard);

	ask(pinger, &heard, true);
	assert_false(heard.taken[0]);
	snprintf(url, sizeof url, "http://127.0.0.1:%u/uuid\n", endpoint_port(endpoint));
	put_secret(path, url);
	ask(pinger, &heard, true);
	assert_true(heard.taken[1]);
	put_secret(path, "gopher://127.0.0.1/SECRET");
	ask(pinger, &heard, true);
	assert_true(!heard.taken[2] && strstr(heard.text[2], "SECRET") == NULL);
	endpoint_request(endpoint, 0, text);
	assert_int_equal(strncmp(text, "GET /uuid HTTP/1.1\r\n", 20), 0);
	assert_true(pinger_stop(pinger, WQ_SECONDS(10)));
	unlink(path);
	rmdir(folder);
	endpoint_close(endpoint);
}

/* With an hour to go, it ends within the second in which libcurl looks. */
static void one_that_hangs_is_cut_short_at_the_end(void **state)
{
	static const char *const hang[] = { ENDPOINT_HANG };
	struct endpoint *endpoint = endpoint_open(hang, 1);
	char url[100];
	struct config_ping ping = { .url = url, .timeout = 3600000 };
	struct timespec began, ended;
	struct heard heard;

	(void)state;
	snprintf(url, sizeof url, "http://127.0.0.1:%u/", endpoint_port(endpoint));
	struct pinger *pinger = start(&ping, NULL, &heard);

	pinger_ask(pinger, true);
	while (endpoint_requests(endpoint) == 0)
		sched_yield();
	clock_gettime(CLOCK_MONOTONIC, &began);
	assert_true(pinger_stop(pinger, WQ_SECONDS(20)));
	clock_gettime(CLOCK_MONOTONIC, &ended);
	assert_true(ended.tv_sec - began.tv_sec <= 10);
	assert_int_equal(heard.count, 0);
	endpoint_close(endpoint);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_an_endpoint_says_is_told_without_its_address),
		cmocka_unit_test(what_is_wrong_goes_to_the_other_address),
		cmocka_unit_test(a_certificate_is_asked_for),
		cmocka_unit_test(an_address_may_be_a_credential_and_is_read_anew),
		cmocka_unit_test(one_that_hangs_is_cut_short_at_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
