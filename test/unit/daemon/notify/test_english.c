/* SPDX-License-Identifier: Apache-2.0 */
/* What a contact reads who asked for English. */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "bureau.h"
#include "router.h"
#include "short.h"
#include "text_en.h"
#include "wq/rule.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define NUMBER " No. W20260305-007"
#define TP     "total phosphorus 0.263 mg/L, over Class III limit 0.2 by 0.32 times, 3 in a row"
#define FACTS  "{\"rule\":\"tp-limit\",\"facts\":{\"exceedance\":0.315,\"consecutive\":3,\"limit\":0.2,\"target_class\":3}}"

static struct wq_change change_of(enum wq_change_kind kind, enum wq_level level, uint32_t station)
{
	struct wq_change change = bureau_change(kind, level);

	change.station = change.series = station;
	change.reminder = 2;
	change.since = change.decided - WQ_HOURS(6);
	if (kind == WQ_SHELVED)
		change.until = change.time + WQ_HOURS(2);
	snprintf(change.evidence, sizeof change.evidence, "%s", FACTS);
	return change;
}

static const struct {
	enum wq_change_kind kind;
	enum wq_level level;
	uint32_t station, rule;
	bool assist;
	double value;
	const char *who, *note, *want;
} rows[] = {
	{ WQ_OPENED, WQ_LEVEL_WARNING, NANHENG, LIMIT, false, 0.263, "", "",
	        "[WARNING] Nanheng Tributary (nanheng) 03-05 16:00 " TP ". Downstream: yigan. Check and answer within 30 min." },
	{ WQ_OPENED, WQ_LEVEL_INFO, YIGAN, LIMIT, false, 0.263, "", "", "[NOTICE] yigan 03-05 16:00 " TP ". Keep an eye on it." },
	{ WQ_OPENED, WQ_LEVEL_WATCH, YIGAN, LIMIT, true, 0.263, "", "", "[WATCH] yigan 03-05 16:00 " TP ". Please assist." },
	{ WQ_OPENED, WQ_LEVEL_WARNING, NEW_STATION, LIMIT, false, 0.263, "", "",
	        "[TEST] [WARNING] new 03-05 16:00 " TP ". Check and answer within 30 min." },
	{ WQ_RAISED, WQ_LEVEL_ALARM, YIGAN, LIMIT, false, 0.263, "", "",
	        "[ALARM] yigan 03-05 16:00 " TP "; raised to alarm. Check and answer within 20 s." },
	{ WQ_ESCALATED, WQ_LEVEL_WARNING, YIGAN, LIMIT, false, 0.263, "", "",
	        "[ESCALATED] yigan " TP "; not acknowledged for 30 min. Act now and answer." },
	{ WQ_ESCALATED, WQ_LEVEL_WARNING, NANHENG, LIMIT, false, 0.263, "", "",
	        "[ESCALATED] Nanheng Tributary (nanheng) " TP "; not acknowledged for 30 min. Downstream: yigan. Act now and answer." },
	{ WQ_ESCALATED, WQ_LEVEL_WARNING, YIGAN, QUIET, true, 0.263, "", "",
	        "[ESCALATED] yigan " TP "; not acknowledged. Please assist." },
	{ WQ_ACKNOWLEDGED, WQ_LEVEL_WARNING, YIGAN, LIMIT, false, 0.263, "Zhang", "on the way",
	        "[ACKNOWLEDGED] yigan total phosphorus warning acknowledged at 03-05 16:00 by Zhang: on the way." },
	{ WQ_CLEARED, WQ_LEVEL_WARNING, YIGAN, LIMIT, false, 0.18, "", "",
	        "[CLEARED] yigan 03-05 16:00 total phosphorus 0.18 mg/L, within Class III limit 0.2; the alarm has ended." },
	{ WQ_CLOSED, WQ_LEVEL_WARNING, YIGAN, LIMIT, false, 0.263, "Li", "retested",
	        "[CLOSED] yigan total phosphorus warning closed at 03-05 16:00 by Li, cause: runoff; measure: gate shut; retested." },
	{ WQ_CORRECTED, WQ_LEVEL_WARNING, YIGAN, LIMIT, false, 0.263, "", "",
	        "[CORRECTED] yigan 03-05 16:00 late data: " TP ". This replaces what was told before." },
	{ WQ_RECOVERED, WQ_LEVEL_WARNING, YIGAN, LIMIT, false, 0.18, "", "",
	        "[RECOVERED] yigan 03-05 16:00 recovered, not acknowledged: total phosphorus 0.18 mg/L, within Class III limit 0.2. "
	        "Please acknowledge." },
	{ WQ_REOPENED, WQ_LEVEL_WARNING, YIGAN, LIMIT, false, 0.263, "", "",
	        "[WARNING] yigan 03-05 16:00 " TP "; once more. Check and answer within 30 min." },
	{ WQ_SHELVED, WQ_LEVEL_WARNING, YIGAN, LIMIT, false, 0.263, "Zhang", "probe cleaned",
	        "[SHELVED] yigan total phosphorus warning shelved by Zhang until 03-05 18:00: probe cleaned. Recorded, not told "
	        "meanwhile." },
	{ WQ_SHELVED, WQ_LEVEL_WATCH, YIGAN, MISSING, false, 0.263, "", "1小时内报警5次",
	        "[SHELVED] yigan total phosphorus fault opens too often, shelved until 03-05 18:00. Recorded, not told meanwhile." },
	{ WQ_UNSHELVED, WQ_LEVEL_WARNING, YIGAN, LIMIT, false, 0.263, "", "",
	        "[SHELF ENDED] yigan 03-05 16:00 " TP "; still open. Check and answer within 30 min." },
	{ WQ_REMINDED, WQ_LEVEL_WARNING, YIGAN, LIMIT, false, 0.263, "", "",
	        "[REMINDER] yigan " TP "; not acknowledged for 6 h, reminder 2. Act now and answer." },
	{ WQ_OPENED, WQ_LEVEL_WATCH, YIGAN, MISSING, false, (double)NAN, "", "",
	        "[FAULT] yigan 03-05 16:00 no data of total phosphorus, not assessable. Have it checked." },
	{ WQ_CLEARED, WQ_LEVEL_WATCH, YIGAN, MISSING, false, (double)NAN, "", "",
	        "[CLEARED] yigan 03-05 16:00 total phosphorus arrives again; the fault has ended." },
};

