/* SPDX-License-Identifier: Apache-2.0 */
/* Who is told, when nobody answers, and what is worth a warning. */
#include "loading.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void people_are_resolved_in_order(void **state)
{
	struct config *config = load_right(HEAD
	        "horn \"i\" { url = \"http://y\" }\n"
	        "contact \"li\" { name = \"李\" phone = \"+8613800000000\" department = "
	        "\"监测站\"\n"
	        "  channels = { \"i\", \"h\" } }\n"
	        "group \"copy\" { name = \"配合\" members = { \"li\", \"wang\" } }\n"
	        "route \"tp\" { lead = \"lead\" assist = { \"copy\" } escalate_to = \"copy\"\n"
	        "  stations = { \"yigan\" } kinds = { \"tributary\" } min_level = warning }\n");
	const struct config_contact *li = &config->contacts[1];
	const struct config_route *route = &config->routes[1];

	(void)state;
	assert_int_equal(li->channel_count, 2);
	assert_int_equal(li->channels[0], 1);
	assert_int_equal(li->channels[1], 0);
	assert_string_equal(li->phone, "+8613800000000");
	assert_int_equal(config->groups[1].members[0], 1);
	assert_string_equal(config->groups[0].name, "lead");
	assert_int_equal(route->lead, 0);
	assert_int_equal(route->assist[0], 1);
	assert_int_equal(route->escalate_count, 1);
	assert_int_equal(route->escalate_to[0], 1);
	assert_int_equal(route->kinds, 1U << WQ_TRIBUTARY);
	assert_false(route->all_stations);
	assert_int_equal(route->min_level, WQ_LEVEL_WARNING);
	assert_int_equal(config->routes[0].escalate_count, 0);
	assert_true(config->routes[0].all_stations);
	config_free(config);
}

static void a_department_is_everybody_who_says_so(void **state)
{
	struct config *config = load_right(HEAD
	        "contact \"li\" { name = \"李\" department = \"执法局\" channels = \"h\" }\n"
	        "contact \"zhao\" { name = \"赵\" department = \"监测站\" channels = \"h\" }\n"
	        "contact \"sun\" { name = \"孙\" department = \"执法局\" channels = \"h\" }\n"
	        "group \"law\" { members = { \"#执法局\" } }\n"
	        "group \"both\" { members = { \"sun\", \"#执法局\", \"wang\", \"#监测站\" } }\n");
	static const uint32_t law[] = { 1, 3 }, both[] = { 3, 1, 0, 2 };

	(void)state;
	assert_int_equal(config->groups[1].member_count, 2);
	assert_memory_equal(config->groups[1].members, law, sizeof law);
	assert_int_equal(config->groups[2].member_count, 4);
	assert_memory_equal(config->groups[2].members, both, sizeof both);
	config_free(config);
}

static void a_person_says_what_is_not_to_be_told_at_once(void **state)
{
	static struct config_report report;
	struct config *config = load_right(HEAD
	        "contact \"li\" { name = \"李\" channels = \"h\" quiet = \"22:00-07:00\" digest = { \"08:00\", \"17:30\" }\n"
	        "  digest_level = info gather = \"2m\" most = 4 most_within = \"1m\" }\n");
	const struct config_hold *wang = &config->contacts[0].hold, *li = &config->contacts[1].hold;

	(void)state;
	assert_true(li->quiet_from == WQ_HOURS(22) && li->quiet_to == WQ_HOURS(7));
	assert_int_equal(li->digest_count, 2);
	assert_true(li->digests[1] == WQ_HOURS(17) + WQ_MINUTES(30) && li->digest_level == WQ_LEVEL_INFO);
	assert_true(li->gather == WQ_MINUTES(2) && li->most == 4 && li->most_within == WQ_MINUTES(1));
	assert_true(wang->quiet_from == wang->quiet_to && wang->digest_count == 0);
	assert_true(wang->gather == WQ_MINUTES(1) && wang->most == 10 && wang->most_within == WQ_MINUTES(10));
	config_free(config);
	config = load(HEAD
	        "contact \"li\" { name = \"李\" channels = \"h\" quiet = \"22:00-24:00\" digest = \"8:00\" }\n"
	        "contact \"zhao\" { name = \"赵\" channels = \"h\" quiet = \"07:00-07:00\" }\n", &report);
	assert_null(config);
	assert_int_equal(report.error_count, 3);
	assert_non_null(strstr(report.problems[0].text, "quiet = \"22:00-24:00\": must be two different times of day"));
	assert_non_null(strstr(report.problems[1].text, "digest = \"8:00\": is not a time of day like \"08:00\""));
}

