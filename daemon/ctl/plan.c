/* SPDX-License-Identifier: Apache-2.0 */
/* wqctl plan: what the Modbus buses of a configuration will be asked, before anybody connects. */
#include "commands.h"

#include "config/config.h"

#include "wq/err.h"
#include "wq/modbus.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Modbus over a serial line (V1.02): messages are 3.5 characters apart, 1.75 ms at more than 19200
 * bit/s. Address, function, two words, CRC ask; the answer has a count. A character of a line behind
 * a gateway has 11 bits; a line of our own says how many. */
#define CHARACTER_BITS  11
#define REQUEST_BYTES   8
#define ANSWER_OVERHEAD 5
/* The same on TCP: header, function and two words; header, function and a count. */
#define TCP_REQUEST_BYTES   12
#define TCP_ANSWER_OVERHEAD 9

struct request {
	const char *file;
	long baud; /* behind gateways, and while a bus is printed: of its line */
	int bits;  /* of a character there */
	wq_ms device; /* how long a device takes to answer */
};

static const struct argp_option options[] = {
	{ "baud", 'b', "N", 0, "speed of the serial line behind a gateway, bit/s (default 9600)", 0 },
	{ "answer", 'a', "SPAN", 0, "how long a device thinks before it answers (default 50ms)", 0 },
	{ 0 },
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct request *request = state->input;
	char *end;

	switch (key) {
	case 'b':
		request->baud = strtol(arg, &end, 10);
		if (*end != '\0' || request->baud < 300 || request->baud > 4000000)
			argp_error(state, "--baud is 300 to 4000000, not '%s'", arg);
		return 0;
	case 'a':
		if (wq_span_parse(arg, &request->device, NULL) < 0 || request->device > 60000)
			argp_error(state, "--answer is a span of 0 to 60s, not '%s'", arg);
		return 0;
	case ARGP_KEY_ARG:
		if (request->file != NULL)
			argp_error(state, "one FILE only");
		request->file = arg;
		return 0;
	case ARGP_KEY_END:
		if (request->file == NULL)
			argp_error(state, "FILE is missing");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp parser = {
	.options = options,
	.parser = parse_option,
	.args_doc = "FILE",
	.doc = "Prints the requests of one poll of each Modbus device of a configuration.\v"
	       "Bytes are those on TCP; the line's time is that of the same messages on a serial line of "
	       "--baud with 11 bits a character (of a bus on a serial line: at its own speed), the silence around them and --answer for each. A device "
	       "that does not answer costs the bus's timeout instead. Nothing is connected to.\n\n"
	       "Exit status: 0 done, 1 the configuration cannot be used or a bus has more to do than its "
	       "interval allows, 2 usage.",
};

/* Sums of one device, or of a bus. */
struct load {
	size_t requests, registers, bytes;
	double line; /* milliseconds */
};

static size_t data_bytes(const struct wq_modbus_request *q)
{
	return q->function <= 2 ? (q->count + 7u) / 8u : q->count * 2u;
}

static double line_time(const struct request *request, const struct wq_modbus_request *q)
{
	const double character = 1000.0 * request->bits / (double)request->baud;
	const double silence = request->baud > 19200 ? 1.75 : 3.5 * character;
	const size_t bytes = REQUEST_BYTES + ANSWER_OVERHEAD + data_bytes(q);

	return (double)bytes * character + 2 * silence + (double)request->device;
}

static void add(struct load *load, const struct request *request, const struct wq_modbus_request *q)
{
	const size_t times = q->twice ? 2 : 1;

	load->requests += times;
	load->registers += times * q->count;
	load->bytes += times * (TCP_REQUEST_BYTES + TCP_ANSWER_OVERHEAD + data_bytes(q));
	load->line += (double)times * line_time(request, q);
}

static void print_load(const char *name, const struct load *load, wq_ms interval)
{
	char every[WQ_INSTANT_TEXT];

	printf("  %s: %zu request%s, %zu registers, %zu bytes, line %.0f ms = %.1f %% of %s\n", name,
	        load->requests, load->requests == 1 ? "" : "s", load->registers, load->bytes, load->line,
	        100 * load->line / (double)interval, wq_span_format(interval, every));
}

/* False: it has more to do than time. */
static bool print_bus(const struct request *request, const struct wq_bus *bus,
        const struct wq_modbus_request *q, size_t count, wq_ms interval)
{
	struct load all = { 0 }, unit = { 0 };
	char name[24];

	printf("modbus \"%s\": %zu points\n", bus->name, bus->point_count);
	for (size_t i = 0; i < count; i++) {
		printf("    unit %u function %u: %u to %u%s\n", q[i].unit_id, q[i].function, q[i].address,
		        q[i].address + q[i].count - 1u, q[i].twice ? ", before and after the values" : "");
		add(&unit, request, &q[i]);
		add(&all, request, &q[i]);
		if (i + 1 < count && q[i + 1].unit_id == q[i].unit_id)
			continue;
		snprintf(name, sizeof name, "unit %u", q[i].unit_id);
		print_load(name, &unit, interval);
		unit = (struct load){ 0 };
	}
	print_load("all", &all, interval);
	return all.line <= (double)interval;
}

static int by_unit(const void *a, const void *b)
{
	const struct wq_modbus_request *p = a, *q = b;

	if (p->unit_id != q->unit_id)
		return p->unit_id < q->unit_id ? -1 : 1;
	if (p->function != q->function)
		return p->function < q->function ? -1 : 1;
	return (p->address > q->address) - (p->address < q->address);
}

static int plan(const struct request *wanted, const struct config_bus *bus)
{
	struct request on_line = *wanted, *request = &on_line;
	struct wq_modbus_line line;
	struct wq_modbus_request *requests;
	struct wq_err err;
	size_t count;
	bool fits;

	if (strcmp(bus->driver->name, "modbus") != 0)
		return CTL_DONE;
	if (wq_modbus_requests(&bus->bus, &requests, &count, &line, &err) < 0) {
		fprintf(stderr, "wqctl plan: %s: %s\n", bus->bus.name, err.text);
		return CTL_WRONG;
	}
	qsort(requests, count, sizeof *requests, by_unit);
	if (line.baud > 0) {
		request->baud = (long)line.baud;
		request->bits = line.character_bits;
	}
	fits = print_bus(request, &bus->bus, requests, count, line.interval);
	free(requests);
	if (!fits)
		fprintf(stderr, "wqctl plan: %s: at %ld bit/s its polls take longer than its interval\n",
		        bus->bus.name, request->baud);
	return fits ? CTL_DONE : CTL_WRONG;
}

int ctl_plan(int argc, char **argv)
{
	static struct config_report report;
	struct request request = { .baud = 9600, .bits = CHARACTER_BITS, .device = 50 };
	struct config *config;
	int status = CTL_DONE;

	if (argp_parse(&parser, argc, argv, 0, NULL, &request) != 0)
		return CTL_USAGE;
	config = config_load(request.file, &report);
	if (config == NULL) {
		config_report_print(&report, "it cannot be used.", stderr);
		return CTL_WRONG;
	}
	for (size_t i = 0; i < config->bus_count; i++)
		if (plan(&request, &config->buses[i]) != CTL_DONE)
			status = CTL_WRONG;
	config_free(config);
	return status;
}
