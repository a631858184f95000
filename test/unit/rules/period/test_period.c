/* SPDX-License-Identifier: Apache-2.0 */
/* One station over a period, groups of them, and the days that a CSV's readings make. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wq/period.h"

#include <math.h>
#include <string.h>

/* ph do codmn nh3n tp temp chla tn at one station, a 4 h cycle. */
enum { PH, DO, CODMN, NH3N, TP, TEMP, CHLA, TN, ITEMS };
static const char *const aliases[ITEMS] = { "ph", "do", "codmn", "nh3n", "tp", "temp", "chla",
	"tn" };

/* A week, Monday 2026-03-02 to Sunday. */
#define MONDAY 20514

static struct wq_series series[ITEMS];
static struct wq_station station;
static struct wq_site site;
static struct wq_period_work work;
static struct wq_period_report report;
static struct wq_period period;

static int set_up(void **state)
{
	(void)state;
	memset(series, 0, sizeof series);
	for (uint32_t i = 0; i < ITEMS; i++)
		series[i] =
		        (struct wq_series){ .parameter = (uint32_t)wq_parameter_find(
			                            wq_parameters, wq_parameter_count, aliases[i]),
			        .cycle = WQ_HOURS(4),
			        .interval = WQ_HOURS(4),
			        .low = -10,
			        .high = 1000 };
	station = (struct wq_station){
		.id = "a", .name = "甲", .target = 3, .zone = &wq_zone_china, .series_count = ITEMS
	};
	site = (struct wq_site){ .name = "site",
		.zone = &wq_zone_china,
		.standard = &wq_gb3838,
		.evaluation = { .minimum_valid = 4,
		        .minimum_share = 0.6,
		        .period = { .share = 0.6,
		                .pollutants = 3,
		                .some = 10,
		                .marked = 20,
		                .grades = { "优", "良好", "轻度污染", "中度污染", "重度污染" } } },
		.parameters = wq_parameters,
		.parameter_count = wq_parameter_count,
		.stations = &station,
		.station_count = 1,
		.series = series,
		.series_count = ITEMS };
	period = wq_period_of(WQ_PERIOD_WEEK, MONDAY);
	wq_period_open(&work, &site, 0, &period, MONDAY + 6);
	return 0;
}

static void add(int item, int day, double mean, int valid)
{
	const struct wq_day_row row = { .parameter = series[item].parameter,
		.day = MONDAY + day,
		.mean = mean,
		.mean_raw = mean,
		.valid = valid,
		.expected = 6 };

	wq_period_add(&work, &row);
}

/* Every day of the week, the same means: pH DO CODMn NH3-N TP, temperature, chlorophyll, TN. */
static void fill(const double values[ITEMS], int days)
{
	for (int d = 0; d < days; d++)
		for (int i = 0; i < ITEMS; i++)
			if (!isnan(values[i]))
				add(i, d, values[i], 6);
}

static void close_period(void)
{
	wq_period_close(&work, &report);
}

static const struct wq_period_item *item(int index)
{
	return &report.items[index];
}

#define NONE ((double)NAN)
static const double fine[ITEMS] = { 7.5, 8, 3, 0.3, 0.08, 20, NONE, NONE };

static void the_worst_item_decides_and_is_named(void **state)
{
	const double values[ITEMS] = { 7.5, 8, 3, 0.3, 0.26, 20, NONE, NONE };
	char text[WQ_PERIOD_SAYS];

	(void)state;
	fill(values, 7);
	close_period();
	assert_int_equal(report.class_, 4);
	assert_int_equal(report.verdict, WQ_DAY_EXCEEDS);
	assert_int_equal(report.determining, 1U << 4);
	assert_string_equal(wq_period_items(&site, report.determining, text), "总磷");
	assert_string_equal(wq_period_pollutants(&site, &report, text), "总磷(0.3)");
	assert_string_equal(wq_period_reason(&site, &report, text), "");
	assert_string_equal(wq_grade_name(&site.evaluation.period, report.class_), "轻度污染");
	assert_int_equal(report.days, 7);
	assert_int_equal(report.days_expected, 7);
	assert_int_equal(item(TP)->readings, 42);
	assert_int_equal(item(TP)->readings_expected, 42);
}

