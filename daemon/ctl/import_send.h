/* SPDX-License-Identifier: Apache-2.0 */
/* Readings of a file to the running daemon, in pieces, each of which is committed before the next is sent. */
#ifndef WQ_CTL_IMPORT_SEND_H
#define WQ_CTL_IMPORT_SEND_H

#include "wq/driver.h"
#include "wq/table.h"

#include <jansson.h>

/* Values in a piece, at most; what the daemon takes of a body bounds it too. */
#define IMPORT_PIECE 100

struct import_sender {
	const char *socket, *file, *kind;
	const struct wq_parameter *parameters;
	wq_ms began;
	struct wq_fate fate;
	size_t complaints; /* said and counted by ctl_complain() */
	/* the piece that is being filled */
	json_t *rows;
	size_t lines[IMPORT_PIECE];
	size_t bytes;
};

/* Adds a reading; sends the piece when it is full. CTL_DONE, CTL_UNREACHABLE, CTL_WRONG; said on stderr. */
int import_add(struct import_sender *sender, const struct wq_table_reading *reading);
int import_flush(struct import_sender *sender);
void import_drop(struct import_sender *sender); /* what was not sent */

#endif
