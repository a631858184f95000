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
	        "[ALARM] yigan 03-05 16:00 " TP ", raised to alarm. Check and answer within 20 s." },
	{ WQ_ESCALATED, WQ_LEVEL_WARNING, YIGAN, LIMIT, false, 0.263, "", "",
	        "[ESCALATED] yigan " TP ", not acknowledged for 30 min. Act now and answer." },
	{ WQ_ESCALATED, WQ_LEVEL_WARNING, YIGAN, QUIET, true, 0.263, "", "",
	        "[ESCALATED] yigan " TP ", not acknowledged. Please assist." },
	{ WQ_ACKNOWLEDGED, WQ_LEVEL_WARNING, YIGAN, LIMIT, false, 0.263, "Zhang", "on the way",
	        "[ACKNOWLEDGED] yigan total phosphorus warning alarm acknowledged at 03-05 16:00 by Zhang: on the way." },
	{ WQ_CLEARED, WQ_LEVEL_WARNING, YIGAN, LIMIT, false, 0.18, "", "",
	        "[CLEARED] yigan 03-05 16:00 total phosphorus 0.18 mg/L, within Class III limit 0.2, over." },
	{ WQ_CLOSED, WQ_LEVEL_WARNING, YIGAN, LIMIT, false, 0.263, "Li", "retested",
	        "[CLOSED] yigan total phosphorus warning alarm closed at 03-05 16:00 by Li, cause: runoff; measure: gate shut; retested." },
	{ WQ_CORRECTED, WQ_LEVEL_WARNING, YIGAN, LIMIT, false, 0.263, "", "",
	        "[CORRECTED] yigan 03-05 16:00 late data: " TP ". This replaces what was told before." },
	{ WQ_RECOVERED, WQ_LEVEL_WARNING, YIGAN, LIMIT, false, 0.18, "", "",
	        "[RECOVERED] yigan 03-05 16:00 total phosphorus 0.18 mg/L, within Class III limit 0.2. Please acknowledge." },
	{ WQ_REOPENED, WQ_LEVEL_WARNING, YIGAN, LIMIT, false, 0.263, "", "",
	        "[WARNING] yigan 03-05 16:00 " TP ", again. Check and answer within 30 min." },
	{ WQ_SHELVED, WQ_LEVEL_WARNING, YIGAN, LIMIT, false, 0.263, "Zhang", "probe cleaned",
	        "[SHELVED] yigan total phosphorus warning alarm shelved by Zhang until 03-05 18:00: probe cleaned. Recorded, not told "
	        "meanwhile." },
	{ WQ_SHELVED, WQ_LEVEL_WATCH, YIGAN, MISSING, false, 0.263, "", "1小时内报警5次",
	        "[SHELVED] yigan total phosphorus fault opens too often, shelved until 03-05 18:00. Recorded, not told meanwhile." },
	{ WQ_UNSHELVED, WQ_LEVEL_WARNING, YIGAN, LIMIT, false, 0.263, "", "",
	        "[SHELF ENDED] yigan 03-05 16:00 " TP ", still open. Check and answer within 30 min." },
	{ WQ_REMINDED, WQ_LEVEL_WARNING, YIGAN, LIMIT, false, 0.263, "", "",
	        "[REMINDER] yigan " TP ", not acknowledged for 6 h, reminder 2. Act now and answer." },
	{ WQ_OPENED, WQ_LEVEL_WATCH, YIGAN, MISSING, false, (double)NAN, "", "",
	        "[FAULT] yigan 03-05 16:00 total phosphorus rule silence: exceedance 0.315, consecutive 3, limit 0.2, target_class 3. "
	        "Have it checked." },
	{ WQ_CLEARED, WQ_LEVEL_WATCH, YIGAN, MISSING, false, (double)NAN, "", "",
	        "[CLEARED] yigan 03-05 16:00 total phosphorus rule silence is met again, over." },
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

static void the_program_s_own_rules_have_words_of_their_own(void **state)
{
	static const char *const names[] = { "wqd:store", "wqd:shed", "wqd:receipt", "wqd:channel", "wqd:maintenance", "wqd:uplink",
		"wqd:flood", "wqd:roster", "wqd:drill", "wqd:ping", "wqd:bus:plc" };
	static const struct wq_rule system = { .name = "system", .scope = WQ_SCOPE_NETWORK, .about = WQ_ABOUT_DEVICE };

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const struct wq_rule_use use = { .rule = &system, .name = names[i] };
		struct config config = bureau();
		char opened[WQ_NOTICE_TEXT], cleared[WQ_NOTICE_TEXT];
		struct wq_change change = change_of(WQ_OPENED, WQ_LEVEL_WARNING, WQ_NONE);

		config.site.rules = &use;
		config.site.rule_count = 1;
		change.rule = 0;
		change.value = change.limit = (double)NAN;
		text_message_en(&config.site, &change, false, opened);
		change.kind = WQ_CLEARED;
		text_message_en(&config.site, &change, false, cleared);
		print_message("%s\n%s\n", opened, cleared);
		assert_null(strstr(opened, "rule "));
		assert_null(strstr(cleared, "rule "));
		assert_true(short_gsm(opened) && short_gsm(cleared));
		assert_int_equal(strncmp(opened, i == 6 ? "[ALARM FLOOD] " : "[FAULT] ", 8), 0);
	}
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
		cmocka_unit_test(the_program_s_own_rules_have_words_of_their_own),
		cmocka_unit_test(each_contact_reads_its_own_language),
		cmocka_unit_test(a_level_alarm_in_english_is_one_part),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
