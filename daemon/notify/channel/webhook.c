/* SPDX-License-Identifier: Apache-2.0 */
/* The generic webhook: JSON by HTTP POST, signed as in Standard Webhooks 1.0. Pure: it builds
 * requests and judges answers. */
#include "address.h"
#include "answer.h"
#include "notify/link.h"
#include "notify/memo.h"
#include "secret.h"
#include "signature.h"

#include "wq/channel.h"
#include "wq/err.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct webhook_settings {
	const char *url;
	const char *secret;
	const char *ca_file;
	wq_ms timeout;
};

struct webhook {
	const struct webhook_settings *settings;
	struct signature_keys keys;
	char id[WQ_NOTICE_ID + 16];
	char timestamp[48];
	char signature[SIGNATURE_TEXT + 24];
	char body[LINK_DATA + 256];
};

static const struct wq_option options[] = {
	{ .key = "url",
	        .type = WQ_OPT_TEXT,
	        .required = true,
	        .min = 10,
	        .max = ADDRESS_MAX,
	        .offset = offsetof(struct webhook_settings, url),
	        .help = "address that notices are posted to, http:// or https://" },
	{ .key = "secret",
	        .type = WQ_OPT_SECRET,
	        .required = true,
	        .offset = offsetof(struct webhook_settings, secret),
	        .help = "signing key: credential with 'whsec_' and base64 of 24 to 64 bytes; up to "
	                "4 while keys are "
	                "exchanged" },
	{ .key = "ca_file",
	        .type = WQ_OPT_TEXT,
	        .min = 2,
	        .max = 255,
	        .offset = offsetof(struct webhook_settings, ca_file),
	        .help = "certificates that sign the receiver's, PEM; default: the system's" },
	{ .key = "timeout",
	        .type = WQ_OPT_SPAN,
	        .min = 1000,
	        .max = 60000,
	        .fallback = "15s",
	        .offset = offsetof(struct webhook_settings, timeout),
	        .help = "longest wait for a complete answer" },
	WQ_OPTION_END,
};

/* http:// too: the body is signed, and many a receiver is on the same machine. */
static int webhook_check(const void *settings, struct wq_err *err)
{
	return address_check(((const struct webhook_settings *)settings)->url, "https", "http", true, err);
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
	char time[WQ_INSTANT_TEXT], type[MEMO_TYPE], data[LINK_DATA];
	int n = snprintf(webhook->body, sizeof webhook->body,
	        "{\"type\":\"%s\",\"timestamp\":\"%s\",\"data\":%s}", memo_type(notice, type),
	        wq_instant_format(&wq_zone_china, notice->time, time), link_data(notice, data));

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
		.ca_file = webhook->settings->ca_file,
		.header_count = 4,
		.headers = { "content-type: application/json; charset=utf-8", webhook->id,
		        webhook->timestamp, webhook->signature },
		.body = webhook->body,
		.body_length = (size_t)length,
	};
	return 0;
}

static void webhook_judge(
        void *state, const struct wq_response *response, wq_ms now, struct wq_result *result)
{
	(void)state;
	answer_http(response, now, result);
}

const struct wq_channel webhook_channel;
const struct wq_channel webhook_channel = {
	.name = "webhook",
	.machine = true,
	.help = "posts each notice as signed JSON (Standard Webhooks 1.0) to an address",
	.catch_up = true,
	.options = options,
	.settings_size = sizeof(struct webhook_settings),
	.state_size = sizeof(struct webhook),
	.link = WQ_LINK_USUAL,
	.check = webhook_check,
	.open = webhook_open,
	.close = webhook_close,
	.prepare = webhook_prepare,
	.judge = webhook_judge,
};
