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
		cmocka_unit_test(a_single_minute_is_no_event),
		cmocka_unit_test(after_the_timeout_the_new_level_is_usual),
		cmocka_unit_test(a_channel_that_is_silent_does_not_hide_the_others),
		cmocka_unit_test(samples_carry_the_score),
		cmocka_unit_test(its_channels_must_be_told_in_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
