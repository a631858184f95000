/* SPDX-License-Identifier: Apache-2.0 */
/* The limit rule. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "view.h"

#include "wq/decimal.h"
#include "wq/err.h"
#include "wq/standard.h"

extern const struct wq_rule wq_rule_limit;

static struct fake_rule f;

static void open_rule(const char *settings, const char *parameter)
{
	fake_rule_open(&f, &wq_rule_limit, settings, WQ_RIVER, parameter);
	assert_int_equal(fake_rule_check(&f, NULL), 0);
}

static enum wq_finding good(int hour, double value)
{
	return fake_rule_read(&f, WQ_HOURS(hour), value, WQ_GOOD);
}

static enum wq_finding suspect(int hour, double value)
{
	return fake_rule_read(&f, WQ_HOURS(hour), value, WQ_SUSPECT);
}

/* Table 1 of GB 3838-2002, written down a second time so that a slip in the product's table shows.
 * A scaled integer is the limit in units of 10^-places. */
static const struct {
	const char *parameter;
	enum wq_water water;
	int upper; /* 1: at most, 0: at least */
	int64_t limit[5];
	int places;
} table[] = {
	{ "do", WQ_RIVER, 0, { 75, 60, 50, 30, 20 }, 1 },
	{ "codmn", WQ_RIVER, 1, { 2, 4, 6, 10, 15 }, 0 },
	{ "cod", WQ_RIVER, 1, { 15, 15, 20, 30, 40 }, 0 },
	{ "bod5", WQ_RIVER, 1, { 3, 3, 4, 6, 10 }, 0 },
	{ "nh3n", WQ_RIVER, 1, { 15, 50, 100, 150, 200 }, 2 },
	{ "tp", WQ_RIVER, 1, { 2, 10, 20, 30, 40 }, 2 },
	{ "tp", WQ_LAKE, 1, { 10, 25, 50, 100, 200 }, 3 },
	{ "tn", WQ_LAKE, 1, { 2, 5, 10, 15, 20 }, 1 },
	{ "w20122", WQ_RIVER, 1, { 1, 100, 100, 100, 100 }, 2 },
	{ "w20123", WQ_RIVER, 1, { 5, 100, 100, 200, 200 }, 2 },
	{ "w21017", WQ_RIVER, 1, { 10, 10, 10, 15, 15 }, 1 },
	{ "w20128", WQ_RIVER, 1, { 1, 1, 1, 2, 2 }, 2 },
	{ "w20141", WQ_RIVER, 1, { 5, 5, 5, 10, 10 }, 2 },
	{ "w20111", WQ_RIVER, 1, { 5, 5, 10, 100, 100 }, 5 },
	{ "w20115", WQ_RIVER, 1, { 1, 5, 5, 5, 10 }, 3 },
	{ "w20117", WQ_RIVER, 1, { 1, 5, 5, 5, 10 }, 2 },
	{ "w20120", WQ_RIVER, 1, { 1, 1, 5, 5, 10 }, 2 },
	{ "w21016", WQ_RIVER, 1, { 5, 50, 200, 200, 200 }, 3 },
	{ "w23002", WQ_RIVER, 1, { 2, 2, 5, 10, 100 }, 3 },
	{ "w22001", WQ_RIVER, 1, { 5, 5, 5, 50, 100 }, 2 },
	{ "w19002", WQ_RIVER, 1, { 2, 2, 2, 3, 3 }, 1 },
	{ "w21019", WQ_RIVER, 1, { 5, 10, 20, 50, 100 }, 2 },
	{ "w02003", WQ_RIVER, 1, { 200, 2000, 10000, 20000, 40000 }, 0 },
};

static double scaled(int64_t raw, int places)
{
	double value = NAN;

	assert_int_equal(wq_value_from_scaled(raw, (struct wq_decimal){ 1, places },
	                         (struct wq_decimal){ 0, 0 }, &value, NULL),
	        0);
	return value;
}

/* The float32 that an analyser sends for the decimal raw / 10^places. */
static float as_float32(int64_t raw, int places)
{
	char text[WQ_DECIMAL_TEXT];

	return strtof(wq_decimal_format((struct wq_decimal){ raw, places }, text), NULL);
}

