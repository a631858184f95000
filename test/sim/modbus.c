/* SPDX-License-Identifier: Apache-2.0 */
/* wqsim modbus: stations as Modbus TCP slaves. The register layout is told in docs/modbus.md:
 * parameter k of a station begins at 10 × k:
 *   +0, +1   the value, float32, ABCD; NaN: none
 *   +2, +3   when it was measured, seconds since 1970 UTC, uint32, ABCD
 *   +4 … +9  the same as year month day hour minute second, local time (UTC+8) */
#include "scenario.h"
#include "sim.h"
#include "slave.h"

#include "wq/decimal.h"
#include "wq/err.h"
#include "wq/parameter.h"

#include <argp.h>
#include <arpa/inet.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#define STRIDE   10 /* registers of a parameter */
#define UNIT_MAX 247

struct options {
	struct sockaddr_in listen;
	const char *scenario, *csv, *port_file, *units;
	const char **stations;
	size_t station_count;
	wq_ms step;
	struct slave_faults faults;
	bool separate, on_request, exit_at_end, print_map, verbose;
};

/* What is played. */
struct play {
	const struct options *options;
	struct scenario *scenario;
	size_t count;
	struct slave_unit *units; /* one a station */
	double *shown;            /* per unit × parameter: as last printed */
	bool *warned;             /* per unit × parameter */
	size_t stride;            /* of the two */
	wq_ms began;              /* real time of the first step */
};

/* ---- options ---- */

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
};

/* clang-format off */
static const struct argp_option option_rows[] = {
	{ "listen", KEY_LISTEN, "IP:PORT", 0, "where to listen (127.0.0.1:5020); port 0: a free one", 1 },
	{ "port-file", KEY_PORT_FILE, "FILE", 0, "write the port here; with --separate: station and port, a line each", 1 },
	{ "scenario", KEY_SCENARIO, "FILE", 0, "what the water does, as breakpoints", 2 },
	{ "csv", KEY_CSV, "FILE", 0, "or the rows of a CSV, each current for a step", 2 },
	{ "station", KEY_STATION, "ID", 0, "of the CSV play this station (may be repeated; default: all)", 2 },
	{ "step", KEY_STEP, "SPAN", 0, "time between two measurements (1s)", 2 },
	{ "start-on-request", KEY_ON_REQUEST, NULL, 0, "the clock starts with the first request", 2 },
	{ "once-all", KEY_ONCE_ALL, NULL, 0, "after the end keep serving the last values (the default)", 2 },
	{ "exit-at-end", KEY_EXIT_AT_END, NULL, 0, "stop after the end", 2 },
	{ "units", KEY_UNITS, "ID=UNIT,…", 0, "unit ids of stations (default: 1, 2, 3 … in order)", 3 },
	{ "separate", KEY_SEPARATE, NULL, 0, "a port of its own for each station, upward from PORT; unit id 1", 3 },
	{ "print-map", KEY_PRINT_MAP, NULL, 0, "print the sections for the configuration, and end", 3 },
	{ "dead-unit", KEY_DEAD, "UNIT", 0, "this unit never answers (may be repeated)", 4 },
	{ "delay", KEY_DELAY, "SPAN", 0, "wait before each answer", 4 },
	{ "exception", KEY_EXCEPTION, "[UNIT:]CODE", 0, "answer everything (of this unit) with an exception", 4 },
	{ "verbose", 'v', NULL, 0, "print each value that changes", 5 },
	{ 0 },
};
/* clang-format on */

