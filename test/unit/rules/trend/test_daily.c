/* SPDX-License-Identifier: Apache-2.0 */
/* The daily rule: what it says of the report of a closed day. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "view.h"

#include "wq/decimal.h"
#include "wq/err.h"
#include "wq/standard.h"

extern const struct wq_rule wq_rule_daily;

#define DAY 18953 /* 2021-11-22 */

static struct fake_rule f;
static struct wq_day_report report;

static void open_rule(const char *settings, const char *parameters)
{
	fake_rule_open(&f, &wq_rule_daily, settings, WQ_RIVER, parameters);
	assert_int_equal(fake_rule_check(&f, NULL), 0);
	memset(&report, 0, sizeof report);
	report.day = DAY;
	report.count = 1;
	report.rows[0] = (struct wq_day_row){
		.parameter = WQ_NONE, .day = DAY, .mean = NAN, .mean_raw = NAN, .exceedance = NAN
	};
}

/* A row as the engine makes them; valid 0: not assessable. */
static void add_row(const char *name, double mean, double mean_raw, int valid)
{
	int parameter = wq_parameter_find(wq_parameters, wq_parameter_count, name);
	const char *code = wq_parameters[parameter].code;
	const struct wq_standard_row *limits = 
	        wq_standard_find(&wq_gb3838, code, WQ_RIVER, false);
	struct wq_day_row *row = &report.rows[report.count++];

	*row = (struct wq_day_row){ .parameter = (uint32_t)parameter,
		.day = DAY,
		.mean = NAN,
		.mean_raw = NAN,
		.valid = valid < 0 ? -valid : valid,
		.expected = 6,
		.exceedance = NAN };
	for (unsigned i = 0; valid < 0 && i < WQ_EVALUATED; i++)
		if (strcmp(wq_evaluated_codes[i], code) == 0)
			report.lacking |= 1u << i;
	if (valid < 0)
		return;
	row->mean = mean;
	row->mean_raw = mean_raw;
	row->class_ = wq_standard_class(limits, mean);
	row->verdict = wq_standard_exceeds(limits, 3, mean) ? WQ_DAY_EXCEEDS : WQ_DAY_MEETS;
	row->exceedance = wq_standard_exceedance(limits, 3, mean);
}

static void judge_whole(int class_, unsigned determining, enum wq_day_verdict verdict)
{
	report.rows[0].class_ = class_;
	report.rows[0].verdict = verdict;
	report.determining = determining;
}

static void a_day_worse_than_the_target_names_its_determining_item(void **state)
{
	(void)state;
	open_rule("", "tp nh3n");
	add_row("tp", 0.213, 0.2129, 6);
	add_row("nh3n", 0.5, 0.5, 6);
	judge_whole(4, 1u << 4, WQ_DAY_EXCEEDS);
	assert_true(fake_rule_day(&f, &report));
	assert_int_equal(f.said.finding, WQ_FINDING_RAISE);
	assert_int_equal(f.said.level, WQ_LEVEL_WARNING);
	assert_string_equal(
	        f.said.says, "11月22日水质Ⅳ类,定类因子:总磷日均0.213mg/L,超Ⅲ类限值(0.2)0.06倍"
	                     ";未监测:pH、溶解氧、高锰酸盐指数");
	assert_int_equal(f.said.series, WQ_NONE);
	assert_true(f.said.value == 4 && f.said.limit == 3);
	assert_true(f.said.at == wq_day_start(&wq_zone_china, DAY + 1));
}

static void several_determining_items_and_lacking_ones_are_all_named(void **state)
{
	(void)state;
	open_rule("level=alarm", "do tp nh3n codmn");
	add_row("do", 2.5, 2.51, 6);
	add_row("tp", 0.35, 0.3501, 6);
	add_row("nh3n", NAN, NAN, -2);
	add_row("codmn", NAN, NAN, -1);
	judge_whole(5, 1u << 1 | 1u << 4, WQ_DAY_EXCEEDS);
	assert_true(fake_rule_day(&f, &report));
	assert_int_equal(f.said.level, WQ_LEVEL_ALARM);
	assert_string_equal(f.said.says,
	        "11月22日水质Ⅴ类,定类因子:溶解氧日均2.5mg/L,低于Ⅲ类限值(5);"
	        "总磷日均0.35mg/L,超Ⅲ类限值(0.2)0.75倍;有效数据不足:高锰酸盐指数、氨氮;未监测:pH");
}

