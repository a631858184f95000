/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of steps share. Private to schema*.c. */
#ifndef WQ_STORE_SCHEMA_PARTS_H
#define WQ_STORE_SCHEMA_PARTS_H

#include "schema.h"

/* Milliseconds as ISO 8601 in the site's fixed offset; m is the row of meta. */
#define LOCAL_TIME(ms)                                                                             \
	"strftime('%Y-%m-%dT%H:%M:%S',(" ms "+m.zone_offset)/1000,'unixepoch')"                    \
	"||CASE " ms "%1000 WHEN 0 THEN '' ELSE printf('.%03d'," ms "%1000) END||m.zone_text"

#define LEVEL_NAME                                                                                 \
	"CASE c.level WHEN 0 THEN 'none' WHEN 1 THEN 'info' WHEN 2 THEN 'watch'"                   \
	" WHEN 3 THEN 'warning' WHEN 4 THEN 'alarm' END"

/* Each: statements, then NULL. In their order. */
extern const char *const schema_1[];
extern const char *const schema_2[];
extern const char *const schema_3[];
extern const char *const schema_4[];
extern const char *const schema_5[];
extern const char *const schema_6[];
extern const char *const schema_7[];
extern const char *const schema_checks[];
extern const char *const schema_uplinks[];
extern const char *const schema_manual[];
extern const char *const schema_commands[];
extern const char *const schema_memos[];
extern const char *const schema_closing[];
extern const char *const schema_health[];
extern const char *const schema_clocks[];
extern const char *const schema_owed[];
extern const char *const schema_load[];

#endif
