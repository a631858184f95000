/* SPDX-License-Identifier: Apache-2.0 */
/* The writer thread. The queue and what main reads are under one mutex; the store is touched by the
 * thread alone. */
#include "store/writer.h"

#include "wq/err.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BACKOFF_FIRST ((wq_ms)100)
#define BACKOFF_LAST  ((wq_ms)5000)

/* How long the thread waits for work before it counts another turn. */
#define TURN ((wq_ms)1000)

/* What writer_stop() allows on top of the grace for the commit that is under way. */
#define LAST_COMMIT ((wq_ms)2000)

struct writer {
	struct store *store;
	struct writer_events events;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t work;                      /* to the thread: a group, or stop */
	pthread_cond_t done;                      /* from the thread: it is about to return */
	struct commit_group *queue[WRITER_DEPTH]; /* ring */
	size_t first, count;
	bool stop, returned;
	bool asked; /* for the outbox */
	wq_ms deadline; /* with stop: no further try after this */
	atomic_uint_fast64_t progress;
	atomic_size_t log_bytes;
	/* the thread's own */
	bool troubled;
	char why[WQ_ERR_TEXT];
	wq_ms backoff;
};

static wq_ms clock_ms(clockid_t id)
{
	struct timespec t;
	clock_gettime(id, &t);
	return WQ_SECONDS(t.tv_sec) + t.tv_nsec / 1000000;
}

/* Waits for at most `span`; the mutex is held. */
static void wait_for(pthread_cond_t *condition, pthread_mutex_t *mutex, wq_ms span)
{
	wq_ms until = clock_ms(CLOCK_MONOTONIC) + span;
	struct timespec t = { .tv_sec = until / 1000, .tv_nsec = (until % 1000) * 1000000 };
	pthread_cond_timedwait(condition, mutex, &t);
}

static void turned(struct writer *w)
{
	atomic_fetch_add_explicit(&w->progress, 1, memory_order_relaxed);
}

/* -- the thread -- */

static void healthy(struct writer *w)
{
	w->backoff = BACKOFF_FIRST;
	if (!w->troubled)
		return;
	w->troubled = false;
	w->events.trouble(w->events.owner, NULL);
}

/* Told when it begins, and when the reason is another one. */
static void failed(struct writer *w, const struct wq_err *err)
{
	if (w->troubled && strcmp(w->why, err->text) == 0)
		return;
	w->troubled = true;
	memcpy(w->why, err->text, sizeof w->why);
	w->events.trouble(w->events.owner, w->why);
}

/* Sleeps out the back-off, or until the deadline of a stop; false when there shall be no further
 * try. */
static bool back_off(struct writer *w)
{
	pthread_mutex_lock(&w->mutex);
	wq_ms until = clock_ms(CLOCK_MONOTONIC) + w->backoff;
	for (;;) {
		wq_ms now = clock_ms(CLOCK_MONOTONIC);
		wq_ms end = w->stop && w->deadline < until ? w->deadline : until;
		if (now >= end)
			break;
		wait_for(&w->work, &w->mutex, end - now);
	}
	bool again = !w->stop || clock_ms(CLOCK_MONOTONIC) < w->deadline;
	pthread_mutex_unlock(&w->mutex);
	w->backoff = w->backoff * 2 < BACKOFF_LAST ? w->backoff * 2 : BACKOFF_LAST;
	return again;
}

/* After a failure: waits, opens the file anew, until that works. False: give up. */
static bool recover(struct writer *w, struct wq_err *err)
{
	int r;
	do {
		failed(w, err);
		turned(w);
		if (!back_off(w))
			return false;
		r = store_reopen(w->store, err);
	} while (r < 0);
	if (r > 0)
		failed(w, err);
	return true;
}

/* `busy`: there is something else to do, so nothing is waited for. */
static struct commit_group *next_group(struct writer *w, bool busy, bool *stop)
{
	pthread_mutex_lock(&w->mutex);
	if (w->count == 0 && !w->stop && !busy && !w->asked)
		wait_for(&w->work, &w->mutex, TURN);
	struct commit_group *group = w->count > 0 ? w->queue[w->first] : NULL;
	*stop = w->stop;
	pthread_mutex_unlock(&w->mutex);
	return group;
}

static void drop_first(struct writer *w)
{
	pthread_mutex_lock(&w->mutex);
	w->first = (w->first + 1) % WRITER_DEPTH;
	w->count--;
	pthread_mutex_unlock(&w->mutex);
}

/* False: given up. */
static bool commit(struct writer *w, struct commit_group *group)
{
	struct store_answer *answers = NULL;
	size_t count = 0;
	struct wq_err err;
	while (store_commit(w->store, group, &answers, &count, &err) < 0)
		if (!recover(w, &err))
			return false;
	/* Room is made before the group goes back, so that whoever gets it may submit it at once.
	 */
	drop_first(w);
	atomic_store_explicit(&w->log_bytes, store_log_bytes(w->store), memory_order_relaxed);
	healthy(w);
	turned(w);
	w->events.committed(w->events.owner, group, answers, count);
	return true;
}

