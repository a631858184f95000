/* SPDX-License-Identifier: Apache-2.0 */
/* GB 3838-2002, table 1, and the single-factor class. Pure and thread-safe.
 *
 * The evaluated items are pH, DO, CODMn, NH3-N and TP, the five that the national real-time
 * platform evaluates; total nitrogen is not one of them, for lakes neither. Class I of DO is
 * the absolute 7.5 mg/L: the alternative "90 % saturation" is not used by the platform. Limits are
 * inclusive. */
#ifndef WQ_STANDARD_H
#define WQ_STANDARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wq_parameter;

enum wq_water { WQ_RIVER, WQ_LAKE };
enum wq_direction { WQ_AT_MOST, WQ_AT_LEAST, WQ_WITHIN };

enum { WQ_CLASS_NONE = 0, WQ_CLASS_I = 1, WQ_CLASS_III = 3, WQ_CLASS_V = 5, WQ_CLASS_WORSE = 6 };

/* The limits of one parameter for one water. */
struct wq_standard_row {
	const char *code;
	enum wq_water water; /* rows exist for both where both share the limits */
	enum wq_direction direction;
	double limit[6]; /* by class 1 … 5; [0] unused. WQ_WITHIN: the low end */
	double high;     /* WQ_WITHIN: the high end, every class */
	bool evaluated;  /* takes part in the class of a section */
};

/* The row of a parameter, or NULL when GB 3838 table 1 sets no class limits for it there. */
const struct wq_standard_row *wq_standard_find(const char *code, enum wq_water water);

/* The class of one value, 1 … 6 (6 = worse than V). value must be finite. */
int wq_standard_class(const struct wq_standard_row *row, double value);

/* True when value is worse than `class_` (1 … 5) allows. */
bool wq_standard_exceeds(const struct wq_standard_row *row, int class_, double value);

/* Exceedance multiple (超标倍数) against a class: (value - limit) / limit; NaN where the value
 * meets the limit and for items that have none (pH, DO, temperature). */
double wq_standard_exceedance(const struct wq_standard_row *row, int class_, double value);

/* "Ⅰ" … "Ⅴ", "劣Ⅴ"; "" for 0. */
const char *wq_class_name(int class_);

/* The five evaluated codes in table order: w01001 w01009 w01019 w21003 w21011. */
#define WQ_EVALUATED 5
extern const char *const wq_evaluated_codes[WQ_EVALUATED];

/* The class of a section from its five values (NaN = missing) by single factor: the worst.
 * `determining` (may be NULL) gets a bit per item that has that class when it is worse than I.
 * Returns WQ_CLASS_NONE when every value is missing; whether a missing one forbids a class is
 * the caller's policy. */
int wq_standard_section(enum wq_water water, const double values[WQ_EVALUATED], unsigned *determining);

#endif
