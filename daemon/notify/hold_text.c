/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of a digest, and its sentence. */
#include "hold_text.h"

#include "text.h"
#include "text_en.h"
#include "wording.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_CHARACTERS 44
#define LINE_ENGLISH    90
#define NAMED_MOST      12 /* in the message; a person asks for the rest */
#define FEW             4  /* so many are told at length */

static struct hold_line *find(const struct hold_lines *lines, int64_t alarm)
{
	for (size_t i = 0; i < lines->count; i++)
		if (lines->items[i].alarm == alarm)
			return &lines->items[i];
	return NULL;
}

/* What happened, without the bracket word before it, what is asked and the number: "南横套河03-05 16:00总磷0.263mg/L,…". */
static void write_line(const struct wq_notice *notice, char out[HOLD_LINE])
{
	static const char *const heads[] = { "】", "] " }, *const stops[] = { "。", "编号", ". Check", ". Please", ". Downstream", ". Act now",
		". For your", ". Follow up", ". No. W" };
	const char *from = notice->text, *end = from + strlen(from);
	size_t used = 0, characters = 0;
	const size_t most = text_is_english(notice->text) ? LINE_ENGLISH : LINE_CHARACTERS;

	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
		for (const char *at = strstr(from, heads[i]); at != NULL; at = strstr(from, heads[i]))
			from = at + strlen(heads[i]);
	for (size_t i = 0; i < sizeof stops / sizeof *stops; i++) {
		const char *at = strstr(from, stops[i]);

		end = at != NULL && at < end ? at : end;
	}
	for (const char *at = from; at < end && used + 1 < HOLD_LINE; at++) {
		if (((unsigned char)*at & 0xc0) != 0x80 && (++characters > most + 1 || used + 4 >= HOLD_LINE))
			break;
		out[used++] = *at;
	}
	out[used] = '\0';
}

/* Over for good; or not, and somebody is to look at it, for it is a warning that nobody has taken. */
static bool is_over(enum wq_change_kind kind)
{
	return kind == WQ_CLEARED || kind == WQ_CLOSED;
}

static bool is_asked(enum wq_level level, enum wq_change_kind kind)
{
	static const bool asks[WQ_CHANGE_KINDS] = { [WQ_OPENED] = true, [WQ_RAISED] = true, [WQ_ESCALATED] = true, [WQ_RECOVERED] = true,
		[WQ_REOPENED] = true, [WQ_UNSHELVED] = true, [WQ_REMINDED] = true };

	return level >= WQ_LEVEL_WARNING && (unsigned)kind < WQ_CHANGE_KINDS && asks[kind];
}

/* -- those that are not named -- */

static struct hold_rest *find_rest(const struct hold_lines *lines, int64_t alarm)
{
	for (size_t i = 0; i < lines->rest_count; i++)
		if (lines->rest[i].alarm == alarm)
			return &lines->rest[i];
	return NULL;
}

static bool take_rest(struct hold_lines *lines, int64_t alarm)
{
	struct hold_rest *rest = find_rest(lines, alarm);

	if (rest == NULL)
		return false;
	lines->more[rest->level]--;
	lines->over -= is_over(rest->kind);
	lines->asked -= is_asked(rest->level, rest->kind);
	*rest = lines->rest[--lines->rest_count];
	return true;
}

static void put_rest(struct hold_lines *lines, int64_t alarm, enum wq_level level, enum wq_change_kind kind)
{
	lines->more[level]++;
	lines->over += is_over(kind);
	lines->asked += is_asked(level, kind);
	if (lines->rest_count == lines->rest_room && lines->rest_room < HOLD_REST) {
		size_t room = lines->rest_room > 0 ? lines->rest_room * 2 : 64;
		struct hold_rest *grown = realloc(lines->rest, room * sizeof *grown);

		lines->rest = grown != NULL ? grown : lines->rest;
		lines->rest_room = grown != NULL ? room : lines->rest_room;
	}
	if (lines->rest_count < lines->rest_room)
		lines->rest[lines->rest_count++] = (struct hold_rest){ alarm, level, kind };
}

/* Its place for a line of this level: a free one, or that of the lowest, oldest one below it. */
static struct hold_line *place(struct hold_lines *lines, enum wq_level level)
{
	struct hold_line *lowest = NULL;

	if (lines->items == NULL)
		lines->items = calloc(HOLD_LINES, sizeof *lines->items);
	if (lines->items == NULL)
		return NULL;
	if (lines->count < HOLD_LINES)
		return &lines->items[lines->count++];
	for (size_t i = 0; i < lines->count; i++)
		if (lines->items[i].level < level && (lowest == NULL || lines->items[i].level < lowest->level))
			lowest = &lines->items[i];
	if (lowest != NULL)
		put_rest(lines, lowest->alarm, lowest->level, lowest->kind);
	return lowest;
}

