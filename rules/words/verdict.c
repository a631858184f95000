/* SPDX-License-Identifier: Apache-2.0 */
/* Filling in a verdict. */
#include "wq/verdict.h"

#include "text.h"

#include <stdarg.h>

_Static_assert(WQ_SAYS_TEXT <= WQ_TEXT_MAX, "a reason fits its scratch space");

void wq_verdict_fact(struct wq_verdict *verdict, const char *key, double value)
{
	if (verdict->fact_count >= WQ_FACTS)
		return;
	verdict->facts[verdict->fact_count++] = (struct wq_fact){ .key = key, .value = value };
}

void wq_verdict_say(struct wq_verdict *verdict, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	wq_text_write(verdict->says, sizeof(verdict->says), format, args);
	va_end(args);
}
