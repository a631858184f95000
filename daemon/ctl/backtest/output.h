/* SPDX-License-Identifier: Apache-2.0 */
/* What a replay concluded, written as it comes: samples and days as CSV, changes of alarms as JSON
 * lines; and counted. */
#ifndef WQ_CTL_OUTPUT_H
#define WQ_CTL_OUTPUT_H

#include "replay.h"

#include "wq/alarm.h"
#include "wq/day.h"

#include <jansson.h>
#include <stdio.h>

struct wq_err;

/* Where to; NULL: not written, '-': standard output. */
struct output_paths {
	const char *samples, *alarms, *days;
};

struct output {
	const struct output_paths *paths;
	FILE *samples, *alarms, *days;
	size_t sample_count, changes[WQ_CHANGE_KINDS], verdicts[WQ_DAY_EXCEEDS + 1];
	/* The time that was written last, as text: rows share it. */
	wq_ms at;
	const struct wq_zone *zone;
	char at_text[WQ_INSTANT_TEXT];
};

/* Opens the files; closing says whether all of it was written. 0 or a negative code; close in any
 * case. */
int output_open(struct output *output, const struct output_paths *paths, struct wq_err *err);
int output_close(struct output *output, struct wq_err *err);

/* Writes to `output`. */
struct replay_listener output_listener(struct output *output);

/* One line on standard error. */
void output_summary(const struct output *output, const struct readings *readings);

#endif
