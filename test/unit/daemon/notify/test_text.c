/* SPDX-License-Identifier: Apache-2.0 */
/* The messages, word for word. */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "bureau.h"
#include "data.h"
#include "text.h"
#include "text_en.h"

#include "wq/rule.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

struct row {
	enum wq_change_kind kind;
	enum wq_level level;
	uint32_t station, rule;
	bool assist;
	const char *says, *who, *note; /* NULL: as the bureau's */
	const char *text;
};

#define TP "总磷0.263mg/L,超Ⅲ类限值(0.2)0.32倍,连续3次"

static const struct row rows[] = {
	{ WQ_OPENED, WQ_LEVEL_WARNING, YIGAN, LIMIT, false, NULL, "", "",
	        "【水质预警】一干河备用水源地03-05 16:00" TP
	        "。请30分钟内核查并回复。编号W20260305-007" },
	{ WQ_OPENED, WQ_LEVEL_WARNING, YIGAN, QUIET, false, NULL, "", "",
	        "【水质预警】一干河备用水源地03-05 16:00" TP
	        "。请30分钟内核查并回复。编号W20260305-007" },
	{ WQ_OPENED, WQ_LEVEL_ALARM, YIGAN, LIMIT, false, NULL, "", "",
	        "【水质报警】一干河备用水源地03-05 16:00" TP
	        "。请20秒内核查并回复。编号W20260305-007" },
	{ WQ_OPENED, WQ_LEVEL_ALARM, YIGAN, QUIET, false, NULL, "", "",
	        "【水质报警】一干河备用水源地03-05 16:00" TP
	        "。请90秒内核查并回复。编号W20260305-007" },
	{ WQ_OPENED, WQ_LEVEL_WATCH, YIGAN, LIMIT, false, NULL, "", "",
	        "【水质关注】一干河备用水源地03-05 16:00" TP
	        "。请2小时内核查并回复。编号W20260305-007" },
	{ WQ_OPENED, WQ_LEVEL_INFO, YIGAN, LIMIT, false, NULL, "", "",
	        "【水质提示】一干河备用水源地03-05 16:00" TP "。请关注。编号W20260305-007" },
	{ WQ_OPENED, WQ_LEVEL_WARNING, YIGAN, LIMIT, true, NULL, "", "",
	        "【水质预警】一干河备用水源地03-05 16:00" TP "。请配合核查。编号W20260305-007" },
	{ WQ_OPENED, WQ_LEVEL_WARNING, NANHENG, LIMIT, false, NULL, "", "",
	        "【水质预警】南横套河03-05 16:00" TP
	        "。下游:一干河备用水源地。请30分钟内核查并回复。编号W20260305-007" },
	{ WQ_OPENED, WQ_LEVEL_WARNING, NEW_STATION, LIMIT, false, NULL, "", "",
	        "【测试】【水质预警】新站03-05 16:00" TP
	        "。请30分钟内核查并回复。编号W20260305-007" },
	{ WQ_OPENED, WQ_LEVEL_WARNING, WQ_NONE, LIMIT, false, "3个断面同时超标。", "", "",
	        "【水质预警】张家港03-05 16:00 "
	        "3个断面同时超标。请30分钟内核查并回复。编号W20260305-007" },
	{ WQ_OPENED, WQ_LEVEL_WATCH, QINGLONG, MISSING, false, "总磷分析仪连续2次无数据,不参与预警",
	        "", "",
	        "【设备告警】青龙河03-05 "
	        "16:00总磷分析仪连续2次无数据,不参与预警。请运维核查。编号W20260305-007" },
	{ WQ_CLEARED, WQ_LEVEL_WATCH, QINGLONG, MISSING, false, "总磷数据恢复", "", "",
	        "【告警解除】青龙河03-05 16:00总磷数据恢复,本次告警解除。编号W20260305-007" },
	{ WQ_RAISED, WQ_LEVEL_ALARM, YIGAN, LIMIT, false, NULL, "", "",
	        "【水质报警】一干河备用水源地03-05 16:00" TP
	        ",级别升为报警。请20秒内核查并回复。编号W20260305-007" },
	{ WQ_OPENED, WQ_LEVEL_WARNING, YIGAN, LIMIT, false, "3月4日水质Ⅳ类,劣于目标Ⅲ类", "", "",
	        "【水质预警】一干河备用水源地3月4日水质Ⅳ类,劣于目标Ⅲ类。请30分钟内核查并回复。编号W20260305-007" },
	{ WQ_CLEARED, WQ_LEVEL_WARNING, YIGAN, LIMIT, false, "3月4日水质Ⅲ类,达标", "", "",
	        "【预警解除】一干河备用水源地3月4日水质Ⅲ类,达标,本次预警解除。编号W20260305-007" },
	{ WQ_ESCALATED, WQ_LEVEL_WARNING, NANHENG, LIMIT, false, NULL, "", "",
	        "【预警升级】南横套河" TP ",已30分钟无人确认,现升级通知。下游:"
	        "一干河备用水源地。请立即处置并回复。编号W20260305-007" },
	{ WQ_ESCALATED, WQ_LEVEL_WARNING, YIGAN, QUIET, true, NULL, "", "",
	        "【预警升级】一干河备用水源地" TP
	        ",仍无人确认,现升级通知。请配合处置。编号W20260305-007" },
	{ WQ_ACKNOWLEDGED, WQ_LEVEL_WARNING, YIGAN, LIMIT, false, NULL, "张三", "",
	        "【预警确认】一干河备用水源地总磷预警已于03-05 "
	        "16:00由张三确认。编号W20260305-007" },
	{ WQ_ACKNOWLEDGED, WQ_LEVEL_WARNING, YIGAN, LIMIT, false, NULL, "张三", "已去\n现场",
	        "【预警确认】一干河备用水源地总磷预警已于03-05 16:00由张三确认:已去 "
	        "现场。编号W20260305-007" },
	{ WQ_CLEARED, WQ_LEVEL_WARNING, YIGAN, LIMIT, false, "总磷0.18mg/L,连续3次达标", "", "",
	        "【预警解除】一干河备用水源地03-05 "
	        "16:00总磷0.18mg/L,连续3次达标,本次预警解除。编号W20260305-007" },
	{ WQ_CLEARED, WQ_LEVEL_WARNING, YIGAN, LIMIT, false, "", "", "",
	        "【预警解除】一干河备用水源地03-05 "
	        "16:00总磷恢复正常,本次预警解除。编号W20260305-007" },
	{ WQ_CLOSED, WQ_LEVEL_WARNING, YIGAN, LIMIT, false, NULL, "李四", "农田退水,已封堵排口",
	        "【预警销号】一干河备用水源地总磷预警已于03-05 "
	        "16:00由李四销号:农田退水,已封堵排口。编号W20260305-007" },
	{ WQ_CORRECTED, WQ_LEVEL_WARNING, YIGAN, LIMIT, false, "日均值更正为0.19mg/L", "", "",
	        "【数据更正】一干河备用水源地03-05 "
	        "16:00日均值更正为0.19mg/L,此前通知以本条为准。编号W20260305-007" },
	{ WQ_RECOVERED, WQ_LEVEL_WARNING, YIGAN, LIMIT, false, "总磷0.18mg/L,已达Ⅲ类(限值0.2)", "", "",
	        "【恢复待确认】一干河备用水源地03-05 "
	        "16:00总磷0.18mg/L,已达Ⅲ类(限值0.2),已恢复,待确认。请确认。编号W20260305-007" },
	{ WQ_REOPENED, WQ_LEVEL_WARNING, NANHENG, LIMIT, false, NULL, "", "",
	        "【水质预警】南横套河03-05 16:00" TP
	        ",再次报警。下游:一干河备用水源地。请30分钟内核查并回复。编号W20260305-007" },
	{ WQ_SHELVED, WQ_LEVEL_WARNING, YIGAN, LIMIT, false, NULL, "张三", "清洗探头",
	        "【预警搁置】一干河备用水源地总磷预警由张三搁置至03-05 "
	        "18:00:清洗探头,其间只记录不通知。编号W20260305-007" },
	{ WQ_SHELVED, WQ_LEVEL_WATCH, QINGLONG, MISSING, false, NULL, "", "1小时内报警5次",
	        "【告警搁置】青龙河总磷告警频繁,已自动搁置至03-05 "
	        "18:00:1小时内报警5次,其间只记录不通知。编号W20260305-007" },
	{ WQ_UNSHELVED, WQ_LEVEL_WARNING, YIGAN, LIMIT, false, NULL, "", "",
	        "【搁置结束】一干河备用水源地搁置结束,预警仍未解除:" TP
	        "。请30分钟内核查并回复。编号W20260305-007" },
};