static void judge_edge(size_t row, int class_, double at, double beyond)
{
	char settings[64];
	enum wq_finding finding;

	snprintf(settings, sizeof settings, "class=%d readings=1", class_);
	fake_rule_open(&f, &wq_rule_limit, settings, table[row].water, table[row].parameter);
	assert_int_equal(fake_rule_check(&f, NULL), 0);
	finding = good(4, at);
	if (finding != WQ_FINDING_CLEAR)
		fail_msg("%s class %d: %.17g does not meet: %s", table[row].parameter, class_, at,
		        f.said.says);
	finding = good(8, beyond);
	if (finding != WQ_FINDING_RAISE)
		fail_msg("%s class %d: %.17g does not exceed: %s", table[row].parameter, class_,
		        beyond, f.said.says);
}

static void the_limit_itself_meets_and_one_step_beyond_exceeds_as_scaled_integer(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		for (int c = 0; c < 5; c++) {
			/* The analyser's own resolution: two more decimals than the limit. */
			int64_t raw = table[i].limit[c] * 100;
			int places = table[i].places + 2;

			judge_edge(i, c + 1, scaled(raw, places),
			        scaled(table[i].upper ? raw + 1 : raw - 1, places));
		}
}

static void the_limit_itself_meets_and_one_step_beyond_exceeds_as_float32(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		for (int c = 0; c < 5; c++) {
			float at = as_float32(table[i].limit[c], table[i].places);
			float beyond = nextafterf(at, table[i].upper ? INFINITY : -INFINITY);

			judge_edge(
			        i, c + 1, wq_value_from_float32(at), wq_value_from_float32(beyond));
		}
}

static void ph_meets_from_6_to_9_in_every_class(void **state)
{
	static const struct {
		float value;
		enum wq_finding finding;
	} cases[] = { { 6, WQ_FINDING_CLEAR }, { 9, WQ_FINDING_CLEAR }, { 7.82f, WQ_FINDING_CLEAR },
		{ 5.9999995f, WQ_FINDING_RAISE }, { 9.000001f, WQ_FINDING_RAISE },
		{ 5.99f, WQ_FINDING_RAISE }, { 9.01f, WQ_FINDING_RAISE } };
	char settings[64];

	(void)state;
	for (int c = 1; c <= 5; c++)
		for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
			snprintf(settings, sizeof settings, "class=%d readings=1", c);
			open_rule(settings, "ph");
			assert_int_equal(
			        good(4, wq_value_from_float32(cases[i].value)), cases[i].finding);
		}
}

static void agrees_with_the_standard_on_every_class_and_value(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		for (int c = 1; c <= 5; c++)
			for (int64_t raw = 0; raw <= table[i].limit[0] + table[i].limit[4];
			        raw += 1 + table[i].limit[4] / 50) {
				char settings[64];
				double value = scaled(raw, table[i].places);
				const struct wq_standard_row *row;

				snprintf(settings, sizeof settings, "class=%d readings=1", c);
				fake_rule_open(&f, &wq_rule_limit, settings, table[i].water,
				        table[i].parameter);
				row = wq_standard_find(&wq_gb3838,
				        wq_view_parameter(&f.view)->code, table[i].water, false);
				assert_int_equal(good(4, value) == WQ_FINDING_RAISE,
				        wq_standard_exceeds(row, c, value));
			}
}

static void the_first_reading_over_the_limit_is_watched_and_the_second_alarms(void **state)
{
	(void)state;
	open_rule("", "tp");
	assert_int_equal(good(0, 0.18), WQ_FINDING_CLEAR);
	assert_int_equal(good(4, 0.263), WQ_FINDING_RAISE);
	assert_int_equal(f.said.level, WQ_LEVEL_WATCH);
	assert_string_equal(f.said.says, "总磷0.263mg/L,超Ⅲ类限值(0.2)0.32倍,待下次读数确认");
	assert_true(fake_rule_fact(&f, "exceedance") == 0.315); /* in decimal; in binary 0.31499999999999995 */
	assert_int_equal(good(8, 0.25), WQ_FINDING_RAISE);
	assert_int_equal(f.said.level, WQ_LEVEL_ALARM);
	assert_string_equal(f.said.says, "总磷0.25mg/L,超Ⅲ类限值(0.2)0.25倍,连续2次");
	assert_int_equal(f.said.at, WQ_HOURS(8));
	assert_int_equal(f.said.series, 0);
	assert_true(f.said.value == 0.25 && f.said.limit == 0.2);
	assert_true(fake_rule_fact(&f, "consecutive") == 2);
	assert_true(fabs(fake_rule_fact(&f, "exceedance") - 0.25) < 1e-12);
	assert_true(fake_rule_fact(&f, "class") == 4);
	assert_true(fake_rule_fact(&f, "target_class") == 3);
	good(12, 0.25);
	assert_string_equal(f.said.says, "总磷0.25mg/L,超Ⅲ类限值(0.2)0.25倍,连续3次以上");
	assert_int_equal(good(16, 0.18), WQ_FINDING_CLEAR);
	assert_string_equal(f.said.says, "总磷0.18mg/L,已达Ⅲ类(限值0.2)");
}

