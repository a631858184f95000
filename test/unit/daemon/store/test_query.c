/* SPDX-License-Identifier: Apache-2.0 */
/* wqctl query and wqctl alarms, and the reader below them, beside a store that is open for writing.
 */
#include "house.h"

#include "commands.h"
#include "config/config.h"
#include "store/reader.h"
#include "store/schema.h"

#include <argp.h>
#include <fcntl.h>
#include <jansson.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* -- the configuration, which only has to name the database -- */

static struct config fake_config;

struct config *config_load(const char *path, struct config_report *report)
{
	memset(report, 0, sizeof *report);
	return strcmp(path, "good.conf") == 0 ? &fake_config : NULL;
}

void config_free(struct config *config)
{
	(void)config;
}

void config_report_print(const struct config_report *report, const char *consequence, FILE *to)
{
	(void)report;
	fprintf(to, "%s\n", consequence);
}

/* -- a run of a command in a process of its own: argp may exit -- */

struct output {
	int status;
	char out[65536], err[4096];
};

static void collect(int fd, char *buf, size_t cap)
{
	size_t length = 0;
	ssize_t n;
	while (length + 1 < cap && (n = read(fd, buf + length, cap - 1 - length)) > 0)
		length += (size_t)n;
	buf[length] = '\0';
	close(fd);
}

static int temporary(void)
{
	char name[] = "/tmp/wq-query-XXXXXX";
	int fd = mkstemp(name);
	unlink(name);
	return fd;
}

/* Arguments after the subcommand, up to NULL. */
static struct output *command(int (*run)(int, char **), ...)
{
	static struct output output;
	char title[] = "wqctl test", *argv[24] = { title };
	int argc = 1, out = temporary(), err = temporary();
	va_list list;
	va_start(list, run);
	while ((argv[argc] = va_arg(list, char *)) != NULL)
		argc++;
	va_end(list);
	fflush(stdout);
	fflush(stderr);
	pid_t child = fork();
	if (child == 0) {
		dup2(out, 1);
		dup2(err, 2);
		argp_err_exit_status = CTL_USAGE;
		int status = run(argc, argv);
		fflush(stdout);
		_exit(status);
	}
	int status = 0;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	output.status = WEXITSTATUS(status);
	lseek(out, 0, SEEK_SET);
	lseek(err, 0, SEEK_SET);
	collect(out, output.out, sizeof output.out);
	collect(err, output.err, sizeof output.err);
	return &output;
}

static void expect_output(const struct output *got, const char *text)
{
	if (got->status != CTL_DONE)
		fail_msg("exit status %d: %s", got->status, got->err);
	assert_string_equal(got->out, text);
}

static void expect_failure(const struct output *got, int status, const char *words)
{
	assert_int_equal(got->status, status);
	if (strstr(got->err, words) == NULL)
		fail_msg("'%s' does not say '%s'", got->err, words);
	assert_string_equal(got->out, "");
}

/* A history with some of everything; the store stays open. */
static struct house *furnish(void **state)
{
	struct house *h = *state;
	house_sample(h, YIGAN_TP, MORNING, 0.2);
	house_sample(h, YIGAN_TP, MORNING + WQ_HOURS(4), 0.263);
	strcpy(house_sample(h, YIGAN_TP, MORNING + WQ_HOURS(8), NAN)->flag, "a,\"b");
	h->group.outcome.samples[2].quality = WQ_MISSING;
	house_sample(h, NANHENG_TP, MORNING, 0.4);
	house_day(h, YIGAN, WQ_NONE, TODAY);
	house_day(h, YIGAN, 1, TODAY);
	house_day(h, NANHENG, WQ_NONE, TODAY + 1);
	house_change(h, INT64_C(2026030500007), 1, WQ_OPENED, LIMIT, 0);
	house_change(h, INT64_C(2026030500007), 2, WQ_CLEARED, LIMIT, 0);
	house_change(h, INT64_C(2026030500008), 1, WQ_OPENED, DAILY, 1)->time =
	        MORNING + WQ_DAYS(1);
	house_commit(h);
	fake_config.paths.database = h->path;
	return h;
}

#define HEAD "time,station,parameter,code,value,unit,quality,flag,source,received,revision,test\n"
#define ROW_1                                                                                      \
	"2026-03-05T08:00:00+08:00,yigan,tp,w21011,0.2,mg/L,good,,bus-1,"                          \
	"2026-03-05T08:00:01+08:00,1,\n"
