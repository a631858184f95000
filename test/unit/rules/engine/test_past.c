/* SPDX-License-Identifier: Apache-2.0 */
/* Closed days that rules look back on, and the day that is still open: who sees what, and when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "river.h"

#include "wq/option.h"

static struct river r;

static const struct river_station two[] = { { .id = "up", .name = "上游", .flows_into = 2 },
	{ .id = "down", .name = "下游" }, { 0 } };

/* A rule that only writes down what it sees. */
struct look_settings {
	int64_t days;
};

static const struct wq_option options[] = {
	{ .key = "days", .type = WQ_OPT_INTEGER, .fallback = "4", .offset = offsetof(struct look_settings, days) },
	WQ_OPTION_END,
};

static struct {
	size_t count, days_told;
	wq_day day[10], told;
	double mean[10];
	int valid[10], class_[10];
	struct wq_day_so_far today;
	bool open;
	uint32_t trigger, triggers;
} seen;

static size_t days_of(const void *settings)
{
	return (size_t)((const struct look_settings *)settings)->days;
}

static void look(const struct wq_view *view)
{
	uint32_t station = wq_view_station(view) ? (uint32_t)(wq_view_station(view) - wq_view_site(view)->stations) : 0;
	const struct wq_past_day *days = wq_view_days(view, station, &seen.count);

	for (size_t i = 0; i < seen.count && i < 10; i++) {
		seen.day[i] = days[i].day;
		seen.mean[i] = days[i].items[0].mean;
		seen.valid[i] = days[i].items[0].valid;
		seen.class_[i] = days[i].class_;
		assert_ptr_equal(wq_past_find(days, seen.count, days[i].day), &days[i]);
	}
	assert_null(wq_past_find(days, seen.count, 1));
}

static bool on_day(void *state, const void *settings, const struct wq_view *view, struct wq_verdict *out)
{
	(void)state, (void)settings, (void)out;
	look(view);
	seen.days_told++;
	seen.told = wq_view_day(view)->day;
	return false;
}

static bool on_batch(void *state, const void *settings, const struct wq_view *view, struct wq_verdict *out)
{
	wq_day day = wq_day_of(&wq_zone_china, wq_view_now(view));

	(void)state, (void)settings, (void)out;
	look(view);
	seen.open = wq_view_so_far(view, wq_view_place(view), day, &seen.today);
	seen.triggers++;
	return false;
}

static const struct wq_rule series_rule = { .name = "look",
	.scope = WQ_SCOPE_SERIES,
	.options = options,
	.settings_size = sizeof(struct look_settings),
	.days = days_of,
	.on_batch = on_batch,
	.on_day = on_day };
static const struct wq_rule station_rule = { .name = "look",
	.scope = WQ_SCOPE_STATION,
	.options = options,
	.settings_size = sizeof(struct look_settings),
	.days = days_of,
	.on_day = on_day };
static const struct wq_rule network_rule = { .name = "look",
	.scope = WQ_SCOPE_NETWORK,
	.options = options,
	.settings_size = sizeof(struct look_settings),
	.days = days_of,
	.on_day = on_day };
static const struct wq_rule upstream_rule = { .name = "look",
	.scope = WQ_SCOPE_SERIES,
	.options = options,
	.settings_size = sizeof(struct look_settings),
	.upstream = true,
	.on_batch = on_batch,
	.on_day = on_day };

static void begin(const struct wq_rule *rule, const char *settings)
{
	const struct river_rule rules[] = { { .rule = rule, .settings = settings }, { 0 } };

	memset(&seen, 0, sizeof seen);
	river_open(&r, two, "tp nh3n", rules);
	river_tick(&r, DAY0);
}

static wq_day day0(void)
{
	return wq_day_of(&wq_zone_china, DAY0);
}

static void play(int from, int to)
{
	for (int day = from; day < to; day++)
		river_day(&r, 0, day, (double[]){ 0.1 + 0.01 * day, 0.1 });
}

static void every_scope_sees_the_newest_closed_days_oldest_first(void **state)
{
	static const struct wq_rule *const rules[] = { &series_rule, &station_rule, &network_rule };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		begin(rules[i], "");
		play(0, 6);
		/* Series: two at each of two stations; station: each; network: told of both. */
		assert_int_equal(seen.days_told, i == 0 ? 24 : 12);
		/* The last to close is the station "down", the network looks at "up". */
		assert_int_equal(seen.count, 4);
		assert_int_equal(seen.told, day0() + 5);
		for (int k = 0; k < 4; k++) {
			assert_int_equal(seen.day[k], day0() + 2 + k);
			assert_true(fabs(seen.mean[k] - (i == 2 ? 0.12 + 0.01 * k : 0.1)) < 1e-12);
			assert_int_equal(seen.valid[k], 6);
		}
		river_close(&r);
	}
}

