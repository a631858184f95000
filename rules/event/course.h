/* SPDX-License-Identifier: Apache-2.0 */
/* From score to event: how long it must be unusual to raise, when it ends, and when what it has become is the usual. Pure;
 * memory is the caller's and of fixed size. */
#ifndef WQ_EVENT_COURSE_H
#define WQ_EVENT_COURSE_H

#include "wq/instant.h"

#include <stdbool.h>
#include <stdint.h>

/* Most instants that the count looks back on. */
#define COURSE_STEPS_MAX 64

enum course_by {
	/* Page's cumulative sum (1954): S = max(0, S + min(score - drift, cut)), at most threshold + cut; it raises with
	 * S >= threshold. `cut` makes it a matter of persistence, not of size. */
	COURSE_BY_SUM,
	/* The binomial discriminator of CANARY (USEPA): k of the last n instants lie at or beyond drift, each as likely as not; it
	 * raises when the chance of k or fewer, the binomial distribution function of k with n and 1/2, is at least
	 * `certainty`. */
	COURSE_BY_COUNT,
};

struct course_settings {
	int by;
	double drift; /* a score below is usual */
	double cut, threshold;
	int64_t steps;    /* n, 1 … COURSE_STEPS_MAX */
	double certainty; /* 0.5 … below 1 */
	wq_ms timeout;    /* raising for longer than this: the new level is the usual one */
};

/* All zero at the beginning. */
struct course {
	double sum;
	uint64_t unusual; /* the newest instants, the newest in bit 0: 1 = at or beyond drift */
	wq_ms since;      /* raising since; 0: it does not */
	bool waits;       /* the timeout has passed: not again before the score has been below drift */
};

/* The next instant, at > 0. Returns whether it raises from here on: it goes on raising until the score is below drift, or the
 * timeout has passed. */
bool course_step(struct course *course, const struct course_settings *settings, double score, wq_ms at);

/* How many of the last n instants were at or beyond drift. */
int course_count(const struct course *course, const struct course_settings *settings);

#endif
