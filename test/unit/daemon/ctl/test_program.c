/* SPDX-License-Identifier: Apache-2.0 */
/* The program wqctl from outside: exit statuses, and what ack, close and status send to a daemon.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ctl/server.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUTPUT 16384

struct house {
	char folder[64];
	char path[96];
	struct ctl_server *server;
	pthread_mutex_t lock;
	char heard[1024]; /* under lock: "POST /v1/x {…}", written before the answer leaves */
	char seen[1024];  /* what was heard during the last run; "" when nothing was asked */
	char output[OUTPUT]; /* what the last run printed, standard error included */
};

/* Knows one open alarm. */
static int handle(void *owner, const struct ctl_request *request, struct ctl_reply *reply)
{
	struct house *house = owner;

	pthread_mutex_lock(&house->lock);
	snprintf(house->heard, sizeof house->heard, "%s %s %s", request->method, request->path,
	        request->body);
	pthread_mutex_unlock(&house->lock);
	if (strncmp(request->path, "/v1/alarms/", 11) == 0 &&
	        !strstr(request->path, "W20260305-007")) {
		reply->status = 404;
		reply->body = strdup("{\"error\":\"no such open alarm\"}");
	} else if (strcmp(request->path, "/v1/shelves") == 0) {
		reply->body = strdup("{\"shelves\":[{\"rule\":\"class3\",\"station\":\"yigan\",\"parameter\":\"tp\","
		                     "\"since\":\"a\",\"until\":\"b\",\"automatic\":true,\"who\":\"\",\"reason\":\"x\","
		                     "\"alarm\":null}]}");
	} else if (strcmp(request->path, "/v1/profiles") == 0) {
		reply->body = strdup("{\"profiles\":[{\"profile\":\"flood\",\"state\":\"on\",\"dates\":\"05-01 to 09-30\","
		                     "\"by\":\"date\",\"since\":null,\"until\":null,\"who\":null,\"reason\":null}]}");
	} else if (strcmp(request->path, "/v1/status") == 0) {
		reply->body = strdup("{\"site\":\"here\",\"open_alarms\":3,\"more\":0.1}");
	}
	return 0;
}

static int set_up(void **state)
{
	struct house *house = calloc(1, sizeof *house);

	pthread_mutex_init(&house->lock, NULL);
	strcpy(house->folder, "/tmp/wq-program-XXXXXX");
	if (!getenv("WQ_BIN") || !mkdtemp(house->folder))
		return -1;
	snprintf(house->path, sizeof house->path, "%s/wqd.sock", house->folder);
	house->server = ctl_server_start(house->path, handle, house, NULL);
	*state = house;
	return house->server ? 0 : -1;
}

static int tear_down(void **state)
{
	struct house *house = *state;

	ctl_server_stop(house->server);
	rmdir(house->folder);
	pthread_mutex_destroy(&house->lock);
	free(house);
	return 0;
}

/* Moves what was heard to where the test looks. */
static void see(struct house *house)
{
	pthread_mutex_lock(&house->lock);
	memcpy(house->seen, house->heard, sizeof house->seen);
	house->heard[0] = '\0';
	pthread_mutex_unlock(&house->lock);
}

/* Runs wqctl with arguments as a shell writes them, in which @ gives the socket; its exit status.
 */
static int run(struct house *house, const char *arguments)
{
	char command[2048];
	size_t length;
	int status;
	FILE *from;

	see(house);
	snprintf(command, sizeof command, "'%s/wqctl' ", getenv("WQ_BIN"));
	length = strlen(command);
	for (const char *s = arguments; *s && length < sizeof command - 256; s++)
		if (s[0] == '@')
			length += (size_t)snprintf(command + length, sizeof command - length,
			        "--socket '%s'", house->path);
		else
			command[length++] = *s;
	snprintf(command + length, sizeof command - length, " 2>&1");
	from = popen(command, "r");
	assert_non_null(from);
	length = fread(house->output, 1, OUTPUT - 1, from);
	house->output[length] = '\0';
	status = pclose(from);
	see(house);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void every_command_is_in_the_help_and_has_its_own(void **state)
{
	static const char *const names[] = { "check", "classify", "backtest", "test-rules", "query", "alarms",
		"status", "ack", "close", "shelve", "unshelve", "shelved", "profile", "maintain", "evaluate", "round", "decode" };
	struct house *house = *state;
	char arguments[64], title[64];

	assert_int_equal(run(house, "--help"), 0);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(title, sizeof title, "\n  %s ", names[i]);
		assert_int_equal(run(house, "--help"), 0);
		assert_non_null(strstr(house->output, title));
		snprintf(arguments, sizeof arguments, "%s --help", names[i]);
		snprintf(title, sizeof title, "Usage: wqctl %s ", names[i]);
		assert_int_equal(run(house, arguments), 0);
		if (!strstr(house->output, title))
			fail_msg("wqctl %s: %s", arguments, house->output);
	}
	assert_int_equal(run(house, "--version"), 0);
}

