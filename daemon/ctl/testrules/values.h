/* SPDX-License-Identifier: Apache-2.0 */
/* The short form of a series in a test of rules: "0.1 0.12x3 0.20+0.01x5 _ *". */
#ifndef WQ_CTL_VALUES_H
#define WQ_CTL_VALUES_H

#include "ctl/backtest/readings.h"

struct wq_err;

/* Cells that one series may have. */
#define VALUES_MAX 100000

/* Texts parted by spaces, each a value or "_" (the source says that it has none) or "*" (nothing
 * came), with "xN" behind it N times; "A+BxN" and "A-BxN" are N values from A on, each B more or
 * less than the one before, in decimal. Returns how many there are, or a negative code with the
 * text at fault in *err. cells NULL: only counts. */
int values_parse(const char *text, struct readings_cell *cells, struct wq_err *err);

#endif
