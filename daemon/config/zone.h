/* SPDX-License-Identifier: Apache-2.0 */
/* Time zones by name, resolved to data once, when the file is read: nothing asks tzdata afterwards.
 */
#ifndef WQ_CONFIG_ZONE_H
#define WQ_CONFIG_ZONE_H

#include "wq/instant.h"

struct arena;
struct wq_err;

/* "UTC", "UTC+8", "UTC-3:30" or an IANA name ("Asia/Shanghai"; transitions of 1970 … 2199 by tzset
 * and localtime_r: sets and restores TZ, so main thread only). NULL with *err. */
const struct wq_zone *zone_by_name(const char *name, struct arena *arena, struct wq_err *err);

/* "+08:00": hours to 14, minutes to 59. NULL with *err. */
const struct wq_zone *zone_by_offset(const char *text, struct arena *arena, struct wq_err *err);

#endif
