/* SPDX-License-Identifier: Apache-2.0 */
/* The rule of health in the real engine: which readings it marks, when it takes that back, and when it tells the device. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "river.h"

#include "wq/err.h"
#include "wq/health.h"

extern const struct wq_rule wq_rule_health, wq_rule_limit;

static struct river r;
static const struct river_station one[] = { { .id = "yigan", .name = "一干河" }, { 0 } };
static const struct river_station two[] = { { .id = "jia", .name = "甲桥", .flows_into = 2 }, { .id = "yi", .name = "乙桥" }, { 0 } };
static wq_ms at;

static void begin(const char *settings, const char *parameters, const struct river_station *stations)
{
	const struct river_rule rules[] = { { .rule = &wq_rule_health, .settings = settings }, { 0 } };

	river_open(&r, stations, parameters, rules);
	at = DAY0;
	srand(7);
}

/* One reading of an item, 4 h after the one before; its quality and test as they are to be stored. */
static const char *read_one(uint32_t item, double value)
{
	static char text[80];

	at += WQ_HOURS(4);
	river_read_late(&r, 0, item, at, value, at);
	const struct wq_stored *s = &r.out.samples[0];
	snprintf(text, sizeof text, "%s %s", wq_quality_name(s->quality), wq_health_test_name(s->test));
	if (r.out.judged_count > 0)
		snprintf(text + strlen(text), sizeof text - strlen(text), ", before: %s %s", wq_quality_name(r.out.judged[0].quality),
			wq_health_test_name(r.out.judged[0].test));
	return text;
}

/* Ordinary water: total phosphorus about 0.1, no two alike. */
static double ordinary(void)
{
	return 0.09 + (rand() % 200) / 1e4;
}

static void usual(size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_string_equal(read_one(0, ordinary()), "good ");
}

static void a_spike_is_shown_at_once_and_stays_one_when_the_next_is_back(void **state)
{
	(void)state;
	begin("", "tp", one);
	usual(30);
	assert_string_equal(read_one(0, 0.9), "suspect spike");
	assert_string_equal(read_one(0, ordinary()), "good ");
	usual(5);
	assert_string_equal(r.story, "");
}

static void what_looked_like_a_spike_and_stayed_is_good_after_all(void **state)
{
	(void)state;
	begin("", "tp", one);
	usual(30);
	assert_string_equal(read_one(0, 0.42), "suspect spike");
	/* Two readings are a level: what is near it is none, nor what is back from it. */
	assert_string_equal(read_one(0, 0.45), "good , before: good ");
	assert_true(r.out.judged[0].at == at - WQ_HOURS(4));
	assert_true(r.out.judged[0].value == 0.42);
	usual(1);
	/* Once it is left it counts no more. */
	assert_string_equal(read_one(0, 0.84), "suspect spike");
	usual(3);
	assert_string_equal(read_one(0, 0.42), "suspect spike");
	assert_string_equal(read_one(0, 0.45), "good , before: good ");
	assert_string_equal(read_one(0, 0.44), "good ");
	assert_string_equal(read_one(0, 0.43), "good ");
	assert_string_equal(r.story, "");
}

/* The judgement is of the reading as it was: what was corrected meanwhile is another one. */
static void a_reading_corrected_meanwhile_is_not_judged_by_its_old_value(void **state)
{
	(void)state;
	begin("", "tp", one);
	usual(30);
	assert_string_equal(read_one(0, 0.42), "suspect spike");
	river_read_late(&r, 0, 0, at, 0.12, at);
	assert_int_equal(r.out.samples[0].record, WQ_RECORD_REVISION);
	at += WQ_HOURS(4);
	river_read_late(&r, 0, 0, at, 0.45, at);
	assert_int_equal(r.out.judged_count, 0);
}

static void told_again_a_reading_keeps_its_quality(void **state)
{
	struct wq_reading newest;

	(void)state;
	begin("", "tp", one);
	usual(30);
	assert_string_equal(read_one(0, 0.9), "suspect spike");
	river_read_late(&r, 0, 0, at, 0.9, at + 1000);
	assert_int_equal(r.out.samples[0].record, WQ_RECORD_REPEAT);
	assert_true(wq_engine_latest(r.engine, 0, &newest));
	assert_int_equal(newest.quality, WQ_SUSPECT);
	assert_int_equal(newest.test, WQ_HEALTH_SPIKE);
}

