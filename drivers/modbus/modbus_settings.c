/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of a Modbus bus and of its points, and the mistakes that only show when keys are seen
 * together. */
#include "modbus_settings.h"

#include "regmap.h"
#include "serial.h"

#include "wq/err.h"

#include <stddef.h>
#include <string.h>

static const struct wq_choice tables[] = {
	{ "holding", MODBUS_HOLDING },
	{ "input", MODBUS_INPUT },
	{ NULL, 0 },
};

static const struct wq_choice types[] = {
	{ "float32", MODBUS_FLOAT32 },
	{ "int16", MODBUS_INT16 },
	{ "uint16", MODBUS_UINT16 },
	{ "int32", MODBUS_INT32 },
	{ "uint32", MODBUS_UINT32 },
	{ NULL, 0 },
};

static const struct wq_choice orders[] = {
	{ "ABCD", MODBUS_ABCD },
	{ "CDAB", MODBUS_CDAB },
	{ "BADC", MODBUS_BADC },
	{ "DCBA", MODBUS_DCBA },
	{ NULL, 0 },
};

static const struct wq_choice times[] = {
	{ "epoch", MODBUS_EPOCH },
	{ "ymdhms", MODBUS_YMDHMS },
	{ NULL, 0 },
};

static const struct wq_choice zeros[] = {
	{ "bad", MODBUS_ZEROS_BAD },
	{ "value", MODBUS_ZEROS_VALUE },
	{ NULL, 0 },
};

static const struct wq_choice framings[] = {
	{ "tcp", MODBUS_TCP },
	{ "rtu", MODBUS_RTU },
	{ NULL, 0 },
};

static const struct wq_choice parities[] = {
	{ "none", SERIAL_NONE },
	{ "even", SERIAL_EVEN },
	{ "odd", SERIAL_ODD },
	{ NULL, 0 },
};

static const struct wq_choice directions[] = {
	{ "none", SERIAL_DIRECT },
	{ "rts-high", SERIAL_RTS_HIGH },
	{ "rts-low", SERIAL_RTS_LOW },
	{ NULL, 0 },
};

static const struct wq_choice connections[] = {
	{ "held", MODBUS_HELD },
	{ "per-poll", MODBUS_PER_POLL },
	{ NULL, 0 },
};

static const struct {
	uint8_t function;
	const char *name;
} kinds[MODBUS_TABLES] = {
	[MODBUS_HOLDING] = { 3, "holding registers" },
	[MODBUS_INPUT] = { 4, "input registers" },
	[MODBUS_COIL] = { 1, "coils" },
	[MODBUS_DISCRETE] = { 2, "discrete inputs" },
};

uint8_t modbus_function(int table)
{
	return kinds[table].function;
}

const char *modbus_table_name(int table)
{
	return kinds[table].name;
}

bool modbus_table_of_bits(int table)
{
	return table == MODBUS_COIL || table == MODBUS_DISCRETE;
}

#define BUS(field)   offsetof(struct modbus_bus_settings, field)
#define POINT(field) offsetof(struct modbus_point_settings, field)

