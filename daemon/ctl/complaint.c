/* SPDX-License-Identifier: Apache-2.0 */
/* Complaints about the rows of a file. */
#include "complaint.h"

#include <stdarg.h>
#include <stdio.h>

/* Control characters of ASCII and, in UTF-8, of ISO 8859 (C2 80 … C2 9F): a terminal would obey
 * them. */
static void make_printable(char *text)
{
	for (unsigned char *c = (unsigned char *)text; *c != '\0'; c++) {
		if (*c == 0xC2 && c[1] >= 0x80 && c[1] <= 0x9F)
			*c = c[1] = '?';
		if (*c < 0x20 || *c == 0x7F)
			*c = '?';
	}
}

void ctl_complain(size_t *count, const char *format, ...)
{
	char text[512];
	va_list arguments;

	if ((*count)++ >= COMPLAINTS_SHOWN)
		return;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	make_printable(text);
	fprintf(stderr, "%s\n", text);
}

void ctl_complained(size_t count)
{
	if (count > COMPLAINTS_SHOWN)
		fprintf(stderr, "… and %zu more of that kind\n", count - COMPLAINTS_SHOWN);
}
