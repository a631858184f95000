/* SPDX-License-Identifier: Apache-2.0 */
/* The state machine of delivery. See outbox.h for the rules: what is held, and which is next. */
#include "outbox_parts.h"

#include "notify/urgent.h"

#include <stdlib.h>
#include <string.h>

#define SHORTEST       WQ_SECONDS(1)  /* with less time left no attempt is begun */

static const wq_ms back_off[] = { WQ_SECONDS(5), WQ_SECONDS(15), WQ_SECONDS(30), WQ_SECONDS(60),
	WQ_SECONDS(120), WQ_SECONDS(300), WQ_SECONDS(600) };
struct outbox *outbox_new(size_t capacity, size_t channels, uint64_t seed)
{
	struct outbox *outbox = calloc(1, sizeof *outbox);

	if (outbox == NULL)
		return NULL;
	outbox->slots = calloc(capacity > 0 ? capacity : 1, sizeof *outbox->slots);
	outbox->lines = calloc(channels > 0 ? channels : 1, sizeof *outbox->lines);
	outbox->paces = calloc(channels > 0 ? channels : 1, sizeof *outbox->paces);
	if (outbox->slots == NULL || outbox->lines == NULL || outbox->paces == NULL) {
		outbox_free(outbox);
		return NULL;
	}
	outbox->capacity = outbox->share = capacity;
	outbox->line_count = channels;
	outbox->chance = seed;
	for (size_t i = 0; i < channels; i++)
		outbox->lines[i] =
		        (struct line){ .open = INT64_MIN, .trust = INT64_MIN, .worked = INT64_MIN, .history = INT64_MIN };
	return outbox;
}

void outbox_free(struct outbox *outbox)
{
	if (outbox == NULL)
		return;
	for (size_t i = 0; outbox->paces != NULL && i < outbox->line_count; i++)
		pace_close(&outbox->paces[i]);
	free(outbox->slots);
	free(outbox->lines);
	free(outbox->paces);
	free(outbox);
}

bool outbox_pace(struct outbox *outbox, uint32_t channel, uint32_t rate, uint32_t burst)
{
	pace_close(&outbox->paces[channel]);
	return pace_open(&outbox->paces[channel], rate, burst);
}

size_t outbox_room(const struct outbox *outbox)
{
	return outbox->capacity - outbox->held;
}

size_t outbox_held(const struct outbox *outbox)
{
	return outbox->held;
}

/* 0 … most by chance (splitmix64). */
static wq_ms draw(struct outbox *outbox, wq_ms most)
{
	uint64_t z = outbox->chance += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	z ^= z >> 31;
	return (wq_ms)(z % (uint64_t)(most + 1));
}

/* The span and up to a fifth more. */
wq_ms outbox_jitter(struct outbox *outbox, wq_ms span)
{
	return span + draw(outbox, span / 5);
}

wq_ms outbox_step(const wq_ms *steps, size_t count, uint32_t n)
{
	return steps[n == 0 ? 0 : n > count ? count - 1 : n - 1];
}

/* FNV-1a; 0 is no id. */
static uint64_t hash_of(const char *id)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (; *id != '\0'; id++)
		hash = (hash ^ (unsigned char)*id) * 0x100000001b3u;
	return hash != 0 ? hash : 1;
}

void outbox_drop(struct outbox *outbox, struct slot *slot)
{
	slot->used = false;
	outbox->held--;
	if (!slot->notice.history)
		outbox->done[outbox->done_count++ % OUTBOX_DONE] = hash_of(slot->notice.id);
}

static bool was_done(const struct outbox *outbox, const char *id)
{
	uint64_t hash = hash_of(id);

	for (size_t i = 0; i < OUTBOX_DONE; i++)
		if (outbox->done[i] == hash)
			return true;
	return false;
}

void outbox_share(struct outbox *outbox, size_t share)
{
	outbox->share = share > 0 && share < outbox->capacity ? share : outbox->capacity;
}

static size_t held_for(const struct outbox *outbox, const char *contact)
{
	size_t held = 0;

	for (size_t i = 0; i < outbox->capacity; i++)
		held += outbox->slots[i].used && !outbox->slots[i].notice.history && strcmp(outbox->slots[i].notice.contact, contact) == 0;
	return held;
}

size_t outbox_room_for(const struct outbox *outbox, const char *contact)
{
	size_t held = held_for(outbox, contact), room = outbox_room(outbox);
	size_t left = held < outbox->share ? outbox->share - held : 0;

	return left < room ? left : room;
}

static bool has_its_share(const struct outbox *outbox, const struct wq_notice *notice)
{
	bool pressing = notice->urgent || notice_urgent(notice) || notice->level >= WQ_LEVEL_ALARM;
	size_t kept = !pressing && outbox->share < outbox->capacity ? outbox->share / 4 : 0;

	return !notice->test && !notice->history && held_for(outbox, notice->contact) + kept >= outbox->share;
}