#define ROW_2                                                                                      \
	"2026-03-05T12:00:00+08:00,yigan,tp,w21011,0.263,mg/L,good,,bus-1,"                        \
	"2026-03-05T12:00:01+08:00,1,\n"
#define ROW_3                                                                                      \
	"2026-03-05T16:00:00+08:00,yigan,tp,w21011,,mg/L,missing,\"a,\"\"b\",bus-1,"               \
	"2026-03-05T16:00:01+08:00,1,\n"

static void readings_of_a_series_come_as_csv(void **state)
{
	struct house *h = furnish(state);
	expect_output(command(ctl_query, "--database", h->path, "-s", "yigan", "-p", "tp",
	                      "--format", "csv", NULL),
	        HEAD ROW_1 ROW_2 ROW_3);
	/* By code, from the configuration; `from` is inclusive, `to` is not. */
	expect_output(command(ctl_query, "--config", "good.conf", "--station=yigan",
	                      "--parameter=w21011", "--from", "2026-03-05T12:00", "--to",
	                      "2026-03-05 16:00", "-f", "csv", NULL),
	        HEAD ROW_2);
	expect_output(command(ctl_query, "--database", h->path, "-s", "yigan", "-p", "ph", "-f",
	                      "csv", NULL),
	        HEAD);
	/* And by the name that officers read. */
	expect_output(command(ctl_query, "--database", h->path, "-s", "yigan", "-p", "总磷", "--to",
	                      "2026-03-05T12:00", "-f", "csv", NULL),
	        HEAD ROW_1);
}

static void json_is_an_array_of_objects_with_numbers_and_nulls(void **state)
{
	struct house *h = furnish(state);
	struct output *got = command(
	        ctl_query, "--database", h->path, "-s", "yigan", "-p", "tp", "-f", "json", NULL);
	assert_int_equal(got->status, 0);
	json_t *rows = json_loads(got->out, 0, NULL);
	assert_int_equal(json_array_size(rows), 3);
	json_t *last = json_array_get(rows, 2), *first = json_array_get(rows, 0);
	assert_true(json_is_null(json_object_get(last, "value")));
	assert_string_equal(json_string_value(json_object_get(last, "flag")), "a,\"b");
	assert_true(json_real_value(json_object_get(first, "value")) == 0.2);
	assert_true(json_is_integer(json_object_get(first, "revision")));
	assert_int_equal(json_object_size(first), 12);
	assert_string_equal(json_string_value(json_object_get(first, "test")), "");
	json_decref(rows);
	got = command(ctl_query, "--database", h->path, "-f", "json", "--sql",
	        "SELECT 1e999 AS inf, x'ff41' AS bytes, 'a' || char(10) AS \"q\"\"uote\"", NULL);
	rows = json_loads(got->out, 0, NULL);
	assert_non_null(rows);
	assert_true(json_is_null(json_object_get(json_array_get(rows, 0), "inf")));
	assert_string_equal(
	        json_string_value(json_object_get(json_array_get(rows, 0), "bytes")), "?A");
	assert_string_equal(
	        json_string_value(json_object_get(json_array_get(rows, 0), "q\"uote")), "a\n");
	json_decref(rows);
	expect_output(command(ctl_query, "--database", h->path, "-f", "json", "--sql",
	                      "SELECT 1 WHERE 0", NULL),
	        "[\n]\n");
}

static void a_table_lines_up(void **state)
{
	struct house *h = furnish(state);
	struct output *got = command(
	        ctl_query, "--database", h->path, "--sql", "SELECT key, name FROM station", NULL);
	assert_int_equal(got->status, 0);
	assert_non_null(strstr(got->out, "yigan"));
	assert_non_null(strstr(got->out, "南横套河"));
	got = command(ctl_query, "--database", h->path, "--sql", "SELECT 1 WHERE 0", NULL);
	assert_int_equal(got->status, 0);
	assert_non_null(strstr(got->err, "nothing found"));
}