void hold_lines_put(struct hold_lines *lines, const struct wq_notice *notice)
{
	enum wq_level level = notice->level > WQ_LEVEL_ALARM ? WQ_LEVEL_ALARM : notice->level;
	struct hold_line *line = find(lines, notice->alarm);

	lines->total += line == NULL && !take_rest(lines, notice->alarm);
	if (line == NULL)
		line = place(lines, level);
	if (line == NULL) {
		put_rest(lines, notice->alarm, level, notice->kind);
		return;
	}
	*line = (struct hold_line){ .alarm = notice->alarm, .level = level, .kind = notice->kind };
	write_line(notice, line->text);
}

bool hold_lines_has(const struct hold_lines *lines, int64_t alarm)
{
	return find(lines, alarm) != NULL || find_rest(lines, alarm) != NULL;
}

bool hold_lines_drop(struct hold_lines *lines, int64_t alarm)
{
	struct hold_line *line = find(lines, alarm);

	if (line == NULL && !take_rest(lines, alarm))
		return false;
	lines->total--;
	if (line == NULL)
		return true;
	memmove(line, line + 1, (size_t)(lines->items + lines->count - (line + 1)) * sizeof *line);
	lines->count--;
	return true;
}

void hold_lines_free(struct hold_lines *lines)
{
	free(lines->items);
	free(lines->rest);
	*lines = (struct hold_lines){ 0 };
}

static void count_levels(const struct hold_lines *lines, size_t counts[5])
{
	memcpy(counts, lines->more, sizeof lines->more);
	for (size_t i = 0; i < lines->count; i++)
		counts[lines->items[i].level]++;
}

enum wq_level hold_lines_level(const struct hold_lines *lines)
{
	size_t counts[5];

	count_levels(lines, counts);
	for (int level = WQ_LEVEL_ALARM; level > WQ_LEVEL_INFO; level--)
		if (counts[level] > 0)
			return (enum wq_level)level;
	return WQ_LEVEL_INFO;
}

/* The n-th to be named: by level, the newest first. */
static const struct hold_line *nth(const struct hold_lines *lines, size_t n)
{
	for (int level = WQ_LEVEL_ALARM; level >= WQ_LEVEL_NONE; level--)
		for (size_t i = lines->count; i-- > 0;)
			if ((int)lines->items[i].level == level && n-- == 0)
				return &lines->items[i];
	return NULL;
}

static bool asks(const struct hold_lines *lines)
{
	for (size_t i = 0; i < lines->count; i++)
		if (is_asked(lines->items[i].level, lines->items[i].kind))
			return true;
	return lines->asked > 0;
}

static size_t count_over(const struct hold_lines *lines)
{
	size_t over = lines->over;

	for (size_t i = 0; i < lines->count; i++)
		over += is_over(lines->items[i].kind);
	return over;
}

/* The words of a digest in one language. states: where the line's alarm stands, behind its number; "" of what is new. */
struct words {
	const char *head, *later, *alarms, *space, *between, *over, *end, *first, *next, *open, *comma, *stop, *rest, *more, *ask;
	size_t few, many; /* characters of a line, where there are few, where there are many */
	const char *(*level_name)(enum wq_level level);
	const char *states[WQ_CHANGE_KINDS];
};

static const struct words chinese = { .head = "【预警汇总】共",
	.later = "【预警汇总】暂缓通知的共",
	.alarms = "起(",
	.space = "",
	.between = "、",
	.over = ";其中已解除",
	.end = ")",
	.first = ":",
	.next = ";",
	.open = "(",
	.comma = "",
	.stop = "。",
	.rest = "另有",
	.more = "起未列出,请查看全部报警。",
	.ask = "请核查。",
	.few = 44,
	.many = 26,
	.level_name = wq_level_chinese,
	.states = { [WQ_RAISED] = "升级别", [WQ_ESCALATED] = "无人确认", [WQ_ACKNOWLEDGED] = "已确认", [WQ_CLEARED] = "已解除",
		[WQ_CLOSED] = "已销号", [WQ_CORRECTED] = "更正", [WQ_RECOVERED] = "恢复待确认", [WQ_REOPENED] = "再次报警",
		[WQ_SHELVED] = "已搁置", [WQ_UNSHELVED] = "搁置结束", [WQ_REMINDED] = "未确认" } };
