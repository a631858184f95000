/* SPDX-License-Identifier: Apache-2.0 */
/* Aliyun's short messages and calls (SendSms, SingleCallByTts): two channels over one signed RPC.
 */
#include "acs3.h"
#include "address.h"
#include "answer.h"
#include "digest.h"
#include "notify/memo.h"
#include "phone.h"
#include "secret.h"
#include "template.h"

#include "wq/err.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALL_CHARACTERS 250 /* all variables of a call together, by the vendor's page */

struct aliyun_settings {
	const char *url, *key_id, *key_secret, *signature, *template, *shown;
	struct wq_list variables;
	bool allow_plain, only_escalated;
	int64_t plays;
	wq_ms timeout;
};

struct aliyun {
	const struct aliyun_settings *settings;
	char key_secret[256];
	char host[ADDRESS_MAX];
	char url[ADDRESS_MAX + ACS3_QUERY];
	char parameters[2048];
	struct acs3_signed sent;
};

#define FIELD(name) .offset = offsetof(struct aliyun_settings, name)
#define COMMON_ROWS(service)                                                                       \
	{ .key = "key_id",                                                                         \
		.type = WQ_OPT_TEXT,                                                               \
		.required = true,                                                                  \
		.min = 1,                                                                          \
		.max = 128,                                                                        \
		FIELD(key_id),                                                                     \
		.help = "AccessKey id; it is no secret" },                                         \
	        { .key = "key_secret",                                                             \
		        .type = WQ_OPT_SECRET,                                                     \
		        .required = true,                                                          \
		        FIELD(key_secret),                                                         \
		        .help = "credential with the AccessKey secret" },                          \
	        { .key = "variables",                                                              \
		        .type = WQ_OPT_LIST,                                                       \
		        .max = TEMPLATE_VARIABLES,                                                 \
		        FIELD(variables),                                                          \
		        .help = "variables of the template: 'name in the template = field'" },     \
	        { .key = "url",                                                                    \
		        .type = WQ_OPT_TEXT,                                                       \
		        .min = 10,                                                                 \
		        .max = ADDRESS_MAX,                                                        \
		        .fallback = service,                                                       \
		        FIELD(url),                                                                \
		        .help = "the service" },                                                   \
	        { .key = "allow_plain",                                                            \
		        .type = WQ_OPT_SWITCH,                                                     \
		        .fallback = "false",                                                       \
		        FIELD(allow_plain),                                                        \
		        .help = "true: url may be http://" },                                      \
	{                                                                                          \
		.key = "timeout", .type = WQ_OPT_SPAN, .min = 1000, .max = 60000,                  \
		.fallback = "15s", FIELD(timeout), .help = "longest wait for a complete answer"    \
	}

static const struct wq_option sms_options[] = {
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
	        .help = "code of the approved template, SMS_…" },
	COMMON_ROWS("https://dysmsapi.aliyuncs.com"),
	WQ_OPTION_END,
};

static const struct wq_option voice_options[] = {
	{ .key = "template",
	        .type = WQ_OPT_TEXT,
	        .required = true,
	        .min = 1,
	        .max = 64,
	        FIELD(template),
	        .help = "code of the approved spoken text, TTS_…" },
	{ .key = "shown_number",
	        .type = WQ_OPT_TEXT,
	        .min = 3,
	        .max = 24,
	        FIELD(shown),
	        .help = "number that the callee sees; default: one of the service's own" },
	{ .key = "plays",
	        .type = WQ_OPT_INTEGER,
	        .min = 1,
	        .max = 3,
	        .fallback = "2",
	        FIELD(plays),
	        .help = "how often the text is spoken" },
	{ .key = "only_escalated",
	        .type = WQ_OPT_SWITCH,
	        .fallback = "true",
	        FIELD(only_escalated),
	        .help = "rings for alarms of the highest level that nobody acknowledged; false: "
	                "for everything" },
	COMMON_ROWS("https://dyvmsapi.aliyuncs.com"),
	WQ_OPTION_END,
};

static int aliyun_check(const void *settings, struct wq_err *err)
{
	const struct aliyun_settings *s = settings;
	int r = address_check(s->url, "https", "http", s->allow_plain, err);

	if (r == 0 && s->signature != NULL &&
	        (strstr(s->signature, "【") != NULL || strstr(s->signature, "】") != NULL))
		r = wq_fail(err, WQ_E_INVALID, "signature: without 【】, the service adds them");
	return r < 0 ? r : template_check(&s->variables, true, err);
}

static int aliyun_open(void *state, const void *settings,
        int (*secret)(
                void *owner, const char *reference, char *buf, size_t cap, struct wq_err *err),
        void *owner, struct wq_err *err)
{
	struct aliyun *aliyun = state;

	aliyun->settings = settings;
	if (!address_host(aliyun->settings->url, aliyun->host, sizeof aliyun->host))
		return wq_fail(err, WQ_E_INVALID, "url: there is no host in it");
	return secret(owner, aliyun->settings->key_secret, aliyun->key_secret,
	        sizeof aliyun->key_secret, err);
}

