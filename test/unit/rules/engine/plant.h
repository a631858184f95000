/* SPDX-License-Identifier: Apache-2.0 */
/* A small site with one scripted rule, for tests of the engine: the rule says what the value tells it to. */
#ifndef WQ_PLANT_H
#define WQ_PLANT_H

#include "wq/engine.h"
#include "wq/rule.h"

/* yigan: ph do codmn nh3n tp, a 4 h cycle. 2026-03-05T00:00:00+08:00 is DAY0. */
#define DAY0 ((wq_ms)1772640000000)

enum { PH, DO, CODMN, NH3N, TP, SERIES };

struct plant {
	struct wq_site site;
	struct wq_engine *engine;
	struct wq_outcome out;
	uint64_t sequence;
};

struct plant *plant_new(wq_ms cycle);
void plant_free(struct plant *plant);

/* Gives one sample at `at`, arriving at `received`; the outcome is emptied before. */
void plant_give(struct plant *plant, int series, wq_ms at, double value, wq_ms received);
void plant_give_stamped(struct plant *plant, int series, wq_ms at, double value, enum wq_stamp stamp);
void plant_tick(struct plant *plant, wq_ms now);

/* The scripted rule, on TP only: below 5 CLEAR, below 10 HOLD, from 10 on RAISE to level value / 10; 7 is UNKNOWN. Values
 * are outside nature so that no limit interferes. */
extern const struct wq_rule plant_rule;

/* The daily rule of the plant: EXCEEDS raises WARNING, MEETS clears. */
extern const struct wq_rule plant_daily;

#endif
