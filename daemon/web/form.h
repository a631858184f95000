/* SPDX-License-Identifier: Apache-2.0 */
/* The one field of the form. Pure. */
#ifndef WQ_FORM_H
#define WQ_FORM_H

#include <stdbool.h>
#include <stddef.h>

#define FORM_NOTE 181 /* bytes with the NUL: 60 Chinese characters */

/* Takes the value of `note` out of a body of application/x-www-form-urlencoded: whole UTF-8 characters, no control characters,
 * no spaces at its ends, cut at FORM_NOTE - 1 bytes; "" where there is none. False: it is no such body (a bad %XX, a NUL, a
 * field twice). */
bool form_note(const char *body, size_t length, char out[FORM_NOTE]);

#endif
