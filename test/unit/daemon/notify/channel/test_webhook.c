/* SPDX-License-Identifier: Apache-2.0 */
/* Standard Webhooks: signatures byte for byte, requests, and what answers mean. */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "signature.h"

#include "wq/channel.h"
#include "wq/err.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void assert_signature(
        const char *secret, const char *id, int64_t seconds, const char *body, const char *expected)
{
	struct signature_keys keys;
	struct wq_err err;
	char out[SIGNATURE_TEXT];

	assert_int_equal(signature_keys_parse(secret, &keys, &err), 0);
	assert_int_equal(signature_make(&keys, id, seconds, body, strlen(body), out, &err), 0);
	assert_string_equal(out, expected);
}

static void the_published_vector_is_reproduced(void **state)
{
	(void)state; /* of the Standard Webhooks reference libraries */
	assert_signature("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek",
	        1614265330, "{\"test\": 2432232314}",
	        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

static json_t *load_vectors(void)
{
	const char *shared = getenv("WQ_SHARED");
	char path[4096];

	snprintf(path, sizeof path, "%s/vectors/channels.json", shared != NULL ? shared : "");
	json_t *vectors = json_load_file(path, 0, NULL);

	if (vectors == NULL) {
		print_message("SKIPPED: no %s\n", path);
		skip();
	}
	return vectors;
}

static const char *text_of(json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static void every_shared_vector_is_reproduced(void **state)
{
	json_t *vectors = load_vectors(), *vector, *secret;
	size_t i, k;
	char secrets[512];

	(void)state;
	assert_true(json_array_size(json_object_get(vectors, "standard_webhooks")) >= 3);
	json_array_foreach(json_object_get(vectors, "standard_webhooks"), i, vector)
	        assert_signature(text_of(vector, "secret"), text_of(vector, "webhook_id"),
	                json_integer_value(json_object_get(vector, "webhook_timestamp")),
	                text_of(vector, "body"), text_of(vector, "webhook_signature"));
	json_array_foreach(json_object_get(vectors, "standard_webhooks_rotation"), i, vector)
	{
		secrets[0] = '\0';
		json_array_foreach(json_object_get(vector, "secrets"), k, secret)
		        snprintf(secrets + strlen(secrets), sizeof secrets - strlen(secrets),
		                "%s\n", json_string_value(secret));
		assert_signature(secrets, text_of(vector, "webhook_id"),
		        json_integer_value(json_object_get(vector, "webhook_timestamp")),
		        text_of(vector, "body"), text_of(vector, "webhook_signature"));
	}
	json_decref(vectors);
}

#define KEY24 "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

static void keys_are_of_24_to_64_bytes_in_strict_base64(void **state)
{
	static const struct {
		const char *text;
		size_t count; /* 0: refused */
	} rows[] = {
		{ KEY24, 1 }, { " " KEY24 "\n" KEY24 " ", 2 },
		{ KEY24 " " KEY24 " " KEY24 " " KEY24, 4 },
		{ KEY24 " " KEY24 " " KEY24 " " KEY24 " " KEY24, 0 }, { "", 0 },
		{ "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", 0 }, { "whsec_", 0 },
		{ "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS=", 0 }, /* 23 bytes */
		{ "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS", 0 },  /* no whole group */
		{ "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa-_", 0 }, /* base64url */
		{ "whsec_MfKQ=r8GKYqrTwjUPD8ILPZIo2LaLaSw", 0 }, /* '=' inside */
		{ "whsec_"
		  "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
		  "AAA"
		  "AAA==",
		        1 }, /* 64 bytes */
		{ "whsec_"
		  "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
		  "AAA"
		  "AAAA=",
		        0 }, /* 65 */
	};
	struct signature_keys keys;
	struct wq_err err;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int r = signature_keys_parse(rows[i].text, &keys, &err);

		assert_int_equal(r, rows[i].count > 0 ? 0 : WQ_E_INVALID);
		assert_int_equal(keys.count, rows[i].count);
		if (r < 0)
			assert_null(strstr(err.text, "MfKQ"));
	}
}

/* ---- the channel, through its contract only ---- */

static const struct wq_channel *webhook(void)
{
	for (size_t i = 0; wq_channels[i] != NULL; i++)
		if (strcmp(wq_channels[i]->name, "webhook") == 0)
			return wq_channels[i];
	fail_msg("there is no channel 'webhook'");
	return NULL;
}

static const struct wq_option *option(const char *key)
{
	const struct wq_option *row = webhook()->options;

	while (row->key != NULL && strcmp(row->key, key) != 0)
		row++;
	assert_non_null(row->key);
	return row;
}

/* Fills settings as the configuration does, through the rows. */
static void *settings_for(const char *url)
{
	char *settings = calloc(1, webhook()->settings_size);
	const char *secret = "credential:centre";
	wq_ms timeout = WQ_SECONDS(7);

	assert_non_null(settings);
	memcpy(settings + option("url")->offset, &url, sizeof url);
	memcpy(settings + option("secret")->offset, &secret, sizeof secret);
	memcpy(settings + option("timeout")->offset, &timeout, sizeof timeout);
	return settings;
}

static int give_secret(
        void *owner, const char *reference, char *buf, size_t cap, struct wq_err *err)
{
	if (strcmp(reference, "credential:centre") != 0 || owner == NULL)
		return wq_fail(err, WQ_E_MISSING, "no '%s'", reference);
	snprintf(buf, cap, "%s", (const char *)owner);
	return 0;
}

static void addresses_are_checked(void **state)
{
	static const struct {
		const char *url;
		bool good;
	} rows[] = {
		{ "https://centre.example/hook", true },
		{ "http://127.0.0.1:8080/", true },
		{ "https://[::1]:8443/x?a=b@c", true },
		{ "ftp://centre.example/", false },
		{ "centre.example/hook", false },
		{ "https:///hook", false },
		{ "http://:80/", false },
		{ "https://user:pass@centre.example/", false },
		{ "https://centre.example/a b", false },
		{ "https://centre.example/水", false },
		{ "https://centre.example:443", true },
		{ "https://centre.example:65535/hook", true },
		{ "https://centre.example:65536/hook", false },
		{ "https://centre.example:99999", false },
		{ "https://centre.example:0/", false },
		{ "https://centre.example:/", false },
		{ "https://centre.example:84a3/", false },
		{ "https://centre.example:8443:1/", false },
		{ "https://[::1]", true },
		{ "https://[::1:8443/", false },
		{ "https://[]:8443/", false },
		{ "https://[::1]8443/", false },
		{ "https://::1/", false },
	};
	struct wq_err err;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		void *settings = settings_for(rows[i].url);

		assert_int_equal(webhook()->check(settings, &err), rows[i].good ? 0 : WQ_E_INVALID);
		free(settings);
	}
}

static void a_request_is_signed_and_its_body_is_the_same_on_every_attempt(void **state)
{
	static const char id[] = "abc-W20260305-007-1-zhang";
	static const char expected[] =
	        "{\"type\":\"alarm.opened\",\"timestamp\":\"2026-03-05T16:00:00+08:00\","
	        "\"data\":{\"value\":0.263}}";
	struct wq_notice notice = {
		.kind = WQ_OPENED, .time = 1772697600000, .data = "{\"value\":0.263}"
	};
	struct wq_request request;
	struct wq_err err;
	struct signature_keys keys;
	char signature[SIGNATURE_TEXT], line[SIGNATURE_TEXT + 32], secret[] = KEY24;
	void *settings = settings_for("https://centre.example/hook");
	void *channel = calloc(1, webhook()->state_size);

	(void)state;
	snprintf(notice.id, sizeof notice.id, "%s", id);
	assert_int_equal(webhook()->open(channel, settings, give_secret, secret, &err), 0);
	for (wq_ms now = 1772697605000; now < 1772697609000; now += 3001) {
		assert_int_equal(webhook()->prepare(channel, &notice, now, &request, &err), 0);
		assert_string_equal(request.url, "https://centre.example/hook");
		assert_int_equal(request.timeout, WQ_SECONDS(7));
		assert_int_equal(request.body_length, strlen(expected));
		assert_string_equal(request.body, expected);
		assert_int_equal(request.header_count, 4);
		assert_string_equal(
		        request.headers[0], "content-type: application/json; charset=utf-8");
		assert_string_equal(request.headers[1], "webhook-id: abc-W20260305-007-1-zhang");
		snprintf(line, sizeof line, "webhook-timestamp: %lld", (long long)(now / 1000));
		assert_string_equal(request.headers[2], line);
		signature_keys_parse(KEY24, &keys, &err);
		signature_make(&keys, id, now / 1000, expected, strlen(expected), signature, &err);
		snprintf(line, sizeof line, "webhook-signature: %s", signature);
		assert_string_equal(request.headers[3], line);
	}
	webhook()->close(channel);
	for (size_t i = 0; i + 8 < webhook()->state_size; i++) /* the key is wiped */
		assert_memory_not_equal((char *)channel + i, "\x31\xf2\x90\xf6\xbf\x06\x29\x8a", 8);
	free(channel);
	free(settings);
}

static void the_longest_notice_fits_and_a_bad_id_is_refused(void **state)
{
	struct wq_notice notice = { .id = "a-1", .kind = WQ_ACKNOWLEDGED };
	struct wq_request request;
	struct wq_err err;
	char secret[] = KEY24;
	void *settings = settings_for("https://centre.example/hook");
	void *channel = calloc(1, webhook()->state_size);

	(void)state;
	assert_int_equal(webhook()->open(channel, settings, give_secret, secret, &err), 0);
	memset(notice.data, '{', sizeof notice.data - 1);
	memset(notice.id, 'a', sizeof notice.id - 1);
	assert_int_equal(webhook()->prepare(channel, &notice, 1, &request, &err), 0);
	assert_int_equal(strlen(request.body), request.body_length);
	assert_true(request.body_length > sizeof notice.data);
	notice.id[3] = '.';
	assert_int_equal(webhook()->prepare(channel, &notice, 1, &request, &err), WQ_E_INVALID);
	notice.id[3] = '\n';
	assert_int_equal(webhook()->prepare(channel, &notice, 1, &request, &err), WQ_E_INVALID);
	webhook()->close(channel);
	free(channel);
	free(settings);
}

static void without_its_secret_it_does_not_open(void **state)
{
	char wrong[] = "no key at all";
	struct wq_err err;
	void *settings = settings_for("https://centre.example/hook");
	void *channel = calloc(1, webhook()->state_size);

	(void)state;
	assert_int_equal(webhook()->open(channel, settings, give_secret, NULL, &err), WQ_E_MISSING);
	assert_int_equal(
	        webhook()->open(channel, settings, give_secret, wrong, &err), WQ_E_INVALID);
	assert_null(strstr(err.text, "no key at all"));
	free(channel);
	free(settings);
}

static void answers_mean(void **state)
{
	enum { NONE = -1 };
	static const struct {
		int status, retry_after; /* s */
		enum wq_result_kind kind;
		int wait; /* s */
	} rows[] = {
		{ 0, NONE, WQ_RETRY, 0 },
		{ 200, NONE, WQ_SENT, 0 },
		{ 204, 60, WQ_SENT, 0 },
		{ 299, NONE, WQ_SENT, 0 },
		{ 100, NONE, WQ_RETRY, 0 },
		{ 301, NONE, WQ_CONFIG, 0 },
		{ 304, NONE, WQ_CONFIG, 0 },
		{ 400, NONE, WQ_CONFIG, 0 },
		{ 401, NONE, WQ_CONFIG, 0 },
		{ 403, NONE, WQ_CONFIG, 0 },
		{ 404, 9, WQ_CONFIG, 0 },
		{ 408, NONE, WQ_RETRY, 0 },
		{ 410, NONE, WQ_CONFIG, 0 },
		{ 422, NONE, WQ_CONFIG, 0 },
		{ 429, NONE, WQ_THROTTLE, 30 },
		{ 429, 0, WQ_THROTTLE, 1 },
		{ 429, 7, WQ_THROTTLE, 7 },
		{ 429, 86400, WQ_THROTTLE, 900 },
		{ 500, 9, WQ_RETRY, 0 },
		{ 502, NONE, WQ_THROTTLE, 30 },
		{ 503, NONE, WQ_RETRY, 0 },
		{ 503, 20, WQ_THROTTLE, 20 },
		{ 504, 61, WQ_THROTTLE, 61 },
		{ 599, NONE, WQ_RETRY, 0 },
		{ 700, NONE, WQ_RETRY, 0 },
	};
	void *channel = calloc(1, webhook()->state_size);

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct wq_result result = { .kind = WQ_DROP };
		struct wq_response response = { .status = rows[i].status,
			.body = "",
			.retry_after = rows[i].retry_after == NONE
			        ? WQ_NO_TIME
			        : WQ_SECONDS(rows[i].retry_after) };

		if (rows[i].status == 0)
			response.failure = "connection refused";
		webhook()->judge(channel, &response, 1000, &result);
		assert_int_equal(result.kind, rows[i].kind);
		if (result.kind == WQ_THROTTLE)
			assert_int_equal(result.until, 1000 + WQ_SECONDS(rows[i].wait));
		assert_string_not_equal(result.text, "");
	}
	free(channel);
}

