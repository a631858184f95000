/* SPDX-License-Identifier: Apache-2.0 */
/* Several sections on one day. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "river.h"

extern const struct wq_rule wq_rule_network;

static struct river r;
static const struct river_station five[] = { { .id = "a", .name = "甲桥" }, { .id = "b", .name = "乙桥" },
	{ .id = "c", .name = "丙桥", .target = 4 }, { .id = "d", .name = "丁桥" },
	{ .id = "t", .name = "在建站", .commissioning = true }, { 0 } };

static void begin(const char *settings)
{
	const struct river_rule rules[] = { { .rule = &wq_rule_network, .settings = settings }, { 0 } };

	river_open(&r, five, "tp", rules);
	river_tick(&r, DAY0);
}

/* A day: the class of each station as a digit. */
static void day(int number, const char *classes)
{
	static const double values[] = { NAN, 0.01, 0.05, 0.15, 0.25, 0.35, 0.6 };
	double today[5];

	for (size_t i = 0; i < 5; i++)
		today[i] = values[classes[i] - '0'];
	river_day(&r, 0, number, today);
}

static void days_of_five_stations(void **state)
{
	static const struct {
		const char *settings, *days[4], *open;
	} table[] = {
		{ "", { "33333", "44534", "33333" }, ".!." }, /* c beyond its own target, the last one does not count */
		{ "", { "33333", "44433", "33333" }, "..." }, /* c meets its target */
		{ "", { "33333", "44334", "44334" }, "..." }, /* two */
		{ "sections=2", { "33333", "44333", "44333", "33333" }, ".!.." }, /* the next day nobody falls */
		{ "beyond_target=false", { "12222", "23322", "23322" }, ".!." },
		{ "classes=2", { "22222", "44522", "44522" }, ".!." },
		{ "classes=2", { "33333", "44533" }, ".." },
		{ "", { "33333", "44544", "00003", "33333" }, ".!!!" }, /* not assessable: kept; then nothing to compare */
		{ "", { "33333", "44543", "00333", "33333" }, ".!.." }, /* half of them can be compared */
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		char open[8] = "";

		begin(table[i].settings);
		for (int k = 0; k < 4 && table[i].days[k]; k++) {
			day(k, table[i].days[k]);
			open[k] = river_alarms(&r, 0) ? '!' : '.';
		}
		if (strcmp(open, table[i].open) != 0)
			fail_msg("row %zu: %s, not %s\n%s", i, open, table[i].open, r.story);
		river_close(&r);
	}
}

static void one_notice_lists_all_of_them(void **state)
{
	(void)state;
	begin("");
	day(0, "33333");
	day(1, "44644");
	day(2, "33333");
	assert_string_equal(r.story,
		"network - opened warning: 3月6日4个断面水质下降:甲桥(Ⅲ→Ⅳ)、乙桥(Ⅲ→Ⅳ)、丙桥(Ⅲ→劣Ⅴ)、丁桥(Ⅲ→Ⅳ),建议会商\n"
		"network - cleared warning: 3月7日水质下降的断面0个(可比4个),未达会商条件\n");
	river_close(&r);
}

static void a_list_too_long_ends_in_and_others(void **state)
{
	static const struct river_station rows[] = { { .id = "a", .name = "名字非常非常长的国考断面一号大桥" },
		{ .id = "b", .name = "名字非常非常长的国考断面二号大桥" }, { .id = "c", .name = "名字非常非常长的国考断面三号大桥" },
		{ .id = "d", .name = "名字非常非常长的国考断面四号大桥" }, { .id = "e", .name = "名字非常非常长的国考断面五号大桥" },
		{ 0 } };
	const struct river_rule rules[] = { { .rule = &wq_rule_network, .settings = "" }, { 0 } };

	(void)state;
	river_open(&r, rows, "tp", rules);
	river_tick(&r, DAY0);
	day(0, "33333");
	day(1, "44444");
	assert_non_null(strstr(r.story, "3月6日5个断面水质下降:"));
	assert_non_null(strstr(r.story, "等,建议会商\n"));
	river_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(days_of_five_stations),
		cmocka_unit_test(one_notice_lists_all_of_them),
		cmocka_unit_test(a_list_too_long_ends_in_and_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
