/* SPDX-License-Identifier: Apache-2.0 */
/* A request of a person, carried from a thread of the control server to main and back: the server's thread waits
 * with a deadline, main answers when it can. Whoever lets go last frees it. */
#ifndef WQ_COMMAND_H
#define WQ_COMMAND_H

#include "ctl/server.h"
#include "intake/inbox.h"

/* How long the person waits for the commit. */
#define COMMAND_PATIENCE WQ_SECONDS(5)
/* Where the answer is a channel's, or a device's. */
#define COMMAND_CHANNEL_PATIENCE WQ_SECONDS(9)

struct command {
	struct letter letter; /* first: main gets this address */
	struct command *next; /* waits for the same commit */
	char *method, *path, *body;
	char user[CTL_USER_TEXT];
	char *prepared; /* main's: the answer that waits for the commit; NULL: that it is done */
	struct ctl_reply reply;
	struct command_hold *hold;
};

/* Server thread: posts a copy of the request and waits. 0 with *reply, or WQ_E_TIMEOUT, WQ_E_MEMORY. */
int command_ask(struct inbox *inbox, void (*open)(void *main_owner, struct letter *letter),
	const struct ctl_request *request, struct ctl_reply *reply);

/* Main: answers (takes the body over) and lets go of the command. */
void command_answer(struct command *command, int status, char *body);

#endif
