/* SPDX-License-Identifier: Apache-2.0 */
/* DingTalk's group robot (钉钉自定义机器人): text by HTTP POST, signed in the address. Limits and
 * codes are as users report them, not from a standard. */
#include "address.h"
#include "answer.h"
#include "digest.h"
#include "notify/link.h"
#include "robots.h"
#include "secret.h"

#include "wq/err.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BODY_TEXT 4096

struct dingtalk_settings {
	const char *url, *token, *secret;
	int mention;
	bool allow_plain;
	wq_ms timeout;
};

struct dingtalk {
	const struct dingtalk_settings *settings;
	char token[256], secret[256];
	char url[ADDRESS_MAX + 600];
	char body[BODY_TEXT];
};

enum { MENTION_OFF, MENTION_LIST, MENTION_TEXT };

static const struct wq_choice mentions[] = { { "off", MENTION_OFF }, { "list", MENTION_LIST },
	{ "text", MENTION_TEXT }, { NULL, 0 } };

static const struct wq_option options[] = {
	{ .key = "token",
	        .type = WQ_OPT_SECRET,
	        .required = true,
	        .offset = offsetof(struct dingtalk_settings, token),
	        .help = "credential with the robot's access_token" },
	{ .key = "secret",
	        .type = WQ_OPT_SECRET,
	        .offset = offsetof(struct dingtalk_settings, secret),
	        .help = "credential with its signing secret (SEC…); without it the robot must be "
	                "set to keywords or "
	                "addresses" },
	{ .key = "mention",
	        .type = WQ_OPT_CHOICE,
	        .choices = mentions,
	        .fallback = "text",
	        .offset = offsetof(struct dingtalk_settings, mention),
	        .help = "@ the contact by its phone: in the list of those to be rung, and in the "
	                "text as well" },
	{ .key = "url",
	        .type = WQ_OPT_TEXT,
	        .min = 10,
	        .max = ADDRESS_MAX,
	        .fallback = "https://oapi.dingtalk.com",
	        .offset = offsetof(struct dingtalk_settings, url),
	        .help = "the service, without /robot/send" },
	{ .key = "allow_plain",
	        .type = WQ_OPT_SWITCH,
	        .fallback = "false",
	        .offset = offsetof(struct dingtalk_settings, allow_plain),
	        .help = "true: url may be http://" },
	{ .key = "timeout",
	        .type = WQ_OPT_SPAN,
	        .min = 1000,
	        .max = 60000,
	        .fallback = "15s",
	        .offset = offsetof(struct dingtalk_settings, timeout),
	        .help = "longest wait for a complete answer" },
	WQ_OPTION_END,
};

bool dingtalk_sign(const char *secret, wq_ms now, char out[ROBOT_SIGN])
{
	char text[320], base64[DIGEST_BASE64];
	unsigned char sum[DIGEST_BYTES];
	int n = snprintf(text, sizeof text, "%" PRId64 "\n%s", now, secret);
	bool good = n > 0 && n < (int)sizeof text &&
	        digest_hmac(secret, strlen(secret), text, (size_t)n, sum);

	explicit_bzero(text, sizeof text);
	if (!good)
		return false;
	digest_base64(sum, base64);
	return digest_percent(base64, out, ROBOT_SIGN);
}

static int dingtalk_check(const void *settings, struct wq_err *err)
{
	const struct dingtalk_settings *s = settings;

	return address_check(s->url, "https", "http", s->allow_plain, err);
}

static int dingtalk_open(void *state, const void *settings,
        int (*secret)(
                void *owner, const char *reference, char *buf, size_t cap, struct wq_err *err),
        void *owner, struct wq_err *err)
{
	struct dingtalk *robot = state;

	robot->settings = settings;
	int r = secret(owner, robot->settings->token, robot->token, sizeof robot->token, err);

	if (r == 0 && robot->settings->secret != NULL)
		r = secret(
		        owner, robot->settings->secret, robot->secret, sizeof robot->secret, err);
	return r;
}

static void dingtalk_close(void *state)
{
	explicit_bzero(state, sizeof(struct dingtalk));
}

