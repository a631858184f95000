/* SPDX-License-Identifier: Apache-2.0 */
/* The vendors' channels: signatures and bodies byte for byte, and what their codes mean. */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "acs3.h"
#include "fields.h"
#include "kit.h"
#include "robots.h"
#include "tc3.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOW 1772697600000

static void prepare(const struct kit *kit, const struct wq_notice *notice, wq_ms now,
        struct wq_request *request)
{
	struct wq_err err = { 0 };

	*request = (struct wq_request){ 0 };
	if (kit->channel->prepare(kit->state, notice, now, request, &err) < 0)
		fail_msg("%s", err.text);
}

static const char *header(const struct wq_request *request, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < request->header_count; i++)
		if (strncmp(request->headers[i], name, n) == 0 &&
		        strncmp(request->headers[i] + n, ": ", 2) == 0)
			return request->headers[i] + n + 2;
	fail_msg("there is no header %s", name);
	return NULL;
}

/* ---- signatures ---- */

/* Computed once with another implementation (Python's hmac) and kept. */
static void signatures_of_the_robots_are_kept(void **state)
{
	char sign[ROBOT_SIGN];

	(void)state;
	assert_true(dingtalk_sign("SECthis-is-a-test-secret", 1599360473123, sign));
	assert_string_equal(sign, "5J4MWC392tLoJurTdFdH7j%2FD2uTpxThNddNSJCkztVQ%3D");
	assert_true(feishu_sign("demo", 1599360473, sign));
	assert_string_equal(sign, "l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8=");
}

static void the_robots_reproduce_every_shared_vector_and_not_the_wrong_one(void **state)
{
	json_t *vectors = kit_vectors(), *v;
	char sign[ROBOT_SIGN], plain[ROBOT_SIGN];
	size_t i;

	(void)state;
	assert_true(json_array_size(json_object_get(vectors, "dingtalk")) >= 3);
	json_array_foreach(json_object_get(vectors, "dingtalk"), i, v)
	{
		assert_true(dingtalk_sign(kit_text(v, "secret"),
		        json_integer_value(json_object_get(v, "timestamp_ms")), sign));
		assert_string_equal(sign, kit_text(v, "sign_urlencoded"));
	}
	assert_true(json_array_size(json_object_get(vectors, "feishu")) >= 3);
	json_array_foreach(json_object_get(vectors, "feishu"), i, v)
	{
		assert_true(feishu_sign(kit_text(v, "secret"),
		        json_integer_value(json_object_get(v, "timestamp_s")), plain));
		assert_string_equal(plain, kit_text(v, "sign"));
		assert_string_not_equal(plain, kit_text(v, "WRONG_if_keyed_like_dingtalk"));
	}
	json_decref(vectors);
}

static void whole_requests_of_the_robots_reproduce_the_shared_vectors(void **state)
{
	json_t *vectors = kit_vectors(), *v;
	struct wq_notice n = kit_notice();
	struct wq_request request;
	char token[] = "TOKEN";
	size_t i;

	(void)state;
	snprintf(n.text, sizeof n.text, "%s", kit_text(vectors, "text"));
	json_array_foreach(json_object_get(vectors, "dingtalk"), i, v)
	{
		/* One secret for both credentials here: the token is put into the vector's address.
		 */
		kit_secret(kit_text(v, "secret"));
		struct kit kit = kit_open("dingtalk \"d\" { token = \"credential:t\" secret = "
		                          "\"credential:s\" mention = list }");
		char wanted[1024];
		const char *rest = strstr(kit_text(v, "url"), token) + strlen(token);

		snprintf(wanted, sizeof wanted,
		        "https://oapi.dingtalk.com/robot/send?access_token=%s%s",
		        kit_text(v, "secret"), rest);
		prepare(&kit, &n, json_integer_value(json_object_get(v, "timestamp_ms")), &request);
		assert_string_equal(request.url, wanted);
		assert_string_equal(request.body, kit_text(v, "body"));
		kit_close(&kit);
	}
	json_array_foreach(json_object_get(vectors, "feishu"), i, v)
	{
		kit_secret(kit_text(v, "secret"));
		struct kit kit = kit_open(
		        "feishu \"f\" { hook = \"credential:h\" secret = \"credential:s\" }");

		prepare(&kit, &n,
		        1000 * json_integer_value(json_object_get(v, "timestamp_s")) + 999,
		        &request);
		assert_string_equal(request.body, kit_text(v, "body"));
		kit_close(&kit);
	}
	kit_secret(NULL);
	json_decref(vectors);
}

