/* SPDX-License-Identifier: Apache-2.0 */
/* Handing a shift over: once, to who comes, in words that a short message holds. */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "memo.h"
#include "relief.h"
#include "short.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { ZHANG, LI, WANG, LIU, CHEN };

static const struct roster_shift two[] = { { "day", WQ_HOURS(8), WQ_HOURS(12) }, { "night", WQ_HOURS(20), WQ_HOURS(12) } };
static const uint32_t rotation[] = { ZHANG, LI, WANG }, leaders[] = { LIU, CHEN }, all[] = { ZHANG, LI, WANG, LIU, CHEN };

static wq_ms at(const char *text)
{
	wq_ms when = 0;

	assert_int_equal(wq_instant_parse(text, &wq_zone_china, &when, NULL), 0);
	return when;
}

/* From Monday 2026-03-02: a day each of zhang, li, wang (both shifts), the leaders by weeks. */
static struct roster bureau(enum roster_turn turn)
{
	return (struct roster){ .id = "water", .name = "水质值班", .zone = &wq_zone_china, .shift_count = 2, .shifts = two,
		.from = wq_day_of(&wq_zone_china, at("2026-03-02")),
		.turns = { [ROSTER_LEAD] = { 3, rotation, turn }, [ROSTER_LEADER] = { 2, leaders, ROSTER_BY_WEEK } },
		.everybody_count = 5, .everybody = all };
}

/* Who is told, as bits of persons, when it is looked at `now`; the mark moves as the daemon moves it. */
static unsigned told(const struct roster *roster, wq_ms *mark, bool watched, wq_ms now)
{
	struct roster_duty duty;
	unsigned bits = 0;

	roster_at(roster, now, &duty);
	const enum relief_step step = relief_step(&duty, *mark, watched, now);

	if (step == RELIEF_TELL)
		for (uint32_t person = 0; person < 5; person++)
			bits |= relief_comes(roster, &duty, *mark, person) ? 1U << person : 0;
	if (step != RELIEF_NOTHING)
		*mark = duty.from;
	return bits;
}

#define BIT(person) (1U << (person))

static void only_who_comes_is_told_and_once(void **state)
{
	static const struct {
		const char *now;
		unsigned told;
	} rows[] = {
		{ "2026-03-04 07:59:59", 0 },
		{ "2026-03-04 08:00:00", BIT(WANG) }, /* Wednesday: the leader stays */
		{ "2026-03-04 08:00:01", 0 },
		{ "2026-03-04 20:00:00", 0 }, /* wang stays on */
		{ "2026-03-05 08:00:00", BIT(ZHANG) },
		{ "2026-03-07 08:00:00", BIT(WANG) },
		{ "2026-03-08 23:00:00", BIT(ZHANG) }, /* late, but it was watched */
		{ "2026-03-09 08:00:00", BIT(LI) | BIT(CHEN) },
		{ "2026-03-09 20:00:00", 0 },
	};
	const struct roster roster = bureau(ROSTER_BY_DAY);
	wq_ms mark = at("2026-03-03 20:00:00");

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const unsigned bits = told(&roster, &mark, true, at(rows[i].now));

		if (bits != rows[i].told)
			fail_msg("%s: told %x, not %x", rows[i].now, bits, rows[i].told);
	}
}

/* Every second of three days, however the clock goes back and forth: no beginning is told twice. */
static void a_clock_that_is_put_back_repeats_nothing(void **state)
{
	static const wq_ms steps[] = { -WQ_MINUTES(3), WQ_MINUTES(5), -WQ_HOURS(9), WQ_HOURS(10), -WQ_HOURS(30), WQ_HOURS(31) };
	const struct roster roster = bureau(ROSTER_BY_SHIFT);
	wq_ms now = at("2026-03-04 00:00:00"), mark = at("2026-03-03 20:00:00"), newest = mark;

	(void)state;
	for (size_t i = 0; i < 3000; i++) {
		const wq_ms before = mark;
		const unsigned bits = told(&roster, &mark, true, now);

		if (bits != 0) {
			assert_true(mark > newest); /* a later beginning than any before */
			newest = mark;
		} else {
			assert_true(mark == before || mark > before);
		}
		now += WQ_MINUTES(1) + steps[i % 6] / 7;
	}
	assert_true(newest > at("2026-03-04 00:00:00"));
}