/* What jumped together and stayed is the water with the second reading too, and with the third. */
static void a_plateau_that_came_with_another_parameter_is_good_throughout(void **state)
{
	static const double tp[] = { .5, .52, .51, .5, .53, .52 }, nh3n[] = { 2.5, 2.6, 2.5, 2.4, 2.5, 2.6 };

	(void)state;
	begin("", "tp nh3n", one);
	for (int i = 0; i < 36; i++) {
		struct wq_sample samples[2] = { { .series = 0, .quality = WQ_UNCHECKED, .stamp = WQ_STAMP_ANALYSER },
			{ .series = 1, .quality = WQ_UNCHECKED, .stamp = WQ_STAMP_ANALYSER } };
		struct wq_batch batch = { .trusted = true, .count = 2, .samples = samples, .sequence = (uint64_t)i + 1 };

		at += WQ_HOURS(4);
		samples[0].at = samples[1].at = batch.received = at;
		samples[0].value = i < 30 ? ordinary() : tp[i - 30];
		samples[1].value = i < 30 ? 3 * ordinary() : nh3n[i - 30];
		wq_outcome_reset(&r.out);
		assert_int_equal(wq_engine_batch(r.engine, &batch, &r.out, NULL), 0);
		assert_int_equal(r.out.samples[0].quality, WQ_GOOD);
		assert_int_equal(r.out.samples[1].quality, WQ_GOOD);
	}
}

static void what_jumps_together_is_the_water(void **state)
{
	struct wq_sample samples[2] = { { .series = 0, .quality = WQ_UNCHECKED, .stamp = WQ_STAMP_ANALYSER },
		{ .series = 1, .quality = WQ_UNCHECKED, .stamp = WQ_STAMP_ANALYSER } };
	struct wq_batch batch = { .trusted = true, .count = 2, .samples = samples };

	(void)state;
	/* 2: the other one scatters as far all the time. */
	for (int together = 0; together < 3; together++) {
		begin("", "tp nh3n", one);
		for (int i = 0; i < 32; i++) {
			at += WQ_HOURS(4);
			samples[0].at = samples[1].at = batch.received = at;
			samples[0].value = i == 30 ? 0.9 : ordinary();
			samples[1].value = i == 30 && together == 1 ? 4.9 : together == 2 ? 0.3 + 0.4 * (i % 2) : 5 * ordinary();
			batch.sequence++;
			wq_outcome_reset(&r.out);
			assert_int_equal(wq_engine_batch(r.engine, &batch, &r.out, NULL), 0);
			/* And what falls back from it is no jump. */
			assert_int_equal(r.out.samples[0].quality, i == 30 && together != 1 ? WQ_SUSPECT : WQ_GOOD);
			assert_int_equal(r.out.samples[1].quality, WQ_GOOD);
		}
		river_close(&r);
	}
}

static void a_value_that_stands_still_is_marked_then_told_and_clears_itself(void **state)
{
	const char *text = "";

	(void)state;
	begin("", "tp", one);
	usual(30);
	for (int i = 0; i <= 12; i++) {
		text = read_one(0, 0.123);
		/* Unchanged for 24 h from the first on: suspect; for 48 h: told. */
		assert_string_equal(text, i < 6 ? "good " : "suspect flat");
		assert_int_equal(river_alarms(&r, 0), i >= 12);
	}
	assert_string_equal(r.story, "health yigan opened watch: 总磷已2天不变(0.123mg/L),疑似仪器异常(数值冻结)\n");
	assert_true(river_fact(&r, 0, "unchanged_hours") == 48);
	river_forget(&r);
	usual(2);
	assert_int_equal(river_alarms(&r, 0), 1);
	usual(1);
	assert_string_equal(r.story, "health yigan cleared watch: 总磷读数恢复正常\n");
}