static void every_kind_of_change_has_its_sentence(void **state)
{
	const struct config config = bureau();
	unsigned seen = 0;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct wq_change change = change_of(rows[i].kind, rows[i].level, rows[i].station);
		char text[WQ_NOTICE_TEXT], want[WQ_NOTICE_TEXT];

		change.rule = rows[i].rule;
		change.value = rows[i].value;
		snprintf(change.who, sizeof change.who, "%s", rows[i].who);
		snprintf(change.note, sizeof change.note, "%s", rows[i].note);
		if (rows[i].kind == WQ_CLOSED) {
			snprintf(change.cause, sizeof change.cause, "runoff");
			snprintf(change.action, sizeof change.action, "gate shut");
		}
		text_message_en(&config.site, &change, rows[i].assist, text);
		snprintf(want, sizeof want, "%s" NUMBER, rows[i].want);
		assert_string_equal(text, want);
		assert_true(short_gsm(text));
		seen |= 1u << rows[i].kind;
	}
	assert_int_equal(seen, (1u << WQ_CHANGE_KINDS) - 1);
}

/* -- one sentence a kind of rule -- */

#define UPSTREAM \
	"{\"facts\":{\"upstream_value\":0.3,\"median\":0.2,\"rise\":0.5,\"travel_hours\":6},\"neighbours\":[{\"where\":\"upstream\"," \
	"\"station\":\"nanheng\",\"parameter\":\"tp\",\"value\":0.3},{\"where\":\"here\",\"station\":\"yigan\",\"parameter\":\"tp\",\"value\":0.1}]}"
