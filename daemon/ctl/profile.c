/* SPDX-License-Identifier: Apache-2.0 */
/* wqctl profile: which profiles are on; turns one on or off by hand, or back to its dates. */
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
	const char *profile, *say, *until, *reason, *who;
	bool raw;
};

enum { KEY_UNTIL = 'u', KEY_REASON = 'R', KEY_JSON = 'j' };

static const struct argp_option options[] = {
	{ "until", KEY_UNTIL, "TIME", 0, "until then (2026-07-01T08:00, in the site's zone); default: until something else is said", 0 },
	{ "reason", KEY_REASON, "TEXT", 0, "why (required with on and off)", 0 },
	{ "json", KEY_JSON, NULL, 0, "of the list: print the daemon's answer as it is", 0 },
	{ 0 } };

static void check(struct argp_state *state, const struct arguments *a)
{
	struct wq_err err;
	wq_ms at;

	if (!a->profile)
		return;
	if (!a->say || (strcmp(a->say, "on") != 0 && strcmp(a->say, "off") != 0 && strcmp(a->say, "auto") != 0))
		argp_error(state, "say on, off or auto after the profile's name");
	if (a->until && wq_instant_parse(a->until, &wq_zone_china, &at, &err) < 0)
		argp_error(state, "--until: %s", err.text);
	if (a->until && strcmp(a->say, "auto") == 0)
		argp_error(state, "--until does not go with auto");
	if (!a->reason && strcmp(a->say, "auto") != 0)
		argp_error(state, "--reason is missing");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->target;
		state->child_inputs[1] = &a->who;
		return 0;
	case KEY_UNTIL:
		a->until = arg;
		return 0;
	case KEY_REASON:
		a->reason = person_text(state, "--reason", arg, WQ_SAYS_TEXT - 1);
		return 0;
	case KEY_JSON:
		a->raw = true;
		return 0;
	case ARGP_KEY_ARG:
		if (a->say)
			argp_error(state, "'%s' is one argument too many", arg);
		*(a->profile ? &a->say : &a->profile) = arg;
		return 0;
	case ARGP_KEY_END:
		check(state, a);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int list(const struct arguments *a)
{
	static const char *const keys[] = { "profile", "state", "dates", "by", "since", "until", "who", "reason" };
	static const struct ctl_list profiles = { .path = "/v1/profiles",
		.member = "profiles",
		.columns = sizeof keys / sizeof *keys,
		.keys = keys,
		.nothing = "no profile is configured" };

	return ctl_list(&a->target, &profiles, a->raw);
}

static int say(const struct arguments *a)
{
	char login[WQ_PERSON_TEXT];
	const char *who = person_name(a->who, login);
	json_t *body = json_pack("{s:s, s:s, s:s, s:s*, s:s*}", "who", who, "profile", a->profile, "say", a->say, "until",
		a->until, "reason", a->reason);
	struct ctl_answer answer;
	int r = ctl_ask(&a->target, "POST", "/v1/profile", body, &answer);

	if (r == CTL_DONE)
		printf("profile %s: %s%s%s by %s\n", a->profile, a->say, a->until ? " until " : "",
			a->until ? a->until : "", who);
	ctl_answer_free(&answer);
	json_decref(body);
	return r;
}

int ctl_profile(int argc, char **argv)
{
	static const struct argp_child children[] = { { &ctl_target_argp, 0, NULL, 0 }, { &person_argp, 0, NULL, 0 }, { 0 } };
	static const struct argp argp = { options, parse, "[PROFILE on|off|auto]",
		"Turns a profile of the configuration on or off by hand, or back to its dates (auto). Without arguments: lists "
		"them.\v"
		"Examples:\n"
		"  wqctl profile\n"
		"  wqctl profile flood on --until 2026-10-15T00:00 --reason 秋汛\n"
		"  wqctl profile flood auto",
		children, NULL, NULL };
	struct arguments arguments = { 0 };

	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	return arguments.profile ? say(&arguments) : list(&arguments);
}
