/* SPDX-License-Identifier: Apache-2.0 */
/* The class of a day against an earlier one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "river.h"

extern const struct wq_rule wq_rule_fall;

static struct river r;
static const struct river_station one[] = { { .id = "yigan", .name = "一干河" }, { 0 } };

static void begin(const char *settings, const char *items)
{
	const struct river_rule rules[] = { { .rule = &wq_rule_fall, .settings = settings }, { 0 } };

	river_open(&r, one, items, rules);
	river_tick(&r, DAY0);
}

/* A day of this class by total phosphorus; 0: no data. */
static void day(int number, int class_)
{
	static const double values[] = { NAN, 0.01, 0.05, 0.15, 0.25, 0.35, 0.6 };

	river_day(&r, 0, number, (double[]){ values[class_] });
}

static void classes_day_by_day(void **state)
{
	static const struct {
		const char *settings;
		const char *classes; /* of the days, 0: not assessable */
		const char *open;    /* after each: . or ! */
	} table[] = {
		{ "", "2232", "...." },       /* III still meets */
		{ "", "3443", ".!!." },       /* fell, stays, meets again */
		{ "", "34544", ".!!.." },     /* better than the day before clears */
		{ "", "30433", "....." },     /* nothing to compare with */
		{ "", "34043", ".!!!." },     /* not assessable keeps it; the same again too */
		{ "classes=2", "3453", "...." },
		{ "classes=2", "2453", ".!!." },
		{ "classes=2", "3563", ".!!." },
		{ "beyond_target=false", "12233", ".!.!." },
		{ "against=week-day", "22222224", ".......!" },
		{ "against=week-day", "4333333443", "........!." },
		{ "against=week-mean", "22233334", ".......!" },
		{ "against=week-mean", "44444444", "........" },
		{ "against=week-mean", "000002223", "........." }, /* three are no mean */
		{ "against=week-mean", "000022224", "........!" },
		{ "against=week-mean classes=2", "22222224", ".......!" },
		{ "against=week-mean classes=2", "33333334", "........" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		char open[16] = "";

		begin(table[i].settings, "tp");
		for (int k = 0; table[i].classes[k]; k++) {
			day(k, table[i].classes[k] - '0');
			open[k] = river_alarms(&r, 0) ? '!' : '.';
		}
		if (strcmp(open, table[i].open) != 0)
			fail_msg("row %zu, %s of %s: %s, not %s\n%s", i, table[i].settings, table[i].classes, open,
				table[i].open, r.story);
		river_close(&r);
	}
}

static void the_items_that_fell_are_named(void **state)
{
	(void)state;
	begin("", "tp nh3n codmn");
	for (int number = 0; number < 2; number++)
		for (int slot = 0; slot < 6; slot++) {
			wq_ms at = DAY0 + WQ_DAYS(number) + WQ_HOURS(4 * slot);
			river_read(&r, 0, 0, at, number ? 0.263 : 0.15);
			river_read(&r, 0, 1, at, number ? 1.2 : 0.3);
			river_read(&r, 0, 2, at, number ? 5.9 : 3.1); /* fell as well, but not below the section's class */
		}
	river_tick(&r, DAY0 + WQ_DAYS(2) + WQ_HOURS(1));
	assert_string_equal(r.story,
		"fall yigan opened warning: 3月6日水质Ⅳ类,较前一日(Ⅲ类)下降1类:总磷Ⅲ→Ⅳ类(日均0.263mg/L)、"
		"氨氮Ⅱ→Ⅳ类(日均1.2mg/L)\n");
	assert_true(river_fact(&r, 0, "class") == 4 && river_fact(&r, 0, "before") == 3);
	river_close(&r);
}

static void against_a_mean_the_sentence_says_so(void **state)
{
	(void)state;
	begin("against=week-mean level=alarm", "tp");
	for (int k = 0; k < 7; k++)
		day(k, 2);
	day(7, 5);
	day(8, 5);
	day(9, 3);
	assert_string_equal(r.story,
		"fall yigan opened alarm: 3月12日水质Ⅴ类,较前7日平均(Ⅱ类)下降3类:总磷Ⅴ类(日均0.35mg/L)\n"
		"fall yigan cleared alarm: 3月14日水质Ⅲ类,前7日平均Ⅲ类\n");
	river_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(classes_day_by_day),
		cmocka_unit_test(the_items_that_fell_are_named),
		cmocka_unit_test(against_a_mean_the_sentence_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