#define TODAY "{\"facts\":{\"mean_so_far\":0.3,\"readings\":4,\"remaining\":2,\"remaining_may\":0.1,\"projected\":0.28,\"best\":0.05,\"target_class\":3}}"
#define SOON  "{\"facts\":{\"mean_so_far\":0.18,\"readings\":4,\"remaining\":2,\"remaining_may\":0.24,\"projected\":0.22,\"best\":0.15}}"
#define MONTH "{\"facts\":{\"days_valid\":18,\"days_passed\":20,\"days_left\":10,\"mean_to_date\":0.21,\"remaining_may\":0.18,\"recent_mean\":0.24,\"best_day\":0.15,\"target_class\":3}}"
#define NIGH  "{\"facts\":{\"days_valid\":20,\"days_passed\":20,\"days_left\":10,\"remaining_may\":0.22,\"recent_mean\":0.3,\"best_day\":0.15}}"
#define TREND "{\"facts\":{\"n\":10,\"s\":45,\"z\":3.94,\"p\":8.3e-05,\"slope_per_hour\":0.004,\"fitted_now\":0.1512,\"hours_to_exceed\":12.2}}"
#define SLOW  "{\"facts\":{\"slope_per_hour\":-0.01,\"fitted_now\":7.5,\"hours_to_exceed\":96}}"
#define EVENT "{\"facts\":{\"score\":9,\"first_channel\":1,\"first_share\":0.8,\"first_deviation\":4.5,\"second_channel\":2,\"second_share\":0.2,\"second_deviation\":-2}}"

static const char *const channel_names[] = { "tp", "toc" };
static const struct wq_list channels = { 2, channel_names };
static const struct wq_option event_options[] = { { .key = "channels", .type = WQ_OPT_LIST, .offset = 0 }, WQ_OPTION_END };

