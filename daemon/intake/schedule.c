/* SPDX-License-Identifier: Apache-2.0 */
/* Slots, back-off, and what a try of a dead device may cost the others. */
#include "schedule.h"

#include <stdlib.h>
#include <string.h>

/* One part in this many of the bus's time is for a device whose tries cost others their slots, and for all tries that
 * make others late together. */
#define UNIT_SHARE 100
#define BUS_SHARE  20
/* A try that is allowed waits no longer than this for the bus to fall quiet. */
#define PATIENCE WQ_SECONDS(10)
/* Between two such tries, for those they made late. */
#define APART WQ_SECONDS(1)
/* A bus is quiet from the end of a poll after which none was due; scheduling takes a moment. */
#define QUIET 20
/* Trouble of a failure; a good poll takes one away. */
#define FAILURE 2

/* Waits after a failure, by the trouble so far. */
static const wq_ms back_off[] = { WQ_SECONDS(1), WQ_SECONDS(2), WQ_SECONDS(5), WQ_SECONDS(10), WQ_SECONDS(30),
	WQ_SECONDS(60) };
#define BACK_OFFS (sizeof back_off / sizeof *back_off)

#define NEVER INT64_MAX

static wq_ms later(wq_ms a, wq_ms b)
{
	return a > b ? a : b;
}

/* Until it has served once a device does not hold up those that have. */
static struct schedule_unit unproven(wq_ms interval, wq_ms now)
{
	return (struct schedule_unit){ .interval = interval, .due = now, .tried = now, .down = true };
}

bool schedule_open(struct schedule *schedule, size_t count, wq_ms now)
{
	*schedule = (struct schedule){ .count = count, .start = now, .quiet = now, .paid = WQ_NO_TIME, .late = WQ_NO_TIME, .search = WQ_NO_TIME, .looked = now };
	schedule->units = calloc(count > 0 ? count : 1, sizeof *schedule->units);
	for (size_t i = 0; schedule->units != NULL && i < count; i++)
		schedule->units[i] = unproven(0, now);
	return schedule->units != NULL;
}

void schedule_close(struct schedule *schedule)
{
	free(schedule->units);
	memset(schedule, 0, sizeof *schedule);
}

/* A place in an order in which neighbours are far apart: by golden section. */
static uint32_t place(size_t unit)
{
	return (uint32_t)unit * UINT32_C(2654435769);
}

/* The next slot of a device that serves; NEVER: none does. */
static wq_ms next_slot(const struct schedule *schedule, size_t *unit)
{
	wq_ms slot = NEVER;
	for (size_t i = 0; i < schedule->count; i++)
		if (!schedule->units[i].down && schedule->units[i].due < slot) {
			slot = schedule->units[i].due;
			*unit = i;
		}
	return slot;
}

/* From when on a try may make others late. Up to `harmless` it makes them late and costs them no slot. */
static wq_ms allowed(const struct schedule *schedule, const struct schedule_unit *unit, wq_ms harmless)
{
	wq_ms from = unit->due;
	if (unit->trouble <= FAILURE)
		return from;
	from = later(from, unit->tried + unit->cost * ((unit->cost <= harmless ? BUS_SHARE : UNIT_SHARE) - 1));
	if (schedule->paid != WQ_NO_TIME)
		from = later(from, schedule->paid + unit->cost * (BUS_SHARE - 1));
	return from;
}

/* When a device that is down is tried, `slot` being the next of those that serve, and `interval` from there to the one
 * after it. */
static wq_ms try_at(const struct schedule *schedule, const struct schedule_unit *unit, wq_ms slot, wq_ms interval, wq_ms now)
{
	wq_ms soonest = later(unit->due, now);
	if (slot == NEVER || soonest <= slot - unit->cost)
		return soonest;
	/* A slot used late by more than the interval is lost; half of it is for those that stand in line. */
	wq_ms from = allowed(schedule, unit, later(slot - now, 0) + interval / 2);
	if (from <= now && slot > now && now - schedule->quiet <= QUIET)
		return now;
	return later(from + PATIENCE, schedule->late + APART);
}

/* Not asked since the search began. */
static bool is_unknown(const struct schedule *schedule, const struct schedule_unit *unit)
{
	return !unit->down && unit->tried < schedule->search;
}

