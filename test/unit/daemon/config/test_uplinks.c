/* SPDX-License-Identifier: Apache-2.0 */
/* Section `uplink`: what it means, and what is said of mistakes. */
#include "load.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

static struct config_report report;

static struct config *load(const char *uplink)
{
	const struct config_tables tables = { wq_drivers, wq_rules, wq_channels, wq_uplinks };
	char text[2000];

	snprintf(text, sizeof text,
	        "site { name = \"城\" }\n"
	        "mqtt \"b\" { broker = \"tcp://127.0.0.1\" topic = \"a/{station}\" client_id = \"x\" }\n"
	        "station \"yigan\" { kind = national\n point \"tp\" { bus = \"b\" unit = \"mg/L\" } }\n"
	        "station \"nan heng\" { kind = national\n point \"tp\" { bus = \"b\" unit = \"mg/L\" } }\n%s",
	        uplink);
	return config_load_text(text, strlen(text), "test", &tables, &report);
}

static void an_uplink_has_its_settings(void **state)
{
	struct config *config = load("uplink \"bureau\" { kind = \"mqtt\" broker = \"ssl://m.example\" client_id = \"g\" "
	                             "stations = { \"nan heng\" } alarms = false rate = 50 lag_alarm = \"2h\" }\n"
	                             "uplink \"second\" { kind = \"mqtt\" broker = \"tcp://[::1]:1884\" client_id = \"g\" }\n");

	(void)state;
	assert_non_null(config);
	assert_int_equal(config->uplink_count, 2);
	assert_string_equal(config->uplink_names[0], "bureau");
	assert_int_equal(config->uplinks[0].station_count, 1);
	assert_int_equal(config->uplinks[0].stations[0], wq_site_station(&config->site, "nan heng"));
	assert_true(!config->uplinks[0].alarms && config->uplinks[0].days);
	assert_int_equal(config->uplinks[0].rate, 50);
	assert_int_equal(config->uplinks[0].lag_alarm, WQ_HOURS(2));
	assert_int_equal(config->uplinks[1].station_count, 0);
	assert_int_equal(config->uplinks[1].window, 100);
	config_free(config);
}

static bool said(const char *text)
{
	for (size_t i = 0; i < report.error_count + report.warning_count; i++)
		if (strstr(report.problems[i].text, text) != NULL)
			return true;
	return false;
}

#define MQTT "uplink \"u\" { kind = \"mqtt\" broker = \"tcp://h\" client_id = \"g\" "

static void mistakes_are_told(void **state)
{
	static const struct {
		const char *text, *says;
	} table[] = {
		{ "uplink \"u\" { }", "kind" },
		{ "uplink \"u\" { kind = \"mqqt\" }", "there is no such kind of uplink; did you mean 'mqtt'?" },
		{ "uplink \"u\" { kind = \"mqtt\" }", "needs broker and client_id" },
		{ "uplink \"u\" { kind = \"mqtt\" broker = \"http://h\" client_id = \"g\" }", "must begin with tcp:// or ssl://" },
		{ "uplink \"u\" { kind = \"mqtt\" broker = \"tcp://h:99999\" client_id = \"g\" }", "after the host only :PORT may follow" },
		{ "uplink \"u\" { kind = \"mqtt\" broker = \"tcp://gw:secret@h\" client_id = \"g\" }", "a name and a password do not stand in the address" },
		{ "uplink \"u\" { kind = \"mqtt\" broker = \"tcp://:1\" client_id = \"g\" }", "no host after the scheme" },
		{ "uplink \"u\" { kind = \"mqtt\" broker = \"tcp://[::1\" client_id = \"g\" }", "no host after the scheme" },
		{ MQTT "stations = { \"yigam\" } }", "there is no such station; did you mean 'yigan'?" },
		{ MQTT "topic = \"wq/+\" }", "no place in a topic" },
		{ MQTT "acknowledge = \"topic\" }", "acknowledge = topic needs `committed`" },
		{ MQTT "password = \"credential:x\" }", "password without username" },
		{ MQTT "ca_file = \"/x\" }", "certificates are for ssl:// only" },
		{ MQTT "port = 9 }", "'port' is no key of an uplink of kind mqtt" },
		{ "uplink \"u\" { kind = \"hj212\" host = \"h\" port = 9 }", "needs host, port and mn" },
		{ "uplink \"u\" { kind = \"hj212\" host = \"h\" port = 9 mn = { \"yigan=A\" } }",
		        "station \"nan heng\" has no number in mn" },
		{ "uplink \"u\" { kind = \"hj212\" host = \"h\" port = 9 mn = { \"yigan=A;B\", \"nan heng=B\" } }",
		        "is not station=MN" },
		{ "uplink \"u\" { kind = \"hj212\" host = \"h\" port = 9 mn = { \"yigan=A//\", \"nan heng=B\" } }",
		        "is not station=MN" },
		{ "uplink \"u\" { kind = \"hj212\" host = \"h\" port = 9 mn = { \"yigan=A\", \"nan heng=A\" } }",
		        "\"yigan=A\" and \"nan heng=A\" have the same number" },
		{ "uplink \"u\" { kind = \"hj212\" host = \"h\" port = 9 mn = { \"yigan=A\", \"nan heng=B\", \"yigan=C\" } }",
		        "\"yigan=A\" and \"yigan=C\" are the same station" },
		{ "uplink \"u\" { kind = \"hj212\" host = \"h\" port = 9 mn = { \"yigan=A\", \"nan heng=B\" } pw = \"//a//b\" }",
		        "pw and st have no" },
		{ MQTT "window = 0 }", "window" },
		{ MQTT "batch = 3 }", "unknown key 'batch'" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		assert_null(load(table[i].text));
		if (!said(table[i].says)) {
			config_report_print(&report, NULL, stdout);
			fail_msg("%s: %s", table[i].text, table[i].says);
		}
	}
}

static void a_title_that_no_topic_can_hold_is_told(void **state)
{
	(void)state;
	assert_null(load("station \"a/b\" { kind = national\n point \"tp\" { bus = \"b\" unit = \"mg/L\" } }\n" MQTT "}"));
	assert_true(said("cannot stand in a topic"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_uplink_has_its_settings),
		cmocka_unit_test(mistakes_are_told),
		cmocka_unit_test(a_title_that_no_topic_can_hold_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