static void days_come_filtered(void **state)
{
	struct house *h = furnish(state);
#define DAY_HEAD "day,station,parameter,mean,valid,expected,class,verdict,exceedance,standard,below\n"
	expect_output(command(ctl_query, "--database", h->path, "--daily", "-f", "csv", NULL),
	        DAY_HEAD "2026-03-05,yigan,all,,6,6,4,exceeds,,GB 3838-2002 (2002),0\n"
	                 "2026-03-05,yigan,tp,0.21,6,6,4,exceeds,0.05,GB 3838-2002 (2002),0\n"
	                 "2026-03-06,nanheng,all,,6,6,4,exceeds,,GB 3838-2002 (2002),0\n");
	expect_output(command(ctl_query, "--database", h->path, "--daily", "-f", "csv", "-p", "all",
	                      "--to", "2026-03-06", NULL),
	        DAY_HEAD "2026-03-05,yigan,all,,6,6,4,exceeds,,GB 3838-2002 (2002),0\n");
	expect_output(command(ctl_query, "--database", h->path, "--daily", "-f", "csv", "-p",
	                      "w21011", "--from", "2026-03-05", NULL),
	        DAY_HEAD "2026-03-05,yigan,tp,0.21,6,6,4,exceeds,0.05,GB 3838-2002 (2002),0\n");
}

static void alarms_come_change_by_change(void **state)
{
	struct house *h = furnish(state);
	struct output *got = command(
	        ctl_alarms, "--database", h->path, "--format", "csv", "--station", "yigan", NULL);
	expect_output(got,
	        "alarm,change,time,rule,station,parameter,level,value,limit,text\n"
	        "W20260305-007,opened,2026-03-05T08:00:00.001+08:00,tp-limit,yigan,tp,warning,0."
	        "263,0.2,"
	        "\"总磷0.263mg/L,超Ⅲ类限值(0.2)0.32倍\"\n"
	        "W20260305-007,cleared,2026-03-05T08:00:00.002+08:00,tp-limit,yigan,tp,warning,0."
	        "263,0.2,"
	        "\"总磷0.263mg/L,超Ⅲ类限值(0.2)0.32倍\"\n");
	got = command(ctl_alarms, "--database", h->path, "--open", "-f", "csv", NULL);
	assert_null(strstr(got->out, "W20260305-007"));
	assert_non_null(strstr(
	        got->out, "W20260305-008,opened,2026-03-06T08:00:00+08:00,daily-class,nanheng,,"));
	got = command(ctl_query, "--alarms", "--database", h->path, "--from", "2026-03-06", "-f",
	        "csv", NULL);
	assert_null(strstr(got->out, "W20260305-007"));
	assert_non_null(strstr(got->out, "W20260305-008"));
}

/* An analyst's alarm, a year later. */
static void the_evidence_of_an_alarm_reads_as_it_was_judged(void **state)
{
	struct house *h = furnish(state);
	struct wq_change *c = house_change(h, INT64_C(2026030500009), 1, WQ_OPENED, LIMIT, 0);
	c->hush = WQ_HUSH_FLOOD;
	snprintf(c->evidence, sizeof c->evidence,
	        "{\"rule\":\"tp-limit\",\"kind\":\"limit\",\"hash\":\"0123456789abcdef\",\"value\":0.263,\"limit\":0.2,"
	        "\"standard\":{\"name\":\"GB 3838-2002\",\"version\":\"2002\",\"class\":3,\"water\":\"river\"},"
	        "\"facts\":{\"exceedance\":0.315,\"consecutive\":3},\"settings\":{\"readings\":2,\"first_level\":\"watch\"},"
	        "\"first\":true,\"covers\":3,\"covered\":[\"yigan/tp\",\"yigan/nh3n\"],"
	        "\"neighbours\":[{\"where\":\"upstream\",\"station\":\"nanheng\",\"parameter\":\"tp\","
	        "\"time\":\"2026-03-05T07:00:00+08:00\",\"value\":0.31,\"unit\":\"mg/L\",\"quality\":\"good\"}],"
	        "\"readings\":[[\"2026-03-05T04:00:00+08:00\",0.18,\"suspect\"],[\"2026-03-05T08:00:00+08:00\",0.263,\"good\"]]}");
	house_commit(h);
	expect_output(command(ctl_alarms, "--database", h->path, "W20260305-009", "--evidence", NULL),
	        "W20260305-009  opened  2026-03-05T08:00:00.001+08:00  warning  "
	        "总磷0.263mg/L,超Ⅲ类限值(0.2)0.32倍  (nobody was told: flood)\n"
	        "  rule      tp-limit (limit), settings 0123456789abcdef\n"
	        "  judged    value 0.263, limit 0.2 (GB 3838-2002 class 3, river)\n"
	        "  standard  name GB 3838-2002, version 2002, class 3, water river\n"
	        "  facts     exceedance 0.315, consecutive 3\n"
	        "  settings  readings 2, first_level watch\n"
	        "  first     yes\n"
	        "  covers    3: yigan/tp yigan/nh3n\n"
	        "  readings\n"
	        "time                       value  quality\n"
	        "2026-03-05T04:00:00+08:00  0.18   suspect\n"
	        "2026-03-05T08:00:00+08:00  0.263  good\n"
	        "  neighbours\n"
	        "where     station  parameter  time                       value  unit  quality\n"
	        "upstream  nanheng  tp         2026-03-05T07:00:00+08:00  0.31   mg/L  good\n");
	struct output *got =
	        command(ctl_alarms, "--database", h->path, "W20260305-009", "--evidence", "--json", NULL);
	json_t *list = json_loads(got->out, 0, NULL);
	assert_int_equal(json_array_size(list), 1);
	assert_true(json_is_object(json_object_get(json_array_get(list, 0), "evidence")));
	json_decref(list);
	expect_failure(command(ctl_alarms, "--database", h->path, "W20260305-099", "--evidence", NULL),
	        CTL_WRONG, "no alarm W20260305-099");
	/* Without it: that alarm's changes only. */
	got = command(ctl_alarms, "--database", h->path, "W20260305-009", "-f", "csv", NULL);
	assert_null(strstr(got->out, "W20260305-007"));
	assert_non_null(strstr(got->out, "W20260305-009,opened"));
}