static void escalation_is_by_level_and_zero_is_never(void **state)
{
	struct config *config =
	        load_right(HEAD "route \"b\" { lead = \"lead\" escalate_after = \"1h\" "
	                        "escalate_after_alarm = \"10s\"\n"
	                        " escalate_after_watch = \"2h\" }\n"
	                        "route \"c\" { lead = \"lead\" escalate_after = \"0\" }\n");
	static const wq_ms want[3][5] = {
		{ WQ_NO_TIME, WQ_NO_TIME, WQ_NO_TIME, WQ_MINUTES(30), WQ_MINUTES(30) },
		{ WQ_NO_TIME, WQ_NO_TIME, WQ_HOURS(2), WQ_HOURS(1), WQ_SECONDS(10) },
		{ WQ_NO_TIME, WQ_NO_TIME, WQ_NO_TIME, WQ_NO_TIME, WQ_NO_TIME },
	};

	(void)state;
	for (int r = 0; r < 3; r++) {
		for (int level = 0; level < 5; level++)
			assert_true(config->routes[r].escalate_after[level] == want[r][level]);
	}
	config_free(config);
}

static void reminders_are_by_level_and_by_the_shortest_span(void **state)
{
	struct config *config = load_right(HEAD
	        "route \"b\" { lead = \"lead\" remind = \"2h\" remind_alarm = \"30m\" remind_watch = \"0\" remind_most = 3 }\n"
	        "route \"c\" { lead = \"lead\" remind_watch = \"1d\" remind_acknowledged = \"1d\" min_level = warning }\n"
	        "route \"d\" { lead = \"lead\" season = \"05-01..09-30\" remind = \"1h\" }\n"
	        "above \"x\" { }\n");
	const struct wq_rule_use *use = &config->site.rules[0];
	static const wq_ms open[5] = { 0, 0, 0, WQ_HOURS(2), WQ_MINUTES(30) }, acknowledged[5] = { 0, 0, 0, WQ_DAYS(1), WQ_DAYS(1) };
	wq_ms may;

	(void)state;
	for (int level = 0; level < 5; level++) {
		assert_int_equal(use->remind.open[level], open[level]);
		assert_int_equal(use->remind.acknowledged[level], acknowledged[level]);
	}
	assert_int_equal(config->routes[1].remind_most, 3);
	assert_int_equal(use->remind_most, 12);
	assert_int_equal(wq_instant_parse("2026-05-01", config->site.zone, &may, NULL), 0);
	assert_int_equal(wq_site_reminder(&config->site, 0, WQ_LEVEL_WARNING, false, may), WQ_HOURS(1));
	assert_int_equal(wq_site_reminder(&config->site, 0, WQ_LEVEL_WARNING, false, may - 1), WQ_HOURS(2));
	assert_true(wq_site_reminder(&config->site, 0, WQ_LEVEL_WATCH, false, may) == WQ_NO_TIME);
	config_free(config);
}

static void a_deadline_is_a_minute_unless_it_is_given(void **state)
{
	struct config *config = load_right(HEAD "bell \"b\" { }\n"
	        "contact \"c\" { name = \"x\" phone = \"119\" channels = { \"h\", \"b\" } }\n"
	        "contact \"d\" { name = \"x\" phone = \"110\" channels = { \"h\" } }\n"
	        "route \"b\" { lead = \"lead\" deadline = \"5s\" }\n");

	(void)state;
	assert_true(config->routes[0].deadline == WQ_MINUTES(1));
	assert_true(config->routes[1].deadline == WQ_SECONDS(5));
	config_free(config);
}