static void a_clock_that_is_put_forward_over_a_beginning_tells_it(void **state)
{
	const struct roster roster = bureau(ROSTER_BY_DAY);
	wq_ms mark = at("2026-03-04 20:00:00");

	(void)state;
	/* Over the beginning of zhang's day and into his night: he was not told, although he was on duty before it. */
	assert_int_equal(told(&roster, &mark, true, at("2026-03-05 22:30:00")), BIT(ZHANG));
	assert_int_equal(told(&roster, &mark, true, at("2026-03-05 22:30:01")), 0);
}

static void what_began_while_it_was_down_is_told_for_two_hours(void **state)
{
	static const struct {
		const char *up;
		unsigned told;
	} rows[] = { { "2026-03-05 08:00:00", BIT(ZHANG) }, { "2026-03-05 09:59:59", BIT(ZHANG) },
		{ "2026-03-05 10:00:00", 0 }, { "2026-03-05 19:00:00", 0 } };
	const struct roster roster = bureau(ROSTER_BY_DAY);

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		wq_ms mark = at("2026-03-04 20:00:00");

		assert_int_equal(told(&roster, &mark, false, at(rows[i].up)), rows[i].told);
		assert_true(mark == at("2026-03-05 08:00:00")); /* done with either way */
		assert_int_equal(told(&roster, &mark, true, at(rows[i].up) + 1000), 0);
	}
}

static void a_mark_of_a_clock_that_was_ahead_silences_nobody_for_long(void **state)
{
	const struct roster roster = bureau(ROSTER_BY_DAY);
	wq_ms mark = at("2031-01-01 20:00:00");

	(void)state;
	assert_int_equal(told(&roster, &mark, true, at("2026-03-04 12:00:00")), 0);
	assert_true(mark == at("2026-03-04 08:00:00"));
	assert_int_equal(told(&roster, &mark, true, at("2026-03-05 08:00:00")), BIT(ZHANG));
}

/* -- the words -- */

static struct relief shift(void)
{
	return (struct relief){ .roster = "水质值班", .shift = "night", .role = ROSTER_LEAD, .zone = &wq_zone_china,
		.from = at("2026-03-05 20:00:00"), .until = at("2026-03-06 08:00:00"), .now = at("2026-03-05 20:00:03") };
}

static const struct relief_alarm tp = { .id = 2026030500007, .level = WQ_LEVEL_WARNING, .state = WQ_LIFE_ACTIVE,
	.who = "", .station = "一干河备用水源地", .parameter = "总磷", .unit = "mg/L", .value = 0.263 };

static struct relief_alarm alarm_of(int64_t number, enum wq_level level, enum wq_life_state state, const char *opened)
{
	struct relief_alarm alarm = tp;

	alarm.id = 2026030500000 + number;
	alarm.level = level;
	alarm.state = state;
	alarm.opened = at(opened);
	alarm.who = state == WQ_LIFE_ACKNOWLEDGED ? "张三" : "";
	return alarm;
}

static void put(struct relief *relief, int64_t number, enum wq_level level, enum wq_life_state state, const char *opened)
{
	const struct relief_alarm alarm = alarm_of(number, level, state, opened);

	relief_add(relief, &alarm);
}

