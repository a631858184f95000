/* SPDX-License-Identifier: Apache-2.0 */
/* One high-water mark and one condition: batches are committed in the order of their numbers. */
#include "receipts.h"

#include "clock.h"
#include "wq/err.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

struct receipts {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	uint64_t committed;
	/* All that were lost lie in between; none while both are 0. Who still waits for another one in between is
	 * told the same, which is too careful and never too little. */
	uint64_t lost_from, lost_to;
	bool stalled, closed;
};

struct receipts *receipts_new(uint64_t committed)
{
	struct receipts *receipts = calloc(1, sizeof *receipts);
	if (receipts == NULL)
		return NULL;
	pthread_mutex_init(&receipts->lock, NULL);
	clock_condition(&receipts->changed);
	receipts->committed = committed;
	return receipts;
}

void receipts_free(struct receipts *receipts)
{
	if (receipts == NULL)
		return;
	pthread_cond_destroy(&receipts->changed);
	pthread_mutex_destroy(&receipts->lock);
	free(receipts);
}

void receipts_committed(struct receipts *receipts, uint64_t sequence)
{
	pthread_mutex_lock(&receipts->lock);
	if (sequence > receipts->committed)
		receipts->committed = sequence;
	pthread_mutex_unlock(&receipts->lock);
	/* After the mutex: who wakes at once would only wait for it. */
	pthread_cond_broadcast(&receipts->changed);
}

void receipts_lost(struct receipts *receipts, uint64_t sequence)
{
	pthread_mutex_lock(&receipts->lock);
	if (receipts->lost_to == 0)
		receipts->lost_from = sequence;
	receipts->lost_to = sequence;
	pthread_cond_broadcast(&receipts->changed);
	pthread_mutex_unlock(&receipts->lock);
}

void receipts_stalled(struct receipts *receipts, bool stalled)
{
	pthread_mutex_lock(&receipts->lock);
	receipts->stalled = stalled;
	pthread_cond_broadcast(&receipts->changed);
	pthread_mutex_unlock(&receipts->lock);
}

static bool lost(const struct receipts *receipts, uint64_t sequence)
{
	return receipts->lost_to > 0 && sequence >= receipts->lost_from && sequence <= receipts->lost_to;
}

void receipts_close(struct receipts *receipts)
{
	pthread_mutex_lock(&receipts->lock);
	receipts->closed = true;
	pthread_cond_broadcast(&receipts->changed);
	pthread_mutex_unlock(&receipts->lock);
}

int receipts_wait(struct receipts *receipts, uint64_t sequence, wq_ms timeout)
{
	struct timespec until = clock_deadline(timeout);
	bool late = false;
	pthread_mutex_lock(&receipts->lock);
	while (receipts->committed < sequence && !lost(receipts, sequence) && !receipts->closed &&
		!receipts->stalled && !late)
		late = pthread_cond_timedwait(&receipts->changed, &receipts->lock, &until) != 0;
	int r = lost(receipts, sequence)        ? WQ_E_FULL
		: receipts->committed >= sequence ? 0
		: receipts->closed                ? WQ_E_STATE
						  : WQ_E_TIMEOUT;
	pthread_mutex_unlock(&receipts->lock);
	return r;
}
