/* SPDX-License-Identifier: Apache-2.0 */
/* Levels as they are written in the configuration. */
#ifndef WQ_RULES_LEVELS_H
#define WQ_RULES_LEVELS_H

#include "wq/option.h"
#include "wq/verdict.h"

#include <stddef.h>

/* Rules whose level may not be "none" take rule_levels + 1. */
static const struct wq_choice rule_levels[] = {
	{ "none", WQ_LEVEL_NONE },
	{ "info", WQ_LEVEL_INFO },
	{ "watch", WQ_LEVEL_WATCH },
	{ "warning", WQ_LEVEL_WARNING },
	{ "alarm", WQ_LEVEL_ALARM },
	{ NULL, 0 },
};

#endif
