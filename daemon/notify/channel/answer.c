/* SPDX-License-Identifier: Apache-2.0 */
/* Verdicts by tables. */
#include "answer.h"

#include "notify/text.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Waits when told to slow down without being told for how long. */
#define THROTTLE_DEFAULT WQ_SECONDS(30)
#define THROTTLE_MIN     WQ_SECONDS(1)
#define THROTTLE_MAX     WQ_MINUTES(15)

/* What a status means; the first row that holds it counts. */
static const struct {
	int from, to;
	enum wq_result_kind kind;
	const char *text;
} statuses[] = {
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

/* What takes notices does not answer with a page for people: something in between does. */
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

bool answer_http(const struct wq_response *response, wq_ms now, struct wq_result *result)
{
	size_t row = 0;
	int status = response->failure != NULL ? 0 : response->status;

	while (row + 1 < sizeof statuses / sizeof *statuses &&
	        (status < statuses[row].from || status > statuses[row].to))
		row++;
	result->kind = statuses[row].kind;
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
		        "HTTP %d: an HTML page instead of an answer; a login page in between?",
		        status);
	else if (response->failure != NULL)
		snprintf(result->text, sizeof result->text, "no answer: %.160s", response->failure);
	else
		snprintf(result->text, sizeof result->text, "HTTP %d: %s", status,
		        statuses[row].text);
	return result->kind == WQ_SENT;
}

static bool is_code(const char *pattern, const char *code)
{
	size_t n = pattern != NULL ? strlen(pattern) : 0;

	if (pattern == NULL)
		return true;
	if (n > 0 && pattern[n - 1] == '*')
		return strncmp(code, pattern, n - 1) == 0;
	return strcmp(code, pattern) == 0;
}

static void cover(char *text, const char *secret)
{
	size_t n = secret != NULL ? strlen(secret) : 0;

	for (char *at = n > 0 ? strstr(text, secret) : NULL; at != NULL;
	        at = strstr(at + n, secret))
		memset(at, '*', n);
}

void answer_code(const struct answer_code *rows, const char *code, const char *message,
        const char *hide, const struct wq_response *response, wq_ms now, struct wq_result *result)
{
	char words[512], clean[100] = "", clock[64] = "";
	wq_ms off = response->date == WQ_NO_TIME ? 0 : now - response->date;

	while (!is_code(rows->code, code))
		rows++;
	result->kind = rows->kind;
	result->until = rows->kind == WQ_THROTTLE
	        ? now + (rows->wait > 0 ? rows->wait : THROTTLE_DEFAULT)
	        : WQ_NO_TIME;
	snprintf(words, sizeof words, "%s", message != NULL ? message : "");
	cover(words, hide);
	text_clean(words, clean, sizeof clean);
	if (rows->clock && llabs(off) >= 5000)
		snprintf(clock, sizeof clock, "; our clock is %lld s %s theirs", llabs(off) / 1000,
		        off > 0 ? "ahead of" : "behind");
	if (rows->kind == WQ_SENT)
		clean[0] = '\0';
	int n = snprintf(result->text, sizeof result->text, "%.48s: %s%s", code, rows->text, clock);
	size_t used = n > 0 && n < (int)sizeof result->text ? (size_t)n : sizeof result->text - 1;

	/* Cut by bytes where it must: the log does not mind. */
	if (clean[0] != '\0' && used + 8 < sizeof result->text)
		snprintf(result->text + used, sizeof result->text - used, " (%.*s)",
		        (int)(sizeof result->text - used - 4), clean);
}

void answer_strange(const struct wq_response *response, struct wq_result *result)
{
	result->kind = WQ_RETRY;
	snprintf(result->text, sizeof result->text,
	        "HTTP %d with %zu bytes that are no answer of this service; is the url right?",
	        response->status, response->body_length);
}

void answer_errcode(const struct answer_code *rows, const char *hide, const struct wq_response *response, wq_ms now,
        struct wq_result *result)
{
	char code[24];

	if (!answer_http(response, now, result))
		return;
	json_t *body = json_loadb(response->body, response->body_length, 0, NULL);
	json_t *number = json_object_get(body, "errcode");

	if (!json_is_integer(number)) {
		answer_strange(response, result);
	} else {
		snprintf(code, sizeof code, "%" JSON_INTEGER_FORMAT, json_integer_value(number));
		answer_code(rows, code, json_string_value(json_object_get(body, "errmsg")), hide, response, now, result);
	}
	json_decref(body);
}
