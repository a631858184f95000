/* SPDX-License-Identifier: Apache-2.0 */
/* The two queues in front of main. The only mutex between samplers and the engine is in here. */
#include "inbox.h"

#include "clock.h"
#include "wq/check.h"
#include "wq/err.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct inbox {
	pthread_mutex_t lock;
	pthread_cond_t room; /* something was taken */
	struct wq_batch *ring[INBOX_BATCHES];
	size_t head, count, bytes;
	uint64_t next_sequence, refused, accepted;
	struct letter *first, **last;
	bool closed;
	int fd;
};

static size_t batch_bytes(const struct wq_batch *batch)
{
	return sizeof *batch + batch->count * sizeof *batch->samples + batch->check_count * sizeof *batch->checks +
		(batch->import != NULL ? sizeof *batch->import : 0);
}

struct inbox *inbox_new(uint64_t first_sequence, struct wq_err *err)
{
	struct inbox *inbox = calloc(1, sizeof *inbox);
	if (inbox == NULL) {
		wq_fail(err, WQ_E_MEMORY, "no memory for the inbox");
		return NULL;
	}
	inbox->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (inbox->fd < 0) {
		wq_fail(err, WQ_E_IO, "no eventfd for the inbox: %s", strerrordesc_np(errno));
		free(inbox);
		return NULL;
	}
	pthread_mutex_init(&inbox->lock, NULL);
	clock_condition(&inbox->room);
	inbox->next_sequence = first_sequence;
	inbox->last = &inbox->first;
	return inbox;
}

void inbox_free(struct inbox *inbox)
{
	if (inbox == NULL)
		return;
	for (struct wq_batch *batch; (batch = inbox_take(inbox)) != NULL;)
		free(batch);
	pthread_cond_destroy(&inbox->room);
	pthread_mutex_destroy(&inbox->lock);
	close(inbox->fd);
	free(inbox);
}

int inbox_fd(const struct inbox *inbox)
{
	return inbox->fd;
}

void inbox_ring(struct inbox *inbox)
{
	/* Fails only when the counter is at its end, and then main has been rung enough. */
	if (eventfd_write(inbox->fd, 1) < 0)
		errno = 0;
}

void inbox_silence(struct inbox *inbox)
{
	eventfd_t rung;
	if (eventfd_read(inbox->fd, &rung) < 0)
		errno = 0;
}

static struct wq_batch *copy_batch(const struct wq_batch *from)
{
	struct wq_batch *batch = malloc(batch_bytes(from));
	if (batch == NULL)
		return NULL;
	struct wq_sample *copies = (struct wq_sample *)(batch + 1);
	struct wq_check *checks = (struct wq_check *)(copies + from->count);
	if (from->count > 0)
		memcpy(copies, from->samples, from->count * sizeof *copies);
	if (from->check_count > 0)
		memcpy(checks, from->checks, from->check_count * sizeof *checks);
	for (size_t i = 0; i < from->count; i++)
		if (copies[i].at == WQ_NO_TIME) {
			copies[i].at = from->received;
			copies[i].stamp = WQ_STAMP_ARRIVAL;
		}
	struct wq_import *origin = (struct wq_import *)(checks + from->check_count);
	*batch = *from;
	batch->samples = copies;
	batch->checks = checks;
	if (from->import != NULL) {
		*origin = *from->import;
		batch->import = origin;
	}
	return batch;
}

/* Why a batch cannot be taken now, or 0. */
static int room_for(const struct inbox *inbox, size_t bytes)
{
	if (inbox->closed)
		return WQ_E_STATE;
	return inbox->count == INBOX_BATCHES || inbox->bytes + bytes > INBOX_BYTES ? WQ_E_FULL : 0;
}

