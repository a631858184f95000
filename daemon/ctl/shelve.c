/* SPDX-License-Identifier: Apache-2.0 */
/* wqctl shelve, unshelve and shelved: alarms are put aside for a while, by somebody, for a reason.
 */
#include "client.h"
#include "commands.h"
#include "list.h"
#include "person.h"

#include "wq/alarm.h"
#include "wq/err.h"
#include "wq/instant.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct arguments {
	struct ctl_target target;
	const char *alarm, *rule, *station, *parameter;
	const char *who, *span, *reason;
	bool up;  /* shelve, not unshelve */
	bool raw; /* of shelved */
};

enum {
	KEY_RULE = 'r',
	KEY_STATION = 's',
	KEY_PARAMETER = 'p',
	KEY_FOR = 'f',
	KEY_REASON = 'R',
	KEY_JSON = 'j'
};

#define WHERE                                                                                      \
	{ NULL, 0, NULL, 0, "Which, when not one open ALARM:", 1 },                                \
	        { "rule", KEY_RULE, "TITLE", 0, "a rule, by its title in the configuration", 1 },  \
	        { "station", KEY_STATION, "ID", 0, "at this station", 1 },                         \
	{                                                                                          \
		"parameter", KEY_PARAMETER, "NAME", 0,                                             \
		        "of this parameter only (default: all it judges there)", 1                 \
	}

static const struct argp_option shelve_options[] = {
	{ "for", KEY_FOR, "SPAN", 0, "how long: 30m, 2h, 3d (required)", 0 },
	{ "reason", KEY_REASON, "TEXT", 0, "why (required)", 0 }, WHERE, { 0 }
};
static const struct argp_option unshelve_options[] = { WHERE, { 0 } };
static const struct argp_option shelved_options[] = {
	{ "json", KEY_JSON, NULL, 0, "print the daemon's answer as it is", 0 }, { 0 }
};

static void take_alarm(struct argp_state *state, struct arguments *arguments, const char *arg)
{
	if (arguments->alarm)
		argp_error(state, "one alarm at a time, '%s' is one too many", arg);
	if (wq_alarm_id(arg) < 0)
		argp_error(state, "'%s' is not the name of an alarm; they look like W20260305-007",
		        arg);
	arguments->alarm = arg;
}

static void check(struct argp_state *state, const struct arguments *arguments)
{
	struct wq_err err;
	wq_ms span;

	if (!arguments->alarm == !arguments->rule)
		argp_error(state, "give an ALARM, or --rule with --station");
	if (arguments->alarm && (arguments->station || arguments->parameter))
		argp_error(state, "--station and --parameter go with --rule");
	if (!arguments->up)
		return;
	if (!arguments->span)
		argp_error(state, "--for is missing: a shelf always ends");
	if (wq_span_parse(arguments->span, &span, &err) < 0)
		argp_error(state, "--for: %s", err.text);
	if (!arguments->reason)
		argp_error(state, "--reason is missing");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *arguments = state->input;
	const struct {
		int key;
		const char **to;
	} texts[] = { { KEY_RULE, &arguments->rule }, { KEY_STATION, &arguments->station },
		{ KEY_PARAMETER, &arguments->parameter }, { KEY_FOR, &arguments->span } };

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (texts[i].key == key) {
			*texts[i].to = arg;
			return 0;
		}
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->target;
		state->child_inputs[1] = &arguments->who;
		return 0;
	case KEY_REASON:
		arguments->reason = person_text(state, "--reason", arg, WQ_SAYS_TEXT - 1);
		return 0;
	case ARGP_KEY_ARG:
		take_alarm(state, arguments, arg);
		return 0;
	case ARGP_KEY_END:
		check(state, arguments);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child children[] = { { &ctl_target_argp, 0, NULL, 0 },
	{ &person_argp, 0, NULL, 0 }, { 0 } };

static int ask(const struct arguments *arguments)
{
	char path[64], login[WQ_PERSON_TEXT];
	const char *verb = arguments->up ? "shelve" : "unshelve";
	const char *who = person_name(arguments->who, login);
	json_t *body = json_pack("{s:s, s:s*, s:s*, s:s*, s:s*, s:s*}", "who", who, "for",
	        arguments->span, "reason", arguments->reason, "rule", arguments->rule, "station",
	        arguments->station, "parameter", arguments->parameter);
	struct ctl_answer answer;

	if (arguments->alarm)
		snprintf(path, sizeof path, "/v1/alarms/%s/%s", arguments->alarm, verb);
	else
		snprintf(path, sizeof path, "/v1/%s", verb);
	int r = ctl_ask(&arguments->target, "POST", path, body, &answer);
	if (r == CTL_DONE)
		printf("%s%s%s%s%s %sd%s%s by %s\n",
		        arguments->alarm ? arguments->alarm : arguments->rule,
		        arguments->station ? " at " : "", arguments->station ? arguments->station : "",
		        arguments->parameter ? " " : "",
		        arguments->parameter ? arguments->parameter : "", verb,
		        arguments->up ? " for " : "", arguments->up ? arguments->span : "", who);
	ctl_answer_free(&answer);
	json_decref(body);
	return r;
}

int ctl_shelve(int argc, char **argv)
{
	static const struct argp argp = { shelve_options, parse, "[ALARM]",
		"Puts a rule at one of its places aside for a while: its alarms are recorded, "
		"nobody is told and "
		"nothing escalates. What is still open at the end is told again.\v"
		"Examples:\n"
		"  wqctl shelve W20260305-007 --for 2h --reason 清洗探头\n"
		"  wqctl shelve --rule class3 --station yigan --parameter tp --for 1d --reason "
		"试剂更换",
		children, NULL, NULL };
	struct arguments arguments = { .up = true };

	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	return ask(&arguments);
}

int ctl_unshelve(int argc, char **argv)
{
	static const struct argp argp = { unshelve_options, parse, "[ALARM]",
		"Ends a shelf before its time. What is still open is told again.", children, NULL,
		NULL };
	struct arguments arguments = { 0 };

	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	return ask(&arguments);
}

static error_t parse_shelved(int key, char *arg, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->target;
		return 0;
	case KEY_JSON:
		arguments->raw = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "unexpected argument '%s'", arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* Nobody's name stands for one that was put up because its alarm opened too often. */
static void mark(const json_t *shelf, const char **cells)
{
	if (json_is_true(json_object_get(shelf, "automatic")))
		cells[5] = "(automatic)";
}

int ctl_shelved(int argc, char **argv)
{
	static const struct argp_child target[] = { { &ctl_target_argp, 0, NULL, 0 }, { 0 } };
	static const struct argp argp = { shelved_options, parse_shelved, "",
		"Lists what is shelved: until when, by whom and why, and the alarm that is open "
		"there.",
		target, NULL, NULL };
	static const char *const keys[] = { "rule", "station", "parameter", "since", "until", "who",
		"reason", "alarm" };
	static const struct ctl_list shelves = { .path = "/v1/shelves",
		.member = "shelves",
		.columns = sizeof keys / sizeof *keys,
		.keys = keys,
		.nothing = "nothing is shelved",
		.mark = mark };
	struct arguments arguments = { 0 };

	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	return ctl_list(&arguments.target, &shelves, arguments.raw);
}
