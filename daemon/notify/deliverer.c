/* SPDX-License-Identifier: Apache-2.0 */
/* Sends what the outbox says, with one curl_multi handle, and one thread for each channel that is
 * not HTTP. The outbox is under the mutex; everything else but the counters belongs to the thread.
 */
#include "deliverer.h"

#include "outbox.h"
#include "secret.h"
#include "sender.h"

#include "wq/err.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define BODY_MAX        (64 * 1024)
#define TURN_MAX        WQ_SECONDS(1)
#define TIMEOUT_DEFAULT WQ_SECONDS(20)
#define CONNECT_MAX     WQ_SECONDS(10)
#define STOP_MARGIN     WQ_SECONDS(2)
#define THROTTLE_MAX    WQ_HOURS(1)
#define LIFETIME_MAX    WQ_DAYS(366)
#define SEND_MAX        WQ_SECONDS(20) /* a send() that takes longer hangs */
#define FIRST_HIGH_FD   1024           /* below is left to libraries that still use select() */

/* One channel: its state, and the one transfer that may be under way. */
struct line {
	const struct config_channel *use;
	void *state; /* NULL: could not be opened */
	bool busy, troubled, cut;
	struct outbox_attempt attempt;
	struct sender *sender; /* NULL: HTTP */
	wq_ms hangs;           /* with sender and busy: from then on it is given up */
	bool hanging;          /* the sender is still in a send() that was given up */
	CURL *easy;
	struct curl_slist *headers;
	char *body;
	size_t length;
	char error[CURL_ERROR_SIZE];
	char why[160]; /* it could not be opened */
};

struct deliverer {
	const struct config *config;
	struct deliverer_events events;
	struct deliverer_clock clock;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	bool ended;            /* under the mutex */
	struct outbox *outbox; /* under the mutex */
	atomic_bool stopping;
	_Atomic wq_ms stop_at;
	atomic_uint_fast64_t turns;
	CURLM *multi;
	struct line *lines;
	size_t line_count;
};

static size_t take_body(char *bytes, size_t size, size_t count, void *owner)
{
	struct line *line = owner;
	size_t n = size * count;

	if (n > BODY_MAX - line->length) {
		n = BODY_MAX - line->length;
		line->cut = true; /* returning less than was given ends the transfer */
	}
	memcpy(line->body + line->length, bytes, n);
	line->length += n;
	return n;
}

static curl_socket_t open_socket(void *owner, curlsocktype purpose, struct curl_sockaddr *address)
{
	(void)owner, (void)purpose;
	int low = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);

	if (low < 0)
		return CURL_SOCKET_BAD;
	int high = fcntl(low, F_DUPFD_CLOEXEC, FIRST_HIGH_FD);

	if (high < 0)
		return low; /* few descriptors are allowed: then it stays where it is */
	close(low);
	return high;
}

static int find_secret(
        void *owner, const char *reference, char *buf, size_t cap, struct wq_err *err)
{
	const struct deliverer *d = owner;

	return secret_read(d->config->paths.credentials, reference, buf, cap, err);
}

/* Options that are the same for every transfer of a channel. */
static void prepare_easy(struct line *line)
{
	CURL *easy = line->easy;

	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	/* After a change of address a reused connection may time out again and again. */
	curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
	/* Without it the end of a transfer waits for a resolver that a dead name server holds up.
	 */
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "wqd/" WQ_VERSION);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, line);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, line->error);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, line);
}

static void ring(void *owner)
{
	struct deliverer *d = owner;

	curl_multi_wakeup(d->multi);
}

static int open_line(struct deliverer *d, struct line *line, const struct config_channel *use)
{
	struct wq_err problem = { 0 };

	line->use = use;
	line->easy = curl_easy_init();
	line->body = malloc(BODY_MAX + 1);
	line->state = calloc(1, use->channel->state_size > 0 ? use->channel->state_size : 1);
	if (line->easy == NULL || line->body == NULL || line->state == NULL)
		return WQ_E_MEMORY;
	prepare_easy(line);
	if (use->channel->open(line->state, use->settings, find_secret, d, &problem) < 0) {
		snprintf(line->why, sizeof line->why, "%.*s", (int)sizeof line->why - 1,
		        problem.text);
		free(line->state);
		line->state = NULL;
	} else if (use->channel->send != NULL) {
		line->sender = sender_start(use->channel, line->state, ring, d);
		return line->sender != NULL ? 0 : WQ_E_MEMORY;
	}
	return 0;
}

