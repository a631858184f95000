/* SPDX-License-Identifier: Apache-2.0 */
/* What is under way, and the cursor behind it. */
#include "window.h"

#include <string.h>

void window_init(struct window *window, size_t room, uint64_t cursor)
{
	window->room = room < 1 ? 1 : room < WINDOW_MAX ? room : WINDOW_MAX;
	window->first = window->count = 0;
	window->next = 1;
	window->cursor = cursor;
	window->forwarded = WQ_NO_TIME;
	window->messages = 0;
}

void window_rewind(struct window *window)
{
	window->first = window->count = 0;
}

bool window_full(const struct window *window)
{
	return window->count >= window->room;
}

static struct window_entry *at(const struct window *window, size_t i)
{
	return (struct window_entry *)&window->entries[(window->first + i) % WINDOW_MAX];
}

struct window_entry *window_push(struct window *window)
{
	struct window_entry *entry = at(window, window->count++);
	*entry = (struct window_entry){ .token = window->next++ };
	return entry;
}

/* Drops what is done from the front on; the cursor stands behind the last whole sequence of it. */
static void settle(struct window *window)
{
	while (window->count > 0 && at(window, 0)->done) {
		const struct window_entry *entry = at(window, 0);
		if (entry->last)
			window->cursor = entry->sequence;
		if (entry->received != WQ_NO_TIME)
			window->forwarded = entry->received;
		window->first = (window->first + 1) % WINDOW_MAX;
		window->count--;
	}
}

void window_skip(struct window *window, uint64_t sequence, bool last)
{
	struct window_entry *entry = window_push(window);
	entry->sequence = sequence;
	entry->last = last;
	entry->done = true;
	entry->received = WQ_NO_TIME;
	settle(window);
}

bool window_acknowledge(struct window *window, uint64_t token)
{
	if (window->count == 0 || token < at(window, 0)->token || token >= window->next)
		return false;
	struct window_entry *entry = at(window, (size_t)(token - at(window, 0)->token));
	if (entry->done)
		return false;
	entry->done = true;
	window->messages++;
	settle(window);
	return true;
}

static bool meant(const struct window_entry *entry, const struct window_word *word)
{
	if (entry->done || (word->station != NULL && strcmp(entry->station, word->station) != 0))
		return false;
	if (entry->sequence != word->sequence)
		return word->through && entry->sequence < word->sequence;
	return word->at == WQ_NO_TIME || entry->at == word->at;
}

size_t window_commit(struct window *window, const struct window_word *word)
{
	size_t ended = 0;
	for (size_t i = 0; i < window->count && at(window, i)->sequence <= word->sequence; i++) {
		struct window_entry *entry = at(window, i);
		if (!meant(entry, word))
			continue;
		entry->done = true;
		window->messages++;
		ended++;
	}
	settle(window);
	return ended;
}

const struct window_entry *window_oldest(const struct window *window)
{
	return window->count > 0 ? at(window, 0) : NULL;
}
