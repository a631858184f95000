/* SPDX-License-Identifier: Apache-2.0 */
/* What a suspect reading means to those who judge the water: the table of docs/rules.md, for every test that may doubt a reading.
 * A failed check never hides a change that lasts, and delays no alarm beyond the next reading. */
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

#include "wq/health.h"

extern const struct wq_rule wq_rule_health, wq_rule_limit, wq_rule_today, wq_rule_surge;

static struct river r;
static const struct river_station two[] = { { .id = "jia", .name = "甲桥", .flows_into = 2 }, { .id = "yi", .name = "乙桥" }, { 0 } };
static wq_ms at;

/* Total phosphorus and what may stand beside it. */
enum { TP, NH3N, TN };

static void begin(const struct river_rule *rules)
{
	river_open(&r, two, "tp nh3n tn", rules);
	at = DAY0;
	srand(11);
}

static double ordinary(void)
{
	return 0.09 + (rand() % 200) / 1e4;
}

/* The level of the open alarm of a rule at the first station: three places of health, rule 0, one of the others. */
static int level_of(uint32_t rule)
{
	const struct wq_alarm *const *alarms;
	const size_t n = wq_engine_alarms(r.engine, &alarms);
	int level = 0;

	for (size_t i = 0; i < n; i++)
		if (alarms[i]->rule == rule && alarms[i]->place < (rule == 0 ? 3u : 1u))
			level = alarms[i]->level;
	return level;
}

static uint8_t read_one(uint32_t item, double value)
{
	river_read_late(&r, 0, item, at, value, at);
	return r.out.samples[0].test;
}

/* -- each test, brought about at a reading over the limit -- */

/* Sets the scene so that the next reading of `item`, `value`, fails the test. */
struct scene {
	uint8_t test;
	const char *settings; /* of health */
	uint32_t item;
	double value, above; /* over `above` it exceeds */
	void (*set)(const struct scene *scene);
};

static void ordinary_water(const struct scene *scene)
{
	for (int i = 0; i < 30; i++, at += WQ_HOURS(4))
		read_one(scene->item, ordinary() * scene->value);
}

static void frozen(const struct scene *scene)
{
	ordinary_water(scene);
	/* Within the limit it would be told later only: here it freezes above a lower one. */
	for (int i = 0; i < 6; i++, at += WQ_HOURS(4))
		read_one(scene->item, scene->value);
}

static void neighbours_values(const struct scene *scene)
{
	ordinary_water(scene);
	for (int i = 0; i < 7; i++, at += WQ_HOURS(4)) {
		const double value = ordinary();

		river_read_late(&r, 1, TP, at - 1000, value, at);
		read_one(TP, value);
	}
	river_read_late(&r, 1, TP, at - 1000, scene->value, at);
}

static void low_neighbours(const struct scene *scene)
{
	ordinary_water(scene);
	river_read_late(&r, 1, TP, at - 1000, 0.01, at);
}

static void little_nitrogen(const struct scene *scene)
{
	ordinary_water(scene);
	read_one(TN, 0.2);
}

static void long_silence(const struct scene *scene)
{
	ordinary_water(scene);
	at += WQ_DAYS(3);
}

static const struct scene scenes[] = {
	{ WQ_HEALTH_SPIKE, "", TP, 0.42, 0.2, ordinary_water },
	{ WQ_HEALTH_RATE, "spike=none rate=0.05", TP, 0.42, 0.2, ordinary_water },
	{ WQ_HEALTH_UNUSUAL, "high=0.3 spike=none", TP, 0.42, 0.2, ordinary_water },
	{ WQ_HEALTH_SEASON, "season=01-01..12-31_0:0.3 spike=none rate=0", TP, 0.42, 0.2, ordinary_water },
	{ WQ_HEALTH_NEIGHBOUR, "neighbour=5 spike=none rate=0", TP, 0.42, 0.2, low_neighbours },
	{ WQ_HEALTH_CROSS, "spike=none rate=0", NH3N, 1.6, 1, little_nitrogen },
	{ WQ_HEALTH_GAP, "gap=1d spike=none rate=0", TP, 0.42, 0.2, long_silence },
	{ WQ_HEALTH_COPIED, "trust=8 spike=none rate=0", TP, 0.42, 0.2, neighbours_values },
};

