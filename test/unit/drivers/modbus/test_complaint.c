/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of a device that answers and all the same is not well. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "complaint.h"

#include <stdio.h>
#include <string.h>

#define NOW WQ_SECONDS(0x60651100) /* 2021-04-01T08:17:04+08:00 */

/* Three points of unit 3 and one of unit 4. */
struct device {
	struct modbus_point_settings settings[4];
	struct wq_point points[4];
	struct wq_bus bus;
	struct regmap maps[4];
	struct readings_seen seen[4];
	struct readings readings;
};

static struct device well(void)
{
	struct device d = { .bus = { .zone = &wq_zone_china, .point_count = 4 } };

	for (int i = 0; i < 4; i++) {
		static const char *const names[] = { "tp", "tn", "ph", "do" };

		d.settings[i].unit_id = i < 3 ? 3 : 4;
		d.points[i].station = "yigan";
		d.points[i].parameter = names[i];
		d.maps[i].time_registers = 2;
		d.seen[i] = (struct readings_seen){ .is = READINGS_GOOD, .at = NOW };
	}
	return d;
}

static void assert_says(struct device *d, const char *expected)
{
	char text[160];

	for (int i = 0; i < 4; i++)
		d->points[i].settings = &d->settings[i];
	d->bus.points = d->points;
	d->readings = (struct readings){ .bus = &d->bus, .maps = d->maps, .seen = d->seen };
	complaint_points(&d->readings, 3, NOW, text, sizeof text);
	assert_string_equal(text, expected);
}

static void nothing_is_said_of_a_device_that_is_well(void **state)
{
	struct device d = well();

	(void)state;
	d.seen[1].at = WQ_NO_TIME;
	d.seen[2] = (struct readings_seen){ .is = READINGS_UNREAD, .at = WQ_NO_TIME };
	d.seen[3].is = READINGS_NO_TIME; /* of another device */
	assert_says(&d, "");
}

static void each_trouble_has_its_sentence(void **state)
{
	static const struct {
		struct readings_seen seen;
		const char *says;
	} rows[] = {
		{ { .is = READINGS_NOTHING, .at = NOW },
		        "tn of yigan: no value (NaN, infinite or listed in invalid); kept as "
		        "missing" },
		{ { .is = READINGS_GARBAGE, .at = NOW },
		        "tn of yigan: a number that scale makes longer than 18 digits; kept as "
		        "bad" },
		{ { .is = READINGS_NONSENSE, .at = NOW },
		        "tn of yigan: its registers hold no number of its type; kept as missing" },
		{ { .is = READINGS_FLAG, .at = NOW, .flag = "7" },
		        "tn of yigan: an unknown flag, \"7\"; kept as bad" },
		{ { .is = READINGS_WORD, .at = NOW, .word = MODBUS_FAULT, .word_is = 3 },
		        "tn of yigan: fault 3: what is measured meanwhile is kept as bad" },
		{ { .is = READINGS_ZEROS, .at = NOW },
		        "tn of yigan: 0 like all values of the device, as after a restart; kept as "
		        "bad" },
		{ { .is = READINGS_NO_TIME,
		          .at = WQ_NO_TIME,
		          .time_registers = { 0, 86400 % 65536 } },
		        "tn of yigan: no time in its time registers: 0 20864; kept as bad" },
		{ { .is = READINGS_GOOD, .at = WQ_SECONDS(4102444800) },
		        "tn of yigan: measured at 2100-01-01T08:00:00+08:00, which is to come; "
		        "kept as "
		        "bad" },
		{ { .is = READINGS_GOOD, .at = NOW - WQ_HOURS(2) },
		        "tn of yigan: nothing measured since 2021-04-01T06:17:04+08:00" },
		{ { .is = READINGS_GOOD, .moves = true, .at = NOW - WQ_HOURS(2) },
		        "tn of yigan: the value changes, its time stands still at "
		        "2021-04-01T06:17:04+08:00; not stored" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct device d = well();

		d.seen[1] = rows[i].seen;
		assert_says(&d, rows[i].says);
	}
}

static void a_time_may_be_two_cycles_old_or_an_hour_and_ten_minutes_ahead(void **state)
{
	struct device d = well();

	(void)state;
	d.seen[0].at = NOW + WQ_MINUTES(10);
	d.seen[1].at = NOW - WQ_HOURS(1);
	d.points[2].cycle = WQ_HOURS(4);
	d.seen[2].at = NOW - WQ_HOURS(8);
	assert_says(&d, "");
	d.seen[0].at++;
	assert_says(&d,
	        "tp of yigan: measured at 2021-04-01T08:27:04.001+08:00, which is to come; "
	        "kept as bad");
	d = well();
	d.points[2].cycle = WQ_HOURS(4);
	d.seen[2].at = NOW - WQ_HOURS(8) - 1000;
	assert_says(&d, "ph of yigan: nothing measured since 2021-04-01T00:17:03+08:00");
}

static void a_value_that_moves_within_its_cycle_is_no_trouble(void **state)
{
	struct device d = well();

	(void)state;
	d.seen[0].moves = true;
	assert_says(&d, "");
}

static void the_worst_is_said_and_how_many_more_there_are(void **state)
{
	struct device d = well();

	(void)state;
	d.seen[0].is = READINGS_NOTHING;
	d.seen[2] = (struct readings_seen){ .is = READINGS_NO_TIME, .at = WQ_NO_TIME };
	assert_says(
	        &d, "ph of yigan (and 1 more): no time in its time registers: 0 0; kept as bad");
}

static void a_long_sentence_is_cut_and_ended(void **state)
{
	struct device d = well();
	char text[20];

	(void)state;
	d.seen[0].is = READINGS_NOTHING;
	assert_says(
	        &d, "tp of yigan: no value (NaN, infinite or listed in invalid); kept as missing");
	complaint_points(&d.readings, 3, NOW, text, sizeof text);
	assert_string_equal(text, "tp of yigan: no val");
}

static void a_refused_block_is_named(void **state)
{
	const struct plan_block block = {
		.unit_id = 3, .table = MODBUS_INPUT, .address = 100, .registers = 4
	};
	char text[160];

	(void)state;
	complaint_block(&block, 2, text, sizeof text);
	assert_string_equal(text, "input registers 100 to 103: exception 2, illegal data address");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_said_of_a_device_that_is_well),
		cmocka_unit_test(each_trouble_has_its_sentence),
		cmocka_unit_test(a_time_may_be_two_cycles_old_or_an_hour_and_ten_minutes_ahead),
		cmocka_unit_test(a_value_that_moves_within_its_cycle_is_no_trouble),
		cmocka_unit_test(the_worst_is_said_and_how_many_more_there_are),
		cmocka_unit_test(a_long_sentence_is_cut_and_ended),
		cmocka_unit_test(a_refused_block_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
