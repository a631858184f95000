/* SPDX-License-Identifier: Apache-2.0 */
/* The trend rule, for the registry. */
#ifndef WQ_RULES_TREND_H
#define WQ_RULES_TREND_H

#include "wq/rule.h"

extern const struct wq_rule wq_rule_trend;

#endif
