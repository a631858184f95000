/* SPDX-License-Identifier: Apache-2.0 */
/* Which alarm of the old rules is which of the new ones. */
#include "compare.h"

#include "wq/err.h"

#include <stdlib.h>
#include <string.h>

/* By place, then by time; equal places have no two alarms at a time. */
static int by_place(const struct episode *a, const struct episode *b)
{
	int r = strcmp(a->rule, b->rule);
	if (r == 0)
		r = strcmp(a->parameter, b->parameter);
	if (r == 0)
		r = (a->station > b->station) - (a->station < b->station);
	return r;
}

static int by_place_and_time(const void *x, const void *y)
{
	const struct episode *a = *(const struct episode *const *)x;
	const struct episode *b = *(const struct episode *const *)y;
	int r = by_place(a, b);
	if (r == 0)
		r = (a->opened > b->opened) - (a->opened < b->opened);
	return r != 0 ? r : (a->alarm > b->alarm) - (a->alarm < b->alarm);
}

static const struct episode *one_of(const struct difference *d)
{
	return d->new != NULL ? d->new : d->old;
}

/* As they are shown: by station, time, rule, parameter; what appears before what vanishes. */
static int by_station_and_time(const void *x, const void *y)
{
	const struct difference *d = x, *e = y;
	const struct episode *a = one_of(d), *b = one_of(e);
	if (a->station != b->station)
		return a->station < b->station ? -1 : 1;
	if (a->opened != b->opened)
		return a->opened < b->opened ? -1 : 1;
	int r = by_place(a, b);
	return r != 0 ? r : (int)d->kind - (int)e->kind;
}

static const struct episode **sorted(const struct episodes *episodes)
{
	const struct episode **rows = calloc(episodes->count + 1, sizeof *rows);
	for (size_t i = 0; rows != NULL && i < episodes->count; i++)
		rows[i] = &episodes->rows[i];
	if (rows != NULL && episodes->count > 0)
		qsort(rows, episodes->count, sizeof *rows, by_place_and_time);
	return rows;
}

static bool ends_before(const struct episode *a, const struct episode *b)
{
	return a->ended != WQ_NO_TIME && a->ended < b->opened;
}

/* Of the two heads: who goes first, or both as a pair. */
static struct difference next(const struct episode *old, const struct episode *new)
{
	int place = old == NULL ? 1 : new == NULL ? -1 : by_place(old, new);
	if (place < 0 || (place == 0 && ends_before(old, new)))
		return (struct difference){ COMPARE_VANISHED, old, NULL };
	if (place > 0 || ends_before(new, old))
		return (struct difference){ COMPARE_APPEARED, NULL, new };
	return (struct difference){ old->opened != new->opened || old->level != new->level
		        ? COMPARE_MOVED
		        : COMPARE_SAME,
		old, new };
}

wq_ms compare_shift(const struct difference *difference)
{
	return difference->new->opened - difference->old->opened;
}

static void find_longest(struct comparison *comparison)
{
	for (size_t i = 0; i < comparison->count; i++) {
		const struct difference *d = &comparison->rows[i];
		const struct difference *lead = comparison->longest_lead;
		const struct difference *lag = comparison->longest_lag;
		if (d->kind != COMPARE_MOVED)
			continue;
		wq_ms shift = compare_shift(d);
		if (shift < 0 && (lead == NULL || shift < compare_shift(lead)))
			comparison->longest_lead = d;
		if (shift > 0 && (lag == NULL || shift > compare_shift(lag)))
			comparison->longest_lag = d;
	}
}

static void pair(struct comparison *comparison, const struct episode **old, size_t old_count,
        const struct episode **new, size_t new_count)
{
	for (size_t i = 0, k = 0; i < old_count || k < new_count;) {
		struct difference d =
		        next(i < old_count ? old[i] : NULL, k < new_count ? new[k] : NULL);
		i += d.old != NULL;
		k += d.new != NULL;
		comparison->kinds[d.kind]++;
		if (d.kind != COMPARE_SAME)
			comparison->rows[comparison->count++] = d;
		else
			comparison->other_end += d.old->ended != d.new->ended;
	}
}

int compare_pair(struct comparison *comparison, struct wq_err *err)
{
	const struct episodes *a = &comparison->sides[0].episodes;
	const struct episodes *b = &comparison->sides[1].episodes;
	const struct episode **old = sorted(a), **new = sorted(b);
	comparison->rows = calloc(a->count + b->count + 1, sizeof *comparison->rows);
	int r = old == NULL || new == NULL || comparison->rows == NULL
	        ? wq_fail(err, WQ_E_MEMORY, "no memory to compare %zu alarms", a->count + b->count)
	        : 0;
	if (r == 0) {
		pair(comparison, old, a->count, new, b->count);
		qsort(comparison->rows, comparison->count, sizeof *comparison->rows,
		        by_station_and_time);
		find_longest(comparison);
	}
	free(old);
	free(new);
	return r;
}
