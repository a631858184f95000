/* SPDX-License-Identifier: Apache-2.0 */
/* The arguments of `wqsim hj212`. */
#include "hj212_options.h"

#include <argp.h>
#include <stdlib.h>
#include <string.h>

enum key { KEY_TO = 256, KEY_LISTEN, KEY_SCENARIO, KEY_CSV, KEY_STATION, KEY_STEP, KEY_INTERVAL, KEY_HOLD, KEY_DIALECT, KEY_CN,
	KEY_PASSWORD, KEY_HEARTBEAT, KEY_SPLIT, KEY_FAULT, KEY_ACKED, KEY_WITHIN, KEY_NO_BACKFILL };

static const struct argp_option rows[] = {
	{ 0, 0, 0, 0, "Where:", 1 },
	{ "to", KEY_TO, "ADDRESS:PORT", 0, "the centre to connect to; default 127.0.0.1:9212", 1 },
	{ "listen", KEY_LISTEN, "ADDRESS:PORT", 0, "instead: a station that listens", 1 },
	{ 0, 0, 0, 0, "What (one of these):", 2 },
	{ "scenario", KEY_SCENARIO, "FILE", 0, "a scenario, with our clock", 2 },
	{ "csv", KEY_CSV, "FILE", 0, "the rows of a CSV, with their time", 2 },
	{ 0, 0, 0, 0, "How:", 3 },
	{ "station", KEY_STATION, "ID", 0, "only this one, its id is its MN; may be repeated", 3 },
	{ "dialect", KEY_DIALECT, "NAME", 0, "surface (default), 2005, 2017, 2025, cq, gd, sx, nsbd", 3 },
	{ "cn", KEY_CN, "CN", 0, "the records' command; default that of the dialect", 3 },
	{ "password", KEY_PASSWORD, "PW", 0, "default 123456", 3 },
	{ "interval", KEY_INTERVAL, "SPAN", 0, "scenario: between records of a station; default 1s", 3 },
	{ "step", KEY_STEP, "SPAN", 0, "CSV: between rows; default 1s", 3 },
	{ "hold", KEY_HOLD, 0, 0, "goes on with the last values after the end", 3 },
	{ "heartbeat", KEY_HEARTBEAT, "SPAN", 0, "default 30s; 0: none", 3 },
	{ "split", KEY_SPLIT, "N", 0, "at most N values in a frame", 3 },
	{ "answer-within", KEY_WITHIN, "SPAN", 0, "sends again after so long without an answer; default 10s", 3 },
	{ "no-backfill", KEY_NO_BACKFILL, 0, 0, "does not answer requests for past records", 3 },
	{ "acked", KEY_ACKED, "FILE", 0, "appends station,time of every record that was acknowledged", 3 },
	{ "fault", KEY_FAULT, "AT:KIND[:SPAN]", 0,
		"dead, slow, garbage, truncated, bad-crc, half-open, reboot or clock; may be repeated: 20s:dead:10s", 3 },
	{ 0 },
};

static const struct hj212_dialect dialects[] = {
	{ "surface", 2, WQ_HJ212_STANDARD, "2061", "Avg", "9015", "21", "\r\n" },
	{ "2005", 0, WQ_HJ212_STANDARD, "2011", "Rtd", "9015", "21", "\r\n" },
	{ "2017", 1, WQ_HJ212_STANDARD, "2011", "Rtd", "9015", "21", "\r\n" },
	{ "2025", 2, WQ_HJ212_STANDARD, "2011", "Rtd", "9015", "32", "\r\n" },
	{ "cq", 0, WQ_HJ212_STANDARD, "2061", "Avg", "9015", "21", "\r\n" },
	{ "gd", 2, WQ_HJ212_STANDARD, "2061", "Avg", "9021", "91", "\r\n" },
	{ "sx", -1, WQ_HJ212_MODBUS_SWAPPED, "2061", "Avg", "9015", "21", "\r\n" },
	{ "nsbd", -1, WQ_HJ212_STANDARD, "2011", "Rtd", "9015", "21", "\n" },
};

static const char *const faults[] = { "dead", "slow", "garbage", "truncated", "bad-crc", "half-open", "reboot", "clock" };