static void parse_listen(struct options *o, char *arg, struct argp_state *state)
{
	char *colon = strrchr(arg, ':'), *end;
	long port;

	if (!colon || colon[1] < '0' || colon[1] > '9')
		argp_error(state, "--listen %s: IP:PORT is needed", arg);
	port = strtol(colon + 1, &end, 10);
	*colon = '\0';
	if (*end || port > UINT16_MAX || inet_pton(AF_INET, arg, &o->listen.sin_addr) != 1)
		argp_error(state,
		        "--listen %s:%s: an IPv4 address and a port up to 65535 are needed", arg,
		        colon + 1);
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

static void parse_exception(struct options *o, char *arg, struct argp_state *state)
{
	char *colon = strchr(arg, ':');
	int code = parse_number("--exception", colon ? colon + 1 : arg, 1, 255, state);

	if (colon)
		*colon = '\0';
	for (int id = 0; id < 256; id++)
		if (!colon || id == parse_number("--exception", arg, 1, 255, state))
			o->faults.exception[id] = code;
}

static void add_station(struct options *o, const char *id, struct argp_state *state)
{
	const char **grown = reallocarray(o->stations, o->station_count + 1, sizeof *grown);

	if (!grown) {
		argp_failure(state, 1, 0, "no memory");
		return;
	}
	o->stations = grown;
	o->stations[o->station_count++] = id;
}

static void check_options(struct options *o, struct argp_state *state)
{
	if (!o->scenario == !o->csv)
		argp_error(state, "one of --scenario and --csv is needed");
	if (o->station_count > 0 && !o->csv)
		argp_error(state, "--station goes with --csv");
	if (o->separate && o->units)
		argp_error(state, "--units and --separate exclude each other");
}

/* Keys that only set a text or a switch. */
static bool parse_simple(struct options *o, int key, char *arg)
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
	struct options *o = state->input;

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

/* ---- registers ---- */

static void put32(uint16_t *to, uint32_t bits)
{
	to[0] = (uint16_t)(bits >> 16);
	to[1] = (uint16_t)bits;
}

static void put_time(uint16_t *to, wq_ms at)
{
	time_t local = (time_t)((at + wq_zone_offset(&wq_zone_china, at)) / 1000);
	struct tm tm;

	put32(to, (uint32_t)(at / 1000));
	gmtime_r(&local, &tm);
	to[2] = (uint16_t)(tm.tm_year + 1900);
	to[3] = (uint16_t)(tm.tm_mon + 1);
	to[4] = (uint16_t)tm.tm_mday;
	to[5] = (uint16_t)tm.tm_hour;
	to[6] = (uint16_t)tm.tm_min;
	to[7] = (uint16_t)tm.tm_sec;
}

static void put_value(struct play *p, size_t station, size_t parameter, double value)
{
	float f = (float)value;
	bool *warned = &p->warned[station * p->stride + parameter];
	char text[WQ_DECIMAL_TEXT];
	uint32_t bits;

	memcpy(&bits, &f, sizeof bits);
	put32(p->units[station].registers + STRIDE * parameter, bits);
	if (isnan(value) || *warned ||
	        !(wq_value_from_float32(f) < value || wq_value_from_float32(f) > value))
		return;
	*warned = true;
	fprintf(stderr, "wqsim: %s %s: %s does not fit a float32\n",
	        scenario_station(p->scenario, station),
	        scenario_parameter(p->scenario, station, parameter), wq_value_format(value, text));
}

static void show(struct play *p, size_t station, size_t parameter, wq_ms at, double value)
{
	double *shown = &p->shown[station * p->stride + parameter];
	char when[WQ_INSTANT_TEXT], text[WQ_DECIMAL_TEXT];

	if (!p->options->verbose || memcmp(shown, &value, sizeof value) == 0)
		return;
	*shown = value;
	printf("%s %s %s %s\n", wq_instant_format(&wq_zone_china, at, when),
	        scenario_station(p->scenario, station),
	        scenario_parameter(p->scenario, station, parameter),
	        isnan(value) ? "none" : wq_value_format(value, text));
}

/* Everything as it is `elapsed` after the start. */
static void measure(struct play *p, wq_ms elapsed)
{
	for (size_t i = 0; i < p->count; i++) {
		wq_ms at = scenario_time(p->scenario, i, elapsed);

		if (at == WQ_NO_TIME)
			at = (p->began + elapsed) / 1000 * 1000;
		for (size_t k = 0; k < scenario_parameters(p->scenario, i); k++) {
			double value = scenario_value(p->scenario, i, k, elapsed);

			put_value(p, i, k, value);
			put_time(p->units[i].registers + STRIDE * k + 2, at);
			show(p, i, k, at, value);
		}
	}
}

/* ---- units ---- */

/* The unit id that --units gives a station, 0 for none. */
static int unit_given(const char *units, const char *station)
{
	size_t length = strlen(station);

	for (const char *at = units; at && *at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
		if (strncmp(at, station, length) == 0 && at[length] == '=')
			return atoi(at + length + 1);
	return 0;
}

static int choose_unit(struct play *p, size_t i, struct wq_err *err)
{
	const char *station = scenario_station(p->scenario, i);
	int id = p->options->separate ? 1 : (int)i + 1;

	if (p->options->units)
		id = unit_given(p->options->units, station);
	if (id < 1 || id > UNIT_MAX)
		return wq_fail(err, WQ_E_INVALID,
		        "station %s: unit id %d, 1 to %d are allowed (--units, --station or "
		        "--separate)",
		        station, id, UNIT_MAX);
	for (size_t k = 0; k < i && !p->options->separate; k++)
		if (p->units[k].id == id)
			return wq_fail(err, WQ_E_INVALID, "stations %s and %s both have unit id %d",
			        scenario_station(p->scenario, k), station, id);
	p->units[i].id = id;
	p->units[i].listener = p->options->separate ? i : 0;
	return 0;
}

static int make_units(struct play *p, struct wq_err *err)
{
	p->count = scenario_stations(p->scenario);
	for (size_t i = 0; i < p->count; i++)
		if (scenario_parameters(p->scenario, i) > p->stride)
			p->stride = scenario_parameters(p->scenario, i);
	p->units = calloc(p->count, sizeof *p->units);
	p->shown = calloc(p->count * (p->stride + 1), sizeof *p->shown);
	p->warned = calloc(p->count * (p->stride + 1), sizeof *p->warned);
	if (!p->units || !p->shown || !p->warned)
		return wq_fail(err, WQ_E_MEMORY, "no memory for the devices");
	/* No value has these bits, so that each is printed once. */
	memset(p->shown, 0xA5, p->count * (p->stride + 1) * sizeof *p->shown);
	for (size_t i = 0; i < p->count; i++) {
		int r = choose_unit(p, i, err);

		if (r < 0)
			return r;
		p->units[i].count = STRIDE * scenario_parameters(p->scenario, i);
		p->units[i].registers = calloc(p->units[i].count + 1, sizeof(uint16_t));
		if (!p->units[i].registers)
			return wq_fail(err, WQ_E_MEMORY, "no memory for the registers");
	}
	return 0;
}

static void print_bus(const struct play *p, const char *name, unsigned port)
{
	char ip[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &p->options->listen.sin_addr, ip, sizeof ip);
	printf("modbus \"%s\" {\n\thost = \"%s\"\n\tport = %u\n\tinterval = \"1s\"\n}\n", name, ip,
	        port);
}

/* Sections as they stand in the daemon's configuration. */
static void print_map(const struct play *p)
{
	unsigned port = ntohs(p->options->listen.sin_port);

	if (!p->options->separate)
		print_bus(p, "sim", port);
	for (size_t i = 0; i < p->count; i++) {
		const char *station = scenario_station(p->scenario, i);
		char bus[128] = "sim";

		if (p->options->separate) {
			snprintf(bus, sizeof bus, "sim-%s", station);
			print_bus(p, bus, port + (unsigned)i);
		}
		printf("station \"%s\" {\n\tkind = \"national\"\n", station);
		for (size_t k = 0; k < scenario_parameters(p->scenario, i); k++) {
			const char *alias = scenario_parameter(p->scenario, i, k);
			int index = wq_parameter_find(wq_parameters, wq_parameter_count, alias);

			printf("\tpoint \"%s\" {\n\t\tbus = \"%s\"\n\t\tunit = \"%s\"\n", alias,
			        bus, index < 0 ? "-" : wq_parameters[index].unit);
			printf("\t\tunit_id = %d\n\t\taddress = %zu\n\t\ttype = \"float32\"\n",
			        p->units[i].id, STRIDE * k);
			printf("\t\ttime_address = %zu\n\t}\n", STRIDE * k + 2);
		}
		puts("}");
	}
}

/* ---- running ---- */

static wq_ms real_time(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return WQ_SECONDS(t.tv_sec) + t.tv_nsec / 1000000;
}

/* Whole or not at all: whoever waits for the file may read it as soon as it is there. */
static int write_ports(const struct play *p, const struct slave *slave, struct wq_err *err)
{
	const char *path = p->options->port_file;
	char part[4096];
	FILE *to;
	bool good;

	if (!path)
		return 0;
	snprintf(part, sizeof part, "%s.part", path);
	to = fopen(part, "w");
	if (!to)
		return wq_fail(err, WQ_E_IO, "%s: cannot be written", part);
	if (p->options->separate)
		for (size_t i = 0; i < p->count; i++)
			fprintf(to, "%s %d\n", scenario_station(p->scenario, i),
			        slave_port(slave, i));
	else
		fprintf(to, "%d\n", slave_port(slave, 0));
	good = !ferror(to);
	good &= fclose(to) == 0;
	if (!good || rename(part, path) < 0)
		return wq_fail(err, WQ_E_IO, "%s: cannot be written", path);
	return 0;
}

/* Steps the water until a signal comes, or the end where that is wanted. */
static void run(struct play *p, struct slave *slave, int signals)
{
	wq_ms step = p->options->step, end = scenario_end(p->scenario), start = slave_now();
	bool told = false;

	measure(p, 0);
	while (p->options->on_request && slave_requests(slave) == 0)
		if (slave_run(slave, slave_now() + 20, signals))
			return;
	start = slave_now();
	p->began = real_time();
	for (wq_ms elapsed = 0;; elapsed += step) {
		/* Steps missed (a suspended machine) are skipped as time would have it. */
		if (slave_now() - start > elapsed + step)
			elapsed = (slave_now() - start) / step * step;
		measure(p, elapsed);
		if (elapsed >= end && p->options->exit_at_end)
			return;
		if (elapsed + step >= end && !told)
			puts("the last values are current");
		told = elapsed + step >= end;
		if (slave_run(slave, start + elapsed + step, signals))
			return;
	}
}

static int serve(struct play *p, struct wq_err *err)
{
	const struct options *o = p->options;
	struct slave *slave = slave_open(
	        &o->listen, o->separate ? p->count : 1, p->units, p->count, &o->faults, err);
	char ip[INET_ADDRSTRLEN];
	sigset_t stop;
	int signals, r;

	if (!slave)
		return err->code;
	sigemptyset(&stop);
	sigaddset(&stop, SIGTERM);
	sigaddset(&stop, SIGINT);
	sigprocmask(SIG_BLOCK, &stop, NULL);
	signals = signalfd(-1, &stop, SFD_CLOEXEC);
	inet_ntop(AF_INET, &o->listen.sin_addr, ip, sizeof ip);
	p->began = real_time();
	measure(p, 0);
	r = write_ports(p, slave, err);
	if (r == 0) {
		printf("%zu stations on %s:%d\n", p->count, ip, slave_port(slave, 0));
		run(p, slave, signals);
	}
	close(signals);
	slave_close(slave);
	return r;
}

static struct scenario *load(const struct options *o, struct wq_err *err)
{
	if (o->scenario)
		return scenario_load(o->scenario, err);
	return scenario_from_csv(o->csv, o->stations, o->station_count, o->step, err);
}

int sim_modbus(int argc, char **argv)
{
	static const struct argp argp = { option_rows, parse, NULL,
		"Plays stations as Modbus TCP slaves; docs/modbus.md tells the registers.", NULL,
		NULL, NULL };
	char name[] = "wqsim modbus";
	struct options options = { .step = WQ_SECONDS(1) };
	struct play play = { .options = &options };
	struct wq_err err = { 0 };
	int r = -1;

	options.listen = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(5020) };
	options.listen.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	argp_err_exit_status = 2;
	argv[0] = name;
	argp_parse(&argp, argc, argv, 0, NULL, &options);
	setvbuf(stdout, NULL, _IOLBF, 0);
	play.scenario = load(&options, &err);
	if (play.scenario)
		r = make_units(&play, &err);
	if (r == 0 && options.print_map)
		print_map(&play);
	else if (r == 0)
		r = serve(&play, &err);
	if (r < 0)
		fprintf(stderr, "wqsim modbus: %s\n", err.text);
	for (size_t i = 0; i < play.count && play.units; i++)
		free(play.units[i].registers);
	free(play.units);
	free(play.shown);
	free(play.warned);
	free(options.stations);
	scenario_free(play.scenario);
	return r < 0 ? 1 : 0;
}