static void close_line(struct line *line)
{
	if (line->state != NULL && line->use->channel->close != NULL && line->why[0] == '\0')
		line->use->channel->close(line->state);
	free(line->state);
	free(line->body);
	curl_slist_free_all(line->headers);
	curl_easy_cleanup(line->easy);
}

static void say_trouble(struct deliverer *d, struct line *line, bool down, const char *text)
{
	if (down == line->troubled)
		return;
	line->troubled = down;
	if (d->events.trouble != NULL)
		d->events.trouble(d->events.owner, line->use->name, down ? text : NULL);
}

static wq_ms bounded(wq_ms span, wq_ms longest)
{
	return span < 0 ? 0 : span > longest ? longest : span;
}

/* Tells the outbox and the owner how an attempt went. */
static void conclude(struct deliverer *d, struct line *line, const struct wq_result *result)
{
	wq_ms wall = d->clock.wall(), now = d->clock.steady();
	wq_ms until = now;
	struct store_delivery record = {
		.kind = result->kind, .at = wall, .attempt = line->attempt.number
	};

	/* Bounded, lest a step of the wall clock in between makes it a year. */
	if (result->kind == WQ_THROTTLE)
		until += bounded(result->until - wall, THROTTLE_MAX);
	snprintf(record.id, sizeof record.id, "%s", line->attempt.notice->id);
	snprintf(record.channel, sizeof record.channel, "%s", line->use->name);
	snprintf(record.text, sizeof record.text, "%s", result->text);
	pthread_mutex_lock(&d->mutex);
	record.done = outbox_result(d->outbox, &line->attempt, result->kind, until, now);
	bool down = outbox_down(d->outbox, line->attempt.channel);

	pthread_mutex_unlock(&d->mutex);
	line->busy = false;
	d->events.attempt(d->events.owner, &record);
	say_trouble(d, line, down, record.text);
}

static void refuse(struct deliverer *d, struct line *line, const char *text)
{
	struct wq_result result = { .kind = WQ_CONFIG };

	snprintf(result.text, sizeof result.text, "%.*s", (int)sizeof result.text - 1, text);
	conclude(d, line, &result);
}

/* Sets what belongs to this request; false: no memory. */
static bool load_request(struct line *line, const struct wq_request *request)
{
	wq_ms timeout = request->timeout > 0 ? request->timeout : TIMEOUT_DEFAULT;

	if (line->attempt.patience > 0 && line->attempt.patience < timeout)
		timeout = line->attempt.patience;
	wq_ms connect = timeout < CONNECT_MAX ? timeout : CONNECT_MAX;
	bool secure = strncmp(request->url, "https:", 6) == 0;

	curl_slist_free_all(line->headers);
	line->headers = curl_slist_append(NULL, "Expect:");
	for (size_t i = 0; line->headers != NULL && i < request->header_count; i++) {
		struct curl_slist *longer = curl_slist_append(line->headers, request->headers[i]);

		if (longer == NULL)
			return false;
		line->headers = longer;
	}
	curl_easy_setopt(line->easy, CURLOPT_PROTOCOLS_STR, secure ? "https" : "http");
	curl_easy_setopt(line->easy, CURLOPT_HTTPHEADER, line->headers);
	curl_easy_setopt(line->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)connect);
	curl_easy_setopt(line->easy, CURLOPT_TIMEOUT_MS, (long)timeout);
	curl_easy_setopt(line->easy, CURLOPT_POST, 1L);
	curl_easy_setopt(line->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_length);
	return line->headers != NULL &&
	        curl_easy_setopt(line->easy, CURLOPT_COPYPOSTFIELDS, request->body) == CURLE_OK &&
	        curl_easy_setopt(line->easy, CURLOPT_URL, request->url) == CURLE_OK;
}

