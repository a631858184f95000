/* SPDX-License-Identifier: Apache-2.0 */
/* The schema, as steps forward. Private. */
#ifndef WQ_STORE_SCHEMA_H
#define WQ_STORE_SCHEMA_H

/* schema_steps[n], statements ending with NULL, turns version n into version n + 1; PRAGMA
 * user_version says where a file is. A step that has been released is never edited. */
#define SCHEMA_VERSION 17
extern const char *const *const schema_steps[SCHEMA_VERSION];

#endif