static void aliyun_close(void *state)
{
	explicit_bzero(state, sizeof(struct aliyun));
}

/* The template's variables as a JSON object of texts; all together at most `most` characters. */
static int write_parameters(
        struct aliyun *aliyun, const struct wq_notice *notice, size_t most, struct wq_err *err)
{
	const struct wq_list *variables = &aliyun->settings->variables;
	char name[TEMPLATE_TEXT], value[TEMPLATE_TEXT];
	json_t *object = json_object();
	struct fields fields;
	size_t total = 0;

	fields_of(notice, &fields);
	for (size_t i = 0; i < variables->count; i++) {
		template_variable(variables, i, &fields, name, value);
		for (const char *c = value; *c != '\0'; c++)
			total += ((unsigned char)*c & 0xc0) != 0x80;
		json_object_set_new(object, name, json_string(total < most ? value : "-"));
	}
	size_t length =
	        json_dumpb(object, aliyun->parameters, sizeof aliyun->parameters - 1, JSON_COMPACT);

	json_decref(object);
	if (length == 0 || length >= sizeof aliyun->parameters)
		return wq_fail(
		        err, WQ_E_INVALID, "%s: the template's variables do not fit", notice->id);
	aliyun->parameters[length] = '\0';
	return 0;
}

static int sign_and_load(struct aliyun *aliyun, const struct acs3_call *call,
        struct wq_request *request, struct wq_err *err)
{
	int r = acs3_sign(call, aliyun->settings->key_id, aliyun->key_secret, &aliyun->sent, err);
	size_t length = strlen(aliyun->settings->url);

	if (r < 0)
		return r;
	while (length > 0 && aliyun->settings->url[length - 1] == '/')
		length--;
	snprintf(aliyun->url, sizeof aliyun->url, "%.*s/?%s", (int)length, aliyun->settings->url,
	        aliyun->sent.query);
	*request = (struct wq_request){
		.url = aliyun->url, .timeout = aliyun->settings->timeout, .body = ""
	};
	acs3_headers(&aliyun->sent, request);
	return 0;
}

static int sms_prepare(void *state, const struct wq_notice *notice, wq_ms now,
        struct wq_request *request, struct wq_err *err)
{
	struct aliyun *aliyun = state;
	const struct aliyun_settings *s = aliyun->settings;
	char number[PHONE_TEXT], nonce[33];
	int r = memo_refuse(WQ_MEMOS_DRILL, notice, err);

	if (r == 0)
		r = phone_of_notice(notice->address, number, err);
	if (r == 0)
		r = write_parameters(aliyun, notice, SIZE_MAX, err);
	if (r < 0)
		return r;
	if (!digest_nonce(16, nonce))
		return wq_fail(err, WQ_E_MEMORY, "no chance to be had for a nonce");
	const struct acs3_call call = {
		.action = "SendSms",
		.version = "2017-05-25",
		.host = aliyun->host,
		.nonce = nonce,
		.now = now,
		.count = 5,
		.parameters = { { "PhoneNumbers", phone_domestic(number) },
		        { "SignName", s->signature }, { "TemplateCode", s->template },
		        { "TemplateParam", s->variables.count > 0 ? aliyun->parameters : NULL },
		        { "OutId", notice->id } },
	};

	return sign_and_load(aliyun, &call, request, err);
}

static bool rings_for(const struct aliyun_settings *s, const struct wq_notice *notice)
{
	return !s->only_escalated || notice->test ||
	        (notice->kind == WQ_ESCALATED && notice->level >= WQ_LEVEL_ALARM);
}

static int voice_prepare(void *state, const struct wq_notice *notice, wq_ms now,
        struct wq_request *request, struct wq_err *err)
{
	struct aliyun *aliyun = state;
	const struct aliyun_settings *s = aliyun->settings;
	char number[PHONE_TEXT], nonce[33], plays[24], out_id[WQ_ALARM_NAME];

	if (!rings_for(s, notice))
		return wq_fail(err, WQ_E_STATE,
		        "it rings only for unacknowledged alarms of the highest level");
	int r = phone_of_notice(notice->address, number, err);

	if (r == 0)
		r = write_parameters(aliyun, notice, CALL_CHARACTERS, err);
	if (r < 0)
		return r;
	if (!digest_nonce(16, nonce))
		return wq_fail(err, WQ_E_MEMORY, "no chance to be had for a nonce");
	snprintf(plays, sizeof plays, "%lld", (long long)s->plays);
	const struct acs3_call call = {
		.action = "SingleCallByTts",
		.version = "2017-05-25",
		.host = aliyun->host,
		.nonce = nonce,
		.now = now,
		.count = 6,
		.parameters = { { "CalledNumber", phone_domestic(number) },
		        { "CalledShowNumber", s->shown }, { "TtsCode", s->template },
		        { "TtsParam", s->variables.count > 0 ? aliyun->parameters : NULL },
		        { "PlayTimes", plays }, { "OutId", wq_alarm_name(notice->alarm, out_id) } },
	};