static void begin_http(struct deliverer *d, struct line *line)
{
	struct wq_request request = { 0 };
	struct wq_err problem = { 0 };
	struct wq_result result = { .kind = WQ_RETRY };

	if (line->use->channel->prepare(
	            line->state, line->attempt.notice, d->clock.wall(), &request, &problem) < 0) {
		if (problem.code != WQ_E_MEMORY) {
			refuse(d, line, problem.text);
			return;
		}
		snprintf(result.text, sizeof result.text, "%.180s", problem.text);
		conclude(d, line, &result);
		return;
	}
	line->length = 0;
	line->cut = false;
	line->error[0] = '\0';
	if (load_request(line, &request) && curl_multi_add_handle(d->multi, line->easy) == CURLM_OK)
		return;
	snprintf(result.text, sizeof result.text, "no memory for the transfer");
	conclude(d, line, &result);
}

static void say_hanging(struct deliverer *d, struct line *line)
{
	struct wq_result result = { .kind = WQ_RETRY };

	snprintf(result.text, sizeof result.text,
	        "the disk does not answer; what was given to it may come late");
	conclude(d, line, &result);
}

static void begin_send(struct deliverer *d, struct line *line)
{
	wq_ms longest = line->attempt.patience;

	if (longest <= 0 || longest > SEND_MAX)
		longest = SEND_MAX;
	line->hangs = d->clock.steady() + longest;
	if (!sender_give(line->sender, line->attempt.notice, d->clock.wall()))
		say_hanging(d, line);
}

/* Takes what the threads of the other channels have done. */
static void collect_sent(struct deliverer *d)
{
	for (size_t i = 0; i < d->line_count; i++) {
		struct line *line = &d->lines[i];
		struct wq_result result;

		if (line->sender == NULL || (!line->busy && !line->hanging))
			continue;
		bool done = sender_take(line->sender, &result);

		/* What comes after it was given up is of an attempt that nobody waits for. */
		if (done && line->busy && !line->hanging)
			conclude(d, line, &result);
		else if (line->busy && !done && d->clock.steady() >= line->hangs) {
			line->hanging = true;
			say_hanging(d, line);
		}
		if (done)
			line->hanging = false;
	}
}

static void begin(struct deliverer *d, const struct outbox_attempt *attempt)
{
	struct line *line = &d->lines[attempt->channel];

	line->attempt = *attempt;
	line->busy = true;
	if (line->state == NULL)
		refuse(d, line, line->why);
	else if (line->sender != NULL)
		begin_send(d, line);
	else
		begin_http(d, line);
}

static bool next_attempt(struct deliverer *d, struct outbox_attempt *attempt)
{
	pthread_mutex_lock(&d->mutex);
	bool found = outbox_next(d->outbox, d->clock.steady(), attempt);

	pthread_mutex_unlock(&d->mutex);
	return found;
}

static bool next_given_up(struct deliverer *d, struct store_delivery *record)
{
	struct outbox_attempt last;

	pthread_mutex_lock(&d->mutex);
	bool found = outbox_give_up(d->outbox, d->clock.steady(), &last);

	if (found) {
		*record = (struct store_delivery){
			.kind = WQ_DROP, .at = d->clock.wall(), .attempt = last.number, .done = true
		};
		snprintf(record->id, sizeof record->id, "%s", last.notice->id);
		snprintf(record->channel, sizeof record->channel, "%s",
		        last.channel < d->line_count ? d->lines[last.channel].use->name
		                                     : last.notice->channel);
	}
	pthread_mutex_unlock(&d->mutex);
	if (found && last.channel < d->line_count)
		snprintf(record->text, sizeof record->text,
		        "given up after %u attempts: not delivered within its lifetime",
		        (unsigned)last.number);
	else if (found)
		snprintf(record->text, sizeof record->text,
		        "given up: neither its contact nor its channel is in the configuration any "
		        "more");
	return found;
}

/* Why there was no answer. Nothing with an address in it: addresses may hold tokens. */
static const char *failure_of(const struct line *line, CURLcode code)
{
	if (line->error[0] == '\0' || strstr(line->error, "//") != NULL ||
	        strchr(line->error, '?') != NULL)
		return curl_easy_strerror(code);
	return line->error;
}

