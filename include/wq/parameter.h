/* SPDX-License-Identifier: Apache-2.0 */
/* What is measured: parameters by HJ 525 code, with unit, alias and decimal places. */
#ifndef WQ_PARAMETER_H
#define WQ_PARAMETER_H

#include "wq/decimal.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wq_err;

/* The three views of a value, never mixed: as measured; as the national platform displays it; as it
 * is evaluated. */
enum wq_rounding { WQ_RAW, WQ_DISPLAYED, WQ_EVALUATION };

/* How a mean is formed. */
enum wq_mean {
	WQ_MEAN_ARITHMETIC,
	WQ_MEAN_HYDROGEN, /* pH: -log10 of the mean of 10^-pH */
};

struct wq_parameter {
	const char *code;      /* HJ 525 code, "w21011"; an own parameter may have any unique code */
	const char *alias;     /* short ASCII name in CSV columns and configuration, "tp" */
	const char *name;      /* as officers read it, "总磷" */
	const char *unit;      /* canonical unit of stored values, "mg/L"; "-" for pH */
	int display_places;    /* decimals shown; -1: as measured */
	int evaluation_places; /* decimals for evaluation; -1: as measured */
	enum wq_mean mean;
	double low, high; /* plausible range, inclusive: outside is quality bad */
	const char *english; /* "total phosphorus"; NULL: the alias stands for it */
};

/* Decimal places of a view; -1: as measured. */
static inline int wq_places(const struct wq_parameter *parameter, enum wq_rounding view)
{
	return view == WQ_DISPLAYED  ? parameter->display_places
		: view == WQ_EVALUATION ? parameter->evaluation_places
					: -1;
}

/* The built-in table (rules/standard/parameters.c), in the order pH, DO, CODMn, NH3-N, TP first. */
extern const struct wq_parameter wq_parameters[];
extern const size_t wq_parameter_count;

/* Index of a parameter in `table` by code or alias or a further known alias (ASCII case does
 * not matter), or -1. */
int wq_parameter_find(const struct wq_parameter *table, size_t count, const char *name);

/* Further spellings of built-in parameters ("temperature", "电导率" …) are known to
 * wq_parameter_find(); names in Chinese match exactly. */

/* Factor that turns a value in unit `from` into the parameter's canonical unit ("µg/L" to mg/L: 0.001).
 * Spellings that mean the same are the same (ug/L, μg/L, µg/L, mg/m3). Refused, with the
 * allowed units in the sentence, when the units do not measure the same thing. */
int wq_unit_factor(const struct wq_parameter *parameter, const char *from,
	struct wq_decimal *factor, struct wq_err *err);

#endif
