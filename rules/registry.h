/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of this folder, for registry.c. */
#ifndef WQ_RULES_REGISTRY_H
#define WQ_RULES_REGISTRY_H

#include "wq/rule.h"

extern const struct wq_rule wq_rule_limit;
extern const struct wq_rule wq_rule_daily;
extern const struct wq_rule wq_rule_missing;

#endif