	return sign_and_load(aliyun, &call, request, err);
}

static const struct answer_code codes[] = {
	{ "OK", WQ_SENT, 0, "taken", false },
	{ "isv.BUSINESS_LIMIT_CONTROL", WQ_THROTTLE, WQ_MINUTES(10),
	        "this number had too many (50 in 24 h by default)", false },
	{ "isv.DAY_LIMIT_CONTROL", WQ_THROTTLE, WQ_HOURS(1), "the day's limit of the account",
	        false },
	{ "isv.MONTH_LIMIT_CONTROL", WQ_CONFIG, 0, "the month's limit of the account", false },
	{ "Throttling*", WQ_THROTTLE, WQ_SECONDS(30), "too fast", false },
	{ "isp.*", WQ_RETRY, 0, "the service failed", false },
	{ "ServiceUnavailable", WQ_RETRY, 0, "the service failed", false },
	{ "InternalError", WQ_RETRY, 0, "the service failed", false },
	{ "isv.MOBILE_NUMBER_ILLEGAL", WQ_DROP, 0, "the number is refused", false },
	{ "isv.MOBILE_COUNT_OVER_LIMIT", WQ_DROP, 0, "the number is refused", false },
	{ "isv.CALLED_NUMBER*", WQ_DROP, 0, "the number is refused", false },
	{ "isv.BLACK_KEY_CONTROL_LIMIT", WQ_CONFIG, 0,
	        "a variable holds a word that is not allowed", false },
	{ "isv.AMOUNT_NOT_ENOUGH", WQ_CONFIG, 0, "the account is empty", false },
	{ "isv.OUT_OF_SERVICE", WQ_CONFIG, 0, "the account is suspended", false },
	{ "isv.SMS_TEMPLATE_ILLEGAL", WQ_CONFIG, 0, "no such approved template", false },
	{ "isv.SMS_SIGNATURE_ILLEGAL", WQ_CONFIG, 0, "no such approved signature", false },
	{ "isv.TEMPLATE_*", WQ_CONFIG, 0, "the template wants other variables", false },
	{ "isv.INVALID_JSON_PARAM", WQ_CONFIG, 0, "the template wants other variables", false },
	{ "isv.PARAM_LENGTH_LIMIT", WQ_CONFIG, 0, "a variable is too long for the template",
	        false },
	{ "SignatureDoesNotMatch", WQ_CONFIG, 0, "the key is refused; check key_secret", false },
	{ "InvalidAccessKeyId*", WQ_CONFIG, 0, "there is no such key_id", false },
	{ "InvalidTimeStamp*", WQ_CONFIG, 0, "the time is refused", true },
	{ "SignatureNonceUsed", WQ_RETRY, 0, "the nonce was used before", false },
	{ NULL, WQ_CONFIG, 0, "refused", false },
};

/* Refusals of the gateway come with status 4xx or 5xx and a code of the same kind, and the code
 * says more. */
static void aliyun_judge(
        void *state, const struct wq_response *response, wq_ms now, struct wq_result *result)
{
	json_t *body = json_loadb(response->body, response->body_length, 0, NULL);
	const char *code = json_string_value(json_object_get(body, "Code"));
	bool fine = answer_http(response, now, result);

	(void)state;
	if (fine && code == NULL)
		answer_strange(response, result);
	else if (code != NULL && response->failure == NULL &&
	        (fine ||
	                (response->status >= 400 && response->status < 500 &&
	                        response->status != 429 && strcmp(code, "OK") != 0)))
		answer_code(codes, code, json_string_value(json_object_get(body, "Message")), NULL,
		        response, now, result);
	json_decref(body);
}

const struct wq_channel aliyun_sms_channel, voice_channel;
const struct wq_channel aliyun_sms_channel = {
	.name = "aliyun_sms",
	.help = "short messages by Aliyun (阿里云短信), from an approved template",
	.options = sms_options,
	.settings_size = sizeof(struct aliyun_settings),
	.state_size = sizeof(struct aliyun),
	.rate = 600,
	.jitter = WQ_SECONDS(20),
	.jitter_alarm = WQ_SECONDS(3),
	.memos = WQ_MEMOS_DRILL,
	.check = aliyun_check,
	.recipient = phone_recipient,
	.open = aliyun_open,
	.close = aliyun_close,
	.prepare = sms_prepare,
	.judge = aliyun_judge,
};

const struct wq_channel voice_channel = {
	.name = "voice",
	.help = "rings and speaks, by Aliyun (阿里云语音): for unacknowledged alarms of the "
	        "highest level",
	.options = voice_options,
	.settings_size = sizeof(struct aliyun_settings),
	.state_size = sizeof(struct aliyun),
	.rate = 60,
	.memos = WQ_MEMOS_NONE,
	.check = aliyun_check,
	.recipient = phone_recipient,
	.open = aliyun_open,
	.close = aliyun_close,
	.prepare = voice_prepare,
	.judge = aliyun_judge,
};
