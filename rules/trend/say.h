/* SPDX-License-Identifier: Apache-2.0 */
/* An outlook in words, for officers. Pure. */
#ifndef WQ_TREND_SAY_H
#define WQ_TREND_SAY_H

#include "outlook.h"

#include "wq/instant.h"

struct bound;
struct wq_parameter;
struct wq_verdict;

/* "总磷持续上升,现约0.172mg/L,每小时升0.004,预计约6至9小时后超Ⅲ类限值(0.2),最可能约7小时". What is rounded agrees with itself: from value,
 * slope and limit as written the time as written follows, to a tenth or half of its unit. `season` > 0: of what the course was taken off. out->limit
 * is there already, and is what the outlook leads to. */
void trend_say(struct wq_verdict *out, const struct wq_parameter *parameter, const struct bound *bound, bool upper, wq_ms season,
        const struct outlook *outlook);

#endif