/* "2026-03-05T08:00:00Z" */
static wq_ms instant_of(const char *text)
{
	struct wq_err err;
	wq_ms at = 0;

	assert_int_equal(wq_instant_parse(text, NULL, &at, &err), 0);
	return at;
}

static void sign_acs3(json_t *v, struct acs3_signed *out)
{
	json_t *headers = json_object_get(v, "headers"), *value;
	const char *name;
	char numbers[ACS3_PARAMETERS][24];
	struct wq_err err;
	struct acs3_call call = {
		.action = kit_text(headers, "x-acs-action"),
		.version = kit_text(headers, "x-acs-version"),
		.host = kit_text(headers, "host"),
		.nonce = kit_text(headers, "x-acs-signature-nonce"),
		.now = instant_of(kit_text(headers, "x-acs-date")),
	};

	json_object_foreach(json_object_get(v, "query"), name, value)
	{
		call.parameters[call.count].name = name;
		snprintf(numbers[call.count], 24, "%lld", (long long)json_integer_value(value));
		call.parameters[call.count].value =
		        json_is_string(value) ? json_string_value(value) : numbers[call.count];
		call.count++;
	}
	assert_int_equal(acs3_sign(&call, kit_text(v, "access_key_id"),
	                         kit_text(v, "access_key_secret"), out, &err),
	        0);
}

static void aliyun_reproduces_every_shared_vector(void **state)
{
	json_t *vectors = kit_vectors(), *v;
	static struct acs3_signed out;
	size_t i;

	(void)state;
	assert_true(json_array_size(json_object_get(vectors, "aliyun_acs3")) >= 4);
	json_array_foreach(json_object_get(vectors, "aliyun_acs3"), i, v)
	{
		sign_acs3(v, &out);
		assert_string_equal(out.query, kit_text(v, "canonical_query"));
		assert_string_equal(out.canonical, kit_text(v, "canonical_request"));
		assert_string_equal(out.authorization + strlen("authorization: "),
		        kit_text(v, "authorization"));
	}
	json_decref(vectors);
}

/* The example of Aliyun's document 2593177. */
static void aliyun_s_published_example_is_reproduced(void **state)
{
	static struct acs3_signed out;
	struct wq_err err;
	const struct acs3_call call = { .action = "RunInstances",
		.version = "2014-05-26",
		.host = "ecs.cn-shanghai.aliyuncs.com",
		.nonce = "3156853299f313e23d1673dc12e1703d",
		.now = 1698315752000,
		.count = 3,
		.parameters = { { "RegionId", "cn-shanghai" }, { "Nothing", NULL },
		        { "ImageId", "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd" } } };

	(void)state;
	assert_int_equal(acs3_sign(&call, "YourAccessKeyId", "YourAccessKeySecret", &out, &err), 0);
	assert_non_null(strstr(out.authorization,
	        "Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"));
	assert_string_equal(out.date, "x-acs-date: 2023-10-26T10:22:32Z");
}

static void tencent_reproduces_every_shared_vector(void **state)
{
	json_t *vectors = kit_vectors(), *v;
	char out[TC3_AUTHORIZATION];
	struct wq_err err;
	size_t i;

	(void)state;
	assert_true(json_array_size(json_object_get(vectors, "tencent_tc3")) >= 2);
	json_array_foreach(json_object_get(vectors, "tencent_tc3"), i, v)
	{
		bool with_action = strstr(kit_text(v, "authorization"), "x-tc-action") != NULL;
		const struct tc3_call call = { .service = kit_text(v, "service"),
			.host = kit_text(v, "host"),
			.action = with_action ? kit_text(v, "action") : NULL,
			.content_type = kit_text(v, "content_type"),
			.now = 1000 * json_integer_value(json_object_get(v, "timestamp")),
			.body = kit_text(v, "payload"),
			.length = strlen(kit_text(v, "payload")) };

		assert_int_equal(tc3_sign(&call, kit_text(v, "secret_id"),
		                         kit_text(v, "secret_key"), out, &err),
		        0);
		assert_string_equal(out, kit_text(v, "authorization"));
	}
	json_decref(vectors);
}

