/* SPDX-License-Identifier: Apache-2.0 */
/* Mistakes of a bus that only show when keys are seen together. */
#include "modbus_settings.h"
#include "plan.h"
#include "readings.h"
#include "regmap.h"

#include "wq/err.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* Registers [first, end) of one table of one device. */
struct extent {
	int64_t unit_id, first, end;
	int table;
};

static struct extent extent_of(const struct modbus_point_settings *p, int64_t given, int64_t width)
{
	const int64_t first = modbus_address(p, given);

	return (struct extent){ p->unit_id, first, first + width, modbus_table(p) };
}

static int type_of(const struct modbus_point_settings *p)
{
	if (p->type >= 0)
		return p->type;
	return modbus_table_of_bits(modbus_table(p)) ? MODBUS_BIT : MODBUS_FLOAT32;
}

static struct extent value_of(const struct modbus_point_settings *p)
{
	return extent_of(p, p->address, regmap_value_width(type_of(p)));
}

static struct extent time_of(const struct modbus_point_settings *p)
{
	return extent_of(p, p->time_address, regmap_time_width(p->time_type));
}

static struct extent flag_of(const struct modbus_point_settings *p)
{
	return extent_of(p, p->flag_address, p->flag_registers);
}

static bool overlap(struct extent a, struct extent b)
{
	return a.unit_id == b.unit_id && a.table == b.table && a.first < b.end && b.first < a.end;
}

static int check_base(const struct modbus_point_settings *p, struct wq_err *err)
{
	int table;

	if (!modbus_base_known(p->address_base, &table))
		return wq_fail(err, WQ_E_INVALID,
		        "address_base = %lld: must be 0, 1, 10001, 30001, 40001, 100001, 300001 or "
		        "400001, the number that the manual gives to the first register",
		        (long long)p->address_base);
	if (table >= 0 && p->table >= 0 && p->table != table)
		return wq_fail(err, WQ_E_INVALID,
		        "address_base = %lld is where %s begin, and table says %s",
		        (long long)p->address_base, modbus_table_name(table),
		        modbus_table_name(p->table));
	return 0;
}

/* given: the address as the file has it. */
static int check_extent(
        struct extent e, const char *key, int64_t given, int64_t block, struct wq_err *err)
{
	if (e.first < 0)
		return wq_fail(err, WQ_E_INVALID, "%s = %lld lies before address_base", key,
		        (long long)given);
	if (e.end > 65536)
		return wq_fail(err, WQ_E_INVALID,
		        "%s = %lld: needs %lld registers, and the last address is %lld", key,
		        (long long)given, (long long)(e.end - e.first),
		        (long long)(given - e.first + 65535));
	if (e.end - e.first > block)
		return wq_fail(err, WQ_E_INVALID,
		        "%s = %lld: needs %lld registers in one request, and block = %lld allows "
		        "fewer",
		        key, (long long)given, (long long)(e.end - e.first), (long long)block);
	return 0;
}

static int check_addresses(
        const struct modbus_point_settings *p, int64_t block, struct wq_err *err)
{
	static const char *const words[MODBUS_WORDS] = { "status_address", "alarm_address",
		"fault_address" };
	int r = check_extent(value_of(p), "address", p->address, block, err);

	if (r == 0 && p->time_address >= 0)
		r = check_extent(time_of(p), "time_address", p->time_address, block, err);
	if (r == 0 && p->flag_address >= 0)
		r = check_extent(flag_of(p), "flag_address", p->flag_address, block, err);
	for (int i = 0; i < MODBUS_WORDS && r == 0; i++)
		if (p->words[i].address >= 0)
			r = check_extent(extent_of(p, p->words[i].address, 1), words[i],
			        p->words[i].address, block, err);
	return r;
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
	struct regmap_lists lists;
	struct regmap map;
	int r;

	if ((r = check_unit(b, p->unit_id, err)) < 0 || (r = check_base(p, err)) < 0 ||
	        (r = check_addresses(p, b->block, err)) < 0)
		return r;
	if (p->time_address >= 0 && overlap(value_of(p), time_of(p)))
		return wq_fail(err, WQ_E_INVALID,
		        "time_address = %lld: its registers overlap with the value's at %lld",
		        (long long)p->time_address, (long long)p->address);
	if (p->flag_address >= 0 &&
	        (overlap(value_of(p), flag_of(p)) ||
	                (p->time_address >= 0 && overlap(time_of(p), flag_of(p)))))
		return wq_fail(err, WQ_E_INVALID,
		        "flag_address = %lld: its registers overlap with those of the value or the "
		        "time",
		        (long long)p->flag_address);
	return regmap_open(&map, &lists, p, bus->points[i].factor, err);
}

/* Two points may share a register when each takes other bits of it. */
static bool other_bits(const struct wq_point *a, const struct wq_point *b)
{
	const struct modbus_point_settings *p = a->settings, *q = b->settings;
	struct regmap_lists lists; /* of both: they are not looked at */
	struct regmap m, n;

	if (p->bits == NULL || q->bits == NULL || p->address != q->address ||
	        p->address_base != q->address_base || type_of(p) != type_of(q) ||
	        p->order != q->order || regmap_open(&m, &lists, p, a->factor, NULL) < 0 ||
	        regmap_open(&n, &lists, q, b->factor, NULL) < 0)
		return false;
	return m.first_bit + m.bit_count <= n.first_bit || n.first_bit + n.bit_count <= m.first_bit;
}

/* A register holds one thing. Two points that want it in two ways are a slip of the pen, most often
 * a copied section whose address was not changed. One time, flag or word may serve several values. */
static int check_pair(const struct wq_point *a, const struct wq_point *b, struct wq_err *err)
{
	const struct modbus_point_settings *p = a->settings, *q = b->settings;
	int64_t at = -1;

	if (overlap(value_of(p), value_of(q)) && !other_bits(a, b))
		at = p->address;
	else if (q->time_address >= 0 && overlap(value_of(p), time_of(q)))
		at = p->address;
	else if (q->flag_address >= 0 && overlap(value_of(p), flag_of(q)))
		at = p->address;
	else if (p->time_address >= 0 && overlap(time_of(p), value_of(q)))
		at = p->time_address;
	else if (p->flag_address >= 0 && overlap(flag_of(p), value_of(q)))
		at = p->flag_address;
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

/* Whether what must be read together can be. */
static int check_plan(const struct wq_bus *bus, size_t *bad, struct wq_err *err)
{
	const struct modbus_bus_settings *b = bus->settings;
	struct plan_point *points = calloc(bus->point_count + 1, sizeof *points);
	struct plan plan = { 0 };
	struct regmap_lists lists;
	struct regmap map;
	int r = 0;

	if (points == NULL)
		return wq_fail(err, WQ_E_MEMORY, "no memory to plan the reads");
	for (size_t i = 0; i < bus->point_count && r == 0; i++) {
		const struct modbus_point_settings *p = bus->points[i].settings;

		r = regmap_open(&map, &lists, p, bus->points[i].factor, err);
		points[i] = readings_plan_point((uint8_t)p->unit_id, &map);
	}
	if (r == 0)
		r = plan_open(&plan, points, bus->point_count, (uint32_t)b->block, (uint32_t)b->gap, bad,
		        err);
	plan_close(&plan);
	free(points);
	return r;
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
	return check_plan(bus, bad, err);
}