static void a_wrong_command_line_is_2_and_nothing_is_asked(void **state)
{
	static const char *const rows[] = {
		"",
		"nonsense",
		"--nonsense",
		"status @ --nonsense",
		"status @ surplus",
		"ack @",
		"ack @ nonsense",
		"ack @ W20260305-007 W20260305-008",
		"ack @ ''",
		"ack @ ../status",
		"ack @ W20260305-007 --note ''",
		"ack @ W20260305-007 --who \"$(printf '\\377')\"",
		"ack @ W20260305-007 --who \"$(printf '%064d' 0)\"",
		"ack @ W20260305-007 --note \"$(printf '%0256d' 0)\"",
		"close @ W20260305-007",
		"close @ W20260305-007 --cause x",
		"close @ W20260305-007 --action x",
		"close @ W20260305-007 --cause \"$(printf '%0121d' 0)\" --action x",
		"close @ W20260305-007 --cause x --action \"$(printf '%0241d' 0)\"",
		"close @ W20260305-007 --cause \"$(printf '\\377')\" --action x",
		"shelve @",
		"shelve @ W20260305-007 --for 2h",
		"shelve @ W20260305-007 --reason x",
		"shelve @ W20260305-007 --for soon --reason x",
		"shelve @ W20260305-007 --for 2h --reason ''",
		"shelve @ W20260305-007 --rule class3 --for 2h --reason x",
		"shelve @ W20260305-007 --station yigan --for 2h --reason x",
		"shelve @ yigan --for 2h --reason x",
		"shelve @ --station yigan --for 2h --reason x",
		"unshelve @",
		"unshelve @ W20260305-007 W20260305-008",
		"unshelve @ W20260305-007 --for 2h",
		"shelved @ surplus",
		"profile @ flood",
		"profile @ flood perhaps --reason x",
		"profile @ flood on",
		"profile @ flood on off --reason x",
		"profile @ flood on --reason ''",
		"profile @ flood on --reason x --until soon",
		"profile @ flood auto --until 2026-07-01T08:00",
		"maintain @",
		"maintain @ yigan",
		"maintain @ yigan --for 2h",
		"maintain @ yigan --reason x",
		"maintain @ yigan --for soon --reason x",
		"maintain @ yigan --until noon --reason x",
		"maintain @ yigan --for 2h --until 2026-03-05 --reason x",
		"maintain @ yigan --for 2h --reason ''",
		"maintain @ yigan nanheng --for 2h --reason x",
		"maintain @ --end",
		"maintain @ --end yigan --for 2h",
		"alarms --evidence",
		"alarms nonsense",
		"alarms W20260305-007 W20260305-008",
	};
	struct house *house = *state;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int status = run(house, rows[i]);
		if (status != 2)
			fail_msg("wqctl %s: exit status %d: %s", rows[i], status, house->output);
		assert_string_equal(house->seen, "");
	}
}

static void ack_tells_who_and_what(void **state)
{
	struct house *house = *state;

	assert_int_equal(run(house, "ack @ W20260305-007 --who 李工 --note 已派人现场核查"), 0);
	assert_string_equal(house->seen,
	        "POST /v1/alarms/W20260305-007/acknowledge "
	        "{\"note\":\"已派人现场核查\",\"who\":\"李工\"}");
	assert_string_equal(house->output, "W20260305-007 acknowledged by 李工\n");
}

static void ack_takes_the_name_of_the_login_where_none_is_given(void **state)
{
	struct house *house = *state;
	const char *who;

	assert_int_equal(run(house, "ack W20260305-007 @"), 0);
	who = strstr(house->seen, "\"who\":\"");
	assert_non_null(who);
	assert_int_not_equal(who[7], '"');
	assert_non_null(strstr(house->seen, "\"note\":\"\""));
}