static wq_ms span(struct argp_state *state, const char *key, const char *text, wq_ms low)
{
	wq_ms value = 0;

	if (wq_span_parse(text, &value, NULL) < 0 || value < low)
		argp_error(state, "--%s %s: must be a span such as 500ms, 1s or 4h", key, text);
	return value;
}

static const struct hj212_dialect *dialect(struct argp_state *state, const char *name)
{
	for (size_t i = 0; i < sizeof dialects / sizeof *dialects; i++)
		if (strcmp(dialects[i].name, name) == 0)
			return &dialects[i];
	argp_error(state, "--dialect %s: there is no such one", name);
	return NULL;
}

static void add_fault(struct argp_state *state, struct hj212_options *options, char *text)
{
	char *kind = strchr(text, ':'), *length = kind != NULL ? strchr(kind + 1, ':') : NULL;

	if (kind == NULL || options->fault_count == HJ212_FAULTS)
		argp_error(state, "--fault %s: must be AT:KIND[:SPAN], at most %d", text, HJ212_FAULTS);
	*kind++ = '\0';
	if (length != NULL)
		*length++ = '\0';
	struct hj212_fault *fault = &options->faults[options->fault_count++];

	fault->at = span(state, "fault", text, 0);
	fault->span = length != NULL ? span(state, "fault", length, 0) : WQ_SECONDS(10);
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
		if (strcmp(faults[i], kind) == 0) {
			fault->kind = (enum hj212_fault_kind)i;
			return;
		}
	argp_error(state, "--fault %s: there is no such one", kind);
}

static void check(struct argp_state *state, const struct hj212_options *options)
{
	if ((options->scenario != NULL) == (options->csv != NULL))
		argp_error(state, "give one of --scenario and --csv");
	if (options->listen != NULL && options->station_count != 1)
		argp_error(state, "--listen plays one --station");
}

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct hj212_options *options = state->input;

	switch (key) {
	case KEY_TO:
		options->to = text;
		return 0;
	case KEY_LISTEN:
		options->listen = text;
		return 0;
	case KEY_SCENARIO:
		options->scenario = text;
		return 0;
	case KEY_CSV:
		options->csv = text;
		return 0;
	case KEY_STATION:
		if (options->station_count == HJ212_STATIONS)
			argp_error(state, "at most %d stations", HJ212_STATIONS);
		options->stations[options->station_count++] = text;
		return 0;
	case KEY_STEP:
		options->step = span(state, "step", text, 1);
		return 0;
	case KEY_INTERVAL:
		options->interval = span(state, "interval", text, 1);
		return 0;
	case KEY_HOLD:
		options->hold = true;
		return 0;
	case KEY_DIALECT:
		options->dialect = dialect(state, text);
		return 0;
	case KEY_CN:
		options->cn = text;
		return 0;
	case KEY_PASSWORD:
		options->password = text;
		return 0;
	case KEY_HEARTBEAT:
		options->heartbeat = span(state, "heartbeat", text, 0);
		return 0;
	case KEY_SPLIT:
		options->split = strtol(text, NULL, 10);
		if (options->split < 1)
			argp_error(state, "--split %s: must be 1 or more", text);
		return 0;
	case KEY_FAULT:
		add_fault(state, options, text);
		return 0;
	case KEY_ACKED:
		options->acked_path = text;
		return 0;
	case KEY_WITHIN:
		options->answer_within = span(state, "answer-within", text, 10);
		return 0;
	case KEY_NO_BACKFILL:
		options->no_backfill = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is one argument too many", text);
		return 0;
	case ARGP_KEY_END:
		check(state, options);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

void hj212_options_parse(struct hj212_options *options, int argc, char **argv)
{
	static const struct argp argp = { rows, parse, "", "Plays stations that speak HJ 212.", 0, 0, 0 };

	*options = (struct hj212_options){ .to = "127.0.0.1:9212", .password = "123456", .dialect = &dialects[0],
		.step = WQ_SECONDS(1), .interval = WQ_SECONDS(1), .heartbeat = WQ_SECONDS(30),
		.answer_within = WQ_SECONDS(10) };
	argp_err_exit_status = 2;
	argp_parse(&argp, argc, argv, 0, NULL, options);
}