/* Who came before it in its alarm is to leave before it can. */
static bool comes_before(const struct wq_notice *one, const struct wq_notice *other)
{
	return !one->history && one->topic == WQ_TOPIC_ALARM && one->alarm == other->alarm && one->number < other->number &&
		strcmp(one->contact, other->contact) == 0;
}

static void press(struct outbox *outbox, struct slot *urgent)
{
	urgent->urgent = true;
	for (size_t i = 0; urgent->notice.topic == WQ_TOPIC_ALARM && i < outbox->capacity; i++)
		if (outbox->slots[i].used && comes_before(&outbox->slots[i].notice, &urgent->notice))
			outbox->slots[i].urgent = true;
}

enum outbox_taken outbox_add(struct outbox *outbox, const struct wq_notice *notice,
        const uint32_t *channels, size_t count, uint32_t attempts, wq_ms lifetime, wq_ms now)
{
	struct slot *free_slot = NULL;

	for (size_t i = 0; i < outbox->capacity; i++) {
		struct slot *slot = &outbox->slots[i];

		if (slot->used && slot->notice.history == notice->history && strcmp(slot->notice.id, notice->id) == 0 &&
			(!notice->history || strcmp(slot->notice.channel, notice->channel) == 0))
			return OUTBOX_KNOWN;
		if (!slot->used && free_slot == NULL)
			free_slot = slot;
	}
	if (!notice->history && was_done(outbox, notice->id))
		return OUTBOX_KNOWN;
	if (free_slot == NULL || has_its_share(outbox, notice))
		return OUTBOX_FULL;
	*free_slot = (struct slot){ .used = true,
		.notice = *notice,
		.attempts = attempts,
		.order = outbox->order++,
		.due = now,
		.since = now,
		.ends = now + lifetime };
	for (size_t i = 0; i < count && free_slot->count < OUTBOX_CHANNELS; i++)
		if (channels[i] < outbox->line_count)
			free_slot->channels[free_slot->count++] = channels[i];
	if (!notice->history && (notice->urgent || notice_urgent(notice)))
		press(outbox, free_slot);
	/* What is new goes first, and says whether the channel works. */
	if (notice->history && free_slot->count > 0 && outbox->lines[free_slot->channels[0]].worked == INT64_MIN)
		free_slot->due = now + OUTBOX_PROBE;
	outbox->held++;
	return OUTBOX_TAKEN;
}

/* The one of this id that waits, or NULL. */
static struct slot *waiting(struct outbox *outbox, const char *id)
{
	for (size_t i = 0; i < outbox->capacity; i++) {
		struct slot *slot = &outbox->slots[i];

		if (slot->used && !slot->busy && strcmp(slot->notice.id, id) == 0)
			return slot;
	}
	return NULL;
}

void outbox_resume(struct outbox *outbox, const char *id, uint32_t channel, bool taken, wq_ms waited, wq_ms now)
{
	struct slot *slot = waiting(outbox, id);

	for (uint32_t at = 0; slot != NULL && at < slot->count; at++) {
		if (slot->channels[at] != channel)
			continue;
		slot->cursor = at;
		slot->since = now - waited;
		slot->tried = true;
		slot->taken = taken;
	}
}

void outbox_put_off(struct outbox *outbox, const char *id, wq_ms most, wq_ms now)
{
	struct slot *slot = most > 0 ? waiting(outbox, id) : NULL;

	if (slot != NULL)
		slot->due = slot->since = now + draw(outbox, most);
}

bool slot_is_dropped(const struct slot *slot, uint32_t at)
{
	return (slot->dropped & 1u << at) != 0;
}

/* Channels that may still reach the recipient. */
uint32_t slot_live(const struct slot *slot)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < slot->count; i++)
		n += slot_is_dropped(slot, i) ? 0 : 1;
	return n;
}

/* The place in slot->channels to use now: from the cursor on, the first that is trusted, or else
 * the cursor's own. slot_live(slot) > 0. */
static uint32_t choose(const struct outbox *outbox, const struct slot *slot, wq_ms now)
{
	uint32_t first = slot->count;

	if (slot->taken)
		return slot->cursor;
	for (uint32_t k = 0; k < slot->count; k++) {
		uint32_t at = (slot->cursor + k) % slot->count;

		if (slot_is_dropped(slot, at))
			continue;
		if (outbox->lines[slot->channels[at]].trust <= now)
			return at;
		if (first == slot->count)
			first = at;
	}
	return first;
}

