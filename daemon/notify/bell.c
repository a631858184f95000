/* SPDX-License-Identifier: Apache-2.0 */
/* Times of day. */
#include "bell.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define LOOK_AHEAD 397 /* days */

static int monthday_of(wq_day day)
{
	char text[WQ_INSTANT_TEXT];

	return atoi(wq_day_format(day, text) + 8);
}

/* 1970-01-01 was a Thursday; Monday is 0. */
static unsigned weekday_of(wq_day day)
{
	return (unsigned)(((day % 7) + 7 + 3) % 7);
}

char *bell_number(const struct wq_zone *zone, wq_ms at, char letter, char buf[WQ_INSTANT_TEXT])
{
	char text[WQ_INSTANT_TEXT];

	wq_instant_format(zone, at, text); /* 2026-03-05T10:00:… */
	snprintf(buf, WQ_INSTANT_TEXT, "%c%.4s%.2s%.2s-%.2s%.2s", letter, text, text + 5, text + 8, text + 11, text + 14);
	return buf;
}

bool bell_rings(const struct bell *bell, wq_day day)
{
	const int today = monthday_of(day);

	if (bell->weekdays != 0 && (bell->weekdays & 1U << weekday_of(day)) == 0)
		return false;
	if (bell->monthday == 0 || today == bell->monthday)
		return true;
	return today < bell->monthday && monthday_of(day + 1) == 1;
}

wq_ms bell_instant(const struct wq_zone *zone, wq_day day, wq_ms at)
{
	const wq_ms start = wq_day_start(zone, day), then = start + at;

	return then + wq_zone_offset(zone, start) - wq_zone_offset(zone, then);
}

enum bell_step bell_step(const struct bell *bell, const struct wq_zone *zone, wq_ms mark, wq_ms now, wq_ms *due)
{
	const wq_day today = wq_day_of(zone, now);

	*due = now;
	if (mark == WQ_NO_TIME)
		return BELL_FIRST;
	if (mark > now + BELL_AHEAD)
		return BELL_RESET;
	*due = bell_instant(zone, today, bell->at);
	if (!bell_rings(bell, today) || now < *due || mark >= *due)
		return BELL_NOTHING;
	return BELL_RING;
}

wq_ms bell_next(const struct bell *bell, const struct wq_zone *zone, wq_ms now)
{
	const wq_day today = wq_day_of(zone, now);

	for (wq_day day = today; day < today + LOOK_AHEAD; day++) {
		const wq_ms at = bell_instant(zone, day, bell->at);

		if (bell_rings(bell, day) && at > now)
			return at;
	}
	return WQ_NO_TIME;
}
