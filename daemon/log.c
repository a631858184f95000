/* SPDX-License-Identifier: Apache-2.0 */
/* Writes log lines whole, one write each, so that threads do not mix theirs. */
#include "log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES 1024
#define GATE_SPAN      WQ_MINUTES(1)

static void write_line(int priority, const char *format, va_list args)
{
	int saved = errno;
	char line[LINE_MAX_BYTES];
	int used = snprintf(line, sizeof line, "<%d>", priority);
	int n = vsnprintf(line + used, sizeof line - (size_t)used - 1, format, args);
	size_t length = n < 0 ? (size_t)used : strlen(line);
	line[length++] = '\n';
	/* Nothing can be done about a log that cannot be written. */
	if (write(STDERR_FILENO, line, length) < 0)
		errno = 0;
	errno = saved;
}

#define DEFINE_LOG(name, priority)                                                                                     \
	void name(const char *format, ...)                                                                             \
	{                                                                                                              \
		va_list args;                                                                                          \
		va_start(args, format);                                                                                \
		write_line(priority, format, args);                                                                    \
		va_end(args);                                                                                          \
	}

DEFINE_LOG(log_error, 3)
DEFINE_LOG(log_warning, 4)
DEFINE_LOG(log_notice, 5)

int log_gate_open(struct log_gate *gate, wq_ms boot, uint64_t *held)
{
	if (gate->last != 0 && boot - gate->last < GATE_SPAN) {
		gate->held++;
		return 0;
	}
	*held = gate->held;
	gate->last = boot;
	gate->held = 0;
	return 1;
}

/* Length of the UTF-8 character at c, 0 when it is none. */
static size_t character(const unsigned char *c)
{
	size_t n = c[0] < 0x80 ? 1 : (c[0] & 0xE0) == 0xC0 ? 2 : (c[0] & 0xF0) == 0xE0 ? 3 : (c[0] & 0xF8) == 0xF0 ? 4 : 0;
	for (size_t i = 1; i < n; i++)
		if ((c[i] & 0xC0) != 0x80)
			return 0;
	return n;
}

char *log_quote(const char *text, char *to, size_t cap)
{
	size_t used = 0;
	const unsigned char *c = (const unsigned char *)text;
	while (*c != '\0') {
		size_t n = character(c);
		if (used + (n > 0 ? n : 1) >= cap)
			break;
		if (n == 0 || *c < 0x20 || *c == 0x7F) {
			to[used++] = '?';
			c++;
			continue;
		}
		memcpy(to + used, c, n);
		used += n;
		c += n;
	}
	to[used] = '\0';
	return to;
}
