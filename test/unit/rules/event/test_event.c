/* SPDX-License-Identifier: Apache-2.0 */
/* Several parameters at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "river.h"

#include "wq/err.h"

#include "rule_settings.h"

extern const struct wq_rule wq_rule_event;

#define USUAL "channels=tp_0.001,nh3n_0.01,codmn_0.1 history=60 lag=2 floor=4 drift=4 cut=1.5 threshold=4"

static struct river r;
static wq_ms now;

static void begin(const char *settings)
{
	static const struct river_station one[] = { { .id = "a", .name = "甲桥" }, { 0 } };
	const struct river_rule rules[] = { { .rule = &wq_rule_event, .settings = settings }, { 0 } };

	river_open(&r, one, "tp nh3n codmn", rules);
	for (size_t i = 0; i < 3; i++)
		r.series[i].cycle = 0; /* of a probe an equal value is a new one */
	now = DAY0;
}

/* A minute; NaN: the channel gives nothing. */
static void minute(double tp, double nh3n, double codmn)
{
	const double values[] = { tp, nh3n, codmn };

	for (uint32_t i = 0; i < 3; i++)
		if (!isnan(values[i]))
			river_read(&r, 0, i, now, values[i]);
	now += WQ_MINUTES(1);
}

static void quiet(size_t count)
{
	for (size_t i = 0; i < count; i++)
		minute(0.1 + 0.001 * (double)(i % 3), 0.4 + 0.01 * (double)(i % 2), 3 + 0.1 * (double)(i % 4));
}

static size_t open_now(void)
{
	return river_alarms(&r, 0);
}

static void what_is_usual_raises_nothing(void **state)
{
	(void)state;
	begin(USUAL);
	quiet(300);
	assert_string_equal(r.story, "");
	river_close(&r);
}

/* 3 spreads in each of three channels are √27 = 5.2 together; each alone would be usual. */
static void small_deviations_of_several_make_an_event(void **state)
{
	(void)state;
	begin(USUAL);
	quiet(100);
	for (int i = 0; i < 8; i++)
		minute(0.101 + 3 * 0.004 + 0.001 * (i % 2), 0.4 + 3 * 0.04 + 0.01 * (i % 2), 3.1 + 3 * 0.4 + 0.1 * (i % 2));
	assert_int_equal(open_now(), 1);
	assert_non_null(strstr(r.story, "水质异常,主要贡献:"));
	quiet(3);
	assert_int_equal(open_now(), 0);
	river_close(&r);

	begin(USUAL);
	quiet(100);
	for (int i = 0; i < 30; i++)
		minute(0.101 + 3 * 0.004 + 0.001 * (i % 2), 0.4, 3.1);
	assert_string_equal(r.story, "");
	river_close(&r);
}

static void the_channel_that_deviates_most_is_named_first(void **state)
{
	(void)state;
	begin(USUAL);
	quiet(100);
	for (int i = 0; i < 5; i++)
		minute(0.101 - 0.004 * 2 - 0.001 * (i % 2), 1.2 + 0.01 * i, 3.1);
	assert_non_null(strstr(r.story, "水质异常,主要贡献:氨氮9"));
	assert_non_null(strstr(r.story, "%(偏高20倍)常态波动"));
	river_close(&r);
}

/* 20 and 15 spreads are 25 together: 16 and 9 parts of 25. */
static void it_says_what_the_score_is_made_of(void **state)
{
	(void)state;
	begin(USUAL);
	quiet(100);
	for (int i = 0; i < 5; i++)
		minute(0.101 - 15 * 0.004, 0.405 + 20 * 0.04, 3.15);
	assert_non_null(strstr(r.story, "水质异常,主要贡献:氨氮64%(偏高20倍)、总磷36%(偏低15倍)常态波动"));
	assert_float_equal(river_fact(&r, 0, "score"), 25, 0.2);
	assert_float_equal(river_fact(&r, 0, "channels"), 3, 0);
	assert_float_equal(river_fact(&r, 0, "first_channel"), 2, 0);
	assert_float_equal(river_fact(&r, 0, "first_share"), 0.64, 0.01);
	assert_float_equal(river_fact(&r, 0, "first_deviation"), 20, 0.2);
	assert_float_equal(river_fact(&r, 0, "second_channel"), 1, 0);
	assert_float_equal(river_fact(&r, 0, "second_share"), 0.36, 0.01);
	assert_float_equal(river_fact(&r, 0, "second_deviation"), -15, 0.2);
	assert_true(isnan(river_fact(&r, 0, "third_share")));
	river_close(&r);
}

static void a_latin_name_does_not_run_into_the_number(void **state)
{
	static const struct river_station one[] = { { .id = "a", .name = "甲桥" }, { 0 } };
	const struct river_rule rules[] = { { .rule = &wq_rule_event, .settings = "channels=ph_0.01 history=60" }, { 0 } };

	(void)state;
	river_open(&r, one, "ph", rules);
	now = DAY0;
	for (int i = 0; i < 110; i++, now += WQ_MINUTES(1))
		river_read(&r, 0, 0, now, (i < 100 ? 8 : 6) + 0.01 * (i % 3));
	assert_non_null(strstr(r.story, "主要贡献:pH 100%(偏低50倍)常态波动"));
	river_close(&r);
}

