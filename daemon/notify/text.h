/* SPDX-License-Identifier: Apache-2.0 */
/* What an officer reads: one change of an alarm as a short Chinese message.
 *
 * The order is always: what, where, when, value and unit, limit, what is asked, number. The longest
 * part that people or rules wrote is cut before the ask and the number are. Pure and thread-safe.
 */
#ifndef WQ_TEXT_H
#define WQ_TEXT_H

#include "wq/alarm.h"
#include "wq/channel.h"
#include "wq/site.h"

#include <stdbool.h>
#include <stddef.h>

/* Room that a message leaves free for text_mark_unstored(). */
#define TEXT_MARK_ROOM 24

/* The message for one contact in the lead, or in copy (assist). Ends in "编号W…", holds no control
 * characters and only whole UTF-8 characters, at most WQ_NOTICE_TEXT - TEXT_MARK_ROOM bytes with
 * its NUL. */
void text_message(const struct wq_site *site, const struct wq_change *change, bool assist,
        char out[WQ_NOTICE_TEXT]);

/* Says in the message, and in the data for machines, that the store has not taken the alarm yet
 * (尚未入库). Twice is once. */
void text_mark_unstored(struct wq_notice *notice);

/* For a channel that is told afterwards: 【补发】 ("[RETOLD] ") before the text, "history" in the data, and nobody to be rung. */
void text_mark_history(struct wq_notice *notice);

/* The station of a change, or NULL when it is about the site; its parameter likewise. */
const struct wq_station *text_station(const struct wq_site *site, const struct wq_change *change);
const struct wq_parameter *text_parameter(
        const struct wq_site *site, const struct wq_change *change);

/* The zone in which the times of a change are told. */
const struct wq_zone *text_zone(const struct wq_site *site, const struct wq_change *change);

/* Copies UTF-8: control characters become a space, what is no UTF-8 a '?'; cut at a character
 * boundary. */
void text_clean(const char *from, char *to, size_t cap);

#endif