static void without_a_first_level_it_is_silent_until_confirmed(void **state)
{
	(void)state;
	open_rule("readings=3 first_level=none level=warning", "tp");
	assert_int_equal(good(0, 0.3), WQ_FINDING_HOLD);
	assert_int_equal(good(4, 0.3), WQ_FINDING_HOLD);
	assert_int_equal(good(8, 0.3), WQ_FINDING_RAISE);
	assert_int_equal(f.said.level, WQ_LEVEL_WARNING);
	assert_string_equal(f.said.says, "总磷0.3mg/L,超Ⅲ类限值(0.2)0.5倍,连续3次");
}

static void a_reading_within_the_limit_breaks_the_run(void **state)
{
	(void)state;
	open_rule("readings=2", "tp");
	good(0, 0.3);
	good(4, 0.2);
	assert_int_equal(good(8, 0.3), WQ_FINDING_RAISE);
	assert_int_equal(f.said.level, WQ_LEVEL_WATCH);
}

static void a_reading_that_comes_late_is_counted_where_it_belongs(void **state)
{
	(void)state;
	open_rule("readings=3", "tp");
	good(0, 0.3);
	good(8, 0.3);
	assert_int_equal(f.said.level, WQ_LEVEL_WATCH);
	assert_int_equal(good(4, 0.3), WQ_FINDING_RAISE);
	assert_int_equal(f.said.level, WQ_LEVEL_ALARM);
	assert_int_equal(f.said.at, WQ_HOURS(8));
	good(4, 0.1); /* revised */
	assert_int_equal(f.said.level, WQ_LEVEL_WATCH);
}

static void a_lone_suspect_reading_never_reaches_the_full_level(void **state)
{
	(void)state;
	open_rule("readings=1", "tp");
	assert_int_equal(suspect(0, 0.9), WQ_FINDING_RAISE);
	assert_int_equal(f.said.level, WQ_LEVEL_WATCH);
	assert_string_equal(f.said.says, "总磷0.9mg/L,超Ⅲ类限值(0.2)3.5倍,数据存疑,待下次读数确认");
	assert_int_equal(good(4, 0.9), WQ_FINDING_RAISE);
	assert_int_equal(f.said.level, WQ_LEVEL_ALARM);

	open_rule("readings=1 first_level=none", "tp");
	assert_int_equal(suspect(0, 0.9), WQ_FINDING_HOLD);
	assert_int_equal(suspect(4, 0.9), WQ_FINDING_RAISE);
	assert_int_equal(f.said.level, WQ_LEVEL_ALARM);
}

static void a_lone_suspect_reading_clears_nothing(void **state)
{
	(void)state;
	open_rule("", "tp");
	good(0, 0.3);
	good(4, 0.3);
	assert_int_equal(suspect(8, 0.1), WQ_FINDING_HOLD);
	assert_int_equal(suspect(12, 0.1), WQ_FINDING_CLEAR);
}

static void clears_only_below_the_deadband_and_after_clear_readings(void **state)
{
	(void)state;
	open_rule("deadband=0.05 clear_readings=2", "tp");
	good(0, 0.3);
	assert_int_equal(good(4, 0.2), WQ_FINDING_HOLD);
	assert_int_equal(good(8, 0.1901), WQ_FINDING_HOLD);
	assert_int_equal(good(12, 0.19), WQ_FINDING_HOLD);
	assert_int_equal(good(16, 0.19), WQ_FINDING_CLEAR);
}

