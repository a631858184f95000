/* SPDX-License-Identifier: Apache-2.0 */
/* E-mail: one plain message in UTF-8, to one contact, by SMTP with TLS. Pure: the transfer is
 * elsewhere. */
#include "address.h"
#include "digest.h"
#include "notify/fields.h"
#include "notify/link.h"
#include "secret.h"
#include "notify/text_en.h"

#include "wq/err.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MAILBOX_TEXT WQ_NAME_TEXT
#define SUBJECT_MAX  240
#define SUBJECT_CHUNK                                                                              \
	42 /* bytes of an encoded word: 56 characters of base64, 75 are allowed with its frame */
#define LINE_BYTES   57 /* of base64: 76 characters */
#define MESSAGE_TEXT 8192

struct mail_settings {
	const char *url, *from, *user, *password;
	bool allow_plain;
	const char *ca_file;
	wq_ms timeout;
};

struct mail {
	const struct mail_settings *settings;
	char password[256];
	char from[MAILBOX_TEXT + 2], to[MAILBOX_TEXT + 2];
	char message[MESSAGE_TEXT];
};

static const struct wq_option options[] = {
	{ .key = "url",
	        .type = WQ_OPT_TEXT,
	        .required = true,
	        .min = 8,
	        .max = ADDRESS_MAX,
	        .offset = offsetof(struct mail_settings, url),
	        .help = "mail server: smtps://host:465, or smtp://host:587, which must offer "
	                "STARTTLS" },
	{ .key = "from",
	        .type = WQ_OPT_TEXT,
	        .required = true,
	        .min = 3,
	        .max = MAILBOX_TEXT - 1,
	        .offset = offsetof(struct mail_settings, from),
	        .help = "address of the sender" },
	{ .key = "user",
	        .type = WQ_OPT_TEXT,
	        .min = 1,
	        .max = 128,
	        .offset = offsetof(struct mail_settings, user),
	        .help = "name to log in with; default: no login" },
	{ .key = "password",
	        .type = WQ_OPT_SECRET,
	        .offset = offsetof(struct mail_settings, password),
	        .help = "credential with its password" },
	{ .key = "allow_plain",
	        .type = WQ_OPT_SWITCH,
	        .fallback = "false",
	        .offset = offsetof(struct mail_settings, allow_plain),
	        .help = "true: smtp:// also without TLS" },
	{ .key = "ca_file",
	        .type = WQ_OPT_TEXT,
	        .min = 2,
	        .max = 255,
	        .offset = offsetof(struct mail_settings, ca_file),
	        .help = "certificates that sign the server's, PEM; default: the system's" },
	{ .key = "timeout",
	        .type = WQ_OPT_SPAN,
	        .min = 1000,
	        .max = 60000,
	        .fallback = "30s",
	        .offset = offsetof(struct mail_settings, timeout),
	        .help = "longest wait for the server to take it" },
	WQ_OPTION_END,
};

/* Strict, for it goes into commands and headers: name@host of visible ASCII without what those mean
 * something to. */
static bool is_mailbox(const char *text)
{
	const char *at = strchr(text, '@');

	if (at == NULL || at == text || at[1] == '\0' || at[1] == '.' ||
	        strchr(at + 1, '@') != NULL)
		return false;
	for (const char *c = text; *c != '\0'; c++)
		if (*c <= ' ' || *c >= 0x7f || strchr("<>()[]\\,;:\"", *c) != NULL)
			return false;
	return strlen(text) < MAILBOX_TEXT;
}

static int mail_mailbox(const char *email, struct wq_err *err)
{
	if (email == NULL || email[0] == '\0')
		return wq_fail(err, WQ_E_INVALID, "email: is missing");
	if (!is_mailbox(email))
		return wq_fail(err, WQ_E_INVALID,
		        "email = %.60s: must be a plain address, name@host", email);
	return 0;
}

static int mail_check(const void *settings, struct wq_err *err)
{
	const struct mail_settings *s = settings;
	int r = address_check(s->url, "smtps", "smtp", true, err);

	if (r == 0 && !is_mailbox(s->from))
		r = wq_fail(err, WQ_E_INVALID, "from = %.60s: must be a plain address, name@host",
		        s->from);
	if (r == 0 && (s->user == NULL) != (s->password == NULL))
		r = wq_fail(err, WQ_E_INVALID, "%s: a login needs both user and password",
		        s->user == NULL ? "password" : "user");
	return r;
}