static struct wq_change change_of(const struct row *row)
{
	struct wq_change change = bureau_change(row->kind, row->level);

	change.station = row->station;
	change.rule = row->rule;
	if (row->kind == WQ_SHELVED)
		change.until = change.time + WQ_HOURS(2);
	change.series = row->station; /* series i is station i's; WQ_NONE stays */
	if (row->says != NULL)
		snprintf(change.says, sizeof change.says, "%s", row->says);
	snprintf(change.who, sizeof change.who, "%s", row->who);
	snprintf(change.note, sizeof change.note, "%s", row->note);
	return change;
}

static void every_kind_of_change_has_its_words(void **state)
{
	const struct config config = bureau();
	char text[WQ_NOTICE_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct wq_change change = change_of(&rows[i]);

		text_message(&config.site, &change, rows[i].assist, text);
		assert_string_equal(text, rows[i].text);
	}
}

static void a_flood_has_words_of_its_own(void **state)
{
	struct config config = bureau();
	static const uint32_t site[] = { 0 };
	const struct wq_rule_use flood = {
		.rule = &wq_rule_system, .name = WQ_FLOOD_RULE, .place_count = 1, .places = site
	};
	struct wq_change change = bureau_change(WQ_OPENED, WQ_LEVEL_WARNING);
	char text[WQ_NOTICE_TEXT];

	(void)state;
	config.site.rules = &flood;
	config.site.rule_count = 1;
	config.site.name = "张家港";
	change.rule = 0;
	change.station = change.series = WQ_NONE;
	snprintf(change.says, sizeof change.says, "报警超过10条(10分钟内),累计11条,首报一干河总磷(W20260305-001)");
	text_message(&config.site, &change, false, text);
	assert_string_equal(text,
	        "【报警潮】张家港03-05 16:00报警超过10条(10分钟内),累计11条,首报一干河总磷(W20260305-001)。"
	        "请查看全部报警。编号W20260305-007");
	change.kind = WQ_CLEARED;
	snprintf(change.says, sizeof change.says, "报警共40条,其中26条提示、关注未单独通知");
	text_message(&config.site, &change, true, text);
	assert_string_equal(text,
	        "【报警潮结束】张家港03-05 16:00报警共40条,其中26条提示、关注未单独通知。编号W20260305-007");
}