/* The example of Tencent's document api/213/30654. */
static void tencent_s_published_example_is_reproduced(void **state)
{
	static const char body[] = "{\"Limit\": 1, \"Filters\": [{\"Values\": "
	                           "[\"\\u672a\\u547d\\u540d\"], \"Name\": \"instance-name\"}]}";
	const struct tc3_call call = { "cvm", "cvm.tencentcloudapi.com", "DescribeInstances",
		"application/json; charset=utf-8", 1551113065000, body, sizeof body - 1 };
	char out[TC3_AUTHORIZATION];
	struct wq_err err;

	(void)state;
	assert_int_equal(tc3_sign(&call, "AKID********************************",
	                         "********************************", out, &err),
	        0);
	assert_non_null(strstr(
	        out, "Signature=10b1a37a7301a02ca19a647ad722d5e43b4b3cff309d421d85b46093f6ab6c4f"));
}

/* ---- requests ---- */

static void wecom_mentions_by_number_and_keeps_its_key_in_the_address(void **state)
{
	struct wq_notice n = kit_notice();
	struct wq_request request;

	(void)state;
	kit_secret("693a91f6-7eee");
	struct kit kit = kit_open("wecom \"w\" { key = \"credential:k\" }");

	kit_secret(NULL);
	snprintf(n.address, sizeof n.address, "+8613800138000");
	snprintf(n.text, sizeof n.text, "总磷\"0.263\"");
	prepare(&kit, &n, NOW, &request);
	assert_string_equal(
	        request.url, "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6-7eee");
	assert_string_equal(request.body,
	        "{\"msgtype\":\"text\",\"text\":{\"content\":\"总磷\\\"0.263\\\"\",\"mentioned_"
	        "mobile_list\":[\"13800138000\"]}}");
	kit_close(&kit);
}

static void dingtalk_shows_the_number_that_it_rings(void **state)
{
	struct kit kit = kit_open("dingtalk \"d\" { token = \"credential:t\" }");
	struct wq_notice n = kit_notice();
	struct wq_request request;

	(void)state;
	snprintf(n.text, sizeof n.text, "总磷");
	prepare(&kit, &n, NOW, &request);
	assert_string_equal(request.url, "https://oapi.dingtalk.com/robot/send?access_token=KEY-t");
	assert_string_equal(request.body,
	        "{\"msgtype\":\"text\",\"text\":{\"content\":\"总磷 @13800138000\"},\"at\":{"
	        "\"atMobiles\":[\"13800138000\"],\"isAtAll\":false}}");
	n.address[0] = '\0';
	prepare(&kit, &n, NOW, &request);
	assert_string_equal(request.body,
	        "{\"msgtype\":\"text\",\"text\":{\"content\":\"总磷\"},\"at\":{\"atMobiles\":[],"
	        "\"isAtAll\":false}}");
	kit_close(&kit);
}

static void what_people_wrote_is_no_tag_in_feishu(void **state)
{
	struct kit kit = kit_open("feishu \"f\" { hook = \"credential:h\" }");
	struct wq_notice n = kit_notice();
	struct wq_request request;

	(void)state;
	snprintf(n.text, sizeof n.text, "<at user_id=\"all\">x</at>");
	prepare(&kit, &n, NOW, &request);
	assert_string_equal(request.url, "https://open.feishu.cn/open-apis/bot/v2/hook/KEY-h");
	assert_string_equal(request.body,
	        "{\"msg_type\":\"text\",\"content\":{\"text\":\"＜at "
	        "user_id=\\\"all\\\"＞x＜/at＞\"}}");
	kit_close(&kit);
}

#define ALIYUN                                                                                     \
	"aliyun_sms \"a\" { key_id = \"id\" key_secret = \"credential:k\" signature = \"测试\" " \
	"template = \"SMS_1\" "                                                                    \
	"variables = { \"station = station\", \"value = value\", \"id = number\" } %s }"