static void below_the_detection_limit_nothing_is_flat(void **state)
{
	(void)state;
	begin("", "tp", one);
	for (int i = 0; i < 60; i++)
		assert_string_equal(read_one(0, 0.01), "good ");
	river_close(&r);
	begin("", "tp", one);
	r.series[0].detection = 0.05;
	for (int i = 0; i < 60; i++)
		assert_string_equal(read_one(0, 0.05), "good ");
	assert_string_equal(r.story, "");
}

static void out_of_range_again_and_again_is_told_though_no_rule_may_judge_it(void **state)
{
	(void)state;
	begin("", "tp", one);
	usual(3);
	for (int i = 0; i < 5; i++) {
		assert_string_equal(read_one(0, 25 + i), "bad range");
		river_tick(&r, at + 1000);
		assert_int_equal(river_alarms(&r, 0), i >= 2);
	}
	assert_string_equal(r.story,
		"health yigan opened watch: 总磷27mg/L,连续3次以上超出合理范围(0~20),不参与评价,请核实仪器与水质\n");
	river_forget(&r);
	usual(3);
	assert_string_equal(r.story, "health yigan cleared watch: 总磷读数恢复正常\n");
}

static void ammonia_cannot_exceed_total_nitrogen(void **state)
{
	(void)state;
	begin("", "nh3n tn", one);
	for (int i = 0; i < 5; i++) {
		river_read_late(&r, 0, 0, at, 1.5 + i * .01, at);
		assert_int_equal(r.out.samples[0].quality, WQ_GOOD);
		river_read_late(&r, 0, 1, at, 0.7 + i * .01, at);
		assert_int_equal(r.out.samples[0].quality, WQ_SUSPECT);
		assert_int_equal(r.out.samples[0].test, WQ_HEALTH_CROSS);
		assert_int_equal(river_alarms(&r, 0), i >= 2);
		at += WQ_HOURS(4);
	}
	assert_string_equal(r.story, "health yigan opened watch: 总氮0.72mg/L低于氨氮1.52mg/L,两者矛盾,疑似仪器异常\n");
	/* What the share and the tolerance allow is no contradiction. */
	river_read_late(&r, 0, 0, at, 1.5, at);
	river_read_late(&r, 0, 1, at, 1.01, at);
	assert_int_equal(r.out.samples[0].quality, WQ_GOOD);
}

static void water_holds_no_more_oxygen_than_it_can(void **state)
{
	(void)state;
	begin("", "temp do", one);
	for (int i = 0; i < 3; i++) {
		at += WQ_HOURS(4);
		river_read_late(&r, 0, 0, at, 25 + i * .1, at);
		river_read_late(&r, 0, 1, at, 22 + i * .1, at);
		assert_int_equal(r.out.samples[0].test, WQ_HEALTH_CROSS);
	}
	assert_string_equal(r.story, "health yigan opened watch: 溶解氧22.2mg/L(水温25.2℃)相当于饱和度270%,疑似仪器异常\n");
}

static void values_copied_from_the_next_station_are_told(void **state)
{
	(void)state;
	begin("trust=8", "tp", two);
	for (int i = 0; i < 20; i++) {
		const double value = ordinary();

		at += WQ_HOURS(4);
		river_read_late(&r, 1, 0, at - WQ_MINUTES(10), value, at);
		river_read_late(&r, 0, 0, at, i < 10 ? ordinary() + .3 : value, at);
		assert_int_equal(r.out.samples[0].test == WQ_HEALTH_COPIED, i >= 17);
	}
	assert_non_null(strstr(r.story, "health jia opened watch: 总磷近8次读数与下游乙桥总磷逐一相同,疑似非本项实测\n"));
}

static void a_point_that_is_only_repeated_is_told_with_its_cycle(void **state)
{
	(void)state;
	begin("spike=none", "tp", one);
	r.series[0].cycle = 0;
	r.series[0].interval = WQ_HOURS(1);
	for (int i = 0; i < 20 * 4; i++)
		river_read_late(&r, 0, 0, DAY0 + WQ_HOURS(i), 0.09 + 0.001 * (i / 4 * 7 % 13), DAY0 + WQ_HOURS(i));
	assert_string_equal(r.story, "health yigan opened info: 总磷每4小时才更新一次,其间为重复上传,建议配置cycle = \"4h\"\n");
}