static void the_edge_of_the_deadband_is_a_decimal(void **state)
{
	(void)state;
	fake_rule_open(&f, &wq_rule_limit, "deadband=0.3 readings=1", WQ_LAKE, "tp");
	good(0, 0.06);
	assert_int_equal(good(4, 0.035), WQ_FINDING_CLEAR); /* 0.05 × 0.7 is 0.034999… in binary */
	open_rule("deadband=0.1 readings=1", "do");
	good(0, 4);
	assert_int_equal(good(4, 5.49), WQ_FINDING_HOLD);
	assert_int_equal(good(8, 5.5), WQ_FINDING_CLEAR);
	open_rule("deadband=0.05 readings=1", "ph");
	good(0, 9.5);
	assert_int_equal(good(4, 8.56), WQ_FINDING_HOLD);
	assert_int_equal(good(8, 8.55), WQ_FINDING_CLEAR);
	assert_int_equal(good(12, 6.29), WQ_FINDING_HOLD);
	assert_int_equal(good(16, 6.3), WQ_FINDING_CLEAR);
}

static void oxygen_and_ph_have_no_exceedance_multiple(void **state)
{
	(void)state;
	open_rule("readings=1", "do");
	good(0, 4.2);
	assert_string_equal(f.said.says, "溶解氧4.2mg/L,低于Ⅲ类限值(5)");
	assert_true(isnan(fake_rule_fact(&f, "exceedance")));
	good(4, 5);
	assert_string_equal(f.said.says, "溶解氧5mg/L,已达Ⅲ类(限值5)");
	open_rule("readings=1", "ph");
	good(0, 9.3);
	assert_string_equal(f.said.says, "pH 9.3,超Ⅲ类上限(9)");
	good(4, 5.8);
	assert_string_equal(f.said.says, "pH 5.8,低于Ⅲ类下限(6),连续2次以上");
	assert_true(isnan(fake_rule_fact(&f, "exceedance")));
}

static void the_multiple_is_rounded_as_gb_8170_says(void **state)
{
	static const struct {
		double value;
		const char *multiple;
	} cases[] = { { 0.263, "0.32倍" }, /* 0.315: to the even neighbour */
		{ 0.213, "0.06倍" },       /* 0.065 */
		{ 0.2004, "0.002倍" },     /* would be 0.00 */
		{ 0.462, "1.31倍" }, { 0.4, "1倍" } };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		open_rule("readings=1", "tp");
		good(0, cases[i].value);
		assert_non_null(strstr(f.said.says, cases[i].multiple));
	}
}

static void a_number_takes_the_place_of_a_class(void **state)
{
	(void)state;
	open_rule("above=1000 below=100 readings=1", "ec");
	assert_int_equal(good(0, 1000), WQ_FINDING_CLEAR);
	assert_int_equal(good(4, 1000.1), WQ_FINDING_RAISE);
	assert_true(f.said.limit == 1000);
	assert_int_equal(good(8, 99.9), WQ_FINDING_RAISE);
	assert_true(f.said.limit == 100);
	assert_int_equal(good(12, 100), WQ_FINDING_CLEAR);
	open_rule("above=0.15 readings=1", "tp");
	good(0, 0.18);
	assert_string_equal(f.said.says, "总磷0.18mg/L,超限值(0.15)0.2倍");
	good(4, 0.1);
	assert_string_equal(f.said.says, "总磷0.1mg/L,已达标(限值0.15)");
}

static void without_an_open_alarm_it_finds_the_same_and_words_only_what_raises(void **state)
{
	static const double values[] = { 0.1, 0.3, 0.19, 0.3, 0.3, 0.1, 0.2, 0.201, 0.1, 0.1 };
	static const char *const settings[] = { "", "deadband=0.1 clear_readings=2",
		"first_level=none" };

	(void)state;
	for (size_t s = 0; s < sizeof settings / sizeof *settings; s++) {
		enum wq_finding found[2];
		struct wq_verdict said[2];

		for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
			for (int none = 0; none < 2; none++) {
				open_rule(settings[s], "tp");
				f.view.no_alarm = none;
				for (size_t k = 0; k <= i; k++)
					found[none] = good((int)k, values[k]);
				said[none] = f.said;
			}
			assert_int_equal(found[0], found[1]);
			assert_int_equal(said[0].level, said[1].level);
			assert_true(said[0].limit == said[1].limit);
			assert_string_not_equal(said[0].says, "");
			if (found[0] == WQ_FINDING_RAISE)
				assert_memory_equal(&said[0], &said[1], sizeof said[0]);
			if (found[0] == WQ_FINDING_CLEAR)
				assert_string_equal(said[1].says, "");
		}
	}
}