static void aliyun_s_variables_are_texts_in_the_order_given(void **state)
{
	char section[1024];
	struct wq_notice n = kit_notice();
	struct wq_request request;

	(void)state;
	snprintf(section, sizeof section, ALIYUN,
	        "url = \"http://127.0.0.1:8080\" allow_plain = true");
	struct kit kit = kit_open(section);

	prepare(&kit, &n, NOW, &request);
	assert_string_equal(request.body, "");
	assert_int_equal(request.header_count, 6);
	assert_string_equal(request.url,
	        "http://127.0.0.1:8080/"
	        "?OutId=abc-W20260305-007-1-zhang&PhoneNumbers=13800138000&SignName="
	        "%E6%B5%8B%E8%AF%95&TemplateCode=SMS_1&TemplateParam=%7B%22station%22%3A%22%E4%B8%"
	        "80%E5%B9%B2%E6%B2%B3%22%2C"
	        "%22value%22%3A%220.263%22%2C%22id%22%3A%22W20260305-007%22%7D");
	assert_string_equal(header(&request, "x-acs-date"), "2026-03-05T08:00:00Z");
	char first[64];

	snprintf(first, sizeof first, "%s", header(&request, "x-acs-signature-nonce"));
	prepare(&kit, &n, NOW, &request);
	assert_string_not_equal(first, header(&request, "x-acs-signature-nonce"));
	kit_close(&kit);
}

static void tencent_s_body_counts_its_variables(void **state)
{
	struct kit kit = kit_open(
	        "tencent_sms \"t\" { key_id = \"id\" key_secret = \"credential:k\" app = \"1400\" "
	        "signature = \"测试\" template = \"9\" variables = { station, multiple, number } "
	        "}");
	struct wq_notice n = kit_notice();
	struct wq_request request;

	(void)state;
	prepare(&kit, &n, NOW, &request);
	assert_string_equal(request.body,
	        "{\"PhoneNumberSet\":[\"+8613800138000\"],\"SmsSdkAppId\":\"1400\",\"SignName\":"
	        "\"测试\",\"TemplateId\":\"9\","
	        "\"TemplateParamSet\":[\"一干河\",\"0.32\",\"W20260305-007\"],\"SessionContext\":"
	        "\"abc-W20260305-007-1-zhang\"}");
	assert_string_equal(header(&request, "x-tc-timestamp"), "1772697600");
	assert_string_equal(header(&request, "x-tc-region"), "ap-guangzhou");
	kit_close(&kit);
}

static void it_rings_for_unacknowledged_alarms_of_the_highest_level_only(void **state)
{
	struct kit kit = kit_open(
	        "voice \"v\" { key_id = \"id\" key_secret = \"credential:k\" template = \"TTS_1\" "
	        "variables = { \"station = station\" } }");
	struct wq_notice n = kit_notice();
	struct wq_request request;
	struct wq_err err;

	(void)state;
	for (int kind = 0; kind < WQ_CHANGE_KINDS; kind++) {
		for (int level = 1; level <= 4; level++) {
			bool rings = kind == WQ_ESCALATED && level == WQ_LEVEL_ALARM;

			n.kind = (enum wq_change_kind)kind;
			n.level = (enum wq_level)level;
			assert_int_equal(kit.channel->prepare(kit.state, &n, NOW, &request, &err),
			        rings ? 0 : WQ_E_STATE);
		}
	}
	n.test = true;
	prepare(&kit, &n, NOW, &request);
	assert_non_null(strstr(request.url,
	        "/?CalledNumber=13800138000&OutId=W20260305-007&PlayTimes=2&TtsCode=TTS_1&"));
	kit_close(&kit);
}

/* Receivers tell alerts by their start: it is that of the alarm, whatever the change is of. */
static void an_alert_starts_with_its_alarm(void **state)
{
	struct kit kit = kit_open("alertmanager \"am\" { url = \"https://am.example/hook\" }");
	struct wq_notice n = kit_notice(), before = n;
	struct wq_request request;

	(void)state;
	snprintf(n.data, sizeof n.data, "{\"opened\":\"2026-03-05T15:00:00+08:00\",%.3000s", before.data + 1);
	for (int i = 0; i < 3; i++) {
		const struct wq_notice *told = i < 2 ? &n : &before;

		n.kind = i == 0 ? WQ_RAISED : WQ_CLEARED;
		prepare(&kit, told, NOW, &request);
		json_t *body = json_loadb(request.body, request.body_length, 0, NULL);
		json_t *alert = json_array_get(json_object_get(body, "alerts"), 0);

		assert_string_equal(kit_text(alert, "startsAt"),
		        i < 2 ? "2026-03-05T15:00:00+08:00" : "2026-03-05T16:00:00+08:00");
		assert_string_equal(kit_text(alert, "endsAt"),
		        i == 1 ? "2026-03-05T16:00:00+08:00" : "0001-01-01T00:00:00Z");
		json_decref(body);
	}
	kit_close(&kit);
}

