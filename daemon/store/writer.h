/* SPDX-License-Identifier: Apache-2.0 */
/* The writer thread: commits groups in the order given; a group that failed stays first and is retried. */
#ifndef WQ_WRITER_H
#define WQ_WRITER_H

#include "store/store.h"

struct writer;

/* Told from the writer thread; must not block. */
struct writer_events {
	void *owner;
	/* The group is committed; it belongs to main again. answers (count may be 0) belong to the callee. */
	void (*committed)(void *owner, struct commit_group *group, struct store_answer *answers, size_t count);
	/* State changes: text says why commits fail (NULL: they work again). */
	void (*trouble)(void *owner, const char *text);
	/* After writer_ask_outbox(): whether a contact's are wanted, an undelivered notice, as of store_outbox() (false: no more of
	 * them now), and their end (all: false when reading failed). May be NULL where nobody asks. */
	bool (*wanted)(void *owner, const char *contact, bool urgent);
	bool (*undelivered)(void *owner, const struct wq_notice *notice, uint32_t attempts);
	void (*undelivered_end)(void *owner, bool all);
	/* Likewise, before the end: the i-th channel that is to be told afterwards, NULL when there are no more, and how many
	 * notices of each are read, as undelivered ones with `history`. May be NULL. */
	const char *(*owes)(void *owner, size_t i);
	int64_t owed_most;
};

/* Groups that may wait at once; one more is refused. */
#define WRITER_DEPTH 64

/* Takes the store over and starts the thread. NULL with *err on failure (the store stays the caller's). */
struct writer *writer_start(struct store *store, const struct writer_events *events, struct wq_err *err);

/* Hands a group over; it is immutable until committed() gives it back. False: WRITER_DEPTH groups wait. */
bool writer_submit(struct writer *writer, struct commit_group *group);

/* Has the thread read the undelivered notices and tell them by the events above, after what waits is committed or
 * between two commits. Thread-safe. */
void writer_ask_outbox(struct writer *writer);

/* Groups handed over and not yet committed. Thread-safe. */
size_t writer_waiting(const struct writer *writer);

/* Counts loop turns and commits; a thread that hangs in a sync does not count. For the watchdog. */
uint64_t writer_progress(const struct writer *writer);

/* Commits what waits (for at most `grace` ms while commits fail), stops the thread and gives the store back, or
 * NULL when the thread hangs in the disk (then nothing of it may be touched any more). Groups that could not be committed
 * are not given back by an event; they are the caller's again once the store was given back. */
struct store *writer_stop(struct writer *writer, wq_ms grace);

/* Bytes of log (-wal) after the last commit: see store_log_bytes(). Thread-safe. */
size_t writer_log_bytes(const struct writer *writer);

#endif
