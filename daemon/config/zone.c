/* SPDX-License-Identifier: Apache-2.0 */
/* Time zones by name, resolved to rows. */
#include "zone.h"

#include "arena.h"
#include "wq/err.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FIRST ((time_t)0)
#define LAST  ((time_t)7258118400) /* 2200-01-01 */
#define DAY   ((time_t)86400)
#define ROWS  1024 /* two changes a year for 230 years, and then some */

static const struct wq_zone *fixed_zone(struct arena *arena, wq_ms offset)
{
	struct wq_zone_row *row = arena_take(arena, sizeof *row);
	struct wq_zone *zone = arena_take(arena, sizeof *zone);

	*row = (struct wq_zone_row){ .from = 0, .offset = offset };
	*zone = (struct wq_zone){ .count = 1, .rows = row };
	return zone;
}

/* "+8", "+08:00", "-3:30": sign, one or two digits, optionally a colon and two more. */
static bool parse_offset(const char *text, wq_ms *offset)
{
	const int sign = text[0] == '+' ? 1 : text[0] == '-' ? -1 : 0;
	int hours = 0, minutes = 0, digits = 0;

	if (sign == 0)
		return false;
	for (text++; isdigit((unsigned char)*text) && digits < 2; text++, digits++)
		hours = hours * 10 + (*text - '0');
	if (digits == 0 || hours > 14)
		return false;
	if (*text == ':') {
		if (!isdigit((unsigned char)text[1]) || !isdigit((unsigned char)text[2]))
			return false;
		minutes = (text[1] - '0') * 10 + (text[2] - '0');
		text += 3;
	}
	if (*text != '\0' || minutes > 59)
		return false;
	*offset = sign * (WQ_HOURS(hours) + WQ_MINUTES(minutes));
	return true;
}

const struct wq_zone *zone_by_offset(const char *text, struct arena *arena, struct wq_err *err)
{
	wq_ms offset;

	if (!parse_offset(text, &offset)) {
		wq_fail(err, WQ_E_INVALID,
		        "\"%s\" is not an offset; write it like \"+08:00\", at most 14 hours",
		        text);
		return NULL;
	}
	return fixed_zone(arena, offset);
}

/* tzset() takes a folder ("Asia") and any file for UTC without a word. */
static bool holds_zone(const char *path)
{
	FILE *file = fopen(path, "re");
	char magic[4];
	bool holds;

	if (file == NULL)
		return false;
	holds = fread(magic, 1, sizeof magic, file) == sizeof magic &&
	        memcmp(magic, "TZif", sizeof magic) == 0;
	fclose(file);
	return holds;
}

static bool known_name(const char *name)
{
	const char *folder = getenv("TZDIR");
	char path[512];

	if (name[0] == '/' || strstr(name, "..") != NULL || !isalpha((unsigned char)name[0]))
		return false;
	for (const char *c = name; *c != '\0'; c++) {
		if (!isalnum((unsigned char)*c) && strchr("/_+-", *c) == NULL)
			return false;
	}
	snprintf(path, sizeof path, "%s/%s", folder == NULL ? "/usr/share/zoneinfo" : folder, name);
	return holds_zone(path);
}

static wq_ms offset_at(time_t at)
{
	struct tm tm;

	return localtime_r(&at, &tm) == NULL ? 0 : WQ_SECONDS(tm.tm_gmtoff);
}

/* The first second after `low` that has another offset than low; high has one. */
static time_t change_between(time_t low, time_t high)
{
	const wq_ms before = offset_at(low);

	while (high - low > 1) {
		const time_t middle = low + (high - low) / 2;

		if (offset_at(middle) == before)
			low = middle;
		else
			high = middle;
	}
	return high;
}

static const struct wq_zone *scan_zone(struct arena *arena)
{
	struct wq_zone_row *rows = arena_array(arena, ROWS, sizeof *rows);
	struct wq_zone *zone = arena_take(arena, sizeof *zone);
	wq_ms offset = offset_at(FIRST);

	rows[0] = (struct wq_zone_row){ .from = 0, .offset = offset };
	zone->count = 1;
	zone->rows = rows;
	for (time_t at = FIRST; at < LAST && zone->count < ROWS; at += DAY) {
		const wq_ms before = offset, after = offset_at(at + DAY);
		time_t change;

		offset = after;
		if (before == after)
			continue;
		change = change_between(at, at + DAY);
		rows[zone->count++] = (struct wq_zone_row){ .from = WQ_SECONDS(change),
			.offset = offset_at(change) };
	}
	return zone;
}

const struct wq_zone *zone_by_name(const char *name, struct arena *arena, struct wq_err *err)
{
	const char *outside = getenv("TZ");
	char *kept = outside == NULL ? NULL : strdup(outside);
	const struct wq_zone *zone;
	wq_ms offset = 0;

	if (strncmp(name, "UTC", 3) == 0 && (name[3] == '\0' || parse_offset(name + 3, &offset))) {
		free(kept);
		return fixed_zone(arena, offset);
	}
	if (!known_name(name) || (outside != NULL && kept == NULL)) {
		free(kept);
		wq_fail(err, WQ_E_INVALID,
		        "\"%s\" is not a time zone known here; write \"UTC+8\" or an IANA name "
		        "like \"Asia/Shanghai\"",
		        name);
		return NULL;
	}
	setenv("TZ", name, 1);
	tzset();
	zone = scan_zone(arena);
	if (kept == NULL)
		unsetenv("TZ");
	else
		setenv("TZ", kept, 1);
	tzset();
	free(kept);
	return zone;
}