static void a_page_for_people_is_no_answer_of_a_receiver(void **state)
{
	static const struct {
		const char *body;
		enum wq_result_kind kind;
	} rows[] = {
		{ "<!DOCTYPE html><html><title>Login</title>", WQ_RETRY },
		{ "\xEF\xBB\xBF\r\n <HTML lang=zh>", WQ_RETRY },
		{ "", WQ_SENT },
		{ "{\"ok\":true}", WQ_SENT },
		{ "<xml/>", WQ_SENT },
		{ "taken, see <html>", WQ_SENT },
	};
	void *channel = calloc(1, webhook()->state_size);

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct wq_result result = { .kind = WQ_DROP };
		const struct wq_response response = { .status = 200,
			.body = rows[i].body,
			.body_length = strlen(rows[i].body),
			.retry_after = WQ_NO_TIME };

		webhook()->judge(channel, &response, 1000, &result);
		assert_int_equal(result.kind, rows[i].kind);
		assert_int_equal(strstr(result.text, "HTML page") != NULL, rows[i].kind == WQ_RETRY);
	}
	free(channel);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_published_vector_is_reproduced),
		cmocka_unit_test(every_shared_vector_is_reproduced),
		cmocka_unit_test(keys_are_of_24_to_64_bytes_in_strict_base64),
		cmocka_unit_test(addresses_are_checked),
		cmocka_unit_test(a_request_is_signed_and_its_body_is_the_same_on_every_attempt),
		cmocka_unit_test(the_longest_notice_fits_and_a_bad_id_is_refused),
		cmocka_unit_test(without_its_secret_it_does_not_open),
		cmocka_unit_test(answers_mean),
		cmocka_unit_test(a_page_for_people_is_no_answer_of_a_receiver),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
