/* SPDX-License-Identifier: Apache-2.0 */
/* What a rule says of the newest sample or day at one place. */
#ifndef WQ_VERDICT_H
#define WQ_VERDICT_H

#include "wq/instant.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum wq_level {
	WQ_LEVEL_NONE = 0,
	WQ_LEVEL_INFO = 1,    /* 提示 */
	WQ_LEVEL_WATCH = 2,   /* 关注 */
	WQ_LEVEL_WARNING = 3, /* 预警 */
	WQ_LEVEL_ALARM = 4,   /* 报警 */
};

const char *wq_level_name(enum wq_level level);    /* "info" "watch" "warning" "alarm"; "none" */
const char *wq_level_chinese(enum wq_level level); /* 提示 关注 预警 报警; "" */

enum wq_finding {
	WQ_FINDING_UNKNOWN, /* not assessable: never "all clear"; an open alarm keeps its level */
	WQ_FINDING_HOLD,    /* neither bad enough to open nor good enough to clear (deadband) */
	WQ_FINDING_CLEAR,   /* meets: an open alarm is cleared */
	WQ_FINDING_RAISE,   /* exceeds: opens an alarm or raises it to `level` */
};

/* A number that belongs to the reason, kept with the alarm as evidence. */
struct wq_fact {
	const char *key; /* static text: "exceedance" "consecutive" "slope_per_hour" … */
	double value;
};

#define WQ_FACTS     12
#define WQ_SAYS_TEXT 256
#define WQ_ABOUT_TEXT 96

struct wq_verdict {
	enum wq_finding finding;
	enum wq_level level;  /* with RAISE */
	bool news;            /* with RAISE: something came to it that nobody was told of. An open alarm is told again as a new one
	                         (WQ_RAISED), at this level; of the daemon's own rules only */
	uint32_t series;      /* what it is about; WQ_NONE: the station as a whole */
	wq_ms at;             /* event time: the reading's stamp, the end of the day, or now */
	double value;         /* the number judged; NaN when there is none */
	double limit;         /* what it was held against; NaN when there is none */
	double score;         /* of a detector: how near it is to raising, 1 and more: it does or is about to; 0: no detector. Also
	                         with a finding that is not applied */
	size_t fact_count;
	struct wq_fact facts[WQ_FACTS];
	char about[WQ_ABOUT_TEXT]; /* of a rule that the program has for itself: the name of the channel, uplink or roster that it is
	                              about, for other languages; cut at a character boundary, "" none. Kept in the evidence */
	char says[WQ_SAYS_TEXT]; /* the reason in Chinese, without station, time and number:
	                            "总磷0.263mg/L,超Ⅲ类限值(0.2)0.32倍,连续3次" */
};

/* Adds a fact; one too many is left out (the table above is sized for the rules here). */
void wq_verdict_fact(struct wq_verdict *verdict, const char *key, double value);

/* Writes `says`, cut at a character boundary. */
void wq_verdict_say(struct wq_verdict *verdict, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Writes `about`, likewise. */
void wq_verdict_about(struct wq_verdict *verdict, const char *name);

#endif