static void a_section_at_class_iii_has_no_main_pollutant(void **state)
{
	const double values[ITEMS] = { 7.5, 5, 6, 1, 0.2, 20, NONE, NONE };
	char text[WQ_PERIOD_SAYS];

	(void)state;
	fill(values, 7);
	close_period();
	assert_int_equal(report.class_, 3);
	assert_int_equal(report.verdict, WQ_DAY_MEETS);
	assert_int_equal(report.pollutant_count, 0);
	assert_string_equal(wq_period_items(&site, report.determining, text),
	        "溶解氧、高锰酸盐指数、氨氮、总磷");
}

static void main_pollutants_go_by_class_then_by_multiple_and_are_three(void **state)
{
	/* CODMn 9 = IV 0.5, NH3-N 1.9 = V 0.9, TP 0.35 = V 0.75, DO 2.5 = V without a multiple, pH
	 * bad = 劣V */
	const double values[ITEMS] = { 9.6, 2.5, 9, 1.9, 0.35, 20, NONE, NONE };
	char text[WQ_PERIOD_SAYS];

	(void)state;
	fill(values, 7);
	close_period();
	assert_int_equal(report.class_, 6);
	assert_string_equal(
	        wq_period_pollutants(&site, &report, text), "pH、氨氮(0.9)、总磷(0.75)");
	site.evaluation.period.pollutants = 9;
	close_period();
	assert_string_equal(wq_period_pollutants(&site, &report, text),
	        "pH、氨氮(0.9)、总磷(0.75)、溶解氧、高锰酸盐指数(0.5)");
	site.evaluation.period.pollutants = 0;
	close_period();
	assert_string_equal(wq_period_pollutants(&site, &report, text), "");
}

static void a_missing_item_is_named_and_withholds_the_class(void **state)
{
	const double values[ITEMS] = { 7.5, 8, 3, NONE, 0.08, 20, NONE, NONE };
	char text[WQ_PERIOD_SAYS];

	(void)state;
	fill(values, 7);
	add(NH3N, 0, 0.3, 6);
	add(NH3N, 1, NONE, 2); /* too few readings that day */
	close_period();
	assert_int_equal(report.class_, WQ_CLASS_NONE);
	assert_int_equal(report.verdict, WQ_DAY_NOT_ASSESSABLE);
	assert_int_equal(report.lacking, 1U << 3);
	assert_int_equal(report.days, 1);
	assert_string_equal(wq_period_reason(&site, &report, text), "有效天数不足:氨氮(1/7)");
	assert_int_equal(item(NH3N)->readings, 8);
	assert_true(isnan(item(NH3N)->mean));
}

static void a_known_exceedance_is_told_although_an_item_is_missing(void **state)
{
	const double values[ITEMS] = { 7.5, 8, 3, NONE, 0.28, 20, NONE, NONE };
	char text[WQ_PERIOD_SAYS];

	(void)state;
	fill(values, 7);
	close_period();
	assert_int_equal(report.class_, 4);
	assert_int_equal(report.verdict, WQ_DAY_EXCEEDS);
	assert_string_equal(wq_period_reason(&site, &report, text), "有效天数不足:氨氮(0/7)");
}

/* Class III with ammonia missing could be worse; what is worse than III is so whatever is missing. */
static void a_section_with_a_missing_item_is_never_counted_as_class_iii_or_better(void **state)
{
	const double third[ITEMS] = { 7.5, 8, 3, NONE, 0.18, 20, NONE, NONE };
	const double fourth[ITEMS] = { 7.5, 8, 3, NONE, 0.28, 20, NONE, NONE };

	(void)state;
	station.target = 2;
	fill(third, 7);
	close_period();
	assert_int_equal(report.verdict, WQ_DAY_EXCEEDS);
	assert_int_equal(report.class_, 3);
	assert_int_equal(wq_period_counted(&report), WQ_CLASS_NONE);
	set_up(NULL);
	fill(fourth, 7);
	close_period();
	assert_int_equal(wq_period_counted(&report), 4);
	set_up(NULL);
	fill(fine, 7);
	close_period();
	assert_int_equal(wq_period_counted(&report), 2);
}

static void an_item_that_is_not_measured_is_named_and_withholds_nothing(void **state)
{
	char text[WQ_PERIOD_SAYS];

	(void)state;
	fill(fine, 7);
	wq_period_unmeasured(&work, series[CODMN].parameter);
	close_period();
	assert_int_equal(report.class_, 2);
	assert_int_equal(report.unmeasured, 1U << 2);
	assert_string_equal(wq_period_reason(&site, &report, text), "未监测:高锰酸盐指数");
	assert_int_equal(report.count, ITEMS - 1);
}

