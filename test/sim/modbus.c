/* SPDX-License-Identifier: Apache-2.0 */
/* wqsim modbus: stations as Modbus slaves. The register layout is told in docs/modbus.md:
 * parameter k of a station begins at 10 × k:
 *   +0, +1   the value, float32, ABCD; NaN: none
 *   +2, +3   when it was measured, seconds since 1970 UTC, uint32, ABCD
 *   +4 … +9  the same as year month day hour minute second, local time (UTC+8) */
#include "modbus_options.h"
#include "scenario.h"
#include "sim.h"
#include "slave.h"

#include "wq/decimal.h"
#include "wq/err.h"
#include "wq/parameter.h"

#include <arpa/inet.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#define STRIDE   10 /* registers of a parameter */
#define UNIT_MAX 247

/* What is played. */
struct play {
	struct modbus_options *options;
	struct scenario *scenario;
	size_t count;
	struct slave_unit *units; /* one a station */
	double *shown;            /* per unit × parameter: as last printed */
	bool *warned;             /* per unit × parameter */
	size_t stride;            /* of the two */
	wq_ms began;              /* real time of the first step */
};

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
		at += faults_clock(&p->options->faults.ordered, p->units[i].id, elapsed);
		for (size_t k = 0; k < scenario_parameters(p->scenario, i); k++) {
			double value = scenario_value(p->scenario, i, k, elapsed);

			put_value(p, i, k, value);
			put_time(p->units[i].registers + STRIDE * k + 2, at);
			show(p, i, k, at, value);
		}
	}
}

/* ---- units ---- */

/* Whether the list "a,b" has the station. */
static bool listed(const char *list, const char *station)
{
	size_t length = strlen(station);

	for (const char *at = list; at && *at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
		if (strncmp(at, station, length) == 0 && (at[length] == ',' || at[length] == '\0'))
			return true;
	return false;
}

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
	if (listed(p->options->hung, station))
		p->units[i].host = SLAVE_HUNG;
	if (listed(p->options->unreachable, station))
		p->units[i].host = SLAVE_UNREACHABLE;
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
	const struct slave_line *line = &p->options->line;
	char ip[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &p->options->listen.sin_addr, ip, sizeof ip);
	printf("modbus \"%s\" {\n", name);
	if (line->pty)
		printf("\tdevice = \"%s\"\n", line->pty);
	else
		printf("\thost = \"%s\"\n\tport = %u\n", ip, port);
	if (!line->pty && line->framing == WIRE_RTU)
		puts("\tframing = \"rtu\"");
	puts("\tinterval = \"1s\"\n}");
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

static void print_ports(const struct play *p, const struct slave *slave, FILE *to)
{
	if (p->options->separate)
		for (size_t i = 0; i < p->count; i++)
			fprintf(to, "%s %d\n", scenario_station(p->scenario, i),
			        slave_port(slave, i));
	else
		fprintf(to, "%d\n", slave_port(slave, 0));
}

static void print_counts(const struct play *p, const struct slave *slave, FILE *to)
{
	(void)slave;
	for (size_t i = 0; i < p->count; i++)
		fprintf(to, "%s %lu\n", scenario_station(p->scenario, i), p->units[i].requests);
}

/* Whole or not at all: whoever waits for the file may read it as soon as it is there. */
static int write_file(const char *path, const struct play *p, const struct slave *slave,
        void (*print)(const struct play *, const struct slave *, FILE *), struct wq_err *err)
{
	char part[4096];
	FILE *to;
	bool good;

	if (!path)
		return 0;
	snprintf(part, sizeof part, "%s.part", path);
	to = fopen(part, "w");
	if (!to)
		return wq_fail(err, WQ_E_IO, "%s: cannot be written", part);
	print(p, slave, to);
	good = !ferror(to);
	good &= fclose(to) == 0;
	if (!good || rename(part, path) < 0)
		return wq_fail(err, WQ_E_IO, "%s: cannot be written", path);
	return 0;
}

/* Serves until `until`. True: a signal to stop came. SIGUSR1 ends the ordered faults. */
static bool serve_until(struct play *p, struct slave *slave, wq_ms until, int signals)
{
	struct signalfd_siginfo info;

	while (slave_run(slave, until, signals)) {
		if (read(signals, &info, sizeof info) != sizeof info || info.ssi_signo != SIGUSR1)
			return true;
		p->options->faults = (struct slave_faults){ .delay = p->options->faults.delay };
		slave_heal(slave);
		puts("the faults have ended");
	}
	return false;
}

/* Steps the water until a signal comes, or the end where that is wanted. */
static void run(struct play *p, struct slave *slave, int signals)
{
	wq_ms step = p->options->step, end = scenario_end(p->scenario), start = slave_now();
	struct wq_err err;
	bool told = false;

	measure(p, 0);
	while (p->options->on_request && slave_requests(slave) == 0)
		if (serve_until(p, slave, slave_now() + 20, signals))
			return;
	start = slave_now();
	p->began = real_time();
	for (wq_ms elapsed = 0;; elapsed += step) {
		/* Steps missed (a suspended machine) are skipped as time would have it. */
		if (slave_now() - start > elapsed + step)
			elapsed = (slave_now() - start) / step * step;
		measure(p, elapsed);
		if (write_file(p->options->counts, p, slave, print_counts, &err) < 0)
			fprintf(stderr, "wqsim: %s\n", err.text);
		if (elapsed >= end && p->options->exit_at_end)
			return;
		if (elapsed + step >= end && !told)
			puts("the last values are current");
		told = elapsed + step >= end;
		if (serve_until(p, slave, start + elapsed + step, signals))
			return;
	}
}

static int serve(struct play *p, struct wq_err *err)
{
	const struct modbus_options *o = p->options;
	struct slave *slave = slave_open(&o->listen, &o->line, o->separate ? p->count : 1, p->units,
	        p->count, &p->options->faults, err);
	char ip[INET_ADDRSTRLEN];
	sigset_t stop;
	int signals, r;

	if (!slave)
		return err->code;
	sigemptyset(&stop);
	sigaddset(&stop, SIGTERM);
	sigaddset(&stop, SIGINT);
	sigaddset(&stop, SIGUSR1);
	sigprocmask(SIG_BLOCK, &stop, NULL);
	signals = signalfd(-1, &stop, SFD_CLOEXEC);
	inet_ntop(AF_INET, &o->listen.sin_addr, ip, sizeof ip);
	p->began = real_time();
	measure(p, 0);
	r = write_file(o->port_file, p, slave, print_ports, err);
	if (r == 0) {
		if (o->line.pty)
			printf("%zu stations on %s\n", p->count, o->line.pty);
		else
			printf("%zu stations on %s:%d\n", p->count, ip, slave_port(slave, 0));
		run(p, slave, signals);
	}
	close(signals);
	slave_close(slave);
	return r;
}

static struct scenario *load(const struct modbus_options *o, struct wq_err *err)
{
	if (o->scenario)
		return scenario_load(o->scenario, err);
	return scenario_from_csv(o->csv, o->stations, o->station_count, o->step, err);
}

/* Thousands of stations with --separate are as many listeners, and connections besides. */
static void raise_open_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int sim_modbus(int argc, char **argv)
{
	struct modbus_options options;
	struct play play = { .options = &options };
	struct wq_err err = { 0 };
	int r = -1;

	modbus_options_parse(&options, argc, argv);
	raise_open_files();
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
