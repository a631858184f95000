/* SPDX-License-Identifier: Apache-2.0 */
/* What a person is not told at once, and the digest that tells it. Pure: both clocks are arguments. One thread at a time.
 *
 * A notice is urgent when it is news (opened, raised, reopened, unshelved, escalated) and of level alarm, or an
 * escalation. Of a contact whose settings (config_hold) say so:
 *
 * - LATER, until the quiet hours end or the next of its digest times comes: level info and watch, never warning and alarm.
 * - SOON, for `gather`: what is not urgent, when something of the same station (or, of the site, the same rule) has left within
 *   that span. Two or more of one station that are concluded together leave together, at once.
 * - SOON, until one of `most` is `most_within` old: what is not urgent when so many left within it; escalations and other urgent
 *   ones have a budget of their own of the same size, and those beyond it are told every HOLD_URGENT in one message.
 * - as the change before: what is not urgent of an alarm that is held back already, but LATER only while it is info or watch.
 *
 * An urgent change of an alarm that is held back leaves at once and tells it. A digest counts what it takes up by level, and
 * names the highest and newest of it; nothing is dropped. Who is no person (webhook, alertmanager, mqtt_topic, exec alone) and whose
 * channels carry no memos is held back from nothing. */
#ifndef WQ_HOLD_H
#define WQ_HOLD_H

#include "config/config.h"
#include "store/store.h"

#include "wq/channel.h"
#include "wq/instant.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hold;

#define HOLD_URGENT WQ_MINUTES(1)

/* config outlives it. NULL: no memory. */
struct hold *hold_new(const struct config *config);
void hold_free(struct hold *hold); /* NULL is fine */

/* One that was held back in an earlier life, in their order. Those of SOON are due at once. False: by the configuration that holds
 * now it is not held back; it is to leave. */
bool hold_restore(struct hold *hold, const struct wq_notice *notice, wq_ms now, wq_ms boot);

/* Decides on notices that were concluded together: sets `hold` and `held` of those that wait. now: our clock; boot: one that is
 * never set. */
void hold_judge(struct hold *hold, struct wq_notice *notices, size_t count, wq_ms now, wq_ms boot);

/* What is due. tell: a digest, or what waited alone, under its own id and no longer held back, to be stored and sent; else what was
 * held back has been told by a notice that left. fold.contact "": nothing is folded. */
struct hold_due {
	bool tell;
	struct wq_notice digest;
	struct store_fold fold;
};

/* The next one that is due, or false. What it takes up is no longer held. */
bool hold_next(struct hold *hold, uint64_t incarnation, wq_ms now, wq_ms boot, struct hold_due *due);

/* Until when a notice of this level, opened now, would wait for a contact for its quiet hours or digest times; WQ_NO_TIME: it
 * would leave. For the explanation of a route. */
wq_ms hold_later(const struct config *config, uint32_t contact, enum wq_level level, wq_ms now);

#endif
