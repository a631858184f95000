/* SPDX-License-Identifier: Apache-2.0 */
/* One thread, woken every few seconds. */
#include "web.h"

#include "http.h"
#include "listen.h"

#include "clock.h"
#include "log.h"
#include "wq/err.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define LOOK  2000 /* ms between two looks at the keys */
#define STACK ((size_t)128 * 1024)

struct web {
	const struct config *config;
	struct links *links;
	ctl_handle *ask;
	void *owner;
	pthread_t thread;
	bool running;
	int stop;
	struct ctl_place place; /* of the thread, as what follows */
	struct http *http;
	pthread_mutex_t mutex;
	struct web_status status; /* under the mutex; as it was told last */
};

static void look_at_keys(struct web *web)
{
	char why[LINKS_WHY];

	if (!links_refresh(web->links, why))
		return;
	if (why[0] != '\0')
		log_error("links: %s; messages go out without a link, or with the keys known before", why);
	else
		log_notice("links: the keys can be used again");
	pthread_mutex_lock(&web->mutex);
	snprintf(web->status.keys, sizeof web->status.keys, "%s", why);
	pthread_mutex_unlock(&web->mutex);
}

/* True: that is news. */
static bool note_served(struct web *web, bool served, const char *why)
{
	pthread_mutex_lock(&web->mutex);
	bool news = served != web->status.served || strcmp(why, web->status.why) != 0;

	web->status.served = served;
	snprintf(web->status.why, sizeof web->status.why, "%s", why);
	pthread_mutex_unlock(&web->mutex);
	return news;
}

static void serve(struct web *web)
{
	struct wq_err err = { 0 };
	int listener = listen_open(web->config->links, &web->place, &err);

	if (listener >= 0)
		web->http = http_start(listener, web->links, web->ask, web->owner, &err);
	if (listener >= 0 && web->http == NULL)
		ctl_place_close(&web->place);
	bool news = note_served(web, web->http != NULL, web->http != NULL ? "" : err.text);

	if (web->http != NULL)
		log_notice("links: pages are served on %s", web->config->links->listen);
	else if (news)
		log_error("%s; links do not open until that is mended, it is tried again every few seconds", err.text);
}

static void *run(void *owner)
{
	struct web *web = owner;
	struct pollfd stop = { .fd = web->stop, .events = POLLIN };

	do {
		look_at_keys(web);
		if (web->http == NULL)
			serve(web);
	} while (poll(&stop, 1, LOOK) <= 0);
	return NULL;
}

struct web *web_new(const struct config *config, uint64_t incarnation, struct wq_err *err)
{
	const struct links_clock clock = { .wall = clock_now, .trusted = clock_trusted };
	struct web *web = calloc(1, sizeof *web);

	if (web == NULL) {
		wq_fail(err, WQ_E_MEMORY, "no memory for the links");
		return NULL;
	}
	web->config = config;
	web->stop = -1;
	web->links = links_new(config, incarnation, &clock, err);
	if (web->links == NULL) {
		free(web);
		return NULL;
	}
	pthread_mutex_init(&web->mutex, NULL);
	look_at_keys(web);
	return web;
}

int web_start(struct web *web, ctl_handle *ask, void *owner, struct wq_err *err)
{
	pthread_attr_t small;

	web->ask = ask;
	web->owner = owner;
	web->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, STACK);
	web->running = web->stop >= 0 && pthread_create(&web->thread, &small, run, web) == 0;
	pthread_attr_destroy(&small);
	if (!web->running)
		return wq_fail(err, WQ_E_MEMORY, "links: no descriptor or thread for them");
	pthread_setname_np(web->thread, "links");
	return 0;
}

void web_link(void *owner, const struct wq_notice *notice, char out[WQ_LINK_TEXT])
{
	links_write(((struct web *)owner)->links, notice, out);
}

void web_status(struct web *web, struct web_status *status)
{
	pthread_mutex_lock(&web->mutex);
	*status = web->status;
	pthread_mutex_unlock(&web->mutex);
}

void web_stop(struct web *web)
{
	if (web == NULL || !web->running)
		return;
	eventfd_write(web->stop, 1);
	pthread_join(web->thread, NULL);
	web->running = false;
	if (web->http != NULL) {
		ctl_place_close(&web->place);
		http_stop(web->http);
		web->http = NULL;
	}
}

void web_free(struct web *web)
{
	if (web == NULL)
		return;
	web_stop(web);
	if (web->stop >= 0)
		close(web->stop);
	links_free(web->links);
	pthread_mutex_destroy(&web->mutex);
	free(web);
}
