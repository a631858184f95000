/* SPDX-License-Identifier: Apache-2.0 */
/* The control socket: bounds, who asked, and what becomes of the socket file. Spoken to with raw
 * bytes, so that what a well-behaved client never sends is tried as well. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ctl/server.h"
#include "wq/err.h"

#include <fcntl.h>
#include <pthread.h>
#include <pwd.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BIG ((size_t)3 * 1024 * 1024)

struct house {
	char folder[64];
	char path[96];
	struct ctl_server *server;
	/* What the handler saw last; written by it before the answer leaves, read by the test
	 * after. */
	pthread_mutex_t lock;
	int calls;
	char method[16], where[64], user[CTL_USER_TEXT];
	char body[CTL_SERVER_BODY_MAX + 1];
	size_t body_length;
	uid_t uid;
	pid_t pid;
	/* A handler of /wait posts `waiting` and leaves when `go` is posted. */
	sem_t waiting, go;
	bool finished;
};

static const struct {
	const char *path;
	int code;
} failures[] = {
	{ "/timeout", WQ_E_TIMEOUT },
	{ "/state", WQ_E_STATE },
	{ "/memory", WQ_E_MEMORY },
	{ "/io", WQ_E_IO },
};

static void note(struct house *house, const struct ctl_request *request)
{
	pthread_mutex_lock(&house->lock);
	house->calls++;
	snprintf(house->method, sizeof house->method, "%s", request->method);
	snprintf(house->where, sizeof house->where, "%s", request->path);
	snprintf(house->user, sizeof house->user, "%s", request->user);
	memcpy(house->body, request->body, request->body_length + 1);
	house->body_length = request->body_length;
	house->uid = request->uid;
	house->pid = request->pid;
	pthread_mutex_unlock(&house->lock);
}

static int handle(void *owner, const struct ctl_request *request, struct ctl_reply *reply)
{
	struct house *house = owner;

	if (strcmp(request->path, "/wait") == 0) {
		sem_post(&house->waiting);
		sem_wait(&house->go);
		house->finished = true;
		return 0;
	}
	note(house, request);
	for (size_t i = 0; i < sizeof failures / sizeof *failures; i++)
		if (strcmp(request->path, failures[i].path) == 0) {
			reply->body = strdup("{\"left\":\"behind\"}");
			return failures[i].code;
		}
	if (strcmp(request->path, "/missing") == 0)
		reply->status = 404;
	if (strcmp(request->path, "/empty") != 0)
		reply->body = strdup("{\"answer\":42}");
	return 0;
}

static int set_up(void **state)
{
	struct house *house = calloc(1, sizeof *house);
	struct wq_err err;

	strcpy(house->folder, "/tmp/wq-server-XXXXXX");
	if (!mkdtemp(house->folder))
		return -1;
	snprintf(house->path, sizeof house->path, "%s/wqd.sock", house->folder);
	pthread_mutex_init(&house->lock, NULL);
	sem_init(&house->waiting, 0, 0);
	sem_init(&house->go, 0, 0);
	house->server = ctl_server_start(house->path, handle, house, &err);
	*state = house;
	return house->server ? 0 : -1;
}

static int tear_down(void **state)
{
	struct house *house = *state;

	ctl_server_stop(house->server);
	unlink(house->path);
	rmdir(house->folder);
	sem_destroy(&house->go);
	sem_destroy(&house->waiting);
	pthread_mutex_destroy(&house->lock);
	free(house);
	return 0;
}

static int dial(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
	return fd;
}

static void say(int fd, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t n = send(fd, bytes, length, MSG_NOSIGNAL);
		if (n <= 0)
			return; /* the server has had enough: what it answered is looked at */
		bytes += n;
		length -= (size_t)n;
	}
}

/* The whole answer up to the end of the connection; its HTTP status, 0 when there is none. */
static int hear(int fd, char answer[4096])
{
	size_t length = 0;
	ssize_t n;
	int status = 0;

	while (length < 4095 && (n = recv(fd, answer + length, 4095 - length, 0)) > 0)
		length += (size_t)n;
	answer[length] = '\0';
	close(fd);
	if (sscanf(answer, "HTTP/1.1 %d", &status) != 1)
		return 0;
	return status;
}