static int put(struct inbox *inbox, const struct wq_batch *from, wq_ms patience, uint64_t *sequence)
{
	struct timespec until = clock_deadline(patience);
	struct wq_batch *batch = copy_batch(from);
	if (batch == NULL)
		return WQ_E_MEMORY;
	size_t bytes = batch_bytes(batch);
	pthread_mutex_lock(&inbox->lock);
	int r = room_for(inbox, bytes);
	while (r == WQ_E_FULL && patience > 0 &&
		pthread_cond_timedwait(&inbox->room, &inbox->lock, &until) == 0)
		r = room_for(inbox, bytes);
	if (r == 0) {
		batch->sequence = inbox->next_sequence++;
		if (sequence != NULL)
			*sequence = batch->sequence;
		inbox->ring[(inbox->head + inbox->count++) % INBOX_BATCHES] = batch;
		inbox->bytes += bytes;
		inbox->accepted += from->count;
	} else {
		inbox->refused += from->count;
	}
	/* Whoever finds the queue empty rings; later ones know that main is on its way. */
	bool ring = r == 0 && inbox->count == 1;
	pthread_mutex_unlock(&inbox->lock);
	if (ring)
		inbox_ring(inbox);
	if (r != 0)
		free(batch);
	return r;
}

int inbox_put(struct inbox *inbox, uint32_t source, wq_ms received, bool trusted, const struct wq_sample *samples,
	size_t count, wq_ms patience, uint64_t *sequence)
{
	return put(inbox,
		&(struct wq_batch){ .source = source, .received = received, .trusted = trusted, .count = count,
			.samples = samples },
		patience, sequence);
}

int inbox_put_import(struct inbox *inbox, uint32_t source, wq_ms received, bool trusted, const struct wq_import *import,
	const struct wq_sample *samples, size_t count, wq_ms patience, uint64_t *sequence)
{
	return put(inbox,
		&(struct wq_batch){ .source = source, .received = received, .trusted = trusted, .count = count,
			.samples = samples, .import = import },
		patience, sequence);
}

int inbox_post_batch(struct inbox *inbox, const struct wq_batch *batch, uint64_t *sequence)
{
	return put(inbox, batch, 0, sequence);
}

struct wq_batch *inbox_take(struct inbox *inbox)
{
	struct wq_batch *batch = NULL;
	pthread_mutex_lock(&inbox->lock);
	if (inbox->count > 0) {
		batch = inbox->ring[inbox->head];
		inbox->head = (inbox->head + 1) % INBOX_BATCHES;
		inbox->count--;
		inbox->bytes -= batch_bytes(batch);
		pthread_cond_broadcast(&inbox->room);
	}
	pthread_mutex_unlock(&inbox->lock);
	return batch;
}

void inbox_post(struct inbox *inbox, struct letter *letter)
{
	letter->next = NULL;
	pthread_mutex_lock(&inbox->lock);
	*inbox->last = letter;
	inbox->last = &letter->next;
	pthread_mutex_unlock(&inbox->lock);
	inbox_ring(inbox);
}

struct letter *inbox_letters(struct inbox *inbox)
{
	pthread_mutex_lock(&inbox->lock);
	struct letter *letters = inbox->first;
	inbox->first = NULL;
	inbox->last = &inbox->first;
	pthread_mutex_unlock(&inbox->lock);
	return letters;
}

void inbox_close(struct inbox *inbox)
{
	pthread_mutex_lock(&inbox->lock);
	inbox->closed = true;
	pthread_cond_broadcast(&inbox->room);
	pthread_mutex_unlock(&inbox->lock);
}

size_t inbox_depth(struct inbox *inbox)
{
	pthread_mutex_lock(&inbox->lock);
	size_t depth = inbox->count;
	pthread_mutex_unlock(&inbox->lock);
	return depth;
}

uint64_t inbox_refused(struct inbox *inbox)
{
	pthread_mutex_lock(&inbox->lock);
	uint64_t refused = inbox->refused;
	pthread_mutex_unlock(&inbox->lock);
	return refused;
}

uint64_t inbox_accepted(struct inbox *inbox)
{
	pthread_mutex_lock(&inbox->lock);
	uint64_t accepted = inbox->accepted;
	pthread_mutex_unlock(&inbox->lock);
	return accepted;
}
