/* SPDX-License-Identifier: Apache-2.0 */
/* Writing CSV (RFC 4180). */
#include "wq/csv.h"

#include <string.h>

void wq_csv_write(FILE *to, const char *text)
{
	if (strpbrk(text, ",\"\r\n") == NULL) {
		fputs(text, to);
		return;
	}
	putc('"', to);
	for (; *text != '\0'; text++) {
		if (*text == '"')
			putc('"', to);
		putc(*text, to);
	}
	putc('"', to);
}
