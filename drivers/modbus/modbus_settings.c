/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of a Modbus bus and of its points; check.c looks at them together. */
#include "modbus_settings.h"

#include "serial.h"

#include <stddef.h>

static const struct wq_choice tables[] = {
	{ "holding", MODBUS_HOLDING },
	{ "input", MODBUS_INPUT },
	{ "coil", MODBUS_COIL },
	{ "discrete", MODBUS_DISCRETE },
	{ NULL, 0 },
};

static const struct wq_choice types[] = {
	{ "float32", MODBUS_FLOAT32 },
	{ "int16", MODBUS_INT16 },
	{ "uint16", MODBUS_UINT16 },
	{ "int32", MODBUS_INT32 },
	{ "uint32", MODBUS_UINT32 },
	{ "float64", MODBUS_FLOAT64 },
	{ "int64", MODBUS_INT64 },
	{ "uint64", MODBUS_UINT64 },
	{ "bcd16", MODBUS_BCD16 },
	{ "bcd32", MODBUS_BCD32 },
	{ "packed32", MODBUS_PACKED32 },
	{ "bit", MODBUS_BIT },
	{ NULL, 0 },
};

static const struct wq_choice orders[] = {
	{ "ABCD", MODBUS_ABCD },
	{ "CDAB", MODBUS_CDAB },
	{ "BADC", MODBUS_BADC },
	{ "DCBA", MODBUS_DCBA },
	{ "ABCDEFGH", MODBUS_ABCD },
	{ "GHEFCDAB", MODBUS_CDAB },
	{ "BADCFEHG", MODBUS_BADC },
	{ "HGFEDCBA", MODBUS_DCBA },
	{ NULL, 0 },
};

static const struct wq_choice times[] = {
	{ "epoch", MODBUS_EPOCH },
	{ "ymdhms", MODBUS_YMDHMS },
	{ "bcd", MODBUS_BCD_TIME },
	{ "packed", MODBUS_PACKED_TIME },
	{ NULL, 0 },
};

