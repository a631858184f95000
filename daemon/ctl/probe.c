/* SPDX-License-Identifier: Apache-2.0 */
/* wqctl probe: what the registers of a live device hold, in every way they could be meant. */
#include "commands.h"
#include "span.h"

#include "wq/decimal.h"
#include "wq/err.h"
#include "wq/modbus.h"
#include "wq/parameter.h"

#include <argp.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define COUNT_MOST 2000
/* A time that an analyser now tells: measured within a month, or its clock is a day ahead. */
#define BACK  WQ_DAYS(31)
#define AHEAD WQ_DAYS(1)

enum { OPT_BASE = 256, OPT_BLOCK, OPT_RTU, OPT_PARITY, OPT_STOP };

struct request {
	const char *host; /* or the path of a serial line */
	bool rtu;
	char parity;
	long baud, stop_bits;
	long port, unit, function, address, count, base, block;
	wq_ms timeout;
	const struct wq_parameter *parameter; /* NULL: none named */
	struct wq_decimal factor;             /* of the unit that the device gives it in */
	const char *source_unit;
};

static const struct argp_option options[] = {
	{ "unit", 'u', "ID", 0, "unit id of the device, 0 to 255 (default 1)", 0 },
	{ "function", 'f', "N", 0, "1 coils, 2 discrete inputs, 3 holding, 4 input registers (default 3)", 0 },
	{ "address", 'a', "N", 0, "first register, decimal or 0x1005 (required)", 0 },
	{ "count", 'n', "N", 0, "registers, 1 to 2000 (default 10)", 0 },
	{ "base", OPT_BASE, "N", 0, "the manual's number of the first register: 0 (default), 1, 40001 …", 0 },
	{ "block", OPT_BLOCK, "N", 0, "most registers of one request, 1 to 125 (default 125)", 0 },
	{ "timeout", 't', "SPAN", 0, "longest wait for an answer (default 2s)", 0 },
	{ "rtu", OPT_RTU, NULL, 0, "RTU through a transparent serial server", 0 },
	{ "baud", 'b', "N", 0, "speed of a serial line, bit/s (default 9600)", 0 },
	{ "parity", OPT_PARITY, "P", 0, "none (default), even or odd", 0 },
	{ "stop-bits", OPT_STOP, "N", 0, "1 (default) or 2", 0 },
	{ "parameter", 'p', "NAME", 0, "mark what lies in the plausible range of this parameter", 0 },
	{ "in", 'i', "UNIT", 0, "the unit in which the device gives it (default: the parameter's)", 0 },
	{ 0 },
};

static long number(struct argp_state *state, const char *name, const char *text, long low, long high)
{
	const int base = strncmp(text, "0x", 2) == 0 ? 16 : 10;
	char *end;
	long value = strtol(text, &end, base);

	if (end == text || *end != '\0' || value < low || value > high)
		argp_error(state, "--%s is a whole number of %ld to %ld, not '%s'", name, low, high, text);
	return value;
}

static void take_host(struct argp_state *state, struct request *request, char *arg)
{
	char *colon = strchr(arg, ':');

	if (request->host != NULL)
		argp_error(state, "one HOST or DEVICE only");
	request->host = arg;
	if (arg[0] == '/')
		return; /* a serial line */
	if (colon == NULL || strchr(colon + 1, ':') != NULL)
		return; /* a name, or an IPv6 address */
	*colon = '\0';
	request->port = number(state, "port", colon + 1, 1, 65535);
}

static void take_parameter(struct argp_state *state, struct request *request, const char *name)
{
	const int found = wq_parameter_find(wq_parameters, wq_parameter_count, name);

	if (found < 0)
		argp_error(state, "there is no parameter '%s'", name);
	request->parameter = &wq_parameters[found < 0 ? 0 : found];
}

