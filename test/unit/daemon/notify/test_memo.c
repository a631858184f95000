/* SPDX-License-Identifier: Apache-2.0 */
/* Notices that belong to no alarm. */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "bureau.h"
#include "memo.h"

#include <stdio.h>
#include <string.h>

#define NOW 1772697605000

static const struct memo handover = { .topic = WQ_TOPIC_HANDOVER,
	.level = WQ_LEVEL_INFO,
	.key = "20260305",
	.time = NOW,
	.text = "【交接班】未结2起\n一干河" };

static void a_memo_is_for_one_contact_and_has_an_id_of_its_own(void **state)
{
	const struct config config = bureau();
	struct wq_notice notice, other;

	(void)state;
	assert_true(memo_write(&config, ZHANG, 0xabc, &handover, NOW, &notice));
	assert_true(memo_write(&config, LI, 0xabc, &handover, NOW, &other));
	assert_string_equal(notice.id, "abc-handover20260305-zhang");
	assert_string_not_equal(notice.id, other.id);
	assert_true(notice.topic == WQ_TOPIC_HANDOVER && notice.alarm == 0);
	assert_string_equal(notice.contact, "zhang");
	assert_string_equal(notice.text, "【交接班】未结2起 一干河");
	assert_true(notice.expires == NOW + config.paths.notice_lifetime);
}

static void machines_are_told_what_it_is(void **state)
{
	const struct config config = bureau();
	struct wq_notice notice;
	char type[MEMO_TYPE];
	json_t *more = json_pack("{s:i}", "open_count", 2);
	struct memo memo = handover;

	(void)state;
	memo.data = more;
	assert_true(memo_write(&config, ZHANG, 1, &memo, NOW, &notice));
	assert_string_equal(memo_type(&notice, type), "duty.handover");
	json_t *data = json_loads(notice.data, 0, NULL);
	assert_string_equal(json_string_value(json_object_get(data, "topic")), "handover");
	assert_int_equal(json_integer_value(json_object_get(data, "open_count")), 2);
	assert_string_equal(json_string_value(json_object_get(data, "contact")), "zhang");
	json_decref(data);
	json_decref(more);
	notice.topic = WQ_TOPIC_ALARM;
	notice.kind = WQ_RAISED;
	assert_string_equal(memo_type(&notice, type), "alarm.raised");
}

static void a_list_that_is_too_long_loses_its_last(void **state)
{
	const struct config config = bureau();
	struct wq_notice notice;
	struct memo memo = handover;
	json_t *open = json_array();

	(void)state;
	for (int i = 0; i < 400; i++)
		json_array_append_new(open, json_string("W20260305-007 一干河总磷"));
	json_t *more = json_pack("{s:o,s:i}", "open", open, "open_count", 400);
	memo.data = more;
	assert_true(memo_write(&config, ZHANG, 1, &memo, NOW, &notice));
	json_t *data = json_loads(notice.data, 0, NULL);
	const size_t left = json_array_size(json_object_get(data, "open"));
	assert_true(left > 10 && left < 400); /* the first of them */
	assert_int_equal(json_integer_value(json_object_get(data, "open_count")), 400);
	assert_non_null(json_object_get(data, "text"));
	json_decref(data);
	json_decref(more);
}

static void channels_carry_what_they_can(void **state)
{
	static const struct {
		enum wq_memos memos;
		enum wq_topic topic;
		bool carried;
	} rows[] = {
		{ WQ_MEMOS_ALL, WQ_TOPIC_ALARM, true },
		{ WQ_MEMOS_ALL, WQ_TOPIC_DIGEST, true },
		{ WQ_MEMOS_DRILL, WQ_TOPIC_ALARM, true },
		{ WQ_MEMOS_DRILL, WQ_TOPIC_HEARTBEAT, false },
		{ WQ_MEMOS_DRILL, WQ_TOPIC_DRILL, true },
		{ WQ_MEMOS_NONE, WQ_TOPIC_ALARM, true },
		{ WQ_MEMOS_NONE, WQ_TOPIC_DRILL, false },
		{ WQ_MEMOS_NONE, WQ_TOPIC_HANDOVER, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_int_equal(memo_carried(rows[i].memos, rows[i].topic), rows[i].carried);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_memo_is_for_one_contact_and_has_an_id_of_its_own),
		cmocka_unit_test(machines_are_told_what_it_is),
		cmocka_unit_test(a_list_that_is_too_long_loses_its_last),
		cmocka_unit_test(channels_carry_what_they_can),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
