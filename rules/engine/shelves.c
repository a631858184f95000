/* SPDX-License-Identifier: Apache-2.0 */
/* Shelves (IEC 62682): a rule at one place is put aside for a while, by a person who says why or because its alarm opened
 * too often. Its alarms live on and are recorded, nobody is told, nothing escalates. A shelf always ends; what is open
 * then is told again. */
#include "engine_parts.h"
#include "life.h"

#include <stdlib.h>
#include <string.h>

wq_ms shelves_longest(const struct wq_engine *engine)
{
	return engine->site->duty.shelve_max > 0 ? engine->site->duty.shelve_max : WQ_SHELVE_MAX;
}

struct wq_shelf *shelves_new(struct wq_outcome *out)
{
	return outcome_reserve_shelves(out, 1) ? calloc(1, sizeof(struct wq_shelf)) : NULL;
}

static void tell(struct wq_engine *engine, struct slot *slot, enum life_event event, const char *who, const char *note,
	wq_ms until, wq_ms now, struct wq_outcome *out)
{
	if (slot->alarm == NULL)
		return;
	struct wq_verdict last = slot->alarm->last;
	struct deed deed = { .event = (int)event,
		.verdict = &last,
		.time = now,
		.now = now,
		.who = who,
		.note = note,
		.until = until };
	alarms_step(engine, slot, &deed, out);
}

static void hang(struct wq_engine *engine, struct slot *slot, struct wq_shelf *shelf)
{
	slot->shelf = shelf;
	slot->opening_count = 0;
	engine->shelves[engine->shelf_count++] = shelf;
}

void shelves_put(struct wq_engine *engine, struct slot *slot, struct wq_shelf *shelf, wq_ms now, struct wq_outcome *out)
{
	hang(engine, slot, shelf);
	outcome_shelf(out, shelf);
	tell(engine, slot, LIFE_SHELVE, shelf->who, shelf->reason, shelf->until, now, out);
}

/* False when there is no memory to record it: it stands until there is. */
static bool end(struct wq_engine *engine, struct slot *slot, const char *who, wq_ms now, struct wq_outcome *out)
{
	struct wq_shelf *shelf = slot->shelf;
	/* What is told of its end must have room as well: half of it would be lost. */
	if (!outcome_reserve_shelves(out, 1) || !outcome_reserve_changes(out, 8)) {
		engine->short_of_memory = true;
		return false;
	}
	shelf->ended = now;
	record_text(shelf->ended_by, sizeof shelf->ended_by, who);
	outcome_shelf(out, shelf);
	slot->shelf = NULL;
	slot->shelf_moved = false;
	size_t i = 0;
	while (engine->shelves[i] != shelf)
		i++;
	engine->shelves[i] = engine->shelves[--engine->shelf_count];
	tell(engine, slot, LIFE_UNSHELVE, who, shelf->reason, WQ_NO_TIME, now, out);
	free(shelf);
	return true;
}

/* NULL: the site has no such place. */
static struct slot *find(const struct wq_engine *engine, uint32_t rule, uint32_t place)
{
	const struct wq_site *site = engine->site;
	if (rule >= site->rule_count || place >= site->rules[rule].place_count)
		return NULL;
	return slots_at(engine, rule, place);
}

void shelves_advance(struct wq_engine *engine, wq_ms now, struct wq_outcome *out)
{
	/* Backwards: one that ends is replaced by the last. */
	for (size_t i = engine->shelf_count; i-- > 0;) {
		struct slot *slot = slots_at(engine, engine->shelves[i]->rule, engine->shelves[i]->place);
		if (slot->shelf_moved)
			slot->shelf_moved = !outcome_shelf(out, slot->shelf);
		if (now >= slot->shelf->until)
			end(engine, slot, "", now, out);
	}
}

void shelves_stepped(struct wq_engine *engine, wq_ms by)
{
	for (size_t i = 0; i < engine->shelf_count; i++) {
		struct slot *slot = slots_at(engine, engine->shelves[i]->rule, engine->shelves[i]->place);
		slot->shelf->until += by;
		slot->shelf_moved = true;
	}
}

