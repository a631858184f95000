/* SPDX-License-Identifier: Apache-2.0 */
/* A concentration on its way to the limit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "river.h"

#include "rule_settings.h"

#include "wq/err.h"

extern const struct wq_rule wq_rule_surge;

static struct river r;
static wq_ms now;

static void begin(const char *settings, const char *parameter)
{
	static const struct river_station one[] = { { .id = "a", .name = "甲桥" }, { 0 } };
	const struct river_rule rules[] = { { .rule = &wq_rule_surge, .settings = settings }, { 0 } };

	river_open(&r, one, parameter, rules);
	now = DAY0;
}

static void read(double value)
{
	river_read(&r, 0, 0, now, value);
	now += WQ_HOURS(4);
}

/* Readings that swing by a tenth about `level`. */
static void quiet(size_t count, double level)
{
	static const double shares[] = { 1, 1.08, 0.95, 0.9, 1.02, 1.1, 0.97 };

	for (size_t i = 0; i < count; i++)
		read(level * shares[i % 7]);
}

static size_t open_now(void)
{
	return river_alarms(&r, 0);
}

static void what_is_usual_raises_nothing(void **state)
{
	(void)state;
	begin("", "tp");
	quiet(200, 0.1);
	assert_string_equal(r.story, "");
	river_close(&r);
}

static void a_rise_is_told_before_the_limit(void **state)
{
	static const double rise[] = { 0.112, 0.126, 0.141, 0.158, 0.177 };

	(void)state;
	begin("", "tp");
	quiet(60, 0.1);
	for (size_t i = 0; i < 5; i++)
		read(rise[i]);
	assert_int_equal(open_now(), 1);
	assert_non_null(strstr(r.story, "正接近Ⅲ类限值0.2"));
	assert_non_null(strstr(r.story, "较常态(0.1)高"));
	quiet(4, 0.1);
	assert_int_equal(open_now(), 0);
	assert_non_null(strstr(r.story, "已回到常态附近(0.1)"));
	river_close(&r);
}

static void a_lone_outlier_raises_nothing(void **state)
{
	(void)state;
	begin("", "tp");
	quiet(60, 0.1);
	read(0.9);
	quiet(20, 0.1);
	assert_string_equal(r.story, "");
	river_close(&r);
}

/* Far from the limit a rise is nobody's business at night. */
static void a_rise_far_from_the_limit_raises_nothing(void **state)
{
	(void)state;
	begin("", "tp");
	quiet(60, 0.02);
	quiet(20, 0.06);
	assert_string_equal(r.story, "");
	river_close(&r);
}

static void two_readings_close_to_the_limit_raise_whatever_is_usual(void **state)
{
	(void)state;
	begin("", "tp");
	quiet(3, 0.1);
	read(0.205);
	assert_int_equal(open_now(), 0);
	read(0.21);
	assert_int_equal(open_now(), 1);
	assert_non_null(strstr(r.story, "已超过Ⅲ类限值0.2"));
	river_close(&r);

	begin("close=0.9", "tp");
	quiet(3, 0.1);
	read(0.185);
	read(0.19);
	assert_int_equal(open_now(), 1);
	assert_non_null(strstr(r.story, "正接近Ⅲ类限值0.2"));
	river_close(&r);

	begin("", "do");
	quiet(3, 9);
	read(4.9);
	read(4.8);
	assert_non_null(strstr(r.story, "已低于Ⅲ类限值5"));
	river_close(&r);
}

static void oxygen_is_mirrored(void **state)
{
	(void)state;
	begin("", "do");
	quiet(60, 9);
	for (double value = 8; value > 5.1; value *= 0.92)
		read(value);
	assert_int_equal(open_now(), 1);
	assert_non_null(strstr(r.story, "较常态"));
	assert_non_null(strstr(r.story, "低"));
	river_close(&r);
}

/* While it raises the history stands still; after `rebase` the new level is the usual one. */
static void a_level_that_stays_becomes_usual_after_the_timeout_only(void **state)
{
	(void)state;
	begin("rebase=5d close=0.99", "tp");
	quiet(60, 0.1);
	quiet(6, 0.17);
	assert_int_equal(open_now(), 1);
	quiet(22, 0.17); /* in all less than five days */
	assert_int_equal(open_now(), 1);
	quiet(30, 0.17);
	assert_int_equal(open_now(), 0);
	river_close(&r);
}

