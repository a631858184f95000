/* SPDX-License-Identifier: Apache-2.0 */
/* The Chinese messages. One sentence function a kind of change, one table of the bracket words. */
#include "text.h"

#include "data.h"
#include "text_en.h"
#include "wording.h"

#include "wq/rule.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Asked where no escalation says how soon somebody must answer. */
#define ASK_WITHIN WQ_MINUTES(30)

#define MARK    "(尚未入库)"
#define MARK_EN " (not stored yet)"

/* Bytes of the well-formed UTF-8 character at s, 0 when there is none. */
static size_t character(const unsigned char *s)
{
	static const struct {
		unsigned char low, high, second_low, second_high;
		size_t length;
	} rows[] = {
		{ 0x01, 0x7f, 0, 0, 1 },
		{ 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 },
		{ 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 },
		{ 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (s[0] < rows[i].low || s[0] > rows[i].high)
			continue;
		if (rows[i].length > 1 && (s[1] < rows[i].second_low || s[1] > rows[i].second_high))
			return 0;
		for (size_t k = 2; k < rows[i].length; k++)
			if ((s[k] & 0xc0) != 0x80)
				return 0;
		return rows[i].length;
	}
	return 0;
}

void text_clean(const char *from, char *to, size_t cap)
{
	const unsigned char *s = (const unsigned char *)from;
	size_t used = 0;

	while (*s != '\0') {
		size_t n = character(s);

		if (used + (n > 0 ? n : 1) >= cap)
			break;
		if (n == 0)
			to[used++] = '?';
		else if (n == 1)
			to[used++] = *s < 0x20 || *s == 0x7f ? ' ' : (char)*s;
		else
			memcpy(to + used, s, n), used += n;
		s += n > 0 ? n : 1;
	}
	to[used] = '\0';
}

const struct wq_station *text_station(const struct wq_site *site, const struct wq_change *change)
{
	return change->station < site->station_count ? &site->stations[change->station] : NULL;
}

const struct wq_parameter *text_parameter(
        const struct wq_site *site, const struct wq_change *change)
{
	if (change->series >= site->series_count)
		return NULL;
	uint32_t parameter = site->series[change->series].parameter;

	return parameter < site->parameter_count ? &site->parameters[parameter] : NULL;
}

const struct wq_zone *text_zone(const struct wq_site *site, const struct wq_change *change)
{
	const struct wq_station *station = text_station(site, change);

	if (station != NULL && station->zone != NULL)
		return station->zone;
	return site->zone != NULL ? site->zone : &wq_zone_china;
}

/* Everything that the sentences are made of. */
struct facts {
	const struct wq_site *site;
	const struct wq_change *change;
	const char *place, *item; /* names of station and parameter; item may be "" */
	struct wq_subject about;    /* the item, or what the program says of itself */
	const char *level;        /* 预警 …; of a fault of the equipment 告警 */
	bool device, assist;
	bool own;   /* we say it of ourselves: its level never rises, but more may come to it */
	bool flood; /* it says that too many alarms came */
	char time[WQ_INSTANT_TEXT];
	char says[WQ_SAYS_TEXT]; /* without its full stop */
};

static void span_chinese(wq_ms span, char out[32])
{
	static const struct {
		wq_ms unit;
		const char *name;
	} units[] = {
		{ WQ_DAYS(1), "天" },
		{ WQ_HOURS(1), "小时" },
		{ WQ_MINUTES(1), "分钟" },
		{ WQ_SECONDS(1), "秒" },
		{ 1, "毫秒" },
	};
	size_t i = 0;

	while (span % units[i].unit != 0 || span < units[i].unit)
		i++;
	snprintf(out, 32, "%lld%s", (long long)(span / units[i].unit), units[i].name);
}

/* How long an unacknowledged alarm of this level waits before it escalates; 0: it never does. */
static wq_ms escalation(const struct facts *f)
{
	const struct wq_change *change = f->change;

	if (change->rule >= f->site->rule_count || change->level < 1 || change->level > 4)
		return 0;
	wq_ms span = wq_site_escalation(f->site, change->rule, change->level, change->decided);

	return span > 0 ? span : 0;
}

static void add_downstream(struct wording *line, const struct facts *f)
{
	const struct wq_station *station = text_station(f->site, f->change);

	if (station != NULL && station->flows_into < f->site->station_count)
		wording_add(line, "下游:%s。", f->site->stations[station->flows_into].name);
}

static void add_ask(struct wording *line, const struct facts *f)
{
	char within[32];

	if (f->flood)
		wording_add(line, "%s", f->assist ? "请知悉。" : "请查看全部报警。");
	else if (f->device)
		wording_add(line, "%s", f->assist ? "请知悉。" : "请运维核查。");
	else if (f->assist)
		wording_add(line, "请配合核查。");
	else if (f->change->level <= WQ_LEVEL_INFO)
		wording_add(line, "请关注。");
	else {
		span_chinese(escalation(f) > 0 ? escalation(f) : ASK_WITHIN, within);
		wording_add(line, "请%s内核查并回复。", within);
	}
}

/* "原因:…;措施:…", and what else was said. */
static void add_closing(struct wording *line, const struct facts *f)
{
	if (f->change->cause[0] != '\0')
		wording_add(line, ":原因:%s;措施:%s", f->change->cause, f->change->action);
	if (f->change->note[0] != '\0')
		wording_add(line, "%s%s", f->change->cause[0] != '\0' ? ";" : ":", f->change->note);
	wording_add(line, "。");
}

static void add_note(struct wording *line, const struct facts *f)
{
	if (f->change->note[0] != '\0')
		wording_add(line, ":%s", f->change->note);
	wording_add(line, "。");
}

/* "11月24日…": what is said of a day, or of a month, has its own date. */
static bool is_dated(const char *says)
{
	size_t digits = strspn(says, "0123456789");

	return digits > 0 && strncmp(says + digits, "月", strlen("月")) == 0;
}

/* Which alarm: "一干河总磷预警", "测站网总线north告警". */
static void add_subject(struct wording *body, const struct facts *f)
{
	wording_add(body, "%s%s%s%s%s", f->place, f->about.word, wording_gap(f->about.word[0] != '\0' ? f->about.word : f->place,
	        f->about.name), f->about.name, f->level);
}

/* Where, when, what. */
static void add_event(struct wording *body, const struct facts *f)
{
	bool digit = f->says[0] >= '0' && f->says[0] <= '9';

	if (is_dated(f->says))
		wording_add(body, "%s%s%s", f->place, wording_gap(f->place, f->says), f->says);
	else
		wording_add(body, "%s%s%s%s%s", f->place, wording_gap(f->place, f->time), f->time, digit ? " " : "", f->says);
}

static void say_opened(struct wording *body, struct wording *tail, const struct facts *f)
{
	add_event(body, f);
	wording_add(tail, "。");
	add_downstream(tail, f);
	add_ask(tail, f);
}

static void say_raised(struct wording *body, struct wording *tail, const struct facts *f)
{
	add_event(body, f);
	if (!f->own)
		wording_add(tail, ",级别升为%s", wq_level_chinese(f->change->level));
	wording_add(tail, "。");
	add_downstream(tail, f);
	add_ask(tail, f);
}

static void say_escalated(struct wording *body, struct wording *tail, const struct facts *f)
{
	char within[32];

	wording_add(body, "%s%s%s", f->place, wording_gap(f->place, f->says), f->says);
	const wq_ms waited = f->change->waited > 0 ? f->change->waited : escalation(f);

	if (waited > 0) {
		span_chinese(waited, within);
		wording_add(tail, ",已%s无人确认,%s升级通知。", within, f->change->escalation > 1 ? "再次" : "现");
	} else {
		wording_add(tail, ",仍无人确认,现升级通知。");
	}
	add_downstream(tail, f);
	wording_add(tail, "%s", f->assist ? "请配合处置。" : "请立即处置并回复。");
}

static void say_acknowledged(struct wording *body, struct wording *tail, const struct facts *f)
{
	(void)tail;
	add_subject(body, f);
	wording_add(body, "已于%s由%s确认", f->time, f->change->who);
	add_note(body, f);
}

static void say_cleared(struct wording *body, struct wording *tail, const struct facts *f)
{
	if (f->says[0] != '\0')
		add_event(body, f);
	else
		wording_add(body, "%s%s%s%s恢复正常", f->place, wording_gap(f->place, f->time), f->time, f->item);
	if (f->flood)
		wording_add(tail, "。");
	else
		wording_add(tail, ",本次%s解除。", f->level);
}

static void say_closed(struct wording *body, struct wording *tail, const struct facts *f)
{
	(void)tail;
	add_subject(body, f);
	wording_add(body, "已于%s由%s销号", f->time, f->change->who);
	add_closing(body, f);
}

static void say_corrected(struct wording *body, struct wording *tail, const struct facts *f)
{
	add_event(body, f);
	wording_add(tail, ",此前通知以本条为准。");
}

static void say_recovered(struct wording *body, struct wording *tail, const struct facts *f)
{
	add_event(body, f);
	wording_add(tail, ",已恢复,待确认。%s", f->assist ? "请知悉。" : "请确认。");
}

static void say_reopened(struct wording *body, struct wording *tail, const struct facts *f)
{
	add_event(body, f);
	wording_add(tail, ",再次报警。");
	add_downstream(tail, f);
	add_ask(tail, f);
}

/* "6小时", as people count: whole minutes, then hours, from three days on days. */
static void elapsed_chinese(wq_ms span, char out[32])
{
	if (span >= WQ_DAYS(3))
		snprintf(out, 32, "%lld天", (long long)(span / WQ_DAYS(1)));
	else if (span >= WQ_HOURS(1))
		snprintf(out, 32, "%lld小时", (long long)(span / WQ_HOURS(1)));
	else
		snprintf(out, 32, "%lld分钟", (long long)(span > 0 ? span / WQ_MINUTES(1) : 0));
}

static void say_reminded(struct wording *body, struct wording *tail, const struct facts *f)
{
	const struct wq_change *change = f->change;
	const bool acknowledged = change->state == WQ_LIFE_ACKNOWLEDGED;
	char waited[32];

	elapsed_chinese(change->decided - (acknowledged ? change->opened : change->since), waited);
	wording_add(body, "%s%s%s", f->place, wording_gap(f->place, f->says), f->says);
	if (acknowledged)
		wording_add(tail, ",已%s未解除,第%u次提醒。请跟进并回复。", waited, (unsigned)change->reminder);
	else
		wording_add(tail, ",%s已%s无人确认,第%u次提醒。%s", change->state == WQ_LIFE_RECOVERED ? "已恢复," : "", waited,
		        (unsigned)change->reminder, change->state == WQ_LIFE_RECOVERED ? "请确认。" : "请立即处置并回复。");
}

/* By a person, who says why; or because it opened too often. */
static void say_shelved(struct wording *body, struct wording *tail, const struct facts *f)
{
	char until[WQ_INSTANT_TEXT];

	add_subject(body, f);
	if (f->change->who[0] != '\0')
		wording_add(body, "由%s搁置", f->change->who);
	else
		wording_add(body, "频繁,已自动搁置");
	if (f->change->until != WQ_NO_TIME)
		wording_add(body, "至%s",
		        wq_instant_format_short(
		                text_zone(f->site, f->change), f->change->until, until));
	if (f->change->note[0] != '\0')
		wording_add(body, ":%s", f->change->note);
	wording_add(tail, ",其间只记录不通知。");
}

static void say_unshelved(struct wording *body, struct wording *tail, const struct facts *f)
{
	wording_add(body, "%s搁置结束,%s仍未解除:%s", f->place, f->level, f->says);
	wording_add(tail, "。");
	add_downstream(tail, f);
	add_ask(tail, f);
}

/* Bracket word and sentence of each kind. The word of a new or raised water alarm is its level:
 * 水质提示, 水质关注, 水质预警, 水质报警. */
static const struct {
	const char *water, *device;
	void (*say)(struct wording *body, struct wording *tail, const struct facts *f);
} kinds[WQ_CHANGE_KINDS] = {
	[WQ_OPENED] = { NULL, "设备告警", say_opened },
	[WQ_RAISED] = { NULL, "设备告警", say_raised },
	[WQ_ESCALATED] = { "预警升级", "告警升级", say_escalated },
	[WQ_ACKNOWLEDGED] = { "预警确认", "告警确认", say_acknowledged },
	[WQ_CLEARED] = { "预警解除", "告警解除", say_cleared },
	[WQ_CLOSED] = { "预警销号", "告警销号", say_closed },
	[WQ_CORRECTED] = { "数据更正", "数据更正", say_corrected },
	[WQ_RECOVERED] = { "恢复待确认", "恢复待确认", say_recovered },
	[WQ_REOPENED] = { NULL, "设备告警", say_reopened },
	[WQ_SHELVED] = { "预警搁置", "告警搁置", say_shelved },
	[WQ_UNSHELVED] = { "搁置结束", "搁置结束", say_unshelved },
	[WQ_REMINDED] = { "预警提醒", "告警提醒", say_reminded },
};

static void gather(struct facts *f)
{
	const struct wq_change *change = f->change;
	const struct wq_station *station = text_station(f->site, change);
	const struct wq_parameter *parameter = text_parameter(f->site, change);
	const struct wq_rule *rule =
	        change->rule < f->site->rule_count ? f->site->rules[change->rule].rule : NULL;
	static const char stop[] = "。";

	f->place = station != NULL ? station->name : f->site->name;
	if (f->place == NULL)
		f->place = station != NULL ? station->id : "";
	f->item = parameter != NULL ? parameter->name : "";
	if (rule != NULL && parameter == NULL)
		f->about = wq_system_subject(f->site->rules[change->rule].name);
	if (f->about.word == NULL)
		f->about = (struct wq_subject){ "", f->item };
	f->device = rule != NULL && rule->about == WQ_ABOUT_DEVICE;
	f->own = rule == &wq_rule_system;
	f->flood = rule == &wq_rule_system &&
	        strcmp(f->site->rules[change->rule].name, WQ_FLOOD_RULE) == 0;
	f->level = f->device ? "告警" : wq_level_chinese(change->level);
	wq_instant_format_short(text_zone(f->site, change), change->time, f->time);
	text_clean(change->says, f->says, sizeof f->says);
	size_t length = strlen(f->says), cut = sizeof stop - 1;

	if (length >= cut && strcmp(f->says + length - cut, stop) == 0)
		f->says[length - cut] = '\0';
}

static void add_head(struct wording *line, const struct facts *f)
{
	const struct wq_station *station = text_station(f->site, f->change);
	const char *word = f->device ? kinds[f->change->kind].device : kinds[f->change->kind].water;

	if (f->flood && (f->change->kind == WQ_OPENED || f->change->kind == WQ_CLEARED))
		word = f->change->kind == WQ_OPENED ? "报警潮" : "报警潮结束";

	if (station != NULL && station->commissioning)
		wording_add(line, "【测试】");
	if (word != NULL)
		wording_add(line, "【%s】", word);
	else
		wording_add(line, "【水质%s】", f->level);
}

void text_message(const struct wq_site *site, const struct wq_change *change, bool assist,
        char out[WQ_NOTICE_TEXT])
{
	char body_text[2 * WQ_NOTICE_TEXT], tail_text[WQ_NOTICE_TEXT / 2],
	        clean[WQ_NOTICE_TEXT / 2];
	char number[WQ_ALARM_NAME];
	struct wording body = { body_text, sizeof body_text, 0 };
	struct wording tail = { tail_text, sizeof tail_text - WQ_ALARM_NAME - 8, 0 };
	struct facts f = { .site = site, .change = change, .assist = assist };

	gather(&f);
	tail_text[0] = '\0';
	add_head(&body, &f);
	kinds[change->kind].say(&body, &tail, &f);
	tail.cap = sizeof tail_text;
	text_clean(tail_text, clean, sizeof clean - WQ_ALARM_NAME - 8);
	size_t used = strlen(clean);

	snprintf(clean + used, sizeof clean - used, "编号%s", wq_alarm_name(change->alarm, number));
	text_clean(body_text, out, WQ_NOTICE_TEXT - TEXT_MARK_ROOM - strlen(clean));
	strcat(out, clean);
}

void text_mark_unstored(struct wq_notice *notice)
{
	const char *mark = text_is_english(notice->text) ? MARK_EN : MARK;
	size_t length = strlen(notice->text), size = strlen(mark) + 1;

	if (strstr(notice->text, mark) != NULL)
		return;
	if (length + size <= sizeof notice->text)
		memcpy(notice->text + length, mark, size);
	data_mark_unstored(notice);
}

void text_mark_history(struct wq_notice *notice)
{
	const char *mark = text_is_english(notice->text) ? "[RETOLD] " : "【补发】";
	const size_t before = strlen(mark), room = sizeof notice->text - before - 1;
	size_t length = strlen(notice->text);

	if (strncmp(notice->text, mark, before) == 0)
		return;
	/* Cut between two characters where it must. */
	for (length = length < room ? length : room; length > 0 && ((unsigned char)notice->text[length] & 0xC0) == 0x80;)
		length--;
	memmove(notice->text + before, notice->text, length);
	memcpy(notice->text, mark, before);
	notice->text[before + length] = '\0';
	notice->address[0] = '\0';
	data_mark_history(notice);
}