static int check_until(const struct wq_engine *engine, wq_ms until, wq_ms now, struct wq_err *err)
{
	char longest[WQ_INSTANT_TEXT];
	if (until <= now)
		return wq_fail(err, WQ_E_INVALID, "a shelf ends in the future; nothing was shelved");
	if (until - now > shelves_longest(engine))
		return wq_fail(err, WQ_E_INVALID, "a shelf stands for at most %s (shelve_max); nothing was shelved",
			wq_span_format(shelves_longest(engine), longest));
	return 0;
}

int wq_engine_shelve(struct wq_engine *engine, uint32_t rule, uint32_t place, wq_ms until, const char *who,
	const char *reason, wq_ms now, struct wq_outcome *out, struct wq_err *err)
{
	struct slot *slot = find(engine, rule, place);
	if (slot == NULL)
		return wq_fail(err, WQ_E_MISSING, "there is no place %u of rule %u", place, rule);
	if (slot->shelf != NULL)
		return wq_fail(err, WQ_E_STATE, "%s is on the shelf already at this place; end that first",
			engine->site->rules[rule].name);
	int r = check_until(engine, until, now, err);
	if (r < 0)
		return r;
	struct wq_shelf *shelf = outcome_reserve_changes(out, 8) ? shelves_new(out) : NULL;
	if (shelf == NULL)
		return wq_fail(err, WQ_E_MEMORY, "no memory to record this; try again");
	*shelf = (struct wq_shelf){ .rule = rule, .place = place, .since = now, .until = until, .ended = WQ_NO_TIME };
	record_text(shelf->who, sizeof shelf->who, who);
	record_text(shelf->reason, sizeof shelf->reason, reason);
	shelves_put(engine, slot, shelf, now, out);
	return 0;
}

int wq_engine_unshelve(struct wq_engine *engine, uint32_t rule, uint32_t place, const char *who, wq_ms now,
	struct wq_outcome *out, struct wq_err *err)
{
	struct slot *slot = find(engine, rule, place);
	if (slot == NULL)
		return wq_fail(err, WQ_E_MISSING, "there is no place %u of rule %u", place, rule);
	if (slot->shelf == NULL)
		return wq_fail(err, WQ_E_STATE, "%s is not on the shelf at this place", engine->site->rules[rule].name);
	if (!end(engine, slot, who, now, out))
		return wq_fail(err, WQ_E_MEMORY, "no memory to record this; try again");
	return 0;
}

int wq_engine_restore_shelf(struct wq_engine *engine, const struct wq_shelf *shelf, struct wq_err *err)
{
	struct slot *slot = find(engine, shelf->rule, shelf->place);
	if (slot == NULL)
		return wq_fail(err, WQ_E_MISSING, "a shelf belongs to a rule or place that is not configured");
	if (slot->shelf != NULL)
		return wq_fail(err, WQ_E_STATE, "two shelves stand at one place of %s",
			engine->site->rules[shelf->rule].name);
	struct wq_shelf *copy = malloc(sizeof *copy);
	if (copy == NULL)
		return wq_fail(err, WQ_E_MEMORY, "no memory to restore a shelf");
	*copy = *shelf;
	hang(engine, slot, copy);
	return 0;
}

void wq_engine_restore_delay(struct wq_engine *engine, const struct wq_delay *delay)
{
	struct slot *slot = find(engine, delay->rule, delay->place);
	if (slot == NULL)
		return;
	slot->exceeds_since = slot->exceeds_stored = delay->exceeds_since;
	slot->meets_since = slot->meets_stored = delay->meets_since;
}

size_t wq_engine_shelves(const struct wq_engine *engine, const struct wq_shelf *const **shelves)
{
	*shelves = engine->shelves;
	return engine->shelf_count;
}

const struct wq_shelf *wq_engine_shelf(const struct wq_engine *engine, uint32_t rule, uint32_t place)
{
	const struct slot *slot = find(engine, rule, place);
	return slot != NULL ? slot->shelf : NULL;
}
