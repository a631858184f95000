/* SPDX-License-Identifier: Apache-2.0 */
/* Decimals as text, their order and their rounding. */
#include "wq/decimal.h"

#include "pow10.h"
#include "wq/err.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const int64_t wq_pow10[WQ_PLACES_MAX + 1] = {
	1,
	10,
	100,
	1000,
	10000,
	100000,
	1000000,
	10000000,
	100000000,
	1000000000,
	10000000000,
	100000000000,
	1000000000000,
	10000000000000,
	100000000000000,
	1000000000000000,
	10000000000000000,
	100000000000000000,
	1000000000000000000,
};

const double wq_pow10_double[WQ_POW10_EXACT + 1] = {
	1e0,
	1e1,
	1e2,
	1e3,
	1e4,
	1e5,
	1e6,
	1e7,
	1e8,
	1e9,
	1e10,
	1e11,
	1e12,
	1e13,
	1e14,
	1e15,
	1e16,
	1e17,
	1e18,
	1e19,
	1e20,
	1e21,
	1e22,
};

/* Exponents beyond this are out of every range here; clamped so that sums cannot overflow. */
#define EXPONENT_MAX 9999

/* A number as written: sign, digits without leading zeros, and where the point is. */
struct written {
	bool negative;
	int64_t digits;  /* the first significant ones, at most 18 */
	int significant; /* how many those are */
	int exponent;    /* value = digits × 10^exponent, when nothing was dropped */
	bool dropped;    /* digits other than 0 did not fit */
};

static void take_digit(struct written *w, int digit, bool fraction)
{
	if (w->significant < WQ_PLACES_MAX) {
		w->digits = w->digits * 10 + digit;
		w->significant += w->digits != 0;
		w->exponent -= fraction;
		return;
	}
	w->dropped |= digit != 0;
	w->exponent += !fraction;
}

/* Reads "e-06"; NULL when there is no number behind the e. */
static const char *take_exponent(const char *text, struct written *w)
{
	int exponent = 0;
	bool negative = text[1] == '-';

	text += text[1] == '-' || text[1] == '+' ? 2 : 1;
	if (!isdigit((unsigned char)*text))
		return NULL;
	for (; isdigit((unsigned char)*text); text++) {
		if (exponent < EXPONENT_MAX)
			exponent = exponent * 10 + (*text - '0');
	}
	w->exponent += negative ? -exponent : exponent;
	return text;
}

static bool read_number(const char *text, struct written *w)
{
	bool any = false, fraction = false;

	*w = (struct written){ .negative = *text == '-' };
	text += *text == '-' || *text == '+';
	for (; isdigit((unsigned char)*text) || (*text == '.' && !fraction); text++) {
		if (*text == '.') {
			fraction = true;
			continue;
		}
		take_digit(w, *text - '0', fraction);
		any = true;
	}
	if (any && (*text == 'e' || *text == 'E'))
		text = take_exponent(text, w);
	return any && text != NULL && *text == '\0';
}

/* Brings the exponent into −18 … 0 without changing the value. */
static bool settle(struct written *w)
{
	if (w->digits == 0)
		w->exponent = w->exponent < -WQ_PLACES_MAX || w->exponent > 0 ? 0 : w->exponent;
	while (w->exponent < -WQ_PLACES_MAX && w->digits % 10 == 0) {
		w->digits /= 10;
		w->exponent++;
	}
	while (w->exponent > 0 && w->digits < WQ_DIGITS_LIMIT / 10) {
		w->digits *= 10;
		w->exponent--;
	}
	return w->exponent <= 0 && w->exponent >= -WQ_PLACES_MAX;
}

int wq_decimal_parse(const char *text, struct wq_decimal *d, struct wq_err *err)
{
	struct written w;

	if (!read_number(text, &w))
		return wq_fail(err, WQ_E_INVALID, "'%.40s' is not a decimal number", text);
	if (w.dropped || !settle(&w))
		return wq_fail(err, WQ_E_INVALID,
		        "'%.40s' has more than %d significant digits or decimal places", text,
		        WQ_PLACES_MAX);
	d->digits = w.negative ? -w.digits : w.digits;
	d->places = -w.exponent;
	return WQ_OK;
}

int wq_value_parse(const char *text, double *value, struct wq_err *err)
{
	char plain[WQ_DECIMAL_TEXT]; /* without a point, so that no locale can interfere */
	struct wq_decimal d;
	struct written w;
	double read;

	if (!read_number(text, &w))
		return wq_fail(err, WQ_E_INVALID, "'%.40s' is not a number", text);
	if (!w.dropped && settle(&w)) {
		d = (struct wq_decimal){ w.negative ? -w.digits : w.digits, -w.exponent };
		*value = wq_decimal_to_double(d);
		return WQ_OK;
	}
	snprintf(plain, sizeof(plain), "%s%" PRId64 "%se%d", w.negative ? "-" : "", w.digits,
	        w.dropped ? "1" : "", w.dropped ? w.exponent - 1 : w.exponent);
	read = strtod(plain, NULL);
	if (read > 1e300 || read < -1e300)
		return wq_fail(err, WQ_E_INVALID, "'%.40s' is too large", text);
	*value = read;
	return WQ_OK;
}

