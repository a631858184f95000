/* SPDX-License-Identifier: Apache-2.0 */
/* wqctl alarms: the alarms of the history, change by change. Works whether or not the daemon runs.
 */
#include "commands.h"
#include "query.h"

#include <stddef.h>

enum { KEY_OPEN = 'o' };

static const struct argp_option options[] = {
	{ "open", KEY_OPEN, NULL, 0, "only alarms that are open", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct query *query = state->input;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = query;
		return 0;
	case KEY_OPEN:
		query->open = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is one argument too many", arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child children[] = { { &query_argp, 0, NULL, 0 }, { 0 } };
static const struct argp argp = { options, parse, NULL,
	"Prints the changes of alarms: opened, raised, escalated, acknowledged, cleared, closed, "
	"corrected, in the order they were decided.\v"
	"Examples:\n"
	"  wqctl alarms --open\n"
	"  wqctl alarms --station yigan --from 2026-03-01 --format csv",
	children, NULL, NULL };

int ctl_alarms(int argc, char **argv)
{
	struct query query = { .what = QUERY_ALARMS };
	argp_parse(&argp, argc, argv, 0, NULL, &query);
	return query_run(&query);
}