static const struct river_rule *rules_for(const struct scene *scene, const char *limit, const struct river_rule *also)
{
	static struct river_rule rules[4];

	memset(rules, 0, sizeof rules);
	rules[0] = (struct river_rule){ .rule = &wq_rule_health, .settings = scene->settings };
	rules[1] = (struct river_rule){ .rule = &wq_rule_limit, .settings = limit, .item = scene->item == TP ? "tp" : "nh3n" };
	if (also != NULL)
		rules[2] = *also;
	return rules;
}

static bool doubts_one(uint8_t test)
{
	return test != WQ_HEALTH_CROSS && test != WQ_HEALTH_COPIED;
}

/* One reading over the limit, doubted: told lower, in words, until the next one; that it exceeds too confirms it, and that it is
 * back ends it. The table: readings = 1 and 2, for each test. */
static void a_doubted_reading_is_told_lower_and_the_next_one_decides(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++) {
		const struct scene *scene = &scenes[i];

		for (int readings = 1; readings <= 2; readings++)
			for (int stays = 0; stays < 2; stays++) {
				char limit[40], wanted[80];

				snprintf(limit, sizeof limit, "readings=%d", readings);
				begin(rules_for(scene, limit, NULL));
				scene->set(scene);
				assert_int_equal(level_of(1), 0);
				river_forget(&r);
				assert_int_equal(read_one(scene->item, scene->value), scene->test);
				assert_int_equal(r.out.samples[0].quality, WQ_SUSPECT);
				assert_int_equal(level_of(1), WQ_LEVEL_WATCH);
				snprintf(wanted, sizeof wanted, ",疑似仪器异常(%s),待下次读数确认",
					wq_health_test_chinese((enum wq_health_test)scene->test));
				if (strstr(r.story, wanted) == NULL)
					fail_msg("%s: no '%s' in %s", wq_health_test_name((enum wq_health_test)scene->test), wanted,
						r.story);
				at += WQ_HOURS(4);
				river_forget(&r);
				read_one(scene->item, stays ? scene->value * 1.05 : scene->value / 10);
				/* Two readings confirm it: no doubt of the one remains, but of the instrument. */
				if (stays && doubts_one(scene->test) && strstr(r.story, "疑似") != NULL)
					fail_msg("%s: doubt in %s", wq_health_test_name((enum wq_health_test)scene->test), r.story);
				assert_int_equal(level_of(1), stays ? WQ_LEVEL_ALARM : 0);
				river_close(&r);
			}
	}
}

/* An instrument that is doubted for long goes on being judged. */
static void a_frozen_instrument_above_the_limit_is_an_alarm_of_the_water_and_of_the_device(void **state)
{
	const struct scene frost = { WQ_HEALTH_FLAT, "", TP, 0.42, 0.2, frozen };

	(void)state;
	begin(rules_for(&frost, "readings=2", NULL));
	frozen(&frost);
	assert_int_equal(level_of(1), WQ_LEVEL_ALARM);
	for (int i = 0; i < 8; i++, at += WQ_HOURS(4))
		assert_int_equal(read_one(TP, 0.42), WQ_HEALTH_FLAT);
	assert_int_equal(level_of(1), WQ_LEVEL_ALARM);
	assert_int_equal(level_of(0), WQ_LEVEL_WATCH);
	/* Frozen first, the limit lowered later: the run of suspect readings is told for what it is. */
	river_close(&r);
	begin(rules_for(&frost, "above=0.5 readings=2", NULL));
	frozen(&frost);
	for (int i = 0; i < 6; i++, at += WQ_HOURS(4))
		assert_int_equal(read_one(TP, 0.42), WQ_HEALTH_FLAT);
	assert_int_equal(level_of(1), 0);
	read_one(TP, 0.61);
	at += WQ_HOURS(4);
	read_one(TP, 0.62);
	assert_int_equal(level_of(1), WQ_LEVEL_ALARM);
}

