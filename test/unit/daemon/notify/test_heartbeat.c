/* SPDX-License-Identifier: Apache-2.0 */
/* The daily word that we live: honest, and what is wrong comes first. */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "heartbeat.h"
#include "short.h"

#include <stdio.h>
#include <string.h>

static struct heartbeat calm(void)
{
	wq_ms now = 0;

	assert_int_equal(wq_instant_parse("2026-03-05 08:30", &wq_zone_china, &now, NULL), 0);
	return (struct heartbeat){ .site = "一干河", .due = now, .zone = &wq_zone_china, .now = now,
		.yesterday = wq_day_of(&wq_zone_china, now) - 1, .counted = true, .stations = 12, .delivered = 12,
		.readings = 3456, .valid = 986, .expected = 1000, .opened = 2, .bytes = 120000000,
		.disk_free = UINT64_C(20000000000), .disk_size = UINT64_C(60000000000), .open = 1, .channel_count = 2,
		.channels = { { "短信", 5, 0, false }, { "钉钉", 7, 1, false } }, .least_valid = 0.6, .most_lag = WQ_NO_TIME,
		.clock_trusted = true, .uptime = WQ_DAYS(12) + WQ_HOURS(3) };
}

static void all_is_well(void **state)
{
	const struct heartbeat heartbeat = calm();
	char text[WQ_NOTICE_TEXT];

	(void)state;
	heartbeat_text(&heartbeat, false, text);
	assert_string_equal(text, "【系统自检】一干河预警系统运行正常。昨日数据有效率98.6%,到站12/12,读数3456个,新增预警2起。"
	                          "现未结1起,未确认0起。已运行12天,历史库120MB,磁盘余20.0GB。"
	                          "昨日通知:短信发出5,钉钉发出7失败1。编号S20260305-0830");
	assert_int_equal(short_parts(short_length(text)), 2);
}

/* Each fault by itself: it is named in the first sentence, and nobody reads 正常. */
static void every_fault_is_named_first(void **state)
{
	static const char *const words[] = { "通知通道短信不通", "历史库无法写入", "昨日统计未能读取", "启动以来7个读数未能入库",
		"磁盘余量仅0.9GB", "昨日2站无数据(青龙河、新站)", "数据有效率低于60%", "上报通道省平台已积压90分钟", "时钟未经外部校准",
		"磁盘余量仅2.0GB" };

	(void)state;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		struct heartbeat h = calm();
		char text[WQ_NOTICE_TEXT], want[200];

		h.channels[0].down = i == 0;
		h.trouble = i == 1 ? "disk full" : NULL;
		h.counted = i != 2;
		h.shed = i == 3 ? 7 : 0;
		h.disk_free = i == 4 ? 900000000 : i == 9 ? 2000000000 : h.disk_free;
		if (i == 5) {
			h.delivered = 10;
			h.named = 2;
			h.silent[0] = "青龙河";
			h.silent[1] = "新站";
		}
		h.valid = i == 6 ? 599 : h.valid;
		h.uplink = i == 7 ? "省平台" : NULL;
		h.uplink_lag = WQ_MINUTES(90);
		h.clock_trusted = i != 8;
		assert_int_equal(heartbeat_faults(&h), 1);
		heartbeat_text(&h, false, text);
		snprintf(want, sizeof want, "【系统自检】一干河预警系统有异常:%s。", words[i]);
		if (strncmp(text, want, strlen(want)) != 0)
			fail_msg("%s\n%s", want, text);
		assert_null(strstr(text, "正常"));
		json_t *data = heartbeat_data(&h);
		assert_true(json_is_false(json_object_get(data, "normal")));
		json_decref(data);
	}
}

