/* SPDX-License-Identifier: Apache-2.0 */
/* epoll, an agenda, and a queue for places. */
#include "pool.h"

#include "agenda.h"
#include "clock.h"
#include "log.h"
#include "wq/err.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* The longest it sleeps without showing that it lives. */
#define HEARTBEAT WQ_SECONDS(5)
/* Descriptors that are everybody else's: the store, brokers, webhooks, 32 control connections, names being asked for. */
#define RESERVED 128
#define EVENTS   128
#define NOBODY   UINT32_MAX
#define STOP     UINT32_MAX       /* of an event: not a member */
#define WAKE     (UINT32_MAX - 1) /* nor is this */

struct entry {
	struct pool_task task;
	uint32_t next; /* in the queue */
	bool placed, queued;
	atomic_bool woken;
};

struct pool {
	size_t count, cap;
	struct entry *entries;
	struct agenda agenda;
	struct pool_limits limits;
	size_t held, wanted, passing;
	uint32_t first, last; /* who waits for a place */
	int epoll, stop, wake;
	bool started;
	pthread_t thread;
	atomic_uint_fast64_t progress;
};

struct pool_limits pool_limits(size_t descriptors)
{
	size_t ours = descriptors > RESERVED ? descriptors - RESERVED : 0;
	size_t held = ours / 2 < POOL_HELD_MAX ? ours / 2 : POOL_HELD_MAX;
	/* At least one at a time, or nothing were ever asked. */
	return (struct pool_limits){ .held = held, .passing = ours - held > 0 ? ours - held : 1 };
}

/* -- places -- */

bool pool_hold(struct pool *pool)
{
	pool->wanted++;
	if (pool->held == pool->limits.held)
		return false;
	pool->held++;
	return true;
}

bool pool_enter(struct pool *pool, size_t member)
{
	struct entry *entry = &pool->entries[member];
	if (entry->placed)
		return true;
	if (!entry->queued && pool->passing < pool->limits.passing) {
		pool->passing++;
		entry->placed = true;
		return true;
	}
	if (!entry->queued) {
		entry->queued = true;
		entry->next = NOBODY;
		if (pool->first == NOBODY)
			pool->first = (uint32_t)member;
		else
			pool->entries[pool->last].next = (uint32_t)member;
		pool->last = (uint32_t)member;
	}
	return false;
}

void pool_leave(struct pool *pool, size_t member)
{
	struct entry *entry = &pool->entries[member], *next;
	if (!entry->placed)
		return;
	entry->placed = false;
	if (pool->first == NOBODY) {
		pool->passing--;
		return;
	}
	uint32_t who = pool->first;
	next = &pool->entries[who];
	pool->first = next->next;
	next->queued = false;
	next->placed = true;
	agenda_set(&pool->agenda, who, clock_boot());
}

/* -- the thread -- */

/* A descriptor is armed for one event. One that was closed has left the set by itself, perhaps under a number that is
 * another member's now: changing it says whether it is there. */
static bool arm(struct pool *pool, size_t member, const struct wq_wait *wait)
{
	struct epoll_event event = { .events = EPOLLONESHOT | (uint32_t)wait->events, .data.u32 = (uint32_t)member };
	if (wait->fd < 0 || epoll_ctl(pool->epoll, EPOLL_CTL_MOD, wait->fd, &event) == 0)
		return true;
	return errno == ENOENT && epoll_ctl(pool->epoll, EPOLL_CTL_ADD, wait->fd, &event) == 0;
}

static void advance(struct pool *pool, size_t member)
{
	struct entry *entry = &pool->entries[member];
	struct wq_wait wait = { .fd = -1, .deadline = AGENDA_NEVER };
	entry->task.advance(entry->task.owner, &wait);
	/* Without memory in the kernel it is looked at until it is over. */
	if (!arm(pool, member, &wait) && wait.deadline > clock_boot() + 10)
		wait.deadline = clock_boot() + 10;
	agenda_set(&pool->agenda, member, wait.deadline);
}

static int sleep_for(const struct pool *pool)
{
	size_t member;
	wq_ms first = agenda_first(&pool->agenda, &member), now = clock_boot();
	if (first <= now)
		return 0;
	return (int)(first - now < HEARTBEAT ? first - now : HEARTBEAT);
}

