/* SPDX-License-Identifier: Apache-2.0 */
/* The list of rules: one line each. */
#include "registry.h"

#include "event.h"
#include "health.h"
#include "trend.h"

#include <stddef.h>

const struct wq_rule *const wq_rules[] = {
	&wq_rule_limit,
	&wq_rule_daily,
	&wq_rule_trend,
	&wq_rule_missing,
	&wq_rule_silent,
	&wq_rule_today,
	&wq_rule_fall,
	&wq_rule_month,
	&wq_rule_upstream,
	&wq_rule_network,
	&wq_rule_surge,
	&wq_rule_event,
	&wq_rule_health,
	NULL,
};