/* While it is searched: which of those that are due and not known to be dead. */
static void search(const struct schedule *schedule, wq_ms now, size_t *unit)
{
	size_t known = schedule->count, unknown = schedule->count;
	for (size_t i = 0; i < schedule->count; i++) {
		const struct schedule_unit *one = &schedule->units[i];
		if (one->down || one->due > now)
			continue;
		if (is_unknown(schedule, one))
			unknown = unknown == schedule->count || place(i) < place(unknown) ? i : unknown;
		else if (known == schedule->count || one->due < schedule->units[known].due)
			known = i;
	}
	bool turn = now - schedule->looked >= PATIENCE; /* on a bus that is never quiet */
	*unit = unknown < schedule->count && (turn || known == schedule->count) ? unknown : known;
}

/* Whether the try of one device goes before that of another that may be made too: each gets its turn. */
static bool goes_before(const struct schedule *schedule, size_t a, size_t b)
{
	const struct schedule_unit *one = &schedule->units[a], *other = &schedule->units[b];
	if (one->due != other->due)
		return one->due < other->due; /* has waited longer */
	return schedule->doubt && place(a) < place(b);
}

wq_ms schedule_next(const struct schedule *schedule, wq_ms now, size_t *unit)
{
	*unit = 0;
	wq_ms slot = next_slot(schedule, unit), first = slot;
	wq_ms interval = schedule->units[*unit].interval;
	if (schedule->search != WQ_NO_TIME && slot <= now)
		search(schedule, now, unit);
	for (size_t i = 0; i < schedule->count; i++) {
		const struct schedule_unit *other = &schedule->units[i];
		if (!other->down)
			continue;
		wq_ms at = try_at(schedule, other, slot, interval, now);
		if (at < first || (at == first && schedule->units[*unit].down && goes_before(schedule, i, *unit))) {
			first = at;
			*unit = i;
		}
	}
	return first;
}

/* The slot after this poll; true: some passed unused. */
static bool advance(struct schedule_unit *unit, wq_ms ended)
{
	unit->due += unit->interval;
	if (unit->due > ended)
		return false;
	unit->due = ended + unit->interval - (ended - unit->due) % unit->interval;
	return true;
}

/* The bus was wholly down and is not any more: what was held against its devices was not theirs. */
static void forgive_others(struct schedule *schedule, size_t unit, wq_ms now)
{
	for (size_t i = 0; i < schedule->count; i++)
		if (i != unit && !schedule->units[i].down)
			return;
	for (size_t i = 0; i < schedule->count; i++)
		if (i != unit)
			schedule->units[i] = unproven(schedule->units[i].interval, now);
}

static bool good(struct schedule *schedule, size_t index, wq_ms began, wq_ms ended)
{
	struct schedule_unit *unit = &schedule->units[index];
	bool troubled = unit->trouble > 0;
	schedule->doubt = false;
	unit->trouble -= troubled;
	if (!unit->down)
		return advance(unit, ended);
	if (troubled)
		forgive_others(schedule, index, ended);
	unit->down = false;
	/* Back onto the common grid: polls in one row leave the widest gap for tries. */
	unit->due = began - (began - schedule->start) % unit->interval;
	advance(unit, ended);
	return false;
}

static bool failed(struct schedule *schedule, size_t index, wq_ms began, wq_ms ended)
{
	struct schedule_unit *unit = &schedule->units[index];
	size_t other, step = unit->trouble / FAILURE;
	schedule->doubt |= !unit->down || unit->trouble == 0;
	bool was_down = unit->down, overrun = !was_down && advance(unit, ended);
	unit->down = true;
	unit->cost = ended - began;
	wq_ms wait = back_off[step < BACK_OFFS ? step : BACK_OFFS - 1];
	unit->due = ended + (step == 0 && unit->interval < wait ? unit->interval : wait);
	if (was_down && next_slot(schedule, &other) < ended) {
		schedule->late = ended;
		if (unit->trouble > FAILURE)
			schedule->paid = ended;
	}
	if (unit->trouble < FAILURE * BACK_OFFS)
		unit->trouble += FAILURE;
	return overrun;
}

/* A device that fell silent begins a search, one that is found silent by it does not begin another. */
static void note_search(struct schedule *schedule, const struct schedule_unit *unit, wq_ms began, wq_ms ended, bool served)
{
	if (is_unknown(schedule, unit) || schedule->search == WQ_NO_TIME)
		schedule->looked = ended;
	if (!served && !unit->down && !is_unknown(schedule, unit))
		schedule->search = began;
}

bool schedule_done(struct schedule *schedule, size_t unit, wq_ms began, wq_ms ended, bool served)
{
	note_search(schedule, &schedule->units[unit], began, ended, served);
	schedule->quiet = schedule->units[unit].tried = ended;
	return served ? good(schedule, unit, began, ended) : failed(schedule, unit, began, ended);
}
