/* SPDX-License-Identifier: Apache-2.0 */
/* What `wqctl query`, `wqctl alarms` and `wqctl learnt` share: where the history is, what of it is wanted, how it
 * is written. */
#ifndef WQ_CTL_QUERY_H
#define WQ_CTL_QUERY_H

#include <argp.h>
#include <stdbool.h>
#include <stdint.h>

struct reader;

enum query_format { QUERY_TABLE, QUERY_CSV, QUERY_JSON };

enum query_what { QUERY_SAMPLES, QUERY_DAILY, QUERY_ALARMS, QUERY_CHECKS, QUERY_MANUAL, QUERY_COMMANDS, QUERY_LEARNT, QUERY_SQL };

/* Zero-initialise. Texts are borrowed from the command line. */
struct query {
	enum query_what what;
	enum query_format format;
	const char *config, *database; /* where: --database wins */
	const char *station, *parameter, *from, *to;
	const char *sql;
	bool open; /* alarms: only those that are open */
	int64_t alarm; /* alarms: only this one; 0: all */
};

/* The options --config, --database, --format, --station, --parameter, --from and --to, for the
 * `children` of a subcommand's argp; its parser sets state->child_inputs[0] to a struct query. */
extern const struct argp query_argp;

/* Without --from and --to. */
extern const struct argp query_place_argp;

/* Of these only --config and --database with --format and --json, or with --from and --to. */
extern const struct argp query_form_argp, query_span_argp;

/* Opens the history that is meant; says on stderr what went wrong. CTL_DONE, or the exit status. */
int query_open(const struct query *query, struct reader **reader);

/* Reads and prints; says on stderr what went wrong. Returns the exit status. */
int query_run(const struct query *query);

#endif
