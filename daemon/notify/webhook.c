/* SPDX-License-Identifier: Apache-2.0 */
/* The generic webhook: JSON by HTTP POST, signed as in Standard Webhooks 1.0. Pure: it builds
 * requests and judges answers. */
#include "secret.h"
#include "signature.h"

#include "wq/channel.h"
#include "wq/err.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define URL_MAX 1024

/* Waits when told to slow down without being told for how long. */
#define THROTTLE_DEFAULT WQ_SECONDS(30)
#define THROTTLE_MIN     WQ_SECONDS(1)
#define THROTTLE_MAX     WQ_MINUTES(15)

struct webhook_settings {
	const char *url;
	const char *secret;
	wq_ms timeout;
};

struct webhook {
	const struct webhook_settings *settings;
	struct signature_keys keys;
	char id[WQ_NOTICE_ID + 16];
	char timestamp[48];
	char signature[SIGNATURE_TEXT + 24];
	char body[WQ_NOTICE_DATA + 256];
};

static const struct wq_option options[] = {
	{ .key = "url",
	        .type = WQ_OPT_TEXT,
	        .required = true,
	        .min = 10,
	        .max = URL_MAX,
	        .offset = offsetof(struct webhook_settings, url),
	        .help = "address that notices are posted to, http:// or https://" },
	{ .key = "secret",
	        .type = WQ_OPT_SECRET,
	        .required = true,
	        .offset = offsetof(struct webhook_settings, secret),
	        .help = "signing key: credential with 'whsec_' and base64 of 24 to 64 bytes; up to "
	                "4 while keys are "
	                "exchanged" },
	{ .key = "timeout",
	        .type = WQ_OPT_SPAN,
	        .min = 1000,
	        .max = 60000,
	        .fallback = "15s",
	        .offset = offsetof(struct webhook_settings, timeout),
	        .help = "longest wait for a complete answer" },
	WQ_OPTION_END,
};

static int webhook_check(const void *settings, struct wq_err *err)
{
	const char *url = ((const struct webhook_settings *)settings)->url;
	size_t scheme = strncmp(url, "https://", 8) == 0 ? 8
	        : strncmp(url, "http://", 7) == 0        ? 7
	                                                 : 0;

	if (scheme == 0)
		return wq_fail(err, WQ_E_INVALID, "url: must begin with http:// or https://");
	size_t host = strcspn(url + scheme, "/?#");

	if (host == 0 || url[scheme] == ':')
		return wq_fail(err, WQ_E_INVALID, "url: there is no host in it");
	if (memchr(url + scheme, '@', host) != NULL)
		return wq_fail(err, WQ_E_INVALID,
		        "url: a user or password in it would be a secret in the configuration");
	for (const char *c = url; *c != '\0'; c++)
		if (*c <= ' ' || *c >= 0x7f)
			return wq_fail(err, WQ_E_INVALID,
			        "url: only visible ASCII is allowed; write other characters as "
			        "%%XX");
	return 0;
}

static int webhook_open(void *state, const void *settings,
        int (*secret)(
                void *owner, const char *reference, char *buf, size_t cap, struct wq_err *err),
        void *owner, struct wq_err *err)
{
	struct webhook *webhook = state;
	char text[SECRET_TEXT];

	webhook->settings = settings;
	int r = secret(owner, webhook->settings->secret, text, sizeof text, err);

	if (r == 0)
		r = signature_keys_parse(text, &webhook->keys, err);
	explicit_bzero(text, sizeof text);
	return r;
}

static void webhook_close(void *state)
{
	signature_keys_wipe(&((struct webhook *)state)->keys);
}

/* The body has nothing of the attempt in it: it is the same bytes on every retry. */
static int write_body(struct webhook *webhook, const struct wq_notice *notice, struct wq_err *err)
{
	char time[WQ_INSTANT_TEXT];
	int n = snprintf(webhook->body, sizeof webhook->body,
	        "{\"type\":\"alarm.%s\",\"timestamp\":\"%s\",\"data\":%s}",
	        wq_change_name(notice->kind), wq_instant_format(&wq_zone_china, notice->time, time),
	        notice->data[0] == '{' ? notice->data : "{}");

	if (n < 0 || n >= (int)sizeof webhook->body)
		return wq_fail(err, WQ_E_INVALID, "%s: the message is too long", notice->id);
	return n;
}

static int webhook_prepare(void *state, const struct wq_notice *notice, wq_ms now,
        struct wq_request *request, struct wq_err *err)
{
	struct webhook *webhook = state;
	char signature[SIGNATURE_TEXT];

	if (notice->id[0] == '\0' || strpbrk(notice->id, ". \r\n") != NULL)
		return wq_fail(err, WQ_E_INVALID, "'%s' is no id of a webhook message", notice->id);
	int length = write_body(webhook, notice, err);