static void a_cycle_that_is_too_short_is_told_with_the_true_one(void **state)
{
	(void)state;
	begin("spike=none", "tp", one);
	for (int i = 0; i < 40; i++)
		read_one(0, 0.09 + 0.001 * (i / 2 * 7 % 13));
	assert_string_equal(r.story, "health yigan opened info: 总磷每8小时才更新一次,其间为重复上传,建议配置cycle = \"8h\"\n");
	/* Told once; it clears when the configuration has the cycle. */
	const struct wq_alarm *const *alarms;
	assert_int_equal(wq_engine_alarms(r.engine, &alarms), 1);
	struct wq_alarm open = *alarms[0];
	river_forget(&r);
	r.series[0].cycle = WQ_HOURS(8);
	river_restart(&r);
	assert_int_equal(wq_engine_restore_alarm(r.engine, &open, NULL), 0);
	for (int i = 40; i < 44; i++)
		read_one(0, 0.09 + 0.001 * (i / 2 * 7 % 13));
	assert_string_equal(r.story, "health yigan cleared info: 总磷读数恢复正常\n");
}

static void the_time_of_the_year_has_its_own_ends(void **state)
{
	static const struct {
		const char *text;
		bool right;
	} table[] = { { "05-01..09-30 4:35", true }, { "11-01..03-31 -1:15", true }, { "02-29..02-29 0:1", true },
		{ "05-01..09-30 35:4", false }, { "13-01..09-30 4:35", false }, { "05-32..09-30 4:35", false },
		{ "05-01..09-30", false }, { "05-01..09-30 4:35 ", false }, { "05-01..09-30 4:x", false }, { "", false } };

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		const char *items[] = { table[i].text };
		unsigned char room[512];
		struct wq_err err;

		begin("", "temp", one);
		memcpy(room, r.settings[0], sizeof room);
		for (const struct wq_option *o = wq_rule_health.options; o->key; o++)
			if (strcmp(o->key, "season") == 0)
				memcpy(room + o->offset, &(struct wq_list){ 1, items }, sizeof(struct wq_list));
		assert_int_equal(wq_rule_health.check(room, &r.site, &wq_parameters[5], &err) == 0, table[i].right);
		river_close(&r);
	}
	/* DAY0 is the fifth of March: the winter's ends hold. */
	begin("season=05-01..09-30_10:35,11-01..03-31_2:15", "temp", one);
	assert_string_equal(read_one(0, 12.1), "good ");
	assert_string_equal(read_one(0, 15.1), "suspect season");
	assert_string_equal(read_one(0, 14.9), "good ");
}

static void far_from_its_neighbours_where_that_is_configured(void **state)
{
	(void)state;
	begin("neighbour=5 rate=0 spike=none", "tp", two);
	river_read_late(&r, 1, 0, at, 0.1, at);
	assert_string_equal(read_one(0, 0.49), "good ");
	assert_string_equal(read_one(0, 0.51), "suspect neighbour");
	assert_string_equal(read_one(0, 0.019), "suspect neighbour");
}

static void without_what_is_usual_only_what_is_given_is_tested(void **state)
{
	(void)state;
	begin("usual=false trust=0 cross=false high=0.5", "tp", one);
	for (int i = 0; i < 40; i++)
		assert_string_equal(read_one(0, 0.2), "good ");
	assert_string_equal(read_one(0, 0.49), "good ");
	assert_string_equal(read_one(0, 0.51), "suspect unusual");
	assert_string_equal(r.story, "");
}

static void level_none_marks_and_tells_nobody(void **state)
{
	(void)state;
	begin("level=none", "tp", one);
	usual(10);
	for (int i = 0; i < 30; i++)
		read_one(0, 0.123);
	assert_string_equal(read_one(0, 0.123), "suspect flat");
	assert_string_equal(r.story, "");
}