static int mail_open(void *state, const void *settings,
        int (*secret)(
                void *owner, const char *reference, char *buf, size_t cap, struct wq_err *err),
        void *owner, struct wq_err *err)
{
	struct mail *mail = state;

	mail->settings = settings;
	snprintf(mail->from, sizeof mail->from, "<%.*s>", MAILBOX_TEXT - 1, mail->settings->from);
	if (mail->settings->password == NULL)
		return 0;
	return secret(owner, mail->settings->password, mail->password, sizeof mail->password, err);
}

static void mail_close(void *state)
{
	explicit_bzero(state, sizeof(struct mail));
}

/* A text that grows at its end. */
struct page {
	char *text;
	size_t cap, used;
	bool full;
};

static void add(struct page *page, const char *text)
{
	size_t n = strlen(text);

	page->full = page->full || page->used + n >= page->cap;
	if (page->full)
		return;
	memcpy(page->text + page->used, text, n + 1);
	page->used += n;
}

static void add_header(struct page *page, const char *name, const char *value)
{
	add(page, name);
	add(page, value);
	add(page, "\r\n");
}

/* Encoded words of RFC 2047, each of whole characters. */
static void add_subject(struct page *page, const char *subject)
{
	char word[SUBJECT_CHUNK * 2];

	add(page, "Subject:");
	while (*subject != '\0') {
		size_t n = strlen(subject) < SUBJECT_CHUNK ? strlen(subject) : SUBJECT_CHUNK;

		while (n > 1 && ((unsigned char)subject[n] & 0xc0) == 0x80)
			n--;
		digest_encode(subject, n, word);
		add(page, " =?UTF-8?B?");
		add(page, word);
		add(page, subject[n] != '\0' ? "?=\r\n" : "?=");
		subject += n;
	}
	add(page, "\r\n");
}

static void add_body(struct page *page, const char *text)
{
	char line[LINE_BYTES / 3 * 4 + 1];
	size_t left = strlen(text);

	for (; left > 0 && !page->full; text += LINE_BYTES) {
		size_t n = left < LINE_BYTES ? left : LINE_BYTES;

		digest_encode(text, n, line);
		add(page, line);
		add(page, "\r\n");
		left -= n;
	}
}

/* Text of MIME has CRLF between its lines, before it is base64. */
static void add_text(struct page *page, const char *text)
{
	char lines[LINK_TEXT + 2];
	const char *end = strchr(text, '\n');

	snprintf(lines, sizeof lines, "%.*s%s%s", end != NULL ? (int)(end - text) : -1, text, end != NULL ? "\r\n" : "",
	        end != NULL ? end + 1 : "");
	add_body(page, lines);
}

/* RFC 5322, in UTC and without anybody's language. */
static void write_date(wq_ms now, char out[48])
{
	static const char days[] = "SunMonTueWedThuFriSat",
	                  months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t seconds = (time_t)(now / 1000);
	struct tm utc;

	gmtime_r(&seconds, &utc);
	snprintf(out, 48, "%.3s, %02d %.3s %d %02d:%02d:%02d +0000", days + 3 * utc.tm_wday,
	        utc.tm_mday, months + 3 * utc.tm_mon, utc.tm_year + 1900, utc.tm_hour, utc.tm_min,
	        utc.tm_sec);
}

/* The words in brackets before an English message, "[TEST] [ALARM] ": names are never in them. */
static size_t brackets(const char *text)
{
	size_t n = 0, end;

	while (text[n] == '[' && text[n + (end = strcspn(text + n, "]"))] == ']' && text[n + end + 1] == ' ')
		n += end + 2;
	return n;
}

/* "[ALARM] No. 3 Bridge (no3) total phosphorus alarm, W20260305-007"; of a memo "[Handover] Zhangjiagang". */
static void write_subject_en(const struct wq_notice *notice, char out[SUBJECT_MAX])
{
	const int head = (int)brackets(notice->text) > 60 ? 0 : (int)brackets(notice->text);
	char brief[FIELD_TEXT + 24];
	struct fields f;

	fields_of(notice, &f);
	if (notice->topic != WQ_TOPIC_ALARM) {
		snprintf(out, SUBJECT_MAX, "%.*s%.60s", head, notice->text, f.station_en[0] != '\0' ? f.station_en : "Water quality early warning");
		return;
	}
	const bool named = f.station_en[0] != '\0';

	snprintf(out, SUBJECT_MAX, "%.*s%.60s%s%.40s%s %.60s %s, %s", head, notice->text, named ? f.station_en : f.station_id,
	        named ? " (" : "", named ? f.station_id : "", named ? ")" : f.station_id[0] != '\0' ? "" : "The site",
	        f.parameter_en[0] != '\0' ? f.parameter_en : text_rule_en(f.rule, f.rule_kind, brief, sizeof brief), f.level_name, f.number);
}