	if (length < 0)
		return length;
	int r = signature_make(&webhook->keys, notice->id, now / 1000, webhook->body,
	        (size_t)length, signature, err);

	if (r < 0)
		return r;
	snprintf(webhook->id, sizeof webhook->id, "webhook-id: %s", notice->id);
	snprintf(webhook->timestamp, sizeof webhook->timestamp, "webhook-timestamp: %" PRId64,
	        now / 1000);
	snprintf(webhook->signature, sizeof webhook->signature, "webhook-signature: %s", signature);
	*request = (struct wq_request){
		.url = webhook->settings->url,
		.timeout = webhook->settings->timeout,
		.header_count = 4,
		.headers = { "content-type: application/json; charset=utf-8", webhook->id,
		        webhook->timestamp, webhook->signature },
		.body = webhook->body,
		.body_length = (size_t)length,
	};
	return 0;
}

/* What a status means; the first row that holds it counts. */
static const struct {
	int from, to;
	enum wq_result_kind kind;
	const char *text;
} verdicts[] = {
	{ 200, 299, WQ_SENT, "taken" },
	{ 408, 408, WQ_RETRY, "the endpoint timed out" },
	{ 410, 410, WQ_CONFIG, "the endpoint is gone for good" },
	{ 425, 425, WQ_RETRY, "too early" },
	{ 429, 429, WQ_THROTTLE, "told to slow down" },
	{ 502, 502, WQ_THROTTLE, "the endpoint is overloaded" },
	{ 504, 504, WQ_THROTTLE, "the endpoint is overloaded" },
	{ 300, 399, WQ_CONFIG, "a redirect, which is never followed; correct the url" },
	{ 401, 401, WQ_CONFIG, "signature refused; check the secret and both clocks" },
	{ 403, 403, WQ_CONFIG, "refused" },
	{ 404, 404, WQ_CONFIG, "no such endpoint; check the url" },
	{ 400, 499, WQ_CONFIG, "the message was refused" },
	{ 500, 599, WQ_RETRY, "the endpoint failed" },
	{ 0, 0, WQ_RETRY, "no answer" },
	{ -1, 9999, WQ_RETRY, "not an answer by HTTP" },
};

static wq_ms clamp(wq_ms span)
{
	if (span == WQ_NO_TIME)
		return THROTTLE_DEFAULT;
	return span < THROTTLE_MIN ? THROTTLE_MIN : span > THROTTLE_MAX ? THROTTLE_MAX : span;
}

/* A receiver of webhooks does not answer with a page for people: something in between does. */
static bool is_page(const char *body)
{
	static const char *const beginnings[] = { "<!doctype html", "<html" };

	if (strncmp(body, "\xEF\xBB\xBF", 3) == 0)
		body += 3;
	body += strspn(body, " \t\r\n");
	for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++)
		if (strncasecmp(body, beginnings[i], strlen(beginnings[i])) == 0)
			return true;
	return false;
}

static void webhook_judge(
        void *state, const struct wq_response *response, wq_ms now, struct wq_result *result)
{
	size_t row = 0;
	int status = response->failure != NULL ? 0 : response->status;

	(void)state;
	while (row + 1 < sizeof verdicts / sizeof *verdicts &&
	        (status < verdicts[row].from || status > verdicts[row].to))
		row++;
	result->kind = verdicts[row].kind;
	result->until = WQ_NO_TIME;
	if (status == 503 && response->retry_after != WQ_NO_TIME)
		result->kind = WQ_THROTTLE;
	if (result->kind == WQ_THROTTLE)
		result->until = now + clamp(response->retry_after);
	bool page = result->kind == WQ_SENT && is_page(response->body);
	if (page)
		result->kind = WQ_RETRY;
	if (page)
		snprintf(result->text, sizeof result->text,
		        "HTTP %d: an HTML page instead of an answer; a login page in between?", status);
	else if (response->failure != NULL)
		snprintf(result->text, sizeof result->text, "no answer: %.160s", response->failure);
	else
		snprintf(result->text, sizeof result->text, "HTTP %d: %s", status,
		        verdicts[row].text);
}

const struct wq_channel webhook_channel;
const struct wq_channel webhook_channel = {
	.name = "webhook",
	.help = "posts each notice as signed JSON (Standard Webhooks 1.0) to an address",
	.options = options,
	.settings_size = sizeof(struct webhook_settings),
	.state_size = sizeof(struct webhook),
	.check = webhook_check,
	.open = webhook_open,
	.close = webhook_close,
	.prepare = webhook_prepare,
	.judge = webhook_judge,
};
