/* SPDX-License-Identifier: Apache-2.0 */
/* Failures: a code and a sentence. */
#include "wq/err.h"

#include "text.h"

#include <stdarg.h>

_Static_assert(WQ_ERR_TEXT <= WQ_TEXT_MAX, "a sentence fits its scratch space");

int wq_fail(struct wq_err *err, int code, const char *format, ...)
{
	va_list args;

	if (err == NULL)
		return code;
	va_start(args, format);
	wq_text_write(err->text, sizeof(err->text), format, args);
	va_end(args);
	err->code = code;
	return code;
}
