/* SPDX-License-Identifier: Apache-2.0 */
/* Field by field, in one pass. */
#include "form.h"

#include "notify/text.h"

#include <string.h>

#define RAW 2048

static int digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = memchr(digits, c >= 'A' && c <= 'F' ? c + ('a' - 'A') : c, sizeof digits - 1);

	return at != NULL ? (int)(at - digits) : -1;
}

/* False: a bad %XX, or a NUL. What does not fit is left out. */
static bool decode(const char *from, size_t length, char out[RAW])
{
	size_t used = 0;

	for (size_t i = 0; i < length; i++) {
		int c = from[i] == '+' ? ' ' : (unsigned char)from[i];

		if (from[i] == '%') {
			int high = i + 2 < length ? digit(from[i + 1]) : -1, low = i + 2 < length ? digit(from[i + 2]) : -1;

			if (high < 0 || low < 0)
				return false;
			c = high * 16 + low;
			i += 2;
		}
		if (c == '\0')
			return false;
		if (used + 1 < RAW)
			out[used++] = (char)c;
	}
	out[used] = '\0';
	return true;
}

static void trim(char *text)
{
	size_t begin = strspn(text, " "), n;

	memmove(text, text + begin, strlen(text + begin) + 1);
	for (n = strlen(text); n > 0 && text[n - 1] == ' ';)
		text[--n] = '\0';
}

bool form_note(const char *body, size_t length, char out[FORM_NOTE])
{
	static const char name[] = "note=";
	char raw[RAW];
	bool found = false;

	out[0] = '\0';
	while (length > 0) {
		const char *end = memchr(body, '&', length);
		size_t n = end != NULL ? (size_t)(end - body) : length;

		if (!decode(body, n, raw) || (found && strncmp(raw, name, sizeof name - 1) == 0))
			return false;
		if (strncmp(raw, name, sizeof name - 1) == 0) {
			text_clean(raw + sizeof name - 1, out, FORM_NOTE);
			trim(out);
			found = true;
		}
		n += end != NULL;
		body += n;
		length -= n;
	}
	return true;
}