static const struct words english = { .head = "[DIGEST] ",
	.later = "[DIGEST] Held until now: ",
	.alarms = " in all (",
	.space = " ",
	.between = ", ",
	.over = "; over: ",
	.end = ")",
	.first = ": ",
	.next = "; ",
	.open = " (",
	.comma = ", ",
	.stop = ".",
	.rest = " ",
	.more = " more, see the whole list.",
	.ask = " Please check.",
	.few = 90,
	.many = 50,
	.level_name = wq_level_name,
	.states = { [WQ_RAISED] = "raised", [WQ_ESCALATED] = "not acknowledged", [WQ_ACKNOWLEDGED] = "acknowledged", [WQ_CLEARED] = "over",
		[WQ_CLOSED] = "closed", [WQ_CORRECTED] = "corrected", [WQ_RECOVERED] = "recovered, acknowledge", [WQ_REOPENED] = "again",
		[WQ_SHELVED] = "shelved", [WQ_UNSHELVED] = "off the shelf", [WQ_REMINDED] = "not acknowledged" } };

static void add_head(const struct hold_lines *lines, const struct words *words, bool later, struct wording *out)
{
	size_t counts[5], over = count_over(lines);
	const char *between = "";

	count_levels(lines, counts);
	wording_add(out, "%s%zu%s", later ? words->later : words->head, lines->total, words->alarms);
	for (int level = WQ_LEVEL_ALARM; level >= WQ_LEVEL_INFO; level--) {
		if (counts[level] == 0)
			continue;
		wording_add(out, "%s%s%s%zu", between, words->level_name((enum wq_level)level), words->space, counts[level]);
		between = words->between;
	}
	if (over > 0)
		wording_add(out, "%s%zu", words->over, over);
	wording_add(out, "%s", words->end);
}

/* Its first `most` characters, and a mark where that is not all. */
static void add_line(const struct hold_line *line, const struct words *words, size_t most, struct wording *out)
{
	const char *state = (unsigned)line->kind < WQ_CHANGE_KINDS && words->states[line->kind] != NULL ? words->states[line->kind] : "";
	size_t bytes = 0, characters = 0;

	for (; line->text[bytes] != '\0'; bytes++)
		if (((unsigned char)line->text[bytes] & 0xc0) != 0x80 && ++characters > most)
			break;
	wording_add(out, "%.*s%s%s%03lld%s%s)", (int)bytes, line->text, line->text[bytes] != '\0' ? words == &english ? "..." : "…" : "",
		words->open, (long long)(line->alarm % 100000), state[0] != '\0' ? words->comma : "", state);
}

void hold_text(const struct hold_lines *lines, bool later, bool in_english, char out[WQ_NOTICE_TEXT])
{
	const struct words *words = in_english ? &english : &chinese;
	/* Room for what comes behind: it is never cut. */
	struct wording wording = { out, WQ_NOTICE_TEXT - TEXT_MARK_ROOM - 120, 0 };
	const struct hold_line *line;
	size_t named = 0, few = lines->total <= FEW;

	out[0] = '\0';
	add_head(lines, words, later, &wording);
	for (; named < NAMED_MOST && (line = nth(lines, named)) != NULL; named++) {
		size_t before = wording.length;

		wording_add(&wording, "%s", named == 0 ? words->first : words->next);
		add_line(line, words, few ? words->few : words->many, &wording);
		if (wording.length + 1 < wording.cap)
			continue;
		wording.length = before;
		out[before] = '\0';
		break;
	}
	wording.cap += 120;
	wording_add(&wording, "%s", words->stop);
	if (named < lines->total)
		wording_add(&wording, "%s%zu%s", words->rest, lines->total - named, words->more);
	if (asks(lines))
		wording_add(&wording, "%s", words->ask);
}

json_t *hold_data(const struct hold_lines *lines)
{
	json_t *alarms = json_array(), *levels = json_object();
	size_t counts[5];

	count_levels(lines, counts);
	for (int level = WQ_LEVEL_INFO; level <= WQ_LEVEL_ALARM; level++)
		json_object_set_new(levels, wq_level_name((enum wq_level)level), json_integer((json_int_t)counts[level]));
	for (size_t i = 0; i < lines->count; i++) {
		const struct hold_line *line = nth(lines, i);
		char name[WQ_ALARM_NAME];

		json_array_append_new(alarms, json_pack("{s:s, s:s, s:s}", "alarm", wq_alarm_name(line->alarm, name), "change",
			wq_change_name(line->kind), "level", wq_level_name(line->level)));
	}
	return json_pack("{s:I, s:o, s:o}", "count", (json_int_t)lines->total, "levels", levels, "alarms", alarms);
}
