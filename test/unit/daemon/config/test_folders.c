/* SPDX-License-Identifier: Apache-2.0 */
/* A watched folder must not be where the daemon's own files are. */
#include "load.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

static struct config_report report;

static struct config *load(const char *folder)
{
	const struct config_tables tables = { wq_drivers, wq_rules, wq_channels, NULL };
	static char text[1024];

	snprintf(text, sizeof text,
	        "site { name = \"x\" database = \"/usr/lib/wqd.db\" socket = \"/usr/share/wqd.sock\" }\n"
	        "mqtt \"b\" { broker = \"tcp://h\" topic = \"wq/{station}\" client_id = \"x\" }\n"
	        "station \"a\" { kind = national point \"tp\" { bus = \"b\" unit = \"mg/L\" } }\n"
	        "folder \"in\" { %s }\n",
	        folder);
	return config_load_text(text, strlen(text), "/tmp/x.conf", &tables, &report);
}

static void a_folder_that_would_carry_away_the_history_is_an_error(void **state)
{
	static const struct {
		const char *folder, *taken; /* taken NULL: it is sound */
	} table[] = {
		{ "path = \"/usr/lib\" pattern = \"*\"", "/usr/lib/wqd.db," },
		{ "path = \"/usr/lib/\" pattern = \"*\"", "/usr/lib/wqd.db," },
		{ "path = \"/usr/share/../lib\" pattern = \"WQD.*\"", "/usr/lib/wqd.db," },
		{ "path = \"/usr/lib\" pattern = \"*-wal\"", "/usr/lib/wqd.db-wal," },
		{ "path = \"/usr/share\" pattern = \"*.s*\"", "/usr/share/wqd.sock," },
		{ "path = \"/usr/lib\"", NULL },
		{ "path = \"/usr/lib/in\" pattern = \"*\"", NULL },
		{ "path = \"/usr/lib\" pattern = \"*\" done = \"keep\"", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct config *config = load(table[i].folder);
		bool told = false;

		for (size_t k = 0; k < report.error_count + report.warning_count; k++)
			told |= table[i].taken != NULL && strstr(report.problems[k].text, "would carry away") != NULL &&
			        strstr(report.problems[k].text, table[i].taken) != NULL;
		if ((config != NULL) != (table[i].taken == NULL) || told != (table[i].taken != NULL)) {
			config_report_print(&report, NULL, stdout);
			fail_msg("%s", table[i].folder);
		}
		config_free(config);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_folder_that_would_carry_away_the_history_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
