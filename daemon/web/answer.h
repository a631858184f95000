/* SPDX-License-Identifier: Apache-2.0 */
/* One request to one page. Opening a link (GET, HEAD) shows the alarm and changes nothing, because whoever shows a preview of a
 * message opens it too; only the form (POST) acknowledges, as `wqctl ack` does. What is no link of ours never comes to main. */
#ifndef WQ_ANSWER_PAGE_H
#define WQ_ANSWER_PAGE_H

#include "links.h"
#include "page.h"

#include "ctl/server.h"

#include <stdbool.h>
#include <stddef.h>

#define WEB_NOTE "链接确认" /* the note of such an acknowledgement begins so */

struct web_request {
	const char *method;
	const char *path; /* unescaped, without the query */
	const char *body;
	size_t length;
	bool form; /* the body is application/x-www-form-urlencoded, or there is none */
};

/* Asks main by `ask`, as the control socket does, and waits for it. Any thread, several at once. */
enum page_kind web_answer(struct links *links, ctl_handle *ask, void *owner, const struct web_request *request,
	char page[PAGE_TEXT], size_t *length);

#endif
