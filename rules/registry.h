/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of this folder, for registry.c. */
#ifndef WQ_RULES_REGISTRY_H
#define WQ_RULES_REGISTRY_H

#include "wq/rule.h"

extern const struct wq_rule wq_rule_limit;
extern const struct wq_rule wq_rule_daily;
extern const struct wq_rule wq_rule_missing;
extern const struct wq_rule wq_rule_silent;
extern const struct wq_rule wq_rule_today;
extern const struct wq_rule wq_rule_fall;
extern const struct wq_rule wq_rule_month;
extern const struct wq_rule wq_rule_upstream;
extern const struct wq_rule wq_rule_network;

#endif
