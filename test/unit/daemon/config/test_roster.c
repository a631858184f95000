/* SPDX-License-Identifier: Apache-2.0 */
/* Sections `roster`, and the CSV beside them. */
#include "loading.h"

#include "notify/roster.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PEOPLE                                                                                     \
	HEAD "contact \"li\" { name = \"李四\" channels = { \"h\" } }\n"                           \
	     "contact \"zhang\" { name = \"张三\" channels = { \"h\" } }\n"
#define LINES 14 /* of PEOPLE */
#define SHIFTS "shifts = { \"day 08:00 12h\", \"night 20:00 12h\" } "

enum { WANG, LI, ZHANG };

static wq_ms at(const char *text)
{
	wq_ms when = 0;

	assert_int_equal(wq_instant_parse(text, &wq_zone_china, &when, NULL), 0);
	return when;
}

static uint32_t lead_at(const struct roster *roster, const char *time)
{
	struct roster_duty duty;

	roster_at(roster, at(time), &duty);
	assert_int_equal(duty.count[ROSTER_LEAD], 1);
	return duty.people[ROSTER_LEAD][0];
}

static void a_section_says_who_is_on_duty(void **state)
{
	struct config *config = load_right(PEOPLE "roster \"water\" { name = \"水质值班\" " SHIFTS
	        "people = { \"wang\", \"li\" } from = \"2026-01-05\" leader = { \"zhang\" }\n"
	        " weekdays = { \"sat zhang li\" } holidays = { \"2026-02-16..2026-02-18 zhang\" }\n"
	        " swaps = { \"2026-01-06 night wang\", \"2026-01-06 day li leader\" } }\n");
	const struct roster *roster = &config->rosters[0];
	struct roster_duty duty;

	(void)state;
	assert_int_equal(config->roster_count, 1);
	assert_string_equal(roster->name, "水质值班");
	assert_int_equal(lead_at(roster, "2026-01-05 12:00"), WANG);
	assert_int_equal(lead_at(roster, "2026-01-06 02:00"), LI);
	assert_int_equal(lead_at(roster, "2026-01-06 22:00"), WANG);
	assert_int_equal(lead_at(roster, "2026-01-10 12:00"), ZHANG);
	assert_int_equal(lead_at(roster, "2026-01-10 22:00"), LI);
	assert_int_equal(lead_at(roster, "2026-02-17 12:00"), ZHANG);
	roster_at(roster, at("2026-01-06 12:00"), &duty);
	assert_true(duty.count[ROSTER_LEADER] == 1 && roster_has(&duty, ROSTER_LEADER, LI));
	assert_int_equal(roster->everybody_count, 3);
	config_free(config);
}

static void every_mistake_is_told_with_its_line(void **state)
{
	static const struct {
		const char *keys, *says;
	} rows[] = {
		{ "people = { \"wang\" } from = \"2026-01-05\"", "shifts" },
		{ "shifts = { \"day 8:00 12h\" } people = { \"wang\" } from = \"2026-01-05\"", "must be a name without spaces" },
		{ "shifts = { \"day 08:00 25h\" } people = { \"wang\" } from = \"2026-01-05\"", "1m to 24h" },
		{ "shifts = { \"b 20:00 12h\", \"a 08:00 12h\" } people = { \"wang\" } from = \"2026-01-05\"",
		        "does not begin after" },
		{ "shifts = { \"a 08:00 1h\", \"a 09:00 1h\" } people = { \"wang\" } from = \"2026-01-05\"", "two of the name" },
		{ SHIFTS "people = { \"wnag\" } from = \"2026-01-05\"", "there is no such contact; did you mean 'wang'" },
		{ SHIFTS "people = { \"wang\" }", "from is missing" },
		{ SHIFTS "people = { \"wang\" } from = \"2026-02-30\"", "must be a date" },
		{ SHIFTS, "has nobody" },
		{ SHIFTS "weekdays = { \"sat\" }", "0 people are named" },
		{ SHIFTS "weekdays = { \"sat wang\", \"sat li\" }", "given twice" },
		{ SHIFTS "weekdays = { \"someday wang\" }", "there is no such day of the week" },
		{ SHIFTS "weekdays = { \"sat wang\" } holidays = { \"2026-02-18..2026-02-16 li\" }", "must begin with a date" },
		{ SHIFTS "weekdays = { \"sat wang\" } swaps = { \"2026-01-06 noon li\" }", "there is no such shift" },
		{ SHIFTS "weekdays = { \"sat wang\" } swaps = { \"2026-01-06 night\" }", "must be a date, a shift and a contact" },
		{ SHIFTS "weekdays = { \"sat wang\" } swaps = { \"2026-01-06 night li boss\" }", "there is no such role" },
		{ SHIFTS "weekdays = { \"sat wang\" } swaps = { \"2026-01-06 night li lead now\" }", "nothing may follow" },
		{ SHIFTS "file = \"/nowhere/roster.csv\"", "/nowhere/roster.csv cannot be read" },
	};
	static struct config_report report;
	char text[4096];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		snprintf(text, sizeof text, PEOPLE "roster \"water\" { %s }\n", rows[i].keys);
		assert_null(load(text, &report));
		if (problem(&report, LINES + 1, rows[i].says) == NULL) {
			config_report_print(&report, NULL, stdout);
			fail_msg("not told: %s", rows[i].says);
		}
	}
}

/* Writes a CSV and loads a roster from it. */
static struct config *load_csv(const char *csv, char path[32], struct config_report *report)
{
	char text[4096];
	int fd;