static const struct {
	const char *kind;
	bool whole, over; /* about the station as a whole */
	double value, limit;
	const char *evidence, *want;
} sentences[] = {
	{ "limit", false, false, 0.3, 0.2, "{}", "total phosphorus 0.3 mg/L, over limit 0.2." },
	{ "daily", false, false, 0.263, 0.2, "{\"facts\":{\"valid\":3,\"expected\":5,\"class\":4,\"target_class\":3,\"exceedance\":0.315}}",
	        "total phosphorus daily mean of 03-05 0.263 mg/L, over Class III limit 0.2 by 0.32 times (3 of 5 values)." },
	{ "daily", false, true, 0.18, 0.2, "{\"facts\":{\"valid\":5,\"expected\":5,\"class\":3,\"target_class\":3}}",
	        "total phosphorus daily mean of 03-05 0.18 mg/L, within Class III limit 0.2; the alarm has ended." },
	{ "daily", true, false, 4, 3, "{}", "water of 03-05 Class IV, misses target Class III." },
	{ "daily", true, true, 3, 3, "{}", "water of 03-05 Class III, meets target Class III; the alarm has ended." },
	{ "daily", true, false, (double)NAN, 3, "{}", "water of 03-05 not assessable." },
	{ "today", false, false, 0.3, 0.2, TODAY,
	        "total phosphorus mean today (4 values) 0.3 mg/L, over Class III limit 0.2; the 2 values left must average 0.1 or less." },
	{ "today", false, false, 0.18, 0.2, SOON,
	        "total phosphorus mean today (4 values) 0.18 mg/L, by the newest value the day's will be 0.22, over limit 0.2; the 2 values "
	        "left must average 0.24 or less." },
	{ "today", false, true, 0.18, 0.2, "{\"facts\":{\"mean\":0.18}}",
	        "total phosphorus daily mean 0.18 mg/L, within limit 0.2; the alarm has ended." },
	{ "month", false, false, 0.21, 0.2, MONTH,
	        "total phosphorus mean of the month to date 0.21 mg/L (18 of 20 days), over Class III limit 0.2; the 10 days left must "
	        "average 0.18 or less." },
	{ "month", false, false, 0.19, 0.2, NIGH,
	        "total phosphorus mean of the month to date 0.19 mg/L (20 of 20 days), within limit 0.2; the 10 days left must average 0.22 "
	        "or less; it will exceed if they are as the last ones (0.3)." },
	{ "month", false, true, (double)NAN, 0.2, "{}", "total phosphorus: a new month begins; the alarm has ended." },
	{ "fall", true, false, 4, 2, "{}", "water of 03-05 Class IV, down from Class II before." },
	{ "fall", true, true, 3, 4, "{}", "water of 03-05 Class III, after Class IV before; the alarm has ended." },
	{ "network", true, false, 3, 3, "{\"facts\":{\"fallen\":3,\"compared\":8,\"sections\":9}}",
	        "the class of the water of 03-05 fell at 3 sections of 8 compared; a consultation is advised." },
	{ "missing", false, false, (double)NAN, (double)NAN, "{\"facts\":{\"silent_hours\":5,\"after_hours\":4,\"arriving\":0}}",
	        "no data of total phosphorus for 5 h, not assessable." },
	{ "missing", false, false, (double)NAN, (double)NAN, "{\"facts\":{\"silent_hours\":0.00579,\"arriving\":1}}",
	        "no usable data of total phosphorus for 21 s: what arrives is no valid reading, not assessable." },
	{ "silent", true, false, (double)NAN, (double)NAN, "{\"facts\":{\"silent_hours\":0.5,\"items\":9,\"arriving\":0}}",
	        "no data of the whole station for 30 min (9 parameters), not assessable." },
	{ "silent", true, true, (double)NAN, (double)NAN, "{}", "the station sends data again; the alarm has ended." },
	{ "trend", false, false, 0.151, 0.2, TREND, "total phosphorus rises by 0.004 an hour, now about 0.151, expected over limit 0.2 in about 12 h." },
	{ "trend", false, false, 7.5, 6, SLOW, "total phosphorus falls by 0.24 a day, now about 7.5, expected below limit 6 in about 4 d." },
	{ "trend", false, true, 0.1, 0.2, "{}", "total phosphorus 0.1 mg/L, no trend towards limit 0.2; the alarm has ended." },
	{ "surge", false, false, 0.18, 0.2, "{\"facts\":{\"usual\":0.08,\"deviation\":6}}",
	        "total phosphorus 0.18 mg/L, 125% above the usual 0.08, nearing limit 0.2." },
	{ "surge", false, false, 0.24, 0.2, "{\"facts\":{\"usual\":0.08}}",
	        "total phosphorus 0.24 mg/L, 200% above the usual 0.08, over limit 0.2." },
	{ "surge", false, true, 0.09, 0.2, "{\"facts\":{\"usual\":0.08}}",
	        "total phosphorus 0.09 mg/L, near what is usual again (0.08); the alarm has ended." },
	{ "event", true, false, 9, 1, EVENT, "the water is not as usual: total phosphorus high (80%), toc low (20%)." },
	{ "event", true, true, 0.5, 1, "{}", "the water is as usual again; the alarm has ended." },
	{ "upstream", false, false, 0.3, 0.2, UPSTREAM,
	        "total phosphorus 0.3 mg/L upstream at Nanheng Tributary (nanheng), over limit 0.2, here about 6 h after." },
	{ "upstream", false, false, 0.3, 0.4, UPSTREAM,
	        "total phosphorus 0.3 mg/L upstream at Nanheng Tributary (nanheng), 50% higher than before, here about 6 h after." },
	{ "upstream", false, true, 0.1, 0.2, "{}", "total phosphorus upstream is down again, the affected water should have passed; the alarm has ended." },
	{ "health", false, false, 0.1, (double)NAN, "{\"facts\":{\"reason\":3,\"unchanged_hours\":24}}",
	        "total phosphorus 0.1 mg/L unchanged for 24 h, the instrument may be stuck." },
	{ "health", false, false, 0.1, (double)NAN, "{\"facts\":{\"reason\":5,\"looked_at\":20}}",
	        "the last 20 readings of total phosphorus have fewer decimals than before, maybe not measured or set up anew." },
	{ "health", false, false, 0.1, (double)NAN, "{\"facts\":{\"reason\":7,\"other\":0.05}}",
	        "total phosphorus 0.1 mg/L contradicts another parameter (0.05), the instrument may be at fault." },
	{ "health", false, false, 90, (double)NAN, "{\"facts\":{\"reason\":2}}",
	        "total phosphorus 90 mg/L out of its plausible range again and again, not evaluated: check instrument and water." },
	{ "health", false, true, 0.1, (double)NAN, "{}", "total phosphorus readings are normal again; the alarm has ended." },
	{ "tomorrow", false, false, 0.1, 0.2, "{\"facts\":{\"odd\":1.5}}", "total phosphorus 0.1 mg/L, rule title: odd 1.5." },
};