static void nothing_at_all_is_not_assessable(void **state)
{
	char text[WQ_PERIOD_SAYS];

	(void)state;
	close_period();
	assert_int_equal(report.class_, WQ_CLASS_NONE);
	assert_int_equal(report.verdict, WQ_DAY_NOT_ASSESSABLE);
	assert_string_equal(wq_period_reason(&site, &report, text),
	        "有效天数不足:pH(0/7)、溶解氧(0/7)、高锰酸盐指数(0/7)、氨氮(0/7)、总磷(0/7)");
}

static void a_period_that_has_not_begun_says_so(void **state)
{
	char text[WQ_PERIOD_SAYS];

	(void)state;
	wq_period_open(&work, &site, 0, &period, MONDAY - 1);
	close_period();
	assert_int_equal(report.days_expected, 0);
	assert_string_equal(wq_period_reason(&site, &report, text), "尚未结束");
}

static void a_share_of_the_days_over_is_needed(void **state)
{
	static const struct {
		int until, days;
		double share;
		int class_;
	} rows[] = {
		{ 6, 5, 0.6, 2 }, /* ceil(0.6 × 7) = 5 */
		{ 6, 4, 0.6, 0 },
		{ 6, 1, 0, 2 },
		{ 6, 0, 0, 0 },
		{ 4, 3, 0.6, 2 }, /* five days are over */
		{ 4, 2, 0.6, 0 },
		{ 6, 7, 1, 2 },
		{ 6, 6, 1, 0 },
		{ 0, 1, 1, 2 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		site.evaluation.period.share = rows[i].share;
		wq_period_open(&work, &site, 0, &period, MONDAY + rows[i].until);
		fill(fine, rows[i].days);
		close_period();
		assert_int_equal(report.class_, rows[i].class_);
		assert_int_equal(report.days_expected, rows[i].until + 1);
	}
}

static void the_mean_is_that_of_daily_means_before_rounding(void **state)
{
	(void)state;
	site.evaluation.period.share = 0;
	/* Rounded each, the days would give (0.21 + 0.20) / 2; their means before rounding give
	 * 0.2. */
	for (int d = 0; d < 2; d++) {
		const struct wq_day_row row = { .parameter = series[TP].parameter,
			.day = MONDAY + d,
			.mean = d == 0 ? 0.201 : 0.2,
			.mean_raw = d == 0 ? 0.2009 : 0.1995,
			.valid = d == 0 ? 6 : 2 };

		wq_period_add(&work, &row);
	}
	close_period();
	assert_true(item(TP)->mean_raw == 0.2002);
	assert_true(item(TP)->mean == 0.2);
	site.evaluation.period.by_readings = true;
	close_period();
	assert_true(fabs(item(TP)->mean_raw - (6 * 0.2009 + 2 * 0.1995) / 8) < 1e-12);
	assert_true(item(TP)->mean == 0.201);
}

static void the_mean_of_ph_is_over_hydrogen_ions(void **state)
{
	(void)state;
	site.evaluation.period.share = 0;
	add(PH, 0, 6, 6);
	add(PH, 1, 8, 2);
	close_period();
	assert_true(fabs(item(PH)->mean_raw - 6.2967086) < 1e-6); /* -log10((1e-6 + 1e-8) / 2) */
	assert_true(item(PH)->mean == 6);
	site.evaluation.period.by_readings = true;
	close_period();
	assert_true(fabs(item(PH)->mean_raw + log10((6e-6 + 2e-8) / 8)) < 1e-9);
}

static void ties_of_the_mean_are_rounded_half_to_even(void **state)
{
	static const struct {
		double a, b, mean;
	} rows[] = {
		{ 0.2, 0.201, 0.2 },        /* 0.2005 */
		{ 0.201, 0.202, 0.202 },    /* 0.2015 */
		{ 0.0001, 0.0008, 0.0004 }, /* 0.00045: one digit, to even */
		{ 0, 0, 0 },
	};

	(void)state;
	site.evaluation.period.share = 0;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		wq_period_open(&work, &site, 0, &period, MONDAY + 6);
		add(TP, 0, rows[i].a, 6);
		add(TP, 1, rows[i].b, 6);
		close_period();
		assert_true(item(TP)->mean == rows[i].mean);
	}
}

