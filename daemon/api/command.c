/* SPDX-License-Identifier: Apache-2.0 */
/* Rendezvous of a server thread and main. */
#include "command.h"

#include "clock.h"
#include "wq/err.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct command_hold {
	pthread_mutex_t lock;
	pthread_cond_t done;
	bool answered;
	int holders;
};

static void free_command(struct command *command)
{
	pthread_cond_destroy(&command->hold->done);
	pthread_mutex_destroy(&command->hold->lock);
	free(command->hold);
	free(command->method);
	free(command->path);
	free(command->body);
	free(command->prepared);
	free(command->reply.body);
	free(command);
}

/* Lets go; true when the other side had gone before and everything is freed. Called locked. */
static void let_go(struct command *command)
{
	bool last = --command->hold->holders == 0;
	pthread_mutex_unlock(&command->hold->lock);
	if (last)
		free_command(command);
}

static struct command *copy_request(const struct ctl_request *request)
{
	struct command *command = calloc(1, sizeof *command);
	if (command == NULL)
		return NULL;
	command->hold = calloc(1, sizeof *command->hold);
	command->method = strdup(request->method);
	command->path = strdup(request->path);
	command->body = strdup(request->body);
	if (command->hold == NULL || command->method == NULL || command->path == NULL || command->body == NULL) {
		free(command->hold);
		free(command->method);
		free(command->path);
		free(command->body);
		free(command);
		return NULL;
	}
	snprintf(command->user, sizeof command->user, "%s", request->user);
	pthread_mutex_init(&command->hold->lock, NULL);
	clock_condition(&command->hold->done);
	command->hold->holders = 2;
	return command;
}

int command_ask(struct inbox *inbox, void (*open)(void *main_owner, struct letter *letter),
	const struct ctl_request *request, struct ctl_reply *reply)
{
	struct command *command = copy_request(request);
	if (command == NULL)
		return WQ_E_MEMORY;
	bool others = strcmp(request->path, "/v1/channel-test") == 0 || strcmp(request->path, "/v1/command") == 0;
	struct timespec until = clock_deadline(others ? COMMAND_CHANNEL_PATIENCE : COMMAND_PATIENCE);
	command->letter.open = open;
	inbox_post(inbox, &command->letter);
	pthread_mutex_lock(&command->hold->lock);
	int waited = 0;
	while (!command->hold->answered && waited == 0)
		waited = pthread_cond_timedwait(&command->hold->done, &command->hold->lock, &until);
	int r = command->hold->answered ? 0 : WQ_E_TIMEOUT;
	if (r == 0) {
		*reply = command->reply;
		command->reply.body = NULL;
	}
	let_go(command);
	return r;
}

void command_answer(struct command *command, int status, char *body)
{
	pthread_mutex_lock(&command->hold->lock);
	command->reply.status = status;
	command->reply.body = body;
	command->hold->answered = true;
	pthread_cond_signal(&command->hold->done);
	let_go(command);
}
