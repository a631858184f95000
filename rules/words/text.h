/* SPDX-License-Identifier: Apache-2.0 */
/* Bounded UTF-8 sentences. */
#ifndef WQ_WORDS_TEXT_H
#define WQ_WORDS_TEXT_H

#include <stdarg.h>
#include <stddef.h>

/* As vsnprintf(), but a text that does not fit is cut between characters, and arguments may
 * point into buf. size: 1 … WQ_TEXT_MAX. */
void wq_text_write(char *buf, size_t size, const char *format, va_list args)
        __attribute__((format(printf, 3, 0)));

#define WQ_TEXT_MAX 512

#endif