static void finish(struct argp_state *state, struct request *request)
{
	struct wq_err err;

	if (request->host == NULL)
		argp_error(state, "HOST or DEVICE is missing");
	if (request->address < 0)
		argp_error(state, "--address is missing");
	request->address -= request->base;
	if (request->address < 0 || request->address + request->count > 65536)
		argp_error(state, "addresses are %ld to %ld", request->base, request->base + 65535);
	request->factor = (struct wq_decimal){ 1, 0 };
	if (request->source_unit != NULL && request->parameter == NULL)
		argp_error(state, "--in needs --parameter");
	else if (request->source_unit != NULL &&
	        wq_unit_factor(request->parameter, request->source_unit, &request->factor, &err) < 0)
		argp_error(state, "--in: %s", err.text);
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct request *request = state->input;

	switch (key) {
	case 'u':
		request->unit = number(state, "unit", arg, 0, 255);
		return 0;
	case 'f':
		request->function = number(state, "function", arg, 1, 4);
		return 0;
	case 'a':
		request->address = number(state, "address", arg, 0, 465536);
		return 0;
	case 'n':
		request->count = number(state, "count", arg, 1, COUNT_MOST);
		return 0;
	case OPT_BASE:
		request->base = number(state, "base", arg, 0, 400001);
		return 0;
	case OPT_BLOCK:
		request->block = number(state, "block", arg, 1, WQ_MODBUS_COUNT);
		return 0;
	case 't':
		if (wq_span_parse(arg, &request->timeout, NULL) < 0 || request->timeout < 10 ||
		        request->timeout > 60000)
			argp_error(state, "--timeout is a span of 10ms to 60s, not '%s'", arg);
		return 0;
	case OPT_RTU:
		request->rtu = true;
		return 0;
	case 'b':
		request->baud = number(state, "baud", arg, 50, 4000000);
		return 0;
	case OPT_PARITY:
		if (strcmp(arg, "none") != 0 && strcmp(arg, "even") != 0 && strcmp(arg, "odd") != 0)
			argp_error(state, "--parity is none, even or odd, not '%s'", arg);
		request->parity = arg[0];
		return 0;
	case OPT_STOP:
		request->stop_bits = number(state, "stop-bits", arg, 1, 2);
		return 0;
	case 'p':
		take_parameter(state, request, arg);
		return 0;
	case 'i':
		request->source_unit = arg;
		return 0;
	case ARGP_KEY_ARG:
		take_host(state, request, arg);
		return 0;
	case ARGP_KEY_END:
		finish(state, request);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp parser = {
	.options = options,
	.parser = parse_option,
	.args_doc = "HOST[:PORT]|DEVICE",
	.doc = "Reads registers of a Modbus device and prints every way in which they can be meant.\v"
	       "A line a register: address, hexadecimal, whole numbers, then what begins there. * marks a "
	       "value in the plausible range of --parameter, and a time of the last month. A hole that "
	       "the device refuses is narrowed down by halving. Nothing is written to the device.\n\n"
	       "Exit status: 0 something was read, 1 the device refused all or did not answer, 2 usage.",
};

/* ---- printing ---- */

struct look {
	const struct request *request;
	wq_ms now;
	size_t marked;
};

static bool plausible(const struct look *look, double value)
{
	const struct wq_parameter *p = look->request->parameter;
	const double canonical = value * wq_decimal_to_double(look->request->factor);

	/* Nearly every wrong order of a float is a tiny number, which is in most ranges. */
	return p != NULL && isfinite(value) && fabs(canonical) >= p->high * 1e-6 &&
	        canonical >= p->low && canonical <= p->high;
}

/* Tiny and huge numbers are long as decimals, and no readings. */
static const char *value_text(double value, char text[WQ_DECIMAL_TEXT])
{
	if (isnan(value))
		return "NaN";
	if (value != 0 && (fabs(value) < 1e-6 || fabs(value) >= 1e12)) {
		snprintf(text, WQ_DECIMAL_TEXT, "%.3g", value);
		return text;
	}
	return wq_value_format(value, text);
}

static bool is_near(const struct look *look, wq_ms at)
{
	return at > look->now - BACK && at < look->now + AHEAD;
}

/* A time that is none of these days is nothing worth a word. */
static bool worth_telling(const struct look *look, const struct wq_modbus_meaning *m)
{
	/* A positive signed number is the unsigned one. */
	if (strncmp(m->type, "int", 3) == 0)
		return m->value < 0;
	if (m->is_time)
		return is_near(look, m->at);
	return strcmp(m->type, "float64") != 0 || plausible(look, m->value);
}

static void print_meaning(struct look *look, const struct wq_modbus_meaning *m, const char *before)
{
	const bool mark = m->is_time ? is_near(look, m->at) : plausible(look, m->value);
	char text[WQ_DECIMAL_TEXT + WQ_INSTANT_TEXT];
	const char *shown = m->is_time ? wq_instant_format(&wq_zone_china, m->at, text)
	                               : value_text(m->value, text);

	if (before == NULL || strcmp(before, m->type) != 0)
		printf("%s %s", before == NULL ? " " : " |", m->type);
	printf("%s%s %s%s", m->order == NULL ? "" : " ", m->order == NULL ? "" : m->order, shown,
	        mark ? "*" : "");
	look->marked += mark;
}

static char printable(unsigned c)
{
	return c >= ' ' && c < 0x7F ? (char)c : '.';
}

/* A place that was never written, or a device that has just started. */
static bool is_zero(const uint16_t *registers, size_t count)
{
	for (size_t i = 0; i < count && i < 4; i++)
		if (registers[i] != 0)
			return false;
	return true;
}

static void print_place(struct look *look, const uint16_t *registers, size_t count, long address)
{
	struct wq_modbus_meaning meanings[WQ_MODBUS_MEANINGS];
	const size_t found = wq_modbus_meanings(registers, count, &wq_zone_china, meanings);
	const char *before = NULL;

	printf("%6ld 0x%04lX  %04X \"%c%c\"", address, (unsigned long)(address - look->request->base),
	        registers[0], printable(registers[0] >> 8), printable(registers[0] & 0xFF));
	if (is_zero(registers, count)) {
		puts("  0, and what follows");
		return;
	}
	for (size_t i = 0; i < found; i++)
		if (worth_telling(look, &meanings[i])) {
			print_meaning(look, &meanings[i], before);
			before = meanings[i].type;
		}
	putchar('\n');
}

static void print_all(struct look *look, const uint16_t *registers, const uint8_t *codes)
{
	const size_t count = (size_t)look->request->count;
	const long first = look->request->address + look->request->base;

	for (size_t i = 0; i < count; i++) {
		size_t far = i;

		while (far < count && codes[far] == codes[i])
			far++;
		if (codes[i] != 0) {
			printf("%6ld to %ld: exception %d, %s\n", first + (long)i, first + (long)far - 1,
			        codes[i], wq_modbus_exception(codes[i]));
			i = far - 1;
		} else if (look->request->function <= 2) {
			printf("%6ld %d\n", first + (long)i, registers[i]);
		} else {
			print_place(look, registers + i, far - i, first + (long)i);
		}
	}
}

/* ---- reading ---- */

static wq_ms clock_now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (wq_ms)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static wq_ms running(void)
{
	return clock_now(CLOCK_BOOTTIME);
}

struct reader {
	struct wq_modbus *modbus;
	const struct request *request;
};

static int read_once(void *owner, uint16_t address, uint16_t count, uint16_t *registers,
        struct wq_err *err)
{
	const struct reader *reader = owner;

	return wq_modbus_read(reader->modbus, (uint8_t)reader->request->unit,
	        (uint8_t)reader->request->function, address, count, registers, err);
}

static int probe(const struct request *request, struct wq_modbus *modbus)
{
	static uint16_t registers[COUNT_MOST];
	static uint8_t codes[COUNT_MOST];
	struct reader reader = { modbus, request };
	struct look look = { .request = request, .now = clock_now(CLOCK_REALTIME) };
	struct wq_err err;
	const int r = span_take(read_once, &reader, (uint16_t)request->address, (size_t)request->count,
	        (uint16_t)request->block, registers, codes, &err);

	if (r < 0) {
		fprintf(stderr, "wqctl probe: unit %ld at %s: %s\n", request->unit, request->host, err.text);
		return CTL_WRONG;
	}
	print_all(&look, registers, codes);
	if (request->function > 2)
		fprintf(stderr, "%d request%s; %zu marked with *\n", r, r == 1 ? "" : "s", look.marked);
	for (long i = 0; i < request->count; i++)
		if (codes[i] == 0)
			return CTL_DONE;
	return CTL_WRONG;
}

int ctl_probe(int argc, char **argv)
{
	struct request request = { .port = 502,
		.unit = 1,
		.function = 3,
		.address = -1,
		.count = 10,
		.block = WQ_MODBUS_COUNT,
		.parity = 'n',
		.baud = 9600,
		.stop_bits = 1,
		.timeout = 2000 };
	struct wq_modbus_target target = { .now = running };
	struct wq_modbus *modbus;
	struct wq_err err;
	int status;

	if (argp_parse(&parser, argc, argv, 0, NULL, &request) != 0)
		return CTL_USAGE;
	target.host = request.host[0] == '/' ? NULL : request.host;
	target.device = request.host;
	target.port = (int)request.port;
	target.rtu = request.rtu;
	target.baud = request.baud;
	target.parity = request.parity;
	target.stop_bits = (int)request.stop_bits;
	target.timeout = request.timeout;
	modbus = wq_modbus_open(&target, &err);
	if (modbus == NULL) {
		fprintf(stderr, "wqctl probe: %s\n", err.text);
		return CTL_WRONG;
	}
	status = probe(&request, modbus);
	wq_modbus_close(modbus);
	return status;
}