static const struct wq_choice flag_types[] = {
	{ "ascii", MODBUS_FLAG_ASCII },
	{ "code", MODBUS_FLAG_CODE },
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

/* What manuals call the first register, and of which table it then is; -1: of any. */
static const struct {
	int64_t base;
	int table;
} bases[] = {
	{ 0, -1 },
	{ 1, -1 },
	{ 10001, MODBUS_DISCRETE },
	{ 30001, MODBUS_INPUT },
	{ 40001, MODBUS_HOLDING },
	{ 100001, MODBUS_DISCRETE },
	{ 300001, MODBUS_INPUT },
	{ 400001, MODBUS_HOLDING },
};

bool modbus_base_known(int64_t base, int *table)
{
	for (size_t i = 0; i < sizeof bases / sizeof *bases; i++) {
		*table = bases[i].table;
		if (bases[i].base == base)
			return true;
	}
	*table = -1;
	return false;
}

int modbus_table(const struct modbus_point_settings *point)
{
	int table;

	if (point->table >= 0)
		return point->table;
	modbus_base_known(point->address_base, &table);
	return table < 0 ? MODBUS_HOLDING : table;
}

int64_t modbus_address(const struct modbus_point_settings *point, int64_t given)
{
	return given - point->address_base;
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
	{ "commands", WQ_OPT_LIST, false, 0, MODBUS_COMMANDS, NULL, NULL, NULL, BUS(commands),
	        "all that may be written, \"NAME UNIT FUNCTION ADDRESS VALUE[,VALUE…]\"; needs a build with WQ_MODBUS_WRITE" },
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
	        .max = 465536,
	        .offset = POINT(address),
	        .help = "first register of the value, counted as address_base says; 4104 or 0x1008" },
	{ .key = "address_base",
	        .type = WQ_OPT_INTEGER,
	        .min = 0,
	        .max = 400001,
	        .fallback = "0",
	        .offset = POINT(address_base),
	        .help = "the manual's number of the first register: 0, 1, 10001, 30001, 40001, "
	                "100001, 300001 or 400001" },
	{ .key = "table",
	        .type = WQ_OPT_CHOICE,
	        .choices = tables,
	        .offset = POINT(table),
	        .help = "what is read, with function 3, 4, 1 or 2; default: as address_base says, "
	                "else holding" },
	{ .key = "type",
	        .type = WQ_OPT_CHOICE,
	        .choices = types,
	        .offset = POINT(type),
	        .help = "what the registers hold; default: float32, of coils and discrete inputs "
	                "bit" },
	{ .key = "bits",
	        .type = WQ_OPT_TEXT,
	        .min = 1,
	        .max = 5,
	        .offset = POINT(bits),
	        .help = "only these bits of a uint16, uint32 or uint64, 0 the lowest: \"3\" or "
	                "\"4-7\"" },
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
	        .max = 465536,
	        .fallback = "-1",
	        .offset = POINT(time_address),
	        .help = "first register of the analyser's time of measurement; -1: none" },
	{ .key = "time_type",
	        .type = WQ_OPT_CHOICE,
	        .fallback = "epoch",
	        .choices = times,
	        .offset = POINT(time_type),
	        .help = "seconds since 1970 UTC; or local time in six registers, in three of BCD or of decimals" },
	{ .key = "time_order",
	        .type = WQ_OPT_CHOICE,
	        .choices = orders,
	        .offset = POINT(time_order),
	        .help = "byte order of the time; absent: as order" },
	{ .key = "flag_address",
	        .type = WQ_OPT_INTEGER,
	        .min = -1,
	        .max = 465536,
	        .fallback = "-1",
	        .offset = POINT(flag_address),
	        .help = "first register of the station's own flag of the value; -1: none" },
	{ .key = "flag_registers",
	        .type = WQ_OPT_INTEGER,
	        .min = 1,
	        .max = MODBUS_FLAG_REGISTERS,
	        .fallback = "1",
	        .offset = POINT(flag_registers),
	        .help = "registers that the flag takes" },
	{ .key = "flag_type",
	        .type = WQ_OPT_CHOICE,
	        .fallback = "ascii",
	        .choices = flag_types,
	        .offset = POINT(flag_type),
	        .help = "two characters a register, or a number that flags translates" },
	{ .key = "flag_order",
	        .type = WQ_OPT_CHOICE,
	        .choices = orders,
	        .offset = POINT(flag_order),
	        .help = "byte order of the flag; absent: as order" },
	{ .key = "flags",
	        .type = WQ_OPT_LIST,
	        .max = MODBUS_LISTED,
	        .offset = POINT(flags),
	        .help = "numbers of a code and the flags they mean: \"0=N\"; others are bad" },
	{ .key = "status_address",
	        .type = WQ_OPT_INTEGER,
	        .min = -1,
	        .max = 465536,
	        .fallback = "-1",
	        .offset = POINT(words[MODBUS_STATUS].address),
	        .help = "register that says what the device does; -1: none" },
	{ .key = "status_bad",
	        .type = WQ_OPT_LIST,
	        .max = MODBUS_LISTED,
	        .offset = POINT(words[MODBUS_STATUS].bad),
	        .help = "status at which a value is bad: \"5\", \"2-7\", \"0x10\" or \"bit 3\"" },
	{ .key = "status_maintenance",
	        .type = WQ_OPT_LIST,
	        .max = MODBUS_LISTED,
	        .offset = POINT(words[MODBUS_STATUS].maintenance),
	        .help = "status at which a value belongs to maintenance, likewise" },
	{ .key = "alarm_address",
	        .type = WQ_OPT_INTEGER,
	        .min = -1,
	        .max = 465536,
	        .fallback = "-1",
	        .offset = POINT(words[MODBUS_ALARM].address),
	        .help = "register of the device's alarms; -1: none" },
	{ .key = "alarm_bad",
	        .type = WQ_OPT_LIST,
	        .max = MODBUS_LISTED,
	        .offset = POINT(words[MODBUS_ALARM].bad),
	        .help = "alarms at which a value is bad, likewise" },
	{ .key = "fault_address",
	        .type = WQ_OPT_INTEGER,
	        .min = -1,
	        .max = 465536,
	        .fallback = "-1",
	        .offset = POINT(words[MODBUS_FAULT].address),
	        .help = "register of the device's faults; -1: none" },
	{ .key = "fault_bad",
	        .type = WQ_OPT_LIST,
	        .max = MODBUS_LISTED,
	        .offset = POINT(words[MODBUS_FAULT].bad),
	        .help = "faults at which a value is bad, likewise; default: all but 0" },
	WQ_OPTION_END,
};
