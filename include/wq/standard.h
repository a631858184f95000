/* SPDX-License-Identifier: Apache-2.0 */
/* A standard for surface water as data: limits by class, and the single-factor class. Pure and
 * thread-safe.
 *
 * wq_gb3838 is GB 3838-2002, tables 1 and 2. Its evaluated items are pH, DO, CODMn, NH3-N and TP,
 * the five that the national real-time platform evaluates; total nitrogen is not one of them, for
 * lakes neither. Class I of DO is the absolute 7.5 mg/L: the alternative "90 % saturation" is not
 * used by the platform. Limits are inclusive. A site may put another standard in force: a file of
 * limits replaces rows and adds items (section `evaluation`, key `standard`). */
#ifndef WQ_STANDARD_H
#define WQ_STANDARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wq_parameter;

enum wq_water { WQ_RIVER, WQ_LAKE };
#define WQ_WATERS 2
enum wq_direction { WQ_AT_MOST, WQ_AT_LEAST, WQ_WITHIN };

enum { WQ_CLASS_NONE = 0, WQ_CLASS_I = 1, WQ_CLASS_III = 3, WQ_CLASS_V = 5, WQ_CLASS_WORSE = 6 };

/* The limits of one parameter for one water, in the parameter's unit. */
struct wq_standard_row {
	const char *code;
	enum wq_water water; /* rows exist for both where both share the limits */
	enum wq_direction direction;
	double limit[6]; /* by class 1 … 5; [0] unused. WQ_WITHIN: the low end */
	double high;     /* WQ_WITHIN: the high end, every class */
	bool evaluated;  /* takes part in the class of a section */
	bool source;     /* holds at drinking-water sources only (table 2) */
	bool single;     /* one limit, no classes: every class has it, a value has no class */
};

/* Items that take part in a class, at most: they are bits of an unsigned. */
#define WQ_EVALUATED_MAX 24

/* A named, versioned set of limits. Immutable while a site points to it; the built-in one is
 * static, one from a file belongs to its configuration. */
struct wq_standard {
	const char *name;    /* "GB 3838-2002" */
	const char *version; /* "2002"; of a file: what it says, or its hash */
	size_t evaluated_count;
	const char *const *evaluated; /* codes; the order is that of the bits and values below */
	struct {
		size_t count;
		const struct wq_standard_row *rows;
	} waters[WQ_WATERS];
};

extern const struct wq_standard wq_gb3838;

/* The row of a parameter, or NULL when the standard sets no limits for it there. Rows of table 2
 * are found where `source` is true only. */
const struct wq_standard_row *wq_standard_find(
	const struct wq_standard *standard, const char *code, enum wq_water water, bool source);

/* Any row of a parameter, whatever the water: whether it has limits at all, and of what kind. */
const struct wq_standard_row *wq_standard_any(const struct wq_standard *standard, const char *code);

/* The class of one value, 1 … 6 (6 = worse than V); WQ_CLASS_NONE where the row is a single limit.
 * value must be finite. */
int wq_standard_class(const struct wq_standard_row *row, double value);

/* True when value is worse than `class_` (1 … 5) allows. */
bool wq_standard_exceeds(const struct wq_standard_row *row, int class_, double value);

/* Exceedance multiple (超标倍数) against a class: (value - limit) / limit; NaN where the value
 * meets the limit and for items that have none (pH, DO, temperature). */
double wq_standard_exceedance(const struct wq_standard_row *row, int class_, double value);

/* (value - limit) / limit with the difference taken in decimal: of 0.263 over 0.2 it is 0.315. limit > 0. */
double wq_standard_multiple(double value, double limit);

/* "Ⅰ" … "Ⅴ", "劣Ⅴ"; "" for 0. */
const char *wq_class_name(int class_);

/* The evaluated codes of wq_gb3838 in table order: w01001 w01009 w01019 w21003 w21011. */
#define WQ_EVALUATED 5
extern const char *const wq_evaluated_codes[WQ_EVALUATED];

/* The bit of an evaluated item of the standard, or 0 for other codes. An item that is evaluated in
 * one water only has its bit in both; wq_standard_row.evaluated tells. */
unsigned wq_standard_bit(const struct wq_standard *standard, const char *code);

/* The class of a section from the values of the standard's evaluated items (NaN = missing) by
 * single factor: the worst. `determining` (may be NULL) gets a bit per item that has that class when
 * it is worse than I. Returns WQ_CLASS_NONE when every value is missing; whether a missing one
 * forbids a class is the caller's policy. */
int wq_standard_section(const struct wq_standard *standard, enum wq_water water, const double *values,
	unsigned *determining);

#endif
