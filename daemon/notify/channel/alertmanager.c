/* SPDX-License-Identifier: Apache-2.0 */
/* Alertmanager's webhook, version "4" (prometheus/alertmanager, notify/webhook and template.Data):
 * whatever takes the Alertmanager's notices takes these. */
#include "address.h"
#include "answer.h"
#include "digest.h"
#include "notify/fields.h"
#include "notify/memo.h"
#include "secret.h"

#include "wq/err.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct alertmanager_settings {
	const char *url, *authorization, *external_url;
	bool allow_plain;
	const char *ca_file;
	wq_ms timeout;
};

struct alertmanager {
	const struct alertmanager_settings *settings;
	char authorization[600];
	char body[4 * WQ_NOTICE_DATA];
};

static const struct wq_option options[] = {
	{ .key = "url",
	        .type = WQ_OPT_TEXT,
	        .required = true,
	        .min = 10,
	        .max = ADDRESS_MAX,
	        .offset = offsetof(struct alertmanager_settings, url),
	        .help = "address that alerts are posted to" },
	{ .key = "authorization",
	        .type = WQ_OPT_SECRET,
	        .offset = offsetof(struct alertmanager_settings, authorization),
	        .help = "credential with the value of the Authorization header, 'Bearer …'" },
	{ .key = "external_url",
	        .type = WQ_OPT_TEXT,
	        .max = ADDRESS_MAX,
	        .offset = offsetof(struct alertmanager_settings, external_url),
	        .help = "externalURL and generatorURL of the alerts; default: none" },
	{ .key = "allow_plain",
	        .type = WQ_OPT_SWITCH,
	        .fallback = "false",
	        .offset = offsetof(struct alertmanager_settings, allow_plain),
	        .help = "true: url may be http://" },
	{ .key = "ca_file",
	        .type = WQ_OPT_TEXT,
	        .min = 2,
	        .max = 255,
	        .offset = offsetof(struct alertmanager_settings, ca_file),
	        .help = "certificates that sign the receiver's, PEM; default: the system's" },
	{ .key = "timeout",
	        .type = WQ_OPT_SPAN,
	        .min = 1000,
	        .max = 60000,
	        .fallback = "15s",
	        .offset = offsetof(struct alertmanager_settings, timeout),
	        .help = "longest wait for a complete answer" },
	WQ_OPTION_END,
};

static int alertmanager_check(const void *settings, struct wq_err *err)
{
	const struct alertmanager_settings *s = settings;

	return address_check(s->url, "https", "http", s->allow_plain, err);
}

static int alertmanager_open(void *state, const void *settings,
        int (*secret)(
                void *owner, const char *reference, char *buf, size_t cap, struct wq_err *err),
        void *owner, struct wq_err *err)
{
	struct alertmanager *out = state;
	static const char name[] = "authorization: ";

	out->settings = settings;
	if (out->settings->authorization == NULL)
		return 0;
	memcpy(out->authorization, name, sizeof name - 1);
	int r = secret(owner, out->settings->authorization, out->authorization + sizeof name - 1,
	        sizeof out->authorization - sizeof name + 1, err);

	if (r == 0 && strpbrk(out->authorization, "\r\n") != NULL)
		r = wq_fail(
		        err, WQ_E_INVALID, "authorization: the credential has more than one line");
	return r;
}

static void alertmanager_close(void *state)
{
	explicit_bzero(state, sizeof(struct alertmanager));
}

/* 16 hex digits of the labels in the order of their names: the same for all changes of an alarm. */
static void fingerprint_of(json_t *labels, char out[DIGEST_HEX])
{
	char *text = json_dumps(labels, JSON_COMPACT | JSON_SORT_KEYS);

	if (text == NULL || !digest_sha256_hex(text, strlen(text), out))
		snprintf(out, DIGEST_HEX, "0000000000000000");
	out[16] = '\0';
	free(text);
}

static void put_some(json_t *object, const char *name, const char *text)
{
	if (text[0] != '\0')
		json_object_set_new(object, name, json_string(text));
}

/* Level and value change within an alarm: they are annotations, or each level would be an alert of
 * its own. */
static json_t *labels_of(const struct fields *f)
{
	json_t *labels = json_object();

	put_some(labels, "alertname", f->rule[0] != '\0' ? f->rule : "wqd");
	put_some(labels, "station", f->station);
	put_some(labels, "station_code", f->station_id);
	put_some(labels, "factor", f->parameter_code);
	put_some(labels, "alarm", f->number);
	if (f->test)
		put_some(labels, "test", "true");
	return labels;
}

