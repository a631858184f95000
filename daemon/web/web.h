/* SPDX-License-Identifier: Apache-2.0 */
/* The room of the links: a thread that opens the place where pages are served, tries again where that fails, and looks whether
 * the keys have changed. Nothing here is needed for anybody to be told: what fails is logged, and messages go out without a
 * link, or with one that works when the trouble is over. */
#ifndef WQ_WEB_H
#define WQ_WEB_H

#include "links.h"

#include "ctl/server.h"
#include "wq/err.h"

#include <stdbool.h>

struct web;

/* Reads the keys, so that links can be made. config has links and outlives it. NULL with *err. */
struct web *web_new(const struct config *config, uint64_t incarnation, struct wq_err *err);

/* Starts the thread: pages are served. `ask` waits for main's answer. */
int web_start(struct web *web, ctl_handle *ask, void *owner, struct wq_err *err);

/* As struct deliverer_events wants it; owner: the struct web. Any thread, until web_free(). */
void web_link(void *owner, const struct wq_notice *notice, char out[WQ_LINK_TEXT]);

struct web_status {
	bool served;         /* pages are */
	char why[WQ_ERR_TEXT];  /* "" or why not */
	char keys[LINKS_WHY];   /* "" or why their file cannot be used */
};

/* Any thread. */
void web_status(struct web *web, struct web_status *status);

/* Serves no more; waits for requests under way, so main has to go on answering. Then web_free(). NULL is fine to both. */
void web_stop(struct web *web);
void web_free(struct web *web);

#endif
