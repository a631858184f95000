/* SPDX-License-Identifier: Apache-2.0 */
/* One curl_multi handle for all HTTP channels, a thread each for the others. The only file of the alerter that knows
 * libcurl. */
#include "lines.h"

#include "notify/channel/instance.h"
#include "sender.h"

#include "wq/err.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BODY_MAX        (64 * 1024)
#define TIMEOUT_DEFAULT WQ_SECONDS(20)
#define CONNECT_MAX     WQ_SECONDS(10)
#define SEND_MAX        WQ_SECONDS(20) /* a send() that takes longer hangs */
#define STOP_MARGIN     WQ_SECONDS(2)

/* One channel: its state, and the one attempt that may be under way. */
struct line {
	struct instance instance;
	bool busy, cut;
	struct outbox_attempt attempt;
	struct wq_notice notice; /* of the attempt, as the channel is given it */
	struct sender *sender; /* NULL: HTTP */
	wq_ms hangs;           /* with sender and busy: from then on it is given up */
	bool hanging;          /* the sender is still in a send() that was given up */
	CURL *easy;
	struct curl_slist *headers, *mail_to;
	const char *mail; /* what is left of it to be read */
	size_t mail_left;
	char *body;
	size_t length;
	char error[CURL_ERROR_SIZE];
};

static const struct wq_channel *channel_of(const struct line *line)
{
	return line->instance.use->channel;
}

struct lines {
	const struct config *config;
	struct deliverer_clock clock;
	CURLM *multi;
	struct line *lines;
	size_t count;
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

/* As libcurl's own, but not left open in a program that a channel runs. */
static curl_socket_t open_socket(void *owner, curlsocktype purpose, struct curl_sockaddr *address)
{
	(void)owner, (void)purpose;
	int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);

	return fd < 0 ? CURL_SOCKET_BAD : fd;
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
	lines_wake(owner);
}

static int start_sender(struct lines *lines, struct line *line)
{
	if (line->instance.state == NULL || channel_of(line)->send == NULL || line->sender != NULL)
		return 0;
	line->sender = sender_start(channel_of(line), line->instance.state, ring, lines);
	return line->sender != NULL ? 0 : WQ_E_MEMORY;
}

static int open_line(struct lines *lines, struct line *line, const struct config_channel *use)
{
	line->easy = curl_easy_init();
	line->body = malloc(BODY_MAX + 1);
	if (line->easy == NULL || line->body == NULL ||
	        !instance_open(&line->instance, use, lines->config->paths.credentials))
		return WQ_E_MEMORY;
	prepare_easy(line);
	return start_sender(lines, line);
}

/* Takes over secrets that have changed. A send() that was given up may still use the old ones. */
static void refresh(struct lines *lines, struct line *line)
{
	if (line->hanging || !instance_refresh(&line->instance))
		return;
	if (line->sender != NULL)
		sender_use(line->sender, line->instance.state);
	else
		start_sender(lines, line);
}

static void close_line(struct line *line)
{
	instance_close(&line->instance);
	free(line->body);
	curl_slist_free_all(line->headers);
	curl_slist_free_all(line->mail_to);
	curl_easy_cleanup(line->easy);
}

struct lines *lines_open(const struct config *config, const struct deliverer_clock *clock)
{
	struct lines *lines = calloc(1, sizeof *lines);

	if (lines == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		free(lines);
		return NULL;
	}
	lines->config = config;
	lines->clock = *clock;
	lines->multi = curl_multi_init();
	lines->lines = calloc(config->channel_count + 1, sizeof *lines->lines);
	bool ok = lines->multi != NULL && lines->lines != NULL;

	for (size_t i = 0; ok && i < config->channel_count; i++) {
		lines->count = i + 1;
		ok = open_line(lines, &lines->lines[i], &config->channels[i]) == 0;
	}
	if (ok)
		return lines;
	lines_close(lines);
	return NULL;
}

/* False: one hangs, and needs everything that it may touch. */
static bool stop_senders(struct lines *lines)
{
	bool all = true;

	for (size_t i = 0; i < lines->count; i++) {
		bool ended = sender_stop(lines->lines[i].sender, STOP_MARGIN);

		lines->lines[i].sender = NULL;
		all = all && ended;
	}
	return all;
}

bool lines_close(struct lines *lines)
{
	if (lines == NULL)
		return true;
	for (size_t i = 0; i < lines->count; i++)
		if (lines->lines[i].busy && lines->lines[i].sender == NULL)
			curl_multi_remove_handle(lines->multi, lines->lines[i].easy);
	if (!stop_senders(lines))
		return false;
	for (size_t i = 0; i < lines->count; i++)
		close_line(&lines->lines[i]);
	free(lines->lines);
	curl_multi_cleanup(lines->multi);
	curl_global_cleanup();
	free(lines);
	return true;
}

