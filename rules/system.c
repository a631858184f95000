/* SPDX-License-Identifier: Apache-2.0 */
/* The watch over ourselves as a rule: it has places and alarms like any other, but no look at the water. What it says
 * comes from the daemon, through wq_engine_tell(). */
#include "wq/rule.h"

const struct wq_rule wq_rule_system = {
	.name = "system",
	.help = "the daemon's watch over itself; always there, not configured",
	.scope = WQ_SCOPE_NETWORK,
};
