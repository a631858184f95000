/* SPDX-License-Identifier: Apache-2.0 */
/* Word by word, by a table. */
#include "reply.h"

#include "notify/text.h"

#include "wq/alarm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The value of a header in the head, without spaces around it. */
static bool header(const char *head, const char *name, char *out, size_t cap)
{
	size_t n = strlen(name);

	for (const char *line = head; line != NULL && *line != '\0'; line = strchr(line, '\n'), line = line != NULL ? line + 1 : NULL) {
		if (strncasecmp(line, name, n) != 0 || line[n] != ':')
			continue;
		const char *value = line + n + 1 + strspn(line + n + 1, " ");

		snprintf(out, cap, "%.*s", (int)strcspn(value, "\r\n"), value);
		return true;
	}
	return false;
}

static size_t put(unsigned c, char *out)
{
	if (c < 0x80)
		return (size_t)snprintf(out, 4, "%c", (char)c);
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	out[0] = (char)(0xe0 | c >> 12);
	out[1] = (char)(0x80 | (c >> 6 & 0x3f));
	out[2] = (char)(0x80 | (c & 0x3f));
	return 3;
}

static void decode(const char *body, size_t length, size_t width, char out[REPLY_TEXT])
{
	const unsigned char *b = (const unsigned char *)body;
	size_t used = 0;

	for (size_t i = 0; i + width <= length && used + 4 < REPLY_TEXT; i += width) {
		unsigned c = width == 2 ? (unsigned)b[i] << 8 | b[i + 1] : b[i];

		used += put(c == 0 || (c >= 0xd800 && c < 0xe000) ? '?' : c, out + used);
	}
	out[used] = '\0';
}

static void take_from(const char *value, char out[24])
{
	size_t n = 0;

	for (; *value != '\0' && n < 20; value++)
		if (*value >= '0' && *value <= '9')
			out[n++] = *value;
	out[n] = '\0';
}

bool reply_parse(const char *bytes, size_t length, struct reply *out)
{
	const char *end = memmem(bytes, length, "\n\n", 2);
	char head[1024], value[64], raw[REPLY_TEXT];

	*out = (struct reply){ 0 };
	if (end == NULL || (size_t)(end - bytes) >= sizeof head - 1)
		return false;
	snprintf(head, sizeof head, "%.*s\n", (int)(end - bytes), bytes);
	const char *body = end + 2;
	size_t left = length - (size_t)(body - bytes);

	if (!header(head, "From", value, sizeof value))
		return false;
	take_from(value, out->from);
	if (!header(head, "Alphabet", value, sizeof value))
		value[0] = '\0';
	if (strncasecmp(value, "UTF", 3) == 0)
		snprintf(raw, sizeof raw, "%.*s", (int)(left < sizeof raw ? left : sizeof raw - 1), body);
	else
		decode(body, left, strncasecmp(value, "UCS", 3) == 0 ? 2 : 1, raw);
	text_clean(raw, out->text, sizeof out->text);
	return out->from[0] != '\0';
}

static const struct {
	const char *word;
	enum reply_meaning meaning;
} words[] = {
	{ "收到", REPLY_ONE }, { "确认", REPLY_ONE }, { "已收到", REPLY_ONE }, { "好的", REPLY_ONE }, { "好", REPLY_ONE },
	{ "ok", REPLY_ONE }, { "是", REPLY_ONE }, { "全部", REPLY_ALL }, { "all", REPLY_ALL }, { "编号", REPLY_ONE },
};

static const char *const gaps[] = { " ", "\t", "\r", "\n", ",", ".", "!", ":", ";", "-", "\xef\xbc\x8c", "。", "\xef\xbc\x81", "\xef\xbc\x9a", "、", "\xe3\x80\x80" };

static size_t gap_at(const char *text)
{
	for (size_t i = 0; i < sizeof gaps / sizeof *gaps; i++)
		if (strncmp(text, gaps[i], strlen(gaps[i])) == 0)
			return strlen(gaps[i]);
	return 0;
}

/* "W20260305-007" at the beginning; its length, or 0. */
static size_t name_at(const char *text, int64_t *id)
{
	char name[WQ_ALARM_NAME];
	size_t n = text[0] == 'W' || text[0] == 'w' ? 1 + strspn(text + 1, "0123456789-") : 0;

	if (n < 2 || n >= sizeof name)
		return 0;
	snprintf(name, sizeof name, "W%.*s", (int)n - 1, text + 1);
	*id = wq_alarm_id(name);
	return *id >= 0 ? n : 0;
}

static size_t word_at(const char *text, enum reply_meaning *meaning)
{
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		size_t n = strlen(words[i].word);

		if (strncasecmp(text, words[i].word, n) == 0) {
			*meaning = words[i].meaning > *meaning ? words[i].meaning : *meaning;
			return n;
		}
	}
	return 0;
}

enum reply_meaning reply_meaning(const char *text, int64_t *number)
{
	enum reply_meaning meaning = REPLY_NOTHING;
	int numbers = 0;

	while (*text != '\0') {
		size_t n = gap_at(text);

		if (n == 0 && (n = name_at(text, number)) > 0) {
			meaning = meaning > REPLY_NAMED ? meaning : REPLY_NAMED;
			numbers++;
		} else if (n == 0 && (n = strspn(text, "0123456789")) > 0) {
			if (n > 5)
				return REPLY_NOTHING;
			*number = strtoll(text, NULL, 10);
			meaning = meaning > REPLY_SHORT ? meaning : REPLY_SHORT;
			numbers++;
		} else if (n == 0 && (n = word_at(text, &meaning)) == 0) {
			return REPLY_NOTHING;
		}
		text += n;
	}
	/* 全部 and a number together are two things. */
	return numbers > 1 || (numbers == 1 && meaning == REPLY_ALL) ? REPLY_NOTHING : meaning;
}