static void what_is_not_there_is_said_with_what_is(void **state)
{
	struct house *h = furnish(state);
	expect_failure(command(ctl_query, "--database", h->path, "-s", "yigna", "-p", "tp", NULL),
	        CTL_WRONG, "no station 'yigna' in the history; it has: nanheng, yigan");
	expect_failure(command(ctl_query, "--database", h->path, "-s", "yigan", "-p", "xx", NULL),
	        CTL_WRONG, "it has: ph, tp");
	expect_failure(command(ctl_query, "--database", h->path, "-s", "nanheng", "-p", "ph", NULL),
	        CTL_WRONG, "does not measure");
	expect_failure(command(ctl_query, "--database", "/nowhere/x.db", "--daily", NULL),
	        CTL_WRONG, "no such history");
	expect_failure(
	        command(ctl_query, "--config", "bad.conf", "--daily", NULL), CTL_WRONG, "not read");
	expect_failure(command(ctl_query, "--database", "/etc/passwd", "--daily", NULL), CTL_WRONG,
	        "no history of wqd");
}

static void a_wrong_command_line_is_a_usage_error(void **state)
{
	struct house *h = furnish(state);
	static const char *const wrong[][4] = {
		{ NULL },
		{ "--daily", "--alarms" },
		{ "--format", "xml", "--daily" },
		{ "--sql", "SELECT 1", "--from=2026-01-01" },
		{ "--daily", "extra" },
		{ "--daily", "--from", "yesterday" },
		{ "--sql", "SELEC 1" },
		{ "--sql", "SELECT 1; SELECT 2" },
		{ "--sql", "" },
	};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct output *got = command(ctl_query, "--database", h->path, wrong[i][0],
		        wrong[i][1], wrong[i][2], wrong[i][3], NULL);
		if (got->status != CTL_USAGE)
			fail_msg("row %zu: status %d, %s", i, got->status, got->err);
	}
	assert_int_equal(command(ctl_query, "--help", NULL)->status, 0);
	assert_int_equal(command(ctl_alarms, "--help", NULL)->status, 0);
}

static void nothing_can_be_written_through_a_query(void **state)
{
	struct house *h = furnish(state);
	static const char *const writes[] = {
		"DELETE FROM sample_open",
		"INSERT INTO source(name) VALUES('x') RETURNING id",
		"CREATE TABLE x(y)",
		"PRAGMA user_version=7",
		"PRAGMA journal_mode=DELETE",
		"PRAGMA query_only=0",
		"ATTACH '/tmp/wq-attached.db' AS other",
		"BEGIN",
		"VACUUM INTO '/tmp/wq-copied.db'",
	};
	for (size_t i = 0; i < sizeof writes / sizeof *writes; i++)
		if (command(ctl_query, "--database", h->path, "--sql", writes[i], NULL)->status ==
		        CTL_DONE)
			print_message("'%s' passed\n", writes[i]);
	assert_int_equal(house_number(h, "PRAGMA user_version"), SCHEMA_VERSION);
	assert_int_equal(house_number(h, "SELECT count(*) FROM reading"), 4);
	assert_int_equal(house_number(h, "SELECT count(*) FROM source"), 2);
	house_expect_text(h, "PRAGMA journal_mode", "wal");
	assert_int_equal(access("/tmp/wq-attached.db", F_OK), -1);
	assert_int_equal(access("/tmp/wq-copied.db", F_OK), -1);
}