/* As some report, the number has to stand in the text too, or the mention rings nobody. */
static int write_body(struct dingtalk *robot, const struct wq_notice *notice, struct wq_err *err)
{
	const char *phone =
	        strncmp(notice->address, "+86", 3) == 0 ? notice->address + 3 : notice->address;
	bool listed = robot->settings->mention >= MENTION_LIST && phone[0] != '\0';
	bool shown = robot->settings->mention == MENTION_TEXT && phone[0] != '\0';
	char whole[LINK_TEXT], text[LINK_TEXT + WQ_NAME_TEXT + 4];

	snprintf(text, sizeof text, "%s%s%s", link_text(notice, whole), shown ? " @" : "", shown ? phone : "");
	json_t *body = json_pack("{s:s, s:{s:s}, s:{s:[], s:b}}", "msgtype", "text", "text",
	        "content", text, "at", "atMobiles", "isAtAll", 0);

	if (listed)
		json_array_append_new(json_object_get(json_object_get(body, "at"), "atMobiles"),
		        json_string(phone));
	size_t length = json_dumpb(body, robot->body, sizeof robot->body - 1, JSON_COMPACT);

	json_decref(body);
	if (length == 0 || length >= sizeof robot->body)
		return wq_fail(err, WQ_E_MEMORY, "%s: no memory for the message", notice->id);
	robot->body[length] = '\0';
	return (int)length;
}

static int write_url(struct dingtalk *robot, wq_ms now, struct wq_err *err)
{
	char token[768], sign[ROBOT_SIGN];

	if (!digest_percent(robot->token, token, sizeof token))
		return wq_fail(err, WQ_E_INVALID, "the token is longer than a token is");
	int n = snprintf(robot->url, sizeof robot->url, "%s/robot/send?access_token=%s",
	        robot->settings->url, token);

	explicit_bzero(token, sizeof token);
	if (n > 0 && n < (int)sizeof robot->url && robot->secret[0] != '\0') {
		if (!dingtalk_sign(robot->secret, now, sign))
			return wq_fail(err, WQ_E_MEMORY, "HMAC-SHA256 is not available");
		n += snprintf(robot->url + n, sizeof robot->url - (size_t)n,
		        "&timestamp=%" PRId64 "&sign=%s", now, sign);
	}
	return n > 0 && n < (int)sizeof robot->url
	        ? 0
	        : wq_fail(err, WQ_E_INVALID, "the address is too long");
}

static int dingtalk_prepare(void *state, const struct wq_notice *notice, wq_ms now,
        struct wq_request *request, struct wq_err *err)
{
	struct dingtalk *robot = state;
	int length = write_body(robot, notice, err);

	if (length < 0)
		return length;
	int r = write_url(robot, now, err);

	if (r < 0)
		return r;
	*request = (struct wq_request){
		.url = robot->url,
		.timeout = robot->settings->timeout,
		.header_count = 1,
		.headers = { "content-type: application/json; charset=utf-8" },
		.body = robot->body,
		.body_length = (size_t)length,
	};
	return 0;
}

static const struct answer_code codes[] = {
	{ "0", WQ_SENT, 0, "taken", false },
	{ "-1", WQ_RETRY, 0, "the service is busy", false },
	{ "130101", WQ_THROTTLE, WQ_MINUTES(10),
	        "more than 20 messages a minute; the robot is blocked for 10 min", false },
	{ "310000", WQ_CONFIG, 0,
	        "sign, keyword or address refused; check secret, clock and the robot's security",
	        true },
	{ "300001", WQ_CONFIG, 0, "the token is refused", false },
	{ "300005", WQ_CONFIG, 0, "there is no such token", false },
	{ "400101", WQ_CONFIG, 0, "there is no such token", false },
	{ "40035", WQ_CONFIG, 0, "the message is not understood", false },
	{ "43004", WQ_CONFIG, 0, "the message is not understood", false },
	{ "400013", WQ_CONFIG, 0, "the group was dissolved", false },
	{ "400014", WQ_CONFIG, 0, "the robot is switched off", false },
	{ "410100", WQ_THROTTLE, WQ_MINUTES(1), "too fast", false },
	{ NULL, WQ_CONFIG, 0, "refused", false },
};

static void dingtalk_judge(
        void *state, const struct wq_response *response, wq_ms now, struct wq_result *result)
{
	const struct dingtalk *robot = state;

	answer_errcode(codes, robot->token, response, now, result);
}

const struct wq_channel dingtalk_channel;
const struct wq_channel dingtalk_channel = {
	.name = "dingtalk",
	.help = "a group robot of DingTalk (钉钉)",
	.options = options,
	.settings_size = sizeof(struct dingtalk_settings),
	.state_size = sizeof(struct dingtalk),
	.link = WQ_LINK_USUAL,
	.rate = 18,
	.jitter = WQ_SECONDS(20),
	.jitter_alarm = WQ_SECONDS(3),
	.check = dingtalk_check,
	.open = dingtalk_open,
	.close = dingtalk_close,
	.prepare = dingtalk_prepare,
	.judge = dingtalk_judge,
};
