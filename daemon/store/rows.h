/* SPDX-License-Identifier: Apache-2.0 */
/* The readings of a group as a table that SQLite reads for itself: one statement stores them all,
 * instead of one bound and run for each. Private to daemon/store. */
#ifndef WQ_STORE_ROWS_H
#define WQ_STORE_ROWS_H

#include "db.h"

#include "wq/engine.h"

#include <stddef.h>

struct names;

/* What the table shows now. The arrays live until the statement that reads them was run. */
struct rows {
	const struct wq_stored *first;
	size_t count;
	const struct names *names;
};

/* Makes the table "rows_now" known to a connection; it shows *rows, which outlives the connection.
 * SQLITE_OK or the failure. */
int rows_register(sqlite3 *db, const struct rows *rows);

#endif