static void rows_of_other_days_and_stations_are_passed_over(void **state)
{
	struct wq_day_row row = { .parameter = series[TP].parameter,
		.day = MONDAY,
		.mean = 9,
		.mean_raw = 9,
		.valid = 6 };

	(void)state;
	row.station = 1;
	wq_period_add(&work, &row);
	row.station = 0;
	row.parameter = WQ_NONE;
	wq_period_add(&work, &row);
	row.parameter = series[TP].parameter;
	row.day = MONDAY - 1;
	wq_period_add(&work, &row);
	row.day = MONDAY + 7;
	wq_period_add(&work, &row);
	close_period();
	assert_int_equal(item(TP)->days, 0);
	assert_int_equal(item(TP)->readings, 0);
}

static void a_day_is_judged_by_its_own_row(void **state)
{
	const struct wq_day_row row = { .parameter = series[TP].parameter,
		.day = MONDAY,
		.mean = 0.2,
		.mean_raw = 0.2004,
		.valid = 5,
		.below = 1 };

	(void)state;
	period = wq_period_of(WQ_PERIOD_DAY, MONDAY);
	wq_period_open(&work, &site, 0, &period, MONDAY);
	wq_period_add(&work, &row);
	close_period();
	assert_true(item(TP)->mean == 0.2);
	assert_int_equal(item(TP)->class_, 3);
	assert_int_equal(item(TP)->below, 1);
	assert_int_equal(item(TP)->readings_expected, 6);
	site.evaluation.daily_raw = true;
	close_period();
	assert_int_equal(item(TP)->class_, 4);
}

static void a_day_says_how_many_readings_it_lacks(void **state)
{
	char text[WQ_PERIOD_SAYS];

	(void)state;
	period = wq_period_of(WQ_PERIOD_DAY, MONDAY);
	wq_period_open(&work, &site, 0, &period, MONDAY);
	add(TP, 0, NONE, 3);
	close_period();
	assert_string_equal(wq_period_reason(&site, &report, text),
	        "有效数据不足:pH(0/6)、溶解氧(0/6)、高锰酸盐指数(0/6)、氨氮(0/6)、总磷(3/6)");
}

static void supplementary_items_meet_or_exceed_and_have_no_class(void **state)
{
	(void)state;
	series[TEMP].parameter =
	        (uint32_t)wq_parameter_find(wq_parameters, wq_parameter_count, "fe");
	station.kind = WQ_SOURCE_CENTRAL;
	fill(fine, 7);
	close_period();
	assert_int_equal(item(TEMP)->verdict, WQ_DAY_EXCEEDS);
	assert_int_equal(item(TEMP)->class_, WQ_CLASS_NONE);
	assert_false(item(TEMP)->evaluated);
	assert_int_equal(report.class_, 2);
	station.kind = WQ_NATIONAL;
	close_period();
	assert_int_equal(item(TEMP)->verdict, WQ_DAY_NOT_ASSESSABLE);
}

static void oxygen_saturation_needs_a_temperature(void **state)
{
	(void)state;
	fill(fine, 7);
	close_period();
	/* 468 / (31.6 + 20) = 9.0698 mg/L */
	assert_true(fabs(report.saturation - 88.205128) < 1e-5);
	wq_period_unmeasured(&work, series[TEMP].parameter);
	close_period();
	assert_true(isnan(report.saturation));
}

static void the_trophic_index_is_that_of_its_formulas(void **state)
{
	/* Each term by hand: chla 10 mg/m3 → 50.006, TP 0.05 → 45.709, TN 1.0 → 54.53, SD 1.0
	 * → 51.18, CODMn 4 → 37.979; weighted 47.98. */
	struct wq_trophic inputs = { .chlorophyll = 10,
		.phosphorus = 0.05,
		.nitrogen = 1.0,
		.transparency = 1.0,
		.permanganate = 4 };
	bool whole = false;
	double index = wq_trophic_index(&inputs, &whole);

	(void)state;
	assert_true(whole);
	assert_true(fabs(index -
	                    (0.2663 * 50.00607 + 0.1879 * 45.70893 + 0.1790 * 54.53 +
	                            0.1834 * 51.18 + 0.1834 * 37.97929)) < 1e-3);
	inputs.transparency = NONE;
	index = wq_trophic_index(&inputs, &whole);
	assert_false(whole);
	assert_true(fabs(index -
	                    (0.2663 * 50.00607 + 0.1879 * 45.70893 + 0.1790 * 54.53 +
	                            0.1834 * 37.97929) /
	                            0.8166) < 1e-3);
	inputs.phosphorus = 0;
	assert_true(isnan(wq_trophic_index(&inputs, &whole)));
	inputs.phosphorus = NONE;
	assert_true(isnan(wq_trophic_index(&inputs, &whole)));
	assert_string_equal(wq_trophic_name(29.99), "贫营养");
	assert_string_equal(wq_trophic_name(30), "中营养");
	assert_string_equal(wq_trophic_name(50), "中营养");
	assert_string_equal(wq_trophic_name(50.01), "轻度富营养");
	assert_string_equal(wq_trophic_name(60.01), "中度富营养");
	assert_string_equal(wq_trophic_name(70.01), "重度富营养");
	assert_string_equal(wq_trophic_name(NONE), "");
}