static void it_says_what_is_open_the_highest_first(void **state)
{
	struct relief relief = shift();
	char text[WQ_NOTICE_TEXT];

	(void)state;
	put(&relief, 1, WQ_LEVEL_WATCH, WQ_LIFE_ACTIVE, "2026-03-02 18:00:00");
	put(&relief, 2, WQ_LEVEL_ALARM, WQ_LIFE_ACKNOWLEDGED, "2026-03-05 18:00:00");
	put(&relief, 3, WQ_LEVEL_ALARM, WQ_LIFE_ESCALATED, "2026-03-05 19:30:00");
	relief.shelved = 1;
	relief.maintained = 2;
	relief_text(&relief, text);
	assert_string_equal(text, "【交接班】水质值班20:00起由您值守。未结3起,未确认2起,搁置1,维护2站。"
	                          "报警一干河备用水源地总磷0.263mg/L已30分钟,已升级仍未确认,W20260305-003。"
	                          "报警一干河备用水源地总磷0.263mg/L已2小时,张三已确认,W20260305-002。"
	                          "关注一干河备用水源地总磷0.263mg/L已3天,未确认,W20260305-001。编号J20260305-2000");
}

static void a_long_reason_ends_before_a_comma(void **state)
{
	struct relief relief = shift();
	struct relief_alarm alarm = alarm_of(4, WQ_LEVEL_WARNING, WQ_LIFE_ACTIVE, "2026-03-05 19:30:00");
	char text[WQ_NOTICE_TEXT];

	(void)state;
	relief.roster = "Gap";
	alarm.station = alarm.parameter = NULL;
	alarm.says = "总线down连接中断已5分钟,一干河备用水源地、南横套河等9站共63项无数据";
	relief_add(&relief, &alarm);
	relief_text(&relief, text);
	assert_string_equal(text, "【交接班】Gap 20:00起由您值守。未结1起,未确认1起。"
	                          "预警系统总线down连接中断已5分钟,一干河备用水源地…已30分钟,未确认,W20260305-004。编号J20260305-2000");
	relief.alarms[0].says = "历史库无法写入,读数暂存";
	relief_text(&relief, text);
	assert_non_null(strstr(text, "系统历史库无法写入,读数暂存已30分钟"));
}

static void in_english_it_says_the_same(void **state)
{
	struct relief relief = shift();
	struct relief_alarm alarm = alarm_of(2, WQ_LEVEL_ALARM, WQ_LIFE_ACKNOWLEDGED, "2026-03-05 18:00:00");
	char text[WQ_NOTICE_TEXT];

	(void)state;
	relief.english = true;
	relief.roster = "water";
	relief.shelved = 1;
	alarm.station = "Yigan";
	alarm.parameter = "total phosphorus";
	alarm.who = "Zhang";
	relief_add(&relief, &alarm);
	alarm = (struct relief_alarm){ .id = 2026030500003, .level = WQ_LEVEL_WATCH, .state = WQ_LIFE_ACTIVE, .opened = at("2026-03-05 19:30:00"),
		.says = "wqd:roster", .value = NAN };
	relief_add(&relief, &alarm);
	relief_text(&relief, text);
	assert_string_equal(text, "[Handover] water from 20:00, you are in the lead. 2 open, 1 not acknowledged, 1 shelved."
	                          " ALARM Yigan total phosphorus 0.263 mg/L for 2 h, acknowledged by Zhang, W20260305-002."
	                          " WATCH system: nobody on duty for 30 min, not acknowledged, W20260305-003. No. J20260305-2000");
}

static void nothing_open_is_said_too(void **state)
{
	struct relief relief = shift();
	char text[WQ_NOTICE_TEXT];

	(void)state;
	relief.role = ROSTER_LEADER;
	relief_text(&relief, text);
	assert_string_equal(text, "【交接班】水质值班20:00起由您带班。目前无未结预警。编号J20260305-2000");
}