static int ask(const struct house *house, const char *method, const char *path, const char *body,
        size_t length, char answer[4096])
{
	char head[256];
	int fd = dial(house->path);
	int n = snprintf(head, sizeof head,
	        "%s %s HTTP/1.1\r\nHost: wqd\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n",
	        method, path, length);

	say(fd, head, (size_t)n);
	say(fd, body, length);
	return hear(fd, answer);
}

static void a_request_gets_the_answer_of_the_handler(void **state)
{
	struct house *house = *state;
	char answer[4096];

	assert_int_equal(ask(house, "GET", "/v1/status?x=1", "", 0, answer), 200);
	assert_non_null(strstr(answer, "{\"answer\":42}"));
	assert_non_null(strstr(answer, "Content-Type: application/json"));
	assert_string_equal(house->method, "GET");
	assert_string_equal(house->where, "/v1/status");
	assert_int_equal(house->body_length, 0);
	assert_int_equal(ask(house, "GET", "/missing", "", 0, answer), 404);
	assert_int_equal(ask(house, "GET", "/empty", "", 0, answer), 200);
	assert_non_null(strstr(answer, "\r\n\r\n{}"));
}

static void the_kernel_says_who_asks(void **state)
{
	struct house *house = *state;
	const struct passwd *entry = getpwuid(getuid());
	char answer[4096];

	assert_int_equal(ask(house, "GET", "/", "", 0, answer), 200);
	assert_int_equal(house->uid, getuid());
	assert_int_equal(house->pid, getpid());
	if (entry)
		assert_string_equal(house->user, entry->pw_name);
}

static void a_body_of_16_KiB_arrives_whole_and_one_byte_more_is_refused(void **state)
{
	struct house *house = *state;
	char *body = malloc(BIG);
	char answer[4096];

	for (size_t i = 0; i < BIG; i++)
		body[i] = (char)('a' + i % 26);
	assert_int_equal(ask(house, "POST", "/", body, CTL_SERVER_BODY_MAX, answer), 200);
	assert_int_equal(house->body_length, CTL_SERVER_BODY_MAX);
	assert_memory_equal(house->body, body, CTL_SERVER_BODY_MAX);
	assert_int_equal(house->body[CTL_SERVER_BODY_MAX], '\0');

	assert_int_equal(ask(house, "POST", "/", body, CTL_SERVER_BODY_MAX + 1, answer), 413);
	assert_non_null(strstr(answer, "16 KiB"));
	assert_int_equal(ask(house, "POST", "/", body, 10 * CTL_SERVER_BODY_MAX, answer), 413);
	assert_int_equal(ask(house, "POST", "/", body, BIG, answer), 0);
	assert_int_equal(house->calls, 1);
	free(body);
}

static void a_body_in_chunks_is_bounded_too(void **state)
{
	static const char head[] = "POST / HTTP/1.1\r\nHost: wqd\r\nConnection: close\r\n"
	                           "Transfer-Encoding: chunked\r\n\r\n";
	struct house *house = *state;
	char answer[4096], chunk[1000 + 16];
	int fd = dial(house->path);

	say(fd, head, strlen(head));
	snprintf(chunk, sizeof chunk, "%x\r\n%01000d\r\n", 1000, 0);
	for (int i = 0; i < 17; i++)
		say(fd, chunk, strlen(chunk));
	say(fd, "0\r\n\r\n", 5);
	assert_int_equal(hear(fd, answer), 413);
	assert_int_equal(house->calls, 0);
}