static void a_name_that_ends_in_a_digit_does_not_run_into_the_time(void **state)
{
	static const uint32_t site[] = { 0 };
	static const struct wq_rule_use uses[] = {
		{ .rule = &wq_rule_system, .name = "wqd:roster", .place_count = 1, .places = site },
		{ .rule = &wq_rule_bus, .name = "wqd:bus:down", .place_count = 1, .places = site },
	};
	static const char *const subjects[] = { "值班表无人值班", "总线down" };
	struct config config = bureau();
	struct wq_change change = bureau_change(WQ_OPENED, WQ_LEVEL_WARNING);
	char text[WQ_NOTICE_TEXT], want[200];

	(void)state;
	config.site.name = "测站0";
	config.site.rules = uses;
	config.site.rule_count = 2;
	change.station = change.series = WQ_NONE;
	snprintf(change.says, sizeof change.says, "历史库无法写入");
	change.rule = 0;
	text_message(&config.site, &change, false, text);
	assert_non_null(strstr(text, "【设备告警】测站0 03-05 16:00历史库无法写入。"));
	/* What people do to an alarm of the site as a whole names what it is about. */
	for (uint32_t i = 0; i < 2; i++) {
		change.rule = i;
		for (int kind = 0; kind < WQ_CHANGE_KINDS; kind++) {
			if (kind != WQ_ACKNOWLEDGED && kind != WQ_CLOSED && kind != WQ_SHELVED)
				continue;
			change.kind = (enum wq_change_kind)kind;
			snprintf(change.who, sizeof change.who, "Ann");
			text_message(&config.site, &change, false, text);
			snprintf(want, sizeof want, "】测站0%s告警%s", subjects[i], kind == WQ_SHELVED ? "由Ann搁置" : "已于03-05 16:00由Ann");
			if (strstr(text, want) == NULL)
				fail_msg("%s is not in %s", want, text);
		}
	}
}