static bool tidy(struct writer *w, bool *more)
{
	struct wq_err err;
	int r = store_tidy(w->store, clock_ms(CLOCK_BOOTTIME), &err);
	*more = r > 0;
	if (r < 0)
		return recover(w, &err);
	healthy(w);
	return true;
}

static bool asked(struct writer *w)
{
	pthread_mutex_lock(&w->mutex);
	bool yes = w->asked;
	w->asked = false;
	pthread_mutex_unlock(&w->mutex);
	return yes;
}

static void tell_undelivered(struct writer *w)
{
	struct wq_err err;
	bool all = store_outbox(w->store, w->events.wanted, w->events.undelivered, w->events.owner, &err) == 0;
	if (!all)
		failed(w, &err);
	const char *channel = NULL;
	for (size_t i = 0; w->events.owes != NULL && (channel = w->events.owes(w->events.owner, i)) != NULL; i++)
		if (store_owed(w->store, channel, w->events.owed_most, w->events.undelivered, w->events.owner, &err) < 0) {
			all = false;
			failed(w, &err);
		}
	w->events.undelivered_end(w->events.owner, all);
}

static void *run(void *argument)
{
	struct writer *w = argument;
	bool stop = false, going = true, untidy = false;
	while (going) {
		struct commit_group *group = next_group(w, untidy, &stop);
		turned(w);
		if (group != NULL)
			going = commit(w, group);
		else if (stop)
			break;
		if (going && !stop && asked(w))
			tell_undelivered(w);
		if (going && !stop && (group == NULL || store_untidy(w->store)))
			going = tidy(w, &untidy);
	}
	pthread_mutex_lock(&w->mutex);
	w->returned = true;
	pthread_cond_signal(&w->done);
	pthread_mutex_unlock(&w->mutex);
	return NULL;
}

/* -- its owner -- */

static void set_up_locks(struct writer *w)
{
	pthread_condattr_t monotonic;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&w->mutex, NULL);
	pthread_cond_init(&w->work, &monotonic);
	pthread_cond_init(&w->done, &monotonic);
	pthread_condattr_destroy(&monotonic);
}

static void writer_free(struct writer *w)
{
	pthread_cond_destroy(&w->work);
	pthread_cond_destroy(&w->done);
	pthread_mutex_destroy(&w->mutex);
	free(w);
}

struct writer *writer_start(
        struct store *store, const struct writer_events *events, struct wq_err *err)
{
	struct writer *w = calloc(1, sizeof *w);
	if (w == NULL) {
		wq_fail(err, WQ_E_MEMORY, "no memory for the writer");
		return NULL;
	}
	w->store = store;
	w->events = *events;
	w->backoff = BACKOFF_FIRST;
	set_up_locks(w);
	int why = pthread_create(&w->thread, NULL, run, w);
	if (why != 0) {
		wq_fail(err, WQ_E_MEMORY, "the writer's thread cannot be started: %s",
		        strerror(why));
		writer_free(w);
		return NULL;
	}
	return w;
}

bool writer_submit(struct writer *w, struct commit_group *group)
{
	pthread_mutex_lock(&w->mutex);
	bool room = w->count < WRITER_DEPTH && !w->stop;
	if (room) {
		w->queue[(w->first + w->count) % WRITER_DEPTH] = group;
		w->count++;
	}
	pthread_mutex_unlock(&w->mutex);
	/* Rung when the door is open: who wakes at once would only wait for the mutex. */
	if (room)
		pthread_cond_signal(&w->work);
	return room;
}

void writer_ask_outbox(struct writer *w)
{
	pthread_mutex_lock(&w->mutex);
	w->asked = true;
	pthread_mutex_unlock(&w->mutex);
	pthread_cond_signal(&w->work);
}

size_t writer_waiting(const struct writer *writer)
{
	struct writer *w = (struct writer *)writer; /* a lock does not change what is told */
	pthread_mutex_lock(&w->mutex);
	size_t count = w->count;
	pthread_mutex_unlock(&w->mutex);
	return count;
}

uint64_t writer_progress(const struct writer *writer)
{
	return atomic_load_explicit(&writer->progress, memory_order_relaxed);
}

size_t writer_log_bytes(const struct writer *writer)
{
	return atomic_load_explicit(&writer->log_bytes, memory_order_relaxed);
}

struct store *writer_stop(struct writer *w, wq_ms grace)
{
	pthread_mutex_lock(&w->mutex);
	w->stop = true;
	w->deadline = clock_ms(CLOCK_MONOTONIC) + grace;
	pthread_cond_signal(&w->work);
	/* A thread that still gets on is waited for. */
	wq_ms patience = w->deadline + LAST_COMMIT;
	uint64_t seen = writer_progress(w);
	while (!w->returned) {
		wq_ms now = clock_ms(CLOCK_MONOTONIC);
		uint64_t progress = writer_progress(w);
		if (now >= patience && progress == seen)
			break;
		if (now >= patience)
			patience = now + LAST_COMMIT;
		seen = progress;
		wait_for(&w->done, &w->mutex, patience - now);
	}
	bool returned = w->returned;
	pthread_mutex_unlock(&w->mutex);
	if (!returned) {
		pthread_detach(w->thread);
		return NULL;
	}
	pthread_join(w->thread, NULL);
	struct store *store = w->store;
	writer_free(w);
	return store;
}
