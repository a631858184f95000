/* SPDX-License-Identifier: Apache-2.0 */
/* The schema of the history: tables, and the views that analysts rely on. docs/store.md tells what
 * each column means.
 *
 * Readings lie in two tables of the same shape. sample_open takes every insert and is ordered by
 * time, so that a commit touches the last pages only, however many series there are; sample is
 * ordered by series, so that the history of one series lies together. Closed days move from the
 * first to the second in sorted slices. */
#include "schema_parts.h"

const char *const *const schema_steps[SCHEMA_VERSION] = { schema_1, schema_2, schema_3, schema_4, schema_5, schema_6, schema_7,
	schema_checks, schema_uplinks, schema_manual, schema_commands, schema_memos, schema_closing, schema_health, schema_clocks,
	schema_owed, schema_load };