/* Six of eight are enough at 0.95, five are not; two usual minutes between do not matter. */
static void a_count_of_minutes_may_decide_in_place_of_the_sum(void **state)
{
	static const bool odd[][8] = {
		{ true, true, false, true, true, false, true, false },
		{ true, true, false, true, true, false, true, true },
	};

	(void)state;
	for (size_t k = 0; k < 2; k++) {
		begin(USUAL " by=count");
		quiet(100);
		for (int i = 0; i < 8; i++)
			minute(0.101, odd[k][i] ? 1.2 + 0.01 * i : 0.4 + 0.01 * (i % 2), 3.1);
		assert_int_equal(open_now(), k);
		if (k == 1)
			assert_float_equal(river_fact(&r, 0, "unusual"), 6, 0);
		river_close(&r);
	}
}

/* However far: `cut` makes it a matter of how long. */
static void a_single_minute_is_no_event(void **state)
{
	(void)state;
	begin(USUAL);
	quiet(100);
	minute(0.9, 9, 30);
	assert_int_equal(open_now(), 0);
	quiet(20);
	assert_string_equal(r.story, "");
	river_close(&r);
}

static void after_the_timeout_the_new_level_is_usual(void **state)
{
	(void)state;
	begin(USUAL " timeout=10m");
	quiet(100);
	for (int i = 0; i < 10; i++)
		minute(0.2 + 0.001 * (i % 3), 0.8 + 0.01 * (i % 2), 6 + 0.1 * (i % 4));
	assert_int_equal(open_now(), 1);
	for (int i = 0; i < 10; i++)
		minute(0.2 + 0.001 * (i % 3), 0.8 + 0.01 * (i % 2), 6 + 0.1 * (i % 4));
	assert_int_equal(open_now(), 0);
	for (int i = 0; i < 100; i++)
		minute(0.2 + 0.001 * (i % 3), 0.8 + 0.01 * (i % 2), 6 + 0.1 * (i % 4));
	assert_int_equal(open_now(), 0);
	for (int i = 0; i < 10; i++)
		minute(0.4 + 0.001 * i, 1.6 + 0.01 * i, 12 + 0.1 * i);
	assert_int_equal(open_now(), 1);
	river_close(&r);
}

static void a_channel_that_is_silent_does_not_hide_the_others(void **state)
{
	(void)state;
	begin(USUAL);
	quiet(100);
	for (int i = 0; i < 6; i++)
		minute(NAN, 0.9 + 0.01 * i, NAN);
	assert_int_equal(open_now(), 1);
	assert_non_null(strstr(r.story, "水质异常,主要贡献:氨氮100%(偏高"));
	river_close(&r);
}

static void samples_carry_the_score(void **state)
{
	(void)state;
	begin(USUAL);
	quiet(100);
	for (int i = 0; i < 6; i++) {
		struct wq_sample sample = { .series = 1, .at = now, .value = 0.9 + 0.01 * i, .quality = WQ_UNCHECKED };
		struct wq_batch batch = { .received = now, .trusted = true, .sequence = 5000 + (uint64_t)i, .count = 1,
			.samples = &sample };

		wq_outcome_reset(&r.out);
		assert_int_equal(wq_engine_batch(r.engine, &batch, &r.out, NULL), 0);
		assert_true(r.out.samples[0].score > 1);
		now += WQ_MINUTES(1);
	}
	assert_true(r.out.samples[0].event);
	river_close(&r);
}

static void its_channels_must_be_told_in_full(void **state)
{
	static const struct {
		const char *channels, *says;
	} table[] = {
		{ "channels=tp", "\"tp\" must be a parameter and the precision" },
		{ "channels=tp_0", "\"tp 0\" must be" },
		{ "channels=tp_x", "\"tp x\" must be" },
		{ "channels=tp_inf", "\"tp inf\" must be" },
		{ "channels=tq_0.1", "there is no parameter 'tq'" },
		{ "channels=tp_0.1,w21011_0.2", "'w21011' is listed twice" },
	};

	(void)state;
	begin(USUAL);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		_Alignas(max_align_t) unsigned char settings[256];
		struct wq_err err;
		char text[64];

		strcpy(text, table[i].channels);
		fake_settings(wq_rule_event.options, settings, text);
		assert_int_equal(wq_rule_event.check(settings, &r.site, NULL, &err), WQ_E_INVALID);
		assert_non_null(strstr(err.text, table[i].says));
	}
	river_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_usual_raises_nothing),
		cmocka_unit_test(small_deviations_of_several_make_an_event),
		cmocka_unit_test(the_channel_that_deviates_most_is_named_first),
		cmocka_unit_test(it_says_what_the_score_is_made_of),
		cmocka_unit_test(a_latin_name_does_not_run_into_the_number),
		cmocka_unit_test(a_count_of_minutes_may_decide_in_place_of_the_sum),
		cmocka_unit_test(a_single_minute_is_no_event),
		cmocka_unit_test(after_the_timeout_the_new_level_is_usual),
		cmocka_unit_test(a_channel_that_is_silent_does_not_hide_the_others),
		cmocka_unit_test(samples_carry_the_score),
		cmocka_unit_test(its_channels_must_be_told_in_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