/* What we say of ourselves has one level: that more came to it is no higher one. */
static void what_came_to_an_alarm_of_our_own_is_no_higher_level(void **state)
{
	struct config config = bureau();
	static const uint32_t site[] = { 0 };
	const struct wq_rule_use own = { .rule = &wq_rule_system, .name = "wqd:channel", .place_count = 1, .places = site };
	struct wq_change change = bureau_change(WQ_RAISED, WQ_LEVEL_WARNING);
	char text[WQ_NOTICE_TEXT];

	(void)state;
	config.site.rules = &own;
	config.site.rule_count = 1;
	config.site.name = "张家港";
	change.rule = 0;
	change.station = change.series = WQ_NONE;
	snprintf(change.says, sizeof change.says, "通知通道sms、modem不通已超过5分钟,通知改走其他通道");
	text_message(&config.site, &change, false, text);
	assert_string_equal(text, "【设备告警】张家港03-05 16:00通知通道sms、modem不通已超过5分钟,通知改走其他通道。请运维核查。编号W20260305-007");
	text_message_en(&config.site, &change, false, text);
	assert_null(strstr(text, "raised to"));
}

static void the_longest_message_keeps_its_ask_and_its_number(void **state)
{
	struct config config = bureau();
	struct wq_station station = config.site.stations[YIGAN];
	struct wq_change change = bureau_change(WQ_OPENED, WQ_LEVEL_WARNING);
	static char name[2000];
	char text[WQ_NOTICE_TEXT];
	static const char end[] = "。请30分钟内核查并回复。编号W20260305-007";

	(void)state;
	for (size_t cut = 0; cut < 4; cut++) {
		memset(name, 'x', cut);
		for (size_t i = cut; i + 3 < sizeof name; i += 3)
			memcpy(name + i, "水", 4);
		station.name = name;
		config.site.stations = &station;
		config.site.station_count = 1;
		change.station = 0;
		text_message(&config.site, &change, false, text);
		assert_true(strlen(text) < WQ_NOTICE_TEXT - TEXT_MARK_ROOM);
		assert_true(strlen(text) > WQ_NOTICE_TEXT - TEXT_MARK_ROOM - 8);
		assert_string_equal(text + strlen(text) - strlen(end), end);
		json_t *valid = json_string(text); /* refuses half characters */

		assert_non_null(valid);
		json_decref(valid);
	}
}

static void what_is_no_utf8_becomes_a_question_mark(void **state)
{
	static const struct {
		const char *from, *to;
	} pairs[] = {
		{ "a\xff"
		  "b",
		        "a?b" },
		{ "\xc0\xaf", "??" },
		{ "\xe0\x80\x80", "???" },
		{ "\xf4\x90\x80\x80", "????" },
		{ "\xed\xa0\x80", "???" },
		{ "水\xe6\xb0", "水??" },
		{ "a\tb\x7f"
		  "c",
		        "a b c" },
		{ "Ⅲ㎡\xf0\x9f\x98\x80", "Ⅲ㎡\xf0\x9f\x98\x80" },
	};
	char out[32];

	(void)state;
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		text_clean(pairs[i].from, out, sizeof out);
		assert_string_equal(out, pairs[i].to);
	}
	text_clean("水水", out, 6);
	assert_string_equal(out, "水");
}