static void an_escalation_has_steps_and_a_rule_those_of_all_routes(void **state)
{
	static const int all[] = { 10, 20, 30, 120 }; /* minutes */
	struct config *config = load_right(
	        HEAD "group \"copy\" { members = \"wang\" } group \"third\" { members = \"wang\" }\n"
	             "route \"ladder\" { lead = \"lead\" escalate_to = { \"copy\", \"lead\" } escalate_after = \"30m\" "
	             "escalate_next = \"90m\" escalate_after_watch = \"1h\" }\n"
	             "route \"even\" { lead = \"lead\" escalate_to = { \"copy\", \"third\", \"lead\" } escalate_after = \"10m\" }\n"
	             "above \"a\" { }\n");
	const struct config_route *ladder = &config->routes[1], *even = &config->routes[2];
	wq_ms passed = -1;

	(void)state;
	assert_int_equal(ladder->escalate_count, 2);
	assert_int_equal(ladder->escalate_to[0], 1);
	assert_int_equal(config_route_step(ladder, WQ_LEVEL_ALARM, 0), WQ_MINUTES(30));
	assert_int_equal(config_route_step(ladder, WQ_LEVEL_ALARM, 1), WQ_HOURS(2));
	assert_int_equal(config_route_step(ladder, WQ_LEVEL_WATCH, 1), WQ_MINUTES(150));
	assert_true(config_route_step(ladder, WQ_LEVEL_ALARM, 2) == WQ_NO_TIME);
	assert_true(config_route_step(ladder, WQ_LEVEL_INFO, 1) == WQ_NO_TIME);
	assert_int_equal(config_route_step(even, WQ_LEVEL_ALARM, 2), WQ_MINUTES(30));
	assert_true(config_route_step(even, WQ_LEVEL_ALARM, 3) == WQ_NO_TIME);
	for (size_t i = 0; i < 4; i++) {
		passed = wq_site_escalation_next(&config->site, 0, WQ_LEVEL_ALARM, 0, passed);
		assert_int_equal(passed, WQ_MINUTES(all[i]));
	}
	assert_true(wq_site_escalation_next(&config->site, 0, WQ_LEVEL_ALARM, 0, passed) == WQ_NO_TIME);
	config_free(config);
}

/* The shortest span among the routes that any place of the rule belongs to. */
static void rules_escalate_by_the_quickest_route_that_hears_of_them(void **state)
{
	struct config *config = load_right(
	        "site { name = \"x\" } post \"p\" { } horn \"h\" { url = \"http\" }\n"
	        "contact \"c\" { name = \"c\" channels = \"h\" } group \"g\" { members = \"c\" }\n"
	        "station \"a\" { kind = national point \"tp\" { bus = p unit = \"mg/L\" } }\n"
	        "station \"b\" { kind = tributary point \"tp\" { bus = p unit = \"mg/L\" } }\n"
	        "station \"t\" { kind = tributary mode = commissioning point \"tp\" { bus = p unit "
	        "= \"mg/L\" } }\n"
	        "route \"slow\" { lead = g min_level = info escalate_after = \"1h\" }\n"
	        "route \"quick\" { lead = g min_level = alarm stations = \"a\" escalate_after = "
	        "\"5m\" }\n"
	        "route \"test\" { lead = g commissioning = true escalate_after = \"1s\" }\n"
	        "above \"on-a\" { stations = \"a\" }\n"
	        "above \"on-b\" { stations = \"b\" }\n"
	        "day \"everywhere\" { stations = { \"a\", \"b\" } }\n"
	        "whole \"site\" { }\n");
	const struct wq_rule_use *rules = config->site.rules;

	(void)state;
	assert_int_equal(rules[0].escalate_after[WQ_LEVEL_ALARM], WQ_MINUTES(5));
	assert_int_equal(rules[0].escalate_after[WQ_LEVEL_WARNING], WQ_HOURS(1));
	assert_true(rules[0].escalate_after[WQ_LEVEL_WATCH] == WQ_NO_TIME);
	assert_int_equal(rules[1].escalate_after[WQ_LEVEL_ALARM], WQ_HOURS(1));
	assert_int_equal(rules[2].escalate_after[WQ_LEVEL_ALARM], WQ_MINUTES(5));
	assert_int_equal(rules[3].escalate_after[WQ_LEVEL_ALARM], WQ_HOURS(1));
	config_free(config);
}

