/* SPDX-License-Identifier: Apache-2.0 */
/* Powers of ten, exact in both kinds of number. */
#ifndef WQ_WORDS_POW10_H
#define WQ_WORDS_POW10_H

#include <stdint.h>

#define WQ_PLACES_MAX 18

/* 10^18: a decimal has fewer digits than this. */
#define WQ_DIGITS_LIMIT INT64_C(1000000000000000000)

/* 10^0 … 10^18. */
extern const int64_t wq_pow10[WQ_PLACES_MAX + 1];

/* 10^0 … 10^22, all exact in a double: dividing an integer below 2^53 by one of them rounds
 * once, so the quotient is the double nearest to the decimal. */
#define WQ_POW10_EXACT 22
extern const double wq_pow10_double[WQ_POW10_EXACT + 1];

/* Integers up to here are exact in a double. */
#define WQ_DOUBLE_EXACT (INT64_C(1) << 53)

#endif
