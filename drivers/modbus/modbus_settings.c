/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of a Modbus bus and of its points, and the mistakes that only show when keys are seen
 * together. */
#include "modbus_settings.h"

#include "regmap.h"

#include "wq/err.h"

#include <stddef.h>

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

#define BUS(field)   offsetof(struct modbus_bus_settings, field)
#define POINT(field) offsetof(struct modbus_point_settings, field)

/* clang-format off */
const struct wq_option modbus_bus_options[] = {
	{ "host", WQ_OPT_TEXT, true, 1, 253, NULL, NULL, NULL, BUS(host), "address or name of the device or gateway" },
	{ "port", WQ_OPT_INTEGER, false, 1, 65535, "502", NULL, NULL, BUS(port), "TCP port of the device or gateway" },
	{ "timeout", WQ_OPT_SPAN, false, 100, 30000, "1s", NULL, NULL, BUS(timeout), "longest wait for an answer, and for connecting" },
	{ "interval", WQ_OPT_SPAN, false, 200, 86400000, "60s", NULL, NULL, BUS(interval), "time between two polls of a device" },
	{ "block", WQ_OPT_INTEGER, false, 1, 125, "125", "registers", NULL, BUS(block), "most registers that one request may read" },
	{ "gap", WQ_OPT_INTEGER, false, 0, 124, "0", "registers", NULL, BUS(gap), "unused registers that may be read to save a request" },
	WQ_OPTION_END,
};

const struct wq_option modbus_point_options[] = {
	{ "unit_id", WQ_OPT_INTEGER, false, 1, 255, "1", NULL, NULL, POINT(unit_id), "Modbus unit id of the device, 1 to 247 or 255" },
	{ "address", WQ_OPT_INTEGER, true, 0, 65535, NULL, NULL, NULL, POINT(address), "first register, counted from 0 (40001 in manuals is 0)" },
	{ "table", WQ_OPT_CHOICE, false, 0, 0, "holding", NULL, tables, POINT(table), "holding registers (function 3) or input registers (4)" },
	{ "type", WQ_OPT_CHOICE, false, 0, 0, "float32", NULL, types, POINT(type), "what the registers hold" },
	{ "order", WQ_OPT_CHOICE, false, 0, 0, "ABCD", NULL, orders, POINT(order), "order in which the bytes arrive, A the most significant" },
	{ "scale", WQ_OPT_TEXT, false, 1, 40, "1", NULL, NULL, POINT(scale), "decimal: value = raw x scale + offset" },
	{ "offset", WQ_OPT_TEXT, false, 1, 40, "0", NULL, NULL, POINT(offset), "decimal, in the unit of the point" },
	{ "invalid", WQ_OPT_LIST, false, 0, MODBUS_INVALID, NULL, NULL, NULL, POINT(invalid), "raw numbers, or bits like 0xFFFF, that mean no value" },
	{ "time_address", WQ_OPT_INTEGER, false, -1, 65535, "-1", NULL, NULL, POINT(time_address), "first register of the analyser's time of measurement; -1: none" },
	{ "time_type", WQ_OPT_CHOICE, false, 0, 0, "epoch", NULL, times, POINT(time_type), "seconds since 1970 UTC, or six registers in local time" },
	{ "time_order", WQ_OPT_CHOICE, false, 0, 0, NULL, NULL, orders, POINT(time_order), "byte order of the time; absent: as order" },
	WQ_OPTION_END,
};
/* clang-format on */

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

static int check_point(const struct wq_bus *bus, size_t i, struct wq_err *err)
{
	const struct modbus_bus_settings *b = bus->settings;
	const struct modbus_point_settings *p = bus->points[i].settings;
	struct regmap map;
	int r;

	if (p->unit_id > 247 && p->unit_id != 255)
		return wq_fail(err, WQ_E_INVALID,
		        "unit_id = %lld: must be between 1 and 247, or 255", (long long)p->unit_id);
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

int modbus_check(const struct wq_bus *bus, size_t *bad, struct wq_err *err)
{
	int r;

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
