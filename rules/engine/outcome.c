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

bool outcome_reserve_judged(struct wq_outcome *out, size_t more)
{
	void *rows = out->judged;
	bool ok = reserve(&rows, &out->judged_room, out->judged_count, more, sizeof *out->judged);
	out->judged = rows;
	return ok;
}

bool outcome_reserve_learnt(struct wq_outcome *out, size_t more)
{
	void *rows = out->learnt;
	bool ok = reserve(&rows, &out->learnt_room, out->learnt_count, more, sizeof *out->learnt);
	out->learnt = rows;
	return ok;
}

bool outcome_reserve_days(struct wq_outcome *out, size_t more)
{
	void *rows = out->days;
	bool ok = reserve(&rows, &out->day_room, out->day_count, more, sizeof *out->days);
	out->days = rows;
	return ok;
}

bool outcome_reserve_changes(struct wq_outcome *out, size_t more)
{
	void *rows = out->changes;
	bool ok = reserve(&rows, &out->change_room, out->change_count, more, sizeof *out->changes);
	out->changes = rows;
	return ok;
}

struct wq_change *outcome_change(struct wq_outcome *out)
{
	struct wq_change *change = &out->changes[out->change_count++];
	memset(change, 0, sizeof *change);
	return change;
}

bool outcome_reserve_shelves(struct wq_outcome *out, size_t more)
{
	void *rows = out->shelves;
	bool ok = reserve(&rows, &out->shelf_room, out->shelf_count, more, sizeof *out->shelves);
	out->shelves = rows;
	return ok;
}

bool outcome_shelf(struct wq_outcome *out, const struct wq_shelf *shelf)
{
	for (size_t i = 0; i < out->shelf_count; i++)
		if (out->shelves[i].rule == shelf->rule && out->shelves[i].place == shelf->place &&
			out->shelves[i].since == shelf->since) {
			out->shelves[i] = *shelf;
			return true;
		}
	bool ok = outcome_reserve_shelves(out, 1);
	if (ok)
		out->shelves[out->shelf_count++] = *shelf;
	return ok;
}

bool outcome_delay(struct wq_outcome *out, const struct wq_delay *delay)
{
	for (size_t i = 0; i < out->delay_count; i++)
		if (out->delays[i].rule == delay->rule && out->delays[i].place == delay->place) {
			out->delays[i] = *delay;
			return true;
		}
	void *rows = out->delays;
	bool ok = reserve(&rows, &out->delay_room, out->delay_count, 1, sizeof *out->delays);
	out->delays = rows;
	if (ok)
		out->delays[out->delay_count++] = *delay;
	return ok;
}

bool outcome_word(struct wq_outcome *out, const struct wq_profile_word *word)
{
	void *rows = out->words;
	bool ok = reserve(&rows, &out->word_room, out->word_count, 1, sizeof *out->words);
	out->words = rows;
	if (ok)
		out->words[out->word_count++] = *word;
	return ok;
}

bool outcome_maintenance(struct wq_outcome *out, const struct wq_maintenance *hand)
{
	void *rows = out->maintenances;
	bool ok = reserve(&rows, &out->maintenance_room, out->maintenance_count, 1, sizeof *out->maintenances);
	out->maintenances = rows;
	if (ok)
		out->maintenances[out->maintenance_count++] = *hand;
	return ok;
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
	out->sample_count = out->judged_count = out->learnt_count = out->day_count = out->change_count = out->need_count = 0;
	out->shelf_count = out->delay_count = out->word_count = out->maintenance_count = 0;
}

void wq_outcome_free(struct wq_outcome *out)
{
	free(out->samples);
	free(out->judged);
	free(out->learnt);
	free(out->days);
	free(out->changes);
	free(out->needs);
	free(out->shelves);
	free(out->delays);
	free(out->words);
	free(out->maintenances);
	memset(out, 0, sizeof *out);
}
