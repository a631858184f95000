/* SPDX-License-Identifier: Apache-2.0 */
/* The arguments of `wqsim modbus`. */
#include "modbus_options.h"

#include "wq/err.h"

#include <argp.h>
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

enum {
	KEY_LISTEN = 256,
	KEY_SCENARIO,
	KEY_CSV,
	KEY_STATION,
	KEY_STEP,
	KEY_UNITS,
	KEY_SEPARATE,
	KEY_PORT_FILE,
	KEY_PRINT_MAP,
	KEY_ON_REQUEST,
	KEY_EXIT_AT_END,
	KEY_ONCE_ALL,
	KEY_DEAD,
	KEY_DELAY,
	KEY_EXCEPTION,
	KEY_HUNG,
	KEY_UNREACHABLE,
	KEY_COUNTS,
	KEY_FRAMING,
	KEY_PTY,
	KEY_FAULT,
};

static const struct argp_option option_rows[] = {
	{ "listen", KEY_LISTEN, "IP:PORT", 0,
	        "where to listen (127.0.0.1:5020); port 0: a free one", 1 },
	{ "port-file", KEY_PORT_FILE, "FILE", 0,
	        "write the port here; with --separate: station and port, a line each", 1 },
	{ "framing", KEY_FRAMING, "tcp|rtu", 0,
	        "Modbus TCP, or RTU as through a transparent serial server (tcp)", 1 },
	{ "pty", KEY_PTY, "PATH", 0,
	        "a serial line instead: RTU on a pseudo-terminal that this name is linked to", 1 },
	{ "scenario", KEY_SCENARIO, "FILE", 0, "what the water does, as breakpoints", 2 },
	{ "csv", KEY_CSV, "FILE", 0, "or the rows of a CSV, each current for a step", 2 },
	{ "station", KEY_STATION, "ID", 0,
	        "of the CSV play this station (may be repeated; default: all)", 2 },
	{ "step", KEY_STEP, "SPAN", 0, "time between two measurements (1s)", 2 },
	{ "start-on-request", KEY_ON_REQUEST, NULL, 0, "the clock starts with the first request",
	        2 },
	{ "once-all", KEY_ONCE_ALL, NULL, 0,
	        "after the end keep serving the last values (the default)", 2 },
	{ "exit-at-end", KEY_EXIT_AT_END, NULL, 0, "stop after the end", 2 },
	{ "units", KEY_UNITS, "ID=UNIT,…", 0, "unit ids of stations (default: 1, 2, 3 … in order)",
	        3 },
	{ "separate", KEY_SEPARATE, NULL, 0,
	        "a port of its own for each station, upward from PORT; unit id 1", 3 },
	{ "print-map", KEY_PRINT_MAP, NULL, 0, "print the sections for the configuration, and end",
	        3 },
	{ "dead-unit", KEY_DEAD, "UNIT", 0, "this unit never answers (may be repeated)", 4 },
	{ "delay", KEY_DELAY, "SPAN", 0, "wait before each answer", 4 },
	{ "exception", KEY_EXCEPTION, "[UNIT:]CODE", 0,
	        "answer everything (of this unit) with an exception", 4 },
	{ "hung", KEY_HUNG, "ID,…", 0,
	        "the hosts of these stations take connections and never answer (--separate)", 4 },
	{ "unreachable", KEY_UNREACHABLE, "ID,…", 0,
	        "the hosts of these stations take no connection (--separate)", 4 },
	{ "fault", KEY_FAULT, "KIND[:KEY=VALUE,…]", 0,
	        "a fault to order, told in docs/modbus.md (may be repeated)", 4 },
	{ "counts", KEY_COUNTS, "FILE", 0,
	        "at each step write here: station and requests received so far, a line each", 5 },
	{ "verbose", 'v', NULL, 0, "print each value that changes", 5 },
	{ 0 },
};

static void parse_listen(struct modbus_options *o, const char *arg, struct argp_state *state)
{
	const char *colon = strrchr(arg, ':');
	char ip[INET_ADDRSTRLEN] = "", *end;
	long port = -1;

	if (colon && colon[1] >= '0' && colon[1] <= '9' && (size_t)(colon - arg) < sizeof ip) {
		memcpy(ip, arg, (size_t)(colon - arg));
		port = strtol(colon + 1, &end, 10);
		if (*end)
			port = -1;
	}
	if (port < 0 || port > UINT16_MAX || inet_pton(AF_INET, ip, &o->listen.sin_addr) != 1)
		argp_error(state,
		        "--listen %s: an IPv4 address, a colon and a port up to 65535 are needed",
		        arg);
	o->listen.sin_port = htons((uint16_t)port);
}

static int parse_number(
        const char *what, const char *arg, int min, int max, struct argp_state *state)
{
	char *end;
	long n = strtol(arg, &end, 10);

	if (end == arg || *end || n < min || n > max)
		argp_error(state, "%s %s: a whole number from %d to %d is needed", what, arg, min,
		        max);
	return (int)n;
}

static wq_ms parse_span(const char *what, const char *arg, wq_ms min, struct argp_state *state)
{
	wq_ms span;

	if (wq_span_parse(arg, &span, NULL) < 0 || span < min)
		argp_error(state, "%s %s: a span like 500ms or 1s is needed", what, arg);
	return span;
}