/* When the channel may be used. */
static wq_ms opens(const struct outbox *outbox, const struct line *line)
{
	wq_ms pace = pace_opens(&outbox->paces[line - outbox->lines]);
	wq_ms at = line->open > pace ? line->open : pace;

	if (line->failed_count >= OUTBOX_FAILURES) {
		wq_ms oldest = line->failed[line->failed_count % OUTBOX_FAILURES];

		if (oldest + OUTBOX_WINDOW > at)
			at = oldest + OUTBOX_WINDOW;
	}
	return at;
}

/* True when one that is told afterwards on the same channel came before this one. */
static bool follows(const struct outbox *outbox, const struct slot *slot)
{
	for (size_t i = 0; i < outbox->capacity; i++) {
		const struct slot *other = &outbox->slots[i];

		if (other->used && other->notice.history && other->order < slot->order &&
		        other->channels[0] == slot->channels[0])
			return true;
	}
	return false;
}

/* True when an earlier change of the same alarm is still to be told to the same contact. */
static bool must_wait(const struct outbox *outbox, const struct slot *slot)
{
	if (slot->notice.history)
		return follows(outbox, slot);
	/* Memos are in no order. */
	for (size_t i = 0; slot->notice.topic == WQ_TOPIC_ALARM && i < outbox->capacity; i++)
		if (outbox->slots[i].used && comes_before(&outbox->slots[i].notice, &slot->notice))
			return true;
	return false;
}

static bool hopeless(const struct slot *slot, wq_ms now)
{
	return slot->used && !slot->busy && (now >= slot->ends || slot_live(slot) == 0);
}

/* When the slot can be sent as things stand; false: something else must happen first. */
static bool ready_at(const struct outbox *outbox, const struct slot *slot, wq_ms now, wq_ms *when)
{
	if (!slot->used || slot->busy || hopeless(slot, now))
		return false;
	uint32_t at = choose(outbox, slot, now);
	const struct line *line = &outbox->lines[slot->channels[at]];

	if (line->busy)
		return false;
	*when = slot->due;
	if (slot->notice.history && line->history > *when)
		*when = line->history;
	if (slot->notice.history && line_is_down(line) && line->trust > *when)
		*when = line->trust;
	/* To look costs the peer nothing, and who tries a channel wants to know now. */
	if (!slot->taken && !slot->notice.test && opens(outbox, line) > slot->due)
		*when = opens(outbox, line);
	return true;
}

static bool goes_before(const struct slot *a, const struct slot *b)
{
	if (a->taken != b->taken)
		return b->taken;
	if (a->notice.history != b->notice.history)
		return b->notice.history;
	if (a->urgent != b->urgent)
		return a->urgent;
	if (a->notice.level != b->notice.level && !a->notice.history)
		return a->notice.level > b->notice.level;
	if (a->notice.assist != b->notice.assist && !a->notice.history)
		return b->notice.assist;
	return a->order < b->order;
}

bool line_is_down(const struct line *line)
{
	return line->refused || line->late || line->failures >= OUTBOX_PATIENCE;
}

static struct line *line_of(struct outbox *outbox, const struct slot *slot)
{
	return &outbox->lines[slot->channels[slot->cursor]];
}

void slot_take_turn(struct slot *slot, uint32_t at, wq_ms from)
{
	slot->cursor = at;
	slot->since = from;
	slot->tried = false;
	slot->streak = 0;
}

/* The next channel's turn; after a whole round the slot waits for `wait`. */
void slot_move_on(struct slot *slot, wq_ms wait, wq_ms now)
{
	uint32_t n = slot_live(slot);

	uint32_t at = slot->cursor;

	slot->moves++;
	do {
		at = (at + 1) % slot->count;
	} while (n > 0 && slot_is_dropped(slot, at));
	slot->due = now;
	slot->resting = slot->moves >= n;
	if (slot->resting) {
		slot->moves = 0;
		slot->due = now + wait;
	}
	slot_take_turn(slot, at, slot->due);
}

wq_ms slot_back_off(const struct slot *slot)
{
	return outbox_step(back_off, sizeof back_off / sizeof *back_off, slot->attempts);
}

wq_ms slot_rest(struct outbox *outbox, const struct slot *slot)
{
	return outbox_jitter(outbox, slot_back_off(slot));
}

/* When the slot gives its channel up for the next one; INT64_MAX: it does not. */
static wq_ms gives_way(const struct outbox *outbox, const struct slot *slot)
{
	const struct line *line = &outbox->lines[slot->channels[slot->cursor]];
	wq_ms since = slot->since, span = slot->notice.deadline;

	if (span <= 0 || slot->taken || slot_live(slot) < 2)
		return INT64_MAX;
	if (!slot->tried && line->worked > since)
		since = line->worked;
	return since + (span > 2 * SHORTEST ? span - SHORTEST : SHORTEST);
}