static void every_kind_of_rule_has_its_sentence(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof sentences / sizeof *sentences; i++) {
		const struct wq_rule rule = { .name = sentences[i].kind, .options = event_options };
		const struct wq_rule_use use = { .rule = &rule, .name = "title", .settings = &channels };
		struct config config = bureau();
		struct wq_change change = change_of(sentences[i].over ? WQ_CLEARED : WQ_OPENED, WQ_LEVEL_INFO, YIGAN);
		char text[WQ_NOTICE_TEXT], want[WQ_NOTICE_TEXT];

		config.site.rules = &use;
		config.site.rule_count = 1;
		change.rule = 0;
		change.series = sentences[i].whole ? WQ_NONE : change.series;
		change.value = sentences[i].value;
		change.limit = sentences[i].limit;
		snprintf(change.evidence, sizeof change.evidence, "%s", sentences[i].evidence);
		text_message_en(&config.site, &change, false, text);
		snprintf(want, sizeof want, "[%s] yigan 03-05 16:00 %s%s" NUMBER, sentences[i].over ? "CLEARED" : "NOTICE", sentences[i].want,
		        sentences[i].over ? "" : " Keep an eye on it.");
		assert_string_equal(text, want);
		assert_true(short_gsm(text));
	}
}

/* -- the program's own -- */

static const struct {
	const char *title;
	double value;
	const char *evidence, *raised, *over, *brief;
} own[] = {
	{ "wqd:store", (double)NAN, "{}", "the history cannot be written; readings wait in memory, notices leave before.", "the history is written again",
	        "history not written" },
	{ "wqd:shed", 12, "{}", "memory is full; 12 readings were judged but not stored.", "readings are stored again", "memory full" },
	{ "wqd:receipt", 12, "{}", "storing is slow; 12 readings were acknowledged before they were stored.", "readings are stored in time again",
	        "storing slow" },
	{ "wqd:channel", 1, "{\"about\":\"modem\",\"facts\":{\"failing\":1,\"channels\":2}}",
	        "channel modem does not deliver; notices go by other channels.", "the channel delivers again", "channel down" },
	{ "wqd:channel", 2, "{\"about\":\"modem\",\"facts\":{\"failing\":2,\"channels\":2}}",
	        "channel modem does not deliver; there is no other, somebody must watch.", "the channel delivers again", "channel down" },
	{ "wqd:channel", 1, "{}", "a channel of notices does not deliver.", "the channel delivers again", "channel down" },
	{ "wqd:maintenance", (double)NAN, "{\"facts\":{\"over_minutes\":90}}", "maintenance that nobody ended, overdue for 1 h.",
	        "the maintenance is over", "maintenance not ended" },
	{ "wqd:uplink", 35, "{\"about\":\"province\"}", "uplink province is behind by 35 min; all is stored and will be sent.",
	        "the uplinks have caught up", "uplink behind" },
	{ "wqd:roster", (double)NAN, "{\"about\":\"night\"}", "nobody is on duty by roster night; everybody in it is told.",
	        "somebody is on duty again", "nobody on duty" },
	{ "wqd:drill", 2, "{\"about\":\"zhang/modem、li/modem\"}", "2 of the drill's messages did not pass: zhang/modem, li/modem.",
	        "the drill passed as a whole", "drill not passed" },
	{ "wqd:ping", 5, "{}", "pings to outside fail for 5 min; nobody there would notice that this gateway is dead.",
	        "pings to outside arrive again", "pings to outside fail" },
	{ "wqd:bus:plc", (double)NAN,
	        "{\"facts\":{\"down_minutes\":12,\"stations\":3,\"items\":7},\"covered\":[\"nanheng/tp\",\"nanheng/do\",\"yigan/tp\",\"qinglong/tp\"]}",
	        "bus plc is down for 12 min; no data of 7 parameters at 3 stations: Nanheng Tributary, yigan and others.", "bus plc serves again",
	        "bus down: plc" },
};

