/* SPDX-License-Identifier: Apache-2.0 */
#include "wording.h"

#include <stdarg.h>
#include <stdio.h>

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
