/* SPDX-License-Identifier: Apache-2.0 */
/* wqctl alarms: the alarms of the history, change by change. Works whether or not the daemon runs.
 */
#include "commands.h"
#include "evidence.h"
#include "query.h"
#include "wq/alarm.h"

#include <stdbool.h>
#include <stddef.h>

enum { KEY_OPEN = 'o', KEY_EVIDENCE = 'e' };

static const struct argp_option options[] = {
	{ "open", KEY_OPEN, NULL, 0, "only alarms that are open", 0 },
	{ "evidence", KEY_EVIDENCE, NULL, 0,
	        "with ALARM: what it was judged by, change by change: rule, limit, readings, "
	        "neighbours",
	        0 },
	{ 0 },
};

struct arguments {
	struct query query;
	bool evidence;
};

static void take_alarm(struct argp_state *state, struct query *query, const char *arg)
{
	if (query->alarm != 0)
		argp_error(state, "one alarm at a time, '%s' is one too many", arg);
	query->alarm = wq_alarm_id(arg);
	if (query->alarm < 0)
		argp_error(state, "'%s' is not the name of an alarm; they look like W20260305-007",
		        arg);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *arguments = state->input;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->query;
		return 0;
	case KEY_OPEN:
		arguments->query.open = true;
		return 0;
	case KEY_EVIDENCE:
		arguments->evidence = true;
		return 0;
	case ARGP_KEY_ARG:
		take_alarm(state, &arguments->query, arg);
		return 0;
	case ARGP_KEY_END:
		if (arguments->evidence && arguments->query.alarm == 0)
			argp_error(state, "--evidence: of which alarm? Give its name");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child children[] = { { &query_argp, 0, NULL, 0 }, { 0 } };
static const struct argp argp = { options, parse, "[ALARM]",
	"Prints the changes of alarms (of one: ALARM) in the order they were decided: opened, raised, "
	"escalated, acknowledged, recovered, reopened, shelved, unshelved, reminded, cleared, closed, "
	"corrected; and retested, what people measured of it meanwhile.\v"
	"Examples:\n"
	"  wqctl alarms --open\n"
	"  wqctl alarms --station yigan --from 2026-03-01 --format csv\n"
	"  wqctl alarms W20260305-007 --evidence",
	children, NULL, NULL };

int ctl_alarms(int argc, char **argv)
{
	struct arguments arguments = { .query = { .what = QUERY_ALARMS } };
	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	return arguments.evidence ? evidence_run(&arguments.query) : query_run(&arguments.query);
}