static const struct wq_rule own_rule = { .name = "system", .scope = WQ_SCOPE_NETWORK, .about = WQ_ABOUT_DEVICE };

static void the_program_s_own_rules_say_which(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
		const struct wq_rule_use use = { .rule = &own_rule, .name = own[i].title };
		struct config config = bureau();
		char text[WQ_NOTICE_TEXT], want[WQ_NOTICE_TEXT], brief[64];
		struct wq_change change = change_of(WQ_OPENED, WQ_LEVEL_WARNING, WQ_NONE);

		config.site.rules = &use;
		config.site.rule_count = 1;
		config.site.english = i % 2 == 0 ? NULL : "Zhangjiagang";
		change.rule = 0;
		change.value = own[i].value;
		change.limit = (double)NAN;
		snprintf(change.evidence, sizeof change.evidence, "%s", own[i].evidence);
		text_message_en(&config.site, &change, false, text);
		snprintf(want, sizeof want, "[FAULT] %s 03-05 16:00: %s Have it checked." NUMBER, i % 2 == 0 ? "The site" : "Zhangjiagang",
		        own[i].raised);
		assert_string_equal(text, want);
		assert_true(short_gsm(text));
		change.kind = WQ_CLEARED;
		text_message_en(&config.site, &change, false, text);
		snprintf(want, sizeof want, "[CLEARED] %s 03-05 16:00: %s; the fault has ended." NUMBER, i % 2 == 0 ? "The site" : "Zhangjiagang",
		        own[i].over);
		assert_string_equal(text, want);
		assert_string_equal(text_rule_en(own[i].title, "system", brief, sizeof brief), own[i].brief);
	}
}

static void a_flood_says_how_many_and_which_was_the_first(void **state)
{
	const struct wq_rule_use use = { .rule = &own_rule, .name = WQ_FLOOD_RULE };
	struct config config = bureau();
	char text[WQ_NOTICE_TEXT];
	struct wq_change change = change_of(WQ_OPENED, WQ_LEVEL_WARNING, WQ_NONE);

	(void)state;
	config.site.rules = &use;
	config.site.rule_count = 1;
	change.rule = 0;
	change.value = 25;
	change.limit = 10;
	snprintf(change.evidence, sizeof change.evidence, "{\"facts\":{\"within_minutes\":10,\"held_back\":12,\"first_alarm\":2026030500001}}");
	text_message_en(&config.site, &change, false, text);
	assert_string_equal(text, "[ALARM FLOOD] The site 03-05 16:00: too many alarms at once: 25, more than 10 within 10 min, the first "
	                          "W20260305-001; 12 lesser ones not told. Look at all alarms." NUMBER);
	change.kind = WQ_CLEARED;
	text_message_en(&config.site, &change, false, text);
	assert_string_equal(text, "[FLOOD OVER] The site 03-05 16:00: the alarm flood is over: 25 alarms in all." NUMBER);
}

/* Digests and short messages cut at the end of a sentence. */
static void a_stop_in_a_name_ends_no_sentence(void **state)
{
	struct config config = bureau();
	struct wq_station stations[4];
	const struct wq_change change = change_of(WQ_OPENED, WQ_LEVEL_INFO, NANHENG);
	char text[WQ_NOTICE_TEXT];

	(void)state;
	memcpy(stations, config.site.stations, sizeof stations);
	stations[NANHENG].english = "No. 3 Bridge";
	stations[YIGAN].english = "St. Mary";
	config.site.stations = stations;
	text_message_en(&config.site, &change, false, text);
	assert_string_equal(text, "[NOTICE] No.3 Bridge (nanheng) 03-05 16:00 " TP ". Downstream: St.Mary. Keep an eye on it." NUMBER);
}

