/* SPDX-License-Identifier: Apache-2.0 */
/* Whether values look measured: the newest ones against those before, by how they scatter and how
 * finely they are told. */
#ifndef WQ_VALIDATE_TRUST_H
#define WQ_VALIDATE_TRUST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRUST_RECENT 64  /* most values that are looked at */
#define TRUST_PLACES 7   /* decimals told apart: 0 … 6 */
#define TRUST_OLDER  256 /* bends of those before */

enum trust_doubt {
	TRUST_NONE,
	TRUST_REGULAR, /* hardly any scatter: filled in, or smoothed */
	TRUST_COARSE,  /* told with fewer decimals than before */
	TRUST_COPIED,  /* the very values of another series */
};

struct trust;

size_t trust_size(void);

/* The next value, and that of the other series (NaN: none, or no other). `recent`: how many are
 * looked at, 8 … TRUST_RECENT, always the same. Memory is zeroed before the first call. */
enum trust_doubt trust_next(struct trust *trust, size_t recent, double value, double other);

#endif