static void a_day_that_meets_clears(void **state)
{
	(void)state;
	open_rule("", "tp");
	add_row("tp", 0.2, 0.2, 6);
	judge_whole(3, 1u << 4, WQ_DAY_MEETS);
	assert_true(fake_rule_day(&f, &report));
	assert_int_equal(f.said.finding, WQ_FINDING_CLEAR);
	assert_string_equal(f.said.says, "11月22日水质Ⅲ类,达标(目标Ⅲ类);未监测:pH、溶解氧、高锰酸盐指数、氨氮");
}

static void a_day_that_is_not_assessable_is_never_all_clear(void **state)
{
	(void)state;
	open_rule("", "tp");
	add_row("tp", NAN, NAN, -2);
	judge_whole(0, 0, WQ_DAY_NOT_ASSESSABLE);
	assert_true(fake_rule_day(&f, &report));
	assert_int_equal(f.said.finding, WQ_FINDING_UNKNOWN);
	assert_string_equal(f.said.says, "11月22日水质不可评价,有效数据不足:总磷");
	assert_true(isnan(f.said.value));
}

static void one_item_is_judged_by_its_mean(void **state)
{
	(void)state;
	open_rule("item=tp", "nh3n tp");
	add_row("nh3n", 3, 3, 6);
	add_row("tp", 0.25, 0.2499, 5);
	judge_whole(6, 1u << 3, WQ_DAY_EXCEEDS);
	assert_true(fake_rule_day(&f, &report));
	assert_int_equal(f.said.finding, WQ_FINDING_RAISE);
	assert_int_equal(f.said.series, 1);
	assert_true(f.said.value == 0.25 && f.said.limit == 0.2);
	assert_true(fake_rule_fact(&f, "valid") == 5);
	assert_true(fake_rule_fact(&f, "class") == 4);
	assert_string_equal(f.said.says, "11月22日总磷日均0.25mg/L,超Ⅲ类限值(0.2)0.25倍");
}

static void one_item_that_meets_clears_and_one_without_a_mean_is_unknown(void **state)
{
	(void)state;
	open_rule("item=TP", "tp");
	add_row("tp", 0.2, 0.2, 6);
	assert_true(fake_rule_day(&f, &report));
	assert_int_equal(f.said.finding, WQ_FINDING_CLEAR);
	assert_string_equal(f.said.says, "11月22日总磷日均0.2mg/L,达标");
	open_rule("item=tp", "tp");
	add_row("tp", NAN, NAN, -2);
	assert_true(fake_rule_day(&f, &report));
	assert_int_equal(f.said.finding, WQ_FINDING_UNKNOWN);
	assert_string_equal(f.said.says, "11月22日总磷不可评价(有效数据2个)");
}

static void a_mean_that_rounding_moves_over_the_limit_shows_both(void **state)
{
	(void)state;
	open_rule("item=tp", "tp");
	add_row("tp", 0.2, 0.2004, 6);
	assert_true(fake_rule_day(&f, &report));
	assert_int_equal(f.said.finding, WQ_FINDING_CLEAR);
	assert_string_equal(f.said.says, "11月22日总磷日均0.2mg/L,修约前0.2004,达标");
	open_rule("item=ph", "ph");
	add_row("ph", 9, 9.4, 6);
	assert_true(fake_rule_day(&f, &report));
	assert_string_equal(f.said.says, "11月22日pH日均9,修约前9.4,达标");
}

static void nothing_is_said_of_an_item_that_is_not_measured_or_between_days(void **state)
{
	(void)state;
	open_rule("item=codmn", "tp");
	add_row("tp", 0.1, 0.1, 6);
	assert_false(fake_rule_day(&f, &report));
	assert_false(fake_rule_tick(&f, WQ_HOURS(5)));
}

static void unknown_items_and_items_without_limits_are_refused(void **state)
{
	static const char *const wrong[] = { "item=tpp", "item=ec" };
	struct wq_err err;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		fake_rule_open(&f, &wq_rule_daily, wrong[i], WQ_RIVER, "tp");
		assert_int_equal(fake_rule_check(&f, &err), WQ_E_INVALID);
		assert_non_null(strstr(err.text, wrong[i] + 5));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_day_worse_than_the_target_names_its_determining_item),
		cmocka_unit_test(several_determining_items_and_lacking_ones_are_all_named),
		cmocka_unit_test(a_day_that_meets_clears),
		cmocka_unit_test(a_day_that_is_not_assessable_is_never_all_clear),
		cmocka_unit_test(one_item_is_judged_by_its_mean),
		cmocka_unit_test(one_item_that_meets_clears_and_one_without_a_mean_is_unknown),
		cmocka_unit_test(a_mean_that_rounding_moves_over_the_limit_shows_both),
		cmocka_unit_test(nothing_is_said_of_an_item_that_is_not_measured_or_between_days),
		cmocka_unit_test(unknown_items_and_items_without_limits_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
