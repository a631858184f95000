/* SPDX-License-Identifier: Apache-2.0 */
/* Collecting what is wrong with a configuration file. */
#ifndef WQ_CONFIG_REPORT_H
#define WQ_CONFIG_REPORT_H

#include "config.h"

#include <stdbool.h>

/* Adds a problem; errors push warnings out when the report is full. `where` is "[station "yigan"]"
 * or "". */
void report_add(struct config_report *report, int line, bool warning, const char *where,
        const char *format, ...) __attribute__((format(printf, 5, 6)));

/* The same of a line in another file; NULL: in the report's own. */
void report_add_in(struct config_report *report, const char *file, int line, bool warning,
        const char *where, const char *format, ...) __attribute__((format(printf, 6, 7)));

/* Puts the problems in the order of their lines, those of other files last. */
void report_sort(struct config_report *report);

#endif