static void finish(struct deliverer *d, struct line *line, CURLcode code)
{
	long status = 0;
	curl_off_t after = 0;
	struct wq_result result = { .kind = WQ_RETRY };

	curl_easy_getinfo(line->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(line->easy, CURLINFO_RETRY_AFTER, &after);
	curl_multi_remove_handle(d->multi, line->easy);
	line->body[line->length] = '\0';
	bool answered = code == CURLE_OK || (code == CURLE_WRITE_ERROR && line->cut);
	struct wq_response response = {
		.status = answered ? (int)status : 0,
		.body = line->body,
		.body_length = line->length,
		.retry_after = after > 0 && after < 1000000 ? WQ_SECONDS(after) : WQ_NO_TIME,
		.failure = answered ? NULL : failure_of(line, code),
	};

	line->use->channel->judge(line->state, &response, d->clock.wall(), &result);
	conclude(d, line, &result);
}

static void collect(struct deliverer *d)
{
	int left;
	CURLMsg *message;

	while ((message = curl_multi_info_read(d->multi, &left)) != NULL) {
		struct line *line = NULL;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&line);
		finish(d, line, message->data.result);
	}
}

static bool any_busy(const struct deliverer *d)
{
	for (size_t i = 0; i < d->line_count; i++)
		if (d->lines[i].busy)
			return true;
	return false;
}

/* How long nothing needs doing, 0 … TURN_MAX. */
static int idle(struct deliverer *d)
{
	wq_ms now = d->clock.steady(), wait = TURN_MAX;

	pthread_mutex_lock(&d->mutex);
	wq_ms wake = outbox_wake(d->outbox, now);

	pthread_mutex_unlock(&d->mutex);
	if (atomic_load(&d->stopping))
		wait = atomic_load(&d->stop_at) - now;
	else if (wake != WQ_NO_TIME && wake - now < wait)
		wait = wake - now;
	return (int)bounded(wait, TURN_MAX);
}

/* One turn of the loop; false: it is over. */
static bool turn(struct deliverer *d)
{
	struct outbox_attempt attempt;
	struct store_delivery record;
	int running;

	while (!atomic_load(&d->stopping) && next_given_up(d, &record))
		d->events.attempt(d->events.owner, &record);
	while (!atomic_load(&d->stopping) && next_attempt(d, &attempt))
		begin(d, &attempt);
	curl_multi_perform(d->multi, &running);
	collect(d);
	collect_sent(d);
	atomic_fetch_add(&d->turns, 1);
	if (atomic_load(&d->stopping) &&
	        (!any_busy(d) || d->clock.steady() >= atomic_load(&d->stop_at)))
		return false;
	curl_multi_poll(d->multi, NULL, 0, idle(d), NULL);
	return true;
}

static void *run(void *owner)
{
	struct deliverer *d = owner;

	for (size_t i = 0; i < d->line_count; i++)
		if (d->lines[i].state == NULL)
			say_trouble(d, &d->lines[i], true, d->lines[i].why);
	while (turn(d))
		;
	for (size_t i = 0; i < d->line_count; i++)
		if (d->lines[i].busy && d->lines[i].sender == NULL)
			curl_multi_remove_handle(d->multi, d->lines[i].easy);
	pthread_mutex_lock(&d->mutex);
	d->ended = true;
	pthread_cond_broadcast(&d->changed);
	pthread_mutex_unlock(&d->mutex);
	return NULL;
}

/* False: one hangs, and needs everything that it may touch. */
static bool stop_senders(struct deliverer *d)
{
	bool all = true;

	for (size_t i = 0; d->lines != NULL && i < d->line_count; i++) {
		bool ended = sender_stop(d->lines[i].sender, STOP_MARGIN);

		d->lines[i].sender = NULL;
		all = all && ended;
	}
	return all;
}

static void free_all(struct deliverer *d)
{
	for (size_t i = 0; d->lines != NULL && i < d->line_count; i++)
		close_line(&d->lines[i]);
	free(d->lines);
	curl_multi_cleanup(d->multi);
	curl_global_cleanup();
	outbox_free(d->outbox);
	pthread_cond_destroy(&d->changed);
	pthread_mutex_destroy(&d->mutex);
	free(d);
}

static int open_all(struct deliverer *d)
{
	uint64_t seed = 0;

	if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) < 0)
		seed = (uint64_t)d->clock.steady();
	d->multi = curl_multi_init();
	d->lines = calloc(d->config->channel_count + 1, sizeof *d->lines);
	d->outbox = outbox_new(DELIVERER_CAPACITY, d->config->channel_count, seed);
	if (d->multi == NULL || d->lines == NULL || d->outbox == NULL)
		return WQ_E_MEMORY;
	for (size_t i = 0; i < d->config->channel_count; i++) {
		d->line_count = i + 1;
		if (open_line(d, &d->lines[i], &d->config->channels[i]) < 0)
			return WQ_E_MEMORY;
	}
	return 0;
}

