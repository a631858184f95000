/* SPDX-License-Identifier: Apache-2.0 */
/* A section `roster` while it is read. */
#ifndef WQ_CONFIG_ROSTERS_H
#define WQ_CONFIG_ROSTERS_H

#include "load.h"

#include "notify/roster.h"

#define ROSTER_ENTRIES 20000 /* of one roster: swaps, holidays and rows of its file */
#define ROSTER_FILE_MAX ((size_t)2 * 1024 * 1024)
#define ROSTER_TOKEN    WQ_NAME_TEXT

struct roster_plan {
	struct loader *l;
	const struct section *section;
	struct roster *roster;
	struct names shifts;
	struct roster_entry *entries;
	size_t room;
	bool full; /* it was told that there are too many */
};

/* "2026-03-05". False: it is no date. */
bool roster_day(const char *text, wq_day *day);

/* Adds one entry; tells once when there is no room. */
void roster_put(struct roster_plan *plan, const struct roster_entry *entry);

/* roster_file.c: the rows of a CSV with date, shift, person and role. */
void roster_read_file(struct roster_plan *plan, const char *path);

#endif