const struct wq_option modbus_bus_options[] = {
	{ .key = "host",
	        .type = WQ_OPT_TEXT,
	        .min = 1,
	        .max = 253,
	        .offset = BUS(host),
	        .help = "address or name of the device or gateway; or device" },
	{ .key = "port",
	        .type = WQ_OPT_INTEGER,
	        .min = 1,
	        .max = 65535,
	        .fallback = "502",
	        .offset = BUS(port),
	        .help = "TCP port of the device or gateway" },
	{ .key = "framing",
	        .type = WQ_OPT_CHOICE,
	        .choices = framings,
	        .offset = BUS(framing),
	        .help = "how messages look; default: tcp for a host, rtu for a device" },
	{ .key = "device",
	        .type = WQ_OPT_TEXT,
	        .min = 2,
	        .max = 255,
	        .offset = BUS(device),
	        .help = "serial port, by a name that stays: /dev/serial/by-id/…; or host" },
	{ .key = "baud",
	        .type = WQ_OPT_INTEGER,
	        .min = 300,
	        .max = 921600,
	        .fallback = "9600",
	        .unit = "bit/s",
	        .offset = BUS(baud),
	        .help = "speed of the serial line" },
	{ .key = "parity",
	        .type = WQ_OPT_CHOICE,
	        .fallback = "none",
	        .choices = parities,
	        .offset = BUS(parity),
	        .help = "parity of the serial line" },
	{ .key = "data_bits",
	        .type = WQ_OPT_INTEGER,
	        .min = 7,
	        .max = 8,
	        .fallback = "8",
	        .offset = BUS(data_bits),
	        .help = "bits of a character; RTU needs 8" },
	{ .key = "stop_bits",
	        .type = WQ_OPT_INTEGER,
	        .min = 1,
	        .max = 2,
	        .fallback = "1",
	        .offset = BUS(stop_bits),
	        .help = "stop bits of a character" },
	{ .key = "rs485",
	        .type = WQ_OPT_CHOICE,
	        .fallback = "none",
	        .choices = directions,
	        .offset = BUS(rs485),
	        .help = "how RTS stands while sending, where the kernel has to switch the direction" },
	{ "identity", WQ_OPT_LIST, false, 0, MODBUS_IDENTITIES, NULL, NULL, NULL, BUS(identity),
	        "registers of known content, \"UNIT TABLE ADDRESS VALUE\"; one a device, read with each poll" },
	{ .key = "timeout",
	        .type = WQ_OPT_SPAN,
	        .min = 100,
	        .max = 30000,
	        .fallback = "1s",
	        .offset = BUS(timeout),
	        .help = "longest wait for an answer, and for connecting" },
	{ .key = "interval",
	        .type = WQ_OPT_SPAN,
	        .min = 200,
	        .max = 86400000,
	        .fallback = "60s",
	        .offset = BUS(interval),
	        .help = "time between two polls of a device" },
	{ .key = "block",
	        .type = WQ_OPT_INTEGER,
	        .min = 1,
	        .max = 125,
	        .fallback = "125",
	        .unit = "registers",
	        .offset = BUS(block),
	        .help = "most registers that one request may read" },
	{ .key = "gap",
	        .type = WQ_OPT_INTEGER,
	        .min = 0,
	        .max = 124,
	        .fallback = "0",
	        .unit = "registers",
	        .offset = BUS(gap),
	        .help = "unused registers that may be read to save a request" },
	{ .key = "zeros",
	        .type = WQ_OPT_CHOICE,
	        .fallback = "bad",
	        .choices = zeros,
	        .offset = BUS(zeros),
	        .help = "all values of a device 0 at once: it just started, or they are values" },
	{ .key = "connection",
	        .type = WQ_OPT_CHOICE,
	        .fallback = "held",
	        .choices = connections,
	        .offset = BUS(connection),
	        .help = "kept between polls, or made for each" },
	WQ_OPTION_END,
};

const struct wq_option modbus_point_options[] = {
	{ .key = "unit_id",
	        .type = WQ_OPT_INTEGER,
	        .min = 1,
	        .max = 255,
	        .fallback = "1",
	        .offset = POINT(unit_id),
	        .help = "Modbus unit id of the device, 1 to 247 or 255" },
	{ .key = "address",
	        .type = WQ_OPT_INTEGER,
	        .required = true,
	        .min = 0,
	        .max = 65535,
	        .offset = POINT(address),
	        .help = "first register, counted from 0 (40001 in manuals is 0)" },
	{ .key = "table",
	        .type = WQ_OPT_CHOICE,
	        .fallback = "holding",
	        .choices = tables,
	        .offset = POINT(table),
	        .help = "holding registers (function 3) or input registers (4)" },
	{ .key = "type",
	        .type = WQ_OPT_CHOICE,
	        .fallback = "float32",
	        .choices = types,
	        .offset = POINT(type),
	        .help = "what the registers hold" },
	{ .key = "order",
	        .type = WQ_OPT_CHOICE,
	        .fallback = "ABCD",
	        .choices = orders,
	        .offset = POINT(order),
	        .help = "order in which the bytes arrive, A the most significant" },
	{ .key = "scale",
	        .type = WQ_OPT_TEXT,
	        .min = 1,
	        .max = 40,
	        .fallback = "1",
	        .offset = POINT(scale),
	        .help = "decimal: value = raw x scale + offset" },
	{ .key = "offset",
	        .type = WQ_OPT_TEXT,
	        .min = 1,
	        .max = 40,
	        .fallback = "0",
	        .offset = POINT(offset),
	        .help = "decimal, in the unit of the point" },
	{ "invalid", WQ_OPT_LIST, false, 0, MODBUS_INVALID, NULL, NULL, NULL, POINT(invalid),
	        "raw numbers, or bits like 0xFFFF, that mean no value" },
	{ .key = "time_address",
	        .type = WQ_OPT_INTEGER,
	        .min = -1,
	        .max = 65535,
	        .fallback = "-1",
	        .offset = POINT(time_address),
	        .help = "first register of the analyser's time of measurement; -1: none" },
	{ .key = "time_type",
	        .type = WQ_OPT_CHOICE,
	        .fallback = "epoch",
	        .choices = times,
	        .offset = POINT(time_type),
	        .help = "seconds since 1970 UTC, or six registers in local time" },
	{ .key = "time_order",
	        .type = WQ_OPT_CHOICE,
	        .choices = orders,
	        .offset = POINT(time_order),
	        .help = "byte order of the time; absent: as order" },
	WQ_OPTION_END,
};