static void close_tells_cause_and_measure(void **state)
{
	struct house *house = *state;

	assert_int_equal(
	        run(house, "close @ W20260305-007 --who 王科 --cause 上游泵站排水 --action 已停泵"),
	        0);
	assert_string_equal(house->seen,
	        "POST /v1/alarms/W20260305-007/close "
	        "{\"cause\":\"上游泵站排水\",\"action\":\"已停泵\",\"who\":\"王科\"}");
	assert_string_equal(house->output, "W20260305-007 closed by 王科\n");
	assert_int_equal(run(house, "close @ W20260305-007 --who 王科 --cause 雨 --action 无 --note 复测达标"), 0);
	assert_string_equal(house->seen,
	        "POST /v1/alarms/W20260305-007/close "
	        "{\"cause\":\"雨\",\"action\":\"无\",\"note\":\"复测达标\",\"who\":\"王科\"}");
}

static void shelve_tells_what_how_long_and_why(void **state)
{
	struct house *house = *state;

	assert_int_equal(run(house, "shelve @ W20260305-007 --for 2h --reason 清洗探头 --who 李工"), 0);
	assert_string_equal(house->seen,
	        "POST /v1/alarms/W20260305-007/shelve "
	        "{\"who\":\"李工\",\"for\":\"2h\",\"reason\":\"清洗探头\"}");
	assert_string_equal(house->output, "W20260305-007 shelved for 2h by 李工\n");
	assert_int_equal(run(house, "shelve @ --rule class3 --station yigan --parameter tp --for 1d --reason x "
	                            "--who 李工"),
	        0);
	assert_string_equal(house->seen,
	        "POST /v1/shelve {\"who\":\"李工\",\"for\":\"1d\",\"reason\":\"x\",\"rule\":\"class3\","
	        "\"station\":\"yigan\",\"parameter\":\"tp\"}");
	assert_string_equal(house->output, "class3 at yigan tp shelved for 1d by 李工\n");
	assert_int_equal(run(house, "unshelve @ W20260305-007 --who 李工"), 0);
	assert_string_equal(house->seen, "POST /v1/alarms/W20260305-007/unshelve {\"who\":\"李工\"}");
	assert_string_equal(house->output, "W20260305-007 unshelved by 李工\n");
	assert_int_equal(run(house, "unshelve @ --rule class3 --station yigan --who 李工"), 0);
	assert_string_equal(house->seen,
	        "POST /v1/unshelve {\"who\":\"李工\",\"rule\":\"class3\",\"station\":\"yigan\"}");
	assert_string_equal(house->output, "class3 at yigan unshelved by 李工\n");
}

static void maintain_tells_where_how_long_and_why(void **state)
{
	struct house *house = *state;

	assert_int_equal(run(house, "maintain @ yigan --for 2h --reason 换泵管 --who 李工"), 0);
	assert_string_equal(house->seen,
	        "POST /v1/maintain {\"station\":\"yigan\",\"who\":\"李工\",\"for\":\"2h\",\"reason\":\"换泵管\"}");
	assert_string_equal(house->output, "yigan is under maintenance for 2h by 李工\n");
	assert_int_equal(run(house, "maintain @ yigan --parameter tp --until '2026-03-05 12:00' --reason x --who 李工"), 0);
	assert_string_equal(house->seen,
	        "POST /v1/maintain {\"station\":\"yigan\",\"who\":\"李工\",\"parameter\":\"tp\","
	        "\"until\":\"2026-03-05 12:00\",\"reason\":\"x\"}");
	assert_string_equal(house->output, "yigan tp is under maintenance until 2026-03-05 12:00 by 李工\n");
	assert_int_equal(run(house, "maintain @ --end yigan --who 李工"), 0);
	assert_string_equal(house->seen, "POST /v1/maintain-end {\"station\":\"yigan\",\"who\":\"李工\"}");
	assert_string_equal(house->output, "yigan is judged again, by 李工\n");
}

static void what_is_shelved_is_listed(void **state)
{
	struct house *house = *state;

	assert_int_equal(run(house, "shelved @"), 0);
	assert_string_equal(house->seen, "GET /v1/shelves ");
	assert_non_null(strstr(house->output, "rule    station"));
	assert_non_null(strstr(house->output, "(automatic)"));
	assert_int_equal(run(house, "shelved @ --json"), 0);
	assert_non_null(strstr(house->output, "\"automatic\": true"));
}

