/* SPDX-License-Identifier: Apache-2.0 */
/* What is under way in one lane, in order: pure. The cursor follows the oldest message that is not acknowledged and never
 * passes it, in whatever order acknowledgements come. */
#ifndef UPLINK_WINDOW_H
#define UPLINK_WINDOW_H

#include "wq/channel.h"
#include "wq/instant.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Messages of one lane that may be under way. */
#define WINDOW_MAX 1000

struct window_entry {
	uint64_t token;    /* ascending, given by the window */
	uint64_t sequence; /* of the batch, or the number of a note */
	bool last;         /* nothing more of this sequence follows */
	bool done;
	char station[WQ_NAME_TEXT];
	wq_ms at;          /* of the readings; WQ_NO_TIME: of a note */
	wq_ms received;    /* when the gateway had it, our clock */
	wq_ms sent;        /* boot clock */
};

struct window {
	size_t room;       /* 1 … WINDOW_MAX */
	size_t first, count;
	uint64_t next;     /* token of the next entry */
	uint64_t cursor;   /* everything up to this sequence is acknowledged */
	wq_ms forwarded;   /* `received` of the newest below the cursor; WQ_NO_TIME: none yet */
	uint64_t messages; /* acknowledged since the start */
	struct window_entry entries[WINDOW_MAX];
};

void window_init(struct window *window, size_t room, uint64_t cursor);

/* Forgets what is under way: it is read and sent again, under new tokens. */
void window_rewind(struct window *window);

bool window_full(const struct window *window);

/* Appends; the caller fills sequence, last, station, received, sent. Not when it is full. */
struct window_entry *window_push(struct window *window);

/* What is not to be sent: the cursor passes it in its turn. Not when it is full. */
void window_skip(struct window *window, uint64_t sequence, bool last);

/* One message is acknowledged. False: not (or no longer) under way. */
bool window_acknowledge(struct window *window, uint64_t token);

/* What a receiver says that it has stored. */
struct window_word {
	const char *station; /* NULL: whatever the station */
	uint64_t sequence;
	wq_ms at;     /* WQ_NO_TIME: whatever the time */
	bool through; /* and everything before it */
};

/* Returns how many messages that ended. */
size_t window_commit(struct window *window, const struct window_word *word);

/* The oldest that waits for an acknowledgement, or NULL. */
const struct window_entry *window_oldest(const struct window *window);

#endif