static void what_comes_out_of_order_or_from_the_future_is_not_judged(void **state)
{
	(void)state;
	begin("", "tp", one);
	usual(30);
	river_read_late(&r, 0, 0, at - WQ_HOURS(2), 0.9, at);
	assert_int_equal(r.out.samples[0].quality, WQ_GOOD);
	river_read_late(&r, 0, 0, at + WQ_DAYS(400), 0.9, at);
	assert_int_equal(r.out.samples[0].quality, WQ_BAD);
	assert_string_equal(read_one(0, 0.9), "suspect spike");
}

/* After a restart the same samples give the same memory: the spike that waits is still waited for. */
static void a_restart_changes_nothing(void **state)
{
	struct wq_sample kept[40];
	size_t count = 0;

	(void)state;
	begin("", "tp", one);
	for (; count < 31; count++) {
		const double value = count == 30 ? 0.42 : ordinary();

		read_one(0, value);
		kept[count] = (struct wq_sample){ .series = 0,
			.quality = r.out.samples[0].quality,
			.stamp = WQ_STAMP_ANALYSER,
			.at = at,
			.value = value };
	}
	assert_int_equal(kept[30].quality, WQ_SUSPECT);
	river_restart(&r);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(wq_engine_restore_sample(r.engine, &kept[i], kept[i].at, NULL), 0);
	assert_string_equal(read_one(0, 0.45), "good , before: good ");
}

/* The newest word of the outcomes on what was learnt of the first series. */
static struct wq_learnt learnt;

static void a_month(double level)
{
	for (int i = 0; i < 31 * 6; i++) {
		at += WQ_HOURS(4);
		river_read_late(&r, 0, 0, at, level * (0.9 + (rand() % 200) / 1e3), at);
		river_tick(&r, at + 1000);
		for (size_t k = 0; k < r.out.learnt_count; k++)
			learnt = r.out.learnt[k];
	}
}

static void after_a_month_the_series_own_ends_hold(void **state)
{
	(void)state;
	memset(&learnt, 0, sizeof learnt);
	begin("spike=none flat_suspect=0 flat_fail=0", "tp", one);
	a_month(0.05);
	assert_int_equal(learnt.series, 0);
	assert_in_range(learnt.readings, 170, 190);
	/* 0.045 to 0.055, and as much beyond as the tails are long; of the parameter it is 0 to 1. */
	assert_true(learnt.low > 0.042 && learnt.low < 0.045 && learnt.high > 0.055 && learnt.high < 0.058);
	assert_true(learnt.rate > 0.008 && learnt.rate < 0.012);
	assert_string_equal(read_one(0, 0.066), "suspect unusual");
	assert_string_equal(read_one(0, 0.0551), "good ");
	assert_string_equal(read_one(0, 0.041), "suspect unusual");
	/* What goes on is learnt: the new level is usual some day. */
	a_month(0.059);
	assert_true(learnt.high > 0.0645);
}

static void what_a_section_gives_is_not_learnt_over(void **state)
{
	(void)state;
	begin("spike=none rate=0 flat_suspect=0 flat_fail=0 low=0.01 high=0.3", "tp", one);
	a_month(0.05);
	assert_string_equal(read_one(0, 0.29), "good ");
	assert_string_equal(read_one(0, 0.31), "suspect unusual");
	river_close(&r);
	begin("spike=none rate=0 flat_suspect=0 flat_fail=0 learn_after=0", "tp", one);
	a_month(0.05);
	assert_string_equal(read_one(0, 0.9), "good ");
}

/* Never beyond the plausible range, whatever was seen. */
static void the_plausible_range_bounds_what_is_learnt(void **state)
{
	(void)state;
	memset(&learnt, 0, sizeof learnt);
	begin("spike=none rate=0 flat_suspect=0 flat_fail=0", "tp", one);
	a_month(18.15);
	assert_true(learnt.high == 20 && learnt.low > 14);
}

/* A river that comes up by steps as it always takes is no instrument, wherever it gets to. */
static void a_slow_rise_out_of_what_is_usual_is_good(void **state)
{
	(void)state;
	begin("trust=0 flat_suspect=0 flat_fail=0", "tp", one);
	a_month(0.1);
	for (double value = 0.1; value < 0.6; value += 0.01)
		assert_string_equal(read_one(0, value), "good ");
	assert_string_equal(r.story, "");
}