static void nobody_keeps_days_that_nobody_asked_for(void **state)
{
	bool items;

	(void)state;
	begin(&station_rule, "days=0");
	play(0, 3);
	assert_int_equal(seen.days_told, 6);
	assert_int_equal(seen.count, 0);
	wq_ms now = DAY0 + WQ_DAYS(3);
	assert_true(wq_engine_memory_days(r.engine, now, &items) == wq_engine_memory(r.engine, now));
	assert_false(items);
	river_close(&r);
	begin(&station_rule, "days=40");
	assert_true(wq_engine_memory_days(r.engine, now, &items) == now - WQ_DAYS(41));
	assert_true(items);
	river_close(&r);
}

static void the_open_day_shows_its_mean_so_far(void **state)
{
	(void)state;
	begin(&series_rule, "");
	river_read(&r, 1, 1, DAY0, 0.5);
	river_read(&r, 1, 1, DAY0 + WQ_HOURS(4), 0.8);
	assert_true(seen.open && !seen.today.closed);
	assert_true(seen.today.mean == 0.65);
	assert_int_equal(seen.today.valid, 2);
	assert_int_equal(seen.today.needed, 4);
	/* A reading withdrawn leaves it; a new day begins empty. */
	river_read_late(&r, 1, 1, DAY0 + WQ_HOURS(4), NAN, DAY0 + WQ_HOURS(5));
	river_read(&r, 1, 1, DAY0 + WQ_HOURS(8), 0.7);
	assert_true(seen.today.mean == 0.6);
	river_read(&r, 1, 1, DAY0 + WQ_DAYS(1), 0.9);
	assert_true(seen.today.mean == 0.9);
	assert_int_equal(seen.today.valid, 1);
	river_close(&r);
}

static void late_data_correct_what_rules_look_back_on(void **state)
{
	struct wq_sample samples[6];

	(void)state;
	begin(&series_rule, "");
	play(0, 5);
	/* Day 4 is still in memory: the window and the sums tell. */
	river_read_late(&r, 1, 0, DAY0 + WQ_DAYS(4) + WQ_HOURS(20), 0.7, DAY0 + WQ_DAYS(5) + WQ_HOURS(2));
	river_tick(&r, DAY0 + WQ_DAYS(5) + WQ_HOURS(2));
	river_read(&r, 1, 0, DAY0 + WQ_DAYS(5) + WQ_HOURS(4), 0.1);
	assert_int_equal(seen.count, 4);
	assert_true(fabs(seen.mean[3] - 0.2) < 1e-12);
	/* Day 1 is not: the store's answer tells, and no rule is called for it. */
	size_t told = seen.days_told;
	for (int i = 0; i < 6; i++)
		samples[i] = (struct wq_sample){ .series = 2,
			.quality = WQ_GOOD,
			.at = DAY0 + WQ_DAYS(1) + WQ_HOURS(i * 4),
			.value = 0.3 };
	wq_outcome_reset(&r.out);
	assert_int_equal(wq_engine_day(r.engine, 1, day0() + 1, samples, 6, 99, DAY0 + WQ_DAYS(5) + WQ_HOURS(5),
				 &r.out, NULL),
		0);
	assert_int_equal(seen.days_told, told);
	river_read(&r, 1, 0, DAY0 + WQ_DAYS(5) + WQ_HOURS(8), 0.1);
	assert_int_equal(seen.count, 4);
	assert_int_equal(seen.day[0], day0() + 1);
	assert_true(fabs(seen.mean[0] - 0.3) < 1e-12);
	/* A day older than all that is kept is not taken in. */
	assert_int_equal(wq_engine_day(r.engine, 1, day0(), samples, 6, 99, DAY0 + WQ_DAYS(5) + WQ_HOURS(9), &r.out,
				 NULL),
		0);
	river_read(&r, 1, 0, DAY0 + WQ_DAYS(5) + WQ_HOURS(12), 0.1);
	assert_int_equal(seen.day[0], day0() + 1);
	river_close(&r);
}

