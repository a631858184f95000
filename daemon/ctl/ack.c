/* SPDX-License-Identifier: Apache-2.0 */
/* wqctl ack and wqctl close: what a person says of an alarm, handed to the daemon. */
#include "client.h"
#include "commands.h"
#include "person.h"
#include "wq/alarm.h"

#include <stdio.h>
#include <string.h>

struct arguments {
	struct ctl_target target;
	const char *name;
	const char *who;
	const char *note;
	const char *cause;  /* of close */
	const char *action; /* of close */
};

enum { KEY_NOTE = 'n', KEY_CAUSE = 'C', KEY_ACTION = 'A' };

static const struct argp_option ack_options[] = {
	{ "note", KEY_NOTE, "TEXT", 0, "what is being done about it", 0 },
	{ 0 },
};
static const struct argp_option close_options[] = {
	{ "cause", KEY_CAUSE, "TEXT", 0, "what caused it (required)", 0 },
	{ "action", KEY_ACTION, "TEXT", 0, "the measure taken (required)", 0 },
	{ "note", KEY_NOTE, "TEXT", 0, "what else is to be said", 0 },
	{ 0 },
};

static void take_name(struct argp_state *state, struct arguments *arguments, const char *arg)
{
	if (arguments->name)
		argp_error(state, "one alarm at a time, '%s' is one too many", arg);
	if (wq_alarm_id(arg) < 0)
		argp_error(state, "'%s' is not the name of an alarm; they look like W20260305-007",
		        arg);
	arguments->name = arg;
}

/* What ack and close have in common. */
static error_t parse_common(int key, char *arg, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->target;
		state->child_inputs[1] = &arguments->who;
		return 0;
	case ARGP_KEY_ARG:
		take_name(state, arguments, arg);
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "the name of the alarm is missing");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static error_t parse_ack(int key, char *arg, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	if (key != KEY_NOTE)
		return parse_common(key, arg, state);
	arguments->note = person_text(state, "--note", arg, WQ_SAYS_TEXT - 1);
	return 0;
}

static void check_close(const struct arguments *arguments, struct argp_state *state)
{
	if (!arguments->cause)
		argp_error(state, "--cause is missing");
	if (!arguments->action)
		argp_error(state, "--action is missing");
}

static error_t parse_close(int key, char *arg, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case KEY_CAUSE:
		arguments->cause = person_text(state, "--cause", arg, WQ_CAUSE_MAX);
		return 0;
	case KEY_ACTION:
		arguments->action = person_text(state, "--action", arg, WQ_ACTION_MAX);
		return 0;
	case KEY_NOTE:
		arguments->note = person_text(state, "--note", arg, WQ_SAYS_TEXT - 1);
		return 0;
	case ARGP_KEY_END:
		check_close(arguments, state);
		return 0;
	default:
		return parse_common(key, arg, state);
	}
}

static int tell(const struct arguments *arguments, const char *verb, const char *done, json_t *body)
{
	char path[64];
	char login[WQ_PERSON_TEXT];
	const char *who = person_name(arguments->who, login);
	struct ctl_answer answer;
	int r;

	json_object_set_new(body, "who", json_string(who));
	snprintf(path, sizeof path, "/v1/alarms/%s/%s", arguments->name, verb);
	r = ctl_ask(&arguments->target, "POST", path, body, &answer);
	if (r == CTL_DONE)
		printf("%s %s by %s\n", arguments->name, done, who);
	ctl_answer_free(&answer);
	json_decref(body);
	return r;
}

static const struct argp_child children[] = { { &ctl_target_argp, 0, NULL, 0 },
	{ &person_argp, 0, NULL, 0 }, { 0 } };

int ctl_ack(int argc, char **argv)
{
	static const struct argp argp = { ack_options, parse_ack, "ALARM",
		"Acknowledges an alarm: somebody is dealing with it, it does not escalate.",
		children, NULL, NULL };
	struct arguments arguments = { 0 };

	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	return tell(&arguments, "acknowledge", "acknowledged",
	        json_pack("{s:s}", "note", arguments.note ? arguments.note : ""));
}

int ctl_close(int argc, char **argv)
{
	static const struct argp argp = { close_options, parse_close, "ALARM",
		"Closes an alarm with its cause and the measure taken.\v"
		"Where the configuration names causes (site.causes) it is one of them; another one is refused with those that "
		"are.",
		children, NULL, NULL };
	struct arguments arguments = { 0 };

	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	return tell(&arguments, "close", "closed",
	        json_pack("{s:s, s:s, s:s*}", "cause", arguments.cause, "action", arguments.action, "note", arguments.note));
}