	strcpy(path, "/tmp/wq-roster-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, csv, strlen(csv)), strlen(csv));
	close(fd);
	snprintf(text, sizeof text, PEOPLE "roster \"water\" { " SHIFTS "file = \"%s\" }\n", path);
	struct config *config = load(text, report);
	unlink(path);
	return config;
}

static void a_table_of_the_office_is_a_roster(void **state)
{
	static struct config_report report;
	struct roster_duty duty;
	char path[32];
	struct config *config = load_csv("\xEF\xBB\xBF" "date,shift,person,role,remark\r\n"
	                                 "2026-03-05,day,li,lead,\r\n2026-03-05,day,王,配合,姓名也可\r\n"
	                                 "2026-03-05,day,张三,领导带班,\r\n2026-03-05,night,wang,,\r\n",
	        path, &report);

	(void)state;
	if (config == NULL)
		config_report_print(&report, NULL, stdout);
	assert_non_null(config);
	roster_at(&config->rosters[0], at("2026-03-05 12:00"), &duty);
	assert_true(roster_has(&duty, ROSTER_LEAD, LI) && roster_has(&duty, ROSTER_ASSIST, WANG) &&
	        roster_has(&duty, ROSTER_LEADER, ZHANG));
	assert_int_equal(lead_at(&config->rosters[0], "2026-03-06 07:00"), WANG);
	roster_at(&config->rosters[0], at("2026-03-06 08:00"), &duty);
	assert_true(duty.vacant);
	config_free(config);
}

static void a_mistake_in_the_table_is_told_with_the_table_s_line(void **state)
{
	static const struct {
		const char *csv;
		int line;
		const char *says;
	} rows[] = {
		{ "date,shift,person\n2026-03-05,day,li\n2026-03-32,day,li\n", 3, "date '2026-03-32'" },
		{ "date,shift,person\n2026-03-05,noon,li\n", 2, "shift 'noon'" },
		{ "date,shift,person\n2026-03-05,day,lli\n", 2, "person 'lli'" },
		{ "date,shift,person,role\n2026-03-05,day,li,chief\n", 2, "role 'chief'" },
		{ "date,shift,who\n2026-03-05,day,li\n", 1, "there is no column person" },
		{ "date,shift,person\n2026-03-05,day\n", 2, "" },
	};
	static struct config_report report;
	char path[32];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_null(load_csv(rows[i].csv, path, &report));
		const struct config_problem *found = problem(&report, rows[i].line, rows[i].says);

		if (found == NULL) {
			config_report_print(&report, NULL, stdout);
			fail_msg("not told: %s", rows[i].says);
		}
		assert_string_equal(found->file, path);
	}
}

static void what_cannot_be_told_at_once_is_too_much_for_a_slot(void **state)
{
	static struct config_report report;
	char path[32];

	(void)state;
	assert_null(load_csv("date,shift,person\n2026-03-05,day,li\n2026-03-05,day,li\n2026-03-05,day,li\n"
	                     "2026-03-05,day,li\n2026-03-05,day,li\n",
	        path, &report));
	assert_non_null(problem(&report, LINES + 1, "more than 4 people"));
}

static void a_group_names_contacts_and_rosters(void **state)
{
	static struct config_report report;
	static const char roster[] = "roster \"water\" { " SHIFTS "weekdays = { \"sat wang\" } }\n";
	char text[4096];
	struct config *config;

	(void)state;
	snprintf(text, sizeof text, PEOPLE "%sgroup \"duty\" { members = { \"@water\", \"li\" } }\n", roster);
	config = load(text, &report);
	assert_non_null(config);
	assert_int_equal(report.warning_count, 0);
	assert_true(config->groups[1].roster_count == 1 && config->groups[1].rosters[0] == 0);
	assert_true(config->groups[1].member_count == 1 && config->groups[1].members[0] == LI);
	config_free(config);
	snprintf(text, sizeof text, PEOPLE "%sgroup \"duty\" { members = { \"@wader\" } }\n", roster);
	assert_null(load(text, &report));
	assert_non_null(problem(&report, LINES + 2, "there is no such roster; did you mean 'water'"));
	snprintf(text, sizeof text, PEOPLE "%s", roster);
	config = load(text, &report);
	assert_non_null(config);
	assert_non_null(problem(&report, LINES + 1, "is used by no group"));
	config_free(config);
	assert_null(load(PEOPLE "contact \"@x\" { name = \"某\" channels = { \"h\" } }\n", &report));
	assert_non_null(problem(&report, LINES + 1, "must not begin with @"));
}

static void what_is_doubtful_from_now_on_is_printed(void **state)
{
	struct config *config = load_right(PEOPLE "roster \"water\" { shifts = { \"day 08:00 12h\" } "
	                                          "people = { \"wang\" } from = \"2026-01-05\" }\n");
	char *text = NULL;
	size_t length = 0;
	FILE *to = open_memstream(&text, &length);

	(void)state;
	assert_int_equal(config_rosters_print(config, at("2026-03-05 12:00"), to), 31);
	fclose(to);
	assert_string_equal(text,
	        "test.conf: warning: [roster \"water\"] nobody has the lead from 03-05 20:00 to 03-06 08:00 and 30 more times "
	        "within 31 days: everybody of the roster would be told\n");
	free(text);
	config_free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_section_says_who_is_on_duty),
		cmocka_unit_test(every_mistake_is_told_with_its_line),
		cmocka_unit_test(a_table_of_the_office_is_a_roster),
		cmocka_unit_test(a_mistake_in_the_table_is_told_with_the_table_s_line),
		cmocka_unit_test(what_cannot_be_told_at_once_is_too_much_for_a_slot),
		cmocka_unit_test(a_group_names_contacts_and_rosters),
		cmocka_unit_test(what_is_doubtful_from_now_on_is_printed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
