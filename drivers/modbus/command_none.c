/* SPDX-License-Identifier: Apache-2.0 */
/* A build that cannot write. */
#include "command.h"

#include "modbus_settings.h"
#include "rtu.h"

#include "wq/err.h"

int command_check(const struct wq_bus *bus, struct wq_err *err)
{
	const struct modbus_bus_settings *b = bus->settings;

	if (b->commands.count == 0)
		return 0;
	return wq_fail(err, WQ_E_INVALID,
	        "commands: this wqd was built without writing and never writes to a device; build it with cmake "
	        "-DWQ_MODBUS_WRITE=ON, or take the key out");
}

int command_set_open(struct command_set *set, const struct wq_list *texts, struct poll *poll, struct wq_err *err)
{
	(void)set, (void)texts, (void)poll, (void)err;
	return 0;
}

void command_set_close(struct command_set *set)
{
	(void)set;
}

const struct link_framing *command_framing(bool rtu)
{
	return rtu ? &rtu_framing : &frame_tcp;
}

const struct wq_commanding command_commanding = { 0 };
