/* SPDX-License-Identifier: Apache-2.0 */
/* The deliverer against scripted endpoints on loopback. Waits on conditions, never for time to
 * pass: the steady clock runs a hundred times as fast as the real one. */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "deliverer.h"
#include "endpoint.h"

#include "wq/err.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define KEY    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define OK     "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"
#define BROKEN "HTTP/1.1 500 Oops\r\nContent-Length: 4\r\n\r\noops"
#define GONE   "HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n"
#define SLOWER "HTTP/1.1 429 Slow\r\nRetry-After: 3\r\nContent-Length: 0\r\n\r\n"
#define MOVED  "HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"

#define PATIENT  10000 /* ms */
#define BRIEF    300
#define DEADLINE 20 /* s; a test that waits longer has failed */

static wq_ms real(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (wq_ms)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static wq_ms fast(void)
{
	return real() * 100;
}

static wq_ms wall(void)
{
	return 1772697600000 + fast();
}

static const struct deliverer_clock fast_clock = { wall, fast };

/* ---- a channel that needs no network ---- */

/* A disk that hangs as long as `hung` is true; how often it was asked, and how many were in it at
 * once. */
static atomic_bool hung;
static atomic_int asked, inside, most_inside;

static void spool(void *state, const struct wq_notice *notice, wq_ms now, struct wq_result *result)
{
	(void)state, (void)notice, (void)now;
	atomic_fetch_add(&asked, 1);
	int n = atomic_fetch_add(&inside, 1) + 1;

	if (n > atomic_load(&most_inside))
		atomic_store(&most_inside, n);
	while (atomic_load(&hung))
		sched_yield();
	atomic_fetch_sub(&inside, 1);
	result->kind = WQ_SENT;
	snprintf(result->text, sizeof result->text, "spooled");
}

static int open_nothing(void *state, const void *settings,
        int (*secret)(
                void *owner, const char *reference, char *buf, size_t cap, struct wq_err *err),
        void *owner, struct wq_err *err)
{
	(void)state, (void)settings, (void)secret, (void)owner, (void)err;
	return 0;
}

static const struct wq_channel spool_channel = {
	.name = "spool", .open = open_nothing, .send = spool
};

/* ---- a bench: endpoints as channels, one contact for each, one that has all ---- */

#define LINES 3

struct bench {
	struct endpoint *endpoints[LINES];
	char urls[LINES][64];
	void *settings[LINES];
	char directory[64];
	wq_ms timeout; /* of a transfer, real time */
	struct config_channel channels[LINES + 1];
	uint32_t lists[LINES + 2][LINES + 1];
	char ids[LINES + 2][16];
	struct config_contact contacts[LINES + 2];
	struct config config;
	struct deliverer *deliverer;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	struct store_delivery records[256]; /* under the mutex, with what follows */
	size_t count;
	char troubles[512];
};

static void on_attempt(void *owner, const struct store_delivery *delivery)
{
	struct bench *bench = owner;

	pthread_mutex_lock(&bench->mutex);
	if (bench->count < 256)
		bench->records[bench->count++] = *delivery;
	pthread_cond_broadcast(&bench->changed);
	pthread_mutex_unlock(&bench->mutex);
}

static void on_trouble(void *owner, const char *channel, const char *text)
{
	struct bench *bench = owner;
	size_t used;

	pthread_mutex_lock(&bench->mutex);
	used = strlen(bench->troubles);
	snprintf(bench->troubles + used, sizeof bench->troubles - used, "%s:%s;", channel,
	        text != NULL ? text : "works");
	pthread_mutex_unlock(&bench->mutex);
}

static void link_of(void *owner, const struct wq_notice *notice, char out[WQ_LINK_TEXT])
{
	(void)owner;
	snprintf(out, WQ_LINK_TEXT, "https://wq.example.org/a/%.60s", notice->contact);
}

static const struct wq_channel *webhook(void)
{
	return wq_channels[0];
}

static void *settings_for(const char *url, wq_ms timeout)
{
	static const char *const secret = "credential:key";
	char *settings = calloc(1, webhook()->settings_size);

	assert_non_null(settings);
	for (const struct wq_option *row = webhook()->options; row->key != NULL; row++) {
		if (strcmp(row->key, "url") == 0)
			memcpy(settings + row->offset, &url, sizeof url);
		else if (strcmp(row->key, "secret") == 0)
			memcpy(settings + row->offset, &secret, sizeof secret);
		else if (strcmp(row->key, "timeout") == 0)
			memcpy(settings + row->offset, &timeout, sizeof timeout);
	}
	return settings;
}

static void write_secret(const char *directory)
{
	char path[128];

	snprintf(path, sizeof path, "%s/key", directory);
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	fprintf(file, "%s\n", KEY);
	fclose(file);
	chmod(path, 0600);
}

static void add_channel(struct bench *bench, size_t i, const char *const *answers, size_t count)
{
	static const char *const names[] = { "first", "second", "third" };

	bench->endpoints[i] = endpoint_open(answers, count);
	assert_non_null(bench->endpoints[i]);
	snprintf(bench->urls[i], sizeof bench->urls[i], "http://127.0.0.1:%u/hook",
	        (unsigned)endpoint_port(bench->endpoints[i]));
	bench->settings[i] = settings_for(bench->urls[i], bench->timeout);
	bench->channels[i] = (struct config_channel){
		.name = names[i], .channel = webhook(), .settings = bench->settings[i]
	};
}

/* Contacts: "c0", "c1" … have one channel each, "all" has all of them in order. */
static void add_contacts(struct bench *bench, uint32_t channels)
{
	for (uint32_t i = 0; i < channels; i++) {
		bench->lists[i][0] = i;
		bench->lists[channels][i] = i;
		snprintf(bench->ids[i], sizeof bench->ids[i], "c%u", (unsigned)i);
		bench->contacts[i] = (struct config_contact){
			.id = bench->ids[i], .channel_count = 1, .channels = bench->lists[i]
		};
	}
	bench->contacts[channels] = (struct config_contact){
		.id = "all", .channel_count = channels, .channels = bench->lists[channels]
	};
	bench->config.contact_count = channels + 1;
	bench->config.contacts = bench->contacts;
}

/* scripts: a NULL-terminated list of answers for each endpoint; the last channel is the spool. */
static struct bench *bench_new(
        const char *const *const scripts[], size_t lines, bool with_secret, wq_ms timeout)
{
	struct bench *bench = calloc(1, sizeof *bench);
	const struct deliverer_events events = { bench, on_attempt, on_trouble, link_of };
	struct wq_err err;

	assert_non_null(bench);
	bench->timeout = timeout;
	pthread_mutex_init(&bench->mutex, NULL);
	pthread_cond_init(&bench->changed, NULL);
	snprintf(bench->directory, sizeof bench->directory, "/tmp/wq_deliverer_XXXXXX");
	assert_non_null(mkdtemp(bench->directory));
	if (with_secret)
		write_secret(bench->directory);
	for (size_t i = 0; i < lines; i++) {
		size_t count = 0;

		while (scripts[i][count] != NULL)
			count++;
		add_channel(bench, i, scripts[i], count);
	}
	bench->channels[lines] =
	        (struct config_channel){ .name = "spool", .channel = &spool_channel };
	bench->config.paths.credentials = bench->directory;
	bench->config.channel_count = lines + 1;
	bench->config.channels = bench->channels;
	add_contacts(bench, (uint32_t)lines + 1);
	bench->deliverer = deliverer_start(&bench->config, &events, &fast_clock, &err);
	assert_non_null(bench->deliverer);
	return bench;
}

static void bench_free(struct bench *bench)
{
	char path[128];

	if (bench->deliverer != NULL)
		assert_true(deliverer_stop(bench->deliverer, 0));
	for (size_t i = 0; i < LINES; i++)
		if (bench->endpoints[i] != NULL) {
			endpoint_close(bench->endpoints[i]);
			free(bench->settings[i]);
		}
	snprintf(path, sizeof path, "%s/key", bench->directory);
	remove(path);
	remove(bench->directory);
	pthread_cond_destroy(&bench->changed);
	pthread_mutex_destroy(&bench->mutex);
	free(bench);
}

static void offer(struct bench *bench, int64_t alarm, uint32_t number, const char *contact)
{
	struct wq_notice notice = { .alarm = alarm,
		.number = number,
		.level = WQ_LEVEL_ALARM,
		.time = 1772697600000,
		.expires = wall() + WQ_HOURS(24),
		.channel = "first",
		.text = "水",
		.data = "{\"text\":\"水\"}" };

	snprintf(notice.id, sizeof notice.id, "%d-%u-%s", (int)alarm, (unsigned)number, contact);
	snprintf(notice.contact, sizeof notice.contact, "%s", contact);
	assert_true(deliverer_offer(bench->deliverer, &notice, 0));
}

/* Waits for the n-th record (from 0). */
static struct store_delivery record(struct bench *bench, size_t n)
{
	struct timespec until;
	struct store_delivery found = { .id = "none" };

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += DEADLINE;
	pthread_mutex_lock(&bench->mutex);
	while (bench->count <= n)
		if (pthread_cond_timedwait(&bench->changed, &bench->mutex, &until) != 0)
			break;
	if (bench->count > n)
		found = bench->records[n];
	pthread_mutex_unlock(&bench->mutex);
	return found;
}

static void assert_record(struct bench *bench, size_t n, const char *id, const char *channel,
        enum wq_result_kind kind, uint32_t attempt, bool done)
{
	struct store_delivery found = record(bench, n);

	assert_string_equal(found.id, id);
	assert_string_equal(found.channel, channel);
	assert_int_equal(found.kind, kind);
	assert_int_equal(found.attempt, attempt);
	assert_int_equal(found.done, done);
	assert_null(strstr(found.text, "whsec_"));
	assert_null(strstr(found.text, "/hook"));
}

static const char *const ok[] = { OK, NULL };

static void a_notice_arrives_as_it_was_prepared(void **state)
{
	const char *const *const scripts[] = { ok };
	struct bench *bench = bench_new(scripts, 1, true, PATIENT);
	char request[ENDPOINT_REQUEST];

	(void)state;
	offer(bench, 1, 1, "c0");
	assert_record(bench, 0, "1-1-c0", "first", WQ_SENT, 1, true);
	endpoint_request(bench->endpoints[0], 0, request);
	assert_int_equal(strncmp(request, "POST /hook HTTP/1.1\r\n", 21), 0);
	assert_non_null(strstr(request, "\r\nwebhook-id: 1-1-c0\r\n"));
	assert_non_null(strstr(request, "\r\nwebhook-signature: v1,"));
	assert_non_null(strstr(request, "\r\nUser-Agent: wqd/"));
	assert_null(strcasestr(request, "expect:"));
	assert_string_equal(strstr(request, "\r\n\r\n") + 4,
	        "{\"type\":\"alarm.opened\",\"timestamp\":\"2026-03-05T16:00:00+08:00\",\"data\":{"
	        "\"text\":\"水\"}}");
	assert_true(deliverer_progress(bench->deliverer) > 0);
	assert_int_equal(deliverer_held(bench->deliverer), 0);
	bench_free(bench);
}

/* By what the channel's section says; a contact that fails over from one that carries it to one that does not, likewise. */
static void the_link_goes_through_channels_that_carry_it(void **state)
{
	static const char *const gone[] = { GONE, NULL };
	const char *const *const scripts[] = { gone, ok };
	struct bench *bench = bench_new(scripts, 2, true, PATIENT);
	char request[ENDPOINT_REQUEST];

	(void)state;
	bench->channels[0].link = true;
	offer(bench, 1, 1, "all");
	assert_record(bench, 0, "1-1-all", "first", WQ_CONFIG, 1, false);
	assert_record(bench, 1, "1-1-all", "second", WQ_SENT, 2, true);
	endpoint_request(bench->endpoints[0], 0, request);
	assert_string_equal(strstr(request, "\"data\":"),
	        "\"data\":{\"text\":\"水\",\"link\":\"https://wq.example.org/a/all\"}}");
	endpoint_request(bench->endpoints[1], 0, request);
	assert_string_equal(strstr(request, "\"data\":"), "\"data\":{\"text\":\"水\"}}");
	bench_free(bench);
}

static void failures_are_tried_again_with_the_same_id_and_body(void **state)
{
	static const char *const answers[] = { BROKEN, ENDPOINT_CLOSE, ENDPOINT_HANG, SLOWER, OK,
		NULL };
	const char *const *const scripts[] = { answers };
	struct bench *bench = bench_new(scripts, 1, true, BRIEF);
	char first[ENDPOINT_REQUEST], last[ENDPOINT_REQUEST];

	(void)state;
	offer(bench, 1, 1, "c0");
	assert_record(bench, 0, "1-1-c0", "first", WQ_RETRY, 1, false);
	assert_record(bench, 1, "1-1-c0", "first", WQ_RETRY, 2, false);
	assert_record(bench, 2, "1-1-c0", "first", WQ_RETRY, 3, false);
	assert_record(bench, 3, "1-1-c0", "first", WQ_THROTTLE, 4, false);
	assert_record(bench, 4, "1-1-c0", "first", WQ_SENT, 5, true);
	assert_true(record(bench, 4).at - record(bench, 3).at >= WQ_SECONDS(3));
	endpoint_request(bench->endpoints[0], 0, first);
	endpoint_request(bench->endpoints[0], 4, last);
	assert_string_equal(strstr(first, "\r\n\r\n"), strstr(last, "\r\n\r\n"));
	assert_non_null(strstr(last, "\r\nwebhook-id: 1-1-c0\r\n"));
	bench_free(bench);
}

static void what_is_wrong_fails_over_and_is_told_as_trouble(void **state)
{
	static const char *const gone[] = { GONE, NULL }, *const moved[] = { MOVED, NULL };
	const char *const *const scripts[] = { gone, moved };
	struct bench *bench = bench_new(scripts, 2, true, PATIENT);

	(void)state;
	offer(bench, 1, 1, "all");
	assert_record(bench, 0, "1-1-all", "first", WQ_CONFIG, 1, false);
	assert_record(bench, 1, "1-1-all", "second", WQ_CONFIG, 2, false);
	assert_record(bench, 2, "1-1-all", "spool", WQ_SENT, 3, true);
	pthread_mutex_lock(&bench->mutex);
	const char *troubles = strdup(bench->troubles);

	pthread_mutex_unlock(&bench->mutex);
	assert_non_null(strstr(troubles, "first:HTTP 410"));
	assert_non_null(strstr(troubles, "second:HTTP 301"));
	free((void *)(uintptr_t)troubles);
	bench_free(bench);
}

/* Through the channel that it names, and no other. */
static void a_drill_is_tried_on_its_channel_alone(void **state)
{
	static const char *const gone[] = { GONE, NULL };
	const char *const *const scripts[] = { ok, gone };
	struct bench *bench = bench_new(scripts, 2, true, PATIENT);
	struct wq_notice notice = { .id = "drill", .topic = WQ_TOPIC_DRILL, .level = WQ_LEVEL_INFO, .expires = wall() + WQ_HOURS(1),
		.deadline = WQ_SECONDS(5), .contact = "all", .channel = "second", .text = "水", .data = "{}" };

	(void)state;
	assert_true(deliverer_offer(bench->deliverer, &notice, 0));
	assert_record(bench, 0, "drill", "second", WQ_CONFIG, 1, false);
	strcpy(notice.id, "drill2");
	strcpy(notice.channel, "first");
	assert_true(deliverer_offer(bench->deliverer, &notice, 0));
	assert_record(bench, 1, "drill2", "first", WQ_SENT, 1, true);
	assert_int_equal(endpoint_requests(bench->endpoints[0]), 1);
	bench_free(bench);
}

static void a_channel_without_its_secret_fails_over_and_stops_nothing(void **state)
{
	const char *const *const scripts[] = { ok };
	struct bench *bench = bench_new(scripts, 1, false, PATIENT);

	(void)state;
	offer(bench, 1, 1, "all");
	assert_record(bench, 0, "1-1-all", "first", WQ_CONFIG, 1, false);
	assert_record(bench, 1, "1-1-all", "spool", WQ_SENT, 2, true);
	assert_int_equal(endpoint_requests(bench->endpoints[0]), 0);
	pthread_mutex_lock(&bench->mutex);
	bool told = strstr(bench->troubles, "first:") != NULL &&
	        strstr(bench->troubles, "/key") != NULL;

	pthread_mutex_unlock(&bench->mutex);
	assert_true(told);
	bench_free(bench);
}

static void a_hanging_endpoint_holds_up_no_other(void **state)
{
	static const char *const hang[] = { ENDPOINT_HANG, NULL };
	const char *const *const scripts[] = { hang, ok };
	struct bench *bench = bench_new(scripts, 2, true, PATIENT);

	(void)state;
	offer(bench, 1, 1, "c0");
	for (uint32_t i = 1; i <= 20; i++)
		offer(bench, 2, i, "c1");
	for (uint32_t i = 1; i <= 20; i++) {
		char id[32];

		snprintf(id, sizeof id, "2-%u-c1", (unsigned)i);
		assert_record(bench, i - 1, id, "second", WQ_SENT, 1, true);
	}
	assert_int_equal(endpoint_requests(bench->endpoints[0]), 1); /* it hangs still */
	bench_free(bench);
}

static void a_disk_that_hangs_holds_up_nobody_and_is_asked_again(void **state)
{
	static const char *const gone[] = { GONE, NULL };
	const char *const *const scripts[] = { gone, ok };
	struct bench *bench = bench_new(scripts, 2, true, PATIENT);
	size_t n = 0;

	(void)state;
	atomic_store(&hung, true);
	atomic_store(&asked, 0);
	offer(bench, 1, 1, "c2"); /* into the disk */
	while (atomic_load(&asked) == 0)
		sched_yield();
	for (uint32_t i = 1; i <= 5; i++) {
		char id[32];

		offer(bench, 2, i, "c1"); /* past it */
		snprintf(id, sizeof id, "2-%u-c1", (unsigned)i);
		while (strcmp(record(bench, n).channel, "second") != 0)
			n++;
		assert_record(bench, n++, id, "second", WQ_SENT, 1, true);
	}
	for (int given_up = 0; given_up < 3;
	        n++) { /* and it is told as a failure, again and again */
		struct store_delivery found = record(bench, n);

		assert_string_equal(found.id, "1-1-c2");
		assert_int_equal(found.kind, WQ_RETRY);
		assert_non_null(strstr(found.text, "the disk does not answer"));
		given_up++;
	}
	assert_int_equal(atomic_load(&asked), 1);
	atomic_store(&hung, false);
	while (!record(bench, n).done)
		n++;
	assert_string_equal(record(bench, n).channel, "spool");
	assert_int_equal(record(bench, n).kind, WQ_SENT);
	assert_int_equal(atomic_load(&most_inside), 1);
	bench_free(bench);
}

static void what_hangs_past_its_deadline_goes_to_the_next_channel(void **state)
{
	static const char *const hang[] = { ENDPOINT_HANG, NULL };
	const char *const *const scripts[] = { hang, hang };
	struct bench *bench = bench_new(scripts, 2, true, BRIEF);
	struct wq_notice notice = { .id = "x",
		.contact = "all",
		.channel = "first",
		.expires = wall() + WQ_HOURS(24),
		.deadline = WQ_SECONDS(45),
		.data = "{}" };
	size_t n = 0;

	(void)state;
	assert_true(deliverer_offer(bench->deliverer, &notice, 0));
	while (strcmp(record(bench, n).channel, "spool") != 0) {
		assert_int_equal(record(bench, n).kind, WQ_RETRY);
		n++;
	}
	assert_record(bench, n, "x", "spool", WQ_SENT, (uint32_t)n + 1, true);
	/* BRIEF is 30 s of the fast clock: a third attempt on either would have begun after the
	 * deadline. */
	assert_in_range(n, 2, 4);
	bench_free(bench);
}

static void what_another_life_tried_goes_on_where_it_was(void **state)
{
	const char *const *const scripts[] = { ok, ok };
	struct bench *bench = bench_new(scripts, 2, true, PATIENT);
	struct wq_notice notice = { .id = "x",
		.contact = "all",
		.channel = "second",
		.expires = wall() + WQ_HOURS(24),
		.since = wall() - WQ_SECONDS(1),
		.deadline = WQ_SECONDS(3600),
		.data = "{}" };

	(void)state;
	assert_true(deliverer_offer(bench->deliverer, &notice, 4));
	assert_record(bench, 0, "x", "second", WQ_SENT, 5, true);
	snprintf(notice.id, sizeof notice.id, "late");
	notice.since = wall() - WQ_HOURS(2);
	assert_true(deliverer_offer(bench->deliverer, &notice, 4));
	assert_record(bench, 1, "late", "spool", WQ_SENT, 5, true);
	snprintf(notice.id, sizeof notice.id, "ahead"); /* the clock was set back since */
	notice.since = wall() + WQ_HOURS(2);
	assert_true(deliverer_offer(bench->deliverer, &notice, 4));
	assert_record(bench, 2, "ahead", "second", WQ_SENT, 5, true);
	bench_free(bench);
}

static void a_body_without_end_is_cut_and_judged_by_its_status(void **state)
{
	static const char *const answers[] = { ENDPOINT_FLOOD, NULL };
	const char *const *const scripts[] = { answers };
	struct bench *bench = bench_new(scripts, 1, true, PATIENT);

	(void)state;
	offer(bench, 1, 1, "c0");
	assert_record(bench, 0, "1-1-c0", "first", WQ_SENT, 1, true);
	bench_free(bench);
}

static void it_refuses_more_than_it_can_hold_and_what_expired_is_given_up(void **state)
{
	static const char *const hang[] = { ENDPOINT_HANG, NULL };
	const char *const *const scripts[] = { hang };
	struct bench *bench = bench_new(scripts, 1, true, PATIENT);
	struct wq_notice notice = { .contact = "c0", .expires = INT64_MAX / 2, .data = "{}" };
	struct wq_notice late = { .id = "late", .contact = "c0", .expires = 1 };
	struct wq_notice nobody = {
		.id = "nobody", .contact = "left", .channel = "removed", .expires = INT64_MAX / 2
	};

	(void)state;
	assert_true(deliverer_offer(bench->deliverer, &late, 3));
	assert_record(bench, 0, "late", "first", WQ_DROP, 3, true);
	assert_true(deliverer_offer(bench->deliverer, &nobody, 0));
	assert_record(bench, 1, "nobody", "removed", WQ_DROP, 0, true);
	notice.level = WQ_LEVEL_ALARM;
	for (size_t i = 0; i < deliverer_share(&bench->config); i++) {
		snprintf(notice.id, sizeof notice.id, "n%zu", i);
		notice.alarm = (int64_t)i;
		assert_true(deliverer_offer(bench->deliverer, &notice, 0));
	}
	assert_int_equal(deliverer_room_for(bench->deliverer, "c0"), 0);
	assert_true(deliverer_offer(bench->deliverer, &notice, 0)); /* held already */
	snprintf(notice.id, sizeof notice.id, "one too many");
	assert_false(deliverer_offer(bench->deliverer, &notice, 0));
	/* Others have their own share. */
	snprintf(notice.contact, sizeof notice.contact, "c1");
	assert_true(deliverer_offer(bench->deliverer, &notice, 0));
	bench_free(bench);
}

static void a_contact_that_left_is_told_through_the_channel_that_was_chosen(void **state)
{
	const char *const *const scripts[] = { ok };
	struct bench *bench = bench_new(scripts, 1, true, PATIENT);

	(void)state;
	offer(bench, 1, 1, "left");
	assert_record(bench, 0, "1-1-left", "first", WQ_SENT, 1, true);
	bench_free(bench);
}

static void what_cannot_be_prepared_is_a_fault_of_configuration(void **state)
{
	const char *const *const scripts[] = { ok };
	struct bench *bench = bench_new(scripts, 1, true, PATIENT);
	struct wq_notice notice = { .id = "a.dot", .contact = "c0", .expires = INT64_MAX };

	(void)state;
	assert_true(deliverer_offer(bench->deliverer, &notice, 0));
	assert_record(bench, 0, "a.dot", "first", WQ_CONFIG, 1, false);
	assert_int_equal(endpoint_requests(bench->endpoints[0]), 0);
	bench_free(bench);
}

static void stopping_lets_attempts_under_way_end(void **state)
{
	static const char *const answers[] = { OK, ENDPOINT_HANG, NULL };
	const char *const *const scripts[] = { answers };
	struct bench *bench = bench_new(scripts, 1, true, PATIENT);

	(void)state;
	offer(bench, 1, 1, "c0");
	assert_record(bench, 0, "1-1-c0", "first", WQ_SENT, 1, true);
	offer(bench, 1, 2, "c0");
	wq_ms give_up = real() + DEADLINE * 1000;

	while (endpoint_requests(bench->endpoints[0]) < 2 && real() < give_up)
		sched_yield();
	wq_ms began = real();

	/* The grace runs on the fast clock: 20 s of it are 0.2 s. The transfer is cut and not
	 * reported. */
	assert_true(deliverer_stop(bench->deliverer, WQ_SECONDS(20)));
	bench->deliverer = NULL;
	assert_true(real() - began < 900);
	assert_int_equal(bench->count, 1);
	bench_free(bench);
}

static void put_secret(const struct bench *bench, const char *text)
{
	char path[128], temporary[128];

	snprintf(path, sizeof path, "%s/key", bench->directory);
	snprintf(temporary, sizeof temporary, "%s/.key", bench->directory);
	FILE *file = fopen(temporary, "we");

	assert_non_null(file);
	fprintf(file, "%s\n", text);
	fclose(file);
	chmod(temporary, 0600);
	assert_int_equal(rename(temporary, path), 0);
}

/* Signatures in the n-th request: one a key. */
static size_t signatures(struct bench *bench, size_t n)
{
	char request[ENDPOINT_REQUEST];
	size_t count = 0;

	endpoint_request(bench->endpoints[0], n, request);
	for (const char *at = request; (at = strstr(at, "v1,")) != NULL; at++)
		count++;
	return count;
}

static void a_new_text_of_a_secret_is_used_at_the_next_attempt(void **state)
{
	const char *const *const scripts[] = { ok };
	struct bench *bench = bench_new(scripts, 1, false, PATIENT);

	(void)state;
	offer(bench, 1, 1, "c0");
	assert_record(bench, 0, "1-1-c0", "first", WQ_CONFIG, 1, false); /* there is none yet */
	put_secret(bench, KEY);
	offer(bench, 2, 1, "c0");
	assert_true(record(bench, 1).kind == WQ_SENT);
	assert_int_equal(signatures(bench, 0), 1);
	put_secret(bench, KEY " " KEY);
	offer(bench, 3, 1, "c0");
	while (record(bench, 2).kind != WQ_SENT)
		fail_msg("%s", record(bench, 2).text);
	put_secret(bench, "rubbish");
	size_t before = endpoint_requests(bench->endpoints[0]);

	offer(bench, 4, 1, "c0");
	while (endpoint_requests(bench->endpoints[0]) == before)
		record(bench, 3);
	assert_int_equal(signatures(bench, before), 2); /* the last that could be used */
	bench_free(bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_text_of_a_secret_is_used_at_the_next_attempt),
		cmocka_unit_test(a_notice_arrives_as_it_was_prepared),
		cmocka_unit_test(the_link_goes_through_channels_that_carry_it),
		cmocka_unit_test(failures_are_tried_again_with_the_same_id_and_body),
		cmocka_unit_test(what_is_wrong_fails_over_and_is_told_as_trouble),
		cmocka_unit_test(a_drill_is_tried_on_its_channel_alone),
		cmocka_unit_test(a_channel_without_its_secret_fails_over_and_stops_nothing),
		cmocka_unit_test(a_hanging_endpoint_holds_up_no_other),
		cmocka_unit_test(a_disk_that_hangs_holds_up_nobody_and_is_asked_again),
		cmocka_unit_test(what_hangs_past_its_deadline_goes_to_the_next_channel),
		cmocka_unit_test(what_another_life_tried_goes_on_where_it_was),
		cmocka_unit_test(a_body_without_end_is_cut_and_judged_by_its_status),
		cmocka_unit_test(it_refuses_more_than_it_can_hold_and_what_expired_is_given_up),
		cmocka_unit_test(a_contact_that_left_is_told_through_the_channel_that_was_chosen),
		cmocka_unit_test(what_cannot_be_prepared_is_a_fault_of_configuration),
		cmocka_unit_test(stopping_lets_attempts_under_way_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
