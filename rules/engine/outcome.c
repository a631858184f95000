/* SPDX-License-Identifier: Apache-2.0 */
/* The arrays that conclusions are appended to: they grow and are reused. */
#include "engine_parts.h"

#include <stdlib.h>
#include <string.h>

/* Makes room for `more` rows after the `count` there are. */
static bool reserve(void **rows, size_t *room, size_t count, size_t more, size_t size)
{
	if (count + more <= *room)
		return true;
	size_t wanted = *room > 0 ? *room : 8;
	while (wanted < count + more)
		wanted *= 2;
	void *grown = realloc(*rows, wanted * size);
	if (grown == NULL)
		return false;
	*rows = grown;
	*room = wanted;
	return true;
}

bool outcome_reserve_samples(struct wq_outcome *out, size_t more)
{
	void *rows = out->samples;
	bool ok = reserve(&rows, &out->sample_room, out->sample_count, more, sizeof *out->samples);
	out->samples = rows;
	return ok;
}

bool outcome_reserve_days(struct wq_outcome *out, size_t more)
{
	void *rows = out->days;
	bool ok = reserve(&rows, &out->day_room, out->day_count, more, sizeof *out->days);
	out->days = rows;
	return ok;
}

struct wq_change *outcome_change(struct wq_outcome *out)
{
	void *rows = out->changes;
	bool ok = reserve(&rows, &out->change_room, out->change_count, 1, sizeof *out->changes);
	out->changes = rows;
	if (!ok)
		return NULL;
	struct wq_change *change = &out->changes[out->change_count++];
	memset(change, 0, sizeof *change);
	return change;
}

bool outcome_need(struct wq_outcome *out, uint32_t station, wq_day day, bool now)
{
	for (size_t i = 0; i < out->need_count; i++)
		if (out->needs[i].station == station && out->needs[i].day == day) {
			out->needs[i].now |= now;
			return true;
		}
	void *rows = out->needs;
	bool ok = reserve(&rows, &out->need_room, out->need_count, 1, sizeof *out->needs);
	out->needs = rows;
	if (ok)
		out->needs[out->need_count++] = (struct wq_need){ station, day, now };
	return ok;
}

void wq_outcome_reset(struct wq_outcome *out)
{
	out->sample_count = out->day_count = out->change_count = out->need_count = 0;
}

void wq_outcome_free(struct wq_outcome *out)
{
	free(out->samples);
	free(out->days);
	free(out->changes);
	free(out->needs);
	memset(out, 0, sizeof *out);
}