static void in_english_it_says_the_same(void **state)
{
	struct heartbeat h = calm();
	char text[WQ_NOTICE_TEXT];

	(void)state;
	h.site = "Yigan";
	heartbeat_text(&h, true, text);
	assert_string_equal(text, "[Self-check] Yigan early warning works. Yesterday 98.6% of the data valid, stations 12/12, 3456 readings, "
	                          "2 new alarms. Open 1, not acknowledged 0. Up 12 d, history 120 MB, disk left 20.0 GB. "
	                          "Notices: 短信 5 sent; 钉钉 7 sent, 1 failed. No. S20260305-0830");
	h.delivered = 10;
	h.named = 2;
	h.silent_en[0] = "Qinglong";
	h.silent_en[1] = "new";
	h.clock_trusted = false;
	h.counted = true;
	heartbeat_text(&h, true, text);
	assert_non_null(strstr(text, "has faults: 2 stations without data yesterday (Qinglong, new); the clock is not set from outside. Yesterday"));
}

static void a_day_that_is_not_closed_is_not_made_up(void **state)
{
	struct heartbeat h = calm();
	char text[WQ_NOTICE_TEXT];

	(void)state;
	h.expected = h.valid = 0;
	heartbeat_text(&h, false, text);
	assert_non_null(strstr(text, "数据有效率未统计"));
	heartbeat_text(&h, true, text);
	assert_non_null(strstr(text, "Yesterday share of valid data not counted, stations 12/12"));
	h.counted = false;
	heartbeat_text(&h, false, text);
	assert_null(strstr(text, "有效率"));
	json_t *data = heartbeat_data(&h);
	assert_null(json_object_get(data, "valid"));
	json_decref(data);
}

/* A station without a cycle: nobody knows how much was to come. */
static void what_was_not_expected_is_judged_by_what_came(void **state)
{
	struct heartbeat h = calm();
	char text[WQ_NOTICE_TEXT];

	(void)state;
	h.expected = h.valid = 0;
	h.received = 2000;
	h.taken = 1990;
	heartbeat_text(&h, false, text);
	assert_non_null(strstr(text, "运行正常。昨日收到数据有效率99.5%,到站12/12"));
	heartbeat_text(&h, true, text);
	assert_non_null(strstr(text, "Yesterday 99.5% of the data received valid, stations"));
	h.taken = 900;
	heartbeat_text(&h, false, text);
	assert_non_null(strstr(text, "有异常:数据有效率低于60%。"));
}

static void a_channel_that_had_nothing_to_do_is_not_named(void **state)
{
	struct heartbeat h = calm();
	char text[WQ_NOTICE_TEXT];

	(void)state;
	h.channels[0].sent = 0;
	h.channels[1].sent = 0;
	heartbeat_text(&h, false, text);
	assert_non_null(strstr(text, "昨日通知:钉钉失败1。"));
	heartbeat_text(&h, true, text);
	assert_non_null(strstr(text, "Notices: 钉钉 1 failed."));
	h.channels[1].failed = 0;
	heartbeat_text(&h, false, text);
	assert_null(strstr(text, "通知"));
}

static void whatever_is_wrong_it_stays_a_message(void **state)
{
	struct heartbeat h = calm();
	char text[WQ_NOTICE_TEXT], cut[WQ_NOTICE_TEXT];

	(void)state;
	h.channel_count = HEARTBEAT_CHANNELS;
	for (size_t i = 0; i < HEARTBEAT_CHANNELS; i++) {
		memset(h.channels[i].name, 'x', sizeof h.channels[i].name - 1);
		h.channels[i].down = true;
	}
	heartbeat_text(&h, false, text);
	assert_true(strlen(text) < WQ_NOTICE_TEXT);
	short_text(text, short_room(2), cut, sizeof cut);
	assert_non_null(strstr(cut, "有异常:通知通道x"));
	assert_non_null(strstr(cut, "编号S20260305-0830"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_is_well),
		cmocka_unit_test(every_fault_is_named_first),
		cmocka_unit_test(in_english_it_says_the_same),
		cmocka_unit_test(a_day_that_is_not_closed_is_not_made_up),
		cmocka_unit_test(what_was_not_expected_is_judged_by_what_came),
		cmocka_unit_test(a_channel_that_had_nothing_to_do_is_not_named),
		cmocka_unit_test(whatever_is_wrong_it_stays_a_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
