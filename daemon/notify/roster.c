/* SPDX-License-Identifier: Apache-2.0 */
/* Shifts and turns -> people. A shift of yesterday may reach into today, so two days are looked at. */
#include "roster.h"

#define DAY WQ_DAYS(1)

const char *roster_role_name(enum roster_role role)
{
	static const char *const names[] = { "lead", "assist", "leader" };

	return names[role];
}

static int order(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

int roster_compare(const void *a, const void *b)
{
	const struct roster_entry *p = a, *q = b;
	const int steps[] = { order(p->day, q->day), order(p->shift, q->shift), order(p->role, q->role),
		order(p->layer, q->layer), order(p->person, q->person) };

	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
		if (steps[i] != 0)
			return steps[i];
	return 0;
}

/* The first instant at which the clock on the wall shows this time or a later one: it never goes back where the wall's
 * time goes forward, also where that time does not exist or exists twice. */
static wq_ms at_wall(const struct wq_zone *zone, wq_ms wall)
{
	for (size_t i = 0; i + 1 < zone->count; i++) {
		const wq_ms at = wall - zone->rows[i].offset;

		if (at < zone->rows[i + 1].from)
			return i > 0 && at < zone->rows[i].from ? zone->rows[i].from : at;
	}
	const struct wq_zone_row *last = &zone->rows[zone->count - 1];
	const wq_ms at = wall - last->offset;

	return zone->count > 1 && at < last->from ? last->from : at;
}

static void span_of(const struct roster *roster, wq_day day, uint32_t shift, wq_ms *from, wq_ms *until)
{
	const wq_ms begin = day * DAY + roster->shifts[shift].start;

	*from = at_wall(roster->zone, begin);
	*until = at_wall(roster->zone, begin + roster->shifts[shift].length);
}

/* The first entry of a slot, or the count. */
static size_t find_slot(const struct roster *roster, wq_day day, uint32_t shift, enum roster_role role)
{
	const struct roster_entry wanted = { .day = day, .shift = shift, .role = role, .layer = ROSTER_SWAP, .person = 0 };
	size_t low = 0, high = roster->entry_count;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (roster_compare(&roster->entries[middle], &wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool roster_has(const struct roster_duty *duty, enum roster_role role, uint32_t person)
{
	for (size_t i = 0; i < duty->count[role]; i++)
		if (duty->people[role][i] == person)
			return true;
	return false;
}

static void put(struct roster_duty *duty, enum roster_role role, uint32_t person)
{
	if (!roster_has(duty, role, person) && duty->count[role] < ROSTER_MOST)
		duty->people[role][duty->count[role]++] = person;
}

/* The people of the strongest layer that says anything about the slot. */
static bool put_entries(const struct roster *roster, wq_day day, uint32_t shift, enum roster_role role,
        struct roster_duty *duty)
{
	const size_t first = find_slot(roster, day, shift, role);

	for (size_t i = first; i < roster->entry_count; i++) {
		const struct roster_entry *e = &roster->entries[i], *strongest = &roster->entries[first];

		if (e->day != day || e->shift != shift || e->role != role)
			return i > first;
		if (e->layer == strongest->layer)
			put(duty, role, e->person);
	}
	return first < roster->entry_count;
}

/* Whose turn it is. */
static uint32_t person_of(const struct roster *roster, const struct roster_turns *turns, wq_day day, uint32_t shift)
{
	const size_t days = (size_t)(day - roster->from);
	const size_t turn[] = { [ROSTER_BY_SHIFT] = days * roster->shift_count + shift,
		[ROSTER_BY_DAY] = days,
		[ROSTER_BY_WEEK] = days / 7 };

	return turns->people[turn[turns->turn] % turns->count];
}

/* 1970-01-01 was a Thursday; Monday is 0. */
static size_t weekday_of(wq_day day)
{
	return (size_t)(((day % 7) + 7 + 3) % 7);
}

static void put_slot(const struct roster *roster, wq_day day, uint32_t shift, enum roster_role role,
        struct roster_duty *duty)
{
	const struct roster_turns *weekday = &roster->weekdays[weekday_of(day)], *turns = &roster->turns[role];

	if (put_entries(roster, day, shift, role, duty))
		return;
	if (role == ROSTER_LEAD && weekday->count > 0)
		put(duty, role, weekday->people[shift % weekday->count]);
	else if (turns->count > 0 && day >= roster->from)
		put(duty, role, person_of(roster, turns, day, shift));
}

static void add_shift(const struct roster *roster, wq_day day, uint32_t shift, struct roster_duty *duty)
{
	const size_t before = duty->count[ROSTER_LEAD] + duty->count[ROSTER_ASSIST];

	for (int role = 0; role < ROSTER_ROLES; role++)
		put_slot(roster, day, shift, (enum roster_role)role, duty);
	if (duty->shift == UINT32_MAX || duty->count[ROSTER_LEAD] + duty->count[ROSTER_ASSIST] > before)
		duty->shift = shift;
}

static void narrow(struct roster_duty *duty, wq_ms at, wq_ms edge)
{
	if (edge <= at && edge > duty->from)
		duty->from = edge;
	if (edge > at && edge < duty->until)
		duty->until = edge;
}

void roster_at(const struct roster *roster, wq_ms at, struct roster_duty *duty)
{
	const wq_day today = wq_day_of(roster->zone, at);

	*duty = (struct roster_duty){ .from = INT64_MIN, .until = INT64_MAX, .shift = UINT32_MAX };
	/* Where the clock is put back over midnight a day comes twice: one more on either side. */
	for (wq_day day = today - 2; day <= today + 2; day++) {
		for (uint32_t shift = 0; shift < roster->shift_count; shift++) {
			wq_ms from, until;

			span_of(roster, day, shift, &from, &until);
			narrow(duty, at, from);
			narrow(duty, at, until);
			if (from <= at && at < until)
				add_shift(roster, day, shift, duty);
		}
	}
	duty->vacant = duty->count[ROSTER_LEAD] == 0;
}

static bool same_people(const struct roster_duty *a, const struct roster_duty *b)
{
	for (int role = 0; role < ROSTER_ROLES; role++) {
		if (a->count[role] != b->count[role])
			return false;
		for (size_t i = 0; i < a->count[role]; i++)
			if (!roster_has(b, (enum roster_role)role, a->people[role][i]))
				return false;
	}
	return true;
}

bool roster_next(const struct roster *roster, wq_ms at, wq_ms within, struct roster_duty *next)
{
	struct roster_duty now;

	roster_at(roster, at, &now);
	*next = now;
	while (next->until <= at + within) {
		roster_at(roster, next->until, next);
		if (!same_people(&now, next))
			return true;
	}
	return false;
}

bool roster_knows(const struct roster *roster, uint32_t person)
{
	for (size_t i = 0; i < roster->everybody_count; i++)
		if (roster->everybody[i] == person)
			return true;
	return false;
}

/* One stretch may be several shifts: it is counted where it begins, and the first one is told whole. */
static void note(bool is, bool was, const struct roster_duty *duty, size_t *count, wq_ms *from, wq_ms *until)
{
	if (is && !was && ++*count == 1)
		*from = duty->from;
	if (is && *count == 1)
		*until = duty->until;
}

void roster_doubts(const struct roster *roster, wq_ms from, wq_ms until, struct roster_doubts *doubts)
{
	bool gap = false, overlap = false;
	struct roster_duty duty;

	*doubts = (struct roster_doubts){ 0 };
	for (wq_ms at = from; at < until && roster->shift_count > 0; at = duty.until) {
		roster_at(roster, at, &duty);
		note(duty.vacant, gap, &duty, &doubts->gaps, &doubts->gap_from, &doubts->gap_until);
		note(duty.count[ROSTER_LEAD] > 1, overlap, &duty, &doubts->overlaps, &doubts->overlap_from,
		        &doubts->overlap_until);
		gap = duty.vacant;
		overlap = duty.count[ROSTER_LEAD] > 1;
	}
	if (doubts->gaps > 0 && doubts->gap_from < from)
		doubts->gap_from = from;
	if (doubts->overlaps > 0 && doubts->overlap_from < from)
		doubts->overlap_from = from;
}