/* One step out of what is usual is doubted until the next reading; then it is a level, and no reading of it is. */
static void a_river_that_changed_is_unusual_once(void **state)
{
	(void)state;
	begin("spike=none trust=0 flat_suspect=0 flat_fail=0", "tp", one);
	a_month(0.1);
	assert_string_equal(read_one(0, 0.27), "suspect unusual");
	assert_string_equal(read_one(0, 0.28), "good , before: good ");
	for (int i = 0; i < 360; i++)
		assert_string_equal(read_one(0, 0.27 + 0.001 * (rand() % 10)), "good ");
	assert_string_equal(r.story, "");
}

/* Under an open alarm only what has lasted for a day is learnt: what it is back from was none of it. */
static void what_lasts_under_an_alarm_is_learnt_after_a_day(void **state)
{
	const struct river_rule rules[] = { { .rule = &wq_rule_health, .settings = "spike=none trust=0 flat_suspect=0 flat_fail=0" },
		{ .rule = &wq_rule_limit, .settings = "readings=1" }, { 0 } };
	int64_t readings;

	(void)state;
	memset(&learnt, 0, sizeof learnt);
	river_open(&r, one, "tp", rules);
	at = DAY0;
	a_month(0.05);
	readings = learnt.readings;
	for (int i = 0; i < 400; i++) {
		read_one(0, 0.5 + 0.001 * (rand() % 40));
		river_tick(&r, at + 1000);
		for (size_t k = 0; k < r.out.learnt_count; k++)
			learnt = r.out.learnt[k];
		/* Six hours into the day after, when the day before is told. */
		if (i == 5)
			assert_in_range(learnt.readings, readings, readings + 7);
	}
	assert_int_equal(river_alarms(&r, 1), 1);
	assert_true(learnt.high > 0.53 && learnt.low < 0.05);
	assert_in_range(learnt.readings, readings + 380, readings + 400);
	/* Another step, under the same alarm, has to last too. */
	readings = learnt.readings;
	for (int i = 0; i < 6; i++) {
		assert_string_equal(read_one(0, 0.9 + 0.001 * i), i == 0 ? "suspect unusual" : i == 1 ? "good , before: good " : "good ");
		river_tick(&r, at + 1000);
		for (size_t k = 0; k < r.out.learnt_count; k++)
			learnt = r.out.learnt[k];
	}
	assert_in_range(learnt.readings, readings, readings + 6);
	assert_true(learnt.high < 0.9);
}

static void readings_under_an_alarm_teach_nothing(void **state)
{
	const struct river_rule rules[] = { { .rule = &wq_rule_health, .settings = "spike=none trust=0 flat_suspect=0 flat_fail=0" },
		{ .rule = &wq_rule_limit, .settings = "readings=1 clear_readings=3" }, { 0 } };

	(void)state;
	memset(&learnt, 0, sizeof learnt);
	river_open(&r, one, "tp", rules);
	at = DAY0;
	a_month(0.05);
	const int64_t readings = learnt.readings;
	/* Five readings over the limit, one usual that does not end it. */
	for (int i = 0; i < 31 * 6; i++) {
		read_one(0, i % 6 == 5 ? 0.055 : 0.4 + 0.001 * (rand() % 40));
		river_tick(&r, at + 1000);
		for (size_t k = 0; k < r.out.learnt_count; k++)
			learnt = r.out.learnt[k];
	}
	assert_int_equal(river_alarms(&r, 1), 1);
	assert_in_range(learnt.readings, readings, readings + 8);
}

