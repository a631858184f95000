/* SPDX-License-Identifier: Apache-2.0 */
/* One ring, three marks: taken ≤ decided ≤ added. */
#include "promises.h"

#include "wq/err.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>

#define PATIENCE    30000 /* ms, for one commit; a station has asked three times by then */
#define AGAIN_AFTER 200   /* ms */

struct hj212_promises {
	pthread_mutex_t lock;
	pthread_cond_t added_one;
	struct hj212_promise ring[HJ212_PROMISES];
	size_t taken, decided, added; /* counts */
	bool stopping, started;
	int wake;
	struct wq_sink sink;
	pthread_t thread;
};

struct hj212_promises *hj212_promises_new(int wake)
{
	struct hj212_promises *p = calloc(1, sizeof *p);
	pthread_condattr_t attributes;

	if (p == NULL)
		return NULL;
	pthread_mutex_init(&p->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&p->added_one, &attributes);
	pthread_condattr_destroy(&attributes);
	p->wake = wake;
	return p;
}

void hj212_promises_free(struct hj212_promises *p)
{
	if (p == NULL)
		return;
	pthread_cond_destroy(&p->added_one);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

/* The next promise to wait for; false: the end. */
static bool next(struct hj212_promises *p, uint64_t *ticket)
{
	pthread_mutex_lock(&p->lock);
	while (!p->stopping && p->decided == p->added)
		pthread_cond_wait(&p->added_one, &p->lock);
	bool go_on = !p->stopping;

	if (go_on)
		*ticket = p->ring[p->decided % HJ212_PROMISES].ticket;
	pthread_mutex_unlock(&p->lock);
	return go_on;
}

/* True: the server is to be rung. It is awake already where there was something due before. */
static bool decide(struct hj212_promises *p, int rc)
{
	pthread_mutex_lock(&p->lock);
	bool ring = p->taken == p->decided;

	p->ring[p->decided++ % HJ212_PROMISES].rc = rc;
	pthread_mutex_unlock(&p->lock);
	return ring;
}

static struct timespec after(long ms)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_nsec += ms % 1000 * 1000000;
	t.tv_sec += ms / 1000 + t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	return t;
}

static bool before(struct timespec until)
{
	struct timespec t = after(0);

	return t.tv_sec < until.tv_sec || (t.tv_sec == until.tv_sec && t.tv_nsec < until.tv_nsec);
}

/* While the disk is stalled await() comes back at once: whether to ask again after a while. */
static bool rest(struct hj212_promises *p)
{
	struct timespec until = after(AGAIN_AFTER);

	pthread_mutex_lock(&p->lock);
	while (!p->stopping && pthread_cond_timedwait(&p->added_one, &p->lock, &until) == 0)
		;
	bool go_on = !p->stopping;
	pthread_mutex_unlock(&p->lock);
	return go_on;
}

/* An answer that comes late is better than none: the station has not to send it all again. */
static int await_patiently(struct hj212_promises *p, uint64_t ticket)
{
	struct timespec until = after(PATIENCE);
	int rc = p->sink.await(p->sink.owner, ticket);

	while (rc == WQ_E_TIMEOUT && before(until) && rest(p))
		rc = p->sink.await(p->sink.owner, ticket);
	return rc;
}

static void *wait_for_commits(void *argument)
{
	struct hj212_promises *p = argument;
	uint64_t ticket;

	while (next(p, &ticket)) {
		int rc = await_patiently(p, ticket);

		if (decide(p, rc) && eventfd_write(p->wake, 1) < 0)
			errno = 0; /* full: it has been rung enough */
	}
	return NULL;
}

int hj212_promises_start(struct hj212_promises *p, const struct wq_sink *sink)
{
	p->sink = *sink;
	p->started = pthread_create(&p->thread, NULL, wait_for_commits, p) == 0;
	return p->started ? 0 : WQ_E_MEMORY;
}

void hj212_promises_end(struct hj212_promises *p)
{
	pthread_mutex_lock(&p->lock);
	p->stopping = true;
	pthread_cond_broadcast(&p->added_one);
	pthread_mutex_unlock(&p->lock);
	if (p->started)
		pthread_join(p->thread, NULL);
	p->started = false;
}

bool hj212_promises_room(struct hj212_promises *p)
{
	pthread_mutex_lock(&p->lock);
	bool room = p->added - p->taken < HJ212_PROMISES;
	pthread_mutex_unlock(&p->lock);
	return room;
}

void hj212_promises_add(struct hj212_promises *p, const struct hj212_promise *promise)
{
	pthread_mutex_lock(&p->lock);
	p->ring[p->added++ % HJ212_PROMISES] = *promise;
	pthread_cond_signal(&p->added_one);
	pthread_mutex_unlock(&p->lock);
}

bool hj212_promises_due(struct hj212_promises *p, struct hj212_promise *promise)
{
	pthread_mutex_lock(&p->lock);
	bool due = p->taken < p->decided;

	if (due)
		*promise = p->ring[p->taken++ % HJ212_PROMISES];
	pthread_mutex_unlock(&p->lock);
	return due;
}