static void methods_other_than_GET_and_POST_never_reach_the_handler(void **state)
{
	static const char *const methods[] = { "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "get" };
	struct house *house = *state;
	char answer[4096];

	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
		assert_int_equal(ask(house, methods[i], "/", "", 0, answer), 405);
	assert_int_equal(house->calls, 0);
}

static void a_handler_without_an_answer_is_told_as_503_or_500(void **state)
{
	static const int expected[] = { 503, 503, 500, 500 };
	struct house *house = *state;
	char answer[4096];

	for (size_t i = 0; i < sizeof failures / sizeof *failures; i++) {
		assert_int_equal(ask(house, "GET", failures[i].path, "", 0, answer), expected[i]);
		assert_non_null(strstr(answer, "{\"error\":\""));
		assert_null(strstr(answer, "behind"));
	}
}

static void garbage_does_no_harm(void **state)
{
	static const char *const garbage[] = { "\r\n\r\n", "GET\r\n\r\n",
		"\x16\x03\x01\x02\x00\x01",
		"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n",
		"GET / HTTP/9.9\r\n\r\n" };
	struct house *house = *state;
	char answer[4096];

	for (size_t i = 0; i < sizeof garbage / sizeof *garbage; i++) {
		int fd = dial(house->path);
		say(fd, garbage[i], strlen(garbage[i]));
		shutdown(fd, SHUT_WR);
		assert_int_not_equal(hear(fd, answer), 200);
	}
	assert_int_equal(house->calls, 0);
	assert_int_equal(ask(house, "GET", "/", "", 0, answer), 200);
}

static void a_handler_that_waits_holds_nobody_up(void **state)
{
	struct house *house = *state;
	char answer[4096];
	static const char request[] =
	        "GET /wait HTTP/1.1\r\nHost: wqd\r\nConnection: close\r\n\r\n";
	int fd = dial(house->path);

	say(fd, request, strlen(request));
	sem_wait(&house->waiting);
	assert_int_equal(ask(house, "GET", "/v1/status", "", 0, answer), 200);
	sem_post(&house->go);
	assert_int_equal(hear(fd, answer), 200);
}

static void a_33rd_connection_is_turned_away_until_one_has_gone(void **state)
{
	static const char request[] = "GET / HTTP/1.1\r\nHost: wqd\r\nConnection: close\r\n\r\n";
	struct house *house = *state;
	int idle[CTL_SERVER_CONNECTIONS];
	char answer[4096];
	int status = 0;

	for (int i = 0; i < CTL_SERVER_CONNECTIONS; i++)
		idle[i] = dial(house->path);
	assert_int_equal(ask(house, "GET", "/", "", 0, answer), 0);
	say(idle[7], request, strlen(request));
	assert_int_equal(hear(idle[7], answer), 200);
	/* The place is free when the server's thread has ended, which takes it a moment. */
	for (int i = 0; i < 10000 && status != 200; i++)
		status = ask(house, "GET", "/", "", 0, answer);
	assert_int_equal(status, 200);
	for (int i = 0; i < CTL_SERVER_CONNECTIONS; i++)
		if (i != 7)
			close(idle[i]);
}

static void the_socket_is_for_owner_and_group_whatever_the_umask(void **state)
{
	static const mode_t masks[] = { 0, 022, 077, 0777 };
	struct house *house = *state;
	struct stat status;
	struct wq_err err;

	for (size_t i = 0; i < sizeof masks / sizeof *masks; i++) {
		mode_t before = umask(masks[i]);
		ctl_server_stop(house->server);
		house->server = ctl_server_start(house->path, handle, house, &err);
		umask(before);
		assert_non_null(house->server);
		assert_int_equal(stat(house->path, &status), 0);
		assert_int_equal(status.st_mode, S_IFSOCK | 0660);
	}
}

static void a_second_daemon_is_refused_and_the_first_goes_on(void **state)
{
	struct house *house = *state;
	struct wq_err err = { 0 };
	char answer[4096];

	assert_null(ctl_server_start(house->path, handle, house, &err));
	assert_int_equal(err.code, WQ_E_STATE);
	assert_non_null(strstr(err.text, house->path));
	assert_int_equal(ask(house, "GET", "/", "", 0, answer), 200);
}

/* What kill -9 leaves: a socket file that nobody listens on. */
static void leave_a_dead_socket(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	close(fd);
}

static void the_socket_of_a_dead_daemon_is_replaced(void **state)
{
	struct house *house = *state;
	struct wq_err err = { 0 };
	char answer[4096];

	ctl_server_stop(house->server);
	leave_a_dead_socket(house->path);
	house->server = ctl_server_start(house->path, handle, house, &err);
	assert_non_null(house->server);
	assert_int_equal(ask(house, "GET", "/", "", 0, answer), 200);
}

static void what_is_no_socket_is_never_removed(void **state)
{
	struct house *house = *state;
	struct wq_err err = { 0 };
	struct stat status;
	int fd;

	ctl_server_stop(house->server);
	fd = open(house->path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, "x", 1), 1);
	close(fd);
	house->server = ctl_server_start(house->path, handle, house, &err);
	assert_null(house->server);
	assert_int_equal(err.code, WQ_E_INVALID);
	assert_int_equal(stat(house->path, &status), 0);
	assert_int_equal(status.st_size, 1);

	/* Nor followed, should it be a link. */
	unlink(house->path);
	assert_int_equal(symlink("/dev/null", house->path), 0);
	assert_null(ctl_server_start(house->path, handle, house, &err));
	assert_int_equal(err.code, WQ_E_INVALID);
}