/* That other readings say the same speaks for no instrument that stands still. */
static void a_run_of_a_frozen_instrument_is_told_with_the_doubt(void **state)
{
	const struct scene frost = { WQ_HEALTH_FLAT, "", TP, 0.42, 0.2, frozen };

	(void)state;
	begin(rules_for(&frost, "readings=10", NULL));
	frozen(&frost);
	for (int i = 0; i < 4; i++, at += WQ_HOURS(4))
		read_one(TP, 0.42);
	assert_int_equal(level_of(1), WQ_LEVEL_ALARM);
	assert_non_null(strstr(r.story, "连续10次,疑似仪器异常(数值不变)"));
}

/* An open alarm is not ended by one doubted reading, but by two. */
static void one_doubted_reading_ends_nothing(void **state)
{
	const struct scene scene = { WQ_HEALTH_SPIKE, "spike=none rate=0.05", TP, 0.42, 0.2, ordinary_water };

	(void)state;
	begin(rules_for(&scene, "readings=2", NULL));
	ordinary_water(&scene);
	for (int i = 0; i < 4; i++, at += WQ_HOURS(4))
		read_one(TP, 0.42 + i * .01);
	assert_int_equal(level_of(1), WQ_LEVEL_ALARM);
	assert_int_equal(read_one(TP, 0.1), WQ_HEALTH_RATE);
	assert_int_equal(level_of(1), WQ_LEVEL_ALARM);
	at += WQ_HOURS(4);
	read_one(TP, 0.11);
	assert_int_equal(level_of(1), 0);
}

/* The day so far: the first doubted reading is not sure, the second is. */
static void the_day_so_far_waits_for_one_reading_at_most(void **state)
{
	const struct river_rule today = { .rule = &wq_rule_today,
		.settings = "minimum=1 after=0 forecast_level=none level=warning certain_level=warning",
		.item = "tp" };
	const struct scene scene = { WQ_HEALTH_UNUSUAL, "high=0.3 spike=none rate=0 flat_suspect=0 flat_fail=0", TP, 0.42, 0.2,
		ordinary_water };

	(void)state;
	begin(rules_for(&scene, "readings=2", &today));
	river_tick(&r, at);
	assert_int_equal(read_one(TP, 0.42), WQ_HEALTH_UNUSUAL);
	assert_int_equal(level_of(2), 0);
	at += WQ_HOURS(4);
	assert_int_equal(read_one(TP, 0.43), WQ_HEALTH_UNUSUAL);
	assert_int_equal(level_of(2), WQ_LEVEL_WARNING);
}

/* The mean of the day keeps a spike that is gone again, and says so. */
static void the_day_so_far_says_that_a_suspect_reading_is_in_its_mean(void **state)
{
	const struct river_rule today = { .rule = &wq_rule_today,
		.settings = "minimum=3 after=8h forecast_level=none level=warning certain_level=warning",
		.item = "tp" };
	const struct scene scene = { WQ_HEALTH_SPIKE, "", TP, 0.55, 0.2, ordinary_water };

	(void)state;
	begin(rules_for(&scene, "readings=2", &today));
	ordinary_water(&scene);
	for (int i = 0; i < 3; i++, at += WQ_HOURS(4)) {
		river_forget(&r);
		assert_int_equal(read_one(TP, i == 0 ? 0.55 : 0.1 + 0.002 * i), i == 0 ? WQ_HEALTH_SPIKE : WQ_HEALTH_NONE);
	}
	assert_non_null(strstr(r.story, "总磷今日3次均值0.252mg/L(含1次疑似异常读数),超Ⅲ类限值(0.2),余下"));
	assert_true(river_fact(&r, 2, "suspect") == 1);
}

