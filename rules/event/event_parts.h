/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the rule `event` share: its settings and its memory, and the words it says. */
#ifndef WQ_EVENT_PARTS_H
#define WQ_EVENT_PARTS_H

#include "course.h"

#include "wq/option.h"
#include "wq/rule.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHANNELS_MAX 16
#define NAME_TEXT    64

struct event_settings {
	struct wq_list channels;
	int64_t history, lag;
	double floor;
	struct course_settings course;
	wq_ms together;
	int level;
};

struct event_state {
	wq_ms last;    /* newest reading taken of any channel; 0: none yet */
	wq_ms instant; /* the first reading of the instant that goes on */
	struct course course, before; /* with this instant, and without it: its channels may come one by one */
	uint32_t here, awaited; /* channels read in this instant, and in the one before, as bits */
	struct channel {
		wq_ms at;         /* newest reading taken; 0: none yet */
		double deviation; /* of it, signed, in spreads; 0 also while nothing is usual */
		bool known;       /* what is usual was known */
	} channels[CHANNELS_MAX];
	/* A struct history a channel follows. */
};

/* "ph 0.01": name and precision. False: no positive number, or none. */
bool event_channel_split(const char *item, char name[NAME_TEXT], double *precision);

/* The station's series of a channel; WQ_NONE: it does not have it. */
uint32_t event_channel_series(const struct wq_view *view, const char *item, double *precision);

/* Whether a channel counts at this instant: it was read now, and what is usual for it is known. */
bool event_channel_counts(const struct event_settings *settings, const struct event_state *state, size_t channel);

/* The sentence and the facts of a verdict: how far from usual, and which channels contribute how much of it. */
void event_say(struct wq_verdict *out, const struct event_settings *settings, const struct event_state *state,
	const struct wq_view *view);

#endif
