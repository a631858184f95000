/* SPDX-License-Identifier: Apache-2.0 */
/* What the outbox is made of. Private to outbox.c (what is next) and outbox_answers.c (what an answer changes). */
#ifndef WQ_OUTBOX_PARTS_H
#define WQ_OUTBOX_PARTS_H

#include "outbox.h"
#include "pace.h"

/* One notice. */
struct slot {
	bool used, busy;
	bool taken;     /* handed on: the channel knows more of it, and nobody else is tried */
	bool urgent;    /* goes before what is not: it or a later change of its alarm is (notify/urgent.h) */
	bool held_back; /* by CONFIG or THROTTLE: a channel's recovery does not make it due */
	struct wq_notice notice;
	uint32_t channels[OUTBOX_CHANNELS];
	uint32_t count;
	uint32_t dropped; /* bit per channel of the above that cannot reach this recipient */
	uint32_t cursor;  /* which of them has its turn */
	wq_ms since;      /* when that turn began */
	bool tried;       /* attempted in that turn */
	bool resting;     /* a whole round was for nothing: `due` holds for every channel */
	uint32_t streak;  /* RETRY in a row on it */
	uint32_t moves;   /* channels left behind since it last waited */
	uint32_t attempts;
	uint64_t order;
	wq_ms due, ends;
};

/* One channel. */
struct line {
	bool busy, refused;
	bool late;                     /* failed until the deadline of a notice had passed */
	uint32_t failures;             /* in a row */
	wq_ms open;                    /* no attempt before */
	wq_ms trust;                   /* those who have another channel take that until then */
	wq_ms worked;                  /* last success */
	wq_ms history;                 /* nothing is told afterwards before */
	wq_ms failed[OUTBOX_FAILURES]; /* when, a ring */
	size_t failed_count;
};

struct outbox {
	size_t capacity, held, line_count;
	size_t share;                /* of one contact */
	uint64_t done[OUTBOX_DONE];  /* hashes of ids, a ring */
	size_t done_count;
	struct slot *slots;
	struct line *lines;
	struct pace *paces;
	uint64_t chance, order;
};

/* A notice is sent or given up, and no longer held. */
void outbox_drop(struct outbox *outbox, struct slot *slot);

/* The span and up to a fifth more by chance. */
wq_ms outbox_jitter(struct outbox *outbox, wq_ms span);

/* The n-th (from 1) of the steps, at most the last; n = 0: the first. */
wq_ms outbox_step(const wq_ms *steps, size_t count, uint32_t n);

/* Refused, late, or failing for OUTBOX_PATIENCE times. */
bool line_is_down(const struct line *line);

/* Whether the channel at `at` cannot reach the recipient; how many may. */
bool slot_is_dropped(const struct slot *slot, uint32_t at);
uint32_t slot_live(const struct slot *slot);

/* The pause after so many attempts; with its jitter. */
wq_ms slot_back_off(const struct slot *slot);
wq_ms slot_rest(struct outbox *outbox, const struct slot *slot);

/* The turn of the channel at `at` begins at `from`. */
void slot_take_turn(struct slot *slot, uint32_t at, wq_ms from);

/* The next channel's turn; after a whole round the slot waits for `wait`. */
void slot_move_on(struct slot *slot, wq_ms wait, wq_ms now);

/* Turns a waiting slot to the channel that it is to use now. */
void slot_settle(struct outbox *outbox, struct slot *slot, wq_ms now);

#endif