struct deliverer *deliverer_start(const struct config *config,
        const struct deliverer_events *events, const struct deliverer_clock *clock,
        struct wq_err *err)
{
	pthread_condattr_t attributes;
	struct deliverer *d = calloc(1, sizeof *d);

	if (d == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		free(d);
		wq_fail(err, WQ_E_MEMORY, "deliverer: no memory");
		return NULL;
	}
	d->config = config;
	d->events = *events;
	d->clock = *clock;
	pthread_mutex_init(&d->mutex, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&d->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	int r = open_all(d);

	if (r == 0 && pthread_create(&d->thread, NULL, run, d) == 0) {
		pthread_setname_np(d->thread, "deliverer");
		return d;
	}
	if (stop_senders(d))
		free_all(d);
	wq_fail(err, WQ_E_MEMORY, "deliverer: %s",
	        r < 0 ? "no memory" : "no thread can be started");
	return NULL;
}

/* Index of a channel; UINT32_MAX: there is none of that name. */
static uint32_t channel_named(const struct config *config, const char *name)
{
	for (uint32_t i = 0; i < config->channel_count; i++)
		if (strcmp(config->channels[i].name, name) == 0)
			return i;
	return UINT32_MAX;
}

static size_t channels_of(const struct config *config, const struct wq_notice *notice,
        const uint32_t **channels, uint32_t *own)
{
	for (size_t i = 0; i < config->contact_count; i++) {
		if (strcmp(config->contacts[i].id, notice->contact) != 0)
			continue;
		*channels = config->contacts[i].channels;
		return config->contacts[i].channel_count;
	}
	*own = channel_named(config, notice->channel);
	*channels = own;
	return *own < config->channel_count ? 1 : 0;
}

bool deliverer_offer(struct deliverer *d, const struct wq_notice *notice, uint32_t attempts)
{
	const uint32_t *channels = NULL;
	uint32_t own = 0;
	size_t count = channels_of(d->config, notice, &channels, &own);
	wq_ms wall = d->clock.wall();
	wq_ms lifetime = notice->expires > wall ? bounded(notice->expires - wall, LIFETIME_MAX) : 0;

	if (atomic_load(&d->stopping))
		return false;
	pthread_mutex_lock(&d->mutex);
	enum outbox_taken taken = outbox_add(
	        d->outbox, notice, channels, count, attempts, lifetime, d->clock.steady());

	if (taken == OUTBOX_TAKEN && notice->since > 0)
		outbox_resume(d->outbox, notice->id, channel_named(d->config, notice->channel),
		        bounded(wall - notice->since, LIFETIME_MAX), d->clock.steady());
	pthread_mutex_unlock(&d->mutex);
	if (taken == OUTBOX_TAKEN)
		curl_multi_wakeup(d->multi);
	return taken != OUTBOX_FULL;
}

size_t deliverer_room(struct deliverer *d)
{
	pthread_mutex_lock(&d->mutex);
	size_t room = outbox_room(d->outbox);

	pthread_mutex_unlock(&d->mutex);
	return room;
}

uint64_t deliverer_progress(const struct deliverer *d)
{
	return atomic_load(&d->turns);
}

/* Waits for the thread's end for at most `span`. */
static bool wait_for_end(struct deliverer *d, wq_ms span)
{
	struct timespec until;
	int r = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)(span / 1000);
	until.tv_nsec += (long)(span % 1000) * 1000000L;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000L;
	}
	pthread_mutex_lock(&d->mutex);
	while (!d->ended && r == 0)
		r = pthread_cond_timedwait(&d->changed, &d->mutex, &until);
	bool ended = d->ended;

	pthread_mutex_unlock(&d->mutex);
	return ended;
}

bool deliverer_stop(struct deliverer *d, wq_ms grace)
{
	if (d == NULL)
		return true;
	atomic_store(&d->stop_at, d->clock.steady() + grace);
	atomic_store(&d->stopping, true);
	curl_multi_wakeup(d->multi);
	if (!wait_for_end(d, grace + STOP_MARGIN)) {
		pthread_detach(d->thread);
		return false;
	}
	pthread_join(d->thread, NULL);
	if (!stop_senders(d))
		return false;
	free_all(d);
	return true;
}
