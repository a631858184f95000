/* SPDX-License-Identifier: Apache-2.0 */
/* Between decimals and binary numbers.
 *
 * The fast paths rest on one fact: an integer below 2^53 divided by 10^k (k <= 22) is a division
 * of two exact doubles, rounded once, so it is the double nearest to that decimal. They serve
 * what instruments send; text conversions serve the rest. */
#include "wq/decimal.h"

#include "pow10.h"
#include "wq/err.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Below 10^15 there is one shortest decimal, and scaling by 10^k lands within half of it. */
#define UNIQUE_DIGITS 1e15

double wq_decimal_to_double(struct wq_decimal d)
{
	char plain[WQ_DECIMAL_TEXT]; /* without a point, so that no locale can interfere */

	if (d.digits <= WQ_DOUBLE_EXACT && d.digits >= -WQ_DOUBLE_EXACT)
		return (double)d.digits / wq_pow10_double[d.places];
	snprintf(plain, sizeof(plain), "%" PRId64 "e-%d", d.digits, d.places);
	return strtod(plain, NULL);
}

/* "-1.2345e-06" as printed by %.*e, whatever the locale's decimal point is. */
static bool from_printed(char *printed, struct wq_decimal *d)
{
	char *point = printed + (*printed == '-') + 1;

	if (*point != 'e')
		*point = '.';
	return wq_decimal_parse(printed, d, NULL) == WQ_OK;
}

static void drop_zeros(struct wq_decimal *d)
{
	while (d->places > 0 && d->digits % 10 == 0) {
		d->digits /= 10;
		d->places--;
	}
}

static bool from_double_slowly(double value, struct wq_decimal *d)
{
	char printed[WQ_DECIMAL_TEXT];
	struct wq_decimal found;

	for (int digits = 15; digits <= 17; digits++) {
		snprintf(printed, sizeof(printed), "%.*e", digits - 1, value);
		if (strtod(printed, NULL) != value) /* reads the locale's point as written */
			continue;
		if (!from_printed(printed, &found))
			return false;
		drop_zeros(&found);
		*d = found;
		return true;
	}
	return false;
}

bool wq_decimal_from_double(double value, struct wq_decimal *d)
{
	double magnitude = fabs(value);

	if (!isfinite(value))
		return false;
	for (int places = 0; places <= WQ_PLACES_MAX; places++) {
		double scaled = magnitude * wq_pow10_double[places];
		int64_t digits;

		if (scaled >= UNIQUE_DIGITS)
			break;
		digits = (int64_t)(scaled + 0.5);
		if ((double)digits / wq_pow10_double[places] == magnitude) {
			*d = (struct wq_decimal){ value < 0 ? -digits : digits, places };
			return true;
		}
	}
	return from_double_slowly(value, d);
}

char *wq_value_format(double value, char buf[WQ_DECIMAL_TEXT])
{
	struct wq_decimal d;

	if (isnan(value))
		buf[0] = '\0';
	else if (wq_decimal_from_double(value, &d))
		wq_decimal_format(d, buf);
	else
		snprintf(buf, WQ_DECIMAL_TEXT, "%.17g", value);
	return buf;
}

/* True when value lies halfway between two float32: only then can rounding a decimal to double
 * and again to float32 differ from rounding it once. Normal range of float32. */
static bool between_floats(double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	return (bits & UINT64_C(0x1FFFFFFF)) == UINT64_C(0x10000000);
}

static double from_float32_slowly(float raw)
{
	char printed[WQ_DECIMAL_TEXT];

	for (int digits = 1; digits < 9; digits++) {
		snprintf(printed, sizeof(printed), "%.*e", digits - 1, (double)raw);
		if (strtof(printed, NULL) == raw)
			return strtod(printed, NULL);
	}
	snprintf(printed, sizeof(printed), "%.8e", (double)raw);
	return strtod(printed, NULL);
}

double wq_value_from_float32(float raw)
{
	const double fast_from = 1e-6, fast_below = 16777216; /* 2^24: whole numbers are exact */
	double magnitude = fabs((double)raw);

	if (!isfinite(raw) || magnitude == 0)
		return (double)raw;
	if (magnitude < fast_from || magnitude >= fast_below)
		return from_float32_slowly(raw);
	for (int places = 0; places <= WQ_POW10_EXACT; places++) {
		double digits =
		        rint(magnitude * wq_pow10_double[places]); /* a tie: even, as printf does */
		double value = digits / wq_pow10_double[places];

		if (digits >= 1e9 || between_floats(value))
			break;
		if ((double)(float)value == magnitude)
			return raw < 0 ? -value : value;
	}
	return from_float32_slowly(raw);
}

__extension__ typedef __int128 wide;

/* value × 10^places; false when it does not fit. */
static bool scale_up(wide *value, int places)
{
	wide scaled;

	if (__builtin_mul_overflow(*value, (wide)wq_pow10[places], &scaled))
		return false;
	*value = scaled;
	return true;
}

static void drop_wide_zeros(wide *value, int *places)
{
	while (*places > 0 && *value % 10 == 0) {
		*value /= 10;
		(*places)--;
	}
}

int wq_value_from_scaled(int64_t raw, struct wq_decimal scale, struct wq_decimal offset,
        double *value, struct wq_err *err)
{
	wide product = (wide)raw * scale.digits, add = offset.digits;
	int product_places = scale.places, add_places = offset.places, places;
	bool fits;

	drop_wide_zeros(&product, &product_places);
	drop_wide_zeros(&add, &add_places);
	places = product_places > add_places ? product_places : add_places;
	fits = scale_up(&product, places - product_places) && scale_up(&add, places - add_places) &&
	        !__builtin_add_overflow(product, add, &product);
	if (fits)
		drop_wide_zeros(&product, &places);
	if (!fits || product >= WQ_DIGITS_LIMIT || product <= -WQ_DIGITS_LIMIT)
		return wq_fail(err, WQ_E_INVALID,
		        "%" PRId64 " scaled has more than %d significant digits", raw,
		        WQ_PLACES_MAX);
	*value = wq_decimal_to_double((struct wq_decimal){ (int64_t)product, places });
	return WQ_OK;
}