static void an_alert_keeps_its_fingerprint_until_it_is_resolved(void **state)
{
	struct kit kit = kit_open("alertmanager \"am\" { url = \"https://am.example/hook\" }");
	struct wq_notice n = kit_notice();
	struct wq_request request;
	char prints[2][32];

	(void)state;
	for (int i = 0; i < 2; i++) {
		n.kind = i == 0 ? WQ_OPENED : WQ_CLEARED;
		n.level = i == 0 ? WQ_LEVEL_ALARM : WQ_LEVEL_WARNING;
		prepare(&kit, &n, NOW, &request);
		json_t *body = json_loadb(request.body, request.body_length, 0, NULL);
		json_t *alert = json_array_get(json_object_get(body, "alerts"), 0);

		assert_string_equal(kit_text(body, "version"), "4");
		assert_string_equal(kit_text(body, "status"), i == 0 ? "firing" : "resolved");
		assert_string_equal(kit_text(alert, "endsAt"),
		        i == 0 ? "0001-01-01T00:00:00Z" : "2026-03-05T16:00:00+08:00");
		assert_string_equal(kit_text(json_object_get(alert, "labels"), "factor"), "w21011");
		assert_string_equal(
		        kit_text(json_object_get(alert, "annotations"), "description"), n.text);
		snprintf(prints[i], sizeof prints[i], "%s", kit_text(alert, "fingerprint"));
		assert_int_equal(strlen(prints[i]), 16);
		json_decref(body);
	}
	assert_string_equal(prints[0], prints[1]);
	kit_close(&kit);
}

/* ---- answers ---- */

#define CODE(c) "{\"errcode\":" c ",\"errmsg\":\"m\"}"
#define TENCENT(c)                                                                                 \
	"{\"Response\":{\"SendStatusSet\":[{\"Code\":\"" c                                         \
	"\",\"Message\":\"m\"}],\"RequestId\":\"r\"}}"
#define REFUSED(c)                                                                                 \
	"{\"Response\":{\"Error\":{\"Code\":\"" c "\",\"Message\":\"m\"},\"RequestId\":\"r\"}}"

static const char robots_d[] = "dingtalk \"d\" { token = \"credential:t\" }";
static const char robots_f[] = "feishu \"f\" { hook = \"credential:h\" }";
static const char sms_a[] = "aliyun_sms \"a\" { key_id = \"id\" key_secret = \"credential:k\" "
                            "signature = \"s\" template = \"SMS_1\" }";
static const char sms_t[] =
        "tencent_sms \"t\" { key_id = \"id\" key_secret = \"credential:k\" app = \"1\" signature = "
        "\"s\" template = \"9\" }";