const char *lines_refusal(const struct lines *lines, uint32_t channel)
{
	const struct instance *instance = &lines->lines[channel].instance;

	return instance->state == NULL ? instance->why : NULL;
}

bool lines_busy(const struct lines *lines)
{
	for (size_t i = 0; i < lines->count; i++)
		if (lines->lines[i].busy)
			return true;
	return false;
}

void lines_wake(struct lines *lines)
{
	curl_multi_wakeup(lines->multi);
}

/* -- beginning -- */

static bool over(struct wq_result *result, enum wq_result_kind kind, const char *text)
{
	*result = (struct wq_result){ .kind = kind };
	snprintf(result->text, sizeof result->text, "%.*s", (int)sizeof result->text - 1, text);
	return false;
}

static size_t give_mail(char *bytes, size_t size, size_t count, void *owner)
{
	struct line *line = owner;
	size_t n = size * count < line->mail_left ? size * count : line->mail_left;

	memcpy(bytes, line->mail, n);
	line->mail += n;
	line->mail_left -= n;
	return n;
}

/* The body is the channel's own and stays as it is until the next attempt. */
static bool load_mail(struct line *line, const struct wq_request *request)
{
	CURL *easy = line->easy;

	curl_slist_free_all(line->mail_to);
	line->mail_to = curl_slist_append(NULL, request->mail_to);
	line->mail = request->body;
	line->mail_left = request->body_length;
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	curl_easy_setopt(easy, CURLOPT_USE_SSL, (long)(request->plain ? CURLUSESSL_TRY : CURLUSESSL_ALL));
	curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, line->mail_to);
	curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(easy, CURLOPT_READFUNCTION, give_mail);
	curl_easy_setopt(easy, CURLOPT_READDATA, line);
	curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)request->body_length);
	return line->mail_to != NULL && curl_easy_setopt(easy, CURLOPT_MAIL_FROM, request->mail_from) == CURLE_OK &&
	        curl_easy_setopt(easy, CURLOPT_USERNAME, request->user) == CURLE_OK &&
	        curl_easy_setopt(easy, CURLOPT_PASSWORD, request->password) == CURLE_OK &&
	        curl_easy_setopt(easy, CURLOPT_URL, request->url) == CURLE_OK;
}

static bool load_post(struct line *line, const struct wq_request *request)
{
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
	curl_easy_setopt(line->easy, CURLOPT_POST, 1L);
	curl_easy_setopt(line->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_length);
	return line->headers != NULL &&
	        curl_easy_setopt(line->easy, CURLOPT_COPYPOSTFIELDS, request->body) == CURLE_OK &&
	        curl_easy_setopt(line->easy, CURLOPT_URL, request->url) == CURLE_OK;
}

/* Sets what belongs to this request; false: no memory. */
static bool load_request(struct line *line, const struct wq_request *request)
{
	wq_ms timeout = request->timeout > 0 ? request->timeout : TIMEOUT_DEFAULT;

	if (line->attempt.patience > 0 && line->attempt.patience < timeout)
		timeout = line->attempt.patience;
	wq_ms connect = timeout < CONNECT_MAX ? timeout : CONNECT_MAX;

	if (request->ca_file != NULL)
		curl_easy_setopt(line->easy, CURLOPT_CAINFO, request->ca_file);
	curl_easy_setopt(line->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)connect);
	curl_easy_setopt(line->easy, CURLOPT_TIMEOUT_MS, (long)timeout);
	return request->mail_to != NULL ? load_mail(line, request) : load_post(line, request);
}

/* A channel that does not want this notice (state) is not for this recipient now; the rest is wrong settings. */
static enum wq_result_kind refusal_of(int code)
{
	return code == WQ_E_MEMORY ? WQ_RETRY : code == WQ_E_STATE ? WQ_DROP : WQ_CONFIG;
}

static bool begin_http(struct lines *lines, struct line *line, struct wq_result *result)
{
	struct wq_request request = { 0 };
	struct wq_err problem = { 0 };

	if (channel_of(line)->prepare(
	            line->instance.state, &line->notice, lines->clock.wall(), &request, &problem) < 0)
		return over(result, refusal_of(problem.code), problem.text);
	line->length = 0;
	line->cut = false;
	line->error[0] = '\0';
	if (load_request(line, &request) &&
	        curl_multi_add_handle(lines->multi, line->easy) == CURLM_OK)
		return true;
	return over(result, WQ_RETRY, "no memory for the transfer");
}

