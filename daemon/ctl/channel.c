/* SPDX-License-Identifier: Apache-2.0 */
/* wqctl channel test: one marked message through one channel, and what that channel says. wqctl outbox: what waits and
 * what failed, from the history. */
#include "client.h"
#include "commands.h"
#include "query.h"

#include <stdio.h>
#include <string.h>

struct arguments {
	struct ctl_target target;
	const char *verb, *channel, *contact;
};

enum { KEY_TO = 't' };

static const struct argp_option options[] = {
	{ "to", KEY_TO, "CONTACT", 0, "contact of the configuration that it goes to (required)", 0 },
	{ 0 },
};

static void check(struct argp_state *state, const struct arguments *a)
{
	if (a->verb == NULL || strcmp(a->verb, "test") != 0)
		argp_error(state, "say: wqctl channel test NAME --to CONTACT");
	if (a->channel == NULL)
		argp_error(state, "the name of the channel is missing");
	if (a->contact == NULL)
		argp_error(state, "--to is missing");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->target;
		return 0;
	case KEY_TO:
		a->contact = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (a->channel != NULL)
			argp_error(state, "'%s' is one argument too many", arg);
		*(a->verb != NULL ? &a->channel : &a->verb) = arg;
		return 0;
	case ARGP_KEY_END:
		check(state, a);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int print_answer(const struct arguments *a, const json_t *reply)
{
	const char *result = json_string_value(json_object_get(reply, "result"));
	const char *text = json_string_value(json_object_get(reply, "text"));

	printf("%s to %s: %s: %s\n", a->channel, a->contact, result != NULL ? result : "?", text != NULL ? text : "");
	return json_is_true(json_object_get(reply, "good")) ? CTL_DONE : CTL_WRONG;
}

int ctl_channel(int argc, char **argv)
{
	static const struct argp_child children[] = { { &ctl_target_argp, 0, NULL, 0 }, { 0 } };
	static const struct argp argp = { options, parse, "test NAME",
		"Sends one message marked 【测试】 through the channel NAME, and through no other, and prints that channel's own "
		"answer. It is tried once and not recorded.\v"
		"Exit status 0: the channel took it; 1: it did not, or there is no such channel or contact.",
		children, NULL, NULL };
	struct arguments arguments = { 0 };
	struct ctl_answer answer;

	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	json_t *body = json_pack("{s:s, s:s}", "channel", arguments.channel, "contact", arguments.contact);
	int r = ctl_ask(&arguments.target, "POST", "/v1/channel-test", body, &answer);

	if (r == CTL_DONE)
		r = print_answer(&arguments, answer.json);
	ctl_answer_free(&answer);
	json_decref(body);
	return r;
}

static const char outbox_sql[] =
        "SELECT n.id AS notice, n.contact, n.channel, CASE n.state WHEN 0 THEN 'waits' WHEN 3 THEN "
        "'held back' ELSE 'given up' END AS state, "
        "n.attempts, datetime(n.created/1000,'unixepoch') || 'Z' AS created, "
        "coalesce((SELECT CASE d.kind WHEN 0 THEN 'sent' WHEN 1 THEN 'failed' WHEN 2 THEN 'told to wait' WHEN 3 THEN "
        "'misconfigured' WHEN 4 THEN 'unreachable this way' WHEN 5 THEN 'handed on' ELSE 'given up' END || ': ' || d.text "
        "FROM delivery d WHERE d.notice=n.id ORDER BY d.seq DESC LIMIT 1),CASE n.hold WHEN 1 THEN 'others of its cause left just now' WHEN 2 THEN 'quiet hours, or a "
        "digest' ELSE 'not tried yet' END) AS last "
        "FROM notice n WHERE n.state IN(0,3) OR (n.state=2 AND n.created>(unixepoch()-604800)*1000) ORDER BY n.state, n.seq";

static error_t parse_outbox(int key, char *arg, struct argp_state *state)
{
	struct query *query = state->input;

	(void)arg;
	if (key != ARGP_KEY_INIT)
		return ARGP_ERR_UNKNOWN;
	state->child_inputs[0] = query;
	return 0;
}

int ctl_outbox(int argc, char **argv)
{
	static const struct argp_child children[] = { { &query_form_argp, 0, NULL, 0 }, { 0 } };
	static const struct argp argp = { NULL, parse_outbox, NULL,
		"Lists the notices that wait to be sent or are held back for a digest, and those of the last seven days that were "
		"given up, with their attempts and what the last one said. Works whether or not the daemon runs.",
		children, NULL, NULL };
	struct query query = { .what = QUERY_SQL, .sql = outbox_sql };

	argp_parse(&argp, argc, argv, 0, NULL, &query);
	return query_run(&query);
}

/* The last that each contact got by each channel, among the newest notices. */
/* As the daemon judges: what was refused (misconfigured, unreachable this way, failed) has failed, though it is tried again. */
static const char drill_sql[] =
        "WITH newest AS (SELECT max(n.seq) AS seq FROM notice n WHERE n.seq>(SELECT coalesce(max(seq),0) FROM notice)-20000 "
        "AND n.topic=4 GROUP BY n.contact,n.channel) "
        "SELECT n.contact, n.channel, strftime('%Y-%m-%dT%H:%M:%S',(n.time+m.zone_offset)/1000,'unixepoch')||m.zone_text AS time, "
        "CASE WHEN n.state=1 THEN 'passed' WHEN n.state<>0 OR EXISTS(SELECT 1 FROM delivery d WHERE d.notice=n.id AND d.kind IN(3,4,6)) "
        "THEN 'failed' ELSE 'under way' END AS result, "
        "n.attempts, coalesce((SELECT d.text FROM delivery d WHERE d.notice=n.id AND d.text NOT LIKE 'given up%' "
        "ORDER BY d.seq DESC LIMIT 1),'not tried') AS last "
        "FROM newest w JOIN notice n ON n.seq=w.seq JOIN meta m ORDER BY n.time DESC, n.contact, n.channel";

int ctl_drill(int argc, char **argv)
{
	static const struct argp_child children[] = { { &query_form_argp, 0, NULL, 0 }, { 0 } };
	static const struct argp argp = { NULL, parse_outbox, NULL,
		"Lists what the last drill of each contact's channels came to. Works whether or not the daemon runs.", children,
		NULL, NULL };
	struct query query = { .what = QUERY_SQL, .sql = drill_sql };

	argp_parse(&argp, argc, argv, 0, NULL, &query);
	return query_run(&query);
}
