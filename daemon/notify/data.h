/* SPDX-License-Identifier: Apache-2.0 */
/* What a machine reads: one change of an alarm as a JSON object, UTF-8 as it is, compact. Pure. */
#ifndef WQ_DATA_H
#define WQ_DATA_H

#include "config/config.h"

#include "wq/alarm.h"
#include "wq/channel.h"

/* Writes notice->data from the change and from the rest of the notice (text, contact, role), which
 * is complete. Where the object would not fit, the evidence loses
 * neighbours, then its oldest readings, then goes as a whole, then the text does. 0, or
 * WQ_E_MEMORY (data is "{}"). */
int data_write(
        const struct config *config, const struct wq_change *change, struct wq_notice *notice);

/* Sets "stored" to false and "text" to the notice's text in notice->data. */
void data_mark_unstored(struct wq_notice *notice);

/* Likewise "history" to true. */
void data_mark_history(struct wq_notice *notice);

#endif
