/* SPDX-License-Identifier: Apache-2.0 */
/* A request's way from a server thread to main and back, also when one of them has gone. */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/command.h"
#include "hand_clock.h"
#include "wq/err.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ASKERS 16

struct asker {
	struct inbox *inbox;
	char body[32];
	int said;
	struct ctl_reply reply;
	pthread_t thread;
};

static int open_inbox(void **state)
{
	hand_clock_reset();
	*state = inbox_new(1, NULL);
	return *state != NULL ? 0 : -1;
}

static int close_inbox(void **state)
{
	inbox_free(*state);
	return 0;
}

#define inbox_test(fn) cmocka_unit_test_setup_teardown(fn, open_inbox, close_inbox)

static void opened(void *owner, struct letter *letter)
{
	(void)owner, (void)letter;
}

static void *ask(void *argument)
{
	struct asker *a = argument;
	char method[] = "POST", path[] = "/v1/x", user[] = "anna";
	struct ctl_request request = { .method = method,
		.path = path,
		.body = a->body,
		.body_length = strlen(a->body),
		.user = user };

	a->said = command_ask(a->inbox, opened, &request, &a->reply);
	/* The request was the server's and is gone with its thread. */
	memset(method, 'X', sizeof method);
	memset(path, 'X', sizeof path);
	memset(user, 'X', sizeof user);
	return NULL;
}

static struct letter *next_letters(struct inbox *inbox)
{
	struct pollfd at = { .fd = inbox_fd(inbox), .events = POLLIN };

	assert_int_equal(poll(&at, 1, 20000), 1);
	inbox_silence(inbox);
	return inbox_letters(inbox);
}

static void everybody_gets_the_answer_to_the_own_question(void **state)
{
	static struct asker askers[ASKERS];
	size_t answered = 0;

	for (int i = 0; i < ASKERS; i++) {
		askers[i].inbox = *state;
		snprintf(askers[i].body, sizeof askers[i].body, "question %d", i);
		assert_int_equal(pthread_create(&askers[i].thread, NULL, ask, &askers[i]), 0);
	}
	while (answered < ASKERS)
		for (struct letter *letter = next_letters(*state), *next; letter != NULL;
		        letter = next, answered++) {
			struct command *command = (struct command *)letter;
			next = letter->next;
			assert_string_equal(command->method, "POST");
			assert_string_equal(command->path, "/v1/x");
			assert_string_equal(command->user, "anna");
			command_answer(
			        command, 200 + atoi(command->body + 9), strdup(command->body));
		}
	for (int i = 0; i < ASKERS; i++) {
		pthread_join(askers[i].thread, NULL);
		assert_int_equal(askers[i].said, 0);
		assert_int_equal(askers[i].reply.status, 200 + i);
		assert_string_equal(askers[i].reply.body, askers[i].body);
		free(askers[i].reply.body);
	}
}

/* What main works on while the person has gone is still its own; whoever lets go last frees it (the
 * sanitizer sees whether somebody did). */
static void who_waited_long_enough_goes_and_main_answers_into_the_void(void **state)
{
	struct asker asker = { .inbox = *state, .body = "{}" };

	asker.reply.status = 77;
	hand_clock_hurry();
	assert_int_equal(pthread_create(&asker.thread, NULL, ask, &asker), 0);
	struct command *command = (struct command *)next_letters(*state);
	pthread_join(asker.thread, NULL);
	assert_int_equal(asker.said, WQ_E_TIMEOUT);
	assert_int_equal(asker.reply.status, 77);
	assert_null(asker.reply.body);
	assert_string_equal(command->body, "{}");
	assert_string_equal(command->path, "/v1/x");
	command_answer(command, 200, strdup("{\"done\":true}"));
}

/* Main's part, on a thread. */
static void *answer_one(void *inbox)
{
	struct command *command = (struct command *)next_letters(inbox);

	command_answer(command, 200, strdup(command->user));
	return NULL;
}

static void a_user_name_that_is_too_long_is_cut(void **state)
{
	char name[500];
	struct ctl_request request = { .method = "GET", .path = "/", .body = "", .user = name };
	struct ctl_reply reply = { 0 };
	pthread_t main_thread;

	memset(name, 'n', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	assert_int_equal(pthread_create(&main_thread, NULL, answer_one, *state), 0);
	assert_int_equal(command_ask(*state, opened, &request, &reply), 0);
	pthread_join(main_thread, NULL);
	assert_int_equal(strlen(reply.body), CTL_USER_TEXT - 1);
	free(reply.body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		inbox_test(everybody_gets_the_answer_to_the_own_question),
		inbox_test(a_user_name_that_is_too_long_is_cut),
		inbox_test(who_waited_long_enough_goes_and_main_answers_into_the_void),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
