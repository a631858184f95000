/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a history that the daemon may be writing at the same time: never writes, never holds it for
 * long. One thread. Results go to a sink row by row, inside one short read transaction: a sink must
 * not wait for a person or a pipe (see rows.h), since the daemon's log grows as long as it lasts.
 */
#ifndef WQ_STORE_READER_H
#define WQ_STORE_READER_H

#include "wq/instant.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wq_err;
struct reader;

struct reader_cell {
	enum reader_type { READER_NULL, READER_INTEGER, READER_REAL, READER_TEXT } type;
	int64_t integer;
	double real;
	const char *text; /* UTF-8 as stored, NUL-terminated; until row() returns */
	size_t length;
};

struct reader_sink {
	void *owner;
	/* Once, before the rows. Both: 0, or a negative enum wq_code that ends the reading. */
	int (*head)(void *owner, const char *const *names, size_t count, struct wq_err *err);
	int (*row)(void *owner, const struct reader_cell *cells, size_t count, struct wq_err *err);
};

/* Opens read-only. WQ_E_MISSING: no such file; WQ_E_INVALID: not a history, or newer than this
 * program; WQ_E_PROTOCOL: damaged; WQ_E_IO. */
int reader_open(const char *path, struct reader **reader, struct wq_err *err);
void reader_close(struct reader *reader); /* NULL is fine */

/* The site's time zone as the views use it: one fixed offset. */
const struct wq_zone *reader_zone(const struct reader *reader);

/* What to select. WQ_NO_TIME and NULL do not restrict; `to` is exclusive. */
struct reader_filter {
	const char *station;   /* id */
	const char *parameter; /* alias, code, or name as officers read it */
	wq_ms from, to;
	bool open; /* alarms: only changes of those that are open */
	int64_t alarm; /* alarms: only changes of this one; 0: all */
};

/* The rows of v_sample, v_daily, v_alarm, ascending by time. Samples need a station and a
 * parameter; WQ_E_MISSING when the history knows no such one (also for the others), with those it
 * knows in the sentence. */
int reader_samples(struct reader *reader, const struct reader_filter *filter,
        const struct reader_sink *sink, struct wq_err *err);
int reader_daily(struct reader *reader, const struct reader_filter *filter,
        const struct reader_sink *sink, struct wq_err *err);
int reader_alarms(struct reader *reader, const struct reader_filter *filter,
        const struct reader_sink *sink, struct wq_err *err);
/* The rows of v_check; an older history without it has none. */
int reader_checks(struct reader *reader, const struct reader_filter *filter,
        const struct reader_sink *sink, struct wq_err *err);

/* What people measured, beside the nearest reading of the analyser, ascending by time. */
int reader_manual(struct reader *reader, const struct reader_filter *filter,
        const struct reader_sink *sink, struct wq_err *err);

/* The commands to devices that people asked for, ascending by time; station and parameter do not restrict. */
int reader_commands(struct reader *reader, const struct reader_filter *filter,
        const struct reader_sink *sink, struct wq_err *err);

/* The rows of v_learnt, by station and parameter; `from` and `to` do not restrict. WQ_E_MISSING: an older history without it. */
int reader_learnt(struct reader *reader, const struct reader_filter *filter,
        const struct reader_sink *sink, struct wq_err *err);

/* Every change of one alarm with its evidence (JSON text): change, time, level, text, hushed, evidence. No
 * rows: the history knows no such alarm. */
int reader_evidence(struct reader *reader, int64_t alarm, const struct reader_sink *sink, struct wq_err *err);

/* The days first … last (inclusive) of all stations in their newest revisions, items only, by station and
 * day: station (id), day (number), code, mean, mean_raw, valid, expected, below. */
int reader_days(struct reader *reader, wq_day first, wq_day last, const struct reader_sink *sink,
        struct wq_err *err);

/* One SELECT of the user. WQ_E_INVALID: SQL that is wrong, that writes, or more than one statement.
 */
int reader_sql(
        struct reader *reader, const char *sql, const struct reader_sink *sink, struct wq_err *err);

#endif