/* A season's span holds on its days only. */
static void a_season_has_its_own_spans(void **state)
{
	struct config *config = load_right(HEAD
	        "route \"flood\" { lead = lead season = \"05-01..09-30\" towns = { \"*\" } escalate_after = \"5m\" }\n"
	        "route \"tp\" { lead = lead parameters = \"tp\" season = \"11-01..02-29\" escalate_after = \"1m\" }\n"
	        "station \"b\" { kind = national town = \"*\" point \"nh3n\" { bus = broker unit = \"mg/L\" } }\n"
	        "above \"nh3n\" { parameters = \"nh3n\" }\n"
	        "above \"tp\" { parameters = \"tp\" }\n");
	const struct wq_site *site = &config->site;
	static const struct {
		uint32_t rule;
		const char *at;
		wq_ms after;
	} rows[] = {
		{ 0, "2026-04-30T23:59", WQ_MINUTES(30) },
		{ 0, "2026-05-01T00:00", WQ_MINUTES(5) },
		{ 0, "2026-09-30T23:59", WQ_MINUTES(5) },
		{ 0, "2026-10-01", WQ_MINUTES(30) },
		{ 0, "2026-12-01", WQ_MINUTES(30) },
		{ 1, "2026-06-01", WQ_MINUTES(30) },
		{ 1, "2026-12-01", WQ_MINUTES(1) },
		{ 1, "2028-02-29", WQ_MINUTES(1) },
		{ 1, "2027-03-01", WQ_MINUTES(30) },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		wq_ms at;

		assert_int_equal(wq_instant_parse(rows[i].at, site->zone, &at, NULL), 0);
		assert_int_equal(wq_site_escalation(site, rows[i].rule, WQ_LEVEL_ALARM, at), rows[i].after);
		assert_true(wq_site_escalation(site, rows[i].rule, WQ_LEVEL_INFO, at) == WQ_NO_TIME);
	}
	config_free(config);
}

/* Without HEAD's route for everything. */
#define BARE                                                                                                       \
	"site { name = \"x\" } post \"p\" { } horn \"h\" { url = \"http\" }\n"                                              \
	"contact \"c\" { name = \"c\" channels = \"h\" } group \"g\" { members = \"c\" }\n"                                \
	"station \"a\" { kind = national town = \"t\" point \"tp\" { bus = p unit = \"mg/L\" }"                             \
	" point \"ph\" { bus = p unit = \"1\" } }\n"

static void what_is_told_to_nobody_on_some_day_is_a_warning(void **state)
{
	static const struct {
		const char *routes, *part; /* NULL: nothing is wrong */
	} rows[] = {
		{ "route \"r\" { lead = g }", NULL },
		{ "route \"r\" { lead = g min_level = warning }", NULL },
		{ "route \"r\" { lead = g min_level = warning } route \"f\" { lead = g season = \"05-01..09-30\" min_level = info }", NULL },
		{ "route \"r\" { lead = g season = \"05-01..09-30\" } route \"s\" { lead = g season = \"10-01..04-30\" }", NULL },
		{ "route \"r\" { lead = g season = \"05-01..09-30\" }", "the station as a whole, level warning and above, from 10-01 to 04-30" },
		{ "route \"r\" { lead = g season = \"10-01..04-30\" }", "the station as a whole, level warning and above, from 05-01 to 09-30" },
		{ "route \"r\" { lead = g season = \"03-01..02-28\" }", "from 02-29 to 02-29" },
		{ "route \"r\" { lead = g min_level = alarm }", "the station as a whole, level warning, at any time" },
		{ "route \"r\" { lead = g parameters = \"tp\" }", "the station as a whole, level warning and above, at any time" },
		{ "route \"r\" { lead = g towns = \"t\" }", "[site] nobody would be told of alarms of the site as a whole" },
		{ "route \"r\" { lead = g } route \"q\" { lead = g parameters = \"ph\" min_level = info }", NULL },
	};
	static struct config_report report;
	char text[4096];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		bool found = false;
		struct config *config;

		snprintf(text, sizeof text, "%s%s\n", BARE, rows[i].routes);
		config = load(text, &report);
		assert_non_null(config);
		for (size_t k = 0; k < report.warning_count; k++)
			found = found || (rows[i].part != NULL && strstr(report.problems[k].text, rows[i].part) != NULL);
		if ((rows[i].part == NULL) != (report.warning_count == 0) || (rows[i].part != NULL && !found)) {
			config_report_print(&report, NULL, stdout);
			fail_msg("%s: wanted %s", rows[i].routes, rows[i].part);
		}
		config_free(config);
	}
}

static const struct {
	const char *text;
	int line;
	const char *part;
} warnings[] = {
	{ "station \"b\" { kind = national }", 13, "has no points" },
	{ "bell \"b\" { catch_up = true }", 13, "catch_up = true: bell rings people" },
	{ "serial \"q\" { host = \"h\" }", 13, "no point is read from this bus" },
	{ "serial \"q\" { host = \"/dev/loose\" }", 13, "that port is loose" },
	{ "above \"x\" { kinds = \"national\" }", 13, "applies nowhere" },
	{ "maintenance \"m\" { stations = \"yigan\" parameters = \"ph\" weekday = \"mon\" at = \"09:00\" for = \"1h\" }", 13,
	        "applies nowhere" },
	{ "above \"x\" { parameters = { \"tp\", \"nh3n\" } stations = \"yigan\" }\n"
	  "day \"y\" { focus = true }",
	        14, "applies nowhere" },
	{ "horn \"g\" { url = \"http\" secret = \"credential:x\" }", 13, "credential 'x'" },
	{ "station \"b\" { kind = national\n point \"tp\" { bus = broker unit = \"ug/L\" detection = 10 } }", 14,
	        "detection = 10: that is above the Class III limit, 0.2 mg/L" },
	{ "station \"b\" { kind = national mode = commissioning\n"
	  " point \"tp\" { bus = broker unit = \"mg/L\" } }",
	        13, "is in no commissioning route" },
};

