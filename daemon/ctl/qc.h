/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of `wqctl qc`. */
#ifndef WQ_CTL_QC_H
#define WQ_CTL_QC_H

#include "wq/csv.h"
#include "wq/qc.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct wq_err;

/* -- qc_set.c: KEY=VALUE of a test, by the reference's names -- */

/* Takes one text into the request. Negative with a sentence that lists what is allowed. */
int qc_set(struct wq_qc_request *request, const char *text, struct wq_err *err);

/* -- qc_read.c: a CSV, row by row -- */

struct qc_input {
	FILE *from;       /* owned unless it is stdin */
	const char *name; /* of the file, for complaints */
	struct wq_csv *csv; /* owned */
	size_t wrong;     /* complaints so far */
	wq_ms last;       /* time of the row before; WQ_NO_TIME: none */
};

/* Opens FILE, or "-", into a zeroed *input; says on stderr what is wrong. CTL_DONE or the exit status. */
int qc_open(struct qc_input *input, const char *file);
void qc_close(struct qc_input *input);

/* The column whose heading is `name`, or is the parameter of that name; -1, and it is said. */
int qc_column(struct qc_input *input, const char *name);

/* The next row whose time is usable and not before the one before it; others are complained of. False: the end. */
bool qc_next(struct qc_input *input, struct wq_csv_row *row);

/* NaN for empty, "--", "*" and NaN; infinities as they are; what is no number is complained of and NaN. */
double qc_value(struct qc_input *input, const struct wq_csv_row *row, int column);

/* The exit status of what was read; says how many complaints were not shown. */
int qc_status(const struct qc_input *input);

/* -- qc.c -- */

struct qc_texts {
	size_t count, room;
	char **items; /* owned, and each of them */
};

int qc_texts_add(struct qc_texts *texts, const char *text);
void qc_texts_free(struct qc_texts *texts);

/* -- qc_health.c: our own tests -- */

/* `file` is a CSV, `sets` are COLUMN.KEY=VALUE, in their order. The exit status. */
int qc_health(const char *file, const struct qc_texts *sets);

#endif
