/* SPDX-License-Identifier: Apache-2.0 */
/* One thread that serves many buses, none of which it waits for: each goes on when its descriptor is ready or its time
 * has come. A thread a bus would cost a stack and two switches a request each; what a poll needs of the processor is some
 * ten microseconds, so that one thread is enough for thousands of them.
 *
 * It also deals out descriptors: how many connections are held between polls, and how many more may be open at once.
 * A bus that finds no place waits in the order of asking. */
#ifndef WQ_POOL_H
#define WQ_POOL_H

#include "wq/driver.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wq_err;
struct pool;

struct pool_task {
	void *owner;
	/* Goes on as far as that goes without blocking, and says what it waits for then; a deadline that has passed:
	 * it would go on at once, after the others. Called on the pool's thread. */
	void (*advance)(void *owner, struct wq_wait *wait);
};

#define POOL_NO_MEMBER SIZE_MAX

/* More connections are not held between polls, however many descriptors there are. */
#define POOL_HELD_MAX 900

/* Connections that `descriptors` (the limit of open files) allow: held between polls, and open for the time of a poll
 * besides. Pure. */
struct pool_limits {
	size_t held, passing;
};
struct pool_limits pool_limits(size_t descriptors);

/* `tasks` of them may be added. */
struct pool *pool_new(size_t tasks, size_t descriptors, struct wq_err *err);
void pool_free(struct pool *pool); /* after pool_stop(); NULL is fine */

/* Before pool_start(). Returns the member; POOL_NO_MEMBER: there are as many as were told. */
size_t pool_add(struct pool *pool, const struct pool_task *task);
/* One more connection is to be held between polls. False: it is not. Before pool_start(). */
bool pool_hold(struct pool *pool);

int pool_start(struct pool *pool, struct wq_err *err);
void pool_stop(struct pool *pool); /* its thread has ended then. NULL, not started: fine */

/* A place for a connection that is not held. False: there is none, and advance() is called when there is. On the pool's
 * thread; enter() may be called again by who has a place, leave() by who has none. */
bool pool_enter(struct pool *pool, size_t member);
void pool_leave(struct pool *pool, size_t member);

/* Has advance() of a member called soon, whatever it waits for. Thread-safe, after pool_start(). */
void pool_wake(struct pool *pool, size_t member);

/* Grows while the thread lives. Thread-safe. */
uint64_t pool_progress(const struct pool *pool);

/* How many wanted to hold their connection, and what the limits are. Before pool_start(). */
size_t pool_wanted(const struct pool *pool);
struct pool_limits pool_has(const struct pool *pool);

#endif
