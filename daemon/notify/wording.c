/* SPDX-License-Identifier: Apache-2.0 */
/* One piece after the other, within its bound. */
#include "wording.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool is_plain(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

const char *wording_gap(const char *before, const char *after)
{
	size_t n = strlen(before);

	return n > 0 && is_plain(before[n - 1]) && is_plain(after[0]) ? " " : "";
}

void wording_add(struct wording *wording, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int n = vsnprintf(wording->text + wording->length, wording->cap - wording->length, format, args);
	va_end(args);
	if (n > 0)
		wording->length += (size_t)n;
	if (wording->length >= wording->cap)
		wording->length = wording->cap - 1;
}
