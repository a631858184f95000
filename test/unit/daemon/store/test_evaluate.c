/* SPDX-License-Identifier: Apache-2.0 */
/* wqctl evaluate on a history: the program itself, on a file that the store has written. */
#include "house.h"

#include "store/reader.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char output[65536];

static int run(struct house *h, const char *arguments)
{
	char command[1024];
	size_t length;
	FILE *from;
	int status;

	snprintf(command, sizeof command, "'%s/wqctl' evaluate --database '%s' %s 2>&1",
	        getenv("WQ_BIN"), h->path, arguments);
	from = popen(command, "re");
	assert_non_null(from);
	length = fread(output, 1, sizeof output - 1, from);
	output[length] = '\0';
	status = pclose(from);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void expect(const char *text)
{
	if (strstr(output, text) == NULL)
		fail_msg("'%s' is not in:\n%s", text, output);
}

/* TP of both stations on each day of March 1 … 10, 2026; the worse one on the way down. */
static void furnish(struct house *h)
{
	for (wq_day day = 20513; day < 20523; day++) {
		struct wq_day_row *row = house_day(h, YIGAN, 1, day);

		row->mean_raw = row->mean = 0.1;
		row = house_day(h, NANHENG, 1, day);
		row->mean_raw = row->mean = 0.22;
		row->below = 1;
		house_day(h, YIGAN, WQ_NONE, day);
	}
	for (wq_day day = 20485; day < 20495; day++) { /* February 1 … 10 */
		struct wq_day_row *row = house_day(h, NANHENG, 1, day);

		row->mean_raw = row->mean = 0.35;
	}
	house_commit(h);
}

static void a_history_is_evaluated_without_a_configuration(void **state)
{
	struct house *h = *state;

	furnish(h);
	assert_int_equal(run(h, "--period mtd --at 2026-03-10 --json"), 0);
	expect("\"station\":\"nanheng\",\"name\":\"南横套河\",\"kind\":\"tributary\"");
	expect("\"class\":4,\"grade\":\"轻度污染\",\"colour\":\"#FFFF00\",\"verdict\":\"exceeds\"");
	expect("\"pollutants\":[{\"parameter\":\"tp\",\"exceedance\":0.1}]"); /* not 0.10000000000000001 */
	expect("\"previous_class\":5");
	expect("\"change\":\"有所好转\"");
	expect("\"below_detection\":10");
	expect("\"unmeasured\":[\"ph\",\"do\",\"codmn\",\"nh3n\"]");
	/* yigan measures pH and has no day of it: no class */
	expect("\"lacking\":[\"ph\"]");
	expect("\"sections\":2,\"assessable\":1");
}

static void the_officer_s_table_is_in_chinese(void **state)
{
	struct house *h = *state;

	furnish(h);
	assert_int_equal(run(h, "--period week --at 2026-03-05"), 0);
	expect("南横套河");
	expect("超标(Ⅲ)");
	expect("总磷(0.1)");
	expect("有效天数不足:pH(0/7)");
	expect("2026年3月2日至8日,断面2个,可评价1个:优Ⅲ比例0.0%(0/1)");
}

static void the_newest_revision_of_a_day_counts(void **state)
{
	struct house *h = *state;
	struct wq_day_row *row;

	furnish(h);
	row = house_day(h, NANHENG, 1, 20513);
	row->revision = 2;
	row->mean = row->mean_raw = 0.05;
	house_commit(h);
	assert_int_equal(run(h, "--period day --at 2026-03-01 -s nanheng -f csv"), 0);
	expect("nanheng,南横套河,day,2026-03-01,2026-03-01,2,优,meets,3,tp,,");
}

static void stations_are_chosen_by_kind_and_name(void **state)
{
	struct house *h = *state;

	furnish(h);
	assert_int_equal(run(h, "--period month --at 2026-03-01 --kind tributary -f csv"), 0);
	expect("nanheng,");
	assert_null(strstr(output, "yigan,"));
	assert_int_equal(run(h, "--period month --at 2026-03-01 --station yigan -f csv"), 0);
	assert_null(strstr(output, "nanheng,"));
	assert_int_equal(run(h, "--period month --station nowhere"), 1);
	expect("there is no station 'nowhere'");
	assert_int_equal(run(h, "--period month --kind national"), 1);
	expect("no station is meant");
	assert_int_equal(run(h, "--period month --group x"), 1);
}

static void a_wrong_command_line_is_usage(void **state)
{
	struct house *h = *state;
	static const char *const wrong[] = { "", "--period decade", "--period day --at yesterday",
		"--period day --format xml", "--period day --kind pond",
		"--period day --water pond", "--period day extra",
		"--period day --csv x --water river" };

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		if (run(h, wrong[i]) != 2)
			fail_msg("'%s': %s", wrong[i], output);
}

static void a_history_of_before_still_reads(void **state)
{
	struct house *h = *state;

	furnish(h);
	house_shut(h);
	/* What came with and after version 6 is taken away. */
	house_run(h->path,
	        "DROP VIEW v_load;DROP VIEW v_answer;DROP TABLE owed;ALTER TABLE alarm DROP COLUMN waits_number;ALTER TABLE alarm DROP COLUMN waits_since;ALTER TABLE meta DROP COLUMN wall;"
	        "ALTER TABLE meta DROP COLUMN boot;ALTER TABLE meta DROP COLUMN machine;ALTER TABLE meta DROP COLUMN trusted;"
	        "DROP TABLE mark;DROP INDEX notice_held;ALTER TABLE notice DROP COLUMN folded;ALTER TABLE notice DROP COLUMN held;ALTER TABLE notice DROP COLUMN hold;"
	        "ALTER TABLE notice DROP COLUMN topic;DROP VIEW v_closing;DROP VIEW v_command;DROP VIEW command_row;DROP TABLE command;DROP VIEW v_import;DROP VIEW v_manual;DROP VIEW v_alarm;DROP VIEW change_row;DROP VIEW manual_row;"
	        "DROP VIEW v_learnt;DROP TABLE learnt;DROP VIEW v_sample;DROP VIEW sample_row;DROP VIEW reading;"
	        "ALTER TABLE sample DROP COLUMN test;ALTER TABLE sample_open DROP COLUMN test;"
	        "CREATE VIEW reading AS SELECT * FROM sample UNION ALL SELECT series,at,revision,value,quality,stamp,flag,source,received,"
	        "trusted,sequence,repeats,repeated,score,late,event,newest FROM sample_open;"
	        "CREATE VIEW sample_row AS SELECT 1;CREATE VIEW v_sample AS SELECT 1;"
	        "DROP TABLE manual;DROP TABLE import;CREATE VIEW change_row AS SELECT 1;CREATE VIEW v_alarm AS SELECT 1;"
	        "DROP TABLE uplink;DROP TABLE forward;DROP TABLE forward_note;DROP VIEW v_check;DROP VIEW check_row;DROP TABLE check_record;DROP VIEW v_profile;DROP TABLE profile_word;DROP VIEW v_daily;ALTER TABLE day DROP COLUMN below;ALTER TABLE day DROP COLUMN "
	        "standard;DROP TABLE standard;ALTER TABLE change DROP COLUMN cause;ALTER TABLE change DROP COLUMN action;PRAGMA user_version=5");
	assert_int_equal(run(h, "--period mtd --at 2026-03-10 -s nanheng -f csv"), 0);
	expect("nanheng,南横套河,mtd,2026-03-01,2026-03-10,4,");
	house_open(h, &house_site_bare);
}

static void a_configuration_gives_water_target_and_groups(void **state)
{
	struct house *h = *state;
	char conf[128], arguments[300];
	FILE *to;

	furnish(h);
	snprintf(conf, sizeof conf, "%s/site.conf", h->directory);
	to = fopen(conf, "we");
	assert_non_null(to);
	fprintf(to,
	        "site { name = \"城\" database = \"%s\" }\nmqtt \"b\" { broker = "
	        "\"tcp://127.0.0.1:9\" topic = "
	        "\"a/{station}\" client_id = \"x\" }\n"
	        "evaluation { grades = { \"好\", \"良\", \"轻\", \"中\", \"重\" } }\n"
	        "station \"nanheng\" { name = \"南横\" kind = national water = lake class = \"IV\" "
	        "groups = "
	        "{ \"片区\" }\n  point \"tp\" { bus = \"b\" unit = \"mg/L\" } }\n"
	        "station \"yigan\" { kind = national mode = commissioning\n  point \"tp\" { bus = "
	        "\"b\" unit = "
	        "\"mg/L\" } }\n",
	        h->path);
	fclose(to);
	snprintf(arguments, sizeof arguments,
	        "--period mtd --at 2026-03-10 --config %s --group 片区", conf);
	assert_int_equal(run(h, arguments), 0);
	expect("南横");
	expect("劣Ⅴ");
	expect("重");
	expect("超标(Ⅳ)");
	assert_null(strstr(output, "yigan"));
	snprintf(arguments, sizeof arguments, "--period mtd --at 2026-03-10 --config %s", conf);
	assert_int_equal(run(h, arguments), 0);
	expect("调试中;未监测:pH、溶解氧、高锰酸盐指数、氨氮");
	expect("断面1个,可评价1个,另有调试中1个不计");
	unlink(conf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		house_test(a_history_is_evaluated_without_a_configuration),
		house_test(the_officer_s_table_is_in_chinese),
		house_test(the_newest_revision_of_a_day_counts),
		house_test(stations_are_chosen_by_kind_and_name),
		house_test(a_wrong_command_line_is_usage),
		house_test(a_history_of_before_still_reads),
		house_test(a_configuration_gives_water_target_and_groups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