/* surge sees every reading, whatever its quality: word for word the same with and without health. */
static void surge_is_the_same_with_and_without_health(void **state)
{
	static char without[sizeof r.story];

	(void)state;
	for (int with = 0; with < 2; with++) {
		const struct river_rule surge[] = { { .rule = &wq_rule_surge, .settings = "", .item = "tp" },
			{ .rule = with ? &wq_rule_health : NULL, .settings = "level=none" }, { 0 } };

		begin(surge);
		for (int i = 0; i < 400; i++, at += WQ_HOURS(4))
			read_one(TP, ordinary() * (i % 90 > 60 ? 1 + (i % 90 - 60) * .15 : 1) * (rand() % 40 == 0 ? 5 : 1));
		if (!with)
			strcpy(without, r.story);
		assert_non_null(strstr(r.story, "opened warning"));
		assert_string_equal(r.story, without);
		river_close(&r);
	}
}

/* Random water with spikes, steps, frozen stretches and gaps: every run of two and more readings over the limit is an alarm at
 * its second reading at the latest, and no alarm is there that would not be without health, nor ends otherwise than one reading
 * later. */
static void no_run_over_the_limit_is_hidden_or_later_than_its_second_reading(void **state)
{
	size_t alarms = 0, marked = 0;

	(void)state;
	for (unsigned seed = 0; seed < 60; seed++)
		for (int readings = 1; readings <= 3; readings++) {
			char limit[40];
			double value = 0.1, held = 0;
			int run = 0, below = 0;
			const struct scene scene = { 0, "trust=8", TP, 0, 0, NULL };

			snprintf(limit, sizeof limit, "readings=%d", readings);
			begin(rules_for(&scene, limit, NULL));
			srand(seed);
			for (int i = 0; i < 300; i++, at += WQ_HOURS(4)) {
				const int dice = rand() % 60;

				value = 0.1 + (value - 0.1) * .9 + (rand() % 100 - 50) / 2e3;
				value = dice == 0 ? value + .3 : fmax(value, .005);
				held = dice < 3 ? value : dice < 6 ? 0 : held;
				at += dice == 7 ? WQ_DAYS(2) : 0;
				const double told = held > 0 ? held : dice == 8 ? 5 * value : value;

				marked += read_one(TP, told) != WQ_HEALTH_NONE;
				run = told > 0.2 ? run + 1 : 0;
				below = told > 0.2 ? 0 : below + 1;
				if (run >= 2 && run >= readings)
					assert_int_equal(level_of(1), WQ_LEVEL_ALARM);
				else if (run > 0)
					assert_true(level_of(1) >= WQ_LEVEL_WATCH);
				if (below >= 2)
					assert_int_equal(level_of(1), 0);
				alarms += run == 2;
			}
			river_close(&r);
		}
	assert_true(alarms > 500 && marked > 2000);
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
		cmocka_unit_test_teardown(a_doubted_reading_is_told_lower_and_the_next_one_decides, teardown),
		cmocka_unit_test_teardown(a_frozen_instrument_above_the_limit_is_an_alarm_of_the_water_and_of_the_device, teardown),
		cmocka_unit_test_teardown(a_run_of_a_frozen_instrument_is_told_with_the_doubt, teardown),
		cmocka_unit_test_teardown(one_doubted_reading_ends_nothing, teardown),
		cmocka_unit_test_teardown(the_day_so_far_waits_for_one_reading_at_most, teardown),
		cmocka_unit_test_teardown(the_day_so_far_says_that_a_suspect_reading_is_in_its_mean, teardown),
		cmocka_unit_test_teardown(surge_is_the_same_with_and_without_health, teardown),
		cmocka_unit_test_teardown(no_run_over_the_limit_is_hidden_or_later_than_its_second_reading, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
