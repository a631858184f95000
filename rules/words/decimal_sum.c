/* SPDX-License-Identifier: Apache-2.0 */
/* Exact sums: a mean of 0.125 must be a tie at two places, so nothing is rounded on the way. */
#include "wq/decimal.h"

#include "pow10.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

__extension__ typedef __int128 wide;

#define NANO_PLACES 9
#define NANO        INT64_C(1000000000)

/* Digits of a quotient beyond which a double cannot notice the rest. */
#define QUOTIENT_DIGITS 40

/* The value in billionths; false when that is not exact. */
static bool to_nano(double value, wide *nano)
{
	struct wq_decimal d, rounded;

	if (wq_decimal_from_double(value, &d)) {
		rounded = wq_decimal_round(d, NANO_PLACES);
		*nano = (wide)rounded.digits * wq_pow10[NANO_PLACES - rounded.places];
		return wq_decimal_compare(d, rounded) == 0;
	}
	/* More digits than decimals have here; NaN and what no sum can hold count as nothing. */
	*nano = fabs(value) < 1e18 ? (wide)rint(value * (double)NANO) : 0;
	return false;
}

void wq_decimal_sum_add(struct wq_decimal_sum *sum, double value)
{
	wide nano;

	if (!to_nano(value, &nano))
		sum->inexact = true;
	sum->nano += nano;
	sum->count++;
}

void wq_decimal_sum_remove(struct wq_decimal_sum *sum, double value)
{
	wide nano;

	to_nano(value, &nano);
	sum->nano -= nano;
	sum->count--;
	if (sum->count == 0)
		sum->inexact = false;
}

/* numerator / denominator, both positive, as the nearest double: by long division into text
 * without a point, so that no locale can interfere. */
static double divide(wide numerator, wide denominator)
{
	char text[64];
	char *to = text;
	wide whole = numerator / denominator, rest = numerator % denominator;
	char reversed[QUOTIENT_DIGITS];
	int count = 0, exponent = 0;

	for (; whole != 0 && count < QUOTIENT_DIGITS; whole /= 10)
		reversed[count++] = (char)('0' + (int)(whole % 10));
	while (count > 0)
		*to++ = reversed[--count];
	while (rest != 0 && to - text < QUOTIENT_DIGITS) {
		rest *= 10;
		*to++ = (char)('0' + (int)(rest / denominator));
		rest %= denominator;
		exponent--;
	}
	if (rest != 0) { /* not a tie, even where the digits so far say so */
		*to++ = '1';
		exponent--;
	}
	snprintf(to, sizeof(text) - (size_t)(to - text), "e%d", exponent);
	return strtod(text, NULL);
}

double wq_decimal_sum_mean(const struct wq_decimal_sum *sum)
{
	wide magnitude = sum->nano < 0 ? -sum->nano : sum->nano;
	int64_t unit = NANO;
	double mean;

	while (unit > 1 && magnitude % 10 == 0) {
		magnitude /= 10;
		unit /= 10;
	}
	if (magnitude == 0)
		return 0;
	if (magnitude <= WQ_DOUBLE_EXACT && (wide)sum->count * unit <= WQ_DOUBLE_EXACT)
		mean = (double)magnitude / ((double)sum->count * (double)unit);
	else
		mean = divide(magnitude, (wide)sum->count * unit);
	return sum->nano < 0 ? -mean : mean;
}

/* magnitude / denominator × 10^places, half to even; false when it has too many digits. */
static bool round_quotient(wide magnitude, wide denominator, int places, int64_t *digits)
{
	wide scaled, quotient, rest;

	if (__builtin_mul_overflow(magnitude, (wide)wq_pow10[places], &scaled))
		return false;
	quotient = scaled / denominator;
	rest = scaled % denominator;
	if (2 * rest > denominator || (2 * rest == denominator && quotient % 2 != 0))
		quotient++;
	if (quotient >= WQ_DIGITS_LIMIT)
		return false;
	*digits = (int64_t)quotient;
	return true;
}

/* Places at which the first significant digit of a quotient below 1 stands. */
static int first_place(wide magnitude, wide denominator)
{
	int places = 0;

	while (places < WQ_PLACES_MAX && magnitude < denominator) {
		magnitude *= 10;
		places++;
	}
	return places;
}

struct wq_decimal wq_decimal_sum_evaluate(const struct wq_decimal_sum *sum, int places)
{
	wide magnitude = sum->nano < 0 ? -sum->nano : sum->nano;
	wide denominator = (wide)sum->count * NANO;
	int64_t digits = 0;

	if (magnitude == 0)
		return (struct wq_decimal){ 0, 0 };
	while (places > 0 && !round_quotient(magnitude, denominator, places, &digits))
		places--;
	if (places == 0)
		round_quotient(magnitude, denominator, 0, &digits);
	if (digits == 0) {
		places = first_place(magnitude, denominator);
		round_quotient(magnitude, denominator, places, &digits);
		if (digits == 10) { /* 0.00096 at one digit is 0.001, not 0.0010 */
			digits = 1;
			places--;
		}
	}
	return (struct wq_decimal){ sum->nano < 0 ? -digits : digits, places };
}
