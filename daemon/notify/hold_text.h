/* SPDX-License-Identifier: Apache-2.0 */
/* What a digest says: the alarms that were held back, each once with its newest change. Pure. */
#ifndef WQ_HOLD_TEXT_H
#define WQ_HOLD_TEXT_H

#include "wq/channel.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define HOLD_LINES 64 /* named at most; further ones are counted by level */
#define HOLD_LINE  160
#define HOLD_REST  16384 /* of these, those that are known by their number; what is beyond is counted change by change */

struct hold_line {
	int64_t alarm;
	enum wq_level level;
	enum wq_change_kind kind;
	char text[HOLD_LINE];
};

struct hold_lines {
	struct hold_line *items; /* owned; NULL while there are none */
	size_t count;
	size_t total;   /* alarms, those not named included */
	size_t more[5]; /* of these, by level */
	struct hold_rest {
		int64_t alarm;
		enum wq_level level;
		enum wq_change_kind kind;
	} *rest; /* likewise, one by one; owned; NULL while there are none */
	size_t rest_count, rest_room;
	size_t over, asked; /* of those that are not named: over for good; that somebody is to look at */
};

/* Takes a notice up; the one before of its alarm gives way to it. Without memory it is only counted. */
void hold_lines_put(struct hold_lines *lines, const struct wq_notice *notice);

/* Whether an alarm is among them, named or not; takes it out (false: it is not). */
bool hold_lines_has(const struct hold_lines *lines, int64_t alarm);
bool hold_lines_drop(struct hold_lines *lines, int64_t alarm);

void hold_lines_free(struct hold_lines *lines);

/* The highest level of what is told. */
enum wq_level hold_lines_level(const struct hold_lines *lines);

/* The message: how many by level and how many are over, then the highest and newest of them as far as there is room, each with where it stands. later: of quiet hours or digest
 * times. No control characters; ends in whole UTF-8 characters. */
void hold_text(const struct hold_lines *lines, bool later, bool in_english, char out[WQ_NOTICE_TEXT]);

/* For machines: count, counts by level, and the alarms that are named, their number, change and level. Owned by the caller; NULL: no
 * memory. */
json_t *hold_data(const struct hold_lines *lines);

#endif
