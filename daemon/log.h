/* SPDX-License-Identifier: Apache-2.0 */
/* Lines for the journal: stderr with a <priority> before each. Only the daemon logs; each failure is told once, where
 * it is decided what happens next. Subject first, numbers with units, then what happens next. Thread-safe. A log that
 * nobody reads holds nobody up: its lines are dropped and counted. */
#ifndef WQ_LOG_H
#define WQ_LOG_H

#include "wq/instant.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_notice(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Several lines in one text, each an error or a notice. */
void log_lines(bool error, const char *text);

/* A line that may come in floods: at most one per minute is written, with the number of those left
 * unsaid. One gate a subject, zero-initialised, used under the caller's lock. */
struct log_gate {
	wq_ms last;
	uint64_t held;
};

/* Returns true when the line shall be written; *held = lines left unsaid before it. */
int log_gate_open(struct log_gate *gate, wq_ms boot, uint64_t *held);

/* Copies text from outside for a log line: control characters and broken UTF-8 become '?', cut at cap. Returns to. */
char *log_quote(const char *text, char *to, size_t cap);

#endif
