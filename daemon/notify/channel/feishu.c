/* SPDX-License-Identifier: Apache-2.0 */
/* Feishu's (Lark's) custom robot (飞书自定义机器人): text by HTTP POST, signed in the body. */
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

#define BODY_TEXT 4096 /* 20 KB are allowed */

struct feishu_settings {
	const char *url, *hook, *secret;
	bool allow_plain;
	wq_ms timeout;
};

struct feishu {
	const struct feishu_settings *settings;
	char hook[256], secret[256];
	char url[ADDRESS_MAX + 300];
	char body[BODY_TEXT];
};

static const struct wq_option options[] = {
	{ .key = "hook",
	        .type = WQ_OPT_SECRET,
	        .required = true,
	        .offset = offsetof(struct feishu_settings, hook),
	        .help = "credential with the robot's hook: what stands behind /hook/ in its "
	                "address" },
	{ .key = "secret",
	        .type = WQ_OPT_SECRET,
	        .offset = offsetof(struct feishu_settings, secret),
	        .help = "credential with its signing secret; without it the robot must be set to "
	                "keywords or addresses" },
	{ .key = "url",
	        .type = WQ_OPT_TEXT,
	        .min = 10,
	        .max = ADDRESS_MAX,
	        .fallback = "https://open.feishu.cn",
	        .offset = offsetof(struct feishu_settings, url),
	        .help = "the service, without /open-apis/…; https://open.larksuite.com for Lark" },
	{ .key = "allow_plain",
	        .type = WQ_OPT_SWITCH,
	        .fallback = "false",
	        .offset = offsetof(struct feishu_settings, allow_plain),
	        .help = "true: url may be http://" },
	{ .key = "timeout",
	        .type = WQ_OPT_SPAN,
	        .min = 1000,
	        .max = 60000,
	        .fallback = "15s",
	        .offset = offsetof(struct feishu_settings, timeout),
	        .help = "longest wait for a complete answer" },
	WQ_OPTION_END,
};

bool feishu_sign(const char *secret, int64_t seconds, char out[ROBOT_SIGN])
{
	char key[320];
	unsigned char sum[DIGEST_BYTES];
	int n = snprintf(key, sizeof key, "%" PRId64 "\n%s", seconds, secret);
	bool good = n > 0 && n < (int)sizeof key && digest_hmac(key, (size_t)n, "", 0, sum);

	explicit_bzero(key, sizeof key);
	if (good)
		digest_base64(sum, out);
	return good;
}

static int feishu_check(const void *settings, struct wq_err *err)
{
	const struct feishu_settings *s = settings;

	return address_check(s->url, "https", "http", s->allow_plain, err);
}

static int feishu_open(void *state, const void *settings,
        int (*secret)(
                void *owner, const char *reference, char *buf, size_t cap, struct wq_err *err),
        void *owner, struct wq_err *err)
{
	struct feishu *robot = state;

	robot->settings = settings;
	int r = secret(owner, robot->settings->hook, robot->hook, sizeof robot->hook, err);

	if (r == 0 && robot->hook[strcspn(robot->hook, "/?#& \t\r\n")] != '\0')
		r = wq_fail(err, WQ_E_INVALID,
		        "the hook of the robot holds '/', '?' or a space: only its last part is "
		        "wanted");
	if (r == 0 && robot->settings->secret != NULL)
		r = secret(
		        owner, robot->settings->secret, robot->secret, sizeof robot->secret, err);
	return r;
}

static void feishu_close(void *state)
{
	explicit_bzero(state, sizeof(struct feishu));
}

/* A text may hold tags there, <at …>: what people wrote must not call everybody. */
static void without_tags(const char *text, char *out, size_t cap)
{
	size_t used = 0;

	for (; *text != '\0' && used + 4 < cap; text++) {
		const char *wide = *text == '<' ? "＜" : *text == '>' ? "＞" : NULL;

		if (wide == NULL)
			out[used++] = *text;
		else
			used += (size_t)snprintf(out + used, cap - used, "%s", wide);
	}
	out[used] = '\0';
}

