/* SPDX-License-Identifier: Apache-2.0 */
/* wqctl learnt: what the rule `health` learnt to be usual of each series. From the history, whether or not the daemon runs: what
 * was learnt is stored when a day closes. */
#include "commands.h"
#include "query.h"

#include <stddef.h>

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct query *query = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = query;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is one argument too many", arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child children[] = { { &query_place_argp, 0, NULL, 0 }, { 0 } };
static const struct argp argp = { NULL, parse, NULL,
	"Prints what the rule health learnt of each series: since and until when, of how many readings; below low, above high and "
	"by more than rate within 4 h a reading is unusual. The three are empty until enough is known.\v"
	"Examples:\n"
	"  wqctl learnt\n"
	"  wqctl learnt --station yigan --format csv",
	children, NULL, NULL };

int ctl_learnt(int argc, char **argv)
{
	struct query query = { .what = QUERY_LEARNT };

	argp_parse(&argp, argc, argv, 0, NULL, &query);
	return query_run(&query);
}
