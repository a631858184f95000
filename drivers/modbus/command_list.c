/* SPDX-License-Identifier: Apache-2.0 */
/* The allow-list: texts of the configuration into commands, and what they may not be. */
#include "command.h"

#include "modbus_settings.h"
#include "write.h"

#include "wq/err.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COIL_ON 0xFF00

static int refuse(const char *text, const char *why, struct wq_err *err)
{
	return wq_fail(err, WQ_E_INVALID, "commands: \"%.80s\": %s", text, why);
}

/* A number of 0 … most, decimal or 0x…, up to `end`; *text moves behind it. -1: it is none. */
static long command_number(const char **text, const char *ends, long most)
{
	char *end;
	long value;

	/* 010 is ten to one reader and eight to another. */
	if (!isdigit((unsigned char)**text) || (**text == '0' && isdigit((unsigned char)(*text)[1])))
		return -1;
	value = strtol(*text, &end, 0);
	if (value > most || (*end != '\0' && !strchr(ends, *end)))
		return -1;
	*text = end;
	return value;
}

static bool command_name(const char **text, char name[COMMAND_NAME])
{
	size_t length = strspn(*text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");

	if (length == 0 || length >= COMMAND_NAME || (*text)[length] != ' ')
		return false;
	memcpy(name, *text, length);
	name[length] = '\0';
	*text += length;
	return true;
}

/* The three numbers after the name. */
static bool command_place(const char **text, long numbers[3])
{
	static const long most[3] = { 255, 255, 65535 };

	for (size_t i = 0; i < 3; i++) {
		*text += strspn(*text, " ");
		numbers[i] = command_number(text, " ", most[i]);
		if (numbers[i] < 0)
			return false;
	}
	*text += strspn(*text, " ");
	return true;
}

/* How many values there are; 0: they are none, or too many. */
static size_t command_values(const char *text, uint16_t values[WQ_COMMAND_VALUES])
{
	for (size_t n = 0; n < WQ_COMMAND_VALUES; n++) {
		long value = command_number(&text, ",", 65535);

		if (value < 0)
			return 0;
		values[n] = (uint16_t)value;
		if (*text == '\0')
			return n + 1;
		text++;
	}
	return 0;
}

static int command_function(const char *text, struct command_one *one, struct wq_err *err)
{
	const struct wq_command *c = &one->shown;

	if (c->function != WRITE_COIL && c->function != WRITE_REGISTER && c->function != WRITE_REGISTERS)
		return refuse(text, "the function is 5 (a coil), 6 (a register) or 16 (registers)", err);
	if (c->function != WRITE_REGISTERS && c->count != 1)
		return refuse(text, "functions 5 and 6 take one value", err);
	if (c->address + c->count > 65536)
		return refuse(text, "the last address is 65535", err);
	if (c->function != WRITE_COIL)
		return 0;
	if (one->values[0] > 1 && one->values[0] != COIL_ON)
		return refuse(text, "a coil is 1 (on) or 0 (off)", err);
	one->values[0] = one->values[0] != 0 ? COIL_ON : 0;
	return 0;
}

int command_parse(const char *text, struct command_one *one, struct wq_err *err)
{
	const char *at = text;
	long numbers[3];

	*one = (struct command_one){ .name = "" };
	one->shown.name = one->name;
	one->shown.values = one->values;
	if (!command_name(&at, one->name) || !command_place(&at, numbers) ||
	        (one->shown.count = command_values(at, one->values)) == 0)
		return refuse(text,
		        "is not NAME UNIT FUNCTION ADDRESS VALUE[,VALUE…], such as \"start 3 6 110 1\": a name of 1 to 31 "
		        "letters, digits, - and _, 16 values of 0 to 65535 at most",
		        err);
	one->shown.unit = (unsigned)numbers[0];
	one->shown.function = (unsigned)numbers[1];
	one->shown.address = (unsigned)numbers[2];
	return command_function(text, one, err);
}

int command_check(const struct wq_bus *bus, struct wq_err *err)
{
	const struct wq_list *texts = &((const struct modbus_bus_settings *)bus->settings)->commands;
	char names[MODBUS_COMMANDS][COMMAND_NAME];

	for (size_t i = 0; i < texts->count; i++) {
		struct command_one one;
		int r = command_parse(texts->items[i], &one, err);

		if (r < 0)
			return r;
		/* Of a device that is read something is known; and 0 would be all devices at once. */
		if (!modbus_has_unit(bus, one.shown.unit))
			return refuse(texts->items[i], "no point of this bus is read from that unit", err);
		memcpy(names[i], one.name, COMMAND_NAME);
		for (size_t k = 0; k < i; k++)
			if (strcmp(names[k], names[i]) == 0)
				return refuse(texts->items[i], "another command has that name", err);
	}
	return 0;
}
