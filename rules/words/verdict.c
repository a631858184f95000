/* SPDX-License-Identifier: Apache-2.0 */
/* Filling in a verdict. */
#include "wq/verdict.h"

#include "text.h"

#include <stdarg.h>
#include <string.h>

_Static_assert(WQ_SAYS_TEXT <= WQ_TEXT_MAX, "a reason fits its scratch space");

void wq_verdict_fact(struct wq_verdict *verdict, const char *key, double value)
{
	if (verdict->fact_count >= WQ_FACTS)
		return;
	verdict->facts[verdict->fact_count++] = (struct wq_fact){ .key = key, .value = value };
}

void wq_verdict_about(struct wq_verdict *verdict, const char *name)
{
	size_t length = strlen(name);

	if (length >= sizeof verdict->about)
		length = sizeof verdict->about - 1;
	while (name[length] != '\0' && length > 0 && ((unsigned char)name[length] & 0xc0) == 0x80)
		length--;
	memcpy(verdict->about, name, length);
	verdict->about[length] = '\0';
}

void wq_verdict_say(struct wq_verdict *verdict, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	wq_text_write(verdict->says, sizeof(verdict->says), format, args);
	va_end(args);
}