static void a_limit_that_the_water_lacks_is_not_assessable(void **state)
{
	(void)state;
	open_rule("", "tn");
	assert_int_equal(good(0, 9), WQ_FINDING_UNKNOWN);
	assert_non_null(strstr(f.said.says, "不可评价"));
}

static void a_supplementary_item_has_its_one_limit_at_sources_only(void **state)
{
	(void)state;
	open_rule("readings=1", "fe");
	assert_int_equal(good(0, 9), WQ_FINDING_UNKNOWN);
	assert_string_equal(f.said.says, "GB 3838-2002对此水体未设铁限值,不可评价");
	f.view.station.kind = WQ_SOURCE_BACKUP;
	assert_int_equal(good(4, 0.3), WQ_FINDING_CLEAR);
	assert_string_equal(f.said.says, "铁0.3mg/L,已达标(限值0.3)");
	assert_int_equal(good(8, 0.45), WQ_FINDING_RAISE);
	assert_string_equal(f.said.says, "铁0.45mg/L,超限值(0.3)0.5倍");
	assert_true(isnan(fake_rule_fact(&f, "class")));
	assert_true(isnan(fake_rule_fact(&f, "target_class")));
}

static void settings_that_contradict_each_other_are_refused(void **state)
{
	static const struct {
		const char *settings, *parameter, *says;
	} cases[] = {
		{ "class=3 above=0.2", "tp", "exclude each other" },
		{ "above=1 below=2", "tp", "must be less than" },
		{ "", "ec", "give above or below" },
		{ "first_level=alarm level=watch", "tp", "higher than level" },
	};
	struct wq_err err;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		fake_rule_open(&f, &wq_rule_limit, cases[i].settings, WQ_RIVER, cases[i].parameter);
		assert_int_equal(fake_rule_check(&f, &err), WQ_E_INVALID);
		if (!strstr(err.text, cases[i].says))
			fail_msg("'%s' does not say '%s'", err.text, cases[i].says);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		        the_limit_itself_meets_and_one_step_beyond_exceeds_as_scaled_integer),
		cmocka_unit_test(the_limit_itself_meets_and_one_step_beyond_exceeds_as_float32),
		cmocka_unit_test(ph_meets_from_6_to_9_in_every_class),
		cmocka_unit_test(agrees_with_the_standard_on_every_class_and_value),
		cmocka_unit_test(the_first_reading_over_the_limit_is_watched_and_the_second_alarms),
		cmocka_unit_test(without_a_first_level_it_is_silent_until_confirmed),
		cmocka_unit_test(a_reading_within_the_limit_breaks_the_run),
		cmocka_unit_test(a_reading_that_comes_late_is_counted_where_it_belongs),
		cmocka_unit_test(a_lone_suspect_reading_never_reaches_the_full_level),
		cmocka_unit_test(a_lone_suspect_reading_clears_nothing),
		cmocka_unit_test(clears_only_below_the_deadband_and_after_clear_readings),
		cmocka_unit_test(the_edge_of_the_deadband_is_a_decimal),
		cmocka_unit_test(oxygen_and_ph_have_no_exceedance_multiple),
		cmocka_unit_test(the_multiple_is_rounded_as_gb_8170_says),
		cmocka_unit_test(a_number_takes_the_place_of_a_class),
		cmocka_unit_test(without_an_open_alarm_it_finds_the_same_and_words_only_what_raises),
		cmocka_unit_test(a_limit_that_the_water_lacks_is_not_assessable),
		cmocka_unit_test(a_supplementary_item_has_its_one_limit_at_sources_only),
		cmocka_unit_test(settings_that_contradict_each_other_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