/* Registers [first, end) of one table of one device. */
struct extent {
	int64_t unit_id, first, end;
	int table;
};

static struct extent value_of(const struct modbus_point_settings *p)
{
	return (struct extent){ p->unit_id, p->address, p->address + regmap_value_width(p->type),
		p->table };
}

static struct extent time_of(const struct modbus_point_settings *p)
{
	return (struct extent){ p->unit_id, p->time_address,
		p->time_address + regmap_time_width(p->time_type), p->table };
}

static bool overlap(struct extent a, struct extent b)
{
	return a.unit_id == b.unit_id && a.table == b.table && a.first < b.end && b.first < a.end;
}

static int check_extent(struct extent e, const char *key, int64_t block, struct wq_err *err)
{
	if (e.end > 65536)
		return wq_fail(err, WQ_E_INVALID,
		        "%s = %lld: needs %lld registers, and the last address is 65535", key,
		        (long long)e.first, (long long)(e.end - e.first));
	if (e.end - e.first > block)
		return wq_fail(err, WQ_E_INVALID,
		        "%s = %lld: needs %lld registers in one request, and block = %lld allows "
		        "fewer",
		        key, (long long)e.first, (long long)(e.end - e.first), (long long)block);
	return 0;
}

static int check_unit(const struct modbus_bus_settings *b, int64_t unit_id, struct wq_err *err)
{
	bool rtu = modbus_is_rtu(b);

	if (unit_id >= 1 && (unit_id <= 247 || (unit_id == 255 && !rtu)))
		return 0;
	return wq_fail(err, WQ_E_INVALID, "unit_id = %lld: must be between 1 and 247%s",
	        (long long)unit_id, rtu ? "; RTU knows no others" : ", or 255");
}

static int check_point(const struct wq_bus *bus, size_t i, struct wq_err *err)
{
	const struct modbus_bus_settings *b = bus->settings;
	const struct modbus_point_settings *p = bus->points[i].settings;
	struct regmap map;
	int r;

	if ((r = check_unit(b, p->unit_id, err)) < 0)
		return r;
	if ((r = check_extent(value_of(p), "address", b->block, err)) < 0)
		return r;
	if (p->time_address >= 0 &&
	        (r = check_extent(time_of(p), "time_address", b->block, err)) < 0)
		return r;
	if (p->time_address >= 0 && overlap(value_of(p), time_of(p)))
		return wq_fail(err, WQ_E_INVALID,
		        "time_address = %lld: its registers overlap with the value's at %lld",
		        (long long)p->time_address, (long long)p->address);
	return regmap_open(&map, p, bus->points[i].factor, err);
}

/* A register holds one thing. Two points that want it in two ways are a slip of the pen, most often
 * a copied section whose address was not changed. One time may serve several values. */
static int check_pair(const struct wq_point *a, const struct wq_point *b, struct wq_err *err)
{
	const struct modbus_point_settings *p = a->settings, *q = b->settings;
	int64_t at = -1;

	if (overlap(value_of(p), value_of(q)))
		at = p->address;
	else if (q->time_address >= 0 && overlap(value_of(p), time_of(q)))
		at = p->address;
	else if (p->time_address >= 0 && overlap(time_of(p), value_of(q)))
		at = p->time_address;
	if (at < 0)
		return 0;
	return wq_fail(err, WQ_E_INVALID,
	        "register %lld of unit %lld is also read by point '%s' of station '%s'",
	        (long long)at, (long long)p->unit_id, b->parameter, b->station);
}

/* "10.0.0.9:502" is an address and a port in one; an IPv6 address has more colons. */
static int check_host(const struct modbus_bus_settings *bus, struct wq_err *err)
{
	const char *colon = bus->host != NULL ? strchr(bus->host, ':') : NULL;

	if (colon == NULL || strchr(colon + 1, ':') != NULL)
		return 0;
	return wq_fail(err, WQ_E_INVALID, "host = \"%.64s\": no port here; write host = \"%.*s\" and port = %.16s",
	        bus->host, (int)(colon - bus->host < 64 ? colon - bus->host : 64), bus->host, colon + 1);
}

int modbus_check(const struct wq_bus *bus, size_t *bad, struct wq_err *err)
{
	int r = check_host(bus->settings, err);

	*bad = SIZE_MAX;
	if (r == 0)
		r = modbus_check_line(bus, err);
	if (r < 0)
		return r;

	for (size_t i = 0; i < bus->point_count; i++) {
		*bad = i;
		if ((r = check_point(bus, i, err)) < 0)
			return r;
		for (size_t j = 0; j < i; j++)
			if ((r = check_pair(&bus->points[i], &bus->points[j], err)) < 0)
				return r;
	}
	*bad = SIZE_MAX;
	return 0;
}
