/* SPDX-License-Identifier: Apache-2.0 */
/* One thing is wrong: where it is said, and in which words. */
#include "loading.h"

#include <stdio.h>

/* `text` is added to HEAD and begins on line 13. */
static const struct row {
	const char *text;
	int line;
	const char *part;
} rows[] = {
	/* keys and sections */
	{ "station \"b\" {\n kind = national\n tonw = \"x\" }", 15,
	        "[station \"b\"] unknown key 'tonw'; did you mean 'town'?" },
	{ "staton \"b\" { }", 13, "unknown section 'staton'; did you mean 'station'?" },
	{ "abova \"x\" { abova = 0.2 above = 1 }", 13,
	        "unknown section 'abova'; did you mean 'above'?" },
	{ "above \"x\" { level = \"watch\" watch = 1 }", 13, "unknown key 'watch'" },
	{ "point \"tp\" { }", 13, "a point belongs inside a station" },
	{ "town = \"x\"", 13, "'town' stands outside of any section" },
	{ "day \"x\" {\n station \"y\" { } }", 14, "is a closing brace missing?" },
	{ "site { name = \"x\" }", 13, "[site] is given twice; first on line 1" },
	{ "site \"x\" { }", 13, "section 'site' has no title" },
	{ "day { }", 13, "section 'day' needs a title" },
	{ "day \"x\"\nday \"y\" { }", 13, "section 'day' needs its block" },
	{ "station \"yigan\" { kind = national }", 13,
	        "station \"yigan\" is given twice; first on line 8" },
	{ "day \"x\" { }\nwhole \"x\" { }", 14, "the title is taken by day \"x\" on line 13" },
	{ "post \"plc\" { }", 13, "the title is taken by serial \"plc\" on line 2" },
	{ "day \"wqd:store\" { }", 13, "titles that begin with \"wqd:\" are the program's own" },
	{ "day \"wqd:flood\" { }", 13, "titles that begin with \"wqd:\" are the program's own" },
	{ "day \"x\" {\n chatter = 1 }", 14, "chatter = 1: every alarm would be shelved as it opens" },
	{ "day \"x\" {\n chatter = 21 }", 14, "chatter = 21: must be between 0 and 20" },
	{ "day \"x\" {\n chatter_shelve = \"8d\" }", 14, "must be between 1m and 7d" },
	{ "day \"x\" {\n on_delay = \"32d\" }", 14, "must be between 0 and 31d" },
	{ "day \"x\" {\n on_dealy = \"1h\" }", 14, "did you mean 'on_delay'?" },
	{ "day \"*\" { }", 13, "only a station may have the title \"*\"" },
	{ "day \" x\" { }", 13, "no space at its ends" },
	{ "include(\"/etc/passwd\")", 13, "'(' is out of place" },
	{ "day \"x\" { \"kinds\" = \"national\" }", 13, "a key stands without quotes" },
	/* form */
	{ "day \"x\" {\n kinds = { \"national\" \"provincial\" } }", 14, "texts parted by commas" },
	{ "day \"x\" {\n kinds =\n focus = true }", 14, "'kinds' has no value" },
	{ "day \"x\" { kinds = {} }", 13, "an empty list says nothing" },
	{ "day \"x\" { focus true }", 13, "'focus' needs '=' and a value" },
	{ "day \"x\" {\n focus = true\n focus = false }", 15,
	        "'focus' is given twice; first on line 14" },
	{ "day \"x\" {\n kinds = \"national\"\n kinds = { \"provincial\" } }", 15, "given twice" },
	{ "day \"x\" {\n kinds += \"national\" }", 14, "'+=' is not known here" },
	{ "day \"x\" {\n kinds = \"national }\n", 14, "is not closed on this line" },
	{ "day \"x\" {\n kinds = \"national”\n}", 14, "is not closed on this line: '”' is a full-width character, write '\"'" },
	{ "day \"x\" {\n\n", 13, "[day \"x\"] the block that is opened here is never closed" },
	{ "day \"x\" { } }", 13, "a closing brace without an opening one" },
	{ "/* day", 13, "the comment that begins here is never closed" },
	{ "horn \"g\" { url = \"http://${HOSTNAME}\" }", 13, "${…} is not replaced here" },
	{ "horn \"g\" { url = http${HOSTNAME} }", 13, "${…} is not replaced here" },
	{ "horn \"g\" { url = \"http:\\n\" }", 13, "a backslash in a text" },
	{ "horn \"g\" { url = \"http\t\" }", 13, "a control character" },
	{ "horn \"g\" { url = http://x }", 13, "is out of place" },
	{ "horn \"g\" { url = \"\xff\" }", 13, "not UTF-8" },
	{ "horn \"g\" { url = \"\xd6\xd0\" }", 13, "GBK" },
	/* an input method left in Chinese */
	{ "day \"x\" {\n kinds = “national” }", 14, "'“' is a full-width character: write '\"'" },
	{ "station \"b\" { kind = national\n name = “西水厂 北” }", 14, "[station \"b\"] '“' is a full-width" },
	{ "day \"x\" {\n kinds = { \"national\"， \"provincial\" } }", 14, "'，' is a full-width character: write ','" },
	{ "day \"x\" {\n kinds = { national、provincial } }", 14, "write ','" },
	{ "day \"x\" {\n focus＝true }", 14, "write '='" },
	{ "day \"x\" ｛\n focus = true }", 13, "write '{'" },
	{ "day \"x\" {\n focus = true ｝", 14, "write '}'" },
	{ "day \"x\" {\n focus = true\u3000}", 14, "write ' '" },
	{ "day \"x\" {\n focus = true ＃ always }", 14, "write '#'" },
	{ "route \"s\" {\n lead = lead season = \"5-1..9-30\" }", 14,
	        "season = 5-1..9-30: has 9 bytes, not 12; it is the part of the year" },
	/* maintenance */
	{ "maintenance \"m\" { weekday = \"mon\" at = \"09:00\" for = \"1h\" }", 13, "[maintenance \"m\"] stations is missing" },
	{ "maintenance \"m\" { stations = \"yigan\" }", 13, "weekday is missing: a maintenance is from" },
	{ "maintenance \"m\" { stations = \"yigna\"\n weekday = \"mon\" at = \"09:00\" for = \"1h\" }", 13,
	        "there is no such station; did you mean 'yigan'?" },
	{ "maintenance \"m\" {\n stations = \"*\" parameters = \"tpp\" weekday = \"mon\" at = \"09:00\" for = \"1h\" }", 14,
	        "there is no parameter \"tpp\"; did you mean 'tp'?" },
	{ "maintenance \"m\" { stations = \"*\" weekday = \"mo\" at = \"09:00\" for = \"1h\" }", 13,
	        "there is no such day of the week; known: mon, tue" },
	{ "maintenance \"m\" { stations = \"*\" weekday = \"mon\" at = \"24:00\" for = \"1h\" }", 13,
	        "is not a time of day like \"09:00\"" },
	{ "maintenance \"m\" { stations = \"*\" weekday = \"mon\" at = \"9:00\" for = \"1h\" }", 13,
	        "at = 9:00: has 4 bytes, not 5; it is the time of day of a weekly begin, \"09:00\"" },
	{ "maintenance \"m\" { stations = \"*\" weekday = \"mon\" at = \"9:000\" for = \"1h\" }", 13,
	        "is not a time of day like \"09:00\"" },
	{ "maintenance \"m\" { stations = \"*\" weekday = \"mon\" at = \"09:00\" for = \"25h\" }", 13,
	        "for = 25h: must be between 1m and 1d" },
	{ "maintenance \"m\" { stations = \"*\" weekday = \"mon\" at = \"09:00\" }", 13, "for is missing" },
	{ "maintenance \"m\" { stations = \"*\" from = \"2026-03-05 08:00\" }", 13, "to is missing" },
	{ "maintenance \"m\" { stations = \"*\" from = \"2026-03-05 08:00\" to = \"2026-03-05 08:00\" }", 13,
	        "is not after from" },
	{ "maintenance \"m\" { stations = \"*\" from = \"2026-13-05 08:00\" to = \"2026-03-05 08:00\" }", 13, "from: " },
	{ "maintenance \"m\" { stations = \"*\" from = \"2026-03-05 08:00\" to = \"2026-03-06\" for = \"1h\" }", 13,
	        "from and for: a maintenance is once (from, to) or weekly" },
	{ "station \"b\" { kind = national maintenance_flags = \"12345678\" }", 13, "longer than a flag may be (7 bytes)" },
	{ "station \"b\" { kind = national maintenance_flags = \"F\" }", 13, "\"F\" is in maintenance_flags too" },
	{ "station \"b\" { kind = national settle = \"25h\" }", 13, "settle = 25h: must be between 0 and 1d" },
	/* values */
	{ "above \"x\" { above = 100.5 }", 13, "above = 100.5: must be between 0 and 100 mg/L" },
	{ "above \"x\" { above = nan }", 13, "is not a number" },
	{ "above \"x\" { above = -inf }", 13, "is not a number" },
	{ "above \"x\" { above = 0x10 }", 13, "is not a number" },
	{ "above \"x\" { above = 1.0abc }", 13, "is not a number" },
	{ "above \"x\" { above = \"1,5\" }", 13, "is not a number" },
	{ "above \"x\" { readings = 010 }", 13,
	        "readings = 010: a whole number has no leading zero" },
	{ "above \"x\" { readings = 2.5 }", 13, "is not a whole number" },
	{ "above \"x\" { readings = 0x }", 13, "is not a whole number" },
	{ "above \"x\" { readings = 0x1G }", 13, "is not a whole number" },
	{ "above \"x\" { readings = -0x1 }", 13, "is not a whole number" },
	{ "above \"x\" { readings = 1e3 }", 13, "is not a whole number" },
	{ "above \"x\" { readings = 99999999999999999999 }", 13, "is too large" },
	{ "above \"x\" { readings = 0 }", 13, "must be between 1 and 63" },
	{ "above \"x\" { readings = { 1, 2 } }", 13, "takes one value, not a list" },
	{ "above \"x\" { level = alrm }", 13,
	        "must be one of watch, alarm; did you mean 'alarm'?" },
	{ "above \"x\" { strict = yes }", 13, "is neither true nor false" },
	{ "above \"x\" { notes = { \"a\", \"b\", \"c\", \"d\" } }", 13,
	        "has 4 items; allowed are 1 to 3" },
	{ "above \"x\" { notes = { \"a\", \"a\" } }", 13, "names \"a\" twice" },
	{ "serial \"q\" { host = \"h\" interval = 5 }", 13, "is not a span of time" },
	{ "serial \"q\" { host = \"h\" interval = \"100ms\" }", 13,
	        "must be between 200ms and 1d" },
	{ "serial \"q\" { }", 13, "[serial \"q\"] host is missing: address" },
	{ "horn \"g\" { url = \"http\" secret = \"whsec_123\" }", 13,
	        "secret must be \"credential:NAME\"" },
	{ "horn \"g\" { url = \"http\" secret = \"credential:../x\" }", 13, "secret must be" },
	{ "bell \"b\" { }\ncontact \"c\" { name = \"x\"\n channels = { \"h\", \"b\" }\n phone = \"110\" }", 16,
	        "[contact \"c\"] phone: cannot be rung (channel 'b' sends to it)" },
	{ "bell \"b\" { }\ncontact \"c\" { name = \"x\"\n channels = { \"h\", \"b\" } }", 15,
	        "phone: cannot be rung (channel 'b' sends to it)" },
	{ "route \"r\" { lead = lead\n deadline = \"4s\" }", 14, "deadline" },
	{ "route \"r\" { lead = lead\n deadline = \"2h\" }", 14, "deadline" },
	{ "contact \"c\" { name = \"x\" channels = \"h\" phone = \"12-34\" }", 13,
	        "must be 3 to 15 digits" },
	{ "parameter \"alk\" { name = \"x\" unit = \"m\" low = 2 high = 2 }", 13,
	        "low must be smaller" },
	{ "parameter \"TP\" { name = \"x\" unit = \"m\" low = 0 high = 2 }", 13, "'TP' is taken" },
	{ "parameter \"x\" { code = \"w21011\" name = \"x\" unit = \"m\" low = 0 high = 2 }", 13,
	        "taken" },
	{ "station \"b\" { kind = national class = VI }", 13,
	        "class = VI: must be one of I, II, III" },
	{ "station \"b\" { kind = national offset = \"8\" }", 13, "is not an offset" },
	{ "station \"b\" { name = \"x\" }", 13, "kind is missing" },
	/* references */
	{ "station \"b\" { kind = national\n flows_into = \"yigam\" }", 14,
	        "there is no such station; did you mean 'yigan'?" },
	{ "station \"b\" { kind = national\n flows_into = \"b\" }", 14,
	        "flows_into goes in a circle: b → b" },
	{ "station \"b\" { kind = national flows_into = \"c\" }\n"
	  "station \"c\" { kind = national flows_into = \"b\" }",
	        13, "circle: b → c → b" },
	{ "station \"b\" { kind = national\n point \"tp\" { bus = \"pcl\" unit = \"mg/L\" } }", 14,
	        "there is no such bus; did you mean 'plc'?" },
	{ "station \"b\" { kind = national\n point \"tpp\" { bus = \"broker\" unit = \"mg/L\" } }",
	        14, "did you mean 'tp'?" },
	{ "station \"b\" { kind = national\n point \"tp\" { bus = \"broker\" } }", 14,
	        "[station \"b\" point \"tp\"] unit is missing" },
	{ "station \"b\" { kind = national\n point \"tp\" { bus = \"broker\" unit = \"NTU\" } }",
	        14, "unit" },
	{ "station \"b\" { kind = national\n point \"tp\" { bus = \"broker\" unit = \"mg/L\" "
	  "address = 1 } }",
	        14, "'address' is no key of a post point" },
	{ "station \"b\" { kind = national\n point \"tp\" { bus = \"plc\" unit = \"mg/L\" } }", 14,
	        "address is missing" },
	{ "station \"b\" { kind = national\n point \"tp\" { bus = \"plc\" unit = \"mg/L\" address "
	  "= 13 } }",
	        14, "register 13 brings bad luck" },
	{ "serial \"q\" { host = \"/dev/tty\" }\nserial \"r\" { host = \"/dev/tty\" }", 14,
	        "bus 'q' has /dev/tty too, and only one can have it" },
	{ "station \"b\" { kind = national\n point \"tp\" { bus = \"broker\" unit = \"mg/L\" }\n"
	  " point \"w21011\" { bus = \"plc\" address = 2 unit = \"mg/L\" } }",
	        15, "the station has a point for tp (总磷) already" },
	{ "station \"b\" { kind = national\n point \"tp\" { bus = \"broker\" unit = \"mg/L\" low = "
	  "5 high = 1 } }",
	        14, "the plausible range is empty" },
	{ "station \"b\" { kind = national\n point \"tp\" { bus = \"broker\" unit = \"ug/L\" detection = 25 } }",
	        14, "lies below the highest plausible value, 20" },
	{ "station \"b\" { kind = national\n point \"tp\" { bus = \"broker\" unit = \"ug/L\" detection = 0 } }",
	        14, "detection = 0" },
	{ "station \"*\" { kind = national\n point \"tp\" { bus = \"broker\" unit = \"mg/L\" } }",
	        14, "station \"*\" has no points" },
	{ "station \"*\" { kind = national flows_into = \"x\" }", 13, "flows into none" },
	{ "above \"x\" {\n stations = { \"yigan\",\n \"yigon\" } }", 15, "did you mean 'yigan'?" },
	{ "above \"x\" { kinds = \"natinal\" }", 13, "did you mean 'national'?" },
	{ "above \"x\" { parameters = { \"tp\", \"ph\" } }", 13, "parameter 'ph': has no limit" },
	{ "station \"b\" { kind = national\n travel = \"6h\" }", 14, "it flows into no station" },
	{ "profile \"f\" {\n from = \"05-01\" to = \"9-30\" }", 14, "to = 9-30: " },
	{ "profile \"f\" {\n from = \"5-01\" to = \"09-30\" }", 14,
	        "from = 5-01: has 4 bytes, not 5; it is the first day of every year on which it is on, \"05-01\"" },
	{ "profile \"f\" {\n from = \"05-01\" to = \"09-31\" }", 14,
	        "to = \"09-31\": must be a month and a day such as \"05-01\"" },
	{ "profile \"f\" {\n from = \"13-01\" to = \"09-30\" }", 14, "from = \"13-01\"" },
	{ "profile \"f\" {\n from = \"05/01\" to = \"09-30\" }", 14, "from = \"05/01\"" },
	{ "profile \"f\" {\n from = \"05-01\" }", 13, "to is missing" },
	{ "above \"x\" {\n profile = { \"flod\" } }\nprofile \"flood\" { from = \"05-01\" to = \"09-30\" }",
	        14, "there is no such profile; did you mean 'flood'?" },
	{ "above \"x\" { parameters = { \"zzz\" } }", 13, "there is no parameter \"zzz\"" },
	{ "above \"x\" { above = 66 }", 13, "66 is refused" },
	{ "day \"x\" { parameters = { \"tp\" } }", 13, "this rule judges a station as a whole" },
	{ "whole \"x\" { stations = { \"yigan\" } }", 13, "this rule judges the site as a whole" },
	{ "horn \"g\" { url = \"ftp\" }", 13, "url: must begin with http" },
	{ "contact \"c\" { name = \"x\" channels = \"j\" }", 13, "there is no such channel" },
	{ "group \"g\" { members = \"weng\" }", 13,
	        "there is no such contact; did you mean 'wang'?" },
	{ "contact \"c\" { name = \"x\" department = \"zhifa\" channels = \"h\" }\ngroup \"g\" {\n members = { \"wang\", \"#zifa\" } }",
	        15, "members = \"#zifa\": no contact is of this department; did you mean 'zhifa'?" },
	{ "contact \"#c\" { name = \"x\" channels = \"h\" }", 13, "must not begin with #: in a group that is a department" },
	{ "route \"g\" { lead = \"laed\" }", 13, "there is no such group; did you mean 'lead'?" },
	{ "route \"g\" { lead = \"lead\" assist = { \"x\" } }", 13, "there is no such group" },
	{ "route \"g\" { lead = \"lead\" escalate_to = \"x\" }", 13, "there is no such group" },
	{ "route \"g\" { lead = \"lead\" escalate_to = { \"lead\", \"x\" } }", 13, "there is no such group" },
	{ "route \"g\" { lead = \"lead\" escalate_to = \"lead\" escalate_next = \"1h\" }", 13,
	        "escalate_next is the time to the second group of escalate_to and further ones; there is none" },
	{ "group \"a\" { members = \"wang\" } group \"b\" { members = \"wang\" } group \"c\" { members = \"wang\" } "
	  "group \"d\" { members = \"wang\" } group \"e\" { members = \"wang\" } group \"f\" { members = \"wang\" } "
	  "group \"i\" { members = \"wang\" } group \"j\" { members = \"wang\" } "
	  "route \"g\" { lead = \"lead\" escalate_to = { \"a\", \"b\", \"c\", \"d\", \"e\", \"f\", \"i\", \"j\", \"lead\" } }",
	        13, "escalate_to names 9 groups; 8 are allowed, one a step" },
	{ "route \"g\" { lead = \"lead\" stations = { \"x\" } }", 13, "there is no such station" },
	{ "station \"b\" { kind = national town = \"yangshe\" }\nroute \"g\" { lead = \"lead\"\n towns = { \"yangsh\" } }", 15,
	        "towns = \"yangsh\": there is no such town; did you mean 'yangshe'?" },
	{ "route \"g\" { lead = \"lead\"\n parameters = { \"tpp\" } }", 14,
	        "parameters: there is no parameter \"tpp\"; did you mean 'tp'?" },
	{ "route \"g\" { lead = \"lead\"\n season = \"05-01..13-01\" }", 14, "must be two days of the year" },
	{ "route \"g\" { lead = \"lead\"\n season = \"05-01 - 9-30\" }", 14, "must be two days of the year" },
	{ "route \"g\" { lead = \"lead\" remind = \"30s\" }", 13, "reminds oftener than once a minute" },
	{ "route \"g\" { lead = \"lead\" min_level = \"none\" }", 13,
	        "must be one of info, watch" },
};