/* Its deadline has passed on a channel. */
static void give_way(struct outbox *outbox, struct slot *slot, wq_ms now)
{
	struct line *line = line_of(outbox, slot);
	bool late = line->failures > 0 && line->worked < slot->since;
	wq_ms until = late ? now + OUTBOX_DISTRUST : opens(outbox, line);

	line->late |= late;
	if ((late || line->failures == 0) && until > line->trust)
		line->trust = until;
	slot_move_on(slot, slot_rest(outbox, slot), now);
}

/* Turns a waiting slot to the channel that it is to use now. */
void slot_settle(struct outbox *outbox, struct slot *slot, wq_ms now)
{
	if (!slot->used || slot->busy || hopeless(slot, now))
		return;
	uint32_t at = choose(outbox, slot, now);

	if (at != slot->cursor) {
		if (!slot->resting && slot->due > now)
			slot->due = now;
		slot_take_turn(slot, at, slot->due > now ? slot->due : now);
	}
	const struct line *line = line_of(outbox, slot);
	wq_ms limit = gives_way(outbox, slot);
	wq_ms begins = slot->due > opens(outbox, line) ? slot->due : opens(outbox, line);

	if (limit == INT64_MAX || (now < limit && (line->busy || begins <= limit)))
		return;
	if (must_wait(outbox, slot))
		slot->since = now; /* an earlier change has its turn */
	else
		give_way(outbox, slot, now);
}

static void begin(struct outbox *outbox, struct slot *slot, wq_ms now)
{
	struct line *line = line_of(outbox, slot);

	slot->busy = line->busy = slot->tried = true;
	slot->resting = false;
	if (slot->taken)
		return;
	slot->attempts++;
	pace_note(&outbox->paces[line - outbox->lines], now);
	/* One probes, the others do not wait for it. */
	if (line_is_down(line) && line->trust < now + OUTBOX_DISTRUST)
		line->trust = now + OUTBOX_DISTRUST;
}

static wq_ms patience(const struct outbox *outbox, const struct slot *slot, wq_ms now)
{
	wq_ms limit = gives_way(outbox, slot);
	wq_ms span = limit == INT64_MAX ? 0 : limit + SHORTEST - now;

	if (slot->notice.test)
		return OUTBOX_TEST;
	if (slot->notice.history)
		return OUTBOX_PROBE;

	if (slot_live(slot) > 1 && line_is_down(&outbox->lines[slot->channels[slot->cursor]]) &&
	        (span == 0 || span > OUTBOX_PROBE))
		span = OUTBOX_PROBE;
	return span;
}

bool outbox_next(struct outbox *outbox, wq_ms now, struct outbox_attempt *attempt)
{
	struct slot *best = NULL;

	for (size_t i = 0; i < outbox->capacity; i++) {
		struct slot *slot = &outbox->slots[i];
		wq_ms when;

		slot_settle(outbox, slot, now);
		if (!ready_at(outbox, slot, now, &when) || when > now)
			continue;
		if ((best == NULL || goes_before(slot, best)) && !must_wait(outbox, slot))
			best = slot;
	}
	if (best == NULL)
		return false;
	*attempt = (struct outbox_attempt){ .slot = (size_t)(best - outbox->slots),
		.channel = best->channels[best->cursor],
		.number = best->attempts + (best->taken ? 0 : 1),
		.again = best->taken,
		.patience = patience(outbox, best, now),
		.notice = &best->notice };
	begin(outbox, best, now);
	return true;
}

uint32_t outbox_dropped(const struct outbox *outbox, const struct outbox_attempt *attempt)
{
	return outbox->slots[attempt->slot].dropped;
}

bool outbox_give_up(struct outbox *outbox, wq_ms now, struct outbox_attempt *last)
{
	for (size_t i = 0; i < outbox->capacity; i++) {
		struct slot *slot = &outbox->slots[i];

		if (!hopeless(slot, now))
			continue;
		*last = (struct outbox_attempt){ .slot = i,
			.channel = slot->count > 0 ? slot->channels[slot->cursor] : UINT32_MAX,
			.number = slot->attempts,
			.notice = &slot->notice };
		outbox_drop(outbox, slot);
		return true;
	}
	return false;
}

wq_ms outbox_wake(const struct outbox *outbox, wq_ms now)
{
	wq_ms wake = WQ_NO_TIME;

	for (size_t i = 0; i < outbox->capacity; i++) {
		const struct slot *slot = &outbox->slots[i];
		wq_ms when;

		if (!slot->used || slot->busy)
			continue;
		if (hopeless(slot, now))
			return now;
		if (wake == WQ_NO_TIME || slot->ends < wake)
			wake = slot->ends;
		if (gives_way(outbox, slot) < wake)
			wake = gives_way(outbox, slot);
		if (ready_at(outbox, slot, now, &when) && when < wake && !must_wait(outbox, slot))
			wake = when;
	}
	return wake;
}

bool outbox_down(const struct outbox *outbox, uint32_t channel)
{
	return line_is_down(&outbox->lines[channel]);
}