static void impossible_paths_are_refused_with_the_reason(void **state)
{
	struct house *house = *state;
	struct wq_err err = { 0 };
	char longest[200];

	assert_null(ctl_server_start("", handle, house, &err));
	assert_int_equal(err.code, WQ_E_INVALID);
	memset(longest, 'x', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	assert_null(ctl_server_start(longest, handle, house, &err));
	assert_int_equal(err.code, WQ_E_INVALID);
	assert_non_null(strstr(err.text, "107"));
	assert_null(ctl_server_start("/nowhere/at/all/wqd.sock", handle, house, &err));
	assert_int_equal(err.code, WQ_E_IO);
}

static void stopping_removes_the_socket_but_not_another_of_its_name(void **state)
{
	struct house *house = *state;
	struct stat status;

	ctl_server_stop(house->server);
	house->server = NULL;
	assert_int_equal(stat(house->path, &status), -1);

	house->server = ctl_server_start(house->path, handle, house, NULL);
	assert_non_null(house->server);
	unlink(house->path);
	leave_a_dead_socket(house->path);
	ctl_server_stop(house->server);
	house->server = NULL;
	assert_int_equal(stat(house->path, &status), 0);
	ctl_server_stop(NULL);
}

static void *stop(void *server)
{
	ctl_server_stop(server);
	return NULL;
}

static void stopping_waits_for_a_handler_that_runs(void **state)
{
	static const char request[] =
	        "GET /wait HTTP/1.1\r\nHost: wqd\r\nConnection: close\r\n\r\n";
	struct house *house = *state;
	pthread_t stopper;
	int fd = dial(house->path);

	say(fd, request, strlen(request));
	sem_wait(&house->waiting);
	assert_int_equal(pthread_create(&stopper, NULL, stop, house->server), 0);
	sem_post(&house->go);
	pthread_join(stopper, NULL);
	house->server = NULL;
	assert_true(house->finished);
	close(fd);
}

#define house_test(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		house_test(a_request_gets_the_answer_of_the_handler),
		house_test(the_kernel_says_who_asks),
		house_test(a_body_of_16_KiB_arrives_whole_and_one_byte_more_is_refused),
		house_test(a_body_in_chunks_is_bounded_too),
		house_test(methods_other_than_GET_and_POST_never_reach_the_handler),
		house_test(a_handler_without_an_answer_is_told_as_503_or_500),
		house_test(garbage_does_no_harm),
		house_test(a_handler_that_waits_holds_nobody_up),
		house_test(a_33rd_connection_is_turned_away_until_one_has_gone),
		house_test(the_socket_is_for_owner_and_group_whatever_the_umask),
		house_test(a_second_daemon_is_refused_and_the_first_goes_on),
		house_test(the_socket_of_a_dead_daemon_is_replaced),
		house_test(what_is_no_socket_is_never_removed),
		house_test(impossible_paths_are_refused_with_the_reason),
		house_test(stopping_removes_the_socket_but_not_another_of_its_name),
		house_test(stopping_waits_for_a_handler_that_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