static struct wq_notice notice_of(const struct config *config, const struct wq_change *change)
{
	struct wq_notice notice = { .contact = "zhang" };

	text_message(&config->site, change, false, notice.text);
	assert_int_equal(data_write(config, change, &notice), 0);
	return notice;
}

static void data_for_machines_is_compact_and_exact(void **state)
{
	const struct config config = bureau();
	struct wq_change change = bureau_change(WQ_OPENED, WQ_LEVEL_ALARM);
	struct wq_notice notice = notice_of(&config, &change);

	(void)state;
	assert_string_equal(notice.data,
	        "{\"alarm\":\"W20260305-007\",\"change\":\"opened\",\"number\":1,"
	        "\"time\":\"2026-03-05T16:00:00+08:00\",\"opened\":\"2026-03-05T15:00:00+08:00\",\"station\":{\"id\":\"yigan\","
	        "\"name\":\"一干河备用水源地\",\"kind\":\"source-backup\",\"town\":\"杨舍镇\"},"
	        "\"parameter\":{\"alias\":\"tp\",\"code\":\"w21011\",\"name\":\"总磷\",\"name_en\":\"total phosphorus\",\"unit\":"
	        "\"mg/L\"},"
	        "\"level\":4,\"level_name\":\"alarm\",\"value\":0.263,\"limit\":0.2,\"rule\":\"tp-"
	        "limit\","
	        "\"text\":\"【水质报警】一干河备用水源地03-05 16:00" TP
	        "。请20秒内核查并回复。编号W20260305-007\",\"contact\":\"zhang\",\"role\":\"lead\","
	        "\"evidence\":{\"rule\":\"tp-limit\",\"limit\":0.2,\"readings\":[[1772697600000,0."
	        "263]]}}");
}

static void what_has_no_value_is_null(void **state)
{
	const struct config config = bureau();
	struct wq_change change = bureau_change(WQ_OPENED, WQ_LEVEL_ALARM);

	(void)state;
	change.value = change.limit = NAN;
	change.series = change.station = WQ_NONE;
	struct wq_notice notice = notice_of(&config, &change);

	assert_non_null(strstr(notice.data, "\"station\":null,\"parameter\":null,\"level\":4"));
	assert_non_null(strstr(notice.data, "\"value\":null,\"limit\":null"));
}

static void a_reminder_says_how_long_nobody_has_answered(void **state)
{
	static const struct {
		enum wq_life_state state;
		wq_ms waited;
		const char *words;
	} cases[] = {
		{ WQ_LIFE_ACTIVE, WQ_MINUTES(59), ",已59分钟无人确认,第3次提醒。请立即处置并回复。" },
		{ WQ_LIFE_ESCALATED, WQ_HOURS(6) + WQ_MINUTES(1), ",已6小时无人确认,第3次提醒。请立即处置并回复。" },
		{ WQ_LIFE_RECOVERED, WQ_DAYS(4), ",已恢复,已4天无人确认,第3次提醒。请确认。" },
		{ WQ_LIFE_ACKNOWLEDGED, WQ_DAYS(1), ",已24小时未解除,第3次提醒。请跟进并回复。" },
	};
	const struct config config = bureau();

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct wq_change change = bureau_change(WQ_REMINDED, WQ_LEVEL_ALARM);
		char want[400];

		change.state = cases[i].state;
		change.since = change.opened = change.decided - cases[i].waited;
		change.reminder = 3;
		struct wq_notice notice = notice_of(&config, &change);

		snprintf(want, sizeof want, "【预警提醒】一干河备用水源地" TP "%s编号W20260305-007", cases[i].words);
		assert_string_equal(notice.text, want);
		assert_non_null(strstr(notice.data, "\"change\":\"reminded\""));
		assert_non_null(strstr(notice.data, "\"reminder\":3"));
		assert_int_equal(strstr(notice.data, "\"state\":\"acknowledged\"") != NULL, cases[i].state == WQ_LIFE_ACKNOWLEDGED);
	}
}