/* -- the reader itself -- */

static int stop_head(void *owner, const char *const *names, size_t count, struct wq_err *err)
{
	(void)owner, (void)names, (void)count, (void)err;
	return 0;
}

static int stop_row(void *owner, const struct reader_cell *cells, size_t count, struct wq_err *err)
{
	(void)cells, (void)count;
	return --*(int *)owner == 0 ? wq_fail(err, WQ_E_FULL, "enough") : 0;
}

static void a_sink_may_end_the_reading(void **state)
{
	struct house *h = furnish(state);
	struct reader *reader = NULL;
	int left = 2;
	struct reader_sink sink = { &left, stop_head, stop_row };
	assert_int_equal(reader_open(h->path, &reader, &h->err), 0);
	assert_int_equal(reader_sql(reader, "SELECT * FROM v_sample", &sink, &h->err), WQ_E_FULL);
	assert_int_equal(left, 0);
	reader_close(reader);
}

static void a_reader_sees_what_was_committed_after_it_was_opened(void **state)
{
	struct house *h = furnish(state);
	struct reader *reader = NULL;
	assert_int_equal(reader_open(h->path, &reader, &h->err), 0);
	assert_true(wq_zone_offset(reader_zone(reader), MORNING) == WQ_HOURS(8));
	house_sample(h, YIGAN_PH, MORNING, 7);
	house_commit(h);
	int rows = -100;
	struct reader_sink sink = { &rows, stop_head, stop_row };
	struct reader_filter filter = { "yigan", "ph", WQ_NO_TIME, WQ_NO_TIME, false, 0 };
	assert_int_equal(reader_samples(reader, &filter, &sink, &h->err), 0);
	assert_int_equal(rows, -101);
	filter.parameter = NULL;
	assert_int_equal(reader_samples(reader, &filter, &sink, &h->err), WQ_E_INVALID);
	reader_close(reader);
	reader_close(NULL);
}

/* A question of today's wqctl to a history that no wqd of today has opened, such as a copy kept for years. */
static void a_question_that_an_old_history_does_not_know_says_that_it_is_old(void **state)
{
	struct house *h = furnish(state);
	struct reader *reader = NULL;
	int rows = 0;
	struct reader_sink sink = { &rows, stop_head, stop_row };
	assert_int_equal(reader_open(h->path, &reader, &h->err), 0);
	assert_int_equal(reader_sql(reader, "SELECT later FROM notice", &sink, &h->err), WQ_E_INVALID);
	assert_null(strstr(h->err.text, "version"));
	reader_close(reader);
	house_run(h->path, "PRAGMA user_version=11");
	assert_int_equal(reader_open(h->path, &reader, &h->err), 0);
	assert_int_equal(reader_sql(reader, "SELECT later FROM notice", &sink, &h->err), WQ_E_INVALID);
	assert_non_null(strstr(h->err.text, "no such column: later"));
	assert_non_null(strstr(h->err.text, "version 11"));
	reader_close(reader);
}

static void a_path_with_odd_characters_is_a_path(void **state)
{
	struct house *h = *state;
	snprintf(h->path, sizeof h->path, "%s/100%% a?b#c.db", h->directory);
	house_again(h, &house_site);
	struct reader *reader = NULL;
	assert_int_equal(reader_open(h->path, &reader, &h->err), 0);
	reader_close(reader);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		house_test(readings_of_a_series_come_as_csv),
		house_test(json_is_an_array_of_objects_with_numbers_and_nulls),
		house_test(a_table_lines_up),
		house_test(days_come_filtered),
		house_test(alarms_come_change_by_change),
		house_test(the_evidence_of_an_alarm_reads_as_it_was_judged),
		house_test(what_is_not_there_is_said_with_what_is),
		house_test(a_wrong_command_line_is_a_usage_error),
		house_test(nothing_can_be_written_through_a_query),
		house_test(a_sink_may_end_the_reading),
		house_test(a_reader_sees_what_was_committed_after_it_was_opened),
		house_test(a_question_that_an_old_history_does_not_know_says_that_it_is_old),
		house_test(a_path_with_odd_characters_is_a_path),
	};
	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