static int write_body(
        struct feishu *robot, const struct wq_notice *notice, wq_ms now, struct wq_err *err)
{
	char whole[LINK_TEXT], text[3 * LINK_TEXT], seconds[24], sign[ROBOT_SIGN];
	json_t *body = json_object();

	without_tags(link_text(notice, whole), text, sizeof text);
	if (robot->secret[0] != '\0') {
		snprintf(seconds, sizeof seconds, "%" PRId64, now / 1000);
		if (!feishu_sign(robot->secret, now / 1000, sign)) {
			json_decref(body);
			return wq_fail(err, WQ_E_MEMORY, "HMAC-SHA256 is not available");
		}
		json_object_set_new(body, "timestamp", json_string(seconds));
		json_object_set_new(body, "sign", json_string(sign));
	}
	json_object_set_new(body, "msg_type", json_string("text"));
	json_object_set_new(body, "content", json_pack("{s:s}", "text", text));
	size_t length = json_dumpb(body, robot->body, sizeof robot->body - 1, JSON_COMPACT);

	json_decref(body);
	if (length == 0 || length >= sizeof robot->body)
		return wq_fail(err, WQ_E_MEMORY, "%s: no memory for the message", notice->id);
	robot->body[length] = '\0';
	return (int)length;
}

static int feishu_prepare(void *state, const struct wq_notice *notice, wq_ms now,
        struct wq_request *request, struct wq_err *err)
{
	struct feishu *robot = state;
	int length = write_body(robot, notice, now, err);

	if (length < 0)
		return length;
	snprintf(robot->url, sizeof robot->url, "%s/open-apis/bot/v2/hook/%s", robot->settings->url,
	        robot->hook);
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
	{ "11232", WQ_THROTTLE, WQ_MINUTES(1), "too fast", false },
	{ "9499", WQ_CONFIG, 0, "the message is not understood, or too long", false },
	{ "19001", WQ_CONFIG, 0, "there is no such hook", false },
	{ "19021", WQ_CONFIG, 0, "sign or time refused; check secret and clock", true },
	{ "19022", WQ_CONFIG, 0, "this machine's address is not allowed there", false },
	{ "19024", WQ_CONFIG, 0, "the robot's keyword is not in the message", false },
	{ NULL, WQ_CONFIG, 0, "refused", false },
};

static void feishu_judge(
        void *state, const struct wq_response *response, wq_ms now, struct wq_result *result)
{
	const struct feishu *robot = state;
	char code[24];

	/* It says some of its refusals with status 400, and then the code in the body says more. */
	json_t *body = json_loadb(response->body, response->body_length, 0, NULL);
	json_t *number = json_object_get(body, "code");

	if (number == NULL)
		number = json_object_get(body, "StatusCode"); /* of old */
	bool told = json_is_integer(number);

	if (answer_http(response, now, result) && !told)
		answer_strange(response, result);
	bool refused = response->status == 400 && json_integer_value(number) != 0;

	if (told && response->failure == NULL && (result->kind == WQ_SENT || refused)) {
		snprintf(code, sizeof code, "%" JSON_INTEGER_FORMAT, json_integer_value(number));
		answer_code(codes, code, json_string_value(json_object_get(body, "msg")),
		        robot->hook, response, now, result);
	}
	json_decref(body);
}

const struct wq_channel feishu_channel;
const struct wq_channel feishu_channel = {
	.name = "feishu",
	.help = "a custom robot of Feishu or Lark (飞书)",
	.options = options,
	.settings_size = sizeof(struct feishu_settings),
	.state_size = sizeof(struct feishu),
	.link = WQ_LINK_USUAL,
	.rate = 90,
	.burst = 5,
	.jitter = WQ_SECONDS(20),
	.jitter_alarm = WQ_SECONDS(3),
	.check = feishu_check,
	.open = feishu_open,
	.close = feishu_close,
	.prepare = feishu_prepare,
	.judge = feishu_judge,
};
