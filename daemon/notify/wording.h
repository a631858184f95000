/* SPDX-License-Identifier: Apache-2.0 */
/* A bounded text that grows at its end; what does not fit is cut, maybe within a character. Pure and thread-safe. */
#ifndef WQ_WORDING_H
#define WQ_WORDING_H

#include <stddef.h>

struct wording {
	char *text;         /* of the caller */
	size_t cap, length; /* bytes: room with the closing zero, more than 0; used without it */
};

__attribute__((format(printf, 2, 3))) void wording_add(struct wording *wording, const char *format, ...);

/* " " between two texts that would run into each other, of which one ends and the other begins with an ASCII letter or digit; else
 * "". */
const char *wording_gap(const char *before, const char *after);

#endif