static void the_vendors_own_codes_decide(void **state)
{
	static const struct {
		const char *section;
		int status;
		const char *body;
		enum wq_result_kind kind;
		wq_ms wait;
	} rows[] = {
		{ robots_d, 200, CODE("0"), WQ_SENT, 0 },
		{ robots_d, 200, CODE("130101"), WQ_THROTTLE, WQ_MINUTES(10) },
		{ robots_d, 200, CODE("310000"), WQ_CONFIG, 0 },
		{ robots_d, 200, CODE("-1"), WQ_RETRY, 0 },
		{ robots_d, 200, CODE("77"), WQ_CONFIG, 0 },
		{ robots_d, 200, "{\"errcode\":\"0\"}", WQ_RETRY, 0 },
		{ robots_d, 200, "", WQ_RETRY, 0 },
		{ robots_d, 200, "<html>login", WQ_RETRY, 0 },
		{ robots_d, 500, CODE("0"), WQ_RETRY, 0 },
		{ robots_d, 429, CODE("0"), WQ_THROTTLE, WQ_SECONDS(30) },
		{ robots_f, 200, "{\"code\":0,\"msg\":\"success\"}", WQ_SENT, 0 },
		{ robots_f, 200, "{\"StatusCode\":0}", WQ_SENT, 0 },
		{ robots_f, 200, "{\"code\":19021}", WQ_CONFIG, 0 },
		{ robots_f, 200, "{\"code\":11232}", WQ_THROTTLE, WQ_MINUTES(1) },
		{ robots_f, 400, "{\"code\":9499}", WQ_CONFIG, 0 },
		{ robots_f, 400, "{\"code\":0}", WQ_CONFIG, 0 },
		{ robots_f, 200, "{}", WQ_RETRY, 0 },
		{ sms_a, 200, "{\"Code\":\"OK\"}", WQ_SENT, 0 },
		{ sms_a, 200, "{\"Code\":\"isv.BUSINESS_LIMIT_CONTROL\"}", WQ_THROTTLE,
		        WQ_MINUTES(10) },
		{ sms_a, 200, "{\"Code\":\"isp.SYSTEM_ERROR\"}", WQ_RETRY, 0 },
		{ sms_a, 200, "{\"Code\":\"isv.MOBILE_NUMBER_ILLEGAL\"}", WQ_DROP, 0 },
		{ sms_a, 200, "{\"Code\":\"isv.SMS_TEMPLATE_ILLEGAL\"}", WQ_CONFIG, 0 },
		{ sms_a, 400, "{\"Code\":\"SignatureDoesNotMatch\"}", WQ_CONFIG, 0 },
		{ sms_a, 400, "{\"Code\":\"OK\"}", WQ_CONFIG, 0 },
		{ sms_a, 400, "{\"Code\":\"Throttling.User\"}", WQ_THROTTLE, WQ_SECONDS(30) },
		{ sms_a, 503, "{\"Code\":\"ServiceUnavailable\"}", WQ_RETRY, 0 },
		{ sms_a, 200, "[]", WQ_RETRY, 0 },
		{ sms_t, 200, TENCENT("Ok"), WQ_SENT, 0 },
		{ sms_t, 200, TENCENT("LimitExceeded.PhoneNumberThirtySecondLimit"), WQ_THROTTLE,
		        WQ_SECONDS(30) },
		{ sms_t, 200, TENCENT("LimitExceeded.PhoneNumberDailyLimit"), WQ_THROTTLE,
		        WQ_HOURS(1) },
		{ sms_t, 200, TENCENT("FailedOperation.PhoneNumberInBlacklist"), WQ_DROP, 0 },
		{ sms_t, 200, REFUSED("AuthFailure.SignatureExpire"), WQ_CONFIG, 0 },
		{ sms_t, 200, REFUSED("InternalError.Timeout"), WQ_RETRY, 0 },
		{ sms_t, 200, "{\"Response\":{}}", WQ_RETRY, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct kit kit = kit_open(rows[i].section);
		struct wq_result result = kit_judge(&kit, rows[i].status, rows[i].body, NOW);

		if (result.kind != rows[i].kind)
			fail_msg("%s: %d, not %d (%s)", rows[i].body, result.kind, rows[i].kind,
			        result.text);
		if (result.kind == WQ_THROTTLE)
			assert_int_equal(result.until - NOW, rows[i].wait);
		assert_true(result.text[0] != '\0');
		kit_close(&kit);
	}
}

static void a_refused_time_tells_how_wrong_our_clock_is(void **state)
{
	struct kit kit = kit_open(sms_t);
	const char *body = REFUSED("AuthFailure.SignatureExpire");
	const struct wq_response response = { .status = 200,
		.body = body,
		.body_length = strlen(body),
		.retry_after = WQ_NO_TIME,
		.date = NOW + WQ_SECONDS(400) };
	struct wq_result result;

	(void)state;
	kit.channel->judge(kit.state, &response, NOW, &result);
	assert_non_null(strstr(result.text, "our clock is 400 s behind theirs"));
	kit_close(&kit);
}

static void a_secret_that_the_vendor_repeats_is_not_told(void **state)
{
	struct kit kit = kit_open(robots_d);
	struct wq_result result =
	        kit_judge(&kit, 200, "{\"errcode\":300001,\"errmsg\":\"token KEY-t is bad\"}", NOW);

	(void)state;
	assert_null(strstr(result.text, "KEY-t"));
	assert_non_null(strstr(result.text, "token ***** is bad"));
	kit_close(&kit);
}

static void settings_are_checked(void **state)
{
	static const struct {
		const char *section, *part;
	} rows[] = {
		{ "dingtalk \"d\" { token = \"credential:t\" url = \"http://10.0.0.1\" }",
		        "allow_plain" },
		{ "dingtalk \"d\" { token = \"credential:t\" url = \"http://10.0.0.1\" allow_plain "
		  "= true }",
		        "" },
		{ "dingtalk \"d\" { token = \"SEC123\" }", "token" },
		{ "tencent_sms \"t\" { key_id = \"i\" key_secret = \"credential:k\" app = \"1\" "
		  "signature = \"【s】\" template = "
		  "\"9\" }",
		        "signature: without" },
		{ "tencent_sms \"t\" { key_id = \"i\" key_secret = \"credential:k\" app = \"1\" "
		  "signature = \"s\" template = "
		  "\"9\" variables = { \"a = station\" } }",
		        "counts them" },
		{ "voice \"v\" { key_id = \"i\" key_secret = \"credential:k\" template = \"T\" "
		  "variables = { \"a = place\" } }",
		        "there is no field 'place'" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *problem = kit_problem(rows[i].section);

		if (rows[i].part[0] == '\0' ? problem[0] != '\0'
		                            : strstr(problem, rows[i].part) == NULL)
			fail_msg("%s: '%s'", rows[i].section, problem);
	}
}

/* ---- fields ---- */

static void variables_hold_nothing_that_a_template_refuses(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "一干河", "一干河" },
		{ "", "-" },
		{ "【】", "-" },
		{ "超Ⅲ类", "超三类" },
		{ "210μS/cm", "210微西每厘米" },
		{ "12m³/s→下游•", "12立方米每秒至下游" },
		{ "电话13800138000转", "电话(号码略)转" },
		{ "2026030500007", "2026030500007" },
		{ "见https://a.example", "见a.example" },
		{ "a😀b", "ab" },
		{ "水水水水水水水水水水水水水水水水水水水水水水水水水水水水水水水水水水水水水水",
		        "水水水水水水水水水水水水水水水水水水水水水水水水水水水水水水水水水水水" },
	};
	char out[160];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		fields_variable(rows[i].text, out, sizeof out);
		assert_string_equal(out, rows[i].want);
	}
}