static void what_comes_out_of_order_changes_nothing(void **state)
{
	(void)state;
	begin("", "tp");
	quiet(60, 0.1);
	for (int i = 1; i < 7; i++)
		river_read_late(&r, 0, 0, now - WQ_HOURS(4) - WQ_HOURS(4) * i - WQ_MINUTES(90), 0.18, now);
	quiet(5, 0.1);
	assert_string_equal(r.story, "");
	river_close(&r);
}

/* A rise, in whatever unit it is written: opened and cleared at the same readings. */
static void the_unit_does_not_matter(void **state)
{
	static const double rise[] = { 0.112, 0.126, 0.141, 0.158, 0.177, 0.2, 0.24, 0.2, 0.15, 0.1, 0.1, 0.1 };
	static const struct {
		const char *settings;
		double factor;
	} units[] = { { "above=0.2", 1 }, { "above=200", 1000 }, { "above=0.0002", 0.001 } };
	bool open[3][12];

	(void)state;
	for (size_t u = 0; u < 3; u++) {
		begin(units[u].settings, "tp");
		r.series[0].high = INFINITY;
		quiet(60, 0.1 * units[u].factor);
		for (size_t i = 0; i < 12; i++) {
			read(rise[i] * units[u].factor);
			open[u][i] = open_now() > 0;
		}
		river_close(&r);
	}
	assert_true(open[0][4] && !open[0][0] && !open[0][11]);
	assert_memory_equal(open[0], open[1], sizeof open[0]);
	assert_memory_equal(open[0], open[2], sizeof open[0]);
}

/* Values that stand still, vanish, or are beyond sense. */
static void odd_numbers_leave_it_sound(void **state)
{
	static const double odd[] = { 0, -1, NAN, INFINITY, 1e308, 1e-320 };

	(void)state;
	begin("", "tp");
	r.series[0].low = -INFINITY;
	r.series[0].high = INFINITY;
	for (size_t i = 0; i < 100; i++)
		read(0.01 + 1e-9 * (double)i); /* at the detection limit */
	assert_string_equal(r.story, "");
	for (size_t i = 0; i < 60; i++)
		read(odd[i % 6]);
	quiet(300, 0.1);
	assert_int_equal(open_now(), 0);
	for (double value = 0.11; value < 0.2; value *= 1.15)
		read(value);
	assert_int_equal(open_now(), 1);
	river_close(&r);
}

static void its_keys_must_make_sense(void **state)
{
	struct wq_err err;
	_Alignas(max_align_t) unsigned char settings[256];
	char text[64] = "near=0.95 close=0.9";

	(void)state;
	begin("", "tp");
	fake_settings(wq_rule_surge.options, settings, text);
	assert_int_equal(wq_rule_surge.check(settings, &r.site, NULL, &err), WQ_E_INVALID);
	assert_non_null(strstr(err.text, "near = 0.95 is beyond close = 0.9"));
	snprintf(text, sizeof text, "class=3");
	fake_settings(wq_rule_surge.options, settings, text);
	assert_int_equal(wq_rule_surge.check(settings, &r.site,
				 &wq_parameters[wq_parameter_find(wq_parameters, wq_parameter_count, "ph")], &err),
		WQ_E_INVALID);
	assert_non_null(strstr(err.text, "logarithm"));
	river_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_usual_raises_nothing),
		cmocka_unit_test(a_rise_is_told_before_the_limit),
		cmocka_unit_test(a_lone_outlier_raises_nothing),
		cmocka_unit_test(a_rise_far_from_the_limit_raises_nothing),
		cmocka_unit_test(two_readings_close_to_the_limit_raise_whatever_is_usual),
		cmocka_unit_test(oxygen_is_mirrored),
		cmocka_unit_test(a_level_that_stays_becomes_usual_after_the_timeout_only),
		cmocka_unit_test(what_comes_out_of_order_changes_nothing),
		cmocka_unit_test(the_unit_does_not_matter),
		cmocka_unit_test(odd_numbers_leave_it_sound),
		cmocka_unit_test(its_keys_must_make_sense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
