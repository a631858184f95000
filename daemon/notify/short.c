/* SPDX-License-Identifier: Apache-2.0 */
/* What may go from a message, in the order in which it goes. */
#include "short.h"

#include <stdio.h>
#include <string.h>

#define STOP   "。"
#define NUMBER "编号"
#define MORE   "…"
#define DATE   "date" /* stands for the day of the number, which says it too */

/* From the first `from` to the first `to` behind it, both included, becomes `instead`; `to` NULL:
 * only `from`. */
static const struct {
	const char *from, *to, *instead;
} cuts[] = {
	{ "下游:", STOP, "" },
	{ "并回复", NULL, "" },
	{ "限值(", ")", "" },
	{ DATE, NULL, "" },
	{ "自动站", NULL, "" },
	{ ",已连续", NULL, ",连续" },
	{ "【水质", NULL, "【" },
};

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
	const char *number = strstr(text, NUMBER "W");
	const char *day = number == NULL ? "" : number + strlen(NUMBER "W");

	out[0] = '\0';
	if (strspn(day, "0123456789") >= 8)
		snprintf(out, 8, "%.2s-%.2s ", day + 4, day + 6);
}

static void cut_next(char *text, size_t i)
{
	char date[8];

	date_of(text, date);
	if (strcmp(cuts[i].from, DATE) != 0)
		cut_out(text, cuts[i].from, cuts[i].to, cuts[i].instead);
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
	const char *number = last(text, end, NUMBER);
	const char *ask = number == NULL ? NULL : last(text, number, STOP);
	const char *before = ask == NULL ? NULL : last(text, ask, STOP);

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
	const char *tail = tail_of(text, room);
	char kept[512];

	snprintf(kept, sizeof kept, "%s", tail);
	size_t head = bytes_of(text, room - short_length(kept) - 1);

	snprintf(text + head, sizeof MORE + strlen(kept), MORE "%s", kept);
}

void short_text(const char *text, size_t room, char *out, size_t cap)
{
	char work[1024];

	snprintf(work, sizeof work, "%s", text);
	for (size_t i = 0; i < sizeof cuts / sizeof *cuts && short_length(work) > room; i++)
		cut_next(work, i);
	if (short_length(work) > room)
		cut_middle(work, room);
	size_t n = strlen(work) < cap ? strlen(work) : cap - 1;

	while (n > 0 && n < strlen(work) && ((unsigned char)work[n] & 0xc0) == 0x80)
		n--;
	memcpy(out, work, n);
	out[n] = '\0';
}
