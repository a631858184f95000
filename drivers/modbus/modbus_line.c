/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of a bus that say where it is and how it is spoken to: what they may not be together. */
#include "command.h"
#include "modbus_settings.h"
#include "serial.h"

#include "wq/err.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool modbus_is_rtu(const struct modbus_bus_settings *settings)
{
	return settings->framing < 0 ? settings->device != NULL : settings->framing == MODBUS_RTU;
}

static int check_speed(const struct modbus_bus_settings *b, struct wq_err *err)
{
	int64_t below, above;

	if (serial_speed(b->baud, &below, &above))
		return 0;
	return wq_fail(err, WQ_E_INVALID, "baud = %lld: no usual speed; the next are %lld and %lld",
	        (long long)b->baud, (long long)below, (long long)above);
}

static int check_line(const struct modbus_bus_settings *b, struct wq_err *err)
{
	if (b->device != NULL && b->host != NULL)
		return wq_fail(err, WQ_E_INVALID,
		        "host and device are both given: a bus is either a connection (host) or a "
		        "serial line (device)");
	if (b->device == NULL && b->host == NULL)
		return wq_fail(err, WQ_E_INVALID,
		        "neither host nor device is given: a connection needs host, a serial line "
		        "needs device");
	if (b->device == NULL)
		return 0;
	if (b->device[0] != '/')
		return wq_fail(err, WQ_E_INVALID,
		        "device = \"%.64s\": must be a path such as /dev/serial/by-id/…",
		        b->device);
	if (!modbus_is_rtu(b))
		return wq_fail(err, WQ_E_INVALID,
		        "framing = \"tcp\": a serial line speaks RTU; leave it out");
	if (b->data_bits != 8)
		return wq_fail(err, WQ_E_INVALID,
		        "data_bits = %lld: RTU sends whole bytes and needs 8 (7 are of Modbus "
		        "ASCII, "
		        "which is not spoken)",
		        (long long)b->data_bits);
	return check_speed(b, err);
}

int modbus_identity_parse(const char *text, struct modbus_identity *identity, struct wq_err *err)
{
	unsigned long unit = 0, address = 0, value = 0;
	char table[9] = "", extra;
	char value_text[9] = "", *end = value_text;
	int n = sscanf(text, "%3lu %8s %5lu %8s %c", &unit, table, &address, value_text, &extra);
	bool input = strcmp(table, "input") == 0;

	if (n == 4)
		value = strtoul(value_text, &end, 0);
	if (n != 4 || (!input && strcmp(table, "holding") != 0) || unit < 1 || unit > 255 ||
	        address > 65535 || value > 65535 || *end != '\0' || strchr(text, '-'))
		return wq_fail(err, WQ_E_INVALID,
		        "identity: \"%.64s\" is not unit id, holding or input, address and value, "
		        "such "
		        "as \"3 holding 100 0x1234\"",
		        text);
	*identity = (struct modbus_identity){ (uint8_t)unit, input ? 4 : 3, (uint16_t)address,
		(uint16_t)value };
	return 0;
}

bool modbus_has_unit(const struct wq_bus *bus, unsigned unit_id)
{
	for (size_t i = 0; i < bus->point_count; i++) {
		const struct modbus_point_settings *p = bus->points[i].settings;

		if (p->unit_id == unit_id)
			return true;
	}
	return false;
}

static int check_identity(const struct wq_bus *bus, struct wq_err *err)
{
	const struct modbus_bus_settings *b = bus->settings;
	bool used[256] = { false };

	for (size_t i = 0; i < b->identity.count; i++) {
		struct modbus_identity id;
		int r = modbus_identity_parse(b->identity.items[i], &id, err);

		if (r < 0)
			return r;
		if (used[id.unit_id])
			return wq_fail(err, WQ_E_INVALID, "identity: unit %u has two", id.unit_id);
		if (!modbus_has_unit(bus, id.unit_id))
			return wq_fail(err, WQ_E_INVALID,
			        "identity: \"%.64s\": no point of this bus is read from unit %u",
			        b->identity.items[i], id.unit_id);
		used[id.unit_id] = true;
	}
	return 0;
}

void modbus_advise(const struct wq_bus *bus, char *text, size_t cap)
{
	const struct modbus_bus_settings *b = bus->settings;

	text[0] = '\0';
	if (b->device != NULL && serial_name_moves(b->device))
		snprintf(text, cap,
		        "device = \"%.64s\": this name may be another adapter's after a restart; "
		        "take "
		        "the one in /dev/serial/by-id",
		        b->device);
}

const char *modbus_claims(const struct wq_bus *bus)
{
	return ((const struct modbus_bus_settings *)bus->settings)->device;
}

int modbus_check_line(const struct wq_bus *bus, struct wq_err *err)
{
	int r = check_line(bus->settings, err);

	if (r == 0)
		r = check_identity(bus, err);
	return r < 0 ? r : command_check(bus, err);
}
