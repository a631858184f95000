/* SPDX-License-Identifier: Apache-2.0 */
/* Where `wqctl trend` gets its series from. */
#ifndef WQ_CTL_TREND_H
#define WQ_CTL_TREND_H

#include "query.h"

#include "wq/instant.h"

#include <stdbool.h>
#include <stddef.h>

/* Texts are borrowed from the command line. */
struct trend_source {
	struct query query; /* station, parameter, from, to, and which history */
	const char *csv;    /* instead of a history; "-": standard input; NULL */
	bool positive;      /* a value has to be above 0 */
};

/* Rows ascending by time; NaN: the row has no value. */
struct trend_rows {
	size_t count, room;
	wq_ms *at;     /* owned */
	double *value; /* owned */
};

/* Reads the rows into a zeroed *rows; says on stderr what is wrong, then nothing of it may be used.
 * CTL_DONE, or the exit status. */
int trend_read(const struct trend_source *source, struct trend_rows *rows);
void trend_free(struct trend_rows *rows);

#endif
