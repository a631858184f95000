/* SPDX-License-Identifier: Apache-2.0 */
/* WeCom's group robot (企业微信群机器人): text by HTTP POST; the key in the address is the secret.
 */
#include "address.h"
#include "answer.h"
#include "digest.h"
#include "notify/link.h"
#include "secret.h"

#include "wq/err.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONTENT_MAX 2048 /* bytes of UTF-8, by the vendor's page */

struct wecom_settings {
	const char *url, *key;
	bool mention, allow_plain;
	wq_ms timeout;
};

struct wecom {
	const struct wecom_settings *settings;
	char key[256];
	char url[ADDRESS_MAX + 300];
	char body[2 * CONTENT_MAX];
};

static const struct wq_option options[] = {
	{ .key = "key",
	        .type = WQ_OPT_SECRET,
	        .required = true,
	        .offset = offsetof(struct wecom_settings, key),
	        .help = "credential with the robot's key: what stands behind key= in its address" },
	{ .key = "mention",
	        .type = WQ_OPT_SWITCH,
	        .fallback = "true",
	        .offset = offsetof(struct wecom_settings, mention),
	        .help = "@ the contact by its phone" },
	{ .key = "url",
	        .type = WQ_OPT_TEXT,
	        .min = 10,
	        .max = ADDRESS_MAX,
	        .fallback = "https://qyapi.weixin.qq.com",
	        .offset = offsetof(struct wecom_settings, url),
	        .help = "the service, without /cgi-bin/webhook/send" },
	{ .key = "allow_plain",
	        .type = WQ_OPT_SWITCH,
	        .fallback = "false",
	        .offset = offsetof(struct wecom_settings, allow_plain),
	        .help = "true: url may be http://" },
	{ .key = "timeout",
	        .type = WQ_OPT_SPAN,
	        .min = 1000,
	        .max = 60000,
	        .fallback = "15s",
	        .offset = offsetof(struct wecom_settings, timeout),
	        .help = "longest wait for a complete answer" },
	WQ_OPTION_END,
};

static int wecom_check(const void *settings, struct wq_err *err)
{
	const struct wecom_settings *s = settings;

	return address_check(s->url, "https", "http", s->allow_plain, err);
}

static int wecom_open(void *state, const void *settings,
        int (*secret)(
                void *owner, const char *reference, char *buf, size_t cap, struct wq_err *err),
        void *owner, struct wq_err *err)
{
	struct wecom *robot = state;

	robot->settings = settings;
	int r = secret(owner, robot->settings->key, robot->key, sizeof robot->key, err);

	if (r == 0 && robot->key[strspn(robot->key, "0123456789abcdefABCDEF-")] != '\0')
		r = wq_fail(err, WQ_E_INVALID,
		        "the key of the robot holds other characters than hexadecimal digits and "
		        "'-'");
	return r;
}

static void wecom_close(void *state)
{
	explicit_bzero(state, sizeof(struct wecom));
}

static int wecom_prepare(void *state, const struct wq_notice *notice, wq_ms now,
        struct wq_request *request, struct wq_err *err)
{
	struct wecom *robot = state;
	const char *phone =
	        strncmp(notice->address, "+86", 3) == 0 ? notice->address + 3 : notice->address;
	char text[LINK_TEXT];
	json_t *body = json_pack(
	        "{s:s, s:{s:s}}", "msgtype", "text", "text", "content", link_text(notice, text));

	(void)now;
	_Static_assert(LINK_TEXT <= CONTENT_MAX, "every message fits");
	if (robot->settings->mention && phone[0] != '\0')
		json_object_set_new(json_object_get(body, "text"), "mentioned_mobile_list",
		        json_pack("[s]", phone));
	size_t length = json_dumpb(body, robot->body, sizeof robot->body - 1, JSON_COMPACT);

	json_decref(body);
	if (length == 0 || length >= sizeof robot->body)
		return wq_fail(err, WQ_E_MEMORY, "%s: no memory for the message", notice->id);
	robot->body[length] = '\0';
	snprintf(robot->url, sizeof robot->url, "%s/cgi-bin/webhook/send?key=%s",
	        robot->settings->url, robot->key);
	*request = (struct wq_request){
		.url = robot->url,
		.timeout = robot->settings->timeout,
		.header_count = 1,
		.headers = { "content-type: application/json; charset=utf-8" },
		.body = robot->body,
		.body_length = length,
	};
	return 0;
}

static const struct answer_code codes[] = {
	{ "0", WQ_SENT, 0, "taken", false },
	{ "-1", WQ_RETRY, 0, "the service is busy", false },
	{ "45009", WQ_THROTTLE, WQ_MINUTES(1), "more than 20 messages a minute", false },
	{ "45033", WQ_THROTTLE, WQ_MINUTES(1), "too many at once", false },
	{ "93000", WQ_CONFIG, 0, "the key is refused, or the robot was removed", false },
	{ "93008", WQ_CONFIG, 0, "the robot is not in the group", false },
	{ "40008", WQ_CONFIG, 0, "the message is not understood", false },
	{ "40033", WQ_CONFIG, 0, "the message holds what is not allowed", false },
	{ "40058", WQ_CONFIG, 0, "the message is not understood", false },
	{ NULL, WQ_CONFIG, 0, "refused", false },
};

static void wecom_judge(
        void *state, const struct wq_response *response, wq_ms now, struct wq_result *result)
{
	const struct wecom *robot = state;

	answer_errcode(codes, robot->key, response, now, result);
}

const struct wq_channel wecom_channel;
const struct wq_channel wecom_channel = {
	.name = "wecom",
	.help = "a group robot of WeCom (企业微信)",
	.options = options,
	.settings_size = sizeof(struct wecom_settings),
	.state_size = sizeof(struct wecom),
	.link = WQ_LINK_USUAL,
	.rate = 18,
	.jitter = WQ_SECONDS(20),
	.jitter_alarm = WQ_SECONDS(3),
	.check = wecom_check,
	.open = wecom_open,
	.close = wecom_close,
	.prepare = wecom_prepare,
	.judge = wecom_judge,
};
