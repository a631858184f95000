/* SPDX-License-Identifier: Apache-2.0 */
/* Lists that the daemon answers with, shown as a table. One thread. */
#ifndef WQ_CTL_LIST_H
#define WQ_CTL_LIST_H

#include "client.h"

#include <stdbool.h>

/* What is asked for and how it is shown. All borrowed. */
struct ctl_list {
	const char *path, *member;  /* GET path; the answer has the list under this key */
	size_t columns;             /* at most CTL_TABLE_COLUMNS */
	const char *const *keys;    /* one a column: headings, and what of a row is shown where it is a text */
	const char *nothing;        /* said on stderr of an empty list */
	void (*mark)(const json_t *row, const char **cells); /* may replace cells of a row; NULL: none are */
};

/* Asks and prints; raw: the answer as it is. The exit status. */
int ctl_list(const struct ctl_target *target, const struct ctl_list *list, bool raw);

#endif