static void write_subject(const struct wq_notice *notice, char out[SUBJECT_MAX])
{
	struct fields f;

	if (text_is_english(notice->text)) {
		write_subject_en(notice, out);
		return;
	}
	fields_of(notice, &f);
	if (notice->topic != WQ_TOPIC_ALARM) {
		snprintf(out, SUBJECT_MAX, "%.60s %s", f.station, f.kind);
		return;
	}
	snprintf(out, SUBJECT_MAX, "%s[%s] %.60s%.60s %s %s", f.test ? "[测试]" : "", f.level,
	        f.station, f.parameter, f.kind, f.number);
}

/* The same on every attempt but for its date; receivers drop a Message-ID that they know. */
static bool write_message(
        struct mail *mail, const struct wq_notice *notice, wq_ms now, size_t *length)
{
	struct page page = { mail->message, sizeof mail->message, 0, false };
	char whole[LINK_TEXT], subject[SUBJECT_MAX], date[48], id[WQ_NOTICE_ID + 16];

	write_subject(notice, subject);
	write_date(now, date);
	snprintf(id, sizeof id, "<%s@wqd>", notice->id);
	add_header(&page, "From: ", mail->from);
	add_header(&page, "To: ", mail->to);
	add_subject(&page, subject);
	add_header(&page, "Date: ", date);
	add_header(&page, "Message-ID: ", id);
	add(&page, notice->level >= WQ_LEVEL_ALARM ? "Importance: high\r\n" : "");
	add(&page,
	        "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
	        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: "
	        "base64\r\n\r\n");
	add_text(&page, link_text(notice, whole));
	*length = page.used;
	return !page.full;
}

static int mail_prepare(void *state, const struct wq_notice *notice, wq_ms now,
        struct wq_request *request, struct wq_err *err)
{
	struct mail *mail = state;
	const struct mail_settings *s = mail->settings;
	size_t length;

	if (!is_mailbox(notice->email))
		return wq_fail(err, WQ_E_STATE, "%s: this contact has no email", notice->contact);
	snprintf(mail->to, sizeof mail->to, "<%.*s>", MAILBOX_TEXT - 1, notice->email);
	if (!write_message(mail, notice, now, &length))
		return wq_fail(err, WQ_E_INVALID, "%s: the message is too long", notice->id);
	*request = (struct wq_request){
		.url = s->url,
		.timeout = s->timeout,
		.ca_file = s->ca_file,
		.body = mail->message,
		.body_length = length,
		.mail_from = mail->from,
		.mail_to = mail->to,
		.user = s->user,
		.password = s->user != NULL ? mail->password : NULL,
		.plain = s->allow_plain,
	};
	return 0;
}

/* Replies of RFC 5321; the first row that holds it counts. */
static const struct {
	int from, to;
	enum wq_result_kind kind;
	const char *text;
} replies[] = {
	{ 200, 299, WQ_SENT, "taken" },
	{ 400, 499, WQ_RETRY, "not now" },
	{ 550, 551, WQ_DROP, "the mailbox is refused" },
	{ 553, 553, WQ_DROP, "the mailbox is refused" },
	{ 556, 556, WQ_DROP, "the mailbox is refused" },
	{ 530, 530, WQ_CONFIG, "it wants a login" },
	{ 535, 535, WQ_CONFIG, "the login is refused; check user and password" },
	{ 500, 599, WQ_CONFIG, "refused" },
	{ 0, 999999, WQ_RETRY, "not an answer by SMTP" },
};

static void mail_judge(
        void *state, const struct wq_response *response, wq_ms now, struct wq_result *result)
{
	size_t row = 0;

	(void)state, (void)now;
	while (response->status < replies[row].from || response->status > replies[row].to)
		row++;
	result->kind = response->failure != NULL ? WQ_RETRY : replies[row].kind;
	if (response->failure != NULL)
		snprintf(result->text, sizeof result->text, "no answer: %.160s", response->failure);
	else
		snprintf(result->text, sizeof result->text, "SMTP %d: %s", response->status,
		        replies[row].text);
}

const struct wq_channel mail_channel;
const struct wq_channel mail_channel = {
	.name = "mail",
	.help = "sends e-mail by SMTP",
	.options = options,
	.settings_size = sizeof(struct mail_settings),
	.state_size = sizeof(struct mail),
	.link = WQ_LINK_USUAL,
	.rate = 60,
	.check = mail_check,
	.mailbox = mail_mailbox,
	.open = mail_open,
	.close = mail_close,
	.prepare = mail_prepare,
	.judge = mail_judge,
};