/* By hand: printf took a fifth of the time that alarms cost. */
char *wq_decimal_format(struct wq_decimal d, char buf[WQ_DECIMAL_TEXT])
{
	uint64_t rest = d.digits < 0 ? 0 - (uint64_t)d.digits : (uint64_t)d.digits;
	char reversed[WQ_DECIMAL_TEXT];
	size_t n = 0, used = 0;

	for (int place = 0; place <= d.places || rest > 0; place++) {
		if (place == d.places && place > 0)
			reversed[n++] = '.';
		reversed[n++] = (char)('0' + rest % 10);
		rest /= 10;
	}
	if (d.digits < 0)
		buf[used++] = '-';
	while (n > 0)
		buf[used++] = reversed[--n];
	buf[used] = '\0';
	return buf;
}

int wq_decimal_compare(struct wq_decimal a, struct wq_decimal b)
{
	__extension__ __int128 left = (__int128)a.digits * wq_pow10[b.places];
	__extension__ __int128 right = (__int128)b.digits * wq_pow10[a.places];

	return (left > right) - (left < right);
}

struct wq_decimal wq_decimal_round(struct wq_decimal d, int places)
{
	int64_t unit, quotient, rest, above;

	if (d.places <= places)
		return d;
	unit = wq_pow10[d.places - places];
	quotient = d.digits / unit;
	rest = llabs(d.digits % unit);
	above = rest - (unit - rest);
	if (above > 0 || (above == 0 && quotient % 2 != 0))
		quotient += d.digits < 0 ? -1 : 1;
	return (struct wq_decimal){ quotient, places };
}

struct wq_decimal wq_decimal_evaluate(struct wq_decimal d, int places)
{
	struct wq_decimal rounded = wq_decimal_round(d, places);
	int first = d.places;

	if (d.digits == 0)
		return (struct wq_decimal){ 0, 0 };
	if (rounded.digits != 0)
		return rounded;
	for (int64_t rest = d.digits / 10; rest != 0; rest /= 10)
		first--;
	rounded = wq_decimal_round(d, first);
	if (llabs(rounded.digits) == 10) /* 0.00096 at one digit is 0.001, not 0.0010 */
		rounded = (struct wq_decimal){ rounded.digits / 10, first - 1 };
	return rounded;
}

/* Drops the last digit; a 1 stands for what was lost where the digit before would read as exact or as a
 * tie, so that later rounding goes the way the whole text says. */
static void drop_digit(struct written *w)
{
	bool lost = w->digits % 10 != 0;

	w->digits /= 10;
	w->exponent++;
	if (lost && w->digits % 5 == 0)
		w->digits++;
}

int wq_decimal_parse_evaluate(
        const char *text, int places, struct wq_decimal *d, struct wq_err *err)
{
	struct written w;
	struct wq_decimal exact;
	bool zero;

	if (places < 0)
		return wq_decimal_parse(text, d, err);
	if (!read_number(text, &w))
		return wq_fail(err, WQ_E_INVALID, "'%.40s' is not a decimal number", text);
	zero = w.digits == 0 && !w.dropped;
	if (w.dropped && w.digits % 5 == 0)
		w.digits++;
	while (!zero && w.exponent < -WQ_PLACES_MAX && w.digits >= 10) {
		drop_digit(&w);
		w.dropped = true;
	}
	/* What was lost must lie behind the last place that is kept. */
	if (!settle(&w) || (w.dropped && -w.exponent <= places))
		return wq_fail(err, WQ_E_INVALID, "'%.40s' is too large or too small to be rounded",
		        text);
	exact = (struct wq_decimal){ w.negative ? -w.digits : w.digits, -w.exponent };
	*d = wq_decimal_evaluate(exact, places);
	return WQ_OK;
}

char *wq_decimal_show(struct wq_decimal rounded, int places, char buf[WQ_DECIMAL_TEXT])
{
	size_t length;

	if (rounded.digits == 0)
		rounded.places = 0;
	length = strlen(wq_decimal_format(rounded, buf));
	if (rounded.digits == 0 || rounded.places >= places)
		return buf;
	if (rounded.places == 0)
		buf[length++] = '.';
	for (int i = rounded.places; i < places && length < WQ_DECIMAL_TEXT - 1; i++)
		buf[length++] = '0';
	buf[length] = '\0';
	return buf;
}
