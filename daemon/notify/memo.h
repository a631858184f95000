/* SPDX-License-Identifier: Apache-2.0 */
/* A notice that belongs to no alarm: a digest, a handover, the heartbeat. Stored and delivered as the others are, once under its id.
 * Pure and thread-safe. */
#ifndef WQ_MEMO_H
#define WQ_MEMO_H

#include "config/config.h"

#include "wq/channel.h"

#include <jansson.h>
#include <stdbool.h>

struct memo {
	enum wq_topic topic; /* not ALARM */
	enum wq_level level; /* how urgent: 1 … 4, in which order it leaves */
	const char *key;     /* with topic and contact it makes the id: digits and letters, 24 bytes at most */
	wq_ms time;          /* of what it tells */
	const char *text;    /* in the contact's language, with its bracket word */
	const json_t *data;  /* object with more for machines, or NULL */
};

/* Writes it for a contact. False: none of its channels carries memos. */
bool memo_write(const struct config *config, uint32_t contact, uint64_t incarnation, const struct memo *memo, wq_ms now,
	struct wq_notice *out);

/* Likewise to be sent through this channel alone, of the contact's: what a drill is. */
bool memo_write_through(const struct config *config, uint32_t contact, uint32_t channel, uint64_t incarnation,
	const struct memo *memo, wq_ms now, struct wq_notice *out);

/* Whether a channel carries memos of this kind. */
bool memo_carried(enum wq_memos memos, enum wq_topic topic);

/* For prepare() of a channel that carries not all: 0, or WQ_E_STATE with the sentence. */
int memo_refuse(enum wq_memos memos, const struct wq_notice *notice, struct wq_err *err);

/* The bracket word of a memo: 预警汇总, 交接班, 系统自检, 通道测试. */
const char *memo_word(enum wq_topic topic);

/* What machines know a notice by: "alarm.opened", "alarm.digest", "duty.handover", "system.heartbeat", "system.drill".
 * Letters, digits, '_' and '.'. Returns buf. */
#define MEMO_TYPE 32
char *memo_type(const struct wq_notice *notice, char buf[MEMO_TYPE]);

#endif
