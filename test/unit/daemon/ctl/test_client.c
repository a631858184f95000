/* SPDX-License-Identifier: Apache-2.0 */
/* How wqctl takes what the daemon answers, and what it makes of a daemon that is not there or is no
 * wqd. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ctl/client.h"
#include "ctl/commands.h"
#include "ctl/server.h"
#include "wq/err.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct house {
	char folder[64];
	char path[96];
	struct ctl_server *server;
	char seen[256]; /* "POST /v1/x {…}", written before the answer leaves */
};

/* What is answered to whom. */
static const struct {
	const char *path;
	int status;
	const char *body;
} answers[] = {
	{ "/ok", 200, "{\"state\":\"ok\",\"text\":\"总磷\"}" },
	{ "/created", 201, "[]" },
	{ "/no-such", 404, "{\"error\":\"no open alarm W20260305-007\"}" },
	{ "/silent-no", 409, "{}" },
	{ "/busy", 503, "{\"error\":\"busy\"}" },
	{ "/not-json", 200, "<html>" },
};

static int handle(void *owner, const struct ctl_request *request, struct ctl_reply *reply)
{
	struct house *house = owner;

	snprintf(house->seen, sizeof house->seen, "%s %s %s", request->method, request->path,
	        request->body);
	for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
		if (strcmp(request->path, answers[i].path) == 0) {
			reply->status = answers[i].status;
			reply->body = strdup(answers[i].body);
		}
	if (strcmp(request->path, "/huge") == 0) {
		reply->body = malloc(CTL_CLIENT_ANSWER_MAX + 2);
		memset(reply->body, ' ', CTL_CLIENT_ANSWER_MAX + 1);
		reply->body[CTL_CLIENT_ANSWER_MAX + 1] = '\0';
	}
	return 0;
}

static int set_up(void **state)
{
	struct house *house = calloc(1, sizeof *house);

	strcpy(house->folder, "/tmp/wq-client-XXXXXX");
	if (!mkdtemp(house->folder))
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
	unlink(house->path);
	rmdir(house->folder);
	free(house);
	return 0;
}

static void a_call_brings_method_path_and_body_over_and_the_answer_back(void **state)
{
	struct house *house = *state;
	struct ctl_answer answer;
	json_t *body = json_pack("{s:s}", "note", "已派人现场核查 \"A\"\n");

	assert_int_equal(ctl_call(house->path, "POST", "/ok", body, &answer, NULL), 0);
	assert_string_equal(house->seen, "POST /ok {\"note\":\"已派人现场核查 \\\"A\\\"\\n\"}");
	assert_int_equal(answer.status, 200);
	assert_string_equal(json_string_value(json_object_get(answer.json, "text")), "总磷");
	ctl_answer_free(&answer);

	assert_int_equal(ctl_call(house->path, "GET", "/no-such", NULL, &answer, NULL), 0);
	assert_string_equal(house->seen, "GET /no-such ");
	assert_int_equal(answer.status, 404);
	ctl_answer_free(&answer);
	json_decref(body);
}

static void what_is_not_json_is_no_answer(void **state)
{
	struct house *house = *state;
	struct ctl_answer answer;

	assert_int_equal(ctl_call(house->path, "GET", "/not-json", NULL, &answer, NULL), 0);
	assert_null(answer.json);
}

static void a_proxy_of_the_environment_is_not_asked(void **state)
{
	struct house *house = *state;
	struct ctl_answer answer;

	setenv("http_proxy", "http://127.0.0.1:9", 1);
	setenv("all_proxy", "http://127.0.0.1:9", 1);
	assert_int_equal(ctl_call(house->path, "GET", "/ok", NULL, &answer, NULL), 0);
	/* Through a proxy the whole URL would be asked for. */
	assert_string_equal(house->seen, "GET /ok ");
	ctl_answer_free(&answer);
	unsetenv("http_proxy");
	unsetenv("all_proxy");
}

static void an_answer_without_bound_is_cut_off(void **state)
{
	struct house *house = *state;
	struct ctl_answer answer;
	struct wq_err err = { 0 };

	assert_int_equal(ctl_call(house->path, "GET", "/huge", NULL, &answer, &err), WQ_E_PROTOCOL);
	assert_non_null(strstr(err.text, "8 MiB"));
}

