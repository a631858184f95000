/* SPDX-License-Identifier: Apache-2.0 */
/* Commands of a bus: what `commands` of the configuration lists, and nothing else, is written to its devices, when a
 * person asks for it (wqctl command). Two builds of this: command.c, command_list.c and write.c with WQ_MODBUS_WRITE;
 * command_none.c without, in which there is no code that writes. By the bus's worker, as a poll. */
#ifndef WQ_MODBUS_COMMAND_H
#define WQ_MODBUS_COMMAND_H

#include "link.h"

#include "wq/driver.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wq_err;
struct wq_list;
struct poll;

#define COMMAND_NAME 32 /* bytes of a name, NUL included */

struct command_one {
	char name[COMMAND_NAME];
	uint16_t values[WQ_COMMAND_VALUES]; /* as they go over the wire: a coil is 0xFF00 or 0 */
	struct wq_command shown;            /* points into this struct */
};

/* The commands of a bus, and the one under way. Zero-initialise. */
struct command_set {
	size_t count;
	struct command_one *list;
	struct wq_command *shown; /* [count] */
	struct poll *poll;        /* of the bus; outlives it */
	size_t current;
	bool asked, reconnected;
};

/* Part of the check of a bus: WQ_E_INVALID with a sentence. */
int command_check(const struct wq_bus *bus, struct wq_err *err);

/* Reads one text of `commands`; WQ_E_INVALID with a sentence. Not without WQ_MODBUS_WRITE. */
int command_parse(const char *text, struct command_one *one, struct wq_err *err);

int command_set_open(struct command_set *set, const struct wq_list *texts, struct poll *poll, struct wq_err *err);
void command_set_close(struct command_set *set);

/* modbus.c: the commands of a bus, from its driver's state. */
struct command_set *command_set_of(const void *state);

/* How messages look: with commands where they can be sent. */
const struct link_framing *command_framing(bool rtu);

extern const struct wq_commanding command_commanding;

#endif
