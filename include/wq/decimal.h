/* SPDX-License-Identifier: Apache-2.0 */
/* Decimal numbers. Limits are decimals, analysers report decimals, and rounding is defined
 * on decimals (GB/T 8170-2008); binary doubles are neither.
 *
 * The convention that the whole program rests on: **a measured value travels as the double
 * nearest to its decimal text**. A float32 becomes its shortest round-trip decimal first
 * (0.2f is 0.2, not 0.200000003), a scaled integer its exact decimal. For decimals of up to
 * 15 significant digits the nearest double is unique and keeps the order, so comparing such
 * doubles compares the decimals, and wq_decimal_from_double() gets the text back.
 *
 * All calls are pure and thread-safe. */
#ifndef WQ_DECIMAL_H
#define WQ_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wq_err;

/* digits / 10^places. places 0 … 18. Not normalised: 0.20 is {20, 2}. */
struct wq_decimal {
	int64_t digits;
	int places;
};

/* Longest text of a decimal, NUL included. */
#define WQ_DECIMAL_TEXT 48

/* Plain or scientific notation ("0.2", "-3", "6.3E-06"), nothing around it: no NaN, no Inf,
 * no hexadecimal, at most 18 significant digits and 18 places. On failure *d is untouched. */
int wq_decimal_parse(const char *text, struct wq_decimal *d, struct wq_err *err);

/* The double nearest to a decimal text of any length (a file may print doubles with 17 digits and
 * 20 places); the same syntax and, where both succeed, the same number as wq_decimal_parse(). On
 * failure *value is untouched. */
int wq_value_parse(const char *text, double *value, struct wq_err *err);

/* The shortest decimal whose nearest double is `value`. False when value is NaN, infinite or
 * has no such decimal within 18 digits and 18 places (then *d is untouched). */
bool wq_decimal_from_double(double value, struct wq_decimal *d);

/* The double nearest to d. */
double wq_decimal_to_double(struct wq_decimal d);

/* Text without an exponent, exactly d.places places. Returns buf. */
char *wq_decimal_format(struct wq_decimal d, char buf[WQ_DECIMAL_TEXT]);

/* The double as its shortest decimal text ("0.2", "12.5"; %.17g where there is none; "" for NaN).
 * Returns buf. */
char *wq_value_format(double value, char buf[WQ_DECIMAL_TEXT]);

/* <0, 0, >0 as a is smaller than, equal to, greater than b. Exact. */
int wq_decimal_compare(struct wq_decimal a, struct wq_decimal b);

/* The double nearest to the shortest decimal that reads back as this float32; NaN and
 * infinities are passed on. */
double wq_value_from_float32(float raw);

/* The double nearest to raw × scale + offset, computed in decimal. Fails when the exact result
 * has more than 18 digits or places. On failure *value is untouched. */
int wq_value_from_scaled(int64_t raw, struct wq_decimal scale, struct wq_decimal offset,
	double *value, struct wq_err *err);

/* Rounds to `places` (0 … 18), half to even on the magnitude, once (GB/T 8170-2008). The
 * result has exactly `places` places, or as many as d if that is fewer. */
struct wq_decimal wq_decimal_round(struct wq_decimal d, int places);

/* Rounding for display and evaluation: as above, but where the result would be 0 and d is
 * not, one significant digit is kept (measured on the national platform's own data: 0.00046
 * at three places is 0.0005, 0.0006 is 0.001). An exact zero is {0, 0}. */
struct wq_decimal wq_decimal_evaluate(struct wq_decimal d, int places);

/* The decimal text rounded by wq_decimal_evaluate(), once and from the text as written, however many
 * digits it has (a file may print doubles with 17 digits and 20 places). places -1: not rounded, as
 * wq_decimal_parse(). On failure *d is untouched. */
int wq_decimal_parse_evaluate(
	const char *text, int places, struct wq_decimal *d, struct wq_err *err);

/* The text of a value rounded by wq_decimal_evaluate() to `places` (-1: as measured), as the national platform shows
 * it: zeros up to the last place ("7.20"), an exact zero without them ("0"). Returns buf. */
char *wq_decimal_show(struct wq_decimal rounded, int places, char buf[WQ_DECIMAL_TEXT]);

/* An exact running sum, for means in which ties matter. Zero-initialise; holds at least
 * 10^6 values of 18 digits. Values with more than 9 places are rounded to 9 (half to even)
 * and the sum then says inexact. */
struct wq_decimal_sum {
	__extension__ __int128 nano; /* the sum × 10^9 */
	int32_t count;
	bool inexact;
};

void wq_decimal_sum_add(struct wq_decimal_sum *sum, double value);
void wq_decimal_sum_remove(struct wq_decimal_sum *sum, double value);

/* The mean as a double (nearest to the exact quotient); count must be > 0. */
double wq_decimal_sum_mean(const struct wq_decimal_sum *sum);

/* The mean rounded for evaluation from the exact quotient, so that a tie is a tie;
 * one significant digit where it would be 0. count must be > 0. */
struct wq_decimal wq_decimal_sum_evaluate(const struct wq_decimal_sum *sum, int places);

#endif
