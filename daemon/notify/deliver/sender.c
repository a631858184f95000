/* SPDX-License-Identifier: Apache-2.0 */
/* One job at a time, handed over under a mutex. */
#include "sender.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

enum phase { IDLE, GIVEN, DONE };

struct sender {
	const struct wq_channel *channel;
	void *state;
	void (*ring)(void *owner);
	void *owner;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	enum phase phase; /* under the mutex, with what follows */
	bool stopping, ended;
	struct wq_notice notice; /* the thread's own while GIVEN, with what follows */
	struct wq_result result;
	wq_ms now;
};

static void *run(void *owner)
{
	struct sender *sender = owner;

	pthread_mutex_lock(&sender->mutex);
	while (!sender->stopping) {
		if (sender->phase != GIVEN) {
			pthread_cond_wait(&sender->changed, &sender->mutex);
			continue;
		}
		pthread_mutex_unlock(&sender->mutex);
		sender->result = (struct wq_result){ .kind = WQ_RETRY, .until = WQ_NO_TIME };
		sender->channel->send(sender->state, &sender->notice, sender->now, &sender->result);
		pthread_mutex_lock(&sender->mutex);
		sender->phase = DONE;
		if (!sender->stopping)
			sender->ring(sender->owner);
	}
	sender->ended = true;
	pthread_cond_broadcast(&sender->changed);
	pthread_mutex_unlock(&sender->mutex);
	return NULL;
}

static void free_sender(struct sender *sender)
{
	pthread_cond_destroy(&sender->changed);
	pthread_mutex_destroy(&sender->mutex);
	free(sender);
}

struct sender *sender_start(
        const struct wq_channel *channel, void *state, void (*ring)(void *owner), void *owner)
{
	pthread_condattr_t attributes;
	struct sender *sender = calloc(1, sizeof *sender);

	if (sender == NULL)
		return NULL;
	sender->channel = channel;
	sender->state = state;
	sender->ring = ring;
	sender->owner = owner;
	pthread_mutex_init(&sender->mutex, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&sender->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	if (pthread_create(&sender->thread, NULL, run, sender) != 0) {
		free_sender(sender);
		return NULL;
	}
	pthread_setname_np(sender->thread, "sender");
	return sender;
}

void sender_use(struct sender *sender, void *state)
{
	pthread_mutex_lock(&sender->mutex);
	sender->state = state;
	pthread_mutex_unlock(&sender->mutex);
}

bool sender_give(struct sender *sender, const struct wq_notice *notice, wq_ms now)
{
	pthread_mutex_lock(&sender->mutex);
	bool taken = sender->phase == IDLE;

	if (taken) {
		sender->notice = *notice;
		sender->now = now;
		sender->phase = GIVEN;
		pthread_cond_broadcast(&sender->changed);
	}
	pthread_mutex_unlock(&sender->mutex);
	return taken;
}

bool sender_take(struct sender *sender, struct wq_result *result)
{
	pthread_mutex_lock(&sender->mutex);
	bool done = sender->phase == DONE;

	if (done) {
		*result = sender->result;
		sender->phase = IDLE;
	}
	pthread_mutex_unlock(&sender->mutex);
	return done;
}

bool sender_stop(struct sender *sender, wq_ms margin)
{
	struct timespec until;
	int r = 0;

	if (sender == NULL)
		return true;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)(margin / 1000);
	until.tv_nsec += (long)(margin % 1000) * 1000000L;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000L;
	}
	pthread_mutex_lock(&sender->mutex);
	sender->stopping = true;
	pthread_cond_broadcast(&sender->changed);
	while (!sender->ended && r == 0)
		r = pthread_cond_timedwait(&sender->changed, &sender->mutex, &until);
	bool ended = sender->ended;

	pthread_mutex_unlock(&sender->mutex);
	if (!ended) {
		pthread_detach(sender->thread);
		return false;
	}
	pthread_join(sender->thread, NULL);
	free_sender(sender);
	return true;
}
