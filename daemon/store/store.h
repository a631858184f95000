/* SPDX-License-Identifier: Apache-2.0 */
/* The history: one SQLite file, one connection that writes. Only this folder knows SQL.
 *
 * A store belongs to one thread at a time: main opens it and restores the engine from it, then the writer
 * thread owns it until writer_stop(). */
#ifndef WQ_STORE_H
#define WQ_STORE_H

#include "wq/channel.h"
#include "wq/engine.h"
#include "wq/site.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wq_err;
struct store;

/* The result of one delivery attempt, to be recorded. */
struct store_delivery {
	char id[WQ_NOTICE_ID];
	char channel[WQ_NAME_TEXT];
	enum wq_result_kind kind;
	wq_ms at;
	uint32_t attempt;
	bool done;      /* no further attempt: delivered, or given up */
	char text[192];
};

/* A stretch in which a source did not serve: one row, not a NULL a poll. */
struct store_outage {
	uint32_t source;
	char unit[32];  /* device behind the bus, "" for the bus itself */
	wq_ms from;
	wq_ms to;       /* WQ_NO_TIME: still out */
	char reason[160];
};

/* What is committed together: immutable once handed to the writer. */
struct commit_group {
	struct wq_outcome outcome;
	struct wq_notice *notices;
	size_t notice_count, notice_room;
	struct store_delivery *deliveries;
	size_t delivery_count, delivery_room;
	struct store_outage *outages;
	size_t outage_count, outage_room;
	uint64_t last_sequence; /* highest batch sequence in it; receipts up to here are due after the commit */
	size_t batch_count;
	wq_ms first_received;   /* arrival of its oldest batch (CLOCK_BOOTTIME ms), for the latency figures */
};

void commit_group_reset(struct commit_group *group);
void commit_group_free(struct commit_group *group);

/* Samples of days asked for by wq_need, read after the commit. */
struct store_answer {
	uint32_t station;
	wq_day day;
	size_t count;
	struct wq_sample *samples; /* one malloc; freed by whoever takes the answer */
};

/* Opens or creates the file (WAL, synchronous=FULL), migrates it forward, checks it, and makes rows for every
 * station, parameter, series, source and rule of the site (matched by id, so that indices may move between
 * configurations). WQ_E_INVALID: not ours, or newer than this program; WQ_E_IO: cannot be opened or is corrupt. */
int store_open(const char *path, const struct wq_site *site, struct store **store, struct wq_err *err);
void store_close(struct store *store); /* NULL is fine */

/* Feeds stored samples, days and open alarms to a fresh engine. */
int store_restore(struct store *store, const struct wq_site *site, struct wq_engine *engine, wq_ms now, struct wq_err *err);

/* Calls `take` for every undelivered notice, oldest first; stops early when it returns false. */
int store_outbox(struct store *store, bool (*take)(void *owner, const struct wq_notice *notice, uint32_t attempts),
	void *owner, struct wq_err *err);

/* Identity of this database file's life, and the highest batch sequence in it. */
uint64_t store_incarnation(const struct store *store);
uint64_t store_last_sequence(const struct store *store);

/* Commits a group in one transaction: all of it or nothing. Answers to its needs are appended to *answers
 * (malloc'd array, *answer_count) after the commit. WQ_E_IO, WQ_E_FULL (disk): nothing was committed, may be retried
 * after store_reopen(). */
int store_commit(struct store *store, const struct commit_group *group, struct store_answer **answers,
	size_t *answer_count, struct wq_err *err);

/* Closes and opens the file anew: after a failed sync the old connection is not to be trusted. */
int store_reopen(struct store *store, struct wq_err *err);

/* After a reload: rows for the new site's stations, series, …; maps its indices from now on. Writer thread. */
int store_use_site(struct store *store, const struct wq_site *site, struct wq_err *err);

#endif
