/* SPDX-License-Identifier: Apache-2.0 */
/* Tencent Cloud's short messages (SendSms 2021-01-11), signed by TC3. */
#include "address.h"
#include "answer.h"
#include "notify/memo.h"
#include "phone.h"
#include "secret.h"
#include "tc3.h"
#include "template.h"

#include "wq/err.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONTENT_TYPE "application/json; charset=utf-8"

struct tencent_settings {
	const char *url, *key_id, *key_secret, *app, *signature, *template, *region;
	struct wq_list variables;
	bool allow_plain;
	wq_ms timeout;
};

struct tencent {
	const struct tencent_settings *settings;
	char key_secret[256];
	char host[ADDRESS_MAX];
	char authorization[TC3_AUTHORIZATION + 32], timestamp[48], region[96];
	char body[4096];
};

#define FIELD(name) .offset = offsetof(struct tencent_settings, name)

static const struct wq_option options[] = {
	{ .key = "key_id",
	        .type = WQ_OPT_TEXT,
	        .required = true,
	        .min = 1,
	        .max = 128,
	        FIELD(key_id),
	        .help = "SecretId; it is no secret" },
	{ .key = "key_secret",
	        .type = WQ_OPT_SECRET,
	        .required = true,
	        FIELD(key_secret),
	        .help = "credential with the SecretKey" },
	{ .key = "app",
	        .type = WQ_OPT_TEXT,
	        .required = true,
	        .min = 1,
	        .max = 32,
	        FIELD(app),
	        .help = "SmsSdkAppId" },
	{ .key = "signature",
	        .type = WQ_OPT_TEXT,
	        .required = true,
	        .min = 1,
	        .max = 100,
	        FIELD(signature),
	        .help = "approved signature (签名), without 【】" },
	{ .key = "template",
	        .type = WQ_OPT_TEXT,
	        .required = true,
	        .min = 1,
	        .max = 64,
	        FIELD(template),
	        .help = "number of the approved template" },
	{ .key = "variables",
	        .type = WQ_OPT_LIST,
	        .max = TEMPLATE_VARIABLES,
	        FIELD(variables),
	        .help = "fields for the template's {1}, {2}, … in their order" },
	{ .key = "region",
	        .type = WQ_OPT_TEXT,
	        .min = 1,
	        .max = 40,
	        .fallback = "ap-guangzhou",
	        FIELD(region),
	        .help = "where the service is" },
	{ .key = "url",
	        .type = WQ_OPT_TEXT,
	        .min = 10,
	        .max = ADDRESS_MAX,
	        .fallback = "https://sms.tencentcloudapi.com",
	        FIELD(url),
	        .help = "the service" },
	{ .key = "allow_plain",
	        .type = WQ_OPT_SWITCH,
	        .fallback = "false",
	        FIELD(allow_plain),
	        .help = "true: url may be http://" },
	{ .key = "timeout",
	        .type = WQ_OPT_SPAN,
	        .min = 1000,
	        .max = 60000,
	        .fallback = "15s",
	        FIELD(timeout),
	        .help = "longest wait for a complete answer" },
	WQ_OPTION_END,
};

static int tencent_check(const void *settings, struct wq_err *err)
{
	const struct tencent_settings *s = settings;
	int r = address_check(s->url, "https", "http", s->allow_plain, err);

	if (r == 0 && (strstr(s->signature, "【") != NULL || strstr(s->signature, "】") != NULL))
		r = wq_fail(err, WQ_E_INVALID, "signature: without 【】, the service adds them");
	return r < 0 ? r : template_check(&s->variables, false, err);
}

static int tencent_open(void *state, const void *settings,
        int (*secret)(
                void *owner, const char *reference, char *buf, size_t cap, struct wq_err *err),
        void *owner, struct wq_err *err)
{
	struct tencent *tencent = state;

	tencent->settings = settings;
	if (!address_host(tencent->settings->url, tencent->host, sizeof tencent->host))
		return wq_fail(err, WQ_E_INVALID, "url: there is no host in it");
	return secret(owner, tencent->settings->key_secret, tencent->key_secret,
	        sizeof tencent->key_secret, err);
}

static void tencent_close(void *state)
{
	explicit_bzero(state, sizeof(struct tencent));
}

static int write_body(struct tencent *tencent, const struct wq_notice *notice, const char *number,
        struct wq_err *err)
{
	const struct tencent_settings *s = tencent->settings;
	char name[TEMPLATE_TEXT], value[TEMPLATE_TEXT], whole[PHONE_TEXT + 1];
	json_t *variables = json_array();
	struct fields fields;

	fields_of(notice, &fields);
	for (size_t i = 0; i < s->variables.count; i++) {
		template_variable(&s->variables, i, &fields, name, value);
		json_array_append_new(variables, json_string(value));
	}
	snprintf(whole, sizeof whole, "+%s", number);
	json_t *body = json_pack("{s:[s], s:s, s:s, s:s, s:o, s:s}", "PhoneNumberSet", whole,
	        "SmsSdkAppId", s->app, "SignName", s->signature, "TemplateId", s->template,
	        "TemplateParamSet", variables, "SessionContext", notice->id);
	size_t length = json_dumpb(body, tencent->body, sizeof tencent->body - 1, JSON_COMPACT);

	json_decref(body);
	if (length == 0 || length >= sizeof tencent->body)
		return wq_fail(
		        err, WQ_E_INVALID, "%s: the template's variables do not fit", notice->id);
	tencent->body[length] = '\0';
	return (int)length;
}