static void parse_exception(struct modbus_options *o, char *arg, struct argp_state *state)
{
	char *colon = strchr(arg, ':');
	int code = parse_number("--exception", colon ? colon + 1 : arg, 1, 255, state);

	if (colon)
		*colon = '\0';
	for (int id = 0; id < 256; id++)
		if (!colon || id == parse_number("--exception", arg, 1, 255, state))
			o->faults.exception[id] = code;
}

static void parse_framing(struct modbus_options *o, const char *arg, struct argp_state *state)
{
	if (strcmp(arg, "rtu") == 0)
		o->line.framing = WIRE_RTU;
	else if (strcmp(arg, "tcp") != 0)
		argp_error(state, "--framing %s: must be tcp or rtu", arg);
}

static void parse_fault(struct modbus_options *o, const char *arg, struct argp_state *state)
{
	struct wq_err err;

	if (faults_add(&o->faults.ordered, arg, &err) < 0)
		argp_error(state, "--fault %s: %s", arg, err.text);
}

static void add_station(struct modbus_options *o, const char *id, struct argp_state *state)
{
	const char **grown = reallocarray(o->stations, o->station_count + 1, sizeof *grown);

	if (!grown) {
		argp_failure(state, 1, 0, "no memory");
		return;
	}
	o->stations = grown;
	o->stations[o->station_count++] = id;
}

static void check_options(struct modbus_options *o, struct argp_state *state)
{
	if (!o->scenario == !o->csv)
		argp_error(state, "one of --scenario and --csv is needed");
	if (o->station_count > 0 && !o->csv)
		argp_error(state, "--station goes with --csv");
	if (o->separate && o->units)
		argp_error(state, "--units and --separate exclude each other");
	if ((o->hung || o->unreachable) && !o->separate)
		argp_error(state, "--hung and --unreachable go with --separate");
	if (o->line.pty && o->separate)
		argp_error(state, "--pty is one line: --separate does not go with it");
	if (o->line.pty)
		o->line.framing = WIRE_RTU;
	if (o->line.framing == WIRE_TCP && faults_have(&o->faults.ordered, FAULT_BAD_CRC))
		argp_error(state, "--fault bad-crc goes with --framing rtu and --pty");
}

/* Keys that only set a text or a switch. */
static bool parse_simple(struct modbus_options *o, int key, char *arg)
{
	const struct {
		int key;
		const char **text;
		bool *flag, value;
	} rows[] = {
		{ KEY_SCENARIO, &o->scenario, NULL, false },
		{ KEY_CSV, &o->csv, NULL, false },
		{ KEY_UNITS, &o->units, NULL, false },
		{ KEY_PORT_FILE, &o->port_file, NULL, false },
		{ KEY_HUNG, &o->hung, NULL, false },
		{ KEY_UNREACHABLE, &o->unreachable, NULL, false },
		{ KEY_COUNTS, &o->counts, NULL, false },
		{ KEY_PTY, &o->line.pty, NULL, false },
		{ KEY_SEPARATE, NULL, &o->separate, true },
		{ KEY_PRINT_MAP, NULL, &o->print_map, true },
		{ KEY_ON_REQUEST, NULL, &o->on_request, true },
		{ KEY_EXIT_AT_END, NULL, &o->exit_at_end, true },
		{ KEY_ONCE_ALL, NULL, &o->exit_at_end, false },
		{ 'v', NULL, &o->verbose, true },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (rows[i].key != key)
			continue;
		if (rows[i].text)
			*rows[i].text = arg;
		else
			*rows[i].flag = rows[i].value;
		return true;
	}
	return false;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct modbus_options *o = state->input;

	if (parse_simple(o, key, arg))
		return 0;
	if (key == KEY_LISTEN)
		parse_listen(o, arg, state);
	else if (key == KEY_STATION)
		add_station(o, arg, state);
	else if (key == KEY_STEP)
		o->step = parse_span("--step", arg, 10, state);
	else if (key == KEY_DEAD)
		o->faults.dead[parse_number("--dead-unit", arg, 1, 255, state)] = true;
	else if (key == KEY_DELAY)
		o->faults.delay = parse_span("--delay", arg, 0, state);
	else if (key == KEY_FRAMING)
		parse_framing(o, arg, state);
	else if (key == KEY_FAULT)
		parse_fault(o, arg, state);
	else if (key == KEY_EXCEPTION)
		parse_exception(o, arg, state);
	else if (key == ARGP_KEY_ARG)
		argp_error(state, "nothing is meant by '%s'", arg);
	else if (key == ARGP_KEY_END)
		check_options(o, state);
	else
		return ARGP_ERR_UNKNOWN;
	return 0;
}

void modbus_options_parse(struct modbus_options *options, int argc, char **argv)
{
	static const struct argp argp = { option_rows, parse, NULL,
		"Plays stations as Modbus slaves; docs/modbus.md tells the registers.", NULL,
		NULL, NULL };
	char name[] = "wqsim modbus", *given = argv[0];

	*options = (struct modbus_options){ .step = WQ_SECONDS(1) };
	options->listen = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(5020) };
	options->listen.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	argv[0] = name;
	argp_err_exit_status = 2;
	argp_parse(&argp, argc, argv, 0, NULL, options);
	argv[0] = given;
}