static void a_daemon_that_is_not_there_is_told_with_the_socket_and_the_reason(void **state)
{
	struct house *house = *state;
	struct ctl_answer answer;
	struct wq_err err = { 0 };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char longest[300];

	ctl_server_stop(house->server);
	house->server = NULL;
	assert_int_equal(ctl_call(house->path, "GET", "/ok", NULL, &answer, &err), WQ_E_IO);
	assert_non_null(strstr(err.text, house->path));
	assert_non_null(strstr(err.text, "No such file"));

	snprintf(address.sun_path, sizeof address.sun_path, "%s", house->path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	close(fd);
	assert_int_equal(ctl_call(house->path, "GET", "/ok", NULL, &answer, &err), WQ_E_IO);
	assert_non_null(strstr(err.text, "refused"));

	memset(longest, 'x', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	assert_int_equal(ctl_call(longest, "GET", "/ok", NULL, &answer, &err), WQ_E_INVALID);
	assert_int_equal(ctl_call("", "GET", "/ok", NULL, &answer, &err), WQ_E_INVALID);
}

/* Somebody else's server: takes one connection, says `says`, hangs up. */
struct stranger {
	int listener;
	const char *says;
};

static void *serve_once(void *cls)
{
	struct stranger *stranger = cls;
	char request[4096];
	int fd = accept(stranger->listener, NULL, NULL);

	if (recv(fd, request, sizeof request, 0) > 0)
		send(fd, stranger->says, strlen(stranger->says), MSG_NOSIGNAL);
	close(fd);
	return NULL;
}

static void whoever_is_no_wqd_is_not_believed(void **state)
{
	static const struct {
		const char *says;
		int code;
	} rows[] = {
		{ "SSH-2.0-OpenSSH_9.2\r\n", WQ_E_PROTOCOL },
		{ "", WQ_E_IO },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}", WQ_E_PROTOCOL },
	};
	struct house *house = *state;
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	ctl_server_stop(house->server);
	house->server = NULL;
	snprintf(address.sun_path, sizeof address.sun_path, "%s", house->path);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct stranger stranger = { socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0),
			rows[i].says };
		struct ctl_answer answer;
		pthread_t thread;

		unlink(house->path);
		assert_int_equal(
		        bind(stranger.listener, (struct sockaddr *)&address, sizeof address), 0);
		assert_int_equal(listen(stranger.listener, 1), 0);
		assert_int_equal(pthread_create(&thread, NULL, serve_once, &stranger), 0);
		assert_int_equal(
		        ctl_call(house->path, "GET", "/ok", NULL, &answer, NULL), rows[i].code);
		pthread_join(thread, NULL);
		close(stranger.listener);
	}
}

static void the_exit_status_tells_no_from_unreachable(void **state)
{
	static const struct {
		const char *path;
		int status;
	} rows[] = {
		{ "/ok", CTL_DONE },
		{ "/created", CTL_DONE },
		{ "/no-such", CTL_WRONG },
		{ "/silent-no", CTL_WRONG },
		{ "/busy", CTL_UNREACHABLE },
		{ "/not-json", CTL_WRONG },
	};
	struct house *house = *state;
	struct ctl_target target = { .socket = house->path };
	struct ctl_answer answer;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(
		        ctl_ask(&target, "GET", rows[i].path, NULL, &answer), rows[i].status);
		assert_int_equal(answer.json != NULL, rows[i].status == CTL_DONE);
		ctl_answer_free(&answer);
	}
	ctl_server_stop(house->server);
	house->server = NULL;
	assert_int_equal(ctl_ask(&target, "GET", "/ok", NULL, &answer), CTL_UNREACHABLE);
}

static void a_configuration_that_is_wrong_or_missing_is_no_unreachable_daemon(void **state)
{
	struct house *house = *state;
	struct ctl_target target = { .config = "/nowhere/wqd.conf" };
	struct ctl_answer answer;

	assert_int_equal(ctl_ask(&target, "GET", "/ok", NULL, &answer), CTL_WRONG);
	/* --socket needs none. */
	target.socket = house->path;
	assert_int_equal(ctl_ask(&target, "GET", "/ok", NULL, &answer), CTL_DONE);
	ctl_answer_free(&answer);
}

#define house_test(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		house_test(a_call_brings_method_path_and_body_over_and_the_answer_back),
		house_test(what_is_not_json_is_no_answer),
		house_test(a_proxy_of_the_environment_is_not_asked),
		house_test(an_answer_without_bound_is_cut_off),
		house_test(a_daemon_that_is_not_there_is_told_with_the_socket_and_the_reason),
		house_test(whoever_is_no_wqd_is_not_believed),
		house_test(the_exit_status_tells_no_from_unreachable),
		house_test(a_configuration_that_is_wrong_or_missing_is_no_unreachable_daemon),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