static json_t *annotations_of(const struct fields *f, const struct wq_notice *notice)
{
	json_t *annotations = json_object();
	char summary[600];

	snprintf(
	        summary, sizeof summary, "%s%s%s(%s)", f->station, f->parameter, f->level, f->kind);
	put_some(annotations, "summary", summary);
	put_some(annotations, "description", notice->text);
	put_some(annotations, "link", notice->link);
	put_some(annotations, "value", f->value);
	put_some(annotations, "unit", f->unit);
	put_some(annotations, "limit", f->limit);
	put_some(annotations, "multiple", f->multiple);
	return annotations;
}

static bool is_over(const struct wq_notice *notice)
{
	return notice->kind == WQ_CLEARED || notice->kind == WQ_CLOSED;
}

/* It starts with the alarm, whatever the change: receivers tell alerts by fingerprint and start. */
static json_t *alert_of(const struct alertmanager *out, const struct wq_notice *notice, const struct fields *f,
        json_t *labels, json_t *annotations)
{
	char hash[DIGEST_HEX], time[WQ_INSTANT_TEXT];
	const char *url = out->settings->external_url;

	fingerprint_of(labels, hash);
	wq_instant_format(&wq_zone_china, notice->time, time);
	return json_pack("{s:s, s:O, s:O, s:s, s:s, s:s, s:s}", "status",
	        is_over(notice) ? "resolved" : "firing", "labels", labels, "annotations",
	        annotations, "startsAt", f->opened[0] != '\0' ? f->opened : time, "endsAt",
	        is_over(notice) ? time : "0001-01-01T00:00:00Z", "generatorURL",
	        url != NULL ? url : "", "fingerprint", hash);
}

static int alertmanager_prepare(void *state, const struct wq_notice *notice, wq_ms now,
        struct wq_request *request, struct wq_err *err)
{
	struct alertmanager *out = state;
	const char *url = out->settings->external_url;
	char key[300];
	struct fields f;

	(void)now;
	if (memo_refuse(WQ_MEMOS_NONE, notice, err) < 0)
		return WQ_E_STATE;
	fields_of(notice, &f);
	json_t *labels = labels_of(&f), *annotations = annotations_of(&f, notice);

	/* As they all have it, the level is a label too; the fingerprint does without. */
	json_t *alert = alert_of(out, notice, &f, labels, annotations);
	put_some(labels, "severity", f.level_name);
	snprintf(key, sizeof key, "{}:{alarm=\"%s\"}", f.number);
	json_t *body = json_pack("{s:s, s:s, s:[o], s:{s:s}, s:o, s:o, s:s, s:s, s:s, s:i}",
	        "receiver", notice->contact[0] != '\0' ? notice->contact : "wqd", "status",
	        is_over(notice) ? "resolved" : "firing", "alerts", alert, "groupLabels", "alarm",
	        f.number, "commonLabels", labels, "commonAnnotations", annotations, "externalURL",
	        url != NULL ? url : "", "version", "4", "groupKey", key, "truncatedAlerts", 0);
	size_t length = json_dumpb(body, out->body, sizeof out->body - 1, JSON_COMPACT);

	json_decref(body);
	if (length == 0 || length >= sizeof out->body)
		return wq_fail(err, WQ_E_MEMORY, "%s: no memory for the message", notice->id);
	out->body[length] = '\0';
	*request = (struct wq_request){
		.url = out->settings->url,
		.timeout = out->settings->timeout,
		.ca_file = out->settings->ca_file,
		.header_count = out->authorization[0] != '\0' ? 2 : 1,
		.headers = { "content-type: application/json", out->authorization },
		.body = out->body,
		.body_length = length,
	};
	return 0;
}

static void alertmanager_judge(
        void *state, const struct wq_response *response, wq_ms now, struct wq_result *result)
{
	(void)state;
	answer_http(response, now, result);
}

const struct wq_channel alertmanager_channel;
const struct wq_channel alertmanager_channel = {
	.name = "alertmanager",
	.machine = true,
	.help = "posts alerts as the Alertmanager's webhook does (version 4)",
	.catch_up = true,
	.options = options,
	.settings_size = sizeof(struct alertmanager_settings),
	.state_size = sizeof(struct alertmanager),
	.memos = WQ_MEMOS_NONE,
	.link = WQ_LINK_USUAL,
	.check = alertmanager_check,
	.open = alertmanager_open,
	.close = alertmanager_close,
	.prepare = alertmanager_prepare,
	.judge = alertmanager_judge,
};
