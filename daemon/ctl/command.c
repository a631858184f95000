/* SPDX-License-Identifier: Apache-2.0 */
/* wqctl command: a device is to do what the configuration lists under a name. Who asks is what the kernel says. */
#include "client.h"
#include "commands.h"

#include <stdio.h>
#include <string.h>

struct arguments {
	struct ctl_target target;
	const char *bus, *name;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->target;
		return 0;
	case ARGP_KEY_ARG:
		if (a->name)
			argp_error(state, "'%s' is one argument too many", arg);
		*(a->bus ? &a->name : &a->bus) = arg;
		return 0;
	case ARGP_KEY_END:
		if (!a->name)
			argp_error(state, "say: wqctl command BUS NAME");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int print_answer(const struct arguments *a, const json_t *reply)
{
	const char *outcome = json_string_value(json_object_get(reply, "outcome"));
	const char *text = json_string_value(json_object_get(reply, "text"));

	printf("%s %s: %s%s%s\n", a->bus, a->name, outcome ? outcome : "?", text && text[0] ? ": " : "", text ? text : "");
	return outcome && strcmp(outcome, "done") == 0 ? CTL_DONE : CTL_WRONG;
}

int ctl_command(int argc, char **argv)
{
	static const struct argp_child children[] = { { &ctl_target_argp, 0, NULL, 0 }, { 0 } };
	static const struct argp argp = { NULL, parse, "BUS NAME",
		"Has the daemon send the command NAME, as the configuration lists it at the bus BUS, to its device, and prints what "
		"became of it. Every request is recorded: wqctl query --commands.\v"
		"Exit status 0: the device confirmed it; 1: it did not, or it was not sent; 3: the daemon does not answer.",
		children, NULL, NULL };
	struct arguments arguments = { 0 };
	struct ctl_answer answer;

	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	json_t *body = json_pack("{s:s, s:s}", "bus", arguments.bus, "command", arguments.name);
	int r = ctl_ask(&arguments.target, "POST", "/v1/command", body, &answer);

	if (r == CTL_DONE)
		r = print_answer(&arguments, answer.json);
	ctl_answer_free(&answer);
	json_decref(body);
	return r;
}