/* The station stays Class IV by ammonia, total phosphorus alone changes: rules of that item must hear of it. */
static void a_correction_of_one_item_is_told_as_a_change(void **state)
{
	(void)state;
	begin(&series_rule, "");
	for (int slot = 0; slot < 6; slot++) {
		wq_ms at = DAY0 + WQ_HOURS(4 * slot);
		river_read(&r, 1, 0, at, slot < 5 ? 0.19 : 0.2);
		river_read(&r, 1, 1, at, 1.2);
	}
	river_tick(&r, DAY0 + WQ_HOURS(25));
	size_t told = seen.days_told;
	/* 0.19 × 5 + 0.22 = 1.17: still within 0.2. */
	river_read_late(&r, 1, 0, DAY0 + WQ_HOURS(20), 0.22, DAY0 + WQ_HOURS(26));
	river_tick(&r, DAY0 + WQ_HOURS(26) + 1000);
	assert_int_equal(seen.days_told, told);
	river_read_late(&r, 1, 0, DAY0 + WQ_HOURS(20), 0.5, DAY0 + WQ_HOURS(27));
	river_tick(&r, DAY0 + WQ_HOURS(27) + 1000);
	assert_int_equal(seen.days_told, told + 2);
	river_close(&r);
}

static void a_restart_brings_the_days_back_and_gaps_stay_gaps(void **state)
{
	static const int days[] = { 0, 1, 3, 4, 6 };

	(void)state;
	begin(&series_rule, "");
	for (size_t i = 0; i < 5; i++) {
		struct wq_day_row row = { .station = 1,
			.parameter = WQ_NONE,
			.day = day0() + days[i],
			.revision = 1,
			.mean_raw = NAN,
			.class_ = 2,
			.verdict = WQ_DAY_MEETS };
		wq_engine_restore_day(r.engine, &row);
		row.parameter = r.series[0].parameter;
		row.mean_raw = days[i];
		row.valid = 5;
		wq_engine_restore_day(r.engine, &row);
	}
	river_read_late(&r, 1, 0, DAY0 + WQ_DAYS(7), 0.1, DAY0 + WQ_DAYS(7));
	static const int kept[] = { 1, 3, 4, 6 };
	assert_int_equal(seen.count, 4);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(seen.day[i], day0() + kept[i]);
		assert_true(seen.mean[i] == kept[i]);
		assert_int_equal(seen.valid[i], 5);
		assert_int_equal(seen.class_[i], 2);
	}
	river_close(&r);
}

static void days_that_have_not_come_are_forgotten_when_the_clock_is_set_back(void **state)
{
	(void)state;
	begin(&series_rule, "");
	play(0, 4);
	wq_ms now = DAY0 + WQ_DAYS(2) + WQ_HOURS(3);
	wq_engine_stepped(r.engine, now - (DAY0 + WQ_DAYS(4) + WQ_HOURS(1)), now);
	river_read(&r, 1, 0, now, 0.1);
	assert_int_equal(seen.count, 2);
	assert_int_equal(seen.day[1], day0() + 1);
	river_close(&r);
}

static void a_rule_that_looks_upstream_is_called_for_what_flows_to_it(void **state)
{
	(void)state;
	begin(&upstream_rule, "");
	river_read(&r, 1, 0, DAY0, 0.1); /* its own place */
	assert_int_equal(seen.triggers, 1);
	river_read(&r, 0, 0, DAY0 + WQ_HOURS(1), 0.1); /* the place upstream and the one downstream */
	assert_int_equal(seen.triggers, 3);
	/* The day of "up" is told to its own place only. */
	river_tick(&r, DAY0 + WQ_HOURS(25));
	assert_int_equal(seen.days_told, 4);
	river_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_scope_sees_the_newest_closed_days_oldest_first),
		cmocka_unit_test(nobody_keeps_days_that_nobody_asked_for),
		cmocka_unit_test(the_open_day_shows_its_mean_so_far),
		cmocka_unit_test(late_data_correct_what_rules_look_back_on),
		cmocka_unit_test(a_correction_of_one_item_is_told_as_a_change),
		cmocka_unit_test(a_restart_brings_the_days_back_and_gaps_stay_gaps),
		cmocka_unit_test(days_that_have_not_come_are_forgotten_when_the_clock_is_set_back),
		cmocka_unit_test(a_rule_that_looks_upstream_is_called_for_what_flows_to_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
