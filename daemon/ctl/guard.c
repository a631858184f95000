/* SPDX-License-Identifier: Apache-2.0 */
/* A table of open connections and a thread that sleeps until the oldest has had its time. */
#include "guard.h"

#include "server.h"
#include "wq/err.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define STACK ((size_t)128 * 1024)

struct guarded {
	int fd; /* -1: free */
	wq_ms until;
};

struct ctl_guard {
	wq_ms span;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool stopping;
	struct guarded open[CTL_SERVER_CONNECTIONS];
};

static wq_ms now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (wq_ms)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Cuts what is due; when to look again, WQ_NO_TIME for never. A connection that was cut leaves the
 * table here and is closed by its owner. */
static wq_ms cut_due(struct ctl_guard *guard)
{
	wq_ms next = WQ_NO_TIME, at = now();

	for (size_t i = 0; i < CTL_SERVER_CONNECTIONS; i++) {
		struct guarded *one = &guard->open[i];

		if (one->fd < 0)
			continue;
		if (one->until <= at) {
			shutdown(one->fd, SHUT_RDWR);
			one->fd = -1;
		} else if (next == WQ_NO_TIME || one->until < next) {
			next = one->until;
		}
	}
	return next;
}

static void *run(void *owner)
{
	struct ctl_guard *guard = owner;

	pthread_mutex_lock(&guard->lock);
	while (!guard->stopping) {
		wq_ms next = cut_due(guard);
		struct timespec until = { .tv_sec = (time_t)(next / 1000),
			.tv_nsec = (long)(next % 1000) * 1000000 };

		if (next == WQ_NO_TIME)
			pthread_cond_wait(&guard->changed, &guard->lock);
		else
			pthread_cond_timedwait(&guard->changed, &guard->lock, &until);
	}
	pthread_mutex_unlock(&guard->lock);
	return NULL;
}

static void destroy(struct ctl_guard *guard)
{
	pthread_cond_destroy(&guard->changed);
	pthread_mutex_destroy(&guard->lock);
	free(guard);
}

struct ctl_guard *ctl_guard_start(wq_ms span, struct wq_err *err)
{
	struct ctl_guard *guard = calloc(1, sizeof *guard);
	pthread_condattr_t monotonic;
	pthread_attr_t small;
	int why;

	if (!guard) {
		wq_fail(err, WQ_E_MEMORY, "no memory for the control socket");
		return NULL;
	}
	guard->span = span;
	for (size_t i = 0; i < CTL_SERVER_CONNECTIONS; i++)
		guard->open[i].fd = -1;
	pthread_mutex_init(&guard->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&guard->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, STACK);
	why = pthread_create(&guard->thread, &small, run, guard);
	pthread_attr_destroy(&small);
	if (why == 0)
		return guard;
	destroy(guard);
	wq_fail(err, WQ_E_MEMORY, "control socket: no thread can be started: %s",
	        strerrordesc_np(why));
	return NULL;
}

void ctl_guard_stop(struct ctl_guard *guard)
{
	if (!guard)
		return;
	pthread_mutex_lock(&guard->lock);
	guard->stopping = true;
	pthread_cond_signal(&guard->changed);
	pthread_mutex_unlock(&guard->lock);
	pthread_join(guard->thread, NULL);
	destroy(guard);
}

/* The first entry that holds `fd`, -1 for a free one; NULL: none. */
static struct guarded *entry(struct ctl_guard *guard, int fd)
{
	for (size_t i = 0; i < CTL_SERVER_CONNECTIONS; i++)
		if (guard->open[i].fd == fd)
			return &guard->open[i];
	return NULL;
}

void ctl_guard_opened(struct ctl_guard *guard, int fd)
{
	struct guarded *one;

	pthread_mutex_lock(&guard->lock);
	one = entry(guard, -1);
	if (one) {
		*one = (struct guarded){ .fd = fd, .until = now() + guard->span };
		pthread_cond_signal(&guard->changed);
	}
	pthread_mutex_unlock(&guard->lock);
}

void ctl_guard_closed(struct ctl_guard *guard, int fd)
{
	struct guarded *one;

	pthread_mutex_lock(&guard->lock);
	one = entry(guard, fd);
	if (one)
		one->fd = -1;
	pthread_mutex_unlock(&guard->lock);
}