static int tencent_prepare(void *state, const struct wq_notice *notice, wq_ms now,
        struct wq_request *request, struct wq_err *err)
{
	struct tencent *tencent = state;
	char number[PHONE_TEXT], authorization[TC3_AUTHORIZATION];
	int length = memo_refuse(WQ_MEMOS_DRILL, notice, err);

	if (length == 0)
		length = phone_of_notice(notice->address, number, err);
	if (length == 0)
		length = write_body(tencent, notice, number, err);
	if (length < 0)
		return length;
	const struct tc3_call call = { .service = "sms",
		.host = tencent->host,
		.action = "SendSms",
		.content_type = CONTENT_TYPE,
		.now = now,
		.body = tencent->body,
		.length = (size_t)length };
	int r = tc3_sign(&call, tencent->settings->key_id, tencent->key_secret, authorization, err);

	if (r < 0)
		return r;
	snprintf(tencent->authorization, sizeof tencent->authorization, "authorization: %s",
	        authorization);
	snprintf(tencent->timestamp, sizeof tencent->timestamp, "x-tc-timestamp: %" PRId64,
	        now / 1000);
	snprintf(tencent->region, sizeof tencent->region, "x-tc-region: %s",
	        tencent->settings->region);
	*request = (struct wq_request){
		.url = tencent->settings->url,
		.timeout = tencent->settings->timeout,
		.header_count = 6,
		.headers = { "content-type: " CONTENT_TYPE, tencent->authorization,
		        "x-tc-action: SendSms", "x-tc-version: 2021-01-11", tencent->timestamp,
		        tencent->region },
		.body = tencent->body,
		.body_length = (size_t)length,
	};
	return 0;
}

static const struct answer_code codes[] = {
	{ "Ok", WQ_SENT, 0, "taken", false },
	{ "LimitExceeded.PhoneNumberThirtySecondLimit", WQ_THROTTLE, WQ_SECONDS(30),
	        "this number had one within 30 s", false },
	{ "LimitExceeded.PhoneNumberOneHourLimit", WQ_THROTTLE, WQ_MINUTES(10),
	        "this number had too many in an hour", false },
	{ "LimitExceeded.PhoneNumber*", WQ_THROTTLE, WQ_HOURS(1), "this number had too many today",
	        false },
	{ "LimitExceeded*", WQ_THROTTLE, WQ_MINUTES(1), "too fast", false },
	{ "RequestLimitExceeded*", WQ_THROTTLE, WQ_MINUTES(1), "too fast", false },
	{ "InternalError*", WQ_RETRY, 0, "the service failed", false },
	{ "FailedOperation.PhoneNumberInBlacklist", WQ_DROP, 0,
	        "the number refuses messages of this signature", false },
	{ "InvalidParameterValue.IncorrectPhoneNumber", WQ_DROP, 0, "the number is refused",
	        false },
	{ "FailedOperation.TemplateIncorrectOrUnapproved", WQ_CONFIG, 0,
	        "no such approved template", false },
	{ "FailedOperation.SignatureIncorrectOrUnapproved", WQ_CONFIG, 0,
	        "no such approved signature", false },
	{ "FailedOperation.InsufficientBalanceInSmsPackage", WQ_CONFIG, 0, "the account is empty",
	        false },
	{ "FailedOperation.ContainSensitiveWord", WQ_CONFIG, 0,
	        "a variable holds a word that is not allowed", false },
	{ "FailedOperation.TemplateParamSetNotMatchApprovedTemplate", WQ_CONFIG, 0,
	        "the template wants other variables", false },
	{ "UnauthorizedOperation.RequestIpNotInWhitelist", WQ_CONFIG, 0,
	        "this machine's address is not allowed there", false },
	{ "AuthFailure.SignatureExpire", WQ_CONFIG, 0, "the time is refused (5 min are allowed)",
	        true },
	{ "AuthFailure*", WQ_CONFIG, 0, "the key is refused; check key_id and key_secret", false },
	{ NULL, WQ_CONFIG, 0, "refused", false },
};

/* The code of the call, or else of the one number that it was for. */
static const char *code_of(json_t *answer, const char **message)
{
	json_t *error = json_object_get(answer, "Error");
	json_t *number = json_array_get(json_object_get(answer, "SendStatusSet"), 0);
	json_t *from = error != NULL ? error : number;

	*message = json_string_value(json_object_get(from, "Message"));
	return json_string_value(json_object_get(from, "Code"));
}

static void tencent_judge(
        void *state, const struct wq_response *response, wq_ms now, struct wq_result *result)
{
	const char *message;

	(void)state;
	if (!answer_http(response, now, result))
		return;
	json_t *body = json_loadb(response->body, response->body_length, 0, NULL);
	const char *code = code_of(json_object_get(body, "Response"), &message);

	if (code == NULL)
		answer_strange(response, result);
	else
		answer_code(codes, code, message, NULL, response, now, result);
	json_decref(body);
}

const struct wq_channel tencent_sms_channel;
const struct wq_channel tencent_sms_channel = {
	.name = "tencent_sms",
	.help = "short messages by Tencent Cloud (腾讯云短信), from an approved template",
	.options = options,
	.settings_size = sizeof(struct tencent_settings),
	.state_size = sizeof(struct tencent),
	.rate = 600,
	.jitter = WQ_SECONDS(20),
	.jitter_alarm = WQ_SECONDS(3),
	.memos = WQ_MEMOS_DRILL,
	.check = tencent_check,
	.recipient = phone_recipient,
	.open = tencent_open,
	.close = tencent_close,
	.prepare = tencent_prepare,
	.judge = tencent_judge,
};