static void a_profile_is_turned_or_listed(void **state)
{
	struct house *house = *state;

	assert_int_equal(run(house, "profile @ flood on --until 2026-10-15T00:00 --reason 秋汛 --who 李工"), 0);
	assert_string_equal(house->seen,
	        "POST /v1/profile {\"who\":\"李工\",\"profile\":\"flood\",\"say\":\"on\","
	        "\"until\":\"2026-10-15T00:00\",\"reason\":\"秋汛\"}");
	assert_string_equal(house->output, "profile flood: on until 2026-10-15T00:00 by 李工\n");
	assert_int_equal(run(house, "profile @ flood auto --who 李工"), 0);
	assert_string_equal(house->seen,
	        "POST /v1/profile {\"who\":\"李工\",\"profile\":\"flood\",\"say\":\"auto\"}");
	assert_int_equal(run(house, "profile @"), 0);
	assert_string_equal(house->seen, "GET /v1/profiles ");
	assert_non_null(strstr(house->output, "flood    on     05-01 to 09-30  date"));
	assert_int_equal(run(house, "profile @ --json"), 0);
	assert_non_null(strstr(house->output, "\"by\": \"date\""));
}

static void an_alarm_that_is_not_there_is_1_with_the_words_of_the_daemon(void **state)
{
	struct house *house = *state;

	assert_int_equal(run(house, "ack @ W20260305-008"), 1);
	assert_string_equal(house->output, "wqctl: no such open alarm\n");
	assert_int_equal(run(house, "close @ W20260305-008 --cause x --action y"), 1);
}

static void status_is_a_summary_or_the_answer_itself(void **state)
{
	struct house *house = *state;

	assert_int_equal(run(house, "status @"), 0);
	assert_string_equal(house->output, "site      here\nalarms    open 3\n");
	assert_int_equal(run(house, "status @ --json"), 0);
	assert_non_null(strstr(house->output, "\"more\": 0.1"));
}

static void a_daemon_that_is_not_there_is_3(void **state)
{
	static const char *const rows[] = { "status @", "ack @ W20260305-007",
		"close @ W20260305-007 --cause x --action y" };
	struct house *house = *state;

	ctl_server_stop(house->server);
	house->server = NULL;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(run(house, rows[i]), 3);
		assert_non_null(strstr(house->output, house->path));
	}
}

static void an_output_that_cannot_be_written_is_not_success(void **state)
{
	struct house *house = *state;

	assert_int_equal(run(house, "status @ >/dev/full"), 1);
}

static size_t lines_of(const char *text)
{
	size_t lines = 0;

	for (; *text; text++)
		lines += *text == '\n';
	return lines;
}

static void complaints_about_a_file_are_bounded_and_counted(void **state)
{
	struct house *house = *state;

	assert_int_equal(run(house, "classify --water river - 2>&1 >/dev/null <<END\ntp\n"
	                            "$(yes x | head -1000)\nEND\ntrue"),
	        0);
	assert_int_equal(lines_of(house->output), 52);
	assert_non_null(strstr(house->output, "and 950 more"));
	assert_non_null(strstr(house->output, "1000 rows could not be judged"));
}

static void what_a_file_holds_does_not_reach_the_terminal_as_control_characters(void **state)
{
	struct house *house = *state;

	run(house, "classify --water river - 2>&1 >/dev/null <<END\ntp\n"
	           "$(printf '\\033[31m\\302\\233')\nEND\ntrue");
	assert_non_null(strstr(house->output, "'?[31m?" "?'"));
	assert_null(strchr(house->output, '\033'));
}

#define house_test(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		house_test(every_command_is_in_the_help_and_has_its_own),
		house_test(a_wrong_command_line_is_2_and_nothing_is_asked),
		house_test(ack_tells_who_and_what),
		house_test(ack_takes_the_name_of_the_login_where_none_is_given),
		house_test(close_tells_cause_and_measure),
		house_test(shelve_tells_what_how_long_and_why),
		house_test(maintain_tells_where_how_long_and_why),
		house_test(what_is_shelved_is_listed),
		house_test(a_profile_is_turned_or_listed),
		house_test(an_alarm_that_is_not_there_is_1_with_the_words_of_the_daemon),
		house_test(status_is_a_summary_or_the_answer_itself),
		house_test(a_daemon_that_is_not_there_is_3),
		house_test(an_output_that_cannot_be_written_is_not_success),
		house_test(complaints_about_a_file_are_bounded_and_counted),
		house_test(what_a_file_holds_does_not_reach_the_terminal_as_control_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