/* What was stored is taken up where it ended: told the same later, whether there was a restart or not. */
static void what_was_learnt_outlives_a_restart(void **state)
{
	struct wq_learnt kept = { 0 }, without = { 0 };

	(void)state;
	for (int restart = 0; restart < 2; restart++) {
		begin("spike=none flat_suspect=0 flat_fail=0", "tp", one);
		a_month(0.05);
		kept = learnt;
		if (restart) {
			river_restart(&r);
			wq_engine_restore_learnt(r.engine, &kept);
			/* From the store come those after it, and some before. */
			srand(99);
			for (wq_ms t = kept.until - WQ_DAYS(2); t <= at; t += WQ_HOURS(4))
				assert_int_equal(wq_engine_restore_sample(r.engine,
							 &(struct wq_sample){ .series = 0, .stamp = WQ_STAMP_ANALYSER, .at = t, .value = 0.05 }, t,
							 NULL),
					0);
		}
		srand(5);
		a_month(0.05);
		if (!restart) {
			without = learnt;
			river_close(&r);
		}
	}
	assert_int_equal(learnt.since, without.since);
	assert_int_equal(learnt.readings, without.readings);
	assert_true(fabs(learnt.high - without.high) < 0.001);
	/* Another size, or a row that somebody wrote: as if there were none. */
	kept.size--;
	river_restart(&r);
	wq_engine_restore_learnt(r.engine, &kept);
	kept.size++;
	memset(kept.memory, 0xff, sizeof kept.memory);
	wq_engine_restore_learnt(r.engine, &kept);
	assert_string_equal(read_one(0, 0.9), "good ");
}

static int teardown(void **state)
{
	(void)state;
	river_close(&r);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_spike_is_shown_at_once_and_stays_one_when_the_next_is_back, teardown),
		cmocka_unit_test_teardown(what_looked_like_a_spike_and_stayed_is_good_after_all, teardown),
		cmocka_unit_test_teardown(a_reading_corrected_meanwhile_is_not_judged_by_its_old_value, teardown),
		cmocka_unit_test_teardown(told_again_a_reading_keeps_its_quality, teardown),
		cmocka_unit_test_teardown(a_plateau_that_came_with_another_parameter_is_good_throughout, teardown),
		cmocka_unit_test_teardown(what_jumps_together_is_the_water, teardown),
		cmocka_unit_test_teardown(a_value_that_stands_still_is_marked_then_told_and_clears_itself, teardown),
		cmocka_unit_test_teardown(below_the_detection_limit_nothing_is_flat, teardown),
		cmocka_unit_test_teardown(out_of_range_again_and_again_is_told_though_no_rule_may_judge_it, teardown),
		cmocka_unit_test_teardown(ammonia_cannot_exceed_total_nitrogen, teardown),
		cmocka_unit_test_teardown(water_holds_no_more_oxygen_than_it_can, teardown),
		cmocka_unit_test_teardown(values_copied_from_the_next_station_are_told, teardown),
		cmocka_unit_test_teardown(a_point_that_is_only_repeated_is_told_with_its_cycle, teardown),
		cmocka_unit_test_teardown(a_cycle_that_is_too_short_is_told_with_the_true_one, teardown),
		cmocka_unit_test_teardown(the_time_of_the_year_has_its_own_ends, teardown),
		cmocka_unit_test_teardown(far_from_its_neighbours_where_that_is_configured, teardown),
		cmocka_unit_test_teardown(without_what_is_usual_only_what_is_given_is_tested, teardown),
		cmocka_unit_test_teardown(level_none_marks_and_tells_nobody, teardown),
		cmocka_unit_test_teardown(what_comes_out_of_order_or_from_the_future_is_not_judged, teardown),
		cmocka_unit_test_teardown(a_restart_changes_nothing, teardown),
		cmocka_unit_test_teardown(after_a_month_the_series_own_ends_hold, teardown),
		cmocka_unit_test_teardown(what_a_section_gives_is_not_learnt_over, teardown),
		cmocka_unit_test_teardown(the_plausible_range_bounds_what_is_learnt, teardown),
		cmocka_unit_test_teardown(a_slow_rise_out_of_what_is_usual_is_good, teardown),
		cmocka_unit_test_teardown(a_river_that_changed_is_unusual_once, teardown),
		cmocka_unit_test_teardown(what_lasts_under_an_alarm_is_learnt_after_a_day, teardown),
		cmocka_unit_test_teardown(readings_under_an_alarm_teach_nothing, teardown),
		cmocka_unit_test_teardown(what_was_learnt_outlives_a_restart, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
