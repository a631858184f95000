/* SPDX-License-Identifier: Apache-2.0 */
/* Between main and the writer: the group that is being filled, the groups under way, and what happens when one is
 * committed. While the writer is busy the next group grows, so that groups form by themselves exactly when the disk is the
 * slower part. Main only. */
#ifndef WQ_HANDOVER_H
#define WQ_HANDOVER_H

#include "intake/inbox.h"
#include "store/writer.h"

#include <stdbool.h>
#include <stddef.h>

struct command;

/* A group is handed over at the latest when it holds this many batches. */
#define GROUP_BATCHES 2000
/* A writer that has not finished a group for this long is stalled: notices leave from memory. */
#define HANDOVER_STALL WQ_SECONDS(5)
/* Room for so many samples, changes of alarms and notices stays with a group for good. */
#define GROUP_SAMPLES_KEPT 512
#define GROUP_CHANGES_KEPT 32
#define GROUP_NOTICES_KEPT 128 /* some 5 KiB each, and as many a change as there are contacts */

struct flight {
	struct commit_group group; /* first: the writer gives this address back */
	struct letter letter;      /* brings it back to main */
	struct handover *handover;
	struct store_answer *answers;
	size_t answer_count;
	struct command *waiting; /* people who wait for the commit */
	size_t told;             /* notices that left already, from memory */
	size_t routed;           /* changes of which notices were made */
	size_t judged;           /* notices of which it was decided whether they leave at once */
	wq_ms submitted;         /* boot clock */
	struct flight *next;
};

struct handover {
	struct writer *writer;
	struct flight *current;
	struct flight *first, **last; /* with the writer, oldest first */
	struct flight *spare;
	size_t samples; /* under way, current included */
	size_t room;    /* for so many; beyond that batches wait in the inbox, or are shed */
	size_t most_samples, most_changes, most_notices; /* of a group that landed since handover_tidy() last looked */
	wq_ms tidied;                      /* boot clock */
	struct store_clock clock; /* as last looked at: goes with each group */
	uint64_t committed_groups, committed_samples;
	uint64_t committed_sequence; /* of the newest batch that is committed, since the start */
};

void handover_init(struct handover *handover, size_t room);
void handover_finish(struct handover *handover); /* the writer has stopped */

/* The group being filled, or NULL when there is no memory for one. */
struct flight *handover_current(struct handover *handover);

/* As many samples are under way as may be. */
bool handover_full(const struct handover *handover);

/* Hands the current group over when it holds something and the writer is idle, or it is full, or `now_or_never`. */
void handover_submit(struct handover *handover, wq_ms boot, bool now_or_never);

/* The group with whose commit everything concluded until now is stored; NULL: it is. */
struct flight *handover_newest(struct handover *handover);

/* A group came back: out of the list of those under way. Then handover_recycle(). */
void handover_landed(struct handover *handover, struct flight *flight);
void handover_recycle(struct handover *handover, struct flight *flight);

/* Groups keep their room, so that nothing is taken or given back while data comes as it does. What a rush made of it and
 * four times what was needed since is given back; looks every HANDOVER_TIDY, may be called at any time. Whether something
 * was given back. */
#define HANDOVER_TIDY WQ_SECONDS(30)
bool handover_tidy(struct handover *handover, wq_ms boot);

/* How long the oldest group has been under way; 0: none is. */
wq_ms handover_age(const struct handover *handover, wq_ms boot);

/* Appends; false: no memory. */
struct wq_notice *handover_notices(struct flight *flight, size_t count);
bool handover_fold(struct flight *flight, const struct store_fold *fold);
bool handover_mark(struct flight *flight, const char *name, wq_ms at);
bool handover_owe(struct flight *flight, const struct store_owe *owe);
bool handover_wait(struct flight *flight, const struct store_wait *wait);
bool handover_delivery(struct flight *flight, const struct store_delivery *delivery);
bool handover_checks(struct flight *flight, const struct wq_check *checks, size_t count);
bool handover_uplink(struct flight *flight, const struct store_uplink *uplink);
bool handover_command(struct flight *flight, const struct store_command *command);
bool handover_outage(struct flight *flight, const struct store_outage *outage);

/* A batch that came from a file: its import, and where people measured it its values. All of it or nothing. */
bool handover_import(struct flight *flight, const struct wq_batch *batch);

#endif