static void fields_come_from_the_data_not_from_the_text(void **state)
{
	struct wq_notice n = kit_notice();
	struct fields f;

	(void)state;
	n.text[0] = '\0';
	fields_of(&n, &f);
	assert_string_equal(f.station, "一干河");
	assert_string_equal(f.parameter, "总磷");
	assert_string_equal(f.value, "0.263");
	assert_string_equal(f.multiple, "0.32");
	assert_string_equal(f.time, "3月5日16时00分");
	assert_string_equal(f.number, "W20260305-007");
	snprintf(n.data, sizeof n.data, "%s",
	        "{\"parameter\":{\"code\":\"w01001\"},\"value\":9.5,\"limit\":9}");
	fields_of(&n, &f);
	assert_string_equal(f.multiple, ""); /* pH has none */
	snprintf(n.data, sizeof n.data, "{}");
	fields_of(&n, &f);
	assert_string_equal(f.station, "");
	assert_string_equal(f.number, "W20260305-007");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signatures_of_the_robots_are_kept),
		cmocka_unit_test(the_robots_reproduce_every_shared_vector_and_not_the_wrong_one),
		cmocka_unit_test(whole_requests_of_the_robots_reproduce_the_shared_vectors),
		cmocka_unit_test(aliyun_reproduces_every_shared_vector),
		cmocka_unit_test(aliyun_s_published_example_is_reproduced),
		cmocka_unit_test(tencent_reproduces_every_shared_vector),
		cmocka_unit_test(tencent_s_published_example_is_reproduced),
		cmocka_unit_test(wecom_mentions_by_number_and_keeps_its_key_in_the_address),
		cmocka_unit_test(dingtalk_shows_the_number_that_it_rings),
		cmocka_unit_test(what_people_wrote_is_no_tag_in_feishu),
		cmocka_unit_test(aliyun_s_variables_are_texts_in_the_order_given),
		cmocka_unit_test(tencent_s_body_counts_its_variables),
		cmocka_unit_test(it_rings_for_unacknowledged_alarms_of_the_highest_level_only),
		cmocka_unit_test(an_alert_starts_with_its_alarm),
		cmocka_unit_test(an_alert_keeps_its_fingerprint_until_it_is_resolved),
		cmocka_unit_test(the_vendors_own_codes_decide),
		cmocka_unit_test(a_refused_time_tells_how_wrong_our_clock_is),
		cmocka_unit_test(a_secret_that_the_vendor_repeats_is_not_told),
		cmocka_unit_test(settings_are_checked),
		cmocka_unit_test(variables_hold_nothing_that_a_template_refuses),
		cmocka_unit_test(fields_come_from_the_data_not_from_the_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