static void a_further_step_says_so_and_how_long_nobody_has_answered(void **state)
{
	const struct config config = bureau();
	struct wq_change change = bureau_change(WQ_ESCALATED, WQ_LEVEL_WARNING);
	char text[WQ_NOTICE_TEXT];

	(void)state;
	change.escalation = 1;
	change.waited = WQ_MINUTES(40);
	text_message(&config.site, &change, false, text);
	assert_non_null(strstr(text, ",已40分钟无人确认,现升级通知。"));
	change.escalation = 2;
	change.waited = WQ_HOURS(2);
	text_message(&config.site, &change, false, text);
	assert_non_null(strstr(text, ",已2小时无人确认,再次升级通知。"));
}

static void people_and_what_they_said_are_in_the_data(void **state)
{
	const struct config config = bureau();
	struct wq_change change = bureau_change(WQ_CLOSED, WQ_LEVEL_ALARM);

	(void)state;
	snprintf(change.who, sizeof change.who, "李四");
	snprintf(change.note, sizeof change.note, "a\tb\xff");
	struct wq_notice notice = notice_of(&config, &change);

	assert_non_null(strstr(notice.data, "\"change\":\"closed\""));
	assert_non_null(strstr(notice.data, "\"who\":\"李四\",\"note\":\"a b?\""));
	assert_null(strstr(notice.data, "\"cause\""));
	snprintf(change.cause, sizeof change.cause, "农田退水");
	snprintf(change.action, sizeof change.action, "关闸\n巡查");
	notice = notice_of(&config, &change);
	assert_non_null(strstr(notice.data, "\"note\":\"a b?\",\"cause\":\"农田退水\",\"action\":\"关闸 巡查\""));
	assert_non_null(strstr(notice.text, "由李四销号:原因:农田退水;措施:关闸 巡查;a b?。编号W20260305-007"));
	change.station = NANHENG;
	notice = notice_of(&config, &change);
	assert_non_null(strstr(notice.data, "\"flows_into\":\"一干河备用水源地\""));
	assert_null(strstr(notice.data, "\"test\""));
	change.station = NEW_STATION;
	notice = notice_of(&config, &change);
	assert_non_null(strstr(notice.data, "\"test\":true"));
}

static void evidence_that_does_not_fit_or_is_no_object_is_left_out(void **state)
{
	const struct config config = bureau();
	struct wq_change change = bureau_change(WQ_OPENED, WQ_LEVEL_ALARM);
	struct wq_notice notice = { .contact = "zhang" };
	size_t n = 0;

	(void)state;
	snprintf(change.evidence, sizeof change.evidence, "[1]");
	notice = notice_of(&config, &change);
	assert_null(strstr(notice.data, "evidence"));

	/* Numbers grow when they are written again: 1e9 becomes 1000000000.0. */
	n += (size_t)snprintf(change.evidence, sizeof change.evidence, "{\"r\":[1e9");
	while (n + 8 < sizeof change.evidence)
		n += (size_t)snprintf(change.evidence + n, sizeof change.evidence - n, ",1e9");
	snprintf(change.evidence + n, sizeof change.evidence - n, "]}");
	notice = notice_of(&config, &change);
	assert_null(strstr(notice.data, "evidence"));
	assert_non_null(strstr(notice.data, "\"text\":\"【水质报警】"));
}

