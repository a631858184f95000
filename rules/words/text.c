/* SPDX-License-Identifier: Apache-2.0 */
/* Bounded UTF-8 sentences: a Chinese character is three bytes and must not be halved. */
#include "text.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool continues(char byte)
{
	return ((unsigned char)byte & 0xC0U) == 0x80U;
}

/* Bytes of the character that begins with `lead`. */
static size_t character_length(char lead)
{
	unsigned char byte = (unsigned char)lead;

	if (byte >= 0xF0)
		return 4;
	if (byte >= 0xE0)
		return 3;
	return byte >= 0xC0 ? 2 : 1;
}

/* Drops the last character when its bytes are not all there. */
static void cut(char *text, size_t length)
{
	size_t begin = length;

	while (begin > 0 && length - begin < 3 && continues(text[begin - 1]))
		begin--;
	if (begin == 0)
		return;
	begin--;
	if (begin + character_length(text[begin]) > length)
		text[begin] = '\0';
}

void wq_text_write(char *buf, size_t size, const char *format, va_list args)
{
	char text[WQ_TEXT_MAX]; /* apart from buf: `wq_fail(err, …, "%s", err->text)` is natural */
	int wanted;

	if (size > sizeof(text))
		size = sizeof(text);
	text[0] = '\0';
	wanted = vsnprintf(text, size, format, args);
	if (wanted >= (int)size)
		cut(text, size - 1);
	memcpy(buf, text, strlen(text) + 1);
}