static void what_is_told_afterwards_says_so_in_english(void **state)
{
	struct wq_notice notice = { .data = "{}", .text = "[ALARM] yigan. No. W20260305-007" };

	(void)state;
	text_mark_history(&notice);
	text_mark_history(&notice);
	assert_string_equal(notice.text, "[RETOLD] [ALARM] yigan. No. W20260305-007");
}

static void each_contact_reads_its_own_language(void **state)
{
	struct config config = bureau();
	struct config_contact contacts[6];
	const struct wq_change change = change_of(WQ_OPENED, WQ_LEVEL_WARNING, NANHENG);
	struct wq_notice notices[8];

	(void)state;
	memcpy(contacts, config.contacts, sizeof contacts);
	contacts[LI].english = true;
	config.contacts = contacts;
	assert_int_equal(router_notices(&config, &change, 1, change.decided, notices, 8), 3);
	assert_int_equal(strncmp(notices[0].text, "【水质预警】", 18), 0);
	assert_int_equal(strncmp(notices[1].text, "[WARNING] ", 10), 0);
	assert_non_null(strstr(notices[1].data, "\"text\":\"[WARNING] Nanheng Tributary (nanheng) 03-05 16:00"));
	text_mark_unstored(&notices[1]);
	text_mark_unstored(&notices[1]);
	assert_non_null(strstr(notices[1].text, NUMBER " (not stored yet)"));
	assert_null(strstr(notices[1].text, "尚未入库"));
	assert_int_equal(strlen(strstr(notices[1].text, NUMBER)), strlen(NUMBER " (not stored yet)"));
}

/* The highest level is one part, whatever people wrote; what is asked and the number stay. */
static void a_level_alarm_in_english_is_one_part(void **state)
{
	const struct config config = bureau();
	char text[WQ_NOTICE_TEXT], out[WQ_NOTICE_TEXT];

	(void)state;
	for (int kind = 0; kind < WQ_CHANGE_KINDS; kind++)
		for (uint32_t station = 0; station < 4; station++) {
			struct wq_change change = change_of((enum wq_change_kind)kind, WQ_LEVEL_ALARM, station);

			snprintf(change.who, sizeof change.who, "Zhang");
			snprintf(change.note, sizeof change.note,
			        "waste water of a fish farm upstream, ordered to stop, measured oftener, followed up by the town until it is stable");
			text_message_en(&config.site, &change, false, text);
			assert_true(short_gsm(text));
			short_text(text, short_gsm_room(text, 1), out, sizeof out);
			assert_int_equal(short_gsm_parts(out), 1);
			assert_non_null(strstr(out, "No. W20260305-007"));
			assert_int_equal(out[0], '[');
			if (kind == WQ_OPENED)
				assert_non_null(strstr(out, "total phosphorus 0.263 mg/L, over Class III limit 0.2"));
		}
	assert_int_equal(short_gsm_parts("[A]"), 1);
	snprintf(text, sizeof text, "[%0157d", 0);
	assert_int_equal(short_gsm_parts(text), 1); /* 158 characters, 159 places */
	snprintf(text, sizeof text, "[%0159d", 0);
	assert_int_equal(short_gsm_parts(text), 2);
	assert_false(short_gsm("[ALARM] 南横"));
	assert_false(short_gsm("【水质报警】"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_of_change_has_its_sentence),
		cmocka_unit_test(every_kind_of_rule_has_its_sentence),
		cmocka_unit_test(the_program_s_own_rules_say_which),
		cmocka_unit_test(a_flood_says_how_many_and_which_was_the_first),
		cmocka_unit_test(a_stop_in_a_name_ends_no_sentence),
		cmocka_unit_test(what_is_told_afterwards_says_so_in_english),
		cmocka_unit_test(each_contact_reads_its_own_language),
		cmocka_unit_test(a_level_alarm_in_english_is_one_part),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
