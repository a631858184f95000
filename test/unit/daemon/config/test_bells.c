/* SPDX-License-Identifier: Apache-2.0 */
/* Sections of what happens by the clock. */
#include "loading.h"

#include "notify/bell.h"

#include <stdio.h>
#include <stdlib.h>

#define LINES 12 /* of HEAD */

static void a_heartbeat_has_a_time_a_group_and_perhaps_days(void **state)
{
	struct config *config = load_right(HEAD "heartbeat \"daily\" { at = \"08:30\" to = \"lead\" }\n"
	                                        "heartbeat \"weekly\" { at = \"00:00\" to = \"lead\" on = { \"mon\", \"sun\" } }\n");

	(void)state;
	assert_int_equal(config->heartbeat_count, 2);
	assert_true(config->heartbeats[0].bell->at == WQ_HOURS(8) + WQ_MINUTES(30));
	assert_int_equal(config->heartbeats[0].bell->weekdays, 0);
	assert_int_equal(config->heartbeats[0].group, 0);
	assert_int_equal(config->heartbeats[1].bell->weekdays, 1U << 0 | 1U << 6);
	assert_string_equal(config->heartbeats[1].id, "weekly");
	config_free(config);
}

static void a_heartbeat_that_nobody_could_get_is_warned_of(void **state)
{
	static struct config_report report;
	struct config *config = load(HEAD "bell \"b\" { }\ncontact \"li\" { name = \"李\" phone = \"119\" channels = { \"b\" } }\n"
	                                  "group \"mute\" { members = { \"wang\", \"li\" } }\n"
	                                  "heartbeat \"d\" { at = \"08:30\" to = \"mute\" }\n"
	                                  "heartbeat \"e\" { at = \"08:30\" to = \"lead\" }\n",
	        &report);

	(void)state;
	assert_non_null(config);
	assert_int_equal(report.warning_count, 1);
	assert_non_null(problem(&report, LINES + 4, "none of the channels of contact \"li\" carries free text"));
	config_free(config);
}

static void a_drill_is_on_a_day_of_the_month_or_of_the_week(void **state)
{
	struct config *config = load_right(HEAD "drill \"monthly\" { day = 31 at = \"10:00\" to = \"lead\" }\n"
	                                        "drill \"weekly\" { on = { \"fri\" } at = \"10:00\" to = \"lead\" }\n");

	(void)state;
	assert_int_equal(config->drill_count, 2);
	assert_true(config->drills[0].bell->monthday == 31 && config->drills[0].bell->weekdays == 0);
	assert_true(config->drills[1].bell->monthday == 0 && config->drills[1].bell->weekdays == 1U << 4);
	config_free(config);
}

static void a_ping_has_addresses_or_credentials(void **state)
{
	struct config *config = load_right(HEAD "ping { url = \"https://hc-ping.example/a\" url_fail = \"credential:ping\" every = \"1m\" }\n");

	(void)state;
	assert_string_equal(config->ping->url, "https://hc-ping.example/a");
	assert_string_equal(config->ping->url_fail, "credential:ping");
	assert_true(config->ping->every == WQ_MINUTES(1) && config->ping->timeout == WQ_SECONDS(15) &&
	        config->ping->fail_after == WQ_MINUTES(30));
	config_free(config);
	config = load_right(HEAD);
	assert_null(config->ping);
	config_free(config);
}

static void every_mistake_is_told_with_its_line(void **state)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{ "heartbeat \"d\" { to = \"lead\" }", "at" },
		{ "heartbeat \"d\" { at = \"08:30\" }", "to" },
		{ "heartbeat \"d\" { at = \"8:300\" to = \"lead\" }", "is not a time of day" },
		{ "heartbeat \"d\" { at = \"24:00\" to = \"lead\" }", "is not a time of day" },
		{ "heartbeat \"d\" { at = \"08:30\" to = \"laed\" }", "there is no such group; did you mean 'lead'" },
		{ "heartbeat \"d\" { at = \"08:30\" to = \"lead\" on = { \"monday\" } }", "there is no such day of the week" },
		{ "drill \"d\" { at = \"08:30\" to = \"lead\" }", "day or on is missing" },
		{ "drill \"d\" { at = \"08:30\" to = \"lead\" day = 1 on = { \"mon\" } }", "day and on" },
		{ "drill \"d\" { at = \"08:30\" to = \"lead\" day = 32 }", "day" },
		{ "ping { every = \"1m\" }", "url" },
		{ "ping { url = \"ftp://hc-ping.example\" }", "must begin with https://" },
		{ "ping { url = \"https://me:secret@hc-ping.example\" }", "a user or password" },
		{ "ping { url = \"ftp://hc-ping.example\" }", "[ping] url: must" },
		{ "ping { url = \"https://hc-ping.example/\" url_fail = \"ftp://hc-ping.example\" }", "[ping] url_fail: must" },
		{ "ping { url = \"https://hc-ping.example\" every = \"5s\" }", "every" },
		{ "ping { url = \"credential:a/b\" }", "has no '/'" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		static struct config_report report;
		char text[2000];

		snprintf(text, sizeof text, HEAD "%s\n", rows[i].text);
		assert_null(load(text, &report));
		if (problem(&report, LINES + 1, rows[i].says) == NULL) {
			config_report_print(&report, NULL, stderr);
			fail_msg("row %zu: %s", i, rows[i].says);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_heartbeat_has_a_time_a_group_and_perhaps_days),
		cmocka_unit_test(a_heartbeat_that_nobody_could_get_is_warned_of),
		cmocka_unit_test(a_drill_is_on_a_day_of_the_month_or_of_the_week),
		cmocka_unit_test(a_ping_has_addresses_or_credentials),
		cmocka_unit_test(every_mistake_is_told_with_its_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
