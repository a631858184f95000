/* SPDX-License-Identifier: Apache-2.0 */
/* How far a suspect reading goes. */
#ifndef WQ_RULES_DOUBT_H
#define WQ_RULES_DOUBT_H

#include "wq/rule.h"

#include <stdbool.h>
#include <stddef.h>

/* The newest reading is suspect, and the one before it is not: the next one will show what it was worth. Two in a row are taken
 * for what they are, or an instrument that is doubted for weeks would hide its water for weeks. */
static inline bool doubt_alone(const struct wq_reading *readings, size_t count)
{
	return count > 0 && readings[count - 1].quality == WQ_SUSPECT &&
		(count < 2 || readings[count - 2].quality != WQ_SUSPECT);
}

#endif