/* Somebody has something for members; who they are is in the entries. */
static void call_woken(struct pool *pool)
{
	uint64_t rings;
	if (read(pool->wake, &rings, sizeof rings) < 0)
		return;
	for (size_t i = 0; i < pool->count; i++)
		if (atomic_exchange(&pool->entries[i].woken, false))
			agenda_set(&pool->agenda, i, clock_boot());
}

/* All whose time has come, each once at most before others are listened to again. */
static void call_due(struct pool *pool)
{
	size_t member = 0;
	wq_ms now = clock_boot();
	for (size_t i = 0; i < pool->count && agenda_first(&pool->agenda, &member) <= now; i++) {
		advance(pool, member);
		atomic_fetch_add(&pool->progress, 1);
	}
}

static void *work(void *argument)
{
	struct pool *pool = argument;
	struct epoll_event events[EVENTS];
	for (;;) {
		int count = epoll_wait(pool->epoll, events, EVENTS, sleep_for(pool));
		atomic_fetch_add(&pool->progress, 1);
		for (int i = 0; i < count; i++) {
			if (events[i].data.u32 == STOP)
				return NULL;
			if (events[i].data.u32 == WAKE)
				call_woken(pool);
			else
				advance(pool, events[i].data.u32);
		}
		call_due(pool);
	}
}

/* -- from outside -- */

struct pool *pool_new(size_t tasks, size_t descriptors, struct wq_err *err)
{
	struct pool *pool = calloc(1, sizeof *pool);
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = STOP }, wake = { .events = EPOLLIN, .data.u32 = WAKE };
	if (pool == NULL) {
		wq_fail(err, WQ_E_MEMORY, "no memory for %zu buses", tasks);
		return NULL;
	}
	pool->cap = tasks;
	pool->limits = pool_limits(descriptors);
	pool->first = NOBODY;
	pool->epoll = epoll_create1(EPOLL_CLOEXEC);
	pool->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pool->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pool->entries = calloc(tasks > 0 ? tasks : 1, sizeof *pool->entries);
	if (pool->entries == NULL || !agenda_open(&pool->agenda, tasks) ||
		epoll_ctl(pool->epoll, EPOLL_CTL_ADD, pool->stop, &event) < 0 ||
		epoll_ctl(pool->epoll, EPOLL_CTL_ADD, pool->wake, &wake) < 0) {
		wq_fail(err, WQ_E_MEMORY, "no memory or descriptors for %zu buses", tasks);
		pool_free(pool);
		return NULL;
	}
	return pool;
}

void pool_free(struct pool *pool)
{
	if (pool == NULL)
		return;
	if (pool->epoll >= 0)
		close(pool->epoll);
	if (pool->stop >= 0)
		close(pool->stop);
	if (pool->wake >= 0)
		close(pool->wake);
	agenda_close(&pool->agenda);
	free(pool->entries);
	free(pool);
}

size_t pool_add(struct pool *pool, const struct pool_task *task)
{
	if (pool->count == pool->cap)
		return POOL_NO_MEMBER;
	pool->entries[pool->count].task = *task;
	agenda_set(&pool->agenda, pool->count, clock_boot());
	return pool->count++;
}

int pool_start(struct pool *pool, struct wq_err *err)
{
	if (pool->count == 0)
		return 0;
	if (pthread_create(&pool->thread, NULL, work, pool) != 0)
		return wq_fail(err, WQ_E_MEMORY, "no thread for %zu buses", pool->count);
	pool->started = true;
	return 0;
}

void pool_stop(struct pool *pool)
{
	uint64_t one = 1;
	if (pool == NULL || !pool->started)
		return;
	if (write(pool->stop, &one, sizeof one) < 0)
		log_error("pool: cannot be told to stop"); /* cannot be: the counter is 0 */
	pthread_join(pool->thread, NULL);
	pool->started = false;
}

void pool_wake(struct pool *pool, size_t member)
{
	uint64_t one = 1;
	atomic_store(&pool->entries[member].woken, true);
	if (write(pool->wake, &one, sizeof one) < 0)
		log_error("pool: cannot be woken"); /* cannot be: the counter does not run full */
}

uint64_t pool_progress(const struct pool *pool)
{
	return atomic_load(&((struct pool *)(uintptr_t)pool)->progress);
}

size_t pool_wanted(const struct pool *pool)
{
	return pool->wanted;
}

struct pool_limits pool_has(const struct pool *pool)
{
	return pool->limits;
}
