/* SPDX-License-Identifier: Apache-2.0 */
/* The watch over ourselves, and over what readings come by, as rules: they have places and alarms like any other, but no look
 * at the water. What they say comes from the daemon, through wq_engine_tell() and wq_engine_bus(), or of the engine
 * itself. */
#include "wq/rule.h"

const struct wq_rule wq_rule_system = {
	.name = "system",
	.help = "the daemon's watch over itself; always there, not configured",
	.scope = WQ_SCOPE_NETWORK,
	.about = WQ_ABOUT_DEVICE,
};

const struct wq_rule wq_rule_bus = {
	.name = "bus",
	.help = "a bus that is down; always there, not configured",
	.scope = WQ_SCOPE_NETWORK,
	.about = WQ_ABOUT_DEVICE,
	.parent = true,
};

const struct wq_rule wq_rule_maintenance = {
	.name = "maintenance",
	.help = "a maintenance that nobody ended; always there, not configured",
	.scope = WQ_SCOPE_STATION,
	.about = WQ_ABOUT_DEVICE,
	.to_lead = true,
};
