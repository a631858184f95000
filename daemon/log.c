/* SPDX-License-Identifier: Apache-2.0 */
/* Writes log lines whole, one write each, so that threads do not mix theirs. */
#include "log.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES 1024
#define GATE_SPAN      WQ_MINUTES(1)

/* Lines that a log nobody reads had no room for. */
static atomic_uint_fast64_t dropped;

/* A log that is full must not stop the watching: what does not go out at once is dropped and counted. A pipe or socket
 * that takes anything takes a whole line (PIPE_BUF). */
static bool has_room(void)
{
	struct pollfd log = { .fd = STDERR_FILENO, .events = POLLOUT };
	return poll(&log, 1, 0) == 1 && (log.revents & POLLOUT) != 0;
}

static void write_whole(const char *line, size_t length)
{
	/* Nothing can be done about a log that cannot be written. */
	if (!has_room() || write(STDERR_FILENO, line, length) < 0)
		atomic_fetch_add(&dropped, 1);
}

static void tell_dropped(void)
{
	char line[96];
	uint64_t count = has_room() ? atomic_exchange(&dropped, 0) : 0;
	if (count == 0)
		return;
	int n = snprintf(line, sizeof line, "<4>log: %llu lines were dropped while nobody read it\n",
		(unsigned long long)count);
	write_whole(line, (size_t)n);
}

static void write_line(int priority, const char *format, va_list args)
{
	int saved = errno;
	char line[LINE_MAX_BYTES];
	int used = snprintf(line, sizeof line, "<%d>", priority);
	int n = vsnprintf(line + used, sizeof line - (size_t)used - 1, format, args);
	size_t length = n < 0 ? (size_t)used : strlen(line);
	/* One line, whatever a peer's text holds: the next could claim a priority of its own. */
	for (size_t i = (size_t)used; i < length; i++)
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7F)
			line[i] = '?';
	line[length++] = '\n';
	if (atomic_load(&dropped) > 0)
		tell_dropped();
	write_whole(line, length);
	errno = saved;
}

void log_lines(bool error, const char *text)
{
	while (*text != '\0') {
		size_t length = strcspn(text, "\n");
		(error ? log_error : log_notice)("%.*s", (int)length, text);
		text += length + (text[length] == '\n');
	}
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

/* Length of the well-formed UTF-8 character at c that is no control character, 0 when there is none. */
static size_t character(const unsigned char *c)
{
	/* By the first byte: the range of the second (RFC 3629, section 4). */
	static const struct {
		unsigned char first, last, low, high;
		size_t length;
	} rows[] = {
		{ 0x20, 0x7E, 0, 0, 1 },
		{ 0xC2, 0xC2, 0xA0, 0xBF, 2 }, /* below are control characters */
		{ 0xC3, 0xDF, 0x80, 0xBF, 2 },
		{ 0xE0, 0xE0, 0xA0, 0xBF, 3 },
		{ 0xE1, 0xEC, 0x80, 0xBF, 3 },
		{ 0xED, 0xED, 0x80, 0x9F, 3 },
		{ 0xEE, 0xEF, 0x80, 0xBF, 3 },
		{ 0xF0, 0xF0, 0x90, 0xBF, 4 },
		{ 0xF1, 0xF3, 0x80, 0xBF, 4 },
		{ 0xF4, 0xF4, 0x80, 0x8F, 4 },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (*c < rows[i].first || *c > rows[i].last)
			continue;
		if (rows[i].length > 1 && (c[1] < rows[i].low || c[1] > rows[i].high))
			return 0;
		for (size_t k = 2; k < rows[i].length; k++)
			if ((c[k] & 0xC0) != 0x80)
				return 0;
		return rows[i].length;
	}
	return 0;
}

char *log_quote(const char *text, char *to, size_t cap)
{
	size_t used = 0;
	const unsigned char *c = (const unsigned char *)text;
	while (*c != '\0') {
		size_t n = character(c);
		if (used + (n > 0 ? n : 1) >= cap)
			break;
		if (n == 0) {
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
