/* SPDX-License-Identifier: Apache-2.0 */
/* A binary heap that knows where everybody stands. */
#include "agenda.h"

#include <stdlib.h>
#include <string.h>

bool agenda_open(struct agenda *agenda, size_t count)
{
	size_t room = count > 0 ? count : 1;
	*agenda = (struct agenda){ .count = count,
		.at = calloc(room, sizeof *agenda->at),
		.order = calloc(room, sizeof *agenda->order),
		.place = calloc(room, sizeof *agenda->place) };
	if (agenda->at == NULL || agenda->order == NULL || agenda->place == NULL) {
		agenda_close(agenda);
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		agenda->at[i] = AGENDA_NEVER;
		agenda->order[i] = agenda->place[i] = (uint32_t)i;
	}
	return true;
}

void agenda_close(struct agenda *agenda)
{
	free(agenda->at);
	free(agenda->order);
	free(agenda->place);
	memset(agenda, 0, sizeof *agenda);
}

static wq_ms at_place(const struct agenda *agenda, size_t place)
{
	return agenda->at[agenda->order[place]];
}

static void put(struct agenda *agenda, size_t place, uint32_t member)
{
	agenda->order[place] = member;
	agenda->place[member] = (uint32_t)place;
}

static size_t rise(struct agenda *agenda, size_t place, uint32_t member)
{
	for (; place > 0 && at_place(agenda, (place - 1) / 2) > agenda->at[member]; place = (place - 1) / 2)
		put(agenda, place, agenda->order[(place - 1) / 2]);
	return place;
}

static size_t sink(struct agenda *agenda, size_t place, uint32_t member)
{
	for (size_t child; (child = 2 * place + 1) < agenda->count; place = child) {
		if (child + 1 < agenda->count && at_place(agenda, child + 1) < at_place(agenda, child))
			child++;
		if (at_place(agenda, child) >= agenda->at[member])
			break;
		put(agenda, place, agenda->order[child]);
	}
	return place;
}

void agenda_set(struct agenda *agenda, size_t member, wq_ms at)
{
	size_t place = agenda->place[member];
	agenda->at[member] = at;
	place = rise(agenda, place, (uint32_t)member);
	put(agenda, sink(agenda, place, (uint32_t)member), (uint32_t)member);
}

wq_ms agenda_first(const struct agenda *agenda, size_t *member)
{
	if (agenda->count == 0)
		return AGENDA_NEVER;
	*member = agenda->order[0];
	return agenda->at[*member];
}
