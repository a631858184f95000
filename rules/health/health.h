/* SPDX-License-Identifier: Apache-2.0 */
/* The rule `health`, for the registry. */
#ifndef WQ_RULES_HEALTH_H
#define WQ_RULES_HEALTH_H

#include "wq/rule.h"

extern const struct wq_rule wq_rule_health;

#endif
