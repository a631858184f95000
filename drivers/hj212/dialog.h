/* SPDX-License-Identifier: Apache-2.0 */
/* What we ask of one station: records that are lacking, and to set its clock. One request at a time, each with its time limits
 * (HJ 212-2017, Table 1: 10 s, three times), each gap asked for a bounded number of times and then left alone. Pure: time is
 * an argument, what is to be sent is returned. */
#ifndef HJ212_DIALOG_H
#define HJ212_DIALOG_H

#include "wq/hj212.h"

#define HJ212_ASK_AGAIN   WQ_SECONDS(10)
#define HJ212_TRIES       3
#define HJ212_RUN_FOR     WQ_SECONDS(60) /* without a further record, before a request counts as over */
#define HJ212_FAILED_REST WQ_MINUTES(10)
#define HJ212_ROUNDS      3 /* failed requests for one gap */
#define HJ212_CLOCK_EVERY WQ_DAYS(1)
#define HJ212_AHEAD       WQ_HOURS(1) /* of our clock: of records beyond it nothing is learnt */

/* Kinds of records that can be asked for. */
enum { HJ212_ASK_MINUTE, HJ212_ASK_HOUR, HJ212_ASK_DAY, HJ212_ASKS };

struct hj212_gap {
	wq_ms newest;          /* DataTime of the newest record; WQ_NO_TIME: none since our start */
	wq_ms step, last_step; /* how far apart records are: twice the same makes it so; 0: not known */
	wq_ms from, to;        /* what is lacking, both ends included; from WQ_NO_TIME: nothing */
	wq_ms not_before;      /* since boot */
	int rounds;            /* requests for it that failed */
};

enum hj212_talk { HJ212_QUIET, HJ212_ASKED, HJ212_RUNNING };

struct hj212_dialog {
	struct hj212_gap gaps[HJ212_ASKS];
	enum hj212_talk state;
	int asks;         /* index of the gap that is asked for; -1: the clock is set */
	int tries;
	bool got;         /* a record came meanwhile */
	wq_ms until;      /* of the state; since boot */
	wq_ms asked_to;   /* end of the stretch that was asked for */
	char qn[18];
	bool wants_clock;
	wq_ms clock_set;  /* since boot; WQ_NO_TIME: never */
};

struct hj212_request {
	char cn[5];
	char qn[18];
	char content[64];
};

void hj212_dialog_init(struct hj212_dialog *dialog);

/* A record of a kind came. span: how far back records are asked for; 0: never. step: the point's cycle, 0: not known. now:
 * since boot. wall: our clock; WQ_NO_TIME: it is not trusted, and any time is taken. */
void hj212_dialog_record(struct hj212_dialog *dialog, enum wq_hj212_kind kind, wq_ms at, wq_ms span, wq_ms step, wq_ms now,
	wq_ms wall);

/* The station's clock is wrong by more than is allowed, or it asked to be told the time. At most once a day. */
void hj212_dialog_clock(struct hj212_dialog *dialog, wq_ms now);

/* An answer: 9011 with `QnRtn`, 9012 with `ExeRtn`, by its QN. False: it belongs to no request of ours. */
bool hj212_dialog_answer(struct hj212_dialog *dialog, const struct wq_hj212_record *record, wq_ms now);

/* The connection is gone: what was asked is asked again by the next one. */
void hj212_dialog_lost(struct hj212_dialog *dialog);

/* Whether a request is to be sent now; it is then under way. wall: our clock (UTC), trusted: whether it may be told;
 * time_command: 1012 or 1015. may_ask: a new one may be begun. */
bool hj212_dialog_due(struct hj212_dialog *dialog, wq_ms now, wq_ms wall, bool trusted, bool may_ask, int time_command,
	const struct wq_zone *zone, struct hj212_request *request);

#endif