static void a_lake_has_a_trophic_index_and_a_river_has_none(void **state)
{
	const double values[ITEMS] = { 7.5, 8, 4, 0.3, 0.05, 20, 0.010, 1.0 };

	(void)state;
	fill(values, 7);
	close_period();
	assert_true(isnan(report.trophic));
	station.water = WQ_LAKE;
	close_period();
	assert_true(
	        report.trophic > 46 && report.trophic < 48); /* chlorophyll is 10 mg/m3, not 0.01 */
	assert_false(report.trophic_whole);
}

static void changes_of_class_have_words(void **state)
{
	static const struct {
		int before, after;
		const char *word;
	} rows[] = {
		{ 3, 3, "无明显变化" },
		{ 1, 2, "无明显变化" },
		{ 2, 1, "无明显变化" },
		{ 3, 2, "有所好转" },
		{ 4, 3, "有所好转" },
		{ 4, 2, "明显好转" },
		{ 6, 1, "明显好转" },
		{ 2, 3, "有所下降" },
		{ 3, 5, "明显下降" },
		{ 5, 6, "有所下降" },
		{ 0, 3, "" },
		{ 3, 0, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_string_equal(wq_class_change(rows[i].before, rows[i].after), rows[i].word);
}

static struct wq_group group_of(const char *classes)
{
	struct wq_group group = { 0 };
	const struct wq_station normal = { 0 };

	for (; *classes != '\0'; classes++)
		wq_group_add(&group, &normal, *classes - '0');
	return group;
}

static void a_share_is_of_the_assessable_sections_and_never_of_those_in_commissioning(void **state)
{
	struct wq_group group = group_of("1234560000");
	const struct wq_station commissioning = { .commissioning = true };

	(void)state;
	wq_group_add(&group, &commissioning, 2);
	assert_int_equal(group.sections, 10);
	assert_int_equal(group.assessable, 6);
	assert_int_equal(group.commissioning, 1);
	assert_true(wq_group_good(&group) == 50);
	assert_true(fabs(wq_group_worst(&group) - 100.0 / 6) < 1e-12);
	group = group_of("00");
	assert_true(isnan(wq_group_good(&group)));
}

static void a_group_changes_by_what_its_shares_do(void **state)
{
	static const struct {
		const char *before, *after, *word;
		double points;
	} rows[] = {
		{ "3333333333", "3333333333", "无明显变化", 0 },
		{ "3333333334", "3333333333", "无明显变化", 10 }, /* the threshold itself is none */
		{ "3333333344", "3333333333", "有所好转", 20 },
		{ "3333333444", "3333333333", "明显好转", 30 },
		{ "3333333333", "3333333336", "有所下降", -20 }, /* ΔG −10, ΔD +10 */
		{ "3333333333", "3333333366", "明显下降", -40 },
		{ "3333333333", "00", "", NAN },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct wq_group before = group_of(rows[i].before),
		                      after = group_of(rows[i].after);
		double points;

		assert_string_equal(
		        wq_group_change(&site.evaluation.period, &before, &after, &points),
		        rows[i].word);
		assert_true(isnan(rows[i].points) ? isnan(points)
		                                  : fabs(points - rows[i].points) < 1e-9);
	}
}

/* -- days from readings -- */

#define AT(hour) (WQ_DAYS(MONDAY) - WQ_HOURS(8) + WQ_HOURS(hour))

static void readings_make_the_day_that_the_engine_would(void **state)
{
	struct wq_day_sum sum = { 0 };
	struct wq_day_row row;

	(void)state;
	assert_false(wq_day_end(&site, TP, &sum, &row));
	for (int i = 0; i < 6; i++)
		assert_true(wq_day_take(&site, TP, &sum, AT(4 * i), 0.1 + 0.01 * i, false));
	assert_true(wq_day_turns(&site, TP, &sum, AT(24)));
	assert_false(wq_day_turns(&site, TP, &sum, AT(24) - 1));
	assert_false(wq_day_take(&site, TP, &sum, AT(24), 1, false)); /* the open day first */
	assert_true(wq_day_end(&site, TP, &sum, &row));
	assert_int_equal(row.day, MONDAY);
	assert_int_equal(row.valid, 6);
	assert_int_equal(row.expected, 6);
	assert_true(row.mean_raw == 0.125 && row.mean == 0.125);
	assert_true(wq_day_take(&site, TP, &sum, AT(24), 1, false));
	assert_false(wq_day_take(&site, TP, &sum, AT(20), 1, false)); /* goes back */
	assert_true(wq_day_end(&site, TP, &sum, &row));
	assert_int_equal(row.valid, 1);
	assert_true(isnan(row.mean)); /* one of six */
}

static void a_held_analysis_counts_once_and_a_second_value_for_an_instant_replaces_the_first(
        void **state)
{
	struct wq_day_sum sum = { 0 };
	struct wq_day_row row;

	(void)state;
	site.evaluation.minimum_share = 0.1;
	wq_day_take(&site, TP, &sum, AT(0), 0.1, false);
	wq_day_take(&site, TP, &sum, AT(1), 0.1, false); /* within the cycle of 4 h */
	wq_day_take(&site, TP, &sum, AT(3), 0.1, false);
	wq_day_take(&site, TP, &sum, AT(4), 0.1, false);
	wq_day_take(&site, TP, &sum, AT(8), 0.9, false);
	wq_day_take(&site, TP, &sum, AT(8), 0.4, false);
	wq_day_take(&site, TP, &sum, AT(8), 0.4, false);
	assert_true(wq_day_end(&site, TP, &sum, &row));
	assert_int_equal(row.valid, 3);
	assert_true(row.mean_raw == 0.2);
}

static void less_than_a_value_counts_as_half_of_it(void **state)
{
	struct wq_day_sum sum = { 0 };
	struct wq_day_row row;

	(void)state;
	series[TP].detection = 0.02;
	site.evaluation.minimum_share = 0.1;
	wq_day_take(&site, TP, &sum, AT(0), 0.04, true);   /* "<0.04": 0.02 */
	wq_day_take(&site, TP, &sum, AT(4), 0.003, false); /* below the limit: 0.01 */
	wq_day_take(&site, TP, &sum, AT(8), 0.03, false);
	assert_true(wq_day_end(&site, TP, &sum, &row));
	assert_int_equal(row.below, 2);
	assert_true(row.mean_raw == 0.02);
}

#define period_test(f) cmocka_unit_test_setup(f, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		period_test(the_worst_item_decides_and_is_named),
		period_test(a_section_at_class_iii_has_no_main_pollutant),
		period_test(main_pollutants_go_by_class_then_by_multiple_and_are_three),
		period_test(a_missing_item_is_named_and_withholds_the_class),
		period_test(a_known_exceedance_is_told_although_an_item_is_missing),
		period_test(a_section_with_a_missing_item_is_never_counted_as_class_iii_or_better),
		period_test(an_item_that_is_not_measured_is_named_and_withholds_nothing),
		period_test(nothing_at_all_is_not_assessable),
		period_test(a_period_that_has_not_begun_says_so),
		period_test(a_share_of_the_days_over_is_needed),
		period_test(the_mean_is_that_of_daily_means_before_rounding),
		period_test(the_mean_of_ph_is_over_hydrogen_ions),
		period_test(ties_of_the_mean_are_rounded_half_to_even),
		period_test(rows_of_other_days_and_stations_are_passed_over),
		period_test(a_day_is_judged_by_its_own_row),
		period_test(a_day_says_how_many_readings_it_lacks),
		period_test(supplementary_items_meet_or_exceed_and_have_no_class),
		period_test(oxygen_saturation_needs_a_temperature),
		period_test(the_trophic_index_is_that_of_its_formulas),
		period_test(a_lake_has_a_trophic_index_and_a_river_has_none),
		period_test(changes_of_class_have_words),
		period_test(
		        a_share_is_of_the_assessable_sections_and_never_of_those_in_commissioning),
		period_test(a_group_changes_by_what_its_shares_do),
		period_test(readings_make_the_day_that_the_engine_would),
		period_test(
		        a_held_analysis_counts_once_and_a_second_value_for_an_instant_replaces_the_first),
		period_test(less_than_a_value_counts_as_half_of_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
