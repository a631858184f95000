/* SPDX-License-Identifier: Apache-2.0 */
/* What a value is held against: the limits of a class of the standard, or numbers of the configuration.
 * The limit itself meets. Pure and thread-safe. */
#ifndef WQ_RULES_BOUND_H
#define WQ_RULES_BOUND_H

#include "wq/option.h"
#include "wq/site.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wq_err;

/* Part of a rule's settings, filled by BOUND_OPTIONS. */
struct bound_settings {
	int64_t class_; /* 1 … 5; INT64_MIN: the station's target class */
	double above;   /* NaN: not given */
	double below;   /* NaN: not given */
};

/* Rows of the three keys; `owner` is the settings struct that has a member `bound`. */
/* clang-format off */
#define BOUND_OPTIONS(owner) \
	{ .key = "class", .type = WQ_OPT_INTEGER, .min = 1, .max = 5, \
	  .offset = offsetof(owner, bound.class_), \
	  .help = "class of GB 3838 whose limit holds; default: the station's target class" }, \
	{ .key = "above", .type = WQ_OPT_NUMBER, .offset = offsetof(owner, bound.above), \
	  .help = "instead of a class: values above this number exceed" }, \
	{ .key = "below", .type = WQ_OPT_NUMBER, .offset = offsetof(owner, bound.below), \
	  .help = "instead of a class: values below this number exceed" }
/* clang-format on */

struct bound {
	/* low <= value <= high meets; NaN: no such end. At least one is a number. */
	double low, high;
	int class_;    /* whose limits they are, 1 … 5; 0: numbers of the configuration, or an item
	                  that has one limit and no classes */
	bool multiple; /* the parameter has an exceedance multiple (超标倍数) */
};

/* WQ_E_INVALID when the keys contradict each other, or a class is meant and the standard in force
 * sets no limits for the parameter in any water. `parameter` may be NULL. */
int bound_check(const struct bound_settings *settings, const struct wq_site *site,
        const struct wq_parameter *parameter, struct wq_err *err);

/* The bound for a parameter at a station. False when the standard in force has no limits for it
 * there: not in that water, or at drinking-water sources only. */
bool bound_find(const struct bound_settings *settings, const struct wq_site *site,
        const struct wq_parameter *parameter, const struct wq_station *station,
        struct bound *bound);

static inline bool bound_exceeds(const struct bound *bound, double value)
{
	return value > bound->high || value < bound->low; /* false where the end is NaN */
}

/* The bound drawn in by a share of each limit (the deadband), computed in decimal. */
struct bound bound_narrow(const struct bound *bound, double share);

/* The end that `value` is outside of, or else the nearer one. */
double bound_limit(const struct bound *bound, double value);

/* Exceedance multiple (value - limit) / limit; NaN where there is none. */
double bound_exceedance(const struct bound *bound, double value);

#define BOUND_TEXT 96

/* "超Ⅲ类限值(0.2)" for the upper end, "低于Ⅲ类限值(5)" for the lower one; of a range 上限 and 下限.
 * Returns buf. */
char *bound_phrase(const struct bound *bound, bool upper, char buf[BOUND_TEXT]);

/* "Ⅲ类限值0.2", "Ⅲ类限值6~9", "限值0.2". Returns buf. */
char *bound_phrase_limit(const struct bound *bound, char buf[BOUND_TEXT]);

#endif