static void doubtful_things_are_warnings(void **state)
{
	static struct config_report report;
	char text[8192];

	(void)state;
	unsetenv("CREDENTIALS_DIRECTORY");
	for (size_t i = 0; i < sizeof warnings / sizeof warnings[0]; i++) {
		const struct config_problem *found;
		struct config *config;

		snprintf(text, sizeof text, "%s%s\n", HEAD, warnings[i].text);
		config = load(text, &report);
		found = problem(&report, warnings[i].line, warnings[i].part);
		if (config == NULL || found == NULL)
			config_report_print(&report, warnings[i].text, stdout);
		assert_non_null(config);
		assert_non_null(found);
		assert_true(found->warning);
		config_free(config);
	}
}

static void a_path_that_depends_on_the_folder_is_a_warning(void **state)
{
	static const char *const keys[] = { "database", "socket", "credentials" };
	static struct config_report report;
	char text[4096], part[64];

	(void)state;
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		struct config *config;

		snprintf(text, sizeof text, "site { name = x\n %s = \"wqd.x\" }%s", keys[i], strchr(HEAD, '\n'));
		config = load(text, &report);
		assert_non_null(config);
		assert_int_equal(report.warning_count, 1);
		snprintf(part, sizeof part, "[site] %s = \"wqd.x\" depends on the folder", keys[i]);
		assert_non_null(problem(&report, 2, part));
		config_free(config);
	}
}

static void a_right_file_has_no_warnings(void **state)
{
	static struct config_report report;
	struct config *config = load(HEAD "above \"x\" { parameters = { \"tp\" } }\n", &report);

	(void)state;
	assert_non_null(config);
	assert_int_equal(report.warning_count, 0);
	config_free(config);
}

static void a_credential_is_there_and_not_open_to_everybody(void **state)
{
	static struct config_report report;
	char folder[] = "/tmp/wq-credentials-XXXXXX", path[64];
	struct config *config;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/x", folder);
	fclose(fopen(path, "w"));
	chmod(path, 0440);
	setenv("CREDENTIALS_DIRECTORY", folder, 1);
	config = load(HEAD "horn \"g\" { url = \"http\" secret = \"credential:x\" }\n", &report);
	assert_non_null(config);
	assert_int_equal(report.warning_count, 0);
	config_free(config);
	chmod(path, 0644);
	config = load(HEAD "horn \"g\" { url = \"http\" secret = \"credential:x\" }\n", &report);
	assert_non_null(config);
	assert_int_equal(report.warning_count, 1);
	assert_non_null(strstr(report.problems[0].text, "has mode 0644; chmod o="));
	config_free(config);
	unsetenv("CREDENTIALS_DIRECTORY");
	remove(path);
	remove(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(people_are_resolved_in_order),
		cmocka_unit_test(a_department_is_everybody_who_says_so),
		cmocka_unit_test(a_person_says_what_is_not_to_be_told_at_once),
		cmocka_unit_test(escalation_is_by_level_and_zero_is_never),
		cmocka_unit_test(reminders_are_by_level_and_by_the_shortest_span),
		cmocka_unit_test(a_deadline_is_a_minute_unless_it_is_given),
		cmocka_unit_test(an_escalation_has_steps_and_a_rule_those_of_all_routes),
		cmocka_unit_test(rules_escalate_by_the_quickest_route_that_hears_of_them),
		cmocka_unit_test(a_season_has_its_own_spans),
		cmocka_unit_test(what_is_told_to_nobody_on_some_day_is_a_warning),
		cmocka_unit_test(doubtful_things_are_warnings),
		cmocka_unit_test(a_path_that_depends_on_the_folder_is_a_warning),
		cmocka_unit_test(a_right_file_has_no_warnings),
		cmocka_unit_test(a_credential_is_there_and_not_open_to_everybody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
