/* SPDX-License-Identifier: Apache-2.0 */
/* wqctl maintain: a station, or one parameter of it, is being worked on: nobody is told, and everybody can see it. */
#include "client.h"
#include "commands.h"
#include "person.h"

#include "wq/err.h"
#include "wq/instant.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct arguments {
	struct ctl_target target;
	const char *station, *parameter, *who, *span, *until, *reason;
	bool end;
};

enum { KEY_PARAMETER = 'p', KEY_FOR = 'f', KEY_UNTIL = 'u', KEY_REASON = 'R', KEY_END = 'e' };

static const struct argp_option options[] = {
	{ "parameter", KEY_PARAMETER, "NAME", 0, "this parameter only (default: all of the station)", 0 },
	{ "for", KEY_FOR, "SPAN", 0, "how long: 30m, 2h, 1d", 0 },
	{ "until", KEY_UNTIL, "TIME", 0, "or until when: \"2026-03-05 12:00\", in the station's zone", 0 },
	{ "reason", KEY_REASON, "TEXT", 0, "what is done there (required)", 0 },
	{ "end", KEY_END, NULL, 0, "it is done: what is measured from now on is judged", 0 },
	{ 0 },
};

static void check(struct argp_state *state, const struct arguments *a)
{
	struct wq_err err;
	wq_ms value;

	if (!a->station)
		argp_error(state, "the station is missing");
	if (a->end) {
		if (a->span || a->until || a->reason)
			argp_error(state, "--end takes no --for, --until or --reason");
		return;
	}
	if (!a->span == !a->until)
		argp_error(state, "give --for or --until: a maintenance always ends");
	if (a->span && wq_span_parse(a->span, &value, &err) < 0)
		argp_error(state, "--for: %s", err.text);
	if (a->until && wq_instant_parse(a->until, &wq_zone_china, &value, &err) < 0)
		argp_error(state, "--until: %s", err.text);
	if (!a->reason)
		argp_error(state, "--reason is missing");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *arguments = state->input;
	const struct {
		int key;
		const char **to;
	} texts[] = { { KEY_PARAMETER, &arguments->parameter }, { KEY_FOR, &arguments->span }, { KEY_UNTIL, &arguments->until } };

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
	case KEY_END:
		arguments->end = true;
		return 0;
	case ARGP_KEY_ARG:
		if (arguments->station)
			argp_error(state, "one station at a time, '%s' is one too many", arg);
		arguments->station = arg;
		return 0;
	case ARGP_KEY_END:
		check(state, arguments);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void say(const struct arguments *a, const char *who)
{
	printf("%s%s%s ", a->station, a->parameter ? " " : "", a->parameter ? a->parameter : "");
	if (a->end)
		printf("is judged again, by %s\n", who);
	else
		printf("is under maintenance %s %s by %s\n", a->span ? "for" : "until", a->span ? a->span : a->until, who);
}

int ctl_maintain(int argc, char **argv)
{
	static const struct argp_child children[] = { { &ctl_target_argp, 0, NULL, 0 }, { &person_argp, 0, NULL, 0 }, { 0 } };
	static const struct argp argp = { options, parse, "STATION",
		"Announces that a station is being worked on: what it measures is kept, and judged by nobody.\v"
		"Examples:\n"
		"  wqctl maintain yigan --for 2h --reason 换泵管\n"
		"  wqctl maintain yigan --parameter tp --until \"2026-03-05 12:00\" --reason 标样核查\n"
		"  wqctl maintain --end yigan",
		children, NULL, NULL };
	struct arguments arguments = { 0 };
	char login[WQ_PERSON_TEXT];
	struct ctl_answer answer;

	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	const char *who = person_name(arguments.who, login);
	json_t *body = json_pack("{s:s, s:s, s:s*, s:s*, s:s*, s:s*}", "station", arguments.station, "who", who, "parameter",
		arguments.parameter, "for", arguments.span, "until", arguments.until, "reason", arguments.reason);
	int r = ctl_ask(&arguments.target, "POST", arguments.end ? "/v1/maintain-end" : "/v1/maintain", body, &answer);
	if (r == CTL_DONE)
		say(&arguments, who);
	ctl_answer_free(&answer);
	json_decref(body);
	return r;
}
