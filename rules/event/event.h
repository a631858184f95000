/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of this room: one line each in rules/registry.c. */
#ifndef WQ_RULES_EVENT_H
#define WQ_RULES_EVENT_H

#include "wq/rule.h"

extern const struct wq_rule wq_rule_surge, wq_rule_event;

#endif
