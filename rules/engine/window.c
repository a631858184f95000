/* SPDX-License-Identifier: Apache-2.0 */
/* The newest readings of a series, ascending by time. At most WQ_WINDOW_MAX of them, so
 * moving the array is cheaper than being clever. */
#include "engine_parts.h"

#include <math.h>
#include <string.h>

const struct wq_reading *window_newest(const struct track *track)
{
	return track->count > 0 ? &track->readings[track->count - 1] : NULL;
}

/* Index of the first reading that is not before `at`; readings mostly arrive in order, so from the end. */
static size_t position(const struct track *track, wq_ms at)
{
	size_t i = track->count;
	while (i > 0 && track->readings[i - 1].at >= at)
		i--;
	return i;
}

enum placed window_put(struct track *track, const struct wq_reading *reading, double *replaced,
	const struct wq_reading **where)
{
	struct wq_reading *r = track->readings;
	size_t i = position(track, reading->at);
	*replaced = NAN;
	*where = NULL;
	if (i < track->count && r[i].at == reading->at) {
		double old = r[i].value;
		*where = &r[i];
		/* Told again: what was judged of it stands. */
		if (old == reading->value && r[i].test != 0)
			return PLACED_SAME;
		r[i] = *reading;
		if (old == reading->value)
			return PLACED_SAME;
		*replaced = old;
		return PLACED_CHANGED;
	}
	if (track->count == track->room) {
		if (i == 0)
			return PLACED_TOO_OLD;
		memmove(r, r + 1, (i - 1) * sizeof *r);
		i--;
	} else {
		memmove(r + i + 1, r + i, (track->count - i) * sizeof *r);
		track->count++;
	}
	r[i] = *reading;
	*where = &r[i];
	return PLACED_NEW;
}

struct wq_reading *window_at(const struct track *track, wq_ms at)
{
	size_t i = position(track, at);
	return i < track->count && track->readings[i].at == at ? &track->readings[i] : NULL;
}

bool window_remove(struct track *track, wq_ms at, double *value)
{
	size_t i = position(track, at);
	if (i >= track->count || track->readings[i].at != at)
		return false;
	*value = track->readings[i].value;
	memmove(track->readings + i, track->readings + i + 1,
		(track->count - i - 1) * sizeof *track->readings);
	track->count--;
	return true;
}