/* Whatever is open, in two parts of a short message stand the counts and the worst alarm, whole. */
static void two_parts_hold_the_counts_and_the_worst(void **state)
{
	struct relief relief = shift();
	char text[WQ_NOTICE_TEXT], cut[WQ_NOTICE_TEXT];

	(void)state;
	for (int64_t i = 1; i <= 200; i++)
		put(&relief, i, i == 150 ? WQ_LEVEL_ALARM : WQ_LEVEL_WATCH, WQ_LIFE_ACTIVE, "2026-03-05 18:00:00");
	relief.shelved = 12;
	relief.maintained = 34;
	relief_text(&relief, text);
	assert_true(strlen(text) < WQ_NOTICE_TEXT - 24);
	assert_non_null(strstr(text, "起见wqctl alarms。编号J20260305-2000"));
	short_text(text, short_room(2), cut, sizeof cut);
	assert_true(short_length(cut) <= short_room(2));
	assert_non_null(strstr(cut, "未结200起,未确认200起,搁置12,维护34站。"));
	assert_non_null(strstr(cut, "报警一干河备用水源地总磷0.263mg/L已2小时,未确认,W20260305-150。"));
	assert_non_null(strstr(cut, "…。其余"));
	assert_string_equal(cut + strlen(cut) - strlen("起见wqctl alarms。编号J20260305-2000"), "起见wqctl alarms。编号J20260305-2000");
}

static void the_list_is_in_order_however_it_came(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed < 200; seed++) {
		struct relief relief = shift();
		unsigned x = seed;

		for (int64_t i = 1; i <= 30; i++) {
			x = x * 1103515245U + 12345U;
			put(&relief, i, (enum wq_level)(1 + x / 65536 % 4), x / 16777216 % 2 ? WQ_LIFE_ACTIVE : WQ_LIFE_ACKNOWLEDGED,
			        x / 262144 % 2 ? "2026-03-05 18:00:00" : "2026-03-05 17:00:00");
		}
		assert_int_equal(relief.open, 30);
		assert_int_equal(relief.listed, RELIEF_LISTED);
		for (size_t i = 1; i < relief.listed; i++) {
			const struct relief_alarm *a = &relief.alarms[i - 1], *b = &relief.alarms[i];

			assert_true(a->level >= b->level);
			if (a->level == b->level && a->state == b->state)
				assert_true(a->opened < b->opened || (a->opened == b->opened && a->id < b->id));
		}
	}
}

static void machines_get_the_list(void **state)
{
	struct relief relief = shift();

	(void)state;
	for (int64_t i = 1; i <= 20; i++)
		put(&relief, i, WQ_LEVEL_WARNING, WQ_LIFE_ACKNOWLEDGED, "2026-03-05 18:00:00");
	json_t *data = relief_data(&relief);
	assert_int_equal(json_integer_value(json_object_get(data, "open_count")), 20);
	const json_t *open = json_object_get(data, "open");
	assert_int_equal(json_array_size(open), RELIEF_LISTED);
	assert_string_equal(json_string_value(json_object_get(json_array_get(open, 0), "alarm")), "W20260305-001");
	assert_string_equal(json_string_value(json_object_get(json_array_get(open, 0), "who")), "张三");
	assert_true(json_dumpb(data, NULL, 0, JSON_COMPACT) < WQ_NOTICE_DATA / 2); /* with the text it fits */
	json_decref(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_who_comes_is_told_and_once),
		cmocka_unit_test(a_clock_that_is_put_back_repeats_nothing),
		cmocka_unit_test(a_clock_that_is_put_forward_over_a_beginning_tells_it),
		cmocka_unit_test(what_began_while_it_was_down_is_told_for_two_hours),
		cmocka_unit_test(a_mark_of_a_clock_that_was_ahead_silences_nobody_for_long),
		cmocka_unit_test(it_says_what_is_open_the_highest_first),
		cmocka_unit_test(a_long_reason_ends_before_a_comma),
		cmocka_unit_test(in_english_it_says_the_same),
		cmocka_unit_test(nothing_open_is_said_too),
		cmocka_unit_test(two_parts_hold_the_counts_and_the_worst),
		cmocka_unit_test(the_list_is_in_order_however_it_came),
		cmocka_unit_test(machines_get_the_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