/* Neighbours go first, then the oldest readings; the newest and the arithmetic stay. */
static void evidence_that_is_too_long_gets_shorter(void **state)
{
	const struct config config = bureau();
	struct wq_change change = bureau_change(WQ_OPENED, WQ_LEVEL_ALARM);
	char *e = change.evidence;
	size_t cap = sizeof change.evidence, n = 0;

	(void)state;
	n += (size_t)snprintf(e + n, cap - n, "{\"facts\":{\"exceedance\":0.3},\"neighbours\":[");
	for (int i = 0; i < 14; i++)
		n += (size_t)snprintf(e + n, cap - n, "%s{\"station\":\"neighbour-%02d\",\"parameter\":\"nh3n\","
		                                      "\"time\":\"2026-03-05T16:00:00+08:00\",\"value\":0.5}",
		        i > 0 ? "," : "", i);
	n += (size_t)snprintf(e + n, cap - n, "],\"readings\":[");
	for (int i = 0; i < 100; i++)
		n += (size_t)snprintf(e + n, cap - n, "%s[\"2026-03-05T16:00:%02d+08:00\",%d.5,\"good\"]",
		        i > 0 ? "," : "", i % 60, i);
	n += (size_t)snprintf(e + n, cap - n, "]}");
	assert_true(n < cap && n > WQ_NOTICE_DATA);
	struct wq_notice notice = notice_of(&config, &change);
	json_t *data = json_loads(notice.data, 0, NULL);
	const json_t *readings = json_object_get(json_object_get(data, "evidence"), "readings");
	size_t left = json_array_size(readings);

	assert_null(strstr(notice.data, "neighbour-"));
	assert_non_null(strstr(notice.data, "\"exceedance\":0.3"));
	assert_true(left > 50 && left < 100);
	assert_true(json_real_value(json_array_get(json_array_get(readings, left - 1), 1)) == 99.5);
	assert_true(strlen(notice.data) > WQ_NOTICE_DATA - 100);
	json_decref(data);
}

static void a_shelf_has_its_end_in_the_data(void **state)
{
	const struct config config = bureau();
	struct wq_change change = bureau_change(WQ_SHELVED, WQ_LEVEL_ALARM);

	(void)state;
	change.until = change.time + WQ_HOURS(2);
	struct wq_notice notice = notice_of(&config, &change);

	assert_non_null(strstr(notice.data, "\"until\":\"2026-03-05T18:00:00+08:00\""));
	assert_non_null(strstr(notice.data, "\"time\":\"2026-03-05T16:00:00+08:00\""));
}

static void a_notice_ahead_of_the_store_says_so_once(void **state)
{
	const struct config config = bureau();
	struct wq_change change = bureau_change(WQ_OPENED, WQ_LEVEL_ALARM);
	struct wq_notice notice = notice_of(&config, &change);

	(void)state;
	text_mark_unstored(&notice);
	struct wq_notice once = notice;

	text_mark_unstored(&notice);
	assert_memory_equal(&once, &notice, sizeof once);
	assert_string_equal(strstr(notice.text, "编号"), "编号W20260305-007(尚未入库)");
	assert_non_null(strstr(notice.data, "\"stored\":false"));
	assert_non_null(strstr(notice.data, "编号W20260305-007(尚未入库)\",\"contact\""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_of_change_has_its_words),
		cmocka_unit_test(a_flood_has_words_of_its_own),
		cmocka_unit_test(a_name_that_ends_in_a_digit_does_not_run_into_the_time),
		cmocka_unit_test(what_came_to_an_alarm_of_our_own_is_no_higher_level),
		cmocka_unit_test(the_longest_message_keeps_its_ask_and_its_number),
		cmocka_unit_test(what_is_no_utf8_becomes_a_question_mark),
		cmocka_unit_test(data_for_machines_is_compact_and_exact),
		cmocka_unit_test(what_has_no_value_is_null),
		cmocka_unit_test(a_reminder_says_how_long_nobody_has_answered),
		cmocka_unit_test(a_further_step_says_so_and_how_long_nobody_has_answered),
		cmocka_unit_test(people_and_what_they_said_are_in_the_data),
		cmocka_unit_test(evidence_that_does_not_fit_or_is_no_object_is_left_out),
		cmocka_unit_test(evidence_that_is_too_long_gets_shorter),
		cmocka_unit_test(a_shelf_has_its_end_in_the_data),
		cmocka_unit_test(a_notice_ahead_of_the_store_says_so_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
