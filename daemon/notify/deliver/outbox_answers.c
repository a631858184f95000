/* SPDX-License-Identifier: Apache-2.0 */
/* What each answer of a channel changes: for the notice, and for the channel. */
#include "outbox_parts.h"

#define CONFIG_WAIT    WQ_MINUTES(10) /* hammering will not help */
#define SHORT_THROTTLE WQ_MINUTES(1)  /* longer ones are worth another channel */

static const wq_ms pauses[] = { WQ_SECONDS(5), WQ_SECONDS(15), WQ_SECONDS(30) };

/* Counts an attempt that was for nothing. */
static void note_failure(struct line *line, wq_ms now)
{
	line->failed[line->failed_count++ % OUTBOX_FAILURES] = now;
	if (line->failed_count >= 2 * OUTBOX_FAILURES)
		line->failed_count -= OUTBOX_FAILURES;
}

static void line_failed(struct outbox *outbox, struct line *line, bool refused, wq_ms now)
{
	line->failures++;
	line->refused = refused;
	note_failure(line, now);
	line->open =
	        now + outbox_jitter(outbox, outbox_step(pauses, sizeof pauses / sizeof *pauses, line->failures));
	if (refused || line->failures >= OUTBOX_PATIENCE)
		line->trust = now + OUTBOX_DISTRUST;
}

/* The channel works again: what waits for it, or for any, is due. */
static void wait_no_more(struct slot *slot, uint32_t channel, wq_ms now)
{
	for (uint32_t at = 0; at < slot->count; at++) {
		if (slot->channels[at] != channel || slot_is_dropped(slot, at) ||
		        (at != slot->cursor && !slot->resting))
			continue;
		slot->due = now;
		slot->resting = false;
		slot->moves = 0;
		slot_take_turn(slot, at, now);
		return;
	}
}

static void line_works(struct outbox *outbox, uint32_t channel, wq_ms now)
{
	struct line *line = &outbox->lines[channel];
	bool was_failing = line->failures > 0;

	*line = (struct line){ .open = INT64_MIN, .trust = INT64_MIN, .worked = now, .history = now + OUTBOX_HISTORY };
	for (size_t i = 0; was_failing && i < outbox->capacity; i++) {
		struct slot *slot = &outbox->slots[i];

		if (slot->used && !slot->busy && !slot->held_back && slot->due > now)
			wait_no_more(slot, channel, now);
	}
}

static void on_sent(
        struct outbox *outbox, struct slot *slot, struct line *line, wq_ms until, wq_ms now)
{
	(void)until;
	outbox_drop(outbox, slot);
	line_works(outbox, (uint32_t)(line - outbox->lines), now);
}

static void on_retry(
        struct outbox *outbox, struct slot *slot, struct line *line, wq_ms until, wq_ms now)
{
	bool probe = line_is_down(line);
	wq_ms wait = slot_rest(outbox, slot);

	(void)until;
	line_failed(outbox, line, false, now);
	slot->held_back = false;
	slot->streak++;
	slot->due = now + wait;
	if ((probe || slot->streak >= OUTBOX_PATIENCE) && slot_live(slot) > 1)
		slot_move_on(slot, wait, now);
	else
		slot_settle(outbox, slot, now);
}

static void on_throttle(
        struct outbox *outbox, struct slot *slot, struct line *line, wq_ms until, wq_ms now)
{
	if (until <= now)
		until = now + WQ_SECONDS(1);
	note_failure(line, now);
	line->open = until;
	slot->held_back = true;
	slot->due = until;
	if (until - now > SHORT_THROTTLE && slot_live(slot) > 1) {
		line->trust = until;
		slot_move_on(slot, until - now, now);
	} else {
		slot_settle(outbox, slot, now);
	}
}

static void on_config(
        struct outbox *outbox, struct slot *slot, struct line *line, wq_ms until, wq_ms now)
{
	wq_ms wait = slot_back_off(slot);

	(void)until;
	line_failed(outbox, line, true, now);
	slot->held_back = true;
	slot_move_on(slot, outbox_jitter(outbox, wait > CONFIG_WAIT ? wait : CONFIG_WAIT), now);
}

static void on_drop(
        struct outbox *outbox, struct slot *slot, struct line *line, wq_ms until, wq_ms now)
{
	(void)line, (void)until;
	slot->dropped |= 1u << slot->cursor;
	slot->streak = 0;
	slot->due = now;
	if (slot_live(slot) > 0)
		return;
	outbox_drop(outbox, slot);
}

/* Nothing is known yet: neither that the channel works nor that it does not. */
static void on_taken(
        struct outbox *outbox, struct slot *slot, struct line *line, wq_ms until, wq_ms now)
{
	(void)outbox, (void)line;
	slot->taken = true;
	slot->streak = 0;
	slot->due = until > now ? until : now + WQ_SECONDS(1);
}

static void on_failed(
        struct outbox *outbox, struct slot *slot, struct line *line, wq_ms until, wq_ms now)
{
	(void)until;
	line_failed(outbox, line, false, now);
	slot->held_back = false;
	slot_move_on(slot, slot_rest(outbox, slot), now);
}

static void (*const handlers[])(
        struct outbox *, struct slot *, struct line *, wq_ms until, wq_ms now) = {
	[WQ_SENT] = on_sent,
	[WQ_RETRY] = on_retry,
	[WQ_THROTTLE] = on_throttle,
	[WQ_CONFIG] = on_config,
	[WQ_DROP] = on_drop,
	[WQ_TAKEN] = on_taken,
	[WQ_FAILED] = on_failed,
};

bool outbox_result(struct outbox *outbox, const struct outbox_attempt *attempt,
        enum wq_result_kind kind, wq_ms until, wq_ms now)
{
	struct slot *slot = &outbox->slots[attempt->slot];
	struct line *line = &outbox->lines[attempt->channel];

	slot->busy = false;
	line->busy = false;
	slot->taken = false;
	/* A person's trial says how the channel is to the person: it makes it neither failing nor sound. */
	if (slot->notice.test) {
		outbox_drop(outbox, slot);
		return true;
	}
	handlers[kind](outbox, slot, line, until, now);
	slot->notice.taken = slot->taken;
	if (slot->used && now >= slot->ends)
		outbox_drop(outbox, slot);
	return !slot->used;
}