static void each_error_is_told_once_with_its_line(void **state)
{
	static struct config_report report;
	char text[8192];
	size_t failed = 0;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct config_problem *found;
		struct config *config;

		snprintf(text, sizeof text, "%s%s\n", HEAD, rows[i].text);
		config = load(text, &report);
		found = problem(&report, rows[i].line, rows[i].part);
		if (config == NULL && found != NULL && !found->warning && report.error_count == 1)
			continue;
		failed++;
		print_message("row %zu: %s\nwanted line %d: %s\n", i, rows[i].text, rows[i].line,
		        rows[i].part);
		config_report_print(&report, NULL, stdout);
		config_free(config);
	}
	assert_int_equal(failed, 0);
}

static void a_file_that_is_none_is_said_so(void **state)
{
	static struct config_report report;

	(void)state;
	assert_null(config_load_file("/nonexistent/x.conf", &tables, &report));
	assert_non_null(problem(&report, 0, "No such file"));
	assert_null(config_load_file("/tmp", &tables, &report));
	assert_non_null(problem(&report, 0, "not a regular file"));
	assert_null(config_load_text("a\0b", 3, "x", &tables, &report));
	assert_non_null(problem(&report, 1, "NUL"));
	assert_null(load("", &report));
	assert_non_null(problem(&report, 0, "site"));
	assert_non_null(problem(&report, 0, "there is no station"));
}

static void a_cause_has_its_name(void **state)
{
	static const char *const wrong[] = { "", " ", "a\", \"a", NULL };
	static struct config_report report;
	char text[2000];

	(void)state;
	for (size_t i = 0; wrong[i] != NULL; i++) {
		snprintf(text, sizeof text, "site { name = x\n causes = { \"%s\" } }%s", wrong[i], strchr(HEAD, '\n'));
		struct config *config = load(text, &report);

		if (config != NULL)
			print_message("causes = { \"%s\" } was taken\n", wrong[i]);
		assert_null(config);
		assert_non_null(problem(&report, 2, "causes"));
	}
}

/* Secrets written by mistake must not travel into logs. */
static void a_secret_is_never_repeated(void **state)
{
	static struct config_report report;

	(void)state;
	assert_null(load(HEAD "horn \"g\" { url = \"http\" secret = \"hunter2\" }\n", &report));
	for (size_t i = 0; i < report.error_count; i++)
		assert_null(strstr(report.problems[i].text, "hunter2"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_error_is_told_once_with_its_line),
		cmocka_unit_test(a_file_that_is_none_is_said_so),
		cmocka_unit_test(a_cause_has_its_name),
		cmocka_unit_test(a_secret_is_never_repeated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
