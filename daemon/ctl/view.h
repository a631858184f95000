/* SPDX-License-Identifier: Apache-2.0 */
/* The views of values in the cells of a CSV. */
#ifndef WQ_CTL_VIEW_H
#define WQ_CTL_VIEW_H

#include "wq/csv.h"
#include "wq/decimal.h"
#include "wq/parameter.h"

#include <stdbool.h>

struct wq_err;

/* "raw" "displayed" "evaluation"; false: none of them. */
bool ctl_view(const char *name, enum wq_rounding *view);

/* The value of a cell rounded to a view from the cell's own text (spaces around it are none of it).
 * The field must be WQ_CELL_VALUE. */
int ctl_rounded(const struct wq_csv_field *field, const struct wq_parameter *parameter,
        enum wq_rounding view, struct wq_decimal *d);

#endif
