/* SPDX-License-Identifier: Apache-2.0 */
/* What may go from a message, in the order in which it goes. */
#include "short.h"

#include "notify/text_en.h"

#include <stdio.h>
#include <string.h>

#define DATE "date" /* stands for the day of the number, which says it too */

/* From the first `from` to the first `to` behind it, both included, becomes `instead`; `to` NULL:
 * only `from`. Ends with from NULL. */
struct cut {
	const char *from, *to, *instead;
};

static const struct cut cuts_zh[] = {
	{ "下游:", "。", "" },
	{ "并回复", NULL, "" },
	{ "限值(", ")", "" },
	{ DATE, NULL, "" },
	{ "自动站", NULL, "" },
	{ ",已连续", NULL, ",连续" },
	{ "【水质", NULL, "【" },
	{ NULL, NULL, NULL },
};

static const struct cut cuts_en[] = {
	{ "Downstream: ", ". ", "" },
	{ DATE, NULL, "" },
	{ " and answer", NULL, "" },
	{ " in a row", NULL, "x" },
	{ " (", ")", "" },
	{ NULL, NULL, NULL },
};

/* How a message of a language is built. */
struct form {
	const char *stop, *number, *more;
	const struct cut *cuts;
};

static const struct form *form_of(const char *text)
{
	static const struct form zh = { "。", "编号", "…", cuts_zh }, en = { ". ", "No. ", "...", cuts_en };

	return text_is_english(text) ? &en : &zh;
}

/* Those of ASCII that GSM 03.38 has, and those of them that take two places. */
static bool is_gsm(unsigned char c)
{
	return c == '\n' || (c >= 0x20 && c < 0x7f && c != '`');
}

static size_t doubled(const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		n += strchr("[]{}\\^~|", *text) != NULL;
	return n;
}

bool short_gsm(const char *text)
{
	if (!text_is_english(text))
		return false;
	for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++)
		if (!is_gsm(*at))
			return false;
	return true;
}

size_t short_gsm_room(const char *text, size_t parts)
{
	const size_t places = parts <= 1 ? SHORT_GSM_ONE : parts * SHORT_GSM_PART, twice = doubled(text);

	/* A text full of brackets is none of ours; it is cut all the same. */
	return places > twice + SHORT_ONE ? places - twice : SHORT_ONE;
}

size_t short_gsm_parts(const char *text)
{
	const size_t places = strlen(text) + doubled(text);

	return places <= SHORT_GSM_ONE ? 1 : (places + SHORT_GSM_PART - 1) / SHORT_GSM_PART;
}

size_t short_length(const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

size_t short_parts(size_t length)
{
	return length <= SHORT_ONE ? 1 : (length + SHORT_PART - 1) / SHORT_PART;
}

size_t short_room(size_t parts)
{
	return parts <= 1 ? SHORT_ONE : parts * SHORT_PART;
}

static void cut_out(char *text, const char *from, const char *to, const char *instead)
{
	char *begin = strstr(text, from);
	char *end = begin == NULL ? NULL : begin + strlen(from);
	size_t n = strlen(instead);

	if (end != NULL && to != NULL) {
		end = strstr(end, to);
		end = end == NULL ? NULL : end + strlen(to);
	}
	if (end == NULL)
		return;
	memcpy(begin, instead, n); /* never longer than what it replaces */
	memmove(begin + n, end, strlen(end) + 1);
}

/* "编号W20260305-007" -> "03-05 "; "" when there is no such number. */
static void date_of(const char *text, char out[8])
{
	const char *mark = form_of(text)->number, *number = strstr(text, mark);
	const char *day = number == NULL || number[strlen(mark)] != 'W' ? "" : number + strlen(mark) + 1;

	out[0] = '\0';
	if (strspn(day, "0123456789") >= 8)
		snprintf(out, 8, "%.2s-%.2s ", day + 4, day + 6);
}

static void cut_next(char *text, const struct cut *cut)
{
	char date[8];

	date_of(text, date);
	if (strcmp(cut->from, DATE) != 0)
		cut_out(text, cut->from, cut->to, cut->instead);
	else if (date[0] != '\0')
		cut_out(text, date, NULL, "");
}

static const char *last(const char *text, const char *end, const char *word)
{
	const char *found = NULL;

	for (const char *at = strstr(text, word); at != NULL && at < end; at = strstr(at + 1, word))
		found = at;
	return found;
}

/* Where what has to stay begins: the stop before the last sentence, which is the ask; or the
 * number. */
static const char *tail_of(const char *text, size_t room)
{
	const char *end = text + strlen(text);
	const struct form *form = form_of(text);
	const char *number = last(text, end, form->number);
	const char *ask = number == NULL ? NULL : last(text, number, form->stop);
	const char *before = ask == NULL ? NULL : last(text, ask, form->stop);

	if (before != NULL && short_length(before) <= room / 2)
		return before;
	if (ask != NULL && short_length(ask) <= room / 2)
		return ask;
	return number != NULL && short_length(number) <= room / 2 ? number : end;
}

/* Bytes of the first n characters. */
static size_t bytes_of(const char *text, size_t n)
{
	size_t at = 0;

	for (; text[at] != '\0'; at++)
		if (((unsigned char)text[at] & 0xc0) != 0x80 && n-- == 0)
			break;
	return at;
}

static void cut_middle(char *text, size_t room)
{
	const char *tail = tail_of(text, room), *more = form_of(text)->more;
	char kept[512];

	snprintf(kept, sizeof kept, "%s", tail);
	size_t head = bytes_of(text, room - short_length(kept) - short_length(more));

	snprintf(text + head, strlen(more) + strlen(kept) + 1, "%s%s", more, kept);
}

void short_text(const char *text, size_t room, char *out, size_t cap)
{
	char work[1024];

	snprintf(work, sizeof work, "%s", text);
	for (const struct cut *cut = form_of(text)->cuts; cut->from != NULL && short_length(work) > room; cut++)
		cut_next(work, cut);
	if (short_length(work) > room)
		cut_middle(work, room);
	size_t n = strlen(work) < cap ? strlen(work) : cap - 1;

	while (n > 0 && n < strlen(work) && ((unsigned char)work[n] & 0xc0) == 0x80)
		n--;
	memcpy(out, work, n);
	out[n] = '\0';
}