#define HANGS "the disk does not answer; what was given to it may come late"

static bool begin_send(struct lines *lines, struct line *line, struct wq_result *result)
{
	wq_ms longest = line->attempt.patience;

	if (longest <= 0 || longest > SEND_MAX)
		longest = SEND_MAX;
	line->hangs = lines->clock.steady() + longest;
	return sender_give(line->sender, &line->notice, lines->clock.wall()) ||
	        over(result, WQ_RETRY, HANGS);
}

bool lines_begin(struct lines *lines, const struct outbox_attempt *attempt, struct wq_result *result)
{
	struct line *line = &lines->lines[attempt->channel];

	line->attempt = *attempt;
	line->notice = *attempt->notice;
	if (!line->instance.use->link)
		line->notice.link[0] = '\0';
	refresh(lines, line);
	if (line->instance.state == NULL)
		line->busy = over(result, WQ_CONFIG, line->instance.why);
	else if (line->sender != NULL)
		line->busy = begin_send(lines, line, result);
	else
		line->busy = begin_http(lines, line, result);
	return line->busy;
}

/* -- ending -- */

/* Why there was no answer. Nothing with an address in it: addresses may hold tokens. */
static const char *failure_of(const struct line *line, CURLcode code)
{
	if (line->error[0] == '\0' || strstr(line->error, "//") != NULL ||
	        strchr(line->error, '?') != NULL)
		return curl_easy_strerror(code);
	return line->error;
}

static wq_ms date_of(CURL *easy)
{
	struct curl_header *header;

	if (curl_easy_header(easy, "Date", 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
		return WQ_NO_TIME;
	time_t at = curl_getdate(header->value, NULL);

	return at > 0 ? WQ_SECONDS((wq_ms)at) : WQ_NO_TIME;
}

static void judge(struct lines *lines, struct line *line, CURLcode code, struct wq_result *result)
{
	long status = 0;
	curl_off_t after = 0;

	curl_easy_getinfo(line->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(line->easy, CURLINFO_RETRY_AFTER, &after);
	curl_multi_remove_handle(lines->multi, line->easy);
	line->body[line->length] = '\0';
	/* A mail server's refusal ends the transfer, and is an answer. */
	bool refused = line->mail_to != NULL && status >= 400;
	bool answered = code == CURLE_OK || refused || (code == CURLE_WRITE_ERROR && line->cut);
	struct wq_response response = {
		.status = answered ? (int)status : 0,
		.body = line->body,
		.body_length = line->length,
		.retry_after = after > 0 && after < 1000000 ? WQ_SECONDS(after) : WQ_NO_TIME,
		.date = date_of(line->easy),
		.failure = answered ? NULL : failure_of(line, code),
	};

	*result = (struct wq_result){ .kind = WQ_RETRY };
	channel_of(line)->judge(line->instance.state, &response, lines->clock.wall(), result);
}

static struct line *ended_http(struct lines *lines, struct wq_result *result)
{
	int left;
	CURLMsg *message;

	while ((message = curl_multi_info_read(lines->multi, &left)) != NULL) {
		struct line *line = NULL;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&line);
		judge(lines, line, message->data.result, result);
		return line;
	}
	return NULL;
}

/* Whether the attempt of a line with a thread of its own has ended, or lasts too long. */
static bool has_ended(struct lines *lines, struct line *line, struct wq_result *result)
{
	if (line->sender == NULL || (!line->busy && !line->hanging))
		return false;
	bool done = sender_take(line->sender, result);
	/* What comes after it was given up is of an attempt that nobody waits for. */
	bool counts = done && line->busy && !line->hanging;

	if (line->busy && !done && lines->clock.steady() >= line->hangs) {
		line->hanging = true;
		over(result, WQ_RETRY, HANGS);
		return true;
	}
	if (done)
		line->hanging = false;
	return counts;
}

static struct line *ended_send(struct lines *lines, struct wq_result *result)
{
	for (size_t i = 0; i < lines->count; i++)
		if (has_ended(lines, &lines->lines[i], result))
			return &lines->lines[i];
	return NULL;
}

bool lines_ended(struct lines *lines, struct outbox_attempt *attempt, struct wq_result *result)
{
	int running;

	curl_multi_perform(lines->multi, &running);
	struct line *line = ended_http(lines, result);

	if (line == NULL)
		line = ended_send(lines, result);
	if (line == NULL)
		return false;
	line->busy = false;
	*attempt = line->attempt;
	return true;
}

void lines_wait(struct lines *lines, wq_ms longest)
{
	curl_multi_poll(lines->multi, NULL, 0, (int)longest, NULL);
}
